//! Private keys in files: PKCS#8 in PEM, with or without a passphrase.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use ed25519_dalek::Signer as _;
use ed25519_dalek::pkcs8::KeypairBytes;
use p256::ecdsa::{DerSignature, SigningKey as P256Key};
use pkcs8::der::pem::LineEnding;
use pkcs8::{DecodePrivateKey as _, EncodePrivateKey};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{Algorithm, KeyError, PublicKey, SignError, Signer};

/// Largest key or passphrase file that is read, bytes.
const MAX_FILE: u64 = 64 << 10;

/// Why a private key could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file stands there already.
    #[error("{0} exists; keys are never overwritten: choose another folder, or move it away")]
    Exists(PathBuf),
    /// Others may read the key.
    #[error("{path} can be read by others (mode {mode:o}); make it yours alone: chmod 600")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The key has a passphrase and none was given.
    #[error("the key is encrypted; give its passphrase with --passphrase-file")]
    PassphraseNeeded,
    /// The passphrase does not fit, or the file is damaged.
    #[error("the key cannot be decrypted: wrong passphrase, or a damaged file")]
    Passphrase,
    /// The passphrase file holds nothing.
    #[error("{0} holds no passphrase")]
    PassphraseEmpty(PathBuf),
    /// No private key that is supported.
    #[error("no private key that is supported: Ed25519 or P-256, PKCS#8 in PEM (`-----BEGIN PRIVATE KEY-----`): {0}")]
    Unsupported(String),
    /// The secret is no valid one of its curve.
    #[error("not a secret of this algorithm")]
    Secret,
    /// The public half is not valid.
    #[error(transparent)]
    Public(#[from] KeyError),
    /// A key in a token.
    #[error(transparent)]
    Token(#[from] super::TokenError),
    /// The operating system gives no random numbers.
    #[error("no random numbers from the operating system: {0}")]
    Random(String),
}

/// A private key held in memory; wiped when dropped.
pub struct FileKey {
    secret: Secret,
    public: PublicKey,
}

enum Secret {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    P256(Box<P256Key>),
}

impl FileKey {
    /// A new key.
    ///
    /// # Errors
    /// When the operating system gives no random numbers.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyFileError> {
        loop {
            let mut secret = Zeroizing::new([0; 32]);
            getrandom::fill(secret.as_mut()).map_err(|error| KeyFileError::Random(error.to_string()))?;
            match Self::from_secret(algorithm, &secret) {
                // 32 random bytes are beyond the order of P-256 once in four thousand million times.
                Err(KeyFileError::Secret) => {}
                other => return other,
            }
        }
    }

    /// From an Ed25519 seed or a P-256 scalar (big endian).
    ///
    /// # Errors
    /// When the scalar is zero or too large.
    pub fn from_secret(algorithm: Algorithm, secret: &[u8; 32]) -> Result<Self, KeyFileError> {
        match algorithm {
            Algorithm::Ed25519 => Self::from_ed25519(secret),
            Algorithm::P256 => Self::from_p256(P256Key::from_slice(secret).map_err(|_| KeyFileError::Secret)?),
        }
    }

    fn from_ed25519(secret: &[u8; 32]) -> Result<Self, KeyFileError> {
        let secret = ed25519_dalek::SigningKey::from_bytes(secret);
        Ok(Self {
            public: PublicKey::from_ed25519(secret.verifying_key().as_bytes())?,
            secret: Secret::Ed25519(Box::new(secret)),
        })
    }

    fn from_p256(secret: P256Key) -> Result<Self, KeyFileError> {
        let point = secret.verifying_key().to_sec1_point(false);
        Ok(Self {
            public: PublicKey::from_p256_point(point.as_bytes())?,
            secret: Secret::P256(Box::new(secret)),
        })
    }

    /// Reads PKCS#8 in PEM.
    ///
    /// # Errors
    /// When it is no supported key, or the passphrase is missing or wrong.
    pub fn from_pem(text: &str, passphrase: Option<&[u8]>) -> Result<Self, KeyFileError> {
        let text = text.trim();
        let document = if text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----") {
            let passphrase = passphrase.ok_or(KeyFileError::PassphraseNeeded)?;
            let (_, sealed) = pkcs8::SecretDocument::from_pem(text).map_err(unsupported)?;
            pkcs8::EncryptedPrivateKeyInfoRef::try_from(sealed.as_bytes())
                .map_err(unsupported)?
                .decrypt(passphrase)
                .map_err(|_| KeyFileError::Passphrase)?
        } else if text.starts_with("-----BEGIN PRIVATE KEY-----") {
            pkcs8::SecretDocument::from_pem(text).map_err(unsupported)?.1
        } else {
            let first = text.lines().next().unwrap_or_default();
            return Err(KeyFileError::Unsupported(format!(
                "it begins with `{}`",
                first.chars().take(60).collect::<String>()
            )));
        };
        if let Ok(pair) = KeypairBytes::from_pkcs8_der(document.as_bytes()) {
            return Self::from_ed25519(&pair.secret_key);
        }
        Self::from_p256(P256Key::from_pkcs8_der(document.as_bytes()).map_err(unsupported)?)
    }

    /// Writes PKCS#8 in PEM, encrypted (scrypt, AES-256-CBC) if there is a passphrase.
    ///
    /// # Errors
    /// When it cannot be encoded or encrypted.
    pub fn to_pem(&self, passphrase: Option<&[u8]>) -> Result<Zeroizing<String>, KeyFileError> {
        match &self.secret {
            Secret::Ed25519(secret) => {
                // Version 1, without the public half: older OpenSSL reads no other.
                let pair = KeypairBytes {
                    secret_key: secret.to_bytes(),
                    public_key: None,
                };
                encode(&pair, passphrase)
            }
            Secret::P256(secret) => encode(&**secret, passphrase),
        }
    }

    /// Reads a key file that nobody else may read.
    ///
    /// # Errors
    /// When it cannot be read, is readable by others, or as [`Self::from_pem`].
    pub fn load(path: &Path, passphrase: Option<&[u8]>) -> Result<Self, KeyFileError> {
        only_mine(path)?;
        Self::from_pem(&read_secret(path)?, passphrase)
    }

    /// Writes a new key file that only its owner may read.
    ///
    /// # Errors
    /// When there is a file already, or it cannot be written.
    pub fn store(&self, path: &Path, passphrase: Option<&[u8]>) -> Result<(), KeyFileError> {
        let text = self.to_pem(passphrase)?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options
            .open(path)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
        written.map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => KeyFileError::Exists(path.to_owned()),
            _ => KeyFileError::Io {
                path: path.to_owned(),
                source,
            },
        })
    }

    /// The secret as 32 bytes: Ed25519 seed or P-256 scalar.
    pub fn secret_bytes(&self) -> Zeroizing<[u8; 32]> {
        match &self.secret {
            Secret::Ed25519(secret) => Zeroizing::new(secret.to_bytes()),
            Secret::P256(secret) => Zeroizing::new(secret.to_bytes().into()),
        }
    }
}

/// The passphrase in a file: its first line.
///
/// # Errors
/// When the file cannot be read, or its first line is empty.
pub fn read_passphrase(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let text = read_secret(path)?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(KeyFileError::PassphraseEmpty(path.to_owned()));
    }
    Ok(Zeroizing::new(line.as_bytes().to_vec()))
}

fn read_secret(path: &Path) -> Result<Zeroizing<String>, KeyFileError> {
    let fault = |source| KeyFileError::Io {
        path: path.to_owned(),
        source,
    };
    let mut text = Zeroizing::new(String::new());
    let file = fs::File::open(path).map_err(fault)?;
    io::Read::read_to_string(&mut io::Read::take(file, MAX_FILE), &mut text).map_err(fault)?;
    Ok(text)
}

#[cfg(unix)]
fn only_mine(path: &Path) -> Result<(), KeyFileError> {
    use std::os::unix::fs::PermissionsExt as _;
    let meta = fs::metadata(path).map_err(|source| KeyFileError::Io {
        path: path.to_owned(),
        source,
    })?;
    let mode = meta.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(KeyFileError::Open {
        path: path.to_owned(),
        mode,
    })
}

#[cfg(not(unix))]
fn only_mine(_path: &Path) -> Result<(), KeyFileError> {
    Ok(())
}

fn encode(key: &impl EncodePrivateKey, passphrase: Option<&[u8]>) -> Result<Zeroizing<String>, KeyFileError> {
    match passphrase {
        None => key.to_pkcs8_pem(LineEnding::LF),
        Some(passphrase) => key.to_pkcs8_encrypted_pem(passphrase, LineEnding::LF),
    }
    .map_err(unsupported)
}

fn unsupported(error: impl std::fmt::Display) -> KeyFileError {
    KeyFileError::Unsupported(error.to_string())
}

impl Signer for FileKey {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.secret {
            Secret::Ed25519(secret) => Ok(secret.sign(message).to_vec()),
            Secret::P256(secret) => {
                // Deterministic (RFC 6979): no random number can give the key away.
                let signature: DerSignature = secret.try_sign(message).map_err(|error| SignError::Refused {
                    key: self.public.id(),
                    detail: error.to_string(),
                })?;
                Ok(signature.as_bytes().to_vec())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_to_pem_and_back_with_and_without_a_passphrase() {
        for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
            let key = FileKey::generate(algorithm).expect("a key");
            let open = key.to_pem(None).expect("PEM");
            assert_eq!(FileKey::from_pem(&open, None).expect("a key").public(), key.public());
            let sealed = key.to_pem(Some(b"correct horse")).expect("PEM");
            let again = FileKey::from_pem(&sealed, Some(b"correct horse")).expect("a key");
            assert_eq!(*again.secret_bytes(), *key.secret_bytes());
            assert!(matches!(
                FileKey::from_pem(&sealed, None),
                Err(KeyFileError::PassphraseNeeded)
            ));
            assert!(matches!(
                FileKey::from_pem(&sealed, Some(b"wrong")),
                Err(KeyFileError::Passphrase)
            ));
        }
    }

    #[test]
    fn other_texts_are_no_keys() {
        for text in [
            "",
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
            "ssh-ed25519 AAAA",
        ] {
            assert!(
                matches!(FileKey::from_pem(text, None), Err(KeyFileError::Unsupported(_))),
                "{text}"
            );
        }
        assert!(matches!(
            FileKey::from_secret(Algorithm::P256, &[0xff; 32]),
            Err(KeyFileError::Secret)
        ));
    }

    #[cfg(unix)]
    #[test]
    fn key_files_are_the_owners_alone_and_never_overwritten() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = std::env::temp_dir().join(format!("junkyo-keys-{}", std::process::id()));
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).expect("created");
        let path = folder.join("key.pem");
        let key = FileKey::generate(Algorithm::Ed25519).expect("a key");
        key.store(&path, None).expect("stored");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert!(matches!(key.store(&path, None), Err(KeyFileError::Exists(_))));
        assert_eq!(FileKey::load(&path, None).expect("a key").public(), key.public());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("changed");
        assert!(matches!(
            FileKey::load(&path, None),
            Err(KeyFileError::Open { mode: 0o640, .. })
        ));
        fs::remove_dir_all(&folder).ok();
    }
}
