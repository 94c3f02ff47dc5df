//! Numbers and runs of bytes, as records have them.

use super::RecordError;

/// Writes a number in groups of seven bits, the lowest first.
pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Writes a number with a sign: 0, -1, 1, -2, … become 0, 1, 2, 3, …
pub(super) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put_number(out, ((number << 1) ^ (number >> 63)) as u64);
}

/// Writes a run of bytes behind its length.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Reads bytes from the front.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'b> {
    rest: &'b [u8],
}

impl<'b> Cursor<'b> {
    pub(super) const fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read.
    pub(super) const fn rest(&self) -> &'b [u8] {
        self.rest
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, RecordError> {
        let (byte, rest) = self.rest.split_first().ok_or(RecordError::Damaged("it ends too early"))?;
        self.rest = rest;
        Ok(*byte)
    }

    #[inline]
    pub(super) fn number(&mut self) -> Result<u64, RecordError> {
        // Almost all of them are small.
        if let Some((byte @ 0..0x80, rest)) = self.rest.split_first() {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        self.long_number()
    }

    fn long_number(&mut self) -> Result<u64, RecordError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                // One number, one way to write it: otherwise two different records would read the same.
                let is_shortest = byte != 0 || shift == 0;
                return is_shortest
                    .then_some(number)
                    .ok_or(RecordError::Damaged("a number written too long"));
            }
        }
        Err(RecordError::Damaged("a number over 64 bits"))
    }

    #[inline]
    pub(super) fn signed(&mut self) -> Result<i64, RecordError> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// A count of things of at least one byte each.
    #[inline]
    pub(super) fn count(&mut self) -> Result<usize, RecordError> {
        let count = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        if count > self.rest.len() {
            return Err(RecordError::Damaged("more is announced than there is"));
        }
        Ok(count)
    }

    #[inline]
    pub(super) fn take(&mut self, length: usize) -> Result<&'b [u8], RecordError> {
        let (bytes, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(RecordError::Damaged("more is announced than there is"))?;
        self.rest = rest;
        Ok(bytes)
    }

    #[inline]
    pub(super) fn bytes(&mut self) -> Result<&'b [u8], RecordError> {
        let length = self.count()?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Result<&'b str, RecordError> {
        std::str::from_utf8(self.bytes()?).map_err(|_| RecordError::Damaged("text that is not UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 127, 128, 16_383, 16_384, u64::from(u32::MAX), u64::MAX] {
            let mut bytes = Vec::new();
            put_number(&mut bytes, number);
            assert_eq!(Cursor::new(&bytes).number().unwrap(), number);
        }
        for number in [0, -1, 1, i64::MIN, i64::MAX] {
            let mut bytes = Vec::new();
            put_signed(&mut bytes, number);
            assert_eq!(Cursor::new(&bytes).signed().unwrap(), number);
        }
    }

    #[test]
    fn a_number_is_written_in_one_way_only() {
        for bytes in [&[0x80, 0x00][..], &[0xff; 10], &[0x80; 12], &[0x80], &[]] {
            assert!(Cursor::new(bytes).number().is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn no_more_is_announced_than_there_is() {
        assert!(Cursor::new(&[5, 1, 2]).bytes().is_err());
        assert!(Cursor::new(&[0xff, 0xff, 0xff, 0xff, 0x0f]).count().is_err());
    }
}
