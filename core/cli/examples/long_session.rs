//! Makes a session of any length, for measuring: `long_session TRACE INPUTS > LONG`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs, unreachable_pub)]

use std::io::{BufWriter, Write as _};

#[path = "../tests/common/long_session.rs"]
mod long_session;

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let trace = std::fs::read_to_string(args.next().expect("a trace"))?;
    let inputs = args.next().and_then(|inputs| inputs.parse().ok()).expect("how many inputs");
    let mut out = BufWriter::new(std::io::stdout().lock());
    long_session::write(&trace, inputs, &mut out)?;
    out.flush()
}
