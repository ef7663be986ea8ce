//! What explanations say beside the decision, which the comparisons look at only by its outcome.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::Image;
use portcullis_testkit::{Request, World};
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
    }
}
