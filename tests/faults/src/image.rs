//! What a power cut leaves of the files. It is the harshest disk that POSIX allows, with two mercies that file systems
//! with a journal have.
//!
//! **Bytes.** Only `fsync` and `fdatasync` make the bytes of a file durable, all that were written to it before.
//! `sync_file_range` does not. What was written since is lost, or all there, or torn: of each block the first few of its
//! writes are there, one block independent of the other, and the length may be there without the bytes. After a sync
//! that failed, what had been written before it is gone for good, also if the next one succeeds, as on Linux; a disk that
//! kept everything may still have it.
//!
//! **Names.** Files and directories that are made, renamed and removed go through a journal: what survives is a beginning
//! of all these changes, in their order (the first mercy). It goes at least up to the last change of which the file
//! itself or the directory that the name stands in was synced since (the second: strictly, only the directory counts).
//! So a file can be there, empty, that was never synced, and a renamed file that was not synced can be empty as well.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::random::Random;
use crate::trace::{Change, Entry};

/// What a disk writes at once.
const BLOCK: u64 = 4096;

/// What becomes of that which was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsynced {
    /// All of it is lost.
    Lost,
    /// All of it is there.
    Kept,
    /// Some of it is there.
    Torn,
}

impl Unsynced {
    /// All of them.
    pub const ALL: [Unsynced; 3] = [Unsynced::Lost, Unsynced::Kept, Unsynced::Torn];
}

type Names = BTreeMap<PathBuf, Node>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Dir,
    /// Its index among the files: names come and go, files stay.
    File(usize),
}

/// A disk at one moment, with what it has for sure and what it only may have.
#[derive(Debug, Default)]
pub struct Disk<'a> {
    files: Vec<File<'a>>,
    /// The names as the program sees them.
    seen: Names,
    /// The names at the beginning.
    first: Names,
    /// Their changes since.
    journal: Vec<Renaming>,
    /// How many of these are durable.
    settled: usize,
}

#[derive(Debug, Default)]
struct File<'a> {
    durable: Vec<u8>,
    /// As the program sees it.
    seen: Vec<u8>,
    pending: Vec<Pending<'a>>,
}

#[derive(Debug, Clone, Copy)]
enum Pending<'a> {
    Write(u64, &'a [u8]),
    Length(u64),
}

/// A change of names: what is gone, what is new, and the file that it is about.
#[derive(Debug)]
struct Renaming {
    gone: Option<PathBuf>,
    new: Option<(PathBuf, Node)>,
}

impl<'a> Disk<'a> {
    /// A disk with these files on it, all of them durable.
    pub fn of(dir: &Path) -> Result<Disk<'a>, Error> {
        let mut disk = Disk::default();
        let mut open = vec![PathBuf::new()];
        while let Some(path) = open.pop() {
            let full = dir.join(&path);
            for entry in fs::read_dir(&full).map_err(Error::at("reading", &full))? {
                let entry = entry.map_err(Error::at("reading", &full))?;
                let name = path.join(entry.file_name());
                let node = if entry.path().is_dir() {
                    open.push(name.clone());
                    Node::Dir
                } else {
                    let bytes = fs::read(entry.path()).map_err(Error::at("reading", &entry.path()))?;
                    disk.files.push(File { durable: bytes.clone(), seen: bytes, pending: Vec::new() });
                    Node::File(disk.files.len() - 1)
                };
                disk.first.insert(name, node);
            }
        }
        disk.seen = disk.first.clone();
        Ok(disk)
    }

    /// Has these happen to it.
    pub fn apply(&mut self, entries: &'a [Entry]) -> Result<(), Error> {
        for (number, entry) in entries.iter().enumerate() {
            self.step(entry).map_err(|why| Error::Trace { entry: number, why })?;
        }
        Ok(())
    }

    fn step(&mut self, entry: &'a Entry) -> Result<(), String> {
        let path = &entry.path;
        match &entry.change {
            Change::Create => {
                self.files.push(File::default());
                self.rename(None, Some((path.clone(), Node::File(self.files.len() - 1))));
            }
            Change::MakeDir => self.rename(None, Some((path.clone(), Node::Dir))),
            Change::Rename(to) => {
                let node = *self.seen.get(path).ok_or_else(|| unknown(path))?;
                self.rename(Some(path.clone()), Some((to.clone(), node)));
            }
            Change::Unlink | Change::RemoveDir => self.rename(Some(path.clone()), None),
            Change::Write { offset, data } => self.file(path)?.write(Pending::Write(*offset, data)),
            Change::Truncate(length) => self.file(path)?.write(Pending::Length(*length)),
            Change::Sync => self.sync(path)?,
            // The kernel tells of the failure once, and then takes the pages for written.
            Change::Failed(crate::shim::Kind::Sync) => {
                if let Ok(file) = self.file(path) {
                    file.pending.clear();
                }
            }
            Change::Failed(_) | Change::Range | Change::Output(_) => {}
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<&mut File<'a>, String> {
        match self.seen.get(path) {
            Some(Node::File(index)) => self.files.get_mut(*index).ok_or_else(|| unknown(path)),
            Some(Node::Dir) | None => Err(unknown(path)),
        }
    }

    fn rename(&mut self, gone: Option<PathBuf>, new: Option<(PathBuf, Node)>) {
        let renaming = Renaming { gone, new };
        renaming.apply(&mut self.seen);
        self.journal.push(renaming);
    }

    fn sync(&mut self, path: &Path) -> Result<(), String> {
        let node = if path.as_os_str().is_empty() {
            Node::Dir
        } else {
            *self.seen.get(path).ok_or_else(|| unknown(path))?
        };
        let settles = |renaming: &Renaming| match node {
            Node::File(_) => renaming.new.as_ref().is_some_and(|(_, new)| *new == node),
            Node::Dir => renaming.names().any(|name| name == path || name.parent() == Some(path)),
        };
        if let Some(last) = self.journal.iter().rposition(settles) {
            self.settled = self.settled.max(last + 1);
        }
        if node != Node::Dir {
            self.file(path)?.sync();
        }
        Ok(())
    }

    /// Writes what is left after a power cut into a directory that is not there yet.
    pub fn write(&self, into: &Path, unsynced: Unsynced, random: &mut Random) -> Result<(), Error> {
        let open = self.journal.len() - self.settled;
        let survived = match unsynced {
            Unsynced::Lost => 0,
            Unsynced::Kept => open,
            Unsynced::Torn => random.index(open + 1),
        };
        let mut names = self.first.clone();
        for renaming in self.journal.iter().take(self.settled + survived) {
            renaming.apply(&mut names);
        }
        make_dir(into)?;
        for (name, node) in names {
            let path = into.join(name);
            match node {
                Node::Dir => make_dir(&path)?,
                Node::File(index) => {
                    let torn;
                    let bytes = match (self.files.get(index), unsynced) {
                        (None, _) => &[][..],
                        (Some(file), Unsynced::Lost) => &file.durable,
                        (Some(file), Unsynced::Kept) => &file.seen,
                        (Some(file), Unsynced::Torn) => {
                            torn = file.torn(random);
                            &torn
                        }
                    };
                    write_file(&path, bytes)?;
                }
            }
        }
        Ok(())
    }
}

fn unknown(path: &Path) -> String {
    format!("{} is not known to be there", path.display())
}

// As a store of personal data has to have them; another one may look at it and refuse.
fn make_dir(path: &Path) -> Result<(), Error> {
    DirBuilder::new().mode(0o700).create(path).map_err(Error::at("making", path))
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(Error::at("making", path))?;
    file.write_all(bytes).map_err(Error::at("writing", path))
}

impl Renaming {
    fn apply(&self, names: &mut Names) {
        if let Some(gone) = &self.gone {
            names.remove(gone);
        }
        let Some((path, node)) = &self.new else { return };
        names.insert(path.clone(), *node);
        // A directory takes what is in it along.
        if let (Node::Dir, Some(gone)) = (node, &self.gone) {
            let inside = names.iter().filter_map(|(name, node)| {
                Some((name.clone(), name.strip_prefix(gone).ok()?.to_owned(), *node))
            });
            for (old, rest, node) in inside.collect::<Vec<_>>() {
                names.remove(&old);
                names.insert(path.join(rest), node);
            }
        }
    }

    fn names(&self) -> impl Iterator<Item = &Path> {
        self.gone.iter().map(PathBuf::as_path).chain(self.new.iter().map(|(path, _)| path.as_path()))
    }
}

impl<'a> File<'a> {
    fn write(&mut self, pending: Pending<'a>) {
        pending.apply(&mut self.seen);
        self.pending.push(pending);
    }

    fn sync(&mut self) {
        for pending in self.pending.drain(..) {
            pending.apply(&mut self.durable);
        }
    }

    /// Of each block, the first few of its writes; the first few of the lengths.
    fn torn(&self, random: &mut Random) -> Vec<u8> {
        let pieces: Vec<Pending<'a>> = self.pending.iter().flat_map(|pending| pending.blocks()).collect();
        let mut count: BTreeMap<Option<u64>, u64> = BTreeMap::new();
        for piece in &pieces {
            *count.entry(piece.block()).or_default() += 1;
        }
        // None, all, or as many as it happens.
        for left in count.values_mut() {
            *left = if random.coin() { *left * random.below(2) } else { random.below(*left + 1) };
        }
        let mut bytes = self.durable.clone();
        for piece in pieces {
            let left = count.entry(piece.block()).or_default();
            if *left > 0 {
                *left -= 1;
                piece.apply(&mut bytes);
            }
        }
        if self.seen.len() > bytes.len() && random.coin() {
            bytes.resize(self.seen.len(), 0);
        }
        bytes
    }
}

impl<'a> Pending<'a> {
    /// Cut where the disk's blocks are.
    fn blocks(self) -> Vec<Pending<'a>> {
        let (mut offset, mut data) = match self {
            Pending::Length(_) => return vec![self],
            Pending::Write(offset, data) => (offset, data),
        };
        let mut blocks = Vec::new();
        while !data.is_empty() {
            let room = BLOCK - offset % BLOCK;
            let (piece, rest) = data.split_at(data.len().min(to_usize(room)));
            blocks.push(Pending::Write(offset, piece));
            offset += room;
            data = rest;
        }
        blocks
    }

    fn block(self) -> Option<u64> {
        match self {
            Pending::Write(offset, _) => Some(offset / BLOCK),
            Pending::Length(_) => None,
        }
    }

    fn apply(self, bytes: &mut Vec<u8>) {
        match self {
            Pending::Length(length) => bytes.resize(to_usize(length), 0),
            Pending::Write(offset, data) => {
                let (start, end) = (to_usize(offset), to_usize(offset) + data.len());
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                if let Some(place) = bytes.get_mut(start..end) {
                    place.copy_from_slice(data);
                }
            }
        }
    }
}

// Files of tests fit into memory.
fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use super::{Disk, Unsynced};
    use crate::random::Random;
    use crate::shim::Kind;
    use crate::trace::{Change, Entry};

    fn entry(path: &str, change: Change) -> Entry {
        Entry { path: path.into(), change }
    }

    fn write(path: &str, offset: u64, text: &str) -> Entry {
        entry(path, Change::Write { offset, data: text.into() })
    }

    fn rename(path: &str, to: &str) -> Entry {
        entry(path, Change::Rename(to.into()))
    }

    fn files(dir: &Path, below: &Path) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(dir.join(below)).unwrap() {
            let name = below.join(entry.unwrap().file_name());
            let path = dir.join(&name);
            if path.is_dir() {
                found.extend(files(dir, &name));
            } else {
                found.insert(name.to_str().unwrap().into(), fs::read_to_string(path).unwrap());
            }
        }
        found
    }

    fn left(entries: &[Entry], unsynced: Unsynced, seed: u64) -> BTreeMap<String, String> {
        let mut disk = Disk::default();
        disk.apply(entries).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let into = dir.path().join("image");
        disk.write(&into, unsynced, &mut Random::new(seed, "image")).unwrap();
        files(&into, Path::new(""))
    }

    fn is(found: &BTreeMap<String, String>, expected: &[(&str, &str)]) -> bool {
        found.iter().map(|(name, text)| (name.as_str(), text.as_str())).eq(expected.iter().copied())
    }

    #[test]
    fn only_what_was_synced_is_sure() {
        let mut entries = vec![
            entry("db", Change::Create),
            write("db", 0, "abcd"),
            entry("db", Change::Sync),
            write("db", 2, "XYZ"),
            entry("db", Change::Range),
        ];
        assert!(is(&left(&entries, Unsynced::Lost, 1), &[("db", "abcd")]));
        assert!(is(&left(&entries, Unsynced::Kept, 1), &[("db", "abXYZ")]));
        entries.extend([entry("db", Change::Truncate(1)), entry("db", Change::Sync)]);
        assert!(is(&left(&entries, Unsynced::Lost, 1), &[("db", "a")]));
    }

    #[test]
    fn a_file_never_synced_is_missing_or_empty_or_whole() {
        let entries = [entry("db", Change::Create), write("db", 0, "abcd")];
        assert!(is(&left(&entries, Unsynced::Lost, 1), &[]));
        assert!(is(&left(&entries, Unsynced::Kept, 1), &[("db", "abcd")]));
        let torn: BTreeSet<_> = (0..60).map(|seed| left(&entries, Unsynced::Torn, seed)).collect();
        assert!(torn.iter().any(|found| is(found, &[])));
        assert!(torn.iter().any(|found| is(found, &[("db", "")])));
        assert!(torn.iter().any(|found| is(found, &[("db", "\0\0\0\0")])));
        assert!(torn.iter().any(|found| is(found, &[("db", "abcd")])));
        assert_eq!(torn.len(), 4);
    }

    #[test]
    fn blocks_are_torn_from_each_other_and_later_writes_need_the_earlier() {
        let block = "a".repeat(4096);
        let entries = [
            entry("db", Change::Create),
            write("db", 0, &("o".repeat(8192))),
            entry("db", Change::Sync),
            write("db", 0, &(block.clone() + &block)),
            write("db", 0, &"b".repeat(4096)),
        ];
        let torn: BTreeSet<(char, char)> = (0..200)
            .map(|seed| {
                let text = left(&entries, Unsynced::Torn, seed).remove("db").unwrap();
                (text.chars().next().unwrap(), text.chars().nth(4096).unwrap())
            })
            .collect();
        let all = ['a', 'b', 'o'].into_iter().flat_map(|first| [(first, 'a'), (first, 'o')]);
        assert_eq!(torn, all.collect());
    }

    #[test]
    fn names_survive_in_their_order_once_one_of_them_is_sure() {
        let mut entries = vec![
            entry("store", Change::MakeDir),
            entry("store/new", Change::Create),
            write("store/new", 0, "text"),
            entry("store/new", Change::Sync),
            entry("store/old", Change::Create),
            rename("store/new", "store/old"),
        ];
        // The directory came before the file that was synced; the file that it replaces did not exist for sure.
        assert!(is(&left(&entries, Unsynced::Lost, 1), &[("store/new", "text")]));
        assert!(is(&left(&entries, Unsynced::Kept, 1), &[("store/old", "text")]));
        let torn: BTreeSet<_> = (0..60).map(|seed| left(&entries, Unsynced::Torn, seed)).collect();
        assert!(torn.iter().any(|found| is(found, &[("store/new", "text"), ("store/old", "")])));
        entries.push(entry("store", Change::Sync));
        assert!(is(&left(&entries, Unsynced::Lost, 1), &[("store/old", "text")]));
    }

    #[test]
    fn a_removed_file_comes_back_until_its_directory_is_synced() {
        let mut entries = vec![
            entry("db", Change::Create),
            write("db", 0, "text"),
            entry("db", Change::Sync),
            entry("db", Change::Unlink),
        ];
        assert!(is(&left(&entries, Unsynced::Lost, 1), &[("db", "text")]));
        entries.push(entry("", Change::Sync));
        assert!(is(&left(&entries, Unsynced::Lost, 1), &[]));
    }

    #[test]
    fn a_renamed_directory_takes_its_files_along() {
        let entries = [
            entry("a", Change::MakeDir),
            entry("a/db", Change::Create),
            rename("a", "b"),
            write("b/db", 0, "text"),
            entry("b/db", Change::Sync),
            entry("", Change::Sync),
        ];
        assert!(is(&left(&entries, Unsynced::Lost, 1), &[("b/db", "text")]));
    }

    #[test]
    fn after_a_failed_sync_the_next_one_does_not_bring_it_back() {
        let entries = [
            entry("db", Change::Create),
            write("db", 0, "lost"),
            entry("db", Change::Failed(Kind::Sync)),
            write("db", 4, "kept"),
            entry("db", Change::Sync),
        ];
        assert!(is(&left(&entries, Unsynced::Lost, 1), &[("db", "\0\0\0\0kept")]));
        assert!(is(&left(&entries, Unsynced::Kept, 1), &[("db", "lostkept")]));
    }

    #[test]
    fn what_was_there_before_is_sure() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("store")).unwrap();
        fs::write(dir.path().join("store/db"), "before").unwrap();
        let entries = [write("store/db", 0, "BE")];
        let mut disk = Disk::of(dir.path()).unwrap();
        disk.apply(&entries).unwrap();
        let into = dir.path().join("image");
        disk.write(&into, Unsynced::Lost, &mut Random::new(1, "")).unwrap();
        assert!(is(&files(&into, Path::new("")), &[("store/db", "before")]));
    }

    #[test]
    fn a_write_to_a_file_that_nobody_made_is_an_error() {
        assert!(Disk::default().apply(&[write("db", 0, "text")]).is_err());
    }
}
