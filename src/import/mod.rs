//! Floor 5: corpus folders made from other people's WSDL and schemas, item tables from official workbooks.
//!
//! A description becomes a folder that stands on top of the corpus: the service, messages generated from its schemas, a
//! scenario for each message, the requirements that they decide, and a profile to claim. Everything is made in memory
//! first, so that a fault leaves no half of a folder behind.

mod corpus;
mod folder;
mod messages;
mod readme;
mod workbook;

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::schema::generate::{GenerateError, Skipped, Validity};
use crate::schema::wsdl::{Description, DescriptionError, WSDL, XSD};
use crate::schema::{CompiledSchema, DocumentSet, DocumentsError, SchemaFault, SchemaSource};
use crate::text::Text;
use crate::xml::{Doctype, Limits, Position, XmlError, parse_bytes};
use folder::Folder;
use messages::OperationMessages;
pub(crate) use workbook::{Held, Sheet, cell_name, read_sheets};
pub use workbook::{WorkbookError, WorkbookFault, WorkbookOptions, import_workbook, read_workbook};

/// What to import, and where to.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// WSDL or schema file.
    pub file: PathBuf,
    /// Folder for what is made.
    pub out: PathBuf,
    /// Id of the service; from the name of the file if absent.
    pub id: Option<String>,
    /// Seed of the texts in messages.
    pub seed: u64,
    /// Write into a folder that is not empty.
    pub force: bool,
}

/// What was imported.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Imported {
    /// Id of the service.
    pub id: String,
    /// Whether it was a WSDL; else a schema.
    pub is_service: bool,
    /// Operations, or top-level elements of a schema.
    pub operations: usize,
    /// Valid messages.
    pub valid: usize,
    /// Invalid messages.
    pub invalid: usize,
    /// Scenarios.
    pub scenarios: usize,
    /// Requirements.
    pub requirements: usize,
    /// What could not be made, or was left out, with the place where there is one.
    pub notes: Vec<Text>,
}

/// Why nothing was imported.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The documents cannot be read.
    #[error(transparent)]
    Documents(#[from] DocumentsError),
    /// The file is no XML.
    #[error("{file}:{}: {}", .error.at, .error.describe().en)]
    Xml {
        /// The file.
        file: String,
        /// What is wrong.
        error: XmlError,
    },
    /// The file is something else.
    #[error("{file}:{at}: expected wsdl:definitions (WSDL 1.1) or xsd:schema, found {found}; {advice}")]
    NotADescription {
        /// The file.
        file: String,
        /// Where its root element stands.
        at: Position,
        /// Its root element.
        found: String,
        /// What to do.
        advice: &'static str,
    },
    /// The WSDL cannot be read.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// Its schemas cannot be compiled.
    #[error("{fault}{}", listed(.missing))]
    Schema {
        /// What is wrong.
        fault: Box<SchemaFault>,
        /// References that lead nowhere, which may be why.
        missing: Vec<String>,
    },
    /// There is nothing to make messages of.
    #[error("{file}: {}", .message.en)]
    Nothing {
        /// The file.
        file: String,
        /// What is missing.
        message: Text,
    },
    /// The id has a wrong form.
    #[error("--id {id}: expected small letters, digits and hyphens, beginning with a letter")]
    Id {
        /// The id.
        id: String,
    },
    /// The folder holds something.
    #[error("{path} is not empty; give another folder, or --force to write into it")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

fn listed(missing: &[String]) -> String {
    if missing.is_empty() {
        String::new()
    } else {
        format!("\n  not found: {}", missing.join("\n  not found: "))
    }
}

/// Reads a WSDL or a schema and writes a folder.
///
/// # Errors
/// See [`ImportError`]; nothing was written then, unless it is [`ImportError::Write`].
pub fn import(options: &ImportOptions) -> Result<Imported, ImportError> {
    folder::check_empty(options)?;
    let documents = DocumentSet::from_file(&options.file)?;
    let name = options.file.display().to_string();
    let bytes = documents.get(documents.root()).unwrap_or_default();
    let limits = Limits::default().with_doctype(Doctype::Skip);
    let document = parse_bytes(bytes, None, &limits).map_err(|error| ImportError::Xml {
        file: name.clone(),
        error,
    })?;
    let root = document.root();
    let id = id_of(options)?;
    if root.is(WSDL, "definitions") {
        import_service(options, &id, documents)
    } else if root.is(XSD, "schema") {
        let source = SchemaSource {
            location: documents.root().to_owned(),
            text: document.text().to_owned(),
        };
        let elements: Vec<_> = root
            .children_named(XSD, "element")
            .filter_map(|element| element.attribute("", "name"))
            .map(|local| {
                let namespace = root.attribute("", "targetNamespace").unwrap_or_default();
                crate::schema::wsdl::OwnedName::new(namespace, local)
            })
            .collect();
        import_schema(options, &id, &documents, source, &elements)
    } else {
        Err(ImportError::NotADescription {
            file: name,
            at: root.position(),
            found: root.name().to_string(),
            advice: if root.local() == "description" {
                "WSDL 2.0 is not supported"
            } else {
                "give a WSDL 1.1 or an XML Schema file"
            },
        })
    }
}

/// The id of the service: as given, or the name of the file in small letters.
fn id_of(options: &ImportOptions) -> Result<String, ImportError> {
    let fits = |id: &str| {
        id.starts_with(|first: char| first.is_ascii_lowercase())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if let Some(id) = &options.id {
        return if fits(id) {
            Ok(id.clone())
        } else {
            Err(ImportError::Id { id: id.clone() })
        };
    }
    let stem = options.file.file_stem().unwrap_or_default().to_string_lossy();
    let id = ascii_id(&stem).to_ascii_lowercase();
    Ok(if fits(&id) { id } else { "service".to_owned() })
}

/// A name with everything but ASCII letters and digits as hyphens.
fn ascii_id(name: &str) -> String {
    let mut id = String::new();
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            id.push(character);
        } else if !id.ends_with('-') {
            id.push('-');
        }
    }
    id.trim_matches('-').to_owned()
}

fn import_service(options: &ImportOptions, id: &str, documents: DocumentSet) -> Result<Imported, ImportError> {
    let description = Description::read(documents)?;
    let mut notes: Vec<Text> = description
        .dangling
        .iter()
        .map(|error| {
            let place = format!("{}:{}", error.location, error.at);
            error.message.map(|wording| format!("{place}: {wording}"))
        })
        .collect();
    let schema = compile(&description.schemas, &mut notes)?;
    let operations = messages::of_service(&description, &schema, options.seed, &mut notes);
    let made = operations.iter().any(|operation| operation.is_callable());
    if !made {
        return Err(ImportError::Nothing {
            file: options.file.display().to_string(),
            message: Text::new(
                "SOAP 1.1の操作がないか、どの操作の電文も作れません",
                format!(
                    "no operation of a SOAP 1.1 port for which a message can be made{}",
                    listed(&notes.iter().map(|note| note.en.clone()).collect::<Vec<_>>())
                ),
            ),
        });
    }
    let mut folder = Folder::default();
    let counts = corpus::write(&mut folder, options, id, &description, &operations);
    let imported = Imported {
        id: id.to_owned(),
        is_service: true,
        operations: operations.len(),
        valid: count(&operations, Validity::Valid),
        invalid: count(&operations, Validity::Invalid),
        scenarios: counts.scenarios,
        requirements: counts.requirements,
        notes,
    };
    readme::write(&mut folder, options, &imported);
    folder.write(&options.out)?;
    Ok(imported)
}

fn import_schema(
    options: &ImportOptions,
    id: &str,
    documents: &DocumentSet,
    source: SchemaSource,
    elements: &[crate::schema::wsdl::OwnedName],
) -> Result<Imported, ImportError> {
    let mut notes = Vec::new();
    let sources = schema_sources(documents, source);
    let schema = compile(&sources, &mut notes)?;
    let roots = messages::of_elements(elements, &schema, options.seed, &mut notes);
    if roots.iter().all(|root| root.messages.is_empty()) {
        return Err(ImportError::Nothing {
            file: options.file.display().to_string(),
            message: Text::new(
                "電文を作れるトップレベルの要素宣言がありません",
                "no top-level element declaration for which a message can be made",
            ),
        });
    }
    let mut folder = Folder::default();
    corpus::write_schema_messages(&mut folder, options, documents, &sources, &roots);
    let imported = Imported {
        id: id.to_owned(),
        is_service: false,
        operations: roots.len(),
        valid: count(&roots, Validity::Valid),
        invalid: count(&roots, Validity::Invalid),
        scenarios: 0,
        requirements: 0,
        notes,
    };
    readme::write(&mut folder, options, &imported);
    folder.write(&options.out)?;
    Ok(imported)
}

fn count(operations: &[OperationMessages], validity: Validity) -> usize {
    let messages = operations.iter().flat_map(OperationMessages::all);
    messages
        .filter(|message| message.generated.validity == validity)
        .count()
}

/// The schema with everything that it reaches by include, import and redefine.
fn schema_sources(documents: &DocumentSet, root: SchemaSource) -> Vec<SchemaSource> {
    let mut sources = vec![root];
    let mut next = 0;
    while next < sources.len() {
        let from = sources[next].location.clone();
        let references = references(&sources[next].text);
        next += 1;
        for reference in references {
            let Ok(location) = documents.resolve(&from, &reference) else {
                continue;
            };
            if sources.iter().any(|known| known.location == location) {
                continue;
            }
            let limits = Limits::default().with_doctype(Doctype::Skip);
            let bytes = documents.get(location).unwrap_or_default();
            if let Ok(document) = parse_bytes(bytes, None, &limits) {
                sources.push(SchemaSource {
                    location: location.to_owned(),
                    text: document.text().to_owned(),
                });
            }
        }
    }
    sources
}

fn references(text: &str) -> Vec<String> {
    let limits = Limits::default().with_doctype(Doctype::Skip);
    let Ok(document) = crate::xml::parse(text, &limits) else {
        return Vec::new();
    };
    let root = document.root();
    let directives = ["import", "include", "redefine"];
    root.children()
        .filter(|child| child.namespace() == XSD && directives.contains(&child.local()))
        .filter_map(|child| child.attribute("", "schemaLocation"))
        .map(|location| location.trim().to_owned())
        .collect()
}

/// Compiles what is there; references that lead nowhere are noted, and an error names them.
fn compile(sources: &[SchemaSource], notes: &mut Vec<Text>) -> Result<CompiledSchema, ImportError> {
    let compiled = CompiledSchema::compile_partial(sources).map_err(|fault| ImportError::Schema {
        fault: Box::new(fault),
        missing: notes.iter().map(|note| note.en.clone()).collect(),
    })?;
    for reference in compiled.dangling() {
        let place = format!("{}:{}", reference.location, reference.at);
        let namespace = reference.namespace.as_deref().unwrap_or("-");
        let why = reference.fault.as_ref().map(crate::schema::ReferenceFault::describe);
        let why = why.unwrap_or_else(|| {
            Text::new(
                "この名前空間のスキーマがありません",
                "there is no schema of this namespace",
            )
        });
        let directive = reference.directive;
        let note = Text::new(
            format!("{place}: xsd:{directive}（{namespace}）: {}", why.ja),
            format!("{place}: xsd:{directive} ({namespace}): {}", why.en),
        );
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    Ok(compiled)
}

/// A note about something that was not made.
fn skipped_note(where_: &str, skipped: &Skipped) -> Text {
    let what = &skipped.what;
    let reason = &skipped.reason;
    if skipped.unproven {
        Text::new(
            format!("{where_}: {what}: 検証器が期待どおりに判定しないため除外しました（{reason}）"),
            format!("{where_}: {what}: left out, the engine does not judge it as intended ({reason})"),
        )
    } else {
        Text::new(
            format!("{where_}: {what}: 作成しません（{reason}）"),
            format!("{where_}: {what}: not made ({reason})"),
        )
    }
}

/// A note about a root of which nothing can be made.
fn failed_note(where_: &str, error: &GenerateError) -> Text {
    error.describe().map(|wording| format!("{where_}: {wording}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_form() {
        let options = |file: &str, id: Option<&str>| ImportOptions {
            file: file.into(),
            out: "out".into(),
            id: id.map(str::to_owned),
            seed: 1,
            force: false,
        };
        assert_eq!(id_of(&options("a/Hello World_2.wsdl", None)).unwrap(), "hello-world-2");
        assert_eq!(id_of(&options("住民.wsdl", None)).unwrap(), "service");
        assert_eq!(id_of(&options("x.wsdl", Some("my-id"))).unwrap(), "my-id");
        assert!(matches!(
            id_of(&options("x.wsdl", Some("My id"))),
            Err(ImportError::Id { .. })
        ));
    }
}
