//! Policies that were narrowed to requests, against the reference: every request that the old policy allowed stays allowed, and
//! nothing is allowed that was not.

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis::PolicyKind;
use portcullis::prove::{
    Answer, Options as ProofOptions, Policy, PolicySets, Reason, compare, read,
};
use portcullis::tighten::{Options, Request, TightenError, Tightened, tighten};
use portcullis_testkit::prove::tiny;
use portcullis_testkit::{Bytes, derive, generate};

/// All requests at once.
fn with_all<T>(
    left: &[portcullis_testkit::Request],
    taken: &[Request<'_>],
    use_them: &mut dyn FnMut(&[Request<'_>]) -> T,
) -> T {
    let Some((first, rest)) = left.split_first() else {
        return use_them(taken);
    };
    first.with(|request| {
        let mut more = taken.to_vec();
        more.push(*request);
        with_all(rest, &more, use_them)
    })
}

/// What the reference says of a policy by itself, where the resource's policy leaves the account of the caller to it.
fn reference(policy: &Policy<'_>, request: &Request<'_>) -> bool {
    let arena = Bump::new();
    let resource = request.principal.caller.account().map(|account| {
        let text = format!(
            r#"{{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "{account}"}}, "Action": "*", "Resource": "*"}}}}"#
        );
        read("", arena.alloc_str(&text), PolicyKind::Resource, &arena).unwrap()
    });
    let everything = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let sets = PolicySets {
        identity: vec![*policy],
        resource: resource.map(|own| vec![own]),
        session: Some(vec![
            read("", everything, PolicyKind::Session, &arena).unwrap(),
        ]),
        ..PolicySets::default()
    };
    portcullis_reference::decide(&sets, request)
        .decision
        .is_allow()
}

#[derive(Debug, Default)]
struct Counts {
    tightened: usize,
    kept: usize,
    dropped: usize,
    denied: usize,
    nothing: usize,
    unknown: usize,
}

/// Narrows a policy to half of the requests and holds the result against all of them.
fn check(text: &str, bytes: &mut Bytes, most: Option<usize>, counts: &mut Counts) {
    let arena = Bump::new();
    let Ok(policy) = read("policy", text, PolicyKind::Identity, &arena) else {
        return;
    };
    let sets = PolicySets {
        identity: vec![policy],
        ..PolicySets::default()
    };
    let mut requests = derive::requests(&sets, bytes, 24);
    // Generated actions may be none.
    requests.retain(|own| own.with(|request| portcullis::check_action(request.action).is_ok()));
    let options = Options {
        most,
        ..Options::default()
    };
    with_all(&requests, &[], &mut |all| {
        let (used, _) = all.split_at(all.len() / 2);
        let tight = match tighten(&policy, used, &options, &arena) {
            Ok(tight) => tight,
            Err(TightenError::NothingAllowed | TightenError::NoRequests) => {
                counts.nothing += 1;
                return;
            }
            Err(TightenError::NotProved(answer)) if matches!(*answer, Answer::Unknown(_)) => {
                counts.unknown += 1;
                return;
            }
            Err(error) => panic!("{error}\n{text}\n{used:?}"),
        };
        held(text, &policy, &tight, used, all);
        counts.tightened += 1;
        counts.kept += used.len() - tight.not_allowed.len();
        counts.denied += tight.not_allowed.len();
        counts.dropped += tight.dropped.len();
    });
}

fn held(
    text: &str,
    policy: &Policy<'_>,
    tight: &Tightened<'_>,
    used: &[Request<'_>],
    all: &[Request<'_>],
) {
    let new = Policy {
        document: tight.document,
        ..*policy
    };
    for (number, request) in all.iter().enumerate() {
        let (before, after) = (reference(policy, request), reference(&new, request));
        assert!(
            before || !after,
            "more is allowed: {request:?}\n{text}\n{tight:?}"
        );
        if number < used.len() {
            assert_eq!(before, after, "{request:?}\n{text}\n{tight:?}");
            assert_eq!(
                before,
                !tight.not_allowed.contains(&number),
                "{request:?}\n{text}"
            );
        }
    }
    let answer = compare(&[*policy], &[new], &ProofOptions::default());
    assert!(matches!(answer, Answer::Proved(_)), "{answer:?}\n{text}");
    assert_eq!(tight.origins.len(), tight.document.statements.len());
    // A statement is narrower than the one that it comes from, and has its effect and its conditions.
    for (statement, origin) in tight.document.statements.iter().zip(&tight.origins) {
        let old = policy.document.statements[*origin];
        assert_eq!(
            (statement.effect, statement.conditions),
            (old.effect, old.conditions)
        );
    }
    // Printed, it is what was proved.
    let printed = portcullis_dsl::print_json(&tight.document);
    let arena = Bump::new();
    let again = read("again", &printed, PolicyKind::Identity, &arena);
    assert_eq!(
        again.map(|own| own.document),
        Ok(tight.document),
        "{printed}"
    );
}

/// Random policies of a small universe, and requests that are made for their statements.
#[test]
fn narrowed_policies_allow_what_they_should_and_no_more() {
    let cases = std::env::var("PORTCULLIS_CASES").ok();
    let cases: u64 = cases.and_then(|text| text.parse().ok()).unwrap_or(1000);
    let mut counts = Counts::default();
    for seed in 0..cases {
        let mut bytes = Bytes::new(seed);
        let most = [None, Some(0), Some(2)][seed as usize % 3];
        let settings = tiny::Settings {
            statements: 4,
            conditions: 2,
            variables: seed % 2 == 0,
        };
        let (text, _) = tiny::pair(&mut bytes, settings);
        check(&text, &mut bytes, most, &mut counts);
        let taken = bytes.take(6_000);
        let settings = generate::Settings {
            layers: false,
            ..Default::default()
        };
        let world = generate::world(&mut Unstructured::new(&taken), &settings).unwrap();
        let arena = Bump::new();
        for policy in &world.read(&arena).unwrap().identity {
            check(policy.text, &mut bytes, most, &mut counts);
        }
    }
    println!("{counts:?}");
    assert!(counts.tightened as u64 > cases / 3, "{counts:?}");
    assert!(
        counts.kept > counts.tightened && counts.dropped > 20 && counts.denied > 50,
        "{counts:?}"
    );
    assert!(counts.unknown * 50 <= counts.tightened, "{counts:?}");
}

/// A proof that takes more work than it may is none, and then there is no policy.
#[test]
fn without_a_proof_there_is_no_policy() {
    let arena = Bump::new();
    let text =
        r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"}}"#;
    let policy = read("policy", text, PolicyKind::Identity, &arena).unwrap();
    let ann = portcullis::Caller::from_arn("arn:aws:iam::111122223333:user/ann").unwrap();
    let requests = [Request::new(ann, "s3:GetObject", "arn:aws:s3:::b/1")];
    let proof = ProofOptions {
        work: 0,
        ..ProofOptions::default()
    };
    let options = Options { most: None, proof };
    let error = tighten(&policy, &requests, &options, &arena).unwrap_err();
    let expected = Answer::Unknown(vec![Reason::Work]);
    assert_eq!(error, TightenError::NotProved(Box::new(expected)));
}
