//! What a description file refers to.

use std::collections::HashSet;

use super::{WSDL, XSD};
use crate::schema::{has_scheme, join_address};
use crate::xml::{Doctype, Limits, parse_bytes};

/// Addresses of the WSDL and schema files that a file at `address` imports or includes, each once, in document order.
/// A file that is no XML refers to nothing.
pub fn references(address: &str, bytes: &[u8]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut known = HashSet::new();
    for reference in written_references(bytes) {
        let whole = if has_scheme(&reference) {
            reference
        } else {
            join_address(address, &reference)
        };
        if known.insert(whole.clone()) {
            found.push(whole);
        }
    }
    found
}

/// The same as they are written in the file.
pub fn written_references(bytes: &[u8]) -> Vec<String> {
    let limits = Limits::default().with_doctype(Doctype::Skip);
    let Ok(document) = parse_bytes(bytes, None, &limits) else {
        return Vec::new();
    };
    let mut found: Vec<String> = Vec::new();
    for element in document.elements() {
        let reference = match (element.namespace(), element.local()) {
            (WSDL, "import") => element.attribute("", "location"),
            (XSD, "import" | "include" | "redefine") => element.attribute("", "schemaLocation"),
            _ => None,
        };
        let Some(reference) = reference.map(str::trim).filter(|reference| !reference.is_empty()) else {
            continue;
        };
        found.push(reference.to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_of_both_kinds() {
        let wsdl = br#"<d xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:x="http://www.w3.org/2001/XMLSchema">
            <w:import location="a.wsdl"/><x:import schemaLocation="?xsd=1"/><x:import schemaLocation="http://o/b.xsd"/>
            <x:include schemaLocation=""/><w:import location="a.wsdl"/></d>"#;
        assert_eq!(
            references("http://h/s?wsdl", wsdl),
            ["http://h/a.wsdl", "http://h/s?xsd=1", "http://o/b.xsd"]
        );
        assert!(references("http://h/", b"no XML").is_empty());
    }
}
