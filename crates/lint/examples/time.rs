//! How long it takes to check every document of a file of JSON Lines, `{"document": …}` each:
//! `cargo run --release -p portcullis-lint --example time -- FILE`.

use std::time::Instant;

use portcullis_lint::{Options, PolicyType, lint};
use serde_json::Value;

#[expect(
    clippy::disallowed_methods,
    reason = "a file of documents, which are taken apart to be measured"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("give a file")?;
    let mut texts = Vec::new();
    for line in std::fs::read_to_string(path)?.lines() {
        let line: Value = serde_json::from_str(line)?;
        texts.push(line["document"].to_string());
    }
    let options = Options::new(PolicyType::Identity);
    for _ in 0..5 {
        let start = Instant::now();
        let found: usize = texts
            .iter()
            .map(|text| lint(text, &options, |report| report.findings.len()))
            .sum();
        println!(
            "{} documents, {found} findings, {:?}",
            texts.len(),
            start.elapsed()
        );
    }
    Ok(())
}
