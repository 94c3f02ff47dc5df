//! What does not fit about a call that is over.

use callfold_engine::calls::{Call, Outcome};

use super::{Found, OddityKind};

pub(super) fn of(call: &Call) -> Vec<Found> {
    let mut found: Vec<Found> = call
        .irregularities
        .iter()
        .map(|irregularity| {
            let (kind, words) = OddityKind::of(irregularity.kind);
            let found = Found::new(kind, irregularity.at, words).of_call(call.id.as_str());
            // What is not over is shown by where it began.
            if kind == OddityKind::CallNeverEnded { found.after(call.began.seq) } else { found }
        })
        .collect();
    // Of a call that was lost with the connection nobody can know when its hold ended.
    let is_known = call.outcome != Outcome::Lost;
    for hold in call.holds.iter().filter(|hold| hold.to.is_none() && is_known) {
        let words = "it was put on hold, and the end of that is nowhere";
        let mut odd = Found::new(OddityKind::HoldNeverEnded, hold.from, words).of_call(call.id.as_str());
        if let Some(ended) = call.ended {
            odd = odd.after(ended.seq);
        }
        found.push(odd);
    }
    found
}
