//! Decoding, rules, replay and the peer.

use std::collections::BTreeMap;

use callfold_benches::generate::{self, Session};
use callfold_benches::kinds::Kind;
use callfold_benches::measure::{Case, counted, interleaved, part, thousandths, thread_time, time};
use callfold_benches::{Done, peer, stored, work};
use callfold_engine::{Event, Machine, Outcome};

use super::Options;
use super::print::Printer;

pub(super) fn decode(options: &Options, printer: &mut Printer) -> Done<()> {
    let session = generate::session(1, options.inputs)?;
    let frames: Vec<&str> = session.frames().collect();
    let bytes: usize = frames.iter().map(|frame| frame.len()).sum();
    let mut cases = [
        Case::new("the hand-written visitor", || counted(|| work::decode_by_floor(&frames))),
        Case::new("callfold", || counted(|| work::decode(&frames))),
        Case::new("serde_json::Value", || counted(|| work::decode_to_value(&frames))),
        Case::new("whether it is UTF-8", || counted(|| work::only_utf8(&frames))),
    ];
    let figures = interleaved(&mut cases, options.rounds)?;
    let mean = bytes / frames.len().max(1);
    printer.figures(&format!("decode: {} frames of {mean} bytes", frames.len()), "frame", &figures)
}

pub(super) fn reduce(options: &Options, printer: &mut Printer) -> Done<()> {
    let session = generate::session(1, options.inputs)?;
    let ruled = work::rules(&session, options.rounds)?;
    printer.title(&format!("reduce: {} inputs, decoding left out", ruled.len()))?;
    let mut by_kind: BTreeMap<Kind, Vec<u64>> = BTreeMap::new();
    let mut all = Vec::with_capacity(ruled.len());
    for ruled in ruled {
        by_kind.entry(ruled.kind).or_default().push(ruled.spent);
        all.push(ruled.spent);
    }
    told(printer, "mixed", &mut all)?;
    for (kind, mut spent) in by_kind {
        told(printer, kind.text(), &mut spent)?;
    }
    for parties in [2, 10, 40] {
        let mut spent = work::same_conference(parties, options.rounds * 50)?;
        told(printer, &format!("the same list of a conference of {parties}"), &mut spent)?;
    }
    Ok(())
}

fn told(printer: &mut Printer, name: &str, spent: &mut [u64]) -> Done<()> {
    let mean = spent.iter().sum::<u64>() / spent.len().max(1) as u64;
    let (median, three) = (part(spent, 2), part(spent, 3));
    let text = format!(
        "median {:>8}  three quarters under {:>8}  mean {:>8}  ({} inputs)",
        time(median),
        time(three),
        time(mean),
        spent.len()
    );
    printer.line("reduce", name, &text, median)
}

pub(super) fn replay(options: &Options, printer: &mut Printer) -> Done<()> {
    let session = generate::session(1, options.inputs)?;
    let start = work::loaded(&session);
    let inputs = session.steady();
    let mut cases = [
        Case::new("decoding alone", || counted(|| work::decode_inputs(inputs))),
        Case::new("text to events", || {
            let mut machine = start.clone();
            counted(|| Ok(work::replay_text(&mut machine, inputs)?.0))
        }),
    ];
    let figures = interleaved(&mut cases, options.rounds)?;
    printer.figures(&format!("replay of text: {} inputs", inputs.len()), "input", &figures)?;

    let stored = stored::log(1, options.inputs)?;
    let Some(stream) = stored.streams.first().copied() else { return Err("no stream".into()) };
    let log = &stored.log;
    let mut cases = [
        Case::new("records read, not looked into", || counted(|| work::read(log, stream))),
        Case::new("as told", || counted(|| Ok(work::fold(log, stream)?.0))),
        Case::new("as told, the chain checked", || counted(|| Ok(work::fold_checked(log, stream)?.0))),
        Case::new("by today's rules", || counted(|| Ok(work::rerun(log, stream)?.0))),
    ];
    let figures = interleaved(&mut cases, options.rounds)?;
    let records = log.store().head(stream)?.seq;
    printer.figures(&format!("replay of a store: {records} records"), "record", &figures)
}

/// One thread replays all streams; two replay half of them each. What two threads would take on two cores of their own
/// is what the one that took longer spent of its CPU.
pub(super) fn threads(options: &Options, printer: &mut Printer) -> Done<()> {
    printer.title(
        "threads: eight streams on two threads beside one (CPU time of the longer thread; 2.000 is ideal)",
    )?;
    let texts: Vec<(Session, Machine)> = (0..8)
        .map(|seed| {
            let session = generate::session(seed, options.inputs / 4)?;
            let machine = work::loaded(&session);
            Ok((session, machine))
        })
        .collect::<Done<_>>()?;
    let of_text = |place: usize| -> Done<()> {
        let Some((session, machine)) = texts.get(place) else { return Ok(()) };
        work::replay_text(&mut machine.clone(), session.steady()).map(drop)
    };
    let speedup = on_two_threads(options.rounds, &of_text)?;
    printer.line("threads", "text to events", &thousandths(speedup), speedup)?;
    let stored = stored::log(8, options.inputs / 4)?;
    let stream = |place: usize| stored.streams.get(place).copied().ok_or("no stream");
    let as_told = |place: usize| -> Done<()> { work::fold(&stored.log, stream(place)?).map(drop) };
    let speedup = on_two_threads(options.rounds, &as_told)?;
    printer.line("threads", "stored, as told", &thousandths(speedup), speedup)?;
    let today = |place: usize| -> Done<()> { work::rerun(&stored.log, stream(place)?).map(drop) };
    let speedup = on_two_threads(options.rounds, &today)?;
    printer.line("threads", "stored, by today's rules", &thousandths(speedup), speedup)
}

fn on_two_threads(rounds: usize, work: &(dyn Fn(usize) -> Done<()> + Sync)) -> Done<u64> {
    let share = |places: &[usize]| -> Done<u64> {
        let before = thread_time();
        places.iter().try_for_each(|place| work(*place))?;
        Ok(u64::try_from(thread_time().saturating_sub(before).as_nanos()).unwrap_or(u64::MAX))
    };
    let mut ratios = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let alone = share(&[0, 1, 2, 3, 4, 5, 6, 7])?;
        let (one, other) = std::thread::scope(|scope| {
            let other = scope.spawn(|| share(&[1, 3, 5, 7]));
            (share(&[0, 2, 4, 6]), other.join())
        });
        let other = other.map_err(|_| "a thread panicked")??;
        ratios.push(alone * 1_000 / one?.max(other).max(1));
    }
    Ok(part(&mut ratios, 2))
}

pub(super) fn peer(options: &Options, printer: &mut Printer) -> Done<()> {
    let session = generate::session(1, options.inputs)?;
    let mut machine = Machine::new(generate::config());
    let mut outcome = Outcome::default();
    let mut events: Vec<Vec<Event>> = Vec::new();
    for input in &session.inputs {
        machine.handle(input, &mut outcome);
        events.push(std::mem::take(&mut outcome.events));
    }
    let count: usize = events.iter().map(Vec::len).sum();
    let filled = peer::filled(&events)?;
    let mut cases = [
        Case::new("callfold: the view folded", || counted(|| work::fold_events(&events))),
        Case::new("cqrs-es: the aggregate loaded", || counted(|| peer::load(&filled))),
    ];
    let figures = interleaved(&mut cases, options.rounds)?;
    printer.figures(&format!("peer: {count} events in memory"), "event", &figures)?;
    for records in [100, 1_000] {
        let told = events.get(session.loading..session.loading + records).unwrap_or_default();
        let inputs = session.inputs.get(session.loading..session.loading + records).unwrap_or_default();
        let start = work::loaded(&session);
        let mut cases = [
            Case::new("callfold: frames decoded, rules applied", || {
                let mut machine = start.clone();
                counted(|| Ok(work::replay_text(&mut machine, inputs)?.0))
            }),
            Case::new("cqrs-es: load, handle, apply, commit, no rules", || counted(|| peer::execute(told))),
        ];
        let figures = interleaved(&mut cases, options.rounds.min(5))?;
        printer.figures(&format!("peer: a stream of {records} inputs, one by one"), "input", &figures)?;
    }
    Ok(())
}
