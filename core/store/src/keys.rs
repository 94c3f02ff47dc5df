//! The keys of the personal data: one for every name, number or other text of somebody's.
//!
//! They stand in a file of their own, 64 bytes each, beside the database and not in it: sled writes a changed value
//! elsewhere and leaves the old one on disk, while an erased key is overwritten where it stands and synced at once.
//! The file never has the text: an entry is found by a keyed hash of it, and that goes with the key.
//!
//! The head of the file says how many entries are known to be synced. Of those behind, a power cut may leave any and
//! lose any: one that cannot be read is taken for lost, and no record that counts needs it. Of those before, one that
//! cannot be read is damage.

use std::collections::hash_map::Entry as Slot;
use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use callfold_engine::record::{Seal, SealError, SubjectId, Unseal};
use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

use crate::StoreError;
use crate::check::check;

const MAGIC: &[u8; 16] = b"callfold keys 1\n";
const HEADER_BYTES: usize = 64;
const ENTRY_BYTES: usize = 64;
/// How an entry begins.
const USED: u8 = 1;
const ERASED: u8 = 2;
/// Never synced, and not there after a power cut.
const LOST: u8 = 3;
/// How sealed bytes begin: the subject itself, or another way to write it, with a nonce.
const ITSELF: u8 = 0;
const WRITTEN_OTHERWISE: u8 = 1;
const NONCE_BYTES: usize = 24;
/// How many subjects are remembered in the clear, each way. When there are more, it starts anew.
const MAX_REMEMBERED: usize = 1 << 16;
/// The longest text that is remembered.
const MAX_REMEMBERED_BYTES: usize = 256;

/// A subject, opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// There is no entry of this number.
    Unknown,
    /// It can be read.
    Kept,
    /// Its key was destroyed.
    Erased,
}

#[derive(Clone)]
struct Entry {
    state: u8,
    /// Whether it came with an export. Whoever made that has the key, so nothing new is sealed under it.
    is_taken_in: bool,
    id: SubjectId,
    lookup: [u8; 12],
    key: [u8; 32],
}

impl Entry {
    const fn gone(id: SubjectId) -> Self {
        Self { state: ERASED, is_taken_in: false, id, lookup: [0; 12], key: [0; 32] }
    }

    const fn lost() -> Self {
        Self { state: LOST, ..Self::gone(SubjectId(0)) }
    }

    fn bytes(&self) -> [u8; ENTRY_BYTES] {
        let mut bytes = [0; ENTRY_BYTES];
        let parts = [
            &[self.state, u8::from(self.is_taken_in), 0, 0][..],
            &self.id.0.to_be_bytes(),
            &self.lookup,
            &self.key,
        ];
        for (byte, part) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *byte = *part;
        }
        let check = check(bytes.get(..56).unwrap_or_default());
        for (byte, part) in bytes.iter_mut().skip(56).zip(check) {
            *byte = part;
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (front, found) = bytes.split_at_checked(56)?;
        if found != check(front) {
            return None;
        }
        let (head, rest) = front.split_at_checked(4)?;
        let (id, rest) = rest.split_first_chunk::<8>()?;
        let (lookup, key) = rest.split_at_checked(12)?;
        let [state, taken_in, ..] = *head.first_chunk::<2>()?;
        matches!(state, USED | ERASED | LOST).then_some(())?;
        let id = SubjectId(u64::from_be_bytes(*id));
        let is_taken_in = taken_in != 0;
        Some(Self { state, is_taken_in, id, lookup: lookup.try_into().ok()?, key: key.try_into().ok()? })
    }
}

/// Whether a key cannot be that of the subject which is there.
fn refuses(there: &Entry, key: Option<&[u8; 32]>) -> bool {
    there.state != ERASED && key.is_some_and(|key| *key != there.key)
}

/// Where the keys stand.
#[derive(Debug)]
enum Place {
    Memory,
    File(KeyFile),
}

#[derive(Debug)]
struct KeyFile {
    path: PathBuf,
    file: File,
    is_unsynced: AtomicBool,
    /// A write or a sync failed. What had been written may be lost whatever a later sync says, so none is tried again.
    has_failed: AtomicBool,
}

impl KeyFile {
    fn check(&self) -> Result<(), StoreError> {
        if self.has_failed.load(Ordering::Acquire) {
            let why = "keys could not be written".to_owned();
            return Err(StoreError::ReadOnly { path: self.path.clone(), why });
        }
        Ok(())
    }

    fn write(&self, bytes: &[u8], offset: u64) -> Result<(), StoreError> {
        self.file.write_all_at(bytes, offset).map_err(|error| self.failed(error))
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_data().map_err(|error| self.failed(error))
    }

    fn failed(&self, error: std::io::Error) -> StoreError {
        self.has_failed.store(true, Ordering::Release);
        StoreError::io(&self.path)(error)
    }
}

/// The table of keys. Shared: sealing and unsealing need no exclusive access.
pub struct Keys {
    place: Place,
    /// Under which a text's entry is found.
    pepper: [u8; 32],
    table: RwLock<Table>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({:?})", self.place)
    }
}

#[derive(Default)]
struct Table {
    entries: Vec<Entry>,
    by_id: HashMap<SubjectId, usize>,
    /// The subject under which a text is sealed from now on. What was taken in from elsewhere has others.
    by_lookup: HashMap<[u8; 12], usize>,
    /// The subjects of a text that were taken in: found by it, and never sealed under.
    twins: HashMap<[u8; 12], Vec<SubjectId>>,
    sealed: HashMap<Box<str>, (SubjectId, Arc<[u8]>)>,
    opened: HashMap<SubjectId, (Arc<[u8]>, Arc<str>)>,
}

impl Table {
    fn add(&mut self, entry: Entry) {
        let number = self.entries.len();
        if entry.state != LOST {
            self.by_id.insert(entry.id, number);
        }
        if entry.state == USED {
            match self.by_lookup.entry(entry.lookup) {
                Slot::Vacant(slot) if !entry.is_taken_in => {
                    slot.insert(number);
                }
                Slot::Vacant(_) | Slot::Occupied(_) => {
                    self.twins.entry(entry.lookup).or_default().push(entry.id);
                }
            }
        }
        self.entries.push(entry);
    }

    /// A text is not found under this subject any more; if it has others, under one of those.
    fn no_longer_found(&mut self, lookup: &[u8; 12], number: usize, subject: SubjectId) {
        let mut twins = self.twins.remove(lookup).unwrap_or_default();
        twins.retain(|twin| *twin != subject);
        if self.by_lookup.get(lookup) == Some(&number) {
            self.by_lookup.remove(lookup);
            if let Some(next) = twins.pop().and_then(|twin| self.by_id.get(&twin)) {
                self.by_lookup.insert(*lookup, *next);
            }
        }
        if !twins.is_empty() {
            self.twins.insert(*lookup, twins);
        }
    }

    fn get(&self, id: SubjectId) -> Option<&Entry> {
        self.entries.get(*self.by_id.get(&id)?)
    }
}

impl Keys {
    /// Keys that go with the process.
    ///
    /// # Errors
    /// [`StoreError::Random`] if there are no random numbers.
    pub(crate) fn in_memory() -> Result<Self, StoreError> {
        Ok(Self { place: Place::Memory, pepper: random()?, table: RwLock::default() })
    }

    /// The keys in the file at `path`; with `may_make`, one that is not there or not whole is made.
    ///
    /// Entries that were never synced and cannot be read are lost, and no record that counts needs them.
    pub(crate) fn open(path: &Path, may_make: bool) -> Result<Self, StoreError> {
        let io = || StoreError::io(path);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(may_make).mode(0o600);
        let mut file = options.open(path).map_err(io())?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io())?;
        let damaged = |number, what| StoreError::Key { path: path.to_owned(), number, what };
        if bytes.len() < HEADER_BYTES && may_make {
            let pepper = random()?;
            bytes = header(&pepper).to_vec();
            file.set_len(0).map_err(io())?;
            file.write_all_at(&bytes, 0).map_err(io())?;
            file.sync_all().map_err(io())?;
        }
        let (pepper, synced) = read_header(&bytes).ok_or_else(|| damaged(0, "the file's head is damaged"))?;

        let entries = bytes.get(HEADER_BYTES..).unwrap_or_default();
        let mut read: Vec<Option<Entry>> = entries.chunks(ENTRY_BYTES).map(Entry::read).collect();
        let good = read.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        read.truncate(good);
        if good < synced as usize {
            return Err(damaged(u32::try_from(good).unwrap_or(u32::MAX), "it is damaged or not there"));
        }
        let mut table = Table::default();
        let mut lost = Vec::new();
        for (number, entry) in (0_u32..).zip(read) {
            match entry {
                Some(entry) => table.add(entry),
                None if number < synced => return Err(damaged(number, "it is damaged")),
                None => {
                    table.add(Entry::lost());
                    lost.push(number);
                }
            }
        }
        // From here on they count as read, so that the next one to open does not take them for damage.
        for number in &lost {
            file.write_all_at(&Entry::lost().bytes(), place_of(*number as usize)).map_err(io())?;
        }
        if entries.len() > good * ENTRY_BYTES {
            file.set_len(place_of(good)).map_err(io())?;
        }
        // What is there and was never synced is, with the next sync.
        let is_unsynced = AtomicBool::new(good > synced as usize || entries.len() > good * ENTRY_BYTES);
        let has_failed = AtomicBool::new(false);
        let place = Place::File(KeyFile { path: path.to_owned(), file, is_unsynced, has_failed });
        Ok(Self { place, pepper, table: RwLock::new(table) })
    }

    /// Makes new keys durable. A record counts only when its keys do.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        let Place::File(file) = &self.place else { return Ok(()) };
        file.check()?;
        if !file.is_unsynced.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        // Those that come while it syncs are for the next time.
        let count = self.len();
        file.sync()?;
        // Not synced itself: after a power cut it may tell fewer than there are, never more.
        file.write(&synced_bytes(count), SYNCED_AT)
    }

    /// How many subjects there are, erased ones included.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::try_from(self.read().entries.len()).unwrap_or(u32::MAX)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The subject under which this text is sealed, if there is one.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<SubjectId> {
        let table = self.read();
        let number = table.by_lookup.get(&self.lookup(text))?;
        table.entries.get(*number).map(|entry| entry.id)
    }

    /// Every subject that is this text: one, and those that were taken in from other stores.
    #[must_use]
    pub fn find_all(&self, text: &str) -> Vec<SubjectId> {
        let table = self.read();
        let lookup = self.lookup(text);
        let first = table.by_lookup.get(&lookup).and_then(|number| table.entries.get(*number));
        let twins = table.twins.get(&lookup).into_iter().flatten().copied();
        first.map(|entry| entry.id).into_iter().chain(twins).collect()
    }

    /// Every subject that can be read.
    #[must_use]
    pub fn kept(&self) -> Vec<SubjectId> {
        self.read().entries.iter().filter(|entry| entry.state == USED).map(|entry| entry.id).collect()
    }

    /// What has become of a subject.
    #[must_use]
    pub fn subject(&self, subject: SubjectId) -> Subject {
        match self.read().get(subject) {
            None => Subject::Unknown,
            Some(entry) if entry.state == ERASED => Subject::Erased,
            Some(_) => Subject::Kept,
        }
    }

    /// Destroys the keys of these subjects. When this returns they are gone from the disk, and nothing brings them
    /// back; a file system that copies on write, or a copy made before, may still have them.
    ///
    /// # Errors
    /// [`StoreError::Io`] if the file cannot be written or synced; ask again then.
    pub fn erase(&self, subjects: &[SubjectId]) -> Result<(), StoreError> {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        // First, so that nothing is remembered of those that are gone when the file fails half-way.
        let gone: HashSet<SubjectId> = subjects.iter().copied().collect();
        table.sealed.retain(|_, (subject, _)| !gone.contains(subject));
        table.opened.retain(|subject, _| !gone.contains(subject));
        for subject in subjects {
            let Some(number) = table.by_id.get(subject).copied() else { continue };
            let gone = Entry::gone(*subject);
            if let Place::File(file) = &self.place {
                file.write(&gone.bytes(), place_of(number))?;
            }
            let Some(entry) = table.entries.get_mut(number) else { continue };
            let before = std::mem::replace(entry, gone);
            table.no_longer_found(&before.lookup, number, *subject);
        }
        match &self.place {
            Place::File(file) => file.sync(),
            Place::Memory => Ok(()),
        }
    }

    /// The key of a subject, for an export; none if it was erased or is not there.
    #[must_use]
    pub fn export(&self, subject: SubjectId) -> Option<[u8; 32]> {
        let table = self.read();
        let entry = table.get(subject).filter(|entry| entry.state == USED)?;
        Some(entry.key)
    }

    /// Whether these sealed bytes are the subject itself, and not another way to write it.
    #[must_use]
    pub fn is_subject_itself(sealed: &[u8]) -> bool {
        sealed.first() == Some(&ITSELF)
    }

    /// Whether [`Keys::import`] of this subject, with this key or as erased, would be refused.
    #[must_use]
    pub fn would_refuse(&self, subject: SubjectId, key: Option<[u8; 32]>) -> bool {
        self.read().get(subject).is_some_and(|there| refuses(there, key.as_ref()))
    }

    /// Takes in a subject from an export: with its key and, if known, its text, or as one that was erased.
    ///
    /// # Errors
    /// [`StoreError::Key`] if another subject has the id.
    pub fn import(
        &self,
        subject: SubjectId,
        key: Option<([u8; 32], Option<&str>)>,
    ) -> Result<(), StoreError> {
        let entry = match key {
            Some((key, text)) => {
                let lookup = text.map_or_else(|| self.lookup(&subject.token()), |text| self.lookup(text));
                Entry { state: USED, is_taken_in: true, id: subject, lookup, key }
            }
            None => Entry::gone(subject),
        };
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        match table.get(subject) {
            Some(there) if refuses(there, key.as_ref().map(|(key, _)| key)) => {
                Err(self.damaged(0, "another subject has its id"))
            }
            // Erased here stays erased, whatever older exports still have.
            Some(_) => Ok(()),
            None => self.put(&mut table, entry),
        }
    }

    fn put(&self, table: &mut Table, entry: Entry) -> Result<(), StoreError> {
        if let Place::File(file) = &self.place {
            file.check()?;
            file.write(&entry.bytes(), place_of(table.entries.len()))?;
            file.is_unsynced.store(true, Ordering::Release);
        }
        table.add(entry);
        Ok(())
    }

    fn damaged(&self, number: u32, what: &'static str) -> StoreError {
        let path = match &self.place {
            Place::Memory => PathBuf::from("(memory)"),
            Place::File(file) => file.path.clone(),
        };
        StoreError::Key { path, number, what }
    }

    fn lookup(&self, text: &str) -> [u8; 12] {
        self.lookup_of(text.as_bytes())
    }

    fn lookup_of(&self, bytes: &[u8]) -> [u8; 12] {
        let mut lookup = [0; 12];
        blake3::Hasher::new_keyed(&self.pepper).update(bytes).finalize_xof().fill(&mut lookup);
        lookup
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn subject_of(&self, text: &str) -> Result<(SubjectId, [u8; 32]), StoreError> {
        let lookup = self.lookup(text);
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = table.by_lookup.get(&lookup).and_then(|number| table.entries.get(*number)) {
            return Ok((entry.id, entry.key));
        }
        self.add_subject(&mut table, lookup)
    }

    fn add_subject(&self, table: &mut Table, lookup: [u8; 12]) -> Result<(SubjectId, [u8; 32]), StoreError> {
        let [a, b, c, d, e, f, g, h, ..] = random()?;
        let id = SubjectId(u64::from_be_bytes([a, b, c, d, e, f, g, h]));
        if table.by_id.contains_key(&id) {
            return Err(StoreError::Random("the same one twice".to_owned()));
        }
        let key = random()?;
        self.put(table, Entry { state: USED, is_taken_in: false, id, lookup, key })?;
        Ok((id, key))
    }

    /// The number of a subject's entry, for an error.
    fn number(&self, subject: SubjectId) -> u32 {
        self.read().by_id.get(&subject).and_then(|number| u32::try_from(*number).ok()).unwrap_or(u32::MAX)
    }
}

impl Seal for &Keys {
    fn seal(&mut self, subject: &str, text: &str) -> Result<(SubjectId, Arc<[u8]>), SealError> {
        let is_itself = subject == text;
        if is_itself && let Some((id, sealed)) = self.read().sealed.get(subject) {
            return Ok((*id, Arc::clone(sealed)));
        }
        loop {
            let (id, key) = self.subject_of(subject)?;
            let sealed = sealed(&key, text, is_itself)
                .ok_or_else(|| self.damaged(self.number(id), "it seals nothing"))?;
            let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
            // Erased meanwhile: what is sealed from now on is somebody new's.
            if table.get(id).is_none_or(|entry| entry.state != USED) {
                continue;
            }
            if is_itself && subject.len() <= MAX_REMEMBERED_BYTES {
                if table.sealed.len() >= MAX_REMEMBERED {
                    table.sealed.clear();
                }
                table.sealed.insert(Box::from(subject), (id, Arc::clone(&sealed)));
            }
            return Ok((id, sealed));
        }
    }

    fn seal_alone(&mut self, text: &str) -> Result<(SubjectId, Arc<[u8]>), SealError> {
        // Found by nothing but its id: what is looked for is a hash of chance.
        let chance = random()?;
        let lookup = self.lookup_of(&chance);
        let (id, key) = {
            let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
            self.add_subject(&mut table, lookup)?
        };
        let sealed =
            sealed(&key, text, true).ok_or_else(|| self.damaged(self.number(id), "it seals nothing"))?;
        Ok((id, sealed))
    }
}

/// One key seals its subject once and for all, so that needs no nonce of its own; other ways to write it get one made
/// of key and text, so that the same text gives the same bytes and no nonce is used for two texts.
fn sealed(key: &[u8; 32], text: &str, is_itself: bool) -> Option<Arc<[u8]>> {
    let mut out = Vec::with_capacity(text.len() + 17);
    let mut nonce = [0; NONCE_BYTES];
    if is_itself {
        out.push(ITSELF);
    } else {
        blake3::Hasher::new_keyed(key).update(text.as_bytes()).finalize_xof().fill(&mut nonce);
        out.push(WRITTEN_OTHERWISE);
        out.extend_from_slice(&nonce);
    }
    let cipher = XChaCha20Poly1305::new(Key::from_slice(key));
    out.extend(cipher.encrypt(XNonce::from_slice(&nonce), text.as_bytes()).ok()?);
    Some(Arc::from(out))
}

fn unsealed(key: &[u8; 32], sealed: &[u8]) -> Option<String> {
    let (nonce, sealed) = match sealed.split_first()? {
        (&ITSELF, sealed) => ([0; NONCE_BYTES], sealed),
        (&WRITTEN_OTHERWISE, rest) => {
            let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
            (*nonce, sealed)
        }
        _ => return None,
    };
    let cipher = XChaCha20Poly1305::new(Key::from_slice(key));
    String::from_utf8(cipher.decrypt(XNonce::from_slice(&nonce), sealed).ok()?).ok()
}

impl Unseal for Keys {
    fn unseal(&self, subject: SubjectId, sealed: &[u8]) -> Result<Option<Arc<str>>, SealError> {
        let table = self.read();
        if let Some((known, text)) = table.opened.get(&subject)
            && **known == *sealed
        {
            return Ok(Some(Arc::clone(text)));
        }
        let key = match table.get(subject) {
            Some(entry) if entry.state == ERASED => return Ok(None),
            Some(entry) => entry.key,
            None => return Err(self.damaged(u32::MAX, "a subject has none").into()),
        };
        drop(table);
        let wrong = || self.damaged(self.number(subject), "it does not open what it should have sealed");
        let text: Arc<str> = Arc::from(unsealed(&key, sealed).ok_or_else(wrong)?);
        if text.len() <= MAX_REMEMBERED_BYTES {
            let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
            if table.opened.len() >= MAX_REMEMBERED {
                table.opened.clear();
            }
            // Erased meanwhile: nothing of it is remembered.
            if table.get(subject).is_some_and(|entry| entry.state == USED) {
                table.opened.insert(subject, (Arc::from(sealed), Arc::clone(&text)));
            }
        }
        Ok(Some(text))
    }
}

/// What the file is, the pepper, their check, and how many entries are synced.
fn header(pepper: &[u8; 32]) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    let front = [&MAGIC[..], pepper].concat();
    let parts = [&front[..], &check(&front), &synced_bytes(0)];
    for (byte, part) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
        *byte = *part;
    }
    bytes
}

/// The pepper, and how many entries are known to be synced.
fn read_header(bytes: &[u8]) -> Option<([u8; 32], u32)> {
    let (front, rest) = bytes.split_at_checked(48)?;
    let (found, rest) = rest.split_first_chunk::<8>()?;
    let synced = rest.first_chunk::<8>()?;
    let pepper = front.strip_prefix(MAGIC)?.try_into().ok()?;
    (*found == check(front)).then_some(())?;
    let count = u32::from_be_bytes(*synced.first_chunk::<4>()?);
    // One that was torn says nothing.
    Some((pepper, if *synced == synced_bytes(count) { count } else { 0 }))
}

/// Where the count of synced entries stands: written over and over, apart from what may not be lost.
const SYNCED_AT: u64 = 56;

fn synced_bytes(count: u32) -> [u8; 8] {
    let [a, b, c, d] = count.to_be_bytes();
    let [e, f, g, h, ..] = check(&[a, b, c, d]);
    [a, b, c, d, e, f, g, h]
}

const fn place_of(number: usize) -> u64 {
    (HEADER_BYTES + number * ENTRY_BYTES) as u64
}

fn random() -> Result<[u8; 32], StoreError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Random(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicBool, Ordering};

    use callfold_engine::record::{Seal as _, SubjectId, Unseal as _};
    use tempfile::TempDir;

    use super::{ENTRY_BYTES, HEADER_BYTES, Keys, Subject, place_of};
    use crate::StoreError;

    struct Kept {
        _directory: TempDir,
        path: PathBuf,
    }

    impl Kept {
        fn new() -> Self {
            let directory = TempDir::new().unwrap();
            let path = directory.path().join("keys");
            Self { _directory: directory, path }
        }

        fn open(&self) -> Result<Keys, StoreError> {
            Keys::open(&self.path, !self.path.exists())
        }

        fn bytes(&self) -> Vec<u8> {
            fs::read(&self.path).unwrap()
        }

        /// The file, with these bytes of it written over.
        fn damage(&self, offset: usize, with: &[u8]) {
            let mut bytes = self.bytes();
            bytes[offset..offset + with.len()].copy_from_slice(with);
            fs::write(&self.path, bytes).unwrap();
        }
    }

    fn seal(mut keys: &Keys, text: &str) -> (SubjectId, Vec<u8>) {
        let (subject, sealed) = keys.seal(text, text).unwrap();
        (subject, sealed.to_vec())
    }

    fn opened(keys: &Keys, (subject, sealed): &(SubjectId, Vec<u8>)) -> Option<String> {
        keys.unseal(*subject, sealed).unwrap().map(|text| text.to_string())
    }

    fn has(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }

    const NAMES: [&str; 4] = ["Иванов", "79161234567", "Петров", "Сидоров"];

    /// Keys of four names, the first two synced.
    fn half_synced(kept: &Kept) -> Vec<(SubjectId, Vec<u8>)> {
        let keys = kept.open().unwrap();
        let mut all: Vec<_> = NAMES.iter().take(2).map(|name| seal(&keys, name)).collect();
        keys.sync().unwrap();
        all.extend(NAMES.iter().skip(2).map(|name| seal(&keys, name)));
        all
    }

    #[test]
    fn what_was_sealed_is_opened_again_and_is_nowhere_in_the_clear() {
        let kept = Kept::new();
        let all = half_synced(&kept);
        let keys = kept.open().unwrap();
        for (sealed, name) in all.iter().zip(NAMES) {
            assert_eq!(opened(&keys, sealed).as_deref(), Some(name));
            assert_eq!(seal(&keys, name), *sealed, "the same text is the same bytes");
            assert_eq!(keys.find(name), Some(sealed.0));
            assert!(!has(&kept.bytes(), name.as_bytes()) && !has(&sealed.1, name.as_bytes()));
        }
        let (same, otherwise) = (&mut &keys).seal(NAMES[0], "ИВАНОВ").unwrap();
        assert_eq!(same, all[0].0);
        assert!(Keys::is_subject_itself(&all[0].1) && !Keys::is_subject_itself(&otherwise));
        assert_eq!(keys.unseal(same, &otherwise).unwrap().as_deref(), Some("ИВАНОВ"));
    }

    #[test]
    fn what_is_erased_is_nowhere_and_comes_as_another() {
        let kept = Kept::new();
        let all = half_synced(&kept);
        let keys = kept.open().unwrap();
        let key = keys.export(all[1].0).unwrap();
        let length = kept.bytes().len();
        assert!(has(&kept.bytes(), &key));
        keys.erase(&[all[1].0]).unwrap();
        assert!(!has(&kept.bytes(), &key));
        assert_eq!(kept.bytes().len(), length, "it was overwritten where it stood");
        for keys in [&keys, &kept.open().unwrap()] {
            assert_eq!(opened(keys, &all[1]), None);
            assert_eq!(keys.subject(all[1].0), Subject::Erased);
            assert_eq!((keys.export(all[1].0), keys.find(NAMES[1])), (None, None));
            assert_eq!(opened(keys, &all[0]).as_deref(), Some(NAMES[0]));
        }
        let again = seal(&keys, NAMES[1]);
        assert_ne!(again.0, all[1].0);
        assert_eq!(opened(&keys, &again).as_deref(), Some(NAMES[1]));
        assert_eq!(opened(&keys, &all[1]), None);
    }

    #[test]
    fn what_is_sealed_while_it_is_erased_is_somebody_new() {
        let keys = Keys::in_memory().unwrap();
        let is_over = AtomicBool::new(false);
        std::thread::scope(|threads| {
            for _ in 0..3 {
                threads.spawn(|| {
                    while !is_over.load(Ordering::Acquire) {
                        seal(&keys, NAMES[0]);
                    }
                });
            }
            let stale = (0..20_000).filter(|_| {
                keys.erase(&keys.find_all(NAMES[0])).unwrap();
                let (subject, _) = seal(&keys, NAMES[0]);
                keys.subject(subject) != Subject::Kept
            });
            let stale = stale.count();
            is_over.store(true, Ordering::Release);
            assert_eq!(stale, 0);
        });
    }

    #[test]
    fn one_of_two_subjects_of_a_text_is_erased_and_the_other_is_found() {
        let keys = Keys::in_memory().unwrap();
        for first_goes in [true, false] {
            let name = NAMES[usize::from(first_goes)];
            let here = seal(&keys, name);
            keys.import(SubjectId(u64::from(first_goes)), Some(([7; 32], Some(name)))).unwrap();
            let both = keys.find_all(name);
            assert_eq!(both, [here.0, SubjectId(u64::from(first_goes))]);
            let (goes, stays) = if first_goes { (both[0], both[1]) } else { (both[1], both[0]) };
            keys.erase(&[goes]).unwrap();
            assert_eq!((keys.find(name), keys.find_all(name)), (Some(stays), vec![stays]));
            assert!(keys.kept().contains(&stays) && !keys.kept().contains(&goes));
            assert_eq!(seal(&keys, name).0, stays);
        }
    }

    #[test]
    fn an_erasure_that_fails_leaves_nothing_remembered() {
        let kept = Kept::new();
        drop(half_synced(&kept));
        let mut keys = kept.open().unwrap();
        let subjects: Vec<SubjectId> = NAMES.iter().map(|name| seal(&keys, name).0).collect();
        // A file that cannot be written.
        if let super::Place::File(file) = &mut keys.place {
            file.file = fs::File::open(&kept.path).unwrap();
        }
        assert!(keys.erase(&subjects).is_err());
        let table = keys.read();
        assert!(table.sealed.is_empty() && table.opened.is_empty());
    }

    #[test]
    fn wrong_bytes_and_unknown_subjects_are_errors() {
        let keys = Keys::in_memory().unwrap();
        let (subject, sealed) = seal(&keys, NAMES[0]);
        for place in 0..sealed.len() {
            let mut wrong = sealed.clone();
            wrong[place] ^= 1;
            assert!(keys.unseal(subject, &wrong).is_err(), "byte {place}");
            assert!(keys.unseal(subject, &sealed[..place]).is_err(), "cut to {place}");
        }
        assert!(keys.unseal(SubjectId(subject.0 ^ 1), &sealed).is_err());
        assert_eq!(keys.subject(SubjectId(subject.0 ^ 1)), Subject::Unknown);
    }

    #[test]
    fn entries_that_were_never_synced_may_be_torn_or_missing() {
        for cut in 1..=2 * ENTRY_BYTES {
            let kept = Kept::new();
            let all = half_synced(&kept);
            let bytes = kept.bytes();
            fs::write(&kept.path, &bytes[..bytes.len() - cut]).unwrap();
            let keys = kept.open().unwrap();
            let there = 4 - cut.div_ceil(ENTRY_BYTES);
            assert_eq!((keys.len() as usize, kept.bytes().len()), (there, place_of(there) as usize), "{cut}");
            assert_eq!(seal(&keys, NAMES[3]).0 == all[3].0, there == 4);
            assert_eq!(opened(&keys, &all[1]).as_deref(), Some(NAMES[1]));
        }
    }

    /// The disk wrote a block behind and not the one before: no reason to refuse what was synced.
    #[test]
    fn a_hole_that_was_never_synced_is_a_lost_key_for_ever() {
        let kept = Kept::new();
        let all = half_synced(&kept);
        kept.damage(place_of(2) as usize, &[0; ENTRY_BYTES]);
        for _ in 0..2 {
            let keys = kept.open().unwrap();
            assert_eq!(keys.subject(all[2].0), Subject::Unknown);
            assert!(keys.unseal(all[2].0, &all[2].1).is_err());
            assert_eq!(opened(&keys, &all[3]).as_deref(), Some(NAMES[3]));
            keys.sync().unwrap();
        }
        assert_ne!(seal(&kept.open().unwrap(), NAMES[2]).0, all[2].0);
    }

    #[test]
    fn entries_that_were_synced_are_damaged_or_whole() {
        let synced = HEADER_BYTES + 2 * ENTRY_BYTES;
        for place in (0..56).chain(HEADER_BYTES..synced) {
            let kept = Kept::new();
            half_synced(&kept);
            let before = kept.bytes();
            kept.damage(place, &[before[place] ^ 0x10]);
            let damaged = kept.bytes();
            let error = kept.open().unwrap_err();
            let number = place.saturating_sub(HEADER_BYTES) / ENTRY_BYTES;
            assert!(
                matches!(error, StoreError::Key { number: told, .. } if told as usize == number),
                "{place}: {error}"
            );
            assert_eq!(kept.bytes(), damaged, "it is left as it was");
            fs::write(&kept.path, &before[..place]).unwrap();
            assert!(matches!(kept.open(), Err(StoreError::Key { .. })), "cut to {place}");
        }
    }

    /// The count itself may be torn: then nothing is known, and nothing is lost.
    #[test]
    fn a_torn_count_costs_nothing() {
        let kept = Kept::new();
        let all = half_synced(&kept);
        kept.damage(56, &[0xff; 3]);
        let keys = kept.open().unwrap();
        assert!(all.iter().zip(NAMES).all(|(sealed, name)| opened(&keys, sealed).as_deref() == Some(name)));
    }

    #[test]
    fn what_is_exported_is_taken_in_and_erased_stays_erased() {
        let (from, kept) = (Keys::in_memory().unwrap(), Kept::new());
        let into = kept.open().unwrap();
        let [one, other] = [seal(&from, NAMES[0]), seal(&from, NAMES[1])];
        let key = from.export(one.0).unwrap();
        into.import(one.0, Some((key, Some(NAMES[0])))).unwrap();
        into.import(other.0, None).unwrap();
        into.import(one.0, Some((key, Some(NAMES[0])))).unwrap();
        assert_eq!(into.len(), 2);
        assert_eq!((opened(&into, &one).as_deref(), opened(&into, &other)), (Some(NAMES[0]), None));
        assert_eq!((into.find(NAMES[0]), into.find_all(NAMES[0])), (None, vec![one.0]), "found by its text");
        let own = seal(&into, NAMES[0]);
        assert_ne!(own.0, one.0, "who has the export does not have the key of what comes after");
        assert_eq!(into.find_all(NAMES[0]), [own.0, one.0]);
        assert!(into.would_refuse(one.0, Some([7; 32])));
        assert!(!into.would_refuse(one.0, Some(key)) && !into.would_refuse(one.0, None));
        assert!(!into.would_refuse(other.0, Some([7; 32])), "erased stays erased");
        let wrong = into.import(one.0, Some(([7; 32], None)));
        assert!(matches!(wrong, Err(StoreError::Key { .. })));
        into.import(other.0, from.export(other.0).map(|key| (key, None))).unwrap();
        assert_eq!(into.subject(other.0), Subject::Erased);
        into.sync().unwrap();
        drop(into);
        let again = kept.open().unwrap();
        assert_eq!(opened(&again, &one).as_deref(), Some(NAMES[0]));
        assert_eq!(again.find_all(NAMES[0]), [own.0, one.0]);
        assert_eq!(seal(&again, NAMES[0]), own);
    }
}
