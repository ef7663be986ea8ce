//! Who can do something: what every principal may do, and the roles that others reach it by.
//!
//! Hops are found backwards. Those who can by themselves come first; then everybody is asked whether it may assume one of the
//! roles among them, and so on. Each principal is reported once, with its shortest path. A graph of all trust edges would
//! answer many questions at once, but costs a decision for each principal and role, which is out of reach for large
//! directories.

use std::collections::BTreeMap;

use portcullis_image::value::fold;
use portcullis_model::{ContextEntry, Decision};

use crate::arn::EntityKind;
use crate::error::EngineError;
use crate::plan::generation::Generation;
use crate::query::access::AccessQuery;
use crate::query::scan::{Worker, in_parallel, principal, scans_of};
use crate::store::ids::PrincipalIdx;

/// A principal that can do something, and how: by itself, or by the shortest chain of roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPath {
    /// Its ARN.
    pub arn: String,
    /// The roles that it assumes first, one after the other; none if it can by itself.
    pub roles: Vec<String>,
}

/// The role that each principal assumes next; none for those that can by themselves.
type NextRoles = BTreeMap<PrincipalIdx, Option<PrincipalIdx>>;

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

/// What every principal may do: calls back with the principal's number and the decision of each
/// query, in the order of the principals, while the work goes on.
///
/// # Errors
/// [`EngineError`] if the policies are more than an image can hold.
pub(crate) fn matrix(
    generation: Generation<'_>,
    queries: &[AccessQuery<'_>],
    threads: usize,
    found: &mut dyn FnMut(PrincipalIdx, &[Decision]),
) -> Result<(), EngineError> {
    let scans = scans_of(generation, queries)?;
    let ask = |worker: &mut Worker, index| {
        let decide = |number| worker.decide(generation, index, &scans, number);
        let decisions = (0..scans.len()).map(decide);
        decisions.collect::<Result<Vec<_>, _>>()
    };
    in_parallel(generation, threads, &ask, &mut |index,
                                                 decisions: Vec<
        Decision,
    >| {
        found(index, &decisions);
    })
}

/// Every principal that can do something, by itself or by assuming at most `hops` roles one after
/// the other; the shortest way of each, in the order of their lengths.
///
/// Each hop asks every principal about every role that was found before.
///
/// # Errors
/// As [`Directory::matrix`](crate::Directory::matrix).
pub(crate) fn who_can(
    generation: Generation<'_>,
    query: AccessQuery<'_>,
    hops: usize,
    threads: usize,
    found: &mut dyn FnMut(AccessPath),
) -> Result<(), EngineError> {
    // The role that each principal assumes next; none for those that can by themselves.
    let mut next: NextRoles = BTreeMap::new();
    let mut newest = Vec::new();
    matrix(generation, &[query], threads, &mut |index, decisions| {
        if decisions.iter().all(|decision| decision.is_allow()) {
            next.insert(index, None);
            newest.push(index);
            found(way(generation, index, &next));
        }
    })?;
    let actions = actions_of_hop(query.context);
    for _ in 0..hops {
        let roles: Vec<(PrincipalIdx, String)> = newest
            .iter()
            .filter_map(|index| match principal(generation, *index)? {
                (arn, EntityKind::Role) => Some((*index, arn)),
                _ => None,
            })
            .collect();
        if roles.is_empty() {
            break;
        }
        let queries: Vec<AccessQuery<'_>> = roles
            .iter()
            .flat_map(|(_, arn)| {
                actions.iter().map(move |action| AccessQuery {
                    action,
                    resource: arn,
                    resource_account: None,
                    context: query.context,
                })
            })
            .collect();
        let mut reached = Vec::new();
        matrix(generation, &queries, threads, &mut |index, decisions| {
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
            found(way(generation, index, &next));
        }
    }
    Ok(())
}

/// The roles from a principal to one that can by itself. There is no circle: each role was found in an earlier hop.
fn way(generation: Generation<'_>, index: PrincipalIdx, next: &NextRoles) -> AccessPath {
    let arn = |index| principal(generation, index).map(|(arn, _)| arn);
    let mut roles = Vec::new();
    let mut at = next.get(&index).copied().flatten();
    while let Some(role) = at {
        roles.extend(arn(role));
        at = next.get(&role).copied().flatten();
    }
    AccessPath {
        arn: arn(index).unwrap_or_default(),
        roles,
    }
}
