//! The command line of callfold.
//!
//! It reads, runs what the engine decides, and puts it into words. It holds no rule about calls.
//!
//! - [`args`]: what can be asked for;
//! - [`calls`]: the calls, commands and times of a replay as a person reads them;
//! - [`input`]: opens a trace, packed or not;
//! - [`replay`]: the command `replay`;
//! - [`page`]: a replay as a person reads it;
//! - [`words`]: what happened, in plain words;
//! - [`style`]: what which colour means;
//! - [`exit`]: how a run ended, and the exit codes.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used))]

mod args;
mod calls;
mod exit;
mod input;
mod page;
mod replay;
mod style;
mod words;

use std::io;
use std::process::ExitCode;

use anstream::AutoStream;
use clap::Parser as _;

fn main() -> ExitCode {
    let args = args::Args::parse();
    let (out, err) = (io::stdout().lock(), io::stderr().lock());
    match args.command {
        // For programs, byte for byte.
        args::Command::Replay(args) if args.announce || args.json => replay::run(&args, out, err),
        args::Command::Replay(args) => replay::run(&args, AutoStream::new(out, args.color.into()), err),
    }
    .into()
}
