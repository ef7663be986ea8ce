//! Principals: whether a statement names the caller, and how strongly (section 1.3, `EVAL-71`).

use portcullis_model::{Caller, Effect};
use portcullis_syntax::ast::{PrincipalEntry, PrincipalKind, Principals};

use crate::keys::{account, arn_parts, is_account_id, partition};
use crate::matching::Query;

/// How strongly an entry names the caller (EVAL-20 to EVAL-29), weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// Not at all.
    None,
    /// By its account: delegation to the account's own policies.
    Account,
    /// By its role, or by the user who made the federated session.
    RoleLike,
    /// By itself, or as everyone.
    Direct,
}

/// Where a layer reads principals in its own way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum LayerRules {
    /// As anywhere.
    Plain,
    /// The policy of the resource (GRAM-52).
    Resource,
    /// The policy of a gateway endpoint (VPCE-2).
    GatewayEndpoint,
}

/// How strongly a `Principal` or `NotPrincipal` reaches the caller.
pub(crate) fn principal_strength(
    principals: &Principals<'_>,
    effect: Effect,
    rules: LayerRules,
    query: &Query<'_>,
) -> Strength {
    if principals.negated {
        // EVAL-28: what NotPrincipal reaches, it reaches as `*` does.
        return match is_exempt(principals.list, effect, rules, query) {
            true => Strength::None,
            false => Strength::Direct,
        };
    }
    // GRAM-31, EVAL-31: the most favourable entry.
    let strength = principals
        .list
        .iter()
        .map(|entry| entry_strength(entry, query))
        .max()
        .unwrap_or(Strength::None); // GRAM-11
    // VPCE-2: an account there lets in its root user only, who is named directly (EVAL-51).
    let only_by_account = strength == Strength::Account;
    if rules == LayerRules::GatewayEndpoint && effect == Effect::Allow && only_by_account {
        return Strength::None;
    }
    strength
}

/// How strongly one entry names the caller.
fn entry_strength(entry: &PrincipalEntry<'_>, query: &Query<'_>) -> Strength {
    let value = entry.value.value;
    let is_named = match entry.kind {
        PrincipalKind::Everyone => true, // GRAM-41
        PrincipalKind::Aws => return aws_strength(value, query),
        PrincipalKind::Service => names_service(value, query),
        PrincipalKind::Federated => match query.request.principal.caller {
            Caller::Federated { provider } => provider == value, // GRAM-43
            // EVAL-29.
            Caller::Role { .. } => query.context.single("aws:FederatedProvider") == Some(value),
            _ => false,
        },
        // GRAM-44.
        PrincipalKind::CanonicalUser => {
            query.request.principal.caller == Caller::CanonicalUser { id: value }
        }
    };
    if is_named {
        Strength::Direct
    } else {
        Strength::None
    }
}

/// How strongly an entry under `AWS` names the caller (GRAM-34 to GRAM-40).
fn aws_strength(value: &str, query: &Query<'_>) -> Strength {
    let by_account = names_account(value, query);
    let by_id = names_unique_id(value, query);
    match query.request.principal.caller {
        Caller::Root { .. } if by_account => Strength::Direct, // EVAL-51
        _ if by_account => Strength::Account,                  // EVAL-24
        Caller::User { arn } if arn == value || by_id => Strength::Direct, // EVAL-20
        Caller::Role {
            session_arn: Some(session_arn),
            ..
        } if session_arn == value => Strength::Direct, // EVAL-22
        Caller::Role { role_arn, .. } if role_arn == value || by_id => Strength::RoleLike, // EVAL-21
        Caller::FederatedUser { arn, .. } if arn == value => Strength::Direct, // EVAL-23
        Caller::OriginAccessIdentity { arn } if arn == value => Strength::Direct, // GRAM-45
        Caller::FederatedUser { federated_by, .. }
            if federated_by == Some(value) && is_user_arn(value) =>
        {
            Strength::RoleLike // EVAL-25
        }
        _ => Strength::None,
    }
}

/// GRAM-34: `111122223333` in any partition, or the root ARN in the caller's partition.
fn names_account(value: &str, query: &Query<'_>) -> bool {
    let caller = &query.request.principal.caller;
    let (Some(account), Some(partition)) = (account(caller), partition(caller)) else {
        return false;
    };
    if is_account_id(value) {
        return value == account;
    }
    arn_parts(value) == Some(["arn", partition, "iam", "", account, "root"])
}

/// GRAM-40: the id of a user, or the part before the session's name in that of a role session.
fn names_unique_id(value: &str, query: &Query<'_>) -> bool {
    let caller_id = query
        .request
        .principal
        .user_id
        .or_else(|| query.context.single("aws:userid"));
    let own_id = match query.request.principal.caller {
        Caller::User { .. } => caller_id,
        Caller::Role { .. } => caller_id.and_then(|id| id.split(':').next()),
        _ => None,
    };
    // The other forms of an entry are never ids.
    let is_id = !is_account_id(value) && !value.starts_with("arn:");
    is_id && own_id == Some(value)
}

/// An origin access identity has the form of a user without account, and makes no sessions (`GRAM-45`).
fn is_user_arn(value: &str) -> bool {
    arn_parts(value).is_some_and(|parts| is_account_id(parts[4]) && parts[5].starts_with("user/"))
}

/// GRAM-42: any of the names under which the service calls.
fn names_service(value: &str, query: &Query<'_>) -> bool {
    let Caller::Service { name } = query.request.principal.caller else {
        return false;
    };
    match query.context.values("aws:PrincipalServiceNamesList") {
        [] => name == value,
        names => names.iter().any(|name| name == value),
    }
}

/// GRAM-51 to GRAM-53: true if a `NotPrincipal` list names the caller fully.
fn is_exempt(
    list: &[PrincipalEntry<'_>],
    effect: Effect,
    rules: LayerRules,
    query: &Query<'_>,
) -> bool {
    let caller = query.request.principal.caller;
    // GRAM-52: whoever has a boundary is never exempt, whatever the list says.
    let can_have_boundary = matches!(
        caller,
        Caller::User { .. }
            | Caller::FederatedUser { .. }
            | Caller::Role {
                service_linked: false,
                ..
            }
    );
    let denies = effect == Effect::Deny && rules == LayerRules::Resource;
    if denies && can_have_boundary && query.has_boundary {
        return false;
    }
    if list.iter().any(|e| e.kind == PrincipalKind::Everyone) {
        return true;
    }
    let aws = |test: &dyn Fn(&str) -> bool| {
        list.iter()
            .any(|entry| entry.kind == PrincipalKind::Aws && test(entry.value.value))
    };
    let by_account = aws(&|value| names_account(value, query));
    let by_id = aws(&|value| names_unique_id(value, query));
    let by_arn = |arn: &str| aws(&|value| value == arn);
    match caller {
        Caller::Root { .. } => by_account,
        Caller::User { arn } => by_account && (by_arn(arn) || by_id),
        Caller::Role {
            session_arn,
            role_arn,
            ..
        } => by_account && (by_arn(role_arn) || by_id) && session_arn.is_some_and(by_arn),
        Caller::FederatedUser { arn, .. } => by_account && by_arn(arn),
        // GRAM-51: it has no account that could be listed beside it.
        Caller::OriginAccessIdentity { arn } => by_arn(arn),
        // GRAM-53: by the entries of their own type.
        Caller::Service { .. } | Caller::Federated { .. } | Caller::CanonicalUser { .. } => list
            .iter()
            .any(|entry| entry_strength(entry, query) > Strength::None),
        Caller::Anonymous => false,
    }
}
