//! Deciding does not allocate, and filling a request again with what it has seen does not either.
//!
//! A binary of its own with one test, because the counter is the program's.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::alloc::System;
use std::hint::black_box;

use portcullis_compile::{Options, compile};
use portcullis_image::Image;
use portcullis_testkit::corpus::each_scenario;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How often memory was asked for or moved.
fn allocations(region: &Region<'_, System>) -> usize {
    let stats = region.change();
    stats.allocations + stats.reallocations + stats.deallocations
}

#[test]
fn deciding_does_not_allocate() {
    let mut decisions = 0;
    let options = [(true, true), (false, true), (false, false)];
    each_scenario(|place, scenario| {
        for (debug, index) in options {
            let policies = scenario.policies.without_bucket();
            let image = compile(&policies, Options { debug, index }).unwrap();
            let image = Image::from_bytes(image).unwrap();
            let views = || std::iter::once(image.view());
            for case in &scenario.cases {
                let Some(request) = &case.request else {
                    continue;
                };
                let mut prepared = portcullis_vm::Request::new();
                prepared.fill(views(), request);

                let region = Region::new(ALLOCATOR);
                prepared.fill(views(), request);
                let filling = allocations(&region);

                let region = Region::new(ALLOCATOR);
                let outcome = portcullis_vm::decide(views(), &prepared);
                let deciding = allocations(&region);

                black_box(outcome);
                assert_eq!((filling, deciding), (0, 0), "{place}");
                decisions += 1;
            }
        }
    })
    .unwrap();
    println!("{decisions} decisions without allocation");
    assert!(decisions > 2_000);

    // The counter counts.
    let region = Region::new(ALLOCATOR);
    drop(black_box(Box::new(1)));
    assert!(allocations(&region) >= 2);
}
