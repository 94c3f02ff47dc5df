//! Live lines.

use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use callfold::live::{self, Clock as _, Plain, Reconnect, SystemClock, Tls};
use callfold::log::StreamInfo;
use callfold::problem::{Problem, ProblemCode};
use callfold::{Command, CommandResult, Credential, Machine, ModelCommand};
use tokio::sync::watch;

use crate::boundary::{callfold_result, done};
use crate::command::{Proof, answer_json, callfold_answer, callfold_command, callfold_endpoint, from_json};
use crate::fed::callfold_config;
use crate::handle::{self, Kind, Object};
use crate::log::{callfold_log, with_log};
use crate::news::Queue;
use crate::options::{self, Options, callfold_flag};
use crate::runtime::{self, Shared, Until, callfold_runtime};
use crate::text::{callfold_buffer, callfold_str, fill, owned};
use crate::view::{Seen, callfold_view};

/// An agent's line on a server. It may be used from any thread.
///
/// Open it, ask for its news, connect, command; `callfold_line_close` says goodbye and waits. Freeing it says goodbye too,
/// without waiting.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_line {
    /// The handle. Zero is none.
    pub handle: u64,
}

/// How a line is to be connected. Fill in `size` and `endpoint`; zero the rest for the defaults.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_line_options {
    /// sizeof(callfold_line_options)
    pub size: usize,
    /// Where, and as whom.
    pub endpoint: *const callfold_endpoint,
    /// How its machine behaves; NULL: without the CTI model.
    pub config: *const callfold_config,
    /// The stream to record in, where it is recorded; nothing: the login is its name.
    pub stream: callfold_str,
    /// A certificate authority of your own, in PEM, besides those of the system.
    pub authority: callfold_str,
    /// Whether plain `ws` may go to other machines than this one. Whoever reads the network on the way can then log in as
    /// the agent.
    pub insecure_ws: callfold_flag,
    /// Whether a connection that is lost stays lost. If not, it is made again after a wait that doubles each time, half of
    /// it at random.
    pub stays_lost: callfold_flag,
    /// The first such wait in milliseconds; 0: 1,000.
    pub first_wait: u32,
    /// The longest such wait in milliseconds; 0: 60,000.
    pub longest_wait: u32,
    /// How many inputs a slow reader of news may be behind before it misses some, up to 65,536; 0: 128.
    pub buffer: u32,
}

// SAFETY: it is repr(C), begins with its size, and is made of numbers, pointers and bools, which may be zero.
unsafe impl Options for callfold_line_options {
    const NAME: &'static str = "callfold_line_options";
}

const MOST_NEWS: u32 = 65_536;

/// A line, and what belongs to it.
pub(crate) struct Held {
    line: live::Line,
    view: Mutex<watch::Receiver<live::Seen>>,
    /// What connects it. The secret is in the line's keeping.
    connect: Command,
    /// Who is told what became of commands that nobody waits for.
    queues: Mutex<Vec<Weak<Queue>>>,
    tickets: AtomicU64,
    /// Last, so that it is dropped last: the line's task lives in it.
    runtime: Shared,
}

impl Object for Held {
    const KIND: Kind = Kind::Line;
    const BOUND_TO_PROCESS: bool = true;
}

impl callfold_line_options {
    fn made(&self, endpoint: &callfold_endpoint, has_cti: bool) -> Result<(live::Options, Command), Problem> {
        let bad = |why: String| Problem::new(ProblemCode::BadRange, why);
        if self.buffer > MOST_NEWS {
            return Err(bad(format!("options.buffer: a line's buffer holds up to {MOST_NEWS} inputs")));
        }
        let mut options = live::Options::default();
        let credential = endpoint.proof()?.map_or(Credential::Missing, |proof| {
            let secret = match &proof {
                Proof::Password(password) => live::Secret::password(password.to_string()),
                Proof::Session(id) => live::Secret::session(id.to_string()),
            };
            proof.credential(options.secrets.keep(secret))
        });
        if let Some(authority) = self.authority.bytes("options.authority")? {
            options.tls = Tls::default().and_authority(authority)?;
        }
        options.plain = if self.insecure_ws.is() { Plain::Anywhere } else { Plain::OnThisMachine };
        let or = |value: u32, default: u32| if value == 0 { default } else { value };
        let (first, longest) = (or(self.first_wait, 1_000), or(self.longest_wait, 60_000));
        if first > longest {
            return Err(bad("options: the first wait is not longer than the longest".to_owned()));
        }
        options.reconnect = if self.stays_lost.is() {
            Reconnect::Never
        } else {
            Reconnect::BackOff {
                first: Duration::from_millis(first.into()),
                longest: Duration::from_millis(longest.into()),
            }
        };
        options.news = or(self.buffer, 128) as usize;
        let endpoint = endpoint.made(credential)?;
        let connect = if has_cti {
            Command::Model(ModelCommand::Connect(endpoint))
        } else {
            Command::Connect(endpoint)
        };
        Ok((options, connect))
    }
}

/// Opens a line. It is recorded in `log`, if that is not zero: it begins its stream, or goes on with it. It dials nothing
/// yet (`callfold_line_connect`).
#[unsafe(no_mangle)]
pub extern "C" fn callfold_line_open(
    runtime: callfold_runtime,
    log: callfold_log,
    options: *const callfold_line_options,
    line: Option<&mut MaybeUninit<callfold_line>>,
) -> callfold_result {
    done(|| {
        let out = fill(line, "line")?;
        let runtime = runtime::shared(runtime)?;
        let options = options::must(options)?;
        let endpoint = options::must(options.endpoint)?;
        let config = options::read(options.config)?.made();
        let (how, connect) = options.made(&endpoint, config.cti.is_some())?;
        let line = if log.handle == 0 {
            runtime.handle().block_on(async { live::Line::open(Machine::new(config), how) })?
        } else {
            let login = endpoint.login.text("endpoint.login")?;
            let name = options.stream.given("options.stream")?.unwrap_or(login);
            let addresses =
                crate::text::many(endpoint.addresses, endpoint.addresses_count, "endpoint.addresses")?;
            let server =
                addresses.and_then(<[_]>::first).map(|first| first.text("endpoint.addresses")).transpose()?;
            let info = StreamInfo::new(name, config, SystemClock.now()).of(login, server.unwrap_or_default());
            with_log(log, |log| Ok(runtime.handle().block_on(live::record(log, info, how))?.line))?
        };
        let view = Mutex::new(runtime.handle().block_on(line.watch())?);
        let (queues, tickets) = (Mutex::default(), AtomicU64::new(0));
        let held = Held { line, view, connect, queues, tickets, runtime };
        out.with(callfold_line { handle: handle::put(held)? });
        Ok(())
    })
}

impl Held {
    /// The line that a handle names.
    pub(crate) fn of(line: callfold_line) -> Result<Arc<Self>, Problem> {
        handle::get(line.handle)
    }

    /// Gives a command, and waits for its end: so many milliseconds in all.
    fn give(&self, command: Command, milliseconds: u32) -> Result<CommandResult, Problem> {
        let until = Until::after(milliseconds);
        let given = until.wait(&self.runtime, self.line.order(command)).ok_or_else(not_given)??;
        let result = until.wait(&self.runtime, given.result()).ok_or_else(|| timed_out(milliseconds))??;
        Ok(result)
    }

    /// Begins to read the news.
    pub(crate) fn listen(&self, with_json: bool) -> Result<Arc<Queue>, Problem> {
        let (queue, pump) = Queue::of(self.line.news(), self.line.ending(), with_json);
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.retain(|queue| queue.strong_count() > 0);
        queues.push(Arc::downgrade(&queue));
        self.runtime.handle().spawn(pump);
        Ok(queue)
    }
}

/// Fills in how a command ended; one that was not done is a problem, too.
fn answered(
    result: &CommandResult,
    answer: Option<&mut MaybeUninit<callfold_answer>>,
) -> Result<(), Problem> {
    if let Some(answer) = answer {
        answer.write(callfold_answer::of(result));
    }
    Problem::of_command(result).map_or(Ok(()), Err)
}

/// Connects: dials, logs in and loads, and waits `milliseconds` at most until that is done (CALLFOLD_FOREVER). A login that
/// is refused is CALLFOLD_COMMAND_REFUSED, with why in `answer`, which may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_line_connect(
    line: callfold_line,
    milliseconds: u32,
    answer: Option<&mut MaybeUninit<callfold_answer>>,
) -> callfold_result {
    done(|| {
        let held = Held::of(line)?;
        answered(&held.give(held.connect.clone(), milliseconds)?, answer)
    })
}

/// Gives a command, and waits `milliseconds` at most for the server's answer; what becomes of it on the line is told in the
/// news. One that is not done is CALLFOLD_COMMAND_REFUSED or CALLFOLD_COMMAND_MISUSED, with why in `answer`, which may be
/// NULL. One that is waited for no more (CALLFOLD_TIMED_OUT) takes its course; one for which there was no room in that time
/// (CALLFOLD_NOT_GIVEN) was not given.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_line_command(
    line: callfold_line,
    command: *const callfold_command,
    milliseconds: u32,
    answer: Option<&mut MaybeUninit<callfold_answer>>,
) -> callfold_result {
    done(|| {
        let held = Held::of(line)?;
        let command = callfold_command::read(command)?;
        answered(&held.give(command, milliseconds)?, answer)
    })
}

/// The same for a command as JSON, as exported logs have it: `"Hold"`, `{"Call":{"number":"102","sequence":"AgentFirst"}}`.
/// The answer is told as the reference client tells it, also where the command was not done: `{"result":false,…}`.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_line_command_json(
    line: callfold_line,
    command_json: callfold_str,
    milliseconds: u32,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        let held = Held::of(line)?;
        let result = held.give(from_json(&command_json)?, milliseconds)?;
        owned_json.with(owned(answer_json(&result))?);
        Ok(())
    })
}

/// Gives a command and does not wait for its end: all who read or listen to the line's news by now are told of it, under this
/// ticket (CALLFOLD_NEWS_ANSWER). `ticket` may be NULL. Commands that one thread sends are given in their order; it waits only
/// while 64 others are under way.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_line_send(
    line: callfold_line,
    command: *const callfold_command,
    ticket: Option<&mut MaybeUninit<u64>>,
) -> callfold_result {
    done(|| {
        let held = Held::of(line)?;
        let command = callfold_command::read(command)?;
        let number = held.tickets.fetch_add(1, Ordering::Relaxed) + 1;
        // Before its answer can come.
        if let Some(ticket) = ticket {
            ticket.write(number);
        }
        let queues = held.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let owed: Vec<_> = queues.iter().filter_map(Weak::upgrade).map(|queue| queue.owe(number)).collect();
        drop(queues);
        // Given here, so that commands keep the order in which they were sent.
        let given = held.runtime.handle().block_on(held.line.order(command));
        held.runtime.handle().spawn(async move {
            let result = match given {
                Ok(given) => given.result().await,
                Err(error) => Err(error),
            };
            for owed in owed {
                owed.answered(&result);
            }
        });
        Ok(())
    })
}

/// What is so after what was told last. Free it with `callfold_view_free`.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_line_view(
    line: callfold_line,
    view: Option<&mut MaybeUninit<callfold_view>>,
) -> callfold_result {
    done(|| {
        let view = fill(view, "view")?;
        let held = Held::of(line)?;
        let seen = held.view.lock().unwrap_or_else(PoisonError::into_inner).borrow_and_update().clone();
        let at = Some(SystemClock.now());
        view.with(Seen { view: seen.view, at, seq: 0, turn: seen.turn, numbers: Vec::new() }.put()?);
        Ok(())
    })
}

/// Says goodbye to the server, waits `milliseconds` at most for its close, and ends the line for everyone who has it. The
/// handle stays until it is freed. Fails with why, if the line had ended by a fault, such as a full disk. CALLFOLD_TIMED_OUT:
/// it is ending. CALLFOLD_NOT_GIVEN: it goes on.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_line_close(line: callfold_line, milliseconds: u32) -> callfold_result {
    done(|| {
        let held = Held::of(line)?;
        let until = Until::after(milliseconds);
        until.wait(&held.runtime, held.line.say_goodbye()).ok_or_else(not_given)?;
        until.wait(&held.runtime, held.line.ending()).ok_or_else(|| timed_out(milliseconds))??;
        Ok(())
    })
}

/// Frees a line, and does not wait for its goodbye: its news end when that was said. Where the runtime ends right after, it
/// waits for it, 10 seconds at most.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_line_free(line: callfold_line) -> callfold_result {
    done(|| handle::free::<Held>(line.handle))
}

impl Drop for Held {
    fn drop(&mut self) {
        let line = self.line.clone();
        self.runtime.owe(async move {
            line.say_goodbye().await;
            // Why it ended is told in its news.
            drop(line.ending().await);
        });
    }
}

fn not_given() -> Problem {
    Problem::new(ProblemCode::NotGiven, "the line has too much to do: it was not given")
}

fn timed_out(milliseconds: u32) -> Problem {
    let why = format!("it takes longer than the {milliseconds} ms that were waited, and takes its course");
    Problem::new(ProblemCode::TimedOut, why)
}
