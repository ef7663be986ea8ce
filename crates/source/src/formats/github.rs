//! Annotations of GitHub Actions: lines that its runner takes out of the log of a step.

use std::fmt::Write;

use super::{Checked, message_with_help};
use crate::Severity;

/// All diagnostics as workflow commands, one a line: `::error file=...,line=...,title=CODE::message`.
pub fn github(files: &[Checked]) -> String {
    let mut out = String::new();
    for (file, diagnostic) in Checked::all(files) {
        let level = match diagnostic.severity {
            Severity::LintError | Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Suggestion => "notice",
        };
        // Writing to a string cannot fail.
        let _ = write!(out, "::{level} file={}", property(file));
        if let Some(place) = &diagnostic.place {
            let _ = write!(
                out,
                ",line={},endLine={},col={},endColumn={}",
                place.line, place.end_line, place.column, place.end_column
            );
        }
        let message = message_with_help(diagnostic);
        let title = property(diagnostic.code.as_str());
        let _ = writeln!(out, ",title={title}::{}", data(&message));
    }
    out
}

/// The text of a command: what would end the line is encoded.
fn data(text: &str) -> String {
    encode(text, |c| matches!(c, '%' | '\r' | '\n'))
}

/// The value of a property: what would end it is encoded too.
fn property(text: &str) -> String {
    encode(text, |c| matches!(c, '%' | '\r' | '\n' | ':' | ','))
}

fn encode(text: &str, is_special: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_special(c) {
            let _ = write!(out, "%{:02X}", u32::from(c));
        } else if c.is_control() && c != '\t' {
            // The log is shown on a terminal.
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}
