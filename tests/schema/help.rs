//! What all tests need.

use std::fs;
use std::path::Path;

use junkyo::schema::{Against, CompiledSchema, SchemaEngine, SchemaError, SchemaSource};
use junkyo::xml::{Limits, parse};

/// A source from a text.
pub(crate) fn source(location: &str, text: &str) -> SchemaSource {
    SchemaSource {
        location: location.to_owned(),
        text: text.to_owned(),
    }
}

/// A schema without target namespace around some components.
pub(crate) fn schema(components: &str) -> CompiledSchema {
    let text = format!("<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>{components}</xs:schema>");
    CompiledSchema::compile(&[source("test.xsd", &text)]).expect("the schema is sound")
}

/// The schema of the reference exchange service.
pub(crate) fn service() -> CompiledSchema {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/platform-communication/service");
    let sources = ["messages.xsd", "types.xsd"].map(|name| {
        source(
            name,
            &fs::read_to_string(folder.join(name)).expect("the schema is in the repository"),
        )
    });
    CompiledSchema::compile(&sources).expect("the schema is sound")
}

/// Errors of a document against the declaration of its root element.
pub(crate) fn errors(schema: &CompiledSchema, text: &str) -> Vec<SchemaError> {
    let document = parse(text, &Limits::default()).expect("the document is well-formed");
    schema.validate(document.root(), Against::Declaration)
}

/// Codes and paths of all errors.
pub(crate) fn codes(schema: &CompiledSchema, text: &str) -> Vec<(String, String)> {
    errors(schema, text)
        .into_iter()
        .map(|error| (error.code, error.path))
        .collect()
}

/// Exactly one error, of this code at this path; gives it.
#[track_caller]
pub(crate) fn one(schema: &CompiledSchema, text: &str, code: &str, path: &str) -> SchemaError {
    let mut errors = errors(schema, text);
    let found: Vec<_> = errors
        .iter()
        .map(|error| (error.code.as_str(), error.path.as_str()))
        .collect();
    assert_eq!(found, [(code, path)], "{errors:#?}");
    let error = errors.remove(0);
    assert!(!error.message.ja.is_ascii(), "no Japanese: {error:?}");
    assert!(error.message.en.is_ascii() || !text.is_ascii(), "no English: {error:?}");
    error
}

/// A generator of numbers that gives the same row for a seed (SplitMix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let bound = u64::try_from(limit).expect("a limit fits");
        usize::try_from((mixed ^ (mixed >> 31)) % bound).expect("below the limit")
    }
}
