//! What goes into the machine: one thing that happened, and when.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::text::Text;
use crate::time::Timestamp;
use crate::timer::Timer;
use crate::wire::FrameText;

/// Names a socket that the machine asked for with [`Effect::Dial`](crate::Effect::Dial).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SocketId(pub u64);

/// One input. The machine takes inputs in the order in which they happened.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// When it happened. A moment before that of the last input is held at that moment, and noted.
    pub at: Timestamp,
    /// What happened.
    pub kind: InputKind<'a>,
}

/// What happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum InputKind<'a> {
    /// A socket that was dialled is open.
    Opened(SocketId),
    /// A socket that was dialled could not be opened.
    Refused(SocketId),
    /// An open socket was closed, by either side. Owed to the machine for every socket that was opened, also
    /// after [`Effect::Close`](crate::Effect::Close).
    Closed(SocketId),
    /// A text message came.
    Frame {
        /// On this socket.
        socket: SocketId,
        /// Its text, without secrets.
        text: FrameText<'a>,
    },
    /// A binary message came. The protocol has none; it is kept, and told as unreadable.
    Binary {
        /// On this socket.
        socket: SocketId,
        /// Its bytes.
        bytes: Cow<'a, [u8]>,
    },
    /// A request of the machine's went over the wire under another id than its own number. Only a session
    /// that another client recorded needs this: its answers carry that client's ids.
    Named {
        /// The machine's number for the request.
        qid: u64,
        /// The id on the wire.
        wire: Text,
    },
    /// The application commands something.
    Command(Command),
    /// A timer named by [`Machine::poll_timeout`](crate::Machine::poll_timeout) is due.
    Timer(Timer),
}
