//! The policy sets that take part in a request, from its caller, its target and its endpoint.

use crate::decide::caller::ResolvedCaller;
use crate::decide::target::{Place, Target, target_for};
use crate::store::ids::SetsId;
use crate::store::tables::Tables;

/// What takes part in a decision: numbers, and nothing that has to be made.
pub(crate) struct Applies<'d, 'a> {
    pub(crate) caller: ResolvedCaller<'d, 'a>,
    pub(crate) target: Target<'d>,
    /// Those that are not attached to the caller itself.
    pub(crate) other_sets: [SetsId; 4],
}

impl Applies<'_, '_> {
    /// Identity policies and boundary of the caller, in sets.
    pub(crate) fn own_sets(&self) -> [SetsId; 2] {
        let principal = self.caller.principal;
        principal.map_or([SetsId::NONE; 2], |own| [own.identity, own.boundary])
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
    place: &Place,
    is_sts: bool,
    endpoint: Option<&str>,
) -> Applies<'d, 'a> {
    let target = target_for(tables, place, is_sts, caller.account);
    let endpoint = endpoint.and_then(|id| tables.endpoint(id));
    Applies {
        other_sets: [
            caller.account.map_or(SetsId::NONE, |own| own.scps),
            target.owner.map_or(SetsId::NONE, |own| own.rcps),
            target.policy,
            endpoint.unwrap_or(SetsId::NONE),
        ],
        caller,
        target,
    }
}
