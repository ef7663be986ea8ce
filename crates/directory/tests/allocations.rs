//! An engine that has seen its largest request decides by a directory without asking for memory.
//!
//! A binary of its own with one test, because the counter is the program's.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[allow(dead_code, unreachable_pub, reason = "shared with the other tests")]
#[path = "it/support/mod.rs"]
mod support;

use std::alloc::System;
use std::hint::black_box;

use bumpalo::Bump;
use portcullis_directory::{
    ContextValue, Directory, Engine, PreparedAction, PreparedResource, ResolvedRequest,
};
use portcullis_model::Request;
use portcullis_testkit::directory::{Generator, Scale};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use support::{Folder, requests};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How often memory is asked for, moved or given back meanwhile.
fn allocations(work: impl FnOnce()) -> usize {
    let region = Region::new(ALLOCATOR);
    work();
    let stats = region.change();
    stats.allocations + stats.reallocations + stats.deallocations
}

fn from_texts(engine: &mut Engine, directory: &Directory, requests: &[Request<'_>]) -> usize {
    let decided = requests.iter().filter(|request| {
        let outcome = engine.check(directory, request);
        black_box(outcome).is_ok()
    });
    decided.count()
}

/// Every principal asks for every deed.
fn everybody<'a>(
    directory: &Directory,
    deeds: &'a [(PreparedAction, PreparedResource, ContextValue<'a>)],
) -> Vec<ResolvedRequest<'a>> {
    let of = |principal| {
        deeds
            .iter()
            .map(move |(deed, object, given)| ResolvedRequest {
                principal,
                action: deed,
                resource: object,
                context: std::slice::from_ref(given),
            })
    };
    let all = (0..directory.principal_count()).map(|place| directory.nth_principal(place).unwrap());
    all.flat_map(of).collect()
}

fn resolved(engine: &mut Engine, directory: &Directory, requests: &[ResolvedRequest<'_>]) {
    for request in requests {
        let _ = black_box(engine.check_resolved(directory, request)).unwrap();
    }
}

/// All at once.
fn batches(
    engine: &mut Engine,
    directory: &Directory,
    (texts, resolved): (&[Request<'_>], &[ResolvedRequest<'_>]),
) {
    let of_texts = engine.check_all(directory, texts, |_, outcome| {
        let _ = black_box(outcome);
    });
    let of_resolved = engine.check_all_resolved(directory, resolved, |_, outcome| {
        let _ = black_box(outcome);
    });
    of_texts.and(of_resolved).unwrap();
}

#[test]
fn deciding_by_a_directory_does_not_allocate() {
    let mut decisions = 0;
    for seed in 0..20 {
        let folder = Folder::new(&[]);
        let mut generator = Generator::new(seed, Scale::SMALL);
        generator.write(&folder.0).unwrap();
        let directory = folder.load().unwrap().directory;
        let texts = (0..200).map(|_| generator.request().to_string());
        // What goes through an access point is decided as a question, which is written down.
        let texts: Vec<String> = texts
            .filter(|text| !text.contains(":accesspoint/"))
            .collect();
        let arena = Bump::new();
        let requests = requests(&texts, &arena);
        let team = directory.key("aws:RequestTag/team").unwrap();
        let deeds: Vec<(PreparedAction, PreparedResource, ContextValue<'_>)> = requests
            .iter()
            .map(|request| {
                let deed = directory.action(request.action).unwrap();
                let object = directory.resource(request.resource, None);
                let given = ContextValue::keyed(&team, &["blue"]);
                (deed, object, given)
            })
            .collect();

        let everybody = everybody(&directory, &deeds);
        let mut engine = Engine::new();
        from_texts(&mut engine, &directory, &requests);
        resolved(&mut engine, &directory, &everybody);
        let mut decided = 0;
        let counted = allocations(|| {
            decided = from_texts(&mut engine, &directory, &requests);
            resolved(&mut engine, &directory, &everybody);
            batches(&mut engine, &directory, (&requests, &everybody));
        });
        assert_eq!(counted, 0, "seed {seed}");
        decisions += 2 * (decided + everybody.len());
    }
    println!("{decisions} decisions without allocation");
    assert!(decisions > 100_000);

    // The counter counts.
    assert!(allocations(|| drop(black_box(Box::new(1)))) >= 2);
}
