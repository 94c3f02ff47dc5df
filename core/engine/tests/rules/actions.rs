//! Part 4: what may be done with a number now.

use serde_json::{Value, json};

use crate::common::*;

/// What may be done with `target`, by picture and user state.
#[track_caller]
fn may(picture: Picture, user: i64, target: &str, actions: &[&str]) {
    let mut session = Session::connected();
    session.picture(picture);
    session.server("userstatechanged", user_state(user, json!({})));
    assert_eq!(session.actions(target), actions);
}

#[test]
fn without_a_login_or_a_connection_there_are_none() {
    assert!(Session::live().actions("102").is_empty());
    assert!(Session::logging_in().actions("102").is_empty());
    let mut session = Session::connected();
    assert!(!session.actions("102").is_empty());
    session.close();
    assert!(session.actions("102").is_empty());
}

#[test]
fn a_stranger_from_ready_is_called_conferred_with_or_reached_by_intercom() {
    may(ready(), 1, "102", &["call", "conference", "intercom"]);
    may(ready(), 3, "999", &["call", "conference", "intercom"]);
}

#[test]
fn on_break_there_is_no_conference() {
    may(ready(), 2, "102", &["call", "intercom"]);
}

#[test]
fn user_ids_0_6_and_7_allow_nothing() {
    for user in [0, 6] {
        may(ready(), user, "102", &[]);
        may(talk("103"), user, "103", &[]);
    }
    may(talk("103"), 7, "103", &[]);
}

#[test]
fn a_number_without_a_phone_is_not_conferred_with() {
    may(ready(), 1, "104", &["call", "intercom"]);
    may(talk("104"), 5, "104", &["endCall"]);
}

#[test]
fn a_stranger_from_a_talk_may_be_transferred_to() {
    may(talk("103"), 5, "102", &["call", "transfer", "conference", "intercom"]);
    may(talk("103").held(json!({ "number": "7" })), 5, "102", &["transfer"]);
}

#[test]
fn a_stranger_while_ringing_or_dialling_may_nothing() {
    for picture in [ring("103"), back_ring("103"), dial("103"), back_call("103")] {
        may(picture, 5, "102", &[]);
    }
}

#[test]
fn a_party_s_call_may_be_ended() {
    may(talk("102"), 5, "102", &["endCall", "conference"]);
    may(dial("102"), 5, "102", &["endCall"]);
    may(back_call("102"), 5, "102", &["endCall"]);
}

#[test]
fn a_ringing_party_may_be_answered_by_a_busy_user() {
    may(ring("102"), 5, "102", &["answer", "endCall"]);
    may(back_ring("102"), 5, "102", &["answer", "endCall"]);
    may(ring("102"), 1, "102", &["endCall"]);
}

#[test]
fn a_server_that_cannot_answer_is_not_offered_it() {
    let mut session = Session::connected_to(json!({ "getversion": { "version": { "dated": 131_217 } } }));
    session.picture(ring("102")).server("userstatechanged", user_state(5, json!({})));
    assert_eq!(session.actions("102"), ["endCall"]);
}

#[test]
fn me_may_end_or_answer_my_own_call() {
    for me in ["101", ME] {
        may(ready(), 1, me, &[]);
        may(no_phone(), 1, me, &[]);
        may(talk("102"), 5, me, &["endCall"]);
        may(ring("102"), 5, me, &["answer", "endCall"]);
    }
}

#[test]
fn the_held_party_may_be_toggled_to_or_commutated() {
    may(talk("103").held(json!({ "number": "102" })), 5, "102", &["toggle", "commutate"]);
    may(ready().held(json!({ "number": "102" })), 5, "102", &["toggle"]);
    may(talk("103").held(json!({ "number": "102" })), 1, "102", &["toggle"]);
}

#[test]
fn someone_in_the_queue_may_nothing() {
    let mut session = Session::connected();
    session.wait(5_000).answer("getcurrentqueue", json!({ "queue": [{ "number": "102" }] }));
    assert!(session.actions("102").is_empty());
    assert!(!session.actions("103").is_empty());
}

#[test]
fn a_user_id_stands_for_the_user_s_number_where_that_is_not_in_the_number_plan() {
    let users = json!({ "users": [{ "id": PETER, "main": "777", "nums": ["777"] }] });
    let mut session = Session::connected_to(json!({ "getallusernumbers": users }));
    session.picture(talk("777"));
    session.server("userstatechanged", user_state(5, json!({})));
    assert_eq!(session.actions(PETER), ["endCall", "conference"]);
}

fn with_number_state(picture: Picture, number: &str, state: i64) -> Session {
    let mut session = Session::connected();
    session.picture(picture);
    let numbers = json!({ "numbers": [{ "num": number, "numstateid": state }] });
    session.server("pbxnumberstatechanged", numbers);
    session
}

#[test]
fn a_busy_user_i_control_may_be_joined_from_ready() {
    let ghosts = ["ghostListen", "ghostHelp", "ghostConference"];
    let session = with_number_state(ready(), "102", 5);
    assert_eq!(session.actions("102")[3..], ghosts);
    let session = with_number_state(ready(), "103", 5);
    assert_eq!(session.actions("103").len(), 3, "a user I do not control");
    let session = with_number_state(ready(), "102", 1);
    assert_eq!(session.actions("102").len(), 3, "a user who is not busy");
    let session = with_number_state(talk("103"), "102", 5);
    assert!(!session.actions("102").contains(&"ghostListen"), "not from a talk");
}

fn conference_of(info: Value) -> Session {
    let mut session = Session::connected();
    session.picture(conference(CONF)).answer("getconferenceinfo", info);
    session.server("userstatechanged", user_state(5, json!({})));
    session
}

#[test]
fn in_a_conference_a_stranger_may_be_invited_or_transferred_to() {
    let session = conference_of(members(CONF, &[me_in(), anna()]));
    assert_eq!(session.actions("103"), ["conference", "transfer"]);
    assert_eq!(session.actions("104"), ["transfer"]);
}

#[test]
fn in_a_conference_a_party_may_be_put_out_if_i_made_it() {
    assert_eq!(conference_of(members(CONF, &[me_as_creator(), anna()])).actions("102"), ["endCall"]);
    assert!(conference_of(members(CONF, &[me_in(), anna()])).actions("102").is_empty());
}

#[test]
fn in_a_ghost_conference_a_party_i_control_may_be_joined() {
    let session = conference_of(ghost_members(CONF, &[me_in(), anna(), peter()]));
    assert_eq!(session.actions("102"), ["ghostListen", "ghostHelp", "ghostConference"]);
    assert!(session.actions("103").is_empty());
}
