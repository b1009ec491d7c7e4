//! The facts of a run: its first record, and everything that a verdict depends on besides exchanges.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::DescriptionFiles;
use crate::standard::ReadingChoice;

/// Facts about the place for files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default)]
pub struct FilePlaceFacts {
    /// The place, in words.
    pub place: String,
    /// Whether files cross the network encrypted; absent where they cross none.
    pub encrypted: Option<bool>,
}

/// The challenge of a registry that a run answers.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ChallengeFacts {
    /// Its id at the registry.
    pub id: String,
    /// Its nonce, base64.
    pub nonce: String,
}

impl ChallengeFacts {
    /// The seed of a run that answers it: the first 53 bits that SHA-256 of the nonce can give as a number that JSON
    /// keeps exactly. So nobody knows the data of the test before the challenge is given.
    pub fn seed(&self) -> u64 {
        let nonce = STANDARD
            .decode(&self.nonce)
            .unwrap_or_else(|_| self.nonce.clone().into_bytes());
        let digest = Sha256::digest(&nonce);
        let first = digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte));
        first & ((1 << 53) - 1)
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunEnd {
    /// Every planned scenario was carried out.
    Complete,
    /// Somebody interrupted it.
    Interrupted,
    /// The product was out of reach again and again.
    Unreachable,
}

/// What a recording was put together of.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct MergedFacts {
    /// How many recordings.
    pub parts: usize,
    /// Each is a run of the whole plan; otherwise each is a part of one.
    pub repeated: bool,
}

/// What judging has to know of a run besides the exchanges. Everything a verdict depends on is here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default)]
pub struct RunFacts {
    /// Version of the record format.
    pub format: u32,
    /// Version of junkyo.
    pub tool: String,
    /// SHA-256 of the corpus.
    pub corpus: String,
    /// SHA-256 of the target file; empty for the reference platform.
    pub target: String,
    /// Start of the run, Unix milliseconds.
    pub started_unix_ms: u64,
    /// Seed of the synthetic data.
    pub seed: u64,
    /// 市区町村コード of the municipality under test.
    pub municipality: String,
    /// 宛名番号 of residents.
    pub residents: Vec<String>,
    /// Vendor, name and version of the product.
    pub product: BTreeMap<String, String>,
    /// Profiles claimed and selected.
    pub profiles: Vec<String>,
    /// Ids of the scenarios that were planned.
    pub planned: Vec<String>,
    /// Whether the plan is the whole of the profiles, or a selection.
    pub partial: bool,
    /// Options of the readings.
    pub readings: ReadingChoice,
    /// Driver actions that the product offers.
    pub offers: Vec<String>,
    /// Client id that the harness gives to a consumer product.
    pub consumer_client_id: String,
    /// Secret that the harness gives to a consumer product; made for the test, no secret of anyone.
    pub consumer_client_secret: String,
    /// Client id that the harness uses towards a provider product.
    pub client_id: String,
    /// Milliseconds that a consumer product is told to wait before it sends again.
    pub retry_wait_ms: u64,
    /// Length of the client secret that the harness uses, in characters.
    pub client_secret_length: usize,
    /// Descriptions of the SOAP services that were agreed on, by interface id: messages are judged against these.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub descriptions: BTreeMap<String, DescriptionFiles>,
    /// Certificates (PEM) that signatures of the product have to lead to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub signature_authorities: String,
    /// Where files are laid down, in words, and whether they cross the network encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<FilePlaceFacts>,
    /// The exchanges are traffic between two systems that a monitor recorded: there is no end but that of the recording.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub monitor: bool,
    /// The command that repeats the run, without a filter; reports name it where something did not pass.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub repeat: String,
    /// The challenge of a registry that the run answers; the seed follows from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<ChallengeFacts>,
    /// Why data that look like those of real people may be recorded; absent: they may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub real_looking_data: Option<String>,
    /// The recordings of several runs follow, each with facts of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged: Option<MergedFacts>,
    /// Time limits of checks are this part of what they say. Only the reference platform, which
    /// lives faster than a product, has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_scale: Option<f64>,
}
