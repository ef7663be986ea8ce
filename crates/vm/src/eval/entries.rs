//! What an action leads to in a unit, worked out beforehand and laid out as evaluation reads it.
//!
//! For hosts that ask for few actions of very many units: the statements that an action matches stand behind each other,
//! with what is compared first, in half a cache line each. It replaces the look-ups in the index, and costs 32 bytes for
//! each statement and action. It decides as the index does: what it holds is copied from the same records.

use alloc::vec::Vec;

use portcullis_image::{
    Candidate, Id, LayerSet, Pattern, PatternKind, Statement, Str, Unit, Verify, View,
};

use crate::bytes::strip;
use crate::eval::head::matches_action;
use crate::eval::view::RequestView;
use crate::index;
use crate::pattern::Matcher;
use crate::request::action::Action;
use crate::stack::ImageIdx;

/// A statement that an action matches, with what is looked at first, in half a line of the processor's caches. Made by
/// [`Action::entries`] and read by [`Evaluation::look_at`](crate::Evaluation::look_at), in the same image.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub struct StatementEntry {
    /// The segments that the pattern asks for.
    pub(crate) mask: u64,
    /// The start of the pattern.
    literal: Str,
    /// The statement, which is read only if the resource matches.
    pub(crate) statement: Id<Statement>,
    /// Means something if the resource is matched by tokens.
    pattern: Id<Pattern>,
    /// The layers that the statement belongs to.
    pub(crate) layers: LayerSet,
    /// How the resource is matched.
    kind: ResourceMatch,
    /// Its effect; else it allows.
    pub(crate) is_deny: bool,
    /// Principals are to be looked at, in the statement.
    pub(crate) has_principals: bool,
    /// There are conditions, in the statement.
    pub(crate) is_guarded: bool,
}

/// How the resource of a request is matched: by the pattern of the entry, unless there is more to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ResourceMatch {
    /// Every resource matches.
    Any,
    /// The pattern is its literal.
    Exact,
    /// The pattern is its literal and anything.
    Prefix,
    /// The pattern has tokens.
    Tokens,
    /// By all patterns of the statement.
    List,
}

impl StatementEntry {
    /// Reads a candidate; none if the statement does not match the action, or no resource.
    fn read(view: View<'_>, action: &Action, candidate: &Candidate) -> Option<StatementEntry> {
        let statement = view.read(candidate.statement);
        let mut literal = Str::default();
        let mut pattern = Id::FIRST;
        let kind = match candidate.verify {
            Verify::Nothing => ResourceMatch::Any,
            Verify::Head if !matches_action(view, statement, action) => return None,
            Verify::Head if statement.resources().is_any() => match statement.not_resource() {
                true => return None,
                false => ResourceMatch::Any,
            },
            Verify::Head => ResourceMatch::List,
            Verify::Pattern(own) => {
                let record = view.read(own);
                literal = record.literal();
                pattern = own;
                match record.kind() {
                    PatternKind::Prefix => ResourceMatch::Prefix,
                    PatternKind::Exact => ResourceMatch::Exact,
                    PatternKind::Tokens => ResourceMatch::Tokens,
                }
            }
        };
        Some(StatementEntry {
            mask: candidate.mask,
            literal,
            statement: candidate.statement,
            pattern,
            layers: statement.layers(),
            kind,
            is_deny: statement.is_deny(),
            has_principals: !statement.principals().is_unsaid(),
            is_guarded: statement.guard().is_some(),
        })
    }

    /// All statements that allow every resource to everyone without condition, by their layers: one entry for all of them.
    fn allowing(layers: LayerSet) -> StatementEntry {
        StatementEntry {
            mask: 0,
            literal: Str::default(),
            statement: Id::FIRST,
            pattern: Id::FIRST,
            layers,
            kind: ResourceMatch::Any,
            is_deny: false,
            has_principals: false,
            is_guarded: false,
        }
    }

    /// Reads what is looked at next if the entry alone does not decide. For hosts that read ahead for many
    /// decisions: the result says nothing.
    #[inline]
    pub fn read_ahead(&self, view: View<'_>) -> u32 {
        match self.has_principals | self.is_guarded {
            true => view.read(self.statement).guard().map_or(0, Id::number),
            false => 0,
        }
    }

    /// True if the statement matches the resource.
    #[inline(always)]
    pub(crate) fn matches<'a>(&self, matcher: &Matcher<'a, impl RequestView<'a>>) -> bool {
        let view = matcher.view;
        let resource = matcher.request.resource();
        let rest = || strip(resource, self.literal.get(view.bytes())?);
        match self.kind {
            ResourceMatch::Any => true,
            ResourceMatch::Prefix => rest().is_some(),
            ResourceMatch::Exact => rest().is_some_and(<[u8]>::is_empty),
            ResourceMatch::Tokens => matcher.matches(self.pattern, resource),
            ResourceMatch::List => matcher.resource(view.read(self.statement)),
        }
    }
}

impl Action {
    /// Appends the statements of a unit of an image that match the action. The image is called by its index in
    /// the stack; the action must be one that was resolved for the stack.
    ///
    /// False, and none, if the unit is to be looked at by its candidate sets ([`Action::candidate_sets`]): if it has so many
    /// statements for the action that they are found by the resource, or if the image has no index.
    pub fn entries(
        &self,
        image: ImageIdx,
        view: View<'_>,
        unit: Id<Unit>,
        all: &mut Vec<StatementEntry>,
    ) -> bool {
        if !view.has_index() {
            return false;
        }
        let mut sets = Vec::new();
        index::candidate_sets(view, &view.get(unit), self.patterns(image), &mut sets);
        if sets.iter().any(|set| set.probe_count > 0) {
            return false;
        }
        let allows: LayerSet = sets.iter().map(|set| set.allows).collect();
        if !allows.is_empty() {
            all.push(StatementEntry::allowing(allows));
        }
        for set in &sets {
            let candidates = view.run(set.scanned);
            all.extend(candidates.filter_map(|own| StatementEntry::read(view, self, &own)));
        }
        true
    }
}
