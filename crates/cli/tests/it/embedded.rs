//! `check` on what is no policy itself: dumps, answers of services, lines of JSON, and what holds none.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{ALL, EVERYONE, Folder, Run, root, value};

fn check(folder: &Folder, more: &[&str]) -> Run {
    let mut args = vec!["check", "--format", "json"];
    args.extend(more);
    folder.run(&args)
}

/// Code, type and place of each finding whose code is one of these.
fn found(run: &Run, codes: &[&str]) -> Vec<String> {
    let all = value(run);
    let all = all.as_array().unwrap().iter();
    let own = all.filter(|one| codes.contains(&one["code"].as_str().unwrap()));
    own.map(|one| {
        let text = |name: &str| one[name].as_str().unwrap_or("-").to_owned();
        let place = format!("{}:{}", one["line"], one["column"]);
        [text("code"), text("type"), text("document"), place].join(" ")
    })
    .collect()
}

/// Policies are found wherever they are, each of its type and at its place, as an object and as a text.
#[test]
fn policies_are_found_in_whatever_holds_them() {
    const CODES: [&str; 3] = [
        "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE",
        "MISSING_PRINCIPAL",
        "MISSING_VERSION",
    ];
    let folder = Folder::new();
    let all: Value = serde_json::from_str(ALL).unwrap();
    for (text, want) in [
        (
            json!({"arn": "arn:aws:ec2:eu-west-1:111122223333:vpc-endpoint/vpce-1", "policy": all}),
            "MISSING_PRINCIPAL vpc-endpoint /policy",
        ),
        (
            json!({"Attributes": {"Policy": ALL, "QueueArn": "arn:aws:sqs:eu-west-1:111122223333:q"}}),
            "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE identity /Attributes/Policy",
        ),
        (
            json!({"InlinePolicy": ALL}),
            "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE identity /InlinePolicy",
        ),
        (
            json!([{"Any": {"AssumeRolePolicyDocument": all}}]),
            "MISSING_PRINCIPAL trust /0/Any/AssumeRolePolicyDocument",
        ),
        (
            json!({"policies": {"p-1": {"type": "SERVICE_CONTROL_POLICY", "content": ALL.replace("Version", "Id")}}}),
            "MISSING_VERSION scp /policies/p-1/content",
        ),
    ] {
        folder.write("x.json", text.to_string());
        let run = check(&folder, &["x.json", "--fail-on", "none"]);
        let found = found(&run, &CODES);
        assert!(
            found.len() == 1 && found[0].starts_with(want),
            "{text}: {found:?} {run:?}"
        );
    }
}

/// Lines are values of one list; a line that is no JSON is one finding, and the others are checked all the same.
#[test]
fn lines_are_checked_each() {
    let folder = Folder::new();
    let line = |document: &str| format!("{{\"name\": \"n\", \"document\": {document}}}\n");
    let last = json!({"policy": EVERYONE}).to_string();
    let text = line(ALL) + "\n{\"a\": 1}\n{\"a\": \n" + &last;
    folder.write("lines.jsonl", text);
    let codes = [
        "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE",
        "JSON_SYNTAX_ERROR",
        "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL",
        "MISSING_VERSION",
    ];
    let run = check(&folder, &["lines.jsonl"]);
    let start = line("").find('}').unwrap() + ALL.find("\"*\"").unwrap() + 1;
    assert_eq!(
        found(&run, &codes),
        [
            format!("PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE identity /0/document 1:{start}"),
            "JSON_SYNTAX_ERROR - - 4:6".to_owned(),
        ],
        "{run:?}"
    );
    assert_eq!(run.code, 3);
    // A text in a string has its place in the line.
    let broken = EVERYONE.replace("Allow", "allow");
    folder.write(
        "lines.jsonl",
        format!("{{}}\n{}\n", json!({"policy": broken})),
    );
    let run = check(&folder, &["lines.jsonl"]);
    let at = json!({"policy": broken})
        .to_string()
        .find("\\\"allow")
        .unwrap()
        + 1;
    assert_eq!(
        found(&run, &["INVALID_EFFECT"]),
        [format!("INVALID_EFFECT resource /1/policy 2:{at}")],
        "{run:?}"
    );
    // A folder with lines is checked too.
    std::fs::create_dir(folder.0.join("d")).unwrap();
    folder.write("d/lines.jsonl", line(ALL));
    let run = check(&folder, &["d"]);
    assert_eq!(found(&run, &codes).len(), 1, "{run:?}");
}

/// Whatever is not a policy, and holds none: one finding that says what it is.
#[test]
fn what_is_no_policy_is_one_finding() {
    let folder = Folder::new();
    for (name, text, told) in [
        (
            "a.json",
            "{\"a\": 1}",
            "this is not a policy, and none is in it: it has no `Statement`, but `a`",
        ),
        (
            "a.json",
            "{\"a\": 1, \"b\": 2, \"c\": [], \"d\": {}}",
            "but `a`, `b`, `c`, …",
        ),
        (
            "a.json",
            "{\"name\": \"n\", \"document\": {\"Statement\": []}, \"kind\": 1}",
            "a named policy has `name`, `type`, `arn` and `document`, and no `kind`",
        ),
        (
            "a.json",
            "[]",
            "a policy must be an object, this is an array",
        ),
        (
            "a.json",
            "[{\"a\": [1]}]",
            "a policy must be an object, this is an array",
        ),
        ("a.json", "3", "this is a number"),
        ("a.json", "null", "this is `null`"),
        ("a.json", "\"x\"", "this string does not"),
        ("a.json", "", "there is no JSON value in the text"),
        ("a.json", "{}", "the policy has no `Statement`"),
        (
            "a.jsonl",
            "{\"a\": 1}\n[]\n",
            "no line of this file holds a policy",
        ),
        ("a.jsonl", "", "no line of this file holds a policy"),
    ] {
        folder.write(name, text);
        let run = check(&folder, &[name, "--ignore", "MISSING_VERSION"]);
        let found = value(&run);
        let found = found.as_array().unwrap();
        assert_eq!((run.code, found.len()), (3, 1), "{text}: {run:?}");
        let message = found[0]["message"].as_str().unwrap();
        assert!(message.contains(told), "{text}: {message}");
        assert_eq!(found[0]["loads"], false, "{run:?}");
    }
}

/// `QUO-9` to `QUO-12`; exactly as much is no finding.
#[test]
fn quotas_of_organizations() {
    let folder = Folder::new();
    let names = |count: usize| (0..count).map(|n| format!("p-{n}")).collect::<Vec<_>>();
    let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]});
    let tree = |more: usize| {
        let mut unit = json!({"account": "111122223333", "policies": {"scp": names(1 - more)}});
        for depth in (0..5 + more).rev() {
            unit = json!({"ou": format!("ou-{depth}"), "policies": {"scp": ["p-0"]}, "children": [unit]});
        }
        // The default counts.
        let policies = json!({"scp": names(10 + more), "rcp": names(4 + more)});
        json!({"organization": {"id": "o-1"}, "root": {"id": "r-1", "policies": policies, "children": [unit]},
            "policies": {"p-0": {"type": "scp", "content": document}}})
    };
    let messages = |text: &Value| {
        folder.write("x.json", text.to_string());
        let all = value(&check(
            &folder,
            &["x.json", "--select", "EXCEEDS_ACCOUNT_QUOTA"],
        ));
        let all = all.as_array().unwrap().iter();
        all.map(|one| one["message"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(messages(&tree(0)), [""; 0]);
    let mut own = messages(&tree(1));
    own.sort();
    assert_eq!(
        own,
        [
            "11 service control policies are attached to `r-1`; there may be 10",
            "6 resource control policies, with RCPFullAWSAccess, are attached to `r-1`; there may be 5",
            "the unit `ou-5` is 6 levels below the root; there may be 5",
            "to `111122223333` no service control policy is attached, which denies everything; AWS keeps one",
        ]
    );
    let inline = |sid: usize, blanks: usize| {
        let mut document = document.clone();
        document["Statement"][0]["Sid"] = "S".repeat(sid).into();
        json!({"InlinePolicy": document.to_string() + &" ".repeat(blanks)})
    };
    let base = inline(0, 0)["InlinePolicy"].as_str().unwrap().len();
    assert_eq!(messages(&inline(10_240 - base, 0)), [""; 0]);
    assert_eq!(
        messages(&inline(10_241 - base, 0)),
        [
            "the inline policy of a permission set may have 10,240 characters, not counting whitespace; this one has 10241"
        ]
    );
    assert_eq!(messages(&inline(0, 32_768 - base)), [""; 0]);
    assert_eq!(
        messages(&inline(0, 32_769 - base)),
        ["the inline policy of a permission set may have 32,768 bytes; this one has 32769"]
    );
    let managed = |count: usize| {
        let policy = json!({"Name": "p", "Arn": "arn:aws:iam::aws:policy/p"});
        json!({"InlinePolicy": document.to_string(), "AttachedManagedPolicies": vec![policy; count]})
    };
    assert_eq!(messages(&managed(10)), [""; 0]);
    assert_eq!(
        messages(&managed(11)),
        [
            "the permission set has 11 managed policies; it may have 25, and a role that is made of it 10, or up to 20 on request"
        ]
    );
    let delegation = |blanks: usize| {
        let mut document = document.clone();
        document["Statement"][0]["Principal"] = json!({"AWS": "111122223333"});
        json!([{"ResourcePolicy": {"ResourcePolicySummary": {}, "Content": document.to_string() + &" ".repeat(blanks)}}])
    };
    let base = delegation(0)[0]["ResourcePolicy"]["Content"]
        .as_str()
        .unwrap()
        .len();
    assert_eq!(messages(&delegation(40_000 - base)), [""; 0]);
    assert_eq!(
        messages(&delegation(40_001 - base)),
        ["the resource policy of an organization may have 40,000 characters; this one has 40001"]
    );
}

/// What Access Analyzer really answered, with the catalog: all that it found but one, at the same places, in the same words and
/// order, and nothing else (`AA-30` to `AA-51`). Skipped where the data are not.
#[test]
fn real_results_come_out_with_the_catalog() {
    let path = root().join("../shared/data/access-analyzer/findings.jsonl");
    let Ok(text) = std::fs::read_to_string(path) else {
        eprintln!("skipped: there are no results of Access Analyzer");
        return;
    };
    let folder = Folder::new();
    let (mut expected, mut equal) = (0, 0);
    for line in text.lines() {
        let policy: Value = serde_json::from_str(line).unwrap();
        folder.write("p.json", policy["text"].as_str().unwrap());
        let arguments = [
            "check",
            "--format",
            "access-analyzer",
            "--type",
            "IDENTITY_POLICY",
            "p.json",
        ];
        let run = folder.run(&[&arguments[..], &["--fail-on", "none"]].concat());
        let found: Value = serde_json::from_str(&run.stdout).unwrap();
        let mut want = policy["findings"].as_array().unwrap().clone();
        expected += want.len();
        // Its tags of `sagemaker-mlflow` are younger than the result.
        let is_late = |one: &Value| {
            one["findingDetails"]
                .as_str()
                .unwrap()
                .contains("sagemaker-mlflow")
        };
        want.retain(|one| !is_late(one));
        equal += want.len();
        assert_eq!(found["findings"], Value::from(want), "{}", policy["name"]);
    }
    assert_eq!((expected, equal), (155, 154));
}

/// Everything of Access Analyzer's codes that is found in the policies that AWS manages, of which it found 237 on 1,444. Each is one
/// by its rule; codes of which it found nothing there have a comment. Skipped where the data are not.
#[test]
fn policies_of_aws_get_what_they_should_with_the_catalog() {
    let path = root().join("../shared/data/aws-managed-policies.jsonl");
    let Some(path) = path.to_str().filter(|_| path.exists()) else {
        eprintln!("skipped: there are no managed policies");
        return;
    };
    let folder = Folder::new();
    let run = check(
        &folder,
        &[
            path,
            "--type",
            "identity",
            "--select",
            "access-analyzer",
            "--fail-on",
            "none",
        ],
    );
    let found = value(&run);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for one in found.as_array().unwrap() {
        *counts.entry(one["code"].as_str().unwrap()).or_default() += 1;
    }
    let expected = [
        ("ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", 9),
        ("CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE", 1),
        ("CREATE_SLR_WITH_STAR_IN_RESOURCE", 3),
        ("EQUIVALENT_TO_NULL_FALSE", 126),
        // Said by the reader, of a key that the rules call single-valued: `--format access-analyzer` is silent, as AWS is.
        ("FORALLVALUES_WITH_SINGLE_VALUED_KEY", 2),
        // 24 of a policy for actions that no reference has, which is as new as they are.
        ("INVALID_ACTION", 36),
        ("INVALID_SERVICE", 1),
        ("INVALID_SERVICE_CONDITION_KEY", 1),
        ("INVALID_SERVICE_IN_ACTION", 4),
        ("INVALID_SERVICE_PRINCIPAL_FORMAT", 3),
        // `arn:aws:logs:::log-group:…` in two policies that were replaced.
        ("MISSING_ARN_REGION", 6),
        ("MISSING_QUALIFIER", 3),
        ("PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", 1),
        ("PASS_ROLE_WITH_STAR_IN_RESOURCE", 22),
        ("POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", 40),
        ("REDUNDANT_ACTION", 42),
        ("REDUNDANT_RESOURCE", 54),
        ("STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS", 21),
        ("TYPE_MISMATCH", 2),
    ];
    assert_eq!(counts, expected.into());
}
