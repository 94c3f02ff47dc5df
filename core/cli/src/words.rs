//! What happened, in plain words.
//!
//! [`one`] has the words for each event by itself. [`Story`] chooses which of the events of one step are
//! worth a line: a state that ends, a state that begins and the change between them are one thing to a
//! person. It decides nothing about calls; it reads events and the view.

// The engine's enums are non-exhaustive, so every match here has a `_`: an event of a newer engine is told as
// one that has no words yet. A test makes sure that every announcement of this engine has words.
#![allow(clippy::wildcard_enum_match_arm)]

use std::collections::{BTreeMap, BTreeSet};

use callfold::{
    AgentState, Answering, BreakReason, Command, CommandId, CommandName, CommandResult, Connection,
    DisconnectReason, ErrorCode, Event, Held, LineState, Misuse, ModelCommand, Parties, Party, ServerError,
    View, phone,
};

use callfold::announce;

use crate::style::Tone;

/// A line of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

impl Said {
    pub(crate) fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }
}

/// The most characters of one thing that a server or an application named.
const MAX_SHOWN: usize = 120;
/// Someone without name and number.
const NOBODY_KNOWN: &str = "somebody unknown";
/// The most people that are named in a line.
const MAX_PEOPLE: usize = 16;
/// The most commands whose words are remembered until they end.
const MAX_COMMANDS: usize = 256;

/// Text of someone else's as it may be shown: on one line, without anything that a terminal obeys, and not
/// without end.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String =
        text.chars().take(MAX_SHOWN).map(|c| if is_harmless(c) { c } else { '\u{fffd}' }).collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// Neither a control character nor one that turns the direction of a line.
fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Tells a session, step by step.
#[derive(Debug)]
pub(crate) struct Story {
    verbose: bool,
    /// The words of the commands that have not ended.
    commands: BTreeMap<CommandId, String>,
    /// Who is at the other end, as it was told last.
    people: BTreeSet<String>,
}

impl Story {
    /// `verbose` tells every event by itself.
    pub(crate) const fn new(verbose: bool) -> Self {
        Self { verbose, commands: BTreeMap::new(), people: BTreeSet::new() }
    }

    /// What of a step is worth telling. `command` is the input, if it was a command; `view` is that after
    /// the step.
    pub(crate) fn tell(&mut self, command: Option<&Command>, events: &[Event], view: &View) -> Vec<Said> {
        let mut said = Vec::new();
        // The first command of its name is the application's; what the rules make of it comes after.
        let mut given = command;
        for event in events {
            if let Event::CommandGiven { id, name, .. } = event {
                let words = match given.take_if(|command| command.name() == *name) {
                    Some(command) => asked(command, view),
                    None => format!("{} (callfold's own)", name.text()),
                };
                if self.commands.len() >= MAX_COMMANDS {
                    self.commands.pop_first();
                }
                self.commands.insert(*id, words);
            }
            let is_news = self.is_news(event, view);
            if self.verbose || (is_news && is_worth_telling(event, events, view)) {
                said.push(self.line(event, events, view));
            }
            if let Event::CommandDone { id, .. } = event {
                self.commands.remove(id);
            }
        }
        said
    }

    /// Whether somebody at the other end is told of who was not told before. Other events are always news.
    fn is_news(&mut self, event: &Event, view: &View) -> bool {
        match event {
            Event::LineStarted { parties, .. } => {
                self.people = others(parties, view);
                true
            }
            Event::PartiesChanged { parties } => {
                let now = others(parties, view);
                let is_news = now != self.people;
                self.people = now;
                is_news
            }
            Event::ConferenceEntered { party } => {
                !is_agent(party, view) && self.people.insert(person(party, view))
            }
            Event::ConferenceLeft { party } => {
                self.people.remove(&person(party, view));
                true
            }
            _ => true,
        }
    }

    fn line(&self, event: &Event, events: &[Event], view: &View) -> Said {
        let words = |id: &CommandId, name: &CommandName| {
            self.commands.get(id).cloned().unwrap_or_else(|| name.text().to_owned())
        };
        match event {
            Event::CommandGiven { id, name, .. } => {
                Said::new(Tone::Command, format!("command: {}", words(id, name)))
            }
            Event::CommandDone { id, name, result } => {
                let mut said = ended(&words(id, name), result);
                let failed = events.iter().find_map(|event| match event {
                    Event::RequestFailed { command, code, .. } if command == id => Some(code),
                    _ => None,
                });
                if let Some(code) = failed.filter(|_| !result.is_done()) {
                    said.text.push_str(&format!(" (its request failed: {code})"));
                }
                said
            }
            Event::RequestFailed { command, code, .. } => {
                let command = self.commands.get(command).map_or("", String::as_str);
                Said::new(Tone::Bad, format!("command {command}: no answer from the PBX: {code}"))
            }
            Event::LineStarted { state, parties } if !self.verbose => began(*state, parties, events, view),
            Event::LineChanged { to: LineState::Disconnected, .. } if !self.verbose => no_phone(events, view),
            Event::PartiesChanged { parties } if !self.verbose => began(view.line, parties, events, view),
            Event::Disconnected { reason } if !self.verbose && is_lost(*reason) => {
                let text = format!("connection lost ({reason}): {UNKNOWN}");
                Said::new(Tone::Bad, text)
            }
            _ => one(event, view),
        }
    }
}

const UNKNOWN: &str = "what line, hold and parties are is not known until the line is read again";

/// Whether a connection ended that was not to end.
// Reasons may become more; one that is not known here is no wish of the agent's.
fn is_lost(reason: DisconnectReason) -> bool {
    reason != DisconnectReason::ByUser
}

/// Whether the goodbye was said: nothing on the line is the agent's any more.
const fn is_leaving(view: &View) -> bool {
    matches!(view.connection, Connection::Leaving | Connection::Offline)
}

/// Whether a person wants a line for `event`, seeing what else came of the same step.
fn is_worth_telling(event: &Event, events: &[Event], view: &View) -> bool {
    let comes = |wanted: fn(&Event) -> bool| events.iter().any(wanted);
    match event {
        // Told by another event of the same step, or of no interest but to a technician.
        Event::Dialled { .. }
        | Event::SocketGivenUp { .. }
        | Event::SocketWon { .. }
        | Event::LoggedIn { .. }
        | Event::ServerVersionTold { .. }
        | Event::AgentTold { .. }
        | Event::BreakReasonsTold { .. }
        | Event::NumberPlanTold { .. }
        | Event::NumberStateTold { .. }
        | Event::UsersTold { .. }
        | Event::Leaving
        | Event::LineStopped { .. }
        | Event::TalkClockSet { .. }
        | Event::TalkClockStopped
        | Event::PartiesRefreshed { .. }
        | Event::HoldRefreshed { .. }
        | Event::ConferenceInfoTold { .. }
        | Event::QueueChanged { .. }
        | Event::AgentFactsTold { .. }
        | Event::RequestSent { .. }
        | Event::RequestAnswered { .. }
        | Event::PhoneReported { .. }
        | Event::FlashReported { .. }
        | Event::NativeEvent { .. }
        | Event::UnknownEvent { .. }
        | Event::Provider { .. }
        | Event::CtiModelChanged { .. }
        | Event::FrameOnDeadSocket { .. } => false,
        Event::LineChanged { to, .. } => {
            *to == LineState::Disconnected && (!is_leaving(view) || what_stopped(events, view).is_some())
        }
        Event::LineStarted { state: LineState::Ready, .. } => {
            // That the talk paused is said by the hold.
            !comes(|event| matches!(event, Event::HoldEntered { .. }))
                && (!is_leaving(view) || what_stopped(events, view).is_some())
        }
        Event::PartiesChanged { parties } => {
            let at_rest = matches!(view.line, LineState::Unknown | LineState::Disconnected | LineState::Ready);
            !at_rest && !parties.is_empty() && !comes(|event| matches!(event, Event::LineChanged { .. }))
        }
        Event::HoldLeft { held } => !is_taken_back(held, events, view),
        Event::HoldChanged { .. } => {
            !comes(|event| matches!(event, Event::HoldEntered { .. } | Event::HoldLeft { .. }))
        }
        Event::ConferenceChanged { conference } => match conference {
            Some(_) => !talk_begins(events),
            None => !comes(|event| matches!(event, Event::LineStarted { .. })),
        },
        Event::StatusChanged { .. } => !comes(|event| matches!(event, Event::AgentStateChanged { .. })),
        Event::CallCentreChanged { active } => {
            *active || !comes(|event| matches!(event, Event::AgentStateChanged { .. }))
        }
        Event::AnsweringFound { answering } => *answering == Answering::NotSupported,
        Event::RedirectNumberTold { number } => number.is_some() || view.connection == Connection::Connected,
        Event::LineWentStale { .. } => !comes(|event| matches!(event, Event::Disconnected { .. })),
        Event::CommandGiven { id, .. } => !events.iter().any(
            |event| matches!(event, Event::CommandDone { id: done, result, .. } if done == id && !result.is_done()),
        ),
        Event::CommandDone { name, result, .. } => match (name, result.is_done()) {
            (CommandName::Connect | CommandName::ModelConnect, false) => {
                !comes(|event| matches!(event, Event::ConnectFailed { .. }))
            }
            (_, false) => true,
            // Nothing else shows that these were done.
            (
                CommandName::Exec
                | CommandName::TriggerCustomEvent
                | CommandName::GhostListen
                | CommandName::GhostHelp
                | CommandName::GhostConference,
                true,
            ) => true,
            (_, true) => false,
        },
        Event::RequestFailed { command, .. } => {
            !events.iter().any(|event| matches!(event, Event::CommandDone { id, .. } if id == command))
        }
        _ => true,
    }
}

fn talk_begins(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::LineStarted { state: LineState::Talk, .. }))
}

/// Whether the one that was held is who is talked with now.
fn is_taken_back(held: &Held, events: &[Event], view: &View) -> bool {
    let Some(held) = held.party() else { return false };
    view.line == LineState::Talk
        && events.iter().any(|event| match event {
            Event::LineStarted { parties, .. } | Event::PartiesChanged { parties } => {
                parties.by_key(held.key.as_str()).is_some()
            }
            _ => false,
        })
}

/// A new state of the line, and what of the old one is not said by that.
fn began(state: LineState, parties: &Parties, events: &[Event], view: &View) -> Said {
    if state == LineState::Ready {
        let now = match &view.held {
            Some(held) => format!("on hold: {}", held_words(held, view)),
            None => "the line is free".to_owned(),
        };
        let text = match what_stopped(events, view) {
            Some(stopped) => format!("{stopped}; {now}"),
            None => now,
        };
        return Said::new(Tone::Plain, text);
    }
    let is_back =
        |event: &Event| matches!(event, Event::HoldLeft { held } if is_taken_back(held, events, view));
    if state == LineState::Talk && events.iter().any(is_back) {
        return Said::new(Tone::Talk, format!("back from hold, talk with {}", people(parties, view)));
    }
    started(state, parties, view)
}

/// The line has no phone any more, and what that ended.
fn no_phone(events: &[Event], view: &View) -> Said {
    const NOW: &str = "the agent has no phone";
    match what_stopped(events, view) {
        Some(stopped) if is_leaving(view) => Said::new(Tone::Plain, stopped),
        Some(stopped) => Said::new(Tone::Bad, format!("{stopped}; {NOW}")),
        None => Said::new(Tone::Bad, NOW),
    }
}

/// What ended in this step, if it was more than rest.
fn what_stopped(events: &[Event], view: &View) -> Option<String> {
    events.iter().find_map(|event| match event {
        Event::LineStopped { state, parties } => stopped(*state, parties.as_ref(), view),
        _ => None,
    })
}

fn started(state: LineState, parties: &Parties, view: &View) -> Said {
    let who = people(parties, view);
    match state {
        LineState::Unknown => Said::new(Tone::Quiet, "what the line does is not known"),
        LineState::Disconnected => Said::new(Tone::Bad, "the agent has no phone"),
        LineState::Ready => Said::new(Tone::Plain, "the line is free"),
        LineState::Ring => Said::new(Tone::Ringing, format!("rings: {who}")),
        LineState::BackRing if who == NOBODY_KNOWN => {
            Said::new(Tone::Ringing, "the agent's own phone rings, for a call that the agent asked for")
        }
        LineState::BackRing => {
            Said::new(Tone::Ringing, format!("the agent's own phone rings, for the call to {who}"))
        }
        LineState::Call => Said::new(Tone::Ringing, format!("calls: {who}")),
        LineState::BackCall if who == NOBODY_KNOWN => Said::new(Tone::Ringing, "the PBX sets up a call"),
        LineState::BackCall => Said::new(Tone::Ringing, format!("the PBX calls: {who}")),
        LineState::Talk if view.conference.is_some() => {
            Said::new(Tone::Talk, format!("talk in a conference: {who}"))
        }
        LineState::Talk => Said::new(Tone::Talk, format!("talk with {who}")),
        _ => Said::new(Tone::Warning, "the line is in a state that this version has no words for"),
    }
}

/// What ended; nothing for a state of rest.
fn stopped(state: LineState, parties: Option<&Parties>, view: &View) -> Option<String> {
    let what = match state {
        LineState::Unknown | LineState::Disconnected | LineState::Ready => return None,
        LineState::Ring => "rings no more",
        LineState::BackRing => "the agent's own phone rings no more",
        LineState::Call | LineState::BackCall => "calls no more",
        LineState::Talk => "talk ended",
        _ => "ended",
    };
    Some(match parties.filter(|parties| !parties.is_empty()) {
        Some(parties) => format!("{what}: {}", people(parties, view)),
        None => what.to_owned(),
    })
}

/// How far the connection is.
pub(crate) fn connection(view: &View) -> Said {
    let (tone, text) = match view.connection {
        Connection::Offline => (Tone::Warning, "none"),
        Connection::Dialling => (Tone::Connection, "being made"),
        Connection::Loading => (Tone::Connection, "logged in, loading"),
        Connection::Connected => (Tone::Connection, "logged in"),
        Connection::Leaving => (Tone::Connection, "being closed"),
        _ => (Tone::Warning, NO_WORDS_STATE),
    };
    Said::new(tone, text)
}

/// Who the agent is, and what the agent does.
pub(crate) fn agent_now(view: &View) -> Said {
    let now = &view.agent;
    let state = agent_state(now.state, now.status, now.break_reason.as_ref(), view);
    let doing = state.text.trim_start_matches("agent is ").to_owned();
    Said { text: format!("{}: {doing}", agent(view)), ..state }
}

/// What the line does.
pub(crate) fn line_now(view: &View) -> Said {
    started(view.line, &view.parties, view)
}

/// What there is besides the line: who is held, the conference, the queue.
pub(crate) fn besides_line(view: &View) -> Vec<(&'static str, String)> {
    let mut said = Vec::new();
    if let Some(held) = &view.held {
        said.push(("on hold", held_words(held, view)));
    }
    if let Some(conference) = &view.conference {
        let made = if view.made_conference() { ", made by the agent" } else { "" };
        let ghost = if conference.ghost { ", the agent listens unseen" } else { "" };
        said.push(("conference", format!("{}{made}{ghost}", shown(conference.id.as_str()))));
    }
    if !view.queue.is_empty() {
        let queue: Parties = view.queue.iter().cloned().collect();
        said.push(("queue", people(&queue, view)));
    }
    said
}

/// The words for an event by itself.
pub(crate) fn one(event: &Event, view: &View) -> Said {
    let quiet = |text: String| Said::new(Tone::Quiet, text);
    match event {
        Event::Connecting { login } => {
            Said::new(Tone::Connection, format!("connecting as {}", shown(login.as_str())))
        }
        Event::Dialled { url, .. } => quiet(format!("dials {}", shown(url.as_str()))),
        Event::SocketGivenUp { .. } => quiet("an address was given up".to_owned()),
        Event::SocketWon { .. } => quiet("the server answers".to_owned()),
        Event::LoggedIn { .. } => quiet("logged in".to_owned()),
        Event::ServerVersionTold { build, .. } => quiet(format!(
            "the server's version: {}",
            build.as_ref().map_or("not told".to_owned(), |build| shown(build.as_str()))
        )),
        Event::AgentTold { .. } => quiet(format!("the agent is {}", agent(view))),
        Event::BreakReasonsTold { reasons } => quiet(format!("reasons for a break: {}", reasons.len())),
        Event::RedirectNumberTold { number: None } => quiet("calls are redirected to no number".to_owned()),
        Event::RedirectNumberTold { number: Some(number) } => Said::new(
            Tone::Agent,
            format!("the number to redirect calls to is {}", telephone(number.as_str())),
        ),
        Event::NumberPlanTold { numbers } => quiet(format!("numbers of the PBX: {}", numbers.len())),
        Event::NumberStateTold { number, state } => {
            let state = match state {
                1 => "free".to_owned(),
                2 => "without a phone".to_owned(),
                5 => "busy".to_owned(),
                other => format!("in state {other}"),
            };
            quiet(format!("number {} is {state}", telephone(number.as_str())))
        }
        Event::UsersTold { users } => quiet(format!("users of the PBX: {}", users.len())),
        Event::Connected => Said::new(Tone::Connection, format!("connected: {}", agent(view))),
        Event::ConnectFailed { code, server } => {
            Said::new(Tone::Bad, format!("could not connect: {}", refusal(*code, server.as_ref())))
        }
        Event::Leaving => quiet("logs out".to_owned()),
        Event::Disconnected { reason } => Said::new(Tone::Connection, format!("connection closed: {reason}")),
        Event::ConnectionDropped => Said::new(Tone::Bad, "connection lost before it was made"),
        Event::LineWentStale { .. } => Said::new(Tone::Bad, UNKNOWN),
        Event::LineKnownAgain => {
            Said::new(Tone::Connection, "the line is read again: from here on it is known")
        }

        Event::LineChanged { to: LineState::Disconnected, .. } => {
            Said::new(Tone::Bad, "the agent has no phone")
        }
        Event::LineChanged { to, from } => quiet(format!("line: {} after {}", line(*to), line(*from))),
        Event::LineStopped { state, parties } => quiet(
            stopped(*state, parties.as_ref(), view)
                .unwrap_or_else(|| "the line is not free any more".to_owned()),
        ),
        Event::LineStarted { state, parties } => started(*state, parties, view),
        Event::TalkClockSet { .. } => quiet("the talk clock was set".to_owned()),
        Event::TalkClockStopped => quiet("the talk clock was stopped".to_owned()),
        Event::AnsweringFound { answering: Answering::NotSupported } => {
            Said::new(Tone::Warning, "this phone cannot be answered from the application")
        }
        Event::AnsweringFound { answering: Answering::Supported } => {
            quiet("this phone can be answered from the application".to_owned())
        }
        Event::AnsweringFound { answering: Answering::Looking | Answering::Untried } => {
            quiet("whether this phone can be answered from the application is looked at".to_owned())
        }

        Event::PartiesChanged { parties } if parties.is_empty() => {
            quiet("nobody at the other end".to_owned())
        }
        Event::PartiesChanged { parties } => {
            Said::new(Tone::Plain, format!("at the other end now: {}", people(parties, view)))
        }
        Event::PartiesRefreshed { parties } => quiet(format!("renewed: {}", people(parties, view))),

        Event::HoldEntered { held } => {
            Said::new(Tone::Waiting, format!("put on hold: {}", held_words(held, view)))
        }
        Event::HoldLeft { held } => {
            Said::new(Tone::Plain, format!("no longer on hold: {}", held_words(held, view)))
        }
        Event::Provider { event } => quiet(format!("CTI provider: {}", announce::provider(event).0)),
        Event::CtiModelChanged { model } => quiet(format!("CTI model: {} calls", model.calls.len())),

        Event::HoldChanged { held: Some(held) } => quiet(format!("on hold: {}", held_words(held, view))),
        Event::HoldChanged { held: None } => quiet("nobody is on hold".to_owned()),
        Event::HoldRefreshed { held } => quiet(format!("renewed, on hold: {}", held_words(held, view))),

        Event::ConferenceChanged { conference: Some(_) } => {
            Said::new(Tone::Talk, "the line is in a conference")
        }
        Event::ConferenceChanged { conference: None } => {
            Said::new(Tone::Plain, "the line is in no conference any more")
        }
        Event::ConferenceInfoTold { ghost } => {
            quiet(format!("the agent is in the conference {}", if *ghost { "unseen" } else { "openly" }))
        }
        Event::ConferenceEntered { party } => {
            Said::new(Tone::Talk, format!("joins the conference: {}", person(party, view)))
        }
        Event::ConferenceLeft { party } => {
            Said::new(Tone::Plain, format!("leaves the conference: {}", person(party, view)))
        }

        Event::QueueEntered { party } => {
            Said::new(Tone::Waiting, format!("waits in the queue: {}", person(party, view)))
        }
        Event::QueueLeft { party } => {
            Said::new(Tone::Plain, format!("waits in the queue no more: {}", person(party, view)))
        }
        Event::QueueChanged { parties } if parties.is_empty() => quiet("the queue is empty".to_owned()),
        Event::QueueChanged { parties } => quiet(format!("the queue: {}", people(parties, view))),

        Event::CallCentreChanged { active: true } => Said::new(Tone::Agent, "agent is in the call centre"),
        Event::CallCentreChanged { active: false } => {
            Said::new(Tone::Agent, "agent is not in the call centre")
        }
        Event::AgentFactsTold { .. } => quiet("the server tells of the agent's state".to_owned()),
        Event::StatusChanged { to, .. } => {
            Said::new(Tone::Agent, format!("agent's web status is {}", to.name()))
        }
        Event::AgentStateChanged { state, status, reason } => {
            agent_state(*state, *status, reason.as_ref(), view)
        }

        Event::CommandGiven { name, .. } => Said::new(Tone::Command, format!("command: {}", name.text())),
        Event::RequestSent { method, .. } => quiet(format!("asks the PBX: {}", shown(method.as_str()))),
        Event::RequestAnswered { accepted: true, .. } => quiet("the PBX agrees".to_owned()),
        Event::RequestAnswered { accepted: false, .. } => quiet("the PBX refuses".to_owned()),
        Event::RequestFailed { code, .. } => Said::new(Tone::Bad, format!("no answer from the PBX: {code}")),
        Event::CommandDone { name, result, .. } => ended(name.text(), result),

        Event::PhoneReported { event, .. } => quiet(format!("the PBX reports: {}", event.method())),
        Event::FlashReported { kind } => quiet(
            format!(
                "the PBX reports: flashstatechanged {}",
                kind.map_or_else(String::new, |kind| kind.to_string())
            )
            .trim_end()
            .to_owned(),
        ),
        Event::NativeEvent { name } => quiet(format!("the PBX reports: {}", name.text())),
        Event::CustomEvent { name, .. } => {
            Said::new(Tone::Plain, format!("custom event: {}", shown(name.as_str())))
        }
        Event::UnknownEvent { name } => {
            quiet(format!("the PBX reports something that callfold does not know: {}", shown(name.as_str())))
        }

        Event::FrameUnreadable { why } => {
            let place = if why.column > 0 { format!(" (at byte {})", why.column) } else { String::new() };
            Said::new(Tone::Warning, format!("a message could not be read: {}{place}", why.reason.text()))
        }
        Event::BoundHit { bound } => {
            Said::new(Tone::Warning, format!("the server told of more than is kept: {}", bound.text()))
        }
        Event::MultipartRefused { why } => {
            Said::new(Tone::Warning, format!("a long message was refused: {}", why.text()))
        }
        Event::FrameOnDeadSocket { .. } => quiet("a message on a connection that is closed".to_owned()),
        Event::ClockSteppedBack { by } => Said::new(
            Tone::Warning,
            format!("the clock stepped back by {by}; time is held until it is caught up with"),
        ),
        _ => Said::new(Tone::Warning, NO_WORDS),
    }
}

/// For a state of a newer engine.
const NO_WORDS_STATE: &str = "in a state that this version has no words for";
/// For an event of a newer engine.
const NO_WORDS: &str = "something happened that this version has no words for";

fn line(state: LineState) -> &'static str {
    match state {
        LineState::BackCall => "callback",
        state => state.name().unwrap_or("unknown"),
    }
}

/// How a command ended.
pub(crate) fn ended(command: &str, result: &CommandResult) -> Said {
    let refused = |why: String| Said::new(Tone::Bad, format!("command {command} refused: {why}"));
    match result {
        CommandResult::Refused { code, method, .. } => {
            let method =
                method.as_ref().map_or(String::new(), |method| format!(" ({})", shown(method.as_str())));
            let said = announce::result_value(result);
            let said = said.get("errormsg").and_then(|text| text.as_str()).filter(|text| !text.is_empty());
            let said = said.map_or(String::new(), |said| format!(" (the PBX says: {})", shown(said)));
            refused(format!("{code}{method}{said}"))
        }
        CommandResult::RefusedAtLogin { code, server } => refused(refusal(*code, server.as_ref())),
        CommandResult::RefusedByServer { .. } => refused("the PBX does not agree".to_owned()),
        CommandResult::Misused { misuse: Misuse::ArgumentNullOrEmpty } => {
            refused("a number is needed".to_owned())
        }
        CommandResult::Misused { misuse: Misuse::InvalidOperation } => {
            refused("there is no call to do it with".to_owned())
        }
        result if result.is_done() => Said::new(Tone::Quiet, format!("command {command} done")),
        _ => refused("for a reason that this version has no words for".to_owned()),
    }
}

/// Why a login or a command was refused.
pub(crate) fn refusal(code: ErrorCode, server: Option<&ServerError>) -> String {
    match server.and_then(|server| server.message.as_ref()).filter(|message| !message.as_str().is_empty()) {
        Some(message) => format!("{code} (the server says: {})", shown(message.as_str())),
        None => code.to_string(),
    }
}

fn agent(view: &View) -> String {
    let agent = &view.agent;
    let name = agent.name.as_ref().map(|name| shown(name.as_str()));
    let number = agent.number.as_ref().map(|number| telephone(number.as_str()));
    let login = || agent.login.as_ref().map_or("the agent".to_owned(), |login| shown(login.as_str()));
    match (name, number) {
        (Some(name), Some(number)) => format!("{name} {number}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => login(),
    }
}

fn agent_state(state: AgentState, status: AgentState, reason: Option<&BreakReason>, view: &View) -> Said {
    let mut text = format!("agent is {}", doing(state));
    if let Some(reason) = reason.filter(|_| matches!(state, AgentState::Break | AgentState::BusyThenBreak)) {
        let name = shown(&view.directory.reason(reason));
        if !name.is_empty() {
            text = format!("{text}: {name}");
        }
    }
    if status != state {
        text = format!("{text} (has chosen: {})", doing(status));
    }
    Said::new(Tone::Agent, text)
}

/// What an agent does.
pub(crate) const fn doing(state: AgentState) -> &'static str {
    match state {
        AgentState::Disconnected => "away",
        AgentState::Ready => "ready",
        AgentState::ReadyInCallCentre => "ready for the call centre",
        AgentState::ReadyByHand => "ready for the call centre, taking calls by hand",
        AgentState::Break => "on a break",
        AgentState::DoNotDisturb => "not to be disturbed",
        AgentState::Busy => "busy",
        AgentState::BusyThenBreak => "busy, and on a break after it",
        AgentState::NoPhone => "without a phone",
        AgentState::Redirect => "redirecting calls",
        _ => NO_WORDS_STATE,
    }
}

/// Everybody at the other end. In a conference the agent is one of the list, and left out here.
fn people(parties: &Parties, view: &View) -> String {
    let others: Vec<_> = parties
        .as_slice()
        .iter()
        .filter(|party| !is_agent(party, view))
        .take(MAX_PEOPLE)
        .map(|party| person(party, view))
        .collect();
    match parties.as_slice().len() {
        0 => NOBODY_KNOWN.to_owned(),
        _ if others.is_empty() => "the agent alone".to_owned(),
        more if more > MAX_PEOPLE + 1 => format!("{} and others, {more} in all", others.join(", ")),
        _ => others.join(", "),
    }
}

fn others(parties: &Parties, view: &View) -> BTreeSet<String> {
    let parties = parties.as_slice().iter().filter(|party| !is_agent(party, view));
    parties.map(|party| person(party, view)).collect()
}

fn is_agent(party: &Party, view: &View) -> bool {
    party.user.as_ref().is_some_and(|user| Some(&user.id) == view.agent.user.as_ref())
}

/// Name and number.
fn person(party: &Party, view: &View) -> String {
    if let Some(menu) = &party.menu {
        return menu
            .name
            .as_ref()
            .map_or("a voice menu".to_owned(), |name| format!("voice menu {}", shown(name.as_str())));
    }
    let phone = party.phone().map(|phone| phone.as_str());
    let name =
        party.name.as_ref().map(|name| name.as_str()).filter(|name| !name.is_empty() && Some(*name) != phone);
    let who = match (name, phone) {
        (Some(name), Some(phone)) => format!("{} {}", shown(name), telephone(phone)),
        (Some(name), None) => shown(name),
        (None, Some(phone)) => telephone(phone),
        (None, None) => return NOBODY_KNOWN.to_owned(),
    };
    if is_agent(party, view) { format!("{who} (the agent)") } else { who }
}

/// A number as people read it.
pub(crate) fn telephone(number: &str) -> String {
    shown(&phone::formatted(number))
}

fn held_words(held: &Held, view: &View) -> String {
    match held {
        Held::Party(party) => person(party, view),
        Held::Conference { name, room, .. } => {
            let name = name.as_ref().map(|name| shown(name.as_str())).filter(|name| !name.is_empty());
            match (name, room) {
                (Some(name), _) => format!("the conference {name}"),
                (None, Some(room)) => format!("the conference in room {room}"),
                (None, None) => "the conference".to_owned(),
            }
        }
        _ => NOBODY_KNOWN.to_owned(),
    }
}

/// A command with what it is about, by its name in the reference client.
fn asked(command: &Command, view: &View) -> String {
    let name = command.name().text();
    let about = match command {
        Command::Connect(to) | Command::Model(ModelCommand::Connect(to)) => {
            let addresses: Vec<_> =
                to.addresses.iter().map(|address| address_shown(address.as_str())).collect();
            addresses.join(" or ")
        }
        Command::Call { number, .. }
        | Command::Intercom { number }
        | Command::SetRedirectNumber { number }
        | Command::Transfer { number: Some(number) }
        | Command::Ghost { target: number, .. }
        | Command::Model(
            ModelCommand::MakeCall(number)
            | ModelCommand::MakeConsultCall(number)
            | ModelCommand::BlindTransferCall(number),
        ) => target(number.as_str(), view),
        Command::EndCall { targets: Some(numbers) } | Command::Conference { numbers: Some(numbers), .. } => {
            let all: Vec<_> = numbers.iter().take(16).map(|number| target(number.as_str(), view)).collect();
            all.join(", ")
        }
        Command::SetStatus { status, .. } | Command::SetUserStatus { status, .. } => shown(status.as_str()),
        Command::Exec { method, .. } => shown(method.as_str()),
        Command::TriggerCustomEvent { name, .. } => shown(name.as_str()),
        Command::Model(ModelCommand::SetAgentState(state)) => shown(state.as_str()),
        Command::Model(ModelCommand::SetWrapUpUserState(on) | ModelCommand::ChangeCallCentreState(on)) => {
            on.to_string()
        }
        _ => String::new(),
    };
    format!("{name} {about}").trim_end().to_owned()
}

/// An address without anything in it that may be a secret: neither user and password nor a query.
fn address_shown(address: &str) -> String {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    match address.split_once("://") {
        Some((scheme, rest)) => {
            format!("{}://{}", shown(scheme), shown(rest.rsplit('@').next().unwrap_or_default()))
        }
        None => shown(address.rsplit('@').next().unwrap_or_default()),
    }
}

/// Whom a command means: a number as it was given, a user by name.
fn target(target: &str, view: &View) -> String {
    match view.directory.users.get(target).and_then(|user| user.name.as_ref()) {
        Some(name) => shown(name.as_str()),
        None => shown(target),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use callfold::announce;
    use callfold::wire::{RefusedPart, Unreadable, UnreadableReason};
    use callfold::{Span, Timestamp, WebStatus};
    use serde_json::json;

    use super::*;

    fn party(key: &str, name: &str, number: &str) -> Arc<Party> {
        serde_json::from_value(json!({ "key": key, "external": true, "name": name, "number": number }))
            .unwrap()
    }

    fn romashka() -> Arc<Party> {
        party("1", "ООО Ромашка", "+79161234567")
    }

    fn petrova() -> Arc<Party> {
        party("2", "Петрова Анна", "102")
    }

    fn held(party: Arc<Party>) -> Held {
        Held::Party(party)
    }

    /// What a story without quiet events tells of these events of one step.
    fn told(events: &[Event]) -> Vec<String> {
        told_in(&mut Story::new(false), events)
    }

    fn told_in(story: &mut Story, events: &[Event]) -> Vec<String> {
        let mut view = View::default();
        view.connection = Connection::Connected;
        events.iter().for_each(|event| view.apply(event));
        story.tell(None, events, &view).into_iter().map(|said| said.text).collect()
    }

    fn to(to: LineState, parties: Parties, from: LineState, before: Parties) -> [Event; 3] {
        [
            Event::LineChanged { to, from },
            Event::LineStopped { state: from, parties: Some(before) },
            Event::LineStarted { state: to, parties },
        ]
    }

    /// An event of every announcement.
    fn announced() -> Vec<Event> {
        use LineState::{BackCall, BackRing, Call, Ready, Ring, Talk};
        let one = Parties::one(romashka());
        let refused = CommandResult::refused(ErrorCode::AutocallFailed);
        let mut all = vec![
            Event::Connecting { login: "ivanov".into() },
            Event::Connected,
            Event::ConnectFailed { code: ErrorCode::WrongLogin, server: None },
            Event::Disconnected { reason: DisconnectReason::ByUser },
            Event::StatusChanged { to: WebStatus::Ready, from: None },
            Event::AgentStateChanged { state: AgentState::Busy, status: AgentState::Ready, reason: None },
            Event::CallCentreChanged { active: true },
            Event::LineChanged { to: Talk, from: Ring },
            Event::PartiesChanged { parties: one.clone() },
            Event::PartiesChanged { parties: Parties::NONE },
            Event::HoldEntered { held: held(romashka()) },
            Event::HoldLeft { held: held(romashka()) },
            Event::HoldChanged { held: None },
            Event::HoldChanged { held: Some(held(romashka())) },
            Event::ConferenceEntered { party: romashka() },
            Event::ConferenceLeft { party: romashka() },
            Event::QueueEntered { party: romashka() },
            Event::QueueLeft { party: romashka() },
            Event::QueueChanged { parties: one.clone() },
            Event::CommandDone { id: CommandId(1), name: CommandName::Call, result: refused },
            Event::CommandDone { id: CommandId(1), name: CommandName::Call, result: CommandResult::DONE },
        ];
        for state in [Ready, Ring, BackRing, Call, BackCall, Talk] {
            all.push(Event::LineStopped { state, parties: Some(one.clone()) });
            all.push(Event::LineStarted { state, parties: one.clone() });
        }
        all
    }

    #[test]
    fn every_announcement_has_words() {
        let mut names = std::collections::BTreeSet::new();
        for event in announced() {
            match announce::announcement(&event).unwrap_or_else(|| panic!("{event:?} is no announcement")) {
                announce::Announcement::Event { name, .. } => names.insert(name),
                _ => names.insert("a result"),
            };
            let words = one(&event, &View::default()).text;
            assert!(!words.contains("has no words for") && !words.is_empty(), "{event:?}");
        }
        // Those of spec part 0, and results; custom and native events are passed on as they came.
        assert_eq!(names.len(), 28, "{names:?}");
    }

    #[test]
    fn every_command_and_code_has_words() {
        for name in CommandName::ALL {
            assert!(!ended(name.text(), &CommandResult::DONE).text.contains("no words"));
        }
        for code in ErrorCode::ALL {
            let said = ended("call 102", &CommandResult::refused(*code));
            assert_eq!(said.text, format!("command call 102 refused: {} {}", code.number(), code.text()));
        }
    }

    #[test]
    fn a_state_that_ends_and_one_that_begins_are_one_line() {
        use LineState::{Ready, Ring, Talk};
        let who = Parties::one(romashka());
        assert_eq!(
            told(&to(Ring, who.clone(), Ready, Parties::NONE)),
            ["rings: ООО Ромашка +7 (916) 123-45-67"]
        );
        assert_eq!(
            told(&to(Talk, who.clone(), Ring, who.clone())),
            ["talk with ООО Ромашка +7 (916) 123-45-67"]
        );
        assert_eq!(
            told(&to(Ready, Parties::NONE, Talk, who.clone())),
            ["talk ended: ООО Ромашка +7 (916) 123-45-67; the line is free"]
        );
        assert_eq!(
            told(&to(Ready, Parties::NONE, Ring, who)),
            ["rings no more: ООО Ромашка +7 (916) 123-45-67; the line is free"]
        );
    }

    #[test]
    fn a_hold_says_that_the_talk_paused_and_its_end_that_it_goes_on() {
        use LineState::{Ready, Talk};
        let who = Parties::one(romashka());
        let put = [
            Event::HoldEntered { held: held(romashka()) },
            Event::HoldChanged { held: Some(held(romashka())) },
        ];
        let put = [&put[..], &to(Ready, Parties::NONE, Talk, who.clone())].concat();
        assert_eq!(told(&put), ["put on hold: ООО Ромашка +7 (916) 123-45-67"]);
        let back = [Event::HoldLeft { held: held(romashka()) }, Event::HoldChanged { held: None }];
        let back = [&back[..], &to(Talk, who, Ready, Parties::NONE)].concat();
        assert_eq!(told(&back), ["back from hold, talk with ООО Ромашка +7 (916) 123-45-67"]);
        let gone = [Event::HoldLeft { held: held(petrova()) }, Event::HoldChanged { held: None }];
        assert_eq!(told(&gone), ["no longer on hold: Петрова Анна 102"]);
    }

    #[test]
    fn who_is_there_already_is_not_told_again() {
        use LineState::{Ready, Talk};
        let mut story = Story::new(false);
        let talk = to(Talk, Parties::one(romashka()), Ready, Parties::NONE);
        told_in(&mut story, &talk);
        let talking = Event::LineChanged { to: Talk, from: Talk };
        let again = Event::PartiesChanged { parties: Parties::one(romashka()) };
        let mut view = View::default();
        view.apply(&talking);
        assert_eq!(story.tell(None, &[again], &view), []);
        let both: Parties = [romashka(), petrova()].into_iter().collect();
        let more = story.tell(None, &[Event::PartiesChanged { parties: both }], &view);
        assert_eq!(more[0].text, "talk with ООО Ромашка +7 (916) 123-45-67, Петрова Анна 102");
    }

    #[test]
    fn a_command_that_is_refused_at_once_is_one_line_with_what_it_was_about() {
        let mut story = Story::new(false);
        let call = Command::Call { number: "102".into(), sequence: callfold::CallSequence::AgentFirst };
        let given = Event::CommandGiven { id: CommandId(7), name: CommandName::Call, target: None };
        let refused = |code| Event::CommandDone {
            id: CommandId(7),
            name: CommandName::Call,
            result: CommandResult::refused(code),
        };
        let view = View::default();
        let texts = |said: Vec<Said>| said.into_iter().map(|said| said.text).collect::<Vec<_>>();
        let at_once = [given.clone(), refused(ErrorCode::BadLineForCall)];
        assert_eq!(
            texts(story.tell(Some(&call), &at_once, &view)),
            ["command call 102 refused: 2103 phone state not valid for call"]
        );
        assert_eq!(texts(story.tell(Some(&call), &[given], &view)), ["command: call 102"]);
        assert_eq!(
            texts(story.tell(None, &[refused(ErrorCode::AutocallFailed)], &view)),
            ["command call 102 refused: 2107 error autocall method call"]
        );
        assert!(story.commands.is_empty());
    }

    #[test]
    fn a_command_that_the_application_did_not_give_is_callfold_s_own() {
        let given = |id, name| Event::CommandGiven { id: CommandId(id), name, target: None };
        let own = given(1, CommandName::SetStatus);
        assert_eq!(told(std::slice::from_ref(&own)), ["command: setStatus (callfold's own)"]);
        // What a rule makes of the application's command comes after it.
        let said = Story::new(false).tell(
            Some(&Command::Hold),
            &[given(2, CommandName::Hold), given(3, CommandName::Hold)],
            &View::default(),
        );
        let said: Vec<_> = said.into_iter().map(|said| said.text).collect();
        assert_eq!(said, ["command: hold", "command: hold (callfold's own)"]);
    }

    #[test]
    fn a_refusal_says_what_the_server_said_and_that_it_never_answered() {
        let (id, name, code) = (CommandId(1), CommandName::Call, ErrorCode::AutocallFailed);
        let failed = Event::RequestFailed { command: id, qid: 7, code: ErrorCode::NoAnswer };
        let done = |server: Option<&str>| {
            let server = server.map(|server| serde_json::from_value(json!(server)).unwrap());
            Event::CommandDone { id, name, result: CommandResult::Refused { code, method: None, server } }
        };
        let refused = "command call refused: 2107 error autocall method call";
        assert_eq!(
            told(&[failed, done(None)]),
            [format!(
                "{refused} (its request failed: 1102 server didnt understand method or response timeout)"
            )]
        );
        assert_eq!(
            told(&[done(Some(r#"{"errormsg":"busy"}"#))]),
            [format!("{refused} (the PBX says: busy)")]
        );
    }

    #[test]
    fn a_lost_connection_says_what_is_not_known() {
        let lost = [
            Event::LineWentStale { since: Timestamp::default() },
            Event::Disconnected { reason: DisconnectReason::ConnectionClosed },
        ];
        assert_eq!(
            told(&lost),
            [
                "connection lost (12 websocket connection closed): what line, hold and parties are is not known \
              until the line is read again"
            ]
        );
        assert_eq!(
            told(&[Event::Disconnected { reason: DisconnectReason::ByUser }]),
            ["connection closed: 13 disconnected by user"]
        );
    }

    #[test]
    fn findings_say_what_is_wrong() {
        let unreadable: Unreadable =
            serde_json::from_value(json!({ "reason": UnreadableReason::TooLong, "line": 0, "column": 0 }))
                .unwrap();
        assert_eq!(
            told(&[
                Event::FrameUnreadable { why: unreadable },
                Event::MultipartRefused { why: RefusedPart::Age },
                Event::ClockSteppedBack { by: Span::from_millis(1_500) },
            ]),
            [
                "a message could not be read: longer than 4 MiB".to_owned(),
                "a long message was refused: not complete after 30 s".to_owned(),
                format!(
                    "the clock stepped back by {}; time is held until it is caught up with",
                    Span::from_millis(1_500)
                ),
            ]
        );
    }

    #[test]
    fn what_is_shown_is_one_harmless_line_of_bounded_length() {
        assert_eq!(shown("a\u{1b}[31mb\r\n\u{202e}c"), "a\u{fffd}[31mb\u{fffd}\u{fffd}\u{fffd}c");
        assert_eq!(shown(&"я".repeat(1_000)), format!("{}…", "я".repeat(MAX_SHOWN)));
    }

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        assert_eq!(address_shown("ws://me:canary@pbx.local:80/x?token=canary#y"), "ws://pbx.local:80/x");
        assert_eq!(address_shown("me:canary@pbx.local"), "pbx.local");
    }

    #[test]
    fn many_people_are_not_named_without_end() {
        let many: Parties = (0..1_000).map(|n| party(&n.to_string(), "", &n.to_string())).collect();
        assert!(people(&many, &View::default()).ends_with(", 15 and others, 1000 in all"));
    }
}
