//! Opens a WebSocket: what may be dialled, name, connection, TLS, handshake.

use std::io;
use std::net::IpAddr;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, error::ProtocolError};

use crate::error::SocketError;
use crate::frames::{Counted, TooManyFrames};
use crate::one_buffer::OneBuffer;
use crate::options::{Limits, Options, Plain};
use crate::routes::Routes;
use crate::tls::Tls;

/// A connection, with TLS or without.
pub(crate) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

pub(crate) type WebSocket = WebSocketStream<Counted<Box<dyn Connection>>>;

/// How much is read at once, for each socket. The library's own 128 KiB would be most of what a line needs.
const READ_BYTES: usize = 4 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Ws,
    Wss,
}

/// Where a socket goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) scheme: Scheme,
    /// An IPv6 address without its brackets.
    pub(crate) host: String,
    port: u16,
}

impl Target {
    /// Reads what the engine dials: `ws://host:port` or `wss://host:port`, and nothing else.
    pub(crate) fn parse(url: &str) -> Result<Self, SocketError> {
        let bad = || SocketError::BadUrl { url: without_secrets(url) };
        let (scheme, rest) = url.split_once("://").ok_or_else(bad)?;
        let scheme = match scheme {
            "ws" => Scheme::Ws,
            "wss" => Scheme::Wss,
            _ => return Err(bad()),
        };
        let (host, port) = rest.rsplit_once(':').ok_or_else(bad)?;
        let port = port.parse().map_err(|_| bad())?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if bare.is_empty() || bare.contains(['/', '@', '?', '#']) {
            return Err(bad());
        }
        Ok(Self { url: url.to_owned(), scheme, host: bare.to_owned(), port })
    }

    /// Whether the host is named as this machine itself.
    fn is_this_machine(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether it may be dialled at all. What has a route is judged by where that leads, and not by its name.
    pub(crate) fn allow(&self, plain: Plain, routes: &Routes) -> Result<(), SocketError> {
        let is_this_machine = || match routes.to(&self.host, self.port) {
            Some(address) => address.ip().is_loopback(),
            None => self.is_this_machine(),
        };
        match (self.scheme, plain) {
            (Scheme::Wss, Plain::OnThisMachine | Plain::Anywhere) | (Scheme::Ws, Plain::Anywhere) => Ok(()),
            (Scheme::Ws, Plain::OnThisMachine) if is_this_machine() => Ok(()),
            (Scheme::Ws, Plain::OnThisMachine) => Err(SocketError::PlainRefused { host: self.host.clone() }),
        }
    }
}

/// Opens a WebSocket, within the time that a handshake may take.
pub(crate) async fn dial(target: &Target, options: &Options) -> Result<WebSocket, SocketError> {
    let late = |_| SocketError::HandshakeTimeout { host: target.host.clone() };
    tokio::time::timeout(options.limits.handshake, open(target, options)).await.map_err(late)?
}

async fn open(target: &Target, options: &Options) -> Result<WebSocket, SocketError> {
    let stream = connect(target, options).await?;
    let stream: Box<dyn Connection> = match target.scheme {
        Scheme::Ws => Box::new(stream),
        Scheme::Wss => Box::new(secure(target, &options.tls, stream).await?),
    };
    upgrade(target, &options.limits, stream).await
}

async fn connect(target: &Target, options: &Options) -> Result<TcpStream, SocketError> {
    let unreachable =
        |error: io::Error| SocketError::Unreachable { host: target.host.clone(), kind: error.kind() };
    let stream = match options.routes.to(&target.host, target.port) {
        Some(address) => TcpStream::connect(address).await,
        None => TcpStream::connect((target.host.as_str(), target.port)).await,
    };
    let stream = stream.map_err(unreachable)?;
    // `localhost` is a name like others, and so is what has a route: what counts is where it led.
    let here = stream.peer_addr().map_err(unreachable)?.ip().is_loopback();
    if target.scheme == Scheme::Ws && options.plain == Plain::OnThisMachine && !here {
        return Err(SocketError::PlainRefused { host: target.host.clone() });
    }
    stream.set_nodelay(true).map_err(unreachable)?;
    Ok(stream)
}

async fn secure(
    target: &Target,
    tls: &Tls,
    stream: TcpStream,
) -> Result<tokio_rustls::client::TlsStream<OneBuffer>, SocketError> {
    let failed = |why: String| SocketError::Tls { host: target.host.clone(), why };
    let name = ServerName::try_from(target.host.clone()).map_err(|error| failed(error.to_string()))?;
    let tls = tls.clone();
    // The first time, the system's certificates are read from the disk.
    let config = tokio::task::spawn_blocking(move || tls.config()).await;
    let config = config.map_err(|error| failed(error.to_string()))?.map_err(failed)?;
    TlsConnector::from(config)
        .connect(name, OneBuffer(stream))
        .await
        .map_err(|error| failed(tls_error(&error)))
}

/// What rustls says, without what the I/O layer puts around it.
fn tls_error(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    inner.map_or_else(|| error.kind().to_string(), ToString::to_string)
}

async fn upgrade(
    target: &Target,
    limits: &Limits,
    stream: Box<dyn Connection>,
) -> Result<WebSocket, SocketError> {
    let bad = |_| SocketError::BadUrl { url: without_secrets(&target.url) };
    let mut request = target.url.as_str().into_client_request().map_err(bad)?;
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("json"));
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(limits.write_bytes)
        .max_message_size(Some(limits.message_bytes))
        .max_frame_size(Some(limits.frame_bytes));
    let stream = Counted::new(stream, limits.frames);
    let opened = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
    let (socket, _) = opened.map_err(|error| SocketError::NoWebSocket {
        host: target.host.clone(),
        why: handshake_error(&error),
    })?;
    Ok(socket)
}

/// What is wrong with the server's answer, and nothing of its content.
fn handshake_error(error: &WsError) -> String {
    match error {
        WsError::Http(response) => format!("HTTP {}", response.status().as_u16()),
        WsError::Io(error) => error.kind().to_string(),
        WsError::Protocol(error) => error.to_string(),
        WsError::ConnectionClosed
        | WsError::AlreadyClosed
        | WsError::Tls(_)
        | WsError::Capacity(_)
        | WsError::WriteBufferFull(_)
        | WsError::Utf8(_)
        | WsError::AttackAttempt
        | WsError::Url(_)
        | WsError::HttpFormat(_) => "no answer of HTTP".to_owned(),
    }
}

/// Why an open socket ended.
pub(crate) fn ended(error: &WsError) -> SocketError {
    match error {
        WsError::ConnectionClosed | WsError::AlreadyClosed => SocketError::Closed { code: None },
        WsError::Io(error) if has_too_many_frames(error) => SocketError::TooManyFrames,
        WsError::Io(error) => SocketError::Cut { kind: error.kind() },
        WsError::Capacity(CapacityError::MessageTooLong { .. } | CapacityError::TooManyHeaders) => {
            SocketError::TooLong
        }
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            SocketError::Cut { kind: io::ErrorKind::ConnectionReset }
        }
        WsError::Protocol(error) => SocketError::Protocol(error.to_string()),
        WsError::WriteBufferFull(_) => SocketError::NotReading,
        WsError::Utf8(_) => SocketError::NotUtf8,
        WsError::Tls(_)
        | WsError::AttackAttempt
        | WsError::Url(_)
        | WsError::Http(_)
        | WsError::HttpFormat(_) => SocketError::Protocol("not a WebSocket any more".to_owned()),
    }
}

fn has_too_many_frames(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<TooManyFrames>())
}

/// An address that may be told: a login, with a password perhaps, is sometimes written in front of the host, and a token
/// behind the path.
fn without_secrets(url: &str) -> String {
    let (front, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    if front.is_empty() { host.to_owned() } else { format!("{front}://{host}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(url: &str) -> Result<(), SocketError> {
        Target::parse(url)?.allow(Plain::OnThisMachine, &Routes::default())
    }

    #[test]
    fn plain_ws_stays_on_this_machine() {
        for url in ["ws://localhost:1", "ws://127.0.0.1:4066", "ws://127.9.9.9:1", "ws://[::1]:4066"] {
            assert_eq!(allowed(url), Ok(()), "{url}");
        }
        for (url, host) in [
            ("ws://pbx.example:80", "pbx.example"),
            ("ws://10.0.0.1:80", "10.0.0.1"),
            ("ws://localhost.example:80", "localhost.example"),
            ("ws://127.0.0.1.example:80", "127.0.0.1.example"),
            ("ws://[fe80::1]:80", "fe80::1"),
        ] {
            assert_eq!(allowed(url), Err(SocketError::PlainRefused { host: host.to_owned() }), "{url}");
            assert_eq!(Target::parse(url).unwrap().allow(Plain::Anywhere, &Routes::default()), Ok(()));
        }
        assert_eq!(allowed("wss://pbx.example:443"), Ok(()));
    }

    #[test]
    fn plain_ws_with_a_route_is_judged_by_where_it_leads() {
        let here = "127.0.0.1:1".parse().unwrap();
        let there = "192.0.2.1:1".parse().unwrap();
        let routes = Routes::default().and("pbx.example", 80, here).and("localhost", 80, there);
        let allowed = |url: &str| Target::parse(url).unwrap().allow(Plain::OnThisMachine, &routes);
        let refused = |host: &str| Err(SocketError::PlainRefused { host: host.to_owned() });
        assert_eq!(allowed("ws://pbx.example:80"), Ok(()));
        assert_eq!(allowed("ws://pbx.example:81"), refused("pbx.example"), "it has no route");
        assert_eq!(allowed("ws://localhost:80"), refused("localhost"), "whatever its name");
        assert_eq!(allowed("ws://localhost:81"), Ok(()));
    }

    #[test]
    fn nothing_but_scheme_host_and_port_is_dialled() {
        for url in ["", "pbx:1", "http://pbx:1", "ws://pbx", "ws://pbx:x", "ws://:1", "ws://pbx/a:1"] {
            assert_eq!(Target::parse(url), Err(SocketError::BadUrl { url: url.to_owned() }));
        }
    }

    #[test]
    fn an_address_that_cannot_be_dialled_is_told_without_what_may_be_a_secret() {
        for (url, told) in [
            ("ws://ivanov:Secret1@pbx:1", "ws://pbx:1"),
            ("ivanov:Sec@ret1@pbx", "pbx"),
            ("wss://pbx/a?token=Secret1", "wss://pbx/a"),
            ("wss://pbx#Secret1", "wss://pbx"),
        ] {
            assert_eq!(Target::parse(url), Err(SocketError::BadUrl { url: told.to_owned() }));
        }
    }
}
