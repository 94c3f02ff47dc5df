//! What is so on a line, for people who look at many: folded from the log, and then from what is told live.

use callfold_engine::calls::{CallLog, TimeKind, Totals};
use callfold_engine::{AgentState, Connection, Event, Held, LineState, Party, Span, Text, Timestamp, View};
use serde::{Deserialize, Serialize};

use crate::log::{Instant, Log, LogError, StreamId, tell_a_directory};

/// How many of those at the other end a row names.
const MOST_NAMED: usize = 8;

/// Follows one line: begun from the log at the last midnight, then told what happens.
///
/// ```
/// use callfold::Span;
/// use callfold::live::LineWatch;
/// use callfold::log::Log;
///
/// let session = include_bytes!("../../../../tests/vectors/named/hold-and-back.jsonl");
/// let log = Log::in_memory()?;
/// let stream = log.import_trace(&session[..], None)?.stream;
/// let at = log.stream("hold-and-back")?.head.at.unwrap_or_default();
///
/// let watch = LineWatch::from_log(&log, stream, at, Span::ZERO)?;
/// let row = watch.row(at);
/// println!("{}: {:?}, {:?}", row.stream, row.line, row.doing);
/// # Ok::<(), callfold::log::LogError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LineWatch {
    log: Log,
    name: Text,
    calls: CallLog,
    seq: u64,
    at: Option<Timestamp>,
}

/// What is so on one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LineRow {
    /// The stream's name.
    pub stream: String,
    /// The agent, by name, else by login.
    pub agent: Option<String>,
    /// The agent's number.
    pub number: Option<String>,
    /// How far the connection is.
    pub connection: Connection,
    /// Since when the rest is what it was then: the connection was lost.
    pub stale_since: Option<Timestamp>,
    /// The line's state.
    pub line: LineState,
    /// Who is at the other end: the first of them.
    pub others: Vec<WhoRow>,
    /// How many more there are.
    pub others_more: usize,
    /// Who is held. A conference has its name, or none, and its room for a number.
    pub held: Option<WhoRow>,
    /// What the agent's time is spent on, and since when; none while nobody is logged in.
    pub doing: Option<(TimeKind, Timestamp)>,
    /// What the agent does, by the server.
    pub state: AgentState,
    /// Why the agent is on break.
    pub reason: Option<String>,
    /// Today's time by kind, until the moment that was asked for.
    pub today: Totals,
    /// The last record that counts.
    pub seq: u64,
    /// Its time; none if there is none.
    pub at: Option<Timestamp>,
}

/// Somebody at the other end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhoRow {
    /// The name, if it is known.
    pub name: Option<String>,
    /// The number, if it is known.
    pub number: Option<String>,
}

impl LineWatch {
    /// Reads what is so at the end of a stream, and what the time was spent on since the midnight before `now`. Days
    /// begin `day_offset` before midnight UTC. Reads that day's records only, so what began before it is not known to
    /// have: a busy agent who wraps up over midnight is idle.
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read.
    pub fn from_log(log: &Log, stream: StreamId, now: Timestamp, day_offset: Span) -> Result<Self, LogError> {
        const DAY: i64 = 86_400_000_000;
        let name = log.info(stream)?.name;
        let local = (now + day_offset).as_micros();
        let midnight = Timestamp::from_micros(local - local.rem_euclid(DAY)) - day_offset;
        let (calls, from) = match log.as_of(stream, Instant::At(midnight)) {
            Ok(then) => (CallLog::starting(day_offset, then.view, midnight), then.seq + 1),
            Err(LogError::TooEarly(_)) => (CallLog::new(day_offset), 1),
            Err(error) => return Err(error),
        };
        let at = log.store().head(stream)?.at;
        let mut watch = Self { log: log.clone(), name, calls, seq: from - 1, at };
        log.share(|pool| watch.calls.share(pool));
        for told in log.told(stream, from) {
            let told = told?;
            watch.record(told.seq, told.at, &told.events);
        }
        Ok(watch)
    }

    /// A record was made: what was decided on it. Records that are known already are passed over, so reading the log
    /// may overlap with what is told live.
    pub fn record(&mut self, seq: u64, at: Timestamp, events: &[Event]) {
        if seq <= self.seq {
            return;
        }
        self.calls.record(seq, at, events);
        if tell_a_directory(events) {
            self.log.share(|pool| self.calls.share(pool));
        }
        // Calls that are over are in the log.
        self.calls.take_over();
        (self.seq, self.at) = (seq, Some(at));
    }

    /// The last record that is known.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// The view after the last record.
    #[must_use]
    pub const fn view(&self) -> &View {
        self.calls.view()
    }

    /// What is so, with today's time until `now`.
    #[must_use]
    pub fn row(&self, now: Timestamp) -> LineRow {
        let view = self.calls.view();
        let ledger = self.calls.ledger();
        let named = view.parties.as_slice();
        LineRow {
            stream: self.name.as_str().to_owned(),
            agent: agent(view),
            number: view.agent.number.as_ref().map(|number| number.as_str().to_owned()),
            connection: view.connection,
            stale_since: view.stale_since,
            line: view.line,
            others: named.iter().take(MOST_NAMED).map(|party| who(party)).collect(),
            others_more: named.len().saturating_sub(MOST_NAMED),
            held: view.held.as_ref().map(held),
            doing: ledger.now(),
            state: view.agent.state,
            reason: reason(view),
            today: ledger.on_day_of(now),
            seq: self.seq,
            at: self.at,
        }
    }
}

fn agent(view: &View) -> Option<String> {
    let name = view.agent.name.as_ref().map(|name| name.as_str().to_owned());
    name.or_else(|| view.agent.login.as_ref().map(|login| login.as_str().to_owned()))
}

fn who(party: &Party) -> WhoRow {
    WhoRow {
        name: party.name.as_ref().map(|name| name.as_str().to_owned()),
        number: party.phone().map(|number| number.as_str().to_owned()),
    }
}

fn held(held: &Held) -> WhoRow {
    match held {
        Held::Party(party) => who(party),
        Held::Conference { name, room, .. } => WhoRow {
            name: name.as_ref().map(|name| name.as_str().to_owned()),
            number: room.map(|room| room.to_string()),
        },
        _ => WhoRow::default(),
    }
}

fn reason(view: &View) -> Option<String> {
    view.agent.break_reason.as_ref().map(|reason| view.directory.reason(reason))
}
