//! Real policies, where the data is at hand.
use bumpalo::Bump;
use portcullis_model::PolicyKind;
use portcullis_syntax::codes;

use portcullis_source::json;
use portcullis_syntax::policy::{ReadOptions, read_policy};
use std::path::Path;

/// The lines of a data file next to the workspace, if it is there.
fn data(name: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let text = std::fs::read_to_string(root.join(name)).ok();
    if text.is_none() {
        eprintln!("skipped: there is no {name}");
    }
    text
}

#[test]
fn aws_managed_policies_load() {
    let Some(text) = data("aws-managed-policies.jsonl") else {
        return;
    };
    let mut count = 0;
    let mut lint = std::collections::BTreeMap::<_, usize>::new();
    for line in text.lines() {
        let arena = Bump::new();
        let node = json::parse(line, &arena).unwrap();
        let name = node.get("name").and_then(json::Node::as_str).unwrap();
        let document = *node.get("document").unwrap();
        let (document, problems) =
            read_policy(document, ReadOptions::new(PolicyKind::Identity), &arena);
        assert!(document.is_some(), "{name}: {problems:#?}");
        for problem in problems {
            *lint.entry(problem.code).or_default() += 1;
        }
        count += 1;
    }
    eprintln!("{lint:?}");
    assert_eq!(count, 1641);
    // No key of theirs is misspelled.
    assert_eq!(lint.get(&codes::INVALID_SERVICE_CONDITION_KEY), None);
}

#[test]
fn published_examples_load_but_for_known_ones() {
    let Some(text) = data("org-policy-examples.jsonl") else {
        return;
    };
    let mut wrong = Vec::new();
    for line in text.lines() {
        let arena = Bump::new();
        let node = json::parse(line, &arena).unwrap();
        let field = |name| node.get(name).and_then(json::Node::as_str).unwrap();
        let kind = match field("type") {
            "vpcEndpoint" => PolicyKind::VpcEndpoint,
            name => PolicyKind::parse(name).unwrap(),
        };
        let document = *node.get("document").unwrap();
        let (document, problems) = read_policy(document, ReadOptions::new(kind), &arena);
        if document.is_none() {
            for problem in problems.iter().filter(|problem| problem.is_error()) {
                let file = field("name").rsplit('/').next().unwrap();
                wrong.push(format!("{file}: {}: {}", problem.code, problem.message));
            }
        }
    }
    wrong.dedup();
    // The first is a trust policy in truth; the others hold places to fill in.
    assert_eq!(
        wrong,
        [
            "Shared-Issuers.json: MISSING_RESOURCE: the statement has neither `Resource` nor `NotResource`",
            "Shared-Issuers.json: RCP_SYNTAX_ERROR_ALLOW: a resource control policy can only deny",
            "resource_perimeter_scp.json: INVALID_ARN_PREFIX: resource `<third-party-resource>` does not start with `arn:`",
            "s3_endpoint_policy.json: INVALID_ACTION: action `<action>` has no service prefix",
            "s3_endpoint_policy.json: INVALID_ARN_PREFIX: resource `<third-party-resource-arn>` does not start with `arn:`",
            "s3_endpoint_policy.json: INVALID_ACTION: action `<action>` has no service prefix",
            "s3_endpoint_policy.json: INVALID_ARN_PREFIX: resource `<third-party-resource-arn>` does not start with `arn:`",
        ]
    );
}
