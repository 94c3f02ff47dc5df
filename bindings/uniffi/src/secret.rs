//! Secrets of an application, on their way to a login.

use std::fmt;
use std::sync::Arc;

use callfold::wire::LoginSecret;
use callfold::{Credential, CredentialHandle, live};
use zeroize::Zeroizing;

/// A password, or the id of an earlier session. It cannot be read back and is not printed; it is wiped from memory when
/// the last of whoever has it lets go of it.
#[derive(uniffi::Object)]
pub struct Secret(Proof);

enum Proof {
    Password(Zeroizing<String>),
    Session(Zeroizing<String>),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[uniffi::export]
impl Secret {
    /// A password.
    #[uniffi::constructor]
    #[must_use]
    pub fn password(password: String) -> Arc<Self> {
        Arc::new(Self(Proof::Password(Zeroizing::new(password))))
    }

    /// The id of a session that the server gave at an earlier login.
    #[uniffi::constructor]
    #[must_use]
    pub fn session(id: String) -> Arc<Self> {
        Arc::new(Self(Proof::Session(Zeroizing::new(id))))
    }
}

impl Secret {
    /// For a line, which keeps it until it logs in.
    pub(crate) fn for_line(&self) -> live::Secret {
        match &self.0 {
            Proof::Password(password) => live::Secret::password(password.to_string()),
            Proof::Session(id) => live::Secret::session(id.to_string()),
        }
    }

    /// For a login that is written by hand.
    pub(crate) fn for_login(&self) -> LoginSecret {
        match &self.0 {
            Proof::Password(password) => LoginSecret::from_password(password),
            Proof::Session(id) => LoginSecret::from_session(id),
        }
    }

    /// How a command names it.
    pub(crate) const fn credential(&self, handle: CredentialHandle) -> Credential {
        match &self.0 {
            Proof::Password(_) => Credential::Password(handle),
            Proof::Session(_) => Credential::Session(handle),
        }
    }
}
