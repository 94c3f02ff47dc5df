//! Part 2: when a picture is asked for, and the state that follows from it.

use callfold_engine::LineState;
use serde_json::{Value, json};

use crate::common::*;

const ASKED: &[&str] = &["getextendedlineinfo"];

/// After this event a picture is asked for once, `after` milliseconds later.
#[track_caller]
fn asks_after(session: &mut Session, event: &str, body: Value, after: i64) {
    session.forget().server(event, body);
    if after > 0 {
        session.sends(&[]).wait(after - 1).sends(&[]).wait(1);
    }
    session.sends(ASKED).wait(2_000).sends(&[]);
}

#[test]
fn linestatechanged_asks_after_500_ms() {
    asks_after(&mut Session::connected(), "linestatechanged", json!({}), 500);
}

#[test]
fn flashstatechanged_asks_after_500_ms() {
    asks_after(&mut Session::connected(), "flashstatechanged", json!({ "flashtypeid": 1 }), 500);
}

#[test]
fn ringstarted_asks_at_once() {
    asks_after(&mut Session::connected(), "phoneevent_ringstarted", json!({}), 0);
}

#[test]
fn ringstopped_asks_at_once() {
    asks_after(&mut Session::connected(), "phoneevent_ringstopped", json!({}), 0);
}

#[test]
fn after_a_ring_the_list_is_asked_for_too_if_a_conference_is_ours() {
    for event in ["phoneevent_ringstarted", "phoneevent_ringstopped"] {
        let list = format!(r#"getconferenceinfo {{"conferenceid":"{CONF}"}}"#);
        let mut session = Session::in_conference();
        session.server(event, json!({})).sends(ASKED);
        session.refuse("getextendedlineinfo").sends(&[&list]);
        let mut session = Session::connected();
        session.server(event, json!({})).sends(ASKED).answer("getextendedlineinfo", ready()).sends(&[]);
    }
}

#[test]
fn acmcallstarted_asks_at_once() {
    asks_after(&mut Session::connected(), "phoneevent_acmcallstarted", json!({}), 0);
}

#[test]
fn acmcallstopped_asks_after_700_ms() {
    asks_after(&mut Session::connected(), "phoneevent_acmcallstopped", json!({}), 700);
}

#[test]
fn commstarted_asks_after_700_ms() {
    asks_after(&mut Session::connected(), "phoneevent_commstarted", json!({}), 700);
}

#[test]
fn commstopped_asks_after_700_ms() {
    asks_after(&mut Session::connected(), "phoneevent_commstopped", json!({}), 700);
}

#[test]
fn commstarted_of_a_conference_makes_it_ours_and_asks_for_list_then_picture() {
    let mut session = Session::connected();
    session.server("phoneevent_commstarted", json!({ "isconference": true, "confid": CONF }));
    let sent = session.sent();
    let handle =
        format!(r#"confhandleevent {{"conferenceid":"{CONF}","eventtype":"competitors","handle":true}}"#);
    assert_eq!(sent[0], handle);
    assert!(sent[1..].iter().all(|line| line.starts_with("getconferenceinfo")), "{sent:?}");
    session.answer("getconferenceinfo", members(CONF, &[me_in(), anna()])).sends(ASKED);
}

#[test]
fn a_routing_menu_asks_at_once_only_if_the_line_is_ready() {
    let routing = json!({ "isroutingivr": true });
    asks_after(&mut Session::connected(), "phoneevent_ivrstarted", routing.clone(), 0);
    let mut session = Session::connected();
    session.server("phoneevent_ivrstarted", json!({ "isroutingivr": false })).wait(2_000).sends(&[]);
    let mut session = Session::talking();
    session.server("phoneevent_ivrstarted", routing).wait(2_000).sends(&[]);
}

#[test]
fn events_that_are_no_cause_ask_for_nothing() {
    for event in
        ["phoneevent_ivrstopped", "phoneevent_faxstarted", "phoneevent_faxstopped", "phoneevent_faxreceived"]
    {
        Session::connected().server(event, json!({})).wait(2_000).sends(&[]);
    }
}

#[test]
fn another_user_state_asks_at_once_and_after_400_ms() {
    let mut session = Session::connected();
    session.server("userstatechanged", user_state(3, json!({}))).sends(ASKED);
    session.wait(399).sends(&[]).wait(1).sends(ASKED);
}

#[test]
fn user_state_5_asks_after_400_ms_only() {
    asks_after(&mut Session::connected(), "userstatechanged", user_state(5, json!({})), 400);
}

#[test]
fn user_state_7_puts_the_line_to_disconnected_at_once_and_asks_after_400_ms() {
    let mut session = Session::connected();
    session.server("userstatechanged", user_state(7, json!({}))).sends(&[]);
    assert_eq!(session.told()[..2], ["stateChange disconnected ready", "readyStop null"]);
    session.wait(400).sends(ASKED);
}

#[test]
fn the_same_user_state_asks_for_nothing() {
    let mut session = Session::connected();
    session.server("userstatechanged", user_state(1, json!({ "onlunch": true }))).wait(2_000).sends(&[]);
}

#[test]
fn confcompositionchanged_of_our_conference_asks_after_its_list_is_taken_over() {
    let mut session = Session::in_conference();
    let body = json!({ "eventinfo": { "conferenceid": CONF, "competitorlist": [me_in(), anna(), peter()] } });
    session.server("confcompositionchanged", body).sends(ASKED);
    assert_eq!(session.phones(), ["101", "102", "103"]);
}

#[test]
fn confcompositionchanged_of_another_conference_asks_for_nothing() {
    let mut session = Session::in_conference();
    let body = json!({ "eventinfo": { "conferenceid": CONF2, "competitorlist": [] } });
    session.server("confcompositionchanged", body).wait(2_000).sends(&[]).tells(&[]);
}

#[test]
fn commstarted_starts_the_talk_clock_and_commstopped_stops_it() {
    let mut session = Session::connected();
    session.server("phoneevent_commstarted", json!({})).wait(2_999);
    let length = |session: &Session| session.view().talk_length(session.machine.now());
    assert_eq!(session.view().talk_since.map(|_| ()), Some(()));
    session.server("linestatechanged", json!({}));
    assert_eq!(length(&session).unwrap().as_secs(), 2, "rounded down");
    session.server("phoneevent_commstopped", json!({}));
    assert_eq!(length(&session), None);
}

#[test]
fn nothing_but_commstopped_stops_the_talk_clock() {
    let mut session = Session::talking();
    session.picture(ready());
    assert!(session.view().talk_since.is_some());
}

// ---- the first rule that fits ----

#[test]
fn rule_1_autocall_pending_and_no_autocall_from_ready_is_backring() {
    let mut session = Session::connected();
    session.server("phoneevent_acmcallstarted", json!({})).answer("getextendedlineinfo", dial("102"));
    session.tells(&[
        "abonentsChange [102]",
        "stateChange backring ready",
        "readyStop []",
        "backRingStart [102]",
    ]);
}

#[test]
fn rule_1_needs_the_line_to_have_been_ready() {
    let mut session = Session::connected();
    session.picture(dial("102")).forget();
    session.server("phoneevent_acmcallstarted", json!({})).answer("getextendedlineinfo", dial("102"));
    session.tells(&[]);
    assert_eq!(session.view().line, LineState::Call);
}

#[test]
fn rule_2_isautocall_is_backcall_told_as_call() {
    let mut session = Session::connected();
    session.picture(back_call("102"));
    session.tells(&["abonentsChange [102]", "stateChange call ready", "readyStop []", "callStart [102]"]);
    assert_eq!(session.view().line, LineState::BackCall);
}

#[test]
fn rule_2_clears_autocall_pending() {
    let mut session = Session::connected();
    session.server("phoneevent_acmcallstarted", json!({})).answer("getextendedlineinfo", back_call("102"));
    session.picture(ready()).forget();
    session.picture(dial("102"));
    assert_eq!(session.view().line, LineState::Call, "not backring, as it would be while pending");
}

#[test]
fn rule_3_isringing_is_ring() {
    let mut session = Session::connected();
    session.picture(ring(CUSTOMER)).tells(&[
        "abonentsChange [+79161234567]",
        "stateChange ring ready",
        "readyStop []",
        "ringStart [+79161234567]",
    ]);
}

#[test]
fn rule_3_a_callback_s_ringing_is_backring() {
    let mut session = Session::connected();
    session.picture(back_ring("102"));
    assert_eq!(session.view().line, LineState::BackRing);
}

#[test]
fn rule_3_ringing_stays_backring() {
    let mut session = Session::connected();
    session.picture(back_ring("102")).forget().picture(ring("102")).tells(&[]);
    assert_eq!(session.view().line, LineState::BackRing);
}

#[test]
fn rule_4_commutated_waiting_in_flash_or_conference_is_talk() {
    for mark in ["iscommutated", "iswaitinginflash", "isconference"] {
        let mut session = Session::connected();
        session.picture(line("lsOther", json!({ "number": "102", mark: true })));
        assert_eq!(session.view().line, LineState::Talk, "{mark}");
    }
}

#[test]
fn rule_4_a_menu_on_a_commutated_line_is_talk_unless_it_waits_for_answer() {
    let menu = json!({ "isivr": true, "ivrname": "Меню" });
    let mut session = Session::connected();
    session.picture(line("lsCommutated", menu.clone()));
    assert_eq!(session.view().line, LineState::Talk);
    let mut session = Session::connected();
    session.picture(line("lsCommutated", menu.clone()).abonent(json!({ "iswaitingforanswer": true })));
    assert_eq!(session.view().line, LineState::Ready);
    let mut session = Session::connected();
    session.picture(line("lsOther", menu));
    assert_eq!(session.view().line, LineState::Ready);
}

#[test]
fn rule_4_sets_the_talk_clock_to_timertalklensec_or_0() {
    let mut session = Session::connected();
    session.picture(talk("102").with(json!({ "timertalklensec": 75 })));
    assert_eq!(session.view().talk_length(session.machine.now()).unwrap().as_secs(), 75);
    session.picture(talk("102").with(json!({ "timertalklensec": null })));
    assert_eq!(session.view().talk_length(session.machine.now()).unwrap().as_secs(), 0);
}

#[test]
fn rule_4_the_same_talk_is_not_announced_again() {
    Session::talking().picture(talk(CUSTOMER)).tells(&[]);
}

#[test]
fn rule_4_a_talk_after_commutation_stopped_is_announced_even_if_already_talk() {
    let mut session = Session::talking();
    session.server("phoneevent_commstopped", json!({})).wait(700).forget();
    session.answer("getextendedlineinfo", talk(CUSTOMER));
    session.tells(&["stateChange talk talk", "talkStop [+79161234567]", "talkStart [+79161234567]"]);
    session.picture(talk(CUSTOMER)).tells(&[]);
}

#[test]
fn rule_4_commutated_while_autocall_pending_is_a_call() {
    let mut session = Session::connected();
    session.picture(dial("102"));
    session
        .server("phoneevent_acmcallstarted", json!({}))
        .forget()
        .answer("getextendedlineinfo", talk("102"));
    assert_eq!(session.view().line, LineState::Call, "rule 5, not rule 4");
}

#[test]
fn rule_5_a_number_or_external_line_is_call() {
    for abonent in [json!({ "number": "102" }), json!({ "extline": "7" })] {
        let mut session = Session::connected();
        session.picture(line("lsDialing", abonent));
        assert_eq!(session.view().line, LineState::Call);
    }
}

#[test]
fn rule_6_a_disconnected_line_stops_without_parties() {
    let mut session = Session::talking();
    session.picture(no_phone()).tells(&[
        "abonentsChange []",
        "stateChange disconnected talk",
        "talkStop null",
    ]);
}

#[test]
fn rule_7_a_reserved_line_changes_nothing() {
    let mut session = Session::talking();
    session.picture(line("lsReserved", json!({ "callerid": CUSTOMER })).abonent(json!({ "userid": ANNA })));
    assert_eq!(session.view().line, LineState::Talk);
}

#[test]
fn rule_9_anything_else_is_ready_and_parties_are_cleared() {
    let mut session = Session::talking();
    session.picture(ready().with(json!({ "linestatestr": "lsBusy" }))).tells(&[
        "abonentsChange []",
        "stateChange ready talk",
        "talkStop [+79161234567]",
        "readyStart [+79161234567]",
    ]);
}

#[test]
fn rule_9_clears_both_marks() {
    let mut session = Session::talking();
    session.server("phoneevent_commstopped", json!({}));
    session.picture(ready()).picture(talk(CUSTOMER)).forget().picture(talk(CUSTOMER)).tells(&[]);
}

// ---- the order of things ----

#[test]
fn the_first_state_is_told_as_changed_from_false() {
    let mut session = Session::logging_in();
    session.forget().load(json!({}));
    let told = session.told();
    assert!(told.contains(&"stateChange ready false".to_owned()), "{told:?}");
    assert!(told.contains(&"readyStart []".to_owned()), "{told:?}");
}

#[test]
fn a_picture_without_abonent_stops_after_the_hold() {
    let mut session = Session::talking();
    let picture =
        json!({ "linestatestr": "lsDisconnected", "isflashing": true, "flashed": { "number": "102" } });
    session.picture(picture).tells(&["holdAbonentEnter 102", "holdStateChange 102"]);
    assert_eq!(session.view().line, LineState::Talk);
}

#[test]
fn a_refused_picture_changes_nothing() {
    let mut session = Session::talking();
    let mut refused: Value = ready().into();
    refused["result"] = json!(false);
    session.picture(refused).tells(&[]);
    assert_eq!(session.view().line, LineState::Talk);
}

#[test]
fn a_picture_s_chain_and_called_number_go_to_the_party() {
    let mut session = Session::connected();
    session
        .picture(line("lsRinging", json!({ "isringing": true })).with(json!({ "calledid": "84951112233" })));
    let party = &session.view().parties.as_slice()[0];
    assert_eq!(party.key.as_str(), "84951112233");
    assert_eq!(party.chain.as_ref().unwrap().as_str(), "chain-1");
}

#[test]
fn a_called_number_does_not_replace_a_caller() {
    let mut session = Session::connected();
    let abonent = json!({ "isringing": true, "callerid": CUSTOMER });
    session.picture(line("lsRinging", abonent).with(json!({ "calledid": "84951112233" })));
    assert_eq!(session.phones(), [CUSTOMER]);
}

#[test]
fn the_start_has_the_parties_from_before_if_there_are_none_now() {
    let mut session = Session::connected();
    session.picture(ring(CUSTOMER)).forget().picture(ready());
    assert_eq!(session.told().last().unwrap(), "readyStart [+79161234567]");
}

#[test]
fn a_picture_with_a_conference_waits_for_its_list() {
    let mut session = Session::connected();
    session.picture(conference(CONF)).tells(&[]);
    session.answer("getconferenceinfo", members(CONF, &[me_in(), anna()])).tells(&[
        "abonentsChange [101, 102]",
        "stateChange talk ready",
        "readyStop []",
        "talkStart [101, 102]",
    ]);
}

#[test]
fn a_picture_of_a_conference_that_is_no_longer_ours_is_out_of_date() {
    let mut session = Session::connected();
    session.picture(conference(CONF));
    session.picture(ready()).forget();
    session.answer("getconferenceinfo", members(CONF, &[me_in(), anna()])).tells(&[]);
    assert_eq!(session.view().line, LineState::Ready);
}

#[test]
fn pictures_due_are_bounded_however_many_events_come() {
    let mut session = Session::connected();
    for _ in 0..1_000 {
        session.server("linestatechanged", json!({})).wait(1);
    }
    assert!(session.sent().len() < 1_100);
    session.wait(500).forget().wait(1_000);
    assert!(session.sent().is_empty());
}
