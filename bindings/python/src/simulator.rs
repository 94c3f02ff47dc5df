//! The simulated PBX, for tests of Python programs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use callfold::Span;
use callfold::problem::{Problem, ProblemCode};
use callfold_simulator::{
    Account, AgentState, BuildError, Chance, Cut, Faults, Manners, OutsideId, OutsideState, Pbx, Phone,
    Presence, Refused, StartError,
};
use pyo3::prelude::*;

use crate::asynchronous;
use crate::error::{raise, refuse};
use crate::process::Process;

/// A user of the simulated PBX.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct UserGiven {
    login: String,
    password: String,
    number: String,
    name: Option<String>,
    operator: bool,
    chief: Option<String>,
    answers_by_hand: bool,
    desktop: bool,
    session: Option<String>,
}

impl UserGiven {
    fn account(self) -> Account {
        let mut account = Account::new(&self.login, &self.password, &self.number);
        if let Some(name) = &self.name {
            account = account.name(name);
        }
        if let Some(chief) = &self.chief {
            account = account.subordinate_of(chief);
        }
        if let Some(session) = &self.session {
            account = account.session(session);
        }
        if !self.operator {
            account = account.not_an_operator();
        }
        if self.answers_by_hand {
            account = account.answers_by_hand_only();
        }
        if self.desktop {
            account = account.at_the_desktop_client();
        }
        account
    }
}

/// How the PBX is laid out.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct Layout {
    users: Vec<UserGiven>,
    queues: Vec<String>,
    menus: Vec<(String, String)>,
    spare: Vec<String>,
    /// Number, name, and how long until they answer in microseconds: none waits, less than nothing is busy.
    outside: Vec<(String, String, Option<i64>)>,
    reasons: Vec<(i64, String)>,
    dated: i64,
    licences: Option<usize>,
    out_of_service: bool,
    seed: u64,
    bind: String,
    tls: Option<(Vec<u8>, Vec<u8>)>,
}

impl Layout {
    fn pbx(&mut self) -> Result<Pbx, BuildError> {
        let mut pbx = Pbx::builder().dated(self.dated).seed(self.seed);
        for user in std::mem::take(&mut self.users) {
            pbx = pbx.user(user.account());
        }
        for number in &self.queues {
            pbx = pbx.queue(number);
        }
        for (number, name) in &self.menus {
            pbx = pbx.menu(number, name);
        }
        for number in &self.spare {
            pbx = pbx.spare_number(number);
        }
        for (number, name, answers) in &self.outside {
            let manners = match answers {
                None => Manners::Waits,
                Some(after) if *after < 0 => Manners::Busy,
                Some(after) => Manners::AnswersAfter(Span::from_micros(*after)),
            };
            pbx = pbx.outside(number, name, manners);
        }
        if let Some(licences) = self.licences {
            pbx = pbx.licences(licences);
        }
        if self.out_of_service {
            pbx = pbx.out_of_service();
        }
        let reasons: Vec<_> = self.reasons.iter().map(|(id, name)| (*id, name.as_str())).collect();
        pbx.break_reasons(&reasons).build()
    }
}

/// How it misbehaves.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct FaultsGiven {
    latency: i64,
    jitter: i64,
    duplicates: u32,
    disorder: u32,
    silent: Vec<String>,
    /// Method and answer, as JSON.
    instead: Vec<(String, String)>,
    late: BTreeMap<String, i64>,
    cut_at: Vec<String>,
    cut_after: Vec<i64>,
    seed: u64,
}

impl FaultsGiven {
    fn faults(self, py: Python<'_>) -> PyResult<Faults> {
        let chance = |one_in| if one_in == 0 { Chance::Never } else { Chance::OneIn(one_in) };
        let answer = |(method, json): (String, String)| match serde_json::from_str(&json) {
            Ok(answer) => Ok((method, answer)),
            Err(_) => {
                let why = format!("the answer in the place of {method}'s is no JSON object");
                Err(refuse(py, ProblemCode::BadArgument, why))
            }
        };
        let at = self.cut_at.into_iter().map(Cut::AtRequest);
        let after = self.cut_after.into_iter().map(|after| Cut::After(Span::from_micros(after)));
        Ok(Faults {
            latency: Span::from_micros(self.latency),
            jitter: Span::from_micros(self.jitter),
            duplicates: chance(self.duplicates),
            disorder: chance(self.disorder),
            silent: self.silent.into_iter().collect(),
            instead: self.instead.into_iter().map(answer).collect::<PyResult<_>>()?,
            late: self.late.into_iter().map(|(method, by)| (method, Span::from_micros(by))).collect(),
            cuts: at.chain(after).collect(),
            seed: self.seed,
        })
    }
}

/// A phone: an agent's, by its number, or the id of somebody outside.
#[derive(FromPyObject)]
enum PhoneGiven {
    Outside(Outside),
    Line(String),
}

impl From<PhoneGiven> for Phone {
    fn from(given: PhoneGiven) -> Self {
        match given {
            PhoneGiven::Outside(outside) => Self::from(outside.0),
            PhoneGiven::Line(number) => Self::from(number.as_str()),
        }
    }
}

/// Somebody outside the PBX who calls or is called: one for each call.
#[pyclass(module = "callfold", frozen, eq, hash, from_py_object)]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Outside(OutsideId);

#[pymethods]
impl Outside {
    fn __repr__(&self) -> &'static str {
        "<Outside>"
    }
}

fn refused(py: Python<'_>, refused: &Refused) -> PyErr {
    raise(py, Problem::new(ProblemCode::SimulatorNotPossible, refused.to_string()))
}

/// A simulated PBX that serves on a socket, until it is stopped.
#[pyclass(module = "callfold._native", frozen)]
pub(crate) struct Simulator {
    simulator: Mutex<Option<callfold_simulator::Simulator>>,
    url: String,
    process: Process,
}

/// In a forked child it is still the parent's.
impl Drop for Simulator {
    fn drop(&mut self) {
        if !self.process.is_this() {
            let simulator = self.simulator.lock().unwrap_or_else(PoisonError::into_inner).take();
            Box::leak(Box::new(simulator));
        }
    }
}

impl Simulator {
    fn with<T>(
        &self,
        py: Python<'_>,
        deed: impl FnOnce(&callfold_simulator::Simulator) -> T + Send,
    ) -> PyResult<T>
    where
        T: Send,
    {
        self.process.check(py)?;
        let done = py.detach(|| {
            let simulator = self.simulator.lock().unwrap_or_else(PoisonError::into_inner);
            simulator.as_ref().map(deed)
        });
        done.ok_or_else(|| refuse(py, ProblemCode::SimulatorClosed, "the simulator was stopped"))
    }

    fn try_with<T: Send>(
        &self,
        py: Python<'_>,
        deed: impl FnOnce(&callfold_simulator::Simulator) -> Result<T, Refused> + Send,
    ) -> PyResult<T> {
        self.with(py, deed)?.map_err(|error| refused(py, &error))
    }
}

#[pymethods]
impl Simulator {
    #[new]
    fn new(py: Python<'_>, mut layout: Layout) -> PyResult<Self> {
        let pbx = layout.pbx().map_err(|error| {
            let code = match error {
                BuildError::LoginTwice(_) => ProblemCode::SimulatorLoginTwice,
                BuildError::NumberTwice(_) => ProblemCode::SimulatorNumberTwice,
                _ => ProblemCode::Unknown,
            };
            raise(py, Problem::new(code, error.to_string()))
        })?;
        let mut builder = callfold_simulator::Simulator::builder(pbx).bind(&layout.bind);
        if let Some((certificate, key)) = &layout.tls {
            builder = builder.tls(certificate, key);
        }
        let runtime = asynchronous::runtime(py)?;
        let started = py.detach(|| runtime.block_on(builder.start()));
        let simulator = started.map_err(|error| {
            let code = match &error {
                StartError::Certificate(_) => ProblemCode::SimulatorBadCertificate,
                StartError::Listen { .. } => ProblemCode::SimulatorCannotListen,
                _ => ProblemCode::Unknown,
            };
            let why = std::error::Error::source(&error).map(|source| format!("{error}: {source}"));
            raise(py, Problem::new(code, why.unwrap_or_else(|| error.to_string())))
        })?;
        let url = simulator.url();
        Ok(Self { simulator: Mutex::new(Some(simulator)), url, process: Process::this() })
    }

    #[getter]
    fn url(&self) -> &str {
        &self.url
    }

    #[getter]
    fn running(&self) -> bool {
        self.simulator.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        self.process.check(py)?;
        let simulator = self.simulator.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(simulator) = simulator {
            let runtime = asynchronous::runtime(py)?;
            py.detach(|| drop(runtime.block_on(simulator.stop())));
        }
        Ok(())
    }

    fn external_call(&self, py: Python<'_>, from_number: &str, to: &str) -> PyResult<Outside> {
        self.with(py, |simulator| Outside(simulator.external_call(from_number, to)))
    }

    fn dial(&self, py: Python<'_>, line: &str, number: &str) -> PyResult<()> {
        self.try_with(py, |simulator| simulator.dial(line, number))
    }

    fn answer(&self, py: Python<'_>, phone: PhoneGiven) -> PyResult<()> {
        self.try_with(py, |simulator| simulator.answer(phone))
    }

    fn decline(&self, py: Python<'_>, phone: PhoneGiven) -> PyResult<()> {
        self.try_with(py, |simulator| simulator.decline(phone))
    }

    fn hang_up(&self, py: Python<'_>, phone: PhoneGiven) -> PyResult<()> {
        self.try_with(py, |simulator| simulator.hang_up(phone))
    }

    fn hold(&self, py: Python<'_>, line: &str) -> PyResult<()> {
        self.try_with(py, |simulator| simulator.hold(line))
    }

    fn choose(&self, py: Python<'_>, phone: PhoneGiven, number: &str) -> PyResult<()> {
        self.try_with(py, |simulator| simulator.choose(phone, number))
    }

    fn conference(&self, py: Python<'_>, line: &str, others: Vec<String>) -> PyResult<String> {
        let id = self.try_with(py, |simulator| {
            let others: Vec<_> = others.iter().map(String::as_str).collect();
            simulator.with(|pbx, now| pbx.conference(now, line, &others))
        })?;
        Ok(id.as_str().to_owned())
    }

    fn invite(&self, py: Python<'_>, line: &str, number: &str) -> PyResult<()> {
        self.try_with(py, |simulator| simulator.with(|pbx, now| pbx.invite(now, line, number)))
    }

    fn set_agent(
        &self,
        py: Python<'_>,
        line: &str,
        state: &str,
        call_centre: bool,
        reason: Option<i64>,
    ) -> PyResult<()> {
        let presence = match state {
            "ready" => Presence::Ready,
            "break" => Presence::Break,
            "dnd" => Presence::Off,
            "busy" => Presence::Busy,
            _ => {
                let why = format!("an agent is set to 'ready', 'break', 'dnd' or 'busy', not {state:?}");
                return Err(refuse(py, ProblemCode::BadArgument, why));
            }
        };
        let state = AgentState { call_centre, reason, ..AgentState::new(presence) };
        self.try_with(py, |simulator| simulator.with(|pbx, now| pbx.set_agent(now, line, state)))
    }

    fn unplug(&self, py: Python<'_>, line: &str) -> PyResult<()> {
        self.try_with(py, |simulator| simulator.unplug(line))
    }

    fn plug_in(&self, py: Python<'_>, line: &str) -> PyResult<()> {
        self.try_with(py, |simulator| simulator.plug_in(line))
    }

    fn outside(&self, py: Python<'_>, who: &Outside) -> PyResult<&'static str> {
        let state = self.with(py, |simulator| simulator.outside(who.0))?;
        Ok(match state {
            OutsideState::Calling => "calling",
            OutsideState::Ringing => "ringing",
            OutsideState::Talking => "talking",
            OutsideState::Held => "held",
            OutsideState::Conference => "conference",
            OutsideState::Gone => "gone",
            _ => "unknown",
        })
    }

    fn find_outside(&self, py: Python<'_>, number: &str) -> PyResult<Option<Outside>> {
        self.with(py, |simulator| simulator.find_outside(number).map(Outside))
    }

    fn say(&self, py: Python<'_>, line: &str, text: &str) -> PyResult<usize> {
        self.with(py, |simulator| simulator.say(line, text))
    }

    fn cut(&self, py: Python<'_>, line: &str) -> PyResult<usize> {
        self.with(py, |simulator| simulator.cut(line))
    }

    fn freeze(&self, py: Python<'_>, line: &str) -> PyResult<usize> {
        self.with(py, |simulator| simulator.freeze(line))
    }

    fn set_faults(&self, py: Python<'_>, faults: FaultsGiven) -> PyResult<()> {
        let faults = faults.faults(py)?;
        self.with(py, |simulator| simulator.set_faults(faults))
    }
}
