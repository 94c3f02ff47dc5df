//! Builds the library of `shim/faults.c` and loads it into a program.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::{env, fmt, fs, io};

use crate::Error;

const SOURCE: &str = include_str!("../shim/faults.c");

/// The built library.
#[derive(Debug, Clone)]
pub struct Shim {
    library: PathBuf,
}

/// What is watched in a run, and what is made to fail in it.
#[derive(Debug, Clone, Copy)]
pub struct Watch<'a> {
    /// Only what is below this directory. It has to be there.
    pub root: &'a Path,
    /// Where the trace is added to.
    pub trace: Option<&'a Path>,
    /// What fails.
    pub fail: Option<Fail>,
}

/// One call that fails, or all from one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fail {
    /// Which calls, and how.
    pub kind: Kind,
    /// The first one, from 1.
    pub at: u64,
    /// Whether all after it fail as well.
    pub sticky: bool,
}

impl fmt::Display for Fail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}{}", self.kind, self.at, if self.sticky { ":sticky" } else { "" })
    }
}

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A write: the disk is full.
    NoSpace,
    /// A write: the disk is broken.
    Write,
    /// A write that writes only half, and says so. A program that goes on with the rest loses nothing.
    Short,
    /// `fsync` or `fdatasync`. What had been written since the last is gone, whatever the next one says.
    Sync,
    /// `sync_file_range`.
    Range,
    /// A read.
    Read,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 6] = [Kind::NoSpace, Kind::Write, Kind::Short, Kind::Sync, Kind::Range, Kind::Read];

    fn name(self) -> &'static str {
        match self {
            Kind::NoSpace => "enospc",
            Kind::Write => "eio",
            Kind::Short => "short",
            Kind::Sync => "fsync",
            Kind::Range => "range",
            Kind::Read => "read",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Kind, String> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| format!("{name}: no kind of failure"))
    }
}

impl Shim {
    /// Compiles it into a directory, with `CC` or `cc`, unless it is there. Those who build at the same time do not meet.
    pub fn build(dir: &Path) -> Result<Shim, Error> {
        let compiler = env::var("CC").unwrap_or_else(|_| "cc".into());
        Shim::build_with(&compiler, dir)
    }

    fn build_with(compiler: &str, dir: &Path) -> Result<Shim, Error> {
        fs::create_dir_all(dir).map_err(Error::at("making", dir))?;
        // Under the name of its source: built once, and not mistaken for an older one.
        let name = blake3::hash(SOURCE.as_bytes()).to_hex();
        let library = dir.join(format!("faults-{name}.so"));
        if library.exists() {
            return Ok(Shim { library });
        }
        let place = tempfile::tempdir_in(dir).map_err(Error::at("making a directory in", dir))?;
        let source = place.path().join("faults.c");
        let built = place.path().join("faults.so");
        fs::write(&source, SOURCE).map_err(Error::at("writing", &source))?;
        let told = Command::new(compiler)
            .args(["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread", "-o"])
            .args([&built, &source])
            .output()
            .map_err(|source| {
                if source.kind() == io::ErrorKind::NotFound {
                    Error::NoCompiler(compiler.into())
                } else {
                    Error::Io { what: format!("running {compiler}"), source }
                }
            })?;
        if !told.status.success() {
            return Err(Error::Compiler(String::from_utf8_lossy(&told.stderr).into_owned()));
        }
        fs::rename(&built, &library).map_err(Error::at("naming", &library))?;
        Ok(Shim { library })
    }

    /// Has a program run with it.
    pub fn load(&self, command: &mut Command, watch: Watch<'_>) -> Result<(), Error> {
        // The shim compares with what the kernel says, which knows no links.
        let root = watch.root.canonicalize().map_err(Error::at("finding", watch.root))?;
        command.env("LD_PRELOAD", &self.library).env("FAULTS_ROOT", root);
        if let Some(trace) = watch.trace {
            command.env("FAULTS_TRACE", trace);
        }
        if let Some(fail) = watch.fail {
            command.env("FAULTS_FAIL", fail.to_string());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Shim};
    use crate::Error;

    #[test]
    fn without_a_compiler_it_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let error = Shim::build_with("no-such-compiler", dir.path()).unwrap_err();
        assert!(matches!(error, Error::NoCompiler(_)), "{error}");
        assert!(error.to_string().contains("install gcc"), "{error}");
        let refused = Shim::build_with("false", dir.path()).unwrap_err();
        assert!(matches!(refused, Error::Compiler(_)), "{refused}");
    }

    #[test]
    fn kinds_have_names_of_their_own() {
        assert!(Kind::ALL.into_iter().all(|kind| kind.name().parse() == Ok(kind)));
        assert!("disk".parse::<Kind>().is_err());
    }
}
