//! Files of the disk that are input.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// What went wrong, in the words of the system, without its number.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => text.to_string(),
    }
}

/// Opens a regular file, and nothing else: to open a pipe is to wait for whoever writes it, and some devices have no end.
///
/// # Errors
/// Those of the system, and what the path leads to if that is not a regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    regular(&fs::metadata(path)?)?;
    let file = File::open(path)?;
    // It may have become another in between.
    regular(&file.metadata()?)?;
    Ok(file)
}

fn regular(data: &fs::Metadata) -> io::Result<()> {
    match (data.is_file(), data.is_dir()) {
        (true, _) => Ok(()),
        (false, true) => Err(io::Error::other("it is a directory")),
        (false, false) => Err(io::Error::other("it is not a regular file")),
    }
}
