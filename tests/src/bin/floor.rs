//! Makes a store of a floor of agents: `floor STORE AGENTS PIECES`, for measuring and for looking at.

use std::path::Path;

use callfold::log::{Durability, Log, Options};
use callfold_tests::floor::Floor;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [store, agents, pieces] = args.as_slice() else { return Err("floor STORE AGENTS PIECES".into()) };
    let mut options = Options::default();
    // It can be made again.
    options.durability = Durability::Never;
    let (log, _) = Log::open(Path::new(store), options)?;
    let floor = Floor::read()?;
    for agent in 0..agents.parse()? {
        let (name, trace) = floor.session(agent, pieces.parse()?);
        log.import_trace(trace.as_bytes(), Some(&name))?;
    }
    log.sync()?;
    Ok(())
}
