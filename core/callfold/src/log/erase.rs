//! Forgets somebody: the keys of what is theirs are destroyed. Records, times, totals and the chain stay.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callfold_engine::InputKind;
use callfold_engine::record::{
    NoKeys, Record, SealError, Stored, SubjectId, Unseal, made_of, stored, stored_in_sealed,
};
use callfold_store::{Keys, Place, StoreError};

use super::verify::PROGRESS_EVERY;
use super::{Log, LogError, OnProgress, Progress, StreamInfo, input_json, tell};

/// What was erased.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErasedReport {
    /// How many texts: the number or name itself, and longer ones that have it in them.
    pub subjects: usize,
    /// How many records had one of them.
    pub records: u64,
    /// Records in which it is still to be read: in a place that the protocol keeps for its own words. None is known,
    /// but a server may say anything.
    pub still_readable: Vec<Place>,
}

/// Fewer characters are in too many texts to erase everything that has them.
const MIN_CHARACTERS: usize = 2;
/// From how many digits on a number is looked for by its digits, however it is written.
const MIN_DIGITS: usize = 5;
/// How many marks may stand between two digits of a number: `8 (495) 111-22-33`.
const MAX_MARKS: usize = 2;
/// How many strings in strings are opened.
const MAX_NESTED: usize = 3;
/// How many digits a number has without the prefix of its country, and with the longest.
const LONG: (usize, usize) = (10, 12);
/// The most records that are told of one by one.
const MAX_TOLD: usize = 100;

impl Log {
    /// Erases a number or a name: everything sealed that is just it, or has it in it, is read as a token from now on,
    /// in this store and its exports. Nothing else changes. There is no way back. Call with `dry` to see what it would
    /// do.
    ///
    /// Keys that no record and no description needs are destroyed as well, whoever they are of: those of derived
    /// values, of imports that failed, of records that were cut off at opening. While a [`StreamWriter`](super::StreamWriter)
    /// has records that are staged and not committed, that is left for the next time; a longer text in such a record
    /// is not reached either. Whoever records waits while somebody is erased.
    ///
    /// A machine that still runs has what it has in memory, and no more snapshots of it are kept; exports and copies
    /// made before are not reached.
    ///
    /// # Errors
    /// [`LogError::NotErasable`] for text that is too short to be somebody's; [`LogError`] if the store cannot be read
    /// to its end, and nothing was then erased. [`LogError::Interrupted`] comes only while it looks, so nothing was erased
    /// then either: once it begins to erase, it is not broken off.
    pub fn erase(&self, text: &str, dry: bool, progress: OnProgress<'_>) -> Result<ErasedReport, LogError> {
        let wanted = Wanted::new(text)?;
        // Nothing is derived, and nothing sealed, from what is about to be erased. Who derives takes no turn to write.
        let _alone = (!dry)
            .then(|| (self.deriving.lock().unwrap_or_else(PoisonError::into_inner), self.turns.erase()));
        let streams = self.store.streams()?;
        let of = streams
            .iter()
            .map(|(id, _)| self.store.head(*id).map(|head| head.seq))
            .sum::<Result<u64, _>>()?;
        let mut found = Found::new(self, wanted);
        let mut report = ErasedReport::default();
        let mut done = 0_u64;
        for (id, description) in &streams {
            let mut pieces = BTreeSet::new();
            let mut in_message = false;
            let mut look = Look::default();
            stored_in_sealed(StreamInfo::sealed(description)?, |entry| look.take(entry))?;
            found.look(&look, Place { stream: *id, seq: 0 }, &mut report, |unseal| {
                let info = StreamInfo::read(description, unseal)?;
                Ok(vec![serde_json::to_string(&info).map_err(io::Error::from)?])
            })?;
            for block in self.store.blocks(*id, 1) {
                for record in block?.records() {
                    let record = record?;
                    let place = record.place;
                    let mut look = Look::default();
                    stored(record.bytes, |entry| look.take(entry))
                        .map_err(|source| StoreError::Record { place, source })?;
                    let has_it = found.look(&look, place, &mut report, |unseal| {
                        let read = Record::read(record.bytes, unseal);
                        texts_of(&read.map_err(|source| StoreError::Record { place, source })?)
                    })?;
                    pieces.extend(look.pieces.iter().copied());
                    in_message |= has_it || !look.pieces.is_empty() && found.is_cut_across(&look)?;
                    report.records += u64::from(has_it);
                    done += 1;
                    if done.is_multiple_of(PROGRESS_EVERY) {
                        tell(progress, done, of)?;
                    }
                }
            }
            if in_message {
                // A long message has it: the record of its last piece has the message name by name, so the pieces as
                // they came are not needed, and it may lie across two of them.
                found.doomed.extend(pieces);
            }
        }
        report.subjects = found.doomed.len();
        if !dry {
            // First: whatever of it fails, a machine that has the name writes no snapshot of it.
            self.turns.erasures.fetch_add(1, Ordering::AcqRel);
            let mut doomed: Vec<SubjectId> = found.doomed.into_iter().collect();
            if self.turns.staged.load(Ordering::Acquire) == 0 {
                let kept = self.store.keys().kept();
                doomed.extend(kept.into_iter().filter(|subject| !found.referred.contains(subject)));
            }
            self.store.keys().erase(&doomed)?;
            // What is derived has it under the same keys; it is made anew all the same, so that none is remembered.
            self.store.clear_derived()?;
            self.store.sync()?;
        }
        // It is done: nothing is left to be broken off.
        let _ = progress(Progress { done, of });
        Ok(report)
    }
}

/// What is looked for.
struct Wanted<'t> {
    text: &'t str,
    /// Its digits, if they are a number's.
    digits: Option<String>,
    made: Vec<String>,
}

impl<'t> Wanted<'t> {
    fn new(text: &'t str) -> Result<Self, LogError> {
        if text.trim() != text || text.chars().count() < MIN_CHARACTERS {
            return Err(LogError::NotErasable(
                "a name or number has two characters or more, and no space around it",
            ));
        }
        let is_number = text
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | ' ' | '.' | '*' | '#'));
        let digits = digits_of(text);
        let digits = (is_number && digits.len() >= MIN_DIGITS).then_some(digits);
        Ok(Self { text, digits, made: made_of(text) })
    }

    /// Whether sealed text is what is looked for, or has it in it, in whichever way it is written.
    fn is_in_sealed(&self, text: &str) -> bool {
        said(text).iter().any(|text| {
            // Binary messages and pieces stand as base64.
            let bytes = STANDARD.decode(text.as_bytes()).unwrap_or_default();
            let inner = String::from_utf8_lossy(&bytes);
            self.is_in(text) || said(&inner).iter().any(|inner| self.is_in(inner))
        })
    }

    fn is_in(&self, text: &str) -> bool {
        text == self.text || self.made.iter().any(|made| made == text) || self.times_in(text) > 0
    }

    /// How many times it stands in a longer text.
    fn times_in(&self, text: &str) -> usize {
        let by_digits = self.digits.as_ref().map_or(0, |digits| times_number_in(text, digits));
        times_word_in(text, self.text) + by_digits
    }
}

/// Text, and what it says if it is written in a way of its own: a string in quotes or a part of one, with escapes, and
/// a string in such a string.
fn said(text: &str) -> Vec<String> {
    let mut all = vec![text.to_owned()];
    for _ in 0..MAX_NESTED {
        let next =
            all.last().and_then(|text| serde_json::from_str::<String>(text).ok().or_else(|| unescaped(text)));
        let Some(next) = next else { break };
        all.push(next);
    }
    all
}

/// Text with JSON's escapes undone, be it JSON or not; none if it has none.
fn unescaped(text: &str) -> Option<String> {
    let mut rest = text.split_once('\\')?;
    let mut out = String::with_capacity(text.len());
    // Outside of the basic plane a character is two escapes.
    let mut units: Vec<u16> = Vec::new();
    let flush = |out: &mut String, units: &mut Vec<u16>| {
        out.push_str(&String::from_utf16_lossy(units));
        units.clear();
    };
    loop {
        let (before, behind) = rest;
        if !before.is_empty() {
            flush(&mut out, &mut units);
            out.push_str(before);
        }
        let hex = behind.strip_prefix('u').and_then(|hex| hex.get(..4));
        let unit = hex.filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let behind = if let Some(unit) = unit.and_then(|hex| u16::from_str_radix(hex, 16).ok()) {
            units.push(unit);
            behind.get(5..).unwrap_or_default()
        } else {
            flush(&mut out, &mut units);
            let mut characters = behind.chars();
            match characters.next() {
                Some('n' | 'r' | 't' | 'b' | 'f') => out.push(' '),
                Some(other) => out.push(other),
                None => {}
            }
            characters.as_str()
        };
        let Some(next) = behind.split_once('\\') else {
            flush(&mut out, &mut units);
            out.push_str(behind);
            return Some(out);
        };
        rest = next;
    }
}

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// How many times `text` has `word` in it, not as a part of a longer word or number: who erases 102 does not mean 1021.
fn times_word_in(text: &str, word: &str) -> usize {
    let is_whole = |(start, found): &(usize, &str)| {
        let before = text.get(..*start).and_then(|before| before.chars().next_back());
        let after = text.get(start + found.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    };
    text.match_indices(word).filter(is_whole).count()
}

/// How many times `text` has the number with these digits in it, with or without the marks that numbers are written
/// with between them, and for a long one with another prefix of the country or none.
fn times_number_in(text: &str, wanted: &str) -> usize {
    let groups = text.split_inclusive(|c: char| !c.is_ascii_digit());
    let mut times = 0;
    // The groups of digits that stand behind each other with nothing but marks between them.
    let mut run: Vec<&str> = Vec::new();
    let mut marks = 0;
    for group in groups {
        let digits = group.trim_end_matches(|c: char| !c.is_ascii_digit());
        let mark = group.get(digits.len()..).and_then(|rest| rest.chars().next());
        if !digits.is_empty() {
            if marks > MAX_MARKS {
                times += times_in_run(&run, wanted);
                run.clear();
            }
            run.push(digits);
            marks = 0;
        }
        match mark {
            Some(' ' | '-' | '(' | ')' | '.' | '\u{a0}') => marks += 1,
            Some(_) => marks = MAX_MARKS + 1,
            None => {}
        }
    }
    times + times_in_run(&run, wanted)
}

/// How many stretches of whole groups are the number.
fn times_in_run(run: &[&str], wanted: &str) -> usize {
    let mut times = 0;
    for from in 0..run.len() {
        let mut digits = String::new();
        for group in run.iter().skip(from) {
            digits.push_str(group);
            if digits.len() > wanted.len().max(LONG.1) {
                break;
            }
            times += usize::from(is_same_number(&digits, wanted));
        }
    }
    times
}

fn is_same_number(digits: &str, wanted: &str) -> bool {
    let last = |digits: &str| {
        digits.len().checked_sub(LONG.0).and_then(|from| digits.get(from..)).map(str::to_owned)
    };
    digits == wanted
        || (digits.len() <= LONG.1 && last(digits).is_some_and(|digits| Some(digits) == last(wanted)))
}

/// All keys but one.
struct Without<'k> {
    keys: &'k Keys,
    subject: SubjectId,
}

impl Unseal for Without<'_> {
    fn unseal(&self, subject: SubjectId, sealed: &[u8]) -> Result<Option<Arc<str>>, SealError> {
        if subject == self.subject { Ok(None) } else { self.keys.unseal(subject, sealed) }
    }
}

/// Everything that a record says, as texts in which a name can stand.
fn texts_of(record: &Record) -> Result<Vec<String>, LogError> {
    let mut texts = vec![serde_json::to_string(&record.events).map_err(io::Error::from)?];
    texts.extend(record.message.clone());
    texts.push(if let InputKind::Frame { text, .. } = &record.input.kind {
        text.as_str().to_owned()
    } else {
        input_json(&record.input.kind).to_string()
    });
    Ok(texts)
}

/// What stands in a record.
#[derive(Default)]
struct Look {
    sealed: Vec<(SubjectId, Vec<u8>)>,
    pieces: Vec<SubjectId>,
    plain: Vec<Vec<u8>>,
}

impl Look {
    fn take(&mut self, entry: Stored<'_>) {
        match entry {
            Stored::Plain(text) => self.plain.push(text.to_vec()),
            Stored::Sealed(subject, sealed) => self.sealed.push((subject, sealed.to_vec())),
            Stored::Piece(subject) => self.pieces.push(subject),
        }
    }
}

struct Found<'l, 't> {
    log: &'l Log,
    wanted: Wanted<'t>,
    doomed: BTreeSet<SubjectId>,
    /// Subjects of which the text itself was looked at and has nothing to do with it.
    safe: HashSet<SubjectId>,
    /// Every subject that a record or a description has.
    referred: HashSet<SubjectId>,
}

impl<'l, 't> Found<'l, 't> {
    fn new(log: &'l Log, wanted: Wanted<'t>) -> Self {
        let mut found =
            Self { log, wanted, doomed: BTreeSet::new(), safe: HashSet::new(), referred: HashSet::new() };
        found.doom_text(found.wanted.text);
        found
    }

    /// Dooms what is this text, and what is made of it.
    fn doom_text(&mut self, text: &str) {
        let keys = self.log.store.keys();
        self.doomed.extend(keys.find_all(text));
        self.doomed.extend(made_of(text).iter().flat_map(|made| keys.find_all(made)));
    }

    /// Looks at a record or a description; whether it has what is looked for. `texts` are those it has when it is
    /// read with keys.
    fn look(
        &mut self,
        look: &Look,
        place: Place,
        report: &mut ErasedReport,
        texts: impl Fn(&dyn Unseal) -> Result<Vec<String>, LogError>,
    ) -> Result<bool, LogError> {
        let keys = self.log.store.keys();
        let mut has_it = false;
        for (subject, sealed) in &look.sealed {
            self.referred.insert(*subject);
            // Another way to write it may have what the text itself has not.
            let is_itself = Keys::is_subject_itself(sealed);
            if self.doomed.contains(subject) {
                has_it = true;
            } else if !(is_itself && self.safe.contains(subject)) {
                let Some(text) = keys.unseal(*subject, sealed)? else { continue };
                if self.wanted.is_in_sealed(&text) {
                    self.doomed.insert(*subject);
                    self.doom_text(&text);
                    has_it = true;
                } else if is_itself {
                    self.safe.insert(*subject);
                }
            }
        }
        if !has_it {
            let across = self.across(look, &texts)?;
            has_it = !across.is_empty();
            self.doomed.extend(across);
        }
        let is_readable = look.plain.iter().any(|text| {
            let text = String::from_utf8_lossy(text);
            self.wanted.text.chars().count() > MIN_DIGITS && text.contains(self.wanted.text)
        });
        if is_readable && report.still_readable.len() < MAX_TOLD {
            report.still_readable.push(place);
        }
        Ok(has_it)
    }

    /// The subjects that together have what is looked for, and none of them alone: a text that is cut into words has a
    /// name in several. It is theirs if it is not read any more without them.
    fn across(
        &self,
        look: &Look,
        texts: &impl Fn(&dyn Unseal) -> Result<Vec<String>, LogError>,
    ) -> Result<BTreeSet<SubjectId>, LogError> {
        let keys = self.log.store.keys();
        let times = |unseal: &dyn Unseal| -> Result<usize, LogError> {
            let texts = texts(unseal)?;
            let times =
                texts.iter().flat_map(|text| said(text)).map(|said| self.wanted.times_in(&said)).sum();
            Ok(times)
        };
        let with_all = times(keys)?;
        let mut across = BTreeSet::new();
        // Nothing, or in what stays readable anyway.
        if with_all == 0 || with_all == times(&NoKeys)? {
            return Ok(across);
        }
        for (subject, _) in &look.sealed {
            if !across.contains(subject) && times(&Without { keys, subject: *subject })? < with_all {
                across.insert(*subject);
            }
        }
        Ok(across)
    }

    /// Whether one of the pieces of a long message ends or begins with a part of it.
    fn is_cut_across(&self, look: &Look) -> Result<bool, LogError> {
        let keys = self.log.store.keys();
        for (subject, sealed) in &look.sealed {
            if !look.pieces.contains(subject) {
                continue;
            }
            let Some(text) = keys.unseal(*subject, sealed)? else { continue };
            let bytes = STANDARD.decode(text.as_bytes()).unwrap_or_default();
            let wanted = self.wanted.text.as_bytes();
            let cut = (1..wanted.len()).any(|length| {
                let (front, back) = wanted.split_at(length);
                bytes.ends_with(front) && front.len() > 1 || bytes.starts_with(back) && back.len() > 1
            });
            if cut {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
