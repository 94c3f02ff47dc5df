//! The story in lines.

use super::{Entry, Timeline, clock};

pub(super) fn write(timeline: &Timeline) -> String {
    let mut out = format!("{}\n{}\n", timeline.title, timeline.summary());
    let widest = timeline.entries.iter().map(|entry| entry.at.seq).max().unwrap_or(0);
    let widest = widest.to_string().len() + 1;
    let mut day = timeline.clock.date(timeline.began.at);
    out.push('\n');
    for entry in &timeline.entries {
        let of = timeline.clock.date(entry.at.at);
        if of != day {
            out.push_str(&format!("{of}\n"));
            day = of;
        }
        let record = format!("#{}", entry.at.seq);
        let time = timeline.clock.time(entry.at.at);
        out.push_str(&format!("{time}  {record:widest$}  {}{}\n", entry.words, how_long(entry)));
    }
    if timeline.left_out > 0 {
        out.push_str(&format!("… and {} more, left out\n", timeline.left_out));
    }
    out
}

/// How long something went on, after a comma.
pub(super) fn how_long(entry: &Entry) -> String {
    match (entry.length, entry.goes_on) {
        (Some(length), _) => format!(", {}", clock::length(length)),
        (None, true) => ", goes on".to_owned(),
        (None, false) => String::new(),
    }
}
