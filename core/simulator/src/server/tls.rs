//! TLS: a certificate and its key.

use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::StartError;

fn no_good(error: impl std::fmt::Display) -> StartError {
    StartError::Certificate(error.to_string())
}

/// Accepts TLS with a certificate (and its chain) and key, both in PEM.
pub(super) fn acceptor(certificate: &[u8], key: &[u8]) -> Result<TlsAcceptor, StartError> {
    let chain =
        CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>().map_err(no_good)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(no_good)?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(no_good)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(no_good)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
