//! Decoded inputs through the machine, by what they do.
#![allow(clippy::unwrap_used, missing_docs)]

use std::time::Duration;

use callfold_benches::kinds::Kind;
use callfold_benches::{generate, measure, work};
use criterion::{Criterion, criterion_group, criterion_main};

fn reduce(criterion: &mut Criterion) {
    let session = generate::session(1, measure::size(20_000, 2_000)).unwrap();
    let mut group = criterion.benchmark_group("reduce");
    group.sample_size(10);
    // Machines cannot be put back to where they were between two inputs: all of a session run in order, and the time of
    // those of a kind is told.
    let mut told = |name: &str, kind: Option<Kind>| {
        group.bench_function(name, |bench| {
            bench.iter_custom(|times| {
                let rounds = usize::try_from(times.min(3)).unwrap();
                let ruled = work::rules(&session, rounds).unwrap();
                let spent = ruled.iter().filter(|ruled| kind.is_none_or(|kind| kind == ruled.kind));
                let spent: Vec<u64> = spent.map(|ruled| ruled.spent).collect();
                let picos = u128::from(spent.iter().sum::<u64>()) * u128::from(times);
                let nanos = picos / 1_000 / spent.len().max(1) as u128;
                // A mean of nothing would be no time at all, which criterion does not take.
                Duration::from_nanos(u64::try_from(nanos).unwrap().max(1))
            });
        });
    };
    told("mixed", None);
    for kind in Kind::ALL {
        told(kind.text(), Some(kind));
    }
    for parties in [2, 10, 40] {
        group.bench_function(format!("the same list of a conference of {parties}"), |bench| {
            bench.iter_custom(|times| {
                let spent = work::same_conference(parties, usize::try_from(times).unwrap()).unwrap();
                Duration::from_nanos((spent.iter().sum::<u64>() / 1_000).max(1))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, reduce);
criterion_main!(benches);
