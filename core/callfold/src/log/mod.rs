//! The log: streams of records in a store, written by a [`Recorder`], read in every way there is.
//!
//! - [`Log::open`] opens a store on disk, [`Log::in_memory`] one that goes with the process.
//! - [`Recorder`] runs a machine and appends every input with what was decided on it, before any effect is let go.
//!   [`Log::import_trace`] makes a recorded session a stream.
//! - [`Log::records`] and [`Log::told`] read it back; [`Log::as_of`] says what was so at any moment;
//!   [`Log::calls`] and [`Log::find`] find calls; [`Log::report`] adds them up; [`Log::verify`] looks whether it is whole;
//!   [`Log::heads`] is what an auditor keeps to
//!   prove later that nothing was cut off.
//! - [`Log::export`] and [`Log::import`] carry it elsewhere, chain included; [`Log::erase`] forgets somebody.
//!
//! ```
//! use callfold::log::{Instant, Log, to_the_end};
//!
//! let trace = concat!(
//!     r#"{"trace":1,"name":"x","title":"t","level":"oktell","epochMs":0,"numbers":[]}"#, "\n",
//!     r#"{"t":0,"api":"connect","args":[{"url":"pbx.local","login":"ivanov","password":"p"}]}"#, "\n",
//! );
//! let log = Log::in_memory()?;
//! let imported = log.import_trace(trace.as_bytes(), None)?;
//! assert_eq!(imported.records, 1);
//! let stream = imported.stream;
//! assert!(log.verify(stream, &Default::default(), &mut to_the_end)?.is_good());
//! let then = log.as_of(stream, Instant::Seq(1))?;
//! assert_eq!(then.view.connection, callfold::Connection::Dialling);
//! # Ok::<(), callfold::log::LogError>(())
//! ```

mod as_of;
mod erase;
mod error;
mod export;
mod facts;
mod find;
mod heads;
mod import;
mod index;
mod info;
mod input_json;
#[cfg(test)]
mod interrupted;
mod reader;
mod recorder;
mod report;
mod select;
mod sound_agent;
mod spent;
#[cfg(feature = "tables")]
mod tables;
mod trace;
mod verify;
mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use callfold_engine::{DirectoryPool, Event};
pub use callfold_store::{
    Cut, Durability, LogStore, MemoryStore, OpenReport, Options, Place, SledStore, StoreError, StreamHead,
    StreamId, hush_caught_panics,
};

pub use as_of::{AsOf, Instant};
pub use erase::ErasedReport;
pub use error::{ImportError, LogError};
pub use find::{FindQuery, Found};
pub use heads::HeadLine;
pub use import::{Imported, check_export};
pub use index::{CallQuery, FoundCall};
pub use info::StreamInfo;
pub use input_json::{NotAnInput, input as input_json, input_from_json};
pub use reader::{LogRecord, Records, Told, ToldRecord};
pub use recorder::Recorder;
pub use select::{EventQuery, FoundEvent};
pub use trace::ImportedTrace;
pub use verify::{Finding, Flaw, StreamReport, VerifyOptions};
pub use writer::StreamWriter;

/// How far a long work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Records done.
    pub done: u64,
    /// Records in all.
    pub of: u64,
}

impl Progress {
    /// So much of so much; 0 in all, if that is not known.
    #[must_use]
    pub const fn new(done: u64, of: u64) -> Self {
        Self { done, of }
    }
}

/// Is told how far a long work is, now and then (every 1,000 records), and says whether it goes on. At
/// [`ControlFlow::Break`] the work ends with [`LogError::Interrupted`], where nothing is half done. Must not use the log
/// meanwhile: some of it is held.
pub type OnProgress<'p> = &'p mut dyn FnMut(Progress) -> ControlFlow<()>;

/// For work that nobody watches and nobody breaks off.
pub fn to_the_end(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Tells how far a work is; an error if it is to be broken off.
fn tell(progress: OnProgress<'_>, done: u64, of: u64) -> Result<(), LogError> {
    match progress(Progress { done, of }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(LogError::Interrupted),
    }
}

/// A log. Cheap to clone: all clones are the same log.
#[derive(Clone, Debug)]
pub struct Log {
    store: Arc<dyn LogStore>,
    /// Held while what is derived is brought up to date.
    deriving: Arc<Mutex<()>>,
    turns: Arc<Turns>,
    /// Held from looking whether a stream may be added until it is.
    adding: Arc<Mutex<()>>,
    names: Arc<Mutex<Names>>,
    /// The directories of the PBX that its lines have in memory.
    directories: Arc<Mutex<DirectoryPool>>,
    /// The streams that a recorder records.
    recorded: Arc<Mutex<BTreeSet<StreamId>>>,
}

/// That a stream is recorded by one recorder, until that is gone.
#[derive(Debug)]
struct Claim {
    recorded: Arc<Mutex<BTreeSet<StreamId>>>,
    stream: StreamId,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.stream);
    }
}

/// The streams by their names, as far as they were read.
#[derive(Debug, Default)]
struct Names {
    by_name: BTreeMap<String, StreamId>,
    /// How many streams were read.
    read: u32,
    /// How many erasures there had been then.
    erasures: u64,
}

/// What those who write and who erases have to know of each other.
#[derive(Debug, Default)]
struct Turns {
    /// Held shared while something is sealed and put away, and alone by who erases.
    lock: RwLock<()>,
    /// Records that are sealed and not appended yet.
    staged: AtomicU64,
    /// How often somebody was erased.
    erasures: AtomicU64,
}

impl Turns {
    fn write(&self) -> RwLockReadGuard<'_, ()> {
        self.lock.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn erase(&self) -> RwLockWriteGuard<'_, ()> {
        self.lock.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn erasures(&self) -> u64 {
        self.erasures.load(Ordering::Acquire)
    }
}

/// Whether these tell of the PBX what is the same for all lines.
pub(crate) fn tell_a_directory(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::UsersTold { .. } | Event::NumberPlanTold { .. }))
}

/// A stream of a log.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stream {
    /// Its name in the store.
    pub id: StreamId,
    /// What it is.
    pub info: StreamInfo,
    /// Its last record.
    pub head: StreamHead,
}

impl Log {
    /// Opens the store in the directory `path`; makes one there if `options` say so. What had to be done for it is in
    /// the report: show it to somebody.
    ///
    /// # Errors
    /// [`LogError::Store`]: it is open elsewhere, is none, or is damaged.
    pub fn open(path: &Path, options: Options) -> Result<(Self, OpenReport), LogError> {
        let store = SledStore::open(path, options)?;
        let report = store.report().clone();
        Ok((Self::over(Arc::new(store)), report))
    }

    /// A log that goes with the process.
    ///
    /// # Errors
    /// [`LogError::Store`] if there are no random numbers for its keys.
    pub fn in_memory() -> Result<Self, LogError> {
        Ok(Self::over(Arc::new(MemoryStore::new()?)))
    }

    /// A log in any store.
    #[must_use]
    pub fn over(store: Arc<dyn LogStore>) -> Self {
        Self {
            store,
            deriving: Arc::default(),
            turns: Arc::default(),
            adding: Arc::default(),
            names: Arc::default(),
            directories: Arc::default(),
            recorded: Arc::default(),
        }
    }

    /// Takes a stream for one recorder.
    fn claim(&self, stream: StreamId) -> Result<Claim, LogError> {
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        if recorded.insert(stream) {
            Ok(Claim { recorded: Arc::clone(&self.recorded), stream })
        } else {
            Err(LogError::StreamInUse(stream))
        }
    }

    /// Has something share its directory with the lines that are in memory already.
    pub(crate) fn share(&self, share: impl FnOnce(&mut DirectoryPool)) {
        share(&mut self.directories.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The store below.
    #[must_use]
    pub fn store(&self) -> &dyn LogStore {
        &*self.store
    }

    /// Every stream.
    ///
    /// # Errors
    /// [`LogError`] if they cannot be read.
    pub fn streams(&self) -> Result<Vec<Stream>, LogError> {
        let mut streams = Vec::new();
        for (id, description) in self.store.streams()? {
            let info = StreamInfo::read(&description, self.store.keys())?;
            streams.push(Stream { id, info, head: self.store.head(id)? });
        }
        Ok(streams)
    }

    /// The stream of this name, or of this number.
    ///
    /// # Errors
    /// [`LogError::NoStream`] if there is none.
    pub fn stream(&self, name: &str) -> Result<Stream, LogError> {
        let id = match self.named(name)? {
            Some(id) => id,
            None => StreamId(name.parse().map_err(|_| LogError::NoStream(name.to_owned()))?),
        };
        match self.info(id) {
            Ok(info) => Ok(Stream { id, info, head: self.store.head(id)? }),
            Err(LogError::Store(StoreError::NoStream(_))) => Err(LogError::NoStream(name.to_owned())),
            Err(error) => Err(error),
        }
    }

    /// What a stream is.
    ///
    /// # Errors
    /// [`LogError`] if there is none, or it cannot be read.
    pub fn info(&self, stream: StreamId) -> Result<StreamInfo, LogError> {
        Ok(StreamInfo::read(&self.store.description(stream)?, self.store.keys())?)
    }

    /// The stream of this name.
    fn named(&self, name: &str) -> Result<Option<StreamId>, LogError> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let erasures = self.turns.erasures();
        if names.erasures != erasures {
            // Some may be a token now.
            *names = Names { erasures, ..Names::default() };
        }
        // What was added since the last time: streams are numbered as they come.
        loop {
            let id = StreamId(names.read);
            let description = match self.store.description(id) {
                Ok(description) => description,
                Err(StoreError::NoStream(_)) => return Ok(names.by_name.get(name).copied()),
                Err(error) => return Err(error.into()),
            };
            let info = StreamInfo::read(&description, self.store.keys())?;
            names.by_name.entry(info.name.as_str().to_owned()).or_insert(id);
            names.read += 1;
        }
    }

    /// Makes everything that was appended durable now.
    ///
    /// # Errors
    /// [`LogError::Store`] if it cannot be; the store is then read-only.
    pub fn sync(&self) -> Result<(), LogError> {
        Ok(self.store.sync()?)
    }
}
