//! The policy language on the command line.
use crate::support;
use std::fs;

use crate::support::{Folder, Run, decide, root, value};
use bumpalo::Bump;
use portcullis_dsl::print_json;
use portcullis_model::PolicyKind;
use portcullis_syntax::policy::{ReadOptions, parse_policy};
use serde_json::{Value, json};

/// A policy as the formatter writes it.
const TIDY: &str = "\
# Who reads.
policy readers {
  Read:
  allow s3:GetObject on arn:aws:s3:::b/*
    when aws:SecureTransport is true

  NoDelete: deny s3:DeleteObject on *
}
";

const TESTS: &str = "
test readers {
  expect allow s3:GetObject on arn:aws:s3:::b/k with aws:SecureTransport = true by Read
  expect nothing s3:GetObject on arn:aws:s3:::b/k with aws:SecureTransport = false
  expect deny s3:DeleteObject on arn:aws:s3:::b/k by NoDelete
}
";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("x.iam", TIDY);
    folder.write(
        "wild.iam",
        TIDY.replace("\n  Read:\n  allow", "   Read : allow  ".trim_end())
            .replace(" : ", ": "),
    );
    folder.write("bad.iam", "policy p {\n  alow s3:* on *\n}\n");
    folder.write(
        "two.iam",
        "policy one { allow s3:* on * }\nscp policy two { deny sqs:* on * }\n",
    );
    folder
}

fn ends(run: &Run) -> (i32, &str, &str) {
    (run.code, &run.stdout, &run.stderr)
}

#[test]
fn files_are_formatted() {
    let folder = folder();
    let tidy = folder.run(&["fmt", "--stdout", "x.iam"]).stdout;
    folder.write("x.iam", &tidy);
    assert_eq!(ends(&folder.run(&["fmt", "--check", "x.iam"])), (0, "", ""));
    let run = folder.run(&["fmt", "--check", "x.iam", "wild.iam"]);
    assert_eq!(ends(&run), (1, "wild.iam is not formatted\n", ""));
    let before = folder.read("wild.iam");
    let run = folder.run(&["fmt", "--stdout", "wild.iam"]);
    assert_eq!(ends(&run), (0, tidy.as_str(), ""));
    let run = folder.run_with(&["fmt", "-"], &before);
    assert_eq!(ends(&run), (0, tidy.as_str(), ""));
    assert_eq!(folder.read("wild.iam"), before);
    assert_eq!(ends(&folder.run(&["fmt", "wild.iam"])), (0, "", ""));
    assert_eq!(folder.read("wild.iam"), tidy.as_bytes());
    // What cannot be read is left alone, and does not keep the rest from being formatted.
    folder.write("wild.iam", &before);
    let run = folder.run(&["fmt", "bad.iam", "wild.iam"]);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""));
    assert!(run.stderr.contains("--> bad.iam:2:3\n"), "{}", run.stderr);
    assert_eq!(folder.read("wild.iam"), tidy.as_bytes());
    assert_eq!(folder.run(&["fmt", "--check", "bad.iam"]).code, 3);
    folder.write("wild.iam", &before);
    let run = folder.run(&["fmt", "missing.iam", "wild.iam"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.starts_with("error: cannot read missing.iam"));
    assert_eq!(folder.read("wild.iam"), tidy.as_bytes());
    assert_eq!(folder.run(&["fmt", "--check", "--stdout", "x.iam"]).code, 1);
    let left = fs::read_dir(&folder.0).unwrap();
    assert_eq!(left.count(), 4, "nothing is left beside the files");
}

#[cfg(unix)]
#[test]
fn formatting_keeps_links_and_permissions() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = folder();
    let target = folder.0.join("wild.iam");
    fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
    symlink("wild.iam", folder.0.join("link.iam")).unwrap();
    assert_eq!(folder.run(&["fmt", "link.iam"]).code, 0);
    assert!(
        fs::symlink_metadata(folder.0.join("link.iam"))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(folder.run(&["fmt", "--check", "wild.iam"]).code, 0);
    let mode = fs::metadata(&target).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // A stream is written to, not replaced.
    let run = folder.run(&["convert", "--to", "dsl", "-o", "/dev/stdout", "x.iam"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.starts_with("policy readers {"), "{run:?}");
}

#[test]
fn there_and_back() {
    let folder = folder();
    let original = fs::read_to_string(root().join("corpus/example/identity.json")).unwrap();
    folder.write("identity.json", &original);
    let run = folder.run(&["convert", "--to", "dsl", "identity.json"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(
        run.stdout
            .starts_with("policy identity {\n  ReadTeamFolder:"),
        "{}",
        run.stdout
    );
    folder.write("identity.iam", &run.stdout);
    assert_eq!(folder.run(&["fmt", "--check", "identity.iam"]).code, 0);
    let back = folder.run(&["convert", "--to", "json", "identity.iam"]);
    assert_eq!(back.code, 0);
    // The same document, but for places: printed, it is the same.
    let printed = |text: &str| {
        let arena = Bump::new();
        let options = ReadOptions::new(PolicyKind::Identity);
        let (document, _) = parse_policy(text, options, &arena);
        print_json(&document.unwrap())
    };
    assert_eq!(printed(&back.stdout), printed(&original));
    assert_eq!(
        value(&back),
        serde_json::from_str::<Value>(&original).unwrap()
    );
    let run = folder.run_with(&["convert", "--to", "dsl", "-"], original.as_bytes());
    assert!(run.stdout.starts_with("policy policy {"), "{}", run.stdout);
    let run = folder.run(&["convert", "--to", "json", "-o", "out.json", "identity.iam"]);
    assert_eq!(ends(&run), (0, "", ""));
    assert_eq!(folder.read("out.json"), back.stdout.as_bytes());
}

#[test]
fn minifying_says_what_it_saved() {
    let folder = folder();
    folder.write("m.iam", "policy m {\n  allow s3:GetObject on arn:aws:s3:::a\n  allow s3:GetObject on arn:aws:s3:::b\n}\n");
    let run = folder.run(&["convert", "--to", "json", "--minify", "m.iam"]);
    let small = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::a","arn:aws:s3:::b"]}]}"#;
    assert_eq!((run.code, run.stdout.trim_end()), (0, small));
    assert_eq!(
        run.stderr,
        format!(
            "m: {} characters before, {} after, within the 6144 of its type\n",
            small.len() + 52,
            small.len()
        )
    );
    let long: Vec<String> = (0..400)
        .map(|n| format!("arn:aws:s3:::{n}-bucket-{n}"))
        .collect();
    folder.write(
        "long.iam",
        format!("policy m {{ allow s3:* on {} }}", long.join(", ")),
    );
    let run = folder.run(&["convert", "--to", "json", "--minify", "long.iam"]);
    assert_eq!(run.code, 0);
    assert!(
        run.stderr.contains("which exceeds the 6144 of its type"),
        "{}",
        run.stderr
    );
}

#[test]
fn several_policies_are_a_list() {
    let folder = folder();
    let run = folder.run(&["convert", "--to", "json", "two.iam"]);
    let statement = |effect: &str, action: &str| {
        json!({"Version": "2012-10-17", "Statement": [
            {"Effect": effect, "Action": action, "Resource": "*"}]})
    };
    let both = json!([
        {"name": "one", "type": "identity", "document": statement("Allow", "s3:*")},
        {"name": "two", "type": "scp", "document": statement("Deny", "sqs:*")},
    ]);
    assert_eq!((run.code, value(&run)), (0, both.clone()));
    assert_eq!(value(&folder.run(&["expand", "two.iam"])), both);
    let run = folder.run(&["convert", "--to", "json", "--policy", "two", "two.iam"]);
    assert_eq!(value(&run), statement("Deny", "sqs:*"));
    let run = folder.run(&["convert", "--to", "dsl", "two.iam"]);
    assert_eq!(run.stdout.matches("policy ").count(), 2);
    let run = folder.run(&["convert", "--to", "json", "--policy", "three", "two.iam"]);
    assert_eq!(
        ends(&run),
        (1, "", "error: two.iam: there is no policy `three`\n")
    );
    folder.write("none.iam", "# nothing\n");
    let run = folder.run(&["expand", "none.iam"]);
    assert_eq!((run.code, value(&run)), (0, json!([])));
}

#[test]
fn names_are_expanded() {
    let folder = folder();
    folder.write("sets.iam", "let read = [s3:Get*, s3:List*]\n");
    folder.write(
        "use.iam",
        "use read from \"sets.iam\"\npolicy p {\n  A: allow <read> on * when aws:username = a or aws:username = b\n}\n",
    );
    let run = folder.run(&["expand", "use.iam"]);
    let expected = json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "A", "Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*",
        "Condition": {"StringEquals": {"aws:username": ["a", "b"]}}}]});
    assert_eq!((run.code, value(&run)), (0, expected));
}

#[test]
fn errors_have_places() {
    let folder = folder();
    let run = folder.run(&["check", "x.iam"]);
    assert_eq!(
        ends(&run),
        (0, "0 errors, 0 warnings, 0 suggestions in 1 file\n", "")
    );
    let run = folder.run(&["check", "bad.iam"]);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("--> bad.iam:2:3\n"), "{}", run.stdout);
    assert!(run.stdout.contains("`allow`"), "{}", run.stdout);
    let run = folder.run(&["check", "--format", "json", "bad.iam", "x.iam"]);
    let found = value(&run);
    assert_eq!(run.code, 3);
    let place = |name: &str| found[0][name].clone();
    assert_eq!(
        [place("file"), place("line"), place("column")],
        [json!("bad.iam"), json!(2), json!(3)]
    );
    for command in ["expand", "check"] {
        assert_eq!(folder.run(&[command, "bad.iam"]).code, 3);
    }
    assert_eq!(folder.run(&["convert", "--to", "json", "bad.iam"]).code, 3);
    let (code, _) = decide(&folder, "s3:GetObject", &["--identity", "bad.iam"]);
    assert_eq!(code, 3);
    folder.write("latin.iam", b"policy p { allow s3:* on \"\xe9\" }");
    for arguments in [&["check", "latin.iam"][..], &["fmt", "latin.iam"]] {
        assert_eq!(folder.run(arguments).code, 3, "{arguments:?}");
    }
}

#[test]
fn decisions_and_scenarios() {
    let folder = folder();
    let tls = [
        "--identity",
        "x.iam",
        "--context",
        "aws:SecureTransport=true",
    ];
    assert_eq!(decide(&folder, "s3:GetObject", &tls), (0, "Allow".into()));
    assert_eq!(
        decide(&folder, "s3:DeleteObject", &tls),
        (2, "ExplicitDeny by identity".into())
    );
    // A file of several policies, or of one of another type, is refused.
    assert_eq!(
        decide(&folder, "s3:GetObject", &["--identity", "two.iam"]).0,
        3
    );
    folder.write("guard.iam", "scp policy guard { deny sqs:* on * }");
    assert_eq!(
        decide(&folder, "s3:GetObject", &["--identity", "guard.iam"]).0,
        3
    );
    // One that names no type has the type of its place.
    let guarded = [&tls[..], &["--scp", "x.iam,guard.iam"]].concat();
    assert_eq!(decide(&folder, "s3:GetObject", &guarded).0, 0);
    let scenario = json!({"name": "s", "policies": {"identity": [{"name": "r", "file": "x.iam"}]},
        "requests": [
            {"name": "in", "principal": support::ANN, "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k",
             "context": {"aws:SecureTransport": "true"}, "expect": "Allow"},
            {"name": "out", "principal": support::ANN, "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k",
             "context": {"aws:SecureTransport": "false"}, "expect": "ImplicitDeny"}]});
    folder.write("s.json", scenario.to_string());
    let run = folder.run(&["test", "s.json"]);
    assert_eq!(ends(&run), (0, "2 passed, 0 failed\n", ""));
}

#[test]
fn policies_have_their_tests() {
    let folder = folder();
    folder.write("t.iam", format!("{TIDY}{TESTS}"));
    let run = folder.run(&["test", "--min-coverage", "100", "t.iam"]);
    assert_eq!(
        ends(&run),
        (
            0,
            "t.iam: coverage: 2 of 2 statements (100 %), 1 of 1 conditions (100 %)\n3 passed, 0 failed\n",
            ""
        )
    );
    let failing = "
test readers {
  expect deny s3:GetObject on arn:aws:s3:::b/k with aws:SecureTransport = true
  expect allow s3:GetObject on arn:aws:s3:::b/k with aws:SecureTransport = true by NoDelete
}
";
    folder.write("f.iam", format!("{TIDY}{failing}"));
    let run = folder.run(&["test", "--coverage", "f.iam"]);
    assert_eq!(run.code, 1, "{run:?}");
    let of = "test of `readers`: s3:GetObject on arn:aws:s3:::b/k";
    for line in [
        format!("FAIL f.iam:11:3: {of}: expected deny, the policy says allow"),
        format!("FAIL f.iam:12:3: {of}: expected `NoDelete` to decide, it was `Read`"),
        "f.iam: coverage: 1 of 2 statements (50 %), 0 of 1 conditions (0 %)".to_string(),
        "f.iam:7:3: no test matches this statement".to_string(),
        "0 passed, 2 failed".to_string(),
    ] {
        assert!(
            run.stdout.lines().any(|own| own == line),
            "{line}\n{}",
            run.stdout
        );
    }
    // Why, in the words of `explain`.
    let why = "f.iam:3:3 statement 0 \"Read\" of readers";
    assert_eq!(run.stdout.matches(why).count(), 2, "{}", run.stdout);
    let run = folder.run(&["test", "--verbose", "--filter", "t.iam:13", "t.iam"]);
    let passed: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(
        (run.code, passed.len(), passed[1]),
        (0, 2, "1 passed, 0 failed"),
        "{run:?}"
    );
    assert!(passed[0].starts_with("ok   t.iam:13:"), "{run:?}");
    let run = folder.run(&["test", "--filter", "nothing like it", "t.iam"]);
    assert!(run.code == 1 && run.stderr.contains("of 3"), "{run:?}");
    folder.write("none.iam", TIDY);
    let run = folder.run(&["test", "--coverage", "none.iam"]);
    assert_eq!(
        ends(&run),
        (0, "none.iam: it has no test\n0 passed, 0 failed\n", "")
    );
    let run = folder.run(&["test", "bad.iam"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("--> bad.iam:2:3"), "{}", run.stdout);
}

#[test]
fn coverage_has_a_least() {
    let folder = folder();
    let one = "
test readers {
  expect allow s3:GetObject on arn:aws:s3:::b/k with aws:SecureTransport = true
}
";
    folder.write("t.iam", format!("{TIDY}{one}"));
    assert_eq!(folder.run(&["test", "t.iam"]).code, 0);
    assert_eq!(
        folder.run(&["test", "--min-coverage", "0", "t.iam"]).code,
        0
    );
    let run = folder.run(&["test", "--min-coverage", "80", "t.iam"]);
    assert_eq!(run.code, 1);
    for line in [
        "t.iam: coverage: 1 of 2 statements (50 %), 0 of 1 conditions (0 %)",
        "t.iam:5:10: no test fails this condition on `aws:SecureTransport`",
        "t.iam:7:3: no test matches this statement",
        "t.iam: coverage is 0 %, 80 % is required",
        "1 passed, 0 failed",
    ] {
        assert!(
            run.stdout.lines().any(|own| own == line),
            "{line}\n{}",
            run.stdout
        );
    }
    assert_eq!(
        folder.run(&["test", "--min-coverage", "101", "t.iam"]).code,
        1
    );
}

#[test]
fn imports_that_fail() {
    let folder = folder();
    let policy = "policy p { allow s3:* on * }\n";
    folder.write(
        "missing.iam",
        format!("\nuse a from \"nowhere.iam\"\n{policy}"),
    );
    let run = folder.run(&["check", "missing.iam"]);
    assert_eq!(run.code, 3);
    assert!(
        run.stdout.contains("--> missing.iam:2:12\n"),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("cannot read `nowhere.iam`"),
        "{}",
        run.stdout
    );
    fs::create_dir(folder.0.join("sub")).unwrap();
    folder.write(
        "a.iam",
        format!("use b from \"././b.iam\"\nlet a = [x:*]\n{policy}"),
    );
    folder.write("b.iam", "use a from \"./a.iam\"\nlet b = [x:*]\n");
    let run = folder.run(&["check", "a.iam"]);
    assert_eq!(run.code, 3);
    assert!(run.stdout.contains("--> a.iam:1:12\n"), "{}", run.stdout);
    assert!(
        run.stdout.contains("files import each other"),
        "{}",
        run.stdout
    );
    for command in [
        &["expand", "a.iam"][..],
        &["convert", "--to", "json", "a.iam"],
    ] {
        let run = folder.run(command);
        assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{command:?}");
        assert!(run.stderr.contains("files import each other"));
    }
}
