//! What does not fit in a log, one by one or as JSON.

use std::mem::MaybeUninit;

use callfold::Text;
use callfold::lint::{LintQuery, LintSummary, Oddity, OddityKind};
use callfold::log::{Log, LogError, OnProgress, Stream};
use callfold::problem::Problem;
use serde_json::json;

use crate::boundary::{Status, callfold_result, cross, done};
use crate::handle::{self, Kind, Object, Single};
use crate::log::{callfold_log, ids_of, line, range, with_log};
use crate::options::{self, Options, callfold_flag};
use crate::progress::{callfold_progress, teller};
use crate::text::{bad, callfold_buffer, callfold_str, fill, many, owned};
use crate::words::{FromNumber, Numbered, callfold_oddity_kind};

/// What is looked for, and where. What is nothing, or zero, does not matter. Fill in `size`.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_lint_query {
    /// sizeof(callfold_lint_query)
    pub size: usize,
    /// In these streams; NULL: in all.
    pub streams: *const callfold_str,
    /// How many.
    pub streams_count: usize,
    /// Of these kinds (`CALLFOLD_ODDITY_TALK_WITHOUT_RING`); NULL: of all. One that there is not is CALLFOLD_UNKNOWN_NAME.
    /// Damage is told whatever is asked for: nobody knows what it hides.
    pub kinds: *const callfold_oddity_kind,
    /// How many.
    pub kinds_count: usize,
    /// Shows at or after `from`, if `has_from`.
    pub from: i64,
    /// Shows before `to`, if `has_to`.
    pub to: i64,
    /// Whether `from` counts.
    pub has_from: callfold_flag,
    /// Whether `to` counts.
    pub has_to: callfold_flag,
}

// SAFETY: it is repr(C), begins with its size, and is made of numbers, pointers and bools, which may be zero.
unsafe impl Options for callfold_lint_query {
    const NAME: &'static str = "callfold_lint_query";
}

impl callfold_lint_query {
    fn made(&self, log: &Log) -> Result<LintQuery, Problem> {
        let mut query = LintQuery::default();
        query.streams = ids_of(log, self.streams, self.streams_count, "query.streams")?;
        let kinds = many(self.kinds, self.kinds_count, "query.kinds")?.unwrap_or_default();
        let kinds = kinds.iter().map(|number| OddityKind::from_number(*number, "query.kinds"));
        query.kinds = kinds.collect::<Result<_, Problem>>()?;
        let (from, to) = (self.has_from.is().then_some(self.from), self.has_to.is().then_some(self.to));
        (query.from, query.to) = range("query", from, to)?;
        Ok(query)
    }
}

/// How many places the counts of kinds have, the place 0 of none included: more than there are kinds, so that new ones have
/// theirs.
pub const CALLFOLD_ODDITY_KINDS: usize = 32;

/// What was found in all.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_linted {
    /// Whether a stream could not be read to its end.
    pub is_damaged: bool,
    /// How many streams were read.
    pub streams: u64,
    /// How many records.
    pub records: u64,
    /// How many oddities were found.
    pub found: u64,
    /// How many of each kind: `of[CALLFOLD_ODDITY_CALL_NEVER_ENDED]`.
    pub of: [u64; CALLFOLD_ODDITY_KINDS],
}

impl callfold_linted {
    fn of(summary: &LintSummary) -> Self {
        let mut of = [0; CALLFOLD_ODDITY_KINDS];
        for (kind, count) in &summary.by_kind {
            if let Some(place) = of.get_mut(kind.number() as usize) {
                *place = *count;
            }
        }
        let LintSummary { streams, records, found, .. } = *summary;
        Self { is_damaged: summary.is_damaged(), streams, records, found, of }
    }
}

/// What does not fit in a log, one by one: stream by stream, and in the order of the records.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_oddities {
    /// The handle. Zero is none.
    pub handle: u64,
}

/// Something that does not fit. Strings and records are borrowed until the iterator is freed.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_oddity {
    /// What.
    pub kind: callfold_oddity_kind,
    /// In which stream.
    pub stream: callfold_str,
    /// When it showed: microseconds of UTC since 1970.
    pub at: i64,
    /// The record that shows it.
    pub seq: u64,
    /// All records that belong to it, in order.
    pub records: *const u64,
    /// How many.
    pub records_count: usize,
    /// The call that it is of, by its id.
    pub call: callfold_str,
    /// The command that it is of, if `has_command`.
    pub command: u64,
    /// Whether it is of a command.
    pub has_command: bool,
    /// What it is, in a sentence. Nobody's name or number is in it.
    pub words: callfold_str,
}

struct Oddities {
    all: Vec<(Text, Oddity)>,
    next: usize,
}

struct Held(Single<Oddities>);

impl Object for Held {
    const KIND: Kind = Kind::Oddities;
    const BOUND_TO_PROCESS: bool = false;
}

/// Hands what does not fit to `each`, with its stream.
fn lint(
    log: &Log,
    query: &callfold_lint_query,
    progress: OnProgress<'_>,
    each: &mut dyn FnMut(&Stream, &Oddity),
) -> Result<LintSummary, Problem> {
    let query = query.made(log)?;
    let mut streams = log.streams()?;
    Ok(log.lint(&query, progress, &mut |oddity| {
        if streams.iter().all(|stream| stream.id != oddity.stream) {
            // It was begun after the others were listed.
            streams = log.streams()?;
        }
        let stream = streams.iter().find(|stream| stream.id == oddity.stream);
        each(stream.ok_or_else(|| LogError::NoStream(oddity.stream.to_string()))?, oddity);
        Ok(())
    })?)
}

/// Looks for what does not fit: calls, commands and messages that an auditor should look at. Reads the log once; what was
/// found is kept for the iterator. A damaged stream is read up to the damage, which is told as CALLFOLD_ODDITY_DAMAGED.
/// `query` may be NULL: everything. `report` may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_lint(
    log: callfold_log,
    query: *const callfold_lint_query,
    progress: Option<&callfold_progress>,
    oddities: Option<&mut MaybeUninit<callfold_oddities>>,
    report: Option<&mut MaybeUninit<callfold_linted>>,
) -> callfold_result {
    done(|| {
        let oddities = fill(oddities, "oddities")?;
        let query = options::read(query)?;
        let mut all = Vec::new();
        let summary = with_log(log, |log| {
            lint(log, &query, &mut teller(progress), &mut |stream, oddity| {
                all.push((stream.info.name.clone(), oddity.clone()));
            })
        })?;
        let held = Held(Single::new(Oddities { all, next: 0 }));
        oddities.with(callfold_oddities { handle: handle::put(held)? });
        if let Some(report) = report {
            report.write(callfold_linted::of(&summary));
        }
        Ok(())
    })
}

/// The same as JSON, a line each: `{"stream":…,"number":…,"oddity":{…}}`, and last `{"summary":{…}}`, as `callfold lint --json`
/// prints them.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_lint_json(
    log: callfold_log,
    query: *const callfold_lint_query,
    progress: Option<&callfold_progress>,
    report: Option<&mut MaybeUninit<callfold_linted>>,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        let query = options::read(query)?;
        let mut lines = String::new();
        let summary = with_log(log, |log| {
            lint(log, &query, &mut teller(progress), &mut |stream, oddity| {
                lines += &line(stream, "oddity", &oddity.json());
            })
        })?;
        lines += &(json!({ "summary": summary.json() }).to_string() + "\n");
        owned_json.with(owned(lines)?);
        if let Some(report) = report {
            report.write(callfold_linted::of(&summary));
        }
        Ok(())
    })
}

impl Oddities {
    fn last(&self) -> Result<&Oddity, Problem> {
        let last = self.next.checked_sub(1).and_then(|last| self.all.get(last));
        last.map(|(_, oddity)| oddity).ok_or_else(|| bad("no oddity was asked for yet"))
    }
}

/// The next oddity; CALLFOLD_END behind the last. Strings and records are borrowed until the iterator is freed.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_oddities_next(
    oddities: callfold_oddities,
    borrowed: Option<&mut MaybeUninit<callfold_oddity>>,
) -> callfold_result {
    cross(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        let held = handle::get::<Held>(oddities.handle)?;
        let mut oddities = held.0.mine()?;
        let Some((stream, oddity)) = oddities.all.get(oddities.next) else { return Ok(Status::End) };
        borrowed.with(callfold_oddity {
            kind: oddity.kind.number(),
            stream: callfold_str::of(stream.as_str()),
            at: oddity.at.at.as_micros(),
            seq: oddity.at.seq,
            records: oddity.records.as_ptr(),
            records_count: oddity.records.len(),
            call: callfold_str::maybe(oddity.call.as_deref()),
            command: oddity.command.unwrap_or_default(),
            has_command: oddity.command.is_some(),
            words: callfold_str::of(&oddity.words),
        });
        oddities.next += 1;
        Ok(Status::Ok)
    })
}

/// The oddity that was asked for last, as JSON: the same text on every surface.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_oddities_json(
    oddities: callfold_oddities,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        let held = handle::get::<Held>(oddities.handle)?;
        let text = held.0.mine()?.last()?.json().to_string();
        owned_json.with(owned(text)?);
        Ok(())
    })
}

/// Frees an iterator over oddities, and what was borrowed from it.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_oddities_free(oddities: callfold_oddities) -> callfold_result {
    done(|| handle::free::<Held>(oddities.handle))
}
