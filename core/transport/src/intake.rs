//! What comes to a line, in one order and with one clock: from its sockets, its application and its timers.

use std::borrow::Cow;
use std::collections::VecDeque;

use callfold_engine::wire::{FrameText, Removed, SecretKind};
use callfold_engine::{Command, Input, InputKind, SocketId, Timer, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{Bytes, Utf8Bytes};

use crate::clock::Pace;
use crate::line::{Reply, Seen};
use crate::socket::Note;

/// The most inputs that are handled at once.
const BATCH: usize = 256;

/// What the application asks of a line.
pub(crate) enum Order {
    Command { command: Command, reply: Reply },
    Watch(oneshot::Sender<watch::Receiver<Seen>>),
    Close,
}

/// Something that came, with the moment when it did.
pub(crate) struct Item {
    pub(crate) at: Timestamp,
    /// By a clock that nobody sets.
    pub(crate) taken: Instant,
    pub(crate) what: What,
}

/// What came. A text has its secrets still: they are taken out where it is handled, so it is never printed.
pub(crate) enum What {
    Opened(SocketId),
    Refused(SocketId),
    Closed(SocketId),
    /// The room it took is given back when it was handled.
    Text {
        socket: SocketId,
        text: Utf8Bytes,
        _room: OwnedSemaphorePermit,
    },
    Binary {
        socket: SocketId,
        bytes: Bytes,
        _room: OwnedSemaphorePermit,
    },
    Command {
        command: Command,
        reply: Option<Reply>,
    },
    Timer(Timer),
}

impl Item {
    /// As the machine takes it, and the id of a session that was taken out of it.
    pub(crate) fn input(&self) -> (Input<'_>, Option<Removed>) {
        let mut session = None;
        let kind = match &self.what {
            What::Opened(socket) => InputKind::Opened(*socket),
            What::Refused(socket) => InputKind::Refused(*socket),
            What::Closed(socket) => InputKind::Closed(*socket),
            What::Text { socket, text, .. } => {
                let (text, removed) = FrameText::from_wire(text);
                session = removed.into_iter().find(|removed| removed.kind == SecretKind::SessionId);
                InputKind::Frame { socket: *socket, text }
            }
            What::Binary { socket, bytes, .. } => {
                InputKind::Binary { socket: *socket, bytes: Cow::Borrowed(bytes) }
            }
            What::Command { command, .. } => InputKind::Command(command.clone()),
            What::Timer(timer) => InputKind::Timer(*timer),
        };
        (Input { at: self.at, kind }, session)
    }
}

/// What came and was not handled yet.
pub(crate) struct Intake {
    pub(crate) pace: Pace,
    notes: mpsc::UnboundedReceiver<Note>,
    orders: mpsc::Receiver<Order>,
    /// None is left that could give orders.
    deserted: bool,
    waiting: VecDeque<Item>,
}

impl Intake {
    pub(crate) fn new(
        pace: Pace,
        notes: mpsc::UnboundedReceiver<Note>,
        orders: mpsc::Receiver<Order>,
    ) -> Self {
        Self { pace, notes, orders, deserted: false, waiting: VecDeque::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes something in, as of now.
    pub(crate) fn push(&mut self, what: What) {
        let at = self.pace.stamp();
        self.push_at(at, what);
    }

    /// Whether a timer waits to be handled.
    pub(crate) fn has_timer(&self) -> bool {
        self.waiting.iter().any(|item| matches!(item.what, What::Timer(_)))
    }

    /// Takes something in, as of then.
    pub(crate) fn push_at(&mut self, at: Timestamp, what: What) {
        self.waiting.push_back(Item { at, taken: Instant::now(), what });
    }

    /// Waits for a note of a socket. Given up without loss.
    pub(crate) async fn note(&mut self) -> Note {
        match self.notes.recv().await {
            Some(note) => note,
            // The line has a sender itself, so there is always one.
            None => std::future::pending().await,
        }
    }

    /// Waits for a note or an order. Given up without loss.
    pub(crate) async fn next(&mut self) -> Arrival {
        tokio::select! {
            note = self.notes.recv() => match note {
                Some(note) => Arrival::Note(note),
                None => std::future::pending().await,
            },
            order = self.orders.recv(), if !self.deserted => match order {
                Some(order) => Arrival::Order(order),
                None => {
                    self.deserted = true;
                    Arrival::Order(Order::Close)
                }
            },
        }
    }

    /// What has come already, up to what is handled at once. Orders first: a server that never pauses must not keep the
    /// agent from hanging up.
    pub(crate) fn ready(&mut self) -> Option<Arrival> {
        if let Ok(order) = self.orders.try_recv() {
            return Some(Arrival::Order(order));
        }
        if self.waiting.len() >= BATCH {
            return None;
        }
        self.notes.try_recv().ok().map(Arrival::Note)
    }

    /// What is to be handled next.
    pub(crate) fn batch(&mut self) -> Vec<Item> {
        let some = self.waiting.len().min(BATCH);
        self.waiting.drain(..some).collect()
    }
}

/// Something that came to a line.
pub(crate) enum Arrival {
    Note(Note),
    Order(Order),
}
