//! What the statements of a request say so far, layer by layer.
//!
//! A statement is looked at once for all layers that it stands for, so verdicts are sets of layers and joining them is one
//! operation. What can no longer change anything is skipped ([`Accumulator::is_settled`]): a Deny in a layer that is denied,
//! an Allow in one that is allowed. The order of statements means nothing to the result, only to how soon it is known.
//!
//! Guards that many statements share are run once in an image; what they gave is kept in two words, a bit for each guard that
//! has a number. That limits how many guards have one, and needs nothing to be emptied but two words.

use portcullis_image::{
    Candidate, CandidateSet, Id, Insn, LayerSet, Ref, Run, Statement, Unit, Verify,
};

use crate::combine::caller::Strength;
use crate::combine::inputs::{CombineInputs, is_sufficient};
use crate::combine::{Outcome, Verdicts, combine};
use crate::eval::view::RequestView;
use crate::index;
use crate::pattern::Matcher;

/// The verdicts so far. Small enough to stay in registers and on the stack for a whole decision.
#[derive(Clone)]
pub(crate) struct Accumulator {
    /// Layers that take part.
    layers: LayerSet,
    /// Layers whose Deny counts.
    deniable: LayerSet,
    /// Layers in which a further Allow changes nothing: those that are allowed, the resource policy's once
    /// it is by the strongest grant, and those that do not take part; also the bit that no layer has.
    allowed: LayerSet,
    /// Layers in which a further Deny changes nothing: those that are denied, and those whose Deny does not
    /// count.
    denied: LayerSet,
    /// The strongest Allow of the resource policy.
    grant: Option<Strength>,
    /// What the guards gave that many statements of the image share: a bit for each that was run, and for each
    /// that held.
    ran: u64,
    held: u64,
}

impl Accumulator {
    /// Nothing was looked at yet. Layers that do not take part count as settled from the start, so that no test asks for them.
    #[inline]
    pub(crate) fn new(layers: LayerSet, deny_exempt: LayerSet) -> Accumulator {
        let deniable = layers.without(deny_exempt);
        Accumulator {
            layers,
            deniable,
            allowed: !layers,
            denied: !deniable,
            grant: None,
            ran: 0,
            held: 0,
        }
    }

    /// The decision, if all was looked at; `present` are the layers that are present, and whether a resource
    /// policy is public.
    #[inline]
    pub(crate) fn outcome(&self, inputs: &CombineInputs, present: (LayerSet, bool)) -> Outcome {
        if self.is_allowed_unless_denied(inputs) {
            return Outcome::allow();
        }
        combine(inputs, &self.verdicts(present))
    }

    /// True if the request is allowed unless a Deny comes.
    #[inline]
    pub(crate) fn is_allowed_unless_denied(&self, inputs: &CombineInputs) -> bool {
        !self.denied.meets(self.deniable) && is_sufficient(inputs, self.allowed)
    }

    /// What was said, in the layers that take part.
    pub(crate) fn verdicts(&self, (present, public): (LayerSet, bool)) -> Verdicts {
        let granted = match self.grant {
            Some(_) => LayerSet::RESOURCE,
            None => LayerSet::EMPTY,
        };
        Verdicts {
            present,
            deny: self.denied & self.deniable,
            allow: (self.allowed | granted) & self.layers,
            grant: self.grant,
            public,
        }
    }

    /// The layers that take part.
    #[inline]
    pub(crate) fn layers(&self) -> LayerSet {
        self.layers
    }

    /// Forgets what shared guards gave: their numbers are an image's own.
    #[inline(always)]
    pub(crate) fn enter_image(&mut self) {
        (self.ran, self.held) = (0, 0);
    }

    /// True if a statement changes nothing any more in the layers that it stands for: it need not be looked at.
    #[inline(always)]
    pub(crate) fn is_settled(&self, is_deny: bool, layers: LayerSet) -> bool {
        let settled = match is_deny {
            true => self.denied,
            false => self.allowed,
        };
        settled.contains_all(layers)
    }

    /// Looks at every statement of a unit, which stands for some layers: without an index, or where the index cannot tell. Takes
    /// time linear in the statements.
    #[inline(never)]
    pub(crate) fn all_of<'a>(
        &mut self,
        matcher: &Matcher<'a, impl RequestView<'a>>,
        unit: Unit,
        layers: LayerSet,
    ) {
        for statement in unit.statements.iter() {
            self.one(matcher, statement, layers & self.layers);
        }
    }

    /// Looks at a statement, head and guard. Gives the layers that it stands for, matching or not, for whoever reports them.
    #[inline]
    pub(crate) fn one<'a>(
        &mut self,
        matcher: &Matcher<'a, impl RequestView<'a>>,
        statement: Id<Statement>,
        layers: LayerSet,
    ) -> LayerSet {
        let statement = matcher.view.read(statement);
        let layers = statement.layers() & layers;
        if !layers.is_empty() && matcher.action(statement) && matcher.resource(statement) {
            self.principals_and_guard(matcher, statement, layers);
        }
        layers
    }

    /// Looks at the candidates of a unit that the index gives. False if it cannot tell all of them.
    ///
    /// Never inlined: its loops leave no registers for anything else.
    #[inline(never)]
    #[must_use]
    pub(crate) fn candidates<'a>(
        &mut self,
        matcher: &Matcher<'a, impl RequestView<'a>>,
        sets: &[CandidateSet],
        layers: LayerSet,
    ) -> bool {
        let layers = layers & self.layers;
        for set in sets {
            self.allow(set.allows & layers, Strength::Direct);
            if set.probe_count > 0 && !self.hashed(matcher, set, layers) {
                return false;
            }
            if !set.scanned.is_empty() {
                self.scan(matcher, set.scanned, layers);
            }
        }
        true
    }

    /// Looks at the candidates of a set that are found by the resource. False if the resource has more segments than are looked at.
    #[inline(always)]
    fn hashed<'a>(
        &mut self,
        matcher: &Matcher<'a, impl RequestView<'a>>,
        set: &CandidateSet,
        layers: LayerSet,
    ) -> bool {
        let view = matcher.view;
        index::hashed(view, matcher.request.segments(), set, |bucket| {
            let candidates = view.bucket(bucket);
            if !candidates.is_empty() {
                self.scan_bucket(matcher, candidates, layers);
            }
        })
    }

    /// Looks at the candidates of a bucket.
    ///
    /// Never inlined: a loop in a loop leaves no registers for the inner one.
    #[inline(never)]
    fn scan_bucket<'a>(
        &mut self,
        matcher: &Matcher<'a, impl RequestView<'a>>,
        candidates: Run<Candidate>,
        layers: LayerSet,
    ) {
        self.scan(matcher, candidates, layers);
    }

    /// Looks at candidates one by one. A mask that asks for a segment which the resource lacks excludes most of them with one
    /// operation.
    #[inline(always)]
    fn scan<'a>(
        &mut self,
        matcher: &Matcher<'a, impl RequestView<'a>>,
        candidates: Run<Candidate>,
        layers: LayerSet,
    ) {
        let mask = matcher.request.segments().mask();
        for candidate in matcher.view.read_run(candidates) {
            if candidate.mask() & !mask == 0 {
                self.candidate(matcher, candidate, layers);
            }
        }
    }

    /// Looks at a candidate, if that can still change something: what the index has not settled of its head, then the rest.
    #[inline(always)]
    fn candidate<'a>(
        &mut self,
        matcher: &Matcher<'a, impl RequestView<'a>>,
        candidate: Ref<'_, Candidate>,
        layers: LayerSet,
    ) {
        let Some(statement) = matcher.view.find(candidate.statement()) else {
            return;
        };
        let layers = statement.layers() & layers;
        if self.is_settled(statement.is_deny(), layers) {
            return;
        }
        let head = match candidate.verify() {
            Verify::Nothing => true,
            Verify::Head => matcher.action(statement) && matcher.resource(statement),
            Verify::Pattern(pattern) => matcher.matches(pattern, matcher.request.resource()),
        };
        if head {
            self.principals_and_guard(matcher, statement, layers);
        }
    }

    /// Principals and condition of a statement whose action and resource match.
    #[inline(always)]
    pub(crate) fn principals_and_guard<'a>(
        &mut self,
        matcher: &Matcher<'a, impl RequestView<'a>>,
        statement: Ref<'_, Statement>,
        layers: LayerSet,
    ) {
        if let Some(strength) = matcher.principal(statement, layers) {
            self.condition(matcher, statement, layers, strength);
        }
    }

    /// The condition of a statement of which all else matches.
    #[inline(always)]
    fn condition<'a>(
        &mut self,
        matcher: &Matcher<'a, impl RequestView<'a>>,
        statement: Ref<'_, Statement>,
        layers: LayerSet,
        strength: Strength,
    ) {
        let guard = statement.guard();
        if guard.is_none_or(|guard| self.holds(matcher, statement, guard)) {
            self.count(statement.is_deny(), layers, strength);
        }
    }

    /// Takes in a statement that matches.
    #[inline(always)]
    pub(crate) fn count(&mut self, is_deny: bool, layers: LayerSet, strength: Strength) {
        match is_deny {
            true => self.denied |= layers,
            false => self.allow(layers, strength),
        }
    }

    /// Layers of which it is known that some statement allows the request, and that some denies it: not the
    /// resource policy's, whose Allow has a strength.
    pub(crate) fn say(&mut self, allowed: LayerSet, denied: LayerSet) {
        self.allowed |= allowed.without(LayerSet::RESOURCE);
        self.denied |= denied;
    }

    /// An Allow in layers that take part. That of a resource policy has a strength (`EVAL-31`): only the strongest settles the
    /// layer.
    #[inline(always)]
    fn allow(&mut self, layers: LayerSet, strength: Strength) {
        self.allowed |= layers.without(LayerSet::RESOURCE);
        if layers.meets(LayerSet::RESOURCE) {
            self.grant = self.grant.max(Some(strength));
            if self.grant == Some(Strength::Direct) {
                self.allowed |= LayerSet::RESOURCE;
            }
        }
    }

    /// True if the statement's guard holds; it is run unless it is known what a shared guard gave.
    #[inline(always)]
    fn holds<'a>(
        &mut self,
        matcher: &Matcher<'a, impl RequestView<'a>>,
        statement: Ref<'_, Statement>,
        guard: Id<Insn>,
    ) -> bool {
        let shared = 1_u64.wrapping_shl(u32::from(statement.shared())) & !1;
        if self.ran & shared != 0 {
            return self.held & shared != 0;
        }
        self.run(matcher, guard, shared)
    }

    /// Runs a guard and keeps what it gave.
    ///
    /// Never inlined: the loop over candidates shall keep its registers for itself.
    #[inline(never)]
    fn run<'a>(
        &mut self,
        matcher: &Matcher<'a, impl RequestView<'a>>,
        guard: Id<Insn>,
        shared: u64,
    ) -> bool {
        let holds = matcher.guard_holds(guard);
        self.ran |= shared;
        if holds {
            self.held |= shared;
        }
        holds
    }
}
