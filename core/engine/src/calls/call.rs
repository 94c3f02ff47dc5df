//! A call, as callfold tells of it: everything on one chain for one stream, each fact with its record.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::time::Totals;
use crate::command::CommandId;
use crate::cti::Direction;
use crate::party::Party;
use crate::text::{ChainId, ConferenceId, PartyKey, PersonName, PhoneNumber, Text, UserId};
use crate::time::{Span, Timestamp};

/// When something was so, and the record that proves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// The sequence number of the record.
    pub seq: u64,
}

/// Names a call within its stream: the chain, or `record:N` for one without a chain, by its first record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallId(Text);

impl CallId {
    pub(super) fn of(chain: Option<&ChainId>, began: Moment) -> Self {
        match chain {
            Some(chain) => Self(Text::from(chain.as_str())),
            None => Self(Text::from(format!("record:{}", began.seq))),
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Call {
    /// Its name.
    pub id: CallId,
    /// Its chain, if the server named one.
    pub chain: Option<ChainId>,
    /// Who called whom.
    pub direction: Direction,
    /// Whether the agent's own phone rang first (click to call).
    pub callback: bool,
    /// Who was at the other end first, as far as it is known.
    pub other: OtherSide,
    /// When it began.
    pub began: Moment,
    /// Whether it was up already when the line was first seen.
    pub up_when_connected: bool,
    /// The first talk: when it was answered, or when a call that nothing rang or was dialled for began.
    pub answered: Option<Moment>,
    /// When it ended; none while it goes on.
    pub ended: Option<Moment>,
    /// Who ended it, where the wire shows it.
    pub ended_by: Option<EndedBy>,
    /// What became of it.
    pub outcome: Outcome,
    /// What went on when, without overlap, in order.
    pub spells: Vec<Spell>,
    /// Who was at the other end when. Who is in a conference is told by [`Call::conferences`] instead.
    pub legs: Vec<Leg>,
    /// Every time it was on hold.
    pub holds: Vec<HoldSpell>,
    /// The call for which this one consults.
    pub consults_for: Option<CallId>,
    /// The calls by which this one was consulted.
    pub consultations: Vec<CallId>,
    /// What it has to do with other calls of the line, and who was there.
    pub links: Vec<Link>,
    /// How it was passed on, each time.
    pub transfers: Vec<Transfer>,
    /// The conferences that it was part of.
    pub conferences: Vec<ConferenceSpell>,
    /// While the connection was down, nobody knows what it did.
    pub gaps: Vec<Gap>,
    /// Commands that were given while it was on the line or on hold.
    pub commands: Vec<CommandId>,
    /// What does not fit.
    pub irregularities: Vec<Irregularity>,
    /// Its time, by kind (the time ledger's part of it).
    pub time: Totals,
}

impl Call {
    /// The order in which calls of a line are told: by when they began, and those of one record by their ids, so that it does
    /// not depend on which ended first.
    #[must_use]
    pub fn by_began(&self, other: &Self) -> std::cmp::Ordering {
        self.began.cmp(&other.began).then_with(|| self.id.cmp(&other.id))
    }

    /// How long it was talked on, conferences included.
    #[must_use]
    pub fn talk(&self) -> Span {
        self.total(SpellKind::Talk) + self.total(SpellKind::Conference)
    }

    /// How long of its talk was in conferences.
    #[must_use]
    pub fn conferred(&self) -> Span {
        self.total(SpellKind::Conference)
    }

    /// How long it was on hold.
    #[must_use]
    pub fn held(&self) -> Span {
        self.total(SpellKind::Hold)
    }

    /// How long it rang, or was dialled.
    #[must_use]
    pub fn waited(&self) -> Span {
        self.total(SpellKind::Ring) + self.total(SpellKind::Dial)
    }

    fn total(&self, kind: SpellKind) -> Span {
        let of_kind = self.spells.iter().filter(|spell| spell.kind == kind);
        of_kind
            .map(|spell| spell.to.map_or(Span::ZERO, |to| to.at - spell.from.at))
            .fold(Span::ZERO, |a, b| a + b)
    }
}

/// Who is at the other end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OtherSide {
    /// The number.
    pub number: Option<PhoneNumber>,
    /// The name.
    pub name: Option<PersonName>,
    /// The user, if it is one.
    pub user: Option<UserId>,
    /// Whether it is behind an external line.
    pub external: bool,
    /// Whether it is a voice menu.
    pub menu: bool,
}

impl OtherSide {
    pub(super) fn of(party: &Party) -> Self {
        Self {
            number: party.phone().cloned(),
            name: party.name.clone(),
            user: party.user.as_ref().map(|user| user.id.clone()),
            external: party.external,
            menu: party.menu.is_some(),
        }
    }

    /// Whether nothing is known of it but that it is there.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.number.is_none() && self.name.is_none() && self.user.is_none()
    }
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Outcome {
    /// It goes on.
    Open,
    /// It was talked on.
    Answered,
    /// It was talked on, and passed on by the agent.
    Transferred,
    /// The caller gave up before it was answered.
    Abandoned,
    /// The agent declined it.
    Declined,
    /// Nobody answered the agent's call.
    NotAnswered,
    /// The number was busy.
    Busy,
    /// It could not be made or answered: the agent's phone went away.
    Failed,
    /// What became of it is not known: it was gone when the connection came back, or the connection never
    /// did before the log ended.
    Lost,
    /// The log does not say.
    Unknown,
}

impl Outcome {
    /// The outcome in a word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Transferred => "transferred",
            Self::Abandoned => "abandoned",
            Self::Declined => "declined",
            Self::NotAnswered => "not answered",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::Lost => "lost",
            Self::Unknown => "unknown",
        }
    }
}

/// Who ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum EndedBy {
    /// The agent, by a command.
    Agent,
    /// The other side.
    OtherSide,
}

impl EndedBy {
    /// Who, in a word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::OtherSide => "other side",
        }
    }
}

/// What goes on on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SpellKind {
    /// It rings at the agent.
    Ring,
    /// It is dialled.
    Dial,
    /// Conversation.
    Talk,
    /// Conversation in a conference.
    Conference,
    /// On hold.
    Hold,
    /// The connection is down.
    Gap,
}

impl SpellKind {
    /// The kind in a word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Dial => "dial",
            Self::Talk => "talk",
            Self::Conference => "conference",
            Self::Hold => "hold",
            Self::Gap => "gap",
        }
    }
}

/// A stretch of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Spell {
    /// What went on.
    pub kind: SpellKind,
    /// Whether it is how a callback begins: the PBX sets the call up (dial), or the agent's own phone rings for it
    /// (ring).
    pub callback: bool,
    /// From when.
    pub from: Moment,
    /// Until when; none while it goes on.
    pub to: Option<Moment>,
}

/// Someone at the other end, from when until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Leg {
    /// Who.
    pub who: OtherSide,
    /// Whether it is the agent: one of the members of a conference.
    pub agent: bool,
    pub(super) key: PartyKey,
    /// From when.
    pub from: Moment,
    /// Until when; none while it goes on.
    pub to: Option<Moment>,
}

impl Leg {
    /// Whether the server told both as the same party.
    #[must_use]
    pub fn is_same_party(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

/// What a call has to do with another call of the line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Link {
    /// Since when.
    pub at: Moment,
    /// What.
    pub kind: LinkKind,
    /// The other call.
    pub call: CallId,
    /// Who was on it then, as far as it is known.
    pub with: OtherSide,
}

/// What a call may have to do with another call of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum LinkKind {
    /// It is a consultation for the other call.
    ConsultsFor,
    /// It is on hold for a consultation: the other call.
    Consults,
    /// Who was on it and who was on the other call were connected to each other.
    ConnectedTo,
    /// Who was on it goes on in the other call, a conference.
    GoesOnIn,
}

impl LinkKind {
    /// The kind in a word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::ConsultsFor => "consults for",
            Self::Consults => "consults",
            Self::ConnectedTo => "connected to",
            Self::GoesOnIn => "goes on in",
        }
    }
}

/// A time on hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HoldSpell {
    /// From when.
    pub from: Moment,
    /// Until when; none while it goes on.
    pub to: Option<Moment>,
    /// Why.
    pub reason: HoldReason,
    /// How it ended.
    pub end: Option<HoldEnd>,
}

/// Why a call was put on hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum HoldReason {
    /// The agent put it on hold.
    PutByUs,
    /// The agent consults someone.
    Consultation,
    /// It was on hold when it was first seen.
    FoundHeld,
}

impl HoldReason {
    /// The reason in a word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::PutByUs => "put by us",
            Self::Consultation => "consultation",
            Self::FoundHeld => "found held",
        }
    }
}

/// How a hold ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum HoldEnd {
    /// The agent took the call back.
    Returned,
    /// The held party left.
    Left,
    /// The held party was connected to another.
    Connected,
    /// The held party was brought into a conference.
    Conferenced,
    /// It was gone when the connection came back.
    Lost,
    /// The log does not say how.
    Unknown,
}

impl HoldEnd {
    /// How, in a word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Returned => "returned",
            Self::Left => "left",
            Self::Connected => "connected",
            Self::Conferenced => "conferenced",
            Self::Lost => "lost",
            Self::Unknown => "unknown",
        }
    }
}

/// How a call was passed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Transfer {
    /// When it took effect.
    pub at: Moment,
    /// Of what kind it is.
    pub kind: TransferKind,
    /// To whom (or, to us: from whom), as far as it is known.
    pub with: Option<OtherSide>,
}

/// Kinds of transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TransferKind {
    /// The agent passed it on without speaking to the other first.
    Blind,
    /// The agent connected it to someone consulted.
    Attended,
    /// Someone passed a party on to the agent.
    ToUs,
}

impl TransferKind {
    /// The kind in a word.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Blind => "blind",
            Self::Attended => "attended",
            Self::ToUs => "to us",
        }
    }
}

/// A time in a conference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConferenceSpell {
    /// Which conference.
    pub conference: ConferenceId,
    /// Its name, where the server told it: of one that was on hold.
    pub name: Option<Text>,
    /// Its room, where the server told it: of one that was on hold.
    pub room: Option<i64>,
    /// Whether the agent was in it as a ghost at some time: the server's list is then without most of the others.
    pub ghost: bool,
    /// From when.
    pub from: Moment,
    /// Until when; none while it goes on.
    pub to: Option<Moment>,
    /// Whom the server listed in it, the agent included, from when until when. Who was invited and did not come yet, or
    /// never came, is listed too. Nobody: the list was never told.
    pub members: Vec<Leg>,
}

/// A time while the connection was down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Gap {
    /// From when.
    pub from: Moment,
    /// Until when; none while it goes on.
    pub to: Option<Moment>,
}

/// Something that does not fit, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Irregularity {
    /// What.
    pub kind: IrregularityKind,
    /// Where.
    pub at: Moment,
}

/// What may not fit about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum IrregularityKind {
    /// Talk began and nothing rang or was dialled before.
    TalkWithoutRing,
    /// Someone was on hold who was never on the line.
    HoldWithoutTalk,
    /// A hold was told to end and there was none.
    UnholdWithoutHold,
    /// A call was told to end and there was none.
    EndWithoutBeginning,
    /// Another call took its place, and its end was not told.
    ReplacedWithoutEnd,
    /// The log ended before the call did.
    NeverEnded,
    /// More happened than is kept of one call (1,000 facts of a kind).
    FactsLeftOut,
}

impl IrregularityKind {
    /// What does not fit, in words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::TalkWithoutRing => "talk without ring",
            Self::HoldWithoutTalk => "hold without talk",
            Self::UnholdWithoutHold => "unhold without hold",
            Self::EndWithoutBeginning => "end without beginning",
            Self::ReplacedWithoutEnd => "replaced without end",
            Self::NeverEnded => "never ended",
            Self::FactsLeftOut => "more facts than are kept",
        }
    }
}

pub(super) fn key_of(party: &Arc<Party>) -> PartyKey {
    party.key.clone()
}
