//! callfold: what a PBX says and what an agent does, folded into one log, and what follows from it.
//!
//! This crate is what every surface depends on. It adds to the pure engine (re-exported here whole):
//!
//! - [`diff`] says what comes out otherwise by today's rules, or in another log;
//! - [`lint`] finds what does not fit in a log;
//! - [`live`] talks to a server, and records;
//! - [`log`] keeps what happened in a store, proves that it is whole, and says what was so at any moment;
//! - [`problem`] is one table of what can go wrong, for surfaces that have one error type;
//! - [`trace`] reads the traces of the reference client, line by line;
//! - [`replay`] runs a trace through the engine and hands every step to a [`replay::Watch`];
//! - [`report`] adds up a floor's calls and times, as data and as a page;
//! - `files` (with the feature of that name) opens sessions and exported logs, packed or not;
//! - [`timeline`] draws a call as text, SVG and HTML;
//! - `tables` (with the feature of that name) tells the log as Arrow tables, and writes Parquet and CSV.
//!
//! ```
//! use callfold::replay::{self, Tally};
//!
//! let trace = concat!(
//!     r#"{"trace":1,"name":"x","title":"t","level":"oktell","epochMs":0,"numbers":[]}"#, "\n",
//!     r#"{"t":0,"api":"connect","args":[{"url":"pbx.local","login":"ivanov"}]}"#, "\n",
//! );
//! let mut tally = Tally::default();
//! replay::run(trace.as_bytes(), &mut tally)?;
//! assert_eq!(tally.inputs, 1);
//! # Ok::<(), replay::ReplayError>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used))]

pub mod diff;
#[cfg(feature = "files")]
pub mod files;
pub mod lint;
pub mod live;
pub mod log;
pub mod problem;
pub mod replay;
pub mod report;
#[cfg(feature = "tables")]
pub mod tables;
pub mod timeline;
pub mod trace;

pub use callfold_engine::*;

/// The examples of the README are run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
