//! Realistic sessions by a seed: the engine's machine and a simulated PBX talk in virtual time, an agent works, and a
//! floor of colleagues goes on around them. Every frame is what a server sent for a reason.

mod office;
mod stage;
mod work;

use callfold_engine::wire::FrameText;
use callfold_engine::{Config, Input, InputKind};

use crate::Done;

pub use office::COLLEAGUES;
pub use work::Deed;

/// The machine that a session was made with.
#[must_use]
pub const fn config() -> Config {
    Config::live()
}

/// A session of one agent's line.
#[derive(Clone, Debug)]
pub struct Session {
    /// Everything that went into the machine, in order.
    pub inputs: Vec<Input<'static>>,
    /// How many of them log in and load.
    pub loading: usize,
    /// What the agent did, in order.
    pub deeds: Vec<Deed>,
}

impl Session {
    /// The texts of the frames after loading.
    pub fn frames(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().skip(self.loading).filter_map(frame)
    }

    /// The inputs after loading.
    #[must_use]
    pub fn steady(&self) -> &[Input<'static>] {
        self.inputs.get(self.loading..).unwrap_or_default()
    }
}

/// The text of an input that is a frame.
#[must_use]
pub fn frame<'i>(input: &'i Input<'_>) -> Option<&'i str> {
    if let InputKind::Frame { text, .. } = &input.kind { Some(FrameText::as_str(text)) } else { None }
}

/// A session of at least `inputs` inputs; the same seed gives the same one.
///
/// # Errors
/// If the PBX cannot be laid out, or a request cannot be written.
pub fn session(seed: u64, inputs: usize) -> Done<Session> {
    let mut session = Session { inputs: Vec::new(), loading: 0, deeds: Vec::new() };
    each(seed, inputs, |part, deed| {
        session.inputs.extend_from_slice(part);
        match deed {
            Some(deed) => session.deeds.push(deed),
            None => session.loading = part.len(),
        }
        Ok(())
    })?;
    Ok(session)
}

/// Hands out a session in parts, so that a long one need not be held: first what logs in and loads, then what every
/// deed of the agent's led to. Stops after the part that has input number `inputs`.
///
/// # Errors
/// As [`session`], and what `take` ends with.
pub fn each(
    seed: u64,
    inputs: usize,
    mut take: impl FnMut(&[Input<'static>], Option<Deed>) -> Done<()>,
) -> Done<()> {
    let mut stage = stage::Stage::new(seed)?;
    stage.log_in()?;
    let mut part = stage.take_inputs();
    take(&part, None)?;
    let mut made = part.len();
    while made < inputs {
        let deed = work::next(&mut stage)?;
        part = stage.take_inputs();
        made += part.len();
        take(&part, Some(deed))?;
    }
    Ok(())
}
