//! SOAP services of the corpus: a description with its files, and sample messages.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Kind;
use crate::text::Text;

/// A `…service.toml` file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServiceFile {
    /// Interface id that scenarios and target files name.
    pub id: String,
    /// Name.
    pub title: Text,
    /// How we know it.
    pub kind: Kind,
    /// The WSDL file, beside this file or below.
    pub wsdl: String,
    /// Prefixes that checks use in paths.
    #[serde(default)]
    pub prefixes: BTreeMap<String, String>,
    /// Operation → file with the content of a request body that the service can answer.
    #[serde(default)]
    pub samples: BTreeMap<String, String>,
    /// Operation → files with the header blocks of a request.
    #[serde(default)]
    pub headers: BTreeMap<String, Vec<String>>,
}

/// A SOAP service with all its files.
#[derive(Clone, Debug)]
pub struct Service {
    /// What its file says.
    pub file: ServiceFile,
    /// Folder of the file inside the corpus, with `/` at its end, or empty.
    pub folder: String,
    /// Text of every file in the folder and below that is no TOML, by its path relative to the folder.
    pub texts: BTreeMap<String, String>,
}

impl Service {
    /// Sample request body of an operation.
    pub fn sample(&self, operation: &str) -> Option<&str> {
        self.texts
            .get(self.file.samples.get(operation)?)
            .map(|text| text.trim())
    }

    /// Sample header blocks of an operation.
    pub fn sample_headers(&self, operation: &str) -> Option<Vec<&str>> {
        let files = self.file.headers.get(operation)?;
        Some(
            files
                .iter()
                .filter_map(|file| self.texts.get(file))
                .map(|text| text.trim())
                .collect(),
        )
    }
}
