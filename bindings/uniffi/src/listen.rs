//! Listeners of a line. Each has a task of its own that hands over what happened since it was last done: never under a
//! lock of the line, never two at once for one listener.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use callfold::live::{Line, LineError, News, NewsReader, Seen};
use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::error::{CallfoldError, Problem, thrown};
use crate::event::Told;
use crate::run;
use crate::state::{LineSnapshot, Place};

/// So many inputs are told at once, at most: a listener that was slow gets the rest in the next batch.
const MOST: usize = 256;

/// What happened since the last batch, and what is so now.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Batch {
    /// What was decided, in order. None in the first batch, which says what is so when listening begins.
    pub events: Vec<Told>,
    /// What is so. It may be ahead of the events: those of its turn and before are in it.
    pub state: LineSnapshot,
    /// How many inputs were passed over before these, because this listener was too slow. The state has what they came
    /// to.
    pub missed: u64,
}

/// Is told what happens on a line. It is called from threads of callfold's own, one call at a time, and may call the line
/// back and wait for it. What it throws is told to `failed`, and it is called on.
#[uniffi::export(with_foreign)]
pub trait LineListener: Send + Sync {
    /// Something happened.
    ///
    /// # Errors
    /// What the application throws.
    fn told(&self, batch: Batch) -> Result<(), CallfoldError>;

    /// This listener threw. What this throws itself goes nowhere.
    ///
    /// # Errors
    /// What the application throws.
    fn failed(&self, problem: Problem) -> Result<(), CallfoldError>;

    /// The line has ended: nothing is told any more.
    ///
    /// # Errors
    /// What the application throws.
    fn ended(&self) -> Result<(), CallfoldError>;
}

/// A listener at a line, until it is stopped or let go of. The line stays as long: who keeps no more than this still hears.
#[derive(uniffi::Object)]
pub struct Subscription {
    stopped: Arc<AtomicBool>,
    listening: Mutex<Option<Listening>>,
}

/// What goes when it is stopped.
struct Listening {
    task: AbortHandle,
    /// Not used, but had: a line that nobody has says goodbye.
    _line: Line,
}

#[uniffi::export]
impl Subscription {
    /// Stops it: no call begins any more. One that is under way comes to its end; it may be the one that this is called
    /// from.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        if let Some(listening) = self.listening.lock().unwrap_or_else(PoisonError::into_inner).take() {
            listening.task.abort();
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Subscription {
    /// Begins to listen.
    pub(crate) fn begin(
        listener: Arc<dyn LineListener>,
        line: Line,
        news: NewsReader,
        view: watch::Receiver<Seen>,
    ) -> Result<Arc<Self>, CallfoldError> {
        let stopped = Arc::new(AtomicBool::new(false));
        let teller = Teller { listener, stopped: stopped.clone() };
        let task = run::runtime()?.spawn(listen(teller, news, view)).abort_handle();
        let listening = Mutex::new(Some(Listening { task, _line: line }));
        Ok(Arc::new(Self { stopped, listening }))
    }
}

async fn listen(teller: Teller, mut news: NewsReader, mut view: watch::Receiver<Seen>) {
    let state = now(&mut view);
    teller.tell(move |listener| listener.told(Batch { events: Vec::new(), state, missed: 0 })).await;
    while let Some(gathered) = gather(&mut news).await {
        let state = now(&mut view);
        // A line tells of sockets and waits, too; what is decided is what listeners are told.
        if gathered.events.is_empty() && gathered.missed == 0 {
            continue;
        }
        let Gathered { events, missed } = gathered;
        teller.tell(move |listener| listener.told(Batch { events, state, missed })).await;
    }
    teller.tell(|listener| listener.ended()).await;
}

fn now(view: &mut watch::Receiver<Seen>) -> LineSnapshot {
    let seen = view.borrow_and_update().clone();
    LineSnapshot::of(&seen.view, Place { turn: Some(seen.turn), ..Place::default() })
}

#[derive(Default)]
struct Gathered {
    events: Vec<Told>,
    missed: u64,
}

/// What there is, at least one; none when the line has ended.
async fn gather(reader: &mut NewsReader) -> Option<Gathered> {
    let mut gathered = Gathered::default();
    let mut next = reader.next().await?;
    for round in 1.. {
        match next {
            Ok(News::Told { turn, at, seq, events, .. }) => {
                gathered.events.extend(Told::all(&events, at, seq, Some(turn)));
            }
            Ok(_) => {}
            Err(LineError::Missed(missed)) => gathered.missed += missed,
            Err(_) => {}
        }
        // Looked at before the next is read: what is read is handled.
        if round >= MOST {
            break;
        }
        match ready(reader.next()) {
            Some(Some(more)) => next = more,
            Some(None) | None => break,
        }
    }
    Some(gathered)
}

/// What a future has at once, if it has it.
fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    pin!(future).now_or_never()
}

struct Teller {
    listener: Arc<dyn LineListener>,
    stopped: Arc<AtomicBool>,
}

impl Teller {
    /// Calls the listener where it may take its time, and waits until it is done.
    async fn tell(&self, call: impl FnOnce(&dyn LineListener) -> Result<(), CallfoldError> + Send + 'static) {
        let (listener, stopped) = (self.listener.clone(), self.stopped.clone());
        let told = tokio::task::spawn_blocking(move || {
            if stopped.load(Ordering::Acquire) {
                return;
            }
            if let Err(error) = call(&*listener) {
                // There is nobody left to tell what this throws.
                drop(listener.failed(thrown(error)));
            }
        });
        // It panics where a binding does: that is told nowhere better than in the next call.
        drop(told.await);
    }
}
