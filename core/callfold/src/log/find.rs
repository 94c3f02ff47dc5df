//! Calls found by what is so of them: who took part, when, how it ended, how long it was. From the index alone; only the
//! calls that are handed out are read.

use std::collections::{BTreeMap, BTreeSet};

use callfold_engine::calls::{Call, Outcome};
use callfold_engine::{Span, Timestamp};
use callfold_store::StreamId;

use super::facts::{Called, Fact, Posting, Range, called, lasted, was_held, was_transferred};
use super::{CallQuery, FoundCall, Log, LogError};

/// Which calls are looked for. Whatever is none, or false, does not matter; all that is said must be so.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FindQuery {
    /// Of this stream.
    pub stream: Option<StreamId>,
    /// On a line of this agent: the login.
    pub agent: Option<String>,
    /// Begun at or after.
    pub from: Option<Timestamp>,
    /// Begun before.
    pub to: Option<Timestamp>,
    /// Somebody with this number took part: at the other end, or the call was passed on to them. However it is written;
    /// with `*` before or after it, as a part of a number.
    pub number: Option<String>,
    /// Somebody with this in their name took part, in capitals or not.
    pub name: Option<String>,
    /// It ended as one of these; any, if none is named.
    pub outcomes: Vec<Outcome>,
    /// It took as long as this or longer, from its beginning to its end.
    pub at_least: Option<Span>,
    /// It took as long as this or less.
    pub at_most: Option<Span>,
    /// It was on hold.
    pub held: bool,
    /// It was passed on, by the agent or to the agent.
    pub transferred: bool,
    /// Something of it does not fit.
    pub irregular: bool,
    /// The most calls that are handed out: the latest of them. All, if none is said.
    pub most: Option<usize>,
}

/// What was found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Found {
    /// The calls, by when they began: the latest, if more were found than were wanted.
    pub calls: Vec<FoundCall>,
    /// How many were found in all.
    pub total: usize,
    /// Streams that cannot be read to their end, and why. What was read before that is in [`Found::calls`]; if an agent's calls
    /// are looked for and nobody can tell whose line it is, nothing of it is.
    pub damaged: Vec<(StreamId, LogError)>,
}

/// The most calls that are near to one that is not there.
const NEAR: usize = 5;
/// The fewest characters by which an id is guessed.
const FEWEST: usize = 3;
/// How many characters of an id must be right.
const LIKE: usize = 8;

/// A number that is looked for, however it is written.
#[derive(Clone, Debug)]
struct Number {
    wanted: String,
    open_before: bool,
    open_after: bool,
}

impl Number {
    fn read(text: &str) -> Self {
        let (open_before, open_after) = (text.starts_with('*'), text.ends_with('*'));
        let inner = text.trim_matches('*');
        // A part is a part as it stands: what it begins with is no country code.
        let wanted = if open_before || open_after { bare(inner) } else { plain(inner) };
        Self { wanted, open_before, open_after }
    }

    fn is(&self, told: &str) -> bool {
        let wanted = self.wanted.as_str();
        let (bare, plain) = (bare(told), plain(told));
        let of = |told: &str| match (self.open_before, self.open_after) {
            (false, false) => told == wanted,
            (true, false) => told.ends_with(wanted),
            (false, true) => told.starts_with(wanted),
            (true, true) => told.contains(wanted),
        };
        !wanted.is_empty() && (of(&plain) || ((self.open_before || self.open_after) && of(&bare)))
    }
}

/// The fewest digits that may have a country code before them.
const WITH_COUNTRY: usize = 11;

/// The digits of a number; a name in place of one as it is, in small letters.
fn bare(text: &str) -> String {
    if text.chars().any(char::is_alphabetic) {
        return text.to_lowercase();
    }
    text.chars().filter(char::is_ascii_digit).collect()
}

/// The digits without a country code: within Russia, 8 is dialled for the country code 7, and shown as such.
fn plain(text: &str) -> String {
    let digits = bare(text);
    let is_another_country = text.trim_start().starts_with("+8");
    let rest =
        digits.strip_prefix(['7', '8']).filter(|_| digits.len() == WITH_COUNTRY && !is_another_country);
    rest.map_or(digits.clone(), str::to_owned)
}

impl FindQuery {
    /// Whether a call is one of those that are looked for, stream and agent apart.
    #[must_use]
    pub fn wants(&self, call: &Call) -> bool {
        let number = self.number.as_deref().map(Number::read);
        let name = self.name.as_ref().map(|name| name.to_lowercase());
        let has = |what: Called, wants: &dyn Fn(&str) -> bool| {
            called(call).any(|(known, text)| known == what && wants(text))
        };
        let length = lasted(call);
        self.range().has(call.began.at)
            && number.is_none_or(|number| has(Called::Number, &|told| number.is(told)))
            && name.is_none_or(|name| has(Called::Name, &|told| is_named(told, &name)))
            && (self.outcomes.is_empty() || self.outcomes.contains(&call.outcome))
            && self.at_least.is_none_or(|least| length.is_some_and(|length| length >= least))
            && self.at_most.is_none_or(|most| length.is_some_and(|length| length <= most))
            && (!self.held || was_held(call))
            && (!self.transferred || was_transferred(call))
            && (!self.irregular || !call.irregularities.is_empty())
    }

    fn range(&self) -> Range {
        Range {
            from: self.from.unwrap_or(Timestamp::from_micros(i64::MIN)),
            to: self.to.unwrap_or(Timestamp::from_micros(i64::MAX)),
        }
    }
}

fn begins_with(id: &str, begins: &str) -> bool {
    id.to_ascii_lowercase().starts_with(begins)
}

fn is_named(told: &str, wanted: &str) -> bool {
    !wanted.is_empty() && told.to_lowercase().contains(wanted)
}

/// The calls of each stream that those who are looked for took part in; none if nobody is looked for.
type OfPeople = Option<BTreeMap<StreamId, BTreeSet<Posting>>>;

impl Log {
    /// Finds calls by what is so of them, from the index. A stream that is damaged gives what stands before the damage.
    ///
    /// # Errors
    /// [`LogError`] if the store cannot be read at all.
    pub fn find(&self, query: &FindQuery) -> Result<Found, LogError> {
        match self.find_once(query) {
            // Somebody was erased meanwhile, and the index with them.
            Err(LogError::Record(_)) => self.find_once(query),
            done => done,
        }
    }

    fn find_once(&self, query: &FindQuery) -> Result<Found, LogError> {
        let mut found = Found::default();
        let (streams, unknown) = self.of_agent_as_far(query.stream, query.agent.as_deref())?;
        found.damaged = unknown;
        let mut open = Vec::new();
        for &stream in &streams {
            let (calls, damage) = self.not_indexed(stream)?;
            let calls = calls.into_iter().filter(|call| query.wants(call));
            open.extend(calls.map(|call| FoundCall { stream, call }));
            found.damaged.extend(damage.map(|damage| (stream, damage)));
        }
        let of_people = self.of_people(query)?;
        let mut places: Vec<(Timestamp, StreamId, u64)> = Vec::new();
        for &stream in &streams {
            let postings = self.postings(stream, query, &of_people)?;
            places.extend(postings.into_iter().map(|(began, ordinal)| (began, stream, ordinal)));
        }
        found.total = places.len() + open.len();
        let most = query.most.unwrap_or(usize::MAX);
        places.sort_unstable();
        // Those that began at the same moment as the first of them are put in order with it.
        let first = places.get(places.len().saturating_sub(most)).map(|(began, ..)| *began);
        let cut = first.map_or(places.len(), |first| places.partition_point(|(began, ..)| *began < first));
        let places = places.get(cut..).unwrap_or_default();
        for (_, stream, ordinal) in places {
            found.calls.push(FoundCall { stream: *stream, call: self.call(*stream, *ordinal)? });
        }
        found.calls.extend(open);
        found.calls.sort_by(FoundCall::by_began);
        let surplus = found.calls.len().saturating_sub(most);
        found.calls.drain(..surplus);
        Ok(found)
    }

    /// The calls of a stream that are not in its index, because they go on or their chain may return; and what the
    /// damage is, if there is any.
    fn not_indexed(&self, stream: StreamId) -> Result<(Vec<Call>, Option<LogError>), LogError> {
        self.indexed_as_far(stream, |has_open| match has_open {
            true => Ok(self.derived_log(stream)?.close().calls),
            false => Ok(Vec::new()),
        })
    }

    /// Some calls that are near to one that is not there: whose id begins like this, that went on at this record, or in
    /// which a number or a name like this took part. The latest of them.
    ///
    /// # Errors
    /// [`LogError`] if the store cannot be read at all.
    pub fn near(&self, stream: Option<StreamId>, wanted: &str) -> Result<Vec<FoundCall>, LogError> {
        let wanted = wanted.trim();
        if let Some(seq) = wanted.strip_prefix("record:").and_then(|seq| seq.parse().ok()) {
            return self.near_record(stream, seq);
        }
        if wanted.chars().count() < FEWEST {
            return Ok(Vec::new());
        }
        let is_number = !wanted.chars().any(char::is_alphabetic);
        let mut query = FindQuery { stream, most: Some(NEAR), ..FindQuery::default() };
        let mut near = Vec::new();
        if is_number {
            query.number = Some(wanted.to_owned());
            near = self.find(&query)?.calls;
        }
        if near.is_empty() {
            // A slip of the keyboard in what follows does not matter.
            let begins = wanted.chars().take(LIKE).collect::<String>().to_ascii_lowercase();
            for stream in self.of_agent(stream, None)? {
                let (calls, _) = self.not_indexed(stream)?;
                let like = calls.into_iter().filter(|call| begins_with(call.id.as_str(), &begins));
                near.extend(like.map(|call| FoundCall { stream, call }));
            }
            for (of, ordinal) in self.with_id_like(&begins, NEAR * 4)? {
                if stream.is_none_or(|stream| stream == of) {
                    near.push(FoundCall { stream: of, call: self.call(of, ordinal)? });
                }
            }
            near.sort_by(FoundCall::by_began);
        }
        if near.is_empty() && is_number {
            query.number = Some(format!("*{}*", wanted.trim_matches('*')));
            near = self.find(&query)?.calls;
        } else if near.is_empty() {
            query.name = Some(wanted.to_owned());
            near = self.find(&query)?.calls;
        }
        near.truncate(NEAR);
        Ok(near)
    }

    /// The calls that went on at a record, and those that began last before it.
    fn near_record(&self, stream: Option<StreamId>, seq: u64) -> Result<Vec<FoundCall>, LogError> {
        let mut near = Vec::new();
        for stream in self.of_agent(stream, None)? {
            let Some(record) = self.told(stream, seq).next() else { continue };
            let mut query = FindQuery { stream: Some(stream), most: Some(2), ..FindQuery::default() };
            query.to = Some(record?.at + Span::from_micros(1));
            near.extend(self.find(&query)?.calls);
        }
        near.truncate(NEAR);
        Ok(near)
    }

    fn of_people(&self, query: &FindQuery) -> Result<OfPeople, LogError> {
        let range = query.range();
        let numbers = match query.number.as_deref().map(Number::read) {
            None => None,
            Some(number) => Some(self.with_people(Called::Number, |told| number.is(told), range)?),
        };
        let names = match query.name.as_ref().map(|name| name.to_lowercase()) {
            None => None,
            Some(name) => Some(self.with_people(Called::Name, |told| is_named(told, &name), range)?),
        };
        Ok(match (numbers, names) {
            (Some(mut numbers), Some(names)) => {
                for (stream, postings) in &mut numbers {
                    let of_names = names.get(stream);
                    postings.retain(|posting| of_names.is_some_and(|names| names.contains(posting)));
                }
                Some(numbers)
            }
            (one, other) => one.or(other),
        })
    }

    /// The calls of a stream of which all that was said is so.
    fn postings(
        &self,
        stream: StreamId,
        query: &FindQuery,
        of_people: &OfPeople,
    ) -> Result<BTreeSet<Posting>, LogError> {
        let range = query.range();
        let mut found: Option<BTreeSet<Posting>> = None;
        let mut only = |those: BTreeSet<Posting>| {
            let both = match found.take() {
                None => those,
                Some(before) => before.intersection(&those).copied().collect(),
            };
            found = Some(both);
        };
        if let Some(of_people) = of_people {
            only(of_people.get(&stream).cloned().unwrap_or_default());
        }
        for (is_wanted, fact) in [
            (query.irregular, Fact::Irregular),
            (query.transferred, Fact::Transferred),
            (query.held, Fact::Held),
        ] {
            if is_wanted {
                only(self.with_fact(stream, fact, range)?);
            }
        }
        if !query.outcomes.is_empty() {
            let mut any = BTreeSet::new();
            for outcome in &query.outcomes {
                any.extend(self.with_fact(stream, Fact::Ended(*outcome), range)?);
            }
            only(any);
        }
        if query.at_least.is_some() || query.at_most.is_some() {
            only(self.with_length(stream, query.at_least, query.at_most, range)?);
        }
        match found {
            Some(found) => Ok(found),
            None => self.with_fact(stream, Fact::Any, range),
        }
    }

    /// The calls that are wanted, like [`Log::calls`]; a damaged stream gives what stands before the damage, which is
    /// named.
    ///
    /// # Errors
    /// [`LogError`] if the store cannot be read at all.
    pub fn sound_calls(&self, query: &CallQuery) -> Result<Found, LogError> {
        let mut found = Found::default();
        let (streams, unknown) = self.of_agent_as_far(query.stream, query.agent.as_deref())?;
        found.damaged = unknown;
        for stream in streams {
            let (calls, damage) = self.calls_as_far(stream, query)?;
            found.calls.extend(calls.into_iter().map(|call| FoundCall { stream, call }));
            found.damaged.extend(damage.map(|damage| (stream, damage)));
        }
        found.calls.sort_by(FoundCall::by_began);
        found.total = found.calls.len();
        Ok(found)
    }
}
