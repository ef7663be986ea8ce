//! Holds answers of the prover against a solver, on random pairs of tiny policies or on changes of published ones.
//!
//! `PORTCULLIS_SMT_PYTHON=… cargo run --release -p portcullis-testkit --example smt -- cvc5|z3 COUNT [SEED [POLICIES.jsonl]]`

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a measuring tool"
)]

use portcullis_testkit::prove::audit::{Audit, published_pairs, tiny_pairs};
use portcullis_testkit::prove::solver::Solver;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [solver, count, rest @ ..] = arguments.as_slice() else {
        panic!("SOLVER COUNT [SEED [FILE]]")
    };
    let count: usize = count.parse().unwrap();
    let seed: u64 = rest.first().map_or(1, |text| text.parse().unwrap());
    let Some(mut solver) = Solver::start(solver, 2000).unwrap() else {
        println!("skipped: PORTCULLIS_SMT_PYTHON names no Python with cvc5 and z3");
        return;
    };
    let text = rest
        .get(1)
        .map(|path| std::fs::read_to_string(path).unwrap());
    let mut audit = Audit::default();
    let mut pairs: Box<dyn Iterator<Item = (String, String)>> = match &text {
        Some(text) => Box::new(published_pairs(text, seed)),
        None => Box::new(tiny_pairs(seed)),
    };
    while audit.proved < count {
        let Some((old, new)) = pairs.next() else {
            break;
        };
        if let Err(error) = audit.ask(&old, &new, &mut solver) {
            println!("{error}");
            audit.disagreements += 1;
        }
    }
    println!("{audit:?}");
}
