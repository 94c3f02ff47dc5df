//! Whether a store still has what it acknowledged, and how often it had not.

use std::collections::BTreeMap;
use std::fmt;

use crate::content::Expected;
use crate::driver::Seen;
use crate::protocol::{self, Heads};
use crate::shim::Kind;
use crate::trace::{Change, Trace};
use crate::watchdog::End;

/// How many of a kind are told in words.
const TOLD: usize = 3;

/// What became of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// All that was acknowledged is there, and nothing else than what was appended.
    Whole,
    /// Something acknowledged is missing at the end of a stream, and the store says that something is.
    Reported,
    /// It refused to open, in words.
    Refused,
    /// Something acknowledged is missing, and nothing says so.
    Lost,
    /// A record is not what was appended: changed, moved, or missing in the middle.
    Altered,
    /// It panicked.
    Panicked,
    /// It hung.
    Hung,
    /// It ended in another way, or did not speak the protocol.
    Broken,
}

/// What may become of a store that was killed or lost its power.
pub const NOTHING_LOST: &[Outcome] = &[Outcome::Whole];
/// What may become of a store whose files were damaged.
pub const NOTHING_SILENT: &[Outcome] = &[Outcome::Whole, Outcome::Reported, Outcome::Refused];

/// Compares what a check said with what was acknowledged before.
pub fn judge(seen: &Seen, acknowledged: &Heads, expected: &mut Expected) -> (Outcome, String) {
    let (heads, reports) = match seen {
        Seen::Store { heads, reports } => (heads, reports),
        Seen::Refused(why) => return (Outcome::Refused, why.clone()),
        Seen::Panicked(why) => return (Outcome::Panicked, why.clone()),
        Seen::Hung => return (Outcome::Hung, String::new()),
        Seen::Broken(why) => return (Outcome::Broken, why.clone()),
    };
    // An acknowledgement of something else than what was appended is no promise that could be kept.
    for head in heads.values().chain(acknowledged.values()) {
        if head.hash != expected.hash(head.stream, head.seq) {
            return (Outcome::Altered, format!("{head} is not the hash of what was appended"));
        }
    }
    for head in acknowledged.values() {
        let found = heads.get(&head.stream).map_or(0, |found| found.seq);
        if found < head.seq {
            let outcome = if reports.is_empty() { Outcome::Lost } else { Outcome::Reported };
            return (outcome, format!("stream {}: {} acknowledged, {found} found", head.stream, head.seq));
        }
    }
    (Outcome::Whole, String::new())
}

/// Whether a run in which a call was made to fail kept its promises: it ended in words and said that something failed,
/// and after that nothing was acknowledged, whatever later calls said. A short write may be made good, and a read may be
/// tried again.
pub fn after_failure(end: End, trace: &Trace) -> Result<(), String> {
    if !matches!(end, End::Code(0 | protocol::REFUSED)) {
        return Err(format!("it ended with {end:?}"));
    }
    let Some(first) = trace.first_failure() else { return Ok(()) };
    let harmless = trace
        .entries
        .get(first)
        .is_none_or(|entry| matches!(entry.change, Change::Failed(Kind::Short | Kind::Read)));
    if harmless {
        return Ok(());
    }
    let whole = trace.acknowledged(trace.entries.len()).map_err(|error| error.to_string())?;
    let before = trace.acknowledged(first).map_err(|error| error.to_string())?;
    if whole != before {
        return Err("it acknowledged records after the failure".into());
    }
    if end == End::Code(0) { Err("it kept silent about the failure".into()) } else { Ok(()) }
}

/// How often each outcome came, with the first few of each in words.
#[derive(Debug, Default)]
pub struct Tally {
    outcomes: BTreeMap<Outcome, (usize, Vec<String>)>,
}

impl Tally {
    /// Adds one. `fault` says what had been done to the store.
    pub fn add(&mut self, (outcome, detail): (Outcome, String), fault: &str) {
        let (count, told) = self.outcomes.entry(outcome).or_default();
        *count += 1;
        if told.len() < TOLD {
            told.push(format!("{fault}: {}", detail.trim_end()));
        }
    }

    /// How often this came.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.outcomes.get(&outcome).map_or(0, |(count, _)| *count)
    }

    /// How many there were.
    pub fn all(&self) -> usize {
        self.outcomes.values().map(|(count, _)| count).sum()
    }

    /// The strict rule: an error that tells everything that came and is not among these.
    pub fn only(&self, allowed: &[Outcome]) -> Result<(), String> {
        let wrong = self.outcomes.iter().filter(|(outcome, _)| !allowed.contains(outcome));
        let told: Vec<String> = wrong
            .map(|(outcome, (count, told))| format!("{outcome:?} {count} times:\n  {}", told.join("\n  ")))
            .collect();
        if told.is_empty() { Ok(()) } else { Err(format!("of {}: {}", self.all(), told.join("\n"))) }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in all", self.all())?;
        self.outcomes.iter().try_for_each(|(outcome, (count, _))| write!(f, ", {outcome:?} {count}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{NOTHING_LOST, NOTHING_SILENT, Outcome, Tally, after_failure, judge};
    use crate::content::Expected;
    use crate::driver::Seen;
    use crate::protocol::{Head, Heads};
    use crate::trace::Trace;
    use crate::watchdog::End;

    /// The heads of streams that went so far, as they should be.
    fn heads(streams: &[(u32, u64)]) -> Heads {
        let mut expected = Expected::default();
        let head = |(stream, seq)| (stream, Head { stream, seq, hash: expected.hash(stream, seq) });
        streams.iter().copied().map(head).collect()
    }

    fn outcome(seen: &Seen, acknowledged: &Heads) -> Outcome {
        judge(seen, acknowledged, &mut Expected::default()).0
    }

    fn store(heads: Heads, reports: &[&str]) -> Seen {
        Seen::Store { heads, reports: reports.iter().map(|report| (*report).to_owned()).collect() }
    }

    #[test]
    fn what_is_missing_is_seen_and_more_than_was_acknowledged_is_no_fault() {
        let acknowledged = heads(&[(0, 5), (1, 4)]);
        assert_eq!(outcome(&store(heads(&[(0, 5), (1, 4)]), &[]), &acknowledged), Outcome::Whole);
        assert_eq!(outcome(&store(heads(&[(0, 9), (1, 4), (2, 1)]), &[]), &acknowledged), Outcome::Whole);
        assert_eq!(outcome(&store(heads(&[(0, 5), (1, 3)]), &[]), &acknowledged), Outcome::Lost);
        assert_eq!(outcome(&store(heads(&[(0, 5)]), &[]), &acknowledged), Outcome::Lost);
        assert_eq!(outcome(&store(heads(&[(0, 5)]), &["cut"]), &acknowledged), Outcome::Reported);
    }

    #[test]
    fn what_is_another_is_seen_whatever_the_store_says() {
        let mut wrong = heads(&[(0, 5)]);
        wrong.get_mut(&0).unwrap().seq = 6;
        assert_eq!(outcome(&store(wrong.clone(), &["cut"]), &Heads::new()), Outcome::Altered);
        assert_eq!(outcome(&store(heads(&[(0, 9)]), &[]), &wrong), Outcome::Altered);
    }

    #[test]
    fn other_ends_are_what_they_are() {
        let none = Heads::new();
        assert_eq!(outcome(&Seen::Refused("x".into()), &none), Outcome::Refused);
        assert_eq!(outcome(&Seen::Panicked("x".into()), &none), Outcome::Panicked);
        assert_eq!(outcome(&Seen::Hung, &none), Outcome::Hung);
        assert_eq!(outcome(&Seen::Broken("x".into()), &none), Outcome::Broken);
    }

    #[test]
    fn the_strict_rules_let_nothing_else_pass() {
        let passes = |outcome, allowed| {
            let mut tally = Tally::default();
            tally.add((Outcome::Whole, String::new()), "nothing");
            tally.add((outcome, "detail".into()), "the fault");
            tally.only(allowed)
        };
        let bad = [Outcome::Lost, Outcome::Altered, Outcome::Panicked, Outcome::Hung, Outcome::Broken];
        for outcome in bad {
            let told = passes(outcome, NOTHING_SILENT).unwrap_err();
            assert!(told.contains("the fault: detail") && told.contains("of 2"), "{told}");
            assert!(passes(outcome, NOTHING_LOST).is_err());
        }
        for outcome in [Outcome::Reported, Outcome::Refused] {
            assert!(passes(outcome, NOTHING_SILENT).is_ok());
            assert!(passes(outcome, NOTHING_LOST).is_err());
        }
        assert!(passes(Outcome::Whole, NOTHING_LOST).is_ok());
    }

    #[test]
    fn after_a_failure_nothing_may_be_acknowledged_and_it_must_be_said() {
        let ack = "o 0 10 .\nack 0 1 z\n\n";
        let judged = |failure: &str, after: &str, end| {
            let failed = format!("f 1 {} db\n{failure}\n", failure.len());
            let trace = Trace::parse([ack, &failed, after].concat().as_bytes()).unwrap();
            after_failure(end, &trace)
        };
        let more = "o 0 10 .\nack 0 2 z\n\n";
        assert!(judged("fsync", "", End::Code(3)).is_ok());
        assert!(judged("fsync", "", End::Code(0)).unwrap_err().contains("silent"));
        assert!(judged("enospc", more, End::Code(3)).unwrap_err().contains("after the failure"));
        assert!(judged("short", more, End::Code(0)).is_ok());
        for end in [End::Code(101), End::Hung, End::Signal(6), End::Code(1)] {
            assert!(judged("short", "", end).is_err(), "{end:?}");
        }
    }
}
