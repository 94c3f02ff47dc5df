//! What goes wrong around a recorder: nothing that was received is lost, and the log says what is not known.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use callfold::live::LineError;
use callfold::log::{CallQuery, LogStore, MemoryStore};
use callfold::record::Hash;
use callfold::{AgentState, Command, Event, LineState, Span, Timestamp};
use callfold_simulator::{OutsideState, Simulator};
use callfold_store::{Append, Block, Derived, DerivedChange, Keys, StoreError, StreamHead, StreamId};

use crate::floor::{Agent, CUSTOMER, Store, frames, is_back, over, server, whole};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_is_started_anew_in_a_talk() {
    let (store, pbx) = (Store::new(), server().await);
    let (log, address) = (store.open(), pbx.addr().to_string());
    let mut agent = Agent::connected(&log, &pbx.url(), "ivanov", "ivanov").await;
    let customer = pbx.external_call(CUSTOMER, "101");
    pbx.answer("101").unwrap();
    agent.sees("a talk", |view| view.line == LineState::Talk).await;

    let stopped = pbx.stop().await;
    agent.hears("that nothing is known", |event| matches!(event, Event::LineWentStale { .. })).await;
    let pbx = Simulator::builder(stopped).bind(&address).start().await.unwrap();
    let view = agent.sees("the server again", is_back).await;
    assert_eq!(view.line, LineState::Talk, "the talk went on without us");
    pbx.hang_up(customer).unwrap();
    agent.sees("a free line", |view| view.line == LineState::Ready).await;
    agent.line.close().await.unwrap();

    whole(&log, agent.stream);
    let calls = log.calls(&CallQuery::default()).unwrap();
    assert_eq!((calls.len(), calls[0].call.gaps.len()), (1, 1), "{calls:?}");
    let unknown = log.time(agent.stream).unwrap().totals().of(callfold::calls::TimeKind::Unknown);
    assert!(unknown > Span::ZERO, "nobody talks because a socket died");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_logins_of_one_agent_see_one_line() {
    let (store, pbx) = (Store::new(), server().await);
    let log = store.open();
    let one = Agent::connected(&log, &pbx.url(), "ivanov", "at the desk").await;
    let two = Agent::connected(&log, &pbx.url(), "ivanov", "on the phone").await;
    let customer = pbx.external_call(CUSTOMER, "101");
    for agent in [&one, &two] {
        agent.sees("the phone ring", |view| view.line == LineState::Ring).await;
    }
    pbx.answer("101").unwrap();
    for agent in [&one, &two] {
        agent.sees("a talk", |view| view.line == LineState::Talk).await;
    }
    // One works the line, the other sees it.
    assert!(two.line.command(Command::Hold).await.unwrap().is_done());
    one.sees("the hold", |view| view.held.is_some()).await;
    pbx.hang_up(customer).unwrap();
    for agent in [&one, &two] {
        agent.sees("a free line", |view| view.line == LineState::Ready && view.held.is_none()).await;
    }
    // The one that leaves takes nothing from the other.
    two.line.close().await.unwrap();
    let status = Command::SetUserStatus { status: "break".into(), reason: None };
    assert!(one.line.command(status).await.unwrap().is_done());
    one.sees("a break", |view| view.agent.state == AgentState::Break).await;
    one.line.close().await.unwrap();
    for agent in [&one, &two] {
        whole(&log, agent.stream);
    }
    let calls = log.calls(&CallQuery::default()).unwrap();
    assert_eq!(calls.len(), 2, "each stream has it");
    assert_eq!(calls[0].call.id, calls[1].call.id, "and it is the same chain");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_frames_and_bombs_are_recorded_and_do_no_harm() {
    let (store, pbx) = (Store::new(), server().await);
    let log = store.open();
    let agent = Agent::connected(&log, &pbx.url(), "ivanov", "ivanov").await;
    let piece = |count: i64, number: i64| {
        format!(
            r#"["multipart",{{"message-id":"bomb{number}","packetcount":{count},"packetnumber":0,"content-type":"t","content-transfer-encoding":"base64","content":"{}"}}]"#,
            "QUJD".repeat(1_000)
        )
    };
    let mut said = vec![
        "not json".to_owned(),
        "[]".to_owned(),
        r#"["unheardof",{"qid":"1","x":[[[[1]]]]}]"#.to_owned(),
        r#"["linestatechanged",{"linenumber":99999999999999999999999999}]"#.to_owned(),
        format!(r#"["deep",{}{}]"#, "[".repeat(200), "]".repeat(200)),
        "\u{0}\u{202e}\u{1f4a3}".to_owned(),
    ];
    said.extend([1 << 31, -1, 0].map(|count| piece(count, count)));
    // More unfinished ones than are kept.
    said.extend((0..200).map(|number| piece(60, 1_000 + number)));
    for text in &said {
        pbx.say("101", text);
    }
    let customer = pbx.external_call(CUSTOMER, "101");
    agent.sees("that all goes on", |view| view.line == LineState::Ring).await;
    pbx.hang_up(customer).unwrap();
    agent.line.close().await.unwrap();

    let records = whole(&log, agent.stream);
    let all = frames(&records);
    let mut left = all.iter();
    for text in &said {
        // What a piece of a message has in it may be half a secret. When the message is given up, it does not stay.
        let known = text.split_once(r#""content":"#).map_or(text.as_str(), |(front, _)| front);
        let is_it = |kept: &&String| kept.starts_with(known) && (known != text || *kept == text);
        assert!(left.any(|kept| is_it(&kept)), "kept as it came, in order: {known}");
    }
    let refused = |event: &Event| matches!(event, Event::MultipartRefused { .. } | Event::BoundHit { .. });
    let told: Vec<_> = log.told(agent.stream, 1).flat_map(|told| told.unwrap().events).collect();
    assert!(told.iter().filter(|event| refused(event)).count() > 100, "each bound that was hit is told");
    assert!(told.iter().any(|event| matches!(event, Event::FrameUnreadable { .. })));
}

/// A store on a disk that is full from some moment on.
#[derive(Debug)]
struct Filling {
    inner: MemoryStore,
    is_full: Arc<AtomicBool>,
}

impl Filling {
    fn check(&self) -> Result<(), StoreError> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err(StoreError::ReadOnly {
                path: "disk".into(),
                why: "no space left on device".to_owned(),
            });
        }
        Ok(())
    }
}

impl LogStore for Filling {
    fn streams(&self) -> Result<Vec<(StreamId, Vec<u8>)>, StoreError> {
        self.inner.streams()
    }
    fn add_stream(&self, description: &[u8]) -> Result<StreamId, StoreError> {
        self.check().and_then(|()| self.inner.add_stream(description))
    }
    fn head(&self, stream: StreamId) -> Result<StreamHead, StoreError> {
        self.inner.head(stream)
    }
    fn durable_head(&self, stream: StreamId) -> Result<(u64, Hash), StoreError> {
        self.inner.durable_head(stream)
    }
    fn append(&self, appends: &[Append]) -> Result<(), StoreError> {
        self.check().and_then(|()| self.inner.append(appends))
    }
    fn sync(&self) -> Result<(), StoreError> {
        self.check()
    }
    fn blocks(
        &self,
        stream: StreamId,
        from: u64,
    ) -> Box<dyn Iterator<Item = Result<Block, StoreError>> + '_> {
        self.inner.blocks(stream, from)
    }
    fn seek(&self, stream: StreamId, at: Timestamp) -> Result<u64, StoreError> {
        self.inner.seek(stream, at)
    }
    fn put_derived(&self, changes: Vec<DerivedChange>) -> Result<(), StoreError> {
        self.check().and_then(|()| self.inner.put_derived(changes))
    }
    fn derived(&self, from: &[u8], to: &[u8], last_first: bool) -> Derived<'_> {
        self.inner.derived(from, to, last_first)
    }
    fn clear_derived(&self) -> Result<(), StoreError> {
        self.inner.clear_derived()
    }
    fn keys(&self) -> &Keys {
        self.inner.keys()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_ends_the_line_and_nothing_is_done_that_is_not_recorded() {
    let pbx = server().await;
    let is_full = Arc::new(AtomicBool::new(false));
    let log = over(Filling { inner: MemoryStore::new().unwrap(), is_full: is_full.clone() });
    let agent = Agent::connected(&log, &pbx.url(), "ivanov", "ivanov").await;
    let customer = pbx.external_call(CUSTOMER, "101");
    agent.sees("the phone ring", |view| view.line == LineState::Ring).await;
    let recorded = log.stream("ivanov").unwrap().head.seq;

    is_full.store(true, Ordering::SeqCst);
    let error = agent.line.command(Command::EndCall { targets: None }).await.unwrap_err();
    assert!(matches!(error, LineError::Handle(_)), "{error:?}");
    assert!(error.to_string().contains("no space left on device"), "the culprit is named: {error}");
    assert!(matches!(agent.line.ended().await, Err(LineError::Handle(_))));
    assert_eq!(pbx.outside(customer), OutsideState::Calling, "the command never reached the server");

    let records = whole(&log, agent.stream);
    assert!(records.len() as u64 >= recorded, "what was acknowledged is there");
    let declined = records.iter().any(|record| {
        matches!(&record.record.input.kind, callfold::InputKind::Command(Command::EndCall { .. }))
    });
    assert!(!declined, "what is not recorded did not happen");
}
