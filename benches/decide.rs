//! Preparing, deciding and explaining requests.

use std::hint::black_box;
use std::iter;

use criterion::{BenchmarkId, Criterion, Throughput};
use portcullis_benches::workloads;
use portcullis_compile::Options;
use portcullis_vm::{CallSite, Known, Plan, Query, Scratch};

fn requests(criterion: &mut Criterion) {
    for workload in workloads() {
        let image = workload.image(Options::default());
        let bare = workload.image(Options {
            debug: false,
            index: false,
        });
        let mut group = criterion.benchmark_group("requests");
        group.throughput(Throughput::Elements(workload.requests.len() as u64));
        for (name, image) in [("decide", &image), ("decide without index", &bare)] {
            let views = || iter::once(image.view());
            let plan = Plan::of(views());
            let mut scratch = Scratch::new();
            group.bench_function(BenchmarkId::new(name, workload.name), |bencher| {
                bencher.iter(|| {
                    for request in &workload.requests {
                        request.with(|request| {
                            let query = Query::from(black_box(request));
                            let outcome =
                                portcullis_vm::decide(views(), &plan, &mut scratch, &query);
                            black_box(outcome.is_allow())
                        });
                    }
                });
            });
        }
        let views = || iter::once(image.view());
        let plan = Plan::of(views());
        let mut scratch = Scratch::new();
        group.bench_function(BenchmarkId::new("explain", workload.name), |bencher| {
            bencher.iter(|| {
                for request in &workload.requests {
                    request.with(|request| {
                        let query = Query::from(black_box(request));
                        black_box(portcullis_vm::explain(views(), &plan, &mut scratch, &query));
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
        let image = workload.image(Options::default());
        let views = || iter::once(image.view());
        let mut group = criterion.benchmark_group("names");
        group.throughput(Throughput::Elements(workload.requests.len() as u64));
        group.bench_function(BenchmarkId::new("call site", workload.name), |bencher| {
            bencher.iter(|| {
                for request in &workload.requests {
                    let keys: Vec<&str> = request.context.iter().map(|own| &*own.0).collect();
                    black_box(CallSite::resolve(
                        views(),
                        black_box(&request.action),
                        &keys,
                    ));
                }
            });
        });
        group.bench_function(BenchmarkId::new("caller", workload.name), |bencher| {
            bencher.iter(|| {
                for request in &workload.requests {
                    request.with(|request| black_box(Known::resolve(views(), &request.principal)));
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
