//! What does not fit about commands: no answer, or a change in spite of a refusal.

use callfold_engine::calls::{Change, CommandTrail, Fit, Moment, RequestFate, Standing};
use callfold_engine::{CommandId, CommandName, ErrorCode, Event, PhoneNumber, Span};

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
    target: Option<PhoneNumber>,
    at: Moment,
    refused: Option<Moment>,
    /// The first change that it is for.
    changed: Option<Moment>,
}

impl Asked {
    fn fit(&self, change: Change, before: &Standing, after: &Standing) -> Fit {
        change.fit(self.name, self.target.iter(), before, after)
    }
}

impl Commands {
    /// Follows a record, before and after which things stood so; what it shows to be odd.
    pub(super) fn record(
        &mut self,
        events: &[Event],
        (before, after): (&Standing, &Standing),
        now: Moment,
    ) -> Vec<Found> {
        self.asked.retain(|asked| now.at - asked.at.at <= LEADS_TO);
        let mut found = Vec::new();
        for event in events {
            if let Event::CommandGiven { id, name, target } = event {
                self.given(*id, *name, target.clone(), now);
            } else if let Event::CommandDone { id, result, .. } = event
                && !result.is_done()
            {
                found.extend(self.refused(*id, now));
            }
        }
        if !self.asked.is_empty() {
            for changes in Change::all(before, after, events) {
                found.extend(self.changed(&changes, before, after, now));
            }
        }
        found
    }

    fn given(&mut self, id: CommandId, name: CommandName, target: Option<PhoneNumber>, at: Moment) {
        // A connection that is refused ends: that is no change in spite of it.
        let connects =
            matches!(name, CommandName::Connect | CommandName::ModelConnect | CommandName::Disconnect);
        if self.asked.len() < MOST && !connects {
            self.asked.push(Asked { id, name, target, at, refused: None, changed: None });
        }
    }

    fn refused(&mut self, id: CommandId, now: Moment) -> Option<Found> {
        let asked = self.asked.iter_mut().find(|asked| asked.id == id)?;
        asked.refused = Some(now);
        asked.changed.map(|changed| odd(asked, changed, now))
    }

    /// What happened at once is of the oldest command that it may be for and that was not refused. Only what no such
    /// command explains is odd, and only if it is surely what the refused one was for: of the same number, say.
    fn changed(
        &mut self,
        changes: &[Change],
        before: &Standing,
        after: &Standing,
        now: Moment,
    ) -> Option<Found> {
        let is = |asked: &Asked, fits: fn(Fit) -> bool| {
            changes.iter().any(|change| fits(asked.fit(*change, before, after)))
        };
        let mut not_refused = self.asked.iter_mut().filter(|asked| asked.refused.is_none());
        if let Some(asked) = not_refused.find(|asked| is(asked, |fit| fit != Fit::No)) {
            if is(asked, |fit| fit == Fit::Surely) {
                asked.changed.get_or_insert(now);
            }
            return None;
        }
        let (asked, refused) = self.asked.iter_mut().find_map(|asked| {
            let refused = asked.refused.filter(|refused| now.at - refused.at <= SOON)?;
            let is_odd = asked.changed.is_none() && is(asked, |fit| fit == Fit::Surely);
            is_odd.then_some((asked, refused))
        })?;
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
