//! A file that appears whole or not at all: written beside its place, and moved there when it is done.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::write::GzEncoder;
use tempfile::NamedTempFile;

use crate::words::shown;

const BUFFER: usize = 64 * 1024;

/// Where output goes, packed on the way.
pub(crate) struct Out {
    to: Packing,
    /// The file, as errors name it.
    name: Option<String>,
    /// What went wrong with writing, so that it is told apart from what went wrong with reading.
    failed: Option<io::Error>,
}

enum Packing {
    Plain(Sink),
    Gzip(GzEncoder<Sink>),
    Zstd(zstd::stream::write::Encoder<'static, Sink>),
}

enum Sink {
    Stdout(BufWriter<io::Stdout>),
    /// A device or a pipe: nothing is ever put in its place.
    There(BufWriter<File>),
    /// Only its owner may read it, as a temporary file is made: it has names and numbers in it.
    Beside(BufWriter<NamedTempFile>, PathBuf),
}

/// How a file of this name is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packed {
    No,
    Gzip,
    Zstd,
}

impl Packed {
    /// As the extension says.
    pub(crate) fn by_name(path: &Path) -> Self {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("gz") => Self::Gzip,
            Some("zst") => Self::Zstd,
            Some(_) | None => Self::No,
        }
    }
}

impl Out {
    /// To a file; to standard output if none is named.
    pub(crate) fn create(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else {
            let sink = Sink::Stdout(BufWriter::with_capacity(BUFFER, io::stdout()));
            return Ok(Self { to: Packing::Plain(sink), name: None, failed: None });
        };
        let name = shown(&path.display().to_string());
        // Of the error only the kind: its text names the file beside, which nobody has heard of.
        let sink = Sink::at(path)
            .map_err(|error| io::Error::new(error.kind(), format!("{name}: {}", error.kind())))?;
        let to = match Packed::by_name(path) {
            Packed::No => Packing::Plain(sink),
            Packed::Gzip => Packing::Gzip(GzEncoder::new(sink, flate2::Compression::default())),
            Packed::Zstd => Packing::Zstd(zstd::stream::write::Encoder::new(sink, 0)?),
        };
        Ok(Self { to, name: Some(name), failed: None })
    }

    /// What went wrong with writing, if something did.
    pub(crate) fn failed(&mut self) -> Option<io::Error> {
        self.failed.take()
    }

    /// Everything is written: the file appears.
    pub(crate) fn finish(self) -> io::Result<()> {
        let name = self.name;
        let sink = match self.to {
            Packing::Plain(sink) => Ok(sink),
            Packing::Gzip(packer) => packer.finish(),
            Packing::Zstd(packer) => packer.finish(),
        };
        sink.and_then(Sink::finish).map_err(|error| named(name.as_deref(), error))
    }
}

impl Sink {
    fn at(path: &Path) -> io::Result<Self> {
        let beside = |path: PathBuf| {
            let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
            let file = tempfile::Builder::new()
                .prefix(".callfold-")
                .tempfile_in(directory.unwrap_or_else(|| Path::new(".")))?;
            Ok(Self::Beside(BufWriter::with_capacity(BUFFER, file), path))
        };
        match fs::metadata(path) {
            // A link stays one: what it points to is replaced.
            Ok(there) if there.is_file() => beside(fs::canonicalize(path)?),
            Ok(_) => {
                let there = File::options().write(true).open(path)?;
                Ok(Self::There(BufWriter::with_capacity(BUFFER, there)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => beside(path.to_owned()),
            Err(error) => Err(error),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut out) => out.flush(),
            Self::There(mut out) => out.flush(),
            Self::Beside(out, path) => {
                let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.as_file().sync_all()?;
                file.persist(path)?;
                Ok(())
            }
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::There(out) => out.write(bytes),
            Self::Beside(out, _) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::There(out) => out.flush(),
            Self::Beside(out, _) => out.flush(),
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.to {
            Packing::Plain(out) => out.write(bytes),
            Packing::Gzip(out) => out.write(bytes),
            Packing::Zstd(out) => out.write(bytes),
        };
        written.map_err(|error| self.note(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = match &mut self.to {
            Packing::Plain(out) => out.flush(),
            Packing::Gzip(out) => out.flush(),
            Packing::Zstd(out) => out.flush(),
        };
        flushed.map_err(|error| self.note(error))
    }
}

impl Out {
    /// Keeps an error, and hands out one like it.
    fn note(&mut self, error: io::Error) -> io::Error {
        let like_it = io::Error::new(error.kind(), error.to_string());
        if error.kind() != io::ErrorKind::Interrupted {
            self.failed.get_or_insert(named(self.name.as_deref(), error));
        }
        like_it
    }
}

/// The error with the name of the file.
fn named(name: Option<&str>, error: io::Error) -> io::Error {
    match name {
        Some(name) => io::Error::new(error.kind(), format!("{name}: {error}")),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_not_there_until_it_is_whole_and_then_nothing_else_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.txt");
        let mut out = Out::create(Some(&path)).unwrap();
        out.write_all(b"half").unwrap();
        drop(out);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        let mut out = Out::create(Some(&path)).unwrap();
        out.write_all(b"whole").unwrap();
        assert!(!path.exists());
        out.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_extension_says_how_it_is_packed() {
        let directory = tempfile::tempdir().unwrap();
        for (name, magic) in [("a.gz", &[0x1f, 0x8b][..]), ("a.zst", &[0x28, 0xb5, 0x2f, 0xfd])] {
            let path = directory.path().join(name);
            let mut out = Out::create(Some(&path)).unwrap();
            out.write_all(b"text").unwrap();
            out.finish().unwrap();
            assert!(fs::read(&path).unwrap().starts_with(magic), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_not_replaced_and_a_link_stays_a_link() {
        let mut out = Out::create(Some(Path::new("/dev/null"))).unwrap();
        out.write_all(b"gone").unwrap();
        out.finish().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());

        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("file"), directory.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let mut out = Out::create(Some(&link)).unwrap();
        out.write_all(b"new").unwrap();
        out.finish().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }
}
