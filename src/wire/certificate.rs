//! Certificates for loopback servers, and the TLS configurations of both sides.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use thiserror::Error;

/// Why a TLS configuration could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A certificate could not be generated.
    #[error("cannot generate a certificate: {0}")]
    Generate(#[from] rcgen::Error),
    /// The TLS library refused the configuration.
    #[error("cannot use the certificate: {0}")]
    Tls(#[from] rustls::Error),
    /// A PEM text holds no certificate or key.
    #[error("no usable PEM {what}: {detail}")]
    Pem {
        /// `certificate` or `private key`.
        what: &'static str,
        /// The reason.
        detail: String,
    },
}

/// A certification authority that lives as long as the process; nothing of it is stored but its
/// certificate.
pub struct TestAuthority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    /// Certificate in PEM form, for products that have to trust it.
    pub pem: String,
}

impl TestAuthority {
    /// A new authority.
    ///
    /// # Errors
    /// When no key can be generated.
    pub fn new(name: &str) -> Result<Self, CertificateError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            pem: certificate.pem(),
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        })
    }

    /// A server configuration for the given host names and addresses; `expired` gives one whose
    /// time is over.
    ///
    /// # Errors
    /// When the certificate cannot be made.
    pub fn server(&self, hosts: &[String], expired: bool) -> Result<Arc<ServerConfig>, CertificateError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(hosts.to_vec())?;
        params
            .distinguished_name
            .push(DnType::CommonName, hosts.first().map_or("junkyo", String::as_str));
        params.use_authority_key_identifier_extension = true;
        if expired {
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2020, 12, 31);
        }
        let certificate = params.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        server_config(vec![certificate.der().clone()], key)
    }

    /// A client configuration that trusts this authority alone.
    ///
    /// # Errors
    /// When the TLS library refuses the certificate.
    pub fn client(&self) -> Result<Arc<ClientConfig>, CertificateError> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone())?;
        client_config(roots, None)
    }
}

fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, CertificateError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Certificate chain and private key, PEM texts, by which the harness shows who it is.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// Certificate chain.
    pub certificates: &'a str,
    /// Private key.
    pub key: &'a str,
}

fn client_config(roots: RootCertStore, identity: Option<Identity<'_>>) -> Result<Arc<ClientConfig>, CertificateError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some(identity) => config.with_client_auth_cert(read_pem(identity.certificates)?, read_key(identity.key)?)?,
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn read_key(text: &str) -> Result<PrivateKeyDer<'static>, CertificateError> {
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|error| CertificateError::Pem {
        what: "private key",
        detail: error.to_string(),
    })
}

/// A server configuration from PEM texts.
///
/// # Errors
/// When a text holds no certificate or key, or they do not belong together.
pub fn server_from_pem(certificates: &str, key: &str) -> Result<Arc<ServerConfig>, CertificateError> {
    server_config(read_pem(certificates)?, read_key(key)?)
}

/// A client configuration that trusts the certificates of a PEM text, or, without one, the
/// public authorities that browsers trust.
///
/// # Errors
/// When the text holds no certificate.
pub fn client_from_pem(
    authorities: Option<&str>,
    identity: Option<Identity<'_>>,
) -> Result<Arc<ClientConfig>, CertificateError> {
    let mut roots = RootCertStore::empty();
    match authorities {
        Some(pem) => {
            for certificate in read_pem(pem)? {
                roots.add(certificate)?;
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    client_config(roots, identity)
}

fn read_pem(text: &str) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let fault = |detail: String| CertificateError::Pem {
        what: "certificate",
        detail,
    };
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(text.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| fault(error.to_string()))?;
    if certificates.is_empty() {
        return Err(fault("the text has no `-----BEGIN CERTIFICATE-----`".into()));
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Fault;
    use crate::wire::{Answer, Client, ClientOptions, Handler, Outgoing, Server, ServerOptions, Url, response_bytes};
    use rustls::server::WebPkiClientVerifier;

    /// A server that lets in only who shows a certificate of the authority.
    async fn strict_server(authority: &TestAuthority) -> Server {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate.clone()).expect("a certificate");
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .expect("a verifier");
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("parameters");
        let certificate = params.signed_by(&key, &authority.issuer).expect("a certificate");
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .expect("a configuration");
        let handler: Handler = Arc::new(|_, _| {
            Box::pin(std::future::ready(Answer::Send {
                bytes: response_bytes(200, &[], b"in"),
                close: false,
            }))
        });
        let options = ServerOptions {
            tls: Some(Arc::new(config)),
            ..ServerOptions::default()
        };
        Server::start("127.0.0.1:0", options, handler).await.expect("a port")
    }

    #[tokio::test]
    async fn the_harness_shows_its_certificate_where_it_is_asked_for_one() {
        let authority = TestAuthority::new("authority of the test").expect("an authority");
        let server = strict_server(&authority).await;
        let url = Url::parse(&format!("https://{}/", server.address())).expect("an address");
        let send = async |tls| {
            let client = Client::new(ClientOptions {
                tls: Some(tls),
                ..ClientOptions::default()
            });
            client.send(&Outgoing::new("GET", &url, &[], b"")).await
        };
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["harness".to_owned()]).expect("parameters");
        let certificate = params.signed_by(&key, &authority.issuer).expect("a certificate");
        let (certificates, key) = (certificate.pem(), key.serialize_pem());
        let identity = Identity {
            certificates: &certificates,
            key: &key,
        };
        let known = client_from_pem(Some(&authority.pem), Some(identity)).expect("a configuration");
        let sent = send(known).await;
        assert!(sent.response.ends_with(b"in"), "{:?}", sent.fault);
        let nobody = client_from_pem(Some(&authority.pem), None).expect("a configuration");
        let sent = send(nobody).await;
        assert!(
            matches!(
                sent.fault,
                Some(Fault::Tls { .. } | Fault::Reset { .. } | Fault::Closed { .. })
            ),
            "{:?}",
            sent.fault
        );
        let other = client_from_pem(
            Some(&authority.pem),
            Some(Identity {
                certificates: &certificates,
                key: "no key",
            }),
        );
        assert!(matches!(
            other,
            Err(CertificateError::Pem {
                what: "private key",
                ..
            })
        ));
    }
}
