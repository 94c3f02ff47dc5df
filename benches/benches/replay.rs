//! Sessions end to end: as text, and out of a store.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use callfold_benches::{generate, measure, stored, work};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

fn text(criterion: &mut Criterion) {
    let session = generate::session(1, measure::size(20_000, 500)).unwrap();
    let start = work::loaded(&session);
    let inputs = session.steady();
    let mut group = criterion.benchmark_group("replay of text");
    group.throughput(Throughput::Elements(inputs.len() as u64));
    group.bench_function("text to events", |bench| {
        bench.iter_batched_ref(
            || start.clone(),
            |machine| work::replay_text(machine, inputs).unwrap(),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("decoding alone", |bench| bench.iter(|| work::decode_inputs(inputs).unwrap()));
    group.finish();
}

fn store(criterion: &mut Criterion) {
    let stored = stored::log(2, measure::size(20_000, 500)).unwrap();
    let (log, stream) = (&stored.log, stored.streams[0]);
    let mut group = criterion.benchmark_group("replay of a store");
    group.throughput(Throughput::Elements(log.store().head(stream).unwrap().seq));
    group.bench_function("as told", |bench| bench.iter(|| work::fold(log, stream).unwrap()));
    group.bench_function("as told, the chain checked", |bench| {
        bench.iter(|| work::fold_checked(log, stream).unwrap());
    });
    group.bench_function("by today's rules", |bench| bench.iter(|| work::rerun(log, stream).unwrap()));
    group.bench_function("two streams on two threads, as told", |bench| {
        bench.iter(|| {
            std::thread::scope(|scope| {
                let other = scope.spawn(|| work::fold(log, stored.streams[1]).unwrap());
                (work::fold(log, stream).unwrap(), other.join().unwrap())
            })
        });
    });
    group.finish();
}

criterion_group!(benches, text, store);
criterion_main!(benches);
