//! Compiled sets of schemas.

use thiserror::Error;
use xsd_schema::parser::location::SourceLocation;
use xsd_schema::validation::{SchemaValidator, ValidationFlags, ValidationRoot};
use xsd_schema::{ElementKey, NameId, SchemaSet, SchemaSetBuilder, TypeKey, XsdVersion};

use super::sources::Sources;
use super::{Against, DanglingReference, SchemaEngine, SchemaError, SchemaSource, messages, walk};
use crate::schema::watch::Watched;
use crate::text::Text;
use crate::xml::{Element, Name};

/// Why schemas cannot be compiled.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{location}{}: {}", .line.map_or_else(String::new, |line| format!(":{line}")), .message.en)]
pub struct SchemaFault {
    /// Schema document.
    pub location: String,
    /// Line of its text, from 1.
    pub line: Option<u32>,
    /// Rule that is broken, if the engine names one.
    pub code: Option<String>,
    /// What is wrong.
    pub message: Text,
}

impl SchemaFault {
    /// The code of schemas that were refused to protect the harness, not because they are wrong.
    pub const LIMIT: &str = "limit";
}

/// A compiled set of schemas. It can be sent to another thread, but not shared: each worker compiles its own (2 ms).
pub struct CompiledSchema {
    set: SchemaSet,
    dangling: Vec<DanglingReference>,
}

impl CompiledSchema {
    /// Errors that one validation lists at most.
    pub const MAX_ERRORS: usize = 200;

    /// Compiles schema documents that belong together. Includes, imports and redefines resolve among them only; an
    /// import is satisfied by any source of its namespace.
    ///
    /// # Errors
    /// The first thing that is wrong with them; a component that is referred to and not there is wrong.
    pub fn compile(sources: &[SchemaSource]) -> Result<Self, SchemaFault> {
        let read = Sources::read(sources)?;
        let compiled = compile(&read)?;
        match missing_component(&compiled.set, &read) {
            None => Ok(compiled),
            Some(fault) => Err(fault),
        }
    }

    /// As [`Self::compile`], but a type that is not there is an error only of the elements that need it (XML Schema 1.0
    /// Part 1, section 5.3).
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    pub fn compile_partial(sources: &[SchemaSource]) -> Result<Self, SchemaFault> {
        compile(&Sources::read(sources)?)
    }

    /// Includes, imports and redefines that lead nowhere.
    pub fn dangling(&self) -> &[DanglingReference] {
        &self.dangling
    }

    /// The components, for what walks over them.
    pub(crate) fn set(&self) -> &SchemaSet {
        &self.set
    }

    fn ids(&self, name: Name<'_>) -> Option<(Option<NameId>, NameId)> {
        let namespace = match name.namespace {
            None => None,
            Some(namespace) => Some(self.set.name_table.get(namespace)?),
        };
        Some((namespace, self.set.name_table.get(name.local)?))
    }

    fn element(&self, name: Name<'_>) -> Option<ElementKey> {
        let (namespace, local) = self.ids(name)?;
        self.set.lookup_element(namespace, local)
    }

    fn type_definition(&self, name: Name<'_>) -> Option<TypeKey> {
        let (namespace, local) = self.ids(name)?;
        let defined = self.set.lookup_type(namespace, local);
        defined.or_else(|| self.set.get_built_in_type_by_qname(namespace, local))
    }
}

impl SchemaEngine for CompiledSchema {
    fn validate(&self, element: Element<'_>, against: Against<'_>) -> Vec<SchemaError> {
        let root = match against {
            Against::Declaration if self.element(element.name()).is_some() => Some(ValidationRoot::Declaration),
            Against::Declaration => None,
            Against::Element(name) => self.element(name).map(ValidationRoot::Element),
            Against::Type(name) => self.type_definition(name).map(ValidationRoot::Type),
            Against::Lax => Some(ValidationRoot::Lax),
        };
        let Some(root) = root else {
            return vec![messages::unknown_root(element, against)];
        };
        let _watched = Watched::new(|| format!("<{}>", element.name()));
        let validator = SchemaValidator::new(self.set(), ValidationFlags::empty());
        walk::validate(&self.set, &validator, root, element)
    }

    fn declares_element(&self, name: Name<'_>) -> bool {
        self.element(name).is_some()
    }

    fn defines_type(&self, name: Name<'_>) -> bool {
        self.type_definition(name).is_some()
    }
}

fn compile(sources: &Sources) -> Result<CompiledSchema, SchemaFault> {
    let _watched = Watched::new(|| sources.first_location().unwrap_or_default().to_owned());
    if let Some(fault) = sources.wrong_include() {
        return Err(fault);
    }
    let mut builder = SchemaSetBuilder::with_resolver(sources.resolver(), XsdVersion::V1_0);
    for (address, text) in sources.roots() {
        builder = builder
            .add_source(text, &address)
            .map_err(|error| fault(&error, sources, Some(&address)))?;
    }
    let set = builder
        .compile()
        .map_err(|error| fault(&error, sources, None))?
        .into_schema_set();
    Ok(CompiledSchema {
        set,
        dangling: sources.dangling(),
    })
}

/// The first reference of a declaration to a type that is not there.
fn missing_component(set: &SchemaSet, sources: &Sources) -> Option<SchemaFault> {
    let of_elements = set
        .arenas
        .elements
        .values()
        .filter_map(|element| element.deferred_type_error.as_ref());
    let of_lists = set
        .arenas
        .simple_types
        .values()
        .filter_map(|list| list.deferred_item_type_error.as_ref());
    let missing = of_elements.chain(of_lists).next()?;
    let at = missing
        .source
        .as_ref()
        .and_then(|source| set.source_maps.locate(source));
    Some(located(
        at.as_ref(),
        Some("src-resolve"),
        &missing.message,
        sources,
        None,
    ))
}

fn fault(error: &xsd_schema::SchemaError, sources: &Sources, address: Option<&str>) -> SchemaFault {
    use xsd_schema::SchemaError as Fault;
    let (code, detail) = match error {
        Fault::StructuralError {
            constraint, message, ..
        } => (Some(*constraint), message.clone()),
        Fault::XmlError { message, .. }
        | Fault::NamespaceError { message, .. }
        | Fault::FeatureError { message, .. }
        | Fault::ResolutionError { message } => (None, message.clone()),
        other => (None, other.to_string()),
    };
    located(error.location(), code, &detail, sources, address)
}

fn located(
    at: Option<&SourceLocation>,
    code: Option<&str>,
    detail: &str,
    sources: &Sources,
    address: Option<&str>,
) -> SchemaFault {
    let location = at
        .map(|at| at.base_uri.as_str())
        .or(address)
        .and_then(|address| sources.location_of(address))
        .or_else(|| sources.first_location())
        .unwrap_or_default();
    SchemaFault {
        location: location.to_owned(),
        line: at.and_then(|at| u32::try_from(at.line).ok()),
        code: code.map(ToOwned::to_owned),
        message: messages::of_schema(code, &sources.with_locations(detail)),
    }
}
