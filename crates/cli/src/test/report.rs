//! What comes of tests: told line by line while they run, or as one document behind the last.

use clap::ValueEnum;
use portcullis_source::formats::{Tested, junit_of_tests};
use serde_json::json;

use crate::failure::Failure;
use crate::output::Output;

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum TestFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object
    Json,
    /// JUnit's XML: each request is a test case
    Junit,
}

/// The results so far. Text is written at once; the other formats have to know them all.
pub(super) struct TestReport {
    format: TestFormat,
    /// List also what passed.
    is_verbose: bool,
    output: Output,
    /// Where the tests stand that are run.
    file: String,
    tests: Vec<Tested>,
    /// Lines that belong to no test.
    notes: Vec<String>,
    pub(super) passed: usize,
    pub(super) failed: usize,
    /// Something other than a test was not as demanded.
    is_short: bool,
}

impl TestReport {
    pub(super) fn new(format: TestFormat, is_verbose: bool) -> TestReport {
        TestReport {
            format,
            is_verbose,
            output: Output::new(),
            file: String::new(),
            tests: Vec::new(),
            notes: Vec::new(),
            passed: 0,
            failed: 0,
            is_short: false,
        }
    }

    /// True if what is written is colored.
    pub(super) fn is_colored(&self) -> bool {
        self.format == TestFormat::Text && self.output.color()
    }

    /// The tests that follow stand in this file.
    pub(super) fn enter_file(&mut self, file: String) {
        self.file = file;
    }

    pub(super) fn pass(&mut self, name: &str) -> Result<(), Failure> {
        self.passed += 1;
        match self.format {
            TestFormat::Text if self.is_verbose => self.output.line(&format!("ok   {name}")),
            TestFormat::Text => Ok(()),
            _ => {
                self.test(name, None);
                Ok(())
            }
        }
    }

    pub(super) fn fail(&mut self, name: &str) -> Result<(), Failure> {
        self.failed += 1;
        if self.format != TestFormat::Text {
            self.test(name, Some(String::new()));
            return Ok(());
        }
        let (red, reset) = match self.output.color() {
            true => ("\x1b[1;31m", "\x1b[0m"),
            false => ("", ""),
        };
        self.output.line(&format!("{red}FAIL{reset} {name}"))
    }

    /// A test that failed by the same cause as the last one, which is told once.
    pub(super) fn fail_with_last(&mut self, name: &str) {
        self.failed += 1;
        if self.format != TestFormat::Text {
            let failure = self.tests.last().and_then(|last| last.failure.clone());
            self.test(name, failure);
        }
    }

    /// Something other than a test is not as demanded. Formats that have nothing but tests say it as one that failed.
    pub(super) fn fall_short(&mut self, line: &str) -> Result<(), Failure> {
        self.is_short = true;
        match self.format {
            TestFormat::Text => self.output.line(line),
            _ => self.fail(line),
        }
    }

    /// True if something was not as expected or demanded.
    pub(super) fn is_failed(&self) -> bool {
        self.is_short || self.failed > 0
    }

    fn test(&mut self, name: &str, failure: Option<String>) {
        self.tests.push(Tested {
            file: self.file.clone(),
            name: name.to_owned(),
            failure,
        });
    }

    /// Lines that belong to the last failure.
    pub(super) fn details(&mut self, text: &str) -> Result<(), Failure> {
        if self.format != TestFormat::Text {
            let last = self.tests.last_mut().and_then(|test| test.failure.as_mut());
            if let Some(failure) = last {
                failure.push_str(text.trim_end());
                failure.push('\n');
            }
            return Ok(());
        }
        text.lines().try_for_each(|line| match line.is_empty() {
            true => self.output.line(""),
            false => self.output.line(&format!("  {line}")),
        })
    }

    /// A line that belongs to no test.
    pub(super) fn note(&mut self, line: &str) -> Result<(), Failure> {
        match self.format {
            TestFormat::Text => self.output.line(line),
            _ => {
                self.notes.push(line.to_owned());
                Ok(())
            }
        }
    }

    /// Writes what is not written yet; `left_out` tests were not run.
    pub(super) fn finish(mut self, left_out: usize) -> Result<(), Failure> {
        let (passed, failed) = (self.passed, self.failed);
        for test in &mut self.tests {
            if let Some(failure) = &mut test.failure {
                failure.truncate(failure.trim_end().len());
                if failure.is_empty() {
                    failure.clone_from(&test.name);
                }
            }
        }
        match self.format {
            TestFormat::Text => self
                .output
                .line(&format!("{passed} passed, {failed} failed"))?,
            TestFormat::Junit => self.output.bytes(junit_of_tests(&self.tests).as_bytes())?,
            TestFormat::Json => {
                let tests = self.tests.iter().map(|test| {
                    json!({
                        "file": test.file,
                        "name": test.name,
                        "pass": test.failure.is_none(),
                        "failure": test.failure,
                    })
                });
                let value = json!({
                    "version": 1,
                    "passed": passed,
                    "failed": failed,
                    "leftOut": left_out,
                    "tests": tests.collect::<Vec<_>>(),
                    "notes": self.notes,
                });
                self.output.line(&value.to_string())?;
            }
        }
        self.output.finish()
    }
}
