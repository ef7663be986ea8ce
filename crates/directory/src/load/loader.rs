//! What reading and linking work on: strings and documents so far, what the files say, and what is wrong.
//!
//! A problem never stops the loader. It is kept with its location, and reading goes on with the next value, so that a user
//! mends a folder in one round. [`crate::load::load`] looks at the errors at the end.

use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

use portcullis_source::json::Node;
use portcullis_source::{Code, Severity, Source};

use crate::codes;
use crate::load::path::{JsonPath, Location};
use crate::load::problem::{LoadError, Report};
use crate::load::raw::{Raw, SourceLoc};
use crate::store::documents::Documents;
use crate::store::strings::StringInterner;

/// What reads, and what it has read.
#[derive(Debug, Default)]
pub(crate) struct Loader {
    pub(crate) strings: StringInterner,
    pub(crate) documents: Documents,
    pub(crate) raw: Raw,
    pub(crate) report: Report,
    pub(crate) errors: LoadError,
    /// The accounts of the page that is being read.
    pub(crate) seen: BTreeSet<u64>,
    /// Where the value that is being read has policies and limits that were read, or need not be.
    pub(crate) consumed: HashSet<u32>,
}

/// A value of a file.
pub(crate) struct Record<'r, 'a> {
    pub(crate) source: &'r Rc<Source<'a>>,
    /// The file's path from the folder.
    pub(crate) file: &'r str,
    /// The spot of the whole value.
    pub(crate) loc: SourceLoc,
}

impl Loader {
    /// A problem that keeps the directory from being used.
    pub(crate) fn error(&mut self, at: Location, code: Code, message: impl Into<String>) {
        self.errors
            .push(at.diagnostic(Severity::Error, code, message));
    }

    /// Something odd that does not.
    pub(crate) fn warn(&mut self, at: Location, code: Code, message: impl Into<String>) {
        let warning = at.diagnostic(Severity::Warning, code, message);
        self.report.warnings.push(warning);
    }

    /// Something that whoever asks should know, and that is not odd.
    pub(crate) fn note(&mut self, at: &Location, message: String) {
        // Every resource of a service may have one.
        if self.report.notes.len() < LoadError::LIMIT {
            self.report.notes.push((at.to_string(), message));
        }
    }

    /// Where a spot is.
    pub(crate) fn location(&self, loc: SourceLoc) -> Location {
        loc.location(self.strings.get(loc.file))
    }

    /// Something is referred to and not there.
    pub(crate) fn missing(&mut self, at: Location, message: String) {
        let problem = at.diagnostic(Severity::Error, codes::DANGLING_REFERENCE, message);
        self.report.missing.push(problem);
    }
}

impl Record<'_, '_> {
    /// Where a node is.
    pub(crate) fn at(&self, node: &Node<'_>, at: JsonPath<'_>) -> Location {
        Location::new(self.source.place(node.span), at.steps())
    }

    /// The path from the file, for policies: `file#/path`, with the line of a record that is not the
    /// file's first.
    pub(crate) fn reference(&self, at: JsonPath<'_>) -> String {
        match self.loc.line {
            0 | 1 => format!("{}#{at}", self.file),
            line => format!("{}:{line}#{at}", self.file),
        }
    }

    /// The spot of an element of a list.
    pub(crate) fn loc(&self, list: &'static str, index: usize, element: &Node<'_>) -> SourceLoc {
        let (line, column) = self.source.position(element.span.start);
        SourceLoc {
            line: number(line),
            column: number(column),
            list,
            index: number(index),
            ..self.loc
        }
    }
}

/// Lines and columns that do not fit are shown as the last that does.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
