//! A small truthful server with one agent's line. It keeps the truth about each call as it happens.

use callfold_engine::calls::{EndedBy, HoldEnd, HoldReason, Outcome, TransferKind};
use callfold_engine::cti::Direction;
use callfold_engine::wire::{FlashMode, Request};
use serde_json::{Value, json};

const AGENT: &str = "user-101";
const CONFERENCE: &str = "conference";

/// What is true of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Truth {
    pub(crate) chain: String,
    pub(crate) number: String,
    pub(crate) direction: Direction,
    pub(crate) callback: bool,
    pub(crate) up_when_connected: bool,
    pub(crate) answered: bool,
    pub(crate) outcome: Outcome,
    pub(crate) ended_by: Option<EndedBy>,
    pub(crate) holds: Vec<(HoldReason, Option<HoldEnd>)>,
    pub(crate) consults_for: Option<String>,
    pub(crate) transfers: Vec<(TransferKind, String)>,
    pub(crate) members: Vec<String>,
    pub(crate) gaps: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Ring,
    AutoCall,
    BackRing,
    Dial,
    Talk,
}

#[derive(Debug, Default)]
pub(crate) struct Pbx {
    pub(crate) calls: Vec<Truth>,
    pub(crate) line: Option<(usize, Stage)>,
    pub(crate) held: Option<usize>,
    pub(crate) members: Option<Vec<String>>,
    pub(crate) user: i64,
    pub(crate) up: bool,
    /// Events that are on their way.
    pub(crate) events: Vec<(&'static str, Value)>,
    made: usize,
    /// Calls that began while nobody was connected, and were not seen since.
    unseen: Vec<usize>,
}

impl Pbx {
    pub(crate) fn new() -> Self {
        Self { user: 1, ..Self::default() }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.line.is_none() && self.held.is_none()
    }

    pub(crate) fn stage(&self) -> Option<Stage> {
        self.line.map(|(_, stage)| stage)
    }

    pub(crate) fn is_talking(&self) -> bool {
        self.stage() == Some(Stage::Talk) && self.members.is_none()
    }

    /// Whether a number is part of nothing now.
    pub(crate) fn is_free(&self, number: &str) -> bool {
        let mut open = self.line.iter().map(|(call, _)| call).chain(&self.held);
        open.all(|call| self.calls[*call].number != number)
            && self.members.iter().flatten().all(|member| member != number)
    }

    fn tell(&mut self, name: &'static str, body: Value) {
        if self.up {
            self.events.push((name, body));
        }
    }

    fn tell_line(&mut self) {
        self.tell("linestatechanged", json!({ "linenumber": "00101" }));
    }

    fn tell_chain(&mut self, name: &'static str, call: usize) {
        let call = &self.calls[call];
        let body = json!({ "chainid": call.chain, "callerid": call.number, "isconference": false });
        self.tell(name, body);
    }

    pub(crate) fn set_user(&mut self, id: i64) {
        if self.user != id {
            self.user = id;
            let body = json!({ "userstateid": id, "oncallcenter": false, "onlunch": false });
            self.tell("userstatechanged", body);
        }
    }

    fn flash(&mut self, kind: i64) {
        self.tell("flashstatechanged", json!({ "flashtypeid": kind }));
    }

    fn begin(&mut self, number: &str, direction: Direction, stage: Stage) -> usize {
        self.made += 1;
        let consults_for = self.held.map(|held| self.calls[held].chain.clone());
        self.calls.push(Truth {
            chain: format!("{:08}-0000-4000-8000-000000000000", self.made),
            number: number.to_owned(),
            direction,
            callback: stage == Stage::AutoCall,
            up_when_connected: false,
            answered: false,
            outcome: Outcome::Open,
            ended_by: None,
            holds: Vec::new(),
            consults_for,
            transfers: Vec::new(),
            members: Vec::new(),
            gaps: 0,
        });
        let call = self.calls.len() - 1;
        self.line = Some((call, stage));
        if !self.up {
            self.unseen.push(call);
        }
        self.set_user(5);
        self.tell_line();
        call
    }

    fn end(&mut self, call: usize, outcome: Outcome, by: Option<EndedBy>, hold: HoldEnd) {
        let (lost, truth) = (!self.up, &mut self.calls[call]);
        truth.outcome = if lost { Outcome::Lost } else { outcome };
        truth.ended_by = by.filter(|_| !lost);
        if let Some((_, end @ None)) = truth.holds.last_mut() {
            *end = Some(if lost { HoldEnd::Lost } else { hold });
        }
        if self.line.is_some_and(|(line, _)| line == call) {
            self.line = None;
        }
        if self.held == Some(call) {
            self.held = None;
        }
        if self.is_idle() {
            self.set_user(1);
        }
        self.tell_line();
    }

    pub(crate) fn caller_rings(&mut self, number: &str) {
        let call = self.begin(number, Direction::In, Stage::Ring);
        self.tell_chain("phoneevent_ringstarted", call);
    }

    /// The agent lifts the receiver.
    pub(crate) fn answer(&mut self) {
        let Some((call, stage)) = self.line else { return };
        self.tell_chain("phoneevent_ringstopped", call);
        if stage == Stage::BackRing {
            self.line = Some((call, Stage::Dial));
            self.tell_chain("phoneevent_acmcallstopped", call);
            self.tell_line();
        } else {
            self.talk();
        }
    }

    /// The line is connected.
    pub(crate) fn talk(&mut self) {
        let Some((call, _)) = self.line else { return };
        self.line = Some((call, Stage::Talk));
        // What happens while nobody is connected is not seen; what it led to is, when the agent is back.
        self.calls[call].answered |= self.up;
        self.tell_line();
        self.tell_chain("phoneevent_commstarted", call);
    }

    /// The other side goes: gives up, hangs up, or does not answer.
    pub(crate) fn other_goes(&mut self) {
        let Some((call, stage)) = self.line else { return };
        match stage {
            Stage::Ring => {
                self.tell_chain("phoneevent_ringstopped", call);
                self.end(call, Outcome::Abandoned, Some(EndedBy::OtherSide), HoldEnd::Unknown);
            }
            Stage::Talk => {
                self.tell_chain("phoneevent_commstopped", call);
                self.end(call, Outcome::Answered, None, HoldEnd::Unknown);
            }
            Stage::Dial | Stage::AutoCall | Stage::BackRing => {
                self.tell_chain("phoneevent_acmcallstopped", call);
                self.end(call, Outcome::NotAnswered, None, HoldEnd::Unknown);
            }
        }
    }

    pub(crate) fn agent_hangs_up(&mut self, by: Option<EndedBy>) {
        let Some((call, stage)) = self.line else { return };
        let outcome = match stage {
            Stage::Ring => Outcome::Declined,
            Stage::Talk => Outcome::Answered,
            Stage::AutoCall | Stage::BackRing | Stage::Dial => Outcome::NotAnswered,
        };
        let event = match stage {
            Stage::Ring | Stage::BackRing => "phoneevent_ringstopped",
            Stage::Talk => "phoneevent_commstopped",
            Stage::AutoCall | Stage::Dial => "phoneevent_acmcallstopped",
        };
        self.tell_chain(event, call);
        self.members = None;
        self.end(call, outcome, by, HoldEnd::Unknown);
    }

    pub(crate) fn own_phone_rings(&mut self) {
        let Some((call, _)) = self.line else { return };
        self.line = Some((call, Stage::BackRing));
        self.tell_chain("phoneevent_ringstarted", call);
    }

    /// The agent dials; someone on the line is put on hold for it.
    pub(crate) fn dial(&mut self, number: &str) {
        if self.is_talking() {
            self.put_on_hold(HoldReason::Consultation);
        }
        self.begin(number, Direction::Out, Stage::Dial);
    }

    fn put_on_hold(&mut self, reason: HoldReason) {
        let Some((call, _)) = self.line.take() else { return };
        self.calls[call].holds.push((reason, None));
        self.held = Some(call);
        self.flash(1);
    }

    fn take_back(&mut self, call: usize) {
        if let Some((_, end)) = self.calls[call].holds.last_mut() {
            *end = Some(HoldEnd::Returned);
        }
        self.line = Some((call, Stage::Talk));
    }

    /// Puts on hold, takes back, or changes between the two, as the line is.
    pub(crate) fn switch(&mut self) {
        match (self.line, self.held) {
            (Some((_, Stage::Talk)), None) => {
                self.put_on_hold(HoldReason::PutByUs);
                self.tell_line();
            }
            (Some((call, Stage::Talk)), Some(held)) => {
                self.take_back(held);
                self.calls[call].holds.push((HoldReason::PutByUs, None));
                self.held = Some(call);
                self.flash(7);
                self.tell_line();
            }
            (line, Some(held)) => {
                self.flash(2);
                if let Some((call, _)) = line {
                    self.end(call, Outcome::NotAnswered, None, HoldEnd::Unknown);
                }
                self.held = None;
                self.take_back(held);
                self.tell_line();
            }
            (_, None) => {}
        }
    }

    pub(crate) fn held_leaves(&mut self) {
        let Some(call) = self.held else { return };
        self.flash(4);
        self.end(call, Outcome::Answered, Some(EndedBy::OtherSide), HoldEnd::Left);
    }

    /// The one on the line and the one held are connected to each other.
    fn connect_both(&mut self) {
        let (Some((line, _)), Some(held)) = (self.line, self.held) else { return };
        let held_consults = self.calls[held].consults_for.as_ref() == Some(&self.calls[line].chain);
        let (customer, other) = if held_consults { (line, held) } else { (held, line) };
        let number = self.calls[other].number.clone();
        self.calls[customer].transfers.push((TransferKind::Attended, number));
        self.tell_chain("phoneevent_commstopped", line);
        for call in [line, held] {
            self.end(call, Outcome::Transferred, Some(EndedBy::Agent), HoldEnd::Connected);
        }
    }

    fn pass_on(&mut self, number: &str) {
        let Some((call, _)) = self.line else { return };
        self.calls[call].transfers.push((TransferKind::Blind, number.to_owned()));
        self.tell_chain("phoneevent_commstopped", call);
        self.end(call, Outcome::Transferred, Some(EndedBy::Agent), HoldEnd::Unknown);
    }

    fn build_conference(&mut self) {
        let Some((call, _)) = self.line else { return };
        let number = self.calls[call].number.clone();
        self.calls[call].members = vec![number.clone()];
        self.members = Some(vec![number]);
        let body = json!({ "isconference": true, "confid": CONFERENCE, "chainid": "conference-chain" });
        self.tell("phoneevent_commstarted", body);
        self.tell_line();
    }

    pub(crate) fn member_enters(&mut self, number: &str) {
        let Some((call, _)) = self.line else { return };
        self.calls[call].members.push(number.to_owned());
        self.members.iter_mut().for_each(|members| members.push(number.to_owned()));
        self.tell_members();
    }

    pub(crate) fn member_leaves(&mut self) {
        self.members.iter_mut().for_each(|members| drop(members.pop()));
        self.tell_members();
    }

    fn tell_members(&mut self) {
        let info = json!({ "conferenceid": CONFERENCE, "competitorlist": self.competitors() });
        self.tell("confcompositionchanged", json!({ "eventinfo": info }));
    }

    pub(crate) fn connection_lost(&mut self) {
        self.up = false;
        for call in self.line.iter().map(|(call, _)| call).chain(&self.held) {
            self.calls[*call].gaps += 1;
        }
    }

    /// The agent is back: what began and ended in between was never seen.
    pub(crate) fn connection_back(&mut self) {
        self.up = true;
        if let Some((call, Stage::Talk)) = self.line {
            self.calls[call].answered = true;
        }
        for call in std::mem::take(&mut self.unseen) {
            let stage = self.line.filter(|(line, _)| *line == call).map(|(_, stage)| stage);
            let truth = &mut self.calls[call];
            truth.up_when_connected = true;
            if stage == Some(Stage::Talk) {
                truth.direction = Direction::Unknown;
            }
            if stage.is_none() {
                truth.chain.clear();
            }
        }
    }

    fn competitors(&self) -> Value {
        let me =
            json!({ "competitorid": "me", "number": "101", "userid": AGENT, "confstatestr": "Commutated" });
        let others = self.members.iter().flatten().map(|number| {
            json!({ "competitorid": format!("c-{number}"), "number": number, "confstatestr": "Commutated" })
        });
        std::iter::once(me).chain(others).collect()
    }

    fn picture(&self) -> Value {
        let flashed = self.held.map(|call| json!({ "number": self.calls[call].number }));
        let (state, chain, abonent) = match self.line {
            None => ("lsConnected", "00000000-0000-0000-0000-000000000000", json!({ "isringing": false })),
            Some((call, stage)) => {
                let Truth { chain, number, .. } = &self.calls[call];
                let (state, abonent) = match stage {
                    Stage::Ring => ("lsRinging", json!({ "isringing": true, "number": number })),
                    Stage::AutoCall => ("lsRinging", json!({ "isautocall": true })),
                    Stage::BackRing => {
                        let direction = "acm_callback";
                        ("lsRinging", json!({ "isringing": true, "direction": direction, "number": number }))
                    }
                    Stage::Dial => ("lsDialing", json!({ "iswaitingforanswer": true, "number": number })),
                    Stage::Talk if self.members.is_some() => {
                        ("lsCommutated", json!({ "isconference": true, "conferenceid": CONFERENCE }))
                    }
                    Stage::Talk => ("lsCommutated", json!({ "iscommutated": true, "number": number })),
                };
                (state, chain.as_str(), abonent)
            }
        };
        json!({
            "linestatestr": state,
            "chainid": chain,
            "timertalklensec": 0,
            "abonent": abonent,
            "isflashing": flashed.is_some(),
            "flashed": flashed,
        })
    }

    /// Does what is asked, and answers.
    #[allow(clippy::wildcard_enum_match_arm)] // the rest is agreed to, and changes nothing
    pub(crate) fn asked(&mut self, request: &Request) -> Value {
        match request {
            Request::Login { .. } => json!({ "userid": AGENT }),
            Request::Version => json!({ "version": { "dated": 150_601 } }),
            Request::MyInfo => json!({ "mainpbxnumber": "101", "username": "Agent" }),
            Request::UserState => json!({ "userstateid": self.user, "oncallcenter": false }),
            Request::LinePicture => self.picture(),
            Request::Queue => json!({ "queue": [] }),
            Request::ConferenceInfo(id) => {
                json!({ "conference": { "id": id.as_str() }, "competitors": self.competitors() })
            }
            Request::Competitors(_) => json!({ "competitorlist": self.competitors() }),
            Request::SetUserState(set) => {
                let id = set.userstateid.unwrap_or(self.user);
                self.set_user(id);
                json!({ "userstateid": id, "oncallcenter": false })
            }
            Request::AbortCall if self.held.is_some() && self.is_talking() => {
                self.connect_both();
                json!({})
            }
            Request::AbortCall
            | Request::DeclineCall
            | Request::AutocallAbort
            | Request::ExitConference(_) => {
                self.agent_hangs_up(Some(EndedBy::Agent));
                json!({})
            }
            Request::Autocall { number, .. } => {
                if self.is_idle() {
                    let call = self.begin(number.as_str(), Direction::Out, Stage::AutoCall);
                    self.tell_chain("phoneevent_acmcallstarted", call);
                } else {
                    self.dial(number.as_str());
                }
                json!({})
            }
            Request::AnswerCall => {
                self.answer();
                json!({})
            }
            Request::Flash(FlashMode::Switch) => {
                self.switch();
                json!({})
            }
            Request::Transfer(number) => {
                self.pass_on(number.as_str());
                json!({})
            }
            Request::BuildConference => {
                self.build_conference();
                json!({})
            }
            _ => json!({}),
        }
    }
}
