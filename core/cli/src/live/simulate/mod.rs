//! The command `simulate`: a server to talk to.
//!
//! - [`office`]: who is there; [`traffic`]: what people do by themselves; [`seen`]: what is seen of it with `-v`.

mod office;
mod seen;
mod traffic;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use callfold::Span;
use callfold_simulator::{Chance, Cut, Faults, Simulator, StartError};
use clap::{ArgAction, Args};

use self::office::Office;
use self::seen::Seen;
use self::traffic::Traffic;
use super::interrupt::Interrupts;
use super::{runtime, span};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::input;
use crate::store::Io;
use crate::style::{TIME, TITLE};

pub(crate) const HELP: &str = "\
Examples:
  callfold simulate --busy
  callfold simulate --users 100 --password floor --calls-per-minute 300 --seed 7
  callfold simulate --latency 20ms --jitter 30ms --duplicates 10 --cut-after 30s

A PBX with a small office: agents with their phones, a queue, a voice menu, customers outside. It
says where it listens, who can log in, and what to try. It runs until Ctrl-C.

What people do by themselves (--busy) is drawn from the seed: the same seed, the same people.";

/// How often people look whether there is something to do.
const STEP: Duration = Duration::from_millis(50);
/// What `--busy` means.
const BUSY: u32 = 6;

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4066")]
    listen: String,

    /// How many agents there are.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=office::MOST_USERS))]
    users: u16,

    /// One made-up password for all agents, instead of one for each.
    #[arg(long, value_name = "WORD")]
    password: Option<String>,

    /// What chance is drawn from.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// The server's date, as yymmdd: an older one knows fewer methods.
    #[arg(long, value_name = "YYMMDD", default_value_t = 150_601)]
    dated: i64,

    /// Speak wss only, with the certificate in this PEM file.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The certificate's key, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// Customers call by themselves, and agents' phones are answered, held and hung up.
    #[arg(long)]
    busy: bool,

    /// How many customers call in a minute, as far as agents are free; `--busy` is 6.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=60_000))]
    calls_per_minute: Option<u32>,

    #[command(flatten)]
    misbehaviour: Misbehaviour,

    /// Tell who logs in and what their lines do, and what people do.
    #[arg(short, long, action = ArgAction::SetTrue)]
    verbose: bool,
}

/// What the faults stand under in the help.
const HEADING: &str = "Faults";

/// How the server misbehaves.
#[derive(Debug, Args)]
struct Misbehaviour {
    /// How long every message takes, such as 20ms.
    #[arg(long, help_heading = HEADING, value_name = "TIME", value_parser = span::parse)]
    latency: Option<Duration>,

    /// How much longer a message may take. The order stays.
    #[arg(long, help_heading = HEADING, value_name = "TIME", value_parser = span::parse)]
    jitter: Option<Duration>,

    /// One message in so many comes twice.
    #[arg(long, help_heading = HEADING, value_name = "N")]
    duplicates: Option<u32>,

    /// One message in so many is overtaken by later ones.
    #[arg(long, help_heading = HEADING, value_name = "N")]
    disorder: Option<u32>,

    /// A method that gets no answer. May be given several times.
    #[arg(long, help_heading = HEADING, value_name = "METHOD")]
    silent: Vec<String>,

    /// A method whose answer comes so much later, such as getversion=2s. May be given several times.
    #[arg(long, help_heading = HEADING, value_name = "METHOD=TIME", value_parser = late)]
    late: Vec<(String, Duration)>,

    /// Cuts one connection so long after it was opened. May be given several times, once for each connection.
    #[arg(long, help_heading = HEADING, value_name = "TIME", value_parser = span::parse)]
    cut_after: Vec<Duration>,

    /// Cuts a connection once, when this method is asked. May be given several times.
    #[arg(long, help_heading = HEADING, value_name = "METHOD")]
    cut_at: Vec<String>,
}

fn late(text: &str) -> Result<(String, Duration), String> {
    let (method, time) = text.split_once('=').ok_or("a method and a time, such as getversion=2s")?;
    Ok((method.to_owned(), span::parse(time)?))
}

/// As the simulator has it.
fn in_span(time: Duration) -> Span {
    Span::from_micros(i64::try_from(time.as_micros()).unwrap_or(i64::MAX))
}

impl Misbehaviour {
    fn faults(&self, seed: u64) -> Faults {
        let chance = |times: Option<u32>| times.map_or(Chance::Never, Chance::OneIn);
        let at = self.cut_at.iter().cloned().map(Cut::AtRequest);
        let after = self.cut_after.iter().map(|time| Cut::After(in_span(*time)));
        Faults {
            latency: in_span(self.latency.unwrap_or_default()),
            jitter: in_span(self.jitter.unwrap_or_default()),
            duplicates: chance(self.duplicates),
            disorder: chance(self.disorder),
            silent: self.silent.iter().cloned().collect(),
            instead: BTreeMap::new(),
            late: self.late.iter().map(|(method, time)| (method.clone(), in_span(*time))).collect(),
            cuts: at.chain(after).collect(),
            seed,
        }
    }
}

pub(crate) fn run(args: &Simulate, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    runtime::start()?.block_on(simulate(args, io))
}

async fn simulate(args: &Simulate, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    let mut interrupts = Interrupts::listen()?;
    let office = Office::new(args.users, args.password.as_deref());
    let pbx = office.build(args.seed, args.dated).map_err(|error| Failed::Misuse(error.to_string()))?;
    let faults = args.misbehaviour.faults(args.seed);
    let mut builder = Simulator::builder(pbx).bind(&args.listen).faults(faults);
    if let (Some(certificate), Some(key)) = (&args.tls_cert, &args.tls_key) {
        builder = builder.tls(&read(certificate)?, &read(key)?);
    }
    let simulator = builder.start().await.map_err(|error| {
        if let StartError::Listen { address, source } = error {
            // Why stands in its source.
            Failed::Refused(format!("cannot listen on {address}: {source}"))
        } else {
            Failed::Misuse(error.to_string())
        }
    })?;
    welcome(args, &office, &simulator, io)?;

    let calls_per_minute = args.calls_per_minute.or_else(|| args.busy.then_some(BUSY));
    let mut traffic = calls_per_minute.map(|calls| Traffic::new(&office, args.seed, calls));
    let mut seen = args.verbose.then(|| Seen::new(&office));
    let mut steps = tokio::time::interval(STEP);
    loop {
        tokio::select! {
            () = interrupts.asked() => break,
            _ = steps.tick() => {
                let said = simulator.with(|pbx, now| {
                    let did = traffic.as_mut().map(|traffic| traffic.step(pbx, now)).unwrap_or_default();
                    seen.as_mut().map(|seen| seen.look(pbx, now, did)).unwrap_or_default()
                });
                for line in said {
                    writeln!(io.out, "{line}")?;
                }
                io.out.flush()?;
            }
        }
    }
    interrupts.leave_at_the_next();
    simulator.stop().await;
    Ok(Outcome::Good)
}

fn read(path: &Path) -> Result<Vec<u8>, Failed> {
    std::fs::read(path).map_err(|error| Failed::Misuse(format!("{}: {error}", input::name(path))))
}

/// Says where it listens, who can log in, and what to try.
fn welcome(args: &Simulate, office: &Office, simulator: &Simulator, io: &mut Io<'_>) -> Result<(), Failed> {
    let url = simulator.url();
    writeln!(io.out, "{TITLE}listening at {url}{TITLE:#}")?;
    office.tell(io.out)?;
    let trust = match &args.tls_cert {
        Some(path) => format!(" --ca {}", input::name(path)),
        None => String::new(),
    };
    if let Some(agent) = office.agents().first() {
        writeln!(
            io.out,
            "try, elsewhere:\n  CALLFOLD_PASSWORD={} callfold record --url {url}{trust} --login {} --store calls",
            agent.password, agent.login
        )?;
    }
    if !args.busy && args.calls_per_minute.is_none() {
        writeln!(io.out, "{TIME}nobody calls by themselves; with --busy they do{TIME:#}")?;
    }
    writeln!(io.out, "{TIME}Ctrl-C ends it{TIME:#}")?;
    io.out.flush()?;
    Ok(())
}
