//! Registrations: what the signed events of one number fold to.

use serde::{Deserialize, Serialize};

use super::state::RegistrationEvent;
use super::{
    AccountId, InterconnectionId, Moment, ProductId, PublicReason, RecommendationId, RegistrationNumber, SubmissionId,
    VendorId, VersionId,
};
use crate::attest::Digest;
use crate::text::Text;
use crate::text::date::Day;

words! {
    /// State of a registration.
    RegistrationState {
        /// In force.
        Active = "active", "登録中", "registered";
        /// Not in force until reinstated.
        Suspended = "suspended", "停止中", "suspended";
        /// Given back by the vendor.
        WithdrawnByVendor = "withdrawn-by-vendor", "ベンダーによる取り下げ", "withdrawn by the vendor";
        /// Taken away (取消し).
        WithdrawnByBody = "withdrawn-by-body", "取消し", "withdrawn by the body";
        /// Another version has taken its place.
        Superseded = "superseded", "後継版に移行", "superseded";
        /// Past its last day.
        Expired = "expired", "有効期限切れ", "expired";
    }
}

impl RegistrationState {
    /// Whether no event can bring it back.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Active | Self::Suspended | Self::Expired)
    }
}

/// What is registered.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// Profiles, sorted.
    pub profiles: Vec<String>,
    /// Business units, two digits each, sorted.
    pub units: Vec<String>,
    /// STEP of cloud readiness (1 to 5).
    pub step: Option<u8>,
    /// Digest of the corpus.
    pub suite: Option<Digest>,
    /// Optional features that were shown.
    pub features: Vec<String>,
}

/// A registration.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    /// Number.
    pub number: RegistrationNumber,
    /// State. `Active` past its last day reads as `Expired`.
    pub state: RegistrationState,
    /// Day of the state.
    pub since: Day,
    /// Vendor.
    pub vendor: VendorId,
    /// Product.
    pub product: ProductId,
    /// Version.
    pub version: VersionId,
    /// Case it came from; the last one after renewals.
    pub submission: SubmissionId,
    /// What is registered.
    pub scope: Scope,
    /// First day.
    pub valid_from: Day,
    /// Last day.
    pub valid_until: Day,
    /// `vendor-run`: the vendor ran the tests with our nonce, and the register judged the evidence again.
    pub evidence_level: String,
    /// Digest of the payload of the report's statement.
    pub results: Digest,
    /// Registration that it follows.
    pub predecessor: Option<RegistrationNumber>,
    /// Registration that follows it.
    pub successor: Option<RegistrationNumber>,
    /// Requirements whose verdict changed when the evidence was judged with a later corpus; flagged, not decided.
    pub suite_flags: Vec<String>,
    /// Sequence of its last event.
    pub sequence: u64,
    /// Digest of the payload of its last event.
    pub last_event: Digest,
}

/// Which registrations.
#[derive(Clone, Debug, Default)]
pub struct RegistrationFilter {
    /// Of this vendor only.
    pub vendor: Option<VendorId>,
    /// Of this product only.
    pub product: Option<ProductId>,
    /// In one of these states; any if empty.
    pub states: Vec<RegistrationState>,
    /// Whose last day is not after this one.
    pub expires_by: Option<Day>,
}

words! {
    /// How two products were tested together.
    InterconnectionKind {
        /// Both at the same time.
        Live = "live", "実接続", "live";
        /// What one sent was replayed to the other.
        Replayed = "replayed", "記録再生", "replayed";
    }
}

/// A result of testing two registered products together.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Interconnection {
    /// Id.
    pub id: InterconnectionId,
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
    /// Digest of the payload of the signed report.
    pub statement: Digest,
    /// When.
    pub at: Moment,
}

/// An examiner's recommendation that something should happen to a registration.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recommendation {
    /// Id.
    pub id: RecommendationId,
    /// About which registration.
    pub registration: RegistrationNumber,
    /// What should happen.
    pub event: RegistrationEvent,
    /// Why; published when it is done.
    pub reason: PublicReason,
    /// Who, as `exm:7`.
    pub by: String,
    /// Account of the examiner; never published.
    pub account: AccountId,
    /// When.
    pub at: Moment,
    /// Whether no approver has followed it yet.
    pub open: bool,
}
