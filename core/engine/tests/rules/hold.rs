//! Part 2: hold.

use serde_json::{Value, json};

use crate::common::*;

#[test]
fn flashed_is_taken_as_held() {
    let mut session = Session::connected();
    session.picture(talk("102").held(json!({ "number": CUSTOMER }))).tells(&[
        "holdAbonentEnter +79161234567",
        "holdStateChange +79161234567",
        "abonentsChange [102]",
        "stateChange talk ready",
        "readyStop []",
        "talkStart [102]",
    ]);
}

#[test]
fn flashed_without_isflashing_is_nobody() {
    let mut session = Session::consulting();
    let picture = talk("102").held(json!({ "number": CUSTOMER })).with(json!({ "isflashing": false }));
    session.picture(picture).tells(&["holdAbonentLeave +79161234567", "holdStateChange nobody"]);
}

#[test]
fn isflashing_without_flashed_is_nobody() {
    let mut session = Session::consulting();
    session.picture(talk("102").with(json!({ "isflashing": true })));
    session.tells(&["holdAbonentLeave +79161234567", "holdStateChange nobody"]);
}

#[test]
fn nobody_where_nobody_was_is_not_told() {
    Session::talking().picture(talk(CUSTOMER)).tells(&[]);
}

#[test]
fn with_nothing_to_know_it_by_the_hold_stays_as_it_was() {
    let mut session = Session::consulting();
    session.picture(talk("102").held(json!({ "callerid": "7", "name": "x" }))).tells(&[]);
    assert!(session.view().held.is_some());
}

#[test]
fn the_same_identity_is_not_told() {
    Session::consulting().picture(talk("102").held(json!({ "number": CUSTOMER, "name": "x" }))).tells(&[]);
}

#[test]
fn the_same_one_s_data_are_renewed_only_where_user_id_and_number_are_both_given() {
    let name = |session: &Session| {
        let held = session.view().held.as_ref().unwrap().party().unwrap().clone();
        held.name.as_ref().map(|name| name.as_str().to_owned())
    };
    let mut session = Session::connected();
    session.picture(talk("102").held(json!({ "number": "103", "userid": PETER, "name": "a" })));
    session.forget().picture(talk("102").held(json!({ "number": "103", "userid": PETER, "name": "b" })));
    assert_eq!(name(&session).as_deref(), Some("b"));
    session.picture(talk("102").held(json!({ "userid": PETER, "name": "c" })));
    assert_eq!(name(&session).as_deref(), Some("b"));
    session.tells(&[]);
}

#[test]
fn another_one_leaves_the_old_one_first() {
    Session::consulting().picture(talk("102").held(json!({ "number": "103" }))).tells(&[
        "holdAbonentLeave +79161234567",
        "holdAbonentEnter 103",
        "holdStateChange 103",
    ]);
}

#[test]
fn the_identity_is_the_conference_before_the_user_before_the_number() {
    let mut session = Session::connected();
    session.picture(talk("102").held(json!({ "userid": PETER, "number": "103" }))).forget();
    session.picture(talk("102").held(json!({ "userid": PETER, "number": "999" }))).tells(&[]);
    session.picture(talk("102").held(json!({ "conferenceid": CONF, "userid": PETER, "number": "103" })));
    session.tells(&[
        "holdAbonentLeave 999",
        &format!("holdAbonentEnter {CONF}"),
        &format!("holdStateChange {CONF}"),
    ]);
}

#[test]
fn another_identity_with_the_same_key_is_not_told() {
    // The identity changes from number to user id; the key is the number all along.
    let mut session = Session::connected();
    session.picture(talk("102").held(json!({ "number": "103" }))).forget();
    session.picture(talk("102").held(json!({ "number": "103", "userid": PETER }))).tells(&[]);
}

#[test]
fn a_conference_is_held_with_its_name_and_room() {
    let mut session = Session::connected();
    let flashed = json!({ "conferenceid": CONF, "conferencename": "Планёрка", "conferenceroom": 7 });
    session.picture(talk("102").held(flashed));
    let told: Vec<Value> = session
        .announced()
        .into_iter()
        .filter_map(|told| match told {
            callfold_engine::announce::Announcement::Event { name: "holdStateChange", args } => {
                Some(args[0].clone())
            }
            _ => None,
        })
        .collect();
    let expected = json!({
        "isConference": true, "conferenceId": CONF, "conferenceName": "Планёрка", "conferenceRoom": 7,
        "hasHold": true,
    });
    assert_eq!(told, [expected]);
}

#[test]
fn another_conference_is_always_another() {
    let mut session = Session::connected();
    session.picture(talk("102").held(json!({ "conferenceid": CONF }))).forget();
    session.picture(talk("102").held(json!({ "conferenceid": CONF }))).tells(&[]);
    session.picture(talk("102").held(json!({ "conferenceid": CONF2 }))).tells(&[
        &format!("holdAbonentLeave {CONF}"),
        &format!("holdAbonentEnter {CONF2}"),
        &format!("holdStateChange {CONF2}"),
    ]);
}

#[test]
fn a_line_that_disconnects_clears_hold_after_the_parties_and_tells_so() {
    let mut session = Session::consulting();
    session.server("userstatechanged", user_state(7, json!({})));
    assert_eq!(
        session.told()[..5],
        [
            "abonentsChange []",
            "holdAbonentLeave +79161234567",
            "holdStateChange nobody",
            "stateChange disconnected talk",
            "talkStop null",
        ]
    );
}

#[test]
fn a_line_that_becomes_ready_by_a_picture_without_flash_lets_go_of_hold_first() {
    let mut session = Session::consulting();
    session.picture(ready());
    assert_eq!(session.told()[..2], ["holdAbonentLeave +79161234567", "holdStateChange nobody"]);
}
