//! Calls found by what is so of them, and those that are near to one that is not there.

use std::mem::MaybeUninit;

use callfold::Span;
use callfold::calls::{Outcome, json};
use callfold::log::{FindQuery, Found, Log, LogError, OnProgress, Stream, StreamId};
use callfold::problem::{Problem, ProblemCode};

use crate::boundary::{callfold_result, done};
use crate::calls::{callfold_calls, hand_over};
use crate::error::problem_json;
use crate::log::{callfold_log, line, range, stream_of, with_log};
use crate::options::{self, Options, callfold_flag};
use crate::progress::{callfold_progress, teller};
use crate::text::{callfold_buffer, callfold_str, fill, many, owned};
use crate::words::{FromNumber, callfold_call_outcome};

/// Which calls are looked for: all that is said must be so. What is nothing, zero, or has no `has_…` does not matter. Fill in
/// `size`.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_find_query {
    /// sizeof(callfold_find_query)
    pub size: usize,
    /// Of this stream.
    pub stream: callfold_str,
    /// On a line of this agent: the login. Of one that there is not, no call is found.
    pub agent: callfold_str,
    /// Begun at or after `from`, if `has_from`.
    pub from: i64,
    /// Begun before `to`, if `has_to`.
    pub to: i64,
    /// Somebody with this number took part, however it is written; with `*` before or after it, as a part of a number.
    pub number: callfold_str,
    /// Somebody with this in their name took part, in capitals or not.
    pub name: callfold_str,
    /// Ended as one of these (`CALLFOLD_CALL_OUTCOME_LOST`); NULL: as any. One that there is not is CALLFOLD_UNKNOWN_NAME.
    pub outcomes: *const callfold_call_outcome,
    /// How many.
    pub outcomes_count: usize,
    /// Took as long as `at_least` or longer, from its beginning to its end, if `has_at_least`: microseconds.
    pub at_least: i64,
    /// Took as long as `at_most` or less, if `has_at_most`.
    pub at_most: i64,
    /// The most calls that are handed out: the latest. Zero: all.
    pub most: usize,
    /// Whether `from` counts.
    pub has_from: callfold_flag,
    /// Whether `to` counts.
    pub has_to: callfold_flag,
    /// Whether `at_least` counts.
    pub has_at_least: callfold_flag,
    /// Whether `at_most` counts.
    pub has_at_most: callfold_flag,
    /// Was on hold.
    pub held: callfold_flag,
    /// Was passed on, by the agent or to the agent.
    pub transferred: callfold_flag,
    /// Something of it does not fit.
    pub irregular: callfold_flag,
}

// SAFETY: it is repr(C), begins with its size, and is made of numbers, pointers and bools, which may be zero.
unsafe impl Options for callfold_find_query {
    const NAME: &'static str = "callfold_find_query";
}

impl callfold_find_query {
    fn made(&self, log: &Log) -> Result<FindQuery, Problem> {
        let text = |text: &callfold_str, name| -> Result<Option<String>, Problem> {
            Ok(text.given(name)?.map(str::to_owned))
        };
        let given = |is: callfold_flag, value: i64| is.is().then_some(value);
        let mut query = FindQuery::default();
        query.stream = stream_of(log, &self.stream)?.map(|stream| stream.id);
        query.agent = text(&self.agent, "query.agent")?;
        (query.from, query.to) =
            range("query", given(self.has_from, self.from), given(self.has_to, self.to))?;
        query.number = text(&self.number, "query.number")?;
        query.name = text(&self.name, "query.name")?;
        let outcomes = many(self.outcomes, self.outcomes_count, "query.outcomes")?.unwrap_or_default();
        let outcomes = outcomes.iter().map(|number| Outcome::from_number(*number, "query.outcomes"));
        query.outcomes = outcomes.collect::<Result<_, Problem>>()?;
        query.at_least = given(self.has_at_least, self.at_least).map(Span::from_micros);
        query.at_most = given(self.has_at_most, self.at_most).map(Span::from_micros);
        if let (Some(least), Some(most)) = (query.at_least, query.at_most)
            && least > most
        {
            let why = "nothing is as long: query.at_least is more than query.at_most";
            return Err(Problem::new(ProblemCode::BadRange, why));
        }
        (query.held, query.transferred) = (self.held.is(), self.transferred.is());
        query.irregular = self.irregular.is();
        query.most = Some(self.most).filter(|most| *most > 0);
        Ok(query)
    }
}

/// What was found in all.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_found {
    /// How many calls, also those that are more than were wanted.
    pub total: u64,
    /// How many streams could not be read to their ends: `callfold_calls_damage`.
    pub damaged: u64,
}

impl callfold_found {
    fn of(found: &Found) -> Self {
        Self { total: found.total as u64, damaged: found.damaged.len() as u64 }
    }
}

/// Derives what is looked in, and tells how far it is. What is damaged does not end it: who looks names that.
fn derive(log: &Log, stream: Option<StreamId>, progress: OnProgress<'_>) -> Result<(), Problem> {
    match log.bring_up_to_date(stream, progress) {
        Err(LogError::Interrupted) => Err(LogError::Interrupted.into()),
        _ => Ok(()),
    }
}

fn find(log: &Log, query: &callfold_find_query, progress: OnProgress<'_>) -> Result<Found, Problem> {
    let query = query.made(log)?;
    derive(log, query.stream, progress)?;
    Ok(log.find(&query)?)
}

/// The calls that are looked for, as they are now, by when they began. Of a damaged stream those before the damage, and
/// `callfold_calls_damage` names it. `query` may be NULL: all. `report` may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_find(
    log: callfold_log,
    query: *const callfold_find_query,
    progress: Option<&callfold_progress>,
    calls: Option<&mut MaybeUninit<callfold_calls>>,
    report: Option<&mut MaybeUninit<callfold_found>>,
) -> callfold_result {
    done(|| {
        let calls = fill(calls, "calls")?;
        let query = options::read(query)?;
        let (found, told) = with_log(log, |log| {
            let found = find(log, &query, &mut teller(progress))?;
            let told = callfold_found::of(&found);
            Ok((hand_over(log, found.calls, found.damaged)?, told))
        })?;
        if let Some(report) = report {
            report.write(told);
        }
        calls.with(found);
        Ok(())
    })
}

/// The same as JSON, a line each: `{"stream":…,"number":…,"call":{…}}`, as `callfold find --json` prints them; and then, for
/// each stream that is damaged, `{"stream":…,"number":…,"damage":{"code":5105,…}}`.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_find_json(
    log: callfold_log,
    query: *const callfold_find_query,
    progress: Option<&callfold_progress>,
    report: Option<&mut MaybeUninit<callfold_found>>,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        let query = options::read(query)?;
        let (lines, told) = with_log(log, |log| {
            let found = find(log, &query, &mut teller(progress))?;
            let told = callfold_found::of(&found);
            Ok((lines(&log.streams()?, found), told))
        })?;
        owned_json.with(owned(lines)?);
        if let Some(report) = report {
            report.write(told);
        }
        Ok(())
    })
}

fn lines(streams: &[Stream], found: Found) -> String {
    let by_id = |id: StreamId| streams.iter().find(|stream| stream.id == id);
    let calls = found.calls.iter().map(|found| (found.stream, "call", json::call(&found.call)));
    let damaged = found.damaged.into_iter();
    let damaged = damaged.map(|(stream, damage)| (stream, "damage", problem_json(&Problem::from(damage))));
    let all = calls.chain(damaged);
    all.filter_map(|(id, name, value)| Some(line(by_id(id)?, name, &value))).collect()
}

/// Some calls that are near to one that is not there, five at most: whose id begins like `wanted`, in which a number or a name
/// like it took part, or, for `record:120`, that went on at that record. In one stream, or in all if `stream` is nothing. Ask
/// when `callfold_log_calls` or `callfold_log_picture` finds none.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_near(
    log: callfold_log,
    stream: callfold_str,
    wanted: callfold_str,
    progress: Option<&callfold_progress>,
    calls: Option<&mut MaybeUninit<callfold_calls>>,
) -> callfold_result {
    done(|| {
        let calls = fill(calls, "calls")?;
        let near = with_log(log, |log| {
            let stream = stream_of(log, &stream)?.map(|stream| stream.id);
            let wanted = wanted.text("wanted")?;
            derive(log, stream, &mut teller(progress))?;
            hand_over(log, log.near(stream, wanted)?, Vec::new())
        })?;
        calls.with(near);
        Ok(())
    })
}
