//! A floor of agents whose lines are recorded: a real server on the loopback, a real store.

use callfold::log::to_the_end;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use callfold::live::{
    self, Line, LineWatch, News, NewsReader, Options, Reconnect, Recorded, Secret, endpoint,
};
use callfold::log::{Durability, Log, LogRecord, StreamId, StreamInfo, VerifyOptions};
use callfold::{Command, CommandResult, Config, Connection, Event, InputKind, Timestamp, View};
use callfold_simulator::{Account, Manners, Pbx, PbxBuilder, Simulator};
use tempfile::TempDir;

pub(crate) const CUSTOMER: &str = "+79161234567";
/// What secrets look like here: they may be found nowhere.
pub(crate) const PASSWORD: &str = "Canary-Password-7f3a";

/// Machines of continuous integration are slow at times.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn layout() -> PbxBuilder {
    Pbx::builder()
        .user(Account::new("ivanov", PASSWORD, "101").name("Иванов Иван"))
        .user(Account::new("petrova", PASSWORD, "102").name("Петрова Анна"))
        .outside(CUSTOMER, "ООО Ромашка", Manners::Waits)
        .seed(1)
}

pub(crate) async fn server() -> Simulator {
    Simulator::builder(layout().build().unwrap()).start().await.unwrap()
}

/// A store on disk. Drop every clone of the log to open it again.
pub(crate) struct Store {
    pub(crate) directory: TempDir,
}

impl Store {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("store")
    }

    pub(crate) fn open(&self) -> Log {
        let mut options = callfold::log::Options::default();
        options.durability = Durability::Always;
        Log::open(&self.path(), options).unwrap().0
    }
}

pub(crate) fn now() -> Timestamp {
    callfold::live::Clock::now(&callfold::live::SystemClock)
}

/// The line of an agent.
pub(crate) struct Agent {
    pub(crate) line: Line,
    pub(crate) stream: StreamId,
    pub(crate) news: NewsReader,
    endpoint: callfold::Endpoint,
}

impl Agent {
    /// Opens the line of `login`, recorded in the stream `stream`. Tries again at once when the connection is lost.
    pub(crate) async fn open(log: &Log, url: &str, login: &str, stream: &str) -> Self {
        let mut options = Options::default();
        stream.clone_into(&mut options.name);
        options.reconnect =
            Reconnect::BackOff { first: Duration::from_millis(50), longest: Duration::from_millis(200) };
        options.news = 100_000;
        let password = options.secrets.keep(Secret::password(PASSWORD.to_owned()));
        let info = StreamInfo::new(stream, Config::live(), now()).of(login, "pbx");
        let Recorded { line, stream, .. } = live::record(log, info, options).await.unwrap();
        let news = line.news();
        Self { line, stream, news, endpoint: endpoint(url, login, password) }
    }

    pub(crate) async fn connected(log: &Log, url: &str, login: &str, stream: &str) -> Self {
        let agent = Self::open(log, url, login, stream).await;
        assert!(agent.connect().await.is_done());
        agent
    }

    pub(crate) async fn connect(&self) -> CommandResult {
        self.line.command(Command::Connect(self.endpoint.clone())).await.unwrap()
    }

    pub(crate) async fn sees(&self, what: &str, is_so: impl Fn(&View) -> bool) -> View {
        let mut view = self.line.watch().await.unwrap();
        let seen = tokio::time::timeout(PATIENCE, view.wait_for(|view| is_so(view))).await;
        seen.unwrap_or_else(|_| panic!("never: {what}")).unwrap().view.clone()
    }

    pub(crate) async fn hears(&mut self, what: &str, is_it: impl Fn(&Event) -> bool) {
        let heard = async {
            while let Some(news) = self.news.next().await {
                if let News::Told { events, .. } = news.unwrap()
                    && events.iter().any(&is_it)
                {
                    return true;
                }
            }
            false
        };
        assert!(tokio::time::timeout(PATIENCE, heard).await.unwrap_or_default(), "never heard: {what}");
    }
}

pub(crate) fn is_back(view: &View) -> bool {
    view.connection == Connection::Connected && view.stale_since.is_none()
}

/// Everything in a stream; it is whole, and today's rules decide the same.
pub(crate) fn whole(log: &Log, stream: StreamId) -> Vec<LogRecord> {
    let report = log.verify(stream, &VerifyOptions::default().rerun(), &mut to_the_end).unwrap();
    assert!(report.is_good(), "{report:?}");
    log.records(stream, 1).map(Result::unwrap).collect()
}

/// The frames of a stream, in order.
pub(crate) fn frames(records: &[LogRecord]) -> Vec<String> {
    let frame = |record: &LogRecord| {
        let InputKind::Frame { text, .. } = &record.record.input.kind else { return None };
        Some(text.as_str().to_owned())
    };
    records.iter().filter_map(frame).collect()
}

/// The line as the log has it at its end.
pub(crate) fn at_the_end(log: &Log, stream: StreamId) -> LineWatch {
    LineWatch::from_log(log, stream, now(), callfold::Span::ZERO).unwrap()
}

/// A log over a store of ours.
pub(crate) fn over(store: impl callfold::log::LogStore + 'static) -> Log {
    Log::over(Arc::new(store))
}
