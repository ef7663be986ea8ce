//! Derived keys (`KEY-5`) and what a request can switch off.

use portcullis_model::Caller;

use crate::build::*;

/// The single value of a key in the context of a request; `None` if it is absent.
fn is(request: &Ask, key: Str, expected: Option<Str>) -> bool {
    let statement = match expected {
        Some(value) => deny("*").when("StringEquals", key, &[value]),
        None => deny("*").when("Null", key, &["true"]),
    };
    // Seen by every caller: the resource policy.
    let sets = sets().resource(&[statement.to(&[everyone()])]);
    request.run(&sets).decision == portcullis_model::Decision::ExplicitDeny
}

#[test]
fn key_5_by_caller() {
    let by = |caller| ask(caller, "s3:GetObject", "arn:aws:s3:::b/k");
    let keys = [
        "aws:PrincipalArn",
        "aws:PrincipalAccount",
        "aws:PrincipalType",
        "aws:userid",
        "aws:username",
        "aws:PrincipalIsAWSService",
        "aws:PrincipalServiceName",
        "aws:ResourceAccount",
    ];
    let account = Some(A);
    let (yes, no) = (Some("true"), Some("false"));
    let anonymous = Some("anonymous");
    let service = "x.amazonaws.com";
    for (request, values) in [
        (
            by(root()),
            [
                Some(ROOT_A),
                account,
                Some("Account"),
                account,
                None,
                no,
                None,
                None,
            ],
        ),
        (
            by(ann()),
            [
                Some(ANN),
                account,
                Some("User"),
                None,
                Some("ann"),
                no,
                None,
                None,
            ],
        ),
        (
            by(ann()).user_id("AIDAX").owned_by(B),
            [
                Some(ANN),
                account,
                Some("User"),
                Some("AIDAX"),
                Some("ann"),
                no,
                None,
                Some(B),
            ],
        ),
        (
            by(session()),
            [
                Some(ROLE),
                account,
                Some("AssumedRole"),
                None,
                None,
                no,
                None,
                None,
            ],
        ),
        (
            by(service_linked()).user_id("AROAX:s"),
            [
                Some(ROLE),
                account,
                Some("AssumedRole"),
                Some("AROAX:s"),
                None,
                no,
                None,
                None,
            ],
        ),
        (
            by(fay(None)),
            [
                Some(FED),
                account,
                Some("FederatedUser"),
                Some("111122223333:Fay"),
                None,
                no,
                None,
                None,
            ],
        ),
        (
            by(Caller::Anonymous),
            [
                None,
                anonymous,
                Some("Anonymous"),
                anonymous,
                None,
                None,
                None,
                None,
            ],
        ),
        (
            by(Caller::Service { name: service }),
            [None, None, None, None, None, yes, Some(service), None],
        ),
        (by(Caller::Federated { provider: "p" }), [None; 8]),
        (
            by(Caller::CanonicalUser { id: "c" }),
            [None, None, None, None, None, no, None, None],
        ),
    ] {
        for (key, value) in keys.into_iter().zip(values) {
            assert!(is(&request, key, value), "{request:?} {key} {value:?}");
        }
        // KEY-2: nothing else is made up.
        for key in [
            "aws:CurrentTime",
            "aws:EpochTime",
            "aws:RequestedRegion",
            "aws:ViaAWSService",
        ] {
            assert!(is(&request, key, None), "{key}");
        }
    }
}

#[test]
fn eval_12_resource_account() {
    let key = "aws:ResourceAccount";
    let mut request = ask(
        ann(),
        "sqs:SendMessage",
        "arn:aws:sqs:eu-west-1:444455556666:q",
    );
    assert!(is(&request, key, Some(B)));
    assert!(is(&request.clone().owned_by(A), key, Some(A)));
    for resource in [
        "*",
        "arn:aws:s3:::b",
        "arn:aws:iam::aws:policy/x",
        "arn:aws:sqs:r:4444:q",
    ] {
        request.resource = resource;
        assert!(is(&request, key, None), "{resource}");
    }
    assert!(is(&request.owned_by(B), key, Some(B)));
}

#[test]
fn key_2_the_context_wins() {
    let request = ask(ann(), "s3:GetObject", "arn:aws:s3:::b/k");
    let key = "aws:PrincipalArn";
    let given = request.clone().with("AWS:PRINCIPALARN", &["x"]);
    assert!(is(&given, key, Some("x")));
    assert!(!is(&given, key, Some(ANN)));
    assert!(is(
        &request.clone().with("aws:principalarn", &[]),
        key,
        None
    ));
    // Who the caller is does not depend on it.
    let sets = sets().resource(&[allow("*").to(&[aws(ANN)])]);
    given.is_allowed(&sets);
}
