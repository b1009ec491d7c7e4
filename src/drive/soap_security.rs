//! Keys of the harness for WS-Security, and what scenarios do with them, rightly or wrongly on purpose.

use time::{Duration, OffsetDateTime};

use super::target::KeyPair;
use crate::mock::exchange::{KeyError, SecuritySettings, SigningAuthority};
use crate::scenario::{Attack, SecurityAct, SignedBy, TimestampUse};
use crate::soap::security::{
    EXTENSION, PasswordKind, SIGNATURE, SignOptions, SignatureAlgorithm, Signer, UsernameToken, certificates_of_pem,
    secure,
};
use crate::soap::{ENVELOPE, Message};
use crate::xml::{Limits, parse};

/// Keys and certificates of the harness. Without them no scenario about security can be carried out.
#[derive(Default)]
pub(super) struct SecurityKit {
    /// One that the product trusts.
    pub(super) trusted: Option<Signer>,
    /// One of an authority that it does not know.
    pub(super) stranger: Option<Signer>,
    /// One that has expired.
    pub(super) expired: Option<Signer>,
}

impl SecurityKit {
    /// Keys made for one run: a trusted one of `authority`, an expired one of it, and one of a stranger.
    pub(super) fn issued(authority: &SigningAuthority) -> Result<Self, KeyError> {
        Ok(Self {
            trusted: Some(authority.issue("junkyo harness")?.signer),
            expired: Some(authority.issue_expired("junkyo harness of last year")?.signer),
            stranger: Some(
                SigningAuthority::new("an authority nobody trusts")?
                    .issue("a stranger")?
                    .signer,
            ),
        })
    }

    /// The key of a target file; strangers are made for the run.
    pub(super) fn of_target(signing: &KeyPair) -> Result<Self, KeyError> {
        let stranger = SigningAuthority::new("an authority nobody trusts")?;
        Ok(Self {
            trusted: Some(Signer::from_pem(&signing.certificate, &signing.key)?),
            expired: Some(stranger.issue_expired("a stranger of last year")?.signer),
            stranger: Some(stranger.issue("a stranger")?.signer),
        })
    }

    /// Puts security into an envelope as a scenario wants it.
    pub(super) fn dress(&self, envelope: &str, how: &SecurityAct) -> Result<String, String> {
        let now = OffsetDateTime::now_utc();
        let mut options = SignOptions::new(now);
        (options.created, options.expires) = match how.timestamp {
            TimestampUse::Fresh => (Some(now), Some(now + Duration::minutes(5))),
            TimestampUse::Expired => (Some(now - Duration::hours(2)), Some(now - Duration::hours(1))),
            TimestampUse::Future => (Some(now + Duration::hours(1)), Some(now + Duration::hours(2))),
            TimestampUse::Absent => (None, None),
        };
        options.sign_body = !how.body_unsigned;
        options.sign_headers = envelope.contains(crate::soap::addressing::NAMESPACE);
        if how.weak {
            options.algorithm = Some(SignatureAlgorithm::EcdsaSha1);
        }
        if let Some(kind) = &how.username {
            let kind = if kind == "text" {
                PasswordKind::Text
            } else {
                PasswordKind::Digest
            };
            let created = now.format(&time::format_description::well_known::Rfc3339).ok();
            options.username = Some(UsernameToken {
                username: "junkyo".into(),
                password: "a password of the tests".into(),
                kind,
                nonce: Some(now.unix_timestamp_nanos().to_be_bytes().to_vec()),
                created,
            });
            return secure(envelope, &options).map_err(|error| error.to_string());
        }
        let signer = match how.by {
            SignedBy::Trusted => &self.trusted,
            SignedBy::Stranger => &self.stranger,
            SignedBy::Expired => &self.expired,
        };
        let signer = signer
            .as_ref()
            .ok_or("the harness has no signing key; name one in [security]")?;
        let signed = signer.sign(envelope, &options).map_err(|error| error.to_string())?;
        match how.attack {
            None => Ok(signed),
            Some(attack) => attacked(&signed, attack).ok_or_else(|| "the envelope cannot be attacked".to_owned()),
        }
    }
}

/// Keys of the reference service that stands opposite a consumer product: it signs as the harness does, and trusts
/// what the target file says.
pub(super) fn settings_of_target(signing: &KeyPair, authorities: &str) -> Result<SecuritySettings, KeyError> {
    let signer = Signer::from_pem(&signing.certificate, &signing.key)?;
    SecuritySettings::new(signer, certificates_of_pem(authorities).unwrap_or_default())
}

/// An envelope without its Security header.
pub(super) fn without_security(envelope: &str) -> String {
    let Ok(document) = parse(envelope, &Limits::default()) else {
        return envelope.to_owned();
    };
    let header = document.elements().find(|element| element.is(EXTENSION, "Security"));
    header.map_or_else(
        || envelope.to_owned(),
        |header| {
            format!(
                "{}{}",
                &envelope[..header.range().start],
                &envelope[header.range().end..]
            )
        },
    )
}

/// What an attacker makes of a signed envelope.
fn attacked(signed: &str, attack: Attack) -> Option<String> {
    let document = parse(signed, &Limits::default()).ok()?;
    let message = Message::read(&document).ok()?;
    let body = message.body.range();
    match attack {
        Attack::TamperBody => {
            // White space is content: the digest of the body changes, and the schema still holds.
            let end = body.end - "</soap:Body>".len();
            Some(format!("{} {}", &signed[..end], &signed[end..]))
        }
        Attack::Wrap => {
            let header = message.header?.range();
            let original = &signed[body.clone()];
            let inner_start = message.body.tag_range().end;
            let content = &signed[inner_start..body.end - "</soap:Body>".len()];
            let header_end = header.end - "</soap:Header>".len();
            let wrapper = format!(r#"<x:Wrapper xmlns:x="urn:example:wrapper">{original}</x:Wrapper>"#);
            Some(format!(
                "{}{wrapper}{}<soap:Body>{content}</soap:Body>{}",
                &signed[..header_end],
                &signed[header_end..body.start],
                &signed[body.end..]
            ))
        }
        Attack::Strip => {
            let signature = document
                .elements()
                .find(|element| element.is(SIGNATURE, "Signature"))?
                .range();
            Some(format!("{}{}", &signed[..signature.start], &signed[signature.end..]))
        }
    }
    .filter(|_| message.envelope.namespace() == ENVELOPE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attacks_change_what_they_say() {
        let signed = r#"<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header><s xmlns="urn:s"><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></s></soap:Header><soap:Body Id="b"><a/></soap:Body></soap:Envelope>"#;
        let wrapped = attacked(signed, Attack::Wrap).expect("possible");
        assert!(wrapped.contains(
            r#"wrapper"><soap:Body Id="b"><a/></soap:Body></x:Wrapper></soap:Header><soap:Body><a/></soap:Body>"#
        ));
        assert!(
            attacked(signed, Attack::TamperBody)
                .expect("possible")
                .contains("<a/> </soap:Body>")
        );
        assert!(!attacked(signed, Attack::Strip).expect("possible").contains("Signature"));
        for attack in [Attack::Wrap, Attack::TamperBody, Attack::Strip] {
            parse(&attacked(signed, attack).expect("possible"), &Limits::default()).expect("still XML");
        }
    }
}
