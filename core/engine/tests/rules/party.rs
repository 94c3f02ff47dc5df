//! Part 2: the one party.

use serde_json::{Value, json};

use crate::common::*;

fn keys(session: &Session) -> Vec<&str> {
    session.view().parties.as_slice().iter().map(|party| party.key.as_str()).collect()
}

#[track_caller]
fn key_of(abonent: Value, key: &str) {
    let mut session = Session::connected();
    session.picture(line("lsRinging", abonent).abonent(json!({ "isringing": true })));
    assert_eq!(keys(&session), [key]);
}

#[test]
fn the_key_is_the_competitor_id_first() {
    key_of(json!({ "competitorid": "c", "number": "1", "userid": "u", "callerid": "2" }), "c");
}

#[test]
fn then_the_number() {
    key_of(json!({ "number": "1", "userid": "u", "callerid": "2" }), "1");
}

#[test]
fn then_the_user_id() {
    key_of(json!({ "userid": "u", "callerid": "2" }), "u");
}

#[test]
fn then_the_caller_id() {
    key_of(json!({ "callerid": "2" }), "2");
}

#[test]
fn then_the_chain() {
    key_of(json!({}), "chain-1");
}

#[test]
fn the_all_zero_guid_is_no_key_and_there_is_no_party() {
    let mut session = Session::connected();
    session.picture(ready().abonent(json!({ "isringing": true })));
    assert!(keys(&session).is_empty());
}

#[test]
fn a_menu_with_no_key_gets_one_of_its_own_and_is_told_every_time() {
    let menu = line("lsCommutated", json!({ "isivr": true, "ivrname": "Меню" }))
        .with(json!({ "chainid": "00000000-0000-0000-0000-000000000000" }));
    let mut session = Session::connected();
    session.picture(menu.clone());
    let key = keys(&session)[0].to_owned();
    session.forget().picture(menu).tells(&["abonentsChange [Меню]"]);
    assert_eq!(keys(&session), [key]);
}

#[test]
fn another_key_replaces_the_list_and_is_told() {
    Session::talking().picture(talk("102")).tells(&["abonentsChange [102]"]);
}

#[test]
fn the_same_key_is_replaced_quietly_with_its_new_data() {
    let mut session = Session::talking();
    session.picture(talk(CUSTOMER).abonent(json!({ "name": "ООО Ромашка" }))).tells(&[]);
    let name = session.view().parties.as_slice()[0].name.clone();
    assert_eq!(name.unwrap().as_str(), "ООО Ромашка");
}

#[test]
fn while_autocall_is_pending_the_old_party_is_kept() {
    let mut session = Session::connected();
    session.picture(ring("102"));
    session.server("phoneevent_acmcallstarted", json!({})).forget();
    let nobody = line("lsRinging", json!({ "isringing": true }))
        .with(json!({ "chainid": "00000000-0000-0000-0000-000000000000" }));
    session.answer("getextendedlineinfo", nobody).tells(&[]);
    assert_eq!(session.phones(), ["102"]);
}

#[test]
fn nobody_where_somebody_was_is_cleared_and_told() {
    let mut session = Session::talking();
    let nobody = line("lsOther", json!({ "iscommutated": true }))
        .with(json!({ "chainid": "00000000-0000-0000-0000-000000000000" }));
    session.picture(nobody).tells(&["abonentsChange []"]);
}

#[test]
fn nobody_where_nobody_was_is_not_told() {
    Session::connected().picture(ready()).tells(&[]);
}

/// The one party as it is told.
#[track_caller]
fn told(abonent: Value) -> Value {
    let mut session = Session::connected();
    session.picture(line("lsRinging", abonent).abonent(json!({ "isringing": true })));
    callfold_engine::announce::party(&session.view().parties.as_slice()[0])
}

#[test]
fn guid_is_the_competitor_id_or_the_user_id() {
    assert_eq!(told(json!({ "competitorid": "c", "userid": "u" }))["guid"], "c");
    assert_eq!(told(json!({ "userid": "u" }))["guid"], "u");
    assert_eq!(told(json!({ "number": "1" }))["guid"], Value::Null);
}

#[test]
fn phone_is_the_number_or_the_caller_id() {
    assert_eq!(told(json!({ "number": "1", "callerid": "2" }))["phone"], "1");
    assert_eq!(told(json!({ "callerid": 2 }))["phone"], "2");
}

#[test]
fn only_the_number_is_formatted() {
    assert_eq!(told(json!({ "number": "84951112233" }))["phoneFormatted"], "+7 (495) 111-22-33");
    assert_eq!(told(json!({ "callerid": "84951112233" }))["phoneFormatted"], Value::Null);
}

#[test]
fn the_name_is_the_first_that_is_not_empty() {
    let names =
        ["simplename", "username", "name", "caption", "userlogin", "number", "ivrname"].map(str::to_owned);
    for first in 0..names.len() {
        let abonent: serde_json::Map<String, Value> = names
            .iter()
            .enumerate()
            .map(|(place, name)| (name.clone(), if place < first { "" } else { name }.into()))
            .chain([("isivr".to_owned(), json!(true))])
            .collect();
        assert_eq!(told(abonent.into())["name"], names[first].as_str());
    }
}

#[test]
fn a_party_with_a_user_id_is_a_user_with_id_name_login_and_comment() {
    let user = json!({ "userid": ANNA, "username": "Анна", "userlogin": "petrova", "comment": "склад" });
    let told = told(user);
    assert_eq!(told["isUser"], true);
    let expected = json!({ "id": ANNA, "name": "Анна", "login": "petrova", "comment": "склад" });
    assert_eq!(told["user"], expected);
}

#[test]
fn client_and_line_are_always_empty() {
    let told = told(json!({ "number": "1", "clientid": "x", "lineid": "y" }));
    assert_eq!((&told["client"], &told["line"]), (&json!({}), &json!({})));
}

#[test]
fn a_party_has_the_chain_as_it_came_the_all_zero_guid_too() {
    let mut session = Session::connected();
    session.picture(ready().abonent(json!({ "number": "1", "isringing": true })));
    let party = callfold_engine::announce::party(&session.view().parties.as_slice()[0]);
    assert_eq!(party["chainId"], "00000000-0000-0000-0000-000000000000");
}

#[test]
fn a_party_made_while_a_conference_is_ours_has_its_id() {
    let mut session = Session::in_conference();
    session.picture(talk("102"));
    let party = callfold_engine::announce::party(&session.view().parties.as_slice()[0]);
    assert_eq!(party["conferenceId"], CONF);
    assert_eq!(session.view().conference, None, "and is ours no more");
}
