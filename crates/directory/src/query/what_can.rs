//! What one principal may do.
//!
//! There is no catalog of actions in decisions, so that the policies themselves say what to ask: every action and pattern that
//! takes part. A pattern stands for what it matches and nothing names more closely; it is asked as an action with a character
//! that no action has. Where two patterns cross, what both match is not asked.

use bumpalo::Bump;
use portcullis_model::{Decision, Principal, Request, check_action, split_arn};
use portcullis_syntax::PolicySets;

use crate::decide::completed::{CompletedRequest, complete_any_request, policies};
use crate::decide::memory::Requests;
use crate::decide::stack::decide;
use crate::error::{EngineError, RequestError};
use crate::plan::policies::Policies;
use crate::query::access::AccessQuery;
use crate::store::tables::Tables;
use portcullis_syntax::RequestPolicies;

/// What a principal may do to a resource, or may not: one action, or all that a pattern stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionDecision {
    /// An action, or a pattern as the policies have it: then what is decided is an action that matches
    /// the pattern and that no policy names more closely.
    pub action: String,
    /// The decision.
    pub decision: Decision,
    /// It is not allowed, although a pattern that matches it is.
    pub is_exception: bool,
}

/// Stands for what a wildcard leaves open. No action has it in its name.
const OPEN: char = '~';

/// What a caller may do to a resource: every action that a policy names which takes part in such a
/// request, in the order of their names. There is no catalogue of actions, so that patterns stand for
/// what they match; where two patterns cross, neither inside the other, what both match is not asked.
///
/// Only actions of the resource's own service are asked for, and for roles those of STS. For the
/// resource `*` those of all services are. If `named` has actions, these are asked for and no others.
///
/// # Errors
/// [`WhatCanError`] if the caller is unknown, a named action is none, or the directory is an image and no actions are named.
pub(crate) fn what_can(
    tables: &Tables,
    store: &Policies,
    caller: &Principal<'_>,
    query: AccessQuery<'_>,
    named: &[String],
) -> Result<Vec<ActionDecision>, WhatCanError> {
    let arena = Bump::new();
    let request = |action| Request {
        principal: *caller,
        action,
        resource: query.resource,
        resource_account: query.resource_account,
        context: query.context,
        restrict_public_buckets: false,
        external_grant: false,
    };
    let ask = |action| -> Result<CompletedRequest<'_>, RequestError> {
        complete_any_request(
            tables,
            store.id(),
            &request(action),
            RequestPolicies::default(),
            &arena,
        )
    };
    for action in named {
        check_action(action).map_err(RequestError::NoAction)?;
    }
    let mut actions = named.to_vec();
    let services = match named.is_empty() {
        true => services_of(query.resource),
        false => Vec::new(),
    };
    // The trust policy of a role takes part in requests to STS alone.
    for service in &services {
        let any = arena.alloc_str(&format!("{service}:{OPEN}"));
        let completed = ask(any)?;
        let sets = store
            .documents()
            .and_then(|documents| policies(tables, documents, &completed, &arena))
            .ok_or(WhatCanError::IsImage)?;
        collect(&sets, service, &mut actions);
    }
    if named.is_empty() {
        actions.sort_unstable();
    }
    let generation = store.generation(tables)?;
    let mut requests = Requests::default();
    let mut answers = Vec::with_capacity(actions.len());
    for action in actions {
        let member = arena.alloc_str(&action.replace(['*', '?'], "~"));
        let completed = ask(member)?;
        let outcome = decide(&mut requests, generation, &completed, store.has_debug())?;
        let decision = outcome.decision();
        answers.push(ActionDecision {
            action,
            decision,
            is_exception: false,
        });
    }
    let allowed: Vec<String> = answers
        .iter()
        .filter(|own| own.decision.is_allow())
        .map(|own| own.action.to_ascii_lowercase())
        .collect();
    for own in answers.iter_mut().filter(|own| !own.decision.is_allow()) {
        let action = own.action.to_ascii_lowercase();
        own.is_exception = allowed.iter().any(|wider| is_within(wider, &action));
    }
    Ok(answers)
}

/// The resources that the directory knows: those with a policy, tags or an owner, the objects of
/// buckets, roles, and `*`.
pub(crate) fn known_resources(tables: &Tables) -> Vec<String> {
    let mut all = vec!["*".to_string()];
    for resource in tables.resources().iter().filter(|own| !own.is_scope_entry) {
        let arn = tables.str(resource.arn);
        all.push(arn.to_string());
        let is_bucket =
            matches!(split_arn(arn), Some([_, _, "s3", "", "", rest]) if !rest.contains('/'));
        if is_bucket {
            all.push(format!("{arn}/{OPEN}"));
        }
    }
    let roles = tables.principals().iter().filter(|own| own.trust.is_some());
    all.extend(roles.map(|role| tables.arn(role.entity())));
    all.sort_unstable();
    all.dedup();
    all
}

/// Why it cannot be said what a caller may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhatCanError {
    /// The caller is not known.
    RequestError(RequestError),
    /// The policies are more than an image can hold.
    Engine(EngineError),
    /// The directory is an image, which does not hold policies as they are written.
    IsImage,
}

impl From<RequestError> for WhatCanError {
    fn from(refusal: RequestError) -> WhatCanError {
        WhatCanError::RequestError(refusal)
    }
}

impl From<EngineError> for WhatCanError {
    fn from(error: EngineError) -> WhatCanError {
        WhatCanError::Engine(error)
    }
}

impl std::fmt::Display for WhatCanError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            WhatCanError::RequestError(refusal) => refusal.fmt(f),
            WhatCanError::Engine(error) => error.fmt(f),
            WhatCanError::IsImage => f.write_str(
                "an image does not contain policies as they are written; give the folder, or name actions",
            ),
        }
    }
}

impl std::error::Error for WhatCanError {}

/// The prefixes of actions that a resource is asked about: the service in its ARN, for a role also `sts`, whose actions assume it;
/// `*` for all if it is no ARN.
fn services_of(resource: &str) -> Vec<&str> {
    match split_arn(resource) {
        Some([_, _, "iam", _, _, rest]) if rest.starts_with("role/") => vec!["iam", "sts"],
        Some([_, _, service, ..]) => vec![service],
        None => vec!["*"],
    }
}

/// The actions that policies name and that are of a service, in lower case where they are the same to
/// the rules (`MATCH-10`).
fn collect(sets: &PolicySets<'_>, service: &str, actions: &mut Vec<String>) {
    let optional = [
        &sets.boundary,
        &sets.session,
        &sets.resource,
        &sets.vpc_endpoint,
    ];
    let optional = optional.into_iter().flatten().flatten();
    let mut add = |action: String| {
        if !actions.iter().any(|own| own.eq_ignore_ascii_case(&action)) {
            actions.push(action);
        }
    };
    let chains = sets.scps.iter().chain(&sets.rcps).flatten();
    for policy in sets.identity.iter().chain(optional).chain(chains) {
        for statement in policy.document.statements {
            if statement.action.negated {
                // All but a few.
                add(format!("{service}:*"));
            }
            for entry in statement.action.list {
                let (prefix, name) = entry.value.split_once(':').unwrap_or(("*", "*"));
                let is_open = prefix.contains(['*', '?']);
                let action = match (is_open, service) {
                    (true, "*") => format!("*:{name}"),
                    (true, service) => format!("{service}:{name}"),
                    (false, "*") => entry.value.to_string(),
                    (false, service) if prefix.eq_ignore_ascii_case(service) => {
                        entry.value.to_string()
                    }
                    (false, _) => continue,
                };
                add(action);
            }
        }
    }
}

/// True if a pattern matches all that another matches, which is taken as a text. Goes back to the last star at most.
fn is_within(wider: &str, pattern: &str) -> bool {
    let (wider, text) = (wider.as_bytes(), pattern.as_bytes());
    let (mut at, mut of) = (0, 0);
    // Where the last star was, and how much of the text it stands for.
    let mut star: Option<(usize, usize)> = None;
    while let Some(own) = text.get(of) {
        match wider.get(at) {
            Some(b'*') => {
                star = Some((at, of));
                at += 1;
            }
            Some(b'?') if *own != b'*' => {
                at += 1;
                of += 1;
            }
            Some(wanted) if wanted == own => {
                at += 1;
                of += 1;
            }
            _ => match star {
                Some((back, taken)) => {
                    star = Some((back, taken + 1));
                    at = back + 1;
                    of = taken + 1;
                }
                None => return false,
            },
        }
    }
    wider
        .get(at..)
        .is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::is_within;

    #[test]
    fn patterns_are_within_wider_ones() {
        for (wider, pattern) in [
            ("s3:*", "s3:get*"),
            ("s3:get*", "s3:getobject"),
            ("s3:*object", "s3:get*object"),
            ("*:*", "s3:*"),
            ("s3:?et", "s3:get"),
            ("s3:*a*b*", "s3:xaybz"),
        ] {
            assert!(is_within(wider, pattern), "{wider} {pattern}");
        }
        for (wider, pattern) in [
            ("s3:get*", "s3:*"),
            ("s3:?et", "s3:*et"),
            ("s3:*object", "s3:objects"),
            ("s3:a", "s3:ab"),
            ("s3:ab", "s3:a"),
        ] {
            assert!(!is_within(wider, pattern), "{wider} {pattern}");
        }
    }
}
