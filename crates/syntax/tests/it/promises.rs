//! Everything that the rules and the choices promise to say of a document, each with a document that shows it.
//!
//! The list of promises is not written here: it is read from `docs/choices.md` and from the rules in `docs/spec`.
//! A promise without a row fails.

use crate::support;
use std::collections::BTreeSet;
use std::path::Path;

use bumpalo::Bump;
use portcullis_model::PolicyKind::{self, *};
use portcullis_source::json;
use portcullis_source::{Code, Diagnostic, Severity};
use portcullis_syntax::policy::{ReadOptions, check_policy};

/// All that `check` says of a text, and whether it loads.
fn check(kind: PolicyKind, text: &str) -> (bool, Vec<Diagnostic>) {
    let arena = Bump::new();
    let node = json::parse(text, &arena).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let (document, found) = check_policy(node, ReadOptions::new(kind), &arena);
    (document.is_some(), found)
}

/// A document with one statement, which allows unless the members say otherwise.
fn with(members: &str) -> String {
    let effect = match members.contains("\"Effect\"") {
        true => "",
        false => r#""Effect": "Allow", "#,
    };
    format!(r#"{{"Version": "2012-10-17", "Statement": [{{{effect}{members}}}]}}"#)
}

fn allow(condition: &str) -> String {
    with(&format!(
        r#""Action": "s3:*", "Resource": "*", "Condition": {condition}"#
    ))
}

fn deny(condition: &str) -> String {
    with(&format!(
        r#""Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {condition}"#
    ))
}

/// The same for types with principals.
fn everyone(text: String) -> String {
    text.replace(r#""Action": "#, r#""Principal": "*", "Action": "#)
}

fn resource(resource: &str) -> String {
    with(&format!(r#""Action": "s3:GetObject", {resource}"#))
}

fn trust(principal: &str, action: &str) -> String {
    with(&format!(r#""Principal": {principal}, "Action": {action}"#))
}

/// A rule or choice, the type of a document, its text, and what is said of it.
type Row = (&'static str, PolicyKind, Severity, Code, String);

#[rustfmt::skip] // a table
fn promises() -> Vec<Row> {

    use portcullis_syntax::codes::*;
    use Severity::{Error, LintError, Suggestion, Warning};
    let star = r#""Action": "s3:*", "Resource": "*""#;
    let no_version = with(star).replace(r#""Version": "2012-10-17", "#, "");
    let two_sids = |kind: &str| format!(r#"{{"Version": "2012-10-17", "Statement": [{{"Sid": "A", "Effect": "Allow", {kind}{star}}}, {{"Sid": "A", "Effect": "Allow", {kind}{star}}}]}}"#);
    let anyone = r#""Principal": "*", "#;
    vec![
        // Documents.
        ("GRAM-4", Identity, Warning, MISSING_VERSION, no_version.clone()),
        ("D1", Resource, Warning, MISSING_VERSION, everyone(no_version)),
        ("GRAM-6", Identity, Warning, UNSUPPORTED_ID, with(star).replacen('{', r#"{"Id": "x", "#, 1)),
        ("GRAM-7", Identity, LintError, UNSUPPORTED_CHARACTER, allow(r#"{"StringEquals": {"aws:username": "Ā"}}"#)),
        ("GRAM-11", Identity, Suggestion, EMPTY_ARRAY_ACTION, with(r#""Action": [], "Resource": "*""#)),
        ("GRAM-11", Identity, Suggestion, EMPTY_ARRAY_RESOURCE, resource(r#""Resource": []"#)),
        ("GRAM-11", Resource, Suggestion, EMPTY_ARRAY_PRINCIPAL, with(r#""Principal": {"AWS": []}, "Action": "s3:*", "Resource": "*""#)),
        ("GRAM-11", Resource, Suggestion, EMPTY_OBJECT_PRINCIPAL, with(r#""Principal": {}, "Action": "s3:*", "Resource": "*""#)),
        ("GRAM-11", Identity, Suggestion, EMPTY_OBJECT_CONDITION, allow("{}")),
        ("GRAM-11", Identity, Warning, EMPTY_ARRAY_ACTION, with(r#""NotAction": [], "Resource": "*""#)),
        ("D12", Identity, Warning, EMPTY_ARRAY_ACTION, with(r#""Effect": "Deny", "NotAction": [], "Resource": "*""#)),
        ("D12", Identity, Warning, EMPTY_ARRAY_RESOURCE, resource(r#""NotResource": []"#)),
        ("GRAM-13", Identity, Warning, UNSUPPORTED_SID, with(&format!(r#""Sid": "a b", {star}"#))),
        ("GRAM-17", Boundary, Warning, UNSUPPORTED_SID, with(&format!(r#""Sid": "a-b", {star}"#))),
        ("GRAM-17", Scp, Suggestion, UNSUPPORTED_SID, with(&format!(r#""Sid": "a b", {star}"#))),
        ("GRAM-17", Identity, Warning, UNIQUE_SIDS_REQUIRED, two_sids("")),
        ("GRAM-17", Resource, Warning, UNIQUE_SIDS_RECOMMENDED, two_sids(anyone)),
        ("GRAM-17", Identity, Suggestion, EMPTY_SID_VALUE, with(&format!(r#""Sid": "", {star}"#))),
        ("GRAM-18", Identity, Suggestion, WILDCARD_IN_SERVICE_NAME, with(r#""Action": "s*:Get*", "Resource": "*""#)),
        ("GRAM-18", Identity, LintError, INVALID_ACTION, with(r#""Action": ["s3:PutObject,", "s3:GetObject"], "Resource": "*""#)),
        ("GRAM-18", Identity, LintError, INVALID_ACTION, with(r#""Action": "s3:GetObject s3:PutObject", "Resource": "*""#).replace(" s3:P", " P")),
        ("GRAM-18", Scp, LintError, INVALID_ACTION, with(r#""NotAction": "s3:Get\u00a0Object", "Resource": "*""#)),
        ("GRAM-18", Identity, LintError, INVALID_ACTION, with(r#""Effect": "Deny", "Action": "s3:Get/Object", "Resource": "*""#)),
        ("GRAM-45", Resource, Warning, INVALID_PRINCIPAL_FORMAT, with(r#""Principal": {"CanonicalUser": "bob"}, "Action": "s3:*", "Resource": "*""#)),
        ("GRAM-50", Resource, Warning, ALLOW_WITH_NOT_PRINCIPAL, with(&format!(r#""NotPrincipal": {{"AWS": "111122223333"}}, {star}"#))),
        ("P5", Resource, Warning, ALLOW_WITH_NOT_PRINCIPAL, with(&format!(r#""NotPrincipal": {{"AWS": "111122223333"}}, {star}"#))),
        ("GRAM-60", Rcp, Warning, UNSUPPORTED_ACTION_IN_POLICY, everyone(deny("{}")).replace("s3:*", "ec2:*")),
        ("GRAM-62", Trust, Warning, ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL, trust(r#""*""#, r#""sts:AssumeRole""#)),
        ("GRAM-63", Trust, Warning, UNSUPPORTED_ACTION_IN_POLICY, trust(r#"{"AWS": "111122223333"}"#, r#""sts:GetCallerIdentity""#)),
        // Resources and variables.
        ("MATCH-23", Identity, Warning, MISSING_ARN_FIELD, resource(r#""Resource": "arn:aws:s3::my-bucket""#)),
        ("D9", Scp, Warning, MISSING_ARN_FIELD, resource(r#""NotResource": "arn:aws:sqs""#)),
        ("D9", Boundary, Warning, MISSING_ARN_FIELD, resource(r#""Resource": ["*", "arn:aws:s3:${aws:PrincipalAccount}"]"#)),
        ("MATCH-24", Session, Error, MISSING_ARN_FIELD, resource(r#""Resource": "arn:aws:s3:*""#)),
        ("MATCH-25", Resource, Warning, MISSING_ARN_FIELD, everyone(resource(r#""Resource": "arn:aws:s3:*""#))),
        ("MATCH-25", VpcEndpoint, Warning, MISSING_ARN_FIELD, everyone(resource(r#""Resource": "arn:aws:s3:*""#))),
        ("MATCH-27", Identity, Suggestion, INVALID_SERVICE, resource(r#""Resource": "arn:aws:s3*:::b""#)),
        ("D11", Identity, Warning, INVALID_PARTITION, resource(r#""Resource": "arn:AWS:s3:::b""#)),
        ("D11", Identity, Warning, INVALID_ARN_SERVICE_CASE, resource(r#""Resource": "arn:aws:S3:::b""#)),
        ("D11", Scp, Warning, INVALID_REGION, resource(r#""NotResource": "arn:aws:sqs:EU-west-1:111122223333:q""#)),
        ("VAR-1", Identity, Warning, UNSUPPORTED_SPACE_IN_VARIABLE, resource(r#""Resource": "arn:aws:s3:::${ aws:username }""#)),
        ("D6", Identity, Warning, UNSUPPORTED_SPACE_IN_VARIABLE, allow(r#"{"StringLike": {"s3:prefix": "${aws:username }"}}"#)),
        ("VAR-3", Identity, Warning, VARIABLE_BEFORE_FIFTH_COLON, resource(r#""Resource": "arn:aws:sqs:*:${aws:PrincipalAccount}:q""#)),
        ("D4", Scp, Warning, VARIABLE_BEFORE_FIFTH_COLON, with(r#""Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:sqs:*:${aws:PrincipalAccount}:q""#)),
        ("VAR-4", Identity, Warning, INVALID_VARIABLE_FOR_OPERATOR, allow(r#"{"IpAddress": {"aws:SourceIp": "${aws:SourceIp}"}}"#)),
        ("VAR-4", Identity, Warning, VARIABLE_UNSUPPORTED_IN_ELEMENT, with(r#""Action": "s3:${aws:username}", "Resource": "*""#)),
        ("VAR-4", Trust, Warning, VARIABLE_UNSUPPORTED_IN_ELEMENT, trust(r#"{"Federated": "arn:aws:iam::${aws:PrincipalAccount}:saml-provider/x"}"#, r#""sts:AssumeRoleWithSAML""#)),
        ("VAR-2", Identity, Warning, VARIABLE_UNSUPPORTED_IN_VERSION, resource(r#""Resource": "arn:aws:s3:::${aws:username}""#).replace("2012", "2008")),
        ("VAR-6", Identity, Warning, MISSING_QUOTE_IN_VARIABLE, resource(r#""Resource": "arn:aws:s3:::${aws:username, x}""#)),
        ("VAR-6", Identity, Warning, MISSING_BRACE_IN_VARIABLE, resource(r#""Resource": "arn:aws:s3:::${aws:username""#)),
        ("VAR-6", Identity, Warning, EMPTY_VARIABLE, resource(r#""Resource": "arn:aws:s3:::${}""#)),
        // Conditions.
        ("COND-3", Identity, Warning, NON_CANONICAL_OPERATOR, allow(r#"{"bool": {"aws:SecureTransport": "true"}}"#)),
        ("D3", Identity, Warning, NON_CANONICAL_OPERATOR, deny(r#"{"stringequals": {"aws:username": "x"}}"#)),
        ("COND-14", Identity, Warning, TYPE_MISMATCH_BOOLEAN, deny(r#"{"Null": {"aws:TokenIssueTime": "yes"}}"#)),
        ("COND-15", Identity, Warning, NULL_WITH_QUALIFIER, allow(r#"{"ForAllValues:Null": {"aws:TagKeys": "false"}}"#)),
        ("COND-21", Resource, LintError, MISSING_QUALIFIER, everyone(deny(r#"{"StringNotLike": {"aws:PrincipalOrgPaths": "o-a/*"}}"#))),
        ("COND-21", Identity, LintError, MISSING_QUALIFIER, allow(r#"{"StringEqualsIfExists": {"AWS:tagkeys": ["a"]}}"#)),
        ("COND-21", Identity, LintError, MISSING_QUALIFIER, allow(r#"{"StringEquals": {"dynamodb:LeadingKeys": ["${aws:username}"]}}"#)),
        ("COND-21", Trust, LintError, MISSING_QUALIFIER, trust(r#"{"Federated": "cognito-identity.amazonaws.com"}"#, r#""sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"cognito-identity.amazonaws.com:amr": "authenticated"}}"#)),
        ("COND-22", Identity, Warning, FORALLVALUES_WITH_SINGLE_VALUED_KEY, allow(r#"{"ForAllValues:StringEquals": {"aws:PrincipalTag/team": "a"}}"#)),
        ("COND-44", Identity, Warning, INVALID_GLOBAL_CONDITION_KEY, allow(r#"{"Bool": {"aws:SecureTransprt": "true"}}"#)),
        ("COND-44", Identity, Suggestion, INVALID_SERVICE_CONDITION_KEY, allow(r#"{"StringEquals": {"s3:prefx": "x"}}"#)),
        ("COND-44", Identity, Warning, INVALID_GLOBAL_CONDITION_KEY, resource(r#""Resource": "arn:aws:s3:::b/${aws:usrname}""#)),
        ("COND-44", Identity, Warning, INVALID_GLOBAL_CONDITION_KEY, deny(r#"{"StringNotEquals": {"s3:ExistingObjectTag/t": "${aws:PrincipalTags/t}"}}"#)),
        ("COND-44", Identity, Suggestion, INVALID_SERVICE_CONDITION_KEY, allow(r#"{"StringLike": {"aws:username": "${s3:prefx}"}}"#)),
        ("COND-46", Identity, Suggestion, EMPTY_ARRAY_CONDITION, allow(r#"{"StringEquals": {"aws:username": []}}"#)),
        ("COND-46", Identity, Suggestion, EMPTY_ARRAY_CONDITION_FORALLVALUES, allow(r#"{"ForAllValues:StringEquals": {"aws:TagKeys": []}}"#)),
        ("COND-46", Identity, Suggestion, EMPTY_ARRAY_CONDITION_FORANYVALUE, allow(r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": []}}"#)),
        ("COND-46", Identity, Suggestion, EMPTY_ARRAY_CONDITION_IFEXISTS, allow(r#"{"StringEqualsIfExists": {"aws:username": []}}"#)),
        ("C6", Identity, Suggestion, EMPTY_ARRAY_CONDITION, deny(r#"{"StringNotEquals": {"aws:username": []}}"#)),
        ("COND-47", Identity, Warning, FOREIGN_TEMPLATE, resource(r#""Resource": "arn:aws:s3:::${var.bucket}/*""#)),
        ("COND-47", Identity, Warning, FOREIGN_TEMPLATE, resource(r#""Resource": "${aws_s3_bucket.b.arn}/*""#)),
        ("COND-47", Identity, Warning, FOREIGN_TEMPLATE, resource(r#""Resource": "arn:aws:s3:::{{bucket}}/*""#)),
        ("COND-47", Identity, Warning, FOREIGN_TEMPLATE, allow(r#"{"StringEquals": {"aws:ResourceAccount": "${AWS::AccountId}"}}"#)),
        ("COND-47", Identity, Warning, FOREIGN_TEMPLATE, allow(r#"{"StringEquals": {"${local.key}": "x"}}"#)),
        ("COND-47", Identity, Warning, FOREIGN_TEMPLATE, allow(r#"{"StringEquals": {"Team": "x"}}"#)),
        ("COND-47", Resource, Warning, FOREIGN_TEMPLATE, with(r#""Principal": {"AWS": "arn:aws:iam::${Account}:root"}, "Action": "s3:*", "Resource": "*""#)),
        ("COND-47", Trust, Warning, FOREIGN_TEMPLATE, trust(r#""${var.principal}""#, r#""sts:AssumeRole""#)),
        ("COND-47", Identity, Warning, FOREIGN_TEMPLATE, with(r#""Action": "${local.action}", "Resource": "*""#)),
        ("COND-47", Identity, Warning, FOREIGN_TEMPLATE, with(r#""Sid": "%{ if x }", "Action": "s3:*", "Resource": "*""#)),
        ("COND-47", Identity, Warning, FOREIGN_TEMPLATE, resource(r#""Resource": "arn:aws:s3:::${local.x}""#).replace("2012", "2008")),
        ("COND-50", Trust, Warning, WILDCARD_WITHOUT_LIKE_OPERATOR, trust(r#"{"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}"#, r#""sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:acme/*"}}"#)),
        ("COND-50", Identity, Warning, WILDCARD_WITHOUT_LIKE_OPERATOR, deny(r#"{"StringNotEqualsIgnoreCase": {"aws:username": "a?"}}"#)),
        ("COND-53", Identity, Warning, STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS, allow(r#"{"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}"#)),
        ("COND-56", Identity, Warning, TYPE_MISMATCH_NUMBER, deny(r#"{"NumericGreaterThan": {"s3:max-keys": "ten"}}"#)),
        ("COND-61", Identity, Suggestion, EQUIVALENT_TO_NULL_FALSE, allow(r#"{"ArnLike": {"aws:SourceArn": "*"}}"#)),
        ("COND-61", Identity, Warning, TYPE_MISMATCH, deny(r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:*:role/x"}}"#)),
        ("COND-63", Identity, Warning, TYPE_MISMATCH, deny(r#"{"ArnLike": {"aws:PrincipalAccount": "arn:aws:iam::111122223333:root"}}"#)),
        ("COND-65", Identity, Suggestion, INVALID_DATE_VALUE, allow(r#"{"DateLessThan": {"aws:CurrentTime": "2026-01-01 00:00:00Z"}}"#)),
        ("COND-65", Identity, Suggestion, INVALID_DATE_VALUE, allow(r#"{"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00"}}"#)),
        ("COND-66", Identity, Suggestion, INVALID_DATE_VALUE, allow(r#"{"DateLessThan": {"aws:EpochTime": 1767225600}}"#)),
        ("COND-68", Identity, Warning, TYPE_MISMATCH_DATE, deny(r#"{"DateGreaterThan": {"aws:CurrentTime": "01/02/2026"}}"#)),
        ("COND-70", Identity, Warning, TYPE_MISMATCH_BOOLEAN, deny(r#"{"Bool": {"aws:SecureTransport": "no"}}"#)),
        ("COND-70", Identity, LintError, INVALID_CONDITION_MULTIPLE_BOOLEAN, deny(r#"{"Bool": {"aws:SecureTransport": ["true", "false"]}}"#)),
        ("COND-71", Identity, Warning, TYPE_MISMATCH_STRING, deny(r#"{"BinaryEquals": {"s3:x": "not base64"}}"#)),
        ("COND-77", Identity, Suggestion, IMPROVE_IP_RANGE, deny(r#"{"NotIpAddress": {"aws:SourceIp": "203.0.113.9/24"}}"#)),
        ("COND-77", Identity, Warning, TYPE_MISMATCH_IP_RANGE, deny(r#"{"IpAddress": {"aws:SourceIp": "203.0.113.0/33"}}"#)),
        ("COND-79", Identity, LintError, PRIVATE_IP_ADDRESS, allow(r#"{"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.168.1.1"]}}"#)),
        ("COND-79", Identity, LintError, PRIVATE_NOT_IP_ADDRESS, deny(r#"{"NotIpAddress": {"aws:SourceIp": "172.16.0.0/12"}}"#)),
        ("COND-79", Identity, Suggestion, PRIVATE_IP_ADDRESS_SUBSET, allow(r#"{"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.0/24"]}}"#)),
        ("COND-79", Identity, Suggestion, PRIVATE_NOT_IP_ADDRESS_SUBSET, deny(r#"{"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.0/24"]}}"#)),
        ("COND-85", Identity, Warning, TYPE_MISMATCH, allow(r#"{"StringEquals": {"aws:ViaAWSService": "true"}}"#)),
        ("COND-86", Identity, Warning, TYPE_MISMATCH_NUMBER, allow(r#"{"NumericEquals": {"s3:max-keys": "1,000"}}"#)),
        ("GRAM-20", Identity, Warning, TYPE_MISMATCH, allow(r#"{"StringEquals": {"aws:ResourceAccount": 12345678901}}"#)),
        // What a copied text brings along.
        ("LOOK-ALIKES", Identity, Warning, LOOKALIKE_CHARACTER, resource("\"Resource\": \"arn:aws:s3:::b\u{200b}/*\"")),
        ("LOOK-ALIKES", Scp, Warning, LOOKALIKE_CHARACTER, allow("{\"StringEquals\": {\"aws:username\": \"bob\u{a0}\"}}")),
        // Keys.
        ("KEY-42", Identity, Warning, MISSING_PAIRED_CONDITION_KEYS, allow(r#"{"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}"#)),
        ("KEY-74", Identity, Warning, UNSUPPORTED_GLOBAL_CONDITION_KEY, allow(r#"{"ArnLike": {"aws:ARN": "arn:aws:iam::111122223333:role/x"}}"#)),
        ("KEY-76", Identity, Warning, WILDCARD_USAGE_TOO_PERMISSIVE, allow(r#"{"StringLike": {"aws:PrincipalOrgID": "o-*"}}"#)),
        ("KEY-76", Resource, Warning, VARIABLE_USAGE_TOO_PERMISSIVE, everyone(allow(r#"{"StringEquals": {"aws:SourceAccount": "${aws:ResourceAccount}"}}"#))),
        ("VPCE-4", VpcEndpoint, Warning, WILDCARD_USAGE_TOO_PERMISSIVE, everyone(allow(r#"{"StringLike": {"aws:username": "ab*cd"}}"#))),
        ("VPCE-4", VpcEndpoint, Warning, INVALID_ARN_ACCOUNT, everyone(allow(r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::1111*:role/x"}}"#))),
        ("VPCE-4", VpcEndpoint, Warning, TYPE_MISMATCH, everyone(allow(r#"{"NumericEquals": {"aws:SourceVpc": "1"}}"#))),
        ("VPCE-4", VpcEndpoint, Warning, WILDCARD_USAGE_TOO_PERMISSIVE, everyone(allow(r#"{"StringLike": {"aws:SourceVpce": "vpce-*"}}"#))),
    ]
}

/// Promises that no document shows here, and why.
const ELSEWHERE: [(&str, &str); 7] = [
    (
        "GRAM-9",
        "an error of every reader of JSON, in `json/tests.rs` and `codes.rs`",
    ),
    (
        "GRAM-55",
        "the old limits of service control policies *may* be reported; the full language is accepted",
    ),
    (
        "QUO-24",
        "says how characters are counted, which `QUO-25` needs",
    ),
    (
        "QUO-25",
        "the size of a document is a finding of the linter, in `lint/tests/it/codes.rs`",
    ),
    ("R6", "of a directory, in `directory/tests/it/problems.rs`"),
    ("R8", "of a directory, in `directory/tests/it/problems.rs`"),
    ("AA", "Access Analyzer's own checks are another command"),
];

#[test]
fn every_promise_is_kept() {
    for (id, kind, severity, code, text) in promises() {
        let (loads, found) = check(kind, &text);
        let is_there = found
            .iter()
            .any(|one| (one.severity, one.code) == (severity, code));
        assert!(is_there, "{id}: {severity:?} {code} of {text}: {found:#?}");
        // Advice never keeps a document from being used, and its place is in the text.
        assert_eq!(
            loads,
            !found.iter().any(Diagnostic::is_error),
            "{id}: {text}"
        );
        for one in &found {
            assert!(text.get(one.span.range()).is_some(), "{id}: {one:?}");
        }
    }
}

/// What is right gets no advice (`VAR-4`: also not a variable as the value of `Bool`).
#[test]
fn nothing_is_said_of_what_is_right() {
    for (kind, text) in [
        (
            Identity,
            resource(r#""Resource": "arn:aws:s3:::b/${aws:username}/*""#),
        ),
        (
            Identity,
            resource(
                r#""Resource": ["arn:*:s3:::b", "arn:aws:s3:::B/Key", "arn:aws:iam::aws:policy/X", "arn:aws:sns:*:*:t"]"#,
            ),
        ),
        (
            Identity,
            with(
                r#""Action": ["*", "s3:*", "iam:Pass*", "aws-portal:View?illing", "s3:Get*Object"], "Resource": "*""#,
            ),
        ),
        (
            Identity,
            allow(r#"{"Bool": {"aws:SecureTransport": "${aws:PrincipalTag/tls}"}}"#),
        ),
        (
            Identity,
            allow(
                r#"{"Bool": {"aws:SecureTransport": true}, "NumericLessThan": {"s3:max-keys": 10}}"#,
            ),
        ),
        (
            Identity,
            allow(
                r#"{"StringEquals": {"aws:PrincipalTag/t": "a${*}b", "s3:x-amz-acl": ["a", "b"]}}"#,
            ),
        ),
        (
            Identity,
            allow(r#"{"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}"#),
        ),
        (
            Identity,
            allow(
                r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}, "Null": {"aws:TagKeys": "false"}}"#,
            ),
        ),
        (
            Identity,
            allow(r#"{"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}"#),
        ),
        (
            Identity,
            deny(r#"{"ForAllValues:StringEquals": {"aws:PrincipalTag/t": ["a"]}}"#),
        ),
        (
            Identity,
            allow(
                r#"{"ArnEquals": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b/*"}, "Bool": {"aws:ResourceTag/ok": "true"}}"#,
            ),
        ),
        (
            Identity,
            allow(
                r#"{"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32", "0.0.0.0/0"]}}"#,
            ),
        ),
        (
            Identity,
            allow(
                r#"{"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}}"#,
            ),
        ),
        (
            Identity,
            allow(
                r#"{"DateLessThan": {"aws:CurrentTime": ["2026-01-31T00:00:00Z", "2026-01-31", "2026"]}}"#,
            ),
        ),
        (
            Identity,
            allow(
                r#"{"StringLike": {"newservice.example.com:sub": "x"}, "StringEquals": {"s3:NewKeyOfTomorrow": "x"}}"#,
            ),
        ),
        (
            Resource,
            everyone(allow(
                r#"{"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}, "StringEquals": {"aws:SourceAccount": "111122223333"}}"#,
            )),
        ),
        (
            Resource,
            everyone(allow(
                r#"{"StringEquals": {"AWS:SourceOwner": "111122223333"}}"#,
            )),
        ),
        (
            Trust,
            trust(
                r#"{"Federated": "accounts.google.com"}"#,
                r#""sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"accounts.google.com:aud": "x"}}"#,
            ),
        ),
        (
            VpcEndpoint,
            everyone(allow(
                r#"{"StringLike": {"aws:username": "abcdef*"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}"#,
            )),
        ),
        (
            Resource,
            with(r#""Principal": {"AWS": "*"}, "Action": "elasticfilesystem:ClientMount""#),
        ),
    ] {
        let (loads, found) = check(kind, &text);
        assert!(loads && found.is_empty(), "{text}: {found:#?}");
    }
}

/// Identifiers of rules in the first column of the lines of a table for which `is_promise` holds.
fn promising(text: &str, is_promise: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| "));
    let rows = rows.filter_map(|row| row.split_once(" |"));
    rows.filter(|(_, rest)| is_promise(rest))
        .map(|(id, _)| id.to_owned())
        .filter(|id| id.ends_with(|c: char| c.is_ascii_digit()))
        .collect()
}

fn kept() -> BTreeSet<String> {
    let shown = promises().into_iter().map(|row| row.0.to_owned());
    shown
        .chain(ELSEWHERE.iter().map(|row| row.0.to_owned()))
        .collect()
}

/// No advice is given that no document shows.
#[test]
fn every_code_of_the_advice_has_a_document() {
    let shown: BTreeSet<Code> = promises().into_iter().map(|row| row.3).collect();
    let missing: Vec<_> = support::ADVICE
        .iter()
        .filter(|code| !shown.contains(code))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_choices_promise_nothing_else() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/choices.md");
    let text = std::fs::read_to_string(path).unwrap();
    let promised = promising(&text, |row| {
        let row = row.to_lowercase();
        row.contains("warned about") || row.contains("a warning")
    });
    assert!(promised.len() > 8, "{promised:?}");
    let missing: Vec<_> = promised.difference(&kept()).cloned().collect();
    assert!(missing.is_empty(), "no document shows {missing:?}");
}

#[test]
fn the_rules_promise_nothing_else() {
    // Sections 1 to 5: what documents say and mean.
    let sections = [
        "1-grammar",
        "2-matching",
        "3-conditions",
        "4-keys",
        "5-evaluation",
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/spec");
    let pages = sections.map(|name| std::fs::read_to_string(folder.join(format!("{name}.md"))));
    let text: String = pages.into_iter().map(Result::unwrap).collect();
    let text = text.as_str();
    let promised = promising(text, |row| {
        let row = row.to_lowercase();
        ["lint", "warning", "finding", "flagged ("]
            .iter()
            .any(|word| row.contains(word))
    });
    assert!(promised.len() > 30, "{promised:?}");
    let missing: Vec<_> = promised.difference(&kept()).cloned().collect();
    assert!(missing.is_empty(), "no document shows {missing:?}");
    // Every code that the rules print is one of ours.
    let codes = text.split('`').filter(|word| {
        let is_code = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
        word.contains('_') && word.len() > 8 && word.bytes().all(is_code)
    });
    let all = portcullis_source::codes::ALL
        .iter()
        .chain(portcullis_syntax::codes::ALL);
    let known: BTreeSet<&str> = all.map(|code| code.as_str()).collect();
    let unknown: BTreeSet<&str> = codes.filter(|code| !known.contains(code)).collect();
    // An older rule that the full language takes back (`GRAM-55`).
    let unknown: Vec<_> = unknown
        .into_iter()
        .filter(|code| *code != "SCP_SYNTAX_ERROR_ACTION_WILDCARD")
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
