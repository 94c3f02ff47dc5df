//! Which calls come out otherwise: by the rules of today, or in another log.

use std::mem::MaybeUninit;

use callfold::diff::{DiffQuery, DiffSummary};
use callfold::log::Log;
use callfold::problem::Problem;
use serde_json::json;

use crate::boundary::{callfold_result, done};
use crate::log::{callfold_log, ids_of, with_log};
use crate::options::{self, Options};
use crate::progress::{callfold_progress, teller};
use crate::text::{callfold_buffer, callfold_str, fill, owned};

/// What is compared. What is nothing, or zero, does not matter. Fill in `size`.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_diff_query {
    /// sizeof(callfold_diff_query)
    pub size: usize,
    /// These streams of the first log; NULL: all of both.
    pub streams: *const callfold_str,
    /// How many.
    pub streams_count: usize,
}

// SAFETY: it is repr(C), begins with its size, and is made of numbers and pointers, which may be zero.
unsafe impl Options for callfold_diff_query {
    const NAME: &'static str = "callfold_diff_query";
}

impl callfold_diff_query {
    fn made(&self, log: &Log) -> Result<DiffQuery, Problem> {
        let mut query = DiffQuery::default();
        query.streams = ids_of(log, self.streams, self.streams_count, "query.streams")?;
        Ok(query)
    }
}

/// What was compared, and how much of it differs.
#[allow(non_camel_case_types, reason = "C's name")]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct callfold_compared {
    /// Whether nothing differs.
    pub is_same: bool,
    /// Whether something could not be read to its end.
    pub is_damaged: bool,
    /// How many streams were compared.
    pub streams: u64,
    /// How many records of the first side were read.
    pub records: u64,
    /// How many calls there are, those counted once that both sides have.
    pub calls: u64,
    /// How many of them differ.
    pub differ: u64,
    /// How many differences were told in all.
    pub told: u64,
}

impl callfold_compared {
    const fn of(summary: &DiffSummary) -> Self {
        let DiffSummary { streams, records, calls, differ, told, damaged, .. } = *summary;
        Self { is_same: summary.is_same(), is_damaged: damaged, streams, records, calls, differ, told }
    }
}

/// Compares a log as it was told with another one, stream by stream of the same name; with what the rules of today make of
/// its own inputs, if `with` is `{0}`. What differs, as JSON, a line each: `{"stream":…,"differs":{"call":{…}}}`, and last
/// `{"summary":{…}}`, as `callfold diff --json` prints them. `query` may be NULL: all streams. `report` may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn callfold_log_diff_json(
    log: callfold_log,
    with: callfold_log,
    query: *const callfold_diff_query,
    progress: Option<&callfold_progress>,
    report: Option<&mut MaybeUninit<callfold_compared>>,
    owned_json: Option<&mut MaybeUninit<callfold_buffer>>,
) -> callfold_result {
    done(|| {
        let owned_json = fill(owned_json, "owned_json")?;
        let query = options::read(query)?;
        let with = if with.handle == 0 { None } else { Some(with_log(with, |with| Ok(with.clone()))?) };
        let mut lines = String::new();
        let summary = with_log(log, |log| {
            let (query, mut tell) = (query.made(log)?, teller(progress));
            let mut each = |differs: &callfold::diff::StreamDifference| {
                lines += &(differs.json().to_string() + "\n");
                Ok(())
            };
            Ok(match &with {
                Some(with) => log.diff(with, &query, &mut tell, &mut each)?,
                None => log.diff_today(&query, &mut tell, &mut each)?,
            })
        })?;
        lines += &(json!({ "summary": summary.json() }).to_string() + "\n");
        owned_json.with(owned(lines)?);
        if let Some(report) = report {
            report.write(callfold_compared::of(&summary));
        }
        Ok(())
    })
}
