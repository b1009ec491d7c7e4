//! The service description that the provider serves: the files of the corpus with the real addresses.

use crate::mock::defect_violations::spoil_description;
use crate::mock::{Defect, DefectSet};
use crate::schema::{DocumentSet, SchemaSource};

const WSDL: &str = include_str!("../../../conformance/platform-communication/service/exchange.wsdl");
const MESSAGES: &str = include_str!("../../../conformance/platform-communication/service/messages.xsd");
const TYPES: &str = include_str!("../../../conformance/platform-communication/service/types.xsd");
/// Where the service is, as the file has it.
const PLACEHOLDER: &str = "http://localhost:8080";
/// The schemas of the messages, for a validator.
pub(super) fn schemas() -> [SchemaSource; 2] {
    [("messages.xsd", MESSAGES), ("types.xsd", TYPES)].map(|(location, text)| SchemaSource {
        location: location.to_owned(),
        text: text.to_owned(),
    })
}

/// The description of a service at `base` (an address without a path), spoiled by the defects. Its root document is what
/// `?wsdl` answers.
pub(super) fn documents(base: &str, defects: &DefectSet) -> DocumentSet {
    let clean = DocumentSet::new(
        "exchange.wsdl",
        [
            ("exchange.wsdl", WSDL),
            ("messages.xsd", MESSAGES),
            ("types.xsd", TYPES),
        ]
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())),
    );
    let documents = spoil_description(clean, defects);
    if defects.has(Defect::WsdlAddressStale) {
        return documents;
    }
    let root = documents.root().to_owned();
    let located = documents
        .iter()
        .map(|(name, bytes)| (name.to_owned(), located(bytes, base)));
    DocumentSet::new(root, located.collect::<Vec<_>>())
}

/// A document with the real addresses. One that is not UTF-8, which is a mistake of its own, stays as it is.
fn located(bytes: &[u8], base: &str) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.replace(PLACEHOLDER, base).into_bytes(),
        Err(_) => bytes.to_vec(),
    }
}
