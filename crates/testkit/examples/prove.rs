//! Asks, of each published policy and of changes of it, whether one allows what the other does not; prints counts and
//! times.
//!
//! `cargo run --release -p portcullis-testkit --example prove -- POLICIES.jsonl [STEP]`

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a measuring tool"
)]

use std::time::{Duration, Instant};

use bumpalo::Bump;
use portcullis::PolicyKind;
use portcullis::prove::{Answer, Options, compare, read};
use portcullis_testkit::Bytes;
use portcullis_testkit::prove::mutate::{Change, mutate};
use serde_json::Value;

#[derive(Default)]
struct Counts {
    yes: usize,
    no: usize,
    unknown: usize,
    unreadable: usize,
    times: Vec<(Duration, String)>,
}

fn ask(name: &str, old: &str, new: &str, counts: &mut Counts) {
    let arena = Bump::new();
    let both = read("old", old, PolicyKind::Identity, &arena)
        .and_then(|old| Ok((old, read("new", new, PolicyKind::Identity, &arena)?)));
    let Ok((old_policy, new_policy)) = both else {
        counts.unreadable += 1;
        return;
    };
    let start = Instant::now();
    let answer = compare(&[old_policy], &[new_policy], &Options::default());
    let time = start.elapsed();
    match answer {
        Answer::Proved(_) => counts.no += 1,
        Answer::Refuted(_) => counts.yes += 1,
        Answer::Unknown(reasons) => {
            counts.unknown += 1;
            println!("unknown: {name}: {reasons:?}");
            if std::env::var_os("SHOW").is_some() {
                println!("  old {old}\n  new {new}");
            }
        }
    }
    counts.times.push((time, name.to_owned()));
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().expect("a file of policies");
    let step = arguments.next().map_or(1, |text| text.parse().unwrap());
    let text = std::fs::read_to_string(path).unwrap();
    let documents: Vec<(String, Value)> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| {
            (
                line["name"].as_str().unwrap().to_owned(),
                line["document"].clone(),
            )
        })
        .collect();
    let mut counts = Counts::default();
    let mut random = Bytes::new(7);
    for (at, (name, document)) in documents.iter().enumerate().step_by(step) {
        let old = document.to_string();
        if let Some((_, neighbor)) = documents.get(at + 1) {
            let other = neighbor.to_string();
            ask(&format!("{name} neighbor"), &old, &other, &mut counts);
            ask(&format!("{name} neighbor back"), &other, &old, &mut counts);
        }
        for change in Change::ALL {
            let Some(changed) = mutate(document, change, &mut random) else {
                continue;
            };
            let new = changed.to_string();
            ask(&format!("{name} {change:?}"), &old, &new, &mut counts);
            ask(&format!("{name} {change:?} back"), &new, &old, &mut counts);
        }
    }
    counts.times.sort();
    let count = counts.times.len();
    let at = |part: f64| counts.times[((count - 1) as f64 * part) as usize].0;
    println!(
        "{count} asked: {} yes, {} no, {} unknown; {} unreadable",
        counts.yes, counts.no, counts.unknown, counts.unreadable
    );
    println!(
        "p50 {:?} p90 {:?} p99 {:?} p99.9 {:?}",
        at(0.5),
        at(0.9),
        at(0.99),
        at(0.999)
    );
    for (time, name) in counts.times.iter().rev().take(8) {
        println!("{time:?} {name}");
    }
}
