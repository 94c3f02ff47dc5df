//! Pictures of a call: byte for byte the same on every surface.

use callfold::calls::{Call, CommandTrail};
use callfold::timeline::Timeline;

/// Which picture of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Picture {
    /// What went on when, line by line.
    TimelineText,
    /// What went on when, as SVG.
    TimelineSvg,
    /// Who did what to whom, line by line.
    LadderText,
    /// Who did what to whom, as SVG.
    LadderSvg,
    /// Timeline, ladder and story as a page.
    Html,
    /// Who did what to whom, as a Mermaid sequence diagram.
    Mermaid,
}

impl Picture {
    /// The picture of a call. Times of day are so many seconds ahead of UTC's.
    pub(crate) fn of(self, call: &Call, commands: &[CommandTrail], offset: i32) -> String {
        let timeline = Timeline::of(call, commands).at_offset(offset);
        match self {
            Self::TimelineText => timeline.text(),
            Self::TimelineSvg => timeline.svg(),
            Self::LadderText => timeline.ladder_text(),
            Self::LadderSvg => timeline.ladder_svg(),
            Self::Html => timeline.html(),
            Self::Mermaid => timeline.mermaid(),
        }
    }
}
