//! What an action's name says about a decision: services and calls that are decided differently.
//!
//! The rules name a handful of actions: exempt ones (`EVAL-90`), calls that a service does not take from some credentials
//! (`STS-4`, `STS-5`), those about a bucket's own policy (`EVAL-52`). They are found out once when an action is resolved,
//! not at each decision. No catalog of services is asked: what AWS adds does not change a decision.
//!
//! Names are in lower case here, as a resolved action has them.

use portcullis_model::is_rcp_service;

use crate::combine::caller::CallerKind;

/// Services whose requests are decided differently; all others are decided alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Service {
    #[default]
    Other,
    S3,
    Kms,
    Sts,
    DynamoDb,
}

impl Service {
    /// A number below 16, for bits.
    const fn number(self) -> u32 {
        self as u32
    }
}

/// Calls that the service does not take from all credentials, whatever the policies say (`STS-4`, `STS-5`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Call {
    /// Any credentials will do.
    #[default]
    Free,
    /// Not those of GetFederationToken: `sts:AssumeRole`.
    NotFederated,
    /// Nor those of GetSessionToken, unless a multi-factor device was used: all of IAM.
    NeedsMfa,
    /// Nor those of GetSessionToken: the rest of STS.
    LongTerm,
}

/// Actions of IAM and STS that are permissions and no calls of these services.
const NO_CALLS: [&str; 5] = [
    "getservicebearertoken",
    "passrole",
    "setcontext",
    "setsourceidentity",
    "tagsession",
];

impl Call {
    /// Of an action in lower case.
    fn of(service: &str, name: &str) -> Call {
        match (service, name) {
            ("iam" | "sts", _) if NO_CALLS.contains(&name) => Call::Free,
            ("iam", _) => Call::NeedsMfa,
            ("sts", "getcalleridentity") => Call::Free,
            ("sts", "assumerole") => Call::NotFederated,
            ("sts", _) => Call::LongTerm,
            _ => Call::Free,
        }
    }
}

/// What the decision needs to know of an action, worked out of its name alone.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ActionTraits {
    /// Which of the services that are decided differently it is of, if any.
    pub(super) service: Service,
    /// It needs no permission (`EVAL-90`).
    pub(super) exempt: bool,
    /// From which credentials the service does not take it.
    call: Call,
    /// It is about a bucket's policy (`EVAL-52`).
    pub(super) bucket_policy: bool,
    /// It lists all buckets (`MATCH-37`).
    pub(crate) lists_buckets: bool,
    /// Resource control policies apply to it (`RCP-4`).
    pub(super) is_limited_by_rcps: bool,
    /// See [`crate::Action::filter`].
    pub(crate) filter: u64,
    /// All but that as bits, for [`super::inputs::Applicability`].
    pub(super) bits: u32,
}

impl ActionTraits {
    /// Of no action.
    pub(crate) const NONE: ActionTraits = ActionTraits {
        service: Service::Other,
        exempt: false,
        call: Call::Free,
        bucket_policy: false,
        lists_buckets: false,
        is_limited_by_rcps: false,
        filter: 0,
        bits: 0,
    };

    /// True if there are resources of which nothing is allowed without their policy (`KMS-1`, `TRUST-1`).
    #[inline]
    pub(crate) fn may_need_resource_policy(&self) -> bool {
        matches!(self.service, Service::Kms | Service::Sts)
    }

    /// True if nothing is allowed without the policy of a resource: a KMS key, or a role for STS (`KMS-1`, `TRUST-1`).
    #[inline]
    pub(crate) fn needs_resource_policy(&self, is_key: bool, is_role: bool) -> bool {
        (self.service == Service::Kms && is_key) || (self.service == Service::Sts && is_role)
    }

    /// Reads an action in lower case. Of a text that is no action the traits are those of an unknown service.
    pub(crate) fn of(service: &str, name: &str) -> ActionTraits {
        let kind = match service {
            "s3" => Service::S3,
            "kms" => Service::Kms,
            "sts" => Service::Sts,
            "dynamodb" => Service::DynamoDb,
            _ => Service::Other,
        };
        let inputs = ActionTraits {
            service: kind,
            exempt: kind == Service::Sts && matches!(name, "getcalleridentity" | "getsessiontoken"),
            call: Call::of(service, name),
            bucket_policy: kind == Service::S3
                && matches!(
                    name,
                    "getbucketpolicy" | "putbucketpolicy" | "deletebucketpolicy"
                ),
            lists_buckets: kind == Service::S3 && name == "listallmybuckets",
            is_limited_by_rcps: is_limited_by_rcps(service, name),
            filter: 0,
            bits: 0,
        };
        ActionTraits {
            bits: inputs.service.number()
                | u32::from(inputs.exempt) << 4
                | u32::from(inputs.bucket_policy) << 5
                | u32::from(inputs.is_limited_by_rcps) << 6
                | u32::from(inputs.lists_buckets) << 7,
            ..inputs
        }
    }

    /// True if the service does not take the call from a caller's credentials (`STS-4`, `STS-5`). `mfa` says whether a
    /// multi-factor device was used; it is asked only where that matters.
    #[inline(always)]
    pub(crate) fn refuses(
        &self,
        caller: CallerKind,
        session_token: bool,
        mfa: impl FnOnce() -> bool,
    ) -> bool {
        match self.call {
            Call::Free => false,
            _ if caller == CallerKind::FederatedUser => true,
            _ if !(session_token && matches!(caller, CallerKind::User | CallerKind::Root)) => false,
            Call::NotFederated => false,
            Call::NeedsMfa => !mfa(),
            Call::LongTerm => true,
        }
    }

    /// True for an action, in any case, that needs no permission (`EVAL-90`).
    pub(crate) fn is_exempt(action: &str) -> bool {
        EXEMPT.iter().any(|own| own.eq_ignore_ascii_case(action))
    }
}

/// The actions that need no permission (`EVAL-90`).
const EXEMPT: [&str; 2] = ["sts:GetCallerIdentity", "sts:GetSessionToken"];

/// `RCP-4`, `RCP-5`.
pub(crate) fn is_limited_by_rcps(service: &str, name: &str) -> bool {
    is_rcp_service(service) && !(service == "kms" && name == "retiregrant")
}
