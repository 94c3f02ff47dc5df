//! What differs between two tellings of a call.

use callfold_engine::calls::{Call, EndedBy, Moment, OtherSide};
use callfold_engine::record::has_erased;

use super::Side;

/// A call that comes out otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallDifference {
    /// Its id.
    pub id: String,
    /// When it began, on the side that tells of it first.
    pub began: Moment,
    /// If only one side has it: which.
    pub only: Option<Side>,
    /// The first record of which the two sides tell something else.
    pub first: u64,
    /// What the first side tells of that record.
    pub one: Vec<String>,
    /// What the other side tells of it.
    pub other: Vec<String>,
    /// What differs of the call as a whole.
    pub fields: Vec<FieldDifference>,
}

/// A property of a call that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldDifference {
    /// Which: `outcome`, `talk`, …
    pub name: String,
    /// On the first side.
    pub one: String,
    /// On the other.
    pub other: String,
}

impl CallDifference {
    /// A call that only one side has.
    pub(super) fn only(call: &Call, side: Side) -> Self {
        let told: Vec<String> = vec![format!("{} call begins", call.direction.text())];
        let (one, other) = match side {
            Side::One => (told, Vec::new()),
            Side::Other => (Vec::new(), told),
        };
        let (id, began) = (call.id.as_str().to_owned(), call.began);
        Self { id, began, only: Some(side), first: began.seq, one, other, fields: Vec::new() }
    }
}

/// What differs; none if nothing does. What was erased is the same as anything.
pub(super) fn compare(one: &Call, other: &Call) -> Option<CallDifference> {
    if one == other {
        return None;
    }
    let fields: Vec<_> = fields(one)
        .into_iter()
        .zip(fields(other))
        .filter(|((_, one), (_, other))| !is_same(one, other))
        .map(|((name, one), (_, other))| FieldDifference { name, one, other })
        .collect();
    let (ours, theirs) = (facts(one), facts(other));
    let apart = ours
        .iter()
        .zip(&theirs)
        .find(|(one, other)| one.at != other.at || !is_same(&one.words, &other.words));
    let first = match apart {
        Some((one, other)) => one.at.seq.min(other.at.seq),
        None => match ours.len().cmp(&theirs.len()) {
            std::cmp::Ordering::Less => theirs.get(ours.len())?.at.seq,
            std::cmp::Ordering::Greater => ours.get(theirs.len())?.at.seq,
            // Nothing that is told of a call differs, or only what was erased.
            std::cmp::Ordering::Equal if fields.is_empty() => return None,
            std::cmp::Ordering::Equal => one.began.seq,
        },
    };
    let of_first = |facts: &[Fact]| -> Vec<String> {
        facts.iter().filter(|fact| fact.at.seq == first).map(|fact| fact.words.clone()).collect()
    };
    Some(CallDifference {
        id: one.id.as_str().to_owned(),
        began: one.began.min(other.began),
        only: None,
        first,
        one: of_first(&ours),
        other: of_first(&theirs),
        fields,
    })
}

fn is_same(one: &str, other: &str) -> bool {
    one == other || has_erased(one) || has_erased(other)
}

/// A call as a whole. In the same order for every call.
fn fields(call: &Call) -> Vec<(String, String)> {
    let fields = [
        ("direction", call.direction.text().to_owned()),
        ("with", who(&call.other)),
        ("outcome", call.outcome.text().to_owned()),
        ("ended by", call.ended_by.map_or("nobody knows", EndedBy::text).to_owned()),
        ("waited", call.waited().to_string()),
        ("talk", call.talk().to_string()),
        ("hold", call.held().to_string()),
        ("holds", call.holds.len().to_string()),
        ("transfers", call.transfers.len().to_string()),
        ("consultations", call.consultations.len().to_string()),
        ("conferences", call.conferences.len().to_string()),
        ("gaps", call.gaps.len().to_string()),
        ("commands", call.commands.len().to_string()),
        ("irregularities", call.irregularities.len().to_string()),
    ];
    let times = call.time.iter().map(|(kind, span)| (format!("time, {}", kind.text()), span.to_string()));
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(times).collect()
}

/// Something that is told of a call at a record.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Fact {
    at: Moment,
    words: String,
}

/// Everything that is told of a call, by records.
fn facts(call: &Call) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut put = |at: Option<Moment>, words: String| facts.extend(at.map(|at| Fact { at, words }));
    put(Some(call.began), format!("{} call begins", call.direction.text()));
    put(call.answered, "answered".to_owned());
    put(call.ended, format!("ended: {}", call.outcome.text()));
    for spell in &call.spells {
        put(Some(spell.from), format!("{} begins", spell.kind.text()));
        put(spell.to, format!("{} ends", spell.kind.text()));
    }
    for leg in &call.legs {
        put(Some(leg.from), format!("with {}", who(&leg.who)));
        put(leg.to, format!("no longer with {}", who(&leg.who)));
    }
    for hold in &call.holds {
        put(Some(hold.from), format!("on hold: {}", hold.reason.text()));
        put(hold.to, format!("hold ended: {}", hold.end.map_or("goes on", |end| end.text())));
    }
    for transfer in &call.transfers {
        let with = transfer.with.as_ref().map_or_else(|| "somebody unknown".to_owned(), who);
        put(Some(transfer.at), format!("transfer, {}: {with}", transfer.kind.text()));
    }
    for conference in &call.conferences {
        put(Some(conference.from), "conference begins".to_owned());
        put(conference.to, "conference ends".to_owned());
        for member in &conference.members {
            put(Some(member.from), format!("{} is in the conference", who(&member.who)));
            put(member.to, format!("{} is out of the conference", who(&member.who)));
        }
    }
    for gap in &call.gaps {
        put(Some(gap.from), "connection lost".to_owned());
        put(gap.to, "connection back".to_owned());
    }
    for irregularity in &call.irregularities {
        put(Some(irregularity.at), format!("irregular: {}", irregularity.kind.text()));
    }
    facts.sort();
    facts
}

fn who(other: &OtherSide) -> String {
    let number = other.number.as_ref().map(|number| number.as_str());
    let name = other.name.as_ref().map(|name| name.as_str());
    let user = other.user.as_ref().map(|user| user.as_str());
    match (name.filter(|name| Some(*name) != number), number.or(user)) {
        (Some(name), Some(number)) => format!("{name} {number}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "somebody unknown".to_owned(),
    }
}
