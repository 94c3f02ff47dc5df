//! All that came is in the log, in order, and what follows from it is what the line showed.

use callfold::live::{LineWatch, News};
use callfold::log::CallQuery;
use callfold::{CallSequence, Command, LineState, Span};
use callfold_simulator::OutsideState;

use crate::floor::{Agent, CUSTOMER, PATIENCE, Store, at_the_end, frames, now, server, whole};

fn numbered(number: usize) -> String {
    format!(r#"["customevent",{{"qid":"e{number}","eventname":"number","eventparam":"{number}"}}]"#)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_frame_is_in_the_log_once_and_in_order() {
    const MANY: usize = 5_000;
    let (store, pbx) = (Store::new(), server().await);
    let log = store.open();
    let agent = Agent::connected(&log, &pbx.url(), "ivanov", "ivanov").await;
    for number in 0..MANY {
        assert_eq!(pbx.say("101", &numbered(number)), 1);
    }
    agent.line.close().await.unwrap();

    let records = whole(&log, agent.stream);
    let all = frames(&records);
    let said: Vec<_> = all.iter().filter(|text| text.contains(r#""eventname":"number""#)).collect();
    assert_eq!(said.len(), MANY);
    for (number, text) in said.into_iter().enumerate() {
        assert_eq!(*text, numbered(number), "in order");
    }
    let times: Vec<_> = records.iter().map(|record| record.record.input.at).collect();
    assert!(times.is_sorted());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_live_is_what_the_log_says_afterwards() {
    let (store, pbx) = (Store::new(), server().await);
    let log = store.open();
    let mut agent = Agent::open(&log, &pbx.url(), "ivanov", "ivanov").await;
    // Begun before anything happened, and told everything since.
    let mut watch = LineWatch::from_log(&log, agent.stream, now(), Span::ZERO).unwrap();
    assert!(agent.connect().await.is_done());

    let call = Command::Call { number: CUSTOMER.into(), sequence: CallSequence::AgentFirst };
    assert!(agent.line.command(call).await.unwrap().is_done());
    agent.sees("the phone ring", |view| view.line == LineState::BackRing).await;
    pbx.answer("101").unwrap();
    agent.sees("a call", |view| view.line == LineState::Call).await;
    let customer = pbx.find_outside(CUSTOMER).unwrap();
    while pbx.outside(customer) != OutsideState::Ringing {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    pbx.answer(customer).unwrap();
    agent.sees("a talk", |view| view.line == LineState::Talk).await;
    assert!(agent.line.command(Command::Hold).await.unwrap().is_done());
    let view = agent.sees("a hold", |view| view.held.is_some()).await;
    agent.line.close().await.unwrap();

    let mut seqs = Vec::new();
    while let Some(news) = tokio::time::timeout(PATIENCE, agent.news.next()).await.unwrap() {
        if let News::Told { at, seq, events, .. } = news.unwrap() {
            seqs.extend(seq);
            watch.record(seq.unwrap(), at, &events);
        }
    }
    assert!(seqs.is_sorted() && seqs.len() > 30, "every record has its number");
    assert!(view.held.is_some());
    let told = log.told(agent.stream, 1).map(Result::unwrap).filter(|told| !told.events.is_empty());
    assert_eq!(told.map(|told| told.seq).collect::<Vec<_>>(), seqs);

    let after = at_the_end(&log, agent.stream);
    let (live, read) = (watch.row(now()), after.row(now()));
    assert_eq!(watch.view(), after.view());
    assert_eq!((live.line, &live.held, live.today), (read.line, &read.held, read.today));

    let calls = log.calls(&CallQuery::default()).unwrap();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!((calls[0].call.holds.len(), calls[0].call.callback), (1, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorder_that_was_killed_goes_on_and_its_gap_is_unknown_time() {
    let (store, pbx) = (Store::new(), server().await);
    let before = {
        // A process of its own: it ends in the middle of a talk, without a goodbye.
        let (path, url) = (store.open(), pbx.url());
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let agent = runtime.spawn(async move { Agent::connected(&path, &url, "ivanov", "ivanov").await });
        let agent = agent.await.unwrap();
        let customer = pbx.external_call(CUSTOMER, "101");
        agent.sees("the phone ring", |view| view.line == LineState::Ring).await;
        pbx.answer("101").unwrap();
        agent.sees("a talk", |view| view.line == LineState::Talk).await;
        assert_eq!(pbx.outside(customer), OutsideState::Talking);
        let stream = agent.stream;
        tokio::task::spawn_blocking(move || runtime.shutdown_timeout(PATIENCE)).await.unwrap();
        stream
    };
    // Nobody records for a while.
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let log = store.open();
    let killed = log.stream("ivanov").unwrap();
    assert_eq!(at_the_end(&log, before).row(now()).line, LineState::Talk, "the log knows no better yet");

    let agent = Agent::open(&log, &pbx.url(), "ivanov", "ivanov").await;
    assert_eq!(agent.stream, before, "the stream goes on");
    let view = agent.sees("that its sockets are gone", |view| view.stale_since.is_some()).await;
    assert_eq!(view.line, LineState::Talk, "as it was then");
    assert!(agent.connect().await.is_done());
    let view = agent.sees("the talk, which went on", crate::floor::is_back).await;
    assert_eq!(view.line, LineState::Talk);
    agent.line.close().await.unwrap();

    let records = whole(&log, agent.stream);
    let first = &records[usize::try_from(killed.head.seq).unwrap()];
    assert!(matches!(first.record.input.kind, callfold::InputKind::Closed(_)), "{:?}", first.record.input);
    let calls = log.calls(&CallQuery::default()).unwrap();
    assert_eq!(calls.len(), 1, "one call, before and after");
    let gaps = &calls[0].call.gaps;
    assert!(gaps[0].to.is_some(), "the gap between the two: {gaps:?}");
    assert_eq!(gaps.len(), 2, "and what came after the goodbye in a talk is not known either: {gaps:?}");
    let gap = log.time(agent.stream).unwrap().totals().of(callfold::calls::TimeKind::Unknown);
    assert!(gap >= Span::from_millis(1_500), "the gap begins where the log stopped: {gap}");
    assert!(calls[0].call.talk() < Span::from_millis(1_500), "{}", calls[0].call.talk());
    assert_eq!(first.record.input.at, killed.head.at.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_one_line_s_only() {
    let (store, pbx) = (Store::new(), server().await);
    let log = store.open();
    let first = Agent::open(&log, &pbx.url(), "ivanov", "line").await;
    first.line.close().await.unwrap();
    let info = callfold::log::StreamInfo::new("line", callfold::Config::live(), now()).of("petrova", "pbx");
    let error = callfold::live::record(&log, info, Default::default()).await.unwrap_err();
    assert!(matches!(error, callfold::live::RecordError::AnotherLine { .. }), "{error}");
    assert!(error.to_string().contains("line"));
}
