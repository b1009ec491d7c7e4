//! Simple types with all their facets, and the attributes of complex types.

use xsd_schema::arenas::ComplexTypeDefData;
use xsd_schema::parser::frames::{
    AttributeUseKind, AttributeUseResult, ComplexContentResult, DerivationMethod, SimpleTypeVariety,
};
use xsd_schema::{AttributeGroupKey, ComplexTypeKey, FacetSet, NameId, SimpleTypeKey, TypeKey, XmlTypeCode};

use super::grammar::{AttributeUse, Grammar, MAX_NESTING, Simple, SimpleId, Variety};
use crate::schema::wsdl::OwnedName;

impl Grammar<'_> {
    /// The attribute uses of a complex type: its own, those of its groups, and those of its bases.
    pub(super) fn attributes(&mut self, key: ComplexTypeKey, uses: &mut Vec<AttributeUse>) {
        let set = self.set;
        let mut closed: Vec<OwnedName> = Vec::new();
        let mut current = Some(key);
        let mut depth = 0;
        while let Some(key) = current.filter(|key| !set.is_any_type(TypeKey::Complex(*key)) && depth < MAX_NESTING) {
            depth += 1;
            let Some(definition) = set.arenas.complex_types.get(key) else {
                return;
            };
            let mut own: Vec<(&AttributeUseResult, Option<_>, Option<NameId>)> = Vec::new();
            for (index, attribute) in definition.attributes.iter().enumerate() {
                own.push((
                    attribute,
                    definition.resolved_attributes.get(index),
                    definition.target_namespace,
                ));
            }
            let mut groups: Vec<AttributeGroupKey> =
                definition.resolved_attribute_groups.iter().rev().copied().collect();
            let mut seen = Vec::new();
            while let Some(group_key) = groups.pop() {
                let Some(group) = set
                    .arenas
                    .attribute_groups
                    .get(group_key)
                    .filter(|_| !seen.contains(&group_key))
                else {
                    continue;
                };
                seen.push(group_key);
                for (index, attribute) in group.attributes.iter().enumerate() {
                    own.push((attribute, group.resolved_attributes.get(index), group.target_namespace));
                }
                groups.extend(group.resolved_attribute_groups.iter().rev());
            }
            let mut names = Vec::new();
            for (attribute, resolved, target) in own {
                let referred = resolved.and_then(|resolved| resolved.resolved_ref);
                let declaration = referred.and_then(|key| set.arenas.attributes.get(key));
                let name = match (&attribute.attribute.ref_name, attribute.attribute.name) {
                    (None, Some(local)) => {
                        let written = &attribute.attribute;
                        let namespace = set.effective_local_attribute_namespace(
                            written.target_namespace,
                            written.form.as_deref(),
                            written.source.as_ref(),
                            target,
                        );
                        self.name_of(namespace, local)
                    }
                    (Some(reference), _) => self.name_of(reference.namespace, reference.local_name),
                    (None, None) => continue,
                };
                if closed.contains(&name) || names.contains(&name) {
                    continue;
                }
                names.push(name.clone());
                if attribute.use_kind == AttributeUseKind::Prohibited {
                    continue;
                }
                let type_key = resolved
                    .and_then(|resolved| resolved.resolved_type)
                    .or_else(|| declaration.and_then(|declaration| declaration.resolved_type));
                let simple = match type_key {
                    Some(TypeKey::Simple(key)) => self.simple(key),
                    _ => match set.get_built_in_simple_type_by_code(XmlTypeCode::String) {
                        Some(key) => self.simple(key),
                        None => continue,
                    },
                };
                let fixed = attribute.attribute.fixed_value.clone();
                let fixed = fixed.or_else(|| declaration.and_then(|declaration| declaration.fixed_value.clone()));
                uses.push(AttributeUse {
                    site: self.site_of(attribute),
                    name,
                    required: attribute.use_kind == AttributeUseKind::Required,
                    fixed,
                    simple,
                });
            }
            closed.extend(names);
            current = match definition.resolved_base_type {
                Some(TypeKey::Complex(base)) => Some(base),
                _ => None,
            };
        }
    }

    pub(super) fn allows_any_attribute(&self, definition: &ComplexTypeDefData, depth: usize) -> bool {
        let inner = match &definition.content {
            ComplexContentResult::Simple(content) => content.attribute_wildcard.is_some(),
            ComplexContentResult::Complex(content) => content.attribute_wildcard.is_some(),
            ComplexContentResult::Empty => false,
        };
        let groups = definition.resolved_attribute_groups.iter().any(|group| {
            self.set
                .arenas
                .attribute_groups
                .get(*group)
                .is_some_and(|group| group.attribute_wildcard.is_some())
        });
        let base = match definition.resolved_base_type {
            Some(TypeKey::Complex(base))
                if depth < MAX_NESTING
                    && definition.derivation_method == Some(DerivationMethod::Extension)
                    && !self.set.is_any_type(TypeKey::Complex(base)) =>
            {
                let base = self.set.arenas.complex_types.get(base);
                base.is_some_and(|base| self.allows_any_attribute(base, depth + 1))
            }
            _ => false,
        };
        definition.attribute_wildcard.is_some() || inner || groups || base
    }

    pub(super) fn simple(&mut self, key: SimpleTypeKey) -> SimpleId {
        if let Some(id) = self.simple_ids.get(&TypeKey::Simple(key)) {
            return *id;
        }
        let set = self.set;
        let mut facets = FacetSet::new();
        let mut name = None;
        let mut variety = Variety::Atomic(XmlTypeCode::String);
        let mut current = Some(key);
        let mut depth = 0;
        let mut first = true;
        while let Some(at) = current.filter(|_| depth < MAX_NESTING) {
            depth += 1;
            let Some(definition) = set.arenas.simple_types.get(at) else {
                break;
            };
            if first {
                name = definition
                    .name
                    .map(|local| self.name_of(definition.target_namespace, local));
                first = false;
            }
            facets.inherit_from(&definition.facets);
            match definition.variety {
                SimpleTypeVariety::List => {
                    if let Some(TypeKey::Simple(item)) = definition.resolved_item_type {
                        variety = Variety::List(self.simple(item));
                        break;
                    }
                }
                SimpleTypeVariety::Union => {
                    let members: Vec<_> = definition
                        .resolved_member_types
                        .iter()
                        .filter_map(TypeKey::as_simple)
                        .collect();
                    if !members.is_empty() {
                        variety = Variety::Union(members.into_iter().map(|member| self.simple(member)).collect());
                        break;
                    }
                }
                SimpleTypeVariety::Atomic => {
                    if let Some(code) = set.get_type_code(at) {
                        variety = match code {
                            XmlTypeCode::NmTokens => self.built_in_list(XmlTypeCode::NmToken),
                            XmlTypeCode::IdRefs => self.built_in_list(XmlTypeCode::IdRef),
                            XmlTypeCode::Entities => self.built_in_list(XmlTypeCode::Entity),
                            code => Variety::Atomic(code),
                        };
                        break;
                    }
                }
            }
            current = definition.resolved_base_type.and_then(|base| base.as_simple());
        }
        let id = self.simples.len();
        self.simples.push(Simple {
            key: TypeKey::Simple(key),
            name,
            facets,
            variety,
        });
        self.simple_ids.insert(TypeKey::Simple(key), id);
        id
    }

    fn built_in_list(&mut self, item: XmlTypeCode) -> Variety {
        match self.set.get_built_in_simple_type_by_code(item) {
            Some(key) => Variety::List(self.simple(key)),
            None => Variety::Atomic(XmlTypeCode::NmToken),
        }
    }

    /// The simple type of the content of a complex type, with the facets that its simple contents add.
    pub(super) fn simple_content(&mut self, key: ComplexTypeKey) -> Option<SimpleId> {
        if let Some(id) = self.simple_ids.get(&TypeKey::Complex(key)) {
            return Some(*id);
        }
        let set = self.set;
        let mut facets = FacetSet::new();
        let mut current = TypeKey::Complex(key);
        let mut base = None;
        for _ in 0..MAX_NESTING {
            match current {
                TypeKey::Simple(simple) => {
                    base = Some(simple);
                    break;
                }
                TypeKey::Complex(complex) => {
                    let definition = set.arenas.complex_types.get(complex)?;
                    if let ComplexContentResult::Simple(content) = &definition.content {
                        facets.inherit_from(&content.facets);
                    }
                    if let Some(TypeKey::Simple(inline)) = definition.resolved_simple_content_type {
                        base = Some(inline);
                        break;
                    }
                    current = definition.resolved_base_type?;
                }
            }
        }
        let base = self.simple(base?);
        facets.inherit_from(&self.simples[base].facets);
        let id = self.simples.len();
        self.simples.push(Simple {
            key: TypeKey::Complex(key),
            name: None,
            facets,
            variety: self.simples[base].variety.clone(),
        });
        self.simple_ids.insert(TypeKey::Complex(key), id);
        Some(id)
    }
}
