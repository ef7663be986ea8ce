//! Section 5.14: tricky combinations.

use portcullis_model::Caller;
use portcullis_model::Layer::{Boundary, Identity, Rcp, Resource, Scp, Session, VpcEndpoint};

use crate::build::*;

const OBJECT: Str = "arn:aws:s3:::b/k";
const QUEUE: Str = "arn:aws:sqs:eu-west-1:111122223333:q";
const TARGET: Str = "arn:aws:iam::111122223333:role/T";

fn org_rcp() -> Sets {
    let statement = deny("s3:*")
        .to(&[everyone()])
        .when("StringNotEqualsIfExists", "aws:PrincipalOrgID", &["o-1"])
        .when("BoolIfExists", "aws:PrincipalIsAWSService", &["false"]);
    sets().scp(&[&[allow("*")]]).rcp(&[statement])
}

#[test]
fn ex_5ba_to_5bc() {
    let sets = org_rcp().identity(&[allow("*")]);
    let role = ask(session(), "s3:GetObject", OBJECT);
    role.clone()
        .with("aws:PrincipalOrgID", &["o-1"])
        .is_allowed(&sets);
    role.is_denied(&sets, &[Rcp(0)]);
    let sets = org_rcp().resource(&[
        allow("*").to(&[service("cloudtrail.amazonaws.com")]),
        allow("*").to(&[everyone()]),
    ]);
    let name = "cloudtrail.amazonaws.com";
    ask(Caller::Service { name }, "s3:PutObject", OBJECT).is_allowed(&sets);
    ask(Caller::Anonymous, "s3:GetObject", OBJECT).is_denied(&sets, &[Rcp(0)]);
}

#[test]
fn ex_5bd_to_5bf() {
    let bound = sets().identity(&[allow("*")]).boundary(&[allow("s3:*")]);
    ask(ann(), "ec2:RunInstances", "*").is_refused(&bound, Boundary);
    let queue = ask(ann(), "sqs:SendMessage", QUEUE);
    queue.is_allowed(&bound.clone().resource(&[allow("sqs:*").to(&[aws(ANN)])]));
    let not_principal = [deny("sqs:*").to_all_but(&[aws(ANN), aws(A)])];
    queue.is_denied(&bound.resource(&not_principal), &[Resource]);
}

#[test]
fn ex_5bg_5bh() {
    let put = ask(session(), "s3:PutObject", OBJECT);
    let sets = sets()
        .identity(&[allow("s3:*")])
        .session(&[allow("s3:GetObject")]);
    let bucket = |entry| [allow("s3:PutObject").to(&[aws(entry)])];
    put.is_refused(&sets.clone().resource(&bucket(ROLE)), Session);
    put.is_allowed(&sets.resource(&bucket(SESSION)));
}

#[test]
fn ex_5bi() {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1";
    let sets = sets()
        .identity(&[allow("*")])
        .resource(&[allow("kms:*").to(&[aws(B)])]);
    ask(ann(), "kms:Decrypt", key).is_refused(&sets, Resource);
}

#[test]
fn ex_5bj_to_5bm() {
    let assume = ask(ann(), "sts:AssumeRole", TARGET);
    let trust =
        |entry| sets().resource(&[allow("sts:AssumeRole").to(&[aws(entry)]).without_resource()]);
    assume.is_refused(&trust(ROOT_A), Identity);
    assume.is_allowed(&trust(ANN));
    let in_b = ask(ann(), "sts:AssumeRole", "arn:aws:iam::444455556666:role/T");
    in_b.is_refused(&trust(ANN), Identity);
    in_b.is_allowed(&trust(ANN).identity(&[allow("sts:AssumeRole")]));
    let tag = ask(ann(), "sts:TagSession", TARGET);
    tag.is_refused(&trust(ANN).identity(&[allow("*")]), Resource);
    // TRUST-3: no role trusts itself by nature.
    let itself = ask(session(), "sts:AssumeRole", ROLE);
    itself.is_refused(&sets().identity(&[allow("*")]), Resource);
}

#[test]
fn ex_5bn_5bo() {
    let no_iam = sets()
        .identity(&[allow("*")])
        .scp(&[&[allow("*"), deny("iam:*")]]);
    ask(service_linked(), "iam:GetRole", "*").is_allowed(&no_iam);
    ask(session(), "iam:GetRole", "*").is_denied(&no_iam, &[Scp(0)]);
    let data_only = sets()
        .identity(&[allow("*")])
        .scp(&[&[allow("*")]])
        .scp(&[&[allow("s3:*").on(&["arn:aws:s3:::data-*"])]]);
    ask(ann(), "s3:GetObject", "arn:aws:s3:::other/k").is_refused(&data_only, Scp(1));
    ask(ann(), "s3:GetObject", "arn:aws:s3:::data-1/k").is_allowed(&data_only);
}

#[test]
fn ex_5bp() {
    let locked = sets().resource(&[deny("s3:*").to(&[everyone()])]);
    let bucket = "arn:aws:s3:::b";
    for action in [
        "s3:GetBucketPolicy",
        "s3:PutBucketPolicy",
        "S3:deletebucketpolicy",
    ] {
        ask(root(), action, bucket).is_allowed(&locked);
        ask(ann(), action, bucket).is_denied(&locked, &[Resource]);
        ask(root(), action, bucket)
            .owned_by(B)
            .is_denied(&locked, &[Resource]);
    }
    ask(root(), "s3:GetObject", OBJECT).is_denied(&locked, &[Resource]);
    // Only the bucket policy is passed over.
    let scp = locked.scp(&[&[deny("*")]]);
    ask(root(), "s3:DeleteBucketPolicy", bucket).is_denied(&scp, &[Scp(0)]);
}

#[test]
fn ex_5bq() {
    let mfa = deny("*").not_actions(&["iam:*"]).when(
        "BoolIfExists",
        "aws:MultiFactorAuthPresent",
        &["false"],
    );
    let sets = sets().identity(&[allow("*"), mfa]);
    ask(ann(), "s3:GetObject", OBJECT).is_denied(&sets, &[Identity]);
    ask(ann(), "iam:GetUser", "*").is_allowed(&sets);
}

#[test]
fn ex_5br() {
    let endpoint =
        allow("*")
            .to(&[everyone()])
            .when("StringEquals", "aws:PrincipalOrgID", &["o-1"]);
    let sets = sets().identity(&[allow("*")]).endpoint(&[endpoint]);
    ask(ann(), "sqs:SendMessage", QUEUE).is_refused(&sets, VpcEndpoint);
}

#[test]
fn ex_5bs() {
    let statement = allow("s3:*").when("StringEquals", "aws:SourceVpce", &["vpce-1"]);
    ask(ann(), "s3:GetObject", OBJECT)
        .with("aws:ViaAWSService", &["true"])
        .with("aws:CalledVia", &["athena.amazonaws.com"])
        .is_refused(&sets().identity(&[statement]), Identity);
}

#[test]
fn ex_5bt() {
    let instances = allow("ec2:RunInstances")
        .on(&["arn:aws:ec2:*:*:instance/*"])
        .when("StringLike", "ec2:InstanceType", &["t3.*"]);
    let sets = sets().identity(&[instances]);
    ask(
        ann(),
        "ec2:RunInstances",
        "arn:aws:ec2:eu-west-1:111122223333:instance/*",
    )
    .with("ec2:InstanceType", &["t3.small"])
    .is_allowed(&sets);
    ask(
        ann(),
        "ec2:RunInstances",
        "arn:aws:ec2:eu-west-1:111122223333:subnet/s-1",
    )
    .is_refused(&sets, Identity);
}

#[test]
fn trust_4_and_5_callers_of_sts() {
    let provider = "arn:aws:iam::111122223333:saml-provider/P";
    let trust = sets().scp(&[]).resource(&[
        allow("sts:AssumeRoleWithSAML").to(&[federated(provider)]),
        allow("sts:AssumeRole").to(&[service("ec2.amazonaws.com")]),
    ]);
    let unsigned = Caller::Federated { provider };
    ask(unsigned, "sts:AssumeRoleWithSAML", TARGET).is_allowed(&trust);
    ask(unsigned, "sts:AssumeRole", TARGET).is_refused(&trust, Resource);
    let name = "ec2.amazonaws.com";
    ask(Caller::Service { name }, "sts:AssumeRole", TARGET).is_allowed(&trust);
}
