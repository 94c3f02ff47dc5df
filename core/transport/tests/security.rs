//! Certificates, hosts and plain sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::convert::Infallible;
use std::sync::Arc;

use callfold_engine::{Config, Effect, Event, Input, InputKind, Machine, SocketId, Timer, Timestamp, View};
use callfold_transport::{Error, Handle, Handled, Line, Options, Place, Plain, Routes, SocketError, Tls};
use common::{
    Act, Pbx, Seen, accept, answer, connect, connected, is_done, open, options, speak, try_accept,
    until_event, until_socket,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;

/// A server's certificate for `name`, and the PEM of the authority that signed it.
struct Papers {
    acceptor: TlsAcceptor,
    authority: String,
}

enum SignedBy {
    Authority,
    Itself,
}

fn papers(name: &str, signed_by: SignedBy) -> Papers {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let (certificate, authority) = match signed_by {
        SignedBy::Itself => {
            let certificate = params.self_signed(&key).unwrap();
            let pem = certificate.pem();
            (certificate, pem)
        }
        SignedBy::Authority => {
            let authority_key = KeyPair::generate().unwrap();
            let mut authority = CertificateParams::new(Vec::new()).unwrap();
            authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let pem = authority.self_signed(&authority_key).unwrap().pem();
            let issuer = Issuer::new(authority, authority_key);
            (params.signed_by(&key, &issuer).unwrap(), pem)
        }
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key.serialize_der().try_into().unwrap())
        .unwrap();
    Papers { acceptor: TlsAcceptor::from(Arc::new(config)), authority }
}

/// A server with TLS, and everything that was asked of it.
async fn secure(acceptor: TlsAcceptor) -> (Pbx, Seen) {
    let seen = Seen::default();
    let kept = seen.clone();
    let pbx = Pbx::start(move |_, stream| {
        let (seen, acceptor) = (kept.clone(), acceptor.clone());
        Box::pin(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let act = |method: &str, body: &_| {
                seen.lock().unwrap().push(method.to_owned());
                answer(method, body)
            };
            speak(accept(stream).await, act).await;
        })
    })
    .await;
    (pbx, seen)
}

fn trusting(authority: &str) -> Options {
    let mut options = options();
    options.tls = Tls::default().and_authority(authority.as_bytes()).unwrap();
    options
}

/// Connects to a server whose papers are bad, and says what is told of it.
async fn refused(pbx: &Pbx, seen: &Seen, host: &str, options: Options) -> String {
    let line = open(options);
    let mut news = line.news();
    let url = format!("wss://{host}:{}", pbx.at.port());
    assert!(!is_done(&line.command(connect(&url)).await.unwrap()));
    let why = until_socket(&mut news).await;
    assert!(seen.lock().unwrap().is_empty(), "nothing was said to it");
    line.close().await.unwrap();
    let SocketError::Tls { host: told, why } = why else { panic!("{why:?}") };
    assert_eq!(told, host);
    why
}

#[tokio::test]
async fn a_certificate_of_an_authority_that_was_given_is_accepted() {
    let papers = papers("localhost", SignedBy::Authority);
    let (pbx, _) = secure(papers.acceptor.clone()).await;
    let url = format!("wss://localhost:{}", pbx.at.port());
    let line = connected(&url, trusting(&papers.authority)).await;
    line.close().await.unwrap();
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    let papers = papers("localhost", SignedBy::Authority);
    let (pbx, seen) = secure(papers.acceptor.clone()).await;
    let other = self::papers("localhost", SignedBy::Authority);
    let why = refused(&pbx, &seen, "localhost", trusting(&other.authority)).await;
    assert!(why.contains("certificate"), "{why}");
    // The system does not know it either; where the system knows nobody, it says that.
    let why = refused(&pbx, &seen, "localhost", options()).await;
    assert!(why.contains("ertificate"), "{why}");
}

#[tokio::test]
async fn a_certificate_that_signed_itself_is_refused_unless_it_was_given() {
    let papers = papers("localhost", SignedBy::Itself);
    let (pbx, seen) = secure(papers.acceptor.clone()).await;
    let other = self::papers("localhost", SignedBy::Authority);
    refused(&pbx, &seen, "localhost", trusting(&other.authority)).await;
    let url = format!("wss://localhost:{}", pbx.at.port());
    connected(&url, trusting(&papers.authority)).await.close().await.unwrap();
}

#[tokio::test]
async fn a_certificate_for_another_host_is_refused() {
    let papers = papers("pbx.example", SignedBy::Authority);
    let (pbx, seen) = secure(papers.acceptor.clone()).await;
    for host in ["localhost", "127.0.0.1"] {
        let why = refused(&pbx, &seen, host, trusting(&papers.authority)).await;
        assert!(why.contains("not valid for name"), "{why}");
    }
}

#[tokio::test]
async fn a_route_changes_where_it_goes_and_not_whose_certificate_it_must_be() {
    let papers = papers("pbx.example", SignedBy::Authority);
    let (pbx, seen) = secure(papers.acceptor.clone()).await;
    let port = pbx.at.port();
    let routed = |host: &str| {
        let mut options = trusting(&papers.authority);
        options.routes = Routes::default().and(host, port, pbx.at);
        options
    };
    let why = refused(&pbx, &seen, "other.example", routed("other.example")).await;
    assert!(why.contains("not valid for name"), "{why}");
    let line = connected(&format!("wss://pbx.example:{port}"), routed("PBX.example")).await;
    line.close().await.unwrap();
}

#[tokio::test]
async fn plain_ws_to_a_host_with_a_route_to_this_machine_is_dialled() {
    let (pbx, _) = common::watched().await;
    let mut routed = options();
    routed.routes = Routes::default().and("pbx.example", 80, pbx.at);
    let line = connected("pbx.example", routed.clone()).await;
    line.close().await.unwrap();
    // 192.0.2.0/24 is nobody's, and not this machine's either.
    routed.routes = Routes::default().and("localhost", 80, "192.0.2.1:80".parse().unwrap());
    let error = open(routed).command(connect("localhost")).await.unwrap_err();
    assert!(matches!(error, Error::Socket(SocketError::PlainRefused { .. })), "{error:?}");
}

#[tokio::test]
async fn wss_never_becomes_ws() {
    // A server that speaks plain ws only, where wss was configured.
    let seen = Seen::default();
    let kept = seen.clone();
    let pbx = Pbx::start(move |_, stream| {
        let seen = kept.clone();
        Box::pin(async move {
            let Some(socket) = try_accept(stream).await else { return };
            let act = |method: &str, body: &_| {
                seen.lock().unwrap().push(method.to_owned());
                answer(method, body)
            };
            speak(socket, act).await;
        })
    })
    .await;
    refused(&pbx, &seen, "127.0.0.1", trusting(&papers("x", SignedBy::Authority).authority)).await;
}

#[tokio::test]
async fn plain_ws_to_another_machine_is_refused_with_its_reason() {
    let line = open(options());
    // 192.0.2.0/24 is nobody's: nothing would be reached, were it dialled.
    let error = line.command(connect("ws://192.0.2.1:4066")).await.unwrap_err();
    let Error::Socket(SocketError::PlainRefused { host }) = error else { panic!("{error:?}") };
    assert_eq!(host, "192.0.2.1");
    let error = line.command(connect("pbx.example")).await.unwrap_err();
    assert!(matches!(error, Error::Socket(SocketError::PlainRefused { .. })), "no scheme is ws");

    let mut allowed = options();
    allowed.plain = Plain::Anywhere;
    allowed.limits.handshake = std::time::Duration::from_millis(200);
    let line = open(allowed);
    let mut news = line.news();
    assert!(!is_done(&line.command(connect("ws://192.0.2.1:4066")).await.unwrap()));
    let why = until_socket(&mut news).await;
    assert!(
        matches!(why, SocketError::HandshakeTimeout { .. } | SocketError::Unreachable { .. }),
        "it was dialled: {why:?}"
    );
}

#[tokio::test]
async fn a_redirect_leads_to_wss_on_the_same_host_and_the_login_goes_nowhere_else() {
    let seen = Seen::default();
    let kept = seen.clone();
    let pbx = Pbx::start(move |_, stream| {
        let seen = kept.clone();
        Box::pin(async move {
            let act = |method: &str, body: &_| {
                seen.lock().unwrap().push(method.to_owned());
                let redirect =
                    json!(["websocketredirect", {"host": "evil.example", "url": "ws://evil.example"}]);
                if method == "ping" {
                    Act::Send(vec![Message::text(redirect.to_string())])
                } else {
                    answer(method, body)
                }
            };
            speak(accept(stream).await, act).await;
        })
    })
    .await;
    let line = open(options());
    let mut news = line.news();
    assert!(!is_done(&line.command(connect(&pbx.url())).await.unwrap()));
    let mut urls = Vec::new();
    for _ in 0..2 {
        let dialled = until_event(&mut news, |event| matches!(event, Event::Dialled { .. })).await;
        let Event::Dialled { url, .. } = dialled else { unreachable!() };
        urls.push(url.as_str().to_owned());
    }
    assert_eq!(urls, [pbx.url(), "wss://127.0.0.1:443".to_owned()]);
    assert_eq!(*seen.lock().unwrap(), ["ping"]);
}

/// A machine that, on the server's account, wants to dial elsewhere.
struct LedAstray {
    machine: Machine,
    url: &'static str,
}

impl Handle for LedAstray {
    type Error = Infallible;
    const PLACE: Place = Place::Here;

    fn handle(&mut self, inputs: &[Input<'_>]) -> Result<Vec<Handled>, Infallible> {
        let mut all = Handle::handle(&mut self.machine, inputs)?;
        for (input, handled) in inputs.iter().zip(&mut all) {
            if matches!(input.kind, InputKind::Frame { .. }) {
                handled.outcome.effects.push(Effect::Dial { socket: SocketId(77), url: self.url.into() });
            }
        }
        Ok(all)
    }

    fn poll_timeout(&self) -> Option<(Timestamp, Timer)> {
        self.machine.poll_timeout()
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

#[tokio::test]
async fn a_server_cannot_send_us_to_another_host_or_to_a_plain_socket() {
    for (url, host) in [
        ("wss://evil.example:443", "evil.example"),
        ("ws://evil.example:80", "evil.example"),
        ("ws://127.0.0.1:9", "127.0.0.1"),
    ] {
        let pbx = Pbx::good().await;
        let handle = LedAstray { machine: Machine::new(Config::live()), url };
        let line = Line::open(handle, options()).unwrap();
        let mut news = line.news();
        line.command(connect(&pbx.url())).await.unwrap();
        assert_eq!(until_socket(&mut news).await, SocketError::ForeignHost { host: host.to_owned() });
    }
}
