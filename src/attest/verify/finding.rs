//! What a check found: proven, not proven, wrong.

use serde::Serialize;

use crate::attest::BundleError;
use crate::text::Text;

/// How one question was answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It holds, and can be checked by anybody.
    Proven,
    /// Nothing is claimed, or it is not part of what was checked.
    Unclaimed,
    /// It cannot be decided with what is at hand.
    Open,
    /// It does not hold.
    Wrong,
}

/// One answered question.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// Code, e.g. `V3-signature`; the part before the hyphen is the rule.
    pub code: &'static str,
    /// The answer.
    pub standing: Standing,
    /// What was found.
    pub text: Text,
}

/// The whole answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Conclusion {
    /// Everything that is claimed holds, and the signer is trusted.
    Valid,
    /// Something does not hold.
    Invalid,
    /// Nothing is wrong, and something needed cannot be decided.
    Undetermined,
}

/// What was checked, and what came out.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Verification {
    /// `bundle` or `proof-pack`.
    pub kind: &'static str,
    /// The conclusion.
    pub conclusion: Conclusion,
    /// Product that it is about.
    pub product: Option<String>,
    /// Registration number.
    pub registration: Option<String>,
    /// Status of the registration.
    pub status: Option<String>,
    /// Until when the status is known, RFC 3339.
    pub status_as_of: Option<String>,
    /// SHA-256 of the manifest, of a bundle.
    pub manifest: Option<String>,
    /// SHA-256 of the signed statement.
    pub statement: Option<String>,
    /// Ids of trusted keys that signed.
    pub signers: Vec<String>,
    /// The newest checkpoint of the log in a pack, a signed note.
    #[serde(skip)]
    pub checkpoint: Option<String>,
    /// Answers in the order in which questions were asked.
    pub findings: Vec<Finding>,
}

impl Verification {
    pub(super) fn new(kind: &'static str) -> Self {
        Self {
            kind,
            conclusion: Conclusion::Undetermined,
            product: None,
            registration: None,
            status: None,
            status_as_of: None,
            manifest: None,
            statement: None,
            signers: Vec::new(),
            checkpoint: None,
            findings: Vec::new(),
        }
    }

    /// A file that is no sound bundle.
    pub fn unsound(error: &BundleError) -> Self {
        let mut found = Self::new("bundle");
        found.note(
            Standing::Wrong,
            "V1-integrity",
            format!("束は書かれた時のままではありません（{}）：{error}", error.code()),
            format!("The bundle is not what was written ({}): {error}", error.code()),
        );
        found.concluded()
    }

    pub(super) fn note(
        &mut self,
        standing: Standing,
        code: &'static str,
        ja: impl Into<String>,
        en: impl Into<String>,
    ) {
        self.findings.push(Finding {
            code,
            standing,
            text: Text::new(ja, en),
        });
    }

    pub(super) fn proven(&mut self, code: &'static str, ja: impl Into<String>, en: impl Into<String>) {
        self.note(Standing::Proven, code, ja, en);
    }

    /// Draws the conclusion.
    pub(super) fn concluded(mut self) -> Self {
        let any = |standing| self.findings.iter().any(|finding| finding.standing == standing);
        self.conclusion = if any(Standing::Wrong) {
            Conclusion::Invalid
        } else if any(Standing::Open) {
            Conclusion::Undetermined
        } else {
            Conclusion::Valid
        };
        self
    }

    /// The code of the first thing that is wrong.
    pub fn fault(&self) -> Option<&'static str> {
        let wrong = |finding: &&Finding| finding.standing == Standing::Wrong;
        self.findings.iter().find(wrong).map(|finding| finding.code)
    }
}
