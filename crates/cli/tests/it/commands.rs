//! `decide` and `explain`.
use crate::support::{ANN, REQUEST, ask, decide, folder, value};
use serde_json::{Value, json};

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
        run.stderr.starts_with("error: `nocolon` is not an action"),
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
    let owner = "the resource's owner is not known; it is taken to be the caller's account";
    let expected = json!({"version": 1, "decision": "Allow", "by": [], "notes": [owner]});
    assert_eq!(value(&run), expected);
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
        text.contains("3 requests in the file, pick one with --case"),
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
        "  would allow, but for the condition: reader.json:4:5 statement 0 \"Read\" of reader.json",
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
    let condition = json!({"operator": "IpAddress", "key": "aws:SourceIp", "policyValues": ["10.0.0.0/8"],
        "expandedValues": null, "requestValues": null, "note": null});
    let mut miss = condition.clone();
    miss["element"] = json!("condition");
    assert_eq!(
        layer["nearMisses"][0],
        json!({
            "policy": "reader.json", "file": "reader.json", "path": null, "offset": null, "statement": 0, "sid": "Read", "effect": "Allow",
            "line": 4, "column": 5, "endLine": 10, "endColumn": 6,
            "missed": "condition", "misses": [miss], "condition": condition,
        })
    );
    // The other statement differs in the action alone.
    assert_eq!(layer["nearMisses"][1]["missed"], "action");
    assert_eq!(layer["nearMisses"].as_array().unwrap().len(), 2);
    assert_eq!(
        found["caller"],
        json!({"arn": ANN, "name": ANN, "roleArn": null, "session": null, "userId": null,
            "account": {"number": "111122223333"}, "tags": {}})
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
    let run = folder.run(&[&["decide", "--resource-policy", "trust.json"], &REQUEST[..]].concat());
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("[MISSING_RESOURCE]"));
}

/// Shells complete the values of options: types, codes, formats, and, by asking the command, actions.
#[test]
fn shells_complete_values() {
    let folder = crate::support::Folder::new();
    for (shell, asks) in [
        ("bash", true),
        ("zsh", true),
        ("fish", true),
        ("elvish", false),
        ("powershell", false),
    ] {
        let run = folder.run(&["completions", shell]);
        assert_eq!(run.code, 0, "{run:?}");
        if asks {
            assert!(
                run.stdout.contains("portcullis completions --actions"),
                "{shell}"
            );
        }
        if shell == "bash" || shell == "zsh" || shell == "fish" {
            for value in [
                "vpc-endpoint",
                "RESOURCE_POLICY",
                "PASS_ROLE_WITH_STAR_IN_RESOURCE",
                "access-analyzer",
                "AWS::S3::Bucket",
            ] {
                let escaped = value.replace(':', "\\:");
                assert!(
                    run.stdout.contains(value) || run.stdout.contains(&escaped),
                    "{shell}: {value}"
                );
            }
        }
    }
    let zsh = folder.run(&["completions", "zsh"]).stdout;
    assert!(zsh.matches(":_portcullis_actions'").count() > 2, "{zsh}");
    assert!(
        zsh.find("_portcullis_actions()") < zsh.find("\n_portcullis()"),
        "{zsh}"
    );
    let names = folder
        .run(&["completions", "--actions", "s3:GetObjectTag"])
        .stdout;
    assert_eq!(names, "s3:GetObjectTagging\n");
    let services = folder.run(&["completions", "--actions", "dynamod"]).stdout;
    assert_eq!(services, "dynamodb:\n");
    assert_eq!(folder.run(&["completions"]).code, 1);
}
