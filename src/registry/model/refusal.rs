//! Why a submission was not taken.

use serde::{Deserialize, Serialize};

use crate::text::Text;

words! {
    /// Code of a reason for refusing a bundle; stable, for programs.
    RefusalCode {
        /// Made with a suite that the register does not know.
        WrongSuite = "wrong-suite", "登録制度で使えない試験スイートです", "not a suite of this register";
        /// Made with a suite that was withdrawn or has ended.
        SuiteWithdrawn = "suite-withdrawn", "取り下げられた試験スイートです", "suite was withdrawn";
        /// Required requirements were not judged.
        NotComplete = "not-complete", "必要な要件の一部が判定されていません", "required requirements are missing";
        /// Only a selection was run, or the run was cut off.
        PartialRun = "partial-run", "一部だけの実行、または中断された実行です", "a partial or interrupted run";
        /// Does not conform.
        NotConformant = "not-conformant", "準拠していません", "not conformant";
        /// This bundle, or its challenge, was submitted before.
        Replayed = "replayed", "すでに提出された内容です", "submitted before";
        /// No such challenge, or the run used none.
        ChallengeUnknown = "challenge-unknown", "チャレンジがありません", "unknown challenge";
        /// Challenge has ended.
        ChallengeExpired = "challenge-expired", "チャレンジの期限が切れています", "challenge has expired";
        /// Challenge was used or abandoned.
        ChallengeUsed = "challenge-used", "使用済みのチャレンジです", "challenge was used or given up";
        /// Challenge is for another product or other profiles.
        ChallengeOther = "challenge-other-product", "別の製品または別のプロファイルのチャレンジです", "challenge of another product or other profiles";
        /// Nonce or seed is not that of the challenge.
        SeedMismatch = "seed-mismatch", "チャレンジの値がテストデータに使われていません", "test data does not come from the challenge";
        /// Another product.
        OtherProduct = "other-product", "別の製品のレポートです", "report of another product";
        /// Another version of the product.
        OtherVersion = "other-version", "別のバージョンのレポートです", "report of another version";
        /// Another vendor's product.
        OtherVendor = "other-vendor", "別のベンダーのレポートです", "report of another vendor";
        /// No signature by a registered key.
        KeyUnknown = "key-unknown", "登録された鍵の署名がありません", "no signature by a registered key";
        /// Signed with a revoked or ended key.
        KeyRevoked = "key-revoked", "失効した鍵の署名です", "signed with a revoked key";
        /// A signature or a signed document does not hold.
        SignatureInvalid = "signature-invalid", "署名が無効です", "invalid signature";
        /// Files do not match the manifest, or the statement does not.
        ManifestMismatch = "manifest-mismatch", "ファイルが目録と一致しません", "files do not match the manifest";
        /// Not the one canonical form of a bundle.
        NotCanonical = "not-canonical", "バンドルの正規の形ではありません", "not the canonical form of a bundle";
        /// Too large.
        TooLarge = "too-large", "大きすぎます", "too large";
        /// Run too long ago.
        TooOld = "too-old", "実行から日数が経ちすぎています", "run too long ago";
        /// Run in the future.
        ClockAhead = "clock-ahead", "実行日時が未来です", "run lies in the future";
        /// Judging the evidence again gave another report.
        NotReproducible = "report-not-reproducible", "証拠から同じ判定結果が得られません", "evidence does not give this report";
        /// Evidence was removed.
        RedactedEvidence = "redacted-evidence", "証拠の一部が取り除かれています", "evidence was redacted";
        /// Looks like data of a real person.
        RealData = "real-data-suspected", "実在する個人のデータと思われる値があります", "looks like data of a real person";
        /// Waivers in the target file that the register does not know.
        WaiverUnknown = "waiver-unknown", "承認されていない例外が使われています", "waiver without approval";
        /// The report says something else than the signed statement.
        StatementMismatch = "statement-mismatch", "署名された内容とレポートが一致しません", "statement and report differ";
        /// The report statement was not taken because of a suspended sign-up.
        VendorNotAdmitted = "vendor-not-admitted", "ベンダー登録が承認されていません", "vendor is not admitted";
        /// No profile that can be registered.
        NoProfile = "no-profile", "登録できるプロファイルがありません", "no profile to register";
    }
}

/// One reason, with what to do.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// Code.
    pub code: RefusalCode,
    /// What was expected, what was found.
    pub detail: Text,
    /// What to do.
    pub remedy: Text,
}

impl Refusal {
    /// A reason.
    pub fn new(code: RefusalCode, detail: Text, remedy: Text) -> Self {
        Self { code, detail, remedy }
    }
}
