//! Deciding many requests.
//!
//! Consecutive requests rarely share cache lines, so we prefetch for a whole batch and overlap the misses: what sixteen
//! requests will look at is read before the first of them is decided. It pays where a directory is larger than the
//! processor's caches, and costs some instructions where it is not: from texts 1.6 µs instead of 2.1 of a million principals, and
//! 1.0 instead of 0.9 of 20,000 (`docs/benchmarks/directories.md`). Prefetch instructions would need `unsafe`; a load
//! whose result is kept does the same.
//!
//! Outcomes are those of deciding one by one, in the same order; what is read ahead decides nothing, so that a wrong guess costs
//! a miss.

use std::hint::black_box;

use portcullis_model::{Request, split_arn};
use portcullis_vm::{Outcome, StatementEntry};
use smallvec::SmallVec;

use crate::decide::caller::{CallerArn, likely_number, read_caller};
use crate::decide::check::{check_read, check_resolved};
use crate::decide::handles::ResolvedRequest;
use crate::decide::memory::Memory;
use crate::decide::target::likely_listed;
use crate::error::{EngineError, RequestError};
use crate::plan::action::{PreparedAction, RecentActions};
use crate::plan::generation::Generation;
use crate::store::ids::{PrincipalIdx, ResourceIdx, SetsId};
use crate::store::tables::Tables;

/// For how many requests is read ahead.
const AHEAD: usize = 16;

/// As many of something.
type Few<T> = SmallVec<[T; AHEAD]>;

/// Decides requests, and calls back with the index and the outcome of each, in order. Each ARN is taken apart once, for reading
/// ahead and for deciding.
pub(crate) fn check_all(
    memory: &mut Memory,
    recent: &mut RecentActions,
    generation: Generation<'_>,
    requests: &[Request<'_>],
    mut decided: impl FnMut(usize, Result<Outcome, RequestError>),
) {
    let Generation { tables, plan } = generation;
    let mut index = 0;
    for chunk in requests.chunks(AHEAD) {
        let read = |request| Read::new(tables, request);
        let read: Few<_> = chunk.iter().map(read).collect();
        let resource = |read: &Read<'_>| tables.resource(read.resource?);
        let coming = chunk.iter().zip(&read).map(|(request, read)| Coming {
            principal: read.principal,
            policy: resource(read).map_or(SetsId::NONE, |resource| resource.policy),
            action: plan.prepared.get(request.action),
        });
        read_ahead(generation, &coming.collect::<Few<_>>());
        // Texts are compared with those of the request.
        let mut seen = 0;
        for read in &read {
            let length = |name| tables.str(name).len();
            let caller = plan.summary(read.principal);
            seen ^= caller.map_or(0, |caller| length(caller.name));
            seen ^= resource(read).map_or(0, |resource| length(resource.arn));
        }
        black_box(seen);
        for (request, read) in chunk.iter().zip(&read) {
            let arns = (&read.caller, read.parts);
            let memories = (&mut *memory, &mut *recent);
            decided(index, check_read(memories, generation, request, arns));
            index += 1;
        }
    }
}

/// Decides resolved requests, and calls back with the place and the outcome of each, in order.
///
/// # Errors
/// As [`check_resolved`]; what was decided before was handed on.
pub(crate) fn check_all_resolved(
    memory: &mut Memory,
    generation: Generation<'_>,
    requests: &[ResolvedRequest<'_>],
    mut decided: impl FnMut(usize, Outcome),
) -> Result<(), EngineError> {
    let id = generation.id();
    let mut index = 0;
    for chunk in requests.chunks(AHEAD) {
        let coming = chunk.iter().map(|request| Coming {
            principal: request.principal.index_in(id).unwrap_or(PrincipalIdx::NONE),
            policy: match request.resource.of == id {
                true => request.resource.located.policy(),
                false => SetsId::NONE,
            },
            action: Some(request.action).filter(|action| action.of == id),
        });
        read_ahead(generation, &coming.collect::<Few<_>>());
        for request in chunk {
            decided(index, check_resolved(memory, generation, request)?);
            index += 1;
        }
    }
    Ok(())
}

/// The ARNs of a request, taken apart, and where what they name is likely to be.
struct Read<'r> {
    caller: CallerArn<'r>,
    parts: Option<[&'r str; 6]>,
    /// Whose policies the caller is likely to have.
    principal: PrincipalIdx,
    /// The row that the resource is likely to have.
    resource: Option<ResourceIdx>,
}

impl<'r> Read<'r> {
    /// Takes the ARNs of a request apart, once for reading ahead and for deciding. Rows are the first with the right hash, which
    /// is nearly always the right one; a wrong one costs a miss and decides nothing.
    fn new(tables: &Tables, request: &Request<'r>) -> Read<'r> {
        let caller = read_caller(tables, &request.principal.caller);
        let parts = split_arn(request.resource);
        let resource = parts.and_then(|parts| likely_listed(tables, request.resource, parts));
        Read {
            principal: likely_number(tables, &caller).unwrap_or(PrincipalIdx::NONE),
            resource,
            caller,
            parts,
        }
    }
}

/// A request that will be decided, as far as it tells what memory it needs.
struct Coming<'c> {
    /// Whose summary is read; absent if that is not known.
    principal: PrincipalIdx,
    /// The resource's.
    policy: SetsId,
    /// None if it is not known where it leads.
    action: Option<&'c PreparedAction>,
}

/// Reads what decisions will look at, step by step for all of them: the processor waits for the memory of one step
/// at once.
fn read_ahead(generation: Generation<'_>, coming: &[Coming<'_>]) {
    let Generation { tables, plan } = generation;
    let summaries = coming.iter().map(|request| plan.summary(request.principal));
    let summaries: Few<_> = summaries.collect();
    let mut seen = 0;
    for (request, summary) in coming.iter().zip(&summaries) {
        seen ^= summary.map_or(0, |summary| summary.filter);
        seen ^= plan.policy_sets.get(request.policy).filter;
    }
    black_box(seen);
    let mut seen = 0;
    for summary in summaries.iter().flatten() {
        let account = tables.account(summary.account);
        seen ^= account.map_or(0, |account| plan.policy_sets.get(account.scps).filter);
    }
    black_box(seen);
    let mut entries = SmallVec::<[(usize, &StatementEntry); 4 * AHEAD]>::new();
    for (request, summary) in coming.iter().zip(&summaries) {
        let known = request
            .action
            .and_then(|action| Some((action, action.entries.as_ref()?)));
        let (Some((action, known)), Some(summary)) = (known, summary) else {
            continue;
        };
        let filter = action.handle.filter();
        let mut add = |unit| match known.of(unit) {
            Some([first, ..]) if entries.len() < entries.inline_size() => {
                entries.push((plan.stack.home(unit).0.index(), first));
            }
            _ => {}
        };
        if summary.filter & filter != 0 {
            summary.units().for_each(|(_, unit)| add(unit));
        }
        let account = tables.account(summary.account);
        let scps = account.map_or(SetsId::NONE, |account| account.scps);
        for row in [request.policy, scps].map(|sets| plan.policy_sets.get(sets)) {
            if row.filter & filter != 0 {
                plan.policy_sets.for_units(row, |_, unit| add(unit));
            }
        }
    }
    let mut seen = 0;
    for (image, entry) in &entries {
        if let Some(image) = plan.stack.images().get(*image) {
            seen ^= entry.read_ahead(image.view());
        }
    }
    black_box(seen);
}
