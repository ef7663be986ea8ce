//! Folders: the files in them that hold policies.
//!
//! A folder holds files of all kinds. Those are checked whose names end as those of policies do, but for JSON and YAML
//! in which nothing is called like the statements of a policy. How many were left out is said.

use std::path::{Path, PathBuf};

use bumpalo::Bump;
use portcullis_directory::Sources;
use portcullis_source::codes::{PATH_OUTSIDE, UNREADABLE_FILE};
use portcullis_source::json::{self, Node, Value};
use portcullis_source::{Diagnostic, Place};

use super::embedded::is_yaml;
use super::lines::is_lines;
use crate::failure::{Failure, complain};
use crate::output::{display_name, printable, read_text};

/// How the names of files end that are looked at.
const ENDINGS: [&str; 6] = ["iam", "json", "jsonl", "ndjson", "yaml", "yml"];

/// The files to check: those that are given, and in place of a folder those in it.
///
/// # Errors
/// A folder cannot be read, or there is nothing in it to check.
pub(super) fn files(given: &[PathBuf], exclude: &[String]) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for path in given {
        match path.is_dir() {
            true => in_folder(path, exclude, &mut all)?,
            false => all.push(path.clone()),
        }
    }
    Ok(all)
}

fn in_folder(folder: &Path, exclude: &[String], all: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let mut sources = Sources::new(folder);
    sources.exclude = exclude.to_vec();
    let listing = sources.files();
    let (mut found, mut others) = (Vec::new(), Vec::new());
    // What no policy is called like is no reason to check nothing: a link to a program, a socket. In a folder there may be some.
    let is_other = |problem: &Diagnostic| {
        let is_of_entry = [PATH_OUTSIDE, UNREADABLE_FILE].contains(&problem.code);
        let path = folder.join(problem.file());
        is_of_entry && !has_ending(&path) && !path.is_dir()
    };
    let (unread, mut problems): (Vec<_>, Vec<_>) = listing.problems.into_iter().partition(is_other);
    if !problems.is_empty() {
        for problem in &mut problems {
            let path = folder.join(problem.file());
            problem.place = Some(Box::new(Place::of_file(&display_name(&path))));
            problem.help = Some("--exclude leaves it out".to_owned());
        }
        return Err(Failure::problems(&problems));
    }
    for name in listing.files {
        let path = folder.join(&name);
        match has_ending(&path) && may_hold_policies(&path)? {
            true => found.push(path),
            false => others.push(name),
        }
    }
    let name = display_name(folder);
    if found.is_empty() {
        let endings = ENDINGS.join(", .");
        return Err(Failure::new(format_args!(
            "{name}: no file in this folder holds a policy (file extensions: .{endings})"
        )));
    }
    if let Some(first) = others.first() {
        let count = super::counted(others.len(), "file");
        let first = printable(first);
        complain(&format!(
            "note: {name}: {count} without policies not checked, such as {first}"
        ));
    }
    if let Some(first) = unread.first() {
        let count = super::counted(unread.len(), "file or folder");
        let (message, first) = (&first.message, printable(first.file()));
        complain(&format!(
            "note: {name}: {count} not looked at, such as {first}: {message}"
        ));
    }
    if let Some(first) = listing.excluded.first() {
        let count = super::counted(listing.excluded.len(), "file or folder");
        let first = printable(first);
        complain(&format!(
            "note: {name}: --exclude left out {count}, such as {first}"
        ));
    }
    all.append(&mut found);
    Ok(())
}

fn has_ending(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ENDINGS.iter().any(|own| own.eq_ignore_ascii_case(ending)))
}

/// False only for what certainly holds no policy: what cannot be read as JSON is checked, which says why.
fn may_hold_policies(path: &Path) -> Result<bool, Failure> {
    let is_language = portcullis_scenario::is_language(path);
    if is_language {
        return Ok(true);
    }
    let bytes = read_text(path)?;
    let Ok(text) = json::decode(&bytes) else {
        return Ok(true);
    };
    // Whatever is called so in JSON is a text or a part of one; otherwise an escape may hide it.
    if is_called_so(text) {
        return Ok(true);
    }
    if is_yaml(path) || is_lines(path) {
        return Ok(text.contains('\\'));
    }
    let arena = Bump::new();
    Ok(json::parse(text, &arena).map_or(true, |node| holds_statements(&node)))
}

fn is_called_so(text: &str) -> bool {
    text.to_ascii_lowercase().contains("statement")
}

/// True if something in a value is called like the statements of a policy, or is a text in which something may be.
fn holds_statements(node: &Node<'_>) -> bool {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match node.value {
            Value::String(text) if is_called_so(text) => return true,
            Value::Array(elements) => open.extend(elements),
            Value::Object(members) => {
                if members.iter().any(|own| is_called_so(own.key.value)) {
                    return true;
                }
                open.extend(members.iter().map(|own| &own.value));
            }
            _ => {}
        }
    }
    false
}
