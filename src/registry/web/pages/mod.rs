//! The pages of the register. G writes them; here only what the server needs to run.

use super::params::Params;
use super::reply::{PageError, Problem, Reply};
use super::route::{ANYBODY, Route};
use super::visitor::Visitor;
use crate::registry::Registry;

/// The style sheet of all pages.
pub const STYLE: &str = "body { font-family: serif; max-width: 60rem; margin: auto }\n";

/// The pages of the table.
pub const ROUTES: &[Route] = &[Route::page(
    "/",
    ANYBODY,
    ("準拠登録", "Register of conformance"),
    front,
)];

fn front(_: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    Ok(Reply::html(plain(visitor, visitor.title, "")).cache(60))
}

/// A page around a piece of HTML.
pub fn plain(visitor: &Visitor, title: &str, body: &str) -> String {
    let lang = visitor.lang.pick("ja", "en");
    let title = escape(title);
    format!(
        "<!doctype html><html lang=\"{lang}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><link rel=\"stylesheet\" href=\"/style.css\"></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>"
    )
}

/// The page of a failure.
pub fn error_page(visitor: &Visitor, problem: &Problem) -> String {
    let reasons: String = problem
        .reasons
        .iter()
        .map(|reason| {
            format!(
                "<li><code>{}</code> {}</li>",
                escape(&reason.code),
                escape(reason.text.get(visitor.lang))
            )
        })
        .collect();
    let body = format!("<p>{}</p><ul>{reasons}</ul>", escape(problem.detail.get(visitor.lang)));
    plain(visitor, problem.title.get(visitor.lang), &body)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
