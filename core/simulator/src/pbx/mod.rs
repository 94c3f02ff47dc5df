//! The PBX: pure and deterministic. Messages and deeds go in, with the time; what each client is to be told comes out.

mod agent;
mod builder;
mod calls;
mod conference;
mod due;
mod ghost;
mod hold;
mod journal;
mod picture;
mod plan;
mod queue;
mod request;
mod session;
mod station;
mod tell;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use callfold_engine::{ConferenceId, PhoneNumber, Timestamp};
use serde_json::{Map, Value, json};

pub use self::agent::{AgentState, Presence};
pub use self::builder::{Account, BuildError, Manners, PbxBuilder};
pub use self::tell::{Tell, Told};

use self::builder::{Outsider, Settings};
use self::calls::Way;
use self::conference::Conference;
use self::due::Due;
use self::journal::Row;
use self::plan::{Fixture, Route, User};
use self::request::Invitee;
use self::session::{Client, Wire};
use self::station::{Call, End, Outside, Pickup, Place, Stage, Station};
use crate::names::{CallId, ClientId, Ids, OutsideId, Phone};

/// Why something cannot be done. Clients get it as `error` and `errormsg` of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The password or the login is wrong.
    #[error("Wrong login/pass combination")]
    WrongPassword,
    /// The session is over, or never was.
    #[error("Bad request. Session does not exist")]
    NoSession,
    /// The session is another user's.
    #[error("Bad request. Invalid session user")]
    ForeignSession,
    /// The user sits at the desktop client.
    #[error("User is logged in with the desktop client")]
    DesktopClient,
    /// As many users as the licence allows are logged in.
    #[error("Max online users count reached")]
    Licence,
    /// The service is down.
    #[error("Service not available")]
    ServiceDown,
    /// Nobody is logged in on this connection.
    #[error("Bad request. Not authorized")]
    NotLoggedIn,
    /// No such method, or not yet.
    #[error("no such method")]
    UnknownMethod,
    /// The parameters do not say what the method needs.
    #[error("bad parameters")]
    BadParameters,
    /// The user may not do this.
    #[error("not enough rights")]
    NoRights,
    /// No such stored procedure.
    #[error("no such procedure")]
    NoProcedure,
    /// The number is busy, has no phone, or is none; or the line itself is.
    #[error("busy")]
    Busy,
    /// The line has no phone.
    #[error("no phone")]
    NoPhone,
    /// Nothing rings there.
    #[error("nothing rings")]
    NothingRings,
    /// Nothing goes on there.
    #[error("nothing to end")]
    NothingToEnd,
    /// There is no talk that this could be done with.
    #[error("not talking")]
    NotTalking,
    /// Nobody is held.
    #[error("nobody is held")]
    NothingHeld,
    /// Nobody is held, and nobody there who could be.
    #[error("nothing to hold")]
    NothingToHold,
    /// No such conference, or not in it.
    #[error("no such conference")]
    NoConference,
    /// Nobody of that id is in the conference.
    #[error("no such competitor")]
    NoSuchCompetitor,
    /// Not in a voice menu.
    #[error("not in a menu")]
    NotInMenu,
    /// There is no such phone.
    #[error("no such phone")]
    NoSuchPhone,
}

impl Refused {
    const fn code(self) -> i64 {
        match self {
            Self::WrongPassword => 50_013,
            Self::NoSession => 50_014,
            Self::ForeignSession => 50_015,
            Self::DesktopClient => 50_093,
            Self::Licence => 50_025,
            Self::ServiceDown => 50_001,
            Self::NotLoggedIn => 50_002,
            Self::UnknownMethod => 9,
            Self::BadParameters => 10,
            Self::NoRights => 52_710,
            Self::NoProcedure => 5,
            Self::Busy => 3,
            Self::NoPhone => 4,
            Self::NothingRings => 20,
            Self::NothingToEnd => 21,
            Self::NotTalking => 22,
            Self::NothingHeld => 23,
            Self::NothingToHold => 24,
            Self::NoConference => 25,
            Self::NoSuchCompetitor => 26,
            Self::NotInMenu => 27,
            Self::NoSuchPhone => 28,
        }
    }

    fn body(self) -> Map<String, Value> {
        tell::fields(json!({ "result": 0, "error": self.code(), "errormsg": self.to_string() }))
    }
}

/// What somebody outside does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutsideState {
    /// Hears it ring, or waits in a queue.
    Calling,
    /// Their phone rings.
    Ringing,
    /// Talks to somebody, or to a menu.
    Talking,
    /// Is held.
    Held,
    /// Is in a conference.
    Conference,
    /// Is gone.
    Gone,
}

/// A PBX without sockets: see the [crate's documentation](crate) for how it is used.
///
/// Every deed takes the time; a time before the last one counts as the last one. After each, [`Pbx::take_told`]
/// has what clients are to be told, and [`Pbx::poll_timeout`] says when [`Pbx::tick`] is due.
#[derive(Clone)]
pub struct Pbx {
    now: Timestamp,
    ids: Ids,
    settings: Settings,
    users: BTreeMap<PhoneNumber, User>,
    fixtures: BTreeMap<PhoneNumber, Fixture>,
    outsiders: BTreeMap<PhoneNumber, Outsider>,
    unplugged: BTreeSet<PhoneNumber>,
    clients: BTreeMap<ClientId, Client>,
    sessions: BTreeMap<String, PhoneNumber>,
    stations: BTreeMap<End, Station>,
    outsides: BTreeMap<OutsideId, Outside>,
    calls: BTreeMap<CallId, Call>,
    conferences: BTreeMap<ConferenceId, Conference>,
    journal: VecDeque<Row>,
    due: BTreeMap<(Timestamp, u64), Due>,
    told: VecDeque<Told>,
    told_numbers: BTreeMap<PhoneNumber, i64>,
    /// The last event of each name that a user was told.
    last_told: BTreeMap<(PhoneNumber, String), Map<String, Value>>,
}

impl Pbx {
    /// Lays out a PBX.
    pub fn builder() -> PbxBuilder {
        PbxBuilder::default()
    }

    fn new(
        users: BTreeMap<PhoneNumber, User>,
        fixtures: BTreeMap<PhoneNumber, Fixture>,
        outsiders: BTreeMap<PhoneNumber, Outsider>,
        settings: Settings,
        ids: Ids,
    ) -> Self {
        let mut pbx = Self {
            now: Timestamp::from_micros(0),
            ids,
            settings,
            users,
            fixtures,
            outsiders,
            unplugged: BTreeSet::new(),
            clients: BTreeMap::new(),
            sessions: BTreeMap::new(),
            stations: BTreeMap::new(),
            outsides: BTreeMap::new(),
            calls: BTreeMap::new(),
            conferences: BTreeMap::new(),
            journal: VecDeque::new(),
            due: BTreeMap::new(),
            told: VecDeque::new(),
            told_numbers: BTreeMap::new(),
            last_told: BTreeMap::new(),
        };
        pbx.know_states();
        pbx
    }

    /// What is due by now is done first; then the deed; then the queue moves on.
    fn at<T>(&mut self, now: Timestamp, deed: impl FnOnce(&mut Self) -> T) -> T {
        self.run_due(now);
        self.now = self.now.max(now);
        let done = deed(self);
        self.settle();
        done
    }

    // ---- clients ----

    /// A client's connection is open.
    pub fn connect(&mut self) -> ClientId {
        self.connect_over(Wire::Plain)
    }

    /// A client's connection is open, over TLS. That makes a difference only where
    /// [plain ones are redirected](PbxBuilder::redirects_to_wss).
    pub fn connect_secure(&mut self) -> ClientId {
        self.connect_over(Wire::Tls)
    }

    fn connect_over(&mut self, wire: Wire) -> ClientId {
        let id = ClientId(self.ids.next());
        self.clients.insert(id, Client::over(wire));
        id
    }

    /// A client's connection is gone. Its calls go on: they are the phone's.
    pub fn disconnect(&mut self, client: ClientId) {
        self.clients.remove(&client);
        self.told.retain(|told| told.client != client);
    }

    /// A client sent a message.
    pub fn request(&mut self, now: Timestamp, client: ClientId, text: &str) {
        self.at(now, |pbx| pbx.take(client, text));
    }

    /// What clients are to be told since the last time, in order.
    pub fn take_told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told).into()
    }

    /// When [`Pbx::tick`] is due, if nothing happens before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Timestamp> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// Does what is due by now.
    pub fn tick(&mut self, now: Timestamp) {
        self.at(now, |_| ());
    }

    // ---- phones ----

    /// Somebody outside calls a number. What comes of it, [`Pbx::outside`] says.
    pub fn external_call(&mut self, now: Timestamp, from: &str, to: &str) -> OutsideId {
        self.at(now, |pbx| {
            let id = pbx.new_outside(&from.into());
            let route = match pbx.route(&to.into()) {
                // From outside to outside is no call of ours.
                Route::Outside(number) if pbx.redirected(&to.into()) != Some(&number) => {
                    Route::Nowhere(number)
                }
                route @ (Route::Line(_)
                | Route::Outside(_)
                | Route::Queue(_)
                | Route::Menu(_)
                | Route::Nowhere(_)) => route,
            };
            pbx.place_call(End::Outside(id), route, Pickup::ByHand);
            id
        })
    }

    /// Where an agent's calls are redirected to now.
    fn redirected(&self, number: &PhoneNumber) -> Option<&PhoneNumber> {
        let user = self.users.get(number).filter(|user| user.agent.redirect)?;
        user.rules.last().map(|rule| &rule.destination)
    }

    /// A number is dialled at an agent's phone; with somebody on the line, as a consultation.
    ///
    /// # Errors
    /// [`Refused`] if there is no such phone, or it is not in a state to dial.
    pub fn dial(&mut self, now: Timestamp, line: &str, number: &str) -> Result<(), Refused> {
        self.at(now, |pbx| {
            let line = PhoneNumber::from(line);
            if !pbx.users.contains_key(&line) || pbx.unplugged.contains(&line) {
                return Err(Refused::NoSuchPhone);
            }
            let route = pbx.route(&number.into());
            pbx.consult(&End::Line(line), route, Pickup::ByHand, Way::Phone)
        })
    }

    /// A phone is lifted: what rings there is answered.
    ///
    /// # Errors
    /// [`Refused::NothingRings`]
    pub fn answer(&mut self, now: Timestamp, phone: impl Into<Phone>) -> Result<(), Refused> {
        let end = phone.into().into();
        self.at(now, |pbx| pbx.answer_end(&end))
    }

    /// A ringing phone is put off.
    ///
    /// # Errors
    /// [`Refused::NothingRings`]
    pub fn decline(&mut self, now: Timestamp, phone: impl Into<Phone>) -> Result<(), Refused> {
        let end = phone.into().into();
        self.at(now, |pbx| pbx.decline_end(&end))
    }

    /// A phone is put down. With somebody held, the two are connected.
    ///
    /// # Errors
    /// [`Refused::NothingToEnd`]
    pub fn hang_up(&mut self, now: Timestamp, phone: impl Into<Phone>) -> Result<(), Refused> {
        let end = phone.into().into();
        self.at(now, |pbx| pbx.hang_up_end(&end))
    }

    /// The hold key of an agent's phone: puts on hold, takes back, or changes between the two.
    ///
    /// # Errors
    /// [`Refused::NothingToHold`]
    pub fn hold(&mut self, now: Timestamp, line: &str) -> Result<(), Refused> {
        let line = End::Line(line.into());
        self.at(now, |pbx| pbx.flash(&line, request::FlashMode::Switch))
    }

    /// Who is in a voice menu chooses a number.
    ///
    /// # Errors
    /// [`Refused::NotInMenu`]; [`Refused::Busy`] if the number cannot be reached: they stay in the menu.
    pub fn choose(&mut self, now: Timestamp, phone: impl Into<Phone>, number: &str) -> Result<(), Refused> {
        let end = phone.into().into();
        self.at(now, |pbx| pbx.leave_menu(&end, &number.into()))
    }

    /// A conference is opened at another client of the agent's: the agent and these numbers are in it from now on. Who
    /// the agent has on hold stays there.
    ///
    /// # Errors
    /// [`Refused::NoSuchPhone`]; [`Refused::Busy`] if the agent is on the line, or one of the numbers cannot come.
    pub fn conference(
        &mut self,
        now: Timestamp,
        line: &str,
        others: &[&str],
    ) -> Result<ConferenceId, Refused> {
        let others: Vec<PhoneNumber> = others.iter().map(|number| PhoneNumber::from(*number)).collect();
        self.at(now, |pbx| pbx.assemble(&line.into(), &others))
    }

    /// A number is invited to the conference that the agent is on, at another client of the agent's.
    ///
    /// # Errors
    /// [`Refused::NoConference`] if the agent is on none; [`Refused::NoRights`] if it is a ghost's.
    pub fn invite(&mut self, now: Timestamp, line: &str, number: &str) -> Result<(), Refused> {
        let end = End::Line(line.into());
        self.at(now, |pbx| match pbx.on(&end).cloned() {
            Some(Place::Conference(id)) => pbx.invite_to(&id, &end, &[Invitee::Number(number.into())]),
            Some(Place::Call(_)) | None => Err(Refused::NoConference),
        })
    }

    /// The agent's state is set at another client of theirs.
    ///
    /// # Errors
    /// [`Refused::NoSuchPhone`]
    pub fn set_agent(&mut self, now: Timestamp, line: &str, state: AgentState) -> Result<(), Refused> {
        let number = PhoneNumber::from(line);
        self.at(now, |pbx| {
            if !pbx.users.contains_key(&number) {
                return Err(Refused::NoSuchPhone);
            }
            pbx.take_over_state(&number, state);
            Ok(())
        })
    }

    /// The last event of this name is told to the agent's clients once more, as servers do that double and delay. False
    /// if there was none.
    pub fn tell_again(&mut self, now: Timestamp, line: &str, event: &str) -> bool {
        let number = PhoneNumber::from(line);
        self.at(now, |pbx| {
            let last = pbx.last_told.get(&(number.clone(), event.to_owned())).cloned();
            last.map(|body| pbx.tell(&number, event, body)).is_some()
        })
    }

    /// An agent's phone is unplugged: what went on there is over.
    ///
    /// # Errors
    /// [`Refused::NoSuchPhone`]
    pub fn unplug(&mut self, now: Timestamp, line: &str) -> Result<(), Refused> {
        let number = PhoneNumber::from(line);
        self.at(now, |pbx| {
            if !pbx.users.contains_key(&number) {
                return Err(Refused::NoSuchPhone);
            }
            let end = End::Line(number.clone());
            pbx.unplugged.insert(number);
            for place in [pbx.on(&end).cloned(), pbx.held(&end).cloned()].into_iter().flatten() {
                match place {
                    Place::Call(id) => pbx.finish(id),
                    Place::Conference(id) => pbx.leave(&id, &end)?,
                }
            }
            pbx.refresh(&end);
            pbx.tell_line(&end);
            Ok(())
        })
    }

    /// An agent's phone is plugged in again.
    ///
    /// # Errors
    /// [`Refused::NoSuchPhone`]
    pub fn plug_in(&mut self, now: Timestamp, line: &str) -> Result<(), Refused> {
        let number = PhoneNumber::from(line);
        self.at(now, |pbx| {
            if !pbx.unplugged.remove(&number) {
                return Err(Refused::NoSuchPhone);
            }
            let end = End::Line(number);
            pbx.refresh(&end);
            pbx.tell_line(&end);
            Ok(())
        })
    }

    // ---- what is so ----

    /// What somebody outside does.
    #[must_use]
    pub fn outside(&self, id: OutsideId) -> OutsideState {
        let end = End::Outside(id);
        match self.on(&end) {
            None => OutsideState::Gone,
            Some(Place::Conference(_)) => OutsideState::Conference,
            Some(place @ Place::Call(call)) => match self.calls.get(call) {
                None => OutsideState::Gone,
                Some(call) => match call.stage {
                    Stage::Talk { .. } if self.holds(call.other(&end), place) => OutsideState::Held,
                    Stage::Talk { .. } => OutsideState::Talking,
                    Stage::Ring | Stage::PartyRings if call.to == end => OutsideState::Ringing,
                    Stage::Ring | Stage::PartyRings | Stage::BackRing(_) | Stage::Autocall(_) => {
                        OutsideState::Calling
                    }
                },
            },
        }
    }

    /// Who was called outside under this number, the last one first called if there are several.
    #[must_use]
    pub fn find_outside(&self, number: &str) -> Option<OutsideId> {
        let mut found = self.outsides.iter().filter(|(_, outside)| outside.number.as_str() == number);
        found.next_back().map(|(id, _)| *id)
    }

    /// The line picture of an agent's line now: what `getextendedlineinfo` answers. None for no such line.
    #[must_use]
    pub fn line_picture(&self, now: Timestamp, line: &str) -> Option<Value> {
        let number = PhoneNumber::from(line);
        self.users.contains_key(&number).then(|| self.picture(&number, self.now.max(now)))
    }

    /// Sends this text to every client of a line, as it is: what a server might say that this PBX never does. How many
    /// there were.
    pub fn say(&mut self, now: Timestamp, line: &str, text: &str) -> usize {
        let clients = self.clients_of(line);
        self.at(now, |pbx| {
            for client in &clients {
                let what = Tell::Frame(text.to_owned());
                pbx.told.push_back(Told { client: *client, what, answers: None });
            }
        });
        clients.len()
    }

    /// The session ids that logins of the user with this number were given: what a test looks for where it must not
    /// be.
    #[must_use]
    pub fn sessions_of(&self, line: &str) -> Vec<String> {
        let of_line = self.sessions.iter().filter(|(_, whose)| whose.as_str() == line);
        of_line.map(|(session, _)| session.clone()).collect()
    }

    /// The clients that are logged in as the user with this number.
    #[must_use]
    pub fn clients_of(&self, line: &str) -> Vec<ClientId> {
        let number = PhoneNumber::from(line);
        self.clients.iter().filter(|(_, client)| client.is(&number)).map(|(id, _)| *id).collect()
    }
}
