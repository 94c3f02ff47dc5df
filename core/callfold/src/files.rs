//! Files that callfold reads: recorded sessions (traces) and exported logs, packed or not. What a file is, and what it is
//! packed with, is seen by its content.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

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
}
