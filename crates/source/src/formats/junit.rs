//! The XML of JUnit: of files that were checked, each of which is a test case, and of tests that were run.

use std::fmt::Write;

use super::{Checked, message_with_help};
use crate::{Diagnostic, Severity};

/// A test that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tested {
    /// The file that it stands in, as it was given.
    pub file: String,
    /// What it is called.
    pub name: String,
    /// Why it failed, in lines; none if it passed.
    pub failure: Option<String>,
}

/// A case of a suite.
struct Case<'a> {
    name: &'a str,
    class: &'a str,
    failures: Vec<CaseFailure<'a>>,
    /// What fails nothing.
    output: String,
}

/// A reason for which a case failed.
struct CaseFailure<'a> {
    kind: &'a str,
    message: &'a str,
    text: String,
}

/// The files as test cases. Errors are failures; of warnings and suggestions, which fail nothing, the text is the
/// case's output.
pub fn junit(files: &[Checked]) -> String {
    let cases: Vec<Case<'_>> = files.iter().map(case_of_file).collect();
    suite("portcullis check", &cases)
}

/// The tests as test cases, of the class that their file is. The first line of a failure is its message.
///
/// ```
/// use portcullis_source::formats::{Tested, junit_of_tests};
/// let failure = Some("expected Allow, got ImplicitDeny\nwhy".to_owned());
/// let test = Tested { file: "a.json".to_owned(), name: "ann <may>".to_owned(), failure };
/// let text = junit_of_tests(&[test]);
/// assert!(text.contains("<testcase name=\"ann &lt;may&gt;\" classname=\"a.json\">"));
/// assert!(text.contains("message=\"expected Allow, got ImplicitDeny\""));
/// ```
pub fn junit_of_tests(tests: &[Tested]) -> String {
    let cases: Vec<Case<'_>> = tests.iter().map(case_of_test).collect();
    suite("portcullis test", &cases)
}

fn case_of_file(file: &Checked) -> Case<'_> {
    let (failing, others): (Vec<_>, Vec<_>) = file
        .diagnostics
        .iter()
        .partition(|one| one.severity >= Severity::LintError);
    let failures = failing.into_iter().map(|one| CaseFailure {
        kind: one.code.as_str(),
        message: &one.message,
        text: line(one, &file.file),
    });
    let others: Vec<String> = others.iter().map(|one| line(one, &file.file)).collect();
    Case {
        name: &file.file,
        class: "policies",
        failures: failures.collect(),
        output: others.join("\n"),
    }
}

fn case_of_test(test: &Tested) -> Case<'_> {
    let failure = test.failure.as_deref().map(|text| CaseFailure {
        kind: "expectation",
        message: text.lines().next().unwrap_or_default(),
        text: text.to_owned(),
    });
    Case {
        name: &test.name,
        class: &test.file,
        failures: failure.into_iter().collect(),
        output: String::new(),
    }
}

/// A document with one suite.
fn suite(name: &str, cases: &[Case<'_>]) -> String {
    let failures = cases.iter().filter(|case| !case.failures.is_empty());
    let counts = format!(
        "name=\"{name}\" tests=\"{}\" failures=\"{}\" errors=\"0\"",
        cases.len(),
        failures.count()
    );
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string cannot fail.
    let _ = writeln!(out, "<testsuites {counts}>");
    let _ = writeln!(out, "  <testsuite {counts} skipped=\"0\">");
    for case in cases {
        let (name, class) = (escaped(case.name), escaped(case.class));
        let _ = write!(out, "    <testcase name=\"{name}\" classname=\"{class}\"");
        if case.failures.is_empty() && case.output.is_empty() {
            out.push_str("/>\n");
            continue;
        }
        out.push_str(">\n");
        for failure in &case.failures {
            let (kind, message) = (escaped(failure.kind), escaped(failure.message));
            let text = escaped(&failure.text);
            let _ = writeln!(
                out,
                "      <failure type=\"{kind}\" message=\"{message}\">{text}</failure>"
            );
        }
        if !case.output.is_empty() {
            let _ = writeln!(
                out,
                "      <system-out>{}</system-out>",
                escaped(&case.output)
            );
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
