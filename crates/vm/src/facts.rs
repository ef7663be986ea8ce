//! What follows from a request without looking at a policy: the keys of `KEY-5`, and what decides
//! how the verdicts of the policy sets are combined.

use portcullis_image::{layer_mask, reserved};
use portcullis_model::{Caller, Layer, Principal, is_account_id, is_rcp_service, split_arn};

use crate::caller::{Kind, RCP_CHAIN, SCP_CHAIN};
use crate::combine::suffices;
use crate::glob::equal;
use crate::stack::StackId;
use crate::typed::Action;

/// What the decision needs to know beside the statements.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) caller: Kind,
    /// The layers that take part if they are present (`EVAL-70`).
    pub(crate) layers: u32,
    /// Layers whose Deny statements do not count (`EVAL-52`).
    pub(crate) undeniable: u32,
    /// The action needs no permission (`EVAL-90`).
    pub(crate) exempt: bool,
    /// The service takes no such call from such credentials, whatever the policies say (`STS-4`, `STS-5`).
    pub(crate) refused: bool,
    /// The root user, whose identity side allows everything (`EVAL-50`).
    pub(crate) root_allows: bool,
    pub(crate) same_account: bool,
    pub(crate) other_partition: bool,
    /// A KMS key, or a role for STS: nothing is allowed without its policy (`KMS-1`, `TRUST-1`).
    pub(crate) needs_resource_policy: bool,
    /// The endpoint is taken as a gateway endpoint (`VPCE-2`).
    pub(crate) gateway: bool,
    /// The caller can have a boundary, which `NotPrincipal` looks at (`GRAM-52`).
    pub(crate) boundable: bool,
    pub(crate) external_grant: bool,
    pub(crate) restrict_public_buckets: bool,
    /// The owner of the resource is an assumption (`EVAL-12`).
    pub(crate) owner_assumed: bool,
    /// What [`suffices`] says.
    pub(crate) suffices: u32,
}

/// Services whose requests are decided differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Service {
    #[default]
    Other,
    S3,
    Kms,
    Sts,
    DynamoDb,
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

/// What the decision needs to know of an action.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ActionFacts {
    service: Service,
    /// It needs no permission (`EVAL-90`).
    exempt: bool,
    call: Call,
    /// It is about a bucket's policy (`EVAL-52`).
    bucket_policy: bool,
    /// It lists all buckets (`MATCH-37`).
    pub(crate) lists_buckets: bool,
    /// Resource control policies apply to it (`RCP-4`).
    is_limited_by_rcps: bool,
    /// See [`crate::lookup::filter`].
    pub(crate) filter: u64,
    /// All but that as bits, for [`Basis::bits`].
    bits: u32,
}

impl ActionFacts {
    /// Of no action.
    pub(crate) const NONE: ActionFacts = ActionFacts {
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

    /// Reads an action in lower case.
    pub(crate) fn of(service: &str, name: &str) -> ActionFacts {
        let kind = match service {
            "s3" => Service::S3,
            "kms" => Service::Kms,
            "sts" => Service::Sts,
            "dynamodb" => Service::DynamoDb,
            _ => Service::Other,
        };
        let facts = ActionFacts {
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
        ActionFacts {
            bits: facts.service as u32
                | u32::from(facts.exempt) << 4
                | u32::from(facts.bucket_policy) << 5
                | u32::from(facts.is_limited_by_rcps) << 6
                | u32::from(facts.lists_buckets) << 7,
            ..facts
        }
    }

    /// True if the service does not take the call from a caller's credentials (`STS-4`, `STS-5`). `mfa` says whether a
    /// multi-factor device was used; it is asked only where that matters.
    #[inline(always)]
    pub(crate) fn refuses(
        &self,
        caller: Kind,
        session_token: bool,
        mfa: impl FnOnce() -> bool,
    ) -> bool {
        match self.call {
            Call::Free => false,
            _ if caller == Kind::FederatedUser => true,
            _ if !(session_token && matches!(caller, Kind::User | Kind::Root)) => false,
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

/// What facts follow from.
pub(crate) struct Basis<'a> {
    pub(crate) caller: Kind,
    /// Its account is the organization's management account.
    pub(crate) management_account: bool,
    /// The session is one of AssumeRoot (`EVAL-50`).
    pub(crate) assumed_root: bool,
    pub(crate) action: &'a Action,
    /// What [`ActionFacts::refuses`] says.
    pub(crate) refused: bool,
    pub(crate) ownership: Ownership,
    /// Nothing is allowed without the resource's policy ([`Action::needs_resource_policy`]).
    pub(crate) needs_resource_policy: bool,
    pub(crate) restrict_public_buckets: bool,
    pub(crate) external_grant: bool,
    /// The layers that are present.
    pub(crate) present: u32,
}

impl Basis<'_> {
    /// All of it but what is present: what follows from equal bits, and from what is present, is equal.
    #[inline(always)]
    fn bits(&self) -> u32 {
        let flags = u32::from(self.management_account)
            | u32::from(self.assumed_root) << 1
            | u32::from(self.ownership.same_account) << 2
            | u32::from(self.ownership.assumed) << 3
            | u32::from(self.ownership.other_partition) << 4
            | u32::from(self.needs_resource_policy) << 5
            | u32::from(self.restrict_public_buckets) << 6
            | u32::from(self.external_grant) << 7
            | u32::from(self.refused) << 8;
        self.caller as u32 | flags << 4 | self.action.facts.bits << 13
    }
}

impl<'a> Basis<'a> {
    /// That of which these are the bits. Nothing else of it is kept while it is compared with what is remembered.
    fn of_bits(bits: u32, action: &'a Action, present: u32) -> Basis<'a> {
        let flag = |bit: u32| bits >> (4 + bit) & 1 != 0;
        Basis {
            caller: Kind::of_number(bits & 15),
            management_account: flag(0),
            assumed_root: flag(1),
            action,
            refused: flag(8),
            ownership: Ownership {
                same_account: flag(2),
                assumed: flag(3),
                other_partition: flag(4),
            },
            needs_resource_policy: flag(5),
            restrict_public_buckets: flag(6),
            external_grant: flag(7),
            present,
        }
    }
}

/// Facts that were worked out before. They follow from few things of a request, which are mostly the same ones.
#[derive(Clone, Debug)]
pub(crate) struct FactsMemory {
    known: [(StackId, u32, Facts); FactsMemory::LEN],
}

impl FactsMemory {
    const LEN: usize = 16;

    pub(crate) const fn new() -> FactsMemory {
        FactsMemory {
            known: [(StackId::NONE, 0, Facts::NONE); FactsMemory::LEN],
        }
    }

    /// The number of the facts that follow for a stack of images, in which the same layers are always present.
    #[inline(always)]
    pub(crate) fn number_of(&mut self, stack: StackId, basis: &Basis<'_>) -> usize {
        let bits = basis.bits();
        let number = (bits.wrapping_mul(0x9e37_79b1) >> 28) as usize;
        if let Some(known) = self.known.get_mut(number) {
            if !(known.0.is_same(stack) && known.1 == bits) {
                FactsMemory::fill(known, stack, bits, basis.action, basis.present);
            }
        }
        number
    }

    /// The same for whatever layers are present.
    pub(crate) fn number_of_parts(&mut self, basis: &Basis<'_>) -> usize {
        if let Some(known) = self.known.first_mut() {
            *known = (StackId::NONE, 0, Facts::of(basis));
        }
        0
    }

    #[cold]
    #[inline(never)]
    fn fill(
        known: &mut (StackId, u32, Facts),
        stack: StackId,
        bits: u32,
        action: &Action,
        present: u32,
    ) {
        let basis = Basis::of_bits(bits, action, present);
        *known = (stack, bits, Facts::of(&basis));
    }

    /// Facts by a number that was just asked for.
    #[inline(always)]
    pub(crate) fn get(&self, number: usize) -> &Facts {
        const NONE: &Facts = &Facts::NONE;
        self.known.get(number).map_or(NONE, |known| &known.2)
    }
}

impl Facts {
    /// Of no request.
    pub(crate) const NONE: Facts = Facts {
        caller: Kind::Anonymous,
        layers: 0,
        undeniable: 0,
        exempt: false,
        refused: false,
        root_allows: false,
        same_account: false,
        other_partition: false,
        needs_resource_policy: false,
        gateway: false,
        boundable: false,
        external_grant: false,
        restrict_public_buckets: false,
        owner_assumed: false,
        suffices: 0,
    };

    /// Works them out.
    #[inline]
    pub(crate) fn of(basis: &Basis<'_>) -> Facts {
        let Basis {
            caller,
            action,
            ownership:
                Ownership {
                    same_account,
                    assumed,
                    other_partition,
                },
            present,
            ..
        } = *basis;
        let action_facts = &action.facts;
        let kind = caller.traits();
        let mut layers = match basis.assumed_root {
            true => caller.layers(true),
            false => kind.layers,
        };
        if basis.management_account {
            layers &= !SCP_CHAIN; // SCP-3
        }
        let own_resource = kind.has_account && same_account;
        let rcp = present & RCP_CHAIN != 0
            && action_facts.is_limited_by_rcps
            && !(basis.management_account && own_resource);
        if !rcp {
            layers &= !RCP_CHAIN; // RCP-3, RCP-4, RCP-5
        }
        let mut facts = Facts {
            caller,
            layers,
            undeniable: if caller == Kind::Root && same_account && action_facts.bucket_policy {
                layer_mask(Layer::Resource)
            } else {
                0
            },
            exempt: kind.is_signed & action_facts.exempt,
            refused: basis.refused,
            root_allows: caller == Kind::Root && !basis.assumed_root,
            same_account,
            other_partition,
            needs_resource_policy: basis.needs_resource_policy,
            gateway: matches!(action_facts.service, Service::S3 | Service::DynamoDb),
            boundable: kind.can_be_bounded,
            external_grant: basis.external_grant,
            restrict_public_buckets: basis.restrict_public_buckets
                & (action_facts.service == Service::S3),
            owner_assumed: assumed & kind.has_account,
            suffices: 0,
        };
        facts.suffices = suffices(&facts, present);
        facts
    }
}

/// Whose a resource is, seen from the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// The owner is the caller's account: it says so, nothing says whose the resource is, or the resource is `*`
    /// (`EVAL-12`, `EVAL-13`).
    pub same_account: bool,
    /// Nothing says whose the resource is (`EVAL-12`).
    pub assumed: bool,
    /// They are not, and caller and resource are in different partitions (`XACC-6`).
    pub other_partition: bool,
}

impl Ownership {
    /// Of a resource, of which the request may say the owner, and a caller.
    pub(crate) fn of(home: Home<'_>, account: Option<&str>, resource: &ResourceParts<'_>) -> Self {
        Ownership::with(home, account.or(resource.account), resource.is_star, || {
            resource.partition
        })
    }

    /// The same from the owner, if that is known, and the resource's partition, which matters to other accounts alone.
    #[inline(always)]
    pub(crate) fn with<'r>(
        home: Home<'_>,
        owner: Option<&str>,
        is_star: bool,
        partition: impl FnOnce() -> Option<&'r str>,
    ) -> Self {
        let is_same = |one: &str, other: &str| equal(one.as_bytes(), other.as_bytes());
        let owner = owner.filter(|_| !is_star);
        let same_account = match (owner, home.account) {
            (Some(owner), Some(account)) => is_same_account(owner, account),
            (Some(_), None) => false,
            (None, _) => true,
        };
        let is_other = || match (home.partition, partition()) {
            (Some(caller), Some(resource)) => !is_same(caller, resource),
            _ => false,
        };
        Ownership {
            same_account,
            assumed: owner.is_none() && !is_star,
            other_partition: !same_account && is_other(),
        }
    }
}

/// True if two accounts are the same: nearly always both are twelve digits.
#[inline(always)]
fn is_same_account(one: &str, other: &str) -> bool {
    let twelve = |text| <&[u8; 12]>::try_from(str::as_bytes(text));
    match (twelve(one), twelve(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// Where a caller is at home: the partition and the account of its ARN.
#[derive(Clone, Copy, Debug, Default)]
pub struct Home<'a> {
    /// `aws`, `aws-cn`, …
    pub partition: Option<&'a str>,
    /// Twelve digits.
    pub account: Option<&'a str>,
}

impl<'a> Home<'a> {
    /// Reads it from the caller's ARN; callers without account are nowhere at home.
    pub fn of(caller: &Caller<'a>) -> Self {
        if matches!(caller, Caller::OriginAccessIdentity { .. }) {
            return Home::default();
        }
        let Some(arn) = caller.arn() else {
            return Home::default();
        };
        // Nearly all of them.
        if let Some(account) = usual_account(arn) {
            return Home {
                partition: Some("aws"),
                account: Some(account),
            };
        }
        match split_arn(arn) {
            Some([_, partition, _, _, account, _]) => Home {
                partition: Some(partition),
                account: Some(account),
            },
            None => Home::default(),
        }
    }
}

/// The account of `arn:aws:iam::111122223333:…` and of `arn:aws:sts::111122223333:…`.
#[inline]
fn usual_account(arn: &str) -> Option<&str> {
    let start = arn.as_bytes().first_chunk::<26>()?;
    let (head, rest) = start.split_first_chunk::<13>()?;
    // The two words overlap.
    let (scheme, service) = (head.first_chunk::<8>()?, head.last_chunk::<8>()?);
    let is_usual = (service == b"ws:iam::") | (service == b"ws:sts::");
    if !is_usual || scheme != b"arn:aws:" || rest.last() != Some(&b':') {
        return None;
    }
    arn.get(13..25).filter(|account| is_account_id(account))
}

/// The value of a key that follows from a request, by its reserved slot (`KEY-5`). `account` finds who owns the
/// resource, never by assuming it (`KEY-50`).
///
/// For `aws:userid` of some callers see [`composed_user_id`].
pub fn derived<'a>(
    principal: &Principal<'a>,
    home: Home<'a>,
    account: impl FnOnce() -> Option<&'a str>,
    slot: u32,
) -> Option<&'a str> {
    let caller = &principal.caller;
    match slot {
        reserved::PRINCIPAL_ARN => principal_arn(caller),
        reserved::PRINCIPAL_ACCOUNT => principal_account(caller, home),
        reserved::PRINCIPAL_TYPE => principal_type(caller),
        reserved::USER_NAME => user_name(caller),
        reserved::IS_SERVICE => is_service(caller),
        reserved::SERVICE_NAME => service_name(caller),
        reserved::RESOURCE_ACCOUNT => account(),
        // VAR-13.
        reserved::USER_ID => match caller {
            _ if principal.user_id.is_some() => principal.user_id,
            Caller::Anonymous => Some("anonymous"),
            Caller::Root { .. } => home.account,
            _ => None,
        },
        _ => None,
    }
}

/// `aws:userid` of a caller of whom it is put together from several texts (`VAR-13`).
pub fn composed_user_id<'a>(principal: &Principal<'a>, home: Home<'a>) -> Option<[&'a str; 3]> {
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

/// What the decision needs to know of the resource.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ResourceParts<'a> {
    pub(crate) is_star: bool,
    pub(crate) partition: Option<&'a str>,
    /// The owner's account, if the ARN tells it (`EVAL-12`).
    pub(crate) account: Option<&'a str>,
    pub(crate) is_key: bool,
    pub(crate) is_role: bool,
}

impl<'a> ResourceParts<'a> {
    /// Reads them from a resource, and what [`split_arn`] gives for it.
    pub(crate) fn of(resource: &str, parts: Option<[&'a str; 6]>) -> Self {
        let [scheme, partition, service, _, account, rest] = parts.unwrap_or_default();
        let is_arn = scheme == "arn";
        ResourceParts {
            is_star: resource == "*",
            partition: is_arn.then_some(partition),
            account: Some(account).filter(|account| is_arn && is_account_id(account)),
            is_key: is_arn && service == "kms" && rest.starts_with("key/"),
            is_role: is_arn && service == "iam" && rest.starts_with("role/"),
        }
    }
}

/// `KEY-10`: of a role session the role's ARN.
fn principal_arn<'a>(caller: &Caller<'a>) -> Option<&'a str> {
    match *caller {
        Caller::Role { role_arn, .. } => Some(role_arn),
        _ => caller.arn(),
    }
}

/// `KEY-11`.
fn principal_account<'a>(caller: &Caller<'a>, home: Home<'a>) -> Option<&'a str> {
    match caller {
        Caller::Anonymous => Some("anonymous"),
        _ => home.account,
    }
}

/// `KEY-18`.
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

/// `KEY-20`.
fn user_name<'a>(caller: &Caller<'a>) -> Option<&'a str> {
    match *caller {
        Caller::User { arn } => arn.rsplit('/').next(),
        _ => None,
    }
}

/// `KEY-15`.
fn is_service(caller: &Caller<'_>) -> Option<&'static str> {
    match caller {
        Caller::Service { .. } => Some("true"),
        Caller::Anonymous | Caller::Federated { .. } => None,
        _ => Some("false"),
    }
}

/// `KEY-16`.
fn service_name<'a>(caller: &Caller<'a>) -> Option<&'a str> {
    match *caller {
        Caller::Service { name } => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is remembered for bits follows from these.
    #[test]
    fn bits_tell_what_they_are_of() {
        for bits in 0..10 << 9 {
            let (kind, flags) = (bits % 10, bits / 10);
            let bits = kind | flags << 4;
            assert_eq!(Basis::of_bits(bits, &Action::NONE, 0).bits(), bits);
        }
    }
}
