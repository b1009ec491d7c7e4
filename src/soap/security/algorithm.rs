//! Algorithms by their names in XML.

/// How a signature is made.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// RSA PKCS#1 v1.5 with SHA-256.
    RsaSha256,
    /// ECDSA with SHA-256; only curve P-256 is taken.
    EcdsaSha256,
    /// RSA PKCS#1 v1.5 with SHA-512.
    RsaSha512,
    /// RSA PKCS#1 v1.5 with SHA-1: known, refused unless a policy allows it.
    RsaSha1,
    /// ECDSA with SHA-1: known, refused unless a policy allows it.
    EcdsaSha1,
}

impl SignatureAlgorithm {
    const ALL: [Self; 5] = [
        Self::RsaSha256,
        Self::EcdsaSha256,
        Self::RsaSha512,
        Self::RsaSha1,
        Self::EcdsaSha1,
    ];

    /// Its name in XML.
    pub fn uri(self) -> &'static str {
        match self {
            Self::RsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            Self::EcdsaSha256 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            Self::RsaSha512 => "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
            Self::RsaSha1 => "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            Self::EcdsaSha1 => "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
        }
    }

    /// The algorithm of a name.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.uri() == uri)
    }

    /// Whether the key is an elliptic curve.
    pub fn is_elliptic(self) -> bool {
        matches!(self, Self::EcdsaSha256 | Self::EcdsaSha1)
    }
}

/// How a digest is made.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-512.
    Sha512,
    /// SHA-1: known, refused unless a policy allows it.
    Sha1,
}

impl DigestAlgorithm {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha512, Self::Sha1];

    /// Its name in XML.
    pub fn uri(self) -> &'static str {
        match self {
            Self::Sha256 => "http://www.w3.org/2001/04/xmlenc#sha256",
            Self::Sha512 => "http://www.w3.org/2001/04/xmlenc#sha512",
            Self::Sha1 => "http://www.w3.org/2000/09/xmldsig#sha1",
        }
    }

    /// The algorithm of a name.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.uri() == uri)
    }

    /// The digest of bytes.
    pub(super) fn digest(self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        bergshamra::crypto::digest::digest(self.uri(), bytes).map_err(|error| error.to_string())
    }
}
