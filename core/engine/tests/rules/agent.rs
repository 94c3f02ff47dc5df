//! Part 3: the agent's state.

use callfold_engine::{BreakReason, Command};
use serde_json::{Value, json};

use crate::common::*;

#[track_caller]
fn told_as(session: &mut Session, id: i64, differs: Value, state: &str, status: &str) {
    session.server("userstatechanged", user_state(id, differs));
    let agent = &session.view().agent;
    assert_eq!((agent.state.name(), agent.status.name()), (state, status));
}

fn break_for(reason: Value) -> Command {
    let reason = match reason {
        Value::Number(id) => BreakReason::Id(id.as_i64().unwrap()),
        other => BreakReason::Text(other.as_str().unwrap().into()),
    };
    Command::SetUserStatus { status: "break".into(), reason: Some(reason) }
}

// ---- taking over ----

#[test]
fn the_call_centre_is_told_first_and_the_first_time_always() {
    let mut session = Session::logging_in();
    session.forget().load(json!({}));
    let told = session.told();
    assert_eq!(
        told[..3],
        ["callCenterStateChange false", "statusChange ready ", "userStateChange ready ready null"]
    );
}

#[test]
fn entering_the_call_centre_is_told_once() {
    let mut session = Session::connected();
    let inside = user_state(1, json!({ "oncallcenter": true }));
    session.server("userstatechanged", inside.clone());
    session.tells(&["callCenterStateChange true", "userStateChange readyCC readyCC null"]);
    session.server("userstatechanged", inside).tells(&[]);
}

#[test]
fn the_order_is_call_centre_then_line_then_status_then_user_state() {
    let mut session = Session::connected();
    session.server("userstatechanged", user_state(7, json!({ "oncallcenter": true, "onredirect": true })));
    session.tells(&[
        "callCenterStateChange true",
        "stateChange disconnected ready",
        "readyStop null",
        "statusChange redirect ready",
        "userStateChange noPhone redirect null",
    ]);
}

#[test]
fn user_states_follow_the_table() {
    let centre = || json!({ "oncallcenter": true });
    let manual = || json!({ "oncallcenter": true, "onccmanual": true });
    let on_break = || json!({ "oncallcenter": true, "onlunch": true });
    let on_task = || json!({ "oncallcenter": true, "onlunch": true, "ontask": true });
    for (id, differs, state, status) in [
        (1, json!({}), "ready", "ready"),
        (1, centre(), "readyCC", "readyCC"),
        (1, manual(), "readyCCManual", "readyCCManual"),
        (1, json!({ "onccmanual": true }), "ready", "ready"),
        (2, json!({}), "break", "break"),
        (3, json!({}), "dnd", "dnd"),
        (5, json!({}), "busy", "ready"),
        (5, centre(), "busy", "readyCC"),
        (5, on_break(), "busy", "break"),
        (5, on_task(), "busyBreak", "readyCC"),
        (5, json!({ "ontask": true }), "busy", "ready"),
        (6, json!({}), "busy", "ready"),
        (6, on_break(), "busy", "break"),
        (6, on_task(), "busyBreak", "readyCC"),
        (7, json!({}), "noPhone", "noPhone"),
    ] {
        told_as(&mut Session::connected(), id, differs, state, status);
    }
}

#[test]
fn user_state_0_is_disconnected_at_first_and_later_as_it_was() {
    let session = Session::connected_to(json!({ "getuserstate": user_state(0, json!({})) }));
    assert_eq!(session.view().agent.state.name(), "disconnected");
    let mut session = Session::connected();
    told_as(&mut session, 3, json!({}), "dnd", "dnd");
    told_as(&mut session, 0, json!({}), "dnd", "dnd");
}

#[test]
fn redirect_on_is_status_redirect_whatever_the_id() {
    for (id, state) in [(1, "ready"), (2, "break"), (3, "dnd"), (5, "busy"), (7, "noPhone")] {
        told_as(&mut Session::connected(), id, json!({ "onredirect": true }), state, "redirect");
    }
}

#[test]
fn web_statuses_follow_their_rule() {
    for (id, differs, status) in [
        (1, json!({}), "ready"),
        (2, json!({}), "break"),
        (3, json!({}), "dnd"),
        (5, json!({ "onlunch": true, "oncallcenter": true }), "break"),
        (5, json!({ "onlunch": true }), "ready"),
        (5, json!({}), "ready"),
        (7, json!({}), "ready"),
        (3, json!({ "onredirect": true }), "redirect"),
    ] {
        let mut session = Session::connected();
        session.server("userstatechanged", user_state(id, differs));
        assert_eq!(session.view().agent.web_status.unwrap().name(), status, "{id}");
    }
}

#[test]
fn the_web_status_of_other_ids_is_unchanged() {
    let mut session = Session::connected();
    session.server("userstatechanged", user_state(3, json!({})));
    for id in [0, 6, 99] {
        session.server("userstatechanged", user_state(id, json!({})));
        assert_eq!(session.view().agent.web_status.unwrap().name(), "dnd", "{id}");
    }
}

#[test]
fn an_older_server_is_on_task_while_busy() {
    let old = json!({ "getversion": { "version": { "dated": 150_415 } } });
    let busy = json!({ "oncallcenter": true, "onlunch": true });
    told_as(&mut Session::connected_to(old), 5, busy.clone(), "busyBreak", "readyCC");
    told_as(&mut Session::connected(), 5, busy, "busy", "break");
}

#[test]
fn a_break_reason_is_told_while_on_break_else_null() {
    let mut session = Session::connected();
    session.server("userstatechanged", user_state(2, json!({ "lunchreasonid": 2 }))).wait(1_000);
    assert_eq!(session.told(), ["statusChange break ready", "userStateChange break break 2"]);
    session.server("userstatechanged", user_state(1, json!({})));
    assert_eq!(session.told(), ["statusChange ready break", "userStateChange ready ready null"]);
}

#[test]
fn another_break_reason_is_told() {
    let mut session = Session::connected();
    session.server("userstatechanged", user_state(2, json!({ "lunchreasonid": 2 }))).forget();
    session.server("userstatechanged", user_state(2, json!({ "lunchreasonid": 1 })));
    session.tells(&["userStateChange break break 1"]);
}

#[test]
fn a_break_reason_that_is_not_the_server_s_is_told_as_its_first_by_id() {
    let types = json!({ "items": [{ "id": 9, "name": "z" }, { "id": 4, "name": "a" }] });
    let mut session = Session::connected_to(json!({ "cc_getlunchtypes": types }));
    session.server("userstatechanged", user_state(2, json!({ "lunchreasonid": 77 })));
    assert_eq!(session.told().last().unwrap(), "userStateChange break break 4");
}

#[test]
fn with_no_reasons_of_the_server_s_the_raw_value_is_told() {
    let mut session = Session::connected_to(json!({ "cc_getlunchtypes": { "items": [] } }));
    session.server("userstatechanged", user_state(2, json!({ "lunchreasonid": 77 })));
    assert_eq!(session.told().last().unwrap(), "userStateChange break break 77");
}

// ---- setUserStatus ----

#[track_caller]
fn sets(session: &mut Session, status: &str, params: &str) {
    session.forget().command(set_user_status(status)).sends(&[&format!("setuserstate {params}")]);
}

#[test]
fn ready_leaves_out_what_already_holds() {
    let mut session = Session::connected();
    session.server("userstatechanged", user_state(3, json!({})));
    sets(&mut session, "ready", r#"{"userstateid":1,"onredirect":false}"#);
}

#[test]
fn ready_from_the_call_centre_leaves_it() {
    let mut session = Session::connected();
    session.server("userstatechanged", user_state(1, json!({ "oncallcenter": true, "onccmanual": true })));
    let params = r#"{"userstateid":1,"oncallcenter":false,"onccmanual":false,"onredirect":false}"#;
    sets(&mut session, "ready", params);
}

#[test]
fn ready_cc_enters_the_call_centre() {
    sets(&mut Session::connected(), "readyCC", r#"{"userstateid":1,"oncallcenter":true,"onredirect":false}"#);
}

#[test]
fn ready_cc_manual_enters_it_by_hand() {
    let params = r#"{"userstateid":1,"oncallcenter":true,"onccmanual":true,"onredirect":false}"#;
    sets(&mut Session::connected(), "readyCCManual", params);
}

#[test]
fn busy_is_5() {
    sets(&mut Session::connected(), "busy", r#"{"userstateid":5,"onredirect":false}"#);
}

#[test]
fn busy_while_busy_has_nothing_to_do() {
    let mut session = Session::connected();
    session.server("userstatechanged", user_state(5, json!({}))).forget();
    session.command(set_user_status("busy")).sends(&[]).ends(&[r#"setUserStatus done"#]);
}

#[test]
fn dnd_is_3() {
    sets(&mut Session::connected(), "dnd", r#"{"userstateid":3,"onredirect":false}"#);
}

#[test]
fn the_present_status_has_nothing_to_do_and_is_a_success() {
    Session::connected().command(set_user_status("ready")).sends(&[]).tells(&["result setUserStatus done"]);
}

#[test]
fn the_present_status_while_busy_break_is_set_nevertheless() {
    let mut session = Session::connected();
    let on_task = json!({ "oncallcenter": true, "onlunch": true, "ontask": true });
    session.server("userstatechanged", user_state(5, on_task));
    assert_eq!(session.view().agent.status.name(), "readyCC");
    sets(&mut session, "readyCC", r#"{"userstateid":1,"onredirect":false}"#);
}

#[test]
fn break_is_2_in_the_call_centre_with_its_reason() {
    let mut session = Session::connected();
    session.command(break_for(json!(2)));
    session.sends(&[
        r#"setuserstate {"userstateid":2,"oncallcenter":true,"onredirect":false,"lunchreasonid":2}"#,
    ]);
}

#[test]
fn a_reason_that_is_not_the_server_s_is_corrected_before_it_is_sent() {
    let mut session = Session::connected();
    session.command(break_for(json!("обед")));
    session.sends(&[
        r#"setuserstate {"userstateid":2,"oncallcenter":true,"onredirect":false,"lunchreasonid":1}"#,
    ]);
}

#[test]
fn a_break_without_any_reason_leaves_it_out() {
    let mut session = Session::connected_to(json!({ "cc_getlunchtypes": { "items": [] } }));
    session.command(set_user_status("break"));
    session.sends(&[r#"setuserstate {"userstateid":2,"oncallcenter":true,"onredirect":false}"#]);
}

#[test]
fn a_break_for_the_same_reason_has_nothing_to_do() {
    let mut session = Session::connected();
    session.server("userstatechanged", user_state(2, json!({ "lunchreasonid": 2, "oncallcenter": true })));
    session.forget().command(break_for(json!(2))).sends(&[]).ends(&["setUserStatus done"]);
    session.command(break_for(json!(1)));
    session.sends(&[r#"setuserstate {"userstateid":2,"onredirect":false,"lunchreasonid":1}"#]);
}

#[test]
fn the_answer_lacks_the_reason_the_one_asked_for_is_used() {
    let mut session = Session::connected();
    session.command(break_for(json!(2))).forget();
    session.answer("setuserstate", user_state(2, json!({ "oncallcenter": true })));
    session.tells(&[
        "callCenterStateChange true",
        "statusChange break ready",
        "userStateChange break break 2",
        "result setUserStatus done",
    ]);
}

#[test]
fn the_result_has_user_state_and_user_status_once_taken_over() {
    let mut session = Session::connected();
    session.command(set_user_status("dnd")).forget().answer("setuserstate", user_state(3, json!({})));
    let told = session.announced();
    let callfold_engine::announce::Announcement::Result { value, .. } = told.last().unwrap() else {
        panic!("{told:?}")
    };
    assert_eq!(*value, json!({ "result": true, "userState": "dnd", "userStatus": "dnd" }));
}

#[test]
fn redirect_without_a_number_is_4003() {
    Session::connected()
        .command(set_user_status("redirect"))
        .tells(&["result setUserStatus 4003"])
        .sends(&[]);
}

/// Connected, with a number to redirect to.
fn with_redirect_number() -> Session {
    let rules = json!({ "redirectrules": [
        { "id": "d4d8be7a703d5b4721d80cd1abff6ba1", "destinationnumber": "777" },
    ] });
    Session::connected_to(json!({ "getredirectrules": rules }))
}

#[test]
fn redirect_while_busy_has_nothing_to_do() {
    let mut session = with_redirect_number();
    session.server("userstatechanged", user_state(5, json!({}))).forget();
    session.command(set_user_status("redirect")).sends(&[]).tells(&["result setUserStatus done"]);
}

#[test]
fn redirect_sets_3_and_after_its_success_onredirect_whose_answer_alone_is_taken_over() {
    let mut session = with_redirect_number();
    session.command(set_user_status("redirect")).sends(&[r#"setuserstate {"userstateid":3}"#]);
    session.answer("setuserstate", user_state(3, json!({}))).tells(&[]);
    session.sends(&[r#"setuserstate {"onredirect":true}"#]);
    session.answer("setuserstate", user_state(3, json!({ "onredirect": true })));
    session.tells(&[
        "statusChange redirect ready",
        "userStateChange dnd redirect null",
        "result setUserStatus done",
    ]);
}

#[test]
fn a_refusal_passes_the_server_s_answer_on_as_it_is() {
    let mut session = Session::connected();
    session.command(set_user_status("dnd")).forget();
    session.answer("setuserstate", json!({ "result": 0, "error": 50_001, "errormsg": "no" }));
    let told = session.announced();
    let callfold_engine::announce::Announcement::Result { value, .. } = &told[0] else { panic!("{told:?}") };
    assert_eq!(*value, json!({ "result": 0, "error": 50_001, "errormsg": "no" }));
}

#[test]
fn a_status_that_cannot_be_set_is_4002() {
    for status in ["busyBreak", "noPhone"] {
        Session::connected()
            .command(set_user_status(status))
            .tells(&["result setUserStatus 4002"])
            .sends(&[]);
    }
}

#[test]
fn an_unknown_status_is_4001() {
    for status in ["", "READY", "lunch"] {
        Session::connected()
            .command(set_user_status(status))
            .tells(&["result setUserStatus 4001"])
            .sends(&[]);
    }
}

// ---- setStatus ----

#[test]
fn set_status_is_ignored_if_unknown_already_so_or_without_a_connection() {
    Session::connected().command(set_status("lunch")).sends(&[]).tells(&[]);
    Session::connected().command(set_status("ready")).sends(&[]).tells(&[]);
    Session::live().command(set_status("dnd")).sends(&[]).tells(&[]);
}

#[test]
fn set_status_dnd_sends_3_and_sets_the_web_status_at_once() {
    let mut session = Session::connected();
    session.command(set_status("dnd")).sends(&[r#"setuserstate {"userstateid":3}"#]);
    session.tells(&["statusChange dnd ready"]);
}

#[test]
fn its_answer_is_not_taken_over_the_event_that_follows_is() {
    let mut session = Session::connected();
    session.command(set_status("dnd")).forget();
    session.answer("setuserstate", user_state(3, json!({}))).tells(&[]);
    session.server("userstatechanged", user_state(3, json!({}))).tells(&["userStateChange dnd dnd null"]);
}

#[test]
fn set_status_ready_sends_1() {
    let mut session = Session::connected();
    session.server("userstatechanged", user_state(3, json!({}))).forget();
    session.command(set_status("ready")).sends(&[r#"setuserstate {"userstateid":1}"#]);
}

#[test]
fn set_status_ready_while_busy_sends_nothing() {
    let mut session = Session::connected();
    session.command(set_status("dnd"));
    session.server("userstatechanged", user_state(5, json!({}))).command(set_status("dnd")).forget();
    session.command(set_status("ready")).sends(&[]).tells(&["statusChange ready dnd"]);
}

#[test]
fn dnd_while_busy_is_sent_when_the_call_is_over() {
    let mut session = Session::connected();
    session.server("userstatechanged", user_state(5, json!({}))).wait(400).forget();
    session.command(set_status("dnd")).sends(&[]).tells(&["statusChange dnd ready"]);
    session.server("userstatechanged", user_state(1, json!({})));
    assert_eq!(session.sent(), ["getextendedlineinfo", r#"setuserstate {"userstateid":3}"#]);
    session.tells(&[]).wait(400).forget();
    session.server("userstatechanged", user_state(3, json!({}))).tells(&["userStateChange dnd dnd null"]);
}

#[test]
fn dnd_after_busy_needs_the_state_that_follows_to_be_1() {
    let mut session = Session::connected();
    session.server("userstatechanged", user_state(5, json!({}))).command(set_status("dnd")).forget();
    session.server("userstatechanged", user_state(2, json!({}))).sends(&["getextendedlineinfo"]);
}

#[test]
fn set_status_redirect_needs_a_number() {
    Session::connected().command(set_status("redirect")).sends(&[]).tells(&[]);
    let mut session = with_redirect_number();
    session.command(set_status("redirect")).sends(&[r#"setuserstate {"onredirect":true}"#]);
    session.tells(&["statusChange redirect ready"]);
}

#[test]
fn set_status_break_is_sent_in_the_call_centre_only() {
    let mut session = Session::connected();
    session.command(set_status("break")).sends(&[]);
    let mut session = Session::connected();
    session.server("userstatechanged", user_state(1, json!({ "oncallcenter": true }))).forget();
    session.command(set_status("break")).sends(&[r#"setuserstate {"userstateid":2}"#]);
}

#[test]
fn set_status_break_has_the_reason_by_id_where_the_server_knows_it_else_as_text() {
    let on_break = |reason: BreakReason| {
        let mut session = Session::connected();
        session.server("userstatechanged", user_state(1, json!({ "oncallcenter": true }))).forget();
        session.command(Command::SetStatus { status: "break".into(), reason: Some(reason) });
        session.sent()
    };
    assert_eq!(on_break(BreakReason::Id(2)), [r#"setuserstate {"userstateid":2,"lunchreasonid":2}"#]);
    assert_eq!(on_break(BreakReason::Id(7)), [r#"setuserstate {"userstateid":2,"lunchreasonmsg":7}"#]);
    let text = on_break(BreakReason::Text("обед".into()));
    assert_eq!(text, [r#"setuserstate {"userstateid":2,"lunchreasonmsg":"обед"}"#]);
}

// ---- setRedirectNumber ----

#[test]
fn a_redirect_number_is_saved_as_the_user_s_rule() {
    let mut session = Session::connected();
    session.command(set_redirect("777"));
    let sent = session.sent();
    let rule: Value = serde_json::from_str(sent[0].strip_prefix("saveredirectrules ").unwrap()).unwrap();
    let caption = "Переадресация сохраненная из веб-октела. Действует постоянно.";
    let expected = json!({ "redirectrule": {
        "id": "d4d8be7a703d5b4721d80cd1abff6ba1", "caption": caption, "description": caption, "priority": 1,
        "userid": ME, "isenabled": true, "allowcascade": true, "state": 2, "destinationnumber": "777",
        "onlyforredirectstate": true, "definesources": false,
    } });
    assert_eq!(rule, expected);
    session.answer("saveredirectrules", json!({})).tells(&["result setRedirectNumber done"]);
    assert_eq!(session.view().agent.redirect_number.as_ref().unwrap().as_str(), "777");
}

#[test]
fn an_empty_number_deletes_the_rule_and_is_forgotten_on_success() {
    let mut session = with_redirect_number();
    session.command(set_redirect(""));
    session.sends(&[r#"deleteredirectrules {"ids":["d4d8be7a703d5b4721d80cd1abff6ba1"]}"#]);
    assert!(session.view().agent.redirect_number.is_some());
    session.answer("deleteredirectrules", json!({})).tells(&["result setRedirectNumber done"]);
    assert_eq!(session.view().agent.redirect_number, None);
}

#[test]
fn a_forgotten_number_ends_the_web_status_redirect() {
    let mut session = with_redirect_number();
    session.server("userstatechanged", user_state(3, json!({ "onredirect": true }))).wait(400).forget();
    session.command(set_redirect("")).forget().answer("deleteredirectrules", json!({}));
    session.sends(&[r#"setuserstate {"userstateid":1}"#]);
    session.tells(&["statusChange ready redirect", "result setRedirectNumber done"]);
}

#[test]
fn a_refused_redirect_is_1103_with_the_method_s_name_and_the_server_s_answer() {
    let mut session = with_redirect_number();
    session.command(set_redirect("")).forget();
    session.answer("deleteredirectrules", json!({ "result": 0, "error": 5 }));
    let told = session.announced();
    let callfold_engine::announce::Announcement::Result { value, .. } = &told[0] else { panic!("{told:?}") };
    let expected = json!({
        "result": false, "error": 5, "errorCode": 1103,
        "errorMessage": "error execute method deleteredirectrules",
    });
    assert_eq!(*value, expected);
    assert!(session.view().agent.redirect_number.is_some());
}
