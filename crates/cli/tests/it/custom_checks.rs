//! `compare` and `prove` in the formats of other programs: the answers of Access Analyzer's custom policy checks (`AA-400` to
//! `AA-404`) and SARIF, and what AWS itself answered.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{Folder, Run, root};

const OLD: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::logs/*"}]}"#;
const NEW: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::logs/*"},
  {"Sid": "Write", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::logs/*"},
  {"Sid": "", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}]}"#;
const PUBLIC: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "*"},
  {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}]}"#;
/// A key that is an address of a small network and has these digits in this order: no value that is tried will do.
const UNDECIDED: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*",
   "Condition": {"StringLike": {"aws:SourceIp": "*7*3*"}, "IpAddress": {"aws:SourceIp": "10.1.2.0/30"}}}]}"#;
const NOTHING: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Effect": "Deny", "Action": "*", "Resource": "*"}]}"#;

fn folder() -> Folder {
    let folder = Folder::new();
    for (name, text) in [
        ("old.json", OLD),
        ("new.json", NEW),
        ("public.json", PUBLIC),
        ("undecided.json", UNDECIDED),
        ("nothing.json", NOTHING),
        ("broken.json", r#"{"Statement": {"Effect": "Maybe"}}"#),
    ] {
        folder.write(name, text);
    }
    folder
}

/// The answer in AWS's shape; its members are checked against the schema.
fn answer(folder: &Folder, arguments: &[&str]) -> (Value, Run) {
    let run = folder.run(&[arguments, &["--format", "access-analyzer"]].concat());
    crate::schemas::conforms(&run.stdout, "custom-check.json");
    assert_eq!(run.stdout.lines().count(), 1, "{run:?}");
    (serde_json::from_str(&run.stdout).unwrap(), run)
}

/// `AA-403`: the whole response, for what each check says.
#[test]
fn responses_have_the_shape_of_aws() {
    let folder = folder();
    let (value, run) = answer(&folder, &["compare", "new.json", "old.json"]);
    assert_eq!(run.code, 0);
    let pass = "The modified permissions do not grant new access compared to your existing policy.";
    assert_eq!(
        value,
        json!({"result": "PASS", "message": pass, "reasons": []})
    );

    let (value, run) = answer(&folder, &["compare", "old.json", "new.json"]);
    assert_eq!(run.code, 2);
    let fail = "The modified permissions grant new access compared to your existing policy.";
    // A statement whose Sid is empty has none.
    let expected = json!({"result": "FAIL", "message": fail, "reasons": [
        {"description": "New access in the statement with sid: Write.", "statementId": "Write", "statementIndex": 1},
        {"description": "New access in the statement with index: 2.", "statementIndex": 2},
    ]});
    assert_eq!(value, expected);

    for (arguments, code, message) in [
        (
            &["prove", "--not-granted", "iam:*", "old.json"][..],
            0,
            "The policy document does not grant access to perform the listed actions or resources.",
        ),
        (
            &["prove", "--not-granted", "s3:PutObject", "new.json"],
            2,
            "The policy document grants access to perform one or more of the listed actions or resources.",
        ),
        (
            &["prove", "--on", "arn:aws:s3:::logs/1", "old.json"],
            2,
            "The policy document grants access to perform one or more of the listed actions or resources.",
        ),
        (
            &["prove", "--on", "arn:aws:s3:::payroll/*", "old.json"],
            0,
            "The policy document does not grant access to perform the listed actions or resources.",
        ),
        (
            &["prove", "--not-public", "--type", "resource", "public.json"],
            2,
            "The resource policy grants public access for the given resource type.",
        ),
    ] {
        let (value, run) = answer(&folder, arguments);
        assert_eq!(run.code, code, "{arguments:?}: {run:?}");
        assert_eq!(value["message"], message, "{arguments:?}");
        let result = if code == 0 { "PASS" } else { "FAIL" };
        assert_eq!(value["result"], result, "{arguments:?}");
    }
    // The index counts all statements, from 0.
    let (value, _) = answer(
        &folder,
        &["prove", "--not-public", "--type", "resource", "public.json"],
    );
    let description = "Public access granted in the following statement with index: 1.";
    assert_eq!(
        value["reasons"],
        json!([{"description": description, "statementIndex": 1}])
    );
}

/// What is not known is no PASS, in no format (choice `V6`).
#[test]
fn what_is_unknown_does_not_pass() {
    let folder = folder();
    let compare = ["compare", "nothing.json", "undecided.json"];
    let prove = ["prove", "--not-granted", "s3:PutObject", "undecided.json"];
    for arguments in [&compare[..], &prove] {
        let (value, run) = answer(&folder, arguments);
        assert_eq!(run.code, 4, "{run:?}");
        assert_eq!(value["result"], "FAIL");
        let message = value["message"].as_str().unwrap();
        assert!(message.starts_with("It is not known whether "), "{message}");
        let reasons = value["reasons"].as_array().unwrap();
        assert!(!reasons.is_empty());
        for reason in reasons {
            let text = reason["description"].as_str().unwrap();
            assert!(text.contains("aws:SourceIp"), "{text}");
            assert!(reason.get("statementIndex").is_none(), "{reason}");
        }
        let run = folder.run(&[arguments, &["--format", "sarif"]].concat());
        assert_eq!(run.code, 4, "{run:?}");
        let log: Value = serde_json::from_str(&run.stdout).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), 1, "{log}");
        assert_eq!(results[0]["ruleId"], "NOT_PROVED");
        assert_eq!(results[0]["level"], "error");
    }
}

/// A question that no check of AWS asks has no answer in its shape, and an invalid policy has none at all.
#[test]
fn other_questions_have_no_response() {
    let folder = folder();
    folder.write(
        "claims.json",
        r#"{"Statement": {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}}"#,
    );
    for (arguments, code) in [
        (&["compare", "--equivalent", "old.json", "new.json"][..], 1),
        (&["prove", "--never", "claims.json", "old.json"], 1),
        (
            &["prove", "--not-granted", "iam:*", "old.json", "new.json"],
            1,
        ),
        (&["prove", "old.json"], 1),
        // As AWS says: "Invalid ARN".
        (&["prove", "--on", "example", "old.json"], 1),
        (&["compare", "old.json", "broken.json"], 3),
        (&["compare", "broken.json", "old.json"], 3),
    ] {
        let run = folder.run(&[arguments, &["--format", "access-analyzer"]].concat());
        assert_eq!(run.code, code, "{arguments:?}: {run:?}");
        assert!(run.stdout.is_empty(), "{run:?}");
        assert!(run.stderr.starts_with("error"), "{run:?}");
    }
    for more in [["--not-public", "--type=resource"], ["--never", "old.json"]] {
        let on = ["prove", "--on", "arn:aws:s3:::b/*", "public.json"];
        assert_eq!(folder.run(&[&on[..], &more].concat()).code, 1);
    }
}

/// What AWS attaches beside a limit is no statement of the document, so no index leads there.
#[test]
fn attached_statements_have_no_index() {
    let folder = folder();
    let deny = |action: &str| {
        format!(r#"{{"Statement": [{{"Effect": "Deny", "Action": "{action}", "Resource": "*"}}]}}"#)
    };
    folder.write("before.json", deny("s3:*"));
    folder.write("after.json", deny("ec2:*"));
    let compare = ["compare", "--type", "scp", "before.json", "after.json"];
    let (value, run) = answer(&folder, &compare);
    assert_eq!(run.code, 2);
    let description =
        "New access in the statement of FullAWSAccess, which stands beside the document.";
    assert_eq!(value["reasons"], json!([{"description": description}]));
    let run = folder.run(&[&compare[..], &["--format", "sarif"]].concat());
    let log: Value = serde_json::from_str(&run.stdout).unwrap();
    let result = &log["runs"][0]["results"][0];
    let text = result["message"]["text"].as_str().unwrap();
    assert!(text.contains("allowed by FullAWSAccess"), "{text}");
}

/// The place is the statement that allows it; every file that was asked about is an artifact, also one without findings.
#[test]
fn sarif_names_the_statement() {
    let folder = folder();
    let run = folder.run(&["compare", "old.json", "new.json", "--format", "sarif"]);
    assert_eq!(run.code, 2, "{run:?}");
    let log: Value = serde_json::from_str(&run.stdout).unwrap();
    let mut places = Vec::new();
    for result in log["runs"][0]["results"].as_array().unwrap() {
        assert_eq!(result["ruleId"], "NEW_ACCESS");
        assert_eq!(result["level"], "error");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "new.json");
        let region = &place["region"];
        places.push(["startLine", "startColumn", "endLine"].map(|own| region[own].as_u64()));
    }
    assert_eq!(
        places,
        [[3, 3, 3], [4, 3, 4]].map(|place| place.map(Some)),
        "{log}"
    );
    for (arguments, code, rules) in [
        (
            &["compare", "--equivalent", "new.json", "old.json"][..],
            2,
            &["NEW_ACCESS", "NEW_ACCESS"][..],
        ),
        (
            &["prove", "--not-granted", "s3:*", "old.json", "new.json"],
            2,
            &["ACCESS_GRANTED", "ACCESS_GRANTED", "ACCESS_GRANTED"],
        ),
        (
            &["prove", "--not-granted", "ec2:*", "old.json", "new.json"],
            0,
            &[],
        ),
    ] {
        let run = folder.run(&[arguments, &["--format", "sarif"]].concat());
        assert_eq!(run.code, code, "{run:?}");
        let log: Value = serde_json::from_str(&run.stdout).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap();
        let found: Vec<&str> = results
            .iter()
            .map(|own| own["ruleId"].as_str().unwrap())
            .collect();
        assert_eq!(found, rules, "{log}");
        assert_eq!(log["runs"][0]["artifacts"].as_array().unwrap().len(), 2);
    }
    // Not half a log: what could not be asked fails the whole.
    let half = ["prove", "--not-granted", "s3:*", "old.json", "broken.json"];
    let run = folder.run(&[&half[..], &["--format", "sarif"]].concat());
    assert_eq!((run.code, run.stdout.as_str()), (3, ""));
}

/// Names and texts may hold anything.
#[test]
fn hostile_names_are_escaped() {
    let folder = folder();
    let name = "a%0A,<b>&\u{202e}.json";
    let text = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/\u{1b}[2J\u{202e}\n\"<k>"}]});
    folder.write(name, text.to_string());
    let run = folder.run(&["compare", "old.json", name, "--format", "sarif"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert_eq!(run.stdout.lines().count(), 1);
    assert!(!run.stdout.contains(['\u{202e}', '\u{1b}']), "{run:?}");
    let log: Value = serde_json::from_str(&run.stdout).unwrap();
    let result = &log["runs"][0]["results"][0];
    let text = result["message"]["text"].as_str().unwrap();
    assert!(!text.contains(['\u{202e}', '\u{1b}', '\n']), "{text:?}");
    let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "a%250A%2C%3Cb%3E%26%5Cu%7B202e%7D.json");
    let (value, run) = answer(&folder, &["compare", "old.json", name]);
    assert_eq!((run.code, &value["result"]), (2, &json!("FAIL")));
    assert!(!run.stdout.contains(['\u{202e}', '\u{1b}']), "{run:?}");
}

/// In the policy language, the place of a statement that an import brings is where this file applies it.
#[test]
fn imported_statements_are_placed_where_they_are_applied() {
    let folder = folder();
    let comment = "# a comment that is longer than the file that imports this one\n".repeat(9);
    folder.write(
        "common.iam",
        format!(
            "{comment}template writers(bucket) {{\n  allow s3:PutObject on arn:aws:s3:::<bucket>/*\n}}\n"
        ),
    );
    folder.write(
        "new.iam",
        "use writers from \"common.iam\"\npolicy p {\n  allow s3:GetObject on arn:aws:s3:::logs/*\n  apply writers(bucket = logs)\n}\n",
    );
    let run = folder.run(&["compare", "old.json", "new.iam", "--format", "sarif"]);
    assert_eq!(run.code, 2, "{run:?}");
    let log: Value = serde_json::from_str(&run.stdout).unwrap();
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "new.iam");
    assert_eq!(place["region"]["startLine"], 4, "{log}");
}

fn data() -> Option<PathBuf> {
    let path = root().join("../shared/data/templates");
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: there is no {}", path.display());
    None
}

/// A policy of a plan, by the address that AWS's answer names.
struct Planned {
    address: String,
    /// `identity`, `resource` or `trust`.
    kind: &'static str,
    text: String,
}

/// The policies of a plan's resources.
fn planned(plan: &Value) -> Vec<Planned> {
    let mut all = Vec::new();
    let resources = plan["planned_values"]["root_module"]["resources"].as_array();
    for resource in resources.unwrap() {
        let address = resource["address"].as_str().unwrap();
        let values = &resource["values"];
        let is_identity = address.starts_with("aws_iam_");
        let mut add = |address: String, kind, text: &Value| {
            if let Some(text) = text.as_str() {
                let text = text.to_owned();
                all.push(Planned {
                    address,
                    kind,
                    text,
                });
            }
        };
        let own = if is_identity { "identity" } else { "resource" };
        for member in [
            "policy",
            "policy_document",
            "access_policies",
            "resource_policy",
        ] {
            add(address.to_owned(), own, &values[member]);
        }
        add(address.to_owned(), "trust", &values["assume_role_policy"]);
        let inline = values["inline_policy"].as_array();
        for (number, policy) in inline.into_iter().flatten().enumerate() {
            let address = format!("{address}.inline_policy.{number}");
            add(address, "identity", &policy["policy"]);
        }
    }
    all
}

/// One run of AWS's checks over a plan: what was asked, and of which policies.
struct Asked {
    findings: &'static str,
    plan: &'static str,
    /// The kinds of policies that were asked about.
    kinds: &'static [&'static str],
    /// The arguments before the file.
    arguments: &'static [&'static str],
    /// The file of the old policy, for CheckNoNewAccess.
    reference: Option<&'static str>,
    /// The run is recorded with the words that AWS uses now.
    has_new_words: bool,
}

/// AWS's own answers: the same result for every policy, and for a FAIL the same statements, in the same words.
#[test]
fn aws_answered_the_same() {
    let Some(data) = data() else { return };
    let read = |name: String| {
        let text = std::fs::read_to_string(data.join(&name)).expect(&name);
        serde_json::from_str::<Value>(&text).expect(&name)
    };
    let compare = |findings, plan, kinds: &'static [&'static str], reference| Asked {
        findings,
        plan,
        kinds,
        arguments: &["compare"],
        reference: Some(reference),
        has_new_words: true,
    };
    let granted = |findings, arguments: &'static [&'static str], has_new_words| Asked {
        findings,
        plan: "no-access-granted",
        kinds: &["resource"],
        arguments,
        reference: None,
        has_new_words,
    };
    let all = [
        compare(
            "identity-policies.identity-findings",
            "identity-policies",
            &["identity"],
            "identity-policies.identity-reference-policy",
        ),
        compare(
            "multiple-policies.identity-findings",
            "multiple-policies",
            &["identity"],
            "multiple-policies.identity-reference-policy",
        ),
        compare(
            "multiple-policies.resource-findings",
            "multiple-policies",
            &["resource"],
            "multiple-policies.resource-reference-policy",
        ),
        compare(
            "role-inline-assume-policy.identity-findings",
            "role-inline-assume-policy",
            &["identity"],
            "role-inline-assume-policy.identity-reference-policy",
        ),
        compare(
            "role-inline-assume-policy.resource-findings",
            "role-inline-assume-policy",
            &["trust"],
            "role-inline-assume-policy.resource-reference-policy",
        ),
        granted(
            "no-access-granted.actions-findings",
            &["prove", "--not-granted", "s3:ListBucket"],
            false,
        ),
        granted(
            "no-access-granted.getobject-findings",
            &["prove", "--not-granted", "s3:GetObject"],
            true,
        ),
        granted(
            "no-access-granted.getObject-example",
            &[
                "prove",
                "--not-granted",
                "s3:GetObject",
                "--on",
                "arn:aws:s3:::example",
            ],
            true,
        ),
        granted(
            "no-access-granted.resources-and-actions-findings",
            &[
                "prove",
                "--not-granted",
                "s3:ListBucket",
                "--on",
                "arn:aws:s3:::example",
            ],
            false,
        ),
        granted(
            "no-access-granted.resources-findings",
            &["prove", "--on", "arn:aws:s3:::example"],
            false,
        ),
        Asked {
            findings: "public-access.public-access-findings",
            plan: "public-access",
            kinds: &["resource", "trust"],
            arguments: &["prove", "--not-public"],
            reference: None,
            has_new_words: true,
        },
    ];
    let folder = Folder::new();
    let (mut passed, mut failed) = (0, 0);
    let mut wrong = Vec::new();
    for asked in all {
        let findings = read(format!("tfplan-findings/{}.json", asked.findings));
        let findings = findings["BlockingFindings"].as_array().unwrap();
        let plan = read(format!("tfplan/{}.json", asked.plan));
        let mut names = Vec::new();
        for policy in planned(&plan) {
            if !asked.kinds.contains(&policy.kind) {
                continue;
            }
            folder.write("policy.json", &policy.text);
            let mut arguments = asked.arguments.to_vec();
            arguments.extend(["--type", policy.kind]);
            if let Some(reference) = asked.reference {
                let reference = read(format!("tfplan-findings/{reference}.json"));
                folder.write("reference.json", reference.to_string());
                arguments.push("reference.json");
            }
            arguments.push("policy.json");
            let (value, run) = answer(&folder, &arguments);
            let found = findings
                .iter()
                .find(|own| own["policyName"] == policy.address.as_str());
            names.push(policy.address.clone());
            let Some(found) = found else {
                passed += 1;
                if run.code != 0 || value["result"] != "PASS" {
                    wrong.push(format!("{}: {}: {run:?}", asked.findings, policy.address));
                }
                continue;
            };
            failed += 1;
            let expected = &found["details"];
            let indexes = |value: &Value| {
                let all = value["reasons"].as_array().unwrap().iter();
                let all =
                    all.map(|own| [&own["statementIndex"], &own["statementId"]].map(Value::clone));
                all.collect::<Vec<_>>()
            };
            let is_same = value["result"] == expected["result"]
                && run.code == 2
                && indexes(&value) == indexes(expected);
            let words = |value: &Value| {
                let all = value["reasons"].as_array().unwrap().iter();
                let all = all.map(|own| own["description"].clone());
                (value["message"].clone(), all.collect::<Vec<_>>())
            };
            let has_same_words = !asked.has_new_words || words(&value) == words(expected);
            if !is_same || !has_same_words {
                wrong.push(format!(
                    "{}: {}: {value}, AWS: {expected}",
                    asked.findings, policy.address
                ));
            }
        }
        for found in findings {
            let name = found["policyName"].as_str().unwrap();
            assert!(names.iter().any(|own| own == name), "{name} was not asked");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(passed >= 6 && failed >= 25, "{passed} {failed}");
}
