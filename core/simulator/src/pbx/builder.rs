//! How a PBX is laid out before it runs: users, numbers, reasons, version, habits.

use std::collections::BTreeMap;

use callfold_engine::{PhoneNumber, Span, Text, UserId};
use serde_json::Value;

use super::Pbx;
use super::agent::Agent;
use super::plan::{Fixture, User};
use crate::names::Ids;

/// An account of a user: who logs in, and which phone is theirs.
///
/// ```
/// use callfold_simulator::Account;
/// let account = Account::new("petrova", "Secret2", "102").name("Петрова Анна").subordinate_of("ivanov");
/// # let _ = account;
/// ```
#[derive(Clone)]
pub struct Account {
    login: Text,
    password: String,
    number: PhoneNumber,
    name: String,
    id: Option<UserId>,
    operator: bool,
    chiefs: Vec<Text>,
    desktop: bool,
    answering: Answering,
    session: Option<String>,
}

impl Account {
    /// A user with a phone.
    #[must_use]
    pub fn new(login: &str, password: &str, number: &str) -> Self {
        Self {
            login: login.into(),
            password: password.to_owned(),
            number: number.into(),
            name: login.to_owned(),
            id: None,
            operator: true,
            chiefs: Vec::new(),
            desktop: false,
            answering: Answering::FromApplication,
            session: None,
        }
    }

    /// The user's name; the login, if none is given.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The user's id, where a test needs a known one. Drawn otherwise.
    #[must_use]
    pub fn id(mut self, id: &str) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Not an operator of the call centre.
    #[must_use]
    pub const fn not_an_operator(mut self) -> Self {
        self.operator = false;
        self
    }

    /// The user with this login controls this one.
    #[must_use]
    pub fn subordinate_of(mut self, login: &str) -> Self {
        self.chiefs.push(login.into());
        self
    }

    /// Has a session from before, that a client may log in with in place of the password.
    #[must_use]
    pub fn session(mut self, id: &str) -> Self {
        self.session = Some(id.to_owned());
        self
    }

    /// Has a phone that cannot be answered from an application: the server takes the request, and it rings on.
    #[must_use]
    pub const fn answers_by_hand_only(mut self) -> Self {
        self.answering = Answering::ByHand;
        self
    }

    /// Sits at the desktop client: a login is refused with 50093.
    #[must_use]
    pub const fn at_the_desktop_client(mut self) -> Self {
        self.desktop = true;
        self
    }
}

/// How a phone can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answering {
    FromApplication,
    ByHand,
}

/// How somebody outside takes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Manners {
    /// Rings until told what to do.
    Waits,
    /// Answers by themselves after this time.
    AnswersAfter(Span),
    /// Is busy.
    Busy,
}

/// Why a PBX cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Two things have the same number.
    #[error("the number {0} is given twice")]
    NumberTwice(String),
    /// Two users have the same login.
    #[error("the login {0} is given twice")]
    LoginTwice(String),
}

/// Lays out a [`Pbx`]. See [`Pbx::builder`].
#[derive(Clone)]
#[must_use]
pub struct PbxBuilder {
    accounts: Vec<Account>,
    fixtures: Vec<(PhoneNumber, Fixture)>,
    pub(super) settings: Settings,
    outsiders: BTreeMap<PhoneNumber, Outsider>,
    seed: u64,
}

/// What is known beforehand of somebody outside.
#[derive(Clone, Debug)]
pub(super) struct Outsider {
    pub(super) name: String,
    pub(super) manners: Manners,
}

/// How the PBX behaves. Fixed once it runs.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) dated: i64,
    pub(super) licences: usize,
    pub(super) service: Service,
    pub(super) plain: Plain,
    pub(super) break_reasons: Vec<(i64, String)>,
    pub(super) procedures: BTreeMap<String, Value>,
    /// Frames of more bytes are cut up.
    pub(super) longest_frame: usize,
    /// How long a callback is prepared before the first phone rings.
    pub(super) callback_after: Span,
    /// How long a phone rings.
    pub(super) rings_for: Span,
    /// How long a caller hears the busy tone.
    pub(super) busy_for: Span,
}

/// What becomes of a client that connects without TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plain {
    Served,
    /// It is sent to the secure port.
    Redirected,
}

/// Whether the service behind the web server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Up,
    Down,
}

impl Default for PbxBuilder {
    fn default() -> Self {
        Self {
            accounts: Vec::new(),
            fixtures: Vec::new(),
            settings: Settings {
                dated: 150_601,
                licences: usize::MAX,
                service: Service::Up,
                plain: Plain::Served,
                break_reasons: vec![(1, "Обед".to_owned()), (2, "Перерыв".to_owned())],
                procedures: BTreeMap::new(),
                longest_frame: 8 * 1024,
                callback_after: Span::from_millis(300),
                rings_for: Span::from_secs(60),
                busy_for: Span::from_secs(3),
            },
            outsiders: BTreeMap::new(),
            seed: 0,
        }
    }
}

impl PbxBuilder {
    /// Adds a user.
    pub fn user(mut self, account: Account) -> Self {
        self.accounts.push(account);
        self
    }

    /// Adds a number without a phone.
    pub fn spare_number(mut self, number: &str) -> Self {
        self.fixtures.push((number.into(), Fixture::Spare));
        self
    }

    /// Adds a queue of the call centre: whoever calls the number waits for an agent who is ready in the call centre.
    pub fn queue(mut self, number: &str) -> Self {
        self.fixtures.push((number.into(), Fixture::Queue));
        self
    }

    /// Adds a voice menu; [`Pbx::choose`] leads out of it.
    pub fn menu(mut self, number: &str, name: &str) -> Self {
        self.fixtures.push((number.into(), Fixture::Menu(name.to_owned())));
        self
    }

    /// Says who is behind a number outside, and how they take calls. Others have no name, and wait.
    pub fn outside(mut self, number: &str, name: &str, manners: Manners) -> Self {
        self.outsiders.insert(number.into(), Outsider { name: name.to_owned(), manners });
        self
    }

    /// The server's date, as `yymmdd`: methods that are younger are not known. 150601, if not given.
    pub const fn dated(mut self, dated: i64) -> Self {
        self.settings.dated = dated;
        self
    }

    /// How many users may be logged in at once.
    pub const fn licences(mut self, users: usize) -> Self {
        self.settings.licences = users;
        self
    }

    /// The service is not available: every login is refused.
    pub const fn out_of_service(mut self) -> Self {
        self.settings.service = Service::Down;
        self
    }

    /// Clients that connect without TLS are sent to `wss` on port 443 of the same host: their first ping is answered
    /// with `websocketredirect`. See [`Pbx::connect_secure`].
    pub const fn redirects_to_wss(mut self) -> Self {
        self.settings.plain = Plain::Redirected;
        self
    }

    /// The reasons for a break, with their ids.
    pub fn break_reasons(mut self, reasons: &[(i64, &str)]) -> Self {
        self.settings.break_reasons = reasons.iter().map(|(id, name)| (*id, (*name).to_owned())).collect();
        self
    }

    /// A stored procedure that clients may run, and the tables that it answers.
    pub fn procedure(mut self, name: &str, dataset: Value) -> Self {
        self.settings.procedures.insert(name.to_lowercase(), dataset);
        self
    }

    /// Messages of more bytes are cut up (`multipart`). 8192, if not given.
    pub const fn longest_frame(mut self, bytes: usize) -> Self {
        self.settings.longest_frame = bytes;
        self
    }

    /// How long a callback is prepared before the first phone rings. 300 ms, if not given.
    pub const fn callback_after(mut self, span: Span) -> Self {
        self.settings.callback_after = span;
        self
    }

    /// How long a phone rings before the call is given up. 60 s, if not given.
    pub const fn rings_for(mut self, span: Span) -> Self {
        self.settings.rings_for = span;
        self
    }

    /// What ids are drawn from: the same seed and the same requests give the same frames.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The PBX.
    ///
    /// # Errors
    /// [`BuildError`] if a number or a login is given twice.
    pub fn build(self) -> Result<Pbx, BuildError> {
        let mut ids = Ids::new(self.seed);
        let mut users: BTreeMap<PhoneNumber, User> = BTreeMap::new();
        let mut sessions = BTreeMap::new();
        let mut fixtures = BTreeMap::new();
        for (number, fixture) in self.fixtures {
            let text = number.as_str().to_owned();
            if fixtures.insert(number, fixture).is_some() {
                return Err(BuildError::NumberTwice(text));
            }
        }
        for account in self.accounts {
            if users.values().any(|user| user.login == account.login) {
                return Err(BuildError::LoginTwice(account.login.as_str().to_owned()));
            }
            let text = account.number.as_str().to_owned();
            if let Some(session) = account.session {
                sessions.insert(session, account.number.clone());
            }
            let user = User {
                id: account.id.unwrap_or_else(|| UserId::from(ids.guid().0.as_str())),
                line: ids.guid(),
                number: account.number.clone(),
                login: account.login,
                password: account.password,
                name: account.name,
                operator: account.operator,
                chiefs: account.chiefs,
                desktop: account.desktop,
                answering: account.answering,
                agent: Agent::default(),
                rules: Vec::new(),
            };
            if fixtures.contains_key(&account.number) || users.insert(account.number, user).is_some() {
                return Err(BuildError::NumberTwice(text));
            }
        }
        let inside = |number: &&PhoneNumber| users.contains_key(*number) || fixtures.contains_key(*number);
        if let Some(number) = self.outsiders.keys().find(inside) {
            return Err(BuildError::NumberTwice(number.as_str().to_owned()));
        }
        let mut pbx = Pbx::new(users, fixtures, self.outsiders, self.settings, ids);
        pbx.sessions = sessions;
        Ok(pbx)
    }
}
