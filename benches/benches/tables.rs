//! A log as tables: to Parquet, to CSV, and as JSON lines with its chain.
#![allow(clippy::unwrap_used, missing_docs)]

use callfold::log::to_the_end;
use callfold::tables::{Format, Table};
use callfold_benches::{measure, stored};
use callfold_engine::Span;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn tables(criterion: &mut Criterion) {
    let stored = stored::log(1, measure::size(20_000, 1_000)).unwrap();
    let log = &stored.log;
    let head = log.store().head(*stored.streams.first().unwrap()).unwrap().seq;
    let mut group = criterion.benchmark_group("export");
    group.sample_size(10).throughput(Throughput::Elements(head));
    let mut to = |name: &str, table, format| {
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let mut out = Vec::new();
                let rows =
                    log.export_table(table, format, &[], Span::ZERO, &mut out, &mut to_the_end).unwrap();
                assert!(rows > 0 && !out.is_empty());
                out
            });
        });
    };
    to("events to Parquet", Table::Events, Format::Parquet);
    to("events to CSV", Table::Events, Format::Csv);
    to("calls to Parquet", Table::Calls, Format::Parquet);
    group.finish();
}

criterion_group!(benches, tables);
criterion_main!(benches);
