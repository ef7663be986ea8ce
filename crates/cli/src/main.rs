//! The command line of portcullis.

#[expect(
    unsafe_code,
    reason = "an allocator cannot be written without, and `bench` counts allocations"
)]
mod alloc;
mod batch;
mod bench;
mod engine;
mod failure;
mod output;
mod report;
mod scenarios;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;

/// Decides, explains, tests, compiles and checks AWS IAM policies, without an AWS account
#[derive(Parser, Debug)]
#[command(name = "portcullis", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run scenarios against the decisions expected of them
    Test(test::TestArgs),
    /// Answer a stream of scenarios, one line of JSON for each request
    Batch(batch::BatchArgs),
    /// Measure how long a decision takes
    Bench(bench::BenchArgs),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are printed this way too. Nothing can be done if printing fails.
            let _ = error.print();
            return match error.use_stderr() {
                // Not 2, which says that a request is denied.
                true => ExitCode::from(failure::exit::FAILURE),
                false => ExitCode::SUCCESS,
            };
        }
    };
    let outcome = match cli.command {
        Command::Test(args) => test::run(&args),
        Command::Batch(args) => batch::run(&args),
        Command::Bench(args) => bench::run(&args),
    };
    outcome.unwrap_or_else(Failure::report)
}
