//! Events, as they cross: what apps act on is typed, and everything is there as JSON. The one table of both.

use callfold::{JsonText, PersonName, Timestamp, announce};

use crate::command::{BreakReason, CommandResult, ProtocolCode, ServerError};
use crate::convert::naming;
use crate::cti::{CtiModel, ProviderEvent};
use crate::party::{Held, Party, parties};
use crate::words::{AgentState, LineState, WebStatus};

/// An event, where it stands, and all that it says.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Told {
    /// When it was decided.
    pub at: Timestamp,
    /// Which turn of its line, for an event of a live line: a state of this turn or a later one has it.
    pub turn: Option<u64>,
    /// The number of the record that has it, where it is recorded.
    pub seq: Option<u64>,
    /// Its name, such as `line_changed`.
    pub name: String,
    /// The name under which the reference client announces it; none for a quiet fact.
    pub announced: Option<String>,
    /// What happened.
    pub event: Event,
    /// All that it says, as JSON: the same on every surface. The values of [`Event::Other`] are here.
    pub json: JsonText,
}

impl Told {
    /// What was decided on one input.
    pub(crate) fn all(
        events: &[callfold::Event],
        at: Timestamp,
        seq: Option<u64>,
        turn: Option<u64>,
    ) -> impl Iterator<Item = Self> + '_ {
        events.iter().map(move |event| Self {
            at,
            turn,
            seq,
            name: event.name().to_owned(),
            announced: announce::announced_name(event).map(str::to_owned),
            event: Event::from(event),
            json: JsonText::new(&serde_json::to_string(event).unwrap_or_default()),
        })
    }
}

/// What happened, as far as apps act on it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Event {
    // ---- connection ----
    /// A connection was asked for.
    Connecting {
        /// As whom.
        login: PersonName,
    },
    /// Login and loading are through.
    Connected,
    /// The connection could not be made.
    ConnectFailed {
        /// Why.
        code: ProtocolCode,
        /// What the server said of it.
        server: Option<ServerError>,
    },
    /// The goodbye was said; the close is awaited.
    Leaving,
    /// The connection is closed.
    Disconnected {
        /// Why.
        reason: ProtocolCode,
    },
    /// The connection went before it was made.
    ConnectionDropped,
    /// What the line, hold and parties are is not known any more.
    LineWentStale {
        /// Since when.
        since: Timestamp,
    },
    /// A line picture was read again.
    LineKnownAgain,

    // ---- line ----
    /// The line entered a state.
    LineChanged {
        /// The state.
        to: LineState,
        /// The state before.
        from: LineState,
    },
    /// The old state ended.
    LineStopped {
        /// The old state.
        state: LineState,
        /// With whom; none where the line is put to `Disconnected` without a picture.
        parties: Option<Vec<Party>>,
    },
    /// The new state began.
    LineStarted {
        /// The new state.
        state: LineState,
        /// With whom: the parties now, or those from before if there are none.
        parties: Vec<Party>,
    },
    /// The talk clock was set.
    TalkClockSet {
        /// When the talk began.
        since: Timestamp,
    },
    /// The talk clock was stopped.
    TalkClockStopped,

    // ---- parties and hold ----
    /// The list of parties changed.
    PartiesChanged {
        /// The list.
        parties: Vec<Party>,
    },
    /// The data of the parties were renewed; they are the same ones.
    PartiesRefreshed {
        /// The list.
        parties: Vec<Party>,
    },
    /// Someone entered hold.
    HoldEntered {
        /// Who.
        held: Held,
    },
    /// Someone left hold.
    HoldLeft {
        /// Who.
        held: Held,
    },
    /// Hold changed.
    HoldChanged {
        /// Who is held, if anyone.
        held: Option<Held>,
    },
    /// The data of the one held were renewed.
    HoldRefreshed {
        /// Who is held.
        held: Held,
    },

    // ---- conference and queue ----
    /// A conference became ours, or none is.
    ConferenceChanged {
        /// Which.
        conference: Option<String>,
    },
    /// A competitor entered while talking.
    ConferenceEntered {
        /// Who.
        party: Party,
    },
    /// A competitor left while talking.
    ConferenceLeft {
        /// Who.
        party: Party,
    },
    /// Someone entered the queue.
    QueueEntered {
        /// Who.
        party: Party,
    },
    /// Someone left the queue.
    QueueLeft {
        /// Who.
        party: Party,
    },
    /// The queue changed.
    QueueChanged {
        /// The whole queue as told.
        parties: Vec<Party>,
    },

    // ---- agent ----
    /// The agent entered or left the call centre.
    CallCentreChanged {
        /// Whether in it.
        active: bool,
    },
    /// The web status changed.
    StatusChanged {
        /// The status.
        to: WebStatus,
        /// The status before; none at first.
        from: Option<WebStatus>,
    },
    /// User state, user status or break reason changed.
    AgentStateChanged {
        /// What the agent does.
        state: AgentState,
        /// What the agent has chosen.
        status: AgentState,
        /// Why on break.
        reason: Option<BreakReason>,
    },

    // ---- commands ----
    /// The application gave a command.
    CommandGiven {
        /// Its name in the log.
        id: u64,
        /// Which command, as the reference client calls it.
        command: String,
        /// The number or user that it names, if it names one.
        target: Option<callfold::PhoneNumber>,
    },
    /// A command ended.
    CommandDone {
        /// Its name in the log.
        id: u64,
        /// Which command, as the reference client calls it.
        command: String,
        /// How.
        result: CommandResult,
    },

    // ---- the CTI model ----
    /// The CTI provider announced something.
    Provider {
        /// What.
        announced: ProviderEvent,
    },
    /// The values of the CTI model changed.
    CtiModelChanged {
        /// All of them.
        model: CtiModel,
    },

    // ---- the rest ----
    /// The server passed a custom event on.
    CustomEvent {
        /// Its name.
        name: String,
        /// What it carries.
        parameter: Option<JsonText>,
    },
    /// A fact for a reader of the log: its name and JSON are in the [`Told`].
    Other,
}

impl From<&callfold::Event> for Event {
    fn from(event: &callfold::Event) -> Self {
        use callfold::Event as Of;
        match event {
            Of::Connecting { login } => Self::Connecting { login: naming(login) },
            Of::Connected => Self::Connected,
            Of::ConnectFailed { code, server } => Self::ConnectFailed {
                code: ProtocolCode::from(*code),
                server: server.as_ref().map(ServerError::from),
            },
            Of::Leaving => Self::Leaving,
            Of::Disconnected { reason } => Self::Disconnected { reason: ProtocolCode::from(*reason) },
            Of::ConnectionDropped => Self::ConnectionDropped,
            Of::LineWentStale { since } => Self::LineWentStale { since: *since },
            Of::LineKnownAgain => Self::LineKnownAgain,

            Of::LineChanged { to, from } => Self::LineChanged { to: (*to).into(), from: (*from).into() },
            Of::LineStopped { state, parties: with } => Self::LineStopped {
                state: (*state).into(),
                parties: with.as_ref().map(|with| parties(with.as_slice())),
            },
            Of::LineStarted { state, parties: with } => {
                Self::LineStarted { state: (*state).into(), parties: parties(with.as_slice()) }
            }
            Of::TalkClockSet { since } => Self::TalkClockSet { since: *since },
            Of::TalkClockStopped => Self::TalkClockStopped,

            Of::PartiesChanged { parties: now } => Self::PartiesChanged { parties: parties(now.as_slice()) },
            Of::PartiesRefreshed { parties: now } => {
                Self::PartiesRefreshed { parties: parties(now.as_slice()) }
            }
            Of::HoldEntered { held } => Self::HoldEntered { held: held.into() },
            Of::HoldLeft { held } => Self::HoldLeft { held: held.into() },
            Of::HoldChanged { held } => Self::HoldChanged { held: held.as_ref().map(Held::from) },
            Of::HoldRefreshed { held } => Self::HoldRefreshed { held: held.into() },

            Of::ConferenceChanged { conference } => {
                Self::ConferenceChanged { conference: conference.as_ref().map(|id| id.as_str().to_owned()) }
            }
            Of::ConferenceEntered { party } => Self::ConferenceEntered { party: party.into() },
            Of::ConferenceLeft { party } => Self::ConferenceLeft { party: party.into() },
            Of::QueueEntered { party } => Self::QueueEntered { party: party.into() },
            Of::QueueLeft { party } => Self::QueueLeft { party: party.into() },
            Of::QueueChanged { parties: queue } => Self::QueueChanged { parties: parties(queue.as_slice()) },

            Of::CallCentreChanged { active } => Self::CallCentreChanged { active: *active },
            Of::StatusChanged { to, from } => {
                Self::StatusChanged { to: (*to).into(), from: from.map(WebStatus::from) }
            }
            Of::AgentStateChanged { state, status, reason } => Self::AgentStateChanged {
                state: (*state).into(),
                status: (*status).into(),
                reason: reason.as_ref().map(BreakReason::from),
            },

            Of::CommandGiven { id, name, target } => {
                Self::CommandGiven { id: id.0, command: name.text().to_owned(), target: target.clone() }
            }
            Of::CommandDone { id, name, result } => {
                Self::CommandDone { id: id.0, command: name.text().to_owned(), result: result.into() }
            }

            Of::Provider { event } => Self::Provider { announced: ProviderEvent::from(&**event) },
            Of::CtiModelChanged { model } => Self::CtiModelChanged { model: CtiModel::from(&**model) },

            Of::CustomEvent { name, parameter } => {
                Self::CustomEvent { name: name.as_str().to_owned(), parameter: parameter.clone() }
            }

            Of::Dialled { .. }
            | Of::SocketGivenUp { .. }
            | Of::SocketWon { .. }
            | Of::LoggedIn { .. }
            | Of::ServerVersionTold { .. }
            | Of::AgentTold { .. }
            | Of::BreakReasonsTold { .. }
            | Of::RedirectNumberTold { .. }
            | Of::NumberPlanTold { .. }
            | Of::NumberStateTold { .. }
            | Of::UsersTold { .. }
            | Of::AnsweringFound { .. }
            | Of::ConferenceInfoTold { .. }
            | Of::AgentFactsTold { .. }
            | Of::RequestSent { .. }
            | Of::RequestAnswered { .. }
            | Of::RequestFailed { .. }
            | Of::PhoneReported { .. }
            | Of::FlashReported { .. }
            | Of::NativeEvent { .. }
            | Of::UnknownEvent { .. }
            | Of::FrameUnreadable { .. }
            | Of::MultipartRefused { .. }
            | Of::BoundHit { .. }
            | Of::FrameOnDeadSocket { .. }
            | Of::ClockSteppedBack { .. } => Self::Other,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use callfold::log::Log;
    use callfold::{LineState as Of, Timestamp, files};

    use super::*;

    #[test]
    fn every_event_of_every_session_crosses_whole() {
        let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
        let manifest = std::fs::read(vectors.join("manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        let mut kinds: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
        let mut sessions = 0;
        for file in manifest["files"].as_array().unwrap() {
            let log = Log::in_memory().unwrap();
            let input = files::open(&vectors.join(file["path"].as_str().unwrap())).unwrap();
            let stream = log.import_trace(input, None).unwrap().stream;
            for record in log.told(stream, 1) {
                let record = record.unwrap();
                let told: Vec<_> = Told::all(&record.events, record.at, Some(record.seq), None).collect();
                assert_eq!(told.len(), record.events.len());
                for (told, event) in told.iter().zip(&record.events) {
                    assert_eq!(told.json.as_str(), serde_json::to_string(event).unwrap());
                    assert_eq!(
                        (told.name.as_str(), told.at, told.seq),
                        (event.name(), record.at, Some(record.seq))
                    );
                    kinds.entry(told.name.clone()).or_default().insert(told.event == Event::Other);
                }
            }
            sessions += 1;
        }
        assert_eq!(Some(sessions), manifest["count"].as_u64());
        // A kind of event is typed, or it is not.
        assert!(kinds.values().all(|typed| typed.len() == 1), "{kinds:?}");
        for name in
            ["line_changed", "hold_entered", "queue_entered", "command_done", "provider", "disconnected"]
        {
            assert_eq!(kinds.get(name), Some(&BTreeSet::from([false])), "{name}");
        }
    }

    #[test]
    fn what_an_event_says_is_what_its_case_says() {
        let event = callfold::Event::LineChanged { to: Of::Ring, from: Of::Ready };
        let told: Vec<_> = Told::all(&[event], Timestamp::from_micros(7), None, Some(3)).collect();
        let [told] = told.as_slice() else { panic!("one event, {} told", told.len()) };
        assert_eq!(told.event, Event::LineChanged { to: LineState::Ring, from: LineState::Ready });
        assert_eq!((told.turn, told.seq, told.announced.as_deref()), (Some(3), None, Some("stateChange")));
    }
}
