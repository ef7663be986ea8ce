//! Mutation testing of the prover: every mutant in one build.
//!
//! `rewrite ROOT TREE` copies the workspace at ROOT to TREE and puts a switch at every place of `crates/prove/src` where
//! something can be changed; `test TREE WORK SURVIVORS` asks the tests and oracles of that copy, with one switch after the
//! other. `run` does both.

mod campaign;
mod copy;
mod points;
mod survivors;

use std::path::Path;
use std::process::ExitCode;

/// What goes wrong is told and ends the run.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["rewrite", root, tree] => copy::rewrite(Path::new(root), Path::new(tree)),
        ["test", tree, work, known] => {
            campaign::run(Path::new(tree), Path::new(work), Path::new(known))
        }
        _ => Err("say `rewrite ROOT TREE` or `test TREE WORK SURVIVORS`".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
