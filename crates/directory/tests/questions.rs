//! Questions over a whole directory.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod support;

use portcullis_directory::{Outsider, Query, Scope};
use portcullis_model::{Caller, Decision, Principal};
use serde_json::{Value, json};
use support::{directory_of, dump, policy, role, user};

/// Who can assume a role with this statement in its trust policy.
fn outsiders(partition: &str, mut statement: Value) -> Vec<Outsider> {
    statement["Action"] = json!("sts:*");
    let arn = format!("arn:{partition}:iam::111122223333:role/R");
    let directory = directory_of(&[(
        "dump.json",
        dump(&[], &[role(&arn, &[], &policy(&[statement]))]),
    )]);
    let mut found = Vec::new();
    directory
        .outsiders(&[], &mut |one| found.push(one))
        .unwrap();
    assert!(found.iter().all(|one| one.role == arn));
    found
}

fn told(partition: &str, statement: Value) -> Vec<(String, Scope, Option<Decision>)> {
    let found = outsiders(partition, statement).into_iter();
    found
        .map(|one| (one.who, one.scope, one.decision))
        .collect()
}

#[test]
fn everyone_whom_a_trust_policy_names_from_outside() {
    for partition in ["aws", "aws-cn", "aws-us-gov"] {
        let other = |rest: &str| format!("arn:{partition}:iam::444455556666:{rest}");
        let session = format!("arn:{partition}:sts::444455556666:assumed-role/App/s");
        let own = format!("arn:{partition}:iam::111122223333:user/ann");
        let saml = format!("arn:{partition}:iam::111122223333:saml-provider/P");
        let allow = Some(Decision::Allow);
        for (principal, expected) in [
            (json!("*"), vec![("*".to_string(), Scope::Everyone, allow)]),
            (
                json!({"AWS": "444455556666"}),
                vec![("444455556666".to_string(), Scope::Organization, allow)],
            ),
            (
                json!({"AWS": [other("root"), own, other("user/eve")]}),
                vec![
                    (other("root"), Scope::Organization, allow),
                    (other("user/eve"), Scope::Organization, allow),
                ],
            ),
            (
                json!({"AWS": session}),
                vec![(session, Scope::Organization, allow)],
            ),
            (
                json!({"Federated": saml}),
                vec![(saml, Scope::Federation, allow)],
            ),
            (
                json!({"AWS": "AROAEXAMPLE000000001"}),
                vec![(
                    "AROAEXAMPLE000000001".to_string(),
                    Scope::Organization,
                    None,
                )],
            ),
            (json!({"Service": "ec2.amazonaws.com"}), vec![]),
            (json!({"AWS": "111122223333"}), vec![]),
        ] {
            let mut found = told(
                partition,
                json!({"Effect": "Allow", "Principal": principal}),
            );
            found.sort_by(|one, other| one.0.cmp(&other.0));
            assert_eq!(found, expected, "{partition} {principal}");
        }
    }
}

/// Who is named there is the one who may not.
#[test]
fn all_but_a_few_are_everyone() {
    let but = json!({"AWS": "444455556666"});
    let found = told("aws", json!({"Effect": "Allow", "NotPrincipal": but}));
    assert_eq!(
        found,
        [("*".to_string(), Scope::Everyone, Some(Decision::Allow))]
    );
    assert_eq!(told("aws", json!({"Effect": "Deny", "Principal": but})), []);
}

#[test]
fn a_condition_is_told_by_its_key() {
    let condition = json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}});
    let statement = json!({"Effect": "Allow", "Principal": "*", "Condition": condition});
    let found = outsiders("aws", statement);
    let [one] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(one.decision, Some(Decision::ImplicitDeny));
    assert_eq!(one.missing_keys, ["aws:principalorgid"]);
}

/// What the user may do to a bucket, and what is an exception to that.
fn what_can(statements: &[Value], resource: &str) -> Vec<(String, Decision, bool)> {
    let ann = "arn:aws:iam::111122223333:user/ann";
    let directory = directory_of(&[("dump.json", dump(&[user(ann, &[policy(statements)])], &[]))]);
    let caller = Principal {
        caller: Caller::from_arn(ann).unwrap(),
        user_id: None,
        management_account: false,
    };
    let query = Query {
        action: "",
        resource,
        resource_account: None,
        context: &[],
    };
    let found = directory.what_can(&caller, query, &[]).unwrap().into_iter();
    found
        .map(|one| (one.action, one.decision, one.is_exception))
        .collect()
}

#[test]
fn what_is_not_named_is_allowed_by_not_action() {
    let but =
        |effect: &str, not: &[&str]| json!({"Effect": effect, "NotAction": not, "Resource": "*"});
    let allow = |action: &str| (action.to_string(), Decision::Allow, false);
    let refused = |action: &str, decision: Decision| (action.to_string(), decision, true);
    let bucket = "arn:aws:s3:::b";
    assert_eq!(
        what_can(&[but("Allow", &["iam:*"])], bucket),
        [allow("s3:*")]
    );
    assert_eq!(
        what_can(&[but("Allow", &["iam:*", "s3:PutObject"])], bucket),
        [
            allow("s3:*"),
            refused("s3:PutObject", Decision::ImplicitDeny)
        ]
    );
    assert_eq!(
        what_can(&[but("Allow", &["iam:*"])], "*"),
        [allow("*:*"), refused("iam:*", Decision::ImplicitDeny)]
    );
    let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    assert_eq!(
        what_can(&[all, but("Deny", &["s3:Get*"])], bucket),
        [
            ("s3:*".to_string(), Decision::ExplicitDeny, false),
            allow("s3:Get*")
        ]
    );
}
