//! The result as a statement that can be signed: `rfp-result/v1`, about the digest of `result.json`.

use super::OutputError;
use crate::attest::Digest;
use crate::attest::statement::{RfpSummary, Statement, Subject, SuiteRef};
use crate::rfp::result::RfpResult;

/// The statement about a result; sign [`Statement::to_bytes`] in a DSSE envelope.
///
/// # Errors
/// If the result cannot be written.
pub fn result_statement(result: &RfpResult) -> Result<Statement<RfpSummary>, OutputError> {
    let bytes = result.to_json()?;
    Ok(Statement {
        subject: vec![Subject::new("result.json", Digest::of(&bytes))],
        predicate: RfpSummary {
            as_of: result.as_of.to_string(),
            catalog: result.catalog.sha256.map(Into::into),
            counts: result.counts(),
            suite: SuiteRef {
                digest: result.suite.digest.parse::<Digest>()?.into(),
                uri: result.suite.uri.clone(),
            },
        },
    })
}
