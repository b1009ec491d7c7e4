//! Names of things in the register: what they are is told by their prefix.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// What such an id begins with, without the underscore.
            pub const PREFIX: &str = $prefix;

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// An account.
    AccountId = "acc";
    /// An API token; not its secret.
    TokenId = "tok";
    /// A vendor.
    VendorId = "vnd";
    /// A product of a vendor.
    ProductId = "prd";
    /// One version of a product.
    VersionId = "ver";
    /// A challenge: the nonce a run has to use.
    ChallengeId = "chl";
    /// A submitted bundle.
    SubmissionId = "sub";
    /// A remark, a question or an answer in a case.
    RemarkId = "rmk";
    /// An uploaded document.
    DocumentId = "doc";
    /// A waiver of a requirement for a product.
    WaiverId = "wvr";
    /// A vendor's challenge against a test.
    TestChallengeId = "tch";
    /// A surveillance finding.
    FindingId = "fnd";
    /// An examiner's recommendation about a registration.
    RecommendationId = "rec";
    /// A result of an interconnection.
    InterconnectionId = "icn";
    /// A notice to an account or to the accounts of a vendor.
    NoticeId = "ntc";
}
