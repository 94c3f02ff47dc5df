//! The log as tables, written batch by batch: however long it is, one batch is held.

use std::io::Write;

use callfold_engine::Span;
use callfold_store::StreamId;

use super::verify::PROGRESS_EVERY;
use super::{CallQuery, Log, LogError, OnProgress, Progress, Stream};
use crate::tables::{CallRows, CommandRows, EventRows, Format, Rows, Table, TableWriter, TimeRows};

impl Log {
    /// Writes a table of these streams; of all of them if none is named. `day_offset` says how long before midnight UTC
    /// the days of the table of times begin. How many rows were written.
    ///
    /// # Errors
    /// [`LogError`] if the log cannot be read, or the table not be written.
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
            Table::Calls => self.write_calls(&all, &mut writer, &mut written, progress)?,
            Table::Commands => self.write_commands(&all, &mut writer, &mut written, progress)?,
            Table::Time => self.write_time(&all, day_offset, &mut writer, &mut written, progress)?,
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
                written.tell(progress);
            }
        }
        written.put(&mut rows, writer)
    }

    fn write_calls<W: Write + Send>(
        &self,
        streams: &[Stream],
        writer: &mut TableWriter<W>,
        written: &mut Written,
        progress: OnProgress<'_>,
    ) -> Result<(), LogError> {
        let mut rows = CallRows::new();
        for stream in streams {
            let query = CallQuery { stream: Some(stream.id), ..CallQuery::default() };
            for found in self.calls(&query)? {
                rows.push(stream.info.name.as_str(), &found.call)?;
                if rows.is_full() {
                    written.put(&mut rows, writer)?;
                }
            }
            written.stream(stream, progress);
        }
        written.put(&mut rows, writer)
    }

    fn write_commands<W: Write + Send>(
        &self,
        streams: &[Stream],
        writer: &mut TableWriter<W>,
        written: &mut Written,
        progress: OnProgress<'_>,
    ) -> Result<(), LogError> {
        let mut rows = CommandRows::new();
        for stream in streams {
            for command in self.commands(stream.id)? {
                rows.push(stream.info.name.as_str(), &command)?;
                if rows.is_full() {
                    written.put(&mut rows, writer)?;
                }
            }
            written.stream(stream, progress);
        }
        written.put(&mut rows, writer)
    }

    fn write_time<W: Write + Send>(
        &self,
        streams: &[Stream],
        day_offset: Span,
        writer: &mut TableWriter<W>,
        written: &mut Written,
        progress: OnProgress<'_>,
    ) -> Result<(), LogError> {
        let mut rows = TimeRows::new();
        for stream in streams {
            let ledger = match day_offset {
                Span::ZERO => self.time(stream.id)?,
                other => self.time_by_day(stream.id, other)?,
            };
            rows.push(stream.info.name.as_str(), &ledger)?;
            if rows.is_full() {
                written.put(&mut rows, writer)?;
            }
            written.stream(stream, progress);
        }
        written.put(&mut rows, writer)
    }
}

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

    fn stream(&mut self, stream: &Stream, progress: OnProgress<'_>) {
        self.done += stream.head.seq;
        progress(Progress { done: self.done, of: self.of });
    }

    fn tell(&self, progress: OnProgress<'_>) {
        if self.done.is_multiple_of(PROGRESS_EVERY) {
            progress(Progress { done: self.done, of: self.of });
        }
    }
}
