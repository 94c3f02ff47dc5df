//! A replay as a person reads it: a title, a line for everything that matters, and what it adds up to.

use std::io::{self, Write};

use anstyle::Style;
use callfold::replay::{Step, Tally, Watch};
use callfold::trace::Header;
use callfold::{InputKind, Timestamp};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::style::{TIME, TITLE, TOTAL};
use crate::words::{self, Story};

/// Writes a replay for a person.
pub(crate) struct Page<'o, W> {
    out: &'o mut W,
    zone: TimeZone,
    story: Story,
    date: Option<Date>,
}

impl<'o, W: Write> Page<'o, W> {
    /// Writes to `out`, in the time of `zone`.
    pub(crate) fn new(out: &'o mut W, zone: TimeZone, verbose: bool) -> Self {
        Self { out, zone, story: Story::new(verbose), date: None }
    }

    /// The time of day; a line with the date goes before it when that has changed.
    fn time(&mut self, at: Timestamp) -> io::Result<String> {
        let Some(local) = self.local(at) else { return Ok("time unknown".to_owned()) };
        if self.date != Some(local.date()) {
            writeln!(self.out, "{TIME}{}{TIME:#}", local.strftime("%A, %Y-%m-%d, UTC%:z"))?;
            self.date = Some(local.date());
        }
        Ok(local.strftime("%H:%M:%S%.3f").to_string())
    }

    fn local(&self, at: Timestamp) -> Option<jiff::Zoned> {
        let at = jiff::Timestamp::from_microsecond(at.as_micros()).ok()?;
        Some(at.to_zoned(self.zone.clone()))
    }
}

impl<W: Write> Watch for Page<'_, W> {
    fn begin(&mut self, header: &Header) -> io::Result<()> {
        write!(self.out, "{TITLE}{}{TITLE:#}", words::shown(&header.name))?;
        if !header.title.is_empty() {
            write!(self.out, ": {}", words::shown(&header.title))?;
        }
        writeln!(self.out)
    }

    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        if step.outcome.events.is_empty() {
            return Ok(());
        }
        let command = if let InputKind::Command(command) = &step.input.kind { Some(command) } else { None };
        let said = self.story.tell(command, &step.outcome.events, step.machine.view());
        if said.is_empty() {
            return Ok(());
        }
        let time = self.time(step.machine.now())?;
        for line in said {
            let style = line.tone.style();
            writeln!(self.out, "{TIME}{time}{TIME:#}  {style}{}{style:#}", line.text)?;
        }
        Ok(())
    }
}

/// Writes what a trace adds up to.
pub(crate) fn total(out: &mut impl Write, whole: bool, tally: &Tally) -> io::Result<()> {
    let what = if whole { "total" } else { "total of what could be read" };
    let style = if whole && tally.findings == 0 { TOTAL } else { crate::style::Tone::Warning.style() };
    totals(out, style, what, tally)
}

/// Writes what several traces add up to.
pub(crate) fn grand_total(out: &mut impl Write, traces: usize, tally: &Tally) -> io::Result<()> {
    totals(out, TOTAL, &format!("total of {traces} traces"), tally)
}

fn totals(out: &mut impl Write, style: Style, what: &str, tally: &Tally) -> io::Result<()> {
    let count =
        |count: u64, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    write!(
        out,
        "{style}{what}: {}, {}, {}, {} ({} refused), {}",
        count(tally.inputs, "input", "inputs"),
        count(tally.events, "event", "events"),
        count(tally.talks, "talk begun or resumed", "talks begun or resumed"),
        count(tally.commands, "command", "commands"),
        tally.refused,
        count(tally.findings, "finding in messages and clock", "findings in messages and clock"),
    )?;
    if tally.unknown_lines > 0 {
        write!(out, ", {}", count(tally.unknown_lines, "line of an unknown kind", "lines of unknown kinds"))?;
    }
    writeln!(out, "{style:#}")
}
