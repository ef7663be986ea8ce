//! What reading and linking work on: strings and documents so far, what the files say, and what is wrong.
//!
//! A problem never stops the loader. It is kept with its location, and reading goes on with the next value, so that a user
//! mends a folder in one round. [`crate::load::load`] looks at the errors at the end.

use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

use portcullis_scenario::Source;
use portcullis_syntax::json::Node;

use crate::load::path::At;
use crate::load::problem::{Code, LoadError, Problem, Report};
use crate::load::raw::{Raw, Spot};
use crate::store::documents::Documents;
use crate::store::strings::Interner;

/// What reads, and what it has read.
#[derive(Debug, Default)]
pub(crate) struct Loader {
    pub(crate) strings: Interner,
    pub(crate) documents: Documents,
    pub(crate) raw: Raw,
    pub(crate) report: Report,
    pub(crate) errors: LoadError,
    /// The accounts of the page that is being read.
    pub(crate) seen: BTreeSet<u64>,
    /// Where the value that is being read has policies and limits that were read, or need not be.
    pub(crate) taken: HashSet<u32>,
}

/// A value of a file.
pub(crate) struct Record<'r, 'a> {
    pub(crate) source: &'r Rc<Source<'a>>,
    /// The file's path from the folder.
    pub(crate) file: &'r str,
    /// The spot of the whole value.
    pub(crate) spot: Spot,
}

impl Loader {
    /// A problem that keeps the directory from being used.
    pub(crate) fn error(&mut self, place: String, code: Code, message: impl Into<String>) {
        self.errors.push(Problem {
            place,
            code,
            message: message.into(),
        });
    }

    /// Something odd that does not.
    pub(crate) fn warn(&mut self, place: String, code: Code, message: impl Into<String>) {
        self.report.warnings.push(Problem {
            place,
            code,
            message: message.into(),
        });
    }

    /// Something that whoever asks should know, and that is not odd.
    pub(crate) fn note(&mut self, place: String, message: String) {
        // Every resource of a service may have one.
        if self.report.notes.len() < LoadError::LIMIT {
            self.report.notes.push((place, message));
        }
    }

    /// A spot in words.
    pub(crate) fn place(&self, spot: Spot) -> String {
        let file = self.strings.get(spot.file);
        let line = match spot.line {
            0 | 1 => String::new(),
            line => format!(":{line}"),
        };
        match spot.list {
            "" => format!("{file}{line}"),
            list => format!("{file}{line} /{list}/{}", spot.index),
        }
    }

    /// Something is referred to and not there.
    pub(crate) fn missing(&mut self, place: String, message: String) {
        self.report.missing.push(Problem {
            place,
            code: Code::DanglingReference,
            message,
        });
    }
}

impl Record<'_, '_> {
    /// A node's place in words: file, line, column and path.
    pub(crate) fn at(&self, node: &Node<'_>, at: At<'_>) -> String {
        let (line, column) = self.source.position(node.span.start);
        let path = at.to_string();
        match path.is_empty() {
            true => format!("{}:{line}:{column}", self.file),
            false => format!("{}:{line}:{column} {path}", self.file),
        }
    }

    /// The path from the file, for policies: `file#/path`, with the line of a record that is not the
    /// file's first.
    pub(crate) fn reference(&self, at: At<'_>) -> String {
        match self.spot.line {
            0 | 1 => format!("{}#{at}", self.file),
            line => format!("{}:{line}#{at}", self.file),
        }
    }

    /// The location of an element of a list.
    pub(crate) fn spot(&self, list: &'static str, index: usize) -> Spot {
        Spot {
            list,
            index: u32::try_from(index).unwrap_or(u32::MAX),
            ..self.spot
        }
    }
}
