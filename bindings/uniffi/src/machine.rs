//! The machine, for apps that own their socket: text goes in, events and effects come out.

use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use callfold::problem::ProblemCode;
use callfold::wire::{FrameText, LoginSecret};
use callfold::{
    Command as Made, Config, Credential, CredentialHandle, CtiConfig, Input, InputKind, ModelCommand,
    Outcome, PersonName, SocketId, Text, Timestamp,
};

use crate::command::Command;
use crate::convert::SecretText;
use crate::error::CallfoldError;
use crate::event::Told;
use crate::run::here;
use crate::secret::Secret;
use crate::state::{LineSnapshot, Place};

/// Where a machine differs between a live server and the replay of the reference client's sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum MachineMode {
    /// A live server.
    Live,
    /// As the reference client.
    Replay,
}

/// Whom to connect to, and as whom. The secret is given beside it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Endpoint {
    /// One to ten addresses, such as `wss://pbx.example`; all are dialled at once.
    pub addresses: Vec<String>,
    /// The agent's login.
    pub login: PersonName,
    /// The workplace, if the server asks for it.
    #[uniffi(default = None)]
    pub workplace: Option<String>,
    /// After how many seconds the session is to end by itself.
    #[uniffi(default = None)]
    pub expires: Option<i64>,
}

impl Endpoint {
    /// The endpoint as the engine has it.
    pub(crate) fn made(&self, credential: Credential) -> callfold::Endpoint {
        callfold::Endpoint {
            addresses: self.addresses.iter().map(|address| Text::from(address.as_str())).collect(),
            login: Text::from(self.login.as_str()),
            credential,
            workplace: self.workplace.as_deref().map(Text::from),
            expires: self.expires,
        }
    }
}

/// Something that happened to a machine.
#[derive(Clone, uniffi::Enum)]
pub enum MachineInput {
    /// A socket that was to be dialled is open.
    Opened {
        /// When.
        at: Timestamp,
        /// Which.
        socket: u64,
    },
    /// A socket that was to be dialled could not be opened.
    Refused {
        /// When.
        at: Timestamp,
        /// Which.
        socket: u64,
    },
    /// An open socket was closed, by either side. Owed for every socket that was opened.
    Closed {
        /// When.
        at: Timestamp,
        /// Which.
        socket: u64,
    },
    /// A text message came. Secrets in it are taken out before the machine sees it.
    Frame {
        /// When.
        at: Timestamp,
        /// On which socket.
        socket: u64,
        /// The message.
        text: SecretText,
    },
    /// A binary message came. The protocol has none; it is told as unreadable.
    Binary {
        /// When.
        at: Timestamp,
        /// On which socket.
        socket: u64,
        /// The message.
        bytes: Vec<u8>,
    },
    /// The application commands something.
    Commanded {
        /// When.
        at: Timestamp,
        /// What.
        command: Command,
    },
    /// It is so late: timers that are due by now are handled.
    Wake {
        /// How late.
        at: Timestamp,
    },
}

/// Something to do, in the order told.
#[derive(Clone, uniffi::Enum)]
pub enum Effect {
    /// Open a WebSocket with subprotocol `json`. Answer with `Opened` or `Refused`.
    Dial {
        /// The machine's name for it.
        socket: u64,
        /// Only this host; `wss` never becomes `ws`.
        url: String,
    },
    /// Send a message.
    Send {
        /// On this socket.
        socket: u64,
        /// The wire's method, for logs.
        method: String,
        /// The message. None for a login whose secret this machine has not.
        frame: Option<SecretText>,
    },
    /// Close a socket, after what was sent. Answer with `Closed`; messages until then are still taken.
    Close {
        /// This socket.
        socket: u64,
    },
}

/// What came of inputs.
#[derive(Clone, uniffi::Record)]
pub struct Step {
    /// What was decided, in order.
    pub events: Vec<Told>,
    /// What is to be done, in order.
    pub effects: Vec<Effect>,
    /// When to come back with `Wake`, at the latest.
    pub timeout: Option<Timestamp>,
}

/// The reducer for one agent's line, for apps that own their socket. It does nothing by itself: it has no clock, no socket
/// and no thread. Its inputs have one order, so it is used from one thread at a time.
#[derive(uniffi::Object)]
pub struct Machine(Mutex<Fed>);

struct Fed {
    machine: callfold::Machine,
    outcome: Outcome,
    secret: Option<LoginSecret>,
}

#[uniffi::export]
impl Machine {
    /// A new machine. `cti` keeps the CTI model; its agent enters the call centre on connecting, if an `operator`.
    #[uniffi::constructor(default(mode = None, cti = false, operator = true))]
    #[must_use]
    pub fn new(mode: Option<MachineMode>, cti: bool, operator: bool) -> Arc<Self> {
        let config = match mode {
            Some(MachineMode::Live) | None => Config::live(),
            Some(MachineMode::Replay) => Config::replay(),
        };
        let config = if cti { config.with_cti(CtiConfig { operator }) } else { config };
        Self::over(callfold::Machine::new(config))
    }

    /// A machine that was put away.
    ///
    /// # Errors
    /// `bad_snapshot` if it is none, or one of another version.
    #[uniffi::constructor]
    pub fn restore(snapshot: Vec<u8>) -> Result<Arc<Self>, CallfoldError> {
        here(|| Ok(Self::over(callfold::Machine::restore(&snapshot)?)))
    }

    /// All that it knows, for `restore`. It has names and numbers in it, and no secret.
    ///
    /// # Errors
    /// `used_at_once`.
    pub fn snapshot(&self) -> Result<Vec<u8>, CallfoldError> {
        here(|| Ok(self.fed()?.machine.snapshot()))
    }

    /// Connects. The secret stays on this side, and is written into the login when that is to be sent. `model` connects by
    /// the CTI model, which reconnects by itself.
    ///
    /// # Errors
    /// `used_at_once`.
    #[uniffi::method(default(model = false))]
    pub fn connect(
        &self,
        at: Timestamp,
        endpoint: Endpoint,
        secret: Option<Arc<Secret>>,
        model: bool,
    ) -> Result<Step, CallfoldError> {
        here(|| {
            let mut fed = self.fed()?;
            let handle = CredentialHandle(1);
            let credential = secret.as_ref().map_or(Credential::Missing, |secret| secret.credential(handle));
            fed.secret = secret.map(|secret| secret.for_login());
            let endpoint = endpoint.made(credential);
            let command =
                if model { Made::Model(ModelCommand::Connect(endpoint)) } else { Made::Connect(endpoint) };
            let mut step = Step::nothing();
            fed.input(at, InputKind::Command(command), &mut step)?;
            Ok(fed.end(step))
        })
    }

    /// Handles inputs, in order, and says what came of all of them.
    ///
    /// # Errors
    /// `used_at_once`; `bad_argument` or `not_json` for a command that makes no sense: none of the inputs is handled then.
    pub fn handle(&self, inputs: Vec<MachineInput>) -> Result<Step, CallfoldError> {
        here(|| {
            let mut fed = self.fed()?;
            // Before the first is handled: what is to be done for it must not be lost with an error of a later one.
            for input in &inputs {
                if let MachineInput::Commanded { command, .. } = input {
                    command.clone().made()?;
                }
            }
            let mut step = Step::nothing();
            for input in inputs {
                fed.handle(input, &mut step)?;
            }
            Ok(fed.end(step))
        })
    }

    /// What is so now.
    ///
    /// # Errors
    /// `used_at_once`.
    pub fn state(&self) -> Result<LineSnapshot, CallfoldError> {
        here(|| {
            let fed = self.fed()?;
            let place = Place { at: Some(fed.machine.now()), ..Place::default() };
            Ok(LineSnapshot::of(fed.machine.view(), place))
        })
    }

    /// When to come back with `Wake`, at the latest.
    ///
    /// # Errors
    /// `used_at_once`.
    pub fn timeout(&self) -> Result<Option<Timestamp>, CallfoldError> {
        here(|| Ok(self.fed()?.machine.poll_timeout().map(|(at, _)| at)))
    }

    /// The sockets that it asked for and that are not closed.
    ///
    /// # Errors
    /// `used_at_once`.
    pub fn sockets(&self) -> Result<Vec<u64>, CallfoldError> {
        here(|| Ok(self.fed()?.machine.sockets().map(|socket| socket.0).collect()))
    }
}

impl Machine {
    fn over(machine: callfold::Machine) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Fed { machine, outcome: Outcome::default(), secret: None })))
    }

    fn fed(&self) -> Result<MutexGuard<'_, Fed>, CallfoldError> {
        match self.0.try_lock() {
            Ok(fed) => Ok(fed),
            Err(TryLockError::Poisoned(fed)) => Ok(fed.into_inner()),
            Err(TryLockError::WouldBlock) => Err(CallfoldError::of(
                ProblemCode::UsedAtOnce,
                "the machine is being used from another thread at this moment",
            )),
        }
    }
}

impl Step {
    const fn nothing() -> Self {
        Self { events: Vec::new(), effects: Vec::new(), timeout: None }
    }
}

impl Fed {
    fn handle(&mut self, input: MachineInput, step: &mut Step) -> Result<(), CallfoldError> {
        match input {
            MachineInput::Opened { at, socket } => self.input(at, InputKind::Opened(SocketId(socket)), step),
            MachineInput::Refused { at, socket } => {
                self.input(at, InputKind::Refused(SocketId(socket)), step)
            }
            MachineInput::Closed { at, socket } => self.input(at, InputKind::Closed(SocketId(socket)), step),
            MachineInput::Frame { at, socket, text } => {
                let (text, _) = FrameText::from_wire(&text.0);
                self.input(at, InputKind::Frame { socket: SocketId(socket), text }, step)
            }
            MachineInput::Binary { at, socket, bytes } => {
                self.input(at, InputKind::Binary { socket: SocketId(socket), bytes: bytes.into() }, step)
            }
            MachineInput::Commanded { at, command } => {
                self.input(at, InputKind::Command(command.made()?), step)
            }
            MachineInput::Wake { at } => {
                while let Some((due, timer)) = self.machine.poll_timeout() {
                    if due > at {
                        break;
                    }
                    self.input(at, InputKind::Timer(timer), step)?;
                }
                Ok(())
            }
        }
    }

    fn input(&mut self, at: Timestamp, kind: InputKind<'_>, step: &mut Step) -> Result<(), CallfoldError> {
        self.machine.handle(&Input { at, kind }, &mut self.outcome);
        step.events.extend(Told::all(&self.outcome.events, self.machine.now(), None, None));
        for effect in &self.outcome.effects {
            step.effects.push(written(effect, self.secret.as_ref())?);
        }
        Ok(())
    }

    fn end(&self, mut step: Step) -> Step {
        step.timeout = self.machine.poll_timeout().map(|(at, _)| at);
        step
    }
}

/// An effect, with its message as it goes over the wire.
fn written(effect: &callfold::Effect, secret: Option<&LoginSecret>) -> Result<Effect, CallfoldError> {
    use callfold::Effect as Of;
    let unwritable = |_| CallfoldError::of(ProblemCode::NotJson, "a request's parameters are no JSON object");
    Ok(match effect {
        Of::Dial { socket, url } => Effect::Dial { socket: socket.0, url: url.as_str().to_owned() },
        Of::Send { socket, qid, login, request } => {
            let frame = request.write(&qid.to_string(), login.as_str()).map_err(unwritable)?;
            let method = request.method().to_owned();
            Effect::Send { socket: socket.0, method, frame: Some(SecretText(frame)) }
        }
        Of::SendLogin { socket, qid, login, request, .. } => {
            let frame = secret.map(|secret| request.write_login(&qid.to_string(), login.as_str(), secret));
            let frame = frame.transpose().map_err(unwritable)?.map(SecretText);
            Effect::Send { socket: socket.0, method: request.method().to_owned(), frame }
        }
        Of::Close { socket } => Effect::Close { socket: socket.0 },
        _ => return Err(CallfoldError::of(ProblemCode::Internal, "an effect that is not known here")),
    })
}
