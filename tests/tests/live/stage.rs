//! The clock of a scripted session, and what its machine did: how the script keeps the trace's order.
//!
//! The clock goes as the real one does, and waits for whoever is late: it stands still at the moment of a timer until
//! that has fired, and at the moment of the trace's next line until the script goes on to the one after. So a thread that
//! had to wait for its turn, or a frame that took its time, moves nothing across anything else, and every moment is the
//! trace's to the millisecond.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use callfold::{Effect, Input, InputKind, Machine, SocketId, Text, Timer, Timestamp, View};
use callfold_transport::{Clock, Handle, Handled, Place};
use tokio::sync::watch;
use tokio::time::Instant;

/// How far the script has come: timers may fire up to here, and time goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Timers before this moment. Those of the same moment come after the trace's line.
    Before(Timestamp),
    /// Those of this moment, too.
    With(Timestamp),
}

impl Until {
    const fn moment(self) -> Timestamp {
        match self {
            Self::Before(at) | Self::With(at) => at,
        }
    }

    /// Whether a timer that is due then may fire.
    pub(crate) fn reaches(self, due: Timestamp) -> bool {
        match self {
            Self::Before(at) => due < at,
            Self::With(at) => due <= at,
        }
    }
}

/// Something that the machine wanted done with a socket.
#[derive(Clone, Debug)]
pub(crate) enum Made {
    Dial {
        url: Text,
    },
    /// A request, with the frame that it is unless the login stands in it.
    Send {
        qid: u64,
        method: String,
        frame: Option<String>,
    },
    Close,
}

/// When it was wanted, of which socket, and what.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) at: Timestamp,
    pub(crate) socket: SocketId,
    pub(crate) what: Made,
}

/// What the line has taken in so far, and what came of it.
#[derive(Debug)]
pub(crate) struct Taken {
    until: Until,
    /// The next timer of the machine.
    pub(crate) timer: Option<Timestamp>,
    pub(crate) wanted: Vec<Wanted>,
    pub(crate) opened: Vec<SocketId>,
    /// Refused or closed.
    pub(crate) ended: Vec<SocketId>,
    pub(crate) frames: usize,
    pub(crate) commands: usize,
}

/// Where a session is played.
#[derive(Clone, Debug)]
pub(crate) struct Stage(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    epoch: Timestamp,
    start: Instant,
    taken: watch::Sender<Taken>,
    /// The last moment that the clock told: it never goes back.
    last: AtomicI64,
}

impl Stage {
    /// A stage whose clock says `epoch` now.
    pub(crate) fn starting_at(epoch: Timestamp) -> Self {
        let taken = Taken {
            until: Until::Before(epoch),
            timer: None,
            wanted: Vec::new(),
            opened: Vec::new(),
            ended: Vec::new(),
            frames: 0,
            commands: 0,
        };
        let last = AtomicI64::new(epoch.as_micros());
        Self(Arc::new(Shared { epoch, start: Instant::now(), taken: watch::Sender::new(taken), last }))
    }

    /// The moment `t` milliseconds after the beginning.
    pub(crate) fn moment(&self, t: i64) -> Timestamp {
        Timestamp::from_micros(self.0.epoch.as_micros() + t * 1_000)
    }

    /// Milliseconds since the beginning.
    pub(crate) fn millis(&self, at: Timestamp) -> i64 {
        (at - self.0.epoch).as_micros().div_euclid(1_000)
    }

    /// When it is really `t`.
    pub(crate) fn really(&self, t: i64) -> Instant {
        self.0.start + Duration::from_millis(u64::try_from(t).unwrap_or_default())
    }

    /// Lets time go on. Whether a timer that was held back may fire now: the line has to be told.
    pub(crate) fn go_on(&self, until: Until) -> bool {
        let mut is_due = false;
        self.0.taken.send_modify(|taken| {
            taken.until = until;
            is_due = taken.timer.is_some_and(|due| until.reaches(due));
        });
        is_due
    }

    /// Looks at what was taken in.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&Taken) -> T) -> T {
        at(&self.0.taken.borrow())
    }

    /// Waits until so much was taken in.
    pub(crate) async fn until(&self, is: impl FnMut(&Taken) -> bool) {
        // The sender lives as long as this does.
        drop(self.0.taken.subscribe().wait_for(is).await);
    }

    fn handled(&self, inputs: &[Input<'_>], all: &[Handled], timer: Option<Timestamp>) {
        self.0.taken.send_modify(|taken| {
            taken.timer = timer;
            for (input, handled) in inputs.iter().zip(all) {
                match &input.kind {
                    InputKind::Opened(socket) => taken.opened.push(*socket),
                    InputKind::Refused(socket) | InputKind::Closed(socket) => taken.ended.push(*socket),
                    InputKind::Frame { .. } => taken.frames += 1,
                    InputKind::Command(_) => taken.commands += 1,
                    InputKind::Binary { .. } | InputKind::Named { .. } | InputKind::Timer(_) | _ => {}
                }
                let effects = handled.outcome.effects.iter();
                taken.wanted.extend(effects.filter_map(|effect| wanted(input.at, effect)));
            }
        });
    }
}

fn wanted(at: Timestamp, effect: &Effect) -> Option<Wanted> {
    let (socket, what) = match effect {
        Effect::Dial { socket, url } => (socket, Made::Dial { url: url.clone() }),
        Effect::Send { socket, qid, login, request } => {
            let frame = request.write(&qid.to_string(), login.as_str()).ok();
            (socket, Made::Send { qid: *qid, method: request.method().to_owned(), frame })
        }
        Effect::SendLogin { socket, qid, request, .. } => {
            (socket, Made::Send { qid: *qid, method: request.method().to_owned(), frame: None })
        }
        Effect::Close { socket } => (socket, Made::Close),
        _ => return None,
    };
    Some(Wanted { at, socket: *socket, what })
}

impl Clock for Stage {
    fn now(&self) -> Timestamp {
        let real = i64::try_from(self.0.start.elapsed().as_micros()).unwrap();
        let held = self.look(|taken| {
            let timer = taken.timer.filter(|due| taken.until.reaches(*due));
            timer.unwrap_or(taken.until.moment()).min(taken.until.moment())
        });
        let now = held.as_micros().min(self.0.epoch.as_micros() + real);
        Timestamp::from_micros(self.0.last.fetch_max(now, Ordering::Relaxed).max(now))
    }
}

/// A machine on a stage.
#[derive(Debug)]
pub(crate) struct Player {
    pub(crate) machine: Machine,
    pub(crate) stage: Stage,
}

impl Handle for Player {
    type Error = Infallible;

    const PLACE: Place = Place::Here;

    fn handle(&mut self, inputs: &[Input<'_>]) -> Result<Vec<Handled>, Infallible> {
        let all = Handle::handle(&mut self.machine, inputs)?;
        let timer = self.machine.poll_timeout().map(|(due, _)| due);
        self.stage.handled(inputs, &all, timer);
        Ok(all)
    }

    fn poll_timeout(&self) -> Option<(Timestamp, Timer)> {
        let until = self.stage.look(|taken| taken.until);
        self.machine.poll_timeout().filter(|(due, _)| until.reaches(*due))
    }

    fn view(&self) -> &View {
        self.machine.view()
    }

    fn sockets(&self) -> Vec<SocketId> {
        self.machine.sockets().collect()
    }

    fn now(&self) -> Timestamp {
        self.machine.now()
    }
}
