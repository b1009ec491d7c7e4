//! What vendors do with a token: challenges, submissions, documents.

use serde_json::Value as Json;

use super::types::{
    ChallengeAnswer, ChallengeRequest, DocumentAnswer, ReceiptAnswer, SubmissionAnswer, SubmissionList,
};
use crate::attest::bundle::{Bundle, Limits};
use crate::registry::model::{
    Challenge, ChallengeId, DocumentKind, ProductFilter, ProductId, SubmissionFilter, SubmissionId,
};
use crate::registry::service::{FieldError, Upload};
use crate::registry::web::Web;
use crate::registry::web::params::{self, Params};
use crate::registry::web::reply::{PageError, Reply};
use crate::registry::web::visitor::Visitor;
use crate::text::Text;
use crate::text::date::Day;

/// The product that the token is for, if it is for one only.
fn only(visitor: &Visitor) -> Option<&ProductId> {
    visitor.token.as_ref()?.product.as_ref()
}

/// Refuses what belongs to another product than that of the token, as if it did not exist.
fn within(visitor: &Visitor, product: &ProductId) -> Result<(), PageError> {
    match only(visitor) {
        Some(only) if only != product => Err(PageError::NotFound),
        _ => Ok(()),
    }
}

pub(super) fn open_challenge(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let parsed = crate::attest::canonical::parse(params.json()).map_err(|error| error.to_string());
    let request: ChallengeRequest = parsed
        .and_then(|value: Json| serde_json::from_value(value).map_err(|error| error.to_string()))
        .map_err(|error| {
            PageError::BadRequest(Text::new(
                format!("JSON を読めません: {error}"),
                format!("The JSON cannot be read: {error}"),
            ))
        })?;
    let filter = ProductFilter {
        vendor: visitor.actor.vendor.clone(),
        ..ProductFilter::default()
    };
    let products = web.registry.products(&visitor.actor, &filter)?;
    let product = products
        .iter()
        .filter(|product| only(visitor).is_none_or(|only| *only == product.id))
        .find(|product| product.name == request.product)
        .ok_or_else(|| {
            unknown(
                "product",
                format!(
                    "製品「{}」は登録されていません。製品画面の名称と一字一句同じにしてください。",
                    request.product
                ),
                format!(
                    "There is no product {:?}. Write its name exactly as on its page.",
                    request.product
                ),
            )
        })?;
    let versions = web.registry.versions(&visitor.actor, &product.id)?;
    let version = versions
        .iter()
        .find(|version| version.version == request.version)
        .ok_or_else(|| {
            let known = versions
                .iter()
                .map(|version| version.version.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            unknown(
                "version",
                format!("版「{}」は登録されていません。登録済み: {known}", request.version),
                format!("There is no version {:?}. Known: {known}", request.version),
            )
        })?;
    let challenge = web
        .registry
        .open_challenge(&visitor.actor, &version.id, &request.profiles)?;
    Ok(Reply::json(&ChallengeAnswer::from(&challenge))?.status(201))
}

fn unknown(field: &str, ja: String, en: String) -> PageError {
    PageError::Invalid(vec![FieldError::new(field, Text::new(ja, en))])
}

pub(super) fn challenge(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let challenge = web
        .registry
        .challenge(&visitor.actor, &ChallengeId::from(params.path("id")))?;
    within(visitor, &challenge.product)?;
    Reply::json(&ChallengeAnswer::from(&challenge))
}

pub(super) fn submit(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let upload = params
        .file("")
        .ok_or_else(|| PageError::internal("an upload without a file"))?;
    if only(visitor).is_some()
        && let Some(challenge) = challenge_of(web, visitor, upload)?
    {
        within(visitor, &challenge.product)?;
    }
    let receipt = web.registry.submit(&visitor.actor, upload.path())?;
    let status = if receipt.again { 200 } else { 201 };
    Ok(Reply::json(&ReceiptAnswer::from(&receipt))?.status(status))
}

/// The challenge that a bundle names. What cannot be read, or names none of the vendor's, is for the intake to refuse: it
/// knows all reasons, and takes nothing without a challenge.
fn challenge_of(web: &Web, visitor: &Visitor, upload: &params::Upload) -> Result<Option<Challenge>, PageError> {
    let report = Bundle::open(upload.path(), &Limits::INTAKE).and_then(|bundle| bundle.read("report.json"));
    let named = report
        .ok()
        .and_then(|bytes| serde_json::from_slice::<Json>(&bytes).ok())
        .and_then(|report| report.pointer("/run/challenge/id")?.as_str().map(ChallengeId::from));
    Ok(named.and_then(|id| web.registry.challenge(&visitor.actor, &id).ok()))
}

pub(super) fn submissions(web: &Web, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let filter = SubmissionFilter {
        vendor: visitor.actor.vendor.clone(),
        product: only(visitor).cloned(),
        ..SubmissionFilter::default()
    };
    let found = web.registry.submissions(&visitor.actor, &filter)?;
    Reply::json(&SubmissionList {
        submissions: found.iter().map(SubmissionAnswer::from).collect(),
    })
}

pub(super) fn submission(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let submission = web
        .registry
        .submission(&visitor.actor, &SubmissionId::from(params.path("id")))?;
    within(visitor, &submission.product)?;
    Reply::json(&SubmissionAnswer::from(&submission))
}

pub(super) fn attach(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let id = SubmissionId::from(params.path("id"));
    let submission = web.registry.submission(&visitor.actor, &id)?;
    within(visitor, &submission.product)?;
    let upload = params
        .file("")
        .ok_or_else(|| PageError::internal("an upload without a file"))?;
    let kind = params.query("kind").and_then(DocumentKind::from_word).ok_or_else(|| {
        let words = DocumentKind::ALL
            .iter()
            .map(|kind| kind.word())
            .collect::<Vec<_>>()
            .join(", ");
        unknown(
            "kind",
            format!("次のいずれかにしてください: {words}"),
            format!("Use one of: {words}"),
        )
    })?;
    let expires = match params.query("expires") {
        None => None,
        Some(text) => Some(Day::parse(text).map_err(|_| {
            unknown(
                "expires",
                "YYYY-MM-DD で指定してください。".to_owned(),
                "Use YYYY-MM-DD.".to_owned(),
            )
        })?),
    };
    let bytes = upload.read().map_err(PageError::internal)?;
    let document = Upload {
        name: params.query("name").unwrap_or("document"),
        media_type: &upload.media_type,
        bytes: &bytes,
    };
    let attached = web
        .registry
        .attach_document(&visitor.actor, &id, kind, expires, &document)?;
    Ok(Reply::json(&DocumentAnswer::from(&attached))?.status(201))
}
