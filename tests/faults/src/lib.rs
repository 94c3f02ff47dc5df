//! Faults for the durable log: power cuts, kills, damaged files, failing disks. Only tests use it.
//!
//! A store is tried through a **driver**, a small program that appends to it and says what is in it. Any store with such
//! a program can be put through the same faults: `src/bin/store.rs` is the one over callfold's store, `src/bin/toy.rs` one
//! over plain sled, with planted faults.
//!
//! # What a driver does
//! `append --dir DIR --streams N --records M [--batch B] [--durability always|every:MS|never] [--snapshots]`
//!
//! opens the store in `DIR` or makes one, reads how far each stream is, and appends `M` more records, one a stream in
//! turn, beginning with the stream 0. The record `seq` (from 1) of a stream has to hold [`content::record`]. After every `B` records (100
//! without the option) they are made durable as the policy says, and then it writes, flushed and in one line for each
//! stream that went on,
//!
//! ```text
//! ack STREAM SEQ HASH
//! ```
//!
//! *only when* every record of `STREAM` up to `SEQ` survives a power cut from now on. `HASH` is [`content::Chain`] over
//! the records up to there. With `every:MS` a line stands for what became durable since the last; `never` writes none.
//! `--snapshots` makes the store keep whatever it keeps besides the log. At the end the store is closed in order.
//!
//! `check --dir DIR`
//!
//! opens the store (one that is not there is empty), reads **every** record, and writes for each stream that has records one line, `HASH` being taken over
//! what was read and not over what should be there:
//!
//! ```text
//! STREAM SEQ HASH
//! report MESSAGE         anything that was lost, cut or repaired while opening
//! ```
//!
//! Both end with the exit code 0, or with 3 after the line `error KIND MESSAGE` where something could not be done and was
//! refused in words; `KIND` is one word. Any other end (101 is a panic), a signal or silence beyond the limit is a
//! failure of the store. Standard error is free.
//!
//! [`protocol`] reads the arguments and writes the lines for a driver in Rust.
//!
//! # What is done to it
//! - [`shim`] makes the library that is loaded into the driver: it tells every change of its files in order, and makes
//!   calls fail. [`trace`] reads what it told, [`image`] builds what a power cut would leave of it.
//! - [`kill`] kills it, [`watchdog`] ends it when it hangs, [`damage`] breaks its files.
//! - [`judge`] compares what a check says with what was acknowledged.
//!
//! Kills cannot replace power cuts: what a killed process wrote is still in the kernel's cache, synced or not.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used))]

pub mod content;
pub mod damage;
pub mod driver;
mod error;
pub mod image;
pub mod judge;
pub mod kill;
pub mod protocol;
pub mod random;
pub mod shim;
pub mod trace;
pub mod watchdog;

pub use error::Error;
