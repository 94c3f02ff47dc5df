//! A session to write rules down with: what the server says, what the agent does, what is told and sent.
//!
//! Everything is told in short lines, so that a test reads like the rule it is named by:
//! `ringStart [+79161234567]`, `result call 2106`, `pbxmaketransfer {"transferto":"102"}`.

#![allow(dead_code, unreachable_pub)] // each test binary uses its part of it

use std::fmt::Write as _;

use callfold_engine::announce::{Announcement, announcement};
use callfold_engine::wire::{FrameText, LoginSecret};
use callfold_engine::{
    CallSequence, Command, Config, Credential, CredentialHandle, Effect, Endpoint, Event, GhostMode, Input,
    InputKind, Machine, NewConference, Outcome, SocketId, Timer, Timestamp, View,
};
use serde_json::{Map, Value, json};

/// When every session begins, in milliseconds.
pub const EPOCH: i64 = 1_768_197_600_000;
/// The agent's user id.
pub const ME: &str = "d8af50ea-74a6-4a57-b0d5-451962f6c042";
/// A colleague with number 102, whose calls the agent may join.
pub const ANNA: &str = "3357f4d2-b37c-4809-9a1a-e4d64808de1b";
/// A colleague with number 103.
pub const PETER: &str = "7b1f0c5e-2f0d-4a43-9c77-0c1de5a1f103";
/// A customer.
pub const CUSTOMER: &str = "+79161234567";
/// A conference.
pub const CONF: &str = "9f3a1f00-1111-4222-8333-444455556666";
/// Another one.
pub const CONF2: &str = "9f3a1f00-2222-4222-8333-444455556666";

/// A request that has no answer yet.
#[derive(Clone, Debug)]
struct Asked {
    qid: u64,
    method: String,
    socket: SocketId,
}

/// One agent's line: a machine, virtual time, and what came of the inputs since the last look.
pub struct Session {
    pub machine: Machine,
    outcome: Outcome,
    /// Microseconds since 1970.
    now: i64,
    dialled: Vec<(SocketId, String)>,
    asked: Vec<Asked>,
    told: Vec<Announcement>,
    sent: Vec<String>,
    done: Vec<String>,
    /// Every event since the beginning.
    pub events: Vec<Event>,
}

impl Session {
    pub fn new(config: Config) -> Self {
        Self {
            machine: Machine::new(config),
            outcome: Outcome::default(),
            now: EPOCH * 1_000,
            dialled: Vec::new(),
            asked: Vec::new(),
            told: Vec::new(),
            sent: Vec::new(),
            done: Vec::new(),
            events: Vec::new(),
        }
    }

    pub fn live() -> Self {
        Self::new(Config::live())
    }

    pub fn replay() -> Self {
        Self::new(Config::replay())
    }

    /// The password is checked and the login answered; loading begins.
    pub fn logging_in() -> Self {
        let mut session = Self::live();
        session.command(connect(&["pbx.local"])).open().pong();
        session
    }

    /// Logged in and loaded, the line ready, nothing told or sent that was not looked at.
    pub fn connected() -> Self {
        Self::connected_to(json!({}))
    }

    /// As [`Session::connected`], to a server that answers some methods in its own way.
    pub fn connected_to(server: Value) -> Self {
        let mut session = Self::logging_in();
        session.load(server);
        assert!(session.view().connection.is_logged_in(), "{:?}", session.view().connection);
        // The first user state asks for a picture once more.
        session.wait(400).answer_nothing().forget();
        session
    }

    /// Connected, and talking with the customer.
    pub fn talking() -> Self {
        let mut session = Self::connected();
        session.picture(talk(CUSTOMER));
        session.forget();
        session
    }

    /// Connected, talking with Anna, and the customer is held.
    pub fn consulting() -> Self {
        let mut session = Self::connected();
        session.picture(talk("102").held(json!({ "number": CUSTOMER })));
        session.forget();
        session
    }

    /// In a conference that we made, with Anna.
    pub fn in_conference() -> Self {
        let mut session = Self::connected();
        session.picture(conference(CONF));
        session.answer("getconferenceinfo", members(CONF, &[me_as_creator(), anna()]));
        session.forget();
        assert_eq!(session.view().parties.as_slice().len(), 2);
        session
    }

    pub const fn view(&self) -> &View {
        self.machine.view()
    }

    /// Answers what loading asks, as the usual server does or as `server` has it.
    pub fn load(&mut self, server: Value) -> &mut Self {
        for _ in 0..64 {
            let next = self.asked.iter().find_map(|asked| {
                let answer = server.get(&asked.method).cloned().or_else(|| usual_answer(&asked.method))?;
                Some((asked.clone(), answer))
            });
            let Some((asked, answer)) = next else { return self };
            if answer.is_null() {
                self.asked.retain(|other| other.qid != asked.qid); // this one is never answered
            } else {
                self.reply(&asked, answer);
            }
        }
        panic!("loading never ends");
    }

    pub fn input(&mut self, kind: InputKind<'_>) -> &mut Self {
        let input = Input { at: Timestamp::from_micros(self.now), kind };
        self.machine.handle(&input, &mut self.outcome);
        for event in &self.outcome.events {
            self.told.extend(announcement(event));
            if let Event::CommandDone { name, result, .. } = event {
                let value = callfold_engine::announce::result_value(result);
                self.done.push(format!("{} {}", name.text(), short(&value)));
            }
        }
        self.events.extend_from_slice(&self.outcome.events);
        for effect in &self.outcome.effects {
            match effect {
                Effect::Dial { socket, url } => {
                    self.sent.push(format!("dial {url}"));
                    self.dialled.push((*socket, url.as_str().to_owned()));
                }
                Effect::Send { socket, qid, login, request } => {
                    let frame = request.write(&qid.to_string(), login.as_str()).expect("a request");
                    self.sent.push(frame_line(&frame));
                    let method = request.method().to_owned();
                    self.asked.push(Asked { qid: *qid, method, socket: *socket });
                }
                Effect::SendLogin { socket, qid, login, request, .. } => {
                    let secret = LoginSecret::from_session("S");
                    let frame =
                        request.write_login(&qid.to_string(), login.as_str(), &secret).expect("a login");
                    self.sent.push(frame_line(&frame));
                    self.asked.push(Asked { qid: *qid, method: "login".to_owned(), socket: *socket });
                }
                Effect::Close { .. } => self.sent.push("close".to_owned()),
                other => panic!("an effect that no test knows: {other:?}"),
            }
        }
        self
    }

    #[track_caller]
    pub fn command(&mut self, command: Command) -> &mut Self {
        self.input(InputKind::Command(command))
    }

    /// The socket dialled last.
    #[track_caller]
    pub fn socket(&self) -> SocketId {
        self.dialled.last().expect("something was dialled").0
    }

    /// The socket that was dialled as number `place`, from 0.
    pub fn socket_at(&self, place: usize) -> SocketId {
        self.dialled[place].0
    }

    #[track_caller]
    pub fn open(&mut self) -> &mut Self {
        let socket = self.socket();
        self.input(InputKind::Opened(socket))
    }

    #[track_caller]
    pub fn close(&mut self) -> &mut Self {
        let socket = self.socket();
        self.input(InputKind::Closed(socket))
    }

    /// Answers the ping by which a socket is tried.
    #[track_caller]
    pub fn pong(&mut self) -> &mut Self {
        self.answer_as("pong", "ping", json!({}))
    }

    /// The server sends a frame of its own.
    #[track_caller]
    pub fn server(&mut self, name: &str, body: Value) -> &mut Self {
        let frame = json!([name, body]).to_string();
        self.raw(&frame)
    }

    /// The server sends this text.
    #[track_caller]
    pub fn raw(&mut self, text: &str) -> &mut Self {
        let socket = self.socket();
        self.raw_on(socket, text)
    }

    pub fn raw_on(&mut self, socket: SocketId, text: &str) -> &mut Self {
        let (text, _) = FrameText::from_wire(text);
        self.input(InputKind::Frame { socket, text })
    }

    /// Answers our newest unanswered request of this method.
    #[track_caller]
    pub fn answer(&mut self, method: &str, body: impl Into<Value>) -> &mut Self {
        self.answer_as(&format!("{method}result"), method, body)
    }

    /// Answers it under another name: only the id counts.
    #[track_caller]
    pub fn answer_as(&mut self, name: &str, method: &str, body: impl Into<Value>) -> &mut Self {
        let found = self.asked.iter().rev().find(|asked| asked.method == method).cloned();
        let asked = found.unwrap_or_else(|| panic!("{method} was not asked"));
        self.reply_as(name, &asked, body.into())
    }

    #[track_caller]
    pub fn refuse(&mut self, method: &str) -> &mut Self {
        self.answer(method, json!({ "result": 0 }))
    }

    fn reply(&mut self, asked: &Asked, body: Value) -> &mut Self {
        self.reply_as(&format!("{}result", asked.method), asked, body)
    }

    fn reply_as(&mut self, name: &str, asked: &Asked, mut body: Value) -> &mut Self {
        self.asked.retain(|other| other.qid != asked.qid);
        let fields = body.as_object_mut().expect("a body is an object");
        fields.insert("qid".to_owned(), asked.qid.to_string().into());
        fields.entry("result").or_insert(json!(1));
        let frame = json!([name, body]).to_string();
        self.raw_on(asked.socket, &frame)
    }

    /// Whether a request of this method waits for its answer.
    pub fn asks(&self, method: &str) -> bool {
        self.asked.iter().any(|asked| asked.method == method)
    }

    /// Whatever waits for an answer gets none.
    pub fn answer_nothing(&mut self) -> &mut Self {
        self.asked.clear();
        self
    }

    /// The line changes: the server says so, is asked, and gives this picture.
    #[track_caller]
    pub fn picture(&mut self, picture: impl Into<Value>) -> &mut Self {
        self.server("linestatechanged", json!({})).wait(500).answer("getextendedlineinfo", picture)
    }

    /// Lets time pass; every timer that falls due fires at its moment.
    #[track_caller]
    pub fn wait(&mut self, millis: i64) -> &mut Self {
        let until = self.now + millis * 1_000;
        for _ in 0..100_000 {
            match self.machine.poll_timeout() {
                Some((at, timer)) if at.as_micros() <= until => {
                    self.now = self.now.max(at.as_micros());
                    self.input(InputKind::Timer(timer));
                }
                Some(_) | None => {
                    self.now = until;
                    return self;
                }
            }
        }
        panic!("timers without end");
    }

    /// Whether this timer is the next that is due, and in how many milliseconds.
    pub fn next_timer(&self) -> Option<(i64, Timer)> {
        let (at, timer) = self.machine.poll_timeout()?;
        Some(((at.as_micros() - self.now) / 1_000, timer))
    }

    /// Nothing that was told or sent until now is asked for.
    pub fn forget(&mut self) -> &mut Self {
        self.told.clear();
        self.sent.clear();
        self.done.clear();
        self
    }

    /// What was told since the last look, in short lines.
    pub fn told(&mut self) -> Vec<String> {
        self.announced().iter().map(line_of).collect()
    }

    /// What was told since the last look, in full.
    pub fn announced(&mut self) -> Vec<Announcement> {
        std::mem::take(&mut self.told)
    }

    /// What was sent since the last look, in short lines: `method {parameters}`, `dial url`, `close`.
    pub fn sent(&mut self) -> Vec<String> {
        std::mem::take(&mut self.sent)
    }

    /// Just this was told since the last look.
    #[track_caller]
    pub fn tells(&mut self, lines: &[&str]) -> &mut Self {
        assert_eq!(self.told(), lines, "told");
        self
    }

    /// Just this was sent since the last look.
    #[track_caller]
    pub fn sends(&mut self, lines: &[&str]) -> &mut Self {
        assert_eq!(self.sent(), lines, "sent");
        self
    }

    /// How commands ended since the last look, those without an announced result too.
    pub fn done(&mut self) -> Vec<String> {
        std::mem::take(&mut self.done)
    }

    /// Just these commands ended since the last look.
    #[track_caller]
    pub fn ends(&mut self, lines: &[&str]) -> &mut Self {
        assert_eq!(self.done(), lines, "done");
        self
    }

    /// The phones of the parties, in order.
    pub fn phones(&self) -> Vec<&str> {
        self.view()
            .parties
            .as_slice()
            .iter()
            .map(|party| party.phone().map_or("", |phone| phone.as_str()))
            .collect()
    }

    /// The names of the actions on a number.
    pub fn actions(&self, target: &str) -> Vec<&'static str> {
        self.view().actions(target).into_iter().map(callfold_engine::Action::name).collect()
    }
}

/// `["method", {…}]` without what every request carries.
fn frame_line(frame: &str) -> String {
    let (method, mut body): (String, Map<String, Value>) = serde_json::from_str(frame).expect("a frame");
    body.retain(|name, _| !matches!(name.as_str(), "qid" | "userlogin"));
    if body.is_empty() { method } else { format!("{method} {}", Value::Object(body)) }
}

/// An announcement in a short line.
pub fn line_of(announcement: &Announcement) -> String {
    match announcement {
        Announcement::Event { name, args } => {
            let mut line = (*name).to_owned();
            for arg in args {
                write!(line, " {}", short(arg)).expect("text");
            }
            line
        }
        Announcement::Result { command, value } => format!("result {} {}", command.text(), short(value)),
        other => panic!("an announcement that no test knows: {other:?}"),
    }
}

/// A party by its phone, name or key; a hold by who is held; a result or error by its code.
pub fn short(value: &Value) -> String {
    let field = |name: &str| value.get(name).filter(|value| !value.is_null());
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(list) = value.as_array() {
        return format!("[{}]", list.iter().map(short).collect::<Vec<_>>().join(", "));
    }
    if let Some(text) = value.as_str() {
        return text.to_owned();
    }
    if field("key").is_some() {
        let known = field("phone").or(field("name")).or(field("key"));
        return known.map(text).unwrap_or_default();
    }
    if field("hasHold") == Some(&Value::Bool(false)) {
        return "nobody".to_owned();
    }
    if let Some(held) = field("abonent") {
        return short(held);
    }
    if field("isConference") == Some(&Value::Bool(true)) {
        return field("conferenceId").map(text).unwrap_or_default();
    }
    if let Some(code) = field("errorCode").or(field("code")) {
        return text(code);
    }
    if field("result") == Some(&Value::Bool(true)) {
        return "done".to_owned();
    }
    value.to_string()
}

/// What a usual server answers while loading.
fn usual_answer(method: &str) -> Option<Value> {
    Some(match method {
        "login" => json!({ "userid": ME, "sessionid": "S-1" }),
        "getcurrentqueue" => json!({ "queue": [] }),
        "subscribeevent" => json!({}),
        "getversion" => json!({
            "version": { "dated": 150_601, "build": "2.12.0.150601", "webserverport": 80 },
            "alloweddbstoredprocs": { "ChangePassword": true },
        }),
        "getmyuserinfo" => json!({ "mainpbxnumber": "101", "username": "Иванов Иван", "isoperator": true }),
        "cc_getlunchtypes" => {
            json!({ "items": [{ "id": 1, "name": "Обед" }, { "id": 2, "name": "Перерыв" }] })
        }
        "getuserstate" => user_state(1, json!({})),
        "getredirectrules" => json!({ "redirectrules": [] }),
        "getpbxnumbers" => json!({ "numbers": [
            { "number": "101", "state": 1 }, { "number": "102", "state": 1 }, { "number": "103", "state": 1 },
            { "number": "104", "state": 2 }, { "number": "105", "state": 5 },
        ] }),
        "getallusernumbers" => json!({ "users": [
            { "id": ME, "name": "Иванов Иван", "main": "101", "nums": ["101"] },
            { "id": ANNA, "name": "Петрова Анна", "main": "102", "nums": ["102", "105"], "sub": true },
            { "id": PETER, "name": "Сидоров Пётр", "main": "103", "nums": ["103"] },
        ] }),
        "getextendedlineinfo" => ready().into(),
        _ => return None,
    })
}

/// The body of a user state, with what differs from a plain one.
pub fn user_state(id: i64, differs: Value) -> Value {
    let mut state = json!({
        "userstateid": id, "oncallcenter": false, "onccmanual": false, "onlunch": false, "onredirect": false,
    });
    merge(&mut state, differs);
    state
}

fn merge(value: &mut Value, differs: Value) {
    if let (Some(fields), Value::Object(differs)) = (value.as_object_mut(), differs) {
        fields.extend(differs);
    }
}

/// A line picture in the making.
#[derive(Clone, Debug)]
pub struct Picture(Value);

impl From<Picture> for Value {
    fn from(picture: Picture) -> Self {
        picture.0
    }
}

impl Picture {
    /// Someone is held.
    pub fn held(mut self, flashed: Value) -> Self {
        self.0["isflashing"] = json!(true);
        self.0["flashed"] = flashed;
        self
    }

    /// With other fields of the picture.
    pub fn with(mut self, differs: Value) -> Self {
        merge(&mut self.0, differs);
        self
    }

    /// With other fields of the abonent.
    pub fn abonent(mut self, differs: Value) -> Self {
        merge(&mut self.0["abonent"], differs);
        self
    }
}

/// A picture of this line state with this abonent.
pub fn line(state: &str, abonent: Value) -> Picture {
    Picture(json!({
        "linestatestr": state, "chainid": "chain-1", "timertalklensec": 0, "isflashing": false, "abonent": abonent,
    }))
}

pub fn ready() -> Picture {
    line("lsConnected", json!({})).with(json!({ "chainid": "00000000-0000-0000-0000-000000000000" }))
}

pub fn ring(number: &str) -> Picture {
    line("lsRinging", json!({ "number": number, "isringing": true }))
}

pub fn talk(number: &str) -> Picture {
    line("lsCommutated", json!({ "number": number, "iscommutated": true }))
}

pub fn dial(number: &str) -> Picture {
    line("lsDialing", json!({ "number": number, "iswaitingforanswer": true }))
}

pub fn back_call(number: &str) -> Picture {
    line("lsDialing", json!({ "number": number, "isautocall": true }))
}

pub fn back_ring(number: &str) -> Picture {
    line("lsRinging", json!({ "number": number, "isringing": true, "direction": "acm_callback" }))
}

pub fn no_phone() -> Picture {
    line("lsDisconnected", json!({})).with(json!({ "chainid": "00000000-0000-0000-0000-000000000000" }))
}

pub fn conference(id: &str) -> Picture {
    line("lsCommutated", json!({ "conferenceid": id, "isconference": true }))
}

/// A competitor of a conference.
pub fn competitor(number: &str, user: Option<&str>, differs: Value) -> Value {
    let mut competitor = json!({
        "competitorid": format!("c-{number}"), "number": number, "userid": user, "confstatestr": "Commutated",
    });
    merge(&mut competitor, differs);
    competitor
}

pub fn me_as_creator() -> Value {
    competitor("101", Some(ME), json!({ "iscreator": true }))
}

pub fn me_in() -> Value {
    competitor("101", Some(ME), json!({}))
}

pub fn anna() -> Value {
    competitor("102", Some(ANNA), json!({}))
}

pub fn peter() -> Value {
    competitor("103", Some(PETER), json!({}))
}

/// The answer to `getconferenceinfo`.
pub fn members(id: &str, competitors: &[Value]) -> Value {
    json!({ "conference": { "id": id, "isghost": false }, "competitors": competitors })
}

/// As [`members`], with us in it as a ghost.
pub fn ghost_members(id: &str, competitors: &[Value]) -> Value {
    json!({ "conference": { "id": id, "isghost": true }, "competitors": competitors })
}

pub fn endpoint(addresses: &[&str]) -> Endpoint {
    Endpoint {
        addresses: addresses.iter().map(|address| (*address).into()).collect(),
        login: "ivanov".into(),
        credential: Credential::Password(CredentialHandle(1)),
        workplace: None,
        expires: None,
    }
}

pub fn connect(addresses: &[&str]) -> Command {
    Command::Connect(endpoint(addresses))
}

pub fn call(number: &str) -> Command {
    Command::Call { number: number.into(), sequence: CallSequence::AgentFirst }
}

pub fn intercom(number: &str) -> Command {
    Command::Intercom { number: number.into() }
}

pub const fn end_call() -> Command {
    Command::EndCall { targets: None }
}

pub fn end_call_with(targets: &[&str]) -> Command {
    Command::EndCall { targets: Some(targets.iter().map(|target| (*target).into()).collect()) }
}

pub fn transfer(number: &str) -> Command {
    Command::Transfer { number: Some(number.into()) }
}

pub fn confer(numbers: &[&str]) -> Command {
    Command::Conference {
        numbers: Some(numbers.iter().map(|number| (*number).into()).collect()),
        given: Some(NewConference { id: CONF.into(), room: 77 }),
    }
}

pub const fn confer_alone() -> Command {
    Command::Conference { numbers: None, given: None }
}

pub fn ghost(mode: GhostMode, target: &str) -> Command {
    Command::Ghost { mode, target: target.into() }
}

pub fn set_status(status: &str) -> Command {
    Command::SetStatus { status: status.into(), reason: None }
}

pub fn set_user_status(status: &str) -> Command {
    Command::SetUserStatus { status: status.into(), reason: None }
}

pub fn set_redirect(number: &str) -> Command {
    Command::SetRedirectNumber { number: number.into() }
}

pub fn exec(method: &str, params: Option<Value>) -> Command {
    let params = params.map(|params| callfold_engine::JsonText::new(&params.to_string()));
    Command::Exec { method: method.into(), params }
}
