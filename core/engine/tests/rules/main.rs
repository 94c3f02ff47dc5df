//! The rules of the spec, one test each, named in its words: what is given, what happens, what is told and sent.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    missing_docs
)]

#[path = "../common/mod.rs"]
mod common;

mod actions;
mod agent;
mod calls;
mod conference;
mod conferences;
mod connecting;
mod hold;
mod line;
mod loading;
mod losing;
mod party;
mod queue;
mod rest;
