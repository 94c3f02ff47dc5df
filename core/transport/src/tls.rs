//! Whose certificates are trusted: what this system trusts, and what was given besides. There is no way to trust all.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;

use crate::error::Error;

/// Whose certificates are trusted. Clones share what was loaded, so make one for many lines.
///
/// ```
/// use callfold_transport::Tls;
///
/// let system = Tls::default();
/// assert!(Tls::default().and_authority(b"no certificate").is_err());
/// # let _ = system;
/// ```
#[derive(Clone, Default)]
pub struct Tls(Arc<Trust>);

#[derive(Default)]
struct Trust {
    extra: Vec<CertificateDer<'static>>,
    /// Made at the first `wss`: where there is only `ws`, a system without any certificates is no fault.
    config: OnceLock<Result<Arc<ClientConfig>, String>>,
}

impl Tls {
    /// The same, and a certificate authority of one's own besides, as PEM: one certificate or several.
    ///
    /// # Errors
    /// [`Error::Authority`] if there is no certificate in it, or one that cannot be read.
    pub fn and_authority(&self, pem: &[u8]) -> Result<Self, Error> {
        let told = |error: rustls::pki_types::pem::Error| Error::Authority(error.to_string());
        let added: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(told)?;
        if added.is_empty() {
            return Err(Error::Authority("there is no certificate in it".to_owned()));
        }
        let mut roots = rustls::RootCertStore::empty();
        for certificate in &added {
            roots.add(certificate.clone()).map_err(|error| Error::Authority(error.to_string()))?;
        }
        let extra = self.0.extra.iter().cloned().chain(added).collect();
        Ok(Self(Arc::new(Trust { extra, config: OnceLock::new() })))
    }

    /// What rustls needs to know. The first call reads the system's certificates.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, String> {
        let make = || make(&self.0.extra).map_err(|error| error.to_string());
        self.0.config.get_or_init(make).clone()
    }
}

/// TLS 1.2 and 1.3, and every certificate verified.
fn make(extra: &[CertificateDer<'static>]) -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = verifier(extra, provider.clone())?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous() // the name of the method that takes any verifier: this one verifies as the system does
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[cfg(not(target_os = "android"))]
fn verifier(
    extra: &[CertificateDer<'static>],
    provider: Arc<rustls::crypto::CryptoProvider>,
) -> Result<Verifier, rustls::Error> {
    Verifier::new_with_extra_roots(extra.iter().cloned(), provider)
}

/// On Android the system is asked, and it knows no authorities but its own: those are added in its settings.
#[cfg(target_os = "android")]
fn verifier(
    extra: &[CertificateDer<'static>],
    provider: Arc<rustls::crypto::CryptoProvider>,
) -> Result<Verifier, rustls::Error> {
    if extra.is_empty() {
        Verifier::new(provider)
    } else {
        Err(rustls::Error::General("on Android an authority is added in the system's settings".to_owned()))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tls(the system's authorities and {} more)", self.0.extra.len())
    }
}
