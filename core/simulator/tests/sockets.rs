//! The server as a client of any make meets it: subprotocol, login, loading, long answers, events, faults, TLS.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use callfold_engine::Span;
use callfold_simulator::{Account, Cut, Faults, OutsideState, Pbx, PbxBuilder, Simulator, StartError};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::{WebSocketStream, client_async};

/// MD5 of `Secret1` in windows-1251, computed apart from the simulator.
const SECRET1: &str = "d6cb2342e44efb6dd628276f36da2359";
const CUSTOMER: &str = "+79161234567";

fn layout() -> PbxBuilder {
    Pbx::builder()
        .user(Account::new("ivanov", "Secret1", "101").name("Иванов Иван"))
        .user(Account::new("petrova", "Secret2", "102").name("Петрова Анна").subordinate_of("ivanov"))
        .seed(1)
}

async fn start(layout: PbxBuilder, faults: Faults) -> Simulator {
    Simulator::builder(layout.build().unwrap()).faults(faults).start().await.unwrap()
}

fn upgrade(url: &str, subprotocol: Option<&'static str>) -> Request {
    let mut request = url.into_client_request().unwrap();
    if let Some(subprotocol) = subprotocol {
        request.headers_mut().insert("Sec-WebSocket-Protocol", subprotocol.parse().unwrap());
    }
    request
}

/// A client that knows nothing of the engine.
struct Client<S> {
    socket: WebSocketStream<S>,
    /// Events that came while an answer was awaited.
    events: Vec<(String, Value)>,
    asked: u32,
}

impl Client<TcpStream> {
    async fn connect(simulator: &Simulator) -> Self {
        let stream = TcpStream::connect(simulator.addr()).await.unwrap();
        let (socket, response) = client_async(upgrade(&simulator.url(), Some("json")), stream).await.unwrap();
        assert_eq!(response.headers()["Sec-WebSocket-Protocol"], "json");
        Self { socket, events: Vec::new(), asked: 0 }
    }

    async fn logged_in(simulator: &Simulator) -> Self {
        let mut client = Self::connect(simulator).await;
        assert_eq!(client.log_in().await["result"], 1);
        client
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// The next message; none when the connection is gone.
    async fn next(&mut self) -> Option<(String, Value)> {
        let message = tokio::time::timeout(Duration::from_secs(10), self.socket.next()).await.unwrap();
        match message {
            Some(Ok(Message::Text(text))) => Some(serde_json::from_str(text.as_str()).unwrap()),
            Some(Ok(_) | Err(_)) | None => None,
        }
    }

    async fn send(&mut self, method: &str, mut body: Value) -> String {
        self.asked += 1;
        let qid = format!("q{}", self.asked);
        body["qid"] = qid.clone().into();
        self.socket.send(Message::text(json!([method, body]).to_string())).await.unwrap();
        qid
    }

    /// The answer to a request, put together if it came in pieces.
    async fn ask(&mut self, method: &str, body: Value) -> Value {
        let qid = self.send(method, body).await;
        let mut pieces: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
        loop {
            let (mut name, mut body) =
                self.next().await.unwrap_or_else(|| panic!("cut while {method} was asked"));
            if name == "multipart" {
                let piece =
                    base64::engine::general_purpose::STANDARD.decode(body["content"].as_str().unwrap());
                pieces.insert(body["packetnumber"].as_u64().unwrap(), piece.unwrap());
                if pieces.len() as u64 != body["packetcount"].as_u64().unwrap() {
                    continue;
                }
                let whole: Vec<u8> = std::mem::take(&mut pieces).into_values().flatten().collect();
                (name, body) = serde_json::from_slice(&whole).unwrap();
            }
            if body["qid"] == qid {
                assert!(name == format!("{method}result") || name == "pong", "{name} answers {method}");
                return body;
            }
            self.events.push((name, body));
        }
    }

    async fn log_in(&mut self) -> Value {
        self.ask("login", json!({ "userlogin": "ivanov", "Password": SECRET1, "password": "", "showid": 1 }))
            .await
    }

    async fn event(&mut self, name: &str) -> Value {
        loop {
            if let Some(at) = self.events.iter().position(|(event, _)| event == name) {
                return self.events.remove(at).1;
            }
            let next = self.next().await.unwrap_or_else(|| panic!("cut before {name}"));
            self.events.push(next);
        }
    }
}

#[tokio::test]
async fn a_client_logs_in_and_loads() {
    let simulator = start(layout(), Faults::default()).await;
    let mut client = Client::connect(&simulator).await;
    assert_eq!(client.ask("ping", json!({})).await, json!({ "qid": "q1" }));
    // Nothing before the login.
    assert_eq!(client.ask("getmyuserinfo", json!({})).await["result"], 0);
    let login = client.log_in().await;
    assert_eq!(login["result"], 1);
    assert!(login["sessionid"].is_string() && login["userid"].is_string());
    let version = client.ask("getversion", json!({ "showalloweddbstoredprocs": 1 })).await;
    assert_eq!(version["version"]["dated"], 150_601);
    let info = client.ask("getmyuserinfo", json!({})).await;
    assert_eq!((&info["mainpbxnumber"], &info["username"]), (&json!("101"), &json!("Иванов Иван")));
    assert_eq!(client.ask("cc_getlunchtypes", json!({})).await["items"][0]["id"], 1);
    assert_eq!(client.ask("getuserstate", json!({})).await["userstateid"], 1);
    assert_eq!(client.ask("getredirectrules", json!({})).await["redirectrules"], json!([]));
    let numbers = client.ask("getpbxnumbers", json!({ "mode": "full" })).await;
    assert_eq!(numbers["numbers"][1]["number"], "102");
    let users = client.ask("getallusernumbers", json!({ "fillsubordinates": true })).await;
    assert_eq!((&users["users"][0]["sub"], &users["users"][1]["sub"]), (&Value::Null, &json!(true)));
    let picture = client.ask("getextendedlineinfo", json!({})).await;
    assert_eq!((&picture["linestatestr"], &picture["isflashing"]), (&json!("lsConnected"), &json!(false)));

    // Only what is subscribed is told.
    let subscribed = client.ask("subscribeevent", json!({ "eventmethod": ["phoneevent_ringstarted"] })).await;
    assert_eq!(subscribed["result"], 1);
    let customer = simulator.external_call(CUSTOMER, "101");
    let ring = client.event("phoneevent_ringstarted").await;
    assert_eq!((&ring["callerid"], &ring["isextline"]), (&json!(CUSTOMER), &json!(true)));
    assert!(client.events.is_empty());
    let picture = client.ask("getextendedlineinfo", json!({})).await;
    assert_eq!(picture["chainid"], ring["chainid"]);
    assert_eq!(picture["abonent"]["isringing"], true);
    assert_eq!(client.ask("pbxanswercall", json!({})).await["result"], 1);
    assert_eq!(simulator.outside(customer), OutsideState::Talking);

    // A goodbye is followed by the close.
    client.ask("logout", json!({})).await;
    assert_eq!(client.next().await, None);
    simulator.stop().await;
}

#[tokio::test]
async fn logins_are_refused_and_sessions_taken() {
    let simulator = start(layout(), Faults::default()).await;
    let mut client = Client::connect(&simulator).await;
    let wrong = client.ask("login", json!({ "userlogin": "ivanov", "Password": "0", "password": "0" })).await;
    assert_eq!((&wrong["result"], &wrong["errormsg"]), (&json!(0), &json!("Wrong login/pass combination")));
    let session = client.log_in().await["sessionid"].clone();
    drop(client);

    let mut client = Client::connect(&simulator).await;
    let login = json!({ "userlogin": "petrova", "sessionid": session });
    assert_eq!(client.ask("login", login).await["errormsg"], "Bad request. Invalid session user");
    let login = json!({ "userlogin": "ivanov", "sessionid": "no" });
    assert_eq!(client.ask("login", login).await["errormsg"], "Bad request. Session does not exist");
    let login = json!({ "userlogin": "ivanov", "sessionid": session });
    assert_eq!(client.ask("login", login.clone()).await["result"], 1);
    // The goodbye ends the session.
    client.ask("logout", json!({})).await;
    let mut client = Client::connect(&simulator).await;
    assert_eq!(client.ask("login", login).await["result"], 0);
}

#[tokio::test]
async fn two_clients_of_one_user_see_one_line() {
    let simulator = start(layout(), Faults::default()).await;
    let mut clients = [Client::logged_in(&simulator).await, Client::logged_in(&simulator).await];
    let events = ["phoneevent_ringstarted", "phoneevent_commstarted", "phoneevent_commstopped"];
    for client in &mut clients {
        client.ask("subscribeevent", json!({ "eventmethod": events })).await;
    }
    let customer = simulator.external_call(CUSTOMER, "101");
    let [one, two] = &mut clients;
    let rings = (one.event("phoneevent_ringstarted").await, two.event("phoneevent_ringstarted").await);
    assert_eq!(rings.0["chainid"], rings.1["chainid"]);
    // One of them answers, the other one hangs up: it is one phone.
    assert_eq!(one.ask("pbxanswercall", json!({})).await["result"], 1);
    two.event("phoneevent_commstarted").await;
    assert_eq!(two.ask("pbxabortcall", json!({})).await["result"], 1);
    one.event("phoneevent_commstopped").await;
    assert_eq!(simulator.outside(customer), OutsideState::Gone);
    // A goodbye of one leaves the other where it is.
    one.ask("logout", json!({})).await;
    assert_eq!(one.next().await, None);
    assert_eq!(two.ask("getextendedlineinfo", json!({})).await["linestatestr"], "lsConnected");
}

#[tokio::test]
async fn who_connects_without_tls_is_sent_to_the_secure_port() {
    let simulator = start(layout().redirects_to_wss(), Faults::default()).await;
    let mut client = Client::connect(&simulator).await;
    let qid = client.send("ping", json!({})).await;
    assert_eq!(client.next().await, Some(("websocketredirect".to_owned(), json!({ "qid": qid }))));

    let mut pbx = layout().redirects_to_wss().build().unwrap();
    let secure = pbx.connect_secure();
    pbx.request(callfold_engine::Timestamp::from_millis(1), secure, r#"["ping",{"qid":"1"}]"#);
    let told = callfold_simulator::Tell::Frame(r#"["pong",{"qid":"1"}]"#.to_owned());
    assert_eq!(pbx.take_told()[0].what, told);
}

#[tokio::test]
async fn a_session_from_before_is_good() {
    let layout = Pbx::builder().user(Account::new("ivanov", "Secret1", "101").session("from-before"));
    let simulator = start(layout, Faults::default()).await;
    let mut client = Client::connect(&simulator).await;
    let login = json!({ "userlogin": "ivanov", "sessionid": "from-before" });
    assert_eq!(client.ask("login", login).await["result"], 1);
}

#[tokio::test]
async fn the_subprotocol_is_json() {
    let simulator = start(layout(), Faults::default()).await;
    for offered in [None, Some("xml")] {
        let stream = TcpStream::connect(simulator.addr()).await.unwrap();
        assert!(client_async(upgrade(&simulator.url(), offered), stream).await.is_err(), "{offered:?}");
    }
    let stream = TcpStream::connect(simulator.addr()).await.unwrap();
    assert!(client_async(upgrade(&simulator.url(), Some("xml, json")), stream).await.is_ok());
}

#[tokio::test]
async fn long_answers_come_in_pieces() {
    let simulator = start(layout().longest_frame(64), Faults::default()).await;
    let mut client = Client::logged_in(&simulator).await;
    let users = client.ask("getallusernumbers", json!({})).await;
    assert_eq!(users["users"][1]["name"], "Петрова Анна");
}

#[tokio::test]
async fn a_cut_at_a_step_of_the_login_happens_once() {
    let cuts = vec![Cut::AtRequest("getversion".to_owned())];
    let simulator = start(layout(), Faults { cuts, ..Faults::default() }).await;
    let mut client = Client::logged_in(&simulator).await;
    client.send("getversion", json!({})).await;
    assert_eq!(client.next().await, None);
    let mut client = Client::logged_in(&simulator).await;
    assert_eq!(client.ask("getversion", json!({})).await["result"], 1);
}

#[tokio::test]
async fn messages_are_late_and_some_never_come() {
    let mut faults = Faults { latency: Span::from_millis(40), ..Faults::default() };
    faults.silent.insert("getversion".to_owned());
    let simulator = start(layout(), faults).await;
    let before = std::time::Instant::now();
    let mut client = Client::logged_in(&simulator).await;
    assert!(before.elapsed() >= Duration::from_millis(40));
    let unanswered = client.send("getversion", json!({})).await;
    client.ask("ping", json!({})).await;
    assert!(client.events.iter().all(|(_, body)| body["qid"] != unanswered));
}

#[tokio::test]
async fn connections_are_cut_and_frozen_on_demand() {
    let simulator = start(layout(), Faults::default()).await;
    let mut client = Client::logged_in(&simulator).await;
    assert_eq!((simulator.cut("101"), simulator.cut("102")), (1, 0));
    assert_eq!(client.next().await, None);
    let mut client = Client::logged_in(&simulator).await;
    assert_eq!(simulator.freeze("101"), 1);
    client.send("ping", json!({})).await;
    let silence = tokio::time::timeout(Duration::from_millis(200), client.socket.next()).await;
    assert!(silence.is_err(), "{silence:?}");
}

#[tokio::test]
async fn a_server_started_anew_knows_its_calls_but_not_its_clients() {
    let simulator = start(layout(), Faults::default()).await;
    let address = simulator.addr().to_string();
    let mut client = Client::logged_in(&simulator).await;
    let customer = simulator.external_call(CUSTOMER, "101");
    simulator.answer("101").unwrap();
    let pbx = simulator.stop().await;
    assert_eq!(client.next().await, None);
    let simulator = Simulator::builder(pbx).bind(&address).start().await.unwrap();
    assert_eq!(simulator.outside(customer), OutsideState::Talking);
    let mut client = Client::logged_in(&simulator).await;
    assert_eq!(client.ask("getextendedlineinfo", json!({})).await["linestatestr"], "lsCommutated");
}

#[tokio::test]
async fn what_is_due_happens_by_the_clock() {
    let simulator = start(layout().callback_after(Span::from_millis(50)), Faults::default()).await;
    let mut client = Client::logged_in(&simulator).await;
    client.ask("subscribeevent", json!({ "eventmethod": ["phoneevent_ringstarted"] })).await;
    client.ask("pbxautocallstart", json!({ "sequence": "user", "number": "102" })).await;
    client.event("phoneevent_ringstarted").await;
    let picture = client.ask("getextendedlineinfo", json!({})).await;
    assert_eq!(picture["abonent"]["direction"], "acm_callback");
}

#[tokio::test]
async fn wss_is_spoken_with_the_certificate_that_was_given() {
    let pair = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (pair.cert.pem(), pair.signing_key.serialize_pem());
    let serve = |certificate: &str| {
        Simulator::builder(layout().build().unwrap()).tls(certificate.as_bytes(), key.as_bytes()).start()
    };
    assert!(matches!(serve("no certificate").await, Err(StartError::Certificate(_))));
    let simulator = serve(&certificate).await.unwrap();
    assert!(simulator.url().starts_with("wss://"));

    let mut roots = RootCertStore::empty();
    roots.add(pair.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tls = TlsConnector::from(Arc::new(config));
    let dial = async |host: &'static str| {
        let stream = TcpStream::connect(simulator.addr()).await.unwrap();
        tls.connect(ServerName::try_from(host).unwrap(), stream).await
    };
    assert!(dial("elsewhere").await.is_err(), "the certificate is another host's");
    let stream = dial("localhost").await.unwrap();
    let (socket, _) = client_async(upgrade("wss://localhost", Some("json")), stream).await.unwrap();
    let mut client = Client { socket, events: Vec::new(), asked: 0 };
    assert_eq!(client.log_in().await["result"], 1);
}
