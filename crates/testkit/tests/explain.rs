//! What explanations say beside the decision, which the comparisons look at only by its outcome.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail"
)]

use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::Image;
use portcullis_testkit::{Caller, Request, World};
use portcullis_vm::{Explanation, Miss};
use serde_json::{Value, json};

fn explain(statement: Value, context: &[(&str, &[&str])]) -> Explanation {
    let document = json!({"Version": "2012-10-17", "Statement": [statement]});
    let world = World {
        identity: vec![document.to_string()],
        ..World::default()
    };
    let arena = Bump::new();
    let bytes = compile(&world.read(&arena).unwrap(), Options::default()).unwrap();
    let image = Image::from_bytes(bytes).unwrap();
    let request = Request::get_object("arn:aws:s3:::b/k", context);
    let views = || std::iter::once(image.view());
    let mut prepared = portcullis_vm::Request::new();
    request.with(|request| prepared.fill(views(), request));
    portcullis_vm::explain(views(), &prepared)
}

/// `OUT-4`: wherever a variable may stand in a condition, its key is named if the request does not have
/// it, and only then. Not so in a resource: the statement does not match.
#[test]
fn keys_of_variables_are_named_if_they_are_missing() {
    let key = "aws:principaltag/team";
    let allow = |resource: &str, condition: Value| json!({"Effect": "Allow", "Action": "s3:*", "Resource": resource, "Condition": condition});
    let with_default = "arn:aws:s3:::b/${aws:PrincipalTag/team, 'x'}";
    for (statement, is_named) in [
        (
            allow("arn:aws:s3:::b/${aws:PrincipalTag/team}*", json!({})),
            false,
        ),
        (allow(with_default, json!({})), false),
        (
            allow(
                "*",
                json!({"StringLike": {"x:k": "*${aws:PrincipalTag/team}"}}),
            ),
            true,
        ),
        (
            allow(
                "*",
                json!({"StringEqualsIgnoreCase": {"x:k": "${aws:PrincipalTag/team}"}}),
            ),
            true,
        ),
        (
            allow(
                "*",
                json!({"ArnLike": {"x:arn": "arn:aws:s3:::${aws:PrincipalTag/team}"}}),
            ),
            true,
        ),
        (
            allow("*", json!({"ArnLike": {"x:arn": ["*", "arn:aws:s3:::b"]}})),
            false,
        ),
    ] {
        let values: [(&str, &[&str]); 3] = [
            ("x:k", &["v"]),
            ("x:arn", &["arn:aws:sns:::c"]),
            ("aws:PrincipalTag/team", &["t"]),
        ];
        let without = explain(statement.clone(), &values[..2]);
        let named = |explanation: &Explanation| {
            let mut keys = explanation.missing_keys.iter();
            keys.any(|found| found.eq_ignore_ascii_case(key))
        };
        assert_eq!(named(&without), is_named, "{statement}");
        let with = explain(statement.clone(), &values);
        assert!(!named(&with), "{statement}");
    }
}

/// `OUT-3`: what is special about a condition that does not hold, and what was compared.
#[test]
fn conditions_that_do_not_hold_are_reported() {
    let several = "the key has several values, and the operator has no set qualifier";
    let unusable = "the request's value is not a valid number, date or address";
    for (operator, values, note) in [
        ("NumericEquals", &["2"][..], None),
        ("NumericEquals", &["x"], Some(unusable)),
        ("NumericEquals", &["2", "3"], Some(several)),
        ("NumericEquals", &["2", "x"], Some(several)),
        ("NumericEquals", &[], None),
        ("ForAnyValue:NumericEquals", &["2", "3"], None),
        ("ForAllValues:NumericEquals", &["2", "3"], None),
        ("ForAnyValue:NumericEquals", &["2", "x"], Some(unusable)),
        ("StringEquals", &["2", "3"], Some(several)),
        ("StringEquals", &["x"], None),
    ] {
        let statement = json!({"Sid": "S", "Effect": "Allow", "Action": "s3:*", "Resource": "*",
            "Condition": {operator: {"x:K": ["1", "4"]}}});
        let explanation = explain(statement, &[("x:k", values)]);
        let report = &explanation.layers[0].statements[0];
        assert_eq!(report.sid, "S");
        let Some(Miss::Condition(condition)) = &report.missed else {
            panic!("{operator} {values:?}: {report:?}");
        };
        assert_eq!(condition.note, note, "{operator} {values:?}");
        assert_eq!((&*condition.operator, &*condition.key), (operator, "x:K"));
        assert_eq!(condition.policy_values, ["1", "4"]);
        assert_eq!(condition.request_values, values);
        let missing: &[&str] = if values.is_empty() { &["x:K"] } else { &[] };
        assert_eq!(explanation.missing_keys, missing, "{operator} {values:?}");
    }
    // A condition that never looks at its key does not miss it.
    let never = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*",
        "Condition": {"ForAnyValue:Null": {"x:c": "true"}, "StringEquals": {"x:d": "1"}}});
    assert_eq!(explain(never, &[]).missing_keys, ["x:d"]);
}

/// `OUT-3`: assumptions and exceptions are told where they took part, and only there.
#[test]
fn notes_tell_of_assumptions_and_exceptions() {
    let owner = "arn:aws:iam::111122223333:root";
    let deny = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*",
        "Action": "s3:*", "Resource": "arn:aws:s3:::b"}]});
    let world = |with_deny: bool| World {
        resource: with_deny.then(|| deny.to_string()),
        ..World::default()
    };
    let notes = |world: &World, change: &dyn Fn(&mut Request)| {
        let arena = Bump::new();
        let bytes = compile(&world.read(&arena).unwrap(), Options::default()).unwrap();
        let image = Image::from_bytes(bytes).unwrap();
        let views = || std::iter::once(image.view());
        let mut request = Request::get_object("arn:aws:s3:::b", &[]);
        request.resource_account = Some("111122223333".into());
        change(&mut request);
        let mut prepared = portcullis_vm::Request::new();
        request.with(|request| prepared.fill(views(), request));
        portcullis_vm::explain(views(), &prepared).notes
    };
    let root = Caller::Root { arn: owner.into() };
    let no_policy = "the root user needs no identity-based policy";
    for with_deny in [false, true] {
        let world = world(with_deny);
        let none: [&str; 0] = [];
        assert_eq!(notes(&world, &|_| ()), none);
        assert_eq!(
            notes(&world, &|request| request.resource_account = None),
            ["the resource's owner is not known; it is taken to be the caller's account"]
        );
        assert_eq!(
            notes(&world, &|request| request.external_grant = true),
            ["a grant outside the policies was given with the request"]
        );
        assert_eq!(
            notes(&world, &|request| request.action =
                "sts:GetCallerIdentity".into()),
            ["the action needs no permission: no policy can deny it"]
        );
        assert_eq!(
            notes(&world, &|request| request.caller = root.clone()),
            [no_policy]
        );
        assert_eq!(
            notes(&world, &|request| {
                request.caller = root.clone();
                request.action = "s3:PutBucketPolicy".into();
            }),
            [
                no_policy,
                "the owner's root user may always manage the bucket policy"
            ]
        );
    }
}
