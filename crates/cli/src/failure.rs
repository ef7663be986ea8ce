//! What ends a command early.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::ValueEnum;
use portcullis_source::Diagnostic;

/// Exit codes of the command line.
pub(crate) mod exit {
    /// The command failed, or was called wrongly.
    pub(crate) const FAILURE: u8 = 1;
    /// The request is denied.
    pub(crate) const DENY: u8 = 2;
    /// A policy is invalid.
    pub(crate) const INVALID: u8 = 3;
}

/// Why a command ends before its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// With this exit code, after these lines on standard error.
    Message(u8, String),
    /// Nobody reads what is printed.
    BrokenPipe,
}

impl Failure {
    /// A failure without a place.
    pub(crate) fn new(message: impl fmt::Display) -> Failure {
        Failure::Message(exit::FAILURE, format!("error: {message}"))
    }

    /// Problems of files. The exit code says whether it is policies alone that are at fault.
    pub(crate) fn problems(problems: &[Diagnostic]) -> Failure {
        const SHOWN: usize = 20;
        let colour = use_colour(&io::stderr());
        let in_policies = problems.iter().all(|problem| problem.in_policy);
        let code = match in_policies && !problems.is_empty() {
            true => exit::INVALID,
            false => exit::FAILURE,
        };
        let mut shown: Vec<String> = problems
            .iter()
            .take(SHOWN)
            .map(|problem| rendered(problem, colour))
            .collect();
        if let Some(more) = problems.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            shown.push(format!("error: and {more} more\n"));
        }
        Failure::Message(code, shown.join("\n").trim_end().to_string())
    }

    /// Prints the failure.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Failure::BrokenPipe => ExitCode::SUCCESS,
            Failure::Message(code, text) => {
                complain(&text);
                ExitCode::from(code)
            }
        }
    }
}

/// A problem over several lines, or in one if it has no place.
fn rendered(problem: &Diagnostic, colour: bool) -> String {
    if problem.file().is_empty() {
        let help = problem.help().map(|help| format!("help: {help}\n"));
        format!("error: {problem}\n{}", help.unwrap_or_default())
    } else {
        problem.render(colour)
    }
}

/// Writes a line to standard error; nothing can be done if that fails.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set; anywhere if `CLICOLOR_FORCE` is
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

static COLOUR: OnceLock<Colour> = OnceLock::new();

/// Says when colours are used, once.
pub(crate) fn set_colour(colour: Colour) {
    let _ = COLOUR.set(colour);
}

/// True if a stream's reader wants colours.
pub(crate) fn use_colour(stream: &impl IsTerminal) -> bool {
    match COLOUR.get() {
        Some(Colour::Always) => return true,
        Some(Colour::Never) => return false,
        Some(Colour::Auto) | None => {}
    }
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let is_forced =
        std::env::var_os("CLICOLOR_FORCE").is_some_and(|own| !own.is_empty() && own != "0");
    !is_set("NO_COLOR") && (is_forced || stream.is_terminal() && !is_dumb)
}
