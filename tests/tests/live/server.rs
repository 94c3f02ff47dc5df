//! The server's side of a session: what it listens at, and its sockets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use callfold::SocketId;
use callfold_transport::{Routes, Tls};
use futures_util::{SinkExt, StreamExt};
use rcgen::{CertificateParams, KeyPair};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;

/// A connection, with TLS or without.
trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// What stands behind the addresses of a trace: each has a listener on the loopback.
pub(crate) struct Server {
    listeners: BTreeMap<String, (TcpListener, Option<TlsAcceptor>)>,
    pub(crate) routes: Routes,
    /// Trusts the certificates of this server's hosts besides.
    pub(crate) tls: Tls,
}

impl Server {
    pub(crate) async fn listening_at(urls: &BTreeSet<String>) -> Self {
        let mut server = Self { listeners: BTreeMap::new(), routes: Routes::default(), tls: Tls::default() };
        for url in urls {
            let (scheme, rest) = url.split_once("://").unwrap();
            let (host, port) = rest.rsplit_once(':').unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let at = listener.local_addr().unwrap();
            server.routes = server.routes.and(host, port.parse().unwrap(), at);
            let acceptor = (scheme == "wss").then(|| server.with_papers(host));
            server.listeners.insert(url.clone(), (listener, acceptor));
        }
        server
    }

    /// Makes a certificate for `host`, and has it trusted.
    fn with_papers(&mut self, host: &str) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![host.to_owned()]).unwrap().self_signed(&key).unwrap();
        self.tls = self.tls.and_authority(certificate.pem().as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// Waits for the next one that dials `url`; it is not answered yet.
    pub(crate) async fn dialled(&self, socket: SocketId, url: &str) -> Result<Socket, String> {
        let (listener, acceptor) = self.listeners.get(url).ok_or("dialled what the trace does not dial")?;
        let (stream, _) = listener.accept().await.map_err(|error| error.to_string())?;
        stream.set_nodelay(true).unwrap();
        let state = State::Dialled { stream, acceptor: acceptor.clone() };
        Ok(Socket { id: socket, url: url.to_owned(), state, is_left: false })
    }
}

enum State {
    /// Nothing was said to it yet, so it is not open.
    Dialled {
        stream: TcpStream,
        acceptor: Option<TlsAcceptor>,
    },
    Open(Box<WebSocketStream<Box<dyn Connection>>>),
    Gone,
}

/// The server's end of a socket.
pub(crate) struct Socket {
    pub(crate) id: SocketId,
    pub(crate) url: String,
    state: State,
    /// The client has closed it: nothing more comes.
    pub(crate) is_left: bool,
}

impl Socket {
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// Answers the one that dialled: TLS where the address has it, and the handshake.
    #[allow(clippy::result_large_err)]
    pub(crate) async fn open(&mut self) -> Result<(), String> {
        let State::Dialled { stream, acceptor } = std::mem::replace(&mut self.state, State::Gone) else {
            return Err("opened twice".to_owned());
        };
        let stream: Box<dyn Connection> = match acceptor {
            Some(tls) => Box::new(tls.accept(stream).await.map_err(|error| error.to_string())?),
            None => Box::new(stream),
        };
        let subprotocol = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
            assert_eq!(request.headers()["sec-websocket-protocol"], "json");
            response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("json"));
            Ok(response)
        };
        let socket = tokio_tungstenite::accept_hdr_async(stream, subprotocol).await;
        self.state = State::Open(Box::new(socket.map_err(|error| error.to_string())?));
        Ok(())
    }

    pub(crate) async fn send(&mut self, text: String) -> Result<(), String> {
        let State::Open(socket) = &mut self.state else { return Err("not open".to_owned()) };
        socket.send(Message::text(text)).await.map_err(|error| error.to_string())
    }

    /// Waits for one request.
    pub(crate) async fn request(&mut self) -> Result<String, String> {
        let State::Open(socket) = &mut self.state else { return Err("not open".to_owned()) };
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => return Err(format!("{other:?} where a request was due")),
            }
        }
    }

    /// Ends it: says goodbye to a client that said it, and leaves another one without a word.
    pub(crate) async fn end(&mut self) {
        if let State::Open(mut socket) = std::mem::replace(&mut self.state, State::Gone)
            && self.is_left
        {
            while socket.next().await.is_some_and(|message| message.is_ok()) {}
        }
    }
}
