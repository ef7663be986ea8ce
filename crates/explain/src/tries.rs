//! Tries what would allow a request: policies are changed one after the other, and the request is decided again, until it
//! is allowed.

use bumpalo::Bump;
use portcullis_model::{Caller, Decision, Effect, Layer, PolicyKind, Request};
use portcullis_syntax::ast::{
    Document, Entries, PrincipalEntry, PrincipalKind, Principals, Span, Statement, Text,
};
use portcullis_syntax::{Policy, PolicySets};
use portcullis_vm::{Explanation, StatementReport};

use crate::changes::{Changes, Need, first};
use crate::resource_policies::has_resource_policy;

impl Changes {
    /// Tries what would allow a request that these policies do not.
    pub fn of_policies<'a, E>(
        sets: &PolicySets<'a>,
        request: &Request<'_>,
        arena: &'a Bump,
        explain: &mut dyn FnMut(&PolicySets<'a>) -> Result<Explanation, E>,
    ) -> Result<Changes, E> {
        // Every set can lack an Allow once, after all that deny are gone at once.
        const ROUNDS: usize = 4 + 2 * Layer::MAX_LEVELS as usize + 2;
        let mut sets = sets.clone();
        let mut changes = Changes {
            needs: Vec::new(),
            suffices: false,
            was_tried: true,
        };
        for _ in 0..ROUNDS {
            let explanation = explain(&sets)?;
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
                            *or_resource = is_added && explain(&other)?.outcome.is_allow();
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
        Layer::VpcEndpoint => (
            PolicyKind::VpcEndpoint,
            Some(entry(PrincipalKind::Everyone, "*")),
        ),
        Layer::Resource => (
            PolicyKind::Resource,
            Some(named(&request.principal.caller, arena)),
        ),
        // RCPFullAWSAccess is attached everywhere (GRAM-61).
        Layer::Rcp(_) => return false,
    };
    let everything = |list| Entries {
        negated: false,
        list,
        span: Span::default(),
    };
    let all = arena.alloc_slice_copy(&[EVERYTHING]);
    let statement = Statement {
        sid: None,
        effect: Effect::Allow,
        principal: principal.map(|entry| Principals {
            negated: false,
            list: arena.alloc_slice_copy(&[entry]),
            span: Span::default(),
        }),
        action: everything(all),
        resource: Some(everything(all)),
        conditions: &[],
        span: Span::default(),
    };
    let policy = Policy {
        name: "",
        file: "",
        text: "",
        document: Document {
            kind,
            version: None,
            id: None,
            statements: arena.alloc_slice_copy(&[statement]),
            span: Span::default(),
        },
    };
    if let (Layer::Resource, Some(bucket)) = (layer, &mut sets.bucket) {
        bucket.policy.get_or_insert_default().push(policy);
    }
    let set = set_of(sets, layer);
    set.map(|set| set.push(policy)).is_some()
}

/// `*`.
const EVERYTHING: Text<'static> = Text {
    value: "*",
    span: Span { start: 0, end: 0 },
};

fn entry(kind: PrincipalKind, value: &str) -> PrincipalEntry<'_> {
    let span = Span::default();
    PrincipalEntry {
        kind,
        value: Text { value, span },
    }
}

/// The entry of a resource policy that names a caller: the role, rather than its session.
fn named<'a>(caller: &Caller<'_>, arena: &'a Bump) -> PrincipalEntry<'a> {
    let (kind, text) = match *caller {
        Caller::Anonymous => (PrincipalKind::Everyone, "*"),
        Caller::Service { name } => (PrincipalKind::Service, name),
        Caller::Federated { provider } => (PrincipalKind::Federated, provider),
        Caller::CanonicalUser { id } => (PrincipalKind::CanonicalUser, id),
        Caller::Role { role_arn, .. } => (PrincipalKind::Aws, role_arn),
        Caller::Root { arn }
        | Caller::User { arn }
        | Caller::FederatedUser { arn, .. }
        | Caller::OriginAccessIdentity { arn } => (PrincipalKind::Aws, arn),
    };
    entry(kind, arena.alloc_str(text))
}
