//! Accounts, tokens and notices. How one signs in is the business of the web room.

use serde::{Deserialize, Serialize};

use super::{AccountId, Moment, NoticeId, ProductId, Role, TokenId, VendorId};
use crate::text::Text;

/// An account of a person or of a CI.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Id.
    pub id: AccountId,
    /// Name for people.
    pub name: String,
    /// Address for notices; empty if none.
    pub email: String,
    /// Role.
    pub role: Role,
    /// The vendor it acts for.
    pub vendor: Option<VendorId>,
    /// Whether it may sign in.
    pub active: bool,
    /// When it was made.
    pub created: Moment,
}

words! {
    /// What a token may do; never more than its account.
    TokenScope {
        /// Read.
        Read = "read", "参照", "read";
        /// Open challenges and submit bundles.
        Submit = "submit", "提出", "submit";
    }
}

/// A token for programs; its secret is shown once and kept as a digest only.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiToken {
    /// Id.
    pub id: TokenId,
    /// Whose.
    pub account: AccountId,
    /// What for.
    pub name: String,
    /// What it may do.
    pub scope: TokenScope,
    /// Only for this product.
    pub product: Option<ProductId>,
    /// When it was made.
    pub created: Moment,
    /// From when on it is refused.
    pub expires: Moment,
    /// When it was last used.
    pub last_used: Option<Moment>,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// Something that happened and that somebody should know.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// Id.
    pub id: NoticeId,
    /// When.
    pub at: Moment,
    /// The vendor whose accounts it is for.
    pub vendor: Option<VendorId>,
    /// The role whose accounts it is for, if no vendor.
    pub role: Option<Role>,
    /// What happened.
    pub text: Text,
    /// What it is about: an id or a registration number.
    pub object: String,
    /// Whether the asking account has read it.
    pub read: bool,
}
