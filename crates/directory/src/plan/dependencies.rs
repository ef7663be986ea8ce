//! What the policies of an image look at, part by part, so that a decision works out nothing that the
//! parts which take part in it do not ask for.

use std::collections::HashMap;

use portcullis_image::{
    ArnPattern, Entries, Id, Insn, Item, ListId, Operands, Part, Pattern, PatternKind, Ref,
    Reserved, Statement, Token, TokenRecord, View, flag,
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
        let own = of_set.entry(*set).or_insert_with(|| {
            let own = reader.sets.of(*set).iter();
            let own = own.filter_map(|slot| slots.get(index(*slot)));
            own.fold(KeyDependencies::NONE, |all, slot| {
                all.with(of_origin(slot.origin))
            })
        });
        names.with(*own)
    });
    let found: Vec<KeyDependencies> = found.collect();
    let parts = view.ids::<Part>().map(|part| {
        let own = found.get(view.get(part).statements.range());
        own.map_or(KeyDependencies::ALL, |own| {
            let all = KeyDependencies::NONE;
            own.iter().fold(all, |all, found| all.with(*found))
        })
    });
    parts.collect()
}

/// What it means that a slot of this origin is looked at.
fn of_origin(origin: Origin) -> KeyDependencies {
    match origin {
        Origin::Derived(key) => KeyDependencies::key(key),
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
    fn read_tokens(&mut self) {
        let view = self.view;
        let mut rest = SlotSets::EMPTY;
        let mut tokens = Vec::new();
        for token in view.ids::<TokenRecord>().rev() {
            match Token::from(view.get(token)) {
                Token::Variable { slot, .. } => rest = self.with_slot(rest, slot.number()),
                Token::End => rest = SlotSets::EMPTY,
                _ => {}
            }
            tokens.push(rest);
        }
        tokens.reverse();
        self.tokens = tokens;
    }

    fn read_code(&mut self) {
        let mut rest = SlotSets::EMPTY;
        let mut code = Vec::new();
        for insn in self.view.ids::<Insn>().rev() {
            let insn = self.view.get(insn);
            if insn.flags & flag::END != 0 {
                rest = SlotSets::EMPTY;
            }
            rest = self.with_slot(rest, insn.slot.number());
            let list = match insn.op.info().operands {
                Operands::Patterns => self.patterns(insn.x.list()),
                Operands::Arns => self.arns(insn.x.list()),
                _ => SlotSets::EMPTY,
            };
            rest = self.sets.union(rest, list);
            code.push(rest);
        }
        code.reverse();
        self.code = code;
    }

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

    fn with_slot(&mut self, set: SetId, slot: u32) -> SetId {
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
