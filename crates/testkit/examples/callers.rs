//! Random policies about callers against sampled requests; see `portcullis_testkit::prove::callers`.
//!
//! `cargo run --release -p portcullis-testkit --example callers -- PAIRS REQUESTS [SEED]`

use portcullis_testkit::prove::callers::run;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: usize| match arguments.next() {
        Some(text) => text.parse(),
        None => Ok(default),
    };
    let (pairs, requests, seed) = (number(1000)?, number(1000)?, number(1)?);
    println!("{:?}", run(seed as u64, pairs, requests)?);
    Ok(())
}
