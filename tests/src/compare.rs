//! Holds what the engine announces for a session against what the reference client announced.
//!
//! What must agree:
//!
//! - **Announcements**, results and refusals: the same ones in the same order. Their time is free. The same
//!   `abonentsChange` told twice in a row counts once; parties that leave the queue together leave in any
//!   order.
//! - **States**: every snapshot of the reference is among the engine's since the announcement before it, in
//!   order; others between them are free. The last one is the reference's `end`. Absent, null and (but for
//!   `hasHold` and `result`) false are the same; the made-up key of a voice menu is free.
//! - **Wire**: what is dialled and the commands sent, in order, with the same parameters (`qid` is free, and
//!   false is not absent). What the reference asks while loading is asked, in any order and grouping.
//!   Polling is free.

mod recording;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

pub use recording::{BadRecording, Question, Said, Sent, Snapshot};
use recording::{Recording, Side, State};

/// What a comparison found.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Everything that differs. Announcements and requests end at the first one that differs: what comes
    /// after it is most likely only its consequence.
    pub mismatches: Vec<Mismatch>,
    /// How many announcements the reference made.
    pub announcements: usize,
    /// How many of them agree, up to the first that does not.
    pub agreed: usize,
    /// How many snapshots the reference took.
    pub states: usize,
    /// How many requests and dials the reference made, polling and loading aside.
    pub requests: usize,
}

impl Report {
    /// Whether nothing differs.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.mismatches.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} announcements agree", self.agreed, self.announcements)?;
        self.mismatches.iter().try_for_each(|mismatch| write!(f, "\n  {mismatch}"))
    }
}

/// One thing that differs: what the reference has (`expected`) and what the engine made (`got`).
#[derive(Clone, Debug, PartialEq)]
pub enum Mismatch {
    /// The first announcement that differs; `None` where one side has no more.
    Announcement {
        /// Its place among the announcements, from 0.
        at: usize,
        /// What the reference announced.
        expected: Option<Said>,
        /// What the engine announced.
        got: Option<Said>,
    },
    /// A snapshot that the engine never had at its place.
    State {
        /// How many announcements were made before it.
        after: usize,
        /// Where it differs from the engine's last one there.
        fields: Vec<FieldDiffers>,
    },
    /// The snapshot at the end.
    End {
        /// Where it differs.
        fields: Vec<FieldDiffers>,
    },
    /// A question of the loading sequence that was never asked.
    NotAsked(Question),
    /// The first dial or request that differs; `None` where one side has no more.
    Wire {
        /// Its place among the requests, from 0.
        at: usize,
        /// What the reference sent.
        expected: Option<Sent>,
        /// What the engine sent.
        got: Option<Sent>,
    },
}

/// A field of a snapshot that differs; `None` where it is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldDiffers {
    /// Its name.
    pub name: String,
    /// The reference's.
    pub expected: Option<Value>,
    /// The engine's.
    pub got: Option<Value>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Announcement { at, expected, got } => {
                write!(f, "announcement {at}: expected {}, got {}", brief(expected), brief(got))
            }
            Self::State { after, fields } => {
                write!(f, "state after {after} announcements:")?;
                fields.iter().try_for_each(|field| write!(f, " {field}"))
            }
            Self::End { fields } => {
                write!(f, "state at the end:")?;
                fields.iter().try_for_each(|field| write!(f, " {field}"))
            }
            Self::NotAsked(question) => write!(f, "never asked while loading: {question}"),
            Self::Wire { at, expected, got } => {
                write!(f, "wire request {at}: expected {}, got {}", brief(expected), brief(got))
            }
        }
    }
}

impl fmt::Display for FieldDiffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, got {};", self.name, brief(&self.expected), brief(&self.got))
    }
}

/// The start of a text that may be long.
fn brief(what: &Option<impl fmt::Display>) -> String {
    const LONGEST: usize = 400;
    what.as_ref()
        .map_or_else(|| "nothing".to_owned(), |what| what.to_string().chars().take(LONGEST).collect())
}

/// Compares a trace of the reference client with what the engine wrote for it, both as JSON lines.
///
/// # Errors
/// [`BadRecording`] names the first line that cannot be read.
pub fn compare(reference: &[u8], engine: &[u8]) -> Result<Report, BadRecording> {
    let expected = Recording::read(reference, Side::Reference)?;
    let got = Recording::read(engine, Side::Engine)?;
    let agreed = expected.said.iter().zip(&got.said).take_while(|(expected, got)| expected == got).count();

    let mut mismatches = Vec::new();
    mismatches.extend(announcements(&expected.said, &got.said, agreed));
    mismatches.extend(states(&expected.states, &got.states, agreed));
    if agreed == expected.said.len() && agreed == got.said.len() {
        mismatches.extend(end(expected.end.as_ref(), &got.states));
    }
    mismatches.extend(never_asked(&expected.loading, &got.loading));
    mismatches.extend(wire(&expected.wire, &got.wire));

    Ok(Report {
        mismatches,
        announcements: expected.said.len(),
        agreed,
        states: expected.states.len(),
        requests: expected.wire.len(),
    })
}

fn announcements(expected: &[Said], got: &[Said], agreed: usize) -> Option<Mismatch> {
    let (expected, got) = (expected.get(agreed), got.get(agreed));
    (expected != got).then(|| Mismatch::Announcement {
        at: agreed,
        expected: expected.cloned(),
        got: got.cloned(),
    })
}

/// The reference's states that the engine never had, as far as the announcements agree.
fn states(expected: &[State], got: &[State], agreed: usize) -> Vec<Mismatch> {
    let mut missing = Vec::new();
    for together in expected.chunk_by(|one, next| one.after == next.after) {
        let Some(after) = together.first().map(|state| state.after).filter(|after| *after <= agreed) else {
            break;
        };
        // The state that held before, then those told at this place.
        let mut had: Vec<&Snapshot> =
            got.iter().rfind(|state| state.after < after).map(|state| &state.snapshot).into_iter().collect();
        had.extend(got.iter().filter(|state| state.after == after).map(|state| &state.snapshot));
        for state in together {
            if let Some(place) = had.iter().position(|had| **had == state.snapshot) {
                had.drain(..place);
            } else {
                let fields = differences(&state.snapshot, had.last().copied().unwrap_or(&Snapshot::new()));
                missing.push(Mismatch::State { after, fields });
            }
        }
    }
    missing
}

fn end(expected: Option<&Snapshot>, got: &[State]) -> Option<Mismatch> {
    let expected = expected?;
    let mut last = got.last().map(|state| state.snapshot.clone()).unwrap_or_default();
    last.remove("talkLength");
    (*expected != last).then(|| Mismatch::End { fields: differences(expected, &last) })
}

fn never_asked<'q>(
    expected: &'q BTreeSet<Question>,
    got: &'q BTreeSet<Question>,
) -> impl Iterator<Item = Mismatch> + 'q {
    expected.difference(got).cloned().map(Mismatch::NotAsked)
}

fn wire(expected: &[Sent], got: &[Sent]) -> Option<Mismatch> {
    let at = expected.iter().zip(got).take_while(|(expected, got)| expected == got).count();
    let (expected, got) = (expected.get(at), got.get(at));
    (expected != got).then(|| Mismatch::Wire { at, expected: expected.cloned(), got: got.cloned() })
}

fn differences(expected: &Snapshot, got: &Snapshot) -> Vec<FieldDiffers> {
    let names: BTreeSet<&String> = expected.keys().chain(got.keys()).collect();
    names
        .into_iter()
        .filter(|name| expected.get(*name) != got.get(*name))
        .map(|name| FieldDiffers {
            name: name.clone(),
            expected: expected.get(name).cloned(),
            got: got.get(name).cloned(),
        })
        .collect()
}
