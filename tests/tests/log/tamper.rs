//! Nothing can be changed in a log without being found, and where.

use callfold::log::to_the_end;
use callfold::log::{
    Flaw, HeadLine, Log, LogStore, MemoryStore, StreamId, StreamReport, VerifyOptions, check_export,
};
use callfold::record::{Hash, Stored, stored, stored_in_sealed};
use callfold_store::{Append, NewRecord};
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::{session, sessions};

/// A log of 200 records, cut out of a session, with all that it takes to write it anew, changed.
struct Original {
    log: Log,
    description: Vec<u8>,
    records: Vec<NewRecord>,
}

const RECORDS: usize = 200;

impl Original {
    fn new() -> Self {
        let log = Log::in_memory().unwrap();
        let (_, trace) = sessions().into_iter().max_by_key(|(_, trace)| trace.len()).unwrap();
        let imported = log.import_trace(trace.as_slice(), Some("long")).unwrap();
        let mut records = records(&log, imported.stream);
        records.truncate(RECORDS);
        let description = log.store().streams().unwrap()[0].1.clone();
        Self { log, description, records }
    }

    /// A log of other records under the same keys.
    fn with(&self, records: &[NewRecord]) -> Log {
        let store = MemoryStore::new().unwrap();
        let take = |entry: Stored<'_>| {
            if let Stored::Sealed(subject, _) = entry {
                let key = self.log.store().keys().export(subject).unwrap();
                store.keys().import(subject, Some((key, None))).unwrap();
            }
        };
        stored_in_sealed(&self.description[1..], take).unwrap();
        for record in &self.records {
            stored(&record.bytes, take).unwrap();
        }
        let stream = store.add_stream(&self.description).unwrap();
        store.append(&[Append { stream, first: 1, records: records.to_vec() }]).unwrap();
        Log::over(Arc::new(store))
    }

    fn verify(&self, records: &[NewRecord], heads: Vec<HeadLine>) -> StreamReport {
        let options = VerifyOptions::default().with_heads(heads);
        self.with(records).verify(StreamId(0), &options, &mut to_the_end).unwrap()
    }

    /// The first record of which something is found.
    fn found(&self, records: &[NewRecord]) -> Option<(u64, Flaw)> {
        let report = self.verify(records, Vec::new());
        assert_eq!(report.is_good(), report.findings.is_empty());
        report.findings.into_iter().next().map(|finding| (finding.seq, finding.flaw))
    }
}

fn records(log: &Log, stream: StreamId) -> Vec<NewRecord> {
    let mut all = Vec::new();
    for block in log.store().blocks(stream, 1) {
        for record in block.unwrap().records() {
            let record = record.unwrap();
            let at = record.head().unwrap().at;
            all.push(NewRecord { bytes: record.bytes.to_vec(), hash: record.hash, at });
        }
    }
    all
}

/// The record under another number.
fn renumbered(bytes: &[u8], seq: u64) -> Vec<u8> {
    let number = bytes[1..].iter().position(|byte| *byte < 0x80).unwrap() + 2;
    let mut out = vec![bytes[0]];
    let mut seq = seq;
    while seq >= 0x80 {
        out.push(seq as u8 | 0x80);
        seq >>= 7;
    }
    out.push(seq as u8);
    out.extend_from_slice(&bytes[number..]);
    out
}

#[test]
fn every_flipped_byte_is_found_where_it_is() {
    let original = Original::new();
    assert_eq!(original.records.len(), RECORDS);
    assert!(
        !original.verify(&original.records, Vec::new()).findings.iter().any(|found| found.flaw != Flaw::Time)
    );
    let mut flips = 0;
    for place in 0..RECORDS {
        let seq = place as u64 + 1;
        // Only what comes before and right after can say where it is: the rest is left out, for the time it takes.
        let end = (place + 2).min(RECORDS);
        let bytes = original.records[place].bytes.len();
        for byte in 0..bytes + 32 {
            let mut records = original.records[place.saturating_sub(1)..end].to_vec();
            let changed = if place == 0 { 0 } else { 1 };
            let flip = 1 << (flips % 8);
            match byte.checked_sub(bytes) {
                None => records[changed].bytes[byte] ^= flip,
                Some(byte) => records[changed].hash.0[byte] ^= flip,
            }
            let mut hash = if place < 2 {
                Hash::of_stream(&original.description)
            } else {
                original.records[place - 2].hash
            };
            let broken = records.iter().position(|record| {
                let follows = hash.after(&record.bytes) == record.hash;
                hash = record.hash;
                !follows
            });
            assert_eq!(broken, Some(changed), "record {seq}, byte {byte}");
            flips += 1;
        }
        // And through the whole log, for some.
        let mut records = original.records.clone();
        let byte = (place * 7) % records[place].bytes.len();
        records[place].bytes[byte] ^= 1 << (place % 8);
        assert_eq!(original.found(&records), Some((seq, Flaw::Chain)), "record {seq}, byte {byte}");
        let mut records = original.records.clone();
        records[place].hash.0[place % 32] ^= 1 << (place % 8);
        assert_eq!(original.found(&records), Some((seq, Flaw::Chain)), "hash of record {seq}");
    }
    assert!(flips > 20_000, "{flips}");
}

#[test]
fn what_is_swapped_taken_out_doubled_or_put_in_is_found_where_it_is() {
    let original = Original::new();
    let first = |records: &[NewRecord]| original.found(records).map(|(seq, _)| seq);
    for place in 0..RECORDS {
        let seq = place as u64 + 1;
        let mut swapped = original.records.clone();
        if place + 1 < RECORDS {
            swapped.swap(place, place + 1);
            assert_eq!(first(&swapped), Some(seq), "swapped {seq}");
            let mut removed = original.records.clone();
            removed.remove(place);
            assert_eq!(first(&removed), Some(seq), "taken out {seq}");
        }
        let mut doubled = original.records.clone();
        doubled.insert(place, doubled[place].clone());
        assert_eq!(first(&doubled), Some(seq + 1), "doubled {seq}");
        let mut inserted = original.records.clone();
        let other = original.records[(place + 17) % RECORDS].clone();
        inserted.insert(place, other);
        assert_eq!(first(&inserted), Some(seq), "put in before {seq}");
        // Put in with a hash that follows: what comes after does not.
        let before = place
            .checked_sub(1)
            .map_or(Hash::of_stream(&original.description), |before| original.records[before].hash);
        let mut inserted = original.records.clone();
        let bytes = renumbered(&original.records[(place + 17) % RECORDS].bytes, seq);
        inserted
            .insert(place, NewRecord { hash: before.after(&bytes), bytes, at: original.records[place].at });
        assert!(original.found(&inserted).is_some(), "put in well before {seq}");
        assert_eq!(chain_breaks(&original, &inserted), Some(place + 1), "put in well before {seq}");
    }
}

fn chain_breaks(original: &Original, records: &[NewRecord]) -> Option<usize> {
    let report = original.verify(records, Vec::new());
    let found = report.findings.iter().find(|found| found.flaw == Flaw::Chain);
    found.map(|found| usize::try_from(found.seq).unwrap() - 1)
}

#[test]
fn a_cut_end_and_a_log_written_anew_are_found_by_a_head_that_was_kept() {
    let original = Original::new();
    let kept = original.with(&original.records).heads().unwrap();
    assert_eq!(kept[0].seq, RECORDS as u64);
    let damage = |records: &[NewRecord]| -> Vec<(u64, Flaw)> {
        let report = original.verify(records, kept.clone());
        report.findings.into_iter().map(|found| (found.seq, found.flaw)).collect()
    };
    assert_eq!(damage(&original.records), []);
    for length in [RECORDS - 1, 100, 1, 0] {
        let cut = &original.records[..length];
        // The chain alone says nothing.
        assert_eq!(original.found(cut), None);
        assert_eq!(damage(cut), [(RECORDS as u64, Flaw::CutOff { last: length as u64 })]);
    }
    // Somebody who writes the whole log anew makes a chain that holds, and the head gives it away.
    let mut hash = Hash::of_stream(&original.description);
    let mut anew = original.records.clone();
    let instead = renumbered(&anew[60].bytes, 51);
    anew[50].bytes = instead;
    for record in &mut anew {
        hash = hash.after(&record.bytes);
        record.hash = hash;
    }
    assert_eq!(damage(&anew).last(), Some(&(RECORDS as u64, Flaw::Head)));
    assert!(!damage(&anew).iter().any(|(_, flaw)| *flaw == Flaw::Chain));
    // The stream itself is gone.
    let empty = Log::in_memory().unwrap();
    assert_eq!(empty.missing_heads(&kept).unwrap().len(), 1);
}

#[test]
fn an_export_that_was_changed_is_refused_and_the_line_named() {
    let log = Log::in_memory().unwrap();
    log.import_trace(session("seed-incoming-consult-connect").as_slice(), None).unwrap();
    let mut export = Vec::new();
    log.export(&[], &mut export, &mut to_the_end).unwrap();
    let text = String::from_utf8(export).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let check = |lines: &[String]| check_export((lines.join("\n") + "\n").as_bytes(), &mut to_the_end);
    let as_it_is: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    check(&as_it_is).unwrap();
    let mut refused = 0;
    for (place, line) in lines.iter().enumerate() {
        let mut removed = as_it_is.clone();
        removed.remove(place);
        assert!(check(&removed).is_err(), "line {} taken out: {line}", place + 1);
        let mut doubled = as_it_is.clone();
        doubled.insert(place, (*line).to_owned());
        assert!(check(&doubled).is_err(), "line {} doubled", place + 1);
        if place + 1 < lines.len()
            && lines[place].starts_with("{\"record\"")
            && lines[place + 1].starts_with("{\"record\"")
        {
            let mut swapped = as_it_is.clone();
            swapped.swap(place, place + 1);
            let error = check(&swapped).unwrap_err().to_string();
            assert!(error.starts_with(&format!("line {}:", place + 1)), "{error}");
        }
        // Every letter or digit of a record that people read.
        if line.starts_with("{\"record\"") && place % 5 == 0 {
            let bytes = line.as_bytes();
            for at in (0..bytes.len()).filter(|at| bytes[*at].is_ascii_alphanumeric()) {
                let mut changed = bytes.to_vec();
                changed[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
                let mut with = as_it_is.clone();
                with[place] = String::from_utf8(changed).unwrap();
                let error = check(&with).expect_err("a change that nobody sees").to_string();
                assert!(error.starts_with(&format!("line {}:", place + 1)), "{error}");
                refused += 1;
                if refused % 40 != 0 {
                    continue;
                }
            }
        }
    }
    assert!(refused > 1_000, "{refused}");
    // Nothing of a damaged one is taken in.
    let other = Log::in_memory().unwrap();
    let cut = &text[..text.len() - 40];
    assert!(other.import(std::io::Cursor::new(cut.as_bytes()), &mut to_the_end).is_err());
    assert!(other.streams().unwrap().is_empty());
}

/// The lines of an export; a record's hash stays what it is.
fn exported(log: &Log) -> Vec<String> {
    let mut export = Vec::new();
    log.export(&[], &mut export, &mut to_the_end).unwrap();
    String::from_utf8(export).unwrap().lines().map(ToOwned::to_owned).collect()
}

/// What an import says; nothing may be there that was not before.
fn refused(into: &Log, lines: &[String]) -> String {
    let before = (into.store().streams().unwrap(), into.store().keys().len());
    let text = lines.join("\n") + "\n";
    let error = into.import(std::io::Cursor::new(text.as_bytes()), &mut to_the_end).unwrap_err();
    assert_eq!((into.store().streams().unwrap(), into.store().keys().len()), before, "{error}");
    error.to_string()
}

#[test]
fn an_export_is_taken_in_whole_or_not_at_all() {
    let log = Log::in_memory().unwrap();
    log.import_trace(session("hold-and-back").as_slice(), Some("one")).unwrap();
    log.import_trace(session("hold-and-back").as_slice(), Some("two")).unwrap();
    let lines = exported(&log);
    let number = |line: &str, from: u64, to: u64| {
        let line =
            line.replace(&format!("{{\"stream\":{{\"id\":{from},"), &format!("{{\"stream\":{{\"id\":{to},"));
        line.replace(&format!("\"record\":{{\"stream\":{from},"), &format!("\"record\":{{\"stream\":{to},"))
    };
    let is_end = |line: &String| line.starts_with("{\"end\"");
    let body: Vec<String> = lines.iter().filter(|line| !is_end(line)).cloned().collect();
    let records = body.iter().filter(|line| line.starts_with("{\"record\"")).count();
    let is_of_first = |line: &&String| {
        line.starts_with("{\"stream\":{\"id\":0,") || line.starts_with("{\"record\":{\"stream\":0,")
    };
    let first: Vec<String> = body.iter().filter(is_of_first).map(|line| number(line, 0, 2)).collect();
    let end = |streams: usize, records: usize| {
        format!("{{\"end\":{{\"streams\":{streams},\"records\":{records}}}}}")
    };

    // The same stream a third time.
    let twice = [&body[..], &first, &[end(3, records + first.len() - 1)]].concat();
    let place = body.len() + 1;
    let expected = format!("line {place}: stream `one`, or another one of its name, is in the file twice");
    assert_eq!(refused(&Log::in_memory().unwrap(), &twice), expected);

    // Another stream of the same name.
    let other = Log::in_memory().unwrap();
    other.import_trace(session("seed-incoming-consult-connect").as_slice(), Some("one")).unwrap();
    let there: BTreeSet<&String> = body.iter().collect();
    let others: Vec<String> = exported(&other)
        .iter()
        .filter(|line| !is_end(line) && !there.contains(line))
        .map(|line| number(line, 0, 2))
        .collect();
    let of_others = others.iter().filter(|line| line.starts_with("{\"record\"")).count();
    let same_name = [&body[..], &others, &[end(3, records + of_others)]].concat();
    assert!(refused(&Log::in_memory().unwrap(), &same_name).contains("is in the file twice"));

    // The second stream is there, or its name is; the first could have been written before that is seen.
    let into = Log::in_memory().unwrap();
    into.import_trace(session("seed-incoming-consult-connect").as_slice(), Some("two")).unwrap();
    assert!(refused(&into, &lines).contains("there is a stream `two` already"));
    // Written with another space, and told to be called otherwise, it is the same stream.
    let spaced: Vec<String> =
        lines.iter().map(|line| line.replace("{\"stream\":{", "{ \"stream\": {")).collect();
    assert!(refused(&into, &spaced).contains("there is a stream `two` already"));
    assert!(refused(&log, &spaced).contains("stream `one` is in the log already"));

    // Somebody else's key under the same number, and not under the first.
    let into = Log::in_memory().unwrap();
    let keys: Vec<usize> = (0..lines.len()).filter(|place| lines[*place].starts_with("{\"key\"")).collect();
    let last = *keys.last().unwrap();
    let line: serde_json::Value = serde_json::from_str(&lines[last]).unwrap();
    let subject = u64::from_str_radix(line["key"]["subject"].as_str().unwrap(), 16).unwrap();
    into.store().keys().import(callfold::record::SubjectId(subject), Some(([7; 32], None))).unwrap();
    assert_eq!(refused(&into, &lines), format!("line {}: the log has another key of this number", last + 1));
}

#[test]
fn the_text_beside_a_key_is_what_it_opens() {
    let log = Log::in_memory().unwrap();
    log.import_trace(session("seed-incoming-consult-connect").as_slice(), None).unwrap();
    let lines = exported(&log);
    let mut told = 0;
    for (place, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("{\"key\"")) {
        let parsed: serde_json::Value = serde_json::from_str(line).unwrap();
        let is_told = parsed["key"]["text"].is_string();
        told += usize::from(is_told);
        for text in [serde_json::Value::Null, "nobody".into()] {
            if parsed["key"]["text"] == text {
                continue;
            }
            let mut changed = parsed.clone();
            changed["key"]["text"] = text;
            let mut with = lines.clone();
            with[place] = changed.to_string();
            let error = refused(&Log::in_memory().unwrap(), &with);
            let expected = format!("line {}: the text beside the key is not what the key opens", place + 1);
            assert_eq!(error, expected, "{line}");
        }
    }
    assert!(told > 5, "{told}");
    // Who has the export has its keys: nothing new is sealed under them, and they are found by their texts.
    let into = Log::in_memory().unwrap();
    let text = lines.join("\n") + "\n";
    into.import(std::io::Cursor::new(text.as_bytes()), &mut to_the_end).unwrap();
    let keys = into.store().keys();
    for line in lines.iter().filter(|line| line.starts_with("{\"key\"")) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let Some(text) = line["key"]["text"].as_str() else { continue };
        let subject = u64::from_str_radix(line["key"]["subject"].as_str().unwrap(), 16).unwrap();
        assert_eq!(keys.find_all(text), [callfold::record::SubjectId(subject)]);
        assert_eq!(keys.find(text), None);
    }
}
