//! The recorded sessions of `tests/vectors`, and the manifest that says which there must be.
//!
//! A file that is missing, changed or not in the manifest is a finding that names it: no test may pass
//! because there was nothing to run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use callfold::trace::{Level, TraceReader};
use serde::Deserialize;
use serde_json::json;

/// The file's name in the directory of the vectors.
pub const MANIFEST: &str = "manifest.json";

/// The version of the manifest's format.
pub const FORMAT: u32 = 1;

/// Where the vectors are.
#[must_use]
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// Which vectors there must be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this format.
    pub format: u32,
    /// How many there are.
    pub count: usize,
    /// Each of them, by path.
    pub files: Vec<Vector>,
}

/// One vector.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// Its path in the directory, with `/`.
    pub path: String,
    /// What was recorded.
    pub level: Level,
    /// Its size in bytes.
    pub size: u64,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub blake3: String,
}

/// Why vectors cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum VectorsError {
    /// Reading or writing failed.
    #[error("{path}: {source}")]
    Io {
        /// At this path.
        path: String,
        /// What went wrong.
        source: io::Error,
    },
    /// The manifest is not one.
    #[error("{MANIFEST}: {0}")]
    Manifest(#[from] serde_json::Error),
    /// A file is not a trace.
    #[error("{path}: not a trace")]
    NotATrace {
        /// The file.
        path: String,
    },
}

/// Something that is not as the manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The manifest is of another format.
    Format(u32),
    /// The manifest says one count and lists another.
    Count {
        /// What it says.
        said: usize,
        /// What it lists.
        listed: usize,
    },
    /// A file is listed more than once.
    Twice(String),
    /// A file is not there.
    Missing(String),
    /// A file is not the one that was listed.
    Changed {
        /// The file.
        path: String,
        /// What differs.
        what: &'static str,
    },
    /// A file is not listed.
    Extra(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(format) => write!(f, "{MANIFEST}: format {format}, not {FORMAT}"),
            Self::Count { said, listed } => write!(f, "{MANIFEST}: says {said} files and lists {listed}"),
            Self::Twice(path) => write!(f, "{path}: listed more than once"),
            Self::Missing(path) => write!(f, "{path}: missing"),
            Self::Changed { path, what } => write!(f, "{path}: changed: another {what}"),
            Self::Extra(path) => write!(f, "{path}: not in the manifest"),
        }
    }
}

impl Manifest {
    /// Reads the manifest of `directory`.
    ///
    /// # Errors
    /// [`VectorsError`] if it cannot be read or is not one.
    pub fn read(directory: &Path) -> Result<Self, VectorsError> {
        let text = std::fs::read(directory.join(MANIFEST)).map_err(|source| io_error(MANIFEST, source))?;
        Ok(serde_json::from_slice(&text)?)
    }

    /// The manifest of what is in `directory` now.
    ///
    /// # Errors
    /// [`VectorsError`] if a file cannot be read or is not a trace.
    pub fn of(directory: &Path) -> Result<Self, VectorsError> {
        let files = found(directory)?
            .into_iter()
            .map(|(path, found)| match found.level {
                Some(level) => Ok(Vector { path, level, size: found.size, blake3: found.blake3 }),
                None => Err(VectorsError::NotATrace { path }),
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { format: FORMAT, count: files.len(), files })
    }

    /// The manifest as JSON, one file a line, so that a change shows as the lines that changed.
    #[must_use]
    pub fn to_json(&self) -> String {
        let files: Vec<String> = self
            .files
            .iter()
            .map(|Vector { path, level, size, blake3 }| {
                let level = level_name(*level);
                json!({ "path": path, "level": level, "size": size, "blake3": blake3 }).to_string()
            })
            .collect();
        let (format, count, files) = (self.format, self.count, files.join(",\n"));
        format!("{{\"format\": {format}, \"count\": {count}, \"files\": [\n{files}\n]}}\n")
    }

    /// Everything in `directory` that is not as this manifest says.
    ///
    /// # Errors
    /// [`VectorsError`] if the directory cannot be read.
    pub fn check(&self, directory: &Path) -> Result<Vec<Finding>, VectorsError> {
        let mut found = found(directory)?;
        let mut findings = Vec::new();
        if self.format != FORMAT {
            findings.push(Finding::Format(self.format));
        }
        if self.count != self.files.len() {
            findings.push(Finding::Count { said: self.count, listed: self.files.len() });
        }
        let mut listed = BTreeSet::new();
        for vector in &self.files {
            let path = || vector.path.clone();
            if !listed.insert(&vector.path) {
                findings.push(Finding::Twice(path()));
                continue;
            }
            match found.remove(&vector.path) {
                None => findings.push(Finding::Missing(path())),
                Some(found) => {
                    let changed = found.differs_from(vector);
                    findings.extend(changed.map(|what| Finding::Changed { path: path(), what }));
                }
            }
        }
        findings.extend(found.into_keys().map(Finding::Extra));
        Ok(findings)
    }

    /// The vectors of a level.
    pub fn of_level(&self, level: Level) -> impl Iterator<Item = &Vector> {
        self.files.iter().filter(move |vector| vector.level == level)
    }
}

const fn level_name(level: Level) -> &'static str {
    match level {
        Level::Oktell => "oktell",
        Level::Cti => "cti",
    }
}

/// A file that is there.
struct Found {
    /// `None` if it is not a trace.
    level: Option<Level>,
    size: u64,
    blake3: String,
}

impl Found {
    fn differs_from(&self, vector: &Vector) -> Option<&'static str> {
        if self.size != vector.size {
            Some("size")
        } else if self.blake3 != vector.blake3 {
            Some("hash")
        } else if self.level != Some(vector.level) {
            Some("level")
        } else {
            None
        }
    }
}

/// Every file below `directory` but the manifest, by path: what is not meant to be there is found, too.
fn found(directory: &Path) -> Result<BTreeMap<String, Found>, VectorsError> {
    let mut files = BTreeMap::new();
    let mut open = vec![(directory.to_owned(), String::new())];
    while let Some((path, prefix)) = open.pop() {
        let error = |source| io_error(&prefix, source);
        for entry in std::fs::read_dir(&path).map_err(error)? {
            let entry = entry.map_err(error)?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type().map_err(error)?.is_dir() {
                open.push((entry.path(), format!("{name}/")));
            } else if name != MANIFEST {
                let bytes = std::fs::read(entry.path()).map_err(|source| io_error(&name, source))?;
                let level = TraceReader::new(bytes.as_slice()).ok().map(|reader| reader.header().level);
                let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                let blake3 = blake3::hash(&bytes).to_hex().to_string();
                files.insert(name, Found { level, size, blake3 });
            }
        }
    }
    Ok(files)
}

fn io_error(path: &str, source: io::Error) -> VectorsError {
    let path = if path.is_empty() { "." } else { path };
    VectorsError::Io { path: path.to_owned(), source }
}
