//! `bench`: how long a decision takes.

use std::hint::black_box;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::Instant;

use bumpalo::Bump;
use clap::Args;
use portcullis::{Authorizer, Query, Ready, Scratch, Value};
use portcullis_model::{Decision, Request, is_account_id};
use portcullis_scenario::Options;
use serde_json::json;

use crate::engine::image;
use crate::failure::Failure;
use crate::output::{Output, display_name, open, reason};
use crate::scenarios::load;

const EXAMPLES: &str = "\
Examples:
  portcullis bench scenario.json
  portcullis bench scenario.json --iterations 10000000
  portcullis bench scenario.json --from-strings
  portcullis bench scenario.json --prepared

Output, one line:
  {\"decisions\":1000000,\"ns_per_decision\":71.3,\"allocations_per_decision\":0.0,\"wrong\":0}";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BenchArgs {
    /// Scenarios whose requests are decided in turn; `-` is standard input
    #[arg(value_name = "SCENARIO-FILE")]
    file: PathBuf,
    /// How many decisions to make
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    iterations: u64,
    /// Decide each request from its strings, as a host has them
    #[arg(long, conflicts_with = "prepared")]
    from_strings: bool,
    /// Decide each request by what a host prepares: call sites with their values as numbers, instants and addresses,
    /// and resolved principals
    #[arg(long)]
    prepared: bool,
    /// With --prepared, all values as texts
    #[arg(long, requires = "prepared")]
    texts: bool,
}

/// A request with the authorizer that decides it.
struct Case<'a> {
    authorizer: usize,
    request: Request<'a>,
    expect: Option<Decision>,
}

/// How often memory has been asked for, as the program's allocator knows.
static ALLOCATIONS: OnceLock<fn() -> u64> = OnceLock::new();

fn allocations() -> u64 {
    ALLOCATIONS.get().map_or(0, |count| count())
}

pub(crate) fn run(args: &BenchArgs, count: fn() -> u64) -> Result<ExitCode, Failure> {
    ALLOCATIONS.get_or_init(|| count);
    let name = display_name(&args.file);
    let mut records = portcullis_source::Records::new(open(&args.file)?);
    let arena = Bump::new();
    let mut authorizers: Vec<Authorizer> = Vec::new();
    let mut cases: Vec<Case<'_>> = Vec::new();
    let mut bytes = Vec::new();
    while let Some(start) = records
        .next_into(&mut bytes)
        .map_err(|error| crate::output::cannot_read(&args.file, &reason(&error)))?
    {
        let bytes: &[u8] = arena.alloc_slice_copy(&bytes);
        let loaded = load(&name, bytes, start, Options::default(), &arena);
        let scenarios = loaded
            .scenarios
            .map_err(|problems| Failure::problems(&problems))?;
        for scenario in scenarios {
            if !scenario.problems.is_empty() {
                return Err(Failure::problems(&scenario.problems));
            }
            let image = image(&scenario.policies, false).map_err(Failure::new)?;
            authorizers.push(Authorizer::new([image]));
            for case in scenario.cases {
                let Some(request) = case.request else {
                    return Err(Failure::problems(&case.problems));
                };
                cases.push(Case {
                    authorizer: authorizers.len() - 1,
                    request,
                    expect: case.expect,
                });
            }
        }
    }
    if cases.is_empty() {
        return Err(Failure::new(format_args!("{name}: no request to decide")));
    }
    let (measured, wrong) = match (args.from_strings, args.prepared) {
        (true, _) => by_strings(&authorizers, &cases, args.iterations),
        (_, true) => by_sites(&authorizers, &cases, args.texts, args.iterations),
        _ => by_ready(&authorizers, &cases, args.iterations),
    };
    let per_decision = |total: f64| total / (args.iterations.max(1) as f64);
    let line = json!({
        "decisions": args.iterations,
        "ns_per_decision": per_decision(measured.nanoseconds),
        "allocations_per_decision": per_decision(measured.allocations as f64),
        "wrong": wrong,
    });
    let mut output = Output::new();
    output.line(&line.to_string())?;
    output.finish()?;
    Ok(ExitCode::SUCCESS)
}

struct Measured {
    nanoseconds: f64,
    allocations: u64,
}

fn measure(work: impl FnOnce()) -> Measured {
    let before = allocations();
    let start = Instant::now();
    work();
    Measured {
        nanoseconds: start.elapsed().as_secs_f64() * 1e9,
        allocations: allocations() - before,
    }
}

/// How many of some decisions are not as expected.
fn wrong(cases: &[Case<'_>], decisions: impl Iterator<Item = Decision>) -> usize {
    let pairs = cases.iter().zip(decisions);
    let is_wrong = |(case, decision): &(&Case<'_>, Decision)| {
        case.expect.is_some_and(|expect| expect != *decision)
    };
    pairs.filter(is_wrong).count()
}

/// The context of a request as pairs of a name and a value.
fn pairs<'a>(request: &Request<'a>, is_native: bool) -> Vec<(&'a str, Value<'a>)> {
    let entries = request.context.iter();
    entries
        .map(|entry| {
            let value = match entry.values {
                [] => Value::Absent,
                // Accounts are texts that look like numbers.
                [text] if is_native && !is_account_id(text) => Value::of_text(text),
                [text] => Value::Text(text),
                texts => Value::Texts(texts),
            };
            (entry.key, value)
        })
        .collect()
}

// Not inlined, so that callgrind can be told to count what is spent in it.
#[inline(never)]
fn decide_ready(cases: &[Ready<'_>], decisions: u64) -> Measured {
    measure(|| {
        let mut turn = cases.iter().cycle();
        for _ in 0..decisions {
            if let Some(request) = turn.next() {
                let _ = black_box(black_box(request).decide());
            }
        }
    })
}

fn by_ready(authorizers: &[Authorizer], cases: &[Case<'_>], decisions: u64) -> (Measured, usize) {
    let queries: Vec<Query<'_>> = cases
        .iter()
        .map(|case| Query::from(&case.request))
        .collect();
    let mut memory: Vec<Scratch> = cases.iter().map(|_| Scratch::new()).collect();
    let ready: Vec<Ready<'_>> = cases
        .iter()
        .zip(queries.iter().zip(&mut memory))
        .filter_map(|(case, (query, scratch))| {
            Some(authorizers.get(case.authorizer)?.ready(scratch, query))
        })
        .collect();
    let wrong = wrong(cases, ready.iter().map(|own| own.decide().decision()));
    (decide_ready(&ready, decisions), wrong)
}

#[inline(never)]
fn decide_queries(cases: &[(&Authorizer, Query<'_>)], decisions: u64) -> (Measured, Vec<Decision>) {
    let mut scratch = Scratch::new();
    // The memory that the largest request needs is there before the measurement.
    let first = cases
        .iter()
        .map(|(authorizer, query)| authorizer.decide_with(&mut scratch, query).decision())
        .collect();
    let measured = queries(cases, &mut scratch, decisions);
    (measured, first)
}

// Not inlined, so that callgrind can be told to count what is spent in it.
#[inline(never)]
fn queries(cases: &[(&Authorizer, Query<'_>)], scratch: &mut Scratch, decisions: u64) -> Measured {
    measure(|| {
        let mut turn = cases.iter().cycle();
        for _ in 0..decisions {
            if let Some((authorizer, query)) = turn.next() {
                let _ = black_box(authorizer.decide_with(scratch, black_box(query)));
            }
        }
    })
}

fn by_strings(authorizers: &[Authorizer], cases: &[Case<'_>], decisions: u64) -> (Measured, usize) {
    let contexts: Vec<_> = cases
        .iter()
        .map(|case| pairs(&case.request, false))
        .collect();
    let asked: Vec<_> = cases
        .iter()
        .zip(&contexts)
        .filter_map(|(case, context)| {
            let own = Query::from(&case.request).context(context);
            Some((authorizers.get(case.authorizer)?, own))
        })
        .collect();
    let (measured, first) = decide_queries(&asked, decisions);
    (measured, wrong(cases, first.into_iter()))
}

fn by_sites(
    authorizers: &[Authorizer],
    cases: &[Case<'_>],
    is_texts: bool,
    decisions: u64,
) -> (Measured, usize) {
    let prepared: Vec<_> = cases
        .iter()
        .filter_map(|case| {
            let authorizer = authorizers.get(case.authorizer)?;
            let (names, values): (Vec<_>, Vec<_>) =
                pairs(&case.request, !is_texts).into_iter().unzip();
            let site = authorizer.prepare(case.request.action, &names);
            let principal = authorizer.resolve(case.request.principal.into());
            Some((authorizer, site, values, principal))
        })
        .collect();
    let asked: Vec<_> = cases
        .iter()
        .zip(&prepared)
        .map(|(case, (authorizer, site, values, principal))| {
            let asked = &case.request;
            let own = Query::at(site, values, principal, asked.resource)
                .owner(asked.resource_account)
                .restrict_public_buckets(asked.restrict_public_buckets)
                .external_grant(asked.external_grant);
            (*authorizer, own)
        })
        .collect();
    let (measured, first) = decide_queries(&asked, decisions);
    (measured, wrong(cases, first.into_iter()))
}
