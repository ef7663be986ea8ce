//! Measures portcullis and other authorization engines in one run.
//!
//! What is measured and who measures is data in `benches/definitions`; the engines are programs in
//! `benches/engines`, which first prove their answers and only then are timed. A run is recorded in
//! `benches/record`, and `docs/benchmarks/results.md` is made from a record. The harness itself
//! knows no engine but the name of the one that ratios are to.

#![allow(
    clippy::disallowed_methods,
    reason = "it reads its own records, and what the adapters print: nothing that is decided about"
)]

mod adapter;
mod definitions;
mod generate;
mod machine;
mod measure;
mod plot;
mod report;
mod splice;
mod stats;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use definitions::Definitions;
use measure::Plan;

#[derive(Parser, Debug)]
#[command(about = "Measures portcullis and other authorization engines in one run")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Lists workloads and engines
    List,
    /// Compiles the adapters
    Build(Choice),
    /// Writes a workload's scenario file to standard output
    Generate {
        /// The workload
        workload: String,
    },
    /// Compiles, measures and records
    Measure(MeasureArgs),
    /// Makes docs/benchmarks/results.md from the newest record
    Report,
    /// The same, and reports
    All(MeasureArgs),
}

#[derive(Args, Debug)]
struct Choice {
    /// Only this engine
    #[arg(long, value_name = "NAME")]
    engine: Option<String>,
}

#[derive(Args, Debug)]
struct MeasureArgs {
    #[command(flatten)]
    choice: Choice,
    /// Only this workload
    #[arg(long, value_name = "NAME")]
    workload: Option<String>,
    /// One short round and no instruction counts; printed, not recorded
    #[arg(long)]
    quick: bool,
    /// How many rounds
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds for each engine and workload in a round
    #[arg(long, default_value_t = 0.5)]
    seconds: f64,
}

fn main() -> ExitCode {
    match run(&Cli::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("barometer: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn run(verb: &Verb) -> Result<(), String> {
    let root = root();
    let definitions = Definitions::read(&root.join("benches/definitions"))?;
    match verb {
        Verb::List => {
            println!("workloads:");
            for workload in &definitions.workloads {
                println!("  {:15} {}", workload.name, workload.stresses);
            }
            println!("engines:");
            for engine in &definitions.engines {
                println!("  {:20} {}", engine.name, engine.about);
            }
            Ok(())
        }
        Verb::Generate { workload } => {
            let root = &root;
            let mut named = definitions
                .workloads
                .iter()
                .filter(|one| one.name == *workload);
            let workload = named
                .next()
                .ok_or_else(|| format!("no workload {workload}"))?;
            println!("{}", generate::generate(root, workload)?.text);
            Ok(())
        }
        Verb::Build(choice) => build(&root, &definitions, choice),
        Verb::Measure(args) => measured(&root, &definitions, args),
        Verb::Report => report::report(&root),
        Verb::All(args) => {
            measured(&root, &definitions, args)?;
            match args.quick {
                true => Ok(()),
                false => report::report(&root),
            }
        }
    }
}

fn build(root: &Path, definitions: &Definitions, choice: &Choice) -> Result<(), String> {
    // All at once where all are wanted: a list of packages would compile their common dependencies
    // with other features, and so once more.
    let Some(only) = &choice.engine else {
        return adapter::build(root, &[]);
    };
    let wanted = definitions
        .engines
        .iter()
        .filter(|one| one.name == *only || one.name == measure::OURS);
    let wanted = wanted.filter(|engine| engine.script.is_none());
    let mut packages: Vec<String> = wanted.map(|engine| engine.package.clone()).collect();
    packages.sort();
    packages.dedup();
    adapter::build(root, &packages)
}

fn measured(root: &Path, definitions: &Definitions, args: &MeasureArgs) -> Result<(), String> {
    // An adapter of yesterday's code would be measured as if it were today's.
    build(root, definitions, &args.choice)?;
    let given: Vec<String> = std::env::args().skip(1).collect();
    let plan = Plan {
        workload: args.workload.clone(),
        engine: args.choice.engine.clone(),
        rounds: if args.quick { 1 } else { args.rounds.max(1) },
        seconds: if args.quick { 0.1 } else { args.seconds },
        instructions: !args.quick,
        command: format!(
            "cargo run --release -p portcullis-barometer -- {}",
            given.join(" ")
        ),
    };
    for (only, names) in [
        (
            &plan.workload,
            definitions
                .workloads
                .iter()
                .map(|one| &one.name)
                .collect::<Vec<_>>(),
        ),
        (
            &plan.engine,
            definitions.engines.iter().map(|one| &one.name).collect(),
        ),
    ] {
        if let Some(only) = only
            && !names.contains(&only)
        {
            return Err(format!("there is no {only}; `barometer list` names all"));
        }
    }
    let record = measure::measure(root, definitions, &plan)?;
    println!("{}", report::times(&record));
    // A part of a run must not take the place of a whole one.
    if args.quick || plan.workload.is_some() || plan.engine.is_some() {
        return Ok(());
    }
    let folder = root.join("benches/record");
    let file = folder.join(format!("{}.json", machine::today()));
    let text = serde_json::to_string_pretty(&record).map_err(|error| error.to_string())?;
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&file, text + "\n"))
        .map_err(|error| format!("{}: {error}", file.display()))
}
