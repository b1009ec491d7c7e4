//! Messages that break one rule: a valid message, changed at one place, and proved to be refused for that rule alone.

use std::collections::{BTreeMap, HashMap};

use xsd_schema::parser::frames::IdentityKind;

use super::Constraint;
use super::check::Engine;
use super::cover::Cover;
use super::grammar::{Content, Particle, Site, Term, TypeId};
use super::identity::{self, Place};
use super::random::Random;
use super::tree::{Node, Value};
use super::values::distinct;
use crate::schema::wsdl::OwnedName;

/// What the engine names where an element is missing, too much, or misplaced.
const CONTENT_MODEL: &str = "cvc-complex-type.2.4";
/// Messages that are tried for one rule before it is given up.
const MAX_TRIES: u32 = 6;

/// A message that breaks a rule.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    pub(super) node: Node,
    pub(super) constraint: Constraint,
    /// The place of the schema that it is about.
    pub(super) site: usize,
    /// The element that it is about.
    pub(super) way: Vec<usize>,
    /// Name of that element, or of its attribute.
    pub(super) subject: String,
    pub(super) attribute: Option<OwnedName>,
    /// The bound or facet, e.g. `maxLength 60`.
    pub(super) what: String,
}

/// What makes two changes the same: the rule, the place of the schema, and the bound or facet.
type Key = (Constraint, usize, String);

/// Looks for changes in messages, the smallest message first.
pub(super) struct Breaker<'c, 'g, 's> {
    pub(super) cover: &'c mut Cover<'g, 's>,
    engine: &'c Engine<'s>,
    particles: HashMap<Site, &'g Particle>,
    found: Vec<Broken>,
    /// Changes that were tried: how often in vain, or `None` once it was found.
    tried: BTreeMap<Key, Option<u32>>,
    /// What the engine said to the last one that was in vain.
    doubts: BTreeMap<Key, (String, String)>,
    limit: usize,
}

impl<'c, 'g, 's> Breaker<'c, 'g, 's> {
    pub(super) fn new(cover: &'c mut Cover<'g, 's>, engine: &'c Engine<'s>, limit: usize) -> Self {
        let mut particles = HashMap::new();
        for found in &cover.grammar.types {
            if let Content::Elements { particle, .. } = &found.content {
                collect(particle, &mut particles);
            }
        }
        Self {
            cover,
            engine,
            particles,
            found: Vec::new(),
            tried: BTreeMap::new(),
            doubts: BTreeMap::new(),
            limit,
        }
    }

    /// The broken messages, and the rules for which none was proved, with the reason.
    pub(super) fn run(mut self, messages: &[Node]) -> (Vec<Broken>, Vec<(Constraint, String, String)>) {
        let mut by_size: Vec<&Node> = messages.iter().collect();
        by_size.sort_by_key(|message| message.size());
        for message in by_size {
            for way in message.ways() {
                if self.found.len() >= self.limit {
                    break;
                }
                self.at(message, &way);
            }
            self.identities(message);
        }
        // By their place in the schema, so that names do not follow from where a change was found.
        self.found
            .sort_by(|a, b| (a.constraint, a.site, &a.what).cmp(&(b.constraint, b.site, &b.what)));
        let tried = self.tried;
        let unproven = self
            .doubts
            .into_iter()
            .filter(|(key, _)| tried.get(key).is_some_and(Option::is_some))
            .map(|((constraint, _, what), (subject, why))| (constraint, format!("{subject} {what}"), why))
            .collect();
        (self.found, unproven)
    }

    /// Proves a change and keeps it.
    fn offer(&mut self, broken: Broken) {
        let key = (broken.constraint, broken.site, broken.what.clone());
        let errors = self.engine.errors(&broken.node.to_xml());
        let is_named = |code: &str| broken.constraint.codes().contains(&code);
        // Where the content model is broken, what follows is not looked for any more.
        let follows = |code: &str| broken.constraint.codes().contains(&CONTENT_MODEL) && code == "cvc-elt.1";
        let fits = errors.iter().any(|error| is_named(error.code))
            && errors.iter().all(|error| is_named(error.code) || follows(error.code));
        if fits {
            self.tried.insert(key, None);
            self.found.push(broken);
            return;
        }
        if let Some(Some(count)) = self.tried.get_mut(&key) {
            *count += 1;
        } else {
            self.tried.insert(key.clone(), Some(1));
        }
        // A change that leaves the message valid is no rule of the schema: nothing to report.
        let unexpected = errors
            .iter()
            .find(|error| !is_named(error.code) && !follows(error.code));
        if let Some(error) = unexpected.or_else(|| errors.iter().find(|error| !is_named(error.code))) {
            self.doubts
                .insert(key, (broken.subject, format!("{}: {}", error.code, error.message)));
        }
    }

    fn is_wanted(&self, constraint: Constraint, site: usize, what: &str) -> bool {
        match self.tried.get(&(constraint, site, what.to_owned())) {
            None => true,
            Some(None) => false,
            Some(Some(count)) => *count < MAX_TRIES,
        }
    }

    /// Changes a copy of the message and offers it.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn change(
        &mut self,
        message: &Node,
        way: &[usize],
        (constraint, site): (Constraint, usize),
        subject: &str,
        what: &str,
        attribute: Option<OwnedName>,
        edit: impl FnOnce(&mut Node) -> Option<()>,
    ) {
        if !self.is_wanted(constraint, site, what) {
            return;
        }
        let mut node = message.clone();
        if edit(&mut node).is_some() {
            let broken = Broken {
                node,
                constraint,
                site,
                way: way.to_vec(),
                subject: subject.to_owned(),
                attribute,
                what: what.to_owned(),
            };
            self.offer(broken);
        }
    }

    /// Everything that can be broken at one element.
    fn at(&mut self, message: &Node, way: &[usize]) {
        let grammar = self.cover.grammar;
        let Some(node) = message.at(way) else { return };
        let (Some(declaration), Some(type_id)) = (node.declaration, node.type_id) else {
            return;
        };
        let subject = node.name.local.clone();
        if let Some((last, parent)) = way.split_last() {
            self.occurrences(message, parent, *last);
            self.branches(message, parent, *last);
            self.abstract_element(message, way);
        }
        if node.nil {
            return self.nil_content(message, way, type_id);
        }
        let parent_type = way.split_last().and_then(|(_, parent)| message.at(parent)?.type_id);
        let declared = &grammar.elements[declaration];
        if !declared.nillable {
            let site = parent_type.unwrap_or(usize::MAX);
            self.change(
                message,
                way,
                (Constraint::NilForbidden, site),
                &subject,
                "",
                None,
                |root| {
                    root.at_mut(way)?.nil = true;
                    Some(())
                },
            );
        } else if declared.nillable && (node.text.is_some() || !node.children.is_empty()) {
            self.change(
                message,
                way,
                (Constraint::NilContent, declaration),
                &subject,
                "",
                None,
                |root| {
                    root.at_mut(way)?.nil = true;
                    Some(())
                },
            );
        }
        if grammar.types[declared.type_id].is_abstract && node.xsi_type.is_some() {
            self.abstract_type(message, way, declared.type_id, &subject);
        }
        self.attributes(message, way, type_id);
        match &grammar.types[type_id].content {
            Content::Simple(simple) => self.text_values(message, way, *simple, declared.fixed.is_some()),
            Content::Elements { mixed, .. } => self.elements(message, way, type_id, *mixed),
            Content::Empty => self.elements(message, way, type_id, false),
        }
    }

    /// One element less, one more.
    fn occurrences(&mut self, message: &Node, parent: &[usize], index: usize) {
        let grammar = self.cover.grammar;
        let Some(holder) = message.at(parent) else { return };
        let node = &holder.children[index];
        let site = node.site;
        let Some(particle) = self.particles.get(&site).copied() else {
            return;
        };
        let is_first = index == 0 || holder.children[index - 1].site != site;
        if !is_first {
            return;
        }
        let count = holder.children[index..]
            .iter()
            .take_while(|child| child.site == site)
            .count();
        let subject = node.name.local.clone();
        let way: Vec<usize> = parent.iter().copied().chain([index]).collect();
        if particle.min > 0 && count == particle.min as usize {
            let constraint = if particle.min == 1 {
                Constraint::MissingElement
            } else {
                Constraint::TooFew
            };
            // What is missing has no place of its own: the path names its parent.
            self.change(message, parent, (constraint, site), &subject, "", None, |root| {
                root.at_mut(parent)?.children.remove(index);
                Some(())
            });
        }
        if let Some(max) = particle.max.filter(|max| *max <= 512) {
            let more = (max as usize + 1).saturating_sub(count);
            let copy = node.clone();
            self.change(
                message,
                &way,
                (Constraint::TooMany, site),
                &subject,
                &format!("maxOccurs {max}"),
                None,
                |root| {
                    let children = &mut root.at_mut(parent)?.children;
                    for _ in 0..more {
                        children.insert(index + 1, copy.clone());
                    }
                    identity::repair(grammar, root);
                    Some(())
                },
            );
        }
    }

    /// A second branch after the first.
    fn branches(&mut self, message: &Node, parent: &[usize], index: usize) {
        let Some(holder) = message.at(parent) else { return };
        let Some((site, turn, branch)) = holder.children[index].choices.last().copied() else {
            return;
        };
        let Some(particle) = self.particles.get(&site).copied() else {
            return;
        };
        let Term::Choice(parts) = &particle.term else { return };
        let inside = |child: &Node| {
            child
                .choices
                .iter()
                .any(|(other, again, _)| (*other, *again) == (site, turn))
        };
        let end = holder.children.iter().rposition(inside).unwrap_or(index);
        for (number, part) in parts.iter().enumerate() {
            if number == branch || !self.is_wanted(Constraint::TwoBranches, site, "choice") {
                continue;
            }
            let mut more = self.cover.plain_particle(part);
            if more.is_empty()
                && let Term::Element(element) = &part.term
            {
                more.push(self.cover.plain(*element, part.site));
            }
            if more.is_empty() {
                continue;
            }
            let way: Vec<usize> = parent.iter().copied().chain([end + 1]).collect();
            self.change(
                message,
                &way,
                (Constraint::TwoBranches, site),
                "",
                "choice",
                None,
                |root| {
                    let children = &mut root.at_mut(parent)?.children;
                    for node in more.into_iter().rev() {
                        children.insert(end + 1, node);
                    }
                    Some(())
                },
            );
        }
    }

    fn abstract_element(&mut self, message: &Node, way: &[usize]) {
        let grammar = self.cover.grammar;
        let Some(node) = message.at(way) else { return };
        let Some(Term::Element(head)) = self.particles.get(&node.site).map(|particle| &particle.term) else {
            return;
        };
        let head_declaration = &grammar.elements[*head];
        if head_declaration.is_abstract && Some(*head) != node.declaration {
            let name = head_declaration.name.clone();
            let subject = name.local.clone();
            self.change(
                message,
                way,
                (Constraint::AbstractElement, *head),
                &subject,
                "",
                None,
                |root| {
                    root.at_mut(way)?.name = name;
                    Some(())
                },
            );
        }
    }

    /// Children that do not belong, in the wrong order, in the wrong namespace; text among them.
    fn elements(&mut self, message: &Node, way: &[usize], type_id: TypeId, mixed: bool) {
        let Some(node) = message.at(way) else { return };
        // The type may stand under several names: one of them is enough.
        let subject = self.cover.grammar.types[type_id]
            .name
            .as_ref()
            .map_or_else(|| node.name.local.clone(), |name| name.local.clone());
        let count = node.children.len();
        let namespace = node
            .children
            .first()
            .map_or_else(|| node.name.namespace.clone(), |child| child.name.namespace.clone());
        let extra = OwnedName::new(namespace, "unexpected");
        let place: Vec<usize> = way.iter().copied().chain([count]).collect();
        self.change(
            message,
            &place,
            (Constraint::ExtraElement, type_id),
            &subject,
            "",
            None,
            |root| {
                root.at_mut(way)?.children.push(Node::new(extra, 0));
                Some(())
            },
        );
        for index in 1..count {
            if node.children[index - 1].site == node.children[index].site {
                continue;
            }
            let place: Vec<usize> = way.iter().copied().chain([index - 1]).collect();
            self.change(
                message,
                &place,
                (Constraint::Order, type_id),
                &subject,
                "",
                None,
                |root| {
                    root.at_mut(way)?.children.swap(index - 1, index);
                    Some(())
                },
            );
        }
        if count > 0 {
            let place: Vec<usize> = way.iter().copied().chain([0]).collect();
            self.change(
                message,
                &place,
                (Constraint::WrongNamespace, type_id),
                &subject,
                "",
                None,
                |root| {
                    root.at_mut(&place)?.name.namespace = "urn:junkyo:wrong".to_owned();
                    Some(())
                },
            );
        }
        if !mixed {
            self.change(
                message,
                way,
                (Constraint::TextContent, type_id),
                &subject,
                "",
                None,
                |root| {
                    root.at_mut(way)?.text = Some(Value::text("文字"));
                    Some(())
                },
            );
        }
    }

    fn identities(&mut self, message: &Node) {
        let grammar = self.cover.grammar;
        for scope in identity::scopes(grammar, message) {
            let site = grammar
                .elements
                .iter()
                .position(|element| element.constraints.contains(&scope.key))
                .unwrap_or(0);
            let name = scope.name.clone();
            if scope.kind == IdentityKind::Keyref {
                let keys = identity::referred(grammar, message, &scope);
                let Some(row) = scope.rows.first() else { continue };
                let Some(place) = row.first() else { continue };
                let Some(simple) = identity::simple_of(grammar, message, place) else {
                    continue;
                };
                let mut random = Random::new(0);
                let stranger = (0..200)
                    .rev()
                    .filter_map(|number| distinct(grammar, simple, number, &mut random))
                    .find(|value| !keys.iter().any(|key| key.contains(&Some(value.clone()))));
                if let Some(value) = stranger {
                    let way = scope.way.clone();
                    self.change(
                        message,
                        &way,
                        (Constraint::DanglingKeyref, site),
                        &name,
                        "",
                        None,
                        |root| {
                            identity::write(root, place, value);
                            Some(())
                        },
                    );
                }
                continue;
            }
            let [first, second, ..] = scope.rows.as_slice() else {
                continue;
            };
            let values: Vec<(Place, Option<Value>)> = second
                .iter()
                .cloned()
                .zip(first.iter().map(|place| identity::read(message, place)))
                .collect();
            let way = second
                .first()
                .map_or_else(|| scope.way.clone(), |place| place.way.clone());
            self.change(
                message,
                &way,
                (Constraint::DuplicateKey, site),
                &name,
                "",
                None,
                |root| {
                    for (place, value) in values {
                        identity::write(root, &place, value?);
                    }
                    Some(())
                },
            );
        }
    }
}

fn collect<'g>(particle: &'g Particle, particles: &mut HashMap<Site, &'g Particle>) {
    particles.entry(particle.site).or_insert(particle);
    if let Term::Sequence(parts) | Term::Choice(parts) | Term::All(parts) = &particle.term {
        for part in parts {
            collect(part, particles);
        }
    }
}
