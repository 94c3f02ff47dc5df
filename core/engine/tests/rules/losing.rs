//! Parts 1 and 2: goodbyes, losses, and what is stale then.

use callfold_engine::{Command, Connection};
use serde_json::json;

use crate::common::*;

#[test]
fn an_orderly_goodbye_is_logout_a_last_picture_asked_the_line_disconnected_then_the_close() {
    let mut session = Session::connected();
    session.command(Command::Disconnect);
    session.sends(&["logout", "getextendedlineinfo", "close"]);
    session.tells(&["stateChange disconnected ready", "readyStop null"]);
    session.close().tells(&["disconnect 13"]);
}

#[test]
fn what_still_arrives_after_the_goodbye_is_taken_over() {
    let mut session = Session::connected();
    session.command(Command::Disconnect).forget().answer("getextendedlineinfo", ring(CUSTOMER));
    session.tells(&[
        "abonentsChange [+79161234567]",
        "stateChange ring disconnected",
        "ringStart [+79161234567]",
    ]);
}

#[test]
fn a_goodbye_while_talking_stops_the_talk_with_null_and_clears_parties_and_hold() {
    let mut session = Session::consulting();
    session.command(Command::Disconnect).tells(&[
        "abonentsChange []",
        "holdAbonentLeave +79161234567",
        "holdStateChange nobody",
        "stateChange disconnected talk",
        "talkStop null",
    ]);
}

#[test]
fn a_lost_connection_is_disconnect_12() {
    let mut session = Session::connected();
    session.close().tells(&["disconnect 12"]);
}

#[test]
fn a_lost_connection_keeps_line_parties_and_hold_but_no_actions() {
    let mut session = Session::consulting();
    let before = session.view().clone();
    assert!(!session.actions("102").is_empty());
    session.close().tells(&["disconnect 12"]);
    let view = session.view();
    assert_eq!((view.line, &view.parties, &view.held), (before.line, &before.parties, &before.held));
    assert_eq!(view.agent, before.agent);
    assert!(session.actions("102").is_empty() && session.actions(CUSTOMER).is_empty());
}

#[test]
fn from_the_loss_the_line_is_stale_and_the_snapshot_says_since_when() {
    let mut session = Session::talking();
    session.close();
    assert_eq!(session.view().stale_since, Some(session.machine.now()));
}

#[test]
fn the_first_picture_after_the_next_login_ends_staleness() {
    let mut session = Session::talking();
    session.close().wait(1_000);
    session.command(connect(&["pbx.local"])).open().pong();
    assert!(session.view().stale_since.is_some());
    session.load(json!({ "getextendedlineinfo": null }));
    assert!(session.view().stale_since.is_some(), "logged in is not enough");
    let mut session = Session::talking();
    session.close().wait(1_000);
    session.command(connect(&["pbx.local"])).open().pong().load(json!({}));
    assert_eq!(session.view().stale_since, None);
}

#[test]
fn a_socket_lost_before_connect_is_1201_disconnect_12_and_the_result() {
    let mut session = Session::logging_in();
    session.forget().close();
    session.tells(&["connectError 1201", "disconnect 12", "result connect 1201"]);
    assert_eq!(session.view().connection, Connection::Offline);
}

#[test]
fn a_socket_lost_while_loading_is_told_just_so() {
    let mut session = Session::logging_in();
    session.answer("login", json!({ "userid": ME })).forget().close();
    session.tells(&["connectError 1201", "disconnect 12", "result connect 1201"]);
}

#[test]
fn the_reference_falls_silent_when_it_is_lost_before_connect() {
    let mut session = Session::replay();
    session.command(connect(&["pbx.local"])).open().pong().forget().close().tells(&[]);
    assert_eq!(session.view().connection, Connection::Offline);
}

#[test]
fn unanswered_requests_fall_with_their_socket_and_their_commands_end() {
    let mut session = Session::connected();
    session.command(call("102")).forget().close();
    session.tells(&["disconnect 12", "result call 2107"]).wait(60_000).tells(&[]);
}

#[test]
fn a_conference_being_built_ends_with_its_socket_at_every_stage() {
    // Not come yet: after 2 s, as without a loss.
    let mut session = Session::talking();
    session.command(confer_alone()).forget().close().wait(2_000);
    session.tells(&["disconnect 12", "result conference 2202"]);
    // Come, its list asked for.
    let commutation = json!({ "isconference": true, "confid": CONF });
    let mut session = Session::talking();
    session.command(confer_alone()).server("phoneevent_commstarted", commutation.clone()).forget().close();
    session.wait(60_000).tells(&["disconnect 12", "result conference 2202"]);
    // Its list told, the picture asked for.
    let mut session = Session::talking();
    session.command(confer_alone()).server("phoneevent_commstarted", commutation);
    session.answer("getconferenceinfo", members(CONF, &[me_in(), anna()])).forget().close();
    session.wait(60_000).tells(&["disconnect 12", "result conference 2202"]);
}

#[test]
fn disconnect_while_dialling_is_told_as_ended_by_us() {
    let mut session = Session::live();
    session.command(connect(&["pbx.local"])).forget().command(Command::Disconnect);
    session.sends(&["close"]).tells(&["result connect 1201", "disconnect 13"]);
}

#[test]
fn disconnect_without_a_connection_does_nothing() {
    Session::live().command(Command::Disconnect).tells(&[]).sends(&[]);
}

#[test]
fn a_second_disconnect_changes_nothing() {
    let mut session = Session::connected();
    session.command(Command::Disconnect).forget().command(Command::Disconnect).tells(&[]).sends(&[]);
}

#[test]
fn after_a_loss_the_same_machine_connects_again() {
    let mut session = Session::connected();
    session.close().forget().command(connect(&["pbx.local"])).open().pong().load(json!({}));
    let told = session.told();
    assert_eq!((told[0].as_str(), told.last().unwrap().as_str()), ("connecting", "connect"));
    assert_eq!(session.view().connection, Connection::Connected);
}
