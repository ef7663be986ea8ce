//! What takes proofs to find: only with `--proofs`, beside everything that the linter finds without.

use std::cell::Cell;

use portcullis::review::{Options, Review, What, review};
use portcullis_lint::{Rule, rules};
use portcullis_model::Effect;
use portcullis_source::{Code, Diagnostic, Severity, Step};
use portcullis_syntax::Policy;
use portcullis_syntax::ast::{Document, Span, Statement};
use portcullis_syntax::codes::FOREIGN_TEMPLATE;

use super::found::{Checked, Found};
use crate::prove::request;

/// How codes begin by which it is said already why nothing matches a statement.
const SAID_ALREADY: [&str; 3] = [
    "CONDITION_HOLDS_FOR_NONE",
    "VALUE_OF_NO_REQUEST",
    "TYPE_MISMATCH",
];

/// The pass of proofs, and what it does not know.
#[derive(Default)]
pub(crate) struct Proofs {
    /// Statements and documents of the file that is checked of which something is not known.
    unknown: Cell<usize>,
}

impl Proofs {
    /// How much was not known since this was asked last.
    pub(super) fn take_unknown(&self) -> usize {
        self.unknown.take()
    }

    /// Adds what proofs show of a document. `text` is its own, or one that has it.
    pub(super) fn check(
        &self,
        document: &Document<'_>,
        text: &str,
        account: Option<&str>,
        checked: &mut Checked<'_>,
    ) {
        let policy = Policy {
            name: "",
            file: "",
            text,
            document: *document,
        };
        let options = Options {
            account,
            ..Options::default()
        };
        let Review { found, unknown } = review(&policy, &options);
        self.unknown.set(self.unknown.get() + unknown.len());
        let statements = document.statements;
        for one in found {
            let statement = one.statement.and_then(|index| statements.get(index));
            if is_said_already(one.what, statement, statements, checked) {
                continue;
            }
            let mut by = one.by.iter().filter_map(|index| statements.get(*index));
            let is_denied = by.any(|own| own.effect == Effect::Deny);
            let (rule, message, by) = said(one.what, statement, is_denied);
            let span = statement.map_or_else(|| start(document.span), |own| own.span);
            let code = Code::new(rule.code);
            let mut diagnostic = Diagnostic::new(Severity::Warning, code, span, message);
            diagnostic = diagnostic.with_help(lowered(rule.fix));
            // Many of a kind are told by the first of them.
            const SHOWN: usize = 4;
            let related = one.by.iter().filter_map(|index| statements.get(*index));
            for other in related.take(SHOWN) {
                diagnostic = diagnostic.with_related(other.span, by);
            }
            if let Some(witness) = &one.witness {
                diagnostic = diagnostic.with_note(format!("for example {witness}"));
            }
            diagnostic.path = Some(match one.statement {
                Some(index) => way(checked, index),
                None => Vec::new(),
            });
            checked.found.push(Found {
                diagnostic,
                rule: Some(rule),
                request: one.witness.as_ref().map(request),
            });
        }
        checked
            .found
            .sort_by_key(|found| found.diagnostic.span.start);
    }
}

/// What a finding is called and says, and what is said of the statements that make it so, of which some may deny.
fn said(
    what: What,
    statement: Option<&Statement<'_>>,
    is_denied: bool,
) -> (&'static Rule, &'static str, &'static str) {
    let is_allow = statement.is_some_and(|own| own.effect == Effect::Allow);
    match (what, is_allow) {
        (What::Shadowed, true) => (
            &rules::SHADOWED_STATEMENT,
            match is_denied {
                true => "what this Allow allows, other statements already allow or deny",
                false => "other statements already allow everything that this Allow allows",
            },
            "it is covered by this statement",
        ),
        (What::Shadowed, false) => (
            &rules::SHADOWED_STATEMENT,
            "other statements already deny everything that this Deny denies",
            "it is covered by this statement",
        ),
        (What::NeverMatches, true) => (
            &rules::ALLOW_NEVER_APPLIES,
            "this Allow grants nothing: no request matches it",
            "",
        ),
        (What::NeverMatches, false) => (
            &rules::DENY_NEVER_APPLIES,
            "this Deny blocks nothing: no request matches it",
            "",
        ),
        (What::AlwaysDenied, _) => (
            &rules::ALLOW_NEVER_APPLIES,
            "this Allow grants nothing: the document denies every request that matches it",
            "it is denied by this statement",
        ),
        (What::GotAround, _) => (
            &rules::DENY_AVOIDED_BY_HEADER,
            "callers avoid this Deny by a header of their choice",
            "",
        ),
        (What::OutOfControl, _) => (
            &rules::POLICY_CANNOT_BE_CHANGED,
            "nobody of the account that owns the resource can change this policy",
            "",
        ),
        (What::RootOnly, _) => (
            &rules::POLICY_CANNOT_BE_CHANGED,
            "nobody but the root user of the account that owns the bucket can change this policy",
            "",
        ),
    }
}

/// Something is found without proofs that says the same, or without which nothing is known of the statement.
fn is_said_already(
    what: What,
    statement: Option<&Statement<'_>>,
    all: &[Statement<'_>],
    checked: &Checked<'_>,
) -> bool {
    let Some(statement) = statement else {
        return false;
    };
    let has = |codes: &[&str]| {
        checked.found.iter().any(|found| {
            let (code, span) = found.place();
            let is_within = statement.span.start <= span.start && span.end <= statement.span.end;
            is_within && codes.iter().any(|own| code.starts_with(own))
        })
    };
    // What will stand in place of a placeholder is not known.
    if has(&[FOREIGN_TEMPLATE.as_str()]) {
        return true;
    }
    match what {
        // AA-305.
        What::Shadowed => {
            let own = normal(statement);
            let mut others = all.iter().filter(|other| other.span != statement.span);
            others.any(|other| other.effect == statement.effect && normal(other) == own)
        }
        What::NeverMatches => has(&SAID_ALREADY),
        _ => false,
    }
}

/// The same for statements that say the same: lists in order, no `Sid`.
fn normal(statement: &Statement<'_>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for (name, entries) in [("a", Some(statement.action)), ("r", statement.resource)] {
        let entries = entries.iter().flat_map(|own| {
            let values = own.list.iter().map(|entry| entry.value);
            values.map(|value| format!("{name}{} {value}", own.negated))
        });
        all.extend(entries);
    }
    for principals in statement.principal.iter() {
        let entries = principals.list.iter();
        all.extend(entries.map(|own| {
            let (negated, value) = (principals.negated, own.value.value);
            format!("p{negated} {:?} {value}", own.kind)
        }));
    }
    for condition in statement.conditions {
        let mut values: Vec<&str> = condition.values.iter().map(|own| own.value).collect();
        values.sort_unstable();
        let key = condition.key.value;
        all.push(format!("c{:?} {key} {values:?}", condition.operator));
    }
    all.sort_unstable();
    all
}

/// The way to a statement, which may stand alone without a list (`GRAM-10`).
fn way(checked: &Checked<'_>, index: usize) -> Vec<Step> {
    let mut way = vec![Step::Member("Statement".to_owned())];
    let own = checked.document.and_then(|own| own.get("Statement"));
    if own.is_none_or(|own| own.as_array().is_some()) {
        way.push(Step::Index(index));
    }
    way
}

/// The first character of a document: what is said of it as a whole.
fn start(span: Span) -> Span {
    Span {
        end: span.end.min(span.start + 1),
        ..span
    }
}

/// What to do, as all messages are written.
fn lowered(text: &str) -> String {
    let text = text.strip_suffix('.').unwrap_or(text);
    let mut letters = text.chars();
    let first = letters.next().map(|own| own.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}
