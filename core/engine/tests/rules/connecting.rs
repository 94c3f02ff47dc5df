//! Part 1: finding the server, and the login.

use callfold_engine::{Connection, Credential, CredentialHandle, InputKind, SocketId};
use serde_json::{Value, json};

use crate::common::*;

#[test]
fn an_address_without_scheme_is_dialled_at_ws_port_80() {
    Session::live().command(connect(&["pbx.local"])).sends(&["dial ws://pbx.local:80"]);
}

#[test]
fn a_given_port_and_scheme_are_kept() {
    Session::live()
        .command(connect(&["wss://pbx.local:4066", "b.local:81"]))
        .sends(&["dial wss://pbx.local:4066", "dial ws://b.local:81"]);
}

#[test]
fn connecting_is_announced_also_if_it_fails_at_once() {
    Session::live().command(connect(&[])).tells(&["connecting", "result connect 1205", "connectError 1205"]);
}

#[test]
fn a_bad_address_is_1205_and_nothing_is_dialled() {
    Session::live()
        .command(connect(&["good.local", "http://bad.local"]))
        .tells(&["connecting", "result connect 1205", "connectError 1205"])
        .sends(&[]);
}

#[test]
fn ten_addresses_are_dialled_and_eleven_are_1205() {
    let hosts: Vec<String> = (0..11).map(|n| format!("h{n}")).collect();
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    assert_eq!(Session::live().command(connect(&hosts[..10])).sent().len(), 10);
    Session::live().command(connect(&hosts)).sends(&[]).tells(&[
        "connecting",
        "result connect 1205",
        "connectError 1205",
    ]);
}

#[test]
fn with_neither_password_nor_session_it_is_1213_and_nothing_is_dialled() {
    let mut endpoint = endpoint(&["pbx.local"]);
    endpoint.credential = Credential::Missing;
    Session::live()
        .command(callfold_engine::Command::Connect(endpoint))
        .tells(&["connecting", "result connect 1213", "connectError 1213"])
        .sends(&[]);
}

#[test]
fn a_socket_that_opens_is_asked_for_a_sign_of_life() {
    Session::live().command(connect(&["pbx.local"])).forget().open().sends(&["ping"]);
}

#[test]
fn the_first_socket_that_answers_wins_and_the_rest_are_closed() {
    let mut session = Session::live();
    session.command(connect(&["a.local", "b.local"])).open();
    let slow = session.socket_at(0);
    session.input(InputKind::Opened(slow)).forget();
    // The ping of b.local, the first that was opened, has qid 1.
    let fast = session.socket_at(1);
    session
        .raw_on(fast, r#"["pong",{"qid":"1"}]"#)
        .sends(&["close", r#"login {"showid":1,"usewebrtc":false,"sessionid":"S"}"#]);
}

#[test]
fn a_socket_that_opens_first_but_does_not_answer_has_not_won() {
    let mut session = Session::live();
    session.command(connect(&["a.local", "b.local"])).forget();
    let (silent, lively) = (session.socket_at(0), session.socket_at(1));
    session.input(InputKind::Opened(silent)).input(InputKind::Opened(lively)).forget();
    session.raw_on(lively, r#"["pong",{"qid":"2"}]"#);
    assert!(session.sent().iter().any(|line| line.starts_with("login")));
}

#[test]
fn another_frame_than_the_answer_to_the_ping_does_not_win() {
    let mut session = Session::live();
    session.command(connect(&["pbx.local"])).open().forget();
    session.server("userstatechanged", json!({ "qid": "x", "userstateid": 1 })).tells(&[]).sends(&[]);
}

#[test]
fn a_redirect_dials_wss_at_port_443_of_the_same_host() {
    Session::live()
        .command(connect(&["pbx.local:4066"]))
        .open()
        .forget()
        .server("websocketredirect", json!({ "url": "wss://evil.example" }))
        .sends(&["dial wss://pbx.local:443", "close"]);
}

#[test]
fn after_a_redirect_the_socket_wins_when_it_opens_on_wss() {
    let mut session = Session::live();
    session.command(connect(&["pbx.local"])).open().server("websocketredirect", json!({})).forget();
    session.open().sends(&[r#"login {"showid":1,"usewebrtc":false,"sessionid":"S"}"#]);
}

#[test]
fn a_second_redirect_is_not_followed() {
    let mut session = Session::live();
    session.command(connect(&["pbx.local"])).open().server("websocketredirect", json!({}));
    session.open().forget().server("websocketredirect", json!({})).sends(&[]);
}

#[test]
fn a_socket_that_has_not_won_within_10_s_is_given_up() {
    let mut session = Session::live();
    session.command(connect(&["pbx.local"])).open().forget();
    session.wait(9_999).tells(&[]).wait(1).sends(&["close"]);
    session.tells(&["connectError 1200", "result connect 1200"]);
    assert_eq!(session.view().connection, Connection::Offline);
}

#[test]
fn when_all_sockets_are_given_up_it_is_connect_error_then_the_result() {
    Session::live()
        .command(connect(&["a.local", "b.local"]))
        .forget()
        .wait(10_000)
        .tells(&["connectError 1200", "result connect 1200"]);
}

#[test]
fn one_refused_address_of_two_is_waited_out() {
    let mut session = Session::live();
    session.command(connect(&["a.local", "b.local"])).forget();
    let refused = session.socket_at(0);
    session.input(InputKind::Refused(refused)).tells(&[]);
}

#[test]
fn in_live_use_it_is_told_at_once_when_every_address_has_refused() {
    let mut session = Session::live();
    session.command(connect(&["a.local", "b.local"])).forget();
    let (a, b) = (session.socket_at(0), session.socket_at(1));
    session
        .input(InputKind::Refused(a))
        .input(InputKind::Refused(b))
        .tells(&["connectError 1200", "result connect 1200"])
        .wait(60_000)
        .tells(&[]);
}

#[test]
fn the_reference_notices_a_refused_socket_at_the_open_timeout() {
    let mut session = Session::replay();
    session.command(connect(&["pbx.local"])).forget();
    let socket = session.socket();
    session
        .input(InputKind::Refused(socket))
        .tells(&[])
        .wait(9_999)
        .tells(&[])
        .wait(1)
        .tells(&["connectError 1200", "result connect 1200"]);
}

#[test]
fn connect_while_connected_succeeds_at_once_and_changes_nothing() {
    Session::connected().command(connect(&["other.local"])).tells(&["result connect done"]).sends(&[]);
}

#[test]
fn a_second_connect_takes_the_place_of_one_under_way() {
    let mut session = Session::live();
    session.command(connect(&["a.local"])).forget().command(connect(&["b.local"]));
    session.sends(&["close", "dial ws://b.local:80"]).ends(&["connect 1201"]);
}

#[test]
fn workplace_and_expires_are_sent_only_if_they_are_given() {
    let mut endpoint = endpoint(&["pbx.local"]);
    endpoint.credential = Credential::Session(CredentialHandle(4));
    endpoint.workplace = Some("desk 4".into());
    endpoint.expires = Some(3_600);
    let mut session = Session::live();
    session.command(callfold_engine::Command::Connect(endpoint)).open().forget().pong().sends(&[
        r#"login {"showid":1,"usewebrtc":false,"workplace":"desk 4","expires":3600,"sessionid":"S"}"#,
    ]);
}

#[track_caller]
fn login_refused(answer: Value, code: u16) {
    let mut session = Session::logging_in();
    session.forget().answer("login", answer);
    let (result, error) = (format!("result connect {code}"), format!("connectError {code}"));
    assert_eq!(session.told(), [result, error, "stateChange disconnected false".to_owned()]);
    session.close().tells(&["disconnect 13"]);
}

#[test]
fn error_50093_is_1204() {
    login_refused(json!({ "result": 0, "error": 50_093 }), 1204);
}

#[test]
fn error_50025_is_1214() {
    login_refused(json!({ "result": 0, "error": "50025", "errormsg": "limit" }), 1214);
}

#[test]
fn service_not_available_is_1215() {
    login_refused(json!({ "result": 0, "error": 1, "errormsg": "Service not available" }), 1215);
}

#[test]
fn wrong_login_pass_combination_is_1202() {
    login_refused(json!({ "result": 0, "error": 50_013, "errormsg": "Wrong login/pass combination" }), 1202);
}

#[test]
fn session_does_not_exist_is_1212() {
    login_refused(json!({ "result": 0, "errormsg": "Bad request. Session does not exist" }), 1212);
}

#[test]
fn invalid_session_user_is_1212() {
    login_refused(json!({ "result": 0, "errormsg": "Bad request. Invalid session user" }), 1212);
}

#[test]
fn any_other_error_is_1000() {
    login_refused(json!({ "result": 0, "error": 7, "errormsg": "no idea" }), 1000);
}

#[test]
fn no_error_but_a_result_that_is_not_1_is_1211() {
    login_refused(json!({ "result": 0 }), 1211);
}

#[test]
fn a_login_refused_with_an_error_is_closed_without_logout() {
    let mut session = Session::logging_in();
    session.forget().answer("login", json!({ "result": 0, "error": 50_093 })).sends(&["close"]);
}

#[test]
fn a_bare_refusal_sends_logout() {
    let mut session = Session::logging_in();
    session.forget().refuse("login").sends(&["logout", "close"]);
}

#[test]
fn the_servers_words_are_in_the_error_only_where_a_server_answered() {
    let mut session = Session::logging_in();
    session
        .forget()
        .answer("login", json!({ "result": 0, "error": 50_013, "errormsg": "Wrong login/pass combination" }));
    let told = session.announced();
    let callfold_engine::announce::Announcement::Event { name: "connectError", args } = &told[1] else {
        panic!("{told:?}")
    };
    let expected = json!({
        "result": false, "errorCode": 1202, "errorMessage": "error loginpass",
        "serverErrorCode": 50_013, "serverErrorMessage": "Wrong login/pass combination",
    });
    assert_eq!(args[0], expected);

    let mut session = Session::live();
    session.command(connect(&["pbx.local"])).forget().wait(10_000);
    let told = session.announced();
    let callfold_engine::announce::Announcement::Event { args, .. } = &told[0] else { panic!("{told:?}") };
    assert_eq!(
        args[0],
        json!({ "result": false, "errorCode": 1200, "errorMessage": "cant connect to server" })
    );
}

#[test]
fn an_unanswered_login_is_1102_after_20_s() {
    let mut session = Session::logging_in();
    session.forget().wait(19_999).tells(&[]).wait(1).tells(&[
        "result connect 1102",
        "connectError 1102",
        "stateChange disconnected false",
    ]);
}

#[test]
fn an_answer_is_matched_by_qid_alone() {
    let mut session = Session::logging_in();
    session.forget().answer_as("anything", "login", json!({ "userid": ME }));
    assert_eq!(session.view().connection, Connection::Loading);
}

#[test]
fn an_answer_with_no_result_field_counts_as_result_1() {
    let mut session = Session::logging_in();
    session.raw(&format!(r#"["loginresult",{{"qid":"2","userid":"{ME}"}}]"#));
    assert_eq!(session.view().connection, Connection::Loading);
}

#[test]
fn frames_of_a_socket_that_has_been_given_up_count_for_nothing() {
    let mut session = Session::connected();
    session
        .raw_on(SocketId(99), r#"["userstatechanged",{"userstateid":5,"oncallcenter":true}]"#)
        .tells(&[])
        .sends(&[]);
    assert_eq!(session.view().agent.facts.id, 1);
}
