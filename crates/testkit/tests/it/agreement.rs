//! The reference and every configuration of the machine agree on generated policies and requests.

use std::collections::BTreeMap;

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis_model::{Decision, Layer, PolicyKind};
use portcullis_testkit::generate::{Settings, document, world};
use portcullis_testkit::oracle::{VMS, compare};
use portcullis_testkit::{Bytes, Caller, Request, World, derive};

/// `PORTCULLIS_CASES` asks for more than the ordinary run.
fn cases(ordinary: u64) -> u64 {
    std::env::var("PORTCULLIS_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(ordinary)
}

/// The first seed: long campaigns are run in parts, and each on seeds that no other saw (`PORTCULLIS_SEED`).
fn first_seed() -> u64 {
    let asked = std::env::var("PORTCULLIS_SEED").ok();
    asked.map_or(0, |text| text.parse().unwrap())
}

#[test]
fn generated_policies_and_requests() {
    let mut mix: BTreeMap<&str, u32> = BTreeMap::new();
    let first = first_seed();
    for seed in first..first + cases(3_000) {
        let mut source = Bytes::new(seed);
        // One in eight is large enough for the index to hash.
        let large = seed % 8 == 0;
        let settings = Settings {
            layers: seed % 3 != 0,
            statements: if large { 60 } else { 3 },
            // What the machine keeps of a condition, it keeps for the right ones.
            same_condition: seed % 5 == 0,
            ..Settings::default()
        };
        let bytes = source.take(if large { 60_000 } else { 4_000 });
        let world = world(&mut Unstructured::new(&bytes), &settings).unwrap();
        let arena = Bump::new();
        let requests = derive::requests(&world.read(&arena).unwrap(), &mut source, 16);
        let answers = compare(&world, &requests, &VMS)
            .unwrap_or_else(|failure| panic!("seed {seed}: {failure}"));
        for answer in answers {
            *mix.entry(answer.decision.as_str()).or_default() += 1;
        }
    }
    println!("{mix:?}");
    let total: u32 = mix.values().sum();
    for (decision, count) in mix {
        assert!(
            count * 12 > total,
            "{decision} comes too rarely: {count} of {total}"
        );
    }
}

/// `S3-6`: access points and the buckets behind them.
#[test]
fn access_points() {
    const POINT: &str = "arn:aws:s3:us-east-1:111122223333:accesspoint/ap";
    let mut mix: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..cases(1_500) {
        let mut source = Bytes::new(seed);
        let settings = Settings {
            layers: seed % 2 == 0,
            statements: 3,
            ..Settings::default()
        };
        let bytes = source.take(8_000);
        let mut bytes = Unstructured::new(&bytes);
        let mut world = world(&mut bytes, &settings).unwrap();
        let policy = document(&mut bytes, PolicyKind::Resource, &settings).unwrap();
        // Requests that the policy of the bucket is about, and the policy of the access point as well.
        let own = World {
            resource: Some(policy.clone()),
            ..world.clone()
        };
        let arena = Bump::new();
        let mut requests = derive::requests(&own.read(&arena).unwrap(), &mut source, 24);
        let name_of = |request: &Request| {
            let rest = request.resource.strip_prefix("arn:aws:s3:::")?;
            Some(rest.split('/').next()?.to_string())
        };
        let Some(name) = requests.iter().find_map(name_of) else {
            continue;
        };
        requests.retain(|request| name_of(request).as_ref() == Some(&name));
        for request in &mut requests {
            let key = request.resource.split_once('/').map(|(_, key)| key);
            request.resource = match key {
                Some(key) => format!("{POINT}/object/{key}"),
                None => POINT.to_string(),
            };
        }
        let bucket = format!("arn:aws:s3:::{name}");
        world.resource = world.resource.map(|text| {
            text.replace(&format!("{bucket}/"), &format!("{POINT}/object/"))
                .replace(&bucket, POINT)
        });
        world.bucket = Some((bucket, policy));
        let answers = compare(&world, &requests, &VMS)
            .unwrap_or_else(|failure| panic!("seed {seed}: {failure}"));
        for answer in answers {
            *mix.entry(answer.decision.as_str()).or_default() += 1;
        }
    }
    println!("{mix:?}");
    let total: u32 = mix.values().sum();
    assert_eq!(mix.len(), 3);
    for (decision, count) in mix {
        assert!(
            count * 25 > total,
            "{decision} comes too rarely: {count} of {total}"
        );
    }
}

/// `EVAL-33`: with every policy set that can limit, and as many levels of an organization as there may be,
/// each of them must allow, and each can deny.
#[test]
fn every_limit_at_once() {
    let of = |effect: &str| {
        format!(r#"{{"Statement":[{{"Effect":"{effect}","Action":"*","Resource":"*"}}]}}"#)
    };
    let (allow, deny) = (of("Allow"), of("Deny"));
    let other = allow.replace(r#""Action":"*""#, r#""Action":"sns:*""#);
    let levels = usize::from(Layer::MAX_LEVELS);
    let full = || World {
        identity: vec![allow.clone()],
        boundary: Some(vec![allow.clone()]),
        session: Some(vec![allow.clone()]),
        vpc_endpoint: Some(vec![
            allow.replace(r#""Effect""#, r#""Principal":"*","Effect""#),
        ]),
        scps: vec![vec![allow.clone()]; levels],
        ..World::default()
    };
    let mut request = Request::get_object("arn:aws:s3:::b/k", &[]);
    request.caller = Caller::Role {
        session_arn: Some("arn:aws:sts::111122223333:assumed-role/R/s".into()),
        role_arn: "arn:aws:iam::111122223333:role/R".into(),
        service_linked: false,
    };
    let request = [request];
    let decision = |world: &World| {
        let answers = compare(world, &request, &VMS).unwrap_or_else(|failure| panic!("{failure}"));
        answers[0].decision
    };
    assert_eq!(decision(&full()), Decision::Allow);
    let documents = full().documents_mut().len();
    assert_eq!(documents, 4 + levels);
    for at in 0..documents {
        for (text, expected) in [
            (&deny, Decision::ExplicitDeny),
            (&other, Decision::ImplicitDeny),
        ] {
            let mut world = full();
            let mut documents = world.documents_mut();
            let (kind, place) = &mut documents[at];
            let kind = *kind;
            **place = match kind.has_principal() {
                true => text.replace(r#""Effect""#, r#""Principal":"*","Effect""#),
                false => text.clone(),
            };
            assert_eq!(decision(&world), expected, "{at}: {kind:?}");
        }
    }
}
