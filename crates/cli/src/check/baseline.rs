//! Baselines: what was found once and is let be, so that only what is new is told.
//!
//! A finding is known by its file, its code and a fingerprint of its statement, so that neither lines nor blanks matter. Of equal
//! ones as many are let be as there were.

use std::collections::BTreeMap;
use std::path::Path;

use bumpalo::Bump;
use portcullis_lint::fingerprint;
use portcullis_source::json::{self, Node};
use serde_json::{Value, json};

use super::found::{Checked, Found};
use crate::failure::Failure;
use crate::output::{display_name, read_text, write};

/// What is let be: by file, then by code and fingerprint, how many.
#[derive(Default)]
pub(crate) struct Baseline {
    files: BTreeMap<String, BTreeMap<String, usize>>,
}

fn name(found: &Found, checked: &Checked<'_>) -> Option<String> {
    let document = checked.document.as_ref()?;
    let number = fingerprint(found.code(), found.diagnostic.span, document);
    Some(format!("{} {number:016x}", found.code()))
}

impl Baseline {
    /// # Errors
    /// It cannot be read, or is none.
    pub(crate) fn read(path: &Path) -> Result<Baseline, Failure> {
        let shown = display_name(path);
        let no = |what: &str| Failure::new(format_args!("{shown} is not a baseline: {what}"));
        let bytes = read_text(path)?;
        let text = json::decode(&bytes).map_err(|problem| no(&problem.message))?;
        let arena = Bump::new();
        let node = json::parse(text, &arena).map_err(|_| no("it is not JSON"))?;
        let members = node.as_object().ok_or_else(|| no("it is not an object"))?;
        let mut baseline = Baseline::default();
        for member in members {
            match (member.key.value, member.value.value) {
                ("version", json::Value::Number("1")) => {}
                ("version", _) => return Err(no("unknown version")),
                ("files", json::Value::Object(files)) => {
                    for file in files {
                        let counts =
                            counts(&file.value).ok_or_else(|| no("a count is not a number"))?;
                        baseline.files.insert(file.key.value.to_owned(), counts);
                    }
                }
                _ => return Err(no("unknown member")),
            }
        }
        Ok(baseline)
    }

    /// Takes out what is let be, and counts it.
    pub(crate) fn apply(&mut self, file: &str, checked: &mut Checked<'_>) -> usize {
        let Some(counts) = self.files.get_mut(file) else {
            return 0;
        };
        let mut all = core::mem::take(&mut checked.found);
        let before = all.len();
        all.retain(|found| {
            if found.diagnostic.is_error() {
                return true;
            }
            let left = name(found, checked).and_then(|name| counts.get_mut(&name));
            match left {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    false
                }
                _ => true,
            }
        });
        let after = all.len();
        checked.found = all;
        before - after
    }

    /// How many there are of what was not found any more.
    pub(crate) fn left(&self) -> usize {
        self.files.values().flat_map(BTreeMap::values).sum()
    }

    /// Adds what was found.
    pub(crate) fn add(&mut self, file: &str, checked: &Checked<'_>) {
        for found in checked
            .found
            .iter()
            .filter(|found| !found.diagnostic.is_error())
        {
            if let Some(name) = name(found, checked) {
                let counts = self.files.entry(file.to_owned()).or_default();
                *counts.entry(name).or_default() += 1;
            }
        }
    }

    /// How many findings it lets be.
    pub(crate) fn len(&self) -> usize {
        self.left()
    }

    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        let files: BTreeMap<&String, Value> = self
            .files
            .iter()
            .map(|(file, counts)| (file, json!(counts)))
            .collect();
        let text = format!("{:#}\n", json!({"version": 1, "files": files}));
        write(path, text.as_bytes())
    }
}

fn counts(node: &Node<'_>) -> Option<BTreeMap<String, usize>> {
    let members = node.as_object()?.iter();
    let one = |member: &json::Member<'_>| {
        let json::Value::Number(text) = member.value.value else {
            return None;
        };
        Some((member.key.value.to_owned(), text.parse().ok()?))
    };
    members.map(one).collect()
}
