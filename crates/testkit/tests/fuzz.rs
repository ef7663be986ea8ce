//! The properties of the fuzz targets, on bytes that are the same in every run: pieces of the corpus,
//! changed a little.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::path::Path;

use portcullis_testkit::corpus::{documents, root};
use portcullis_testkit::{Bytes, fuzz};

/// `PORTCULLIS_CASES` asks for more than the ordinary run.
fn cases(ordinary: u64) -> u64 {
    let asked = std::env::var("PORTCULLIS_CASES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(ordinary)
}

/// Some bytes are changed, left out, doubled, or replaced by what JSON and policies are made of.
fn change(data: &mut Vec<u8>, source: &mut Bytes) {
    const PIECES: [&str; 18] = [
        "{", "}", "[", "]", ",", ":", "\"", "\\u0000", "*", "?", "${", "null", "1e400", "\u{feff}",
        "\u{e9}", "arn:", "\"Deny\"", "IfExists",
    ];
    for _ in 0..=source.below(3) {
        let at = source.below(data.len() + 1);
        let end = (at + source.below(12)).min(data.len());
        match source.below(4) {
            0 if at < data.len() => data[at] = source.next_u64() as u8,
            1 => drop(data.drain(at..end)),
            2 => {
                let copy = data[at..end].to_vec();
                data.splice(at..at, copy);
            }
            _ => {
                let piece = PIECES[source.below(PIECES.len())];
                data.splice(at..end, piece.bytes());
            }
        }
    }
}

fn run(seeds: &[Vec<u8>], count: u64, target: fn(&[u8])) {
    for seed in seeds {
        target(seed);
    }
    for case in 0..count {
        let mut source = Bytes::new(case);
        let mut data = seeds[source.below(seeds.len())].clone();
        change(&mut data, &mut source);
        target(&data);
    }
    println!("{} seeds, {count} changed", seeds.len());
}

#[test]
fn json_policy() {
    let mut seeds = Vec::new();
    for folder in ["valid", "invalid"] {
        seeds.extend(
            documents(folder)
                .unwrap()
                .into_iter()
                .map(|case| case.text.into_bytes()),
        );
    }
    run(&seeds, cases(20_000), fuzz::json_policy);
}

#[test]
fn decide() {
    let seeds: Vec<Vec<u8>> = (0..100).map(|seed| Bytes::new(seed).take(600)).collect();
    run(&seeds, cases(1_000), fuzz::decide);
}

#[test]
fn image() {
    let seeds = [fs::read(root().join("images/v1/example.pcl")).unwrap()];
    run(&seeds, cases(20_000), fuzz::image);
}

#[test]
fn scenario() {
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    let mut seeds = vec![read(&root().join("example/scenario.json")).into_bytes()];
    for file in ["callers", "kms", "variables"] {
        let text = read(&root().join(format!("decisions/{file}.jsonl")));
        seeds.extend(text.lines().map(|line| line.as_bytes().to_vec()));
    }
    run(&seeds, cases(2_000), fuzz::scenario);
}
