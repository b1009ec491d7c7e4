//! The challenge of a registry: a nonce that the data of a run have to follow from, so that no result can be prepared.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::statement::Product;
use super::{Digest, DigestSet, canonical};
use crate::evidence::{ChallengeFacts, RunFacts};

/// Name and version of the format.
pub const CHALLENGE_SCHEMA: &str = "challenge/v1";

/// The file that a registry gives out, canonical JSON.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Challenge {
    /// Id at the registry.
    pub challenge_id: String,
    /// Until when a bundle is taken, RFC 3339, UTC.
    pub expires: String,
    /// 32 random bytes, base64.
    pub nonce: String,
    /// Digest of the product descriptor.
    pub product: DigestSet,
    /// Profiles that the run has to claim.
    pub profiles: Vec<String>,
    /// [`CHALLENGE_SCHEMA`].
    pub schema: String,
    /// Digest of the corpus.
    pub suite: DigestSet,
    /// 法人番号 of the vendor, or its id at the registry.
    pub vendor: String,
}

/// Why a challenge cannot be answered by a run.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ChallengeError {
    /// Not the file that was expected.
    #[error("no challenge of a registry: {0}")]
    Form(String),
    /// Its time is over.
    #[error("challenge {id} expired at {expires}; ask the registry for a new one")]
    Expired {
        /// Its id.
        id: String,
        /// When.
        expires: String,
    },
    /// For another product.
    #[error(
        "challenge {id} is for another product: the descriptor of this one ({title}) has SHA-256 {found}, expected {expected}; vendor, corporate-number, name and version have to be exactly those of the registration"
    )]
    Product {
        /// Its id.
        id: String,
        /// Name and version of the product of the run.
        title: String,
        /// Digest of its descriptor.
        found: Digest,
        /// The challenge's.
        expected: Digest,
    },
    /// For another corpus.
    #[error(
        "challenge {id} is for corpus {expected}, this junkyo has {found}; use the version that the registry names"
    )]
    Suite {
        /// Its id.
        id: String,
        /// Digest of the corpus of the run.
        found: String,
        /// The challenge's.
        expected: Digest,
    },
    /// For other profiles.
    #[error("challenge {id} is for the profiles {expected}; selected are {found}")]
    Profiles {
        /// Its id.
        id: String,
        /// Profiles of the run.
        found: String,
        /// The challenge's.
        expected: String,
    },
}

impl Challenge {
    /// Reads the file.
    ///
    /// # Errors
    /// [`ChallengeError::Form`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ChallengeError> {
        let form = |error: &dyn std::fmt::Display| ChallengeError::Form(error.to_string());
        let value = canonical::parse(bytes).map_err(|error| form(&error))?;
        let challenge: Self = serde_json::from_value(value).map_err(|error| form(&error))?;
        if challenge.schema != CHALLENGE_SCHEMA {
            return Err(form(&format!(
                "its format is `{}`, not {CHALLENGE_SCHEMA}",
                challenge.schema
            )));
        }
        challenge.end().map_err(|error| form(&format!("expires: {error}")))?;
        Ok(challenge)
    }

    fn end(&self) -> Result<OffsetDateTime, time::error::Parse> {
        OffsetDateTime::parse(&self.expires, &Rfc3339)
    }

    /// What a run records of it; the seed follows from that.
    pub fn facts(&self) -> ChallengeFacts {
        ChallengeFacts {
            id: self.challenge_id.clone(),
            nonce: self.nonce.clone(),
        }
    }

    /// Whether a run with these facts can answer it now (Unix seconds): everything that can be told before it.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn fits(&self, facts: &RunFacts, now: i64) -> Result<(), ChallengeError> {
        let id = self.challenge_id.clone();
        if self.end().is_ok_and(|end| end.unix_timestamp() < now) {
            let expires = self.expires.clone();
            return Err(ChallengeError::Expired { id, expires });
        }
        if facts.corpus != self.suite.sha256.to_string() {
            return Err(ChallengeError::Suite {
                id,
                found: facts.corpus.clone(),
                expected: self.suite.sha256,
            });
        }
        let word = |key: &str| facts.product.get(key).map_or("", String::as_str);
        let number = facts.product.get("corporate-number").map(String::as_str);
        let product = Product::new(word("vendor"), number, word("name"), word("version"));
        let found = product
            .digest()
            .map_err(|error| ChallengeError::Form(error.to_string()))?;
        if found != self.product.sha256 {
            return Err(ChallengeError::Product {
                id,
                title: product.title(),
                found,
                expected: self.product.sha256,
            });
        }
        let sorted = |profiles: &[String]| {
            let mut sorted = profiles.to_vec();
            sorted.sort();
            sorted.join(", ")
        };
        let (found, expected) = (sorted(&facts.profiles), sorted(&self.profiles));
        if found != expected {
            return Err(ChallengeError::Profiles { id, found, expected });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn facts() -> RunFacts {
        let words = [
            ("vendor", "株式会社架空システム"),
            ("name", "架空住民記録"),
            ("version", "3.2.1"),
        ];
        RunFacts {
            corpus: Digest::of(b"corpus").to_string(),
            profiles: vec!["unit.01.provider".into()],
            product: BTreeMap::from(words.map(|(key, value)| (key.to_owned(), value.to_owned()))),
            ..RunFacts::default()
        }
    }

    fn challenge() -> Challenge {
        let product = Product::new("株式会社架空システム", None, "架空住民記録", "3.2.1");
        Challenge {
            challenge_id: "ch-1".into(),
            expires: "2026-11-27T00:00:00Z".into(),
            nonce: "AjIS0f1PCjrQPEXFKkCHH0aKvEFuwYH27r/DImzEdTw=".into(),
            product: product.digest().expect("no numbers").into(),
            profiles: vec!["unit.01.provider".into()],
            schema: CHALLENGE_SCHEMA.into(),
            suite: Digest::of(b"corpus").into(),
            vendor: "9000000000000".into(),
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let bytes = canonical::to_bytes(&challenge()).expect("no numbers");
        assert_eq!(Challenge::parse(&bytes), Ok(challenge()));
        let text = String::from_utf8(bytes).expect("text");
        for bad in [
            text.replace("challenge/v1", "challenge/v2"),
            text.replace("2026-11-27T", "27.11.2026 "),
            text.replace("\"vendor\"", "\"seller\""),
            text[1..].to_owned(),
        ] {
            assert!(
                matches!(Challenge::parse(bad.as_bytes()), Err(ChallengeError::Form(_))),
                "{bad}"
            );
        }
    }

    /// The value was computed with Python.
    #[test]
    fn the_seed_follows_from_the_nonce() {
        let seed = challenge().facts().seed();
        assert_eq!(seed, 8_498_641_126_389_844);
        let mut other = challenge();
        other.nonce = other.nonce.replace('A', "B");
        assert_ne!(other.facts().seed(), seed);
    }

    #[test]
    fn a_run_has_to_fit() {
        const NOW: i64 = 1_795_000_000; // 2026-11-18
        let challenge = challenge();
        assert_eq!(challenge.fits(&facts(), NOW), Ok(()));
        let code = |change: &dyn Fn(&mut RunFacts), now| {
            let mut facts = facts();
            change(&mut facts);
            challenge.fits(&facts, now).expect_err("does not fit").to_string()
        };
        assert!(code(&|_| (), NOW + 10 * 86_400).contains("expired"));
        assert!(code(&|facts| facts.corpus.clear(), NOW).contains("for corpus"));
        assert!(code(&|facts| facts.profiles.push("unit.02.provider".into()), NOW).contains("profiles"));
        let other_version = |facts: &mut RunFacts| {
            facts.product.insert("version".into(), "3.2.2".into());
        };
        assert!(code(&other_version, NOW).contains("another product"));
    }
}
