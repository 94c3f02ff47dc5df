//! The command `demo`: a small office on this machine, recorded while it is told, and then looked at.
//!
//! The PBX is the simulator, the sockets and the store are real. [`office`] says who is there, [`scenes`] what happens.

mod office;
mod scenes;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use callfold::Timestamp;
use callfold::live::{Clock as _, LineError, News, SystemClock};
use callfold::log::{Log, Options};
use clap::{Args, Parser as _, ValueEnum as _};
use jiff::tz::TimeZone;
use tokio::sync::mpsc;

use crate::args::{Color, Command, Look, Times};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::live::tell::Teller;
use crate::store::{Io, open_at};
use crate::style::{TIME, TITLE, TOTAL};
use office::{AGENTS, Office};
use scenes::Pace;

pub(crate) const HELP: &str = "\
Examples:
  callfold demo
  callfold demo --store demo-store

Nothing leaves this machine: the PBX is a simulated one, on a port of the loopback. It takes
about half a minute.";

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Do not wait between the steps for somebody to read them.
    #[arg(long)]
    fast: bool,

    /// Record into the store in this directory, instead of a new one that is kept for you to look at.
    #[arg(long = "store", value_name = "DIR")]
    store: Option<PathBuf>,

    /// When to use colours.
    #[arg(long, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
    #[command(flatten)]
    times: Times,
}

/// What is to be told.
enum Telling {
    /// What comes now.
    Scene(&'static str),
    /// What happened on a line, by its place among the agents.
    News(usize, Result<News, LineError>),
}

/// What the demonstration came to, with the command that shows each of its parts.
pub(crate) struct Shown {
    store: PathBuf,
    commands: Vec<Vec<String>>,
}

/// Plays and records; what is left to be shown afterwards.
pub(crate) fn run(args: &Demo, io: &mut Io<'_>) -> Result<Shown, Failed> {
    let zone = args.times.zone();
    let path = match &args.store {
        Some(path) => path.clone(),
        None => a_new_directory()?,
    };
    let log = open_at(&path, Options::default(), io)?;
    let pace = if args.fast { Pace::Fast } else { Pace::ForReaders };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let began = Instant::now();
    runtime.block_on(play(&log, pace, &zone, io))?;
    log.sync()?;
    let took = began.elapsed();
    let records: u64 = log.streams()?.iter().map(|stream| stream.head.seq).sum();
    let calls = log.calls(&Default::default())?;
    // The one of which there is most to tell.
    let told =
        |call: &callfold::calls::Call| call.holds.len() + call.transfers.len() + call.consultations.len();
    let longest = calls.iter().max_by_key(|found| told(&found.call));
    writeln!(
        io.out,
        "\n{TOTAL}{} lines, {} calls, {records} records in {}.{} s{TOTAL:#}",
        AGENTS.len(),
        calls.len(),
        took.as_secs(),
        took.subsec_millis() / 100
    )?;
    let command = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let mut commands = vec![command(&["calls"])];
    if let Some(found) = longest {
        commands.push(command(&[
            "show",
            found.call.id.as_str(),
            "--stream",
            &log.info(found.stream)?.name.to_string(),
        ]));
    }
    commands.push(command(&["verify", "--rerun"]));
    Ok(Shown { store: path, commands })
}

fn a_new_directory() -> Result<PathBuf, Failed> {
    let made = tempfile::Builder::new().prefix("callfold-demo-").tempdir();
    Ok(made.map_err(|error| Failed::System(format!("no directory for the store: {error}")))?.keep())
}

impl Demo {
    pub(crate) const fn look(&self) -> Look {
        Look { json: false, color: self.color }
    }
}

impl Shown {
    /// Runs the commands that show what was recorded, each by `run`, as it is typed.
    pub(crate) fn show(self, args: &Demo, run: impl Fn(Command) -> Outcome) -> Outcome {
        let mut worst = Outcome::Good;
        let color =
            args.color.to_possible_value().map_or("auto".to_owned(), |color| color.get_name().to_owned());
        for words in self.commands {
            let store = self.store.as_os_str();
            let typed = format!("callfold {} --store {}", words.join(" "), self.store.display());
            worst = worst.max(crate::store::run(args.look(), |io| {
                writeln!(io.out, "\n{TITLE}$ {typed}{TITLE:#}")?;
                Ok(Outcome::Good)
            }));
            let mut all: Vec<_> =
                std::iter::once("callfold".into()).chain(words.iter().map(Into::into)).collect();
            all.extend(["--store".into(), store.to_owned(), "--color".into(), color.clone().into()]);
            worst = worst.max(match crate::args::Args::try_parse_from(all) {
                Ok(args) => run(args.command),
                Err(_) => Outcome::Misuse,
            });
        }
        worst.max(crate::store::run(args.look(), |io| {
            let store = self.store.display();
            writeln!(io.out, "\n{TIME}The store is {store}. Other commands look at it too, such as{TIME:#}")?;
            writeln!(io.out, "{TIME}  callfold state --stream anna --seq 100 --store {store}{TIME:#}")?;
            writeln!(
                io.out,
                "{TIME}  callfold export --table calls --format csv --out calls.csv --store {store}{TIME:#}"
            )?;
            writeln!(
                io.out,
                "{TIME}Try your own calls: callfold simulate --help, callfold record --help{TIME:#}"
            )?;
            Ok(Outcome::Good)
        }))
    }
}

/// Plays all scenes, while everything that happens is told.
async fn play(log: &Log, pace: Pace, zone: &TimeZone, io: &mut Io<'_>) -> Result<(), Failed> {
    let office = Arc::new(Office::open(log).await?);
    writeln!(io.out, "{TIME}a simulated Oktell server listens on {}{TIME:#}", office.url())?;
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut tellers = Vec::new();
    for (place, agent) in office.agents().iter().enumerate() {
        let mut news = agent.line.news();
        tellers.push(Teller::new(agent.name, agent.view().await?, false));
        let tell = tell.clone();
        tokio::spawn(async move {
            while let Some(news) = news.next().await {
                if tell.send(Telling::News(place, news)).is_err() {
                    break;
                }
            }
        });
    }
    let playing = {
        let office = Arc::clone(&office);
        tokio::spawn(async move {
            let played = scenes::play(&office, pace, &|title| drop(tell.send(Telling::Scene(title)))).await;
            // The goodbyes are told too.
            office.close().await.and(played)
        })
    };
    let width = AGENTS.iter().map(|agent| agent.name.chars().count()).max().unwrap_or_default();
    // Ends when the lines have ended and the scenes are over: nobody is left who could tell.
    while let Some(telling) = told.recv().await {
        match telling {
            Telling::Scene(title) => writeln!(io.out, "\n{TITLE}{title}{TITLE:#}")?,
            Telling::News(place, news) => {
                let at = when(&news);
                if let Some(teller) = tellers.get_mut(place) {
                    let said = teller.hear(&news);
                    teller.write(io.out, zone, at, width, &said)?;
                }
            }
        }
        io.out.flush()?;
    }
    playing.await.map_err(|_| Failed::System("the demonstration broke off".to_owned()))?
}

fn when(news: &Result<News, LineError>) -> Timestamp {
    if let Ok(News::Told { at, .. }) = news { *at } else { SystemClock.now() }
}

/// How long something may take until it is given up. Machines are slow at times.
const PATIENCE: Duration = Duration::from_secs(30);
