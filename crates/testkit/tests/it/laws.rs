//! The laws hold of generated policies, each of them often enough to say something, and a failure is
//! made small.

use std::collections::BTreeMap;

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis_model::Decision;
use portcullis_testkit::generate::{Settings, world};
use portcullis_testkit::laws::LAWS;
use portcullis_testkit::minimise::minimise;
use portcullis_testkit::oracle::{Oracle, Reference, VMS};
use portcullis_testkit::{Bytes, Request, World, derive};

/// `PORTCULLIS_CASES` asks for more than the ordinary run.
fn cases(ordinary: u64) -> u64 {
    let asked = std::env::var("PORTCULLIS_CASES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(ordinary)
}

fn generated(seed: u64) -> (World, Vec<Request>) {
    let mut source = Bytes::new(seed);
    let settings = Settings {
        layers: seed % 3 != 0,
        ..Settings::default()
    };
    let world = world(&mut Unstructured::new(&source.take(4_000)), &settings).unwrap();
    let arena = Bump::new();
    let requests = derive::requests(&world.read(&arena).unwrap(), &mut source, 8);
    (world, requests)
}

fn decisions(world: &World, requests: &[Request], oracle: &dyn Oracle) -> Vec<Decision> {
    let arena = Bump::new();
    let sets = world.read(&arena).unwrap();
    let answers = oracle.answer(&sets, requests).unwrap();
    answers.into_iter().map(|answer| answer.decision).collect()
}

#[test]
fn the_laws_hold() {
    let total = cases(1_000);
    let mut checked: BTreeMap<&str, usize> = BTreeMap::new();
    let mut mix: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..total {
        let (world, requests) = generated(seed);
        for decision in decisions(&world, &requests, VMS[0]) {
            *mix.entry(decision.as_str()).or_default() += 1;
        }
        for law in &LAWS {
            let count = law
                .check(&world, &requests, seed)
                .unwrap_or_else(|failure| panic!("seed {seed}: {failure}"));
            *checked.entry(law.name).or_default() += count;
        }
    }
    println!("{mix:?}");
    println!("{checked:#?}");
    assert_eq!(checked.len(), LAWS.len());
    for (name, count) in checked {
        assert!(count as u64 > 2 * total, "{name} was checked {count} times");
    }
    let sum: usize = mix.values().sum();
    assert_eq!(mix.len(), 3);
    for (decision, count) in mix {
        assert!(count * 16 > sum, "{decision} comes too rarely");
    }
}

/// If being allowed were a failure, what is left would be one statement that allows.
#[test]
fn a_failure_is_made_small() {
    let mut reduced = 0;
    for seed in 0..300 {
        let (world, requests) = generated(seed);
        let found = decisions(&world, &requests, &Reference);
        let Some(at) = found.iter().position(|found| *found == Decision::Allow) else {
            continue;
        };
        let fails = |world: &World, request: &Request| {
            let arena = Bump::new();
            world.read(&arena).is_ok_and(|sets| {
                let answers = Reference.answer(&sets, std::slice::from_ref(request));
                answers.is_ok_and(|answers| answers[0].decision == Decision::Allow)
            })
        };
        let (small, request) = minimise(&world, &requests[at], &fails);
        assert!(fails(&small, &request));
        let text = small.scenario("small", &request, "Allow");
        let statements = text.matches("\"Effect\"").count();
        // Across accounts both sides must allow, and some requests nobody has to allow.
        assert!(statements <= 2, "{text}");
        assert!(!text.contains("\"Deny\""), "{text}");
        assert!(small.scps.is_empty() && small.boundary.is_none(), "{text}");
        assert!(request.context.len() <= 4, "{text}");
        reduced += 1;
    }
    println!("{reduced} reduced");
    assert!(reduced > 50);
}
