//! Secrets: kept by handle, wiped when they go, and never printed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callfold_engine::CredentialHandle;
use callfold_engine::wire::LoginSecret;
use zeroize::Zeroizing;

/// A password, or the id of a session. It is wiped from memory when it is dropped, and cannot be printed.
pub struct Secret(Proof);

enum Proof {
    Password(Zeroizing<String>),
    Session(Zeroizing<String>),
}

impl Secret {
    /// A password.
    #[must_use]
    pub fn password(password: String) -> Self {
        Self(Proof::Password(Zeroizing::new(password)))
    }

    /// The id of a session that the server gave at an earlier login.
    #[must_use]
    pub fn session(id: String) -> Self {
        Self(Proof::Session(Zeroizing::new(id)))
    }

    /// What the login frame carries. Made when that is written, and not before.
    pub(crate) fn login(&self) -> LoginSecret {
        match &self.0 {
            Proof::Password(password) => LoginSecret::from_password(password),
            Proof::Session(id) => LoginSecret::from_session(id),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Proof::Password(_) => "Secret(password)",
            Proof::Session(_) => "Secret(session)",
        })
    }
}

/// The secrets of one or many lines, by the handles under which commands name them. A clone is the same collection.
///
/// ```
/// use callfold_transport::{Secret, Secrets};
///
/// let secrets = Secrets::default();
/// let handle = secrets.keep(Secret::password("not told".to_owned()));
/// assert!(!format!("{secrets:?}").contains("told"));
/// secrets.forget(handle);
/// ```
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<BTreeMap<CredentialHandle, Arc<Secret>>>>);

impl Secrets {
    /// Keeps a secret, and says under which handle: one that is free.
    #[must_use]
    pub fn keep(&self, secret: Secret) -> CredentialHandle {
        let mut kept = self.kept();
        let handle = CredentialHandle(kept.last_key_value().map_or(1, |(last, _)| last.0.saturating_add(1)));
        kept.insert(handle, Arc::new(secret));
        handle
    }

    /// Keeps a secret under this handle, in the place of one that was there.
    pub fn put(&self, handle: CredentialHandle, secret: Secret) {
        self.kept().insert(handle, Arc::new(secret));
    }

    /// Forgets a secret. It is wiped as soon as no login is being written with it.
    pub fn forget(&self, handle: CredentialHandle) {
        self.kept().remove(&handle);
    }

    pub(crate) fn find(&self, handle: CredentialHandle) -> Option<Arc<Secret>> {
        self.kept().get(&handle).cloned()
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<CredentialHandle, Arc<Secret>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} kept)", self.kept().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_by_handle_and_forgotten() {
        let secrets = Secrets::default();
        let first = secrets.keep(Secret::password("a".to_owned()));
        let second = secrets.keep(Secret::session("b".to_owned()));
        assert_ne!(first, second);
        assert!(secrets.find(second).is_some());
        secrets.forget(second);
        assert!(secrets.find(second).is_none() && secrets.find(first).is_some());
    }

    #[test]
    fn a_secret_is_not_printed() {
        for secret in [Secret::password("canary".to_owned()), Secret::session("canary".to_owned())] {
            assert!(!format!("{secret:?}").contains("canary"));
            assert!(!format!("{:?}", secret.login()).contains("canary"));
        }
    }
}
