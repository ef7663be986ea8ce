//! `tighten`: what is kept, what is dropped, and what is refused.

use serde_json::{Value, json};

use crate::support::{ANN, Folder, Run};

const POLICY: &str = r#"{"Version": "2012-10-17", "Id": "team", "Statement": [
  {"Sid": "Read", "Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "arn:aws:s3:::reports*",
   "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
  {"Sid": "Queue", "Effect": "Allow", "NotAction": "s3:*", "NotResource": "arn:aws:sqs:*:*:secret"},
  {"Sid": "Home", "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::home/${aws:username}/*"},
  {"Sid": "Unused", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*",
   "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
  {"Sid": "Keep", "Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"}]}"#;

/// A line of a request.
fn line(action: &str, resource: &str, context: Value) -> String {
    json!({"principal": ANN, "action": action, "resource": resource, "context": context})
        .to_string()
}

fn folder(requests: &[String]) -> Folder {
    let folder = Folder::new();
    folder.write("policy.json", POLICY);
    folder.write("used.jsonl", requests.join("\n"));
    folder
}

fn tighten(folder: &Folder, more: &[&str]) -> Run {
    folder.run(
        &[
            &["tighten", "policy.json", "--requests", "used.jsonl"],
            more,
        ]
        .concat(),
    )
}

fn answer(folder: &Folder, more: &[&str]) -> (Value, i32) {
    let run = tighten(folder, &[&["--format", "json"], more].concat());
    crate::schemas::conforms(&run.stdout, "tighten.json");
    (serde_json::from_str(&run.stdout).unwrap(), run.code)
}

fn used() -> Vec<String> {
    let tls = json!({"aws:SecureTransport": true});
    vec![
        line("s3:GetObject", "arn:aws:s3:::reports/q2.csv", tls.clone()),
        line("s3:getobject", "arn:aws:s3:::reports/q1.csv", tls.clone()),
        line(
            "s3:GetObjectTagging",
            "arn:aws:s3:::reports/q1.csv",
            tls.clone(),
        ),
        line(
            "s3:GetObjectTagging",
            "arn:aws:s3:::reports/q2.csv",
            tls.clone(),
        ),
        line("s3:ListBucket", "arn:aws:s3:::reports", tls),
        line(
            "sqs:SendMessage",
            "arn:aws:sqs:eu-west-1:111122223333:jobs",
            json!({}),
        ),
        line("s3:PutObject", "arn:aws:s3:::home/ann/notes", json!({})),
    ]
}

/// Actions and resources are those that are used, and everything else of a statement stays.
#[test]
fn statements_are_narrowed_to_what_is_used() {
    let folder = folder(&used());
    let run = tighten(&folder, &[]);
    assert_eq!(run.code, 0, "{run:?}");
    let tls = json!({"Bool": {"aws:SecureTransport": "true"}});
    let expected = json!({"Version": "2012-10-17", "Id": "team", "Statement": [
        {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjectTagging"],
         "Resource": ["arn:aws:s3:::reports/q1.csv", "arn:aws:s3:::reports/q2.csv"], "Condition": tls},
        {"Sid": "Read2", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::reports", "Condition": tls},
        {"Sid": "Queue", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:jobs"},
        // Of whose objects this is depends on who asks.
        {"Sid": "Home", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::home/${aws:username}/*"},
        {"Sid": "Keep", "Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"},
    ]});
    let made: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(made, expected);
    for text in [
        "proved: the result allows nothing that policy.json does not; 7 of 7 requests are allowed",
        "policy.json: statement `Unused` is dropped: no request needs it",
    ] {
        assert!(run.stderr.contains(text), "{text}: {run:?}");
    }

    let (value, code) = answer(&folder, &[]);
    assert_eq!(code, 0);
    assert_eq!(value["policy"], expected);
    let origins = value["origins"].as_array().unwrap();
    let origins: Vec<u64> = origins
        .iter()
        .map(|own| own["statementIndex"].as_u64().unwrap())
        .collect();
    assert_eq!(origins, [0, 0, 1, 2, 4]);
    assert_eq!(
        value["dropped"],
        json!([{"statementIndex": 3, "statementId": "Unused"}])
    );
    assert_eq!(value["requests"], 7);

    // Both notations are read back, and compared with the old policy by another command.
    for (to, file) in [("json", "new.json"), ("dsl", "new.iam")] {
        assert_eq!(tighten(&folder, &["--to", to, "-o", file]).code, 0);
        assert_eq!(folder.run(&["compare", "policy.json", file]).code, 0);
        assert_eq!(folder.run(&["compare", file, "policy.json"]).code, 2);
    }
    let text = String::from_utf8(folder.read("new.iam")).unwrap();
    assert!(text.starts_with("policy policy "), "{text}");
}

/// Of statements that allow a request, the one with the most conditions keeps it, then the one that allows the most.
#[test]
fn the_strictest_statement_keeps_a_request() {
    let folder = folder(&[
        line(
            "s3:GetObject",
            "arn:aws:s3:::b/1",
            json!({"aws:SecureTransport": true}),
        ),
        line("s3:PutObject", "arn:aws:s3:::b/1", json!({})),
    ]);
    folder.write(
        "policy.json",
        r#"{"Version": "2012-10-17", "Statement": [
          {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
          {"Effect": "Allow", "Action": "s3:Put*", "Resource": "*"},
          {"Effect": "Allow", "Action": "*", "Resource": "*"},
          {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}]}"#,
    );
    let (value, code) = answer(&folder, &[]);
    assert_eq!(code, 0);
    let dropped = value["dropped"].as_array().unwrap();
    let dropped: Vec<u64> = dropped
        .iter()
        .map(|own| own["statementIndex"].as_u64().unwrap())
        .collect();
    assert_eq!(dropped, [0, 1], "{value}");
    assert_eq!(value["policy"]["Statement"][0]["Action"], "s3:PutObject");
}

/// What a request cannot say exactly stays as the policy says it.
#[test]
fn what_is_no_arn_stays_as_the_policy_says() {
    let folder = folder(&[
        line("s3:ListAllMyBuckets", "*", json!({})),
        line("s3:GetObject", "arn:aws:s3:::b/what*", json!({})),
        line("s3:GetObject", "arn:aws:s3:::b/1", json!({})),
    ]);
    folder.write(
        "policy.json",
        r#"{"Version": "2012-10-17", "Statement": [
          {"Sid": "All", "Effect": "Allow", "Action": "s3:List*", "Resource": ["arn:aws:sqs:*:*:*", "*"]},
          {"Sid": "B", "Effect": "Allow", "Action": "s3:Get*", "Resource": ["arn:aws:s3:::b/w*", "arn:aws:s3:::b/1"]}]}"#,
    );
    let (value, code) = answer(&folder, &[]);
    assert_eq!(code, 0);
    let statements = &value["policy"]["Statement"];
    assert_eq!(statements[0]["Action"], "s3:ListAllMyBuckets");
    assert_eq!(statements[0]["Resource"], "*");
    assert_eq!(
        statements[1]["Resource"],
        json!(["arn:aws:s3:::b/w*", "arn:aws:s3:::b/1"])
    );
}

/// Only where it is asked for, and only as far as the old policy reaches.
#[test]
fn resources_are_merged_where_that_is_asked_for() {
    let objects = |start: &'static str| {
        (0..4).map(move |n| {
            line(
                "s3:GetObject",
                &format!("arn:aws:s3:::{start}{n}"),
                json!({}),
            )
        })
    };
    let folder = folder(
        &objects("b/logs/2026-0")
            .chain(objects("c-"))
            .collect::<Vec<_>>(),
    );
    let policy = |resource: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "s3:Get*", "Resource": {resource}}}]}}"#
        )
    };
    let resources = |more: &[&str]| {
        let (value, code) = answer(&folder, more);
        assert_eq!(code, 0);
        value["policy"]["Statement"][0]["Resource"].clone()
    };
    folder.write("policy.json", policy(r#""*""#));
    assert_eq!(resources(&[]).as_array().unwrap().len(), 8);
    assert_eq!(
        resources(&["--merge-above", "8"]).as_array().unwrap().len(),
        8
    );
    // Never all that a service has.
    assert_eq!(
        resources(&["--merge-above", "3"]).as_array().unwrap().len(),
        8
    );
    folder.write(
        "used.jsonl",
        objects("b/logs/2026-0").collect::<Vec<_>>().join("\n"),
    );
    assert_eq!(resources(&["--merge-above", "3"]), "arn:aws:s3:::b/logs/*");
    folder.write("policy.json", policy(r#"["arn:aws:s3:::b/*/2026*"]"#));
    assert_eq!(
        resources(&["--merge-above", "3"]).as_array().unwrap().len(),
        4
    );
}

/// What the policy does not allow is said, and stays denied; so is what no policy has to allow.
#[test]
fn requests_that_are_not_allowed_are_reported() {
    let mut requests = used();
    requests.push(line(
        "s3:DeleteObject",
        "arn:aws:s3:::home/ann/notes",
        json!({}),
    ));
    requests.push(line(
        "s3:GetObject",
        "arn:aws:s3:::reports/\u{1b}[2J\n",
        json!({}),
    ));
    requests.push(line("sts:GetCallerIdentity", "*", json!({})));
    requests.push(
        json!({"name": "root", "principal": "111122223333", "action": "iam:CreateUser", "resource": "*"}).to_string(),
    );
    let folder = folder(&requests);
    let (value, code) = answer(&folder, &[]);
    assert_eq!(code, 2);
    let lines = |member: &str| {
        let all = value[member].as_array().unwrap().iter();
        all.map(|own| own["line"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(lines("notAllowed"), [8, 9], "{value}");
    assert_eq!(lines("notNeeded"), [10, 11], "{value}");
    assert_eq!(value["notNeeded"][1]["name"], "root");
    assert_eq!(value["policy"]["Statement"].as_array().unwrap().len(), 5);
    let run = tighten(&folder, &["-o", "new.json"]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    for text in [
        "9 of 11 requests are allowed",
        "used.jsonl:8: not allowed, as before: s3:DeleteObject on arn:aws:s3:::home/ann/notes",
        "used.jsonl:9: not allowed, as before: s3:GetObject on arn:aws:s3:::reports/\\u{1b}[2J\\u{a}",
        "used.jsonl:10: allowed whatever the policy says: sts:GetCallerIdentity on *",
    ] {
        assert!(run.stderr.contains(text), "{text}: {}", run.stderr);
    }
}

/// Nothing is written that would deny what nobody asked about, or that is not known to be narrower.
#[test]
fn nothing_is_guessed() {
    let folder = folder(&used());
    folder.write("empty.jsonl", "\n\n");
    folder.write(
        "denied.jsonl",
        line("s3:GetObject", "arn:aws:s3:::other/1", json!({})),
    );
    folder.write(
        "half.jsonl",
        format!("{}\n{{\"action\": \"s3:GetObject\"}}\n", used()[0]),
    );
    folder.write(
        "wild.jsonl",
        line("s3:Get*", "arn:aws:s3:::reports/1", json!({})),
    );
    folder.write("broken.json", r#"{"Statement": {"Effect": "Maybe"}}"#);
    folder.write(
        "own.jsonl",
        r#"{"principal": "arn:aws:iam::111122223333:user/ann", "action": "s3:GetObject", "resource": "*", "identity": []}"#,
    );
    let bucket = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"}}"#;
    folder.write("bucket.json", bucket);
    for (policy, requests, more, code, told) in [
        (
            "policy.json",
            "empty.jsonl",
            &[][..],
            1,
            "empty.jsonl: there are no requests",
        ),
        (
            "policy.json",
            "denied.jsonl",
            &[],
            1,
            "allows none of the requests",
        ),
        ("policy.json", "half.jsonl", &[], 1, "half.jsonl:2"),
        ("policy.json", "wild.jsonl", &[], 1, "wild.jsonl:1"),
        ("policy.json", "own.jsonl", &[], 1, "no policies of its own"),
        (
            "policy.json",
            "missing.jsonl",
            &[],
            1,
            "cannot read missing.jsonl",
        ),
        ("broken.json", "used.jsonl", &[], 3, "broken.json:1"),
        (
            "bucket.json",
            "used.jsonl",
            &["--type", "resource"],
            1,
            "has principals",
        ),
    ] {
        let start = ["tighten", policy, "--requests", requests, "-o", "new.json"];
        let run = folder.run(&[&start[..], more].concat());
        assert_eq!(run.code, code, "{policy} {requests}: {run:?}");
        assert!(run.stderr.contains(told), "{told}: {run:?}");
        assert!(run.stdout.is_empty());
        assert!(!folder.0.join("new.json").exists(), "{policy} {requests}");
    }
}
