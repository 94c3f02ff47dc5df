//! A report of a log: line by line from what is derived, so that neither the log nor all of its calls are in memory. Of a
//! line that is damaged, what comes before the damage.

use callfold_engine::calls::Call;
use callfold_engine::{Span, Timestamp};

use super::index::OnReached;
use super::spent::Stretches;
use super::{CallQuery, Log, LogError, OnProgress, Stream, tell};
use crate::report::{Gathering, Line, Report, ReportOptions, Stretch};

/// Calls are read for so long at a time.
const STEP: Span = Span::from_secs(7 * 86_400);

impl Log {
    /// A floor's figures. The first report of a log derives where the time of its lines went, and is told how far that is;
    /// later ones read it. Whatever is damaged is named in the report, and what comes before it is told.
    ///
    /// # Errors
    /// [`LogError`] if the store cannot be read at all; [`LogError::Interrupted`] if it is broken off.
    pub fn report(&self, options: &ReportOptions, progress: OnProgress<'_>) -> Result<Report, LogError> {
        let mut streams = Vec::new();
        for stream in self.streams()? {
            let (agent, _) = self.agent_as_far(&stream)?;
            streams.push((stream, agent.map(|agent| agent.as_str().to_owned())));
        }
        let has_line = |wanted: &&String| streams.iter().any(|(_, agent)| agent.as_ref() == Some(*wanted));
        let unknown: Vec<String> =
            options.agents.iter().filter(|wanted| !has_line(wanted)).cloned().collect();
        if !options.agents.is_empty() {
            streams.retain(|(_, agent)| agent.as_ref().is_some_and(|agent| options.agents.contains(agent)));
        }
        let (from, to) = self.range(options, &streams);
        let mut gathering = Gathering::new(from, to, options);
        gathering.unknown(unknown);
        let of = streams.iter().map(|(stream, _)| stream.head.seq).sum();
        let mut done = 0;
        for (stream, agent) in streams {
            tell(progress, done, of)?;
            let mut reached = |seq: u64| tell(progress, (done + seq).min(of), of);
            let line = Line {
                stream: stream.info.name.as_str().to_owned(),
                agent,
                until: stream.head.at.unwrap_or_default(),
            };
            // What is damaged does not pass the deriving, so that nothing of it is gathered twice.
            let derived = self.derive_stream(stream.id, &mut reached);
            match derived.and_then(|()| self.spent_with(stream.id, from, to, &mut reached)) {
                Err(error) if error.is_damage() => {
                    self.gather_sound(&stream, line, &mut gathering, &mut reached, &error)?;
                }
                spent => {
                    let spent = spent?;
                    gathering.line(line);
                    gathering.spent(spent);
                    self.gather_calls(&stream, (from, to), &mut gathering)?;
                }
            }
            done += stream.head.seq;
        }
        tell(progress, of, of)?;
        Ok(gathering.finish())
    }

    /// What a report is of, if it is not said: all that was recorded.
    fn range(&self, options: &ReportOptions, streams: &[(Stream, Option<String>)]) -> (Timestamp, Timestamp) {
        let first = streams.iter().filter_map(|(stream, _)| self.first(stream));
        let last = streams.iter().filter_map(|(stream, _)| stream.head.at).max();
        let from = options.from.or_else(|| first.min()).unwrap_or_default();
        let to = options.to.or_else(|| last.map(|last| last + Span::from_micros(1)));
        (from, to.unwrap_or(from))
    }

    /// When the first record of a stream was made. One that cannot be read is told of elsewhere.
    fn first(&self, stream: &Stream) -> Option<Timestamp> {
        self.told(stream.id, 1).next()?.ok().map(|told| told.at)
    }

    fn gather_calls(
        &self,
        stream: &Stream,
        (from, to): (Timestamp, Timestamp),
        gathering: &mut Gathering,
    ) -> Result<(), LogError> {
        // However early a report begins: no call did before the first record.
        let mut begin = self.first(stream).map_or(from, |first| from.max(first));
        while begin < to {
            let mut end = (begin + STEP).min(to);
            if stream.head.at.is_none_or(|last| end > last) {
                end = to;
            }
            let mut query = CallQuery::default();
            (query.stream, query.from, query.to) = (Some(stream.id), Some(begin), Some(end));
            gathering.calls(self.calls(&query)?.iter().map(|found| &found.call));
            begin = end;
        }
        Ok(())
    }

    /// What comes before the damage, folded from the beginning: nothing that was derived is of it.
    fn gather_sound(
        &self,
        stream: &Stream,
        mut line: Line,
        gathering: &mut Gathering,
        reached: OnReached<'_>,
        damage: &LogError,
    ) -> Result<(), LogError> {
        let (mut fold, mut until) = (Stretches::default(), 0);
        let mut calls: Vec<Call> = Vec::new();
        // The same damage that stopped the one who asked for all of it ends this.
        for told in self.told(stream.id, 1).map_while(Result::ok) {
            fold.record(told.seq, told.at, &told.events);
            calls.extend(fold.log.take_over().calls);
            (until, line.until) = (told.seq, told.at);
            if told.seq.is_multiple_of(super::verify::PROGRESS_EVERY) {
                reached(told.seq)?;
            }
        }
        let (mut log, spent): (_, Vec<Stretch>) = fold.finish();
        calls.extend(log.close().calls);
        gathering.line(line);
        gathering.spent(spent);
        gathering.calls(&calls);
        gathering.damaged(until, damage.to_string());
        Ok(())
    }
}
