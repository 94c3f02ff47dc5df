//! The command line of callfold.
//!
//! It reads, runs what the engine decides, and puts it into words. It holds no rule about calls.
//!
//! - [`args`]: what can be asked for;
//! - [`replay`]: the command `replay`, and [`page`]: a replay as a person reads it;
//! - [`demo`]: the command `demo`: a day in an office, played and recorded;
//! - [`store`]: the commands that work on a store, one module each;
//! - [`live`]: the commands that talk to a server, or are one;
//! - [`watch`]: the command `watch`: every line, as it changes;
//! - [`console`]: the command `console`: an agent at the keyboard;
//! - [`calls`]: calls, commands and times as a person reads them;
//! - [`words`]: what happened, in plain words;
//! - [`input`]: opens a file, packed or not, and [`out_file`] makes one that appears whole or not at all;
//! - [`progress`]: the bar that long work shows on a terminal;
//! - [`table`], [`time`], [`style`]: rows under each other, times, and what which colour means;
//! - [`exit`] and [`fail`]: how a run ended, the exit codes, and why a command could not.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::expect_used))]

mod args;
mod calls;
mod console;
mod demo;
mod exit;
mod fail;
mod input;
mod live;
mod out_file;
mod page;
mod progress;
mod replay;
mod store;
mod style;
mod table;
mod time;
mod watch;
mod words;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anstream::AutoStream;
use clap::Parser as _;

use args::{Color, Command, Look};

fn main() -> ExitCode {
    callfold::log::hush_caught_panics();
    run(args::Args::parse().command).into()
}

fn run(command: Command) -> exit::Outcome {
    // What a command that has one look only is written with.
    let plain = Look { json: false, color: Color::Auto };
    match command {
        Command::Demo(args) => demonstrated(&args),
        Command::Replay(args) => replayed(&args),
        Command::Record(args) => {
            let look = Look { json: false, color: args.color };
            store::run(look, |io| live::record::run(&args, io))
        }
        Command::Simulate(args) => store::run(plain, |io| live::simulate::run(&args, io)),
        Command::Import(args) => store::run(args.look, |io| store::import::run(&args, io)),
        Command::Streams(args) => store::run(args.look, |io| store::streams::run(&args, io)),
        Command::Calls(args) => store::run(args.look, |io| store::calls::run(&args, io)),
        Command::Find(args) => store::run(args.look, |io| store::find::run(&args, io)),
        Command::Show(args) => store::run(args.look, |io| store::show::run(&args, io)),
        Command::Report(args) => store::run(args.look, |io| store::report::run(&args, io)),
        Command::State(args) => store::run(args.look, |io| store::state::run(&args, io)),
        Command::Verify(args) => store::run(args.look, |io| store::verify::run(&args, io)),
        Command::Lint(args) => store::run(args.look, |io| store::lint::run(&args, io)),
        Command::Diff(args) => store::run(args.look, |io| store::diff::run(&args, io)),
        Command::Head(args) => store::run(plain, |io| store::head::run(&args, io)),
        Command::Export(args) => store::run(plain, |io| store::export::run(&args, io)),
        Command::Erase(args) => store::run(args.look, |io| store::erase::run(&args, io)),
        Command::Watch(args) => store::run(args.look, |io| watch::run(&args, io)),
        Command::Console(args) => store::run(plain, |io| console::run(&args, io)),
    }
}

fn demonstrated(args: &demo::Demo) -> exit::Outcome {
    let mut shown = None;
    let played = store::run(args.look(), |io| {
        shown = Some(demo::run(args, io)?);
        Ok(exit::Outcome::Good)
    });
    match shown {
        Some(shown) => played.max(shown.show(args, run)),
        None => played,
    }
}

/// Tells what is wrong, from anywhere. If that cannot be told, the exit code still says it.
fn complain(what: &str) {
    let _ = writeln!(io::stderr(), "callfold: {what}");
}

fn replayed(args: &args::Replay) -> exit::Outcome {
    let (out, err) = (io::stdout().lock(), io::stderr().lock());
    // For programs, byte for byte.
    if args.announce || args.json {
        replay::run(args, out, err)
    } else {
        replay::run(args, AutoStream::new(out, args.color.into()), err)
    }
}
