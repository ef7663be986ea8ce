//! A role stands for its sessions, of which it is not known what they are called, who vouched for them and which tags they were
//! issued with.

use portcullis_directory::Directory;
use portcullis_findings::{Can, Selection, who_can};
use serde_json::{Value, json};

use crate::answers::{can, directory};
use crate::paths::{arn, role, trusts, user};

const BUCKET: &str = "arn:aws:s3:::b/k";

/// A statement with a condition on a tag of the caller.
fn tagged(operator: &str, value: &str) -> Value {
    json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
        "Condition": {operator: {"aws:PrincipalTag/team": value}}})
}

/// A tag of a user is known. Those of a role are what its sessions have if they are issued without tags of that name.
#[test]
fn tags_of_sessions_take_the_place_of_those_of_roles() {
    let trust = [trusts(json!({"Service": "ec2.amazonaws.com"}))];
    let tags = json!([{"Key": "team", "Value": "a"}]);
    let ask = |statement: Value| {
        let statements = std::slice::from_ref(&statement);
        let mut own = [
            user("u", statements, &[], &[]),
            role("R", statements, &trust, &[]),
        ];
        for one in &mut own {
            one["Tags"] = tags.clone();
        }
        let (_folder, directory) = directory(&own[..1], &own[1..], &[]);
        ["user/u", "role/R"].map(|who| can(&directory, &arn(who), "s3:GetObject", BUCKET))
    };
    let [of_user, of_role] = ask(tagged("StringEquals", "a"));
    assert!(matches!(&of_user, Can::Yes(own) if own.unless.is_empty()));
    assert!(matches!(&of_role, Can::Yes(own) if own.unless[0].0 == "aws:PrincipalTag/team"));
    let [of_user, of_role] = ask(tagged("StringEquals", "b"));
    assert_eq!(of_user, Can::No);
    let Can::If(shown) = of_role else {
        panic!("{of_role:?}");
    };
    let keys = vec![("aws:PrincipalTag/team".to_owned(), vec!["b".to_owned()])];
    assert_eq!(
        shown.iter().map(|own| own.keys.clone()).collect::<Vec<_>>(),
        [keys]
    );
    // Another value takes the place of a tag; nothing takes it away.
    for own in ask(tagged("Null", "true")) {
        assert_eq!(own, Can::No);
    }
    for own in ask(tagged("Null", "false")) {
        assert!(
            matches!(&own, Can::Yes(own) if own.unless.is_empty()),
            "{own:?}"
        );
    }
}

/// `EVAL-22`, `EVAL-29`: an image tells what a policy asks of a session too, in place of a no.
#[test]
fn images_say_that_policies_name_sessions_and_providers() {
    let trust = [trusts(json!({"Service": "ec2.amazonaws.com"}))];
    let session = arn("assumed-role/R/ann").replace(":iam:", ":sts:");
    let principals = [
        (
            json!({"Federated": "cognito-identity.amazonaws.com"}),
            Some("aws:FederatedProvider"),
        ),
        (json!({"AWS": session}), Some("the name of the session")),
        (json!({"AWS": arn("role/Other")}), None),
    ];
    for (principal, reason) in principals {
        let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": principal,
            "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}});
        let bucket = json!({"arn": "arn:aws:s3:::b", "account": "111122223333", "policy": policy});
        let (_folder, loaded) = directory(
            &[user("u", &[], &[], &[])],
            &[role("R", &[], &trust, &[])],
            &[bucket],
        );
        let image = Directory::from_bytes(&loaded.to_bytes().unwrap()).unwrap();
        assert!(!image.has_documents());
        assert_eq!(can(&image, &arn("user/u"), "s3:GetObject", BUCKET), Can::No);
        match (can(&image, &arn("role/R"), "s3:GetObject", BUCKET), reason) {
            (Can::Unknown(reasons), Some(reason)) => {
                assert!(reasons[0].contains(reason), "{reasons:?}")
            }
            (found, None) => assert_eq!(found, Can::No),
            (found, _) => panic!("{found:?}"),
        }
        // The folder has the answer.
        let asked = (&Selection::of(["s3:GetObject"]), &Selection::of([BUCKET]));
        let ways = who_can(&loaded, (&[], None), asked, 0, 1);
        assert_eq!(ways.len(), usize::from(reason.is_some()), "{ways:?}");
    }
}
