//! The directory of a store: whose it is, what is in it, who has it open.
//!
//! ```text
//! callfold      what this is, and its version; named last, when the store is made
//! lock          held by the one owner
//! keys          the keys of the personal data
//! durable       how far each stream is known to be durable
//! sled/         the database
//! sled.before/  a copy of it, while it is opened; sled.copying/ is half of one
//! closed        how the database was when it was closed in order
//! broken/       what was moved out of the way, never deleted
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::{StoreError, VERSION};

/// An opened directory, locked as long as this lives.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) root: PathBuf,
    _lock: File,
}

/// What may stand in the directory of a store that is not made yet.
const OURS: &[&str] = &[
    MARKER,
    MARKER_IN_MAKING,
    "lock",
    "keys",
    "durable",
    "sled",
    "closed",
    "broken",
    "sled.before",
    "sled.copying",
];
const MARKER: &str = "callfold";
const MARKER_IN_MAKING: &str = "callfold.making";
const MARKER_TEXT: &str = "callfold store ";

impl Directory {
    /// Opens the directory of a store, or makes one.
    pub(super) fn open(root: &Path, may_create: bool) -> Result<Self, StoreError> {
        let not_a_store = |why| StoreError::NotAStore { path: root.to_owned(), why };
        let io = || StoreError::io(root);
        match fs::symlink_metadata(root) {
            Ok(found) if found.is_symlink() => return Err(not_a_store("it is a symbolic link")),
            Ok(found) if !found.is_dir() => return Err(not_a_store("it is no directory")),
            Ok(found) if found.uid() != rustix::process::geteuid().as_raw() => {
                return Err(not_a_store("it belongs to another user"));
            }
            Ok(_) => {
                if !has_marker(root)? {
                    for entry in fs::read_dir(root).map_err(io())? {
                        if !OURS
                            .iter()
                            .any(|name| entry.as_ref().is_ok_and(|entry| entry.file_name() == *name))
                        {
                            return Err(not_a_store("there is something else in the directory"));
                        }
                    }
                    if !may_create {
                        return Err(StoreError::Missing { path: root.to_owned() });
                    }
                }
                // The log has names and numbers: nobody else's business.
                fs::set_permissions(root, fs::Permissions::from_mode(0o700)).map_err(io())?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && may_create => {
                DirBuilder::new().mode(0o700).recursive(true).create(root).map_err(io())?;
                fs::set_permissions(root, fs::Permissions::from_mode(0o700)).map_err(io())?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::Missing { path: root.to_owned() });
            }
            Err(error) => return Err(io()(error)),
        }
        let lock = Self::lock(root)?;
        if has_marker(root)? {
            let path = root.join(MARKER);
            let text = fs::read_to_string(&path).map_err(StoreError::io(&path))?;
            let version = text.trim_end().strip_prefix(MARKER_TEXT);
            match version {
                Some(VERSION) => {}
                Some(version) => {
                    let version = version.chars().take(32).collect();
                    return Err(StoreError::Version { path: root.to_owned(), version });
                }
                None => return Err(not_a_store("its file `callfold` is none of ours")),
            }
        }
        Ok(Self { root: root.to_owned(), _lock: lock })
    }

    /// Whether the store was made to its end.
    pub(super) fn is_made(&self) -> Result<bool, StoreError> {
        has_marker(&self.root)
    }

    /// Notes that the store is made. Until then its parts may be half written.
    pub(super) fn set_made(&self) -> Result<(), StoreError> {
        if self.is_made()? {
            return Ok(());
        }
        // It is there whole or not at all.
        let (making, marker) = (self.root.join(MARKER_IN_MAKING), self.root.join(MARKER));
        write_new(&making, format!("{MARKER_TEXT}{VERSION}\n").as_bytes())?;
        fs::rename(&making, &marker).map_err(StoreError::io(&making))?;
        sync_directory(&self.root)
    }

    fn lock(root: &Path) -> Result<File, StoreError> {
        let path = root.join("lock");
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(StoreError::io(&path))?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(fs::TryLockError::WouldBlock) => Err(StoreError::Locked { path: root.to_owned() }),
            Err(fs::TryLockError::Error(source)) => Err(StoreError::Io { path, source }),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A new path under `broken/` for what is called `name`.
    pub(super) fn broken(&self, name: &str) -> Result<PathBuf, StoreError> {
        let broken = self.path("broken");
        if !broken.is_dir() {
            DirBuilder::new().mode(0o700).create(&broken).map_err(StoreError::io(&broken))?;
            sync_directory(&self.root)?;
        }
        let mut number = 1_u32;
        loop {
            let path = broken.join(format!("{number:04}-{name}"));
            if !path.exists() {
                return Ok(path);
            }
            number += 1;
        }
    }

    /// Moves out of sled's way what would keep it from opening: files that a crash left half written, and the whole
    /// database of a store that was never made to its end.
    pub(super) fn clear_way(&self) -> Result<Vec<PathBuf>, StoreError> {
        let sled = self.path("sled");
        let mut moved = Vec::new();
        if !self.is_made()? {
            for name in ["sled", "sled.before", "keys", "durable"] {
                let path = self.path(name);
                if path.exists() {
                    moved.push(self.set_aside(&path)?);
                }
            }
        }
        if !sled.is_dir() {
            return Ok(moved);
        }
        for entry in fs::read_dir(&sled).map_err(StoreError::io(&sled))? {
            let path = entry.map_err(StoreError::io(&sled))?.path();
            if path.extension().is_some_and(|extension| extension == "generating") {
                moved.push(self.set_aside(&path)?);
            }
        }
        Ok(moved)
    }

    fn set_aside(&self, path: &Path) -> Result<PathBuf, StoreError> {
        let to = self.broken(&path.file_name().unwrap_or_default().to_string_lossy())?;
        fs::rename(path, &to).map_err(StoreError::io(path))?;
        Ok(to)
    }
}

fn has_marker(root: &Path) -> Result<bool, StoreError> {
    let path = root.join(MARKER);
    match fs::symlink_metadata(&path) {
        Ok(found) if found.is_file() => Ok(true),
        Ok(_) => {
            Err(StoreError::NotAStore { path: root.to_owned(), why: "its file `callfold` is none of ours" })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(StoreError::io(&path)(error)),
    }
}

/// Writes a new file of the owner's only, and syncs it.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    use std::io::Write as _;
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(StoreError::io(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(StoreError::io(path))
}

/// Closes a directory, and what is in it, to everybody but the owner: sled makes its files as the system has it.
pub(super) fn restrict(path: &Path) -> Result<(), StoreError> {
    let io = || StoreError::io(path);
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(io())?;
    for entry in fs::read_dir(path).map_err(io())? {
        let entry = entry.map_err(io())?;
        let kind = entry.file_type().map_err(io())?;
        let restricted = if kind.is_dir() {
            restrict(&entry.path())
        } else if kind.is_file() {
            let path = entry.path();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(StoreError::io(&path))
        } else {
            Ok(())
        };
        match restricted {
            // sled removes files of its own while it runs.
            Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// Makes the names in a directory durable.
pub(super) fn sync_directory(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(StoreError::io(path))
}
