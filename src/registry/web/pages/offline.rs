//! Public pages without a server: what the static export asks for.

use super::super::params::Params;
use super::super::reply::PageError;
use super::super::route::{self, Handler, Verb};
use super::super::visitor::Visitor;
use crate::registry::Registry;
use crate::registry::model::{Actor, Role};
use crate::text::Lang;
use crate::wire::form_decode;

/// The public page of an address, as somebody who is not signed in sees it. `origin` is the scheme and host that absolute
/// links begin with.
///
/// # Errors
/// `NotFound` if no public page has this address; whatever the page itself says.
pub fn public_page(registry: &Registry, lang: Lang, origin: &str, address: &str) -> Result<Vec<u8>, PageError> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let (route, pairs) = route::routes()
        .filter(|route| route.verb == Verb::Get && route.roles.contains(&Role::Public))
        .find_map(|route| Some((route, matched(route.path, path)?)))
        .ok_or(PageError::NotFound)?;
    let Handler::Page(page) = route.handler else {
        return Err(PageError::NotFound);
    };
    let visitor = Visitor {
        actor: Actor::public(),
        lang,
        csrf: String::new(),
        origin: origin.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        title: route.title(lang),
        network: String::new(),
        may_be_sent_to_sign_in: false,
        session: None,
        token: None,
    };
    let params = Params {
        path: pairs,
        query: form_decode(query),
        ..Params::default()
    };
    page(registry, &visitor, &params).map(super::super::reply::Reply::into_bytes)
}

/// The named segments of a path, if it has the form of a template.
fn matched(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let (mut expected, mut found) = (template.split('/'), path.split('/'));
    let mut pairs = Vec::new();
    loop {
        match (expected.next(), found.next()) {
            (None, None) => return Some(pairs),
            (Some(segment), Some(value)) => {
                if let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                    if name.starts_with('*') || value.is_empty() {
                        return None;
                    }
                    pairs.push((name.to_owned(), value.to_owned()));
                } else if segment != value {
                    return None;
                }
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_match_whole_paths_only() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(matched("/r/{number}", "/r/JK-1"), Some(vec![pair("number", "JK-1")]));
        assert_eq!(matched("/catalog", "/catalog"), Some(Vec::new()));
        for (template, path) in [
            ("/r/{number}", "/r/"),
            ("/r/{number}", "/r/x/y"),
            ("/catalog", "/log"),
            ("/log/{*path}", "/log/x"),
        ] {
            assert_eq!(matched(template, path), None, "{template} {path}");
        }
    }
}
