//! Signed events of registrations, and what the register finds when it checks itself.

use serde::{Deserialize, Serialize};

use super::{Moment, RegistrationNumber};
use crate::attest::Digest;
use crate::text::Text;
use crate::text::date::Day;

words! {
    /// What happened to a registration.
    EventKind {
        /// Registered.
        Registered = "registered", "登録", "registered";
        /// Suspended.
        Suspended = "suspended", "停止", "suspended";
        /// In force again.
        Reinstated = "reinstated", "再開", "reinstated";
        /// Withdrawn, by the vendor or by the body.
        Withdrawn = "withdrawn", "取り下げ・取消し", "withdrawn";
        /// Another version has taken its place.
        Superseded = "superseded", "後継版に移行", "superseded";
        /// Valid for longer, on a new run.
        Extended = "extended", "更新", "extended";
        /// Past its last day.
        Expired = "expired", "有効期限切れ", "expired";
        /// A result of an interconnection.
        Interconnected = "interconnected", "相互接続確認", "interconnected";
        /// A later corpus gives other verdicts on its evidence.
        SuiteFlagged = "suite-flagged", "再判定で差異", "flagged by a later suite";
    }
}

/// A reason that is published.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicReason {
    /// Code, e.g. `nonconformity`, `vendor-request`, `security`, `fraud`.
    pub code: String,
    /// Text.
    pub public: Text,
}

/// A signed event.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Registration.
    pub registration: RegistrationNumber,
    /// 1, 2, 3 … within the registration.
    pub sequence: u64,
    /// What happened.
    pub kind: EventKind,
    /// Day on which it takes effect.
    pub day: Day,
    /// Last day of validity as of this event.
    pub valid_until: Option<Day>,
    /// Reason, published.
    pub reason: Option<PublicReason>,
    /// Digest of the payload: its identity, and what the log holds.
    pub payload: Digest,
    /// DSSE line.
    pub envelope: String,
    /// Digest of the RFC 3161 token among the blobs, once there is one.
    pub token: Option<Digest>,
    /// Index in the log.
    pub log_index: u64,
    /// When it was signed.
    pub at: Moment,
}

/// One row of the audit log.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRow {
    /// 1, 2, 3 …
    pub number: u64,
    /// When.
    pub at: Moment,
    /// Account.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// More.
    pub detail: String,
    /// Hash of this row, over the one before.
    pub hash: Digest,
}

words! {
    /// What a check of the register looks at.
    CheckFault {
        /// The audit chain.
        AuditChain = "audit-chain", "監査ログの連鎖", "audit chain";
        /// A signed event.
        EventSignature = "event-signature", "イベントの署名", "signature of an event";
        /// The chain of a registration's events.
        EventChain = "event-chain", "イベントの連鎖", "chain of events";
        /// An event is not in the log.
        NotInLog = "not-in-log", "ログにないイベント", "event not in the log";
        /// A log entry has no event.
        NotInDatabase = "not-in-database", "データベースにないログ項目", "log entry without an event";
        /// The tables say something else than the signed events.
        TableDiffers = "table-differs", "表と署名済みイベントの相違", "table differs from signed events";
        /// The log does not hash to its checkpoint.
        LogRoot = "log-root", "ログのルート", "root of the log";
        /// The database itself, or what guards its tables.
        Database = "database", "データベース", "database";
        /// A blob is missing or changed.
        Blob = "blob", "保存ファイル", "stored file";
    }
}

/// One fault that a check of the register found.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Where.
    pub fault: CheckFault,
    /// Which row, event or file.
    pub object: String,
    /// What was expected, what was found.
    pub detail: Text,
}
