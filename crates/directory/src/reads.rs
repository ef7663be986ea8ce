//! What the policies of an image look at, part by part, so that a decision works out nothing that the
//! parts which take part in it do not ask for.

use std::collections::HashMap;

use portcullis_image::value::fold;
use portcullis_image::{
    ANY, NONE, Op, Operands, PatternKind, Section, StatementRef, Token, View, flag, reserved,
};

/// What is looked at. Bits below [`reserved::NAMES`]' count are reserved slots.
pub(crate) type Reads = u32;

/// `aws:PrincipalOrgID`, `aws:PrincipalOrgPaths`.
pub(crate) const PRINCIPAL_ORG: Reads = 1 << 16;
/// `aws:ResourceOrgID`, `aws:ResourceOrgPaths`.
pub(crate) const RESOURCE_ORG: Reads = 1 << 17;
/// `aws:PrincipalTag/*`.
pub(crate) const PRINCIPAL_TAGS: Reads = 1 << 18;
/// `aws:ResourceTag/*`, `iam:ResourceTag/*`.
pub(crate) const RESOURCE_TAGS: Reads = 1 << 19;
/// Which of the principals that the policies list are the caller.
pub(crate) const NAMES: Reads = 1 << 20;
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

/// The reserved slots among what is looked at.
pub(crate) fn reserved_keys(reads: Reads) -> u32 {
    reads & ((1 << reserved::NAMES.len()) - 1)
}

/// What an image looks at.
pub(crate) struct ImageReads {
    /// Part by part.
    pub(crate) parts: Vec<Reads>,
    /// Statement by statement.
    pub(crate) statements: Vec<Reads>,
}

/// What an image looks at.
///
/// Takes time linear in the image, whatever it shares.
pub(crate) fn of_image(view: View<'_>) -> ImageReads {
    let mut reader = Reader {
        view,
        slots: (0..view.count(Section::Slots))
            .map(|slot| of_key(view.text(view.slot(slot).name)))
            .collect(),
        tokens: Vec::new(),
        lists: HashMap::new(),
        code: Vec::new(),
    };
    reader.read_tokens();
    reader.read_code();
    let statements: Vec<Reads> = (0..view.count(Section::Statements))
        .map(|index| reader.statement(view.statement_ref(index)))
        .collect();
    let parts = (0..view.count(Section::Parts)).map(|part| {
        let part = view.part(part);
        let start = part.statements as usize;
        let own = statements.get(start..start.saturating_add(part.statement_count as usize));
        own.map_or(ALL, |own| own.iter().fold(0, |all, reads| all | reads))
    });
    ImageReads {
        parts: parts.collect(),
        statements,
    }
}

/// What it means that a slot with this name is looked at.
fn of_key(name: &str) -> Reads {
    let reserved = reserved::NAMES.iter().position(|own| *own == name);
    if let Some(slot) = reserved {
        return 1 << slot;
    }
    let starts = |start| fold::strip_ignoring_case(name, start).is_some();
    let is = |own| fold::strip_ignoring_case(name, own) == Some("");
    if is("aws:PrincipalOrgID") || is("aws:PrincipalOrgPaths") {
        PRINCIPAL_ORG
    } else if is("aws:ResourceOrgID") || is("aws:ResourceOrgPaths") {
        RESOURCE_ORG
    } else if starts("aws:PrincipalTag/") {
        PRINCIPAL_TAGS
    } else if starts("aws:ResourceTag/") || starts("iam:ResourceTag/") {
        RESOURCE_TAGS
    } else {
        0
    }
}

struct Reader<'v> {
    view: View<'v>,
    slots: Vec<Reads>,
    /// What is looked at from a token to the end of its run.
    tokens: Vec<Reads>,
    /// Lists of patterns and of ARN patterns, by their numbers.
    lists: HashMap<u32, Reads>,
    /// What is looked at from an instruction to the end of its guard.
    code: Vec<Reads>,
}

impl Reader<'_> {
    fn read_tokens(&mut self) {
        let view = self.view;
        let count = view.count(Section::Tokens);
        let mut rest = 0;
        let tokens = (0..count).rev().map(|index| {
            match view.token(index) {
                Token::Variable { slot, .. } => rest |= self.slot(slot),
                Token::End => rest = 0,
                _ => {}
            }
            rest
        });
        let mut tokens: Vec<Reads> = tokens.collect();
        tokens.reverse();
        self.tokens = tokens;
    }

    fn read_code(&mut self) {
        let mut rest = 0;
        let mut code = Vec::new();
        for index in (0..self.view.count(Section::Code)).rev() {
            let leaf = self.view.leaf(index);
            if leaf.flags & flag::END != 0 {
                rest = 0;
            }
            rest |= self.slot(leaf.slot);
            let operands = Op::from_code(leaf.op).map(|op| op.info().operands);
            rest |= match operands {
                Some(Operands::Patterns) => self.list(leaf.x as u32, false),
                Some(Operands::Arns) => self.list(leaf.x as u32, true),
                _ => 0,
            };
            code.push(rest);
        }
        code.reverse();
        self.code = code;
    }

    fn statement(&mut self, statement: StatementRef<'_>) -> Reads {
        let principals = match statement.principals() {
            NONE | ANY => 0,
            _ => NAMES,
        };
        let resources = match statement.resources() {
            ANY => 0,
            list => self.list(list, false),
        };
        let guard = match statement.guard() {
            NONE => 0,
            guard => self.code.get(guard as usize).copied().unwrap_or(ALL),
        };
        principals | resources | guard
    }

    fn slot(&self, slot: u32) -> Reads {
        self.slots.get(slot as usize).copied().unwrap_or(ALL)
    }

    /// A list of patterns, or of ARN patterns.
    fn list(&mut self, list: u32, is_of_arns: bool) -> Reads {
        if let Some(known) = self.lists.get(&list) {
            return *known;
        }
        let view = self.view;
        let reads = view.list(list).iter().fold(0, |reads, item| {
            reads
                | match is_of_arns {
                    false => self.pattern(item),
                    true => {
                        let parts = view.arn(item).parts;
                        let given = parts.iter().filter(|part| **part != ANY);
                        given.fold(0, |reads, part| reads | self.pattern(*part))
                    }
                }
        });
        self.lists.insert(list, reads);
        reads
    }

    fn pattern(&self, pattern: u32) -> Reads {
        let pattern = self.view.pattern(pattern);
        match pattern.kind {
            PatternKind::Tokens => {
                let first = self.tokens.get(pattern.tokens as usize);
                first.copied().unwrap_or(ALL)
            }
            PatternKind::Exact | PatternKind::Prefix => 0,
        }
    }
}
