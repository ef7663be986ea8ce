//! Questions as the facade asks them, with a machine that believes everything: what is proved and what is not.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test may fail")]

mod likeness;

use bumpalo::Bump;
use portcullis_model::PolicyKind;
use portcullis_prove::{Answer, Callers, Confirm, Options, Witness, compare};
use portcullis_syntax::Policy;
use portcullis_syntax::policy::{ReadOptions, parse_policy};

struct Believe;

impl Confirm for Believe {
    fn confirm(&mut self, _: &Witness) -> Result<(), String> {
        Ok(())
    }
}

fn read<'a>(text: &'a str, kind: PolicyKind, arena: &'a Bump) -> Policy<'a> {
    let (document, problems) = parse_policy(text, ReadOptions::new(kind), arena);
    Policy {
        name: "policy",
        file: "",
        text,
        document: document.unwrap_or_else(|| panic!("{problems:?}")),
    }
}

const DENY_ASSUME: &str = r#"{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"}}"#;
const TRUST: &str = r#"{"Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"#;

/// A service that a trust policy names gets in.
#[test]
fn a_service_is_a_caller() {
    let arena = Bump::new();
    let trust = read(TRUST, PolicyKind::Trust, &arena);
    let claim = read(DENY_ASSUME, PolicyKind::Resource, &arena);
    let answer = compare(&[trust, claim], &[trust], &Options::default(), &mut Believe);
    let Answer::Refuted(refuted) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(refuted.findings.len(), 1);
    let strangers = Options {
        callers: Callers::Strangers,
        ..Options::default()
    };
    let answer = compare(&[], &[trust], &strangers, &mut Believe);
    assert!(matches!(answer, Answer::Proved(_)), "{answer:?}");
}

/// `S3-5`, axiom D9: a stranger is of no account that the policy names, also where nothing but `aws:PrincipalAccount` tells.
#[test]
fn a_stranger_is_of_no_account_that_is_named() {
    let arena = Bump::new();
    let strangers = Options {
        callers: Callers::Strangers,
        ..Options::default()
    };
    let named = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}}}"#;
    let other = named.replace("StringEquals", "StringNotEquals");
    let policy = read(named, PolicyKind::Resource, &arena);
    let answer = compare(&[], &[policy], &strangers, &mut Believe);
    assert!(matches!(answer, Answer::Proved(_)), "{answer:?}");
    let policy = read(&other, PolicyKind::Resource, &arena);
    let answer = compare(&[], &[policy], &strangers, &mut Believe);
    assert!(matches!(answer, Answer::Refuted(_)), "{answer:?}");
}

fn lets_strangers_in(condition: &str) -> bool {
    let arena = Bump::new();
    let text = format!(
        r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::b/*", "Condition": {{{condition}}}}}}}"#
    );
    let policy = read(&text, PolicyKind::Resource, &arena);
    let strangers = Options {
        callers: Callers::Strangers,
        ..Options::default()
    };
    match compare(&[], &[policy], &strangers, &mut Believe) {
        Answer::Proved(_) => false,
        Answer::Refuted(_) => true,
        answer @ Answer::Unknown(_) => panic!("{answer:?}"),
    }
}

/// `S3-5`, `MATCH-1`: an account behind a wildcard of `StringLike` may stand further behind in the ARN of a stranger,
/// `arn:aws:lambda:eu-west-1:999988887777:function:111122223333:live`. `COND-60`: not so of `ArnLike`.
#[test]
fn an_account_behind_a_wildcard_is_not_always_the_account() {
    let source =
        |operator: &str, arn: &str| format!(r#""{operator}": {{"aws:SourceArn": "{arn}"}}"#);
    let any_region = "arn:aws:lambda:*:111122223333:*";
    assert!(lets_strangers_in(&source("StringLike", any_region)));
    assert!(!lets_strangers_in(&source("ArnLike", any_region)));
    let one_region = "arn:aws:lambda:eu-west-1:111122223333:*";
    assert!(!lets_strangers_in(&source("StringLike", one_region)));
    // No access point has a colon in its name.
    let point =
        r#""StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:*:111122223333:accesspoint/*"}"#;
    assert!(!lets_strangers_in(point));
}

/// `S3-5`, `KEY-13`: paths name an organization only if its id is whole.
#[test]
fn a_wildcard_in_an_organization_names_none() {
    let paths =
        |path: &str| format!(r#""ForAnyValue:StringLike": {{"aws:PrincipalOrgPaths": "{path}"}}"#);
    assert!(!lets_strangers_in(&paths("o-abcdefghij/*")));
    for path in ["o-?*/*", "o-a*/r-ab12/*", "o-abcdefghi?/*", "o-*/*"] {
        assert!(lets_strangers_in(&paths(path)), "{path}");
    }
}

/// `KEY-42`: whoever has a network of its own can have any address in it.
#[test]
fn an_address_in_a_network_says_nothing_of_whose_it_is() {
    let private = r#""IpAddress": {"aws:VpcSourceIp": "10.0.0.0/16"}"#;
    assert!(lets_strangers_in(private));
    let paired = format!(r#"{private}, "StringEquals": {{"aws:SourceVpc": "vpc-1"}}"#);
    assert!(!lets_strangers_in(&paired));
    assert!(!lets_strangers_in(
        r#""IpAddress": {"aws:SourceIp": "203.0.113.0/24"}"#
    ));
}

/// Axiom D7: a policy names a partition however JSON writes the name.
#[test]
fn a_partition_is_named_behind_escapes() {
    let arena = Bump::new();
    let strangers = Options {
        callers: Callers::Strangers,
        ..Options::default()
    };
    for partition in ["aws-cn", r"aws\u002dcn"] {
        let text = format!(
            r#"{{"Statement": {{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:{partition}:s3:::b/*"}}}}"#
        );
        let policy = read(&text, PolicyKind::Resource, &arena);
        let answer = compare(&[], &[policy], &strangers, &mut Believe);
        assert!(matches!(answer, Answer::Refuted(_)), "{text} {answer:?}");
    }
}
