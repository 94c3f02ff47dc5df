//! The pictures of every call of every recorded session, and of calls that were made to be hard.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};

use callfold::calls::{Call, CommandTrail, GivenBy};
use callfold::replay::{self, CallReader};
use callfold::timeline::{BarKind, Step, StepKind, Timeline, say};
use callfold::{PersonName, PhoneNumber, Span};

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors")
}

fn session(path: &Path) -> (Vec<Call>, Vec<CommandTrail>) {
    let mut reader = CallReader::default();
    replay::run(fs::read(path).unwrap().as_slice(), &mut reader).unwrap();
    let over = reader.finish().0;
    (over.calls, over.commands)
}

fn named(name: &str) -> (Vec<Call>, Vec<CommandTrail>) {
    session(&vectors().join("named").join(name).with_extension("jsonl"))
}

/// Every picture of a call.
fn pictures(timeline: &Timeline) -> [(&'static str, String); 6] {
    [
        ("txt", timeline.text()),
        ("ladder.txt", timeline.ladder_text()),
        ("svg", timeline.svg()),
        ("ladder.svg", timeline.ladder_svg()),
        ("html", timeline.html()),
        ("mmd", timeline.mermaid()),
    ]
}

/// Checks that this is well-formed XML without anything that runs or is fetched; its texts, put together.
fn well_formed(markup: &str) -> String {
    let mut open = Vec::new();
    let mut texts = String::new();
    let mut rest = markup.strip_prefix("<!DOCTYPE html>\n").unwrap_or(markup);
    while let Some(tag) = rest.find('<') {
        let text = &rest[..tag];
        assert!(!text.contains('>') || open.last() == Some(&"style"), "a bare `>` in {text}");
        for entity in text.split('&').skip(1) {
            let name = entity.split(';').next().unwrap();
            assert!(["amp", "lt", "gt", "quot", "#39"].contains(&name), "&{entity}");
        }
        texts.push_str(text);
        texts.push('\n');
        let inside = rest[tag + 1..].split('>').next().unwrap();
        rest = &rest[tag + inside.len() + 2..];
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed in another order");
            continue;
        }
        let name = inside.split([' ', '/']).next().unwrap();
        assert!(
            !["script", "a", "image", "use", "foreignObject", "link", "iframe"].contains(&name),
            "{name}"
        );
        let mut attributes = inside[name.len()..].trim_end_matches('/').trim_start();
        let mut seen = Vec::new();
        while let Some((name, after)) = attributes.split_once("=\"") {
            assert!(
                !name.starts_with("on") && !name.contains("href") && !name.contains(['"', ' ']),
                "{name}"
            );
            assert!(!seen.contains(&name), "{name} twice");
            seen.push(name);
            let (value, after) = after.split_once('"').unwrap();
            assert!(!value.contains(['<', '&']), "{value}");
            attributes = after.trim_start();
        }
        assert_eq!(attributes, "", "not an attribute in <{inside}>");
        if !inside.ends_with('/') {
            open.push(name);
        }
    }
    assert_eq!((open, rest.trim()), (Vec::new(), ""), "not closed");
    let is_allowed = |c: char| c == '\n' || (!c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c));
    assert!(markup.chars().all(is_allowed), "a character that must not be in it");
    texts
}

/// What everything that is drawn of a call keeps to.
fn check(call: &Call, commands: &[CommandTrail]) {
    let timeline = Timeline::of(call, commands);
    for ((kind, picture), (_, again)) in
        pictures(&timeline).iter().zip(&pictures(&Timeline::of(call, commands)))
    {
        assert_eq!(picture, again, "{kind} differs from time to time");
        let most = if *kind == "html" { 900_000 } else { 300_000 };
        assert!(picture.len() < most, "{kind} has {} bytes", picture.len());
        if kind.ends_with("svg") || *kind == "html" {
            let texts = well_formed(picture);
            assert!(picture.contains("viewBox=\"0 0 ") && picture.contains("role=\"img\""));
            assert!(texts.contains(if *kind == "html" { "#" } else { "began " }));
            assert!(
                !picture.contains("http://") || picture.matches("http://").count() <= 2,
                "something is fetched"
            );
        }
    }
}

#[test]
fn every_call_of_every_session_is_drawn_whole() {
    let mut calls_seen = 0;
    for directory in ["named", "random"] {
        for file in fs::read_dir(vectors().join(directory)).unwrap() {
            let path = file.unwrap().path();
            let (calls, commands) = session(&path);
            for call in &calls {
                calls_seen += 1;
                check(call, &commands);
                let timeline = Timeline::of(call, &commands);
                assert_eq!(timeline.left_out, 0);
                let svg = timeline.svg();
                for spell in &call.spells {
                    let kind = match (spell.kind.text(), spell.callback) {
                        ("gap", _) => "connection down",
                        ("ring", true) => "the agent&#39;s own phone rings",
                        ("dial", true) => "the PBX sets up",
                        (kind, _) => kind,
                    };
                    let of_it = |line: &str| {
                        line.contains(&format!("<title>{kind}"))
                            && line.contains(&format!("(#{})", spell.from.seq))
                    };
                    assert!(svg.lines().any(of_it), "{}: {spell:?}", path.display());
                }
                for hold in &call.holds {
                    let drawn =
                        |line: &str| line.contains("<title>hold: ") && line.contains("class=\"cf-hold\"");
                    assert!(svg.lines().any(drawn));
                    let entry = format!("#{}", hold.from.seq);
                    assert!(
                        timeline.text().lines().any(|line| line.contains(&entry) && line.contains("on hold"))
                    );
                }
                let in_order = timeline.entries.windows(2).all(|pair| pair[0].at <= pair[1].at);
                assert!(in_order && timeline.from <= timeline.to, "{}", path.display());
            }
        }
    }
    assert!(calls_seen > 100, "only {calls_seen} calls were drawn");
}

#[test]
fn names_of_others_are_text_and_nothing_else() {
    let (calls, commands) = named("hold-and-back");
    let long = "Ж".repeat(10_000);
    let hostile = [
        "</text><script>alert(1)</script>",
        "\" onload=\"alert(1)",
        "&lt;&amp;&",
        "a\u{202e}b\u{2066}c\0d\u{1b}[31m",
        "]]>\u{ffff}",
        "e\u{301}\u{301}",
        &long,
    ];
    for name in hostile {
        let mut call = calls[0].clone();
        let mut others: Vec<_> = call.legs.iter_mut().map(|leg| &mut leg.who).collect();
        others.push(&mut call.other);
        for other in others {
            other.name = Some(PersonName::from(name));
            other.number = Some(PhoneNumber::from(name));
        }
        let mut commands = commands.clone();
        for command in &mut commands {
            command.target = Some(PhoneNumber::from(name));
            command.requests.iter_mut().for_each(|request| request.method = name.into());
        }
        check(&call, &commands);
        let timeline = Timeline::of(&call, &commands);
        for (kind, picture) in pictures(&timeline) {
            let bad = |c: char| {
                (c.is_control() && c != '\n') || ('\u{2066}'..='\u{2069}').contains(&c) || c == '\u{202e}'
            };
            assert!(!picture.contains(bad), "{kind} of {name:?}");
            assert!(!picture.contains(&"Ж".repeat(200)), "{kind} has all of a long name");
        }
        assert!(!timeline.html().contains("<script"));
        if name == long {
            assert!(timeline.text().contains(&format!("{}…", "Ж".repeat(119))));
        }
    }
}

#[test]
fn a_call_of_a_thousand_facts_is_bounded_and_says_what_is_left_out() {
    let (calls, commands) = named("hold-and-back");
    let mut call = calls[0].clone();
    let later = |place: i64, at: &mut callfold::calls::Moment| {
        at.at = at.at + Span::from_millis(place * 20_000);
        at.seq += place.unsigned_abs() * 100;
    };
    let (spells, holds, legs) = (call.spells.clone(), call.holds.clone(), call.legs.clone());
    for place in 1..1_000 {
        for mut spell in spells.iter().copied() {
            later(place, &mut spell.from);
            spell.to.iter_mut().for_each(|to| later(place, to));
            call.spells.push(spell);
        }
        let (mut hold, mut leg) = (holds[0].clone(), legs[0].clone());
        later(place, &mut hold.from);
        hold.to.iter_mut().for_each(|to| later(place, to));
        later(place, &mut leg.from);
        leg.to.iter_mut().for_each(|to| later(place, to));
        leg.who.name =
            Some(PersonName::from(format!("Дмитрий Константинович Длинный-Предлинный {place}").as_str()));
        leg.who.number = Some(PhoneNumber::from(place.to_string().as_str()));
        call.holds.push(hold);
        call.legs.push(leg);
    }
    check(&call, &commands);
    let timeline = Timeline::of(&call, &commands);
    assert!(timeline.left_out > 1_000 && timeline.ladder.left_out > 1_000);
    for (kind, picture) in pictures(&timeline) {
        assert!(picture.contains("left out"), "{kind}");
    }
}

#[test]
fn what_goes_on_is_drawn_as_going_on() {
    let (calls, commands) = named("hold-and-back");
    let mut call = calls[0].clone();
    call.ended = None;
    call.spells.last_mut().unwrap().to = None;
    call.legs.last_mut().unwrap().to = None;
    check(&call, &commands);
    let timeline = Timeline::of(&call, &commands);
    assert!(timeline.text().contains("goes on") && timeline.svg().contains("goes on"));
    let later = timeline.to + Span::from_secs(3_600);
    assert_eq!(timeline.until(later).to, later);
    // What is over does not become longer.
    let over = Timeline::of(&calls[0], &commands);
    assert_eq!(over.clone().until(later).to, over.to);
}

#[test]
fn what_was_over_at_once_is_seen() {
    let (calls, _) = named("hold-and-back");
    let mut call = calls[0].clone();
    let first = call.spells[0].from;
    call.spells[0].to = Some(first);
    let svg = Timeline::of(&call, &[]).svg();
    let bar = svg.lines().find(|line| line.contains("class=\"cf-ring\"")).unwrap();
    assert!(bar.contains("width=\"3\""), "{bar}");
    // Drawn over the longer one beside it.
    assert!(svg.find("class=\"cf-talk\"").unwrap() < svg.find("class=\"cf-ring\"").unwrap());
}

#[test]
fn commands_of_another_call_are_not_told() {
    let (calls, commands) = named("hold-and-back");
    assert!(commands.iter().any(|command| command.name.text() == "connect"));
    let timeline = Timeline::of(&calls[0], &commands);
    assert!(timeline.text().contains("command hold") && !timeline.text().contains("command connect"));
}

#[test]
fn times_are_those_of_the_offset() {
    let (calls, commands) = named("hold-and-back");
    let text = Timeline::of(&calls[0], &commands).at_offset(10_800).text();
    assert!(text.contains("2026-01-12 09:00:02.010 UTC+03:00"), "{text}");
}

/// The story and the ladder of every call of every named session, kept in `tests/timeline/named`, a file for each session.
#[test]
fn every_named_session_is_told_as_it_was() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/timeline/named");
    let mut changed = Vec::new();
    for file in fs::read_dir(vectors().join("named")).unwrap() {
        let path = file.unwrap().path();
        let (calls, commands) = session(&path);
        let told: Vec<String> = calls
            .iter()
            .map(|call| {
                let timeline = Timeline::of(call, &commands);
                format!("{}\n{}\n{}", timeline.text(), timeline.ladder_text(), timeline.mermaid())
            })
            .collect();
        if told.is_empty() {
            continue;
        }
        let told = told.join("\n");
        let kept = directory.join(path.file_stem().unwrap()).with_extension("txt");
        if std::env::var_os("CALLFOLD_BLESS").is_some() {
            fs::create_dir_all(&directory).unwrap();
            fs::write(&kept, &told).unwrap();
        }
        if fs::read_to_string(&kept).ok().as_ref() != Some(&told) {
            changed.push(kept.display().to_string());
        }
    }
    assert!(changed.is_empty(), "{changed:#?}");
}

/// A diagram is a line each, and nothing in a line is Mermaid's but what begins it.
#[test]
fn a_diagram_has_what_the_ladder_has() {
    for directory in ["named", "random"] {
        for file in fs::read_dir(vectors().join(directory)).unwrap() {
            let (calls, commands) = session(&file.unwrap().path());
            for call in &calls {
                let timeline = Timeline::of(call, &commands);
                let diagram = timeline.mermaid();
                let mut lines = diagram.lines();
                assert_eq!(lines.next(), Some("sequenceDiagram"));
                let participants = diagram.lines().filter(|line| line.starts_with("    participant p"));
                assert_eq!(participants.count(), timeline.ladder.columns.len());
                let arrows = diagram.lines().filter(|line| line.contains("->>") || line.contains("--x"));
                let is_arrow = |step: &&Step| matches!(step.kind, StepKind::Arrow | StepKind::Lost);
                let drawn = timeline.ladder.steps.iter().filter(is_arrow);
                assert_eq!(arrows.count(), drawn.count());
                for step in &timeline.ladder.steps {
                    assert!(diagram.contains(&format!(" #35;{} ", step.at.seq)), "{diagram}");
                }
            }
        }
    }
}

/// Kept in `tests/timeline`. After a wanted change, look at what changed: `CALLFOLD_BLESS=1 cargo test -p callfold`.
#[test]
fn pictures_are_as_they_were() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/timeline");
    let mut changed = Vec::new();
    for name in ["hold-and-back", "seed-incoming-consult-connect", "conference-from-talk", "connection-lost"]
    {
        let (calls, commands) = named(name);
        let timeline = Timeline::of(&calls[0], &commands);
        for (kind, picture) in pictures(&timeline) {
            // A page has the two pictures in it: one is enough.
            if kind == "html" && name != "hold-and-back" {
                continue;
            }
            let kept = directory.join(format!("{name}.{kind}"));
            if std::env::var_os("CALLFOLD_BLESS").is_some() {
                fs::create_dir_all(&directory).unwrap();
                fs::write(&kept, &picture).unwrap();
            }
            if fs::read_to_string(&kept).ok().as_ref() != Some(&picture) {
                changed.push(kept.display().to_string());
            }
        }
    }
    assert!(changed.is_empty(), "{changed:#?}");
}

/// The timeline of a call of a named session, by the record with which it began.
fn drawn(name: &str, seq: u64) -> Timeline {
    let (calls, commands) = named(name);
    let call = calls.iter().find(|call| call.began.seq == seq).expect("the call");
    Timeline::of(call, &commands)
}

/// Who has a lane, and until which record each of its bars goes.
fn bars(timeline: &Timeline, lane: &str) -> Vec<(BarKind, u64, Option<u64>)> {
    let lanes = timeline.lanes.iter().filter(|of| of.name.starts_with(lane));
    let bars = lanes.flat_map(|lane| &lane.bars);
    bars.map(|bar| (bar.kind, bar.from.seq, bar.to.map(|to| to.seq))).collect()
}

fn steps_at(timeline: &Timeline, seq: u64) -> Vec<(StepKind, usize, usize, &str)> {
    let steps = timeline.ladder.steps.iter().filter(|step| step.at.seq == seq);
    steps.map(|step| (step.kind, step.from, step.to, step.words.as_str())).collect()
}

fn has_entry(timeline: &Timeline, seq: u64, words: &str) -> bool {
    timeline.entries.iter().any(|entry| entry.at.seq == seq && entry.words.contains(words))
}

#[test]
fn who_left_a_conference_is_not_there_any_more() {
    let timeline = drawn("conference-from-talk", 66);
    let of_caller = bars(&timeline, "ООО Ромашка");
    assert_eq!(of_caller, [(BarKind::Party, 66, Some(90)), (BarKind::Conference, 95, Some(123))]);
    // The ladder has it too, and the end goes to nobody who is gone.
    assert!(steps_at(&timeline, 123)[0].3.contains("ООО Ромашка"));
    let end = steps_at(&timeline, 141).into_iter().find(|step| step.3 == "ended by the agent").unwrap();
    assert_eq!(end.0, StepKind::Note);
    // Their own talk became the conference: nobody joins it by that.
    assert!(has_entry(&timeline, 95, "the conference's list is told"));
    assert!(has_entry(&timeline, 109, "Петрова Анна 102 is in the conference, or invited to it"));
}

#[test]
fn who_was_in_a_conference_has_a_lane_from_its_beginning() {
    let timeline = drawn("conference-then-autocall", 74);
    assert!(bars(&timeline, "Клиент").contains(&(BarKind::Conference, 74, Some(90))));
}

#[test]
fn nobody_answers_what_did_not_ring() {
    for name in ["conference-created", "competitor-told-alone", "ghost", "ivr", "conference-then-menu"] {
        let (calls, commands) = named(name);
        let timeline = Timeline::of(&calls[0], &commands);
        assert!(!timeline.ladder.steps.iter().any(|step| step.words.contains("answers")), "{name}");
        assert!(!timeline.text().contains("answered"), "{name}: {}", timeline.text());
    }
    // Who was dialled answers; so does the agent, whose phone rang.
    assert!(has_entry(&drawn("callback-talk", 69), 97, "answered by ООО Ромашка"));
    assert!(has_entry(&drawn("hold-and-back", 66), 77, "answered by the agent"));
}

#[test]
fn a_conference_that_the_agent_makes_calls_nobody() {
    let timeline = drawn("conference-created", 75);
    assert_eq!(
        timeline.title,
        "conference that the agent made, listed in it: Петрова Анна 102, Сидоров Пётр 103"
    );
    assert!(!timeline.ladder.steps.iter().any(|step| step.words.starts_with("calls")));
    assert_eq!(&timeline.ladder.columns[3..], ["Петрова Анна 102", "Сидоров Пётр 103"]);
    assert!(has_entry(&timeline, 62, "command conference 102, 103"));
}

#[test]
fn a_talk_is_told_for_each_who_was_talked_with() {
    let timeline = drawn("ivr", 65);
    let talks = timeline.entries.iter().filter(|entry| entry.words.starts_with("talk with"));
    let talks: Vec<_> = talks.map(|talk| (talk.words.as_str(), talk.length.unwrap())).collect();
    let (menu, person) = (Span::from_millis(5_500), Span::from_millis(4_498));
    assert_eq!(talks, [("talk with Меню", menu), ("talk with Петрова Анна 102", person)]);
    assert_eq!(bars(&timeline, "call").len(), 2);
}

#[test]
fn a_callback_rings_at_the_agent_before_the_other_side_is_called() {
    let timeline = drawn("callback-talk", 69);
    assert!(has_entry(&timeline, 69, "the PBX sets up the call to ООО Ромашка"));
    assert!(has_entry(&timeline, 78, "the agent's own phone rings, for the call to ООО Ромашка"));
    let ring = steps_at(&timeline, 78);
    assert_eq!((ring[0].0, ring[0].1, ring[0].2), (StepKind::Arrow, 2, 0));
    let dial = steps_at(&timeline, 86);
    assert_eq!((dial[0].0, dial[0].1, dial[0].2), (StepKind::Arrow, 2, 3));
    // Nobody says that the other side was there before it was dialled.
    assert_eq!(
        bars(&timeline, "ООО Ромашка"),
        [(BarKind::Dial, 86, Some(97)), (BarKind::Party, 97, Some(117))]
    );
}

#[test]
fn who_was_called_is_one_person_though_the_pbx_never_named_them() {
    let timeline = drawn("callback-aborted", 69);
    assert_eq!(&timeline.ladder.columns[3..], ["102"]);
    assert!(bars(&timeline, "102").is_empty() && bars(&timeline, "somebody").is_empty());
    assert!(has_entry(&timeline, 86, "ended by the agent while the PBX set it up"));
    let end = steps_at(&timeline, 86).into_iter().find(|step| step.3.starts_with("ended")).unwrap();
    assert_eq!((end.1, end.2), (0, 2), "not to whom it never came");
}

#[test]
fn how_many_were_in_a_conference_is_unknown_without_its_list() {
    for (name, seq) in [("conference-info-refused", 74), ("held-conference", 77)] {
        let timeline = drawn(name, seq);
        assert!(timeline.svg().contains("who is in it is unknown"), "{name}");
        assert!(!timeline.svg().contains(">0 listed"), "{name}");
    }
    // Who comes back is one and the same.
    let (calls, commands) = named("conference-from-talk");
    let mut call = calls[0].clone();
    let mut again = call.conferences[0].members[2].clone();
    call.conferences[0].members[2].to = Some(again.from);
    again.from = call.ended.unwrap();
    call.conferences[0].members.push(again);
    assert!(Timeline::of(&call, &commands).svg().contains("3 listed in all"));
}

#[test]
fn who_was_only_invited_is_not_said_to_have_been_in_a_conference() {
    let timeline = drawn("conference-states", 74);
    for entry in timeline.entries.iter().filter(|entry| entry.words.contains("000-00-01")) {
        let is_open = ["invited", "listed in it"].iter().any(|words| entry.words.contains(words));
        assert!(is_open, "{}", entry.words);
    }
}

#[test]
fn a_ghost_s_conference_says_what_was_heard_and_whom_the_list_leaves_out() {
    let timeline = drawn("ghost", 78);
    assert!(has_entry(&timeline, 63, "command ghostListen 103"));
    assert!(has_entry(&timeline, 65, "the agent hears, and is not heard"));
    assert!(has_entry(&timeline, 89, "the agent is heard by 103 only"));
    assert!(has_entry(&timeline, 78, "of what a ghost is shown"));
    assert!(!has_entry(&timeline, 91, "led to"), "the list is the same as before");
}

#[test]
fn nobody_is_there_while_the_connection_is_down() {
    let timeline = drawn("connection-lost", 66);
    let of_caller = bars(&timeline, "ООО Ромашка");
    assert_eq!(of_caller, [(BarKind::Party, 66, Some(87)), (BarKind::Unknown, 87, None)]);
}

#[test]
fn what_nobody_knows_has_no_direction() {
    let timeline = drawn("call-errors", 78);
    let end = steps_at(&timeline, 119).into_iter().find(|step| step.3.starts_with("hold ended")).unwrap();
    assert_eq!((end.0, end.3), (StepKind::Unknown, "hold ended: how is unknown"));
    let line = |diagram: &str| diagram.lines().find(|line| line.contains("hold ended")).unwrap().to_owned();
    assert!(line(&timeline.mermaid()).starts_with("    Note over p0,p3: "));
    // Who was on hold before anybody looked was put there by nobody that is known.
    let timeline = drawn("held-conference", 107);
    let found = steps_at(&timeline, 107).into_iter().find(|step| step.3.starts_with("on hold")).unwrap();
    assert_eq!(found.0, StepKind::Note);
}

#[test]
fn who_ended_a_held_call_is_unknown_where_another_was_passed_on() {
    let timeline = drawn("transfer-done", 122);
    assert!(has_entry(&timeline, 142, "ended") && !has_entry(&timeline, 142, "ended by"));
}

#[test]
fn a_consultation_names_whom_it_is_for_and_a_held_call_who_is_consulted() {
    let timeline = drawn("seed-incoming-consult-connect", 73);
    assert!(has_entry(&timeline, 107, "the agent consults Петрова Анна 102 meanwhile"));
    let timeline = drawn("seed-incoming-consult-connect", 107);
    assert!(has_entry(&timeline, 107, "is a consultation for the call with ООО Ромашка"));
    assert!(has_entry(&timeline, 137, "connected to ООО Ромашка"));
    let timeline = drawn("invite-from-hold", 72);
    assert!(has_entry(&timeline, 98, "goes on in the conference of the call e1f0aa10"));
}

#[test]
fn what_the_pbx_says_of_a_refusal_is_told() {
    let timeline = drawn("cti-commands-refused", 82);
    assert!(has_entry(&timeline, 168, "error autocall method call (the PBX says: busy)"));
    let (_, commands) = named("exec");
    assert!(commands.iter().any(|command| say::result(command).contains("the PBX says: no such method")));
}

#[test]
fn a_command_says_what_it_names_and_whose_it_is() {
    let said = |name: &str| named(name).1.iter().map(say::command).collect::<Vec<_>>();
    let own = |name: &str| said(name).into_iter().filter(|words| words.ends_with("(callfold's own)")).count();
    assert_eq!([own("cti-login-refused"), own("cti-server-away"), own("redirect")], [1, 2, 1]);
    assert!(said("user-statuses").iter().all(|words| words != "setUserStatus"));
    // One of callfold's own is nobody's arrow.
    let (calls, mut commands) = named("hold-and-back");
    commands.iter_mut().for_each(|command| command.by = Some(GivenBy::Engine));
    let ladder = Timeline::of(&calls[0], &commands).ladder;
    let steps = ladder.steps.iter().filter(|step| step.words.starts_with("callfold's own command"));
    assert!(steps.clone().count() > 0 && steps.into_iter().all(|step| step.kind == StepKind::Note));
}

#[test]
fn the_legend_explains_every_sign_that_is_there() {
    let svg = drawn("hold-and-back", 66).svg();
    for words in
        ["answered, or talk begins", "ended", "request sent", "agreed, done", "what a command led to"]
    {
        assert!(svg.contains(&format!(">{words}</text>")), "{words}");
    }
    assert!(!svg.contains(">refused, no answer</text>"));
}
