//! The keys that follow from a directory, and who is named by grants: with what is decided, written out.

use crate::support::{Folder, ask, dump, policy, role, user};
use portcullis_directory::Directory;
use serde_json::{Value, json};

const MANAGEMENT: &str = "100000000001";
const OURS: &str = "111111111111";
const THEIRS: &str = "444455556666";

/// A user and a role of an account, with everything allowed but to change who is tagged.
fn account(number: &str) -> Value {
    let policies = [policy(&[
        json!({"Effect": "Allow", "Action": "*", "Resource": "*"}),
        json!({"Effect": "Deny", "Action": "iam:*", "Resource": "*",
            "Condition": {"StringEquals": {"iam:ResourceTag/stage": "test"}}}),
    ])];
    let trust = policy(&[json!({
        "Effect": "Allow",
        "Principal": {"AWS": number},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"iam:ResourceTag/stage": "test"}},
    })]);
    let mut user = user(&format!("arn:aws:iam::{number}:user/ann"), &policies);
    let mut role = role(
        &format!("arn:aws:iam::{number}:role/ops"),
        &policies,
        &trust,
    );
    for own in [&mut user, &mut role] {
        own["Tags"] = json!([{"Key": "stage", "Value": "test"}]);
    }
    dump(&[user], &[role])
}

/// An organization with an account in a unit, an account outside of it, and resources of the first.
fn directory(resources: &[Value]) -> Directory {
    let all = json!({"scp": ["p-FullAWSAccess"], "rcp": ["p-RCPFullAWSAccess"]});
    let tree = json!({
        "organization": {"id": "o-example1", "managementAccountId": MANAGEMENT},
        "root": {"id": "r-exam", "policies": all, "children": [
            {"account": MANAGEMENT, "policies": all},
            {"ou": "ou-exam-11111111", "policies": all, "children": [{"account": OURS, "policies": all}]},
        ]},
        "policies": {},
    });
    let lines: Vec<String> = resources.iter().map(Value::to_string).collect();
    let acl = json!({
        "Owner": {"ID": "0".repeat(64)},
        "Grants": [
            {"Grantee": {"ID": "c".repeat(64), "Type": "CanonicalUser"}, "Permission": "READ"},
        ],
    });
    let ownership = json!({"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}});
    let files = [
        ("tree.json", tree.to_string()),
        ("ours.json", account(OURS).to_string()),
        ("theirs.json", account(THEIRS).to_string()),
        ("resources.jsonl", lines.join("\n")),
        ("listed.acl.json", acl.to_string()),
        ("listed.ownership-controls.json", ownership.to_string()),
    ];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    Folder::new(&files).load().unwrap().directory
}

fn queue(name: &str) -> String {
    format!("arn:aws:sqs:eu-west-1:{OURS}:{name}")
}

/// A queue whose use is denied if a key has a value.
fn denying(name: &str, operator: &str, key: &str, value: &str) -> Value {
    json!({"arn": queue(name), "account": OURS, "policy": {"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": "*",
        "Condition": {operator: {key: value}},
    }]}})
}

fn decided(directory: &Directory, caller: &Value, action: &str, resource: &str) -> String {
    let request = json!({"principal": caller, "action": action, "resource": resource});
    ask(directory, &request.to_string())
}

/// `KEY-12` to `KEY-14`, `KEY-52`: keys of caller and resource that the organization tells.
#[test]
fn places_in_the_organization() {
    let path = "o-example1/r-exam/ou-exam-11111111/";
    let any = "ForAnyValue:StringEquals";
    let directory = directory(&[
        denying("caller", any, "aws:PrincipalOrgPaths", path),
        denying("resource", any, "aws:ResourceOrgPaths", path),
        denying("id", "StringEquals", "aws:PrincipalOrgID", "o-example1"),
        denying(
            "resource-id",
            "StringEquals",
            "aws:ResourceOrgID",
            "o-example1",
        ),
        denying("other", any, "aws:PrincipalOrgPaths", "o-example1/r-exam/"),
    ]);
    let ours = json!(format!("arn:aws:iam::{OURS}:user/ann"));
    let theirs = json!(format!("arn:aws:iam::{THEIRS}:user/ann"));
    for (name, of_ours, of_theirs) in [
        ("caller", "ExplicitDeny", "ImplicitDeny"),
        ("resource", "ExplicitDeny", "ExplicitDeny"),
        ("id", "ExplicitDeny", "ImplicitDeny"),
        ("resource-id", "ExplicitDeny", "ExplicitDeny"),
        ("other", "Allow", "ImplicitDeny"),
    ] {
        let decided = |caller| decided(&directory, caller, "sqs:SendMessage", &queue(name));
        assert_eq!(
            (&decided(&ours)[..], &decided(&theirs)[..]),
            (of_ours, of_theirs),
            "{name}"
        );
    }
}

/// `COND-40`: the name of a tag is part of the key's, and is so in any case.
#[test]
fn names_of_tags_in_any_case() {
    let directory = directory(&[
        denying("cased", "StringEquals", "aws:PrincipalTag/STAGE", "test"),
        denying("valued", "StringEquals", "aws:PrincipalTag/stage", "TEST"),
        denying("without", "Null", "aws:PrincipalTag/Stages", "true"),
    ]);
    let ann = json!(format!("arn:aws:iam::{OURS}:user/ann"));
    for (name, expected) in [
        ("cased", "ExplicitDeny"),
        ("valued", "Allow"),
        ("without", "ExplicitDeny"),
    ] {
        let decided = decided(&directory, &ann, "sqs:SendMessage", &queue(name));
        assert_eq!(decided, expected, "{name}");
    }
}

/// However many keys a statement looks at, each has its value.
#[test]
fn a_statement_that_looks_at_many_keys() {
    let absent = |number| (format!("aws:PrincipalTag/t{number}"), json!("true"));
    let mut denying = denying("many", "StringEquals", "aws:PrincipalTag/stage", "test");
    let condition = &mut denying["policy"]["Statement"][0]["Condition"];
    condition["Null"] = (0..40).map(absent).collect();
    condition["ArnEquals"] = json!({"aws:PrincipalArn": format!("arn:aws:iam::{OURS}:*/ann")});
    let directory = directory(&[denying]);
    for (name, expected) in [("user/ann", "ExplicitDeny"), ("role/ops", "Allow")] {
        let caller = json!(format!("arn:aws:iam::{OURS}:{name}"));
        let decided = decided(&directory, &caller, "sqs:SendMessage", &queue("many"));
        assert_eq!(decided, expected, "{name}");
    }
}

/// `KEY-2`, `COND-41`: what a request gives counts, in any case and be it no value, not what the directory has.
#[test]
fn keys_that_a_request_gives() {
    const LONG: &str = "more-than-16-bytes";
    let directory = directory(&[
        denying("one", "StringEquals", "aws:PrincipalTag/stage", "test"),
        denying("none", "Null", "aws:PrincipalTag/stage", "true"),
        denying(
            "any",
            "ForAnyValue:StringLike",
            "aws:PrincipalTag/stage",
            "more-than-16-*",
        ),
    ]);
    let (allow, deny) = ("Allow", "ExplicitDeny");
    for (context, of_one, of_none, of_any) in [
        (json!({}), deny, allow, allow),
        (
            json!({"aws:PrincipalTag/stage": "live"}),
            allow,
            allow,
            allow,
        ),
        (json!({"aws:principaltag/Stage": []}), allow, deny, allow),
        (
            json!({"aws:PrincipalTag/stage": ["live", LONG]}),
            allow,
            allow,
            deny,
        ),
        (
            json!({"aws:PrincipalTag/stage": "live", "aws:PrincipalTag/STAGE": LONG}),
            allow,
            allow,
            deny,
        ),
    ] {
        for (name, expected) in [("one", of_one), ("none", of_none), ("any", of_any)] {
            let request = json!({
                "principal": format!("arn:aws:iam::{OURS}:user/ann"),
                "action": "sqs:SendMessage",
                "resource": queue(name),
                "context": context,
            });
            let decided = ask(&directory, &request.to_string());
            assert_eq!(decided, expected, "{name} {context}");
        }
    }
}

/// The id of a role's session ends with the session's name: without that it is not there.
#[test]
fn the_id_of_a_role_without_a_session() {
    let directory = directory(&[
        denying("session", "StringEquals", "aws:userid", "AROAOPS:s1"),
        denying("any", "StringLike", "aws:userid", "AROAOPS*"),
        denying("none", "Null", "aws:userid", "true"),
    ]);
    let role = json!(format!("arn:aws:iam::{OURS}:role/ops"));
    let session = json!(format!("arn:aws:sts::{OURS}:assumed-role/ops/s1"));
    let user = json!(format!("arn:aws:iam::{OURS}:user/ann"));
    for (name, of_role, of_session) in [
        ("session", "Allow", "ExplicitDeny"),
        ("any", "Allow", "ExplicitDeny"),
        ("none", "ExplicitDeny", "Allow"),
    ] {
        let decided = |caller| decided(&directory, caller, "sqs:SendMessage", &queue(name));
        assert_eq!(
            (&decided(&role)[..], &decided(&session)[..]),
            (of_role, of_session),
            "{name}"
        );
        assert_eq!(decided(&user), "Allow", "{name}");
    }
}

/// A variable may stand twice in the pattern of an ARN (`VAR-1`).
#[test]
fn a_tag_that_is_asked_for_twice() {
    let pattern = "arn:aws:sns:${aws:PrincipalTag/stage}:111111111111:${aws:PrincipalTag/stage}";
    let directory = directory(&[denying("twice", "ArnLike", "aws:SourceArn", pattern)]);
    for (topic, expected) in [("test", "ExplicitDeny"), ("live", "Allow")] {
        let request = json!({
            "principal": format!("arn:aws:iam::{OURS}:user/ann"),
            "action": "sqs:SendMessage",
            "resource": queue("twice"),
            "context": {"aws:SourceArn": format!("arn:aws:sns:test:111111111111:{topic}")},
        });
        assert_eq!(ask(&directory, &request.to_string()), expected, "{topic}");
    }
}

/// `TRUST-7`, `KEY-85`: the tags of users and roles are also `iam:ResourceTag`.
#[test]
fn tags_of_users_and_roles() {
    let mut queue_with_tag = denying("tagged", "StringEquals", "iam:ResourceTag/stage", "test");
    queue_with_tag["tags"] = json!({"stage": "test"});
    let directory = directory(&[queue_with_tag]);
    let user = json!(format!("arn:aws:iam::{OURS}:user/ann"));
    let role = format!("arn:aws:iam::{OURS}:role/ops");
    assert_eq!(decided(&directory, &user, "sts:AssumeRole", &role), "Allow");
    for (name, expected) in [
        ("user/ann", "ExplicitDeny"),
        ("role/ops", "ExplicitDeny"),
        ("user/bob", "Allow"),
    ] {
        let resource = format!("arn:aws:iam::{OURS}:{name}");
        let request = json!({
            "principal": user,
            "action": "iam:TagUser",
            "resource": resource,
        });
        assert_eq!(ask(&directory, &request.to_string()), expected, "{name}");
    }
    // Of nothing else.
    assert_eq!(
        decided(&directory, &user, "sqs:SendMessage", &queue("tagged")),
        "Allow"
    );
}

/// What has no policy of its own has that of what it belongs to.
#[test]
fn policies_of_a_whole() {
    let resource = |arn: &str, service: &str| {
        json!({"arn": arn, "account": OURS, "policy": {"Version": "2012-10-17", "Statement": [{
            "Effect": "Deny",
            "Principal": "*",
            "Action": format!("{service}:*"),
            "Resource": "*",
        }]}})
    };
    let bucket = "arn:aws:s3:::reports";
    let function = format!("arn:aws:lambda:eu-west-1:{OURS}:function:report");
    let table = format!("arn:aws:dynamodb:eu-west-1:{OURS}:table/report");
    let directory = directory(&[
        resource(bucket, "s3"),
        resource(&function, "lambda"),
        resource(&table, "dynamodb"),
    ]);
    let user = json!(format!("arn:aws:iam::{OURS}:user/ann"));
    for (action, whole, part, other) in [
        ("s3:GetObject", bucket, "/2026/1", "x/2026/1"),
        ("lambda:InvokeFunction", &function, ":live", "s:live"),
        ("dynamodb:Query", &table, "/index/day", "s/index/day"),
    ] {
        for (rest, expected) in [
            ("", "ExplicitDeny"),
            (part, "ExplicitDeny"),
            (other, "Allow"),
        ] {
            let resource = format!("{whole}{rest}");
            assert_eq!(
                decided(&directory, &user, action, &resource),
                expected,
                "{resource}"
            );
        }
    }
}

/// `KMS-8`, `S3-2`: a grant is for one caller, whatever it is that names it.
#[test]
fn who_is_named_by_grants() {
    let key = |name: &str| format!("arn:aws:kms:eu-west-1:{OURS}:key/{name}");
    let grant = |name: &str, grantee: &str| {
        json!({"arn": key(name), "account": OURS, "grants": [
            {"GranteePrincipal": grantee, "Operations": ["Decrypt"]},
        ]})
    };
    let user = format!("arn:aws:iam::{THEIRS}:user/ann");
    let role = format!("arn:aws:iam::{THEIRS}:role/ops");
    let session = format!("arn:aws:sts::{THEIRS}:assumed-role/ops/s1");
    let other = format!("arn:aws:sts::{THEIRS}:assumed-role/ops/s2");
    let directory = directory(&[
        grant("user", &user),
        grant("role", &role),
        grant("session", &session),
        grant("service", "logs.amazonaws.com"),
        json!({"arn": "arn:aws:s3:::listed", "account": OURS}),
    ]);
    let service = json!({"Service": "logs.amazonaws.com"});
    let callers = [json!(user), json!(session), json!(other), service];
    for (name, allowed) in [
        ("user", [true, false, false, false]),
        ("role", [false, true, true, false]),
        ("session", [false, true, false, false]),
        ("service", [false, false, false, true]),
    ] {
        for (caller, is_allowed) in callers.iter().zip(allowed) {
            let decided = |action| decided(&directory, caller, action, &key(name));
            assert_eq!(
                decided("kms:Decrypt") == "Allow",
                is_allowed,
                "{name} {caller}"
            );
            assert_ne!(decided("kms:Encrypt"), "Allow", "{name} {caller}");
        }
    }
    for (caller, is_allowed) in [
        (json!({"CanonicalUser": "c".repeat(64)}), true),
        (json!({"CanonicalUser": "d".repeat(64)}), false),
        (json!(user), false),
    ] {
        let decided = |action| decided(&directory, &caller, action, "arn:aws:s3:::listed");
        assert_eq!(decided("s3:ListBucket") == "Allow", is_allowed, "{caller}");
        assert_ne!(decided("s3:PutObject"), "Allow", "{caller}");
    }
}
