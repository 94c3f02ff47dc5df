//! The pictures of every call of every recorded session, and of calls that were made to be hard.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};

use callfold::calls::{Call, CommandTrail};
use callfold::replay::{self, CallReader};
use callfold::timeline::{StepKind, Timeline};
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
                    let kind = if spell.kind.text() == "gap" { "connection down" } else { spell.kind.text() };
                    let of_it = |line: &str| {
                        line.contains(&format!("<title>{kind}"))
                            && line.contains(&format!("(#{})", spell.from.seq))
                    };
                    assert!(svg.lines().any(of_it), "{}: {spell:?}", path.display());
                }
                for hold in &call.holds {
                    assert!(svg.contains(&format!(
                        "{}, {}",
                        hold.reason.text(),
                        hold.end.map_or("goes on", |end| end.text())
                    )));
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
                let drawn = timeline.ladder.steps.iter().filter(|step| step.kind != StepKind::Note);
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
