//! Part 4: the rest of the commands, and the texts of their codes.

use callfold_engine::{Command, ErrorCode, JsonText, announce::Announcement};
use serde_json::{Value, json};

use crate::common::*;

#[track_caller]
fn result(session: &mut Session) -> Value {
    let told = session.announced();
    match told.last() {
        Some(Announcement::Result { value, .. }) => value.clone(),
        _ => panic!("{told:?}"),
    }
}

#[test]
fn exec_sends_any_method_as_it_is_and_passes_the_answer_on() {
    let mut session = Session::connected();
    session.command(exec("getsomething", Some(json!({ "a": 1 })))).sends(&[r#"getsomething {"a":1}"#]);
    session.answer("getsomething", json!({ "x": [1] }));
    assert_eq!(result(&mut session), json!({ "result": true, "x": [1] }));
}

#[test]
fn exec_without_a_method_is_1104() {
    let mut session = Session::connected();
    session.command(exec("", None)).sends(&[]);
    assert_eq!(
        result(&mut session),
        json!({ "result": false, "errorCode": 1104, "errorMessage": "bad method for execute" })
    );
}

#[test]
fn exec_refused_is_1103_with_the_method_and_the_server_s_fields() {
    let mut session = Session::connected();
    session.command(exec("getsomething", None)).answer("getsomething", json!({ "result": 0, "error": 3 }));
    let expected = json!({
        "result": false, "error": 3, "errorCode": 1103, "errorMessage": "error execute method getsomething",
    });
    assert_eq!(result(&mut session), expected);
}

#[test]
fn exec_of_parameters_that_are_no_object_is_1106() {
    let mut session = Session::connected();
    let params = Some(JsonText::new("[1]"));
    session.command(Command::Exec { method: "x".into(), params }).sends(&[]).ends(&["exec 1106"]);
}

#[test]
fn exec_of_an_allowed_stored_procedure_is_known_in_any_case() {
    let mut session = Session::connected();
    session.command(exec("CHANGEPassword", Some(json!({ "old": "1" }))));
    let sent = session.sent();
    let body: Value =
        serde_json::from_str(sent[0].strip_prefix("execpredefineddbstoredproc ").unwrap()).unwrap();
    let name = body["procedure"].as_str().unwrap().to_lowercase();
    assert_eq!((name.as_str(), &body["userid"]), ("changepassword", &json!(ME)));
    assert_eq!(body["inputparams"], json!({ "old": "1" }));
}

#[test]
fn the_datasets_of_a_stored_procedure_are_objects_by_the_first_row() {
    let mut session = Session::connected();
    session.command(exec("changepassword", None));
    let tables = json!([[["id", "name"], [1, "a"], [2, "b"]]]);
    session.answer("execpredefineddbstoredproc", json!({ "dataset": tables, "other": 1 }));
    let expected = json!({
        "result": true, "datasets": [[{ "id": 1, "name": "a" }, { "id": 2, "name": "b" }]],
        "datasetsRaw": tables,
    });
    assert_eq!(result(&mut session), expected);
}

#[test]
fn a_refused_stored_procedure_is_1105_with_code_and_text_only() {
    for refusal in [json!({ "result": 0, "errormsg": "x" }), json!({ "errorcode": 7 })] {
        let mut session = Session::connected();
        session.command(exec("changepassword", None)).answer("execpredefineddbstoredproc", refusal);
        let expected = json!({
            "result": false, "errorCode": 1105,
            "errorMessage": "error execute stored procedure changepassword",
        });
        assert_eq!(result(&mut session), expected);
    }
}

#[test]
fn a_custom_event_is_triggered_with_everything_given() {
    let trigger = |send_back| Command::TriggerCustomEvent {
        name: "hello".into(),
        recipients: Some(JsonText::new(r#"["petrova"]"#)),
        data: Some(JsonText::new(r#"{"a":1}"#)),
        send_back,
    };
    let mut session = Session::connected();
    for (send_back, expected) in [(true, json!(1)), (false, json!("0"))] {
        session.command(trigger(send_back));
        let sent = session.sent();
        let body: Value = serde_json::from_str(sent[0].strip_prefix("triggercustomevent ").unwrap()).unwrap();
        assert_eq!((&body["userid"], &body["eventname"]), (&json!(ME), &json!("hello")));
        assert_eq!((&body["eventparam"], &body["recipients"]), (&json!({ "a": 1 }), &json!(["petrova"])));
        assert_eq!(body["sendback"], expected);
    }
}

#[test]
fn an_http_password_is_asked_and_never_in_a_result() {
    let mut session = Session::connected();
    session.command(Command::HttpPassword).sends(&["gettemphttppass"]);
    session.answer("gettemphttppass", json!({ "temppass": "canary" })).ends(&["getHttpPassword done"]);
    assert!(!format!("{:?}", session.events).contains("canary"));
}

#[test]
fn the_journal_of_a_chain_is_asked_with_the_call_centre() {
    let mut session = Session::connected();
    session.command(Command::CallJournal { chain: "chain-1".into() });
    session.sends(&[r#"getpbxcalljournal {"filter":{"idchain":"chain-1","showcallcenter":true}}"#]);
    session.answer("getpbxcalljournal", json!({ "data": [{ "recordlink": "http://r" }] }));
    session.ends(&["callJournal done"]);
}

#[test]
fn every_command_ends_once_whatever_the_server_does() {
    let commands: Vec<Command> = vec![
        call("102"),
        intercom("102"),
        Command::Answer,
        end_call(),
        end_call_with(&["101"]),
        Command::Hold,
        Command::Toggle,
        transfer("102"),
        Command::Commutate,
        confer(&["102"]),
        confer_alone(),
        ghost(callfold_engine::GhostMode::Help, "102"),
        set_status("dnd"),
        set_user_status("dnd"),
        set_redirect("1"),
        exec("x", None),
        exec("changepassword", None),
        Command::HttpPassword,
        Command::CallJournal { chain: "c".into() },
        Command::Dtmf,
        Command::Resume,
        Command::Disconnect,
    ];
    for make in [Session::connected, Session::talking, Session::consulting, Session::in_conference] {
        for command in &commands {
            // No answer at all.
            let mut session = make();
            session.command(command.clone()).answer_nothing().wait(60_000);
            let name = command.name().text();
            let done = session.done();
            assert_eq!(done.iter().filter(|line| line.starts_with(name)).count(), 1, "{name}: {done:?}");
            // The connection goes.
            let mut session = make();
            session.command(command.clone()).close().wait(60_000);
            let done = session.done();
            assert_eq!(done.iter().filter(|line| line.starts_with(name)).count(), 1, "{name}: {done:?}");
        }
    }
}

#[test]
fn a_command_without_a_connection_is_refused_and_sends_nothing() {
    for command in [
        call("102"),
        Command::Answer,
        end_call(),
        Command::Hold,
        Command::Toggle,
        transfer("102"),
        Command::Commutate,
        confer(&["102"]),
        set_user_status("dnd"),
        set_redirect("1"),
        exec("x", None),
        Command::HttpPassword,
    ] {
        let name = command.name().text();
        let mut session = Session::live();
        session.command(command).sends(&[]);
        let done = session.done();
        assert_eq!(done.len(), 1, "{name}");
        assert!(!done[0].ends_with("done"), "{done:?}");
    }
}

#[test]
fn the_texts_of_the_codes_are_the_protocol_s() {
    // Copied from the table of the spec: numbers and texts are promises.
    let table = "1000 something goes wrong|1101 method not supported by current Oktell version\
        |1102 server didnt understand method or response timeout|1103 error execute method\
        |1104 bad method for execute|1105 error execute stored procedure|1106 bad params\
        |1200 cant connect to server|1201 error websocket connection|1202 error loginpass\
        |1203 oktell version too old|1204 using oktell desktop client|1205 error url\
        |1206 error loading version info|1207 error loading phone state|1209 error loading user state\
        |1210 error loading user info|1211 login failure|1212 error connect using session\
        |1213 no password or session|1214 max online users count reached, license limitation\
        |1215 oktell service is not available|2001 user state - disconnected|2002 phone not connected\
        |2101 user has hold call and is talking now|2102 user in conference now\
        |2103 phone state not valid for call|2104 user state - busy|2105 calling number is talking with us\
        |2106 bad number|2107 error autocall method call|2108 error user or phone state for call\
        |2201 no numbers to invite|2202 cant build conference from current call\
        |2203 no number to create conference|2204 error conference method call\
        |2205 bad user or phone state for creating conference|2206 cant invite hold abonent\
        |2207 error inviting|2208 cant create conference while in callcenter in break\
        |2301 error transfer method call|2302 bad user or phone state for transfer|2303 nothing to transfer\
        |2304 bad number for transfer|2401 error toggle method executing|2402 nothing to toggle, no hold\
        |2501 not in conference|2502 server retunred error while enabling ghost mode|2503 bad ghost mode\
        |2504 bad userId or number|2505 error rigths|2506 user is not in ghost mode\
        |2507 cant change ghost mode of this user|2601 bad flash mode|2602 error while exec flash method\
        |2701 error while loading user queue|2801 wrong old password|2802 incorrect new password\
        |2803 error while exec changepassword method on server|2901 incorrect state\
        |2902 phone probably does not support intercom calls|4001 incorrect user status\
        |4002 not settable user status|4003 number for redirect not defined";
    let ours: Vec<String> = ErrorCode::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(ours.join("|"), table);
}
