//! What ARNs say, read from their text alone.
//!
//! These functions know no table and allocate nothing, so every room may use them; what the directory has for an ARN is
//! asked of [`crate::store::tables`]. They take the six parts that [`split_arn`] gives, so that a request splits each of
//! its ARNs once. They assume nothing about the parts: an ARN that names no user or role gives `None`.
//!
//! There is no type for a parsed ARN: callers need one or two of the parts, and each reads the last of them in its own
//! way.

use portcullis_model::{is_account_id, split_arn};

/// Users and roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntityKind {
    User,
    Role,
}

impl EntityKind {
    /// The word in ARNs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            EntityKind::User => "user",
            EntityKind::Role => "role",
        }
    }
}

/// Kind, account and name of the user or role that an ARN names; the path is left out, since names are unique without it. None
/// for every other ARN, also for those of sessions.
pub(crate) fn entity_of(arn: [&str; 6]) -> Option<(EntityKind, &str, &str)> {
    let [_, _, "iam", _, account, rest] = arn else {
        return None;
    };
    let (kind, path) = match rest.strip_prefix("user/") {
        Some(path) => (EntityKind::User, path),
        None => (EntityKind::Role, rest.strip_prefix("role/")?),
    };
    Some((kind, account, last_name(path)))
}

/// The last segment of a path: what follows the last slash, or all of it.
pub(crate) fn last_name(path: &str) -> &str {
    let slash = path.bytes().rposition(|byte| byte == b'/');
    slash.map_or(path, |slash| path.get(slash + 1..).unwrap_or_default())
}

/// True for an object of a bucket. An access point has an account, and so is none.
pub(crate) fn is_object(arn: [&str; 6]) -> bool {
    matches!(arn, [_, _, "s3", "", "", rest] if rest.contains('/'))
}

/// True for a bucket or an object.
pub(crate) fn is_of_bucket(arn: [&str; 6]) -> bool {
    matches!(arn, [_, _, "s3", "", "", _])
}

/// The number of an account: twelve digits.
pub(crate) fn account_number(text: &str) -> Option<u64> {
    is_account_id(text).then(|| text.parse().ok()).flatten()
}

/// Partition, account and the rest of an ARN of a service; none if it is of another, or names no account.
pub(crate) fn arn_of<'a>(text: &'a str, service: &str) -> Option<(&'a str, u64, &'a str)> {
    let [scheme, partition, own, _, account, rest] = split_arn(text)?;
    let account = account_number(account)?;
    (scheme == "arn" && own == service).then_some((partition, account, rest))
}
