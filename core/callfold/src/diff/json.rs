//! Differences as JSON, for programs: moments are microseconds of UTC since 1970, lengths are microseconds.

use serde_json::{Value, json};

use super::{CallDifference, DiffSummary, Difference, Side, StreamDifference};

impl Side {
    /// The side in a word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Other => "other",
        }
    }
}

impl StreamDifference {
    /// As JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let what = match &self.what {
            Difference::Call(call) => json!({ "call": of_call(call) }),
            Difference::Time { kind, one, other } => {
                json!({ "time": { "kind": kind.text(), "one": one.as_micros(), "other": other.as_micros() } })
            }
            Difference::Events { records, first, event, one, other } => json!({ "events": {
                "records": records, "first": first, "event": event, "one": one, "other": other,
            } }),
            Difference::Records { one, other } => json!({ "records": { "one": one, "other": other } }),
            Difference::Missing(side) => json!({ "missing": side.text() }),
            Difference::Damaged { side, seq, why } => {
                json!({ "damaged": { "side": side.text(), "seq": seq, "why": why } })
            }
        };
        json!({ "stream": self.stream, "differs": what })
    }
}

fn of_call(call: &CallDifference) -> Value {
    let fields: Vec<_> = call
        .fields
        .iter()
        .map(|field| json!({ "name": field.name, "one": field.one, "other": field.other }))
        .collect();
    json!({
        "id": call.id,
        "began": { "at": call.began.at.as_micros(), "seq": call.began.seq },
        "only": call.only.map(Side::text),
        "first": call.first,
        "one": call.one,
        "other": call.other,
        "fields": fields,
    })
}

impl DiffSummary {
    /// As JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "streams": self.streams,
            "records": self.records,
            "calls": self.calls,
            "differ": self.differ,
            "differences": self.told,
            "damaged": self.damaged,
        })
    }
}
