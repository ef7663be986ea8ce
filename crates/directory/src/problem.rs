//! What is wrong with a directory, and where; and what was read and what was not.

use std::fmt;

/// What kind of problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A file or folder cannot be read.
    UnreadableFile,
    /// A link that leads out of the folder.
    PathOutside,
    /// A file is not JSON, or an object has a member twice.
    InvalidJson,
    /// A value that holds a policy and whose form is not known.
    UnknownForm,
    /// A member of the wrong type or with a value that it cannot have.
    InvalidMember,
    /// A member that must be there is not.
    MissingMember,
    /// A policy document with an error (`GRAM-12`).
    InvalidPolicy,
    /// A reference to something that no file has (`IN-15`).
    DanglingReference,
    /// Two things with one name.
    Duplicate,
    /// Two files say what cannot both be true.
    Contradiction,
    /// An account or unit that is in two places of the organization, or in a circle, or nowhere.
    InvalidTree,
    /// More than can be held.
    TooLarge,
    /// The last page of a dump says that there are more (`IN-5`).
    Incomplete,
    /// The folder holds nothing that a directory is made of.
    Empty,
}

impl Code {
    /// The name that is printed, such as `DANGLING_REFERENCE`.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::UnreadableFile => "UNREADABLE_FILE",
            Code::PathOutside => "PATH_OUTSIDE",
            Code::InvalidJson => "INVALID_JSON",
            Code::UnknownForm => "UNKNOWN_FORM",
            Code::InvalidMember => "INVALID_MEMBER",
            Code::MissingMember => "MISSING_MEMBER",
            Code::InvalidPolicy => "INVALID_POLICY",
            Code::DanglingReference => "DANGLING_REFERENCE",
            Code::Duplicate => "DUPLICATE",
            Code::Contradiction => "CONTRADICTION",
            Code::InvalidTree => "INVALID_TREE",
            Code::TooLarge => "TOO_LARGE",
            Code::Incomplete => "INCOMPLETE",
            Code::Empty => "EMPTY",
        }
    }
}

/// One problem. Displayed as one line: `file:line:column /json/path: message [CODE]`.
#[derive(Clone, Debug)]
pub struct Problem {
    /// File, line and column as far as they are known, and the path in the JSON value.
    pub place: String,
    /// What kind it is.
    pub code: Code,
    /// What it is.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        write!(f, "{} [{}]", self.message, self.code.as_str())
    }
}

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
    pub missing: Vec<Problem>,
    /// What is odd and does not keep the directory from being used.
    pub warnings: Vec<Problem>,
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
    pub problems: Vec<Problem>,
    /// How many there are in all.
    pub count: usize,
}

impl LoadError {
    /// How many problems are kept one by one.
    pub const LIMIT: usize = 100;

    pub(crate) fn push(&mut self, problem: Problem) {
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
