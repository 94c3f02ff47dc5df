//! Enumerations of single words: the engine's, as numbers that never change.
//!
//! Each is an alias of `uint32_t` in the header, with a constant for every word; the constants are written into the header
//! from the tables here (`crate::header`). Zero is always "none".

use callfold::Event;
use callfold::problem::{Problem, ProblemCode};
use std::mem::MaybeUninit;

use crate::boundary::{callfold_result, done};
use crate::text::{bad, callfold_str, fill};

/// A word of an enumeration, as C has it.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// Its number: a promise.
    pub number: u32,
    /// Its name, in lower case: a promise. The constant has `_` for `-`.
    pub name: &'static str,
    /// What it means.
    pub text: &'static str,
}

/// An enumeration, as C has it.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    /// Its number, for `callfold_word_name`.
    pub number: u32,
    /// The type's name.
    pub of: &'static str,
    /// Its words.
    pub words: &'static [Word],
}

/// A word of the engine's that has a number.
pub(crate) trait Numbered {
    fn number(self) -> u32;
}

/// The number of a word that may be missing.
pub(crate) fn maybe(word: Option<impl Numbered>) -> u32 {
    word.map_or(0, Numbered::number)
}

/// A word of the engine's for a number of the caller's.
pub(crate) trait FromNumber: Sized {
    const OF: &'static Words;
    fn find(number: u32) -> Option<Self>;

    fn from_number(number: u32, name: &str) -> Result<Self, Problem> {
        Self::find(number).ok_or_else(|| {
            let why = format!("{name}: {number} is no {}", Self::OF.of);
            Problem::new(ProblemCode::UnknownName, why)
        })
    }
}

macro_rules! words {
    ($set:literal $type:ident, $of:ty { $($number:literal $variant:ident $name:literal $text:literal,)+ }) => {
        impl Numbered for $of {
            fn number(self) -> u32 {
                // Some of the engine's may grow: what has no number yet is told as none. A test counts them.
                #[allow(unreachable_patterns, reason = "others cannot")]
                match self {
                    $(<$of>::$variant => $number,)+
                    _ => 0,
                }
            }
        }

        impl FromNumber for $of {
            const OF: &'static Words = &Words {
                number: $set,
                of: stringify!($type),
                words: &[$(Word { number: $number, name: $name, text: $text },)+],
            };

            fn find(number: u32) -> Option<Self> {
                match number {
                    $($number => Some(<$of>::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

/// How far a connection is. Zero where there is none.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_connection = u32;

/// The state of a line. Zero where there is none.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_line_state = u32;

/// Whether the phone can be answered from the application. Zero where there is none.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_answering = u32;

/// The web status: what the agent chose, the older way. Zero where there is none.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_web_status = u32;

/// User state and user status: what the agent does, and what the agent has chosen. Zero where there is none.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_agent_state = u32;

/// How a supervisor joins a subordinate's call. Zero where there is none.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_ghost_mode = u32;

/// Who called whom. Zero where there is none.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_call_direction = u32;

/// What became of a call. Zero where there is none.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_call_outcome = u32;

/// Who ended a call. Zero where there is none.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_ended_by = u32;

/// What goes on on a call. Zero where there is none.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_spell_kind = u32;

/// Why a call was put on hold. Zero where there is none.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_hold_reason = u32;

/// How a hold ended. Zero where there is none.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_hold_end = u32;

/// Kinds of transfer. Zero where there is none.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_transfer_kind = u32;

/// What may not fit about a call. Zero where there is none.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_irregularity_kind = u32;

/// What an agent's time is spent on. Zero where there is none.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_time_kind = u32;

/// What does not fit in a log. Its name is that of `callfold lint`. Zero where there is none.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_oddity_kind = u32;

words! {
    1 callfold_connection, callfold::Connection {
        1 Offline "offline" "There is none.",
        2 Dialling "dialling" "Sockets are dialled, or the login is awaited.",
        3 Loading "loading" "Logged in, loading.",
        4 Connected "connected" "Logged in, loaded.",
        5 Leaving "leaving" "The goodbye was said.",
    }
}

words! {
    2 callfold_line_state, callfold::LineState {
        1 Unknown "unknown" "No picture was read yet.",
        2 Disconnected "disconnected" "No phone.",
        3 Ready "ready" "Nothing goes on.",
        4 Ring "ring" "An incoming call rings.",
        5 BackRing "back_ring" "The agent's own phone rings, for a callback.",
        6 Call "call" "An outgoing call is under way.",
        7 BackCall "back_call" "A callback is under way.",
        8 Talk "talk" "Conversation.",
    }
}

words! {
    3 callfold_answering, callfold::Answering {
        1 Untried "untried" "It was not tried yet.",
        2 Looking "looking" "It was looked at after an answer, and did not talk yet.",
        3 Supported "supported" "It can.",
        4 NotSupported "not_supported" "It cannot.",
    }
}

words! {
    4 callfold_web_status, callfold::WebStatus {
        1 Ready "ready" "`ready`",
        2 Break "break" "`break`",
        3 DoNotDisturb "do_not_disturb" "`dnd`",
        4 Redirect "redirect" "`redirect`",
    }
}

words! {
    5 callfold_agent_state, callfold::AgentState {
        1 Disconnected "disconnected" "`disconnected`",
        2 Ready "ready" "`ready`",
        3 ReadyInCallCentre "ready_in_call_centre" "`readyCC`: in the call centre.",
        4 ReadyByHand "ready_by_hand" "`readyCCManual`: in the call centre, calls taken by hand.",
        5 Break "break" "`break`",
        6 DoNotDisturb "do_not_disturb" "`dnd`",
        7 Busy "busy" "`busy`",
        8 BusyThenBreak "busy_then_break" "`busyBreak`: busy, on break after it.",
        9 NoPhone "no_phone" "`noPhone`",
        10 Redirect "redirect" "`redirect`",
    }
}

words! {
    6 callfold_ghost_mode, callfold::GhostMode {
        1 Listen "listen" "Hears, is not heard.",
        2 Help "help" "Is heard by the subordinate only.",
        3 Conference "conference" "Is heard by all.",
    }
}

words! {
    7 callfold_call_direction, callfold::cti::Direction {
        1 In "in" "The other side called.",
        2 Out "out" "The agent called.",
        3 Unknown "unknown" "Not known.",
    }
}

words! {
    8 callfold_call_outcome, callfold::calls::Outcome {
        1 Open "open" "It goes on.",
        2 Answered "answered" "It was talked on.",
        3 Transferred "transferred" "It was talked on, and passed on by the agent.",
        4 Abandoned "abandoned" "The caller gave up before it was answered.",
        5 Declined "declined" "The agent declined it.",
        6 NotAnswered "not_answered" "Nobody answered the agent's call.",
        7 Busy "busy" "The number was busy.",
        8 Failed "failed" "It could not be made or answered: the agent's phone went away.",
        9 Lost "lost" "It was gone when the connection came back, or the connection never did before the log ended.",
        10 Unknown "unknown" "The log does not say.",
    }
}

words! {
    9 callfold_ended_by, callfold::calls::EndedBy {
        1 Agent "agent" "The agent, by a command.",
        2 OtherSide "other_side" "The other side.",
    }
}

words! {
    10 callfold_spell_kind, callfold::calls::SpellKind {
        1 Ring "ring" "It rings at the agent.",
        2 Dial "dial" "It is dialled.",
        3 Talk "talk" "Conversation.",
        4 Conference "conference" "Conversation in a conference.",
        5 Hold "hold" "On hold.",
        6 Gap "gap" "The connection is down.",
    }
}

words! {
    11 callfold_hold_reason, callfold::calls::HoldReason {
        1 PutByUs "put_by_us" "The agent put it on hold.",
        2 Consultation "consultation" "The agent consults someone.",
        3 FoundHeld "found_held" "It was on hold when it was first seen.",
    }
}

words! {
    12 callfold_hold_end, callfold::calls::HoldEnd {
        1 Returned "returned" "The agent took the call back.",
        2 Left "left" "The held party left.",
        3 Connected "connected" "The held party was connected to another.",
        4 Conferenced "conferenced" "The held party was brought into a conference.",
        5 Lost "lost" "It was gone when the connection came back.",
        6 Unknown "unknown" "The log does not say how.",
    }
}

words! {
    13 callfold_transfer_kind, callfold::calls::TransferKind {
        1 Blind "blind" "The agent passed it on without speaking to the other first.",
        2 Attended "attended" "The agent connected it to someone consulted.",
        3 ToUs "to_us" "Someone passed a party on to the agent.",
    }
}

words! {
    14 callfold_irregularity_kind, callfold::calls::IrregularityKind {
        1 TalkWithoutRing "talk_without_ring" "Talk began and nothing rang or was dialled before.",
        2 HoldWithoutTalk "hold_without_talk" "Someone was on hold who was never on the line.",
        3 UnholdWithoutHold "unhold_without_hold" "A hold was told to end and there was none.",
        4 EndWithoutBeginning "end_without_beginning" "A call was told to end and there was none.",
        5 ReplacedWithoutEnd "replaced_without_end" "Another call took its place, and its end was not told.",
        6 NeverEnded "never_ended" "The log ended before the call did.",
        7 FactsLeftOut "facts_left_out" "More happened than is kept of one call.",
    }
}

words! {
    15 callfold_time_kind, callfold::calls::TimeKind {
        1 Idle "idle" "Ready, and nothing goes on.",
        2 Ring "ring" "A call rings.",
        3 Dial "dial" "A call is dialled.",
        4 Talk "talk" "Conversation.",
        5 Hold "hold" "Someone is on hold, and the line is free.",
        6 Consult "consult" "Someone is on hold, and the agent dials or talks to another.",
        7 Conference "conference" "Conversation in a conference.",
        8 WrapUp "wrap_up" "Work after a call.",
        9 Break "break" "On break.",
        10 Away "away" "Not to be disturbed, without a phone, or redirected.",
        11 Unknown "unknown" "Not known: the connection was down.",
    }
}

words! {
    18 callfold_oddity_kind, callfold::lint::OddityKind {
        1 Damaged "damaged" "The stream cannot be read further.",
        2 TalkWithoutRing "talk-without-ring" "Talk began, and nothing rang or was dialled before.",
        3 HoldWithoutTalk "hold-without-talk" "Somebody was on hold who was never on the line.",
        4 UnholdWithoutHold "unhold-without-hold" "A hold was told to end, and there was none.",
        5 HoldNeverEnded "hold-never-ended" "A hold has no end, though the call has.",
        6 PartyLeftTwice "party-left-twice" "Somebody who had left was told to leave again.",
        7 EndWithoutBeginning "end-without-beginning" "A call was told to end, and there was none.",
        8 ReplacedWithoutEnd "replaced-without-end" "Another call took its place, and its end was not told.",
        9 CallNeverEnded "call-never-ended" "The log ends before the call does.",
        10 FactsLeftOut "facts-left-out" "More happened than is kept of one call.",
        11 RefusedButChanged "refused-but-changed" "A command was refused, and what it was for happened all the same.",
        12 CommandNeverAnswered "command-never-answered" "A command, or a request of it, had no answer.",
        13 ClockSteppedBack "clock-stepped-back" "The clock was set back.",
        14 UnknownFrame "unknown-frame" "The server told an event that is not known.",
        15 UnreadableFrame "unreadable-frame" "A message could not be read.",
        16 RefusedPiece "refused-piece" "A piece of a long message was refused.",
        17 BoundHit "bound-hit" "More was told than is held.",
        18 Other "other" "Something of a call does not fit that this version has no name for.",
    }
}

/// Which event it is. Zero for one that this version has no number for; its name says what it is.
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_event_kind = u32;

macro_rules! events {
    ($($number:literal $variant:ident $name:literal $text:literal,)+) => {
        /// The number of an event.
        pub(crate) const fn event_kind(event: &Event) -> callfold_event_kind {
            match event {
                $(Event::$variant { .. } => $number,)+
                _ => 0,
            }
        }

        /// Every event that there is.
        pub const EVENTS: Words = Words {
            number: 16,
            of: "callfold_event_kind",
            words: &[$(Word { number: $number, name: $name, text: $text },)+],
        };
    };
}

events! {
    1 Connecting "connecting" "A connection was asked for (announced `connecting`).",
    2 Dialled "dialled" "A socket was dialled.",
    3 SocketGivenUp "socket_given_up" "A socket was given up before it won.",
    4 SocketWon "socket_won" "The first socket that answered; the others are closed.",
    5 LoggedIn "logged_in" "The login was accepted.",
    6 ServerVersionTold "server_version_told" "The server told its version.",
    7 AgentTold "agent_told" "The server told who the agent is.",
    8 BreakReasonsTold "break_reasons_told" "The reasons for a break, by id.",
    9 RedirectNumberTold "redirect_number_told" "The number that calls are redirected to, or none.",
    10 NumberPlanTold "number_plan_told" "The number plan, with the state of each number.",
    11 NumberStateTold "number_state_told" "A number of the plan changed its state.",
    12 UsersTold "users_told" "The users and their numbers.",
    13 Connected "connected" "Login and loading are through (announced `connect`).",
    14 ConnectFailed "connect_failed" "The connection could not be made (announced `connectError`).",
    15 Leaving "leaving" "The goodbye was said; the close is awaited.",
    16 Disconnected "disconnected" "The connection is closed (announced `disconnect`).",
    17 ConnectionDropped "connection_dropped" "The connection went before it was made, and nobody was told (as the reference client has it).",
    18 LineWentStale "line_went_stale" "What the line, hold and parties are is not known any more.",
    19 LineKnownAgain "line_known_again" "A line picture was read again.",
    20 LineChanged "line_changed" "The line entered a state (announced `stateChange`).",
    21 LineStopped "line_stopped" "The old state ended (announced `…Stop`).",
    22 LineStarted "line_started" "The new state began (announced `…Start`).",
    23 TalkClockSet "talk_clock_set" "The talk clock was set.",
    24 TalkClockStopped "talk_clock_stopped" "The talk clock was stopped.",
    25 AnsweringFound "answering_found" "Whether the phone can be answered from the application.",
    26 PartiesChanged "parties_changed" "The list of parties changed (announced `abonentsChange`).",
    27 PartiesRefreshed "parties_refreshed" "The list of parties was renewed, and nobody told.",
    28 HoldEntered "hold_entered" "Someone entered hold (announced `holdAbonentEnter`).",
    29 HoldLeft "hold_left" "Someone left hold (announced `holdAbonentLeave`).",
    30 HoldChanged "hold_changed" "Hold changed (announced `holdStateChange`).",
    31 HoldRefreshed "hold_refreshed" "The data of the one held were renewed, and nobody told.",
    32 ConferenceChanged "conference_changed" "A conference became ours, or none is.",
    33 ConferenceInfoTold "conference_info_told" "What is known of our conference.",
    34 ConferenceEntered "conference_entered" "A competitor entered while talking (announced `conferenceAbonentEnter`).",
    35 ConferenceLeft "conference_left" "A competitor left while talking (announced `conferenceAbonentLeave`).",
    36 QueueEntered "queue_entered" "Someone entered the queue (announced `queueAbonentEnter`).",
    37 QueueLeft "queue_left" "Someone left the queue (announced `queueAbonentLeave`).",
    38 QueueChanged "queue_changed" "The queue changed (announced `queueChange`).",
    39 CallCentreChanged "call_centre_changed" "The agent entered or left the call centre (announced `callCenterStateChange`).",
    40 AgentFactsTold "agent_facts_told" "What the server says of the agent.",
    41 StatusChanged "status_changed" "The web status changed (announced `statusChange`).",
    42 AgentStateChanged "agent_state_changed" "User state, user status or break reason changed (announced `userStateChange`).",
    43 CommandGiven "command_given" "The application gave a command.",
    44 RequestSent "request_sent" "A request was sent for a command.",
    45 RequestAnswered "request_answered" "The server answered a request that was sent for a command.",
    46 RequestFailed "request_failed" "A request that was sent for a command had no answer in time, or was lost with its connection.",
    47 CommandDone "command_done" "A command ended (announced as its result).",
    48 Provider "provider" "The CTI provider announced something.",
    49 CtiModelChanged "cti_model_changed" "The values of the CTI model changed.",
    50 PhoneReported "phone_reported" "The server reported something about the phone (announced as the native event).",
    51 FlashReported "flash_reported" "The hold was worked (announced as the native event `flashstatechanged`).",
    52 NativeEvent "native_event" "The server sent another event that is known (announced as the native event).",
    53 CustomEvent "custom_event" "The server passed a custom event on (announced `customEvent`).",
    54 UnknownEvent "unknown_event" "The server sent an event that this engine does not know.",
    55 FrameUnreadable "frame_unreadable" "A message could not be read; the record has it as it came.",
    56 MultipartRefused "multipart_refused" "A piece of a long message was refused, and the message given up.",
    57 BoundHit "bound_hit" "The server told of more than is kept; what is over the bound was left out.",
    58 FrameOnDeadSocket "frame_on_dead_socket" "A frame came on a socket that has been given up.",
    59 ClockSteppedBack "clock_stepped_back" "The clock stood before that of the last input: time was held there.",
}

/// Every enumeration.
pub const ALL: &[&Words] = &[
    <callfold::Connection as FromNumber>::OF,
    <callfold::LineState as FromNumber>::OF,
    <callfold::Answering as FromNumber>::OF,
    <callfold::WebStatus as FromNumber>::OF,
    <callfold::AgentState as FromNumber>::OF,
    <callfold::GhostMode as FromNumber>::OF,
    <callfold::cti::Direction as FromNumber>::OF,
    <callfold::calls::Outcome as FromNumber>::OF,
    <callfold::calls::EndedBy as FromNumber>::OF,
    <callfold::calls::SpellKind as FromNumber>::OF,
    <callfold::calls::HoldReason as FromNumber>::OF,
    <callfold::calls::HoldEnd as FromNumber>::OF,
    <callfold::calls::TransferKind as FromNumber>::OF,
    <callfold::calls::IrregularityKind as FromNumber>::OF,
    <callfold::calls::TimeKind as FromNumber>::OF,
    &EVENTS,
    &crate::command::COMMANDS,
    <callfold::lint::OddityKind as FromNumber>::OF,
];

/// The name of a word, such as `ready` of `CALLFOLD_LINE_STATE_READY`, in lower case and for good. `words` says of which
/// enumeration (`CALLFOLD_WORDS_LINE_STATE`). Borrowed for ever.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_word_name(
    words: u32,
    word: u32,
    borrowed: Option<&mut MaybeUninit<callfold_str>>,
) -> callfold_result {
    done(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        let set = ALL.iter().find(|set| set.number == words);
        let set = set.ok_or_else(|| bad(format!("there is no enumeration {words}")))?;
        let found = set.words.iter().find(|known| known.number == word);
        let found = found
            .ok_or_else(|| Problem::new(ProblemCode::UnknownName, format!("{word} is no {}", set.of)))?;
        borrowed.with(callfold_str::of(found.name));
        Ok(())
    })
}
