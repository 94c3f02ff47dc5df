//! A small server that speaks enough of the protocol, and can be told to misbehave.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use callfold_engine::{
    Command, CommandResult, Config, Connection, Credential, CredentialHandle, Endpoint, Event, Machine, View,
};
use callfold_transport::{Line, News, NewsReader, Options, Reconnect, Secret, SocketError};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;

/// What secrets look like in these tests: none of it may be found anywhere.
pub const PASSWORD: &str = "Canary-Password-7f3a";
pub const SESSION: &str = "canary-session-91c2";
pub const SIP: &str = "canary-sip-55d0";

pub type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A server on the loopback.
pub struct Pbx {
    pub at: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Pbx {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Pbx {
    /// Runs `serve` for every connection, each with its number from 0.
    pub async fn start(serve: impl Fn(usize, TcpStream) -> Serving + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            for number in 0.. {
                let Ok((stream, _)) = listener.accept().await else { break };
                stream.set_nodelay(true).unwrap();
                connections.spawn(serve(number, stream));
            }
        });
        Self { at, task }
    }

    /// A server that does everything right.
    pub async fn good() -> Self {
        Self::start(|_, stream| Box::pin(async move { speak(accept(stream).await, answer).await })).await
    }

    pub fn url(&self) -> String {
        format!("ws://{}", self.at)
    }
}

/// The handshake, with the subprotocol.
pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> WebSocketStream<S> {
    try_accept(stream).await.unwrap()
}

#[allow(clippy::result_large_err)]
pub async fn try_accept<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> Option<WebSocketStream<S>> {
    let subprotocol = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        assert_eq!(request.headers()["sec-websocket-protocol"], "json");
        response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("json"));
        Ok(response)
    };
    tokio_tungstenite::accept_hdr_async(stream, subprotocol).await.ok()
}

/// What a server does with a request.
pub enum Act {
    Answer(Value),
    /// Several frames, in order.
    Send(Vec<Message>),
    Nothing,
    /// Cuts the connection.
    Drop,
    /// Never does anything again.
    Hang,
}

/// Right answers to everything.
pub fn answer(method: &str, _: &Value) -> Act {
    Act::Answer(match method {
        "login" => json!({"result": 1, "userid": "5f0c3c5e-0000-4000-8000-000000000001",
            "sessionid": SESSION, "sippass": SIP, "sipuser": "101"}),
        "getversion" => json!({"result": 1, "version": {"dated": 200_101, "build": "1"}}),
        "getmyuserinfo" => json!({"result": 1, "mainpbxnumber": "79161234567", "username": "Canary Name",
            "hasline": 1, "lineid": "l", "linenumber": "101"}),
        _ => json!({"result": 1}),
    })
}

/// Speaks the protocol until the client closes.
pub async fn speak<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: WebSocketStream<S>,
    mut act: impl FnMut(&str, &Value) -> Act,
) {
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let frame: Value = serde_json::from_str(&text).unwrap();
        let method = frame[0].as_str().unwrap();
        let sent = match act(method, &frame[1]) {
            Act::Answer(mut body) => {
                body["qid"] = frame[1]["qid"].clone();
                let name = if method == "ping" { "pong".to_owned() } else { format!("{method}result") };
                socket.send(Message::text(json!([name, body]).to_string())).await
            }
            Act::Send(messages) => {
                let mut sent = Ok(());
                for message in messages {
                    sent = socket.send(message).await;
                }
                sent
            }
            Act::Nothing => Ok(()),
            Act::Drop => return,
            Act::Hang => std::future::pending().await,
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Waits are short in tests, and nothing is tried again unless a test is about that.
pub fn options() -> Options {
    let mut options = Options::default();
    options.name = "test".to_owned();
    options.reconnect = Reconnect::Never;
    options.secrets.put(CredentialHandle(1), Secret::password(PASSWORD.to_owned()));
    options.limits.handshake = Duration::from_millis(1_500);
    options.limits.login = Duration::from_millis(1_500);
    options.limits.close = Duration::from_millis(500);
    options
}

pub fn open(options: Options) -> Line {
    Line::open(Machine::new(Config::live()), options).unwrap()
}

pub fn endpoint(addresses: &[String]) -> Endpoint {
    Endpoint {
        addresses: addresses.iter().map(|address| address.as_str().into()).collect(),
        login: "ivanov".into(),
        credential: Credential::Password(CredentialHandle(1)),
        workplace: None,
        expires: None,
    }
}

pub fn connect(url: &str) -> Command {
    Command::Connect(endpoint(&[url.to_owned()]))
}

pub fn is_done(result: &CommandResult) -> bool {
    matches!(result, CommandResult::Done { .. })
}

/// Connects a line that has no reason to fail.
pub async fn connected(url: &str, options: Options) -> Line {
    let line = open(options);
    let result = line.command(connect(url)).await.unwrap();
    assert!(is_done(&result), "{result:?}");
    line
}

/// Reads news until one is what is looked for; a test that waits in vain fails.
pub async fn until<T>(news: &mut NewsReader, mut find: impl FnMut(&News) -> Option<T>) -> T {
    let search = async {
        loop {
            let told = news.next().await.expect("the line ended").expect("news were missed");
            if let Some(found) = find(&told) {
                return found;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(90), search).await.expect("it never came")
}

pub async fn until_socket(news: &mut NewsReader) -> SocketError {
    until(news, |news| if let News::Socket { why, .. } = news { Some(why.clone()) } else { None }).await
}

pub async fn until_event(news: &mut NewsReader, is: impl Fn(&Event) -> bool) -> Event {
    until(news, |news| {
        let News::Told { events, .. } = news else { return None };
        events.iter().find(|event| is(event)).cloned()
    })
    .await
}

/// Waits until the view is so.
pub async fn until_view(line: &Line, mut is: impl FnMut(&View) -> bool) -> View {
    let mut view = line.watch().await.unwrap();
    let wait = tokio::time::timeout(Duration::from_secs(30), view.wait_for(|seen| is(seen)));
    wait.await.expect("it never came").unwrap().view.clone()
}

pub fn is_offline(view: &View) -> bool {
    view.connection == Connection::Offline
}

pub type Seen = Arc<Mutex<Vec<String>>>;

/// What a server that does everything right was asked, and with what.
pub async fn watched() -> (Pbx, Seen) {
    let seen = Seen::default();
    let kept = seen.clone();
    let pbx = Pbx::start(move |_, stream| {
        let seen = kept.clone();
        Box::pin(async move {
            let act = |method: &str, body: &Value| {
                seen.lock().unwrap().push(format!("{method} {body}"));
                answer(method, body)
            };
            speak(accept(stream).await, act).await;
        })
    })
    .await;
    (pbx, seen)
}
