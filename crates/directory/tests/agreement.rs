//! The reference and the machine agree on random directories, also as files.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod support;

use std::collections::BTreeMap;

use portcullis_directory::Directory;
use portcullis_testkit::directory::{Generator, Scale};
use support::{Folder, ask};

/// `PORTCULLIS_CASES` asks for more directories than the ordinary run.
fn directories(ordinary: u64) -> u64 {
    let asked = std::env::var("PORTCULLIS_CASES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(ordinary)
}

#[test]
fn random_directories() {
    let mut mix: BTreeMap<String, u32> = BTreeMap::new();
    for seed in 0..directories(30) {
        let folder = Folder::new(&[]);
        let mut generator = Generator::new(seed, Scale::SMALL);
        generator.write(&folder.0).unwrap();
        let loaded = folder.load();
        let loaded =
            loaded.unwrap_or_else(|problems| panic!("seed {seed}: {}", problems.join("\n")));
        let again = Directory::from_bytes(&loaded.directory.to_bytes().unwrap()).unwrap();
        for number in 0..200 {
            let request = generator.request().to_string();
            // Compares the engines.
            let found = ask(&loaded.directory, &request);
            if number % 8 == 0 {
                assert_eq!(ask(&again, &request), found, "seed {seed}: {request}");
            }
            *mix.entry(found).or_default() += 1;
        }
    }
    println!("{mix:?}");
    let total: u32 = mix.values().sum();
    for decision in ["Allow", "ExplicitDeny", "ImplicitDeny"] {
        let count = mix.remove(decision).unwrap_or_default();
        assert!(
            count * 12 > total,
            "{decision} comes too rarely: {count} of {total}"
        );
    }
    assert!(mix.is_empty(), "refused: {mix:?}");
}
