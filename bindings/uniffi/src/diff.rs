//! What comes out otherwise: of a log by the rules of today, or of two logs with the same streams.

use std::sync::Arc;

use callfold::diff::{self, DiffQuery, DiffSummary};
use callfold::log::{Log, LogError, OnProgress};
use callfold::{JsonText, PersonName, Span};

use crate::call::Moment;
use crate::error::CallfoldError;
use crate::log::{LogReader, ids};
use crate::run::ProgressListener;
use crate::words::{DiffSide, TimeKind};

/// Something that differs.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct StreamDifference {
    /// Of which stream.
    pub stream: String,
    /// What differs.
    pub what: Difference,
    /// The same as every surface tells it.
    pub json: JsonText,
}

/// What may differ of a stream.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Difference {
    /// A call.
    Call {
        /// Which, and what of it.
        call: CallDifference,
    },
    /// How much of a kind of time there is in all.
    Time {
        /// Of which kind.
        kind: TimeKind,
        /// On the first side.
        one: Span,
        /// On the other.
        other: Span,
    },
    /// What was decided on single inputs.
    Events {
        /// On how many.
        records: u64,
        /// The record of the first.
        first: u64,
        /// Which event of it is the first that differs, from 1.
        event: u64,
        /// The name of that event on the first side; none if there is none.
        one: Option<String>,
        /// Its name on the other.
        other: Option<String>,
    },
    /// One side has more records.
    Records {
        /// How many the first has.
        one: u64,
        /// How many the other has.
        other: u64,
    },
    /// One side does not have the stream.
    Missing {
        /// Which.
        side: DiffSide,
    },
    /// One side cannot be read further; what was read before was compared.
    Damaged {
        /// Which.
        side: DiffSide,
        /// From this record on.
        seq: u64,
        /// Why.
        why: String,
    },
    /// Something else, which the JSON tells.
    Other,
}

/// A call that comes out otherwise.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CallDifference {
    /// Its id.
    pub id: String,
    /// When it began, on the side that tells of it first.
    pub began: Moment,
    /// If only one side has it: which.
    pub only: Option<DiffSide>,
    /// The first record of which the two sides tell something else.
    pub first: u64,
    /// What the first side tells of that record. It may name somebody.
    pub one: Vec<PersonName>,
    /// What the other side tells of it. It may name somebody.
    pub other: Vec<PersonName>,
    /// What differs of the call as a whole.
    pub fields: Vec<FieldDifference>,
}

/// A property of a call that differs.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct FieldDifference {
    /// Which: `outcome`, `talk`, …
    pub name: String,
    /// On the first side. It may name somebody.
    pub one: PersonName,
    /// On the other. It may name somebody.
    pub other: PersonName,
}

/// What was compared, and what differs.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DiffReport {
    /// What differs, stream by stream; as much as was wanted.
    pub differences: Vec<StreamDifference>,
    /// Whether nothing differs.
    pub is_same: bool,
    /// How many streams were compared.
    pub streams: u64,
    /// How many records of the first side were read.
    pub records: u64,
    /// How many calls there are, those counted once that both sides have.
    pub calls: u64,
    /// How many of them differ.
    pub differ: u64,
    /// How many differences there are in all.
    pub found: u64,
    /// Whether something could not be read to its end.
    pub is_damaged: bool,
    /// The numbers as every surface tells them.
    pub json: JsonText,
}

impl From<&diff::StreamDifference> for StreamDifference {
    fn from(differs: &diff::StreamDifference) -> Self {
        Self {
            stream: differs.stream.clone(),
            what: Difference::from(&differs.what),
            json: JsonText::new(&differs.json().to_string()),
        }
    }
}

impl From<&diff::Difference> for Difference {
    fn from(what: &diff::Difference) -> Self {
        match what {
            diff::Difference::Call(call) => Self::Call { call: CallDifference::from(call) },
            diff::Difference::Time { kind, one, other } => {
                Self::Time { kind: (*kind).into(), one: *one, other: *other }
            }
            diff::Difference::Events { records, first, event, one, other } => Self::Events {
                records: *records,
                first: *first,
                event: *event as u64,
                one: one.map(str::to_owned),
                other: other.map(str::to_owned),
            },
            diff::Difference::Records { one, other } => Self::Records { one: *one, other: *other },
            diff::Difference::Missing(side) => Self::Missing { side: (*side).into() },
            diff::Difference::Damaged { side, seq, why } => {
                Self::Damaged { side: (*side).into(), seq: *seq, why: why.clone() }
            }
            // The engine's may grow; clippy counts its words.
            _ => Self::Other,
        }
    }
}

impl From<&diff::CallDifference> for CallDifference {
    fn from(call: &diff::CallDifference) -> Self {
        let facts = |facts: &[String]| facts.iter().map(|fact| PersonName::from(fact.as_str())).collect();
        let field = |field: &diff::FieldDifference| FieldDifference {
            name: field.name.clone(),
            one: PersonName::from(field.one.as_str()),
            other: PersonName::from(field.other.as_str()),
        };
        Self {
            id: call.id.clone(),
            began: call.began.into(),
            only: call.only.map(DiffSide::from),
            first: call.first,
            one: facts(&call.one),
            other: facts(&call.other),
            fields: call.fields.iter().map(field).collect(),
        }
    }
}

impl DiffReport {
    fn of(differences: Vec<StreamDifference>, summary: &DiffSummary) -> Self {
        Self {
            differences,
            is_same: summary.is_same(),
            streams: summary.streams,
            records: summary.records,
            calls: summary.calls,
            differ: summary.differ,
            found: summary.told,
            is_damaged: summary.damaged,
            json: JsonText::new(&summary.json().to_string()),
        }
    }
}

/// Compares with another log, or with the rules of today if there is none.
fn compare(
    log: &Log,
    with: Option<&Log>,
    streams: &[String],
    most: u32,
    progress: OnProgress<'_>,
) -> Result<DiffReport, LogError> {
    let mut query = DiffQuery::default();
    query.streams = ids(log, streams)?;
    let mut differences = Vec::new();
    let mut each = |differs: &diff::StreamDifference| {
        if differences.len() < most as usize {
            differences.push(StreamDifference::from(differs));
        }
        Ok(())
    };
    let summary = match with {
        Some(with) => log.diff(with, &query, progress, &mut each)?,
        None => log.diff_today(&query, progress, &mut each)?,
    };
    Ok(DiffReport::of(differences, &summary))
}

#[uniffi::export]
impl LogReader {
    /// Compares what was told with what the rules of today make of the same inputs, in these streams; in all, if none is
    /// named. Hands out as many differences as `most`, the first ones; the numbers are of all. A stream that is damaged is
    /// compared up to the damage, which is one of the differences.
    ///
    /// # Errors
    /// `no_stream`; `interrupted`; or if the log cannot be read at all.
    #[uniffi::method(default(streams = [], most = 10_000, progress = None))]
    pub async fn diff_today(
        &self,
        streams: Vec<String>,
        most: u32,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<DiffReport, CallfoldError> {
        self.work(progress, move |log, progress| Ok(compare(log, None, &streams, most, progress)?)).await
    }

    /// Compares with another log, stream by stream of the same name, both as they were told: these streams of this log; all
    /// of both, if none is named. Otherwise as `diff_today`.
    ///
    /// # Errors
    /// As `diff_today`.
    #[uniffi::method(default(streams = [], most = 10_000, progress = None))]
    pub async fn diff(
        &self,
        with: Arc<LogReader>,
        streams: Vec<String>,
        most: u32,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<DiffReport, CallfoldError> {
        let with = with.log().clone();
        self.work(progress, move |log, progress| Ok(compare(log, Some(&with), &streams, most, progress)?))
            .await
    }
}
