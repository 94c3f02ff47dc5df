//! Calls found by what is so of them, and calls that are near to one that is not there.

use std::sync::Arc;

use callfold::log::{self, FoundCall, Log, LogError, OnProgress, StreamId};
use callfold::problem;
use callfold::{PersonName, PhoneNumber, Span, Timestamp};

use crate::call::Call;
use crate::check::{length, range};
use crate::error::{CallfoldError, Problem};
use crate::log::LogReader;
use crate::run::ProgressListener;
use crate::words::CallOutcome;

/// Which calls are looked for. Whatever is none, empty or false does not matter; all that is said must be so.
#[derive(Clone, Debug, Default, PartialEq, Eq, uniffi::Record)]
pub struct FindQuery {
    /// Of this stream.
    #[uniffi(default = None)]
    pub stream: Option<String>,
    /// On a line of this agent: the login.
    #[uniffi(default = None)]
    pub agent: Option<PersonName>,
    /// Begun at or after.
    #[uniffi(default = None)]
    pub from: Option<Timestamp>,
    /// Begun before.
    #[uniffi(default = None)]
    pub to: Option<Timestamp>,
    /// Somebody with this number took part: at the other end, or the call was passed on to them. However it is written;
    /// with `*` before or after it, as a part of a number.
    #[uniffi(default = None)]
    pub number: Option<PhoneNumber>,
    /// Somebody with this in their name took part, in capitals or not.
    #[uniffi(default = None)]
    pub name: Option<PersonName>,
    /// It ended as one of these; any, if none is named.
    #[uniffi(default = [])]
    pub outcomes: Vec<CallOutcome>,
    /// It took as long as this or longer, from its beginning to its end.
    #[uniffi(default = None)]
    pub at_least: Option<Span>,
    /// It took as long as this or less.
    #[uniffi(default = None)]
    pub at_most: Option<Span>,
    /// It was on hold.
    #[uniffi(default = false)]
    pub held: bool,
    /// It was passed on, by the agent or to the agent.
    #[uniffi(default = false)]
    pub transferred: bool,
    /// Something of it does not fit.
    #[uniffi(default = false)]
    pub irregular: bool,
    /// The most calls that are handed out: the latest of them. All, if none is said.
    #[uniffi(default = None)]
    pub most: Option<u64>,
}

/// A stream that cannot be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct DamagedStream {
    /// The stream.
    pub stream: String,
    /// Why it cannot be read further.
    pub problem: Problem,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct FoundCalls {
    /// The calls, by when they began: the latest, if more were found than were wanted.
    pub calls: Vec<Call>,
    /// How many were found in all.
    pub total: u64,
    /// Streams that cannot be read to their end. What was read of them before that is among the calls.
    pub damaged: Vec<DamagedStream>,
}

impl FindQuery {
    fn checked(self, log: &Log) -> Result<log::FindQuery, CallfoldError> {
        range(self.from, self.to)?;
        length("at_least", self.at_least)?;
        length("at_most", self.at_most)?;
        let mut query = log::FindQuery::default();
        query.stream = stream(log, self.stream.as_deref())?;
        query.agent = self.agent.map(|agent| agent.as_str().to_owned());
        (query.from, query.to) = (self.from, self.to);
        query.number = self.number.map(|number| number.as_str().to_owned());
        query.name = self.name.map(|name| name.as_str().to_owned());
        query.outcomes = self.outcomes.into_iter().map(Into::into).collect();
        (query.at_least, query.at_most) = (self.at_least, self.at_most);
        (query.held, query.transferred, query.irregular) = (self.held, self.transferred, self.irregular);
        query.most = self.most.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
        Ok(query)
    }
}

fn stream(log: &Log, name: Option<&str>) -> Result<Option<StreamId>, LogError> {
    name.map(|name| Ok(log.stream(name)?.id)).transpose()
}

/// Derives what is read from the index, so that it is told how far that is. What is damaged is told by who reads it.
fn index(log: &Log, stream: Option<StreamId>, progress: OnProgress<'_>) -> Result<(), LogError> {
    let streams = match stream {
        Some(stream) => vec![stream],
        None => log.streams()?.into_iter().map(|stream| stream.id).collect(),
    };
    for stream in streams {
        if let Err(LogError::Interrupted) = log.bring_up_to_date(Some(stream), progress) {
            return Err(LogError::Interrupted);
        }
    }
    Ok(())
}

fn calls(log: &Log, found: &[FoundCall]) -> Result<Vec<Call>, LogError> {
    found.iter().map(|found| Ok(Call::of(log.info(found.stream)?.name.as_str(), &found.call))).collect()
}

#[uniffi::export]
impl LogReader {
    /// Finds calls by what is so of them, from the index: only those that are handed out are read. A stream that is damaged
    /// gives what stands before the damage, and is named. A login that no line has finds nothing.
    ///
    /// # Errors
    /// `no_stream`; `bad_range` if nothing can be in the range, or a length is below nothing; `interrupted`; or if the log
    /// cannot be read at all.
    #[uniffi::method(default(progress = None))]
    pub async fn find(
        &self,
        query: FindQuery,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<FoundCalls, CallfoldError> {
        self.work(progress, move |log, progress| {
            let query = query.checked(log)?;
            index(log, query.stream, progress)?;
            let found = log.find(&query)?;
            let damaged = found.damaged.into_iter().map(|(stream, damage)| {
                let stream = log.info(stream)?.name.as_str().to_owned();
                Ok(DamagedStream { stream, problem: problem::Problem::from(damage).into() })
            });
            Ok(FoundCalls {
                calls: calls(log, &found.calls)?,
                total: found.total as u64,
                damaged: damaged.collect::<Result<_, LogError>>()?,
            })
        })
        .await
    }

    /// A few calls that are near to one that is not there: whose id begins like this, that went on at this record
    /// (`record:17`), or in which a number or a name like this took part. For what somebody has typed.
    ///
    /// # Errors
    /// `no_stream`; `interrupted`; or if the log cannot be read.
    #[uniffi::method(default(stream = None, progress = None))]
    pub async fn near(
        &self,
        call: String,
        stream: Option<String>,
        progress: Option<Arc<dyn ProgressListener>>,
    ) -> Result<Vec<Call>, CallfoldError> {
        self.work(progress, move |log, progress| {
            let stream = self::stream(log, stream.as_deref())?;
            index(log, stream, progress)?;
            Ok(calls(log, &log.near(stream, &call)?)?)
        })
        .await
    }
}
