//! Enumerations of single words: the engine's, as they cross.

/// An enumeration that has the words of one of the engine's, and is made of it and into it.
macro_rules! mirror {
    (
        $(#[$doc:meta])*
        $name:ident of $of:ty, else $other:ident { $($(#[$variant_doc:meta])* $variant:ident,)+ }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, uniffi::Enum)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl From<$of> for $name {
            fn from(word: $of) -> Self {
                // Some of the engine's may grow; clippy counts their words, so that none gets lost in the last arm.
                #[allow(unreachable_patterns, reason = "others cannot")]
                match word {
                    $(<$of>::$variant => Self::$variant,)+
                    _ => Self::$other,
                }
            }
        }

        impl From<$name> for $of {
            fn from(word: $name) -> Self {
                match word {
                    $($name::$variant => Self::$variant,)+
                }
            }
        }
    };
}

mirror!(
    /// How far a connection is.
    Connection of callfold::Connection, else Offline {
        /// There is none.
        Offline,
        /// Sockets are dialled, or the login is awaited.
        Dialling,
        /// Logged in, loading.
        Loading,
        /// Logged in, loaded.
        Connected,
        /// The goodbye was said.
        Leaving,
    }
);

mirror!(
    /// The state of a line.
    LineState of callfold::LineState, else Unknown {
        /// No picture was read yet.
        Unknown,
        /// No phone.
        Disconnected,
        /// Nothing goes on.
        Ready,
        /// An incoming call rings.
        Ring,
        /// The agent's own phone rings, for a callback.
        BackRing,
        /// An outgoing call is under way.
        Call,
        /// A callback is under way.
        BackCall,
        /// Conversation.
        Talk,
    }
);

mirror!(
    /// Whether the phone can be answered from the application.
    Answering of callfold::Answering, else Untried {
        /// It was not tried yet.
        Untried,
        /// It was looked at after an answer, and did not talk yet.
        Looking,
        /// It can.
        Supported,
        /// It cannot.
        NotSupported,
    }
);

mirror!(
    /// The web status: what the agent chose, the older way.
    WebStatus of callfold::WebStatus, else Ready {
        /// `ready`
        Ready,
        /// `break`
        Break,
        /// `dnd`
        DoNotDisturb,
        /// `redirect`
        Redirect,
    }
);

mirror!(
    /// User state and user status: what the agent does, and what the agent has chosen.
    AgentState of callfold::AgentState, else Disconnected {
        /// `disconnected`
        Disconnected,
        /// `ready`
        Ready,
        /// `readyCC`: in the call centre.
        ReadyInCallCentre,
        /// `readyCCManual`: in the call centre, calls taken by hand.
        ReadyByHand,
        /// `break`
        Break,
        /// `dnd`
        DoNotDisturb,
        /// `busy`
        Busy,
        /// `busyBreak`: busy, on break after it.
        BusyThenBreak,
        /// `noPhone`
        NoPhone,
        /// `redirect`
        Redirect,
    }
);

mirror!(
    /// How a supervisor joins a subordinate's call.
    GhostMode of callfold::GhostMode, else Listen {
        /// Hears, is not heard.
        Listen,
        /// Is heard by the subordinate only.
        Help,
        /// Is heard by all.
        Conference,
    }
);

mirror!(
    /// Who called whom.
    CallDirection of callfold::cti::Direction, else Unknown {
        /// The other side called.
        In,
        /// The agent called.
        Out,
        /// Not known.
        Unknown,
    }
);

mirror!(
    /// What became of a call.
    CallOutcome of callfold::calls::Outcome, else Unknown {
        /// It goes on.
        Open,
        /// It was talked on.
        Answered,
        /// It was talked on, and passed on by the agent.
        Transferred,
        /// The caller gave up before it was answered.
        Abandoned,
        /// The agent declined it.
        Declined,
        /// Nobody answered the agent's call.
        NotAnswered,
        /// The number was busy.
        Busy,
        /// It could not be made or answered: the agent's phone went away.
        Failed,
        /// It was gone when the connection came back, or the connection never did before the log ended.
        Lost,
        /// The log does not say.
        Unknown,
    }
);

mirror!(
    /// Who ended a call.
    EndedBy of callfold::calls::EndedBy, else OtherSide {
        /// The agent, by a command.
        Agent,
        /// The other side.
        OtherSide,
    }
);

mirror!(
    /// What a call has to do with another call of the line.
    LinkKind of callfold::calls::LinkKind, else Consults {
        /// It is a consultation for the other call.
        ConsultsFor,
        /// It is on hold for a consultation: the other call.
        Consults,
        /// Who was on it and who was on the other call were connected to each other.
        ConnectedTo,
        /// Who was on it goes on in the other call, a conference.
        GoesOnIn,
    }
);

mirror!(
    /// Whose a command is.
    GivenBy of callfold::calls::GivenBy, else Engine {
        /// The application gave it.
        Application,
        /// The engine gave it itself: a timer of the CTI model, or a rule that another command or a message set off.
        Engine,
    }
);

mirror!(
    /// What goes on on a call.
    SpellKind of callfold::calls::SpellKind, else Gap {
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
        /// The connection is down.
        Gap,
    }
);

mirror!(
    /// Why a call was put on hold.
    HoldReason of callfold::calls::HoldReason, else FoundHeld {
        /// The agent put it on hold.
        PutByUs,
        /// The agent consults someone.
        Consultation,
        /// It was on hold when it was first seen.
        FoundHeld,
    }
);

mirror!(
    /// How a hold ended.
    HoldEnd of callfold::calls::HoldEnd, else Unknown {
        /// The agent took the call back.
        Returned,
        /// The held party left.
        Left,
        /// The held party was connected to another.
        Connected,
        /// The held party was brought into a conference.
        Conferenced,
        /// It was gone when the connection came back.
        Lost,
        /// The log does not say how.
        Unknown,
    }
);

mirror!(
    /// Kinds of transfer.
    TransferKind of callfold::calls::TransferKind, else Blind {
        /// The agent passed it on without speaking to the other first.
        Blind,
        /// The agent connected it to someone consulted.
        Attended,
        /// Someone passed a party on to the agent.
        ToUs,
    }
);

mirror!(
    /// What may not fit about a call.
    IrregularityKind of callfold::calls::IrregularityKind, else FactsLeftOut {
        /// Talk began and nothing rang or was dialled before.
        TalkWithoutRing,
        /// Someone was on hold who was never on the line.
        HoldWithoutTalk,
        /// A hold was told to end and there was none.
        UnholdWithoutHold,
        /// A call was told to end and there was none.
        EndWithoutBeginning,
        /// Another call took its place, and its end was not told.
        ReplacedWithoutEnd,
        /// The log ended before the call did.
        NeverEnded,
        /// More happened than is kept of one call.
        FactsLeftOut,
    }
);

mirror!(
    /// What an agent's time is spent on.
    TimeKind of callfold::calls::TimeKind, else Unknown {
        /// Ready, and nothing goes on.
        Idle,
        /// A call rings.
        Ring,
        /// A call is dialled.
        Dial,
        /// Conversation.
        Talk,
        /// Someone is on hold, and the line is free.
        Hold,
        /// Someone is on hold, and the agent dials or talks to another.
        Consult,
        /// Conversation in a conference.
        Conference,
        /// Work after a call.
        WrapUp,
        /// On break.
        Break,
        /// Not to be disturbed, without a phone, or redirected.
        Away,
        /// Not known: the connection was down.
        Unknown,
    }
);

mirror!(
    /// The state of a call of the CTI model.
    CtiCallState of callfold::cti::CallState, else Unknown {
        /// None yet, or none any more.
        None,
        /// Rings, on either side.
        Alerting,
        /// Conversation.
        Connected,
        /// On hold.
        Holded,
        /// In a conference.
        Conferenced,
        /// Not known.
        Unknown,
        /// The other side is busy.
        Busy,
    }
);

mirror!(
    /// What may not fit in a log.
    OddityKind of callfold::lint::OddityKind, else Other {
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
);

mirror!(
    /// One of the two that are compared.
    DiffSide of callfold::diff::Side, else Other {
        /// The first log; the log as it was told.
        One,
        /// The other log; the rules of today.
        Other,
    }
);
