//! What the machine wants done. Values: the transport carries them out, replay drops them.

use crate::command::CredentialHandle;
use crate::input::SocketId;
use crate::text::Text;
use crate::wire::Request;

/// Something for the transport to do, in the order told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// Open a WebSocket with subprotocol `json`. Answer with `Opened` or `Refused`.
    Dial {
        /// The machine's name for it.
        socket: SocketId,
        /// `ws://host:port` or `wss://host:port`. Only that host; `wss` never becomes `ws`.
        url: Text,
    },
    /// Send a request: [`Request::write`] makes the frame.
    Send {
        /// On this socket.
        socket: SocketId,
        /// The request's id.
        qid: u64,
        /// The agent's login, which most requests carry.
        login: Text,
        /// The request.
        request: Request,
    },
    /// Send a login: fill in the secret that `credential` names with [`Request::write_login`].
    SendLogin {
        /// On this socket.
        socket: SocketId,
        /// The request's id.
        qid: u64,
        /// The agent's login.
        login: Text,
        /// The request.
        request: Request,
        /// Which secret.
        credential: CredentialHandle,
    },
    /// Close a socket, after what was sent. Answer with `Closed`; frames until then are still taken.
    Close {
        /// This socket.
        socket: SocketId,
    },
}
