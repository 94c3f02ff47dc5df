//! What an agent does in a day, in about the proportions of a sales or support floor.

use callfold_engine::{CallSequence, Command};

use super::office::{AGENT, colleague, customer};
use super::stage::Stage;
use crate::Done;

/// Something that an agent does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Deed {
    /// Answers a call, and talks.
    Talk,
    /// A caller gives up before the phone is lifted.
    Missed,
    /// Calls somebody outside.
    CallOut,
    /// Talks, and puts the caller on hold once or twice.
    Hold,
    /// Talks, asks a colleague, and comes back.
    Consult,
    /// Talks, asks a colleague, and connects the two.
    Transfer,
    /// Passes a call on without asking.
    PassOn,
    /// Is in a conference of three to ten.
    Conference,
    /// Takes a break.
    Break,
}

/// Deeds, and how many in a hundred they are.
const DAY: [(Deed, u32); 9] = [
    (Deed::Talk, 42),
    (Deed::Missed, 10),
    (Deed::CallOut, 17),
    (Deed::Hold, 11),
    (Deed::Consult, 4),
    (Deed::Transfer, 5),
    (Deed::PassOn, 3),
    (Deed::Conference, 3),
    (Deed::Break, 5),
];

/// The next thing that the agent does.
pub(super) fn next(stage: &mut Stage) -> Done<Deed> {
    let mut left = stage.chance.u32(0..100);
    let deed = DAY
        .iter()
        .find(|(_, share)| {
            let is_this = left < *share;
            left = left.saturating_sub(*share);
            is_this
        })
        .map_or(Deed::Talk, |(deed, _)| *deed);
    match deed {
        Deed::Talk => {
            answered(stage)?;
            stage.pass_between(25_000, 150_000)?;
        }
        Deed::Missed => {
            let caller = stage.customer_calls();
            stage.pass_between(4_000, 20_000)?;
            stage.at_phone(|pbx, now| pbx.hang_up(now, caller));
        }
        Deed::CallOut => call_out(stage)?,
        Deed::Hold => hold(stage)?,
        Deed::Consult | Deed::Transfer => consult(stage, deed)?,
        Deed::PassOn => {
            answered(stage)?;
            stage.pass_between(8_000, 30_000)?;
            let to = colleague(stage.chance.usize(..));
            stage.command(Command::Transfer { number: Some(to.as_str().into()) })?;
            stage.pass_between(2_000, 6_000)?;
            stage.at_phone(|pbx, now| pbx.answer(now, to.as_str()));
            stage.pass_between(2_000, 6_000)?;
            stage.at_phone(|pbx, now| pbx.hang_up(now, to.as_str()));
        }
        Deed::Conference => conference(stage)?,
        Deed::Break => {
            stage.command(Command::SetUserStatus { status: "break".into(), reason: None })?;
            stage.pass_between(20_000, 60_000)?;
            stage.command(Command::SetUserStatus { status: "ready".into(), reason: None })?;
        }
    }
    end(stage)?;
    Ok(deed)
}

/// A customer calls, and the agent lifts the phone.
fn answered(stage: &mut Stage) -> Done<()> {
    stage.customer_calls();
    stage.pass_between(2_000, 9_000)?;
    if stage.chance.bool() {
        stage.command(Command::Answer)?;
    } else {
        stage.at_phone(|pbx, now| pbx.answer(now, AGENT));
    }
    stage.pass_between(2_000, 3_000)
}

fn call_out(stage: &mut Stage) -> Done<()> {
    let number = customer(stage.chance.usize(..));
    let call = Command::Call { number: number.as_str().into(), sequence: CallSequence::AgentFirst };
    stage.command(call)?;
    stage.pass_between(1_500, 3_000)?;
    stage.at_phone(|pbx, now| pbx.answer(now, AGENT));
    stage.pass_between(5_000, 15_000)?;
    if stage.chance.u32(0..4) > 0 {
        let called = stage.pbx.find_outside(&number);
        stage.at_phone(|pbx, now| called.map_or(Ok(()), |called| pbx.answer(now, called)));
        stage.pass_between(20_000, 120_000)?;
    }
    Ok(())
}

fn hold(stage: &mut Stage) -> Done<()> {
    answered(stage)?;
    for _ in 0..stage.chance.u32(1..3) {
        stage.pass_between(8_000, 40_000)?;
        stage.command(Command::Hold)?;
        stage.pass_between(5_000, 30_000)?;
        stage.command(Command::Hold)?;
    }
    stage.pass_between(5_000, 40_000)
}

fn consult(stage: &mut Stage, deed: Deed) -> Done<()> {
    answered(stage)?;
    stage.pass_between(8_000, 40_000)?;
    let to = colleague(stage.chance.usize(..));
    stage.command(Command::Call { number: to.as_str().into(), sequence: CallSequence::AgentFirst })?;
    stage.pass_between(3_000, 8_000)?;
    stage.at_phone(|pbx, now| pbx.answer(now, to.as_str()));
    stage.pass_between(5_000, 40_000)?;
    if deed == Deed::Transfer {
        stage.command(Command::Commutate)?;
        stage.pass_between(3_000, 20_000)?;
    } else {
        stage.at_phone(|pbx, now| pbx.hang_up(now, to.as_str()));
        stage.pass_between(2_000, 5_000)?;
        stage.command(Command::Hold)?;
        stage.pass_between(5_000, 30_000)?;
    }
    stage.at_phone(|pbx, now| pbx.hang_up(now, to.as_str()));
    Ok(())
}

/// Three to ten are in it, the agent among them; they come, change and go.
fn conference(stage: &mut Stage) -> Done<()> {
    let first = stage.chance.usize(..);
    let others: Vec<String> = (0..stage.chance.usize(2..10)).map(|place| colleague(first + place)).collect();
    for other in &others {
        stage.at_phone(|pbx, now| pbx.hang_up(now, other.as_str()));
    }
    let named: Vec<&str> = others.iter().map(String::as_str).collect();
    stage.at_phone(|pbx, now| pbx.conference(now, AGENT, &named));
    stage.pass_between(10_000, 30_000)?;
    for other in &others {
        stage.pass_between(3_000, 12_000)?;
        stage.at_phone(|pbx, now| pbx.hang_up(now, other.as_str()));
        if stage.chance.bool() {
            stage.pass_between(1_000, 3_000)?;
            stage.at_phone(|pbx, now| pbx.invite(now, AGENT, other));
            stage.pass_between(1_000, 3_000)?;
            stage.at_phone(|pbx, now| pbx.answer(now, other.as_str()));
        }
    }
    Ok(())
}

/// The line is free again, and a while passes until the next call.
fn end(stage: &mut Stage) -> Done<()> {
    for _ in 0..8 {
        stage.pass(1_500)?;
        if stage.is_free() {
            break;
        }
        stage.at_phone(|pbx, now| pbx.hang_up(now, AGENT));
    }
    stage.pass_between(3_000, 25_000)
}
