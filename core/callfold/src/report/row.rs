//! A call as one line had it: what the figures need of it, and no more, because there may be a hundred thousand.

use callfold_engine::calls::{Call, CallId, IrregularityKind, Outcome, SpellKind, TransferKind};
use callfold_engine::cti::Direction;
use callfold_engine::{Span, Timestamp};

use super::ListedCall;

/// What went on on a call, in order, and how long each.
pub type Stretches = Box<[(SpellKind, Span)]>;

/// The most stretches of a call that are kept: as many as a small picture has room for.
const MOST_SPELLS: usize = 24;

/// A call as a line had it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The line's place among the lines.
    pub(super) line: u32,
    pub(super) id: CallId,
    pub(super) has_chain: bool,
    pub(super) record: u64,
    pub(super) began: Timestamp,
    pub(super) direction: Direction,
    pub(super) consultation: bool,
    pub(super) number: Option<String>,
    pub(super) name: Option<String>,
    /// When it was answered, if it was talked on and that is known.
    pub(super) answered: Option<Timestamp>,
    pub(super) ended: Option<Timestamp>,
    pub(super) outcome: Outcome,
    /// Whether it was talked on.
    pub(super) talked: bool,
    /// Whether all of what came before the answer was seen.
    pub(super) saw_wait: bool,
    pub(super) waited: Span,
    pub(super) talk: Span,
    pub(super) held: Span,
    pub(super) was_held: bool,
    pub(super) in_conference: bool,
    pub(super) has_gap: bool,
    pub(super) blind: bool,
    pub(super) attended: bool,
    pub(super) to_us: bool,
    pub(super) irregularities: Box<[IrregularityKind]>,
    pub(super) spells: Stretches,
}

impl Row {
    pub(super) fn of(line: u32, call: &Call) -> Self {
        let answered = call.answered.map(|answered| answered.at);
        let talked = answered.is_some() || matches!(call.outcome, Outcome::Answered | Outcome::Transferred);
        let gap_before = |answered: Timestamp| call.gaps.iter().any(|gap| gap.from.at < answered);
        let has = |kind: TransferKind| call.transfers.iter().any(|transfer| transfer.kind == kind);
        let (number, name) = ListedCall::of_other(&call.other);
        let mut irregularities: Vec<_> = call.irregularities.iter().map(|found| found.kind).collect();
        irregularities.sort_unstable();
        irregularities.dedup();
        let spell = |spell: &callfold_engine::calls::Spell| {
            (spell.kind, spell.to.map_or(Span::ZERO, |to| to.at - spell.from.at))
        };
        Self {
            line,
            id: call.id.clone(),
            has_chain: call.chain.is_some(),
            record: call.began.seq,
            began: call.began.at,
            direction: call.direction,
            consultation: call.consults_for.is_some(),
            number,
            name,
            answered,
            ended: call.ended.map(|ended| ended.at),
            outcome: call.outcome,
            talked,
            saw_wait: !call.up_when_connected && answered.is_some_and(|answered| !gap_before(answered)),
            waited: call.waited(),
            talk: call.talk(),
            held: call.held(),
            was_held: !call.holds.is_empty(),
            in_conference: !call.conferences.is_empty(),
            has_gap: !call.gaps.is_empty(),
            blind: has(TransferKind::Blind),
            attended: has(TransferKind::Attended),
            to_us: has(TransferKind::ToUs),
            irregularities: irregularities.into(),
            spells: call.spells.iter().take(MOST_SPELLS).map(spell).collect(),
        }
    }

    /// Whether it was talked on, is over, and is no consultation.
    pub(super) fn is_handled(&self) -> bool {
        self.talked && self.ended.is_some() && !self.consultation
    }

    pub(super) fn listed(self, stream: &str, agent: Option<&str>) -> ListedCall {
        ListedCall {
            stream: stream.to_owned(),
            id: self.id,
            record: self.record,
            agent: agent.map(str::to_owned),
            began: self.began,
            direction: self.direction,
            consultation: self.consultation,
            number: self.number,
            name: self.name,
            waited: self.waited,
            talk: self.talk,
            held: self.held,
            outcome: self.outcome,
            irregular: !self.irregularities.is_empty(),
            spells: self.spells,
        }
    }
}
