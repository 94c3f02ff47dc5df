//! The command `watch`: what is so on every line, on a terminal or as text.
//!
//! - [`source`]: where rows come from: a running recorder, or a store that nobody has open;
//! - [`floor`]: all rows, sorted and filtered, and the one that is looked at;
//! - [`cells`]: a row in words;
//! - [`screen`]: the floor on a terminal, [`keys`]: what its keys do, [`terminal`]: the terminal itself;
//! - [`plain`]: the floor as text and as JSON lines.

mod cells;
mod floor;
mod keys;
mod plain;
mod screen;
mod source;
mod terminal;

use std::io::IsTerminal as _;

use clap::Args;

use crate::args::{Color, Look, Store, Times};
use crate::exit::Outcome;
use crate::fail::Failed;
use crate::store::Io;

pub(crate) const HELP: &str = "\
Examples:
  callfold watch --store sessions               # on a terminal: every line, as it changes
  callfold watch --store sessions | less        # one table
  callfold watch --store sessions --follow      # a table, then lines as they change
  callfold watch --store sessions --json --follow | jq .row.line

A recorder that has the store open is asked, and tells what is so now. If nobody has it
open, the store is read, and what is shown was so at the end of each stream.

A line whose connection is lost is shown as unknown, since when, with what was last known
of it. Keys: arrows, PgUp, PgDn, Home and End move; Enter shows more of a line; / filters by
text; s sorts by another column, r turns the order round; q or Ctrl-C leaves.

Exit code 3 if there is no store, or it is open in something that answers nobody.";

#[derive(Debug, Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    store: Store,

    /// As text, or with `--json`: go on with lines as they change, until Ctrl-C. A recorder that ends is asked again until
    /// it answers.
    #[arg(long)]
    follow: bool,

    /// Text, on a terminal too.
    #[arg(long)]
    plain: bool,

    /// Only lines that have this text in them: stream, agent, number, state, who is at the other end.
    #[arg(long, value_name = "TEXT", default_value = "")]
    filter: String,

    #[command(flatten)]
    pub(crate) look: Look,
    #[command(flatten)]
    times: Times,
}

pub(crate) fn run(args: &Watch, io: &mut Io<'_>) -> Result<Outcome, Failed> {
    let zone = args.times.zone();
    let source = source::open(&args.store, &zone, io)?;
    if args.look.json {
        return plain::json(source, &args.filter, args.follow, io);
    }
    let is_screen = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    if args.plain || args.follow || !is_screen {
        return plain::text(source, &args.filter, args.follow, &zone, io);
    }
    let colours = match args.look.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty()),
    };
    terminal::run(source, floor::Floor::new(&args.filter), screen::Look { zone, colours })
}
