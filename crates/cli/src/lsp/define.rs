//! Where names of the policy language are defined, and which file an URI is.

use std::path::{Path, PathBuf};

use portcullis_scenario::{Files, is_language};
use portcullis_syntax::ast::Span;
use serde_json::{Value, json};

use super::server::Document;
use super::text::{Text, word};
use crate::output::Disk;

/// The file of an URI, or what its name would be.
pub(super) fn path_of(uri: &str) -> PathBuf {
    let path = uri.strip_prefix("file://").unwrap_or(uri);
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let mut ahead = rest.clone();
        match (byte, digit(ahead.next()), digit(ahead.next())) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                rest = ahead;
            }
            _ => bytes.push(byte),
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // `/C:/…` of Windows.
    let is_drive = text.as_bytes().get(2) == Some(&b':') && text.starts_with('/');
    PathBuf::from(text.get(usize::from(is_drive)..).unwrap_or(&text))
}

/// Where a name of `let` or `template` is defined: in the file, or in one that it imports.
pub(super) fn definition(document: &Document, uri: &str, at: u32, is_utf8: bool) -> Value {
    if !is_language(&document.path) {
        return Value::Null;
    }
    let text = document.text.as_str();
    let Some((_, name)) = word(text, at, |c| c.is_ascii_alphanumeric() || "_-.".contains(c)) else {
        return Value::Null;
    };
    if let Some(span) = defined(text, name) {
        return json!({"uri": uri, "range": document.text.range(span)});
    }
    // As many files as an import may bring, and no more.
    const MOST: usize = 256;
    let mut left: Vec<PathBuf> = imports(text, &document.path);
    let mut seen: Vec<PathBuf> = Vec::new();
    while let Some(path) = left.pop() {
        if seen.contains(&path) || seen.len() >= MOST {
            continue;
        }
        seen.push(path.clone());
        let (Some(folder), Some(file)) = (path.parent(), path.file_name()) else {
            continue;
        };
        let Ok(bytes) = Disk.read(folder, Path::new(file)) else {
            continue;
        };
        let Ok(other) = String::from_utf8(bytes) else {
            continue;
        };
        if let Some(span) = defined(&other, name) {
            let folder = uri.rsplit_once('/').map_or("", |(folder, _)| folder);
            let base = document.path.parent().unwrap_or(Path::new("."));
            let relative = path
                .strip_prefix(base)
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            let other = Text::new(other, is_utf8);
            return json!({"uri": format!("{folder}/{relative}"), "range": other.range(span)});
        }
        left.extend(imports(&other, &path));
    }
    Value::Null
}

/// The place of a name behind `let` or `template` at the start of a line.
fn defined(text: &str, name: &str) -> Option<Span> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let rest = line.trim_start();
        for word in ["let ", "template "] {
            let Some(behind) = rest.strip_prefix(word) else {
                continue;
            };
            let own = behind.trim_start();
            let end = own
                .find(|c: char| !c.is_ascii_alphanumeric() && !"_-.".contains(c))
                .unwrap_or(own.len());
            if own.get(..end) == Some(name) {
                let at = start + line.len() - own.len();
                let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                return Some(Span {
                    start: number(at),
                    end: number(at + end),
                });
            }
        }
        start += line.len();
    }
    None
}

/// The files that a file imports: `use a, b from "path.iam"`, below its own folder.
fn imports(text: &str, path: &Path) -> Vec<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let of_line = |line: &str| {
        let line = line.trim_start().strip_prefix("use ")?;
        let (_, name) = line.split_once(" from ")?;
        let name = name.trim().strip_prefix('"')?.split('"').next()?;
        let is_below = !name.starts_with('/') && !name.split(['/', '\\']).any(|part| part == "..");
        is_below.then(|| folder.join(name))
    };
    text.lines().filter_map(of_line).collect()
}
