//! A floor of agents, made of recorded calls: the same ones again and again, each later, longer or shorter, on a chain and with
//! a number of its own. For what needs many calls; a floor of the same size is the same, byte for byte.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::{fs, io};

use serde_json::Value;

use crate::vectors;

/// Whose login begins every session.
const LOGIN: &str = "incoming-answered";
/// What happens on a line, in turn but for chance. Each begins and ends with a line that is ready.
const PIECES: [&str; 10] = [
    "incoming-answered",
    "hold-and-back",
    "incoming-abandoned",
    "incoming-answered",
    "seed-incoming-consult-connect",
    "outgoing-not-answered",
    "incoming-declined",
    "held-party-leaves",
    "outgoing-from-phone",
    "seed-outgoing-hold-unhold-end",
];
/// Every so many-th call has the chain that the other agents' call of that place has.
const SHARED: u64 = 11;
/// Between two calls, in milliseconds.
const PAUSE: i64 = 9_000;

/// A line of a trace: when, and the rest of it.
type Line = (i64, String);

/// A recorded session, cut into its login and what comes after.
struct Cut {
    header: String,
    login: Vec<Line>,
    rest: Vec<Line>,
    chains: BTreeSet<String>,
}

/// Makes sessions of agents.
pub struct Floor {
    login: Cut,
    pieces: Vec<Cut>,
}

impl Floor {
    /// Of the recorded sessions.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn read() -> io::Result<Self> {
        let cut = |name: &str| {
            let path = vectors::directory().join("named").join(name).with_extension("jsonl");
            cut(&fs::read_to_string(path)?)
        };
        let pieces = PIECES.iter().map(|name| cut(name)).collect::<io::Result<_>>()?;
        Ok(Self { login: cut(LOGIN)?, pieces })
    }

    /// The session of an agent with so many pieces, most of which are one call. Its name and the trace.
    #[must_use]
    pub fn session(&self, agent: u64, pieces: u64) -> (String, String) {
        let name = format!("agent{agent:03}");
        let mut out = self.login.header.replace("incoming-answered", &name);
        out.push('\n');
        for (t, rest) in &self.login.login {
            let rest = rest.replace("\"login\":\"ivanov\"", &format!("\"login\":\"{name}\""));
            put(&mut out, *t, &rest);
        }
        let mut chance = Chance(agent.wrapping_mul(7_919).wrapping_add(17));
        let mut now = 2_000 + i64::try_from(chance.below(60_000)).unwrap_or(0);
        for place in 0..pieces {
            let which = chance.below(self.pieces.len() as u64);
            let Some(piece) = usize::try_from(which).ok().and_then(|which| self.pieces.get(which)) else {
                break;
            };
            let slower = i64::try_from(1 + chance.below(7)).unwrap_or(1);
            let begin = piece.rest.first().map_or(0, |(t, _)| *t);
            let number = format!("{:010}", 9_160_000_000 + chance.below(40_000));
            let owner = if place % SHARED == 0 { 999 } else { agent };
            for (t, rest) in &piece.rest {
                put(&mut out, now + (t - begin) * slower, &anew(rest, piece, (owner, place), &number));
            }
            let end = piece.rest.last().map_or(0, |(t, _)| *t);
            now += (end - begin) * slower + PAUSE + i64::try_from(chance.below(20_000)).unwrap_or(0);
        }
        (name, out)
    }
}

fn put(out: &mut String, t: i64, rest: &str) {
    let _ = writeln!(out, "{{\"t\":{t},{rest}");
}

/// A line with another chain, and another number of the caller.
fn anew(rest: &str, piece: &Cut, (owner, place): (u64, u64), number: &str) -> String {
    let mut rest = rest.replace("9161234567", number);
    for (which, chain) in piece.chains.iter().enumerate() {
        rest = rest.replace(chain, &format!("{owner:08x}-{which:04x}-4000-8000-{place:012x}"));
    }
    rest
}

fn cut(trace: &str) -> io::Result<Cut> {
    let mut lines = trace.lines();
    let header = lines.next().unwrap_or_default().to_owned();
    let (mut login, mut rest, mut chains) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut is_connected = false;
    for line in lines {
        let value: Value = serde_json::from_str(line)?;
        let t = value.get("t").and_then(Value::as_i64).unwrap_or_default();
        is_connected |= value.get("event").and_then(Value::as_str) == Some("connect");
        // What the client announced is no input.
        if ["in", "out", "api", "ws"].iter().any(|key| value.get(*key).is_some())
            && let Some((_, after)) = line.split_once(',')
        {
            if is_connected { &mut rest } else { &mut login }.push((t, after.to_owned()));
            chains_in(&value, &mut chains);
        }
    }
    Ok(Cut { header, login, rest, chains })
}

fn chains_in(value: &Value, chains: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let (true, Some(chain)) = (name.eq_ignore_ascii_case("chainid"), value.as_str())
                    && chain.bytes().any(|byte| byte.is_ascii_hexdigit() && byte != b'0')
                {
                    chains.insert(chain.to_owned());
                }
                chains_in(value, chains);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| chains_in(item, chains)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Chance that is the same every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end.max(1)
    }
}
