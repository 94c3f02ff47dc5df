//! What a line at the console asks for.

use std::time::Duration;

use callfold::{BreakReason, CallSequence, Command, ConferenceId, GhostMode, NewConference, PhoneNumber};

/// How long something is waited for, if nothing is said.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Something of the PBX.
    Command(Command),
    /// A consultation: it needs somebody who waits meanwhile.
    Consult(PhoneNumber),
    /// What is so now.
    State,
    /// What may be done with a number.
    Actions(String),
    /// The last calls.
    Calls,
    /// That the line comes to be so.
    Wait(Awaited, Duration),
    /// What can be asked for.
    Help,
    /// Goodbye.
    Quit,
}

/// What the line may be waited for to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    Ready,
    Ring,
    BackRing,
    Call,
    Talk,
    Held,
    Free,
    Conference,
    Disconnected,
}

impl Awaited {
    /// By name.
    pub(super) const ALL: [(&'static str, Self); 9] = [
        ("ready", Self::Ready),
        ("ring", Self::Ring),
        ("backring", Self::BackRing),
        ("call", Self::Call),
        ("talk", Self::Talk),
        ("held", Self::Held),
        ("free", Self::Free),
        ("conference", Self::Conference),
        ("disconnected", Self::Disconnected),
    ];
}

/// A word that begins a line, what follows it, and what it does.
pub(super) struct Word {
    pub(super) name: &'static str,
    pub(super) with: &'static str,
    pub(super) does: &'static str,
}

const fn word(name: &'static str, with: &'static str, does: &'static str) -> Word {
    Word { name, with, does }
}

/// Every word, in the order in which people need them.
pub(super) const WORDS: [Word; 25] = [
    word("call", "NUMBER", "call somebody"),
    word("intercom", "NUMBER", "call somebody whose phone answers by itself"),
    word("answer", "", "answer the call that rings"),
    word("hold", "", "put on hold, or take back"),
    word("toggle", "", "change between the call and the held one"),
    word("consult", "NUMBER", "call somebody while the other one waits"),
    word("transfer", "[NUMBER]", "pass the call on; without a number, to who is on hold"),
    word("connect", "", "connect the two, and leave"),
    word("conference", "[NUMBER ...]", "make a conference, or invite to it"),
    word("invite", "NUMBER ...", "invite to the conference"),
    word("putout", "NUMBER ...", "put out of the conference"),
    word("end", "[NUMBER ...]", "end the call, or that with these"),
    word("listen", "NUMBER", "hear the call of a subordinate"),
    word("whisper", "NUMBER", "be heard by the subordinate only"),
    word("join", "NUMBER", "be heard by all"),
    word("status", "NAME", "web status: ready, dnd, redirect, break"),
    word("userstatus", "NAME [REASON]", "ready, readyCC, readyCCManual, busy, dnd, redirect, break"),
    word("redirect", "[NUMBER]", "the number to redirect calls to; without one, forget it"),
    word("state", "", "what is so now"),
    word("actions", "NUMBER", "what may be done with a number now"),
    word("calls", "", "the last calls, if they are recorded"),
    word("wait", "STATE [SECONDS]", "wait until the line is so"),
    word("help", "", "this list"),
    word("quit", "", "log out, and leave"),
    word("exit", "", "the same"),
];

/// Reads a line. None if there is nothing on it; an error says what would make sense.
pub(super) fn read(line: &str) -> Result<Option<Asked>, String> {
    let line = line.split(" #").next().unwrap_or_default().trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let Some(word) = WORDS.iter().find(|word| word.name == name) else {
        return Err(format!("there is no command {}; `help` lists them", crate::words::shown(name)));
    };
    let usage = || format!("say: {} {}", word.name, word.with).trim_end().to_owned();
    asked(name, rest).map(Some).ok_or_else(usage)
}

fn asked(name: &str, rest: &str) -> Option<Asked> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    let none = |asked: Asked| words.is_empty().then_some(asked);
    let one = || (!rest.is_empty()).then(|| number(rest));
    let all = || (!words.is_empty()).then(|| words.iter().map(|word| number(word)).collect::<Vec<_>>());
    let ghost = |mode| one().map(|target| Command::Ghost { mode, target });
    let command = match name {
        "call" => Command::Call { number: one()?, sequence: CallSequence::AgentFirst },
        "intercom" => Command::Intercom { number: one()? },
        "answer" => return none(Asked::Command(Command::Answer)),
        "hold" => return none(Asked::Command(Command::Hold)),
        "toggle" => return none(Asked::Command(Command::Toggle)),
        "consult" => return one().map(Asked::Consult),
        "transfer" => Command::Transfer { number: one() },
        "connect" => return none(Asked::Command(Command::Commutate)),
        "conference" => Command::Conference { numbers: all(), given: Some(drawn()) },
        "invite" => Command::Conference { numbers: Some(all()?), given: Some(drawn()) },
        "putout" => Command::EndCall { targets: Some(all()?) },
        "end" => Command::EndCall { targets: all() },
        "listen" => ghost(GhostMode::Listen)?,
        "whisper" => ghost(GhostMode::Help)?,
        "join" => ghost(GhostMode::Conference)?,
        "status" => Command::SetStatus { status: words.first().copied()?.into(), reason: reason(&words) },
        "userstatus" => {
            Command::SetUserStatus { status: words.first().copied()?.into(), reason: reason(&words) }
        }
        "redirect" => Command::SetRedirectNumber { number: number(rest) },
        "state" => return none(Asked::State),
        "actions" => return (!rest.is_empty()).then(|| Asked::Actions(rest.to_owned())),
        "calls" => return none(Asked::Calls),
        "wait" => return wait(&words),
        "help" => return none(Asked::Help),
        "quit" | "exit" => return none(Asked::Quit),
        _ => return None,
    };
    Some(Asked::Command(command))
}

/// A number as people write it, without the blanks and brackets.
fn number(text: &str) -> PhoneNumber {
    let is_number = text.chars().all(|c| c.is_ascii_digit() || "+-() ".contains(c));
    if is_number {
        let bare: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        PhoneNumber::from(bare.as_str())
    } else {
        PhoneNumber::from(text)
    }
}

fn reason(words: &[&str]) -> Option<BreakReason> {
    let text = words.get(1..)?.join(" ");
    match text.parse() {
        Ok(id) => Some(BreakReason::Id(id)),
        Err(_) if text.is_empty() => None,
        Err(_) => Some(BreakReason::Text(text.as_str().into())),
    }
}

fn wait(words: &[&str]) -> Option<Asked> {
    let (name, rest) = words.split_first()?;
    let (_, state) = Awaited::ALL.iter().find(|(known, _)| known == name)?;
    let patience = match rest {
        [] => PATIENCE,
        [secs] => Duration::from_secs(secs.parse().ok()?),
        _ => return None,
    };
    Some(Asked::Wait(*state, patience))
}

/// What a new conference needs at random.
fn drawn() -> NewConference {
    use std::hash::{BuildHasher as _, Hasher as _};
    let seed = std::hash::RandomState::new().build_hasher().finish();
    let mut chance = fastrand::Rng::with_seed(seed);
    let bits = chance.u128(..);
    // Version 4, as GUIDs drawn at random are.
    let bits = (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    let part = |from, to| hex.get(from..to).unwrap_or_default();
    let id = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
    NewConference { id: ConferenceId::from(id.as_str()), room: chance.u16(0..10_000) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> Command {
        match read(line) {
            Ok(Some(Asked::Command(command))) => command,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn every_word_is_read_with_what_it_needs() {
        for word in WORDS {
            let with = match word.with {
                "" => "",
                "STATE [SECONDS]" => "talk 5",
                _ => "102",
            };
            let line = format!("{} {with}", word.name);
            assert!(matches!(read(&line), Ok(Some(_))), "{line}: {:?}", read(&line));
        }
    }

    #[test]
    fn what_makes_no_sense_says_what_would() {
        assert_eq!(read("call").unwrap_err(), "say: call NUMBER");
        assert_eq!(read("answer 102").unwrap_err(), "say: answer");
        assert_eq!(read("wait forever").unwrap_err(), "say: wait STATE [SECONDS]");
        assert!(read("dial 102").unwrap_err().contains("no command dial"));
        assert_eq!(read("  # a remark"), Ok(None));
        assert_eq!(read(""), Ok(None));
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let call = |number: &str| Command::Call { number: number.into(), sequence: CallSequence::AgentFirst };
        assert_eq!(command("call +7 (916) 123-45-67  # the customer"), call("+79161234567"));
        assert_eq!(command("call ivanov"), call("ivanov"));
        let Command::Conference { numbers: Some(numbers), given: Some(given) } =
            command("conference 102 103")
        else {
            panic!("another command")
        };
        assert_eq!(numbers, [PhoneNumber::from("102"), PhoneNumber::from("103")]);
        assert_eq!(given.id.as_str().len(), 36);
        assert!(given.room < 10_000);
    }
}
