//! What is read from a file, so that whoever waits for it can break it off.

use std::io::{self, BufRead, Read};

use callfold::log::OnProgress;

use crate::run::go_on;

/// Input that tells how many bytes of it were read, and ends with an error when nobody wants more.
pub(crate) struct Source<'p, R> {
    input: R,
    progress: OnProgress<'p>,
    read: u64,
}

impl<'p, R: BufRead> Source<'p, R> {
    pub(crate) fn new(input: R, progress: OnProgress<'p>) -> Self {
        Self { input, progress, read: 0 }
    }
}

impl<R: BufRead> Read for Source<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Source<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        go_on(self.progress, self.read).map_err(io::Error::other)?;
        self.input.fill_buf()
    }

    fn consume(&mut self, read: usize) {
        self.input.consume(read);
        self.read += read as u64;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::ops::ControlFlow;

    use callfold::log::to_the_end;

    use super::*;

    #[test]
    fn what_is_read_is_what_is_there_and_how_much_of_it_is_told() {
        let text = b"one\ntwo\n".repeat(10_000);
        let mut told = 0;
        let mut progress = |at: callfold::log::Progress| {
            assert!(at.done >= told);
            told = at.done;
            ControlFlow::Continue(())
        };
        let mut read = Vec::new();
        Source::new(io::BufReader::new(&text[..]), &mut progress).read_to_end(&mut read).unwrap();
        assert!(read == text && told == text.len() as u64);
        let lines = Source::new(&text[..], &mut to_the_end).lines().collect::<Result<Vec<_>, _>>().unwrap();
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
        let ended = Source::new(io::BufReader::new(&text[..]), &mut progress).read_to_end(&mut read);
        assert!(ended.is_err() && read.len() < text.len(), "{} bytes", read.len());
    }
}
