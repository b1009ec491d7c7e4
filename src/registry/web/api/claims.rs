//! Claims of vendors against the catalog, and the notices of the procurement board.

use super::{PUBLIC_SECONDS, asked_day};
use crate::registry::web::Web;
use crate::registry::web::params::Params;
use crate::registry::web::reply::{PageError, Reply};
use crate::registry::web::visitor::Visitor;

pub(super) fn check(web: &Web, _: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let upload = params
        .file("")
        .ok_or_else(|| PageError::internal("an upload without a file"))?;
    let name = match upload.media_type.as_str() {
        "application/json" => "claims.json",
        "text/csv" => "claims.csv",
        _ => "claims.xlsx",
    };
    let bytes = upload.read().map_err(PageError::internal)?;
    let result = web.registry.check_claims(name, &bytes, asked_day(params)?)?;
    let json = result.to_json().map_err(PageError::internal)?;
    Ok(Reply::bytes("application/json", json))
}

pub(super) fn board(web: &Web, _: &Visitor, _: &Params) -> Result<Reply, PageError> {
    Ok(Reply::bytes("application/json", web.registry.board_json()?).cache(PUBLIC_SECONDS))
}

pub(super) fn feed(web: &Web, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let feed = web.registry.board_feed(&visitor.origin, visitor.lang)?;
    Ok(Reply::bytes("application/atom+xml; charset=utf-8", feed.into_bytes()).cache(PUBLIC_SECONDS))
}
