//! The command `console`: an agent at the keyboard, or a script.
//!
//! - [`asked`]: what a line asks for;
//! - [`desk`]: the agent's line: commands it, and tells what happens;
//! - [`keyboard`]: lines from a person, edited, completed and remembered;
//! - [`script`]: lines from a pipe, one after another.

mod asked;
mod desk;
mod keyboard;
mod script;

use std::io::IsTerminal as _;
use std::path::PathBuf;

use callfold::live::{self, Clock as _, Line, SystemClock};
use callfold::log::{Options as LogOptions, StreamInfo};
use callfold::{Command, Config, Machine};
use clap::Args;

use crate::args::{Color, Times};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::live::interrupt::Interrupts;
use crate::live::logging::Logging;
use crate::live::runtime;
use crate::live::server::{Reach, Server};
use crate::store::{Io, open_at};
use desk::{Desk, Recording};

pub(crate) const HELP: &str = "\
Examples:
  callfold console --url wss://pbx.example --login ivanov
  callfold console --url wss://pbx.example --login ivanov --store sessions   # records it, too
  callfold console --url wss://pbx.example --login ivanov --strict < commands

`help` at the prompt lists the commands; Tab completes them, and the numbers that the PBX
knows. What was typed is remembered in the user's state directory
(callfold/console-history); passwords are never typed at the prompt.

From a pipe, a line is a command, and the next waits for its result; empty lines and what
follows a # are passed over. `wait STATE [SECONDS]` waits for the line: ready, ring,
backring, call, talk, held, free (nobody held), conference, disconnected.

Exit code 1 if a command was refused, or waited for in vain; with --strict the first of
them ends the script. Exit code 5 if the server does not take the login.";

#[derive(Debug, Args)]
pub(crate) struct Console {
    #[command(flatten)]
    server: Server,

    /// Record all that happens in this store.
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,

    /// The stream in the store; the login, if not given.
    #[arg(long, value_name = "NAME", requires = "store")]
    stream: Option<String>,

    /// From a pipe: the first command that is refused, or waited for in vain, is the last.
    #[arg(long)]
    strict: bool,

    /// Do not remember what is typed.
    #[arg(long)]
    no_history: bool,

    /// When to use colours.
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,

    #[command(flatten)]
    logging: Logging,
    #[command(flatten)]
    times: Times,
}

pub(crate) fn run(args: &Console, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    args.logging.start();
    let Reach { options, endpoint } = args.server.reach()?;
    let login = endpoint.login.as_str().to_owned();
    let server = endpoint.addresses.first().map(|address| address.as_str().to_owned()).unwrap_or_default();
    let runtime = runtime::start()?;
    let is_typed = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    runtime.block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let (line, recording) = match &args.store {
            Some(path) => {
                let log = open_at(path, LogOptions::default(), io)?;
                let name = args.stream.as_deref().unwrap_or(&login);
                let info = StreamInfo::new(name, Config::live(), SystemClock.now()).of(&login, &server);
                let recorded = live::record(&log, info, options).await;
                let recorded = recorded.map_err(|error| Failed::record(name, error))?;
                (recorded.line, Some(Recording { log, stream: recorded.stream }))
            }
            None => {
                let line = Line::open(Machine::new(Config::live()), options);
                (line.map_err(|error| Failed::System(error.to_string()))?, None)
            }
        };
        let (desk, screen) = Desk::new(line, recording, args.times.zone(), args.color, is_typed).await?;
        let connected = tokio::select! {
            connected = desk.connect(Command::Connect(endpoint)) => Some(connected),
            () = interrupts.asked() => None,
        };
        let ended = match connected {
            None => Ok(Outcome::Good),
            Some(Err(why)) => Err(Failed::Refused(why)),
            Some(Ok(())) => match screen {
                Some(printer) => keyboard::run(&desk, printer, !args.no_history, &mut interrupts).await,
                None => script::run(&desk, args.strict, &mut interrupts).await,
            },
        };
        interrupts.leave_at_the_next();
        desk.goodbye().await?;
        ended
    })
}
