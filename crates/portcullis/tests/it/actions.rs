//! What is no action or no resource of a request is allowed nothing, by whatever way it comes in (`GRAM-18`,
//! `MATCH-10`, `MATCH-28`).
use portcullis::{
    Authorizer, Caller, Decision, Outcome, PolicySet, Principal, Query, Resource, Scratch,
};

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
    let caller = Caller::from_arn(ANN).unwrap();
    let plain = portcullis_model::Request::new(caller, action, resource);
    let (own, foreign) = (here.prepare(action, &[]), there.prepare(action, &[]));
    let known = there.resolve(principal.clone());
    let queries = [
        Query::new(&principal, action, resource),
        Query::new(caller, action, &read).owner("111122223333"),
        Query::from(&plain),
        Query::at(&own, &[], &principal, resource),
        Query::at(&foreign, &[], &known, &read),
    ];
    let mut scratch = Scratch::new();
    let mut outcomes = Vec::new();
    for query in &queries {
        outcomes.push(here.decide(query));
        outcomes.push(here.decide_with(&mut scratch, query));
        outcomes.push(here.explain(query).outcome);
        outcomes.push(here.ready(&mut scratch, query).decide());
        outcomes.push(here.ready(&mut scratch, query).explain().outcome);
    }
    here.decide_many(&mut scratch, &queries, |_, outcome| outcomes.push(outcome));
    outcomes
}

fn nothing_is_decided(outcomes: Vec<Outcome>, wrong: &str) {
    for (way, outcome) in outcomes.into_iter().enumerate() {
        assert_eq!(outcome, Outcome::undecided(), "{wrong:?}, way {way}");
        assert_eq!(outcome.decision(), Decision::ImplicitDeny);
        assert_eq!(outcome.layers().count(), 0);
    }
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
        nothing_is_decided(every_way(wrong, OBJECT), wrong);
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
        nothing_is_decided(every_way("s3:PutObject", wrong), wrong);
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
