//! Many requests at once, and images that are opened again without being checked: as one by one, and as
//! checked.

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis_compile::{Options, compile};
use portcullis_image::{Header, Image};
use portcullis_model::{Caller, ContextEntry, Decision, PolicyKind};
use portcullis_syntax::policy::{ReadOptions, parse_policy};
use portcullis_syntax::{Policy, PolicySets};
use portcullis_testkit::generate::{Settings, world};
use portcullis_testkit::machine::Machine;
use portcullis_testkit::{Bytes, World, derive};
use portcullis_vm::{Query, uses_key};

fn image(seed: u64, statements: usize, index: bool) -> (Vec<u8>, Vec<portcullis_testkit::Request>) {
    let settings = Settings {
        statements,
        ..Settings::default()
    };
    let mut source = Bytes::new(seed);
    let world = world(&mut Unstructured::new(&source.take(60_000)), &settings).unwrap();
    let arena = Bump::new();
    let sets = world.read(&arena).unwrap();
    let options = Options { debug: true, index };
    let requests = derive::requests(&sets, &mut source, 21);
    (compile(&sets, options).unwrap(), requests)
}

/// Borrows all requests at once.
fn with_all<T>(
    requests: &[portcullis_testkit::Request],
    queries: Vec<Query<'_>>,
    found: &mut dyn FnMut(&[Query<'_>]) -> T,
) -> T {
    match requests.split_first() {
        None => found(&queries),
        Some((first, rest)) => first.with(|first| {
            let mut queries: Vec<Query<'_>> = queries;
            queries.push(Query::from(first));
            with_all(rest, queries, found)
        }),
    }
}

#[test]
fn deciding_all_is_deciding_each() {
    for seed in 0..60 {
        let index = seed % 5 > 0;
        let (first, requests) = image(seed, if seed % 2 == 0 { 60 } else { 3 }, index);
        let (second, _) = image(seed + 1_000, 20, true);
        let images = [first, second].map(|bytes| Image::from_bytes(bytes).unwrap());
        let views = || images.iter().map(Image::view);
        let mut machine = Machine::new(views());
        let each: Vec<_> = requests
            .iter()
            .map(|request| request.with(|request| machine.decide(request)))
            .collect();
        let together = with_all(&requests, Vec::new(), &mut |queries| {
            machine.decide_many(queries)
        });
        assert_eq!(together, each, "seed {seed}");
    }
}

#[test]
fn a_trusted_image_is_the_one_that_was_checked() {
    for seed in 0..20 {
        let (bytes, requests) = image(seed, 20, true);
        let checked = Image::from_bytes(&bytes[..]).unwrap();
        let header = checked.view().header();
        assert_eq!(header.checksum, Header::checksum_of(&bytes));
        assert_eq!(header.public, checked.view().is_public());
        let trusted = Image::from_trusted(&bytes[..], header.checksum).unwrap();
        for request in &requests {
            let answer = |image: &Image<&[u8]>| {
                request.with(|request| Machine::new([image.view()]).decide(request))
            };
            assert_eq!(answer(&trusted), answer(&checked));
        }
        // Another image's checksum, a longer and a shorter file.
        assert!(Image::from_trusted(&bytes[..], header.checksum ^ 1).is_err());
        let longer = [&bytes[..], &[0; 8]].concat();
        assert!(Image::from_trusted(longer, header.checksum).is_err());
        for len in [0, 8, 63, 64, bytes.len() - 1] {
            assert!(Image::from_trusted(&bytes[..len], header.checksum).is_err());
        }
    }
}

/// A host need not find out the value of a key that no policy looks at, whatever the key's case.
#[test]
fn keys_that_no_policy_looks_at() {
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${x:b}",
        "Condition":{"StringEquals":{"x:a":"1"}}}}"#;
    let world = World {
        identity: vec![document.into()],
        ..World::default()
    };
    let arena = Bump::new();
    let bytes = compile(&world.read(&arena).unwrap(), Options::default()).unwrap();
    let image = Image::from_bytes(bytes).unwrap();
    let other = World::default();
    let other = compile(&other.read(&arena).unwrap(), Options::default()).unwrap();
    let other = Image::from_bytes(other).unwrap();
    let views = || [&other, &image].into_iter().map(Image::view);
    for (key, is_used) in [("x:a", true), ("X:A", true), ("x:B", true), ("x:c", false)] {
        assert_eq!(uses_key(views(), key), is_used, "{key}");
    }
}

/// What a condition gave in one image is not what another condition gives in the next.
#[test]
fn conditions_that_statements_share_are_those_of_their_image() {
    let arena = Bump::new();
    let image = |kind: PolicyKind, vpc: &str| {
        let condition = format!(r#""Condition": {{"StringEquals": {{"aws:SourceVpc": "{vpc}"}}}}"#);
        let statement = |action: &str| {
            format!(r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*", {condition}}}"#)
        };
        let statements: Vec<String> = ["s3:GetObject", "s3:Get*", "s3:*", "*"]
            .map(statement)
            .into();
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#,
            statements.join(",")
        );
        let text = arena.alloc_str(&text);
        let document = parse_policy(text, ReadOptions::new(kind), &arena)
            .0
            .unwrap();
        let policy = Policy {
            name: "",
            file: "",
            text,
            document,
        };
        let mut sets = PolicySets::default();
        match kind {
            PolicyKind::Identity => sets.identity.push(policy),
            _ => sets.boundary = Some(vec![policy]),
        }
        Image::from_bytes(compile(&sets, Options::default()).unwrap()).unwrap()
    };
    // The boundary's condition holds, that of the identity policy does not.
    let images = [
        image(PolicyKind::Boundary, "vpc-1"),
        image(PolicyKind::Identity, "vpc-2"),
    ];
    let views = || images.iter().map(Image::view);
    let asked = portcullis_model::Request {
        principal: portcullis_model::Principal {
            caller: Caller::User {
                arn: "arn:aws:iam::111122223333:user/ann",
            },
            user_id: None,
            management_account: false,
            session_token: false,
        },
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b/k",
        resource_account: None,
        context: &[ContextEntry {
            key: "aws:SourceVpc",
            values: &["vpc-1"],
        }],
        restrict_public_buckets: false,
        external_grant: false,
    };
    let outcome = Machine::new(views()).decide(&asked);
    assert_eq!(outcome.decision(), Decision::ImplicitDeny);
}
