//! The words of the register as types.

/// Makes an enum whose variants have one word each, the same in the database, in JSON and in addresses, and a name in
/// both languages.
macro_rules! words {
    (
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$variant_doc:meta])* $variant:ident = $word:literal, $ja:literal, $en:literal;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $(
                $(#[$variant_doc])*
                #[serde(rename = $word)]
                $variant,
            )*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word in the database, in JSON and in addresses.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// The one with a word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.word() == word)
            }

            /// What people read.
            pub fn title(self) -> $crate::text::Text {
                match self {
                    $(Self::$variant => $crate::text::Text::new($ja, $en),)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.word())
            }
        }
    };
}

pub(crate) use words;

mod account;
mod case;
mod document;
mod event;
mod id;
mod judged;
mod moment;
mod number;
mod product;
mod refusal;
mod registration;
mod role;
pub mod state;
mod suite;
mod vendor;

pub use account::{Account, ApiToken, Notice, TokenScope};
pub use case::{
    Challenge, ChallengeState, Decision, Proposal, Receipt, Remark, RemarkKind, Submission, SubmissionFilter,
    SubmissionState,
};
pub use document::{
    Document, DocumentKind, DocumentState, Finding, FindingState, TestChallenge, TestChallengeState, Waiver,
    WaiverState,
};
pub use event::{AuditRow, Check, CheckFault, Event, EventKind, PublicReason};
pub use id::{
    AccountId, ChallengeId, DocumentId, FindingId, InterconnectionId, NoticeId, ProductId, RecommendationId, RemarkId,
    SubmissionId, TestChallengeId, TokenId, VendorId, VersionId, WaiverId,
};
pub use judged::{Change, JudgedReport, ProfileResult, RequirementResult};
pub use moment::Moment;
pub use number::RegistrationNumber;
pub use product::{Artifact, Cloud, MunicipalitySize, Product, ProductFacts, ProductFilter, ProductVersion};
pub use refusal::{Refusal, RefusalCode};
pub use registration::{
    Interconnection, InterconnectionKind, Recommendation, Registration, RegistrationFilter, RegistrationState, Scope,
};
pub use role::{Actor, Role};
pub use suite::{Suite, SuiteState};
pub use vendor::{KeyProof, KeyState, Vendor, VendorKey, VendorState};

use crate::text::Text;

/// Why a value is none of its kind, in both languages.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}", .0.en)]
pub struct Fault(pub Text);
