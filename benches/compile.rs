//! Reading, compiling and loading policies.

use std::hint::black_box;

use bumpalo::Bump;
use criterion::{BenchmarkId, Criterion, Throughput};
use portcullis_benches::workloads;
use portcullis_compile::{Options, compile};
use portcullis_image::Image;

fn policies(criterion: &mut Criterion) {
    for workload in workloads() {
        let source: usize = workload.world.identity.iter().map(String::len).sum();
        let mut group = criterion.benchmark_group("policies");
        group.sample_size(20);
        group.throughput(Throughput::Bytes(source as u64));
        group.bench_function(BenchmarkId::new("read", workload.name), |bencher| {
            bencher.iter(|| {
                let arena = Bump::new();
                black_box(workload.world.read(&arena).is_ok())
            });
        });
        let arena = Bump::new();
        let Ok(sets) = workload.world.read(&arena) else {
            continue;
        };
        group.bench_function(BenchmarkId::new("compile", workload.name), |bencher| {
            bencher.iter(|| black_box(compile(black_box(&sets), Options::default())));
        });
        let bytes = workload.compile(Options::default());
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(BenchmarkId::new("load", workload.name), |bencher| {
            bencher.iter(|| black_box(Image::from_bytes(black_box(&bytes[..])).is_ok()));
        });
        group.finish();
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    policies(&mut criterion);
    criterion.final_summary();
}
