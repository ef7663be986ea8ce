//! A run: every workload, every engine that can express it, several rounds.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::adapter::{Adapter, Proof, TUNABLES, not_measured};
use crate::definitions::{Definitions, Engine, Workload};
use crate::generate::generate;
use crate::machine;
use crate::stats::median;

/// The engine that ratios are to.
pub(crate) const OURS: &str = "portcullis";

/// How a run is made.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Only this workload.
    pub(crate) workload: Option<String>,
    /// Only this engine, and ours.
    pub(crate) engine: Option<String>,
    /// How many rounds.
    pub(crate) rounds: usize,
    /// Seconds for each measurement.
    pub(crate) seconds: f64,
    /// Count instructions.
    pub(crate) instructions: bool,
    /// The command line, to be recorded.
    pub(crate) command: String,
}

/// Figures that are kept of each round.
const FIGURES: [&str; 8] = [
    "median_ns",
    "p99_ns",
    "min_ns",
    "allocations_per_decision",
    "load_ns",
    "held_bytes",
    "peak_rss_bytes",
    "batch",
];

/// Counting what takes longer than this to load would take minutes under callgrind.
const LONGEST_COUNTED_LOAD: f64 = 1e8;
/// As [`LONGEST_COUNTED_LOAD`], for the decisions.
const LONGEST_COUNTED: f64 = 5e7;

struct Running<'d> {
    engine: &'d Engine,
    adapter: Adapter,
    wrong: usize,
    rounds: Vec<Value>,
    instructions: Option<f64>,
    broken: Option<String>,
}

/// Makes a run and returns its record.
///
/// # Errors
/// A workload that cannot be generated or written.
pub(crate) fn measure(
    root: &Path,
    definitions: &Definitions,
    plan: &Plan,
) -> Result<Value, String> {
    let folder = std::env::temp_dir().join(format!("barometer-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let facts = machine::facts();
    let mut workloads = Vec::new();
    for workload in &definitions.workloads {
        if plan
            .workload
            .as_ref()
            .is_some_and(|only| *only != workload.name)
        {
            continue;
        }
        if let Some(data) = workload
            .data
            .as_ref()
            .filter(|data| !root.join(data).exists())
        {
            eprintln!("{}: skipped, there is no {data}", workload.name);
            continue;
        }
        let file = folder.join(format!("{}.json", workload.name));
        let found = one(root, definitions, plan, workload, &file);
        // Removed also after an error: a scenario of a million statements is 150 MB.
        let _ = fs::remove_file(&file);
        workloads.push(found?);
    }
    let _ = fs::remove_dir(&folder);
    Ok(json!({
        "date": machine::today(),
        "command": plan.command,
        "revision": machine::revision(root),
        "machine": facts,
        "load_after": machine::load(),
        "tunables": TUNABLES,
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "workloads": workloads,
    }))
}

fn one(
    root: &Path,
    definitions: &Definitions,
    plan: &Plan,
    workload: &Workload,
    file: &PathBuf,
) -> Result<Value, String> {
    let scenario = generate(root, workload)?;
    fs::write(file, &scenario.text).map_err(|error| format!("{}: {error}", file.display()))?;
    let statements = scenario.statements;
    let expect = scenario.expect;
    drop(scenario.text);
    let mut skipped = Vec::new();
    let mut running = Vec::new();
    for engine in definitions.engines_for(workload) {
        let is_wanted = |only: &String| *only == engine.name || engine.name == OURS;
        if !plan.engine.as_ref().is_none_or(is_wanted) {
            continue;
        }
        let adapter = match Adapter::new(root, engine, workload) {
            Ok(adapter) => adapter,
            Err(reason) => {
                skipped.push(not_measured(&engine.name, &reason));
                continue;
            }
        };
        eprintln!("{}: {} proves its answers", workload.name, engine.name);
        match adapter.prove(file, &expect) {
            Proof::Answered { wrong } => running.push(Running {
                engine,
                adapter,
                wrong,
                rounds: Vec::new(),
                instructions: None,
                broken: None,
            }),
            Proof::Unsupported(reason) | Proof::Broken(reason) => {
                skipped.push(not_measured(&engine.name, &reason));
            }
        }
    }
    let seconds = workload
        .seconds
        .unwrap_or(plan.seconds)
        .min(plan.seconds * 4.0);
    // All engines in each round, so that a slow minute of the machine is a slow minute of all.
    for round in 1..=plan.rounds {
        for engine in &mut running {
            eprintln!("{}: {} round {round}", workload.name, engine.engine.name);
            match engine.adapter.time(file, seconds) {
                Ok(figures) => engine.rounds.push(figures),
                Err(reason) => {
                    engine.rounds.push(Value::Null);
                    engine.broken = Some(reason);
                }
            }
        }
    }
    if plan.instructions && machine::version("valgrind").is_some() {
        for engine in &mut running {
            engine.count(file, expect.len());
        }
    }
    let mut engines: Vec<Value> = running.iter().map(Running::record).collect();
    engines.extend(skipped);
    Ok(json!({
        "workload": workload.name,
        "statements": statements,
        "requests": expect.len(),
        "order": if workload.random { "random" } else { "in turn" },
        "growth": workload.growth,
        "stresses": workload.stresses,
        "engines": engines,
    }))
}

impl Running<'_> {
    fn figures(&self, name: &str) -> Vec<f64> {
        self.rounds
            .iter()
            .filter_map(|round| round[name].as_f64())
            .collect()
    }

    fn count(&mut self, file: &Path, requests: usize) {
        let (Some(load), Some(each)) = (
            median(&self.figures("load_ns")),
            median(&self.figures("median_ns")),
        ) else {
            return;
        };
        // Whole turns, so that every request counts the same; about a million nanoseconds' worth.
        let turns = (1e6 / each / requests as f64).ceil().clamp(1.0, 64.0);
        let decisions = (requests as f64 * turns)
            .min(8192.0)
            .max(requests.min(8192) as f64);
        if load < LONGEST_COUNTED_LOAD && decisions * each < LONGEST_COUNTED {
            eprintln!("counting the instructions of {}", self.engine.name);
            self.instructions = self.adapter.instructions(file, decisions as u64);
        }
    }

    fn record(&self) -> Value {
        if let (Some(reason), true) = (&self.broken, self.figures("median_ns").is_empty()) {
            return not_measured(&self.engine.name, reason);
        }
        let rounds: Vec<Value> = self
            .rounds
            .iter()
            .map(|round| {
                FIGURES
                    .iter()
                    .map(|name| (name.to_string(), round[*name].clone()))
                    .collect()
            })
            .collect();
        let mut value = json!({
            "engine": self.engine.name,
            "wrong": self.wrong,
            "instructions": self.instructions,
            "rounds": rounds,
        });
        if let Some(reason) = &self.broken {
            value["broken"] = json!(reason);
        }
        value
    }
}
