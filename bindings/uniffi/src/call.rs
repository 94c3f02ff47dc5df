//! Calls of a log, as they cross.

use callfold::calls::{self, json};
use callfold::{JsonText, PersonName, PhoneNumber, Span, Timestamp};

use crate::command::CommandResult;
use crate::time::TimeTotal;
use crate::words::{
    CallDirection, CallOutcome, EndedBy, GivenBy, HoldEnd, HoldReason, IrregularityKind, LinkKind, SpellKind,
    TransferKind,
};

/// When something was so, and the record that proves it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// The number of the record.
    pub seq: u64,
}

/// Who is at the other end.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct OtherSide {
    /// The number.
    pub number: Option<PhoneNumber>,
    /// The name.
    pub name: Option<PersonName>,
    /// The user, if it is one.
    pub user: Option<String>,
    /// Whether it is behind an external line.
    pub external: bool,
    /// Whether it is a voice menu.
    pub menu: bool,
}

/// A stretch of a call.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CallSpell {
    /// What went on.
    pub kind: SpellKind,
    /// Whether it is how a callback begins: the PBX sets the call up (dial), or the agent's own phone rings for it (ring).
    pub callback: bool,
    /// From when.
    pub from: Moment,
    /// Until when; none while it goes on.
    pub to: Option<Moment>,
}

/// Someone at the other end, from when until when.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CallLeg {
    /// Who.
    pub who: OtherSide,
    /// Whether it is the agent: one of the members of a conference.
    pub agent: bool,
    /// From when.
    pub from: Moment,
    /// Until when; none while it goes on.
    pub to: Option<Moment>,
}

/// A time on hold.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CallHold {
    /// From when.
    pub from: Moment,
    /// Until when; none while it goes on.
    pub to: Option<Moment>,
    /// Why.
    pub reason: HoldReason,
    /// How it ended.
    pub end: Option<HoldEnd>,
}

/// How a call was passed on.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CallTransfer {
    /// When it took effect.
    pub at: Moment,
    /// Of what kind it is.
    pub kind: TransferKind,
    /// To whom (or, to us: from whom), as far as it is known.
    pub with: Option<OtherSide>,
}

/// A time in a conference.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ConferenceSpell {
    /// Which conference.
    pub conference: String,
    /// Its name, where the server told it: of one that was on hold.
    pub name: Option<PersonName>,
    /// Its room, where the server told it: of one that was on hold.
    pub room: Option<i64>,
    /// Whether the agent was in it as a ghost at some time: the server's list is then without most of the others.
    pub ghost: bool,
    /// From when.
    pub from: Moment,
    /// Until when; none while it goes on.
    pub to: Option<Moment>,
    /// Whom the server listed in it, the agent included, from when until when. Who was invited and never came is listed, too.
    /// Nobody: the list was never told.
    pub members: Vec<CallLeg>,
}

/// What a call has to do with another call of the line.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CallLink {
    /// Since when.
    pub at: Moment,
    /// What.
    pub kind: LinkKind,
    /// The other call.
    pub call: String,
    /// Who was on it then, as far as it is known.
    pub with: OtherSide,
}

/// A time while the connection was down.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CallGap {
    /// From when.
    pub from: Moment,
    /// Until when; none while it goes on.
    pub to: Option<Moment>,
}

/// Something that does not fit, and where.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Irregularity {
    /// What.
    pub kind: IrregularityKind,
    /// Where.
    pub at: Moment,
}

/// A call: everything on one chain for one stream, each fact with the record that proves it.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Call {
    /// The stream.
    pub stream: String,
    /// Its name within the stream.
    pub id: String,
    /// Its chain, if the server named one.
    pub chain: Option<String>,
    /// Who called whom.
    pub direction: CallDirection,
    /// Whether the agent's own phone rang first.
    pub callback: bool,
    /// Who was at the other end first, as far as it is known.
    pub other: OtherSide,
    /// When it began.
    pub began: Moment,
    /// Whether it was up already when the line was first seen.
    pub up_when_connected: bool,
    /// When it was answered: the first talk.
    pub answered: Option<Moment>,
    /// When it ended; none while it goes on.
    pub ended: Option<Moment>,
    /// Who ended it, where the wire shows it.
    pub ended_by: Option<EndedBy>,
    /// What became of it.
    pub outcome: CallOutcome,
    /// How long it rang, or was dialled.
    pub waited: Span,
    /// How long it was talked on, conferences included.
    pub talk: Span,
    /// How long it was on hold.
    pub held: Span,
    /// What went on when, without overlap, in order.
    pub spells: Vec<CallSpell>,
    /// Who was at the other end when.
    pub legs: Vec<CallLeg>,
    /// Every time it was on hold.
    pub holds: Vec<CallHold>,
    /// The call for which this one consults.
    pub consults_for: Option<String>,
    /// The calls by which this one was consulted.
    pub consultations: Vec<String>,
    /// What it has to do with other calls of the line, in order.
    pub links: Vec<CallLink>,
    /// How it was passed on, each time.
    pub transfers: Vec<CallTransfer>,
    /// The conferences that it was part of.
    pub conferences: Vec<ConferenceSpell>,
    /// While the connection was down, nobody knows what it did.
    pub gaps: Vec<CallGap>,
    /// Commands that were given while it was on the line or on hold, by id.
    pub commands: Vec<u64>,
    /// What does not fit.
    pub irregularities: Vec<Irregularity>,
    /// Its time, by kind; kinds without any are left out.
    pub time: Vec<TimeTotal>,
    /// The whole call as every surface tells it.
    pub json: JsonText,
}

/// A command from asking to effect.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct CommandTrail {
    /// Its name in the log.
    pub id: u64,
    /// Which command, as the reference client calls it.
    pub command: String,
    /// The number or user that it names first.
    pub target: Option<PhoneNumber>,
    /// The other numbers or users that it names.
    pub others: Vec<PhoneNumber>,
    /// What it names besides: a status and the reason of a break, a method, an event, a chain, `true` or `false`.
    pub about: Vec<String>,
    /// Whose command it is, where the log says it.
    pub by: Option<GivenBy>,
    /// When it was asked.
    pub asked: Moment,
    /// When it ended; none while it goes on.
    pub done: Option<Moment>,
    /// How it ended.
    pub result: Option<CommandResult>,
    /// When the line, hold, parties or agent changed by it; none if nothing came of it in time.
    pub effect: Option<Moment>,
}

impl From<calls::Moment> for Moment {
    fn from(moment: calls::Moment) -> Self {
        Self { at: moment.at, seq: moment.seq }
    }
}

fn moment(moment: Option<calls::Moment>) -> Option<Moment> {
    moment.map(Moment::from)
}

impl From<&calls::OtherSide> for OtherSide {
    fn from(other: &calls::OtherSide) -> Self {
        Self {
            number: other.number.clone(),
            name: other.name.clone(),
            user: other.user.as_ref().map(|user| user.as_str().to_owned()),
            external: other.external,
            menu: other.menu,
        }
    }
}

impl From<&calls::Leg> for CallLeg {
    fn from(leg: &calls::Leg) -> Self {
        Self { who: OtherSide::from(&leg.who), agent: leg.agent, from: leg.from.into(), to: moment(leg.to) }
    }
}

impl Call {
    /// A call of a stream.
    pub(crate) fn of(stream: &str, call: &calls::Call) -> Self {
        let id = |id: &calls::CallId| id.as_str().to_owned();
        Self {
            stream: stream.to_owned(),
            id: id(&call.id),
            chain: call.chain.as_ref().map(|chain| chain.as_str().to_owned()),
            direction: call.direction.into(),
            callback: call.callback,
            other: OtherSide::from(&call.other),
            began: call.began.into(),
            up_when_connected: call.up_when_connected,
            answered: moment(call.answered),
            ended: moment(call.ended),
            ended_by: call.ended_by.map(EndedBy::from),
            outcome: call.outcome.into(),
            waited: call.waited(),
            talk: call.talk(),
            held: call.held(),
            spells: call
                .spells
                .iter()
                .map(|spell| CallSpell {
                    kind: spell.kind.into(),
                    callback: spell.callback,
                    from: spell.from.into(),
                    to: moment(spell.to),
                })
                .collect(),
            legs: call.legs.iter().map(CallLeg::from).collect(),
            holds: call
                .holds
                .iter()
                .map(|hold| CallHold {
                    from: hold.from.into(),
                    to: moment(hold.to),
                    reason: hold.reason.into(),
                    end: hold.end.map(HoldEnd::from),
                })
                .collect(),
            consults_for: call.consults_for.as_ref().map(id),
            consultations: call.consultations.iter().map(id).collect(),
            links: call
                .links
                .iter()
                .map(|link| CallLink {
                    at: link.at.into(),
                    kind: link.kind.into(),
                    call: id(&link.call),
                    with: OtherSide::from(&link.with),
                })
                .collect(),
            transfers: call
                .transfers
                .iter()
                .map(|transfer| CallTransfer {
                    at: transfer.at.into(),
                    kind: transfer.kind.into(),
                    with: transfer.with.as_ref().map(OtherSide::from),
                })
                .collect(),
            conferences: call
                .conferences
                .iter()
                .map(|spell| ConferenceSpell {
                    conference: spell.conference.as_str().to_owned(),
                    name: spell.name.as_ref().map(|name| PersonName::from(name.as_str())),
                    room: spell.room,
                    ghost: spell.ghost,
                    from: spell.from.into(),
                    to: moment(spell.to),
                    members: spell.members.iter().map(CallLeg::from).collect(),
                })
                .collect(),
            gaps: call.gaps.iter().map(|gap| CallGap { from: gap.from.into(), to: moment(gap.to) }).collect(),
            commands: call.commands.iter().map(|command| command.0).collect(),
            irregularities: call
                .irregularities
                .iter()
                .map(|found| Irregularity { kind: found.kind.into(), at: found.at.into() })
                .collect(),
            time: TimeTotal::all(&call.time),
            json: JsonText::new(&json::call(call).to_string()),
        }
    }
}

impl From<&calls::CommandTrail> for CommandTrail {
    fn from(trail: &calls::CommandTrail) -> Self {
        Self {
            id: trail.id.0,
            command: trail.name.text().to_owned(),
            target: trail.target.clone(),
            others: trail.others.clone(),
            about: trail.about.iter().map(|about| about.as_str().to_owned()).collect(),
            by: trail.by.map(GivenBy::from),
            asked: trail.asked.into(),
            done: moment(trail.done),
            result: trail.result.as_ref().map(CommandResult::from),
            effect: trail.effect.map(|effect| effect.at.into()),
        }
    }
}
