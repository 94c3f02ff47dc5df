//! The simulated PBX, for tests of apps.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use callfold::problem::{Problem, ProblemCode};
use callfold::{JsonText, Span};
use callfold_simulator::{
    AgentState, BuildError, Chance, Cut, Manners, OutsideId, Pbx, Presence, Refused, StartError,
};

use crate::error::CallfoldError;
use crate::run::{here, there};

/// A user of the simulated PBX: who logs in, and which phone is theirs.
#[derive(Clone, uniffi::Record)]
pub struct Account {
    /// The login.
    pub login: String,
    /// The password: of a simulated user, so it is printed like anything else.
    pub password: String,
    /// The number of the phone.
    pub number: String,
    /// The user's name; the login, if none is given.
    #[uniffi(default = None)]
    pub name: Option<String>,
    /// Whether the user is an operator of the call centre.
    #[uniffi(default = true)]
    pub operator: bool,
    /// The login of the user who controls this one.
    #[uniffi(default = None)]
    pub chief: Option<String>,
    /// The phone cannot be answered from an application.
    #[uniffi(default = false)]
    pub answers_by_hand: bool,
    /// The user sits at the desktop client: a login is refused.
    #[uniffi(default = false)]
    pub desktop: bool,
    /// A session from before, that a client may log in with in place of the password.
    #[uniffi(default = None)]
    pub session: Option<String>,
}

/// Who is behind a number outside.
#[derive(Clone, uniffi::Record)]
pub struct OutsideNumber {
    /// The number.
    pub number: String,
    /// The name.
    #[uniffi(default = "")]
    pub name: String,
    /// After which time they answer by themselves; none waits until told.
    #[uniffi(default = None)]
    pub answers_after: Option<Span>,
    /// Whether they are busy.
    #[uniffi(default = false)]
    pub busy: bool,
}

/// How the PBX is laid out.
#[derive(Clone, uniffi::Record)]
pub struct SimulatorOptions {
    /// Who logs in.
    pub users: Vec<Account>,
    /// Who is behind numbers outside. Numbers that are not told wait until they are answered.
    #[uniffi(default = [])]
    pub outside: Vec<OutsideNumber>,
    /// Numbers of the call centre.
    #[uniffi(default = [])]
    pub queues: Vec<String>,
    /// Voice menus: name by number.
    #[uniffi(default = None)]
    pub menus: Option<HashMap<String, String>>,
    /// Numbers without a phone.
    #[uniffi(default = [])]
    pub spare: Vec<String>,
    /// Reasons for a break: name by id. None: two usual ones.
    #[uniffi(default = None)]
    pub reasons: Option<HashMap<i64, String>>,
    /// The server's date (`yymmdd`): methods that are younger are not known.
    #[uniffi(default = 150601)]
    pub dated: i64,
    /// How many may be logged in.
    #[uniffi(default = None)]
    pub licences: Option<u32>,
    /// Whether the service is not available.
    #[uniffi(default = false)]
    pub out_of_service: bool,
    /// What ids are drawn from: the same one and the same requests give the same frames.
    #[uniffi(default = 0)]
    pub seed: u64,
    /// Where to listen.
    #[uniffi(default = "127.0.0.1:0")]
    pub bind: String,
    /// A certificate, in PEM: with it, and its key, `wss` is spoken.
    #[uniffi(default = None)]
    pub certificate: Option<Vec<u8>>,
    /// The certificate's key, in PEM.
    #[uniffi(default = None)]
    pub key: Option<Vec<u8>>,
}

/// How the PBX misbehaves.
#[derive(Clone, uniffi::Record)]
pub struct Faults {
    /// How late everything is.
    #[uniffi(default = None)]
    pub latency: Option<Span>,
    /// How much later at random.
    #[uniffi(default = None)]
    pub jitter: Option<Span>,
    /// One in so many messages is sent twice; 0: none.
    #[uniffi(default = 0)]
    pub duplicates: u32,
    /// One in so many messages overtakes the one before; 0: none.
    #[uniffi(default = 0)]
    pub disorder: u32,
    /// Methods that are not answered.
    #[uniffi(default = [])]
    pub silent: Vec<String>,
    /// Answers in the place of the right ones: a JSON object by method.
    #[uniffi(default = None)]
    pub instead: Option<HashMap<String, JsonText>>,
    /// How late answers are, by method.
    #[uniffi(default = None)]
    pub late: Option<HashMap<String, Span>>,
    /// Requests at which the connection is cut, by method.
    #[uniffi(default = [])]
    pub cut_at: Vec<String>,
    /// Times after which the connection is cut.
    #[uniffi(default = [])]
    pub cut_after: Vec<Span>,
    /// What chance is drawn from.
    #[uniffi(default = 0)]
    pub seed: u64,
}

/// A phone that can be worked.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Phone {
    /// An agent's, by its number.
    Line {
        /// The number.
        number: String,
    },
    /// Somebody outside: one for each call.
    Outside {
        /// Which, as the simulator told it.
        id: u64,
    },
}

/// What somebody outside does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum OutsideState {
    /// Calls.
    Calling,
    /// Is called.
    Ringing,
    /// Talks.
    Talking,
    /// Is on hold.
    Held,
    /// Is in a conference.
    Conference,
    /// Has gone.
    Gone,
    /// Something that this version has no word for.
    Other,
}

/// What an agent is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum SimulatorPresence {
    /// Ready.
    Ready,
    /// On break.
    Break,
    /// Not to be disturbed.
    DoNotDisturb,
    /// Busy.
    Busy,
}

/// An Oktell server on a socket of this machine, for tests. It speaks the protocol: clients cannot tell it from a PBX. What
/// people do at phones are methods; all may be called from any thread and return at once.
#[derive(uniffi::Object)]
pub struct Simulator {
    simulator: Mutex<Option<callfold_simulator::Simulator>>,
    url: String,
    /// Those outside that were told of, by the number that they were told under.
    outside: Mutex<Vec<OutsideId>>,
}

impl SimulatorOptions {
    fn pbx(&self) -> Result<Pbx, BuildError> {
        let mut pbx = Pbx::builder().dated(self.dated).seed(self.seed);
        for user in &self.users {
            pbx = pbx.user(account(user));
        }
        for number in &self.queues {
            pbx = pbx.queue(number);
        }
        for (number, name) in self.menus.iter().flatten() {
            pbx = pbx.menu(number, name);
        }
        for number in &self.spare {
            pbx = pbx.spare_number(number);
        }
        for outside in &self.outside {
            let manners = match outside.answers_after {
                _ if outside.busy => Manners::Busy,
                None => Manners::Waits,
                Some(after) => Manners::AnswersAfter(after),
            };
            pbx = pbx.outside(&outside.number, &outside.name, manners);
        }
        if let Some(licences) = self.licences {
            pbx = pbx.licences(licences as usize);
        }
        if self.out_of_service {
            pbx = pbx.out_of_service();
        }
        if let Some(reasons) = &self.reasons {
            let mut reasons: Vec<_> = reasons.iter().map(|(id, name)| (*id, name.as_str())).collect();
            reasons.sort_unstable();
            pbx = pbx.break_reasons(&reasons);
        }
        pbx.build()
    }
}

fn account(user: &Account) -> callfold_simulator::Account {
    let mut account = callfold_simulator::Account::new(&user.login, &user.password, &user.number);
    if let Some(name) = &user.name {
        account = account.name(name);
    }
    if let Some(chief) = &user.chief {
        account = account.subordinate_of(chief);
    }
    if let Some(session) = &user.session {
        account = account.session(session);
    }
    if !user.operator {
        account = account.not_an_operator();
    }
    if user.answers_by_hand {
        account = account.answers_by_hand_only();
    }
    if user.desktop {
        account = account.at_the_desktop_client();
    }
    account
}

fn not_laid_out(error: &BuildError) -> CallfoldError {
    let code = match error {
        BuildError::LoginTwice(_) => ProblemCode::SimulatorLoginTwice,
        BuildError::NumberTwice(_) | _ => ProblemCode::SimulatorNumberTwice,
    };
    CallfoldError::of(code, error.to_string())
}

fn not_started(error: &StartError) -> CallfoldError {
    let code = match error {
        StartError::Certificate(_) => ProblemCode::SimulatorBadCertificate,
        StartError::Listen { .. } | _ => ProblemCode::SimulatorCannotListen,
    };
    let why = std::error::Error::source(error).map(|source| format!("{error}: {source}"));
    CallfoldError::of(code, why.unwrap_or_else(|| error.to_string()))
}

fn refused(refused: &Refused) -> CallfoldError {
    Problem::new(ProblemCode::SimulatorNotPossible, refused.to_string()).into()
}

impl Simulator {
    fn with<T>(
        &self,
        deed: impl FnOnce(&callfold_simulator::Simulator) -> Result<T, CallfoldError>,
    ) -> Result<T, CallfoldError> {
        here(|| {
            let simulator = self.simulator.lock().unwrap_or_else(PoisonError::into_inner);
            let closed = || CallfoldError::of(ProblemCode::SimulatorClosed, "the simulator was stopped");
            deed(simulator.as_ref().ok_or_else(closed)?)
        })
    }

    fn try_with<T>(
        &self,
        deed: impl FnOnce(&callfold_simulator::Simulator) -> Result<T, Refused>,
    ) -> Result<T, CallfoldError> {
        self.with(|simulator| deed(simulator).map_err(|error| refused(&error)))
    }

    /// The number under which somebody outside is told of.
    fn told(&self, outside: OutsideId) -> u64 {
        let mut all = self.outside.lock().unwrap_or_else(PoisonError::into_inner);
        let place = all.iter().position(|known| *known == outside).unwrap_or_else(|| {
            all.push(outside);
            all.len() - 1
        });
        place as u64
    }

    fn outside_of(&self, id: u64) -> Result<OutsideId, CallfoldError> {
        let all = self.outside.lock().unwrap_or_else(PoisonError::into_inner);
        let place = usize::try_from(id).ok();
        let known = place.and_then(|place| all.get(place)).copied();
        known.ok_or_else(|| CallfoldError::of(ProblemCode::BadArgument, "nobody outside has this number"))
    }

    fn phone(&self, phone: &Phone) -> Result<callfold_simulator::Phone, CallfoldError> {
        Ok(match phone {
            Phone::Line { number } => callfold_simulator::Phone::from(number.as_str()),
            Phone::Outside { id } => callfold_simulator::Phone::from(self.outside_of(*id)?),
        })
    }
}

#[uniffi::export]
impl Simulator {
    /// Starts to serve.
    ///
    /// # Errors
    /// `simulator_cannot_listen`, `simulator_bad_certificate`, `simulator_number_twice`, `simulator_login_twice`.
    #[uniffi::constructor]
    pub async fn start(options: SimulatorOptions) -> Result<Arc<Self>, CallfoldError> {
        there(async move {
            let pbx = options.pbx().map_err(|error| not_laid_out(&error))?;
            let mut builder = callfold_simulator::Simulator::builder(pbx).bind(&options.bind);
            if let (Some(certificate), Some(key)) = (&options.certificate, &options.key) {
                builder = builder.tls(certificate, key);
            }
            let simulator = builder.start().await.map_err(|error| not_started(&error))?;
            let url = simulator.url();
            Ok(Arc::new(Self { simulator: Mutex::new(Some(simulator)), url, outside: Mutex::default() }))
        })
        .await
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Stops to serve, and waits until it has.
    ///
    /// # Errors
    /// `internal`.
    pub async fn stop(&self) -> Result<(), CallfoldError> {
        let simulator = self.simulator.lock().unwrap_or_else(PoisonError::into_inner).take();
        there(async move {
            if let Some(simulator) = simulator {
                drop(simulator.stop().await);
            }
            Ok(())
        })
        .await
    }

    /// Somebody outside calls a number of the PBX.
    ///
    /// # Errors
    /// `simulator_closed`.
    pub fn external_call(&self, from: String, to: String) -> Result<Phone, CallfoldError> {
        self.with(|simulator| Ok(Phone::Outside { id: self.told(simulator.external_call(&from, &to)) }))
    }

    /// An agent dials a number at the phone.
    ///
    /// # Errors
    /// `simulator_not_possible`, `simulator_closed`.
    pub fn dial(&self, line: String, number: String) -> Result<(), CallfoldError> {
        self.try_with(|simulator| simulator.dial(&line, &number))
    }

    /// A phone is answered.
    ///
    /// # Errors
    /// `simulator_not_possible`, `simulator_closed`.
    pub fn answer(&self, phone: Phone) -> Result<(), CallfoldError> {
        let phone = self.phone(&phone)?;
        self.try_with(|simulator| simulator.answer(phone))
    }

    /// A ringing phone is not answered.
    ///
    /// # Errors
    /// `simulator_not_possible`, `simulator_closed`.
    pub fn decline(&self, phone: Phone) -> Result<(), CallfoldError> {
        let phone = self.phone(&phone)?;
        self.try_with(|simulator| simulator.decline(phone))
    }

    /// Somebody hangs up.
    ///
    /// # Errors
    /// `simulator_not_possible`, `simulator_closed`.
    pub fn hang_up(&self, phone: Phone) -> Result<(), CallfoldError> {
        let phone = self.phone(&phone)?;
        self.try_with(|simulator| simulator.hang_up(phone))
    }

    /// An agent presses hold at the phone.
    ///
    /// # Errors
    /// `simulator_not_possible`, `simulator_closed`.
    pub fn hold(&self, line: String) -> Result<(), CallfoldError> {
        self.try_with(|simulator| simulator.hold(&line))
    }

    /// Whoever hears a voice menu chooses a number.
    ///
    /// # Errors
    /// `simulator_not_possible`, `simulator_closed`.
    pub fn choose(&self, phone: Phone, number: String) -> Result<(), CallfoldError> {
        let phone = self.phone(&phone)?;
        self.try_with(|simulator| simulator.choose(phone, &number))
    }

    /// An agent makes a conference at the phone: its id.
    ///
    /// # Errors
    /// `simulator_not_possible`, `simulator_closed`.
    pub fn conference(&self, line: String, others: Vec<String>) -> Result<String, CallfoldError> {
        let others: Vec<_> = others.iter().map(String::as_str).collect();
        let id = self.try_with(|simulator| simulator.with(|pbx, now| pbx.conference(now, &line, &others)))?;
        Ok(id.as_str().to_owned())
    }

    /// An agent invites a number to the conference at the phone.
    ///
    /// # Errors
    /// `simulator_not_possible`, `simulator_closed`.
    pub fn invite(&self, line: String, number: String) -> Result<(), CallfoldError> {
        self.try_with(|simulator| simulator.with(|pbx, now| pbx.invite(now, &line, &number)))
    }

    /// An agent's state is set at the PBX.
    ///
    /// # Errors
    /// `simulator_not_possible`, `simulator_closed`.
    #[uniffi::method(default(call_centre = false, reason = None))]
    pub fn set_agent(
        &self,
        line: String,
        presence: SimulatorPresence,
        call_centre: bool,
        reason: Option<i64>,
    ) -> Result<(), CallfoldError> {
        let presence = match presence {
            SimulatorPresence::Ready => Presence::Ready,
            SimulatorPresence::Break => Presence::Break,
            SimulatorPresence::DoNotDisturb => Presence::Off,
            SimulatorPresence::Busy => Presence::Busy,
        };
        let state = AgentState { call_centre, reason, ..AgentState::new(presence) };
        self.try_with(|simulator| simulator.with(|pbx, now| pbx.set_agent(now, &line, state)))
    }

    /// A phone loses its cable.
    ///
    /// # Errors
    /// `simulator_not_possible`, `simulator_closed`.
    pub fn unplug(&self, line: String) -> Result<(), CallfoldError> {
        self.try_with(|simulator| simulator.unplug(&line))
    }

    /// A phone gets its cable back.
    ///
    /// # Errors
    /// `simulator_not_possible`, `simulator_closed`.
    pub fn plug_in(&self, line: String) -> Result<(), CallfoldError> {
        self.try_with(|simulator| simulator.plug_in(&line))
    }

    /// What somebody outside does.
    ///
    /// # Errors
    /// `bad_argument` if it is an agent's phone; `simulator_closed`.
    pub fn outside(&self, phone: Phone) -> Result<OutsideState, CallfoldError> {
        use callfold_simulator::OutsideState as Of;
        let Phone::Outside { id } = phone else {
            return Err(CallfoldError::of(ProblemCode::BadArgument, "that is a phone of the PBX"));
        };
        let outside = self.outside_of(id)?;
        self.with(|simulator| {
            Ok(match simulator.outside(outside) {
                Of::Calling => OutsideState::Calling,
                Of::Ringing => OutsideState::Ringing,
                Of::Talking => OutsideState::Talking,
                Of::Held => OutsideState::Held,
                Of::Conference => OutsideState::Conference,
                Of::Gone => OutsideState::Gone,
                _ => OutsideState::Other,
            })
        })
    }

    /// Who of those outside is called or calls under a number.
    ///
    /// # Errors
    /// `simulator_closed`.
    pub fn find_outside(&self, number: String) -> Result<Option<Phone>, CallfoldError> {
        self.with(|simulator| {
            let found = simulator.find_outside(&number);
            Ok(found.map(|outside| Phone::Outside { id: self.told(outside) }))
        })
    }

    /// Sends any message to who is logged in with a line: to how many.
    ///
    /// # Errors
    /// `simulator_closed`.
    pub fn say(&self, line: String, text: String) -> Result<u64, CallfoldError> {
        self.with(|simulator| Ok(simulator.say(&line, &text) as u64))
    }

    /// Cuts the connections of a line, without goodbye: how many.
    ///
    /// # Errors
    /// `simulator_closed`.
    pub fn cut(&self, line: String) -> Result<u64, CallfoldError> {
        self.with(|simulator| Ok(simulator.cut(&line) as u64))
    }

    /// Keeps the connections of a line open and says nothing on them any more: how many.
    ///
    /// # Errors
    /// `simulator_closed`.
    pub fn freeze(&self, line: String) -> Result<u64, CallfoldError> {
        self.with(|simulator| Ok(simulator.freeze(&line) as u64))
    }

    /// Misbehaves from now on.
    ///
    /// # Errors
    /// `not_json` if an answer is none; `simulator_closed`.
    pub fn set_faults(&self, faults: Faults) -> Result<(), CallfoldError> {
        let faults = faults.made()?;
        self.with(|simulator| {
            simulator.set_faults(faults);
            Ok(())
        })
    }
}

impl Faults {
    fn made(self) -> Result<callfold_simulator::Faults, CallfoldError> {
        let chance = |one_in| if one_in == 0 { Chance::Never } else { Chance::OneIn(one_in) };
        let answer = |(method, json): (String, JsonText)| match serde_json::from_str(json.as_str()) {
            Ok(answer) => Ok((method, answer)),
            Err(_) => {
                let why = format!("the answer in the place of {method}'s is no JSON");
                Err(CallfoldError::of(ProblemCode::NotJson, why))
            }
        };
        let at = self.cut_at.into_iter().map(Cut::AtRequest);
        let after = self.cut_after.into_iter().map(Cut::After);
        Ok(callfold_simulator::Faults {
            latency: self.latency.unwrap_or(Span::ZERO),
            jitter: self.jitter.unwrap_or(Span::ZERO),
            duplicates: chance(self.duplicates),
            disorder: chance(self.disorder),
            silent: self.silent.into_iter().collect(),
            instead: self.instead.into_iter().flatten().map(answer).collect::<Result<_, _>>()?,
            late: self.late.into_iter().flatten().collect(),
            cuts: at.chain(after).collect(),
            seed: self.seed,
        })
    }
}
