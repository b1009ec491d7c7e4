//! Judging a submitted bundle again, with the rooms that judge.

use std::path::Path;
use std::sync::Arc;

use super::intake::Judging;
use crate::attest::bundle::{Bundle, Limits};
use crate::report::{judge_folder, write_json};
use crate::scenario::Corpus;

/// Judges with a corpus, as `junkyo judge` does.
pub struct Again {
    corpus: Arc<Corpus>,
}

impl Again {
    /// With this corpus.
    pub fn new(corpus: Arc<Corpus>) -> Self {
        Self { corpus }
    }
}

impl Judging for Again {
    fn judge(&self, bundle: &Path) -> Result<Vec<u8>, String> {
        let bundle = Bundle::open(bundle, &Limits::OWN).map_err(|error| error.to_string())?;
        let folder = bundle.folder().map_err(|error| error.to_string())?;
        let (report, _) =
            judge_folder(&self.corpus, folder, &bundle.withheld_files()).map_err(|error| error.to_string())?;
        let mut json = Vec::new();
        write_json(&report, &mut json).map_err(|error| error.to_string())?;
        Ok(json)
    }
}
