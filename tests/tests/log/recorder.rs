//! A live line is recorded before anything is done; what cannot be recorded did not happen.

use callfold::log::to_the_end;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use callfold::log::{
    Durability, Instant, Log, LogError, LogStore, MemoryStore, Recorder, StreamInfo, VerifyOptions,
};
use callfold::record::Hash;
use callfold::wire::FrameText;
use callfold::{
    Command, Config, Credential, CredentialHandle, Effect, Endpoint, Input, InputKind, Machine, Outcome,
    SocketId, Timestamp,
};
use callfold_store::{Append, Block, Derived, DerivedChange, Keys, StoreError, StreamHead, StreamId};

use crate::{again, on_disk};

fn info(name: &str) -> StreamInfo {
    StreamInfo::new(name, Config::live(), Timestamp::from_millis(0)).of("ivanov", "pbx.local")
}

fn connect() -> InputKind<'static> {
    InputKind::Command(Command::Connect(Endpoint {
        addresses: vec!["pbx.local:4066".into()],
        login: "ivanov".into(),
        credential: Credential::Password(CredentialHandle(1)),
        workplace: None,
        expires: None,
    }))
}

fn frame(text: &str) -> InputKind<'_> {
    InputKind::Frame { socket: SocketId(1), text: FrameText::from_wire(text).0 }
}

fn input(millis: i64, kind: InputKind<'_>) -> Input<'_> {
    Input { at: Timestamp::from_millis(millis), kind }
}

/// A state of the agent that is another every time.
fn state(number: u64) -> String {
    let state = if number.is_multiple_of(2) { 1 } else { 5 };
    format!(r#"["userstatechanged",{{"userstateid":{state},"lunchreasonid":{number}}}]"#)
}

/// Records a session of `count` frames.
fn record(recorder: &mut Recorder, count: u64) {
    recorder.handle(&input(0, connect())).unwrap();
    recorder.handle(&input(1, InputKind::Opened(SocketId(1)))).unwrap();
    for number in 0..count {
        recorder.handle(&input(10 + i64::try_from(number).unwrap(), frame(&state(number)))).unwrap();
    }
}

#[test]
fn a_recorded_line_is_in_the_log_and_goes_on_after_a_restart() {
    let (_directory, path, log) = on_disk();
    let mut recorder = Recorder::begin(&log, &info("line")).unwrap();
    record(&mut recorder, 2_500);
    let (stream, machine) = (recorder.stream(), recorder.machine().clone());
    let then = log.as_of(stream, Instant::Seq(2_400)).unwrap();
    assert_eq!(then.snapshot, Some(2_000), "snapshots are used");
    drop(recorder);
    let log = again(&path, log);
    let mut recorder = Recorder::resume(&log, stream).unwrap();
    assert!(*recorder.machine() == machine);
    recorder.handle(&input(5_000, InputKind::Closed(SocketId(1)))).unwrap();
    assert_eq!(log.store().head(stream).unwrap().seq, 2_503);
    assert!(log.verify(stream, &VerifyOptions::default().rerun(), &mut to_the_end).unwrap().is_good());
}

#[test]
fn snapshots_are_safe_to_lose_and_are_not_trusted_over_the_log() {
    let log = Log::in_memory().unwrap();
    let mut recorder = Recorder::begin(&log, &info("line")).unwrap();
    record(&mut recorder, 3_100);
    let stream = recorder.stream();
    let with = log.as_of(stream, Instant::Seq(3_050)).unwrap();
    assert_eq!(with.snapshot, Some(3_000));
    let at = log.as_of(stream, Instant::At(with.at)).unwrap();
    assert_eq!((at.view, at.seq), (with.view.clone(), 3_050));
    // Snapshots that are damaged, or of another record.
    let all: Vec<_> = log.store().derived(b"s", b"t", false).map(Result::unwrap).collect();
    assert_eq!(all.len(), 3);
    for damage in 0..4 {
        let changes: Vec<DerivedChange> = all
            .iter()
            .map(|(key, value)| {
                let mut value = value.clone();
                match damage {
                    0 => value.truncate(value.len() / 2),
                    1 => value[0] ^= 1,
                    2 => value[10] ^= 1,
                    _ => value = vec![1],
                }
                (key.clone(), Some(value))
            })
            .collect();
        log.store().put_derived(changes).unwrap();
        let without = log.as_of(stream, Instant::Seq(3_050)).unwrap();
        assert_eq!((without.snapshot, &without.view), (None, &with.view), "damage {damage}");
    }
    log.store().clear_derived().unwrap();
    assert_eq!(log.as_of(stream, Instant::Seq(3_050)).unwrap().view, with.view);
}

#[test]
fn inputs_that_come_together_are_appended_at_once() {
    let log = Log::in_memory().unwrap();
    let mut recorder = Recorder::begin(&log, &info("line")).unwrap();
    let inputs = [input(0, connect()), input(1, InputKind::Opened(SocketId(1)))];
    let all = recorder.handle_all(&inputs).unwrap();
    let each: Vec<_> = all.iter().map(|handled| (handled.outcome.effects.len(), handled.seq)).collect();
    assert_eq!(each, [(1, Some(1)), (1, Some(2))], "dial, then log in");
    assert_eq!(log.store().head(recorder.stream()).unwrap().seq, 2);
}

/// A store whose appends fail from the n-th on.
#[derive(Debug)]
struct Failing {
    inner: MemoryStore,
    left: AtomicU64,
}

impl LogStore for Failing {
    fn streams(&self) -> Result<Vec<(StreamId, Vec<u8>)>, StoreError> {
        self.inner.streams()
    }
    fn add_stream(&self, description: &[u8]) -> Result<StreamId, StoreError> {
        self.inner.add_stream(description)
    }
    fn head(&self, stream: StreamId) -> Result<StreamHead, StoreError> {
        self.inner.head(stream)
    }
    fn durable_head(&self, stream: StreamId) -> Result<(u64, Hash), StoreError> {
        self.inner.durable_head(stream)
    }
    fn append(&self, appends: &[Append]) -> Result<(), StoreError> {
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match left {
            Ok(_) => self.inner.append(appends),
            Err(_) => Err(StoreError::ReadOnly { path: "disk".into(), why: "full".to_owned() }),
        }
    }
    fn sync(&self) -> Result<(), StoreError> {
        self.inner.sync()
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
        self.inner.put_derived(changes)
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

#[test]
fn what_cannot_be_recorded_has_no_effects_and_ends_the_recording() {
    let store = Failing { inner: MemoryStore::new().unwrap(), left: AtomicU64::new(1) };
    let log = Log::over(Arc::new(store));
    let mut recorder = Recorder::begin(&log, &info("line")).unwrap();
    let outcome = recorder.handle(&input(0, connect())).unwrap();
    assert!(matches!(outcome.effects[..], [Effect::Dial { .. }]));
    let error = recorder.handle(&input(1, InputKind::Opened(SocketId(1)))).unwrap_err();
    assert!(matches!(error, LogError::Store(StoreError::ReadOnly { .. })), "{error}");
    let error = recorder.handle_all(&[input(2, connect())]).unwrap_err();
    assert!(matches!(error, LogError::Stopped(_)), "{error}");
    assert_eq!(log.store().head(recorder.stream()).unwrap().seq, 1);
}

/// A login answer that comes in pieces has its session id in them, and no mask finds it there.
#[test]
fn secrets_in_pieces_of_a_long_message_do_not_stay() {
    use base64::Engine as _;
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    for (logged_in, answer) in [
        (
            false,
            r#"["loginresult",{"qid":"QID","result":1,"userid":"d8af50ea-74a6-4a57-b0d5-451962f6c042","sessionid":"canary-5e55-10n"}]"#,
        ),
        (true, r#"["gettemphttppassresult",{"qid":"77","result":1,"temppass":"canary-5e55-10n"}]"#),
    ] {
        let (_directory, path, log) = on_disk();
        let mut recorder = Recorder::begin(&log, &info("line")).unwrap();
        recorder.handle(&input(0, connect())).unwrap();
        recorder.handle(&input(1, InputKind::Opened(SocketId(1)))).unwrap();
        let probed = recorder.handle(&input(1, frame(r#"["pong",{"qid":"1","result":1}]"#))).unwrap();
        let login = probed.effects.iter().find_map(|effect| match effect {
            Effect::SendLogin { qid, .. } => Some(qid.to_string()),
            _ => None,
        });
        let qid = login.unwrap();
        let answer = answer.replace("QID", &qid);
        if logged_in {
            let login = format!(
                r#"["loginresult",{{"qid":"{qid}","result":1,"userid":"d8af50ea-74a6-4a57-b0d5-451962f6c042"}}]"#
            );
            recorder.handle(&input(2, frame(&login))).unwrap();
        }
        let pieces: Vec<&[u8]> = answer.as_bytes().chunks(7).collect();
        for (number, piece) in pieces.iter().enumerate() {
            let text = format!(
                r#"["multipart",{{"message-id":"m","packetcount":{},"packetnumber":{number},"content":"{}"}}]"#,
                pieces.len(),
                encode(piece)
            );
            recorder.handle(&input(3, frame(&text))).unwrap();
        }
        assert!(recorder.machine().view().connection.is_logged_in(), "the answer was understood");
        let stream = recorder.stream();
        let report = log.verify(stream, &VerifyOptions::default().rerun(), &mut to_the_end).unwrap();
        assert!(report.is_good(), "{:?}", report.findings);
        let mut export = Vec::new();
        log.export(&[], &mut export, &mut to_the_end).unwrap();
        let export = String::from_utf8(export).unwrap();
        assert!(!export.contains("canary"), "the session id is in the export");
        let secret = b"canary-5e55-10n";
        let of_secret =
            |piece: &&&[u8]| piece.windows(4).any(|part| secret.windows(4).any(|known| known == part));
        assert!(pieces.iter().filter(of_secret).count() > 1, "it lies across two pieces");
        for piece in pieces.iter().filter(of_secret) {
            assert!(!export.contains(&encode(piece)), "a piece of it is in the export");
        }
        drop((recorder, log));
        for name in ["keys", "sled/db"] {
            let bytes = std::fs::read(path.join(name)).unwrap();
            assert!(!bytes.windows(6).any(|window| window == b"canary"), "{name}");
        }
    }
}

#[test]
fn two_recorders_do_not_write_one_stream() {
    let log = Log::in_memory().unwrap();
    let mut one = Recorder::begin(&log, &info("line")).unwrap();
    assert!(matches!(Recorder::begin(&log, &info("line")), Err(LogError::NameTaken { .. })));
    assert!(matches!(Recorder::resume(&log, one.stream()), Err(LogError::StreamInUse(_))));
    // Who writes without a recorder is found out when it appends.
    let mut two = log.continue_stream(one.stream()).unwrap();
    let machine = Machine::new(Config::live());
    two.stage(&input(0, connect()), &machine, &Outcome::default()).unwrap();
    one.handle(&input(0, connect())).unwrap();
    let error = two.commit().unwrap_err();
    assert!(matches!(error, LogError::Store(StoreError::OutOfOrder { .. })), "{error}");
    let _ = Durability::default();
}
