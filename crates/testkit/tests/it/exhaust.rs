//! A slice of what `cargo run --release -p portcullis-testkit --example exhaustion` does in full.

use portcullis_testkit::exhaust::Universe;

/// Every `step`th set; `PORTCULLIS_CASES=all` takes them all.
fn run(universe: &Universe, step: u64) {
    let all = std::env::var("PORTCULLIS_CASES").is_ok_and(|text| text == "all");
    let step = if all { 1 } else { step };
    let report = universe
        .run(0, step)
        .unwrap_or_else(|failure| panic!("{failure}"));
    println!("{report:?}");
    assert_eq!(report.sets, universe.sets().div_ceil(step));
    assert_eq!(report.cases, report.sets * universe.requests() as u64);
    for (decision, count) in &report.mix {
        assert!(count * 100 > report.cases, "{decision} comes too rarely");
    }
}

#[test]
fn sets_of_two_statements() {
    run(&Universe::pairs(), 499);
}

#[test]
fn sets_of_three_statements() {
    run(&Universe::triples(), 997);
}

#[test]
fn conditions() {
    run(&Universe::conditions(), 7);
}
