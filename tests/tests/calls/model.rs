//! One `Transition` after another at the PBX; at the end the engine's calls are the truth's.

use callfold_engine::calls::{Call, Outcome};
use callfold_engine::{CallSequence, Command, Text};
use proptest::prelude::*;

use crate::pbx::{Stage, Truth};
use crate::session::Session;

/// What may happen at one agent's line.
#[derive(Clone, Debug)]
pub(crate) enum Transition {
    CallerRings(u8),
    AgentAnswersAtPhone,
    AgentAnswersByCommand,
    OtherSideGoes,
    AgentEndsByCommand,
    AgentHangsUpAtPhone,
    AgentDialsAtPhone(u8),
    OtherSideAnswers,
    AgentCallsByCommand(u8),
    OwnPhoneRings,
    HoldAtPhone,
    HoldByCommand,
    Toggle,
    HeldPartyLeaves,
    ConnectBoth,
    PassOn(u8),
    Conference,
    MemberEnters(u8),
    MemberLeaves,
    UserState(i64),
    Status(&'static str),
    ConnectionLost,
    ConnectionBack,
    Time(i64),
}

use Transition as T;

fn number(of: u8) -> String {
    ["+79161234567", "+375291234567", "102", "103", "104"][usize::from(of)].to_owned()
}

/// Plays a transition, if it is possible now.
#[allow(clippy::wildcard_enum_match_arm)] // whatever is not possible is passed over
fn play(session: &mut Session, transition: &Transition) {
    let pbx = &mut session.pbx;
    let (up, idle, stage, talking) = (pbx.up, pbx.is_idle(), pbx.stage(), pbx.is_talking());
    let held = pbx.held.is_some();
    let may_dial = up && (stage.is_none() || (talking && !held));
    match transition {
        T::CallerRings(of) if idle => pbx.caller_rings(&number(*of)),
        T::AgentAnswersAtPhone if stage == Some(Stage::Ring) || (up && stage == Some(Stage::BackRing)) => {
            pbx.answer();
        }
        T::AgentAnswersByCommand if up && matches!(stage, Some(Stage::Ring | Stage::BackRing)) => {
            session.command(Command::Answer);
        }
        T::OtherSideGoes if talking || matches!(stage, Some(Stage::Ring | Stage::Dial)) => pbx.other_goes(),
        T::AgentEndsByCommand if up && stage.is_some() && !held => {
            let in_conference = pbx.members.is_some();
            let targets = in_conference.then(|| vec!["101".into()]);
            session.command(Command::EndCall { targets });
        }
        T::AgentHangsUpAtPhone if up && !held && matches!(stage, Some(Stage::Dial | Stage::Talk)) => {
            pbx.agent_hangs_up(None);
        }
        T::AgentDialsAtPhone(of) if may_dial && pbx.is_free(&number(*of)) => {
            pbx.dial(&number(*of));
        }
        T::OtherSideAnswers if up && stage == Some(Stage::Dial) => pbx.talk(),
        T::AgentCallsByCommand(of) if may_dial && (!idle || pbx.user != 5) && pbx.is_free(&number(*of)) => {
            let number = number(*of).as_str().into();
            session.command(Command::Call { number, sequence: CallSequence::AgentFirst });
        }
        T::OwnPhoneRings if up && stage == Some(Stage::AutoCall) => pbx.own_phone_rings(),
        T::HoldAtPhone if up && (talking || held) => pbx.switch(),
        T::HoldByCommand if up && (talking || held) => session.command(Command::Hold),
        T::Toggle if up && held => session.command(Command::Toggle),
        T::HeldPartyLeaves if held => pbx.held_leaves(),
        T::ConnectBoth if up && held && talking => session.command(Command::Commutate),
        T::PassOn(of) if up && talking && pbx.is_free(&number(*of)) => {
            session.command(Command::Transfer { number: Some(number(*of).as_str().into()) });
        }
        T::Conference if up && talking && !held => {
            session.command(Command::Conference { numbers: None, given: None });
        }
        T::MemberEnters(of) if up && pbx.members.is_some() && pbx.is_free(&number(*of)) => {
            pbx.member_enters(&number(*of));
        }
        T::MemberLeaves if up && pbx.members.as_ref().is_some_and(|members| members.len() > 1) => {
            pbx.member_leaves();
        }
        T::UserState(id) if idle => pbx.set_user(*id),
        T::Status(status) if up && idle => {
            session.command(Command::SetUserStatus { status: Text::from(*status), reason: None });
        }
        T::ConnectionLost if up => session.lose_connection(),
        T::ConnectionBack if !up => session.connect(),
        T::Time(micros) => session.pass(*micros),
        _ => {}
    }
}

/// What the engine tells of a call, in the model's words.
fn as_told(call: &Call, calls: &[Call]) -> Truth {
    let number = |who: &callfold_engine::calls::OtherSide| {
        who.number.as_ref().map(|number| number.as_str().to_owned()).unwrap_or_default()
    };
    let mut members: Vec<String> = Vec::new();
    for leg in call.conferences.iter().flat_map(|conference| &conference.members) {
        let member = number(&leg.who);
        if member != "101" {
            members.push(member);
        }
    }
    let served = call.consults_for.as_ref();
    Truth {
        chain: call.chain.as_ref().map(|chain| chain.as_str().to_owned()).unwrap_or_default(),
        number: number(&call.other),
        direction: call.direction,
        callback: call.callback,
        up_when_connected: call.up_when_connected,
        answered: call.answered.is_some(),
        outcome: call.outcome,
        ended_by: call.ended_by,
        holds: call.holds.iter().map(|hold| (hold.reason, hold.end)).collect(),
        consults_for: served.map(|id| {
            let served = calls.iter().find(|call| call.id == *id).expect("consults for a call that is told");
            assert!(served.consultations.contains(&call.id), "linked both ways");
            id.as_str().to_owned()
        }),
        transfers: (call.transfers.iter())
            .map(|transfer| (transfer.kind, transfer.with.as_ref().map(number).unwrap_or_default()))
            .collect(),
        members,
        gaps: call.gaps.len(),
    }
}

/// Plays the transitions, letting the engine read a picture after each, and compares.
pub(crate) fn agree(transitions: &[Transition]) {
    let mut session = Session::new();
    for transition in transitions {
        play(&mut session, transition);
        session.settle();
    }
    if !session.pbx.up {
        session.connect();
    }
    session.settle();
    let (pbx, told) = session.finish();
    let mut calls = told.calls;
    calls.sort_by_key(|call| call.began);
    let seen = pbx.calls.into_iter().filter(|call| !call.chain.is_empty()).collect::<Vec<_>>();
    let engine: Vec<_> = calls.iter().map(|call| as_told(call, &calls)).collect();
    assert_eq!(engine, seen, "the engine's calls, and the truth");
    for call in calls.iter().filter(|call| call.outcome != Outcome::Open) {
        assert!(call.irregularities.is_empty(), "a truthful server gives no cause: {call:#?}");
    }
}

/// Plays the transitions in haste: pictures may miss what happens between them. Only what must hold of any
/// log is checked.
fn hold_together(transitions: &[Transition]) {
    let mut session = Session::new();
    for transition in transitions {
        play(&mut session, transition);
        session.pass(40_000);
    }
    session.finish();
}

fn transition() -> impl Strategy<Value = Transition> {
    let of = || 0_u8..5;
    prop_oneof![
        4 => of().prop_map(T::CallerRings),
        4 => Just(T::AgentAnswersAtPhone),
        1 => Just(T::AgentAnswersByCommand),
        3 => Just(T::OtherSideGoes),
        2 => Just(T::AgentEndsByCommand),
        1 => Just(T::AgentHangsUpAtPhone),
        3 => of().prop_map(T::AgentDialsAtPhone),
        4 => Just(T::OtherSideAnswers),
        3 => of().prop_map(T::AgentCallsByCommand),
        2 => Just(T::OwnPhoneRings),
        2 => Just(T::HoldAtPhone),
        2 => Just(T::HoldByCommand),
        1 => Just(T::Toggle),
        1 => Just(T::HeldPartyLeaves),
        1 => Just(T::ConnectBoth),
        1 => of().prop_map(T::PassOn),
        1 => Just(T::Conference),
        1 => of().prop_map(T::MemberEnters),
        1 => Just(T::MemberLeaves),
        1 => prop::sample::select(vec![1, 2, 3, 5]).prop_map(T::UserState),
        1 => prop::sample::select(vec!["ready", "break", "busy", "dnd"]).prop_map(T::Status),
        1 => Just(T::ConnectionLost),
        2 => Just(T::ConnectionBack),
        2 => prop_oneof![1_000_i64..1_000_000, 1_000_000_i64..30_000_000, 30_000_000_i64..600_000_000]
            .prop_map(T::Time),
    ]
}

proptest! {
    #![proptest_config(callfold_tests::cases(1000))]

    #[test]
    fn the_engine_tells_the_calls_that_there_were(
        transitions in prop::collection::vec(transition(), 1..70),
    ) {
        agree(&transitions);
    }

    #[test]
    fn what_happens_in_haste_keeps_time_and_facts_straight(
        transitions in prop::collection::vec(transition(), 1..70),
    ) {
        hold_together(&transitions);
    }
}

/// What random sessions found before, by name.
mod found {
    use super::{Transition as T, agree};

    fn talk() -> Vec<T> {
        vec![T::CallerRings(2), T::AgentAnswersAtPhone]
    }

    #[test]
    fn a_call_passed_on_while_the_consultant_is_held_is_the_one_transferred() {
        let more = [T::AgentCallsByCommand(0), T::OtherSideAnswers, T::Toggle, T::ConnectBoth];
        agree(&[talk(), more.to_vec()].concat());
    }

    #[test]
    fn a_consultation_may_be_served_by_another() {
        let more = [
            T::AgentCallsByCommand(0),
            T::HeldPartyLeaves,
            T::OtherSideAnswers,
            T::AgentDialsAtPhone(1),
            T::OtherSideAnswers,
            T::Toggle,
            T::ConnectBoth,
        ];
        agree(&[talk(), more.to_vec()].concat());
    }

    #[test]
    fn a_consultation_given_up_is_no_irregularity() {
        agree(&[talk(), vec![T::AgentCallsByCommand(0), T::HoldByCommand]].concat());
    }

    #[test]
    fn a_transfer_does_not_explain_what_comes_after_it() {
        let more =
            [T::AgentCallsByCommand(0), T::OtherSideAnswers, T::PassOn(3), T::HoldAtPhone, T::OtherSideGoes];
        agree(&[talk(), more.to_vec()].concat());
    }

    #[test]
    fn a_call_still_there_after_a_lost_connection_has_a_gap_and_one_gone_is_lost() {
        agree(&[talk(), vec![T::ConnectionLost, T::Time(60_000_000), T::ConnectionBack]].concat());
        agree(&[talk(), vec![T::ConnectionLost, T::OtherSideGoes, T::ConnectionBack]].concat());
    }
}
