//! Clients: who they are, what they want told, and what comes of what they ask.

use std::collections::BTreeSet;

use callfold_engine::wire::{LoginSecret, Request as EngineRequest};
use callfold_engine::{ConferenceId, PhoneNumber, Span};
use serde_json::{Map, Value, json};

use super::builder::{Answering, Plain, Service};
use super::due::Due;
use super::plan::Rule;
use super::request::{Ask, CustomEvent, Login, Proof, Request, SetState, since};
use super::station::{End, Stage};
use super::tell::{Tell, Told, fields};
use super::{Pbx, Refused};
use crate::names::ClientId;

/// A client's connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Client {
    wire: Wire,
    stage: Stranger,
    pub(super) subscribed: BTreeSet<String>,
    /// The conferences whose events are wanted.
    pub(super) conferences: BTreeSet<ConferenceId>,
}

/// How a client is connected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wire {
    #[default]
    Plain,
    Tls,
}

/// Whether a client is known.
#[derive(Clone, Debug, Default)]
enum Stranger {
    #[default]
    Yes,
    No {
        number: PhoneNumber,
    },
}

impl Client {
    pub(super) fn over(wire: Wire) -> Self {
        Self { wire, ..Self::default() }
    }

    /// Whether it has not logged in over a wire that is not to be used.
    fn is_to_be_redirected(&self, plain: Plain) -> bool {
        plain == Plain::Redirected && self.wire == Wire::Plain && self.number().is_none()
    }

    /// The number of the user who is logged in here.
    pub(super) const fn number(&self) -> Option<&PhoneNumber> {
        match &self.stage {
            Stranger::Yes => None,
            Stranger::No { number } => Some(number),
        }
    }

    pub(super) fn is(&self, number: &PhoneNumber) -> bool {
        self.number() == Some(number)
    }
}

/// What a client still asks with its goodbye is answered before the close.
const GOODBYE: Span = Span::from_millis(20);

/// What a method answers: the fields of the answer, or a refusal.
type Answer = Result<Map<String, Value>, Refused>;

fn done() -> Answer {
    Ok(Map::new())
}

/// The digest that proves a password, as a client's login carries it.
fn digest(password: &str) -> Option<String> {
    let login = EngineRequest::Login { workplace: None, expires: None };
    let frame = login.write_login("", "", &LoginSecret::from_password(password)).ok()?;
    let frame: Value = serde_json::from_str(&frame).ok()?;
    Some(frame.get(1)?.get("Password")?.as_str()?.to_owned())
}

impl Pbx {
    /// Takes a message of a client.
    pub(super) fn take(&mut self, client: ClientId, text: &str) {
        let Some(known) = self.clients.get(&client) else { return };
        let number = known.number().cloned();
        let redirected = known.is_to_be_redirected(self.settings.plain);
        // What is no request gets no answer: the server cannot know what it was about.
        let Some(request) = Request::read(text) else { return };
        let events_from = self.told.len();
        let answer = self.do_ask(client, number.as_ref(), &request);
        // The answer comes before what the request brings about.
        let events = self.told.split_off(events_from);
        match (&request.ask, answer) {
            (Ask::Ping, _) => {
                let name = if redirected { "websocketredirect" } else { "pong" };
                self.send_as(client, name, fields(json!({ "qid": request.qid })), Some("ping"));
            }
            (_, Ok(body)) => self.answer_request(client, &request.method, &request.qid, body),
            (_, Err(refused)) => self.answer_request(client, &request.method, &request.qid, refused.body()),
        }
        self.told.extend(events);
    }

    fn do_ask(&mut self, client: ClientId, number: Option<&PhoneNumber>, request: &Request) -> Answer {
        if since(&request.method) > self.settings.dated {
            return Err(Refused::UnknownMethod);
        }
        match (&request.ask, number) {
            (Ask::Ping, _) => done(),
            (Ask::Login(login), _) => self.login(client, login),
            (_, None) => Err(Refused::NotLoggedIn),
            (ask, Some(number)) => self.do_known(client, number, ask),
        }
    }

    fn login(&mut self, client: ClientId, login: &Login) -> Answer {
        if self.settings.service == Service::Down {
            return Err(Refused::ServiceDown);
        }
        let number = self.number_by_login(&login.login).cloned();
        let number = match (&login.proof, number) {
            (Proof::Password(given), Some(number)) => {
                let right = self.users.get(&number).and_then(|user| digest(&user.password));
                if right.as_ref() != Some(given) {
                    return Err(Refused::WrongPassword);
                }
                number
            }
            (Proof::Session(session), number) => {
                let whose = self.sessions.get(session).ok_or(Refused::NoSession)?;
                number.filter(|number| number == whose).ok_or(Refused::ForeignSession)?
            }
            (Proof::Password(_), None) | (Proof::Nothing, _) => return Err(Refused::WrongPassword),
        };
        let Some(user) = self.users.get(&number) else { return Err(Refused::WrongPassword) };
        if user.desktop {
            return Err(Refused::DesktopClient);
        }
        let online: BTreeSet<&PhoneNumber> = self.clients.values().filter_map(Client::number).collect();
        if !online.contains(&number) && online.len() >= self.settings.licences {
            return Err(Refused::Licence);
        }
        let id = user.id.clone();
        let session = self.ids.guid().0;
        self.sessions.insert(session.clone(), number.clone());
        if let Some(client) = self.clients.get_mut(&client) {
            client.stage = Stranger::No { number };
        }
        Ok(fields(json!({ "result": 1, "userid": id.as_str(), "sessionid": session })))
    }

    fn logout(&mut self, client: ClientId, number: &PhoneNumber) {
        self.sessions.retain(|_, whose| whose != number);
        self.schedule(GOODBYE, Due::Close(client));
    }

    /// The connection of a client that said goodbye is closed.
    pub(super) fn close(&mut self, client: ClientId) {
        if let Some(known) = self.clients.get_mut(&client) {
            *known = Client::over(known.wire);
            self.told.push_back(Told { client, what: Tell::Close, answers: None });
        }
    }

    fn do_known(&mut self, client: ClientId, number: &PhoneNumber, ask: &Ask) -> Answer {
        let line = End::Line(number.clone());
        match ask {
            Ask::Ping | Ask::Login(_) => {}
            Ask::Logout => self.logout(client, number),
            Ask::Subscribe(events) => {
                if let Some(client) = self.clients.get_mut(&client) {
                    client.subscribed.extend(events.iter().cloned());
                }
            }
            Ask::Version => return Ok(self.version()),
            Ask::MyInfo => return Ok(self.my_info(number)),
            Ask::LunchTypes => {
                let items: Value = self
                    .settings
                    .break_reasons
                    .iter()
                    .map(|(id, name)| json!({ "id": id, "name": name }))
                    .collect();
                return Ok(fields(json!({ "items": items })));
            }
            Ask::UserState => return Ok(self.user_state(number)),
            Ask::RedirectRules => {
                let rules = self
                    .users
                    .get(number)
                    .map(|user| user.rules.iter().map(|rule| rule.whole.clone()).collect());
                return Ok(fields(
                    json!({ "redirectrules": rules.unwrap_or_else(|| Value::Array(Vec::new())) }),
                ));
            }
            Ask::PbxNumbers => return Ok(fields(json!({ "numbers": self.numbers() }))),
            Ask::UserNumbers => {
                let users = self.users.get(number).map(|me| self.user_numbers(me));
                return Ok(fields(json!({ "users": users })));
            }
            Ask::Photos => return Ok(fields(json!({ "links": [] }))),
            Ask::LinePicture => return Ok(fields(self.picture(number, self.now))),
            Ask::Queue => return Ok(fields(json!({ "queue": self.queue_of(number) }))),
            Ask::ConferenceInfo(None) => {
                return Ok(fields(json!({ "conference": null, "competitors": [] })));
            }
            Ask::ConferenceInfo(Some(id)) => return self.conference_info(id).ok_or(Refused::NoConference),
            Ask::Competitors(id) => {
                let list = self.competitors(id).ok_or(Refused::NoConference)?;
                return Ok(fields(json!({ "competitorlist": list })));
            }
            Ask::ConferenceEvents { conference, wanted } => self.watch(client, conference, *wanted)?,
            Ask::SetState(set) => {
                self.set_state(number, set.clone());
                return Ok(self.user_state(number));
            }
            Ask::CallCentre(inside) => {
                self.set_state(number, SetState { call_centre: Some(*inside), ..SetState::default() });
                return Ok(self.user_state(number));
            }
            Ask::Autocall { number: target, first, pickup } => {
                self.autocall(number, target, *first, *pickup)?;
            }
            Ask::AutocallAbort => self.abort_autocall(&line)?,
            Ask::Answer => self.answer_from_application(number)?,
            Ask::Abort => self.hang_up_end(&line)?,
            Ask::Decline => self.decline_end(&line)?,
            Ask::Flash(mode) => self.flash(&line, *mode)?,
            Ask::Transfer(target) => self.transfer(&line, target)?,
            Ask::BuildConference => self.build_conference(number)?,
            Ask::CreateConference(new) => self.create_conference(number, new.clone())?,
            Ask::Invite { conference, invitees } => self.invite_to(conference, &line, invitees)?,
            Ask::CanGather => return Ok(fields(json!({ "canconnecttogather": self.can_gather(&line) }))),
            Ask::Gather => self.gather(&line)?,
            Ask::PutOut { conference, competitor } => self.put_out(conference, &line, competitor)?,
            Ask::ExitConference(id) => self.leave(id, &line)?,
            Ask::AttachAsGhost(user) => self.attach_as_ghost(number, user)?,
            Ask::GhostMode { conference, mode } => self.set_ghost_mode(conference, &line, *mode)?,
            Ask::GhostHelp { conference, competitor, help } => {
                self.set_ghost_help(conference, &line, competitor, *help)?;
            }
            Ask::SaveRule { id, destination, whole } => {
                self.delete_rules(number, std::slice::from_ref(id));
                let rule = Rule { id: id.clone(), destination: destination.clone(), whole: whole.clone() };
                self.users.entry(number.clone()).and_modify(|user| user.rules.push(rule));
            }
            Ask::DeleteRules(ids) => self.delete_rules(number, ids),
            Ask::Procedure(name) => {
                let dataset = self.settings.procedures.get(name).ok_or(Refused::NoProcedure)?;
                return Ok(fields(json!({ "dataset": dataset })));
            }
            Ask::CustomEvent(event) => self.pass_on(number, event),
            Ask::HttpPassword => return Ok(fields(json!({ "password": self.ids.guid().0 }))),
            Ask::Journal(chain) => return Ok(self.journal_of(chain)),
            Ask::Unclear => return Err(Refused::BadParameters),
            Ask::Unknown => return Err(Refused::UnknownMethod),
        }
        done()
    }

    fn version(&self) -> Map<String, Value> {
        let dated = self.settings.dated;
        let procedures: Map<String, Value> =
            self.settings.procedures.keys().map(|name| (name.clone(), true.into())).collect();
        fields(json!({
            "version": { "dated": dated, "build": format!("2.12.0.{dated}"), "webserverport": 80 },
            "alloweddbstoredprocs": procedures,
        }))
    }

    fn my_info(&self, number: &PhoneNumber) -> Map<String, Value> {
        let Some(user) = self.users.get(number) else { return Map::new() };
        fields(json!({
            "mainpbxnumber": number.as_str(),
            "username": user.name,
            "hasline": true,
            "lineid": user.line.0,
            "linenumber": format!("00{}", number.as_str()),
            "isoperator": user.operator,
        }))
    }

    fn watch(&mut self, client: ClientId, conference: &ConferenceId, wanted: bool) -> Result<(), Refused> {
        if wanted && !self.conferences.contains_key(conference) {
            return Err(Refused::NoConference);
        }
        if let Some(client) = self.clients.get_mut(&client) {
            if wanted {
                client.conferences.insert(conference.clone());
            } else {
                client.conferences.remove(conference);
            }
        }
        Ok(())
    }

    /// The application answers what rings, if the phone can be told to.
    fn answer_from_application(&mut self, number: &PhoneNumber) -> Result<(), Refused> {
        let line = End::Line(number.clone());
        let answering = self.users.get(number).map_or(Answering::FromApplication, |user| user.answering);
        match (answering, self.call_of(&line)) {
            (Answering::FromApplication, _) => self.answer_end(&line),
            (Answering::ByHand, Some((_, call))) if !call.is_talk() => Ok(()),
            (Answering::ByHand, _) => Err(Refused::NothingRings),
        }
    }

    /// A callback is given up, by who asked for it.
    fn abort_autocall(&mut self, line: &End) -> Result<(), Refused> {
        let (id, call) = self.call_of(line).ok_or(Refused::NothingToEnd)?;
        match call.stage {
            Stage::Autocall(_) | Stage::PartyRings | Stage::BackRing(_) | Stage::Ring
                if call.from == *line =>
            {
                self.finish(id);
                Ok(())
            }
            Stage::Autocall(_)
            | Stage::PartyRings
            | Stage::BackRing(_)
            | Stage::Ring
            | Stage::Talk { .. } => Err(Refused::NothingToEnd),
        }
    }

    fn delete_rules(&mut self, number: &PhoneNumber, ids: &[String]) {
        if let Some(user) = self.users.get_mut(number) {
            user.rules.retain(|rule| !ids.contains(&rule.id));
        }
    }

    /// A client's event for others.
    fn pass_on(&mut self, sender: &PhoneNumber, event: &CustomEvent) {
        let wanted = |user: &super::plan::User| match &event.recipients {
            None => true,
            Some(list) => list
                .iter()
                .any(|name| name == user.login.as_str() || name.eq_ignore_ascii_case(user.id.as_str())),
        };
        let numbers: Vec<PhoneNumber> = self
            .users
            .values()
            .filter(|user| if user.number == *sender { event.send_back } else { wanted(user) })
            .map(|user| user.number.clone())
            .collect();
        for number in numbers {
            let body = json!({ "eventname": event.name, "eventparam": event.parameter });
            self.tell(&number, "customevent", fields(body));
        }
    }
}
