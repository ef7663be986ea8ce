//! Two axes: whether a document loads is another question than what Access Analyzer calls it (`GRAM-13`). What does not load
//! has an error on both, but for what AWS has no code for; what loads may have any findings.
use std::path::Path;

use portcullis_lint::{Level, Options, lint, rules};
use portcullis_model::PolicyKind;
use serde_json::Value;

fn corpus(folder: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../corpus")
        .join(folder);
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|own| own == "jsonl") {
            let text = std::fs::read_to_string(path).unwrap();
            all.extend(
                text.lines()
                    .map(|line| serde_json::from_str::<Value>(line).unwrap()),
            );
        }
    }
    all
}

#[test]
fn what_does_not_load_is_an_error_of_access_analyzer_too() {
    // Of these AWS says nothing: each is a problem of ours.
    let own = ["DUPLICATE_MEMBER", "MISSING_VERSION"];
    let mut count = 0;
    let mut silent = Vec::new();
    for case in corpus("invalid") {
        let (Some(text), Some(kind)) = (case["text"].as_str(), case["kind"].as_str()) else {
            continue;
        };
        let kind = PolicyKind::parse(kind).unwrap();
        let errors = case["errors"].as_array().unwrap();
        let is_own = errors
            .iter()
            .all(|error| own.contains(&error["code"].as_str().unwrap()));
        let found = lint(text, &Options::new(kind), |report| {
            report
                .findings
                .iter()
                .any(|found| found.rule.level == Level::Error)
        });
        count += 1;
        if !found && !is_own {
            silent.push((case["name"].to_string(), case["errors"].to_string()));
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
    assert!(count > 100, "{count}");
}

/// Checks of our own have codes of their own: what `check` prints on its own axis and AWS has no code for is not in the table.
#[test]
fn own_codes_are_not_of_access_analyzer() {
    let own: Vec<&str> = portcullis_syntax::codes::ALL
        .iter()
        .map(|code| code.as_str())
        .filter(|code| rules::find(code).is_none())
        .collect();
    for code in [
        "VARIABLE_BEFORE_FIFTH_COLON",
        "FOREIGN_TEMPLATE",
        "LOOKALIKE_CHARACTER",
        "NON_CANONICAL_OPERATOR",
        "UNSUPPORTED_ID",
    ] {
        assert!(own.contains(&code), "{code}: {own:?}");
    }
}
