//! Events and view as the reference client tells them: names and arguments of spec part 0, as JSON.
//!
//! A client that relied on the reference can be fed from here; conformance is compared on it.

use serde_json::{Map, Value, json};

use crate::codes::{DisconnectReason, ErrorCode};
use crate::command::CommandName;
use crate::cti::{CtiCall, CtiModel, Features, ProviderEvent};
use crate::event::{CommandResult, Event, ServerError};
use crate::party::{Parties, Party};
use crate::text::{ConferenceId, JsonText, PersonName, PhoneNumber, Text};
use crate::time::Timestamp;
use crate::view::{AgentState, BreakReason, Held, LineState, View, WebStatus};

/// Something that the reference client tells its application.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Announcement {
    /// An event of spec part 0.
    Event {
        /// Its name.
        name: &'static str,
        /// Its arguments.
        args: Vec<Value>,
    },
    /// An announcement of the CTI provider (spec part 5).
    Provider {
        /// Its name.
        name: &'static str,
        /// Its arguments.
        args: Vec<Value>,
    },
    /// The CTI model threw.
    Throws {
        /// The name of the exception.
        text: &'static str,
    },
    /// The result of a command.
    Result {
        /// Which command.
        command: CommandName,
        /// The result.
        value: Value,
    },
}

/// How the reference tells `event`; `None` for a quiet fact, and for native and custom events, which it
/// passes on as they came.
#[must_use]
pub fn announcement(event: &Event) -> Option<Announcement> {
    told(event, true)
}

/// The name under which the reference tells `event`: that of the [`announcement`], the exception, or the command whose
/// result it is. Makes no arguments, and allocates nothing.
#[must_use]
pub fn announced_name(event: &Event) -> Option<&'static str> {
    Some(match told(event, false)? {
        Announcement::Event { name, .. } | Announcement::Provider { name, .. } => name,
        Announcement::Throws { text } => text,
        Announcement::Result { command, .. } => command.text(),
    })
}

/// Arguments; none if they are not wanted.
macro_rules! told {
    ($with:ident, $($argument:expr),+ $(,)?) => {
        if $with { vec![$($argument),+] } else { Vec::new() }
    };
}

fn told(event: &Event, is_full: bool) -> Option<Announcement> {
    let (name, args) = match event {
        Event::Connecting { .. } => ("connecting", Vec::new()),
        Event::Connected => ("connect", Vec::new()),
        Event::ConnectFailed { code, server } => {
            ("connectError", told![is_full, refused_at_login(*code, server.as_ref())])
        }
        Event::Disconnected { reason } => ("disconnect", told![is_full, disconnected(*reason)]),
        Event::StatusChanged { to, from } => {
            ("statusChange", told![is_full, to.name().into(), from.map_or("", WebStatus::name).into()])
        }
        Event::AgentStateChanged { state, status, reason } => (
            "userStateChange",
            told![is_full, state.name().into(), status.name().into(), break_reason(reason.as_ref())],
        ),
        Event::CallCentreChanged { active } => ("callCenterStateChange", told![is_full, (*active).into()]),
        Event::LineChanged { to, from } => ("stateChange", told![is_full, line(*to), line(*from)]),
        Event::LineStopped { state, parties: with } => {
            (stop_name(*state)?, told![is_full, with.as_ref().map_or(Value::Null, parties)])
        }
        Event::LineStarted { state, parties: with } => (start_name(*state)?, told![is_full, parties(with)]),
        Event::PartiesChanged { parties: list } => ("abonentsChange", told![is_full, parties(list)]),
        Event::HoldEntered { held } => ("holdAbonentEnter", told![is_full, held_alone(held)]),
        Event::HoldLeft { held } => ("holdAbonentLeave", told![is_full, held_alone(held)]),
        Event::HoldChanged { held } => ("holdStateChange", told![is_full, hold(held.as_ref())]),
        Event::ConferenceEntered { party: who } => ("conferenceAbonentEnter", told![is_full, party(who)]),
        Event::ConferenceLeft { party: who } => ("conferenceAbonentLeave", told![is_full, party(who)]),
        Event::QueueEntered { party: who } => ("queueAbonentEnter", told![is_full, party(who)]),
        Event::QueueLeft { party: who } => ("queueAbonentLeave", told![is_full, party(who)]),
        Event::QueueChanged { parties: list } => ("queueChange", told![is_full, parties(list)]),
        Event::Provider { event } => {
            let (name, args) = provider_told(event, is_full);
            return Some(Announcement::Provider { name, args });
        }
        Event::CommandDone { result: CommandResult::Misused { misuse }, .. } => {
            return Some(Announcement::Throws { text: misuse.name() });
        }
        Event::CommandDone { name, result, .. } if has_result(*name) => {
            return Some(Announcement::Result {
                command: *name,
                value: if is_full { result_value(result) } else { Value::Null },
            });
        }
        Event::CommandDone { .. }
        | Event::Dialled { .. }
        | Event::SocketGivenUp { .. }
        | Event::SocketWon { .. }
        | Event::LoggedIn { .. }
        | Event::ServerVersionTold { .. }
        | Event::AgentTold { .. }
        | Event::BreakReasonsTold { .. }
        | Event::RedirectNumberTold { .. }
        | Event::NumberPlanTold { .. }
        | Event::NumberStateTold { .. }
        | Event::UsersTold { .. }
        | Event::Leaving
        | Event::ConnectionDropped
        | Event::LineWentStale { .. }
        | Event::LineKnownAgain
        | Event::TalkClockSet { .. }
        | Event::TalkClockStopped
        | Event::AnsweringFound { .. }
        | Event::PartiesRefreshed { .. }
        | Event::HoldRefreshed { .. }
        | Event::ConferenceChanged { .. }
        | Event::ConferenceInfoTold { .. }
        | Event::AgentFactsTold { .. }
        | Event::CommandGiven { .. }
        | Event::RequestSent { .. }
        | Event::RequestAnswered { .. }
        | Event::RequestFailed { .. }
        | Event::CtiModelChanged { .. }
        | Event::PhoneReported { .. }
        | Event::FlashReported { .. }
        | Event::NativeEvent { .. }
        | Event::CustomEvent { .. }
        | Event::UnknownEvent { .. }
        | Event::FrameUnreadable { .. }
        | Event::MultipartRefused { .. }
        | Event::BoundHit { .. }
        | Event::FrameOnDeadSocket { .. }
        | Event::ClockSteppedBack { .. } => return None,
    };
    Some(Announcement::Event { name, args })
}

/// The snapshot that the reference's traces have: the view, with what may be done with each of `numbers`.
#[must_use]
pub fn snapshot(view: &View, now: Timestamp, numbers: &[String]) -> Value {
    let actions: Map<String, Value> = numbers
        .iter()
        .map(|number| {
            let names: Vec<_> = view.actions(number).into_iter().map(crate::Action::name).collect();
            (number.clone(), names.into())
        })
        .collect();
    json!({
        "state": line(view.line),
        "status": view.agent.web_status.map_or("", WebStatus::name),
        "userState": view.agent.state.name(),
        "userStatus": view.agent.status.name(),
        "callCenter": view.agent.call_centre.unwrap_or_default(),
        "breakReason": break_reason(view.agent.break_reason.as_ref()),
        "conferenceId": view.conference.as_ref().map(|conference| conference.id.as_str()),
        "hold": hold(view.held.as_ref()),
        "abonents": parties(&view.parties),
        "talkLength": view.talk_length(now).map(crate::Span::as_secs),
        "actions": actions,
    })
}

/// An announcement of the CTI provider: its name and arguments.
#[must_use]
pub fn provider(event: &ProviderEvent) -> (&'static str, Vec<Value>) {
    provider_told(event, true)
}

fn provider_told(event: &ProviderEvent, is_full: bool) -> (&'static str, Vec<Value>) {
    match event {
        ProviderEvent::Initialized => ("initialized", Vec::new()),
        ProviderEvent::Error { code, source, kind } => (
            "error",
            told![
                is_full,
                json!({
                    "internalErrorCode": code.number(),
                    "data": code.text(),
                    "source": source.name(),
                    "errorType": kind.number(),
                })
            ],
        ),
        ProviderEvent::Disconnected { reason } => ("disconnected", told![is_full, disconnected(*reason)]),
        ProviderEvent::AgentStateChanged { status } => {
            ("agentStateChanged", told![is_full, json!({ "userState": status.name() })])
        }
        ProviderEvent::CallCentreStateChanged { active } => {
            ("callCentreStateChanged", told![is_full, (*active).into()])
        }
        ProviderEvent::LineStateChanged { features } => {
            ("lineStateChanged", told![is_full, json!({ "callFeaturesSet": features.bits() })])
        }
        ProviderEvent::CallStarted { call } => ("callStarted", told![is_full, cti_call(call)]),
        ProviderEvent::CommutationStarted { call } => ("commutationStarted", told![is_full, cti_call(call)]),
        ProviderEvent::Hold { call } => ("hold", told![is_full, cti_call(call)]),
        ProviderEvent::Unhold { call } => ("unhold", told![is_full, cti_call(call)]),
        ProviderEvent::CallFinished { call } => ("callFinished", told![is_full, cti_call(call)]),
        ProviderEvent::CallInfoChanged { call, .. } => ("callInfoChanged", told![is_full, cti_call(call)]),
    }
}

fn cti_call(call: &CtiCall) -> Value {
    let number = |number: &Option<PhoneNumber>| number.as_ref().map(|number| number.as_str().to_owned());
    json!({
        "id": call.id.as_str(),
        "chainId": call.chain.as_ref().map(|chain| chain.as_str()),
        "direction": call.direction.guid(),
        "deviceId": number(&call.device),
        "callerId": number(&call.caller),
        "calledId": number(&call.called),
        "state": call.state.number(),
        "oldState": call.old_state.number(),
        "callFeaturesSet": call.features.bits(),
        "redirectingId": number(&call.redirecting),
        "redirectionId": number(&call.redirection),
    })
}

/// The values of the CTI model as the traces have them.
#[must_use]
pub fn cti_model(model: &CtiModel) -> Value {
    let number = |number: &Option<PhoneNumber>| number.as_ref().map(|number| number.as_str().to_owned());
    json!({
        "lineFeatures": model.line_features.map(Features::bits),
        "currentCall": model.current_call().map(cti_call),
        "currentCallNumber": number(&model.current_number),
        "consultCallNumber": number(&model.consult_number),
        "isConsulting": model.consulting,
        "agentState": model.agent_state.map(WebStatus::name),
        "isConnected": model.connected,
        "isCallCentreActive": model.call_centre,
        "activeCalls": model.calls.iter().map(|call| call.id.as_str()).collect::<Vec<_>>(),
    })
}

fn disconnected(reason: DisconnectReason) -> Value {
    json!({ "code": reason.number(), "message": format!("{} ", reason.text()) })
}

/// The snapshot of a trace of level `cti`: with the values of the CTI model.
#[must_use]
pub fn snapshot_with_model(view: &View, now: Timestamp, numbers: &[String]) -> Value {
    let mut snapshot = snapshot(view, now, numbers);
    let model = cti_model(view.cti.as_deref().unwrap_or(&CtiModel::default()));
    if let Some(fields) = snapshot.as_object_mut() {
        fields.insert("model".to_owned(), model);
    }
    snapshot
}

/// A party as the reference shows it.
#[must_use]
pub fn party(party: &Party) -> Value {
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.as_str().to_owned());
    let name = |name: &Option<PersonName>| name.as_ref().map(|name| name.as_str().to_owned());
    let marks = party.competitor.unwrap_or_default();
    let user = party.user.as_ref();
    json!({
        "key": party.key.as_str(),
        "guid": text(&party.guid),
        "isIvr": party.menu.is_some(),
        "ivrName": party.menu.as_ref().and_then(|menu| name(&menu.name)),
        "isConferenceCompetitor": party.competitor.is_some(),
        "conferenceId": party.conference.as_ref().map(ConferenceId::as_str),
        "isConferenceCreator": marks.creator,
        "isConferenceDirector": marks.director,
        "isConferenceGhost": marks.ghost,
        "isConferenceGhostMajor": marks.ghost_major,
        "isConferenceHidden": marks.hidden,
        "isExternal": party.external,
        "chainId": party.chain.as_ref().map(|chain| chain.as_str()),
        "phone": party.phone().map(PhoneNumber::as_str),
        "phoneFormatted": party.phone_formatted(),
        "name": name(&party.name),
        "isUser": user.is_some(),
        "user": {
            "id": user.map(|user| user.id.as_str()),
            "name": user.and_then(|user| name(&user.name)),
            "login": user.and_then(|user| text(&user.login)),
            "comment": user.and_then(|user| text(&user.comment)),
        },
        "client": {},
        "line": {},
    })
}

fn parties(list: &Parties) -> Value {
    list.as_slice().iter().map(|who| party(who)).collect()
}

fn line(state: LineState) -> Value {
    state.name().map_or(Value::Bool(false), Value::from)
}

fn held_alone(held: &Held) -> Value {
    match held {
        Held::Party(who) => party(who),
        Held::Conference { .. } => held_conference(held, None),
    }
}

fn hold(held: Option<&Held>) -> Value {
    match held {
        None => json!({ "hasHold": false }),
        Some(Held::Party(who)) => json!({ "hasHold": true, "isConference": false, "abonent": party(who) }),
        Some(held @ Held::Conference { .. }) => held_conference(held, Some(true)),
    }
}

fn held_conference(held: &Held, has_hold: Option<bool>) -> Value {
    let mut value = match held {
        Held::Conference { id, name, room } => json!({
            "isConference": true,
            "conferenceId": id.as_str(),
            "conferenceName": name.as_ref().map(Text::as_str),
            "conferenceRoom": room,
        }),
        Held::Party(who) => party(who),
    };
    if let (Some(has_hold), Some(value)) = (has_hold, value.as_object_mut()) {
        value.insert("hasHold".to_owned(), has_hold.into());
    }
    value
}

fn break_reason(reason: Option<&BreakReason>) -> Value {
    reason.map_or(Value::Null, BreakReason::json)
}

const fn stop_name(state: LineState) -> Option<&'static str> {
    Some(match state {
        LineState::Unknown | LineState::Disconnected => return None,
        LineState::Ready => "readyStop",
        LineState::Ring => "ringStop",
        LineState::BackRing => "backRingStop",
        LineState::Call | LineState::BackCall => "callStop",
        LineState::Talk => "talkStop",
    })
}

const fn start_name(state: LineState) -> Option<&'static str> {
    Some(match state {
        LineState::Unknown | LineState::Disconnected => return None,
        LineState::Ready => "readyStart",
        LineState::Ring => "ringStart",
        LineState::BackRing => "backRingStart",
        LineState::Call | LineState::BackCall => "callStart",
        LineState::Talk => "talkStart",
    })
}

/// Whether the reference's command of this name has a result.
const fn has_result(name: CommandName) -> bool {
    match name {
        CommandName::Connect
        | CommandName::Call
        | CommandName::Intercom
        | CommandName::Answer
        | CommandName::Transfer
        | CommandName::Toggle
        | CommandName::Conference
        | CommandName::GhostListen
        | CommandName::GhostHelp
        | CommandName::GhostConference
        | CommandName::SetUserStatus
        | CommandName::SetRedirectNumber
        | CommandName::Exec => true,
        CommandName::Disconnect
        | CommandName::EndCall
        | CommandName::Hold
        | CommandName::Commutate
        | CommandName::SetStatus
        | CommandName::TriggerCustomEvent
        | CommandName::HttpPassword
        | CommandName::CallJournal
        | CommandName::Dtmf
        | CommandName::Resume
        | CommandName::ModelConnect
        | CommandName::ModelMakeCall
        | CommandName::ModelAnswerCall
        | CommandName::ModelDropCall
        | CommandName::ModelHoldOrUnholdCall
        | CommandName::ModelMakeConsultCall
        | CommandName::ModelTransferCall
        | CommandName::ModelCancelTransfer
        | CommandName::ModelBlindTransferCall
        | CommandName::ModelSetAgentState
        | CommandName::ModelSetWrapUpUserState
        | CommandName::ModelChangeCallCentreState => false,
    }
}

/// The result of a command as the reference gives it.
#[must_use]
pub fn result_value(result: &CommandResult) -> Value {
    match result {
        CommandResult::Done { server } => {
            let mut value = fields(server.as_ref());
            value.insert("result".to_owned(), true.into());
            value.into()
        }
        CommandResult::UserStatus { state, status } => {
            let name = |state: &AgentState| state.name();
            json!({ "result": true, "userState": name(state), "userStatus": name(status) })
        }
        CommandResult::Datasets { tables } => {
            let raw: Value = serde_json::from_str(tables.as_str()).unwrap_or_default();
            json!({ "result": true, "datasets": datasets(&raw), "datasetsRaw": raw })
        }
        CommandResult::Refused { code, method, server } => {
            let mut value = fields(server.as_ref());
            value.insert("result".to_owned(), false.into());
            value.insert("errorCode".to_owned(), code.number().into());
            value.insert("errorMessage".to_owned(), error_text(*code, method.as_ref()).into());
            value.into()
        }
        CommandResult::RefusedAtLogin { code, server } => refused_at_login(*code, server.as_ref()),
        CommandResult::Misused { misuse } => json!({ "result": false, "throws": misuse.name() }),
        CommandResult::RefusedByServer { server } => fields(Some(server)).into(),
    }
}

/// The text of a refusal, with the method that failed (spec part 4).
fn error_text(code: ErrorCode, method: Option<&Text>) -> String {
    match (code, method) {
        (ErrorCode::NoAnswer, Some(method)) => format!("{}: {method}", code.text()),
        (
            ErrorCode::MethodNotSupported | ErrorCode::MethodFailed | ErrorCode::StoredProcedureFailed,
            Some(method),
        ) => format!("{} {method}", code.text()),
        (_, _) => code.text().to_owned(),
    }
}

fn refused_at_login(code: ErrorCode, server: Option<&ServerError>) -> Value {
    let mut value = json!({ "result": false, "errorCode": code.number(), "errorMessage": code.text() });
    if let (Some(server), Some(value)) = (server, value.as_object_mut()) {
        let number =
            |code: &Text| code.as_str().parse::<i64>().map_or_else(|_| code.as_str().into(), Value::from);
        value.insert("serverErrorCode".to_owned(), server.code.as_ref().map_or(Value::Null, number));
        let message = server.message.as_ref().map_or(Value::Null, |message| message.as_str().into());
        value.insert("serverErrorMessage".to_owned(), message);
    }
    value
}

fn fields(server: Option<&JsonText>) -> Map<String, Value> {
    let mut fields: Map<String, Value> =
        server.and_then(|server| serde_json::from_str(server.as_str()).ok()).unwrap_or_default();
    fields.remove("qid");
    fields
}

/// Rows as objects, by each table's first row.
fn datasets(raw: &Value) -> Value {
    let tables = raw.as_array().map(Vec::as_slice).unwrap_or_default();
    tables
        .iter()
        .map(|table| {
            let mut rows = table.as_array().map(Vec::as_slice).unwrap_or_default().iter();
            let names = rows.next().and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            rows.map(|row| {
                let cells = row.as_array().map(Vec::as_slice).unwrap_or_default();
                let named = names.iter().zip(cells).map(|(name, cell)| {
                    (name.as_str().map_or_else(|| name.to_string(), str::to_owned), cell.clone())
                });
                named.collect::<Map<_, _>>()
            })
            .collect::<Vec<_>>()
        })
        .collect::<Vec<_>>()
        .into()
}
