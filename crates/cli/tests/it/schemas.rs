//! What commands print in JSON is as `docs/schemas` say, which say every member.

use crate::support::{ANN, Folder, REQUEST};
use serde_json::{Value, json};

fn schema(name: &str) -> Value {
    let path = crate::support::root().join("docs/schemas").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Checks a value against a schema of the few keywords that the project's own use; another keyword fails.
fn check(value: &Value, schema: &Value, root: &Value, at: &str) -> Result<(), String> {
    let members = schema.as_object().unwrap();
    for (keyword, own) in members {
        match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => {}
            "$ref" => {
                let pointer = own.as_str().unwrap().strip_prefix('#').unwrap();
                check(value, root.pointer(pointer).unwrap(), root, at)?;
            }
            "const" if value == own => {}
            "const" => return Err(format!("{at}: {value} is not {own}")),
            "enum" if own.as_array().unwrap().contains(value) => {}
            "enum" => return Err(format!("{at}: {value} is none of {own}")),
            "type" => {
                let kind = match value {
                    Value::Null => "null",
                    Value::Bool(_) => "boolean",
                    Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
                    Value::Number(_) => "number",
                    Value::String(_) => "string",
                    Value::Array(_) => "array",
                    Value::Object(_) => "object",
                };
                let is_it = match own {
                    Value::Array(all) => all.iter().any(|own| own == kind),
                    own => own == kind,
                };
                if !is_it {
                    return Err(format!("{at}: {value} is not of type {own}"));
                }
            }
            "required" => {
                for name in own.as_array().unwrap() {
                    let name = name.as_str().unwrap();
                    if value.is_object() && value.get(name).is_none() {
                        return Err(format!("{at}: no `{name}`"));
                    }
                }
            }
            "properties" | "additionalProperties" => {}
            "items" => {
                for (index, element) in value.as_array().into_iter().flatten().enumerate() {
                    check(element, own, root, &format!("{at}/{index}"))?;
                }
            }
            "oneOf" => {
                let tried = own.as_array().unwrap().iter();
                let tried: Vec<Result<(), String>> =
                    tried.map(|own| check(value, own, root, at)).collect();
                if tried.iter().filter(|own| own.is_ok()).count() != 1 {
                    return Err(format!("{at}: not one of the forms: {tried:?}"));
                }
            }
            other => panic!("the schemas use no `{other}`"),
        }
    }
    let Some(object) = value.as_object() else {
        return Ok(());
    };
    for (name, member) in object {
        let at = format!("{at}/{name}");
        match (
            schema.pointer(&format!("/properties/{name}")),
            schema.get("additionalProperties"),
        ) {
            (Some(own), _) => check(member, own, root, &at)?,
            (None, Some(Value::Bool(false))) => return Err(format!("{at}: no such member")),
            (None, Some(own @ Value::Object(_))) => check(member, own, root, &at)?,
            _ => {}
        }
    }
    Ok(())
}

pub(crate) fn conforms(text: &str, name: &str) {
    let schema = schema(name);
    assert!(!text.is_empty(), "{name}: nothing to check");
    for line in text.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        if let Err(error) = check(&value, &schema, &schema, "") {
            panic!("{name}: {error}\n{line}");
        }
    }
}

fn example() -> String {
    let data = crate::support::root().join("corpus/example-organization/data");
    data.to_string_lossy().into_owned()
}

#[test]
fn the_check_finds_what_is_wrong() {
    let schema = schema("decide.json");
    for (value, told) in [
        (json!({"version": 1, "decision": "Allow"}), "no `by`"),
        (
            json!({"version": 2, "decision": "Allow", "by": []}),
            "is not 1",
        ),
        (
            json!({"version": 1, "decision": "Maybe", "by": []}),
            "is none of",
        ),
        (
            json!({"version": 1, "decision": "Allow", "by": [1]}),
            "not of type",
        ),
        (
            json!({"version": 1, "decision": "Allow", "by": [], "x": 1}),
            "no such member",
        ),
    ] {
        let error = check(&value, &schema, &schema, "").unwrap_err();
        assert!(error.contains(told), "{value}: {error}");
    }
}

/// Every answer says by which version of its form it is; only AWS's own shapes have no place for it.
#[test]
fn every_schema_has_a_version() {
    let folder = crate::support::root().join("docs/schemas");
    let mut without = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let schema: Value = serde_json::from_str(&text).unwrap();
        // A list has it in its elements, and lines of several forms in the one that sums up.
        let one = schema.get("items").unwrap_or(&schema);
        let forms = one.get("oneOf").and_then(Value::as_array);
        let forms = forms.map_or(core::slice::from_ref(one), |all| all.as_slice());
        let has = |form: &Value| {
            let pointer = form["$ref"].as_str().and_then(|own| own.strip_prefix('#'));
            let form = pointer.map_or(form, |own| schema.pointer(own).unwrap());
            let required = form["required"].as_array();
            let is_required = required.is_some_and(|all| all.contains(&json!("version")));
            is_required && form["properties"]["version"]["const"] == 1
        };
        if !forms.iter().any(has) {
            without.push(path.file_name().unwrap().to_owned());
        }
    }
    without.sort();
    assert_eq!(without, ["custom-check.json", "simulate.json"]);
}

#[test]
fn questions() {
    let folder = Folder::new();
    let data = example();
    let orders = "arn:aws:s3:::shop-orders/1";
    for (question, more) in [
        (
            "who-can",
            &[
                "--action",
                "s3:GetObject",
                "--resource",
                orders,
                "--hops",
                "3",
            ][..],
        ),
        (
            "what-can",
            &[
                "--principal",
                "arn:aws:iam::222222222222:role/Analyst",
                "--resource",
                orders,
            ],
        ),
        (
            "matrix",
            &[
                "--action",
                "s3:GetObject,s3:PutObject",
                "--resource",
                orders,
                "--context",
                "aws:SourceIp=203.0.113.9",
            ],
        ),
        ("admins", &[]),
        ("escalate", &[]),
        ("findings", &[]),
    ] {
        let start = [
            question,
            "--directory",
            &data,
            "--format",
            "json",
            "--exclude",
            "nothing",
        ];
        let run = folder.run(&[&start[..], more].concat());
        conforms(&run.stdout, "questions.json");
        let last: Value = serde_json::from_str(run.stdout.lines().last().unwrap()).unwrap();
        assert_eq!(last["question"], question);
        let lines = last["counts"]["lines"].as_u64().unwrap();
        assert_eq!(lines as usize + 1, run.stdout.lines().count(), "{question}");
    }
}

#[test]
fn decisions_and_explanations() {
    let folder = Folder::new();
    let data = example();
    for (principal, action, resource) in [
        (
            "arn:aws:sts::111111111111:assumed-role/Deploy/maria",
            "s3:GetObject",
            "arn:aws:s3:::shop-orders/2026/1.json",
        ),
        (
            "arn:aws:iam::222222222222:role/Analyst",
            "s3:GetObject",
            "arn:aws:s3:::shop-orders/1",
        ),
        (
            "arn:aws:iam::222222222222:role/Analyst",
            "iam:CreateUser",
            "*",
        ),
        ("anonymous", "s3:GetObject", "arn:aws:s3:::shop-orders/1"),
    ] {
        let principal = if principal == "anonymous" {
            "null"
        } else {
            principal
        };
        let rest = [
            "--directory",
            &data,
            "--principal",
            principal,
            "--action",
            action,
            "--resource",
            resource,
            "--format",
            "json",
        ];
        for command in ["decide", "explain"] {
            let run = folder.run(&[&[command][..], &rest].concat());
            conforms(&run.stdout, &format!("{command}.json"));
        }
    }
    folder.write("p.json", crate::support::READER);
    let rest = [&["--identity", "p.json", "--format", "json"], &REQUEST[..]].concat();
    for command in ["decide", "explain"] {
        let run = folder.run(&[&[command][..], &rest].concat());
        conforms(&run.stdout, &format!("{command}.json"));
    }
}

#[test]
fn the_other_commands() {
    let folder = Folder::new();
    let data = example();
    let session = [
        "assume",
        "--directory",
        &data,
        "--principal",
        "arn:aws:iam::333333333333:user/maria",
        "--format",
        "json",
        "--session-name",
        "night",
    ];
    for role in [
        "arn:aws:iam::333333333333:role/Pipeline",
        "arn:aws:iam::111111111111:role/Deploy",
    ] {
        let run = folder.run(&[&session[..], &["--role", role]].concat());
        conforms(&run.stdout, "assume.json");
    }
    let run = folder.run(&[
        "actions",
        "--format",
        "json",
        "s3:CopyObject",
        "ec2:RunInstances",
        "s3:Nothing",
    ]);
    conforms(&run.stdout, "actions.json");
    let request = r#"{"principal": "arn:aws:iam::111122223333:user/ann", "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"}"#;
    let scenarios = [("Allow", "{}"), ("ImplicitDeny", "{}"), ("Allow", "[]")];
    let scenarios = scenarios.map(|(expect, policies)| {
        format!(r#"{{"policies": {policies}, "request": {request}, "expect": "{expect}"}}"#)
    });
    folder.write("tests.json", scenarios.join("\n"));
    let run = folder.run(&["test", "--format", "json", "tests.json", "nothing.json"]);
    conforms(&run.stdout, "test.json");
    let tests: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        (run.code, tests["passed"].as_u64(), tests["failed"].as_u64()),
        (1, Some(1), Some(3))
    );
    let run = folder.run(&["catalog", "--info", "--format", "json"]);
    conforms(&run.stdout, "catalog.json");
    let everything = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    folder.write("all.json", everything);
    folder.write("p.json", crate::support::READER);
    for arguments in [
        &["compare", "p.json", "all.json"][..],
        &["compare", "all.json", "p.json"],
        &["prove", "--not-granted", "s3:*", "all.json", "p.json"],
    ] {
        let run = folder.run(&[arguments, &["--format", "json"]].concat());
        conforms(&run.stdout, "prove.json");
    }
    let made = folder.run(&["compile", "--identity", "p.json", "-o", "p.pcl"]);
    assert_eq!(made.code, 0, "{made:?}");
    let made = folder.run(&["compile", "--directory", &data, "-o", "d.pcl"]);
    assert_eq!(made.code, 0, "{made:?}");
    for arguments in [
        &["inspect", "p.pcl"][..],
        &["inspect", "p.pcl", "--keys"],
        &["inspect", "d.pcl"],
    ] {
        let run = folder.run(&[arguments, &["--format", "json"]].concat());
        conforms(&run.stdout, "inspect.json");
    }
}

/// Findings of every kind: of AWS's codes and ours, in documents that stand in strings, with fixes and related places.
#[test]
fn findings() {
    let folder = Folder::new();
    folder.write(
        "p.json",
        crate::support::READER.replace(
            "\"Resource\": \"*\"",
            "\"Resource\": [\"*\", \"arn:aws:s3:::b/*\"]",
        ),
    );
    folder.write(
        "q.json",
        "{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"allow\"}}",
    );
    folder.write("r.iam", "policy p { allow s3:GetObjekt on * }\n");
    folder.write(
        "s.json",
        json!({"PolicyDocument": crate::support::ALL, "PolicyName": "x", "RoleName": "r"})
            .to_string(),
    );
    folder.write("t.yaml", "Resources:\n  A:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n        Statement: {Effect: Allow, Action: 'iam:PassRole', Resource: '*'}\n");
    let run = folder.run(&["check", "--format", "json", "."]);
    conforms(&run.stdout, "check.json");
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    for member in ["fix", "related", "document", "documentLine", "path"] {
        let has = found
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one.get(member).is_some());
        assert!(has, "no `{member}` in {found:#}");
    }
}

#[test]
fn simulations() {
    let folder = Folder::new();
    let policy = |effect: &str, resource: &str| {
        json!({"Version": "2012-10-17", "Statement": [
        {"Effect": effect, "Action": "s3:GetObject", "Resource": resource, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}]}).to_string()
    };
    let input = json!({
        "PolicyInputList": [policy("Allow", "*")],
        "PermissionsBoundaryPolicyInputList": [policy("Allow", "arn:aws:s3:::b/*")],
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
        "ResourceArns": ["arn:aws:s3:::b/k", "arn:aws:s3:::c/k"],
        "CallerArn": ANN,
    });
    for context in [
        json!([]),
        json!([{"ContextKeyName": "aws:SecureTransport", "ContextKeyType": "boolean", "ContextKeyValues": ["true"]}]),
    ] {
        let mut input = input.clone();
        input["ContextEntries"] = context;
        let run = folder.run_with(&["simulate"], input.to_string().as_bytes());
        assert_eq!(run.code, 0, "{run:?}");
        let answer: Value = serde_json::from_str(&run.stdout).unwrap();
        conforms(&answer.to_string(), "simulate.json");
    }
    let data = example();
    let input = json!({"PolicySourceArn": "arn:aws:iam::222222222222:role/Analyst", "ActionNames": ["s3:GetObject"], "ResourceArns": ["arn:aws:s3:::shop-orders/1"]});
    let run = folder.run_with(
        &["simulate", "--directory", &data],
        input.to_string().as_bytes(),
    );
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    conforms(&answer.to_string(), "simulate.json");
}
