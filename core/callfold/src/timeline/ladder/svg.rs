//! The ladder as SVG: a line down for each column, an arrow across for each step.

use super::super::Timeline;
use super::super::markup::{COLUMN, Escaped, Markup, Tenths, room};
use super::super::words::{columns, cut};
use super::{Step, StepKind};

/// Lengths of the picture, in pixels.
const LEFT: i64 = 220;
const APART: i64 = 200;
const TOP: i64 = 96;
const STEP: i64 = 30;
/// What is too much for a picture: it stays below 300 KB.
const MOST: usize = 300;

pub(in super::super) fn write(timeline: &Timeline) -> String {
    let ladder = &timeline.ladder;
    let steps: Vec<_> = ladder.steps.iter().take(MOST).collect();
    let left_out = ladder.left_out + ladder.steps.len() - steps.len();
    let width = LEFT + APART * count(ladder.columns.len().saturating_sub(1)) + 110;
    let bottom = TOP + STEP * count(steps.len());
    let mut out = Markup::default();
    let description = format!(
        "{}. {} steps between {}",
        timeline.summary(),
        ladder.steps.len() + ladder.left_out,
        ladder.columns.join(", ")
    );
    out.begin_svg((width, bottom + 36), &format!("Ladder of the {}", timeline.title), &description);
    out.text("cf-ink cf-head", (120, 220), "start", &cut(&timeline.title, 100));
    out.text("cf-soft", (120, 400), "start", &cut(&timeline.summary(), room(width * 10 - 240)));
    for (place, column) in ladder.columns.iter().enumerate() {
        let x = x(place);
        out.text("cf-ink", (x * 10, 640), "middle", &cut(column, room(APART * 10 - 80)));
        out.put(format_args!("<path class=\"cf-rule\" d=\"M{x} 72V{}\"/>\n", bottom + 8));
    }
    for (place, step) in steps.into_iter().enumerate() {
        let y = TOP + STEP * count(place);
        let (time, record) = (timeline.clock.time(step.at.at), format!("#{}", step.at.seq));
        out.text("cf-soft", (120, (y + 14) * 10), "start", &format!("{time} {record}"));
        arrow(&mut out, step, y + 20, ladder.columns.len());
    }
    if left_out > 0 {
        out.text(
            "cf-ink",
            (120, (bottom + 24) * 10),
            "start",
            &format!("{left_out} more, left out of this picture"),
        );
    }
    out.0.push_str("</svg>\n");
    out.0
}

fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX / APART / 2)
}

fn x(column: usize) -> i64 {
    LEFT + APART * count(column)
}

fn arrow(out: &mut Markup, step: &Step, y: i64, columns_of_all: usize) {
    let (from, to) = (x(step.from), x(step.to));
    let (left, right) = (from.min(to), from.max(to));
    // Words go on over the columns at the right; they end where the picture does.
    let words = cut(&step.words, room((x(columns_of_all.saturating_sub(1)) + 100 - left - 8) * 10));
    let wide = Tenths(count(columns(&words)) * COLUMN + 40);
    out.put(format_args!(
        "<g><title>{}</title><rect class=\"cf-plate\" x=\"{}\" y=\"{}\" width=\"{wide}\" height=\"13\"/>\
         <text class=\"cf-ink\" x=\"{}\" y=\"{}\">{}</text>",
        Escaped(&step.words),
        left + 5,
        y - 16,
        left + 7,
        y - 5,
        Escaped(&words)
    ));
    let class = match step.kind {
        StepKind::Arrow => "cf-line",
        StepKind::Note | StepKind::Unknown | StepKind::Lost => "cf-dash",
    };
    out.put(format_args!("<path class=\"{class}\" d=\"M{left} {y}H{right}\"/>"));
    match step.kind {
        StepKind::Arrow => {
            let back = if to > from { -8 } else { 8 };
            out.put(format_args!("<path class=\"cf-mark\" d=\"M{to} {y}l{back} -4v8z\"/>"));
        }
        StepKind::Unknown | StepKind::Lost => {
            let (y, width) = (y - 2, right - left);
            out.put(format_args!(
                "<rect class=\"cf-unknown\" x=\"{left}\" y=\"{y}\" width=\"{width}\" height=\"5\"/>"
            ));
        }
        StepKind::Note => {}
    }
    out.0.push_str("</g>\n");
}
