//! What is so on every line of a recorder, kept up to date while somebody looks on.
//!
//! One task a line folds what is told of it, and puts its row on the board when something changed that people see. A row
//! is a line of JSON, made once for all who look on. Who looks on asks for what changed since they last looked: so a slow
//! one gets the newest row of each line, and nothing waits for them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use callfold_engine::Span;
use callfold_engine::calls::Totals;
use callfold_transport::{Clock as _, Error, News, SystemClock};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::record::Recorded;
use super::watch::{LineRow, LineWatch};
use super::watchers::{Told, WatchedRow};
use crate::log::{Log, LogError};

/// A line's row is made anew at most once in this time.
const SETTLE: Duration = Duration::from_millis(250);
/// A new day is noticed after this time.
const DAY_CHECK: Duration = Duration::from_secs(30);
/// So many lines are read from the log at once: the recorder needs the disk and the threads, too.
const READERS: usize = 2;
const DAY: i64 = 86_400_000_000;

/// The rows of all lines, by their place.
#[derive(Debug)]
pub(super) struct Board {
    rows: Mutex<Rows>,
    changed: watch::Sender<u64>,
}

#[derive(Debug)]
struct Rows {
    /// The row of each line as it is written, and the change that brought it; none until it was read.
    lines: Vec<Option<(u64, Arc<str>)>>,
    changes: u64,
}

/// What ends all that follows, when it is dropped.
#[derive(Debug)]
pub(super) struct Following(#[allow(dead_code, reason = "kept for its end")] JoinSet<()>);

impl Board {
    /// Follows these lines from now on. Must be called in a runtime.
    pub(super) fn follow(log: &Log, lines: &[Recorded], day_offset: Span) -> (Arc<Self>, Following) {
        let rows = Rows { lines: vec![None; lines.len()], changes: 0 };
        let board = Arc::new(Self { rows: Mutex::new(rows), changed: watch::channel(0).0 });
        let readers = Arc::new(Semaphore::new(READERS));
        let mut tasks = JoinSet::new();
        for (place, recorded) in lines.iter().enumerate() {
            let follower = Follower {
                board: Arc::clone(&board),
                place,
                log: log.clone(),
                recorded: recorded.clone(),
                day_offset,
                shown: None,
            };
            tasks.spawn(follower.run(Arc::clone(&readers)));
        }
        (board, Following(tasks))
    }

    /// Is told whenever a row changed.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The rows that changed after change number `seen`, as they are written, and the number of the last change.
    pub(super) fn since(&self, seen: u64) -> (Vec<Arc<str>>, u64) {
        let rows = self.rows();
        let newer = rows.lines.iter().flatten().filter(|(change, _)| *change > seen);
        (newer.map(|(_, row)| Arc::clone(row)).collect(), rows.changes)
    }

    fn put(&self, place: usize, row: String) {
        let mut rows = self.rows();
        rows.changes += 1;
        let change = rows.changes;
        if let Some(line) = rows.lines.get_mut(place) {
            *line = Some((change, row.into()));
        }
        drop(rows);
        self.changed.send_replace(change);
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Follows one line.
struct Follower {
    board: Arc<Board>,
    place: usize,
    log: Log,
    recorded: Recorded,
    day_offset: Span,
    /// What was put on the board last, and on which day.
    shown: Option<(WatchedRow, i64)>,
}

impl Follower {
    async fn run(mut self, readers: Arc<Semaphore>) {
        let Ok(turn) = readers.acquire_owned().await else { return };
        // Before the log is read, so that nothing falls between the two.
        let mut news = self.recorded.line.news();
        let Some(mut line) = self.read(None).await else { return };
        drop(turn);
        loop {
            self.show(&line, true);
            // What comes within a moment is shown together.
            let mut settled = None;
            loop {
                let wait = settled.map_or(DAY_CHECK, |at: tokio::time::Instant| {
                    at.saturating_duration_since(tokio::time::Instant::now())
                });
                let next = match timeout(wait, news.next()).await {
                    Err(_) => break,
                    Ok(next) => next,
                };
                match next {
                    Some(Ok(News::Told { seq, at, events, .. })) => {
                        // A line that is recorded numbers what it tells.
                        if let Some(seq) = seq {
                            line.record(seq, at, &events);
                        }
                        settled.get_or_insert_with(|| tokio::time::Instant::now() + SETTLE);
                    }
                    Some(Err(Error::Missed(_))) => match self.read(Some(line)).await {
                        Some(read) => {
                            line = read;
                            settled.get_or_insert_with(|| tokio::time::Instant::now() + SETTLE);
                        }
                        None => return self.give_up(),
                    },
                    // Of sockets and of trying again, the view has all that a row tells.
                    Some(Ok(_) | Err(_)) => {}
                    None => {
                        self.show(&line, false);
                        return;
                    }
                }
            }
        }
    }

    /// What the log has: all of today, or what is missing. None if it cannot be read: then the recorder has more to
    /// say about it than a row could.
    async fn read(&self, so_far: Option<LineWatch>) -> Option<LineWatch> {
        let (log, stream, day_offset) = (self.log.clone(), self.recorded.stream, self.day_offset);
        let read = move || -> Result<LineWatch, LogError> {
            let Some(mut line) = so_far else {
                return LineWatch::from_log(&log, stream, SystemClock.now(), day_offset);
            };
            for told in log.told(stream, line.seq() + 1) {
                let told = told?;
                line.record(told.seq, told.at, &told.events);
            }
            Ok(line)
        };
        tokio::task::spawn_blocking(read).await.ok()?.ok()
    }

    /// The log cannot be read any more, so what the line does is not known here.
    fn give_up(&self) {
        if let Some((row, _)) = &self.shown {
            self.put(&WatchedRow { recorded: false, ..row.clone() });
        }
    }

    fn put(&self, row: &WatchedRow) {
        // A row has texts and numbers only, which serde_json can always write.
        if let Ok(mut text) = serde_json::to_string(&Told::Row(Box::new(row.clone()))) {
            text.push('\n');
            self.board.put(self.place, text);
        }
    }

    /// Puts the row on the board, if it is another for who looks at it.
    fn show(&mut self, line: &LineWatch, recorded: bool) {
        let until = SystemClock.now();
        let day = (until + self.day_offset).as_micros().div_euclid(DAY);
        let row = WatchedRow { row: line.row(until), until, recorded };
        let is_news = self.shown.as_ref().is_none_or(|(shown, of)| *of != day || !is_same(shown, &row));
        if !is_news {
            return;
        }
        self.put(&row);
        self.shown = Some((row, day));
    }
}

/// Whether people see the same: the record's number and time do not count, and the day's time follows from what the time
/// is spent on.
fn is_same(a: &WatchedRow, b: &WatchedRow) -> bool {
    let seen = |row: &LineRow| LineRow { seq: 0, at: None, today: Totals::default(), ..row.clone() };
    a.recorded == b.recorded && seen(&a.row) == seen(&b.row)
}
