//! Part 1: loading, keep-alive, timeouts, versions.

use callfold_engine::Connection;
use serde_json::json;

use crate::common::*;

/// The methods sent, without their parameters.
fn methods(session: &mut Session) -> Vec<String> {
    session.sent().iter().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn at_once_on_login_queue_and_two_subscriptions_then_the_version() {
    let mut session = Session::logging_in();
    session.forget().answer("login", json!({ "userid": ME })).sends(&[
        "getcurrentqueue",
        r#"subscribeevent {"eventmethod":["customevent"]}"#,
        r#"subscribeevent {"eventmethod":["userstatechanged"]}"#,
        r#"getversion {"showalloweddbstoredprocs":1}"#,
    ]);
}

#[test]
fn each_step_is_asked_after_the_answer_to_the_one_before() {
    let mut session = Session::logging_in();
    session.answer("login", json!({ "userid": ME })).forget();
    session.answer("getversion", json!({ "version": { "dated": 150_601 } })).sends(&["getmyuserinfo"]);
    session.answer("getmyuserinfo", json!({ "mainpbxnumber": "101" })).sends(&["cc_getlunchtypes"]);
    session.answer("cc_getlunchtypes", json!({ "items": [] })).sends(&["getuserstate"]);
    session.answer("getuserstate", user_state(1, json!({})));
    session.sends(&["getextendedlineinfo", "getredirectrules"]);
    session.answer("getredirectrules", json!({ "redirectrules": [] }));
    session.sends(&[r#"getpbxnumbers {"mode":"full"}"#]);
    session.answer("getpbxnumbers", json!({ "numbers": [] })).sends(&[
        r#"subscribeevent {"eventmethod":["pbxnumberstatechanged"]}"#,
        r#"getallusernumbers {"fillsubordinates":true}"#,
    ]);
    session.answer("getallusernumbers", json!({ "users": [] })).sends(&["getextendedlineinfo"]);
}

#[test]
fn when_all_is_loaded_the_subscriptions_the_result_then_connect() {
    let mut session = Session::logging_in();
    session.load(json!({ "getextendedlineinfo": null })).forget();
    // The picture that the user state asked for is not the one that ends loading.
    assert_eq!(session.view().connection, Connection::Loading);
    let mut session = Session::logging_in();
    session.load(json!({}));
    let told = session.told();
    assert_eq!(told[told.len() - 2..], ["result connect done", "connect"]);
    let subscribed: Vec<String> = session
        .sent()
        .iter()
        .filter_map(|line| line.strip_prefix(r#"subscribeevent {"eventmethod":[""#).map(str::to_owned))
        .map(|line| line.trim_end_matches(r#""]}"#).to_owned())
        .collect();
    let expected = [
        "customevent",
        "userstatechanged",
        "pbxnumberstatechanged",
        "linestatechanged",
        "flashstatechanged",
        "confcompositionchanged",
        "confcompetitorstatechanged",
        "phoneevent_acmcallstarted",
        "phoneevent_acmcallstopped",
        "phoneevent_ringstarted",
        "phoneevent_ringstopped",
        "phoneevent_ivrstarted",
        "phoneevent_commstarted",
        "phoneevent_commstopped",
        "httpresponsecopy",
    ];
    assert_eq!(subscribed, expected);
}

#[test]
fn a_version_that_is_not_told_is_1206_with_reason_11() {
    let mut session = Session::logging_in();
    session.answer("login", json!({ "userid": ME })).forget().refuse("getversion");
    session.tells(&["result connect 1206", "connectError 1206", "stateChange disconnected false"]);
    session.sends(&["logout", "close"]).close().tells(&["disconnect 11"]);
}

#[test]
fn user_info_that_is_not_told_is_1210_with_reason_13() {
    let mut session = Session::logging_in();
    session.load(json!({ "getmyuserinfo": { "result": 0 } }));
    let told = session.told();
    assert_eq!(
        told[1..],
        ["result connect 1210", "connectError 1210", "stateChange disconnected false"],
        "after connecting"
    );
    session.close().tells(&["disconnect 13"]);
}

#[track_caller]
fn passed_over(method: &str) {
    let mut session = Session::logging_in();
    session.load(json!({ method: { "result": 0 } }));
    assert_eq!(session.view().connection, Connection::Connected, "{method}");
}

#[test]
fn a_refused_user_state_is_passed_over() {
    passed_over("getuserstate");
}

#[test]
fn a_refused_last_picture_is_passed_over() {
    passed_over("getextendedlineinfo");
}

#[test]
fn refused_break_reasons_redirect_rules_numbers_and_users_are_passed_over() {
    for method in ["cc_getlunchtypes", "getredirectrules", "getpbxnumbers", "getallusernumbers"] {
        passed_over(method);
    }
}

#[test]
fn the_redirect_number_is_taken_from_the_rule_whose_id_is_ours() {
    let rules = json!({ "redirectrules": [
        { "id": "ffffffff-0000-4000-8000-000000000000", "destinationnumber": "666" },
        { "id": "D4D8BE7A-703D-5B47-21D8-0CD1ABFF6BA1", "destinationnumber": "777" },
    ] });
    let session = Session::connected_to(json!({ "getredirectrules": rules }));
    assert_eq!(session.view().agent.redirect_number.as_ref().unwrap().as_str(), "777");
}

#[test]
fn stored_procedures_are_known_in_lower_case() {
    let session = Session::connected();
    assert_eq!(session.view().server.procedures[0].as_str(), "changepassword");
}

#[test]
fn an_open_connection_pings_every_15_s() {
    let mut session = Session::connected();
    let mut pings = 0;
    for _ in 0..60 {
        session.wait(1_000);
        pings += methods(&mut session).iter().filter(|method| *method == "ping").count();
    }
    assert_eq!(pings, 4);
}

#[test]
fn an_open_connection_asks_for_the_queue_every_5_s() {
    let mut session = Session::logging_in();
    session.load(json!({})).forget().wait(4_999);
    assert!(!methods(&mut session).contains(&"getcurrentqueue".to_owned()));
    for _ in 0..3 {
        session.wait(1);
        assert_eq!(methods(&mut session).iter().filter(|m| *m == "getcurrentqueue").count(), 1);
        session.wait(4_999);
        assert!(!methods(&mut session).contains(&"getcurrentqueue".to_owned()));
    }
}

#[test]
fn polls_stop_with_the_connection() {
    let mut session = Session::connected();
    session.close().forget().wait(60_000).sends(&[]);
}

#[test]
fn a_request_with_no_answer_for_20_s_fails_with_1102() {
    let mut session = Session::connected();
    session.command(exec("anything", None)).forget().wait(19_999).ends(&[]);
    session.wait(1).ends(&["exec 1103"]);
}

#[test]
fn no_answer_counts_as_a_refusal_for_its_command_a_call_is_2107() {
    Session::connected().command(call("102")).forget().wait(20_000).tells(&["result call 2107"]);
}

#[test]
fn an_answer_after_the_timeout_is_an_answer_to_nothing() {
    let mut session = Session::connected();
    session.command(call("102")).wait(20_000).forget().answer("pbxautocallstart", json!({})).tells(&[]);
}

#[test]
fn an_answer_that_comes_twice_counts_once() {
    let mut session = Session::connected();
    session.command(call("102")).forget();
    let qid = session
        .events
        .iter()
        .rev()
        .find_map(|event| match event {
            callfold_engine::Event::RequestSent { qid, .. } => Some(*qid),
            _ => None,
        })
        .unwrap();
    let answer = format!(r#"["pbxautocallstartresult",{{"qid":"{qid}","result":1}}]"#);
    session.raw(&answer).raw(&answer).tells(&["result call done"]);
}

#[test]
fn with_no_open_socket_it_is_1201() {
    Session::live().command(set_redirect("1")).tells(&["result setRedirectNumber 1201"]);
    let mut session = Session::connected();
    session.close().forget().command(exec("anything", None)).ends(&["exec 1103"]);
}

#[test]
fn a_method_newer_than_the_server_fails_with_1101_and_is_not_sent() {
    let mut session = Session::connected_to(json!({ "getversion": { "version": { "dated": 120_700 } } }));
    session.picture(talk(CUSTOMER)).forget();
    // Toggle and transfer succeed as they are asked; what tells of the version is that nothing is sent.
    session.command(transfer("102")).sends(&[]);
}

#[test]
fn steps_that_an_old_server_lacks_are_passed_over() {
    let mut session = Session::logging_in();
    session.load(json!({ "getversion": { "version": { "dated": 120_400 } } }));
    let sent = methods(&mut session);
    for method in ["cc_getlunchtypes", "getredirectrules", "getallusernumbers"] {
        assert!(!sent.contains(&method.to_owned()), "{method}");
    }
    assert_eq!(session.view().connection, Connection::Connected);
}

#[test]
fn a_critical_method_that_is_missing_while_loading_ends_the_connection_as_by_the_user() {
    let mut session = Session::logging_in();
    session.answer("login", json!({ "userid": ME })).forget();
    session.answer("getversion", json!({ "version": { "dated": 120_300 } }));
    session.tells(&["result connect 1210", "connectError 1210", "stateChange disconnected false"]);
    session.sends(&["logout", "close", "logout"]);
    session.close().tells(&["disconnect 13"]);
}

#[test]
fn a_server_dated_just_at_the_critical_methods_is_loaded() {
    let session = Session::connected_to(json!({ "getversion": { "version": { "dated": 120_327 } } }));
    assert_eq!(session.view().connection, Connection::Connected);
}

#[test]
fn a_server_that_does_not_tell_its_date_has_every_method() {
    let mut session = Session::connected_to(json!({ "getversion": {} }));
    session.picture(talk(CUSTOMER)).forget().command(transfer("102"));
    session.sends(&[r#"pbxmaketransfer {"transferto":"102"}"#]);
}

#[test]
fn unknown_events_and_fields_are_kept_and_harmless() {
    let mut session = Session::connected();
    session.server("brandnewevent", json!({ "qid": "x", "deep": [{ "er": null }] })).tells(&[]).sends(&[]);
    assert!(session.events.iter().any(|event| matches!(
        event,
        callfold_engine::Event::UnknownEvent { name } if name.as_str() == "brandnewevent"
    )));
}

#[test]
fn an_event_with_a_qid_answers_nothing() {
    let mut session = Session::connected();
    session.command(call("102")).forget();
    for qid in 0..40 {
        session.server("linestatechanged", json!({ "qid": qid.to_string() }));
    }
    session.tells(&[]);
}

#[test]
fn a_frame_that_cannot_be_read_is_told_with_its_reason_and_nothing_else_happens() {
    let mut session = Session::connected();
    let before = session.view().clone();
    session.raw("[\"linestatechanged\",").tells(&[]).sends(&[]);
    let last = session.events.last().unwrap();
    assert!(matches!(last, callfold_engine::Event::FrameUnreadable { .. }), "{last:?}");
    assert_eq!(*session.view(), before);
}

#[test]
fn a_binary_message_is_unreadable() {
    let mut session = Session::connected();
    let socket = session.socket();
    session.input(callfold_engine::InputKind::Binary { socket, bytes: vec![1].into() });
    assert!(session.events.last().unwrap().is_finding());
}

#[test]
fn a_long_message_is_joined_from_its_packets_out_of_order() {
    let mut session = Session::connected();
    let packet = |number: u8, content: &str| {
        json!({
            "message-id": "m", "packetcount": 2, "packetnumber": number,
            "content-type": "text", "content-transfer-encoding": "base64", "content": content,
        })
    };
    // ["userstatechanged",{"userstateid":5}] cut in two.
    session.server("multipart", packet(1, "cmVkIix7InVzZXJzdGF0ZWlkIjo1fV0=")).tells(&[]);
    session.server("multipart", packet(0, "WyJ1c2Vyc3RhdGVjaGFuZ2Ug")).tells(&[]);
    // A space crept in: that is another name, an unknown event, and still no failure.
    assert_eq!(session.view().agent.facts.id, 1);
    session.server("multipart", packet(1, "ZWQiLHsidXNlcnN0YXRlaWQiOjV9XQ=="));
    session.server("multipart", packet(0, "WyJ1c2Vyc3RhdGVjaGFuZw=="));
    assert_eq!(session.view().agent.facts.id, 5);
}

#[test]
fn a_long_message_left_open_for_30_s_is_given_up_and_said_so() {
    let mut session = Session::connected();
    let piece = json!({ "message-id": "m", "packetcount": 2, "packetnumber": 0, "content": "QQ==" });
    session.server("multipart", piece).wait(29_999);
    assert!(!session.events.last().unwrap().is_finding());
    session.events.clear();
    session.wait(1);
    assert!(session.events.iter().any(callfold_engine::Event::is_finding));
}

#[test]
fn a_custom_event_is_passed_on_with_its_parameter() {
    let mut session = Session::connected();
    session.server("customevent", json!({ "eventname": "ping", "eventparam": { "a": [1] } }));
    let last = session.events.last().unwrap();
    let callfold_engine::Event::CustomEvent { name, parameter } = last else { panic!("{last:?}") };
    assert_eq!((name.as_str(), parameter.as_ref().unwrap().as_str()), ("ping", r#"{"a":[1]}"#));
}

#[test]
fn the_state_of_a_number_of_the_plan_is_taken_over_and_of_others_not() {
    let mut session = Session::connected();
    let numbers =
        json!({ "numbers": [{ "num": "102", "numstateid": 5 }, { "num": "999", "numstateid": 5 }] });
    session.server("pbxnumberstatechanged", numbers);
    assert_eq!(session.view().directory.numbers.get("102"), Some(5));
    assert_eq!(session.view().directory.numbers.get("999"), None);
}
