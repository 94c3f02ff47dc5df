//! What happens on a line: a queue that is asked, with a file descriptor for event loops; or a function that is called.

use std::collections::VecDeque;
use std::ffi::c_void;
use std::future::Future;
use std::mem::MaybeUninit;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use callfold::live::{LineError, News, NewsReader};
use callfold::problem::{Problem, ProblemCode};
use callfold::{CommandResult, Event, Timestamp};
use tokio::sync::Notify;

use crate::boundary::{Status, callfold_result, cross, done};
use crate::command::{answer_json, callfold_answer};
use crate::error::problem_json;
use crate::event::{self, Place, callfold_event};
use crate::handle::{self, Kind, Object, Single};
use crate::line::{Held as Line, callfold_line};
use crate::options::callfold_flag;
use crate::runtime::CALLFOLD_FOREVER;
use crate::text::{callfold_str, fill, null};

/// A reader of a line's news, from when it was made. It is used by one thread at a time; it lives on when its line is freed.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_news {
    /// The handle. Zero is none.
    pub handle: u64,
}

/// Somebody who is called with a line's news.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_listener {
    /// The handle. Zero is none.
    pub handle: u64,
}

/// What happened (`CALLFOLD_NEWS_EVENT`).
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_news_kind = u32;

/// Something was decided: `turn` and `event`.
pub const CALLFOLD_NEWS_EVENT: u32 = 1;
/// A command that was sent has ended: `ticket`, `result` and `answer`.
pub const CALLFOLD_NEWS_ANSWER: u32 = 2;
/// This reader was too slow, and `missed` inputs were passed over. The view has what they came to.
pub const CALLFOLD_NEWS_MISSED: u32 = 3;
/// A socket did not open, or ended: `result` says why.
pub const CALLFOLD_NEWS_SOCKET: u32 = 4;
/// The connection will be made again: try number `tries`, after `wait` milliseconds.
pub const CALLFOLD_NEWS_RECONNECTING: u32 = 5;
/// The line has ended, told once and as the last: `result` says why, if it was by a fault, such as a full disk.
pub const CALLFOLD_NEWS_ENDED: u32 = 6;

/// Something that happened on a line. Strings are borrowed: from a reader until the next call with it, for a listener until
/// its function returns.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_news_item {
    /// What happened.
    pub kind: callfold_news_kind,
    /// Why a socket or the line ended, or how a command ended: CALLFOLD_OK if it was done.
    pub result: callfold_result,
    /// Which turn of the line: a view of this turn or a later one has it.
    pub turn: u64,
    /// What was decided.
    pub event: callfold_event,
    /// The command's ticket.
    pub ticket: u64,
    /// How the command ended.
    pub answer: callfold_answer,
    /// How many inputs were passed over.
    pub missed: u64,
    /// How often connecting was tried since there was a connection.
    pub tries: u32,
    /// After how many milliseconds it is tried again.
    pub wait: u64,
    /// The event or the answer as JSON, if that was asked for; what went wrong, always, as callfold_error_json tells it.
    pub json: callfold_str,
}

enum What {
    Event { turn: u64, at: Timestamp, seq: u64, place: u32, event: Box<Event> },
    Answer { ticket: u64, result: Result<CommandResult, Problem> },
    Missed(u64),
    Socket(Problem),
    Reconnecting { tries: u32, after: Duration },
    Ended(Option<Problem>),
}

struct Item {
    what: What,
    json: Option<String>,
}

/// So many items wait to be asked for; then no more news are taken, and those of a line whose reader is slow are missed.
const MOST: usize = 1_024;

#[derive(Default)]
struct State {
    items: VecDeque<Item>,
    /// No more news will come; answers that are owed will.
    ended: bool,
    /// Why the line has ended, if it was by a fault.
    fault: Option<Problem>,
    /// The end was told.
    has_told_end: bool,
    /// How many commands were sent whose answers are to come.
    owed: usize,
    /// Nobody asks any more.
    closed: bool,
    #[cfg(unix)]
    bell: Option<Bell>,
}

/// A pair of sockets: there is a byte in it while there is something to ask for.
#[cfg(unix)]
struct Bell {
    ours: std::os::unix::net::UnixStream,
    theirs: std::os::unix::net::UnixStream,
    rings: bool,
}

/// What happened on a line and was not asked for yet.
pub(crate) struct Queue {
    state: Mutex<State>,
    more: Condvar,
    room: Notify,
    with_json: bool,
}

impl Queue {
    /// A queue, and what fills it.
    pub(crate) fn of(
        news: NewsReader,
        ending: impl Future<Output = Result<(), LineError>> + Send,
        with_json: bool,
    ) -> (Arc<Self>, impl Future<Output = ()> + Send) {
        let queue = Self { state: Mutex::default(), more: Condvar::new(), room: Notify::new(), with_json };
        let queue = Arc::new(queue);
        // Made here: a task that is never begun ends the queue, too.
        let ends = Ends(Arc::clone(&queue));
        (queue, fill_up(ends, news, ending))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, items: impl IntoIterator<Item = What>) {
        let items = items.into_iter().map(|what| {
            let json = what.json(self.with_json);
            Item { what, json }
        });
        let mut state = self.state();
        if state.closed {
            return;
        }
        state.items.extend(items);
        state.ring();
        drop(state);
        self.more.notify_all();
    }

    fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        state.ring();
        drop(state);
        self.more.notify_all();
    }

    /// Nobody asks any more.
    fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.items.clear();
        #[cfg(unix)]
        {
            state.bell = None;
        }
        drop(state);
        self.more.notify_all();
        self.room.notify_one();
    }

    /// Says that an answer will come.
    pub(crate) fn owe(self: &Arc<Self>, ticket: u64) -> Owed {
        self.state().owed += 1;
        Owed { queue: Arc::downgrade(self), ticket, is_given: false }
    }

    /// The next item; none if none came in time, or none will.
    fn next(&self, milliseconds: u32) -> Result<Item, Status> {
        let until = (milliseconds != CALLFOLD_FOREVER)
            .then(|| Instant::now().checked_add(Duration::from_millis(milliseconds.into())))
            .flatten();
        let mut state = self.state();
        loop {
            if state.closed {
                return Err(Status::End);
            }
            if let Some(item) = state.items.pop_front() {
                if state.items.is_empty() {
                    state.hush();
                }
                if state.items.len() < MOST {
                    self.room.notify_one();
                }
                return Ok(item);
            }
            if state.is_over() {
                if std::mem::replace(&mut state.has_told_end, true) {
                    return Err(Status::End);
                }
                let what = What::Ended(state.fault.take());
                let json = what.json(self.with_json);
                return Ok(Item { what, json });
            }
            state = match until {
                None => self.more.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(Status::Nothing);
                    }
                    self.more.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

/// That an answer will come; until it is given, the news do not end.
pub(crate) struct Owed {
    queue: Weak<Queue>,
    ticket: u64,
    is_given: bool,
}

impl Owed {
    /// The command has ended.
    pub(crate) fn answered(mut self, result: &Result<CommandResult, LineError>) {
        self.give(result.clone().map_err(Problem::from));
    }

    fn give(&mut self, result: Result<CommandResult, Problem>) {
        self.is_given = true;
        let Some(queue) = self.queue.upgrade() else { return };
        let what = What::Answer { ticket: self.ticket, result };
        let json = what.json(queue.with_json);
        // Both at once: the end is not told between the two.
        let mut state = queue.state();
        state.owed -= 1;
        if !state.closed {
            state.items.push_back(Item { what, json });
        }
        state.ring();
        drop(state);
        queue.more.notify_all();
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        if !self.is_given {
            self.give(Err(LineError::Closed.into()));
        }
    }
}

impl State {
    /// Nothing will come any more.
    const fn is_over(&self) -> bool {
        self.ended && self.owed == 0
    }

    /// There is something to ask for.
    fn ring(&mut self) {
        #[cfg(unix)]
        let is_something = self.is_over() || !self.items.is_empty();
        #[cfg(unix)]
        if let Some(bell) = &mut self.bell
            && !bell.rings
            && is_something
        {
            use std::io::Write as _;
            bell.rings = bell.ours.write(&[1]).is_ok();
        }
    }

    /// There is nothing to ask for, unless the end is.
    fn hush(&mut self) {
        #[cfg(unix)]
        let is_over = self.is_over();
        #[cfg(unix)]
        if let Some(bell) = &mut self.bell
            && bell.rings
            && !is_over
        {
            use std::io::Read as _;
            bell.rings = bell.theirs.read(&mut [0]).is_err();
        }
    }
}

/// Ends a queue when it is not filled any more, however that came.
struct Ends(Arc<Queue>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Takes the news of a line for as long as somebody asks.
async fn fill_up(ends: Ends, mut news: NewsReader, ending: impl Future<Output = Result<(), LineError>>) {
    let queue = &ends.0;
    loop {
        loop {
            let state = {
                let state = queue.state();
                if state.closed {
                    return;
                }
                state.items.len()
            };
            if state < MOST {
                break;
            }
            queue.room.notified().await;
        }
        // Whoever frees the reader is not to wait for the line's next news.
        let next = tokio::select! {
            next = news.next() => next,
            () = queue.room.notified() => continue,
        };
        match next {
            None => {
                queue.state().fault = ending.await.err().map(Problem::from);
                return;
            }
            Some(Ok(News::Told { turn, at, seq, events, .. })) => {
                let seq = seq.unwrap_or_default();
                queue.put((0..).zip(events.iter()).map(|(place, event)| What::Event {
                    turn,
                    at,
                    seq,
                    place,
                    event: Box::new(event.clone()),
                }));
            }
            Some(Ok(News::Socket { why, .. })) => queue.put([What::Socket(Problem::from(why))]),
            Some(Ok(News::Reconnecting { tries, after })) => queue.put([What::Reconnecting { tries, after }]),
            // What a later version tells besides is in its events.
            Some(Ok(_)) => {}
            Some(Err(LineError::Missed(missed))) => queue.put([What::Missed(missed)]),
            Some(Err(_)) => {}
        }
    }
}

impl What {
    /// As JSON: what went wrong always, the rest if that is wanted.
    fn json(&self, is_wanted: bool) -> Option<String> {
        match self {
            Self::Answer { result: Err(problem), .. }
            | Self::Socket(problem)
            | Self::Ended(Some(problem)) => Some(problem_json(problem).to_string()),
            Self::Event { event, .. } if is_wanted => event::json(event).ok(),
            Self::Answer { result: Ok(result), .. } if is_wanted => Some(answer_json(result)),
            Self::Event { .. }
            | Self::Answer { .. }
            | Self::Missed(_)
            | Self::Reconnecting { .. }
            | Self::Ended(None) => None,
        }
    }
}

const NO_EVENT: callfold_event = callfold_event {
    at: 0,
    seq: 0,
    place: 0,
    kind: 0,
    name: callfold_str::NONE,
    announced: callfold_str::NONE,
    stream: callfold_str::NONE,
    line: 0,
    code: 0,
    command: 0,
    chain: callfold_str::NONE,
    number: callfold_str::NONE,
    person: callfold_str::NONE,
};

const NOTHING: callfold_news_item = callfold_news_item {
    kind: 0,
    result: 0,
    turn: 0,
    event: NO_EVENT,
    ticket: 0,
    answer: callfold_answer::NONE,
    missed: 0,
    tries: 0,
    wait: 0,
    json: callfold_str::NONE,
};

impl Item {
    /// As C has it. What it borrows is the item's.
    fn told(&self) -> callfold_news_item {
        let told = match &self.what {
            What::Event { turn, at, seq, place, event } => {
                let place = Place { at: at.as_micros(), seq: *seq, place: *place, stream: None };
                let event = event::told(event, place);
                callfold_news_item { kind: CALLFOLD_NEWS_EVENT, turn: *turn, event, ..NOTHING }
            }
            What::Answer { ticket, result } => {
                let (problem, answer) = match result {
                    Ok(result) => (Problem::of_command(result), callfold_answer::of(result)),
                    Err(problem) => (Some(problem.clone()), callfold_answer::NONE),
                };
                let result = problem.map_or(0, |problem| problem.code.number().into());
                callfold_news_item { kind: CALLFOLD_NEWS_ANSWER, ticket: *ticket, result, answer, ..NOTHING }
            }
            What::Missed(missed) => {
                callfold_news_item { kind: CALLFOLD_NEWS_MISSED, missed: *missed, ..NOTHING }
            }
            What::Socket(why) => {
                callfold_news_item { kind: CALLFOLD_NEWS_SOCKET, result: why.code.number().into(), ..NOTHING }
            }
            What::Ended(fault) => {
                let result = fault.as_ref().map_or(0, |problem| problem.code.number().into());
                callfold_news_item { kind: CALLFOLD_NEWS_ENDED, result, ..NOTHING }
            }
            What::Reconnecting { tries, after } => {
                let wait = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                callfold_news_item { kind: CALLFOLD_NEWS_RECONNECTING, tries: *tries, wait, ..NOTHING }
            }
        };
        callfold_news_item { json: callfold_str::maybe(self.json.as_deref()), ..told }
    }
}

// ---- asked ----

struct Reader {
    queue: Arc<Queue>,
    /// One thread asks at a time; what it got last is kept for what was borrowed of it.
    last: Single<Option<Item>>,
}

impl Object for Reader {
    const KIND: Kind = Kind::News;
    const BOUND_TO_PROCESS: bool = true;
}

/// Begins to read what happens on a line from now on. `with_json`: events and answers also come as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_line_news(
    line: callfold_line,
    with_json: callfold_flag,
    news: Option<&mut MaybeUninit<callfold_news>>,
) -> callfold_result {
    done(|| {
        let news = fill(news, "news")?;
        let queue = Line::of(line)?.listen(with_json.is())?;
        news.with(callfold_news { handle: handle::put(Reader { queue, last: Single::new(None) })? });
        Ok(())
    })
}

/// The next news, waited for `milliseconds` at most (0, CALLFOLD_FOREVER). CALLFOLD_NOTHING if none came; CALLFOLD_END when
/// the line has ended and all was asked for, or the reader was freed meanwhile. Borrowed until the next call with the reader.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_news_next(
    news: callfold_news,
    milliseconds: u32,
    borrowed: Option<&mut MaybeUninit<callfold_news_item>>,
) -> callfold_result {
    cross(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        let reader = handle::get::<Reader>(news.handle)?;
        let mut last = reader.last.mine()?;
        match reader.queue.next(milliseconds) {
            Ok(item) => {
                borrowed.with(last.insert(item).told());
                Ok(Status::Ok)
            }
            Err(status) => Ok(status),
        }
    })
}

/// A file descriptor that can be read from (poll, select, epoll) while there is something to ask for, the end included. It is
/// callfold's: do not read from it and do not close it; it goes with the reader. CALLFOLD_BAD_ARGUMENT where the system has no such
/// thing (Windows).
#[unsafe(no_mangle)]
pub extern "C" fn callfold_news_fd(
    news: callfold_news,
    fd: Option<&mut MaybeUninit<i32>>,
) -> callfold_result {
    done(|| {
        let fd = fill(fd, "fd")?;
        let reader = handle::get::<Reader>(news.handle)?;
        fd.with(descriptor(&reader.queue)?);
        Ok(())
    })
}

#[cfg(unix)]
fn descriptor(queue: &Queue) -> Result<i32, Problem> {
    use std::os::fd::AsRawFd as _;
    use std::os::unix::net::UnixStream;

    let cannot = |error: std::io::Error| Problem::new(ProblemCode::FileFailed, error.to_string());
    let mut state = queue.state();
    if state.bell.is_none() {
        let (ours, theirs) = UnixStream::pair().map_err(cannot)?;
        ours.set_nonblocking(true).map_err(cannot)?;
        theirs.set_nonblocking(true).map_err(cannot)?;
        state.bell = Some(Bell { ours, theirs, rings: false });
        state.ring();
    }
    state.bell.as_ref().map(|bell| bell.theirs.as_raw_fd()).ok_or_else(|| null("fd"))
}

#[cfg(not(unix))]
fn descriptor(_: &Queue) -> Result<i32, Problem> {
    Err(Problem::new(ProblemCode::BadArgument, "this system has no file descriptors to wait for"))
}

/// Stops a reader: a thread that waits in it gets CALLFOLD_END, and so does every later call. What was borrowed from it stays
/// until it is freed: so stop it from wherever you are, and have the thread that reads free it.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_news_stop(news: callfold_news) -> callfold_result {
    done(|| {
        handle::get::<Reader>(news.handle)?.queue.close();
        Ok(())
    })
}

/// Frees a reader, and what was borrowed from it. A thread that waits in it gets CALLFOLD_END; one that has just got
/// something would read what is freed (`callfold_news_stop`).
#[unsafe(no_mangle)]
pub extern "C" fn callfold_news_free(news: callfold_news) -> callfold_result {
    done(|| {
        handle::take::<Reader>(news.handle)?.queue.close();
        Ok(())
    })
}

// ---- called ----

/// Is called with what happened, one call at a time, on a thread of callfold's own and under no lock: it may call callfold, and
/// wait. It must not throw or jump out.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_news_function = Option<extern "C" fn(user: *mut c_void, news: &callfold_news_item)>;

struct Caller {
    queue: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Object for Caller {
    const KIND: Kind = Kind::Listener;
    const BOUND_TO_PROCESS: bool = true;
}

/// The caller's, who was told on which thread the function is called.
struct User(*mut c_void);

// SAFETY: what it points to is the caller's business; it is handed back and never followed.
unsafe impl Send for User {}

/// Has a function called with what happens on a line from now on. `with_json`: events and answers also come as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_line_listen(
    line: callfold_line,
    function: callfold_news_function,
    user: *mut c_void,
    with_json: callfold_flag,
    listener: Option<&mut MaybeUninit<callfold_listener>>,
) -> callfold_result {
    done(|| {
        let listener = fill(listener, "listener")?;
        let function = function.ok_or_else(|| null("function"))?;
        let queue = Line::of(line)?.listen(with_json.is())?;
        let (told, user) = (Arc::clone(&queue), User(user));
        let caller = thread::Builder::new().name("callfold news".to_owned());
        let thread = caller.spawn(move || {
            let user = user;
            while let Ok(item) = told.next(CALLFOLD_FOREVER) {
                function(user.0, &item.told());
            }
        });
        let thread = thread.map_err(|error| {
            queue.close();
            Problem::new(ProblemCode::NoRuntime, error.to_string())
        })?;
        let held = Caller { queue, thread: Mutex::new(Some(thread)) };
        listener.with(callfold_listener { handle: handle::put(held)? });
        Ok(())
    })
}

/// Frees a listener: no call begins any more. Waits for one that is under way, unless this is called from it: after that,
/// nothing of yours is used any more. Two listeners that free each other from their functions would wait for ever.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_listener_free(listener: callfold_listener) -> callfold_result {
    done(|| {
        let held = handle::take::<Caller>(listener.handle)?;
        held.queue.close();
        let thread = held.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.thread().id() != thread::current().id()
        {
            drop(thread.join());
        }
        Ok(())
    })
}
