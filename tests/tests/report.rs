//! The figures of a report against figures that are computed in another way: from the events alone, by who is on the line and
//! who is held after each record, without calls, ledger or index. Over a generated floor, and over every recorded session.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use callfold::calls::TimeKind;
use callfold::log::{Log, StreamId, to_the_end};
use callfold::record::Hash;
use callfold::report::{Report, ReportOptions};
use callfold::{Event, LineState, Party, Span, Timestamp, View};
use callfold_store::{Append, NewRecord};
use callfold_tests::floor::Floor;
use callfold_tests::vectors;
use sha2::{Digest as _, Sha256};

const IN_TIME: i64 = 20_000_000;
const SHORT: i64 = 5_000_000;

/// A call as a line had it, seen from outside.
#[derive(Clone, Debug)]
struct Seen {
    chain: String,
    number: Option<String>,
    began: i64,
    /// By the first state of the line that it had.
    rang: bool,
    dialled: bool,
    consults: bool,
    answered: Option<i64>,
    last: i64,
    over: bool,
    declined: bool,
    talk: i64,
    held: i64,
}

/// What a line's events say.
#[derive(Default)]
struct Line {
    calls: Vec<Seen>,
    time: BTreeMap<&'static str, i64>,
    /// Whether there was a conference, somebody without a chain, or a lost connection: more than is read here.
    is_more: bool,
}

/// Whoever is on the line, by chain and number.
fn on_line(view: &View) -> Option<(Option<String>, Option<String>)> {
    match view.line {
        LineState::Ring | LineState::BackRing | LineState::Call | LineState::BackCall | LineState::Talk => {
            let party = view.parties.as_slice().first();
            let chain = party.and_then(|party| party.chain.clone()).filter(|chain| !chain.is_none());
            Some((chain.map(|chain| chain.as_str().to_owned()), party.and_then(|party| number(party))))
        }
        _ => None,
    }
}

/// The number of whoever is held: on hold nobody has a chain.
fn held(view: &View) -> Option<String> {
    view.held.as_ref().and_then(|held| held.party()).and_then(|party| number(party))
}

fn number(party: &Party) -> Option<String> {
    party.phone().map(|number| number.as_str().to_owned())
}

/// What the time is spent on, wrap-up told as idle.
fn kind(view: &View) -> &'static str {
    if !view.connection.is_logged_in() || view.stale_since.is_some() {
        return "unknown";
    }
    match (view.line, view.held.is_some()) {
        (LineState::Unknown, _) => "unknown",
        (LineState::Ring | LineState::BackRing, _) => "ring",
        (LineState::Call | LineState::BackCall, false) => "dial",
        (LineState::Talk, _) if view.conference.is_some() => "conference",
        (LineState::Talk, false) => "talk",
        (LineState::Call | LineState::BackCall | LineState::Talk, true) => "consult",
        (_, true) => "hold",
        (_, false) => "free",
    }
}

/// Reads a line's events.
fn line(log: &Log, stream: StreamId, (from, to): (i64, i64)) -> Line {
    let (mut line, mut view, mut last) = (Line::default(), View::default(), None::<i64>);
    for told in log.told(stream, 1) {
        let told = told.unwrap();
        let at = last.map_or(told.at.as_micros(), |last| told.at.as_micros().max(last));
        if let Some(last) = last {
            let (from, to) = (last.max(from), at.min(to));
            if to > from {
                *line.time.entry(kind(&view)).or_default() += to - from;
            }
            let (now, held) = (on_line(&view), held(&view));
            for call in line.calls.iter_mut().filter(|call| !call.over) {
                let is_on_line = now.as_ref().is_some_and(|(chain, _)| chain.as_ref() == Some(&call.chain));
                if is_on_line && view.line == LineState::Talk {
                    call.talk += at - last;
                } else if !is_on_line && held.is_some() && held == call.number {
                    call.held += at - last;
                }
            }
        }
        last = Some(at);
        for event in &told.events {
            if let Event::CommandGiven { name, .. } = event
                && ["endCall", "decline"].contains(&name.text())
                && view.line == LineState::Ring
            {
                line.calls.iter_mut().filter(|call| !call.over).for_each(|call| call.declined = true);
            }
            view.apply(event);
        }
        let (now, held) = (on_line(&view), held(&view));
        let unnamed = now.as_ref().is_some_and(|(chain, _)| chain.is_none());
        line.is_more |= unnamed || view.conference.is_some() || view.stale_since.is_some();
        for call in line.calls.iter_mut().filter(|call| !call.over) {
            let is_on_line = now.as_ref().is_some_and(|(chain, _)| chain.as_ref() == Some(&call.chain));
            if !is_on_line && (held.is_none() || held != call.number) {
                (call.over, call.last) = (true, at);
            }
        }
        let Some((Some(chain), number)) = now else { continue };
        let told = number.clone();
        let known = line.calls.iter().position(|call| call.chain == chain && !call.over);
        let place = known.unwrap_or_else(|| {
            line.calls.push(Seen {
                chain,
                number,
                began: at,
                rang: view.line == LineState::Ring,
                dialled: matches!(view.line, LineState::Call | LineState::BackCall | LineState::BackRing),
                consults: view.held.is_some() && view.line != LineState::Ring,
                answered: None,
                last: at,
                over: false,
                declined: false,
                talk: 0,
                held: 0,
            });
            line.calls.len() - 1
        });
        // Who it is may be told later.
        line.calls[place].number = told.or(line.calls[place].number.take());
        if view.line == LineState::Talk && line.calls[place].answered.is_none() {
            line.calls[place].answered = Some(at);
        }
    }
    line
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    offered: u64,
    answered: u64,
    abandoned: u64,
    short_abandoned: u64,
    declined: u64,
    in_time: u64,
    waited: i64,
    made: u64,
    reached: u64,
    consultations: u64,
    handled: u64,
    talk: i64,
    hold: i64,
}

/// What all lines had, as a floor.
fn figures(lines: &[Line], (from, to): (i64, i64)) -> Figures {
    let mut by_chain: BTreeMap<&str, Vec<&Seen>> = BTreeMap::new();
    let seen = lines.iter().flat_map(|line| &line.calls).filter(|call| call.began >= from && call.began < to);
    for call in seen {
        by_chain.entry(&call.chain).or_default().push(call);
    }
    let mut figures = Figures::default();
    for mut parts in by_chain.into_values() {
        parts.sort_by_key(|call| (call.began, call.rang));
        let first = parts[0];
        let answer = parts.iter().filter_map(|call| call.answered).min();
        if first.consults {
            figures.consultations += 1;
            continue;
        }
        if answer.is_some() && parts.iter().all(|call| call.over) {
            figures.handled += 1;
            figures.talk += parts.iter().map(|call| call.talk).sum::<i64>();
            figures.hold += parts.iter().map(|call| call.held).sum::<i64>();
        }
        if first.dialled {
            figures.made += 1;
            figures.reached += u64::from(answer.is_some());
        }
        if !first.rang {
            continue;
        }
        figures.offered += 1;
        let last = parts.iter().max_by_key(|call| call.last).unwrap();
        match answer {
            Some(answer) => {
                figures.answered += 1;
                figures.waited += answer - first.began;
                figures.in_time += u64::from(answer - first.began <= IN_TIME);
            }
            None if last.declined => figures.declined += 1,
            None if last.last - first.began < SHORT => figures.short_abandoned += 1,
            None => figures.abandoned += 1,
        }
    }
    figures
}

fn reported(report: &Report) -> Figures {
    let (inbound, outbound, handling) = (&report.floor.inbound, &report.floor.outbound, &report.handling);
    assert_eq!(inbound.answer_speed.of, inbound.answered.count);
    let counted =
        inbound.answered.count + inbound.abandoned.count + inbound.declined.count + inbound.failed.count;
    assert_eq!((inbound.service_level.base.count, inbound.abandonment.base.count), (counted, counted));
    assert_eq!(inbound.offered.count, counted + inbound.short_abandoned.count + inbound.undetermined.count);
    Figures {
        offered: inbound.offered.count,
        answered: inbound.answered.count,
        abandoned: inbound.abandoned.count,
        short_abandoned: inbound.short_abandoned.count,
        declined: inbound.declined.count,
        in_time: inbound.in_time.count,
        waited: inbound.answer_speed.sum.as_micros(),
        made: outbound.made.count,
        reached: outbound.answered.count,
        consultations: report.floor.consultations.count,
        handled: handling.handled.count,
        talk: handling.talk.sum.as_micros(),
        hold: handling.hold.sum.as_micros(),
    }
}

fn floor(agents: u64, pieces: u64) -> Log {
    let log = Log::in_memory().unwrap();
    let floor = Floor::read().unwrap();
    for agent in 0..agents {
        let (name, trace) = floor.session(agent, pieces);
        log.import_trace(trace.as_bytes(), Some(&name)).unwrap();
    }
    log
}

fn with(from: Option<i64>, to: Option<i64>) -> ReportOptions {
    let mut options = ReportOptions::default();
    (options.from, options.to) = (from.map(Timestamp::from_micros), to.map(Timestamp::from_micros));
    options
}

/// The report's time, wrap-up and whatever an agent without a call does told as one.
fn times(report: &Report) -> BTreeMap<&'static str, i64> {
    let mut times = BTreeMap::new();
    for (kind, span) in report.time.totals.iter().filter(|(_, span)| *span != Span::ZERO) {
        let name = match kind {
            TimeKind::Idle | TimeKind::WrapUp | TimeKind::Break | TimeKind::Away => "free",
            of => of.text(),
        };
        *times.entry(name).or_default() += span.as_micros();
    }
    times
}

#[test]
fn the_figures_of_a_floor_are_those_that_its_events_tell() {
    let log = floor(5, 70);
    let streams = log.streams().unwrap();
    let whole = log.report(&with(None, None), &mut to_the_end).unwrap();
    let (begin, end) = (whole.from.as_micros(), whole.to.as_micros());
    let hour = 3_600_000_000;
    // All of it, its middle, a part that begins and ends within calls, and nothing.
    for (from, to) in [
        (begin, end),
        (begin + hour / 2, end - hour / 3),
        (begin + 1_234_567_891, begin + 2_345_678_912),
        (end + hour, end + 2 * hour),
    ] {
        let report = log.report(&with(Some(from), Some(to)), &mut to_the_end).unwrap();
        let lines: Vec<Line> = streams.iter().map(|stream| line(&log, stream.id, (from, to))).collect();
        let expected = figures(&lines, (from, to));
        assert_eq!(reported(&report), expected);
        let mut spent = BTreeMap::new();
        for (kind, length) in lines.iter().flat_map(|line| &line.time) {
            *spent.entry(*kind).or_default() += length;
        }
        // Before the login nobody's time is told.
        spent.remove("unknown");
        let mut told = times(&report);
        told.remove("unknown");
        assert_eq!(told, spent);
        let by_hour: u64 = report.hours.iter().map(|slot| slot.calls.inbound.offered.count).sum();
        let by_day: u64 = report.days.iter().map(|slot| slot.calls.inbound.offered.count).sum();
        assert_eq!((by_hour, by_day), (expected.offered, expected.offered));
        let of_agents = report.agents.iter().map(|agent| agent.time.logged_in.as_micros()).sum::<i64>();
        assert_eq!(of_agents, report.time.logged_in.as_micros());
    }
    let expected = figures(
        &streams.iter().map(|stream| line(&log, stream.id, (begin, end))).collect::<Vec<_>>(),
        (begin, end),
    );
    assert!(expected.offered > 100 && expected.abandoned > 10 && expected.declined > 10, "{expected:?}");
    assert!(expected.made > 50 && expected.consultations > 10 && expected.in_time < expected.answered);
    let rows: u64 = whole.agents.iter().map(|agent| agent.presented.count).sum();
    assert!(rows > whole.floor.inbound.offered.count, "no call was on two lines");
}

#[test]
fn the_time_of_every_session_is_that_of_its_ledger_and_of_its_events() {
    let manifest = vectors::Manifest::read(&vectors::directory()).unwrap();
    let (mut different, mut compared) = (Vec::new(), 0);
    for file in &manifest.files {
        let log = Log::in_memory().unwrap();
        let trace = fs::read(vectors::directory().join(&file.path)).unwrap();
        let stream = log.import_trace(trace.as_slice(), None).unwrap().stream;
        let report = log.report(&ReportOptions::default(), &mut to_the_end).unwrap();
        assert_eq!(report.time.totals, log.time(stream).unwrap().totals(), "{}", file.path);
        let all = (report.from.as_micros(), report.to.as_micros());
        let seen = line(&log, stream, all);
        let mut spent = seen.time.clone();
        spent.remove("unknown");
        let mut told = times(&report);
        told.remove("unknown");
        assert_eq!(told, spent, "{}", file.path);
        if seen.is_more {
            continue;
        }
        compared += 1;
        let expected = figures(std::slice::from_ref(&seen), all);
        if reported_anyhow(&report) != (expected.offered, expected.answered, expected.waited, expected.made) {
            different.push(format!("{}: {:?} {expected:?}", file.path, reported_anyhow(&report)));
        }
    }
    assert_eq!(different, Vec::<String>::new());
    assert!(compared > 40, "only {compared} sessions");
}

fn reported_anyhow(report: &Report) -> (u64, u64, i64, u64) {
    let inbound = &report.floor.inbound;
    (
        inbound.offered.count,
        inbound.answered.count,
        inbound.answer_speed.sum.as_micros(),
        report.floor.outbound.made.count,
    )
}

#[test]
fn what_was_derived_goes_on_where_it_ended_and_is_made_anew_when_it_is_lost() {
    let log = floor(2, 40);
    let report = || log.report(&ReportOptions::default(), &mut to_the_end).unwrap();
    let first = report();
    assert_eq!(report(), first);
    assert_eq!(report().html(), first.html());
    log.store().clear_derived().unwrap();
    assert_eq!(report(), first);
    // A range is the sum of its parts.
    let middle = first.from + Span::from_secs(1_800);
    let stream = log.streams().unwrap()[0].id;
    let spent = |from, to| {
        let stretches = log.spent(stream, from, to).unwrap();
        stretches.iter().fold(Span::ZERO, |sum, stretch| sum + stretch.length())
    };
    assert_eq!(spent(first.from, middle) + spent(middle, first.to), spent(first.from, first.to));
    assert!(spent(first.from, middle) > Span::ZERO && spent(middle, first.to) > Span::ZERO);
}

#[test]
fn of_a_damaged_line_what_comes_before_is_told_and_the_damage_is_named() {
    let log = floor(3, 20);
    let sound = log.report(&ReportOptions::default(), &mut to_the_end).unwrap();
    let stream = log.streams().unwrap().remove(1);
    let at = stream.head.at.unwrap();
    let record = NewRecord { bytes: vec![0xff; 40], hash: Hash([7; 32]), at };
    let first = stream.head.seq + 1;
    log.store().append(&[Append { stream: stream.id, first, records: vec![record] }]).unwrap();
    let mut options = ReportOptions::default();
    for agents in [vec![], vec!["agent001".to_owned()]] {
        options.agents = agents;
        let report = log.report(&options, &mut to_the_end).unwrap();
        assert!(report.is_damaged() && report.unknown_agents.is_empty());
        let damage = &report.damage[0];
        assert_eq!(
            (report.damage.len(), damage.stream.as_str(), damage.until),
            (1, "agent001", stream.head.seq)
        );
        assert!(damage.what.contains(&format!("record {first}")), "{}", damage.what);
        assert!(report.html().contains("is damaged after record"));
        let of = |report: &Report| {
            report.agents.iter().find(|agent| agent.login.as_deref() == Some("agent001")).unwrap().time
        };
        assert_eq!(of(&report), of(&sound));
        if options.agents.is_empty() {
            assert_eq!(reported(&report), reported(&sound));
        }
    }
}

#[test]
fn every_figure_names_calls_and_all_together_not_too_many() {
    let log = floor(8, 60);
    let report = log.report(&ReportOptions::default(), &mut to_the_end).unwrap();
    let places = report.calls.len();
    assert!(places > 100 && places <= 2_000);
    let mut seen = 0;
    check_among(&serde_json::to_value(&report).unwrap(), places, &mut seen);
    assert!(seen > 100, "only {seen} figures");
    assert!(report.calls.is_sorted_by_key(|call| call.began));
    for hold in &report.longest_holds {
        let call = &report.calls[hold.call.unwrap() as usize];
        assert!(call.held >= hold.length && call.began <= hold.from);
    }
    let mut options = ReportOptions::default();
    options.agents = vec!["agent003".to_owned(), "nobody".to_owned()];
    let one = log.report(&options, &mut to_the_end).unwrap();
    assert_eq!((one.lines, one.unknown_agents.clone()), (1, vec!["nobody".to_owned()]));
    assert_eq!(one.agents[0].time, report.agents[3].time);
    assert_eq!(one.agents[0].presented.count, report.agents[3].presented.count);
}

/// Every figure in the JSON lists calls that there are, and no more than it counts.
fn check_among(value: &serde_json::Value, places: usize, seen: &mut usize) {
    if let Some(fields) = value.as_object() {
        if let (Some(count), Some(listed)) = (fields.get("count"), fields.get("listed")) {
            let (count, listed) = (count.as_u64().unwrap(), listed.as_array().unwrap());
            assert_eq!(listed.len() as u64, count.min(20), "a figure lists others than it has");
            assert!(listed.iter().all(|place| place.as_u64().unwrap() < places as u64));
            assert!(listed.is_sorted_by_key(|place| place.as_u64()));
            *seen += usize::from(count > 0);
        }
        fields.values().for_each(|value| check_among(value, places, seen));
    } else if let Some(items) = value.as_array() {
        items.iter().for_each(|value| check_among(value, places, seen));
    }
}

#[test]
fn the_page_lets_its_own_script_run_and_no_other() {
    let log = floor(1, 3);
    let page = log.report(&ReportOptions::default(), &mut to_the_end).unwrap().html();
    let script = page.split_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script));
    assert!(page.contains(&format!("script-src 'sha256-{hash}'")), "the policy wants sha256-{hash}");
    assert_eq!(page.matches("<script").count(), 1);
    for fetched in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(fetched), "{fetched}");
    }
}

#[test]
fn names_of_others_are_text_and_nothing_else() {
    let hostile = "</script><img onerror='x'>";
    let trace = fs::read_to_string(vectors::directory().join("named/hold-and-back.jsonl")).unwrap();
    let trace =
        trace.replace("Ромашка", hostile).replace("\"login\":\"ivanov\"", "\"login\":\"<b>'\\\"$(x)\"");
    let log = Log::in_memory().unwrap();
    log.import_trace(trace.as_bytes(), Some("<i>")).unwrap();
    let page = log.report(&ReportOptions::default(), &mut to_the_end).unwrap().html();
    assert!(page.contains("&lt;img onerror=&#39;x&#39;&gt;") && page.contains("&lt;b&gt;"));
    assert!(!page.contains("<img") && !page.contains("<i>") && !page.contains("<b>'"));
}

#[test]
fn the_page_of_figures_names_every_figure() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/callfold/FIGURES.md"))
        .unwrap();
    for term in [
        "AHT",
        "ASA",
        "service level",
        "abandonment",
        "short abandon",
        "occupancy",
        "wrap-up",
        "undetermined",
    ] {
        assert!(page.contains(term), "{term}");
    }
    let options = ReportOptions::default();
    assert!(page.contains(&format!("`--service-level`, {} s if not said", options.threshold.as_secs())));
    assert!(page.contains(&format!("`--short-abandon`, {} s if not said", options.short_abandon.as_secs())));
}
