//! The very small and the very large: a session policy that comes with a request, and a million statements.

#![allow(
    clippy::panic,
    reason = "a benchmark that cannot be set up cannot go on"
)]

use std::hint::black_box;

use bumpalo::Bump;
use criterion::{BenchmarkId, Criterion, Throughput};
use portcullis::{Authorizer, Outcome, Principal, Query, Scratch, Value};
use portcullis_benches::{unproven, workload};
use portcullis_compile::{Options, compile};
use portcullis_image::Image;

/// From the text of a policy to what decides.
fn session_policy(criterion: &mut Criterion) {
    let session = workload("3 statements", 3).world;
    let options = Options {
        debug: false,
        index: false,
    };
    criterion.bench_function("session policy/from text to image", |bencher| {
        bencher.iter(|| {
            let arena = Bump::new();
            let sets = session
                .read(&arena)
                .unwrap_or_else(|error| panic!("{error}"));
            let image = compile(black_box(&sets), options).map(Image::from_bytes);
            black_box(image.is_ok_and(|image| image.is_ok()))
        });
    });
}

/// Opening an image of a million statements, and deciding many requests against it.
fn a_million(criterion: &mut Criterion) {
    let workload = unproven("1000000 statements", 1_000_000, 20_000);
    let bytes = workload.compile(Options::default());
    let image = Image::from_bytes(&bytes[..]).unwrap_or_else(|error| panic!("{error}"));
    let checksum = image.view().header().checksum;

    let mut group = criterion.benchmark_group("open");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function(BenchmarkId::new("checked", workload.name), |bencher| {
        bencher.iter(|| black_box(Image::from_bytes(black_box(&bytes[..])).is_ok()));
    });
    group.bench_function(BenchmarkId::new("trusted", workload.name), |bencher| {
        bencher.iter(|| black_box(Image::from_trusted(black_box(&bytes[..]), checksum).is_ok()));
    });
    group.finish();

    let principals: Vec<Principal> = workload
        .requests
        .iter()
        .map(|request| request.with(|request| request.principal.into()))
        .collect();
    let texts: Vec<Vec<(&str, Vec<&str>)>> = workload
        .requests
        .iter()
        .map(|request| {
            let entries = request.context.iter();
            entries
                .map(|(key, values)| (key.as_str(), values.iter().map(String::as_str).collect()))
                .collect()
        })
        .collect();
    let contexts: Vec<Vec<(&str, Value<'_>)>> = texts
        .iter()
        .map(|entries| {
            let entries = entries.iter();
            entries
                .map(|(key, values)| (*key, Value::Texts(values)))
                .collect()
        })
        .collect();
    let queries: Vec<Query<'_>> = workload
        .requests
        .iter()
        .zip(principals.iter().zip(&contexts))
        .map(|(request, (principal, context))| {
            Query::new(principal, &request.action, &request.resource).context(context)
        })
        .collect();
    many(criterion, &image, workload.name, &queries);
}

fn many(criterion: &mut Criterion, image: &Image<&[u8]>, name: &str, queries: &[Query<'_>]) {
    let authorizer = Authorizer::new([image.clone()]);
    let mut scratch = Scratch::new();
    let one_by_one: Vec<Outcome> = queries
        .iter()
        .map(|query| authorizer.decide_with(&mut scratch, query))
        .collect();
    authorizer.decide_many(&mut scratch, queries, |place, outcome| {
        assert_eq!(one_by_one.get(place), Some(&outcome));
    });
    assert!(one_by_one.iter().any(Outcome::is_allow));

    let mut group = criterion.benchmark_group("many requests");
    group.sample_size(20);
    group.throughput(Throughput::Elements(queries.len() as u64));
    group.bench_function(BenchmarkId::new("one by one", name), |bencher| {
        bencher.iter(|| {
            for query in queries {
                let outcome = authorizer.decide_with(&mut scratch, black_box(query));
                black_box(outcome.is_allow());
            }
        });
    });
    group.bench_function(BenchmarkId::new("all at once", name), |bencher| {
        bencher.iter(|| {
            authorizer.decide_many(&mut scratch, black_box(queries), |_, outcome| {
                black_box(outcome.is_allow());
            });
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    session_policy(&mut criterion);
    a_million(&mut criterion);
    criterion.final_summary();
}
