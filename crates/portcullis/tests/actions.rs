//! What is no action of a request is allowed nothing, by whatever way it comes in (`GRAM-18`, `MATCH-10`).
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use portcullis::{Authorizer, Decision, PolicySet, Principal, Resource, Target};

/// Allows by a pattern what another statement denies by its name.
const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "*", "Resource": "*"},
    {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}]}"#;
const ANN: &str = "arn:aws:iam::111122223333:user/ann";
const OBJECT: &str = "arn:aws:s3:::b/k";

#[test]
fn what_is_no_action_is_allowed_nothing() {
    let image = || PolicySet::new().identity("p", POLICY).compile().unwrap();
    let (here, there) = (Authorizer::new([image()]), Authorizer::new([image()]));
    let principal = Principal::from_arn(ANN).unwrap();
    let resource = Resource::read(OBJECT);
    let target = Target {
        resource: (&resource).into(),
        account: Some("111122223333"),
        restrict_public_buckets: false,
        external_grant: false,
    };
    let every_way = |action: &str| {
        let mut outcomes = vec![here.check(ANN, action, OBJECT, &[]).unwrap()];
        outcomes.push(here.explain(ANN, action, OBJECT, &[]).unwrap().outcome);
        let mut request = here.request();
        outcomes.push(request.fill(&principal, action, &target, &[]).decide());
        let plain = portcullis_model::Request::new(
            portcullis_model::Caller::from_arn(ANN).unwrap(),
            action,
            OBJECT,
        );
        outcomes.push(request.fill_from(&plain).decide());
        // Resolved here and elsewhere.
        for authorizer in [&here, &there] {
            request.begin(&authorizer.action(action));
            let known = here.principal(principal.clone());
            outcomes.push(request.finish(&known, &target).decide());
        }
        outcomes
    };
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
        for (way, outcome) in every_way(wrong).into_iter().enumerate() {
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
        for outcome in every_way(right) {
            assert_eq!(outcome.decision(), decision, "{right}");
        }
    }
}
