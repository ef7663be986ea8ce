//! Typical mistakes in JSON and in the policy language beside what each is told: none is silent, and a consequence is not
//! told beside its cause.

use serde_json::{Value, json};

use crate::support::Folder;

/// A policy of one statement, with members changed; null takes one away.
fn policy(changes: Value) -> String {
    let mut statement = json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"});
    let members = statement.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

/// A mistake, its problem as it is told, and what helps; how `check` ends. What is not as expected.
fn hold(
    folder: &Folder,
    kind: &str,
    text: &str,
    (told, help): (&str, &str),
    code: i32,
) -> Option<String> {
    let name = format!("policy.{kind}");
    folder.write(&name, text);
    let run = folder.run(&["check", &name]);
    let all = format!("{}{}", run.stdout, run.stderr);
    let place = format!("{name}:");
    let mut expected = vec![told, help, &place];
    if code == 3 {
        // The cause alone.
        expected.push("1 problem found");
    }
    expected.retain(|expected| !all.contains(expected));
    (run.code != code || !expected.is_empty())
        .then(|| format!("{text}\nmissing: {expected:?}, code {}\n{all}", run.code))
}

#[test]
fn in_json() {
    let folder = Folder::new();
    let mut failures = Vec::new();
    let cases = [
        (
            json!({"Effect": "allow"}),
            "`allow` is not an effect",
            "did you mean `Allow`?",
        ),
        (
            json!({"Effect": null, "Efect": "Allow"}),
            "no member `Efect`",
            "did you mean `Effect`?",
        ),
        (
            json!({"Action": null, "Actions": "s3:*"}),
            "no member `Actions`",
            "did you mean `Action`?",
        ),
        (
            json!({"Resource": null, "resource": "*"}),
            "no member `resource`",
            "letter case matters here: write `Resource`",
        ),
        (
            json!({"Conditions": {}}),
            "no member `Conditions`",
            "did you mean `Condition`?",
        ),
        (
            json!({"NotAction": "s3:*"}),
            "both `Action` and `NotAction`",
            "",
        ),
        (
            json!({"Condition": {"StringEqual": {"aws:SourceVpc": "v"}}}),
            "`StringEqual` is not a condition operator",
            "`StringEquals`?",
        ),
        (
            json!({"Condition": {"ForAnyValue:StringEqualz": {"aws:TagKeys": "a"}}}),
            "is not a condition operator",
            "`ForAnyValue:StringEquals`?",
        ),
        (
            json!({"Condition": {"StringEquals": {"aws:TagKeys": ["a", "b"]}}}),
            "`aws:TagKeys` is multivalued",
            "write `ForAnyValue:StringEquals`",
        ),
        (
            json!({"Resource": null}),
            "neither `Resource` nor `NotResource`",
            "",
        ),
        (
            json!({"Resource": "my-bucket/*"}),
            "does not start with `arn:`",
            "such as `arn:aws:s3:::bucket/key`",
        ),
        (
            json!({"Action": "GetObject"}),
            "has no service prefix",
            "`service:Name`",
        ),
        (
            json!({"Principal": {"AWS": "arn:aws:iam::111122223333:user/*"}}),
            "has a wildcard",
            "",
        ),
    ];
    for (changes, told, help) in cases {
        failures.extend(hold(&folder, "json", &policy(changes), (told, help), 3));
    }
    for (changes, told, help) in [
        (
            json!({"Condition": {"StringEquals": {"aws:SourceVCP": "v"}}}),
            "`aws:SourceVCP` is not a global condition key",
            "`aws:SourceVpc`?",
        ),
        (
            json!({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}}}),
            "`10.0.0.0/33` is not an IP address",
            "",
        ),
        (
            json!({"Condition": {"DateLessThan": {"aws:CurrentTime": "tomorrow"}}}),
            "`tomorrow` is not a date",
            "",
        ),
        (
            json!({"Condition": {"Bool": {"aws:SecureTransport": "yes"}}}),
            "`yes` is not `true` or `false`",
            "",
        ),
        (
            json!({"Action": "s3:GetObjekt"}),
            "the action s3:GetObjekt does not exist",
            "did you mean `s3:GetObject`?",
        ),
        (
            json!({"Action": "dynamobd:GetItem"}),
            "the service dynamobd:GetItem specified in the action does not exist",
            "did you mean `dynamodb:GetItem`?",
        ),
    ] {
        failures.extend(hold(&folder, "json", &policy(changes), (told, help), 0));
    }
    let statement = r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#;
    for (text, told, help) in [
        (format!(r#"{{"Version": "2012-10-18", "Statement": [{statement}]}}"#), "`2012-10-18` is not a version", "`2012-10-17`"),
        (format!(r#"{{"Version": "2012-10-17", "Statement": [{statement},]}}"#), "found `]`", "remove the comma"),
        (format!("{{\n// who reads\n\"Statement\": [{statement}]}}"), "unexpected `/`", "JSON has no comments"),
        (r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}"#.to_string(),
            "`Effect` is written twice", ""),
        (r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow""#.to_string(), "the text ends inside an object", ""),
        (format!(r#"{{"Version": "2012-10-17", "Statements": [{statement}]}}"#), "no member `Statements`", "did you mean `Statement`?"),
    ] {
        failures.extend(hold(&folder, "json", &text, (told, help), 3));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn in_the_policy_language() {
    let folder = Folder::new();
    let mut failures = Vec::new();
    for (statement, told, help) in [
        (
            "alow s3:GetObject on *",
            "not `alow`",
            "did you mean `allow`?",
        ),
        (
            "allow s3:GetObject onn *",
            "`onn` is no word of the language",
            "did you mean `on`?",
        ),
        (
            "allow s3:GetObject on * if aws:SecureTransport is true",
            "`if` is no word of the language",
            "did you mean `when`?",
        ),
        (
            "allow s3:GetObject on * wen aws:SecureTransport is true",
            "`wen` is no word of the language",
            "did you mean `when`?",
        ),
        (
            "allow s3:GetObject when aws:SecureTransport is true on *",
            "`on` comes too late",
            "the order is",
        ),
        (
            "allow s3:GetObject s3:PutObject on *",
            "a comma is missing before `s3:PutObject`",
            "commas",
        ),
        (
            "allow [s3:GetObject] on *",
            "no brackets",
            "one after the other",
        ),
        (
            "allow s3:GetObject on * when aws:SecureTransport is true, aws:SourceVpc = v",
            "not by a comma",
            "write `and`",
        ),
        (
            "allow s3:GetObject on * when aws:SourceVpc == v",
            "this is written `=`",
            "`aws:SourceVpc = ...`",
        ),
        (
            "allow s3:GetObject on * when aws:SourceVpc equals v",
            "`equals` is not an operator",
            "`aws:SourceVpc = ...`",
        ),
        (
            "allow s3:GetObject on * when aws:SecureTransport is not true",
            "`is` has no negation",
            "`is false or absent`",
        ),
        (
            "allow s3:GetObject on <x>",
            "there is no `let` named `x`",
            "quote the text",
        ),
        (
            "deny s3:* on * unless aws:TagKeys = a",
            "`aws:TagKeys` may have several values",
            "`unless any aws:TagKeys ...` is exact",
        ),
    ] {
        let text = format!("policy p {{\n  {statement}\n}}\n");
        failures.extend(hold(&folder, "iam", &text, (told, help), 3));
    }
    for (text, told, help) in [
        (
            "policy p {\n  allow s3:GetObject on *\n",
            "a `}` is missing",
            "add `}`",
        ),
        (
            "polcy p {\n  allow s3:GetObject on *\n}\n",
            "`polcy` does not start an item",
            "did you mean `policy`?",
        ),
        (
            "allow s3:GetObject on *\n",
            "a statement must be inside a policy",
            "write `policy name {`",
        ),
    ] {
        failures.extend(hold(&folder, "iam", text, (told, help), 3));
    }
    // Tags and other keys that AWS documents as single-valued have an opposite.
    for key in [
        "aws:ResourceTag/team",
        "aws:RequestTag/team",
        "iam:PassedToService",
        "kms:ViaService",
        "s3:prefix",
    ] {
        folder.write(
            "sound.iam",
            format!("policy p {{\n  deny s3:* on * unless {key} = a\n}}\n"),
        );
        let run = folder.run(&["expand", "sound.iam"]);
        assert!(
            run.code == 0 && run.stdout.contains("StringNotEquals"),
            "{key}: {run:?}"
        );
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What `convert` prints of several policies it reads.
#[test]
fn several_policies_read_back() {
    let folder = Folder::new();
    folder.write(
        "two.iam",
        "policy one {\n  allow s3:* on *\n}\n\nscp policy two {\n  deny sqs:* on *\n}\n",
    );
    let json = folder.run(&["convert", "--to", "json", "two.iam"]);
    assert_eq!(json.code, 0, "{json:?}");
    folder.write("two.json", &json.stdout);
    let back = folder.run(&["convert", "--to", "dsl", "two.json"]);
    assert_eq!(
        (back.code, back.stdout.into_bytes()),
        (0, folder.read("two.iam"))
    );
    folder.write("two.json", json.stdout.replace("\"scp\"", "\"spc\""));
    let wrong = folder.run(&["convert", "--to", "dsl", "two.json"]);
    assert!(
        wrong.code != 0 && wrong.stderr.contains("`spc` is not a type"),
        "{wrong:?}"
    );
    let small = folder.run(&[
        "convert", "--to", "json", "--minify", "--policy", "one", "two.iam",
    ]);
    assert_eq!(small.code, 0, "{small:?}");
}
