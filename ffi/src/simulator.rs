//! The simulated PBX, for tests of programs.

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::sync::{Mutex, PoisonError};

use ::callfold_simulator::{
    Account, AgentState, BuildError, Chance, Cut, Faults, Manners, OutsideId, OutsideState, Pbx, Phone,
    Presence, Refused, Simulator, StartError,
};
use callfold::Span;
use callfold::problem::{Problem, ProblemCode};

use crate::boundary::{Status, callfold_result, cross, done};
use crate::handle::{self, Kind, Object};
use crate::options::{self, Options, callfold_flag};
use crate::runtime::{self, Shared, callfold_runtime};
use crate::text::{bad, callfold_buffer, callfold_str, fill, many, owned};

/// An Oktell server on a socket of this machine, for tests. It speaks the protocol: clients cannot tell it from a PBX. What
/// people do at phones are functions; all may be called from any thread.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_simulator {
    /// The handle. Zero is none.
    pub handle: u64,
}

/// A user of the simulated PBX: who logs in, and which phone is theirs. Login, password and number must be given.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_account {
    /// The login.
    pub login: callfold_str,
    /// The password.
    pub password: callfold_str,
    /// The number of the phone.
    pub number: callfold_str,
    /// The name; the login, if nothing is given.
    pub name: callfold_str,
    /// The login of the user who controls this one.
    pub chief: callfold_str,
    /// A session from before, that a client may log in with in place of the password.
    pub session: callfold_str,
    /// Not an operator of the call centre.
    pub is_no_operator: callfold_flag,
    /// The phone cannot be answered by command.
    pub answers_by_hand: callfold_flag,
    /// The user sits at the desktop client: a login is refused.
    pub is_at_desktop: callfold_flag,
}

/// Somebody behind a number outside. Numbers that are not told of wait until they are answered.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_outside {
    /// The number.
    pub number: callfold_str,
    /// The name.
    pub name: callfold_str,
    /// After how many milliseconds they answer by themselves; 0: they wait until told.
    pub answers_after: u32,
    /// Whether they are busy.
    pub is_busy: callfold_flag,
}

/// How a PBX is laid out. Fill in `size` and the users; zero the rest for the defaults.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_simulator_options {
    /// sizeof(callfold_simulator_options)
    pub size: usize,
    /// Who logs in.
    pub users: *const callfold_account,
    /// How many.
    pub users_count: usize,
    /// Who is behind numbers outside.
    pub outside: *const callfold_outside,
    /// How many.
    pub outside_count: usize,
    /// Numbers of the call centre.
    pub queues: *const callfold_str,
    /// How many.
    pub queues_count: usize,
    /// Voice menus: number and name by turns.
    pub menus: *const callfold_str,
    /// How many texts that is: twice as many as menus.
    pub menus_count: usize,
    /// Numbers without a phone.
    pub spare: *const callfold_str,
    /// How many.
    pub spare_count: usize,
    /// The server's date (`yymmdd`): methods that are younger are not known. 0: 150601.
    pub dated: i64,
    /// What ids are drawn from: the same one and the same requests give the same frames.
    pub seed: u64,
    /// How many may be logged in; 0: any number.
    pub licences: u32,
    /// Whether the service is not available.
    pub is_out_of_service: callfold_flag,
    /// Where to listen; nothing: a free port of this machine.
    pub bind: callfold_str,
    /// A certificate in PEM: with it, and its key, `wss` is spoken.
    pub certificate: callfold_str,
    /// The certificate's key in PEM.
    pub key: callfold_str,
}

// SAFETY: it is repr(C), begins with its size, and is made of numbers, pointers and bools, which may be zero.
unsafe impl Options for callfold_simulator_options {
    const NAME: &'static str = "callfold_simulator_options";
}

/// How a PBX misbehaves. Fill in `size`; zero is good behaviour.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_faults {
    /// sizeof(callfold_faults)
    pub size: usize,
    /// How late everything is, in milliseconds.
    pub latency: u32,
    /// How much later at random, in milliseconds.
    pub jitter: u32,
    /// One in so many messages is sent twice.
    pub duplicates: u32,
    /// One in so many messages overtakes the one before.
    pub disorder: u32,
    /// Methods that are not answered.
    pub silent: *const callfold_str,
    /// How many.
    pub silent_count: usize,
    /// Methods at whose request the connection is cut.
    pub cut_at: *const callfold_str,
    /// How many.
    pub cut_at_count: usize,
    /// After how many milliseconds the connection is cut; 0: never.
    pub cut_after: u32,
    /// What chance is drawn from.
    pub seed: u64,
}

// SAFETY: as above.
unsafe impl Options for callfold_faults {
    const NAME: &'static str = "callfold_faults";
}

/// A phone that can be worked: an agent's, by its number, or, if `line` is nothing, somebody's outside.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_phone {
    /// The number of the agent's phone.
    pub line: callfold_str,
    /// Who outside, as the simulator told it.
    pub outside: u64,
}

/// What somebody outside does (`CALLFOLD_OUTSIDE_TALKING`).
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_outside_state = u32;

/// Calls.
pub const CALLFOLD_OUTSIDE_CALLING: u32 = 1;
/// Is called.
pub const CALLFOLD_OUTSIDE_RINGING: u32 = 2;
/// Talks.
pub const CALLFOLD_OUTSIDE_TALKING: u32 = 3;
/// Is on hold.
pub const CALLFOLD_OUTSIDE_HELD: u32 = 4;
/// Is in a conference.
pub const CALLFOLD_OUTSIDE_CONFERENCE: u32 = 5;
/// Has gone.
pub const CALLFOLD_OUTSIDE_GONE: u32 = 6;

/// What an agent is set to (`CALLFOLD_PRESENCE_READY`).
#[allow(non_camel_case_types, reason = "C's name")]
pub type callfold_presence = u32;

/// Ready.
pub const CALLFOLD_PRESENCE_READY: u32 = 1;
/// On break.
pub const CALLFOLD_PRESENCE_BREAK: u32 = 2;
/// Not to be disturbed.
pub const CALLFOLD_PRESENCE_DO_NOT_DISTURB: u32 = 3;
/// Busy.
pub const CALLFOLD_PRESENCE_BUSY: u32 = 4;

struct Held {
    /// None only while it ends.
    simulator: Option<Simulator>,
    url: String,
    /// Those outside that were told of, by the number that they were told under.
    outside: Mutex<Vec<OutsideId>>,
    runtime: Shared,
}

impl Object for Held {
    const KIND: Kind = Kind::Simulator;
    const BOUND_TO_PROCESS: bool = true;
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(simulator) = self.simulator.take() {
            drop(self.runtime.handle().block_on(simulator.stop()));
        }
    }
}

impl callfold_simulator_options {
    fn pbx(&self) -> Result<Pbx, Problem> {
        let mut pbx = Pbx::builder().seed(self.seed);
        if self.dated != 0 {
            pbx = pbx.dated(self.dated);
        }
        for user in many(self.users, self.users_count, "options.users")?.unwrap_or_default() {
            pbx = pbx.user(user.made()?);
        }
        for number in many(self.queues, self.queues_count, "options.queues")?.unwrap_or_default() {
            pbx = pbx.queue(number.text("options.queues")?);
        }
        let menus = many(self.menus, self.menus_count, "options.menus")?.unwrap_or_default();
        let (menus, rest) = menus.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(bad("options.menus: a number without a name"));
        }
        for [number, name] in menus {
            pbx = pbx.menu(number.text("options.menus")?, name.text("options.menus")?);
        }
        for number in many(self.spare, self.spare_count, "options.spare")?.unwrap_or_default() {
            pbx = pbx.spare_number(number.text("options.spare")?);
        }
        for outside in many(self.outside, self.outside_count, "options.outside")?.unwrap_or_default() {
            let manners = match outside.answers_after {
                _ if outside.is_busy.is() => Manners::Busy,
                0 => Manners::Waits,
                after => Manners::AnswersAfter(milliseconds(after)),
            };
            let name = outside.name.given("outside.name")?.unwrap_or_default();
            pbx = pbx.outside(outside.number.text("outside.number")?, name, manners);
        }
        if self.licences > 0 {
            pbx = pbx.licences(self.licences as usize);
        }
        if self.is_out_of_service.is() {
            pbx = pbx.out_of_service();
        }
        pbx.build().map_err(|error| {
            let code = match error {
                BuildError::LoginTwice(_) => ProblemCode::SimulatorLoginTwice,
                BuildError::NumberTwice(_) | _ => ProblemCode::SimulatorNumberTwice,
            };
            // Which login or number it is, the caller knows; a message names nobody.
            Problem::new(code, code.text())
        })
    }
}

fn milliseconds(count: u32) -> Span {
    Span::from_micros(i64::from(count) * 1_000)
}

impl callfold_account {
    fn made(&self) -> Result<Account, Problem> {
        let (login, password) = (self.login.text("account.login")?, self.password.text("account.password")?);
        let mut account = Account::new(login, password, self.number.text("account.number")?);
        if let Some(name) = self.name.given("account.name")? {
            account = account.name(name);
        }
        if let Some(chief) = self.chief.given("account.chief")? {
            account = account.subordinate_of(chief);
        }
        if let Some(session) = self.session.given("account.session")? {
            account = account.session(session);
        }
        if self.is_no_operator.is() {
            account = account.not_an_operator();
        }
        if self.answers_by_hand.is() {
            account = account.answers_by_hand_only();
        }
        if self.is_at_desktop.is() {
            account = account.at_the_desktop_client();
        }
        Ok(account)
    }
}

impl callfold_faults {
    fn made(&self) -> Result<Faults, Problem> {
        let chance = |one_in| if one_in == 0 { Chance::Never } else { Chance::OneIn(one_in) };
        let texts = |first, count, name| {
            let texts = many::<callfold_str>(first, count, name)?.unwrap_or_default().iter();
            texts.map(|text| Ok(text.text(name)?.to_owned())).collect::<Result<Vec<_>, Problem>>()
        };
        let mut cuts: Vec<_> =
            texts(self.cut_at, self.cut_at_count, "faults.cut_at")?.into_iter().map(Cut::AtRequest).collect();
        if self.cut_after > 0 {
            cuts.push(Cut::After(milliseconds(self.cut_after)));
        }
        Ok(Faults {
            latency: milliseconds(self.latency),
            jitter: milliseconds(self.jitter),
            duplicates: chance(self.duplicates),
            disorder: chance(self.disorder),
            silent: texts(self.silent, self.silent_count, "faults.silent")?.into_iter().collect(),
            instead: BTreeMap::new(),
            late: BTreeMap::new(),
            cuts,
            seed: self.seed,
        })
    }
}

fn refused(refused: &Refused) -> Problem {
    Problem::new(ProblemCode::SimulatorNotPossible, refused.to_string())
}

impl Held {
    fn simulator(&self) -> Result<&Simulator, Problem> {
        let closed = || Problem::new(ProblemCode::SimulatorClosed, "the simulator was stopped");
        self.simulator.as_ref().ok_or_else(closed)
    }

    /// The number under which somebody outside is told of: from 1.
    fn told(&self, outside: OutsideId) -> u64 {
        let mut all = self.outside.lock().unwrap_or_else(PoisonError::into_inner);
        let place = all.iter().position(|known| *known == outside).unwrap_or_else(|| {
            all.push(outside);
            all.len() - 1
        });
        place as u64 + 1
    }

    fn outside(&self, id: u64) -> Result<OutsideId, Problem> {
        let all = self.outside.lock().unwrap_or_else(PoisonError::into_inner);
        let place = id.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        let known = place.and_then(|place| all.get(place)).copied();
        known.ok_or_else(|| bad("phone.outside: nobody outside has this number"))
    }

    fn phone(&self, phone: &callfold_phone) -> Result<Phone, Problem> {
        Ok(match phone.line.given("phone.line")? {
            Some(number) => Phone::from(number),
            None => Phone::from(self.outside(phone.outside)?),
        })
    }
}

fn with<T>(
    simulator: callfold_simulator,
    deed: impl FnOnce(&Held, &Simulator) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let held = handle::get::<Held>(simulator.handle)?;
    // The PBX tells its clients on the runtime.
    let _within = held.runtime.handle().enter();
    deed(&held, held.simulator()?)
}

/// Starts to serve.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_new(
    runtime: callfold_runtime,
    options: *const callfold_simulator_options,
    simulator: Option<&mut MaybeUninit<callfold_simulator>>,
) -> callfold_result {
    done(|| {
        let out = fill(simulator, "simulator")?;
        let runtime = runtime::shared(runtime)?;
        let options = options::must(options)?;
        let mut builder = Simulator::builder(options.pbx()?);
        if let Some(address) = options.bind.given("options.bind")? {
            builder = builder.bind(address);
        }
        match (options.certificate.bytes("options.certificate")?, options.key.bytes("options.key")?) {
            (Some(certificate), Some(key)) => builder = builder.tls(certificate, key),
            (None, None) => {}
            _ => return Err(bad("options: certificate and key go together")),
        }
        let simulator = runtime.handle().block_on(builder.start()).map_err(|error| {
            let code = match &error {
                StartError::Certificate(_) => ProblemCode::SimulatorBadCertificate,
                StartError::Listen { .. } | _ => ProblemCode::SimulatorCannotListen,
            };
            let why = std::error::Error::source(&error).map(|source| format!("{error}: {source}"));
            Problem::new(code, why.unwrap_or_else(|| error.to_string()))
        })?;
        let url = simulator.url();
        let held = Held { simulator: Some(simulator), url, outside: Mutex::default(), runtime };
        out.with(callfold_simulator { handle: handle::put(held)? });
        Ok(())
    })
}

/// What clients connect to, such as `ws://127.0.0.1:40001`. Borrowed until the simulator is freed.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_url(
    simulator: callfold_simulator,
    borrowed: Option<&mut MaybeUninit<callfold_str>>,
) -> callfold_result {
    done(|| {
        let borrowed = fill(borrowed, "borrowed")?;
        borrowed.with(callfold_str::of(&handle::get::<Held>(simulator.handle)?.url));
        Ok(())
    })
}

/// Somebody outside calls a number of the PBX; they are known as `phone` from then on.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_external_call(
    simulator: callfold_simulator,
    from: callfold_str,
    to: callfold_str,
    phone: Option<&mut MaybeUninit<callfold_phone>>,
) -> callfold_result {
    done(|| {
        let phone = fill(phone, "phone")?;
        let (from, to) = (from.text("from")?, to.text("to")?);
        let outside = with(simulator, |held, simulator| Ok(held.told(simulator.external_call(from, to))))?;
        phone.with(callfold_phone { line: callfold_str::NONE, outside });
        Ok(())
    })
}

/// Who of those outside is called or calls under a number; CALLFOLD_NOTHING if nobody does.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_find_outside(
    simulator: callfold_simulator,
    number: callfold_str,
    phone: Option<&mut MaybeUninit<callfold_phone>>,
) -> callfold_result {
    cross(|| {
        let phone = fill(phone, "phone")?;
        let number = number.text("number")?;
        let found = with(simulator, |held, simulator| {
            Ok(simulator.find_outside(number).map(|outside| held.told(outside)))
        })?;
        let Some(outside) = found else { return Ok(Status::Nothing) };
        phone.with(callfold_phone { line: callfold_str::NONE, outside });
        Ok(Status::Ok)
    })
}

/// What somebody outside does.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_outside_state(
    simulator: callfold_simulator,
    phone: callfold_phone,
    state: Option<&mut MaybeUninit<callfold_outside_state>>,
) -> callfold_result {
    done(|| {
        let state = fill(state, "state")?;
        let told = with(simulator, |held, simulator| {
            if phone.line.given("phone.line")?.is_some() {
                return Err(bad("phone: that is a phone of the PBX"));
            }
            Ok(match simulator.outside(held.outside(phone.outside)?) {
                OutsideState::Calling => CALLFOLD_OUTSIDE_CALLING,
                OutsideState::Ringing => CALLFOLD_OUTSIDE_RINGING,
                OutsideState::Talking => CALLFOLD_OUTSIDE_TALKING,
                OutsideState::Held => CALLFOLD_OUTSIDE_HELD,
                OutsideState::Conference => CALLFOLD_OUTSIDE_CONFERENCE,
                OutsideState::Gone => CALLFOLD_OUTSIDE_GONE,
                _ => 0,
            })
        })?;
        state.with(told);
        Ok(())
    })
}

/// An agent dials a number at the phone.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_dial(
    simulator: callfold_simulator,
    line: callfold_str,
    number: callfold_str,
) -> callfold_result {
    done(|| {
        let (line, number) = (line.text("line")?, number.text("number")?);
        with(simulator, |_, simulator| simulator.dial(line, number).map_err(|error| refused(&error)))
    })
}

/// A ringing phone is answered. CALLFOLD_SIMULATOR_NOT_POSSIBLE if it does not ring.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_answer(
    simulator: callfold_simulator,
    phone: callfold_phone,
) -> callfold_result {
    done(|| {
        with(simulator, |held, simulator| {
            simulator.answer(held.phone(&phone)?).map_err(|error| refused(&error))
        })
    })
}

/// A ringing phone is not answered.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_decline(
    simulator: callfold_simulator,
    phone: callfold_phone,
) -> callfold_result {
    done(|| {
        with(simulator, |held, simulator| {
            simulator.decline(held.phone(&phone)?).map_err(|error| refused(&error))
        })
    })
}

/// Somebody hangs up.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_hang_up(
    simulator: callfold_simulator,
    phone: callfold_phone,
) -> callfold_result {
    done(|| {
        with(simulator, |held, simulator| {
            simulator.hang_up(held.phone(&phone)?).map_err(|error| refused(&error))
        })
    })
}

/// An agent presses hold at the phone.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_hold(
    simulator: callfold_simulator,
    line: callfold_str,
) -> callfold_result {
    done(|| {
        let line = line.text("line")?;
        with(simulator, |_, simulator| simulator.hold(line).map_err(|error| refused(&error)))
    })
}

/// Whoever hears a voice menu chooses a number.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_choose(
    simulator: callfold_simulator,
    phone: callfold_phone,
    number: callfold_str,
) -> callfold_result {
    done(|| {
        let number = number.text("number")?;
        with(simulator, |held, simulator| {
            simulator.choose(held.phone(&phone)?, number).map_err(|error| refused(&error))
        })
    })
}

/// An agent makes a conference at the phone. `owned_id`, if not NULL, gets its id.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_conference(
    simulator: callfold_simulator,
    line: callfold_str,
    numbers: *const callfold_str,
    numbers_count: usize,
    owned_id: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let line = line.text("line")?;
        let numbers = many(numbers, numbers_count, "numbers")?.unwrap_or_default().iter();
        let numbers: Vec<_> = numbers.map(|number| number.text("numbers")).collect::<Result<_, _>>()?;
        let id = with(simulator, |_, simulator| {
            let made = simulator.with(|pbx, now| pbx.conference(now, line, &numbers));
            made.map_err(|error| refused(&error))
        })?;
        if let Some(owned_id) = owned_id {
            owned_id.write(owned(id.as_str())?);
        }
        Ok(())
    })
}

/// An agent invites a number to the conference at the phone.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_invite(
    simulator: callfold_simulator,
    line: callfold_str,
    number: callfold_str,
) -> callfold_result {
    done(|| {
        let (line, number) = (line.text("line")?, number.text("number")?);
        with(simulator, |_, simulator| {
            simulator.with(|pbx, now| pbx.invite(now, line, number)).map_err(|error| refused(&error))
        })
    })
}

/// An agent's state is set at the PBX, with the id of the reason of a break (0: none).
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_set_agent(
    simulator: callfold_simulator,
    line: callfold_str,
    presence: callfold_presence,
    in_call_centre: callfold_flag,
    reason: i64,
) -> callfold_result {
    done(|| {
        let line = line.text("line")?;
        let presence = match presence {
            CALLFOLD_PRESENCE_READY => Presence::Ready,
            CALLFOLD_PRESENCE_BREAK => Presence::Break,
            CALLFOLD_PRESENCE_DO_NOT_DISTURB => Presence::Off,
            CALLFOLD_PRESENCE_BUSY => Presence::Busy,
            other => {
                return Err(Problem::new(ProblemCode::UnknownName, format!("presence: there is no {other}")));
            }
        };
        let reason = (reason != 0).then_some(reason);
        let state = AgentState { call_centre: in_call_centre.is(), reason, ..AgentState::new(presence) };
        with(simulator, |_, simulator| {
            simulator.with(|pbx, now| pbx.set_agent(now, line, state)).map_err(|error| refused(&error))
        })
    })
}

/// A phone loses its cable.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_unplug(
    simulator: callfold_simulator,
    line: callfold_str,
) -> callfold_result {
    done(|| {
        let line = line.text("line")?;
        with(simulator, |_, simulator| simulator.unplug(line).map_err(|error| refused(&error)))
    })
}

/// A phone gets its cable back.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_plug_in(
    simulator: callfold_simulator,
    line: callfold_str,
) -> callfold_result {
    done(|| {
        let line = line.text("line")?;
        with(simulator, |_, simulator| simulator.plug_in(line).map_err(|error| refused(&error)))
    })
}

/// Sends any message to who is logged in with a line. To how many; `clients` may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_say(
    simulator: callfold_simulator,
    line: callfold_str,
    text: callfold_str,
    clients: Option<&mut MaybeUninit<u64>>,
) -> callfold_result {
    done(|| {
        let (line, text) = (line.text("line")?, text.text("text")?);
        let told = with(simulator, |_, simulator| Ok(simulator.say(line, text)))?;
        if let Some(clients) = clients {
            clients.write(told as u64);
        }
        Ok(())
    })
}

/// Cuts the connections of a line, without goodbye. How many; `clients` may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_cut(
    simulator: callfold_simulator,
    line: callfold_str,
    clients: Option<&mut MaybeUninit<u64>>,
) -> callfold_result {
    done(|| {
        let line = line.text("line")?;
        let cut = with(simulator, |_, simulator| Ok(simulator.cut(line)))?;
        if let Some(clients) = clients {
            clients.write(cut as u64);
        }
        Ok(())
    })
}

/// Keeps the connections of a line open and says nothing on them any more. How many; `clients` may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_freeze(
    simulator: callfold_simulator,
    line: callfold_str,
    clients: Option<&mut MaybeUninit<u64>>,
) -> callfold_result {
    done(|| {
        let line = line.text("line")?;
        let frozen = with(simulator, |_, simulator| Ok(simulator.freeze(line)))?;
        if let Some(clients) = clients {
            clients.write(frozen as u64);
        }
        Ok(())
    })
}

/// Misbehaves so from now on.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_set_faults(
    simulator: callfold_simulator,
    faults: *const callfold_faults,
) -> callfold_result {
    done(|| {
        with(simulator, |_, simulator| {
            simulator.set_faults(options::must(faults)?.made()?);
            Ok(())
        })
    })
}

/// Stops to serve, and frees the simulator.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_simulator_free(simulator: callfold_simulator) -> callfold_result {
    done(|| handle::free::<Held>(simulator.handle))
}
