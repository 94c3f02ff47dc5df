//! Calls and time of a log, one by one.

use callfold::calls::{Call, Day, Leg, Moment, OtherSide, TimeKind, Totals, json};
use callfold::log::{self, FoundCall, Log, LogError, StreamId};
use callfold::problem::Problem;
use callfold::{ChainId, Span, Text, Timestamp, UserId};
use std::mem::MaybeUninit;

use crate::boundary::{Status, callfold_result, cross, done};
use crate::handle::{self, Kind, Object, Single};
use crate::log::{callfold_log, from_utc, stream_of, with_log};
use crate::options::{self, Options, callfold_flag};
use crate::progress::{callfold_progress, teller};
use crate::text::{bad, callfold_buffer, callfold_str, fill, owned};
use crate::view::{CALLFOLD_NEVER, number, person};
use crate::words::{
    Numbered, callfold_call_direction, callfold_call_outcome, callfold_ended_by, callfold_hold_end,
    callfold_hold_reason, callfold_irregularity_kind, callfold_spell_kind, callfold_transfer_kind, maybe,
};

/// Which calls are wanted. What is nothing, or zero, does not matter. Fill in `size`.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_call_query {
    /// sizeof(callfold_call_query)
    pub size: usize,
    /// Of this stream.
    pub stream: callfold_str,
    /// Begun at or after `from`, if `has_from`.
    pub from: i64,
    /// Begun before `to`, if `has_to`.
    pub to: i64,
    /// Whether `from` counts.
    pub has_from: callfold_flag,
    /// Whether `to` counts.
    pub has_to: callfold_flag,
    /// With this number at the other end, as it was told.
    pub number: callfold_str,
    /// Of this agent: the login.
    pub agent: callfold_str,
    /// Of this id.
    pub id: callfold_str,
}

// SAFETY: it is repr(C), begins with its size, and is made of numbers, pointers and bools, which may be zero.
unsafe impl Options for callfold_call_query {
    const NAME: &'static str = "callfold_call_query";
}

/// Calls of a log, one by one, by when they began.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_calls {
    /// The handle. Zero is none.
    pub handle: u64,
}

/// When something was so, and the record that proves it.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_moment {
    /// Microseconds of UTC since 1970; CALLFOLD_NEVER if it did not come.
    pub at: i64,
    /// The number of the record; 0 if it did not come.
    pub seq: u64,
}

/// A call: everything on one chain for one stream. Strings are borrowed until the iterator is freed.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_call {
    /// Its name within the stream.
    pub id: callfold_str,
    /// The stream.
    pub stream: callfold_str,
    /// Its chain, if the server named one.
    pub chain: callfold_str,
    /// Who called whom.
    pub direction: callfold_call_direction,
    /// What became of it.
    pub outcome: callfold_call_outcome,
    /// Who ended it, where the wire shows it.
    pub ended_by: callfold_ended_by,
    /// Whether the agent's own phone rang first.
    pub is_callback: bool,
    /// Whether it was up already when the line was first seen.
    pub up_when_connected: bool,
    /// Whether the other side is behind an external line.
    pub is_external: bool,
    /// Whether the other side is a voice menu.
    pub is_menu: bool,
    /// Who was at the other end first: the number.
    pub number: callfold_str,
    /// The name.
    pub name: callfold_str,
    /// The user id, if it is a user of the PBX.
    pub user: callfold_str,
    /// When it began.
    pub began: callfold_moment,
    /// When it was answered: the first talk.
    pub answered: callfold_moment,
    /// When it ended.
    pub ended: callfold_moment,
    /// How long it rang, or was dialled: microseconds.
    pub waited: i64,
    /// How long it was talked on, conferences included.
    pub talk: i64,
    /// How long it was on hold.
    pub held: i64,
    /// The call for which this one consults.
    pub consults_for: callfold_str,
    /// How many stretches it has: `callfold_calls_spell`.
    pub spells: usize,
    /// How many were at the other end, one after the other: `callfold_calls_leg`.
    pub legs: usize,
    /// How often it was on hold: `callfold_calls_hold`.
    pub holds: usize,
    /// How often it was passed on: `callfold_calls_transfer`.
    pub transfers: usize,
    /// How often the connection was down meanwhile: `callfold_calls_gap`.
    pub gaps: usize,
    /// How much does not fit: `callfold_calls_irregularity`.
    pub irregularities: usize,
}

/// A stretch of a call.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_spell {
    /// What went on.
    pub kind: callfold_spell_kind,
    /// Whether it is how a callback begins: the PBX sets the call up (dial), or the agent's own phone rings for it (ring).
    pub is_callback: bool,
    /// From when.
    pub from: callfold_moment,
    /// Until when.
    pub to: callfold_moment,
}

/// Someone at the other end. Strings are borrowed until the iterator is freed.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_leg {
    /// The number.
    pub number: callfold_str,
    /// The name.
    pub name: callfold_str,
    /// The user id, if it is a user of the PBX.
    pub user: callfold_str,
    /// Whether it is behind an external line.
    pub is_external: bool,
    /// Whether it is a voice menu.
    pub is_menu: bool,
    /// From when.
    pub from: callfold_moment,
    /// Until when.
    pub to: callfold_moment,
}

/// A time on hold.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_hold {
    /// From when.
    pub from: callfold_moment,
    /// Until when.
    pub to: callfold_moment,
    /// Why.
    pub reason: callfold_hold_reason,
    /// How it ended; zero while it goes on.
    pub end: callfold_hold_end,
}

/// How a call was passed on. Strings are borrowed until the iterator is freed.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_transfer {
    /// When it took effect.
    pub at: callfold_moment,
    /// Of what kind it is.
    pub kind: callfold_transfer_kind,
    /// To whom (or, to us: from whom), as far as it is known: the number.
    pub number: callfold_str,
    /// The name.
    pub name: callfold_str,
}

/// Something that does not fit, and where.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_irregularity {
    /// What.
    pub kind: callfold_irregularity_kind,
    /// Where.
    pub at: callfold_moment,
}

/// A stream that cannot be read to its end. Strings are borrowed until the iterator is freed.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_damage {
    /// The stream.
    pub stream: callfold_str,
    /// What is wrong: CALLFOLD_STORE_DAMAGED, for the most part.
    pub result: callfold_result,
    /// The same in words: where it is, and no person.
    pub text: callfold_str,
}

struct Found {
    all: Vec<(Text, Call)>,
    damaged: Vec<(Text, Problem)>,
    next: usize,
}

impl Found {
    /// The call that was asked for last.
    fn last(&self) -> Result<&(Text, Call), Problem> {
        let last = self.next.checked_sub(1).and_then(|last| self.all.get(last));
        last.ok_or_else(|| bad("no call was asked for yet"))
    }
}

struct Held(Single<Found>);

/// Hands calls to the caller, and which streams could not be read to their ends.
pub(crate) fn hand_over(
    log: &Log,
    calls: Vec<FoundCall>,
    damaged: Vec<(StreamId, LogError)>,
) -> Result<callfold_calls, Problem> {
    let name = |stream| -> Result<Text, LogError> { Ok(log.info(stream)?.name) };
    let all = calls.into_iter().map(|found| Ok((name(found.stream)?, found.call)));
    let all = all.collect::<Result<_, LogError>>()?;
    let damaged = damaged.into_iter().map(|(stream, damage)| Ok((name(stream)?, Problem::from(damage))));
    let damaged = damaged.collect::<Result<_, LogError>>()?;
    Ok(callfold_calls { handle: handle::put(Held(Single::new(Found { all, damaged, next: 0 })))? })
}

impl Object for Held {
    const KIND: Kind = Kind::Calls;
    const BOUND_TO_PROCESS: bool = false;
}

/// The calls that are wanted, as they are now; those that go on are among them. `query` may be NULL: all.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_calls(
    log: callfold_log,
    query: *const callfold_call_query,
    progress: Option<&callfold_progress>,
    calls: Option<&mut MaybeUninit<callfold_calls>>,
) -> callfold_result {
    done(|| {
        let calls = fill(calls, "calls")?;
        let query = options::read(query)?;
        let found = with_log(log, |log| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let mut wanted = log::CallQuery::default();
            wanted.stream = stream_of(log, &query.stream)?.map(|stream| stream.id);
            wanted.from = query.has_from.is().then(|| Timestamp::from_micros(query.from));
            wanted.to = query.has_to.is().then(|| Timestamp::from_micros(query.to));
            wanted.number = owned(query.number.given("query.number")?);
            wanted.chain = owned(query.id.given("query.id")?);
            wanted.agent = owned(query.agent.given("query.agent")?);
            log.bring_up_to_date(wanted.stream, &mut teller(progress))?;
            hand_over(log, log.calls(&wanted)?, Vec::new())
        })?;
        calls.with(found);
        Ok(())
    })
}

fn moment(moment: Option<Moment>) -> callfold_moment {
    moment.map_or(callfold_moment { at: CALLFOLD_NEVER, seq: 0 }, |moment| callfold_moment {
        at: moment.at.as_micros(),
        seq: moment.seq,
    })
}

fn user(other: &OtherSide) -> callfold_str {
    callfold_str::maybe(other.user.as_ref().map(UserId::as_str))
}

fn told(stream: &Text, call: &Call) -> callfold_call {
    callfold_call {
        id: callfold_str::of(call.id.as_str()),
        stream: callfold_str::of(stream.as_str()),
        chain: callfold_str::maybe(call.chain.as_ref().map(ChainId::as_str)),
        direction: call.direction.number(),
        outcome: call.outcome.number(),
        ended_by: maybe(call.ended_by),
        is_callback: call.callback,
        up_when_connected: call.up_when_connected,
        is_external: call.other.external,
        is_menu: call.other.menu,
        number: number(call.other.number.as_ref()),
        name: person(call.other.name.as_ref()),
        user: user(&call.other),
        began: moment(Some(call.began)),
        answered: moment(call.answered),
        ended: moment(call.ended),
        waited: call.waited().as_micros(),
        talk: call.talk().as_micros(),
        held: call.held().as_micros(),
        consults_for: callfold_str::maybe(call.consults_for.as_ref().map(|id| id.as_str())),
        spells: call.spells.len(),
        legs: call.legs.len(),
        holds: call.holds.len(),
        transfers: call.transfers.len(),
        gaps: call.gaps.len(),
        irregularities: call.irregularities.len(),
    }
}

/// The next call; CALLFOLD_END behind the last. The strings are borrowed until the iterator is freed.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_calls_next(
    calls: callfold_calls,
    borrowed: Option<&mut MaybeUninit<callfold_call>>,
) -> callfold_result {
    cross(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        let held = handle::get::<Held>(calls.handle)?;
        let mut found = held.0.mine()?;
        let Some((stream, call)) = found.all.get(found.next) else { return Ok(Status::End) };
        borrowed.with(told(stream, call));
        found.next += 1;
        Ok(Status::Ok)
    })
}

/// Fills in a part of the call that was asked for last, or says that there is no more.
fn part<T>(
    calls: callfold_calls,
    out: Option<&mut MaybeUninit<T>>,
    part: impl FnOnce(&Call) -> Option<T>,
) -> Result<Status, Problem> {
    let out = fill(out, "borrowed")?;
    let held = handle::get::<Held>(calls.handle)?;
    let found = held.0.mine()?;
    let Some(part) = part(&found.last()?.1) else { return Ok(Status::End) };
    out.with(part);
    Ok(Status::Ok)
}

/// A stretch of the call that was asked for last, from 0; CALLFOLD_END behind the last. They do not overlap.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_calls_spell(
    calls: callfold_calls,
    index: usize,
    borrowed: Option<&mut MaybeUninit<callfold_spell>>,
) -> callfold_result {
    cross(|| {
        part(calls, borrowed, |call| {
            let spell = call.spells.get(index)?;
            Some(callfold_spell {
                kind: spell.kind.number(),
                is_callback: spell.callback,
                from: moment(Some(spell.from)),
                to: moment(spell.to),
            })
        })
    })
}

/// Who was at the other end of the call that was asked for last, from 0; CALLFOLD_END behind the last.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_calls_leg(
    calls: callfold_calls,
    index: usize,
    borrowed: Option<&mut MaybeUninit<callfold_leg>>,
) -> callfold_result {
    cross(|| {
        part(calls, borrowed, |call| {
            let Leg { who, from, to, .. } = call.legs.get(index)?;
            Some(callfold_leg {
                number: number(who.number.as_ref()),
                name: person(who.name.as_ref()),
                user: user(who),
                is_external: who.external,
                is_menu: who.menu,
                from: moment(Some(*from)),
                to: moment(*to),
            })
        })
    })
}

/// A time on hold of the call that was asked for last, from 0; CALLFOLD_END behind the last.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_calls_hold(
    calls: callfold_calls,
    index: usize,
    borrowed: Option<&mut MaybeUninit<callfold_hold>>,
) -> callfold_result {
    cross(|| {
        part(calls, borrowed, |call| {
            let hold = call.holds.get(index)?;
            let (from, to) = (moment(Some(hold.from)), moment(hold.to));
            Some(callfold_hold { from, to, reason: hold.reason.number(), end: maybe(hold.end) })
        })
    })
}

/// How the call that was asked for last was passed on, from 0; CALLFOLD_END behind the last.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_calls_transfer(
    calls: callfold_calls,
    index: usize,
    borrowed: Option<&mut MaybeUninit<callfold_transfer>>,
) -> callfold_result {
    cross(|| {
        part(calls, borrowed, |call| {
            let transfer = call.transfers.get(index)?;
            let with = transfer.with.as_ref();
            Some(callfold_transfer {
                at: moment(Some(transfer.at)),
                kind: transfer.kind.number(),
                number: number(with.and_then(|with| with.number.as_ref())),
                name: person(with.and_then(|with| with.name.as_ref())),
            })
        })
    })
}

/// A time while the connection was down, of the call that was asked for last, from 0; CALLFOLD_END behind the last. Its
/// `kind` is CALLFOLD_SPELL_GAP.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_calls_gap(
    calls: callfold_calls,
    index: usize,
    borrowed: Option<&mut MaybeUninit<callfold_spell>>,
) -> callfold_result {
    cross(|| {
        part(calls, borrowed, |call| {
            let gap = call.gaps.get(index)?;
            let kind = callfold::calls::SpellKind::Gap.number();
            let (from, to) = (moment(Some(gap.from)), moment(gap.to));
            Some(callfold_spell { kind, is_callback: false, from, to })
        })
    })
}

/// What does not fit about the call that was asked for last, from 0; CALLFOLD_END behind the last.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_calls_irregularity(
    calls: callfold_calls,
    index: usize,
    borrowed: Option<&mut MaybeUninit<callfold_irregularity>>,
) -> callfold_result {
    cross(|| {
        part(calls, borrowed, |call| {
            let found = call.irregularities.get(index)?;
            Some(callfold_irregularity { kind: found.kind.number(), at: moment(Some(found.at)) })
        })
    })
}

/// All of the call that was asked for last, as JSON: the same text on every surface.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_calls_json(
    calls: callfold_calls,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        let held = handle::get::<Held>(calls.handle)?;
        let text = json::call(&held.0.mine()?.last()?.1).to_string();
        owned_json.with(owned(text)?);
        Ok(())
    })
}

/// A stream that `callfold_log_find` could not read to its end, from 0; CALLFOLD_END behind the last. Its calls before the
/// damage are among those that were found.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_calls_damage(
    calls: callfold_calls,
    index: usize,
    borrowed: Option<&mut MaybeUninit<callfold_damage>>,
) -> callfold_result {
    cross(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        let held = handle::get::<Held>(calls.handle)?;
        let found = held.0.mine()?;
        let Some((stream, problem)) = found.damaged.get(index) else { return Ok(Status::End) };
        borrowed.with(callfold_damage {
            stream: callfold_str::of(stream.as_str()),
            result: problem.code.number().into(),
            text: callfold_str::of(&problem.message),
        });
        Ok(Status::Ok)
    })
}

/// Frees an iterator over calls, and what was borrowed from it.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_calls_free(calls: callfold_calls) -> callfold_result {
    done(|| handle::free::<Held>(calls.handle))
}

// ---- time ----

/// Where time went, one agent and day after the other.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_times {
    /// The handle. Zero is none.
    pub handle: u64,
}

/// How many kinds of time there are, the place 0 of none included.
pub const CALLFOLD_TIME_KINDS: usize = 12;

/// The time of one agent on one day: it adds up to the time that the agent was logged in. Strings are borrowed until the
/// iterator is freed.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_time {
    /// The stream.
    pub stream: callfold_str,
    /// The agent's login.
    pub agent: callfold_str,
    /// The day, counted from 1970-01-01.
    pub day: i64,
    /// The sum, in microseconds.
    pub logged_in: i64,
    /// The parts, in microseconds, by kind: `of[CALLFOLD_TIME_TALK]`.
    pub of: [i64; CALLFOLD_TIME_KINDS],
}

struct Times {
    all: Vec<(Text, Text, Day, Totals)>,
    next: usize,
}

struct HeldTimes(Single<Times>);

impl Object for HeldTimes {
    const KIND: Kind = Kind::Times;
    const BOUND_TO_PROCESS: bool = false;
}

/// Where time went in a stream (in all, if `stream` is nothing), by agent and day. A day begins `offset_seconds` before
/// UTC's does.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_times(
    log: callfold_log,
    stream: callfold_str,
    offset_seconds: i32,
    progress: Option<&callfold_progress>,
    times: Option<&mut MaybeUninit<callfold_times>>,
) -> callfold_result {
    done(|| {
        let times = fill(times, "times")?;
        let offset = from_utc(i64::from(offset_seconds))?;
        let all = with_log(log, |log| {
            let streams = match stream_of(log, &stream)? {
                Some(stream) => vec![stream],
                None => log.streams()?,
            };
            let mut progress = teller(progress);
            let mut all = Vec::new();
            for stream in streams {
                let ledger = if offset == Span::ZERO {
                    log.bring_up_to_date(Some(stream.id), &mut progress)?;
                    log.time(stream.id)?
                } else {
                    log.time_by_day(stream.id, offset, &mut progress)?
                };
                let name = &stream.info.name;
                let rows = ledger.by_agent_and_day();
                all.extend(rows.map(|(agent, day, totals)| (name.clone(), agent.clone(), day, *totals)));
            }
            Ok(all)
        })?;
        times.with(callfold_times { handle: handle::put(HeldTimes(Single::new(Times { all, next: 0 })))? });
        Ok(())
    })
}

fn by_kind(totals: &Totals) -> [i64; CALLFOLD_TIME_KINDS] {
    let mut of = [0; CALLFOLD_TIME_KINDS];
    for kind in TimeKind::ALL {
        if let Some(place) = of.get_mut(kind.number() as usize) {
            *place = totals.of(kind).as_micros();
        }
    }
    of
}

/// The next agent and day; CALLFOLD_END behind the last. The strings are borrowed until the iterator is freed.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_times_next(
    times: callfold_times,
    borrowed: Option<&mut MaybeUninit<callfold_time>>,
) -> callfold_result {
    cross(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        let held = handle::get::<HeldTimes>(times.handle)?;
        let mut times = held.0.mine()?;
        let Some((stream, agent, day, totals)) = times.all.get(times.next) else { return Ok(Status::End) };
        borrowed.with(callfold_time {
            stream: callfold_str::of(stream.as_str()),
            agent: callfold_str::of(agent.as_str()),
            day: day.0,
            logged_in: totals.sum().as_micros(),
            of: by_kind(totals),
        });
        times.next += 1;
        Ok(Status::Ok)
    })
}

/// The row that was asked for last, as JSON: `{"stream":…,"agent":…,"day":…,"time":{"talk":…}}`.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_times_json(
    times: callfold_times,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        let held = handle::get::<HeldTimes>(times.handle)?;
        let times = held.0.mine()?;
        let last = times.next.checked_sub(1).and_then(|last| times.all.get(last));
        let (stream, agent, day, totals) = last.ok_or_else(|| bad("no time was asked for yet"))?;
        let time = json::totals(totals);
        let (stream, agent) = (stream.as_str(), agent.as_str());
        let row = serde_json::json!({ "stream": stream, "agent": agent, "day": day.0, "time": time });
        owned_json.with(owned(row.to_string())?);
        Ok(())
    })
}

/// Frees an iterator over time, and what was borrowed from it.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_times_free(times: callfold_times) -> callfold_result {
    done(|| handle::free::<HeldTimes>(times.handle))
}
