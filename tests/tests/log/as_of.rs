//! What was so at a moment is what a replay cut at that moment says.

use std::cell::Cell;

use callfold::log::{Instant, Log, LogError};
use callfold::replay::{self, Step, Watch};
use callfold::{Timestamp, View};
use callfold_tests::cases;
use proptest::prelude::*;

use crate::{sessions, with_all};

/// Every step of a replay: its moment, and what was so after it.
#[derive(Default)]
struct Steps(Vec<(Timestamp, View)>);

impl Watch for Steps {
    fn step(&mut self, step: &Step<'_>) -> std::io::Result<()> {
        self.0.push((step.machine.now(), step.machine.view().clone()));
        Ok(())
    }
}

#[test]
fn a_thousand_moments_are_what_a_replay_cut_there_says() {
    let log = Log::in_memory().unwrap();
    let streams = with_all(&log);
    let replays: Vec<Vec<(Timestamp, View)>> = sessions()
        .into_iter()
        .map(|(_, trace)| {
            let mut steps = Steps::default();
            replay::run(trace.as_slice(), &mut steps).unwrap();
            steps.0
        })
        .collect();
    let moments = (0..streams.len(), -0.05_f64..1.05);
    let (tried, too_early) = (Cell::new(0), Cell::new(0));
    let mut runner = proptest::test_runner::TestRunner::new(cases(1_000));
    runner
        .run(&moments, |(place, share)| {
            tried.set(tried.get() + 1);
            let (stream, steps) = (streams[place], &replays[place]);
            let (first, last) = (steps[0].0.as_micros(), steps[steps.len() - 1].0.as_micros());
            let at = Timestamp::from_micros(first + ((last - first + 1) as f64 * share) as i64);
            let cut = steps.iter().take_while(|(then, _)| *then <= at).count();
            let found = log.as_of(stream, Instant::At(at));
            match cut {
                0 => {
                    too_early.set(too_early.get() + 1);
                    prop_assert!(matches!(found, Err(LogError::TooEarly(_))));
                }
                _ => {
                    let found = found.unwrap();
                    prop_assert_eq!(found.seq, cut as u64);
                    prop_assert_eq!(&found.view, &steps[cut - 1].1);
                    prop_assert_eq!(found.at, steps[cut - 1].0);
                    let by_number = log.as_of(stream, Instant::Seq(cut as u64)).unwrap();
                    prop_assert_eq!(&by_number.view, &found.view);
                }
            }
            Ok(())
        })
        .unwrap();
    let (tried, too_early) = (tried.get(), too_early.get());
    assert!(tried >= 1_000 && too_early > 5 && too_early < 500, "{tried}, {too_early} too early");
}

#[test]
fn a_record_that_is_not_there_is_named() {
    let log = Log::in_memory().unwrap();
    let stream = with_all(&log)[0];
    let last = log.store().head(stream).unwrap().seq;
    for seq in [0, last + 1, u64::MAX] {
        let error = log.as_of(stream, Instant::Seq(seq)).unwrap_err();
        assert!(
            matches!(error, LogError::NoRecord { seq: wanted, last: there, .. } if wanted == seq && there == last)
        );
    }
    assert!(log.as_of(callfold::log::StreamId(9_999), Instant::Seq(1)).is_err());
}
