//! `callfold record` and `callfold simulate`, run as people run them: real processes that talk over the loopback.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use callfold::Event;
use callfold::log::{Log, Options};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long something may take on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(90);

/// A password, and its digests as a login carries them: of itself, and of it in small letters.
const CANARY: &str = "CanaryPass7";
const DIGESTS: [&str; 2] = ["5e00bef7a763592df1871b3a288763d6", "d3d38f0d4ac3b578038800d1a09595d6"];

fn callfold(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callfold"));
    command.args(args).stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "CALLFOLD_STORE", "CALLFOLD_PASSWORD", "CALLFOLD_LOG"] {
        command.env_remove(name);
    }
    command
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn run(args: &[&str]) -> Output {
    callfold(args).output().unwrap()
}

fn good(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{args:?}");
    text(&output.stdout).to_owned()
}

/// The last line on standard error of a run that ends with this code.
fn fails(expected: i32, command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(expected), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said.lines().last().unwrap_or_default().to_owned()
}

/// A process whose lines are read as they come.
struct Running {
    child: Child,
    lines: Receiver<String>,
    /// What it said so far.
    said: String,
    errors: Option<JoinHandle<String>>,
}

impl Running {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out: ChildStdout = child.stdout.take().unwrap();
        let mut err: ChildStderr = child.stderr.take().unwrap();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let errors = std::thread::spawn(move || {
            let mut all = String::new();
            err.read_to_string(&mut all).unwrap();
            all
        });
        Self { child, lines, said: String::new(), errors: Some(errors) }
    }

    /// Waits for a line that has this.
    fn wait_for(&mut self, what: &str) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            let line = line.unwrap_or_else(|error| panic!("{error}: no `{what}` in:\n{}", self.said));
            self.said.push_str(&line);
            self.said.push('\n');
            if line.contains(what) {
                return line;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end: how it ended, and all that it said.
    fn end(mut self) -> (ExitStatus, String, String) {
        let status = self.child.wait().unwrap();
        self.said.extend(self.lines.iter().flat_map(|line| [line, "\n".to_owned()]));
        let errors = self.errors.take().unwrap().join().unwrap();
        (status, std::mem::take(&mut self.said), errors)
    }

    /// Ends it as people do. All that it said.
    fn interrupt(self) -> (String, String) {
        self.signal(Signal::INT);
        let (status, said, errors) = self.end();
        assert_eq!(status.code(), Some(0), "{said}\n{errors}");
        (said, errors)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // If it has ended already, so much the better.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A server, and a directory for a store.
struct Place {
    server: Running,
    url: String,
    directory: TempDir,
}

impl Place {
    fn new(args: &[&str]) -> Self {
        let mut server = Running::start(
            callfold(&["simulate", "--listen", "127.0.0.1:0", "--password", CANARY]).args(args),
        );
        let url = server.wait_for("listening at ").split(' ').next_back().unwrap().to_owned();
        Self { server, url, directory: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn store(&self) -> String {
        self.path("store").to_str().unwrap().to_owned()
    }

    /// `record`, with the password in the variable.
    fn record(&self, args: &[&str]) -> Command {
        let mut command =
            callfold(&["record", "--url", &self.url, "--login", "ivanov", "--store", &self.store()]);
        command.args(args).env("CALLFOLD_PASSWORD", CANARY);
        command
    }

    fn events(&self) -> Vec<Event> {
        let (log, _) = Log::open(&self.path("store"), Options::default()).unwrap();
        let stream = log.stream("ivanov").unwrap().id;
        log.told(stream, 1).flat_map(|told| told.unwrap().events.to_vec()).collect()
    }
}

const BUSY: &[&str] = &["--calls-per-minute", "300", "--users", "2"];

#[test]
fn a_line_is_recorded_until_ctrl_c_and_then_read() {
    let place = Place::new(BUSY);
    let mut recorder = Running::start(&mut place.record(&["--durability", "always"]));
    recorder.wait_for("connected: Иванов Иван 101");
    recorder.wait_for("talk ended");
    let (said, errors) = recorder.interrupt();
    assert_eq!(errors, "");
    assert!(said.lines().last().unwrap().starts_with("recorded 1 line: "), "{said}");
    assert!(place.events().iter().any(|event| matches!(event, Event::Disconnected { .. })));

    assert!(good(&["calls", "--store", &place.store()]).contains("answered"));
    assert!(good(&["verify", "--rerun", "--store", &place.store()]).contains("all good"));
}

#[test]
fn a_recorder_that_was_killed_goes_on_and_the_gap_is_in_the_log() {
    let place = Place::new(BUSY);
    let mut recorder = Running::start(&mut place.record(&[]));
    recorder.wait_for("talk with");
    // What came is durable 50 ms later; what is waited for came after the connection was made.
    recorder.wait_for("talk ended");
    recorder.signal(Signal::KILL);
    drop(recorder.end());

    let mut recorder = Running::start(&mut place.record(&[]));
    recorder.wait_for("connected: Иванов Иван 101");
    recorder.interrupt();
    let events = place.events();
    assert!(events.iter().any(|event| matches!(event, Event::LineWentStale { .. })), "a gap");
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Connected)).count(), 2);
    assert!(good(&["verify", "--rerun", "--store", &place.store()]).contains("all good"));
}

#[test]
fn a_wrong_password_is_told_and_not_tried_again() {
    let place = Place::new(&[]);
    let said = fails(5, place.record(&[]).env("CALLFOLD_PASSWORD", "another"));
    assert!(said.starts_with("callfold: ivanov: refused, and not tried again: 1202 "), "{said}");
    assert!(!said.contains("another"), "{said}");
}

#[test]
fn the_password_is_needed_and_its_file_is_its_owner_s() {
    let place = Place::new(&[]);
    let file = place.path("password");
    fs::write(&file, format!("{CANARY}\n")).unwrap();
    let from_file = || {
        let mut command = place.record(&["--password-file", file.to_str().unwrap()]);
        command.env_remove("CALLFOLD_PASSWORD");
        command
    };
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let said = fails(2, &mut from_file());
    assert!(said.contains("mode 0644") && said.contains("chmod 600") && !said.contains(CANARY), "{said}");

    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let mut recorder = Running::start(&mut from_file());
    recorder.wait_for("connected: ");
    recorder.interrupt();

    let said = fails(2, place.record(&[]).env("CALLFOLD_PASSWORD", ""));
    assert!(said.ends_with("the variable CALLFOLD_PASSWORD: the password is empty"), "{said}");
}

#[test]
fn an_address_that_is_taken_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = fails(5, &mut callfold(&["simulate", "--listen", &address]));
    assert!(said.starts_with(&format!("callfold: cannot listen on {address}: ")), "{said}");

    let place = Place::new(&[]);
    let said = fails(5, &mut place.record(&["--metrics", &address]));
    assert!(said.starts_with(&format!("callfold: cannot serve figures on {address}: ")), "{said}");
}

#[test]
fn plain_ws_to_another_machine_is_refused() {
    let directory = TempDir::new().unwrap();
    let store = directory.path().join("store");
    let mut command = callfold(&[
        "record",
        "--url",
        "ws://192.0.2.1:1",
        "--login",
        "a",
        "--store",
        store.to_str().unwrap(),
    ]);
    let said = fails(5, command.env("CALLFOLD_PASSWORD", CANARY));
    assert!(said.contains("192.0.2.1: plain ws to another machine is refused"), "{said}");
    assert!(said.contains("--insecure-ws"), "{said}");
}

#[test]
fn a_second_ctrl_c_does_not_wait_for_the_goodbye() {
    let place = Place::new(&[]);
    let mut recorder = Running::start(&mut place.record(&[]));
    recorder.wait_for("connected: ");
    // A server that stands still answers no goodbye.
    place.server.signal(Signal::STOP);
    recorder.signal(Signal::INT);
    recorder.wait_for("command: disconnect");
    recorder.signal(Signal::INT);
    let (status, said, _) = recorder.end();
    place.server.signal(Signal::CONT);
    assert_eq!(status.code(), Some(130), "{said}");
}

#[test]
fn a_reader_who_stands_still_does_not_hold_up_the_end() {
    let mut place = Place::new(&["-v"]);
    let (reader, mut writer) = std::io::pipe().unwrap();
    let out = writer.try_clone().unwrap();
    // The pipe is full before anything is shown, and stays so.
    std::thread::spawn(move || drop(writer.write_all(&[b' '; 1024 * 1024])));
    let mut recorder = place.record(&[]);
    let mut child = recorder.stdout(out).stderr(Stdio::null()).spawn().unwrap();
    drop(recorder);
    place.server.wait_for("ivanov logs in");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let until = Instant::now() + PATIENCE;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if Instant::now() > until {
            child.kill().unwrap();
            panic!("it waits for a reader");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(0));
    drop(reader);
    assert!(good(&["verify", "--rerun", "--store", &place.store()]).contains("all good"));
}

#[test]
fn an_order_to_end_right_after_the_start_is_heard() {
    // Not by SIGINT: whoever runs the tests in the background has their children ignore it until they say otherwise.
    let place = Place::new(&[]);
    for wait in [0, 5, 20, 50, 100, 200] {
        let mut child = place.record(&[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let until = Instant::now() + PATIENCE;
        while child.try_wait().unwrap().is_none() {
            if Instant::now() > until {
                child.kill().unwrap();
                panic!("after {wait} ms it was not heard");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn a_connection_that_is_cut_is_made_again() {
    let place = Place::new(&["--cut-after", "2s"]);
    let mut recorder = Running::start(&mut place.record(&[]));
    recorder.wait_for("connected: ");
    recorder.wait_for("connection lost");
    recorder.wait_for("connects again in ");
    recorder.wait_for("connected: ");
    let (said, _) = recorder.interrupt();
    assert!(said.lines().last().unwrap().contains("1 try to connect again"), "{said}");
}

#[test]
fn an_authority_of_one_s_own_is_trusted_if_it_is_named_and_not_otherwise() {
    let files = TempDir::new().unwrap();
    let file = |name: &str, content: String| {
        let path = files.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let pair = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = file("pbx.pem", pair.cert.pem());
    let key = file("pbx.key", pair.signing_key.serialize_pem());
    let place = Place::new(&["--tls-cert", &certificate, "--tls-key", &key]);
    assert!(place.url.starts_with("wss://"));

    let mut recorder = Running::start(&mut place.record(&[]));
    recorder.wait_for("no TLS: ");
    recorder.interrupt();
    let mut recorder = Running::start(&mut place.record(&["--ca", &certificate]));
    recorder.wait_for("connected: ");
    recorder.interrupt();
    let said = fails(2, &mut place.record(&["--ca", &key]));
    assert!(said.ends_with("there is no certificate in it"), "{said}");
}

#[test]
fn a_file_names_many_lines() {
    let place = Place::new(BUSY);
    let config = place.path("floor.toml");
    let start = |text: &str| {
        fs::write(&config, text).unwrap();
        let mut command =
            callfold(&["record", "--config", config.to_str().unwrap(), "--store", &place.store()]);
        command.env("FLOOR", CANARY);
        command
    };
    let defaults = format!("[defaults]\nurl = '{}'\npassword-env = 'FLOOR'\n", place.url);
    let named = config.to_str().unwrap();
    for (lines, why) in [
        ("[[line]]\nlogin = 'ivanov'\npassword = 'canary'\n", "line 6: no password stands in this file"),
        ("[[line]]\nlogn = 'canary'\n", "line 5: `logn` is not known"),
        ("[[line]]\nname = 'canary'\n", "line 4: the line has no `login`"),
        ("", "there is no [[line]] in it"),
    ] {
        let said = fails(2, &mut start(&format!("{defaults}{lines}")));
        assert!(said.starts_with(&format!("callfold: {named}: {why}")), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
    let lines = "[[line]]\nlogin = 'ivanov'\npassword-env = 'NOT_SET'\n";
    let said = fails(2, &mut start(&format!("{defaults}{lines}")));
    assert!(said.ends_with("line `ivanov`: the variable NOT_SET is not set"), "{said}");

    let lines = "[[line]]\nlogin = 'ivanov'\n[[line]]\nlogin = 'petrova'\nname = 'second'\n\
                 [[line]]\nlogin = 'nobody'\n";
    let mut recorder = Running::start(&mut start(&format!("{defaults}{lines}")));
    recorder.wait_for("ivanov  connected: ");
    recorder.wait_for("second  talk ended");
    recorder.signal(Signal::TERM);
    let (status, said, errors) = recorder.end();
    assert_eq!(status.code(), Some(1), "one login is refused\n{said}");
    assert!(errors.starts_with("callfold: nobody: refused, and not tried again: 1202"), "{errors}");
    assert!(said.lines().last().unwrap().starts_with("recorded 3 lines: "), "{said}");
}

#[test]
fn figures_are_served_to_prometheus() {
    let place = Place::new(BUSY);
    // A file for what is said on standard error: it says where the figures are.
    let errors = place.path("errors");
    let mut recorder = place.record(&["--metrics", "127.0.0.1:0"]);
    recorder.stdout(Stdio::piped()).stderr(fs::File::create(&errors).unwrap());
    let mut child = recorder.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.find(|line| line.as_ref().unwrap().contains("talk with")).unwrap().unwrap();
    let said = fs::read_to_string(&errors).unwrap();
    let address = said.split("http://").nth(1).unwrap().split('/').next().unwrap();
    let ask = |request: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(format!("{request} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let answer = ask("GET /metrics");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    for line in ["callfold_lines 1\n", "callfold_gaps_total 0\n", "callfold_reconnects_total 0\n"] {
        assert!(answer.contains(line), "{line}: {answer}");
    }
    for name in [
        "callfold_inputs_total",
        "callfold_announcements_total",
        "callfold_lag_seconds_bucket",
        "callfold_append_seconds_bucket",
    ] {
        assert!(answer.contains(&format!("\n{name}")), "{name}: {answer}");
    }
    assert!(!answer.contains("ivanov") && !answer.contains("7916"), "{answer}");
    assert!(ask("GET /").starts_with("HTTP/1.1 404 "));
    assert!(ask("POST /metrics").starts_with("HTTP/1.1 405 "));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    // It is read to its end, as a terminal would.
    lines.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_password_is_nowhere() {
    let place = Place::new(BUSY);
    let mut recorder = place.record(&["-vv", "--log", "trace"]);
    let mut recorder = Running::start(recorder.env("RUST_LOG", "trace"));
    recorder.wait_for("talk ended");
    let (said, errors) = recorder.interrupt();
    assert!(errors.contains("dialling"), "it is logged: {errors}");
    assert!(
        !errors.contains("ivanov") && !errors.contains("+79"),
        "no names and numbers are logged: {errors}"
    );
    let export = place.path("export.jsonl");
    good(&["export", "--store", &place.store(), "--out", export.to_str().unwrap()]);
    let mut files = vec![said.into_bytes(), errors.into_bytes(), fs::read(&export).unwrap()];
    read_all(&place.path("store"), &mut files);
    assert!(files.len() > 4);
    for file in files {
        for secret in [CANARY, DIGESTS[0], DIGESTS[1]] {
            let found = file.windows(secret.len()).any(|at| at.eq_ignore_ascii_case(secret.as_bytes()));
            assert!(!found, "{secret} in {}", String::from_utf8_lossy(&file));
        }
    }
}

fn read_all(path: &Path, files: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { read_all(&path, files) } else { files.push(fs::read(path).unwrap()) }
    }
}
