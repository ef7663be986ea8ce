//! Adapter: portcullis, compiled images.
//!
//! The usual variant decides requests that were filled before the clock started (names resolved,
//! values parsed, the target split); `names` has resolved only names and fills values and target within
//! the measurement; `strings` fills everything from texts, into a request whose memory is reused.
//!
//! `one-image-a-layer` has an image for each layer, where the usual variant has one for all. Where callers have
//! different policies there is an image for each caller, and with `one-image-a-policy` one for each policy, which
//! the callers share. `two-threads` has two threads decide at once, which share the image.

use std::process::ExitCode;

use engine_shared::{
    Answer, Bench, Failure, Layer, Request, Workload, broken, run_account, unsupported,
};
use portcullis::{Authorizer, Decision, Image, PolicySet, Principal, Target};
use portcullis_model::{Caller, ContextEntry};

fn main() -> ExitCode {
    run_account(adapter)
}

/// The policies that are wanted, by number and layer.
fn policies(workload: &Workload, is_wanted: impl Fn(usize, &Layer) -> bool) -> PolicySet {
    let mut set = PolicySet::new();
    for (number, (layer, text)) in workload.policies.iter().enumerate() {
        if !is_wanted(number, layer) {
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

type Bytes = Vec<u8>;

/// Compiles a set for each image.
fn compile(sets: &[PolicySet]) -> Result<Vec<Image<Bytes>>, Failure> {
    sets.iter()
        .map(|set| set.compile().map_err(broken))
        .collect()
}

fn adapter(workload: &Workload, mut bench: Bench) -> Result<(), Failure> {
    if bench.variant() == "one-image-a-policy" {
        return one_image_a_policy(workload, bench);
    }
    let sets: Vec<PolicySet> = match bench.variant() {
        "one-image-a-layer" => (workload.layers().iter())
            .map(|layer| policies(workload, |_, own| own == layer))
            .collect(),
        _ if workload.attached.is_empty() => vec![policies(workload, |_, _| true)],
        _ => (workload.attached.iter())
            .map(|(_, own)| policies(workload, |number, _| own.contains(&number)))
            .collect(),
    };
    let authorizers: Vec<Authorizer> = bench.load(|| {
        let images = compile(&sets)?;
        Ok(match workload.attached.is_empty() {
            true => vec![Authorizer::new(images)],
            false => images
                .into_iter()
                .map(|image| Authorizer::new([image]))
                .collect(),
        })
    })?;
    drop(sets);
    decide(workload, bench, &authorizers)
}

/// Every policy is compiled once, and each caller's authorizer borrows those that are attached to it.
fn one_image_a_policy(workload: &Workload, mut bench: Bench) -> Result<(), Failure> {
    let sets: Vec<PolicySet> = (0..workload.policies.len())
        .map(|only| policies(workload, |number, _| number == only))
        .collect();
    let images = bench.load(|| compile(&sets))?;
    drop(sets);
    let views: Result<Vec<_>, _> = (images.iter())
        .map(|image| Image::from_bytes(image.as_bytes()).map_err(broken))
        .collect();
    let views = views?;
    let authorizers: Vec<_> = (workload.attached.iter())
        .map(|(_, own)| {
            Authorizer::new(own.iter().filter_map(|policy| views.get(*policy).cloned()))
        })
        .collect();
    if authorizers.is_empty() {
        return Err(unsupported("the policies are not attached to callers"));
    }
    decide(workload, bench, &authorizers)
}

fn decide<D: AsRef<[u8]> + Clone + Sync + Send>(
    workload: &Workload,
    bench: Bench,
    authorizers: &[Authorizer<D>],
) -> Result<(), Failure> {
    // Which authorizer is of which request.
    let of = match workload.attached.is_empty() {
        true => vec![0; workload.requests.len()],
        false => workload.callers()?,
    };
    match bench.variant() {
        "strings" => return from_strings(workload, bench, authorizers, &of),
        "names" => return from_names(workload, bench, authorizers, &of),
        _ => {}
    }
    let mut filled = Vec::with_capacity(workload.requests.len());
    for (request, of) in workload.requests.iter().zip(&of) {
        let mut one = authorizers[*of].request();
        fill(&mut one, &authorizers[*of], request)?;
        filled.push(one);
    }
    if bench.variant() == "two-threads" {
        // Each thread has requests of its own, as in a server.
        let threads = vec![decider(filled.clone()), decider(filled)];
        return bench.run_threads(of.len(), threads);
    }
    bench.run(filled.len(), |index| {
        answer(filled[index].decide().decision())
    })
}

fn fill<D: AsRef<[u8]>>(
    filled: &mut portcullis::Request<'_, D>,
    authorizer: &Authorizer<D>,
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

fn decider<D: AsRef<[u8]>>(filled: Vec<portcullis::Request<'_, D>>) -> impl FnMut(usize) -> Answer {
    move |index| answer(filled[index].decide().decision())
}

/// Everything from texts: the caller's ARN is read, every name looked up, every value parsed.
fn from_strings<D: AsRef<[u8]>>(
    workload: &Workload,
    bench: Bench,
    authorizers: &[Authorizer<D>],
    of: &[usize],
) -> Result<(), Failure> {
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
    let mut filled: Vec<_> = authorizers.iter().map(Authorizer::request).collect();
    bench.run(contexts.len(), |index| {
        let filled = &mut filled[of[index]];
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
fn from_names<D: AsRef<[u8]>>(
    workload: &Workload,
    bench: Bench,
    authorizers: &[Authorizer<D>],
    of: &[usize],
) -> Result<(), Failure> {
    let mut prepared = Vec::with_capacity(workload.requests.len());
    for (request, of) in workload.requests.iter().zip(of) {
        let authorizer = &authorizers[*of];
        let principal = Principal::from_arn(&request.principal).map_err(broken)?;
        let context = request.context.iter();
        let keys = context.map(|(key, values)| (authorizer.key(key), borrow(values)));
        prepared.push((
            authorizer.action(&request.action),
            keys.collect::<Vec<_>>(),
            authorizer.principal(principal),
        ));
    }
    let mut filled: Vec<_> = authorizers.iter().map(Authorizer::request).collect();
    bench.run(prepared.len(), |index| {
        let filled = &mut filled[of[index]];
        let (action, keys, principal) = &prepared[index];
        filled.begin(action);
        for (key, values) in keys {
            filled.set(key, values);
        }
        filled.finish(principal, &target(&workload.requests[index]));
        answer(filled.decide().decision())
    })
}
