//! What must be found nowhere. A program of its own: what is logged is remembered for all threads of one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::Write;
use std::sync::{Arc, Mutex};

use callfold_engine::Command;
use common::{PASSWORD, Pbx, SESSION, SIP, accept, connect, open, options, watched};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

/// Keeps all that is logged, by tracing and by `log`, at every level.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<Vec<u8>>>);

impl Everything {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Everything {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl log::Log for Everything {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("log {} {} {}\n", record.level(), record.target(), record.args());
        self.0.lock().unwrap().extend(line.as_bytes());
    }

    fn flush(&self) {}
}

#[test]
fn no_secret_name_or_number_is_in_any_log_error_or_debug_print() {
    let all = Everything::default();
    log::set_logger(Box::leak(Box::new(all.clone()))).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let writer = all.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // The runtime has no other thread than this.
    let printed = tracing::subscriber::with_default(subscriber, || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(a_life())
    });
    log::set_max_level(log::LevelFilter::Off);

    let logged = all.text();
    assert!(
        logged.contains("logged_in") && logged.contains("ended"),
        "the test sees what is logged:\n{logged}"
    );
    assert!(logged.contains("log DEBUG tungstenite"), "by the libraries too:\n{logged}");
    let digest = callfold_engine::wire::Request::Login { workplace: None, expires: None }
        .write_login("1", "x", &callfold_engine::wire::LoginSecret::from_password(PASSWORD))
        .unwrap();
    let digest: serde_json::Value = serde_json::from_str(&digest).unwrap();
    for canary in [
        PASSWORD,
        digest[1]["Password"].as_str().unwrap(),
        digest[1]["password"].as_str().unwrap(),
        SESSION,
        SIP,
        "79161234567",
        "Canary Name",
        "79990001122",
    ] {
        assert!(!logged.contains(canary), "{canary} in:\n{logged}");
        assert!(!printed.contains(canary), "{canary} in:\n{printed}");
    }
}

/// A line's life with everything secret in it; what it prints.
async fn a_life() -> String {
    let (pbx, _) = watched().await;
    let mut options = options();
    options.keep_session = Some(callfold_engine::CredentialHandle(7));
    let mut printed = format!("{options:?}");
    let line = open(options.clone());
    let mut news = line.news();
    let result = line.command(connect(&pbx.url())).await;
    let call =
        Command::Call { number: "79990001122".into(), sequence: callfold_engine::CallSequence::AgentFirst };
    let called = line.command(call).await;
    let barred = line.command(connect("ws://192.0.2.1:1")).await;
    printed += &format!("{line:?} {result:?} {called:?} {barred:?} {:?}", line.view().await);
    line.close().await.unwrap();
    while let Some(told) = news.next().await {
        printed += &format!("{told:?}");
    }
    // A server that says something secret where it should not, and breaks off.
    let bad = Pbx::start(|_, stream| {
        Box::pin(async move {
            let mut socket = accept(stream).await;
            let frame = format!("[\"login{PASSWORD}\u{1}\", {{\"sessionid\":\"{SESSION}\",");
            let sent = futures_util::SinkExt::send(&mut socket, Message::text(frame)).await;
            sent.unwrap();
            socket.get_mut().write_all(&[0xff; 64]).await.unwrap();
        })
    })
    .await;
    let line = open(options);
    let mut news = line.news();
    printed += &format!("{:?}", line.command(connect(&bad.url())).await);
    line.close().await.unwrap();
    while let Some(told) = news.next().await {
        printed += &format!("{told:?}");
    }
    printed
}
