//! Keys whose values follow from the request (`KEY-5`).
//!
//! They are worked out when a condition first looks at one, and borrow from the request. Only `aws:userid` of a federated
//! user is put together from several texts ([`composed_user_id`]), which needs a buffer to stand in.
//!
//! A key that the request gives, or switches off, is not derived (`KEY-2`): whoever calls these functions has looked before.

use portcullis_image::Reserved;
use portcullis_model::{Caller, Principal};

use crate::combine::ownership::HomeAccount;

/// The value of a key that follows from a request; none if this one does not for this caller. `account` finds who owns the
/// resource, never by assuming it (`KEY-50`), and is asked only for `aws:ResourceAccount`.
///
/// For `aws:userid` of some callers see [`composed_user_id`].
///
/// ```
/// use portcullis_image::Reserved;
/// use portcullis_model::{Caller, Request};
/// use portcullis_vm::{HomeAccount, derived};
///
/// let ann = Caller::from_arn("arn:aws:iam::111122223333:user/ann").unwrap();
/// let principal = Request::new(ann, "s3:ListAllMyBuckets", "*").principal;
/// let home = HomeAccount::of(&ann);
/// assert_eq!(derived(&principal, home, || None, Reserved::UserName), Some("ann"));
/// assert_eq!(derived(&principal, home, || None, Reserved::ResourceAccount), None);
/// ```
pub fn derived<'a>(
    principal: &Principal<'a>,
    home: HomeAccount<'a>,
    account: impl FnOnce() -> Option<&'a str>,
    key: Reserved,
) -> Option<&'a str> {
    let caller = &principal.caller;
    match key {
        Reserved::PrincipalArn => principal_arn(caller),
        Reserved::PrincipalAccount => principal_account(caller, home),
        Reserved::PrincipalType => principal_type(caller),
        Reserved::UserName => user_name(caller),
        Reserved::IsService => is_service(caller),
        Reserved::ServiceName => service_name(caller),
        Reserved::ResourceAccount => account(),
        // VAR-13.
        Reserved::UserId => match caller {
            _ if principal.user_id.is_some() => principal.user_id,
            Caller::Anonymous => Some("anonymous"),
            Caller::Root { .. } => home.account,
            _ => None,
        },
        Reserved::AssumedRoot | Reserved::FederatedProvider | Reserved::ServiceNames => None,
    }
}

/// `aws:userid` of a caller of whom it is put together from several texts (`VAR-13`), to be joined; none of all others, whose
/// id is one text or not known.
pub fn composed_user_id<'a>(
    principal: &Principal<'a>,
    home: HomeAccount<'a>,
) -> Option<[&'a str; 3]> {
    match principal.caller {
        Caller::FederatedUser { arn, .. } if principal.user_id.is_none() => {
            let name = arn
                .split_once("federated-user/")
                .map_or("", |(_, name)| name);
            Some([home.account.unwrap_or(""), ":", name])
        }
        _ => None,
    }
}

/// `KEY-10`: of a role session the role's ARN.
fn principal_arn<'a>(caller: &Caller<'a>) -> Option<&'a str> {
    match *caller {
        Caller::Role { role_arn, .. } => Some(role_arn),
        _ => caller.arn(),
    }
}

/// `KEY-11`: the account, and `anonymous` for callers without credentials.
fn principal_account<'a>(caller: &Caller<'a>, home: HomeAccount<'a>) -> Option<&'a str> {
    match caller {
        Caller::Anonymous => Some("anonymous"),
        _ => home.account,
    }
}

/// `KEY-18`: none for callers that AWS gives no type.
fn principal_type(caller: &Caller<'_>) -> Option<&'static str> {
    match caller {
        Caller::Anonymous => Some("Anonymous"),
        Caller::Root { .. } => Some("Account"),
        Caller::User { .. } => Some("User"),
        Caller::Role { .. } => Some("AssumedRole"),
        Caller::FederatedUser { .. } => Some("FederatedUser"),
        Caller::Service { .. }
        | Caller::Federated { .. }
        | Caller::CanonicalUser { .. }
        | Caller::OriginAccessIdentity { .. } => None,
    }
}

/// `KEY-20`: of users alone, without their path.
fn user_name<'a>(caller: &Caller<'a>) -> Option<&'a str> {
    match *caller {
        Caller::User { arn } => arn.rsplit('/').next(),
        _ => None,
    }
}

/// `KEY-15`: absent for callers without credentials of AWS.
fn is_service(caller: &Caller<'_>) -> Option<&'static str> {
    match caller {
        Caller::Service { .. } => Some("true"),
        Caller::Anonymous | Caller::Federated { .. } => None,
        _ => Some("false"),
    }
}

/// `KEY-16`: of services alone.
fn service_name<'a>(caller: &Caller<'a>) -> Option<&'a str> {
    match *caller {
        Caller::Service { name } => Some(name),
        _ => None,
    }
}
