//! Why bytes are not a directory. One sentence, for people: a program can do nothing but make the
//! file again.

use std::fmt;

/// Why bytes are not a directory: they were not written by
/// [`Directory::to_bytes`](crate::Directory::to_bytes) of this version, or were damaged since. The
/// first problem is reported; a file is made again, not repaired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotError {
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a usable directory: {}", self.what)
    }
}

impl std::error::Error for SnapshotError {}

/// An error with this reason.
pub(super) fn wrong<T>(what: impl Into<String>) -> Result<T, SnapshotError> {
    Err(SnapshotError { what: what.into() })
}
