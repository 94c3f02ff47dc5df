//! Reads a session's JSON lines into what is compared, with what is free taken out.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

/// A line that cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the {side}: {why}")]
pub struct BadRecording {
    /// Its number, from 1.
    pub line: usize,
    /// Whose recording it is in.
    pub side: &'static str,
    /// What is wrong with it.
    pub why: &'static str,
}

/// Whose recording it is: the reference writes what it sends as `out`, the engine as `wire`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Reference,
    Engine,
}

impl Side {
    const fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Engine => "engine",
        }
    }

    const fn request(self) -> &'static str {
        match self {
            Self::Reference => "out",
            Self::Engine => "wire",
        }
    }
}

/// The fields of a snapshot.
pub type Snapshot = Map<String, Value>;

/// Something that is announced.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// An announcement of the client.
    Event {
        /// Its name.
        name: String,
        /// Its arguments, without nulls at their end.
        args: Vec<Value>,
    },
    /// An announcement of the CTI model.
    Provider {
        /// Its name.
        name: String,
        /// Its arguments.
        args: Vec<Value>,
    },
    /// The result of a command.
    Result {
        /// Which command.
        command: String,
        /// The result.
        value: Value,
    },
    /// A command that the CTI model refused.
    Throws(String),
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |args: &[Value]| Value::Array(args.to_vec());
        match self {
            Self::Event { name, args } => write!(f, "event {name} {}", list(args)),
            Self::Provider { name, args } => write!(f, "provider {name} {}", list(args)),
            Self::Result { command, value } => write!(f, "result of {command} {value}"),
            Self::Throws(text) => write!(f, "throws {text:?}"),
        }
    }
}

/// Something that goes out and whose order counts.
#[derive(Clone, Debug, PartialEq)]
pub enum Sent {
    /// An address that is dialled.
    Dial(String),
    /// A command.
    Request {
        /// Its method.
        method: String,
        /// Its parameters, without its id.
        params: Map<String, Value>,
    },
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dial(url) => write!(f, "dial {url}"),
            Self::Request { method, params } => write!(f, "{method} {}", Value::Object(params.clone())),
        }
    }
}

/// Something that is asked while loading; its place and number are free.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// The login, with its parameters as text.
    Login(String),
    /// A subscription to one event of the server.
    Subscribe(String),
    /// Another question, by its method; its parameters are free.
    Other(String),
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login(params) => write!(f, "login {params}"),
            Self::Subscribe(event) => write!(f, "subscribeevent {event}"),
            Self::Other(method) => f.write_str(method),
        }
    }
}

/// A snapshot, and how many announcements were made before it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    pub(super) after: usize,
    pub(super) snapshot: Snapshot,
}

/// What is compared of a session.
#[derive(Debug, Default)]
pub(super) struct Recording {
    pub(super) said: Vec<Said>,
    pub(super) states: Vec<State>,
    pub(super) wire: Vec<Sent>,
    pub(super) loading: BTreeSet<Question>,
    pub(super) end: Option<Snapshot>,
}

impl Recording {
    pub(super) fn read(text: &[u8], side: Side) -> Result<Self, BadRecording> {
        let mut recording = Self::default();
        for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
            let line = line.trim_ascii();
            if !line.is_empty() {
                recording.line(line, side).map_err(|why| BadRecording {
                    line: number,
                    side: side.name(),
                    why,
                })?;
            }
        }
        settle_queue(&mut recording.said);
        Ok(recording)
    }

    fn line(&mut self, line: &[u8], side: Side) -> Result<(), &'static str> {
        let mut line: Map<String, Value> = serde_json::from_slice(line).map_err(|_| "not a JSON object")?;
        if let Some(name) = line.remove("event") {
            let mut args = arguments(&mut line)?;
            while args.last().is_some_and(Value::is_null) {
                args.pop();
            }
            let said = Said::Event { name: text(name)?, args };
            if !self.is_same_parties_again(&said) {
                self.said.push(said);
            }
        } else if let Some(name) = line.remove("provider") {
            self.said.push(Said::Provider { name: text(name)?, args: arguments(&mut line)? });
        } else if let Some(command) = line.remove("result") {
            let mut value = told(line.remove("value").unwrap_or_default());
            if let Some(fields) = value.as_object_mut() {
                fields.shift_remove("qid");
            }
            self.said.push(Said::Result { command: text(command)?, value });
        } else if let Some(refusal) = line.remove("throws") {
            self.said.push(Said::Throws(text(refusal)?));
        } else if let Some(state) = line.remove("after") {
            self.states.push(State { after: self.said.len(), snapshot: snapshot(state)? });
        } else if let Some(state) = line.remove("end") {
            self.end = Some(snapshot(state)?);
        } else if line.get("ws").is_some_and(|what| what == "open") {
            self.wire.push(Sent::Dial(text(line.remove("url").unwrap_or_default())?));
        } else if let Some(frame) = line.remove(side.request()) {
            let (method, params): (String, Map<String, Value>) =
                serde_json::from_value(frame).map_err(|_| "a request that is not [name, {…}]")?;
            self.request(method, params)?;
        }
        Ok(())
    }

    /// The reference client often tells the same list twice.
    fn is_same_parties_again(&self, said: &Said) -> bool {
        matches!(said, Said::Event { name, .. } if name == "abonentsChange") && self.said.last() == Some(said)
    }

    fn request(&mut self, method: String, params: Map<String, Value>) -> Result<(), &'static str> {
        let mut params: Map<String, Value> = params
            .into_iter()
            .filter(|(name, value)| name != "qid" && !value.is_null())
            .map(|(name, value)| (name, whole_numbers(value)))
            .collect();
        match kind(&method) {
            RequestKind::Polling => {}
            RequestKind::Login => {
                params.sort_keys();
                self.loading.insert(Question::Login(Value::Object(params).to_string()));
            }
            RequestKind::Subscription => {
                let names = match params.remove("eventmethod") {
                    Some(Value::Array(names)) => names,
                    Some(one) => vec![one],
                    None => Vec::new(),
                };
                for name in names {
                    self.loading.insert(Question::Subscribe(text(name)?));
                }
            }
            RequestKind::Loading => {
                self.loading.insert(Question::Other(method));
            }
            RequestKind::Command => self.wire.push(Sent::Request { method, params }),
        }
        Ok(())
    }
}

/// How a request is compared.
enum RequestKind {
    /// Asked when the client sees fit: neither number nor place is compared.
    Polling,
    /// The login: once at least, with the same parameters.
    Login,
    /// Subscriptions may be grouped in any way.
    Subscription,
    /// Asked while loading: once at least, with any parameters.
    Loading,
    /// The same ones, in order, with the same parameters.
    Command,
}

fn kind(method: &str) -> RequestKind {
    match method {
        "ping"
        | "getextendedlineinfo"
        | "getcurrentqueue"
        | "getconferenceinfo"
        | "getconferencecompetitors"
        | "getflashedabonentinfo"
        | "getalluserphotolink" => RequestKind::Polling,
        "login" => RequestKind::Login,
        "subscribeevent" => RequestKind::Subscription,
        "getversion" | "getmyuserinfo" | "cc_getlunchtypes" | "getuserstate" | "getredirectrules"
        | "getpbxnumbers" | "getallusernumbers" => RequestKind::Loading,
        _ => RequestKind::Command,
    }
}

fn text(value: Value) -> Result<String, &'static str> {
    match value {
        Value::String(text) => Ok(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err("a name or address that is not text")
        }
    }
}

fn arguments(line: &mut Map<String, Value>) -> Result<Vec<Value>, &'static str> {
    match told(line.remove("args").unwrap_or_default()) {
        Value::Array(args) => Ok(args),
        Value::Null => Ok(Vec::new()),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Err("`args` that are not a list")
        }
    }
}

fn snapshot(value: Value) -> Result<Snapshot, &'static str> {
    match told(value) {
        Value::Object(fields) => Ok(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err("a snapshot that is not an object")
        }
    }
}

/// The value without what is as good as absent, and with one name for the made-up key of a voice menu.
fn told(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let made_up = has_made_up_key(&fields);
            let fields = fields.into_iter().filter_map(|(name, value)| {
                let value = if made_up && name == "key" { "<ivr>".into() } else { told(value) };
                let says_nothing = matches!(value, Value::Null | Value::Bool(false));
                let always_told = matches!(name.as_str(), "hasHold" | "result");
                (always_told || !says_nothing).then_some((name, value))
            });
            Value::Object(fields.collect())
        }
        Value::Array(list) => list.into_iter().map(told).collect(),
        Value::Number(_) => whole_numbers(value),
        Value::Null | Value::Bool(_) | Value::String(_) => value,
    }
}

/// 8.0 is 8.
fn whole_numbers(value: Value) -> Value {
    /// Up to here every whole number is a float, too.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => {
            let whole = number
                .as_f64()
                .filter(|float| number.is_f64() && float.fract() == 0.0 && float.abs() <= EXACT);
            whole.map_or(Value::Number(number), |float| (float as i64).into())
        }
        Value::Array(list) => list.into_iter().map(whole_numbers).collect(),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, whole_numbers(value))).collect())
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value,
    }
}

/// Whether a party's key was drawn at random: that of a voice menu without a phone and a chain of its own.
fn has_made_up_key(fields: &Map<String, Value>) -> bool {
    let key = fields.get("key");
    is_truthy(fields.get("isIvr"))
        && !is_truthy(fields.get("phone"))
        && key != fields.get("chainId")
        && key.and_then(Value::as_str).is_some_and(is_uuid)
}

fn is_truthy(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::Object(fields)) => !fields.is_empty(),
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Puts parties that leave the queue together into one order, whatever the order they were told in.
fn settle_queue(said: &mut [Said]) {
    let leaves = |said: &Said| matches!(said, Said::Event { name, .. } if name == "queueAbonentLeave");
    for run in said.chunk_by_mut(|one, next| leaves(one) && leaves(next)) {
        run.sort_by_cached_key(in_one_order);
    }
}

/// What was said as text that does not depend on the order of fields.
fn in_one_order(said: &Said) -> String {
    let mut said = said.clone();
    match &mut said {
        Said::Event { args, .. } | Said::Provider { args, .. } => {
            args.iter_mut().for_each(Value::sort_all_objects);
        }
        Said::Result { value, .. } => value.sort_all_objects(),
        Said::Throws(_) => {}
    }
    said.to_string()
}
