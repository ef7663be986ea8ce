//! Whether a resource policy is public in the sense of S3's Block Public Access (`S3-5`).
//!
//! It is a question about the text of a policy, not about a request, so it is answered when policies are compiled. The
//! image keeps one bit for each unit. Takes time linear in the document.
//!
//! | an Allow for | is public |
//! |---|---|
//! | accounts, users, roles, services | no, whatever its conditions |
//! | everyone | unless a condition fixes the caller: a positive operator, on one of [`FIXING_KEYS`], with fixed values |
//! | everyone but a few (`NotPrincipal`) | yes, whatever its conditions |
//!
//! It errs on the side of public: a condition counts as limiting only if it is one of those that the rule names, with values that
//! fix something.

use portcullis_image::value::network::Network;
use portcullis_model::{Effect, Family, Quantifier};
use portcullis_syntax::ast::{Condition, Document, PrincipalKind, Statement};

/// Keys whose fixed value makes a grant to everyone non-public, in lower case: those that `S3-5` lists, and no other key of a
/// service.
const FIXING_KEYS: [&str; 15] = [
    "aws:sourceip",
    "aws:sourcearn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceaccount",
    "aws:sourceowner",
    "aws:userid",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "s3:dataaccesspointarn",
    "s3:dataaccesspointaccount",
];

/// True if some Allow statement of the document is public. Deny statements do not make a policy less public: AWS looks at
/// what is allowed.
pub(crate) fn is_public(document: &Document<'_>) -> bool {
    document.statements.iter().any(statement_is_public)
}

/// True if a statement allows something to everyone, and no condition says to whom. A statement that only denies is never public.
fn statement_is_public(statement: &Statement<'_>) -> bool {
    if statement.effect == Effect::Deny {
        return false;
    }
    let Some(principals) = statement.principal.as_ref().filter(|own| !own.negated) else {
        // Everyone but a few is neither somebody fixed nor `*`, which alone a condition can limit.
        return true;
    };
    let everyone = |kind| kind == PrincipalKind::Everyone;
    principals.list.iter().any(|entry| everyone(entry.kind))
        && !statement.conditions.iter().any(fixes_the_caller)
}

/// A positive operator that holds for fixed values only, on one of the keys. `IfExists` and `ForAllValues` hold for a request
/// without the key, and so limit nobody.
fn fixes_the_caller(condition: &Condition<'_>) -> bool {
    let operator = condition.operator;
    let comparing = matches!(
        operator.base.family(),
        Family::StringEquals
            | Family::StringEqualsIgnoreCase
            | Family::StringLike
            | Family::Arn
            | Family::IpAddress
    );
    let key = condition.key.value.to_lowercase();
    comparing
        && !operator.base.is_negated()
        && !operator.if_exists
        && operator.quantifier != Quantifier::All
        && FIXING_KEYS.contains(&key.as_str())
        && condition
            .values
            .iter()
            .all(|value| is_fixed(&key, value.value))
}

/// True if a value of a key stands for one thing and not for many: no wildcard, no variable. For access points a wildcard in the
/// name is allowed, for networks the size decides. `key` is in lower case.
fn is_fixed(key: &str, value: &str) -> bool {
    let fixed = |text: &str| !text.contains(['*', '?']) && !text.contains("${");
    match key {
        "aws:sourceip" => is_narrow(value),
        // The access point's name may be a wildcard if the account is fixed.
        "s3:dataaccesspointarn" => {
            let parts: Vec<&str> = value.splitn(6, ':').collect();
            let account = parts.get(4).is_some_and(|account| !account.is_empty());
            let head = parts.len() == 6 && account && parts.iter().take(5).all(|part| fixed(part));
            fixed(value) || (head && !value.contains("${"))
        }
        _ => fixed(value),
    }
}

/// True for a block not broader than /8 (IPv4) or /32 (IPv6), and not of a private network, from which no public request comes
/// (choice E10). False for text that is no block.
fn is_narrow(value: &str) -> bool {
    match Network::parse(value) {
        Some(Network::V4 { base, mask }) => {
            let private = [(0x0a00_0000, 8), (0xac10_0000, 12), (0xc0a8_0000, 16)];
            mask.count_ones() >= 8
                && !private
                    .iter()
                    .any(|(network, length)| base >> (32 - length) == network >> (32 - length))
        }
        Some(Network::V6 { mask, .. }) => mask.count_ones() >= 32,
        None => false,
    }
}
