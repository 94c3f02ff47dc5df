//! The interleaved runner: cases take turns in one process, each turn is measured in CPU time of its thread, and what
//! is told are medians. Ratios between cases then hold within some per cent where those of separate runs do not: what
//! slows the machine down for a while slows all cases down alike.

use std::hint::black_box;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::Done;

/// The CPU time that this thread has taken.
#[must_use]
pub fn thread_time() -> Duration {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(spent.tv_sec.unsigned_abs(), u32::try_from(spent.tv_nsec).unwrap_or_default())
}

/// The CPU time that all threads of this process have taken.
#[must_use]
pub fn process_time() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(spent.tv_sec.unsigned_abs(), u32::try_from(spent.tv_nsec).unwrap_or_default())
}

/// What one turn of a case took.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// How long.
    pub spent: Duration,
    /// For how many items: frames, inputs, records.
    pub items: u64,
}

impl Turn {
    /// Picoseconds for one item.
    #[must_use]
    pub fn each(self) -> u64 {
        u64::try_from(self.spent.as_nanos().saturating_mul(1_000) / u128::from(self.items.max(1)))
            .unwrap_or(u64::MAX)
    }
}

/// Measures `work` in CPU time of this thread. It says for how many items it was.
///
/// # Errors
/// What `work` ends with: then there is nothing to tell.
pub fn counted(work: impl FnOnce() -> Done<u64>) -> Done<Turn> {
    let before = thread_time();
    let items = black_box(work());
    let spent = thread_time().saturating_sub(before);
    Ok(Turn { spent, items: items? })
}

/// Measures `work` by the clock on the wall: for what waits for a disk or for other threads.
///
/// # Errors
/// As [`counted`].
pub fn waited(work: impl FnOnce() -> Done<u64>) -> Done<Turn> {
    let before = std::time::Instant::now();
    let items = black_box(work());
    let spent = before.elapsed();
    Ok(Turn { spent, items: items? })
}

/// Measures `work` in CPU time of all threads of this process: for stores, which have threads of their own. What is
/// waited for a disk is not in it, and neither is how busy the disk is with others.
///
/// # Errors
/// As [`counted`].
pub fn worked(work: impl FnOnce() -> Done<u64>) -> Done<Turn> {
    let before = process_time();
    let items = black_box(work());
    let spent = process_time().saturating_sub(before);
    Ok(Turn { spent, items: items? })
}

/// Something to be measured, again and again.
pub struct Case<'c> {
    /// What it is called.
    pub name: String,
    turn: Box<dyn FnMut() -> Done<Turn> + 'c>,
}

impl<'c> Case<'c> {
    /// A case whose turns make themselves ready, and measure what is to be measured with [`counted`] or [`waited`].
    pub fn new(name: impl Into<String>, turn: impl FnMut() -> Done<Turn> + 'c) -> Self {
        Self { name: name.into(), turn: Box::new(turn) }
    }

    /// One turn.
    ///
    /// # Errors
    /// What the case ends with.
    pub fn take_turn(&mut self) -> Done<Turn> {
        (self.turn)()
    }
}

/// What a case took, beside the first case.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The case.
    pub name: String,
    /// Picoseconds for an item: the median of all turns.
    pub each: u64,
    /// The same, a quarter and three quarters of the way from the quickest turn to the slowest.
    pub quartiles: (u64, u64),
    /// The time of an item in thousandths of the first case's in the same round: the median of all rounds.
    pub ratio: u64,
    /// The same, a quarter and three quarters of the way.
    pub ratio_quartiles: (u64, u64),
}

/// Lets all cases take turns, `rounds` times, and compares them with the first. Every round begins with another case.
///
/// # Errors
/// What a case ends with.
pub fn interleaved(cases: &mut [Case<'_>], rounds: usize) -> Done<Vec<Figure>> {
    let mut turns: Vec<Vec<u64>> = vec![Vec::new(); cases.len()];
    for case in cases.iter_mut() {
        case.take_turn()?; // what is cold is not measured
    }
    for round in 0..rounds.max(1) {
        for place in 0..cases.len() {
            let place = (round + place) % cases.len();
            if let (Some(case), Some(turns)) = (cases.get_mut(place), turns.get_mut(place)) {
                turns.push(case.take_turn()?.each());
            }
        }
    }
    let base = turns.first().cloned().unwrap_or_default();
    Ok(cases
        .iter()
        .zip(turns)
        .map(|(case, turns)| {
            let ratios =
                turns.iter().zip(&base).map(|(turn, base)| turn.saturating_mul(1_000) / (*base).max(1));
            let mut ratios: Vec<u64> = ratios.collect();
            let mut turns = turns;
            Figure {
                name: case.name.clone(),
                each: part(&mut turns, 2),
                quartiles: (part(&mut turns, 1), part(&mut turns, 3)),
                ratio: part(&mut ratios, 2),
                ratio_quartiles: (part(&mut ratios, 1), part(&mut ratios, 3)),
            }
        })
        .collect())
}

/// What stands so many quarters of the way from the smallest to the greatest.
pub fn part(all: &mut [u64], quarters: usize) -> u64 {
    all.sort_unstable();
    all.get(all.len().saturating_sub(1) * quarters / 4).copied().unwrap_or_default()
}

/// A number of thousandths, as people write it: `1.250`.
#[must_use]
pub fn thousandths(count: u64) -> String {
    format!("{}.{:03}", count / 1_000, count % 1_000)
}

/// Picoseconds as people write them: in the largest unit that leaves a whole part.
#[must_use]
pub fn time(picos: u64) -> String {
    let (count, unit) = match picos {
        0..10_000_000 => (picos, "ns"),
        10_000_000..10_000_000_000 => (picos / 1_000, "µs"),
        10_000_000_000..10_000_000_000_000 => (picos / 1_000_000, "ms"),
        _ => (picos / 1_000_000_000, "s"),
    };
    match count / 1_000 {
        whole @ 0..100 => format!("{whole}.{} {unit}", count % 1_000 / 100),
        whole => format!("{whole} {unit}"),
    }
}

/// How many a second that is.
#[must_use]
pub fn per_second(picos: u64) -> String {
    match 1_000_000_000_000_u64 / picos.max(1) {
        count @ 0..10_000 => format!("{count}/s"),
        count @ 10_000..1_000_000 => format!("{} k/s", count / 1_000),
        count => format!("{}.{:02} M/s", count / 1_000_000, count % 1_000_000 / 10_000),
    }
}

/// How much is measured on: little, where it is only tried whether a bench runs (`--test`).
#[must_use]
pub fn size(measured: usize, tried: usize) -> usize {
    if std::env::args().any(|argument| argument == "--test") { tried } else { measured }
}
