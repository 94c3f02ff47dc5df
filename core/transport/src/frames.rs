//! Counts the frames of a message as they come off the wire.
//!
//! The WebSocket library bounds a message by its bytes only, and gives nothing out before it is whole: two million
//! empty frames would keep it busy and never reach that bound. So the bytes are looked at below it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A message came in more frames than are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message in more frames than are taken")]
pub(crate) struct TooManyFrames;

/// A stream whose incoming frames are counted, from the end of the HTTP answer on.
#[derive(Debug)]
pub(crate) struct Counted<S> {
    stream: S,
    counter: Counter,
}

impl<S> Counted<S> {
    pub(crate) const fn new(stream: S, most: u32) -> Self {
        Self { stream, counter: Counter { most, frames: 0, place: Place::Answer { matched: 0 } } }
    }
}

/// Where in the stream we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the HTTP answer, which ends with an empty line; so much of that was just seen.
    Answer { matched: u8 },
    /// At the first byte of a frame.
    First,
    /// At its second byte: whether it is masked, and how long it is.
    Second,
    /// In the long form of its length; so many bytes of it are to come, and the mask's after them.
    Length { left: u8, mask: u8, so_far: u64 },
    /// In its mask and content; so many bytes are to come.
    Content { left: u64 },
}

#[derive(Debug)]
struct Counter {
    most: u32,
    /// Of the message that is under way.
    frames: u32,
    place: Place,
}

impl Counter {
    fn look(&mut self, mut bytes: &[u8]) -> Result<(), TooManyFrames> {
        while let Some((byte, rest)) = bytes.split_first() {
            self.place = match self.place {
                Place::Answer { matched } => end_of_answer(matched, *byte),
                Place::First => {
                    self.count(*byte)?;
                    Place::Second
                }
                Place::Second => {
                    let mask = if byte & 0x80 == 0 { 0 } else { 4 };
                    match byte & 0x7f {
                        126 => Place::Length { left: 2, mask, so_far: 0 },
                        127 => Place::Length { left: 8, mask, so_far: 0 },
                        short => content(u64::from(short) + u64::from(mask)),
                    }
                }
                Place::Length { left, mask, so_far } => {
                    let so_far = (so_far << 8) | u64::from(*byte);
                    match left.saturating_sub(1) {
                        0 => content(so_far.saturating_add(u64::from(mask))),
                        left => Place::Length { left, mask, so_far },
                    }
                }
                Place::Content { left } => {
                    let here = u64::try_from(bytes.len()).unwrap_or(u64::MAX).min(left);
                    bytes = usize::try_from(here).ok().and_then(|here| bytes.get(here..)).unwrap_or_default();
                    self.place = content(left - here);
                    continue;
                }
            };
            bytes = rest;
        }
        Ok(())
    }

    /// Counts a frame by its first byte. Control frames stand between those of a message and are none of it.
    fn count(&mut self, first: u8) -> Result<(), TooManyFrames> {
        let (last, control) = (first & 0x80 != 0, first & 0x08 != 0);
        if control {
            return Ok(());
        }
        self.frames += 1;
        if self.frames > self.most {
            return Err(TooManyFrames);
        }
        if last {
            self.frames = 0;
        }
        Ok(())
    }
}

const fn content(left: u64) -> Place {
    if left == 0 { Place::First } else { Place::Content { left } }
}

const fn end_of_answer(matched: u8, byte: u8) -> Place {
    match (matched, byte) {
        (0 | 2, b'\r') => Place::Answer { matched: matched + 1 },
        (1, b'\n') => Place::Answer { matched: 2 },
        (3, b'\n') => Place::First,
        (_, b'\r') => Place::Answer { matched: 1 },
        (_, _) => Place::Answer { matched: 0 },
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        if let Poll::Ready(Ok(())) = &read {
            let came = buf.filled().get(before..).unwrap_or_default();
            if let Err(error) = this.counter.look(came) {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
            }
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\r\n\r\n";

    fn frame(first: u8, content: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        match content.len() {
            short @ 0..126 => frame.push(u8::try_from(short).unwrap()),
            middle @ 126..65_536 => {
                frame.push(126);
                frame.extend(u16::try_from(middle).unwrap().to_be_bytes());
            }
            long => {
                frame.push(127);
                frame.extend(u64::try_from(long).unwrap().to_be_bytes());
            }
        }
        frame.extend(content);
        frame
    }

    /// What is found when the bytes come in pieces of this size.
    fn look(stream: &[u8], most: u32, piece: usize) -> Result<(), TooManyFrames> {
        let mut counter = Counter { most, frames: 0, place: Place::Answer { matched: 0 } };
        stream.chunks(piece).try_for_each(|piece| counter.look(piece))
    }

    fn check(stream: &[u8], most: u32, expected: Result<(), TooManyFrames>) {
        for piece in [1, 2, 3, 7, 64, stream.len()] {
            assert_eq!(look(stream, most, piece), expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn messages_of_any_length_are_stepped_over() {
        let mut stream = ANSWER.to_vec();
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
            // Content that looks like frames without end.
            stream.extend(frame(0x81, &vec![0; length]));
        }
        check(&stream, 1, Ok(()));
        stream.extend(frame(0x01, b""));
        stream.extend(frame(0x80, b""));
        check(&stream, 2, Ok(()));
        check(&stream, 1, Err(TooManyFrames));
    }

    #[test]
    fn empty_frames_are_counted_and_control_frames_are_not() {
        let mut stream = ANSWER.to_vec();
        stream.extend(frame(0x01, b"a"));
        for _ in 0..8 {
            stream.extend(frame(0x00, b""));
            stream.extend(frame(0x89, b"ping"));
        }
        stream.extend(frame(0x80, b"z"));
        check(&stream, 10, Ok(()));
        check(&stream, 9, Err(TooManyFrames));
    }

    #[test]
    fn a_masked_frame_is_stepped_over_with_its_mask() {
        let mut stream = ANSWER.to_vec();
        for _ in 0..3 {
            stream.extend([0x81, 0x82, 0, 0, 0, 0, 1, 1]);
        }
        check(&stream, 1, Ok(()));
        stream.extend([0x01, 0xfe, 0, 1, 9, 9, 9, 9, 1, 0x00, 0]);
        check(&stream, 2, Ok(()));
        check(&stream, 1, Err(TooManyFrames));
    }

    #[test]
    fn a_length_that_never_comes_is_no_overflow() {
        let mut stream = ANSWER.to_vec();
        stream.extend([0x81, 0xff]);
        stream.extend([0xff; 400]);
        check(&stream, 1, Ok(()));
    }
}
