//! What the policies of an image look at, part by part, so that a decision works out nothing that the
//! parts which take part in it do not ask for.

use std::collections::HashMap;

use portcullis_image::{
    ArnPattern, Entries, Id, Item, Insn, ListId, Operands, Part, Pattern, PatternKind, Ref,
    Reserved, Statement, Token, TokenRecord, View, flag,
};

use crate::slot_sets::{SetId, SlotSets};
use crate::slots::{Origin, Slot};

/// What parts look at that differs between principals. The lowest bits are those of [`Reserved`] keys.
pub(crate) type Reads = u32;

/// `aws:PrincipalOrgID`, `aws:PrincipalOrgPaths`.
pub(crate) const PRINCIPAL_ORG: Reads = 1 << 16;
/// `aws:PrincipalTag/*`.
pub(crate) const PRINCIPAL_TAGS: Reads = 1 << 17;
/// Which of the principals that the policies list are the caller.
pub(crate) const NAMES: Reads = 1 << 18;
/// What can be looked at only if the ARN of a user or role is known as a text.
pub(crate) const ARN: Reads = NAMES | Reserved::PrincipalArn.bit() | Reserved::UserName.bit();
/// What can be looked at only if the unique id of a user or role is known.
pub(crate) const ID: Reads = NAMES | Reserved::UserId.bit();
/// What differs between the users and roles of an account.
pub(crate) const CALLER: Reads = NAMES
    | PRINCIPAL_TAGS
    | Reserved::UserId.bit()
    | Reserved::PrincipalArn.bit()
    | Reserved::UserName.bit()
    | Reserved::PrincipalType.bit();
/// What differs between accounts.
pub(crate) const ACCOUNT: Reads = PRINCIPAL_ORG | Reserved::PrincipalAccount.bit();
/// Everything.
pub(crate) const ALL: Reads = u32::MAX;

/// What an image with these slots looks at, part by part.
///
/// Takes time linear in the image, whatever it shares.
pub(crate) fn of_image(view: View<'_>, slots: &[Slot]) -> Vec<Reads> {
    let mut reader = Reader {
        view,
        sets: SlotSets::new(slots.len() as u32),
        tokens: Vec::new(),
        lists: HashMap::new(),
        code: Vec::new(),
    };
    reader.read_tokens();
    reader.read_code();
    let statements = view
        .ids::<Statement>()
        .map(|statement| view.read(statement));
    let names = statements
        .clone()
        .map(|statement| match statement.principals().list() {
            None => 0,
            Some(_) => NAMES,
        });
    let sets: Vec<SetId> = statements
        .clone()
        .map(|statement| reader.statement(statement))
        .collect();
    let mut of_set = HashMap::new();
    let reads = names.zip(&sets).map(|(names, set)| {
        let own = of_set.entry(*set).or_insert_with(|| {
            let own = reader.sets.of(*set).iter();
            let own = own.filter_map(|slot| slots.get(*slot as usize));
            own.fold(0, |all, slot| all | of_origin(slot.origin))
        });
        names | *own
    });
    let reads: Vec<Reads> = reads.collect();
    let parts = view.ids::<Part>().map(|part| {
        let own = reads.get(view.get(part).statements.range());
        own.map_or(ALL, |own| own.iter().fold(0, |all, reads| all | reads))
    });
    parts.collect()
}

/// What it means that a slot of this origin is looked at.
fn of_origin(origin: Origin) -> Reads {
    match origin {
        Origin::Derived(key) => key.bit(),
        Origin::PrincipalOrgId | Origin::PrincipalOrgPaths => PRINCIPAL_ORG,
        Origin::PrincipalTag(_) => PRINCIPAL_TAGS,
        // The same for all principals.
        Origin::Request
        | Origin::ResourceOrgId
        | Origin::ResourceOrgPaths
        | Origin::ResourceTag(_)
        | Origin::IamResourceTag(_)
        | Origin::ObjectTag(_) => 0,
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
                let first = self.tokens.get(pattern.tokens.index());
                first.copied().unwrap_or(SlotSets::ALL)
            }
            PatternKind::Exact | PatternKind::Prefix => SlotSets::EMPTY,
        }
    }
}
