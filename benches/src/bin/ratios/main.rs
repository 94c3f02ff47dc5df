//! Ratios that can be quoted: every case takes turns with the others in one process, measured in CPU time of its thread
//! where it does not wait for a disk, and what is told are medians. `ratios --help` lists what there is.

mod decide;
mod disk;
mod print;
mod scale;

use std::process::ExitCode;

use callfold_benches::Done;
use clap::{Parser, ValueEnum};

use print::Printer;

/// Measures callfold beside floors and peers on the same data.
#[derive(Debug, Parser)]
struct Options {
    /// What is measured; everything but `scale`, if nothing is named.
    sections: Vec<Section>,
    /// How many turns each case has.
    #[arg(long, default_value_t = 21)]
    rounds: usize,
    /// How many inputs the session has at least.
    #[arg(long, default_value_t = 20_000)]
    inputs: usize,
    /// The longest log of `scale`, as a power of ten.
    #[arg(long, default_value_t = 6)]
    up_to: u32,
    /// JSON lines, for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Section {
    /// Frame text to typed, beside the hand-written visitor and `Value`.
    Decode,
    /// The rules, input by input, by what an input does.
    Reduce,
    /// Sessions end to end, and stored ones.
    Replay,
    /// Replay on two threads beside one.
    Threads,
    /// Records into a store and out of it, beside bare sled and a plain file.
    Append,
    /// A stream in cqrs-es.
    Peer,
    /// How cost grows with the length of a log, with lines, with parties.
    Scale,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print::error(&*error);
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Done<()> {
    let mut printer = Printer::new(options.json);
    let all = Section::value_variants().iter().filter(|section| **section != Section::Scale);
    let sections: Vec<Section> =
        if options.sections.is_empty() { all.copied().collect() } else { options.sections.clone() };
    for section in sections {
        match section {
            Section::Decode => decide::decode(options, &mut printer)?,
            Section::Reduce => decide::reduce(options, &mut printer)?,
            Section::Replay => decide::replay(options, &mut printer)?,
            Section::Threads => decide::threads(options, &mut printer)?,
            Section::Append => disk::append(options, &mut printer)?,
            Section::Peer => decide::peer(options, &mut printer)?,
            Section::Scale => scale::scale(options, &mut printer)?,
        }
    }
    Ok(())
}
