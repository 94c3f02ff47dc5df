//! Commands, as the application makes them.

use callfold::problem::ProblemCode;
use callfold::{
    BreakReason, CallSequence, ChainId, Command as Made, GhostMode, JsonText, ModelCommand, NewConference,
    PhoneNumber, Text,
};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::error::refuse;

/// A command of the agent's application.
///
/// Made by its static methods; handed to `Machine.command` or `Line.do`. What the engine refuses is a result, told by the
/// event `CommandDone`; it is no error to give it.
///
/// >>> from callfold import Command
/// >>> Command.call("102").name
/// 'call'
#[pyclass(module = "callfold", frozen, eq)]
#[derive(Clone, PartialEq)]
pub(crate) struct Command(pub(crate) Made);

/// A reason for a break: an id of the server's, or a text.
#[derive(FromPyObject)]
enum Reason {
    Id(i64),
    Text(String),
}

impl From<Reason> for BreakReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Id(id) => Self::Id(id),
            Reason::Text(text) => Self::Text(text.as_str().into()),
        }
    }
}

/// A word of an enumeration, or plain text.
fn text(given: &Bound<'_, PyAny>) -> PyResult<Text> {
    Ok((&*given.cast::<PyString>()?.to_cow()?).into())
}

fn numbers(given: &Bound<'_, PyTuple>) -> PyResult<Vec<PhoneNumber>> {
    given.iter().map(|number| Ok(PhoneNumber::from(&*number.cast::<PyString>()?.to_cow()?))).collect()
}

/// Anything that `json.dumps` takes, as JSON.
fn json(given: Option<Bound<'_, PyAny>>) -> PyResult<Option<JsonText>> {
    let Some(given) = given else { return Ok(None) };
    let py = given.py();
    let options = PyDict::new(py);
    // Numbers that are none, and halves of characters, are no JSON, whatever Python writes for them.
    options.set_item("allow_nan", false)?;
    options.set_item("ensure_ascii", false)?;
    let written = py.import("json")?.getattr("dumps")?.call((given,), Some(&options));
    let text = written.and_then(|written| Ok(JsonText::new(&written.cast::<PyString>()?.to_cow()?)));
    text.map(Some).map_err(|error| {
        let refused = refuse(py, ProblemCode::NotJson, "an argument that cannot be written as JSON");
        refused.set_cause(py, Some(error));
        refused
    })
}

#[pymethods]
impl Command {
    /// Calls a number; while talking, as a consultation. The agent's own phone rings first, unless `party_first`.
    #[staticmethod]
    #[pyo3(signature = (number, *, party_first = false))]
    fn call(number: &str, party_first: bool) -> Self {
        let sequence = if party_first { CallSequence::PartyFirst } else { CallSequence::AgentFirst };
        Self(Made::Call { number: number.into(), sequence })
    }

    /// Calls a number so that its phone answers by itself.
    #[staticmethod]
    fn intercom(number: &str) -> Self {
        Self(Made::Intercom { number: number.into() })
    }

    /// Answers the ringing call, if the phone can be told to.
    #[staticmethod]
    fn answer() -> Self {
        Self(Made::Answer)
    }

    /// Ends the call, or parts with the given parties of a conference.
    #[staticmethod]
    #[pyo3(signature = (*targets))]
    fn end_call(targets: &Bound<'_, PyTuple>) -> PyResult<Self> {
        let targets = if targets.is_empty() { None } else { Some(numbers(targets)?) };
        Ok(Self(Made::EndCall { targets }))
    }

    /// Puts on hold, or takes back.
    #[staticmethod]
    fn hold() -> Self {
        Self(Made::Hold)
    }

    /// Changes between the call and the held one.
    #[staticmethod]
    fn toggle() -> Self {
        Self(Made::Toggle)
    }

    /// Passes the call on; without a number, and with someone held, connects the two.
    #[staticmethod]
    #[pyo3(signature = (number = None))]
    fn transfer(number: Option<&str>) -> Self {
        Self(Made::Transfer { number: number.map(PhoneNumber::from) })
    }

    /// Connects the held party and the present one, and leaves.
    #[staticmethod]
    fn commutate() -> Self {
        Self(Made::Commutate)
    }

    /// Makes a conference with these numbers, or invites them to it. Without any: of the call and the held one. A new
    /// conference needs an id and a room (0 to 9999), which are drawn if they are not given: give them where the same
    /// inputs are to give the same log.
    #[staticmethod]
    #[pyo3(signature = (*invited, id = None, room = None))]
    fn conference(
        py: Python<'_>,
        invited: &Bound<'_, PyTuple>,
        id: Option<&str>,
        room: Option<Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let drawn;
        let id = match id {
            Some(id) => id,
            None => {
                drawn = py.import("uuid")?.getattr("uuid4")?.call0()?.str()?.extract::<String>()?;
                &drawn
            }
        };
        let room = match room {
            Some(room) => match room.extract::<u16>() {
                Ok(room @ 0..=9_999) => room,
                Ok(_) | Err(_) => {
                    let why = format!("a conference's room is from 0 to 9999, not {}", room.repr()?);
                    return Err(refuse(py, ProblemCode::BadRange, why));
                }
            },
            None => py.import("random")?.getattr("randrange")?.call1((10_000,))?.extract()?,
        };
        let given = Some(NewConference { id: id.into(), room });
        let numbers = if invited.is_empty() { None } else { Some(numbers(invited)?) };
        Ok(Self(Made::Conference { numbers, given }))
    }

    /// Joins a subordinate's call, to `"listen"`, to `"help"`, or for all to hear (`"conference"`). The target is a
    /// number or a user's id.
    #[staticmethod]
    fn ghost(py: Python<'_>, mode: &str, target: &str) -> PyResult<Self> {
        let mode = match mode {
            "listen" => GhostMode::Listen,
            "help" => GhostMode::Help,
            "conference" => GhostMode::Conference,
            _ => {
                let why = format!("a ghost's mode is 'listen', 'help' or 'conference', not {mode:?}");
                return Err(refuse(py, ProblemCode::BadArgument, why));
            }
        };
        Ok(Self(Made::Ghost { mode, target: target.into() }))
    }

    /// Sets the web status, the older way: `ready`, `dnd`, `redirect` or `break`. Anything else is ignored.
    #[staticmethod]
    #[pyo3(signature = (status, reason = None))]
    fn set_status(status: &Bound<'_, PyAny>, reason: Option<Reason>) -> PyResult<Self> {
        Ok(Self(Made::SetStatus { status: text(status)?, reason: reason.map(Into::into) }))
    }

    /// Sets the user status: `ready`, `readyCC`, `readyCCManual`, `busy`, `dnd`, `redirect` or `break`, with the reason
    /// (an id of the server's, or a text) of a break.
    #[staticmethod]
    #[pyo3(signature = (status, reason = None))]
    fn set_user_status(status: &Bound<'_, PyAny>, reason: Option<Reason>) -> PyResult<Self> {
        Ok(Self(Made::SetUserStatus { status: text(status)?, reason: reason.map(Into::into) }))
    }

    /// Sets the number that calls are redirected to; forgets it, if it is empty.
    #[staticmethod]
    #[pyo3(signature = (number = ""))]
    fn set_redirect_number(number: &str) -> Self {
        Self(Made::SetRedirectNumber { number: number.into() })
    }

    /// Calls a method of the server, or one of its stored procedures. `params` is a dictionary.
    #[staticmethod]
    #[pyo3(signature = (method, params = None))]
    fn exec(method: &str, params: Option<Bound<'_, PyAny>>) -> PyResult<Self> {
        Ok(Self(Made::Exec { method: method.into(), params: json(params)? }))
    }

    /// Passes an event on to other clients.
    #[staticmethod]
    #[pyo3(signature = (name, recipients = None, data = None, *, send_back = false))]
    fn trigger_custom_event(
        name: &str,
        recipients: Option<Bound<'_, PyAny>>,
        data: Option<Bound<'_, PyAny>>,
        send_back: bool,
    ) -> PyResult<Self> {
        Ok(Self(Made::TriggerCustomEvent {
            name: name.into(),
            recipients: json(recipients)?,
            data: json(data)?,
            send_back,
        }))
    }

    /// Asks for the journal of a chain.
    #[staticmethod]
    fn call_journal(chain: &str) -> Self {
        Self(Made::CallJournal { chain: ChainId::from(chain) })
    }

    /// Logs out and closes.
    #[staticmethod]
    fn disconnect() -> Self {
        Self(Made::Disconnect)
    }

    /// The CTI model calls a number. Refused with 1000 unless the model is kept, as are all commands of the model.
    #[staticmethod]
    fn model_make_call(number: &str) -> Self {
        Self(Made::Model(ModelCommand::MakeCall(number.into())))
    }

    /// The CTI model answers the current call.
    #[staticmethod]
    fn model_answer_call() -> Self {
        Self(Made::Model(ModelCommand::AnswerCall))
    }

    /// The CTI model ends the current call.
    #[staticmethod]
    fn model_drop_call() -> Self {
        Self(Made::Model(ModelCommand::DropCall))
    }

    /// The CTI model puts on hold or takes back.
    #[staticmethod]
    fn model_hold_or_unhold_call() -> Self {
        Self(Made::Model(ModelCommand::HoldOrUnholdCall))
    }

    /// The CTI model consults a number while the customer waits.
    #[staticmethod]
    fn model_make_consult_call(number: &str) -> Self {
        Self(Made::Model(ModelCommand::MakeConsultCall(number.into())))
    }

    /// The CTI model connects the customer and the consultant.
    #[staticmethod]
    fn model_transfer_call() -> Self {
        Self(Made::Model(ModelCommand::TransferCall))
    }

    /// The CTI model ends the consultation, back to the customer.
    #[staticmethod]
    fn model_cancel_transfer() -> Self {
        Self(Made::Model(ModelCommand::CancelTransfer))
    }

    /// The CTI model passes the call on without consulting.
    #[staticmethod]
    fn model_blind_transfer_call(number: &str) -> Self {
        Self(Made::Model(ModelCommand::BlindTransferCall(number.into())))
    }

    /// The CTI model sets the web status.
    #[staticmethod]
    fn model_set_agent_state(state: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self(Made::Model(ModelCommand::SetAgentState(text(state)?))))
    }

    /// The CTI model begins or ends wrap-up.
    #[staticmethod]
    fn model_set_wrap_up_user_state(active: bool) -> Self {
        Self(Made::Model(ModelCommand::SetWrapUpUserState(active)))
    }

    /// The CTI model enters or leaves the call centre.
    #[staticmethod]
    fn model_change_call_centre_state(active: bool) -> Self {
        Self(Made::Model(ModelCommand::ChangeCallCentreState(active)))
    }

    /// Its name, as the reference client calls it.
    #[getter]
    fn name(&self) -> &'static str {
        self.0.name().text()
    }

    /// The number or user that it names first, if it names one.
    #[getter]
    fn target<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        crate::tell::told(py, &self.0.target())
    }

    fn __repr__(&self) -> String {
        let target = self.0.target().map(|target| format!(" {target:?}")).unwrap_or_default();
        format!("<Command {}{target}>", self.0.name().text())
    }
}
