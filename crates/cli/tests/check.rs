//! `check`.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may fail"
)]

mod support;

use serde_json::json;
use support::{ALL, folder, value};

#[test]
fn check_finds_problems() {
    let folder = folder();
    let run = folder.run(&["check", "all.json", "reader.json", "named.json"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(
        run.stdout
            .ends_with("0 errors, 0 warnings, 0 suggestions in 3 files\n")
    );
    let run = folder.run(&["check", "all.json", "invalid.json"]);
    assert_eq!(run.code, 3);
    assert!(
        run.stdout.contains("error[INVALID_EFFECT]"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("--> invalid.json:1:51"),
        "{}",
        run.stdout
    );
    assert!(run.stderr.starts_with("error: "));
    folder.write(
        "warn.json",
        ALL.replace("\"Version\": \"2012-10-17\", ", ""),
    );
    let run = folder.run(&["check", "warn.json", "--format", "json"]);
    assert_eq!(run.code, 0);
    assert_eq!(
        value(&run),
        json!([{
            "file": "warn.json", "type": "identity", "code": "MISSING_VERSION", "severity": "warning",
            "line": 1, "column": 1, "endLine": 1, "endColumn": 2,
            "message": "without `Version` the document counts as one of 2008, where policy variables are plain text",
            "help": "add `\"Version\": \"2012-10-17\"`",
        }])
    );
    assert_eq!(
        value(&folder.run(&["check", "--format", "json", "all.json"])),
        json!([])
    );
    let run = folder.run(&["check", "all.json", "missing.json"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("error: cannot read missing.json"));
}

#[test]
fn check_takes_or_guesses_the_type() {
    let folder = folder();
    assert_eq!(folder.run(&["check", "everyone.json"]).code, 0);
    assert_eq!(
        folder
            .run(&["check", "everyone.json", "--type", "identity"])
            .code,
        3
    );
    assert_eq!(
        folder
            .run(&["check", "all.json", "--type", "vpc-endpoint"])
            .code,
        3
    );
    assert_eq!(folder.run(&["check", "all.json", "--type", "what"]).code, 1);
    let statement = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111122223333"} MORE}]}"#;
    let types = [
        ("", "trust"),
        (r#", "Resource": "*""#, "resource"),
        (r#", "x": 1"#, "trust"),
    ];
    for (more, kind) in types {
        // A problem, so that the type shows.
        let text = statement
            .replace("MORE", more)
            .replace("\"Effect\"", "\"Sid\": 1, \"Effect\"");
        let run = folder.run_with(&["check", "--format", "json", "-"], text.as_bytes());
        assert_eq!(value(&run)[0]["type"], kind, "{text}");
    }
}
