//! What no run can show and what was said about tests: documents, waivers, challenges against tests, findings.

use serde::{Deserialize, Serialize};

use super::{
    DocumentId, FindingId, Moment, ProductId, RegistrationNumber, SubmissionId, TestChallengeId, VendorId, WaiverId,
};
use crate::attest::Digest;
use crate::text::Text;
use crate::text::date::Day;

words! {
    /// What a document shows.
    DocumentKind {
        /// Redundancy of the installation.
        Redundancy = "redundancy", "冗長化構成", "redundancy";
        /// That components can be procured separately.
        ProcurementSeparation = "procurement-separation", "分離調達", "separate procurement";
        /// Security measures.
        Security = "security", "セキュリティ対策", "security";
        /// Operation, backup, recovery.
        Operation = "operation", "運用・バックアップ", "operation and backup";
        /// Moving data in and out.
        Migration = "migration", "データ移行", "data migration";
        /// Accessibility.
        Accessibility = "accessibility", "アクセシビリティ", "accessibility";
        /// Anything else.
        Other = "other", "その他", "other";
    }
}

words! {
    /// State of a document.
    DocumentState {
        /// Not judged yet.
        Pending = "pending", "確認待ち", "not judged yet";
        /// Shows what it should.
        Accepted = "accepted", "確認済み", "accepted";
        /// Does not.
        Rejected = "rejected", "不備", "rejected";
        /// Was accepted; its last day is over.
        Expired = "expired", "期限切れ", "expired";
    }
}

/// An uploaded document, kept by digest.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// Id.
    pub id: DocumentId,
    /// Case.
    pub submission: SubmissionId,
    /// What it shows.
    pub kind: DocumentKind,
    /// File name, without any folder.
    pub name: String,
    /// Media type as uploaded; downloads never use it to render.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256.
    pub digest: Digest,
    /// State.
    pub state: DocumentState,
    /// Last day on which it counts.
    pub expires: Option<Day>,
    /// Upload.
    pub uploaded: Moment,
    /// Who judged it, as `exm:7`.
    pub judged_by: Option<String>,
    /// What the examiner wrote.
    pub note: String,
}

words! {
    /// State of a waiver.
    WaiverState {
        /// Asked for by an examiner.
        Proposed = "proposed", "提案", "proposed";
        /// Approved by an approver.
        Approved = "approved", "承認", "approved";
        /// Not approved.
        Refused = "refused", "不承認", "refused";
        /// Approved; its last day is over.
        Expired = "expired", "期限切れ", "expired";
    }
}

/// A requirement that a product need not meet for a time, with reason and approver.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiver {
    /// Id.
    pub id: WaiverId,
    /// For which product; all if none (a defect of the test).
    pub product: Option<ProductId>,
    /// Requirement.
    pub requirement: String,
    /// Why; published.
    pub reason: Text,
    /// State.
    pub state: WaiverState,
    /// Last day.
    pub expires: Day,
    /// Who asked, as `exm:7`.
    pub proposed_by: String,
    /// Who approved or refused, as `apr:3`.
    pub decided_by: Option<String>,
    /// When it was asked for.
    pub created: Moment,
    /// SHA-256 of the waiver's canonical JSON: how decisions name it.
    pub digest: Digest,
}

words! {
    /// State of a challenge against a test.
    TestChallengeState {
        /// Not decided.
        Open = "open", "審議中", "open";
        /// The test is wrong.
        Accepted = "accepted", "認容", "accepted";
        /// The test stands.
        Rejected = "rejected", "棄却", "rejected";
    }
}

/// A vendor's claim that a test is wrong.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestChallenge {
    /// Id.
    pub id: TestChallengeId,
    /// By whom.
    pub vendor: VendorId,
    /// Requirement or scenario.
    pub test: String,
    /// Which corpus.
    pub suite: Digest,
    /// Why it should be wrong.
    pub argument: String,
    /// Submission in which it came up.
    pub submission: Option<SubmissionId>,
    /// State.
    pub state: TestChallengeState,
    /// When.
    pub opened: Moment,
    /// The decision and its reason; published.
    pub resolution: Option<Text>,
    /// Who decided, as `apr:3`.
    pub resolved_by: Option<String>,
    /// Last day on which an accepted one excuses the test.
    pub expires: Option<Day>,
}

words! {
    /// State of a finding.
    FindingState {
        /// Not remedied.
        Open = "open", "対応中", "open";
        /// Remedied.
        Closed = "closed", "解決済み", "closed";
    }
}

/// A finding after registration (surveillance).
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Id.
    pub id: FindingId,
    /// About which registration.
    pub registration: RegistrationNumber,
    /// What was found; published.
    pub summary: Text,
    /// State.
    pub state: FindingState,
    /// When it was found.
    pub opened: Moment,
    /// Until when the vendor has to remedy it.
    pub due: Option<Day>,
    /// The vendor's plan and answers.
    pub corrective_action: String,
    /// When it was closed.
    pub closed: Option<Moment>,
}
