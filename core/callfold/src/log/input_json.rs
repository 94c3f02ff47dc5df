//! An input as JSON, for people and programs that read exported logs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callfold_engine::wire::FrameText;
use callfold_engine::{Command, InputKind, SocketId, Text, Timer};
use serde::Deserialize as _;
use serde_json::{Value, json};

/// The input as one JSON object with one key: its kind.
#[must_use]
pub fn input(kind: &InputKind<'_>) -> Value {
    match kind {
        InputKind::Opened(socket) => json!({ "opened": socket.0 }),
        InputKind::Refused(socket) => json!({ "refused": socket.0 }),
        InputKind::Closed(socket) => json!({ "closed": socket.0 }),
        InputKind::Frame { socket, text } => json!({ "frame": text.as_str(), "socket": socket.0 }),
        InputKind::Binary { socket, bytes } => {
            json!({ "binary": STANDARD.encode(bytes), "socket": socket.0 })
        }
        InputKind::Named { qid, wire } => json!({ "named": qid, "wire": wire.as_str() }),
        InputKind::Command(command) => json!({ "command": command }),
        InputKind::Timer(timer) => json!({ "timer": timer }),
        _ => json!({}),
    }
}

/// Why JSON is no input. It names the place, and never what stands there: that may be somebody's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAnInput {
    /// It has no key that names a kind.
    #[error("it says of nothing that happened")]
    NoKind,
    /// A key is missing, or what stands there is of another type.
    #[error("`{0}` is missing, or no such thing")]
    Key(&'static str),
}

/// Reads what [`input`] wrote. Secrets in a frame are taken out.
///
/// # Errors
/// [`NotAnInput`] if it is none.
pub fn input_from_json(value: &Value) -> Result<InputKind<'_>, NotAnInput> {
    let number = |name: &str| value.get(name).and_then(Value::as_u64);
    let text = |name: &'static str| value.get(name).and_then(Value::as_str).ok_or(NotAnInput::Key(name));
    let socket = || number("socket").map(SocketId).ok_or(NotAnInput::Key("socket"));
    let has = |name: &str| value.get(name).is_some();
    if has("opened") {
        number("opened").map(|socket| InputKind::Opened(SocketId(socket))).ok_or(NotAnInput::Key("opened"))
    } else if has("refused") {
        number("refused").map(|socket| InputKind::Refused(SocketId(socket))).ok_or(NotAnInput::Key("refused"))
    } else if has("closed") {
        number("closed").map(|socket| InputKind::Closed(SocketId(socket))).ok_or(NotAnInput::Key("closed"))
    } else if has("frame") {
        let (text, _) = FrameText::from_wire(text("frame")?);
        Ok(InputKind::Frame { socket: socket()?, text })
    } else if has("binary") {
        let bytes = STANDARD.decode(text("binary")?).map_err(|_| NotAnInput::Key("binary"))?;
        Ok(InputKind::Binary { socket: socket()?, bytes: bytes.into() })
    } else if has("named") {
        let qid = number("named").ok_or(NotAnInput::Key("named"))?;
        Ok(InputKind::Named { qid, wire: Text::from(text("wire")?) })
    } else if let Some(command) = value.get("command") {
        let command = Command::deserialize(command).map_err(|_| NotAnInput::Key("command"))?;
        Ok(InputKind::Command(command))
    } else if let Some(timer) = value.get("timer") {
        let timer = Timer::deserialize(timer).map_err(|_| NotAnInput::Key("timer"))?;
        Ok(InputKind::Timer(timer))
    } else {
        Err(NotAnInput::NoKind)
    }
}

#[cfg(test)]
mod tests {
    use callfold_engine::PhoneNumber;

    use super::*;

    #[test]
    fn every_input_is_read_as_it_was_written() {
        let socket = SocketId(3);
        let all = [
            InputKind::Opened(socket),
            InputKind::Refused(socket),
            InputKind::Closed(socket),
            InputKind::Frame { socket, text: FrameText::from_wire(r#"["pong",{"n":1}]"#).0 },
            InputKind::Binary { socket, bytes: vec![0, 255].into() },
            InputKind::Named { qid: 7, wire: Text::from("x") },
            InputKind::Command(Command::Hold),
            InputKind::Command(Command::Transfer { number: Some(PhoneNumber::from("102")) }),
        ];
        for kind in all {
            let written = input(&kind);
            let read = input_from_json(&written).map(|read| input(&read));
            assert_eq!(read, Ok(written));
        }
    }

    #[test]
    fn what_is_none_is_told_by_its_place() {
        let why = |value: Value| input_from_json(&value).err();
        assert_eq!(why(json!({})), Some(NotAnInput::NoKind));
        assert_eq!(why(json!([1])), Some(NotAnInput::NoKind));
        assert_eq!(why(json!({ "opened": "x" })), Some(NotAnInput::Key("opened")));
        assert_eq!(why(json!({ "frame": "x" })), Some(NotAnInput::Key("socket")));
        assert_eq!(why(json!({ "binary": "?", "socket": 1 })), Some(NotAnInput::Key("binary")));
        assert_eq!(why(json!({ "command": { "Call": "102" } })), Some(NotAnInput::Key("command")));
    }
}
