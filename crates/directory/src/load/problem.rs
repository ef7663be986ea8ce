//! What is wrong with a folder and where; what was read and what was not.
//!
//! Codes are part of the interface: scripts match them, and tests ask for them instead of messages
//! ([`crate::codes`]). At most [`LoadError::LIMIT`] problems are kept, so that a folder of the
//! wrong kind does not fill memory, but all are counted.
//!
//! A report exists beside the errors because silence would be an answer too: a file that is skipped
//! without a word looks like a file that was read.

use std::fmt;

use portcullis_source::Diagnostic;

/// What was found in a folder that could be used.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Files that were read, each with the forms that were recognized in it and how often.
    pub read: Vec<(String, Vec<(&'static str, u64)>)>,
    /// Files, or values in them, that describe nothing that a directory consists of and hold no
    /// policy.
    pub skipped: Vec<Skipped>,
    /// Files and folders that were excluded by the caller ([`crate::Sources::exclude`]).
    pub excluded: Vec<String>,
    /// References to what no file contains, if that was allowed; answers are incomplete then.
    pub missing: Vec<Diagnostic>,
    /// Oddities that do not keep the directory from being used.
    pub warnings: Vec<Diagnostic>,
    /// Assumptions about what was read: locations and sentences.
    pub notes: Vec<(String, String)>,
}

/// A file or value that was skipped.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// The file, and for a value its position in it.
    pub place: String,
    /// Why, as the end of a sentence about it.
    pub reason: &'static str,
    /// It is a JSON value, of which something might have been expected. A text file beside the
    /// dumps is no news.
    pub is_json: bool,
}

/// Why a directory cannot be used: every problem of its folder, not the first alone.
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
