//! Whether a bucket policy is public (`S3-5`).

use core::net::{IpAddr, Ipv4Addr};

use portcullis_model::{Effect, Family, Quantifier};
use portcullis_syntax::Policy;
use portcullis_syntax::ast::{Condition, PrincipalKind, Statement};

use crate::keys::{arn_parts, fold};
use crate::value::{Cidr, parse_cidr};

/// The keys whose fixed values keep a statement for everyone from being public.
const LIMITING_KEYS: [&str; 15] = [
    "aws:SourceIp",
    "aws:SourceArn",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:SourceAccount",
    "aws:SourceOwner",
    "aws:userid",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "s3:DataAccessPointArn",
    "s3:DataAccessPointAccount",
];

/// RFC 1918.
const PRIVATE_RANGES: [Cidr; 3] = [
    Cidr {
        address: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)),
        prefix: 8,
    },
    Cidr {
        address: IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)),
        prefix: 12,
    },
    Cidr {
        address: IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)),
        prefix: 16,
    },
];

/// True if any statement of a resource's policies is public.
pub(crate) fn is_public(policies: &[Policy<'_>]) -> bool {
    policies
        .iter()
        .flat_map(|policy| policy.document.statements)
        .any(statement_is_public)
}

fn statement_is_public(statement: &Statement<'_>) -> bool {
    if statement.effect == Effect::Deny {
        return false;
    }
    let Some(principals) = &statement.principal else {
        return false;
    };
    if principals.negated {
        return true; // everyone except a few
    }
    let names_everyone = principals
        .list
        .iter()
        .any(|entry| entry.kind == PrincipalKind::Everyone);
    names_everyone && !statement.conditions.iter().any(limits)
}

/// True if a condition narrows everyone down to something fixed.
fn limits(condition: &Condition<'_>) -> bool {
    let operator = condition.operator;
    let is_positive = !operator.base.as_str().contains("Not");
    let compares_text = matches!(
        operator.base.family(),
        Family::StringEquals
            | Family::StringEqualsIgnoreCase
            | Family::StringLike
            | Family::Arn
            | Family::IpAddress
    );
    let key = fold(condition.key.value);
    is_positive
        && compares_text
        && !operator.if_exists
        && operator.quantifier != Quantifier::All
        && LIMITING_KEYS.iter().any(|limiting| fold(limiting) == key)
        && condition
            .values
            .iter()
            .all(|value| is_fixed(&key, value.value))
}

/// True if a value of a limiting key (by its folded name) leaves nothing open.
fn is_fixed(key: &str, value: &str) -> bool {
    let is_literal = |text: &str| !text.contains(['*', '?']) && !text.contains("${");
    if key == fold("aws:SourceIp") {
        return parse_cidr(value).is_some_and(is_narrow);
    }
    if key == fold("s3:DataAccessPointArn") {
        // With the account fixed, the access point itself may be left open.
        let fixed_account = arn_parts(value).is_some_and(|parts| {
            parts[..5].iter().all(|part| is_literal(part)) && !parts[4].is_empty()
        });
        return is_literal(value) || (fixed_account && !value.contains("${"));
    }
    is_literal(value)
}

/// True for a block that is neither very broad nor private.
fn is_narrow(block: Cidr) -> bool {
    let least_prefix = if block.address.is_ipv4() { 8 } else { 32 };
    let is_private = PRIVATE_RANGES
        .iter()
        .any(|range| range.contains(block.address) && block.prefix >= range.prefix);
    block.prefix >= least_prefix && !is_private
}
