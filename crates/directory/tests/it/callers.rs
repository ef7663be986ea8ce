//! What tells callers from each other.

use crate::support;
use crate::support::{all, ask, ask_resolved, directory_of, dump, policy, role, user};
use bumpalo::Bump;
use portcullis_directory::{AccessQuery, Engine, RequestPolicies};
use portcullis_model::{Caller, Decision, Request};
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";

/// A bucket that nobody of an account may read, named by its ARN in a partition.
fn bucket(partition: &str) -> Value {
    json!({
        "arn": format!("arn:aws:s3:::not-{partition}"),
        "account": ACCOUNT,
        "policy": policy(&[json!({
            "Effect": "Deny",
            "Principal": {"AWS": format!("arn:{partition}:iam::{ACCOUNT}:root")},
            "Action": "s3:GetObject",
            "Resource": "*",
        })]),
    })
}

/// What names an account names those of its users whose ARN is in the same partition (`GRAM-34`).
#[test]
fn a_user_in_another_partition_than_others_of_the_account() {
    let [odd, usual] = [("aws-cn", "odd"), ("aws", "usual")]
        .map(|(partition, name)| format!("arn:{partition}:iam::{ACCOUNT}:user/{name}"));
    for users in [[&odd, &usual], [&usual, &odd]] {
        let directory = directory_of(&[
            (
                "account.json",
                dump(&users.map(|arn| user(arn, &[all()])), &[]),
            ),
            ("bucket.json", bucket("aws")),
            ("other.json", bucket("aws-cn")),
        ]);
        for (caller, denied) in [(&odd, "not-aws-cn"), (&usual, "not-aws")] {
            for bucket in ["not-aws", "not-aws-cn"] {
                let expected = if bucket == denied {
                    "ExplicitDeny"
                } else {
                    "Allow"
                };
                let object = format!("arn:aws:s3:::{bucket}/x");
                let object = (&object[..], ACCOUNT);
                let decision = ask_resolved(&directory, caller, "s3:GetObject", object);
                assert_eq!(decision, expected, "{caller} {bucket}");
            }
        }
    }
}

/// A question about all principals asks a policy once, unless it looks at what differs between them.
#[test]
fn each_key_of_a_caller_differs_between_callers() {
    let is = |key: &str, value: &str| json!({"StringEquals": {key: value}});
    let path = "o-example1/r-exam/";
    // With how many of the callers they hold for.
    let conditions = [
        (is("aws:userid", "AIDAANN"), 1),
        (
            is("aws:PrincipalArn", "arn:aws:iam::111122223333:user/bob"),
            1,
        ),
        (
            is("aws:PrincipalArn", "arn:aws:iam::111122223333:role/ops"),
            1,
        ),
        (is("aws:username", "ann"), 1),
        (is("aws:PrincipalType", "User"), 4),
        (is("aws:PrincipalType", "AssumedRole"), 1),
        (is("aws:PrincipalTag/team", "red"), 2),
        (
            json!({"StringEquals": {"aws:PrincipalTag/team": "red", "aws:PrincipalTag/stage": "test"}}),
            2,
        ),
        (is("aws:PrincipalAccount", "444455556666"), 1),
        (is("aws:PrincipalOrgID", "o-example1"), 4),
        (
            json!({"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": path}}),
            4,
        ),
    ];
    let object = |number: usize| format!("arn:aws:s3:::b{number}/x");
    // The same policies for everybody, one for each condition.
    let deny = |(number, (condition, _)): (usize, &(Value, usize))| {
        policy(&[json!({
            "Effect": "Deny",
            "Action": "s3:GetObject",
            "Resource": object(number),
            "Condition": condition,
        })])
    };
    let policies: Vec<Value> = conditions.iter().enumerate().map(deny).collect();
    let tagged = |account: &str, name: &str, team: &str| {
        let mut user = user(&format!("arn:aws:iam::{account}:user/{name}"), &policies);
        user["Tags"] = json!([
            {"Key": "team", "Value": team},
            {"Key": "stage", "Value": "test"},
        ]);
        user
    };
    let users = [("ann", "blue"), ("bob", "red"), ("eve", "red")];
    let users = users.map(|(name, team)| tagged(ACCOUNT, name, team));
    let ops = format!("arn:aws:iam::{ACCOUNT}:role/ops");
    let full = json!({"scp": ["p-FullAWSAccess"], "rcp": ["p-RCPFullAWSAccess"]});
    let directory = directory_of(&[
        (
            "one.json",
            dump(&users, &[role(&ops, &policies, &policy(&[]))]),
        ),
        (
            "other.json",
            dump(&[tagged("444455556666", "joe", "blue")], &[]),
        ),
        (
            "tree.json",
            json!({
                "organization": {"id": "o-example1", "managementAccountId": "100000000001"},
                "root": {"id": "r-exam", "policies": full, "children": [
                    {"account": "100000000001", "policies": full},
                    {"account": ACCOUNT, "policies": full},
                ]},
                "policies": {},
            }),
        ),
    ]);
    let objects: Vec<String> = (0..conditions.len()).map(object).collect();
    let queries: Vec<AccessQuery<'_>> = objects
        .iter()
        .map(|object| AccessQuery {
            action: "s3:GetObject",
            resource: object,
            resource_account: None,
            context: &[],
        })
        .collect();
    let mut denied = vec![0; conditions.len()];
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
    assert_eq!(denied, conditions.map(|(_, count)| count));
}

/// Some callers have the policies of a user and are not known by the user's names alone.
#[test]
fn callers_with_names_of_their_own() {
    let ann = format!("arn:aws:iam::{ACCOUNT}:user/ann");
    let session = format!("arn:aws:sts::{ACCOUNT}:federated-user/f");
    let queue = |name: &str| format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:{name}");
    let denying = |name: &str, principal: &str| {
        json!({"arn": queue(name), "account": ACCOUNT, "policy": policy(&[json!({
            "Effect": "Deny",
            "Principal": {"AWS": principal},
            "Action": "sqs:*",
            "Resource": "*",
        })])})
    };
    let directory = directory_of(&[
        ("account.json", dump(&[user(&ann, &[all()])], &[])),
        ("session.json", denying("session", &session)),
        ("other.json", denying("other", "AIDAOTHER")),
    ]);
    // By the session's ARN (EVAL-25), and by an id that only the request knows (GRAM-40).
    let session = json!({"arn": session, "federatedBy": ann});
    let other = json!({"arn": ann, "userId": "AIDAOTHER"});
    for (caller, denied) in [(session, "session"), (other, "other"), (json!(ann), "none")] {
        for name in ["session", "other"] {
            let request = json!({
                "principal": caller,
                "action": "sqs:SendMessage",
                "resource": queue(name),
            });
            let decision = ask(&directory, &request.to_string());
            let is_denied = decision == "ExplicitDeny";
            assert_eq!(is_denied, name == denied, "{caller} {name}: {decision}");
        }
    }
}

/// Only a session of AssumeRoot brings its policies (`EVAL-50`, `STS-6`).
#[test]
fn policies_of_a_caller_whom_the_directory_knows_are_refused() {
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/ann");
    let directory = directory_of(&[("account.json", dump(&[user(&arn, &[all()])], &[]))]);
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let task = json!({"Effect": "Allow", "Action": "s3:DeleteBucketPolicy", "Resource": "*"});
    let task = [policy(&[task])];
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
                decision.contains("`identity` is for other accounts"),
                "{request}: {decision}"
            );
        } else {
            assert_eq!(decision, "Allow", "{request}");
        }
    }
}

/// Names are unique without regard to case, and policies name callers with regard to it: a caller in another
/// spelling is nobody, or a Deny that names it would not bite (`QUO-21`).
#[test]
fn a_caller_is_spelled_as_it_is() {
    let dump = support::dump(
        &[support::user("arn:aws:iam::111122223333:user/Ann", &[])],
        &[support::role(
            "arn:aws:iam::111122223333:role/Deploy",
            &[],
            &support::policy(&[]),
        )],
    );
    let directory = support::directory_of(&[("dump.json", dump)]);
    let ask = |principal: &Value| {
        let request = json!({"principal": principal, "action": "s3:GetObject", "resource": "*"});
        support::ask(&directory, &request.to_string())
    };
    let maker = |name: &str| {
        json!({"arn": "arn:aws:sts::111122223333:federated-user/f",
            "federatedBy": format!("arn:aws:iam::111122223333:user/{name}")})
    };
    let of = |last: &str| json!(format!("arn:aws:iam::111122223333:{last}"));
    let session = |last: &str| json!(format!("arn:aws:sts::111122223333:assumed-role/{last}/s"));
    for (right, wrong) in [
        (of("user/Ann"), of("user/ann")),
        (of("role/Deploy"), of("role/deploy")),
        (session("Deploy"), session("deploy")),
        (maker("Ann"), maker("ann")),
    ] {
        assert_eq!(ask(&right), "ImplicitDeny", "{right}");
        let found = ask(&wrong);
        assert!(found.contains("has no"), "{wrong}: {found}");
    }
}

/// A text that is no action of a request is refused by every way in: what allows by a pattern would match it, and what
/// denies by the name would not (`GRAM-18`, `MATCH-10`).
#[test]
fn what_is_no_action_is_refused() {
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/ann");
    let deny = json!({"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"});
    let user = user(&arn, &[all(), policy(&[deny])]);
    let mut directory = directory_of(&[("dump.json", dump(&[user], &[]))]);
    let ann = Caller::from_arn(&arn).unwrap();
    let arena = Bump::new();
    let mut engine = Engine::new();
    let wrong = [
        "",
        "s3",
        "s3:",
        ":GetObject",
        "*",
        "s3:*",
        "s3:Get?bject",
        "s3:GetObject ",
        " s3:GetObject",
        "s3:GetObject\n",
        "s3:Get:Object",
        "s3:GetObject\u{a0}",
        "\u{17f}3:GetObject",
    ];
    for action in wrong {
        let request = Request::new(ann, action, "arn:aws:s3:::b/k");
        let query = AccessQuery {
            action,
            resource: request.resource,
            resource_account: None,
            context: &[],
        };
        assert!(
            directory
                .complete(&request, RequestPolicies::default(), &arena)
                .is_err(),
            "{action:?}"
        );
        assert!(engine.check(&directory, &request).is_err(), "{action:?}");
        let mut refused = 0;
        let decided = |_, outcome: Result<_, _>| refused += usize::from(outcome.is_err());
        engine.check_all(&directory, &[request], decided).unwrap();
        assert_eq!(refused, 1, "{action:?}");
        assert!(directory.action(action).is_err(), "{action:?}");
        assert!(
            directory.prepare(&["s3:PutObject", action]).is_err(),
            "{action:?}"
        );
        assert!(
            directory
                .who_can(query, 1, 1, &mut |_| panic!("somebody"))
                .is_err(),
            "{action:?}"
        );
        assert!(
            directory
                .matrix(&[query], 1, &mut |_, _| panic!("somebody"))
                .is_err(),
            "{action:?}"
        );
        let named = [action.to_string()];
        assert!(
            directory
                .what_can(&request.principal, query, &named)
                .is_err(),
            "{action:?}"
        );
    }
    for (action, decision) in [
        ("S3:getobject", Decision::ExplicitDeny),
        ("s3:PutObject", Decision::Allow),
    ] {
        let request = Request::new(ann, action, "arn:aws:s3:::b/k");
        assert_eq!(
            engine.check(&directory, &request).unwrap().decision(),
            decision
        );
    }
}
