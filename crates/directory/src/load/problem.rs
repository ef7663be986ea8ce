//! What is wrong with a folder and where, and what was read and what was not.
//!
//! Codes are part of the interface: scripts match them, and tests ask for them instead of messages. Not more than
//! [`LoadError::LIMIT`] problems are kept, so that a folder of the wrong kind does not fill memory, but all are counted.

use std::fmt;

use portcullis_source::Diagnostic;

/// What was found in a folder.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Files that were read, each with what was recognized in it and how often.
    pub read: Vec<(String, Vec<(&'static str, u64)>)>,
    /// Files, or values in them, that were left out.
    pub skipped: Vec<Skipped>,
    /// Files and folders that were not to be read ([`crate::Sources::exclude`]).
    pub excluded: Vec<String>,
    /// What is referred to and not there, if that was allowed.
    pub missing: Vec<Diagnostic>,
    /// What is odd and does not keep the directory from being used.
    pub warnings: Vec<Diagnostic>,
    /// What was assumed of what was read: places and words.
    pub notes: Vec<(String, String)>,
}

/// Something that was left out.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// The file, and for a value its place in it.
    pub place: String,
    /// Why.
    pub reason: &'static str,
    /// It is a JSON value, of which something might have been expected.
    pub is_json: bool,
}

/// A directory that cannot be used.
#[derive(Clone, Debug, Default)]
pub struct LoadError {
    /// The problems, the first [`LoadError::LIMIT`] of them.
    pub problems: Vec<Diagnostic>,
    /// How many there are in all.
    pub count: usize,
}

impl LoadError {
    /// How many problems are kept one by one.
    pub const LIMIT: usize = 100;

    /// Counts a problem, and keeps it if there is room.
    pub(crate) fn push(&mut self, problem: Diagnostic) {
        self.count += 1;
        if self.problems.len() < LoadError::LIMIT {
            self.problems.push(problem);
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        match self.count.saturating_sub(self.problems.len()) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

impl std::error::Error for LoadError {}
