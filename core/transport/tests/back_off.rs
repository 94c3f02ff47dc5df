//! Connecting again, in a time that is paused and runs ahead by itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use callfold_engine::{Command, Config, CtiConfig, ErrorCode, Event, Machine, ModelCommand, Timestamp};
use callfold_transport::{Line, News, Options, Reconnect, TokioClock};
use common::{connect, endpoint, is_done, open, options, until, until_event};
use tokio::time::Instant;

/// Nobody listens there, and says so at once.
const NOBODY: &str = "ws://127.0.0.1:1";

fn with_tokio_s_time() -> Options {
    let mut options = options();
    options.clock = Arc::new(TokioClock::starting_at(Timestamp::from_millis(1_768_197_600_000)));
    options.reconnect = Reconnect::default();
    options
}

#[tokio::test(start_paused = true)]
async fn the_waits_double_from_a_second_to_a_minute_with_chance_in_them() {
    let line = open(with_tokio_s_time());
    let mut news = line.news();
    let result = line.command(connect(NOBODY)).await.unwrap();
    assert!(!is_done(&result), "the first try has its result, whatever comes later");
    let mut last = Instant::now();
    for (number, longest) in [1_u64, 2, 4, 8, 16, 32, 60, 60, 60].into_iter().enumerate() {
        let (tries, after) = until(&mut news, |news| {
            if let News::Reconnecting { tries, after } = news { Some((*tries, *after)) } else { None }
        })
        .await;
        assert_eq!(usize::try_from(tries).unwrap(), number + 1);
        let longest = Duration::from_secs(longest);
        assert!(after >= longest / 2 && after <= longest, "try {tries}: {after:?}");

        until_event(&mut news, |event| matches!(event, Event::Connecting { .. })).await;
        let waited = last.elapsed();
        assert!(waited >= after && waited < after + Duration::from_millis(50), "{waited:?}, not {after:?}");
        let refused =
            |event: &Event| matches!(event, Event::ConnectFailed { code: ErrorCode::CannotConnect, .. });
        until_event(&mut news, refused).await;
        last = Instant::now();
    }
    // Told to leave it, it does.
    line.command(Command::Disconnect).await.unwrap();
    let mut news = line.news();
    let quiet = tokio::time::timeout(Duration::from_secs(600), async {
        loop {
            let told = news.next().await.unwrap().unwrap();
            assert!(!matches!(told, News::Reconnecting { .. }));
        }
    });
    quiet.await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn the_cti_model_connects_again_by_itself_and_is_not_doubled() {
    let machine = Machine::new(Config::live().with_cti(CtiConfig::default()));
    let line = Line::open(machine, with_tokio_s_time()).unwrap();
    let mut news = line.news();
    let connect = Command::Model(ModelCommand::Connect(endpoint(&[NOBODY.to_owned()])));
    assert!(!is_done(&line.command(connect).await.unwrap()));
    let mut times = Vec::new();
    while times.len() < 3 {
        let told = news.next().await.unwrap().unwrap();
        assert!(!matches!(told, News::Reconnecting { .. }), "the line leaves it to the model");
        if let News::Told { at, events, .. } = told
            && events.iter().any(|event| matches!(event, Event::Connecting { .. }))
        {
            times.push(at);
        }
    }
    for (number, pair) in times.windows(2).enumerate() {
        let due = callfold_engine::cti::reconnect_after(u8::try_from(number).unwrap()).unwrap();
        let waited = pair[1] - pair[0];
        assert!(waited >= due && waited.as_micros() < due.as_micros() + 50_000, "{waited} not {due}");
    }
}
