//! Live lines.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use callfold::live::{self, Clock as _, Plain, Seen, SystemClock, Tls};
use callfold::log::StreamInfo;
use callfold::problem::ProblemCode;
use callfold::{
    Command as Made, Config, Credential, CredentialHandle, CtiConfig, JsonText, ModelCommand, PersonName,
    PhoneNumber, Span,
};
use tokio::sync::watch;

use crate::command::{BreakReason, Command, CommandResult};
use crate::error::CallfoldError;
use crate::listen::{LineListener, Subscription};
use crate::machine::Endpoint;
use crate::recorder::Recorder;
use crate::run::{here, runtime, there};
use crate::secret::Secret;
use crate::state::{LineSnapshot, Place};
use crate::words::{AgentState, GhostMode, WebStatus};

/// The most inputs that a listener may be behind before it misses some.
const MOST_NEWS: u32 = 65_536;

/// What to do when the connection is lost, or cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Reconnect {
    /// Leave it so.
    Never,
    /// Connect again after a wait that doubles each time, half of it at random.
    BackOff {
        /// The first wait.
        first: Span,
        /// The longest wait.
        longest: Span,
    },
}

/// How a line is to be connected.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LineOptions {
    /// Where, and as whom.
    pub endpoint: Endpoint,
    /// Whether plain `ws` may go to other machines than this one. Whoever reads the network on the way can then log in as
    /// the agent.
    #[uniffi(default = false)]
    pub insecure_ws: bool,
    /// A certificate authority of your own, in PEM, besides those of the system.
    #[uniffi(default = None)]
    pub authority: Option<Vec<u8>>,
    /// What to do when the connection is lost. None: it is made again, after 1 s to 60 s.
    #[uniffi(default = None)]
    pub reconnect: Option<Reconnect>,
    /// How many inputs a slow listener may be behind before it misses some.
    #[uniffi(default = 128)]
    pub buffer: u32,
    /// Whether the CTI model is kept.
    #[uniffi(default = false)]
    pub cti: bool,
    /// Whether the CTI model's agent enters the call centre on connecting.
    #[uniffi(default = true)]
    pub operator: bool,
    /// The stream to record in, if it is recorded. None: the login is its name.
    #[uniffi(default = None)]
    pub stream: Option<String>,
}

/// A user of the PBX.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct User {
    /// The user id.
    pub id: String,
    /// The name.
    pub name: Option<PersonName>,
    /// The main number.
    pub main: Option<PhoneNumber>,
    /// All other numbers.
    pub numbers: Vec<PhoneNumber>,
    /// Whether this agent controls that user.
    pub subordinate: bool,
}

/// A number of the PBX.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct NumberState {
    /// The number.
    pub number: PhoneNumber,
    /// Its state: 1 free, 2 no phone, 5 busy.
    pub state: i64,
}

/// A reason for a break.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Reason {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// An agent's line on a server.
///
/// Open it, listen, connect, command; `leave` says goodbye and waits. Letting go of it and of all its subscriptions says
/// goodbye too, without waiting. It may be used from any thread. A command answers when the server has agreed or refused; what becomes of it on the
/// line is told to listeners. Who waits for a command may be cancelled: the command takes its course all the same.
#[derive(uniffi::Object)]
pub struct Line {
    line: live::Line,
    view: Mutex<watch::Receiver<Seen>>,
    /// What connects it. The secret is in the line's keeping.
    connect: Made,
    stream: Option<String>,
}

/// What an application gives is text, which nothing prints.
fn phone(number: &str) -> PhoneNumber {
    PhoneNumber::from(number)
}

fn phones(numbers: Vec<String>) -> Vec<PhoneNumber> {
    numbers.iter().map(|number| phone(number)).collect()
}

fn bad(text: &str) -> CallfoldError {
    CallfoldError::of(ProblemCode::BadRange, text)
}

impl LineOptions {
    fn made(&self, secret: Option<&Secret>) -> Result<(live::Options, Made), CallfoldError> {
        if self.endpoint.addresses.is_empty() {
            return Err(CallfoldError::of(ProblemCode::BadArgument, "no address is given"));
        }
        #[cfg(target_os = "android")]
        crate::android::may_dial(&self.endpoint.addresses)?;
        if self.buffer == 0 || self.buffer > MOST_NEWS {
            return Err(bad("a line's buffer holds from 1 to 65536 inputs"));
        }
        let mut options = live::Options::default();
        let credential = secret.map_or(Credential::Missing, |secret| {
            let handle: CredentialHandle = options.secrets.keep(secret.for_line());
            secret.credential(handle)
        });
        if let Some(authority) = &self.authority {
            options.tls = Tls::default().and_authority(authority)?;
        }
        options.plain = if self.insecure_ws { Plain::Anywhere } else { Plain::OnThisMachine };
        match self.reconnect {
            None => {}
            Some(Reconnect::Never) => options.reconnect = live::Reconnect::Never,
            Some(Reconnect::BackOff { first, longest }) => {
                let wait = |span: Span| u64::try_from(span.as_micros()).ok().filter(|micros| *micros > 0);
                let (Some(first), Some(longest)) = (wait(first), wait(longest)) else {
                    return Err(bad("a wait before connecting again is longer than nothing"));
                };
                if first > longest {
                    return Err(bad("the first wait before connecting again is not longer than the longest"));
                }
                options.reconnect = live::Reconnect::BackOff {
                    first: Duration::from_micros(first),
                    longest: Duration::from_micros(longest),
                };
            }
        }
        options.news = self.buffer as usize;
        let endpoint = self.endpoint.made(credential);
        let connect =
            if self.cti { Made::Model(ModelCommand::Connect(endpoint)) } else { Made::Connect(endpoint) };
        Ok((options, connect))
    }

    fn config(&self) -> Config {
        let config = Config::live();
        if self.cti { config.with_cti(CtiConfig { operator: self.operator }) } else { config }
    }
}

impl Line {
    async fn give(&self, command: Made) -> Result<CommandResult, CallfoldError> {
        let line = self.line.clone();
        there(async move { Ok(CommandResult::from(&line.command(command).await?)) }).await
    }

    fn seen(&self) -> Seen {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).borrow_and_update().clone()
    }
}

#[uniffi::export]
impl Line {
    /// Opens a line, recorded if there is a recorder: it begins its stream, or goes on with it. It dials nothing yet.
    ///
    /// # Errors
    /// `bad_argument`, `bad_range`, `bad_authority`; `stream_of_another` if the stream is another agent's; on Android
    /// `tls_failed` for `wss` before `AndroidTls.init`.
    #[uniffi::constructor(default(recorder = None))]
    pub async fn open(
        options: LineOptions,
        secret: Option<Arc<Secret>>,
        recorder: Option<Arc<Recorder>>,
    ) -> Result<Arc<Self>, CallfoldError> {
        there(async move {
            let (how, connect) = options.made(secret.as_deref())?;
            let (line, stream) = match recorder {
                Some(recorder) => {
                    let login = options.endpoint.login.as_str();
                    let name = options.stream.clone().unwrap_or_else(|| login.to_owned());
                    let server = options.endpoint.addresses.first().map_or("", String::as_str);
                    let info = StreamInfo::new(&name, options.config(), SystemClock.now()).of(login, server);
                    let recorded = live::record(&recorder.log, info, how).await?;
                    (recorded.line, Some(name))
                }
                None => (live::Line::open(callfold::Machine::new(options.config()), how)?, None),
            };
            let view = Mutex::new(line.watch().await?);
            Ok(Arc::new(Self { line, view, connect, stream }))
        })
        .await
    }

    // ---- what is so, and what happens ----

    /// What is so after what was told last.
    ///
    /// # Errors
    /// `internal`.
    pub fn state(&self) -> Result<LineSnapshot, CallfoldError> {
        here(|| {
            let seen = self.seen();
            Ok(LineSnapshot::of(&seen.view, Place { turn: Some(seen.turn), ..Place::default() }))
        })
    }

    /// Has a listener told what is so, and what happens from now on. The line stays while somebody listens.
    ///
    /// # Errors
    /// `no_runtime`.
    pub fn listen(&self, listener: Arc<dyn LineListener>) -> Result<Arc<Subscription>, CallfoldError> {
        here(|| {
            // News first: whatever is told between the two is in the view as well, and told by its turn.
            let news = self.line.news();
            let view = self.view.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Subscription::begin(listener, self.line.clone(), news, view)
        })
    }

    /// The users of the PBX, as the server told them.
    ///
    /// # Errors
    /// `internal`.
    pub fn users(&self) -> Result<Vec<User>, CallfoldError> {
        here(|| {
            let user = |user: &callfold::DirectoryUser| User {
                id: user.id.as_str().to_owned(),
                name: user.name.clone(),
                main: user.main.clone(),
                numbers: user.numbers.clone(),
                subordinate: user.subordinate,
            };
            Ok(self.seen().view.directory.users.values().map(user).collect())
        })
    }

    /// The numbers of the PBX, as the server told them.
    ///
    /// # Errors
    /// `internal`.
    pub fn numbers(&self) -> Result<Vec<NumberState>, CallfoldError> {
        here(|| {
            let numbers = self.seen().view.directory.numbers;
            let numbers = numbers.iter().map(|(number, state)| NumberState { number: number.clone(), state });
            Ok(numbers.collect())
        })
    }

    /// The reasons for a break, as the server told them.
    ///
    /// # Errors
    /// `internal`.
    pub fn break_reasons(&self) -> Result<Vec<Reason>, CallfoldError> {
        here(|| {
            let reasons = self.seen().view.directory.reasons;
            let reasons = reasons.iter().map(|(id, name)| Reason { id: *id, name: name.as_str().to_owned() });
            Ok(reasons.collect())
        })
    }

    /// What may be done with a number or user now, in the order in which to show it: `call`, `transfer`, `intercom` …
    ///
    /// # Errors
    /// `internal`.
    pub fn actions(&self, target: String) -> Result<Vec<String>, CallfoldError> {
        here(|| {
            let actions = self.seen().view.actions(&target).into_iter();
            Ok(actions.map(|action| action.name().to_owned()).collect())
        })
    }

    /// The stream that it is recorded in, if it is.
    #[must_use]
    pub fn stream(&self) -> Option<String> {
        self.stream.clone()
    }

    // ---- connecting ----

    /// Connects: dials, logs in and loads.
    ///
    /// # Errors
    /// `line_closed`, or why an address may not be dialled. A refused login is a result.
    pub async fn connect(&self) -> Result<CommandResult, CallfoldError> {
        self.give(self.connect.clone()).await
    }

    /// Logs out and closes the connection. The line stays, and can be connected again.
    ///
    /// # Errors
    /// `line_closed`.
    pub async fn disconnect(&self) -> Result<CommandResult, CallfoldError> {
        self.give(Made::Disconnect).await
    }

    /// Says goodbye to the server, waits for its close, and ends the line for everyone who has it.
    ///
    /// # Errors
    /// Why, if it had ended by a fault, such as a full disk.
    pub async fn leave(&self) -> Result<(), CallfoldError> {
        let line = self.line.clone();
        there(async move { Ok(line.close().await?) }).await
    }

    /// Says goodbye to the server without waiting, and ends the line for everyone who has it, listeners too. What `close`
    /// does in Kotlin; elsewhere for those who cannot wait for `leave`.
    ///
    /// # Errors
    /// `no_runtime`.
    pub fn let_go(&self) -> Result<(), CallfoldError> {
        here(|| {
            let line = self.line.clone();
            // By what it ends is told to who waits for `ended`.
            runtime()?.spawn(async move { drop(line.close().await) });
            Ok(())
        })
    }

    /// Waits until the line has ended, whoever ended it.
    ///
    /// # Errors
    /// Why, if it ended by a fault, such as a full disk.
    pub async fn ended(&self) -> Result<(), CallfoldError> {
        let line = self.line.clone();
        there(async move { Ok(line.ended().await?) }).await
    }

    // ---- commands ----

    /// Gives a command, and waits for its result.
    ///
    /// # Errors
    /// `line_closed`; `bad_argument` or `not_json` for one that makes no sense. What is refused is a result.
    pub async fn command(&self, command: Command) -> Result<CommandResult, CallfoldError> {
        self.give(command.made()?).await
    }

    /// Calls a number; while talking, as a consultation. The agent's own phone rings first, unless `party_first`. It is done
    /// when the server has agreed: that the other answers is an event.
    ///
    /// # Errors
    /// As `command`.
    #[uniffi::method(default(party_first = false))]
    pub async fn call(&self, number: String, party_first: bool) -> Result<CommandResult, CallfoldError> {
        self.command(Command::Call { number: phone(&number), party_first }).await
    }

    /// Calls a number so that its phone answers by itself.
    ///
    /// # Errors
    /// As `command`.
    pub async fn intercom(&self, number: String) -> Result<CommandResult, CallfoldError> {
        self.command(Command::Intercom { number: phone(&number) }).await
    }

    /// Answers the ringing call, if the phone can be told to.
    ///
    /// # Errors
    /// As `command`.
    pub async fn answer(&self) -> Result<CommandResult, CallfoldError> {
        self.command(Command::Answer).await
    }

    /// Ends the call, or parts with the given parties of a conference.
    ///
    /// # Errors
    /// As `command`.
    #[uniffi::method(default(targets = None))]
    pub async fn end_call(&self, targets: Option<Vec<String>>) -> Result<CommandResult, CallfoldError> {
        self.command(Command::EndCall { targets: targets.map(phones) }).await
    }

    /// Puts on hold, or takes back.
    ///
    /// # Errors
    /// As `command`.
    pub async fn hold(&self) -> Result<CommandResult, CallfoldError> {
        self.command(Command::Hold).await
    }

    /// Changes between the call and the held one.
    ///
    /// # Errors
    /// As `command`.
    pub async fn toggle(&self) -> Result<CommandResult, CallfoldError> {
        self.command(Command::Toggle).await
    }

    /// Passes the call on; without a number, and with someone held, connects the two.
    ///
    /// # Errors
    /// As `command`.
    #[uniffi::method(default(number = None))]
    pub async fn transfer(&self, number: Option<String>) -> Result<CommandResult, CallfoldError> {
        self.command(Command::Transfer { number: number.as_deref().map(phone) }).await
    }

    /// Connects the held party and the present one, and leaves.
    ///
    /// # Errors
    /// As `command`.
    pub async fn commutate(&self) -> Result<CommandResult, CallfoldError> {
        self.command(Command::Commutate).await
    }

    /// Makes a conference with these numbers, or invites them to it; without any, of the call and the held one.
    ///
    /// # Errors
    /// As `command`.
    #[uniffi::method(default(numbers = None))]
    pub async fn conference(&self, numbers: Option<Vec<String>>) -> Result<CommandResult, CallfoldError> {
        self.command(Command::Conference { numbers: numbers.map(phones), id: None, room: None }).await
    }

    /// Joins a subordinate's call: to listen, to help, or for all to hear.
    ///
    /// # Errors
    /// As `command`.
    pub async fn ghost(&self, mode: GhostMode, target: String) -> Result<CommandResult, CallfoldError> {
        self.command(Command::Ghost { mode, target: phone(&target) }).await
    }

    /// Sets the user status: `Ready`, `ReadyInCallCentre`, `ReadyByHand`, `Busy`, `DoNotDisturb`, `Redirect` or `Break`,
    /// with the reason of a break.
    ///
    /// # Errors
    /// As `command`.
    #[uniffi::method(default(reason = None))]
    pub async fn set_status(
        &self,
        status: AgentState,
        reason: Option<BreakReason>,
    ) -> Result<CommandResult, CallfoldError> {
        self.command(Command::SetUserStatus { status, reason }).await
    }

    /// Sets the web status, the older way.
    ///
    /// # Errors
    /// As `command`.
    #[uniffi::method(default(reason = None))]
    pub async fn set_web_status(
        &self,
        status: WebStatus,
        reason: Option<BreakReason>,
    ) -> Result<CommandResult, CallfoldError> {
        self.command(Command::SetStatus { status, reason }).await
    }

    /// Sets the number that calls are redirected to; forgets it, if it is empty.
    ///
    /// # Errors
    /// As `command`.
    #[uniffi::method(default(number = ""))]
    pub async fn redirect_to(&self, number: String) -> Result<CommandResult, CallfoldError> {
        self.command(Command::SetRedirectNumber { number: phone(&number) }).await
    }

    /// Calls a method of the server, or one of its stored procedures. `params` is a JSON object.
    ///
    /// # Errors
    /// As `command`.
    #[uniffi::method(default(params = None))]
    pub async fn exec(
        &self,
        method: String,
        params: Option<JsonText>,
    ) -> Result<CommandResult, CallfoldError> {
        self.command(Command::Exec { method, params }).await
    }

    /// Passes an event on to other clients.
    ///
    /// # Errors
    /// As `command`.
    #[uniffi::method(default(recipients = None, data = None, send_back = false))]
    pub async fn trigger_custom_event(
        &self,
        name: String,
        recipients: Option<JsonText>,
        data: Option<JsonText>,
        send_back: bool,
    ) -> Result<CommandResult, CallfoldError> {
        self.command(Command::TriggerCustomEvent { name, recipients, data, send_back }).await
    }

    /// Asks for the journal of a chain.
    ///
    /// # Errors
    /// As `command`.
    pub async fn call_journal(&self, chain: String) -> Result<CommandResult, CallfoldError> {
        self.command(Command::CallJournal { chain }).await
    }

    // ---- commands of the CTI model: refused with 1000 unless it is kept ----

    /// The CTI model calls a number.
    ///
    /// # Errors
    /// As `command`.
    pub async fn model_make_call(&self, number: String) -> Result<CommandResult, CallfoldError> {
        self.command(Command::ModelMakeCall { number: phone(&number) }).await
    }

    /// The CTI model answers the current call.
    ///
    /// # Errors
    /// As `command`.
    pub async fn model_answer_call(&self) -> Result<CommandResult, CallfoldError> {
        self.command(Command::ModelAnswerCall).await
    }

    /// The CTI model ends the current call.
    ///
    /// # Errors
    /// As `command`.
    pub async fn model_drop_call(&self) -> Result<CommandResult, CallfoldError> {
        self.command(Command::ModelDropCall).await
    }

    /// The CTI model puts on hold or takes back.
    ///
    /// # Errors
    /// As `command`.
    pub async fn model_hold_or_unhold_call(&self) -> Result<CommandResult, CallfoldError> {
        self.command(Command::ModelHoldOrUnholdCall).await
    }

    /// The CTI model consults a number while the customer waits.
    ///
    /// # Errors
    /// As `command`.
    pub async fn model_make_consult_call(&self, number: String) -> Result<CommandResult, CallfoldError> {
        self.command(Command::ModelMakeConsultCall { number: phone(&number) }).await
    }

    /// The CTI model connects the customer and the consultant.
    ///
    /// # Errors
    /// As `command`.
    pub async fn model_transfer_call(&self) -> Result<CommandResult, CallfoldError> {
        self.command(Command::ModelTransferCall).await
    }

    /// The CTI model ends the consultation, back to the customer.
    ///
    /// # Errors
    /// As `command`.
    pub async fn model_cancel_transfer(&self) -> Result<CommandResult, CallfoldError> {
        self.command(Command::ModelCancelTransfer).await
    }

    /// The CTI model passes the call on without consulting.
    ///
    /// # Errors
    /// As `command`.
    pub async fn model_blind_transfer_call(&self, number: String) -> Result<CommandResult, CallfoldError> {
        self.command(Command::ModelBlindTransferCall { number: phone(&number) }).await
    }

    /// The CTI model sets the web status.
    ///
    /// # Errors
    /// As `command`.
    pub async fn model_set_agent_state(&self, status: WebStatus) -> Result<CommandResult, CallfoldError> {
        self.command(Command::ModelSetAgentState { status }).await
    }

    /// The CTI model begins or ends wrap-up.
    ///
    /// # Errors
    /// As `command`.
    pub async fn model_set_wrap_up(&self, active: bool) -> Result<CommandResult, CallfoldError> {
        self.command(Command::ModelSetWrapUp { active }).await
    }

    /// The CTI model enters or leaves the call centre.
    ///
    /// # Errors
    /// As `command`.
    pub async fn model_change_call_centre(&self, active: bool) -> Result<CommandResult, CallfoldError> {
        self.command(Command::ModelChangeCallCentre { active }).await
    }
}
