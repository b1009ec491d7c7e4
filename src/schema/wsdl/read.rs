//! Reading a description: which files belong to it, and its schemas.

use std::collections::{HashSet, VecDeque};

use super::ports::read_ports;
use super::{Description, DescriptionError, DescriptionFile, FileRole, SOAPBIND, WSDL, XSD, embedded_schemas};
use crate::schema::{DocumentSet, SchemaSource};
use crate::text::Text;
use crate::xml::{Doctype, Document, Element, Limits, Position, XmlError, XmlFault, parse_bytes};

/// Elements of WSDL and soapbind in a description, parts of one message, bytes of schemas cut out of WSDL files, and
/// references told as dangling. Operations repeat parts, and schemas repeat namespaces: without bounds a small file could
/// become a large model.
const MAX_COMPONENTS: usize = 30_000;
const MAX_PARTS: usize = 256;
const MAX_SCHEMA_BYTES: usize = 64 * 1024 * 1024;
pub(super) const MAX_DANGLING: usize = 1_000;

impl Description {
    /// Reads the description that a set of documents starts with. What is wrong inside the documents does not stop it:
    /// a root that is no XML or no WSDL 1.1 is there as `files[0]` with nothing else, and references that lead nowhere
    /// are in `dangling`.
    ///
    /// # Errors
    /// When the set does not hold its root document.
    pub fn read(documents: DocumentSet) -> Result<Self, DescriptionError> {
        if documents.get(documents.root()).is_none() {
            let root = documents.root();
            return Err(DescriptionError {
                location: root.to_owned(),
                at: Position::default(),
                message: Text::new(
                    format!("最初の文書「{root}」がありません。WSDLのファイルを指定してください"),
                    format!("the first document `{root}` is not there; name a WSDL file"),
                ),
            });
        }
        let mut gathering = Gathering::new(&documents);
        gathering.follow_descriptions();
        gathering.follow_schemas();
        let Gathering {
            files, mut dangling, ..
        } = gathering;
        let schemas = schema_sources(&files);
        let (ports, unresolved) = read_ports(&files);
        dangling.extend(unresolved);
        let target_namespace = files
            .first()
            .and_then(DescriptionFile::root)
            .filter(|root| root.is(WSDL, "definitions"))
            .and_then(|root| root.attribute("", "targetNamespace"))
            .unwrap_or_default()
            .to_owned();
        Ok(Self {
            documents,
            files,
            target_namespace,
            ports,
            schemas,
            dangling,
        })
    }
}

/// A reference to another file.
struct Reference {
    /// As written.
    to: String,
    at: Position,
}

struct Gathering<'s> {
    documents: &'s DocumentSet,
    files: Vec<DescriptionFile>,
    dangling: Vec<DescriptionError>,
    components: usize,
}

impl<'s> Gathering<'s> {
    fn new(documents: &'s DocumentSet) -> Self {
        Self {
            documents,
            files: Vec::new(),
            dangling: Vec::new(),
            components: 0,
        }
    }

    /// The root and what `wsdl:import` reaches from it, each once.
    fn follow_descriptions(&mut self) {
        let mut open = VecDeque::from([self.documents.root().to_owned()]);
        while let Some(location) = open.pop_front() {
            if let Some(references) = self.add(&location, FileRole::Description) {
                open.extend(self.resolve(&location, references));
            }
        }
        // A schema that wsdl:import leads to is a breach, but still a schema of the description.
        for file in self.files.iter_mut().skip(1) {
            if file.root().is_some_and(|root| root.is(XSD, "schema")) {
                file.role = FileRole::Schema;
            }
        }
        self.files.sort_by_key(|file| file.role == FileRole::Schema);
    }

    /// What the schemas so far reach.
    fn follow_schemas(&mut self) {
        let mut open = VecDeque::new();
        for at in 0..self.files.len() {
            let file = &self.files[at];
            let references: Vec<Reference> = match file.root() {
                Some(root) if root.is(WSDL, "definitions") => {
                    embedded_schemas(root).flat_map(schema_references).collect()
                }
                Some(root) if root.is(XSD, "schema") && at > 0 => schema_references(root).collect(),
                _ => Vec::new(),
            };
            let location = file.location.clone();
            open.extend(self.resolve(&location, references));
        }
        while let Some(location) = open.pop_front() {
            if let Some(references) = self.add(&location, FileRole::Schema) {
                open.extend(self.resolve(&location, references));
            }
        }
    }

    /// Reads a file that is not there yet, and says what it refers to.
    fn add(&mut self, location: &str, role: FileRole) -> Option<Vec<Reference>> {
        if self.files.iter().any(|file| file.location == location) {
            return None;
        }
        let bytes = self.documents.get(location)?;
        let mut document = parse_bytes(bytes, None, &Limits::default().with_doctype(Doctype::Skip));
        if let (Ok(parsed), FileRole::Description) = (&document, role)
            && let Some(error) = self.exceeds(parsed)
        {
            document = Err(error);
        }
        let file = DescriptionFile {
            location: location.to_owned(),
            role,
            document,
        };
        let references = match (file.root(), role) {
            (Some(root), FileRole::Description) if root.is(WSDL, "definitions") => root
                .children_named(WSDL, "import")
                .filter_map(|import| Reference::of(import, "location"))
                .collect(),
            (Some(root), FileRole::Schema) if root.is(XSD, "schema") => schema_references(root).collect(),
            _ => Vec::new(),
        };
        self.files.push(file);
        Some(references)
    }

    /// Counts the components of a WSDL file; the error is that there are too many.
    fn exceeds(&mut self, document: &Document) -> Option<XmlError> {
        let counted = |element: &Element<'_>| [WSDL, SOAPBIND].contains(&element.namespace());
        for element in document.elements().filter(counted) {
            self.components += 1;
            let limit = if self.components > MAX_COMPONENTS {
                MAX_COMPONENTS
            } else if element.is(WSDL, "message") && element.children().nth(MAX_PARTS).is_some() {
                MAX_PARTS
            } else {
                continue;
            };
            let fault = XmlFault::TooManyNodes { limit };
            return Some(XmlError {
                fault,
                at: element.position(),
            });
        }
        None
    }

    fn resolve(&mut self, from: &str, references: Vec<Reference>) -> Vec<String> {
        let mut found = Vec::new();
        let mut known = HashSet::new();
        for reference in references {
            if !known.insert(reference.to.clone()) {
                continue;
            }
            match self.documents.resolve(from, &reference.to) {
                Ok(location) => found.push(location.to_owned()),
                Err(fault) if self.dangling.len() < MAX_DANGLING => self.dangling.push(DescriptionError {
                    location: from.to_owned(),
                    at: reference.at,
                    message: fault.describe(),
                }),
                Err(_) => {}
            }
        }
        found
    }
}

impl Reference {
    fn of(element: Element<'_>, attribute: &str) -> Option<Self> {
        Some(Self {
            to: element.attribute("", attribute)?.trim().to_owned(),
            at: element.position(),
        })
    }
}

/// References of a schema that name a place.
fn schema_references(schema: Element<'_>) -> impl Iterator<Item = Reference> {
    schema
        .children()
        .filter(|child| {
            ["import", "include", "redefine"]
                .iter()
                .any(|local| child.is(XSD, local))
        })
        .filter_map(|child| Reference::of(child, "schemaLocation"))
}

/// Embedded schemas, then schema files.
fn schema_sources(files: &[DescriptionFile]) -> Vec<SchemaSource> {
    let mut sources = Vec::new();
    for file in files.iter().filter(|file| file.role == FileRole::Description) {
        let Some(root) = file.root().filter(|root| root.is(WSDL, "definitions")) else {
            continue;
        };
        let mut bytes = 0;
        for (number, schema) in (1..).zip(embedded_schemas(root)) {
            let text = standalone(schema);
            bytes += text.len();
            if bytes > MAX_SCHEMA_BYTES {
                break;
            }
            sources.push(SchemaSource {
                location: format!("{}#types-{number}", file.location),
                text,
            });
        }
    }
    for file in files.iter().filter(|file| file.role == FileRole::Schema) {
        if let Some(root) = file.root().filter(|root| root.is(XSD, "schema")) {
            sources.push(SchemaSource {
                location: file.location.clone(),
                text: standalone(root),
            });
        }
    }
    sources
}

/// A schema element as a document of its own, with the namespace declarations in scope.
fn standalone(schema: Element<'_>) -> String {
    let text = &schema.document().text()[schema.range()];
    let own: Vec<&str> = schema.declarations().map(|declared| declared.prefix).collect();
    let name_end = 1
        + schema.local().len()
        + Some(schema.prefix().len())
            .filter(|length| *length > 0)
            .map_or(0, |length| length + 1);
    let (name, rest) = text.split_at(name_end);
    let mut whole = name.to_owned();
    for namespace in schema.namespaces() {
        if let Some(value) = namespace.name.filter(|_| !own.contains(&namespace.prefix)) {
            let colon = if namespace.prefix.is_empty() { "" } else { ":" };
            let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
            whole.push_str(&format!(" xmlns{colon}{}=\"{value}\"", namespace.prefix));
        }
    }
    whole.push_str(rest);
    whole
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
