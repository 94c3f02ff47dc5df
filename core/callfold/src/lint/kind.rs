//! The names of what may not fit.

use callfold_engine::calls::IrregularityKind;

/// What does not fit. Its [text](OddityKind::text) is a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum OddityKind {
    /// The stream cannot be read further.
    Damaged,
    /// Talk began, and nothing rang or was dialled before.
    TalkWithoutRing,
    /// Somebody was on hold who was never on the line.
    HoldWithoutTalk,
    /// A hold was told to end, and there was none.
    UnholdWithoutHold,
    /// A hold has no end, though the call has.
    HoldNeverEnded,
    /// Somebody who had left was told to leave again.
    PartyLeftTwice,
    /// A call was told to end, and there was none.
    EndWithoutBeginning,
    /// Another call took its place, and its end was not told.
    ReplacedWithoutEnd,
    /// The log ends before the call does.
    CallNeverEnded,
    /// More happened than is kept of one call.
    FactsLeftOut,
    /// A command was refused, and what it was for happened all the same.
    RefusedButChanged,
    /// A command, or a request of it, had no answer.
    CommandNeverAnswered,
    /// The clock was set back.
    ClockSteppedBack,
    /// The server told an event that is not known.
    UnknownFrame,
    /// A message could not be read.
    UnreadableFrame,
    /// A piece of a long message was refused.
    RefusedPiece,
    /// More was told than is held.
    BoundHit,
    /// Something of a call does not fit that this version has no name for.
    Other,
}

impl OddityKind {
    /// Every kind.
    pub const ALL: [Self; 18] = [
        Self::Damaged,
        Self::TalkWithoutRing,
        Self::HoldWithoutTalk,
        Self::UnholdWithoutHold,
        Self::HoldNeverEnded,
        Self::PartyLeftTwice,
        Self::EndWithoutBeginning,
        Self::ReplacedWithoutEnd,
        Self::CallNeverEnded,
        Self::FactsLeftOut,
        Self::RefusedButChanged,
        Self::CommandNeverAnswered,
        Self::ClockSteppedBack,
        Self::UnknownFrame,
        Self::UnreadableFrame,
        Self::RefusedPiece,
        Self::BoundHit,
        Self::Other,
    ];

    /// Its name, for people and programs.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::TalkWithoutRing => "talk-without-ring",
            Self::HoldWithoutTalk => "hold-without-talk",
            Self::UnholdWithoutHold => "unhold-without-hold",
            Self::HoldNeverEnded => "hold-never-ended",
            Self::PartyLeftTwice => "party-left-twice",
            Self::EndWithoutBeginning => "end-without-beginning",
            Self::ReplacedWithoutEnd => "replaced-without-end",
            Self::CallNeverEnded => "call-never-ended",
            Self::FactsLeftOut => "facts-left-out",
            Self::RefusedButChanged => "refused-but-changed",
            Self::CommandNeverAnswered => "command-never-answered",
            Self::ClockSteppedBack => "clock-stepped-back",
            Self::UnknownFrame => "unknown-frame",
            Self::UnreadableFrame => "unreadable-frame",
            Self::RefusedPiece => "refused-piece",
            Self::BoundHit => "bound-hit",
            Self::Other => "other",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.text() == name)
    }

    /// What the engine calls irregular about a call, and what is wrong in a sentence.
    pub(super) const fn of(kind: IrregularityKind) -> (Self, &'static str) {
        match kind {
            IrregularityKind::TalkWithoutRing => {
                (Self::TalkWithoutRing, "talk began, and nothing rang or was dialled before")
            }
            IrregularityKind::HoldWithoutTalk => {
                (Self::HoldWithoutTalk, "somebody was on hold who was never on the line")
            }
            IrregularityKind::UnholdWithoutHold => {
                (Self::UnholdWithoutHold, "a hold was told to end, and there was none")
            }
            IrregularityKind::EndWithoutBeginning => {
                (Self::EndWithoutBeginning, "a call was told to end, and there was none")
            }
            IrregularityKind::ReplacedWithoutEnd => {
                (Self::ReplacedWithoutEnd, "another call took its place, and its end was not told")
            }
            IrregularityKind::NeverEnded => (Self::CallNeverEnded, "the log ends before the call does"),
            IrregularityKind::FactsLeftOut => {
                (Self::FactsLeftOut, "more happened than is kept of one call: 1,000 facts of a kind")
            }
            _ => (Self::Other, "something does not fit"),
        }
    }
}

/// What is irregular about a call, in a sentence.
pub(crate) const fn sentence(kind: IrregularityKind) -> &'static str {
    OddityKind::of(kind).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        for kind in OddityKind::ALL {
            assert_eq!(OddityKind::named(kind.text()), Some(kind));
        }
        assert!(OddityKind::ALL.is_sorted_by(|one, other| one < other), "none stands twice, or in disorder");
        assert_eq!(OddityKind::named("nothing"), None);
    }
}
