//! `compare` and `prove`: answers, exit codes, and requests that replay.

use crate::support::Folder;
use serde_json::Value;

const OLD: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::logs/*"}]}"#;
const NEW: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::logs/*"},
  {"Sid": "Write", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::logs/*",
   "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
  {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}]}"#;
const ORGANIZATION: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*",
   "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}}]}"#;
const PUBLIC: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*",
   "Condition": {"StringLike": {"aws:UserAgent": "*x*"}}}]}"#;
const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"#;

fn folder() -> Folder {
    let folder = Folder::new();
    for (name, text) in [
        ("old.json", OLD),
        ("new.json", NEW),
        ("organization.json", ORGANIZATION),
        ("public.json", PUBLIC),
        ("trust.json", TRUST),
        ("broken.json", r#"{"Statement": {"Effect": "Maybe"}}"#),
        (
            "claims.json",
            r#"{"Statement": {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}}"#,
        ),
    ] {
        folder.write(name, text);
    }
    folder
}

/// `SCP-1`: a control policy binds the root user, so one that no longer denies it allows more.
#[test]
fn control_policies_bind_the_root_user() {
    let folder = Folder::new();
    let document = |deny: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "*", "Resource": "*"}}{deny}]}}"#
        )
    };
    let deny = r#", {"Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}}"#;
    folder.write("old.json", document(deny));
    folder.write("new.json", document(""));
    let compare = ["compare", "old.json", "new.json", "--format", "json"];
    let run = folder.run(&[&compare[..], &["--type", "scp", "--witness", "shown"]].concat());
    assert_eq!(run.code, 2, "{}", run.stdout);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    let arn = &answer["findings"][0]["request"]["principal"]["arn"];
    assert!(arn.as_str().unwrap().ends_with(":root"), "{answer}");
    let run = folder.run(&["test", "shown/witness-1.json"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    // An identity policy does not bind it.
    let run = folder.run(&[&compare[..], &["--type", "identity"]].concat());
    assert_eq!(run.code, 0, "{}", run.stdout);
}

/// `EVAL-90`: that nobody is granted what everybody may do is not proved for want of requests.
#[test]
fn what_needs_no_permission_is_not_proved_to_be_denied() {
    let folder = Folder::new();
    folder.write("none.json", r#"{"Version": "2012-10-17", "Statement": []}"#);
    for action in ["sts:GetSessionToken", "iam:PassRole,STS:getcalleridentity"] {
        let run = folder.run(&["prove", "--not-granted", action, "none.json"]);
        assert_eq!(run.code, 1, "{}", run.stdout);
        assert!(run.stderr.contains("(EVAL-90)"), "{}", run.stderr);
    }
    let run = folder.run(&["prove", "--not-granted", "sts:Get*", "none.json"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
}

/// What is asked, and the exit code.
#[test]
fn every_answer_has_its_exit_code() {
    let folder = folder();
    for (arguments, code) in [
        (&["compare", "new.json", "old.json"][..], 0),
        (&["compare", "old.json", "new.json"], 2),
        (&["compare", "--equivalent", "old.json", "old.json"], 0),
        (&["compare", "--equivalent", "new.json", "old.json"], 2),
        (&["compare", "old.json", "broken.json"], 3),
        (&["compare", "old.json", "missing.json"], 1),
        (&["prove", "--not-granted", "iam:*", "old.json"], 0),
        (
            &["prove", "--not-granted", "iam:*", "old.json", "new.json"],
            2,
        ),
        (
            &[
                "prove",
                "--not-granted",
                "s3:Get*",
                "--on",
                "arn:aws:s3:::payroll/*",
                "new.json",
            ],
            0,
        ),
        (&["prove", "--never", "claims.json", "old.json"], 0),
        (&["prove", "--never", "claims.json", "new.json"], 2),
        (&["prove", "--never", "new.json", "old.json"], 1),
        (
            &[
                "prove",
                "--not-public",
                "--type",
                "resource",
                "organization.json",
            ],
            0,
        ),
        (
            &["prove", "--not-public", "--type", "resource", "public.json"],
            2,
        ),
        (
            &["prove", "--not-public", "--type", "trust", "trust.json"],
            0,
        ),
        (
            &[
                "prove",
                "--type",
                "trust",
                "--not-granted",
                "sts:AssumeRole",
                "trust.json",
            ],
            2,
        ),
        (&["prove", "--not-public", "old.json"], 1),
        (&["prove", "old.json"], 1),
        (&["prove", "--axioms"], 0),
    ] {
        let run = folder.run(arguments);
        assert_eq!(run.code, code, "{arguments:?}: {run:?}");
    }
}

/// Each statement that adds access is shown, and its request replays.
#[test]
fn requests_that_are_shown_replay() {
    let folder = folder();
    let run = folder.run(&[
        "compare",
        "old.json",
        "new.json",
        "--witness",
        "found",
        "--format",
        "json",
    ]);
    let value: Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = value["findings"].as_array().unwrap();
    let mut lines: Vec<u64> = findings
        .iter()
        .map(|own| own["line"].as_u64().unwrap())
        .collect();
    lines.sort_unstable();
    assert_eq!(lines, [3, 5], "{value}");
    let run = folder.run(&["test", "found/witness-1.json", "found/witness-2.json"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("2 passed"), "{run:?}");
}

/// The requests of several questions are all written, each beside the policy that allows it.
#[test]
fn requests_of_several_questions_do_not_overwrite_each_other() {
    let folder = folder();
    let run = folder.run(&[
        "prove",
        "--not-granted",
        "s3:*",
        "old.json",
        "new.json",
        "--witness",
        "found",
    ]);
    assert_eq!(run.code, 2, "{run:?}");
    let files = [
        "found/witness-1.json",
        "found/witness-2.json",
        "found/witness-3.json",
    ];
    let run = folder.run(&[&["test"][..], &files].concat());
    assert!(run.stdout.contains("3 passed"), "{run:?}");
}

#[test]
fn answers_are_for_people() {
    let folder = folder();
    let run = folder.run(&["compare", "old.json", "new.json"]);
    for text in [
        "refuted: new.json allows what old.json does not",
        "statement `Write` (new.json:3)",
        "action    s3:PutObject",
        "with      aws:SecureTransport = true",
    ] {
        assert!(run.stdout.contains(text), "{text}: {}", run.stdout);
    }
    let run = folder.run(&["compare", "new.json", "old.json"]);
    assert_eq!(
        run.stdout,
        "proved: old.json allows nothing that new.json does not\n"
    );
}
