//! Forgets somebody: the keys of what is theirs are destroyed. Records, times, totals and the chain stay.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callfold_engine::record::{Stored, SubjectId, Unseal as _, made_of, stored, stored_in_sealed};
use callfold_store::{Place, StoreError};

use super::verify::PROGRESS_EVERY;
use super::{Log, LogError, OnProgress, Progress, StreamInfo};

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
/// The most records that are told of one by one.
const MAX_TOLD: usize = 100;

impl Log {
    /// Erases a number or a name: everything sealed that is just it, or has it in it, is read as a token from now on,
    /// in this store and its exports. Nothing else changes. There is no way back. Call with `dry` to see what it would
    /// do.
    ///
    /// A machine that still runs has what it has in memory; exports and copies made before are not reached.
    ///
    /// # Errors
    /// [`LogError::NotErasable`] for text that is too short to be somebody's; [`LogError`] if the store cannot be read
    /// to its end, and nothing was then erased.
    pub fn erase(&self, text: &str, dry: bool, progress: OnProgress<'_>) -> Result<ErasedReport, LogError> {
        let wanted = Wanted::new(text)?;
        let streams = self.store.streams()?;
        let of = streams
            .iter()
            .map(|(id, _)| self.store.head(*id).map(|head| head.seq))
            .sum::<Result<u64, _>>()?;
        let mut found = Found { log: self, wanted, doomed: BTreeSet::new(), safe: BTreeSet::new() };
        let mut report = ErasedReport::default();
        let mut done = 0_u64;
        for (id, description) in &streams {
            let mut pieces = BTreeSet::new();
            let mut in_message = false;
            let mut look = Look::default();
            stored_in_sealed(StreamInfo::sealed(description)?, |entry| look.take(entry))?;
            found.look(&look, Place { stream: *id, seq: 0 }, &mut report)?;
            for block in self.store.blocks(*id, 1) {
                for record in block?.records() {
                    let record = record?;
                    let place = record.place;
                    let mut look = Look::default();
                    stored(record.bytes, |entry| look.take(entry))
                        .map_err(|source| StoreError::Record { place, source })?;
                    let has_it = found.look(&look, place, &mut report)?;
                    pieces.extend(look.pieces.iter().copied());
                    in_message |= has_it || !look.pieces.is_empty() && found.is_cut_across(&look)?;
                    report.records += u64::from(has_it);
                    done += 1;
                    if done.is_multiple_of(PROGRESS_EVERY) {
                        progress(Progress { done, of });
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
            let doomed: Vec<SubjectId> = found.doomed.into_iter().collect();
            self.store.keys().erase(&doomed)?;
            // What is derived has it under the same keys; it is made anew all the same, so that none is remembered.
            self.store.clear_derived()?;
            self.store.sync()?;
        }
        progress(Progress { done, of });
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

    fn is_in(&self, text: &str) -> bool {
        text == self.text
            || self.made.iter().any(|made| made == text)
            || has_word(text, self.text)
            || self.digits.as_ref().is_some_and(|digits| digits_of(text).contains(digits.as_str()))
    }

    fn is_in_bytes(&self, bytes: &[u8]) -> bool {
        let text = String::from_utf8_lossy(bytes);
        self.is_in(&text)
    }
}

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Whether `text` has `word` in it, not as a part of a longer word or number: who erases 102 does not mean 1021.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(start, found)| {
        let before = text.get(..start).and_then(|before| before.chars().next_back());
        let after = text.get(start + found.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
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
    /// Subjects that were looked at and have nothing to do with it.
    safe: BTreeSet<SubjectId>,
}

impl Found<'_, '_> {
    /// Looks at a record; whether it has what is looked for.
    fn look(&mut self, look: &Look, place: Place, report: &mut ErasedReport) -> Result<bool, LogError> {
        let keys = self.log.store.keys();
        let mut has_it = false;
        for (subject, sealed) in &look.sealed {
            if self.doomed.contains(subject) {
                has_it = true;
            } else if !self.safe.contains(subject) {
                let Some(text) = keys.unseal(*subject, sealed)? else { continue };
                // Binary messages and pieces stand as base64.
                let bytes = STANDARD.decode(text.as_bytes()).unwrap_or_default();
                if self.wanted.is_in(&text) || self.wanted.is_in_bytes(&bytes) {
                    self.doomed.insert(*subject);
                    has_it = true;
                } else {
                    self.safe.insert(*subject);
                }
            }
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
