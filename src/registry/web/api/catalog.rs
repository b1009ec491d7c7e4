//! What everybody may read: the catalog, its proofs, its changes.

use super::types::{
    ChangePage, EventAnswer, EventList, InterconnectionAnswer, InterconnectionList, Links, ProductPage,
    RegistrationAnswer, SuiteAnswer, SuiteList, object,
};
use super::{PUBLIC_SECONDS, as_of, number};
use crate::attest::Digest;
use crate::catalog::{FeedOptions, Query};
use crate::registry::web::Web;
use crate::registry::web::params::Params;
use crate::registry::web::reply::{PageError, Reply};
use crate::registry::web::visitor::Visitor;
use crate::text::Text;

/// Events in one answer, if nothing is asked, and at most.
const CHANGES: usize = 100;
const MOST_CHANGES: usize = 1_000;
/// Events in the feed.
const FEED: usize = 100;

pub(super) fn products(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let day = as_of(web, params)?;
    let pairs = params
        .query_pairs()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let query = Query::from_pairs(pairs).map_err(|error| {
        PageError::BadRequest(Text::new(
            format!("検索条件を読めません: {error}"),
            format!("The query cannot be read: {error}"),
        ))
    })?;
    let catalog = web.registry.catalog()?;
    let page = ProductPage::new(&catalog.search(&query, day), day, &visitor.origin)?;
    Ok(Reply::json(&page)?.cache(PUBLIC_SECONDS))
}

pub(super) fn registration(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let (number, day) = (number(params)?, as_of(web, params)?);
    let catalog = web.registry.catalog()?;
    let record = catalog.record(&number.to_string()).ok_or(PageError::NotFound)?;
    // Before its first day there was nothing.
    let (then, status) = record.at(day).zip(record.status_at(day)).ok_or(PageError::NotFound)?;
    let answer = RegistrationAnswer {
        as_of: day.to_string(),
        status: status.word().to_owned(),
        links: Links::new(
            &visitor.origin,
            &then.registration,
            then.results_digest.map(|digest| digest.to_string()),
        ),
        record: object(&then)?,
    };
    Ok(Reply::json(&answer)?.cache(PUBLIC_SECONDS))
}

pub(super) fn history(web: &Web, _: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let events = web.registry.events(number(params)?)?;
    let answer = EventList {
        events: events.iter().map(EventAnswer::from).collect(),
    };
    Ok(Reply::json(&answer)?.cache(PUBLIC_SECONDS))
}

pub(super) fn proof(web: &Web, _: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let number = number(params)?;
    let pack = web.registry.proof_pack(number)?;
    Ok(Reply::file(pack, "application/zip", &format!("{number}.proof.zip")).cache(PUBLIC_SECONDS))
}

pub(super) fn json(web: &Web, _: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let (catalog, _) = web.registry.snapshot()?.ok_or(PageError::NotFound)?;
    let tag = Digest::of(&catalog).to_string();
    Ok(Reply::bytes("application/json", catalog)
        .cache(PUBLIC_SECONDS)
        .tag(&tag))
}

pub(super) fn signature(web: &Web, _: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let (_, line) = web.registry.snapshot()?.ok_or(PageError::NotFound)?;
    Ok(Reply::bytes("application/vnd.dsse+json", line.into_bytes()).cache(PUBLIC_SECONDS))
}

pub(super) fn csv(web: &Web, _: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let day = as_of(web, params)?;
    let text = web.registry.catalog()?.to_csv(day);
    Ok(Reply::file(text.into_bytes(), "text/csv; charset=utf-8", "catalog.csv").cache(PUBLIC_SECONDS))
}

pub(super) fn columns(_: &Web, _: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let text = crate::catalog::data_dictionary();
    Ok(Reply::file(text.into_bytes(), "text/csv; charset=utf-8", "catalog-columns.csv").cache(PUBLIC_SECONDS))
}

pub(super) fn feed(web: &Web, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let catalog = web.registry.catalog()?;
    let now = web.registry.now().to_string();
    let options = FeedOptions {
        base: &visitor.origin,
        title: visitor.lang.pick("準拠登録", "junkyo registry"),
        updated: catalog.head().map_or(now.as_str(), |head| head.issued_at.as_str()),
        lang: visitor.lang,
    };
    let feed = catalog.atom(&options, FEED);
    Ok(Reply::bytes("application/atom+xml; charset=utf-8", feed.into_bytes()).cache(PUBLIC_SECONDS))
}

pub(super) fn changes(web: &Web, _: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let number = |name: &str, otherwise: u64| match params.query(name) {
        None => Ok(otherwise),
        Some(text) => text.parse::<u64>().map_err(|_| {
            PageError::BadRequest(Text::new(
                format!("{name} は数で指定してください。"),
                format!("{name} has to be a number."),
            ))
        }),
    };
    let since = number("since", 0)?;
    let count = usize::try_from(number("count", CHANGES as u64)?)
        .unwrap_or(MOST_CHANGES)
        .clamp(1, MOST_CHANGES);
    let events = web.registry.changes(since, count)?;
    let answer = ChangePage {
        next: events.last().map_or(since, |event| event.log_index + 1),
        events: events.iter().map(EventAnswer::from).collect(),
    };
    Ok(Reply::json(&answer)?.cache(PUBLIC_SECONDS))
}

pub(super) fn report(web: &Web, _: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let digest = params
        .path("file")
        .strip_suffix(".intoto.jsonl")
        .and_then(|digest| digest.parse::<Digest>().ok())
        .ok_or(PageError::NotFound)?;
    let mut line = web.registry.report_statement(&digest)?;
    if !line.ends_with(b"\n") {
        line.push(b'\n');
    }
    Ok(Reply::bytes("application/vnd.dsse+json", line).immutable())
}

pub(super) fn interconnections(web: &Web, _: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let number = match params.query("registration") {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| PageError::NotFound)?),
    };
    let found = web.registry.interconnections(number)?;
    let answer = InterconnectionList {
        interconnections: found.iter().map(InterconnectionAnswer::from).collect(),
    };
    Ok(Reply::json(&answer)?.cache(PUBLIC_SECONDS))
}

pub(super) fn suites(web: &Web, _: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let suites = web.registry.suites()?;
    let answer = SuiteList {
        suites: suites.iter().map(SuiteAnswer::from).collect(),
    };
    Ok(Reply::json(&answer)?.cache(PUBLIC_SECONDS))
}
