//! Compact JSON Web Signatures (RFC 7515) with symmetric keys, right and wrong on purpose.
//!
//! JWT libraries refuse to write what a conformance suite has to send (`alg` none, a signature by
//! another key, a header that lies), so the few lines are here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::{Sha256, Sha384, Sha512};

/// A token, decoded but not verified.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// Header members.
    pub header: Map<String, Value>,
    /// Claims.
    pub claims: Map<String, Value>,
    signed: String,
    signature: Vec<u8>,
}

/// Signs claims. `algorithm` is written into the header; it signs with the HMAC of that name, and
/// with HS256 under any other name; an absent key gives an empty signature.
pub fn sign(algorithm: &str, claims: &Map<String, Value>, key: Option<&[u8]>) -> String {
    let header = serde_json::json!({"alg": algorithm, "typ": "JWT"});
    let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
    let claims = Value::Object(claims.clone());
    let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let signature = key.map_or_else(Vec::new, |key| mac(algorithm, key, signed.as_bytes()));
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Splits and decodes a compact token; `None` if it has not three parts of base64url, the first
/// two JSON objects.
pub fn decode(token: &str) -> Option<Decoded> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let object =
        |part: &str| -> Option<Map<String, Value>> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok() };
    Some(Decoded {
        header: object(header)?,
        claims: object(claims)?,
        signed: signed.to_owned(),
        signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
    })
}

impl Decoded {
    /// The algorithm that the header names.
    pub fn algorithm(&self) -> &str {
        self.header.get("alg").and_then(Value::as_str).unwrap_or_default()
    }

    /// A claim that is a text.
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    /// A claim that is a time in Unix seconds.
    pub fn time(&self, claim: &str) -> Option<i64> {
        let value = self.claims.get(claim)?;
        value.as_i64().or_else(|| value.as_f64().map(|time| time as i64))
    }

    /// Whether the signature is the HMAC that the header names, by this key. Constant time.
    pub fn is_signed_by(&self, key: &[u8]) -> bool {
        let right = mac(self.algorithm(), key, self.signed.as_bytes());
        matches!(self.algorithm(), "HS256" | "HS384" | "HS512")
            && right.len() == self.signature.len()
            && right
                .iter()
                .zip(&self.signature)
                .fold(0, |differs, (a, b)| differs | (a ^ b))
                == 0
    }
}

fn mac(algorithm: &str, key: &[u8], message: &[u8]) -> Vec<u8> {
    fn with<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
        let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    }
    match algorithm {
        "HS384" => with::<Hmac<Sha384>>(key, message),
        "HS512" => with::<Hmac<Sha512>>(key, message),
        _ => with::<Hmac<Sha256>>(key, message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        let claims = serde_json::json!({"iss": "a", "exp": 12});
        let claims = claims.as_object().expect("an object");
        let token = decode(&sign("HS256", claims, Some(b"key"))).expect("well-formed");
        assert!(token.is_signed_by(b"key") && !token.is_signed_by(b"other"));
        assert_eq!((token.text("iss"), token.time("exp")), (Some("a"), Some(12)));
        let unsigned = decode(&sign("none", claims, None)).expect("well-formed");
        assert!(!unsigned.is_signed_by(b"key"));
        assert!(decode("a.b").is_none() && decode("").is_none());
    }
}
