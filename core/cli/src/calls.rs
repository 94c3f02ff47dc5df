//! Calls, commands and times: a page for people, lines for programs.

use std::io::{self, Write};

use callfold::calls::{
    Call, CallLog, CommandTrail, EndedBy, Moment, OtherSide, Over, TimeLedger, TransferKind, json,
};
use callfold::cti::Direction;
use callfold::replay::{CallReader, Step, Watch};
use callfold::timeline::say;
use callfold::trace::Header;
use callfold::{Span, Timestamp, phone};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::style::{TIME, TITLE, TOTAL, Tone};
use crate::table::{line, widths};
use crate::time::clock;
use crate::words::shown;

/// Reads the calls of a replay.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    name: String,
    title: String,
    reader: CallReader,
}

impl Watch for Calls {
    fn begin(&mut self, header: &Header) -> io::Result<()> {
        self.name.clone_from(&header.name);
        self.title.clone_from(&header.title);
        Ok(())
    }

    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        self.reader.step(step)
    }

    fn end(&mut self, at: Timestamp) {
        self.reader.end(at);
    }
}

impl Calls {
    /// A page: every call, every command, and where the time went.
    pub(crate) fn write_page(self, out: &mut impl Write, zone: &TimeZone) -> io::Result<()> {
        write!(out, "{TITLE}{}{TITLE:#}", shown(&self.name))?;
        if !self.title.is_empty() {
            write!(out, ": {}", shown(&self.title))?;
        }
        writeln!(out)?;
        let (Over { calls, commands, .. }, ledger) = self.reader.finish();
        let mut page = Page { out, zone };
        page.calls(&calls)?;
        page.commands(&commands)?;
        page.time(&ledger)
    }
}

/// Writes the calls and commands of a replay as JSON lines, each when it is over, and the time ledger last:
/// however long the session, it holds only what goes on.
pub(crate) struct Lines<'o, W> {
    out: &'o mut W,
    trace: String,
    log: CallLog,
}

impl<'o, W: Write> Lines<'o, W> {
    /// Writes to `out`.
    pub(crate) fn new(out: &'o mut W) -> Self {
        Self { out, trace: String::new(), log: CallLog::default() }
    }

    /// The session is over, or cannot be read further.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let rest = self.log.close();
        self.write(&rest)?;
        let time = json::ledger(self.log.ledger());
        writeln!(self.out, "{}", json!({ "trace": self.trace, "time": time }))
    }

    fn write(&mut self, over: &Over) -> io::Result<()> {
        for call in &over.calls {
            writeln!(self.out, "{}", json!({ "trace": self.trace, "call": json::call(call) }))?;
        }
        for command in &over.commands {
            writeln!(self.out, "{}", json!({ "trace": self.trace, "command": json::command(command) }))?;
        }
        Ok(())
    }
}

impl<W: Write> Watch for Lines<'_, W> {
    fn begin(&mut self, header: &Header) -> io::Result<()> {
        self.trace.clone_from(&header.name);
        Ok(())
    }

    fn step(&mut self, step: &Step<'_>) -> io::Result<()> {
        self.log.input(&step.input.kind);
        self.log.record(step.seq, step.machine.now(), &step.outcome.events);
        let over = self.log.take_over();
        self.write(&over)
    }

    fn end(&mut self, at: Timestamp) {
        self.log.time_passes_until(at);
    }
}

/// The heads of the cells of [`row`].
pub(crate) const HEAD: [&str; 8] =
    ["began", "", "other side", "waited", "talk", "hold", "outcome", "ended by"];

/// Calls and what belongs to them, as a person reads them.
pub(crate) struct Page<'p, W> {
    pub(crate) out: &'p mut W,
    pub(crate) zone: &'p TimeZone,
}

impl<W: Write> Page<'_, W> {
    pub(crate) fn calls(&mut self, calls: &[Call]) -> io::Result<()> {
        if calls.is_empty() {
            return writeln!(self.out, "\nno calls");
        }
        let rows: Vec<Vec<String>> = calls.iter().map(|call| row(call, self.zone)).collect();
        let widths = widths(&HEAD, &rows);
        writeln!(self.out)?;
        writeln!(self.out, "{TIME}{}{TIME:#}", line(&HEAD.map(str::to_owned), &widths))?;
        for (call, row) in calls.iter().zip(&rows) {
            let style = if call.irregularities.is_empty() { Tone::Plain } else { Tone::Warning }.style();
            writeln!(self.out, "{style}{}{style:#}", line(row, &widths))?;
            self.details(call)?;
        }
        Ok(())
    }

    /// What the row has no room for, each with the record that proves it.
    fn details(&mut self, call: &Call) -> io::Result<()> {
        let mut lines: Vec<(Moment, String)> = Vec::new();
        if call.up_when_connected {
            lines.push((call.began, "was up already when the line was first seen".to_owned()));
        }
        if call.callback {
            lines.push((call.began, "set up by the PBX".to_owned()));
        }
        lines.extend(say::links(call));
        lines.extend(say::answered(call));
        for leg in call.legs.iter().skip(1) {
            lines.push((leg.from, format!("now with {}", who(&leg.who))));
        }
        for hold in &call.holds {
            let length = hold.to.map_or(String::new(), |to| format!(" for {}", to.at - hold.from.at));
            lines.push((hold.from, format!("on hold{length}: {}", say::hold(call, hold))));
        }
        for spell in &call.conferences {
            let length = spell.to.map_or(String::new(), |to| format!(" for {}", to.at - spell.from.at));
            lines.push((spell.from, format!("conference{length}: {}", say::conference(spell))));
        }
        for transfer in &call.transfers {
            let with = transfer.with.as_ref().map_or("somebody unknown".to_owned(), who);
            let text = if transfer.kind == TransferKind::ToUs {
                format!("passed on to us, from {with}")
            } else {
                format!("passed on to {with} ({})", transfer.kind.text())
            };
            lines.push((transfer.at, text));
        }
        for gap in &call.gaps {
            let text = match gap.to {
                Some(to) => format!("connection down for {}: nothing is known", to.at - gap.from.at),
                None => "connection down: nothing is known from here on".to_owned(),
            };
            lines.push((gap.from, text));
        }
        lines.extend(call.ended.map(|at| (at, say::end(call))));
        lines.sort_by_key(|(at, _)| *at);
        for (at, text) in lines {
            writeln!(self.out, "  {TIME}{}{TIME:#}  {text} {TIME}[{}]{TIME:#}", self.clock(at), at.seq)?;
        }
        let bad = Tone::Warning.style();
        for irregularity in &call.irregularities {
            let (at, what) = (irregularity.at, say::irregular(irregularity.kind));
            writeln!(
                self.out,
                "  {TIME}{}{TIME:#}  {bad}{what}{bad:#} {TIME}[{}]{TIME:#}",
                self.clock(at),
                at.seq
            )?;
        }
        Ok(())
    }

    pub(crate) fn commands(&mut self, commands: &[CommandTrail]) -> io::Result<()> {
        if commands.is_empty() {
            return Ok(());
        }
        let head = ["command", "", "asked of the PBX", "result", "led to"];
        let rows: Vec<Vec<String>> = commands.iter().map(|command| self.command(command)).collect();
        let widths = widths(&head, &rows);
        writeln!(self.out)?;
        writeln!(self.out, "{TIME}{}{TIME:#}", line(&head.map(str::to_owned), &widths))?;
        for row in &rows {
            writeln!(self.out, "{}", line(row, &widths))?;
        }
        Ok(())
    }

    fn command(&self, command: &CommandTrail) -> Vec<String> {
        let after = |at: Moment| format!("after {}", at.at - command.asked.at);
        let requests: Vec<_> = command
            .requests
            .iter()
            .map(|request| {
                let fate = say::fate(request);
                let when = request.settled.map_or(String::new(), |at| format!(" {}", after(at)));
                format!("{}: {fate}{when}", shown(request.method.as_str()))
            })
            .collect();
        let effect = command.effect.as_ref().map_or("nothing".to_owned(), |effect| {
            format!("{} {} [{}]", say::effect(effect.change), after(effect.at), effect.at.seq)
        });
        let asked = format!("{} [{}]", self.clock(command.asked), command.asked.seq);
        vec![say::command(command), asked, requests.join("; "), say::result(command), effect]
    }

    fn time(&mut self, ledger: &TimeLedger) -> io::Result<()> {
        let times: Vec<_> = ledger
            .totals()
            .iter()
            .filter(|(_, span)| *span != Span::ZERO)
            .map(|(kind, span)| format!("{} {span}", kind.text()))
            .collect();
        let times = if times.is_empty() { "none".to_owned() } else { times.join(", ") };
        writeln!(self.out)?;
        writeln!(self.out, "{TOTAL}time logged in: {}{TOTAL:#} = {times}", ledger.logged_in())
    }

    fn clock(&self, at: Moment) -> String {
        clock(at.at, self.zone)
    }
}

/// A call in one line.
pub(crate) fn row(call: &Call, zone: &TimeZone) -> Vec<String> {
    let direction = match call.direction {
        Direction::In => "incoming",
        Direction::Out => "outgoing",
        Direction::Unknown | _ => "–",
    };
    let ended_by = match call.ended_by {
        Some(EndedBy::Agent) => "agent",
        Some(EndedBy::OtherSide) => "other side",
        _ => "",
    };
    vec![
        clock(call.began.at, zone),
        direction.to_owned(),
        say::other_side(call),
        length(call.waited()),
        length(call.talk()),
        length(call.held()),
        call.outcome.text().to_owned(),
        ended_by.to_owned(),
    ]
}

fn length(span: Span) -> String {
    if span == Span::ZERO { "–".to_owned() } else { span.to_string() }
}

fn who(other: &OtherSide) -> String {
    let number = other.number.as_ref().map(|number| number.as_str()).filter(|number| !number.is_empty());
    let name = other.name.as_ref().map(|name| name.as_str()).filter(|name| Some(*name) != number);
    let number = number.map(|number| shown(&phone::formatted(number)));
    match (name.filter(|name| !name.is_empty()).map(shown), number) {
        (Some(name), Some(number)) => format!("{name} {number}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "somebody unknown".to_owned(),
    }
}
