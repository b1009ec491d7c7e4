//! Whom a report and a registration are about.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::Subject;
use crate::attest::canonical::{self, CanonicalError};
use crate::attest::{Digest, DigestSet};

/// A product in one version. Its digest (SHA-256 of the canonical JSON) is the subject of reports and registrations.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Files of which the product consists, where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
    /// Build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// Digest of its configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<DigestSet>,
    /// Name.
    pub name: String,
    /// `product/v1`.
    pub schema: ProductSchema,
    /// Who sells it.
    pub vendor: Vendor,
    /// Version.
    pub version: String,
}

/// The form of a product descriptor.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub enum ProductSchema {
    /// The only one.
    #[default]
    #[serde(rename = "product/v1")]
    V1,
}

/// A vendor.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Vendor {
    /// 法人番号, 13 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corporate_number: Option<String>,
    /// Name.
    pub name: String,
}

/// A file of a product.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// SHA-256 of the file.
    pub digest: DigestSet,
    /// Its name.
    pub name: String,
}

impl Product {
    /// A product by its names, brought to NFC.
    pub fn new(vendor: &str, corporate_number: Option<&str>, name: &str, version: &str) -> Self {
        let normal = |text: &str| text.trim().nfc().collect::<String>();
        Self {
            artifacts: Vec::new(),
            build: None,
            configuration: None,
            name: normal(name),
            schema: ProductSchema::V1,
            vendor: Vendor {
                corporate_number: corporate_number.map(normal).filter(|number| !number.is_empty()),
                name: normal(vendor),
            },
            version: normal(version),
        }
    }

    /// The canonical bytes of the descriptor: `product.json`.
    ///
    /// # Errors
    /// Never in practice: there is no number in it.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_bytes(self)
    }

    /// Digest of the descriptor.
    ///
    /// # Errors
    /// As [`Self::to_bytes`].
    pub fn digest(&self) -> Result<Digest, CanonicalError> {
        Ok(Digest::of(&self.to_bytes()?))
    }

    /// Name and version, for people.
    pub fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// The product as the subject of a statement.
    ///
    /// # Errors
    /// As [`Self::to_bytes`].
    pub fn subject(&self) -> Result<Subject, CanonicalError> {
        Ok(Subject::new(self.title(), self.digest()?))
    }
}
