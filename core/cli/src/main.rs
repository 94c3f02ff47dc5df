//! x
#![allow(clippy::all, clippy::unwrap_used, clippy::indexing_slicing)]
use std::io::{BufReader, BufWriter};
fn main() {
    let path = std::env::args().last().unwrap();
    let f = BufReader::new(std::fs::File::open(path).unwrap());
    let mut a = callfold::replay::Announcer::new(BufWriter::new(std::io::stdout()));
    callfold::replay::run(f, &mut a).unwrap();
}
