//! Part 4: conference commands and ghosts.

use callfold_engine::{Command, GhostMode};
use serde_json::{Value, json};

use crate::common::*;

#[track_caller]
fn refused(session: &mut Session, command: Command, code: u16) {
    let name = command.name().text();
    session.forget().command(command).sends(&[]).ends(&[&format!("{name} {code}")]);
}

fn commutation(id: &str) -> Value {
    json!({ "isconference": true, "confid": id })
}

// ---- building ----

#[test]
fn on_break_it_is_2208() {
    let mut session = Session::talking();
    session.server("userstatechanged", user_state(2, json!({})));
    refused(&mut session, confer(&["102"]), 2208);
}

#[test]
fn in_other_states_it_is_2205() {
    let mut session = Session::connected();
    session.picture(ring("102"));
    refused(&mut session, confer(&["103"]), 2205);
    refused(&mut Session::connected(), confer_alone(), 2205);
}

#[test]
fn a_talk_is_built_into_a_conference() {
    let mut session = Session::talking();
    session.command(confer_alone()).sends(&["buildconferencefromcommutation"]);
    session.answer("buildconferencefromcommutation", json!({})).tells(&[]);
    session.server("phoneevent_commstarted", commutation(CONF));
    session.answer("getconferenceinfo", members(CONF, &[me_in(), anna()])).forget();
    session.answer("getextendedlineinfo", conference(CONF)).tells(&[]);
    session.answer("getconferenceinfo", members(CONF, &[me_in(), anna()]));
    assert_eq!(session.told().last().unwrap(), "result conference done");
}

#[test]
fn no_conference_within_2_s_is_2202() {
    let mut session = Session::talking();
    session
        .command(confer_alone())
        .forget()
        .wait(1_999)
        .tells(&[])
        .wait(1)
        .tells(&["result conference 2202"]);
}

#[test]
fn a_conference_that_comes_after_2_s_is_too_late_for_the_command() {
    let mut session = Session::talking();
    session.command(confer_alone()).wait(2_000).forget();
    session.server("phoneevent_commstarted", commutation(CONF));
    session.answer("getconferenceinfo", members(CONF, &[me_in()]));
    session.answer("getextendedlineinfo", conference(CONF));
    session.answer("getconferenceinfo", members(CONF, &[me_in()])).ends(&[]);
}

#[test]
fn with_numbers_it_is_built_and_then_they_are_invited() {
    let mut session = Session::talking();
    session.command(confer(&["103"])).server("phoneevent_commstarted", commutation(CONF));
    session.answer("getconferenceinfo", members(CONF, &[me_in(), anna()]));
    session.answer("getextendedlineinfo", conference(CONF)).forget();
    session.answer("getconferenceinfo", members(CONF, &[me_in(), anna()]));
    let invite =
        format!(r#"invitetoconference {{"conferenceid":"{CONF}","competitors":[{{"number":"103"}}]}}"#);
    session.sends(&[&invite]).ends(&[]);
    session.answer("invitetoconference", json!({})).ends(&["conference done"]);
}

// ---- creating ----

#[test]
fn from_ready_a_conference_is_created_with_the_id_and_room_of_the_command() {
    let mut session = Session::connected();
    session.command(confer(&["102", PETER, "101", ME, ""]));
    let sent = session.sent();
    let body: Value = serde_json::from_str(sent[0].strip_prefix("createnewconference ").unwrap()).unwrap();
    let expected = json!({
        "conference": {
            "id": CONF, "room": 77, "name": "", "description": "", "accessmode": "free", "isselector": false,
            "record": true, "recordrights": "selected", "everyonecaninvite": true, "canvieweachother": true,
        },
        "competitors": [{ "userlogin": "ivanov" }, { "number": "102" }, { "userid": PETER }],
    });
    assert_eq!(body, expected);
}

#[test]
fn a_created_conference_is_ours_and_no_list_is_asked() {
    let mut session = Session::connected();
    session.command(confer(&["102"])).forget().answer("createnewconference", json!({}));
    let handle =
        format!(r#"confhandleevent {{"conferenceid":"{CONF}","eventtype":"competitors","handle":true}}"#);
    session.sends(&[&handle]).tells(&["result conference done"]);
    assert_eq!(session.view().conference.as_ref().unwrap().id.as_str(), CONF);
}

#[test]
fn a_conference_that_is_not_created_is_2204() {
    let mut session = Session::connected();
    session.command(confer(&["102"])).forget().refuse("createnewconference");
    session.tells(&["result conference 2204"]);
    assert_eq!(session.view().conference, None);
}

#[test]
fn an_empty_list_or_none_but_me_is_2203() {
    refused(&mut Session::connected(), confer(&[]), 2203);
    refused(&mut Session::connected(), confer(&["101", ME]), 2203);
}

#[test]
fn an_older_server_wants_intnumber() {
    let old = json!({ "getversion": { "version": { "dated": 140_928 } } });
    let mut session = Session::connected_to(old);
    session.command(confer(&["102"]));
    assert!(session.sent()[0].contains(r#"{"intnumber":"102"}"#));
    let new = json!({ "getversion": { "version": { "dated": 140_929 } } });
    let mut session = Session::connected_to(new);
    session.command(confer(&["102"]));
    assert!(session.sent()[0].contains(r#"{"number":"102"}"#));
}

// ---- inviting ----

#[test]
fn in_a_conference_numbers_are_invited() {
    let mut session = Session::in_conference();
    session.command(confer(&["103", PETER]));
    let competitors = format!(r#"[{{"number":"103"}},{{"userid":"{PETER}"}}]"#);
    let invite = format!(r#"invitetoconference {{"conferenceid":"{CONF}","competitors":{competitors}}}"#);
    session.sends(&[&invite]).answer("invitetoconference", json!({})).tells(&["result conference done"]);
}

#[test]
fn nobody_to_invite_is_2201() {
    refused(&mut Session::in_conference(), confer(&[]), 2201);
    refused(&mut Session::in_conference(), confer_alone(), 2201);
}

#[test]
fn a_refused_invitation_is_2202() {
    let mut session = Session::in_conference();
    session
        .command(confer(&["103"]))
        .forget()
        .refuse("invitetoconference")
        .tells(&["result conference 2202"]);
}

fn conference_with_hold() -> Session {
    let mut session = Session::in_conference();
    session.picture(conference(CONF).held(json!({ "number": CUSTOMER })));
    session.answer("getconferenceinfo", members(CONF, &[me_as_creator(), anna()])).forget();
    session
}

#[test]
fn the_held_party_is_brought_in_from_hold_if_it_can_be() {
    let mut session = conference_with_hold();
    session.command(confer(&[CUSTOMER])).sends(&["checkcanconnecttogathertoconference"]);
    session.answer("checkcanconnecttogathertoconference", json!({ "canconnecttogather": true }));
    session.sends(&["connecttogathertoconference"]).ends(&[]);
    session.answer("connecttogathertoconference", json!({})).ends(&["conference done"]);
}

#[test]
fn the_held_party_and_others_come_in_together() {
    let mut session = conference_with_hold();
    session.command(confer(&["103", CUSTOMER])).sends(&["checkcanconnecttogathertoconference"]);
    session.answer("checkcanconnecttogathertoconference", json!({ "canconnecttogather": true }));
    let invite =
        format!(r#"invitetoconference {{"conferenceid":"{CONF}","competitors":[{{"number":"103"}}]}}"#);
    session.sends(&["connecttogathertoconference", &invite]);
}

#[test]
fn a_held_party_that_cannot_be_brought_in_is_2206() {
    for answer in [json!({ "canconnecttogather": false }), json!({ "result": 0, "canconnecttogather": true })]
    {
        let mut session = conference_with_hold();
        session.command(confer(&[CUSTOMER])).forget();
        session.answer("checkcanconnecttogathertoconference", answer).sends(&[]);
        session.ends(&["conference 2206"]);
    }
}

// ---- putting out ----

#[test]
fn others_are_put_out_and_i_leave_after_them() {
    let mut session = Session::in_conference();
    session.command(end_call_with(&["101", "102", "999"]));
    session.sends(&[&format!(r#"getconferencecompetitors {{"conferenceid":"{CONF}"}}"#)]);
    session.answer("getconferencecompetitors", json!({ "competitorlist": [me_in(), anna(), peter()] }));
    let out = format!(
        r#"confdisconnectcompetitor {{"conferenceid":"{CONF}","competitor":{{"competitorid":"c-102"}}}}"#
    );
    session.sends(&[&out, &format!(r#"exitconference {{"conferenceid":"{CONF}"}}"#)]);
}

#[test]
fn a_target_is_found_by_user_id_too() {
    let mut session = Session::in_conference();
    session.command(end_call_with(&[ANNA])).forget();
    session.answer("getconferencecompetitors", json!({ "competitorlist": [anna()] }));
    assert!(session.sent()[0].starts_with("confdisconnectcompetitor"));
}

#[test]
fn who_is_in_no_list_is_not_put_out() {
    let mut session = Session::in_conference();
    session.command(end_call_with(&["102"])).forget();
    session.answer("getconferencecompetitors", json!({ "competitorlist": [] })).sends(&[]);
    let mut session = Session::in_conference();
    session.command(end_call_with(&["102"])).forget().refuse("getconferencecompetitors").sends(&[]);
}

// ---- ghosts ----

#[test]
fn a_target_that_is_no_user_nor_the_number_of_one_is_2504() {
    // 104 is in the number plan, but nobody's.
    for target in ["104", "7", ""] {
        refused(&mut Session::connected(), ghost(GhostMode::Listen, target), 2504);
    }
}

#[test]
fn from_ready_one_joins_as_a_ghost_by_user_id() {
    for target in ["102", "105", ANNA] {
        let mut session = Session::connected();
        session.command(ghost(GhostMode::Listen, target));
        session.sends(&[&format!(r#"attachasghost {{"ghostedid":"{ANNA}"}}"#)]);
        session.answer("attachasghost", json!({})).tells(&["result ghostListen done"]);
    }
}

#[test]
fn error_52710_is_2505_and_any_other_refusal_2502() {
    let mut session = Session::connected();
    session.command(ghost(GhostMode::Help, "102")).forget();
    session
        .answer("attachasghost", json!({ "result": 0, "error": 52_710 }))
        .tells(&["result ghostHelp 2505"]);
    let mut session = Session::connected();
    session.command(ghost(GhostMode::Help, "102")).forget().refuse("attachasghost");
    session.tells(&["result ghostHelp 2502"]);
}

/// In a conference as a ghost: Anna is listened to, Peter is the other.
fn as_ghost() -> Session {
    let mut session = Session::connected();
    let all = [
        me_in(),
        competitor("102", Some(ANNA), json!({ "isghost": true, "isghostmajor": true })),
        competitor("103", Some(PETER), json!({ "isghost": true })),
    ];
    session.picture(conference(CONF)).answer("getconferenceinfo", ghost_members(CONF, &all)).forget();
    session
}

#[test]
fn another_mode_is_set_500_ms_after_joining() {
    let mut session = Session::connected();
    session.command(ghost(GhostMode::Help, "102")).answer("attachasghost", json!({}));
    session.server("phoneevent_commstarted", commutation(CONF));
    let major = competitor("102", Some(ANNA), json!({ "isghost": true, "isghostmajor": true }));
    session.answer("getconferenceinfo", ghost_members(CONF, &[me_in(), major.clone()]));
    session.answer("getextendedlineinfo", conference(CONF));
    session.answer("getconferenceinfo", ghost_members(CONF, &[me_in(), major])).forget();
    session.wait(499).sends(&[]).wait(1);
    session.sends(&[&format!(r#"confsetghostmode {{"conferenceid":"{CONF}","ghostmode":"help"}}"#)]);
    session.answer("confsetghostmode", json!({})).tells(&["result ghostHelp done"]);
}

#[test]
fn without_a_conference_by_then_it_is_not_in_a_ghost_conference() {
    let mut session = Session::connected();
    session.command(ghost(GhostMode::Help, "102")).answer("attachasghost", json!({})).forget();
    session.wait(500).sends(&[]).tells(&["result ghostHelp 2506"]);
}

#[test]
fn not_in_a_ghost_conference_is_2506() {
    let mut session = Session::talking();
    session.command(ghost(GhostMode::Help, "102")).sends(&[]).tells(&["result ghostHelp 2506"]);
    let mut session = Session::in_conference();
    session.command(ghost(GhostMode::Help, "102")).tells(&["result ghostHelp 2506"]);
}

#[test]
fn a_target_that_is_no_party_is_2507() {
    let mut session = Session::connected();
    session.picture(conference(CONF)).answer("getconferenceinfo", ghost_members(CONF, &[me_in()])).forget();
    session.command(ghost(GhostMode::Help, "102")).tells(&["result ghostHelp 2507"]);
}

#[test]
fn of_the_ghost_major_the_ghost_mode_is_set() {
    for (mode, name) in
        [(GhostMode::Listen, "monitor"), (GhostMode::Help, "help"), (GhostMode::Conference, "conference")]
    {
        let mut session = as_ghost();
        session.command(ghost(mode, "102"));
        session.sends(&[&format!(r#"confsetghostmode {{"conferenceid":"{CONF}","ghostmode":"{name}"}}"#)]);
    }
}

#[test]
fn of_another_the_voice_is_set_but_for_conference_the_ghost_mode() {
    for (mode, help) in [(GhostMode::Listen, false), (GhostMode::Help, true)] {
        let mut session = as_ghost();
        session.command(ghost(mode, "103"));
        let competitor = format!(r#"{{"competitorid":"c-103","ghosthelp":{help}}}"#);
        session.sends(&[&format!(
            r#"confsetvoiceparams {{"conferenceid":"{CONF}","competitor":{competitor}}}"#
        )]);
    }
    let mut session = as_ghost();
    session.command(ghost(GhostMode::Conference, "103"));
    session.sends(&[&format!(r#"confsetghostmode {{"conferenceid":"{CONF}","ghostmode":"conference"}}"#)]);
}

#[test]
fn a_mode_that_the_server_refuses_is_2502() {
    let mut session = as_ghost();
    session.command(ghost(GhostMode::Help, "102")).forget().refuse("confsetghostmode");
    session.tells(&["result ghostHelp 2502"]);
}

#[test]
fn after_each_result_the_list_is_asked_if_a_conference_is_ours() {
    let list = format!(r#"getconferenceinfo {{"conferenceid":"{CONF}"}}"#);
    let mut session = as_ghost();
    session.command(ghost(GhostMode::Help, "102")).forget().answer("confsetghostmode", json!({}));
    session.sends(&[&list]);
    session.command(ghost(GhostMode::Help, "7")).sends(&[&list]);
}
