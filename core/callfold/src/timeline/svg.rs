//! The timeline as SVG: the axis above, a lane below the other, what happened at once at the bottom.

use callfold_engine::Timestamp;
use callfold_engine::calls::Moment;

use super::markup::{Escaped, Markup, Tenths, room};
use super::words::{columns, cut};
use super::{Bar, BarKind, Lane, Mark, MarkKind, Timeline, clock};

/// Lengths of the picture, in pixels; those with `T` in tenths.
const WIDTH: i64 = 1_000;
const GUTTER_T: i64 = 2_000;
const PLOT_T: i64 = 7_600;
const TOP: i64 = 86;
const LANE: i64 = 28;
const BAR: i64 = 20;
const ROW: i64 = 16;
const LEGEND_ROW: i64 = 18;
/// The least width of a bar: what was over at once is seen, too.
const LEAST_T: i64 = 30;
/// What is too much for a picture: it stays below 300 KB.
const MOST_LANES: usize = 40;
const MOST_BARS: usize = 400;
const MOST_MARKS: usize = 200;
/// The most rows of words below the lanes.
const ROWS: usize = 8;
const TITLE: usize = 120;

pub(super) fn write(timeline: &Timeline) -> String {
    let lanes: Vec<_> = timeline.lanes.iter().take(MOST_LANES).collect();
    let marks = placed(timeline);
    let rows = marks.iter().map(|(_, row)| row.map_or(0, |row| row + 1)).max().unwrap_or(0);
    let bottom = TOP + LANE * count(lanes.len());
    let legend = bottom + 24 + ROW * count(rows);
    let items = legend_of(timeline, &lanes);
    let under = legend + LEGEND_ROW * items.last().map_or(0, |(_, row, _)| *row);
    let mut picture = Picture { timeline, out: Markup::default(), bars: MOST_BARS, left_out: 0, bottom };
    let description = format!("{}. {}", timeline.summary(), spoken(timeline));
    picture.out.begin_svg((WIDTH, under + 34), &timeline.title, &description);
    picture.head();
    picture.axis();
    picture.gaps();
    for (place, lane) in lanes.iter().enumerate() {
        picture.lane(lane, TOP + LANE * count(place));
    }
    for (mark, row) in &marks {
        picture.mark(mark, *row);
    }
    let more = timeline.lanes.iter().skip(MOST_LANES).map(|lane| lane.bars.len() + lane.marks.len());
    picture.left_out += more.sum::<usize>() + timeline.marks.len().saturating_sub(MOST_MARKS);
    picture.legend(&items, legend);
    picture.left_out(under);
    picture.out.0.push_str("</svg>\n");
    picture.out.0
}

fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX / LANE)
}

/// The call's own lane in a sentence, for who does not see it.
fn spoken(timeline: &Timeline) -> String {
    let bars = timeline.lanes.first().map_or(&[][..], |lane| &lane.bars);
    let said = bars.iter().take(20).map(|bar| match bar.to {
        Some(to) => format!("{} {}", bar.label, clock::length(to.at - bar.from.at)),
        None => format!("{}, goes on", bar.label),
    });
    said.collect::<Vec<_>>().join(", then ")
}

/// The marks of the call, each with the row in which its words have room; without one it is drawn without words.
fn placed(timeline: &Timeline) -> Vec<(&Mark, Option<usize>)> {
    let mut ends: [i64; ROWS] = [i64::MIN; ROWS];
    let place = |mark| {
        let (from, to) = reach(timeline, mark);
        let (row, end) = ends.iter_mut().enumerate().find(|(_, end)| **end < from)?;
        *end = to + 60;
        Some(row)
    };
    let marks: Vec<_> = timeline.marks.iter().take(MOST_MARKS).collect();
    let rows: Vec<_> = marks.iter().copied().map(place).collect();
    marks.into_iter().zip(rows).collect()
}

/// From where to where the words of a mark go: to the right of it, or to the left if there is no room.
fn reach(timeline: &Timeline, mark: &Mark) -> (i64, i64) {
    let x = x(timeline, mark.at.at);
    let width = count(columns(&worded(mark))) * super::markup::COLUMN + 80;
    if x + width > WIDTH * 10 - 50 { ((x - width).max(0), x + 60) } else { (x - 60, x + width) }
}

/// The words of a mark with its record, as long as they may be in the picture.
fn worded(mark: &Mark) -> String {
    format!("{} #{}", cut(&mark.words, 60), mark.at.seq)
}

/// Where a moment stands.
fn x(timeline: &Timeline, at: Timestamp) -> i64 {
    let whole = i128::from((timeline.to - timeline.from).as_micros()).max(1);
    let part = i128::from((at - timeline.from).as_micros()).clamp(0, whole);
    GUTTER_T + i64::try_from(part * i128::from(PLOT_T) / whole).unwrap_or(0)
}

struct Picture<'t> {
    timeline: &'t Timeline,
    out: Markup,
    /// How many bars and marks of lanes there is room for.
    bars: usize,
    left_out: usize,
    /// Where the lanes end.
    bottom: i64,
}

impl Picture<'_> {
    fn head(&mut self) {
        self.out.text("cf-ink cf-head", (120, 220), "start", &cut(&self.timeline.title, TITLE));
        self.out.text("cf-soft", (120, 400), "start", &cut(&self.timeline.summary(), 150));
    }

    fn axis(&mut self) {
        for tick in self.timeline.ticks() {
            let x = x(self.timeline, tick.at);
            let (at, bottom) = (Tenths(x), self.bottom);
            self.out.put(format_args!("<path class=\"cf-rule\" d=\"M{at} 68V{bottom}\"/>\n"));
            self.out.text("cf-soft", (x, 620), "middle", &tick.label);
        }
    }

    /// While the connection was down nothing is known of anybody: the hatch goes through all lanes.
    fn gaps(&mut self) {
        for (from, to) in self.timeline.gaps.iter().take(MOST_BARS) {
            let (left, width) = self.stretch(*from, *to);
            let (left, width, height) = (Tenths(left), Tenths(width), self.bottom - TOP + 8);
            let y = TOP - 4;
            self.out.put(format_args!(
                "<rect class=\"cf-unknown\" opacity=\".5\" x=\"{left}\" y=\"{y}\" width=\"{width}\" \
                 height=\"{height}\"/>\n"
            ));
        }
    }

    fn lane(&mut self, lane: &Lane, y: i64) {
        self.out.text("cf-ink", (1_900, (y + 17) * 10), "end", &cut(&lane.name, 26));
        let under = y + LANE - 1;
        self.out.put(format_args!("<path class=\"cf-rule\" d=\"M12 {under}H960\"/>\n"));
        let bars: Vec<_> = lane.bars.iter().take(self.bars).collect();
        self.bars -= bars.len();
        let marks: Vec<_> = lane.marks.iter().take(self.bars).collect();
        self.bars -= marks.len();
        self.left_out += lane.bars.len() + lane.marks.len() - bars.len() - marks.len();
        // The narrow ones last: a long one beside must not hide them.
        let is_narrow = |bar: &&Bar| self.stretch(bar.from, bar.to).1 <= LEAST_T;
        let (narrow, wide): (Vec<&Bar>, Vec<&Bar>) = bars.into_iter().partition(is_narrow);
        wide.into_iter().chain(narrow).for_each(|bar| self.bar(bar, y + (LANE - BAR) / 2 - 1));
        for mark in marks {
            self.symbol(mark, y + 13);
        }
    }

    fn bar(&mut self, bar: &Bar, y: i64) {
        let (left, width) = self.stretch(bar.from, bar.to);
        let (height, label) = (height(bar.kind), self.label(bar, width));
        let top = y + (BAR - height) / 2;
        let class = class(bar.kind);
        let title = self.titled(bar);
        let (x, wide) = (Tenths(left), Tenths(width));
        self.out.put(format_args!(
            "<g><title>{}</title><rect class=\"{class}\" x=\"{x}\" y=\"{top}\" width=\"{wide}\" \
             height=\"{height}\" rx=\"2\"/>",
            Escaped(&title)
        ));
        if bar.kind == BarKind::Conference && width > 80 {
            let (x, wide) = (Tenths(left + 30), Tenths(width - 60));
            let (top, height) = (top + 3, height - 6);
            self.out.put(format_args!(
                "<rect class=\"{class}\" x=\"{x}\" y=\"{top}\" width=\"{wide}\" height=\"{height}\"/>"
            ));
        }
        if bar.to.is_none() {
            // An open end: an arrow to the right of the plot.
            let (x, middle) = (Tenths(left + width + 30), y + BAR / 2);
            self.out.put(format_args!("<path class=\"cf-line\" d=\"M{x} {}l7 6l-7 6\"/>", middle - 6));
        }
        if let Some(label) = label {
            let (plate, wide) = (Tenths(left + 40), Tenths(count(columns(&label)) * super::markup::COLUMN));
            let middle = y + BAR / 2;
            self.out.put(format_args!(
                "<rect class=\"cf-plate\" x=\"{plate}\" y=\"{}\" width=\"{wide}\" height=\"12\" rx=\"2\"/>",
                middle - 6
            ));
            self.out.put(format_args!(
                "<text class=\"cf-ink\" x=\"{}\" y=\"{}\">{}</text>",
                Tenths(left + 50),
                middle + 4,
                Escaped(&label)
            ));
        }
        self.out.0.push_str("</g>\n");
    }

    /// The words of a bar, as many as there is room for.
    fn label(&self, bar: &Bar, width: i64) -> Option<String> {
        let length = bar.to.map_or("goes on".to_owned(), |to| clock::length(to.at - bar.from.at));
        let long = format!("{}, {length} #{}", bar.label, bar.from.seq);
        let has_room = |text: &String| columns(text) <= room(width - 80);
        [long, format!("{}, {length}", bar.label), bar.label.clone(), length].into_iter().find(has_room)
    }

    /// All of a bar, for who points at it.
    fn titled(&self, bar: &Bar) -> String {
        let clock = self.timeline.clock;
        let from =
            format!("{}: from {} (#{})", cut(&bar.words, TITLE), clock.time(bar.from.at), bar.from.seq);
        match bar.to {
            Some(to) => {
                let length = clock::length(to.at - bar.from.at);
                format!("{from} to {} (#{}), {length}", clock.time(to.at), to.seq)
            }
            None => format!("{from}, goes on"),
        }
    }

    /// From where and how wide.
    fn stretch(&self, from: Moment, to: Option<Moment>) -> (i64, i64) {
        let left = x(self.timeline, from.at);
        let right = x(self.timeline, to.map_or(self.timeline.to, |to| to.at));
        (left, (right - left).max(LEAST_T))
    }

    fn mark(&mut self, mark: &Mark, row: Option<usize>) {
        let at = x(self.timeline, mark.at.at);
        let down = row.map_or(self.bottom + 6, |row| self.bottom + 10 + ROW * count(row));
        let (x, top) = (Tenths(at), TOP - 4);
        self.out.put(format_args!("<path class=\"cf-dash\" d=\"M{x} {top}V{down}\"/>\n"));
        self.symbol(mark, down + 4);
        if row.is_some() {
            let is_left = reach(self.timeline, mark).0 < at - 60;
            let (to, anchor) = if is_left { (at - 100, "end") } else { (at + 80, "start") };
            self.out.text("cf-ink", (to, (down + 8) * 10), anchor, &worded(mark));
        }
    }

    fn symbol(&mut self, mark: &Mark, y: i64) {
        let (class, shape) = shape(mark.kind);
        let x = Tenths(x(self.timeline, mark.at.at));
        let words = format!(
            "{}: {} (#{})",
            self.timeline.clock.time(mark.at.at),
            cut(&mark.words, TITLE),
            mark.at.seq
        );
        self.out.put(format_args!(
            "<g><title>{}</title><path class=\"{class}\" d=\"M{x} {y}{shape}\"/></g>\n",
            Escaped(&words)
        ));
    }

    /// What the patterns and shapes mean, of those that are there.
    fn legend(&mut self, items: &[(Sign, i64, i64)], y: i64) {
        for (sign, row, left) in items {
            let y = y + LEGEND_ROW * row;
            match sign {
                Sign::Bar(kind) => {
                    let (class, x, height) = (class(*kind), Tenths(*left), height(*kind).min(14));
                    let top = y + (14 - height) / 2;
                    self.out.put(format_args!(
                        "<rect class=\"{class}\" x=\"{x}\" y=\"{top}\" width=\"22\" height=\"{height}\" \
                         rx=\"2\"/>\n"
                    ));
                }
                Sign::Mark(kind) => {
                    let ((class, shape), x) = (shape(*kind), Tenths(left + 80));
                    let middle = y + 7;
                    self.out.put(format_args!("<path class=\"{class}\" d=\"M{x} {middle}{shape}\"/>\n"));
                }
            }
            self.out.text("cf-soft", (left + sign.width(), (y + 11) * 10), "start", sign.text());
        }
    }

    fn left_out(&mut self, y: i64) {
        if self.left_out > 0 {
            let words = format!("{} more, left out of this picture", self.left_out);
            self.out.text("cf-ink", (GUTTER_T, (y + 28) * 10), "start", &words);
        }
    }
}

/// Something that the legend explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Bar(BarKind),
    Mark(MarkKind),
}

impl Sign {
    const ALL: [Self; 16] = [
        Self::Bar(BarKind::Ring),
        Self::Bar(BarKind::Dial),
        Self::Bar(BarKind::Talk),
        Self::Bar(BarKind::Conference),
        Self::Bar(BarKind::Hold),
        Self::Bar(BarKind::Unknown),
        Self::Bar(BarKind::Party),
        Self::Bar(BarKind::Command),
        Self::Mark(MarkKind::Answered),
        Self::Mark(MarkKind::Ended),
        Self::Mark(MarkKind::Transfer),
        Self::Mark(MarkKind::Irregular),
        Self::Mark(MarkKind::Sent),
        Self::Mark(MarkKind::Agreed),
        Self::Mark(MarkKind::Refused),
        Self::Mark(MarkKind::Effect),
    ];

    const fn text(self) -> &'static str {
        match self {
            Self::Bar(kind) => kind.text(),
            Self::Mark(kind) => kind.text(),
        }
    }

    /// How wide it is, with the room after it.
    const fn width(self) -> i64 {
        match self {
            Self::Bar(_) => 280,
            Self::Mark(_) => 180,
        }
    }
}

/// What the legend explains of what is there, each with its row and where it begins.
fn legend_of(timeline: &Timeline, lanes: &[&Lane]) -> Vec<(Sign, i64, i64)> {
    let bars = || lanes.iter().flat_map(|lane| &lane.bars);
    let marks = || lanes.iter().flat_map(|lane| &lane.marks).chain(&timeline.marks);
    let is_there = |sign: &Sign| match *sign {
        Sign::Bar(kind) => bars().any(|bar| bar.kind == kind),
        Sign::Mark(kind) => marks().any(|mark| mark.kind == kind),
    };
    let (mut row, mut left) = (0, GUTTER_T);
    let place = |sign: Sign| {
        let wide = sign.width() + count(columns(sign.text())) * super::markup::COLUMN;
        if left + wide > WIDTH * 10 - 100 {
            (row, left) = (row + 1, GUTTER_T);
        }
        let at = left;
        left += wide + 160;
        (sign, row, at)
    };
    Sign::ALL.into_iter().filter(is_there).map(place).collect()
}

/// What happened at once: each kind has a shape of its own.
const fn shape(kind: MarkKind) -> (&'static str, &'static str) {
    match kind {
        MarkKind::Answered => ("cf-mark", "m0 -6l6 10h-12z"),
        MarkKind::Ended => ("cf-mark", "m-5 -5h10v10h-10z"),
        MarkKind::Transfer => ("cf-mark", "m-6 -5l8 0l0 -3l6 8l-6 8l0 -3l-8 0z"),
        MarkKind::Irregular => ("cf-bad", "m0 -7l7 12h-14z"),
        MarkKind::Sent => ("cf-mark", "m-3 -5l8 5l-8 5z"),
        MarkKind::Agreed => ("cf-mark", "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z"),
        MarkKind::Refused => ("cf-bad", "m-5 -3l2 -2l3 3l3 -3l2 2l-3 3l3 3l-2 2l-3 -3l-3 3l-2 -2l3 -3z"),
        MarkKind::Effect => ("cf-mark", "m0 -6l5 6l-5 6l-5 -6z"),
    }
}

const fn class(kind: BarKind) -> &'static str {
    match kind {
        BarKind::Ring => "cf-ring",
        BarKind::Dial => "cf-dial",
        BarKind::Talk => "cf-talk",
        BarKind::Conference => "cf-conference",
        BarKind::Hold => "cf-hold",
        BarKind::Unknown => "cf-unknown",
        BarKind::Party => "cf-party",
        BarKind::Command => "cf-command",
    }
}

/// How high a bar is: a difference that is there without colour.
const fn height(kind: BarKind) -> i64 {
    match kind {
        BarKind::Talk | BarKind::Conference | BarKind::Unknown => BAR,
        BarKind::Ring | BarKind::Dial | BarKind::Hold | BarKind::Party => 16,
        BarKind::Command => 4,
    }
}
