//! What does not fit about commands: no answer, or a change in spite of a refusal.

use callfold_engine::calls::{Change, CommandTrail, Moment, RequestFate};
use callfold_engine::{CommandId, CommandName, ErrorCode, Event, Span};

use super::{Found, OddityKind};

/// A change that comes later than this after a refusal has nothing to do with it.
const SOON: Span = Span::from_secs(2);
/// A change that comes later than this after a command is not of its doing.
const LEADS_TO: Span = Span::from_secs(20);
/// The most commands that are followed at once.
const MOST: usize = 256;

/// What had no answer of a command of which nothing more is heard.
pub(super) fn of(command: &CommandTrail) -> Vec<Found> {
    let name = command.name.text();
    let odd = |at: Moment, words: String| {
        Found::new(OddityKind::CommandNeverAnswered, at, words)
            .after(command.asked.seq)
            .of_command(command.id)
    };
    let mut found = Vec::new();
    for request in &command.requests {
        let method = request.method.as_str();
        let words = format!("the server never answered `{method}`, sent for the command {name}");
        match request.fate {
            RequestFate::Waiting => found.push(odd(request.sent, words)),
            RequestFate::Failed(ErrorCode::NoAnswer) => {
                found.push(odd(request.settled.unwrap_or(request.sent), words).after(request.sent.seq));
            }
            RequestFate::Accepted | RequestFate::Refused | RequestFate::Failed(_) | _ => {}
        }
    }
    if command.done.is_none() && found.is_empty() {
        found.push(odd(command.asked, format!("the command {name} has no result")));
    }
    found
}

/// The commands of the last seconds.
#[derive(Default)]
pub(super) struct Commands {
    asked: Vec<Asked>,
}

struct Asked {
    id: CommandId,
    name: CommandName,
    at: Moment,
    refused: Option<Moment>,
    /// The first change that it is for.
    changed: Option<Moment>,
}

impl Commands {
    /// Follows an event; what it shows to be odd.
    pub(super) fn event(&mut self, event: &Event, now: Moment) -> Option<Found> {
        self.asked.retain(|asked| now.at - asked.at.at <= LEADS_TO);
        if let Event::CommandGiven { id, name, .. } = event {
            // A connection that is refused ends: that is no change in spite of it.
            let connects =
                matches!(name, CommandName::Connect | CommandName::ModelConnect | CommandName::Disconnect);
            if self.asked.len() < MOST && !connects {
                self.asked.push(Asked { id: *id, name: *name, at: now, refused: None, changed: None });
            }
            return None;
        }
        if let Event::CommandDone { id, result, .. } = event {
            let place = self.asked.iter().position(|asked| asked.id == *id)?;
            let asked = self.asked.get_mut(place)?;
            if result.is_done() {
                return None;
            }
            asked.refused = Some(now);
            return asked.changed.map(|changed| odd(asked, changed, now));
        }
        self.change(Change::of(event)?, now)
    }

    /// A change is of the oldest command that is for it and was not refused; only what no such command explains is odd.
    fn change(&mut self, change: Change, now: Moment) -> Option<Found> {
        let mut of_it = self.asked.iter_mut().filter(|asked| change.is_wanted_by(asked.name));
        if let Some(asked) = of_it.find(|asked| asked.refused.is_none()) {
            asked.changed.get_or_insert(now);
            return None;
        }
        let refused =
            self.asked.iter_mut().filter(|asked| change.is_wanted_by(asked.name)).find_map(|asked| {
                let refused = asked.refused.filter(|refused| now.at - refused.at <= SOON)?;
                asked.changed.is_none().then_some((asked, refused))
            });
        let (asked, refused) = refused?;
        asked.changed = Some(now);
        Some(odd(asked, now, refused))
    }
}

fn odd(asked: &Asked, changed: Moment, refused: Moment) -> Found {
    let name = asked.name.text();
    let words = format!("the command {name} was refused, and what it was for happened all the same");
    Found::new(OddityKind::RefusedButChanged, changed.max(refused), words)
        .after(asked.at.seq)
        .after(changed.seq)
        .after(refused.seq)
        .of_command(asked.id)
}
