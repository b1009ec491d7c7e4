//! What a receiver demands, and what it finds.

use time::{Duration, OffsetDateTime};

use super::{CertificateFacts, DigestAlgorithm, SignatureAlgorithm};
use crate::text::Text;
use crate::xml::{Element, Position};

/// What a receiver demands of a message.
#[derive(Clone, Debug)]
pub struct SecurityPolicy {
    /// The time at which it is judged.
    pub now: OffsetDateTime,
    /// How far clocks may differ.
    pub max_skew: Duration,
    /// How long a message may be valid, and how old it may be.
    pub max_age: Duration,
    /// Certificates that are trusted themselves, DER.
    pub trusted: Vec<Vec<u8>>,
    /// Authorities whose certificates are trusted, DER.
    pub authorities: Vec<Vec<u8>>,
    /// There has to be a signature.
    pub require_signature: bool,
    /// The Body has to be signed.
    pub require_body: bool,
    /// There has to be a Timestamp; if there is a signature, it has to be signed.
    pub require_timestamp: bool,
    /// Header blocks of WS-Addressing have to be signed.
    pub require_addressing_headers: bool,
    /// The Security header has to be marked `mustUnderstand="1"`.
    pub require_must_understand: bool,
    /// How signatures may be made.
    pub signature_algorithms: Vec<SignatureAlgorithm>,
    /// How digests may be made.
    pub digest_algorithms: Vec<DigestAlgorithm>,
    /// Whether the message came over TLS.
    pub over_tls: bool,
    /// The user name and password that are expected.
    pub username: Option<UsernamePolicy>,
}

/// The UsernameToken that is expected.
#[derive(Clone, Debug)]
pub struct UsernamePolicy {
    /// Name.
    pub username: String,
    /// Password.
    pub password: String,
    /// Whether the token has to be there.
    pub required: bool,
}

impl SecurityPolicy {
    /// Signed Body and Timestamp, RSA or ECDSA P-256 with SHA-256, five minutes of clock difference and of age; nobody
    /// is trusted yet.
    pub fn new(now: OffsetDateTime) -> Self {
        Self {
            now,
            max_skew: Duration::minutes(5),
            max_age: Duration::minutes(5),
            trusted: Vec::new(),
            authorities: Vec::new(),
            require_signature: true,
            require_body: true,
            require_timestamp: true,
            require_addressing_headers: false,
            require_must_understand: true,
            signature_algorithms: vec![SignatureAlgorithm::RsaSha256, SignatureAlgorithm::EcdsaSha256],
            digest_algorithms: vec![DigestAlgorithm::Sha256],
            over_tls: false,
            username: None,
        }
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident = $name:literal,)*) => {
        /// A rule about the security of a message. Names never change their meaning.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum SecurityRule { $($(#[$doc])* $rule,)* }

        impl SecurityRule {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$rule,)*];

            /// Stable name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$rule => $name,)* }
            }
        }
    };
}

rules! {
    /// The text is a SOAP message.
    EnvelopeUnreadable = "envelope-unreadable",
    /// There is a Security header for the receiver.
    SecurityHeaderMissing = "security-header-missing",
    /// There is one Security header per receiver.
    SecurityHeaderDuplicate = "security-header-duplicate",
    /// The Security header is marked `mustUnderstand="1"`.
    MustUnderstandMissing = "must-understand-missing",
    /// There is a signature in the Security header.
    SignatureMissing = "signature-missing",
    /// The signature is well built, and its value fits its key.
    SignatureInvalid = "signature-invalid",
    /// What a reference points at has the digest that was signed.
    DigestMismatch = "digest-mismatch",
    /// References stay inside the message.
    ReferenceExternal = "reference-external",
    /// References mean `wsu:Id` (SOAP Message Security clause 4.2), not an `Id` that receivers may not know.
    IdNotUtility = "id-not-utility",
    /// The Body is signed.
    BodyUnsigned = "body-unsigned",
    /// Header blocks of WS-Addressing are signed.
    HeadersUnsigned = "headers-unsigned",
    /// What is signed stands where a receiver reads it, and every id means one element.
    SignatureWrapped = "signature-wrapped",
    /// There is a Timestamp.
    TimestampMissing = "timestamp-missing",
    /// There is one Timestamp with well-formed UTC times in order.
    TimestampInvalid = "timestamp-invalid",
    /// The Timestamp is signed.
    TimestampUnsigned = "timestamp-unsigned",
    /// The message is still valid.
    TimestampExpired = "timestamp-expired",
    /// The message does not come from the future.
    TimestampFuture = "timestamp-future",
    /// The message is not valid for too long.
    TimestampTooLong = "timestamp-too-long",
    /// The message brings the certificate, or names one that is known.
    CertificateMissing = "certificate-missing",
    /// The certificate is trusted.
    CertificateUntrusted = "certificate-untrusted",
    /// The certificate is valid now.
    CertificateExpired = "certificate-expired",
    /// Algorithms and keys are strong enough.
    AlgorithmForbidden = "algorithm-forbidden",
    /// References are transformed by exclusive canonicalization or STR-Transform alone.
    TransformForbidden = "transform-forbidden",
    /// There is a UsernameToken.
    UsernameMissing = "username-missing",
    /// A readable password is sent over TLS only.
    PasswordPlainWithoutTls = "password-plain-without-tls",
    /// A password digest has a nonce and a time.
    NonceMissing = "nonce-missing",
    /// User name and password are right.
    PasswordWrong = "password-wrong",
    /// The message was not seen before.
    Replayed = "replayed",
    /// The message stays within the limits of the receiver.
    LimitExceeded = "limit-exceeded",
}

/// A rule that did not hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SecurityFinding {
    /// The rule.
    pub rule: SecurityRule,
    /// Path of the element.
    pub path: String,
    /// Line and column of the element.
    pub position: Option<Position>,
    /// What was expected and what was found.
    pub text: Text,
}

impl SecurityFinding {
    pub(super) fn at(rule: SecurityRule, element: Element<'_>, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            rule,
            path: element.path(),
            position: Some(element.position()),
            text: Text::new(ja, en),
        }
    }
}

/// What a receiver found.
#[derive(Clone, Debug, Default)]
pub struct SecurityReport {
    /// Rules that did not hold, in the order of the message.
    pub findings: Vec<SecurityFinding>,
    /// Paths of the elements that signatures refer to. They are safe only if there are no findings.
    pub signed: Vec<String>,
    /// Certificates that signed.
    pub certificates: Vec<CertificateFacts>,
    /// Signature values, bytes: what a replay repeats.
    pub signature_values: Vec<Vec<u8>>,
    /// Name of the UsernameToken.
    pub username: Option<String>,
    /// Nonce of the UsernameToken, bytes.
    pub nonce: Option<Vec<u8>>,
    /// When the message was made, as its Timestamp says.
    pub created: Option<OffsetDateTime>,
    /// Until when it is valid, as its Timestamp says.
    pub expires: Option<OffsetDateTime>,
}

impl SecurityReport {
    /// Whether everything that the policy demands holds.
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }

    /// Whether a rule did not hold.
    pub fn has(&self, rule: SecurityRule) -> bool {
        self.findings.iter().any(|finding| finding.rule == rule)
    }
}
