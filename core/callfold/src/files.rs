//! Files that callfold reads and writes. What is read is recorded sessions (traces) and exported logs, packed or not; what a
//! file is, and what it is packed with, is seen by its content. What is written appears whole or not at all.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Cursor, Read, Seek as _, Write as _};
use std::path::Path;

use callfold_store::StreamId;
use flate2::bufread::MultiGzDecoder;

use crate::log::{Log, LogError, OnProgress, Progress};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const BUFFER: usize = 64 * 1024;
/// So much is looked at to see what is in it.
const HEAD_BYTES: u64 = 64;

/// What is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// An exported log: [`Log::import`](crate::log::Log::import).
    Log,
    /// A recorded session, or nothing that callfold knows:
    /// [`Log::import_trace`](crate::log::Log::import_trace) reads the one and refuses the other.
    Trace,
}

impl Content {
    /// Looks how the input begins. It is handed back whole.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of(mut input: impl BufRead) -> io::Result<(Self, impl BufRead)> {
        let mut head = Vec::new();
        input.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
        let dense: Vec<u8> = head.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let content = if dense.starts_with(b"{\"callfold\":") { Self::Log } else { Self::Trace };
        Ok((content, Cursor::new(head).chain(input)))
    }
}

/// Opens a file and unpacks it on the way.
///
/// # Errors
/// If it cannot be opened or read.
pub fn open(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    unpacked(BufReader::with_capacity(BUFFER, File::open(path)?))
}

/// Unpacks an input, if it is packed with gzip or Zstandard.
///
/// # Errors
/// If it cannot be read.
pub fn unpacked(mut input: impl BufRead + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    let mut head = Vec::new();
    input.by_ref().take(ZSTD.len() as u64).read_to_end(&mut head)?;
    let (gzip, zstd) = (head.starts_with(GZIP), head.starts_with(ZSTD));
    let whole = Cursor::new(head).chain(input);
    Ok(if gzip {
        Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(whole)))
    } else if zstd {
        Box::new(BufReader::with_capacity(BUFFER, zstd::stream::read::Decoder::with_buffer(whole)?))
    } else {
        Box::new(whole)
    })
}

/// Input of which it is told how many bytes were read, and that can be broken off between two of its blocks.
pub struct Watched<'p, R> {
    input: R,
    read: u64,
    progress: OnProgress<'p>,
}

impl<'p, R: BufRead> Watched<'p, R> {
    /// Watches an input.
    pub fn new(input: R, progress: OnProgress<'p>) -> Self {
        Self { input, read: 0, progress }
    }
}

impl<R: BufRead> Read for Watched<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Watched<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if (self.progress)(Progress::new(self.read, 0)).is_break() {
            return Err(io::Error::other(LogError::Interrupted));
        }
        self.input.fill_buf()
    }

    fn consume(&mut self, read: usize) {
        self.input.consume(read);
        self.read += read as u64;
    }
}

/// What was taken into a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Taken {
    /// The streams.
    pub streams: Vec<StreamId>,
    /// How many lines of a session were passed over, because nothing is known of their kind.
    pub unknown_lines: u64,
}

/// Takes a recorded session or an exported log into a log. `name` names the stream of a session. It can be broken off while
/// it is read; a session that was read to its end takes its course, because half a stream cannot be taken back.
///
/// # Errors
/// [`LogError`] if it cannot be read, or the log not be written; [`LogError::Interrupted`] if it is broken off.
pub fn take_in(
    log: &Log,
    input: impl BufRead,
    name: Option<&str>,
    progress: OnProgress<'_>,
) -> Result<Taken, LogError> {
    let (content, input) = Content::of(input)?;
    // In a file without a name: a log is read twice, and a packed file cannot be.
    let mut spool = tempfile::tempfile()?;
    io::copy(&mut Watched::new(input, progress), &mut spool)?;
    spool.rewind()?;
    let input = BufReader::with_capacity(BUFFER, spool);
    Ok(match content {
        Content::Trace => {
            let taken = log.import_trace(input, name)?;
            Taken { streams: vec![taken.stream], unknown_lines: taken.unknown_lines }
        }
        Content::Log => Taken { streams: log.import(input, progress)?.streams, unknown_lines: 0 },
    })
}

/// Writes a file beside its place, and moves it there when it is whole. A link stays one, and what is no file, such as a pipe or
/// a device, is written as it is.
///
/// # Errors
/// Whatever `write` says, and [`LogError::Io`] if the file cannot be written: then none appears, or the old one stays.
pub fn write_whole<T>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> Result<T, LogError>,
) -> Result<T, LogError> {
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if target.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        let file = File::options().write(true).open(&target)?;
        let mut out = BufWriter::new(&file);
        let written = write(&mut out)?;
        out.flush()?;
        return Ok(written);
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    // What it is called until it is whole is nobody's concern.
    let file = tempfile::NamedTempFile::new_in(folder.unwrap_or_else(|| Path::new(".")));
    let file = file.map_err(|error| io::Error::from(error.kind()))?;
    let mut out = BufWriter::new(file.as_file());
    let written = write(&mut out)?;
    out.flush()?;
    drop(out);
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|error| io::Error::from(error.error.kind()))?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;
    use crate::log::to_the_end;

    fn read(bytes: Vec<u8>) -> io::Result<String> {
        let mut text = String::new();
        unpacked(Cursor::new(bytes))?.read_to_string(&mut text).map(|_| text)
    }

    fn gzipped(text: &str) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn what_is_not_packed_is_read_as_it_is_however_short() {
        for text in ["", "{", "{}", "not packed at all"] {
            assert_eq!(read(text.into()).unwrap(), text);
        }
    }

    #[test]
    fn packed_parts_that_follow_each_other_are_read_as_one() {
        assert_eq!(read([gzipped("one "), gzipped("two")].concat()).unwrap(), "one two");
        let zstd = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
        assert_eq!(read([zstd("one "), zstd("two")].concat()).unwrap(), "one two");
    }

    #[test]
    fn what_is_packed_and_cut_short_is_an_error() {
        let mut packed = gzipped("a session that is long enough to be cut");
        packed.truncate(packed.len() - 6);
        assert!(read(packed).is_err());
        assert!(read(ZSTD.to_vec()).is_err());
    }

    #[test]
    fn what_is_read_is_what_is_there_and_how_much_of_it_is_told() {
        let text = b"one\ntwo\n".repeat(10_000);
        let mut told = 0;
        let mut progress = |at: Progress| {
            assert!(at.done >= told);
            told = at.done;
            ControlFlow::Continue(())
        };
        let mut read = Vec::new();
        Watched::new(io::BufReader::new(&text[..]), &mut progress).read_to_end(&mut read).unwrap();
        assert!(read == text && told == text.len() as u64);
        let lines = Watched::new(&text[..], &mut to_the_end).lines().collect::<io::Result<Vec<_>>>().unwrap();
        assert_eq!(lines.len(), 20_000);
    }

    #[test]
    fn nothing_more_is_read_when_nobody_wants_it() {
        let mut left = 3;
        let mut progress = |_| {
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let text = [b'x'; 100_000];
        let mut read = Vec::new();
        let ended = Watched::new(io::BufReader::new(&text[..]), &mut progress).read_to_end(&mut read);
        assert!(ended.is_err() && read.len() < text.len(), "{} bytes", read.len());
    }
}
