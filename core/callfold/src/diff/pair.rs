//! Two readings of a stream, side by side.

use std::collections::{BTreeMap, VecDeque};

use callfold_engine::calls::{Call, CallLog, TimeKind};
use callfold_engine::{Event, Span, Timestamp};

use super::Side;
use super::call::{CallDifference, compare};

/// Two readings, and the calls that are over in one of them only.
#[derive(Default)]
pub(super) struct Pair {
    one: CallLog,
    other: CallLog,
    last: u64,
    /// By id; several calls may be on one chain, one after the other.
    waiting: BTreeMap<String, (VecDeque<Call>, VecDeque<Call>)>,
}

/// What was compared.
#[derive(Default)]
pub(super) struct Compared {
    /// How many calls.
    pub(super) calls: u64,
    /// What differs.
    pub(super) differ: Vec<CallDifference>,
}

impl Pair {
    pub(super) fn one(&mut self, seq: u64, at: Timestamp, events: &[Event]) {
        self.one.record(seq, at, events);
        self.last = self.last.max(seq);
    }

    pub(super) fn other(&mut self, seq: u64, at: Timestamp, events: &[Event]) {
        self.other.record(seq, at, events);
        self.last = self.last.max(seq);
    }

    /// The last record that was read.
    pub(super) const fn last(&self) -> u64 {
        self.last
    }

    /// Compares the calls that are over on both sides.
    pub(super) fn over(&mut self) -> Compared {
        let (one, other) = (self.one.take_over().calls, self.other.take_over().calls);
        self.compared(one, other)
    }

    /// The streams end here. A call that only one side has is a difference.
    pub(super) fn close(&mut self) -> Compared {
        let (one, other) = (self.one.close().calls, self.other.close().calls);
        let mut compared = self.compared(one, other);
        for (_, (ones, others)) in std::mem::take(&mut self.waiting) {
            let ones = ones.iter().map(|call| CallDifference::only(call, Side::One));
            let others = others.iter().map(|call| CallDifference::only(call, Side::Other));
            for only in ones.chain(others) {
                compared.calls += 1;
                compared.differ.push(only);
            }
        }
        compared.differ.sort_by_key(|call| call.first);
        compared
    }

    /// The kinds of time of which there is more on one side.
    pub(super) fn times(&self) -> Vec<(TimeKind, Span, Span)> {
        let (one, other) = (self.one.ledger().totals(), self.other.ledger().totals());
        let both = one.iter().zip(other.iter());
        both.filter(|(one, other)| one.1 != other.1).map(|(one, other)| (one.0, one.1, other.1)).collect()
    }

    fn compared(&mut self, ones: Vec<Call>, others: Vec<Call>) -> Compared {
        let mut compared = Compared::default();
        if ones == others {
            // As it nearly always is.
            compared.calls = ones.len() as u64;
            return compared;
        }
        let ids: Vec<String> = ones.iter().chain(&others).map(|call| call.id.as_str().to_owned()).collect();
        for call in ones {
            self.waiting.entry(call.id.as_str().to_owned()).or_default().0.push_back(call);
        }
        for call in others {
            self.waiting.entry(call.id.as_str().to_owned()).or_default().1.push_back(call);
        }
        for id in ids {
            let Some((ones, others)) = self.waiting.get_mut(&id) else { continue };
            while !ones.is_empty() && !others.is_empty() {
                if let (Some(one), Some(other)) = (ones.pop_front(), others.pop_front()) {
                    compared.calls += 1;
                    compared.differ.extend(compare(&one, &other));
                }
            }
            if ones.is_empty() && others.is_empty() {
                self.waiting.remove(&id);
            }
        }
        compared
    }
}
