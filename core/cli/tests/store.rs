//! The commands that work on a store, run as people and programs run them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use callfold::log::{Log, Options, StreamInfo};
use callfold::{Config, Input, InputKind, Machine, Outcome, Timestamp};
use serde_json::Value;
use tempfile::TempDir;

/// Not all named sessions: enough to have everything that pages tell.
const SESSIONS: [&str; 6] = [
    "seed-incoming-consult-connect",
    "hold-and-back",
    "connection-lost",
    "conference-from-talk",
    "queue",
    "incoming-declined",
];
const NUMBER: &str = "+79161234567";

fn callfold(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callfold"));
    command.args(args).stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "CALLFOLD_STORE"] {
        command.env_remove(name);
    }
    command.env("TZ", "MSK-3");
    command
}

fn run(args: &[&str]) -> Output {
    callfold(args).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code, not a signal")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What it prints when all is good.
fn good(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!((code(&output), text(&output.stderr)), (0, ""), "{args:?}");
    text(&output.stdout).to_owned()
}

/// The one line on standard error of a run that ends with this code.
fn fails(expected: i32, args: &[&str]) -> String {
    let output = run(args);
    let said = text(&output.stderr);
    assert_eq!(code(&output), expected, "{args:?}: {said}");
    assert!(!said.contains("panicked"), "{said}");
    assert_eq!(said.lines().count(), 1, "{args:?}: {said}");
    assert!(said.starts_with("callfold: "), "{said}");
    said.trim_end().to_owned()
}

/// Refused by clap, whose message has several lines.
fn misused(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!(code(&output), 2, "{args:?}");
    assert_eq!(text(&output.stdout), "");
    text(&output.stderr).to_owned()
}

fn lines(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn vector(name: &str) -> String {
    let named = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/named");
    named.join(name).with_extension("jsonl").to_str().unwrap().to_owned()
}

/// A directory that goes with the test, and a store in it.
struct Place {
    directory: TempDir,
    store: String,
}

impl Place {
    fn empty() -> Self {
        let directory = TempDir::new().unwrap();
        let store = directory.path().join("store").to_str().unwrap().to_owned();
        Self { directory, store }
    }

    /// With the sessions.
    fn filled() -> Self {
        let place = Self::empty();
        let files: Vec<String> = SESSIONS.iter().map(|name| vector(name)).collect();
        let mut args = vec!["import", "--store", &place.store];
        args.extend(files.iter().map(String::as_str));
        good(&args);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn file(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// The arguments of a command over this store.
    fn args<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        [&args[..1], &["--store", &self.store], &args[1..]].concat()
    }

    fn good(&self, args: &[&str]) -> String {
        good(&self.args(args))
    }

    fn fails(&self, code: i32, args: &[&str]) -> String {
        fails(code, &self.args(args))
    }
}

fn export(place: &Place, name: &str) -> String {
    let file = place.file(name);
    place.good(&["export", "--out", &file]);
    file
}

// ---- pages ----

/// Kept in `tests/store`. After a wanted change, look at what changed: `CALLFOLD_BLESS=1 cargo test -p callfold-cli`.
#[test]
fn pages_are_as_they_were() {
    let place = Place::filled();
    let id = "d6c8232d-4e4a-48bb-954e-c719582a4718";
    let seed = "seed-incoming-consult-connect";
    let pages: [(&str, &[&str]); 10] = [
        ("streams", &["streams"]),
        ("calls", &["calls"]),
        ("calls-of-a-number", &["calls", "--number", "+7 (916) 123-45-67", "--from", "06:00:02.500"]),
        ("show", &["show", id, "--stream", seed]),
        ("show-of-several-streams", &["show", id]),
        ("show-timeline", &["show", id, "--stream", seed, "--timeline"]),
        ("show-ladder", &["show", id, "--stream", seed, "--ladder"]),
        ("state", &["state", "--at", "2026-01-12 06:00:12"]),
        ("state-after-a-record", &["state", "--stream", "hold-and-back", "--seq", "60"]),
        ("verify", &["verify", "--rerun"]),
    ];
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store");
    let mut changed = Vec::new();
    for (name, args) in pages {
        let utc: &[&str] = if name == "verify" { &[] } else { &["--utc"] };
        let page = without_hashes(&place.good(&[args, utc].concat()));
        let kept = kept.join(name).with_extension("txt");
        if std::env::var_os("CALLFOLD_BLESS").is_some() {
            fs::create_dir_all(kept.parent().unwrap()).unwrap();
            fs::write(&kept, &page).unwrap();
        }
        if fs::read_to_string(&kept).ok().as_ref() != Some(&page) {
            changed.push(format!("{}:\n{page}", kept.display()));
        }
    }
    assert!(changed.is_empty(), "{}", changed.join("\n"));
}

#[test]
fn calls_are_found_by_the_agent() {
    let place = Place::filled();
    let all = place.good(&["calls", "--json"]);
    assert!(!all.is_empty());
    assert_eq!(place.good(&["calls", "--json", "--agent", "ivanov"]), all);
    assert_eq!(place.good(&["calls", "--agent", "petrov"]), "no calls\n");
}

#[test]
fn calls_are_found_by_what_is_so_of_them() {
    let place = Place::filled();
    let count = |args: &[&str]| {
        let output = run(&place.args(&[&["find", "--json", "--utc"], args].concat()));
        assert_eq!((code(&output), text(&output.stderr)), (0, ""), "{args:?}");
        lines(text(&output.stdout)).len()
    };
    let all = count(&[]);
    assert_eq!(all, lines(&place.good(&["calls", "--json"])).len());
    assert_eq!(count(&["--limit", "2"]), 2);
    assert!(count(&["--held"]) > 0 && count(&["--held"]) < all);
    assert!(count(&["--transferred", "--held"]) > 0);
    assert_eq!(count(&["--number", "+7 (916) 123-45-67"]), count(&["--number", "*1234567"]));
    assert_eq!(count(&["--outcome", "declined"]), 1);
    assert_eq!(count(&["--longer", "0"]), count(&["--shorter", "1h"]));
    let nothing = run(&place.args(&["find", "--number", "4567"]));
    assert_eq!(code(&nothing), 1);
    assert!(text(&nothing.stdout).contains("--number '*4567*'"), "{}", text(&nothing.stdout));
    place.fails(2, &["find", "--from", "2026-01-13", "--to", "2026-01-12"]);
    misused(&place.args(&["find", "--outcome", "sold"]));
    misused(&place.args(&["find", "--longer", "soon"]));
}

#[test]
fn what_is_near_is_offered_for_a_call_that_is_not_there() {
    let place = Place::filled();
    for wanted in ["d6c8", "*1234567", "+7 916 123 45 67"] {
        let output = run(&place.args(&["show", wanted, "--utc"]));
        assert_eq!(code(&output), 1, "{wanted}");
        assert_eq!(text(&output.stderr), format!("callfold: there is no call `{wanted}`; these are near:\n"));
        assert!(text(&output.stdout).contains("d6c8232d-4e4a-48bb-954e-c719582a4718"), "{wanted}");
    }
    let id = "d6c8232d-4e4a-48bb-954e-c719582a4718";
    let diagram = place.good(&["show", id, "--stream", "hold-and-back", "--mermaid", "--utc"]);
    assert!(diagram.starts_with("sequenceDiagram\n") && diagram.contains("command hold"), "{diagram}");
}

#[test]
fn what_does_not_fit_and_what_differs_have_exit_codes() {
    let place = Place::filled();
    assert!(place.good(&["lint"]).ends_with(": nothing to look at\n"));
    place.good(&["import", &vector("slow-server")]);
    let odd = run(&place.args(&["lint", "--utc"]));
    assert_eq!((code(&odd), text(&odd.stderr)), (1, ""));
    let page = text(&odd.stdout);
    assert!(page.contains("command-never-answered  the server never answered `pbxautocallstart`"), "{page}");
    let odd = run(&place.args(&["lint", "--json", "--kind", "command-never-answered"]));
    let told = lines(text(&odd.stdout));
    assert_eq!((code(&odd), &told[0]["stream"]), (1, &"slow-server".into()));
    assert_eq!(told.last().unwrap()["summary"]["kinds"]["command-never-answered"], 1);
    place.good(&["lint", "--kind", "clock-stepped-back"]);
    misused(&place.args(&["lint", "--kind", "strange"]));
    place.fails(2, &["lint", "--from", "2026-01-13", "--to", "2026-01-12"]);

    assert!(place.good(&["diff"]).ends_with(": all the same\n"));
    let file = export(&place, "all.jsonl");
    place.good(&["diff", "--with", &file]);
    let other = run(&place.args(&["diff", "--with", &vector("queue")]));
    assert_eq!((code(&other), text(&other.stderr)), (1, ""));
    assert!(text(&other.stdout).contains("the stream is not there"), "{}", text(&other.stdout));

    let place = Place::empty();
    records_by_hand(&place, &[(true, 10), (false, 20)]);
    let other = run(&place.args(&["diff", "--json"]));
    let told = lines(text(&other.stdout));
    assert_eq!((code(&other), &told[0]["differs"]["events"]["first"]), (1, &2.into()), "{told:?}");
}

/// The keys of a store are random, and so are its hashes.
fn without_hashes(page: &str) -> String {
    let is_hash = |word: &str| word.len() == 12 && word.chars().all(|c| c.is_ascii_hexdigit());
    let line = |line: &str| {
        let words: Vec<_> =
            line.split(' ').map(|word| if is_hash(word) { "hash........" } else { word }).collect();
        words.join(" ")
    };
    page.lines().map(|text| line(text) + "\n").collect()
}

#[test]
fn times_are_those_of_the_zone_that_was_asked_for() {
    let place = Place::filled();
    let utc = place.good(&["calls", "--stream", "queue", "--utc"]);
    assert_eq!(utc, "no calls\n");
    let of = |args: &[&str]| place.good(&[&["state", "--stream", "hold-and-back"], args].concat());
    let local = of(&["--at", "09:00:12"]);
    assert!(local.starts_with("2026-01-12 09:00:12.000"), "{local}");
    let same = [
        of(&["--at", "2026-01-12T06:00:12Z"]),
        of(&["--at", "2026-01-12 09:00:12", "--tz", "Europe/Moscow"]),
    ];
    assert_eq!(same, [local.clone(), local]);
}

#[test]
fn calls_are_found_by_stream_time_and_number() {
    let place = Place::filled();
    let count = |args: &[&str]| lines(&place.good(&[&["calls", "--json", "--utc"], args].concat())).len();
    let all = count(&[]);
    let seed = count(&["--stream", "seed-incoming-consult-connect"]);
    assert_eq!(seed, 2);
    assert_eq!(count(&["--stream", "0"]), 2, "by its number");
    assert!(all > seed);
    assert_eq!(count(&["--number", "102", "--stream", "0"]), 1);
    assert_eq!(count(&["--number", "000"]), 0);
    assert_eq!(count(&["--from", "2026-01-13"]), 0);
    assert_eq!(count(&["--to", "2026-01-12"]), 0);
    // The first call of the seed begins at 06:00:03.013, the second at 06:00:11.524: until is exclusive.
    assert_eq!(count(&["--stream", "0", "--from", "06:00:03.013", "--to", "06:00:11.524"]), 1);
    assert_eq!(count(&["--stream", "0", "--from", "06:00:03.014"]), 1);
}

#[test]
fn a_call_is_drawn_into_files_that_are_whole() {
    let place = Place::filled();
    let id = "d6c8232d-4e4a-48bb-954e-c719582a4718";
    let (svg, html) = (place.file("call.svg"), place.file("call.html"));
    let show = ["show", id, "--stream", "hold-and-back"];
    let said = place.good(&[&show[..], &["--svg", &svg, "--html", &html]].concat());
    assert_eq!(said, format!("written to {svg}\nwritten to {html}\n"));
    let drawn = fs::read_to_string(&svg).unwrap();
    assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>\n"));
    // Of the zone that times are shown in: Moscow's.
    assert!(drawn.contains("09:00:02.010 UTC+03:00"), "{drawn}");
    assert!(fs::read_to_string(&html).unwrap().contains(drawn.as_str()));
    assert_eq!(place.good(&[&show[..], &["--svg", "-"]].concat()), drawn);

    let several = place.fails(2, &["show", id, "--svg", &svg]);
    assert!(several.contains("--stream"), "{several}");
    assert_eq!(fs::read_to_string(&svg).unwrap(), drawn);
    let nowhere = place.fails(4, &[&show[..], &["--html", "/nonexistent/call.html"]].concat());
    assert!(nowhere.starts_with("callfold: cannot write: /nonexistent/call.html: "), "{nowhere}");
    misused(&place.args(&[&show[..], &["--timeline", "--json"]].concat()));
}

// ---- for programs ----

#[test]
fn programs_get_lines_with_the_same_words_everywhere() {
    let place = Place::filled();
    for args in [
        &["streams", "--json"][..],
        &["calls", "--json"],
        &["show", "d6c8232d-4e4a-48bb-954e-c719582a4718", "--json"],
        &["state", "--at", "2026-01-12T06:00:12Z", "--json"],
        &["verify", "--json"],
    ] {
        let lines = lines(&place.good(args));
        assert!(!lines.is_empty(), "{args:?}");
        for line in lines {
            let number = line["number"].as_u64().unwrap_or_else(|| panic!("{args:?}: {line}")) as usize;
            assert_eq!(line["stream"], SESSIONS[number], "{args:?}");
        }
    }
}

#[test]
fn a_program_gets_the_snapshot_of_the_traces() {
    let place = Place::filled();
    let mut compared = 0;
    for name in ["hold-and-back", "conference-from-talk"] {
        let trace = lines(&fs::read_to_string(vector(name)).unwrap());
        for (now, next) in trace.iter().zip(&trace[1..]) {
            // What follows at the same time counts, too.
            let Some(expected) = now.get("after").filter(|_| now["t"] != next["t"]) else { continue };
            let t = now["t"].as_i64().unwrap();
            let at = time_of(t);
            let state = &lines(&place.good(&["state", "--stream", name, "--at", &at, "--json"]))[0];
            assert_eq!(state["at"], 1_768_197_600_000_000 + t * 1_000);
            // How the two differ on what the reference leaves undefined is for the comparison of all sessions.
            for field in ["state", "status", "userState", "userStatus", "callCenter", "talkLength", "actions"]
            {
                assert_eq!(state["snapshot"][field], expected[field], "{name} at {t}: {field}");
            }
            compared += 1;
        }
    }
    assert!(compared > 5, "only {compared} snapshots were compared");
}

/// A time of a recorded session.
fn time_of(t: i64) -> String {
    format!("2026-01-12T06:{:02}:{:02}.{:03}Z", t / 60_000, t / 1_000 % 60, t % 1_000)
}

#[test]
fn a_session_of_level_cti_has_its_model() {
    let place = Place::filled();
    let state =
        |stream| lines(&place.good(&["state", "--stream", stream, "--at", "06:00:12", "--utc", "--json"]));
    assert!(state("seed-incoming-consult-connect")[0]["snapshot"]["model"].is_object());
    assert!(state("queue")[0]["snapshot"].get("model").is_none());
}

// ---- import and export ----

#[test]
fn a_store_is_made_for_its_owner_alone_and_files_are_seen_by_their_content() {
    let place = Place::empty();
    let plain = fs::read(vector("queue")).unwrap();
    let zstd = place.path("a.log");
    fs::write(&zstd, zstd::encode_all(&plain[..], 1).unwrap()).unwrap();
    let told = place.good(&["import", "--name", "packed", "--json", zstd.to_str().unwrap()]);
    let told = &lines(&told)[0];
    assert_eq!(
        (&told["stream"], &told["number"], &told["records"]),
        (&"packed".into(), &0.into(), &77.into())
    );
    assert_eq!(fs::metadata(&place.store).unwrap().permissions().mode() & 0o777, 0o700);

    let mut child = callfold(&place.args(&["import", "-"]));
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&plain).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), text(&output.stdout)), (0, "queue (stream 1): 77 records\n"));
}

#[test]
fn the_other_files_are_taken_in_when_one_is_bad_and_the_worst_code_counts() {
    let place = Place::empty();
    let bad = place.file("bad.jsonl");
    let whole = fs::read_to_string(vector("hold-and-back")).unwrap();
    fs::write(&bad, &whole[..whole.len() / 2]).unwrap();
    let (ghost, queue) = (vector("ghost"), vector("queue"));
    let output = run(&place.args(&["import", &ghost, &bad, "/nonexistent", &ghost, &queue]));
    assert_eq!(code(&output), 3);
    let said = text(&output.stderr);
    assert!(said.contains("bad.jsonl: line ") && said.contains("/nonexistent: "), "{said}");
    assert!(said.contains("there is a stream `ghost` already, number 0"), "{said}");
    let told = text(&output.stdout);
    assert!(told.contains("records, up to where it breaks off\n"), "{told}");
    let names: Vec<_> =
        lines(&place.good(&["streams", "--json"])).iter().map(|line| line["stream"].clone()).collect();
    assert_eq!(names, ["ghost", "hold-and-back", "queue"]);
    place.good(&["verify"]);

    let twice = place.fails(1, &["import", &ghost]);
    assert!(twice.ends_with("there is a stream `ghost` already, number 0"), "{twice}");
}

#[test]
fn an_export_carries_the_log_elsewhere_with_its_hashes() {
    let place = Place::filled();
    for name in ["all.jsonl", "all.jsonl.gz", "all.jsonl.zst"] {
        let file = export(&place, name);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(good(&["verify", "--file", &file]).starts_with("good  "), "{name}");
        let other = Place::empty();
        other.good(&["import", &file]);
        assert_eq!(other.good(&["head"]), place.good(&["head"]), "{name}");
        assert!(other.fails(1, &["import", &file]).contains("is in the log already"));
    }
    // To standard output, from standard input.
    let other = Place::empty();
    let mut child = callfold(&other.args(&["import", "-"]));
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let all = place.good(&["export", "--stream", "queue"]);
    child.stdin.take().unwrap().write_all(all.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(lines(&other.good(&["streams", "--json"])).len(), 1);
}

#[test]
fn a_log_with_a_name_that_is_there_is_not_taken_in() {
    let (place, other) = (Place::filled(), Place::filled());
    let file = export(&place, "all.jsonl");
    let said = other.fails(1, &["import", &file]);
    assert!(said.contains("there is a stream `seed-incoming-consult-connect` already"), "{said}");
    assert_eq!(lines(&other.good(&["streams", "--json"])).len(), SESSIONS.len());
}

#[test]
fn a_damaged_export_is_refused_with_its_line_and_leaves_nothing() {
    let place = Place::filled();
    let whole = fs::read_to_string(export(&place, "all.jsonl")).unwrap();
    let cut = place.file("cut.jsonl");
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let said = fails(3, &["verify", "--file", &cut]);
    assert!(
        said.contains("cut.jsonl: line ")
            && said.ends_with("the file is cut short, or has more than it says")
    );
    let other = Place::empty();
    other.fails(3, &["import", &cut]);
    assert_eq!(other.good(&["streams"]), "no streams\n");
}

#[test]
fn tables_are_written_whole_or_not_at_all() {
    let place = Place::filled();
    for table in ["events", "calls", "commands", "time"] {
        let csv = place.good(&["export", "--format", "csv", "--table", table]);
        assert!(csv.starts_with("stream,"), "{table}");
        assert!(csv.lines().count() > 6, "{table}");
        let file = place.file(&format!("{table}.parquet"));
        place.good(&["export", "--format", "parquet", "--table", table, "--out", &file]);
        let bytes = fs::read(&file).unwrap();
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"), "{table}");
    }
    let left: Vec<_> =
        fs::read_dir(place.directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 1 + 4, "{left:?}");
    // Days of Kamchatka: what happens at 06:00 in Moscow, 03:00 UTC, is of the same day; a day that begins half a day
    // earlier is not.
    let time =
        |offset: &str| place.good(&["export", "--format", "csv", "--table", "time", "--day-begins", offset]);
    assert!(time("+03:00").contains(",2026-01-12,"));
    assert!(time("-07:00").contains(",2026-01-11,"));
}

// ---- verify and head ----

#[test]
fn heads_that_were_kept_show_what_is_gone() {
    let place = Place::filled();
    let heads = place.file("heads.jsonl");
    place.good(&["head", "--out", &heads]);
    place.good(&["verify", "--head", &heads]);

    let kept = fs::read_to_string(&heads).unwrap();
    let first = &lines(&kept)[0];
    let with = |changed: Value| {
        fs::write(&heads, format!("{changed}\n")).unwrap();
        let output = run(&place.args(&["verify", "--json", "--head", &heads]));
        assert_eq!(code(&output), 3);
        let told = lines(text(&output.stdout));
        assert!(told.iter().any(|line| line["damaged"] == true || line["missing"].is_object()), "{told:?}");
        let output = run(&place.args(&["verify", "--head", &heads]));
        assert_eq!(code(&output), 3);
        text(&output.stdout).to_owned()
    };
    let mut longer = first.clone();
    longer["seq"] = (first["seq"].as_u64().unwrap() + 5).into();
    assert!(with(longer).contains("cut off: a head was kept of it"));
    let mut another = first.clone();
    another["seq"] = 3.into();
    let page = with(another);
    assert!(page.starts_with("BAD   seed-incoming-consult-connect (stream 0): 159 records "), "{page}");
    assert!(page.contains("\n      record 3: not the record of the head that was kept\n"), "{page}");
    assert!(page.ends_with(": damaged\n"), "{page}");
    let mut gone = first.clone();
    gone["origin"] = first["hash"].clone();
    assert!(with(gone).contains("a head was kept of it, and it is not there"));

    fs::write(&heads, format!("{first}\n")).unwrap();
    // One head of several streams: the others are good, as far as they go.
    let page = place.good(&["verify", "--head", &heads]);
    let pages: Vec<&str> = page.lines().collect();
    assert!(pages[0].contains("(stream 0)") && !pages[1].contains("no head of it"), "{page}");
    assert!(pages[1].contains("(stream 1)") && pages[2].contains("no head of it"), "{page}");
    fs::write(&heads, "\n").unwrap();
    assert!(place.fails(3, &["verify", "--head", &heads]).ends_with("no head of a log in it"));
    fs::write(&heads, "no head\n").unwrap();
    assert!(place.fails(3, &["verify", "--head", &heads]).ends_with("line 1: not a head of a log: no JSON"));
}

/// Records made by hand: what is told of each, and at which millisecond its input came, to a machine of its own if it
/// is earlier than the one before.
fn records_by_hand(place: &Place, told: &[(bool, i64)]) {
    let mut options = Options::default();
    options.create = true;
    let (log, _) = Log::open(Path::new(&place.store), options).unwrap();
    let info = StreamInfo::new("by hand", Config::live(), Timestamp::default());
    let mut writer = log.begin(&info).unwrap();
    for (is_told, at) in told {
        let mut machine = Machine::new(Config::live());
        let input =
            Input { at: Timestamp::from_millis(*at), kind: InputKind::Command(callfold::Command::Dtmf) };
        let mut outcome = Outcome::default();
        machine.handle(&input, &mut outcome);
        assert!(!outcome.events.is_empty());
        let told = if *is_told { outcome } else { Outcome::default() };
        writer.stage(&input, &machine, &told).unwrap();
    }
    writer.commit().unwrap();
}

#[test]
fn what_is_wrong_with_a_stream_is_named_with_its_record() {
    let place = Place::empty();
    records_by_hand(&place, &[(true, 10), (false, 20)]);
    place.good(&["verify"]);
    let output = run(&place.args(&["verify", "--rerun"]));
    let page = text(&output.stdout);
    assert_eq!(code(&output), 1, "{page}");
    assert!(page.starts_with("look  by hand (stream 0): 2 records "), "{page}");
    assert!(page.contains("record 2: event 1: told was nothing, today's rules say "), "{page}");
    assert!(page.ends_with("1 stream, 2 records: whole, but today's rules decide otherwise\n"), "{page}");

    let place = Place::empty();
    records_by_hand(&place, &[(true, 20), (true, 10)]);
    let refused = place.fails(3, &["verify"]);
    assert!(refused.contains("stream 0, record 2: it is damaged"), "{refused}");
}

#[test]
fn a_damaged_store_is_one_line_and_no_panic() {
    let place = Place::filled();
    let db = Path::new(&place.store).join("sled/db");
    let mut bytes = fs::read(&db).unwrap();
    let step = (bytes.len() / 64).max(1);
    for place in (step..bytes.len()).step_by(step) {
        bytes[place] ^= 0xff;
    }
    fs::write(&db, bytes).unwrap();
    for args in [&["verify"][..], &["streams"], &["calls"], &["export"], &["state", "--at", "06:00:12"]] {
        let said = place.fails(3, args);
        assert!(said.contains(&place.store), "{said}");
    }
}

#[test]
fn what_had_to_be_done_to_open_a_store_is_told() {
    let place = Place::filled();
    let before = place.good(&["streams", "--json"]);
    fs::write(Path::new(&place.store).join("sled/snap.0000.generating"), "half").unwrap();
    let output = run(&place.args(&["streams", "--json"]));
    assert_eq!((code(&output), text(&output.stdout)), (0, &*before));
    let said = text(&output.stderr);
    assert!(said.starts_with("callfold: a crash left a file half written; it is kept as "), "{said}");
    let kept = said.trim_end().rsplit_once("kept as ").unwrap().1;
    assert_eq!(fs::read(kept).unwrap(), b"half");
    assert_eq!(place.good(&["streams", "--json"]), before, "and told once");
}

#[test]
fn a_store_has_one_owner_at_a_time() {
    let place = Place::empty();
    let mut child = callfold(&place.args(&["import", "-", "--json"]));
    let mut owner = child.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // Its directory is made before the store is locked.
    let said = (0..200).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        let output = run(&place.args(&["streams"]));
        let said = text(&output.stderr).to_owned();
        said.contains("open already").then_some((code(&output), said))
    });
    let (code, said) = said.expect("the second one was never refused");
    assert_eq!(code, 3);
    assert_eq!(
        said,
        format!("callfold: {}: the store is open already; it has one owner at a time\n", place.store)
    );
    drop(owner.stdin.take());
    let ended = owner.wait_with_output().unwrap();
    assert_eq!(text(&ended.stderr), "callfold: standard input: not a trace: it is empty\n");
}

// ---- erase ----

#[test]
fn somebody_erased_is_read_nowhere_and_everything_else_stays() {
    let place = Place::filled();
    let head = place.good(&["head"]);
    let would_be = place.good(&["erase", NUMBER, "--dry-run"]);
    assert!(would_be.starts_with("would erase "), "{would_be}");
    assert!(place.good(&["export"]).contains(NUMBER));
    let refused = place.fails(2, &["erase", NUMBER]);
    assert!(refused.contains("--yes"), "{refused}");

    let erased = &lines(&place.good(&["erase", NUMBER, "--yes", "--json"]))[0];
    assert_eq!(erased["erased"], true);
    assert!(erased["records"].as_u64().unwrap() > 0 && erased["texts"].as_u64().unwrap() > 0);
    for args in
        [&["export"][..], &["calls"], &["calls", "--json"], &["state", "--at", "2026-01-12T06:00:12Z"]]
    {
        let page = place.good(args);
        assert!(!page.contains(NUMBER) && !page.contains("(916)"), "{args:?}: {page}");
    }
    assert_eq!(place.good(&["head"]), head);
    place.good(&["verify", "--rerun"]);

    let output = run(&place.args(&["erase", NUMBER, "--yes"]));
    assert_eq!((code(&output), text(&output.stdout)), (1, "nothing has `+79161234567`\n"));
    place.fails(2, &["erase", "x", "--yes"]);
}

/// A command with this on its standard input.
fn run_with(args: &[&str], input: &str) -> Output {
    let mut child =
        callfold(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn the_name_to_erase_may_come_by_standard_input() {
    let place = Place::filled();
    let line = format!("{NUMBER}\r\nand what else is there\n");
    let output = run_with(&place.args(&["erase", "-", "--yes"]), &line);
    assert_eq!((code(&output), text(&output.stderr)), (0, ""));
    assert!(text(&output.stdout).starts_with("erased ") && !place.good(&["export"]).contains(NUMBER));
    let output = run_with(&place.args(&["erase", "-", "--dry-run"]), NUMBER);
    assert_eq!((code(&output), text(&output.stdout)), (1, "nothing has `+79161234567`\n"));
    assert_eq!(code(&run_with(&place.args(&["erase", "-", "--yes"]), "")), 2);
}

#[test]
fn what_is_derived_goes_also_when_nothing_has_the_name() {
    let place = Place::filled();
    place.good(&["calls"]);
    let derived = || {
        let (log, _) = Log::open(Path::new(&place.store), Options::default()).unwrap();
        log.store().derived(&[0], &[0xff], false).count()
    };
    assert!(derived() > 0);
    assert_eq!(code(&run(&place.args(&["erase", "nobody at all", "--dry-run"]))), 1);
    assert!(derived() > 0, "only looked at");
    let output = run(&place.args(&["erase", "nobody at all", "--yes"]));
    assert_eq!((code(&output), text(&output.stdout)), (1, "nothing has `nobody at all`\n"));
    assert_eq!(derived(), 0);
}

// ---- what is not there, and what makes no sense ----

#[test]
fn what_is_not_there_is_a_finding() {
    let place = Place::filled();
    assert_eq!(place.fails(1, &["show", "nobody"]), "callfold: there is no call `nobody`");
    assert_eq!(place.fails(1, &["calls", "--stream", "nobody"]), "callfold: there is no stream `nobody`");
    place.fails(1, &["state", "--at", "2020-01-01"]);
    place.fails(1, &["state", "--at", "2020-01-01", "--stream", "queue"]);
    let past = place.fails(1, &["state", "--seq", "100000", "--stream", "queue"]);
    assert_eq!(past, "callfold: stream 4 has no record 100000: it has 77");
    let missing = fails(3, &["streams", "--store", "/nonexistent"]);
    assert_eq!(missing, "callfold: /nonexistent: there is no store");
    let file = place.file("a file");
    fs::write(&file, "").unwrap();
    fails(3, &["streams", "--store", &file]);
}

#[test]
fn arguments_that_make_no_sense_are_misuse() {
    let place = Place::filled();
    let (ghost, queue) = (vector("ghost"), vector("queue"));
    misused(&["streams"]);
    misused(&place.args(&["state"]));
    misused(&place.args(&["state", "--seq", "3"]));
    misused(&place.args(&["state", "--at", "noon"]));
    misused(&place.args(&["export", "--format", "csv"]));
    place.fails(2, &["import", "--name", "two", &ghost, &queue]);
    place.fails(2, &["export", "--table", "calls"]);
    place.fails(2, &["export", "--day-begins", "+03:00"]);
    place.fails(2, &["export", "--format", "parquet", "--table", "calls", "--out", "calls.gz"]);
    let file = export(&place, "all.jsonl");
    place.fails(2, &["import", "--name", "one", &file]);
}

#[test]
fn the_store_may_be_named_by_the_environment() {
    let place = Place::filled();
    let output = callfold(&["streams"]).env("CALLFOLD_STORE", &place.store).output().unwrap();
    assert_eq!(code(&output), 0);
    assert_eq!(text(&output.stdout), place.good(&["streams"]));
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_has_its_own_code() {
    let place = Place::filled();
    let full = || Stdio::from(fs::File::options().write(true).open("/dev/full").unwrap());
    for args in [&["streams"][..], &["calls"], &["export"], &["head"], &["verify"]] {
        let output = callfold(&place.args(args)).stdout(full()).output().unwrap();
        assert_eq!(code(&output), 4, "{args:?}");
        assert!(text(&output.stderr).starts_with("callfold: cannot write: "), "{args:?}");
    }
    assert!(place.fails(4, &["export", "--out", "/dev/full"]).contains("/dev/full: "));
    let nowhere = place.fails(4, &["export", "--out", "/nonexistent/out.jsonl"]);
    assert!(nowhere.starts_with("callfold: cannot write: /nonexistent/out.jsonl: "), "{nowhere}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::filled();
    let mut child =
        callfold(&place.args(&["export"])).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "{\"callfold\":\"log\",\"version\":1}\n");
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), text(&output.stderr)), (0, ""));
}
