//! What tells callers from each other.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use portcullis_directory::{Directory, Engine, Query};
use portcullis_model::Decision;
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

/// A question about all principals asks a policy once, unless it looks at what differs between them.
#[test]
fn each_key_of_a_caller_differs_between_callers() {
    let keys = [
        ("aws:userid", "AIDAANN", 1),
        ("aws:PrincipalArn", "arn:aws:iam::111122223333:user/bob", 1),
        ("aws:PrincipalArn", "arn:aws:iam::111122223333:role/ops", 1),
        ("aws:username", "ann", 1),
        ("aws:PrincipalType", "User", 4),
        ("aws:PrincipalType", "AssumedRole", 1),
        ("aws:PrincipalTag/team", "red", 2),
        ("aws:PrincipalAccount", "444455556666", 1),
    ];
    let object = |number: usize| format!("arn:aws:s3:::b{number}/x");
    // The same policies for everybody, one for each key.
    let policies: Vec<Value> = (0..)
        .zip(keys)
        .map(|(number, (key, value, _))| {
            json!({"PolicyName": format!("p{number}"), "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Deny",
                    "Action": "s3:GetObject",
                    "Resource": object(number),
                    "Condition": {"StringEquals": {key: value}},
                }],
            }})
        })
        .collect();
    let user = |arn: String, team: &str| {
        let mut user = user(&arn);
        user["UserPolicyList"] = json!(policies);
        user["Tags"] = json!([{"Key": "team", "Value": team}]);
        user
    };
    let of = |account: &str, names: &[(&str, &str)], roles: Value| {
        let users = names
            .iter()
            .map(|(name, team)| user(format!("arn:aws:iam::{account}:user/{name}"), team));
        let dump = json!({
            "UserDetailList": users.collect::<Vec<_>>(),
            "GroupDetailList": [],
            "RoleDetailList": roles,
            "Policies": [],
            "IsTruncated": false,
        });
        dump.to_string()
    };
    let role = json!({
        "Path": "/",
        "RoleName": "ops",
        "RoleId": "AROAOPS",
        "Arn": format!("arn:aws:iam::{ACCOUNT}:role/ops"),
        "CreateDate": "2026-01-01T00:00:00Z",
        "RolePolicyList": policies,
        "AttachedManagedPolicies": [],
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
    });
    let users = [("ann", "blue"), ("bob", "red"), ("eve", "red")];
    let files = [
        ("one.json", &of(ACCOUNT, &users, json!([role]))[..]),
        (
            "other.json",
            &of("444455556666", &[("joe", "blue")], json!([])),
        ),
    ];
    let directory = Folder::new(&files).load().unwrap().directory;
    let objects: Vec<String> = (0..keys.len()).map(object).collect();
    let queries: Vec<Query<'_>> = objects
        .iter()
        .map(|object| Query {
            action: "s3:GetObject",
            resource: object,
            resource_account: None,
            context: &[],
        })
        .collect();
    let mut denied = vec![0; keys.len()];
    let mut compare = |number: usize, decisions: &[Decision]| {
        let arn = directory.principal_arn(number).unwrap();
        for ((decision, object), denied) in decisions.iter().zip(&objects).zip(&mut denied) {
            let request = json!({"principal": arn, "action": "s3:GetObject", "resource": object});
            let expected = ask(&directory, &request.to_string());
            assert_eq!(decision.to_string(), expected, "{request}");
            *denied += usize::from(*decision == Decision::ExplicitDeny);
        }
    };
    directory.matrix(&queries, 1, &mut compare).unwrap();
    assert_eq!(denied, keys.map(|(_, _, count)| count), "{keys:?}");
}

/// Only a session of AssumeRoot brings its policies (`EVAL-50`, `STS-6`).
#[test]
fn policies_of_a_caller_whom_the_directory_knows_are_refused() {
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/ann");
    let dump = json!({
        "UserDetailList": [user(&arn)],
        "GroupDetailList": [],
        "RoleDetailList": [],
        "Policies": [],
        "IsTruncated": false,
    });
    let folder = Folder::new(&[("account.json", &dump.to_string())]);
    let directory = folder.load().unwrap().directory;
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let task = json!([{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:DeleteBucketPolicy", "Resource": "*"},
    ]}]);
    for (caller, assumed, is_refused) in [
        (&root, json!({"aws:AssumedRoot": "true"}), false),
        (&root, json!({"aws:AssumedRoot": "false"}), true),
        (&root, json!({}), true),
        (&arn, json!({"aws:AssumedRoot": "true"}), true),
        (&arn, json!({}), true),
    ] {
        let request = json!({
            "principal": caller,
            "action": "s3:DeleteBucketPolicy",
            "resource": "arn:aws:s3:::bucket",
            "resourceAccount": ACCOUNT,
            "context": assumed,
            "identity": task,
        });
        let decision = ask(&directory, &request.to_string());
        if is_refused {
            assert!(
                decision.contains("`identity` is for others"),
                "{request}: {decision}"
            );
        } else {
            assert_eq!(decision, "Allow", "{request}");
        }
    }
}
