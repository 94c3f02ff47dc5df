//! What happens on the lines, as people see it go by. Whoever reads slowly, or not at all, holds up no recording.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use anstream::AutoStream;
use callfold::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Recording;
use crate::args::Color;
use crate::complain;
use crate::style::{TIME, TITLE, Tone};
use crate::words::{self, Said};

/// How much may wait to be shown.
const MOST_WAITING: usize = 4_096;

/// Something that is shown.
pub(super) struct Shown {
    pub(super) at: Timestamp,
    /// On which line.
    pub(super) name: Arc<str>,
    pub(super) said: Said,
}

/// Where it is shown.
#[derive(Clone)]
pub(super) enum Shows {
    /// By a printer, as far as that keeps up.
    Printed { to: SyncSender<Shown>, lost: Arc<AtomicU64> },
    /// Nowhere.
    Nothing,
}

impl Shows {
    /// Never waits.
    pub(super) fn show(&self, shown: Shown) {
        match self {
            Self::Printed { to, lost } => {
                if to.try_send(shown).is_err() {
                    lost.fetch_add(1, Ordering::Relaxed);
                }
            }
            Self::Nothing => {}
        }
    }
}

/// Prints on a thread of its own: standard output may stand still, and lines must not.
pub(super) struct Printer {
    shows: Shows,
    thread: JoinHandle<()>,
}

impl Printer {
    pub(super) fn start(zone: TimeZone, color: Color, lines: &[Recording]) -> Self {
        let (to, shown) = sync_channel(MOST_WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let shows = Shows::Printed { to, lost: lost.clone() };
        // With one line there is no need to say which.
        let name_width = match lines {
            [_] => None,
            _ => lines.iter().map(|line| words::shown(&line.name).chars().count()).max(),
        };
        let mut page = Page { zone, date: None, name_width };
        let thread = std::thread::spawn(move || {
            let mut out = AutoStream::new(io::stdout(), color.into());
            if let Err(error) = page.print_all(&mut out, &shown, &lost) {
                // A reader who went away has seen enough, but did not say that recording should end.
                if error.kind() != io::ErrorKind::BrokenPipe {
                    complain(&format!("what happens cannot be shown any more, but is recorded: {error}"));
                }
                // The rest is shown to nobody.
                shown.iter().for_each(drop);
            }
        });
        Self { shows, thread }
    }

    pub(super) fn shows(&self) -> Shows {
        self.shows.clone()
    }

    /// Waits until all is printed.
    pub(super) fn finish(self) {
        drop(self.shows);
        // If it panicked, it has said so itself.
        let _ = self.thread.join();
    }
}

struct Page {
    zone: TimeZone,
    date: Option<Date>,
    name_width: Option<usize>,
}

impl Page {
    fn print_all(&mut self, out: &mut impl Write, all: &Receiver<Shown>, lost: &AtomicU64) -> io::Result<()> {
        for shown in all {
            let lost = lost.swap(0, Ordering::Relaxed);
            if lost > 0 {
                let style = Tone::Warning.style();
                writeln!(
                    out,
                    "{style}{lost} lines are not shown: they came faster than they are read{style:#}"
                )?;
            }
            self.print(out, &shown)?;
            out.flush()?;
        }
        Ok(())
    }

    fn print(&mut self, out: &mut impl Write, shown: &Shown) -> io::Result<()> {
        let time = match jiff::Timestamp::from_microsecond(shown.at.as_micros()) {
            Ok(at) => {
                let local = at.to_zoned(self.zone.clone());
                if self.date != Some(local.date()) {
                    writeln!(out, "{TIME}{}{TIME:#}", local.strftime("%A, %Y-%m-%d, UTC%:z"))?;
                    self.date = Some(local.date());
                }
                local.strftime("%H:%M:%S%.3f").to_string()
            }
            Err(_) => "time unknown".to_owned(),
        };
        write!(out, "{TIME}{time}{TIME:#}  ")?;
        if let Some(width) = self.name_width {
            write!(
                out,
                "{TITLE}{}{TITLE:#}{:pad$}  ",
                words::shown(&shown.name),
                "",
                pad = self.pad(&shown.name, width)
            )?;
        }
        let style = shown.said.tone.style();
        writeln!(out, "{style}{}{style:#}", shown.said.text)
    }

    fn pad(&self, name: &str, width: usize) -> usize {
        width.saturating_sub(words::shown(name).chars().count())
    }
}
