//! `test`, `batch` and `bench`.
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use crate::support::{ANN, Folder, READER, command, root, run_in, unread};
use serde_json::{Value, json};

/// A scenario in which ann reads from an address.
fn scenario(name: &str, address: &str, expect: &str) -> String {
    let reader: Value = serde_json::from_str(READER).unwrap();
    json!({
        "name": name,
        "policies": {"identity": [reader]},
        "request": {
            "principal": ANN, "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k",
            "context": {"aws:SourceIp": address},
        },
        "expect": expect,
    })
    .to_string()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

/// `EVAL-12`: nothing says whose a bucket is.
const OWNER: &str = "the resource's owner is not known; it is taken to be the caller's account";

#[test]
fn tests_pass_or_fail() {
    let folder = Folder::new();
    let good = scenario("inside", "10.1.2.3", "Allow");
    let bad = scenario("outside", "11.1.2.3", "Allow");
    folder.write("good.jsonl", format!("{good}\n\n{good}\n"));
    folder.write("bad.jsonl", format!("{good}\n{bad}\n"));
    for engine in ["vm", "reference", "both"] {
        let run = folder.run(&["test", "good.jsonl", "--engine", engine]);
        assert_eq!((run.code, &*run.stdout), (0, "2 passed, 0 failed\n"));
        let run = folder.run(&["test", "good.jsonl", "bad.jsonl", "--engine", engine]);
        assert_eq!(run.code, 1);
        assert_eq!(run.stdout.lines().last(), Some("3 passed, 1 failed"));
        for part in [
            "FAIL outside\n",
            "bad.jsonl:2:",
            "expected Allow, got ImplicitDeny by identity",
            "is not authorized to perform: s3:GetObject",
            "IpAddress aws:SourceIp: the policy has \"10.0.0.0/8\", the request \"11.1.2.3\"",
        ] {
            assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
        }
    }
}

#[test]
fn positions_in_failures_are_those_of_the_file() {
    let folder = Folder::new();
    let text = format!(
        "[\n{},\n{{\"name\": \"x\", \"policies\": {{\"identity\": [\n{READER}]}},\n\"request\": {{\"principal\": {ANN:?}, \
         \"action\": \"s3:DeleteObject\", \"resource\": \"*\"}}, \"expect\": \"Allow\"}}\n]",
        scenario("first", "10.1.2.3", "Allow")
    );
    folder.write("s.json", &text);
    let line = 1 + text
        .lines()
        .position(|line| line.contains("s3:DeleteObject\", \"Res"))
        .unwrap();
    let run = folder.run(&["test", "s.json"]);
    assert!(
        run.stdout.contains(&format!(
            "denies: s.json:{line}:5 statement 1 of identity[0]"
        )),
        "{}",
        run.stdout
    );
    let run = folder.run(&["explain", "--scenario", "s.json", "--case", "x"]);
    assert!(
        run.stdout.contains(&format!(
            "denies: s.json:{line}:5 statement 1 of identity[0]"
        )),
        "{}",
        run.stdout
    );
}

#[test]
fn what_cannot_be_read_fails_a_test() {
    let folder = Folder::new();
    let good = scenario("inside", "10.1.2.3", "Allow");
    let no_expect = good.replace(r#","expect":"Allow""#, "");
    let unknown = good.replace("\"action\"", "\"aktion\"");
    let broken = &good[..good.len() - 2];
    folder.write(
        "s.jsonl",
        [&*good, &*no_expect, &*unknown, broken, &*good].join("\n"),
    );
    let run = folder.run(&["test", "s.jsonl", "missing.jsonl", ".", "-"]);
    assert_eq!(run.code, 1);
    assert_eq!(run.stdout.lines().last(), Some("2 passed, 6 failed"));
    for part in [
        "the request has no `expect` to test it against [MISSING_MEMBER]",
        "--> s.jsonl:2:",
        "has no member `aktion` [UNKNOWN_MEMBER]",
        "--> s.jsonl:4:",
        "cannot read missing.jsonl: no such file or directory",
        "cannot read .: it is a directory",
        "<stdin>: no requests to test",
    ] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
}

#[test]
fn batch_answers_every_line() {
    let folder = Folder::new();
    let good = scenario("inside", "10.1.2.3", "Allow");
    let outside = scenario("outside", "11.1.2.3", "Allow");
    let broken = &good[..good.len() - 2];
    let unknown = good.replace("\"action\"", "\"aktion\"");
    let input = [&*good, broken, "what", "", &*unknown, &*outside, "\"x\""].join("\n");
    let run = folder.run_with(&["batch"], input.as_bytes());
    assert_eq!(run.code, 1);
    let found = lines(&run.stdout);
    assert_eq!(found.len(), 6);
    assert_eq!(
        found[0],
        json!({"name": "inside", "decision": "Allow", "by": [], "pass": true, "notes": [OWNER]})
    );
    assert_eq!(found[1]["name"], Value::Null);
    assert!(
        found[1]["error"]
            .as_str()
            .unwrap()
            .starts_with("<stdin>:2:")
    );
    assert!(
        found[2]["error"]
            .as_str()
            .unwrap()
            .starts_with("<stdin>:3:1: ")
    );
    assert_eq!(found[3]["name"], "inside");
    assert!(found[3]["error"].as_str().unwrap().contains("`aktion`"));
    assert_eq!(
        found[4],
        json!({"name": "outside", "decision": "ImplicitDeny", "by": ["identity"], "pass": false, "notes": [OWNER]})
    );
    assert!(
        found[5]["error"]
            .as_str()
            .unwrap()
            .contains("must be an object")
    );
    let run = folder.run_with(&["batch", "-", "--engine", "both"], good.as_bytes());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(folder.run(&["batch"]).code, 0);
}

#[test]
fn batch_answers_each_of_several_requests() {
    let folder = Folder::new();
    let list = json!([
        {"name": "1", "principal": ANN, "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"},
        {"principal": ANN, "action": "s3:DeleteObject", "resource": "arn:aws:s3:::b/k"},
        {"name": "3", "principal": ANN, "action": "s3"},
    ]);
    let policies = r#"{"identity": [{"file": "reader.json"}]}"#;
    folder.write("reader.json", READER);
    folder.write(
        "s.json",
        format!("{{\n\"name\": \"n\",\n\"policies\": {policies},\n\"requests\": {list}\n}}\n"),
    );
    let run = folder.run(&["batch", "s.json"]);
    assert_eq!(run.code, 1);
    let found = lines(&run.stdout);
    assert_eq!(
        found[0],
        json!({"name": "1", "decision": "ImplicitDeny", "by": ["identity"], "notes": [OWNER]})
    );
    assert_eq!(
        found[1],
        json!({"name": "n", "decision": "ExplicitDeny", "by": ["identity"], "notes": [OWNER]})
    );
    assert_eq!(found[2]["name"], "3");
    assert!(found[2]["error"].as_str().unwrap().contains("s.json:4:"));
    assert_eq!(found.len(), 3);

    folder.write("reader.json", "{\"Statement\": 1}");
    let found = lines(&folder.run(&["batch", "s.json"]).stdout);
    let names: Vec<&Value> = found.iter().map(|line| &line["name"]).collect();
    assert_eq!(names, ["1", "n", "3"]);
    for line in &found {
        assert!(
            line["error"]
                .as_str()
                .unwrap()
                .starts_with("reader.json:1:15: ")
        );
    }
}

#[test]
fn a_missing_resource_depends_on_the_action() {
    let folder = Folder::new();
    let policy = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": "*", "Action": "*"}});
    let request = |action| json!({"principal": ANN, "action": action, "resource": "*"});
    let text = json!({"name": "n", "policies": {"resource": policy},
        "requests": [request("sts:AssumeRole"), request("s3:GetObject")]})
    .to_string();
    let found = lines(&folder.run_with(&["batch"], text.as_bytes()).stdout);
    assert_eq!(found[0]["decision"], "Allow");
    assert!(
        found[1]["error"]
            .as_str()
            .unwrap()
            .contains("MISSING_RESOURCE")
    );
}

#[test]
fn batch_answers_before_its_input_ends() {
    let folder = Folder::new();
    let mut child = command(&folder.0, &["batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for name in ["first", "second"] {
        let line = scenario(name, "10.1.2.3", "Allow");
        stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stdout.read_line(&mut answer).unwrap();
        assert!(answer.contains(name));
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn nobody_reads_the_output() {
    let folder = Folder::new();
    let line = scenario("n", "10.1.2.3", "Allow");
    folder.write("s.jsonl", format!("{line}\n").repeat(5_000));
    assert_eq!(unread(&folder.0, &["batch", "s.jsonl"]), Some(0));
}

#[test]
fn bench_prints_one_line() {
    let folder = Folder::new();
    let good = scenario("inside", "10.1.2.3", "Allow");
    let wrong = scenario("outside", "11.1.2.3", "Allow");
    folder.write("s.jsonl", format!("{good}\n{wrong}\n{good}\n"));
    for more in [&[][..], &["--from-strings"]] {
        let arguments = [&["bench", "s.jsonl", "--iterations", "1000"], more].concat();
        let run = folder.run(&arguments);
        assert_eq!((run.code, run.stdout.lines().count()), (0, 1));
        let found = &lines(&run.stdout)[0];
        assert_eq!(found["decisions"], 1000);
        assert_eq!(found["wrong"], 1);
        assert_eq!(found["allocations_per_decision"], 0.0, "{more:?}");
        assert!(found["ns_per_decision"].as_f64().unwrap() > 0.0);
    }
    let empty = folder.run_with(&["bench", "-"], b"[]");
    assert_eq!(empty.code, 1);
    let broken = folder.run_with(
        &["bench", "-"],
        b"{\"policies\": {\"scp\": []}, \"requests\": []}",
    );
    assert_eq!(broken.code, 1);
    assert!(broken.stderr.contains("`scp`"));
}

/// The scenarios of this repository, and those that the specification brings along.
#[test]
fn the_corpus_passes_with_both_engines() {
    let root = root();
    let mut files: Vec<_> = std::fs::read_dir(root.join("corpus/decisions"))
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "jsonl"))
        .collect();
    files.extend(Some(root.join("../shared/spec/vectors.jsonl")).filter(|path| path.exists()));
    if files.is_empty() {
        println!("skipped: no corpus");
        return;
    }
    files.sort();
    let mut arguments = vec!["test", "--engine", "both"];
    arguments.extend(files.iter().map(|path| path.to_str().unwrap()));
    let run = run_in(&root, &arguments, b"");
    assert_eq!(run.code, 0, "{}", run.stdout);
}

/// A request that says what is expected of it is told whether that was met, by scenarios and by directories alike.
#[test]
fn batch_says_whether_expectations_were_met() {
    let folder = Folder::new();
    let allow = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}});
    let request = |expect: Option<&str>| {
        let mut request = json!({"principal": "arn:aws:iam::111122223333:user/ann", "action": "s3:GetObject",
            "resource": "arn:aws:s3:::b/k", "identity": [allow]});
        if let Some(expect) = expect {
            request["expect"] = json!(expect);
        }
        request
    };
    let wanted = [
        (None, None),
        (Some("Allow"), Some(true)),
        (Some("ExplicitDeny"), Some(false)),
    ];
    std::fs::create_dir(folder.0.join("dumps")).unwrap();
    let dump = json!({"UserDetailList": [{"Path": "/", "UserName": "zoe", "UserId": "AIDAZOE",
        "Arn": "arn:aws:iam::999999999999:user/zoe", "GroupList": [], "AttachedManagedPolicies": []}],
        "GroupDetailList": [], "RoleDetailList": [], "Policies": []});
    folder.write("dumps/account.json", dump.to_string());
    for count in [2, 3] {
        let mut by_directory = String::new();
        let mut by_scenarios = String::new();
        for (expect, _) in &wanted[..count] {
            let line = request(*expect);
            by_directory += &format!("{line}\n");
            let mut scenario = json!({"policies": {"identity": line["identity"]}, "request": line});
            scenario["request"]
                .as_object_mut()
                .unwrap()
                .remove("identity");
            if let Some(expect) = scenario["request"]
                .as_object_mut()
                .unwrap()
                .remove("expect")
            {
                scenario["expect"] = expect;
            }
            by_scenarios += &format!("{scenario}\n");
        }
        for (arguments, input) in [
            (&["batch"][..], &by_scenarios),
            (&["batch", "--directory", "dumps"], &by_directory),
        ] {
            for check in [false, true] {
                let more = if check { &["--check"][..] } else { &[] };
                let run = folder.run_with(&[arguments, more].concat(), input.as_bytes());
                let fails = check && count == 3;
                assert_eq!(run.code, i32::from(fails), "{run:?}");
                let lines: Vec<Value> = run
                    .stdout
                    .lines()
                    .map(|line| serde_json::from_str(line).unwrap())
                    .collect();
                assert_eq!(lines.len(), count, "{run:?}");
                for (line, (_, pass)) in lines.iter().zip(&wanted) {
                    assert_eq!(line["decision"], "Allow", "{line}");
                    assert_eq!(line.get("pass").and_then(Value::as_bool), *pass, "{line}");
                }
            }
        }
    }
}
