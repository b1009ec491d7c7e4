//! Client authentication: client_secret_jwt (RFC 7523), and client_secret_basic as the interim
//! measure that the standard allows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use serde_json::Value;

use super::authorization::{Authorization, Endpoint, Form, OauthFault};
use super::defect_list::Defect;
use super::platform::Credentials;
use crate::wire::HttpRequest;
use crate::wire::jwt::{self, Decoded};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Longest time that an assertion may still live when it arrives.
const LONGEST_ASSERTION: i64 = 3600;

impl Authorization {
    /// Finds out which registered client sent a request.
    pub(super) fn authenticate(
        &self,
        request: &HttpRequest,
        form: &Form,
        endpoint: Endpoint<'_>,
        now: i64,
    ) -> Result<&Credentials, OauthFault> {
        let header = request.headers.get("authorization");
        let asserts = form.get("client_assertion").is_some() || form.get("client_assertion_type").is_some();
        let methods = [header.is_some(), asserts, form.get("client_secret").is_some()];
        if methods.iter().filter(|used| **used).count() > 1 && !self.has(Defect::TwoMethodsAccepted) {
            return Err(OauthFault::request());
        }
        if asserts {
            return self.by_assertion(form, endpoint, now);
        }
        if let Some(header) = header {
            return self.by_basic(header);
        }
        if self.has(Defect::SecretPostAccepted)
            && let Some(secret) = form.get("client_secret")
        {
            let client = self.client(form.get("client_id").unwrap_or_default())?;
            return if client.secret == secret {
                Ok(client)
            } else {
                Err(OauthFault::client())
            };
        }
        if self.has(Defect::PublicClientAccepted) {
            return self.client(form.get("client_id").unwrap_or_default());
        }
        Err(OauthFault::client())
    }

    fn by_assertion(&self, form: &Form, endpoint: Endpoint<'_>, now: i64) -> Result<&Credentials, OauthFault> {
        if self.has(Defect::AssertionRefused) {
            return Err(OauthFault::client());
        }
        let wrong_type = form.get("client_assertion_type") != Some(ASSERTION_TYPE);
        if wrong_type && !self.has(Defect::AssertionTypeUnchecked) {
            return Err(OauthFault::client());
        }
        let text = form.get("client_assertion").ok_or_else(OauthFault::client)?;
        let jwt = jwt::decode(text).ok_or_else(OauthFault::client)?;
        let client = self.signer(&jwt, form)?;
        self.check_signature(&jwt, client)?;
        self.check_audience(&jwt, endpoint)?;
        let expires = self.check_times(&jwt, now)?;
        self.check_id(&jwt, client, expires)?;
        Ok(client)
    }

    /// The client that the assertion names as issuer and subject.
    fn signer(&self, jwt: &Decoded, form: &Form) -> Result<&Credentials, OauthFault> {
        let issuer = jwt.text("iss");
        let subject = jwt.text("sub");
        let name = match (issuer, subject) {
            (_, Some(subject)) if self.has(Defect::IssuerUnchecked) => subject,
            (Some(issuer), _) if self.has(Defect::SubjectUnchecked) => issuer,
            (Some(issuer), Some(subject)) if issuer == subject => issuer,
            _ => return Err(OauthFault::client()),
        };
        if form.get("client_id").is_some_and(|id| id != name) {
            return Err(OauthFault::client());
        }
        self.client(name)
    }

    fn check_signature(&self, jwt: &Decoded, client: &Credentials) -> Result<(), OauthFault> {
        let algorithm = jwt.algorithm();
        let unsigned = algorithm.eq_ignore_ascii_case("none");
        let allowed = match algorithm {
            "HS256" => true,
            "HS384" | "HS512" => self.has(Defect::AnyHmacAccepted),
            _ => false,
        };
        // A header parameter that must be understood is not understood here (RFC 7515 §4.1.11).
        let understood = !jwt.header.contains_key("crit");
        let verified = allowed && understood && jwt.is_signed_by(client.secret.as_bytes());
        let tolerated = unsigned && self.has(Defect::UnsignedAssertionAccepted)
            || algorithm == "HS256" && self.has(Defect::SignatureUnchecked);
        if verified || tolerated {
            Ok(())
        } else {
            Err(OauthFault::client())
        }
    }

    fn check_audience(&self, jwt: &Decoded, endpoint: Endpoint<'_>) -> Result<(), OauthFault> {
        let fits = audiences(jwt).iter().any(|audience| endpoint.is_meant_by(audience));
        if fits || self.has(Defect::AudienceUnchecked) {
            Ok(())
        } else {
            Err(OauthFault::client())
        }
    }

    fn check_times(&self, jwt: &Decoded, now: i64) -> Result<i64, OauthFault> {
        let expires = jwt
            .time("exp")
            .filter(|expires| (1..=LONGEST_ASSERTION).contains(&expires.saturating_sub(now)));
        let started = !jwt.claims.contains_key("nbf") || jwt.time("nbf").is_some_and(|time| time <= now);
        if !started && !self.has(Defect::NotBeforeUnchecked) {
            return Err(OauthFault::client());
        }
        match expires {
            Some(expires) => Ok(expires),
            None if self.has(Defect::AssertionExpiryUnchecked) => Ok(now + LONGEST_ASSERTION),
            None => Err(OauthFault::client()),
        }
    }

    fn check_id(&self, jwt: &Decoded, client: &Credentials, expires: i64) -> Result<(), OauthFault> {
        let Some(id) = jwt.text("jti").filter(|id| !id.is_empty()) else {
            return if self.has(Defect::JtiOptional) {
                Ok(())
            } else {
                Err(OauthFault::client())
            };
        };
        let fresh = self.tokens.use_id(&client.id, id, expires);
        if fresh || self.has(Defect::AssertionReplayAccepted) {
            Ok(())
        } else {
            Err(OauthFault::client())
        }
    }

    fn by_basic(&self, header: &str) -> Result<&Credentials, OauthFault> {
        let (id, secret) = basic(header).ok_or_else(OauthFault::client)?;
        let client = self.client(&id)?;
        if constant_time_equal(client.secret.as_bytes(), secret.as_bytes()) || self.has(Defect::BasicSecretUnchecked) {
            Ok(client)
        } else {
            Err(OauthFault::client())
        }
    }

    fn client(&self, id: &str) -> Result<&Credentials, OauthFault> {
        self.clients.iter().find(|client| client.id == id).ok_or_else(|| {
            if self.has(Defect::UnknownClientCrash) && !id.is_empty() {
                OauthFault::crash()
            } else {
                OauthFault::client()
            }
        })
    }
}

/// The audiences of an assertion: one text or a list of texts.
fn audiences(jwt: &Decoded) -> Vec<&str> {
    match jwt.claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Id and secret of an HTTP Basic header. Both are form-encoded first (RFC 6749 §2.3.1).
pub(super) fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, rest) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let plain = |word: &str| {
        crate::wire::form_decode(&format!("v={}", word.replace('&', "%26")))
            .pop()
            .map(|(_, value)| value)
    };
    Some((plain(id)?, plain(secret)?))
}

fn constant_time_equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}
