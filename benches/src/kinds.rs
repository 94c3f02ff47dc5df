//! What an input does, by what came of it.

use callfold_engine::{Event, InputKind, LineState, NativeName, Outcome};

/// Kinds of inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// A frame that tells and asks nothing.
    Nothing,
    /// A call rings.
    Ring,
    /// A talk begins.
    Talk,
    /// Somebody is held, or no more.
    Hold,
    /// Of a conference.
    Conference,
    /// What the agent does, or has chosen.
    UserState,
    /// Somebody waits, or no more.
    Queue,
    /// The states of numbers.
    Numbers,
    /// Any other frame.
    Frame,
    /// A timer or a command.
    Ours,
}

impl Kind {
    /// Every one of them.
    pub const ALL: [Self; 10] = [
        Self::Nothing,
        Self::Ring,
        Self::Talk,
        Self::Hold,
        Self::Conference,
        Self::UserState,
        Self::Queue,
        Self::Numbers,
        Self::Frame,
        Self::Ours,
    ];

    /// In words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Nothing => "nothing changes",
            Self::Ring => "ring",
            Self::Talk => "talk",
            Self::Hold => "hold",
            Self::Conference => "conference",
            Self::UserState => "user state",
            Self::Queue => "queue",
            Self::Numbers => "states of numbers",
            Self::Frame => "other frames",
            Self::Ours => "timers and commands",
        }
    }

    /// The kind of an input, by what came of it.
    #[must_use]
    pub fn of(input: &InputKind<'_>, outcome: &Outcome) -> Self {
        if !matches!(input, InputKind::Frame { .. }) {
            return Self::Ours;
        }
        if outcome.events.is_empty() && outcome.effects.is_empty() {
            return Self::Nothing;
        }
        outcome.events.iter().filter_map(told).min().unwrap_or(Self::Frame)
    }
}

/// What an event is about; the smallest kind of all of an input's events is the input's.
fn told(event: &Event) -> Option<Kind> {
    if let Event::LineStarted { state: LineState::Ring | LineState::BackRing, .. } = event {
        return Some(Kind::Ring);
    }
    if let Event::LineStarted { state: LineState::Talk, .. } = event {
        return Some(Kind::Talk);
    }
    if let Event::NativeEvent { name: NativeName::ConferenceComposition | NativeName::ConferenceCompetitor } =
        event
    {
        return Some(Kind::Conference);
    }
    let starts = [
        ("hold_", Kind::Hold),
        ("conference_", Kind::Conference),
        ("agent_", Kind::UserState),
        ("queue_", Kind::Queue),
        ("number_state_", Kind::Numbers),
    ];
    starts.iter().find(|(start, _)| event.name().starts_with(start)).map(|(_, kind)| *kind)
}
