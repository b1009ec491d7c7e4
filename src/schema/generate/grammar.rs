//! What the generator needs to know of a compiled schema: types with their whole content, bases and groups resolved.

use std::collections::HashMap;
use std::ptr;

use xsd_schema::parser::frames::{
    ComplexContentResult, Compositor, DerivationMethod, ModelGroupDefResult, NamespaceToken, ParticleResult,
    ParticleTerm, ProcessContents, WildcardNamespace, WildcardResult,
};
use xsd_schema::{
    ComplexTypeKey, ElementKey, FacetSet, IdentityConstraintKey, ModelGroupKey, NameId, SchemaSet, TypeKey, XmlTypeCode,
};

use crate::schema::wsdl::OwnedName;

/// How deep groups and bases may be nested before a schema counts as broken.
pub(super) const MAX_NESTING: usize = 64;

pub(super) type TypeId = usize;
pub(super) type ElementId = usize;
pub(super) type SimpleId = usize;
/// A place in the schema where something is decided; the same wherever its group or type is used.
pub(super) type Site = usize;

/// A type definition.
#[derive(Debug)]
pub(super) struct Type {
    pub(super) key: TypeKey,
    /// Its name, if it has one.
    pub(super) name: Option<OwnedName>,
    pub(super) is_abstract: bool,
    pub(super) content: Content,
    pub(super) attributes: Vec<AttributeUse>,
    pub(super) any_attribute: bool,
    /// Types that may stand here by `xsi:type`, themselves not abstract.
    pub(super) derived: Vec<TypeId>,
}

#[derive(Debug)]
pub(super) enum Content {
    Empty,
    Simple(SimpleId),
    Elements { particle: Particle, mixed: bool },
}

/// An attribute that a type allows.
#[derive(Debug)]
pub(super) struct AttributeUse {
    pub(super) site: Site,
    pub(super) name: OwnedName,
    pub(super) required: bool,
    pub(super) fixed: Option<String>,
    pub(super) simple: SimpleId,
}

/// An element declaration.
#[derive(Debug)]
pub(super) struct ElementDeclaration {
    pub(super) name: OwnedName,
    pub(super) type_id: TypeId,
    pub(super) nillable: bool,
    pub(super) is_abstract: bool,
    pub(super) fixed: Option<String>,
    /// Members of its substitution group, themselves not abstract.
    pub(super) members: Vec<ElementId>,
    pub(super) constraints: Vec<IdentityConstraintKey>,
}

#[derive(Debug)]
pub(super) struct Particle {
    pub(super) site: Site,
    pub(super) min: u32,
    pub(super) max: Option<u32>,
    pub(super) term: Term,
}

#[derive(Debug)]
pub(super) enum Term {
    Element(ElementId),
    Sequence(Vec<Particle>),
    Choice(Vec<Particle>),
    All(Vec<Particle>),
    Any(Wildcard),
}

/// `xsd:any`, as far as the generator uses it.
#[derive(Clone, Debug)]
pub(super) struct Wildcard {
    /// Namespace of an element that may stand here; `None` where the generator knows none.
    pub(super) foreign: Option<String>,
    /// A declaration has to exist.
    pub(super) strict: bool,
}

/// A simple type with all facets of its bases.
#[derive(Debug)]
pub(super) struct Simple {
    /// What the engine checks a value against.
    pub(super) key: TypeKey,
    pub(super) name: Option<OwnedName>,
    pub(super) facets: FacetSet,
    pub(super) variety: Variety,
}

#[derive(Clone, Debug)]
pub(super) enum Variety {
    Atomic(XmlTypeCode),
    List(SimpleId),
    Union(Vec<SimpleId>),
}

/// The part of a schema that a root reaches.
pub(super) struct Grammar<'s> {
    pub(super) set: &'s SchemaSet,
    pub(super) types: Vec<Type>,
    pub(super) elements: Vec<ElementDeclaration>,
    pub(super) simples: Vec<Simple>,
    type_ids: HashMap<TypeKey, TypeId>,
    element_ids: HashMap<ElementKey, ElementId>,
    pub(super) simple_ids: HashMap<TypeKey, SimpleId>,
    sites: HashMap<usize, Site>,
    next_site: Site,
    pending: Vec<TypeKey>,
    pending_elements: Vec<ElementKey>,
    /// Direct members of substitution groups, in the order of the schema.
    group_members: HashMap<ElementKey, Vec<ElementKey>>,
    /// Named complex types derived directly.
    derivations: HashMap<TypeKey, Vec<TypeKey>>,
}

impl<'s> Grammar<'s> {
    pub(super) fn new(set: &'s SchemaSet) -> Self {
        let mut group_members: HashMap<ElementKey, Vec<ElementKey>> = HashMap::new();
        for (key, element) in &set.arenas.elements {
            for head in &element.resolved_substitution_groups {
                group_members.entry(*head).or_default().push(key);
            }
        }
        let mut derivations: HashMap<TypeKey, Vec<TypeKey>> = HashMap::new();
        for (key, definition) in &set.arenas.complex_types {
            if let (Some(base), Some(_)) = (definition.resolved_base_type, definition.name)
                && !set.is_any_type(base)
                && definition.redefine_original.is_none()
            {
                derivations.entry(base).or_default().push(TypeKey::Complex(key));
            }
        }
        Self {
            set,
            types: Vec::new(),
            elements: Vec::new(),
            simples: Vec::new(),
            type_ids: HashMap::new(),
            element_ids: HashMap::new(),
            simple_ids: HashMap::new(),
            sites: HashMap::new(),
            next_site: 0,
            pending: Vec::new(),
            pending_elements: Vec::new(),
            group_members,
            derivations,
        }
    }

    /// The declaration of a top-level element, with everything below it.
    pub(super) fn root_element(&mut self, name: &OwnedName) -> Option<ElementId> {
        let (namespace, local) = self.lookup(name)?;
        let key = self.set.lookup_element(namespace, local)?;
        let id = self.element(key);
        self.complete();
        Some(id)
    }

    /// A made-up declaration of an accessor with a named type.
    pub(super) fn root_of_type(&mut self, type_name: &OwnedName, accessor: &OwnedName) -> Option<ElementId> {
        let (namespace, local) = self.lookup(type_name)?;
        let found = self.set.lookup_type(namespace, local);
        let key = found.or_else(|| self.set.get_built_in_type_by_qname(namespace, local))?;
        let type_id = self.type_id(key);
        self.elements.push(ElementDeclaration {
            name: accessor.clone(),
            type_id,
            nillable: false,
            is_abstract: false,
            fixed: None,
            members: Vec::new(),
            constraints: Vec::new(),
        });
        let id = self.elements.len() - 1;
        self.complete();
        Some(id)
    }

    fn lookup(&self, name: &OwnedName) -> Option<(Option<NameId>, NameId)> {
        let namespace = match name.namespace.as_str() {
            "" => None,
            namespace => Some(self.set.name_table.get(namespace)?),
        };
        Some((namespace, self.set.name_table.get(&name.local)?))
    }

    /// Fills in what was only referred to so far; a worklist, so that deep schemas cost no stack.
    fn complete(&mut self) {
        loop {
            if let Some(key) = self.pending_elements.pop() {
                self.fill_element(key);
            } else if let Some(key) = self.pending.pop() {
                self.fill_type(key);
            } else {
                return;
            }
        }
    }

    pub(super) fn name_of(&self, namespace: Option<NameId>, local: NameId) -> OwnedName {
        let namespace = namespace.map(|id| self.set.name_table.resolve(id)).unwrap_or_default();
        OwnedName::new(namespace, self.set.name_table.resolve(local))
    }

    fn new_site(&mut self) -> Site {
        self.next_site += 1;
        self.next_site
    }

    /// The site of something that lives in the schema set, the same for each of its uses.
    pub(super) fn site_of<T>(&mut self, thing: &'s T) -> Site {
        let address = ptr::from_ref(thing).addr();
        if let Some(site) = self.sites.get(&address) {
            return *site;
        }
        let site = self.new_site();
        self.sites.insert(address, site);
        site
    }

    fn element(&mut self, key: ElementKey) -> ElementId {
        if let Some(id) = self.element_ids.get(&key) {
            return *id;
        }
        let id = self.elements.len();
        self.element_ids.insert(key, id);
        self.elements.push(ElementDeclaration {
            name: OwnedName::default(),
            type_id: 0,
            nillable: false,
            is_abstract: false,
            fixed: None,
            members: Vec::new(),
            constraints: Vec::new(),
        });
        self.pending_elements.push(key);
        id
    }

    fn fill_element(&mut self, key: ElementKey) {
        let Some(declaration) = self.set.arenas.elements.get(key) else {
            return;
        };
        let any = TypeKey::Complex(self.set.any_type_key());
        let name = declaration
            .name
            .map(|local| self.name_of(declaration.target_namespace, local));
        let mut members = Vec::new();
        let mut heads = vec![key];
        let mut seen = vec![key];
        while let Some(head) = heads.pop() {
            for &member in self.group_members.get(&head).map_or(&[][..], Vec::as_slice) {
                if seen.contains(&member) {
                    continue;
                }
                seen.push(member);
                heads.push(member);
                if self
                    .set
                    .arenas
                    .elements
                    .get(member)
                    .is_some_and(|member| !member.is_abstract)
                {
                    members.push(member);
                }
            }
        }
        let type_key = declaration
            .resolved_type
            .or_else(|| {
                let head = declaration.resolved_substitution_groups.first()?;
                self.set.arenas.elements.get(*head)?.resolved_type
            })
            .unwrap_or(any);
        let members = members.into_iter().map(|member| self.element(member)).collect();
        let type_id = self.type_id(type_key);
        let id = self.element_ids[&key];
        let known = std::mem::take(&mut self.elements[id].name);
        self.elements[id] = ElementDeclaration {
            name: if known.local.is_empty() {
                name.unwrap_or_default()
            } else {
                known
            },
            type_id,
            nillable: declaration.nillable,
            is_abstract: declaration.is_abstract,
            fixed: declaration.fixed_value.clone(),
            members,
            constraints: declaration.identity_constraints.clone(),
        };
    }

    fn type_id(&mut self, key: TypeKey) -> TypeId {
        if let Some(id) = self.type_ids.get(&key) {
            return *id;
        }
        let id = self.types.len();
        self.type_ids.insert(key, id);
        self.types.push(Type {
            key,
            name: None,
            is_abstract: false,
            content: Content::Empty,
            attributes: Vec::new(),
            any_attribute: false,
            derived: Vec::new(),
        });
        self.pending.push(key);
        id
    }

    fn fill_type(&mut self, key: TypeKey) {
        let id = self.type_ids[&key];
        match key {
            TypeKey::Simple(simple_key) => {
                let simple = self.simple(simple_key);
                self.types[id].name = self.simples[simple].name.clone();
                self.types[id].content = Content::Simple(simple);
            }
            TypeKey::Complex(complex_key) => self.fill_complex(id, complex_key),
        }
    }

    fn fill_complex(&mut self, id: TypeId, key: ComplexTypeKey) {
        let Some(definition) = self.set.arenas.complex_types.get(key) else {
            return;
        };
        if self.set.is_any_type(TypeKey::Complex(key)) {
            self.types[id].content = Content::Elements {
                particle: self.nothing(),
                mixed: true,
            };
            self.types[id].any_attribute = true;
            return;
        }
        let name = definition
            .name
            .map(|local| self.name_of(definition.target_namespace, local));
        let content = self.content(key, 0);
        let mut attributes = Vec::new();
        self.attributes(key, &mut attributes);
        let mut derived = Vec::new();
        let mut bases = vec![TypeKey::Complex(key)];
        while let Some(base) = bases.pop() {
            for &more in self.derivations.get(&base).map_or(&[][..], Vec::as_slice) {
                if bases.contains(&more) || derived.contains(&more) || more == TypeKey::Complex(key) {
                    continue;
                }
                bases.push(more);
                derived.push(more);
            }
        }
        derived.retain(|more| match more {
            TypeKey::Complex(key) => self
                .set
                .arenas
                .complex_types
                .get(*key)
                .is_some_and(|found| !found.is_abstract),
            TypeKey::Simple(_) => false,
        });
        let derived = derived.into_iter().map(|more| self.type_id(more)).collect();
        let any_attribute = self.allows_any_attribute(definition, 0);
        self.types[id] = Type {
            key: TypeKey::Complex(key),
            name,
            is_abstract: definition.is_abstract,
            content,
            attributes,
            any_attribute,
            derived,
        };
    }

    fn nothing(&mut self) -> Particle {
        Particle {
            site: self.new_site(),
            min: 1,
            max: Some(1),
            term: Term::Sequence(Vec::new()),
        }
    }

    /// The whole content of a complex type: for an extension, that of the base first.
    fn content(&mut self, key: ComplexTypeKey, depth: usize) -> Content {
        let set = self.set;
        let Some(definition) = set.arenas.complex_types.get(key) else {
            return Content::Empty;
        };
        if depth > MAX_NESTING {
            return Content::Empty;
        }
        if let ComplexContentResult::Simple(_) = &definition.content {
            return self.simple_content(key).map_or(Content::Empty, Content::Simple);
        }
        let base = definition.resolved_base_type.filter(|base| !set.is_any_type(*base));
        let extends = definition.derivation_method == Some(DerivationMethod::Extension);
        let inherited = match base {
            Some(TypeKey::Simple(_)) => return self.simple_content(key).map_or(Content::Empty, Content::Simple),
            Some(TypeKey::Complex(base)) if extends => Some(self.content(base, depth + 1)),
            _ => None,
        };
        let (own, mixed) = match &definition.content {
            ComplexContentResult::Complex(content) => (content.particle.as_ref(), content.mixed || definition.mixed),
            _ => (None, definition.mixed),
        };
        let own = own.map(|particle| {
            let mut walk = Walk {
                elements: &definition.resolved_content_particle_elements,
                next: 0,
                target: definition.target_namespace,
                original: None,
            };
            self.particle(particle, &mut walk, depth + 1)
        });
        match (inherited, own) {
            (Some(Content::Simple(simple)), _) => Content::Simple(simple),
            (Some(Content::Elements { particle, mixed }), None) => Content::Elements { particle, mixed },
            (
                Some(Content::Elements {
                    particle,
                    mixed: base_mixed,
                }),
                Some(own),
            ) => Content::Elements {
                particle: Particle {
                    site: self.new_site(),
                    min: 1,
                    max: Some(1),
                    term: Term::Sequence(vec![particle, own]),
                },
                mixed: mixed || base_mixed,
            },
            (Some(Content::Empty) | None, Some(particle)) => Content::Elements { particle, mixed },
            (Some(Content::Empty) | None, None) if mixed => Content::Elements {
                particle: self.nothing(),
                mixed,
            },
            (Some(Content::Empty) | None, None) => Content::Empty,
        }
    }

    fn particle(&mut self, written: &'s ParticleResult, walk: &mut Walk<'s>, depth: usize) -> Particle {
        let site = self.site_of(written);
        let term = match &written.term {
            ParticleTerm::Element(element) => self.element_term(element, written, walk),
            ParticleTerm::Group(group) => self.group(group, walk, depth + 1),
            ParticleTerm::Any(wildcard) => Term::Any(self.wildcard(wildcard, walk.target)),
        };
        Particle {
            site,
            min: written.min_occurs,
            max: written.max_occurs,
            term,
        }
    }

    fn element_term(
        &mut self,
        element: &'s xsd_schema::parser::frames::ElementFrameResult,
        written: &'s ParticleResult,
        walk: &mut Walk<'s>,
    ) -> Term {
        let index = walk.next;
        walk.next += 1;
        if let Some(reference) = &element.ref_name {
            return self
                .set
                .lookup_element(reference.namespace, reference.local_name)
                .map_or_else(|| Term::Choice(Vec::new()), |key| Term::Element(self.element(key)));
        }
        let Some(key) = walk.elements.get(index).copied().flatten() else {
            return Term::Choice(Vec::new());
        };
        let id = self.element(key);
        if let Some(local) = element.name {
            let source = written.source.as_ref().or(element.source.as_ref());
            let namespace = self.set.effective_local_element_namespace(
                element.target_namespace,
                element.form.as_deref(),
                source,
                walk.target,
            );
            self.elements[id].name = self.name_of(namespace, local);
        }
        Term::Element(id)
    }

    fn group(&mut self, group: &'s ModelGroupDefResult, walk: &mut Walk<'s>, depth: usize) -> Term {
        if depth > MAX_NESTING {
            return Term::Choice(Vec::new());
        }
        if let Some(reference) = &group.ref_name {
            let redirected = walk
                .original
                .filter(|(name, namespace, _)| (reference.local_name, reference.namespace) == (*name, *namespace))
                .map(|(_, _, key)| key);
            let key = redirected.or_else(|| self.set.lookup_model_group(reference.namespace, reference.local_name));
            return key.map_or_else(|| Term::Choice(Vec::new()), |key| self.named_group(key, depth + 1));
        }
        let particles = group
            .particles
            .iter()
            .map(|particle| self.particle(particle, walk, depth + 1))
            .filter(|particle| particle.max != Some(0))
            .collect();
        composed(group.compositor, particles)
    }

    fn named_group(&mut self, key: ModelGroupKey, depth: usize) -> Term {
        let set = self.set;
        let Some(group) = set.arenas.model_groups.get(key) else {
            return Term::Choice(Vec::new());
        };
        let mut walk = Walk {
            elements: &group.resolved_particle_elements,
            next: 0,
            target: group.target_namespace,
            original: group
                .redefine_original
                .zip(group.name)
                .map(|(key, name)| (name, group.target_namespace, key)),
        };
        let particles = group
            .particles
            .iter()
            .map(|particle| self.particle(particle, &mut walk, depth + 1))
            .filter(|particle| particle.max != Some(0))
            .collect();
        composed(group.compositor, particles)
    }

    fn wildcard(&self, wildcard: &WildcardResult, target: Option<NameId>) -> Wildcard {
        const FOREIGN: &str = "urn:junkyo:foreign";
        let foreign = match &wildcard.namespace {
            WildcardNamespace::Any | WildcardNamespace::Other => Some(FOREIGN.to_owned()),
            WildcardNamespace::Local => Some(String::new()),
            WildcardNamespace::TargetNamespace => target.map(|id| self.set.name_table.resolve(id)),
            WildcardNamespace::List(tokens) => tokens.iter().find_map(|token| match token {
                NamespaceToken::Uri(id) => Some(self.set.name_table.resolve(*id)),
                NamespaceToken::Local => Some(String::new()),
                NamespaceToken::TargetNamespace => target.map(|id| self.set.name_table.resolve(id)),
            }),
        };
        Wildcard {
            foreign,
            strict: wildcard.process_contents == ProcessContents::Strict,
        }
    }
}

/// Where a walk over written particles stands: local elements are found by their place in it.
struct Walk<'s> {
    elements: &'s [Option<ElementKey>],
    next: usize,
    target: Option<NameId>,
    /// What a redefined group means by its own name.
    original: Option<(NameId, Option<NameId>, ModelGroupKey)>,
}

fn composed(compositor: Option<Compositor>, particles: Vec<Particle>) -> Term {
    match compositor.unwrap_or(Compositor::Sequence) {
        Compositor::Sequence => Term::Sequence(particles),
        Compositor::Choice => Term::Choice(particles),
        Compositor::All => Term::All(particles),
    }
}
