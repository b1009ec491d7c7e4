//! Proof that a form was ours: a token that belongs to the session, or to the visit before sign-in.

use axum::http::{HeaderMap, header};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Key of the tokens: random, kept in the data folder, the same for all instances of a register.
pub(super) struct CsrfKey(Hmac<Sha256>);

impl CsrfKey {
    pub(super) fn new(key: [u8; 32]) -> Self {
        // Shorter keys are filled up with zeros: that is how HMAC is defined.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&key);
        Self(Hmac::new(&block.into()))
    }

    /// Token of a session or visit, given the stored hash of its cookie.
    pub(super) fn token(&self, cookie_hash: &str) -> String {
        crate::text::hex(&self.mac(cookie_hash).finalize().into_bytes())
    }

    /// Whether a token is that of the session or visit. Takes as long for every wrong one.
    pub(super) fn accepts(&self, cookie_hash: &str, token: &str) -> bool {
        unhex(token).is_some_and(|bytes| self.mac(cookie_hash).verify_slice(&bytes).is_ok())
    }

    fn mac(&self, cookie_hash: &str) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(b"csrf\0");
        mac.update(cookie_hash.as_bytes());
        mac
    }
}

/// Bytes of lower- or upper-case hexadecimal digits.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|start| u8::from_str_radix(text.get(start..start + 2)?, 16).ok())
        .collect()
}

/// Whether a browser says that a request which changes something was started by a page of another site. Old browsers and
/// programs say nothing; for them the token alone counts.
pub(super) fn comes_from_elsewhere(headers: &HeaderMap, origin: &str) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if header("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return true;
    }
    // `null` is what a sandboxed or privacy-minded page sends; ours never does for a form to ourselves.
    headers
        .get(header::ORIGIN)
        .is_some_and(|value| value.to_str().map_or(true, |value| !value.eq_ignore_ascii_case(origin)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_fits_one_session_only() {
        let key = CsrfKey::new([7; 32]);
        let token = key.token("a");
        assert!(key.accepts("a", &token));
        assert!(!key.accepts("b", &token));
        assert!(!CsrfKey::new([8; 32]).accepts("a", &token));
        for wrong in ["", "0", &token[2..], "zz", "あ"] {
            assert!(!key.accepts("a", wrong), "{wrong:?}");
        }
    }

    #[test]
    fn requests_of_other_sites_are_told_by_what_browsers_say() {
        let headers = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().expect("a header"));
            }
            headers
        };
        let ours = "https://registry.example";
        for (pairs, elsewhere) in [
            (&[][..], false),
            (&[("origin", "https://registry.example")], false),
            (&[("origin", "https://registry.example.evil.example")], true),
            (&[("origin", "http://registry.example")], true),
            (&[("origin", "null")], true),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-site", "cross-site")], true),
            (&[("sec-fetch-site", "same-site")], true),
        ] {
            assert_eq!(comes_from_elsewhere(&headers(pairs), ours), elsewhere, "{pairs:?}");
        }
    }
}
