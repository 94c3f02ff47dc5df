//! Reads a log record by record, and says what does not hold of its calls and its ledger.

use callfold_engine::calls::{
    Call, CallLog, CommandTrail, Moment, Outcome, Over, SpellKind, TimeKind, Totals,
};
use callfold_engine::{Event, Span, Timestamp};

/// A log as it is read, with what the checks need to know of it besides.
pub(crate) struct Watch {
    pub(crate) log: CallLog,
    records: Vec<Timestamp>,
    calls: Vec<Call>,
    commands: Vec<CommandTrail>,
    /// When the connection was down: from the loss to the next picture, told by the events alone.
    down: Vec<(Timestamp, Option<Timestamp>)>,
}

/// A log read to its end.
pub(crate) struct Told {
    pub(crate) calls: Vec<Call>,
    pub(crate) commands: Vec<CommandTrail>,
    pub(crate) log: CallLog,
}

impl Watch {
    pub(crate) fn new(day_offset: Span) -> Self {
        Self {
            log: CallLog::new(day_offset),
            records: Vec::new(),
            calls: Vec::new(),
            commands: Vec::new(),
            down: Vec::new(),
        }
    }

    pub(crate) fn record(&mut self, at: Timestamp, events: &[Event]) {
        let at = self.records.last().map_or(at, |last| at.max(*last));
        self.records.push(at);
        let before = self.log.ledger().totals();
        self.log.record(self.records.len() as u64, at, events);
        let after = self.log.ledger().totals();
        if self.is_down() {
            for (kind, spent) in after.iter() {
                let known = kind != TimeKind::Unknown && spent != before.of(kind);
                assert!(!known, "{} was counted while the connection was down", kind.text());
            }
        }
        for event in events {
            if matches!(event, Event::LineWentStale { .. }) && !self.is_down() {
                self.down.push((at, None));
            } else if matches!(event, Event::LineKnownAgain)
                && let Some((_, to @ None)) = self.down.last_mut()
            {
                *to = Some(at);
            }
        }
        let over = self.log.take_over();
        self.keep(over);
    }

    /// Writes the log down and reads it back.
    pub(crate) fn restore(&mut self) {
        let bytes = postcard::to_allocvec(&self.log).unwrap();
        self.log = postcard::from_bytes(&bytes).unwrap();
    }

    pub(crate) fn size(&self) -> usize {
        postcard::to_allocvec(&self.log).unwrap().len()
    }

    /// Ends the log, and checks everything that must hold of any.
    pub(crate) fn finish(mut self) -> Told {
        self.check_ledger();
        let over = self.log.close();
        self.keep(over);
        for call in &self.calls {
            self.check_call(call);
        }
        self.check_times_of_calls();
        Told { calls: self.calls, commands: self.commands, log: self.log }
    }

    fn keep(&mut self, over: Over) {
        self.calls.extend(over.calls);
        self.commands.extend(over.commands);
    }

    fn is_down(&self) -> bool {
        self.down.last().is_some_and(|(_, to)| to.is_none())
    }

    fn check_ledger(&self) {
        let ledger = self.log.ledger();
        assert_eq!(ledger.totals().sum(), ledger.logged_in(), "the ledger balances");
        let by_day =
            ledger.by_agent_and_day().fold(Totals::default(), |sum, (_, _, totals)| sum.plus(totals));
        assert_eq!(by_day, ledger.totals(), "days and agents add up to the whole");
    }

    fn check_times_of_calls(&self) {
        let of_calls = self.calls.iter().fold(Totals::default(), |sum, call| sum.plus(&call.time));
        for (kind, spent) in self.log.ledger().totals().iter() {
            assert!(of_calls.of(kind) <= spent, "calls have no more {} than the ledger", kind.text());
        }
    }

    fn check_call(&self, call: &Call) {
        for moment in moments(call) {
            let record = self.records.get((moment.seq as usize).wrapping_sub(1));
            assert_eq!(record, Some(&moment.at), "{moment:?} cites a record, at its time: {call:#?}");
        }
        // While the connection is down when the log ends, what became of the call is not known.
        let in_gap = call.gaps.last().is_some_and(|gap| gap.to.is_none());
        match (call.ended, call.outcome) {
            (Some(_), outcome) => assert_ne!(outcome, Outcome::Open, "an outcome for each end: {call:#?}"),
            (None, outcome) => {
                let expected = if in_gap { Outcome::Lost } else { Outcome::Open };
                assert_eq!(outcome, expected, "no outcome before the end: {call:#?}");
            }
        }
        self.check_stretches("spell", call, call.spells.iter().map(|spell| (spell.from, spell.to)));
        self.check_stretches("hold", call, call.holds.iter().map(|hold| (hold.from, hold.to)));
        self.check_stretches("gap", call, call.gaps.iter().map(|gap| (gap.from, gap.to)));
        self.check_stretches("conference", call, call.conferences.iter().map(|of| (of.from, of.to)));
        self.check_stretches("leg", call, call.legs.iter().map(|leg| (leg.from, leg.to)));
        for hold in &call.holds {
            assert_eq!(hold.to.is_some(), hold.end.is_some(), "a hold that ended says how: {call:#?}");
        }
        for spell in call.spells.iter().filter(|spell| spell.kind != SpellKind::Gap) {
            let end = spell.to.map_or(Timestamp::from_micros(i64::MAX), |to| to.at);
            for (from, to) in &self.down {
                let to = to.unwrap_or(Timestamp::from_micros(i64::MAX));
                let apart = end <= *from || to <= spell.from.at;
                assert!(apart, "{} while the connection was down: {call:#?}", spell.kind.text());
            }
        }
        if let Some(answered) = call.answered {
            assert!(call.began <= answered, "{call:#?}");
            assert!(call.ended.is_none_or(|ended| answered <= ended), "{call:#?}");
        }
    }

    /// In order, without overlap, inside the call; the last may be open, if the call is.
    fn check_stretches(
        &self,
        what: &str,
        call: &Call,
        stretches: impl Iterator<Item = (Moment, Option<Moment>)>,
    ) {
        let mut last = Some(call.began);
        for (from, to) in stretches {
            let since = last.unwrap_or_else(|| panic!("{what} after one that is open: {call:#?}"));
            assert!(since <= from, "{what}s are in order: {call:#?}");
            assert!(to.is_none_or(|to| from <= to), "a {what} does not end before it begins: {call:#?}");
            last = to;
        }
        if let Some(ended) = call.ended {
            assert!(last.is_some_and(|last| last <= ended), "a {what} ends with its call: {call:#?}");
        }
    }
}

/// Every moment that a call cites.
fn moments(call: &Call) -> Vec<Moment> {
    let mut all = vec![call.began];
    all.extend(call.answered.into_iter().chain(call.ended));
    let pairs = (call.spells.iter().map(|spell| (spell.from, spell.to)))
        .chain(call.holds.iter().map(|hold| (hold.from, hold.to)))
        .chain(call.gaps.iter().map(|gap| (gap.from, gap.to)))
        .chain(call.legs.iter().map(|leg| (leg.from, leg.to)))
        .chain(call.conferences.iter().map(|of| (of.from, of.to)))
        .chain(call.conferences.iter().flat_map(|of| of.members.iter().map(|leg| (leg.from, leg.to))));
    for (from, to) in pairs {
        all.push(from);
        all.extend(to);
    }
    all.extend(call.transfers.iter().map(|transfer| transfer.at));
    all.extend(call.irregularities.iter().map(|irregularity| irregularity.at));
    all
}
