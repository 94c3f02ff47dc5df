//! Records into stores and out of them.

use callfold_benches::bare::{self, Bare};
use callfold_benches::measure::{Case, counted, interleaved, waited};
use callfold_benches::{Done, stored, work};
use callfold_store::{Durability, NewRecord};

use super::Options;
use super::print::Printer;

fn batches(records: &[NewRecord], size: usize) -> Vec<Vec<NewRecord>> {
    records.chunks(size).map(<[NewRecord]>::to_vec).collect()
}

pub(super) fn append(options: &Options, printer: &mut Printer) -> Done<()> {
    let records = stored::records(bare::DESCRIPTION, options.inputs)?;
    let bytes: usize = records.iter().map(|record| record.bytes.len()).sum();
    let mean = bytes / records.len().max(1);
    let policies =
        [("always", Durability::Always), ("every(50)", Durability::Every(50)), ("never", Durability::Never)];
    for size in [1, 75, 1_000] {
        for (name, durability) in policies {
            // A sync for every record is slow by nature: fewer of them say as much.
            let few = size == 1 && durability == Durability::Always;
            let some = records.get(..if few { 1_000 } else { records.len() }).unwrap_or_default();
            let all = batches(some, size);
            let blocks = bare::blocks_of(&all)?;
            let mut cases = [
                Case::new("sled, the same blocks and syncs", || {
                    let mut sled = Bare::new(durability)?;
                    waited(|| sled.blocks(&blocks, &all))
                }),
                Case::new("callfold", || {
                    let (_directory, store) = bare::store(durability)?;
                    let all = all.clone();
                    waited(|| bare::callfold(&store, all))
                }),
                Case::new("sled, one record a key", || {
                    let mut sled = Bare::new(durability)?;
                    waited(|| sled.one_a_key(&all))
                }),
                Case::new("a plain file", || waited(|| bare::plain_file(&all, durability))),
            ];
            let figures = interleaved(&mut cases, options.rounds.min(7))?;
            let title = format!("append: {} records of {mean} bytes, by {size}, {name}", some.len());
            printer.figures(&title, "record", &figures)?;
        }
    }
    policies_compared(options, printer, &records)?;
    read(options, printer, &records)
}

/// What syncing now and then costs.
fn policies_compared(options: &Options, printer: &mut Printer, records: &[NewRecord]) -> Done<()> {
    let all = batches(records, 75);
    let case = |name: &str, durability| {
        let all = &all;
        Case::new(name, move || {
            let (_directory, store) = bare::store(durability)?;
            let all = all.clone();
            waited(|| bare::callfold(&store, all))
        })
    };
    let mut cases = [case("never", Durability::Never), case("every(50)", Durability::Every(50))];
    let figures = interleaved(&mut cases, options.rounds)?;
    printer.figures("append: what every(50) costs, by 75", "record", &figures)
}

fn read(options: &Options, printer: &mut Printer, records: &[NewRecord]) -> Done<()> {
    let all = batches(records, 75);
    let blocks = bare::blocks_of(&all)?;
    let mut sled = Bare::new(Durability::Never)?;
    sled.blocks(&blocks, &all)?;
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
