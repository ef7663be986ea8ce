//! The command line of portcullis, as a library of its two ways in: the program, and the language server over any bytes.

mod actions;
mod answers;
mod assume;
mod batch;
mod bench;
mod catalog;
mod check;
mod collect;
mod compile;
mod completions;
mod decide;
mod directory;
mod engine;
mod failure;
mod findings;
mod help;
mod inputs;
mod inspect;
mod language;
mod lint_catalog;
mod lsp;
mod output;
mod picture;
mod policies;
mod policy_tests;
mod prove;
mod questions;
mod scenarios;
mod simulate;
mod table;
mod test;
mod tighten;
mod values;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::failure::Failure;

pub use crate::lsp::serve;

/// Decides, explains, tests, compiles and checks AWS IAM policies, without an AWS account
#[derive(Parser, Debug)]
#[command(name = "portcullis", version, arg_required_else_help = false)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Read files that scenarios, requests and policies name also where their paths lead out of the folder of
    /// the file that names them
    #[arg(long, global = true)]
    allow_outside: bool,
    /// When to use colors
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: failure::Color,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Decide one request
    #[command(after_help = decide::DECIDE_EXAMPLES)]
    Decide(Box<decide::DecideArgs>),
    /// Decide one request and say why
    #[command(after_help = decide::EXPLAIN_EXAMPLES)]
    Explain(Box<decide::ExplainArgs>),
    /// Run scenarios against the decisions expected of them
    Test(test::TestArgs),
    /// Answer a stream of scenarios, one line of JSON for each request
    Batch(batch::BatchArgs),
    /// Ask STS for a session, by a directory
    Assume(Box<assume::AssumeArgs>),
    /// Answer what AWS's policy simulator is asked, in its shape
    Simulate(Box<simulate::SimulateArgs>),
    /// Who can do something, in a directory
    WhoCan(Box<questions::WhoCanArgs>),
    /// What somebody may do, in a directory
    WhatCan(Box<questions::WhatCanArgs>),
    /// What every user and role of a directory may do of some actions
    Matrix(Box<questions::MatrixArgs>),
    /// Who has administrator rights, in a directory
    Admins(Box<questions::AdminsArgs>),
    /// Who can become an administrator, and how, in a directory
    Escalate(Box<questions::EscalateArgs>),
    /// Whom the resources of a directory let in from outside: external access findings
    Findings(Box<findings::FindingsArgs>),
    /// Draw who may assume which roles of a directory, or its organization
    Picture(Box<picture::PictureArgs>),
    /// Print the script that gets the dumps of an account, for a directory
    Collect(collect::CollectArgs),
    /// Tell which permissions operations of AWS's APIs need
    Actions(actions::ActionsArgs),
    /// Tell what the catalog of services and actions holds
    Catalog(catalog::CatalogArgs),
    /// Prove that a new policy allows nothing more than the old one, or show what
    Compare(Box<prove::CompareArgs>),
    /// Prove that policies never allow something, or show that they do
    Prove(Box<prove::ProveArgs>),
    /// Narrow a policy to the requests that have to stay allowed, proved to allow nothing more
    Tighten(Box<tighten::TightenArgs>),
    /// Find the problems of policy documents
    Check(check::CheckArgs),
    /// Say what a code of Access Analyzer means
    ExplainCode(check::ExplainCodeArgs),
    /// Answer an editor by the language server protocol
    Lsp(lsp::LspArgs),
    /// Format files of the policy language
    Fmt(language::FmtArgs),
    /// Convert a policy between JSON and the policy language
    Convert(language::ConvertArgs),
    /// Show the JSON that a file of the policy language stands for
    Expand(language::ExpandArgs),
    /// Make an image of policies
    Compile(Box<compile::CompileArgs>),
    /// Show what an image consists of
    Inspect(inspect::InspectArgs),
    /// Show the code of an image
    Disasm(inspect::DisasmArgs),
    /// Measure how long a decision takes
    Bench(bench::BenchArgs),
    /// Print what a shell needs to complete commands
    Completions(completions::CompletionsArgs),
}

/// Runs the command that the arguments of this process ask for, and tells how it ended. `allocations` tells how often memory has
/// been asked for since the program began, which `bench` reports.
///
/// ```no_run
/// std::process::exit(i32::from(portcullis_cli::run(|| 0) != std::process::ExitCode::SUCCESS));
/// ```
pub fn run(allocations: fn() -> u64) -> ExitCode {
    let parsed = help::grouped(Cli::command()).try_get_matches();
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
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
    output::allow_outside(cli.allow_outside);
    failure::set_color(cli.color);
    let outcome = match cli.command {
        Command::Test(args) => test::run(&args),
        Command::Batch(args) => batch::run(&args),
        Command::Assume(args) => assume::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::WhoCan(args) => questions::who_can(&args),
        Command::WhatCan(args) => questions::what_can(&args),
        Command::Matrix(args) => questions::matrix(&args),
        Command::Admins(args) => questions::admins(&args),
        Command::Escalate(args) => questions::escalate(&args),
        Command::Findings(args) => findings::run(&args),
        Command::Bench(args) => bench::run(&args, allocations),
        Command::Decide(args) => decide::decide(&args),
        Command::Explain(args) => decide::explain(&args),
        Command::Picture(args) => picture::run(&args),
        Command::Collect(args) => collect::run(&args),
        Command::Actions(args) => actions::run(&args),
        Command::Catalog(args) => catalog::run(&args),
        Command::Compare(args) => prove::compare_policies(&args),
        Command::Prove(args) => prove::prove(&args),
        Command::Tighten(args) => tighten::run(&args),
        Command::Check(args) => check::run(&args),
        Command::ExplainCode(args) => check::explain_code(&args),
        Command::Lsp(args) => lsp::run(&args),
        Command::Fmt(args) => language::fmt(&args),
        Command::Convert(args) => language::convert(&args),
        Command::Expand(args) => language::expand(&args),
        Command::Compile(args) => compile::run(&args),
        Command::Inspect(args) => inspect::inspect(&args),
        Command::Disasm(args) => inspect::disasm(&args),
        Command::Completions(args) => completions::run(&args, Cli::command()),
    };
    outcome.unwrap_or_else(Failure::report)
}
