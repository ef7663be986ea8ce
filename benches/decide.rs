//! Preparing, deciding and explaining requests, as hosts do.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use portcullis::{Authorizer, Principal, Query, Scratch};
use portcullis_benches::workloads;
use portcullis_compile::Options;

fn requests(criterion: &mut Criterion) {
    for workload in workloads() {
        let of_image = |options| Authorizer::new([workload.image(options)]);
        let authorizer = of_image(Options::default());
        let bare = of_image(Options {
            debug: false,
            index: false,
        });
        let mut group = criterion.benchmark_group("requests");
        group.throughput(Throughput::Elements(workload.requests.len() as u64));
        for (name, authorizer) in [("decide", &authorizer), ("decide without index", &bare)] {
            let mut scratch = Scratch::new();
            group.bench_function(BenchmarkId::new(name, workload.name), |bencher| {
                bencher.iter(|| {
                    for request in &workload.requests {
                        request.with(|request| {
                            let query = Query::from(black_box(request));
                            black_box(authorizer.decide_with(&mut scratch, &query)).is_allow()
                        });
                    }
                });
            });
        }
        group.bench_function(BenchmarkId::new("explain", workload.name), |bencher| {
            bencher.iter(|| {
                for request in &workload.requests {
                    request.with(|request| {
                        black_box(authorizer.explain(&Query::from(black_box(request))));
                    });
                }
            });
        });
        group.finish();
    }
}

/// What a host does once: preparing call sites and resolving callers.
fn names(criterion: &mut Criterion) {
    for workload in workloads() {
        let authorizer = Authorizer::new([workload.image(Options::default())]);
        let mut group = criterion.benchmark_group("names");
        group.throughput(Throughput::Elements(workload.requests.len() as u64));
        group.bench_function(BenchmarkId::new("call site", workload.name), |bencher| {
            bencher.iter(|| {
                for request in &workload.requests {
                    let keys: Vec<&str> = request.context.iter().map(|own| &*own.0).collect();
                    black_box(authorizer.prepare(black_box(&request.action), &keys));
                }
            });
        });
        group.bench_function(BenchmarkId::new("caller", workload.name), |bencher| {
            bencher.iter(|| {
                for request in &workload.requests {
                    let principal = request.with(|request| Principal::from(request.principal));
                    black_box(authorizer.resolve(principal));
                }
            });
        });
        group.finish();
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    names(&mut criterion);
    requests(&mut criterion);
    criterion.final_summary();
}
