//! Raises the bytes of older versions to the newest, step by step. What is stored is never rewritten: this runs
//! whenever an old record is read, and costs nothing for a new one.

use std::borrow::Cow;

use super::bytes::{Cursor, put_number, put_signed};
use super::{RecordError, VERSION};

/// The record in the newest version.
#[inline]
pub(super) fn raised(record: &[u8]) -> Result<Cow<'_, [u8]>, RecordError> {
    match record.first() {
        None => Err(RecordError::Empty),
        Some(&VERSION) => Ok(Cow::Borrowed(record)),
        Some(0) => from_0(record).map(Cow::Owned),
        Some(&newer) => Err(RecordError::Version(newer)),
    }
}

/// Version 0 had no engine version and no told time: it was written before there was a release (engine 0.0.0), by a
/// machine whose time was the one told.
fn from_0(record: &[u8]) -> Result<Vec<u8>, RecordError> {
    let mut bytes = Cursor::new(record.get(1..).unwrap_or_default());
    let (seq, at) = (bytes.number()?, bytes.signed()?);
    let mut raised = Vec::with_capacity(record.len() + 4);
    raised.push(1);
    put_number(&mut raised, seq);
    put_signed(&mut raised, at);
    raised.extend_from_slice(&[0, 0, 0]);
    put_number(&mut raised, 0);
    raised.extend_from_slice(bytes.rest());
    Ok(raised)
}
