//! Deciding at speed: what can be worked out beforehand is, and nothing that no policy looks at is worked out.
//!
//! [`run`] goes through the policy sets that apply and hands their units to the machine, which walks the statements for
//! the action:
//!
//! 1. the caller's summary and up to six rows say which layers are present, which allow everything, and by one operation each
//!    whether they have a statement for the action;
//! 2. whose the resource is, and by which names policies know the caller, if one of the sets lists principals at all;
//! 3. the machine looks at the units that are left, and asks for a key when a condition reads it.
//!
//! It may assume that what was resolved is of the same generation, and allocates nothing once its memory
//! has grown; what needs more (access points, policies that cannot be read) goes the slow way of
//! [`crate::decide::completed`]. What
//! follows from the kinds of caller, action and layers is worked out each time: a table of it was measured, and missed in 86
//! of 100 decisions.

use bumpalo::Bump;
use portcullis_image::LayerSet;
use portcullis_model::{ContextEntry, Request, check_action, split_arn};
use portcullis_vm::{
    CallerKind, ContextNames, Evaluation, EvaluationRequest, Outcome, PreparedEvaluation,
    StatementEntry, Target, UnitsSummary, all_buckets,
};

use crate::decide::applies::{Applies, find_applies};
use crate::decide::asked::{AccessRequest, Deciding};
use crate::decide::caller::{CallerArn, ResolvedCaller, complete, find_caller, home, read_caller};
use crate::decide::completed::complete_for_caller;
use crate::decide::context::only;
use crate::decide::given::GivenKeys;
use crate::decide::grants::is_granted;
use crate::decide::handles::{PreparedResource, ResolvedRequest};
use crate::decide::keys::DirectoryKeys;
use crate::decide::memory::{Memory, Requests};
use crate::decide::stack::RequestStack;
use crate::decide::target::locate;
use crate::error::{EngineError, RequestError};
use crate::plan::action::{PreparedAction, RecentActions};
use crate::plan::dependencies::KeyDependencies;
use crate::plan::generation::Generation;
use crate::plan::policy_sets::PolicySetSummary;
use crate::plan::stack::Located;
use crate::store::ids::{PrincipalIdx, SetsId, UnitId};
use crate::store::strings::concat_in;
use portcullis_syntax::RequestPolicies;

/// Decides a request of texts.
///
/// # Errors
/// [`RequestError`] if the caller is not known, or the action is none.
pub(crate) fn check(
    memories: (&mut Memory, &mut RecentActions),
    generation: Generation<'_>,
    request: &Request<'_>,
) -> Result<Outcome, RequestError> {
    let arn = read_caller(generation.tables, &request.principal.caller);
    let arns = (&arn, split_arn(request.resource));
    check_read(memories, generation, request, arns)
}

/// Decides a request of which the ARNs of caller and resource were taken apart.
///
/// # Errors
/// As [`check`].
pub(crate) fn check_read(
    (memory, recent): (&mut Memory, &mut RecentActions),
    generation: Generation<'_>,
    request: &Request<'_>,
    (arn, parts): (&CallerArn<'_>, Option<[&str; 6]>),
) -> Result<Outcome, RequestError> {
    let Generation { tables, plan } = generation;
    let action = recent.get((&plan.stack, &plan.prepared), request.action);
    if !action.handle.is_plain() {
        check_action(request.action).map_err(RequestError::NoAction)?;
    }
    let caller = find_caller(tables, &request.principal, arn, false, &generation)?;
    let located = locate(tables, request.resource, parts, request.resource_account);
    let asked = AccessRequest {
        action,
        resource: Target::of(request.resource, parts),
        account: request.resource_account,
        located: &located,
        restrict_public_buckets: request.restrict_public_buckets,
        external_grant: request.external_grant,
    };
    let context = GivenKeys::Entries(request.context);
    let deciding = Deciding {
        generation,
        asked: &asked,
    };
    Ok(run(&deciding, memory, caller, |_, _, _| None, context))
}

/// Decides what a user or a role may do to a resource. What another generation resolved is resolved again.
///
/// # Errors
/// [`EngineError::Foreign`] if the number of the principal is of another generation.
pub(crate) fn check_resolved(
    memory: &mut Memory,
    generation: Generation<'_>,
    request: &ResolvedRequest<'_>,
) -> Result<Outcome, EngineError> {
    let ResolvedRequest {
        principal,
        action,
        resource,
        context,
    } = *request;
    let principal = principal.index_in(generation.id());
    let principal = principal.ok_or(EngineError::Foreign)?;
    let context = GivenKeys::Resolved(context);
    run_resolved(memory, generation, principal, (action, resource), context)
}

/// The same for a principal of this generation.
///
/// # Errors
/// [`EngineError::NoAction`] if the action is another generation's and none.
pub(crate) fn run_resolved(
    memory: &mut Memory,
    generation: Generation<'_>,
    principal: PrincipalIdx,
    (action, resource): (&PreparedAction, &PreparedResource),
    context: GivenKeys<'_>,
) -> Result<Outcome, EngineError> {
    let id = generation.id();
    if (action.of, resource.of) != (id, id) {
        check_action(action.name()).map_err(EngineError::NoAction)?;
        let action = PreparedAction::new(&generation.plan.stack, action.name());
        let (arn, account) = (resource.handle.text(), resource.account.as_deref());
        let resource = PreparedResource::new(generation.tables, id, arn, account);
        return run_resolved(memory, generation, principal, (&action, &resource), context);
    }
    let deciding = Deciding {
        generation,
        asked: &AccessRequest::resolved(action, resource),
    };
    let caller = deciding.by_number(principal);
    Ok(run(&deciding, memory, caller, |_, _, _| None, context))
}

/// Decides for a caller. `said` tells what a unit says in these layers, whether some statement of it allows
/// the request and whether some denies it, where that need not be found out by a look; questions about all principals remember
/// that from one to the next.
///
/// Total: a target that takes more than policies and keys is decided too, the slow way.
pub(crate) fn run(
    deciding: &Deciding<'_>,
    scratch: &mut Memory,
    caller: ResolvedCaller<'_, '_>,
    mut said: impl FnMut(&Case<'_, '_>, UnitId, LayerSet) -> Option<(bool, bool)>,
    context: GivenKeys<'_>,
) -> Outcome {
    let Deciding { generation, asked } = *deciding;
    let Generation { tables, plan } = generation;
    if asked.located.is_special() {
        return run_completed(deciding, scratch, caller, context);
    }
    let Memory {
        requests: Requests { asked: request, .. },
        known,
        units: memory,
        arena,
        ..
    } = scratch;
    arena.reset();
    let arena = &*arena;
    let action = asked.action;
    let buckets;
    let resource = match asked.resource.is_star() && action.handle.lists_buckets() {
        true => {
            let home = home(tables, &caller, &generation);
            let text = concat_in(&all_buckets(home.partition), arena);
            buckets = asked.resource.with_text(text);
            &buckets
        }
        false => &asked.resource,
    };
    let endpoint = match tables.has_endpoints() {
        true => only(context.entries(), "aws:SourceVpce"),
        false => None,
    };
    let applies = find_applies(tables, caller, asked.located, action.is_sts, endpoint);
    let caller = &applies.caller;
    let summary = plan.summary(caller.number);

    // Policies without a statement for the action are present, and say nothing more.
    let filter = action.handle.filter();
    let mut units = UnitsSummary::default();
    let (own, [identity, boundary]) = match summary {
        Some(summary) if summary.add_to(&mut units) => (Some(summary), [SetsId::NONE; 2]),
        _ => (None, applies.own_sets()),
    };
    let own = own.filter(|own| own.filter & filter != 0);
    let mut rows = [&PolicySetSummary::NONE; 6];
    let mut free = rows.iter_mut();
    let mut lists_principals = false;
    let [scps, rcps, policy, endpoint] = applies.other_sets;
    let sets = [identity, boundary, scps, rcps, policy, endpoint];
    for sets in sets.into_iter().filter(|sets| sets.is_some()) {
        let row = plan.policy_sets.get(sets);
        row.add_to(&mut units);
        if row.filter & filter != 0 {
            lists_principals |= row.lists_principals;
            if let Some(slot) = free.next() {
                *slot = row;
            }
        }
    }

    let of_account = summary.filter(|own| caller.is_itself() && !own.is_in_other_partition());
    let of_account = of_account.and_then(|own| Some((own, plan.named.of_account(own.account)?)));
    let ownership = match of_account {
        Some((own, (_, partition))) => deciding.ownership(own.account, partition),
        None => {
            let home = home(tables, caller, &generation);
            asked.resource.ownership(home, deciding.owner())
        }
    };
    // Of the names of a caller nobody need know more than the policies look at.
    let kind = caller.kind(summary.map(|own| (own.kind(), own.is_service_linked())));
    let known = match of_account {
        _ if !lists_principals || kind == CallerKind::Anonymous => &plan.named.unnamed,
        Some((own, (known, _))) if !(own.is_named() || context.names_caller()) => known,
        _ => {
            find_names(deciding, known, caller, context, arena);
            &*known
        }
    };
    let target = &applies.target;
    let is_granted = || !target.grants.is_empty() && has_grant(deciding, &applies, context, arena);
    let keys = DirectoryKeys::new(deciding, &applies, summary, context, arena);
    let resolved = EvaluationRequest {
        caller: kind,
        management_account: caller.is_of_management(),
        principal_handle: known,
        action: &action.handle,
        resource,
        ownership,
        assumed_root: kind == CallerKind::Root && is_true(context, "aws:AssumedRoot"),
        session_token: caller
            .has_session_token()
            .then(|| is_true(context, "aws:MultiFactorAuthPresent")),
        restrict_public_buckets: asked.restrict_public_buckets || target.restricts_public,
        external_grant: asked.external_grant || is_granted(),
        keys: &keys,
    };
    let prepared = PreparedEvaluation::new(request, plan.stack.vm_plan(), &resolved, units);
    let case = Case {
        deciding,
        prepared: &prepared,
    };
    let mut evaluation = Evaluation::new(&prepared, memory);
    let mut look = |layers, unit| match said(&case, unit, layers) {
        Some((allows, denies)) => {
            let set = |is_so| if is_so { layers } else { LayerSet::EMPTY };
            evaluation.say(set(allows), set(denies));
        }
        None => case.look(&mut evaluation, unit, layers),
    };
    if let Some(own) = own {
        own.units().for_each(|(layers, unit)| look(layers, unit));
    }
    for row in rows.into_iter().take_while(|row| row.filter != 0) {
        plan.policy_sets.for_units(row, &mut look);
    }
    evaluation.decide()
}

/// Decides what takes more than policies and keys: the bucket behind an access point, a policy that cannot be
/// read. Allocates.
#[cold]
#[inline(never)]
fn run_completed(
    deciding: &Deciding<'_>,
    scratch: &mut Memory,
    caller: ResolvedCaller<'_, '_>,
    context: GivenKeys<'_>,
) -> Outcome {
    let Deciding { generation, asked } = *deciding;
    let tables = generation.tables;
    let arena = Bump::new();
    let entries: Vec<ContextEntry<'_>> = context
        .entries()
        .map(|(key, values)| ContextEntry { key, values })
        .collect();
    let request = Request {
        principal: complete(tables, &caller, &generation, KeyDependencies::ALL, &arena),
        action: asked.action.name(),
        resource: asked.resource.text(),
        resource_account: asked.account,
        context: &entries,
        restrict_public_buckets: asked.restrict_public_buckets,
        external_grant: asked.external_grant,
    };
    let extra = (RequestPolicies::default(), generation.id());
    let completed = complete_for_caller(tables, caller, &request, extra, &arena);
    RequestStack::of(generation, None).decide(&mut scratch.requests, &completed)
}

/// Finds all names by which policies know a caller, also those that the context says.
#[inline(never)]
fn find_names(
    deciding: &Deciding<'_>,
    known: &mut portcullis_vm::PrincipalHandle,
    caller: &ResolvedCaller<'_, '_>,
    context: GivenKeys<'_>,
    arena: &Bump,
) {
    let generation = deciding.generation;
    let Generation { tables, plan } = generation;
    let principal = complete(tables, caller, &generation, KeyDependencies::ALL, arena);
    let home = home(tables, caller, &generation);
    let names = match context.names_caller() {
        true => context.names(arena),
        false => ContextNames::default(),
    };
    let look_up = |image, form, parts: &[&str]| plan.stack.principal(image, form, parts);
    known.set_by(plan.stack.images().len(), look_up, &principal, home, names);
}

/// True if a grant of the target allows the request.
#[inline(never)]
fn has_grant(
    deciding: &Deciding<'_>,
    applies: &Applies<'_, '_>,
    context: GivenKeys<'_>,
    arena: &Bump,
) -> bool {
    let generation = deciding.generation;
    let tables = generation.tables;
    let principal = complete(
        tables,
        &applies.caller,
        &generation,
        KeyDependencies::ARN,
        arena,
    );
    let action = deciding.asked.action.name();
    is_granted(
        tables,
        &applies.target,
        action,
        &principal.caller,
        context.entries(),
    )
}

/// True if the only value of a key of the context is `true`: for a session of AssumeRoot (`EVAL-50`), and where a
/// multi-factor device was used (`STS-4`).
fn is_true(context: GivenKeys<'_>, key: &str) -> bool {
    only(context.entries(), key).is_some_and(|flag| flag.eq_ignore_ascii_case("true"))
}

/// Who asks for what, with all that was found out about it: what a unit is looked at with.
pub(crate) struct Case<'c, 'd> {
    /// The request, and the generation that it is decided in.
    pub(crate) deciding: &'c Deciding<'d>,
    /// What follows from it, for the machine.
    pub(crate) prepared: &'c PreparedEvaluation<'c>,
}

impl Case<'_, '_> {
    /// Looks at a unit.
    #[inline]
    pub(crate) fn look(&self, evaluation: &mut Evaluation<'_>, unit: UnitId, layers: LayerSet) {
        let Deciding { generation, asked } = self.deciding;
        let known = asked.action.entries.as_ref();
        let known = known.and_then(|known| known.of(unit));
        if known.is_some_and(<[StatementEntry]>::is_empty) {
            return;
        }
        let Some(Located { image, view, unit }) = generation.plan.stack.locate(unit) else {
            return;
        };
        match known {
            Some(known) => evaluation.look_at(image, view, known, layers),
            None => evaluation.look(image, view, unit, layers),
        }
    }
}
