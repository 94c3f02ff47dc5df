//! The agent's line: commands go in, and what happens is told.

use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use callfold::live::{Clock as _, Line, LineError, News, Seen, SystemClock};
use callfold::log::{CallQuery, Log, StreamId};
use callfold::{Command, Connection, Event, LineState, Timestamp, View};
use jiff::tz::TimeZone;
use reedline::ExternalPrinter;
use tokio::sync::watch;

use super::asked::{Asked, Awaited, WORDS};
use crate::args::Color;
use crate::calls::Page;
use crate::fail::Failed;
use crate::style::{TIME, TOTAL, Tone};
use crate::time::time_of_day;
use crate::words::{self, Said, Story, shown};

/// How many lines may wait to be shown above the prompt.
const LINES: usize = 4_096;
/// How many calls are told.
const LAST_CALLS: usize = 10;

/// Where it is recorded.
pub(super) struct Recording {
    pub(super) log: Log,
    pub(super) stream: StreamId,
}

/// The agent's line, with what is known of it.
pub(super) struct Desk {
    line: Line,
    recording: Option<Recording>,
    pub(super) told: Arc<Told>,
    /// How many results of commands there were.
    results: AtomicU64,
    follower: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

/// What is told, and how.
pub(super) struct Told {
    zone: TimeZone,
    out: Out,
    view: Mutex<Seen>,
    /// Is told when something was told.
    changed: watch::Sender<()>,
    /// How many results of commands were told.
    results: watch::Sender<u64>,
    /// Whether the line has ended, and does nothing any more.
    is_over: AtomicBool,
}

enum Out {
    /// Above the prompt.
    Prompt(SyncSender<String>, anstream::ColorChoice),
    /// On standard output.
    Lines(anstream::ColorChoice),
}

/// How a line at the console ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It was done.
    Done,
    /// It was refused, or waited for in vain.
    Refused,
    /// It was goodbye.
    Quit,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn print(text: &str, choice: anstream::ColorChoice) {
    let mut out = anstream::AutoStream::new(std::io::stdout(), choice).lock();
    // A reader that has gone away is no reason to leave a call.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

impl Told {
    /// Tells something.
    pub(super) fn say(&self, said: &Said) {
        self.say_at(SystemClock.now(), said);
    }

    fn say_at(&self, at: Timestamp, said: &Said) {
        let style = said.tone.style();
        let at = time_of_day(at, &self.zone);
        let text = said.text.lines().map(|text| format!("{TIME}{at}{TIME:#}  {style}{text}{style:#}"));
        self.write(&text.collect::<Vec<_>>().join("\n"));
    }

    fn write(&self, text: &str) {
        match &self.out {
            Out::Prompt(printer, choice) => {
                let coloured = anstream::AutoStream::choice(&std::io::stdout())
                    != anstream::ColorChoice::Never
                    && *choice != anstream::ColorChoice::Never;
                let shown =
                    if coloured { text.to_owned() } else { anstream::adapter::strip_str(text).to_string() };
                match printer.try_send(shown) {
                    // Whoever is that far behind has seen enough.
                    Ok(()) | Err(TrySendError::Full(_)) => {}
                    // The prompt is gone: it is goodbye.
                    Err(TrySendError::Disconnected(_)) => print(text, *choice),
                }
            }
            Out::Lines(choice) => print(text, *choice),
        }
    }

    /// What is so now.
    pub(super) fn view(&self) -> MutexGuard<'_, Seen> {
        locked(&self.view)
    }

    /// What the line does, for a prompt.
    pub(super) fn prompt(&self) -> String {
        let view = self.view();
        let who = view.agent.number.as_ref().map(|number| number.as_str());
        let who = who.or_else(|| view.agent.login.as_ref().map(|login| login.as_str())).unwrap_or("agent");
        let line = if self.is_over.load(Ordering::Relaxed) {
            "not connected"
        } else if view.stale_since.is_some() {
            "unknown"
        } else if view.connection != Connection::Connected {
            "not connected"
        } else {
            view.line.name().unwrap_or("unknown")
        };
        let hold = if view.held.is_some() { ", holding" } else { "" };
        let conference = if view.conference.is_some() { ", conference" } else { "" };
        format!("{} {line}{conference}{hold}", shown(who))
    }

    fn news(&self, story: &mut Story, news: &News) {
        match news {
            News::Told { turn, at, command, events, .. } => {
                let said = {
                    let mut seen = self.view();
                    // A view that was asked for after news were missed has some of the next ones already.
                    if *turn > seen.turn {
                        seen.turn = *turn;
                        events.iter().for_each(|event| seen.view.apply(event));
                    }
                    story.tell(command.as_deref(), events, &seen)
                };
                for said in said {
                    self.say_at(*at, &said);
                }
                let results =
                    events.iter().filter(|event| matches!(event, Event::CommandDone { .. })).count();
                self.results.send_modify(|told| *told += results as u64);
                self.changed.send_replace(());
            }
            // The engine tells that the connection was lost; this says why. After a goodbye it is no news.
            News::Socket { why, .. } if !self.is_leaving() => {
                self.say(&Said::new(Tone::Quiet, format!("socket: {}", shown(&why.to_string()))));
            }
            News::Reconnecting { after, .. } => {
                let text = format!("the connection is made again in {:.1} s", after.as_secs_f32());
                self.say(&Said::new(Tone::Connection, text));
            }
            News::Socket { .. } | _ => {}
        }
    }

    /// The line has ended. If nobody asked for that, it is told why.
    fn ended(&self, ended: Result<(), LineError>) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Err(why) = ended {
            self.say(&Said::new(Tone::Bad, format!("the line has ended: {}", shown(&why.to_string()))));
        }
        self.changed.send_replace(());
    }

    fn is_leaving(&self) -> bool {
        matches!(self.view().connection, Connection::Leaving | Connection::Offline)
    }
}

impl Desk {
    /// A desk over a line that is not connected yet. With a prompt, what is to be shown above it comes too.
    pub(super) async fn new(
        line: Line,
        recording: Option<Recording>,
        zone: TimeZone,
        color: Color,
        is_typed: bool,
    ) -> Result<(Arc<Self>, Option<ExternalPrinter<String>>), Failed> {
        let (out, printer) = if is_typed {
            let printer = ExternalPrinter::new(LINES);
            (Out::Prompt(printer.sender(), color.into()), Some(printer))
        } else {
            (Out::Lines(color.into()), None)
        };
        // Before the view, so that nothing falls between the two.
        let mut news = line.news();
        let view = line.view().await.map_err(|error| Failed::System(error.to_string()))?;
        let told = Arc::new(Told {
            zone,
            out,
            view: Mutex::new(view),
            changed: watch::Sender::default(),
            results: watch::Sender::default(),
            is_over: AtomicBool::new(false),
        });
        let follower = {
            let (told, line) = (Arc::clone(&told), line.clone());
            tokio::spawn(async move {
                let mut story = Story::new(false);
                while let Some(next) = news.next().await {
                    match next {
                        Ok(news) => told.news(&mut story, &news),
                        Err(error) => {
                            told.say(&Said::new(Tone::Warning, error.to_string()));
                            if let (LineError::Missed(_), Ok(view)) = (&error, line.view().await) {
                                *told.view() = view;
                            }
                        }
                    }
                }
                told.ended(line.ended().await);
            })
        };
        Ok((
            Arc::new(Self {
                line,
                recording,
                told,
                results: AtomicU64::new(0),
                follower: Mutex::new(Some(follower)),
            }),
            printer,
        ))
    }

    /// Connects, or says why it cannot be.
    pub(super) async fn connect(&self, connect: Command) -> Result<(), String> {
        let name = connect.name().text();
        let result = self.line.command(connect).await;
        self.caught_up().await;
        match result {
            Ok(result) if result.is_done() => Ok(()),
            Ok(result) => Err(words::ended(name, &result).text),
            Err(error) => Err(shown(&error.to_string())),
        }
    }

    /// A result came. Waits until the news have told it, too: they come another way.
    async fn caught_up(&self) {
        let results = self.results.fetch_add(1, Ordering::Relaxed) + 1;
        let mut told = self.told.results.subscribe();
        let _ = tokio::time::timeout(Duration::from_secs(1), told.wait_for(|told| *told >= results)).await;
    }

    /// Says goodbye to the server, and makes what was recorded durable.
    pub(super) async fn goodbye(&self) -> Result<(), Failed> {
        let closed = self.line.close().await;
        let follower = locked(&self.follower).take();
        if let Some(follower) = follower {
            // It ends with the line, when all news were told.
            let _ = tokio::time::timeout(Duration::from_secs(1), follower).await;
        }
        closed.map_err(|error| {
            if let LineError::Handle(why) = error {
                Failed::Unrecorded(format!("nothing more can be recorded: {why}"))
            } else {
                Failed::System(error.to_string())
            }
        })?;
        match &self.recording {
            Some(recording) => Ok(recording.log.sync()?),
            None => Ok(()),
        }
    }

    /// Does what was asked for, and tells how it ended.
    pub(super) async fn ask(&self, asked: Asked) -> Ended {
        match asked {
            Asked::Command(command) => self.command(command).await,
            Asked::Consult(number) => {
                let somebody = {
                    let view = self.told.view();
                    view.line == LineState::Talk || view.held.is_some()
                };
                if !somebody {
                    return self.refuse("consult refused: there is nobody who could wait meanwhile");
                }
                let sequence = callfold::CallSequence::AgentFirst;
                self.command(Command::Call { number, sequence }).await
            }
            Asked::State => self.state(),
            Asked::Actions(number) => {
                let actions = self.told.view().actions(&number);
                let names: Vec<_> = actions.iter().map(|action| action.name()).collect();
                let text = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
                self.told.say(&Said::new(Tone::Plain, format!("with {}: {text}", shown(&number))));
                Ended::Done
            }
            Asked::Calls => self.calls().await,
            Asked::Wait(state, patience) => self.wait(state, patience).await,
            Asked::Help => {
                let mut text = String::new();
                for word in WORDS {
                    let left = format!("{} {}", word.name, word.with);
                    text.push_str(&format!("  {TOTAL}{left:<26}{TOTAL:#}{}\n", word.does));
                }
                self.told.write(text.trim_end());
                Ended::Done
            }
            Asked::Quit => Ended::Quit,
        }
    }

    fn refuse(&self, why: &str) -> Ended {
        self.told.say(&Said::new(Tone::Bad, why));
        Ended::Refused
    }

    /// What makes no sense is told as it is.
    pub(super) fn misread(&self, why: &str) -> Ended {
        self.refuse(why)
    }

    async fn command(&self, command: Command) -> Ended {
        let name = command.name().text();
        let result = self.line.command(command).await;
        if result.is_ok() {
            // What never came to a result is in no news.
            self.caught_up().await;
        }
        match result {
            Ok(result) if result.is_done() => Ended::Done,
            // That it was refused, and why, the news tell.
            Ok(_) => Ended::Refused,
            Err(error) => self.refuse(&format!("command {name}: {}", shown(&error.to_string()))),
        }
    }

    fn state(&self) -> Ended {
        let now = SystemClock.now();
        let view = self.told.view().clone();
        let mut lines = vec![("connection", words::connection(&view)), ("agent", words::agent_now(&view))];
        if let Some(since) = view.stale_since {
            let text = format!("since {}; the rest is what was so then", time_of_day(since, &self.told.zone));
            lines.push(("unknown", Said::new(Tone::Warning, text)));
        }
        lines.push(("line", words::line_now(&view)));
        if let Some(length) = view.talk_length(now) {
            lines.push(("talk clock", Said::new(Tone::Plain, format!("{} s", length.as_secs()))));
        }
        let besides = words::besides_line(&view);
        lines.extend(besides.into_iter().map(|(name, text)| (name, Said::new(Tone::Waiting, text))));
        let text = lines.into_iter().map(|(name, said)| {
            let style = said.tone.style();
            format!("  {TIME}{name:<12}{TIME:#}{style}{}{style:#}", said.text)
        });
        self.told.write(&text.collect::<Vec<_>>().join("\n"));
        Ended::Done
    }

    async fn calls(&self) -> Ended {
        let Some(recording) = &self.recording else {
            return self.refuse("nothing is recorded: give --store");
        };
        let (log, stream) = (recording.log.clone(), recording.stream);
        let mut query = CallQuery::default();
        query.stream = Some(stream);
        let found = tokio::task::spawn_blocking(move || log.calls(&query)).await;
        let calls: Vec<_> = match found {
            Ok(Ok(found)) => found.into_iter().map(|found| found.call).collect(),
            Ok(Err(error)) => return self.refuse(&error.to_string()),
            Err(_) => return self.refuse("the calls could not be read"),
        };
        let last = calls.get(calls.len().saturating_sub(LAST_CALLS)..).unwrap_or_default();
        let mut text = Vec::new();
        let written = Page { out: &mut text, zone: &self.told.zone }.calls(last);
        if written.is_err() {
            return self.refuse("the calls could not be written");
        }
        self.told.write(String::from_utf8_lossy(&text).trim());
        Ended::Done
    }

    async fn wait(&self, state: Awaited, patience: Duration) -> Ended {
        let mut changed = self.told.changed.subscribe();
        // What led to it has been told when the wait is over.
        let came = async {
            loop {
                let is_there = {
                    let view = self.told.view();
                    view.stale_since.is_none() && is_so(&view, state)
                };
                if is_there {
                    return Ended::Done;
                }
                tokio::select! {
                    _ = changed.changed() => {}
                    _ = self.line.ended() => return self.refuse("the line has ended"),
                }
            }
        };
        match tokio::time::timeout(patience, came).await {
            Ok(ended) => ended,
            Err(_) => {
                let name =
                    Awaited::ALL.iter().find(|(_, known)| *known == state).map_or("", |(name, _)| name);
                self.refuse(&format!("waited {} s in vain for: {name}", patience.as_secs()))
            }
        }
    }
}

fn is_so(view: &View, state: Awaited) -> bool {
    match state {
        Awaited::Ready => view.line == LineState::Ready,
        Awaited::Ring => view.line == LineState::Ring,
        Awaited::BackRing => view.line == LineState::BackRing,
        Awaited::Call => matches!(view.line, LineState::Call | LineState::BackCall),
        Awaited::Talk => view.line == LineState::Talk,
        Awaited::Held => view.held.is_some(),
        Awaited::Free => view.held.is_none(),
        Awaited::Conference => view.line == LineState::Talk && view.conference.is_some(),
        Awaited::Disconnected => view.line == LineState::Disconnected,
    }
}
