//! `explain-code`.

use std::process::ExitCode;

use clap::Args;
use portcullis_lint::{Group, page, rules};
use portcullis_source::quoted;
use portcullis_source::suggest::nearest;

use crate::failure::Failure;
use crate::output::Output;
use crate::values::OneOf;

/// `explain-code`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  portcullis explain-code PASS_ROLE_WITH_STAR_IN_RESOURCE")]
pub(crate) struct ExplainCodeArgs {
    /// The code of a finding; without one all codes are listed
    #[arg(value_parser = OneOf::new(|text| Ok(text.to_owned()), all_codes), hide_possible_values = true)]
    code: Option<String>,
}

fn all_codes() -> Vec<&'static str> {
    rules::every().map(|rule| rule.code).collect()
}

/// The page of a code, or all codes with their levels.
pub(crate) fn explain_code(args: &ExplainCodeArgs) -> Result<ExitCode, Failure> {
    let mut output = Output::new();
    match &args.code {
        Some(code) => {
            let rule = rules::find(code).ok_or_else(|| unknown_code(code))?;
            output.line(page(rule).trim_end())?;
        }
        None => {
            for rule in rules::every() {
                let group = match rule.group {
                    Group::AccessAnalyzer => String::new(),
                    own => format!("  ({})", own.as_str()),
                };
                output.line(&format!("{:16}  {}{group}", rule.level.as_str(), rule.code))?;
            }
        }
    }
    output.finish()?;
    Ok(ExitCode::SUCCESS)
}

fn unknown_code(code: &str) -> Failure {
    let mut all = super::reader_codes();
    let own = all.find(|own| own.as_str().eq_ignore_ascii_case(code));
    let help = match own {
        Some(_) => "it is a code of the reader, which the message explains".to_owned(),
        None => {
            let names = rules::every().map(|rule| rule.code);
            nearest(&code.to_ascii_uppercase(), names).map_or_else(
                || "run explain-code without a code to list them".to_owned(),
                |name| format!("did you mean {name}?"),
            )
        }
    };
    Failure::new(format!(
        "{} is not a code with a page: {help}",
        quoted(code)
    ))
}
