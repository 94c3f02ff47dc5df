//! The same events through cqrs-es, as what somebody who writes this in Rust would otherwise build on.
#![allow(clippy::unwrap_used, missing_docs)]

use callfold_benches::{generate, measure, peer, work};
use callfold_engine::{Event, Machine, Outcome};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

fn peer(criterion: &mut Criterion) {
    let session = generate::session(1, measure::size(20_000, 600)).unwrap();
    let mut machine = Machine::new(generate::config());
    let mut outcome = Outcome::default();
    let mut told: Vec<Vec<Event>> = Vec::new();
    for input in &session.inputs {
        machine.handle(input, &mut outcome);
        told.push(std::mem::take(&mut outcome.events));
    }
    let events: u64 = told.iter().map(|events| events.len() as u64).sum();
    let filled = peer::filled(&told).unwrap();
    let mut group = criterion.benchmark_group("peer");
    group.throughput(Throughput::Elements(events));
    group.bench_function("callfold: the view folded", |bench| {
        bench.iter(|| assert_eq!(work::fold_events(&told).unwrap(), events));
    });
    group.bench_function("cqrs-es: the aggregate loaded", |bench| {
        bench.iter(|| assert_eq!(peer::load(&filled).unwrap(), events));
    });
    let few = session.loading..session.loading + 200;
    let start = work::loaded(&session);
    let (inputs, told) = (session.inputs.get(few.clone()).unwrap(), told.get(few).unwrap());
    group.throughput(Throughput::Elements(200));
    group.bench_function("callfold: 200 inputs one by one", |bench| {
        bench.iter_batched_ref(
            || start.clone(),
            |machine| work::replay_text(machine, inputs).unwrap(),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("cqrs-es: 200 commands one by one, no rules", |bench| {
        bench.iter(|| peer::execute(told).unwrap());
    });
    group.finish();
}

criterion_group!(benches, peer);
criterion_main!(benches);
