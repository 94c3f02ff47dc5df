//! From events to calls.
//!
//! After the events of every record the view says who is on the line and who is held; the book compares
//! that with the calls it has open. Events tell what the view does not: what was asked, how the hold was
//! worked, which chain a conference is on.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::call::{
    Call, CallId, ConferenceSpell, EndedBy, Gap, HoldEnd, HoldReason, HoldSpell, Irregularity,
    IrregularityKind, Leg, Link, LinkKind, Moment, OtherSide, Outcome, Spell, SpellKind, Transfer,
    TransferKind, key_of,
};
use super::time::Totals;
use crate::command::{CommandId, CommandName};
use crate::cti::Direction;
use crate::event::{Event, flash};
use crate::party::{Parties, Party};
use crate::text::{ChainId, ConferenceId, PhoneNumber, Text};
use crate::time::Span;
use crate::view::{Held, LineState, View, number_state};
use crate::wire::PhoneEvent;

/// What was asked or reported explains what happens within this time.
const EXPLAINS: Span = Span::from_secs(20);
/// An ended call stays open to its chain's return for this time.
const LINGER: Span = Span::from_secs(300);
/// The most ended calls that linger.
const MAX_LINGERING: usize = 64;
/// The most facts of a kind that one call may have: a server that flaps makes us hold no more.
const MAX_FACTS: usize = 1_000;

/// The calls of a stream: those that go on, and those that ended a short while ago.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Book {
    line: Option<Call>,
    held: Option<Call>,
    ended: VecDeque<Call>,
    evidence: Evidence,
    /// The line's state when the last record ended, to tell a stop that nothing led to.
    last_line: LineState,
    /// Whether a line picture was read since the last login.
    seen_line: bool,
}

/// What was asked and reported lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Evidence {
    /// The agent asked to end, decline or pass on.
    ending: Option<Asked>,
    /// The agent called someone.
    calling: Option<Asked>,
    /// How the hold was last worked.
    flash: Option<(i64, Moment)>,
    /// The conference that a commutation was reported of, and its chain.
    conference: Option<(ConferenceId, Option<ChainId>)>,
    /// The hold changed in this record.
    hold_changed: bool,
    /// The line's phone went away.
    phone_gone: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    command: CommandId,
    name: CommandName,
    target: Option<PhoneNumber>,
    at: Moment,
    /// What was sent for it last.
    method: Option<Text>,
}

impl Asked {
    fn sent(&self, method: &str) -> bool {
        self.method.as_ref().is_some_and(|sent| sent.as_str() == method)
    }
}

/// Who is on the line.
struct Occupant {
    chain: Option<ChainId>,
    party: Option<Arc<Party>>,
    conference: Option<ConferenceId>,
}

impl Evidence {
    /// A command was refused: it explains nothing.
    fn refused(&mut self, command: CommandId) {
        for asked in [&mut self.ending, &mut self.calling] {
            if asked.as_ref().is_some_and(|asked| asked.command == command) {
                *asked = None;
            }
        }
    }
}

impl Call {
    fn new(chain: Option<ChainId>, direction: Direction, other: OtherSide, began: Moment) -> Self {
        Self {
            id: CallId::of(chain.as_ref(), began),
            chain,
            direction,
            callback: false,
            other,
            began,
            up_when_connected: false,
            answered: None,
            ended: None,
            ended_by: None,
            outcome: Outcome::Open,
            spells: Vec::new(),
            legs: Vec::new(),
            holds: Vec::new(),
            consults_for: None,
            consultations: Vec::new(),
            links: Vec::new(),
            transfers: Vec::new(),
            conferences: Vec::new(),
            gaps: Vec::new(),
            commands: Vec::new(),
            irregularities: Vec::new(),
            time: Totals::default(),
        }
    }

    fn irregular(&mut self, kind: IrregularityKind, at: Moment) {
        if self.irregularities.len() < MAX_FACTS {
            self.irregularities.push(Irregularity { kind, at });
        }
    }

    /// A call that has as many facts of a kind as are kept says so.
    fn mark_if_full(&mut self, at: Moment) {
        let kinds = [
            self.spells.len(),
            self.legs.len(),
            self.holds.len(),
            self.consultations.len(),
            self.links.len(),
            self.transfers.len(),
            self.conferences.len(),
            self.gaps.len(),
            self.commands.len(),
        ];
        let told = |irregularity: &Irregularity| irregularity.kind == IrregularityKind::FactsLeftOut;
        if kinds.into_iter().any(|count| count >= MAX_FACTS) && !self.irregularities.iter().any(told) {
            self.irregularities.push(Irregularity { kind: IrregularityKind::FactsLeftOut, at });
        }
    }

    fn kind(&self) -> Option<SpellKind> {
        self.spells.last().filter(|spell| spell.to.is_none()).map(|spell| spell.kind)
    }

    /// From now on this goes on.
    fn goes_on_as(&mut self, kind: Option<SpellKind>, at: Moment) {
        self.goes_on(kind, false, at);
    }

    /// From now on this goes on; `callback` if it is how a callback begins.
    fn goes_on(&mut self, kind: Option<SpellKind>, callback: bool, at: Moment) {
        let now = self.spells.last().filter(|spell| spell.to.is_none());
        if now.map(|spell| (spell.kind, spell.callback)) == kind.map(|kind| (kind, callback)) {
            return;
        }
        if let Some(last) = self.spells.last_mut().filter(|last| last.to.is_none()) {
            last.to = Some(at);
            // What lasted no time and proves nothing is not told.
            if last.from.at == at.at && last.from.seq == at.seq {
                self.spells.pop();
            }
        }
        if let Some(kind) = kind.filter(|_| self.spells.len() < MAX_FACTS) {
            self.spells.push(Spell { kind, callback, from: at, to: None });
        }
    }

    /// Whether a talk is part of it, or must have been before it was first seen.
    fn was_talked_on(&self) -> bool {
        self.answered.is_some() || self.holds.first().is_some_and(|hold| hold.reason == HoldReason::FoundHeld)
    }

    /// Who is at the other end, as far as it is known: who was there last.
    fn with(&self) -> OtherSide {
        self.legs.last().map_or_else(|| self.other.clone(), |leg| leg.who.clone())
    }

    fn link(&mut self, kind: LinkKind, call: CallId, with: OtherSide, at: Moment) {
        if self.links.len() < MAX_FACTS {
            self.links.push(Link { at, kind, call, with });
        }
    }

    /// Who is at the other end now.
    fn leg(&mut self, party: &Arc<Party>, at: Moment) {
        let who = OtherSide::of(party);
        let key = key_of(party);
        // The first party is the other side; what is told of it later adds to what is known.
        if self.other.is_unknown() || (self.legs.len() <= 1 && self.other.number == who.number) {
            self.other = who.clone();
        }
        let talked = self.was_talked_on();
        match self.legs.last_mut().filter(|leg| leg.to.is_none()) {
            Some(leg) if leg.key == key => leg.who = who,
            // A party told by its chain alone turns out to be someone.
            Some(leg) if leg.who.is_unknown() => {
                *leg = Leg { who, agent: false, key, from: leg.from, to: None }
            }
            Some(leg) => {
                leg.to = Some(at);
                let from = leg.who.clone();
                self.legs.push(Leg { who, agent: false, key, from: at, to: None });
                // A menu that gives way to someone passes nobody on.
                if talked && !from.menu && self.transfers.len() < MAX_FACTS {
                    self.transfers.push(Transfer { at, kind: TransferKind::ToUs, with: Some(from) });
                }
            }
            None => self.legs.push(Leg { who, agent: false, key, from: at, to: None }),
        }
        if self.legs.len() > MAX_FACTS {
            self.legs.remove(0);
        }
    }

    fn end_hold(&mut self, at: Moment, how: HoldEnd) {
        if let Some(hold) = self.holds.last_mut().filter(|hold| hold.to.is_none()) {
            hold.to = Some(at);
            hold.end = Some(how);
        }
    }

    /// From now on the conference's list says who is there.
    fn leave_legs(&mut self, at: Moment) {
        for leg in self.legs.iter_mut().filter(|leg| leg.to.is_none()) {
            leg.to = Some(at);
        }
    }

    fn leave_conference(&mut self, at: Moment) {
        if let Some(spell) = self.conferences.last_mut().filter(|spell| spell.to.is_none()) {
            spell.to = Some(at);
            for member in spell.members.iter_mut().filter(|member| member.to.is_none()) {
                member.to = Some(at);
            }
        }
    }

    fn end(&mut self, at: Moment) {
        self.goes_on_as(None, at);
        self.end_hold(at, HoldEnd::Unknown);
        self.leave_conference(at);
        if let Some(gap) = self.gaps.last_mut().filter(|gap| gap.to.is_none()) {
            gap.to = Some(at);
        }
        self.leave_legs(at);
        self.ended = Some(at);
    }

    /// Whether `party`, told without a chain, is this call's.
    fn has_party(&self, party: &Party) -> bool {
        let same_number = |who: &OtherSide| who.number.is_some() && who.number.as_ref() == party.phone();
        let same_user = |who: &OtherSide| {
            who.user.is_some() && who.user.as_ref() == party.user.as_ref().map(|user| &user.id)
        };
        self.legs.iter().any(|leg| leg.key == party.key || same_number(&leg.who) || same_user(&leg.who))
            || same_number(&self.other)
            || same_user(&self.other)
    }

    fn is_in_conference(&self, conference: &ConferenceId) -> bool {
        self.conferences.last().is_some_and(|spell| spell.to.is_none() && spell.conference == *conference)
    }
}

impl Occupant {
    fn of(view: &View, evidence: &Evidence) -> Option<Self> {
        match view.line {
            LineState::Unknown | LineState::Disconnected | LineState::Ready => None,
            LineState::Talk if view.conference.is_some() => {
                let conference = view.conference.as_ref().map(|ours| ours.id.clone());
                let chain = evidence.conference.as_ref().filter(|(id, _)| Some(id) == conference.as_ref());
                Some(Self { chain: chain.and_then(|(_, chain)| chain.clone()), party: None, conference })
            }
            LineState::Talk
            | LineState::Ring
            | LineState::BackRing
            | LineState::Call
            | LineState::BackCall => {
                let party = view.parties.as_slice().first().cloned();
                let chain = party.as_ref().and_then(|party| party.chain.clone());
                Some(Self { chain: chain.filter(|chain| !chain.is_none()), party, conference: None })
            }
        }
    }

    /// Whether `call` is the one that occupies the line.
    fn is(&self, call: &Call) -> bool {
        if let Some(conference) = &self.conference {
            // A talk that became a conference is the same call.
            return call.is_in_conference(conference)
                || call.conferences.last().is_none_or(|spell| spell.to.is_some());
        }
        match (&self.chain, &call.chain) {
            (Some(ours), Some(theirs)) => ours == theirs,
            (_, _) => self.party.as_ref().is_none_or(|party| call.legs.is_empty() || call.has_party(party)),
        }
    }
}

impl Book {
    /// The call on the line, and the held one.
    pub(super) fn open(&self) -> impl Iterator<Item = &Call> {
        self.line.iter().chain(&self.held)
    }

    /// The call whose time runs: the one on the line, else the held one.
    pub(super) fn current_mut(&mut self) -> Option<&mut Call> {
        self.line.as_mut().or(self.held.as_mut())
    }

    /// An event, before the view follows it. The others change the view, which is read when the record ends,
    /// or say nothing about calls.
    pub(super) fn event(&mut self, view: &View, event: &Event, at: Moment) {
        if let Event::CommandGiven { id, name, target } = event {
            self.command(*id, *name, target.clone(), at);
        } else if let Event::CommandDone { id: command, result, .. } = event {
            if !result.is_done() {
                self.evidence.refused(*command);
            }
        } else if let Event::RequestSent { command, method, .. } = event {
            if let Some(asked) = self.evidence.ending.as_mut().filter(|asked| asked.command == *command) {
                asked.method = Some(method.clone());
            }
        } else if let Event::RequestAnswered { command, accepted: false, .. }
        | Event::RequestFailed { command, .. } = event
        {
            self.evidence.refused(*command);
        } else if let Event::FlashReported { kind: Some(kind) } = event {
            self.evidence.flash = Some((*kind, at));
        } else if let Event::PhoneReported {
            event: PhoneEvent::CommutationStarted,
            chain,
            conference: Some(id),
            ..
        } = event
        {
            self.evidence.conference = Some((id.clone(), chain.clone().filter(|chain| !chain.is_none())));
        } else if let Event::HoldChanged { .. } = event {
            self.evidence.hold_changed = true;
        } else if let Event::LoggedIn { .. } = event {
            self.seen_line = false;
        } else if let Event::LineChanged { to: LineState::Disconnected, .. } = event {
            self.evidence.phone_gone = true;
        } else if let Event::LineStopped { state, parties } = event {
            self.stopped(*state, parties.as_ref(), at);
        } else if let Event::HoldLeft { held } = event {
            self.hold_left(view, held, at);
        } else if let Event::LineWentStale { .. } | Event::Leaving = event {
            self.connection_lost(at);
        }
    }

    /// A state of the line stopped. The view has left it already; the book knows the one before the record.
    fn stopped(&mut self, state: LineState, parties: Option<&Parties>, at: Moment) {
        let nothing_led_to_it = self.last_line != state && self.line.is_none() && self.held.is_none();
        if state != LineState::Ready && nothing_led_to_it {
            let party = parties.and_then(|parties| parties.as_slice().first().cloned());
            self.orphan(party.as_ref(), IrregularityKind::EndWithoutBeginning, at);
        }
    }

    fn hold_left(&mut self, view: &View, held: &Held, at: Moment) {
        if view.held.is_none() {
            let kind = IrregularityKind::UnholdWithoutHold;
            match self.line.as_mut().or(self.held.as_mut()) {
                Some(call) => call.irregular(kind, at),
                None => self.orphan(held.party(), kind, at),
            }
        }
    }

    fn command(&mut self, command: CommandId, name: CommandName, target: Option<PhoneNumber>, at: Moment) {
        for call in self.line.iter_mut().chain(&mut self.held) {
            if call.commands.len() < MAX_FACTS {
                call.commands.push(command);
            }
        }
        let asked = Asked { command, name, target, at, method: None };
        if name.ends_calls() {
            self.evidence.ending = Some(asked);
        } else if name.makes_calls() {
            self.evidence.calling = Some(asked);
        }
    }

    /// Something that belongs to no call gets one of its own, which says what is wrong.
    fn orphan(&mut self, party: Option<&Arc<Party>>, kind: IrregularityKind, at: Moment) {
        let other = party.map(|party| OtherSide::of(party)).unwrap_or_default();
        let chain = party.and_then(|party| party.chain.clone()).filter(|chain| !chain.is_none());
        let lingering = chain
            .as_ref()
            .and_then(|chain| self.ended.iter_mut().rev().find(|call| call.chain.as_ref() == Some(chain)));
        if let Some(call) = lingering {
            return call.irregular(kind, at);
        }
        let mut call = Call::new(chain, Direction::Unknown, other, at);
        call.irregular(kind, at);
        call.end(at);
        call.outcome = Outcome::Unknown;
        self.keep(call);
    }

    fn keep(&mut self, call: Call) {
        self.ended.push_back(call);
    }

    fn connection_lost(&mut self, at: Moment) {
        for call in self.line.iter_mut().chain(&mut self.held) {
            call.goes_on_as(Some(SpellKind::Gap), at);
            // A loss told twice is one loss.
            if call.gaps.len() < MAX_FACTS && call.gaps.last().is_none_or(|gap| gap.to.is_some()) {
                call.gaps.push(Gap { from: at, to: None });
            }
        }
    }

    /// The record's events are applied: the view says who is on the line and who is held. Whether a call
    /// ended.
    pub(super) fn settle(&mut self, view: &View, at: Moment) -> bool {
        if view.stale_since.is_some() || !view.connection.is_logged_in() {
            // The view still shows what was before the loss or the goodbye; nothing is known until a picture
            // is read.
            return false;
        }
        let ended_before = self.ended.len();
        let occupant = Occupant::of(view, &self.evidence);
        self.hold_and_line(view, occupant.as_ref(), at);
        if let (Some(call), Some(occupant)) = (&mut self.line, &occupant) {
            follow(call, view, occupant, at);
        }
        for call in self.line.iter_mut().chain(&mut self.held) {
            if let Some(gap) = call.gaps.last_mut().filter(|gap| gap.to.is_none()) {
                gap.to = Some(at);
            }
            call.mark_if_full(at);
        }
        if std::mem::take(&mut self.evidence.hold_changed) {
            // A report about the hold explains one change of it.
            self.evidence.flash = None;
        }
        self.last_line = view.line;
        self.seen_line |= view.line != LineState::Unknown;
        self.evidence.phone_gone = false;
        self.ended.len() > ended_before
    }

    /// Brings the open calls into the places where the view has them.
    fn hold_and_line(&mut self, view: &View, occupant: Option<&Occupant>, at: Moment) {
        let mut open: Vec<Call> = self.line.take().into_iter().chain(self.held.take()).collect();

        // Who is held: the one that was, else the one that was on the line.
        if let Some(held) = &view.held {
            let is_held = |call: &Call| match held {
                Held::Party(party) => call.has_party(party),
                Held::Conference { id, .. } => call.conferences.iter().any(|spell| spell.conference == *id),
            };
            let on_line = |call: &Call| occupant.is_some_and(|occupant| occupant.is(call)) && !is_held(call);
            let place = open
                .iter()
                .position(|call| is_held(call) && call.kind() == Some(SpellKind::Hold))
                .or_else(|| open.iter().position(is_held))
                .or_else(|| open.iter().position(|call| !on_line(call) && held.party().is_none()));
            let mut call = match place {
                Some(place) => open.remove(place),
                None => found_held(held, at),
            };
            if let Held::Conference { id, name, room } = held
                && let Some(spell) = call.conferences.iter_mut().rev().find(|spell| spell.conference == *id)
            {
                spell.name.clone_from(name);
                spell.room = *room;
            }
            self.put_on_hold(&mut call, at);
            self.held = Some(call);
        }

        // Who is on the line.
        let mut taken_back = false;
        if let Some(occupant) = occupant {
            let place = open.iter().position(|call| occupant.is(call));
            let mut call = match place {
                Some(place) => open.remove(place),
                None => self.returning(occupant, at).unwrap_or_else(|| self.begin(view, occupant, at)),
            };
            if call.holds.last().is_some_and(|hold| hold.to.is_none()) {
                call.end_hold(at, HoldEnd::Returned);
                taken_back = true;
            }
            self.link_consultation(&mut call, at);
            self.line = Some(call);
        }

        // Who is neither any more.
        // A call that is taken back explains why the other one is gone.
        let replaced = occupant.is_some() && !taken_back;
        let explained = open.iter().any(|call| self.asked_to_end(call, at).is_some());
        if self.are_connected(&open, at) {
            self.attended_transfer(open, at);
        } else if self.is_passed_on(&open, view, at) {
            self.passed_on(open, at);
        } else {
            for call in open {
                self.end(call, view, replaced, at);
            }
        }
        if explained {
            // What was asked explains the ends of one moment, not those that come after.
            self.evidence.ending = None;
        }
    }

    fn put_on_hold(&self, call: &mut Call, at: Moment) {
        if call.holds.last().is_none_or(|hold| hold.to.is_some()) && call.holds.len() < MAX_FACTS {
            let reason = match (call.spells.is_empty(), self.is_consulting(at)) {
                (true, _) => HoldReason::FoundHeld,
                (false, true) => HoldReason::Consultation,
                (false, false) => HoldReason::PutByUs,
            };
            call.holds.push(HoldSpell { from: at, to: None, reason, end: None });
        }
        call.goes_on_as(Some(SpellKind::Hold), at);
    }

    /// A call that begins while another is held consults for it.
    fn link_consultation(&mut self, call: &mut Call, at: Moment) {
        let Some(held) = &mut self.held else { return };
        let is_call = call.direction == Direction::Out && call.conferences.is_empty();
        if call.began == at && is_call && call.consults_for.is_none() {
            call.consults_for = Some(held.id.clone());
            call.link(LinkKind::ConsultsFor, held.id.clone(), held.with(), at);
            held.link(LinkKind::Consults, call.id.clone(), call.with(), at);
            if held.consultations.len() < MAX_FACTS {
                held.consultations.push(call.id.clone());
            }
            // Put on hold in the same moment: for the consultation.
            let just_put = |hold: &&mut HoldSpell| hold.from == at && hold.reason == HoldReason::PutByUs;
            if let Some(hold) = held.holds.last_mut().filter(just_put) {
                hold.reason = HoldReason::Consultation;
            }
        }
    }

    /// The call of a chain that ended a short while ago and is back.
    fn returning(&mut self, occupant: &Occupant, at: Moment) -> Option<Call> {
        let chain = occupant.chain.as_ref()?;
        let returns = |call: &Call| {
            call.chain.as_ref() == Some(chain) && call.ended.is_some_and(|ended| at.at - ended.at <= LINGER)
        };
        let place = self.ended.iter().position(returns)?;
        let mut call = self.ended.remove(place)?;
        call.ended = None;
        call.ended_by = None;
        call.outcome = Outcome::Open;
        Some(call)
    }

    fn begin(&mut self, view: &View, occupant: &Occupant, at: Moment) -> Call {
        let other = occupant.party.as_ref().map(|party| OtherSide::of(party)).unwrap_or_default();
        let direction = match view.line {
            LineState::Ring => Direction::In,
            LineState::Call | LineState::BackCall | LineState::BackRing => Direction::Out,
            // A conference that the agent made. One that the agent was invited to is nobody's call of theirs.
            LineState::Talk if occupant.conference.is_some() && self.asked_for_conference(at) => {
                Direction::Out
            }
            LineState::Talk | LineState::Unknown | LineState::Disconnected | LineState::Ready => {
                Direction::Unknown
            }
        };
        let mut call = Call::new(occupant.chain.clone(), direction, other, at);
        call.callback = matches!(view.line, LineState::BackCall | LineState::BackRing);
        call.up_when_connected = !self.seen_line;
        // A menu answers by itself: nothing rings for it.
        let is_menu = occupant.party.as_ref().is_some_and(|party| party.menu.is_some());
        let is_one = occupant.conference.is_none();
        if view.line == LineState::Talk && !call.up_when_connected && is_one && !is_menu {
            call.irregular(IrregularityKind::TalkWithoutRing, at);
        }
        let is_calling = self.is_calling(at);
        let is_of_it = |asked: &mut Asked| {
            let joined = occupant.conference.is_some() && asked.name.joins_as_ghost();
            is_calling && (direction == Direction::Out || joined)
        };
        // One call comes of it.
        if let Some(asked) = self.evidence.calling.take_if(is_of_it) {
            call.commands.push(asked.command);
            // Who is asked into a conference, or is listened to, is not called by that.
            if call.other.is_unknown() && asked.name.calls_its_target() {
                call.other.number = asked.target;
            }
        }
        call
    }

    fn asked_for_conference(&self, at: Moment) -> bool {
        let asked = self.evidence.calling.as_ref();
        self.is_calling(at) && asked.is_some_and(|asked| asked.name == CommandName::Conference)
    }

    fn is_calling(&self, at: Moment) -> bool {
        self.evidence.calling.as_ref().is_some_and(|asked| at.at - asked.at.at <= EXPLAINS)
    }

    /// The agent called someone else; a conference is made of the talk that there is.
    fn is_consulting(&self, at: Moment) -> bool {
        let asked = self.evidence.calling.as_ref();
        self.is_calling(at) && asked.is_some_and(|asked| asked.name.calls_its_target())
    }

    /// Both the consultation and the call it served went at once because the agent asked for it, or the
    /// server said that the held party was given to another: they are connected to each other.
    fn are_connected(&self, gone: &[Call], at: Moment) -> bool {
        let [first, second] = gone else { return false };
        let lost = |call: &Call| call.gaps.last().is_some_and(|gap| gap.to.is_none());
        let ending = self.evidence.ending.as_ref();
        let asked = ending.is_some_and(|asked| at.at - asked.at.at <= EXPLAINS && asked.sent("pbxabortcall"));
        let told = self
            .evidence
            .flash
            .is_some_and(|(kind, told)| kind == flash::SWITCH && at.at - told.at <= EXPLAINS);
        let talked = first.was_talked_on() && second.was_talked_on();
        talked && (asked || told) && !lost(first) && !lost(second)
    }

    /// The two calls are connected to each other. The one that was consulted for is passed on to the one by
    /// which it was; if neither was, the held one to the one on the line.
    fn attended_transfer(&mut self, connected: Vec<Call>, at: Moment) {
        let parties: Vec<(CallId, OtherSide)> =
            connected.iter().rev().map(|call| (call.id.clone(), call.with())).collect();
        let serves =
            |call: &Call| connected.iter().any(|served| call.consults_for.as_ref() == Some(&served.id));
        let consulting = connected.iter().position(serves).unwrap_or(0);
        for (place, (mut call, (other, to))) in connected.into_iter().zip(parties).enumerate() {
            call.link(LinkKind::ConnectedTo, other, to.clone(), at);
            call.ended_by = self.asked_to_end(&call, at).map(|_| EndedBy::Agent);
            call.end_hold(at, HoldEnd::Connected);
            if place != consulting && call.transfers.len() < MAX_FACTS {
                call.transfers.push(Transfer { at, kind: TransferKind::Attended, with: Some(to) });
            }
            call.outcome = Outcome::Transferred;
            call.end(at);
            self.keep(call);
        }
    }

    /// A colleague who consulted the agent left, and in the same moment somebody on another chain is there: whom the
    /// colleague had on hold.
    fn is_passed_on(&self, gone: &[Call], view: &View, at: Moment) -> bool {
        let ([left], Some(now)) = (gone, &self.line) else { return false };
        let lost = left.gaps.last().is_some_and(|gap| gap.to.is_none());
        let of_a_colleague = left.legs.last().is_some_and(|leg| leg.who.user.is_some() && !leg.who.external);
        // It was the colleague who called.
        let by_a_colleague = of_a_colleague && left.direction == Direction::In;
        let was_talk = left.kind() == Some(SpellKind::Talk) && self.last_line == LineState::Talk;
        let is_talk = view.line == LineState::Talk && view.conference.is_none() && now.began == at;
        by_a_colleague && was_talk && is_talk && !lost && self.asked_to_end(left, at).is_none()
    }

    /// The call on the line was passed on to the agent by who was there before.
    fn passed_on(&mut self, left: Vec<Call>, at: Moment) {
        for mut call in left {
            if let Some(now) = &mut self.line {
                let from = call.legs.last().map(|leg| leg.who.clone());
                now.direction = Direction::In;
                now.irregularities.retain(|odd| odd.kind != IrregularityKind::TalkWithoutRing);
                now.transfers.push(Transfer { at, kind: TransferKind::ToUs, with: from });
            }
            call.outcome = Outcome::Answered;
            call.ended_by = Some(EndedBy::OtherSide);
            call.end(at);
            self.keep(call);
        }
    }

    /// What the agent asked that explains the end of this call.
    fn asked_to_end(&self, call: &Call, at: Moment) -> Option<&Asked> {
        let asked = self.evidence.ending.as_ref();
        // What passes on, or takes leave of, the one on the line does nothing to the one on hold.
        let is_held = call.holds.last().is_some_and(|hold| hold.to.is_none());
        asked.filter(|asked| {
            at.at - asked.at.at <= EXPLAINS
                && call.commands.contains(&asked.command)
                && (!is_held || asked.sent("pbxabortcall"))
        })
    }

    fn end(&mut self, mut call: Call, view: &View, replaced: bool, at: Moment) {
        let was_held = call.holds.last().is_some_and(|hold| hold.to.is_none());
        let lost = call.gaps.last().is_some_and(|gap| gap.to.is_none());
        let asked = self.asked_to_end(&call, at);
        let left = self
            .evidence
            .flash
            .is_some_and(|(kind, told)| kind == flash::LOST && at.at - told.at <= EXPLAINS);
        let mut outcome = match (call.was_talked_on(), call.direction) {
            (true, _) => Outcome::Answered,
            (false, _) if lost => Outcome::Lost,
            (false, Direction::In) if asked.is_some() => Outcome::Declined,
            (false, Direction::In) if self.evidence.phone_gone => Outcome::Failed,
            (false, Direction::In) => Outcome::Abandoned,
            (false, Direction::Out) => self.unanswered(&call, view),
            (false, Direction::Unknown) => Outcome::Unknown,
        };
        let mut ended_by = match (asked, outcome) {
            (Some(_), _) => Some(EndedBy::Agent),
            (None, Outcome::Abandoned) => Some(EndedBy::OtherSide),
            (None, _) => None,
        };
        if lost {
            outcome = Outcome::Lost;
            ended_by = None;
        } else if was_held && left {
            ended_by = Some(EndedBy::OtherSide);
            call.end_hold(at, HoldEnd::Left);
        } else if let Some(target) = self.blind_transfer(asked, &call, was_held) {
            let with = Some(OtherSide { number: target, ..OtherSide::default() });
            if call.transfers.len() < MAX_FACTS {
                call.transfers.push(Transfer { at, kind: TransferKind::Blind, with });
            }
            outcome = Outcome::Transferred;
        } else if let Some(conference) = self.goes_on_in_conference(&call, view).filter(|_| was_held) {
            call.end_hold(at, HoldEnd::Conferenced);
            call.link(LinkKind::GoesOnIn, conference, OtherSide::default(), at);
            outcome = Outcome::Answered;
        } else if replaced && !was_held && ended_by.is_none() {
            call.irregular(IrregularityKind::ReplacedWithoutEnd, at);
        }
        if lost {
            call.end_hold(at, HoldEnd::Lost);
        }
        call.outcome = outcome;
        call.ended_by = ended_by;
        call.end(at);
        self.keep(call);
    }

    /// The call of the line, if it is a conference with somebody of `call` in it.
    fn goes_on_in_conference(&self, call: &Call, view: &View) -> Option<CallId> {
        let mut members = view.parties.as_slice().iter().filter(|party| party.competitor.is_some());
        let is_in = view.conference.is_some() && members.any(|member| call.has_party(member));
        self.line.as_ref().filter(|_| is_in).map(|line| line.id.clone())
    }

    /// The agent asked to pass the talk on without speaking to the other first.
    fn blind_transfer(
        &self,
        asked: Option<&Asked>,
        call: &Call,
        was_held: bool,
    ) -> Option<Option<PhoneNumber>> {
        let asked = asked.filter(|_| call.was_talked_on() && !was_held)?;
        asked.sent("pbxmaketransfer").then(|| asked.target.clone())
    }

    fn unanswered(&self, call: &Call, view: &View) -> Outcome {
        let state = call.other.number.as_ref().and_then(|number| view.directory.numbers.get(number.as_str()));
        if self.evidence.phone_gone || view.line == LineState::Disconnected {
            Outcome::Failed
        } else if state == Some(number_state::BUSY) {
            Outcome::Busy
        } else {
            Outcome::NotAnswered
        }
    }

    /// The calls that ended, and will not be heard of again.
    pub(super) fn finished(&mut self, now: Moment) -> impl Iterator<Item = Call> {
        let is_over = |call: &Call| call.ended.is_none_or(|ended| now.at - ended.at > LINGER);
        let mut over = Vec::new();
        while self.ended.len() > MAX_LINGERING || self.ended.front().is_some_and(is_over) {
            over.extend(self.ended.pop_front());
        }
        over.into_iter()
    }

    /// The log ends here: every call, those that go on too.
    pub(super) fn close(&mut self, at: Moment) -> Vec<Call> {
        let mut calls: Vec<Call> = self.ended.drain(..).collect();
        for mut call in self.line.take().into_iter().chain(self.held.take()) {
            if call.gaps.last().is_some_and(|gap| gap.to.is_none()) {
                call.outcome = Outcome::Lost;
            } else {
                call.irregular(IrregularityKind::NeverEnded, at);
            }
            calls.push(call);
        }
        calls
    }
}

/// The call on the line follows what the view shows of it.
fn follow(call: &mut Call, view: &View, occupant: &Occupant, at: Moment) {
    if let Some(party) = &occupant.party {
        call.leg(party, at);
    }
    follow_conference(call, view, at);
    let kind = match view.line {
        LineState::Ring | LineState::BackRing => SpellKind::Ring,
        LineState::Call | LineState::BackCall => SpellKind::Dial,
        LineState::Talk if view.conference.is_some() => SpellKind::Conference,
        LineState::Talk | LineState::Ready | LineState::Disconnected | LineState::Unknown => SpellKind::Talk,
    };
    let callback = matches!(view.line, LineState::BackCall | LineState::BackRing);
    call.callback |= callback;
    if view.line == LineState::Talk && call.answered.is_none() {
        call.answered = Some(at);
    }
    call.goes_on(Some(kind), callback, at);
}

/// Who is in the call's conference.
fn follow_conference(call: &mut Call, view: &View, at: Moment) {
    let Some(conference) = view.conference.as_ref().filter(|_| view.line == LineState::Talk) else {
        return call.leave_conference(at);
    };
    if !call.is_in_conference(&conference.id) {
        call.leave_conference(at);
        call.leave_legs(at);
        if call.conferences.len() >= MAX_FACTS {
            return;
        }
        call.conferences.push(ConferenceSpell {
            conference: conference.id.clone(),
            name: None,
            room: None,
            ghost: false,
            from: at,
            to: None,
            members: Vec::new(),
        });
    }
    let Some(spell) = call.conferences.last_mut() else { return };
    spell.ghost |= conference.ghost;
    let present = view.parties.as_slice().iter().filter(|party| party.competitor.is_some());
    for party in present.clone() {
        let room = spell.members.len() < MAX_FACTS;
        let known = spell.members.iter_mut().find(|member| member.to.is_none() && member.key == party.key);
        match known {
            Some(member) => member.who = OtherSide::of(party),
            None if room => {
                let (who, key) = (OtherSide::of(party), key_of(party));
                let user = party.user.as_ref().map(|user| &user.id);
                let agent = user.is_some() && user == view.agent.user.as_ref();
                spell.members.push(Leg { who, agent, key, from: at, to: None });
            }
            None => {}
        }
    }
    for member in spell.members.iter_mut().filter(|member| member.to.is_none()) {
        if !present.clone().any(|party| party.key == member.key) {
            member.to = Some(at);
        }
    }
}

/// A call that was on hold when it was first seen.
fn found_held(held: &Held, at: Moment) -> Call {
    let other = held.party().map(|party| OtherSide::of(party)).unwrap_or_default();
    let chain = held.party().and_then(|party| party.chain.clone()).filter(|chain| !chain.is_none());
    let mut call = Call::new(chain, Direction::Unknown, other, at);
    if let Some(party) = held.party() {
        call.leg(party, at);
    }
    if let Held::Conference { id, name, room } = held {
        call.conferences.push(ConferenceSpell {
            conference: id.clone(),
            name: name.clone(),
            room: *room,
            ghost: false,
            from: at,
            to: None,
            members: Vec::new(),
        });
    }
    call.irregular(IrregularityKind::HoldWithoutTalk, at);
    call
}
