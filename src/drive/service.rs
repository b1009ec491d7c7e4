//! A SOAP service as a run meets it: its description, where its ports are, and messages that it can answer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::services::PLATFORM;
use crate::evidence::DescriptionFiles;
use crate::schema::generate::{Root, sample};
use crate::schema::wsdl::{BoundMessage, Description, DescriptionError, Operation, OwnedName, Port, Soap, Style};
use crate::schema::{CompiledSchema, DocumentSet, DocumentsError};
use crate::standard::Service;
use crate::wire::Url;

/// Why a service cannot be tested.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// Its files cannot be read.
    #[error(transparent)]
    Files(#[from] DocumentsError),
    /// Its description is of no use.
    #[error("description of `{id}`: {source}")]
    Description {
        /// Interface id.
        id: String,
        /// The cause.
        source: DescriptionError,
    },
    /// It offers nothing that SOAP 1.1 could call.
    #[error(
        "description of `{id}` ({location}): no port with a SOAP 1.1 binding over HTTP was found{why}; \
         name the right file in endpoints.\"{id}\".wsdl"
    )]
    NoPort {
        /// Interface id.
        id: String,
        /// The file.
        location: String,
        /// What was found instead.
        why: String,
    },
    /// A sample message cannot be read.
    #[error("cannot read sample {path}: {source}")]
    Sample {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// Where the description of a service comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Published {
    /// The product offers it at this address.
    At(Url),
    /// It was given as files.
    Given(DescriptionFiles),
}

/// A service under test.
#[derive(Debug)]
pub(super) struct ServiceUnderTest {
    pub(super) id: String,
    pub(super) description: Description,
    pub(super) files: DescriptionFiles,
    pub(super) published: Published,
    endpoints: BTreeMap<String, Url>,
    samples: BTreeMap<String, String>,
    headers: BTreeMap<String, Vec<String>>,
}

/// What the target file says of a service.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceTarget {
    /// Address of the first port.
    pub(super) url: Option<Url>,
    /// Addresses of ports by name.
    pub(super) ports: BTreeMap<String, Url>,
    /// Sample bodies by operation.
    pub(super) samples: BTreeMap<String, String>,
    /// Sample header blocks by operation.
    pub(super) headers: BTreeMap<String, Vec<String>>,
}

impl ServiceUnderTest {
    /// Reads the description and finds the address of every port.
    pub(super) fn new(
        id: &str,
        documents: DocumentSet,
        published: Published,
        target: ServiceTarget,
        corpus: Option<&Arc<Service>>,
    ) -> Result<Self, ServiceError> {
        let files = recorded_files(&documents);
        let description = Description::read(documents).map_err(|source| ServiceError::Description {
            id: id.to_owned(),
            source,
        })?;
        if !description.ports.iter().any(|port| port.soap == Some(Soap::V11)) {
            return Err(no_port(id, &description));
        }
        let endpoints = description
            .ports
            .iter()
            .filter_map(|port| Some((port.name.clone(), address_of(port, &target)?)))
            .collect();
        let mut samples = target.samples;
        let mut headers = target.headers;
        // A product's own service may well have operations of the same names, but not the same messages.
        let corpus = corpus.filter(|_| id != PLATFORM || description.target_namespace == REFERENCE_NAMESPACE);
        for (_, operation) in description.operations() {
            let name = &operation.name;
            if let Some(sample) = corpus.and_then(|service| service.sample(name)) {
                samples.entry(name.clone()).or_insert_with(|| sample.to_owned());
            }
            if let Some(blocks) = corpus.and_then(|service| service.sample_headers(name)) {
                let blocks = blocks.into_iter().map(ToOwned::to_owned).collect();
                headers.entry(name.clone()).or_insert(blocks);
            }
        }
        make_samples(&description, &mut samples, &mut headers);
        Ok(Self {
            id: id.to_owned(),
            description,
            files,
            published,
            endpoints,
            samples,
            headers,
        })
    }

    /// What scenarios can ask for in `needs` and `applies`: kinds of operations that the service has.
    pub(super) fn features(&self) -> Vec<String> {
        let kinds = [
            "request-response",
            "one-way",
            "rpc",
            "document",
            "faulting",
            "empty",
            "header",
        ];
        let mut features: Vec<String> = kinds
            .iter()
            .filter(|kind| self.pick(&format!("any:{kind}")).is_some())
            .map(|kind| format!("soap.{kind}"))
            .collect();
        features.extend(
            self.description
                .operations()
                .map(|(_, operation)| format!("soap.operation.{}", operation.name)),
        );
        if self.description.target_namespace == REFERENCE_NAMESPACE {
            features.push("soap.reference".into());
        }
        features
    }

    /// An operation by its name, or the first of a kind.
    pub(super) fn pick(&self, selector: &str) -> Option<(&Port, &Operation)> {
        let Some(kind) = selector.strip_prefix("any:") else {
            return self.description.operation(selector);
        };
        let fits = |operation: &Operation| {
            let empty = operation.input.as_ref().is_some_and(|input| input.body.is_empty());
            operation.input.is_some()
                && match kind {
                    "request-response" => operation.output.is_some() && !empty,
                    "one-way" => operation.output.is_none(),
                    "rpc" => operation.style == Style::Rpc && operation.output.is_some() && !empty,
                    "document" => operation.style == Style::Document && operation.output.is_some() && !empty,
                    "faulting" => operation.faults.iter().any(|fault| fault.element.is_some()),
                    "empty" => empty && operation.output.is_some(),
                    "header" => operation.input.as_ref().is_some_and(|input| !input.headers.is_empty()),
                    _ => false,
                }
        };
        self.description
            .operations()
            .find(|(port, operation)| fits(operation) && self.endpoints.contains_key(&port.name))
    }

    /// Where a port is.
    pub(super) fn endpoint(&self, port: &Port) -> Option<&Url> {
        self.endpoints.get(&port.name)
    }

    /// Sample body of an operation.
    pub(super) fn sample(&self, operation: &str) -> Option<&str> {
        self.samples.get(operation).map(String::as_str)
    }

    /// Sample header blocks of an operation.
    pub(super) fn sample_headers(&self, operation: &str) -> &[String] {
        self.headers.get(operation).map_or(&[], Vec::as_slice)
    }
}

/// Seed of generated samples: they are the same in every run.
const SAMPLE_SEED: u64 = 1;

/// Target namespace of the reference exchange service.
pub(super) const REFERENCE_NAMESPACE: &str = "http://junkyo.example/exchange/1";

/// Makes a valid message for every operation that has no sample. What cannot be generated stays without one, and the
/// scenarios that need it say so.
fn make_samples(
    description: &Description,
    samples: &mut BTreeMap<String, String>,
    headers: &mut BTreeMap<String, Vec<String>>,
) {
    let lacking = |operation: &Operation| {
        let input = operation.input.as_ref();
        let body = !samples.contains_key(&operation.name) && input.is_some_and(|input| !input.body.is_empty());
        let blocks = !headers.contains_key(&operation.name) && input.is_some_and(|input| !input.headers.is_empty());
        body || blocks
    };
    if !description.operations().any(|(_, operation)| lacking(operation)) {
        return;
    }
    let Ok(schema) = CompiledSchema::compile(&description.schemas) else {
        return;
    };
    for (_, operation) in description.operations() {
        let Some(input) = &operation.input else { continue };
        if !samples.contains_key(&operation.name)
            && let Some(body) = sample_body(&schema, operation, input)
        {
            samples.insert(operation.name.clone(), body);
        }
        if !headers.contains_key(&operation.name) {
            let elements = input.headers.iter().filter_map(|header| header.part.element.clone());
            let blocks = elements.filter_map(|element| sample(schema.set(), &Root::Element(element), SAMPLE_SEED).ok());
            headers.insert(operation.name.clone(), blocks.collect());
        }
    }
}

/// Content of the body of a request.
fn sample_body(schema: &CompiledSchema, operation: &Operation, input: &BoundMessage) -> Option<String> {
    if operation.style == Style::Document {
        let element = input.body.first()?.element.clone()?;
        return sample(schema.set(), &Root::Element(element), SAMPLE_SEED).ok();
    }
    let accessors: Option<String> = input
        .body
        .iter()
        .map(|part| {
            let root = Root::Type {
                type_name: part.type_name.clone()?,
                accessor: OwnedName::new("", &part.name),
            };
            sample(schema.set(), &root, SAMPLE_SEED).ok()
        })
        .collect();
    let namespace = crate::soap::escape_attribute(input.body_namespace.as_deref().unwrap_or_default());
    let name = &operation.name;
    Some(format!(r#"<w:{name} xmlns:w="{namespace}">{}</w:{name}>"#, accessors?))
}

/// The address of a port: as the target file says, else at the path of the description on the target's host.
fn address_of(port: &Port, target: &ServiceTarget) -> Option<Url> {
    if let Some(url) = target.ports.get(&port.name) {
        return Some(url.clone());
    }
    let written = port.address.as_deref().and_then(|address| Url::parse(address).ok());
    match (&target.url, written) {
        (Some(url), Some(written)) if target.ports.is_empty() => Some(url.with_target(written.target)),
        (Some(url), _) => Some(url.clone()),
        (None, written) => written,
    }
}

fn no_port(id: &str, description: &Description) -> ServiceError {
    let first = description.files.first();
    let why = match first.map(|file| &file.document) {
        Some(Err(error)) => format!(" ({error})"),
        Some(Ok(document)) => format!(" (its root element is {})", document.root().name()),
        None => String::new(),
    };
    ServiceError::NoPort {
        id: id.to_owned(),
        location: description.documents.root().to_owned(),
        why,
    }
}

/// Documents as they are recorded.
pub fn recorded_files(documents: &DocumentSet) -> DescriptionFiles {
    let mut files = DescriptionFiles {
        root: documents.root().to_owned(),
        ..DescriptionFiles::default()
    };
    for (location, bytes) in documents.iter() {
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                files.texts.insert(location.to_owned(), text.to_owned());
            }
            Err(_) => {
                files.binaries.insert(location.to_owned(), STANDARD.encode(bytes));
            }
        }
    }
    files
}

/// Sample files of a target, by operation.
pub(super) fn read_samples(
    beside: &Path,
    names: &BTreeMap<String, PathBuf>,
) -> Result<BTreeMap<String, String>, ServiceError> {
    let one = |(operation, name): (&String, &PathBuf)| Ok((operation.clone(), read_sample(beside, name)?));
    names.iter().map(one).collect()
}

/// Header block files of a target, by operation.
pub(super) fn read_blocks(
    beside: &Path,
    names: &BTreeMap<String, Vec<PathBuf>>,
) -> Result<BTreeMap<String, Vec<String>>, ServiceError> {
    let one = |(operation, files): (&String, &Vec<PathBuf>)| {
        let blocks: Result<Vec<String>, _> = files.iter().map(|name| read_sample(beside, name)).collect();
        Ok((operation.clone(), blocks?))
    };
    names.iter().map(one).collect()
}

fn read_sample(beside: &Path, name: &Path) -> Result<String, ServiceError> {
    let path = beside.with_file_name("").join(name);
    let text = std::fs::read_to_string(&path).map_err(|source| ServiceError::Sample { path, source })?;
    Ok(text.trim().to_owned())
}
