//! `bench`: how long a decision takes.

use std::hint::black_box;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use bumpalo::Bump;
use clap::Args;
use portcullis_image::Image;
use portcullis_model::{Decision, Request};
use portcullis_scenario::Options;
use serde_json::json;

use crate::alloc;
use crate::engine::image;
use crate::failure::Failure;
use crate::output::{Output, display_name, open, reason};
use crate::scenarios::load;

const EXAMPLES: &str = "\
Examples:
  portcullis bench scenario.json
  portcullis bench scenario.json --iterations 10000000
  portcullis bench scenario.json --from-strings

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
    /// Prepare each request from its strings within the measurement
    #[arg(long)]
    from_strings: bool,
}

/// A request with the image that decides it.
struct Prepared<'a> {
    image: usize,
    request: Request<'a>,
    prepared: portcullis_vm::Request,
    expect: Option<Decision>,
}

pub(crate) fn run(args: &BenchArgs) -> Result<ExitCode, Failure> {
    let name = display_name(&args.file);
    let mut records = portcullis_scenario::Records::new(open(&args.file)?);
    let arena = Bump::new();
    let mut images: Vec<Image<Vec<u8>>> = Vec::new();
    let mut cases: Vec<Prepared<'_>> = Vec::new();
    let mut bytes = Vec::new();
    while let Some(line) = records
        .next_into(&mut bytes)
        .map_err(|error| crate::output::cannot_read(&args.file, &reason(&error)))?
    {
        let bytes: &[u8] = arena.alloc_slice_copy(&bytes);
        let loaded = load(&name, bytes, line, Options::default(), &arena);
        let scenarios = loaded
            .scenarios
            .map_err(|problems| Failure::problems(&problems))?;
        for scenario in scenarios {
            if !scenario.problems.is_empty() {
                return Err(Failure::problems(&scenario.problems));
            }
            images.push(image(&scenario.policies, false).map_err(Failure::new)?);
            for case in scenario.cases {
                let Some(request) = case.request else {
                    return Err(Failure::problems(&case.problems));
                };
                cases.push(Prepared {
                    image: images.len() - 1,
                    request,
                    prepared: portcullis_vm::Request::new(),
                    expect: case.expect,
                });
            }
        }
    }
    if cases.is_empty() {
        return Err(Failure::new(format_args!("{name}: no request to decide")));
    }
    let wrong = prepare(&images, &mut cases);
    let measured = match args.from_strings {
        true => from_strings(&images, &cases, args.iterations),
        false => prepared(&images, &cases, args.iterations),
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

/// Fills every request and decides it once. Returns how many are not decided as expected.
fn prepare(images: &[Image<Vec<u8>>], cases: &mut [Prepared<'_>]) -> usize {
    let mut wrong = 0;
    for case in cases {
        let views = images.get(case.image).map(Image::view).into_iter();
        case.prepared.fill(views.clone(), &case.request);
        let decision = portcullis_vm::decide(views, &case.prepared).decision();
        wrong += usize::from(case.expect.is_some_and(|expect| expect != decision));
    }
    wrong
}

struct Measured {
    nanoseconds: f64,
    allocations: u64,
}

fn measure(work: impl FnOnce()) -> Measured {
    let allocations = alloc::count();
    let start = Instant::now();
    work();
    Measured {
        nanoseconds: start.elapsed().as_secs_f64() * 1e9,
        allocations: alloc::count() - allocations,
    }
}

// Not inlined, so that `benches/instructions` can count what is spent in it.
#[inline(never)]
fn prepared(images: &[Image<Vec<u8>>], cases: &[Prepared<'_>], decisions: u64) -> Measured {
    let cases: Vec<_> = cases
        .iter()
        .filter_map(|case| Some((images.get(case.image)?.view(), &case.prepared)))
        .collect();
    measure(|| {
        let mut turn = cases.iter().cycle();
        for _ in 0..decisions {
            if let Some((view, request)) = turn.next() {
                let outcome = portcullis_vm::decide(core::iter::once(*view), black_box(request));
                black_box(outcome);
            }
        }
    })
}

#[inline(never)]
fn from_strings(images: &[Image<Vec<u8>>], cases: &[Prepared<'_>], decisions: u64) -> Measured {
    let cases: Vec<_> = cases
        .iter()
        .filter_map(|case| Some((images.get(case.image)?.view(), &case.request)))
        .collect();
    let mut prepared = portcullis_vm::Request::new();
    // The memory that the largest request needs is there before the measurement.
    for (view, request) in &cases {
        prepared.fill(core::iter::once(*view), request);
    }
    measure(|| {
        let mut turn = cases.iter().cycle();
        for _ in 0..decisions {
            if let Some((view, request)) = turn.next() {
                prepared.fill(core::iter::once(*view), black_box(request));
                let outcome = portcullis_vm::decide(core::iter::once(*view), &prepared);
                black_box(outcome);
            }
        }
    })
}
