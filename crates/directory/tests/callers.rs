//! Callers that are not like most others of their account.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use portcullis_directory::{Directory, Engine};
use serde_json::{Value, json};
use support::{Folder, ask};

const ACCOUNT: &str = "111122223333";

/// A user who may read everything, whom no policy names.
fn user(arn: &str) -> Value {
    let name = arn.rsplit('/').next().unwrap();
    let all = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
    ]});
    json!({
        "Path": "/",
        "UserName": name,
        "UserId": format!("AIDA{}", name.to_uppercase()),
        "Arn": arn,
        "CreateDate": "2026-01-01T00:00:00Z",
        "UserPolicyList": [{"PolicyName": "all", "PolicyDocument": all}],
        "GroupList": [],
        "AttachedManagedPolicies": [],
    })
}

/// A bucket that nobody of an account may read, named by its ARN in a partition.
fn bucket(partition: &str) -> String {
    let line = json!({
        "arn": format!("arn:aws:s3:::not-{partition}"),
        "account": ACCOUNT,
        "policy": {"Version": "2012-10-17", "Statement": [{
            "Effect": "Deny",
            "Principal": {"AWS": format!("arn:{partition}:iam::{ACCOUNT}:root")},
            "Action": "s3:GetObject",
            "Resource": "*",
        }]},
    });
    line.to_string()
}

fn decision(directory: &Directory, caller: &str, bucket: &str) -> String {
    let resource = format!("arn:aws:s3:::{bucket}/x");
    let request = json!({"principal": caller, "action": "s3:GetObject", "resource": resource});
    let decision = ask(directory, &request.to_string());
    let number = directory.principal_number(caller).unwrap();
    let deed = directory.deed("s3:GetObject").unwrap();
    let object = directory.object(&resource, None);
    let outcome = Engine::new().check_resolved(directory, number, &deed, &object, &[]);
    let resolved = outcome.unwrap().decision().to_string();
    assert_eq!(resolved, decision, "{request}");
    decision
}

/// What names an account names those of its users whose ARN is in the same partition (`GRAM-34`).
#[test]
fn a_user_in_another_partition_than_others_of_the_account() {
    let [odd, usual] = [("aws-cn", "odd"), ("aws", "usual")]
        .map(|(partition, name)| format!("arn:{partition}:iam::{ACCOUNT}:user/{name}"));
    for users in [[&odd, &usual], [&usual, &odd]] {
        let dump = json!({
            "UserDetailList": users.map(|arn| user(arn)),
            "GroupDetailList": [],
            "RoleDetailList": [],
            "Policies": [],
            "IsTruncated": false,
        });
        let buckets = [bucket("aws"), bucket("aws-cn")].join("\n");
        let files = [
            ("account.json", &dump.to_string()[..]),
            ("buckets.jsonl", &buckets),
        ];
        let directory = Folder::new(&files).load().unwrap().directory;
        for (caller, denied) in [(&odd, "not-aws-cn"), (&usual, "not-aws")] {
            for bucket in ["not-aws", "not-aws-cn"] {
                let expected = if bucket == denied {
                    "ExplicitDeny"
                } else {
                    "Allow"
                };
                let decision = decision(&directory, caller, bucket);
                assert_eq!(decision, expected, "{caller} {bucket}");
            }
        }
    }
}
