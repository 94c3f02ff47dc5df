//! An input as JSON, for people and programs that read exported logs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callfold_engine::InputKind;
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
