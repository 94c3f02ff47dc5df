//! Where rows come from: a running recorder that answers, or a store that nobody has open.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use callfold::Timestamp;
use callfold::live::watchers::{Told, VERSION, WatchedRow, socket_of};
use callfold::live::{Clock as _, LineWatch, SystemClock};
use callfold::log::{LogError, Options, StoreError};
use jiff::tz::TimeZone;

use crate::args::Store;
use crate::fail::Failed;
use crate::store::{Io, open_with};
use crate::time::day_offset;

/// The longest line that a recorder writes, and more.
const LONGEST: u64 = 1024 * 1024;
/// How much may wait to be shown. When it is more, the recorder is read no further, and tells the newest rows only.
const MOST_WAITING: usize = 64;
/// How long a recorder may take to greet.
const GREETING: Duration = Duration::from_secs(10);
/// The waits before a recorder that went away is tried again.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// Rows, and where they are from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A recorder tells.
    Live(Receiver<Fed>),
    /// Nobody records; these are the ends of the streams.
    Still(Vec<WatchedRow>),
}

/// What comes from a recorder.
#[derive(Clone, Debug)]
pub(crate) enum Fed {
    /// It answers; so many lines it has.
    Hello { lines: usize },
    /// What is so on a line.
    Row(Box<WatchedRow>),
    /// It does not answer any more. It is tried again after this wait.
    Lost { at: Timestamp, why: String, wait: Duration },
}

/// A recorder if one answers, else the store.
pub(super) fn open(store: &Store, zone: &TimeZone, io: &mut Io<'_>) -> Result<Source, Failed> {
    let path = socket_of(&store.path);
    if let Ok(stream) = UnixStream::connect(&path) {
        return Ok(Source::Live(follow(path, stream)));
    }
    let mut options = Options::default();
    options.create = false;
    match open_with(store, options, io) {
        Ok(log) => Ok(Source::Still(ends(&log, zone)?)),
        Err(Failed::Store(name, LogError::Store(StoreError::Locked { .. }))) => {
            // The recorder may have begun to answer meanwhile.
            UnixStream::connect(&path).map(|stream| Source::Live(follow(path, stream))).map_err(|_| {
                Failed::System(format!(
                    "{name}: the store is open elsewhere, in something that does not answer who watches"
                ))
            })
        }
        Err(failed) => Err(failed),
    }
}

/// What was so at the end of every stream.
fn ends(log: &callfold::log::Log, zone: &TimeZone) -> Result<Vec<WatchedRow>, LogError> {
    let mut rows = Vec::new();
    for stream in log.streams()? {
        let Some(until) = stream.head.at else { continue };
        let line = LineWatch::from_log(log, stream.id, until, day_offset(zone, until))?;
        rows.push(WatchedRow { row: line.row(until), until, recorded: false });
    }
    Ok(rows)
}

/// Reads what a recorder writes, on a thread of its own, and connects again when it went away.
fn follow(path: PathBuf, stream: UnixStream) -> Receiver<Fed> {
    let (fed, rows) = sync_channel(MOST_WAITING);
    thread::spawn(move || {
        let mut next = Ok(stream);
        let mut wait = FIRST_WAIT;
        loop {
            let why = match next {
                Ok(stream) => match read(stream, &fed, &mut wait) {
                    Ended::Unwanted => return,
                    Ended::Lost(why) => why,
                },
                Err(why) => why,
            };
            if fed.send(Fed::Lost { at: SystemClock.now(), why, wait }).is_err() {
                return;
            }
            thread::sleep(wait);
            wait = (wait * 2).min(LONGEST_WAIT);
            next = connect(&path);
        }
    });
    rows
}

fn connect(path: &Path) -> Result<UnixStream, String> {
    UnixStream::connect(path).map_err(|error| {
        if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) {
            "nobody answers".to_owned()
        } else {
            error.to_string()
        }
    })
}

/// Why reading from a recorder ended.
enum Ended {
    /// Nobody wants to know any more.
    Unwanted,
    /// The recorder went away.
    Lost(String),
}

fn read(stream: UnixStream, fed: &SyncSender<Fed>, wait: &mut Duration) -> Ended {
    // Only the greeting is due at a time. A floor may be quiet for hours.
    if let Err(error) = stream.set_read_timeout(Some(GREETING)) {
        return Ended::Lost(error.to_string());
    }
    let mut lines = BufReader::new(stream);
    let mut greeted = false;
    let mut line = Vec::new();
    loop {
        line.clear();
        match lines.by_ref().take(LONGEST).read_until(b'\n', &mut line) {
            Ok(0) => return Ended::Lost("it has ended".to_owned()),
            Ok(_) => {}
            Err(error) if !greeted && error.kind() == io::ErrorKind::WouldBlock => {
                return Ended::Lost("it does not answer".to_owned());
            }
            Err(error) => return Ended::Lost(error.to_string()),
        }
        let told = match serde_json::from_slice(&line) {
            Ok(Told::Hello { version, lines: count, .. }) if version == VERSION => {
                greeted = true;
                *wait = FIRST_WAIT;
                if let Err(error) = lines.get_ref().set_read_timeout(None) {
                    return Ended::Lost(error.to_string());
                }
                Fed::Hello { lines: count }
            }
            Ok(Told::Hello { version, .. }) => {
                return Ended::Lost(format!(
                    "the recorder is of another version: it tells version {version}, this reads {VERSION}"
                ));
            }
            Ok(Told::Full) => return Ended::Lost("as many watch as may already".to_owned()),
            Ok(Told::Row(row)) if greeted => Fed::Row(row),
            Ok(_) if greeted => continue,
            Ok(_) | Err(_) => return Ended::Lost("what it tells cannot be read".to_owned()),
        };
        if fed.send(told).is_err() {
            return Ended::Unwanted;
        }
    }
}
