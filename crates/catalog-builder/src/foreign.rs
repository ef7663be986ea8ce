//! Reading other people's JSON.

#![allow(
    clippy::disallowed_methods,
    reason = "the files are those of other projects, and no input of the product"
)]

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::Result;

/// A whole file.
pub(crate) fn json(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let value = serde_json::from_str(&text);
    Ok(value.map_err(|error| format!("{}: {error}", path.display()))?)
}

/// A file with a value on each line.
pub(crate) fn lines(path: &Path) -> Result<Vec<Value>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    text.lines()
        .map(|line| {
            let value = serde_json::from_str(line);
            Ok(value.map_err(|error| format!("{}: {error}", path.display()))?)
        })
        .collect()
}

pub(crate) fn object<'v>(value: &'v Value, what: &str) -> Result<&'v Map<String, Value>> {
    Ok(value
        .as_object()
        .ok_or_else(|| format!("{what} is no object: {value}"))?)
}

/// A text that must be there.
pub(crate) fn text<'v>(value: &'v Value, member: &str) -> Result<&'v str> {
    let found = value.get(member).and_then(Value::as_str);
    Ok(found.ok_or_else(|| format!("no text {member:?} in {value}"))?)
}

/// A list that may be missing.
pub(crate) fn list<'v>(value: &'v Value, member: &str) -> &'v [Value] {
    let found = value.get(member).and_then(Value::as_array);
    found.map_or(&[], Vec::as_slice)
}

/// The texts of a list that may be missing.
pub(crate) fn texts<'v>(value: &'v Value, member: &str) -> impl Iterator<Item = &'v str> {
    list(value, member).iter().filter_map(Value::as_str)
}
