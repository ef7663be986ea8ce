//! Looking names up, filling, deciding and explaining requests.

use std::hint::black_box;
use std::iter;

use criterion::{BenchmarkId, Criterion, Throughput};
use portcullis_benches::workloads;
use portcullis_compile::Options;
use portcullis_vm::{Action, Key, Known, Target};

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

/// Names that are looked up once, and requests that are filled with what was found.
fn names(criterion: &mut Criterion) {
    for workload in workloads() {
        let image = workload.image(Options::default());
        let views = || iter::once(image.view());
        let mut group = criterion.benchmark_group("names");
        group.throughput(Throughput::Elements(workload.requests.len() as u64));
        group.bench_function(BenchmarkId::new("action", workload.name), |bencher| {
            bencher.iter(|| {
                for request in &workload.requests {
                    black_box(Action::resolve(views(), black_box(&request.action)));
                }
            });
        });
        group.bench_function(BenchmarkId::new("five keys", workload.name), |bencher| {
            bencher.iter(|| {
                for (name, _) in workload.requests.iter().flat_map(|one| &one.context) {
                    black_box(Key::resolve(views(), black_box(name)));
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
        let resolved: Vec<_> = (workload.requests.iter())
            .map(|request| {
                let keys = request.context.iter();
                let keys = keys.map(|(name, _)| Key::resolve(views(), name));
                let known = request.with(|request| Known::resolve(views(), &request.principal));
                let action = Action::resolve(views(), &request.action);
                (action, keys.collect::<Vec<_>>(), known)
            })
            .collect();
        group.bench_function(
            BenchmarkId::new("fill resolved", workload.name),
            |bencher| {
                let mut prepared = portcullis_vm::Request::new();
                bencher.iter(|| {
                    for (request, (action, keys, known)) in workload.requests.iter().zip(&resolved)
                    {
                        request.with(|request| {
                            prepared.begin(views());
                            prepared.set_action(views(), action);
                            for (key, entry) in keys.iter().zip(request.context) {
                                prepared.add_key(views(), key, entry.values);
                            }
                            let target = Target::new(request.resource);
                            prepared.finish(views(), &request.principal, Some(known), &target);
                        });
                    }
                });
            },
        );
        group.finish();
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    names(&mut criterion);
    requests(&mut criterion);
    criterion.final_summary();
}
