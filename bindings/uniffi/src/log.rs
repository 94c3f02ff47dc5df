//! Logs, read: streams, events, calls, time, the state at any moment, and whether they are whole.

use std::io::{BufRead, Cursor};
use std::path::PathBuf;
use std::sync::Arc;

use callfold::files;
use callfold::log::{self, HeadLine, Instant, Log, LogError, OnProgress, Stream, StreamId, VerifyOptions};
use callfold::problem::{Problem, ProblemCode};
use callfold::{Mode, PersonName, PhoneNumber, Span, Text, Timestamp};

use crate::call::{Call, CommandTrail};
use crate::check::from_utc;
use crate::convert::{naming, text};
use crate::error::CallfoldError;
use crate::event::Told;
use crate::pictures::Picture;
use crate::run::{self, ProgressListener, go_on};
use crate::state::{LineSnapshot, Place};
use crate::time::TimeRow;

/// A log: a store, or what is in a file. Everything about it is read on threads of callfold's own; who waits for it may be
/// cancelled, and then it is broken off where nothing is half done.
#[derive(uniffi::Object)]
pub struct LogReader(Log);

/// A stream: one agent's line on one server.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct StreamInfo {
    /// Its number in the log.
    pub number: u32,
    /// Its name: no other stream of the log has it.
    pub name: String,
    /// What it is about, for people.
    pub title: String,
    /// The agent's login, if it is known.
    pub agent: Option<PersonName>,
    /// The server's address, if it was known beforehand.
    pub server: Option<String>,
    /// When it was begun.
    pub began: Timestamp,
    /// When its last record was made.
    pub last: Option<Timestamp>,
    /// How many records it has.
    pub records: u64,
    /// Whether it was recorded from a live server; if not, it is a session that the reference client recorded.
    pub live: bool,
    /// Whether the CTI model is kept.
    pub cti: bool,
    /// The hash of its last record.
    pub head: String,
}

/// Which calls are wanted. Whatever is none does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct CallQuery {
    /// Of this stream.
    #[uniffi(default = None)]
    pub stream: Option<String>,
    /// Begun at or after.
    #[uniffi(default = None)]
    pub from: Option<Timestamp>,
    /// Begun before.
    #[uniffi(default = None)]
    pub to: Option<Timestamp>,
    /// With this number at the other end, as it was told.
    #[uniffi(default = None)]
    pub number: Option<PhoneNumber>,
    /// Of this agent: the login.
    #[uniffi(default = None)]
    pub agent: Option<PersonName>,
    /// Of this id.
    #[uniffi(default = None)]
    pub id: Option<String>,
}

/// Something that is wrong, and at which record.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Finding {
    /// The record's number.
    pub seq: u64,
    /// What is wrong with it, for people.
    pub text: String,
    /// Whether the log is damaged by it. If not, it is whole, and there is something to look at.
    pub is_damage: bool,
}

/// What was found of a stream.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct StreamReport {
    /// The stream.
    pub stream: String,
    /// How many records were looked at.
    pub records: u64,
    /// How many have something that was erased.
    pub erased: u64,
    /// The hash of the last record that follows from the ones before.
    pub head: String,
    /// What is wrong, in order; the first hundred.
    pub findings: Vec<Finding>,
    /// How many findings there are in all.
    pub found: u64,
    /// Whether one of them is damage.
    pub is_damaged: bool,
}

/// What was found of a log.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct VerifyReport {
    /// Whether nothing is wrong.
    pub is_good: bool,
    /// Stream by stream.
    pub streams: Vec<StreamReport>,
    /// Streams of which a head was kept, and that are not there.
    pub missing: Vec<String>,
}

/// What was erased.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ErasedReport {
    /// How many texts: the number or name itself, and longer ones that have it in them.
    pub subjects: u64,
    /// How many records had one of them.
    pub records: u64,
    /// Records in which it is still to be read.
    pub still_readable: Vec<ErasedPlace>,
}

/// A record of a stream.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ErasedPlace {
    /// The stream's number.
    pub stream: u32,
    /// The record's number.
    pub seq: u64,
}

impl LogReader {
    /// Reads a log that is open.
    #[must_use]
    pub const fn over(log: Log) -> Self {
        Self(log)
    }

    /// What is read.
    pub(crate) const fn log(&self) -> &Log {
        &self.0
    }

    /// Reads for long, on a thread of callfold's own.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        progress: Option<Arc<dyn ProgressListener>>,
        job: impl FnOnce(&Log, OnProgress<'_>) -> Result<T, CallfoldError> + Send + 'static,
    ) -> Result<T, CallfoldError> {
        let log = self.0.clone();
        run::work(progress, move |progress| job(&log, progress)).await
    }
}

/// The streams of these names; all, if there is none.
fn streams(log: &Log, names: &[String]) -> Result<Vec<Stream>, LogError> {
    if names.is_empty() { log.streams() } else { names.iter().map(|name| log.stream(name)).collect() }
}

/// The numbers of the streams of these names; none, for all of them, if there is none.
pub(crate) fn ids(log: &Log, names: &[String]) -> Result<Vec<StreamId>, LogError> {
    names.iter().map(|name| Ok(log.stream(name)?.id)).collect()
}

fn stream_info(log: &Log, stream: &Stream) -> Result<StreamInfo, LogError> {
    let info = &stream.info;
    Ok(StreamInfo {
        number: stream.id.0,
        name: info.name.as_str().to_owned(),
        title: info.title.as_str().to_owned(),
        agent: log.agent(stream.id)?.as_ref().map(naming),
        server: text(info.server.as_ref()),
        began: info.began,
        last: stream.head.at,
        records: stream.head.seq,
        live: info.config.mode == Mode::Live,
        cti: info.config.cti.is_some(),
        head: stream.head.hash.to_string(),
    })
}

/// The calls that are wanted, by when they began, each with its stream's name.
fn found(
    log: &Log,
    query: &CallQuery,
    progress: OnProgress<'_>,
) -> Result<Vec<(Text, log::FoundCall)>, LogError> {
    let mut wanted = log::CallQuery::default();
    wanted.stream = query.stream.as_ref().map(|name| Ok::<_, LogError>(log.stream(name)?.id)).transpose()?;
    (wanted.from, wanted.to) = (query.from, query.to);
    wanted.number = query.number.as_ref().map(|number| number.as_str().to_owned());
    wanted.chain.clone_from(&query.id);
    wanted.agent = query.agent.as_ref().map(|agent| agent.as_str().to_owned());
    log.bring_up_to_date(wanted.stream, progress)?;
    let calls = log.calls(&wanted)?.into_iter();
    calls.map(|found| Ok((log.info(found.stream)?.name, found))).collect()
}

/// Takes what is in a file into a log: the names of its streams.
fn take_in(
    log: &Log,
    input: impl BufRead,
    name: Option<&str>,
    progress: OnProgress<'_>,
) -> Result<Vec<String>, LogError> {
    let streams = files::take_in(log, input, name, progress)?.streams;
    streams.into_iter().map(|id| Ok(log.info(id)?.name.as_str().to_owned())).collect()
}

/// A log in memory that has what is in a file. When it is broken off, it goes.
fn read_in(input: impl BufRead, progress: OnProgress<'_>) -> Result<Log, LogError> {
    let log = Log::in_memory()?;
    files::take_in(&log, input, None, progress)?;
    Ok(log)
}

#[uniffi::export]
impl LogReader {
    /// Opens a store to read it. The store of a recorder of this process is read by `Recorder.reader`.
    ///
    /// # Errors
    /// `store_missing`, `store_in_use`, `not_a_store`, `store_damaged`, or what the system says.
    #[uniffi::constructor]
    pub async fn open_store(path: String) -> Result<Arc<Self>, CallfoldError> {
        run::work(None, move |_| {
            let mut how = log::Options::default();
            how.create = false;
            Ok(Arc::new(Self(Log::open(&PathBuf::from(path), how)?.0)))
        })
        .await
    }

    /// Reads a recorded session or an exported log, packed or not, into memory.
    ///
    /// # Errors
    /// `file_failed`, `bad_trace`, `export_changed` and the like.
    #[uniffi::constructor(default(progress = None))]
    pub async fn open_file(
        path: String,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Arc<Self>, CallfoldError> {
        run::work(progress, move |progress| {
            let input = files::open(&PathBuf::from(path)).map_err(LogError::Io)?;
            Ok(Arc::new(Self(read_in(input, progress)?)))
        })
        .await
    }

    /// The same from bytes, for apps that have no path to what they read.
    ///
    /// # Errors
    /// As `open_file`.
    #[uniffi::constructor(default(progress = None))]
    pub async fn open_bytes(
        bytes: Vec<u8>,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Arc<Self>, CallfoldError> {
        run::work(progress, move |progress| {
            let input = files::unpacked(Cursor::new(bytes)).map_err(LogError::Io)?;
            Ok(Arc::new(Self(read_in(input, progress)?)))
        })
        .await
    }

    /// Every stream.
    ///
    /// # Errors
    /// If they cannot be read.
    #[uniffi::method(default(progress = None))]
    pub async fn streams(
        &self,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Vec<StreamInfo>, CallfoldError> {
        self.work(progress, |log, progress| {
            let mut all = Vec::new();
            for stream in log.streams()? {
                go_on(progress, all.len() as u64)?;
                all.push(stream_info(log, &stream)?);
            }
            Ok(all)
        })
        .await
    }

    /// The stream of this name.
    ///
    /// # Errors
    /// `no_stream` if there is none.
    pub async fn stream(&self, name: String) -> Result<StreamInfo, CallfoldError> {
        self.work(None, move |log, _| Ok(stream_info(log, &log.stream(&name)?)?)).await
    }

    /// What was decided in a stream, from record `from_seq` on, as told by the engine of then. Read a long stream in
    /// pieces: the events of one record stay together, so there may be a few more than `most`, and the next piece begins
    /// after the record of the last one.
    ///
    /// # Errors
    /// `no_stream`, or if it cannot be read.
    #[uniffi::method(default(from_seq = 1, most = 10_000, progress = None))]
    pub async fn events(
        &self,
        stream: String,
        from_seq: u64,
        most: u32,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Vec<Told>, CallfoldError> {
        self.work(progress, move |log, progress| {
            let id = log.stream(&stream)?.id;
            let mut events = Vec::new();
            for told in log.told(id, from_seq) {
                let told = told?;
                go_on(progress, told.seq)?;
                events.extend(Told::all(&told.events, told.at, Some(told.seq), None));
                if events.len() >= most as usize {
                    break;
                }
            }
            Ok(events)
        })
        .await
    }

    /// The calls that are wanted, by when they began. Those that go on are among them, as they are now.
    ///
    /// # Errors
    /// `no_stream`, or if the log or its index cannot be read.
    #[uniffi::method(default(progress = None))]
    pub async fn calls(
        &self,
        query: CallQuery,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Vec<Call>, CallfoldError> {
        self.work(progress, move |log, progress| {
            let found = found(log, &query, progress)?;
            Ok(found.iter().map(|(stream, found)| Call::of(stream.as_str(), &found.call)).collect())
        })
        .await
    }

    /// Every command of a stream, with what became of it.
    ///
    /// # Errors
    /// `no_stream`, or if the log or its index cannot be read.
    #[uniffi::method(default(progress = None))]
    pub async fn commands(
        &self,
        stream: String,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Vec<CommandTrail>, CallfoldError> {
        self.work(progress, move |log, progress| {
            let id = log.stream(&stream)?.id;
            log.bring_up_to_date(Some(id), progress)?;
            Ok(log.commands(id)?.iter().map(CommandTrail::from).collect())
        })
        .await
    }

    /// Where time went, by stream, agent and day. A day begins `day_offset` before UTC's does. Of these streams; of all, if
    /// none is named.
    ///
    /// # Errors
    /// `no_stream`, or if the log or its index cannot be read.
    #[uniffi::method(default(streams = [], day_offset = None, progress = None))]
    pub async fn time(
        &self,
        streams: Vec<String>,
        day_offset: Option<Span>,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Vec<TimeRow>, CallfoldError> {
        let day_offset = from_utc(day_offset)?;
        self.work(progress, move |log, progress| {
            let mut rows = Vec::new();
            for stream in self::streams(log, &streams)? {
                let ledger = match day_offset {
                    Span::ZERO => {
                        log.bring_up_to_date(Some(stream.id), progress)?;
                        log.time(stream.id)?
                    }
                    offset => log.time_by_day(stream.id, offset, progress)?,
                };
                rows.extend(TimeRow::all(stream.info.name.as_str(), &ledger));
            }
            Ok(rows)
        })
        .await
    }

    /// What was so in a stream after everything that happened at or before this time.
    ///
    /// # Errors
    /// `no_stream`; `too_early` if nothing had happened yet.
    pub async fn at(&self, stream: String, at: Timestamp) -> Result<LineSnapshot, CallfoldError> {
        self.work(None, move |log, _| as_of(log, &stream, Instant::At(at))).await
    }

    /// What was so in a stream right after a record.
    ///
    /// # Errors
    /// `no_stream`; `no_record` if there is no such record.
    pub async fn at_record(&self, stream: String, seq: u64) -> Result<LineSnapshot, CallfoldError> {
        self.work(None, move |log, _| as_of(log, &stream, Instant::Seq(seq))).await
    }

    /// Whether streams are whole: all of them, if none is named. `rerun` also runs their inputs again and compares what is
    /// decided. `heads` are lines that `heads()` gave before and that were kept elsewhere.
    ///
    /// # Errors
    /// If the log cannot be read at all, `not_heads`, or `interrupted`. What is wrong with a stream is in the report.
    #[uniffi::method(default(streams = [], rerun = false, heads = None, progress = None))]
    pub async fn verify(
        &self,
        streams: Vec<String>,
        rerun: bool,
        heads: Option<String>,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<VerifyReport, CallfoldError> {
        self.work(progress, move |log, progress| {
            let mut options = VerifyOptions::default();
            options.rerun = rerun;
            let mut missing = Vec::new();
            if let Some(heads) = heads {
                let heads = HeadLine::read_all(heads.as_bytes())?;
                missing = log.missing_heads(&heads)?.into_iter().map(|head| head.name.clone()).collect();
                options.heads = heads;
            }
            let mut reports = Vec::new();
            for stream in self::streams(log, &streams)? {
                let report = log.verify(stream.id, &options, progress)?;
                reports.push(stream_report(stream.info.name.as_str(), &report));
            }
            let is_good = missing.is_empty() && reports.iter().all(|report| report.found == 0);
            Ok(VerifyReport { is_good, streams: reports, missing })
        })
        .await
    }

    /// The heads of all streams, as lines of JSON. Kept elsewhere, they prove later that nothing was changed or cut off.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn heads(&self) -> Result<String, CallfoldError> {
        self.work(None, |log, _| Ok(log.heads()?.iter().map(|head| head.json().to_string() + "\n").collect()))
            .await
    }

    /// A picture of a call, for the stream that has it (the first, if none is named). Times of day are `offset` ahead of
    /// UTC's.
    ///
    /// # Errors
    /// `no_stream`; `bad_argument` if there is no such call (`near` offers some).
    #[uniffi::method(default(stream = None, offset = None))]
    pub async fn picture(
        &self,
        call: String,
        picture: Picture,
        stream: Option<String>,
        offset: Option<Span>,
    ) -> Result<String, CallfoldError> {
        self.work(None, move |log, progress| {
            let query = CallQuery { stream, id: Some(call.clone()), ..CallQuery::default() };
            let Some((_, found)) = found(log, &query, progress)?.into_iter().next() else {
                let problem = Problem::new(ProblemCode::BadArgument, "there is no such call");
                return Err(problem.into());
            };
            let mut commands = log.commands(found.stream)?;
            commands.retain(|command| found.call.commands.contains(&command.id));
            let seconds = i32::try_from(from_utc(offset)?.as_secs()).unwrap_or_default();
            Ok(picture.of(&found.call, &commands, seconds))
        })
        .await
    }

    /// Writes streams (all, if none is named) as JSON lines, whole or not at all. How many records they have.
    ///
    /// # Errors
    /// What the disk says; `interrupted`.
    #[uniffi::method(default(streams = [], progress = None))]
    pub async fn export(
        &self,
        path: String,
        streams: Vec<String>,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<u64, CallfoldError> {
        self.work(progress, move |log, progress| {
            let ids = ids(log, &streams)?;
            Ok(files::write_whole(&PathBuf::from(path), |out| log.export(&ids, out, progress))?)
        })
        .await
    }

    /// Takes a recorded session or an exported log in: the names of its streams. While it is read it can be broken off; a
    /// recorded session that was read takes its course.
    ///
    /// # Errors
    /// `file_failed`, `bad_trace`, `export_changed`, `name_taken`, `read_only` and the like.
    #[uniffi::method(default(name = None, progress = None))]
    pub async fn take_in(
        &self,
        path: String,
        name: Option<String>,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Vec<String>, CallfoldError> {
        self.work(progress, move |log, progress| {
            let input = files::open(&PathBuf::from(path)).map_err(LogError::Io)?;
            Ok(take_in(log, input, name.as_deref(), progress)?)
        })
        .await
    }

    /// Erases a number or name: in its place stands a token from then on; times, totals and hashes stay. `dry` only counts.
    ///
    /// # Errors
    /// `not_erasable`, or if the log cannot be read or written.
    #[uniffi::method(default(dry = false, progress = None))]
    pub async fn erase(
        &self,
        text: String,
        dry: bool,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<ErasedReport, CallfoldError> {
        self.work(progress, move |log, progress| {
            let report = log.erase(&text, dry, progress)?;
            let place = |place: &log::Place| ErasedPlace { stream: place.stream.0, seq: place.seq };
            Ok(ErasedReport {
                subjects: report.subjects as u64,
                records: report.records,
                still_readable: report.still_readable.iter().map(place).collect(),
            })
        })
        .await
    }
}

fn as_of(log: &Log, stream: &str, instant: Instant) -> Result<LineSnapshot, CallfoldError> {
    let then = log.as_of(log.stream(stream)?.id, instant)?;
    let at = match instant {
        Instant::Seq(_) => then.at,
        Instant::At(at) => at,
    };
    Ok(LineSnapshot::of(&then.view, Place { turn: None, seq: Some(then.seq), at: Some(at) }))
}

fn stream_report(stream: &str, report: &log::StreamReport) -> StreamReport {
    let finding = |finding: &log::Finding| Finding {
        seq: finding.seq,
        text: finding.flaw.to_string(),
        is_damage: finding.flaw.is_damage(),
    };
    StreamReport {
        stream: stream.to_owned(),
        records: report.records,
        erased: report.erased,
        head: report.head.to_string(),
        findings: report.findings.iter().map(finding).collect(),
        found: report.found,
        is_damaged: report.is_damaged,
    }
}
