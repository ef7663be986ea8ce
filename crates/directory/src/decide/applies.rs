//! The policy sets that take part in a request, from its caller, its target and its endpoint.
//!
//! Four besides the caller's own: control policies of both accounts, the resource's policy, the endpoint's. Which of them
//! exist decides how verdicts are joined, so that a set without policies is not the same as no set.
//!
//! Finding them takes a few reads of rows that were found before; nothing is looked up by name here but the endpoint.

use crate::decide::caller::ResolvedCaller;
use crate::decide::target::{LocatedTarget, ResolvedTarget, target_for};
use crate::store::ids::SetsId;
use crate::store::tables::Tables;

/// What takes part in a decision: numbers, and nothing that has to be made. It is what both ways of deciding agree on.
pub(crate) struct Applies<'d, 'a> {
    /// Who asks.
    pub(crate) caller: ResolvedCaller<'d, 'a>,
    /// What it is asked of, for this caller and action.
    pub(crate) target: ResolvedTarget<'d>,
    /// Those that are not attached to the caller itself: SCPs, RCPs, the resource's policy, the endpoint's.
    pub(crate) other_sets: [SetsId; 4],
}

impl Applies<'_, '_> {
    /// Identity policies and boundary of the caller, in sets.
    pub(crate) fn own_sets(&self) -> [SetsId; 2] {
        let principal = self.caller.principal;
        principal.map_or([SetsId::NONE; 2], |principal| {
            [principal.identity, principal.boundary]
        })
    }

    /// The policies of the directory that apply, in sets.
    pub(crate) fn sets(&self) -> impl Iterator<Item = SetsId> {
        let all = self.own_sets().into_iter().chain(self.other_sets);
        all.filter(|id| id.is_some())
    }
}

/// What takes part when a caller does something to a target, by way of an endpoint.
#[inline(always)]
pub(crate) fn find_applies<'d, 'a>(
    tables: &'d Tables,
    caller: ResolvedCaller<'d, 'a>,
    located: &LocatedTarget,
    is_sts: bool,
    endpoint: Option<&str>,
) -> Applies<'d, 'a> {
    let target = target_for(tables, located, is_sts, caller.account);
    let endpoint = endpoint.and_then(|id| tables.endpoint(id));
    Applies {
        other_sets: [
            caller.account.map_or(SetsId::NONE, |account| account.scps),
            target.owner.map_or(SetsId::NONE, |owner| owner.rcps),
            target.policy,
            endpoint.unwrap_or(SetsId::NONE),
        ],
        caller,
        target,
    }
}
