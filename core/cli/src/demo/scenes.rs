//! What happens in the demonstration, scene by scene. People at phones act through the simulated PBX, agents through
//! their lines; each waits until it sees what the other did.

use std::time::Duration;

use callfold::{AgentState, CallSequence, Command, Connection, LineState, View};
use callfold_simulator::{OutsideId, OutsideState};
use tokio::time::{Instant, sleep};

use super::PATIENCE;
use super::office::{Agent, BAKERY, Customer, FLORIST, Office};
use crate::fail::Failed;

/// How fast it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// So that people can read along.
    ForReaders,
    /// As fast as it goes.
    Fast,
}

impl Pace {
    /// People talk, or wait.
    async fn a_while(self) {
        sleep(match self {
            Self::ForReaders => Duration::from_millis(1_200),
            Self::Fast => Duration::from_millis(30),
        })
        .await;
    }
}

/// Plays everything. `scene` is told the title of each scene before it begins.
pub(super) async fn play(
    office: &Office,
    pace: Pace,
    scene: &(dyn Fn(&'static str) + Sync),
) -> Result<(), Failed> {
    scene("Three agents log in");
    for agent in office.agents() {
        agent.log_in().await?;
        agent.sees("a free line", is_free).await?;
    }
    pace.a_while().await;
    scene("Anna calls a customer, puts them on hold, takes them back, ends the call");
    outgoing(office, pace).await?;
    scene("A customer calls, Anna consults Boris and connects the two");
    consultation(office, pace).await?;
    scene("A talk becomes a conference of three");
    conference(office, pace).await?;
    scene("A customer gives up before Vera answers, and Vera takes a break");
    abandoned(office, pace).await?;
    scene("The connection to the server is lost in the midst of a talk");
    connection_lost(office, pace).await
}

async fn outgoing(office: &Office, pace: Pace) -> Result<(), Failed> {
    let [anna, ..] = office.agents();
    anna.commands(calls(BAKERY.number)).await?;
    anna.sees("her phone ring", |view| matches!(view.line, LineState::BackRing)).await?;
    pace.a_while().await;
    office.pbx.answer(anna.number).map_err(refused)?;
    let baker = customer_rings(office, &BAKERY).await?;
    anna.sees("that it rings there", |view| view.line == LineState::Call).await?;
    pace.a_while().await;
    office.pbx.answer(baker).map_err(refused)?;
    anna.sees("a talk", is_talk).await?;
    pace.a_while().await;
    anna.commands(Command::Hold).await?;
    anna.sees("somebody on hold", has_held).await?;
    pace.a_while().await;
    anna.commands(Command::Hold).await?;
    anna.sees("the customer back", |view| is_talk(view) && !has_held(view)).await?;
    pace.a_while().await;
    anna.commands(Command::EndCall { targets: None }).await?;
    anna.sees("a free line", is_free).await
}

async fn consultation(office: &Office, pace: Pace) -> Result<(), Failed> {
    let [anna, boris, _] = office.agents();
    let florist = incoming(office, &FLORIST, anna, pace).await?;
    pace.a_while().await;
    anna.commands(calls(boris.number)).await?;
    boris.sees("his phone ring", |view| view.line == LineState::Ring).await?;
    anna.sees("that it rings there", |view| view.line == LineState::Call && has_held(view)).await?;
    pace.a_while().await;
    office.pbx.answer(boris.number).map_err(refused)?;
    anna.sees("Boris, with the customer on hold", |view| is_talk(view) && has_held(view)).await?;
    pace.a_while().await;
    anna.commands(Command::Commutate).await?;
    anna.sees("a free line", is_free).await?;
    boris.sees("the customer", |view| is_talk(view) && view.parties.find(FLORIST.number).is_some()).await?;
    pace.a_while().await;
    office.pbx.hang_up(florist).map_err(refused)?;
    boris.sees("a free line", is_free).await
}

async fn conference(office: &Office, pace: Pace) -> Result<(), Failed> {
    let [anna, boris, _] = office.agents();
    let baker = incoming(office, &BAKERY, anna, pace).await?;
    pace.a_while().await;
    let boris_too = Some(vec![boris.number.into()]);
    anna.commands(Command::Conference { numbers: boris_too, given: None }).await?;
    boris.sees("his phone ring", |view| view.line == LineState::Ring).await?;
    pace.a_while().await;
    office.pbx.answer(boris.number).map_err(refused)?;
    anna.sees("a conference of three", |view| {
        view.conference.is_some() && view.parties.as_slice().len() >= 3
    })
    .await?;
    pace.a_while().await;
    office.pbx.hang_up(baker).map_err(refused)?;
    pace.a_while().await;
    anna.commands(Command::EndCall { targets: Some(vec![anna.number.into()]) }).await?;
    for agent in [anna, boris] {
        agent.sees("a free line", is_free).await?;
    }
    Ok(())
}

async fn abandoned(office: &Office, pace: Pace) -> Result<(), Failed> {
    let [_, _, vera] = office.agents();
    let florist = office.pbx.external_call(FLORIST.number, vera.number);
    vera.sees("her phone ring", |view| view.line == LineState::Ring).await?;
    pace.a_while().await;
    office.pbx.hang_up(florist).map_err(refused)?;
    vera.sees("a free line", is_free).await?;
    let status = |status: &str, reason| Command::SetUserStatus { status: status.into(), reason };
    let lunch = vera.view().await?.directory.reasons.keys().next().copied().map(callfold::BreakReason::Id);
    vera.commands(status("break", lunch)).await?;
    vera.sees("her break", |view| view.agent.state == AgentState::Break).await?;
    pace.a_while().await;
    vera.commands(status("ready", None)).await?;
    vera.sees("that she is ready", |view| view.agent.state == AgentState::Ready).await
}

async fn connection_lost(office: &Office, pace: Pace) -> Result<(), Failed> {
    let [anna, ..] = office.agents();
    let baker = incoming(office, &BAKERY, anna, pace).await?;
    pace.a_while().await;
    office.pbx.cut(anna.number);
    anna.sees("that nothing is known", |view| view.stale_since.is_some()).await?;
    let is_back = |view: &View| view.connection == Connection::Connected && view.stale_since.is_none();
    anna.sees("the server again", is_back).await?;
    anna.sees("the talk, which went on", is_talk).await?;
    pace.a_while().await;
    office.pbx.hang_up(baker).map_err(refused)?;
    anna.sees("a free line", is_free).await
}

/// A customer calls an agent, who answers.
async fn incoming(office: &Office, from: &Customer, to: &Agent, pace: Pace) -> Result<OutsideId, Failed> {
    let customer = office.pbx.external_call(from.number, to.number);
    to.sees("the phone ring", |view| view.line == LineState::Ring).await?;
    pace.a_while().await;
    to.commands(Command::Answer).await?;
    to.sees("a talk", is_talk).await?;
    Ok(customer)
}

/// A customer's phone rings.
async fn customer_rings(office: &Office, customer: &Customer) -> Result<OutsideId, Failed> {
    let until = Instant::now() + PATIENCE;
    loop {
        let found = office.pbx.find_outside(customer.number);
        if let Some(id) = found.filter(|id| office.pbx.outside(*id) == OutsideState::Ringing) {
            return Ok(id);
        }
        if Instant::now() > until {
            return Err(Failed::System("the customer's phone does not ring".to_owned()));
        }
        sleep(Duration::from_millis(5)).await;
    }
}

fn calls(number: &str) -> Command {
    Command::Call { number: number.into(), sequence: CallSequence::AgentFirst }
}

fn is_talk(view: &View) -> bool {
    view.line == LineState::Talk
}

fn is_free(view: &View) -> bool {
    view.line == LineState::Ready && view.held.is_none()
}

fn has_held(view: &View) -> bool {
    view.held.is_some()
}

fn refused(why: callfold_simulator::Refused) -> Failed {
    Failed::System(format!("the PBX refuses: {why}"))
}
