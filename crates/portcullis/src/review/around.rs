//! Deny statements that callers get around.

use bumpalo::Bump;
use portcullis_model::{Base, Effect, Operator, PolicyKind, Quantifier};
use portcullis_prove::{Answer, Options as ProofOptions};
use portcullis_syntax::Policy;
use portcullis_syntax::ast::{Condition, Document, Span, Statement, Text};

use super::{Found, Options, Review, What};
use crate::prove::{compare, read};

/// Keys that say what the caller wrote into a header of the request (`KEY-70`, `KEY-71`): callers choose them freely.
const HEADERS: [&str; 2] = ["aws:UserAgent", "aws:Referer"];

fn is_of_header(condition: &Condition<'_>) -> bool {
    let key = condition.key.value;
    HEADERS.iter().any(|own| own.eq_ignore_ascii_case(key))
}

/// Looks for Deny statements that let requests pass because of a header alone: without their conditions on headers they
/// would deny them, and no other statement denies them.
///
/// What else a statement exempts, by `NotAction`, `NotResource`, principals or other keys, may well be meant.
pub(super) fn check(
    policy: &Policy<'_>,
    options: &Options<'_>,
    kept: &[usize],
    review: &mut Review,
) {
    let all = policy.document.statements;
    let looks_at_header =
        |own: &Statement<'_>| own.effect == Effect::Deny && own.conditions.iter().any(is_of_header);
    for index in kept.iter().copied() {
        let Some(statement) = all.get(index).filter(|own| looks_at_header(own)) else {
            continue;
        };
        let others = statement.conditions.iter().filter(|own| !is_of_header(own));
        let others: Vec<Condition<'_>> = others.copied().collect();
        // A request that has what the other conditions look at says more; there may be none.
        let (any, not_absent) = ([text("?*")], [text("false")]);
        let likes = others.iter().map(|own| tested(own, Base::StringLike, &any));
        let nulls = others
            .iter()
            .map(|own| tested(own, Base::Null, &not_absent));
        let with =
            |more: Vec<Condition<'_>>| ask(policy, index, &[&others, &more[..]].concat(), options);
        let is_found = |answer: &Option<Answer>| matches!(answer, Some(Answer::Refuted(_)));
        let mut answer = with(likes.collect());
        if !is_found(&answer) {
            answer = with(nulls.collect());
        }
        if !is_found(&answer) {
            answer = with(Vec::new());
        }
        match answer {
            None | Some(Answer::Proved(_)) => {}
            Some(Answer::Unknown(reasons)) => review.unknown.push((Some(index), reasons)),
            Some(Answer::Refuted(refuted)) => {
                let witness = refuted.findings.into_iter().next();
                review.found.push(Found {
                    what: What::GotAround,
                    statement: Some(index),
                    by: Vec::new(),
                    witness: witness.map(|own| own.witness),
                });
            }
        }
    }
}

/// Whether every request that a Deny denies with these conditions is denied as it is. Whatever the Deny statements leave is
/// allowed, so that what is shown depends on them alone.
fn ask(
    policy: &Policy<'_>,
    index: usize,
    conditions: &[Condition<'_>],
    options: &Options<'_>,
) -> Option<Answer> {
    let arena = Bump::new();
    let everything = everything(policy, &arena)?;
    let denies = policy.document.statements.iter().enumerate();
    let denies = denies.filter(|(_, own)| own.effect == Effect::Deny);
    let new = denies.clone().map(|(_, own)| *own).chain([everything]);
    let new: Vec<Statement<'_>> = new.collect();
    let old = denies.map(|(at, own)| match at == index {
        true => Statement { conditions, ..*own },
        false => *own,
    });
    let old: Vec<Statement<'_>> = old.chain([everything]).collect();
    let proof = ProofOptions {
        findings: 1,
        ..options.proof
    };
    Some(compare(
        &[with(policy, &old)],
        &[with(policy, &new)],
        &proof,
    ))
}

fn text(value: &str) -> Text<'_> {
    Text {
        value,
        span: Span::default(),
    }
}

/// Another test of the key of a condition.
fn tested<'a>(condition: &Condition<'a>, base: Base, values: &'a [Text<'a>]) -> Condition<'a> {
    Condition {
        operator: Operator {
            quantifier: Quantifier::One,
            base,
            if_exists: false,
        },
        values,
        ..*condition
    }
}

/// The policy with other statements.
fn with<'a>(policy: &Policy<'a>, statements: &'a [Statement<'a>]) -> Policy<'a> {
    Policy {
        document: Document {
            statements,
            ..policy.document
        },
        ..*policy
    }
}

/// A statement that allows everything, in a document of the same kind.
fn everything<'a>(policy: &Policy<'_>, arena: &'a Bump) -> Option<Statement<'a>> {
    let (text, kind) = match policy.document.kind.has_principal() {
        true => (
            r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}"#,
            PolicyKind::Resource,
        ),
        false => (
            r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#,
            PolicyKind::Identity,
        ),
    };
    let policy = read("", text, kind, arena).ok()?;
    policy.document.statements.first().copied()
}
