//! Adapter: portcullis, compiled images.
//!
//! The usual variant decides requests that were filled before the clock started (names resolved,
//! values parsed, the target split); `names` has resolved only names and fills values and target within
//! the measurement; `strings` fills everything from texts, into a request whose memory is reused. `one-image-a-layer` has an image for each layer.

use std::process::ExitCode;

use engine_shared::{Answer, Bench, Failure, Layer, Request, Workload, broken, run};
use portcullis::{Authorizer, Decision, PolicySet, Principal, Target};
use portcullis_model::{Caller, ContextEntry};

fn main() -> ExitCode {
    run(adapter)
}

fn policies(workload: &Workload, only: Option<&Layer>) -> PolicySet {
    let mut set = PolicySet::new();
    for (number, (layer, text)) in workload.policies.iter().enumerate() {
        if only.is_some_and(|only| only != layer) {
            continue;
        }
        let name = format!("{number}");
        set = match layer {
            Layer::Identity => set.identity(&name, text),
            Layer::Boundary => set.boundary(&name, text),
            Layer::Session => set.session(&name, text),
            Layer::Resource => set.resource(&name, text),
            Layer::Scp(level) => set.scp(*level as u8, &name, text),
        };
    }
    set
}

fn answer(decision: Decision) -> Answer {
    match decision {
        Decision::Allow => Answer::Allow,
        Decision::ExplicitDeny => Answer::ExplicitDeny,
        Decision::ImplicitDeny => Answer::ImplicitDeny,
    }
}

fn fill(
    filled: &mut portcullis::Request<'_>,
    authorizer: &Authorizer,
    request: &Request,
) -> Result<(), Failure> {
    let principal = Principal::from_arn(&request.principal).map_err(broken)?;
    filled.begin(&authorizer.action(&request.action));
    for (key, values) in &request.context {
        filled.set(&authorizer.key(key), &borrow(values));
    }
    filled.finish(&authorizer.principal(principal), &target(request));
    Ok(())
}

fn borrow(values: &[String]) -> Vec<&str> {
    values.iter().map(String::as_str).collect()
}

fn target(request: &Request) -> Target<'_> {
    Target::new(&request.resource)
}

fn adapter(workload: &Workload, mut bench: Bench) -> Result<(), Failure> {
    let sets: Vec<PolicySet> = match bench.variant() {
        "one-image-a-layer" => workload
            .layers()
            .iter()
            .map(|layer| policies(workload, Some(layer)))
            .collect(),
        _ => vec![policies(workload, None)],
    };
    let authorizer = bench.load(|| {
        let images = sets.iter().map(|set| set.compile().map_err(broken));
        Ok(Authorizer::new(images.collect::<Result<Vec<_>, _>>()?))
    })?;
    drop(sets);
    match bench.variant() {
        "strings" => return from_strings(workload, bench, &authorizer),
        "names" => return from_names(workload, bench, &authorizer),
        _ => {}
    }
    let mut filled = Vec::with_capacity(workload.requests.len());
    for request in &workload.requests {
        let mut one = authorizer.request();
        fill(&mut one, &authorizer, request)?;
        filled.push(one);
    }
    bench.run(filled.len(), |index| {
        answer(filled[index].decide().decision())
    })
}

/// Everything from texts: the caller's ARN is read, every name looked up, every value parsed.
fn from_strings(workload: &Workload, bench: Bench, authorizer: &Authorizer) -> Result<(), Failure> {
    let values: Vec<Vec<Vec<&str>>> = workload
        .requests
        .iter()
        .map(|request| {
            request
                .context
                .iter()
                .map(|(_, values)| borrow(values))
                .collect()
        })
        .collect();
    let contexts: Vec<Vec<ContextEntry<'_>>> = (workload.requests.iter().zip(&values))
        .map(|(request, values)| {
            let keys = request.context.iter().map(|(key, _)| key.as_str());
            keys.zip(values)
                .map(|(key, values)| ContextEntry { key, values })
                .collect()
        })
        .collect();
    let mut filled = authorizer.request();
    bench.run(contexts.len(), |index| {
        let given = &workload.requests[index];
        let Ok(caller) = Caller::from_arn(&given.principal) else {
            return Answer::Deny;
        };
        filled.fill_from(&portcullis_model::Request {
            principal: portcullis_model::Principal {
                caller,
                user_id: None,
                management_account: false,
            },
            action: &given.action,
            resource: &given.resource,
            resource_account: None,
            context: &contexts[index],
            restrict_public_buckets: false,
            external_grant: false,
        });
        answer(filled.decide().decision())
    })
}

/// Names are resolved once, as a host does that always asks for the same actions and keys; values
/// and targets come anew with each request.
fn from_names(workload: &Workload, bench: Bench, authorizer: &Authorizer) -> Result<(), Failure> {
    let mut prepared = Vec::with_capacity(workload.requests.len());
    for request in &workload.requests {
        let principal = Principal::from_arn(&request.principal).map_err(broken)?;
        let context = request.context.iter();
        let keys = context.map(|(key, values)| (authorizer.key(key), borrow(values)));
        prepared.push((
            authorizer.action(&request.action),
            keys.collect::<Vec<_>>(),
            authorizer.principal(principal),
        ));
    }
    let mut filled = authorizer.request();
    bench.run(prepared.len(), |index| {
        let (action, keys, principal) = &prepared[index];
        filled.begin(action);
        for (key, values) in keys {
            filled.set(key, values);
        }
        filled.finish(principal, &target(&workload.requests[index]));
        answer(filled.decide().decision())
    })
}
