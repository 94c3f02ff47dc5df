//! What is measured. Every function here does its work whole and says of how much it was; what does not come out as it
//! must is an error, so that no figure is of work that was left out.

use std::hint::black_box;
use std::time::{Duration, Instant};

use callfold::log::{Log, StreamId};
use callfold_engine::record::Record;
use callfold_engine::wire::{Frame, FrameText};
use callfold_engine::{Input, InputKind, Machine, Outcome, View};
use serde_json::Value;

use crate::generate::{Session, config};
use crate::kinds::Kind;
use crate::{Done, floor};

/// Decodes every frame as the engine does.
///
/// # Errors
/// A frame that cannot be read.
pub fn decode(frames: &[&str]) -> Done<u64> {
    for frame in frames {
        black_box(Frame::decode(frame)?);
    }
    Ok(frames.len() as u64)
}

/// Decodes every frame by the hand-written visitor.
///
/// # Errors
/// A frame that cannot be read.
pub fn decode_by_floor(frames: &[&str]) -> Done<u64> {
    for frame in frames {
        black_box(floor::decode(frame)?);
    }
    Ok(frames.len() as u64)
}

/// Decodes every frame into [`Value`].
///
/// # Errors
/// A frame that cannot be read.
pub fn decode_to_value(frames: &[&str]) -> Done<u64> {
    for frame in frames {
        black_box(serde_json::from_str::<Value>(frame)?);
    }
    Ok(frames.len() as u64)
}

/// Looks only whether every frame is UTF-8: what nobody who is given bytes is quicker than.
///
/// # Errors
/// A frame that is not.
pub fn only_utf8(frames: &[&str]) -> Done<u64> {
    for frame in frames {
        black_box(std::str::from_utf8(black_box(frame.as_bytes()))?);
    }
    Ok(frames.len() as u64)
}

/// A machine that has logged in and loaded.
#[must_use]
pub fn loaded(session: &Session) -> Machine {
    let mut machine = Machine::new(config());
    let mut outcome = Outcome::default();
    for input in session.inputs.iter().take(session.loading) {
        machine.handle(input, &mut outcome);
    }
    machine
}

/// Everything from text to events: secrets are looked for, frames decoded, rules applied. How many inputs and events.
///
/// # Errors
/// If nothing came of it.
pub fn replay_text(machine: &mut Machine, inputs: &[Input<'static>]) -> Done<(u64, u64)> {
    let mut outcome = Outcome::default();
    let mut events = 0;
    for input in inputs {
        let InputKind::Frame { socket, text } = &input.kind else {
            machine.handle(input, &mut outcome);
            events += outcome.events.len() as u64;
            continue;
        };
        let text = FrameText::from_wire(text.as_str()).0;
        let input = Input { at: input.at, kind: InputKind::Frame { socket: *socket, text } };
        machine.handle(&input, &mut outcome);
        events += outcome.events.len() as u64;
    }
    if events == 0 { Err("nothing came of the session".into()) } else { Ok((inputs.len() as u64, events)) }
}

/// What the frames alone take to be decoded on the way: for the share of decoding in a replay.
///
/// # Errors
/// A frame that cannot be read.
pub fn decode_inputs(inputs: &[Input<'static>]) -> Done<u64> {
    for frame in inputs.iter().filter_map(crate::generate::frame) {
        black_box(Frame::decode(frame)?);
    }
    Ok(inputs.len() as u64)
}

/// The time that the rules take for one input.
#[derive(Clone, Copy, Debug)]
pub struct Ruled {
    /// What it does.
    pub kind: Kind,
    /// Picoseconds, decoding left out: the median of several runs.
    pub spent: u64,
}

/// How many machines a session is told to at once, with one look at the clock before and after all of them: a look takes as
/// long as many an input, and empties the processor's pipeline for the next.
const SIDE_BY_SIDE: usize = 16;

/// Runs a session `rounds` times with frames that are decoded already, and measures the rules input by input: sixteen machines
/// take each. What came of an input is dropped in its own time, not in that of the next one. What the clock itself takes is
/// taken off.
///
/// # Errors
/// A frame that cannot be read.
pub fn rules(session: &Session, rounds: usize) -> Done<Vec<Ruled>> {
    let start = loaded(session);
    let inputs = session.steady();
    let mut spent: Vec<Vec<u64>> = vec![Vec::with_capacity(rounds); inputs.len()];
    let kinds = kinds(&start, inputs);
    let clock = clock_itself();
    for _ in 0..rounds {
        let mut machines = vec![(start.clone(), Outcome::default()); SIDE_BY_SIDE];
        for (input, spent) in inputs.iter().zip(&mut spent) {
            let took = if let InputKind::Frame { socket, text } = &input.kind {
                let frame = black_box(Frame::decode(text.as_str())?);
                all(&mut machines, |machine, outcome| {
                    machine.handle_decoded(input.at, *socket, &frame, text.as_str(), outcome);
                })
            } else {
                all(&mut machines, |machine, outcome| machine.handle(input, outcome))
            };
            spent.push(each(took, clock));
        }
    }
    Ok(kinds
        .into_iter()
        .zip(&mut spent)
        .map(|(kind, spent)| Ruled { kind, spent: crate::measure::part(spent, 2) })
        .collect())
}

/// What comes of every input.
fn kinds(start: &Machine, inputs: &[Input<'static>]) -> Vec<Kind> {
    let (mut machine, mut outcome) = (start.clone(), Outcome::default());
    let kind = |input: &Input<'static>| {
        machine.handle(input, &mut outcome);
        Kind::of(&input.kind, &outcome)
    };
    inputs.iter().map(kind).collect()
}

/// How long all of these take for an input.
fn all(machines: &mut [(Machine, Outcome)], mut take: impl FnMut(&mut Machine, &mut Outcome)) -> Duration {
    let before = Instant::now();
    for (machine, outcome) in machines {
        take(machine, outcome);
        outcome.events.clear();
        outcome.effects.clear();
    }
    before.elapsed()
}

/// What one machine took, in picoseconds, if all took this.
fn each(took: Duration, clock: u64) -> u64 {
    picos(took).saturating_sub(clock) / SIDE_BY_SIDE as u64
}

fn picos(spent: Duration) -> u64 {
    u64::try_from(spent.as_nanos().saturating_mul(1_000)).unwrap_or(u64::MAX)
}

/// What two looks at the clock take with nothing in between.
fn clock_itself() -> u64 {
    let mut looks: Vec<u64> = (0..10_000).map(|_| picos(black_box(Instant::now()).elapsed())).collect();
    crate::measure::part(&mut looks, 2)
}

/// Folds a stored stream as it was told. How many records and events.
///
/// # Errors
/// If it cannot be read, or does not end where the log ends.
pub fn fold(log: &Log, stream: StreamId) -> Done<(u64, u64)> {
    let (mut view, mut records, mut events) = (View::default(), 0, 0);
    for told in log.told(stream, 1) {
        let told = told?;
        records += 1;
        events += told.events.len() as u64;
        for event in &told.events {
            view.apply(event);
        }
    }
    black_box(view);
    whole(log, stream, records)?;
    Ok((records, events))
}

/// As [`fold`], and the chain of hashes is followed.
///
/// # Errors
/// As [`fold`]; a record that does not follow.
pub fn fold_checked(log: &Log, stream: StreamId) -> Done<(u64, u64)> {
    let (mut view, mut records, mut events) = (View::default(), 0, 0);
    let mut hash = callfold_engine::record::Hash::of_stream(&log.store().description(stream)?);
    for block in log.store().blocks(stream, 1) {
        for record in block?.records() {
            let record = record?;
            hash = hash.after(record.bytes);
            if hash != record.hash {
                return Err("the chain is broken".into());
            }
            let (_, told) = Record::read_events(record.bytes, log.store().keys())?;
            records += 1;
            events += told.len() as u64;
            told.iter().for_each(|event| view.apply(event));
        }
    }
    black_box(view);
    whole(log, stream, records)?;
    Ok((records, events))
}

/// Runs the stored inputs through the rules of today.
///
/// # Errors
/// As [`fold`].
pub fn rerun(log: &Log, stream: StreamId) -> Done<(u64, u64)> {
    let mut machine = Machine::new(log.info(stream)?.config);
    let mut outcome = Outcome::default();
    let (mut records, mut events) = (0, 0);
    for record in log.records(stream, 1) {
        machine.handle(&record?.record.input, &mut outcome);
        records += 1;
        events += outcome.events.len() as u64;
    }
    whole(log, stream, records)?;
    Ok((records, events))
}

/// Reads the records of a stream, and looks into none.
///
/// # Errors
/// As [`fold`].
pub fn read(log: &Log, stream: StreamId) -> Done<u64> {
    let (mut records, mut bytes) = (0, 0);
    for block in log.store().blocks(stream, 1) {
        for record in block?.records() {
            bytes += record?.bytes.len();
            records += 1;
        }
    }
    black_box(bytes);
    whole(log, stream, records)?;
    Ok(records)
}

fn whole(log: &Log, stream: StreamId, records: u64) -> Done<()> {
    let head = log.store().head(stream)?.seq;
    if records == head && head > 0 { Ok(()) } else { Err(format!("{records} records of {head}").into()) }
}

/// Folds events that are in memory into a view.
///
/// # Errors
/// If there are none.
pub fn fold_events(told: &[Vec<callfold_engine::Event>]) -> Done<u64> {
    let mut view = View::default();
    let mut events = 0;
    for event in told.iter().flatten() {
        view.apply(event);
        events += 1;
    }
    black_box(view);
    if events == 0 { Err("there are no events".into()) } else { Ok(events) }
}

/// A machine in a conference of so many, as a server tells of it.
///
/// # Errors
/// If the machine does not take it for that.
pub fn in_conference(parties: usize) -> Done<(Machine, String)> {
    let session = crate::generate::session(1, 1)?;
    let mut machine = loaded(&session);
    let mut outcome = Outcome::default();
    let at = machine.now();
    let socket = callfold_engine::SocketId(1);
    let others: Vec<Value> = (0..parties).map(competitor).collect();
    let conference = "9f3a1f00-1111-4222-8333-444455556666";
    let frames = [
        serde_json::json!(["phoneevent_commstarted", { "qid": "e", "isconference": true, "confid": conference }]),
        serde_json::json!(["confcompositionchanged", { "qid": "e", "eventinfo": {
            "conferenceid": conference, "competitorlist": others,
        } }]),
    ];
    for frame in &frames {
        let text = frame.to_string();
        let kind = InputKind::Frame { socket, text: FrameText::from_wire(&text).0 };
        machine.handle(&Input { at, kind }, &mut outcome);
    }
    let found = machine.view().parties.as_slice().len();
    if found < parties {
        return Err(format!("{found} of {parties} parties are there").into());
    }
    let [_, list] = frames;
    Ok((machine, list.to_string()))
}

fn competitor(place: usize) -> Value {
    serde_json::json!({
        "competitorid": format!("c0ffee00-0000-4000-8000-{place:012}"),
        "number": (200 + place).to_string(),
        "userid": format!("a0ffee00-0000-4000-8000-{place:012}"),
        "userlogin": format!("user{}", 200 + place),
        "username": "Петренко Анна",
        "confstatestr": "Commutated",
        "iscreator": false,
    })
}

/// The time that the rules take for the list of a conference that is as it was.
///
/// # Errors
/// As [`in_conference`].
pub fn same_conference(parties: usize, rounds: usize) -> Done<Vec<u64>> {
    let (machine, text) = in_conference(parties)?;
    let clock = clock_itself();
    let at = machine.now();
    let mut machines = vec![(machine, Outcome::default()); SIDE_BY_SIDE];
    let mut spent = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let frame = black_box(Frame::decode(&text)?);
        let took = all(&mut machines, |machine, outcome| {
            machine.handle_decoded(at, callfold_engine::SocketId(1), &frame, &text, outcome);
        });
        spent.push(each(took, clock));
    }
    Ok(spent)
}
