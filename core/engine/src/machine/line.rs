//! The line picture, and what the line's state follows from (spec part 2).

use serde::{Deserialize, Serialize};

use super::ask::{Ask, Reply};
use super::conference::AfterList;
use super::{Marks, Turn};
use crate::event::Event;
use crate::party::{Draft, Parties};
use crate::text::ConferenceId;
use crate::time::Span;
use crate::timer::Timer;
use crate::view::LineState;
use crate::wire::{Body, Flag, PhoneEvent, Request, body, given};

/// After `linestatechanged` and `flashstatechanged`.
pub(super) const AFTER_LINE_CHANGE: Span = Span::from_millis(500);
/// After a commutation or an autocall ended, or a commutation began.
const AFTER_COMMUTATION: Span = Span::from_millis(700);
/// After the user state changed to another id.
pub(super) const AFTER_USER_STATE: Span = Span::from_millis(400);

/// The most pictures that may be due at once: a server that reports without end makes us ask no more.
const MAX_PICTURES_DUE: usize = 16;

/// What of a picture decides the line's state, and what was before it. Kept while the list of the picture's
/// conference is awaited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    autocall: bool,
    ringing: bool,
    callback: bool,
    connected: bool,
    menu_connected: bool,
    dialling: bool,
    line: WireLine,
    talk: Span,
    marks: Marks,
    before: LineState,
    parties_before: Parties,
}

/// `linestatestr`, as far as rules ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum WireLine {
    Commutated,
    Disconnected,
    Reserved,
    Other,
}

impl Facts {
    fn of(
        marks: Marks,
        picture: &body::Picture<'_>,
        abonent: &body::Abonent<'_>,
        before: LineState,
        parties: Parties,
    ) -> Self {
        let line = match given(&picture.linestatestr) {
            Some("lsCommutated") => WireLine::Commutated,
            Some("lsDisconnected") => WireLine::Disconnected,
            Some("lsReserved") => WireLine::Reserved,
            Some(_) | None => WireLine::Other,
        };
        let Flag(menu) = abonent.isivr;
        Self {
            autocall: abonent.isautocall.0,
            ringing: abonent.isringing.0,
            callback: given(&abonent.direction) == Some("acm_callback"),
            connected: abonent.iscommutated.0 || abonent.iswaitinginflash.0 || abonent.isconference.0,
            menu_connected: line == WireLine::Commutated && menu && !abonent.iswaitingforanswer.0,
            dialling: given(&abonent.extline).is_some() || given(&abonent.number).is_some(),
            line,
            talk: Span::from_secs(picture.timertalklensec.map(|secs| secs.0).unwrap_or_default()),
            marks,
            before,
            parties_before: parties,
        }
    }
}

/// What waits for a picture to be read to its end, its conference's list included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum AfterPicture {
    /// Nothing.
    Nothing,
    /// The list of our conference is asked for.
    AskList,
    /// Loading ends.
    Loaded,
    /// The conference that was built from the talk is there.
    Built,
}

impl AfterPicture {
    /// Whether loading, or a command, waits for it.
    pub(super) const fn is_awaited(self) -> bool {
        match self {
            Self::Loaded | Self::Built => true,
            Self::Nothing | Self::AskList => false,
        }
    }
}

/// How a state is entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// By a picture: the old state stops with the parties from before it.
    ByPicture { before: Parties, even_if_same: bool },
    /// Without a picture: the old state stops without parties.
    WithoutPicture,
}

impl Turn<'_> {
    /// Asks for a line picture now.
    pub(super) fn ask_picture(&mut self) {
        self.ask(Request::LinePicture, Ask::Picture(AfterPicture::Nothing));
    }

    /// Asks for a line picture later.
    pub(super) fn picture_in(&mut self, span: Span) {
        let due = self.at + span;
        let timers = &mut self.memory.timers;
        // At the end of time nothing is later.
        if due > self.at && !timers.is_set_at(due, Timer::Picture) {
            if timers.count(Timer::Picture) >= MAX_PICTURES_DUE {
                timers.cancel(Timer::Picture);
            }
            timers.set(due, Timer::Picture);
        }
    }

    /// A `phoneevent_…` came.
    pub(super) fn phone_event(&mut self, event: PhoneEvent, phone: &body::Phone<'_>) {
        match event {
            PhoneEvent::RingStarted | PhoneEvent::RingStopped => {
                self.ask(Request::LinePicture, Ask::Picture(AfterPicture::AskList));
            }
            PhoneEvent::AutocallStarted => {
                self.memory.marks.autocall_pending = true;
                self.ask_picture();
            }
            PhoneEvent::AutocallStopped => self.picture_in(AFTER_COMMUTATION),
            PhoneEvent::CommutationStarted => {
                self.set_talk_clock(Span::ZERO);
                match given(&phone.confid).filter(|_| phone.isconference.0) {
                    Some(conference) => self.conference_commutation(&ConferenceId::from(conference)),
                    None => self.picture_in(AFTER_COMMUTATION),
                }
            }
            PhoneEvent::CommutationStopped => {
                if self.view.talk_since.is_some() {
                    self.tell(Event::TalkClockStopped);
                }
                self.memory.marks.commutation_stopped = true;
                self.picture_in(AFTER_COMMUTATION);
            }
            PhoneEvent::MenuStarted => {
                if phone.isroutingivr.0 && self.view.line == LineState::Ready {
                    self.ask_picture();
                }
            }
            PhoneEvent::MenuStopped
            | PhoneEvent::FaxStarted
            | PhoneEvent::FaxStopped
            | PhoneEvent::FaxReceived => {}
        }
    }

    pub(super) fn picture_answered(&mut self, then: AfterPicture, reply: Reply<'_>) {
        match (reply.accepted(), reply.body()) {
            (true, Some(Body::Picture(picture))) => self.read_picture(picture, then),
            (_, _) => self.picture_read(then),
        }
    }

    /// Reads a picture.
    pub(super) fn read_picture(&mut self, picture: &body::Picture<'_>, then: AfterPicture) {
        let before = self.view.line;
        let parties = self.view.parties.clone();
        match picture.flashed.as_ref().filter(|_| picture.isflashing.0) {
            Some(flashed) => self.take_held(flashed),
            None => self.nobody_held(),
        }

        let Some(abonent) = &picture.abonent else { return self.line_known(then) };
        let facts = Facts::of(self.memory.marks, picture, abonent, before, parties);
        if let Some(conference) = given(&abonent.conferenceid) {
            let conference = self.conference_id(conference);
            self.set_conference(Some(&conference), ListWanted::No);
            return self.ask_list(conference, AfterList::State { facts: Box::new(facts), then });
        }
        self.set_one_party(picture, abonent);
        self.set_conference(None, ListWanted::No);
        self.enter_by_rules(facts);
        self.line_known(then);
    }

    /// A picture is read to its end: what line, hold and parties are is known.
    pub(super) fn line_known(&mut self, then: AfterPicture) {
        if self.view.stale_since.is_some() && self.view.connection.is_logged_in() {
            self.tell(Event::LineKnownAgain);
        }
        self.picture_read(then);
    }

    /// A picture is read to its end, or there is none.
    pub(super) fn picture_read(&mut self, then: AfterPicture) {
        match then {
            AfterPicture::Nothing => {}
            AfterPicture::AskList => self.ask_conference_info(AfterList::Nothing),
            AfterPicture::Loaded => self.all_loaded(),
            AfterPicture::Built => self.conferences_built(),
        }
    }

    /// Rule 2 of a picture: the one party.
    fn set_one_party(&mut self, picture: &body::Picture<'_>, abonent: &body::Abonent<'_>) {
        let conference = self.view.conference.as_ref().map(|conference| conference.id.clone());
        let draft =
            Draft::of_line(abonent, given(&picture.chainid), given(&picture.calledid), conference.as_ref());
        let old = self.view.parties.as_slice();
        let last = old.last();
        if draft.is_somebody() {
            let Some(last) = last.filter(|last| draft.has_told_key() && draft.has_key_of(last)) else {
                return self.tell(Event::PartiesChanged { parties: Parties::one(draft.build()) });
            };
            if old.len() != 1 || !draft.is_same_as(last) {
                self.tell(Event::PartiesRefreshed { parties: Parties::one(draft.build()) });
            }
        } else if let Some(last) = last {
            if abonent.isivr.0 || self.memory.marks.autocall_pending {
                if old.len() != 1 {
                    let parties = Parties::one(last.clone());
                    self.tell(Event::PartiesRefreshed { parties });
                }
            } else {
                self.tell(Event::PartiesChanged { parties: Parties::NONE });
            }
        }
    }

    /// Rule 3 of a picture: the first rule that fits decides the state.
    pub(super) fn enter_by_rules(&mut self, facts: Facts) {
        let marks = facts.marks;
        let mut even_if_same = false;
        let state = if marks.autocall_pending && !facts.autocall && facts.before == LineState::Ready {
            LineState::BackRing
        } else if facts.autocall {
            self.memory.marks.autocall_pending = false;
            LineState::BackCall
        } else if facts.ringing {
            if facts.callback || facts.before == LineState::BackRing {
                LineState::BackRing
            } else {
                LineState::Ring
            }
        } else if (!marks.autocall_pending && facts.connected) || facts.menu_connected {
            self.set_talk_clock(facts.talk);
            even_if_same = marks.commutation_stopped;
            self.memory.marks.commutation_stopped = false;
            LineState::Talk
        } else if facts.dialling {
            self.memory.marks.autocall_pending = false;
            LineState::Call
        } else {
            match facts.line {
                WireLine::Disconnected => {
                    return self.enter_line(LineState::Disconnected, Entry::WithoutPicture);
                }
                WireLine::Reserved => return,
                WireLine::Commutated | WireLine::Other => {
                    self.memory.marks = Marks::default();
                    LineState::Ready
                }
            }
        };
        self.enter_line(state, Entry::ByPicture { before: facts.parties_before, even_if_same });
    }

    pub(super) fn set_talk_clock(&mut self, length: Span) {
        let since = self.at - length;
        if self.view.talk_since != Some(since) {
            self.tell(Event::TalkClockSet { since });
        }
    }

    /// Enters a line state, and announces it.
    pub(super) fn enter_line(&mut self, to: LineState, entry: Entry) {
        let from = self.view.line;
        let (before, even_if_same) = match entry {
            Entry::ByPicture { before, even_if_same } => (Some(before), even_if_same),
            Entry::WithoutPicture => (None, false),
        };
        if from == to && !even_if_same {
            return;
        }
        self.entering = Some(to);
        if matches!(to, LineState::Ready | LineState::Disconnected) {
            if !self.view.parties.is_empty() {
                self.tell(Event::PartiesChanged { parties: Parties::NONE });
            }
            self.set_conference(None, ListWanted::No);
            if to == LineState::Disconnected {
                self.nobody_held();
            }
        }
        self.entering = None;
        self.tell(Event::LineChanged { to, from });
        if has_announcements(from) {
            self.tell(Event::LineStopped { state: from, parties: before.clone() });
        }
        if has_announcements(to) {
            let now = self.view.parties.clone();
            let parties = if now.is_empty() { before.unwrap_or_default() } else { now };
            self.tell(Event::LineStarted { state: to, parties });
        }
    }
}

/// Whether a change of conference asks for its list, or the list is coming anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListWanted {
    Yes,
    No,
}

/// Whether the start and stop of a state are announced.
const fn has_announcements(state: LineState) -> bool {
    match state {
        LineState::Unknown | LineState::Disconnected => false,
        LineState::Ready
        | LineState::Ring
        | LineState::BackRing
        | LineState::Call
        | LineState::BackCall
        | LineState::Talk => true,
    }
}
