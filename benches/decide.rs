//! Deciding, filling and explaining requests.

use std::hint::black_box;
use std::iter;

use criterion::{BenchmarkId, Criterion, Throughput};
use portcullis_benches::workloads;
use portcullis_compile::Options;

fn requests(criterion: &mut Criterion) {
    for workload in workloads() {
        let image = workload.image(Options::default());
        let bare = workload.image(Options {
            debug: false,
            index: false,
        });
        let views = || iter::once(image.view());
        let count = workload.requests.len() as u64;
        let fill = |views: iter::Once<_>| {
            let all = workload.requests.iter().map(|request| {
                let mut prepared = portcullis_vm::Request::new();
                request.with(|request| prepared.fill(views.clone(), request));
                prepared
            });
            all.collect::<Vec<_>>()
        };
        let prepared = fill(views());
        let prepared_bare = fill(iter::once(bare.view()));

        let mut group = criterion.benchmark_group("requests");
        group.throughput(Throughput::Elements(count));
        group.bench_function(BenchmarkId::new("decide", workload.name), |bencher| {
            bencher.iter(|| {
                for request in &prepared {
                    black_box(portcullis_vm::decide(views(), black_box(request)));
                }
            });
        });
        group.bench_function(
            BenchmarkId::new("decide without index", workload.name),
            |bencher| {
                bencher.iter(|| {
                    for request in &prepared_bare {
                        black_box(portcullis_vm::decide(
                            iter::once(bare.view()),
                            black_box(request),
                        ));
                    }
                });
            },
        );
        group.bench_function(BenchmarkId::new("fill", workload.name), |bencher| {
            let mut prepared = portcullis_vm::Request::new();
            bencher.iter(|| {
                for request in &workload.requests {
                    request.with(|request| prepared.fill(views(), black_box(request)));
                }
            });
        });
        group.bench_function(BenchmarkId::new("explain", workload.name), |bencher| {
            bencher.iter(|| {
                for request in &prepared {
                    black_box(portcullis_vm::explain(views(), black_box(request)));
                }
            });
        });
        group.finish();
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    requests(&mut criterion);
    criterion.final_summary();
}
