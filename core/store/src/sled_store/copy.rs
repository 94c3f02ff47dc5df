//! A copy of the database that stands by while sled tries to open it.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::caught;
use super::directory::{Directory, restrict, sync_directory, write_new};
use crate::StoreError;

/// The copy. Put back when opening fails, so that a store that is refused is left as it was.
#[derive(Debug)]
pub(super) struct Copy {
    root: PathBuf,
}

const DATABASE: &str = "sled";
const COPY: &str = "sled.before";
const UNFINISHED: &str = "sled.copying";
/// How the database was when it was last closed in order.
const CLOSED: &str = "closed";
/// Up to how many bytes a database that was closed in order is copied as well. Copying so much takes no time to speak
/// of, and one read that fails makes sled cut off for good what stands behind it.
const CLOSED_UP_TO: u64 = 64 << 20;

impl Copy {
    /// Copies the database, unless it is longer than `up_to` bytes, or than [`CLOSED_UP_TO`] and as it was when it was
    /// closed.
    pub(super) fn make(directory: &Directory, up_to: u64) -> Result<Option<Self>, StoreError> {
        let copy = Self { root: directory.root.clone() };
        let [database, before, unfinished] = [DATABASE, COPY, UNFINISHED].map(|name| directory.path(name));
        remove(&unfinished)?;
        if before.exists() {
            // The last one who tried did not come to an end.
            copy.put_back()?;
        }
        // One that was closed in order may still have been damaged since, or fail to be read this once.
        let up_to = if was_closed(&directory.root) { up_to.min(CLOSED_UP_TO) } else { up_to };
        if !database.exists() || bytes_of(&database)? > up_to {
            forget_closed(&directory.root)?;
            return Ok(None);
        }
        if let Err(error) = copy_directory(&database, &unfinished) {
            // A disk that is full is not to stay so because of this.
            remove(&unfinished)?;
            return Err(error);
        }
        let io = || StoreError::io(&unfinished);
        fs::rename(&unfinished, &before).map_err(io())?;
        sync_directory(&directory.root)?;
        forget_closed(&directory.root)?;
        Ok(Some(copy))
    }

    /// The database opened well: the copy is not needed.
    pub(super) fn remove(self) -> Result<(), StoreError> {
        // Under the name of a whole copy, half of one would be put back by the next to open.
        let [before, unfinished] = [COPY, UNFINISHED].map(|name| self.root.join(name));
        fs::rename(&before, &unfinished).map_err(StoreError::io(&before))?;
        sync_directory(&self.root)?;
        remove(&unfinished)
    }

    /// The database did not open: it is put back as it was.
    pub(super) fn put_back(&self) -> Result<(), StoreError> {
        let [database, before] = [DATABASE, COPY].map(|name| self.root.join(name));
        remove(&database)?;
        fs::rename(&before, &database).map_err(StoreError::io(&before))?;
        sync_directory(&self.root)
    }
}

/// What `closed` says of the database: its length and when it was written last.
fn state_of(root: &Path) -> Option<String> {
    let found = fs::metadata(root.join(DATABASE).join("db")).ok()?;
    Some(format!("{} {} {}\n", found.len(), found.mtime(), found.mtime_nsec()))
}

fn was_closed(root: &Path) -> bool {
    let then = fs::read_to_string(root.join(CLOSED)).ok();
    then.is_some() && then == state_of(root)
}

fn forget_closed(root: &Path) -> Result<(), StoreError> {
    remove(&root.join(CLOSED))
}

/// Notes, once sled is gone, that the database was closed in order. The last to be dropped before the directory.
#[derive(Debug)]
pub(super) struct Closer {
    /// The last handle on sled, which panics when it cannot be closed.
    pub(super) db: Option<sled::Db>,
    pub(super) root: PathBuf,
    /// Whether all was synced.
    pub(super) in_order: std::sync::atomic::AtomicBool,
}

impl Drop for Closer {
    fn drop(&mut self) {
        let db = self.db.take();
        let is_closed = caught(|| drop(db)).is_some();
        // It may have made files. The directory is closed to others all the same, so one that fails is no harm.
        let _ = restrict(&self.root.join(DATABASE));
        let path = self.root.join(DATABASE).join("db");
        // sled goes on in its threads for a while, and keeps its lock; who opens the store next would be refused.
        let until = Instant::now() + Duration::from_secs(2);
        while let Ok(file) = File::open(&path) {
            if file.try_lock().is_ok() || Instant::now() > until {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        if is_closed
            && self.in_order.load(std::sync::atomic::Ordering::Acquire)
            && let Some(state) = state_of(&self.root)
        {
            // Without it the next one to open makes a copy first.
            let _ = write_new(&self.root.join(CLOSED), state.as_bytes());
        }
    }
}

/// How many bytes the files below a directory take.
pub(super) fn bytes_of(path: &Path) -> Result<u64, StoreError> {
    let io = || StoreError::io(path);
    let mut bytes = 0;
    for entry in fs::read_dir(path).map_err(io())? {
        let entry = entry.map_err(io())?;
        let found = entry.metadata().map_err(io())?;
        bytes += if found.is_dir() { bytes_of(&entry.path())? } else { found.len() };
    }
    Ok(bytes)
}

fn copy_directory(from: &Path, to: &Path) -> Result<(), StoreError> {
    DirBuilder::new().mode(0o700).create(to).map_err(StoreError::io(to))?;
    for entry in fs::read_dir(from).map_err(StoreError::io(from))? {
        let entry = entry.map_err(StoreError::io(from))?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().map_err(StoreError::io(&path))?.is_dir() {
            copy_directory(&path, &copy)?;
        } else {
            fs::copy(&path, &copy).map_err(StoreError::io(&path))?;
            File::open(&copy).and_then(|file| file.sync_all()).map_err(StoreError::io(&copy))?;
        }
    }
    sync_directory(to)
}

fn remove(path: &Path) -> Result<(), StoreError> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::io(path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
