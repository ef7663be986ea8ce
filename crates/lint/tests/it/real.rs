//! What Access Analyzer really answered, and all policies that AWS manages (`AA-30` to `AA-51`). Skipped where the data are not.
use std::collections::BTreeMap;
use std::path::Path;

use portcullis_lint::{Options, PolicyType, lint};
use serde_json::Value;

/// The lines of a file of the shared data.
fn lines(file: &str) -> Option<Vec<Value>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let text = std::fs::read_to_string(root.join(file)).ok();
    if text.is_none() {
        eprintln!("skipped: there is no {file}");
    }
    text.map(|text| {
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    })
}

fn findings(text: &str) -> Vec<Value> {
    let report = lint(text, &Options::new(PolicyType::Identity), |report| {
        assert!(!report.is_incomplete);
        report.to_json()
    });
    report["findings"].as_array().unwrap().clone()
}

fn code(finding: &Value) -> &str {
    finding["issueCode"].as_str().unwrap()
}

/// The 155 findings of 80 policies: each that is found is found with its level, text, link and all of its places, in AWS's
/// order, and nothing else is found. What is missed waits for a catalog.
#[test]
fn real_results_come_out_to_the_character() {
    let Some(policies) = lines("access-analyzer/findings.jsonl") else {
        return;
    };
    let mut missed: BTreeMap<String, usize> = BTreeMap::new();
    let mut equal = 0;
    for policy in &policies {
        let name = &policy["name"];
        let found = findings(policy["text"].as_str().unwrap());
        let mut left = found.iter();
        for expected in policy["findings"].as_array().unwrap() {
            if found.contains(expected) {
                assert_eq!(left.next(), Some(expected), "{name}");
                equal += 1;
            } else {
                *missed.entry(code(expected).to_owned()).or_default() += 1;
            }
        }
        assert_eq!(left.next(), None, "{name}");
    }
    assert_eq!((policies.len(), equal), (80, 138));
    let waiting = [
        // The actions and tags of each service.
        ("ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE", 5),
        ("INVALID_ACTION", 11),
        // The keys of each service.
        ("INVALID_SERVICE_CONDITION_KEY", 1),
    ];
    let waiting = waiting.map(|(code, count)| (code.to_owned(), count));
    assert_eq!(missed, waiting.into());
}

/// All 1,641 policies. Of these Access Analyzer gave 237 findings on the 1,444 that it had validated; the others are newer,
/// or older and were left out.
#[test]
fn policies_of_aws_get_what_they_should() {
    let Some(policies) = lines("aws-managed-policies.jsonl") else {
        return;
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut noisy = 0;
    for policy in &policies {
        let found = findings(&policy["document"].to_string());
        for finding in &found {
            *counts.entry(code(finding).to_owned()).or_default() += 1;
        }
        noisy += usize::from(!found.is_empty());
    }
    let expected = [
        // Each of these is one by its rule; AWS gave as many kinds, of fewer policies.
        ("CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE", 1),
        ("CREATE_SLR_WITH_STAR_IN_RESOURCE", 3),
        ("EQUIVALENT_TO_NULL_FALSE", 126),
        // `s3:ListObjects` and `s3:ListObjectsV2`, which are operations.
        ("INVALID_ACTION", 2),
        ("INVALID_SERVICE", 1),
        ("INVALID_SERVICE_IN_ACTION", 4),
        // `ops.emr-serverless.amazonaws.com` beside the two real ones.
        ("INVALID_SERVICE_PRINCIPAL_FORMAT", 3),
        // `arn:aws:logs:::log-group:…`, in two policies of the launch wizard.
        ("MISSING_ARN_REGION", 6),
        ("MISSING_QUALIFIER", 3),
        ("PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", 1),
        ("PASS_ROLE_WITH_STAR_IN_RESOURCE", 22),
        ("POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", 40),
        ("REDUNDANT_ACTION", 42),
        ("REDUNDANT_RESOURCE", 54),
        ("STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS", 19),
        // `aws:ViaAWSService` under `StringEquals`.
        ("TYPE_MISMATCH", 1),
    ];
    let expected = expected.map(|(code, count)| (code.to_owned(), count));
    assert_eq!(counts, expected.into());
    assert_eq!((policies.len(), noisy), (1641, 166));
}
