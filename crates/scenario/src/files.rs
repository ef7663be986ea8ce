//! The files that scenarios and policies name. A path that comes from data is data: who may write a request
//! must not thereby read whatever the program can.

use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use portcullis_source::files::{open_regular, reason};
use portcullis_source::json::MAX_TEXT;

/// Where the files come from that scenarios name.
pub trait Files {
    /// The content of a file. `folder` is that of the file that names it, empty for the working folder; `path` is
    /// seen from there and, unless [`Files::allow_outside`], has been found to be relative and without `..`.
    ///
    /// # Errors
    /// Why it is not read.
    fn read(&self, folder: &Path, path: &Path) -> Result<Vec<u8>, UnreadableError>;

    /// True if paths may lead anywhere. For programs whose data is all their user's own.
    fn allow_outside(&self) -> bool {
        false
    }
}

/// Why a file is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnreadableError {
    /// Its path leads out of the folder of the file that names it.
    Outside,
    /// Another reason, in words.
    Because(String),
}

impl fmt::Display for UnreadableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnreadableError::Outside => f.write_str(
                "its path leads out of the folder of the file that names it; \
                 paths are relative, without `..`, and stay inside, links followed",
            ),
            UnreadableError::Because(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for UnreadableError {}

impl From<io::Error> for UnreadableError {
    fn from(error: io::Error) -> UnreadableError {
        UnreadableError::Because(reason(&error))
    }
}

/// No files at all, for scenarios from elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &Path, _: &Path) -> Result<Vec<u8>, UnreadableError> {
        let reason = "files are not read here".to_string();
        Err(UnreadableError::Because(reason))
    }
}

/// The files of the disk: regular ones, each in the folder of the file that names it or in one below, also after
/// links are followed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk {
    /// Let paths lead anywhere. What is no regular file is not read even so.
    pub allow_outside: bool,
}

impl Files for Disk {
    fn read(&self, folder: &Path, path: &Path) -> Result<Vec<u8>, UnreadableError> {
        let path = folder.join(path);
        let real = fs::canonicalize(&path)?;
        if !self.allow_outside {
            let folder = match folder.as_os_str().is_empty() {
                true => Path::new("."),
                false => folder,
            };
            if !real.starts_with(fs::canonicalize(folder)?) {
                return Err(UnreadableError::Outside);
            }
        }
        let mut bytes = Vec::new();
        let file = open_regular(&real)?;
        // What is larger is refused by whoever gets it.
        file.take(MAX_TEXT as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn allow_outside(&self) -> bool {
        self.allow_outside
    }
}

/// Where a path from data leads: the folder of the file that names it, and the path from there.
///
/// # Errors
/// [`UnreadableError::Outside`] for a path that is absolute or goes up.
pub(crate) fn locate(
    from: &Path,
    written: &str,
    files: &dyn Files,
) -> Result<(PathBuf, PathBuf), UnreadableError> {
    let folder = from.parent().unwrap_or(Path::new(""));
    let path = Path::new(written);
    let is_down = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !files.allow_outside() && !path.components().all(is_down) {
        return Err(UnreadableError::Outside);
    }
    Ok((folder.to_path_buf(), path.to_path_buf()))
}
