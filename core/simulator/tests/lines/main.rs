//! The engine's machine talks to the PBX, without sockets: what agents see on both sides, and what comes of commands.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::wildcard_enum_match_arm)]

mod floor;

use callfold_engine::{CallSequence, Command, CommandResult, ErrorCode, Event, GhostMode, LineState, Span};
use callfold_simulator::{Account, AgentState, Manners, OutsideState, Presence};

use floor::{CUSTOMER, Floor, layout};

#[test]
fn an_incoming_call_is_answered_and_ended() {
    let mut floor = Floor::new(layout());
    let customer = floor.pbx.external_call(floor.now, CUSTOMER, "101");
    floor.pass(2_000);
    assert_eq!((floor.line(0), floor.agent_state(0)), (LineState::Ring, 5));
    assert_eq!(floor.parties(0), [CUSTOMER]);
    floor.command(0, Command::Answer);
    floor.pass(1_500);
    assert!(floor.accepted(0));
    assert_eq!(floor.line(0), LineState::Talk);
    assert_eq!(floor.pbx.outside(customer), OutsideState::Talking);
    floor.pbx.hang_up(floor.now, customer).unwrap();
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.agent_state(0)), (LineState::Ready, 1));
    assert!(floor.parties(0).is_empty());
    assert_eq!(floor.pbx.outside(customer), OutsideState::Gone);
    // In the order in which the real server tells it.
    let told = [
        "pbxnumberstatechanged",
        "userstatechanged",
        "linestatechanged",
        "phoneevent_ringstarted",
        "phoneevent_ringstopped",
        "linestatechanged",
        "phoneevent_commstarted",
        "phoneevent_commstopped",
        "userstatechanged",
        "pbxnumberstatechanged",
        "linestatechanged",
    ];
    let mut heard = floor.told(0);
    // The state of the number is told to everybody, along with the user's.
    heard.swap(0, 1);
    assert_eq!(heard, told);
}

#[test]
fn a_call_is_declined_and_one_is_abandoned() {
    let mut floor = Floor::new(layout());
    let customer = floor.pbx.external_call(floor.now, CUSTOMER, "101");
    floor.pass(1_000);
    floor.command(0, Command::EndCall { targets: None });
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.pbx.outside(customer)), (LineState::Ready, OutsideState::Gone));

    let customer = floor.pbx.external_call(floor.now, CUSTOMER, "101");
    floor.pass(1_000);
    assert_eq!(floor.line(0), LineState::Ring);
    floor.pbx.hang_up(floor.now, customer).unwrap();
    floor.pass(1_500);
    assert_eq!(floor.line(0), LineState::Ready);
}

#[test]
fn a_phone_that_nobody_answers_stops_ringing() {
    let mut floor = Floor::new(layout().rings_for(Span::from_secs(10)));
    let customer = floor.pbx.external_call(floor.now, CUSTOMER, "101");
    floor.pass(9_000);
    assert_eq!(floor.line(0), LineState::Ring);
    floor.pass(3_000);
    assert_eq!((floor.line(0), floor.pbx.outside(customer)), (LineState::Ready, OutsideState::Gone));
}

#[test]
fn two_agents_who_call_each_other_see_one_chain_from_both_sides() {
    let mut floor = Floor::new(layout());
    floor.call(0, "102");
    assert!(floor.accepted(0));
    assert_eq!(floor.line(0), LineState::BackRing); // the caller's own phone first
    assert_eq!(floor.line(1), LineState::Ready);
    floor.command(0, Command::Answer);
    floor.pass(1_500);
    assert!(floor.accepted(0));
    assert_eq!((floor.line(0), floor.line(1)), (LineState::Call, LineState::Ring));
    assert_eq!((floor.parties(0), floor.parties(1)), (vec!["102".to_owned()], vec!["101".to_owned()]));
    floor.command(1, Command::Answer);
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.line(1)), (LineState::Talk, LineState::Talk));
    assert_eq!(floor.chain(0), floor.chain(1));
    assert_eq!((floor.agent_state(0), floor.agent_state(1)), (5, 5));
    floor.command(1, Command::EndCall { targets: None });
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.line(1)), (LineState::Ready, LineState::Ready));
}

#[test]
fn a_callback_may_ring_the_other_side_first() {
    let mut floor = Floor::new(layout());
    floor.command(0, Command::Call { number: CUSTOMER.into(), sequence: CallSequence::PartyFirst });
    floor.pass(1_000);
    assert_eq!(floor.line(0), LineState::BackCall);
    let customer = floor.pbx.find_outside(CUSTOMER).unwrap();
    assert_eq!(floor.pbx.outside(customer), OutsideState::Ringing);
    floor.pbx.answer(floor.now, customer).unwrap();
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.pbx.outside(customer)), (LineState::BackRing, OutsideState::Calling));
    floor.pbx.answer(floor.now, "101").unwrap();
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.pbx.outside(customer)), (LineState::Talk, OutsideState::Talking));
}

#[test]
fn a_callback_is_given_up_at_every_stage() {
    for (wait, line) in [(100, LineState::BackCall), (1_000, LineState::BackRing)] {
        let mut floor = Floor::new(layout());
        let number = CUSTOMER.into();
        floor.command(0, Command::Call { number, sequence: CallSequence::AgentFirst });
        floor.pass(wait);
        assert_eq!(floor.line(0), line);
        floor.command(0, Command::EndCall { targets: None });
        floor.pass(1_500);
        assert_eq!((floor.line(0), floor.agent_state(0)), (LineState::Ready, 1), "given up in {line:?}");
        assert_eq!(floor.pbx.find_outside(CUSTOMER), None);
    }
}

#[test]
fn an_intercom_call_is_answered_by_the_phone_itself() {
    let mut floor = Floor::new(layout());
    floor.command(0, Command::Intercom { number: "102".into() });
    floor.pass(500);
    floor.pbx.answer(floor.now, "101").unwrap();
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.line(1)), (LineState::Talk, LineState::Talk));
}

#[test]
fn a_number_that_is_busy_or_has_no_phone_is_refused() {
    let mut floor = Floor::new(layout());
    floor.customer_talks_to(1);
    for number in ["102", "104", "1"] {
        floor.call(0, number);
        let refused =
            matches!(floor.result(0), CommandResult::Refused { code: ErrorCode::AutocallFailed, .. });
        assert!(refused, "{number}: {:?}", floor.result(0));
    }
    // At the phone it is dialled, and the busy tone heard.
    floor.pbx.dial(floor.now, "101", "102").unwrap();
    floor.pass(1_000);
    assert_eq!(floor.line(0), LineState::Call);
    floor.pass(4_000);
    assert_eq!((floor.line(0), floor.line(1)), (LineState::Ready, LineState::Talk));
}

#[test]
fn hold_and_back() {
    let mut floor = Floor::new(layout());
    let customer = floor.customer_talks_to(0);
    floor.command(0, Command::Hold);
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.held(0).as_deref()), (LineState::Ready, Some(CUSTOMER)));
    assert_eq!((floor.pbx.outside(customer), floor.agent_state(0)), (OutsideState::Held, 5));
    floor.command(0, Command::Hold);
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.held(0)), (LineState::Talk, None));
    assert_eq!(floor.pbx.outside(customer), OutsideState::Talking);
}

#[test]
fn a_colleague_who_is_held_still_talks() {
    let mut floor = Floor::new(layout());
    floor.pbx.dial(floor.now, "101", "102").unwrap();
    floor.pbx.answer(floor.now, "102").unwrap();
    floor.pass(1_500);
    floor.command(0, Command::Hold);
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.held(0).as_deref()), (LineState::Ready, Some("102")));
    assert_eq!(floor.line(1), LineState::Talk);
    let picture = floor.pbx.line_picture(floor.now, "102").unwrap();
    assert_eq!(picture["abonent"]["iswaitinginflash"], true);
    // And may leave: the hold is over.
    floor.pbx.hang_up(floor.now, "102").unwrap();
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.held(0), floor.agent_state(0)), (LineState::Ready, None, 1));
}

#[test]
fn a_consultation_and_the_two_connected() {
    let mut floor = Floor::new(layout());
    let customer = floor.customer_talks_to(0);
    let chain = floor.chain(0);
    floor.call(0, "102");
    assert!(floor.accepted(0));
    assert_eq!((floor.line(0), floor.held(0).as_deref()), (LineState::Call, Some(CUSTOMER)));
    assert_eq!(floor.line(1), LineState::Ring);
    floor.pbx.answer(floor.now, "102").unwrap();
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.line(1)), (LineState::Talk, LineState::Talk));
    assert_ne!(floor.chain(1), chain);

    floor.command(0, Command::Toggle);
    floor.pass(1_500);
    assert_eq!((floor.parties(0), floor.held(0).as_deref()), (vec![CUSTOMER.to_owned()], Some("102")));
    floor.command(0, Command::Toggle);
    floor.pass(1_500);
    assert_eq!((floor.parties(0), floor.held(0).as_deref()), (vec!["102".to_owned()], Some(CUSTOMER)));

    floor.command(0, Command::Commutate);
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.held(0), floor.agent_state(0)), (LineState::Ready, None, 1));
    assert_eq!((floor.line(1), floor.parties(1)), (LineState::Talk, vec![CUSTOMER.to_owned()]));
    assert_eq!(floor.chain(1), chain, "the customer's chain goes on");
    assert_eq!(floor.pbx.outside(customer), OutsideState::Talking);
    floor.pbx.hang_up(floor.now, customer).unwrap();
    floor.pass(1_500);
    assert_eq!(floor.line(1), LineState::Ready);
}

#[test]
fn a_consultation_is_aborted() {
    let mut floor = Floor::new(layout());
    let customer = floor.customer_talks_to(0);
    floor.call(0, "102");
    floor.pbx.answer(floor.now, "102").unwrap();
    floor.pass(1_500);
    floor.command(0, Command::EndCall { targets: Some(vec!["102".into()]) });
    floor.pass(1_500);
    assert_eq!(
        (floor.line(0), floor.held(0), floor.parties(0)),
        (LineState::Talk, None, vec![CUSTOMER.into()])
    );
    assert_eq!((floor.line(1), floor.pbx.outside(customer)), (LineState::Ready, OutsideState::Talking));
}

#[test]
fn a_phone_put_down_during_a_consultation_that_rings_passes_the_caller_on() {
    let mut floor = Floor::new(layout());
    let customer = floor.customer_talks_to(0);
    floor.call(0, "102");
    floor.pbx.hang_up(floor.now, "101").unwrap();
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.held(0)), (LineState::Ready, None));
    assert_eq!((floor.line(1), floor.parties(1)), (LineState::Ring, vec![CUSTOMER.to_owned()]));
    floor.pbx.answer(floor.now, "102").unwrap();
    floor.pass(1_500);
    assert_eq!((floor.line(1), floor.pbx.outside(customer)), (LineState::Talk, OutsideState::Talking));
}

#[test]
fn a_blind_transfer() {
    let mut floor = Floor::new(layout());
    let customer = floor.customer_talks_to(0);
    let chain = floor.chain(0);
    floor.command(0, Command::Transfer { number: Some("102".into()) });
    floor.pass(1_500);
    assert!(floor.accepted(0));
    assert_eq!((floor.line(0), floor.line(1)), (LineState::Ready, LineState::Ring));
    assert_eq!((floor.parties(1), floor.chain(1)), (vec![CUSTOMER.to_owned()], chain));
    floor.command(1, Command::Answer);
    floor.pass(1_500);
    assert_eq!((floor.line(1), floor.pbx.outside(customer)), (LineState::Talk, OutsideState::Talking));
    // To a number that is busy: nothing changes.
    floor.pbx.dial(floor.now, "103", CUSTOMER).unwrap();
    floor.command(1, Command::Transfer { number: Some("103".into()) });
    floor.pass(1_500);
    assert_eq!((floor.line(1), floor.pbx.outside(customer)), (LineState::Talk, OutsideState::Talking));
}

#[test]
fn a_conference_from_a_talk() {
    let mut floor = Floor::new(layout());
    let customer = floor.customer_talks_to(0);
    floor.command(0, Command::Conference { numbers: Some(vec!["102".into()]), given: None });
    floor.pass(1_500);
    assert!(floor.accepted(0), "{:?}", floor.result(0));
    assert_eq!((floor.line(0), floor.line(1)), (LineState::Talk, LineState::Ring));
    assert!(floor.agents[0].machine.view().made_conference());
    floor.command(1, Command::Answer);
    floor.pass(1_500);
    assert_eq!(floor.line(1), LineState::Talk);
    for at in [0, 1] {
        let mut parties = floor.parties(at);
        parties.sort();
        assert_eq!(parties, [CUSTOMER, "101", "102"], "as {} sees it", floor.agents[at].number);
        assert!(floor.agents[at].machine.view().conference.is_some());
    }
    assert_eq!(floor.pbx.outside(customer), OutsideState::Conference);

    // The customer is put out by who made it.
    floor.command(0, Command::EndCall { targets: Some(vec![CUSTOMER.into()]) });
    floor.pass(1_500);
    assert_eq!(floor.pbx.outside(customer), OutsideState::Gone);
    assert_eq!((floor.parties(0).len(), floor.parties(1).len()), (2, 2));
    // One leaves, and it is over for the other too.
    floor.command(0, Command::EndCall { targets: Some(vec!["101".into()]) });
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.line(1)), (LineState::Ready, LineState::Ready));
    assert!(floor.agents[1].machine.view().conference.is_none());
}

#[test]
fn a_conference_is_created_and_declined() {
    let mut floor = Floor::new(layout());
    let numbers = Some(vec!["102".into(), "103".into()]);
    let given = floor.new_conference();
    floor.command(0, Command::Conference { numbers, given });
    floor.pass(1_500);
    assert!(floor.accepted(0));
    assert_eq!(
        (floor.line(0), floor.line(1), floor.line(2)),
        (LineState::Talk, LineState::Ring, LineState::Ring)
    );
    floor.pbx.answer(floor.now, "102").unwrap();
    floor.pbx.decline(floor.now, "103").unwrap();
    floor.pass(1_500);
    assert_eq!((floor.line(1), floor.line(2)), (LineState::Talk, LineState::Ready));
    assert_eq!(
        (floor.parties(0), floor.parties(1)),
        (vec!["101".into(), "102".into()], vec!["101".into(), "102".into()])
    );
}

#[test]
fn who_is_held_comes_into_the_conference() {
    let mut floor = Floor::new(layout());
    let customer = floor.customer_talks_to(0);
    floor.call(0, "102");
    floor.pbx.answer(floor.now, "102").unwrap();
    floor.pass(1_500);
    floor.command(0, Command::Conference { numbers: Some(vec![CUSTOMER.into()]), given: None });
    floor.pass(2_500);
    assert!(floor.accepted(0), "{:?}", floor.result(0));
    assert_eq!((floor.held(0), floor.pbx.outside(customer)), (None, OutsideState::Conference));
    assert_eq!((floor.parties(0).len(), floor.parties(1).len()), (3, 3));
}

#[test]
fn a_conference_is_held_and_taken_back() {
    let mut floor = Floor::new(layout());
    floor.customer_talks_to(0);
    floor.command(0, Command::Conference { numbers: Some(vec!["102".into()]), given: None });
    floor.pass(1_500);
    floor.pbx.answer(floor.now, "102").unwrap();
    floor.pass(1_500);
    floor.command(0, Command::Hold);
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.held(0).as_deref()), (LineState::Ready, Some("conference")));
    floor.command(0, Command::Hold);
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.held(0), floor.parties(0).len()), (LineState::Talk, None, 3));
}

#[test]
fn a_chief_joins_a_subordinate_s_talk_unheard() {
    let mut floor = Floor::new(layout());
    let customer = floor.customer_talks_to(1);
    let ghost = |mode, target: &str| Command::Ghost { mode, target: target.into() };
    // The talk of somebody else's subordinate is not for them.
    floor.command(0, ghost(GhostMode::Listen, "103"));
    floor.pass(1_500);
    assert!(matches!(floor.result(0), CommandResult::Refused { code: ErrorCode::NoRights, .. }));

    floor.command(0, ghost(GhostMode::Listen, "102"));
    floor.pass(1_500);
    assert!(floor.accepted(0), "{:?}", floor.result(0));
    assert_eq!((floor.line(0), floor.parties(0)), (LineState::Talk, vec!["101".into(), "102".into()]));
    // Neither side notices.
    assert_eq!((floor.line(1), floor.parties(1)), (LineState::Talk, vec![CUSTOMER.to_owned()]));
    assert_eq!(floor.pbx.outside(customer), OutsideState::Talking);
    for mode in [GhostMode::Help, GhostMode::Conference, GhostMode::Listen] {
        floor.command(0, ghost(mode, "102"));
        floor.pass(1_500);
        assert!(floor.accepted(0), "{mode:?}: {:?}", floor.result(0));
    }
    // It ends with the talk.
    floor.pbx.hang_up(floor.now, customer).unwrap();
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.line(1)), (LineState::Ready, LineState::Ready));
    assert!(floor.agents[0].machine.view().conference.is_none());

    // Or when the chief has heard enough; the talk goes on.
    let customer = floor.customer_talks_to(1);
    floor.command(0, ghost(GhostMode::Listen, "102"));
    floor.pass(1_500);
    floor.command(0, Command::EndCall { targets: Some(vec!["101".into()]) });
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.line(1)), (LineState::Ready, LineState::Talk));
    assert_eq!(floor.pbx.outside(customer), OutsideState::Talking);
}

#[test]
fn a_conference_is_opened_at_another_client() {
    let mut floor = Floor::new(layout());
    floor.pbx.conference(floor.now, "101", &["102", CUSTOMER]).unwrap();
    floor.pass(1_500);
    let all = vec!["101".to_owned(), "102".into(), CUSTOMER.into()];
    assert_eq!((floor.line(0), floor.parties(0)), (LineState::Talk, all));
    assert!(floor.agents[0].machine.view().made_conference());
    floor.pbx.invite(floor.now, "101", "103").unwrap();
    floor.pass(1_500);
    assert_eq!((floor.line(2), floor.parties(0).len()), (LineState::Ring, 3));
    floor.pbx.answer(floor.now, "103").unwrap();
    floor.pass(1_500);
    assert_eq!((floor.line(2), floor.parties(0).len()), (LineState::Talk, 4));
}

#[test]
fn a_phone_that_is_answered_by_hand_only_rings_on() {
    let account = Account::new("sidorov", "Secret3", "103").answers_by_hand_only();
    let layout = callfold_simulator::Pbx::builder()
        .user(Account::new("ivanov", "Secret1", "101"))
        .user(Account::new("petrova", "Secret2", "102"))
        .user(account);
    let mut floor = Floor::new(layout);
    floor.pbx.external_call(floor.now, CUSTOMER, "103");
    floor.pass(1_500);
    floor.command(2, Command::Answer);
    floor.pass(4_000);
    assert!(!floor.accepted(2));
    assert_eq!(floor.line(2), LineState::Ring);
    floor.pbx.answer(floor.now, "103").unwrap();
    floor.pass(1_500);
    assert_eq!(floor.line(2), LineState::Talk);
}

#[test]
fn an_agent_s_state_is_set_at_another_client() {
    let mut floor = Floor::new(layout());
    let state = AgentState { call_centre: true, reason: Some(2), ..AgentState::new(Presence::Break) };
    floor.pbx.set_agent(floor.now, "101", state).unwrap();
    floor.pass(1_000);
    assert_eq!(floor.agent_state(0), 2);
    // Who is busy on a break is on a break still.
    floor.pbx.set_agent(floor.now, "101", AgentState { presence: Presence::Busy, ..state }).unwrap();
    floor.pass(1_000);
    assert_eq!(floor.agent_state(0), 5);
    assert!(floor.agents[0].machine.view().agent.facts.on_break);
}

#[test]
fn a_connection_is_lost_in_a_talk_and_the_line_is_known_again() {
    let mut floor = Floor::new(layout());
    let customer = floor.customer_talks_to(0);
    floor.lose_connection(0);
    floor.pass(10_000);
    assert!(floor.agents[0].machine.view().stale_since.is_some());
    assert_eq!(floor.pbx.outside(customer), OutsideState::Talking);
    floor.log_in(0);
    floor.pass(1_500);
    let view = floor.agents[0].machine.view();
    assert_eq!((view.line, view.stale_since), (LineState::Talk, None));
    assert_eq!(floor.parties(0), [CUSTOMER]);
    let clock = floor.agents[0].machine.view().talk_length(floor.now).unwrap();
    assert!(clock.as_secs() >= 12, "the talk clock counts from the answer: {clock:?}");
    // And a call that ended meanwhile is not pretended.
    floor.lose_connection(0);
    floor.pbx.hang_up(floor.now, customer).unwrap();
    floor.pass(1_000);
    floor.log_in(0);
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.agent_state(0)), (LineState::Ready, 1));
}

#[test]
fn agents_set_their_state() {
    let mut floor = Floor::new(layout());
    let set = |status: &str, reason| Command::SetUserStatus { status: status.into(), reason };
    for (status, id) in [("readyCC", 1), ("busy", 5), ("break", 2), ("dnd", 3), ("ready", 1)] {
        floor.command(0, set(status, None));
        floor.pass(1_000);
        assert!(floor.accepted(0), "{status}: {:?}", floor.result(0));
        assert_eq!(floor.agent_state(0), id, "{status}");
        if status == "break" {
            assert!(floor.agents[0].machine.view().agent.break_reason.is_some());
        }
    }
    // A number is needed first; then calls go there.
    floor.command(0, set("redirect", None));
    assert!(!floor.accepted(0));
    floor.command(0, Command::SetRedirectNumber { number: "103".into() });
    floor.command(0, set("redirect", None));
    floor.pass(1_000);
    assert!(floor.accepted(0), "{:?}", floor.result(0));
    floor.pbx.external_call(floor.now, CUSTOMER, "101");
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.line(2)), (LineState::Ready, LineState::Ring));
    // The number is known again after the next login, and forgotten when it is deleted.
    floor.lose_connection(0);
    floor.log_in(0);
    floor.pass(1_500);
    assert!(floor.agents[0].machine.view().agent.redirect_number.is_some());
    floor.command(0, Command::SetRedirectNumber { number: "".into() });
    floor.pass(1_500);
    assert!(floor.accepted(0));
    assert_eq!(floor.agents[0].machine.view().agent.redirect_number, None);
}

#[test]
fn the_queue_waits_for_an_agent_who_is_ready() {
    let mut floor = Floor::new(layout().queue("700"));
    let customer = floor.pbx.external_call(floor.now, CUSTOMER, "700");
    floor.pass(6_000);
    assert_eq!(floor.pbx.outside(customer), OutsideState::Calling);
    assert_eq!(floor.agents[0].machine.view().queue.len(), 1);
    let status = |status: &str| Command::SetUserStatus { status: status.into(), reason: None };
    floor.command(1, status("readyCC"));
    floor.pass(1_500);
    assert_eq!((floor.line(1), floor.parties(1)), (LineState::Ring, vec![CUSTOMER.to_owned()]));
    // Declined: it waits for another one.
    floor.command(1, Command::EndCall { targets: None });
    floor.pass(1_500);
    assert_eq!((floor.line(1), floor.pbx.outside(customer)), (LineState::Ready, OutsideState::Calling));
    floor.command(2, status("readyCC"));
    floor.pass(6_000);
    assert_eq!(floor.line(2), LineState::Ring);
    assert!(floor.agents[0].machine.view().queue.is_empty());
    floor.command(2, Command::Answer);
    floor.pass(1_500);
    assert_eq!((floor.line(2), floor.pbx.outside(customer)), (LineState::Talk, OutsideState::Talking));
}

#[test]
fn a_menu_leads_on() {
    let mut floor = Floor::new(layout().menu("800", "Меню"));
    let customer = floor.pbx.external_call(floor.now, CUSTOMER, "800");
    assert_eq!(floor.pbx.outside(customer), OutsideState::Talking);
    floor.pbx.choose(floor.now, customer, "101").unwrap();
    floor.pass(1_500);
    assert_eq!(floor.line(0), LineState::Ring);
    // An agent hears it as a talk with the menu.
    floor.pbx.dial(floor.now, "102", "800").unwrap();
    floor.pass(1_500);
    assert_eq!(floor.line(1), LineState::Talk);
    let menu = floor.agents[1].machine.view().parties.as_slice()[0].menu.clone().unwrap();
    assert_eq!(menu.name.unwrap().as_str(), "Меню");
    floor.pbx.choose(floor.now, "102", "103").unwrap();
    floor.pass(1_500);
    assert_eq!((floor.line(1), floor.line(2)), (LineState::Call, LineState::Ring));
}

#[test]
fn a_phone_is_unplugged_in_a_talk() {
    let mut floor = Floor::new(layout());
    let customer = floor.customer_talks_to(0);
    floor.pbx.unplug(floor.now, "101").unwrap();
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.agent_state(0)), (LineState::Disconnected, 7));
    assert_eq!(floor.pbx.outside(customer), OutsideState::Gone);
    floor.pbx.plug_in(floor.now, "101").unwrap();
    floor.pass(1_500);
    assert_eq!((floor.line(0), floor.agent_state(0)), (LineState::Ready, 1));
}

#[test]
fn who_answers_by_themselves_does_and_who_is_busy_does_not() {
    let (quick, busy) = ("+70000000001", "+70000000002");
    let layout = layout().outside(quick, "Быстрый", Manners::AnswersAfter(Span::from_secs(3))).outside(
        busy,
        "Занятой",
        Manners::Busy,
    );
    let mut floor = Floor::new(layout);
    floor.pbx.dial(floor.now, "101", quick).unwrap();
    floor.pass(2_000);
    assert_eq!(floor.line(0), LineState::Call);
    floor.pass(3_000);
    assert_eq!(floor.line(0), LineState::Talk);
    floor.pbx.dial(floor.now, "102", busy).unwrap();
    floor.pass(1_000);
    assert_eq!(floor.line(1), LineState::Call);
    floor.pass(4_000);
    assert_eq!(floor.line(1), LineState::Ready);
}

#[test]
fn every_other_command_is_answered() {
    let mut floor = Floor::new(layout().procedure("Orders", serde_json::json!([[["id"], [7]]])));
    floor.command(0, Command::Exec { method: "orders".into(), params: None });
    assert!(matches!(floor.result(0), CommandResult::Datasets { .. }), "{:?}", floor.result(0));
    floor.command(0, Command::Exec { method: "nosuchmethod".into(), params: None });
    assert!(!floor.accepted(0));
    floor.command(0, Command::HttpPassword);
    assert!(floor.accepted(0));
    let customer = floor.customer_talks_to(0);
    let chain = floor.chain(0);
    floor.pbx.hang_up(floor.now, customer).unwrap();
    floor.pass(1_500);
    floor.command(0, Command::CallJournal { chain: chain.as_str().into() });
    assert!(floor.accepted(0));
    let journal = floor.agents[0].frames.iter().rfind(|frame| frame.contains("getpbxcalljournal")).unwrap();
    assert!(journal.contains("/records/") && journal.contains(&chain), "{journal}");
    // Nobody is controlled with more rights than there are.
    floor.command(0, Command::Ghost { mode: GhostMode::Listen, target: "103".into() });
    let refused =
        |result: &CommandResult| matches!(result, CommandResult::Refused { code: ErrorCode::NoRights, .. });
    assert!(refused(floor.result(0)), "{:?}", floor.result(0));
    let event = |send_back| Command::TriggerCustomEvent {
        name: "hi".into(),
        recipients: None,
        data: None,
        send_back,
    };
    floor.command(0, event(true));
    floor.pass(100);
    for agent in &floor.agents {
        assert!(
            agent.events.iter().any(|event| matches!(event, Event::CustomEvent { .. })),
            "{}",
            agent.number
        );
    }
    floor.command(0, Command::Disconnect);
    floor.pass(1_000);
    assert!(floor.pbx.clients_of("101").is_empty());
}

#[test]
fn long_answers_come_in_pieces_and_an_old_server_knows_less() {
    let mut floor = Floor::new(layout().longest_frame(100));
    floor.customer_talks_to(0);
    assert!(floor.agents[0].frames.iter().any(|frame| frame.starts_with(r#"["multipart""#)));

    let mut floor = Floor::new(layout().dated(131_217));
    floor.pbx.external_call(floor.now, CUSTOMER, "101");
    floor.pass(1_000);
    floor.command(0, Command::Answer);
    assert!(!floor.accepted(0));

    let mut floor = Floor::empty(layout().dated(110_101));
    floor.log_in(0);
    floor.pass(1_500);
    assert!(!floor.accepted(0));
}

#[test]
fn logins_are_refused_for_what_they_lack() {
    let refused = |layout: callfold_simulator::PbxBuilder, at: usize| {
        let mut floor = Floor::empty(layout);
        for agent in 0..=at {
            floor.log_in(agent);
            floor.pass(1_500);
        }
        match floor.result(at) {
            CommandResult::RefusedAtLogin { code, .. } => Some(*code),
            _ => None,
        }
    };
    let other = callfold_simulator::Pbx::builder;
    let account = callfold_simulator::Account::new;
    assert_eq!(refused(other().user(account("ivanov", "secret1", "101")), 0), Some(ErrorCode::WrongLogin));
    assert_eq!(refused(other(), 0), Some(ErrorCode::WrongLogin));
    assert_eq!(refused(layout().licences(1), 0), None);
    assert_eq!(refused(layout().licences(1), 1), Some(ErrorCode::LicenceLimit));
    assert_eq!(refused(layout().out_of_service(), 0), Some(ErrorCode::ServiceNotAvailable));
    let desktop = other().user(account("ivanov", "Secret1", "101").at_the_desktop_client());
    assert_eq!(refused(desktop, 0), Some(ErrorCode::DesktopClientInUse));
}

#[test]
fn the_same_seed_and_deeds_give_the_same_frames() {
    let frames = |seed| {
        let mut floor = Floor::new(layout().seed(seed));
        floor.customer_talks_to(0);
        floor.call(0, "102");
        floor.agents.into_iter().flat_map(|agent| agent.frames).collect::<Vec<_>>()
    };
    assert_eq!(frames(5), frames(5));
    assert_ne!(frames(5), frames(6));
}
