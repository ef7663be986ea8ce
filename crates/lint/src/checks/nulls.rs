//! Conditions that ask only whether the key is there, or nothing at all (`AA-32`, `AA-301`, `AA-310`): what the condition
//! is worth, as a function of the presence of the key.

use super::Context;
use crate::finding::Findings;
use crate::rules;
use crate::view::{Condition, Statement};
use portcullis_model::{Base, Operator, Quantifier};

/// When a condition holds whose one value matches everything. None if that depends on the values of the key.
pub(crate) fn holds(operator: Operator) -> Option<(bool, bool)> {
    let is_negated = match operator.base {
        Base::StringLike | Base::ArnLike | Base::ArnEquals => false,
        Base::StringNotLike | Base::ArnNotLike | Base::ArnNotEquals => true,
        _ => return None,
    };
    // A key of several values that is there has at least one.
    let present = !is_negated;
    let absent = match operator.quantifier {
        _ if operator.if_exists => true,
        Quantifier::One => is_negated,
        Quantifier::All => true,
        Quantifier::Any => false,
    };
    Some((present, absent))
}

pub(super) fn check<'d>(
    _: &Context<'d>,
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    out: &mut Findings<'d>,
) {
    let (Ok(operator), [value]) = (condition.operator, condition.values.as_slice()) else {
        return;
    };
    if value.text.value != "*" {
        return;
    }
    let Some(when) = holds(operator) else {
        return;
    };
    let (key, name) = (condition.key.value, condition.name.value);
    let null = |is_absent: bool| {
        format!(
            "We recommend replacing the key {key} in the condition block of {name} with {{{key}: {is_absent}}} to ensure better enforcement of the condition."
        )
    };
    let (rule, details) = match when {
        (true, false) => (&rules::EQUIVALENT_TO_NULL_FALSE, null(false)),
        (false, true) => (&rules::EQUIVALENT_TO_NULL_TRUE, null(true)),
        (true, true) => (
            &rules::REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION,
            format!(
                "The key {key} in the condition block of {name} always holds. Remove it, or write the values that are meant."
            ),
        ),
        (false, false) => (
            &rules::REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION,
            format!(
                "The key {key} in the condition block of {name} never holds, and the statement does nothing. Write the values that are meant."
            ),
        ),
    };
    out.add(rule, details, [statement.condition_value(condition, value)]);
}
