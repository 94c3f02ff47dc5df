//! A running recorder answers those who look on.
//!
//! A store has one owner, so who wants to see the lines of a running recorder asks the recorder: over a Unix socket in the
//! store's directory, which only its owner may use. The recorder writes lines of JSON ([`Told`]): first a greeting, then a
//! row of every line as soon as it was read, then rows as they change, a few a second of each line at most. It reads
//! nothing. While nobody looks on, nothing is folded.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream as Probe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use callfold_engine::calls::{TimeKind, Totals};
use callfold_engine::{Span, Timestamp};
use callfold_transport::{Clock as _, SystemClock};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::{JoinHandle, JoinSet};

use super::board::{Board, Following};
use super::record::Recorded;
use super::watch::LineRow;
use crate::log::Log;

/// The version of what is written. A reader of another one cannot rely on what it reads.
pub const VERSION: u32 = 1;
/// The most that may look on at once.
pub const MOST_WATCHERS: usize = 32;
/// Who looks on gets rows at most this often.
const EVERY: Duration = Duration::from_millis(250);
/// Who takes nothing for so long is gone.
const STUCK: Duration = Duration::from_secs(30);

/// What a recorder writes to those who look on, a line each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Told {
    /// The first line.
    Hello {
        /// [`VERSION`] of the writer.
        version: u32,
        /// How many lines it records. Their rows come as they are read.
        lines: usize,
        /// When this was written.
        at: Timestamp,
    },
    /// As many as may look on do so already. The last line.
    Full,
    /// What is so on a line.
    Row(Box<WatchedRow>),
}

/// A row, as those who look on get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchedRow {
    /// What is so.
    pub row: LineRow,
    /// Until when today's time is counted.
    pub until: Timestamp,
    /// Whether the line is still recorded. What it did after that, nobody knows.
    pub recorded: bool,
}

impl WatchedRow {
    /// Today's time until `now`: what the time is spent on goes on, as long as nothing else was told.
    #[must_use]
    pub fn today(&self, now: Timestamp) -> Totals {
        let more = if now > self.until && self.recorded { now - self.until } else { Span::ZERO };
        match self.row.doing {
            Some((kind, _)) => self.row.today.with(kind, more),
            None => self.row.today,
        }
    }

    /// How long the agent's time was spent on what it is now.
    #[must_use]
    pub fn doing(&self, now: Timestamp) -> Option<(TimeKind, Span)> {
        let now = if self.recorded { now.max(self.until) } else { self.until };
        self.row.doing.map(|(kind, since)| (kind, now - since))
    }
}

/// Why those who look on cannot be answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchersError {
    /// Somebody answers there already.
    #[error("{}: those who watch are answered already, by another recorder", path.display())]
    Answered {
        /// The socket.
        path: PathBuf,
    },
    /// Something else has the socket's name.
    #[error("{}: this is no socket; it was left as it is", path.display())]
    NoSocket {
        /// Where.
        path: PathBuf,
    },
    /// The socket cannot be made there.
    #[error("{}: no socket can be made there: {source}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What the system says of it. A path of over 100 bytes is too long for a socket.
        source: io::Error,
    },
}

/// Where the recorder that has the store in `directory` open answers those who look on.
#[must_use]
pub fn socket_of(directory: &Path) -> PathBuf {
    directory.join("watch.sock")
}

/// Answers those who look on, as long as it lives. When it is dropped, the socket is gone and nobody is answered.
///
/// It keeps the lines: [close](super::Line::close) them, their last handle is not yours.
#[derive(Debug)]
pub struct Watchers {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Watchers {
    /// Where.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Watchers {
    fn drop(&mut self) {
        // Before the task ends: who comes now finds nobody, instead of somebody who does not answer.
        let _ = fs::remove_file(&self.path);
        self.task.abort();
    }
}

/// Answers those who look on at `path`, on the runtime that this is called in, with what is so on `lines`, which are
/// recorded in `log`. Days begin `day_offset` before midnight UTC. A socket that a crash has left there is replaced.
///
/// # Errors
/// [`WatchersError`] if it cannot be listened there; the recorder can go on without.
///
/// # Panics
/// Outside of a tokio runtime.
pub fn serve(
    log: Log,
    lines: Vec<Recorded>,
    path: &Path,
    day_offset: Span,
) -> Result<Watchers, WatchersError> {
    let failed = |source| WatchersError::Io { path: path.to_owned(), source };
    make_room(path)?;
    let listener = UnixListener::bind(path).map_err(failed)?;
    // The directory is the owner's only already, so nobody was faster.
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
    let service = Service { log, lines, day_offset };
    Ok(Watchers { path: path.to_owned(), task: tokio::spawn(service.run(listener)) })
}

/// Takes away what a crash has left.
fn make_room(path: &Path) -> Result<(), WatchersError> {
    let failed = |source| WatchersError::Io { path: path.to_owned(), source };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(error)),
        Ok(found) if !found.file_type().is_socket() => Err(WatchersError::NoSocket { path: path.to_owned() }),
        Ok(_) => match Probe::connect(path) {
            Ok(_) => Err(WatchersError::Answered { path: path.to_owned() }),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                fs::remove_file(path).map_err(failed)
            }
            Err(error) => Err(failed(error)),
        },
    }
}

struct Service {
    log: Log,
    lines: Vec<Recorded>,
    day_offset: Span,
}

impl Service {
    async fn run(self, listener: UnixListener) {
        // Dropped with this task, and all connections with it.
        let mut watchers = JoinSet::new();
        let mut board: Option<(Arc<Board>, Following)> = None;
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) if watchers.len() < MOST_WATCHERS => {
                        let follow = || Board::follow(&self.log, &self.lines, self.day_offset);
                        let (board, _) = board.get_or_insert_with(follow);
                        watchers.spawn(watched(stream, Arc::clone(board), self.lines.len()));
                    }
                    Ok((stream, _)) => refuse(stream),
                    // Too many files are open, most likely. It must not be asked again at once.
                    Err(_) => tokio::time::sleep(EVERY).await,
                },
                Some(_) = watchers.join_next() => {
                    if watchers.is_empty() {
                        board = None;
                    }
                }
            }
        }
    }
}

/// The buffer of a new socket has room for it.
fn refuse(stream: UnixStream) {
    if let Ok(mut text) = serde_json::to_vec(&Told::Full) {
        text.push(b'\n');
        let _ = stream.try_write(&text);
    }
}

/// Writes to one that looks on, until they are gone.
async fn watched(mut stream: UnixStream, board: Arc<Board>, lines: usize) {
    let hello = Told::Hello { version: VERSION, lines, at: SystemClock.now() };
    let Ok(mut text) = serde_json::to_vec(&hello) else { return };
    text.push(b'\n');
    let mut changes = board.changes();
    let mut seen = 0;
    while write(&mut stream, &text).await {
        tokio::select! {
            changed = changes.wait_for(|change| *change > seen) => {
                if changed.is_err() {
                    return;
                }
            }
            () = gone(&stream) => return,
        }
        // What changes within a moment is written together.
        tokio::time::sleep(EVERY).await;
        let (rows, last) = board.since(seen);
        seen = last;
        text = rows.concat().into_bytes();
    }
}

/// Whether it was taken.
async fn write(stream: &mut UnixStream, text: &[u8]) -> bool {
    matches!(tokio::time::timeout(STUCK, stream.write_all(text)).await, Ok(Ok(())))
}

/// Waits until the other side has closed. What it writes is of no interest.
async fn gone(stream: &UnixStream) {
    let mut nothing = [0; 64];
    while stream.readable().await.is_ok() {
        match stream.try_read(&mut nothing) {
            Ok(0) => return,
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return,
            Ok(_) | Err(_) => {}
        }
    }
}
