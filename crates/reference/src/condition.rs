//! Conditions (section 3 of the rules).

use core::cmp::Ordering;

use portcullis_model::{Base, Family, Quantifier};
use portcullis_syntax::ast::Condition;

use crate::glob::{Token, glob_tokens, is_star_run};
use crate::keys::{Context, arn_parts, fold};
use crate::value::{Instant, Number, decode_base64, parse_bool, parse_cidr, parse_ip};
use crate::variable::{self, scan};

/// True if one test of a `Condition` holds: the presence table of section 3.2.
pub(crate) fn holds(condition: &Condition<'_>, has_variables: bool, context: &Context) -> bool {
    let operator = condition.operator;
    let request_values = context.values(condition.key.value);
    if operator.base == Base::Null {
        return null_holds(condition, request_values.is_empty());
    }
    let negated = is_negated(operator.base);
    let passes = |request_value: &String| {
        // COND-2: positive is OR over the policy values, negated is NOR.
        let matches = condition.values.iter().any(|policy_value| {
            let value = policy_value.value;
            value_matches(operator.base, value, request_value, has_variables, context)
        });
        matches != negated
    };
    match (operator.quantifier, request_values) {
        (Quantifier::Any, []) => false, // COND-13, COND-30
        (Quantifier::All, []) => true,  // COND-12, COND-30
        (Quantifier::One, []) if operator.if_exists => true, // COND-11
        (Quantifier::One, []) => negated, // COND-10
        (Quantifier::One, [value]) => passes(value),
        (Quantifier::One, _) => false, // COND-20, COND-21
        (Quantifier::Any, values) => values.iter().any(passes),
        (Quantifier::All, [value]) if value.is_empty() => true, // COND-32
        (Quantifier::All, values) => values.iter().all(passes),
    }
}

/// COND-14 and COND-15. The values are never expanded (VAR-4).
fn null_holds(condition: &Condition<'_>, absent: bool) -> bool {
    match condition.operator.quantifier {
        Quantifier::All => true,
        Quantifier::Any => false,
        Quantifier::One => condition
            .values
            .iter()
            .any(|value| parse_bool(value.value) == Some(absent)),
    }
}

/// COND-5.
fn is_negated(base: Base) -> bool {
    base.as_str().contains("Not")
}

/// True if the request value matches one policy value, negation left aside. A value that is not of
/// the operator's type, or that cannot be expanded, matches nothing (COND-56, COND-87, VAR-11).
fn value_matches(
    base: Base,
    policy: &str,
    request: &str,
    has_variables: bool,
    context: &Context,
) -> bool {
    let pieces = scan(policy, has_variables);
    let expanded = || variable::as_text(&pieces, context);
    let numbers = |wanted: &[Ordering]| {
        let sides = Number::parse(request).zip(Number::parse(policy));
        sides.is_some_and(|(request, policy)| wanted.contains(&request.compare(&policy)))
    };
    let dates = |wanted: &[Ordering]| {
        let sides = Instant::parse(request).zip(Instant::parse(policy));
        sides.is_some_and(|(request, policy)| wanted.contains(&request.cmp(&policy)))
    };
    use Ordering::{Equal, Greater, Less};
    match base.family() {
        // COND-50.
        Family::StringEquals => expanded().is_some_and(|policy| policy == request),
        Family::StringEqualsIgnoreCase => {
            expanded().is_some_and(|policy| fold(&policy) == fold(request))
        }
        Family::StringLike => variable::as_pattern(&pieces, context)
            .is_some_and(|pattern| glob_tokens(&pattern, request)),
        // COND-55 to COND-58.
        Family::NumericEquals => numbers(&[Equal]),
        Family::NumericLessThan => numbers(&[Less]),
        Family::NumericLessThanEquals => numbers(&[Less, Equal]),
        Family::NumericGreaterThan => numbers(&[Greater]),
        Family::NumericGreaterThanEquals => numbers(&[Greater, Equal]),
        // COND-65 to COND-68.
        Family::DateEquals => dates(&[Equal]),
        Family::DateLessThan => dates(&[Less]),
        Family::DateLessThanEquals => dates(&[Less, Equal]),
        Family::DateGreaterThan => dates(&[Greater]),
        Family::DateGreaterThanEquals => dates(&[Greater, Equal]),
        // COND-70.
        Family::Bool => {
            let policy = expanded().and_then(|policy| parse_bool(&policy));
            policy.is_some() && policy == parse_bool(request)
        }
        // COND-71.
        Family::BinaryEquals => {
            let policy = decode_base64(policy);
            policy.is_some() && policy == decode_base64(request)
        }
        // COND-75 to COND-78.
        Family::IpAddress => {
            let sides = parse_cidr(policy).zip(parse_ip(request));
            sides.is_some_and(|(policy, request)| policy.contains(request))
        }
        Family::Arn => arn_matches(policy, request, has_variables, context),
        // COND-15: answered before any value is looked at.
        Family::Null => false,
    }
}

/// COND-60 and COND-61: part by part, split before anything is substituted (VAR-7).
fn arn_matches(policy: &str, request: &str, has_variables: bool, context: &Context) -> bool {
    let Some(request_parts) = arn_parts(request) else {
        return false;
    };
    if is_star_run(policy) {
        return true;
    }
    let pieces = scan(policy, has_variables);
    let policy_parts = variable::arn_parts(&pieces);
    let patterns: Option<Vec<Vec<Token>>> = policy_parts
        .iter()
        .map(|part| variable::as_pattern(part, context))
        .collect();
    patterns.is_some_and(|patterns| {
        patterns.len() == request_parts.len()
            && patterns
                .iter()
                .zip(request_parts)
                .all(|(pattern, part)| glob_tokens(pattern, part))
    })
}
