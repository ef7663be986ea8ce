//! The rules of `docs/spec` and what cites them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The ids in a text, such as `GRAM-12`: capitals, perhaps a digit, a hyphen, a number.
fn ids(text: &str) -> impl Iterator<Item = &str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    text.split(move |c| !is_word(c)).filter(|word| {
        word.split_once('-').is_some_and(|(family, number)| {
            let is_family = family == "S3" || family.len() > 1;
            let is_number = (1..=3).contains(&number.len());
            is_family
                && is_number
                && family
                    .bytes()
                    .all(|own| own.is_ascii_uppercase() || own == b'3')
                && number.bytes().all(|own| own.is_ascii_digit())
        })
    })
}

/// Where a rule is written.
struct Rule {
    page: String,
    line: String,
}

/// The rules by id: each begins a row of a table or a line.
fn rules() -> BTreeMap<String, Rule> {
    let mut rules = BTreeMap::new();
    for page in fs::read_dir(root().join("docs/spec")).unwrap() {
        let page = page.unwrap();
        let name = page.file_name().into_string().unwrap();
        for line in fs::read_to_string(page.path()).unwrap().lines() {
            let row = line.strip_prefix("| ").unwrap_or(line);
            let first = row.split(' ').next().unwrap();
            if ids(first).next() == Some(first) {
                let rule = Rule {
                    page: name.clone(),
                    line: line.to_string(),
                };
                let before = rules.insert(first.to_string(), rule);
                assert!(before.is_none(), "{first} stands in two places");
            }
        }
    }
    assert!(rules.len() > 600, "{}", rules.len());
    rules
}

/// The rows of `docs/choices.md`: the id of each, and the rules that its question names.
fn choices() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("docs/choices.md")).unwrap();
    let mut choices = BTreeMap::new();
    for line in text.lines() {
        let mut cells = line.split(" | ");
        let (Some(id), Some(question)) = (cells.next(), cells.next()) else {
            continue;
        };
        let id = id.trim_start_matches("| ");
        let is_choice = id.len() > 1
            && id.starts_with(|c: char| c.is_ascii_uppercase())
            && id[1..].bytes().all(|byte| byte.is_ascii_digit());
        if is_choice {
            let named = ids(question).map(str::to_string).collect();
            let before = choices.insert(id.to_string(), named);
            assert_eq!(before, None, "{id} is there twice");
        }
    }
    assert!(choices.len() > 100, "{}", choices.len());
    choices
}

/// A rule that rests on a choice links to it (`Settled by [D1](../choices.md#D1)`), and the choice names the rule:
/// whoever reads one finds the other, and a choice about nothing, or a rule that silently stopped resting on one,
/// does not remain.
#[test]
fn rules_and_choices_name_each_other() {
    let mut named = BTreeSet::new();
    let mut failures = Vec::new();
    for (choice, rules) in choices() {
        if rules.is_empty() {
            failures.push(format!("{choice} names no rule"));
        }
        named.extend(rules.into_iter().map(|rule| (rule, choice.clone())));
    }
    let mut linked = BTreeSet::new();
    for (id, rule) in rules() {
        for part in rule.line.split("](../choices.md#").skip(1) {
            let (choice, _) = part.split_once(')').unwrap();
            linked.insert((id.clone(), choice.to_string()));
        }
    }
    let only =
        |these: &BTreeSet<(String, String)>, those: &BTreeSet<_>, what: &str| -> Vec<String> {
            let lone = these.difference(those);
            lone.map(|(rule, choice)| format!("{rule} and {choice}: {what}"))
                .collect()
        };
    failures.extend(only(
        &named,
        &linked,
        "the rule does not link to the choice",
    ));
    failures.extend(only(&linked, &named, "the choice does not name the rule"));
    assert!(failures.is_empty(), "{failures:#?}");
}

/// Every file of the project that people write.
fn texts() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                // What is built, what fuzzers keep for themselves, and the history.
                let is_made = ["target", ".git", "node_modules"].contains(&name.as_str())
                    || path.ends_with("fuzz/corpus");
                folders.extend((!is_made).then_some(path));
                continue;
            }
            let kinds = [
                "rs", "md", "json", "jsonl", "iam", "toml", "lalrpop", "sh", "svg", "js", "mjs",
            ];
            let is_text = kinds
                .iter()
                .any(|kind| path.extension().is_some_and(|own| own == *kind));
            if let (true, Ok(text)) = (is_text, fs::read_to_string(&path)) {
                found.push((path, text));
            }
        }
    }
    found
}

#[test]
fn every_rule_that_is_cited_is_there() {
    let rules = rules();
    let families: BTreeSet<&str> = rules
        .keys()
        .filter_map(|id| id.split_once('-').map(|(family, _)| family))
        .collect();
    let mut cited = BTreeSet::new();
    let mut unknown = Vec::new();
    for (path, text) in texts() {
        for id in ids(&text) {
            let (family, _) = id.split_once('-').unwrap();
            if families.contains(family) {
                cited.insert(id.to_string());
                if !rules.contains_key(id) {
                    unknown.push(format!("{id} in {}", path.display()));
                }
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
    assert!(cited.len() > 400, "{}", cited.len());
}

/// A rule of sections 1 to 5 has a case, or `corpus/rules.jsonl` or `corpus/directory/rules.jsonl` say why none can show
/// it; that the cases are there, `tests/corpus.rs` holds.
#[test]
fn every_rule_of_the_language_and_of_evaluation_has_a_case_or_a_reason() {
    let listed = |name: &str| -> BTreeSet<String> {
        let text = fs::read_to_string(root().join("corpus").join(name)).unwrap();
        let ids = text.lines().map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            let id = line.get("id").unwrap_or(&line["rule"]);
            id.as_str().unwrap().to_string()
        });
        ids.collect()
    };
    let mut known = listed("rules.jsonl");
    known.extend(listed("directory/rules.jsonl"));
    let is_of_them = |page: &str| ('1'..='5').any(|number| page.starts_with(number));
    let rules = rules();
    let missing: Vec<&String> = rules
        .iter()
        .filter(|(id, rule)| is_of_them(&rule.page) && !known.contains(*id))
        .map(|(id, _)| id)
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let gone: Vec<&String> = known.iter().filter(|id| !rules.contains_key(*id)).collect();
    assert!(gone.is_empty(), "no such rules: {gone:?}");
}
