//! Tells half a value from a whole one.

/// How many bytes a check has.
pub(crate) const CHECK_BYTES: usize = 8;

/// What is kept beside bytes to see later whether they are still those. Against accidents: who changes the bytes can
/// change it, too.
pub(crate) fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let [a, b, c, d, e, f, g, h, ..] = *blake3::hash(bytes).as_bytes();
    [a, b, c, d, e, f, g, h]
}
