//! What the index keeps of a call so that it is found without being read: how it ended, how long it was, whether it was
//! held, passed on or irregular, who took part, and its id. Every entry has when the call began, so a range of time is a
//! range of keys, and what is looked for is cut out of sorted lists.

use std::collections::{BTreeMap, BTreeSet};

use callfold_engine::calls::{Call, OtherSide, Outcome, TransferKind};
use callfold_engine::record::{Hash, has_erased, read_sealed, write_sealed};
use callfold_engine::{Span, Text, Timestamp};
use callfold_store::{DerivedChange, Keys, StreamId};

use super::index::{key, time_key};
use super::{Log, LogError};

/// Of a stream: what is so of a call.
pub(super) const FACT: u8 = b'f';
/// Who took part in which calls.
pub(super) const BY_PERSON: u8 = b'a';
/// Calls by their ids, where these are nobody's: what begins like an id is found.
pub(super) const BY_ID: u8 = b'd';
/// The names and numbers there are, sealed. They outlive the calls that had them, which does no harm.
const PERSON: u8 = b'p';

/// How long a GUID is.
const ID: usize = 36;
/// Added to the place of an outcome among [`OUTCOMES`].
const ENDED_AS: u8 = 0x10;
/// Added to how many bits the length of a call has in microseconds.
const LASTED: u8 = 0x40;

const OUTCOMES: [Outcome; 10] = [
    Outcome::Open,
    Outcome::Answered,
    Outcome::Transferred,
    Outcome::Abandoned,
    Outcome::Declined,
    Outcome::NotAnswered,
    Outcome::Busy,
    Outcome::Failed,
    Outcome::Lost,
    Outcome::Unknown,
];

/// A call in the index of a stream: when it began, and its number there.
pub(super) type Posting = (Timestamp, u64);

/// Whether it is a name or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Called {
    Name,
    Number,
}

impl Called {
    const fn code(self) -> u8 {
        match self {
            Self::Name => b'a',
            Self::Number => b'n',
        }
    }
}

/// Something that is so of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    Any,
    Held,
    Transferred,
    Irregular,
    Ended(Outcome),
}

impl Fact {
    fn code(self) -> u8 {
        match self {
            Self::Any => 0,
            Self::Held => 1,
            Self::Transferred => 2,
            Self::Irregular => 3,
            Self::Ended(outcome) => {
                let place = OUTCOMES.iter().position(|known| *known == outcome);
                ENDED_AS + place.and_then(|place| u8::try_from(place).ok()).unwrap_or(0x2f)
            }
        }
    }
}

/// Whether a call was held.
pub(super) fn was_held(call: &Call) -> bool {
    !call.holds.is_empty()
}

/// Whether a call was passed on by the agent, or to the agent.
pub(super) fn was_transferred(call: &Call) -> bool {
    let is_known = |kind| matches!(kind, TransferKind::Blind | TransferKind::Attended | TransferKind::ToUs);
    call.transfers.iter().any(|transfer| is_known(transfer.kind))
}

/// How long a call was, from when it began to when it ended; none if nobody knows.
pub(super) fn lasted(call: &Call) -> Option<Span> {
    call.ended.map(|ended| ended.at - call.began.at)
}

/// Who took part in a call besides the agent: at the other end, or whom it was passed on to.
pub(super) fn people(call: &Call) -> impl Iterator<Item = &OtherSide> {
    let of_legs = call.legs.iter().map(|leg| &leg.who);
    let of_transfers = call.transfers.iter().filter_map(|transfer| transfer.with.as_ref());
    std::iter::once(&call.other).chain(of_legs).chain(of_transfers)
}

/// The names and numbers of those who took part.
pub(super) fn called(call: &Call) -> impl Iterator<Item = (Called, &str)> {
    people(call).flat_map(|who| {
        let name = who.name.as_ref().map(|name| (Called::Name, name.as_str()));
        let number = who.number.as_ref().map(|number| (Called::Number, number.as_str()));
        name.into_iter().chain(number)
    })
}

/// The key of an id that is nobody's name: a GUID.
fn id_key(id: &str) -> Option<Vec<u8>> {
    let is_guid = id.len() == ID && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_guid.then(|| id.to_ascii_lowercase().into_bytes())
}

/// By what a text stands in the index: its subjects, and for what is nobody's (which is not sealed) a hash.
fn subjects(keys: &Keys, text: &str) -> Vec<[u8; 8]> {
    let known: Vec<_> = keys.find_all(text).into_iter().map(|subject| subject.0.to_be_bytes()).collect();
    if known.is_empty() {
        return Hash::of_stream(text.as_bytes()).0.first_chunk::<8>().copied().into_iter().collect();
    }
    known
}

/// Adds what is so of a call.
pub(super) fn put(
    keys: &Keys,
    stream: StreamId,
    ordinal: u64,
    call: &Call,
    changes: &mut Vec<DerivedChange>,
) -> Result<(), LogError> {
    let (id, began, ordinal) = (stream.0.to_be_bytes(), time_key(call.began.at), ordinal.to_be_bytes());
    let mut fact = |code: u8, value: Vec<u8>| {
        changes.push((key(FACT, &[&id, &[code], &began, &ordinal]), Some(value)));
    };
    fact(Fact::Any.code(), vec![1]);
    fact(Fact::Ended(call.outcome).code(), vec![1]);
    for (is_so, what) in [
        (was_held(call), Fact::Held),
        (was_transferred(call), Fact::Transferred),
        (!call.irregularities.is_empty(), Fact::Irregular),
    ] {
        if is_so {
            fact(what.code(), vec![1]);
        }
    }
    if let Some(lasted) = lasted(call) {
        fact(LASTED + bits(lasted), lasted.as_micros().to_be_bytes().to_vec());
    }
    if let Some(name) = id_key(call.id.as_str()) {
        changes.push((key(BY_ID, &[&name, &id, &ordinal]), Some(vec![1])));
    }
    let mut known = BTreeSet::new();
    for (what, text) in called(call).filter(|(_, text)| !text.is_empty() && !has_erased(text)) {
        if !known.insert((what.code(), text)) {
            continue;
        }
        let sealed = write_sealed(&Text::from(text), &mut &*keys)?;
        for subject in subjects(keys, text) {
            changes.push((key(PERSON, &[&[what.code()], &subject]), Some(sealed.clone())));
            changes.push((key(BY_PERSON, &[&[what.code()], &subject, &id, &began, &ordinal]), Some(vec![1])));
        }
    }
    Ok(())
}

/// How many bits a length has in microseconds.
fn bits(span: Span) -> u8 {
    let micros = u64::try_from(span.as_micros()).unwrap_or(0);
    u8::try_from(u64::BITS - micros.leading_zeros()).unwrap_or(0)
}

/// When the call of a key began, and its number: the end of the key.
fn posting(name: &[u8]) -> Option<Posting> {
    let (rest, ordinal) = name.split_last_chunk::<8>()?;
    let (_, time) = rest.split_last_chunk::<8>()?;
    let micros = (u64::from_be_bytes(*time) ^ (1 << 63)) as i64;
    Some((Timestamp::from_micros(micros), u64::from_be_bytes(*ordinal)))
}

/// A range of time; whoever wants all has the ends of what can be told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl Range {
    pub(super) fn has(self, at: Timestamp) -> bool {
        at >= self.from && at < self.to
    }
}

impl Log {
    /// The calls of a stream of which something is so.
    pub(super) fn with_fact(
        &self,
        stream: StreamId,
        fact: Fact,
        range: Range,
    ) -> Result<BTreeSet<Posting>, LogError> {
        let mut found = BTreeSet::new();
        self.facts(stream, fact.code(), range, |posting, _| {
            found.insert(posting);
        })?;
        Ok(found)
    }

    /// The calls of a stream that went on for as long as this, or up to this.
    pub(super) fn with_length(
        &self,
        stream: StreamId,
        at_least: Option<Span>,
        at_most: Option<Span>,
        range: Range,
    ) -> Result<BTreeSet<Posting>, LogError> {
        let mut found = BTreeSet::new();
        let least = at_least.unwrap_or(Span::from_micros(i64::MIN));
        let most = at_most.unwrap_or(Span::from_micros(i64::MAX));
        for bits in bits(least)..=bits(most) {
            self.facts(stream, LASTED + bits, range, |posting, value| {
                let lasted = value.try_into().map_or(0, i64::from_be_bytes);
                if (least.as_micros()..=most.as_micros()).contains(&lasted) {
                    found.insert(posting);
                }
            })?;
        }
        Ok(found)
    }

    fn facts(
        &self,
        stream: StreamId,
        code: u8,
        range: Range,
        mut each: impl FnMut(Posting, &[u8]),
    ) -> Result<(), LogError> {
        let id = stream.0.to_be_bytes();
        let from = key(FACT, &[&id, &[code], &time_key(range.from)]);
        let to = key(FACT, &[&id, &[code], &time_key(range.to)]);
        for entry in self.store().derived(&from, &to, false) {
            let (name, value) = entry?;
            if let Some(posting) = posting(&name) {
                each(posting, &value);
            }
        }
        Ok(())
    }

    /// The calls, by their streams, of everybody whose name or number is wanted.
    pub(super) fn with_people(
        &self,
        what: Called,
        wants: impl Fn(&str) -> bool,
        range: Range,
    ) -> Result<BTreeMap<StreamId, BTreeSet<Posting>>, LogError> {
        let (from, to) = (key(PERSON, &[&[what.code()]]), key(PERSON, &[&[what.code()], &[0xff; 9]]));
        let mut found: BTreeMap<StreamId, BTreeSet<Posting>> = BTreeMap::new();
        for entry in self.store().derived(&from, &to, false) {
            let (name, sealed) = entry?;
            let Some((_, subject)) = name.split_last_chunk::<8>() else { continue };
            // What cannot be read is nobody's name any more.
            let Ok(text) = read_sealed::<Text>(&sealed, self.store().keys()) else { continue };
            if !wants(text.as_str()) {
                continue;
            }
            let of = [&[what.code()][..], subject].concat();
            let (from, to) = (key(BY_PERSON, &[&of]), key(BY_PERSON, &[&of, &[0xff; 21]]));
            for entry in self.store().derived(&from, &to, false) {
                let (name, _) = entry?;
                let stream = name.get(10..14).and_then(|id| id.try_into().ok()).map(u32::from_be_bytes);
                if let (Some(stream), Some(posting)) = (stream, posting(&name))
                    && range.has(posting.0)
                {
                    found.entry(StreamId(stream)).or_default().insert(posting);
                }
            }
        }
        Ok(found)
    }

    /// The calls whose id begins like this, some of them: stream and number in its index.
    pub(super) fn with_id_like(&self, begins: &str, most: usize) -> Result<Vec<(StreamId, u64)>, LogError> {
        let begins = begins.to_ascii_lowercase();
        let (from, to) = (key(BY_ID, &[begins.as_bytes()]), key(BY_ID, &[begins.as_bytes(), &[0xff; 1]]));
        let mut found = Vec::new();
        for entry in self.store().derived(&from, &to, false).take(most) {
            let (name, _) = entry?;
            let stream = name.get(1 + ID..5 + ID).and_then(|id| id.try_into().ok()).map(u32::from_be_bytes);
            let ordinal = name.split_last_chunk::<8>().map(|(_, ordinal)| u64::from_be_bytes(*ordinal));
            found.extend(stream.map(StreamId).zip(ordinal));
        }
        Ok(found)
    }
}
