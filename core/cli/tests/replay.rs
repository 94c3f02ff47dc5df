//! `callfold replay`, run as people and programs run it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

#[path = "common/long_session.rs"]
mod long_session;

use std::fs;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use callfold::replay::{self, Announcer};

const HEADER: &str =
    r#"{"trace":1,"name":"bad","title":"A bad session","level":"oktell","epochMs":1768197600000}"#;
/// A login far enough for frames to be read.
const OPEN: &str = r#"{"t":0,"api":"connect","args":[{"url":"ws://a.local:80","login":"ivanov","password":"canary-password"}]}
{"t":4,"ws":"opened","url":"ws://a.local:80"}
{"t":5,"out":["ping",{"qid":"1"}]}
{"t":6,"in":["pong",{"qid":"1"}]}"#;

fn callfold() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callfold"));
    command.arg("replay").env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE").env("TZ", "MSK-3");
    command
}

fn run(args: &[&str]) -> Output {
    callfold().args(args).stdin(Stdio::null()).output().unwrap()
}

/// Runs with `input` at standard input.
fn run_with(args: &[&str], input: &[u8]) -> Output {
    let mut child = piped(args);
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // It may stop reading when it has seen enough.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn piped(args: &[&str]) -> Child {
    let mut command = callfold();
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn vector(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/named").join(name).with_extension("jsonl")
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Keeps `content` in a file of this name.
fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("an exit code, not a signal")
}

/// What is said on standard error, which must be no panic.
fn said(output: &Output) -> &str {
    let said = text(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
    said
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn announced(trace: &[u8]) -> Vec<u8> {
    let mut lines = Vec::new();
    replay::run(trace, &mut Announcer::new(&mut lines)).unwrap();
    lines
}

// ---- for programs ----

#[test]
fn announcements_are_those_of_the_library_byte_for_byte() {
    for name in ["hold-and-back", "conference-from-talk", "connection-lost", "call-errors"] {
        let trace = vector(name);
        let output = run(&["--announce", path(&trace)]);
        assert_eq!(code(&output), 0);
        assert_eq!(said(&output), "");
        assert!(output.stdout == announced(&fs::read(trace).unwrap()), "{name}");
    }
}

#[test]
fn a_trace_is_read_packed_or_not_from_a_file_or_standard_input() {
    let plain = fs::read(vector("hold-and-back")).unwrap();
    let expected = announced(&plain);
    let zstd = zstd::encode_all(plain.as_slice(), 1).unwrap();
    // The content decides, not the name.
    for (name, content) in [("a.jsonl", plain.clone()), ("b.jsonl", gzip(&plain)), ("c.gz", zstd)] {
        let from_file = run(&["--announce", path(&file(name, &content))]);
        assert!(code(&from_file) == 0 && from_file.stdout == expected, "{name}");
        let from_stdin = run_with(&["--announce", "-"], &content);
        assert!(code(&from_stdin) == 0 && from_stdin.stdout == expected, "{name} by standard input");
    }
}

#[test]
fn several_traces_are_announced_one_after_another() {
    let (one, two) = (vector("hold-and-back"), vector("connection-lost"));
    let output = run(&["--announce", path(&one), path(&two)]);
    let expected = [announced(&fs::read(one).unwrap()), announced(&fs::read(two).unwrap())].concat();
    assert!(output.stdout == expected);
}

#[test]
fn a_reader_that_goes_away_ends_the_run_quietly() {
    let long = file("long.jsonl", &long(20_000));
    for mode in ["--announce", "--verbose"] {
        let mut child = piped(&[mode, path(&long)]);
        let mut first = [0; 100];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((code(&output), said(&output)), (0, ""), "{mode}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_is_told() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = callfold().arg(path(&vector("hold-and-back"))).stdout(full).output().unwrap();
    assert_eq!(code(&output), 4);
    assert!(said(&output).starts_with("callfold: cannot write: "), "{}", said(&output));
}

/// The command that the README has for a recorded session, and the options that it names.
#[test]
fn the_readme_s_command_does_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let command = readme
        .lines()
        .find_map(|line| line.strip_prefix("callfold ").filter(|rest| rest.starts_with("replay")))
        .unwrap();
    let arguments: Vec<_> = command.split('#').next().unwrap().split_whitespace().collect();
    for option in [None, Some("--calls"), Some("--announce")] {
        assert!(option.is_none_or(|option| readme.contains(option)), "{option:?}");
        let output = Command::new(env!("CARGO_BIN_EXE_callfold"))
            .current_dir(&root)
            .args(&arguments)
            .args(option)
            .output()
            .unwrap();
        assert_eq!((code(&output), said(&output)), (0, ""), "{command} {option:?}");
        assert!(text(&output.stdout).lines().count() > 5);
    }
}

// ---- for people ----

/// The page of each of these traces is kept in `tests/pages`. After a wanted change, look at what changed:
/// `CALLFOLD_BLESS=1 cargo test -p callfold-cli`.
#[test]
fn a_person_reads_what_happened() {
    for name in ["hold-and-back", "conference-from-talk", "connection-lost", "call-errors"] {
        let output = run(&["--utc", "--color", "never", path(&vector(name))]);
        assert_eq!((code(&output), said(&output)), (0, ""));
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages").join(name).with_extension("txt");
        if std::env::var_os("CALLFOLD_BLESS").is_some() {
            fs::write(&kept, &output.stdout).unwrap();
        }
        assert_eq!(text(&output.stdout), fs::read_to_string(&kept).unwrap(), "{name}");
    }
}

#[test]
fn times_are_local_unless_asked_otherwise() {
    let trace = vector("hold-and-back");
    let moscow = run(&[path(&trace)]);
    assert!(text(&moscow.stdout).contains("\nMonday, 2026-01-12, UTC+03:00\n09:00:00.000  command: connect"));
    let utc = run(&["--utc", path(&trace)]);
    assert!(text(&utc.stdout).contains("\nMonday, 2026-01-12, UTC+00:00\n06:00:00.000  command: connect"));
    let tokyo = run(&["--tz", "Asia/Tokyo", path(&trace)]);
    assert!(text(&tokyo.stdout).contains("\nMonday, 2026-01-12, UTC+09:00\n15:00:00.000  command: connect"));
    assert_eq!(code(&run(&["--tz", "Nowhere/Else", path(&trace)])), 2);
}

#[test]
fn verbose_tells_the_quiet_events_too() {
    let trace = vector("hold-and-back");
    let (short, long) = (run(&["--utc", path(&trace)]), run(&["--utc", "--verbose", path(&trace)]));
    assert!(!text(&short.stdout).contains("the PBX reports"));
    assert!(text(&long.stdout).contains("the PBX reports: phoneevent_ringstarted"));
    assert!(text(&long.stdout).contains("line: talk after ring"));
}

#[test]
fn colours_are_for_terminals_unless_asked_for() {
    let trace = vector("hold-and-back");
    let coloured = |args: &[&str], variable: &str| {
        let output = callfold().args(args).arg(path(&trace)).env(variable, "1").output().unwrap();
        output.stdout.contains(&0x1b)
    };
    assert!(!coloured(&[], "UNUSED"), "a pipe is no terminal");
    assert!(coloured(&["--color", "always"], "UNUSED"));
    assert!(!coloured(&["--color", "never"], "CLICOLOR_FORCE"));
    assert!(!coloured(&[], "NO_COLOR"));
    assert!(!coloured(&["--announce", "--color", "always"], "UNUSED"), "programs get no colours");
}

#[test]
fn several_traces_end_with_what_they_add_up_to() {
    let output = run(&[path(&vector("hold-and-back")), path(&vector("call-errors"))]);
    let page = text(&output.stdout);
    assert_eq!(page.matches("\ntotal: ").count(), 2);
    let last = page.lines().last().unwrap();
    assert!(last.starts_with("total of 2 traces: "), "{last}");
    assert!(
        last.ends_with(
            " 3 talks begun or resumed, 14 commands (10 refused), 0 findings in messages and clock"
        ),
        "{last}"
    );
}

#[test]
fn what_a_server_names_cannot_command_the_terminal() {
    let name = r"\u001b]0;pwned\u0007\u202eevil\nline";
    let header = HEADER.replace("A bad session", name);
    let frame = format!(r#"{{"t":9,"in":["customevent",{{"eventname":"{name}"}}]}}"#);
    let event = format!(
        r#"{OPEN}
{{"t":7,"out":["login",{{"qid":"2"}}]}}
{{"t":8,"in":["loginresult",{{"qid":"2","result":1,"userid":"u"}}]}}
{frame}"#
    );
    let output = run_with(&["-"], format!("{header}\n{event}\n").as_bytes());
    let page = text(&output.stdout);
    assert!(page.contains("custom event: \u{fffd}]0;pwned\u{fffd}\u{fffd}evil\u{fffd}line"), "{page}");
    assert!(!page.contains(['\u{1b}', '\u{7}', '\u{202e}']));
}

#[test]
fn help_tells_the_exit_codes() {
    let help = run(&["--help"]);
    assert_eq!(code(&help), 0);
    for line in
        ["Exit codes:", "  0  good", "  1  findings", "  2  misuse", "  3  damaged", "  4  the output"]
    {
        assert!(text(&help.stdout).contains(line), "{line}");
    }
}

// ---- bad input ----

/// The exit code and what is said, for a session of these lines after a good start.
fn bad(lines: &str) -> (i32, String, String) {
    let output = run_with(&["--utc", "-"], format!("{HEADER}\n{OPEN}\n{lines}").as_bytes());
    let (told, page) = (said(&output).to_owned(), text(&output.stdout).to_owned());
    for secret in ["canary-password", "canary-content"] {
        assert!(!told.contains(secret) && !page.contains(secret), "{secret} is told:\n{told}\n{page}");
    }
    (code(&output), told, page)
}

/// A frame that the engine cannot read is a finding; the replay goes on to its end.
fn is_a_finding(frame: &str, why: &str) {
    let (code, told, page) = bad(&format!("{{\"t\":9,\"in\":{frame}}}\n{{\"t\":20,\"end\":{{}}}}\n"));
    assert_eq!((code, told.as_str()), (1, ""), "{why}\n{page}");
    assert!(page.contains(&format!("06:00:00.009  a message could not be read: {why}")), "{why}\n{page}");
    assert!(page.lines().last().unwrap().ends_with("1 finding in messages and clock"), "{page}");
}

/// A line that is none of a trace ends the replay.
fn is_damage(lines: &str, told: &str) {
    let (code, said, page) = bad(lines);
    assert_eq!((code, said), (3, format!("callfold: standard input: {told}\n")), "{page}");
    assert!(page.lines().last().unwrap().starts_with("total of what could be read: "), "{page}");
}

#[test]
fn misuse_is_clap_s() {
    assert_eq!(code(&run(&[])), 2);
    assert_eq!(code(&run(&["--announce", "--verbose", "-"])), 2);
    assert_eq!(code(&run(&["--utc", "--tz", "UTC", "-"])), 2);
}

#[test]
fn what_is_no_trace_is_damage_and_nothing_else_is_told() {
    let first_line_missing = fs::read_to_string(vector("hold-and-back")).unwrap();
    let first_line_missing = first_line_missing.split_once('\n').unwrap().1;
    for (content, why) in [
        ("", "it is empty"),
        ("\n\n", "it is empty"),
        ("canary-content", "the first line must be"),
        ("[1]\n", "the first line must be"),
        ("\u{0}\u{1}\u{2}\u{3}", "the first line must be"),
        (first_line_missing, "the first line must be"),
    ] {
        for mode in ["--announce", "--utc"] {
            let output = run_with(&[mode, "-"], content.as_bytes());
            assert_eq!(code(&output), 3, "{why}");
            assert!(said(&output).starts_with(&format!("callfold: standard input: not a trace: {why}")));
            assert!(!said(&output).contains("canary"));
            assert!(output.stdout.is_empty());
        }
    }
    let other = run_with(&["-"], HEADER.replace("\"trace\":1", "\"trace\":2").as_bytes());
    assert_eq!(code(&other), 3);
    assert_eq!(said(&other), "callfold: standard input: a trace of format 2; this engine reads format 1\n");
}

#[test]
fn a_file_that_cannot_be_read_is_damage() {
    let missing = run(&["no/such/file.jsonl"]);
    assert_eq!(code(&missing), 3);
    assert!(said(&missing).starts_with("callfold: no/such/file.jsonl: No such file"), "{}", said(&missing));
    assert_eq!(code(&run(&[env!("CARGO_TARGET_TMPDIR")])), 3, "a directory");
    let mut packed = gzip(&fs::read(vector("hold-and-back")).unwrap());
    packed.truncate(packed.len() / 2);
    let cut = run_with(&["--announce", "-"], &packed);
    assert_eq!(code(&cut), 3);
    assert!(said(&cut).starts_with("callfold: standard input: line "), "{}", said(&cut));
}

#[test]
fn a_truncated_line_is_damage() {
    is_damage(r#"{"t":9,"in":["customevent",{"eventname":"canary-content"#, "line 6: cut short");
}

#[test]
fn a_line_that_is_none_of_a_trace_is_damage() {
    const NONE: &str = "line 6: not a JSON object of a trace";
    is_damage("canary-content\n", NONE);
    is_damage("[\"canary-content\"]\n", NONE);
    is_damage("{\"t\":9,\"in\":[\"x\",{}]}canary-content\n", NONE);
    is_damage("{\"t\":9,\"api\":{\"canary-content\":1}}\n", NONE);
    is_damage("{\"t\":9,\"ws\":7,\"url\":\"canary-content\"}\n", NONE);
    is_damage("{\"t\":9,\"out\":[\"canary-content\"]}\n", NONE);
    is_damage("{\"t\":9,\"t\":9,\"end\":\"canary-content\"}\n", NONE);
    is_damage("{\"t\":99999999999999999999,\"end\":{}}\n", NONE);
    is_damage("{\"t\":\"canary-content\",\"end\":{}}\n", NONE);
    is_damage("{\"end\":\"canary-content\"}\n", "line 6: no time `t` in whole milliseconds");
    is_damage(
        "{\"t\":9223372036854775807,\"end\":{}}\n",
        "line 6: its time `t` is more than 366 days from the beginning",
    );
    is_damage(
        "{\"t\":9,\"api\":\"fly\",\"args\":[\"canary-content\"]}\n",
        "line 6: command fly: no such command",
    );
    is_damage(
        "{\"t\":9,\"api\":\"call\",\"args\":[{\"canary-content\":1}]}\n",
        "line 6: command call: an argument that must be text is none",
    );
    is_damage(
        "{\"t\":9,\"api\":\"connect\",\"args\":[\"canary-content\"]}\n",
        "line 6: command connect: its argument must be an object",
    );
    let deep = format!("{}\"canary-content\"{}", "[".repeat(200), "]".repeat(200));
    is_damage(&format!("{{\"t\":9,\"api\":\"call\",\"args\":{deep}}}\n"), NONE);
    let long = format!("{{\"t\":9,\"in\":\"{}\"}}\n", "canary-content".repeat(1_500_000));
    is_damage(&long, "line 6: longer than 16777216 bytes");
}

#[test]
fn a_line_of_an_unknown_kind_is_warned_of_and_passed_over() {
    let (code, told, page) = bad("{\"t\":9,\"weather\":\"canary-content\"}\n{\"t\":10,\"in\":[\"x\",{}]}\n");
    assert_eq!(code, 0);
    assert_eq!(told, "callfold: standard input: line 6: a line of an unknown kind, passed over\n");
    assert!(
        page.lines().last().unwrap().ends_with("0 findings in messages and clock, 1 line of an unknown kind"),
        "{page}"
    );
}

#[test]
fn lines_of_unknown_kinds_are_not_warned_of_without_end() {
    let (code, told, _) = bad(&"{\"t\":9,\"weather\":\"canary-content\"}\n".repeat(1_000));
    assert_eq!((code, told.lines().count()), (0, 21));
    assert_eq!(told.lines().last(), Some("callfold: standard input: 1000 lines of unknown kinds in all"));
}

#[test]
fn a_frame_that_is_no_pair_is_a_finding() {
    const WHY: &str = "a frame is a list of two";
    for frame in [r#"["canary-content"]"#, "[]", r#"["x",{},"canary-content"]"#] {
        is_a_finding(frame, WHY);
    }
}

#[test]
fn a_frame_of_the_wrong_type_is_a_finding() {
    for frame in [r#"{"canary-content":1}"#, "null", "7", r#""canary-content""#, "true"] {
        is_a_finding(frame, "a frame is a list of two");
    }
    is_a_finding(
        r#"["getextendedlineinforesult",{"abonent":"canary-content"}]"#,
        "a field of the wrong type",
    );
    is_a_finding(r#"[["canary-content"],{}]"#, "a field of the wrong type");
}

#[test]
fn a_frame_nested_too_deep_is_a_finding() {
    let deep = format!("{}\"canary-content\"{}", "[".repeat(200), "]".repeat(200));
    is_a_finding(&format!(r#"["x",{{"a":{deep}}}]"#), "nested too deep");
    is_a_finding(&deep, "nested too deep");
}

#[test]
fn a_frame_that_is_too_long_is_a_finding() {
    let long = "canary-content".repeat(10 * 1024 * 1024 / 14);
    is_a_finding(&format!(r#"["customevent",{{"eventname":"{long}"}}]"#), "longer than 4 MiB");
}

#[test]
fn a_field_that_stands_twice_is_a_finding() {
    is_a_finding(r#"["flashstatechanged",{"flashtypeid":1,"flashtypeid":2}]"#, "a field stands twice");
}

#[test]
fn a_number_past_64_bits_is_a_finding() {
    for number in ["99999999999999999999", "-99999999999999999999", "1e400", "1.5"] {
        is_a_finding(
            &format!(r#"["flashstatechanged",{{"flashtypeid":{number}}}]"#),
            "a number that is not whole or does not fit 64 bits",
        );
    }
}

#[test]
fn time_that_runs_backwards_is_a_finding_and_the_replay_goes_on() {
    let (code, told, page) = bad("{\"t\":2009,\"in\":[\"x\",{}]}\n{\"t\":9,\"in\":[\"x\",{}]}\n");
    assert_eq!((code, told.as_str()), (1, ""));
    assert!(page.contains("06:00:02.009  the clock stepped back by 2"), "{page}");
    let (code, _, _) = bad("{\"t\":-9,\"in\":[\"x\",{}]}\n");
    assert_eq!(code, 1, "before the beginning");
}

#[test]
fn findings_are_findings_for_programs_too() {
    let lines = format!("{HEADER}\n{OPEN}\n{{\"t\":9,\"in\":[]}}\n");
    assert_eq!(code(&run_with(&["--announce", "-"], lines.as_bytes())), 1);
}

#[test]
fn the_worst_of_several_traces_counts_and_all_are_replayed() {
    let good = vector("hold-and-back");
    let finding = file("finding.jsonl", format!("{HEADER}\n{OPEN}\n{{\"t\":9,\"in\":[]}}\n").as_bytes());
    let damaged = file("damaged.jsonl", format!("{HEADER}\n{OPEN}\n{{\"t\":9").as_bytes());
    assert_eq!(code(&run(&[path(&good), path(&finding)])), 1);
    assert_eq!(code(&run(&[path(&finding), path(&good)])), 1);
    let all = run(&[path(&damaged), "no/such/file", path(&finding), path(&good)]);
    assert_eq!(code(&all), 3);
    let page = text(&all.stdout);
    assert!(page.contains("hold-and-back") && page.contains("\ntotal of 4 traces: "), "{page}");
    let told: Vec<_> = said(&all).lines().collect();
    assert!(told[0].ends_with("damaged.jsonl: line 6: cut short"), "{told:?}");
    assert!(told[1].starts_with("callfold: no/such/file: "), "{told:?}");
}

// ---- secrets ----

#[test]
fn a_password_is_told_nowhere() {
    let trace = fs::read_to_string(vector("hold-and-back")).unwrap().replace("Secret1", "canary-Пароль");
    let address = trace.replacen("ws://oktell.local", "ws://canary-user:canary-Пароль@oktell.local", 1);
    for trace in [&trace, &address] {
        for mode in ["--announce", "--utc", "--verbose"] {
            let output = run_with(&[mode, "-"], trace.as_bytes());
            for bytes in [&output.stdout, &output.stderr] {
                assert!(!text(bytes).contains("Пароль"), "{mode}: {}", text(bytes));
            }
        }
    }
    // The digests of the login stand in the line that sends it, and nowhere else.
    let told = run_with(&["--announce", "-"], trace.as_bytes());
    let (login, rest): (Vec<_>, Vec<_>) =
        text(&told.stdout).lines().partition(|line| line.contains(r#""wire":["login""#));
    let login: serde_json::Value = serde_json::from_str(login[0]).unwrap();
    for field in ["password", "Password"] {
        let digest = login["wire"][1][field].as_str().unwrap();
        assert!(digest.len() == 32 && !rest.iter().any(|line| line.contains(digest)), "{field}");
    }
}

// ---- long sessions ----

fn recorded() -> String {
    fs::read_to_string(vector("hold-and-back")).unwrap()
}

fn long(inputs: u64) -> Vec<u8> {
    let mut trace = Vec::new();
    long_session::write(&recorded(), inputs, &mut trace).unwrap();
    trace
}

#[test]
fn a_long_session_is_what_its_calls_add_up_to() {
    let output = run_with(&["--utc", "-"], &long(100_000));
    assert_eq!((code(&output), said(&output)), (0, ""));
    let page = text(&output.stdout);
    let (rings, ends) = (page.matches("  rings: ").count(), page.matches("  talk ended: ").count());
    assert!(rings > 1_000 && rings == ends, "{rings} calls, {ends} ends");
    // Each call is held once, so it has two talks.
    let last = page.lines().last().unwrap();
    assert!(last.contains(&format!(" {} talks begun or resumed, ", 2 * rings)), "{last}");
    assert!(last.ends_with("(0 refused), 0 findings in messages and clock"), "{last}");
}

/// The peak is read while the program still waits for the end of its input.
#[cfg(target_os = "linux")]
#[test]
fn a_million_inputs_take_no_more_memory_than_a_few() {
    for mode in ["--utc", "--verbose"] {
        let mut command = callfold();
        command.args([mode, "-"]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut stdin = BufWriter::new(child.stdin.take().unwrap());
        long_session::write(&recorded(), 1_000_000, &mut stdin).unwrap();
        stdin.flush().unwrap();
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        drop(stdin);
        assert!(child.wait().unwrap().success());
        assert!(peak < 64 * 1024, "{peak} KiB");
    }
}
