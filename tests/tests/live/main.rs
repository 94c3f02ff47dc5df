//! Every recorded session of the reference client, played over real sockets: a scripted server that says what the
//! recorded one said, when it said it, and a line of the transport that is commanded what the recorded application
//! commanded. What the line tells, what it takes to be so, what it dials and what the server receives is what the
//! reference announced, was and sent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod script;
mod server;
mod stage;

use std::fs;

use callfold_tests::compare;
use callfold_tests::vectors::{self, Manifest};
use tokio::task::JoinSet;

/// All at once, in real time: it takes as long as the longest, a minute. None is left out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_session_is_the_same_over_real_sockets() {
    let directory = vectors::directory();
    let manifest = Manifest::read(&directory).unwrap();
    let mut plays = JoinSet::new();
    for vector in &manifest.files {
        let path = vector.path.clone();
        let trace = fs::read(directory.join(&path)).unwrap();
        plays.spawn(async move { (path, same(&trace).await) });
    }
    let (count, mut failures) = (plays.len(), Vec::new());
    for (path, same) in plays.join_all().await {
        if let Err(why) = same {
            failures.push(format!("{path}: {why}"));
        }
    }
    assert_eq!(count, manifest.count);
    assert!(failures.is_empty(), "{} of {count} sessions fail:\n{}", failures.len(), failures.join("\n"));
}

async fn same(trace: &[u8]) -> Result<(), String> {
    let told = script::play(trace).await?;
    let report = compare::compare(trace, &told).map_err(|error| error.to_string())?;
    if report.announcements == 0 || report.states == 0 {
        return Err("nothing in it to compare".to_owned());
    }
    if report.agrees() { Ok(()) } else { Err(report.to_string()) }
}
