//! A floor's report: its figures, their JSON and their page.

use std::sync::Arc;

use callfold::problem::ProblemCode;
use callfold::report;
use callfold::{JsonText, PersonName, Span, Timestamp};

use crate::check::{from_utc, length, range};
use crate::error::CallfoldError;
use crate::figures::ReportFigures;
use crate::log::LogReader;
use crate::run::{self, ProgressListener};

/// What a report is of, and by which thresholds.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ReportOptions {
    /// Calls that began at or after; time from then on. None: from the first record on.
    #[uniffi(default = None)]
    pub from: Option<Timestamp>,
    /// Calls that began before; time until then. None: up to the last record.
    #[uniffi(default = None)]
    pub to: Option<Timestamp>,
    /// Only the lines of these agents, by login. None: all lines.
    #[uniffi(default = [])]
    pub agents: Vec<PersonName>,
    /// How far ahead of UTC the clock is by which hours and days begin, in whole seconds. None: it is UTC.
    #[uniffi(default = None)]
    pub offset: Option<Span>,
    /// Whoever was answered within this time counts for the service level. None: 20 s.
    #[uniffi(default = None)]
    pub threshold: Option<Span>,
    /// Whoever gives up sooner than this is a short abandon. None: 5 s.
    #[uniffi(default = None)]
    pub short_abandon: Option<Span>,
    /// How many calls a figure lists at most.
    #[uniffi(default = 20)]
    pub listed: u32,
    /// How many of the longest holds and gaps are told.
    #[uniffi(default = 20)]
    pub longest: u32,
}

impl Default for ReportOptions {
    /// What the attributes above say, for who calls it from Rust.
    fn default() -> Self {
        let (agents, listed, longest) = (Vec::new(), 20, 20);
        Self {
            from: None,
            to: None,
            agents,
            offset: None,
            threshold: None,
            short_abandon: None,
            listed,
            longest,
        }
    }
}

impl ReportOptions {
    fn checked(self) -> Result<report::ReportOptions, CallfoldError> {
        range(self.from, self.to)?;
        length("threshold", self.threshold)?;
        length("short_abandon", self.short_abandon)?;
        let mut options = report::ReportOptions::default();
        (options.from, options.to) = (self.from, self.to);
        options.agents = self.agents.iter().map(|agent| agent.as_str().to_owned()).collect();
        options.offset = i32::try_from(from_utc(self.offset)?.as_secs()).unwrap_or_default();
        options.threshold = self.threshold.unwrap_or(options.threshold);
        options.short_abandon = self.short_abandon.unwrap_or(options.short_abandon);
        (options.listed, options.longest) = (self.listed as usize, self.longest as usize);
        Ok(options)
    }
}

/// A floor's report, as the log was when it was made.
#[derive(uniffi::Object)]
pub struct FloorReport(report::Report);

#[uniffi::export]
impl FloorReport {
    /// The figures.
    #[must_use]
    pub fn figures(&self) -> ReportFigures {
        ReportFigures::from(&self.0)
    }

    /// The figures as every surface tells them: `callfold report --json`. Lengths and times are microseconds.
    ///
    /// # Errors
    /// `internal` if they cannot be written.
    pub fn json(&self) -> Result<JsonText, CallfoldError> {
        run::here(|| {
            let json = serde_json::to_string(&self.0);
            let json = json.map_err(|error| CallfoldError::of(ProblemCode::Internal, error.to_string()))?;
            Ok(JsonText::new(&json))
        })
    }

    /// The report as a page: no other file, nothing from the network, the same bytes as `callfold report --html` writes. It
    /// has names and numbers in it.
    ///
    /// # Errors
    /// None but `internal`.
    pub fn html(&self) -> Result<String, CallfoldError> {
        run::here(|| Ok(self.0.html()))
    }
}

#[uniffi::export]
impl LogReader {
    /// A floor's report: what came of its calls, how fast they were answered, what handling took, and where each agent's time
    /// went. The first report of a log derives where time went, and is told how far that is; later ones read it. Of a line
    /// that is damaged it has what comes before the damage, which is named in the figures. So are agents that were asked for
    /// and have no line.
    ///
    /// # Errors
    /// `bad_range` if no time is in it, a length is below nothing, or no place is so far from UTC; `interrupted`; or if the
    /// log cannot be read at all.
    #[uniffi::method(default(progress = None))]
    pub async fn report(
        &self,
        options: ReportOptions,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Arc<FloorReport>, CallfoldError> {
        let options = options.checked()?;
        self.work(progress, move |log, progress| Ok(Arc::new(FloorReport(log.report(&options, progress)?))))
            .await
    }
}
