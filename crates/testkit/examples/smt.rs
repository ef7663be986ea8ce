//! Sends proofs to two solvers: of random pairs of tiny policies, of changes of published ones, and of limits.
//!
//! `PORTCULLIS_SMT_PYTHON=… cargo run --release -p portcullis-testkit --example smt -- RECORD TINY VARIABLES [SEED [POLICIES.jsonl
//! [LIMITS.jsonl]]]`: how many proofs of tiny policies without and with variables, and all those of the files. What is in the
//! record is not asked again, so a run that was cut off goes on.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a measuring tool"
)]

use std::path::Path;

use portcullis_testkit::prove::audit::{limit_pairs, published_pairs, tiny_pairs};
use portcullis_testkit::prove::campaign::{Source, run};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [record, tiny, variables, rest @ ..] = arguments.as_slice() else {
        panic!("RECORD TINY VARIABLES [SEED [POLICIES.jsonl [LIMITS.jsonl]]]")
    };
    let seed: u64 = rest.first().map_or(1, |text| text.parse().unwrap());
    let file = |at: usize| {
        rest.get(at)
            .map(|path| std::fs::read_to_string(path).unwrap())
    };
    let (published, limits) = (file(1), file(2));
    let source = |name, most: &str, pairs| Source {
        name,
        most: most.parse().unwrap(),
        pairs,
    };
    let mut sources = vec![
        source(
            "tiny",
            tiny,
            Box::new(tiny_pairs(seed, false)) as Box<dyn Iterator<Item = _>>,
        ),
        source("variables", variables, Box::new(tiny_pairs(seed, true))),
    ];
    if let Some(text) = &limits {
        sources.push(source(
            "limits",
            "1000000",
            Box::new(limit_pairs(text, seed)),
        ));
    }
    if let Some(text) = &published {
        sources.push(source(
            "published",
            "1000000",
            Box::new(published_pairs(text, seed)),
        ));
    }
    match run(Path::new(record), sources).unwrap() {
        Some(report) => println!("{report}"),
        None => println!("skipped: PORTCULLIS_SMT_PYTHON names no Python with cvc5 and z3"),
    }
}
