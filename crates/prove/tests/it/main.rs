//! Questions as the facade asks them, with a machine that believes everything: what is proved and what is not.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test may fail")]

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
