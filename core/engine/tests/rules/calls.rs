//! Part 4: calls.

use callfold_engine::{Answering, CallSequence, Command, LineState};
use serde_json::{Value, json};

use crate::common::*;

#[track_caller]
fn refused(session: &mut Session, command: Command, code: u16) {
    let name = command.name().text();
    session.forget().command(command).sends(&[]).ends(&[&format!("{name} {code}")]);
}

#[track_caller]
fn busy(mut session: Session) -> Session {
    session.server("userstatechanged", user_state(5, json!({}))).wait(400);
    session.answer_nothing().forget();
    session
}

// ---- call, intercom ----

#[test]
fn a_call_rings_the_agent_first() {
    let mut session = Session::connected();
    session.command(call("102")).sends(&[r#"pbxautocallstart {"sequence":"user","number":"102"}"#]);
    session.tells(&[]).answer("pbxautocallstart", json!({})).tells(&["result call done"]);
}

#[test]
fn a_call_rings_the_party_first_if_asked_to() {
    Session::connected()
        .command(Command::Call { number: "102".into(), sequence: CallSequence::PartyFirst })
        .sends(&[r#"pbxautocallstart {"sequence":"abonent","number":"102"}"#]);
}

#[test]
fn an_intercom_rings_the_agent_first() {
    Session::connected()
        .command(intercom("102"))
        .sends(&[r#"pbxautocallstart {"sequence":"user","intercom":true,"number":"102"}"#]);
}

#[test]
fn a_call_from_a_talk_is_a_consultation() {
    Session::talking()
        .command(call("102"))
        .sends(&[r#"pbxautocallstart {"sequence":"user","number":"102"}"#]);
}

#[test]
fn no_number_is_2106() {
    refused(&mut Session::connected(), call(""), 2106);
    refused(&mut Session::connected(), intercom(""), 2106);
}

#[test]
fn user_id_0_is_2001() {
    let mut session = Session::connected();
    session.server("userstatechanged", user_state(0, json!({})));
    refused(&mut session, call("102"), 2001);
}

#[test]
fn a_disconnected_line_is_2002() {
    let mut session = Session::connected();
    session.picture(no_phone());
    refused(&mut session, call("102"), 2002);
}

#[test]
fn hold_and_talk_is_2101() {
    refused(&mut Session::consulting(), call("103"), 2101);
}

#[test]
fn in_a_conference_is_2102() {
    refused(&mut Session::in_conference(), call("103"), 2102);
}

#[test]
fn a_call_under_way_is_2103() {
    for picture in [back_call("102"), back_ring("102"), dial("102"), ring("102")] {
        let mut session = Session::connected();
        session.picture(picture);
        refused(&mut session, call("103"), 2103);
    }
}

#[test]
fn ready_but_busy_without_hold_is_2104() {
    refused(&mut busy(Session::connected()), call("102"), 2104);
    let mut session = busy(Session::connected());
    session.picture(ready().held(json!({ "number": CUSTOMER }))).forget();
    session.command(call("102")).sends(&[r#"pbxautocallstart {"sequence":"user","number":"102"}"#]);
}

#[test]
fn a_present_party_is_2105() {
    refused(&mut Session::talking(), call(CUSTOMER), 2105);
}

#[test]
fn a_refused_call_is_2107_with_the_server_s_fields() {
    let mut session = Session::connected();
    session.command(call("102")).forget();
    session.answer("pbxautocallstart", json!({ "result": 0, "error": 52_001, "errormsg": "busy" }));
    let told = session.announced();
    let callfold_engine::announce::Announcement::Result { value, .. } = &told[0] else { panic!("{told:?}") };
    let expected = json!({
        "result": false, "error": 52_001, "errormsg": "busy", "errorCode": 2107,
        "errorMessage": "error autocall method call",
    });
    assert_eq!(*value, expected);
}

#[test]
fn before_the_first_picture_it_is_2108() {
    let mut session = Session::logging_in();
    session.load(json!({ "getextendedlineinfo": null }));
    refused(&mut session, call("102"), 2108);
}

#[test]
fn the_last_refusal_that_applies_is_the_error() {
    refused(&mut Session::in_conference(), call(""), 2102);
    let mut session = Session::connected();
    session.picture(no_phone());
    session.server("userstatechanged", user_state(0, json!({})));
    refused(&mut session, call(""), 2002);
    let mut session = Session::in_conference();
    session.picture(conference(CONF).held(json!({ "number": CUSTOMER })));
    session.answer("getconferenceinfo", members(CONF, &[me_in(), anna()]));
    refused(&mut session, call("103"), 2102);
}

// ---- answer ----

fn ringing() -> Session {
    let mut session = Session::connected();
    session.picture(ring(CUSTOMER)).forget();
    session
}

#[test]
fn an_answer_is_looked_at_every_50_ms_until_the_line_talks() {
    let mut session = ringing();
    session.command(Command::Answer).sends(&["pbxanswercall"]).answer("pbxanswercall", json!({}));
    session.wait(200).tells(&[]);
    session
        .server("phoneevent_ringstopped", json!({}))
        .answer("getextendedlineinfo", talk(CUSTOMER))
        .forget();
    session.wait(49).tells(&[]).wait(1).tells(&["result answer done"]);
    assert_eq!(session.view().answering, Answering::Supported);
}

#[test]
fn an_answer_works_for_backring_too() {
    let mut session = Session::connected();
    session.picture(back_ring("102")).forget();
    session.command(Command::Answer).sends(&["pbxanswercall"]);
}

#[test]
fn a_line_that_comes_to_call_is_answered_too() {
    let mut session = ringing();
    session.command(Command::Answer).picture(dial(CUSTOMER)).forget().wait(50).tells(&["result answer done"]);
}

#[test]
fn not_within_3_s_is_2902_and_not_supported_from_now_on() {
    let mut session = ringing();
    session.command(Command::Answer).forget().wait(2_999).tells(&[]).wait(1).tells(&["result answer 2902"]);
    assert_eq!(session.view().answering, Answering::NotSupported);
    refused(&mut session, Command::Answer, 2902);
}

#[test]
fn what_was_found_about_answering_outlives_a_reconnect() {
    let mut session = ringing();
    session.command(Command::Answer).wait(3_000).close();
    session
        .command(connect(&["pbx.local"]))
        .open()
        .pong()
        .load(json!({ "getextendedlineinfo": Value::from(ring(CUSTOMER)) }));
    refused(&mut session, Command::Answer, 2902);
}

#[test]
fn a_server_older_than_131218_cannot_answer() {
    let old = json!({ "getversion": { "version": { "dated": 131_217 } } });
    let mut session = Session::connected_to(old);
    session.picture(ring(CUSTOMER));
    refused(&mut session, Command::Answer, 2902);
    let new = json!({ "getversion": { "version": { "dated": 131_218 } } });
    let mut session = Session::connected_to(new);
    session.picture(ring(CUSTOMER)).forget().command(Command::Answer).sends(&["pbxanswercall"]);
}

#[test]
fn in_other_states_an_answer_is_2901() {
    refused(&mut Session::connected(), Command::Answer, 2901);
    refused(&mut Session::talking(), Command::Answer, 2901);
}

#[test]
fn from_the_first_look_to_the_success_it_counts_as_not_supported() {
    let session = ringing();
    assert_eq!(session.actions(CUSTOMER), ["endCall"], "the user is not busy: no answer");
    let mut session = busy(session);
    assert!(session.actions(CUSTOMER).contains(&"answer"));
    session.command(Command::Answer).wait(49);
    assert!(session.actions(CUSTOMER).contains(&"answer"));
    session.wait(1);
    assert!(!session.actions(CUSTOMER).contains(&"answer"));
    refused(&mut session, Command::Answer, 2902);
    session.picture(talk(CUSTOMER)).wait(50).picture(ready()).picture(ring("102"));
    assert!(session.actions("102").contains(&"answer"));
}

// ---- endCall ----

#[track_caller]
fn ends_with(picture: impl Into<Value>, command: Command, sent: &[&str]) {
    let mut session = Session::connected();
    session.picture(picture).forget().command(command).sends(sent);
}

#[test]
fn end_call_in_talk_or_call_aborts_it() {
    ends_with(talk("102"), end_call(), &["pbxabortcall"]);
    ends_with(dial("102"), end_call(), &["pbxabortcall"]);
}

#[test]
fn end_call_with_any_hold_aborts_whatever_the_line() {
    let held = json!({ "number": CUSTOMER });
    for picture in [ready(), ring("102"), back_call("102"), back_ring("102"), talk("102")] {
        ends_with(picture.held(held.clone()), end_call(), &["pbxabortcall"]);
    }
}

#[test]
fn end_call_of_a_callback_aborts_the_autocall() {
    ends_with(back_call("102"), end_call(), &["pbxautocallabort"]);
}

#[test]
fn end_call_while_ringing_declines() {
    ends_with(ring("102"), end_call(), &["pbxdeclinecall"]);
    ends_with(back_ring("102"), end_call(), &["pbxdeclinecall"]);
}

#[test]
fn end_call_with_nothing_to_end_sends_nothing() {
    ends_with(ready(), end_call(), &[]);
    ends_with(no_phone(), end_call(), &[]);
}

#[test]
fn end_call_with_me_or_a_party_and_a_hold_aborts_the_flash() {
    let consulting = || talk("102").held(json!({ "number": CUSTOMER }));
    for target in ["101", ME, "102"] {
        ends_with(consulting(), end_call_with(&["7", target]), &[r#"pbxmakeflash {"mode":"abort"}"#]);
    }
}

#[test]
fn end_call_with_the_held_party_alone_does_nothing() {
    ends_with(talk("102").held(json!({ "number": CUSTOMER })), end_call_with(&[CUSTOMER]), &[]);
}

#[test]
fn end_call_with_a_party_ends_as_the_line_is() {
    for target in ["101", ME, "102"] {
        ends_with(talk("102"), end_call_with(&[target]), &["pbxabortcall"]);
        ends_with(dial("102"), end_call_with(&[target]), &["pbxabortcall"]);
        ends_with(back_call("102"), end_call_with(&[target]), &["pbxautocallabort"]);
        ends_with(ring("102"), end_call_with(&[target]), &["pbxdeclinecall"]);
        ends_with(back_ring("102"), end_call_with(&[target]), &["pbxdeclinecall"]);
    }
}

#[test]
fn end_call_with_a_stranger_does_nothing() {
    ends_with(talk("102"), end_call_with(&["103"]), &[]);
    ends_with(talk("102"), end_call_with(&[]), &[]);
}

// ---- hold, toggle, commutate ----

#[test]
fn hold_in_talk_or_with_a_hold_switches() {
    ends_with(talk("102"), Command::Hold, &[r#"pbxmakeflash {"mode":"switch"}"#]);
    ends_with(ready().held(json!({ "number": "7" })), Command::Hold, &[r#"pbxmakeflash {"mode":"switch"}"#]);
}

#[test]
fn hold_with_nothing_to_hold_sends_nothing() {
    ends_with(ready(), Command::Hold, &[]);
    ends_with(ring("102"), Command::Hold, &[]);
}

#[test]
fn toggle_with_a_hold_switches_and_is_a_success() {
    let mut session = Session::consulting();
    session.command(Command::Toggle).sends(&[r#"pbxmakeflash {"mode":"switch"}"#]);
    session.tells(&["result toggle done"]).refuse("pbxmakeflash").tells(&[]);
}

#[test]
fn toggle_without_a_hold_is_2402() {
    refused(&mut Session::talking(), Command::Toggle, 2402);
}

#[test]
fn commutate_needs_talk_and_a_hold() {
    ends_with(talk("102").held(json!({ "number": "7" })), Command::Commutate, &["pbxabortcall"]);
    ends_with(talk("102"), Command::Commutate, &[]);
    ends_with(ready().held(json!({ "number": "7" })), Command::Commutate, &[]);
}

// ---- transfer ----

#[test]
fn a_transfer_in_talk_passes_the_call_on_and_succeeds_at_once() {
    Session::talking()
        .command(transfer("103"))
        .sends(&[r#"pbxmaketransfer {"transferto":"103"}"#])
        .tells(&["result transfer done"]);
}

#[test]
fn a_transfer_to_the_held_party_connects_the_two() {
    let mut session = Session::consulting();
    session.command(transfer(CUSTOMER)).sends(&["pbxabortcall"]).tells(&["result transfer done"]);
}

#[test]
fn a_transfer_to_another_than_the_held_party_passes_on() {
    Session::consulting().command(transfer("103")).sends(&[r#"pbxmaketransfer {"transferto":"103"}"#]);
}

#[test]
fn no_number_is_2304() {
    refused(&mut Session::talking(), Command::Transfer { number: None }, 2304);
    refused(&mut Session::talking(), transfer(""), 2304);
    refused(&mut Session::connected(), transfer(""), 2304);
}

#[test]
fn no_number_in_talk_with_a_hold_still_connects_the_two() {
    Session::consulting()
        .command(Command::Transfer { number: None })
        .sends(&["pbxabortcall"])
        .tells(&["result transfer 2304"]);
}

#[test]
fn a_transfer_without_a_talk_is_2303() {
    refused(&mut Session::connected(), transfer("103"), 2303);
    refused(&mut ringing(), transfer("103"), 2303);
}

#[test]
fn dtmf_and_resume_are_2901() {
    refused(&mut Session::talking(), Command::Dtmf, 2901);
    refused(&mut Session::talking(), Command::Resume, 2901);
    assert_eq!(Session::talking().view().line, LineState::Talk);
}
