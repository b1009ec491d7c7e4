//! The check of answers to a request for proposals.

use askama::Template;

use super::form::{Form, fault, faults_of};
use super::view::Words;
use super::{around, page};
use crate::registry::Registry;
use crate::registry::web::{PageError, Params, Reply, Visitor};
use crate::rfp::{Finding, RfpResult, output};
use crate::text::Text;
use crate::text::date::Day;

/// Media type of Excel files.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// What a claim can turn out to be.
const FINDINGS: &[Finding] = &[
    Finding::Substantiated,
    Finding::Contradicted,
    Finding::NotSubstantiated,
    Finding::OutOfScope,
    Finding::Expired,
    Finding::Suspended,
    Finding::Undetermined,
];

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/rfp.html" %}"#)]
struct Upload<'a> {
    visitor: &'a Visitor,
    form: Form<'a>,
    words: Vec<(Text, Text)>,
}

pub(super) fn show(_: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    upload(visitor, Form::new(visitor, &[]))
}

fn upload(visitor: &Visitor, form: Form<'_>) -> Result<Reply, PageError> {
    let status = form.status();
    let body = Upload {
        visitor,
        form,
        words: FINDINGS
            .iter()
            .map(|finding| (finding.text(), finding.meaning()))
            .collect(),
    };
    page(visitor, visitor.title, &body).map(|reply| reply.status(status))
}

pub(super) fn check(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let again = |faults| upload(visitor, Form::again(visitor, params.form_pairs(), faults));
    let Some(file) = params.file("list").filter(|file| file.size > 0) else {
        return again(fault("list", "ファイルを選んでください。", "Choose a file."));
    };
    let as_of = match params.form("asOf").map(Day::parse) {
        None => None,
        Some(Ok(day)) => Some(day),
        Some(Err(_)) => return again(fault("asOf", "日付として読めません。", "This is no day.")),
    };
    let bytes = file.read().map_err(PageError::internal)?;
    match registry.check_claims(&file.name, &bytes, as_of) {
        Ok(result) => answer(visitor, &result, params.text("as")),
        Err(error) => {
            let mut faults = faults_of(error)?;
            // Whatever is wrong with the file is told at its field.
            for fault in &mut faults {
                "list".clone_into(&mut fault.field);
            }
            again(faults)
        }
    }
}

/// A result in the form that was asked for.
pub(super) fn answer(visitor: &Visitor, result: &RfpResult, form: &str) -> Result<Reply, PageError> {
    match form {
        "xlsx" => {
            let bytes = output::result_xlsx(result, visitor.lang).map_err(PageError::internal)?;
            Ok(Reply::file(bytes, XLSX, "rfp-result.xlsx"))
        }
        "json" => {
            let bytes = result.to_json().map_err(PageError::internal)?;
            Ok(Reply::file(bytes, "application/json", "rfp-result.json"))
        }
        _ => {
            let body = output::html_fragment(result, visitor.lang).map_err(PageError::internal)?;
            Ok(Reply::html(around(visitor, &result.title, &body)))
        }
    }
}
