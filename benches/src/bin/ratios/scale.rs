//! How cost grows: with the length of a log, with lines, with parties.

use std::time::Instant;

use callfold::log::Instant as Moment;
use callfold_benches::measure::{counted, part, per_second, time};
use callfold_benches::{Done, stored, work};

use super::Options;
use super::print::Printer;

fn since(before: Instant) -> u64 {
    u64::try_from(before.elapsed().as_nanos().saturating_mul(1_000)).unwrap_or(u64::MAX)
}

pub(super) fn scale(options: &Options, printer: &mut Printer) -> Done<()> {
    for power in 3..=options.up_to {
        length(10_usize.pow(power), printer)?;
    }
    Ok(())
}

/// A stream of this length: recorded, opened, asked, read.
fn length(records: usize, printer: &mut Printer) -> Done<()> {
    printer.title(&format!("scale: a stream of {records} records"))?;
    let mut tell = |name: &str, picos: u64, text: String| printer.line("scale", name, &text, picos);
    let before = Instant::now();
    let stored = stored::log(1, records)?;
    let Some(stream) = stored.streams.first().copied() else { return Err("no stream".into()) };
    let head = stored.log.store().head(stream)?.seq;
    let each = since(before) / head.max(1);
    tell("generated and recorded, a record", each, format!("{} {}", time(each), per_second(each)))?;
    let stored::Stored { log, directory, .. } = stored;
    drop(log);

    let before = Instant::now();
    let log = stored::open(directory.path())?;
    let took = since(before);
    tell("opened", took, time(took))?;
    let bytes = bytes_of(directory.path())?;
    tell("on disk, a record", bytes / head, format!("{} bytes", bytes / head))?;

    let mut places = fastrand::Rng::with_seed(1);
    let mut took: Vec<u64> = Vec::new();
    for _ in 0..200 {
        let seq = places.u64(1..=head);
        let before = Instant::now();
        let found = log.as_of(stream, Moment::Seq(seq))?;
        took.push(since(before));
        if found.seq != seq {
            return Err("as_of found another record".into());
        }
    }
    let (median, most) = (part(&mut took, 2), part(&mut took, 4));
    tell("as_of by number, median and longest of 200", median, format!("{}, {}", time(median), time(most)))?;
    let mut took: Vec<u64> = Vec::new();
    for _ in 0..200 {
        let at = log.as_of(stream, Moment::Seq(places.u64(1..=head)))?.at;
        let before = Instant::now();
        log.as_of(stream, Moment::At(at))?;
        took.push(since(before));
    }
    let (median, most) = (part(&mut took, 2), part(&mut took, 4));
    tell("as_of by time, median and longest of 200", median, format!("{}, {}", time(median), time(most)))?;

    for (name, work) in [
        ("read, a record", work::read as fn(&_, _) -> Done<u64>),
        ("as told, a record", |log, stream| Ok(work::fold(log, stream)?.0)),
        ("as told, the chain checked, a record", |log, stream| Ok(work::fold_checked(log, stream)?.0)),
        ("by today's rules, a record", |log, stream| Ok(work::rerun(log, stream)?.0)),
    ] {
        let each = counted(|| work(&log, stream))?.each();
        tell(name, each, format!("{} {}", time(each), per_second(each)))?;
    }
    Ok(())
}

fn bytes_of(path: &std::path::Path) -> Done<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let kind = entry.metadata()?;
        bytes += if kind.is_dir() { bytes_of(&entry.path())? } else { kind.len() };
    }
    Ok(bytes)
}
