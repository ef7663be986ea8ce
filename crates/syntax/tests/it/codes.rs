//! Every code of a policy document, each at its exact place, which `«` and `»` mark.
use crate::support;
use bumpalo::Bump;
use portcullis_model::PolicyKind::{self, *};
use portcullis_source::{Code, Diagnostic, Severity};
use portcullis_syntax::ast::Span;
use portcullis_syntax::codes;
use portcullis_syntax::policy::{ReadOptions, parse_policy};
use std::collections::BTreeSet;

/// Takes the marks out of a text.
fn unmark(marked: &str) -> (String, Span) {
    let start = marked.find('«').expect("a start mark");
    let end = marked.find('»').expect("an end mark") - '«'.len_utf8();
    let span = Span {
        start: u32::try_from(start).unwrap(),
        end: u32::try_from(end).unwrap(),
    };
    (marked.replace(['«', '»'], ""), span)
}

fn problems(kind: PolicyKind, text: &str) -> (bool, Vec<Diagnostic>) {
    let arena = Bump::new();
    let (document, problems) = parse_policy(text, ReadOptions::new(kind), &arena);
    (document.is_some(), problems)
}

/// A policy of the current version with one statement.
fn policy(statement: &str) -> String {
    format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#)
}

/// A statement that is right but for the members given.
fn with(members: &str) -> String {
    policy(&format!(r#"{{"Effect": "Allow", {members}}}"#))
}

const ACTION: &str = r#""Action": "s3:GetObject""#;
const STAR: &str = r#""Resource": "*""#;

/// Policies with one condition.
fn condition(condition: &str) -> String {
    with(&format!(r#"{ACTION}, {STAR}, "Condition": {condition}"#))
}

fn resource(resource: &str) -> String {
    with(&format!(r#"{ACTION}, {resource}"#))
}

fn principal(principal: &str) -> String {
    with(&format!(r#"{ACTION}, {STAR}, {principal}"#))
}

fn trust(members: &str) -> String {
    policy(&format!(r#"{{"Effect": "Allow", {members}}}"#))
}

fn rcp(members: &str) -> String {
    policy(&format!(
        r#"{{"Effect": "Deny", "Resource": "*", {members}}}"#
    ))
}

#[rustfmt::skip] // a table
fn cases() -> Vec<(PolicyKind, Severity, Code, String)> {
    use portcullis_source::codes::*;
    use portcullis_syntax::codes::*;
    use Severity::{Error, LintError, Suggestion, Warning};
    let ok = with(&format!("{ACTION}, {STAR}"));
    let dup_sid = |second: &str| {
        policy(&format!(
            r#"{{"Sid": "A", "Effect": "Allow", "Principal": "*", {ACTION}, {STAR}}},
               {{"Sid": {second}, "Effect": "Allow", "Principal": "*", {ACTION}, {STAR}}}"#
        ))
    };
    let identity_dup = dup_sid("«\"A\"»").replace(r#""Principal": "*", "#, "");
    vec![
        // GRAM-9, GRAM-13.
        (Identity, Error, JSON_SYNTAX_ERROR, r#"{"Version": «x»}"#.into()),
        (Identity, Error, DUPLICATE_MEMBER, ok.replace(r#""Effect": "Allow""#, r#""Effect": "Deny", «"Effect"»: "Allow""#)),
        (Identity, Error, DUPLICATE_MEMBER, condition(r#"{"Bool": {"a:b": 1}, «"Bool"»: {"a:c": 1}}"#)),
        (Identity, Error, DUPLICATE_MEMBER, condition(r#"{"Bool": {"a:b": 1, «"a:b"»: 1}}"#)),
        (Identity, Error, DOCUMENT_TOO_DEEP, format!("{}«[»{}", "[".repeat(64), "]".repeat(65))),
        // GRAM-1, GRAM-8, GRAM-22.
        (Identity, Error, INVALID_POLICY_ELEMENT, r#"{"Version": "2012-10-17", "Statement": [], «"Comment"»: ""}"#.into()),
        (Identity, Error, INVALID_POLICY_ELEMENT, with(&format!(r#"{ACTION}, {STAR}, «"condition"»: {{}}"#))),
        (Identity, Error, DATA_TYPE_MISMATCH, "«[]»".into()),
        (Identity, Error, DATA_TYPE_MISMATCH, "\u{feff}«\"x\"»".into()),
        // GRAM-2, GRAM-3, GRAM-4, GRAM-6, GRAM-7.
        (Identity, Error, MISSING_STATEMENT, r#" «{"Version": "2012-10-17"}» "#.into()),
        (Identity, Error, DATA_TYPE_MISMATCH, r#"{"Version": "2012-10-17", "Statement": «"x"»}"#.into()),
        (Identity, Error, DATA_TYPE_MISMATCH, r#"{"Version": "2012-10-17", "Statement": [«1»]}"#.into()),
        (Identity, Error, INVALID_VERSION, ok.replace(r#""2012-10-17""#, r#"«"2012-10-18"»"#)),
        (Identity, Error, DATA_TYPE_MISMATCH, ok.replace(r#""2012-10-17""#, "«2012»")),
        (Identity, Warning, MISSING_VERSION, ok.replace(r#"{"Version": "2012-10-17", "#, "«{»")),
        (Rcp, Error, MISSING_VERSION, r#"«{»"Statement": []}"#.into()),
        (Rcp, Error, INVALID_VERSION, r#"{"Version": «"2008-10-17"», "Statement": []}"#.into()),
        (Identity, Warning, UNSUPPORTED_ID, ok.replace(r#"{"Version""#, r#"{«"Id"»: "x", "Version""#)),
        (Resource, Error, DATA_TYPE_MISMATCH, r#"{"Id": «1», "Version": "2012-10-17", "Statement": []}"#.into()),
        (Session, LintError, UNSUPPORTED_CHARACTER, condition(r#"{"StringEquals": {"aws:username": ["ÿ\t", «"Ā"»]}}"#)),
        (Trust, LintError, UNSUPPORTED_CHARACTER, r#"{"Id": «"\u0001"», "Version": "2012-10-17", "Statement": []}"#.into()),
        // GRAM-15, GRAM-16, GRAM-17.
        (Identity, Error, MISSING_EFFECT, policy(&format!("«{{{ACTION}, {STAR}}}»"))),
        (Identity, Error, INVALID_EFFECT, ok.replace(r#""Allow""#, r#"«"allow"»"#)),
        (Identity, Error, DATA_TYPE_MISMATCH, ok.replace(r#""Allow""#, "«true»")),
        (Identity, Error, MISSING_ACTION, policy(&format!(r#"«{{"Effect": "Deny", {STAR}}}»"#))),
        (Identity, Error, MISSING_RESOURCE, policy(&format!(r#"«{{"Effect": "Deny", {ACTION}}}»"#))),
        (Resource, Error, MISSING_RESOURCE, policy(&format!(r#"«{{"Effect": "Deny", {ACTION}, "Principal": "*"}}»"#))),
        (Resource, Error, MISSING_RESOURCE, policy(r#"«{"Effect": "Deny", "NotAction": "ecr:x", "Principal": "*"}»"#)),
        (Resource, Error, MISSING_RESOURCE, policy(r#"«{"Effect": "Deny", "Action": ["ecr:x", "s3:x"], "Principal": "*"}»"#)),
        (Identity, Error, MISSING_RESOURCE, policy(r#"«{"Effect": "Deny", "Action": "ecr:x"}»"#)),
        (Resource, Error, MISSING_PRINCIPAL, policy(&format!(r#"«{{"Effect": "Deny", {ACTION}, {STAR}}}»"#))),
        (Rcp, Error, MISSING_PRINCIPAL, policy(&format!(r#"«{{"Effect": "Deny", {ACTION}, {STAR}}}»"#))),
        (Identity, Error, UNSUPPORTED_ELEMENT_COMBINATION, with(&format!(r#"{ACTION}, {STAR}, «"NotAction"»: "x:y""#))),
        (Identity, Error, UNSUPPORTED_ELEMENT_COMBINATION, with(&format!(r#""NotResource": "*", {ACTION}, «"Resource"»: "*""#))),
        (Resource, Error, UNSUPPORTED_ELEMENT_COMBINATION, principal(r#""Principal": "*", «"NotPrincipal"»: "*""#)),
        (Identity, Warning, UNSUPPORTED_SID, with(&format!(r#""Sid": «"a b"», {ACTION}, {STAR}"#))),
        (Scp, Suggestion, UNSUPPORTED_SID, with(&format!(r#""Sid": «"a b"», {ACTION}, {STAR}"#))),
        (Identity, Suggestion, EMPTY_SID_VALUE, with(&format!(r#""Sid": «""», {ACTION}, {STAR}"#))),
        (Identity, Error, DATA_TYPE_MISMATCH, with(&format!(r#""Sid": «null», {ACTION}, {STAR}"#))),
        (Identity, Warning, UNIQUE_SIDS_REQUIRED, identity_dup),
        (Resource, Warning, UNIQUE_SIDS_RECOMMENDED, dup_sid("«\"A\"»")),
        // GRAM-18, GRAM-10, GRAM-11, GRAM-21.
        (Identity, Error, INVALID_ACTION, with(&format!(r#"{STAR}, "Action": ["s3:*", «"s3"»]"#))),
        (Identity, Error, INVALID_ACTION, with(&format!(r#"{STAR}, "Action": «"s3:"»"#))),
        (Identity, Error, INVALID_ACTION, with(&format!(r#"{STAR}, "NotAction": «":x"»"#))),
        (Identity, Error, INVALID_ACTION, with(&format!(r#"{STAR}, "NotAction": «""»"#))),
        (Identity, Error, INVALID_ACTION, with(&format!(r#"{STAR}, "Action": «"s3:a:b"»"#))),
        (Identity, Error, INVALID_ACTION, with(&format!(r#"{STAR}, "Action": «"?"»"#))),
        (Identity, Error, DATA_TYPE_MISMATCH, with(&format!(r#"{STAR}, "Action": «7»"#))),
        (Identity, Error, DATA_TYPE_MISMATCH, with(&format!(r#"{STAR}, "Action": ["s3:*", «["s3:x"]»]"#))),
        (Identity, Suggestion, WILDCARD_IN_SERVICE_NAME, with(&format!(r#"{STAR}, "Action": «"s*:Get*"»"#))),
        (Identity, Suggestion, EMPTY_ARRAY_ACTION, with(&format!(r#"{STAR}, "Action": «[]»"#))),
        (Identity, Warning, EMPTY_ARRAY_ACTION, with(&format!(r#"{STAR}, "NotAction": «[]»"#))),
        // GRAM-19, MATCH-24, MATCH-25, VAR-3.
        (Identity, Error, INVALID_ARN_PREFIX, resource(r#""Resource": ["*", «"s3:::b"»]"#)),
        (Identity, Error, INVALID_ARN_PREFIX, resource(r#""NotResource": «"?"»"#)),
        (Session, Error, MISSING_ARN_FIELD, resource(r#""Resource": «"arn:aws:s3:*"»"#)),
        (Session, Error, MISSING_ARN_FIELD, resource(r#""Resource": «"arn:aws:s3::${a:b}"»"#)),
        (VpcEndpoint, Warning, MISSING_ARN_FIELD, principal(r#""Principal": "*""#).replace(STAR, r#""Resource": «"arn:aws:s3:*"»"#)),
        (Identity, Suggestion, EMPTY_ARRAY_RESOURCE, resource(r#""Resource": «[]»"#)),
        (Identity, Warning, EMPTY_ARRAY_RESOURCE, resource(r#""NotResource": «[]»"#)),
        (Identity, Warning, VARIABLE_BEFORE_FIFTH_COLON, resource(r#""Resource": "arn:aws:s3::«${aws:PrincipalAccount}»:x""#)),
        (Identity, Warning, VARIABLE_BEFORE_FIFTH_COLON, resource(r#""Resource": «"arn:aws:s3\u003a:${aws:PrincipalAccount}:x"»"#)),
        (Identity, Warning, VARIABLE_UNSUPPORTED_IN_VERSION, resource(r#""Resource": "arn:aws:s3:::«${aws:username}»""#).replace("2012", "2008")),
        (Identity, Warning, EMPTY_VARIABLE, resource(r#""Resource": "arn:aws:s3:::«${»}""#)),
        (Identity, Warning, UNSUPPORTED_SPACE_IN_VARIABLE, resource(r#""Resource": "arn:aws:s3:::«${» k}""#)),
        (Identity, Warning, MISSING_QUOTE_IN_VARIABLE, condition(r#"{"ArnLike": {"a:b": "«${»k, x}"}}"#)),
        (Identity, Warning, MISSING_BRACE_IN_VARIABLE, condition(r#"{"StringLike": {"a:b": "x«${»"}}"#)),
        (Identity, Warning, INVALID_VARIABLE_FOR_OPERATOR, condition(r#"{"IpAddress": {"a:b": "«${k}»"}}"#)),
        // GRAM-30 to GRAM-45.
        (Resource, Error, INVALID_PRINCIPAL_KEY, principal(r#""Principal": {«"Aws"»: "*"}"#)),
        (Resource, Error, INVALID_PRINCIPAL_FORMAT, principal(r#""Principal": «"arn:aws:iam::111122223333:root"»"#)),
        (Resource, Error, DATA_TYPE_MISMATCH, principal(r#""Principal": «["*"]»"#)),
        (Resource, Error, DATA_TYPE_MISMATCH, principal(r#""Principal": {"AWS": «111122223333»}"#)),
        (Resource, Error, INVALID_PRINCIPAL_FORMAT, principal(r#""Principal": {"AWS": ["*", «"bob"»]}"#)),
        (Resource, Warning, INVALID_PRINCIPAL_FORMAT, principal(r#""Principal": {"CanonicalUser": «"bob"»}"#)),
        (Resource, Error, UNSUPPORTED_WILDCARD_IN_PRINCIPAL, principal(r#""Principal": {"AWS": «"arn:aws:iam::111122223333:role/x-*"»}"#)),
        (Resource, Error, UNSUPPORTED_WILDCARD_IN_PRINCIPAL, principal(r#""Principal": {"AWS": «"**"»}"#)),
        (Resource, Error, UNSUPPORTED_WILDCARD_IN_PRINCIPAL, principal(r#""Principal": {"Service": «"*"»}"#)),
        (Resource, Error, UNSUPPORTED_WILDCARD_IN_PRINCIPAL, principal(r#""Principal": {"Federated": «"*"»}"#)),
        (Resource, Error, UNSUPPORTED_WILDCARD_IN_PRINCIPAL, principal(r#""Principal": {"CanonicalUser": «"*"»}"#)),
        (Resource, Error, UNSUPPORTED_PRINCIPAL, principal(r#""NotPrincipal": {"AWS": «"arn:aws:iam::111122223333:group/g"»}"#)),
        (Resource, Warning, INVALID_SERVICE_PRINCIPAL_FORMAT, principal(r#""Principal": {"Service": «"S3.amazonaws.com"»}"#)),
        (Resource, Suggestion, EMPTY_ARRAY_PRINCIPAL, principal(r#""Principal": {"AWS": «[]»}"#)),
        (Resource, Suggestion, EMPTY_OBJECT_PRINCIPAL, principal(r#""Principal": «{}»"#)),
        (VpcEndpoint, Warning, ALLOW_WITH_NOT_PRINCIPAL, principal(r#"«"NotPrincipal"»: "*""#)),
        // Table 1.4, GRAM-50, GRAM-56, GRAM-60, GRAM-62, GRAM-63.
        (Identity, Error, UNSUPPORTED_PRINCIPAL, principal(r#"«"Principal"»: "*""#)),
        (Boundary, Error, UNSUPPORTED_PRINCIPAL, principal(r#"«"NotPrincipal"»: "*""#)),
        (Session, Error, UNSUPPORTED_PRINCIPAL, principal(r#"«"Principal"»: "*""#)),
        (Scp, Error, SCP_SYNTAX_ERROR_PRINCIPAL, principal(r#"«"Principal"»: "*""#)),
        (Scp, Error, SCP_SYNTAX_ERROR_PRINCIPAL, principal(r#"«"NotPrincipal"»: "*""#)),
        (Rcp, Error, RCP_SYNTAX_ERROR_ALLOW, rcp(r#""Principal": "*", "Action": "s3:*""#).replace(r#""Deny""#, r#"«"Allow"»"#)),
        (Rcp, Error, RCP_SYNTAX_ERROR_PRINCIPAL, rcp(r#""Principal": «{"AWS": "*"}», "Action": "s3:*""#)),
        (Rcp, Error, RCP_SYNTAX_ERROR_PRINCIPAL, rcp(r#"«"NotPrincipal"»: "*", "Action": "s3:*""#)),
        (Rcp, Error, RCP_SYNTAX_ERROR_NOTACTION, rcp(r#""Principal": "*", «"NotAction"»: "s3:*""#)),
        (Rcp, Error, RCP_SYNTAX_ERROR_ACTION, rcp(r#""Principal": "*", "Action": ["s3:*", «"*"»]"#)),
        (Rcp, Error, RCP_SYNTAX_ERROR_ACTION, rcp(r#""Principal": "*", "Action": «"s*:x"»"#)),
        (Rcp, Warning, UNSUPPORTED_ACTION_IN_POLICY, rcp(r#""Principal": "*", "Action": «"ec2:x"»"#)),
        (Trust, Warning, UNSUPPORTED_ACTION_IN_POLICY, trust(r#""Principal": {"AWS": "111122223333"}, "Action": ["sts:*", «"sts:GetCallerIdentity"»]"#)),
        (Trust, Error, ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE, trust(r#""Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", «"Resource"»: "*""#)),
        (Trust, Error, ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE, trust(r#""Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole", «"NotResource"»: "*""#)),
        (Trust, Error, ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL, trust(r#"«"NotPrincipal"»: {"AWS": "111122223333"}, "Action": "sts:AssumeRole""#)),
        (Trust, Warning, ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL, trust(r#""Principal": {"AWS": «"*"»}, "Action": "sts:AssumeRole""#)),
        // GRAM-20, COND-3, COND-11, COND-45, COND-46.
        (Identity, Error, DATA_TYPE_MISMATCH, condition("«[]»")),
        (Identity, Error, DATA_TYPE_MISMATCH, condition(r#"{"Bool": «true»}"#)),
        (Identity, Error, DATA_TYPE_MISMATCH, condition(r#"{"Bool": {"a:b": «null»}}"#)),
        (Identity, Error, DATA_TYPE_MISMATCH, condition(r#"{"Bool": {"a:b": [true, «{}»]}}"#)),
        (Identity, Error, DATA_TYPE_MISMATCH, condition(r#"{"Bool": {"a:b": [«[true]»]}}"#)),
        (Identity, Error, INVALID_CONDITION_OPERATOR, condition(r#"{«"StringEqual"»: {"a:b": "x"}}"#)),
        (Identity, Error, NULL_WITH_IF_EXISTS, condition(r#"{«"nullIfExists"»: {"a:b": "true"}}"#)),
        (Identity, Warning, NON_CANONICAL_OPERATOR, condition(r#"{«"bool"»: {"a:b": "true"}}"#)),
        (Identity, Warning, INVALID_GLOBAL_CONDITION_KEY, condition(r#"{"Bool": {«"aws:SecureTransprt"»: "true"}}"#)),
        (Identity, Warning, INVALID_CONDITION_KEY_FORMAT, condition(r#"{"Bool": {«"SecureTransport"»: "true"}}"#)),
        (Identity, Warning, MISSING_TAG_KEY_IN_CONDITION, condition(r#"{"StringEquals": {«"aws:PrincipalTag"»: "x"}}"#)),
        (Identity, Suggestion, INVALID_SERVICE_CONDITION_KEY, condition(r#"{"StringEquals": {«"s3:prefx"»: "x"}}"#)),
        (Identity, Error, DUPLICATE_KEYS_WITH_DIFFERENT_CASE, condition(r#"{"Bool": {"a:b": "true"}, «"bool"»: {"a:c": "true"}}"#)),
        (Identity, Error, DUPLICATE_KEYS_WITH_DIFFERENT_CASE, condition(r#"{"Bool": {"a:Ärger": "true", «"A:äRGER"»: "true"}}"#)),
        (Scp, Error, DUPLICATE_KEYS_WITH_DIFFERENT_CASE, condition("{\"Bool\": {\"a:k\": \"true\", «\"a:\u{212a}\"»: \"true\"}}")),
        (Identity, Error, DUPLICATE_KEYS_WITH_DIFFERENT_CASE, condition(r#"{"Bool": {"a:1": true, "a:2": true, "a:3": true, "a:4": true, "a:b": true, "a:5": true, "a:6": true, "a:7": true, "a:8": true, «"A:b"»: true}}"#)),
        (Identity, Suggestion, EMPTY_ARRAY_CONDITION, condition(r#"{"Bool": {"a:b": «[]»}}"#)),
        (Identity, Suggestion, EMPTY_ARRAY_CONDITION_FORALLVALUES, condition(r#"{"ForAllValues:StringLikeIfExists": {"a:b": «[]»}}"#)),
        (Identity, Suggestion, EMPTY_ARRAY_CONDITION_FORANYVALUE, condition(r#"{"ForAnyValue:StringLike": {"a:b": «[]»}}"#)),
        (Identity, Suggestion, EMPTY_ARRAY_CONDITION_IFEXISTS, condition(r#"{"StringLikeIfExists": {"a:b": «[]»}}"#)),
        (Identity, Suggestion, EMPTY_OBJECT_CONDITION, condition("«{}»")),
        (Identity, Suggestion, EMPTY_OBJECT_CONDITION, condition(r#"{"Bool": «{}»}"#)),
    ]
}

#[test]
fn every_code_has_its_place() {
    let mut seen = BTreeSet::new();
    for (kind, severity, code, marked) in cases() {
        let (text, span) = unmark(&marked);
        let (usable, problems) = problems(kind, &text);
        let found = problems
            .iter()
            .any(|p| (p.code, p.severity, p.span) == (code, severity, span));
        assert!(
            found,
            "{kind} {severity:?} {code} in {marked}: {problems:#?}"
        );
        // One error makes the document unusable, and nothing less does (GRAM-12, GRAM-13).
        let has_error = problems.iter().any(Diagnostic::is_error);
        assert_eq!(usable, !has_error, "{marked}");
        // The table breaks one thing at a time.
        let same = problems.iter().filter(|p| p.severity == severity).count();
        let has_company = [
            portcullis_source::codes::DUPLICATE_MEMBER,
            codes::RCP_SYNTAX_ERROR_NOTACTION,
        ]
        .contains(&code);
        assert!(same == 1 || has_company, "{marked}: {problems:#?}");
        seen.insert(code);
    }
    // Tested in `limits` below, and with the JSON reader.
    seen.extend([
        portcullis_source::codes::TOO_MANY_PROBLEMS,
        portcullis_source::codes::INVALID_ENCODING,
        portcullis_source::codes::DOCUMENT_TOO_LARGE,
    ]);
    // Found by `check` alone, and tested in `promises.rs`.
    seen.extend(support::ADVICE);
    // Of what is around a document, and tested in `forms.rs`.
    seen.extend([
        portcullis_source::codes::UNKNOWN_FORM,
        codes::FOREIGN_DOCUMENT,
    ]);
    // Found by who has the catalog, and tested with the command.
    seen.insert(codes::OPERATION_AS_ACTION);
    let missing: Vec<_> = codes::ALL
        .iter()
        .filter(|code| !seen.contains(code))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn messages_keep_the_style() {
    for (kind, _, _, marked) in cases() {
        let (text, _) = unmark(&marked);
        for problem in problems(kind, &text).1 {
            for message in [Some(&problem.message), problem.help.as_ref()]
                .into_iter()
                .flatten()
            {
                assert!(!message.ends_with('.'), "{message}");
                let first = message.chars().next().unwrap();
                let is_name = ["JSON ", "IAM "]
                    .iter()
                    .any(|name| message.starts_with(name));
                assert!(!first.is_uppercase() || is_name, "{message}");
            }
        }
    }
}

#[test]
fn help_names_what_was_probably_meant() {
    for (kind, text, help) in [
        (
            Identity,
            with(&format!(r#""Acton": "s3:*", {STAR}"#)),
            "did you mean `Action`?",
        ),
        (
            Identity,
            with(&format!(r#""action": "s3:*", {STAR}"#)),
            "letter case matters here: write `Action`",
        ),
        (
            Identity,
            policy(r#"{"Effect": "Alow"}"#),
            "did you mean `Allow`?",
        ),
        (
            Resource,
            principal(r#""Principal": {"Sevice": "x"}"#),
            "did you mean `Service`?",
        ),
        (
            Identity,
            condition(r#"{"ForAnyValues:StringEqualIfExists": {"a:b": "x"}}"#),
            "did you mean `ForAnyValue:StringEqualsIfExists`?",
        ),
    ] {
        let (_, problems) = problems(kind, &text);
        assert!(
            problems.iter().any(|p| p.help.as_deref() == Some(help)),
            "{problems:#?}"
        );
    }
}

/// `GRAM-11` to `GRAM-13`: what is odd but loads.
#[test]
fn lint_does_not_make_a_document_unusable() {
    for (kind, text) in [
        (Identity, policy("")),
        (Identity, with(&format!(r#"{ACTION}, "Resource": "***""#))),
        (Identity, with(&format!(r#""Action": "**", {STAR}"#))),
        (Identity, resource(r#""Resource": ["arn:aws:sqs", "arn:"]"#)),
        (Scp, resource(r#""NotResource": "arn:aws:sqs""#)),
        (
            Resource,
            policy(r#"{"Effect": "Deny", "Action": ["ECR:x", "sts:y"], "Principal": "*"}"#),
        ),
        (
            Trust,
            trust(r#""Principal": {"AWS": "111122223333"}, "Action": "sts:assumerole""#),
        ),
        (Rcp, rcp(r#""Principal": "*", "Action": "S3:*""#)),
    ] {
        let (usable, problems) = problems(kind, &text);
        assert!(usable, "{text}: {problems:#?}");
        assert!(
            problems.iter().all(|p| p.code == codes::MISSING_ARN_FIELD),
            "{problems:#?}"
        );
    }
    let options = ReadOptions {
        kind: Resource,
        allow_missing_resource: true,
    };
    let text = policy(&format!(
        r#"{{"Effect": "Deny", {ACTION}, "Principal": "*"}}"#
    ));
    let arena = Bump::new();
    let (document, problems) = parse_policy(&text, options, &arena);
    assert!(problems.is_empty());
    assert!(document.is_some_and(|document| document.statements[0].resource.is_none()));
}

/// `GRAM-34` to `GRAM-45`.
#[test]
fn accepted_principals() {
    for (value, accepted) in [
        ("111122223333", true),
        ("arn:aws:iam::111122223333:root", true),
        ("arn:aws-cn:iam::111122223333:user/path/Name", true),
        ("arn:aws:iam::111122223333:role/path/Name", true),
        (
            "arn:aws:sts::111122223333:assumed-role/Role/session@x",
            true,
        ),
        ("arn:aws:sts::111122223333:federated-user/Name", true),
        (
            "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1",
            true,
        ),
        ("AIDAEXAMPLE123", true),
        ("AROA", true),
        ("ABC", false),
        ("AIDAexample", false),
        ("", false),
        ("11112222333", false),
        ("1111222233334", false),
        ("arn:aws:iam:us-east-1:111122223333:root", false),
        ("arn:aws:iam::111122223333:rooted", false),
        ("arn:aws:iam::111122223333:user/", false),
        ("arn:aws:iam::111122223333:saml-provider/x", false),
        ("arn:aws:sts::111122223333:assumed-role/Role", false),
        (
            "arn:aws:sts::111122223333:assumed-role/path/Role/session",
            false,
        ),
        ("arn:aws:s3:::bucket", false),
        ("arn::iam::111122223333:root", false),
        ("lambda.amazonaws.com", false),
    ] {
        let (usable, _) = problems(
            Resource,
            &principal(&format!(r#""Principal": {{"AWS": "{value}"}}"#)),
        );
        assert_eq!(usable, accepted, "{value}");
    }
}

#[test]
fn limits() {
    let many = vec![r#""x""#; 1000].join(",");
    let (usable, found) = problems(Identity, &with(&format!(r#"{STAR}, "Action": [{many}]"#)));
    assert!(!usable);
    assert_eq!(found.len(), 101);
    let last = found.last().unwrap();
    assert_eq!(
        (last.code, last.message.as_str()),
        (portcullis_source::codes::TOO_MANY_PROBLEMS, "and 900 more")
    );
    assert!(last.is_error());
    // Those of the JSON reader count too.
    let many = vec![r#""Version": "2012-10-17""#; 1001].join(",");
    let (_, found) = problems(Identity, &format!(r#"{{{many}, "Statement": 1}}"#));
    assert_eq!(found.last().unwrap().message, "and 901 more");
    // Errors are not crowded out by others.
    let many = vec![r#""s*:x""#; 1000].join(",");
    let (usable, found) = problems(
        Identity,
        &with(&format!(r#"{STAR}, "Action": [{many}, "x"]"#)),
    );
    assert!(!usable);
    assert!(found.iter().any(|p| p.code == codes::INVALID_ACTION));
    assert_eq!(
        found.last().map(|p| (p.message.as_str(), p.severity)),
        Some(("and 901 more", Severity::Warning))
    );
}

/// Everything that is wrong is reported in one go, but for what follows from something else: `Efect` is why `Effect` is missing.
#[test]
fn all_problems_at_once() {
    let text = r#"{"Versio": "", "Statement": [
        {"Effect": "allow", "Action": "s3", "Resource": "b", "Resource": "*"},
        {"Efect": "Allow", "Principal": "*", "Condition": {"X": {"a:b": null}}}]}"#;
    let (_, problems) = problems(Identity, text);
    let codes: Vec<_> = problems.iter().map(|p| p.code.as_str()).collect();
    assert_eq!(
        codes,
        [
            "MISSING_VERSION",
            "INVALID_POLICY_ELEMENT",
            "INVALID_EFFECT",
            "INVALID_ACTION",
            "INVALID_ARN_PREFIX",
            "DUPLICATE_MEMBER",
            "MISSING_ACTION",
            "MISSING_RESOURCE",
            "INVALID_POLICY_ELEMENT",
            "UNSUPPORTED_PRINCIPAL",
            "INVALID_CONDITION_OPERATOR",
            "DATA_TYPE_MISMATCH",
        ]
    );
}
