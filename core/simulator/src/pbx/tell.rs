//! What clients are told: events to those who asked for them, answers to those who asked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callfold_engine::PhoneNumber;
use serde_json::{Map, Value, json};

use super::Pbx;
use super::station::{Call, End, Place};
use crate::names::{ClientId, Guid};

/// Something for one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Whose connection it is for.
    pub client: ClientId,
    /// What it is.
    pub what: Tell,
    /// The method of the request that it answers; none for an event.
    pub answers: Option<String>,
}

/// What is to be done to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tell {
    /// Send this text.
    Frame(String),
    /// Close the connection, after what was sent.
    Close,
}

/// `flashtypeid`: how a hold was worked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flash {
    Put,
    Returned,
    Aborted,
    Lost,
    Switched,
    Invited,
    Between,
    /// Told to who is put on hold.
    WasFlashed,
    /// Told to who is taken back.
    WasRestored,
}

impl Flash {
    const fn id(self) -> i64 {
        match self {
            Self::Put => 1,
            Self::Returned => 2,
            Self::Aborted => 3,
            Self::Lost => 4,
            Self::Switched => 5,
            Self::Invited => 6,
            Self::Between => 7,
            Self::WasFlashed => 11,
            Self::WasRestored => 12,
        }
    }
}

/// An object's fields.
pub(super) fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

impl Pbx {
    /// Tells an event to the clients of one user.
    pub(super) fn tell(&mut self, number: &PhoneNumber, method: &str, body: Map<String, Value>) {
        let Some(user) = self.users.get(number) else { return };
        let whose = fields(json!({ "userid": user.id.as_str(), "userlogin": user.login.as_str() }));
        self.last_told.insert((number.clone(), method.to_owned()), body.clone());
        let clients: Vec<ClientId> = self
            .clients
            .iter()
            .filter(|(_, client)| client.is(number) && client.subscribed.contains(method))
            .map(|(id, _)| *id)
            .collect();
        for client in clients {
            let mut event = fields(json!({ "qid": self.ids.guid().0 }));
            event.extend(whose.clone());
            event.extend(body.clone());
            self.send(client, method, event);
        }
    }

    /// Tells an event to the clients of all users.
    pub(super) fn tell_everybody(&mut self, method: &str, body: &Value) {
        let numbers: Vec<_> = self.users.keys().cloned().collect();
        for number in numbers {
            self.tell(&number, method, fields(body.clone()));
        }
    }

    pub(super) fn tell_end(&mut self, end: &End, method: &str, body: Value) {
        if let End::Line(number) = end {
            self.tell(number, method, fields(body));
        }
    }

    pub(super) fn tell_line(&mut self, end: &End) {
        self.tell_end(
            end,
            "linestatechanged",
            json!({ "linenumber": format!("00{}", self.number_of(end).as_str()) }),
        );
    }

    pub(super) fn tell_flash(&mut self, end: &End, flash: Flash) {
        self.tell_end(end, "flashstatechanged", json!({ "flashtypeid": flash.id() }));
    }

    pub(super) fn tell_ring(&mut self, end: &End, call: &Call) {
        let other = call.other(end).clone();
        let external = matches!(other, End::Outside(_));
        let body = json!({
            "chainid": call.chain.0,
            "callerid": self.number_of(&other).as_str(),
            "callername": self.name_of(&other),
            "isextline": external,
            "isconference": false,
            "istask": false,
            "callerdirection": if external { "oktell_ext" } else { "oktell_pbx" },
        });
        self.tell_end(end, "phoneevent_ringstarted", body);
    }

    pub(super) fn tell_chain(&mut self, end: &End, method: &str, chain: &Guid) {
        self.tell_end(end, method, json!({ "chainid": chain.0 }));
    }

    /// A talk began between the two ends of a call, or goes on: told to `end`, if it is on the line there.
    pub(super) fn tell_talk(&mut self, end: &End, place: &Place, call: &Call, commutation: &Guid) {
        if self.on(end) != Some(place) {
            return;
        }
        let other = call.other(end).clone();
        self.tell_line(end);
        let body = json!({
            "chainid": call.chain.0,
            "commutationid": commutation.0,
            "callerid": self.number_of(&other).as_str(),
            "isextline": matches!(other, End::Outside(_)),
            "isconference": false,
        });
        self.tell_end(end, "phoneevent_commstarted", body);
    }

    /// Answers a request.
    pub(super) fn answer_request(
        &mut self,
        client: ClientId,
        method: &str,
        qid: &Value,
        body: Map<String, Value>,
    ) {
        let mut answer = Map::new();
        answer.insert("qid".to_owned(), qid.clone());
        if !body.contains_key("result") {
            answer.insert("result".to_owned(), 1.into());
        }
        answer.extend(body);
        self.send_as(client, &format!("{method}result"), answer, Some(method));
    }

    /// Sends an event.
    pub(super) fn send(&mut self, client: ClientId, method: &str, body: Map<String, Value>) {
        self.send_as(client, method, body, None);
    }

    /// Sends a message, cut up if it is long.
    pub(super) fn send_as(
        &mut self,
        client: ClientId,
        method: &str,
        body: Map<String, Value>,
        answers: Option<&str>,
    ) {
        let answers = answers.map(str::to_owned);
        let text = json!([method, body]).to_string();
        let longest = self.settings.longest_frame.max(1);
        if text.len() <= longest {
            self.told.push_back(Told { client, what: Tell::Frame(text), answers });
            return;
        }
        // A cut may fall inside a letter: the bytes are cut, not the text.
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(longest).collect();
        let message = self.ids.guid();
        for (number, piece) in pieces.iter().enumerate() {
            let part = json!(["multipart", {
                "message-id": message.0,
                "packetcount": pieces.len(),
                "packetnumber": number,
                "content-type": "text/json; charset=utf-8",
                "content-transfer-encoding": "base64",
                "content": STANDARD.encode(piece),
            }]);
            self.told.push_back(Told {
                client,
                what: Tell::Frame(part.to_string()),
                answers: answers.clone(),
            });
        }
    }
}
