//! What `crossing.c` does through C, done in Rust with nothing between: the other side of its ratios, in a library of its own,
//! so that both are measured by turns in one process.
//!
//! The work is a call that comes in, of a recorded session: a machine as it was before the ring, the frame that rings, and one
//! that says what is known. C gets the same machine as a snapshot, and the same frames.

use std::cell::RefCell;
use std::hint::black_box;
use std::ptr;
use std::sync::OnceLock;

use callfold::log::Log;
use callfold::wire::FrameText;
use callfold::{Event, Input, InputKind, LineState, Machine, Outcome, SocketId, Timestamp, announce};
use serde_json::json;

const SESSION: &[u8] = include_bytes!("../../tests/vectors/named/incoming-answered.jsonl");

/// Bytes for C; NULL where there is no work.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct AloneBytes {
    data: *const u8,
    length: usize,
}

/// What both sides work on. It stays for as long as the process does.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct AloneWork {
    snapshot: AloneBytes,
    ring: AloneBytes,
    nothing: AloneBytes,
    at: i64,
    socket: u64,
}

struct Work {
    snapshot: Vec<u8>,
    ring: String,
    nothing: String,
    at: Timestamp,
    socket: SocketId,
}

impl Work {
    fn handle(&self, frame: &str, machine: &mut Machine, outcome: &mut Outcome) {
        let (text, _) = FrameText::from_wire(frame);
        let kind = InputKind::Frame { socket: self.socket, text };
        machine.handle(&Input { at: self.at, kind }, outcome);
    }

    /// Whether a frame tells and asks nothing, however often it comes.
    fn is_nothing(&self, frame: &str) -> bool {
        let Ok(mut machine) = Machine::restore(&self.snapshot) else { return false };
        let mut outcome = Outcome::default();
        (0..3).all(|_| {
            self.handle(frame, &mut machine, &mut outcome);
            outcome.events.is_empty() && outcome.effects.is_empty()
        })
    }
}

fn rings(event: &Event) -> bool {
    matches!(event, Event::LineStarted { state: LineState::Ring, .. })
}

/// The session up to its ring; none if it has no ring any more, or nothing in it says what is known.
fn prepared() -> Option<Work> {
    let log = Log::in_memory().ok()?;
    let stream = log.import_trace(SESSION, None).ok()?.stream;
    let mut machine = Machine::new(log.info(stream).ok()?.config);
    let (mut outcome, mut frames) = (Outcome::default(), Vec::new());
    for record in log.records(stream, 1) {
        let input = record.ok()?.record.input;
        let snapshot = machine.snapshot();
        machine.handle(&input, &mut outcome);
        let InputKind::Frame { socket, text } = &input.kind else { continue };
        if outcome.events.iter().any(rings) {
            let ring = text.as_str().to_owned();
            let mut work = Work { snapshot, ring, nothing: String::new(), at: input.at, socket: *socket };
            frames.retain(|frame: &String| work.is_nothing(frame));
            // What mostly comes are long answers that say nothing new.
            work.nothing = frames.into_iter().max_by_key(String::len)?;
            return Some(work);
        }
        frames.push(text.as_str().to_owned());
    }
    None
}

fn work() -> Option<&'static Work> {
    static WORK: OnceLock<Option<Work>> = OnceLock::new();
    WORK.get_or_init(prepared).as_ref()
}

/// What both sides work on.
#[unsafe(no_mangle)]
pub extern "C" fn alone_work() -> AloneWork {
    let bytes = |bytes: &'static [u8]| AloneBytes { data: bytes.as_ptr(), length: bytes.len() };
    let none = AloneBytes { data: ptr::null(), length: 0 };
    work().map_or(AloneWork { snapshot: none, ring: none, nothing: none, at: 0, socket: 0 }, |work| {
        AloneWork {
            snapshot: bytes(&work.snapshot),
            ring: bytes(work.ring.as_bytes()),
            nothing: bytes(work.nothing.as_bytes()),
            at: work.at.as_micros(),
            socket: work.socket.0,
        }
    })
}

/// Machines as they were before the ring, each with what it decided last.
type Machines = Vec<(Machine, Outcome)>;

thread_local! {
    static MACHINES: RefCell<Machines> = const { RefCell::new(Vec::new()) };
}

/// Does something with every machine, and adds up what came of it.
fn each(does: impl Fn(&Work, &mut Machine, &mut Outcome) -> usize) -> u64 {
    let Some(work) = work() else { return 0 };
    MACHINES.with_borrow_mut(|machines| {
        machines.iter_mut().map(|(machine, outcome)| does(work, machine, outcome) as u64).sum()
    })
}

/// Makes so many machines, as they were before the ring.
#[unsafe(no_mangle)]
pub extern "C" fn alone_prepare(count: usize) {
    let restored = || Some((Machine::restore(&work()?.snapshot).ok()?, Outcome::default()));
    MACHINES.set((0..count).filter_map(|_| restored()).collect());
}

/// Asks each so often when to come back; for how many there is a time.
#[unsafe(no_mangle)]
pub extern "C" fn alone_timeout(times: usize) -> u64 {
    each(|_, machine, _| (0..times).filter(|_| black_box(machine.poll_timeout()).is_some()).count())
}

/// Hands each the frame that says what is known; how many events came of it.
#[unsafe(no_mangle)]
pub extern "C" fn alone_nothing(times: usize) -> u64 {
    each(|work, machine, outcome| {
        let handled = (0..times).map(|_| {
            work.handle(black_box(&work.nothing), machine, outcome);
            outcome.events.len()
        });
        handled.sum()
    })
}

/// Hands each the frame that rings; how many events came of it.
#[unsafe(no_mangle)]
pub extern "C" fn alone_ring(_: usize) -> u64 {
    each(|work, machine, outcome| {
        work.handle(black_box(&work.ring), machine, outcome);
        outcome.events.len()
    })
}

/// Looks at every event of the ring: its name, and what it is about; how many there are.
#[unsafe(no_mangle)]
pub extern "C" fn alone_events(_: usize) -> u64 {
    each(|_, _, outcome| {
        for event in &outcome.events {
            black_box((event.name(), announce::announced_name(event), event.about()));
        }
        outcome.events.len()
    })
}

/// Writes every event of the ring as JSON; how many there are.
#[unsafe(no_mangle)]
pub extern "C" fn alone_events_json(_: usize) -> u64 {
    each(|_, _, outcome| {
        let written = outcome.events.iter().map(|event| serde_json::to_string(event).map(black_box));
        written.filter(Result::is_ok).count()
    })
}

/// Copies each machine's view, so often.
#[unsafe(no_mangle)]
pub extern "C" fn alone_view(times: usize) -> u64 {
    each(|_, machine, _| {
        for _ in 0..times {
            black_box(machine.view().clone());
        }
        times
    })
}

/// Copies each machine's view, and writes it as JSON, so often.
#[unsafe(no_mangle)]
pub extern "C" fn alone_view_json(times: usize) -> u64 {
    each(|_, machine, _| {
        for _ in 0..times {
            let (view, now) = (machine.view().clone(), machine.now());
            let stale = view.stale_since.map(Timestamp::as_micros);
            let snapshot = announce::snapshot(&view, now, &[]);
            let json =
                json!({ "at": now.as_micros(), "seq": null, "staleSince": stale, "snapshot": snapshot });
            black_box(json.to_string());
        }
        times
    })
}
