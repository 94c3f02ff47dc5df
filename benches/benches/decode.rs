//! Frame text to typed, beside the least that can be done with serde_json and beside its untyped value.
#![allow(clippy::unwrap_used, missing_docs)]

use callfold_benches::{generate, measure, work};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn decode(criterion: &mut Criterion) {
    let session = generate::session(1, measure::size(20_000, 500)).unwrap();
    let frames: Vec<&str> = session.frames().collect();
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(frames.len() as u64));
    group.bench_function("callfold", |bench| bench.iter(|| work::decode(&frames).unwrap()));
    group.bench_function("hand-written visitor", |bench| {
        bench.iter(|| work::decode_by_floor(&frames).unwrap());
    });
    group.bench_function("serde_json::Value", |bench| bench.iter(|| work::decode_to_value(&frames).unwrap()));
    group.bench_function("UTF-8 alone", |bench| bench.iter(|| work::only_utf8(&frames).unwrap()));
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
