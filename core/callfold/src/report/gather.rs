//! Calls and times of lines, gathered into a report.

use std::collections::BTreeMap;

use callfold_engine::calls::{Call, HoldEnd, IrregularityKind, TimeKind, Totals};
use callfold_engine::cti::Direction;
use callfold_engine::{Span, Timestamp};

use super::floor::{self, Came, FloorCall, Kind, Went, number};
use super::listing::Listing;
use super::row::Row;
use super::{
    Agent, Among, Calls, Damage, Handling, Inbound, Irregular, LongGap, LongHold, Mean, Outbound, Report,
    ReportOptions, Share, Slot, Stretch, Time, Transfers, per_mille, when,
};

/// A line, as a report has to know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The name of its stream.
    pub stream: String,
    /// Whose line it is: the login. None if nobody has logged in.
    pub agent: Option<String>,
    /// When the last record was made: what goes on is counted until then.
    pub until: Timestamp,
}

/// A report that is being made: fed lines one after another, it keeps a short row of each call.
#[derive(Debug)]
pub struct Gathering {
    options: ReportOptions,
    from: Timestamp,
    to: Timestamp,
    lines: Vec<Line>,
    rows: Vec<Row>,
    holds: Vec<Hold>,
    gaps: u64,
    longest_gaps: Vec<LongGap>,
    times: BTreeMap<Option<String>, Totals>,
    damage: Vec<Damage>,
    unknown_agents: Vec<String>,
}

/// A time on hold, by the line and the record that its call began with.
#[derive(Debug)]
struct Hold {
    line: u32,
    record: u64,
    told: LongHold,
}

impl Gathering {
    /// Nothing yet, for calls that begin from `from` until before `to`, and the time between.
    #[must_use]
    pub fn new(from: Timestamp, to: Timestamp, options: &ReportOptions) -> Self {
        Self {
            options: options.clone(),
            from,
            to,
            lines: Vec::new(),
            rows: Vec::new(),
            holds: Vec::new(),
            gaps: 0,
            longest_gaps: Vec::new(),
            times: BTreeMap::new(),
            damage: Vec::new(),
            unknown_agents: Vec::new(),
        }
    }

    /// Goes on with this line: calls and time that are added belong to it.
    pub fn line(&mut self, line: Line) {
        self.times.entry(line.agent.clone()).or_default();
        self.lines.push(line);
    }

    /// Calls of the line. Those that did not begin within the time are left out.
    pub fn calls<'c>(&mut self, calls: impl IntoIterator<Item = &'c Call>) {
        let place = number(self.lines.len().saturating_sub(1));
        let (from, to) = (self.from, self.to);
        for call in calls.into_iter().filter(|call| call.began.at >= from && call.began.at < to) {
            self.holds_of(place, call);
            self.rows.push(Row::of(place, call));
        }
    }

    /// What the line's time was spent on; what lies outside of the report's time is cut off.
    pub fn spent(&mut self, stretches: impl IntoIterator<Item = Stretch>) {
        let Some(line) = self.lines.last() else { return };
        let totals = self.times.entry(line.agent.clone()).or_default();
        for stretch in stretches {
            let Some(stretch) = stretch.within(self.from, self.to) else { continue };
            *totals = totals.with(stretch.kind, stretch.length());
            if stretch.kind == TimeKind::Unknown {
                self.gaps += 1;
                self.longest_gaps.push(LongGap {
                    stream: line.stream.clone(),
                    agent: line.agent.clone(),
                    from: stretch.from,
                    length: stretch.length(),
                });
            }
        }
        self.longest_gaps.sort_by_key(|gap| (std::cmp::Reverse(gap.length), gap.from));
        self.longest_gaps.truncate(self.options.longest);
    }

    /// The line could not be read after this record.
    pub fn damaged(&mut self, until: u64, what: String) {
        let stream = self.lines.last().map(|line| line.stream.clone()).unwrap_or_default();
        self.damage.push(Damage { stream, until, what });
    }

    /// These agents were asked for and have no line.
    pub fn unknown(&mut self, agents: Vec<String>) {
        self.unknown_agents = agents;
    }

    /// The longest holds only: there may be more than calls.
    fn holds_of(&mut self, line: u32, call: &Call) {
        let Some(of) = self.lines.get(line as usize) else { return };
        for hold in &call.holds {
            let length = hold.to.map_or(of.until, |to| to.at) - hold.from.at;
            self.holds.push(Hold {
                line,
                record: call.began.seq,
                told: LongHold {
                    call: None,
                    agent: of.agent.clone(),
                    from: hold.from.at,
                    length: length.max(Span::ZERO),
                    reason: hold.reason,
                    end: hold.end.map_or("goes on", HoldEnd::text),
                },
            });
        }
        if self.holds.len() > self.options.longest.saturating_mul(4).saturating_add(1_000) {
            self.sort_holds();
        }
    }

    fn sort_holds(&mut self) {
        self.holds.sort_by_key(|hold| {
            (std::cmp::Reverse(hold.told.length), hold.told.from, hold.line, hold.record)
        });
        self.holds.truncate(self.options.longest);
    }

    /// The report.
    #[must_use]
    pub fn finish(mut self) -> Report {
        // Who calls begins before whom it rings at.
        self.rows.sort_by_key(|row| (row.began, row.direction == Direction::In, row.line, row.record));
        self.sort_holds();
        let (calls, call_of) = floor::calls(&self.rows, self.options.short_abandon);
        let mut listing = Listing::new(self.rows.len(), self.options.listed);
        let holds: Vec<(Option<u32>, LongHold)> = self.holds.iter().map(|hold| self.hold_row(hold)).collect();
        for (row, _) in &holds {
            row.iter().for_each(|row| listing.want(*row));
        }
        let every: Vec<&FloorCall> = calls.iter().collect();
        let rows = |of: &dyn Fn(&Row) -> bool| -> Vec<u32> {
            let is_of = |(place, row): (usize, &Row)| of(row).then(|| number(place));
            self.rows.iter().enumerate().filter_map(is_of).collect()
        };
        let floor = of_calls(&every, &self.options, &mut listing);
        let irregularities = irregularities(&self.rows, &mut listing);
        let transfers = Transfers {
            blind: listing.among(&rows(&|row| row.blind)),
            attended: listing.among(&rows(&|row| row.attended)),
            to_us: listing.among(&rows(&|row| row.to_us)),
        };
        let conferences = listing.among(&rows(&|row| row.in_conference));
        let held = listing.among(&rows(&|row| row.was_held));
        let with_gap = listing.among(&rows(&|row| row.has_gap));
        let time = self.times.values().fold(Totals::default(), |sum, of| sum.plus(of));
        let handling = {
            let handled: Vec<&FloorCall> = calls.iter().filter(|call| call.is_handled).collect();
            let sum =
                |of: fn(&FloorCall) -> Span| handled.iter().fold(Span::ZERO, |sum, call| sum + of(call));
            let places: Vec<u32> = handled.iter().map(|call| call.row).collect();
            of_handling(&mut listing, &places, (sum(|call| call.talk), sum(|call| call.held)), &time)
        };
        let hours = self.hours(&calls, &mut listing);
        let days = self.days(&calls, &mut listing);
        // Most of an agent's figures are of the same calls.
        listing.spread(self.times.len() * 6);
        let agents = self.agents(&calls, &call_of, &mut listing);
        let mut report = Report {
            from: self.from,
            to: self.to,
            offset: self.options.offset,
            threshold: self.options.threshold,
            short_abandon: self.options.short_abandon,
            only: self.options.agents.clone(),
            unknown_agents: self.unknown_agents,
            lines: self.lines.len() as u64,
            damage: self.damage,
            floor,
            handling,
            time: Time::of(time),
            hours,
            days,
            agents,
            held,
            longest_holds: Vec::new(),
            transfers,
            conferences,
            gaps: self.gaps,
            longest_gaps: self.longest_gaps,
            with_gap,
            irregularities,
            calls: Vec::new(),
        };
        let places = listing.places();
        let place = |row: u32| places.get(row as usize).copied().flatten();
        report.longest_holds =
            holds.into_iter().map(|(row, told)| LongHold { call: row.and_then(place), ..told }).collect();
        for figure in report.figures() {
            figure.listed = figure.listed.iter().filter_map(|row| place(*row)).collect();
        }
        for (row, place) in self.rows.into_iter().zip(&places) {
            if place.is_some()
                && let Some(line) = self.lines.get(row.line as usize)
            {
                report.calls.push(row.listed(&line.stream, line.agent.as_deref()));
            }
        }
        report
    }

    fn hold_row(&self, hold: &Hold) -> (Option<u32>, LongHold) {
        let is_of = |row: &Row| row.line == hold.line && row.record == hold.record;
        (self.rows.iter().position(is_of).map(number), hold.told.clone())
    }

    fn hours(&self, calls: &[FloorCall], listing: &mut Listing) -> Vec<Slot> {
        let mut hours: Vec<Vec<&FloorCall>> = vec![Vec::new(); 24];
        for call in calls {
            if let Some(hour) = hours.get_mut(when::hour(call.began, self.options.offset)) {
                hour.push(call);
            }
        }
        let slot = |(hour, of): (usize, &Vec<&FloorCall>)| Slot {
            name: format!("{hour:02}:00"),
            calls: of_calls(of, &self.options, listing),
        };
        hours.iter().enumerate().map(slot).collect()
    }

    fn days(&self, calls: &[FloorCall], listing: &mut Listing) -> Vec<Slot> {
        let mut days: BTreeMap<i64, Vec<&FloorCall>> = BTreeMap::new();
        for call in calls {
            days.entry(when::day(call.began, self.options.offset)).or_default().push(call);
        }
        let slot = |(day, of): (&i64, &Vec<&FloorCall>)| Slot {
            name: when::date(*day),
            calls: of_calls(of, &self.options, listing),
        };
        days.iter().map(slot).collect()
    }

    fn agents(&self, calls: &[FloorCall], call_of: &[u32], listing: &mut Listing) -> Vec<Agent> {
        let mut of_agent: BTreeMap<&Option<String>, Vec<(u32, &Row)>> = BTreeMap::new();
        for (place, row) in self.rows.iter().enumerate() {
            if let Some(line) = self.lines.get(row.line as usize) {
                of_agent.entry(&line.agent).or_default().push((number(place), row));
            }
        }
        let was_answered = |place: u32| {
            let call = call_of.get(place as usize).and_then(|call| calls.get(*call as usize));
            call.is_some_and(|call| {
                matches!(call.kind, Kind::Inbound(Came::Answered) | Kind::Outbound(Went::Answered))
            })
        };
        let agent = |(login, time): (&Option<String>, &Totals)| {
            let rows = of_agent.get(login).map_or(&[][..], |rows| rows);
            Agent {
                lines: self.lines.iter().filter(|line| line.agent == *login).count() as u64,
                login: login.clone(),
                time: Time::of(*time),
                ..of_rows(rows, was_answered, time, listing)
            }
        };
        self.times.iter().map(agent).collect()
    }
}

impl Report {
    /// Every figure that lists calls.
    fn figures(&mut self) -> Vec<&mut Among> {
        let mut figures = vec![
            &mut self.handling.handled,
            &mut self.held,
            &mut self.transfers.blind,
            &mut self.transfers.attended,
            &mut self.transfers.to_us,
            &mut self.conferences,
            &mut self.with_gap,
        ];
        figures.extend(self.floor.figures());
        figures.extend(self.irregularities.iter_mut().map(|of| &mut of.calls));
        figures.extend(self.hours.iter_mut().flat_map(|slot| slot.calls.figures()));
        figures.extend(self.days.iter_mut().flat_map(|slot| slot.calls.figures()));
        figures.extend(self.agents.iter_mut().flat_map(Agent::figures));
        figures
    }
}

impl Calls {
    fn figures(&mut self) -> Vec<&mut Among> {
        let (inbound, outbound) = (&mut self.inbound, &mut self.outbound);
        vec![
            &mut inbound.offered,
            &mut inbound.answered,
            &mut inbound.abandoned,
            &mut inbound.short_abandoned,
            &mut inbound.declined,
            &mut inbound.failed,
            &mut inbound.undetermined,
            &mut inbound.in_time,
            &mut inbound.service_level.base,
            &mut inbound.abandonment.base,
            &mut outbound.made,
            &mut outbound.answered,
            &mut outbound.not_answered,
            &mut outbound.busy,
            &mut outbound.failed,
            &mut outbound.undetermined,
            &mut self.consultations,
            &mut self.unplaced,
        ]
    }
}

impl Agent {
    fn figures(&mut self) -> Vec<&mut Among> {
        vec![
            &mut self.presented,
            &mut self.answered,
            &mut self.missed,
            &mut self.taken_by_others,
            &mut self.made,
            &mut self.reached,
            &mut self.handling.handled,
            &mut self.consultations,
            &mut self.transferred,
            &mut self.conferences,
            &mut self.held,
            &mut self.with_gap,
            &mut self.irregular,
        ]
    }
}

fn of_calls(calls: &[&FloorCall], options: &ReportOptions, listing: &mut Listing) -> Calls {
    let mut of = |is_of: &dyn Fn(&FloorCall) -> bool| {
        let rows: Vec<u32> = calls.iter().filter(|call| is_of(call)).map(|call| call.row).collect();
        listing.among(&rows)
    };
    let in_time = |call: &FloorCall| {
        call.kind == Kind::Inbound(Came::Answered)
            && call.waited.is_some_and(|waited| waited <= options.threshold)
    };
    let mut came = |which: Came| of(&|call| call.kind == Kind::Inbound(which));
    let (answered, abandoned) = (came(Came::Answered), came(Came::Abandoned));
    let (short_abandoned, declined) = (came(Came::ShortAbandoned), came(Came::Declined));
    let (failed, undetermined) = (came(Came::Failed), came(Came::Undetermined));
    let waits: Vec<Span> = calls
        .iter()
        .filter(|call| call.kind == Kind::Inbound(Came::Answered))
        .filter_map(|call| call.waited)
        .collect();
    let counts = |call: &FloorCall| match call.kind {
        Kind::Inbound(Came::Answered | Came::Abandoned | Came::Declined | Came::Failed) => true,
        Kind::Inbound(Came::ShortAbandoned | Came::Undetermined)
        | Kind::Outbound(_)
        | Kind::Consultation
        | Kind::Unplaced => false,
    };
    let counts_in_time = |call: &FloorCall| {
        counts(call) && (call.kind != Kind::Inbound(Came::Answered) || call.waited.is_some())
    };
    let in_time = of(&in_time);
    let service_level = share(in_time.count, of(&counts_in_time));
    let abandonment = share(abandoned.count, of(&counts));
    let inbound = Inbound {
        offered: of(&|call| matches!(call.kind, Kind::Inbound(_))),
        answered,
        abandoned,
        short_abandoned,
        declined,
        failed,
        undetermined,
        in_time,
        answer_speed: Mean::of(sum(&waits), waits.len() as u64),
        service_level,
        abandonment,
    };
    let mut went = |which: Went| of(&|call| call.kind == Kind::Outbound(which));
    let (answered, not_answered, busy) = (went(Went::Answered), went(Went::NotAnswered), went(Went::Busy));
    let (failed, undetermined) = (went(Went::Failed), went(Went::Undetermined));
    let made = of(&|call| matches!(call.kind, Kind::Outbound(_)));
    Calls {
        inbound,
        outbound: Outbound { made, answered, not_answered, busy, failed, undetermined },
        consultations: of(&|call| call.kind == Kind::Consultation),
        unplaced: of(&|call| call.kind == Kind::Unplaced),
    }
}

fn share(part: u64, base: Among) -> Share {
    let per_mille = per_mille(part.into(), base.count.into());
    Share { part, base, per_mille }
}

fn sum(spans: &[Span]) -> Span {
    spans.iter().fold(Span::ZERO, |sum, span| sum + *span)
}

fn of_handling(listing: &mut Listing, rows: &[u32], (talk, hold): (Span, Span), time: &Totals) -> Handling {
    let (count, wrap_up) = (rows.len() as u64, time.of(TimeKind::WrapUp));
    Handling {
        handled: listing.among(rows),
        talk: Mean::of(talk, count),
        hold: Mean::of(hold, count),
        wrap_up: Mean::of(wrap_up, count),
        time: Mean::of(talk + hold + wrap_up, count),
    }
}

/// What the agent's lines had.
fn of_rows(
    rows: &[(u32, &Row)],
    was_answered: impl Fn(u32) -> bool,
    time: &Totals,
    listing: &mut Listing,
) -> Agent {
    let chosen = |is_of: &dyn Fn(&Row) -> bool| -> Vec<(u32, &Row)> {
        rows.iter().copied().filter(|(_, row)| is_of(row)).collect()
    };
    let places = |chosen: &[(u32, &Row)]| -> Vec<u32> { chosen.iter().map(|(place, _)| *place).collect() };
    let presented = chosen(&|row| row.direction == Direction::In);
    let answered = chosen(&|row| row.direction == Direction::In && row.talked);
    let (taken, missed): (Vec<_>, Vec<_>) = chosen(&|row| row.direction == Direction::In && !row.talked)
        .into_iter()
        .partition(|(place, _)| was_answered(*place));
    let waits: Vec<Span> = answered
        .iter()
        .filter(|(_, row)| row.saw_wait)
        .filter_map(|(_, row)| Some(row.answered? - row.began))
        .collect();
    let made = chosen(&|row| row.direction == Direction::Out && !row.consultation);
    let reached = chosen(&|row| row.direction == Direction::Out && !row.consultation && row.talked);
    let handled = chosen(&Row::is_handled);
    let total = |of: fn(&Row) -> Span| handled.iter().fold(Span::ZERO, |sum, (_, row)| sum + of(row));
    let spent = (total(|row| row.talk), total(|row| row.held));
    let mut among = |is_of: &dyn Fn(&Row) -> bool| listing.among(&places(&chosen(is_of)));
    let consultations = among(&|row| row.consultation);
    let transferred = among(&|row| row.blind || row.attended);
    let conferences = among(&|row| row.in_conference);
    let held = among(&|row| row.was_held);
    let with_gap = among(&|row| row.has_gap);
    let irregular = among(&|row| !row.irregularities.is_empty());
    Agent {
        presented: listing.among(&places(&presented)),
        answered: listing.among(&places(&answered)),
        missed: listing.among(&places(&missed)),
        taken_by_others: listing.among(&places(&taken)),
        made: listing.among(&places(&made)),
        reached: listing.among(&places(&reached)),
        answer_speed: Mean::of(sum(&waits), waits.len() as u64),
        handling: of_handling(listing, &places(&handled), spent, time),
        consultations,
        transferred,
        conferences,
        held,
        with_gap,
        irregular,
        ..Agent::default()
    }
}

fn irregularities(rows: &[Row], listing: &mut Listing) -> Vec<Irregular> {
    let mut of_kind: BTreeMap<IrregularityKind, Vec<u32>> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        for kind in &row.irregularities {
            of_kind.entry(*kind).or_default().push(number(place));
        }
    }
    of_kind.into_iter().map(|(kind, rows)| Irregular { kind, calls: listing.among(&rows) }).collect()
}
