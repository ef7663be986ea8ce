//! What is no action or no resource of a request is allowed nothing, by whatever way it comes in (`GRAM-18`,
//! `MATCH-10`, `MATCH-28`).
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use portcullis::{Authorizer, Decision, Outcome, PolicySet, Principal, Resource, Target};

/// Allows by a pattern what another statement denies by its name.
const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "*", "Resource": "*"},
    {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"},
    {"Effect": "Deny", "Action": "*", "Resource": "arn:aws:s3:::secret/*"}]}"#;
const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const OBJECT: &str = "arn:aws:s3:::b/k";

/// What is decided by every way through the facade.
fn every_way(action: &str, resource: &str) -> Vec<Outcome> {
    let image = || PolicySet::new().identity("p", POLICY).compile().unwrap();
    let (here, there) = (Authorizer::new([image()]), Authorizer::new([image()]));
    let principal = Principal::from_arn(ANN).unwrap();
    let read = Resource::read(resource);
    let target = Target {
        resource: (&read).into(),
        account: Some("111122223333"),
        restrict_public_buckets: false,
        external_grant: false,
    };
    let mut outcomes = vec![here.check(ANN, action, resource, &[]).unwrap()];
    outcomes.push(here.explain(ANN, action, resource, &[]).unwrap().outcome);
    let mut request = here.request();
    // What it was before must not be decided instead.
    let before = Target::new(OBJECT);
    request.fill(&principal, "s3:PutObject", &before, &[]);
    outcomes.push(request.fill(&principal, action, &target, &[]).decide());
    let caller = portcullis_model::Caller::from_arn(ANN).unwrap();
    let plain = portcullis_model::Request::new(caller, action, resource);
    outcomes.push(request.fill_from(&plain).decide());
    // Resolved here and elsewhere.
    for authorizer in [&here, &there] {
        let known = here.principal(principal.clone());
        request
            .begin(&authorizer.action(action))
            .finish(&known, &before);
        outcomes.push(request.finish(&known, &target).decide());
    }
    outcomes
}

#[test]
fn what_is_no_action_is_allowed_nothing() {
    for wrong in [
        "",
        "s3",
        ":",
        "s3:",
        ":GetObject",
        "*",
        "s3:*",
        "s3:Get?bject",
        "s3:GetObject ",
        " s3:GetObject",
        "s3:GetObject\n",
        "s3:GetObject\0",
        "s3: GetObject",
        "s3:Get:Object",
        "s3:GetObject\u{a0}",
        "\u{17f}3:GetObject",
        "s3\u{ff1a}GetObject",
    ] {
        for (way, outcome) in every_way(wrong, OBJECT).into_iter().enumerate() {
            assert_eq!(
                outcome.decision(),
                Decision::ImplicitDeny,
                "{wrong:?}, way {way}"
            );
            assert_eq!(outcome.layers().count(), 0, "{wrong:?}, way {way}");
        }
    }
    for (right, decision) in [
        ("s3:GetObject", Decision::ExplicitDeny),
        ("S3:getobject", Decision::ExplicitDeny),
        ("s3:PutObject", Decision::Allow),
    ] {
        for outcome in every_way(right, OBJECT) {
            assert_eq!(outcome.decision(), decision, "{right}");
        }
    }
}

#[test]
fn what_is_no_resource_is_allowed_nothing() {
    for wrong in [
        "",
        "secret/k",
        "s3://secret/k",
        " arn:aws:s3:::secret/k",
        "ARN:aws:s3:::secret/k",
        "**",
        "urn:x",
    ] {
        for (way, outcome) in every_way("s3:PutObject", wrong).into_iter().enumerate() {
            assert_eq!(
                outcome.decision(),
                Decision::ImplicitDeny,
                "{wrong:?}, way {way}"
            );
            assert_eq!(outcome.layers().count(), 0, "{wrong:?}, way {way}");
        }
    }
    for (right, decision) in [
        ("arn:aws:s3:::secret/k", Decision::ExplicitDeny),
        (OBJECT, Decision::Allow),
        ("*", Decision::Allow),
    ] {
        for outcome in every_way("s3:PutObject", right) {
            assert_eq!(outcome.decision(), decision, "{right}");
        }
    }
}
