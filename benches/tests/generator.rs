//! What the figures are measured on: the same session for the same seed, of frames of the size and kinds that a real
//! server sends, and an agent who does everything in about the proportions of a floor.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeMap;

use callfold_benches::generate::{self, Deed, Session};
use callfold_benches::kinds::Kind;
use callfold_benches::{floor, work};
use callfold_engine::{Event, Machine, Outcome};

const INPUTS: usize = 20_000;

fn texts(session: &Session) -> Vec<String> {
    session.frames().map(str::to_owned).collect()
}

#[test]
fn the_same_seed_gives_the_same_session_and_another_gives_another() {
    let (one, same, other) =
        (generate::session(7, 500), generate::session(7, 500), generate::session(8, 500));
    let (one, same, other) = (one.unwrap(), same.unwrap(), other.unwrap());
    let told =
        |session: &Session| session.inputs.iter().map(|input| format!("{input:?}")).collect::<Vec<_>>();
    assert_eq!(told(&one), told(&same));
    assert_eq!(texts(&one), texts(&same));
    assert_ne!(texts(&one), texts(&other));
    assert_eq!(one.deeds, same.deeds);
}

#[test]
fn a_session_in_parts_is_the_session() {
    let whole = generate::session(3, 1_000).unwrap();
    let mut parts = Vec::new();
    generate::each(3, 1_000, |part, _| {
        parts.extend(part.iter().map(|input| format!("{input:?}")));
        Ok(())
    })
    .unwrap();
    assert_eq!(parts, whole.inputs.iter().map(|input| format!("{input:?}")).collect::<Vec<_>>());
    assert!(parts.len() >= 1_000);
}

#[test]
fn frames_are_as_long_and_as_mixed_as_those_of_a_server() {
    let session = generate::session(1, INPUTS).unwrap();
    let frames: Vec<&str> = session.frames().collect();
    let mean = frames.iter().map(|frame| frame.len()).sum::<usize>() / frames.len();
    assert!((270..=310).contains(&mean), "{mean} bytes");
    let cyrillic = frames.iter().filter(|frame| frame.contains("енко")).count();
    assert!(cyrillic * 5 > frames.len(), "{cyrillic} of {} frames have a name", frames.len());
    // Everything decodes, with the floor as with the engine.
    assert_eq!(work::decode(&frames).unwrap(), frames.len() as u64);
    frames.iter().for_each(|frame| drop(floor::decode(frame).unwrap()));
}

#[test]
fn an_agent_does_everything_and_mostly_talks() {
    let session = generate::session(1, INPUTS).unwrap();
    let mut deeds: BTreeMap<Deed, usize> = BTreeMap::new();
    session.deeds.iter().for_each(|deed| *deeds.entry(*deed).or_default() += 1);
    assert_eq!(deeds.len(), 9, "{deeds:?}");
    let share = |deed| deeds[&deed] * 100 / session.deeds.len();
    assert!((30..=55).contains(&share(Deed::Talk)), "{deeds:?}");
    assert!(share(Deed::Hold) > share(Deed::Transfer) && share(Deed::Conference) <= 8, "{deeds:?}");
}

#[test]
fn frames_cause_what_they_are_for_and_none_is_refused() {
    let session = generate::session(1, INPUTS).unwrap();
    let mut machine = Machine::new(generate::config());
    let mut outcome = Outcome::default();
    let mut kinds: BTreeMap<Kind, usize> = BTreeMap::new();
    let mut most = 0;
    for input in &session.inputs {
        machine.handle(input, &mut outcome);
        *kinds.entry(Kind::of(&input.kind, &outcome)).or_default() += 1;
        most = most.max(machine.view().parties.as_slice().len());
        let finding = outcome.events.iter().find(|event| event.is_finding());
        assert!(finding.is_none(), "{finding:?}");
        let stray = outcome.events.iter().any(|event| matches!(event, Event::UnknownEvent { .. }));
        assert!(!stray, "{:?}", input.kind);
    }
    assert_eq!(kinds.len(), Kind::ALL.len(), "{kinds:?}");
    assert!(kinds.values().all(|count| *count >= 20), "{kinds:?}");
    assert!(most >= 8, "the largest conference has {most}");
}
