//! callfold for C: a plain ABI over the facade. `include/callfold.h` says what it offers and by which rules.
//!
//! What C gives is looked at at the edge and nowhere else: texts and rows in `text`, structures in `options`, handles in
//! `handle`. Every function goes through `boundary`, which makes numbers of results and lets no panic out. The rest is
//! conversion; no rule about calls is here.
//!
//! Parameters that C fills in or may leave out are `Option<&mut MaybeUninit<T>>` and `Option<&T>`: pointers that may be NULL,
//! with nothing unsafe about them on this side.

#![deny(unsafe_op_in_unsafe_fn)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used))]

mod boundary;
mod calls;
mod command;
mod diff;
mod error;
mod event;
mod events;
mod fed;
mod find;
mod handle;
pub mod header;
mod line;
mod lint;
mod log;
mod machine;
mod news;
mod options;
mod progress;
mod recorder;
mod replay;
mod report;
mod runtime;
mod simulator;
mod text;
mod view;
mod words;

pub use boundary::*;
pub use calls::*;
pub use command::*;
pub use diff::*;
pub use error::*;
pub use event::*;
pub use events::*;
pub use fed::*;
pub use find::*;
pub use handle::live_handles;
pub use line::*;
pub use lint::*;
pub use log::*;
pub use machine::*;
pub use news::*;
pub use options::callfold_flag;
pub use progress::*;
pub use recorder::*;
pub use replay::*;
pub use report::*;
pub use runtime::*;
pub use simulator::*;
pub use text::*;
pub use view::*;
pub use words::*;
