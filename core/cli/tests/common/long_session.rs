//! Makes a session of any length out of a recorded one.

use std::io::{self, Write};

use serde_json::Value;

/// Writes a trace of at least `inputs` inputs (frames, commands, sockets): the recorded session `trace` up to
/// the end of its login, then what follows again and again, each time later. Holds only the recorded one.
pub fn write(trace: &str, inputs: u64, out: &mut impl Write) -> io::Result<()> {
    let mut lines = trace.lines();
    writeln!(out, "{}", lines.next().unwrap_or_default())?;
    let mut login = Vec::new();
    let mut calls = Vec::new();
    let mut end = 0;
    let mut connected = false;
    for line in lines {
        let value: Value = serde_json::from_str(line)?;
        let t = value["t"].as_i64().unwrap_or_default();
        end = end.max(t);
        connected |= value["event"] == "connect";
        // What the client announced is no input.
        if ["in", "out", "api", "ws"].iter().any(|key| value.get(key).is_some()) {
            let Some((_, rest)) = line.split_once(',') else { continue };
            let is_input = value.get("out").is_none() && value["ws"] != "open";
            if connected { &mut calls } else { &mut login }.push((t, rest.to_owned(), u64::from(is_input)));
        }
    }
    let begin = calls.first().map_or(0, |(t, ..)| *t);
    let mut written = 0;
    for (t, rest, is_input) in &login {
        writeln!(out, r#"{{"t":{t},{rest}"#)?;
        written += is_input;
    }
    let mut later = 0;
    while written < inputs {
        for (t, rest, is_input) in &calls {
            writeln!(out, r#"{{"t":{},{rest}"#, t + later)?;
            written += is_input;
        }
        later += end - begin;
    }
    Ok(())
}
