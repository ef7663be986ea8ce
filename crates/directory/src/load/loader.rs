//! The state of a load: strings and documents so far, raw records, and what is wrong.
//!
//! A problem never stops the loader. It is kept with its location and reading goes on with the next
//! value, so that a folder is repaired in one round. [`crate::load::load`] looks at the errors when
//! a stage is done.
//!
//! There is one `Loader`, passed by exclusive reference, and no parts of it that borrow each other:
//! readers add a string, a document, and a problem within one expression. Files are read one after
//! the other. Reading them in parallel was rejected, because ids are given in the order of first
//! use (invariant 6 of `docs/architecture.md`) and would depend on the schedule; only the elements of
//! a large dump are parsed on two threads, and their policies read, which gives no ids.

use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;

use bumpalo::Bump;
use portcullis_source::hash::Set;
use portcullis_source::json::Node;
use portcullis_source::{Code, Severity, Source};

use crate::codes;
use crate::load::path::{JsonPath, Location};
use crate::load::problem::{LoadError, Report};
use crate::load::raw::{Raw, SourceLoc};
use crate::store::documents::Documents;
use crate::store::strings::StringInterner;

/// Collects what a folder says. Readers add to it and linking empties it.
#[derive(Debug, Default)]
pub(crate) struct Loader {
    /// Names, ARNs, tags, references: every string that tables refer to. Policy documents are not
    /// among them.
    pub(crate) strings: StringInterner,
    /// Policy documents, each stored once.
    pub(crate) documents: Documents,
    /// Records as they were read, in the order of the files.
    pub(crate) raw: Raw,
    /// What was read, skipped, and assumed; it outlives the load.
    pub(crate) report: Report,
    /// Problems that keep the directory from being used.
    pub(crate) errors: LoadError,
    /// The accounts of the page that is being read. Whether more pages follow is known at the end
    /// of the page only (`IN-5`).
    pub(crate) seen: BTreeSet<u64>,
    /// Byte offsets, in the value that is being read, of nodes that some reader took or knows to
    /// decide nothing. What looks like a policy and is not in here is an error (`IN-4`). An offset
    /// identifies a node, since no two nodes of a value begin at the same byte.
    pub(crate) consumed: Set<u32>,
    /// Where one document after the other is read to see whether it is one.
    pub(crate) scratch: Bump,
}

/// One JSON value of a file, and where that is. Readers get it beside the node that they look at.
pub(crate) struct Record<'r, 'a> {
    /// The text of the value, for positions and excerpts.
    pub(crate) source: &'r Rc<Source<'a>>,
    /// The path from the folder, with slashes. Some answers of AWS are recognized by it.
    pub(crate) file: &'r str,
    /// Where the whole value begins.
    pub(crate) loc: SourceLoc,
    /// Whether the text is (`policy::is_plain`), and so every document in it.
    pub(crate) is_plain: bool,
    /// Where documents begin that were read as identity policies, strictly, and have no error: rising. The others may have none
    /// either.
    pub(crate) sound: &'r [u32],
}

impl Loader {
    /// Records a problem that keeps the directory from being used.
    pub(crate) fn error(&mut self, at: Location, code: Code, message: impl Into<String>) {
        self.errors
            .push(at.diagnostic(Severity::Error, code, message));
    }

    /// Records an oddity that does not: two versions of one managed policy, say.
    pub(crate) fn warn(&mut self, at: Location, code: Code, message: impl Into<String>) {
        let warning = at.diagnostic(Severity::Warning, code, message);
        self.report.warnings.push(warning);
    }

    /// Records an assumption that users should know of and that is not odd. Keeps the first
    /// [`LoadError::LIMIT`], since each resource of a service may have one.
    pub(crate) fn note(&mut self, at: &Location, message: String) {
        // Every resource of a service may have one.
        if self.report.notes.len() < LoadError::LIMIT {
            self.report.notes.push((at.to_string(), message));
        }
    }

    /// Resolves a source location to a file name, for messages. Locations are kept as ids, because
    /// nearly all of them are never shown.
    pub(crate) fn location(&self, loc: SourceLoc) -> Location {
        loc.location(self.strings.get(loc.file))
    }

    /// Records a reference to something that no file contains. Whether it is an error is for the
    /// user to say ([`crate::LoadOptions::allow_missing`]).
    pub(crate) fn missing(&mut self, at: Location, message: String) {
        let problem = at.diagnostic(Severity::Error, codes::DANGLING_REFERENCE, message);
        self.report.missing.push(problem);
    }
}

impl Record<'_, '_> {
    /// The position of a node in its file, and its path in the value.
    pub(crate) fn at(&self, node: &Node<'_>, at: JsonPath<'_>) -> Location {
        Location::new(self.source.place(node.span), at.steps())
    }

    /// How a policy is called in explanations: `file#/path`, with the line of a record that is not
    /// the first of its file. [`crate::load::located`] leads it back to a line and column.
    pub(crate) fn reference<'p>(&'p self, at: JsonPath<'p>) -> impl fmt::Display + 'p {
        Reference {
            file: self.file,
            line: self.loc.line,
            at,
        }
    }

    /// The location of an element of a list in this value.
    pub(crate) fn element_loc(
        &self,
        list: &'static str,
        index: usize,
        element: &Node<'_>,
    ) -> SourceLoc {
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

/// See [`Record::reference`].
struct Reference<'p> {
    file: &'p str,
    line: u32,
    at: JsonPath<'p>,
}

impl fmt::Display for Reference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Reference { file, line, at } = self;
        match line {
            0 | 1 => write!(f, "{file}#{at}"),
            line => write!(f, "{file}:{line}#{at}"),
        }
    }
}

/// Lines and columns that do not fit 32 bits are shown as the last that does: a wrong line in a
/// message, and no more.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
