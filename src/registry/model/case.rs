//! A case: challenge, submission, remarks, proposal, decision.

use serde::{Deserialize, Serialize};

use super::{
    ChallengeId, Change, JudgedReport, Moment, ProductId, Refusal, RegistrationNumber, RemarkId, SubmissionId,
    VendorId, VersionId, WaiverId,
};
use crate::attest::Digest;
use crate::attest::key::KeyId;
use crate::text::Text;
use crate::text::date::Day;

words! {
    /// State of a challenge.
    ChallengeState {
        /// Waits for a run.
        Open = "open", "有効", "open";
        /// A submission used it.
        Used = "used", "使用済み", "used";
        /// Given up by the vendor.
        Abandoned = "abandoned", "放棄", "given up";
        /// Ended unused.
        Expired = "expired", "期限切れ", "expired";
    }
}

/// A nonce that a run has to use; it seeds the test data. Each one is an attempt that examiners see.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Challenge {
    /// Id.
    pub id: ChallengeId,
    /// For which version.
    pub version: VersionId,
    /// Its product.
    pub product: ProductId,
    /// Its vendor.
    pub vendor: VendorId,
    /// Profiles that the run has to claim.
    pub profiles: Vec<String>,
    /// Corpus that the run has to use.
    pub suite: Digest,
    /// 32 random bytes, base64.
    pub nonce: String,
    /// Seed that follows from the nonce.
    pub seed: u64,
    /// The how-manieth challenge of this version, from 1.
    pub attempt: u32,
    /// State. An open one past its end reads as expired.
    pub state: ChallengeState,
    /// When it was opened.
    pub opened: Moment,
    /// Until when it can be used.
    pub expires: Moment,
    /// The submission that used it.
    pub submission: Option<SubmissionId>,
    /// The file for `junkyo run --challenge` (`challenge/v1`), canonical JSON.
    pub file: String,
}

words! {
    /// State of a submission (6.1 of the reference, with our words).
    SubmissionState {
        /// Taken in; its evidence is being judged again.
        Judging = "judging", "再判定中", "being judged again";
        /// Judging the evidence again did not give the report.
        Refused = "refused", "受付不可", "refused";
        /// An examiner looks at it.
        UnderReview = "under-review", "審査中", "under review";
        /// The vendor has to answer.
        ChangesRequested = "changes-requested", "回答待ち", "waiting for the vendor";
        /// An examiner has proposed a decision.
        Proposed = "proposed", "承認待ち", "waiting for approval";
        /// Registered.
        Registered = "registered", "登録済み", "registered";
        /// Not registered.
        Rejected = "rejected", "不登録", "rejected";
        /// Taken back by the vendor.
        Retracted = "retracted", "取り下げ", "taken back";
    }
}

/// What the register says to a bundle that it took: a signed receipt.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The submission. The same for the same bundle sent again.
    pub submission: SubmissionId,
    /// Digest of the bundle's manifest.
    pub manifest: Digest,
    /// When it was taken.
    pub received: Moment,
    /// DSSE line, signed by the register: digest and time.
    pub envelope: String,
    /// Whether this very bundle had been taken before.
    pub again: bool,
}

/// A bundle in the register.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Submission {
    /// Id.
    pub id: SubmissionId,
    /// Whose.
    pub vendor: VendorId,
    /// Product.
    pub product: ProductId,
    /// Version.
    pub version: VersionId,
    /// Challenge.
    pub challenge: ChallengeId,
    /// State.
    pub state: SubmissionState,
    /// When it was taken.
    pub received: Moment,
    /// When its state last changed.
    pub changed: Moment,
    /// Digest of the bundle's manifest: its identity.
    pub manifest: Digest,
    /// Digest of the bundle file among the blobs.
    pub bundle: Digest,
    /// Bytes of the bundle.
    pub size: u64,
    /// Digest of `report.json` among the blobs.
    pub report: Digest,
    /// Digest of the payload of the signed statement: what a decision rests on.
    pub statement: Digest,
    /// DSSE lines of the statement.
    pub envelope: String,
    /// Key that signed.
    pub key: KeyId,
    /// Corpus that was used.
    pub suite: Digest,
    /// Version of the harness.
    pub harness: String,
    /// Profiles claimed.
    pub profiles: Vec<String>,
    /// When the run began, by the vendor's clock.
    pub run_started: Moment,
    /// What the report claims.
    pub claimed: JudgedReport,
    /// What judging again gave; none while that is to be done.
    pub judged: Option<JudgedReport>,
    /// Reasons found after intake (by judging again).
    pub refusals: Vec<Refusal>,
    /// Registration whose product version this one follows (delta certification).
    pub base: Option<RegistrationNumber>,
    /// Requirements that changed against the base: what an examiner has to look at.
    pub delta: Vec<Change>,
    /// Examiner, as `exm:7`.
    pub examiner: Option<String>,
    /// Proposal, if there is one.
    pub proposal: Option<Proposal>,
    /// Number, once registered.
    pub registration: Option<RegistrationNumber>,
    /// Signed receipt.
    pub receipt: String,
}

/// Which submissions.
#[derive(Clone, Debug, Default)]
pub struct SubmissionFilter {
    /// Of this vendor only (actors of role `Vendor` never see others').
    pub vendor: Option<VendorId>,
    /// Of this product only.
    pub product: Option<ProductId>,
    /// Of this version only.
    pub version: Option<VersionId>,
    /// In one of these states; any if empty.
    pub states: Vec<SubmissionState>,
}

words! {
    /// Kind of a remark.
    RemarkKind {
        /// Among staff only.
        Internal = "internal", "内部メモ", "internal";
        /// To the vendor.
        ToVendor = "to-vendor", "ベンダーへの連絡", "to the vendor";
        /// A question that stops the case until it is answered.
        Question = "question", "照会", "question";
        /// The vendor's answer.
        Answer = "answer", "回答", "answer";
    }
}

/// Something said in a case.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remark {
    /// Id.
    pub id: RemarkId,
    /// Case.
    pub submission: SubmissionId,
    /// Who, as vendors may see it: `exm:7`, `apr:3` or the vendor's name.
    pub author: String,
    /// When.
    pub at: Moment,
    /// Kind.
    pub kind: RemarkKind,
    /// Requirement it is about.
    pub requirement: Option<String>,
    /// What was said.
    pub text: String,
}

/// What is to be decided.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "decision")]
pub enum Decision {
    /// Register.
    #[serde(rename_all = "camelCase")]
    Register {
        /// First day.
        valid_from: Day,
        /// Last day.
        valid_until: Day,
        /// STEP of cloud readiness (1 to 5), if one is granted.
        step: Option<u8>,
        /// Optional features that were shown.
        features: Vec<String>,
        /// Waivers that are counted.
        waivers: Vec<WaiverId>,
    },
    /// Do not register.
    #[serde(rename_all = "camelCase")]
    Reject {
        /// Why, as the vendor reads it.
        reason: Text,
    },
}

/// An examiner's proposal.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// What is proposed.
    pub decision: Decision,
    /// Who, as `exm:7`.
    pub by: String,
    /// When.
    pub at: Moment,
    /// For the approver.
    pub note: String,
}
