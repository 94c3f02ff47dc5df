//! One line that is recorded, from its connection to its end.

use std::sync::Arc;

use callfold::live::{LineError, News, Reconnect, SocketError};
use callfold::log::{Instant, Log, LogError, StreamId};
use callfold::{Command, Connection, Event, Timestamp, View};

use super::shown::{Shown, Shows};
use super::{Recording, now};
use crate::complain;
use crate::style::Tone;
use crate::words::{self, Said, Story, shown};

/// How a line ended.
#[derive(Debug)]
pub(super) struct Ended {
    why: Why,
    /// How often it was tried to connect again.
    pub(super) reconnects: u64,
}

#[derive(Debug)]
enum Why {
    /// The goodbye was said.
    Closed,
    /// The server refused the login, and will do so again.
    Refused,
    /// It broke off, and no other line is the worse for it.
    Broken,
    /// It cannot be recorded, and no other line can.
    Failed(String),
}

impl Ended {
    pub(super) const fn broken() -> Self {
        Self { why: Why::Broken, reconnects: 0 }
    }

    pub(super) const fn is_failed(&self) -> bool {
        self.why_failed().is_some()
    }

    pub(super) const fn why_failed(&self) -> Option<&String> {
        match &self.why {
            Why::Failed(why) => Some(why),
            Why::Closed | Why::Refused | Why::Broken => None,
        }
    }

    pub(super) const fn is_broken(&self) -> bool {
        match self.why {
            Why::Broken => true,
            Why::Closed | Why::Refused | Why::Failed(_) => false,
        }
    }

    pub(super) const fn is_refused(&self) -> bool {
        match self.why {
            Why::Refused => true,
            Why::Closed | Why::Broken | Why::Failed(_) => false,
        }
    }
}

/// What it means for the others that a line's inputs could not be handled: if it is for the log, no line can be recorded.
fn why_unhandled(name: &str, why: &(dyn std::error::Error + Send + Sync + 'static)) -> Why {
    if why.downcast_ref::<LogError>().is_some() {
        return Why::Failed(why.to_string());
    }
    complain(&format!("{}: not recorded any more: {why}; other lines go on", shown(name)));
    Why::Broken
}

/// Connects the line, shows what happens, and comes back when it has ended.
pub(super) async fn run(recording: Recording, log: Log, shows: Shows) -> Ended {
    let line = recording.recorded.line.clone();
    let mut news = line.news();
    let mut tale = Tale::new(&recording, shows);
    if tale.read_again(&log).await.is_err() {
        // Only what is shown suffers: the log has it all.
        complain(&format!(
            "{}: what is shown may be incomplete: the log cannot be read",
            shown(&recording.name)
        ));
    }
    let mut refused = false;
    let mut reconnects = 0;
    let connecting = line.command(Command::Connect(recording.endpoint.clone()));
    tokio::pin!(connecting);
    let mut is_answered = false;
    loop {
        let why = tokio::select! {
            result = &mut connecting, if !is_answered => {
                is_answered = true;
                // A refusal by the server is in the news, and how a line ended is told when it has.
                result.err().and_then(|error| never(&error))
            }
            told = news.next() => match told {
                None => break,
                Some(Ok(News::Told { at, seq, command, events, .. })) => {
                    tale.told(at, seq, command.as_deref(), &events);
                    events.iter().find_map(refused_for_good)
                }
                Some(Ok(News::Socket { why, .. })) => {
                    tale.socket(&why);
                    None
                }
                Some(Ok(News::Reconnecting { tries, after })) => {
                    reconnects += 1;
                    tale.say(Tone::Connection, format!("connects again in {} ms (try {tries})", after.as_millis()));
                    None
                }
                // News of a newer transport.
                Some(Ok(_)) => None,
                Some(Err(_)) => {
                    tale.say(Tone::Warning, "more happened than could be shown; it is recorded".to_owned());
                    // If it cannot be read, the next that is told says so.
                    drop(tale.read_again(&log).await);
                    None
                }
            },
        };
        if let Some(why) = why.filter(|_| !refused) {
            refused = true;
            complain(&format!("{}: refused, and not tried again: {why}", shown(&recording.name)));
            // What it ends with is told below.
            drop(line.close().await);
        }
    }
    let why = match line.ended().await {
        Err(LineError::Handle(why)) => why_unhandled(&recording.name, &*why),
        Ok(()) | Err(_) if refused => Why::Refused,
        Ok(()) | Err(_) => Why::Closed,
    };
    Ended { why, reconnects }
}

/// Why a connection will never be made, if the line itself says so.
fn never(error: &LineError) -> Option<String> {
    if let LineError::Socket(why @ SocketError::PlainRefused { .. }) = error {
        Some(format!("{why} (--insecure-ws)"))
    } else if let LineError::Socket(_) | LineError::NoSecret(_) = error {
        Some(error.to_string())
    } else {
        None
    }
}

/// Why the server will not take the login, if trying again cannot help.
fn refused_for_good(event: &Event) -> Option<String> {
    if let Event::ConnectFailed { code, server } = event {
        (!Reconnect::can_help(*code)).then(|| words::refusal(*code, server.as_ref()))
    } else {
        None
    }
}

/// Tells what happens on a line.
struct Tale {
    name: Arc<str>,
    stream: StreamId,
    story: Story,
    view: View,
    seq: u64,
    shows: Shows,
}

impl Tale {
    fn new(recording: &Recording, shows: Shows) -> Self {
        Self {
            name: recording.name.as_str().into(),
            stream: recording.recorded.stream,
            story: Story::new(false),
            view: View::default(),
            seq: 0,
            shows,
        }
    }

    /// Reads from the log what is so.
    async fn read_again(&mut self, log: &Log) -> Result<(), LogError> {
        let (log, stream) = (log.clone(), self.stream);
        let read = tokio::task::spawn_blocking(move || match log.store().head(stream)?.seq {
            0 => Ok(None),
            seq => log.as_of(stream, Instant::Seq(seq)).map(Some),
        });
        // One that broke off has said so itself.
        if let Some(then) = read.await.unwrap_or(Ok(None))? {
            (self.view, self.seq) = (then.view, then.seq);
        }
        Ok(())
    }

    fn told(&mut self, at: Timestamp, seq: Option<u64>, command: Option<&Command>, events: &[Event]) {
        // What was read from the log is not told again.
        if seq.is_some_and(|seq| seq <= self.seq) {
            return;
        }
        self.seq = seq.unwrap_or(self.seq);
        for event in events {
            self.view.apply(event);
        }
        for said in self.story.tell(command, events, &self.view) {
            self.shows.show(Shown { at, name: self.name.clone(), said });
        }
    }

    fn socket(&self, why: &SocketError) {
        // Those are as it should be, or told by what is decided on them; after the goodbye, any end is.
        let is_over = matches!(self.view.connection, Connection::Leaving | Connection::Offline);
        if !is_over && !matches!(why, SocketError::Closed { .. } | SocketError::GivenUp) {
            self.say(Tone::Bad, format!("connection: {}", shown(&why.to_string())));
        }
    }

    fn say(&self, tone: Tone, text: String) {
        self.shows.show(Shown { at: now(), name: self.name.clone(), said: Said::new(tone, text) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_the_log_is_wrong_for_every_line_and_nothing_else_is() {
        let ended = |why: &(dyn std::error::Error + Send + Sync + 'static)| Ended {
            why: why_unhandled("ivanov", why),
            reconnects: 0,
        };
        let log = ended(&LogError::NoStream("ivanov".into()));
        assert!(log.is_failed() && !log.is_broken());
        let other = ended(&std::io::Error::other("panicked"));
        assert!(other.is_broken() && !other.is_failed() && !other.is_refused());
    }
}
