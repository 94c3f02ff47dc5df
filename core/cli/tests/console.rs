//! `callfold console`, worked by scripts against a simulated PBX.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use callfold::Span;
use callfold_simulator::{Account, Manners, Pbx, Simulator};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const CUSTOMER: &str = "+79161234567";
const EXPERT: &str = "+74951112233";

async fn simulator() -> Arc<Simulator> {
    let soon = Manners::AnswersAfter(Span::from_millis(100));
    let pbx = Pbx::builder()
        .user(Account::new("ivanov", "Secret1", "101").name("Иванов Иван"))
        .user(Account::new("petrova", "Secret2", "102").name("Петрова Анна"))
        .user(Account::new("sidorov", "Secret3", "103").name("Сидоров Пётр"))
        .outside(CUSTOMER, "ООО Ромашка", soon)
        .outside(EXPERT, "Эксперт", soon)
        .build()
        .unwrap();
    Arc::new(Simulator::builder(pbx).start().await.unwrap())
}

/// Whoever sits at these phones answers whatever rings, until the test is over.
fn answering(simulator: &Arc<Simulator>, phones: &[&'static str]) -> tokio::task::JoinHandle<()> {
    let (simulator, phones) = (Arc::clone(simulator), phones.to_vec());
    tokio::spawn(async move {
        loop {
            for phone in &phones {
                let _ = simulator.answer(*phone);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
}

async fn console(url: &str, args: &[&str], password: &str, script: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callfold"));
    command.args(["console", "--utc", "--url", url, "--login", "ivanov"]).args(args);
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "CALLFOLD_STORE", "CALLFOLD_LOG"] {
        command.env_remove(name);
    }
    command.env("CALLFOLD_PASSWORD", password);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let script = script.to_owned();
    let work = move || {
        let mut child = command.spawn().unwrap();
        // It may end before it has read all.
        let _ = child.stdin.take().unwrap().write_all(script.as_bytes());
        child.wait_with_output().unwrap()
    };
    tokio::task::spawn_blocking(work).await.unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What it printed, without the times.
fn told(output: &Output) -> String {
    let line = |line: &str| line.get(10..).unwrap_or_default().to_owned() + "\n";
    text(&output.stdout).lines().map(line).collect()
}

/// These lines were told, in this order.
fn assert_told(told: &str, wanted: &[&str]) {
    let mut lines = told.lines();
    for wanted in wanted {
        assert!(lines.any(|line| line.contains(wanted)), "no `{wanted}` in its place:\n{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_held_consulted_about_and_transferred() {
    let simulator = simulator().await;
    let script = format!(
        "# a day at the desk\nwait ready 10\ncall +7 (916) 123-45-67\nwait backring 10\nanswer\nwait talk 10\nhold\nwait held 10\n\
         consult {EXPERT}\nwait talk 10\nactions {CUSTOMER}\nstate\ntransfer {CUSTOMER}\nwait ready 10\nwait free 10\nquit\n"
    );
    let _phones = answering(&simulator, &[]);
    let output = console(&simulator.url(), &["--strict"], "Secret1", &script).await;
    let told = told(&output);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{told}");
    assert_told(
        &told,
        &[
            "connected: Иванов Иван 101",
            "> call +7 (916) 123-45-67",
            "talk with ООО Ромашка",
            "> hold",
            "put on hold: ООО Ромашка",
            &format!("> consult {EXPERT}"),
            &format!("with {CUSTOMER}: toggle, commutate"),
            "> transfer",
            "> quit",
        ],
    );
    // What happens is told as it comes, beside the script.
    assert_told(&told, &["talk with Эксперт"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conference_is_made_invited_to_and_left() {
    let simulator = simulator().await;
    let phones = answering(&simulator, &["101", "102", "103"]);
    let script = "wait ready 10\nconference 102\nwait conference 10\ninvite 103\nend\nwait ready 10\n";
    let output = console(&simulator.url(), &["--strict"], "Secret1", script).await;
    phones.abort();
    let told = told(&output);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{told}");
    assert_told(&told, &["> conference 102", "talk in a conference", "> invite 103", "> end"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_is_told_with_its_code_and_is_the_exit_code() {
    let simulator = simulator().await;
    let script = "wait ready 10\nanswer\ntoggle\ntransfer 102\nconsult 102\ncalls\nsing\ncall\nwait talk 0\nuserstatus nonsense\n";
    let output = console(&simulator.url(), &[], "Secret1", script).await;
    let all = told(&output);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), ""), "{all}");
    assert_told(
        &all,
        &[
            "command answer refused: 2901 ",
            "command toggle refused: 2402 nothing to toggle, no hold",
            "command transfer 102 refused: 2303 nothing to transfer",
            "consult refused: there is nobody who could wait meanwhile",
            "nothing is recorded: give --store",
            "there is no command sing; `help` lists them",
            "say: call NUMBER",
            "waited 0 s in vain for: talk",
            "refused: 4001 ",
        ],
    );
    let output = console(&simulator.url(), &["--strict"], "Secret1", script).await;
    let strict = told(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(strict.contains("2901") && !strict.contains("2402"), "{strict}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_can_be_recorded_and_a_password_is_nowhere() {
    let simulator = simulator().await;
    let directory = TempDir::new().unwrap();
    let store = directory.path().join("store");
    let store = store.to_str().unwrap();
    let script = format!(
        "wait ready 10\ncall {CUSTOMER}\nwait backring 10\nanswer\nwait talk 10\nend\nwait ready 10\ncalls\n"
    );
    let output = console(&simulator.url(), &["--store", store, "--strict", "-vv"], "Secret1", &script).await;
    let told = told(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(!text(&output.stderr).contains("Secret1"));
    let (_, calls) = told.split_once("> calls").unwrap();
    assert!(calls.contains("ООО Ромашка"), "{told}");
    let verified = Command::new(env!("CARGO_BIN_EXE_callfold"))
        .args(["verify", "--rerun", "--store", store])
        .output()
        .unwrap();
    assert_eq!(verified.status.code(), Some(0), "{}", text(&verified.stdout));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_is_not_taken_is_told() {
    let simulator = simulator().await;
    let output = console(&simulator.url(), &[], "Wrong", "state\n").await;
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stdout));
    let said = text(&output.stderr);
    assert!(said.starts_with("callfold: command connect refused: 1202 "), "{said}");
    assert!(!said.contains("Wrong\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_has_another_address_now_is_the_same_line() {
    let directory = TempDir::new().unwrap();
    let store = directory.path().join("store");
    let args = ["--store", store.to_str().unwrap()];
    let (one, other) = (simulator().await, simulator().await);
    let output = console(&one.url(), &args, "Secret1", "wait ready 10\n").await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let output = console(&other.url(), &args, "Secret1", "wait ready 10\n").await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let (log, _) = callfold::log::Log::open(&store, Default::default()).unwrap();
    assert_eq!(log.streams().unwrap().len(), 1, "it goes on with its stream");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_that_is_asked_to_end_says_goodbye() {
    let simulator = simulator().await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_callfold"));
    command.args(["console", "--utc", "--url", &simulator.url(), "--login", "ivanov"]);
    command.env("CALLFOLD_PASSWORD", "Secret1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let work = move || {
        let mut child = command.spawn().unwrap();
        let mut script = child.stdin.take().unwrap();
        script.write_all(b"wait talk 60\n").unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("> wait talk") {
            line.clear();
            assert!(out.read_line(&mut line).unwrap() > 0);
        }
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        drop(script);
        (child.wait().unwrap(), rest)
    };
    let (status, rest) = tokio::task::spawn_blocking(work).await.unwrap();
    assert_eq!(status.code(), Some(0), "{rest}");
    assert!(simulator.with(|pbx, _| pbx.clients_of("101").is_empty()), "{rest}");
}
