//! Cases from public reports of people who write, simulate and enforce policies, each with what is right. The cases lie
//! beside the checkout, with their sources, and are not part of the project; without them the test says that it
//! skipped. What each of them shows is also shown by tests of our own.

use std::fs;

use crate::support::{Folder, root};
use serde_json::Value;

#[test]
fn cases_from_public_reports() {
    let path = root().join("../shared/data/reported/cases.jsonl");
    let Ok(text) = fs::read_to_string(path) else {
        return println!("skipped: no reported cases beside the checkout");
    };
    let mut failed = Vec::new();
    let mut count = 0;
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let found = match case["kind"].as_str().unwrap() {
            "scenario" => scenario(&case),
            "directory" => directory(&case),
            "simulate" => simulate(&case),
            "check" => check(&case),
            kind => panic!("a kind of case that is not known: {kind}"),
        };
        count += 1;
        if let Err(found) = found {
            failed.push(format!("{}: {found}", case["name"]));
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {count} failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
    println!("{count} cases hold");
}

/// Both engines must agree. An error is no decision, and opens nothing.
fn scenario(case: &Value) -> Result<(), String> {
    let folder = Folder::new();
    let line = case["scenario"].to_string();
    let run = folder.run_with(&["batch", "--engine", "both"], line.as_bytes());
    let answer: Value =
        serde_json::from_str(run.stdout.trim()).map_err(|error| error.to_string())?;
    let expected = &case["expect"];
    let is_refused = answer.get("error").is_some() && expected == "ImplicitDeny";
    match answer["decision"] == *expected || is_refused {
        true => Ok(()),
        false => Err(run.stdout),
    }
}

/// A directory of files, and arguments in which `DIR` stands for it.
fn directory(case: &Value) -> Result<(), String> {
    let folder = Folder::new();
    fs::create_dir(folder.0.join("dumps")).unwrap();
    for (name, content) in case["files"].as_object().unwrap() {
        folder.write(&format!("dumps/{name}"), content.as_str().unwrap());
    }
    let arguments: Vec<&str> = case["args"]
        .as_array()
        .unwrap()
        .iter()
        .map(|argument| match argument.as_str().unwrap() {
            "DIR" => "dumps",
            other => other,
        })
        .collect();
    let input = case["stdin"].as_str().unwrap_or_default();
    let run = folder.run_with(&arguments, input.as_bytes());
    let expected = match case["expect"].as_str().unwrap() {
        "Allow" => 0,
        _ => 2,
    };
    match run.code == expected {
        true => Ok(()),
        false => Err(format!("{run:?}")),
    }
}

/// The keys that the answer says are missing.
fn simulate(case: &Value) -> Result<(), String> {
    let folder = Folder::new();
    let run = folder.run_with(&["simulate"], case["input"].to_string().as_bytes());
    let answer: Value = serde_json::from_str(&run.stdout).map_err(|error| error.to_string())?;
    let missing = &answer["EvaluationResults"][0]["MissingContextValues"];
    match *missing == case["expect"] {
        true => Ok(()),
        false => Err(missing.to_string()),
    }
}

/// The code is among those of the findings.
fn check(case: &Value) -> Result<(), String> {
    let folder = Folder::new();
    folder.write("policy.json", case["text"].as_str().unwrap());
    let kind = case["type"].as_str().unwrap();
    let run = folder.run(&["check", "--type", kind, "--format", "json", "policy.json"]);
    let code = format!("{:?}", case["expect"].as_str().unwrap());
    match run.stdout.contains(&code) {
        true => Ok(()),
        false => Err(run.stdout),
    }
}
