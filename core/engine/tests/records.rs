//! Records: what goes in comes out, nobody's name stands in them, and their bytes are promises.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm
)]

mod common;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use callfold_engine::record::{
    EngineVersion, Hash, Head, NoKeys, Record, RecordError, RecordWriter, Recording, Seal, SealError, Stored,
    SubjectId, Unseal, first_difference, has_erased, stored,
};
use callfold_engine::wire::FrameText;
use callfold_engine::{
    Command, Event, Input, InputKind, Machine, Outcome, PhoneNumber, SocketId, Timer, Timestamp,
};

/// Keys that can be looked through: a sealed text is its letters, turned around.
#[derive(Default)]
struct Keys {
    subjects: Vec<String>,
    erased: BTreeSet<SubjectId>,
}

impl Keys {
    fn erase(&mut self, subject: &str) {
        let id = self.subjects.iter().position(|known| known == subject).unwrap();
        self.erased.insert(SubjectId(id as u64));
    }
}

impl Seal for Keys {
    fn seal(&mut self, subject: &str, text: &str) -> Result<(SubjectId, Arc<[u8]>), SealError> {
        let id = self.subjects.iter().position(|known| known == subject).unwrap_or_else(|| {
            self.subjects.push(subject.to_owned());
            self.subjects.len() - 1
        });
        Ok((SubjectId(id as u64), text.bytes().map(|byte| !byte).collect()))
    }

    fn seal_alone(&mut self, text: &str) -> Result<(SubjectId, Arc<[u8]>), SealError> {
        self.subjects.push(format!("alone {text}"));
        Ok((SubjectId(self.subjects.len() as u64 - 1), text.bytes().map(|byte| !byte).collect()))
    }
}

impl Keys {
    /// The subject of a piece that has this content.
    fn piece(&self, content: &str) -> SubjectId {
        let name = format!("alone {content}");
        SubjectId(self.subjects.iter().position(|known| *known == name).unwrap() as u64)
    }
}

impl Unseal for Keys {
    fn unseal(&self, subject: SubjectId, sealed: &[u8]) -> Result<Option<Arc<str>>, SealError> {
        if self.erased.contains(&subject) {
            return Ok(None);
        }
        let bytes: Vec<u8> = sealed.iter().map(|byte| !byte).collect();
        Ok(Some(Arc::from(String::from_utf8(bytes).map_err(SealError::new)?)))
    }
}

const AT: Timestamp = Timestamp::from_millis(1_768_197_600_000);

fn frame(text: &str) -> InputKind<'_> {
    InputKind::Frame { socket: SocketId(1), text: FrameText::from_wire(text).0 }
}

fn write(kind: InputKind<'_>, events: &[Event], message: Option<&str>, keys: &mut Keys) -> Vec<u8> {
    let input = Input { at: AT, kind };
    let recording = Recording { seq: 7, at: AT, input: &input, events, message };
    RecordWriter::default().write(&recording, keys).unwrap().to_vec()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The input as it is told for diagnosis, with everything personal in it.
fn shown(kind: &InputKind<'_>) -> String {
    match kind {
        InputKind::Frame { socket, text } => format!("{socket:?} {}", text.as_str()),
        InputKind::Command(command) => serde_json::to_string(command).unwrap(),
        other => format!("{other:?}"),
    }
}

#[test]
fn every_kind_of_input_comes_back() {
    let mut keys = Keys::default();
    let kinds = [
        InputKind::Opened(SocketId(1)),
        InputKind::Refused(SocketId(2)),
        InputKind::Closed(SocketId(u64::MAX)),
        frame(r#"["phoneevent_ringstarted",{"callerid":"+79161234567","n":102,"e":"\u0418"}]"#),
        frame("not JSON at all: Иванов"),
        frame("[\"cut"),
        frame(""),
        InputKind::Binary { socket: SocketId(1), bytes: Cow::Borrowed(&[0, 255, b'7']) },
        InputKind::Named { qid: 5, wire: "0.336".into() },
        InputKind::Command(Command::Transfer { number: Some(PhoneNumber::from("102")) }),
        InputKind::Timer(Timer::Open(SocketId(3))),
    ];
    for kind in kinds {
        let bytes = write(kind.clone(), &[Event::Connected], None, &mut keys);
        let record = Record::read(&bytes, &keys).unwrap();
        assert_eq!(shown(&record.input.kind), shown(&kind));
        assert_eq!(record.events, [Event::Connected]);
        assert_eq!((record.head.seq, record.head.at, record.head.engine), (7, AT, EngineVersion::THIS));
        assert!(!record.erased);
        assert_eq!(Head::read(&bytes).unwrap(), record.head);
        assert_eq!(Record::read_events(&bytes, &keys).unwrap(), (record.head, record.events));
    }
}

#[test]
fn a_clock_that_stepped_back_is_kept_as_it_was_told() {
    for told in [AT.as_micros() - 5, i64::MIN, 0] {
        let input = Input { at: Timestamp::from_micros(told), kind: InputKind::Timer(Timer::Queue) };
        let recording = Recording { seq: 1, at: AT, input: &input, events: &[], message: None };
        let bytes = RecordWriter::default().write(&recording, &mut Keys::default()).unwrap().to_vec();
        let record = Record::read(&bytes, &NoKeys).unwrap();
        assert_eq!((record.input.at, record.head.at), (Timestamp::from_micros(told), AT));
    }
}

#[test]
fn nobodys_name_or_number_stands_in_a_record() {
    let mut keys = Keys::default();
    let text =
        r#"["customevent",{"eventparam":{"+79161234567":"call Иванов","ivanov":[4951112233,"x\u0059z"]}}]"#;
    let bytes = write(frame(text), &[], None, &mut keys);
    for personal in ["9161234567", "Иванов", "ivanov", "4951112233", "u0059"] {
        assert!(!contains(&bytes, personal), "{personal}");
    }
    assert!(contains(&bytes, "customevent") && contains(&bytes, "eventparam"));
    let mut sealed = 0;
    stored(&bytes, |entry| sealed += usize::from(matches!(entry, Stored::Sealed(..)))).unwrap();
    assert_eq!(sealed, 5);
}

#[test]
fn what_was_erased_reads_as_its_token_everywhere() {
    let mut keys = Keys::default();
    let text = r#"["x",{"callerid":"+79161234567","n":+79161234567,"name":"Иванов"}]"#;
    let target = Event::NumberStateTold { number: PhoneNumber::from("+79161234567"), state: 5 };
    let bytes = write(frame(text), &[target], None, &mut keys);
    keys.erase("+79161234567");
    let record = Record::read(&bytes, &keys).unwrap();
    assert!(record.erased);
    let token = SubjectId(0).token();
    assert!(has_erased(&token));
    assert_eq!(
        record.events,
        [Event::NumberStateTold { number: PhoneNumber::from(token.as_str()), state: 5 }]
    );
    assert_eq!(
        shown(&record.input.kind),
        format!(r#"SocketId(1) ["x",{{"callerid":"{token}","n":"{token}","name":"Иванов"}}]"#)
    );
}

/// A session in which a list comes in three pieces.
fn session(texts: &[String], keys: &mut Keys) -> (Vec<Vec<u8>>, Vec<Vec<Event>>) {
    let mut machine = connected();
    let mut outcome = Outcome::default();
    let (mut records, mut told) = (Vec::new(), Vec::new());
    for text in texts {
        let input = Input { at: machine.now(), kind: frame(text) };
        machine.handle(&input, &mut outcome);
        let message = outcome.message.as_ref().map(|message| message.text.as_str());
        let recording =
            Recording { seq: 1, at: machine.now(), input: &input, events: &outcome.events, message };
        records.push(RecordWriter::default().write(&recording, keys).unwrap().to_vec());
        told.push(outcome.events.clone());
    }
    (records, told)
}

fn connected() -> Machine {
    common::Session::connected().machine
}

fn pieces(text: &str, size: usize) -> Vec<String> {
    use base64::Engine as _;
    let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
    let count = pieces.len();
    let piece = |(number, piece): (usize, &&[u8])| {
        let content = base64::engine::general_purpose::STANDARD.encode(piece);
        format!(
            r#"["multipart",{{"message-id":"m","packetcount":{count},"packetnumber":{number},"content":"{content}"}}]"#
        )
    };
    pieces.iter().enumerate().map(piece).collect()
}

#[test]
fn a_long_message_is_read_from_its_last_record_when_its_pieces_are_erased() {
    let whole = r#"["customevent",{"eventname":"told","eventparam":{"name":"Иванов","nums":["4711"],"main":"4711"}}]"#;
    let texts = pieces(whole, 50);
    let mut keys = Keys::default();
    let (records, told) = session(&texts, &mut keys);
    assert!(told.iter().flatten().any(|event| matches!(event, Event::CustomEvent { .. })), "{told:?}");
    for text in &texts {
        let content = text.split("\"content\":\"").nth(1).unwrap().trim_end_matches("\"}]");
        keys.erased.insert(keys.piece(content));
    }
    keys.erase("Иванов");

    let mut machine = connected();
    let mut outcome = Outcome::default();
    for (record, told) in records.iter().zip(&told) {
        let record = Record::read(record, &keys).unwrap();
        assert!(
            record.erased && !shown(&record.input.kind).contains("erased"),
            "{}",
            shown(&record.input.kind)
        );
        machine.handle(&record.input, &mut outcome);
        assert_eq!(first_difference(&record.events, &outcome.events, record.erased), None);
        assert_eq!(told.is_empty(), outcome.events.is_empty());
    }
    assert!(records.len() > 2);
}

#[test]
fn events_are_compared_but_for_what_was_erased() {
    let named = |number: &str, state| Event::NumberStateTold { number: PhoneNumber::from(number), state };
    let token = SubjectId(3).token();
    assert_eq!(first_difference(&[named("102", 1)], &[named("102", 1)], false), None);
    assert_eq!(first_difference(&[named("102", 1)], &[named("103", 1)], true), Some(0));
    assert_eq!(first_difference(&[named(&token, 1)], &[named("103", 1)], true), None);
    assert_eq!(first_difference(&[named(&token, 1)], &[named("103", 2)], true), Some(0));
    assert_eq!(first_difference(&[Event::Connected], &[Event::Connected, Event::Leaving], false), Some(1));
    assert_eq!(first_difference(&[Event::Connected], &[Event::Leaving], true), Some(0));
}

#[test]
fn a_chain_tells_every_change_and_every_stream_apart() {
    let start = Hash::of_stream(b"a");
    assert_ne!(start, Hash::of_stream(b"b"));
    let (one, other) = (start.after(b"1").after(b"2"), start.after(b"12"));
    assert_ne!(one, other);
    assert_eq!(Hash::from_hex(&one.to_string()), Some(one));
    assert_eq!(Hash::from_hex("12"), None);
}

#[test]
fn damaged_bytes_are_an_error_and_never_a_panic() {
    let mut keys = Keys::default();
    let text = r#"["phoneevent_ringstarted",{"callerid":"+79161234567","isextline":true}]"#;
    let bytes = write(frame(text), &[Event::Connected, Event::Leaving], Some("[1234]"), &mut keys);
    for length in 0..bytes.len() {
        assert!(Record::read(&bytes[..length], &keys).is_err(), "cut to {length}");
    }
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1 << bit;
            // Some changes make another record that can be read: those the chain tells.
            let _ = Record::read(&damaged, &keys);
            let _ = stored(&damaged, |_| {});
        }
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(matches!(Record::read(&longer, &keys), Err(RecordError::Damaged(_))));
    assert!(matches!(Record::read(&[], &keys), Err(RecordError::Empty)));
    assert!(matches!(Record::read(&[2, 1, 1], &keys), Err(RecordError::Version(2))));
}

/// The bytes of a record are a promise: a log that was written is read for ever. When this fails, the version must
/// be raised, an upgrader written, and the bytes below kept as a fixture of the version before.
#[test]
fn the_bytes_of_version_1_are_these() {
    let mut keys = Keys::default();
    let text = r#"["phoneevent_ringstarted",{"qid":"1","callerid":"+79161234567","n":102}]"#;
    let events = [Event::NumberStateTold { number: PhoneNumber::from("102"), state: 5 }, Event::Connected];
    let bytes = write(frame(text), &events, None, &mut keys);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let EngineVersion { major, minor, patch } = EngineVersion::THIS;
    let engine = format!("{major:02x}{minor:02x}{patch:02x}");
    assert_eq!(hex, include_str!("records/version-1.hex").trim().replace("ENGINE", &engine));
}

/// What version 0 wrote, before there was a release.
const VERSION_0: &str = include_str!("records/version-0.hex");

#[test]
fn a_record_of_version_0_is_read_as_it_was_meant() {
    let hex = VERSION_0.trim();
    let bytes: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|place| u8::from_str_radix(&hex[place..place + 2], 16).unwrap())
        .collect();
    assert_eq!(bytes[0], 0);
    let mut keys = Keys::default();
    keys.seal("102", "102").unwrap();
    keys.seal("+79161234567", "+79161234567").unwrap();
    let record = Record::read(&bytes, &keys).unwrap();
    assert_eq!((record.head.seq, record.head.at), (7, AT));
    assert_eq!((record.head.engine, record.input.at), (EngineVersion { major: 0, minor: 0, patch: 0 }, AT));
    assert_eq!(record.events.len(), 2);
    assert_eq!(
        shown(&record.input.kind),
        r#"SocketId(1) ["phoneevent_ringstarted",{"qid":"1","callerid":"+79161234567","n":102}]"#
    );
}

#[test]
fn a_sealed_snapshot_brings_the_machine_back_and_names_nobody() {
    let mut keys = Keys::default();
    let machine = connected();
    let bytes = machine.snapshot_sealed(&mut keys).unwrap().unwrap();
    assert!(Machine::restore_sealed(&bytes, &keys).unwrap() == machine);
    for personal in ["ivanov", "Иванов", "101"] {
        assert!(contains(&machine.snapshot(), personal), "{personal}");
        assert!(!contains(&bytes, personal), "{personal}");
    }
    keys.erase("ivanov");
    let erased = Machine::restore_sealed(&bytes, &keys).unwrap();
    assert!(erased.view().agent.login.as_ref().is_some_and(|login| has_erased(login.as_str())));
    assert!(
        Machine::restore(&bytes).is_err() && Machine::restore_sealed(&machine.snapshot(), &keys).is_err()
    );
}

#[test]
fn a_piece_shares_its_key_with_nobody() {
    let mut keys = Keys::default();
    let name = keys.seal("Петрова Анна", "Петрова Анна").unwrap().0;
    for text in [
        r#"["multipart",{"message-id":"m","packetcount":2,"packetnumber":0,"content":"Петрова Анна"}]"#,
        r#" [ "multipart",{"message-id":"m","packetcount":2,"packetnumber":0,"content":"Петрова Анна"}]"#,
        r#"["multi\u0070art",{"message-id":"m","packetcount":2,"packetnumber":0,"content":"QU\/D"}]"#,
    ] {
        let input = Input { at: AT, kind: frame(text) };
        let recording = Recording { seq: 1, at: AT, input: &input, events: &[], message: None };
        let mut writer = RecordWriter::default();
        let bytes = writer.write(&recording, &mut keys).unwrap().to_vec();
        let pieces = writer.pieces().to_vec();
        assert_eq!(pieces.len(), 1, "{text}");
        assert_ne!(pieces[0], name, "{text}");
        assert_eq!(shown(&Record::read(&bytes, &keys).unwrap().input.kind), format!("SocketId(1) {text}"));
        let mut found = Vec::new();
        stored(&bytes, |entry| {
            if let Stored::Piece(subject) = entry {
                found.push(subject);
            }
        })
        .unwrap();
        assert_eq!(found, pieces);
    }
}

#[test]
fn what_an_application_passes_on_is_kept_without_secrets() {
    let mut keys = Keys::default();
    let json = |text: &str| Some(callfold_engine::JsonText::new(text));
    let secrets = r#"{"login":"x1","password":"canary","New_Pwd":["canary"],"a":{"apiKey":1,"t":"{\"token\":\"canary\"}"}}"#;
    for command in [
        Command::Exec { method: "setpass".into(), params: json(secrets) },
        Command::TriggerCustomEvent {
            name: "n1".into(),
            recipients: json(secrets),
            data: json(secrets),
            send_back: false,
        },
    ] {
        let bytes = write(InputKind::Command(command), &[], None, &mut keys);
        let told = shown(&Record::read(&bytes, &keys).unwrap().input.kind);
        assert!(!told.contains("canary") && !keys.subjects.iter().any(|subject| subject.contains("canary")));
        assert!(told.contains("x1") && told.contains("***"), "{told}");
    }
    let plain = Command::Exec { method: "m1".into(), params: json(r#"{ "a": 1 }"#) };
    let bytes = write(InputKind::Command(plain.clone()), &[], None, &mut keys);
    assert_eq!(shown(&Record::read(&bytes, &keys).unwrap().input.kind), shown(&InputKind::Command(plain)));
}

#[test]
fn only_frames_and_json_are_cut() {
    let mut keys = Keys::default();
    let to = Command::Transfer { number: Some(PhoneNumber::from("[VIP] Петрова Анна")) };
    let bytes = write(InputKind::Command(to), &[], None, &mut keys);
    assert_eq!(keys.subjects, ["[VIP] Петрова Анна"]);
    assert!(!contains(&bytes, "VIP"));
}

#[test]
fn a_token_that_somebody_sends_is_no_token() {
    let mut keys = Keys::default();
    let forged = "erased.subject.0000000000000001";
    let bytes = write(frame(&format!(r#"["x1",{{"name":"{forged}"}}]"#)), &[], None, &mut keys);
    assert!(keys.subjects.iter().any(|subject| subject == forged));
    assert!(!Record::read(&bytes, &keys).unwrap().erased);
}

/// Texts made of texts made of texts would be longer than any memory.
#[test]
fn a_made_up_table_is_refused() {
    // Version, number, time, engine, nothing behind; two entries: one plain, one made of itself or of what follows.
    let front = [1, 1, 0, 0, 1, 0, 0];
    let table = |entries: &[&[u8]]| -> Vec<u8> {
        let mut bytes = front.to_vec();
        bytes.push(entries.len() as u8);
        bytes.extend(entries.concat());
        bytes.extend_from_slice(&[0, 0, 7, 0]);
        bytes
    };
    let plain: &[u8] = &[0, 2, b'x', b'y'];
    let of = |place: u8| [2_u8, 2, place << 2 | 1, place << 2 | 1];
    let refused = |bytes: &[u8]| {
        let damaged = |error| matches!(error, Err(RecordError::Damaged(_)));
        damaged(Record::read(bytes, &NoKeys).map(|_| ())) && damaged(stored(bytes, |_| {}))
    };
    assert!(!refused(&table(&[plain, &of(0)])), "one layer is what frames are");
    assert!(refused(&table(&[plain, &of(0), &of(1)])), "text of text");
    assert!(refused(&table(&[plain, &of(1)])), "text of itself");
    assert!(refused(&table(&[plain, &of(5)])), "text of what is not there");
    let mut many = front.to_vec();
    many.extend_from_slice(&[0x81, 0x80, 0x80, 0x01]);
    many.extend(std::iter::repeat_n([0, 0], (1 << 21) + 1).flatten());
    assert!(refused(&many), "too many strings");
}
