//! `collect`: the script that writes the folder which directories are read from.

use std::process::ExitCode;

use clap::Args;

use crate::failure::Failure;
use crate::output::Output;

/// The script; it says itself what it needs and what it leaves out.
const SCRIPT: &str = include_str!("collect.sh");

pub(crate) const COLLECT: &str = "\
Examples:
  portcullis collect --print > collect.sh
  sh collect.sh dumps eu-west-1 us-east-1
  portcullis admins --directory dumps

portcullis itself calls nobody: the script runs the AWS CLI with your credentials, only reads, and says at its
beginning which permissions it needs and what it leaves out.";

#[derive(Args, Debug)]
#[command(after_help = COLLECT)]
pub(crate) struct CollectArgs {
    /// Print the script, for a shell
    #[arg(long, required = true)]
    print: bool,
}

pub(crate) fn run(args: &CollectArgs) -> Result<ExitCode, Failure> {
    debug_assert!(args.print, "clap asks for it");
    let mut output = Output::new();
    output.bytes(SCRIPT.as_bytes())?;
    output.finish()?;
    Ok(ExitCode::SUCCESS)
}
