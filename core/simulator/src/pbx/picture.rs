//! The line picture (`getextendedlineinfo`) and the parties in it: what is true of a line now.

use callfold_engine::{PhoneNumber, Timestamp};
use serde_json::{Map, Value, json};

use super::Pbx;
use super::plan::Fixture;
use super::station::{Call, End, Place, Stage};
use super::tell::fields;
use crate::names::{CallId, NO_CHAIN};

/// What a picture says of a line, before it is written.
struct Picture {
    state: &'static str,
    chain: String,
    talk_seconds: i64,
    abonent: Map<String, Value>,
}

fn idle(state: &'static str) -> Picture {
    Picture { state, chain: NO_CHAIN.to_owned(), talk_seconds: 0, abonent: abonent(&[]) }
}

/// The flags that every abonent of a picture has.
const FLAGS: &[&str] = &[
    "isautocall",
    "isringing",
    "iscommutated",
    "iswaitinginflash",
    "iswaitingforanswer",
    "isconference",
    "isivr",
    "isextline",
];

fn abonent(set: &[&str]) -> Map<String, Value> {
    FLAGS.iter().map(|flag| ((*flag).to_owned(), set.contains(flag).into())).collect()
}

impl Pbx {
    pub(super) fn name_of(&self, end: &End) -> String {
        match end {
            End::Line(number) | End::Nowhere(number) | End::Queue(number) => {
                self.users.get(number).map_or_else(|| number.as_str().to_owned(), |user| user.name.clone())
            }
            End::Menu(number) => match self.fixtures.get(number) {
                Some(Fixture::Menu(name)) => name.clone(),
                Some(Fixture::Spare | Fixture::Queue) | None => number.as_str().to_owned(),
            },
            End::Outside(id) => self.outsides.get(id).map(|outside| outside.name.clone()).unwrap_or_default(),
            End::Conference(_) => self.name_of(&End::Line(self.number_of(end))),
        }
    }

    /// The fields that say who a party is.
    pub(super) fn identity(&self, end: &End) -> Map<String, Value> {
        let number = self.number_of(end);
        let number = number.as_str();
        fields(match end {
            End::Line(_) | End::Conference(_) | End::Nowhere(_) | End::Queue(_) => {
                match self.users.get(number) {
                    Some(user) => json!({
                        "number": number,
                        "userid": user.id.as_str(),
                        "username": user.name,
                        "userlogin": user.login.as_str(),
                        "isextline": false,
                    }),
                    None => json!({ "number": number, "isextline": false }),
                }
            }
            End::Outside(_) => {
                json!({ "number": number, "isextline": true, "name": self.name_of(end), "callerid": number })
            }
            End::Menu(_) => json!({ "isivr": true, "ivrname": self.name_of(end) }),
        })
    }

    /// The line picture of a line.
    pub(super) fn picture(&self, number: &PhoneNumber, now: Timestamp) -> Value {
        let line = End::Line(number.clone());
        let picture = match self.on(&line) {
            None if self.unplugged.contains(number) => idle("lsDisconnected"),
            None => self.picture_of_free(&line),
            Some(Place::Conference(id)) => self.conferences.get(id).map_or_else(
                || idle("lsConnected"),
                |conference| {
                    let mut abonent = abonent(&["isconference"]);
                    abonent.insert("conferenceid".to_owned(), id.as_str().into());
                    let chain = conference.chain.0.clone();
                    let talk_seconds = seconds(conference.began, now);
                    Picture { state: "lsCommutated", chain, talk_seconds, abonent }
                },
            ),
            Some(Place::Call(id)) => self
                .calls
                .get(id)
                .map_or_else(|| idle("lsConnected"), |call| self.picture_of_call(&line, *id, call, now)),
        };
        let mut told = fields(json!({
            "linestatestr": picture.state,
            "chainid": picture.chain,
            "timertalklensec": picture.talk_seconds,
            "abonent": picture.abonent,
        }));
        let held = self.held(&line);
        told.insert("isflashing".to_owned(), held.is_some().into());
        if let Some(held) = held {
            told.insert("flashed".to_owned(), self.flashed(&line, held).into());
        }
        Value::Object(told)
    }

    /// Nobody is on the line. With a colleague on hold it hears the dial tone, on their chain; with somebody outside
    /// on hold it is as if nothing were.
    fn picture_of_free(&self, line: &End) -> Picture {
        let held = match self.held(line) {
            Some(Place::Call(id)) => self.calls.get(id),
            Some(Place::Conference(_)) | None => None,
        };
        match held {
            Some(call) if matches!(call.other(line), End::Line(_)) => {
                Picture { chain: call.chain.0.clone(), ..idle("lsDialTone") }
            }
            Some(_) | None => idle("lsConnected"),
        }
    }

    fn picture_of_call(&self, line: &End, id: CallId, call: &Call, now: Timestamp) -> Picture {
        let other = call.other(line);
        let called = call.to == *line;
        let ring = || {
            let mut abonent = abonent(&["isringing"]);
            let direction = if matches!(other, End::Outside(_)) { "oktell_ext" } else { "oktell_pbx" };
            abonent.insert("direction".to_owned(), direction.into());
            ("lsRinging", 0, self.with_identity(abonent, other))
        };
        let waits = || ("lsDialing", 0, self.with_identity(abonent(&["iswaitingforanswer"]), other));
        let (state, talk_seconds, abonent) = match &call.stage {
            Stage::Autocall(_) => ("lsRinging", 0, abonent(&["isautocall"])),
            Stage::PartyRings if called => ring(),
            Stage::PartyRings => ("lsRinging", 0, abonent(&["isautocall"])),
            Stage::BackRing(_) if called => waits(),
            Stage::BackRing(_) => {
                let mut abonent = abonent(&["isringing"]);
                abonent.insert("direction".to_owned(), "acm_callback".into());
                abonent.insert("number".to_owned(), self.number_of(other).as_str().into());
                ("lsRinging", 0, abonent)
            }
            Stage::Ring if called => ring(),
            Stage::Ring => waits(),
            Stage::Talk { since, .. } => {
                let flags: &[&str] = match other {
                    End::Menu(_) => &["isivr"],
                    End::Line(_) | End::Outside(_) | End::Queue(_) | End::Conference(_) | End::Nowhere(_) => {
                        if self.holds(other, &Place::Call(id)) {
                            &["iswaitinginflash"]
                        } else {
                            &["iscommutated"]
                        }
                    }
                };
                ("lsCommutated", seconds(*since, now), self.with_identity(abonent(flags), other))
            }
        };
        Picture { state, chain: call.chain.0.clone(), talk_seconds, abonent }
    }

    fn with_identity(&self, mut abonent: Map<String, Value>, end: &End) -> Map<String, Value> {
        abonent.extend(self.identity(end));
        abonent
    }

    fn flashed(&self, line: &End, held: &Place) -> Map<String, Value> {
        match held {
            Place::Call(id) => {
                self.calls.get(id).map(|call| self.identity(call.other(line))).unwrap_or_default()
            }
            Place::Conference(id) => self.conferences.get(id).map_or_else(Map::new, |conference| {
                fields(json!({
                    "conferenceid": id.as_str(),
                    "conferencename": conference.name,
                    "conferenceroom": conference.room,
                }))
            }),
        }
    }
}

fn seconds(since: Timestamp, now: Timestamp) -> i64 {
    now.as_micros().saturating_sub(since.as_micros()).max(0) / 1_000_000
}
