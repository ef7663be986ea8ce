//! Whether a grant of a KMS key (`KMS-8`) or of a bucket's access control list (`S3-2`) allows a request.
//!
//! A grant allows or says nothing; it never denies, so that the first which fits is enough. The three conditions are
//! functions of their own, because explanations name the one that a grant lacks. Takes time linear in the grants of the target,
//! and nothing for targets without any.

use portcullis_image::value::fold;
use portcullis_model::Caller;

use crate::arn::account_number;
use crate::decide::target::ResolvedTarget;
use crate::store::ids::index;
use crate::store::tables::{ALL_USERS, AUTHENTICATED_USERS, Grant, Tables};

/// True if a grant of the target allows the request: one of a key (`KMS-8`) or of a bucket's access
/// control list (`S3-2`).
pub(crate) fn is_granted<'g>(
    tables: &Tables,
    target: &ResolvedTarget<'_>,
    action: &str,
    caller: &Caller<'_>,
    context: impl Iterator<Item = (&'g str, &'g [&'g str])> + Clone,
) -> bool {
    let grants = tables.grants(target.grants);
    if grants.is_empty() {
        return false;
    }
    let Some(operation) = GrantedOperation::of(action) else {
        return false;
    };
    grants.iter().any(|grant| {
        has_operation(tables, grant, operation)
            && is_for(tables, grant, operation, target, caller)
            && has_encryption_context(tables, grant, context.clone())
    })
}

/// True if a grant allows an operation.
pub(crate) fn has_operation(
    tables: &Tables,
    grant: &Grant,
    operation: GrantedOperation<'_>,
) -> bool {
    let mut operations = tables.pair_strings(grant.operations);
    operations.any(|(name, _)| name.eq_ignore_ascii_case(operation.name))
}

/// True if a grant is for a caller.
pub(crate) fn is_for(
    tables: &Tables,
    grant: &Grant,
    operation: GrantedOperation<'_>,
    target: &ResolvedTarget<'_>,
    caller: &Caller<'_>,
) -> bool {
    let grantee = tables.str(grant.grantee);
    match operation.is_of_key {
        true => is_grantee(grantee, caller),
        false => is_listed(grantee, caller, target.owner.map(|owner| owner.number)),
    }
}

/// True if the encryption context of a request is what a grant asks for: all pairs of its subset and of its equals, and with
/// equals no others. Names and values count with their case.
pub(crate) fn has_encryption_context<'g>(
    tables: &Tables,
    grant: &Grant,
    context: impl Iterator<Item = (&'g str, &'g [&'g str])> + Clone,
) -> bool {
    /// How keys of the context begin that are pairs of the encryption context.
    const PREFIX: &str = "kms:EncryptionContext:";
    let mut given =
        context.filter_map(|(key, values)| Some((fold::strip_ignoring_case(key, PREFIX)?, values)));
    // Encryption contexts differ by case.
    let has = |key: &str, value: &str| {
        let mut given = given.clone();
        given.any(|(name, values)| name == key && *values == [value])
    };
    let subset = tables
        .pair_strings(grant.subset)
        .all(|(key, value)| has(key, value));
    let equals = tables
        .pair_strings(grant.equals)
        .all(|(key, value)| has(key, value));
    let exact = !grant.is_exact || given.by_ref().count() == index(grant.equals.count());
    subset && equals && exact
}

/// An action, as grants call it.
#[derive(Clone, Copy)]
pub(crate) struct GrantedOperation<'a> {
    /// As grants of its service spell it, in any case.
    name: &'a str,
    /// Grants of keys have names of operations, those of buckets names of actions.
    is_of_key: bool,
}

impl<'a> GrantedOperation<'a> {
    /// Of an action; none if nothing is granted of its service.
    pub(crate) fn of(action: &'a str) -> Option<Self> {
        let (service, operation) = action.split_once(':')?;
        let (is_of_key, name) = match service {
            service if service.eq_ignore_ascii_case("kms") => (true, operation),
            service if service.eq_ignore_ascii_case("s3") => (false, action),
            _ => return None,
        };
        Some(GrantedOperation { name, is_of_key })
    }
}

/// True if an entry of an access control list is for this caller, whose account is not the owner's: what
/// the owner's own users may do, its policies say.
fn is_listed(grantee: &str, caller: &Caller<'_>, owner: Option<u64>) -> bool {
    let account = caller.account();
    match grantee {
        ALL_USERS => true,
        AUTHENTICATED_USERS => account.is_some(),
        _ => match caller {
            Caller::CanonicalUser { id } => *id == grantee,
            _ => account == Some(grantee) && account_number(grantee) != owner,
        },
    }
}

/// True if a grant is for this caller: by its own ARN, its role's or its account's.
fn is_grantee(grantee: &str, caller: &Caller<'_>) -> bool {
    match caller {
        Caller::Role {
            session_arn,
            role_arn,
            ..
        } => *role_arn == grantee || *session_arn == Some(grantee),
        Caller::Service { name } => *name == grantee,
        other => other.arn() == Some(grantee),
    }
}
