//! Checks of this project's own: what decisions do with a document, where Access Analyzer has no code.
//!
//! They ask what requests are possible, not how a text looks, and say nothing on the strength of what is not known: a key with
//! a variable in its values may have any value, and an action that no reference lists may have any resource.

mod absent;
mod conditions;
mod entries;
mod outcome;
mod people;
mod quota;
mod trust;
mod values;

use crate::checks::Context;
use crate::finding::Findings;
use crate::view::{Condition, Policy, Statement};
use outcome::{State, holds};

/// Those that look at a statement for itself.
pub(crate) fn statement<'d>(cx: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    conditions::check(cx, statement, out);
    values::check(cx, statement, out);
    absent::check(cx, statement, out);
    entries::check(cx, statement, out);
    people::check(cx, statement, out);
    if cx.is_trust {
        trust::check(cx, statement, out);
    }
}

/// Those that look at a document as a whole. `own` is its own text, if that is JSON.
pub(crate) fn document<'d>(
    cx: &Context<'d>,
    policy: &Policy<'d>,
    own: Option<&str>,
    out: &mut Findings<'d>,
) {
    absent::document(cx, policy, out);
    quota::document(cx, policy, own, out);
}

/// True if a test limits by the values of its key: it holds for none that is absent, and not for all that are there.
fn is_limiting(cx: &Context<'_>, condition: &Condition<'_>) -> bool {
    let is_open = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte == b'*');
    condition.is_limit()
        && holds(cx, condition, State::Absent) == Some(false)
        && !condition.values.is_empty()
        && !condition
            .values
            .iter()
            .any(|value| is_open(value.text.value))
}
