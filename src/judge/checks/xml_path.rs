//! Paths of checks into XML messages: `/p:a/p:b[2]/@c`, `//p:b`. A small part of XPath, with prefixes of the service.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::xml::{Document, Element};

/// A value that a path leads to.
pub(super) struct Hit<'d> {
    pub(super) element: Element<'d>,
    pub(super) value: Cow<'d, str>,
}

/// Everything that a path leads to; the error names the part of the path that cannot be understood.
pub(super) fn select<'d>(
    document: &'d Document,
    path: &str,
    prefixes: &BTreeMap<String, String>,
) -> Result<Vec<Hit<'d>>, String> {
    let mut rest = path;
    let mut found: Vec<Element<'d>> = Vec::new();
    let mut first = true;
    while !rest.is_empty() {
        let deep = rest.starts_with("//");
        let Some(after) = rest.strip_prefix("//").or_else(|| rest.strip_prefix('/')) else {
            return Err(rest.to_owned());
        };
        let end = after.find('/').unwrap_or(after.len());
        let (step, remainder) = after.split_at(end);
        rest = remainder;
        if let Some(attribute) = step.strip_prefix('@') {
            let (namespace, local) = name(attribute, prefixes)?;
            return Ok(found
                .into_iter()
                .filter_map(|element| {
                    let value = Cow::Borrowed(element.attribute(namespace, local)?);
                    Some(Hit { element, value })
                })
                .collect());
        }
        let (step, number) = numbered(step)?;
        let (namespace, local) = name(step, prefixes)?;
        let candidates: Vec<Element<'d>> = match (first, deep) {
            (true, false) => vec![document.root()],
            (true, true) => document.elements().collect(),
            (false, false) => found.iter().flat_map(|element| element.children()).collect(),
            (false, true) => found
                .iter()
                .flat_map(|element| element.children().flat_map(Element::descendants_and_self))
                .collect(),
        };
        found = candidates
            .into_iter()
            .filter(|element| local == "*" || element.is(namespace, local))
            .collect();
        if let Some(number) = number {
            found = found.into_iter().skip(number - 1).take(1).collect();
        }
        first = false;
    }
    Ok(found
        .into_iter()
        .map(|element| Hit {
            element,
            value: element.text(),
        })
        .collect())
}

fn numbered(step: &str) -> Result<(&str, Option<usize>), String> {
    let Some((name, number)) = step.split_once('[') else {
        return Ok((step, None));
    };
    let number = number
        .strip_suffix(']')
        .and_then(|number| number.parse().ok())
        .filter(|number| *number > 0);
    number.map(|number| (name, Some(number))).ok_or_else(|| step.to_owned())
}

fn name<'p>(step: &'p str, prefixes: &'p BTreeMap<String, String>) -> Result<(&'p str, &'p str), String> {
    match step.split_once(':') {
        None => Ok(("", step)),
        Some(("soap", local)) => Ok((crate::soap::ENVELOPE, local)),
        Some((prefix, local)) => {
            let namespace = prefixes.get(prefix).ok_or_else(|| step.to_owned())?;
            Ok((namespace, local))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Limits, parse};

    #[test]
    fn paths() {
        let document = parse(
            "<a xmlns='urn:a' k='1'><b>x</b><b>y<c>z</c></b></a>",
            &Limits::default(),
        )
        .expect("XML");
        let prefixes = BTreeMap::from([("p".to_owned(), "urn:a".to_owned())]);
        let values = |path: &str| {
            let hits = select(&document, path, &prefixes).expect("a path");
            hits.into_iter().map(|hit| hit.value.into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(values("/p:a/p:b"), ["x", "y"]);
        assert_eq!(values("/p:a/p:b[2]/p:c"), ["z"]);
        assert_eq!(values("//p:c"), ["z"]);
        assert_eq!(values("/p:a/@k"), ["1"]);
        assert_eq!(values("/p:a/*/p:c"), ["z"]);
        assert!(values("/a").is_empty());
        assert!(select(&document, "/q:a", &prefixes).is_err());
        assert!(select(&document, "p:a", &prefixes).is_err());
        assert!(select(&document, "/p:a[0]", &prefixes).is_err());
    }
}
