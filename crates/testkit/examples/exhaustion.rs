//! Every policy set up to a size over a small alphabet against every request over it, reference and
//! machine compared; or one part of it.
//!
//! ```sh
//! cargo run --release -p portcullis-testkit --example exhaustion            # everything
//! cargo run --release -p portcullis-testkit --example exhaustion -- 3 8     # the fourth eighth
//! ```

use std::process::ExitCode;
use std::time::Instant;

use portcullis_testkit::exhaust::Universe;

fn main() -> ExitCode {
    let numbers: Vec<u64> = std::env::args()
        .skip(1)
        .filter_map(|text| text.parse().ok())
        .collect();
    let (first, step) = match numbers.as_slice() {
        [] => (0, 1),
        [first, step] if first < step => (*first, *step),
        _ => {
            eprintln!("usage: exhaustion [PART OF], PART from 0 and below OF");
            return ExitCode::from(2);
        }
    };
    println!(
        "| universe | policy sets | requests | cases | Allow | ExplicitDeny | ImplicitDeny | seconds |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (name, universe) in [
        ("conditions", Universe::conditions()),
        ("three statements", Universe::triples()),
        ("two statements", Universe::pairs()),
    ] {
        let start = Instant::now();
        let report = match universe.run(first, step) {
            Ok(report) => report,
            Err(failure) => {
                eprintln!("{name}: {failure}");
                return ExitCode::FAILURE;
            }
        };
        let of = |decision| report.mix.get(decision).copied().unwrap_or(0);
        println!(
            "| {name} | {} | {} | {} | {} | {} | {} | {} |",
            report.sets,
            universe.requests(),
            report.cases,
            of("Allow"),
            of("ExplicitDeny"),
            of("ImplicitDeny"),
            start.elapsed().as_secs(),
        );
    }
    ExitCode::SUCCESS
}
