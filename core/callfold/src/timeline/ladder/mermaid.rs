//! The ladder as a Mermaid sequence diagram: text that wikis, tickets and editors draw.

use super::super::Timeline;
use super::super::words::cut;
use super::{Ladder, Step, StepKind};

/// The most columns of one step's words.
const MAX_WORDS: usize = 160;

/// The diagram. What a name has in it that Mermaid would read is written as its number.
pub(in super::super) fn write(timeline: &Timeline) -> String {
    let ladder = &timeline.ladder;
    let mut out = "sequenceDiagram\n".to_owned();
    // A title goes to the end of its line.
    out.push_str(&format!("    title {}\n", escaped(&timeline.title)));
    for (place, column) in ladder.columns.iter().enumerate() {
        out.push_str(&format!("    participant p{place} as {}\n", escaped(column)));
    }
    out.push_str(&format!("    Note over {}: {}\n", over(ladder), escaped(&timeline.summary())));
    let mut day = timeline.clock.date(timeline.began.at);
    for step in &ladder.steps {
        let of = timeline.clock.date(step.at.at);
        if of != day {
            out.push_str(&format!("    Note over {}: {of}\n", over(ladder)));
            day = of;
        }
        out.push_str(&line(timeline, step));
    }
    if ladder.left_out > 0 {
        out.push_str(&format!("    Note over {}: and {} more, left out\n", over(ladder), ladder.left_out));
    }
    out
}

fn line(timeline: &Timeline, step: &Step) -> String {
    let words = format!("{} #{} {}", timeline.clock.time(step.at.at), step.at.seq, step.words);
    let (from, to, words) = (step.from, step.to, escaped(&cut(&words, MAX_WORDS)));
    match step.kind {
        StepKind::Arrow => format!("    p{from}->>p{to}: {words}\n"),
        StepKind::Lost => format!("    p{from}--xp{to}: {words}\n"),
        StepKind::Note | StepKind::Unknown if from == to => format!("    Note over p{from}: {words}\n"),
        // A line would have a direction, and what nobody knows has none.
        StepKind::Note | StepKind::Unknown => {
            format!("    Note over p{},p{}: {words}\n", from.min(to), from.max(to))
        }
    }
}

/// All columns.
fn over(ladder: &Ladder) -> String {
    match ladder.columns.len().saturating_sub(1) {
        0 => "p0".to_owned(),
        last => format!("p0,p{last}"),
    }
}

/// Letters, digits and what stands in numbers as they are; everything else that Mermaid or a page reads by its number.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '#' | ';' | '<' | '>' | '&' | '"' | '\'' | '`' | '\\' | '{' | '}' | '[' | ']' | '%' | '@'
            | '$' | '|' => {
                out.push_str(&format!("#{};", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    // What is nothing but this word ends a block.
    if out.trim().eq_ignore_ascii_case("end") { format!("{out}\u{a0}") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_text_and_nothing_else() {
        assert_eq!(escaped("Иван +7 (916) 123-45-67"), "Иван +7 (916) 123-45-67");
        assert_eq!(escaped("a;b#c<b>%%{"), "a#59;b#35;c#60;b#62;#37;#37;#123;");
        assert_eq!(escaped("End"), "End\u{a0}");
    }
}
