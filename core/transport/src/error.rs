//! What can go wrong, each with its culprit. No text here repeats a secret, a name or a number.

use std::io;
use std::sync::Arc;

use callfold_engine::CredentialHandle;

/// Why a line could not do what was asked of it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A line lives in a tokio runtime, and there is none here.
    #[error("no tokio runtime: open a line from within one")]
    NoRuntime,
    /// The line was closed, or ended before the command had its result.
    #[error("the line is closed")]
    Closed,
    /// No secret is kept under the handle that the endpoint names. Nothing was dialled.
    #[error("no secret is kept under handle {}", .0.0)]
    NoSecret(CredentialHandle),
    /// A socket was refused before it was dialled, or could not be opened, so the connection was not made.
    #[error("cannot connect: {0}")]
    Socket(#[from] SocketError),
    /// What handles the inputs failed. What was received from then on is in no log, so the line has ended.
    #[error("inputs cannot be handled: {0}")]
    Handle(Arc<dyn std::error::Error + Send + Sync>),
    /// A reader of the news was too slow, and so much was passed over. What follows is in order again.
    #[error("{0} news were missed")]
    Missed(u64),
    /// A certificate authority that was given cannot be read.
    #[error("the certificate authority cannot be read: {0}")]
    Authority(String),
}

/// Why a socket did not open, or why it ended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    // ---- refused before anything was dialled ----
    /// Plain `ws` to another machine, where the digest of the password could be read on the way. It is as good as the
    /// password itself.
    #[error("{host}: plain ws to another machine is refused; use wss, or allow it")]
    PlainRefused {
        /// The host.
        host: String,
    },
    /// A server sent us to a host that was not configured, or to a plain socket.
    #[error("{host}: a server sent us there, and it is not the host that was configured")]
    ForeignHost {
        /// The host.
        host: String,
    },
    /// The address is none that can be dialled.
    #[error("{url}: not an address that can be dialled")]
    BadUrl {
        /// The address.
        url: String,
    },

    // ---- not opened ----
    /// The name of the host could not be resolved, or nobody answers there.
    #[error("{host}: cannot be reached: {kind}")]
    Unreachable {
        /// The host.
        host: String,
        /// What the system says of it.
        kind: io::ErrorKind,
    },
    /// TLS failed: the certificate is not trusted or not the host's, or the versions do not meet.
    #[error("{host}: no TLS: {why}")]
    Tls {
        /// The host.
        host: String,
        /// What rustls says of it.
        why: String,
    },
    /// The server answered with something else than a WebSocket of the subprotocol `json`.
    #[error("{host}: no WebSocket there: {why}")]
    NoWebSocket {
        /// The host.
        host: String,
        /// What is wrong with the answer.
        why: String,
    },
    /// Name, connection, TLS and handshake together took longer than is waited.
    #[error("{host}: the handshake took too long")]
    HandshakeTimeout {
        /// The host.
        host: String,
    },
    /// It was given up before it opened.
    #[error("given up")]
    GivenUp,

    // ---- ended ----
    /// The goodbye was said, by us or by the server.
    #[error("closed{}", with_code(*.code))]
    Closed {
        /// The server's reason, where it gave one.
        code: Option<u16>,
    },
    /// The connection was cut or reset.
    #[error("cut: {kind}")]
    Cut {
        /// What the system says of it.
        kind: io::ErrorKind,
    },
    /// The goodbye was said, and the server did not close in time.
    #[error("the server did not close in time")]
    CloseTimeout,
    /// Nothing whole came for too long, not even in answer to a ping.
    #[error("nothing heard for too long")]
    Silent,
    /// The server does not take what is sent to it.
    #[error("the server takes nothing any more")]
    NotReading,
    /// No login came of it in time.
    #[error("the login took too long")]
    LoginTimeout,
    /// The secret for the login was gone when it was needed.
    #[error("no secret is kept under handle {}", .0.0)]
    NoSecret(CredentialHandle),
    /// A message or frame was longer than is taken.
    #[error("a message longer than is taken")]
    TooLong,
    /// A message came in more frames than are taken.
    #[error("a message in more frames than are taken")]
    TooManyFrames,
    /// A text message was not UTF-8.
    #[error("a text that is not UTF-8")]
    NotUtf8,
    /// The server broke the rules of WebSockets.
    #[error("the rules of WebSockets were broken: {0}")]
    Protocol(String),
}

fn with_code(code: Option<u16>) -> String {
    code.map(|code| format!(" with {code}")).unwrap_or_default()
}
