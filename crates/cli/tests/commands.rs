//! `decide`, `explain`, `compile`, `inspect`, `disasm`, `check`, `completions`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod support;

use std::process::Stdio;

use serde_json::{Value, json};
use support::{ANN, Folder, READER, Run, command};

const ALL: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
const EVERYONE: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}}"#;

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("reader.json", READER);
    folder.write("all.json", ALL);
    folder.write("everyone.json", EVERYONE);
    folder.write(
        "named.json",
        format!(r#"{{"name": "guard", "document": {ALL}}}"#),
    );
    folder.write("invalid.json", r#"{"Version": "2012-10-17", "Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}"#);
    folder
}

/// The request of ann with these policies.
fn ask(folder: &Folder, command: &str, action: &str, more: &[&str]) -> Run {
    let request = [
        "--principal",
        ANN,
        "--action",
        action,
        "--resource",
        "arn:aws:s3:::b/k",
    ];
    folder.run(&[&[command][..], more, &request].concat())
}

fn decide(folder: &Folder, action: &str, more: &[&str]) -> (i32, String) {
    let run = ask(folder, "decide", action, more);
    (run.code, run.stdout.trim_end().to_string())
}

fn value(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).expect("JSON")
}

#[test]
fn exit_codes_of_decide() {
    let folder = folder();
    let inside = [
        "--identity",
        "reader.json",
        "--context",
        "aws:SourceIp=10.1.1.1",
    ];
    for engine in ["vm", "reference", "both"] {
        let with = [&inside[..], &["--engine", engine]].concat();
        assert_eq!(decide(&folder, "s3:GetObject", &with), (0, "Allow".into()));
        assert_eq!(
            decide(&folder, "s3:PutObject", &with),
            (2, "ImplicitDeny by identity".into())
        );
        assert_eq!(
            decide(&folder, "s3:DeleteObject", &with),
            (2, "ExplicitDeny by identity".into())
        );
    }
    let run = ask(
        &folder,
        "decide",
        "s3:GetObject",
        &["--identity", "all.json", "invalid.json"],
    );
    assert_eq!(run.code, 3);
    assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("[INVALID_EFFECT]\n --> invalid.json:1:51\n"),
        "{}",
        run.stderr
    );
    for wrong in [
        &["--identity", "missing.json"][..],
        &["--identity", "."],
        &["--identity", "p.iam"],
        &["--identity", "all.json", "--context", "novalue"],
        &["--identity", "all.json", "--engine", "none"],
        &["--identity", "-", "-"],
        &["--image", "all.json"],
        &["--image", "all.json", "--engine", "both"],
        &["--scenario", "all.json"],
        &["--no-such-option"],
        &[],
    ] {
        let run = ask(&folder, "decide", "s3:GetObject", wrong);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (1, ""),
            "{wrong:?}: {}",
            run.stderr
        );
        assert!(
            run.stderr.starts_with("error:"),
            "{wrong:?}: {}",
            run.stderr
        );
    }
    let run = ask(&folder, "decide", "nocolon", &["--identity", "all.json"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.starts_with("error: `nocolon` is no action"),
        "{}",
        run.stderr
    );
}

#[test]
fn every_policy_set_takes_part() {
    let folder = folder();
    let base = ["--identity", "all.json"];
    let denied_by = |more: &[&str], expected: &str| {
        let with = [&base[..], more].concat();
        let (code, text) = decide(&folder, "sqs:SendMessage", &with);
        assert_eq!((code, text), (2, expected.to_string()), "{more:?}");
    };
    assert_eq!(decide(&folder, "sqs:SendMessage", &base).0, 0);
    denied_by(&["--boundary", "reader.json"], "ImplicitDeny by boundary");
    denied_by(
        &["--scp", "all.json", "--scp", "reader.json"],
        "ImplicitDeny by scps[1]",
    );
    denied_by(
        &["--scp", "", "--scp", "all.json"],
        "ImplicitDeny by scps[0]",
    );
    denied_by(
        &["--vpc-endpoint", "everyone.json"],
        "ImplicitDeny by vpcEndpoint",
    );
    let with = [&base[..], &["--scp", "reader.json,named.json"]].concat();
    assert_eq!(decide(&folder, "sqs:SendMessage", &with).0, 0);
    let only = ["--resource-policy", "everyone.json"];
    assert_eq!(decide(&folder, "s3:PutObject", &only).0, 0);
    let session = r#"{"arn": "arn:aws:sts::111122223333:assumed-role/R/s"}"#;
    let arguments = [
        "decide",
        "--identity",
        "all.json",
        "--session",
        "reader.json",
        "all.json",
        "--principal",
        session,
        "--action",
        "sqs:SendMessage",
    ];
    assert_eq!(folder.run(&arguments).code, 0);
}

#[test]
fn a_request_from_a_file() {
    let folder = folder();
    let request =
        json!({"principal": ANN, "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k",
        "context": {"aws:SourceIp": "10.1.1.1"}, "name": "n", "expect": "Allow"})
        .to_string();
    folder.write("request.json", &request);
    let run = folder.run(&[
        "decide",
        "--identity",
        "reader.json",
        "--request",
        "request.json",
    ]);
    assert_eq!(run.code, 0);
    let arguments = [
        "decide",
        "--identity",
        "reader.json",
        "--request",
        "-",
        "--format",
        "json",
    ];
    let run = folder.run_with(&arguments, request.as_bytes());
    assert_eq!(value(&run), json!({"decision": "Allow", "by": []}));
    let run = folder.run_with(&arguments, b"{\n \"what\": 1}");
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains(" --> <stdin>:2:2\n"), "{}", run.stderr);
    let run = folder.run(&[&arguments[..], &["--action", "a:b"]].concat());
    assert_eq!(run.code, 1);
}

#[test]
fn a_request_from_a_scenario() {
    let folder = folder();
    let request = |name: &str, action: &str| json!({"name": name, "principal": ANN, "action": action, "resource": "*"});
    let policies = json!({"identity": [{"name": "everything", "file": "all.json"}]});
    let one = json!({"name": "one", "policies": policies, "request": {
        "principal": ANN, "action": "a:b", "resource": "*"}});
    let two = json!({"name": "two", "policies": {}, "requests": [
        request("allowed", "a:b"), request("denied", "a:c")]});
    folder.write("s.jsonl", format!("{one}\n{two}\n"));
    let run = |more: &[&str]| {
        let run = folder.run(&[&["decide", "--scenario", "s.jsonl"], more].concat());
        (run.code, run.stdout + &run.stderr)
    };
    assert_eq!(run(&["--case", "one"]).0, 0);
    assert_eq!(run(&["--case", "denied"]).0, 2);
    let (code, text) = run(&["--case", "two"]);
    assert_eq!(
        (code, text.as_str()),
        (1, "error: s.jsonl: 2 requests fit the name \"two\"\n")
    );
    let (code, text) = run(&["--case", "three"]);
    assert_eq!(code, 1);
    assert!(
        text.contains(
            "no request is called \"three\"; the first names are: one, two, allowed, denied"
        ),
        "{text}"
    );
    let (code, text) = run(&[]);
    assert_eq!(code, 1);
    assert!(
        text.contains("3 requests in the file, choose one with --case"),
        "{text}"
    );
    let other = ["--case", "one", "--principal", ANN, "--action", "x:y"];
    assert_eq!(run(&other).0, 0);
}

#[test]
fn an_explanation_for_people() {
    let folder = folder();
    let with = [
        "--identity",
        "reader.json",
        "--boundary",
        "all.json",
        "--context",
        "aws:SourceIp=1.2.3.4",
    ];
    let run = ask(&folder, "explain", "s3:GetObject", &with);
    assert_eq!(run.code, 2);
    for line in [
        "ImplicitDeny",
        "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k because no identity-based policy allows the s3:GetObject action",
        "identity-based policy: does not allow",
        "  would allow, but for a condition: reader.json:4:5 statement 0 \"Read\" of reader.json",
        "    IpAddress aws:SourceIp: the policy has \"10.0.0.0/8\", the request \"1.2.3.4\"",
        "permissions boundary: allows",
        "  allows: all.json:1:40 statement 0 of all.json",
    ] {
        assert!(
            run.stdout.lines().any(|own| own == line),
            "{line}\n{}",
            run.stdout
        );
    }
    let run = ask(
        &folder,
        "explain",
        "s3:GetObject",
        &["--identity", "reader.json"],
    );
    assert!(run.stdout.contains("the request ABSENT"), "{}", run.stdout);
    assert!(
        run.stdout.contains("not in the request: aws:SourceIp\n"),
        "{}",
        run.stdout
    );
    let run = ask(
        &folder,
        "explain",
        "s3:DeleteObject",
        &["--identity", "reader.json", "--engine", "both"],
    );
    assert!(
        run.stdout
            .contains("with an explicit deny in an identity-based policy\n")
    );
    assert!(
        run.stdout
            .contains("  denies: reader.json:11:5 statement 1 of reader.json\n")
    );
}

#[test]
fn an_explanation_for_programs() {
    let folder = folder();
    let with = ["--identity", "reader.json", "--format", "json"];
    let run = ask(&folder, "explain", "s3:GetObject", &with);
    assert_eq!(run.code, 2);
    let found = value(&run);
    assert_eq!(found["decision"], "ImplicitDeny");
    assert_eq!(found["by"], json!(["identity"]));
    assert_eq!(found["missingKeys"], json!(["aws:SourceIp"]));
    assert!(found["message"].as_str().unwrap().starts_with("User: arn"));
    let layer = &found["layers"][0];
    assert_eq!(
        (&layer["layer"], &layer["applies"], &layer["verdict"]),
        (&json!("identity"), &json!(true), &Value::Null)
    );
    assert_eq!(layer["statements"], json!([]));
    assert_eq!(
        layer["nearMisses"],
        json!([{
            "policy": "reader.json", "file": "reader.json", "statement": 0, "sid": "Read", "effect": "Allow",
            "line": 4, "column": 5, "endLine": 10, "endColumn": 6,
            "condition": {"operator": "IpAddress", "key": "aws:SourceIp", "policyValues": ["10.0.0.0/8"],
                "requestValues": null, "note": null},
        }])
    );
}

#[test]
fn trust_policies_have_their_own_sentence() {
    let folder = folder();
    folder.write("trust.json", r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}}"#);
    let run = folder.run(&[
        "explain",
        "--resource-policy",
        "trust.json",
        "--principal",
        ANN,
        "--action",
        "sts:AssumeRole",
        "--resource",
        "arn:aws:iam::111122223333:role/R",
    ]);
    assert!(
        run.stdout
            .contains("with an explicit deny in the role trust policy"),
        "{}",
        run.stdout
    );
    let run = folder.run(&[
        "decide",
        "--resource-policy",
        "trust.json",
        "--principal",
        ANN,
        "--action",
        "s3:GetObject",
        "--resource",
        "arn:aws:s3:::b/k",
    ]);
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("[MISSING_RESOURCE]"));
}

#[test]
fn images() {
    let folder = folder();
    let compile = |output: &str, more: &[&str]| {
        let arguments = [
            &["compile", "--identity", "reader.json", "-o", output],
            more,
        ]
        .concat();
        let run = folder.run(&arguments);
        assert_eq!(run.code, 0, "{}", run.stderr);
        run
    };
    let run = compile("a.pcl", &[]);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    compile("b.pcl", &[]);
    assert_eq!(folder.read("a.pcl"), folder.read("b.pcl"));
    let run = compile("small.pcl", &["--strip", "-v"]);
    assert!(run.stderr.starts_with("small.pcl: "), "{}", run.stderr);
    assert!(folder.read("small.pcl").len() < folder.read("a.pcl").len());

    let inside = ["--image", "a.pcl", "--context", "aws:SourceIp=10.0.0.1"];
    assert_eq!(decide(&folder, "s3:GetObject", &inside).0, 0);
    let stack = [
        &inside[..],
        &["--boundary", "all.json", "--scp", "everything.json"],
    ]
    .concat();
    assert_eq!(decide(&folder, "s3:GetObject", &stack).0, 1);
    folder.run(&["compile", "--scp", "all.json", "-o", "scp.pcl"]);
    let stack = [
        "--image",
        "a.pcl",
        "scp.pcl",
        "--boundary",
        "all.json",
        "--context",
        "aws:SourceIp=10.0.0.1",
    ];
    assert_eq!(decide(&folder, "s3:GetObject", &stack).0, 0);
    let run = ask(&folder, "explain", "s3:DeleteObject", &["--image", "a.pcl"]);
    assert!(run.stdout.contains("denies: reader.json:11:5 statement 1"));
    let run = ask(
        &folder,
        "explain",
        "s3:DeleteObject",
        &["--image", "small.pcl"],
    );
    assert_eq!(run.code, 2);
    assert!(
        run.stdout.contains("  denies: statement "),
        "{}",
        run.stdout
    );

    let run = folder.run(&["inspect", "--keys", "a.pcl"]);
    assert!(run.stdout.contains("statements  2\n"), "{}", run.stdout);
    assert!(
        run.stdout.contains("  aws:sourceip (address)\n"),
        "{}",
        run.stdout
    );
    let found = value(&folder.run(&["inspect", "--keys", "--format", "json", "a.pcl"]));
    assert_eq!(found["bytes"], folder.read("a.pcl").len());
    assert_eq!(found["layers"], json!(["identity"]));
    assert_eq!(
        found["requiredKeys"],
        json!([{"name": "aws:sourceip", "class": "address"}])
    );
    let run = folder.run(&["disasm", "a.pcl"]);
    assert!(
        run.stdout.contains("aws:sourceip 10.0.0.0/8"),
        "{}",
        run.stdout
    );

    let whole = folder.read("a.pcl");
    for cut in [0, 1, 63, 64, whole.len() / 2, whole.len() - 1] {
        folder.write("cut.pcl", &whole[..cut]);
        for arguments in [["inspect", "cut.pcl"], ["disasm", "cut.pcl"]] {
            let run = folder.run(&arguments);
            assert_eq!(run.code, 1);
            assert!(
                run.stderr.starts_with("error: cut.pcl: not a usable image"),
                "{}",
                run.stderr
            );
        }
    }
}

#[test]
fn images_go_through_pipes() {
    let folder = folder();
    let output = command(&folder.0, &["compile", "--identity", "all.json", "-o", "-"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let run = folder.run_with(&["disasm", "-"], &output.stdout);
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains("action *"), "{}", run.stdout);
    let run = folder.run(&[
        "compile",
        "--identity",
        "all.json",
        "-o",
        "/no/such/folder/a.pcl",
    ]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr
            .contains("cannot write /no/such/folder/a.pcl: no such file")
    );
    assert_eq!(
        folder
            .run(&["compile", "--identity", "all.json", "-o", "/dev/null"])
            .code,
        0
    );
    assert_eq!(
        folder
            .run(&["compile", "--identity", "invalid.json", "-o", "x.pcl"])
            .code,
        3
    );
    assert_eq!(folder.run(&["compile", "-o", "x.pcl"]).code, 1);
    assert!(!folder.0.join("x.pcl").exists());
}

#[test]
fn an_image_of_a_scenario_knows_its_lines() {
    let folder = folder();
    let policies = json!({"identity": [serde_json::from_str::<Value>(ALL).unwrap()]});
    let line = |name: &str| json!({"name": name, "policies": policies}).to_string();
    folder.write("s.jsonl", format!("{}\n\n{}\n", line("a"), line("b")));
    let run = folder.run(&[
        "compile",
        "--scenario",
        "s.jsonl",
        "--case",
        "b",
        "-o",
        "b.pcl",
    ]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let run = ask(&folder, "explain", "a:b", &["--image", "b.pcl"]);
    assert!(run.stdout.contains("allows: s.jsonl:3:"), "{}", run.stdout);
    let run = folder.run(&["compile", "--scenario", "s.jsonl", "-o", "b.pcl"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("2 scenarios in the file"),
        "{}",
        run.stderr
    );
}

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

#[test]
fn hostile_input_is_an_error_and_nothing_else() {
    let folder = folder();
    let deep = "[".repeat(200_000);
    let inputs: [&[u8]; 9] = [
        b"",
        b"\xff\xfe{}",
        b"{\"a\": \"\xc3\x28\"}",
        b"\0",
        b"{\"Statement\": [{\"Effect\": \"Allow\"",
        b"\x1b[31m",
        b"nul",
        b"{\"policies\": {\"identity\": [{\"file\": \"/dev/null\"}]}, \"requests\": [{}]}",
        deep.as_bytes(),
    ];
    for input in inputs {
        folder.write("bad.json", input);
        let start = String::from_utf8_lossy(&input[..input.len().min(20)]).into_owned();
        for arguments in [
            &["check", "bad.json"][..],
            &["test", "bad.json"],
            &["bench", "bad.json"],
            &["batch", "bad.json"],
            &["inspect", "bad.json"],
            &["disasm", "bad.json"],
            &["compile", "--scenario", "bad.json", "-o", "x.pcl"],
            &[
                "decide",
                "--identity",
                "bad.json",
                "--principal",
                ANN,
                "--action",
                "a:b",
            ],
            &["explain", "--scenario", "bad.json"],
            &["decide", "--identity", "all.json", "--request", "bad.json"],
        ] {
            let run = folder.run(arguments);
            // Nothing to answer is no error of a stream.
            let fine = input.is_empty() && arguments[0] == "batch";
            assert_eq!(run.code == 0, fine, "{start:?} {arguments:?}: {run:?}");
            assert_ne!(run.code, 2, "{start:?} {arguments:?}: {run:?}");
            assert!(!run.stderr.contains('\x1b') && !run.stdout.contains('\x1b'));
        }
    }
}

#[test]
fn help_and_completions() {
    let folder = Folder::new();
    let commands = [
        "test", "batch", "decide", "explain", "compile", "inspect", "disasm", "check", "bench",
    ];
    let run = folder.run(&["--help"]);
    assert_eq!(run.code, 0);
    for name in commands {
        assert!(run.stdout.contains(&format!("  {name} ")), "{name}");
        let run = folder.run(&[name, "--help"]);
        assert_eq!(run.code, 0);
        assert!(
            run.stdout.contains("Examples:\n  portcullis"),
            "{name}: {}",
            run.stdout
        );
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = folder.run(&["completions", shell]);
        assert_eq!(run.code, 0);
        assert!(run.stdout.contains("portcullis"));
    }
    assert_eq!(folder.run(&["--version"]).code, 0);
    assert_eq!(folder.run(&[]).code, 1);
}

#[test]
fn a_denial_that_nobody_reads_is_still_a_denial() {
    let folder = folder();
    let mut child = command(
        &folder.0,
        &[
            "decide",
            "--identity",
            "all.json",
            "--principal",
            "anonymous",
            "--action",
            "s3:Get",
        ],
    )
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stderr.is_empty());
}
