//! Questions over all principals of a directory, asked in parallel and answered in order.

mod external_access;
mod not_given;
mod sweep;
mod what_can;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use portcullis_image::value::fold;
use portcullis_model::{ContextEntry, Decision};

pub use external_access::{ExternalAccess, Scope};
pub use what_can::{Can, WhatCanError};

use crate::Directory;
use crate::deed::Deed;
use crate::engine::{Engine, EngineError};
use crate::keys::GivenKeys;
use crate::questions::sweep::{Answers, Sweep};
use crate::raw::Kind;

/// One thing to do to one resource.
#[derive(Clone, Copy, Debug)]
pub struct Query<'q> {
    /// The permission, `prefix:name`.
    pub action: &'q str,
    /// The target's ARN, or `*`.
    pub resource: &'q str,
    /// The target's owner, where the directory does not know it.
    pub resource_account: Option<&'q str>,
    /// What is known of the request beside caller and target.
    pub context: &'q [ContextEntry<'q>],
}

/// A principal with effective administrator rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Its ARN.
    pub arn: String,
    /// It may do anything: also what no policy names.
    pub everything: bool,
    /// What it may do to itself, by which it could give itself anything.
    pub escalations: Vec<&'static str>,
}

/// A principal that can do something, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Its ARN.
    pub arn: String,
    /// The roles that it assumes first, one after the other; none if it can by itself.
    pub roles: Vec<String>,
}

/// How many principals a thread asks before it hands the answers on.
const BLOCK: usize = 1024;

/// What a user or role may do to itself to become an administrator.
const ESCALATIONS: [(Kind, &str); 6] = [
    (Kind::User, "iam:AttachUserPolicy"),
    (Kind::User, "iam:PutUserPolicy"),
    (Kind::User, "iam:AddUserToGroup"),
    (Kind::Role, "iam:AttachRolePolicy"),
    (Kind::Role, "iam:PutRolePolicy"),
    (Kind::Role, "iam:UpdateAssumeRolePolicy"),
];

/// An action of a service that there is not: only who may do everything may do this.
const ANYTHING: &str = "portcullis-any-service:AnyAction";

/// More questions at once than this are asked without memory of what policies said.
const REMEMBERED: usize = 64;

/// Asks of one principal after the other, with memory that is kept.
#[derive(Debug, Default)]
struct Asker {
    engine: Engine,
    memories: Vec<Answers>,
}

impl Asker {
    /// Decides one of the questions for a principal.
    fn decide(
        &mut self,
        directory: &Directory,
        principal: usize,
        sweeps: &[Sweep<'_>],
        number: usize,
    ) -> Result<Decision, EngineError> {
        let Some(sweep) = sweeps.get(number) else {
            return Ok(Decision::ImplicitDeny);
        };
        if sweeps.len() > REMEMBERED {
            return sweep.decide_alone(directory, principal, &mut self.engine);
        }
        if self.memories.len() <= number {
            self.memories.resize_with(sweeps.len(), Answers::default);
        }
        match self.memories.get_mut(number) {
            Some(memory) => sweep.decide(directory, principal, &mut self.engine, memory),
            None => sweep.decide_alone(directory, principal, &mut self.engine),
        }
    }
}

/// What assuming a role asks for, if the context of the question is that of each call: also for the tags that are
/// passed, or go on from role to role, and for the source identity, which always does (`STS-21`, `STS-22`, `TRUST-6`).
fn actions_of_hop(context: &[ContextEntry<'_>]) -> Vec<&'static str> {
    let has = |is_it: &dyn Fn(&str) -> bool| {
        let mut given = context.iter();
        given.any(|entry| !entry.values.is_empty() && is_it(entry.key))
    };
    let is = |key: &str, name: &str| fold::strip_ignoring_case(key, name) == Some("");
    let mut actions = vec!["sts:AssumeRole"];
    if has(&|key| {
        is(key, "sts:TransitiveTagKeys")
            || is(key, "aws:TagKeys")
            || fold::strip_ignoring_case(key, "aws:RequestTag/").is_some()
    }) {
        actions.push("sts:TagSession");
    }
    if has(&|key| is(key, "aws:SourceIdentity") || is(key, "sts:SourceIdentity")) {
        actions.push("sts:SetSourceIdentity");
    }
    actions
}

impl Directory {
    /// How many users and roles there are. They are called by numbers from 0.
    pub fn principal_count(&self) -> usize {
        self.tables.principals.len()
    }

    /// The ARN of a user or role; none if there are not as many.
    pub fn principal_arn(&self, index: usize) -> Option<String> {
        self.principal(index).map(|(arn, _)| arn)
    }

    fn principal(&self, index: usize) -> Option<(String, Kind)> {
        let principal = self.tables.principals.get(index)?;
        Some((self.tables.arn(principal.entity()), principal.kind))
    }

    fn sweeps<'q>(&self, queries: &[Query<'q>]) -> Result<Vec<Sweep<'q>>, EngineError> {
        // Many ask about one action.
        let mut deeds: HashMap<&str, Arc<Deed>> = HashMap::new();
        let sweeps = queries.iter().map(|query| {
            let deed = match deeds.entry(query.action) {
                Entry::Occupied(deed) => deed.get().clone(),
                Entry::Vacant(place) => place.insert(Arc::new(self.deed(query.action)?)).clone(),
            };
            Sweep::new(self, query, deed)
        });
        sweeps.collect()
    }

    /// What every principal may do: calls back with the principal's number and the decision of each
    /// query, in the order of the principals, while the work goes on.
    ///
    /// # Errors
    /// [`EngineError`] if the policies are more than an image can hold.
    pub fn matrix(
        &self,
        queries: &[Query<'_>],
        threads: usize,
        found: &mut dyn FnMut(usize, &[Decision]),
    ) -> Result<(), EngineError> {
        let sweeps = self.sweeps(queries)?;
        let ask = |asker: &mut Asker, index: usize| {
            let decide = |number| asker.decide(self, index, &sweeps, number);
            let decisions = (0..sweeps.len()).map(decide);
            decisions.collect::<Result<Vec<_>, _>>()
        };
        self.in_parallel(threads, &ask, &mut |index, decisions: Vec<Decision>| {
            found(index, &decisions);
        })
    }

    /// Every principal that can do something, by itself or by assuming at most `hops` roles one after
    /// the other; the shortest way of each, in the order of their lengths.
    ///
    /// Each hop asks every principal about every role that was found before.
    ///
    /// # Errors
    /// As [`Directory::matrix`].
    pub fn who_can(
        &self,
        query: Query<'_>,
        hops: usize,
        threads: usize,
        found: &mut dyn FnMut(Way),
    ) -> Result<(), EngineError> {
        // The role that each principal assumes next; none for those that can by themselves.
        let mut next: BTreeMap<usize, Option<usize>> = BTreeMap::new();
        let mut newest = Vec::new();
        self.matrix(&[query], threads, &mut |index, decisions| {
            if decisions.iter().all(|decision| decision.is_allow()) {
                next.insert(index, None);
                newest.push(index);
                found(self.way(index, &next));
            }
        })?;
        let actions = actions_of_hop(query.context);
        for _ in 0..hops {
            let roles: Vec<(usize, String)> = newest
                .iter()
                .filter_map(|index| match self.principal(*index)? {
                    (arn, Kind::Role) => Some((*index, arn)),
                    _ => None,
                })
                .collect();
            if roles.is_empty() {
                break;
            }
            let queries: Vec<Query<'_>> = roles
                .iter()
                .flat_map(|(_, arn)| {
                    actions.iter().map(move |action| Query {
                        action,
                        resource: arn,
                        resource_account: None,
                        context: query.context,
                    })
                })
                .collect();
            let mut reached = Vec::new();
            self.matrix(&queries, threads, &mut |index, decisions| {
                let mut of_roles = decisions.chunks(actions.len());
                let first = of_roles.position(|own| own.iter().all(|decision| decision.is_allow()));
                let role = first.and_then(|at| roles.get(at));
                if let (Some((role, _)), false) = (role, next.contains_key(&index)) {
                    reached.push((index, *role));
                }
            })?;
            newest.clear();
            for (index, role) in reached {
                next.insert(index, Some(role));
                newest.push(index);
                found(self.way(index, &next));
            }
        }
        Ok(())
    }

    fn way(&self, index: usize, next: &BTreeMap<usize, Option<usize>>) -> Way {
        let mut roles = Vec::new();
        let mut at = next.get(&index).copied().flatten();
        while let Some(role) = at {
            roles.extend(self.principal_arn(role));
            at = next.get(&role).copied().flatten();
        }
        Way {
            arn: self.principal_arn(index).unwrap_or_default(),
            roles,
        }
    }

    /// Every principal that may do anything, or may give itself policies.
    ///
    /// # Errors
    /// As [`Directory::matrix`].
    pub fn admins(
        &self,
        context: &[ContextEntry<'_>],
        threads: usize,
        found: &mut dyn FnMut(Admin),
    ) -> Result<(), EngineError> {
        let anything = self.sweeps(&[Query {
            action: ANYTHING,
            resource: "*",
            resource_account: None,
            context,
        }])?;
        let deeds = ESCALATIONS.iter();
        let deeds = deeds.map(|(kind, name)| Ok((*kind, *name, self.deed(name)?)));
        let deeds: Vec<(Kind, &'static str, Deed)> = deeds.collect::<Result<_, EngineError>>()?;
        let context = GivenKeys::Entries(context);
        let ask = |asker: &mut Asker, index: usize| {
            let Some((arn, kind)) = self.principal(index) else {
                return Ok(None);
            };
            let everything = asker.decide(self, index, &anything, 0)?.is_allow();
            let itself = self.object(&arn, None);
            let mut escalations = Vec::new();
            for (_, name, deed) in deeds.iter().filter(|(own, ..)| *own == kind) {
                let engine = &mut asker.engine;
                let outcome = engine.run_resolved(self, index, deed, &itself, context)?;
                if outcome.is_allow() {
                    escalations.push(*name);
                }
            }
            let is_admin = everything || !escalations.is_empty();
            Ok(is_admin.then_some(Admin {
                arn,
                everything,
                escalations,
            }))
        };
        self.in_parallel(threads, &ask, &mut |_, admin: Option<Admin>| {
            if let Some(admin) = admin {
                found(admin);
            }
        })
    }

    /// Asks of every principal, in blocks that threads take one after the other, and calls back in
    /// order.
    fn in_parallel<T: Send>(
        &self,
        threads: usize,
        ask: &(impl Fn(&mut Asker, usize) -> Result<T, EngineError> + Sync),
        found: &mut dyn FnMut(usize, T),
    ) -> Result<(), EngineError> {
        let count = self.principal_count();
        let blocks = count.div_ceil(BLOCK);
        // Compiled before the threads start, so that none waits for another.
        self.store.compiled(&self.tables)?;
        let taken = AtomicUsize::new(0);
        let stop = AtomicBool::new(false);
        let failure = Mutex::new(None);
        std::thread::scope(|scope| {
            let (sender, receiver) = mpsc::sync_channel(2 * threads.max(1));
            for _ in 0..threads.clamp(1, blocks.max(1)) {
                let sender = sender.clone();
                let (taken, stop, failure) = (&taken, &stop, &failure);
                scope.spawn(move || {
                    let mut asker = Asker::default();
                    loop {
                        let block = taken.fetch_add(1, Ordering::Relaxed);
                        if block >= blocks || stop.load(Ordering::Relaxed) {
                            return;
                        }
                        let range = block * BLOCK..((block + 1) * BLOCK).min(count);
                        let answers: Result<Vec<T>, EngineError> =
                            range.map(|index| ask(&mut asker, index)).collect();
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
                        found(next * BLOCK + offset, answer);
                    }
                    next += 1;
                }
            }
        });
        let failed = failure.lock().ok().and_then(|mut failure| failure.take());
        failed.map_or(Ok(()), Err)
    }
}
