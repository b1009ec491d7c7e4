//! What a bundle says of itself, before anything is compared with the register.

use std::path::Path;

use super::refuse::{REPORT_AGAIN, refusal};
use crate::attest::Digest;
use crate::attest::bundle::{Bundle, BundleError, Limits};
use crate::attest::envelope::Envelope;
use crate::attest::statement::{ConformanceReport, Product, Statement, product_of_report, report_statement};
use crate::registry::model::{JudgedReport, ProfileResult, Refusal, RefusalCode, RequirementResult};
use crate::text::Text;

/// A bundle that agrees with itself.
pub(in crate::registry) struct Contents {
    /// Identity of the bundle.
    pub(in crate::registry) manifest: Digest,
    /// `report.json`.
    pub(in crate::registry) report: Vec<u8>,
    /// What follows from it.
    pub(in crate::registry) statement: Statement<ConformanceReport>,
    /// The product that it is about.
    pub(in crate::registry) product: Product,
    /// The signed lines whose payload is that statement.
    pub(in crate::registry) envelopes: Vec<Envelope>,
    /// The lines as they were sent.
    pub(in crate::registry) lines: String,
    /// How much was withheld.
    pub(in crate::registry) withheld: usize,
    /// Numbers of people who may be real, where the target file did not allow them.
    pub(in crate::registry) real_data: u64,
}

/// What the guard of the harness found.
#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Guarded {
    #[serde(default)]
    real_data: Option<RealData>,
}

#[derive(serde::Deserialize)]
struct RealData {
    #[serde(default)]
    allowed: Option<String>,
    count: u64,
}

impl Contents {
    /// Reads a bundle.
    ///
    /// # Errors
    /// All reasons for which it is refused, as far as they can be told without the register.
    pub(in crate::registry) fn read(path: &Path, limits: &Limits) -> Result<Self, Vec<Refusal>> {
        let bundle = Bundle::open(path, limits).map_err(|error| vec![not_opened(&error)])?;
        let report = bundle.read("report.json").map_err(|_| {
            vec![refusal(
                RefusalCode::RedactedEvidence,
                Text::new(
                    "バンドルに report.json がありません（取り除かれています）。",
                    "The bundle has no report.json (it was withheld).",
                ),
                Text::new(
                    "何も取り除いていない元の bundle.junkyo を提出してください。",
                    "Submit the bundle.junkyo that nothing was withheld from.",
                ),
            )]
        })?;
        let manifest = bundle.manifest_digest();
        let statement = report_statement(&report, manifest, bundle.tree());
        let product = product_of_report(&report);
        let (statement, product) = match (statement, product) {
            (Ok(statement), Ok(product)) => (statement, product),
            (Err(error), _) | (_, Err(error)) => {
                return Err(vec![refusal(
                    RefusalCode::StatementMismatch,
                    Text::new(
                        format!("report.json から署名の対象となる内容を導けません: {error}"),
                        format!("What is to be signed does not follow from report.json: {error}"),
                    ),
                    REPORT_AGAIN.clone(),
                )]);
            }
        };
        let mut refusals = Vec::new();
        let lines = bundle
            .envelope()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let envelopes = lines
            .as_deref()
            .map(|lines| envelopes(lines, &statement, &mut refusals))
            .unwrap_or_default();
        if !refusals.is_empty() {
            return Err(refusals);
        }
        Ok(Self {
            manifest,
            statement,
            product,
            envelopes,
            lines: lines.unwrap_or_default(),
            withheld: bundle.redactions().len(),
            real_data: real_data(&report),
            report,
        })
    }

    /// What the report claims, as the tables keep it.
    pub(in crate::registry) fn claimed(&self) -> JudgedReport {
        judged(&self.statement, Digest::of(&self.report))
    }
}

/// What a report says, as the tables keep it.
pub(in crate::registry) fn judged(statement: &Statement<ConformanceReport>, report: Digest) -> JudgedReport {
    let says = &statement.predicate;
    let mut results: Vec<RequirementResult> = says
        .results
        .iter()
        .map(|result| RequirementResult {
            profile: result.profile.clone(),
            id: result.id.clone(),
            verdict: result.verdict.clone(),
            held: result.held,
            judged: result.judged,
            reason: result.reason.clone(),
        })
        .collect();
    results.sort_by(|one, other| (&one.profile, &one.id).cmp(&(&other.profile, &other.id)));
    JudgedReport {
        corpus: says.suite.digest.sha256.to_string(),
        outcome: says.outcome.clone(),
        profiles: says
            .profiles
            .iter()
            .map(|profile| ProfileResult {
                id: profile.id.clone(),
                outcome: profile.outcome.clone(),
            })
            .collect(),
        results,
        report: Some(report),
    }
}

fn real_data(report: &[u8]) -> u64 {
    let guarded: Option<Guarded> = serde_json::from_slice(report).ok();
    let found = guarded.and_then(|guarded| guarded.real_data);
    found
        .filter(|found| found.allowed.is_none())
        .map_or(0, |found| found.count)
}

fn envelopes(lines: &str, expected: &Statement<ConformanceReport>, refusals: &mut Vec<Refusal>) -> Vec<Envelope> {
    let Ok(payload) = expected.to_bytes() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()).take(20) {
        match Envelope::parse(line.as_bytes()) {
            Err(error) => refusals.push(refusal(
                RefusalCode::SignatureInvalid,
                Text::new(
                    format!("report.intoto.jsonl に署名として読めない行があります: {error}"),
                    format!("report.intoto.jsonl has a line that is no signature: {error}"),
                ),
                sign_again(),
            )),
            Ok(envelope) if envelope.payload == payload => found.push(envelope),
            Ok(_) => refusals.push(refusal(
                RefusalCode::StatementMismatch,
                Text::new(
                    "署名された内容が、このバンドルの report.json と目録から導かれる内容と一致しません。",
                    "What was signed is not what follows from report.json and manifest of this bundle.",
                ),
                sign_again(),
            )),
        }
    }
    found
}

pub(super) fn sign_again() -> Text {
    Text::new(
        "元のバンドルに `junkyo sign` で署名し直してください。",
        "Sign the bundle as it was written with `junkyo sign`.",
    )
}

fn not_opened(error: &BundleError) -> Refusal {
    let code = match error.code() {
        "too-large" => RefusalCode::TooLarge,
        "manifest-mismatch" => RefusalCode::ManifestMismatch,
        _ => RefusalCode::NotCanonical,
    };
    // The path is that of our temporary file: it says nothing to the vendor.
    let detail = error.to_string();
    let detail = detail.split_once(": ").map_or(detail.as_str(), |(_, rest)| rest);
    let remedy = match code {
        RefusalCode::TooLarge => Text::new(
            "プロファイルごとに実行を分けるか、事務局に連絡してください。",
            "Split the run by profiles, or contact the office.",
        ),
        _ => Text::new(
            "junkyo が書いた bundle.junkyo をそのまま送ってください。圧縮し直したり、メールの無害化を通したりしないでください。",
            "Send the bundle.junkyo as junkyo wrote it. Do not pack it again, and do not let mail filters rewrite it.",
        ),
    };
    refusal(
        code,
        Text::new(
            format!("バンドルを受け付けられません: {detail}"),
            format!("The bundle cannot be taken: {detail}"),
        ),
        remedy,
    )
}
