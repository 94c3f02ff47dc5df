//! Breaks the files of a store as disks, cables and careless copies do.

use std::fs;
use std::path::{Path, PathBuf};
use std::{fmt, io};

use crate::Error;
use crate::random::Random;

const PAGE: u64 = 4096;

/// One fault in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Which file, below the store's directory.
    pub file: PathBuf,
    /// What is done to it.
    pub fault: Fault,
}

/// What can be done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// One bit is the other one.
    Flip {
        /// In which byte.
        offset: u64,
        /// Which bit of it.
        bit: u8,
    },
    /// It ends here, anywhere in it.
    Truncate(u64),
    /// So many bytes are missing at its end.
    CutTail(u64),
    /// This page is all zeros.
    ZeroPage(u64),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match self.fault {
            Fault::Flip { offset, bit } => write!(f, "{file}: bit {bit} of byte {offset} flipped"),
            Fault::Truncate(length) => write!(f, "{file}: truncated to {length} bytes"),
            Fault::CutTail(bytes) => write!(f, "{file}: {bytes} bytes cut off its end"),
            Fault::ZeroPage(page) => write!(f, "{file}: page {page} zeroed"),
        }
    }
}

/// The files of a store that can be damaged: those that are not empty, with their lengths.
#[derive(Debug, Clone)]
pub struct Files(Vec<(PathBuf, u64)>);

impl Files {
    /// All below a directory, the largest first.
    pub fn of(dir: &Path) -> Result<Files, Error> {
        let mut found = Vec::new();
        walk(dir, &mut |path, length| {
            if let (Some(length @ 1..), Ok(name)) = (length, path.strip_prefix(dir)) {
                found.push((name.to_owned(), length));
            }
            Ok(())
        })
        .map_err(Error::at("reading", dir))?;
        found.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        Ok(Files(found))
    }

    /// Some damage; the kinds take turns by `number`. Every second one hits the largest file, where the records are;
    /// of the others, each file has its share. Nothing where there are no files.
    pub fn draw(&self, number: u64, random: &mut Random) -> Option<Damage> {
        let index = if random.coin() { 0 } else { random.index(self.0.len()) };
        let (file, length) = self.0.get(index)?;
        let fault = match number % 4 {
            0 => {
                Fault::Flip { offset: random.below(*length), bit: u8::try_from(random.below(8)).unwrap_or(0) }
            }
            1 => Fault::Truncate(random.below(*length)),
            2 => Fault::CutTail(1024 + random.below(63 * 1024 + 1)),
            _ => Fault::ZeroPage(random.below(length.div_ceil(PAGE))),
        };
        Some(Damage { file: file.clone(), fault })
    }
}

impl Damage {
    /// Does it to the file below this directory. False when the file is what it was, zeros becoming zeros.
    pub fn apply(&self, dir: &Path) -> Result<bool, Error> {
        let path = dir.join(&self.file);
        let before = fs::read(&path).map_err(Error::at("reading", &path))?;
        let mut bytes = before.clone();
        let length = bytes.len() as u64;
        match self.fault {
            Fault::Flip { offset, bit } => {
                let byte = usize::try_from(offset).ok().and_then(|offset| bytes.get_mut(offset));
                if let Some(byte) = byte {
                    *byte ^= 1 << (bit % 8);
                }
            }
            Fault::Truncate(to) => shorten(&mut bytes, to),
            Fault::CutTail(cut) => shorten(&mut bytes, length.saturating_sub(cut)),
            Fault::ZeroPage(page) => {
                let range = page.saturating_mul(PAGE)..page.saturating_add(1).saturating_mul(PAGE);
                for (_, byte) in (0_u64..).zip(&mut bytes).filter(|(place, _)| range.contains(place)) {
                    *byte = 0;
                }
            }
        }
        fs::write(&path, &bytes).map_err(Error::at("writing", &path))?;
        Ok(bytes != before)
    }
}

fn shorten(bytes: &mut Vec<u8>, length: u64) {
    bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
}

/// Copies a directory with all that is in it to a place where nothing is. Permissions go along.
pub fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    walk(from, &mut |path, length| {
        let target = path.strip_prefix(from).map_or_else(|_| to.to_owned(), |name| to.join(name));
        match length {
            Some(_) => fs::copy(path, &target).map(|_| ()),
            None => {
                fs::create_dir(&target)?;
                fs::set_permissions(&target, fs::metadata(path)?.permissions())
            }
        }
    })
    .map_err(Error::at("copying", from))
}

/// Each directory before what is in it, and each file with its length.
fn walk(dir: &Path, each: &mut impl FnMut(&Path, Option<u64>) -> io::Result<()>) -> io::Result<()> {
    each(dir, None)?;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), each)?;
        } else {
            each(&entry.path(), Some(entry.metadata()?.len()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Damage, Fault, Files, copy};
    use crate::random::Random;
    use std::fs;

    fn damaged(fault: Fault) -> (bool, Vec<u8>) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("db"), [b'x'; 5000]).unwrap();
        let changed = Damage { file: "db".into(), fault }.apply(dir.path()).unwrap();
        (changed, fs::read(dir.path().join("db")).unwrap())
    }

    #[test]
    fn each_fault_does_what_it_says() {
        let (changed, flipped) = damaged(Fault::Flip { offset: 7, bit: 0 });
        assert!(changed && flipped[7] == b'y' && flipped.iter().filter(|byte| **byte != b'x').count() == 1);
        assert_eq!(damaged(Fault::Truncate(9)).1.len(), 9);
        assert_eq!(damaged(Fault::CutTail(2000)).1.len(), 3000);
        assert_eq!(damaged(Fault::CutTail(9000)).1.len(), 0);
        let zeroed = damaged(Fault::ZeroPage(1)).1;
        assert!(zeroed[4095] == b'x' && zeroed[4096..].iter().all(|byte| *byte == 0) && zeroed.len() == 5000);
        assert!(!damaged(Fault::ZeroPage(2)).0);
    }

    #[test]
    fn all_files_and_all_kinds_are_hit() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("inner")).unwrap();
        for (name, length) in [("db", 9000), ("inner/snap", 90), ("empty", 0)] {
            fs::write(dir.path().join(name), vec![1; length]).unwrap();
        }
        let files = Files::of(dir.path()).unwrap();
        let mut random = Random::new(1, "damage");
        let drawn: Vec<Damage> = (0..80).filter_map(|number| files.draw(number, &mut random)).collect();
        assert_eq!(drawn.len(), 80);
        for (name, kind) in
            [("db", "flipped"), ("db", "truncated"), ("db", "cut"), ("db", "zeroed"), ("snap", "flipped")]
        {
            let hit = |damage: &&Damage| damage.file.ends_with(name) && damage.to_string().contains(kind);
            assert!(drawn.iter().any(|damage| hit(&damage)), "{name} {kind}");
        }
        assert!(!drawn.iter().any(|damage| damage.file.ends_with("empty")));
    }

    #[test]
    fn a_copy_has_everything() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("from/inner")).unwrap();
        fs::write(dir.path().join("from/inner/db"), "text").unwrap();
        copy(&dir.path().join("from"), &dir.path().join("to")).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("to/inner/db")).unwrap(), "text");
    }
}
