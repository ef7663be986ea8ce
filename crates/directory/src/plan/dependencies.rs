//! Which keys the policies of an image depend on, part by part.
//!
//! A question over a million principals can ask a policy once if nothing in it differs between principals; a caller whose
//! ARN no policy looks at needs none. So for each part a set says what it reads of the caller ([`KeyDependencies`]): names,
//! tags, ids, organization.
//!
//! It is found by one pass over the instructions, patterns and statements of the image, in time linear in them whatever they
//! share: what is read from an instruction or token to the end of its run is worked out backwards, and sets of slots are
//! interned ([`crate::plan::slot_sets`]). The answer may be too large and never too small: too large costs time, too small would
//! decide wrongly.

use std::collections::HashMap;

use portcullis_image::{
    ANY, NONE, Op, Operands, PatternKind, Section, StatementRef, Token, View, flag, reserved,
};

use crate::plan::key_sources::{Origin, Slot};
use crate::plan::slot_sets::{SetId, SlotSets};
use crate::store::ids::{index, number};

/// The keys that parts look at and that differ between principals, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct KeyDependencies(u32);

impl KeyDependencies {
    /// Nothing that differs.
    pub(crate) const NONE: KeyDependencies = KeyDependencies(0);
    /// Everything.
    pub(crate) const ALL: KeyDependencies = KeyDependencies(u32::MAX);
    /// `aws:PrincipalOrgID`, `aws:PrincipalOrgPaths`.
    const PRINCIPAL_ORG: KeyDependencies = KeyDependencies(1 << 16);
    /// `aws:PrincipalTag/*`.
    const PRINCIPAL_TAGS: KeyDependencies = KeyDependencies(1 << 17);
    /// Which of the principals that the policies list are the caller.
    pub(crate) const NAMES: KeyDependencies = KeyDependencies(1 << 18);
    /// What can be looked at only if the ARN of a user or role is known as a text.
    pub(crate) const ARN: KeyDependencies = KeyDependencies::NAMES
        .with(KeyDependencies::slot(reserved::PRINCIPAL_ARN))
        .with(KeyDependencies::slot(reserved::USER_NAME));
    /// What can be looked at only if the unique id of a user or role is known.
    pub(crate) const ID: KeyDependencies =
        KeyDependencies::NAMES.with(KeyDependencies::slot(reserved::USER_ID));
    /// What differs between the users and roles of an account.
    pub(crate) const CALLER: KeyDependencies = KeyDependencies::ARN
        .with(KeyDependencies::PRINCIPAL_TAGS)
        .with(KeyDependencies::slot(reserved::USER_ID))
        .with(KeyDependencies::slot(reserved::PRINCIPAL_TYPE));
    /// What differs between accounts.
    pub(crate) const ACCOUNT: KeyDependencies =
        KeyDependencies::PRINCIPAL_ORG.with(KeyDependencies::slot(reserved::PRINCIPAL_ACCOUNT));

    /// A key that follows from the caller, by its reserved slot, which is below the bits above.
    #[inline]
    pub(crate) const fn slot(slot: u32) -> KeyDependencies {
        KeyDependencies(1 << slot)
    }

    /// What is in one or the other.
    #[inline]
    pub(crate) const fn with(self, other: KeyDependencies) -> KeyDependencies {
        KeyDependencies(self.0 | other.0)
    }

    /// What is in both.
    #[inline]
    pub(crate) const fn common(self, other: KeyDependencies) -> KeyDependencies {
        KeyDependencies(self.0 & other.0)
    }

    /// Whether something is in both.
    #[inline]
    pub(crate) const fn meets(self, other: KeyDependencies) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all of it is in another.
    #[inline]
    pub(crate) const fn is_within(self, other: KeyDependencies) -> bool {
        self.0 & !other.0 == 0
    }
}

/// What an image with these slots looks at, part by part.
///
/// Takes time linear in the image, whatever it shares.
pub(crate) fn of_image(view: View<'_>, slots: &[Slot]) -> Vec<KeyDependencies> {
    let mut reader = Reader {
        view,
        sets: SlotSets::new(number(slots.len())),
        tokens: Vec::new(),
        lists: HashMap::new(),
        code: Vec::new(),
    };
    reader.read_tokens();
    reader.read_code();
    let statements = (0..view.count(Section::Statements)).map(|at| view.statement_ref(at));
    let names = statements
        .clone()
        .map(|statement| match statement.principals() {
            NONE | ANY => KeyDependencies::NONE,
            _ => KeyDependencies::NAMES,
        });
    let sets: Vec<SetId> = statements
        .clone()
        .map(|statement| reader.statement(statement))
        .collect();
    let mut of_set = HashMap::new();
    let found = names.zip(&sets).map(|(names, set)| {
        let of_slots = of_set.entry(*set).or_insert_with(|| {
            let read = reader.sets.of(*set).iter();
            let read = read.filter_map(|slot| slots.get(index(*slot)));
            read.fold(KeyDependencies::NONE, |all, slot| {
                all.with(of_origin(slot.origin))
            })
        });
        names.with(*of_slots)
    });
    let found: Vec<KeyDependencies> = found.collect();
    let parts = (0..view.count(Section::Parts)).map(|part| {
        let part = view.part(part);
        let start = index(part.statements);
        let statements = found.get(start..start.saturating_add(index(part.statement_count)));
        statements.map_or(KeyDependencies::ALL, |statements| {
            let all = KeyDependencies::NONE;
            statements.iter().fold(all, |all, found| all.with(*found))
        })
    });
    parts.collect()
}

/// What it means that a slot of this origin is looked at.
fn of_origin(origin: Origin) -> KeyDependencies {
    match origin {
        Origin::Derived(slot) => KeyDependencies::slot(slot),
        Origin::PrincipalOrgId | Origin::PrincipalOrgPaths => KeyDependencies::PRINCIPAL_ORG,
        Origin::PrincipalTag(_) => KeyDependencies::PRINCIPAL_TAGS,
        // The same for all principals.
        Origin::Request
        | Origin::ResourceOrgId
        | Origin::ResourceOrgPaths
        | Origin::ResourceTag(_)
        | Origin::IamResourceTag(_)
        | Origin::ObjectTag(_) => KeyDependencies::NONE,
    }
}

/// Works backwards through an image, so that what is read to the end of a run is known where the run is entered.
struct Reader<'v> {
    view: View<'v>,
    sets: SlotSets,
    /// What is looked at from a token to the end of its run.
    tokens: Vec<SetId>,
    /// Lists of patterns and of ARN patterns, by their numbers.
    lists: HashMap<u32, SetId>,
    /// What is looked at from an instruction to the end of its guard.
    code: Vec<SetId>,
}

impl Reader<'_> {
    /// Variables in patterns read keys.
    fn read_tokens(&mut self) {
        let view = self.view;
        let mut to_end = SlotSets::EMPTY;
        let mut tokens = Vec::new();
        for at in (0..view.count(Section::Tokens)).rev() {
            match view.token(at) {
                Token::Variable { slot, .. } => to_end = self.with_slot(to_end, slot),
                Token::End => to_end = SlotSets::EMPTY,
                _ => {}
            }
            tokens.push(to_end);
        }
        tokens.reverse();
        self.tokens = tokens;
    }

    /// An instruction reads its own key, and what the patterns of its list read.
    fn read_code(&mut self) {
        let mut to_end = SlotSets::EMPTY;
        let mut code = Vec::new();
        for at in (0..self.view.count(Section::Code)).rev() {
            let leaf = self.view.leaf(at);
            if leaf.flags & flag::END != 0 {
                to_end = SlotSets::EMPTY;
            }
            to_end = self.with_slot(to_end, leaf.slot);
            let list = match Op::from_code(leaf.op).map(|op| op.info().operands) {
                Some(Operands::Patterns) => self.list(leaf.x as u32, false),
                Some(Operands::Arns) => self.list(leaf.x as u32, true),
                _ => SlotSets::EMPTY,
            };
            to_end = self.sets.union(to_end, list);
            code.push(to_end);
        }
        code.reverse();
        self.code = code;
    }

    /// What a statement reads: its resources may hold variables, its guard reads keys. Actions and principals read none.
    fn statement(&mut self, statement: StatementRef<'_>) -> SetId {
        let resources = match statement.resources() {
            ANY => SlotSets::EMPTY,
            list => self.list(list, false),
        };
        let guard = match statement.guard() {
            NONE => SlotSets::EMPTY,
            guard => self
                .code
                .get(index(guard))
                .copied()
                .unwrap_or(SlotSets::ALL),
        };
        self.sets.union(resources, guard)
    }

    fn with_slot(&mut self, set: SetId, slot: u32) -> SetId {
        let single = self.sets.single(slot);
        self.sets.union(set, single)
    }

    /// A list of patterns, or of ARN patterns.
    fn list(&mut self, list: u32, is_of_arns: bool) -> SetId {
        if let Some(known) = self.lists.get(&list) {
            return *known;
        }
        let view = self.view;
        let mut all = SlotSets::EMPTY;
        for item in view.list(list).iter() {
            let arn = is_of_arns.then(|| view.arn(item).parts);
            let patterns = arn
                .as_ref()
                .map_or(std::slice::from_ref(&item), |parts| parts);
            for pattern in patterns.iter().filter(|pattern| **pattern != ANY) {
                let found = self.pattern(*pattern);
                all = self.sets.union(all, found);
            }
        }
        self.lists.insert(list, all);
        all
    }

    /// A literal pattern reads nothing; one of tokens what its tokens do.
    fn pattern(&self, pattern: u32) -> SetId {
        let pattern = self.view.pattern(pattern);
        match pattern.kind {
            PatternKind::Tokens => {
                let first = self.tokens.get(index(pattern.tokens));
                first.copied().unwrap_or(SlotSets::ALL)
            }
            PatternKind::Exact | PatternKind::Prefix => SlotSets::EMPTY,
        }
    }
}
