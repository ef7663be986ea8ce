//! What is assumed in deciding a request, told beside the decision.

use alloc::vec::Vec;

use portcullis_image::layer_mask;
use portcullis_model::{Layer, Request, split_arn};

use crate::caller::Kind;
use crate::facts::{ActionFacts, Home, Ownership, ResourceParts};
use crate::value::Context;

/// `EVAL-90`.
pub(crate) const EXEMPT: &str = "the action needs no permission: no policy can deny it";
/// Why the service takes no such call from such a caller (`STS-4`, `STS-5`).
pub(crate) fn refusal(caller: Kind) -> &'static str {
    match caller {
        Kind::FederatedUser => {
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

fn is_refused(kind: Kind, request: &Request<'_>) -> bool {
    let action = request.action.to_ascii_lowercase();
    let (service, name) = action.split_once(':').unwrap_or_default();
    let mfa = || Context::Entries(request.context).has_mfa();
    ActionFacts::of(service, name).refuses(kind, request.principal.session_token, mfa)
}

/// What is assumed in deciding a request: whose the resource is, where nothing says it (`EVAL-12`), that
/// a VPC endpoint without a policy here lets everything through (`VPCE-5`), that an action needs no
/// permission (`EVAL-90`), and that the service does not take the call from such credentials (`STS-4`, `STS-5`).
///
/// Looks at the request alone, and at whether a policy of a VPC endpoint takes part. Deciding does not
/// need it, so that only those who pass an answer on pay for it.
pub fn assumptions(request: &Request<'_>, has_endpoint_policy: bool) -> Vec<&'static str> {
    let caller = &request.principal.caller;
    let kind = Kind::of(caller);
    let mut notes = Vec::new();
    if kind.is_signed() && ActionFacts::is_exempt(request.action) {
        notes.push(EXEMPT);
    } else if is_refused(kind, request) {
        notes.push(refusal(kind));
    }
    let parts = ResourceParts::of(request.resource, split_arn(request.resource));
    let ownership = Ownership::of(Home::of(caller), request.resource_account, &parts);
    if ownership.assumed && kind.has_account() {
        notes.push(OWNER_ASSUMED);
    }
    let passes_endpoints = kind.layers(false) & layer_mask(Layer::VpcEndpoint) != 0;
    let names_endpoint = || {
        let mut entries = request.context.iter();
        entries.any(|own| own.key.eq_ignore_ascii_case("aws:SourceVpce") && !own.values.is_empty())
    };
    if passes_endpoints && !has_endpoint_policy && names_endpoint() {
        notes.push(ENDPOINT_ASSUMED);
    }
    notes
}
