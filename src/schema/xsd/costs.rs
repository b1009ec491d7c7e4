//! What a schema may cost. Small documents can stand for models that no engine finishes compiling: groups that hold
//! groups twice, thirty levels deep, or repeated options inside repeated options. They are refused before.

use std::collections::HashMap;

use super::SchemaFault;
use super::sources::XSD;
use crate::text::Text;
use crate::xml::{Document, Element, Position};

/// Includes, imports and redefines of one document.
const MAX_REFERENCES: usize = 1_000;
/// Elements, wildcards, groups and member types of one component, with those of what it is derived from and refers to.
const MAX_PARTS: usize = 2_000;
/// Components that derive from or refer to each other in a row.
const MAX_CHAIN: usize = 1_000;
/// Groups inside each other that are optional and repeated, for which the time to compile doubles with each.
const MAX_LOOPS: usize = 10;

/// Kind, namespace and local name of a top-level component. Simple and complex types share their names.
type Key = (&'static str, String, String);

/// A top-level component.
struct Component {
    location: String,
    at: Position,
    /// Parts of its own.
    parts: usize,
    uses: Vec<Key>,
}

/// Components of a set of schemas, as far as costs need them.
#[derive(Default)]
pub(super) struct Costs {
    components: HashMap<Key, Component>,
}

/// What is known about a component while the references are followed.
#[derive(Clone, Copy)]
enum Seen {
    Open,
    Done { parts: usize, chain: usize },
}

impl Costs {
    /// Takes in a document.
    ///
    /// # Errors
    /// When the document alone is too much.
    pub(super) fn add(&mut self, location: &str, document: &Document) -> Result<(), SchemaFault> {
        let root = document.root();
        let mut references = 0;
        for child in root.children().filter(|child| child.namespace() == XSD) {
            match child.local() {
                "include" | "import" => references += 1,
                "redefine" => {
                    references += 1;
                    self.component_each(location, root, child)?;
                }
                _ => self.component(location, root, child)?,
            }
            if references > MAX_REFERENCES {
                return Err(too_much(
                    location,
                    child.position(),
                    &Text::new(
                        format!("include、import、redefine が {MAX_REFERENCES} 個を超えています"),
                        format!("it has more than {MAX_REFERENCES} includes, imports and redefines"),
                    ),
                ));
            }
        }
        Ok(())
    }

    fn component_each(&mut self, location: &str, root: Element<'_>, redefine: Element<'_>) -> Result<(), SchemaFault> {
        redefine
            .children()
            .filter(|child| child.namespace() == XSD)
            .try_for_each(|child| self.component(location, root, child))
    }

    fn component(&mut self, location: &str, root: Element<'_>, top: Element<'_>) -> Result<(), SchemaFault> {
        let kind = match top.local() {
            "simpleType" | "complexType" => "type",
            "group" => "group",
            "attributeGroup" => "attributeGroup",
            "element" => "element",
            _ => return Ok(()),
        };
        let mut component = Component {
            location: location.to_owned(),
            at: top.position(),
            parts: 1,
            uses: uses_of(top, true),
        };
        let mut open: Vec<(Element<'_>, usize)> = top.children().map(|child| (child, 0)).collect();
        while let Some((element, loops)) = open.pop() {
            if element.namespace() != XSD {
                continue;
            }
            let loops = loops + usize::from(is_loop(element));
            if loops > MAX_LOOPS {
                return Err(too_much(
                    location,
                    element.position(),
                    &Text::new(
                        format!("省略可能で繰返し可能なグループの入れ子が {MAX_LOOPS} 段を超えています"),
                        format!(
                            "groups that are optional and repeated stand inside each other more than {MAX_LOOPS} deep"
                        ),
                    ),
                ));
            }
            let is_part = matches!(
                element.local(),
                "element" | "any" | "group" | "sequence" | "choice" | "all"
            );
            component.parts += usize::from(is_part);
            component.uses.extend(uses_of(element, false));
            open.extend(element.children().map(|child| (child, loops)));
        }
        let namespace = root.attribute("", "targetNamespace").unwrap_or_default();
        let local = top.attribute("", "name").unwrap_or_default();
        self.components
            .entry((kind, namespace.to_owned(), local.to_owned()))
            .or_insert(component);
        Ok(())
    }

    /// Follows the references between components.
    ///
    /// # Errors
    /// The first component that is too much.
    pub(super) fn judge(&self) -> Result<(), SchemaFault> {
        let mut seen = HashMap::new();
        let mut keys: Vec<&Key> = self.components.keys().collect();
        keys.sort();
        for key in keys {
            self.follow(key, 0, &mut seen)?;
        }
        Ok(())
    }

    /// Parts of a component with everything that it uses, and how long the chain below it is. Circles are left to the
    /// engine, which names them.
    fn follow<'s>(
        &'s self,
        key: &'s Key,
        level: usize,
        seen: &mut HashMap<&'s Key, Seen>,
    ) -> Result<(usize, usize), SchemaFault> {
        let Some(component) = self.components.get(key) else {
            return Ok((1, 0));
        };
        match seen.get(key) {
            Some(Seen::Open) => return Ok((0, 0)),
            Some(Seen::Done { parts, chain }) => return Ok((*parts, *chain)),
            None => {}
        }
        seen.insert(key, Seen::Open);
        let (mut parts, mut chain) = (component.parts, 0);
        for used in &component.uses {
            // The recursion is as deep as the longest chain may be, and no deeper.
            let (more, below) = if level > MAX_CHAIN {
                (0, MAX_CHAIN)
            } else {
                self.follow(used, level + 1, seen)?
            };
            parts = parts.saturating_add(more);
            chain = chain.max(below + 1);
        }
        let name = &key.2;
        if parts > MAX_PARTS {
            return Err(too_much(
                &component.location,
                component.at,
                &Text::new(
                    format!("「{name}」は、参照先を含めて {MAX_PARTS} 個を超える要素、グループ又は型から成ります"),
                    format!("`{name}`, with what it refers to, has more than {MAX_PARTS} elements, groups or types"),
                ),
            ));
        }
        if chain > MAX_CHAIN {
            return Err(too_much(
                &component.location,
                component.at,
                &Text::new(
                    format!("「{name}」から {MAX_CHAIN} 段を超える派生又は参照が続きます"),
                    format!("`{name}` begins a chain of more than {MAX_CHAIN} derivations or references"),
                ),
            ));
        }
        seen.insert(key, Seen::Done { parts, chain });
        Ok((parts, chain))
    }
}

fn is_loop(element: Element<'_>) -> bool {
    let is_group = matches!(element.local(), "sequence" | "choice" | "all" | "group");
    let is_optional = element
        .attribute("", "minOccurs")
        .is_some_and(|least| least.trim() == "0");
    let is_repeated = element
        .attribute("", "maxOccurs")
        .is_some_and(|most| !matches!(most.trim(), "0" | "1"));
    is_group && is_optional && is_repeated
}

/// Components that are compiled into this one. The type of an element is not: it is compiled once for itself.
fn uses_of(element: Element<'_>, top: bool) -> Vec<Key> {
    let (kind, attribute) = match element.local() {
        "restriction" | "extension" => ("type", "base"),
        "list" => ("type", "itemType"),
        "union" => ("type", "memberTypes"),
        "group" if !top => ("group", "ref"),
        "attributeGroup" if !top => ("attributeGroup", "ref"),
        "element" if top => ("element", "substitutionGroup"),
        _ => return Vec::new(),
    };
    let names = element.attribute("", attribute).unwrap_or_default();
    names
        .split_ascii_whitespace()
        .filter_map(|name| {
            let (prefix, local) = name.split_once(':').unwrap_or(("", name));
            let namespace = element.resolve(prefix).or_else(|| prefix.is_empty().then_some(""))?;
            (namespace != XSD).then(|| (kind, namespace.to_owned(), local.to_owned()))
        })
        .collect()
}

fn too_much(location: &str, at: Position, what: &Text) -> SchemaFault {
    SchemaFault {
        location: location.to_owned(),
        line: Some(at.line),
        code: Some(SchemaFault::LIMIT.to_owned()),
        message: Text::new(
            format!(
                "スキーマが大きすぎるため扱いません: {}。分けるか、簡単にしてください",
                what.ja
            ),
            format!("the schema is refused for its size: {}; divide or simplify it", what.en),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{CompiledSchema, SchemaSource};

    fn fault(inside: &str) -> Option<String> {
        let text = format!(
            "<x:schema xmlns:x='http://www.w3.org/2001/XMLSchema' xmlns:t='urn:t' targetNamespace='urn:t'>{inside}</x:schema>"
        );
        let source = SchemaSource {
            location: "x.xsd".into(),
            text,
        };
        CompiledSchema::compile(&[source]).err().map(|fault| fault.to_string())
    }

    #[test]
    fn doubling_is_refused_and_circles_are_left_to_the_engine() {
        let power = |kind: &str, count: usize| -> String {
            let one = |number: usize| {
                let next = number + 1;
                match kind {
                    "union" => {
                        format!(
                            "<x:simpleType name='t{number}'><x:union memberTypes='t:t{next} t:t{next}'/></x:simpleType>"
                        )
                    }
                    _ => format!(
                        "<x:group name='t{number}'><x:sequence><x:group ref='t:t{next}'/><x:group ref='t:t{next}'/></x:sequence></x:group>"
                    ),
                }
            };
            let last = match kind {
                "union" => format!("<x:simpleType name='t{count}'><x:restriction base='x:int'/></x:simpleType>"),
                _ => format!("<x:group name='t{count}'><x:sequence><x:element name='e'/></x:sequence></x:group>"),
            };
            (0..count).map(one).collect::<String>() + &last
        };
        for kind in ["union", "group"] {
            assert_eq!(fault(&power(kind, 3)), None);
            let told = fault(&power(kind, 30)).expect("a fault");
            assert!(
                told.starts_with("x.xsd:1: the schema is refused for its size"),
                "{told}"
            );
        }
        let circle = fault("<x:simpleType name='s'><x:restriction base='t:s'/></x:simpleType>").expect("a fault");
        assert!(!circle.contains("for its size"), "{circle}");
    }
}
