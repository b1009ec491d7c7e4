//! Keys, uniqueness, references between keys, and IDs: kept in valid messages, broken on purpose in others.

use std::collections::BTreeSet;

use xsd_schema::namespace::context::NamespaceContextSnapshot;
use xsd_schema::parser::frames::IdentityKind;
use xsd_schema::{IdentityConstraintKey, XmlTypeCode};

use super::grammar::{Content, Grammar, SimpleId, Variety};
use super::random::Random;
use super::tree::{Node, Value};
use super::values::distinct;

/// How many values are tried before a key counts as exhausted.
const MAX_TRIES: usize = 400;

/// Where a field's value stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Place {
    pub(super) way: Vec<usize>,
    /// Number of the attribute; the element's text if absent.
    pub(super) attribute: Option<usize>,
}

/// A constraint at one element, with the fields of each node that its selector finds.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub(super) key: IdentityConstraintKey,
    pub(super) kind: IdentityKind,
    pub(super) name: String,
    pub(super) way: Vec<usize>,
    pub(super) rows: Vec<Vec<Place>>,
}

/// Makes the values of keys differ, and those of references exist.
pub(super) fn repair(grammar: &Grammar<'_>, root: &mut Node) {
    ids(grammar, root);
    for scope in scopes(grammar, root) {
        if scope.kind != IdentityKind::Keyref {
            separate(grammar, root, &scope);
        }
    }
    for scope in scopes(grammar, root) {
        if scope.kind == IdentityKind::Keyref {
            connect(grammar, root, &scope);
        }
    }
}

/// All identity constraints that apply in a message. Rows with a missing field are left out.
pub(super) fn scopes(grammar: &Grammar<'_>, root: &Node) -> Vec<Scope> {
    let mut found = Vec::new();
    for way in root.ways() {
        let declaration = root.at(&way).and_then(|node| node.declaration);
        let Some(declaration) = declaration.and_then(|id| grammar.elements.get(id)) else {
            continue;
        };
        for key in &declaration.constraints {
            let Some(constraint) = grammar.set.arenas.identity_constraints.get(*key) else {
                continue;
            };
            let mut selected = Vec::new();
            for (place, _) in evaluate(
                grammar,
                root,
                &way,
                &constraint.selector.xpath,
                &constraint.selector.ns_snapshot,
            ) {
                selected.push(place);
            }
            let rows = selected
                .iter()
                .filter_map(|node| {
                    constraint
                        .fields
                        .iter()
                        .map(|field| {
                            let found = evaluate(grammar, root, node, &field.xpath, &field.ns_snapshot);
                            let (way, attribute) = found.into_iter().next()?;
                            Some(Place { way, attribute })
                        })
                        .collect::<Option<Vec<_>>>()
                })
                .collect();
            found.push(Scope {
                key: *key,
                kind: constraint.kind,
                name: grammar.set.name_table.resolve(constraint.name),
                way: way.clone(),
                rows,
            });
        }
    }
    found
}

type Found = (Vec<usize>, Option<usize>);

/// The paths of selectors and fields (XML Schema Part 1, 3.11.6).
fn evaluate(
    grammar: &Grammar<'_>,
    root: &Node,
    start: &[usize],
    xpath: &str,
    context: &NamespaceContextSnapshot,
) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    for path in xpath.split('|') {
        let path = path.split_whitespace().collect::<String>();
        let (anywhere, path) = path
            .strip_prefix(".//")
            .map_or((false, path.as_str()), |rest| (true, rest));
        let mut at: Vec<Found> = vec![(start.to_vec(), None)];
        if anywhere && let Some(node) = root.at(start) {
            at = node
                .ways()
                .into_iter()
                .map(|below| (start.iter().copied().chain(below).collect(), None))
                .collect();
        }
        for step in path.split('/').filter(|step| *step != ".") {
            at = at
                .iter()
                .flat_map(|(way, _)| follow(grammar, root, way, step, context))
                .collect();
        }
        for found in at {
            if !all.contains(&found) {
                all.push(found);
            }
        }
    }
    all
}

fn follow(
    grammar: &Grammar<'_>,
    root: &Node,
    way: &[usize],
    step: &str,
    context: &NamespaceContextSnapshot,
) -> Vec<Found> {
    let Some(node) = root.at(way) else {
        return Vec::new();
    };
    let attribute = step.strip_prefix('@').or_else(|| step.strip_prefix("attribute::"));
    let test = attribute.unwrap_or_else(|| step.strip_prefix("child::").unwrap_or(step));
    let (namespace, local) = match test.split_once(':') {
        Some((prefix, local)) => {
            let table = &grammar.set.name_table;
            let bound = table.get(prefix).and_then(|prefix| context.resolve_prefix(prefix));
            (Some(bound.map(|id| table.resolve(id)).unwrap_or_default()), local)
        }
        None if test == "*" => (None, test),
        None => (Some(String::new()), test),
    };
    let fits = |name: &crate::schema::wsdl::OwnedName| {
        namespace.as_ref().is_none_or(|namespace| *namespace == name.namespace) && (local == "*" || local == name.local)
    };
    if attribute.is_some() {
        let places = node
            .attributes
            .iter()
            .enumerate()
            .filter(|(_, attribute)| fits(&attribute.name));
        return places.map(|(index, _)| (way.to_vec(), Some(index))).collect();
    }
    let children = node.children.iter().enumerate().filter(|(_, child)| fits(&child.name));
    children
        .map(|(index, _)| {
            let mut next = way.to_vec();
            next.push(index);
            (next, None)
        })
        .collect()
}

/// The value at a place; `None` for an element without text.
pub(super) fn read(root: &Node, place: &Place) -> Option<Value> {
    let node = root.at(&place.way)?;
    match place.attribute {
        Some(index) => node.attributes.get(index).map(|attribute| attribute.value.clone()),
        None => node.text.clone().filter(|_| !node.nil),
    }
}

pub(super) fn write(root: &mut Node, place: &Place, value: Value) {
    let Some(node) = root.at_mut(&place.way) else { return };
    match place.attribute {
        Some(index) => {
            if let Some(attribute) = node.attributes.get_mut(index) {
                attribute.value = value;
            }
        }
        None => {
            node.nil = false;
            node.text = Some(value);
        }
    }
}

/// The simple type of the value at a place.
pub(super) fn simple_of(grammar: &Grammar<'_>, root: &Node, place: &Place) -> Option<SimpleId> {
    let node = root.at(&place.way)?;
    let found = grammar.types.get(node.type_id?)?;
    match place.attribute {
        Some(index) => {
            let site = node.attributes.get(index)?.site?;
            found
                .attributes
                .iter()
                .find(|attribute| attribute.site == site)
                .map(|attribute| attribute.simple)
        }
        None => match &found.content {
            Content::Simple(simple) => Some(*simple),
            _ => None,
        },
    }
}

fn row_values(root: &Node, row: &[Place]) -> Vec<Option<Value>> {
    row.iter().map(|place| read(root, place)).collect()
}

fn separate(grammar: &Grammar<'_>, root: &mut Node, scope: &Scope) {
    let mut random = Random::new(0);
    let mut seen: Vec<Vec<Option<Value>>> = Vec::new();
    for row in &scope.rows {
        let mut values = row_values(root, row);
        let needs_value = scope.kind == IdentityKind::Key && values.contains(&None);
        if seen.contains(&values) || needs_value {
            for place in row {
                let Some(simple) = simple_of(grammar, root, place) else {
                    continue;
                };
                let fresh = (0..MAX_TRIES).find_map(|number| {
                    let value = distinct(grammar, simple, number, &mut random)?;
                    let mut changed = values.clone();
                    if let Some(index) = row.iter().position(|other| other == place) {
                        changed[index] = Some(value.clone());
                    }
                    (!seen.contains(&changed)).then_some(value)
                });
                if let Some(value) = fresh {
                    write(root, place, value);
                    values = row_values(root, row);
                    if !values.contains(&None) {
                        break;
                    }
                }
            }
        }
        seen.push(values);
    }
}

/// All rows of the key that a reference refers to.
pub(super) fn referred(grammar: &Grammar<'_>, root: &Node, scope: &Scope) -> Vec<Vec<Option<Value>>> {
    let Some(refer) = grammar
        .set
        .arenas
        .identity_constraints
        .get(scope.key)
        .and_then(|constraint| constraint.refer.as_ref())
    else {
        return Vec::new();
    };
    let name = grammar.set.name_table.resolve(refer.local_name);
    scopes(grammar, root)
        .iter()
        .filter(|other| other.kind != IdentityKind::Keyref && other.name == name)
        .flat_map(|other| other.rows.iter().map(|row| row_values(root, row)).collect::<Vec<_>>())
        .collect()
}

fn connect(grammar: &Grammar<'_>, root: &mut Node, scope: &Scope) {
    let keys = referred(grammar, root, scope);
    for (number, row) in scope.rows.iter().enumerate() {
        if keys.is_empty() || keys.contains(&row_values(root, row)) {
            continue;
        }
        for (place, value) in row.iter().zip(&keys[number % keys.len()]) {
            if let Some(value) = value {
                write(root, place, value.clone());
            }
        }
    }
}

/// Makes IDs differ and references to IDs lead somewhere.
fn ids(grammar: &Grammar<'_>, root: &mut Node) {
    let mut ids = BTreeSet::new();
    let mut references = Vec::new();
    for way in root.ways() {
        let count = root.at(&way).map_or(0, |node| node.attributes.len());
        for attribute in (0..count).map(Some).chain([None]) {
            let place = Place {
                way: way.clone(),
                attribute,
            };
            let Some(simple) = simple_of(grammar, root, &place) else {
                continue;
            };
            let Some(Value::Text(text)) = read(root, &place) else {
                continue;
            };
            match &grammar.simples[simple].variety {
                Variety::Atomic(XmlTypeCode::Id) => {
                    let mut fresh = text;
                    let mut number = ids.len();
                    while !ids.insert(fresh.clone()) {
                        number += 1;
                        fresh = format!("id{number}");
                    }
                    write(root, &place, Value::Text(fresh));
                }
                Variety::Atomic(XmlTypeCode::IdRef) => references.push((place, 1)),
                Variety::List(item)
                    if matches!(grammar.simples[*item].variety, Variety::Atomic(XmlTypeCode::IdRef)) =>
                {
                    references.push((place, text.split_whitespace().count()));
                }
                _ => {}
            }
        }
    }
    let known: Vec<&String> = ids.iter().collect();
    let mut unmet = Vec::new();
    for (place, count) in references {
        if known.is_empty() {
            unmet.push(place);
            continue;
        }
        let names: Vec<&str> = (0..count.max(1))
            .map(|index| known[index % known.len()].as_str())
            .collect();
        write(root, &place, Value::text(names.join(" ")));
    }
    // Without any ID an optional reference is left out; from the back, so that the numbers stay true.
    for place in unmet.into_iter().rev() {
        if let (Some(index), Some(node)) = (place.attribute, root.at_mut(&place.way)) {
            let site = node.attributes.get(index).and_then(|attribute| attribute.site);
            let uses = node.type_id.map_or(&[][..], |id| &grammar.types[id].attributes);
            if uses
                .iter()
                .any(|attribute| Some(attribute.site) == site && !attribute.required)
            {
                node.attributes.remove(index);
            }
        }
    }
}
