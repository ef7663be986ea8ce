//! The corpus of the repository: cases that were written by hand, rule by rule.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bumpalo::Bump;
use portcullis_model::PolicyKind;
use portcullis_scenario::{Disk, Options, Scenario, scenarios};
use portcullis_source::{Records, Source};
use serde_json::Value;

/// The folder of the corpus.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus")
}

/// Calls a function with every scenario of the corpus, that of the example too, and its place.
///
/// # Errors
/// A file that cannot be read, or a record that is no scenario. Problems of a scenario are left to
/// the function.
pub fn each_scenario(mut use_it: impl FnMut(&str, &Scenario<'_>)) -> Result<(), String> {
    let mut files = json_lines("decisions")?;
    files.push(root().join("example/scenario.json"));
    for file in files {
        each_scenario_of(&file, &mut use_it)?;
    }
    Ok(())
}

/// Calls a function with every scenario of a file, and its place.
///
/// # Errors
/// As [`each_scenario`].
pub fn each_scenario_of(
    file: &Path,
    mut use_it: impl FnMut(&str, &Scenario<'_>),
) -> Result<(), String> {
    let name = file.to_string_lossy();
    let fail = |what: &dyn std::fmt::Display| format!("{name}: {what}");
    let bytes = fs::read(file).map_err(|error| fail(&error))?;
    let mut records = Records::new(&bytes[..]);
    let mut record = Vec::new();
    while let Some(line) = records
        .next_into(&mut record)
        .map_err(|error| fail(&error))?
    {
        let arena = Bump::new();
        let options = Options {
            needs_expect: true,
            ..Options::default()
        };
        let source = Source::decode(
            arena.alloc_str(&name),
            arena.alloc_slice_copy(&record),
            line,
        )
        .map_err(|problem| problem.to_string())?;
        let found =
            scenarios(source.clone(), options, &Disk::default(), &arena).map_err(|problems| {
                let problems = problems.iter().map(ToString::to_string);
                problems.collect::<Vec<_>>().join("\n")
            })?;
        for scenario in &found {
            let (line, _) = source.position(scenario.span.start);
            let title = scenario.name.unwrap_or("a scenario without name");
            use_it(&format!("{}:{line}: {title}", short(file)), scenario);
        }
    }
    Ok(())
}

/// An error that a document must give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The code's name.
    pub code: String,
    /// Line and column from 1, if the corpus fixes them.
    pub position: Option<(usize, usize)>,
}

/// A document that must load, or must not.
#[derive(Clone, Debug)]
pub struct DocumentCase {
    /// File and line.
    pub place: String,
    /// What it shows; begins with ids of rules.
    pub name: String,
    /// The type to read it as.
    pub kind: PolicyKind,
    /// The document.
    pub text: String,
    /// The errors; none if it must load.
    pub errors: Vec<Expected>,
}

/// The documents of `invalid` or `valid`.
///
/// # Errors
/// A file that cannot be read, or a line that is no case.
pub fn documents(folder: &str) -> Result<Vec<DocumentCase>, String> {
    let mut cases = Vec::new();
    for file in json_lines(folder)? {
        for (place, line) in lines(&file)? {
            let case = document(&line, &place).ok_or_else(|| format!("{place}: not a case"))?;
            cases.push(case);
        }
    }
    Ok(cases)
}

fn document(line: &Value, place: &str) -> Option<DocumentCase> {
    let expected = |error: &Value| {
        let number = |name| usize::try_from(error[name].as_u64()?).ok();
        Some(Expected {
            code: error["code"].as_str()?.into(),
            position: number("line").zip(number("column")),
        })
    };
    Some(DocumentCase {
        place: place.into(),
        name: line["name"].as_str()?.into(),
        kind: PolicyKind::parse(line["kind"].as_str()?)?,
        text: line["text"].as_str()?.into(),
        errors: match line.get("errors") {
            None => Vec::new(),
            Some(errors) => errors
                .as_array()?
                .iter()
                .map(expected)
                .collect::<Option<_>>()?,
        },
    })
}

/// The rules: for each id the reason why no case can show it, if there is one.
///
/// # Errors
/// A file that cannot be read, or a line that is no rule.
pub fn rules() -> Result<BTreeMap<String, Option<String>>, String> {
    let mut rules = BTreeMap::new();
    for (place, line) in lines(&root().join("rules.jsonl"))? {
        let id = line["id"]
            .as_str()
            .ok_or_else(|| format!("{place}: no id"))?;
        let reason = line["without_case"].as_str().map(Into::into);
        if rules.insert(id.into(), reason).is_some() {
            return Err(format!("{place}: {id} comes twice"));
        }
    }
    Ok(rules)
}

/// The ids at the start of a case's name: `COND-20+COND-21 two values`.
pub fn ids(name: &str) -> impl Iterator<Item = &str> {
    name.split(' ').next().unwrap_or("").split('+')
}

fn json_lines(folder: &str) -> Result<Vec<PathBuf>, String> {
    let folder = root().join(folder);
    let fail = |error| format!("{}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path.extension().is_some_and(|kind| kind == "jsonl") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn lines(file: &Path) -> Result<Vec<(String, Value)>, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let place = format!("{}:{number}", short(file));
        let value = serde_json::from_str(line).map_err(|error| format!("{place}: {error}"))?;
        found.push((place, value));
    }
    Ok(found)
}

/// The path within the corpus.
fn short(file: &Path) -> String {
    let inside = file.strip_prefix(root()).unwrap_or(file);
    inside.to_string_lossy().replace('\\', "/")
}
