//! What the fuzzer runs, as ordinary functions: every build compiles them, and a test runs the kept corpus.

// A broken law is reported by a panic: that is what the fuzzer looks for.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::sync::Arc;

use callfold_engine::record::{
    NoKeys, Record, RecordWriter, Recording, Seal, SealError, SubjectId, Unseal, stored,
};
use callfold_engine::wire::{Frame, FrameText};
use callfold_engine::{Config, Input, InputKind, Machine, SocketId, Timestamp};

use crate::transition::{Walk, from_text};

/// The most transitions of one fuzzed session: a longer one finds nothing new, only later.
const MAX_STEPS: usize = 400;

/// Any bytes as a frame: nothing panics, a secret is masked once and for all, what was masked is still read.
pub fn frame(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (masked, removed) = FrameText::from_wire(&text);
    let (again, none) = FrameText::from_wire(masked.as_str());
    assert_eq!(masked.as_str(), again.as_str(), "masking twice is masking once");
    assert!(none.is_empty(), "a secret was left behind: {none:?}");
    if removed.is_empty() {
        assert_eq!(masked.as_str(), text, "a frame without secrets stays as it is");
    }
    match (Frame::decode(&text), Frame::decode(masked.as_str())) {
        (Ok(plain), Ok(masked)) => assert_eq!(plain.name, masked.name),
        (Ok(plain), Err(why)) => panic!("{} cannot be read once its secrets are masked: {why}", plain.name),
        (Err(_), _) => {}
    }
}

/// Any bytes as a session. The first byte says whether it is live or replayed.
pub fn session(bytes: &[u8]) {
    let config = if bytes.first() == Some(&b'R') { Config::replay() } else { Config::live() };
    let mut walk = Walk::new(config);
    walk.run(from_text(bytes).take(MAX_STEPS));
}

/// Any bytes as a snapshot: a machine or an error, and a machine that is restored can be asked to go on.
pub fn snapshot(bytes: &[u8]) {
    if let Ok(machine) = Machine::restore(bytes) {
        assert!(
            Machine::restore(&machine.snapshot()).is_ok_and(|restored| restored == machine),
            "restored once more, another"
        );
    }
}

/// Seals by turning every byte around: enough to tell what is sealed from what is not.
struct Turned(Vec<String>);

impl Seal for Turned {
    fn seal(&mut self, subject: &str, text: &str) -> Result<(SubjectId, Arc<[u8]>), SealError> {
        let id = self.0.iter().position(|known| known == subject).unwrap_or_else(|| {
            self.0.push(subject.to_owned());
            self.0.len() - 1
        });
        Ok((SubjectId(id as u64), text.bytes().map(|byte| !byte).collect()))
    }

    fn seal_alone(&mut self, text: &str) -> Result<(SubjectId, Arc<[u8]>), SealError> {
        self.0.push(String::new());
        Ok((SubjectId(self.0.len() as u64 - 1), text.bytes().map(|byte| !byte).collect()))
    }
}

impl Unseal for Turned {
    fn unseal(&self, _: SubjectId, sealed: &[u8]) -> Result<Option<Arc<str>>, SealError> {
        let bytes = sealed.iter().map(|byte| !byte).collect();
        Ok(Some(Arc::from(String::from_utf8(bytes).map_err(SealError::new)?)))
    }
}

/// Any bytes as a record: a record or an error. And as the text of a frame: it comes out of its record as it went in,
/// and can be read when everything in it is erased.
pub fn record(bytes: &[u8]) {
    let _ = Record::read(bytes, &NoKeys);
    let _ = stored(bytes, |_| {});

    let text = String::from_utf8_lossy(bytes);
    let (text, _) = FrameText::from_wire(&text);
    let at = Timestamp::from_micros(0);
    let input = Input { at, kind: InputKind::Frame { socket: SocketId(1), text: text.clone() } };
    let recording = Recording { seq: 1, at, input: &input, events: &[], message: None };
    let mut keys = Turned(Vec::new());
    let mut writer = RecordWriter::default();
    let record = writer.write(&recording, &mut keys).unwrap();
    let read = Record::read(record, &keys).unwrap();
    match read.input.kind {
        InputKind::Frame { text: read, .. } => {
            assert_eq!(read.as_str(), text.as_str(), "it came out another");
        }
        InputKind::Opened(_)
        | InputKind::Refused(_)
        | InputKind::Closed(_)
        | InputKind::Binary { .. }
        | InputKind::Named { .. }
        | InputKind::Command(_)
        | InputKind::Timer(_) => panic!("a frame came out as something else"),
        _ => panic!("a frame came out as something else"),
    }
    Record::read(record, &NoKeys).unwrap();
}
