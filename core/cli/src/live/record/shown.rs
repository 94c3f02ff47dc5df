//! What happens on the lines, as people see it go by. Whoever reads slowly, or not at all, holds up no recording.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anstream::AutoStream;
use callfold::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Recording;
use crate::args::Color;
use crate::complain;
use crate::fail::Failed;
use crate::style::{TIME, TITLE, TOTAL, Tone};
use crate::words::{self, Said};

/// How much may wait to be shown.
const MOST_WAITING: usize = 4_096;
/// How long the program waits, at its end, for what is not shown yet.
const LAST_WAIT: Duration = Duration::from_secs(1);

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
    /// What is printed last.
    last: Arc<OnceLock<String>>,
    /// Whether all could be printed.
    done: Receiver<io::Result<()>>,
}

impl Printer {
    pub(super) fn start(zone: TimeZone, color: Color, lines: &[Recording]) -> Result<Self, Failed> {
        // A handle of its own: that of the whole program is locked while somebody writes, and the program must not wait
        // for it when it ends.
        let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let (to, shown) = sync_channel(MOST_WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let shows = Shows::Printed { to, lost: lost.clone() };
        // With one line there is no need to say which.
        let name_width = match lines {
            [_] => None,
            _ => lines.iter().map(|line| words::shown(&line.name).chars().count()).max(),
        };
        let mut page = Page { zone, date: None, name_width };
        let last = Arc::new(OnceLock::<String>::new());
        let (tell, done) = sync_channel(1);
        let text = Arc::clone(&last);
        std::thread::spawn(move || {
            let mut out = BufWriter::new(AutoStream::new(out, color.into()));
            let printed = page.print_all(&mut out, &shown, &lost);
            if let Err(error) = &printed {
                // A reader who went away has seen enough, but did not say that recording should end.
                if error.kind() != io::ErrorKind::BrokenPipe {
                    complain(&format!("what happens cannot be shown any more, but is recorded: {error}"));
                }
                // The rest is shown to nobody.
                shown.iter().for_each(drop);
            }
            let printed = printed.and_then(|()| match text.get() {
                Some(text) => writeln!(out, "{TOTAL}{text}{TOTAL:#}").and_then(|()| out.flush()),
                None => Ok(()),
            });
            // Nobody may wait for it any more.
            let _ = tell.send(printed);
        });
        Ok(Self { shows, last, done })
    }

    pub(super) fn shows(&self) -> Shows {
        self.shows.clone()
    }

    /// Prints this last, and waits until all is printed; but not for long: what is not read by then is shown to nobody.
    pub(super) fn finish(self, last: String) -> Result<(), Failed> {
        let Self { shows, last: place, done } = self;
        let _ = place.set(last);
        // It ends with the last one that shows something.
        drop(shows);
        match done.recv_timeout(LAST_WAIT) {
            Ok(printed) => Ok(printed?),
            // If it panicked, it has said so itself.
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Ok(()),
        }
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
