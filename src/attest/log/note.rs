//! Signed notes (C2SP signed-note): a text and lines of signatures under it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::attest::key::Signer;
use crate::text::hex;

/// Largest note that is read, in bytes.
const MAX_NOTE: usize = 1 << 20;

/// Largest number of signatures that are read.
const MAX_SIGNATURES: usize = 100;

/// How a key signs: the type byte in its key id.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SignatureKind {
    /// Ed25519 over the text of the note: the key of a log.
    Log,
    /// `cosignature/v1`, Ed25519 over time and checkpoint: the key of a witness.
    Cosignature,
}

impl SignatureKind {
    fn byte(self) -> u8 {
        match self {
            Self::Log => 1,
            Self::Cosignature => 4,
        }
    }
}

/// Why a note or a key cannot be read.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum NoteError {
    /// Larger than any note of ours.
    #[error("the note is too large: {found}, at most {limit}")]
    TooLarge {
        /// Bytes or signatures.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// Not text, or with control characters.
    #[error("the note is not plain UTF-8 text with lines")]
    NotText,
    /// No blank line between text and signatures, or no signature.
    #[error("the note has no signatures: expected text, a blank line, and lines that begin with “— ”")]
    NoSignatures,
    /// A line of the signatures is none.
    #[error("line of a signature: expected “— name base64”, found {found:?}")]
    Line {
        /// The line, cut short.
        found: String,
    },
    /// Not a verifier key.
    #[error("verifier key: expected name+8 hexadecimal digits+base64, found {found:?}: {why}")]
    Key {
        /// The text, cut short.
        found: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Not a name of a key.
    #[error("name of a key: expected text without blanks and without “+”, found {found:?}")]
    Name {
        /// The name.
        found: String,
    },
}

/// Public key of a log or a witness, with its name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifierKey {
    name: String,
    kind: SignatureKind,
    key: VerifyingKey,
}

impl VerifierKey {
    /// A key of 32 bytes.
    ///
    /// # Errors
    /// If the name or the key is none.
    pub fn new(name: &str, kind: SignatureKind, key: &[u8; 32]) -> Result<Self, NoteError> {
        check_name(name)?;
        let fault = || NoteError::Key {
            found: hex(key),
            why: "the 32 bytes are no point of the curve",
        };
        let key = VerifyingKey::from_bytes(key).map_err(|_| fault())?;
        if key.is_weak() {
            return Err(fault());
        }
        Ok(Self {
            name: name.to_owned(),
            kind,
            key,
        })
    }

    /// Its name: for a log, its origin.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it signs.
    pub fn kind(&self) -> SignatureKind {
        self.kind
    }

    /// The 32 bytes of the public key.
    pub fn bytes(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// Four bytes that lead from a signature to its key; they prove nothing.
    pub fn id(&self) -> [u8; 4] {
        let mut hasher = Sha256::new();
        hasher.update(self.name.as_bytes());
        hasher.update([b'\n', self.kind.byte()]);
        hasher.update(self.key.as_bytes());
        let digest = hasher.finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.key
            .verify_strict(message, &Signature::from_bytes(signature))
            .is_ok()
    }

    /// The signature of this key in a note, if it holds. Only for keys of logs; for witnesses see
    /// [`super::cosignature_of`].
    pub fn signed(&self, note: &Note) -> bool {
        self.kind == SignatureKind::Log
            && note.signatures_by(self).any(|signature| {
                <&[u8; 64]>::try_from(&signature.bytes[..])
                    .is_ok_and(|bytes| self.verifies(note.text().as_bytes(), bytes))
            })
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut body = vec![self.kind.byte()];
        body.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, hex(&self.id()), STANDARD.encode(body))
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let fault = |why| NoteError::Key {
            found: shorten(text),
            why,
        };
        // The base64 may hold a “+” itself, name and id cannot.
        let (name, rest) = text.split_once('+').ok_or_else(|| fault("there is no “+”"))?;
        let (id, body) = rest.split_once('+').ok_or_else(|| fault("there is only one “+”"))?;
        let body = STANDARD
            .decode(body)
            .map_err(|_| fault("the last part is not base64"))?;
        let (kind, key) = match body.split_first() {
            Some((1, key)) => (SignatureKind::Log, key),
            Some((4, key)) => (SignatureKind::Cosignature, key),
            _ => {
                return Err(fault(
                    "the type of the key is neither 1 (Ed25519) nor 4 (cosignature/v1)",
                ));
            }
        };
        let key = key.try_into().map_err(|_| fault("an Ed25519 key has 32 bytes"))?;
        let key = Self::new(name, kind, key)?;
        if hex(&key.id()) != id {
            return Err(fault("the key id does not belong to name and key"));
        }
        Ok(key)
    }
}

impl Serialize for VerifierKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for VerifierKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// One line of signatures.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NoteSignature {
    /// Name of the key.
    pub name: String,
    /// Key id.
    pub id: [u8; 4],
    /// What the key has signed with: 64 bytes of a log, 72 of a witness.
    pub bytes: Vec<u8>,
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut body = self.id.to_vec();
        body.extend_from_slice(&self.bytes);
        writeln!(f, "— {} {}", self.name, STANDARD.encode(body))
    }
}

impl FromStr for NoteSignature {
    type Err = NoteError;

    /// Reads one line, without its line feed.
    fn from_str(line: &str) -> Result<Self, NoteError> {
        let fault = || NoteError::Line { found: shorten(line) };
        let rest = line.strip_prefix("— ").ok_or_else(fault)?;
        let (name, body) = rest.split_once(' ').ok_or_else(fault)?;
        check_name(name)?;
        let body = STANDARD.decode(body).map_err(|_| fault())?;
        let (id, bytes) = body.split_first_chunk::<4>().ok_or_else(fault)?;
        if bytes.is_empty() {
            return Err(fault());
        }
        Ok(Self {
            name: name.to_owned(),
            id: *id,
            bytes: bytes.to_vec(),
        })
    }
}

/// A text with signatures. What it says counts only once a key has been asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl Note {
    /// A text, which must end with a line feed, with a first signature.
    pub(super) fn new(text: String, signature: NoteSignature) -> Self {
        Self {
            text,
            signatures: vec![signature],
        }
    }

    /// Reads a note; splits it at the last blank line.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE {
            return Err(NoteError::TooLarge {
                found: bytes.len(),
                limit: MAX_NOTE,
            });
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        if whole.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return Err(NoteError::NotText);
        }
        let at = whole.rfind("\n\n").ok_or(NoteError::NoSignatures)?;
        let (text, lines) = (&whole[..=at], &whole[at + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(NoteError::NoSignatures)?;
        let count = lines.split('\n').count();
        if count > MAX_SIGNATURES {
            return Err(NoteError::TooLarge {
                found: count,
                limit: MAX_SIGNATURES,
            });
        }
        let signatures = lines.split('\n').map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self {
            text: text.to_owned(),
            signatures,
        })
    }

    /// What is signed, with its last line feed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All signatures, whoever made them.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Those that say they are of a key.
    pub fn signatures_by(&self, key: &VerifierKey) -> impl Iterator<Item = &NoteSignature> {
        let id = key.id();
        self.signatures
            .iter()
            .filter(move |signature| signature.id == id && signature.name == key.name)
    }

    /// Adds a signature, in place of an older one by the same key.
    pub fn add(&mut self, signature: NoteSignature) {
        self.signatures
            .retain(|other| other.id != signature.id || other.name != signature.name);
        self.signatures.push(signature);
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|signature| write!(f, "{signature}"))
    }
}

/// Why something was not signed.
#[derive(Debug, Error)]
#[error("the key of {name} could not sign: {why}")]
pub struct SignerError {
    /// Name of the key.
    pub name: String,
    /// What the key said.
    pub why: String,
}

/// What makes an Ed25519 signature of 64 bytes over a message.
type Signing = Box<dyn Fn(&[u8]) -> Result<[u8; 64], String> + Send + Sync>;

/// A named Ed25519 key that can sign notes: that of a log, or of a witness.
pub struct NoteSigner {
    key: VerifierKey,
    sign: Signing,
}

impl NoteSigner {
    /// From the 32 secret bytes of an Ed25519 key.
    ///
    /// # Errors
    /// If the name is none.
    pub fn from_seed(name: &str, kind: SignatureKind, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let secret = SigningKey::from_bytes(seed);
        let public = secret.verifying_key().to_bytes();
        Self::new(name, kind, &public, move |message| Ok(secret.sign(message).to_bytes()))
    }

    /// From a key that is somewhere else, such as in a hardware module.
    ///
    /// # Errors
    /// If the name or the public key is none.
    pub fn new(
        name: &str,
        kind: SignatureKind,
        public: &[u8; 32],
        sign: impl Fn(&[u8]) -> Result<[u8; 64], String> + Send + Sync + 'static,
    ) -> Result<Self, NoteError> {
        Ok(Self {
            key: VerifierKey::new(name, kind, public)?,
            sign: Box::new(sign),
        })
    }

    /// From a key in a file or a device of ours, which has to be Ed25519.
    ///
    /// # Errors
    /// If the name is none, or the key is of another kind.
    pub fn of_key(name: &str, kind: SignatureKind, key: Arc<dyn Signer>) -> Result<Self, NoteError> {
        let public = key.public().ed25519_bytes().ok_or_else(|| NoteError::Key {
            found: key.public().id().to_string(),
            why: "logs and witnesses sign with Ed25519, and this key does not",
        })?;
        Self::new(name, kind, &public, move |message| {
            let signature = key.sign(message).map_err(|error| error.to_string())?;
            signature
                .try_into()
                .map_err(|_| "an Ed25519 signature has 64 bytes".to_owned())
        })
    }

    /// Its public half.
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Signs a text, which must end with a line feed, as a note of its own.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn sign(&self, text: &str) -> Result<Note, SignerError> {
        let bytes = self.raw(text.as_bytes())?.to_vec();
        Ok(Note::new(text.to_owned(), self.line(bytes)))
    }

    pub(super) fn raw(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        let fault = |why: String| SignerError {
            name: self.key.name.clone(),
            why,
        };
        let signature = (self.sign)(message).map_err(fault)?;
        // A key that is somewhere else may be another one than its public half says.
        if !self.key.verifies(message, &signature) {
            return Err(fault("its signature does not belong to its public key".into()));
        }
        Ok(signature)
    }

    pub(super) fn line(&self, bytes: Vec<u8>) -> NoteSignature {
        NoteSignature {
            name: self.key.name.clone(),
            id: self.key.id(),
            bytes,
        }
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteSigner({})", self.key)
    }
}

fn check_name(name: &str) -> Result<(), NoteError> {
    if name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+') {
        return Err(NoteError::Name { found: shorten(name) });
    }
    Ok(())
}

fn shorten(text: &str) -> String {
    text.chars().take(120).collect()
}
