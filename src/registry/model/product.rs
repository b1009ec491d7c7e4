//! Products, their versions and their facts for the catalog.

use serde::{Deserialize, Serialize};

use super::{Moment, ProductId, VendorId, VersionId};
use crate::attest::Digest;
use crate::text::date::Day;

words! {
    /// Where a product runs.
    Cloud {
        /// ガバメントクラウド.
        Government = "government-cloud", "ガバメントクラウド", "government cloud";
        /// Another public cloud.
        Public = "public-cloud", "その他のパブリッククラウド", "other public cloud";
        /// A cloud of a group of municipalities.
        Shared = "shared-cloud", "自治体クラウド（共同利用）", "shared municipal cloud";
        /// A private cloud of the vendor.
        Private = "private-cloud", "プライベートクラウド", "private cloud";
        /// In the municipality's own rooms.
        OnPremises = "on-premises", "オンプレミス", "on premises";
    }
}

words! {
    /// Size of the municipalities that a product is made for, by inhabitants.
    MunicipalitySize {
        /// 政令指定都市.
        Designated = "designated", "政令指定都市", "designated city";
        /// 200,000 and more.
        Large = "large", "20万人以上", "200,000 and more";
        /// 50,000 to 199,999.
        Medium = "medium", "5万人以上20万人未満", "50,000 to 199,999";
        /// Below 50,000.
        Small = "small", "5万人未満", "below 50,000";
    }
}

/// Facts about a product that no run shows; the vendor's own word.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ProductFacts {
    /// Where it runs.
    pub clouds: Vec<Cloud>,
    /// For whom.
    pub sizes: Vec<MunicipalitySize>,
    /// Name of the cloud service; may be empty.
    pub cloud_service: String,
    /// Page of the product; may be empty.
    pub url: String,
    /// Whom to ask; may be empty.
    pub contact: String,
    /// Page in the デジタルマーケットプレイス; may be empty.
    pub dmp_url: String,
    /// Accessibility statement; may be empty.
    pub accessibility_url: String,
    /// Last day of support.
    pub support_until: Option<Day>,
    /// Municipalities that use it.
    pub installations: Option<u32>,
}

/// A product.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// Id.
    pub id: ProductId,
    /// Whose.
    pub vendor: VendorId,
    /// Name; together with vendor and version it is in every signed document.
    pub name: String,
    /// Reading in katakana; may be empty.
    pub name_kana: String,
    /// A few sentences; may be empty.
    pub summary: String,
    /// Business units, two digits each (`01` … `26`), sorted.
    pub units: Vec<String>,
    /// Facts for the catalog.
    pub facts: ProductFacts,
    /// When it was added.
    pub created: Moment,
}

/// A file of a version, by digest.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Artifact {
    /// File name.
    pub name: String,
    /// SHA-256.
    pub sha256: Digest,
}

/// One version of a product: what is registered. Never changed once added.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductVersion {
    /// Id.
    pub id: VersionId,
    /// Of which product.
    pub product: ProductId,
    /// Whose.
    pub vendor: VendorId,
    /// Version, as the target file says it.
    pub version: String,
    /// Build; may be empty.
    pub build: String,
    /// Digests of what is installed.
    pub artifacts: Vec<Artifact>,
    /// Digest of the configuration.
    pub configuration: Option<Digest>,
    /// Product descriptor, canonical JSON: the subject of report and decision.
    pub descriptor: String,
    /// SHA-256 of the descriptor.
    pub digest: Digest,
    /// When it was added.
    pub created: Moment,
}

/// Which products.
#[derive(Clone, Debug, Default)]
pub struct ProductFilter {
    /// Of this vendor only.
    pub vendor: Option<VendorId>,
    /// With this business unit only.
    pub unit: Option<String>,
}
