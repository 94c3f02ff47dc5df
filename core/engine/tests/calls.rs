//! Calls, commands and time, by given, when and then.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::sync::Arc;

use callfold_engine::calls::{
    Call, CallLog, Change, EndedBy, GivenBy, HoldEnd, IrregularityKind, LinkKind, Outcome, Over, RequestFate,
    SpellKind, TimeKind, TransferKind,
};
use callfold_engine::cti::Direction;
use callfold_engine::{
    AgentState, Command, CommandId, CommandName, CommandResult, DisconnectReason, ErrorCode, Event, Held,
    InputKind, LineState, Menu, Parties, Party, PartyUser, Span, Text, Timer, Timestamp, UserId,
};
use serde_json::json;

/// A log told second by second.
struct Story {
    log: CallLog,
    seq: u64,
    over: Over,
}

impl Story {
    /// The agent is logged in, and the line is free.
    fn begin() -> Self {
        let mut story = Self { log: CallLog::new(Span::ZERO), seq: 0, over: Over::default() };
        story.at(0, &[Event::Connecting { login: "ivanov".into() }]);
        story.at(0, &[Event::LoggedIn { user: UserId::from("me") }, Event::Connected]);
        story.at(0, &[line(LineState::Unknown, LineState::Ready)]);
        story
    }

    fn at(&mut self, secs: i64, events: &[Event]) {
        self.seq += 1;
        self.log.record(self.seq, Timestamp::from_millis(secs * 1_000), events);
        let over = self.log.take_over();
        self.over.calls.extend(over.calls);
        self.over.commands.extend(over.commands);
    }

    /// A call of this chain rings at `secs` and is answered a second later.
    fn talk(&mut self, secs: i64, chain: &str) {
        self.at(secs, &[with("102", chain), line(LineState::Ready, LineState::Ring)]);
        self.at(secs + 1, &[line(LineState::Ring, LineState::Talk)]);
    }

    fn hang_up(&mut self, secs: i64) {
        let parties = Parties::NONE;
        self.at(secs, &[Event::PartiesChanged { parties }, line(LineState::Talk, LineState::Ready)]);
    }

    fn is(&mut self, secs: i64, state: AgentState) {
        self.at(secs, &[Event::AgentStateChanged { state, status: state, reason: None }]);
    }

    fn spent(&self, kind: TimeKind) -> i64 {
        self.log.ledger().totals().of(kind).as_secs()
    }

    fn end(mut self) -> Over {
        let over = self.log.close();
        self.over.calls.extend(over.calls);
        self.over.commands.extend(over.commands);
        self.over
    }

    fn only_call(self) -> Call {
        let mut calls = self.end().calls;
        assert_eq!(calls.len(), 1, "{calls:#?}");
        calls.remove(0)
    }
}

fn party(number: &str, chain: &str) -> Arc<Party> {
    let party = json!({
        "key": number, "guid": null, "menu": null, "competitor": null, "conference": null,
        "external": false, "chain": chain, "number": number, "caller": null, "name": null, "user": null,
    });
    Arc::new(serde_json::from_value(party).unwrap())
}

fn with(number: &str, chain: &str) -> Event {
    Event::PartiesChanged { parties: Parties::one(party(number, chain)) }
}

fn line(from: LineState, to: LineState) -> Event {
    Event::LineChanged { to, from }
}

fn stopped(state: LineState) -> Event {
    Event::LineStopped { state, parties: Some(Parties::one(party("102", "chain"))) }
}

fn given(id: u64, name: CommandName) -> Event {
    Event::CommandGiven { id: CommandId(id), name, target: Some("102".into()) }
}

fn sent(id: u64) -> Event {
    Event::RequestSent { command: CommandId(id), qid: 7, method: Text::from("pbxabortcall") }
}

fn kinds(call: &Call) -> Vec<IrregularityKind> {
    call.irregularities.iter().map(|irregularity| irregularity.kind).collect()
}

#[test]
fn talk_without_ring_is_named() {
    let mut story = Story::begin();
    story.at(1, &[with("102", "chain"), line(LineState::Ready, LineState::Talk)]);
    story.hang_up(2);
    let call = story.only_call();
    assert_eq!(kinds(&call), [IrregularityKind::TalkWithoutRing]);
    assert_eq!((call.direction, call.outcome), (Direction::Unknown, Outcome::Answered));
}

#[test]
fn an_unhold_without_hold_is_named() {
    let mut story = Story::begin();
    story.at(1, &[Event::HoldLeft { held: Held::Party(party("102", "chain")) }]);
    let call = story.only_call();
    assert_eq!(kinds(&call), [IrregularityKind::UnholdWithoutHold]);
    assert_eq!(call.outcome, Outcome::Unknown);
}

#[test]
fn a_second_end_is_named_on_the_call_that_ended() {
    let mut story = Story::begin();
    story.talk(1, "chain");
    story.hang_up(5);
    story.at(6, &[stopped(LineState::Talk)]);
    let call = story.only_call();
    assert_eq!(kinds(&call), [IrregularityKind::EndWithoutBeginning]);
    assert_eq!((call.outcome, call.talk()), (Outcome::Answered, Span::from_secs(3)));
}

#[test]
fn a_hold_without_talk_is_named() {
    let mut story = Story::begin();
    let held = Held::Party(party("103", "chain"));
    story.at(1, &[Event::HoldEntered { held: held.clone() }, Event::HoldChanged { held: Some(held) }]);
    story.at(4, &[Event::HoldChanged { held: None }]);
    let call = story.only_call();
    assert_eq!(kinds(&call), [IrregularityKind::HoldWithoutTalk]);
    assert_eq!(call.held(), Span::from_secs(3));
}

#[test]
fn who_was_consulted_gets_the_call_that_is_passed_on() {
    let mut story = Story::begin();
    let colleague = |chain: &str| {
        let mut party = (*party("101", chain)).clone();
        party.user = Some(PartyUser { id: "colleague".into(), name: None, login: None, comment: None });
        Event::PartiesChanged { parties: Parties::one(Arc::new(party)) }
    };
    story.at(1, &[colleague("consultation"), line(LineState::Ready, LineState::Ring)]);
    story.at(3, &[colleague("consultation"), line(LineState::Ring, LineState::Talk)]);
    story.at(10, &[with("79161234567", "customer")]);
    story.hang_up(20);
    let calls = story.end().calls;
    assert_eq!((calls[0].outcome, calls[0].ended_by), (Outcome::Answered, Some(EndedBy::OtherSide)));
    let from = calls[1].transfers[0].with.as_ref().and_then(|from| from.number.as_ref());
    assert_eq!(
        (calls[1].transfers[0].kind, from.map(|from| from.as_str())),
        (TransferKind::ToUs, Some("101"))
    );
    assert_eq!((calls[1].direction, calls[1].talk()), (Direction::In, Span::from_secs(10)));
    assert!(calls.iter().all(|call| call.irregularities.is_empty()), "{calls:?}");
}

#[test]
fn a_call_replaced_without_an_end_is_named() {
    let mut story = Story::begin();
    story.talk(1, "chain");
    story.at(5, &[with("103", "other"), line(LineState::Talk, LineState::Ring)]);
    let calls = story.end().calls;
    assert_eq!(kinds(&calls[0]), [IrregularityKind::ReplacedWithoutEnd]);
    assert_eq!(kinds(&calls[1]), [IrregularityKind::NeverEnded]);
}

#[test]
fn a_call_that_never_ended_is_open_when_the_log_ends() {
    let mut story = Story::begin();
    story.talk(1, "chain");
    let call = story.only_call();
    assert_eq!((kinds(&call), call.outcome), (vec![IrregularityKind::NeverEnded], Outcome::Open));
    assert_eq!(call.ended, None);
}

#[test]
fn a_chain_that_returns_within_five_minutes_is_the_same_call() {
    let mut story = Story::begin();
    story.talk(1, "chain");
    story.hang_up(5);
    story.talk(304, "chain");
    story.hang_up(310);
    let call = story.only_call();
    assert_eq!((call.outcome, call.ended.unwrap().at), (Outcome::Answered, Timestamp::from_millis(310_000)));
    assert_eq!(call.talk(), Span::from_secs(3 + 5));
}

#[test]
fn a_chain_that_returns_later_is_another_call() {
    let mut story = Story::begin();
    story.talk(1, "chain");
    story.hang_up(5);
    story.talk(306, "chain");
    story.hang_up(310);
    assert_eq!(story.end().calls.len(), 2);
}

#[test]
fn a_callback_is_one_call() {
    let mut story = Story::begin();
    story.at(1, &[given(1, CommandName::Call)]);
    story.at(2, &[with("chain", "chain"), line(LineState::Ready, LineState::BackCall)]);
    story.at(3, &[with("102", "chain"), line(LineState::BackCall, LineState::BackRing)]);
    story.at(5, &[line(LineState::BackRing, LineState::Call)]);
    story.at(8, &[line(LineState::Call, LineState::Talk)]);
    story.hang_up(20);
    let call = story.only_call();
    assert!(call.callback && call.irregularities.is_empty() && call.commands == [CommandId(1)]);
    assert_eq!((call.direction, call.waited().as_secs(), call.talk().as_secs()), (Direction::Out, 6, 12));
    let spells: Vec<_> = call.spells.iter().map(|spell| spell.kind).collect();
    assert_eq!(spells, [SpellKind::Dial, SpellKind::Ring, SpellKind::Dial, SpellKind::Talk]);
}

fn lose(story: &mut Story, secs: i64) {
    let since = Timestamp::from_millis(secs * 1_000);
    let reason = DisconnectReason::ConnectionClosed;
    story.at(secs, &[Event::Disconnected { reason }, Event::LineWentStale { since }]);
}

fn come_back(story: &mut Story, secs: i64, picture: &[Event]) {
    story.at(secs, &[Event::Connecting { login: "ivanov".into() }, Event::LoggedIn { user: "me".into() }]);
    story.at(secs, &[picture, &[Event::LineKnownAgain]].concat());
}

#[test]
fn a_call_that_spans_a_lost_connection_is_one_call_with_a_gap() {
    let mut story = Story::begin();
    story.talk(1, "chain");
    lose(&mut story, 10);
    come_back(&mut story, 40, &[]);
    story.hang_up(50);
    assert_eq!((story.spent(TimeKind::Unknown), story.spent(TimeKind::Talk)), (30, 18));
    let call = story.only_call();
    assert_eq!((call.gaps.len(), call.outcome), (1, Outcome::Answered));
    assert_eq!(call.talk(), Span::from_secs(18), "nobody talks because a socket is down");
}

#[test]
fn a_call_that_is_gone_after_a_lost_connection_is_lost() {
    let mut story = Story::begin();
    story.talk(1, "chain");
    lose(&mut story, 10);
    let free = [Event::PartiesChanged { parties: Parties::NONE }, line(LineState::Talk, LineState::Ready)];
    come_back(&mut story, 40, &free);
    let call = story.only_call();
    assert_eq!((call.outcome, call.ended_by, call.talk().as_secs()), (Outcome::Lost, None, 8));
}

#[test]
fn a_call_that_was_up_when_connected_says_so() {
    let mut story = Story::begin();
    lose(&mut story, 10);
    come_back(&mut story, 20, &[with("102", "chain"), line(LineState::Ready, LineState::Talk)]);
    story.hang_up(30);
    let call = story.only_call();
    assert!(call.up_when_connected && call.irregularities.is_empty());
}

#[test]
fn busy_after_a_call_is_wrap_up_until_the_agent_is_ready() {
    let mut story = Story::begin();
    story.is(0, AgentState::Busy);
    story.talk(10, "chain");
    assert_eq!(story.spent(TimeKind::Idle), 10, "busy before any call is idle");
    story.hang_up(20);
    story.is(50, AgentState::Ready);
    story.is(60, AgentState::Busy);
    story.talk(70, "other");
    assert_eq!((story.spent(TimeKind::WrapUp), story.spent(TimeKind::Idle)), (30, 30));
}

#[test]
fn the_next_call_ends_wrap_up() {
    let mut story = Story::begin();
    story.is(0, AgentState::Busy);
    story.talk(10, "chain");
    story.hang_up(20);
    story.talk(45, "other");
    assert_eq!(story.log.ledger().now().map(|(kind, _)| kind), Some(TimeKind::Talk));
    assert_eq!((story.spent(TimeKind::WrapUp), story.spent(TimeKind::Ring)), (25, 2));
}

#[test]
fn busy_by_command_is_wrap_up() {
    let mut story = Story::begin();
    story.is(0, AgentState::Ready);
    story.at(5, &[given(1, CommandName::SetUserStatus)]);
    story.is(6, AgentState::Busy);
    story.is(16, AgentState::Ready);
    assert_eq!((story.spent(TimeKind::Idle), story.spent(TimeKind::WrapUp)), (6, 10));
}

#[test]
fn a_line_or_a_hold_says_more_of_the_time_than_the_agent_s_state() {
    let mut story = Story::begin();
    story.is(0, AgentState::Break);
    let held = |to: Option<Arc<Party>>| Event::HoldChanged { held: to.map(Held::Party) };
    let waiting = || held(Some(party("103", "held")));
    let steps = [
        (line(LineState::Ready, LineState::Ring), TimeKind::Ring),
        (line(LineState::Ring, LineState::Talk), TimeKind::Talk),
        (waiting(), TimeKind::Consult),
        (line(LineState::Talk, LineState::Call), TimeKind::Consult),
        (line(LineState::Call, LineState::Ready), TimeKind::Hold),
        (held(None), TimeKind::Break),
        (line(LineState::Ready, LineState::Call), TimeKind::Dial),
        (line(LineState::Call, LineState::Talk), TimeKind::Talk),
        (Event::ConferenceChanged { conference: Some("conference".into()) }, TimeKind::Conference),
        (waiting(), TimeKind::Conference),
        (line(LineState::Talk, LineState::Disconnected), TimeKind::Hold),
        (held(None), TimeKind::Away),
        (Event::Disconnected { reason: DisconnectReason::ConnectionClosed }, TimeKind::Unknown),
    ];
    for (second, (event, kind)) in (1..).zip(steps) {
        story.at(second, std::slice::from_ref(&event));
        assert_eq!(story.log.ledger().now().map(|(kind, _)| kind), Some(kind), "after {event:?}");
    }
}

#[test]
fn a_command_is_followed_from_asking_to_effect() {
    let mut story = Story::begin();
    story.talk(1, "chain");
    story.at(5, &[given(1, CommandName::EndCall), sent(1)]);
    let id = CommandId(1);
    let done = Event::CommandDone { id, name: CommandName::EndCall, result: CommandResult::DONE };
    story.at(6, &[Event::RequestAnswered { command: id, qid: 7, accepted: true }, done]);
    story.hang_up(7);
    let trail = story.end().commands.remove(0);
    assert_eq!((trail.asked.seq, trail.requests[0].fate), (6, RequestFate::Accepted));
    assert_eq!(trail.done.unwrap().seq, 7);
    let effect = trail.effect.unwrap();
    assert_eq!((effect.at.seq, effect.change), (8, Change::Line(LineState::Ready)));
}

#[test]
fn a_refused_command_has_no_effect() {
    let mut story = Story::begin();
    story.talk(1, "chain");
    story.at(5, &[given(1, CommandName::EndCall), sent(1)]);
    let (id, result) = (CommandId(1), CommandResult::refused(ErrorCode::MethodFailed));
    let done = Event::CommandDone { id, name: CommandName::EndCall, result };
    story.at(6, &[Event::RequestAnswered { command: id, qid: 7, accepted: false }, done]);
    story.hang_up(7);
    let over = story.end();
    assert_eq!((over.commands[0].requests[0].fate, over.commands[0].effect), (RequestFate::Refused, None));
    assert_eq!(over.calls[0].ended_by, None, "what was refused explains nothing");
}

#[test]
fn a_command_without_an_answer_or_an_effect_says_so() {
    let mut story = Story::begin();
    story.at(1, &[given(1, CommandName::Hold), sent(1)]);
    story.at(21, &[Event::RequestFailed { command: CommandId(1), qid: 7, code: ErrorCode::NoAnswer }]);
    story.at(60, &[]);
    let trail = story.end().commands.remove(0);
    assert_eq!(trail.requests[0].fate, RequestFate::Failed(ErrorCode::NoAnswer));
    assert_eq!((trail.done, trail.effect), (None, None));
}

/// A competitor of a conference: `user` is its user id.
fn competitor(number: &str, user: Option<&str>) -> Arc<Party> {
    let mut party = (*party(number, "")).clone();
    party.key = format!("competitor {number}").as_str().into();
    party.chain = None;
    party.competitor = Some(callfold_engine::Competitor::default());
    party.user = user.map(|id| PartyUser { id: UserId::from(id), name: None, login: None, comment: None });
    Arc::new(party)
}

fn list(parties: &[&Arc<Party>]) -> Event {
    Event::PartiesChanged { parties: parties.iter().map(|party| (*party).clone()).collect() }
}

fn conference(id: Option<&str>) -> Event {
    Event::ConferenceChanged { conference: id.map(Into::into) }
}

fn on_hold(held: Option<Arc<Party>>) -> Event {
    Event::HoldChanged { held: held.map(Held::Party) }
}

fn asked(id: u64, name: CommandName, target: Option<&str>) -> Event {
    Event::CommandGiven { id: CommandId(id), name, target: target.map(Into::into) }
}

fn request(id: u64, method: &str) -> Event {
    Event::RequestSent { command: CommandId(id), qid: 7, method: Text::from(method) }
}

#[test]
fn a_menu_that_answers_is_no_irregularity() {
    let mut story = Story::begin();
    let mut menu = (*party("7", "chain")).clone();
    menu.menu = Some(Menu { name: None });
    let talk = line(LineState::Ready, LineState::Talk);
    story.at(1, &[list(&[&Arc::new(menu)]), talk]);
    story.hang_up(2);
    assert_eq!(kinds(&story.only_call()), []);
}

#[test]
fn who_is_in_a_conference_is_told_by_its_list_and_not_by_who_was_there_before() {
    let mut story = Story::begin();
    story.talk(1, "chain");
    let (me, other) = (competitor("101", Some("me")), competitor("102", None));
    story.at(5, &[conference(Some("c")), list(&[&me, &other])]);
    story.at(8, &[list(&[&me])]);
    story.hang_up(10);
    let call = story.only_call();
    assert_eq!(call.legs[0].to.unwrap().at, Timestamp::from_millis(5_000));
    let members = &call.conferences[0].members;
    assert_eq!(members.iter().map(|member| member.agent).collect::<Vec<_>>(), [true, false]);
    assert_eq!(members[1].to.unwrap().at, Timestamp::from_millis(8_000));
    assert_eq!((call.talk().as_secs(), call.conferred().as_secs()), (8, 5));
}

#[test]
fn nobody_is_called_by_a_conference_that_the_agent_makes() {
    let mut story = Story::begin();
    story.at(1, &[asked(1, CommandName::Conference, Some("102"))]);
    let me = competitor("101", Some("me"));
    story.at(2, &[conference(Some("c")), list(&[&me]), line(LineState::Ready, LineState::Talk)]);
    story.hang_up(5);
    let call = story.only_call();
    assert_eq!((call.direction, call.other.is_unknown()), (Direction::Out, true));
    assert_eq!(call.commands, [CommandId(1)]);
}

#[test]
fn a_conference_that_begins_after_a_call_was_asked_for_is_not_known_to_be_that() {
    let mut story = Story::begin();
    story.at(1, &[asked(1, CommandName::Call, Some("102"))]);
    story.at(2, &[conference(Some("c")), line(LineState::Ready, LineState::Talk)]);
    story.hang_up(5);
    let call = story.only_call();
    assert_eq!((call.direction, call.other.is_unknown()), (Direction::Unknown, true));
}

#[test]
fn listening_to_somebody_is_the_doing_of_its_command() {
    let mut story = Story::begin();
    story.at(1, &[asked(1, CommandName::GhostListen, Some("103"))]);
    let told = Event::ConferenceInfoTold { ghost: true };
    story.at(2, &[conference(Some("c")), told, line(LineState::Ready, LineState::Talk)]);
    story.hang_up(5);
    let call = story.only_call();
    assert_eq!((call.direction, call.commands.as_slice()), (Direction::Unknown, &[CommandId(1)][..]));
    assert!(call.other.is_unknown() && call.conferences[0].ghost);
}

#[test]
fn a_callback_says_what_of_it_is_the_agent_s_own_phone() {
    let mut story = Story::begin();
    story.at(1, &[with("102", "chain"), line(LineState::Ready, LineState::BackCall)]);
    story.at(2, &[line(LineState::BackCall, LineState::BackRing)]);
    story.at(3, &[line(LineState::BackRing, LineState::BackCall)]);
    story.at(4, &[line(LineState::BackCall, LineState::Call)]);
    story.hang_up(9);
    let call = story.only_call();
    let spells: Vec<_> = call.spells.iter().map(|spell| (spell.kind, spell.callback)).collect();
    let (ring, dial) = (SpellKind::Ring, SpellKind::Dial);
    assert_eq!(spells, [(dial, true), (ring, true), (dial, true), (dial, false)]);
}

#[test]
fn a_held_call_is_not_ended_by_what_passes_on_the_other() {
    for (method, by) in [("pbxmaketransfer", None), ("pbxabortcall", Some(EndedBy::Agent))] {
        let mut story = Story::begin();
        story.at(1, &[on_hold(Some(party("103", "held")))]);
        story.at(2, &[asked(1, CommandName::Transfer, Some("104")), request(1, method)]);
        story.at(3, &[on_hold(None)]);
        assert_eq!(story.only_call().ended_by, by, "{method}");
    }
}

#[test]
fn a_consultation_and_the_call_it_is_for_know_each_other() {
    let mut story = Story::begin();
    story.talk(1, "main");
    story.at(5, &[asked(1, CommandName::Call, Some("103"))]);
    let call = [on_hold(Some(party("102", "main"))), with("103", "consult")];
    story.at(6, &[&call[..], &[line(LineState::Talk, LineState::Call)]].concat());
    story.at(8, &[line(LineState::Call, LineState::Talk)]);
    story.at(9, &[asked(2, CommandName::Commutate, None), request(2, "pbxabortcall")]);
    let free = Event::PartiesChanged { parties: Parties::NONE };
    story.at(10, &[on_hold(None), free, line(LineState::Talk, LineState::Ready)]);
    let over = story.end();
    let links = |call: &Call| -> Vec<_> {
        let with =
            |link: &callfold_engine::calls::Link| link.with.number.as_ref().unwrap().as_str().to_owned();
        call.links.iter().map(|link| (link.kind, link.call.as_str().to_owned(), with(link))).collect()
    };
    let of = |id: &str| over.calls.iter().find(|call| call.id.as_str() == id).unwrap();
    let link = |kind, call: &str, with: &str| (kind, call.to_owned(), with.to_owned());
    assert_eq!(
        links(of("main")),
        [link(LinkKind::Consults, "consult", "103"), link(LinkKind::ConnectedTo, "consult", "103")]
    );
    assert_eq!(
        links(of("consult")),
        [link(LinkKind::ConsultsFor, "main", "102"), link(LinkKind::ConnectedTo, "main", "102")]
    );
    // Both ended, and the line is free: that says more than the hold or the parties.
    let commutate = over.commands.iter().find(|command| command.name == CommandName::Commutate).unwrap();
    assert_eq!(commutate.effect.unwrap().change, Change::Line(LineState::Ready));
}

#[test]
fn who_was_held_goes_on_in_a_conference_only_if_its_list_has_them() {
    for (number, end) in [("103", HoldEnd::Conferenced), ("104", HoldEnd::Unknown)] {
        let mut story = Story::begin();
        story.at(1, &[on_hold(Some(party("103", "held")))]);
        story.at(2, &[conference(Some("c")), line(LineState::Ready, LineState::Talk)]);
        story.at(3, &[list(&[&competitor(number, None)]), on_hold(None)]);
        let call = story.end().calls.remove(0);
        assert_eq!(call.holds[0].end, Some(end));
        let goes_on = call.links.iter().any(|link| link.kind == LinkKind::GoesOnIn);
        assert_eq!(goes_on, end == HoldEnd::Conferenced);
    }
}

#[test]
fn a_conference_on_hold_has_its_name_and_room() {
    let mut story = Story::begin();
    let held = Held::Conference { id: "c".into(), name: Some("Планёрка".into()), room: Some(77) };
    story.at(1, &[Event::HoldChanged { held: Some(held) }]);
    story.at(4, &[on_hold(None)]);
    let call = story.only_call();
    let of = &call.conferences[0];
    assert_eq!((of.name.as_ref().map(Text::as_str), of.room), (Some("Планёрка"), Some(77)));
}

#[test]
fn a_list_that_is_told_again_is_no_effect() {
    let mut story = Story::begin();
    let me = competitor("101", Some("me"));
    story.at(1, &[conference(Some("c")), list(&[&me]), line(LineState::Ready, LineState::Talk)]);
    story.at(2, &[asked(1, CommandName::Conference, Some("102"))]);
    story.at(3, &[list(&[&me])]);
    let came = competitor("102", None);
    // As the engine tells it: renewed first, then announced.
    let renewed = Event::PartiesRefreshed { parties: [me.clone(), came.clone()].into_iter().collect() };
    story.at(4, &[renewed, list(&[&me, &came])]);
    let effect = story.end().commands.remove(0).effect.unwrap();
    assert_eq!((effect.at.at, effect.change), (Timestamp::from_millis(4_000), Change::Came));
}

#[test]
fn a_change_of_the_hold_says_which() {
    let (one, other) = (|| party("102", "chain"), || party("103", "other"));
    let mut story = Story::begin();
    story.talk(1, "chain");
    let steps = [
        (vec![on_hold(Some(one())), list(&[&other()])], Change::Hold),
        (vec![on_hold(Some(other())), list(&[&one()])], Change::Exchanged),
        (vec![on_hold(None)], Change::HoldEnded),
        (vec![on_hold(Some(other()))], Change::Hold),
        (vec![on_hold(None), list(&[&other()])], Change::TakenBack),
    ];
    for (place, (events, _)) in steps.iter().enumerate() {
        let second = 3 + 2 * place as i64;
        story.at(second, &[asked(place as u64, CommandName::Hold, None)]);
        story.at(second + 1, events);
    }
    let mut commands = story.end().commands;
    commands.sort_by_key(|command| command.id);
    let found: Vec<_> = commands.iter().map(|command| command.effect.unwrap().change).collect();
    assert_eq!(found, steps.map(|(_, change)| change));
}

#[test]
fn nothing_is_ended_by_a_command_when_there_was_nothing() {
    let mut story = Story::begin();
    story.at(1, &[asked(1, CommandName::ModelTransferCall, None)]);
    story.talk(2, "chain");
    assert_eq!(story.end().commands[0].effect, None);
}

#[test]
fn whose_a_command_is_and_all_that_it_names_is_in_its_input() {
    let mut story = Story::begin();
    let command = Command::Conference { numbers: Some(vec!["102".into(), "103".into()]), given: None };
    story.log.input(&InputKind::Command(command));
    let own = asked(2, CommandName::Hold, None);
    story.at(1, &[asked(1, CommandName::Conference, Some("102")), own]);
    let command = Command::SetUserStatus { status: "break".into(), reason: None };
    story.log.input(&InputKind::Command(command));
    story.at(2, &[asked(3, CommandName::SetUserStatus, None)]);
    story.log.input(&InputKind::Timer(Timer::Reconnect));
    story.at(3, &[asked(4, CommandName::ModelConnect, None)]);
    // Of a record whose input was not read nothing is known, whatever came before.
    story.at(4, &[asked(5, CommandName::Hold, None)]);
    let mut commands = story.end().commands;
    commands.sort_by_key(|command| command.id);
    let by: Vec<_> = commands.iter().map(|command| command.by).collect();
    let (application, engine) = (Some(GivenBy::Application), Some(GivenBy::Engine));
    assert_eq!(by, [application, engine, application, engine, None]);
    let targets: Vec<_> = commands[0].targets().map(|target| target.as_str()).collect();
    assert_eq!((targets, commands[2].about.as_slice()), (vec!["102", "103"], &[Text::from("break")][..]));
}
