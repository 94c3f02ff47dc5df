//! Records into stores and out of them.

use callfold_benches::bare::{self, Bare};
use callfold_benches::measure::{Case, Figure, Turn, counted, interleaved, waited, worked};
use callfold_benches::{Done, stored, work};
use callfold_store::{Durability, NewRecord};

use super::Options;
use super::print::Printer;

fn batches(records: &[NewRecord], size: usize) -> Vec<Vec<NewRecord>> {
    records.chunks(size).map(<[NewRecord]>::to_vec).collect()
}

/// How a turn is measured: by the clock on the wall, or in CPU time of all threads.
type Clock = fn(&mut dyn FnMut() -> Done<u64>) -> Done<Turn>;

const CLOCKS: [(&str, Clock); 2] =
    [("CPU of all threads", |work| worked(work)), ("by the clock on the wall", |work| waited(work))];

const POLICIES: [(&str, Durability); 3] =
    [("always", Durability::Always), ("every(50)", Durability::Every(50)), ("never", Durability::Never)];

pub(super) fn append(options: &Options, printer: &mut Printer) -> Done<()> {
    let records = stored::records(bare::DESCRIPTION, options.inputs)?;
    let bytes: usize = records.iter().map(|record| record.bytes.len()).sum();
    let mean = bytes / records.len().max(1);
    for (clock_name, clock) in CLOCKS {
        for size in [1, 75, 1_000] {
            for (name, durability) in POLICIES {
                // A sync for every record is slow by nature: fewer of them say as much.
                let few = size == 1 && durability == Durability::Always;
                let some = records.get(..if few { 1_000 } else { records.len() }).unwrap_or_default();
                let figures = beside(options, clock, durability, &batches(some, size))?;
                let title = format!(
                    "append, {clock_name}: {} records of {mean} bytes, by {size}, {name}",
                    some.len()
                );
                printer.figures(&title, "record", &figures)?;
            }
        }
        policies_compared(options, printer, clock_name, clock, &records)?;
    }
    read(options, printer, &records)
}

fn beside(
    options: &Options,
    clock: Clock,
    durability: Durability,
    all: &[Vec<NewRecord>],
) -> Done<Vec<Figure>> {
    let blocks = bare::packed(all);
    let mut cases = [
        Case::new("sled, the same blocks and syncs", || {
            let mut sled = Bare::new(durability)?;
            clock(&mut || sled.blocks(&blocks))
        }),
        Case::new("callfold", || {
            let (_directory, store) = bare::store(durability)?;
            let mut all = all.to_vec();
            clock(&mut || bare::callfold(&store, std::mem::take(&mut all)))
        }),
        Case::new("sled, one record a key", || {
            let mut sled = Bare::new(durability)?;
            clock(&mut || sled.one_a_key(all))
        }),
        Case::new("a plain file", || clock(&mut || bare::plain_file(all, durability))),
    ];
    interleaved(&mut cases, options.rounds.min(9))
}

/// What syncing now and then costs.
fn policies_compared(
    options: &Options,
    printer: &mut Printer,
    clock_name: &str,
    clock: Clock,
    records: &[NewRecord],
) -> Done<()> {
    let all = batches(records, 75);
    let case = |name: &str, durability| {
        let all = &all;
        Case::new(name, move || {
            let (_directory, store) = bare::store(durability)?;
            let mut all = all.clone();
            clock(&mut || bare::callfold(&store, std::mem::take(&mut all)))
        })
    };
    let mut cases = [case("never", Durability::Never), case("every(50)", Durability::Every(50))];
    let figures = interleaved(&mut cases, options.rounds)?;
    printer.figures(&format!("append, {clock_name}: what every(50) costs, by 75"), "record", &figures)
}

fn read(options: &Options, printer: &mut Printer, records: &[NewRecord]) -> Done<()> {
    let all = batches(records, 75);
    let blocks = bare::packed(&all);
    let mut sled = Bare::new(Durability::Never)?;
    sled.blocks(&blocks)?;
    let mut one_a_key = Bare::new(Durability::Never)?;
    one_a_key.one_a_key(&all)?;
    let stored = stored::log(1, options.inputs)?;
    let Some(stream) = stored.streams.first().copied() else { return Err("no stream".into()) };
    let count = records.len() as u64;
    let all_of = |read: Done<u64>| read.map(|_| count);
    let mut cases = [
        Case::new("sled, the same blocks, unpacked", || counted(|| all_of(bare::unpack(&sled)))),
        Case::new("callfold", || counted(|| work::read(&stored.log, stream))),
        Case::new("sled, the same blocks, not unpacked", || counted(|| all_of(sled.read()))),
        Case::new("sled, one record a key", || counted(|| all_of(one_a_key.read()))),
    ];
    let figures = interleaved(&mut cases, options.rounds)?;
    printer.figures(&format!("read: {count} records"), "record", &figures)
}
