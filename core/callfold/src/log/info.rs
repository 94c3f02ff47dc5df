//! What a stream is: one agent's line on one server.

use callfold_engine::record::{EngineVersion, RecordError, Seal, Unseal, read_sealed, write_sealed};
use callfold_engine::{Config, Text, Timestamp};
use serde::{Deserialize, Serialize};

/// What a stream is. It is part of the stream's chain, and never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StreamInfo {
    /// Its name: no other stream of the log has it.
    pub name: Text,
    /// What it is about, for people. Empty if there is nothing to say.
    pub title: Text,
    /// The agent's login, if it is known beforehand.
    pub agent: Option<Text>,
    /// The server's address, if it is known beforehand.
    pub server: Option<Text>,
    /// The engine that began it.
    pub engine: EngineVersion,
    /// How its machine behaves.
    pub config: Config,
    /// When it was begun.
    pub began: Timestamp,
    /// Numbers of which whoever looks at the line wants to know what can be done with them.
    pub numbers: Vec<Text>,
}

/// The first byte of a description. Raised with every change of what follows.
const VERSION: u8 = 1;

impl StreamInfo {
    /// A stream of this name, begun now by this engine.
    #[must_use]
    pub fn new(name: &str, config: Config, began: Timestamp) -> Self {
        Self {
            name: Text::from(name),
            title: Text::default(),
            agent: None,
            server: None,
            engine: EngineVersion::THIS,
            config,
            began,
            numbers: Vec::new(),
        }
    }

    /// The same, of this agent on this server.
    #[must_use]
    pub fn of(self, agent: &str, server: &str) -> Self {
        Self { agent: Some(Text::from(agent)), server: Some(Text::from(server)), ..self }
    }

    pub(super) fn write(&self, seal: &mut dyn Seal) -> Result<Vec<u8>, RecordError> {
        let mut bytes = vec![VERSION];
        bytes.extend(write_sealed(self, seal)?);
        Ok(bytes)
    }

    pub(super) fn read(bytes: &[u8], unseal: &dyn Unseal) -> Result<Self, RecordError> {
        read_sealed(Self::sealed(bytes)?, unseal)
    }

    /// The sealed part of a description.
    pub(super) fn sealed(bytes: &[u8]) -> Result<&[u8], RecordError> {
        match bytes.split_first() {
            Some((&VERSION, sealed)) => Ok(sealed),
            Some((&newer, _)) => Err(RecordError::Version(newer)),
            None => Err(RecordError::Empty),
        }
    }
}
