//! What handles the inputs of a line.

use std::convert::Infallible;

use callfold_engine::{Input, Machine, Outcome, SocketId, Timer, Timestamp, View};

/// Where [`Handle::handle`] runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the task of the line. It must not wait for anything.
    Here,
    /// On a thread of its own meanwhile (tokio's blocking pool): it may wait for a disk. Other lines go on, and what
    /// comes on this line meanwhile is handled together with the next call.
    Aside,
}

/// What came of one input.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Handled {
    /// What was decided, and what is to be done.
    pub outcome: Outcome,
    /// The number of its record, where records are made.
    pub seq: Option<u64>,
}

impl Handled {
    /// Handled, and recorded under this number, if it was.
    #[must_use]
    pub const fn new(outcome: Outcome, seq: Option<u64>) -> Self {
        Self { outcome, seq }
    }
}

/// Handles the inputs of one line: a bare [`Machine`], or a recorder that makes a record of each input before its
/// effects are let out.
pub trait Handle: Send + 'static {
    /// Why inputs could not be handled. The line ends with it: its effects are lost on purpose.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Where [`Handle::handle`] runs.
    const PLACE: Place;

    /// Handles inputs that came together, in order, and returns what came of each, for as many as there were inputs.
    /// When it returns, the effects may be carried out; so whoever records must have made the records durable.
    ///
    /// # Errors
    /// If they cannot be handled. It is not called again.
    fn handle(&mut self, inputs: &[Input<'_>]) -> Result<Vec<Handled>, Self::Error>;

    /// When to come back, and for what: [`Machine::poll_timeout`]. Asked again after every call of [`Handle::handle`].
    #[must_use]
    fn poll_timeout(&self) -> Option<(Timestamp, Timer)>;

    /// What is so now: [`Machine::view`].
    #[must_use]
    fn view(&self) -> &View;

    /// The sockets it takes to be open: [`Machine::sockets`]. A line that is opened has none, so those of a machine that
    /// was brought back are told to be closed before anything else.
    #[must_use]
    fn sockets(&self) -> Vec<SocketId>;

    /// The moment of its last input: [`Machine::now`]. The sockets of then are told to be closed as of that moment:
    /// nothing is known of what came after it.
    #[must_use]
    fn now(&self) -> Timestamp;
}

/// A machine alone: nothing is recorded.
impl Handle for Machine {
    type Error = Infallible;

    const PLACE: Place = Place::Here;

    fn handle(&mut self, inputs: &[Input<'_>]) -> Result<Vec<Handled>, Infallible> {
        let each = inputs.iter().map(|input| {
            let mut outcome = Outcome::default();
            Self::handle(self, input, &mut outcome);
            Handled::new(outcome, None)
        });
        Ok(each.collect())
    }

    fn poll_timeout(&self) -> Option<(Timestamp, Timer)> {
        Self::poll_timeout(self)
    }

    fn view(&self) -> &View {
        Self::view(self)
    }

    fn sockets(&self) -> Vec<SocketId> {
        Self::sockets(self).collect()
    }

    fn now(&self) -> Timestamp {
        Self::now(self)
    }
}
