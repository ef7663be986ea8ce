//! The rules of sections 5.3 to 5.12, each asked through a directory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use bumpalo::Bump;
use portcullis_directory::{Directory, Engine, LoadOptions};
use portcullis_scenario::NoFiles;
use portcullis_scenario::lines;
use portcullis_source::Source;
use serde_json::Value;

use crate::support::{Folder, ask, load};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn json_lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// True if a rule is in the sections that are about what decides a request of an account.
fn is_evaluation(rule: &str) -> bool {
    let (family, number) = rule.split_once('-').unwrap();
    let number: u32 = number.parse().unwrap_or(0);
    match family {
        "XACC" | "SCP" | "RCP" | "VPCE" | "KMS" | "TRUST" | "STS" | "S3" | "SSO" => true,
        "EVAL" => matches!(number, 20..=36 | 50..=57 | 90..=92),
        _ => false,
    }
}

/// Every rule has a case that is called by it, a test that is named, or a reason why there is none.
#[test]
fn every_rule_is_asked_or_has_a_reason() {
    let corpus = root().join("corpus");
    let rules: BTreeSet<String> = json_lines(&corpus.join("rules.jsonl"))
        .iter()
        .map(|line| line["id"].as_str().unwrap().to_string())
        .filter(|id| is_evaluation(id))
        .collect();
    assert!(rules.len() > 95, "{}", rules.len());
    let mut cases: BTreeMap<String, usize> = BTreeMap::new();
    for entry in fs::read_dir(corpus.join("directory")).unwrap() {
        let requests = entry.unwrap().path().join("requests.jsonl");
        if !requests.exists() {
            continue;
        }
        for line in json_lines(&requests) {
            let name = line["name"].as_str().unwrap().to_string();
            let rule = name.split(' ').next().unwrap().to_string();
            *cases.entry(rule).or_default() += 1;
        }
    }
    let mut told = BTreeSet::new();
    for line in json_lines(&corpus.join("directory/rules.jsonl")) {
        let rule = line["rule"].as_str().unwrap().to_string();
        assert!(rules.contains(&rule), "{rule} is no such rule");
        assert!(!cases.contains_key(&rule), "{rule} has cases now");
        match (line["test"].as_str(), line["why"].as_str()) {
            (Some(test), None) => {
                let (file, name) = test.split_once(": ").unwrap();
                let text = fs::read_to_string(root().join(file)).unwrap();
                assert!(text.contains(&format!("fn {name}(")), "{test}");
            }
            (None, Some(why)) => assert!(why.len() > 20, "{rule}"),
            _ => panic!("{rule}: either a test or a reason"),
        }
        assert!(told.insert(rule.clone()), "{rule} is there twice");
    }
    let open: Vec<&String> = rules
        .iter()
        .filter(|rule| !cases.contains_key(*rule) && !told.contains(*rule))
        .collect();
    assert!(open.is_empty(), "no case, no test, no reason: {open:?}");
}

fn directory() -> Directory {
    let data = root().join("corpus/directory/rules/data");
    load(&data, LoadOptions::default()).unwrap().directory
}

/// The sets that are named as the reason.
fn reason(directory: &Directory, request: &str) -> Vec<String> {
    ask(directory, request);
    let arena = Bump::new();
    let source = Source::new("", request);
    let line = lines(&source, &NoFiles, &arena).unwrap().remove(0);
    let completed = directory.complete(&line.case.request.unwrap(), line.extra, &arena);
    let outcome = Engine::new()
        .decide(directory, &completed.unwrap())
        .unwrap();
    outcome.layers().map(|layer| layer.to_string()).collect()
}

#[test]
fn eval_36_and_kms_9_the_reason_that_is_named() {
    let directory = directory();
    let request = |user: &str, action: &str, resource: &str| {
        format!(
            r#"{{"principal": "arn:aws:iam::111111111111:user/{user}", "action": "{action}", "resource": "{resource}"}}"#
        )
    };
    let key = |name: &str| format!("arn:aws:kms:eu-west-1:111111111111:key/{name}");
    let queue = "arn:aws:sqs:eu-west-1:111111111111:none";
    for (user, action, resource, wanted) in [
        ("nobody", "sqs:SendMessage", queue, "identity-based policy"),
        ("bounded", "sqs:SendMessage", queue, "identity-based policy"),
        ("wide", "sqs:SendMessage", queue, "permissions boundary"),
        (
            "admin",
            "kms:Decrypt",
            &key("named"),
            "resource-based policy",
        ),
        (
            "admin",
            "kms:Decrypt",
            &key("described"),
            "resource-based policy",
        ),
        (
            "nobody",
            "kms:Decrypt",
            &key("default"),
            "identity-based policy",
        ),
    ] {
        let found = reason(&directory, &request(user, action, resource));
        assert_eq!(found, [wanted], "{user} {action} {resource}");
    }
    let session = r#"{"principal": "arn:aws:sts::111111111111:assumed-role/Queues/s", "action": "sqs:SendMessage",
        "resource": "arn:aws:sqs:eu-west-1:111111111111:none", "session": [{"Version": "2012-10-17", "Statement": []}]}"#;
    assert_eq!(reason(&directory, session), ["session policy"]);
}

/// `SCP-6`: a list of roots says which kinds of control policy are in use.
#[test]
fn scp_6_control_policies_that_are_not_in_use() {
    const ORGANIZATION: &str =
        r#"{"Organization": {"Id": "o-1", "MasterAccountId": "100000000001"}}"#;
    const POLICY: &str = r#"{"Policy": {"PolicySummary": {"Id": "p-deny0000", "Name": "Deny", "Type": "SERVICE_CONTROL_POLICY"},
        "Content": "{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"*\"}}"}}"#;
    const TARGETS: &str = r#"{"Targets": [{"TargetId": "111111111111", "Type": "ACCOUNT"}]}"#;
    const PARENTS: &str = r#"{"Parents": [{"Id": "r-1abc", "Type": "ROOT"}]}"#;
    const DUMP: &str = r#"{"UserDetailList": [{"UserName": "ann", "Arn": "arn:aws:iam::111111111111:user/ann", "UserPolicyList": [
        {"PolicyName": "all", "PolicyDocument": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}]}]}"#;
    let decided = |types: &str| {
        let roots = format!(r#"{{"Roots": [{{"Id": "r-1abc", "PolicyTypes": [{types}]}}]}}"#);
        let folder = Folder::new(&[
            ("organization.json", ORGANIZATION),
            ("roots.json", &roots),
            ("policies/p-deny0000.json", POLICY),
            ("targets/p-deny0000.json", TARGETS),
            ("parents/111111111111.json", PARENTS),
            ("parents/100000000001.json", PARENTS),
            ("accounts.json", DUMP),
        ]);
        let directory = folder
            .load()
            .unwrap_or_else(|all| panic!("{all:?}"))
            .directory;
        ask(
            &directory,
            r#"{"principal": "arn:aws:iam::111111111111:user/ann", "action": "s3:ListAllMyBuckets", "resource": "*"}"#,
        )
    };
    let enabled = r#"{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}"#;
    assert_eq!(decided(enabled), "ExplicitDeny");
    assert_eq!(decided(""), "Allow");
}
