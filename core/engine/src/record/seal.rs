//! Who puts personal data under keys, and takes them out again. Keys, chance and files are the store's; the
//! engine has them as arguments.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Names a subject of a log: one text of which a record keeps only what its key opens. Drawn at random by the keeper of
/// the keys, so that the records of one store can be taken into another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubjectId(pub u64);

/// What an erased subject is called, before its number.
const TOKEN: &str = "erased.subject.";

impl SubjectId {
    /// What stands for the subject once it is erased: the same text everywhere in a log.
    #[must_use]
    pub fn token(self) -> String {
        format!("{TOKEN}{:016x}", self.0)
    }
}

/// Whether `text` is a token and nothing else.
pub(super) fn is_token(text: &str) -> bool {
    let id = text.strip_prefix(TOKEN).unwrap_or_default();
    id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether `text` stands for, or is made of, something that was erased.
#[must_use]
pub fn has_erased(text: &str) -> bool {
    text.contains(TOKEN)
}

/// Why something could not be sealed or unsealed: what the keeper of the keys says.
#[derive(Debug)]
pub struct SealError(Box<dyn Error + Send + Sync>);

impl SealError {
    /// Wraps what the keeper of the keys says.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for SealError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// Puts text under the key of its subject.
pub trait Seal {
    /// Seals `text`, which is `subject` itself or another way to write it. The same text under the same key
    /// gives the same bytes.
    ///
    /// # Errors
    /// [`SealError`] if the keeper of the keys cannot.
    fn seal(&mut self, subject: &str, text: &str) -> Result<(SubjectId, Arc<[u8]>), SealError>;

    /// Seals `text` under a key that nothing else is under, whatever the text is: one that can be destroyed without a
    /// look at who else might have it.
    ///
    /// # Errors
    /// [`SealError`] if the keeper of the keys cannot.
    fn seal_alone(&mut self, text: &str) -> Result<(SubjectId, Arc<[u8]>), SealError>;
}

/// Takes text out from under the key of its subject.
pub trait Unseal {
    /// The text; none if its key was destroyed.
    ///
    /// # Errors
    /// [`SealError`] if the bytes are not what this key sealed, or the keys cannot be read.
    fn unseal(&self, subject: SubjectId, sealed: &[u8]) -> Result<Option<Arc<str>>, SealError>;
}

/// Opens nothing: everything sealed reads as erased. For who has a record but not its keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoKeys;

impl Unseal for NoKeys {
    fn unseal(&self, _: SubjectId, _: &[u8]) -> Result<Option<Arc<str>>, SealError> {
        Ok(None)
    }
}
