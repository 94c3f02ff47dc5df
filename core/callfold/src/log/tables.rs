//! The log as tables, written batch by batch: however long it is, one batch is held.

use std::io::Write;

use callfold_engine::calls::CallLog;
use callfold_engine::{Span, Text};
use callfold_store::StreamId;

use super::index::OnReached;
use super::verify::PROGRESS_EVERY;
use super::{CallQuery, Log, LogError, OnProgress, Stream, tell};
use crate::tables::{
    CallRows, CommandRows, EventRows, Format, Rows, Table, TableError, TableWriter, TimeRows,
};

impl Log {
    /// Writes a table of these streams; of all of them if none is named. `day_offset` says how long before midnight UTC
    /// the days of the table of times begin. How many rows were written.
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read, or the table not be written. [`LogError::Interrupted`]: a Parquet file is
    /// none then, and CSV ends after a whole row.
    pub fn export_table(
        &self,
        table: Table,
        format: Format,
        streams: &[StreamId],
        day_offset: Span,
        out: impl Write + Send,
        progress: OnProgress<'_>,
    ) -> Result<u64, LogError> {
        let mut all = self.streams()?;
        if !streams.is_empty() {
            all.retain(|stream| streams.contains(&stream.id));
        }
        let mut writer = TableWriter::create(format, table, out)?;
        let mut written = Written { rows: 0, done: 0, of: all.iter().map(|stream| stream.head.seq).sum() };
        match table {
            Table::Events => self.write_events(&all, &mut writer, &mut written, progress)?,
            Table::Calls => {
                written.write(CallRows::new(), &all, &mut writer, progress, |stream, reached, write| {
                    self.derive_stream(stream.id, reached)?;
                    let query = CallQuery { stream: Some(stream.id), ..CallQuery::default() };
                    let name = stream.info.name.as_str();
                    let agent = self.agent(stream.id)?;
                    let agent = agent.as_ref().map(Text::as_str);
                    self.calls(&query)?
                        .iter()
                        .try_for_each(|found| write(&|rows| rows.push(name, agent, &found.call)))
                })?;
            }
            Table::Commands => {
                written.write(
                    CommandRows::new(),
                    &all,
                    &mut writer,
                    progress,
                    |stream, reached, write| {
                        self.derive_stream(stream.id, reached)?;
                        let name = stream.info.name.as_str();
                        self.commands(stream.id)?
                            .iter()
                            .try_for_each(|command| write(&|rows| rows.push(name, command)))
                    },
                )?;
            }
            Table::Time => {
                written.write(TimeRows::new(), &all, &mut writer, progress, |stream, reached, write| {
                    let ledger = match day_offset {
                        Span::ZERO => {
                            self.derive_stream(stream.id, reached)?;
                            self.time(stream.id)?
                        }
                        other => {
                            let mut log = CallLog::new(other);
                            self.fold_by_day(stream.id, &mut log, reached)?;
                            log.ledger().clone()
                        }
                    };
                    write(&|rows| rows.push(stream.info.name.as_str(), &ledger))
                })?;
            }
        }
        writer.finish()?;
        Ok(written.rows)
    }

    fn write_events<W: Write + Send>(
        &self,
        streams: &[Stream],
        writer: &mut TableWriter<W>,
        written: &mut Written,
        progress: OnProgress<'_>,
    ) -> Result<(), LogError> {
        let mut rows = EventRows::new();
        for stream in streams {
            for told in self.told(stream.id, 1) {
                let told = told?;
                rows.push(stream.info.name.as_str(), told.seq, told.at, &told.events)?;
                if rows.is_full() {
                    written.put(&mut rows, writer)?;
                }
                written.done += 1;
                if written.done.is_multiple_of(PROGRESS_EVERY) {
                    tell(progress, written.done, written.of)?;
                }
            }
        }
        written.put(&mut rows, writer)
    }
}

/// Pushes to rows what one row, or several, are made of.
type Push<'p, R> = &'p dyn Fn(&mut R) -> Result<(), TableError>;

/// How far the writing is.
struct Written {
    rows: u64,
    done: u64,
    of: u64,
}

impl Written {
    fn put<W: Write + Send>(
        &mut self,
        rows: &mut impl Rows,
        writer: &mut TableWriter<W>,
    ) -> Result<(), LogError> {
        self.rows += rows.len() as u64;
        if !rows.is_empty() {
            writer.write(&rows.finish()?)?;
        }
        Ok(())
    }

    /// Writes what `each` has of every stream. It is read whole, stream by stream.
    fn write<R: Rows, W: Write + Send>(
        &mut self,
        mut rows: R,
        streams: &[Stream],
        writer: &mut TableWriter<W>,
        progress: OnProgress<'_>,
        each: impl Fn(
            &Stream,
            OnReached<'_>,
            &mut dyn FnMut(Push<'_, R>) -> Result<(), LogError>,
        ) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        for stream in streams {
            let (done, of) = (self.done, self.of);
            let mut reached = |seq: u64| tell(progress, (done + seq).min(of), of);
            each(stream, &mut reached, &mut |push| {
                push(&mut rows)?;
                if rows.is_full() { self.put(&mut rows, writer) } else { Ok(()) }
            })?;
            self.done += stream.head.seq;
            tell(progress, self.done, self.of)?;
        }
        self.put(&mut rows, writer)
    }
}
