//! Random pairs of tiny policies against every request of a tiny world; see `portcullis_testkit::prove::tiny`.
//!
//! `cargo run --release -p portcullis-testkit --example tiny -- PAIRS REQUESTS [SEED]`

use portcullis_testkit::prove::tiny::{Settings, run};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: usize| match arguments.next() {
        Some(text) => text.parse(),
        None => Ok(default),
    };
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
