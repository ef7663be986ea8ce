//! Values of conditions (`AA-41`, `AA-43`, `AA-112`, `AA-143`, `AA-147`, `AA-152`, `AA-158`, `AA-159`, `AA-252`, `AA-256`, `AA-258`, `AA-300`,
//! `AA-302`, `AA-304`, `AA-305`).

use super::Context;
use crate::catalog::Answer;
use crate::finding::Findings;
use crate::rules::{self, Rule};
use crate::target::PolicyType;
use crate::view::{Condition, Entry, Statement};
use portcullis_model::{Base, Family, Operator, Quantifier};
use portcullis_syntax::glob::has_wildcard;
use portcullis_syntax::lint::keys::is_sensitive;
use portcullis_syntax::lint::shapes::{Block, DateShape, date, is_base64, is_bool, is_number};
use portcullis_syntax::policy::is_service_principal;
use portcullis_syntax::vars::{Piece, has_opening, pieces};

/// `AA-43`.
pub(super) const SERVICE_PRINCIPAL: &str = "The service principal does not match the expected format. Use the format service.amazonaws.com, or use one of the following suffixes: .amazon.com, .amazonaws.com.cn with all lowercase letters.";

pub(super) fn check<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    out: &mut Findings<'d>,
) {
    let Ok(operator) = condition.operator else {
        return;
    };
    if condition.is_empty() {
        empty(statement, condition, operator, out);
    }
    for value in &condition.values {
        shape(statement, condition, value, operator, out);
        wildcard(cx, statement, condition, value, operator, out);
        trusted(cx, statement, condition, value, operator, out);
        known(cx, statement, condition, value, out);
    }
    several(statement, condition, operator, out);
    if operator.base.family() == Family::IpAddress {
        addresses(statement, condition, operator, out);
    }
}

/// `AA-300`.
fn empty<'d>(
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    operator: Operator,
    out: &mut Findings<'d>,
) {
    let rule = match operator.quantifier {
        Quantifier::All => &rules::EMPTY_ARRAY_CONDITION_FORALLVALUES,
        Quantifier::Any => &rules::EMPTY_ARRAY_CONDITION_FORANYVALUE,
        Quantifier::One if operator.if_exists => &rules::EMPTY_ARRAY_CONDITION_IFEXISTS,
        Quantifier::One => &rules::EMPTY_ARRAY_CONDITION,
    };
    let details = format!(
        "The condition key {} has no values. Name some, or remove it.",
        condition.key.value
    );
    out.add(rule, details, [statement.condition_values(condition)]);
}

/// Values that are not of the type that the operator compares.
fn shape<'d>(
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    value: &Entry<'d>,
    operator: Operator,
    out: &mut Findings<'d>,
) {
    let text = value.text.value;
    if has_opening(text) {
        return;
    }
    let (fits, rule, what): (bool, &'static Rule, &str) = match operator.base.family() {
        Family::NumericEquals
        | Family::NumericLessThan
        | Family::NumericLessThanEquals
        | Family::NumericGreaterThan
        | Family::NumericGreaterThanEquals => {
            (is_number(text), &rules::TYPE_MISMATCH_NUMBER, "a number")
        }
        Family::DateEquals
        | Family::DateLessThan
        | Family::DateLessThanEquals
        | Family::DateGreaterThan
        | Family::DateGreaterThanEquals => match date(text) {
            Some(DateShape::Odd(_)) => {
                let details = format!(
                    "The date {text} should be written as ISO 8601 has it, such as 2026-01-31T12:00:00Z."
                );
                out.add(
                    &rules::INVALID_DATE_VALUE,
                    details,
                    [statement.condition_value(condition, value)],
                );
                return;
            }
            shape => (shape.is_some(), &rules::TYPE_MISMATCH_DATE, "a date"),
        },
        Family::Bool | Family::Null => (
            is_bool(text),
            &rules::TYPE_MISMATCH_BOOLEAN,
            "true or false",
        ),
        Family::BinaryEquals => (is_base64(text), &rules::TYPE_MISMATCH_STRING, "base64"),
        Family::IpAddress => (
            Block::parse(text).is_some(),
            &rules::TYPE_MISMATCH_IP_RANGE,
            "an IP address or a block of them",
        ),
        Family::Arn
        | Family::StringEquals
        | Family::StringEqualsIgnoreCase
        | Family::StringLike => return,
    };
    if !fits {
        let details = format!(
            "The value {text} must be {what} for the operator {}.",
            condition.name.value
        );
        out.add(rule, details, [statement.condition_value(condition, value)]);
    }
}

/// True if a text has a wildcard that is none of the escapes `${*}` and `${?}`.
fn is_open(cx: &Context<'_>, text: &str) -> bool {
    match cx.has_variables && has_opening(text) {
        true => {
            pieces(text).any(|(_, piece)| matches!(piece, Piece::Text(text) if has_wildcard(text)))
        }
        false => has_wildcard(text),
    }
}

/// `AA-256`.
fn wildcard<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    value: &Entry<'d>,
    operator: Operator,
    out: &mut Findings<'d>,
) {
    let is_exact = matches!(
        operator.base.family(),
        Family::StringEquals | Family::StringEqualsIgnoreCase
    );
    if is_exact && is_open(cx, value.text.value) {
        let details = format!(
            "The value has a wildcard, which {} takes for a plain character. Use an operator with Like if it is meant.",
            condition.name.value
        );
        out.add(
            &rules::WILDCARD_WITHOUT_LIKE_OPERATOR,
            details,
            [statement.condition_value(condition, value)],
        );
    }
}

/// Keys of which six characters must stand before a wildcard (`AA-159`).
const ROOTED: [&str; 5] = [
    "aws:PrincipalArn",
    "aws:PrincipalOrgPaths",
    "aws:ResourceOrgPaths",
    "aws:SourceArn",
    "aws:SourceOrgPaths",
];

/// `AA-159`. In identity policies such values are how it is done, and give nothing.
fn trusted<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    value: &Entry<'d>,
    operator: Operator,
    out: &mut Findings<'d>,
) {
    if cx.is(PolicyType::Identity) || cx.is(PolicyType::ServiceControl) {
        return;
    }
    let (text, key) = (value.text.value, condition.key.value);
    let here = || [statement.condition_value(condition, value)];
    let is_like = matches!(operator.base.family(), Family::StringLike | Family::Arn);
    // Alone, it asks for presence.
    let is_open = is_like && text != "*" && is_open(cx, text);
    if is_sensitive(key) {
        if is_open {
            let details = format!(
                "The condition key {key} says who is trusted, and its value has a wildcard. Write the whole value."
            );
            out.add(&rules::WILDCARD_USAGE_TOO_PERMISSIVE, details, here());
        } else if cx.is(PolicyType::Resource) && super::variables::unsupported(cx, text) {
            let details = format!(
                "The condition key {key} says who is trusted, and its value has a policy variable. Write the value."
            );
            out.add(&rules::VARIABLE_USAGE_TOO_PERMISSIVE, details, here());
        }
        return;
    }
    if condition.is_of("aws:userid") && is_open {
        let (id, _) = text.split_once(':').unwrap_or((text, ""));
        if id != "*" && has_wildcard(id) {
            let details = format!(
                "In a value of {key} a wildcard may stand behind the colon, or alone before it."
            );
            out.add(&rules::WILDCARD_USAGE_TOO_PERMISSIVE, details, here());
        }
    } else if is_open && ROOTED.iter().any(|own| condition.is_of(own)) {
        let before = text.split(['*', '?']).next().unwrap_or_default();
        if before.chars().count() < 6 {
            let details = format!("A value of {key} must have six characters before its wildcard.");
            out.add(&rules::WILDCARD_USAGE_TOO_PERMISSIVE, details, here());
        }
    }
}

/// Services that call for others by a name that is no prefix of actions, in policies of AWS's own of which Access Analyzer
/// says nothing (`AA-41`, `AA-48`).
const CALLERS: [&str; 3] = ["ec2-images", "ec2fastlaunch", "servicecatalog-appregistry"];

/// `AA-43`: of a value of `aws:CalledVia` more is asked than of other service principals: one name, and at most a region.
fn is_caller(text: &str) -> bool {
    let is_region =
        |label: &str| label.contains('-') && label.ends_with(|c: char| c.is_ascii_digit());
    let rest = text
        .split_once('.')
        .map(|(_, rest)| rest)
        .unwrap_or_default();
    let is_suffix =
        |rest: &str| matches!(rest, "amazonaws.com" | "amazonaws.com.cn" | "amazon.com");
    let is_plain = is_suffix(rest)
        || rest
            .split_once('.')
            .is_some_and(|(label, rest)| is_region(label) && is_suffix(rest));
    is_service_principal(text) && is_plain
}

/// Values of keys whose values have a form of their own.
fn known<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    value: &Entry<'d>,
    out: &mut Findings<'d>,
) {
    let text = value.text.value;
    if has_wildcard(text)
        || has_opening(text)
        || condition.operator.is_ok_and(|own| own.base == Base::Null)
    {
        return;
    }
    let here = || [statement.condition_value(condition, value)];
    let key = condition.key.value;
    if condition.is_of("aws:CalledVia") {
        let label = text.split('.').next().unwrap_or_default();
        if !is_caller(text) {
            out.add(
                &rules::INVALID_SERVICE_PRINCIPAL_FORMAT,
                SERVICE_PRINCIPAL,
                here(),
            );
        } else if cx.catalog.service(label) == Answer::No && !CALLERS.contains(&label) {
            let details = format!("The service {label} does not exist. Use a valid service name.");
            out.add(&rules::INVALID_SERVICE, details, here());
        }
    }
    for (own, prefix, rule) in [
        ("aws:SourceVpc", "vpc-", &rules::INVALID_VPC_FORMAT),
        ("aws:SourceVpce", "vpce-", &rules::INVALID_VPCE_FORMAT),
    ] {
        let is_id = |id: &str| {
            matches!(id.len(), 8 | 17) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if condition.is_of(own) && !text.strip_prefix(prefix).is_some_and(is_id) {
            let details = format!(
                "A value of {key} begins with {prefix}, and 8 or 17 letters and digits follow."
            );
            out.add(rule, details, here());
        }
    }
    if condition.is_of("s3:x-amz-server-side-encryption-aws-kms-key-id") && !is_kms_key(text) {
        let details = format!("A value of {key} must be the ARN of a key of KMS.");
        out.add(&rules::INVALID_KMS_KEY_VALUE, details, here());
    }
}

/// The ARN of a key or an alias, an id, or an alias (`AA-158`).
fn is_kms_key(text: &str) -> bool {
    let is_id = |id: &str| {
        id.len() >= 32
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if let Some([_, _, service, _, _, rest]) = portcullis_model::split_arn(text) {
        return service == "kms"
            && (rest.strip_prefix("key/").is_some_and(is_id) || rest.starts_with("alias/"));
    }
    text.starts_with("alias/") || is_id(text)
}

/// `AA-112`, `AA-305`.
fn several<'d>(
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    operator: Operator,
    out: &mut Findings<'d>,
) {
    if condition.values.len() < 2 {
        return;
    }
    match operator.base.family() {
        Family::Bool => {
            let details = "Bool compares with one value. Write the one that is meant.";
            out.add(
                &rules::INVALID_CONDITION_MULTIPLE_BOOLEAN,
                details,
                [statement.condition_values(condition)],
            );
        }
        Family::NumericLessThan
        | Family::NumericLessThanEquals
        | Family::NumericGreaterThan
        | Family::NumericGreaterThanEquals => {
            let details = format!(
                "Of several values one decides under {}. Remove the others.",
                condition.name.value
            );
            out.add(
                &rules::REDUNDANT_CONDITION_VALUE_NUM,
                details,
                [statement.condition_values(condition)],
            );
        }
        _ => {}
    }
}

/// `AA-143`, `AA-302`, `AA-304`.
fn addresses<'d>(
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    operator: Operator,
    out: &mut Findings<'d>,
) {
    let blocks: Vec<(&Entry<'d>, Block)> = condition
        .values
        .iter()
        .filter_map(|value| Some((value, Block::parse(value.text.value)?)))
        .collect();
    for (value, block) in blocks.iter().filter(|(_, block)| block.has_host_bits()) {
        let details = format!(
            "The block {} has bits behind its prefix. Write {}.",
            value.text.value,
            block.canonical()
        );
        out.add(
            &rules::IMPROVE_IP_RANGE,
            details,
            [statement.condition_value(condition, value)],
        );
    }
    if !condition.is_of("aws:SourceIp") {
        return;
    }
    let private: Vec<_> = blocks
        .iter()
        .filter(|(_, block)| block.is_private())
        .collect();
    if private.is_empty() {
        return;
    }
    let is_all = private.len() == condition.values.len();
    let rule = match (is_all, operator.base.is_negated()) {
        (true, false) => &rules::PRIVATE_IP_ADDRESS,
        (true, true) => &rules::PRIVATE_NOT_IP_ADDRESS,
        (false, false) => &rules::PRIVATE_IP_ADDRESS_SUBSET,
        (false, true) => &rules::PRIVATE_NOT_IP_ADDRESS_SUBSET,
    };
    let details = format!(
        "The condition key {} is a public address, and these values are private ones. Test aws:VpcSourceIp with aws:SourceVpc.",
        condition.key.value
    );
    let places = private
        .iter()
        .map(|(value, _)| statement.condition_value(condition, value));
    out.add(rule, details, places);
}
