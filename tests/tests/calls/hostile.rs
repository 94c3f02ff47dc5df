//! Events in any order, possible or not: what comes of them is never a lie about time, and never too much.

use std::sync::Arc;

use callfold_engine::calls::Over;
use callfold_engine::wire::PhoneEvent;
use callfold_engine::{
    AgentState, ChainId, CommandId, CommandName, CommandResult, ConferenceId, DisconnectReason, ErrorCode,
    Event, Held, LineState, Parties, Party, Span, Text, Timestamp, UserId,
};
use proptest::prelude::*;
use serde_json::json;

use crate::watch::Watch;

pub(crate) fn party(number: u8, chain: Option<u8>, competitor: bool) -> Arc<Party> {
    let marks =
        json!({ "creator": false, "director": false, "ghost": false, "ghost_major": false, "hidden": false });
    let party = json!({
        "key": format!("{number}"),
        "guid": null,
        "menu": null,
        "competitor": competitor.then_some(marks),
        "conference": null,
        "external": false,
        "chain": chain.map(|chain| format!("chain-{chain}")),
        "number": (number > 0).then(|| format!("10{number}")),
        "caller": null,
        "name": null,
        "user": null,
    });
    Arc::new(serde_json::from_value(party).unwrap())
}

fn any_party() -> impl Strategy<Value = Arc<Party>> {
    (0_u8..4, prop::option::weighted(0.8, 0_u8..4), prop::bool::weighted(0.2))
        .prop_map(|(number, chain, competitor)| party(number, chain, competitor))
}

fn parties() -> impl Strategy<Value = Parties> {
    prop::collection::vec(any_party(), 0..3).prop_map(|parties| parties.into_iter().collect())
}

fn line() -> impl Strategy<Value = LineState> {
    prop::sample::select(vec![
        LineState::Unknown,
        LineState::Disconnected,
        LineState::Ready,
        LineState::Ring,
        LineState::BackRing,
        LineState::Call,
        LineState::BackCall,
        LineState::Talk,
        LineState::Talk,
    ])
}

fn conference() -> impl Strategy<Value = ConferenceId> {
    (0_u8..2).prop_map(|id| ConferenceId::from(format!("conference-{id}").as_str()))
}

fn held() -> impl Strategy<Value = Held> {
    prop_oneof![
        3 => any_party().prop_map(Held::Party),
        1 => conference().prop_map(|id| Held::Conference { id, name: None, room: None }),
    ]
}

fn agent_state() -> impl Strategy<Value = AgentState> {
    prop::sample::select(vec![
        AgentState::Ready,
        AgentState::Break,
        AgentState::Busy,
        AgentState::BusyThenBreak,
        AgentState::DoNotDisturb,
        AgentState::NoPhone,
        AgentState::Redirect,
    ])
}

fn connection_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0_u8..2).prop_map(|login| Event::Connecting { login: Text::from(format!("agent-{login}")) }),
        Just(Event::LoggedIn { user: UserId::from("user") }),
        Just(Event::Connected),
        Just(Event::Leaving),
        Just(Event::Disconnected { reason: DisconnectReason::ConnectionClosed }),
        Just(Event::ConnectionDropped),
        Just(Event::LineWentStale { since: Timestamp::default() }),
        Just(Event::LineKnownAgain),
    ]
}

fn line_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (line(), line()).prop_map(|(to, from)| Event::LineChanged { to, from }),
        1 => (line(), prop::option::of(parties()))
            .prop_map(|(state, parties)| Event::LineStopped { state, parties }),
        1 => (line(), parties()).prop_map(|(state, parties)| Event::LineStarted { state, parties }),
        2 => parties().prop_map(|parties| Event::PartiesChanged { parties }),
        1 => parties().prop_map(|parties| Event::PartiesRefreshed { parties }),
        1 => held().prop_map(|held| Event::HoldEntered { held }),
        1 => held().prop_map(|held| Event::HoldLeft { held }),
        2 => prop::option::of(held()).prop_map(|held| Event::HoldChanged { held }),
        1 => held().prop_map(|held| Event::HoldRefreshed { held }),
        1 => prop::option::of(conference()).prop_map(|conference| Event::ConferenceChanged { conference }),
        1 => (0_i64..9).prop_map(|kind| Event::FlashReported { kind: Some(kind) }),
        1 => (prop::option::of(0_u8..3), prop::option::of(conference())).prop_map(|(chain, conference)| {
            Event::PhoneReported {
                event: PhoneEvent::CommutationStarted,
                chain: chain.map(|chain| ChainId::from(format!("chain-{chain}").as_str())),
                commutation: None,
                conference,
            }
        }),
    ]
}

fn command_event() -> impl Strategy<Value = Event> {
    let name = || prop::sample::select(CommandName::ALL.to_vec());
    let id = || (1_u64..9).prop_map(CommandId);
    prop_oneof![
        3 => (id(), name()).prop_map(|(id, name)| {
            Event::CommandGiven { id, name, target: Some("102".into()) }
        }),
        1 => (id(), 1_u64..9).prop_map(|(command, qid)| {
            Event::RequestSent { command, qid, method: Text::from("method") }
        }),
        1 => (id(), 1_u64..9, any::<bool>())
            .prop_map(|(command, qid, accepted)| Event::RequestAnswered { command, qid, accepted }),
        1 => (id(), 1_u64..9).prop_map(|(command, qid)| {
            Event::RequestFailed { command, qid, code: ErrorCode::NoAnswer }
        }),
        2 => (id(), name()).prop_map(|(id, name)| {
            Event::CommandDone { id, name, result: CommandResult::DONE }
        }),
        1 => (id(), name()).prop_map(|(id, name)| {
            let result = CommandResult::refused(ErrorCode::IncorrectState);
            Event::CommandDone { id, name, result }
        }),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        1 => connection_event(),
        4 => line_event(),
        1 => command_event(),
        1 => (agent_state(), agent_state()).prop_map(|(state, status)| {
            Event::AgentStateChanged { state, status, reason: None }
        }),
    ]
}

/// How long after the last record; sometimes the clock steps back.
fn pause() -> impl Strategy<Value = i64> {
    prop_oneof![
        2 => Just(0),
        3 => 1_i64..2_000_000,
        2 => 1_000_000_i64..60_000_000,
        1 => 60_000_000_i64..900_000_000,
        1 => -2_000_000_i64..0,
    ]
}

type Records = Vec<(i64, Vec<Event>)>;

fn records(size: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Records> {
    let first = vec![Event::Connecting { login: Text::from("agent-0") }, Event::Connected];
    prop::collection::vec((pause(), prop::collection::vec(event(), 0..4)), size).prop_map(
        move |mut records| {
            records.insert(0, (0, first.clone()));
            records
        },
    )
}

fn read(watch: &mut Watch, records: &Records, at: &mut i64) {
    for (pause, events) in records {
        *at = at.saturating_add(*pause);
        watch.record(Timestamp::from_micros(*at), events);
    }
}

proptest! {
    #![proptest_config(callfold_tests::cases(400))]

    #[test]
    fn impossible_orders_keep_time_and_facts_straight(
        records in records(1..80),
        offset in -14_i64..14,
    ) {
        let mut watch = Watch::new(Span::from_secs(offset * 3_600));
        read(&mut watch, &records, &mut 1_768_197_600_000_000);
        watch.finish();
    }

    #[test]
    fn a_log_written_down_midway_goes_on_the_same(records in records(2..60), cut in 1_usize..60) {
        let mut whole = Watch::new(Span::ZERO);
        let mut restored = Watch::new(Span::ZERO);
        let (mut at, mut at_restored) = (0, 0);
        for (place, record) in records.into_iter().enumerate() {
            let record = vec![record];
            if place == cut {
                restored.restore();
            }
            read(&mut whole, &record, &mut at);
            read(&mut restored, &record, &mut at_restored);
        }
        let (whole, restored) = (whole.finish(), restored.finish());
        prop_assert_eq!(whole.calls, restored.calls);
        prop_assert_eq!(whole.commands, restored.commands);
        prop_assert_eq!(whole.log, restored.log);
    }
}

proptest! {
    #![proptest_config(callfold_tests::cases(2))]

    #[test]
    fn no_clock_makes_the_ledger_lose_its_balance(
        jumps in prop::collection::vec((any::<i64>(), prop::collection::vec(event(), 0..3)), 1..20),
    ) {
        let mut watch = Watch::new(Span::ZERO);
        watch.record(Timestamp::default(), &[Event::Connected]);
        for (at, events) in jumps {
            watch.record(Timestamp::from_micros(at), &events);
        }
        let ledger = watch.log.ledger();
        prop_assert_eq!(ledger.totals().sum(), ledger.logged_in());
    }

    /// The same few hundred records again and again, 50 000 in all, with one call that never ends.
    #[test]
    fn memory_is_bounded_whatever_comes(records in records(500..501)) {
        const BOUND: usize = 4 << 20;
        let mut watch = Watch::new(Span::ZERO);
        let mut at = 0;
        for _ in 0..100 {
            let mut over = Over::default();
            for (pause, events) in &records {
                at += pause.clamp(&0, &1_000_000);
                watch.log.record(1, Timestamp::from_micros(at), events);
                over = watch.log.take_over();
            }
            drop(over);
        }
        prop_assert!(watch.size() < BOUND, "{} bytes", watch.size());
    }
}
