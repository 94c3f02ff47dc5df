//! What does not fit in a log.

use std::sync::Arc;

use callfold::lint;
use callfold::log::Log;
use callfold::problem::{Problem, ProblemCode};
use callfold::{JsonText, Timestamp};

use crate::call::Moment;
use crate::check::range;
use crate::error::CallfoldError;
use crate::log::{LogReader, ids};
use crate::run::ProgressListener;
use crate::words::OddityKind;

/// What is looked for, and where. Whatever is none or empty does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct LintQuery {
    /// In these streams; in all, if none is named.
    #[uniffi(default = [])]
    pub streams: Vec<String>,
    /// What shows at this time or later.
    #[uniffi(default = None)]
    pub from: Option<Timestamp>,
    /// What shows before this time.
    #[uniffi(default = None)]
    pub to: Option<Timestamp>,
    /// Of these kinds; of all, if none is named. Damage is told whatever was asked for: nobody knows what it hides.
    #[uniffi(default = [])]
    pub kinds: Vec<OddityKind>,
}

/// Something that does not fit. Nobody's name or number is in it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Oddity {
    /// In which stream.
    pub stream: String,
    /// What it is.
    pub kind: OddityKind,
    /// When it showed, and the record that shows it.
    pub at: Moment,
    /// All records that belong to it, in order.
    pub records: Vec<u64>,
    /// The call that it is of, by its id.
    pub call: Option<String>,
    /// The command that it is of, by its id.
    pub command: Option<u64>,
    /// What it is, in a sentence.
    pub words: String,
    /// The same as every surface tells it.
    pub json: JsonText,
}

/// How many oddities there are of a kind.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct OddityCount {
    /// Of which kind.
    pub kind: OddityKind,
    /// How many.
    pub count: u64,
}

/// What was found of a log.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct LintReport {
    /// What does not fit, stream by stream and in the order of the records; as many as were wanted.
    pub oddities: Vec<Oddity>,
    /// How many streams were read.
    pub streams: u64,
    /// How many records were read.
    pub records: u64,
    /// How many oddities there are in all.
    pub found: u64,
    /// How many of each kind, where there are any.
    pub by_kind: Vec<OddityCount>,
    /// Whether a stream could not be read to its end.
    pub is_damaged: bool,
    /// The numbers as every surface tells them.
    pub json: JsonText,
}

impl LintReport {
    fn of(oddities: Vec<Oddity>, summary: &lint::LintSummary) -> Self {
        let count =
            |(kind, count): (&lint::OddityKind, &u64)| OddityCount { kind: (*kind).into(), count: *count };
        Self {
            oddities,
            streams: summary.streams,
            records: summary.records,
            found: summary.found,
            by_kind: summary.by_kind.iter().map(count).collect(),
            is_damaged: summary.is_damaged(),
            json: JsonText::new(&summary.json().to_string()),
        }
    }
}

impl LintQuery {
    fn checked(self, log: &Log) -> Result<lint::LintQuery, CallfoldError> {
        range(self.from, self.to)?;
        let mut query = lint::LintQuery::default();
        query.streams = ids(log, &self.streams)?;
        (query.from, query.to) = (self.from, self.to);
        query.kinds = self.kinds.into_iter().map(Into::into).collect();
        Ok(query)
    }
}

fn oddity(stream: &str, oddity: &lint::Oddity) -> Oddity {
    Oddity {
        stream: stream.to_owned(),
        kind: oddity.kind.into(),
        at: oddity.at.into(),
        records: oddity.records.clone(),
        call: oddity.call.clone(),
        command: oddity.command,
        words: oddity.words.clone(),
        json: JsonText::new(&oddity.json().to_string()),
    }
}

#[uniffi::export]
impl OddityKind {
    /// Its name, such as `talk-without-ring`: the same on every surface.
    #[must_use]
    pub fn text(&self) -> String {
        lint::OddityKind::from(*self).text().to_owned()
    }
}

/// The kind of this name, such as `talk-without-ring`. For a choice that stands in a file.
///
/// # Errors
/// `unknown_name` if none has it.
#[uniffi::export]
pub fn oddity_kind(name: String) -> Result<OddityKind, CallfoldError> {
    let known = lint::OddityKind::named(&name);
    known.map(OddityKind::from).ok_or_else(|| {
        let problem = Problem::new(ProblemCode::UnknownName, format!("no oddity is called `{name}`"));
        problem.with("name", name).into()
    })
}

#[uniffi::export]
impl LogReader {
    /// Looks for what does not fit, and hands out as many as `most`, the first ones; the numbers are of all. The log is read
    /// once, from its beginning. A stream that is damaged is read up to the damage, which is one of the oddities.
    ///
    /// # Errors
    /// `no_stream`; `bad_range` if nothing can be in the range; `interrupted`; or if the log cannot be read at all.
    #[uniffi::method(default(most = 10_000, progress = None))]
    pub async fn lint(
        &self,
        query: LintQuery,
        most: u32,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<LintReport, CallfoldError> {
        self.work(progress, move |log, progress| {
            let query = query.checked(log)?;
            let mut oddities = Vec::new();
            let summary = log.lint(&query, progress, &mut |found| {
                if oddities.len() < most as usize {
                    oddities.push(oddity(log.info(found.stream)?.name.as_str(), found));
                }
                Ok(())
            })?;
            Ok(LintReport::of(oddities, &summary))
        })
        .await
    }
}
