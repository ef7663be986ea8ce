//! `S3-4` and `S3-5`: public bucket policies.

use portcullis_model::Caller;
use portcullis_model::Layer::Resource;

use crate::build::*;

const OBJECT: Str = "arn:aws:s3:::b/k";

/// True if a policy with this statement is public: then it no longer serves other accounts.
fn is_public(statement: Stm) -> bool {
    let sets = sets()
        .identity(&[allow("*")])
        .resource(&[statement, allow("*").to(&[aws(A)])]);
    let request = ask(ann(), "s3:GetObject", OBJECT).owned_by(B).restricted();
    let allowed = request.run(&sets).decision.is_allow();
    assert!(
        ask(ann(), "s3:GetObject", OBJECT)
            .owned_by(B)
            .run(&sets)
            .decision
            .is_allow()
    );
    !allowed
}

fn open() -> Stm {
    allow("s3:GetObject").to(&[everyone()])
}

#[test]
fn s3_5_principals() {
    assert!(is_public(open()));
    assert!(is_public(allow("s3:GetObject").to(&[aws(B), everyone()])));
    assert!(is_public(allow("s3:GetObject").to_all_but(&[aws(B)])));
    for fixed in [
        aws(B),
        service("x.amazonaws.com"),
        canonical("c"),
        federated("p"),
    ] {
        assert!(!is_public(allow("s3:GetObject").to(&[fixed])), "{fixed:?}");
    }
    assert!(!is_public(allow("s3:GetObject").to(&[])));
}

#[test]
fn s3_5_conditions() {
    let account = "arn:aws:s3:eu-west-1:111122223333:accesspoint/p";
    for (operator, key, values, public) in [
        ("StringEquals", "aws:PrincipalOrgID", &["o-1"][..], false),
        ("StringLike", "AWS:principalorgid", &["o-1", "o-2"], false),
        ("StringEqualsIgnoreCase", "aws:SourceVpc", &["vpc-1"], false),
        (
            "ForAnyValue:StringLike",
            "aws:PrincipalOrgPaths",
            &["o-1/r/"],
            false,
        ),
        (
            "ForAllValues:StringLike",
            "aws:PrincipalOrgPaths",
            &["o-1/r/"],
            true,
        ),
        ("StringEqualsIfExists", "aws:PrincipalOrgID", &["o-1"], true),
        ("StringNotEquals", "aws:PrincipalOrgID", &["o-1"], true),
        ("StringLike", "aws:PrincipalOrgID", &["o-*"], true),
        ("StringLike", "aws:PrincipalOrgID", &["o-1", "o-?"], true),
        (
            "StringEquals",
            "aws:PrincipalOrgID",
            &["${aws:PrincipalOrgID}"],
            true,
        ),
        ("StringEquals", "aws:userid", &["AROAX:*"], true),
        ("StringEquals", "aws:userid", &["AROAX:s"], false),
        ("StringEquals", "aws:Referer", &["x"], true),
        ("StringEquals", "s3:x-amz-acl", &["x"], true),
        ("Bool", "aws:SourceAccount", &["true"], true),
        ("Null", "aws:SourceAccount", &["false"], true),
        ("NumericEquals", "aws:SourceAccount", &["1"], true),
        (
            "ArnEquals",
            "aws:SourceArn",
            &["arn:aws:sns:eu-west-1:111122223333:t"],
            false,
        ),
        (
            "ArnLike",
            "aws:PrincipalArn",
            &["arn:aws:iam::111122223333:role/*"],
            true,
        ),
        ("IpAddress", "aws:SourceIp", &["203.0.113.0/24"], false),
        (
            "IpAddress",
            "aws:SourceIp",
            &["11.0.0.0/8", "2001:db8::/32"],
            false,
        ),
        ("IpAddress", "aws:SourceIp", &["12.0.0.0/7"], true),
        ("IpAddress", "aws:SourceIp", &["2001:db8::/31"], true),
        ("IpAddress", "aws:SourceIp", &["10.1.0.0/16"], true),
        ("IpAddress", "aws:SourceIp", &["172.16.0.0/12"], true),
        ("IpAddress", "aws:SourceIp", &["172.0.0.0/8"], false),
        ("IpAddress", "aws:SourceIp", &["172.16.0.0/8"], false),
        ("IpAddress", "aws:SourceIp", &["nonsense"], true),
        ("NotIpAddress", "aws:SourceIp", &["203.0.113.0/24"], true),
        ("StringEquals", "s3:DataAccessPointAccount", &[A], false),
        ("ArnLike", "s3:DataAccessPointArn", &[account], false),
        (
            "ArnLike",
            "s3:DataAccessPointArn",
            &["arn:aws:s3:eu-west-1:111122223333:*"],
            false,
        ),
        (
            "ArnLike",
            "s3:DataAccessPointArn",
            &["arn:aws:s3:eu-west-1:*:accesspoint/p"],
            true,
        ),
        (
            "ArnLike",
            "s3:DataAccessPointArn",
            &["arn:aws:s3:*:111122223333:accesspoint/p"],
            true,
        ),
        (
            "ArnLike",
            "s3:DataAccessPointArn",
            &["arn:aws:s3:eu-west-1::accesspoint/*"],
            true,
        ),
        (
            "ArnLike",
            "s3:DataAccessPointArn",
            &["arn:aws:s3:eu-west-1:111122223333:${x}"],
            true,
        ),
    ] {
        let statement = open().when(operator, key, values);
        assert_eq!(is_public(statement), public, "{operator} {key} {values:?}");
    }
    let both = open().when("Bool", "aws:SecureTransport", &["true"]).when(
        "StringEquals",
        "aws:SourceVpc",
        &["vpc-1"],
    );
    assert!(!is_public(both));
    assert!(!is_public(deny("sqs:*").to(&[everyone()])));
}

#[test]
fn s3_4_who_is_shut_out() {
    let policy = [
        open(),
        allow("s3:GetObject").to(&[service("x.amazonaws.com")]),
    ];
    let open = sets().identity(&[allow("*")]).resource(&policy);
    let object = |caller| ask(caller, "s3:GetObject", OBJECT).owned_by(B).restricted();
    object(ann()).is_refused(&open, Resource);
    object(Caller::Anonymous).is_refused(&open, Resource);
    object(Caller::CanonicalUser { id: "c" }).is_refused(&open, Resource);
    object(Caller::Service {
        name: "x.amazonaws.com",
    })
    .is_allowed(&open);
    let by_policy_alone = sets().resource(&policy);
    object(ann()).owned_by(A).is_allowed(&by_policy_alone);
    let anyone = [allow("*").to(&[everyone()])];
    let other = ask(
        ann(),
        "sqs:SendMessage",
        "arn:aws:sqs:eu-west-1:444455556666:q",
    );
    other
        .restricted()
        .is_allowed(&sets().identity(&[allow("*")]).resource(&anyone));
    // EVAL-75: what is granted outside the policy stands.
    object(Caller::Anonymous)
        .granted_outside()
        .is_allowed(&open);
}
