//! The reference and every configuration of the machine agree on generated policies and requests.

use std::collections::BTreeMap;

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis_testkit::generate::{Settings, world};
use portcullis_testkit::oracle::{VMS, compare};
use portcullis_testkit::{Bytes, derive};

/// `PORTCULLIS_CASES` asks for more than the ordinary run.
fn cases(ordinary: u64) -> u64 {
    std::env::var("PORTCULLIS_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(ordinary)
}

#[test]
fn generated_policies_and_requests() {
    let mut mix: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..cases(3_000) {
        let mut source = Bytes::new(seed);
        // One in eight is large enough for the index to hash.
        let large = seed % 8 == 0;
        let settings = Settings {
            layers: seed % 3 != 0,
            statements: if large { 60 } else { 3 },
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
