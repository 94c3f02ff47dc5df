//! The log as tables: what the rows say, and that files say the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod files;
mod golden;
mod logs;
mod memory;
mod rows;
