//! The durable log: streams of records, in sled or in memory.
//!
//! A stream is one agent's line on one server. Its records only grow, each with a hash over the one before it; many
//! streams live in one store. [`LogStore`] says what a store can do; [`SledStore`] keeps it on disk, [`MemoryStore`]
//! in memory. What stands in the records is the engine's ([`callfold_engine::record`]); the personal data in them are
//! under keys that the store keeps apart ([`Keys`]), so that somebody can be erased by destroying their keys.
//!
//! ```
//! use callfold_engine::record::Hash;
//! use callfold_store::{Append, LogStore, MemoryStore, NewRecord};
//!
//! let store = MemoryStore::new()?;
//! let stream = store.add_stream(b"ivanov on pbx.local")?;
//! let hash = Hash::of_stream(b"ivanov on pbx.local").after(b"bytes of a record");
//! let record = NewRecord { bytes: b"bytes of a record".to_vec(), hash, at: Default::default() };
//! store.append(&[Append { stream, first: 1, records: vec![record] }])?;
//! assert_eq!(store.head(stream)?.hash, hash);
//! # Ok::<(), callfold_store::StoreError>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used))]

mod block;
mod check;
mod error;
mod keys;
mod log_store;
mod memory;
mod sled_store;

pub use block::{Block, MAX_VALUE_BYTES, NewRecord, Records, StoredRecord};
pub use error::StoreError;
pub use keys::{Keys, Subject};
pub use log_store::{Append, Derived, DerivedChange, Durability, LogStore, Place, StreamHead, StreamId};
pub use memory::MemoryStore;
pub use sled_store::{Cut, OpenReport, Options, SledStore, hush_caught_panics};

/// The version of a store on disk.
pub const VERSION: &str = "1";
