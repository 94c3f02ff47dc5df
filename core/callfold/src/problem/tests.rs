//! Real errors get the right code, and say what they are about.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use callfold_engine::record::{Hash, RecordError};
use callfold_engine::{CommandResult, CredentialHandle, ErrorCode, Machine, SnapshotError};
use callfold_store::{Place, StoreError};
use callfold_transport::{Error as LineError, SocketError};
use tempfile::TempDir;

use super::{Problem, ProblemCode};
use crate::live;
use crate::log::{HeadLine, ImportError, Instant, Log, LogError, Options, StreamId, to_the_end};
use crate::trace::TraceError;

const SESSION: &[u8] = include_bytes!("../../../../tests/vectors/named/hold-and-back.jsonl");

fn of(problem: &Problem) -> (ProblemCode, Vec<&str>) {
    (problem.code, problem.context.iter().map(|(name, _)| *name).collect())
}

fn opened(path: &Path, create: bool) -> Problem {
    let mut options = Options::default();
    options.create = create;
    Log::open(path, options).unwrap_err().into()
}

fn closed() -> (TempDir, String) {
    let directory = TempDir::new().unwrap();
    let (log, _) = Log::open(directory.path(), Options::default()).unwrap();
    log.import_trace(SESSION, None).unwrap();
    log.sync().unwrap();
    let path = directory.path().display().to_string();
    (directory, path)
}

#[test]
fn a_store_that_is_none_is_named() {
    let outer = TempDir::new().unwrap();
    let root = outer.path().join("store");
    let missing = opened(&root, false);
    assert_eq!(of(&missing), (ProblemCode::StoreMissing, vec!["path"]));
    assert_eq!(missing.get("path"), root.to_str());
    assert_eq!(missing.to_string(), format!("{}: there is no store", root.display()));
    fs::create_dir(&root).unwrap();
    fs::write(root.join("letters.txt"), "dear").unwrap();
    assert_eq!(of(&opened(&root, true)), (ProblemCode::NotAStore, vec!["path"]));
}

#[test]
fn a_second_opener_and_a_newer_store_are_told_apart() {
    let (directory, path) = closed();
    let first = Log::open(directory.path(), Options::default()).unwrap();
    let second = opened(directory.path(), true);
    assert_eq!((second.code, second.get("path")), (ProblemCode::StoreInUse, Some(path.as_str())));
    drop(first);
    fs::write(directory.path().join("callfold"), "callfold store 2\n").unwrap();
    let newer = opened(directory.path(), true);
    assert_eq!(of(&newer), (ProblemCode::NewerVersion, vec!["path", "version"]));
    assert_eq!(newer.get("version"), Some("2"));
}

#[test]
fn damage_is_told_with_its_place() {
    let (directory, _) = closed();
    let keys = directory.path().join("keys");
    let whole = fs::read(&keys).unwrap();
    fs::write(&keys, &whole[..40]).unwrap();
    assert_eq!(of(&opened(directory.path(), true)), (ProblemCode::StoreDamaged, vec!["path", "key"]));
    fs::write(&keys, whole).unwrap();
    fs::remove_dir_all(directory.path().join("sled")).unwrap();
    let lost = opened(directory.path(), true);
    assert_eq!(of(&lost), (ProblemCode::StoreDamaged, vec!["stream", "seq"]));
    assert_eq!(lost.get("stream"), Some("0"));
    // A record that cannot be read where it stands is damage; by itself it is none.
    let place = Place { stream: StreamId(3), seq: 7 };
    let stored = Problem::from(StoreError::Record { place, source: RecordError::Damaged("x") });
    assert_eq!(of(&stored), (ProblemCode::StoreDamaged, vec!["stream", "seq"]));
    assert_eq!(Problem::from(RecordError::Damaged("x")).code, ProblemCode::BadRecord);
    let newer = Problem::from(StoreError::Record { place, source: RecordError::Version(9) });
    assert_eq!(of(&newer), (ProblemCode::NewerVersion, vec!["version", "stream", "seq"]));
}

#[test]
fn what_is_not_in_a_log_is_named() {
    let log = Log::in_memory().unwrap();
    let stream = log.import_trace(SESSION, None).unwrap().stream;
    let no_stream = Problem::from(log.stream("petrov").unwrap_err());
    assert_eq!((no_stream.code, no_stream.get("stream")), (ProblemCode::NoStream, Some("petrov")));
    let by_number = Problem::from(log.info(StreamId(9)).unwrap_err());
    assert_eq!((by_number.code, by_number.get("stream")), (ProblemCode::NoStream, Some("9")));
    let no_record = Problem::from(log.as_of(stream, Instant::Seq(1_000_000)).unwrap_err());
    assert_eq!(of(&no_record), (ProblemCode::NoRecord, vec!["stream", "seq", "last"]));
    let early = crate::Timestamp::from_millis(0);
    let too_early = Problem::from(log.as_of(stream, Instant::At(early)).unwrap_err());
    assert_eq!(of(&too_early), (ProblemCode::TooEarly, vec!["stream"]));
    let taken = Problem::from(log.import_trace(SESSION, None).unwrap_err());
    assert_eq!((taken.code, taken.get("name")), (ProblemCode::NameTaken, Some("hold-and-back")));
    let short = Problem::from(log.erase("1", true, &mut to_the_end).unwrap_err());
    assert_eq!(of(&short), (ProblemCode::NotErasable, vec![]));
}

#[test]
fn files_that_cannot_be_taken_in_are_told_with_the_line() {
    let log = Log::in_memory().unwrap();
    let trace = |text: &str| Problem::from(log.import_trace(text.as_bytes(), None).unwrap_err());
    assert_eq!(trace("{}").code, ProblemCode::NotATrace);
    let header = r#"{"trace":1,"name":"x","title":"t","level":"oktell","epochMs":0,"numbers":[]}"#;
    let bad = trace(&format!("{header}\nno\n"));
    assert_eq!((bad.code, bad.get("line")), (ProblemCode::BadTrace, Some("2")));
    let format = r#"{"trace":2,"name":"x","title":"t","level":"oktell","epochMs":0,"numbers":[]}"#;
    assert_eq!(trace(format).code, ProblemCode::NewerVersion);

    let mut export = Vec::new();
    log.import_trace(SESSION, None).unwrap();
    log.export(&[], &mut export, &mut to_the_end).unwrap();
    let import = |bytes: &[u8]| {
        let error = Log::in_memory().unwrap().import(io::Cursor::new(bytes), &mut to_the_end).unwrap_err();
        Problem::from(error)
    };
    assert_eq!(of(&import(b"{}\n")), (ProblemCode::NotAnExport, vec!["line"]));
    let half = &export[..export.len() - 10];
    assert_eq!(of(&import(half)), (ProblemCode::ExportCutShort, vec!["line"]));
    let text = String::from_utf8(export).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let record = lines.iter().position(|line| line.contains(r#""seq":2,"#)).unwrap();
    let without: String = lines
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != record)
        .map(|(_, line)| format!("{line}\n"))
        .collect();
    let changed = import(without.as_bytes());
    assert_eq!(of(&changed), (ProblemCode::ExportChanged, vec!["stream", "seq", "line"]));
    assert_eq!(changed.get("seq"), Some("3"));
    let there = Problem::from(log.import(io::Cursor::new(text.as_bytes()), &mut to_the_end).unwrap_err());
    assert_eq!(there.code, ProblemCode::SameStream);

    assert_eq!(Problem::from(HeadLine::read_all(&b"no\n"[..]).unwrap_err()).code, ProblemCode::NotHeads);
    assert_eq!(Problem::from(HeadLine::read_all(&b""[..]).unwrap_err()).code, ProblemCode::NoHeads);
}

#[test]
fn every_error_of_the_log_has_a_code_of_its_own_and_keeps_its_words() {
    use ProblemCode as Code;
    let io = || io::Error::from(io::ErrorKind::StorageFull);
    let path = || Path::new("calls").to_owned();
    let place = Place { stream: StreamId(1), seq: 2 };
    let why = String::new;
    let stores = [
        (StoreError::Io { path: path(), source: io() }, Code::FileFailed),
        (StoreError::Database { path: path(), why: why() }, Code::StoreDamaged),
        (StoreError::Broke { path: path(), doing: "x" }, Code::StoreDamaged),
        (StoreError::ReadOnly { path: path(), why: why() }, Code::ReadOnly),
        (StoreError::Block { place, what: "x" }, Code::StoreDamaged),
        (StoreError::SameStream(StreamId(1)), Code::SameStream),
        (StoreError::OutOfOrder { place, after: 9 }, Code::OutOfOrder),
        (StoreError::Value(RecordError::Unwritable), Code::NotRecordable),
        (StoreError::Random(why()), Code::NoRandom),
    ];
    for (error, code) in stores {
        let text = error.to_string();
        let problem = Problem::from(LogError::from(error));
        assert_eq!((problem.code, problem.message), (code, text));
    }
    let seal = callfold_engine::record::SealError::new("the keys are gone");
    assert_eq!(Problem::from(LogError::from(seal)).code, Code::KeysFailed);
    assert_eq!(Problem::from(SnapshotError::Damaged).code, Code::BadSnapshot);
    assert_eq!(Problem::from(Machine::restore(b"").unwrap_err()).code, Code::BadSnapshot);
    assert_eq!(Problem::from(LogError::Stopped(why())).code, Code::RecorderStopped);
    assert_eq!(Problem::from(ImportError::OtherKey).code, Code::KeyConflict);
    let full = Problem::from(LogError::Io(io()));
    assert_eq!((full.code, full.get("kind")), (Code::FileFailed, Some("no storage space")));
    assert_eq!(Problem::from(TraceError::Io { line: 4, source: io() }).code, Code::CannotRead);
    assert!(Hash::from_hex("x").is_none());
}

#[test]
fn every_error_of_a_line_has_a_code_and_keeps_its_words() {
    use ProblemCode as Code;
    let host = || "pbx.example".to_owned();
    let kind = io::ErrorKind::ConnectionRefused;
    let sockets = [
        (SocketError::PlainRefused { host: host() }, Code::PlainRefused, "host"),
        (SocketError::ForeignHost { host: host() }, Code::ForeignHost, "host"),
        (SocketError::BadUrl { url: host() }, Code::BadUrl, "url"),
        (SocketError::Unreachable { host: host(), kind }, Code::Unreachable, "host kind"),
        (SocketError::Tls { host: host(), why: String::new() }, Code::TlsFailed, "host"),
        (SocketError::NoWebSocket { host: host(), why: String::new() }, Code::NoWebSocket, "host"),
        (SocketError::HandshakeTimeout { host: host() }, Code::HandshakeTimeout, "host"),
        (SocketError::GivenUp, Code::GivenUp, ""),
        (SocketError::Closed { code: Some(1001) }, Code::ConnectionClosed, "close_code"),
        (SocketError::Closed { code: None }, Code::ConnectionClosed, ""),
        (SocketError::Cut { kind }, Code::ConnectionCut, "kind"),
        (SocketError::CloseTimeout, Code::CloseTimeout, ""),
        (SocketError::Silent, Code::Silent, ""),
        (SocketError::NotReading, Code::NotReading, ""),
        (SocketError::LoginTimeout, Code::LoginTimeout, ""),
        (SocketError::NoSecret(CredentialHandle(1)), Code::NoSecret, ""),
        (SocketError::TooLong, Code::MessageTooLong, ""),
        (SocketError::TooManyFrames, Code::MessageTooLong, ""),
        (SocketError::NotUtf8, Code::BrokenProtocol, ""),
        (SocketError::Protocol(String::new()), Code::BrokenProtocol, ""),
    ];
    for (error, code, context) in sockets {
        let text = LineError::Socket(error.clone()).to_string();
        let problem = Problem::from(LineError::Socket(error));
        assert_eq!((problem.code, problem.message.as_str()), (code, text.as_str()));
        assert_eq!(of(&problem).1.join(" "), context);
    }
    assert_eq!(Problem::from(LineError::NoRuntime).code, Code::NoRuntime);
    assert_eq!(Problem::from(LineError::Closed).code, Code::LineClosed);
    assert_eq!(Problem::from(LineError::NoSecret(CredentialHandle(1))).code, Code::NoSecret);
    assert_eq!(Problem::from(LineError::Missed(4)).get("missed"), Some("4"));
    assert_eq!(Problem::from(LineError::Authority(String::new())).code, Code::BadAuthority);
    let another = live::RecordError::AnotherLine { name: "floor".to_owned() };
    assert_eq!(of(&Problem::from(another)), (Code::StreamOfAnother, vec!["stream"]));
}

#[test]
fn a_line_that_could_not_be_recorded_says_what_the_log_said() {
    let full = StoreError::ReadOnly { path: Path::new("calls").to_owned(), why: "full".to_owned() };
    let problem = Problem::from(LineError::Handle(Arc::new(LogError::from(full))));
    assert_eq!(of(&problem), (ProblemCode::NotRecorded, vec!["cause", "path"]));
    assert_eq!(problem.get("cause"), Some("read_only"));
    let other = Problem::from(LineError::Handle(Arc::new(io::Error::other("x"))));
    assert_eq!(of(&other), (ProblemCode::NotRecorded, vec![]));
}

#[test]
fn a_refused_command_has_the_protocols_code_beside() {
    let refused = Problem::of_command(&CommandResult::refused(ErrorCode::UserBusy)).unwrap();
    assert_eq!((refused.code, refused.get("code")), (ProblemCode::CommandRefused, Some("2104")));
    assert_eq!(refused.to_string(), ErrorCode::UserBusy.text());
    assert_eq!(Problem::of_command(&CommandResult::DONE), None);
    let misused = CommandResult::Misused { misuse: crate::Misuse::InvalidOperation };
    let misused = Problem::of_command(&misused).unwrap();
    assert_eq!(
        (misused.code, misused.get("misuse")),
        (ProblemCode::CommandMisused, Some("InvalidOperation"))
    );
    let named =
        CommandResult::RefusedByServer { server: crate::JsonText::new(r#"{"errormsg":"Иванов"}"#) };
    let told = format!("{:?}", Problem::of_command(&named).unwrap());
    assert!(!told.contains("Иванов"), "{told}");
}

#[test]
fn a_problem_of_a_file_names_it_once() {
    let path = std::path::Path::new("/some/session.jsonl");
    let problem = Problem::new(ProblemCode::NotATrace, "not a trace").of_file(path).of_file(path);
    assert_eq!(problem.to_string(), "/some/session.jsonl: not a trace");
    assert_eq!(problem.get("path"), Some("/some/session.jsonl"));
}
