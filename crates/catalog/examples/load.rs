//! How long it takes to unpack the catalog, and to look things up.

use std::hint::black_box;
use std::time::Instant;

use portcullis_catalog::{Catalog, PackError};

/// Times a thing, and prints the fastest and the median.
fn timed<T>(what: &str, rounds: usize, run: impl Fn() -> T) {
    let mut times: Vec<_> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            black_box(run());
            start.elapsed()
        })
        .collect();
    times.sort();
    if let (Some(fastest), Some(median)) = (times.first(), times.get(rounds / 2)) {
        println!("{what:<20} fastest {fastest:?}, median {median:?}");
    }
}

fn main() -> Result<(), PackError> {
    let pack = include_bytes!("../data/catalog.pack");
    let catalog = Catalog::builtin()?;
    timed("unpack", 50, || Catalog::from_bytes(pack));
    timed("action", 1000, || catalog.action("sqs:SendMessage"));
    timed("expand s3:Get*", 100, || catalog.expand("s3:Get*").count());
    timed("expand *", 100, || catalog.expand("*").count());
    timed("key with a variable", 1000, || {
        catalog.key("aws:RequestTag/team")
    });
    timed("types of an ARN", 100, || {
        catalog.resource_types_of("arn:aws:s3:::b/k")
    });
    timed("operation", 1000, || {
        catalog.operation("ec2", "run-instances")
    });
    timed("nearest actions", 100, || {
        catalog.nearest_actions("ec2:RunInstance")
    });
    Ok(())
}
