//! Whom an answer is for besides whoever asked: everybody of whom the proof would have seen the same.

use bumpalo::Bump;
use portcullis_model::{Caller, PolicyKind, Request};
use portcullis_prove::{AccountPart, Existence, Selection, Situation, exists};
use portcullis_syntax::PolicySets;

use crate::read;

const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/a": "x"}}},
    {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/a": "z"}}},
    {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/b": "x"}}},
    {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:username": "bob"}}}
]}"#;

/// A user by name and two tags.
type User = (&'static str, &'static str, &'static str);

/// Whether what was found of one user is taken for another's, and whether anything is allowed to that one.
fn alike(one: User, other: User) -> (bool, bool) {
    let arena = Bump::new();
    let policies = PolicySets {
        identity: vec![read(POLICY, PolicyKind::Identity, &arena)],
        ..PolicySets::default()
    };
    let (actions, resources) = ([Selection::of(["s3:*"])], [Selection::of(["*"])]);
    let ask = |(name, a, b): User, then: &mut dyn FnMut(&Situation<'_>)| {
        let arn = format!("arn:aws:iam::111122223333:user/{name}");
        let caller = Caller::from_arn(&arn).unwrap();
        let known = |key: &str| match key {
            "aws:principaltag/a" => Some(vec![a.to_owned()]),
            "aws:principaltag/b" => Some(vec![b.to_owned()]),
            _ => None,
        };
        then(&Situation {
            policies: &policies,
            caller: Request::new(caller, "", "").principal,
            known: &known,
            open: &[],
            actions: &actions,
            resources: &resources,
            excluded: &[],
            element: None,
            account: AccountPart::Any,
            not_all: &[],
            is_owner: true,
            crosses_partitions: false,
            external_grant: false,
            bare: false,
            wanted: true,
            work: 1_000_000,
        });
    };
    let mut looked = None;
    ask(one, &mut |situation| {
        looked = Some(exists(situation, &mut |_| Ok(())).1)
    });
    let looked = looked.unwrap();
    let (mut is_alike, mut is_allowed) = (false, false);
    ask(other, &mut |situation| {
        is_alike = situation.likeness().is(&looked);
        let (found, _) = exists(situation, &mut |_| Ok(()));
        is_allowed = matches!(found, Existence::Example(_));
    });
    (is_alike, is_allowed)
}

#[test]
fn answers_are_for_those_of_whom_the_same_is_asked() {
    let ann = ("ann", "q", "q");
    // What no policy asks about makes no difference.
    assert_eq!(alike(ann, ("cal", "r", "s")), (true, false));
    // Each of these passes one test that the first does not: of the same key another, of another key the same.
    for other in [
        ("ann", "x", "q"),
        ("ann", "z", "q"),
        ("ann", "q", "x"),
        ("bob", "q", "q"),
    ] {
        assert_eq!(alike(ann, other), (false, true), "{other:?}");
        assert_eq!(alike(other, ann), (false, false), "{other:?}");
    }
}
