//! Servers and networks that misbehave. Each time it is told what happened, the line ends up offline and can be used
//! again, and nothing is waited for without end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use callfold_engine::{Command, Event, LineState};
use callfold_transport::{Line, Options, SocketError};
use common::{
    Act, Pbx, accept, answer, connect, connected, is_done, is_offline, open, options, speak, until_event,
    until_socket, until_view,
};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

/// Connects in vain, and says why the socket did not open or ended.
async fn fails(url: &str, options: Options) -> SocketError {
    let line = open(options);
    let mut news = line.news();
    let result = tokio::time::timeout(Duration::from_secs(30), line.command(connect(url)));
    let result = result.await.expect("waited without end").unwrap();
    assert!(!is_done(&result), "{result:?}");
    let why = until_socket(&mut news).await;
    until_view(&line, is_offline).await;
    line.close().await.unwrap();
    why
}

/// A server that logs everybody in, and after that writes bytes of a test's own, as they are.
async fn then_writes(bytes: Vec<u8>) -> Pbx {
    let bytes = Arc::new(bytes);
    Pbx::start(move |_, stream| {
        let bytes = bytes.clone();
        Box::pin(async move { log_in_and_write(stream, &bytes).await })
    })
    .await
}

async fn log_in_and_write(stream: TcpStream, bytes: &[u8]) {
    let mut socket = accept(stream).await;
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
        let method = frame[0].as_str().unwrap();
        if method == "triggercustomevent" {
            // It may be cut off in the middle.
            drop(socket.get_mut().write_all(bytes).await);
            continue;
        }
        let Act::Answer(mut body) = answer(method, &frame[1]) else { unreachable!() };
        body["qid"] = frame[1]["qid"].clone();
        let name = if method == "ping" { "pong" } else { "answer" };
        if socket.send(Message::text(json!([name, body]).to_string())).await.is_err() {
            return;
        }
    }
}

fn provoke() -> Command {
    Command::TriggerCustomEvent { name: "x".into(), recipients: None, data: None, send_back: false }
}

/// What becomes of a line whose server writes these bytes.
async fn ends(bytes: Vec<u8>, options: Options) -> SocketError {
    let pbx = then_writes(bytes).await;
    let line = connected(&pbx.url(), options).await;
    let mut news = line.news();
    assert!(!is_done(&line.command(provoke()).await.unwrap()), "a lost command is answered");
    let why = until_socket(&mut news).await;
    until_event(&mut news, |event| matches!(event, Event::Disconnected { .. })).await;
    assert!(is_offline(&line.view().await.unwrap()));
    why
}

#[tokio::test]
async fn nobody_there() {
    let why = fails("ws://127.0.0.1:1", options()).await;
    assert_eq!(
        why,
        SocketError::Unreachable { host: "127.0.0.1".to_owned(), kind: io::ErrorKind::ConnectionRefused }
    );
}

#[tokio::test]
async fn a_server_that_never_answers_the_handshake() {
    let pbx = Pbx::start(|_, stream| {
        Box::pin(async move {
            let _held = stream;
            std::future::pending::<()>().await;
        })
    })
    .await;
    let why = fails(&pbx.url(), options()).await;
    assert_eq!(why, SocketError::HandshakeTimeout { host: "127.0.0.1".to_owned() });
}

#[tokio::test]
async fn a_handshake_at_one_byte_a_second() {
    let pbx = Pbx::start(|_, mut stream| {
        Box::pin(async move {
            for byte in b"HTTP/1.1 101 Switching Protocols\r\n" {
                if stream.write_all(&[*byte]).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        })
    })
    .await;
    let why = fails(&pbx.url(), options()).await;
    assert_eq!(why, SocketError::HandshakeTimeout { host: "127.0.0.1".to_owned() });
}

#[tokio::test]
async fn no_websocket_there() {
    for answer in [
        "HTTP/1.1 302 Found\r\nLocation: ws://evil.example/\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "",
    ] {
        let pbx = Pbx::start(move |_, mut stream| {
            Box::pin(async move {
                let mut request = [0; 4096];
                assert!(stream.read(&mut request).await.unwrap() > 0);
                stream.write_all(answer.as_bytes()).await.unwrap();
            })
        })
        .await;
        let why = fails(&pbx.url(), options()).await;
        assert!(matches!(why, SocketError::NoWebSocket { .. }), "{answer:?}: {why:?}");
    }
}

#[tokio::test]
async fn dropped_at_every_step_of_login_and_loading() {
    for step in ["ping", "login", "getversion", "getmyuserinfo", "getpbxnumbers", "getallusernumbers"] {
        let pbx = Pbx::start(move |_, stream| {
            Box::pin(async move {
                let act =
                    |method: &str, body: &_| if method == step { Act::Drop } else { answer(method, body) };
                speak(accept(stream).await, act).await;
            })
        })
        .await;
        let why = fails(&pbx.url(), options()).await;
        assert!(matches!(why, SocketError::Cut { .. }), "{step}: {why:?}");
    }
}

#[tokio::test]
async fn hung_at_the_login() {
    let pbx = Pbx::start(|_, stream| {
        Box::pin(async move {
            let act =
                |method: &str, body: &_| if method == "login" { Act::Hang } else { answer(method, body) };
            speak(accept(stream).await, act).await;
        })
    })
    .await;
    assert_eq!(fails(&pbx.url(), options()).await, SocketError::LoginTimeout);
}

fn impatient() -> Options {
    let mut options = options();
    options.limits.ping_after = Duration::from_millis(200);
    options.limits.dead_after = Duration::from_millis(600);
    options
}

#[tokio::test]
async fn a_server_that_is_dead_is_found_by_its_silence() {
    let pbx = Pbx::start(|_, stream| {
        Box::pin(async move {
            let act = |method: &str, body: &_| {
                if method == "triggercustomevent" { Act::Hang } else { answer(method, body) }
            };
            speak(accept(stream).await, act).await;
        })
    })
    .await;
    let line = connected(&pbx.url(), impatient()).await;
    let mut news = line.news();
    assert!(!is_done(&line.command(provoke()).await.unwrap()));
    assert_eq!(until_socket(&mut news).await, SocketError::Silent);
    let view = until_view(&line, is_offline).await;
    assert!(
        view.stale_since.is_some() || view.line == LineState::Unknown,
        "what is not known is not claimed"
    );
}

#[tokio::test]
async fn a_server_that_only_answers_pings_is_alive() {
    let pings = Arc::new(AtomicUsize::new(0));
    let counted = pings.clone();
    let pbx = Pbx::start(move |_, stream| {
        let pings = counted.clone();
        Box::pin(async move {
            let mut socket = accept(stream).await;
            let mut loaded = false;
            while let Some(Ok(message)) = socket.next().await {
                if matches!(message, Message::Ping(_)) {
                    pings.fetch_add(1, Ordering::Relaxed);
                }
                // Loaded, it says nothing any more but what the library answers.
                let Message::Text(text) = message else { continue };
                let frame: serde_json::Value = serde_json::from_str(&text).unwrap();
                let method = frame[0].as_str().unwrap();
                loaded |= method == "httpresponsecopy" || text.contains("httpresponsecopy");
                if loaded {
                    continue;
                }
                let Act::Answer(mut body) = answer(method, &frame[1]) else { unreachable!() };
                body["qid"] = frame[1]["qid"].clone();
                socket.send(Message::text(json!(["answer", body]).to_string())).await.unwrap();
            }
        })
    })
    .await;
    let line = connected(&pbx.url(), impatient()).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(!is_offline(&line.view().await.unwrap()));
    assert!(pings.load(Ordering::Relaxed) >= 2);
}

#[tokio::test]
async fn a_frame_at_one_byte_a_second_is_not_heard() {
    let pbx = Pbx::start(|_, stream| {
        Box::pin(async move {
            let mut socket = accept(stream).await;
            // The head of a frame of 100 bytes, and then a byte now and then.
            socket.get_mut().write_all(&[0x81, 100]).await.unwrap();
            while socket.get_mut().write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
    })
    .await;
    assert_eq!(fails(&pbx.url(), impatient()).await, SocketError::Silent);
}

#[tokio::test]
async fn reset_in_the_middle_of_a_frame() {
    let pbx = Pbx::start(|_, stream| {
        Box::pin(async move {
            let mut socket = accept(stream).await;
            socket.get_mut().write_all(&[0x81, 100, b'[', b'"']).await.unwrap();
            // Closed with something unread: the other side gets a reset.
            socket.get_ref().set_zero_linger().unwrap();
        })
    })
    .await;
    assert!(matches!(fails(&pbx.url(), options()).await, SocketError::Cut { .. }));
}

#[tokio::test]
async fn text_that_is_not_utf_8() {
    assert_eq!(ends(vec![0x81, 4, b'[', 0xff, 0xfe, b']'], options()).await, SocketError::NotUtf8);
}

#[tokio::test]
async fn broken_rules_of_websockets() {
    for (what, bytes) in [
        ("a masked frame", vec![0x81, 0x81, 0, 0, 0, 0, b'x']),
        ("reserved bits", vec![0xf1, 1, b'x']),
        ("a reserved opcode", vec![0x83, 1, b'x']),
        ("nothing to continue", vec![0x80, 1, b'x']),
        ("a long ping", [&[0x89, 126, 1, 0][..], &[0; 256]].concat()),
        ("a ping in pieces", vec![0x09, 0]),
    ] {
        let why = ends(bytes, options()).await;
        assert!(matches!(why, SocketError::Protocol(_)), "{what}: {why:?}");
    }
}

/// A text frame's head for so many bytes.
fn head(first: u8, length: u64) -> Vec<u8> {
    [&[first, 127][..], &length.to_be_bytes()].concat()
}

#[tokio::test]
async fn messages_that_are_too_long() {
    assert_eq!(ends(head(0x81, u64::MAX >> 1), options()).await, SocketError::TooLong);
    assert_eq!(ends(head(0x81, 1024 * 1024 + 1), options()).await, SocketError::TooLong, "a frame");
    let mut message = Vec::new();
    for number in 0..5 {
        message.extend(head(if number == 0 { 0x01 } else { 0x00 }, 1024 * 1024));
        message.extend(vec![b' '; 1024 * 1024]);
    }
    assert_eq!(ends(message, options()).await, SocketError::TooLong, "a message");
}

#[tokio::test]
async fn two_million_empty_pieces() {
    let mut bytes = vec![0x01, 0];
    bytes.extend([0x00, 0x00].repeat(2_000_000));
    assert_eq!(ends(bytes, options()).await, SocketError::TooManyFrames);
}

#[tokio::test]
async fn the_longest_message_that_is_allowed_is_read() {
    let rest = "x".repeat(4 * 1024 * 1024 - r#"["new",{"a":""}]"#.len());
    let text = format!(r#"["new",{{"a":"{rest}"}}]"#);
    let mut bytes = Vec::new();
    let pieces: Vec<_> = text.as_bytes().chunks(1024 * 1024).collect();
    for (number, piece) in pieces.iter().enumerate() {
        let last = if number + 1 == pieces.len() { 0x80 } else { 0 };
        bytes.extend(head(last | u8::from(number == 0), piece.len() as u64));
        bytes.extend(*piece);
    }
    let pbx = then_writes(bytes).await;
    let line = connected(&pbx.url(), options()).await;
    let mut news = line.news();
    let waiting = tokio::spawn(async move { line.command(provoke()).await });
    until_event(&mut news, |event| matches!(event, Event::UnknownEvent { .. })).await;
    waiting.abort();
}

#[tokio::test]
async fn unknown_frames_and_binary_ones_do_no_harm() {
    let mut bytes = Vec::new();
    for text in ["", "{}", "[", r#"["brandnew",{"qid":"x"}]"#, r#"["ringname",{}]"#] {
        bytes.extend([0x81, u8::try_from(text.len()).unwrap()]);
        bytes.extend(text.as_bytes());
    }
    bytes.extend([0x82, 2, 0, 0xff]);
    let pbx = then_writes(bytes).await;
    let line = connected(&pbx.url(), options()).await;
    let mut news = line.news();
    let waiting = tokio::spawn({
        let line: Line = line.clone();
        async move { line.command(provoke()).await }
    });
    for _ in 0..4 {
        until_event(&mut news, |event| {
            matches!(event, Event::FrameUnreadable { .. } | Event::UnknownEvent { .. })
        })
        .await;
    }
    assert!(!is_offline(&line.view().await.unwrap()));
    waiting.abort();
}

#[tokio::test]
async fn a_flood_is_handled_to_its_last_frame() {
    const FRAMES: usize = 50_000;
    let mut bytes = Vec::new();
    for _ in 0..FRAMES {
        let text = r#"["flood",{}]"#;
        bytes.extend([0x81, u8::try_from(text.len()).unwrap()]);
        bytes.extend(text.as_bytes());
        bytes.extend([0x89, 0]); // and a ping, to be answered
    }
    let pbx = then_writes(bytes).await;
    let mut options = options();
    options.news = FRAMES * 2;
    let line = connected(&pbx.url(), options).await;
    let mut news = line.news();
    let waiting = tokio::spawn(async move { line.command(provoke()).await });
    for _ in 0..FRAMES {
        until_event(&mut news, |event| matches!(event, Event::UnknownEvent { .. })).await;
    }
    waiting.abort();
}

#[tokio::test]
async fn a_server_that_reads_nothing_is_let_go() {
    let pbx = Pbx::start(|_, stream| {
        Box::pin(async move {
            let act = |method: &str, body: &_| {
                if method == "triggercustomevent" { Act::Hang } else { answer(method, body) }
            };
            speak(accept(stream).await, act).await;
        })
    })
    .await;
    let mut options = options();
    options.limits.write = Duration::from_millis(500);
    let line = connected(&pbx.url(), options).await;
    let mut news = line.news();
    // More than the system keeps for a socket.
    let big = callfold_engine::JsonText::new(&format!("\"{}\"", "x".repeat(512 * 1024)));
    for _ in 0..40 {
        let line = line.clone();
        let data = Some(big.clone());
        tokio::spawn(async move {
            let much =
                Command::TriggerCustomEvent { name: "x".into(), recipients: None, data, send_back: false };
            line.command(much).await
        });
    }
    assert_eq!(until_socket(&mut news).await, SocketError::NotReading);
    until_view(&line, is_offline).await;
}

#[tokio::test]
async fn a_server_that_closes_says_so() {
    let pbx = Pbx::start(|_, stream| {
        Box::pin(async move {
            let act = |method: &str, body: &_| {
                if method == "triggercustomevent" {
                    Act::Send(vec![Message::Close(None)])
                } else {
                    answer(method, body)
                }
            };
            speak(accept(stream).await, act).await;
        })
    })
    .await;
    let line = connected(&pbx.url(), options()).await;
    let mut news = line.news();
    assert!(!is_done(&line.command(provoke()).await.unwrap()));
    assert_eq!(until_socket(&mut news).await, SocketError::Closed { code: None });
}

#[tokio::test]
async fn a_server_that_does_not_close_is_not_waited_for() {
    let pbx = Pbx::start(|_, stream| {
        Box::pin(async move {
            let act =
                |method: &str, body: &_| if method == "logout" { Act::Hang } else { answer(method, body) };
            speak(accept(stream).await, act).await;
        })
    })
    .await;
    let line = connected(&pbx.url(), options()).await;
    let mut news = line.news();
    tokio::time::timeout(Duration::from_secs(5), line.close()).await.unwrap().unwrap();
    assert_eq!(until_socket(&mut news).await, SocketError::CloseTimeout);
    until_event(&mut news, |event| matches!(event, Event::Disconnected { .. })).await;
}
