//! The XML of JUnit: a file is a test case, which fails if there is an error in it.

use std::fmt::Write;

use super::{Checked, message_with_help};
use crate::{Diagnostic, Severity};

/// The files as test cases. Errors are failures; of warnings and suggestions, which fail nothing, the text is the
/// case's output.
pub fn junit(files: &[Checked]) -> String {
    let is_failing = |one: &&Diagnostic| one.severity >= Severity::LintError;
    let failures = files
        .iter()
        .filter(|file| file.diagnostics.iter().any(|one| is_failing(&one)));
    let (tests, failures) = (files.len(), failures.count());
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<testsuites name=\"portcullis check\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">"
    );
    let _ = writeln!(
        out,
        "  <testsuite name=\"portcullis check\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\">"
    );
    for file in files {
        let name = escaped(&file.file);
        let _ = write!(out, "    <testcase name=\"{name}\" classname=\"policies\"");
        if file.diagnostics.is_empty() {
            out.push_str("/>\n");
            continue;
        }
        out.push_str(">\n");
        for one in file.diagnostics.iter().filter(is_failing) {
            let (code, message) = (escaped(one.code.as_str()), escaped(&one.message));
            let _ = writeln!(
                out,
                "      <failure type=\"{code}\" message=\"{message}\">{}</failure>",
                escaped(&line(one, &file.file))
            );
        }
        let others: Vec<String> = file
            .diagnostics
            .iter()
            .filter(|one| !is_failing(one))
            .map(|one| escaped(&line(one, &file.file)))
            .collect();
        if !others.is_empty() {
            let _ = writeln!(out, "      <system-out>{}</system-out>", others.join("\n"));
        }
        out.push_str("    </testcase>\n");
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

/// `file:line:column: severity[CODE]: message`, with notes and help on lines of their own.
fn line(diagnostic: &Diagnostic, file: &str) -> String {
    let (line, column) = diagnostic.position();
    let file = match diagnostic.file() {
        "" => file,
        own => own,
    };
    let (severity, code) = (diagnostic.severity.as_str(), diagnostic.code);
    let message = message_with_help(diagnostic);
    format!("{file}:{line}:{column}: {severity}[{code}]: {message}")
}

/// A text inside of an element or of an attribute in double quotes. Characters that XML 1.0 cannot hold, in whatever
/// way, become U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // In an attribute these would be read as blanks.
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
