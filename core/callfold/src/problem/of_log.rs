//! Problems with the log, its store and its records.

use callfold_engine::SnapshotError;
use callfold_engine::record::{RecordError, SealError};
use callfold_store::{Place, StoreError};

#[cfg(feature = "tables")]
use super::of_table;
use super::{Problem, ProblemCode, of_trace};
use crate::log::{ImportError, LogError};

fn of(code: ProblemCode) -> Problem {
    Problem::new(code, "")
}

impl Problem {
    fn at(self, place: &Place) -> Self {
        self.with("stream", place.stream).with("seq", place.seq)
    }
}

pub(super) fn log(error: &LogError) -> Problem {
    match error {
        LogError::Store(error) => store(error),
        LogError::Record(error) => record(error),
        LogError::Snapshot(error) => snapshot(error),
        LogError::NoStream(name) => of(ProblemCode::NoStream).with("stream", name),
        LogError::NameTaken { name, id } => of(ProblemCode::NameTaken).with("name", name).with("stream", id),
        LogError::NoRecord { stream, seq, last } => {
            of(ProblemCode::NoRecord).with("stream", stream).with("seq", seq).with("last", last)
        }
        LogError::StreamInUse(stream) => of(ProblemCode::StreamInUse).with("stream", stream),
        LogError::TooEarly(stream) => of(ProblemCode::TooEarly).with("stream", stream),
        LogError::Stopped(_) => of(ProblemCode::RecorderStopped),
        LogError::Trace(error) => of_trace::replay(error),
        LogError::Import { line, source } => import(source).with("line", line),
        LogError::Heads { line, .. } => of(ProblemCode::NotHeads).with("line", line),
        LogError::NoHeads => of(ProblemCode::NoHeads),
        LogError::NotErasable(_) => of(ProblemCode::NotErasable),
        LogError::Interrupted => of(ProblemCode::Interrupted),
        LogError::Io(source) => Problem::of_io(ProblemCode::FileFailed, source),
        #[cfg(feature = "tables")]
        LogError::Table(error) => of_table::table(error),
    }
    .worded(error)
}

/// An error of a newer store than this knows has its message, and no code.
fn store(error: &StoreError) -> Problem {
    match error {
        StoreError::Io { path, source } => {
            Problem::of_io(ProblemCode::FileFailed, source).with("path", path.display())
        }
        StoreError::Locked { path } => of(ProblemCode::StoreInUse).with("path", path.display()),
        StoreError::NotAStore { path, .. } => of(ProblemCode::NotAStore).with("path", path.display()),
        StoreError::Missing { path } => of(ProblemCode::StoreMissing).with("path", path.display()),
        StoreError::Version { path, version } => {
            of(ProblemCode::NewerVersion).with("path", path.display()).with("version", version)
        }
        StoreError::Database { path, .. } | StoreError::Broke { path, .. } => {
            of(ProblemCode::StoreDamaged).with("path", path.display())
        }
        StoreError::ReadOnly { path, .. } => of(ProblemCode::ReadOnly).with("path", path.display()),
        StoreError::DurableDamaged { place, .. } | StoreError::Block { place, .. } => {
            of(ProblemCode::StoreDamaged).at(place)
        }
        StoreError::Record { place, source } => stored(source).at(place),
        StoreError::NoStream(stream) => of(ProblemCode::NoStream).with("stream", stream),
        StoreError::SameStream(stream) => of(ProblemCode::SameStream).with("stream", stream),
        StoreError::OutOfOrder { place, after } => of(ProblemCode::OutOfOrder).at(place).with("last", after),
        StoreError::Key { path, number, .. } => {
            of(ProblemCode::StoreDamaged).with("path", path.display()).with("key", number)
        }
        StoreError::Value(error) => record(error),
        StoreError::Random(_) => of(ProblemCode::NoRandom),
        _ => of(ProblemCode::Unknown),
    }
    .worded(error)
}

/// A record that stands in a store: what cannot be read there is damage.
fn stored(error: &RecordError) -> Problem {
    let problem = record(error);
    match problem.code == ProblemCode::BadRecord {
        true => Problem { code: ProblemCode::StoreDamaged, ..problem },
        false => problem,
    }
}

fn record(error: &RecordError) -> Problem {
    match error {
        RecordError::Empty | RecordError::Damaged(_) => of(ProblemCode::BadRecord),
        RecordError::Version(version) => of(ProblemCode::NewerVersion).with("version", version),
        RecordError::Seal(_) => of(ProblemCode::KeysFailed),
        RecordError::Unwritable => of(ProblemCode::NotRecordable),
        _ => of(ProblemCode::Unknown),
    }
    .worded(error)
}

fn snapshot(error: &SnapshotError) -> Problem {
    match error {
        SnapshotError::Empty | SnapshotError::Damaged => of(ProblemCode::BadSnapshot),
        SnapshotError::Version(version) => of(ProblemCode::BadSnapshot).with("version", version),
        SnapshotError::Record(error) => record(error),
        _ => of(ProblemCode::Unknown),
    }
    .worded(error)
}

fn import(error: &ImportError) -> Problem {
    match error {
        ImportError::NotALine(_) | ImportError::Version | ImportError::TooLong(_) => {
            of(ProblemCode::NotAnExport)
        }
        ImportError::Order { stream, found, .. } => {
            of(ProblemCode::ExportChanged).with("stream", stream).with("seq", found)
        }
        ImportError::Hash { stream, seq } => {
            of(ProblemCode::ExportChanged).with("stream", stream).with("seq", seq)
        }
        ImportError::Readable { stream, seq, field } => {
            of(ProblemCode::ExportChanged).with("stream", stream).with("seq", seq).with("field", field)
        }
        ImportError::Record { stream, seq, source } => record(source).with("stream", stream).with("seq", seq),
        ImportError::CutShort => of(ProblemCode::ExportCutShort),
        ImportError::SameStream { stream, id } => {
            of(ProblemCode::SameStream).with("name", stream).with("stream", id)
        }
        ImportError::Twice { stream } => of(ProblemCode::SameStream).with("name", stream),
        ImportError::KeyText => of(ProblemCode::ExportChanged),
        ImportError::OtherKey => of(ProblemCode::KeyConflict),
    }
    .worded(error)
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        log(&error)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        store(&error)
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        record(&error)
    }
}

impl From<SealError> for Problem {
    fn from(error: SealError) -> Self {
        Self::new(ProblemCode::KeysFailed, error.to_string())
    }
}

impl From<SnapshotError> for Problem {
    fn from(error: SnapshotError) -> Self {
        snapshot(&error)
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        import(&error)
    }
}
