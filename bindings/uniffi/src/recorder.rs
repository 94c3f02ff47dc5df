//! What lines are recorded in.

use std::path::PathBuf;
use std::sync::Arc;

use callfold::log::{self, Log};

use crate::error::CallfoldError;
use crate::log::LogReader;
use crate::run;

/// When what was recorded is safe from a power cut.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Durability {
    /// Before it is acknowledged.
    Always,
    /// After so many milliseconds at most.
    Every {
        /// How many; 50 is a good number.
        milliseconds: u64,
    },
    /// When the system pleases, or at `sync`.
    Never,
}

impl From<Durability> for log::Durability {
    fn from(durability: Durability) -> Self {
        match durability {
            Durability::Always => Self::Always,
            Durability::Every { milliseconds } => Self::Every(milliseconds),
            Durability::Never => Self::Never,
        }
    }
}

/// Where to record, and how.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct RecorderOptions {
    /// The store's directory. It is made if it is not there, and only its owner may read it.
    pub path: String,
    /// When what was recorded is safe from a power cut. None: every 50 ms.
    #[uniffi(default = None)]
    pub durability: Option<Durability>,
}

/// A store that is open for recording. One process has it at a time; all lines of the process share it.
#[derive(uniffi::Object)]
pub struct Recorder {
    pub(crate) log: Log,
    notes: Vec<String>,
}

#[uniffi::export]
impl Recorder {
    /// Opens a store.
    ///
    /// # Errors
    /// `store_in_use`, `not_a_store`, `store_damaged`, or what the system says.
    #[uniffi::constructor]
    pub async fn open(options: RecorderOptions) -> Result<Arc<Self>, CallfoldError> {
        run::work(None, move |_| {
            let mut how = log::Options::default();
            how.create = true;
            if let Some(durability) = options.durability {
                how.durability = durability.into();
            }
            let (log, report) = Log::open(&PathBuf::from(options.path), how)?;
            Ok(Arc::new(Self { log, notes: report.notes() }))
        })
        .await
    }

    /// A store in memory, which goes with the process.
    ///
    /// # Errors
    /// `no_random` if there are no random numbers for its keys.
    #[uniffi::constructor]
    pub fn in_memory() -> Result<Arc<Self>, CallfoldError> {
        run::here(|| Ok(Arc::new(Self { log: Log::in_memory()?, notes: Vec::new() })))
    }

    /// What had to be done to open it, for people: show it to somebody.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    /// Reads what is recorded, also while it is.
    #[must_use]
    pub fn reader(&self) -> Arc<LogReader> {
        Arc::new(LogReader::over(self.log.clone()))
    }

    /// Waits until everything that was recorded is safe from a power cut.
    ///
    /// # Errors
    /// If the disk does not take it.
    pub async fn sync(&self) -> Result<(), CallfoldError> {
        let log = self.log.clone();
        run::work(None, move |_| Ok(log.sync()?)).await
    }
}
