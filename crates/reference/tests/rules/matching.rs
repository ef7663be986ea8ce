//! Section 2: actions and resources.

use portcullis_model::PolicyKind;

use crate::build::*;

fn matches_as(kind: PolicyKind, entry: Str, resource: Str) -> bool {
    // An SCP or boundary filters; a resource policy grants to everyone.
    let document = [allow("*").on(&[entry])];
    let request = ask(ann(), "x:Do", resource).owned_by(A);
    let sets = match kind {
        PolicyKind::Identity => sets().identity(&document),
        PolicyKind::Boundary => sets().identity(&[allow("*")]).boundary(&document),
        PolicyKind::Session => {
            let sets = sets().identity(&[allow("*")]).session(&document);
            let request = ask(session(), "x:Do", resource).owned_by(A);
            return request.run(&sets).decision.is_allow();
        }
        PolicyKind::Scp => sets().identity(&[allow("*")]).scp(&[&document]),
        PolicyKind::Rcp => {
            let sets = sets()
                .identity(&[allow("*")])
                .rcp(&[deny("*").on(&[entry]).to(&[everyone()])]);
            let request = ask(ann(), "s3:Do", resource).owned_by(A);
            return !request.run(&sets).decision.is_allow();
        }
        PolicyKind::VpcEndpoint => sets()
            .identity(&[allow("*")])
            .endpoint(&[document[0].to(&[everyone()])]),
        PolicyKind::Resource | PolicyKind::Trust => {
            sets().resource(&[document[0].to(&[everyone()])])
        }
    };
    request.run(&sets).decision.is_allow()
}

fn matches(entry: Str, resource: Str) -> bool {
    matches_as(PolicyKind::Identity, entry, resource)
}

#[test]
fn ex_2a_to_2c() {
    let entry = "arn:aws:s3:::bkt/*/test/*";
    for resource in [
        "arn:aws:s3:::bkt/1/test/object.jpg",
        "arn:aws:s3:::bkt/1/2/test/3/object.jpg",
        "arn:aws:s3:::bkt/1/test/3/object.jpg",
        "arn:aws:s3:::bkt/1///test///object.jpg",
        "arn:aws:s3:::bkt//test/object.jpg",
        "arn:aws:s3:::bkt/1/test/.jpg",
        "arn:aws:s3:::bkt/1/test/",
    ] {
        assert!(matches(entry, resource), "{resource}");
    }
    for resource in [
        "arn:aws:s3:::bkt/1-test/object.jpg",
        "arn:aws:s3:::bkt/test/object.jpg",
        "arn:aws:s3:::bkt/1/2/test.jpg",
    ] {
        assert!(!matches(entry, resource), "{resource}");
    }
}

#[test]
fn ex_2d() {
    let entry = "arn:aws:s3:::bkt/??/*";
    for (resource, expected) in [
        ("arn:aws:s3:::bkt/ab/x", true),
        ("arn:aws:s3:::bkt/a/b/x", false),
        ("arn:aws:s3:::bkt/a/x", false),
        ("arn:aws:s3:::bkt/a//x", true),
    ] {
        assert_eq!(matches(entry, resource), expected, "{resource}");
    }
}

#[test]
fn ex_2e_to_2j() {
    for (entry, resource, expected) in [
        ("arn:aws:sqs", "arn:aws:sqs:eu-west-1:111122223333:q", true),
        (
            "arn:aws:sns:*:111122223333:t",
            "arn:aws:sns:us-east-1:111122223333:t",
            true,
        ),
        ("arn:aws:s3:::B/*", "arn:aws:s3:::b/x", false),
        (
            "arn:aws:dynamodb:*:*:table/T",
            "arn:aws:dynamodb:us-east-1:111122223333:table/T/index/i",
            false,
        ),
        (
            "arn:aws:ec2:*",
            "arn:aws:ec2:us-east-1:111122223333:instance/i-1",
            true,
        ),
        ("arn:aws:s3:::*", "*", false),
    ] {
        assert_eq!(matches(entry, resource), expected, "{entry}");
    }
}

#[test]
fn match_22_one_glob_over_the_whole_arn() {
    for (entry, resource, expected) in [
        ("arn:aws:s3*", "arn:aws:s3:::b", true), // completed: three more colons are there
        ("arn:aws:s3:::b*:", "arn:aws:s3:::b:", true),
        (
            "arn:aws:sns:*:t",
            "arn:aws:sns:us-east-1:111122223333:t",
            false,
        ),
        (
            "arn:aws:sns:*:t:*",
            "arn:aws:sns:us-east-1:111122223333:t:x",
            true,
        ),
        ("arn:*:x", "arn:aws:sns:us-east-1:111122223333:x", false),
        (
            "arn:*:*:*:*:x",
            "arn:aws:sns:us-east-1:111122223333:a:x",
            true,
        ),
    ] {
        assert_eq!(matches(entry, resource), expected, "{entry}");
    }
}

#[test]
fn match_23_and_25_completion_by_kind() {
    let queue = "arn:aws:sqs:eu-west-1:111122223333:q";
    for kind in PolicyKind::ALL {
        let completes = matches!(
            kind,
            PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Scp
        );
        assert_eq!(matches_as(kind, "arn:aws:sqs", queue), completes, "{kind}");
        assert!(matches_as(kind, "*", queue), "{kind}");
        assert!(matches_as(kind, "**", queue), "{kind}");
        let glob = matches_as(kind, "arn:aws:sqs*", queue);
        // As a glob it matches where nothing is appended; completed it needs three more colons,
        // which this resource has after `sqs`.
        assert!(glob, "{kind}");
    }
}

#[test]
fn match_26_empty_parts_are_literal() {
    assert!(!matches("arn:aws:s3:us-east-1::b", "arn:aws:s3:::b"));
    assert!(!matches("arn:aws:s3:::b", "arn:aws:s3:us-east-1::b"));
    assert!(matches("arn:aws:s3:::b", "arn:aws:s3:::b"));
}

#[test]
fn match_28_the_resource_star() {
    assert!(matches("*", "*"));
    assert!(matches("***", "*"));
    for entry in ["arn:*", "arn:*:*:*:*:*", "arn:aws:s3:::*"] {
        assert!(!matches(entry, "*"), "{entry}");
    }
}

#[test]
fn match_32_not_resource() {
    let other = ask(ann(), "s3:GetObject", "arn:aws:s3:::other/k");
    let secret = ask(ann(), "s3:GetObject", "arn:aws:s3:::secret/k");
    let statement = allow("s3:*").not_on(&["arn:aws:s3:::secret/*", "arn:aws:s3:::x"]);
    assert!(grants(statement, &other));
    assert!(!grants(statement, &secret));
    // GRAM-11.
    assert!(grants(allow("s3:*").not_on(&[]), &other));
    assert!(!grants(allow("s3:*").on(&[]), &other));
}

#[test]
fn match_34_buckets_and_objects() {
    assert!(!matches("arn:aws:s3:::b", "arn:aws:s3:::b/k"));
    assert!(matches("arn:aws:s3:::b*", "arn:aws:s3:::b/k"));
    assert!(matches("arn:aws:s3:::b*", "arn:aws:s3:::bb"));
    assert!(!matches("arn:aws:s3:::b/*", "arn:aws:s3:::b"));
    assert!(matches("arn:aws:s3:::b/*", "arn:aws:s3:::b//k"));
}

#[test]
fn match_35_names_with_suffixes() {
    let secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbC123";
    assert!(matches(
        "arn:aws:secretsmanager:*:*:secret:db-??????",
        secret
    ));
    assert!(!matches("arn:aws:secretsmanager:*:*:secret:db", secret));
    assert!(!matches(
        "arn:aws:lambda:*:*:function:f",
        "arn:aws:lambda:eu-west-1:111122223333:function:f:1"
    ));
}

#[test]
fn match_10_to_13_actions() {
    for (entry, action, expected) in [
        ("IAM:listaccesskeys", "iam:ListAccessKeys", true),
        ("iam:ListAccessKeys", "IAM:LISTACCESSKEYS", true),
        ("s3:*Object*", "s3:GetObjectAcl", true),
        ("ec2:Describe?pcs", "ec2:DescribeVpcs", true),
        ("*", "s3:GetObject", true),
        ("**", "s3:GetObject", true),
        ("*:*", "s3:GetObject", true),
        ("s*:Get*", "s3:GetObject", true),
        ("s*:Get*", "sqs:GetQueueUrl", true),
        ("s*Object", "s3:GetObject", false), // MATCH-12
        ("s3:Get", "s3:GetObject", false),
        ("s3:Get?", "s3:Get", false),
        ("s3:${*}", "s3:${a}", true), // VAR-4
    ] {
        let request = ask(ann(), action, "*");
        assert_eq!(grants(allow(entry), &request), expected, "{entry}");
        assert_eq!(
            grants(allow("*").not_actions(&[entry]), &request),
            !expected,
            "{entry}"
        );
    }
}

#[test]
fn match_10_case_is_ascii_only() {
    // The Kelvin sign folds to `k` in Unicode, but actions know ASCII only.
    let request = ask(ann(), "\u{212A}ms:Decrypt", "*");
    assert!(!grants(allow("kms:Decrypt"), &request));
}

#[test]
fn match_13_lists() {
    let request = ask(ann(), "s3:GetObject", "*");
    assert!(grants(allow("*").actions(&["ec2:*", "s3:Get*"]), &request));
    assert!(!grants(
        allow("*").not_actions(&["ec2:*", "s3:Get*"]),
        &request
    ));
    // GRAM-11.
    assert!(!grants(allow("*").actions(&[]), &request));
    assert!(grants(allow("*").not_actions(&[]), &request));
}

#[test]
fn gram_54_a_missing_resource_is_this_resource() {
    let role = "arn:aws:iam::111122223333:role/T";
    let sets = sets().resource(&[allow("sts:AssumeRole").to(&[aws(ANN)]).without_resource()]);
    ask(ann(), "sts:AssumeRole", role).is_allowed(&sets);
}

#[test]
fn eval_3_documents_and_statements_have_no_order() {
    let request = ask(ann(), "s3:GetObject", "*");
    let mut sets = sets()
        .identity(&[deny("s3:Get*"), allow("s3:*")])
        .identity(&[allow("*")]);
    let before = request.run(&sets);
    sets.0.identity.reverse();
    assert_eq!(request.run(&sets), before);
    assert!(!before.decision.is_allow());
}
