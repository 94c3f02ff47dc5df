//! A floor of agents, recorded by one process from a simulated server in another, on one machine.
//!
//! `cargo run --release -p callfold --example floor [LINES] [FRAMES_A_SECOND] [SECONDS] [always|every:MS|never]`
//!
//! Every frame that the server sends has a number and the time when it was sent. At the end every stream is verified,
//! its frames are counted and their order is looked at; the figures are the recorder's: memory, CPU, and the time from
//! when the server sent a frame until its record was durable.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::float_arithmetic,
    clippy::indexing_slicing
)]

use callfold::log::to_the_end;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use callfold::live::{
    self, Clock as _, Line, News, NewsReader, Options, Recorded, Secret, SystemClock, endpoint,
};
use callfold::log::{Durability, Log, StreamId, StreamInfo, VerifyOptions};
use callfold::{Command, Config, Event, InputKind};
use callfold_simulator::{Account, Pbx, Simulator};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

/// The event that is counted.
const COUNTED: &str = "counted";
/// One of so many is looked at until it is durable, where that is later than it is told.
const LOOKED_AT: u64 = 50;

#[derive(Clone)]
struct Plan {
    lines: usize,
    a_second: u64,
    seconds: u64,
    policy: String,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: u64| args.get(at).map_or(default, |text| text.parse().unwrap());
    if args.first().is_some_and(|role| role == "recorder") {
        let plan = Plan {
            lines: number(1, 0) as usize,
            a_second: number(2, 0),
            seconds: number(3, 0),
            policy: args[4].clone(),
        };
        return runtime().block_on(recorder(&plan, &args[5], Path::new(&args[6])));
    }
    let plan = Plan {
        lines: number(0, 1_000) as usize,
        a_second: number(1, 2_000),
        seconds: number(2, 60),
        policy: args.get(3).map_or("every:50", String::as_str).to_owned(),
    };
    runtime().block_on(server(&plan));
}

fn runtime() -> tokio::runtime::Runtime {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    // As many threads as may wait for the disk at once.
    runtime.enable_all().worker_threads(2).max_blocking_threads(64).build().unwrap()
}

fn login(line: usize) -> String {
    format!("agent{line}")
}

fn number(line: usize) -> String {
    format!("{}", 1_000 + line)
}

// ---- the server ----

async fn server(plan: &Plan) {
    let mut layout = Pbx::builder().seed(1);
    for line in 0..plan.lines {
        let account = Account::new(&login(line), "secret", &number(line));
        layout = layout.user(account.name(&format!("Агент Номер {line}")));
    }
    let pbx = Simulator::builder(layout.build().unwrap()).start().await.unwrap();
    let store = tempfile::tempdir().unwrap();
    let mut recorder = recorder_process(plan, &pbx.url(), store.path());
    let mut said = BufReader::new(recorder.stdout.take().unwrap()).lines();
    let mut orders = recorder.stdin.take().unwrap();
    assert_eq!(said.next().unwrap().unwrap(), "connected");

    let sent = send(plan, &pbx).await;
    // What is on its way arrives.
    sleep(Duration::from_secs(2)).await;
    let counts: Vec<String> = sent.iter().map(u64::to_string).collect();
    writeln!(orders, "{}", counts.join(" ")).unwrap();
    drop(orders);
    let said = tokio::task::spawn_blocking(move || said.map(Result::unwrap).collect::<Vec<_>>());
    for line in said.await.unwrap() {
        println!("{line}");
    }
    assert!(recorder.wait().unwrap().success());
}

fn recorder_process(plan: &Plan, url: &str, store: &Path) -> Child {
    let plan_args = [plan.lines as u64, plan.a_second, plan.seconds].map(|number| number.to_string());
    Process::new(std::env::current_exe().unwrap())
        .arg("recorder")
        .args(plan_args)
        .args([plan.policy.as_str(), url])
        .arg(store.join("store"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Sends to all lines in turn; how many to each.
async fn send(plan: &Plan, pbx: &Simulator) -> Vec<u64> {
    const STEPS_A_SECOND: u64 = 100;
    let mut sent = vec![0_u64; plan.lines];
    let mut steps = interval(Duration::from_millis(1_000 / STEPS_A_SECOND));
    let mut line = 0;
    for step in 0..plan.seconds * STEPS_A_SECOND {
        steps.tick().await;
        // So that whatever the rate is, it is met over each second.
        let due = (step + 1) * plan.a_second / STEPS_A_SECOND - step * plan.a_second / STEPS_A_SECOND;
        for _ in 0..due {
            let now = SystemClock.now().as_micros();
            let text = format!(
                r#"["customevent",{{"qid":"0f2c7f6e-1b34-4f4e-9a8b-3a52b7c5e8d1","eventname":"{COUNTED}","eventparam":"{} {now}","userid":"5f1a4c2e-7d3b-4a90-8c6e-2b9d0e4f7a13","userlogin":"{}","note":"Пекарня «Колос», заказ, повторный звонок"}}]"#,
                sent[line],
                login(line)
            );
            assert_eq!(pbx.say(&number(line), &text), 1, "line {line} is connected");
            sent[line] += 1;
            line = (line + 1) % plan.lines;
        }
    }
    sent
}

// ---- the recorder ----

struct Figures {
    /// From sent to told, in microseconds.
    told: Mutex<Vec<u32>>,
    /// From sent to durable.
    durable: Mutex<Vec<u32>>,
    heard: AtomicU64,
}

async fn recorder(plan: &Plan, url: &str, store: &Path) {
    let mut options = callfold::log::Options::default();
    options.durability = match plan.policy.split_once(':') {
        Some((_, millis)) => Durability::Every(millis.parse().unwrap()),
        None if plan.policy == "always" => Durability::Always,
        None => Durability::Never,
    };
    let (log, _) = Log::open(store, options).unwrap();
    let empty = resident();
    let figures =
        Arc::new(Figures { told: Mutex::default(), durable: Mutex::default(), heard: AtomicU64::new(0) });
    let recorded = connect(plan, &log, url).await;
    let mut listeners = JoinSet::new();
    for one in &recorded {
        listeners.spawn(listen(one.line.news(), log.clone(), one.stream, figures.clone()));
    }
    // So that what the loading took is given back.
    sleep(Duration::from_secs(2)).await;
    let connected = resident();
    let (cpu, began) = (cpu(), Instant::now());
    println!("connected");
    let counts = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).unwrap();
        line
    });
    let counts: Vec<u64> =
        counts.await.unwrap().split_whitespace().map(|count| count.parse().unwrap()).collect();
    let (cpu, took, busy) = (self::cpu() - cpu, began.elapsed(), resident());
    close(&recorded).await;
    while listeners.join_next().await.is_some() {}
    log.sync().unwrap();

    check(&log, &recorded, &counts);
    let sent: u64 = counts.iter().sum();
    assert_eq!(figures.heard.load(Ordering::Relaxed), sent, "all were told live");
    let records: u64 = log.streams().unwrap().iter().map(|stream| stream.head.seq).sum();
    let each = |bytes: u64| (bytes.saturating_sub(empty)) / plan.lines as u64 / 1024;
    println!(
        "{} lines, {} frames a second for {} s, {}: {sent} frames sent, all in the log, in order; {records} records",
        plan.lines, plan.a_second, plan.seconds, plan.policy
    );
    println!("memory a line: {} KiB connected, {} KiB at the end", each(connected), each(busy));
    println!("CPU: {:.0} % of one core", cpu / took.as_secs_f64() * 100.0);
    println!("sent to told: {}", percentiles(&figures.told));
    println!("sent to durable: {}", percentiles(&figures.durable));
}

async fn connect(plan: &Plan, log: &Log, url: &str) -> Vec<Recorded> {
    let mut recorded = Vec::new();
    for line in 0..plan.lines {
        let options = Options::default();
        let password = options.secrets.keep(Secret::password("secret".to_owned()));
        let info = StreamInfo::new(&login(line), Config::live(), SystemClock.now());
        let one = live::record(log, info, options).await.unwrap();
        let connect = Command::Connect(endpoint(url, &login(line), password));
        assert!(one.line.command(connect).await.unwrap().is_done());
        recorded.push(one);
    }
    recorded
}

async fn listen(mut news: NewsReader, log: Log, stream: StreamId, figures: Arc<Figures>) {
    while let Some(news) = news.next().await {
        let News::Told { seq: Some(seq), events, .. } = news.unwrap() else { continue };
        for event in events.iter() {
            let Event::CustomEvent { name, parameter, .. } = event else { continue };
            if name.as_str() != COUNTED {
                continue;
            }
            let parameter = parameter.as_ref().unwrap().as_str().trim_matches('"').to_owned();
            let sent: i64 = parameter.split_once(' ').unwrap().1.parse().unwrap();
            let after = move || u32::try_from(SystemClock.now().as_micros() - sent).unwrap();
            figures.told.lock().unwrap().push(after());
            let heard = figures.heard.fetch_add(1, Ordering::Relaxed);
            if heard.is_multiple_of(LOOKED_AT) {
                let (log, figures) = (log.clone(), figures.clone());
                tokio::spawn(async move {
                    while log.store().durable_head(stream).unwrap().0 < seq {
                        sleep(Duration::from_millis(1)).await;
                    }
                    figures.durable.lock().unwrap().push(after());
                });
            }
        }
    }
}

async fn close(recorded: &[Recorded]) {
    let mut closing = JoinSet::new();
    for one in recorded {
        let line: Line = one.line.clone();
        closing.spawn(async move { line.close().await.unwrap() });
    }
    closing.join_all().await;
}

/// Every frame is there, once, in order; and every stream is whole.
fn check(log: &Log, recorded: &[Recorded], counts: &[u64]) {
    for (one, count) in recorded.iter().zip(counts) {
        let report = log.verify(one.stream, &VerifyOptions::default(), &mut to_the_end).unwrap();
        assert!(report.is_good(), "{report:?}");
        let mut next = 0;
        for record in log.records(one.stream, 1) {
            let record = record.unwrap().record;
            let InputKind::Frame { text, .. } = &record.input.kind else { continue };
            let Some((_, rest)) = text.as_str().split_once(r#""eventname":"counted","eventparam":""#) else {
                continue;
            };
            let number: u64 = rest.split_once(' ').unwrap().0.parse().unwrap();
            assert_eq!(number, next, "in order");
            next += 1;
        }
        assert_eq!(next, *count, "all of them");
    }
}

fn percentiles(figures: &Mutex<Vec<u32>>) -> String {
    let mut all = figures.lock().unwrap().clone();
    all.sort_unstable();
    let at = |percent: usize| all.get((all.len() * percent / 100).min(all.len().saturating_sub(1))).copied();
    let millis = |micros: Option<u32>| {
        micros.map_or("–".to_owned(), |micros| format!("{:.1} ms", f64::from(micros) / 1_000.0))
    };
    format!("median {}, 99 % {}, of {}", millis(at(50)), millis(at(99)), all.len())
}

/// The memory of this process, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// The time that this process had a processor, in seconds.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    ticks as f64 / 100.0
}
