//! Tells what happens on lines, as it happens.

use std::io::{self, Write};

use callfold::live::{LineError, News, Seen};
use callfold::{Connection, Timestamp};
use jiff::tz::TimeZone;

use crate::style::{TIME, TITLE, Tone};
use crate::time::moment_of_day;
use crate::words::{Said, Story, shown};

/// Tells of one line. It follows the line's view by what is told, from the beginning.
#[derive(Debug)]
pub(crate) struct Teller {
    name: String,
    story: Story,
    seen: Seen,
}

impl Teller {
    /// Of a line of this name, whose view is so now. News that it has already are told, and change nothing.
    pub(crate) fn new(name: &str, seen: Seen, verbose: bool) -> Self {
        Self { name: shown(name), story: Story::new(verbose), seen }
    }

    /// What of the news is worth telling.
    pub(crate) fn hear(&mut self, news: &Result<News, LineError>) -> Vec<Said> {
        match news {
            Ok(News::Told { turn, command, events, .. }) => {
                if *turn > self.seen.turn {
                    self.seen.turn = *turn;
                    events.iter().for_each(|event| self.seen.view.apply(event));
                }
                self.story.tell(command.as_deref(), events, &self.seen)
            }
            // A goodbye was said: how its socket ends is no news.
            Ok(News::Socket { .. }) if self.seen.connection == Connection::Leaving => Vec::new(),
            Ok(News::Socket { why, .. }) => vec![Said::new(Tone::Quiet, format!("the socket: {why}"))],
            Ok(News::Reconnecting { after, .. }) => {
                let seconds = after.as_millis() as u64;
                let wait = format!("{}.{} s", seconds / 1_000, seconds % 1_000 / 100);
                vec![Said::new(Tone::Connection, format!("connects again in {wait}"))]
            }
            Ok(_) => Vec::new(),
            Err(error) => vec![Said::new(Tone::Warning, error.to_string())],
        }
    }

    /// Writes it: when, on which line, what. `width` is that of the longest name.
    pub(crate) fn write(
        &self,
        out: &mut dyn Write,
        zone: &TimeZone,
        at: Timestamp,
        width: usize,
        said: &[Said],
    ) -> io::Result<()> {
        let time = moment_of_day(at, zone);
        for line in said {
            let style = line.tone.style();
            let name = &self.name;
            writeln!(
                out,
                "{TIME}{time}{TIME:#}  {TITLE_OF_LINE}{name:width$}{TITLE_OF_LINE:#}  {style}{}{style:#}",
                line.text
            )?;
        }
        Ok(())
    }
}

/// How the name of a line looks.
const TITLE_OF_LINE: anstyle::Style = TITLE.effects(anstyle::Effects::BOLD);
