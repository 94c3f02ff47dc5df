//! A call as a picture: its timeline, and a ladder of who did what to whom, as text, SVG, Mermaid and HTML.
//!
//! Every surface shows the same picture, byte for byte. It is made of a [`Call`] and its [`CommandTrail`]s alone: there
//! is no clock and no time zone in it, an offset is handed in. What nobody knows is drawn as unknown; what is too much
//! for a picture is counted and said to be left out. Names and numbers come from whoever calls: they are cut, escaped,
//! and without characters that a terminal or a page would obey.
//!
//! ```
//! use callfold::replay::{self, CallReader};
//! use callfold::timeline::Timeline;
//!
//! # let trace = concat!(
//! #     r#"{"trace":1,"name":"x","title":"t","level":"oktell","epochMs":0,"numbers":[]}"#, "\n",
//! # );
//! let mut reader = CallReader::default();
//! replay::run(trace.as_bytes(), &mut reader)?;
//! let (over, _) = reader.finish();
//! for call in &over.calls {
//!     let timeline = Timeline::of(call, &over.commands).at_offset(3 * 60 * 60);
//!     println!("{}\n{}", timeline.text(), timeline.ladder_text());
//! }
//! # Ok::<(), replay::ReplayError>(())
//! ```

mod clock;
mod entries;
mod html;
mod ladder;
mod lanes;
mod markup;
pub mod say;
mod svg;
mod text;
mod there;
mod ticks;
mod words;

use std::collections::BTreeSet;

use callfold_engine::calls::{Call, CommandTrail, Moment, SpellKind};
use callfold_engine::{Span, Timestamp};

use clock::Clock;
pub use ladder::{Ladder, Step, StepKind};

/// A call, laid out in time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeline {
    /// The call's id.
    pub id: String,
    /// The call in a few words: which way it went, and with whom.
    pub title: String,
    /// When the call began.
    pub began: Moment,
    /// When it ended; none while it goes on, and if nobody knows.
    pub ended: Option<Moment>,
    /// What became of it, in words.
    pub outcome: String,
    /// How long what went on, in words and in the order of a call.
    pub totals: Vec<(String, Span)>,
    /// Where the axis begins: the first moment of the call or of a command of it.
    pub from: Timestamp,
    /// Where the axis ends. If something goes on, a little after the last moment that is known.
    pub to: Timestamp,
    /// What went on when, lane by lane: the call first.
    pub lanes: Vec<Lane>,
    /// What happened at once: answers, ends, transfers, and what does not fit.
    pub marks: Vec<Mark>,
    /// Times while the connection was down.
    pub gaps: Vec<(Moment, Option<Moment>)>,
    /// Everything in order, for reading.
    pub entries: Vec<Entry>,
    /// How many entries there are that are not in [`Timeline::entries`].
    pub left_out: usize,
    /// Who did what to whom.
    pub ladder: Ladder,
    clock: Clock,
}

/// Bars and marks on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lane {
    /// What it is of: `call`, `hold`, `conference`, somebody, or a command.
    pub name: String,
    /// What went on, by when it began.
    pub bars: Vec<Bar>,
    /// What happened at once.
    pub marks: Vec<Mark>,
}

/// Something that went on for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bar {
    /// What it is.
    pub kind: BarKind,
    /// From when.
    pub from: Moment,
    /// Until when; none while it goes on.
    pub to: Option<Moment>,
    /// A word for it.
    pub label: String,
    /// What it is, in full.
    pub words: String,
}

/// What a bar is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum BarKind {
    /// It rings at the agent.
    Ring,
    /// It is dialled.
    Dial,
    /// Conversation.
    Talk,
    /// Conversation in a conference.
    Conference,
    /// On hold.
    Hold,
    /// The connection is down, or nobody knows.
    Unknown,
    /// Somebody is there.
    Party,
    /// A command is on its way.
    Command,
}

impl BarKind {
    /// The kind in a word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Dial => "dial",
            Self::Talk => "talk",
            Self::Conference => "conference",
            Self::Hold => "hold",
            Self::Unknown => "unknown",
            Self::Party => "somebody is there",
            Self::Command => "command",
        }
    }

    fn of(kind: SpellKind) -> Self {
        match kind {
            SpellKind::Ring => Self::Ring,
            SpellKind::Dial => Self::Dial,
            SpellKind::Talk => Self::Talk,
            SpellKind::Conference => Self::Conference,
            SpellKind::Hold => Self::Hold,
            // What is not known to this crate is not known.
            SpellKind::Gap | _ => Self::Unknown,
        }
    }
}

/// Something that happened at once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mark {
    /// What it is.
    pub kind: MarkKind,
    /// When.
    pub at: Moment,
    /// What happened.
    pub words: String,
}

/// What a mark is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum MarkKind {
    /// The first talk began: the call was answered, where something rang or was dialled.
    Answered,
    /// The call ended.
    Ended,
    /// The call was passed on.
    Transfer,
    /// Something does not fit.
    Irregular,
    /// A request was sent.
    Sent,
    /// The server agreed, or a command was done.
    Agreed,
    /// The server refused or did not answer.
    Refused,
    /// What a command led to.
    Effect,
}

impl MarkKind {
    /// The kind in a few words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Answered => "answered, or talk begins",
            Self::Ended => "ended",
            Self::Transfer => "passed on",
            Self::Irregular => "does not fit",
            Self::Sent => "request sent",
            Self::Agreed => "agreed, done",
            Self::Refused => "refused, no answer",
            Self::Effect => "what a command led to",
        }
    }
}

/// A line of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// When, and the record that proves it.
    pub at: Moment,
    /// What happened.
    pub words: String,
    /// How long it went on, for what goes on for a while and has ended.
    pub length: Option<Span>,
    /// Whether it goes on.
    pub goes_on: bool,
}

/// A tick of the time axis.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tick {
    /// Where.
    pub at: Timestamp,
    /// How long after the beginning.
    pub label: String,
}

impl Timeline {
    /// The timeline of a call, with those of the commands that are its own. Its times are those of UTC.
    #[must_use]
    pub fn of(call: &Call, commands: &[CommandTrail]) -> Self {
        let its_own: BTreeSet<_> = call.commands.iter().collect();
        let commands: Vec<_> = commands.iter().filter(|command| its_own.contains(&command.id)).collect();
        let (entries, left_out) = entries::of(call, &commands);
        let (lanes, marks) = (lanes::of(call, &commands), lanes::marks(call));
        let bars = || lanes.iter().flat_map(|lane| &lane.bars);
        let times = || {
            let of_marks = lanes.iter().flat_map(|lane| &lane.marks).chain(&marks).map(|mark| mark.at.at);
            let of_bars = bars().flat_map(|bar| std::iter::once(bar.from).chain(bar.to)).map(|at| at.at);
            of_marks.chain(of_bars)
        };
        let from = times().fold(call.began.at, Timestamp::min);
        let last = times().fold(call.began.at, Timestamp::max);
        // Room for what goes on to be seen to go on.
        let more = Span::from_micros(((last - from).as_micros() / 12).max(500_000));
        let to = if bars().any(|bar| bar.to.is_none()) { last + more } else { last };
        Self {
            id: words::shown(call.id.as_str()),
            title: words::title(call),
            began: call.began,
            ended: call.ended,
            outcome: words::outcome(call),
            totals: [
                ("waited", call.waited()),
                ("talk", call.talk()),
                ("of that in conferences", call.conferred()),
                ("hold", call.held()),
            ]
            .into_iter()
            .filter(|(_, span)| *span != Span::ZERO)
            .map(|(kind, span)| (kind.to_owned(), span))
            .collect(),
            from,
            to,
            lanes,
            marks,
            gaps: call.gaps.iter().map(|gap| (gap.from, gap.to)).collect(),
            entries,
            left_out,
            ladder: ladder::of(call, &commands),
            clock: Clock::default(),
        }
    }

    /// The same, with its times those of a clock this many seconds ahead of UTC.
    #[must_use]
    pub fn at_offset(mut self, seconds: i32) -> Self {
        self.clock = Clock(seconds);
        self
    }

    /// The same, with what goes on drawn as going on until `now`.
    #[must_use]
    pub fn until(mut self, now: Timestamp) -> Self {
        if self.lanes.iter().flat_map(|lane| &lane.bars).any(|bar| bar.to.is_none()) {
            self.to = self.to.max(now);
        }
        self
    }

    /// The ticks of the time axis, from the beginning of it.
    #[must_use]
    pub fn ticks(&self) -> Vec<Tick> {
        ticks::between(self.from, self.to)
    }

    /// The story in lines: when, which record proves it, what, with whom and how long.
    #[must_use]
    pub fn text(&self) -> String {
        text::write(self)
    }

    /// The timeline as one SVG that needs nothing else.
    #[must_use]
    pub fn svg(&self) -> String {
        svg::write(self)
    }

    /// The ladder in lines: an arrow each, with its time and record.
    #[must_use]
    pub fn ladder_text(&self) -> String {
        ladder::text::write(self)
    }

    /// The ladder as one SVG that needs nothing else.
    #[must_use]
    pub fn ladder_svg(&self) -> String {
        ladder::svg::write(self)
    }

    /// The ladder as a Mermaid sequence diagram, for wikis and tickets.
    #[must_use]
    pub fn mermaid(&self) -> String {
        ladder::mermaid::write(self)
    }

    /// A page with the timeline, the ladder and the story, that needs nothing else and runs nothing.
    #[must_use]
    pub fn html(&self) -> String {
        html::write(self)
    }

    /// When it was, how long and what became of it.
    fn summary(&self) -> String {
        let began = format!(
            "began {} {} {} (#{})",
            self.clock.date(self.began.at),
            self.clock.time(self.began.at),
            self.clock.zone(),
            self.began.seq
        );
        let mut parts = vec![began];
        if let Some(ended) = self.ended {
            parts.push(format!("lasted {} (#{})", clock::length(ended.at - self.began.at), ended.seq));
        }
        parts.push(self.outcome.clone());
        parts.extend(self.totals.iter().map(|(kind, span)| format!("{kind} {}", clock::length(*span))));
        parts.join(", ")
    }
}
