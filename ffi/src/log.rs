//! Logs: opened, read, proved whole, taken elsewhere.

use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};

use callfold::calls::json as words;
use callfold::files;
use callfold::log::{
    self, Durability, HeadLine, Instant, Log, LogError, OnProgress, Stream, StreamId, VerifyOptions,
};
use callfold::problem::{Problem, ProblemCode};
use callfold::timeline::Timeline;
use callfold::{Mode, Span, Timestamp};
use serde_json::json;

use crate::boundary::{Status, callfold_result, cross, done};
use crate::handle::{self, Kind, Object, Single};
use crate::options::{self, Options, callfold_flag};
use crate::progress::{callfold_progress, teller};
use crate::text::{bad, callfold_buffer, callfold_str, fill, many, owned};
use crate::view::{CALLFOLD_NEVER, Seen, callfold_view};

/// A log: a store on disk, or one in memory. It may be used by any number of threads at once.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_log {
    /// The handle. Zero is none.
    pub handle: u64,
}

/// When what was recorded is safe from a power cut: every so many milliseconds, or one of the two below. Zero: 50.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_durability = u32;

/// Before it is acknowledged.
pub const CALLFOLD_DURABLE_ALWAYS: u32 = u32::MAX;
/// When the system pleases, or at `callfold_log_sync`.
pub const CALLFOLD_DURABLE_NEVER: u32 = u32::MAX - 1;

/// How a store is opened.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_log_options {
    /// sizeof(callfold_log_options)
    pub size: usize,
    /// Whether a store is made where there is none.
    pub create: callfold_flag,
    /// When what was recorded is safe from a power cut.
    pub durability: callfold_durability,
}

// SAFETY: it is repr(C), begins with its size, and is made of numbers and bools, which may be zero.
unsafe impl Options for callfold_log_options {
    const NAME: &'static str = "callfold_log_options";
}

struct Held {
    log: Log,
    notes: Vec<String>,
}

impl Object for Held {
    const KIND: Kind = Kind::Log;
    const BOUND_TO_PROCESS: bool = true;
}

/// Does something with a log. It stays open as long, whoever frees the handle.
pub(crate) fn with_log<T>(
    log: callfold_log,
    deed: impl FnOnce(&Log) -> Result<T, Problem>,
) -> Result<T, Problem> {
    deed(&handle::get::<Held>(log.handle)?.log)
}

/// The stream of this name; none if nothing is given.
pub(crate) fn stream_of(log: &Log, name: &callfold_str) -> Result<Option<Stream>, Problem> {
    Ok(name.given("stream")?.map(|name| log.stream(name)).transpose()?)
}

/// A line of JSON about a stream, as `callfold` prints it.
pub(crate) fn line(stream: &Stream, name: &str, value: &serde_json::Value) -> String {
    json!({ "stream": stream.info.name.as_str(), "number": stream.id.0, name: value }).to_string() + "\n"
}

/// The ids of the streams of these names; none of them, if there is no name.
pub(crate) fn ids_of(
    log: &Log,
    names: *const callfold_str,
    count: usize,
    name: &str,
) -> Result<Vec<StreamId>, Problem> {
    let names = many(names, count, name)?.unwrap_or_default();
    names.iter().map(|given| Ok(log.stream(given.text(name)?)?.id)).collect()
}

/// A range of time, as far as it is given; one that no moment is in is refused. `of` names what it is a part of.
pub(crate) fn range(
    of: &str,
    from: Option<i64>,
    to: Option<i64>,
) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        let why = format!("nothing is in this range: {of}.from is not before {of}.to");
        return Err(Problem::new(ProblemCode::BadRange, why));
    }
    Ok((from.map(Timestamp::from_micros), to.map(Timestamp::from_micros)))
}

fn path(given: &callfold_str) -> Result<PathBuf, Problem> {
    match given.text("path")? {
        "" => Err(bad("path is empty")),
        path => Ok(PathBuf::from(path)),
    }
}

// ---- opening and closing ----

/// Opens the store in the directory `path`. `options` may be NULL: it must be there, and is made durable every 50 ms. A store
/// has one owner at a time (CALLFOLD_STORE_IN_USE).
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_open(
    path: callfold_str,
    options: *const callfold_log_options,
    log: Option<&mut MaybeUninit<callfold_log>>,
) -> callfold_result {
    done(|| {
        let out = fill(log, "log")?;
        let options = options::read(options)?;
        let mut how = log::Options::default();
        how.create = options.create.is();
        how.durability = match options.durability {
            0 => how.durability,
            CALLFOLD_DURABLE_ALWAYS => Durability::Always,
            CALLFOLD_DURABLE_NEVER => Durability::Never,
            milliseconds => Durability::Every(milliseconds.into()),
        };
        let path = self::path(&path)?;
        // Panics of the database over damaged files are told as errors: they need not be printed as well.
        log::hush_caught_panics();
        let (log, report) = Log::open(&path, how).map_err(|error| Problem::from(error).of_file(&path))?;
        out.with(callfold_log { handle: handle::put(Held { log, notes: report.notes() })? });
        Ok(())
    })
}

/// Makes a log in memory, which goes with the handle.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_new(log: Option<&mut MaybeUninit<callfold_log>>) -> callfold_result {
    done(|| {
        let log = fill(log, "log")?;
        log.with(callfold_log { handle: handle::put(Held { log: Log::in_memory()?, notes: Vec::new() })? });
        Ok(())
    })
}

/// What had to be done to open a store, as a JSON array of sentences: show it to somebody.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_notes_json(
    log: callfold_log,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        owned_json.with(owned(json!(handle::get::<Held>(log.handle)?.notes).to_string())?);
        Ok(())
    })
}

/// Takes a recorded session or an exported log in, packed (gzip, zstd) or not. `name` names the stream of a session; nothing:
/// by its own name. `progress` may be NULL. `owned_json`, if not NULL, gets the names of the streams: `["ivanov"]`.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_import(
    log: callfold_log,
    path: callfold_str,
    name: callfold_str,
    progress: Option<&callfold_progress>,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let (path, name) = (self::path(&path)?, name.given("name")?);
        let names = with_log(log, |log| {
            let taken = take_in(log, &path, name, &mut teller(progress));
            taken.map_err(|error| Problem::from(error).of_file(&path))
        })?;
        if let Some(owned_json) = owned_json {
            owned_json.write(owned(json!(names).to_string())?);
        }
        Ok(())
    })
}

fn take_in(
    log: &Log,
    path: &Path,
    name: Option<&str>,
    progress: OnProgress<'_>,
) -> Result<Vec<String>, LogError> {
    let streams = files::take_in(log, files::open(path)?, name, progress)?.streams;
    streams.into_iter().map(|id| Ok(log.info(id)?.name.as_str().to_owned())).collect()
}

/// Writes streams (all, if `streams` is NULL) as JSON Lines with the chain, whole or not at all. How many records they have;
/// `records` may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_export(
    log: callfold_log,
    streams: *const callfold_str,
    streams_count: usize,
    path: callfold_str,
    progress: Option<&callfold_progress>,
    records: Option<&mut MaybeUninit<u64>>,
) -> callfold_result {
    done(|| {
        let path = self::path(&path)?;
        let written = with_log(log, |log| {
            let ids = ids_of(log, streams, streams_count, "streams")?;
            let written = files::write_whole(&path, |out| log.export(&ids, out, &mut teller(progress)));
            written.map_err(|error| Problem::from(error).of_file(&path))
        })?;
        if let Some(records) = records {
            records.write(written);
        }
        Ok(())
    })
}

/// Waits until everything that was recorded is safe from a power cut.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_sync(log: callfold_log) -> callfold_result {
    done(|| with_log(log, |log| Ok(log.sync()?)))
}

/// Makes everything durable, and frees the handle; if it cannot be made durable, says so, and the handle is freed all the
/// same. The store itself is closed when nothing that was made of it is left: recorders, lines, iterators.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_close(log: callfold_log) -> callfold_result {
    done(|| {
        let held = handle::take::<Held>(log.handle)?;
        Ok(held.log.sync()?)
    })
}

/// Frees a log without waiting until it is durable (`callfold_log_close` does).
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_free(log: callfold_log) -> callfold_result {
    done(|| handle::free::<Held>(log.handle))
}

// ---- streams ----

/// The streams of a log, one by one.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_streams {
    /// The handle. Zero is none.
    pub handle: u64,
}

/// A stream: one agent's line on one server. Strings are borrowed until the next call with the iterator.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_stream {
    /// Its number in the log, from 0.
    pub number: u32,
    /// Whether it was recorded from a live server; if not, it is a session that the reference client recorded.
    pub is_live: bool,
    /// Whether the CTI model is kept.
    pub has_cti: bool,
    /// Whether the CTI model's agent stays out of the call centre on connecting.
    pub stays_out: bool,
    /// Its name: no other stream of the log has it.
    pub name: callfold_str,
    /// What it is about, for people.
    pub title: callfold_str,
    /// The agent's login, if it is known.
    pub agent: callfold_str,
    /// The server's address, if it was known beforehand.
    pub server: callfold_str,
    /// When it was begun.
    pub began: i64,
    /// When its last record was made; CALLFOLD_NEVER if it has none.
    pub last: i64,
    /// How many records it has.
    pub records: u64,
    /// The hash of its last record, in hexadecimal.
    pub head: callfold_str,
}

struct Streams {
    all: Vec<(Stream, Option<callfold::Text>, String)>,
    next: usize,
}

struct HeldStreams(Single<Streams>);

impl Object for HeldStreams {
    const KIND: Kind = Kind::Streams;
    const BOUND_TO_PROCESS: bool = false;
}

/// The streams of a log as they are now.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_streams(
    log: callfold_log,
    streams: Option<&mut MaybeUninit<callfold_streams>>,
) -> callfold_result {
    done(|| {
        let streams = fill(streams, "streams")?;
        let all = with_log(log, |log| {
            let all = log.streams()?.into_iter();
            let told = all.map(|stream| {
                let head = stream.head.hash.to_string();
                Ok((log.agent(stream.id)?, stream, head))
            });
            let told =
                told.map(|told: Result<_, LogError>| told.map(|(agent, stream, head)| (stream, agent, head)));
            Ok(told.collect::<Result<Vec<_>, _>>()?)
        })?;
        streams.with(callfold_streams {
            handle: handle::put(HeldStreams(Single::new(Streams { all, next: 0 })))?,
        });
        Ok(())
    })
}

/// The next stream; CALLFOLD_END behind the last. Borrowed until the next call with the iterator.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_streams_next(
    streams: callfold_streams,
    borrowed: Option<&mut MaybeUninit<callfold_stream>>,
) -> callfold_result {
    cross(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        let held = handle::get::<HeldStreams>(streams.handle)?;
        let mut streams = held.0.mine()?;
        let Streams { all, next } = &mut *streams;
        let Some((stream, agent, head)) = all.get(*next) else { return Ok(Status::End) };
        *next += 1;
        let text = |text: Option<&callfold::Text>| callfold_str::maybe(text.map(callfold::Text::as_str));
        borrowed.with(callfold_stream {
            number: stream.id.0,
            is_live: stream.info.config.mode == Mode::Live,
            has_cti: stream.info.config.cti.is_some(),
            stays_out: stream.info.config.cti.as_ref().is_some_and(|cti| !cti.operator),
            name: callfold_str::of(stream.info.name.as_str()),
            title: callfold_str::of(stream.info.title.as_str()),
            agent: text(agent.as_ref()),
            server: text(stream.info.server.as_ref()),
            began: stream.info.began.as_micros(),
            last: stream.head.at.map_or(CALLFOLD_NEVER, Timestamp::as_micros),
            records: stream.head.seq,
            head: callfold_str::of(head),
        });
        Ok(Status::Ok)
    })
}

/// Frees an iterator over streams, and what was borrowed from it.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_streams_free(streams: callfold_streams) -> callfold_result {
    done(|| handle::free::<HeldStreams>(streams.handle))
}

// ---- as of ----

fn as_of(log: callfold_log, stream: &callfold_str, instant: Instant) -> Result<callfold_view, Problem> {
    let seen = with_log(log, |log| {
        let stream = log.stream(stream.text("stream")?)?;
        let then = log.as_of(stream.id, instant)?;
        let at = match instant {
            Instant::Seq(_) => then.at,
            Instant::At(at) => at,
        };
        let numbers = stream.info.numbers.iter().map(|number| number.as_str().to_owned()).collect();
        Ok(Seen { view: then.view, at: Some(at), seq: then.seq, turn: 0, numbers })
    })?;
    seen.put()
}

/// What was so in a stream after everything that happened at or before `at`. CALLFOLD_TOO_EARLY if nothing had happened yet.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_view_at(
    log: callfold_log,
    stream: callfold_str,
    at: i64,
    view: Option<&mut MaybeUninit<callfold_view>>,
) -> callfold_result {
    done(|| {
        let view = fill(view, "view")?;
        view.with(as_of(log, &stream, Instant::At(Timestamp::from_micros(at)))?);
        Ok(())
    })
}

/// What was so in a stream right after the record `seq`. CALLFOLD_NO_RECORD if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_view_at_record(
    log: callfold_log,
    stream: callfold_str,
    seq: u64,
    view: Option<&mut MaybeUninit<callfold_view>>,
) -> callfold_result {
    done(|| {
        let view = fill(view, "view")?;
        view.with(as_of(log, &stream, Instant::Seq(seq))?);
        Ok(())
    })
}

// ---- proof ----

/// What was found of a log.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct callfold_verified {
    /// Whether nothing is wrong.
    pub is_good: bool,
    /// Whether something is damaged. If not, what was found is to be looked at, and the log is whole.
    pub is_damaged: bool,
    /// How many streams were looked at.
    pub streams: u64,
    /// How many records.
    pub records: u64,
    /// How many records have something that was erased.
    pub erased: u64,
    /// How many findings there are.
    pub findings: u64,
    /// Streams of which a head was kept, and that are not there.
    pub missing: u64,
}

/// Whether streams (all, if `stream` is nothing) are whole: chain and sequence. `rerun` also runs their inputs again, and
/// compares what is decided. `heads`, if given, are lines that `callfold_log_heads` gave before and that were kept
/// elsewhere. What is wrong with a stream is in the report; the call fails only if the log cannot be read at all.
/// `owned_json`, if not NULL, gets every finding, a line of JSON for each stream.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_verify(
    log: callfold_log,
    stream: callfold_str,
    rerun: callfold_flag,
    heads: callfold_str,
    progress: Option<&callfold_progress>,
    report: Option<&mut MaybeUninit<callfold_verified>>,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let report = fill(report, "report")?;
        let mut found = callfold_verified::default();
        let mut lines = String::new();
        with_log(log, |log| {
            let mut options = VerifyOptions::default();
            options.rerun = rerun.is();
            if let Some(heads) = heads.given("heads")? {
                let heads = HeadLine::read_all(heads.as_bytes())?;
                for head in log.missing_heads(&heads)? {
                    found.missing += 1;
                    lines += &(json!({ "missing": head.json() }).to_string() + "\n");
                }
                options.heads = heads;
            }
            let streams = match stream_of(log, &stream)? {
                Some(stream) => vec![stream],
                None => log.streams()?,
            };
            for stream in streams {
                let told = log.verify(stream.id, &options, &mut teller(progress))?;
                found.streams += 1;
                found.records += told.records;
                found.erased += told.erased;
                found.findings += told.found;
                found.is_damaged |= told.is_damaged;
                lines += &(verified_json(&stream, &told) + "\n");
            }
            Ok(())
        })?;
        found.is_good = found.findings == 0 && found.missing == 0;
        if let Some(owned_json) = owned_json {
            owned_json.write(owned(lines)?);
        }
        report.with(found);
        Ok(())
    })
}

fn verified_json(stream: &Stream, told: &log::StreamReport) -> String {
    let finding = |finding: &log::Finding| {
        json!({
            "seq": finding.seq,
            "what": finding.flaw.to_string(),
            "damage": finding.flaw.is_damage(),
        })
    };
    json!({
        "stream": stream.info.name.as_str(),
        "records": told.records,
        "erased": told.erased,
        "head": told.head.to_string(),
        "found": told.found,
        "findings": told.findings.iter().map(finding).collect::<Vec<_>>(),
    })
    .to_string()
}

/// The heads of all streams, as lines of JSON. Kept elsewhere, they prove later that nothing was changed or cut off.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_heads(
    log: callfold_log,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        let heads = with_log(log, |log| Ok(log.heads()?))?;
        let lines: String = heads.iter().map(|head| head.json().to_string() + "\n").collect();
        owned_json.with(owned(lines)?);
        Ok(())
    })
}

// ---- pictures and commands ----

/// Which picture of a call (`CALLFOLD_PICTURE_TIMELINE_TEXT`).
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_picture = u32;

/// What went on when, line by line.
pub const CALLFOLD_PICTURE_TIMELINE_TEXT: u32 = 1;
/// What went on when, as SVG.
pub const CALLFOLD_PICTURE_TIMELINE_SVG: u32 = 2;
/// Who did what to whom, line by line.
pub const CALLFOLD_PICTURE_LADDER_TEXT: u32 = 3;
/// Who did what to whom, as SVG.
pub const CALLFOLD_PICTURE_LADDER_SVG: u32 = 4;
/// Timeline, ladder and story as a page.
pub const CALLFOLD_PICTURE_HTML: u32 = 5;
/// Who did what to whom, as a Mermaid sequence diagram.
pub const CALLFOLD_PICTURE_MERMAID: u32 = 6;

/// A picture of the call `id`, for the stream that has it (the first, if `stream` is nothing). Times of day are
/// `offset_seconds` ahead of UTC's.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_picture(
    log: callfold_log,
    stream: callfold_str,
    id: callfold_str,
    picture: callfold_picture,
    offset_seconds: i32,
    owned_text: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_text = fill(owned_text, "owned_text")?;
        from_utc(i64::from(offset_seconds))?;
        let text = with_log(log, |log| {
            let mut wanted = log::CallQuery::default();
            wanted.stream = stream_of(log, &stream)?.map(|stream| stream.id);
            wanted.chain = Some(id.text("id")?.to_owned());
            let Some(found) = log.calls(&wanted)?.into_iter().next() else {
                return Err(bad("there is no such call"));
            };
            let mut commands = log.commands(found.stream)?;
            commands.retain(|command| found.call.commands.contains(&command.id));
            let timeline = Timeline::of(&found.call, &commands).at_offset(offset_seconds);
            Ok(match picture {
                CALLFOLD_PICTURE_TIMELINE_TEXT => timeline.text(),
                CALLFOLD_PICTURE_TIMELINE_SVG => timeline.svg(),
                CALLFOLD_PICTURE_LADDER_TEXT => timeline.ladder_text(),
                CALLFOLD_PICTURE_LADDER_SVG => timeline.ladder_svg(),
                CALLFOLD_PICTURE_HTML => timeline.html(),
                CALLFOLD_PICTURE_MERMAID => timeline.mermaid(),
                other => {
                    let why = format!("picture: there is no picture {other}");
                    return Err(Problem::new(ProblemCode::UnknownName, why));
                }
            })
        })?;
        owned_text.with(owned(text)?);
        Ok(())
    })
}

/// Every command of a stream, with what the server answered and what it led to: a line of JSON each.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_commands_json(
    log: callfold_log,
    stream: callfold_str,
    progress: Option<&callfold_progress>,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        let commands = with_log(log, |log| {
            let id = log.stream(stream.text("stream")?)?.id;
            log.bring_up_to_date(Some(id), &mut teller(progress))?;
            Ok(log.commands(id)?)
        })?;
        let lines: String =
            commands.iter().map(|command| words::command(command).to_string() + "\n").collect();
        owned_json.with(owned(lines)?);
        Ok(())
    })
}

/// A place that is so many seconds ahead of UTC: a day at most.
pub(crate) fn from_utc(seconds: i64) -> Result<Span, Problem> {
    const DAY: i64 = 86_400;
    if seconds.unsigned_abs() > DAY.unsigned_abs() {
        return Err(Problem::new(ProblemCode::BadRange, "no place is so far from UTC"));
    }
    Ok(Span::from_micros(seconds * 1_000_000))
}

// ---- erasing ----

/// What was erased.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_erased {
    /// How many texts: the number or name itself, and longer ones that have it in them.
    pub subjects: u64,
    /// How many records had one of them.
    pub records: u64,
    /// How many records it is still to be read in.
    pub still_readable: u64,
}

/// Erases a number or name: a token stands in its place from then on; times, totals and hashes stay. `dry` only counts.
/// Exports that were made before still have it.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_erase(
    log: callfold_log,
    text: callfold_str,
    dry: callfold_flag,
    progress: Option<&callfold_progress>,
    report: Option<&mut MaybeUninit<callfold_erased>>,
) -> callfold_result {
    done(|| {
        let report = fill(report, "report")?;
        let erased =
            with_log(log, |log| Ok(log.erase(text.text("text")?, dry.is(), &mut teller(progress))?))?;
        report.with(callfold_erased {
            subjects: erased.subjects as u64,
            records: erased.records,
            still_readable: erased.still_readable.len() as u64,
        });
        Ok(())
    })
}
