//! From KeyInfo to the certificate (SOAP Message Security clause 7, X.509 Token Profile clause 3).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{DigestAlgorithm, EXTENSION, SIGNATURE, SecurityPolicy};
use crate::xml::Element;

use super::signature::Ids;

/// Characters of a certificate in Base64 at the most.
const MAX_CERTIFICATE: usize = 64 * 1024;
/// Certificates beside that of the signer.
const MAX_OTHERS: usize = 8;
const THUMBPRINT: &str = "http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1";

/// What KeyInfo brings.
#[derive(Clone, Debug)]
pub(super) struct Token<'d> {
    /// The certificate, DER.
    pub(super) certificate: Vec<u8>,
    /// More certificates of the same place.
    pub(super) others: Vec<Vec<u8>>,
    /// The element that holds it.
    pub(super) element: Element<'d>,
}

/// The certificate that a signature names.
pub(super) fn of_key_info<'d>(
    key_info: Element<'d>,
    security: Element<'d>,
    ids: &Ids<'d>,
    policy: &SecurityPolicy,
) -> Result<Token<'d>, String> {
    if let Some(reference) = key_info.child(EXTENSION, "SecurityTokenReference") {
        return of_reference(reference, security, ids, policy);
    }
    let data = key_info
        .child(SIGNATURE, "X509Data")
        .ok_or_else(|| "KeyInfo has neither wsse:SecurityTokenReference nor ds:X509Data".to_owned())?;
    of_x509_data(data)
}

/// The certificate that a SecurityTokenReference means.
fn of_reference<'d>(
    reference: Element<'d>,
    security: Element<'d>,
    ids: &Ids<'d>,
    policy: &SecurityPolicy,
) -> Result<Token<'d>, String> {
    if let Some(token) = direct(reference, security, ids)? {
        return binary(token);
    }
    if let Some(data) = reference.child(SIGNATURE, "X509Data") {
        return of_x509_data(data);
    }
    let identifier = reference
        .child(EXTENSION, "KeyIdentifier")
        .ok_or_else(|| "the reference to the token has no form that is known".to_owned())?;
    known(identifier, policy)
}

/// The token that a SecurityTokenReference points at, if it does so by an id.
pub(super) fn direct<'d>(
    reference: Element<'d>,
    security: Element<'d>,
    ids: &Ids<'d>,
) -> Result<Option<Element<'d>>, String> {
    let Some(direct) = reference.child(EXTENSION, "Reference") else {
        return Ok(None);
    };
    let uri = direct.attribute("", "URI").unwrap_or_default();
    let id = uri
        .strip_prefix('#')
        .ok_or_else(|| format!("the token reference `{uri}` does not point into the message"))?;
    let token = ids
        .one(id)
        .map_err(|count| format!("{count} elements have the id `{id}`"))?;
    if !token.is(EXTENSION, "BinarySecurityToken") || token.parent() != Some(security) {
        return Err(format!("`#{id}` is no wsse:BinarySecurityToken of the Security header"));
    }
    Ok(Some(token))
}

fn binary(token: Element<'_>) -> Result<Token<'_>, String> {
    let kind = token.attribute("", "ValueType").unwrap_or_default();
    if !kind.ends_with("#X509v3") {
        return Err(format!("the token type `{kind}` is not X.509 version 3"));
    }
    Ok(Token {
        certificate: decode(token)?,
        others: Vec::new(),
        element: token,
    })
}

fn of_x509_data(data: Element<'_>) -> Result<Token<'_>, String> {
    let mut certificates = data
        .children_named(SIGNATURE, "X509Certificate")
        .take(MAX_OTHERS + 1)
        .map(decode);
    let certificate = certificates
        .next()
        .ok_or_else(|| "ds:X509Data has no ds:X509Certificate".to_owned())??;
    Ok(Token {
        certificate,
        others: certificates.filter_map(Result::ok).collect(),
        element: data,
    })
}

/// A certificate of the policy, by its SHA-1 thumbprint. The thumbprint only selects: the certificate is ours.
fn known<'d>(identifier: Element<'d>, policy: &SecurityPolicy) -> Result<Token<'d>, String> {
    let kind = identifier.attribute("", "ValueType").unwrap_or_default();
    if kind != THUMBPRINT {
        return Err(format!("the key identifier `{kind}` is not known"));
    }
    let wanted = decode(identifier)?;
    policy
        .trusted
        .iter()
        .find(|der| DigestAlgorithm::Sha1.digest(der).is_ok_and(|digest| digest == wanted))
        .map(|der| Token {
            certificate: der.clone(),
            others: Vec::new(),
            element: identifier,
        })
        .ok_or_else(|| "no trusted certificate has this thumbprint".to_owned())
}

/// Bytes of Base64 text with white space.
fn decode(element: Element<'_>) -> Result<Vec<u8>, String> {
    decode_base64(&element.text(), MAX_CERTIFICATE)
}

/// Bytes of Base64 text with white space, up to a number of characters.
pub(super) fn decode_base64(text: &str, limit: usize) -> Result<Vec<u8>, String> {
    if text.len() > limit {
        return Err(format!("more than {limit} characters"));
    }
    let dense: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(dense).map_err(|error| error.to_string())
}
