//! A store is opened, asked what was so, and read; a machine becomes a snapshot and comes back.
#![allow(clippy::unwrap_used, missing_docs)]

use callfold::log::Instant;
use callfold_benches::{generate, measure, stored, work};
use callfold_engine::{Machine, Outcome};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

fn store(criterion: &mut Criterion) {
    let made = stored::log(1, measure::size(50_000, 1_500)).unwrap();
    let stored::Stored { log, streams, directory } = made;
    let stream = *streams.first().unwrap();
    drop(log);
    let mut group = criterion.benchmark_group("store");
    group.sample_size(10);
    group.bench_function("open", |bench| {
        bench.iter_batched(|| (), |()| stored::open(directory.path()).unwrap(), BatchSize::PerIteration);
    });
    let log = stored::open(directory.path()).unwrap();
    let head = log.store().head(stream).unwrap().seq;
    let mut places = fastrand::Rng::with_seed(1);
    group.bench_function("as_of by number", |bench| {
        bench.iter_batched(
            || places.u64(1..=head),
            |seq| assert_eq!(log.as_of(stream, Instant::Seq(seq)).unwrap().seq, seq),
            BatchSize::SmallInput,
        );
    });
    let mut places = fastrand::Rng::with_seed(1);
    group.bench_function("as_of by time", |bench| {
        bench.iter_batched(
            || log.as_of(stream, Instant::Seq(places.u64(1..=head))).unwrap().at,
            |at| assert!(log.as_of(stream, Instant::At(at)).unwrap().at <= at),
            BatchSize::SmallInput,
        );
    });
    group.throughput(Throughput::Elements(head));
    group.bench_function("read", |bench| bench.iter(|| work::read(&log, stream).unwrap()));
    group.finish();
}

fn snapshot(criterion: &mut Criterion) {
    let session = generate::session(1, measure::size(2_000, 500)).unwrap();
    let mut machine = Machine::new(generate::config());
    let mut outcome = Outcome::default();
    for input in &session.inputs {
        machine.handle(input, &mut outcome);
    }
    let bytes = machine.snapshot();
    assert!(Machine::restore(&bytes).unwrap() == machine);
    let mut group = criterion.benchmark_group("snapshot");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("made", |bench| bench.iter(|| machine.snapshot()));
    group.bench_function("brought back", |bench| bench.iter(|| Machine::restore(&bytes).unwrap()));
    group.finish();
}

criterion_group!(benches, store, snapshot);
criterion_main!(benches);
