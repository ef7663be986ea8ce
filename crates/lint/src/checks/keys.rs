//! Condition keys, and operators against them (`AA-42`, `AA-44` to `AA-46`, `AA-111`, `AA-115`, `AA-122`, `AA-137`, `AA-146`, `AA-201`,
//! `AA-210`, `AA-251`, `AA-312`).

use super::Context;
use crate::catalog::Answer;
use crate::finding::Findings;
use crate::rules;
use crate::view::{Condition, Statement};
use portcullis_model::{Base, Family, Operator, Quantifier};
use portcullis_syntax::lint::keys::Type;
use portcullis_syntax::policy::is_global_key;

/// Keys to which the name of a tag belongs.
const FAMILIES: [&str; 3] = ["PrincipalTag", "RequestTag", "ResourceTag"];

/// Keys that are still sent, and have another name today (`KEY-73`).
const OLD: [(&str, &str); 2] = [
    ("aws:PrincipalId", "aws:userid"),
    ("aws:Type", "aws:PrincipalType"),
];

pub(super) fn check<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    out: &mut Findings<'d>,
) {
    name(cx, statement, condition, out);
    if let Ok(operator) = condition.operator {
        qualifier(cx, statement, condition, operator, out);
        types(cx, statement, condition, operator, out);
    }
}

fn name<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    out: &mut Findings<'d>,
) {
    let key = condition.key.value;
    let here = || [statement.condition_key(condition)];
    let Some((prefix, name)) = key
        .split_once(':')
        .filter(|(prefix, name)| !prefix.is_empty() && !name.is_empty())
    else {
        let details = format!("The condition key {key} has not the form prefix:name.");
        out.add(&rules::INVALID_CONDITION_KEY_FORMAT, details, here());
        return;
    };
    if prefix.eq_ignore_ascii_case("aws") {
        let family = FAMILIES
            .iter()
            .find(|own| own.eq_ignore_ascii_case(name.trim_end_matches('/')));
        if name.eq_ignore_ascii_case("arn") {
            let details = format!(
                "The condition key {key} is not supported any more. Use aws:PrincipalArn or aws:SourceArn."
            );
            out.add(&rules::UNSUPPORTED_GLOBAL_CONDITION_KEY, details, here());
        } else if let Some(family) = family {
            let details = format!(
                "The condition key {key} does not name a tag. Write aws:{family}/ and the key of the tag."
            );
            out.add(&rules::MISSING_TAG_KEY_IN_CONDITION, details, here());
        } else if let Some((_, new)) = OLD.iter().find(|(old, _)| condition.is_of(old)) {
            let details = format!("The condition key {key} is an old one. Use {new}.");
            out.add(&rules::DEPRECATED_GLOBAL_CONDITION_KEY, details, here());
        } else if !is_global_key(key) {
            let details = format!(
                "The global condition key {key} does not exist. Use a valid global condition key."
            );
            out.add(&rules::INVALID_GLOBAL_CONDITION_KEY, details, here());
        }
        return;
    }
    // Keys of identity providers have the name of a host.
    let is_of_provider = prefix.contains(['.', '/']) || prefix.eq_ignore_ascii_case("saml");
    if !is_of_provider && cx.catalog.service_key(prefix, key) == Answer::No {
        let details = format!(
            "The condition key {key} does not exist in the service {prefix}. Use a valid condition key."
        );
        out.add(&rules::INVALID_SERVICE_CONDITION_KEY, details, here());
    }
}

/// The audience of an OIDC token, which may be one or several (`AA-210`, `AA-312`).
fn is_audience(key: &str) -> bool {
    key.rsplit_once(':')
        .is_some_and(|(host, claim)| host.contains('.') && claim.eq_ignore_ascii_case("aud"))
}

fn qualifier<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    operator: Operator,
    out: &mut Findings<'d>,
) {
    let key = condition.key.value;
    let here = || [statement.condition_key(condition)];
    if operator.base == Base::Null {
        return;
    }
    if is_audience(key) {
        match operator.quantifier {
            Quantifier::Any => {
                let details = format!(
                    "Using ForAnyValue with the audience {key} accepts tokens that are for others as well. Remove the qualifier."
                );
                out.add(
                    &rules::FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE,
                    details,
                    here(),
                );
            }
            Quantifier::All => {
                let details = format!(
                    "Using ForAllValues with the audience {key} also accepts tokens without one. Remove the qualifier if tokens have one audience."
                );
                out.add(&rules::CONFIRM_AUDIENCE_CLAIM_TYPE, details, here());
            }
            Quantifier::One => {}
        }
        return;
    }
    let is_many = cx.key(key).map_or(Answer::Unknown, |facts| facts.is_many);
    match (operator.quantifier, is_many) {
        (Quantifier::One, Answer::Yes) => {
            let details = format!(
                "The request context key {key} has multiple values. Use the ForAllValues or ForAnyValue condition key qualifiers in your policy."
            );
            out.add(&rules::MISSING_QUALIFIER, details, here());
        }
        (Quantifier::All, Answer::No) if statement.is_allow() => {
            let details = format!(
                "Using ForAllValues with the single-valued condition key {key} also allows requests without it. Remove the qualifier."
            );
            out.add(&rules::FORALLVALUES_WITH_SINGLE_VALUED_KEY, details, here());
        }
        _ => {}
    }
}

/// What AWS calls the type that a family of operators is for.
fn compared(family: Family) -> Option<&'static str> {
    Some(match family {
        Family::StringEquals | Family::StringEqualsIgnoreCase | Family::StringLike => "string",
        Family::NumericEquals
        | Family::NumericLessThan
        | Family::NumericLessThanEquals
        | Family::NumericGreaterThan
        | Family::NumericGreaterThanEquals => "numeric",
        Family::DateEquals
        | Family::DateLessThan
        | Family::DateLessThanEquals
        | Family::DateGreaterThan
        | Family::DateGreaterThanEquals => "date",
        Family::Bool => "boolean",
        Family::IpAddress => "IP address",
        Family::Arn => "ARN",
        Family::BinaryEquals | Family::Null => return None,
    })
}

/// Whether operators of this name are for keys of a type, and what the right ones are called.
fn wanted(kind: Type, operators: &str) -> (bool, &'static str) {
    match kind {
        Type::Text => (operators == "string", "String"),
        Type::Arn => (matches!(operators, "string" | "ARN"), "ARN"),
        Type::Bool => (operators == "boolean", "Boolean"),
        Type::Number => (operators == "numeric", "Numeric"),
        Type::Date => (operators == "date", "Date"),
        Type::DateOrNumber => (matches!(operators, "date" | "numeric"), "Date"),
        Type::Address => (operators == "IP address", "IP address"),
    }
}

fn types<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    operator: Operator,
    out: &mut Findings<'d>,
) {
    let key = condition.key.value;
    let (Some(facts), Some(compared)) = (cx.key(key), compared(operator.base.family())) else {
        return;
    };
    // The value of a tag may be anything.
    if facts.is_family {
        return;
    }
    let (rule, wanted) = match (facts.kind, operator.base.family()) {
        (Type::Arn, Family::StringLike) => {
            // AA-46: either type is said to do for this key.
            let wanted = if condition.is_of("aws:PrincipalArn") {
                "ARN, String"
            } else {
                "ARN"
            };
            (&rules::STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS, wanted)
        }
        _ => match wanted(facts.kind, compared) {
            (true, _) => return,
            (false, wanted) => (&rules::TYPE_MISMATCH, wanted),
        },
    };
    let details = format!(
        "Use the operator type {wanted} instead of operator {compared} for the condition key {key}."
    );
    out.add(rule, details, [statement.condition_key(condition)]);
}
