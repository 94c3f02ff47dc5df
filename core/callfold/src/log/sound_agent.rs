//! Whose line a stream is, also if the stream is damaged.

use callfold_engine::{Text, View};
use callfold_store::{StoreError, StreamId};

use super::{Log, LogError, Stream};

/// Streams of an agent, and those of which it cannot be known, with what is wrong with them.
pub(super) type OfAgent = (Vec<StreamId>, Vec<(StreamId, LogError)>);

impl Log {
    /// Like [`Log::agent`]; of a damaged stream as far as it can be read, with the damage.
    pub(super) fn agent_as_far(&self, stream: &Stream) -> Result<(Option<Text>, Option<LogError>), LogError> {
        match self.agent(stream.id) {
            Ok(agent) => Ok((agent, None)),
            Err(damage) if damage.is_damage() => Ok((self.sound_agent(stream), Some(damage))),
            Err(error) => Err(error),
        }
    }

    /// The streams that are wanted: this one, or those of this agent.
    pub(super) fn of_agent_as_far(
        &self,
        wanted: Option<StreamId>,
        agent: Option<&str>,
    ) -> Result<OfAgent, LogError> {
        let Some(agent) = agent else { return Ok((self.of_agent(wanted, None)?, Vec::new())) };
        let (mut streams, mut unknown) = OfAgent::default();
        for stream in self.streams()? {
            if wanted.is_some_and(|wanted| wanted != stream.id) {
                continue;
            }
            match self.agent_as_far(&stream)? {
                (Some(known), _) if known.as_str() == agent => streams.push(stream.id),
                (None, Some(damage)) => unknown.push((stream.id, damage)),
                (_, _) => {}
            }
        }
        Ok((streams, unknown))
    }

    fn sound_agent(&self, stream: &Stream) -> Option<Text> {
        if let Some(agent) = &stream.info.agent {
            return Some(agent.clone());
        }
        let mut view = View::default();
        for told in self.told(stream.id, 1).map_while(Result::ok) {
            told.events.iter().for_each(|event| view.apply(event));
        }
        view.agent.login
    }
}

impl LogError {
    /// Whether something that stands in the store is wrong, so that others may be sound.
    pub(super) const fn is_damage(&self) -> bool {
        let Self::Store(error) = self else { return matches!(self, Self::Record(_)) };
        matches!(
            error,
            StoreError::Record { .. }
                | StoreError::Block { .. }
                | StoreError::DurableDamaged { .. }
                | StoreError::Key { .. }
                | StoreError::Database { .. }
                | StoreError::Broke { .. }
                | StoreError::Value(_)
        )
    }
}
