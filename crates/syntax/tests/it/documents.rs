//! What a document without errors looks like.
use bumpalo::Bump;
use portcullis_model::{Base, Effect, PolicyKind, Quantifier};
use portcullis_syntax::ast::{Document, PrincipalKind};
use portcullis_syntax::codes;

use portcullis_source::json;
use portcullis_syntax::policy::{ReadOptions, parse_policy, read_policy};

fn load<'a>(kind: PolicyKind, text: &'a str, arena: &'a Bump) -> Document<'a> {
    let (document, problems) = parse_policy(text, ReadOptions::new(kind), arena);
    assert!(problems.is_empty(), "{problems:#?}");
    document.unwrap()
}

#[test]
fn a_whole_document() {
    let arena = Bump::new();
    let text = r#"{"Id": "x", "Statement": {
        "Condition": {
            "ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a*", "\u0062"]},
            "NumericEquals": {"s3:max-keys": 1.50, "S3:Other": [-1e3, "7"]},
            "Bool": {"aws:SecureTransport": true}},
        "NotResource": ["arn:aws:s3:::b", "*"], "Action": "s3:Get*", "Sid": "S 1",
        "Principal": {"AWS": ["*", "111122223333"], "Service": "s3.amazonaws.com",
            "Federated": "accounts.google.com", "CanonicalUser": []},
        "Effect": "Deny"}, "Version": "2008-10-17"}"#
        .replace("[]", &format!("[\"{}\"]", "0a".repeat(32)));
    let document = load(PolicyKind::Resource, &text, &arena);
    assert_eq!(document.kind, PolicyKind::Resource);
    assert_eq!(document.version.unwrap().value, "2008-10-17");
    assert!(!document.has_variables());
    assert_eq!(document.id.unwrap().value, "x");
    assert_eq!(document.span.range(), 0..text.len());
    let [statement] = document.statements else {
        unreachable!("one statement")
    };
    assert!(text[statement.span.range()].ends_with("\"Deny\"}"));
    assert_eq!(statement.sid.unwrap().value, "S 1");
    assert_eq!(statement.effect, Effect::Deny);
    let principals = statement.principal.unwrap();
    let kinds: Vec<_> = principals.list.iter().map(|entry| entry.kind).collect();
    use PrincipalKind::{Aws, CanonicalUser, Everyone, Federated, Service};
    assert_eq!(kinds, [Everyone, Aws, Service, Federated, CanonicalUser]);
    assert_eq!(
        &text[principals.list[1].value.span.range()],
        "\"111122223333\""
    );
    assert!(!principals.negated && !statement.action.negated);
    assert_eq!(statement.action.list[0].value, "s3:Get*");
    let resource = statement.resource.unwrap();
    assert!(resource.negated);
    assert_eq!(resource.list[1].value, "*");
    assert_eq!(&text[resource.span.range()], r#"["arn:aws:s3:::b", "*"]"#);
    let conditions: Vec<_> = statement
        .conditions
        .iter()
        .map(|c| {
            let values: Vec<_> = c.values.iter().map(|text| text.value).collect();
            (c.operator.base, c.key.value, values)
        })
        .collect();
    assert_eq!(
        conditions,
        [
            (Base::StringLike, "aws:TagKeys", vec!["a*", "b"]),
            (Base::NumericEquals, "s3:max-keys", vec!["1.50"]),
            (Base::NumericEquals, "S3:Other", vec!["-1e3", "7"]),
            (Base::Bool, "aws:SecureTransport", vec!["true"]),
        ]
    );
    let first = statement.conditions[0];
    assert_eq!(
        (first.operator.quantifier, first.operator.if_exists),
        (Quantifier::Any, true)
    );
    assert_eq!(first.operator_text.value, "ForAnyValue:StringLikeIfExists");
    assert_eq!(&text[first.values[1].span.range()], r#""\u0062""#);
    assert_eq!(
        &text[statement.conditions[1].values[0].span.range()],
        "1.50"
    );
}

/// `GRAM-2`, `GRAM-10`, `GRAM-30`: other spellings of the same.
#[test]
fn one_is_a_list_of_one() {
    let arena = Bump::new();
    let short = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*",
        "Action":"*","Resource":"*","Condition":{"Bool":{"a:b":true}}}}"#;
    let long = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},
        "Action":["*"],"Resource":["*"],"Condition":{"Bool":{"a:b":["true"]}}}]}"#;
    let short = load(PolicyKind::VpcEndpoint, short, &arena);
    assert_eq!(short, load(PolicyKind::VpcEndpoint, long, &arena));
    assert!(short.has_variables());
}

/// A document inside of a larger text keeps the places of that text.
#[test]
fn a_document_in_a_scenario() {
    let arena = Bump::new();
    let text = r#"[1, {"Version": "2012-10-17", "Statement": [{"Effect": "no"}]}]"#;
    let node = json::parse(text, &arena).unwrap().as_array().unwrap()[1];
    let (document, problems) = read_policy(node, ReadOptions::new(PolicyKind::Scp), &arena);
    assert!(document.is_none());
    assert!(problems.iter().any(|p| &text[p.span.range()] == "\"no\""));
}

/// What is known of operators and keys that were met before hides no problem of their other uses.
#[test]
fn problems_of_repeated_names_are_reported_each_time() {
    let arena = Bump::new();
    let condition = r#"{"bool": {"aws:securetransport": true}, "StringEquals": {"aws:Nonsense": "x", "aws:username": "${a"}}"#;
    let statement = format!(
        r#"{{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {condition}}}"#
    );
    let statements = vec![statement; 12].join(",");
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
    let (document, problems) = parse_policy(&text, ReadOptions::new(PolicyKind::Identity), &arena);
    assert_eq!(document.unwrap().statements.len(), 12);
    for code in [
        codes::NON_CANONICAL_OPERATOR,
        codes::INVALID_GLOBAL_CONDITION_KEY,
        codes::MISSING_BRACE_IN_VARIABLE,
    ] {
        let found = problems.iter().filter(|problem| problem.code == code);
        assert_eq!(found.count(), 12, "{code:?}");
    }
}
