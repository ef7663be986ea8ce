//! What is assumed in deciding a request, told beside the decision.
//!
//! Whoever passes an answer on has to say what it rests on. Notes are sentences for people; programs look at the request, of
//! which they follow.

use alloc::vec::Vec;

use portcullis_image::LayerSet;

use crate::combine::action::ActionTraits;
use crate::combine::caller::CallerKind;
use crate::request::query::Query;

/// `EVAL-90`.
pub(crate) const EXEMPT: &str = "the action needs no permission: no policy can deny it";
/// Why the service takes no such call from such a caller (`STS-4`, `STS-5`).
pub(crate) fn refusal(caller: CallerKind) -> &'static str {
    match caller {
        CallerKind::FederatedUser => {
            "the call is refused whatever the policies say: a federated user can call neither IAM nor STS, but for \
             GetCallerIdentity"
        }
        _ => {
            "the call is refused whatever the policies say: the credentials of GetSessionToken can call IAM only if \
             aws:MultiFactorAuthPresent is true, and of STS only AssumeRole and GetCallerIdentity"
        }
    }
}

/// `EVAL-12`.
pub(crate) const OWNER_ASSUMED: &str =
    "the resource's owner is not known; it is taken to be the caller's account";
/// `VPCE-5`.
pub(crate) const ENDPOINT_ASSUMED: &str =
    "the policy of the VPC endpoint is not known; it is taken to allow everything";

/// True if the service takes no such call from such a caller (`STS-4`, `STS-5`).
fn is_refused(kind: CallerKind, query: &Query<'_>) -> bool {
    let action = query.action_name().to_ascii_lowercase();
    let (service, name) = action.split_once(':').unwrap_or_default();
    let mfa = || query.context.has_mfa();
    ActionTraits::of(service, name).refuses(kind, query.principal.session_token, mfa)
}

/// What is assumed in deciding a request: whose the resource is, where nothing says it (`EVAL-12`), that
/// a VPC endpoint without a policy here lets everything through (`VPCE-5`), that an action needs no
/// permission (`EVAL-90`), and that the service does not take the call from such credentials (`STS-4`, `STS-5`).
///
/// Looks at the request alone, and at whether a policy of a VPC endpoint takes part. Deciding does not
/// need it, so that only those who pass an answer on pay for it.
///
/// ```
/// use portcullis_model::{Caller, Request};
/// use portcullis_vm::{Query, assumptions};
///
/// let ann = Caller::from_arn("arn:aws:iam::111122223333:user/ann").unwrap();
/// let of_nobody = Request::new(ann, "s3:GetObject", "arn:aws:s3:::reports/q1");
/// assert_eq!(assumptions(&Query::from(&of_nobody), false).len(), 1);
/// let of_somebody = Request { resource_account: Some("444455556666"), ..of_nobody };
/// assert!(assumptions(&Query::from(&of_somebody), false).is_empty());
/// ```
pub fn assumptions(query: &Query<'_>, has_endpoint_policy: bool) -> Vec<&'static str> {
    let kind = CallerKind::of(&query.principal.caller);
    let mut notes = Vec::new();
    if kind.is_signed() && ActionTraits::is_exempt(query.action_name()) {
        notes.push(EXEMPT);
    } else if is_refused(kind, query) {
        notes.push(refusal(kind));
    }
    let is_star = query.resource.text() == "*";
    let ownership = query.ownership(query.home(query.principal_handle), is_star);
    if ownership.assumed && kind.has_account() {
        notes.push(OWNER_ASSUMED);
    }
    let passes_endpoints = kind.layers(false).meets(LayerSet::VPC_ENDPOINT);
    if passes_endpoints && !has_endpoint_policy && query.context.has_value("aws:SourceVpce") {
        notes.push(ENDPOINT_ASSUMED);
    }
    notes
}
