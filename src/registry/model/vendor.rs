//! Vendors and their keys.

use serde::{Deserialize, Serialize};

use super::{Moment, ProductId, VendorId};
use crate::attest::key::{Algorithm, KeyId};

words! {
    /// State of a vendor.
    VendorState {
        /// Signed up, not looked at yet.
        Pending = "pending", "承認待ち", "pending";
        /// May add products and submit.
        Admitted = "admitted", "承認済み", "admitted";
        /// Was not admitted.
        Refused = "refused", "不承認", "refused";
    }
}

/// A vendor: a legal person.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vendor {
    /// Id.
    pub id: VendorId,
    /// 法人番号.
    pub corporate_number: String,
    /// Name of the company.
    pub name: String,
    /// Reading in katakana; may be empty.
    pub name_kana: String,
    /// Address for notices; not published.
    pub email: String,
    /// Web site; may be empty.
    pub url: String,
    /// State.
    pub state: VendorState,
    /// Sign-up.
    pub created: Moment,
    /// Why it was refused; empty otherwise.
    pub note: String,
}

words! {
    /// State of a vendor's key.
    KeyState {
        /// Signs reports.
        Active = "active", "有効", "active";
        /// Given back or leaked.
        Revoked = "revoked", "失効", "revoked";
    }
}

/// A key with which a vendor signs reports.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VendorKey {
    /// SHA-256 of the public key (SPKI DER).
    pub id: KeyId,
    /// Whose.
    pub vendor: VendorId,
    /// What for, e.g. `CI 2026`.
    pub label: String,
    /// Algorithm.
    pub algorithm: Algorithm,
    /// Public key, PEM.
    pub pem: String,
    /// State.
    pub state: KeyState,
    /// Products it may sign for; all of the vendor if empty.
    pub products: Vec<ProductId>,
    /// Registration.
    pub created: Moment,
    /// From when on it no longer counts; none: until revoked.
    pub not_after: Option<Moment>,
    /// Revocation.
    pub revoked: Option<Moment>,
    /// Reports received from then on are void, even if the revocation came later.
    pub compromised_since: Option<Moment>,
}

/// A text that has to be signed with the new key, to show that the vendor has its private half.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyProof {
    /// The key.
    pub key: KeyId,
    /// Exactly the bytes to sign (UTF-8, with its line feeds).
    pub text: String,
    /// Until when the signature has to be there.
    pub expires: Moment,
}
