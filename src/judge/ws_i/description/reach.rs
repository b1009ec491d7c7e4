//! Schemas that a description reaches.

use std::collections::{HashMap, HashSet};

use super::context::{Context, lacking};
use crate::schema::ReferenceFault;
use crate::schema::wsdl::{DescriptionFile, WSDL, XSD, embedded_schemas};
use crate::text::Text;
use crate::xml::Element;

/// An `xsd:import`, and the file that it leads to; none without `schemaLocation`.
pub(super) struct SchemaImport<'d> {
    pub(super) element: Element<'d>,
    pub(super) target: Option<Result<&'d DescriptionFile, ReferenceFault>>,
}

/// Top-level element declarations that a description can see.
pub(super) struct Declared<'d> {
    names: HashSet<(&'d str, &'d str)>,
    /// Namespaces of which something is declared.
    namespaces: HashSet<&'d str>,
    /// Namespaces of which something may be declared in a file that is not there, with the reason.
    open: HashMap<&'d str, Text>,
    /// The same for namespaces that nothing is known of.
    open_others: Option<Text>,
}

impl<'d> Context<'d> {
    /// Schemas inside the WSDL documents.
    pub(super) fn embedded(&self) -> impl Iterator<Item = Element<'d>> {
        self.definitions.iter().flat_map(|root| embedded_schemas(*root))
    }

    /// Whether some WSDL document has types.
    pub(super) fn has_types(&self) -> bool {
        self.definitions.iter().any(|root| root.child(WSDL, "types").is_some())
    }

    /// Imports of the embedded schemas and, through imports, of schema files; with `includes` also through those.
    pub(super) fn schema_imports(&self, includes: bool) -> Vec<SchemaImport<'d>> {
        let mut imports = Vec::new();
        let mut open: Vec<Element<'d>> = self.embedded().collect();
        open.reverse();
        let mut known: Vec<&str> = Vec::new();
        while let Some(schema) = open.pop() {
            for child in schema.children() {
                let is_import = child.is(XSD, "import");
                let is_include = child.is(XSD, "include") || child.is(XSD, "redefine");
                if !(is_import || includes && is_include) {
                    continue;
                }
                let target = self.target(child);
                if let Some(Ok(file)) = &target
                    && !known.contains(&file.location.as_str())
                {
                    known.push(&file.location);
                    open.extend(file.root().filter(|root| root.is(XSD, "schema")));
                }
                imports.push(SchemaImport { element: child, target });
            }
        }
        imports
    }

    fn target(&self, reference: Element<'d>) -> Option<Result<&'d DescriptionFile, ReferenceFault>> {
        let written = reference.attribute("", "schemaLocation")?.trim();
        let from = self.description.file_of(reference)?;
        match self.description.documents.resolve(&from.location, written) {
            Ok(location) => self.description.file(location).map(Ok),
            Err(fault) => Some(Err(fault)),
        }
    }

    /// Schema files that BP2202, BP2011 and BP4202 are about (reading WS-01).
    pub(super) fn judged_schema_files(&self) -> Vec<&'d DescriptionFile> {
        let mut files: Vec<&'d DescriptionFile> = Vec::new();
        for import in self.schema_imports(self.reads("WS-01", "import-and-include")) {
            if let Some(Ok(file)) = import.target
                && !files.iter().any(|known| known.location == file.location)
            {
                files.push(file);
            }
        }
        files
    }

    /// Every schema that can be read: embedded ones, then files reached in any way.
    pub(super) fn all_schemas(&self) -> Vec<Element<'d>> {
        let mut schemas: Vec<Element<'d>> = self.embedded().collect();
        let roots = self.description.files.iter().skip(1).filter_map(DescriptionFile::root);
        schemas.extend(roots.filter(|root| root.is(XSD, "schema")));
        schemas
    }

    /// Names of top-level elements. An included schema without a target namespace takes that of the schema around it.
    pub(super) fn declared_elements(&self) -> Declared<'d> {
        let mut declared = Declared {
            names: HashSet::new(),
            namespaces: HashSet::new(),
            open: HashMap::new(),
            open_others: self.lacks_imports(),
        };
        let mut known: HashSet<(*const str, usize, &str)> = HashSet::new();
        let own = |schema: Element<'d>| schema.attribute("", "targetNamespace");
        let mut open: Vec<(Element<'d>, &'d str)> = self
            .all_schemas()
            .into_iter()
            .map(|schema| (schema, own(schema).unwrap_or_default()))
            .collect();
        let present: HashSet<&str> = open.iter().map(|(_, namespace)| *namespace).collect();
        while let Some((schema, namespace)) = open.pop() {
            let document: *const str = schema.document().text();
            if !known.insert((document, schema.index(), namespace)) {
                continue;
            }
            for child in schema.children() {
                if child.is(XSD, "element") {
                    declared.namespaces.insert(namespace);
                    declared
                        .names
                        .insert((namespace, child.attribute("", "name").unwrap_or_default()));
                    continue;
                }
                let is_import = child.is(XSD, "import");
                if !is_import && !child.is(XSD, "include") && !child.is(XSD, "redefine") {
                    continue;
                }
                let wanted = if is_import {
                    child.attribute("", "namespace").unwrap_or_default()
                } else {
                    namespace
                };
                match self.target(child) {
                    Some(Ok(file)) => {
                        let root = file.root().filter(|root| root.is(XSD, "schema"));
                        match root {
                            Some(root) if !is_import => open.push((root, own(root).unwrap_or(namespace))),
                            Some(_) => {}
                            None => drop(declared.open.insert(wanted, lacking(&file.location))),
                        }
                    }
                    Some(Err(_)) => {
                        let written = child.attribute("", "schemaLocation").unwrap_or_default();
                        declared.open.insert(wanted, lacking(written));
                    }
                    None if is_import && !present.contains(wanted) => {
                        declared.open.insert(wanted, lacking(wanted));
                    }
                    None => {}
                }
            }
        }
        declared
    }
}

impl<'d> Declared<'d> {
    pub(super) fn has(&self, namespace: &str, local: &str) -> bool {
        self.names.contains(&(namespace, local))
    }

    /// Why it cannot be said whether a namespace has a declaration.
    pub(super) fn is_open(&self, namespace: &str) -> Option<&Text> {
        let others = || {
            self.open_others
                .as_ref()
                .filter(|_| !self.namespaces.contains(namespace))
        };
        self.open.get(namespace).or_else(others)
    }
}
