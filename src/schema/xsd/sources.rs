//! Schema documents in memory, and where their references lead.

use std::collections::BTreeMap;
use std::sync::Arc;

use xsd_schema::{EmbeddedLoader, LocationRequest, LocationRewriter, SchemaLoader, SchemaResolver};

use super::SchemaFault;
use super::costs::Costs;
use crate::schema::ReferenceFault;
use crate::schema::documents::{has_scheme, join_address, join_path};
use crate::text::Text;
use crate::xml::{Doctype, Element, Limits, Position, XML_NAMESPACE, parse};

/// Namespace of schema documents.
pub(super) const XSD: &str = "http://www.w3.org/2001/XMLSchema";
/// Scheme of the addresses by which the engine knows a source: `source:` and its number.
const SCHEME: &str = "source:";
/// The address of everything that is not there.
const MISSING: &str = "missing:";
/// The engine's own copy of the schema of `xml:lang` and its like.
const BUILT_IN_XML: &str = "embedded://xml.xsd";

/// One schema document, ready to be compiled.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SchemaSource {
    /// Location inside the document set; an embedded schema has `#types-1`, `#types-2` … added.
    pub location: String,
    /// The schema element as a document of its own, with the namespace declarations that were in scope.
    pub text: String,
}

/// An include, import or redefine that leads nowhere. That is no fault by itself (XML Schema 1.0 Part 1, section 4.2.3:
/// a location is a hint); what is missing then shows when a component is needed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DanglingReference {
    /// Schema document that it stands in.
    pub location: String,
    /// Where, in the text of the source.
    pub at: Position,
    /// `include`, `import` or `redefine`.
    pub directive: &'static str,
    /// Namespace of an import.
    pub namespace: Option<String>,
    /// Why it leads nowhere; `None` for an import without a location whose namespace no source has.
    pub fault: Option<ReferenceFault>,
}

/// An include, import or redefine.
struct Reference {
    directive: &'static str,
    namespace: Option<String>,
    location: Option<String>,
    at: Position,
}

/// What a source says about itself.
struct Outline {
    target: Option<String>,
    references: Vec<Reference>,
}

/// Where references lead: shared with the engine, which asks while it compiles.
struct Map {
    locations: Vec<String>,
    texts: Vec<Arc<str>>,
    by_location: BTreeMap<String, usize>,
    by_namespace: BTreeMap<String, usize>,
}

/// Schema documents that belong together.
pub(super) struct Sources {
    outlines: Vec<Outline>,
    map: Arc<Map>,
}

impl Sources {
    /// Reads the documents as far as references need it.
    pub(super) fn read(sources: &[SchemaSource]) -> Result<Self, SchemaFault> {
        let limits = Limits::default().with_doctype(Doctype::Skip);
        let mut outlines = Vec::with_capacity(sources.len());
        let mut map = Map {
            locations: Vec::with_capacity(sources.len()),
            texts: Vec::with_capacity(sources.len()),
            by_location: BTreeMap::new(),
            by_namespace: BTreeMap::new(),
        };
        let mut by_text = BTreeMap::new();
        let mut costs = Costs::default();
        for (number, source) in sources.iter().enumerate() {
            let document = parse(&source.text, &limits).map_err(|error| SchemaFault {
                location: source.location.clone(),
                line: Some(error.at.line),
                code: None,
                message: error.fault.describe(),
            })?;
            costs.add(&source.location, &document)?;
            let outline = outline(document.root());
            // The same text under two locations is one document; otherwise its components would be there twice.
            let number = *by_text.entry(source.text.as_str()).or_insert(number);
            map.by_location.entry(source.location.clone()).or_insert(number);
            map.by_namespace
                .entry(outline.target.clone().unwrap_or_default())
                .or_insert(number);
            map.locations.push(source.location.clone());
            map.texts.push(Arc::from(source.text.as_str()));
            outlines.push(outline);
        }
        costs.judge()?;
        Ok(Self {
            outlines,
            map: Arc::new(map),
        })
    }

    /// A resolver for the engine that serves these documents and nothing else.
    pub(super) fn resolver(&self) -> SchemaResolver {
        let mut resolver = SchemaResolver::with_loader(Box::new(Loader(Arc::clone(&self.map))));
        if !self.map.by_namespace.contains_key(XML_NAMESPACE) {
            resolver.catalog_mut().add(XML_NAMESPACE, BUILT_IN_XML);
        }
        resolver.set_location_rewriter(Rewriter(Arc::clone(&self.map)));
        resolver
    }

    /// The documents to start from, with the addresses that the engine knows them by: all but repeated ones and those
    /// that take the target namespace of whoever includes them.
    pub(super) fn roots(&self) -> impl Iterator<Item = (String, &str)> {
        let chameleons = self.chameleons();
        (0..self.outlines.len())
            .filter(move |&number| {
                !chameleons[number] && self.map.by_location.get(&self.map.locations[number]) == Some(&number)
            })
            .map(|number| (address(number), &*self.map.texts[number]))
    }

    fn chameleons(&self) -> Vec<bool> {
        let mut found = vec![false; self.outlines.len()];
        loop {
            let before = found.clone();
            for (number, outline) in self.outlines.iter().enumerate() {
                if outline.target.is_none() && !before[number] {
                    continue;
                }
                for reference in outline
                    .references
                    .iter()
                    .filter(|reference| reference.directive != "import")
                {
                    let Ok(target) = self
                        .map
                        .target(number, reference.location.as_deref().unwrap_or_default(), None)
                    else {
                        continue;
                    };
                    found[target] |= self.outlines[target].target.is_none();
                }
            }
            if found == before {
                return found;
            }
        }
    }

    /// Includes and redefines of a document of another target namespace (XML Schema 1.0 Part 1, `src-include` and
    /// `src-redefine`): the engine looks only at documents that it has not seen before.
    pub(super) fn wrong_include(&self) -> Option<SchemaFault> {
        // One that takes the namespace of whoever includes it has none of its own to differ from.
        let chameleons = self.chameleons();
        let with_target = self
            .outlines
            .iter()
            .enumerate()
            .filter(|(number, _)| !chameleons[*number]);
        let all = with_target.flat_map(|(number, outline)| {
            let references = outline.references.iter();
            references.map(move |reference| (number, outline, reference))
        });
        let (number, reference, target) = all
            .filter(|(_, _, reference)| reference.directive != "import")
            .find_map(|(number, outline, reference)| {
                let target = self.map.target(number, reference.location.as_deref()?, None).ok()?;
                let target = self.outlines[target].target.as_deref()?;
                (outline.target.as_deref() != Some(target)).then_some((number, reference, target))
            })?;
        Some(SchemaFault {
            location: self.map.locations[number].clone(),
            line: Some(reference.at.line),
            code: Some(format!("src-{}", reference.directive)),
            message: Text::new(
                format!(
                    "{} したスキーマの名前空間「{target}」が、取り込む側と異なります",
                    reference.directive
                ),
                format!(
                    "the document of this {} has another target namespace, `{target}`",
                    reference.directive
                ),
            ),
        })
    }

    /// References that lead nowhere, in document order.
    pub(super) fn dangling(&self) -> Vec<DanglingReference> {
        let mut dangling = Vec::new();
        for (number, outline) in self.outlines.iter().enumerate() {
            for reference in &outline.references {
                let namespace = reference.namespace.as_deref();
                let known = |name: &str| name == XML_NAMESPACE || self.map.by_namespace.contains_key(name);
                let fault = match &reference.location {
                    _ if reference.directive == "import" && namespace.is_some_and(known) => continue,
                    None if reference.directive == "import" && namespace.is_none() => continue,
                    None => None,
                    Some(location) => match self.map.target(number, location, namespace) {
                        Ok(_) => continue,
                        Err(fault) => Some(fault),
                    },
                };
                dangling.push(DanglingReference {
                    location: self.map.locations[number].clone(),
                    at: reference.at,
                    directive: reference.directive,
                    namespace: reference.namespace.clone(),
                    fault,
                });
            }
        }
        dangling
    }

    /// The location that the engine's address stands for.
    pub(super) fn location_of(&self, address: &str) -> Option<&str> {
        self.map
            .number(address)
            .map(|number| self.map.locations[number].as_str())
    }

    /// Location of the first document, for faults of the whole set.
    pub(super) fn first_location(&self) -> Option<&str> {
        self.map.locations.first().map(String::as_str)
    }

    /// A text of the engine with our locations instead of its addresses.
    pub(super) fn with_locations(&self, text: &str) -> String {
        let mut parts = text.split(SCHEME);
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            match part[..digits]
                .parse()
                .ok()
                .and_then(|number: usize| self.map.locations.get(number))
            {
                Some(location) => whole.push_str(location),
                None => whole.push_str(&part[..digits]),
            }
            whole.push_str(&part[digits..]);
        }
        whole
    }
}

fn address(number: usize) -> String {
    format!("{SCHEME}{number}")
}

fn outline(schema: Element<'_>) -> Outline {
    let references = schema
        .children()
        .filter(|child| child.namespace() == XSD)
        .filter_map(|child| {
            let directive = match child.local() {
                "include" => "include",
                "import" => "import",
                "redefine" => "redefine",
                _ => return None,
            };
            let value = |name| {
                child
                    .attribute("", name)
                    .map(|value| value.trim_matches([' ', '\t', '\r', '\n']).to_owned())
            };
            Some(Reference {
                directive,
                namespace: value("namespace"),
                location: value("schemaLocation"),
                at: child.position(),
            })
        });
    Outline {
        target: schema.attribute("", "targetNamespace").map(ToOwned::to_owned),
        references: references.collect(),
    }
}

impl Map {
    fn number(&self, address: &str) -> Option<usize> {
        address
            .strip_prefix(SCHEME)?
            .parse()
            .ok()
            .filter(|&number| number < self.locations.len())
    }

    /// The source that a reference of another one leads to. `namespace` is that of an import: where its location leads
    /// nowhere, a source of the namespace will do.
    fn target(&self, from: usize, reference: &str, namespace: Option<&str>) -> Result<usize, ReferenceFault> {
        let from = self.locations[from].split('#').next().unwrap_or_default();
        let wanted = reference.split('#').next().unwrap_or_default();
        let joined = if has_scheme(wanted) {
            None
        } else if from.contains("://") {
            Some(join_address(from, wanted))
        } else {
            join_path(from, wanted)
        };
        let known = joined
            .as_deref()
            .and_then(|joined| self.by_location.get(joined))
            .or_else(|| self.by_location.get(wanted))
            .or_else(|| self.by_namespace.get(namespace?));
        if let Some(&number) = known {
            return Ok(number);
        }
        let reference = reference.to_owned();
        Err(if has_scheme(wanted) {
            ReferenceFault::Network { reference }
        } else if joined.is_none() {
            ReferenceFault::Outside { reference }
        } else {
            ReferenceFault::Missing {
                reference,
                from: from.to_owned(),
            }
        })
    }
}

/// Turns references into addresses; what is not there gets an address that nothing is at.
struct Rewriter(Arc<Map>);

impl LocationRewriter for Rewriter {
    fn rewrite(&self, request: &LocationRequest<'_>, _: &SchemaResolver) -> Option<String> {
        if request.kind.is_none() || request.location == BUILT_IN_XML {
            return None;
        }
        let target = self.0.number(request.base_uri).and_then(|from| {
            let target = self.0.target(from, request.location, request.namespace);
            target.ok().map(address)
        });
        Some(target.unwrap_or_else(|| MISSING.to_owned()))
    }
}

/// Serves the sources by address, and the built-in schema of the `xml` namespace.
struct Loader(Arc<Map>);

impl std::fmt::Debug for Loader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.0.locations).finish()
    }
}

impl SchemaLoader for Loader {
    fn load(&self, location: &str) -> xsd_schema::SchemaResult<String> {
        if location == BUILT_IN_XML {
            return EmbeddedLoader::new().load(location);
        }
        match self.0.number(location) {
            Some(number) => Ok(self.0.texts[number].as_ref().to_owned()),
            None => Err(xsd_schema::SchemaError::resolution(format!(
                "{location} is not among the sources"
            ))),
        }
    }

    fn can_load(&self, location: &str) -> bool {
        location == BUILT_IN_XML || self.0.number(location).is_some()
    }
}
