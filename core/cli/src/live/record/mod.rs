//! The command `record`: agents' lines on a server, recorded into a store.
//!
//! - [`config`]: the file that names many lines;
//! - [`line`]: one line, from its connection to its end;
//! - [`shown`]: what happens, as people see it go by;
//! - [`services`]: what runs beside the lines.

mod config;
mod line;
mod services;
mod shown;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use callfold::live::{self, Recorded, Tls};
use callfold::log::{Durability, Log, Options, StreamInfo};
use callfold::{Config, Endpoint, Timestamp};
use clap::Args;
use tokio::task::JoinSet;

use self::line::Ended;
use self::shown::{Printer, Shows};
use super::interrupt::Interrupts;
use super::logging::Logging;
use super::server::{self, Reach, Server};
use super::{password, runtime};
use crate::args::{Color, Store, Times};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::input;
use crate::store::{Io, count, open_with};
use crate::words;

pub(crate) const HELP: &str = "\
Examples:
  callfold record --url wss://pbx.example --login ivanov --store calls
  callfold record --config floor.toml --store calls --quiet --metrics 127.0.0.1:9466

What happens is in the store before anything is answered to the server. A lost connection is made
again, and the gap is in the log. Ctrl-C says goodbye to the server; a second one leaves at once.
Started again, the recorder goes on with the same streams.

A login that the server refuses for good (a wrong password, or another client of the agent in use)
is not tried again.

The file of --config names a line for each agent; no password stands in it:
  [defaults]                       # what a line does not say itself
  url = 'wss://pbx.example'        # or a list: url = ['wss://a', 'wss://b']
  ca = 'pbx.pem'                   # besides the authorities that the system trusts
  insecure-ws = false              # ws without TLS to other machines

  [[line]]
  login = 'ivanov'
  name = 'ivanov'                  # the stream; the login, if it is not given
  password-file = 'secret/ivanov'  # its first line; its owner's only. Paths are from here on

  [[line]]
  login = 'petrova'
  password-env = 'PETROVA'         # or the variable that has it";

#[derive(Debug, Args)]
pub(crate) struct Record {
    #[command(flatten)]
    server: Server,

    /// The lines to record, as a TOML file names them. There is an example below.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["urls", "login", "password_file", "ca", "insecure_ws", "stream"])]
    config: Option<PathBuf>,

    #[command(flatten)]
    store: Store,

    /// The stream that the line is recorded as. The login, if it is not given.
    #[arg(long, value_name = "NAME")]
    stream: Option<String>,

    /// When a record is safe from a power cut: always before anything is answered, at most so long after it
    /// (every:50ms), or when the system sees fit.
    #[arg(long, value_name = "always|every:TIME|never", default_value = "every:50ms", value_parser = durability)]
    durability: Durability,

    /// Serve figures for Prometheus at this address, such as 127.0.0.1:9466; port 0 takes a free one.
    ///
    /// There are no names, numbers or secrets in them, and neither is there a login or TLS: leave it to this machine,
    /// or to a network where all may read them.
    #[arg(long, value_name = "ADDRESS:PORT")]
    metrics: Option<SocketAddr>,

    /// Do not show what happens; only what is wrong, and the summary.
    #[arg(short, long)]
    quiet: bool,

    /// When to use colours.
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(crate) color: Color,

    #[command(flatten)]
    times: Times,
    #[command(flatten)]
    logging: Logging,
}

fn durability(text: &str) -> Result<Durability, String> {
    match text.split_once(':') {
        None if text == "always" => Ok(Durability::Always),
        None if text == "never" => Ok(Durability::Never),
        Some(("every", time)) => {
            let time = super::span::parse(time)?;
            u64::try_from(time.as_millis()).map(Durability::Every).map_err(|error| error.to_string())
        }
        None | Some(_) => Err("always, never, or every:TIME such as every:50ms".to_owned()),
    }
}

/// A line that is to be recorded.
struct Wanted {
    /// Its stream, as people know it.
    name: String,
    reach: Reach,
}

/// A line that is recorded.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    /// The name of its stream.
    pub(crate) name: String,
    pub(crate) recorded: Recorded,
    endpoint: Endpoint,
    /// The last record of its stream before this run.
    before: u64,
}

pub(crate) fn run(args: &Record, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    args.logging.start();
    let wanted = wanted(args)?;
    let mut options = Options::default();
    options.durability = args.durability;
    let log = open_with(&args.store, options, io)?;
    let runtime = runtime::start()?;
    let outcome = runtime.block_on(record(args, wanted, &log, io));
    // Whoever still waits for a disk that does not answer is not waited for.
    runtime.shutdown_background();
    outcome
}

/// What the arguments, or the file, say.
fn wanted(args: &Record) -> Result<Vec<Wanted>, Failed> {
    let Some(path) = &args.config else {
        let reach = args.server.reach()?;
        let name = args.stream.clone().unwrap_or_else(|| reach.endpoint.login.as_str().to_owned());
        return Ok(vec![Wanted { name, reach }]);
    };
    let file = input::name(path);
    let text = std::fs::read_to_string(path).map_err(|error| Failed::Misuse(format!("{file}: {error}")))?;
    let lines = config::read(&text, path.parent().unwrap_or_else(|| path.as_ref()));
    let lines = lines.map_err(|why| Failed::Misuse(format!("{file}: {why}")))?;
    // Lines that trust the same share what was loaded for it.
    let mut trusted: BTreeMap<Option<PathBuf>, Tls> = BTreeMap::new();
    let mut all = Vec::with_capacity(lines.len());
    for line in lines {
        let told =
            |why: String| Failed::Misuse(format!("{file}: line `{}`: {why}", words::shown(&line.name)));
        let tls = match trusted.get(&line.trust.ca) {
            Some(tls) => tls.clone(),
            None => line.trust.tls(&Tls::default()).map_err(|error| told(error.to_string()))?,
        };
        trusted.insert(line.trust.ca.clone(), tls.clone());
        let password = match &line.password {
            config::PasswordFrom::File(path) => password::from_file(path),
            config::PasswordFrom::Variable(name) => password::from_variable(name),
        };
        let reach = server::reach(&line.urls, &line.login, password.map_err(told)?, line.trust.plain(), tls);
        all.push(Wanted { name: line.name, reach });
    }
    Ok(all)
}

async fn record(args: &Record, wanted: Vec<Wanted>, log: &Log, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    let mut interrupts = Interrupts::listen()?;
    // Before there is anything to count.
    let figures = services::figures(args.metrics, io).await?;
    let mut lines = Vec::with_capacity(wanted.len());
    for (place, wanted) in wanted.into_iter().enumerate() {
        tokio::select! {
            opened = open(log, wanted, place + 1) => lines.push(opened?),
            // Nothing was dialled, and nothing of what happens is recorded yet.
            () = interrupts.asked() => return Ok(Outcome::Good),
        }
    }
    let services = services::start(figures, log, &args.store.path, &lines, &args.times.zone(), io);
    let printer = Printer::start(args.times.zone(), args.color, &lines)?;
    let shows = if args.quiet { Shows::Nothing } else { printer.shows() };
    let mut running = JoinSet::new();
    for recording in &lines {
        running.spawn(line::run(recording.clone(), log.clone(), shows.clone()));
    }
    drop(shows);

    let mut all = Vec::with_capacity(lines.len());
    let mut interrupts = loop {
        tokio::select! {
            done = running.join_next() => match done {
                None => break Some(interrupts),
                // A task that panicked has said so itself.
                Some(done) => {
                    let ended = done.unwrap_or_else(|_| Ended::broken());
                    let is_over = ended.is_failed();
                    all.push(ended);
                    if is_over {
                        break Some(interrupts);
                    }
                }
            },
            () = interrupts.asked() => {
                interrupts.leave_at_the_next();
                break None;
            }
        }
    };
    if let Some(interrupts) = interrupts.take() {
        interrupts.leave_at_the_next();
    }
    // The goodbyes are said together.
    let mut goodbyes = JoinSet::new();
    for recording in &lines {
        let line = recording.recorded.line.clone();
        goodbyes.spawn(async move { line.close().await });
    }
    // What a line ends with is told by the one who runs it.
    while goodbyes.join_next().await.is_some() {}
    while let Some(done) = running.join_next().await {
        all.push(done.unwrap_or_else(|_| Ended::broken()));
    }
    drop(services);
    // Before anything waits for who reads what is shown.
    let synced = {
        let log = log.clone();
        tokio::task::spawn_blocking(move || log.sync()).await
    };
    if !all.iter().any(Ended::is_failed) {
        synced.map_err(|_| Failed::Unrecorded("the store broke off".to_owned()))??;
    }
    let shown = printer.finish(summary(args, &lines, &all, log));
    let outcome = outcome(&all)?;
    shown.map(|()| outcome)
}

async fn open(log: &Log, wanted: Wanted, number: usize) -> Result<Recording, Failed> {
    let Wanted { name, reach: Reach { mut options, endpoint } } = wanted;
    // Its name may be a person's, and is not for what is logged.
    options.name = number.to_string();
    // A floor that all talks at once is shown in full.
    options.news = 1_024;
    let url = endpoint.addresses.first().map(|url| url.as_str().to_owned()).unwrap_or_default();
    let info = StreamInfo::new(&name, Config::live(), now()).of(endpoint.login.as_str(), &url);
    let before = match log.stream(&name) {
        Ok(there) => there.head.seq,
        // It is begun now, or what is wrong with it is told now.
        Err(_) => 0,
    };
    let recorded = live::record(log, info, options).await.map_err(|error| Failed::record(&name, error))?;
    Ok(Recording { name, recorded, endpoint, before })
}

fn now() -> Timestamp {
    Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
}

/// What the run adds up to.
fn summary(args: &Record, lines: &[Recording], ended: &[Ended], log: &Log) -> String {
    let mut records = 0;
    for recording in lines {
        // Where the store cannot be read any more, that is told below.
        let last = log.store().head(recording.recorded.stream).map_or(recording.before, |head| head.seq);
        records += last.saturating_sub(recording.before);
    }
    let reconnects = ended.iter().map(|ended| ended.reconnects).sum();
    format!(
        "recorded {}: {}, {}, in {}",
        count(lines.len() as u64, "line", "lines"),
        count(records, "record", "records"),
        count(reconnects, "try to connect again", "tries to connect again"),
        words::shown(&args.store.path.display().to_string()),
    )
}

/// What the exit code says of it.
fn outcome(ended: &[Ended]) -> Result<Outcome, Failed> {
    if let Some(why) = ended.iter().find_map(Ended::why_failed) {
        return Err(Failed::Unrecorded(format!("nothing more can be recorded: {why}")));
    }
    let refused = ended.iter().filter(|ended| ended.is_refused()).count();
    Ok(match refused {
        0 if ended.iter().any(Ended::is_broken) => Outcome::Findings,
        0 => Outcome::Good,
        all if all == ended.len() => Outcome::Refused,
        _ => Outcome::Findings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durability_is_read_as_people_write_it() {
        assert_eq!(durability("always"), Ok(Durability::Always));
        assert_eq!(durability("never"), Ok(Durability::Never));
        assert_eq!(durability("every:50ms"), Ok(Durability::Every(50)));
        assert_eq!(durability("every:2s"), Ok(Durability::Every(2_000)));
        for text in ["", "every", "every:", "every:50", "always:1s", "sometimes"] {
            assert!(durability(text).is_err(), "{text}");
        }
    }
}
