//! A line that works: connected, commanded, watched, lost and found again, closed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::time::Duration;

use callfold_engine::wire::FrameText;
use callfold_engine::{
    CallSequence, Command, Config, Connection, Credential, CredentialHandle, Endpoint, Event, Input,
    InputKind, Machine, Outcome, SocketId, Timestamp,
};
use callfold_transport::{Error, Line, News, Reconnect};
use common::{
    Act, PASSWORD, Pbx, SESSION, accept, answer, connect, connected, endpoint, is_done, is_offline, open,
    options, speak, until, until_event, until_view, watched,
};
use serde_json::json;

#[tokio::test]
async fn a_line_connects_logs_in_loads_and_says_goodbye() {
    let (pbx, seen) = watched().await;
    let line = connected(&pbx.url(), options()).await;
    let view = line.view().await.unwrap();
    assert_eq!(view.connection, Connection::Connected);
    assert_eq!(view.agent.number.as_ref().unwrap().as_str(), "79161234567");
    line.close().await.unwrap();
    line.ended().await.unwrap();

    let seen = seen.lock().unwrap().clone();
    let methods: Vec<_> = seen.iter().map(|seen| seen.split(' ').next().unwrap()).collect();
    assert_eq!(methods[..2], ["ping", "login"]);
    assert!(methods.contains(&"getallusernumbers") && methods.contains(&"logout"), "{methods:?}");
    assert!(
        !seen[1].contains(PASSWORD) && seen[1].contains("\"Password\":"),
        "the digest is sent, not the password"
    );
}

#[tokio::test]
async fn the_first_of_several_addresses_wins_and_the_others_are_closed() {
    let pbx = Pbx::good().await;
    let hung = Pbx::start(|_, stream| {
        Box::pin(async move {
            let _held = stream;
            std::future::pending::<()>().await;
        })
    })
    .await;
    let line = open(options());
    let addresses = [hung.url(), "ws://127.0.0.1:1".to_owned(), pbx.url()];
    assert!(is_done(&line.command(Command::Connect(endpoint(&addresses))).await.unwrap()));
    line.close().await.unwrap();
}

#[tokio::test]
async fn commands_have_their_own_results() {
    let pbx = Pbx::good().await;
    let line = connected(&pbx.url(), options()).await;
    let done = |name: &str| Command::TriggerCustomEvent {
        name: name.into(),
        recipients: None,
        data: None,
        send_back: false,
    };
    let (first, second, third) =
        tokio::join!(line.command(done("a")), line.command(Command::Dtmf), line.command(done("b")));
    assert!(is_done(&first.unwrap()) && is_done(&third.unwrap()));
    assert!(!is_done(&second.unwrap()), "the soft phone is refused");
}

#[tokio::test]
async fn a_command_whose_future_is_dropped_takes_its_course() {
    let pbx = Pbx::start(|_, stream| {
        Box::pin(async move {
            let act = |method: &str, body: &_| {
                if method == "triggercustomevent" { Act::Nothing } else { answer(method, body) }
            };
            speak(accept(stream).await, act).await;
        })
    })
    .await;
    let line = connected(&pbx.url(), options()).await;
    let mut news = line.news();
    let never =
        Command::TriggerCustomEvent { name: "x".into(), recipients: None, data: None, send_back: false };
    tokio::time::timeout(Duration::from_millis(100), line.command(never)).await.unwrap_err();
    until_event(&mut news, |event| matches!(event, Event::RequestSent { .. })).await;
    assert!(!is_done(&line.command(Command::Dtmf).await.unwrap()), "and the next has its result");
    line.close().await.unwrap();
}

#[tokio::test]
async fn a_lost_connection_is_made_again() {
    let pbx = Pbx::start(|number, stream| {
        Box::pin(async move {
            let act = |method: &str, body: &_| match (number, method) {
                (0, "triggercustomevent") => Act::Drop,
                _ => answer(method, body),
            };
            speak(accept(stream).await, act).await;
        })
    })
    .await;
    let mut options = options();
    options.reconnect =
        Reconnect::BackOff { first: Duration::from_millis(20), longest: Duration::from_millis(100) };
    let line = connected(&pbx.url(), options).await;
    let mut news = line.news();
    let lost =
        Command::TriggerCustomEvent { name: "x".into(), recipients: None, data: None, send_back: false };
    assert!(!is_done(&line.command(lost).await.unwrap()));
    until_event(&mut news, |event| matches!(event, Event::Disconnected { .. })).await;
    let tries =
        until(
            &mut news,
            |news| {
                if let News::Reconnecting { tries, .. } = news { Some(*tries) } else { None }
            },
        );
    assert_eq!(tries.await, 1);
    until_event(&mut news, |event| matches!(event, Event::Connected)).await;

    // And not after the application said goodbye.
    assert!(is_done(&line.command(Command::Disconnect).await.unwrap()));
    until_view(&line, is_offline).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(is_offline(&line.view().await.unwrap()));
}

#[tokio::test]
async fn limits_without_end_are_no_harm() {
    let (pbx, _) = watched().await;
    let mut options = options();
    let limits = &mut options.limits;
    for limit in [&mut limits.login, &mut limits.ping_after, &mut limits.dead_after, &mut limits.write] {
        *limit = Duration::MAX;
    }
    limits.handshake = Duration::MAX;
    limits.close = Duration::MAX;
    let line = connected(&pbx.url(), options).await;
    line.close().await.unwrap();
}

#[tokio::test]
async fn a_server_that_drops_whoever_it_let_in_is_not_hurried() {
    let pbx = Pbx::start(|_, stream| {
        Box::pin(async move {
            let act = |method: &str, body: &serde_json::Value| match method {
                "subscribeevent" if body.to_string().contains("httpresponsecopy") => Act::Drop,
                _ => answer(method, body),
            };
            speak(accept(stream).await, act).await;
        })
    })
    .await;
    let mut options = options();
    options.reconnect =
        Reconnect::BackOff { first: Duration::from_millis(20), longest: Duration::from_secs(30) };
    let line = open(options);
    let mut news = line.news();
    assert!(is_done(&line.command(connect(&pbx.url())).await.unwrap()), "it does let us in");
    for number in 1..=4 {
        let tries =
            until(
                &mut news,
                |news| {
                    if let News::Reconnecting { tries, .. } = news { Some(*tries) } else { None }
                },
            );
        assert_eq!(tries.await, number, "each wait is longer");
    }
}

#[tokio::test]
async fn an_address_that_may_not_be_dialled_does_not_hide_what_the_others_say() {
    let both = |other: &str| {
        let Command::Connect(mut endpoint) = connect("ws://192.0.2.1:9") else { panic!() };
        endpoint.addresses.push(other.into());
        Command::Connect(endpoint)
    };
    let (pbx, _) = watched().await;
    let line = open(options());
    assert!(is_done(&line.command(both(&pbx.url())).await.unwrap()), "one is enough");
    line.close().await.unwrap();
    // The other is down for now: that is what is told, and it is tried again.
    let mut patient = options();
    patient.reconnect = Reconnect::default();
    let line = open(patient);
    let mut news = line.news();
    let result = line.command(both("ws://127.0.0.1:1")).await;
    assert!(matches!(result, Ok(ref result) if !is_done(result)), "{result:?}");
    let again = async {
        while let Some(told) = news.next().await {
            if matches!(told.unwrap(), News::Reconnecting { .. }) {
                return true;
            }
        }
        false
    };
    assert!(tokio::time::timeout(Duration::from_secs(30), again).await.unwrap());
}

#[tokio::test]
async fn a_wrong_password_is_not_tried_again() {
    let pbx = Pbx::start(|_, stream| {
        Box::pin(async move {
            let act = |method: &str, body: &_| match method {
                "login" => Act::Answer(json!({"result": 0, "errormsg": "Wrong login/pass combination"})),
                _ => answer(method, body),
            };
            speak(accept(stream).await, act).await;
        })
    })
    .await;
    let mut options = options();
    options.reconnect =
        Reconnect::BackOff { first: Duration::from_millis(1), longest: Duration::from_millis(1) };
    let line = open(options);
    let mut news = line.news();
    assert!(!is_done(&line.command(connect(&pbx.url())).await.unwrap()));
    until_view(&line, is_offline).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    line.close().await.unwrap();
    while let Some(told) = news.next().await {
        assert!(!matches!(told.unwrap(), News::Reconnecting { .. }));
    }
}

#[tokio::test]
async fn a_session_that_was_kept_logs_in_again() {
    let (pbx, seen) = watched().await;
    let mut options = options();
    options.keep_session = Some(CredentialHandle(7));
    let line = connected(&pbx.url(), options).await;
    line.command(Command::Disconnect).await.unwrap();
    until_view(&line, is_offline).await;
    let again = Endpoint { credential: Credential::Session(CredentialHandle(7)), ..endpoint(&[pbx.url()]) };
    assert!(is_done(&line.command(Command::Connect(again)).await.unwrap()));
    let seen = seen.lock().unwrap();
    let login = seen.iter().rfind(|seen| seen.starts_with("login")).unwrap();
    assert!(login.contains(SESSION) && !login.contains("assword"));
}

#[tokio::test]
async fn a_secret_that_is_missing_is_told_before_anything_is_dialled() {
    let (pbx, seen) = watched().await;
    let line = open(options());
    let unknown =
        Endpoint { credential: Credential::Password(CredentialHandle(9)), ..endpoint(&[pbx.url()]) };
    let error = line.command(Command::Connect(unknown)).await.unwrap_err();
    assert!(matches!(error, Error::NoSecret(CredentialHandle(9))));
    line.close().await.unwrap();
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_told_so() {
    let pbx = Pbx::good().await;
    let mut options = options();
    options.news = 4;
    let line = open(options);
    let mut news = line.news();
    line.command(connect(&pbx.url())).await.unwrap();
    assert!(matches!(news.next().await.unwrap().unwrap_err(), Error::Missed(missed) if missed > 0));
    assert!(news.next().await.unwrap().is_ok(), "and goes on");
}

#[tokio::test]
async fn a_closed_line_takes_no_commands() {
    let pbx = Pbx::good().await;
    let line = connected(&pbx.url(), options()).await;
    let call = Command::Call { number: "102".into(), sequence: CallSequence::AgentFirst };
    line.close().await.unwrap();
    assert!(matches!(line.command(call).await.unwrap_err(), Error::Closed));
    line.close().await.unwrap();
    assert!(line.news().next().await.is_none());
}

#[tokio::test]
async fn dropping_the_last_clone_says_goodbye() {
    let (pbx, seen) = watched().await;
    let line = connected(&pbx.url(), options()).await;
    let mut news = line.news();
    drop(line);
    until_event(&mut news, |event| matches!(event, Event::Disconnected { .. })).await;
    while news.next().await.is_some() {}
    assert!(seen.lock().unwrap().iter().any(|seen| seen.starts_with("logout")));
}

#[tokio::test]
async fn a_machine_that_was_brought_back_knows_that_its_sockets_are_gone() {
    let (pbx, seen) = watched().await;
    // In the middle of a connection, as a recorder finds it after a crash.
    let mut machine = Machine::new(Config::live());
    let mut outcome = Outcome::default();
    let (opened, pong) = (InputKind::Opened(SocketId(1)), r#"["pong",{"qid":"1"}]"#);
    let pong = InputKind::Frame { socket: SocketId(1), text: FrameText::from_wire(pong).0 };
    let login = r#"["loginresult",{"qid":"2","result":1,"userid":"u"}]"#;
    let login = InputKind::Frame { socket: SocketId(1), text: FrameText::from_wire(login).0 };
    for kind in [InputKind::Command(connect("ws://127.0.0.1:1")), opened, pong, login] {
        machine.handle(&Input { at: Timestamp::from_millis(1), kind }, &mut outcome);
    }
    assert_eq!(machine.view().connection, Connection::Loading);

    let line = Line::open(machine, options()).unwrap();
    let mut news = line.news();
    until_event(&mut news, |event| matches!(event, Event::Disconnected { .. })).await;
    assert!(is_offline(&line.view().await.unwrap()) && seen.lock().unwrap().is_empty());
    assert!(is_done(&line.command(connect(&pbx.url())).await.unwrap()));
}

#[test]
fn a_line_needs_a_runtime() {
    let error = Line::open(Machine::new(Config::live()), options()).unwrap_err();
    assert!(matches!(error, Error::NoRuntime));
}
