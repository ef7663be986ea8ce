//! More than there is room for: policies and tags of a user, resources of a policy, actions that an engine
//! remembers.

use std::slice::from_ref;

use crate::support::{ask, ask_resolved, directory_of, dump, policy, user};
use portcullis_directory::Directory;
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";

/// Allows reading one bucket: of somebody whose tag has the bucket's number.
fn of_bucket(number: usize) -> Value {
    policy(&[json!({
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::bucket-{number}/*"),
        "Condition": {"StringEquals": {format!("aws:PrincipalTag/tag{number}"): "yes"}},
    })])
}

/// A user with so many policies, tags, and a boundary or none, who may read a bucket if it has policy and tag
/// for it.
fn sized(policies: usize, tags: usize, bounded: bool) -> Value {
    let inline: Vec<Value> = (0..policies).map(of_bucket).collect();
    let own = (0..tags).map(|number| json!({"Key": format!("tag{number}"), "Value": "yes"}));
    let name = format!("u-{policies}-{tags}-{bounded}");
    let mut user = user(&format!("arn:aws:iam::{ACCOUNT}:user/{name}"), &inline);
    user["Tags"] = own.collect();
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
            users.push(sized(policies, tags, false));
            users.push(sized(policies, tags, true));
        }
    }
    // The boundary allows all buckets but the first.
    let boundary = policy(&[
        json!({"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::bucket-0/*"}),
    ]);
    let mut dump = dump(&users, &[]);
    dump["Policies"] = json!([{
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
    }]);
    directory_of(&[("account.json", dump)])
}

#[test]
fn users_with_many_policies_and_tags() {
    let directory = directory();
    let mut allowed = 0;
    for policies in SIZES {
        for tags in SIZES {
            for bounded in [false, true] {
                let user = format!("arn:aws:iam::{ACCOUNT}:user/u-{policies}-{tags}-{bounded}");
                for bucket in 0..13 {
                    let resource = format!("arn:aws:s3:::bucket-{bucket}/x");
                    let may = bucket < policies && bucket < tags && !(bounded && bucket == 0);
                    let expected = if may { "Allow" } else { "ImplicitDeny" };
                    let object = (&resource[..], ACCOUNT);
                    let decision = ask_resolved(&directory, &user, "s3:GetObject", object);
                    assert_eq!(decision, expected, "{user} {resource}");
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
    let directory = directory_of(&[("account.json", dump(&[user(&arn, from_ref(policy))], &[]))]);
    (directory, arn)
}

/// Statements that are found by the resource, of an action that is resolved or prepared.
#[test]
fn more_resources_than_are_looked_at_one_by_one() {
    let arn = |number| format!("arn:aws:s3:::bucket-{number}/*");
    let even = (0..100).step_by(2).map(arn);
    let (mut directory, user) = with_policy(&policy(&[
        json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": even.collect::<Vec<_>>()}),
    ]));
    for prepared in [false, true] {
        if prepared {
            directory.prepare(&["s3:GetObject"]).unwrap();
        }
        for bucket in 0..100 {
            let resource = format!("arn:aws:s3:::bucket-{bucket}/x");
            let expected = if bucket % 2 == 0 {
                "Allow"
            } else {
                "ImplicitDeny"
            };
            let object = (&resource[..], ACCOUNT);
            let decision = ask_resolved(&directory, &user, "s3:GetObject", object);
            assert_eq!(decision, expected, "{resource}");
        }
    }
}

/// A request's action is not taken for another that the engine remembered.
#[test]
fn more_actions_than_an_engine_remembers() {
    let (directory, arn) = with_policy(&policy(&[
        json!({"Effect": "Allow", "Action": "s3:Get*7", "Resource": "*"}),
    ]));
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
