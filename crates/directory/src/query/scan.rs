//! Questions asked of every principal, in parallel and in order.
//!
//! What a policy says to a question is the same for all principals, unless the policy looks at something that differs
//! between them. It is found out once then, and only the policies that do look are walked for each: a question over a
//! million principals walks most policies once. Each thread has its own memory, so that none waits for another, and takes
//! blocks of principals; answers are put in order by whoever asked. Memory grows with the units for each of the
//! questions, which is why more than [`REMEMBERED`] at once are asked without.
//!
//! The resource policy is asked each time: its Allow has a strength, so that a remembered boolean is not enough.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use portcullis_image::LayerSet;
use portcullis_model::{Decision, check_action};
use portcullis_vm::{Evaluation, UnitMemory};

use crate::arn::EntityKind;
use crate::decide::asked::{AccessRequest, Deciding};
use crate::decide::check::{Case, run, run_resolved};
use crate::decide::given::GivenKeys;
use crate::decide::handles::PreparedResource;
use crate::decide::memory::Memory;
use crate::error::EngineError;
use crate::plan::action::PreparedAction;
use crate::plan::dependencies::KeyDependencies;
use crate::plan::generation::Generation;
use crate::query::access::AccessQuery;
use crate::store::ids::{AccountIdx, PrincipalIdx, UnitId};

/// How many principals a thread asks before it hands the answers on: each time is a message of a channel.
const BLOCK: usize = 1024;

/// More questions at once than this are asked without memory of what policies said: each question has a memory of its own in
/// each thread.
const REMEMBERED: usize = 64;

/// Asks of one principal after the other, with memory that is kept.
#[derive(Debug, Default)]
pub(crate) struct Worker {
    /// What one decision leaves to the next.
    pub(crate) memory: Memory,
    /// What policies said to each of the questions.
    memories: Vec<UnitVerdicts>,
}

impl Worker {
    /// Decides one of the questions for a principal.
    pub(crate) fn decide(
        &mut self,
        generation: Generation<'_>,
        principal: PrincipalIdx,
        scans: &[PrincipalScan<'_>],
        number: usize,
    ) -> Result<Decision, EngineError> {
        let Some(scan) = scans.get(number) else {
            return Ok(Decision::ImplicitDeny);
        };
        if scans.len() > REMEMBERED {
            return scan.decide_alone(generation, principal, &mut self.memory);
        }
        if self.memories.len() <= number {
            self.memories
                .resize_with(scans.len(), UnitVerdicts::default);
        }
        match self.memories.get_mut(number) {
            Some(answers) => Ok(scan.decide(generation, principal, &mut self.memory, answers)),
            None => scan.decide_alone(generation, principal, &mut self.memory),
        }
    }
}

/// Resolves an action of a question.
fn action(generation: Generation<'_>, name: &str) -> Result<PreparedAction, EngineError> {
    check_action(name).map_err(EngineError::NoAction)?;
    Ok(PreparedAction::new(&generation.plan.stack, name))
}

/// Resolves queries.
///
/// # Errors
/// [`EngineError::NoAction`] if one asks for what is no action.
pub(crate) fn scans_of<'q>(
    generation: Generation<'_>,
    queries: &[AccessQuery<'q>],
) -> Result<Vec<PrincipalScan<'q>>, EngineError> {
    // Many ask about one action.
    let mut actions: HashMap<&str, Arc<PreparedAction>> = HashMap::new();
    let scans = queries.iter().map(|query| {
        let action = match actions.entry(query.action) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(place) => place
                .insert(Arc::new(action(generation, query.action)?))
                .clone(),
        };
        Ok(PrincipalScan::new(generation, query, action))
    });
    scans.collect()
}

/// ARN and kind of a user or role; none if there are not as many.
pub(crate) fn principal(
    generation: Generation<'_>,
    index: PrincipalIdx,
) -> Option<(String, EntityKind)> {
    let tables = generation.tables;
    let principal = tables.principal(index)?;
    Some((tables.arn(principal.entity()), principal.kind))
}

/// Asks of every principal, in blocks that threads take one after the other, and calls back in
/// order. A block that is ready early waits; as many as two for each thread may, then threads wait too.
///
/// # Errors
/// The first error that some thread met; blocks before it may have been handed on.
pub(crate) fn in_parallel<T: Send>(
    generation: Generation<'_>,
    threads: usize,
    ask: &(impl Fn(&mut Worker, PrincipalIdx) -> Result<T, EngineError> + Sync),
    found: &mut dyn FnMut(PrincipalIdx, T),
) -> Result<(), EngineError> {
    let count = generation.tables.principals().len();
    let blocks = count.div_ceil(BLOCK);
    let taken = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let failure = Mutex::new(None);
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel(2 * threads.max(1));
        for _ in 0..threads.clamp(1, blocks.max(1)) {
            let sender = sender.clone();
            let (taken, stop, failure) = (&taken, &stop, &failure);
            scope.spawn(move || {
                let mut worker = Worker::default();
                loop {
                    let block = taken.fetch_add(1, Ordering::Relaxed);
                    if block >= blocks || stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let range = block * BLOCK..((block + 1) * BLOCK).min(count);
                    let answers: Result<Vec<T>, EngineError> = range
                        .map(|index| ask(&mut worker, PrincipalIdx::at(index)))
                        .collect();
                    match answers {
                        Ok(answers) => {
                            if sender.send((block, answers)).is_err() {
                                return;
                            }
                        }
                        Err(error) => {
                            stop.store(true, Ordering::Relaxed);
                            if let Ok(mut failure) = failure.lock() {
                                failure.get_or_insert(error);
                            }
                            return;
                        }
                    }
                }
            });
        }
        drop(sender);
        let mut waiting: BTreeMap<usize, Vec<T>> = BTreeMap::new();
        let mut next = 0;
        for (block, answers) in receiver {
            waiting.insert(block, answers);
            while let Some(answers) = waiting.remove(&next) {
                for (offset, answer) in answers.into_iter().enumerate() {
                    found(PrincipalIdx::at(next * BLOCK + offset), answer);
                }
                next += 1;
            }
        }
    });
    let failed = failure.lock().ok().and_then(|mut failure| failure.take());
    failed.map_or(Ok(()), Err)
}

/// A question, resolved: action and resource are looked up once for all principals.
pub(crate) struct PrincipalScan<'q> {
    /// Shared with other questions about the same action.
    action: Arc<PreparedAction>,
    /// With its policy, tags and owner.
    resource: PreparedResource,
    /// As it was asked.
    query: AccessQuery<'q>,
}

impl<'q> PrincipalScan<'q> {
    /// A question of an action that was resolved, since many are about one.
    pub(crate) fn new(
        generation: Generation<'_>,
        query: &AccessQuery<'q>,
        action: Arc<PreparedAction>,
    ) -> Self {
        let (id, account) = (generation.id(), query.resource_account);
        PrincipalScan {
            action,
            resource: PreparedResource::new(generation.tables, id, query.resource, account),
            query: *query,
        }
    }

    /// What is known of the request beside caller and target, the same for all.
    fn context(&self) -> GivenKeys<'q> {
        GivenKeys::Entries(self.query.context)
    }

    /// Decides for a user or role, and remembers nothing.
    pub(crate) fn decide_alone(
        &self,
        generation: Generation<'_>,
        principal: PrincipalIdx,
        memory: &mut Memory,
    ) -> Result<Decision, EngineError> {
        let context = self.context();
        let asked = (&*self.action, &self.resource);
        let outcome = run_resolved(memory, generation, principal, asked, context);
        outcome.map(|outcome| outcome.decision())
    }

    /// Decides for a user or role.
    pub(crate) fn decide(
        &self,
        generation: Generation<'_>,
        principal: PrincipalIdx,
        memory: &mut Memory,
        answers: &mut UnitVerdicts,
    ) -> Decision {
        let Some(row) = generation.tables.principal(principal) else {
            return Decision::ImplicitDeny;
        };
        answers.account = Some(row.account);
        let deciding = Deciding {
            generation,
            asked: &AccessRequest::resolved(&self.action, &self.resource),
        };
        let caller = deciding.by_number(principal);
        let said = |case: &Case<'_, '_>, unit, layers| answers.said(case, unit, layers);
        run(&deciding, memory, caller, said, self.context()).decision()
    }
}

/// What is known of the answers to one question, unit by unit. One for each thread and question.
#[derive(Debug, Default)]
pub(crate) struct UnitVerdicts {
    /// That of the principal who is asked for.
    account: Option<AccountIdx>,
    /// By unit.
    said: Vec<RememberedVerdict>,
    units: UnitMemory,
}

/// What a unit says.
#[derive(Clone, Copy, Debug, Default)]
struct RememberedVerdict {
    /// For whom it holds; nobody at first.
    when: ValidFor,
    /// Some statement allows the request.
    allows: bool,
    /// Some statement denies it.
    denies: bool,
}

/// For whom a remembered verdict holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ValidFor {
    #[default]
    Unknown,
    /// For every principal: the policy looks at nothing that differs.
    Always,
    /// To callers of an account.
    Of(AccountIdx),
}

impl UnitVerdicts {
    /// Looks at a unit alone.
    fn look(&mut self, case: &Case<'_, '_>, unit: UnitId) -> (bool, bool) {
        let mut evaluation = Evaluation::of_unit(case.prepared, &mut self.units);
        case.look(&mut evaluation, unit, LayerSet::ALL);
        evaluation.says()
    }

    /// What a unit says that does not look at what differs between the principals of an account. None if it does look, or stands
    /// for a resource policy: then it has to be walked for this principal.
    fn said(
        &mut self,
        case: &Case<'_, '_>,
        unit: UnitId,
        layers: LayerSet,
    ) -> Option<(bool, bool)> {
        let plan = case.deciding.generation.plan;
        let found = plan.dependencies(unit);
        // Allows of resource policies differ in strength, so a remembered boolean is not enough.
        if layers.meets(LayerSet::RESOURCE) || found.meets(KeyDependencies::CALLER) {
            return None;
        }
        let when = match self
            .account
            .filter(|_| found.meets(KeyDependencies::ACCOUNT))
        {
            None => ValidFor::Always,
            Some(account) => ValidFor::Of(account),
        };
        if self.said.is_empty() {
            self.said
                .resize(plan.stack.unit_count(), RememberedVerdict::default());
        }
        let known = self.said.get(unit.index()).copied().unwrap_or_default();
        if known.when == when {
            return Some((known.allows, known.denies));
        }
        let (allows, denies) = self.look(case, unit);
        if let Some(place) = self.said.get_mut(unit.index()) {
            *place = RememberedVerdict {
                when,
                allows,
                denies,
            };
        }
        Some((allows, denies))
    }
}
