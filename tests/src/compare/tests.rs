//! A comparison that cannot fail proves nothing: each way to differ is shown to be seen, each freedom to be free.

use serde_json::{Value, json};

use super::*;

/// A small session, as the reference client recorded it.
fn reference() -> Vec<Value> {
    vec![
        json!({ "trace": 1, "name": "x", "level": "oktell", "epochMs": 0 }),
        json!({ "t": 0, "api": "connect", "args": [{ "url": "ws://a.local" }] }),
        json!({ "t": 0, "event": "connecting", "args": [] }),
        json!({ "t": 1, "ws": "open", "url": "ws://a.local:80" }),
        json!({ "t": 2, "out": ["ping", { "qid": "p1" }] }),
        json!({ "t": 3, "out": ["login", { "userlogin": "i", "showid": 1, "qid": "l1" }] }),
        json!({ "t": 4, "out": ["subscribeevent", { "eventmethod": ["one", "two"], "qid": "s1" }] }),
        json!({ "t": 5, "out": ["getversion", { "userlogin": "i", "qid": "v1" }] }),
        json!({ "t": 6, "event": "stateChange", "args": ["ready", false] }),
        json!({ "t": 6, "after": { "state": "ready", "hold": { "hasHold": false }, "talkLength": null } }),
        json!({ "t": 7, "event": "abonentsChange", "args": [[{ "key": "101", "name": null }]] }),
        json!({ "t": 7, "event": "queueAbonentLeave", "args": [{ "key": "1", "phone": "11" }] }),
        json!({ "t": 7, "event": "queueAbonentLeave", "args": [{ "key": "2", "phone": "22" }] }),
        json!({ "t": 7, "after": { "state": "talk", "talkLength": 1 } }),
        json!({ "t": 8, "out": ["callto", { "number": "102", "whenfree": false, "qid": "c1" }] }),
        json!({ "t": 8, "out": ["hold", { "qid": "h1" }] }),
        json!({ "t": 9, "result": "call", "value": { "result": false, "errorCode": 5, "qid": "c1" } }),
        json!({ "t": 9, "provider": "callStarted", "args": [{ "id": "7" }] }),
        json!({ "t": 9, "throws": "no call" }),
        json!({ "t": 9, "after": { "state": "talk", "hold": { "hasHold": true }, "talkLength": 3 } }),
        json!({ "t": 9, "end": { "state": "talk", "hold": { "hasHold": true } } }),
    ]
}

/// The same session, as an engine that does the same writes it.
fn engine() -> Vec<Value> {
    let mut lines = reference();
    lines
        .retain(|line| line.get("api").is_none() && line.get("end").is_none() && line.get("trace").is_none());
    for line in &mut lines {
        let line = line.as_object_mut().unwrap();
        if let Some(frame) = line.remove("out") {
            line.insert("wire".to_owned(), frame);
        }
    }
    lines
}

fn text(lines: &[Value]) -> Vec<u8> {
    lines.iter().map(|line| format!("{line}\n")).collect::<String>().into_bytes()
}

fn differ(reference: &[Value], engine: &[Value]) -> Vec<Mismatch> {
    compare(&text(reference), &text(engine)).unwrap().mismatches
}

/// What is seen when the engine's lines are changed.
fn changed(change: impl FnOnce(&mut Vec<Value>)) -> Vec<Mismatch> {
    let mut lines = engine();
    change(&mut lines);
    differ(&reference(), &lines)
}

/// The place of the engine's line that has `field` with this value.
fn place(lines: &[Value], field: &str, value: &str) -> usize {
    let is_it = |line: &Value| {
        let found = &line[field];
        found == value || found[0] == value || found["state"] == value
    };
    lines.iter().position(is_it).unwrap()
}

fn line<'l>(lines: &'l mut [Value], field: &str, value: &str) -> &'l mut Value {
    let place = place(lines, field, value);
    &mut lines[place]
}

fn without(field: &str, value: &str) -> Vec<Mismatch> {
    changed(|lines| {
        lines.remove(place(lines, field, value));
    })
}

fn announcement_differs(found: &[Mismatch], place: usize) -> bool {
    matches!(found, [Mismatch::Announcement { at, .. }, ..] if *at == place)
}

fn wire_differs(found: &[Mismatch], place: usize) -> bool {
    matches!(found, [Mismatch::Wire { at, .. }] if *at == place)
}

#[test]
fn the_same_session_agrees() {
    let report = compare(&text(&reference()), &text(&engine())).unwrap();
    assert!(report.agrees(), "{report}");
    assert_eq!((report.announcements, report.agreed, report.states, report.requests), (8, 8, 3, 3));
}

#[test]
fn nothing_at_all_does_not_agree() {
    assert!(!changed(Vec::clear).is_empty());
}

#[test]
fn a_dropped_announcement_is_seen() {
    assert!(announcement_differs(&without("event", "connecting"), 0));
    assert!(announcement_differs(&without("event", "abonentsChange"), 2));
    assert!(announcement_differs(&without("event", "queueAbonentLeave"), 3));
    assert!(announcement_differs(&without("result", "call"), 5));
    assert!(announcement_differs(&without("provider", "callStarted"), 6));
    assert!(announcement_differs(&without("throws", "no call"), 7));
}

#[test]
fn an_added_announcement_is_seen() {
    let found = changed(|lines| lines.push(json!({ "t": 9, "event": "connecting", "args": [] })));
    let [Mismatch::Announcement { at: 8, expected: None, got: Some(Said::Event { name, .. }) }] =
        found.as_slice()
    else {
        panic!("{found:?}")
    };
    assert_eq!(name, "connecting");
}

#[test]
fn swapped_announcements_are_seen() {
    let found = changed(|lines| {
        let (one, other) = (place(lines, "event", "stateChange"), place(lines, "event", "abonentsChange"));
        lines.swap(one, other);
    });
    assert!(announcement_differs(&found, 1));
}

#[test]
fn an_altered_announcement_is_seen_with_both_sides() {
    let found = changed(|lines| line(lines, "event", "stateChange")["args"][0] = "ring".into());
    let event =
        |state: &str| Said::Event { name: "stateChange".into(), args: vec![state.into(), false.into()] };
    let expected = Mismatch::Announcement { at: 1, expected: Some(event("ready")), got: Some(event("ring")) };
    assert_eq!(found, [expected]);
    assert_eq!(
        found[0].to_string(),
        r#"announcement 1: expected event stateChange ["ready",false], got event stateChange ["ring",false]"#
    );
}

#[test]
fn an_altered_result_is_seen() {
    let found = changed(|lines| line(lines, "result", "call")["value"]["errorCode"] = 6.into());
    assert!(announcement_differs(&found, 5));
    // `result` is told even when it is false.
    let found = changed(|lines| line(lines, "result", "call")["value"]["result"] = Value::Null);
    assert!(announcement_differs(&found, 5));
}

#[test]
fn an_altered_refusal_and_an_altered_provider_event_are_seen() {
    assert!(announcement_differs(
        &changed(|lines| line(lines, "throws", "no call")["throws"] = "x".into()),
        7
    ));
    let found = changed(|lines| line(lines, "provider", "callStarted")["args"][0]["id"] = "8".into());
    assert!(announcement_differs(&found, 6));
}

#[test]
fn a_state_that_differs_is_seen_with_its_fields() {
    let found = changed(|lines| line(lines, "after", "ready")["after"]["state"] = "ring".into());
    let field =
        FieldDiffers { name: "state".into(), expected: Some("ready".into()), got: Some("ring".into()) };
    assert_eq!(found, [Mismatch::State { after: 2, fields: vec![field] }]);
    assert_eq!(found[0].to_string(), r#"state after 2 announcements: state: expected "ready", got "ring";"#);
}

#[test]
fn a_state_at_another_place_is_seen() {
    let found = changed(|lines| {
        let state = place(lines, "after", "ready");
        lines.swap(state, state + 1); // now after the announcement that follows
    });
    assert!(matches!(found.as_slice(), [Mismatch::State { after: 2, .. }]), "{found:?}");
}

#[test]
fn every_state_that_is_missing_is_seen() {
    let found = changed(|lines| lines.retain(|line| line.get("after").is_none()));
    let states = found.iter().filter(|found| matches!(found, Mismatch::State { .. })).count();
    assert_eq!(states, 3);
    assert!(matches!(found.last(), Some(Mismatch::End { .. })));
}

#[test]
fn states_in_the_wrong_order_are_seen() {
    let mut reference = reference();
    let more = place(&reference, "after", "ready") + 1;
    reference.insert(more, json!({ "t": 6, "after": { "state": "ring" } }));
    let mut engine = engine();
    engine.insert(place(&engine, "after", "ready"), json!({ "t": 6, "after": { "state": "ring" } }));
    let found = differ(&reference, &engine);
    assert!(matches!(found.as_slice(), [Mismatch::State { after: 2, .. }]), "{found:?}");
}

#[test]
fn has_hold_false_is_not_absent() {
    let found = changed(|lines| {
        line(lines, "after", "ready")["after"]["hold"].as_object_mut().unwrap().clear();
    });
    assert!(matches!(found.as_slice(), [Mismatch::State { after: 2, .. }]), "{found:?}");
}

#[test]
fn an_end_that_differs_is_seen() {
    let found = changed(|lines| lines.push(json!({ "t": 10, "after": { "state": "ring" } })));
    let [Mismatch::End { fields }] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["hold", "state"]);
}

#[test]
fn a_missing_request_is_seen() {
    assert!(wire_differs(&without("wire", "callto"), 1));
    assert!(wire_differs(&without("wire", "hold"), 2));
    assert!(wire_differs(&without("ws", "open"), 0));
}

#[test]
fn an_extra_request_is_seen() {
    let frame = || json!({ "t": 9, "wire": ["hold", { "qid": "h2" }] });
    assert!(wire_differs(&changed(|lines| lines.push(frame())), 3));
    assert!(wire_differs(&changed(|lines| lines.insert(0, frame())), 0));
}

#[test]
fn a_request_with_another_parameter_is_seen() {
    let number = changed(|lines| line(lines, "wire", "callto")["wire"][1]["number"] = "103".into());
    assert!(wire_differs(&number, 1));
    let added = changed(|lines| line(lines, "wire", "hold")["wire"][1]["x"] = 1.into());
    assert!(wire_differs(&added, 2));
    // On the wire false is not absent.
    let absent = changed(|lines| line(lines, "wire", "callto")["wire"][1]["whenfree"] = Value::Null);
    assert!(wire_differs(&absent, 1));
    let dialled = changed(|lines| line(lines, "ws", "open")["url"] = "ws://b.local:80".into());
    assert!(wire_differs(&dialled, 0));
}

#[test]
fn requests_in_another_order_are_seen() {
    let found = changed(|lines| {
        let (one, other) = (place(lines, "wire", "callto"), place(lines, "wire", "hold"));
        lines.swap(one, other);
    });
    assert!(wire_differs(&found, 1));
}

#[test]
fn a_question_of_the_loading_that_is_not_asked_is_seen() {
    let version = Mismatch::NotAsked(Question::Other("getversion".into()));
    assert_eq!(without("wire", "getversion"), [version]);
    let found = without("wire", "subscribeevent");
    let event = |name: &str| Mismatch::NotAsked(Question::Subscribe(name.into()));
    assert_eq!(found, [event("one"), event("two")]);
    let found = changed(|lines| {
        line(lines, "wire", "subscribeevent")["wire"][1]["eventmethod"] = "one".into();
    });
    assert_eq!(found, [event("two")]);
}

#[test]
fn a_login_with_another_parameter_is_seen() {
    let found = changed(|lines| line(lines, "wire", "login")["wire"][1]["userlogin"] = "j".into());
    let login = r#"{"showid":1,"userlogin":"i"}"#;
    assert_eq!(found, [Mismatch::NotAsked(Question::Login(login.into()))]);
}

#[test]
fn a_line_that_cannot_be_read_is_named() {
    let bad = |engine: &[u8]| compare(&text(&reference()), engine).unwrap_err().to_string();
    assert_eq!(bad(b"{}\n{"), "line 2 of the engine: not a JSON object");
    assert_eq!(bad(b"{\"wire\":[1]}"), "line 1 of the engine: a request that is not [name, {…}]");
    assert_eq!(bad(b"{\"after\":1}"), "line 1 of the engine: a snapshot that is not an object");
    assert_eq!(bad(b"{\"event\":1}"), "line 1 of the engine: a name or address that is not text");
    assert_eq!(bad(b"{\"event\":\"x\",\"args\":1}"), "line 1 of the engine: `args` that are not a list");
    assert!(compare(b"[]", b"").is_err());
}

#[test]
fn polling_time_and_ids_are_free() {
    assert_eq!(without("wire", "ping"), []);
    let found = changed(|lines| {
        for method in ["getextendedlineinfo", "getcurrentqueue", "getconferenceinfo", "ping"] {
            lines.insert(0, json!({ "t": 0, "wire": [method, { "qid": "1" }] }));
        }
        for line in lines.iter_mut() {
            line["t"] = 99.into();
            if let Some(params) = line.get_mut("wire").and_then(|frame| frame.get_mut(1)) {
                params["qid"] = "ours".into();
            }
        }
        line(lines, "result", "call")["value"]["qid"] = "ours".into();
    });
    assert_eq!(found, []);
}

#[test]
fn order_grouping_and_number_of_what_is_asked_while_loading_are_free() {
    let found = changed(|lines| {
        let at = place(lines, "wire", "subscribeevent");
        let asked = lines.remove(at);
        for event in ["two", "three", "one"] {
            lines.push(json!({ "t": 9, "wire": ["subscribeevent", { "eventmethod": event }] }));
        }
        lines.push(asked);
        lines.push(json!({ "t": 9, "wire": ["getpbxnumbers", {}] }));
        line(lines, "wire", "getversion")["wire"][1]["userlogin"] = "free".into();
    });
    assert_eq!(found, []);
}

#[test]
fn the_order_of_parties_that_leave_the_queue_together_is_free() {
    let swap = |lines: &mut Vec<Value>| {
        let first = place(lines, "event", "queueAbonentLeave");
        lines.swap(first, first + 1);
    };
    assert_eq!(changed(swap), []);
    // The order of a party's fields has no say in it.
    let fields_turned = changed(|lines| {
        swap(lines);
        for line in lines.iter_mut().filter(|line| line["event"] == "queueAbonentLeave") {
            let party = line["args"][0].as_object_mut().unwrap();
            *party = std::mem::take(party).into_iter().rev().collect();
        }
    });
    assert_eq!(fields_turned, []);
    // Who leaves is not free, nor is leaving before something else.
    let other = changed(|lines| line(lines, "event", "queueAbonentLeave")["args"][0]["key"] = "3".into());
    assert!(matches!(other.as_slice(), [Mismatch::Announcement { .. }]));
    let apart = changed(|lines| {
        let first = place(lines, "event", "queueAbonentLeave");
        lines.swap(first, first - 1);
    });
    assert!(announcement_differs(&apart, 2));
}

#[test]
fn parties_told_twice_in_a_row_count_once() {
    let again = json!({ "t": 7, "event": "abonentsChange", "args": [[{ "key": "101" }], null] });
    let twice = changed(|lines| lines.insert(place(lines, "event", "abonentsChange"), again.clone()));
    assert_eq!(twice, []);
    let twice_there = |change: fn(&mut Value)| {
        let mut again = again.clone();
        change(&mut again);
        let mut reference = reference();
        let at = place(&reference, "event", "abonentsChange");
        reference.insert(at + 1, again);
        differ(&reference, &engine())
    };
    assert_eq!(twice_there(|_| {}), []);
    // Another list is another announcement, and so is another event told twice.
    assert!(announcement_differs(&twice_there(|line| line["args"][0][0]["key"] = "102".into()), 3));
    let ready = changed(|lines| {
        let at = place(lines, "event", "stateChange");
        lines.insert(at, lines[at].clone());
    });
    assert!(announcement_differs(&ready, 2));
}

#[test]
fn states_in_between_are_free() {
    let found = changed(|lines| {
        let at = place(lines, "after", "ready");
        lines.insert(at, json!({ "t": 6, "after": { "state": "ring" } }));
        lines.insert(at + 2, json!({ "t": 6, "after": { "state": "call" } }));
    });
    assert_eq!(found, []);
}

#[test]
fn a_state_that_held_before_the_announcement_still_counts() {
    let mut reference = reference();
    reference.insert(
        place(&reference, "event", "abonentsChange") + 1,
        json!({ "t": 7, "after": { "state": "ready", "hold": { "hasHold": false } } }),
    );
    assert_eq!(differ(&reference, &engine()), []);
}

#[test]
fn absent_null_and_false_are_the_same_in_a_state() {
    let found = changed(|lines| {
        let state = &mut line(lines, "after", "ready")["after"];
        state["callCenter"] = false.into();
        state["breakReason"] = Value::Null;
        state.as_object_mut().unwrap().remove("talkLength");
    });
    assert_eq!(found, []);
}

#[test]
fn a_whole_number_is_the_same_however_it_is_written() {
    let found = changed(|lines| {
        line(lines, "result", "call")["value"]["errorCode"] = json!(5.0);
        line(lines, "wire", "login")["wire"][1]["showid"] = json!(1.0);
    });
    assert_eq!(found, []);
    let found = changed(|lines| line(lines, "result", "call")["value"]["errorCode"] = json!(5.5));
    assert!(announcement_differs(&found, 5));
}

#[test]
fn only_the_made_up_key_of_a_voice_menu_is_free() {
    const ONE: &str = "00000000-0000-4000-8000-00000000000A";
    const OTHER: &str = "11111111-0000-4000-8000-00000000000b";
    let menu = |key: &str, rest: Value| {
        let mut party = json!({ "key": key, "isIvr": true, "phone": "" });
        for (name, value) in rest.as_object().unwrap() {
            party[name] = value.clone();
        }
        text(&[json!({ "event": "talkStart", "args": [[party]] })])
    };
    let agree = |key: &str, other: &str, rest: Value| {
        compare(&menu(key, rest.clone()), &menu(other, rest)).unwrap().agrees()
    };
    assert!(agree(ONE, OTHER, json!({})));
    assert!(!agree(ONE, OTHER, json!({ "isIvr": false })));
    assert!(!agree(ONE, OTHER, json!({ "phone": "101" })));
    assert!(!agree(ONE, OTHER, json!({ "chainId": ONE })));
    assert!(!agree("101", "102", json!({})));
}
