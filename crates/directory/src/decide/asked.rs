//! One request with what was resolved of it, and the generation that it is decided in.
//!
//! It is lent to everything that a decision calls, so that the facts about the resource are worked out in one place. All of
//! it was resolved by this generation: whoever makes one has checked that.

use portcullis_vm::{Ownership, Target};

use crate::decide::caller::{ResolvedCaller, by_number};
use crate::decide::handles::PreparedResource;
use crate::decide::target::{LocatedTarget, stated_owner};
use crate::plan::action::PreparedAction;
use crate::plan::generation::Generation;
use crate::store::ids::{AccountIdx, PrincipalIdx, Symbol};

/// One request, with what was resolved beforehand, but for its caller: questions about all principals share one.
pub(crate) struct AccessRequest<'q> {
    /// What is to be done, resolved by the generation.
    pub(crate) action: &'q PreparedAction,
    /// What it is done to.
    pub(crate) resource: Target<'q>,
    /// The owner, as the request says.
    pub(crate) account: Option<&'q str>,
    /// What the directory has for the resource.
    pub(crate) located: &'q LocatedTarget,
    /// `RestrictPublicBuckets` is in force, as the request says (`S3-4`).
    pub(crate) restrict_public_buckets: bool,
    /// Something outside the policy language grants it (`EVAL-75`).
    pub(crate) external_grant: bool,
}

impl<'q> AccessRequest<'q> {
    /// What is asked of handles. A request of handles cannot say that public access is blocked or that something else grants
    /// it: hosts that know such things ask by text.
    #[inline]
    pub(crate) fn resolved(
        action: &'q PreparedAction,
        resource: &'q PreparedResource,
    ) -> AccessRequest<'q> {
        AccessRequest {
            action,
            resource: Target::from(&resource.handle),
            account: resource.account.as_deref(),
            located: &resource.located,
            restrict_public_buckets: false,
            external_grant: false,
        }
    }
}

/// What is to be decided, whoever asks.
#[derive(Clone, Copy)]
pub(crate) struct Deciding<'d> {
    pub(crate) generation: Generation<'d>,
    pub(crate) asked: &'d AccessRequest<'d>,
}

impl<'d> Deciding<'d> {
    /// A user or role by its number; an out-of-range index is treated as an anonymous caller.
    pub(crate) fn by_number(&self, number: PrincipalIdx) -> ResolvedCaller<'d, 'static> {
        let Generation { tables, plan } = self.generation;
        let account = plan.summary(number).map(|summary| summary.account);
        by_number(tables, number, account)
    }

    /// Whose the resource is to the users and roles of an account, which are in a partition.
    #[inline(always)]
    pub(crate) fn ownership(&self, account: AccountIdx, partition: Symbol) -> Ownership {
        let AccessRequest {
            resource, located, ..
        } = self.asked;
        let same_account = resource.is_star() || located.is_of(account);
        // Only cross-account requests compare partitions (XACC-6).
        let is_other = |other: &&str| *other != self.generation.tables.str(partition);
        let other = || resource.partition().filter(is_other).is_some();
        Ownership {
            same_account,
            assumed: located.is_assumed() && !resource.is_star(),
            other_partition: !same_account && other(),
        }
    }

    /// The owner of the resource, as the request says or the directory knows (`EVAL-12`).
    pub(crate) fn owner(&self) -> Option<&'d str> {
        let AccessRequest {
            account, located, ..
        } = self.asked;
        account.or_else(|| stated_owner(self.generation.tables, located))
    }

    /// The same, or as its ARN says: never an assumption.
    pub(crate) fn known_owner(&self) -> Option<&'d str> {
        self.owner().or_else(|| self.asked.resource.account())
    }
}
