//! A floor's figures, as JSON and as a page. What they mean stands in `core/callfold/FIGURES.md`.

use std::mem::MaybeUninit;

use callfold::Span;
use callfold::problem::{Problem, ProblemCode};
use callfold::report::{Report, ReportOptions};

use crate::boundary::{callfold_result, done};
use crate::log::{callfold_log, from_utc, range, with_log};
use crate::options::{self, Options, callfold_flag};
use crate::progress::{callfold_progress, teller};
use crate::text::{Fill, callfold_buffer, callfold_str, fill, many, owned};

/// What a report is of, and by which thresholds. What is nothing, zero, or has no `has_…` is as the comments say. Fill in `size`.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_report_options {
    /// sizeof(callfold_report_options)
    pub size: usize,
    /// Calls that began at or after `from`, and time from then on; without `has_from` from the first record on.
    pub from: i64,
    /// Calls that began before `to`, and time until then; without `has_to` up to the last record.
    pub to: i64,
    /// Only the lines of these agents, by login; NULL: all lines. Those that have none are counted in the report.
    pub agents: *const callfold_str,
    /// How many.
    pub agents_count: usize,
    /// Whoever was answered within this time counts for the service level: microseconds; without `has_threshold` 20 s.
    pub threshold: i64,
    /// Whoever gives up sooner than this is a short abandon: microseconds; without `has_short_abandon` 5 s.
    pub short_abandon: i64,
    /// How many calls a figure lists at most; without `has_listed` 20.
    pub listed: usize,
    /// How many of the longest holds and gaps are told; without `has_longest` 20.
    pub longest: usize,
    /// How many seconds ahead of UTC the clock is by which hours and days begin.
    pub offset_seconds: i32,
    /// Whether `from` counts.
    pub has_from: callfold_flag,
    /// Whether `to` counts.
    pub has_to: callfold_flag,
    /// Whether `threshold` counts.
    pub has_threshold: callfold_flag,
    /// Whether `short_abandon` counts.
    pub has_short_abandon: callfold_flag,
    /// Whether `listed` counts.
    pub has_listed: callfold_flag,
    /// Whether `longest` counts.
    pub has_longest: callfold_flag,
}

// SAFETY: it is repr(C), begins with its size, and is made of numbers, pointers and bools, which may be zero.
unsafe impl Options for callfold_report_options {
    const NAME: &'static str = "callfold_report_options";
}

/// A length of time that is not below zero.
fn length(micros: i64, name: &str) -> Result<Span, Problem> {
    if micros < 0 {
        return Err(Problem::new(
            ProblemCode::BadRange,
            format!("{name} is {micros}, and no length is below 0"),
        ));
    }
    Ok(Span::from_micros(micros))
}

impl callfold_report_options {
    fn made(&self) -> Result<ReportOptions, Problem> {
        let mut options = ReportOptions::default();
        let (from, to) = (self.has_from.is().then_some(self.from), self.has_to.is().then_some(self.to));
        (options.from, options.to) = range("options", from, to)?;
        for agent in many(self.agents, self.agents_count, "options.agents")?.unwrap_or_default() {
            options.agents.push(agent.text("options.agents")?.to_owned());
        }
        from_utc(i64::from(self.offset_seconds))?;
        options.offset = self.offset_seconds;
        if self.has_threshold.is() {
            options.threshold = length(self.threshold, "options.threshold")?;
        }
        if self.has_short_abandon.is() {
            options.short_abandon = length(self.short_abandon, "options.short_abandon")?;
        }
        if self.has_listed.is() {
            options.listed = self.listed;
        }
        if self.has_longest.is() {
            options.longest = self.longest;
        }
        Ok(options)
    }
}

/// What a report is of.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_reported {
    /// How many lines.
    pub lines: u64,
    /// How many of them are damaged, so that figures are of what comes before: `damage` of the JSON names them, and the page.
    pub damaged: u64,
    /// How many agents that were asked for have no line: `unknownAgents` of the JSON names them, and the page.
    pub unknown_agents: u64,
}

fn report(
    log: callfold_log,
    options: *const callfold_report_options,
    progress: Option<&callfold_progress>,
    report: Option<&mut MaybeUninit<callfold_reported>>,
    written: Fill<'_, callfold_buffer>,
    write: impl FnOnce(&Report) -> Result<String, Problem>,
) -> Result<(), Problem> {
    let options = options::read(options)?;
    let made = with_log(log, |log| Ok(log.report(&options.made()?, &mut teller(progress))?))?;
    written.with(owned(write(&made)?)?);
    if let Some(report) = report {
        report.write(callfold_reported {
            lines: made.lines,
            damaged: made.damage.len() as u64,
            unknown_agents: made.unknown_agents.len() as u64,
        });
    }
    Ok(())
}

/// A floor's figures as JSON: service level, handling time, occupancy, agents, as `callfold report --json` prints them. What
/// they mean stands in `core/callfold/FIGURES.md`. The first report of a log derives where the time of its lines went.
/// `options` may be NULL: all of the log, in UTC. `report` may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_report_json(
    log: callfold_log,
    options: *const callfold_report_options,
    progress: Option<&callfold_progress>,
    report: Option<&mut MaybeUninit<callfold_reported>>,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        self::report(log, options, progress, report, owned_json, |report| {
            let json = serde_json::to_string(report);
            json.map_err(|error| Problem::new(ProblemCode::Internal, error.to_string()))
        })
    })
}

/// The same as a page, as `callfold report --html` writes it: it needs no other file and nothing from the network. It has names
/// and numbers in it.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_report_html(
    log: callfold_log,
    options: *const callfold_report_options,
    progress: Option<&callfold_progress>,
    report: Option<&mut MaybeUninit<callfold_reported>>,
    owned_html: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_html = fill(owned_html, "owned_html")?;
        self::report(log, options, progress, report, owned_html, |report| Ok(report.html()))
    })
}
