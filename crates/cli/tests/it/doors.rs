//! Every door through which a policy comes in takes the same forms, and says the same of what is no policy (`IN-1`).
use crate::support::{ANN, Folder, REQUEST, Run};
use serde_json::{Value, json};

const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}]}"#;

fn identity() -> String {
    POLICY.replace(r#""Principal": "*", "#, "")
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn utf16(text: &str) -> Vec<u8> {
    let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// The forms of one document, as bytes of a file.
fn forms(document: &str) -> Vec<Vec<u8>> {
    let string = Value::from(document).to_string();
    let wrap = |inner: &str| {
        format!(r#"{{"RoleName": "r", "PolicyName": "p", "PolicyDocument": {inner}}}"#)
    };
    let version =
        |inner: &str| format!(r#"{{"PolicyVersion": {{"Document": {inner}, "VersionId": "v1"}}}}"#);
    let encoded = Value::from(percent(document)).to_string();
    let texts = [
        document.to_owned(),
        string.clone(),
        Value::from(string.clone()).to_string(),
        encoded.clone(),
        percent(document),
        wrap(document),
        wrap(&string),
        wrap(&encoded),
        version(document),
        version(&encoded),
        format!(r#"{{"name": "n", "document": {encoded}}}"#),
    ];
    let mut all: Vec<Vec<u8>> = texts.iter().map(|text| text.clone().into_bytes()).collect();
    all.extend([utf16(document), utf16(&wrap(&string))]);
    all
}

/// A scenario whose identity policy is this value.
fn scenario(policy: Value) -> String {
    json!({"name": "s", "policies": {"identity": [policy]}, "request": {
        "principal": ANN, "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k", "context": {}}, "expect": "Allow"})
    .to_string()
}

/// What each door says of a file `p.json` with an identity policy.
fn doors(folder: &Folder) -> Vec<(&'static str, Run)> {
    let decide = |name: &str| folder.run(&[&["decide", name, "p.json"][..], &REQUEST].concat());
    let mut runs = vec![
        ("check", folder.run(&["check", "p.json"])),
        ("decide", decide("--identity")),
        (
            "compile",
            folder.run(&["compile", "--identity", "p.json", "-o", "p.pcl"]),
        ),
        ("convert", folder.run(&["convert", "--to", "dsl", "p.json"])),
    ];
    // A simulation takes texts.
    if let Ok(text) = String::from_utf8(folder.read("p.json")) {
        let input = json!({"ActionNames": ["s3:GetObject"], "ResourceArns": ["arn:aws:s3:::b/k"],
            "PolicyInputList": [text]});
        folder.write("i.json", input.to_string());
        runs.push(("simulate", folder.run(&["simulate", "i.json"])));
    }
    folder.write("s.json", scenario(json!({"name": "n", "file": "p.json"})));
    runs.push(("scenario's file", folder.run(&["test", "s.json"])));
    // Inline, what the file holds if it is JSON.
    if let Ok(value) = serde_json::from_slice::<Value>(&folder.read("p.json")) {
        folder.write("s.json", scenario(value.clone()));
        runs.push(("scenario", folder.run(&["test", "s.json"])));
        if value.get("document").is_none() {
            folder.write("s.json", scenario(json!({"name": "n", "document": value})));
            runs.push(("scenario's document", folder.run(&["test", "s.json"])));
        }
    }
    runs
}

#[test]
fn every_door_takes_every_form() {
    let folder = Folder::new();
    for form in forms(&identity()) {
        folder.write("p.json", &form);
        for (door, run) in doors(&folder) {
            let form = String::from_utf8_lossy(&form);
            assert_eq!(run.code, 0, "{door}: {form}: {run:?}");
        }
    }
    // The other policies of a decision.
    for form in forms(POLICY) {
        folder.write("r.json", &form);
        let run = folder.run(&[&["decide", "--resource-policy", "r.json"][..], &REQUEST].concat());
        assert_eq!(run.code, 0, "{run:?}");
    }
    let trust = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}]}"#;
    for document in [trust.to_owned(), Value::from(percent(trust)).to_string()] {
        folder.write(
            "role.json",
            format!(r#"{{"Role": {{"RoleName": "r", "AssumeRolePolicyDocument": {document}}}}}"#),
        );
        assert_eq!(folder.run(&["check", "role.json"]).code, 0);
        assert_eq!(
            folder.run(&["check", "--type", "trust", "role.json"]).code,
            0
        );
        // A role's answer holds no identity policy.
        let run = folder.run(&["check", "--type", "identity", "role.json"]);
        assert!(
            run.code == 3 && run.stdout.contains("[UNKNOWN_FORM]"),
            "{run:?}"
        );
    }
}

/// Places are those of the file, and beside them there are those of the document (`IN-2`).
#[test]
fn places_are_those_of_the_file() {
    let folder = Folder::new();
    let broken = identity()
        .replace(r#""Action": "#, "\n\"Action\": ")
        .replace("s3:GetObject", "s3");
    let text = format!(
        "{{\"PolicyName\": \"p\",\n \"PolicyDocument\":\n  {}}}",
        Value::from(broken.as_str())
    );
    let column = text.lines().nth(2).unwrap().find(r#"\"s3\""#).unwrap() + 1;
    folder.write("p.json", &text);
    let run = folder.run(&["check", "--format", "json", "p.json"]);
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    let place = |name: &str| found[0][name].as_u64().unwrap();
    assert_eq!((place("line"), place("column")), (3, column as u64));
    assert_eq!((place("documentLine"), place("documentColumn")), (2, 11));
    for arguments in [
        ["decide", "--identity", "p.json"],
        ["explain", "--identity", "p.json"],
    ] {
        let run = folder.run(&[&arguments[..], &REQUEST].concat());
        assert!(
            run.stderr.contains(&format!("p.json:3:{column}")),
            "{run:?}"
        );
    }
    folder.write("s.json", scenario(json!({"name": "n", "file": "p.json"})));
    let run = folder.run(&["batch", "s.json"]);
    assert!(
        run.stdout.contains(&format!("p.json:3:{column}")),
        "{run:?}"
    );
}

/// Every door says what a document is that it recognizes and does not read.
#[test]
fn every_door_names_what_it_does_not_read() {
    let folder = Folder::new();
    let function = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": {"Fn::Sub": "arn:aws:s3:::${B}"}}]}"#;
    let number = POLICY.replace(
        r#""Principal": "*""#,
        r#""Principal": {"AWS": 12345678901}"#,
    );
    for (text, said) in [
        (
            r#"{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}}"#,
            "CloudFormation template",
        ),
        (
            r#"{"Transform": "AWS::Serverless-2016-10-31", "Resources": {"F": {"Type": "AWS::Serverless::Function"}}}"#,
            "SAM template",
        ),
        (
            r#"{"format_version": "1.2", "planned_values": {}}"#,
            "Terraform plan",
        ),
        (
            r#"{"version": 4, "terraform_version": "1.9.0", "resources": []}"#,
            "Terraform state",
        ),
        (
            r#"{"version": "36.0.0", "artifacts": {}}"#,
            "output of the CDK",
        ),
        (
            "Version: \"2012-10-17\"\nStatement:\n- Effect: Allow\n",
            "this is YAML",
        ),
        ("{\u{201c}Version\u{201d}: 1}", "U+201C"),
        ("{\u{a0}\"Version\": \"2012-10-17\"}", "U+00A0"),
        (function, "Fn::Sub"),
    ] {
        folder.write("p.json", text);
        for (door, run) in doors(&folder) {
            assert_ne!(run.code, 0, "{door}: {text}");
            let all = format!("{}{}", run.stdout, run.stderr);
            assert!(all.contains(said), "{door}: {text}: {run:?}");
        }
    }
    folder.write("r.json", number);
    let run = folder.run(&[&["decide", "--resource-policy", "r.json"][..], &REQUEST].concat());
    assert!(
        run.code == 3 && run.stderr.contains("leading zeros"),
        "{run:?}"
    );
}

/// Half a character of UTF-16 is an error with its place.
#[test]
fn half_a_character_is_an_error() {
    let folder = Folder::new();
    let mut bytes = utf16("{\n\"Version");
    bytes.extend_from_slice(&0xD83D_u16.to_le_bytes());
    bytes.extend_from_slice(&utf16("\": 1}")[2..]);
    folder.write("p.json", bytes);
    let run = folder.run(&["check", "p.json"]);
    assert_eq!(run.code, 3);
    assert!(
        run.stdout.contains("p.json:2:9") && run.stdout.contains("surrogate pair"),
        "{run:?}"
    );
}

/// An account that was written as a number has lost its leading zeros, wherever it stands.
#[test]
fn accounts_are_no_numbers() {
    let folder = Folder::new();
    let text = scenario(serde_json::from_str(&identity()).unwrap());
    let text = text.replace(
        r#""context":{}"#,
        r#""context":{},"resourceAccount":12345678901"#,
    );
    folder.write("s.json", text);
    let run = folder.run(&["test", "s.json"]);
    let all = format!("{}{}", run.stdout, run.stderr);
    assert!(run.code != 0 && all.contains("leading zeros"), "{run:?}");
}

/// A template in a folder of dumps may hold policies: it is named, not passed over.
#[test]
fn a_template_in_a_folder_is_named() {
    let folder = Folder::new();
    std::fs::create_dir(folder.0.join("data")).unwrap();
    folder.write(
        "data/t.json",
        r#"{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}}"#,
    );
    let run = folder.run(&[&["decide", "--directory", "data"][..], &REQUEST].concat());
    assert_ne!(run.code, 0);
    assert!(
        run.stderr.contains("CloudFormation template") && run.stderr.contains("UNKNOWN_FORM"),
        "{run:?}"
    );
}

/// Policies that are given and that such a caller cannot have are told of, since whoever gave them expects them to count.
#[test]
fn policies_that_do_not_take_part_are_told() {
    let folder = Folder::new();
    let statement = |effect: &str| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": "*", "Resource": "*"}]}).to_string()
    };
    folder.write("allow.json", statement("Allow"));
    folder.write("deny.json", statement("Deny"));
    let ask = |principal: &str, option: &str| {
        let resource = "arn:aws:sqs:eu-west-1:111122223333:q";
        let run = folder.run(&[
            "decide",
            "--format",
            "json",
            "--identity",
            "allow.json",
            option,
            "deny.json",
            "--principal",
            principal,
            "--action",
            "sqs:SendMessage",
            "--resource",
            resource,
        ]);
        let found: Value = serde_json::from_str(&run.stdout).unwrap();
        (found["decision"].clone(), found["notes"].to_string())
    };
    let role = "arn:aws:sts::111122223333:assumed-role/R/s1";
    for (principal, option, name) in [
        ("arn:aws:iam::111122223333:root", "--boundary", "boundary"),
        ("arn:aws:iam::111122223333:root", "--session", "session"),
        (ANN, "--session", "session"),
    ] {
        let (decision, notes) = ask(principal, option);
        assert_eq!(decision, "Allow", "{principal} {option}");
        assert!(
            notes.contains(&format!("`{name}` do not take part")),
            "{principal} {option}: {notes}"
        );
    }
    for (principal, option) in [
        (ANN, "--boundary"),
        (role, "--boundary"),
        (role, "--session"),
    ] {
        let (decision, notes) = ask(principal, option);
        assert_eq!(decision, "ExplicitDeny", "{principal} {option}");
        assert!(
            !notes.contains("do not take part"),
            "{principal} {option}: {notes}"
        );
    }
}
