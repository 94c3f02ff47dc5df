//! A running recorder answers those who look on: over a socket, and as `callfold watch` shows it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Command as Process, Output, Stdio};
use std::time::{Duration, Instant};

use callfold::live::watchers::{self, MOST_WATCHERS, Told, VERSION, WatchedRow, Watchers, WatchersError};
use callfold::live::{self, Clock as _, Options, Reconnect, Recorded, Secret, SystemClock, endpoint};
use callfold::log::{Log, StreamInfo};
use callfold::{Command, Config, LineState, Span, calls::TimeKind};
use callfold_simulator::{Account, Manners, Pbx, Simulator};
use serde_json::Value;
use tempfile::TempDir;

const AGENTS: [(&str, &str, &str); 3] = [
    ("ivanov", "101", "Иванов Иван"),
    ("petrova", "102", "Петрова Анна"),
    ("sidorov", "103", "Сидоров Пётр"),
];
const CUSTOMER: &str = "+79161234567";
const PATIENCE: Duration = Duration::from_secs(20);

/// A PBX, and a recorder of all its agents' lines.
struct Floor {
    simulator: Simulator,
    recorded: Vec<Recorded>,
    log: Log,
    _directory: TempDir,
    store: PathBuf,
}

impl Floor {
    async fn open() -> Self {
        let mut pbx = Pbx::builder().outside(CUSTOMER, "ООО Ромашка", Manners::Waits);
        for (login, number, name) in AGENTS {
            pbx = pbx.user(Account::new(login, "Secret1", number).name(name));
        }
        let simulator = Simulator::builder(pbx.build().unwrap()).start().await.unwrap();
        let directory = TempDir::new().unwrap();
        let store = directory.path().join("store");
        let (log, _) = Log::open(&store, Default::default()).unwrap();
        let mut recorded = Vec::new();
        for (login, _, _) in AGENTS {
            let mut options = Options::default();
            options.reconnect = Reconnect::Never;
            let password = options.secrets.keep(Secret::password("Secret1".to_owned()));
            let info = StreamInfo::new(login, Config::live(), SystemClock.now()).of(login, &simulator.url());
            let one = live::record(&log, info, options).await.unwrap();
            let connect = Command::Connect(endpoint(&simulator.url(), login, password));
            assert!(one.line.command(connect).await.unwrap().is_done());
            recorded.push(one);
        }
        Self { simulator, recorded, log, _directory: directory, store }
    }

    fn serve(&self) -> Watchers {
        let path = watchers::socket_of(&self.store);
        watchers::serve(self.log.clone(), self.recorded.clone(), &path, Span::ZERO).unwrap()
    }

    async fn close(self) {
        for one in &self.recorded {
            one.line.close().await.unwrap();
        }
    }

    /// Runs the command, on a thread of its own.
    async fn watch(&self, args: &[&str]) -> Output {
        let mut command = callfold(&self.store, args);
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }
}

fn callfold(store: &std::path::Path, args: &[&str]) -> Process {
    let mut command = Process::new(env!("CARGO_BIN_EXE_callfold"));
    command.args(["watch", "--utc", "--store"]).arg(store).args(args).stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "CALLFOLD_STORE"] {
        command.env_remove(name);
    }
    command
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Somebody who looks on.
struct Onlooker(BufReader<UnixStream>);

impl Onlooker {
    fn connect(store: &std::path::Path) -> Self {
        let stream = UnixStream::connect(watchers::socket_of(store)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    /// The next that is told; none when it is over.
    fn next(&mut self) -> Option<Told> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).unwrap();
        (read > 0).then(|| serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    fn row(&mut self) -> WatchedRow {
        match self.next() {
            Some(Told::Row(row)) => *row,
            other => panic!("{other:?}"),
        }
    }

    /// Reads rows until one is as wanted; how many it took.
    fn until(&mut self, wanted: impl Fn(&WatchedRow) -> bool) -> (WatchedRow, usize) {
        let until = Instant::now() + PATIENCE;
        for rows in 1.. {
            let row = self.row();
            if wanted(&row) {
                return (row, rows);
            }
            assert!(Instant::now() < until, "last: {row:?}");
        }
        unreachable!()
    }
}

/// Blocking work, while the recorder goes on.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_looks_on_is_greeted_gets_every_line_and_then_what_changes() {
    let floor = Floor::open().await;
    let watchers = floor.serve();
    let mode = fs::metadata(watchers.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let store = floor.store.clone();
    let mut onlookers = aside(move || {
        let mut onlookers = vec![Onlooker::connect(&store), Onlooker::connect(&store)];
        for onlooker in &mut onlookers {
            let hello = onlooker.next().unwrap();
            assert!(matches!(hello, Told::Hello { version: VERSION, lines: 3, .. }), "{hello:?}");
            let mut names: Vec<_> =
                (0..3).map(|_| onlooker.row()).map(|row| row.row.agent.unwrap()).collect();
            names.sort();
            assert_eq!(names, ["Иванов Иван", "Петрова Анна", "Сидоров Пётр"]);
        }
        onlookers
    })
    .await;

    let caller = floor.simulator.external_call(CUSTOMER, "102");
    onlookers = aside(move || {
        for onlooker in &mut onlookers {
            let (row, _) = onlooker.until(|row| row.row.line == LineState::Ring);
            assert_eq!((row.row.stream.as_str(), row.recorded), ("petrova", true));
            assert_eq!(row.row.others[0].name.as_deref(), Some("ООО Ромашка"));
            assert_eq!(row.doing(row.until).unwrap().0, TimeKind::Ring);
        }
        onlookers
    })
    .await;

    floor.simulator.answer("102").unwrap();
    floor.simulator.hold("102").unwrap();
    onlookers = aside(move || {
        let (row, _) = onlookers[0].until(|row| row.row.held.is_some());
        assert_eq!(row.row.doing.unwrap().0, TimeKind::Hold);
        // Time goes on by itself.
        let later = row.until + Span::from_secs(60);
        assert_eq!(
            row.today(later).of(TimeKind::Hold),
            row.today(row.until).of(TimeKind::Hold) + Span::from_secs(60)
        );
        onlookers
    })
    .await;

    // A lost connection is told as such, with what was last known.
    floor.simulator.cut("102");
    onlookers = aside(move || {
        let (row, _) = onlookers[0].until(|row| row.row.stale_since.is_some());
        assert!(row.row.held.is_some() && row.row.doing.unwrap().0 == TimeKind::Unknown);
        onlookers
    })
    .await;
    let _ = floor.simulator.hang_up(caller);

    // A line that is closed is not recorded any more; the others are.
    floor.recorded[2].line.close().await.unwrap();
    onlookers = aside(move || {
        let (row, _) = onlookers[0].until(|row| !row.recorded);
        assert_eq!(row.row.stream, "sidorov");
        onlookers
    })
    .await;

    drop(watchers);
    assert!(!watchers::socket_of(&floor.store).exists());
    aside(move || {
        for onlooker in &mut onlookers {
            while onlooker.next().is_some() {}
        }
    })
    .await;
    floor.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_slowly_gets_the_newest_row_of_each_line_and_holds_nobody_up() {
    let floor = Floor::open().await;
    let _watchers = floor.serve();
    let store = floor.store.clone();
    let mut slow = aside(move || {
        let mut slow = Onlooker::connect(&store);
        slow.next();
        (0..3).for_each(|_| drop(slow.row()));
        slow
    })
    .await;
    const CHANGES: usize = 40;
    let began = Instant::now();
    let mut line = floor.recorded[0].line.watch().await.unwrap();
    for _ in 0..CHANGES {
        let caller = floor.simulator.external_call(CUSTOMER, "101");
        assert!(
            tokio::time::timeout(PATIENCE, line.wait_for(|view| view.line == LineState::Ring)).await.is_ok()
        );
        floor.simulator.hang_up(caller).unwrap();
        assert!(
            tokio::time::timeout(PATIENCE, line.wait_for(|view| view.line == LineState::Ready)).await.is_ok()
        );
    }
    let _caller = floor.simulator.external_call("+79990000000", "101");
    let rows = aside(move || {
        let last =
            |row: &WatchedRow| row.row.others.iter().any(|who| who.number.as_deref() == Some("+79990000000"));
        slow.until(last).1
    })
    .await;
    // Ringing and ready, many times: a line's row is told at most four times a second, whatever happens meanwhile.
    let most = began.elapsed().as_millis() / 250 + 2;
    assert!(rows as u128 <= most, "{rows} rows, {most} at most");
    floor.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_a_crash_left_is_replaced_and_a_living_one_is_not() {
    let floor = Floor::open().await;
    let path = watchers::socket_of(&floor.store);
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let watchers = floor.serve();
    let again = watchers::serve(floor.log.clone(), Vec::new(), &path, Span::ZERO);
    assert!(matches!(again, Err(WatchersError::Answered { .. })), "{again:?}");
    drop(watchers);
    fs::write(&path, "not ours").unwrap();
    let file = watchers::serve(floor.log.clone(), Vec::new(), &path, Span::ZERO);
    assert!(matches!(file, Err(WatchersError::NoSocket { .. })), "{file:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "not ours");
    floor.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_may_look_on_are_told_so() {
    let floor = Floor::open().await;
    let _watchers = floor.serve();
    let store = floor.store.clone();
    aside(move || {
        let mut all: Vec<_> = (0..MOST_WATCHERS).map(|_| Onlooker::connect(&store)).collect();
        for onlooker in &mut all {
            assert!(matches!(onlooker.next(), Some(Told::Hello { .. })));
        }
        assert_eq!(Onlooker::connect(&store).next(), Some(Told::Full));
        drop(all);
        // There is room again.
        let until = Instant::now() + PATIENCE;
        while !matches!(Onlooker::connect(&store).next(), Some(Told::Hello { .. })) {
            assert!(Instant::now() < until);
            std::thread::sleep(Duration::from_millis(20));
        }
    })
    .await;
    floor.close().await;
}

// ---- the command ----

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_shows_a_running_recorder_as_a_table_and_as_json() {
    let floor = Floor::open().await;
    let busy = floor.watch(&[]).await;
    assert_eq!(busy.status.code(), Some(3));
    assert!(text(&busy.stderr).contains("does not answer who watches"), "{}", text(&busy.stderr));

    let watchers = floor.serve();
    let _caller = floor.simulator.external_call(CUSTOMER, "102");
    let mut line = floor.recorded[1].line.watch().await.unwrap();
    line.wait_for(|view| view.line == LineState::Ring).await.unwrap();
    let table = floor.watch(&[]).await;
    assert_eq!((table.status.code(), text(&table.stderr)), (Some(0), ""));
    let table = text(&table.stdout);
    let rings =
        table.lines().find(|line| line.starts_with("Петрова Анна")).unwrap_or_else(|| panic!("{table}"));
    assert!(rings.contains("rings") && rings.contains("ООО Ромашка +7 (916) 123-45-67"), "{table}");
    assert_eq!(table.lines().count(), 4, "{table}");

    let json = floor.watch(&["--json", "--filter", "ромашка"]).await;
    let rows: Vec<Value> =
        text(&json.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["row"]["stream"], "petrova");
    assert_eq!(rows[0]["row"]["line"], "Ring");
    assert!(rows[0]["row"]["today"]["ring"].is_i64(), "{}", rows[0]);

    // Lines as they change, until the recorder goes away; that is told, and it is asked again.
    let mut child =
        callfold(&floor.store, &["--follow"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let mut out = BufReader::new(out);
    out = aside(move || {
        for _ in 0..4 {
            out.read_line(&mut String::new()).unwrap();
        }
        out
    })
    .await;
    floor.simulator.answer("102").unwrap();
    aside(move || {
        let mut line = String::new();
        while !line.contains("talks, with ООО Ромашка") {
            line.clear();
            assert!(out.read_line(&mut line).unwrap() > 0);
        }
    })
    .await;
    drop(watchers);
    let mut lost = BufReader::new(err);
    let lost = aside(move || {
        let mut line = String::new();
        lost.read_line(&mut line).unwrap();
        line
    })
    .await;
    assert!(lost.contains("the recorder: it has ended; asked again in 0.5 s"), "{lost}");
    child.kill().unwrap();
    child.wait().unwrap();
    floor.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_nobody_has_open_shows_how_its_streams_ended() {
    let floor = Floor::open().await;
    let (store, directory) = (floor.store.clone(), floor._directory.path().join("none"));
    let Floor { recorded, log, _directory, simulator, .. } = floor;
    for one in &recorded {
        one.line.close().await.unwrap();
    }
    drop((recorded, log, simulator));
    let (still, none) =
        aside(move || (callfold(&store, &[]).output().unwrap(), callfold(&directory, &[]).output().unwrap()))
            .await;
    assert_eq!((still.status.code(), text(&still.stderr)), (Some(0), ""));
    let still = text(&still.stdout);
    assert!(still.contains("Сидоров Пётр  103     logged out"), "{still}");
    assert!(still.ends_with("\nnot recorded now: this was so at the end of each stream\n"), "{still}");
    assert_eq!(none.status.code(), Some(3));
    assert!(text(&none.stderr).starts_with("callfold: "), "{}", text(&none.stderr));
}
