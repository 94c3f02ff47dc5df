//! Finding one's way in text that may be JSON, and may be broken.

/// The place behind the string that starts with the quote at `start`; one that is open goes to the end.
pub(crate) fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut place = start + 1;
    while let Some(byte) = bytes.get(place) {
        match byte {
            b'\\' => place += 2,
            b'"' => return place + 1,
            _ => place += 1,
        }
    }
    bytes.len()
}

/// The place of the first byte from `place` on that is no space.
pub(crate) fn skip_space(bytes: &[u8], mut place: usize) -> usize {
    while bytes.get(place).is_some_and(u8::is_ascii_whitespace) {
        place += 1;
    }
    place
}
