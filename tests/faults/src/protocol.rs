//! The words between a driver and the tests. See the crate's documentation for what they mean.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// The exit code of what was refused in words.
pub const REFUSED: i32 = 3;
/// The exit code of arguments that are none.
pub const USAGE: i32 = 2;
/// The exit code of a panic in Rust.
pub const PANIC: i32 = 101;

/// What a driver is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Add records.
    Append(Append),
    /// Say what is there.
    Check {
        /// The store's directory.
        dir: PathBuf,
    },
}

/// Records to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The store's directory.
    pub dir: PathBuf,
    /// How many streams there are, from 0.
    pub streams: u32,
    /// How many records are added, in all streams together.
    pub records: u64,
    /// After how many records they are made durable.
    pub batch: u64,
    /// When they have to be durable.
    pub durability: Durability,
    /// Whether the store keeps snapshots as well.
    pub snapshots: bool,
}

impl Append {
    /// Records of three streams, a hundred a batch, each batch durable.
    pub fn new(dir: impl Into<PathBuf>, records: u64) -> Append {
        let dir = dir.into();
        Append { dir, streams: 3, records, batch: 100, durability: Durability::Always, snapshots: false }
    }
}

/// When records are made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// With every batch.
    Always,
    /// When this time has passed.
    Every(Duration),
    /// When the system likes to. Nothing is acknowledged.
    Never,
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Durability::Always => f.write_str("always"),
            Durability::Every(time) => write!(f, "every:{}", time.as_millis()),
            Durability::Never => f.write_str("never"),
        }
    }
}

impl FromStr for Durability {
    type Err = String;

    fn from_str(text: &str) -> Result<Durability, String> {
        match text {
            "always" => Ok(Durability::Always),
            "never" => Ok(Durability::Never),
            _ => text
                .strip_prefix("every:")
                .and_then(|number| number.parse().ok())
                .map(|millis| Durability::Every(Duration::from_millis(millis)))
                .ok_or_else(|| format!("{text}: always, every:MS or never")),
        }
    }
}

impl Task {
    /// Reads a driver's arguments, its own name left out.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Task, String> {
        let mut arguments = arguments.into_iter();
        let name = arguments.next().ok_or("append or check")?;
        let mut dir = None;
        let mut append = Append::new("", 0);
        while let Some(option) = arguments.next() {
            let option = option.to_string_lossy().into_owned();
            if option == "--snapshots" {
                append.snapshots = true;
                continue;
            }
            let value = arguments.next().ok_or_else(|| format!("{option}: no value"))?;
            let text = value.to_string_lossy();
            match option.as_str() {
                "--dir" => dir = Some(PathBuf::from(&value)),
                "--streams" => append.streams = number(&option, &text)?,
                "--records" => append.records = number(&option, &text)?,
                "--batch" => append.batch = number(&option, &text)?,
                "--durability" => append.durability = text.parse()?,
                _ => return Err(format!("{option}: unknown")),
            }
        }
        let dir = dir.ok_or("--dir is missing")?;
        match name.to_str() {
            Some("append") => Ok(Task::Append(Append { dir, ..append })),
            Some("check") => Ok(Task::Check { dir }),
            Some(_) | None => Err(format!("{}: append or check", name.to_string_lossy())),
        }
    }

    /// The arguments that are read back as this task.
    pub fn arguments(&self) -> Vec<OsString> {
        match self {
            Task::Check { dir } => vec!["check".into(), "--dir".into(), dir.into()],
            Task::Append(append) => {
                let mut arguments: Vec<OsString> =
                    vec!["append".into(), "--dir".into(), (&append.dir).into()];
                let options = [
                    ("--streams", append.streams.to_string()),
                    ("--records", append.records.to_string()),
                    ("--batch", append.batch.to_string()),
                    ("--durability", append.durability.to_string()),
                ];
                arguments.extend(options.into_iter().flat_map(|(name, value)| [name.into(), value.into()]));
                arguments.extend(append.snapshots.then(|| "--snapshots".into()));
                arguments
            }
        }
    }
}

fn number<T: FromStr>(option: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{option}: {text} is no number that fits"))
}

/// How far a stream is. Written `STREAM SEQ HASH`, after `ack ` where it is acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The stream.
    pub stream: u32,
    /// Its last record.
    pub seq: u64,
    /// The hash over its records up to that one.
    pub hash: String,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.stream, self.seq, self.hash)
    }
}

impl FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Head, String> {
        let wrong = || format!("{text:?} is no head of a stream");
        let mut words = text.split(' ');
        let mut next = || words.next().ok_or_else(wrong);
        let (stream, seq, hash) = (next()?, next()?, next()?.to_owned());
        if words.next().is_some() || hash.is_empty() {
            return Err(wrong());
        }
        Ok(Head {
            stream: stream.parse().map_err(|_| wrong())?,
            seq: seq.parse().map_err(|_| wrong())?,
            hash,
        })
    }
}

/// The last head of each stream.
pub type Heads = BTreeMap<u32, Head>;

/// The acknowledgements in what an append wrote. A line without its end was not said: it may be the half of one.
/// What stands there besides is an error, since an acknowledgement that is passed over is one that is not checked.
pub fn acknowledged(output: &[u8]) -> Result<Heads, String> {
    let mut heads = Heads::new();
    for line in complete_lines(output) {
        if line.starts_with("error ") {
            continue;
        }
        let head: Head =
            line.strip_prefix("ack ").ok_or_else(|| format!("not expected: {line:?}"))?.parse()?;
        let before = heads.get(&head.stream).map_or(0, |before| before.seq);
        if head.seq < before {
            return Err(format!("{head} was acknowledged after {before}"));
        }
        heads.insert(head.stream, head);
    }
    Ok(heads)
}

/// The lines of an output that were written to their end.
pub fn complete_lines(output: &[u8]) -> impl Iterator<Item = String> {
    output
        .split_inclusive(|byte| *byte == b'\n')
        .filter_map(|line| line.strip_suffix(b"\n"))
        .map(|line| String::from_utf8_lossy(line).into_owned())
}

#[cfg(test)]
mod tests {
    use super::{Append, Durability, Head, Task, acknowledged};
    use std::time::Duration;

    #[test]
    fn tasks_are_read_back() {
        let append = Append {
            streams: 7,
            batch: 9,
            durability: Durability::Every(Duration::from_millis(50)),
            snapshots: true,
            ..Append::new("/a b", 33)
        };
        let check = Task::Check { dir: "/c".into() };
        for task in [Task::Append(append), Task::Append(Append::new("d", 1)), check] {
            assert_eq!(Task::parse(task.arguments()), Ok(task));
        }
    }

    #[test]
    fn what_is_no_task_is_refused() {
        for words in
            ["", "append", "check --dir", "remove --dir a", "append --dir a --batch x", "check --dir a --x y"]
        {
            assert!(Task::parse(words.split_whitespace().map(Into::into)).is_err(), "{words}");
        }
        assert!("every:".parse::<Durability>().is_err());
    }

    #[test]
    fn the_last_acknowledgement_of_a_stream_counts_and_half_a_line_does_not() {
        let heads = acknowledged(b"ack 0 3 aa\nack 1 2 bb\nack 0 5 cc\nerror Full disk\nack 1 44").unwrap();
        let found: Vec<String> = heads.values().map(Head::to_string).collect();
        assert_eq!(found, ["0 5 cc", "1 2 bb"]);
    }

    #[test]
    fn acknowledgements_that_are_none_or_go_back_are_errors() {
        for output in ["ack 0 3\n", "ack 0 3 aa bb\n", "ok\n", "ack 0 3 aa\nack 0 2 bb\n"] {
            assert!(acknowledged(output.as_bytes()).is_err(), "{output}");
        }
    }
}
