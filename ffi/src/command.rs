//! Commands, and how they end.

use callfold::problem::{Problem, ProblemCode};
use callfold::{
    BreakReason, CallSequence, ChainId, Command, CommandResult, ConferenceId, Credential, CredentialHandle,
    Endpoint, GhostMode, JsonText, ModelCommand, NewConference, PhoneNumber, Text, WebStatus, announce,
};
use zeroize::Zeroizing;

use crate::options::{self, Options, callfold_flag};
use crate::text::{bad, callfold_str, many};
use crate::words::{FromNumber, Word, Words};

/// Which command (`CALLFOLD_COMMAND_CALL`).
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_command_kind = u32;

/// A command of the agent's application. Fill in `size` and `kind`, and what the kind's comment names; zero the rest.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_command {
    /// sizeof(callfold_command)
    pub size: usize,
    /// Which command.
    pub kind: callfold_command_kind,
    /// A word of an enumeration: a ghost mode, a web status, an agent state.
    pub word: u32,
    /// Whom.
    pub number: callfold_str,
    /// Several. NULL is none, which is not the same as an empty row.
    pub numbers: *const callfold_str,
    /// How many.
    pub numbers_count: usize,
    /// A name or an id.
    pub text: callfold_str,
    /// Parameters or data, as JSON.
    pub json: callfold_str,
    /// Recipients, as JSON.
    pub recipients: callfold_str,
    /// Why, for a break: a text.
    pub reason: callfold_str,
    /// Why, for a break: an id of the server's, if `has_reason_id`.
    pub reason_id: i64,
    /// The room of a conference whose id is given in `text`: 0 to 9999.
    pub room: u32,
    /// Whether `reason_id` counts.
    pub has_reason_id: callfold_flag,
    /// What the kind's comment says.
    pub flag: callfold_flag,
}

// SAFETY: it is repr(C), begins with its size, and is made of numbers, pointers and bools, which may all be zero.
unsafe impl Options for callfold_command {
    const NAME: &'static str = "callfold_command";
}

/// Where to connect, and as whom.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_endpoint {
    /// sizeof(callfold_endpoint)
    pub size: usize,
    /// One to ten addresses, such as `wss://pbx.example`; all are dialled at once.
    pub addresses: *const callfold_str,
    /// How many.
    pub addresses_count: usize,
    /// The agent's login.
    pub login: callfold_str,
    /// The password, or a session id. It is copied, never told again, and wiped when it is no longer needed.
    pub secret: callfold_str,
    /// Whether `secret` is the id of an earlier session.
    pub secret_is_session: callfold_flag,
    /// The workplace, if the server asks for it.
    pub workplace: callfold_str,
    /// After how many seconds the session is to end by itself; 0: it does not.
    pub expires: i64,
}

// SAFETY: as above.
unsafe impl Options for callfold_endpoint {
    const NAME: &'static str = "callfold_endpoint";
}

/// A secret on its way to a login.
pub(crate) enum Proof {
    Password(Zeroizing<String>),
    Session(Zeroizing<String>),
}

impl Proof {
    pub(crate) const fn credential(&self, handle: CredentialHandle) -> Credential {
        match self {
            Self::Password(_) => Credential::Password(handle),
            Self::Session(_) => Credential::Session(handle),
        }
    }
}

impl callfold_endpoint {
    pub(crate) fn proof(&self) -> Result<Option<Proof>, Problem> {
        let Some(secret) = self.secret.given("endpoint.secret")? else { return Ok(None) };
        let secret = Zeroizing::new(secret.to_owned());
        Ok(Some(if self.secret_is_session.is() { Proof::Session(secret) } else { Proof::Password(secret) }))
    }

    pub(crate) fn made(&self, credential: Credential) -> Result<Endpoint, Problem> {
        let addresses = many(self.addresses, self.addresses_count, "endpoint.addresses")?.unwrap_or_default();
        if addresses.is_empty() {
            return Err(bad("endpoint.addresses: no address is given"));
        }
        let addresses = addresses.iter().map(|address| Ok(Text::from(address.text("endpoint.addresses")?)));
        let addresses: Result<_, Problem> = addresses.collect();
        Ok(Endpoint {
            addresses: addresses?,
            login: Text::from(self.login.text("endpoint.login")?),
            credential,
            workplace: self.workplace.given("endpoint.workplace")?.map(Text::from),
            expires: (self.expires != 0).then_some(self.expires),
        })
    }
}

macro_rules! commands {
    ($($number:literal $name:literal $constant:ident $text:literal,)+) => {
        $(const $constant: callfold_command_kind = $number;)+

        /// Every command that there is.
        pub const COMMANDS: Words = Words {
            number: 17,
            of: "callfold_command_kind",
            words: &[$(Word { number: $number, name: $name, text: $text },)+],
        };
    };
}

commands! {
    1 "disconnect" DISCONNECT "Logs out and closes the connection.",
    2 "call" CALL "Calls `number`; while talking, as a consultation. `flag`: the other side's phone rings first.",
    3 "intercom" INTERCOM "Calls `number` so that its phone answers by itself.",
    4 "answer" ANSWER "Answers the ringing call, if the phone can be told to.",
    5 "end_call" END_CALL "Ends the call, or parts with `numbers` of a conference.",
    6 "hold" HOLD "Puts on hold, or takes back.",
    7 "toggle" TOGGLE "Changes between the call and the held one.",
    8 "transfer" TRANSFER "Passes the call on to `number`; without one, and with someone held, connects the two.",
    9 "commutate" COMMUTATE "Connects the held party and the present one, and leaves.",
    10 "conference" CONFERENCE "Makes a conference with `numbers`, or invites them; without any, of the call and the held one. `text` (a GUID) and `room` name it; they are drawn if `text` is not given.",
    11 "ghost" GHOST "Joins the call of the subordinate `number` (or user id), as the ghost mode `word` says.",
    12 "set_status" SET_STATUS "Sets the web status `word`, the older way, with the reason of a break.",
    13 "set_user_status" SET_USER_STATUS "Sets the user status `word`, an agent state, with the reason of a break.",
    14 "set_redirect_number" SET_REDIRECT_NUMBER "Sets the `number` that calls are redirected to; forgets it, if it is empty.",
    15 "exec" EXEC "Calls the server's method, or stored procedure, `text`, with the JSON object `json`.",
    16 "trigger_custom_event" TRIGGER_CUSTOM_EVENT "Passes the event `text` on to `recipients`, with `json`. `flag`: to this client, too.",
    17 "call_journal" CALL_JOURNAL "Asks for the journal of the chain `text`.",
    18 "model_make_call" MODEL_MAKE_CALL "The CTI model calls `number`. Refused with 1000 unless the model is kept, as are all of the model's.",
    19 "model_answer_call" MODEL_ANSWER_CALL "The CTI model answers the current call.",
    20 "model_drop_call" MODEL_DROP_CALL "The CTI model ends the current call.",
    21 "model_hold_or_unhold_call" MODEL_HOLD_OR_UNHOLD_CALL "The CTI model puts on hold or takes back.",
    22 "model_make_consult_call" MODEL_MAKE_CONSULT_CALL "The CTI model consults `number` while the customer waits.",
    23 "model_transfer_call" MODEL_TRANSFER_CALL "The CTI model connects the customer and the consultant.",
    24 "model_cancel_transfer" MODEL_CANCEL_TRANSFER "The CTI model ends the consultation, back to the customer.",
    25 "model_blind_transfer_call" MODEL_BLIND_TRANSFER_CALL "The CTI model passes the call on to `number` without consulting.",
    26 "model_set_agent_state" MODEL_SET_AGENT_STATE "The CTI model sets the web status `word`.",
    27 "model_set_wrap_up" MODEL_SET_WRAP_UP "The CTI model begins (`flag`) or ends wrap-up.",
    28 "model_change_call_centre" MODEL_CHANGE_CALL_CENTRE "The CTI model enters (`flag`) or leaves the call centre.",
}

impl callfold_command {
    /// The command as the engine has it.
    pub(crate) fn read(given: *const Self) -> Result<Command, Problem> {
        options::must(given)?.made()
    }

    fn made(&self) -> Result<Command, Problem> {
        let number = || Ok::<_, Problem>(PhoneNumber::from(self.number.text("command.number")?));
        let text = || Ok::<_, Problem>(Text::from(self.text.text("command.text")?));
        Ok(match self.kind {
            DISCONNECT => Command::Disconnect,
            CALL => Command::Call {
                number: number()?,
                sequence: if self.flag.is() { CallSequence::PartyFirst } else { CallSequence::AgentFirst },
            },
            INTERCOM => Command::Intercom { number: number()? },
            ANSWER => Command::Answer,
            END_CALL => Command::EndCall { targets: self.numbers()? },
            HOLD => Command::Hold,
            TOGGLE => Command::Toggle,
            TRANSFER => {
                Command::Transfer { number: self.number.given("command.number")?.map(PhoneNumber::from) }
            }
            COMMUTATE => Command::Commutate,
            CONFERENCE => Command::Conference { numbers: self.numbers()?, given: Some(self.conference()?) },
            GHOST => {
                Command::Ghost { mode: GhostMode::from_number(self.word, "command.word")?, target: number()? }
            }
            SET_STATUS => Command::SetStatus { status: self.web_status()?, reason: self.reason()? },
            SET_USER_STATUS => {
                let status = callfold::AgentState::from_number(self.word, "command.word")?;
                Command::SetUserStatus { status: Text::from(status.name()), reason: self.reason()? }
            }
            SET_REDIRECT_NUMBER => Command::SetRedirectNumber { number: number()? },
            EXEC => Command::Exec { method: text()?, params: object(&self.json, "command.json")? },
            TRIGGER_CUSTOM_EVENT => Command::TriggerCustomEvent {
                name: text()?,
                recipients: json(&self.recipients, "command.recipients")?,
                data: json(&self.json, "command.json")?,
                send_back: self.flag.is(),
            },
            CALL_JOURNAL => Command::CallJournal { chain: ChainId::from(self.text.text("command.text")?) },
            MODEL_MAKE_CALL => Command::Model(ModelCommand::MakeCall(number()?)),
            MODEL_ANSWER_CALL => Command::Model(ModelCommand::AnswerCall),
            MODEL_DROP_CALL => Command::Model(ModelCommand::DropCall),
            MODEL_HOLD_OR_UNHOLD_CALL => Command::Model(ModelCommand::HoldOrUnholdCall),
            MODEL_MAKE_CONSULT_CALL => Command::Model(ModelCommand::MakeConsultCall(number()?)),
            MODEL_TRANSFER_CALL => Command::Model(ModelCommand::TransferCall),
            MODEL_CANCEL_TRANSFER => Command::Model(ModelCommand::CancelTransfer),
            MODEL_BLIND_TRANSFER_CALL => Command::Model(ModelCommand::BlindTransferCall(number()?)),
            MODEL_SET_AGENT_STATE => Command::Model(ModelCommand::SetAgentState(self.web_status()?)),
            MODEL_SET_WRAP_UP => Command::Model(ModelCommand::SetWrapUpUserState(self.flag.is())),
            MODEL_CHANGE_CALL_CENTRE => Command::Model(ModelCommand::ChangeCallCentreState(self.flag.is())),
            kind => {
                let why = format!("command.kind: there is no command {kind}");
                return Err(Problem::new(ProblemCode::UnknownName, why));
            }
        })
    }

    fn numbers(&self) -> Result<Option<Vec<PhoneNumber>>, Problem> {
        let Some(numbers) = many(self.numbers, self.numbers_count, "command.numbers")? else {
            return Ok(None);
        };
        let numbers = numbers.iter().map(|number| Ok(PhoneNumber::from(number.text("command.numbers")?)));
        numbers.collect::<Result<_, _>>().map(Some)
    }

    fn web_status(&self) -> Result<Text, Problem> {
        Ok(Text::from(WebStatus::from_number(self.word, "command.word")?.name()))
    }

    fn reason(&self) -> Result<Option<BreakReason>, Problem> {
        if self.has_reason_id.is() {
            return Ok(Some(BreakReason::Id(self.reason_id)));
        }
        Ok(self.reason.given("command.reason")?.map(|reason| BreakReason::Text(Text::from(reason))))
    }

    /// What a new conference needs: what is not given is drawn.
    fn conference(&self) -> Result<NewConference, Problem> {
        if let Some(id) = self.text.given("command.text")? {
            return match u16::try_from(self.room) {
                Ok(room @ 0..=9_999) => Ok(NewConference { id: ConferenceId::from(id), room }),
                _ => Err(bad(format!("command.room is from 0 to 9999, not {}", self.room))),
            };
        }
        let mut drawn = [0; 18];
        getrandom::fill(&mut drawn)
            .map_err(|_| Problem::new(ProblemCode::NoRandom, "there are no random numbers"))?;
        let [high, low, guid @ ..] = drawn;
        let number = u128::from_be_bytes(guid) & !(0xf << 76) & !(0x3 << 62) | (4 << 76) | (2 << 62);
        let hex = format!("{number:032x}");
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        let id = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
        Ok(NewConference {
            id: ConferenceId::from(id.as_str()),
            room: u16::from_be_bytes([high, low]) % 10_000,
        })
    }
}

/// The parameters of a method: an object.
fn object(given: &callfold_str, name: &str) -> Result<Option<JsonText>, Problem> {
    let Some(text) = given.given(name)? else { return Ok(None) };
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text) {
        Ok(_) => Ok(Some(JsonText::new(text))),
        Err(_) => Err(Problem::new(ProblemCode::NotJson, format!("{name} is no JSON object"))),
    }
}

/// JSON that an application gives. What is none is told now, and not by a server later.
fn json(given: &callfold_str, name: &str) -> Result<Option<JsonText>, Problem> {
    let Some(text) = given.given(name)? else { return Ok(None) };
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Ok(_) => Ok(Some(JsonText::new(text))),
        Err(_) => Err(Problem::new(ProblemCode::NotJson, format!("{name} is no JSON"))),
    }
}

/// A command as JSON, as an exported log has it: `"Hold"`, `{"Call":{"number":"102","sequence":"AgentFirst"}}`.
pub(crate) fn from_json(given: &callfold_str) -> Result<Command, Problem> {
    let text = given.text("command_json")?;
    serde_json::from_str(text).map_err(|error| not_a_command(&error))
}

/// What the parser says of it could have a number in it: where it is wrong is told, and not how.
pub(crate) fn not_a_command(error: &serde_json::Error) -> Problem {
    let what = if error.is_data() { "is no command that there is" } else { "is no JSON" };
    let why = format!("the command {what}: line {}, column {}", error.line(), error.column());
    Problem::new(ProblemCode::NotJson, why)
}

/// How a command ended (`CALLFOLD_ANSWER_DONE`).
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_answer_kind = u32;

/// It was done.
pub const CALLFOLD_ANSWER_DONE: u32 = 1;
/// It was refused: `code` says why.
pub const CALLFOLD_ANSWER_REFUSED: u32 = 2;
/// The server refused it in words of its own: they are in the JSON.
pub const CALLFOLD_ANSWER_REFUSED_BY_SERVER: u32 = 3;
/// A command of the CTI model cannot be used so: `text` says how.
pub const CALLFOLD_ANSWER_MISUSED: u32 = 4;

/// How a command ended.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_answer {
    /// How.
    pub kind: callfold_answer_kind,
    /// The protocol's code of a refusal (1000 to 4003); 0 if there is none.
    pub code: u32,
    /// What that means. Borrowed for ever.
    pub text: callfold_str,
}

impl callfold_answer {
    /// Nothing yet.
    pub(crate) const NONE: Self = Self { kind: 0, code: 0, text: callfold_str::NONE };

    pub(crate) fn of(result: &CommandResult) -> Self {
        let plain = |kind| Self { kind, code: 0, text: callfold_str::NONE };
        match result {
            CommandResult::Done { .. }
            | CommandResult::UserStatus { .. }
            | CommandResult::Datasets { .. } => plain(CALLFOLD_ANSWER_DONE),
            CommandResult::Refused { code, .. } | CommandResult::RefusedAtLogin { code, .. } => Self {
                kind: CALLFOLD_ANSWER_REFUSED,
                code: u32::from(code.number()),
                text: callfold_str::of(code.text()),
            },
            CommandResult::Misused { misuse } => {
                Self { text: callfold_str::of(misuse.name()), ..plain(CALLFOLD_ANSWER_MISUSED) }
            }
            CommandResult::RefusedByServer { .. } => plain(CALLFOLD_ANSWER_REFUSED_BY_SERVER),
            // The engine's may grow: what it says of it is in the JSON.
            _ => plain(CALLFOLD_ANSWER_REFUSED),
        }
    }
}

/// How a command ended, as JSON: as the reference client tells it to its application.
pub(crate) fn answer_json(result: &CommandResult) -> String {
    announce::result_value(result).to_string()
}
