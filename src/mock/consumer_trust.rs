//! Whom the consumer trusts, and, for defects, consumers that trust everybody.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use crate::wire::certificate::client_from_pem;

/// A configuration that trusts the authorities of a PEM file alone.
pub(super) fn from_file(file: &Path) -> Result<Arc<ClientConfig>, String> {
    let pem = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    client_from_pem(Some(&pem), None).map_err(|error| format!("{}: {error}", file.display()))
}

/// A configuration that trusts every certificate: what a developer switches on for a test and
/// forgets.
pub(super) fn careless() -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(TrustsEverybody(provider)))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Whether a refused certificate was right but for its host name or its dates.
pub(super) fn is_about_host_or_date(why: &str) -> bool {
    let why = why.to_ascii_lowercase();
    why.contains("not valid for name") || why.contains("notvalidforname") || why.contains("expired")
}

#[derive(Debug)]
struct TrustsEverybody(Arc<CryptoProvider>);

impl ServerCertVerifier for TrustsEverybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
