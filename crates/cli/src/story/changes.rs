//! What would have to change for a request to be allowed. Nothing is guessed: policies are changed one
//! after the other, and the request is decided again, until it is allowed.

use bumpalo::Bump;
use portcullis_model::{Caller, Decision, Effect, Layer, PolicyKind, Request};
use portcullis_syntax::ast::Document;
use portcullis_syntax::policy::{ReadOptions, parse_policy};
use portcullis_syntax::{Policy, PolicySets};
use portcullis_vm::{Explanation, StatementReport};
use serde_json::json;

use crate::engine::{Engine, Policies};
use crate::story::resource_policies::has_resource_policy;

/// What one policy set would have to say.
#[derive(Clone, Debug)]
pub(crate) enum Need {
    /// These statements deny, and would have to not match.
    NoDeny(Vec<StatementReport>),
    /// A statement would have to allow. Instead of that, the policy of the resource could name the
    /// caller, if `or_resource` is true.
    Allow { or_resource: bool },
    /// The resource policy would have to allow, and the resource is of a kind that has none (`XACC-5`).
    NoSuchPolicy,
}

/// All that would have to change, in this order.
#[derive(Clone, Debug)]
pub(crate) struct Changes {
    pub(crate) needs: Vec<(Layer, Need)>,
    /// With these changes the request is allowed, which was tried. Otherwise they are the first of what
    /// is needed: the policies themselves are not at hand, or no policy can allow the request.
    pub(crate) suffices: bool,
    /// The policies were at hand.
    pub(crate) was_tried: bool,
}

impl Changes {
    /// What is needed beside what an explanation says, as far as that alone can tell.
    pub(crate) fn of_explanation(explanation: &Explanation, request: &Request<'_>) -> Changes {
        let needs = explanation.outcome.layers().map(|layer| {
            let need = first(explanation, layer);
            let has_none = layer == Layer::Resource && !has_resource_policy(request);
            match need {
                Need::Allow { .. } if has_none => (layer, Need::NoSuchPolicy),
                need => (layer, need),
            }
        });
        Changes {
            needs: needs.collect(),
            suffices: explanation.outcome.is_allow(),
            was_tried: false,
        }
    }

    /// Tries what would allow a request that these policies do not.
    pub(crate) fn of_policies<'a>(
        sets: &PolicySets<'a>,
        request: &Request<'a>,
        arena: &'a Bump,
    ) -> Result<Changes, String> {
        // Every set can lack an Allow once, after all that deny are gone at once.
        const ROUNDS: usize = 4 + 2 * Layer::MAX_LEVELS as usize + 2;
        let mut sets = sets.clone();
        let mut changes = Changes {
            needs: Vec::new(),
            suffices: false,
            was_tried: true,
        };
        for _ in 0..ROUNDS {
            let explanation = decided(&sets, request)?;
            let outcome = explanation.outcome;
            if outcome.is_allow() {
                changes.suffices = true;
                return Ok(changes);
            }
            let layers: Vec<Layer> = outcome.layers().collect();
            let is_repeated = changes.needs.iter().any(|(own, need)| {
                layers.contains(own)
                    && matches!(need, Need::NoDeny(_))
                        == (outcome.decision() != Decision::ImplicitDeny)
            });
            if is_repeated || layers.is_empty() {
                return Ok(changes);
            }
            for layer in layers {
                let mut need = first(&explanation, layer);
                let can_have_policy = sets.resource.is_some() || has_resource_policy(request);
                if layer == Layer::Resource
                    && matches!(need, Need::Allow { .. })
                    && !can_have_policy
                {
                    changes.needs.push((layer, Need::NoSuchPolicy));
                    return Ok(changes);
                }
                match &mut need {
                    Need::NoSuchPolicy => {}
                    Need::NoDeny(statements) => remove(&mut sets, layer, statements, arena),
                    Need::Allow { or_resource } => {
                        if layer == Layer::Identity && can_have_policy {
                            let mut other = sets.clone();
                            let is_added = add_allow(&mut other, Layer::Resource, request, arena);
                            *or_resource = is_added && decided(&other, request)?.outcome.is_allow();
                        }
                        if !add_allow(&mut sets, layer, request, arena) {
                            changes.needs.push((layer, need));
                            return Ok(changes);
                        }
                    }
                }
                changes.needs.push((layer, need));
            }
        }
        Ok(changes)
    }
}

fn decided(sets: &PolicySets<'_>, request: &Request<'_>) -> Result<Explanation, String> {
    let policies = Policies::new(Engine::Vm, sets, true)?;
    policies.explain(request, &mut portcullis_vm::Scratch::new())
}

/// What a set that made a decision would have to say.
fn first(explanation: &Explanation, layer: Layer) -> Need {
    // Behind an access point there is a bucket, with a set of the same layer.
    let own = explanation.layers.iter().filter(|own| own.layer == layer);
    let denying = own.flat_map(|own| &own.statements);
    let denying: Vec<StatementReport> = denying
        .filter(|own| own.is_match() && own.effect == Effect::Deny)
        .cloned()
        .collect();
    match explanation.outcome.decision() {
        Decision::ExplicitDeny => Need::NoDeny(denying),
        _ => Need::Allow { or_resource: false },
    }
}

/// A set of policies that takes part in a decision.
fn set_of<'s, 'a>(sets: &'s mut PolicySets<'a>, layer: Layer) -> Option<&'s mut Vec<Policy<'a>>> {
    match layer {
        Layer::Identity => Some(&mut sets.identity),
        Layer::Boundary => Some(sets.boundary.get_or_insert_default()),
        Layer::Session => Some(sets.session.get_or_insert_default()),
        Layer::Resource => Some(sets.resource.get_or_insert_default()),
        Layer::VpcEndpoint => Some(sets.vpc_endpoint.get_or_insert_default()),
        Layer::Scp(level) => sets.scps.get_mut(usize::from(level)),
        Layer::Rcp(level) => sets.rcps.get_mut(usize::from(level)),
    }
}

/// Takes statements out of a set.
fn remove<'a>(
    sets: &mut PolicySets<'a>,
    layer: Layer,
    statements: &[StatementReport],
    arena: &'a Bump,
) {
    let behind = of_bucket(sets, layer).map_or_else(Vec::new, std::mem::take);
    let count = behind.len();
    let Some(set) = set_of(sets, layer) else {
        return;
    };
    // The policies of the bucket go through the same hands.
    set.extend(behind);
    for policy in set.iter_mut() {
        let is_gone = |index: usize| {
            let mut named = statements.iter();
            named.any(|own| {
                (own.policy.as_str(), own.file.as_str()) == (policy.name, policy.file)
                    && own.index as usize == index
            })
        };
        let own = policy.document.statements.iter().enumerate();
        let left: Vec<_> = own
            .filter(|(index, own)| !(own.effect == Effect::Deny && is_gone(*index)))
            .map(|(_, own)| *own)
            .collect();
        policy.document = Document {
            statements: arena.alloc_slice_copy(&left),
            ..policy.document
        };
    }
    let behind = set.split_off(set.len() - count);
    if let Some(own) = of_bucket(sets, layer) {
        *own = behind;
    }
}

/// The set of the bucket behind an access point that stands beside one of the access point (`S3-6`).
fn of_bucket<'s, 'a>(
    sets: &'s mut PolicySets<'a>,
    layer: Layer,
) -> Option<&'s mut Vec<Policy<'a>>> {
    let bucket = sets.bucket.as_mut()?;
    match layer {
        Layer::Resource => bucket.policy.as_mut(),
        Layer::Rcp(level) => bucket.rcps.get_mut(usize::from(level)),
        _ => None,
    }
}

/// Adds a statement that allows the request; false if that cannot be said in such a set.
fn add_allow<'a>(
    sets: &mut PolicySets<'a>,
    layer: Layer,
    request: &Request<'_>,
    arena: &'a Bump,
) -> bool {
    let (kind, principal) = match layer {
        Layer::Identity => (PolicyKind::Identity, None),
        Layer::Boundary => (PolicyKind::Boundary, None),
        Layer::Session => (PolicyKind::Session, None),
        Layer::Scp(_) => (PolicyKind::Scp, None),
        Layer::VpcEndpoint => (PolicyKind::VpcEndpoint, Some(json!("*"))),
        Layer::Resource => (PolicyKind::Resource, Some(named(&request.principal.caller))),
        // RCPFullAWSAccess is attached everywhere (GRAM-61).
        Layer::Rcp(_) => return false,
    };
    let mut statement = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
    if let (Some(principal), Some(object)) = (principal, statement.as_object_mut()) {
        object.insert("Principal".to_string(), principal);
    }
    let document = json!({ "Version": "2012-10-17", "Statement": statement });
    let text = arena.alloc_str(&document.to_string());
    let Some(document) = parse_policy(text, ReadOptions::new(kind), arena).0 else {
        return false;
    };
    let policy = Policy {
        name: "",
        file: "",
        text,
        document,
    };
    if let (Layer::Resource, Some(bucket)) = (layer, &mut sets.bucket) {
        bucket.policy.get_or_insert_default().push(policy);
    }
    let set = set_of(sets, layer);
    set.map(|set| set.push(policy)).is_some()
}

/// The entry of a resource policy that names a caller: the role, rather than its session.
fn named(caller: &Caller<'_>) -> serde_json::Value {
    match caller {
        Caller::Anonymous => json!("*"),
        Caller::Service { name } => json!({ "Service": name }),
        Caller::Federated { provider } => json!({ "Federated": provider }),
        Caller::CanonicalUser { id } => json!({ "CanonicalUser": id }),
        Caller::Role { role_arn, .. } => json!({ "AWS": role_arn }),
        Caller::Root { arn }
        | Caller::User { arn }
        | Caller::FederatedUser { arn, .. }
        | Caller::OriginAccessIdentity { arn } => json!({ "AWS": arn }),
    }
}
