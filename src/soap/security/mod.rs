//! WS-Security 1.0 (SOAP Message Security, X.509 Token Profile and Username Token Profile 1.0, OASIS 2004-03).
//!
//! The mathematics (exclusive canonicalization, digests, signatures) are bergshamra's. Which element a reference means,
//! whose key signed, and whether what was signed is what a receiver will read, is decided here, by position in the tree:
//! an id alone proves nothing. Nothing is ever fetched, and all work has a limit.

mod algorithm;
mod canonical;
mod certificate;
mod policy;
mod replay;
mod sign;
mod signature;
mod timestamp;
mod token;
mod username;
mod verify;

pub use algorithm::{DigestAlgorithm, SignatureAlgorithm};
pub use certificate::{CertificateFacts, certificates_of_pem};
pub use policy::{SecurityFinding, SecurityPolicy, SecurityReport, SecurityRule, UsernamePolicy};
pub use replay::ReplayGuard;
pub use sign::{SecurityError, SignOptions, Signer, TokenReference, secure};
pub use username::{PasswordKind, UsernameToken};
pub use verify::{verify, verify_document};

/// Namespace of ids and timestamps.
pub const UTILITY: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
/// Namespace of the Security header and its tokens.
pub const EXTENSION: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
/// Namespace of XML Signature.
pub const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Exclusive canonicalization without comments, the only one that is allowed.
pub const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// The transform that leaves the signature itself out; it is allowed where there is nothing to leave out.
pub const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// The transform that puts a token in the place of a reference to it (SOAP Message Security clause 8.3).
pub const STR_TRANSFORM: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform";
/// Token type of an X.509 version 3 certificate.
pub const X509_V3: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3";
/// Encoding of binary tokens.
pub const BASE64: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";
/// A password as it is.
pub const PASSWORD_TEXT: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText";
/// Base64(SHA-1(nonce + created + password)).
pub const PASSWORD_DIGEST: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest";

#[cfg(test)]
mod tests;
