//! Traces: sessions that the reference client recorded, one JSON object a line.

use std::io::{self, BufRead};

use callfold_engine::wire::LoginSecret;
use callfold_engine::{
    BreakReason, CallSequence, Command, Credential, CredentialHandle, Endpoint, GhostMode, JsonText,
    ModelCommand, NewConference, PhoneNumber, Text,
};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// The longest line that is read: a frame of 4 MiB, quoted, with room to spare.
pub const MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

/// The longest session: the latest `t` that is read, and the earliest, in milliseconds. Timers fire in
/// virtual time, so a line that is ages ahead would keep a replay busy for ages.
pub const MAX_SESSION_MS: i64 = 366 * 24 * 60 * 60 * 1_000;

/// The latest beginning of a session: late in the year 9891.
const MAX_EPOCH_MS: i64 = 250_000_000_000_000;

/// The most characters of a command's name that an error repeats.
const MAX_NAME_SHOWN: usize = 32;

/// The first line of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Header {
    /// The format's version.
    pub trace: u32,
    /// The name of the session.
    pub name: String,
    /// What happens in it.
    #[serde(default)]
    pub title: String,
    /// What was recorded.
    pub level: Level,
    /// The moment of `t` = 0, in milliseconds of UTC since 1970.
    #[serde(rename = "epochMs")]
    pub epoch_ms: i64,
    /// The numbers that snapshots tell the actions of.
    #[serde(default)]
    pub numbers: Vec<String>,
}

/// What a trace recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The client's announcements and results.
    Oktell,
    /// The CTI model on top of it.
    Cti,
}

/// A line that matters to a replay.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Line {
    /// A socket opened, was refused or closed.
    Socket {
        /// What became of it.
        what: SocketChange,
        /// Which, by its address.
        url: String,
    },
    /// A frame from the server.
    Frame {
        /// Its text.
        text: String,
    },
    /// A frame that the recorded client sent; only its name and id are read.
    Sent {
        /// The method.
        method: String,
        /// The recorded client's id for the request.
        qid: Option<String>,
    },
    /// A command of the application.
    Command(Box<Given>),
    /// What the recorded client made of it: not an input.
    Output,
    /// A line of a kind that this reader does not know. Kept in the trace, passed over in replay.
    Unknown,
}

/// A command, with the secret its login needs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Given {
    /// The command.
    pub command: Command,
    /// The secret that its credential names, if it has one.
    pub secret: Option<LoginSecret>,
}

/// What became of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketChange {
    /// It is open.
    Opened,
    /// It could not be opened.
    Refused,
    /// It was closed.
    Closed,
}

/// A line with its place and its moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The number of the line, from 1.
    pub number: usize,
    /// Milliseconds since the trace's epoch.
    pub t: i64,
    /// The line.
    pub line: Line,
}

/// Why a trace cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// Reading failed.
    #[error("line {line}: {source}")]
    Io {
        /// At this line.
        line: usize,
        /// What went wrong.
        source: io::Error,
    },
    /// There is nothing in it.
    #[error("not a trace: it is empty")]
    Empty,
    /// The first line is not that of a trace.
    #[error(
        "not a trace: the first line must be {{\"trace\": 1, \"name\": …, \"level\": …, \"epochMs\": …}}"
    )]
    NotATrace,
    /// The trace is of a format this reader does not know.
    #[error("a trace of format {0}; this engine reads format 1")]
    Format(u32),
    /// A line is no JSON object; the last line of a file that was cut short is none.
    #[error("line {line}: {}", if *cut_short { "cut short" } else { "not a JSON object of a trace" })]
    BadLine {
        /// The line.
        line: usize,
        /// Whether it ends in the middle.
        cut_short: bool,
    },
    /// A session that did not begin between 1970 and 9891.
    #[error("line 1: `epochMs` is not between 0 and {MAX_EPOCH_MS}")]
    Epoch,
    /// A line has no time, or one that is no whole number of milliseconds.
    #[error("line {line}: no time `t` in whole milliseconds")]
    NoTime {
        /// The line.
        line: usize,
    },
    /// A line has a time more than [`MAX_SESSION_MS`] away from the session's beginning.
    #[error("line {line}: its time `t` is more than 366 days from the beginning")]
    TimeTooFar {
        /// The line.
        line: usize,
    },
    /// A line is longer than is read.
    #[error("line {line}: longer than {MAX_LINE_BYTES} bytes")]
    TooLong {
        /// The line.
        line: usize,
    },
    /// A command's name or arguments are none of ours.
    #[error("line {line}: command {name}: {why}")]
    BadCommand {
        /// The line.
        line: usize,
        /// The command's name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Reads a trace line by line. Holds one line at a time.
#[derive(Debug)]
pub struct TraceReader<R> {
    input: R,
    header: Header,
    number: usize,
    buffer: Vec<u8>,
}

#[derive(Deserialize)]
struct RawLine<'a> {
    t: Option<i64>,
    #[serde(borrow)]
    ws: Option<std::borrow::Cow<'a, str>>,
    url: Option<String>,
    #[serde(borrow, default, rename = "in", deserialize_with = "as_it_stands")]
    frame: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "as_it_stands")]
    out: Option<&'a RawValue>,
    api: Option<String>,
    args: Option<Value>,
    given: Option<Value>,
    event: Option<serde::de::IgnoredAny>,
    result: Option<serde::de::IgnoredAny>,
    provider: Option<serde::de::IgnoredAny>,
    throws: Option<serde::de::IgnoredAny>,
    after: Option<serde::de::IgnoredAny>,
    end: Option<serde::de::IgnoredAny>,
}

/// Whatever stands there, `null` too.
fn as_it_stands<'de, D: Deserializer<'de>>(value: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(value).map(Some)
}

/// The body of a sent frame, as far as it is read.
#[derive(Deserialize)]
struct SentBody<'a> {
    #[serde(borrow, default, deserialize_with = "as_it_stands")]
    qid: Option<&'a RawValue>,
}

impl<R: BufRead> TraceReader<R> {
    /// Opens a trace: reads its first line.
    ///
    /// # Errors
    /// [`TraceError`] if the input cannot be read or is no trace.
    pub fn new(input: R) -> Result<Self, TraceError> {
        let header = Header {
            trace: 0,
            name: String::new(),
            title: String::new(),
            level: Level::Oktell,
            epoch_ms: 0,
            numbers: Vec::new(),
        };
        let mut reader = Self { input, header, number: 0, buffer: Vec::new() };
        if !reader.read_line()? {
            return Err(TraceError::Empty);
        }
        reader.header = serde_json::from_slice(&reader.buffer).map_err(|_| TraceError::NotATrace)?;
        match reader.header.trace {
            1 if (0..=MAX_EPOCH_MS).contains(&reader.header.epoch_ms) => Ok(reader),
            1 => Err(TraceError::Epoch),
            other => Err(TraceError::Format(other)),
        }
    }

    /// The trace's first line.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The next line, or `None` at the end.
    ///
    /// # Errors
    /// [`TraceError`] names the line and what is wrong with it.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, TraceError> {
        if !self.read_line()? {
            return Ok(None);
        }
        let number = self.number;
        let raw: RawLine<'_> = serde_json::from_slice(&self.buffer)
            .map_err(|error| TraceError::BadLine { line: number, cut_short: error.is_eof() })?;
        let t = raw.t.ok_or(TraceError::NoTime { line: number })?;
        if t.unsigned_abs() > MAX_SESSION_MS.unsigned_abs() {
            return Err(TraceError::TimeTooFar { line: number });
        }
        let line = read(raw, number)?;
        Ok(Some(Entry { number, t, line }))
    }

    /// Reads the next line that is not blank; whether there was one.
    fn read_line(&mut self) -> Result<bool, TraceError> {
        loop {
            self.buffer.clear();
            self.number += 1;
            let line = self.number;
            let io = |source| TraceError::Io { line, source };
            let limit = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX) + 1;
            let read =
                io::Read::take(&mut self.input, limit).read_until(b'\n', &mut self.buffer).map_err(io)?;
            if read > MAX_LINE_BYTES {
                return Err(TraceError::TooLong { line });
            }
            if read == 0 {
                return Ok(false);
            }
            if !self.buffer.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }
}

fn read(raw: RawLine<'_>, line: usize) -> Result<Line, TraceError> {
    if let Some(frame) = raw.frame {
        return Ok(Line::Frame { text: frame.get().to_owned() });
    }
    if let Some(sent) = raw.out {
        let (method, body): (String, SentBody<'_>) =
            serde_json::from_str(sent.get()).map_err(|_| TraceError::BadLine { line, cut_short: false })?;
        let qid = body.qid.and_then(|qid| serde_json::from_str(qid.get()).ok());
        return Ok(Line::Sent { method, qid });
    }
    if let Some(name) = raw.api {
        let args = raw.args.unwrap_or_default();
        return match command(&name, &args, raw.given.as_ref()) {
            Ok(given) => Ok(Line::Command(Box::new(given))),
            Err(why) => {
                let name = name.chars().filter(|c| !c.is_control()).take(MAX_NAME_SHOWN).collect();
                Err(TraceError::BadCommand { line, name, why })
            }
        };
    }
    if let Some(what) = raw.ws {
        let what = match what.as_ref() {
            "open" => return Ok(Line::Output),
            "opened" => SocketChange::Opened,
            "refused" => SocketChange::Refused,
            "closed" => SocketChange::Closed,
            _ => return Ok(Line::Unknown),
        };
        return Ok(Line::Socket { what, url: raw.url.unwrap_or_default() });
    }
    let is_output = raw.event.is_some()
        || raw.result.is_some()
        || raw.provider.is_some()
        || raw.throws.is_some()
        || raw.after.is_some()
        || raw.end.is_some();
    Ok(if is_output { Line::Output } else { Line::Unknown })
}

/// Reads a command of a trace.
fn command(name: &str, args: &Value, given: Option<&Value>) -> Result<Given, &'static str> {
    let arg = |place: usize| args.get(place).filter(|arg| !arg.is_null());
    let text = |place: usize| match arg(place) {
        None => Ok(String::new()),
        Some(arg) => scalar(arg).ok_or("an argument that must be text is none"),
    };
    let number = |place: usize| text(place).map(|text| PhoneNumber::from(text.as_str()));
    let flag = || arg(0).and_then(Value::as_bool).ok_or("an argument that must be true or false is neither");
    let simple = |command: Command| Ok(Given { command, secret: None });
    let model = |command: ModelCommand| simple(Command::Model(command));
    match name {
        "connect" => {
            connect(arg(0)).map(|(endpoint, secret)| Given { command: Command::Connect(endpoint), secret })
        }
        "model.connect" => connect(arg(0)).map(|(endpoint, secret)| Given {
            command: Command::Model(ModelCommand::Connect(endpoint)),
            secret,
        }),
        "disconnect" => simple(Command::Disconnect),
        "call" => {
            let sequence = match arg(1).and_then(Value::as_str) {
                Some("abonent") => CallSequence::PartyFirst,
                Some(_) | None => CallSequence::AgentFirst,
            };
            simple(Command::Call { number: number(0)?, sequence })
        }
        "intercom" => simple(Command::Intercom { number: number(0)? }),
        "answer" => simple(Command::Answer),
        "endCall" => simple(Command::EndCall { targets: numbers(arg(0))? }),
        "hold" => simple(Command::Hold),
        "toggle" => simple(Command::Toggle),
        "transfer" => simple(Command::Transfer { number: Some(number(0)?) }),
        "commutate" => simple(Command::Commutate),
        "conference" => {
            simple(Command::Conference { numbers: numbers(arg(0))?, given: given.and_then(new_conference) })
        }
        "ghostListen" => simple(Command::Ghost { mode: GhostMode::Listen, target: number(0)? }),
        "ghostHelp" => simple(Command::Ghost { mode: GhostMode::Help, target: number(0)? }),
        "ghostConference" => simple(Command::Ghost { mode: GhostMode::Conference, target: number(0)? }),
        "setStatus" => simple(Command::SetStatus { status: text(0)?.into(), reason: reason(arg(1)) }),
        "setUserStatus" => simple(Command::SetUserStatus { status: text(0)?.into(), reason: reason(arg(1)) }),
        "setRedirectNumber" => simple(Command::SetRedirectNumber { number: number(0)? }),
        "exec" => simple(Command::Exec {
            method: text(0)?.into(),
            params: arg(1).map(|params| JsonText::new(&params.to_string())),
        }),
        "model.makeCall" => model(ModelCommand::MakeCall(number(0)?)),
        "model.answerCall" => model(ModelCommand::AnswerCall),
        "model.dropCall" => model(ModelCommand::DropCall),
        "model.holdOrUnholdCall" => model(ModelCommand::HoldOrUnholdCall),
        "model.makeConsultCall" => model(ModelCommand::MakeConsultCall(number(0)?)),
        "model.transferCall" => model(ModelCommand::TransferCall),
        "model.cancelTransfer" => model(ModelCommand::CancelTransfer),
        "model.blindTransferCall" => model(ModelCommand::BlindTransferCall(number(0)?)),
        "model.setAgentState" => model(ModelCommand::SetAgentState(text(0)?.into())),
        "model.setWrapUpUserState" => model(ModelCommand::SetWrapUpUserState(flag()?)),
        "model.changeCallCentreState" => model(ModelCommand::ChangeCallCentreState(flag()?)),
        _ => Err("no such command"),
    }
}

/// The one credential of a session, as traces have it.
const CREDENTIAL: CredentialHandle = CredentialHandle(1);

fn connect(to: Option<&Value>) -> Result<(Endpoint, Option<LoginSecret>), &'static str> {
    let to = to.and_then(Value::as_object).ok_or("its argument must be an object")?;
    let text = |name: &str| to.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let addresses = match to.get("url") {
        Some(Value::String(url)) => vec![Text::from(url.as_str())],
        Some(Value::Array(urls)) => urls.iter().filter_map(Value::as_str).map(Text::from).collect(),
        _ => Vec::new(),
    };
    let secret = match (text("password"), text("sessionid")) {
        (Some(password), _) => Some(LoginSecret::from_password(password)),
        (None, Some(session)) => Some(LoginSecret::from_session(session)),
        (None, None) => None,
    };
    let credential = match (text("password"), &secret) {
        (Some(_), _) => Credential::Password(CREDENTIAL),
        (None, Some(_)) => Credential::Session(CREDENTIAL),
        (None, None) => Credential::Missing,
    };
    let login = Text::from(text("login").unwrap_or_default());
    Ok((Endpoint { addresses, login, credential, workplace: None, expires: None }, secret))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn numbers(value: Option<&Value>) -> Result<Option<Vec<PhoneNumber>>, &'static str> {
    const WHY: &str = "a number that is neither text nor a number";
    let number = |value: &Value| scalar(value).map(|text| PhoneNumber::from(text.as_str())).ok_or(WHY);
    match value {
        None => Ok(None),
        Some(Value::Array(list)) => list.iter().map(number).collect::<Result<_, _>>().map(Some),
        Some(one) => number(one).map(|number| Some(vec![number])),
    }
}

fn reason(value: Option<&Value>) -> Option<BreakReason> {
    match value? {
        Value::Number(number) => number.as_i64().map(BreakReason::Id),
        Value::String(text) => Some(BreakReason::Text(Text::from(text.as_str()))),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn new_conference(given: &Value) -> Option<NewConference> {
    let id = given.get("conferenceId")?.as_str()?;
    let room = u16::try_from(given.get("room")?.as_u64()?).ok()?;
    Some(NewConference { id: id.into(), room })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"trace":1,"name":"x","level":"oktell","epochMs":5}"#;

    fn lines(rest: &str) -> Result<Vec<Line>, TraceError> {
        let text = format!("{HEADER}\n{rest}");
        let mut reader = TraceReader::new(text.as_bytes())?;
        let mut lines = Vec::new();
        while let Some(entry) = reader.next_entry()? {
            lines.push(entry.line);
        }
        Ok(lines)
    }

    fn error(text: &str) -> String {
        match TraceReader::new(text.as_bytes()) {
            Err(error) => error.to_string(),
            Ok(mut reader) => reader.next_entry().unwrap_err().to_string(),
        }
    }

    #[test]
    fn what_is_no_trace_is_refused_with_what_is_wrong() {
        assert_eq!(error(""), "not a trace: it is empty");
        assert!(error("hello").starts_with("not a trace: the first line must be"));
        assert!(error(r#"{"t":0,"event":"connect"}"#).starts_with("not a trace"));
        assert_eq!(
            error(&HEADER.replace("\"trace\":1", "\"trace\":9")),
            "a trace of format 9; this engine reads format 1"
        );
    }

    #[test]
    fn a_bad_line_is_named() {
        let second = |line: &str| error(&format!("{HEADER}\n{line}"));
        assert_eq!(second(r#"{"t":0,"in":["pong""#), "line 2: cut short");
        assert_eq!(second("[]"), "line 2: not a JSON object of a trace");
        assert_eq!(second(r#"{"in":["pong",{}]}"#), "line 2: no time `t` in whole milliseconds");
        assert_eq!(second(r#"{"t":0,"api":"fly"}"#), "line 2: command fly: no such command");
    }

    #[test]
    fn a_line_that_is_too_long_is_not_held() {
        let long = format!(r#"{{"t":0,"in":"{}"}}"#, "x".repeat(MAX_LINE_BYTES));
        assert_eq!(error(&format!("{HEADER}\n{long}")), "line 2: longer than 16777216 bytes");
    }

    #[test]
    fn a_time_that_would_keep_timers_busy_for_ages_is_refused() {
        let second = |line: &str| error(&format!("{HEADER}\n{line}"));
        for t in [i64::MAX, i64::MIN, MAX_SESSION_MS + 1] {
            let told = second(&format!(r#"{{"t":{t},"end":{{}}}}"#));
            assert_eq!(told, "line 2: its time `t` is more than 366 days from the beginning");
        }
        for t in ["99999999999999999999", "1.5", "\"1\""] {
            assert_eq!(second(&format!(r#"{{"t":{t},"end":{{}}}}"#)), "line 2: not a JSON object of a trace");
        }
        assert!(lines(&format!(r#"{{"t":{MAX_SESSION_MS},"end":{{}}}}"#)).is_ok());
        for epoch in [i64::MAX, i64::MIN, -1] {
            let told = error(&HEADER.replace("\"epochMs\":5", &format!("\"epochMs\":{epoch}")));
            assert_eq!(told, "line 1: `epochMs` is not between 0 and 250000000000000");
        }
    }

    #[test]
    fn the_name_of_a_command_that_is_none_is_not_repeated_without_end() {
        let told = error(&format!("{HEADER}\n{{\"t\":0,\"api\":\"{}\"}}", "x\\u001b".repeat(1_000)));
        assert_eq!(told, format!("line 2: command {}: no such command", "x".repeat(MAX_NAME_SHOWN)));
    }

    #[test]
    fn a_frame_is_the_engines_to_judge_whatever_it_is() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for frame in ["null", "7", "{}", r#"["x"]"#, r#"["x",{},1]"#, "99999999999999999999", &deep] {
            let lines = lines(&format!(r#"{{"t":1,"in":{frame}}}"#)).unwrap();
            let [Line::Frame { text }] = lines.as_slice() else { panic!("{lines:?}") };
            assert_eq!(text, frame);
        }
    }

    #[test]
    fn of_a_sent_frame_only_name_and_id_are_read() {
        let sent = |out: &str| {
            let lines = lines(&format!(r#"{{"t":1,"out":{out}}}"#)).unwrap();
            let [Line::Sent { method, qid }] = lines.as_slice() else { panic!("{lines:?}") };
            (method.clone(), qid.clone())
        };
        let deep = format!(r#"["x",{{"deep":{}{},"qid":"1"}}]"#, "[".repeat(200), "]".repeat(200));
        assert_eq!(sent(&deep), ("x".to_owned(), Some("1".to_owned())));
        assert_eq!(sent(r#"["x",{"qid":7}]"#), ("x".to_owned(), None));
        assert_eq!(sent(r#"["x",{}]"#), ("x".to_owned(), None));
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_where_it_is_read() {
        assert_eq!(
            error(&format!("{HEADER}\n{{\"t\":1,\"t\":2,\"end\":{{}}}}")),
            "line 2: not a JSON object of a trace"
        );
    }

    #[test]
    fn a_line_of_an_unknown_kind_is_kept() {
        let lines = lines(r#"{"t":1,"weather":"fine"}"#).unwrap();
        assert!(matches!(lines.as_slice(), [Line::Unknown]));
    }

    #[test]
    fn a_frame_is_kept_as_it_stands() {
        let lines = lines(r#"{"t":1,"in":[ "x", {"a":1,"a":2} ]}"#).unwrap();
        let [Line::Frame { text }] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(text, r#"[ "x", {"a":1,"a":2} ]"#);
    }

    #[test]
    fn a_password_does_not_get_into_the_command() {
        let lines =
            lines(r#"{"t":1,"api":"connect","args":[{"url":"a","login":"l","password":"canary"}]}"#).unwrap();
        assert!(!format!("{lines:?}").contains("canary"));
        let [Line::Command(given)] = lines.as_slice() else { panic!("{lines:?}") };
        assert!(given.secret.is_some());
    }
}
