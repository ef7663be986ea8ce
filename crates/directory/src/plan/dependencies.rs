//! Which keys the policies of an image depend on, unit by unit.
//!
//! A question over a million principals can ask a policy once if nothing in it differs between principals; a caller whose
//! ARN no policy looks at needs none. So for each unit a set says what it reads of the caller ([`KeyDependencies`]): names,
//! tags, ids, organization.
//!
//! It is found by one pass over the instructions, patterns and statements of the image, in time linear in them whatever they
//! share: what is read from an instruction or token to the end of its run is worked out backwards, and sets of slots are
//! interned ([`crate::plan::slot_sets`]). The answer may be too large and never too small: too large costs time, too small would
//! decide wrongly.

use std::collections::HashMap;

use portcullis_image::{
    ArnPattern, Entries, Id, Insn, Item, ListId, Operands, Pattern, PatternKind, Ref, Reserved,
    Slot, Statement, Token, TokenRecord, Unit, View, flag,
};

use crate::plan::key_sources::{PlannedSlot, SlotOrigin};
use crate::plan::slot_sets::{SetId, SlotSets};
use crate::store::ids::number;

/// The keys that units look at and that differ between principals, as a set of bits: reserved keys first, then what a directory
/// adds.
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
        .with(KeyDependencies::key(Reserved::PrincipalArn))
        .with(KeyDependencies::key(Reserved::UserName));
    /// What can be looked at only if the unique id of a user or role is known.
    pub(crate) const ID: KeyDependencies =
        KeyDependencies::NAMES.with(KeyDependencies::key(Reserved::UserId));
    /// What differs between the users and roles of an account.
    pub(crate) const CALLER: KeyDependencies = KeyDependencies::ARN
        .with(KeyDependencies::PRINCIPAL_TAGS)
        .with(KeyDependencies::key(Reserved::UserId))
        .with(KeyDependencies::key(Reserved::PrincipalType));
    /// What differs between accounts.
    pub(crate) const ACCOUNT: KeyDependencies =
        KeyDependencies::PRINCIPAL_ORG.with(KeyDependencies::key(Reserved::PrincipalAccount));

    /// A key that follows from the caller, whose bit is below those above.
    #[inline]
    pub(crate) const fn key(key: Reserved) -> KeyDependencies {
        KeyDependencies(key.bit())
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

/// What an image with these slots looks at, unit by unit.
///
/// Takes time linear in the image, whatever it shares: tokens and instructions are visited once, from the last to the first, and
/// lists once each. Memory is a word for each of them.
pub(crate) fn of_image(view: View<'_>, slots: &[PlannedSlot]) -> Vec<KeyDependencies> {
    let mut reader = Reader {
        view,
        sets: SlotSets::new(number(slots.len())),
        tokens: Vec::new(),
        lists: HashMap::new(),
        code: Vec::new(),
    };
    reader.read_tokens();
    reader.read_code();
    let statements = view.ids::<Statement>().map(|id| view.read(id));
    let names = statements
        .clone()
        .map(|statement| match statement.principals().list() {
            None => KeyDependencies::NONE,
            Some(_) => KeyDependencies::NAMES,
        });
    let sets: Vec<SetId> = statements
        .clone()
        .map(|statement| reader.statement(statement))
        .collect();
    let mut of_set = HashMap::new();
    let found = names.zip(&sets).map(|(names, set)| {
        let of_slots = of_set.entry(*set).or_insert_with(|| {
            let read = reader.sets.of(*set).iter();
            let read = read.filter_map(|slot| slots.get(slot.index()));
            read.fold(KeyDependencies::NONE, |all, slot| {
                all.with(of_origin(slot.origin))
            })
        });
        names.with(*of_slots)
    });
    let found: Vec<KeyDependencies> = found.collect();
    let units = view.ids::<Unit>().map(|unit| {
        let statements = found.get(view.get(unit).statements.range());
        statements.map_or(KeyDependencies::ALL, |statements| {
            let all = KeyDependencies::NONE;
            statements.iter().fold(all, |all, found| all.with(*found))
        })
    });
    units.collect()
}

/// What it means that a slot of this origin is looked at.
fn of_origin(origin: SlotOrigin) -> KeyDependencies {
    match origin {
        SlotOrigin::Derived(key) => KeyDependencies::key(key),
        SlotOrigin::PrincipalOrgId | SlotOrigin::PrincipalOrgPaths => {
            KeyDependencies::PRINCIPAL_ORG
        }
        SlotOrigin::PrincipalTag(_) => KeyDependencies::PRINCIPAL_TAGS,
        // The same for all principals.
        SlotOrigin::Request
        | SlotOrigin::ResourceOrgId
        | SlotOrigin::ResourceOrgPaths
        | SlotOrigin::ResourceTag(_)
        | SlotOrigin::IamResourceTag(_)
        | SlotOrigin::ObjectTag(_) => KeyDependencies::NONE,
    }
}

/// Works backwards through an image, so that what is read to the end of a run is known where the run is entered. Each token and
/// instruction is visited once, however many patterns and statements share it.
struct Reader<'v> {
    view: View<'v>,
    /// What was read so far, as interned sets.
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
        for token in view.ids::<TokenRecord>().rev() {
            match Token::from(view.get(token)) {
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
        for insn in self.view.ids::<Insn>().rev() {
            let insn = self.view.get(insn);
            if insn.flags & flag::END != 0 {
                to_end = SlotSets::EMPTY;
            }
            to_end = self.with_slot(to_end, insn.slot);
            let list = match insn.op.info().operands {
                Operands::Patterns => self.patterns(insn.x.list()),
                Operands::Arns => self.arns(insn.x.list()),
                _ => SlotSets::EMPTY,
            };
            to_end = self.sets.union(to_end, list);
            code.push(to_end);
        }
        code.reverse();
        self.code = code;
    }

    /// What a statement reads: its resources may hold variables, its guard reads keys. Actions and principals read none.
    fn statement(&mut self, statement: Ref<'_, Statement>) -> SetId {
        let resources = match statement.resources() {
            Entries::Any => SlotSets::EMPTY,
            Entries::Listed(list) => self.patterns(list),
        };
        let guard = statement.guard().map_or(SlotSets::EMPTY, |guard| {
            let code = self.code.get(guard.index());
            code.copied().unwrap_or(SlotSets::ALL)
        });
        self.sets.union(resources, guard)
    }

    /// A set with one slot more.
    fn with_slot(&mut self, set: SetId, slot: Id<Slot>) -> SetId {
        let single = self.sets.single(slot);
        self.sets.union(set, single)
    }

    /// A list of patterns.
    fn patterns(&mut self, list: ListId<Pattern>) -> SetId {
        self.list(list, |reader, pattern| reader.pattern(pattern))
    }

    /// A list of ARN patterns.
    fn arns(&mut self, list: ListId<ArnPattern>) -> SetId {
        self.list(list, |reader, arn| {
            let mut all = SlotSets::EMPTY;
            for pattern in reader.view.get(arn).parts.patterns() {
                let own = reader.pattern(*pattern);
                all = reader.sets.union(all, own);
            }
            all
        })
    }

    /// What the items of a list read, remembered by the list.
    fn list<T: Item>(&mut self, list: ListId<T>, of: impl Fn(&mut Self, Id<T>) -> SetId) -> SetId {
        if let Some(known) = self.lists.get(&list.number()) {
            return *known;
        }
        let items = self.view.list(list);
        let mut all = SlotSets::EMPTY;
        for item in items.iter() {
            let own = of(self, item);
            all = self.sets.union(all, own);
        }
        self.lists.insert(list.number(), all);
        all
    }

    /// A literal pattern reads nothing; one of tokens what its tokens do.
    fn pattern(&self, pattern: Id<Pattern>) -> SetId {
        let pattern = self.view.get(pattern);
        match pattern.kind {
            PatternKind::Tokens => {
                let first = self.tokens.get(pattern.tokens.0.index());
                first.copied().unwrap_or(SlotSets::ALL)
            }
            PatternKind::Exact | PatternKind::Prefix => SlotSets::EMPTY,
        }
    }
}
