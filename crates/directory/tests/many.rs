//! More than there is room for: policies and tags of a user, resources of a policy, actions that an engine
//! remembers.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use portcullis_directory::{Directory, Engine};
use serde_json::{Value, json};
use support::{Folder, ask};

const ACCOUNT: &str = "111122223333";

/// Allows reading one bucket: of somebody whose tag has the bucket's number.
fn policy(number: usize) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::bucket-{number}/*"),
        "Condition": {"StringEquals": {format!("aws:PrincipalTag/tag{number}"): "yes"}},
    }]})
}

/// A user with so many policies, tags, and a boundary or none, who may read a bucket if it has policy and tag
/// for it.
fn user(policies: usize, tags: usize, bounded: bool) -> Value {
    let inline = (0..policies).map(
        |number| json!({"PolicyName": format!("p{number}"), "PolicyDocument": policy(number)}),
    );
    let own = (0..tags).map(|number| json!({"Key": format!("tag{number}"), "Value": "yes"}));
    let name = format!("u-{policies}-{tags}-{bounded}");
    let mut user = json!({
        "Path": "/",
        "UserName": name,
        "UserId": format!("AIDA{policies:04}{tags:04}{}", u8::from(bounded)),
        "Arn": format!("arn:aws:iam::{ACCOUNT}:user/{name}"),
        "CreateDate": "2026-01-01T00:00:00Z",
        "UserPolicyList": inline.collect::<Vec<_>>(),
        "GroupList": [],
        "AttachedManagedPolicies": [],
        "Tags": own.collect::<Vec<_>>(),
    });
    if bounded {
        user["PermissionsBoundary"] = json!({
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": format!("arn:aws:iam::{ACCOUNT}:policy/Boundary"),
        });
    }
    user
}

const SIZES: [usize; 6] = [0, 1, 5, 9, 10, 13];

fn directory() -> Directory {
    let mut users = Vec::new();
    for policies in SIZES {
        for tags in SIZES {
            users.push(user(policies, tags, false));
            users.push(user(policies, tags, true));
        }
    }
    // The boundary allows all buckets but the first.
    let boundary = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::bucket-0/*"},
    ]});
    let dump = json!({
        "UserDetailList": users,
        "GroupDetailList": [],
        "RoleDetailList": [],
        "Policies": [{
            "PolicyName": "Boundary",
            "PolicyId": "ANPA1",
            "Arn": format!("arn:aws:iam::{ACCOUNT}:policy/Boundary"),
            "Path": "/",
            "DefaultVersionId": "v1",
            "PolicyVersionList": [{
                "Document": boundary,
                "VersionId": "v1",
                "IsDefaultVersion": true,
            }],
        }],
        "IsTruncated": false,
    });
    let folder = Folder::new(&[("account.json", &dump.to_string())]);
    folder.load().unwrap().directory
}

#[test]
fn users_with_many_policies_and_tags() {
    let directory = directory();
    let deed = directory.deed("s3:GetObject").unwrap();
    let mut engine = Engine::new();
    let mut allowed = 0;
    for policies in SIZES {
        for tags in SIZES {
            for bounded in [false, true] {
                let user = format!("arn:aws:iam::{ACCOUNT}:user/u-{policies}-{tags}-{bounded}");
                for bucket in 0..13 {
                    let resource = format!("arn:aws:s3:::bucket-{bucket}/x");
                    let may = bucket < policies && bucket < tags && !(bounded && bucket == 0);
                    let expected = if may { "Allow" } else { "ImplicitDeny" };
                    let request = json!({
                        "principal": user,
                        "action": "s3:GetObject",
                        "resource": resource,
                        "resourceAccount": ACCOUNT,
                    });
                    assert_eq!(ask(&directory, &request.to_string()), expected, "{request}");
                    let number = directory.principal_number(&user).unwrap();
                    let object = directory.object(&resource, Some(ACCOUNT));
                    let outcome = engine.check_resolved(&directory, number, &deed, &object, &[]);
                    let decision = outcome.unwrap().decision().to_string();
                    assert_eq!(decision, expected, "{request}, resolved");
                    allowed += usize::from(may);
                }
            }
        }
    }
    assert!(allowed > 100);
}

/// A directory of one user with one policy.
fn with_policy(policy: &Value) -> (Directory, String) {
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/ann");
    let dump = json!({
        "UserDetailList": [{
            "Path": "/",
            "UserName": "ann",
            "UserId": "AIDA1",
            "Arn": arn,
            "CreateDate": "2026-01-01T00:00:00Z",
            "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": policy}],
            "GroupList": [],
            "AttachedManagedPolicies": [],
        }],
        "GroupDetailList": [],
        "RoleDetailList": [],
        "Policies": [],
        "IsTruncated": false,
    });
    let folder = Folder::new(&[("account.json", &dump.to_string())]);
    (folder.load().unwrap().directory, arn)
}

/// Statements that are found by the resource, of an action that is resolved or prepared.
#[test]
fn more_resources_than_are_looked_at_one_by_one() {
    let arn = |number| format!("arn:aws:s3:::bucket-{number}/*");
    let even = (0..100).step_by(2).map(arn);
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": even.collect::<Vec<_>>()},
    ]});
    let (mut directory, user) = with_policy(&policy);
    let number = directory.principal_number(&user).unwrap();
    let mut engine = Engine::new();
    for prepared in [false, true] {
        if prepared {
            directory.prepare(&["s3:GetObject"]).unwrap();
        }
        let deed = directory.deed("s3:GetObject").unwrap();
        for bucket in 0..100 {
            let resource = format!("arn:aws:s3:::bucket-{bucket}/x");
            let expected = if bucket % 2 == 0 {
                "Allow"
            } else {
                "ImplicitDeny"
            };
            let request = json!({
                "principal": user,
                "action": "s3:GetObject",
                "resource": resource,
                "resourceAccount": ACCOUNT,
            });
            assert_eq!(ask(&directory, &request.to_string()), expected, "{request}");
            let object = directory.object(&resource, Some(ACCOUNT));
            let outcome = engine.check_resolved(&directory, number, &deed, &object, &[]);
            let decision = outcome.unwrap().decision().to_string();
            assert_eq!(decision, expected, "{request}, resolved");
        }
    }
}

/// A request's action is not taken for another that the engine remembered.
#[test]
fn more_actions_than_an_engine_remembers() {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:Get*7", "Resource": "*"},
    ]});
    let (directory, arn) = with_policy(&policy);
    // Twice, and back and forth.
    for number in (0..300).chain((0..300).rev()) {
        let expected = if number % 10 == 7 {
            "Allow"
        } else {
            "ImplicitDeny"
        };
        let request = json!({
            "principal": arn,
            "action": format!("s3:Get{number}"),
            "resource": "arn:aws:s3:::bucket/x",
            "resourceAccount": ACCOUNT,
        });
        assert_eq!(ask(&directory, &request.to_string()), expected, "{request}");
    }
}
