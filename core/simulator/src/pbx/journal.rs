//! The call journal: one row for every call and every talk on its chain.

use callfold_engine::{PhoneNumber, Timestamp};
use serde_json::{Map, Value, json};

use super::Pbx;
use super::station::{Call, Stage};
use super::tell::fields;
use crate::names::Guid;

/// One row of the journal.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) chain: Guid,
    commutation: Option<Guid>,
    from: PhoneNumber,
    to: PhoneNumber,
    began: Timestamp,
    answered: Option<Timestamp>,
    ended: Timestamp,
}

/// The most rows kept: a demo that runs for days stays small.
const MOST: usize = 100_000;

impl Pbx {
    /// A call is over, or goes on with somebody else.
    pub(super) fn write_journal(&mut self, call: &Call) {
        let (commutation, answered) = match &call.stage {
            Stage::Talk { since, commutation } => (Some(commutation.clone()), Some(*since)),
            Stage::Autocall(_) | Stage::PartyRings | Stage::BackRing(_) | Stage::Ring => (None, None),
        };
        let (from, to) = (self.number_of(&call.from), self.number_of(&call.to));
        let (chain, began, ended) = (call.chain.clone(), call.began, self.now);
        if self.journal.len() >= MOST {
            self.journal.pop_front();
        }
        self.journal.push_back(Row { chain, commutation, from, to, began, answered, ended });
    }

    /// The rows of a chain, as `getpbxcalljournal` tells them.
    pub(super) fn journal_of(&self, chain: &str) -> Map<String, Value> {
        let rows: Vec<Value> = self
            .journal
            .iter()
            .filter(|row| row.chain.0.eq_ignore_ascii_case(chain))
            .map(|row| {
                json!({
                    "idchain": row.chain.0,
                    "idconn": row.commutation.as_ref().map(|commutation| &commutation.0),
                    "anumber": row.from.as_str(),
                    "bnumber": row.to.as_str(),
                    "timestart": row.began.as_micros() / 1_000,
                    "timeanswer": row.answered.map(|answered| answered.as_micros() / 1_000),
                    "timestop": row.ended.as_micros() / 1_000,
                    "recordlink": row.commutation.as_ref().map(|commutation| format!("/records/{commutation}.mp3")),
                })
            })
            .collect();
        // Nothing is told of a chain that is not known.
        if rows.is_empty() { Map::new() } else { fields(json!({ "data": rows })) }
    }
}
