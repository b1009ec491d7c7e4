//! Who acts in the register.

use serde::{Deserialize, Serialize};

use super::{AccountId, VendorId};

words! {
    /// What an account may do. Deny by default: every operation names the roles that may.
    Role {
        /// Nobody signed in.
        Public = "public", "一般", "public";
        /// A municipality: RFP checks and notices of its own.
        Municipality = "municipality", "自治体", "municipality";
        /// A vendor: its own products, keys, challenges, submissions.
        Vendor = "vendor", "ベンダー", "vendor";
        /// Reviews and proposes.
        Examiner = "examiner", "審査員", "examiner";
        /// Decides, never on a case that the same person examined.
        Approver = "approver", "承認者", "approver";
        /// Runs the service: accounts, suites. Decides nothing.
        Administrator = "administrator", "管理者", "administrator";
        /// Reads everything, changes nothing.
        Auditor = "auditor", "監査", "auditor";
    }
}

/// Who asks for an operation.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Actor {
    /// Account; `system` for the service itself.
    pub account: AccountId,
    /// Name for people.
    pub name: String,
    /// Role.
    pub role: Role,
    /// The vendor of an actor of role `Vendor`; `None` before sign-up.
    pub vendor: Option<VendorId>,
}

impl Actor {
    /// Nobody signed in.
    pub fn public() -> Self {
        Self {
            account: "public".into(),
            name: String::new(),
            role: Role::Public,
            vendor: None,
        }
    }

    /// The service itself, for what it does by the clock. Never made from a request.
    pub fn system() -> Self {
        Self {
            account: "system".into(),
            name: "system".into(),
            role: Role::Administrator,
            vendor: None,
        }
    }

    /// Whether this is the service itself.
    pub fn is_system(&self) -> bool {
        self.account.as_str() == "system"
    }

    /// Whether this actor belongs to a vendor.
    pub fn is_of(&self, vendor: &VendorId) -> bool {
        self.role == Role::Vendor && self.vendor.as_ref() == Some(vendor)
    }

    /// Whether it may read what is not published: staff and auditors.
    pub fn is_staff(&self) -> bool {
        matches!(
            self.role,
            Role::Examiner | Role::Approver | Role::Administrator | Role::Auditor
        )
    }
}
