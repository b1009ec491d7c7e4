//! Keys in tokens and hardware modules, through PKCS#11. The private half never leaves the device.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Pkcs11Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use thiserror::Error;

use super::{Algorithm, KeyError, KeyFileError, PublicKey, SignError, Signer, read_passphrase};
use crate::attest::Digest;

/// How a URI of a token begins.
pub(super) const SCHEME: &str = "pkcs11:";

/// Why a key in a token cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The URI lacks something, or has something that is not known.
    #[error("{0}; expected pkcs11:module=FILE;token=LABEL;object=LABEL;pin-file=FILE")]
    Uri(String),
    /// The PIN file.
    #[error("PIN: {0}")]
    Pin(Box<KeyFileError>),
    /// The module or the token said no.
    #[error("PKCS#11 module {module}: {doing}: {detail}")]
    Device {
        /// The module.
        module: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Its words.
        detail: String,
    },
    /// No token or key of that name, or several.
    #[error("PKCS#11 module {module}: {found} {what} with the label `{label}`; exactly one is expected")]
    Missing {
        /// The module.
        module: PathBuf,
        /// Token, public key or private key.
        what: &'static str,
        /// The label.
        label: String,
        /// How many there are.
        found: usize,
    },
    /// A key of another kind.
    #[error("the key `{label}` in the token is neither P-256 nor Ed25519: {source}")]
    Key {
        /// Its label.
        label: String,
        /// Why.
        source: KeyError,
    },
}

/// What a URI says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Uri {
    module: PathBuf,
    token: String,
    object: String,
    pin_file: Option<PathBuf>,
}

impl Uri {
    fn parse(text: &str) -> Result<Self, TokenError> {
        let fault = |detail: String| TokenError::Uri(detail);
        let rest = text
            .strip_prefix(SCHEME)
            .ok_or_else(|| fault(format!("`{text}` does not begin with {SCHEME}")))?;
        let mut uri = Self::default();
        for part in rest.split([';', '?', '&']).filter(|part| !part.is_empty()) {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| fault(format!("`{part}` has no `=`")))?;
            let value = percent_decode(value).ok_or_else(|| fault(format!("`{part}` is not percent-encoded UTF-8")))?;
            match name {
                "module" | "module-path" => uri.module = value.into(),
                "token" => uri.token = value,
                "object" => uri.object = value,
                "pin-file" | "pin-source" => {
                    uri.pin_file = Some(value.strip_prefix("file:").unwrap_or(&value).into());
                }
                // A PIN in a command line or a configuration is one that everybody knows.
                "pin-value" => return Err(fault("a PIN does not belong into a URI".into())),
                "type" => {}
                other => return Err(fault(format!("`{other}` is not known"))),
            }
        }
        let missing = [
            ("module", uri.module.as_os_str().is_empty()),
            ("token", uri.token.is_empty()),
            ("object", uri.object.is_empty()),
        ];
        match missing.iter().find(|(_, missing)| *missing) {
            Some((name, _)) => Err(fault(format!("`{name}` is missing"))),
            None => Ok(uri),
        }
    }
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

/// A key in a token.
pub struct TokenKey {
    session: Mutex<Session>,
    private: ObjectHandle,
    public: PublicKey,
}

impl TokenKey {
    /// Opens the key that a URI names, and logs in with the PIN of its file.
    ///
    /// # Errors
    /// When module, token or key are not there, or the PIN is wrong.
    pub fn open(uri: &str) -> Result<Self, TokenError> {
        let uri = Uri::parse(uri)?;
        let device = |doing| {
            let module = uri.module.clone();
            move |error: Pkcs11Error| TokenError::Device {
                module,
                doing,
                detail: error.to_string(),
            }
        };
        let module = load(&uri.module)?;
        let slot = slot_of(&module, &uri)?;
        let session = module.open_ro_session(slot).map_err(device("open a session"))?;
        if let Some(path) = &uri.pin_file {
            let pin = read_passphrase(path).map_err(|error| TokenError::Pin(Box::new(error)))?;
            let pin = AuthPin::from(String::from_utf8_lossy(&pin).into_owned());
            match session.login(UserType::User, Some(&pin)) {
                // Another session of this program has logged in.
                Ok(()) | Err(Pkcs11Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
                Err(error) => return Err(device("log in")(error)),
            }
        }
        let private = object(&session, &uri, ObjectClass::PRIVATE_KEY, "private keys")?;
        let public = object(&session, &uri, ObjectClass::PUBLIC_KEY, "public keys")?;
        let public = public_key(&session, public, &uri)?;
        Ok(Self {
            session: Mutex::new(session),
            private,
            public,
        })
    }
}

/// A module is loaded and initialised once in a process.
fn load(path: &Path) -> Result<Pkcs11, TokenError> {
    static LOADED: Mutex<Option<HashMap<PathBuf, Pkcs11>>> = Mutex::new(None);
    let fault = |doing| {
        move |error: Pkcs11Error| TokenError::Device {
            module: path.to_owned(),
            doing,
            detail: error.to_string(),
        }
    };
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    let loaded = loaded.get_or_insert_default();
    if let Some(module) = loaded.get(path) {
        return Ok(module.clone());
    }
    let module = Pkcs11::new(path).map_err(fault("load"))?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Pkcs11Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(fault("initialise")(error)),
    }
    loaded.insert(path.to_owned(), module.clone());
    Ok(module)
}

fn slot_of(module: &Pkcs11, uri: &Uri) -> Result<Slot, TokenError> {
    let fault = |error: Pkcs11Error| TokenError::Device {
        module: uri.module.clone(),
        doing: "list tokens",
        detail: error.to_string(),
    };
    let mut found = Vec::new();
    for slot in module.get_slots_with_token().map_err(fault)? {
        if module.get_token_info(slot).map_err(fault)?.label().trim_end() == uri.token {
            found.push(slot);
        }
    }
    match found.as_slice() {
        [slot] => Ok(*slot),
        _ => Err(TokenError::Missing {
            module: uri.module.clone(),
            what: "tokens",
            label: uri.token.clone(),
            found: found.len(),
        }),
    }
}

fn object(session: &Session, uri: &Uri, class: ObjectClass, what: &'static str) -> Result<ObjectHandle, TokenError> {
    let template = [
        Attribute::Class(class),
        Attribute::Label(uri.object.as_bytes().to_vec()),
    ];
    let found = session.find_objects(&template).map_err(|error| TokenError::Device {
        module: uri.module.clone(),
        doing: "look for the key",
        detail: error.to_string(),
    })?;
    match found.as_slice() {
        [object] => Ok(*object),
        _ => Err(TokenError::Missing {
            module: uri.module.clone(),
            what,
            label: uri.object.clone(),
            found: found.len(),
        }),
    }
}

fn public_key(session: &Session, object: ObjectHandle, uri: &Uri) -> Result<PublicKey, TokenError> {
    let attributes = session
        .get_attributes(object, &[AttributeType::KeyType, AttributeType::EcPoint])
        .map_err(|error| TokenError::Device {
            module: uri.module.clone(),
            doing: "read the public key",
            detail: error.to_string(),
        })?;
    let mut kind = None;
    let mut point = Vec::new();
    for attribute in attributes {
        match attribute {
            Attribute::KeyType(found) => kind = Some(found),
            Attribute::EcPoint(found) => point = found,
            _ => {}
        }
    }
    // The point stands in an OCTET STRING; some devices leave that out.
    let inner = match point.as_slice() {
        [0x04, length, rest @ ..] if usize::from(*length) == rest.len() => rest,
        other => other,
    };
    let key = match (kind, inner.len()) {
        (Some(KeyType::EC), _) => PublicKey::from_p256_point(inner),
        (Some(KeyType::EC_EDWARDS), 32) => inner
            .try_into()
            .map_err(|_| KeyError::Unsupported)
            .and_then(PublicKey::from_ed25519),
        _ => Err(KeyError::Unsupported),
    };
    key.map_err(|source| TokenError::Key {
        label: uri.object.clone(),
        source,
    })
}

impl Signer for TokenKey {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let refused = |detail: String| SignError::Refused {
            key: self.public.id(),
            detail,
        };
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let signature = match self.public.algorithm() {
            Algorithm::P256 => {
                let pair = session
                    .sign(&Mechanism::Ecdsa, self.private, Digest::of(message).as_bytes())
                    .map_err(|error| refused(error.to_string()))?;
                // The device returns r and s; everybody else wants DER.
                let signature =
                    p256::ecdsa::Signature::from_slice(&pair).map_err(|error| refused(error.to_string()))?;
                signature.to_der().as_bytes().to_vec()
            }
            Algorithm::Ed25519 => {
                let pure = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure));
                session
                    .sign(&pure, self.private, message)
                    .map_err(|error| refused(error.to_string()))?
            }
        };
        if !self.public.verify(message, &signature) {
            let detail = "the token's private key does not belong to the public key of the same label";
            return Err(refused(detail.into()));
        }
        Ok(signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_read_and_loose_ones_refused() {
        let uri = Uri::parse("pkcs11:module=/usr/lib/m.so;token=%E9%8D%B5%20A;object=vendor;pin-file=/run/pin")
            .expect("a URI");
        assert_eq!(
            uri,
            Uri {
                module: "/usr/lib/m.so".into(),
                token: "鍵 A".into(),
                object: "vendor".into(),
                pin_file: Some("/run/pin".into()),
            }
        );
        let standard =
            Uri::parse("pkcs11:token=t;object=o;type=private?module-path=/m.so&pin-source=file:/p").expect("a URI");
        assert_eq!(standard.pin_file, Some("/p".into()));
        for bad in [
            "file:x",
            "pkcs11:",
            "pkcs11:token=t;object=o",
            "pkcs11:module=m;object=o",
            "pkcs11:module=m;token=t",
            "pkcs11:module=m;token=t;object=o;pin-value=1234",
            "pkcs11:module=m;token=t;object=o;color=red",
            "pkcs11:module=m;token=%zz;object=o",
            "pkcs11:module",
        ] {
            assert!(matches!(Uri::parse(bad), Err(TokenError::Uri(_))), "{bad}");
        }
    }

    #[test]
    fn a_module_that_is_not_there_is_told() {
        let missing = TokenKey::open("pkcs11:module=/nowhere/m.so;token=t;object=o");
        assert!(matches!(missing, Err(TokenError::Device { doing: "load", .. })));
    }
}
