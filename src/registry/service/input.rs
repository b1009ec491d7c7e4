//! What callers hand in.

use serde::{Deserialize, Serialize};

use crate::attest::Digest;
use crate::registry::model::{
    Artifact, InterconnectionKind, ProductFacts, ProductId, PublicReason, RegistrationNumber, SubmissionId,
};
use crate::text::Text;
use crate::text::date::Day;

/// A vendor that signs up.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignUp {
    /// 法人番号, 13 digits.
    pub corporate_number: String,
    /// Name of the company.
    pub name: String,
    /// Reading in katakana; may be empty.
    #[serde(default)]
    pub name_kana: String,
    /// Address for notices.
    pub email: String,
    /// Web site; may be empty.
    #[serde(default)]
    pub url: String,
}

/// A product to add or to change.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProductForm {
    /// Name; cannot be changed once there is a version.
    pub name: String,
    /// Reading in katakana; may be empty.
    #[serde(default)]
    pub name_kana: String,
    /// A few sentences; may be empty.
    #[serde(default)]
    pub summary: String,
    /// Business units, two digits each.
    #[serde(default)]
    pub units: Vec<String>,
    /// Facts for the catalog.
    #[serde(default)]
    pub facts: ProductFacts,
}

/// A version to add.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VersionForm {
    /// Version, exactly as the target file says it.
    pub version: String,
    /// Build; may be empty.
    #[serde(default)]
    pub build: String,
    /// What is installed.
    #[serde(default)]
    pub artifacts: Vec<Artifact>,
    /// Digest of the configuration.
    #[serde(default)]
    pub configuration: Option<Digest>,
}

/// A document to attach.
#[derive(Clone, Debug)]
pub struct Upload<'a> {
    /// File name; folders in it are dropped.
    pub name: &'a str,
    /// Media type.
    pub media_type: &'a str,
    /// Content, at most 16 MiB.
    pub bytes: &'a [u8],
}

/// An approver's or a vendor's order about a registration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Order {
    /// Reason, published.
    pub reason: PublicReason,
    /// Examiner whose proposal this is (four eyes), as `exm:7`; not needed where a vendor acts on its own registration.
    #[serde(default)]
    pub proposed_by: Option<String>,
    /// Day by which a suspension is looked at again.
    #[serde(default)]
    pub review_by: Option<Day>,
}

/// A waiver to ask for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WaiverForm {
    /// For which product; all if none.
    #[serde(default)]
    pub product: Option<ProductId>,
    /// Requirement.
    pub requirement: String,
    /// Why; published.
    pub reason: Text,
    /// Last day.
    pub expires: Day,
}

/// A challenge against a test.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TestChallengeForm {
    /// Requirement or scenario.
    pub test: String,
    /// Why it should be wrong, with the clause.
    pub argument: String,
    /// Submission in which it came up.
    #[serde(default)]
    pub submission: Option<SubmissionId>,
}

/// A result of an interconnection to record.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InterconnectionForm {
    /// Business unit or profile that joins them.
    pub unit: String,
    /// The sending side.
    pub first: RegistrationNumber,
    /// The receiving side.
    pub second: RegistrationNumber,
    /// How.
    pub kind: InterconnectionKind,
    /// Whether all of it held.
    pub held: bool,
    /// What was shown, published.
    pub summary: Text,
    /// DSSE lines of the signed interconnection report.
    pub envelope: String,
}
