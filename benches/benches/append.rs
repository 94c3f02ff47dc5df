//! Records into a store, by durability and batch, beside bare sled and a plain file.
#![allow(clippy::unwrap_used, missing_docs)]

use callfold_benches::bare::{self, Bare};
use callfold_benches::{measure, stored};
use callfold_store::{Durability, NewRecord};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn append(criterion: &mut Criterion) {
    let records = stored::records(bare::DESCRIPTION, measure::size(3_000, 200)).unwrap();
    let policies = [
        ("always", Durability::Always),
        ("every 50 ms", Durability::Every(50)),
        ("never", Durability::Never),
    ];
    for (policy, durability) in policies {
        let mut group = criterion.benchmark_group(format!("append, {policy}"));
        group.sample_size(10).throughput(Throughput::Elements(records.len() as u64));
        for size in [75, 1_000] {
            let all: Vec<Vec<NewRecord>> = records.chunks(size).map(<[NewRecord]>::to_vec).collect();
            let blocks = bare::packed(&all);
            group.bench_function(BenchmarkId::new("callfold", size), |bench| {
                bench.iter_batched(
                    || (bare::store(durability).unwrap(), all.clone()),
                    |((directory, store), all)| (bare::callfold(&store, all).unwrap(), store, directory),
                    BatchSize::PerIteration,
                );
            });
            group.bench_function(BenchmarkId::new("sled, the same blocks and syncs", size), |bench| {
                bench.iter_batched(
                    || Bare::new(durability).unwrap(),
                    |mut sled| (sled.blocks(&blocks).unwrap(), sled),
                    BatchSize::PerIteration,
                );
            });
            group.bench_function(BenchmarkId::new("sled, one record a key", size), |bench| {
                bench.iter_batched(
                    || Bare::new(durability).unwrap(),
                    |mut sled| (sled.one_a_key(&all).unwrap(), sled),
                    BatchSize::PerIteration,
                );
            });
            group.bench_function(BenchmarkId::new("a plain file", size), |bench| {
                bench.iter(|| bare::plain_file(&all, durability).unwrap());
            });
        }
        group.finish();
    }
}

criterion_group!(benches, append);
criterion_main!(benches);
