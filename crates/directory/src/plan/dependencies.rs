//! What the policies of an image look at, part by part, so that a decision works out nothing that the
//! parts which take part in it do not ask for.

use std::collections::HashMap;

use portcullis_image::{
    ANY, NONE, Op, Operands, PatternKind, Section, StatementRef, Token, View, flag, reserved,
};

use crate::plan::key_sources::{Origin, Slot};
use crate::plan::slot_sets::{SetId, SlotSets};
use crate::store::ids::{index, number};

/// What parts look at that differs between principals. Bits below [`reserved::NAMES`]' count are reserved slots.
pub(crate) type Reads = u32;

/// `aws:PrincipalOrgID`, `aws:PrincipalOrgPaths`.
pub(crate) const PRINCIPAL_ORG: Reads = 1 << 16;
/// `aws:PrincipalTag/*`.
pub(crate) const PRINCIPAL_TAGS: Reads = 1 << 17;
/// Which of the principals that the policies list are the caller.
pub(crate) const NAMES: Reads = 1 << 18;
/// What can be looked at only if the ARN of a user or role is known as a text.
pub(crate) const ARN: Reads = NAMES | 1 << reserved::PRINCIPAL_ARN | 1 << reserved::USER_NAME;
/// What can be looked at only if the unique id of a user or role is known.
pub(crate) const ID: Reads = NAMES | 1 << reserved::USER_ID;
/// What differs between the users and roles of an account.
pub(crate) const CALLER: Reads = NAMES
    | PRINCIPAL_TAGS
    | 1 << reserved::USER_ID
    | 1 << reserved::PRINCIPAL_ARN
    | 1 << reserved::USER_NAME
    | 1 << reserved::PRINCIPAL_TYPE;
/// What differs between accounts.
pub(crate) const ACCOUNT: Reads = PRINCIPAL_ORG | 1 << reserved::PRINCIPAL_ACCOUNT;
/// Everything.
pub(crate) const ALL: Reads = u32::MAX;

/// What an image with these slots looks at, part by part.
///
/// Takes time linear in the image, whatever it shares.
pub(crate) fn of_image(view: View<'_>, slots: &[Slot]) -> Vec<Reads> {
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
            NONE | ANY => 0,
            _ => NAMES,
        });
    let sets: Vec<SetId> = statements
        .clone()
        .map(|statement| reader.statement(statement))
        .collect();
    let mut of_set = HashMap::new();
    let reads = names.zip(&sets).map(|(names, set)| {
        let own = of_set.entry(*set).or_insert_with(|| {
            let own = reader.sets.of(*set).iter();
            let own = own.filter_map(|slot| slots.get(index(*slot)));
            own.fold(0, |all, slot| all | of_origin(slot.origin))
        });
        names | *own
    });
    let reads: Vec<Reads> = reads.collect();
    let parts = (0..view.count(Section::Parts)).map(|part| {
        let part = view.part(part);
        let start = index(part.statements);
        let own = reads.get(start..start.saturating_add(index(part.statement_count)));
        own.map_or(ALL, |own| own.iter().fold(0, |all, reads| all | reads))
    });
    parts.collect()
}

/// What it means that a slot of this origin is looked at.
fn of_origin(origin: Origin) -> Reads {
    match origin {
        Origin::Derived(slot) => 1 << slot,
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
        for at in (0..view.count(Section::Tokens)).rev() {
            match view.token(at) {
                Token::Variable { slot, .. } => rest = self.with_slot(rest, slot),
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
        for at in (0..self.view.count(Section::Code)).rev() {
            let leaf = self.view.leaf(at);
            if leaf.flags & flag::END != 0 {
                rest = SlotSets::EMPTY;
            }
            rest = self.with_slot(rest, leaf.slot);
            let list = match Op::from_code(leaf.op).map(|op| op.info().operands) {
                Some(Operands::Patterns) => self.list(leaf.x as u32, false),
                Some(Operands::Arns) => self.list(leaf.x as u32, true),
                _ => SlotSets::EMPTY,
            };
            rest = self.sets.union(rest, list);
            code.push(rest);
        }
        code.reverse();
        self.code = code;
    }

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
                let own = self.pattern(*pattern);
                all = self.sets.union(all, own);
            }
        }
        self.lists.insert(list, all);
        all
    }

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
