//! Descriptions of SOAP services as judging needs them: read and compiled once.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ws_i::{Answers, judge_description};
use crate::evidence::{Channel, DescriptionFiles, Note};
use crate::schema::wsdl::Description;
use crate::schema::{CompiledSchema, DocumentSet, SchemaEngine, SchemaFault};
use crate::standard::ReadingChoice;
use crate::text::Text;

use super::context::{Context, Parsed};

/// A description with its compiled schemas.
pub(super) struct Described {
    pub(super) description: Description,
    pub(super) schema: Result<CompiledSchema, SchemaFault>,
    /// Prefixes that paths in checks use.
    pub(super) prefixes: BTreeMap<String, String>,
}

impl Described {
    /// Reads and compiles. The error is for reports.
    pub(super) fn new(documents: DocumentSet, prefixes: BTreeMap<String, String>) -> Result<Self, Text> {
        let description = Description::read(documents)
            .map_err(|error| Text::new(format!("{}: {}", error.location, error.message.ja), error.to_string()))?;
        let schema = CompiledSchema::compile(&description.schemas);
        Ok(Self {
            description,
            schema,
            prefixes,
        })
    }

    pub(super) fn engine(&self) -> Option<&dyn SchemaEngine> {
        self.schema.as_ref().ok().map(|schema| schema as &dyn SchemaEngine)
    }
}

/// Recorded files as a set of documents.
pub(super) fn document_set(files: &DescriptionFiles) -> DocumentSet {
    let texts = files
        .texts
        .iter()
        .map(|(location, text)| (location.clone(), text.clone().into_bytes()));
    let binaries = files.binaries.iter().map(|(location, text)| {
        // Journals are checked when they are read; what is broken after all is an empty file, and told as such.
        (location.clone(), STANDARD.decode(text).unwrap_or_default())
    });
    DocumentSet::new(files.root.clone(), texts.chain(binaries))
}

/// What assertions say about the description that a step fetched, or `None` if it fetched nothing.
pub(super) fn answers_of_step(context: &Context<'_>, step: &str, readings: &ReadingChoice) -> Option<Answers> {
    let documents = documents_of_step(context, step)?;
    let description = Description::read(documents).ok()?;
    let schema = CompiledSchema::compile(&description.schemas);
    Some(judge_description(&description, &schema, readings))
}

pub(super) fn documents_of_step(context: &Context<'_>, step: &str) -> Option<DocumentSet> {
    let given = context.evidence.notes.iter().find_map(|note| match note {
        Note::Documents { step: of, files } if of == step => Some(document_set(files)),
        _ => None,
    });
    if given.is_some() {
        return given;
    }
    let fetched: Vec<(String, Vec<u8>)> = context
        .of_step(step)
        .into_iter()
        .filter(|parsed| parsed.exchange.channel == Channel::Description)
        .filter_map(|parsed| {
            Some((
                address_of(parsed)?,
                parsed.response().filter(|r| r.status == 200)?.body.clone(),
            ))
        })
        .collect();
    let (root, _) = fetched.first()?;
    Some(DocumentSet::new(root.clone(), fetched.clone()))
}

/// The address that an exchange asked for.
fn address_of(parsed: &Parsed<'_>) -> Option<String> {
    let request = parsed.request()?;
    let scheme = if parsed.exchange.tls.is_some() { "https" } else { "http" };
    Some(format!("{scheme}://{}{}", request.headers.get("host")?, request.target))
}
