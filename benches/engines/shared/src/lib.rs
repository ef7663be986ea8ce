//! What the adapters share: the workload, the counting allocator and the clock.
//!
//! An adapter is a program:
//!
//! ```text
//! adapter prove FILE                     one decision a line, in the order of the requests
//! adapter time FILE --seconds S          one line of JSON
//! adapter time FILE --iterations N       N decisions and no clock, to be counted by callgrind
//!
//! --variant NAME     what to measure, where an adapter has more than one thing to measure
//! --order random     the requests in random order instead of in turn
//! ```
//!
//! The adapter keeps the time itself, so that neither its start nor the harness is in a figure. It
//! ends with status 3 and a reason on standard error where it cannot express the workload.

#![allow(
    clippy::disallowed_methods,
    reason = "the workloads of the harness, read alike for all engines"
)]

pub mod alloc;
pub mod workload;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

pub use workload::{
    Answer, Condition, Kind, Layer, Request, Statement, Workload, glob, join, kind, seconds, texts,
};

/// Why an adapter gives up.
#[derive(Debug)]
pub enum Failure {
    /// The engine has no means to say what the workload says.
    Unsupported(String),
    /// Something is broken.
    Broken(String),
}

impl From<String> for Failure {
    fn from(text: String) -> Failure {
        Failure::Broken(text)
    }
}

/// The engine cannot express it.
pub fn unsupported(reason: impl Into<String>) -> Failure {
    Failure::Unsupported(reason.into())
}

/// Something is broken.
pub fn broken(reason: impl std::fmt::Display) -> Failure {
    Failure::Broken(reason.to_string())
}

enum Mode {
    Prove,
    Time(Duration),
    Count(u64),
}

/// What the adapter was asked for.
pub struct Bench {
    mode: Mode,
    random: bool,
    variant: String,
    load: Duration,
    held: u64,
}

impl Bench {
    /// The variant asked for; empty for the usual one.
    pub fn variant(&self) -> &str {
        &self.variant
    }

    /// Loads the policies: from the texts of the engine's own language to what decides. Called once.
    ///
    /// # Errors
    /// Those of the loader.
    pub fn load<T>(&mut self, loader: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        let held = alloc::held();
        let start = Instant::now();
        let loaded = loader()?;
        self.load = start.elapsed();
        self.held = alloc::held().saturating_sub(held);
        Ok(loaded)
    }

    /// Proves or times. The function decides the request with that number.
    ///
    /// # Errors
    /// None today.
    pub fn run(
        self,
        requests: usize,
        mut decide: impl FnMut(usize) -> Answer,
    ) -> Result<(), Failure> {
        match self.mode {
            Mode::Prove => {
                let mut lines = String::new();
                for index in 0..requests {
                    lines += &format!("{:?}\n", decide(index));
                }
                print!("{lines}");
            }
            Mode::Count(count) => counted(count, &self.order(requests), &mut decide),
            Mode::Time(budget) => {
                let order = self.order(requests);
                println!("{}", self.time(budget, &order, &mut decide));
            }
        }
        Ok(())
    }

    /// As [`Bench::run`], but times several threads at once, each with a function of its own. A decision's
    /// time is that of its thread, divided by the number of threads: what is left of it if they do not
    /// disturb one another. Allocations are not counted, since the counter is of one thread.
    ///
    /// # Errors
    /// None today.
    pub fn run_threads<D: FnMut(usize) -> Answer + Send>(
        self,
        requests: usize,
        mut threads: Vec<D>,
    ) -> Result<(), Failure> {
        let Mode::Time(budget) = self.mode else {
            let first = threads.first_mut().ok_or_else(|| broken("no threads"))?;
            return self.run(requests, first);
        };
        let order = self.order(requests);
        let count = threads.len() as f64;
        let barrier = std::sync::Barrier::new(threads.len());
        let samples: Result<Vec<Vec<f64>>, _> = std::thread::scope(|scope| {
            let all: Vec<_> = threads
                .iter_mut()
                .map(|decide| {
                    let (order, barrier) = (&order, &barrier);
                    scope.spawn(move || {
                        let batch = batch(budget, order, decide);
                        barrier.wait();
                        sample(budget, batch, order, decide).samples
                    })
                })
                .collect();
            all.into_iter().map(|one| one.join()).collect()
        });
        let mut samples = samples.map_err(|_| broken("a thread gave up"))?.concat();
        samples.iter_mut().for_each(|sample| *sample /= count);
        println!("{}", self.figures(samples, None, 0));
        Ok(())
    }

    fn order(&self, requests: usize) -> Vec<usize> {
        if !self.random {
            return (0..requests).collect();
        }
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state >> 16
        };
        (0..8192.max(requests))
            .map(|_| (next() % requests as u64) as usize)
            .collect()
    }

    fn time(
        &self,
        budget: Duration,
        order: &[usize],
        decide: &mut dyn FnMut(usize) -> Answer,
    ) -> String {
        let batch = batch(budget, order, decide);
        let Sampled {
            samples,
            allocations,
        } = sample(budget, batch, order, decide);
        let decisions = samples.len() as u64 * batch;
        self.figures(samples, Some(allocations as f64 / decisions as f64), batch)
    }

    fn figures(&self, mut samples: Vec<f64>, allocations: Option<f64>, batch: u64) -> String {
        samples.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let index = (samples.len().saturating_sub(1) as f64 * share).round() as usize;
            samples.get(index).copied().unwrap_or(0.0)
        };
        serde_json::json!({
            "median_ns": at(0.5),
            "p99_ns": at(0.99),
            "min_ns": at(0.0),
            "allocations_per_decision": allocations,
            "load_ns": self.load.as_nanos() as u64,
            "held_bytes": self.held,
            "peak_rss_bytes": peak_rss(),
            "batch": batch,
        })
        .to_string()
    }
}

/// Decides so many times. Not inlined, so that callgrind can be told to count what is spent in it alone.
#[inline(never)]
fn counted(count: u64, order: &[usize], decide: &mut impl FnMut(usize) -> Answer) {
    let mut turn = order.iter().cycle();
    for _ in 0..count {
        black_box(decide(*turn.next().unwrap_or(&0)));
    }
}

/// What was measured.
struct Sampled {
    /// Nanoseconds for each decision, by batch.
    samples: Vec<f64>,
    allocations: u64,
}

fn sample(
    budget: Duration,
    batch: u64,
    order: &[usize],
    decide: &mut dyn FnMut(usize) -> Answer,
) -> Sampled {
    let mut samples: Vec<f64> = Vec::with_capacity(1 << 18);
    let mut at = 0;
    let begin = Instant::now();
    let mut allocations = 0;
    while samples.is_empty() || (begin.elapsed() < budget && samples.len() < 1 << 18) {
        let before = alloc::count();
        let start = Instant::now();
        for _ in 0..batch {
            black_box(decide(order[at]));
            at += 1;
            if at == order.len() {
                at = 0;
            }
        }
        let took = start.elapsed();
        allocations += alloc::count() - before;
        samples.push(took.as_nanos() as f64 / batch as f64);
    }
    Sampled {
        samples,
        allocations,
    }
}

/// How many decisions one reading of the clock covers. At least 20 microseconds, so that the clock
/// does not count; a whole turn of the requests where that fits thirty times into the budget, so
/// that samples are alike; else what fits.
fn batch(budget: Duration, order: &[usize], decide: &mut dyn FnMut(usize) -> Answer) -> u64 {
    let warm = budget.mul_f64(0.2);
    let start = Instant::now();
    let mut done = 0_u64;
    while done == 0 || (start.elapsed() < warm && done < 1 << 22) {
        // The clock is read seldom enough here not to be what is measured.
        for _ in 0..(done / 4).max(1) {
            black_box(decide(order[(done % order.len() as u64) as usize]));
            done += 1;
        }
    }
    let each = (start.elapsed().as_nanos() as f64 / done as f64).max(0.5);
    let floor = (20_000.0 / each).ceil().max(1.0);
    let fits = (budget.as_nanos() as f64 / 30.0 / each).floor().max(1.0);
    floor.max((order.len() as f64).min(fits)) as u64
}

fn peak_rss() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| {
        rest.trim()
            .trim_end_matches("kB")
            .trim()
            .parse::<u64>()
            .ok()
    });
    kib.unwrap_or(0) * 1024
}

/// Runs an adapter: reads the arguments and the workload, and reports failures. A workload whose callers
/// have different policies is refused; an adapter for them calls [`run_account`].
pub fn run(adapter: impl FnOnce(&Workload, Bench) -> Result<(), Failure>) -> ExitCode {
    run_account(|workload, bench| match workload.attached.is_empty() {
        true => adapter(workload, bench),
        false => Err(unsupported("the policies of one caller only")),
    })
}

/// As [`run`], for adapters that know [`Workload::attached`].
pub fn run_account(adapter: impl FnOnce(&Workload, Bench) -> Result<(), Failure>) -> ExitCode {
    let result = arguments().and_then(|(file, bench)| {
        let text =
            std::fs::read_to_string(&file).map_err(|error| broken(format!("{file}: {error}")))?;
        let workload = Workload::read(&text)?;
        drop(text);
        adapter(&workload, bench)
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Unsupported(reason)) => {
            eprintln!("{reason}");
            ExitCode::from(3)
        }
        Err(Failure::Broken(reason)) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn arguments() -> Result<(String, Bench), Failure> {
    let mut mode = Mode::Prove;
    let mut file = None;
    let mut random = false;
    let mut variant = String::new();
    let mut given = std::env::args().skip(1);
    let verb = given.next().unwrap_or_default();
    if !["prove", "time"].contains(&verb.as_str()) {
        return Err(broken(
            "usage: adapter prove|time FILE [--seconds S | --iterations N]",
        ));
    }
    while let Some(word) = given.next() {
        let mut value = || {
            given
                .next()
                .ok_or_else(|| broken(format!("{word} needs a value")))
        };
        match word.as_str() {
            "--seconds" => {
                let seconds: f64 = value()?.parse().map_err(broken)?;
                mode = Mode::Time(Duration::from_secs_f64(seconds));
            }
            "--iterations" => mode = Mode::Count(value()?.parse().map_err(broken)?),
            "--order" => random = value()? == "random",
            "--variant" => variant = value()?,
            _ => file = Some(word),
        }
    }
    if verb == "time" && matches!(mode, Mode::Prove) {
        mode = Mode::Time(Duration::from_secs(1));
    }
    let file = file.ok_or_else(|| broken("no file"))?;
    let bench = Bench {
        mode,
        random,
        variant,
        load: Duration::ZERO,
        held: 0,
    };
    Ok((file, bench))
}
