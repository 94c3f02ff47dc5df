//! Budgets that hold on any machine: memory and allocations, counted and not timed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

use allocation_counter::measure;
use callfold_benches::generate::{self, Session};
use callfold_benches::kinds::Kind;
use callfold_benches::work;
use callfold_engine::wire::{Frame, FrameText};
use callfold_engine::{DirectoryPool, Input, InputKind, Machine, Outcome, SocketId};

/// The inputs of a session with the allocations of their rules, decoding left out.
fn allocations(session: &Session) -> Vec<(Kind, u64)> {
    let mut machine = work::loaded(session);
    let mut outcome = Outcome::default();
    outcome.events.reserve(256);
    outcome.effects.reserve(256);
    let mut counted = Vec::new();
    for input in session.steady() {
        let count = if let InputKind::Frame { socket, text } = &input.kind {
            let frame = Frame::decode(text.as_str()).unwrap();
            let handle = || machine.handle_decoded(input.at, *socket, &frame, text.as_str(), &mut outcome);
            measure(handle).count_total
        } else {
            measure(|| machine.handle(input, &mut outcome)).count_total
        };
        counted.push((Kind::of(&input.kind, &outcome), count));
    }
    counted
}

#[test]
fn a_frame_that_changes_nothing_allocates_nothing_in_the_rules() {
    let counted = allocations(&generate::session(1, 20_000).unwrap());
    let of = |kind| counted.iter().filter(move |(found, _)| *found == kind).map(|(_, count)| *count);
    assert!(of(Kind::Nothing).count() > 3_000);
    assert_eq!(of(Kind::Nothing).max(), Some(0));
    let mean = |kind| of(kind).sum::<u64>() * 10 / of(kind).count() as u64;
    // Tenths of an allocation, for whoever asks with `--nocapture`; and a bound against a slip.
    for kind in Kind::ALL {
        println!("{:<22} {:>4} tenths of an allocation", kind.text(), mean(kind));
        assert!(mean(kind) <= 300, "{kind:?}: {}", mean(kind));
    }
    let all = counted.iter().map(|(_, count)| count).sum::<u64>() * 10 / counted.len() as u64;
    println!("{:<22} {all:>4} tenths of an allocation", "mixed");
    assert!(all <= 40, "{all}");
}

/// From text: what a transport and the machine allocate together for a picture, a pong, a queue that is empty.
#[test]
fn a_frame_that_changes_nothing_and_has_no_list_allocates_nothing_from_its_text_on() {
    let session = generate::session(1, 20_000).unwrap();
    let mut machine = work::loaded(&session);
    let mut outcome = Outcome::default();
    outcome.events.reserve(256);
    outcome.effects.reserve(256);
    let mut looked_at = 0;
    for input in session.steady() {
        let InputKind::Frame { socket, text } = &input.kind else {
            machine.handle(input, &mut outcome);
            continue;
        };
        let count = measure(|| {
            let text = FrameText::from_wire(text.as_str()).0;
            let kind = InputKind::Frame { socket: *socket, text };
            machine.handle(&Input { at: input.at, kind }, &mut outcome);
        });
        if Kind::of(&input.kind, &outcome) == Kind::Nothing && !text.as_str().contains(":[{") {
            assert_eq!(count.count_total, 0, "{}", text.as_str());
            looked_at += 1;
        }
    }
    assert!(looked_at > 2_000);
}

/// The bytes that are held by a machine and what it refers to, made by `make`.
fn bytes(make: impl Fn() -> Machine) -> u64 {
    let mut kept = None;
    let held = measure(|| kept = Some(Box::new(make()))).bytes_current;
    assert!(kept.is_some());
    u64::try_from(held).unwrap()
}

#[test]
fn an_idle_line_takes_less_than_8_kib_beside_the_directory_it_shares() {
    let session = generate::session(1, 1).unwrap();
    let mut pool = DirectoryPool::default();
    let mut first = work::loaded(&session);
    first.share(&mut pool);
    let pool = std::cell::RefCell::new(pool);
    let alone = bytes(|| work::loaded(&session));
    let held = bytes(|| {
        let mut machine = work::loaded(&session);
        machine.share(&mut pool.borrow_mut());
        machine
    });
    println!("{held} bytes; {alone} with a directory of {} users of its own", generate::COLLEAGUES + 1);
    assert!(held < 8 * 1024, "{held} bytes");
}

#[test]
fn a_line_in_a_conference_of_10_takes_less_than_24_kib() {
    let mut pool = DirectoryPool::default();
    let mut first = work::in_conference(10).unwrap().0;
    first.share(&mut pool);
    let pool = std::cell::RefCell::new(pool);
    let held = bytes(|| {
        let mut machine = work::in_conference(10).unwrap().0;
        machine.share(&mut pool.borrow_mut());
        machine
    });
    println!("{held} bytes");
    assert!(held < 24 * 1024, "{held} bytes");
}

#[test]
fn the_list_of_a_conference_that_is_as_it_was_costs_the_same_for_any_number_of_parties() {
    let count = |parties| {
        let (mut machine, text) = work::in_conference(parties).unwrap();
        let frame = Frame::decode(&text).unwrap();
        let mut outcome = Outcome::default();
        let at = machine.now();
        let mut handle = || machine.handle_decoded(at, SocketId(1), &frame, &text, &mut outcome);
        handle();
        measure(handle).count_total
    };
    let (few, many) = (count(2), count(40));
    assert!(few == many && few <= 4, "{few} → {many}");
}
