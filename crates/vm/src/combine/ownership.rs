//! Whose a resource is, seen from the caller (`EVAL-12`, `EVAL-13`, `XACC-6`).
//!
//! Most ARNs say the account that owns the resource; buckets and objects do not, and a host that knows says so. Where
//! nothing says it, the caller's own account is assumed, which decisions report ([`crate::assumptions`]).
//!
//! ARNs of the partition `aws`, which nearly all are, are read by two words of eight bytes; others are split.

use portcullis_model::{Caller, is_account_id, split_arn};

use crate::bytes::equal;

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
    pub(crate) fn of(
        home: HomeAccount<'_>,
        account: Option<&str>,
        resource: &ResourceParts<'_>,
    ) -> Self {
        Ownership::with(home, account.or(resource.account), resource.is_star, || {
            resource.partition
        })
    }

    /// The same from the owner, if that is known, and the resource's partition, which matters to other accounts alone.
    #[inline(always)]
    pub(crate) fn with<'r>(
        home: HomeAccount<'_>,
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

/// A caller's home account: the partition and the account of its ARN. Callers without account have none.
///
/// ```
/// use portcullis_model::Caller;
/// use portcullis_vm::HomeAccount;
///
/// let ann = Caller::from_arn("arn:aws-cn:iam::111122223333:user/ann").unwrap();
/// let home = HomeAccount::of(&ann);
/// assert_eq!((home.partition, home.account), (Some("aws-cn"), Some("111122223333")));
/// assert_eq!(HomeAccount::of(&Caller::Anonymous).account, None);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct HomeAccount<'a> {
    /// `aws`, `aws-cn`, …
    pub partition: Option<&'a str>,
    /// Twelve digits.
    pub account: Option<&'a str>,
}

impl<'a> HomeAccount<'a> {
    /// Reads it from the caller's ARN; callers without account are nowhere at home.
    pub fn of(caller: &Caller<'a>) -> Self {
        if matches!(caller, Caller::OriginAccessIdentity { .. }) {
            return HomeAccount::default();
        }
        let Some(arn) = caller.arn() else {
            return HomeAccount::default();
        };
        // Nearly all of them.
        if let Some(account) = usual_account(arn) {
            return HomeAccount {
                partition: Some("aws"),
                account: Some(account),
            };
        }
        match split_arn(arn) {
            Some([_, partition, _, _, account, _]) => HomeAccount {
                partition: Some(partition),
                account: Some(account),
            },
            None => HomeAccount::default(),
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

/// What the decision needs to know of the resource.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ResourceParts<'a> {
    /// It is `*` (`MATCH-28`).
    pub(crate) is_star: bool,
    /// The partition, of an ARN.
    pub(crate) partition: Option<&'a str>,
    /// The owner's account, if the ARN tells it (`EVAL-12`).
    pub(crate) account: Option<&'a str>,
    /// It is a KMS key (`KMS-1`).
    pub(crate) is_key: bool,
    /// It is a role (`TRUST-1`).
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
