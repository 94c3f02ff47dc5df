//! One socket: dialled, read, written, pinged, closed. What comes of it goes to its line as notes.

use std::sync::Arc;
use std::time::Duration;

use callfold_engine::wire::{Request, WriteError};
use callfold_engine::{SocketId, Text};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message, Utf8Bytes};
use zeroize::Zeroizing;

use crate::dial::{Target, dial, ended};
use crate::error::SocketError;
use crate::figures;
use crate::options::{Limits, Options};
use crate::secret::Secret;

/// How many frames may wait to be written. More is no traffic of a line, but a server that takes nothing.
const OUTBOX: usize = 1_024;

/// What a message counts for beside its bytes, so that empty ones are bounded too.
const MESSAGE_OVERHEAD: usize = 256;

/// Something to be sent.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Request { qid: u64, login: Text, request: Request },
    Login { qid: u64, login: Text, request: Request, secret: Arc<Secret> },
}

impl Outgoing {
    /// The frame. A login's is made here, just before it goes out.
    fn write(&self) -> Result<Zeroizing<String>, WriteError> {
        let text = match self {
            Self::Request { qid, login, request } => request.write(&qid.to_string(), login.as_str()),
            Self::Login { qid, login, request, secret } => {
                request.write_login(&qid.to_string(), login.as_str(), &secret.login())
            }
        };
        text.map(Zeroizing::new)
    }
}

/// What a socket tells its line.
pub(crate) enum Note {
    Opened(SocketId),
    Text { socket: SocketId, text: Utf8Bytes, room: OwnedSemaphorePermit },
    Binary { socket: SocketId, bytes: Bytes, room: OwnedSemaphorePermit },
    Ended { socket: SocketId, why: SocketError },
}

/// Where the notes of a line's sockets go. What they hold is bounded by bytes: a socket that is read faster than its
/// line can handle is not read for a while.
#[derive(Clone)]
pub(crate) struct Inbox {
    notes: mpsc::UnboundedSender<Note>,
    room: Arc<Semaphore>,
    bytes: usize,
}

impl Inbox {
    pub(crate) fn new(limits: &Limits) -> (Self, mpsc::UnboundedReceiver<Note>) {
        let (notes, received) = mpsc::unbounded_channel();
        let bytes = limits.message_bytes.saturating_add(MESSAGE_OVERHEAD).min(Semaphore::MAX_PERMITS);
        (Self { notes, room: Arc::new(Semaphore::new(bytes)), bytes }, received)
    }

    async fn room_for(&self, length: usize) -> Option<OwnedSemaphorePermit> {
        let needed = length.saturating_add(MESSAGE_OVERHEAD).min(self.bytes);
        let needed = u32::try_from(needed).unwrap_or(u32::MAX);
        self.room.clone().acquire_many_owned(needed).await.ok()
    }

    fn tell(&self, note: Note) {
        // A line that is gone needs to be told nothing.
        drop(self.notes.send(note));
    }
}

/// The line's end of a socket. Dropping `outbox` closes the socket, after what was sent.
#[derive(Debug)]
pub(crate) struct Socket {
    outbox: Option<mpsc::Sender<Outgoing>>,
    end: Option<oneshot::Sender<SocketError>>,
    /// Whether the machine was told that it opened.
    pub(crate) opened: bool,
}

impl Socket {
    /// Sends. A server that takes nothing any more is let go.
    pub(crate) fn send(&mut self, outgoing: Outgoing) {
        let full = self.outbox.as_ref().is_some_and(|outbox| outbox.try_send(outgoing).is_err());
        if full {
            self.end(SocketError::NotReading);
        }
    }

    /// Closes, after what was sent.
    pub(crate) fn close(&mut self) {
        self.outbox = None;
    }

    /// Lets the connection go at once.
    pub(crate) fn end(&mut self, why: SocketError) {
        if let Some(end) = self.end.take() {
            drop(end.send(why)); // it may have ended by itself just now
        }
    }
}

/// Makes a socket: the line's end of it, and what is to be run.
pub(crate) fn socket(
    id: SocketId,
    target: Target,
    options: Arc<Options>,
    inbox: Inbox,
) -> (Socket, impl Future<Output = ()> + Send) {
    let (outbox, outgoing) = mpsc::channel(OUTBOX);
    let (end, ending) = oneshot::channel();
    let socket = Socket { outbox: Some(outbox), end: Some(end), opened: false };
    let last = LastNote { socket: id, inbox, why: SocketError::GivenUp };
    (socket, run(last, target, options, outgoing, ending))
}

/// Tells the line that the socket ended, however it did: also when its task is dropped.
struct LastNote {
    socket: SocketId,
    inbox: Inbox,
    why: SocketError,
}

impl Drop for LastNote {
    fn drop(&mut self) {
        self.inbox.tell(Note::Ended { socket: self.socket, why: self.why.clone() });
    }
}

async fn run(
    mut last: LastNote,
    target: Target,
    options: Arc<Options>,
    mut outgoing: mpsc::Receiver<Outgoing>,
    mut ending: oneshot::Receiver<SocketError>,
) {
    let opened = tokio::select! {
        opened = dial(&target, &options) => opened,
        // Nothing is sent on a socket that is not open, so this says that it was closed.
        _ = outgoing.recv() => Err(SocketError::GivenUp),
        Ok(why) = &mut ending => Err(why),
    };
    let socket = match opened {
        Ok(socket) => socket,
        Err(why) => {
            last.why = why;
            return;
        }
    };
    last.inbox.tell(Note::Opened(last.socket));
    let (sink, stream) = socket.split();
    let ping = Notify::new();
    last.why = tokio::select! {
        why = read(last.socket, &last.inbox, stream, &options.limits, &ping) => why,
        why = write(sink, outgoing, &options.limits, &ping) => why,
        Ok(why) = ending => why,
    };
}

/// Reads until the socket ends.
async fn read(
    socket: SocketId,
    inbox: &Inbox,
    mut stream: impl Stream<Item = Result<Message, WsError>> + Unpin,
    limits: &Limits,
    ping: &Notify,
) -> SocketError {
    let mut heard = Instant::now();
    let mut pinged = false;
    let mut closed = None;
    loop {
        let wait = match (closed, pinged) {
            (Some(_), _) => limits.close,
            (None, true) => limits.dead_after,
            (None, false) => limits.ping_after,
        };
        let message = tokio::select! {
            message = stream.next() => message,
            () = sleep_until(heard + wait) => {
                if let Some(code) = closed {
                    return SocketError::Closed { code };
                }
                if pinged {
                    return SocketError::Silent;
                }
                pinged = true;
                ping.notify_one();
                continue;
            }
        };
        match message {
            Some(Ok(Message::Text(text))) => {
                figures::received();
                let Some(room) = inbox.room_for(text.len()).await else { return SocketError::GivenUp };
                inbox.tell(Note::Text { socket, text, room });
            }
            Some(Ok(Message::Binary(bytes))) => {
                figures::received();
                let Some(room) = inbox.room_for(bytes.len()).await else { return SocketError::GivenUp };
                inbox.tell(Note::Binary { socket, bytes, room });
            }
            Some(Ok(Message::Close(frame))) => closed = Some(code(frame.as_ref())),
            // Pings are answered by the library; a bare frame is only ever sent.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Err(error)) => {
                let why = ended(&error);
                return closed.map_or(why, |code| SocketError::Closed { code });
            }
            None => return SocketError::Closed { code: closed.flatten() },
        }
        (heard, pinged) = (Instant::now(), false);
    }
}

fn code(frame: Option<&CloseFrame>) -> Option<u16> {
    frame.map(|frame| frame.code.into())
}

/// Writes what is to be sent until the line closes the socket; then says goodbye, and gives the server some time to
/// do the same.
async fn write(
    mut sink: impl Sink<Message, Error = WsError> + Unpin,
    mut outgoing: mpsc::Receiver<Outgoing>,
    limits: &Limits,
    ping: &Notify,
) -> SocketError {
    loop {
        let message = tokio::select! {
            next = outgoing.recv() => match next.map(|next| next.write()) {
                Some(Ok(text)) => Message::text(text.as_str()),
                Some(Err(error)) => {
                    tracing::error!(%error, "a request that cannot be written is not sent");
                    continue;
                }
                None => break,
            },
            () = ping.notified() => Message::Ping(Bytes::new()),
        };
        if let Some(why) = put(&mut sink, message, limits.write).await {
            return why;
        }
    }
    if let Some(why) = put(&mut sink, Message::Close(None), limits.close).await {
        return why;
    }
    tokio::time::sleep(limits.close).await;
    SocketError::CloseTimeout
}

/// Sends one message; why the socket is at its end, if it is.
async fn put(
    sink: &mut (impl Sink<Message, Error = WsError> + Unpin),
    message: Message,
    wait: Duration,
) -> Option<SocketError> {
    match timeout(wait, sink.send(message)).await {
        Ok(Ok(())) => None,
        // The server's close was read already, and the reader will say so.
        Ok(Err(
            WsError::ConnectionClosed
            | WsError::AlreadyClosed
            | WsError::Protocol(ProtocolError::SendAfterClosing),
        )) => std::future::pending().await,
        Ok(Err(error)) => Some(ended(&error)),
        Err(_) => Some(SocketError::NotReading),
    }
}
