//! Tiny policies in tiny worlds: random pairs against many requests, and whole worlds; see `portcullis_testkit::prove::tiny` and
//! `portcullis_testkit::prove::whole`.
//!
//! `cargo run --release -p portcullis-testkit --example tiny -- PAIRS REQUESTS [SEED]`, or `whole [STEP]`, or `audit PAIRS [SEED]`,
//! which decides every lemma of that many pairs again.

use portcullis_prove::audited;
use portcullis_testkit::prove::callers;
use portcullis_testkit::prove::tiny::{Settings, run};
use portcullis_testkit::prove::whole::{self, Family};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let is_audit = arguments.next_if(|own| own == "audit").is_some();
    let is_whole = arguments.next_if(|own| own == "whole").is_some();
    let mut number = |default: usize| match arguments.next() {
        Some(text) => text.parse(),
        None => Ok(default),
    };
    if is_whole {
        let step = number(1)?;
        for family in Family::ALL {
            println!("{family:?}: {:?}", whole::run(family, step)?);
        }
        return Ok(());
    }
    if is_audit {
        let (pairs, seed) = (number(1000)?, number(1)?);
        for variables in [false, true] {
            let settings = Settings {
                statements: 3,
                conditions: 3,
                variables,
            };
            let (report, audit) = audited(|| run(seed as u64, pairs, 1, settings));
            println!("{:?}\n{audit:?}", report?);
        }
        let (report, audit) = audited(|| callers::run(seed as u64, pairs, 1));
        println!("{:?}\n{audit:?}", report?);
        return Ok(());
    }
    let (pairs, requests, seed) = (number(1000)?, number(2000)?, number(1)?);
    for variables in [false, true] {
        for conditions in [1, 3] {
            let settings = Settings {
                statements: 3,
                conditions,
                variables,
            };
            let report = run(seed as u64, pairs, requests, settings)?;
            println!("{settings:?}: {report:?}");
        }
    }
    Ok(())
}
