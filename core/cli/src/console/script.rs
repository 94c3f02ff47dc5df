//! Lines from a pipe, one after another.

use std::io::BufRead as _;

use tokio::sync::mpsc;

use super::asked;
use super::desk::{Desk, Ended};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::live::interrupt::Interrupts;
use crate::style::Tone;
use crate::words::{Said, shown};

/// Does what the lines ask for. `strict`: up to the first that is refused.
pub(super) async fn run(desk: &Desk, strict: bool, interrupts: &mut Interrupts) -> Result<Outcome, Failed> {
    let (read, mut lines) = mpsc::channel(16);
    // Not one of the runtime's threads: it would wait for this one before it ends.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let is_last = line.is_err();
            if read.blocking_send(line).is_err() || is_last {
                return;
            }
        }
    });
    let mut outcome = Outcome::Good;
    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            () = interrupts.asked() => return Ok(outcome),
        };
        let line = match line {
            None => return Ok(outcome),
            Some(Ok(line)) => line,
            Some(Err(error)) => return Err(Failed::System(format!("standard input: {error}"))),
        };
        let ended = match asked::read(&line) {
            Ok(None) => continue,
            Ok(Some(asked)) => {
                desk.told.say(&Said::new(Tone::Command, format!("> {}", shown(line.trim()))));
                tokio::select! {
                    ended = desk.ask(asked) => ended,
                    () = interrupts.asked() => return Ok(outcome),
                }
            }
            Err(why) => desk.misread(&why),
        };
        match ended {
            Ended::Done => {}
            Ended::Refused => {
                outcome = Outcome::Findings;
                if strict {
                    return Ok(outcome);
                }
            }
            Ended::Quit => return Ok(outcome),
        }
    }
}
