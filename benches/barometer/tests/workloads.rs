//! The workloads as the barometer writes them.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests, which read their own output"
)]

use std::process::{Command, Output};

fn barometer(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_barometer"))
        .args(arguments)
        .output()
        .unwrap()
}

/// Those that are small; the names of all are in `list`.
const SMALL: [&str; 4] = ["W1", "W2", "W5", "W6"];

#[test]
fn the_same_definition_gives_the_same_scenario() {
    let list = String::from_utf8(barometer(&["list"]).stdout).unwrap();
    for name in SMALL {
        assert!(list.contains(&format!("\n  {name} ")), "{name} in {list}");
        let (one, other) = (
            barometer(&["generate", name]),
            barometer(&["generate", name]),
        );
        assert!(one.status.success(), "{name}");
        assert_eq!(one.stdout, other.stdout, "{name}");
        let scenario: serde_json::Value = serde_json::from_slice(&one.stdout).unwrap();
        let requests = scenario["requests"].as_array().unwrap();
        assert!(
            requests.iter().all(|one| one["expect"].is_string()),
            "{name}"
        );
        assert!(!requests.is_empty(), "{name}");
    }
}

#[test]
fn a_workload_that_is_none_is_refused() {
    let refused = barometer(&["generate", "W0"]);
    assert!(!refused.status.success());
    assert!(refused.stdout.is_empty());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("no workload W0"), "{said}");
}
