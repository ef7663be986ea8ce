//! No call that decides allocates, from texts or by what was prepared, once its memory has seen such a request.
//!
//! A binary of its own with one test, because the counter is the program's.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::alloc::System;
use std::hint::black_box;

use portcullis::{Principal, Query, Scratch, Value};
use portcullis_compile::{Options, compile};
use portcullis_image::Image;
use portcullis_testkit::corpus::each_scenario;
use portcullis_testkit::facade::authorizer;
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
            let authorizer = authorizer(&scenario.policies, |sets| {
                let image = compile(&sets, Options { debug, index }).unwrap();
                Ok(vec![Image::from_bytes(image).unwrap()])
            });
            let authorizer = authorizer.unwrap();
            let mut scratch = Scratch::new();
            for case in &scenario.cases {
                let Some(request) = &case.request else {
                    continue;
                };
                let pairs: Vec<(&str, Value<'_>)> = request
                    .context
                    .iter()
                    .map(|entry| (entry.key, Value::Texts(entry.values)))
                    .collect();
                let (names, values): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
                let principal = Principal::from(request.principal);
                let site = authorizer.prepare(request.action, &names);
                let resolved = authorizer.resolve(principal.clone());
                let queries = [
                    Query::from(request),
                    Query::new(&principal, request.action, request.resource).context(&pairs),
                    Query::at(&site, &values, &principal, request.resource),
                    Query::at(&site, &values, &resolved, request.resource),
                ];
                for query in &queries {
                    let mut every_call = || {
                        black_box(authorizer.decide_with(&mut scratch, query)).is_allow();
                        black_box(authorizer.decide(query)).is_allow();
                        authorizer.decide_many(&mut scratch, &[*query, *query], |_, outcome| {
                            black_box(outcome.is_allow());
                        });
                        black_box(authorizer.ready(&mut scratch, query).decide()).is_allow();
                    };
                    every_call();
                    let region = Region::new(ALLOCATOR);
                    every_call();
                    assert_eq!(allocations(&region), 0, "{place}");
                    decisions += 1;
                }
            }
        }
    })
    .unwrap();
    println!("{decisions} decisions without allocation");
    assert!(decisions > 8_000);

    // The counter counts.
    let region = Region::new(ALLOCATOR);
    drop(black_box(Box::new(1)));
    assert!(allocations(&region) >= 2);
}
