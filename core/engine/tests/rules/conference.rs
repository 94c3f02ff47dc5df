//! Part 2: conferences.

use callfold_engine::LineState;
use serde_json::{Value, json};

use crate::common::*;

fn handle(id: &str, handle: bool) -> String {
    format!(r#"confhandleevent {{"conferenceid":"{id}","eventtype":"competitors","handle":{handle}}}"#)
}

fn composition(id: &str, competitors: &[Value]) -> Value {
    json!({ "eventinfo": { "conferenceid": id, "competitorlist": competitors } })
}

fn told_alone(id: &str, competitor: Value) -> Value {
    json!({ "eventinfo": { "conference": { "id": id }, "competitor": competitor } })
}

#[test]
fn our_conference_is_handled_and_the_last_one_no_more() {
    let mut session = Session::in_conference();
    session.picture(conference(CONF2));
    let sent = session.sent();
    assert_eq!(sent[sent.len() - 3..sent.len() - 1], [handle(CONF, false), handle(CONF2, true)]);
}

#[test]
fn a_conference_that_is_dropped_is_handled_no_more() {
    let mut session = Session::in_conference();
    session.picture(ready());
    assert!(session.sent().contains(&handle(CONF, false)));
    assert_eq!(session.view().conference, None);
}

#[test]
fn the_list_of_a_picture_s_conference_is_asked_once() {
    let mut session = Session::connected();
    session.picture(conference(CONF));
    let lists = session.sent().iter().filter(|line| line.starts_with("getconferenceinfo")).count();
    assert_eq!(lists, 1);
}

#[test]
fn a_refused_list_empties_it() {
    let mut session = Session::in_conference();
    session.picture(conference(CONF)).forget().refuse("getconferenceinfo");
    session.tells(&[
        "conferenceAbonentLeave 101",
        "abonentsChange [102]",
        "conferenceAbonentLeave 102",
        "abonentsChange []",
        "abonentsChange []",
    ]);
}

#[test]
fn an_absent_list_empties_it_too() {
    let mut session = Session::in_conference();
    session.picture(conference(CONF)).answer("getconferenceinfo", json!({ "conference": { "id": CONF } }));
    assert!(session.view().parties.is_empty());
}

#[test]
fn an_answer_for_a_conference_that_is_no_longer_ours_changes_nothing_and_what_waited_goes_on() {
    let mut session = Session::connected();
    session.server("phoneevent_commstarted", json!({ "isconference": true, "confid": CONF }));
    session.picture(ready()).forget();
    session.answer("getconferenceinfo", members(CONF, &[me_in(), anna()])).tells(&[]);
    session.sends(&["getextendedlineinfo"]);
}

#[test]
fn who_has_left_or_was_never_there_is_left_out_of_a_list() {
    for state in [
        "Exited",
        "MisInviteBusy",
        "MisInviteNotRespond",
        "MisInviteTimeout",
        "MisInviteStop",
        "MisInviteAbort",
        "MisInviteRefuse",
    ] {
        let mut session = Session::connected();
        let gone = competitor("103", Some(PETER), json!({ "confstatestr": state }));
        session.picture(conference(CONF)).answer("getconferenceinfo", members(CONF, &[me_in(), gone]));
        assert_eq!(session.phones(), ["101"], "{state}");
    }
}

#[test]
fn who_is_called_or_talks_is_in_the_list() {
    for state in ["Commutated", "Inviting", ""] {
        let mut session = Session::connected();
        let there = competitor("103", Some(PETER), json!({ "confstatestr": state }));
        session.picture(conference(CONF)).answer("getconferenceinfo", members(CONF, &[me_in(), there]));
        assert_eq!(session.phones(), ["101", "103"], "{state}");
    }
}

#[test]
fn a_ghost_sees_only_ghosts_and_itself_by_the_info_from_before() {
    let mut session = Session::connected();
    let all = [
        me_in(),
        anna(),
        competitor("103", Some(PETER), json!({ "isghostmajor": true })),
        competitor("104", None, json!({ "isghost": true })),
    ];
    session.picture(conference(CONF)).answer("getconferenceinfo", ghost_members(CONF, &all));
    assert_eq!(session.phones(), ["101", "102", "103", "104"], "the list is taken over before the info");
    session.picture(conference(CONF)).answer("getconferenceinfo", ghost_members(CONF, &all));
    assert_eq!(session.phones(), ["101", "104"]);
}

#[test]
fn a_known_competitor_keeps_its_first_data() {
    let mut session = Session::in_conference();
    let renamed = competitor("102", Some(ANNA), json!({ "name": "Другая", "iscreator": true }));
    session.server("confcompositionchanged", composition(CONF, &[me_in(), renamed]));
    assert!(!session.view().parties.as_slice()[1].competitor.unwrap().creator);
    assert!(session.view().made_conference(), "and so do we");
}

#[test]
fn one_who_enters_while_in_talk_is_told_and_then_the_list() {
    let mut session = Session::in_conference();
    session.server("confcompositionchanged", composition(CONF, &[me_in(), anna(), peter()]));
    session.tells(&["conferenceAbonentEnter 103", "abonentsChange [101, 102, 103]"]);
}

#[test]
fn all_enter_before_anyone_leaves() {
    let mut session = Session::in_conference();
    session.server("confcompositionchanged", composition(CONF, &[me_in(), peter()]));
    session.tells(&[
        "conferenceAbonentEnter 103",
        "conferenceAbonentLeave 102",
        "abonentsChange [101, 103]",
        "abonentsChange [101, 103]",
    ]);
}

#[test]
fn outside_of_talk_entering_and_leaving_are_not_told() {
    let mut session = Session::connected();
    session.picture(conference(CONF)).answer("getconferenceinfo", members(CONF, &[me_in(), anna()]));
    let told = session.told();
    assert!(!told.iter().any(|line| line.starts_with("conferenceAbonent")), "{told:?}");
}

#[test]
fn a_party_that_was_no_competitor_leaves_without_a_word_of_the_conference() {
    let mut session = Session::talking();
    session.picture(conference(CONF)).forget();
    session.answer("getconferenceinfo", members(CONF, &[me_in(), anna()]));
    session.tells(&[
        "conferenceAbonentEnter 101",
        "conferenceAbonentEnter 102",
        "abonentsChange [101, 102]",
        "abonentsChange [101, 102]",
    ]);
}

#[test]
fn the_same_list_is_told_always() {
    let mut session = Session::in_conference();
    session.server("confcompositionchanged", composition(CONF, &[me_in(), anna()]));
    session.tells(&["abonentsChange [101, 102]"]);
}

#[test]
fn a_competitor_told_alone_enters_and_is_told_if_in_talk() {
    let mut session = Session::in_conference();
    session.server("confcompetitorstatechanged", told_alone(CONF, peter()));
    session.tells(&["conferenceAbonentEnter 103", "abonentsChange [101, 102, 103]"]);
}

#[test]
fn a_competitor_told_alone_outside_of_talk_is_added_quietly() {
    let mut session = Session::connected();
    session.picture(conference(CONF)).forget();
    session.server("confcompetitorstatechanged", told_alone(CONF, peter())).tells(&[]);
    assert_eq!((session.phones(), session.view().line), (vec!["103"], LineState::Ready));
}

#[test]
fn a_competitor_told_alone_who_is_gone_leaves() {
    let mut session = Session::in_conference();
    let gone = competitor("102", Some(ANNA), json!({ "confstatestr": "Exited" }));
    session.server("confcompetitorstatechanged", told_alone(CONF, gone.clone()));
    session.tells(&["conferenceAbonentLeave 102", "abonentsChange [101]"]);
    session.server("confcompetitorstatechanged", told_alone(CONF, gone)).tells(&[]);
}

#[test]
fn other_competitors_told_alone_change_nothing() {
    let mut session = Session::in_conference();
    session.server("confcompetitorstatechanged", told_alone(CONF, anna())).tells(&[]);
    session.server("confcompetitorstatechanged", told_alone(CONF2, peter())).tells(&[]);
    session.server("confcompetitorstatechanged", json!({ "eventinfo": {} })).tells(&[]);
}

#[test]
fn i_made_it_means_my_own_party_is_the_creator() {
    assert!(Session::in_conference().view().made_conference());
    let mut session = Session::connected();
    let creator = competitor("102", Some(ANNA), json!({ "iscreator": true }));
    session.picture(conference(CONF)).answer("getconferenceinfo", members(CONF, &[me_in(), creator]));
    assert!(!session.view().made_conference());
}

#[test]
fn a_line_that_leaves_the_conference_for_a_call_has_one_party_again() {
    let mut session = Session::in_conference();
    session.picture(talk("102")).tells(&["abonentsChange [102]"]);
    assert_eq!(session.view().conference, None);
}
