//! Adapter: cedar-policy.
//!
//! One policy set a layer, joined by the code a host would write. The usual variant decides requests
//! that were built before the clock started; `strings` builds each from texts.

mod translate;

use std::process::ExitCode;
use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request, RestrictedExpression,
};
use engine_shared::{Answer, Bench, Failure, Workload, broken, join, run};

fn main() -> ExitCode {
    run(adapter)
}

fn uid(kind: &str, id: &str) -> Result<EntityUid, Failure> {
    let quoted = serde_json::Value::from(id).to_string();
    EntityUid::from_str(&format!("{kind}::{quoted}")).map_err(broken)
}

/// Everything a request needs, from texts.
fn request(
    given: &engine_shared::Request,
    keys: &translate::Keys,
    resource: &EntityUid,
) -> Result<Request, Failure> {
    let mut pairs = vec![
        (
            "arn".to_string(),
            RestrictedExpression::new_string(given.resource.clone()),
        ),
        (
            "caller".to_string(),
            RestrictedExpression::new_string(given.principal.clone()),
        ),
    ];
    for ((key, values), is_list) in given.context.iter().zip(&given.is_list) {
        for (name, value) in keys.values(key, values, *is_list)? {
            pairs.push((name, value));
        }
    }
    let context = Context::from_pairs(pairs).map_err(broken)?;
    let principal = uid("User", &given.principal)?;
    let action = uid("Action", &given.action)?;
    Request::new(principal, action, resource.clone(), context, None).map_err(broken)
}

fn adapter(workload: &Workload, mut bench: Bench) -> Result<(), Failure> {
    let layers = workload.layers();
    let keys = translate::Keys::of(workload)?;
    let texts: Vec<String> = layers
        .iter()
        .map(|layer| translate::policies(workload, layer))
        .collect::<Result<_, _>>()?;
    let actions = translate::entities(workload)?;
    let (sets, entities) = bench.load(|| {
        let sets = texts
            .iter()
            .map(|text| PolicySet::from_str(text).map_err(broken));
        let entities = Entities::from_json_value(actions, None).map_err(broken)?;
        Ok((sets.collect::<Result<Vec<_>, _>>()?, entities))
    })?;
    drop(texts);
    let authorizer = Authorizer::new();
    let resource = uid("Resource", "any")?;
    let decide = |request: &Request| {
        join(&layers, |layer| {
            let response = authorizer.is_authorized(request, &sets[layer], &entities);
            // Cedar names the policies that determined the answer: a denial without reasons is
            // that nothing permits.
            match response.decision() {
                Decision::Allow => Answer::Allow,
                Decision::Deny if response.diagnostics().reason().next().is_some() => {
                    Answer::ExplicitDeny
                }
                Decision::Deny => Answer::ImplicitDeny,
            }
        })
    };
    if bench.variant() == "strings" {
        return bench.run(workload.requests.len(), |index| {
            match request(&workload.requests[index], &keys, &resource) {
                Ok(request) => decide(&request),
                Err(_) => Answer::Deny,
            }
        });
    }
    let requests = workload
        .requests
        .iter()
        .map(|given| request(given, &keys, &resource));
    let requests: Vec<Request> = requests.collect::<Result<_, _>>()?;
    bench.run(requests.len(), |index| decide(&requests[index]))
}
