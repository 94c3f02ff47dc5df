//! Blocks: consecutive records of a stream as one value, small enough that sled keeps it where it syncs.
//!
//! ```text
//! version · time of the first record (8 bytes) · parts (2 bytes) · for each record: length · bytes · hash (32 bytes)
//! ```
//!
//! In version 2 what follows the parts is packed with LZ4, behind its length. A block is packed where that saves
//! something: frames repeat themselves, and sled writes a value some three times before it rests.

use callfold_engine::Timestamp;
use callfold_engine::record::{Hash, Head};

use crate::{Place, StoreError, StreamId};

/// The most bytes of one value.
///
/// sled puts a page of over 128 KiB into a file of its own, which it never syncs, and a page may have 20 values for a
/// moment.
pub const MAX_VALUE_BYTES: usize = 6 * 1024;

/// How many bytes of records make a block, before they are packed.
pub(crate) const FULL_BYTES: usize = 12 * 1024;

const VERSION: u8 = 1;
const PACKED: u8 = 2;
pub(crate) const HEADER_BYTES: usize = 11;
const HASH_BYTES: usize = 32;
/// The most bytes that a packed block may have: a record that fills all of its parts many times over.
const MAX_UNPACKED_BYTES: usize = 1 << 28;

/// A record that is to be appended.
#[derive(Clone, Debug)]
pub struct NewRecord {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its hash: that of the record before it and its bytes.
    pub hash: Hash,
    /// Its time.
    pub at: Timestamp,
}

/// Writes the header of a block that is not packed and has one part.
pub(crate) fn put_header(out: &mut Vec<u8>, at: Timestamp) {
    out.push(VERSION);
    out.extend_from_slice(&at.as_micros().to_be_bytes());
    out.extend_from_slice(&1_u16.to_be_bytes());
}

/// A block of these records, packed if that saves something, and of how many parts it is. None if it is too long.
pub(crate) fn packed(at: Timestamp, records: &[u8]) -> Option<(Vec<u8>, u16)> {
    let packed = lz4_flex::block::compress_prepend_size(records);
    let is_smaller = packed.len() < records.len() && records.len() <= MAX_UNPACKED_BYTES;
    let (version, body) = if is_smaller { (PACKED, &packed[..]) } else { (VERSION, records) };
    let parts = u16::try_from((HEADER_BYTES + body.len()).div_ceil(MAX_VALUE_BYTES)).ok()?;
    let mut value = Vec::with_capacity(HEADER_BYTES + body.len());
    value.push(version);
    value.extend_from_slice(&at.as_micros().to_be_bytes());
    value.extend_from_slice(&parts.to_be_bytes());
    value.extend_from_slice(body);
    Some((value, parts))
}

/// Writes a record into a block.
pub(crate) fn put_record(out: &mut Vec<u8>, record: &[u8], hash: Hash) {
    out.extend_from_slice(&u32::try_from(record.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(record);
    out.extend_from_slice(&hash.0);
}

/// How many bytes a record takes in a block.
pub(crate) const fn size(record: &[u8]) -> usize {
    4 + record.len() + HASH_BYTES
}

/// What stands at the front of a block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockHeader {
    pub(crate) at: Timestamp,
    pub(crate) parts: u16,
}

impl BlockHeader {
    pub(crate) fn read(value: &[u8]) -> Result<Self, &'static str> {
        let (header, _) = value.split_at_checked(HEADER_BYTES).ok_or("a block without a header")?;
        match header {
            [VERSION | PACKED, at @ .., parts_high, parts_low] => {
                let at = at.try_into().map_err(|_| "a block without a header")?;
                let parts = u16::from_be_bytes([*parts_high, *parts_low]);
                if parts == 0 {
                    return Err("a block of no parts");
                }
                Ok(Self { at: Timestamp::from_micros(i64::from_be_bytes(at)), parts })
            }
            _ => Err("a block of an unknown version"),
        }
    }
}

/// Consecutive records of a stream, as they are stored.
#[derive(Clone, Debug)]
pub struct Block {
    stream: StreamId,
    first: u64,
    /// Records before this one were not asked for.
    from: u64,
    /// sled's own shared bytes: a block is read without copying it.
    value: sled::IVec,
}

impl Block {
    /// The block that this value is, unpacked.
    pub(crate) fn new(stream: StreamId, first: u64, value: sled::IVec) -> Result<Self, StoreError> {
        let wrong = |what| StoreError::Block { place: Place { stream, seq: first }, what };
        let value = match value.split_at_checked(HEADER_BYTES) {
            Some((header, body)) if header.first() == Some(&PACKED) => {
                let (bytes, body) = lz4_flex::block::uncompressed_size(body)
                    .map_err(|_| wrong("a block without a length"))?;
                if bytes > MAX_UNPACKED_BYTES {
                    return Err(wrong("a block that would be too long"));
                }
                let mut whole = vec![0; HEADER_BYTES + bytes];
                let (front, records) = whole.split_at_mut(HEADER_BYTES);
                front.copy_from_slice(header);
                match lz4_flex::block::decompress_into(body, records) {
                    Ok(unpacked) if unpacked == bytes => whole.into(),
                    Ok(_) | Err(_) => return Err(wrong("a block that cannot be unpacked")),
                }
            }
            Some(_) | None => value,
        };
        Ok(Self { stream, first, from: first, value })
    }

    /// The same, with the records from this one on.
    pub(crate) fn from(self, from: u64) -> Self {
        Self { from, ..self }
    }

    /// The number after that of the last record that can be read.
    pub(crate) fn next(&self) -> u64 {
        self.first.saturating_add(self.all().take_while(Result::is_ok).count() as u64)
    }

    /// The block's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.value
    }

    /// The records that were asked for, in order. The first that cannot be read is the last.
    pub fn records(&self) -> impl Iterator<Item = Result<StoredRecord<'_>, StoreError>> {
        let from = self.from;
        self.all().filter(move |record| record.as_ref().map_or(true, |record| record.place.seq >= from))
    }

    /// The same records, one after the other out of a block of one's own.
    #[must_use]
    pub fn into_records(self) -> Records {
        Records { rest: HEADER_BYTES, seq: self.first, is_begun: false, block: self }
    }

    fn all(&self) -> impl Iterator<Item = Result<StoredRecord<'_>, StoreError>> {
        let stream = self.stream;
        let place = move |seq| Place { stream, seq };
        let mut seq = self.first;
        let mut header = Some(BlockHeader::read(&self.value));
        let mut rest = self.value.get(HEADER_BYTES..).unwrap_or_default();
        std::iter::from_fn(move || {
            if let Some(Err(what)) = header.take() {
                rest = &[];
                return Some(Err(StoreError::Block { place: place(seq), what }));
            }
            if rest.is_empty() {
                return None;
            }
            let Some((record, after)) = split(rest) else {
                rest = &[];
                return Some(Err(StoreError::Block {
                    place: place(seq),
                    what: "a record that is cut short",
                }));
            };
            rest = after;
            let stored = StoredRecord { place: place(seq), ..record };
            seq = seq.saturating_add(1);
            Some(Ok(stored))
        })
    }
}

/// The records of a block, for who keeps it: they are lent.
#[derive(Clone, Debug)]
pub struct Records {
    block: Block,
    /// From which byte on the rest stands.
    rest: usize,
    seq: u64,
    /// Whether the header was looked at.
    is_begun: bool,
}

impl Records {
    /// The next record that was asked for. The first that cannot be read is the last.
    pub fn next_record(&mut self) -> Option<Result<StoredRecord<'_>, StoreError>> {
        let (stream, from) = (self.block.stream, self.block.from);
        let wrong = |seq, what| Some(Err(StoreError::Block { place: Place { stream, seq }, what }));
        let value = self.block.value.as_ref();
        if !std::mem::replace(&mut self.is_begun, true)
            && let Err(what) = BlockHeader::read(value)
        {
            self.rest = value.len();
            return wrong(self.seq, what);
        }
        loop {
            let rest = value.get(self.rest..).filter(|rest| !rest.is_empty())?;
            let seq = self.seq;
            let Some((record, after)) = split(rest) else {
                self.rest = value.len();
                return wrong(seq, "a record that is cut short");
            };
            self.rest = value.len() - after.len();
            self.seq = seq.saturating_add(1);
            if seq >= from {
                return Some(Ok(StoredRecord { place: Place { stream, seq }, ..record }));
            }
        }
    }
}

fn split(bytes: &[u8]) -> Option<(StoredRecord<'_>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (record, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    let (hash, rest) = rest.split_first_chunk::<HASH_BYTES>()?;
    let place = Place { stream: StreamId(0), seq: 0 };
    Some((StoredRecord { place, bytes: record, hash: Hash(*hash) }, rest))
}

/// A record as it is stored.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct StoredRecord<'b> {
    /// Where it stands.
    pub place: Place,
    /// Its bytes.
    pub bytes: &'b [u8],
    /// Its hash, as stored.
    pub hash: Hash,
}

impl StoredRecord<'_> {
    /// What stands at its front.
    ///
    /// # Errors
    /// [`StoreError::Record`] if it cannot be read.
    pub fn head(&self) -> Result<Head, StoreError> {
        Head::read(self.bytes).map_err(|source| StoreError::Record { place: self.place, source })
    }
}

#[cfg(test)]
mod tests {
    use callfold_engine::Timestamp;
    use callfold_engine::record::Hash;

    use super::{Block, HEADER_BYTES, PACKED, VERSION, packed, put_record};
    use crate::StreamId;

    /// A block of records that repeat themselves, or do not.
    fn value(repeats: bool) -> Vec<u8> {
        let mut records = Vec::new();
        for number in 0..6_u8 {
            let mut record = vec![0; 40];
            blake3::Hasher::new()
                .update(&[if repeats { 0 } else { number }])
                .finalize_xof()
                .fill(&mut record);
            put_record(&mut records, &record, Hash([if repeats { 7 } else { record[0] }; 32]));
        }
        packed(Timestamp::from_micros(99), &records).unwrap().0
    }

    fn block(value: &[u8]) -> Option<Block> {
        Block::new(StreamId(3), 10, value.into()).ok()
    }

    /// Everything that is asked of a block; how many records can be read, and whether all can.
    fn read(block: &Block) -> (u64, bool) {
        let good = block.records().filter(Result::is_ok).count() as u64;
        assert_eq!(block.next(), block.from + good);
        let (mut own, mut same) = (block.clone().into_records(), block.records());
        while let Some(record) = own.next_record() {
            assert_eq!(format!("{record:?}"), format!("{:?}", same.next().unwrap()));
        }
        assert!(same.next().is_none());
        for record in block.records().flatten() {
            let _ = record.head();
        }
        (good, block.records().all(|record| record.is_ok()))
    }

    #[test]
    fn blocks_are_read_back_packed_or_not() {
        let values = [value(true), value(false)];
        assert_eq!((values[0][0], values[1][0] == PACKED || values[1][0] == VERSION), (PACKED, true));
        for value in values {
            let block = block(&value).unwrap();
            assert_eq!(read(&block), (6, true));
            let seqs: Vec<u64> = block.records().map(|record| record.unwrap().place.seq).collect();
            assert_eq!(seqs, [10, 11, 12, 13, 14, 15]);
            assert_eq!(block.clone().from(14).records().count(), 2);
            assert_eq!(read(&block.clone().from(14)).0, 2);
        }
    }

    #[test]
    fn no_truncation_and_no_flipped_bit_is_more_than_an_error() {
        for whole in [value(true), value(false)] {
            let before = block(&whole).unwrap().bytes().to_vec();
            for length in 0..whole.len() {
                let cut = block(&whole[..length]);
                assert!(cut.is_none_or(|cut| read(&cut) != (6, true)), "cut to {length}");
            }
            for bit in 0..whole.len() * 8 {
                let mut flipped = whole.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let Some(found) = block(&flipped) else { continue };
                read(&found);
                // Packing has more than one way to write the same; the chain of hashes tells the rest.
                let is_body = bit / 8 >= HEADER_BYTES && whole[0] == PACKED;
                assert!(is_body || found.bytes() != before, "bit {bit}");
            }
        }
    }

    #[test]
    fn a_length_that_nobody_has_memory_for_is_refused() {
        let mut value = value(true);
        value[HEADER_BYTES..HEADER_BYTES + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(block(&value).is_none());
    }
}
