//! What the fuzzer runs, as ordinary functions: every build compiles them, and a test runs the kept corpus.

// A broken law is reported by a panic: that is what the fuzzer looks for.
#![allow(clippy::panic, clippy::unwrap_used)]

use callfold_engine::wire::{Frame, FrameText};
use callfold_engine::{Config, Machine};

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
