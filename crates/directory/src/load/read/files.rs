//! Which files a folder has, and what is in each.
//!
//! Only regular files inside of the folder are read, links followed. A link that leads out, a pipe
//! or a device is an error and not a note: it may stand for a policy that denies (`IN-6`, choice
//! R27). So is more than [`LIMITS`], since a part of a folder is not the folder.
//!
//! What a file is, its content says, with its name as a hint: tools name dumps as they like.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Component, Path, PathBuf};

use portcullis_source::files::{open_regular, reason};
use portcullis_source::json;
use portcullis_syntax::forms::{self, Foreign};

use crate::codes;
use crate::load::path::Location;
use crate::load::read::inflate::Inflated;
use portcullis_source::{Code, Diagnostic, Severity};

/// How much of a folder is read before that is an error. Parameters of [`list`], so that tests need
/// no million files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Folders in folders.
    pub(crate) depth: usize,
    /// Files and folders in all.
    pub(crate) entries: usize,
    /// Bytes of all files, and of one packed file when it is unpacked.
    pub(crate) bytes: u64,
}

/// The limits of [`crate::Directory::load`]. Deeper folders are mostly a circle of links; the
/// others are some times what the largest organizations have.
pub(crate) const LIMITS: Limits = Limits {
    depth: 64,
    entries: 1_000_000,
    bytes: 64 << 30,
};

/// A file that is to be read.
pub(crate) struct FoundFile {
    /// Where it is, links followed.
    pub(crate) path: PathBuf,
    /// Its path from the folder, with slashes, as messages and references have it.
    pub(crate) name: String,
}

/// The name of a file that is not in the folder, such as a pack: a path that begins as no name
/// inside of the folder does, so that [`path_of`] can tell them apart.
pub(crate) fn name_outside(path: &Path) -> String {
    let name = path.display();
    match path.components().next() {
        Some(Component::Normal(_)) => format!("./{name}"),
        _ => name.to_string(),
    }
}

/// The path of the file that messages and references call so.
pub(crate) fn path_of(folder: &Path, name: &str) -> PathBuf {
    match name.starts_with("./") || name.starts_with("../") {
        true => PathBuf::from(name),
        // An absolute path stays what it is.
        false => base(folder).join(name),
    }
}

/// What names are relative to: the folder of the file, if the directory is one file.
fn base(folder: &Path) -> &Path {
    match folder.is_file() {
        true => folder.parent().unwrap_or(folder),
        false => folder,
    }
}

/// Every file of a folder and the folders in it, sorted by name, or the one file that it is; what is excluded; and what is
/// wrong. Names that begin with a dot are left out, as every tool does: they are settings and
/// remains of tools.
pub(crate) fn list(
    folder: &Path,
    limits: Limits,
    is_excluded: &dyn Fn(&str) -> bool,
) -> (Vec<FoundFile>, Vec<String>, Vec<Diagnostic>) {
    let mut list = FolderWalk {
        root: PathBuf::new(),
        limits,
        is_excluded,
        excluded: Vec::new(),
        entries: 0,
        bytes: 0,
        found: Vec::new(),
        problems: Vec::new(),
    };
    match fs::canonicalize(folder) {
        Ok(file) if file.is_file() => {
            list.root = base(&file).to_path_buf();
            let name = folder.file_name().unwrap_or_default();
            list.entry(&file, &name.to_string_lossy());
        }
        Ok(root) => {
            list.root = root.clone();
            list.all(root, &folder.display().to_string());
        }
        Err(error) => list.unreadable(&folder.display().to_string(), &error),
    }
    list.found.sort_by(|one, other| one.name.cmp(&other.name));
    list.excluded.sort();
    (list.found, list.excluded, list.problems)
}

/// A walk through a folder, without recursion, that counts what it meets.
struct FolderWalk<'e> {
    /// The folder, links followed: what lies elsewhere is outside.
    root: PathBuf,
    /// When to stop.
    limits: Limits,
    /// Asked for the path of each file and folder.
    is_excluded: &'e dyn Fn(&str) -> bool,
    /// What was excluded, for the report.
    excluded: Vec<String>,
    /// Files and folders so far.
    entries: usize,
    /// Their sizes so far. A file that grows while it is read is not noticed here.
    bytes: u64,
    /// The files, in the order of the file system.
    found: Vec<FoundFile>,
    /// At most one for each entry.
    problems: Vec<Diagnostic>,
}

impl FolderWalk<'_> {
    /// Reports a problem of a file or folder.
    fn problem(&mut self, location: &str, code: Code, message: String) {
        let location = Location::of_file(location);
        self.problems
            .push(location.diagnostic(Severity::Error, code, message));
    }

    /// Reports what cannot be read.
    fn unreadable(&mut self, location: &str, error: &io::Error) {
        let message = format!("cannot be read: {}", reason(error));
        self.problem(location, codes::UNREADABLE_FILE, message);
    }

    /// Reports a limit. The walk ends: what is beyond is not known.
    fn too_large(&mut self, location: &str, limit: &str) {
        let message = format!("the directory has more than {limit}");
        self.problem(location, codes::TOO_LARGE, message);
    }

    /// Walks the folder and everything in it. Folders are entered last in, first out, which does
    /// not matter, since files are sorted afterwards.
    fn all(&mut self, root: PathBuf, shown: &str) {
        let mut open = vec![(root, String::new(), 0)];
        while let Some((path, prefix, depth)) = open.pop() {
            let location = match prefix.is_empty() {
                true => shown.to_string(),
                false => prefix.clone(),
            };
            if depth > self.limits.depth {
                let limit = format!("{} levels of folders", self.limits.depth);
                return self.too_large(&location, &limit);
            }
            let entries = match fs::read_dir(&path) {
                Ok(entries) => entries,
                Err(error) => {
                    self.unreadable(&location, &error);
                    continue;
                }
            };
            for entry in entries {
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(error) => {
                        self.unreadable(&location, &error);
                        continue;
                    }
                };
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.starts_with('.') {
                    continue;
                }
                self.entries += 1;
                if self.entries > self.limits.entries {
                    let limit = format!("{} files and folders", self.limits.entries);
                    return self.too_large(&location, &limit);
                }
                let name = format!("{prefix}{name}");
                if (self.is_excluded)(&name) {
                    self.excluded.push(name);
                    continue;
                }
                if let Some(folder) = self.entry(&entry.path(), &name) {
                    open.push((folder, format!("{name}/"), depth + 1));
                }
                if self.bytes > self.limits.bytes {
                    let limit = format!("{} bytes", self.limits.bytes);
                    return self.too_large(&name, &limit);
                }
            }
        }
    }

    /// Takes in one entry. Returns it if it is a folder that is to be entered.
    fn entry(&mut self, path: &Path, name: &str) -> Option<PathBuf> {
        let known = fs::canonicalize(path).and_then(|real| Ok((fs::metadata(&real)?, real)));
        let (data, real) = match known {
            Ok(known) => known,
            Err(error) => {
                self.unreadable(name, &error);
                return None;
            }
        };
        if !real.starts_with(&self.root) {
            let message = "the link leads out of the folder".to_string();
            self.problem(name, codes::PATH_OUTSIDE, message);
            return None;
        }
        if data.is_dir() {
            return Some(real);
        }
        if !data.is_file() {
            // Opening a pipe waits for somebody to write, perhaps forever.
            let error = io::Error::other("it is not a regular file");
            self.unreadable(name, &error);
            return None;
        }
        self.bytes = self.bytes.saturating_add(data.len());
        self.found.push(FoundFile {
            path: real,
            name: name.to_string(),
        });
        None
    }
}

/// What a file contains.
pub(crate) enum Content {
    /// JSON, or what should be: its name or its first character says so.
    Json(Box<dyn BufRead + Send>),
    /// What another tool wrote, or a file of another notation, that may hold policies.
    Foreign(Foreign),
    /// Nothing that a directory is made of.
    Other,
}

/// Opens a file and tells from name and beginning what is in it. Files that gzip packed are
/// unpacked as they are read, since exports often are.
pub(crate) fn open(file: &FoundFile) -> Result<Content, String> {
    let opened = open_regular(&file.path).map_err(|error| reason(&error))?;
    let mut input = BufReader::with_capacity(1 << 16, opened);
    let start = input.fill_buf().map_err(|error| reason(&error))?;
    if start.starts_with(b"\x1f\x8b") {
        // What it holds is what its name says without the end.
        let name = file.name.strip_suffix(".gz").unwrap_or(&file.name);
        return of_content(Box::new(Inflated::new(input, LIMITS.bytes)), name);
    }
    of_content(Box::new(input), &file.name)
}

/// Tells from name and beginning what an input is. Looks at the first buffer alone, so that nothing
/// is read twice.
fn of_content(mut input: Box<dyn BufRead + Send>, name: &str) -> Result<Content, String> {
    let start = input.fill_buf().map_err(|error| reason(&error))?;
    // gzip again, zip, xz, bzip2, zstandard.
    let packed: [&[u8]; 5] = [
        b"\x1f\x8b",
        b"PK\x03\x04",
        b"\xfd7zXZ",
        b"BZh",
        b"\x28\xb5\x2f\xfd",
    ];
    if packed.iter().any(|magic| start.starts_with(magic)) {
        return Ok(Content::Foreign(Foreign {
            what: "compressed",
            help: "unpack it first",
        }));
    }
    let text = json::utf8(start.to_vec());
    let text = String::from_utf8_lossy(&text);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let is_named = Path::new(name).extension().is_some_and(|kind| {
        ["json", "jsonl", "ndjson"]
            .iter()
            .any(|own| kind.eq_ignore_ascii_case(own))
    });
    if is_named || text.starts_with(['{', '[']) {
        return Ok(Content::Json(input));
    }
    // A text beside the dumps, such as a list of commands, may begin like a file of another
    // notation. Without a word that policies need it holds none (choice R26).
    let lower = text.to_ascii_lowercase();
    let may_hold_policies = ["policy", "policies", "statement", "arn:aws"]
        .iter()
        .any(|word| lower.contains(word));
    Ok(match forms::recognize_text(text) {
        Some(foreign) if may_hold_policies => Content::Foreign(foreign),
        _ => Content::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(folder: &Path, limits: Limits) -> Vec<&'static str> {
        let (_, _, problems) = list(folder, limits, &|_| false);
        problems.iter().map(|own| own.code.as_str()).collect()
    }

    #[test]
    fn limits_of_a_folder() {
        let name = format!("portcullis-limits-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(folder.join("a/b")).unwrap();
        fs::write(folder.join("one.json"), "{}").unwrap();
        fs::write(folder.join("a/b/two.json"), "{ }").unwrap();
        fs::write(folder.join(".hidden"), "0123456789").unwrap();
        let exact = Limits {
            depth: 2,
            entries: 4,
            bytes: 5,
        };
        assert_eq!(codes(&folder, exact), [""; 0]);
        let smaller = [
            Limits { depth: 1, ..exact },
            Limits {
                entries: 3,
                ..exact
            },
            Limits { bytes: 4, ..exact },
        ];
        for limits in smaller {
            assert_eq!(codes(&folder, limits), ["TOO_LARGE"], "{limits:?}");
        }
        let (found, excluded, _) = list(&folder, LIMITS, &|path| path == "a/b");
        let names: Vec<&str> = found.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(
            (names, excluded),
            (vec!["one.json"], vec!["a/b".to_string()])
        );
        let (found, ..) = list(&folder, LIMITS, &|_| false);
        let names: Vec<&str> = found.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["a/b/two.json", "one.json"]);
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(codes(&folder, LIMITS), ["UNREADABLE_FILE"]);
    }
}
