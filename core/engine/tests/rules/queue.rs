//! Part 2: the queue.

use serde_json::{Value, json};

use crate::common::*;

/// The queue as the server has it at its next asking.
#[track_caller]
fn queue(session: &mut Session, queue: Value) -> &mut Session {
    session.wait(5_000).answer("getcurrentqueue", json!({ "queue": queue }))
}

#[test]
fn someone_new_enters_and_the_whole_list_is_told() {
    let mut session = Session::connected();
    queue(&mut session, json!([{ "number": "1" }]));
    session.tells(&["queueAbonentEnter 1", "queueChange [1]"]);
    queue(&mut session, json!([{ "number": "1" }, { "number": "2" }]));
    session.tells(&["queueAbonentEnter 2", "queueChange [1, 2]"]);
}

#[test]
fn the_same_queue_is_not_told_again() {
    let mut session = Session::connected();
    queue(&mut session, json!([{ "number": "1" }])).forget();
    queue(&mut session, json!([{ "number": "1" }])).tells(&[]);
}

#[test]
fn another_order_is_not_told() {
    let mut session = Session::connected();
    queue(&mut session, json!([{ "number": "1" }, { "number": "2" }])).forget();
    queue(&mut session, json!([{ "number": "2" }, { "number": "1" }])).tells(&[]);
}

#[test]
fn one_no_longer_told_leaves() {
    let mut session = Session::connected();
    queue(&mut session, json!([{ "number": "1" }, { "number": "2" }])).forget();
    queue(&mut session, json!([{ "number": "2" }])).tells(&["queueAbonentLeave 1", "queueChange [2]"]);
    queue(&mut session, json!([])).tells(&["queueAbonentLeave 2", "queueChange []"]);
}

#[test]
fn a_present_party_does_not_enter_by_key_id_or_phone() {
    let mut session = Session::talking();
    for queued in [json!({ "number": CUSTOMER }), json!({ "competitorid": "x", "callerid": CUSTOMER })] {
        queue(&mut session, json!([queued])).tells(&[]);
    }
    let mut session = Session::connected();
    session.picture(talk("102").abonent(json!({ "userid": ANNA }))).forget();
    queue(&mut session, json!([{ "competitorid": "x", "userid": ANNA }])).tells(&[]);
}

#[test]
fn one_who_stays_while_being_talked_to_has_not_left() {
    let mut session = Session::connected();
    queue(&mut session, json!([{ "number": CUSTOMER }]));
    session.picture(talk(CUSTOMER)).forget();
    queue(&mut session, json!([{ "number": CUSTOMER }])).tells(&[]);
}

#[test]
fn an_absent_list_empties_the_queue_and_a_refusal_does_not() {
    let mut session = Session::connected();
    queue(&mut session, json!([{ "number": "1" }])).forget();
    session.wait(5_000).refuse("getcurrentqueue").tells(&[]);
    session.wait(5_000).answer("getcurrentqueue", json!({}));
    session.tells(&["queueAbonentLeave 1", "queueChange []"]);
}

#[test]
fn one_with_no_key_is_nobody() {
    let mut session = Session::connected();
    queue(&mut session, json!([{ "name": "x" }])).tells(&[]);
}
