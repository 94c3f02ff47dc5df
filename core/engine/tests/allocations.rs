//! An input that changes nothing allocates nothing: a line that is quiet for a year costs no memory, and a
//! recorder of a whole floor has nothing to collect.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

mod common;

use allocation_counter::measure;
use callfold_engine::wire::FrameText;
use callfold_engine::{Effect, Input, InputKind, Machine, Outcome, SocketId, Timer, Timestamp};
use common::*;
use serde_json::{Value, json};

/// What a list with something in it costs: the JSON reader notes on its scratch where it is when it passes over
/// an object inside a list. One short allocation, however long the list.
const LIST: u64 = 1;

/// A machine in the state that a session left it in, and the inputs that are counted.
struct Meter {
    machine: Machine,
    outcome: Outcome,
    socket: SocketId,
    now: Timestamp,
}

impl Meter {
    fn new(session: &Session) -> Self {
        let machine = session.machine.clone();
        let now = machine.now();
        let mut outcome = Outcome::default();
        outcome.events.reserve(64);
        outcome.effects.reserve(64);
        Self { machine, outcome, socket: session.socket(), now }
    }

    fn handle(&mut self, kind: InputKind<'_>) {
        self.machine.handle(&Input { at: self.now, kind }, &mut self.outcome);
    }

    fn handle_text(&mut self, text: &str) {
        let kind = InputKind::Frame { socket: self.socket, text: FrameText::from_wire(text).0 };
        self.handle(kind);
    }

    /// Allocations of the second time that this frame is handled, with everything a transport does for it.
    #[track_caller]
    fn frame(&mut self, name: &str, body: Value) -> u64 {
        let text = json!([name, body]).to_string();
        self.handle_text(&text);
        let view = self.machine.view().clone();
        let count = measure(|| self.handle_text(&text)).count_total;
        assert!(*self.machine.view() == view, "{name} changed something");
        count
    }

    /// Allocations of an answer to a request that the machine makes whenever it is asked to by `cause`.
    #[track_caller]
    fn answer(&mut self, cause: impl Fn(&mut Self), method: &str, body: Value) -> u64 {
        let mut count = 0;
        for _ in 0..3 {
            cause(self);
            let asked = self.outcome.effects.iter().find_map(|effect| match effect {
                Effect::Send { qid, request, .. } if request.method() == method => Some(*qid),
                _ => None,
            });
            let mut body = body.clone();
            body["qid"] = asked.expect("it is asked").to_string().into();
            body.as_object_mut().unwrap().entry("result").or_insert(json!(1));
            let text = json!([format!("{method}result"), body]).to_string();
            let view = self.machine.view().clone();
            let measured = measure(|| self.handle_text(&text)).count_total;
            assert!(self.outcome.events.is_empty(), "{:?}", self.outcome.events);
            assert!(*self.machine.view() == view, "{method} changed something");
            count = measured;
        }
        count
    }

    /// Allocations of a line picture that says what was known already.
    #[track_caller]
    fn picture(&mut self, picture: impl Into<Value>) -> u64 {
        let ask = |meter: &mut Self| meter.handle_text(r#"["phoneevent_ringstarted",{}]"#);
        self.answer(ask, "getextendedlineinfo", picture.into())
    }
}

#[test]
fn the_same_picture_while_ready() {
    assert_eq!(Meter::new(&Session::connected()).picture(ready()), 0);
}

#[test]
fn the_same_picture_while_ringing() {
    let mut session = Session::connected();
    session.picture(ring(CUSTOMER));
    assert_eq!(Meter::new(&session).picture(ring(CUSTOMER)), 0);
}

#[test]
fn the_same_picture_while_talking() {
    // The talk clock is set to the seconds that the picture tells: the same moment, so nothing changes.
    assert_eq!(Meter::new(&Session::talking()).picture(talk(CUSTOMER)), 0);
}

#[test]
fn the_same_picture_with_someone_held() {
    let picture = || talk("102").held(json!({ "number": CUSTOMER }));
    assert_eq!(Meter::new(&Session::consulting()).picture(picture()), 0);
    let full = || talk("102").held(json!({ "number": "103", "userid": PETER, "username": "Пётр" }));
    let mut session = Session::connected();
    session.picture(full());
    assert_eq!(Meter::new(&session).picture(full()), 0);
    let room =
        || talk("102").held(json!({ "conferenceid": CONF, "conferencename": "x", "conferenceroom": 7 }));
    let mut session = Session::connected();
    session.picture(room());
    assert_eq!(Meter::new(&session).picture(room()), 0);
}

#[test]
fn a_refused_picture() {
    assert_eq!(Meter::new(&Session::talking()).picture(json!({ "result": 0, "errormsg": "no" })), 0);
}

#[test]
fn the_same_queue() {
    let two = json!([{ "number": "1" }, { "number": "2", "userid": PETER }]);
    for (queue, cost) in [(json!([]), 0), (two, LIST)] {
        let mut session = Session::connected();
        session.wait(5_000).answer("getcurrentqueue", json!({ "queue": queue }));
        let mut meter = Meter::new(&session);
        let poll = |meter: &mut Meter| {
            while let Some((at, timer)) = meter.machine.poll_timeout() {
                meter.now = at;
                meter.handle(InputKind::Timer(timer));
                if timer == Timer::Queue {
                    return;
                }
            }
        };
        assert_eq!(meter.answer(poll, "getcurrentqueue", json!({ "queue": queue })), cost);
    }
}

#[test]
fn the_same_user_state() {
    // The fact that the event came is told, from memory that the outcome keeps.
    for state in [user_state(1, json!({})), user_state(5, json!({ "lunchreasonid": 2, "ontask": true }))] {
        let mut session = Session::connected();
        session.server("userstatechanged", state.clone()).wait(400);
        assert_eq!(Meter::new(&session).frame("userstatechanged", state), 0);
    }
}

#[test]
fn known_states_of_numbers() {
    let numbers =
        json!({ "numbers": [{ "num": "102", "numstateid": 5 }, { "num": "999", "numstateid": 1 }] });
    assert_eq!(Meter::new(&Session::connected()).frame("pbxnumberstatechanged", numbers), LIST);
}

#[test]
fn a_pong_to_a_ping() {
    let mut meter = Meter::new(&Session::connected());
    let ping = |meter: &mut Meter| {
        while let Some((at, timer)) = meter.machine.poll_timeout() {
            meter.now = at;
            meter.handle(InputKind::Timer(timer));
            if timer == Timer::KeepAlive {
                return;
            }
        }
    };
    assert_eq!(meter.answer(ping, "ping", json!({})), 0);
}

#[test]
fn an_event_whose_picture_is_due_already() {
    let mut meter = Meter::new(&Session::connected());
    assert_eq!(meter.frame("linestatechanged", json!({})), 0);
    assert_eq!(meter.frame("flashstatechanged", json!({ "flashtypeid": 1 })), 0);
}

#[test]
fn answers_to_nothing_that_was_asked() {
    let mut meter = Meter::new(&Session::talking());
    assert_eq!(meter.frame("pong", json!({ "qid": "no-such" })), 0);
    assert_eq!(meter.frame("subscribeeventresult", json!({ "qid": "0.123", "result": 1 })), 0);
    let mut stray: Value = talk("102").into();
    stray["qid"] = json!("none");
    assert_eq!(meter.frame("getextendedlineinforesult", stray), 0);
    assert_eq!(
        meter.frame("getcurrentqueueresult", json!({ "qid": "x", "queue": [{ "number": "1" }] })),
        LIST
    );
}

#[test]
fn an_answer_that_no_rule_reads() {
    // Subscriptions and the like: yes or no, and nothing follows.
    let mut session = Session::logging_in();
    session.load(json!({ "subscribeevent": null }));
    let qids: Vec<u64> = (1..40).collect();
    let mut meter = Meter::new(&session);
    for qid in qids {
        let text = format!(r#"["subscribeeventresult",{{"qid":"{qid}","result":1}}]"#);
        assert_eq!(measure(|| meter.handle_text(&text)).count_total, 0);
    }
}

#[test]
fn a_timer_that_is_not_due() {
    let mut meter = Meter::new(&Session::connected());
    for timer in [Timer::KeepAlive, Timer::Queue, Timer::Picture, Timer::Answer, Timer::Multipart] {
        assert_eq!(measure(|| meter.handle(InputKind::Timer(timer))).count_total, 0, "{timer:?}");
    }
}

#[test]
fn a_frame_on_a_dead_socket() {
    let mut meter = Meter::new(&Session::connected());
    meter.socket = SocketId(99);
    assert_eq!(meter.frame("linestatechanged", json!({})), 0);
}

#[test]
fn a_socket_event_that_means_nothing() {
    let mut meter = Meter::new(&Session::connected());
    for kind in
        [InputKind::Opened(SocketId(9)), InputKind::Refused(SocketId(9)), InputKind::Closed(SocketId(9))]
    {
        assert_eq!(measure(|| meter.handle(kind)).count_total, 0);
    }
}

#[test]
fn asking_for_the_next_timer_and_looking_at_the_view() {
    let meter = Meter::new(&Session::talking());
    let looked = measure(|| {
        assert!(meter.machine.poll_timeout().is_some());
        assert!(meter.machine.view().talk_length(meter.now).is_some());
    });
    assert_eq!(looked.count_total, 0);
}

#[test]
fn the_same_list_of_a_conference_costs_the_list_and_what_is_told() {
    // The list is told always (spec part 2), and each competitor of the frame is read into one list: that is
    // what it may cost, however many there are.
    let cost = |others: usize| {
        let all: Vec<Value> = (0..others)
            .map(|n| competitor(&format!("2{n:02}"), None, json!({})))
            .chain([me_in(), anna()])
            .collect();
        let mut session = Session::connected();
        session.picture(conference(CONF)).answer("getconferenceinfo", members(CONF, &all));
        let body = json!({ "eventinfo": { "conferenceid": CONF, "competitorlist": all } });
        let mut meter = Meter::new(&session);
        let text = json!(["confcompetitorstatechanged", { "eventinfo": {
            "conference": { "id": CONF }, "competitor": anna(),
        } }]);
        let text = text.to_string();
        meter.handle_text(&text);
        assert_eq!(measure(|| meter.handle_text(&text)).count_total, 0, "one that is known costs nothing");
        meter.frame("confcompositionchanged", body)
    };
    let (few, many) = (cost(2), cost(40));
    assert!(few <= 8, "{few}");
    assert!(many <= few + 8, "a list grows by doubling, not by one each: {few} → {many}");
}
