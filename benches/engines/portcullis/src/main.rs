//! Adapter: portcullis, compiled images.
//!
//! `strings` decides each request from its texts; `prepared` has prepared call sites and resolved principals, and gets
//! values as texts; `values` is the same with values as numbers, instants and addresses, where a host has them. The usual variant decides requests that were looked up before the clock started, which no host can:
//! it shows what the policies cost.
//!
//! `one-image-a-layer` has an image for each layer, where the usual variant has one for all. Where callers have
//! different policies there is an image for each caller, and with `one-image-a-policy` one for each policy, which
//! the callers share. `two-threads` has two threads decide at once, which share the image.

use std::process::ExitCode;

use engine_shared::{Answer, Bench, Failure, Layer, Workload, broken, run_account, unsupported};
use portcullis::{
    Authorizer, Caller, Decision, Image, PolicySet, Principal, Query, Ready, Scratch, Value,
};
use portcullis_model::is_account_id;

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
        "strings" => from_strings(workload, bench, authorizers, &of, true),
        "first" => from_strings(workload, bench, authorizers, &of, false),
        "prepared" => prepared(workload, bench, authorizers, &of, value),
        "values" => prepared(workload, bench, authorizers, &of, typed),
        _ => looked_up(workload, bench, authorizers, &of),
    }
}

/// The context of each request, as texts.
type Texts<'w> = Vec<Vec<(&'w str, Vec<&'w str>)>>;

fn texts(workload: &Workload) -> Texts<'_> {
    let requests = workload.requests.iter();
    requests
        .map(|request| {
            let context = request.context.iter();
            context
                .map(|(key, values)| (key.as_str(), values.iter().map(String::as_str).collect()))
                .collect()
        })
        .collect()
}

/// The values of a key.
fn value<'v>(values: &'v [&'v str]) -> Value<'v> {
    match values {
        [value] => Value::Text(value),
        values => Value::Texts(values),
    }
}

/// The values of a key, as what they are rather than as texts.
fn typed<'v>(values: &'v [&'v str]) -> Value<'v> {
    match values {
        // Accounts are texts that look like numbers.
        [text] if !is_account_id(text) => Value::of_text(text),
        _ => value(values),
    }
}

/// The same as values.
fn contexts<'t>(texts: &'t Texts<'_>) -> Vec<Vec<(&'t str, Value<'t>)>> {
    let requests = texts.iter().map(|texts| texts.iter());
    requests
        .map(|texts| texts.map(|(key, own)| (*key, value(own))).collect())
        .collect()
}

/// Looked up before the clock started.
fn looked_up<D: AsRef<[u8]> + Sync + Send>(
    workload: &Workload,
    bench: Bench,
    authorizers: &[Authorizer<D>],
    of: &[usize],
) -> Result<(), Failure> {
    let texts = texts(workload);
    let contexts = contexts(&texts);
    let mut callers = Vec::with_capacity(of.len());
    for request in &workload.requests {
        callers.push(Principal::from_arn(&request.principal).map_err(broken)?);
    }
    let queries: Vec<Query<'_>> = (workload.requests.iter().zip(&callers).zip(&contexts))
        .map(|((request, caller), context)| {
            Query::new(caller, &request.action, &request.resource).context(context)
        })
        .collect();
    if bench.variant() == "two-threads" {
        // Each thread has memory of its own, as in a server.
        let thread = || {
            let (queries, mut scratch) = (&queries, Scratch::new());
            move |index: usize| {
                let outcome = authorizers[of[index]].decide_with(&mut scratch, &queries[index]);
                answer(outcome.decision())
            }
        };
        return bench.run_threads(of.len(), vec![thread(), thread()]);
    }
    let mut memory: Vec<Scratch> = of.iter().map(|_| Scratch::new()).collect();
    let ready: Vec<Ready<'_, D>> = (queries.iter().zip(of).zip(&mut memory))
        .map(|((query, of), scratch)| authorizers[*of].ready(scratch, query))
        .collect();
    bench.run(of.len(), |index| answer(ready[index].decide().decision()))
}

/// Everything from texts: the caller's ARN is read, every name looked up, every value read. If nothing is remembered, each
/// request comes to memory that has seen none, as that of a new thread, which is allocated.
fn from_strings<D: AsRef<[u8]>>(
    workload: &Workload,
    bench: Bench,
    authorizers: &[Authorizer<D>],
    of: &[usize],
    remembers: bool,
) -> Result<(), Failure> {
    let texts = texts(workload);
    let contexts = contexts(&texts);
    let mut scratch = Scratch::new();
    bench.run(contexts.len(), |index| {
        let given = &workload.requests[index];
        let Ok(caller) = Caller::from_arn(&given.principal) else {
            return Answer::Deny;
        };
        if !remembers {
            scratch = Scratch::new();
        }
        let query = Query::new(caller, &given.action, &given.resource).context(&contexts[index]);
        let outcome = authorizers[of[index]].decide_with(&mut scratch, &query);
        answer(outcome.decision())
    })
}

/// By call sites and resolved principals, as a host has them that always asks for the same actions and keys; values
/// and resources come anew with each request.
fn prepared<D: AsRef<[u8]>>(
    workload: &Workload,
    bench: Bench,
    authorizers: &[Authorizer<D>],
    of: &[usize],
    value: for<'v> fn(&'v [&'v str]) -> Value<'v>,
) -> Result<(), Failure> {
    let texts = texts(workload);
    let mut prepared = Vec::with_capacity(workload.requests.len());
    for ((request, of), texts) in workload.requests.iter().zip(of).zip(&texts) {
        let authorizer = &authorizers[*of];
        let principal = Principal::from_arn(&request.principal).map_err(broken)?;
        let (names, values): (Vec<&str>, Vec<Value<'_>>) =
            texts.iter().map(|(key, own)| (*key, value(own))).unzip();
        prepared.push((
            authorizer.prepare(&request.action, &names),
            authorizer.resolve(principal),
            values,
        ));
    }
    let mut scratch = Scratch::new();
    bench.run(prepared.len(), |index| {
        let (site, principal, values) = &prepared[index];
        let query = Query::at(site, values, principal, &workload.requests[index].resource);
        let outcome = authorizers[of[index]].decide_with(&mut scratch, &query);
        answer(outcome.decision())
    })
}
