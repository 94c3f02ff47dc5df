//! The machine, fed by hand.

use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, ThreadId};

use callfold::problem::ProblemCode;
use callfold::wire::{FrameText, LoginSecret};
use callfold::{
    Command as Made, Config, Credential, CredentialHandle, CtiConfig, Effect, Endpoint, Input, InputKind,
    Mode, Outcome, SocketId, Timestamp,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::command::Command;
use crate::error::{OrRaise, refuse};
use crate::event::Told;
use crate::names::Names;
use crate::record::RecordedInput;
use crate::time::{self, At};
use crate::view;

/// What came of one input. Its events and effects become objects when they are asked for.
#[pyclass(module = "callfold", frozen)]
pub(crate) struct Step {
    events: Arc<[callfold::Event]>,
    at: Timestamp,
    effects: Vec<Effect>,
    /// For the login among the effects.
    secret: Option<LoginSecret>,
}

#[pymethods]
impl Step {
    #[classattr]
    #[pyo3(name = "__match_args__")]
    const MATCH_ARGS: (&'static str, &'static str) = ("events", "effects");

    /// What was decided, in order.
    #[getter]
    fn events<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        Told::objects(py, self.events.clone(), Some(self.at), None)
    }

    /// What is to be done, in order.
    #[getter]
    fn effects<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        self.effects.iter().map(|effect| effect_object(py, effect, self.secret.as_ref())).collect()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let (events, effects) = (PyList::new(py, self.events(py)?)?, PyList::new(py, self.effects(py)?)?);
        Ok(format!("Step(events={}, effects={})", events.repr()?, effects.repr()?))
    }
}

/// The reducer for one agent's line.
#[pyclass(module = "callfold._native", frozen)]
pub(crate) struct Machine(Mutex<Fed>);

struct Fed {
    machine: callfold::Machine,
    outcome: Outcome,
    secret: Option<LoginSecret>,
    /// The thread that feeds it.
    owner: Option<ThreadId>,
}

impl Machine {
    fn over(machine: callfold::Machine) -> Self {
        Self(Mutex::new(Fed { machine, outcome: Outcome::default(), secret: None, owner: None }))
    }

    /// The machine, for whoever only looks.
    fn look(&self, py: Python<'_>) -> PyResult<MutexGuard<'_, Fed>> {
        self.0.try_lock().map_err(|_| {
            refuse(
                py,
                ProblemCode::UsedAtOnce,
                "the machine is being used from another thread at this moment",
            )
        })
    }

    /// The machine, for the thread that feeds it.
    fn feed(&self, py: Python<'_>) -> PyResult<MutexGuard<'_, Fed>> {
        let mut fed = self.look(py)?;
        let here = thread::current().id();
        if *fed.owner.get_or_insert(here) != here {
            return Err(refuse(
                py,
                ProblemCode::UsedAtOnce,
                "the machine is fed from another thread; its inputs have one order, so it is fed from one thread \
                 (call hand_over() there when it is to be fed from here)",
            ));
        }
        Ok(fed)
    }

    fn input(&self, py: Python<'_>, at: At, kind: InputKind<'_>) -> PyResult<Step> {
        let mut fed = self.feed(py)?;
        let Fed { machine, outcome, secret, .. } = &mut *fed;
        machine.handle(&Input { at: at.0, kind }, outcome);
        let effects = std::mem::take(&mut outcome.effects);
        let logs_in = effects.iter().any(|effect| matches!(effect, Effect::SendLogin { .. }));
        let secret = secret.as_ref().filter(|_| logs_in).cloned();
        Ok(Step { events: std::mem::take(&mut outcome.events).into(), at: machine.now(), effects, secret })
    }
}

/// An effect as an object of `callfold.machine`.
fn effect_object<'py>(
    py: Python<'py>,
    effect: &Effect,
    secret: Option<&LoginSecret>,
) -> PyResult<Bound<'py, PyAny>> {
    let names = Names::get(py)?;
    let class = |name: &str| {
        names.class(name).ok_or_else(|| refuse(py, ProblemCode::Internal, format!("no class {name}")))
    };
    let unwritable = || refuse(py, ProblemCode::BadArgument, "a request's parameters are no JSON object");
    match effect {
        Effect::Dial { socket, url } => class("Effect.Dial")?.bind(py).call1((socket.0, url.as_str())),
        Effect::Send { socket, qid, login, request } => {
            let frame = request.write(&qid.to_string(), login.as_str()).map_err(|_| unwritable())?;
            class("Effect.Send")?.bind(py).call1((socket.0, request.method(), frame))
        }
        Effect::SendLogin { socket, qid, login, request, .. } => {
            // A recorded session has the command and not the secret.
            let frame = secret.map(|secret| request.write_login(&qid.to_string(), login.as_str(), secret));
            let frame = frame.transpose().map_err(|_| unwritable())?;
            class("Effect.Send")?.bind(py).call1((socket.0, request.method(), frame))
        }
        Effect::Close { socket } => class("Effect.Close")?.bind(py).call1((socket.0,)),
        _ => Err(refuse(py, ProblemCode::Internal, "an effect that is not known here")),
    }
}

fn config(py: Python<'_>, mode: &str, cti: bool, operator: bool) -> PyResult<Config> {
    let config = match mode {
        "live" => Config::live(),
        "replay" => Config::replay(),
        _ => {
            let why = format!("a machine's mode is 'live' or 'replay', not {mode:?}");
            return Err(refuse(py, ProblemCode::BadArgument, why));
        }
    };
    Ok(if cti { config.with_cti(CtiConfig { operator }) } else { config })
}

#[pymethods]
impl Machine {
    #[new]
    #[pyo3(signature = (mode, cti, operator))]
    fn new(py: Python<'_>, mode: &str, cti: bool, operator: bool) -> PyResult<Self> {
        Ok(Self::over(callfold::Machine::new(config(py, mode, cti, operator)?)))
    }

    #[staticmethod]
    fn restore(py: Python<'_>, snapshot: &[u8]) -> PyResult<Self> {
        Ok(Self::over(callfold::Machine::restore(snapshot).or_raise(py)?))
    }

    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.look(py)?.machine.snapshot()))
    }

    fn hand_over(&self, py: Python<'_>) -> PyResult<()> {
        self.feed(py)?.owner = None;
        Ok(())
    }

    fn opened(&self, py: Python<'_>, at: At, socket: u64) -> PyResult<Step> {
        self.input(py, at, InputKind::Opened(SocketId(socket)))
    }

    fn refused(&self, py: Python<'_>, at: At, socket: u64) -> PyResult<Step> {
        self.input(py, at, InputKind::Refused(SocketId(socket)))
    }

    fn closed(&self, py: Python<'_>, at: At, socket: u64) -> PyResult<Step> {
        self.input(py, at, InputKind::Closed(SocketId(socket)))
    }

    fn frame(&self, py: Python<'_>, at: At, socket: u64, text: &Bound<'_, PyString>) -> PyResult<Step> {
        // Text that is not UTF-8, such as a lone surrogate, is no frame of this protocol; it is kept as what it is.
        let text = text.to_cow().unwrap_or_else(|_| text.to_string_lossy());
        let (text, _) = FrameText::from_wire(&text);
        self.input(py, at, InputKind::Frame { socket: SocketId(socket), text })
    }

    fn binary(&self, py: Python<'_>, at: At, socket: u64, bytes: &[u8]) -> PyResult<Step> {
        self.input(py, at, InputKind::Binary { socket: SocketId(socket), bytes: bytes.into() })
    }

    fn command(&self, py: Python<'_>, at: At, command: &Command) -> PyResult<Step> {
        self.input(py, at, InputKind::Command(command.0.clone()))
    }

    #[pyo3(signature = (at, addresses, login, password, session, workplace, expires, model))]
    #[allow(clippy::too_many_arguments, reason = "they are the arguments of a Python method")]
    fn connect(
        &self,
        py: Python<'_>,
        at: At,
        addresses: Vec<String>,
        login: &str,
        password: Option<&str>,
        session: Option<&str>,
        workplace: Option<&str>,
        expires: Option<i64>,
        model: bool,
    ) -> PyResult<Step> {
        let (credential, secret) = match (password, session) {
            (Some(password), _) => {
                (Credential::Password(CredentialHandle(1)), Some(LoginSecret::from_password(password)))
            }
            (None, Some(session)) => {
                (Credential::Session(CredentialHandle(1)), Some(LoginSecret::from_session(session)))
            }
            (None, None) => (Credential::Missing, None),
        };
        self.feed(py)?.secret = secret;
        let endpoint = Endpoint {
            addresses: addresses.iter().map(|address| address.as_str().into()).collect(),
            login: login.into(),
            credential,
            workplace: workplace.map(Into::into),
            expires,
        };
        let command = if model {
            Made::Model(callfold::ModelCommand::Connect(endpoint))
        } else {
            Made::Connect(endpoint)
        };
        self.input(py, at, InputKind::Command(command))
    }

    fn handle(&self, py: Python<'_>, input: &RecordedInput) -> PyResult<Step> {
        self.input(py, At(input.at), input.kind.clone())
    }

    /// Handles inputs and makes no objects of what is decided: how many events there were.
    fn catch_up(&self, py: Python<'_>, inputs: Vec<Py<RecordedInput>>) -> PyResult<u64> {
        let mut fed = self.feed(py)?;
        let Fed { machine, outcome, .. } = &mut *fed;
        Ok(py.detach(|| {
            let mut events = 0;
            for input in &inputs {
                let RecordedInput { at, kind } = input.get();
                machine.handle(&Input { at: *at, kind: kind.clone() }, outcome);
                events += outcome.events.len() as u64;
            }
            outcome.events.clear();
            outcome.effects.clear();
            events
        }))
    }

    /// Handles the timer that is due at `at`, if one is.
    fn wake(&self, py: Python<'_>, at: At) -> PyResult<Option<Step>> {
        let due = self.feed(py)?.machine.poll_timeout();
        match due {
            Some((due, timer)) if due <= at.0 => Ok(Some(self.input(py, at, InputKind::Timer(timer))?)),
            Some(_) | None => Ok(None),
        }
    }

    #[getter]
    fn timeout<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let due = self.look(py)?.machine.poll_timeout();
        due.map(|(at, _)| time::datetime(py, at)).transpose()
    }

    #[getter]
    fn now<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let now = self.look(py)?.machine.now();
        time::datetime(py, now)
    }

    #[getter]
    fn view<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (view, now) = {
            let fed = self.look(py)?;
            (fed.machine.view().clone(), fed.machine.now())
        };
        view::object(py, &view, view::Place { at: Some(now), seq: None, turn: None })
    }

    #[getter]
    fn sockets(&self, py: Python<'_>) -> PyResult<Vec<u64>> {
        Ok(self.look(py)?.machine.sockets().map(|socket| socket.0).collect())
    }
}

/// The mode of a machine, for those who only read it.
pub(crate) const fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "live",
        Mode::Replay => "replay",
    }
}
