//! What ends a command early.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::ValueEnum;
use portcullis_source::{Diagnostic, render_failure};

/// Exit codes of the command line.
pub(crate) mod exit {
    /// The command failed, or was called wrongly.
    pub(crate) const FAILURE: u8 = 1;
    /// The request is denied.
    pub(crate) const DENY: u8 = 2;
    /// A policy is invalid.
    pub(crate) const INVALID: u8 = 3;
    /// The answer is not known.
    pub(crate) const UNKNOWN: u8 = 4;
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
        let color = use_color(&io::stderr());
        let in_policies = problems.iter().all(|problem| problem.in_policy);
        let code = match in_policies && !problems.is_empty() {
            true => exit::INVALID,
            false => exit::FAILURE,
        };
        let mut shown: Vec<String> = problems
            .iter()
            .take(SHOWN)
            .map(|problem| render_failure(core::slice::from_ref(problem), color))
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

/// Writes a line to standard error; nothing can be done if that fails.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// When colors are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set; anywhere if `CLICOLOR_FORCE` is
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

static COLOR: OnceLock<Color> = OnceLock::new();

/// Says when colors are used, once.
pub(crate) fn set_color(color: Color) {
    let _ = COLOR.set(color);
}

/// True if a stream's reader wants colors.
pub(crate) fn use_color(stream: &impl IsTerminal) -> bool {
    match COLOR.get() {
        Some(Color::Always) => return true,
        Some(Color::Never) => return false,
        Some(Color::Auto) | None => {}
    }
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let is_forced =
        std::env::var_os("CLICOLOR_FORCE").is_some_and(|own| !own.is_empty() && own != "0");
    !is_set("NO_COLOR") && (is_forced || stream.is_terminal() && !is_dumb)
}
