//! A recorded session: what the application commanded, and what was announced before and after.

use std::fs;

use callfold::Command;
use callfold::trace::{Level, Line, TraceReader};
use callfold_tests::compare::{Report, compare};
use callfold_tests::vectors;
use callfold_transport::Secret;
use serde_json::{Map, Value};

/// Something that was announced, as a line of a trace has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said(Value);

impl Said {
    /// The kinds of lines that announce.
    const KINDS: [&'static str; 4] = ["event", "provider", "throws", "result"];

    /// Adds a line. The same list of parties told twice in a row counts once.
    pub(crate) fn push(said: &mut Vec<Self>, line: Value) {
        let said_now = Self(line);
        if said_now.name() != "abonentsChange" || said.last() != Some(&said_now) {
            said.push(said_now);
        }
    }

    /// What was announced; for a result, the command.
    pub(crate) fn name(&self) -> &str {
        Self::KINDS.iter().find_map(|kind| self.0[kind].as_str()).unwrap_or_default()
    }
}

/// A command of the application.
pub(crate) struct Given {
    pub(crate) command: Command,
    /// What its login needs.
    pub(crate) secret: Option<Secret>,
    /// How much was announced before it.
    pub(crate) after: usize,
}

pub(crate) struct Recorded {
    pub(crate) level: Level,
    pub(crate) commands: Vec<Given>,
    pub(crate) said: Vec<Said>,
}

impl Recorded {
    /// Reads a trace of `tests/vectors/named`.
    pub(crate) fn read(name: &str) -> Self {
        let path = vectors::directory().join("named").join(format!("{name}.jsonl"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut reader = TraceReader::new(text.as_bytes()).unwrap();
        let level = reader.header().level;
        let mut lines = text.lines().skip(1);
        let (mut commands, mut said) = (Vec::new(), Vec::new());
        while let Some(entry) = reader.next_entry().unwrap() {
            let mut line: Map<String, Value> = serde_json::from_str(lines.next().unwrap()).unwrap();
            if Said::KINDS.iter().any(|kind| line.contains_key(*kind)) {
                line.remove("t");
                Said::push(&mut said, line.into());
            } else if let Line::Command(given) = entry.line {
                let secret = given.secret.and_then(|_| secret(&line));
                commands.push(Given { command: given.command, secret, after: said.len() });
            }
        }
        Self { level, commands, said }
    }

    /// What differs between what was announced and what the trace has.
    pub(crate) fn differences(&self, said: &[Said]) -> Report {
        compare(&renamed(&self.said), &renamed(said)).unwrap()
    }
}

fn secret(line: &Map<String, Value>) -> Option<Secret> {
    let to = line["args"].get(0)?;
    let text = |name: &str| to[name].as_str().map(str::to_owned);
    text("password").map(Secret::password).or_else(|| text("sessionid").map(Secret::session))
}

/// Ids that no PBX draws: those of users, of directions, and the id that is none.
const FIXED: &[&str] = &[
    "d8af50ea-74a6-4a57-b0d5-451962f6c042",
    "3357f4d2-b37c-4809-9a1a-e4d64808de1b",
    "7b1f0c5e-2f0d-4a43-9c77-0c1de5a1f103",
    "1d96a65f-2131-4916-8825-2d142b1000b2",
    "53f71b5f-7e17-4cf5-bf14-6a59212db422",
    "c072be2c-3d82-4468-9d4a-6db47d1f4cca",
    "00000000-0000-0000-0000-000000000000",
];

/// The lines of a trace, with every id that the PBX drew named by the place where it stands first.
fn renamed(said: &[Said]) -> Vec<u8> {
    let mut names: Vec<String> = Vec::new();
    let mut text = String::new();
    for Said(line) in said {
        let mut line = line.clone();
        line.sort_all_objects();
        rename(&mut line, &mut names);
        text.push_str(&line.to_string());
        text.push('\n');
    }
    text.into_bytes()
}

fn rename(value: &mut Value, names: &mut Vec<String>) {
    match value {
        Value::String(text) => *text = rename_text(text, names),
        Value::Array(list) => list.iter_mut().for_each(|value| rename(value, names)),
        Value::Object(fields) => fields.values_mut().for_each(|value| rename(value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The id of a call has that of its chain in it.
fn rename_text(text: &str, names: &mut Vec<String>) -> String {
    const LENGTH: usize = 36;
    let Some((id, rest)) = text.split_at_checked(LENGTH).filter(|(id, _)| is_guid(id)) else {
        return text.to_owned();
    };
    if FIXED.contains(&id) {
        return text.to_owned();
    }
    let at = names.iter().position(|name| name == id).unwrap_or_else(|| {
        names.push(id.to_owned());
        names.len() - 1
    });
    // Still a GUID: a key that is one may stand for itself.
    format!("dddddddd-0000-4000-8000-{at:012}{rest}")
}

fn is_guid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[test]
fn ids_are_renamed_consistently() {
    let line = |text: &str| Said(serde_json::json!({ "event": "x", "args": [text] }));
    let one = "11111111-0000-4000-8000-000000000001";
    let two = "22222222-0000-4000-8000-000000000001";
    let call = |id: &str| format!("{id}:102");
    assert_eq!(renamed(&[line(one), line(&call(one))]), renamed(&[line(two), line(&call(two))]));
    assert_ne!(renamed(&[line(one), line(&call(one))]), renamed(&[line(two), line(&call(one))]));
    assert_ne!(renamed(&[line(FIXED[0])]), renamed(&[line(FIXED[1])]));
}
