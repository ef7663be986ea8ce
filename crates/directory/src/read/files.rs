//! The files of a folder.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// More folders in folders than this are taken for a circle of links.
const MAX_DEPTH: usize = 64;

/// Every file of a folder and the folders in it, with its path from the folder; sorted. Names that
/// start with a dot are left out.
pub(crate) fn list(folder: &Path) -> Result<Vec<(PathBuf, String)>, (String, String)> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_path_buf(), String::new(), 0)];
    while let Some((path, prefix, depth)) = open.pop() {
        let fail = |error: io::Error| (path.display().to_string(), error.to_string());
        if depth > MAX_DEPTH {
            return Err((prefix, "too many folders in each other".to_string()));
        }
        for entry in fs::read_dir(&path).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let path = entry.path();
            let name = format!("{prefix}{name}");
            match fs::metadata(&path).map_err(fail)?.is_dir() {
                true => open.push((path, format!("{name}/"), depth + 1)),
                false => found.push((path, name)),
            }
        }
    }
    found.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(found)
}

/// Opens a file; none if its content is not JSON and its name does not say that it should be.
pub(crate) fn open(path: &Path) -> Result<Option<BufReader<File>>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut input = BufReader::with_capacity(1 << 16, file);
    let start = input.fill_buf().map_err(|error| error.to_string())?;
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let first = text.trim_ascii_start().first();
    let is_named = path.extension().is_some_and(|kind| {
        ["json", "jsonl", "ndjson"]
            .iter()
            .any(|own| kind.eq_ignore_ascii_case(own))
    });
    let is_json = is_named || matches!(first, Some(b'{' | b'['));
    Ok(is_json.then_some(input))
}
