//! The ladder in lines.

use super::super::Timeline;
use super::super::words::{columns, cut};
use super::{Step, StepKind};

/// How far a column is from the next.
const APART: usize = 16;
/// Where the first one stands.
const FIRST: usize = 5;

/// The title, the columns, then a line of each step: its arrow, and at the right its words, whole.
pub(in super::super) fn write(timeline: &Timeline) -> String {
    let ladder = &timeline.ladder;
    let mut out = format!("{}\n{}\n\n", timeline.title, timeline.summary());
    let record = ladder.steps.iter().map(|step| step.at.seq).max().unwrap_or(0).to_string().len() + 1;
    let left = 12 + 2 + record + 2;
    let mut heads = " ".repeat(left);
    for (place, column) in ladder.columns.iter().enumerate() {
        let head = cut(column, APART - 2);
        let at = (left + FIRST + place * APART).saturating_sub(columns(&head) / 2);
        heads.push_str(&" ".repeat(at.saturating_sub(columns(&heads))));
        heads.push_str(&head);
    }
    out.push_str(&heads);
    out.push('\n');
    let mut day = timeline.clock.date(timeline.began.at);
    for step in &ladder.steps {
        let of = timeline.clock.date(step.at.at);
        if of != day {
            out.push_str(&format!("{of}\n"));
            day = of;
        }
        let (time, seq) = (timeline.clock.time(step.at.at), format!("#{}", step.at.seq));
        let lines = line(step, ladder.columns.len());
        out.push_str(&format!("{time}  {seq:record$}  {lines}   {}\n", step.words));
    }
    if ladder.left_out > 0 {
        out.push_str(&format!("… and {} more, left out\n", ladder.left_out));
    }
    out
}

/// The line of each column, and the step between two of them.
fn line(step: &Step, count: usize) -> String {
    let at = |column: usize| FIRST + column * APART;
    let (from, to) = (at(step.from), at(step.to));
    let (left, right) = (from.min(to), from.max(to));
    let between = match step.kind {
        StepKind::Arrow => '-',
        StepKind::Note => '.',
        StepKind::Unknown | StepKind::Lost => '~',
    };
    let is_arrow = matches!(step.kind, StepKind::Arrow | StepKind::Lost);
    let cell = |place: usize| match place {
        _ if is_arrow && to > from && place + 1 == to => '>',
        _ if is_arrow && to < from && place == to + 1 => '<',
        _ if place > left && place < right => between,
        _ if place >= FIRST && (place - FIRST).is_multiple_of(APART) => '|',
        _ => ' ',
    };
    (0..=at(count.saturating_sub(1))).map(cell).collect()
}
