//! Valid messages that together cover what a schema allows: a greedy choice at every place where something is decided.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::GenerateLimits;
use super::grammar::{Content, ElementId, Grammar, Particle, SimpleId, Site, Term, TypeId};
use super::heights::{NEVER, heights, particle_height, term_height};
use super::random::Random;
use super::tree::{AttributeNode, Node, Value};
use super::values::{Values, values};

/// Occurrences of elements and groups in one message; whatever demands more is given up.
const MAX_TURNS: usize = 50_000;

/// Something that at least one message should have.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Goal {
    /// A particle this often.
    Times(Site, u32),
    /// A branch of a choice.
    Branch(Site, usize),
    /// An attribute that is there, or not.
    Attribute(Site, bool),
    /// A value of a simple type.
    Value(SimpleId, usize),
    /// A nil element.
    Nil(ElementId),
    /// A type by `xsi:type`.
    Type(ElementId, TypeId),
    /// A member of a substitution group.
    Member(Site, ElementId),
    /// Text between elements.
    Mixed(TypeId),
    /// The elements of an `all` in another order.
    Reversed(Site),
}

/// What is known while messages are made.
pub(super) struct Cover<'g, 's> {
    pub(super) grammar: &'g Grammar<'s>,
    limits: GenerateLimits,
    pub(super) values: HashMap<SimpleId, Rc<Values>>,
    seed: u64,
    pub(super) covered: HashSet<Goal>,
    /// Types below which nothing is left to cover.
    done: HashSet<TypeId>,
    heights: Vec<usize>,
}

/// One message in the making.
struct Making {
    /// Goals that this message covers for the first time, in the order in which they came up.
    fresh: Vec<Goal>,
    /// Whether goals count; otherwise everything is as plain as possible.
    covering: bool,
    elements: usize,
    /// Occurrences of particles so far.
    turns: usize,
    open: Vec<TypeId>,
    choices: Vec<(Site, u32, usize)>,
}

impl<'g, 's> Cover<'g, 's> {
    pub(super) fn new(grammar: &'g Grammar<'s>, seed: u64, limits: GenerateLimits) -> Self {
        let heights = heights(grammar);
        Self {
            grammar,
            limits,
            values: HashMap::new(),
            seed,
            covered: HashSet::new(),
            done: HashSet::new(),
            heights,
        }
    }

    /// The plainest message, or the next one that covers something new; the goals that it is the first to cover.
    pub(super) fn message(&mut self, root: ElementId, covering: bool) -> (Node, Vec<Goal>) {
        let mut making = Making {
            fresh: Vec::new(),
            covering,
            elements: 0,
            turns: 0,
            open: Vec::new(),
            choices: Vec::new(),
        };
        let node = self.element(root, 0, &mut making);
        (node, making.fresh)
    }

    /// A plain element of a declaration, for messages that have one too many.
    pub(super) fn plain(&mut self, element: ElementId, site: Site) -> Node {
        let mut making = Making {
            fresh: Vec::new(),
            covering: false,
            elements: 0,
            turns: 0,
            open: Vec::new(),
            choices: Vec::new(),
        };
        let id = self.concrete(element);
        self.element(id, site, &mut making)
    }

    /// Plain content of a particle.
    pub(super) fn plain_particle(&mut self, particle: &Particle) -> Vec<Node> {
        let mut making = Making {
            fresh: Vec::new(),
            covering: false,
            elements: 0,
            turns: 0,
            open: Vec::new(),
            choices: Vec::new(),
        };
        let mut nodes = Vec::new();
        self.particle(particle, &mut making, &mut nodes);
        nodes
    }

    /// Values of a simple type, the same for all its uses.
    pub(super) fn values(&mut self, id: SimpleId) -> Rc<Values> {
        if let Some(found) = self.values.get(&id) {
            return Rc::clone(found);
        }
        // A stream of its own for each type, so that one type does not shift the texts of another.
        let mut random = Random::new(self.seed ^ (id as u64).wrapping_mul(0x9E37_79B9));
        let found = Rc::new(values(self.grammar, id, &mut random));
        self.values.insert(id, Rc::clone(&found));
        found
    }

    fn is_open(&self, goal: Goal) -> bool {
        !self.covered.contains(&goal)
    }

    fn reach(&mut self, goal: Goal, making: &mut Making) {
        if self.covered.insert(goal) {
            making.fresh.push(goal);
        }
    }

    /// The first option that is still to be covered; else the first below which something is; else the plain one.
    fn decide(
        &mut self,
        options: &[Goal],
        plain: usize,
        making: &Making,
        below: impl Fn(&mut Self, usize) -> bool,
    ) -> usize {
        if !making.covering || making.elements > self.limits.elements {
            return plain;
        }
        if self.is_open(options[plain]) {
            return plain;
        }
        if let Some(open) = options.iter().position(|goal| self.is_open(*goal)) {
            return open;
        }
        (0..options.len()).find(|index| below(self, *index)).unwrap_or(plain)
    }

    /// The declaration itself, or where it is abstract the first member of its group.
    fn concrete(&self, id: ElementId) -> ElementId {
        let declaration = &self.grammar.elements[id];
        if declaration.is_abstract {
            declaration.members.first().copied().unwrap_or(id)
        } else {
            id
        }
    }

    fn element(&mut self, id: ElementId, site: Site, making: &mut Making) -> Node {
        making.elements += 1;
        let declaration = &self.grammar.elements[id];
        let mut node = Node::new(declaration.name.clone(), site);
        node.declaration = Some(id);
        node.choices.clone_from(&making.choices);
        let type_id = self.choose_type(id, making);
        node.type_id = Some(type_id);
        if type_id != declaration.type_id {
            node.xsi_type.clone_from(&self.grammar.types[type_id].name);
        }
        if declaration.nillable && making.covering && declaration.fixed.is_none() && self.is_open(Goal::Nil(id)) {
            // The other goals below are covered by another message, or by a sibling.
            let first_time = self.nothing_covered_yet(type_id);
            if !first_time {
                self.reach(Goal::Nil(id), making);
                node.nil = true;
            }
        }
        if making.open.len() > self.limits.depth {
            return node;
        }
        self.attributes(type_id, &mut node, making);
        if node.nil {
            return node;
        }
        making.open.push(type_id);
        let fixed = declaration.fixed.clone();
        match &self.grammar.types[type_id].content {
            Content::Empty => {}
            Content::Simple(simple) => {
                node.text = fixed.map(Value::Text).or_else(|| self.value(*simple, making));
            }
            Content::Elements { particle, mixed } => {
                let outer = std::mem::take(&mut making.choices);
                let mut children = Vec::new();
                self.particle(particle, making, &mut children);
                node.children = children;
                making.choices = outer;
                if *mixed {
                    self.mixed(type_id, &mut node, fixed, making);
                }
            }
        }
        making.open.pop();
        node
    }

    /// Whether an element of this type has not been made yet, so that it should not be nil the first time.
    fn nothing_covered_yet(&mut self, type_id: TypeId) -> bool {
        match &self.grammar.types[type_id].content {
            Content::Simple(simple) => self.is_open(Goal::Value(*simple, 0)),
            Content::Elements { .. } | Content::Empty => false,
        }
    }

    fn mixed(&mut self, type_id: TypeId, node: &mut Node, fixed: Option<String>, making: &mut Making) {
        if let Some(fixed) = fixed.filter(|_| node.children.is_empty()) {
            node.text = Some(Value::Text(fixed));
        } else if making.covering && self.is_open(Goal::Mixed(type_id)) {
            self.reach(Goal::Mixed(type_id), making);
            node.text = Some(Value::text("文中の文字"));
        }
    }

    fn choose_type(&mut self, id: ElementId, making: &mut Making) -> TypeId {
        let grammar = self.grammar;
        let declared = grammar.elements[id].type_id;
        let found = &grammar.types[declared];
        let mut types = Vec::new();
        if !found.is_abstract {
            types.push(declared);
        }
        if making.open.len() < self.limits.depth {
            types.extend(found.derived.iter().take(self.limits.derived));
        }
        match types.len() {
            0 => return found.derived.first().copied().unwrap_or(declared),
            1 => return types[0],
            _ => {}
        }
        let goals: Vec<Goal> = types.iter().map(|type_id| Goal::Type(id, *type_id)).collect();
        let plain = self.lowest(&types, found.is_abstract);
        let chosen = self.decide(&goals, plain, making, |cover, index| {
            cover.type_pending(types[index], &mut HashSet::new())
        });
        self.reach(goals[chosen], making);
        types[chosen]
    }

    fn lowest(&self, types: &[TypeId], by_height: bool) -> usize {
        if !by_height {
            return 0;
        }
        (0..types.len())
            .min_by_key(|index| self.heights[types[*index]])
            .unwrap_or(0)
    }

    fn attributes(&mut self, type_id: TypeId, node: &mut Node, making: &mut Making) {
        for attribute in &self.grammar.types[type_id].attributes {
            let present = if attribute.required {
                true
            } else {
                let goals = [
                    Goal::Attribute(attribute.site, false),
                    Goal::Attribute(attribute.site, true),
                ];
                let chosen = self.decide(&goals, 0, making, |cover, index| {
                    index == 1 && cover.value_pending(attribute.simple)
                });
                self.reach(goals[chosen], making);
                chosen == 1
            };
            if !present {
                continue;
            }
            let value = attribute
                .fixed
                .clone()
                .map(Value::Text)
                .or_else(|| self.value(attribute.simple, making));
            if let Some(value) = value {
                node.attributes.push(AttributeNode {
                    name: attribute.name.clone(),
                    value,
                    site: Some(attribute.site),
                });
            }
        }
    }

    fn value(&mut self, simple: SimpleId, making: &mut Making) -> Option<Value> {
        let found = self.values(simple);
        let goals: Vec<Goal> = (0..found.allowed.len())
            .map(|index| Goal::Value(simple, index))
            .collect();
        if goals.is_empty() {
            return Some(Value::text(""));
        }
        let chosen = self.decide(&goals, 0, making, |_, _| false);
        self.reach(goals[chosen], making);
        found.allowed.get(chosen).map(|allowed| allowed.value.clone())
    }

    fn particle(&mut self, particle: &Particle, making: &mut Making, nodes: &mut Vec<Node>) {
        let count = self.times(particle, making);
        for turn in 0..count {
            making.turns += 1;
            if making.turns > MAX_TURNS {
                // No message of this size can be used; without the rest it is not valid, and so it is told.
                return;
            }
            self.term(particle, turn, making, nodes);
        }
    }

    /// How often a particle stands here.
    fn times(&mut self, particle: &Particle, making: &mut Making) -> u32 {
        let counts = self.counts(particle);
        let goals: Vec<Goal> = counts.iter().map(|count| Goal::Times(particle.site, *count)).collect();
        let repeats = self.repeats(particle, making);
        if repeats || goals.len() == 1 {
            self.reach(goals[0], making);
            return counts[0];
        }
        let chosen = self.decide(&goals, 0, making, |cover, index| {
            counts[index] > 0 && counts[0] == 0 && cover.particle_pending(particle, &mut HashSet::new())
        });
        self.reach(goals[chosen], making);
        counts[chosen]
    }

    /// Whether a particle would lead back into a type that is open already twice, or too deep.
    fn repeats(&self, particle: &Particle, making: &Making) -> bool {
        let again = match &particle.term {
            Term::Element(id) => {
                let type_id = self.grammar.elements[*id].type_id;
                making.open.iter().filter(|open| **open == type_id).count() >= 2
            }
            _ => false,
        };
        again || making.open.len() >= self.limits.depth || making.elements > self.limits.elements
    }

    /// Numbers of occurrences to try: the least, one more, the most; three where there is no most.
    pub(super) fn counts(&self, particle: &Particle) -> Vec<u32> {
        let top = particle
            .max
            .unwrap_or_else(|| 3.max(particle.min))
            .min(self.limits.occurrences.max(particle.min));
        let mut counts = vec![particle.min];
        if term_height(self.grammar, &self.heights, &particle.term) >= NEVER {
            return counts;
        }
        for count in [particle.min + 1, top] {
            if count <= top && !counts.contains(&count) {
                counts.push(count);
            }
        }
        counts
    }

    fn term(&mut self, particle: &Particle, turn: u32, making: &mut Making, nodes: &mut Vec<Node>) {
        match &particle.term {
            Term::Element(id) => {
                let chosen = self.member(*id, particle.site, making);
                nodes.push(self.element(chosen, particle.site, making));
            }
            Term::Sequence(parts) => {
                for part in parts {
                    self.particle(part, making, nodes);
                }
            }
            Term::All(parts) => {
                let start = nodes.len();
                let backwards = making.covering && parts.len() > 1 && self.is_open(Goal::Reversed(particle.site));
                for part in parts {
                    self.particle(part, making, nodes);
                }
                if backwards && self.covered.contains(&Goal::Times(parts[0].site, 1)) && nodes.len() > start + 1 {
                    self.reach(Goal::Reversed(particle.site), making);
                    nodes[start..].reverse();
                }
            }
            Term::Choice(parts) => self.choice(particle, parts, turn, making, nodes),
            Term::Any(wildcard) => {
                if let Some(namespace) = wildcard.foreign.as_ref().filter(|_| !wildcard.strict) {
                    let mut node = Node::new(crate::schema::wsdl::OwnedName::new(namespace, "foreign"), particle.site);
                    node.choices.clone_from(&making.choices);
                    nodes.push(node);
                }
            }
        }
    }

    fn choice(
        &mut self,
        particle: &Particle,
        parts: &[Particle],
        turn: u32,
        making: &mut Making,
        nodes: &mut Vec<Node>,
    ) {
        if parts.is_empty() {
            return;
        }
        let possible: Vec<usize> = self.possible(parts);
        let goals: Vec<Goal> = possible
            .iter()
            .map(|index| Goal::Branch(particle.site, *index))
            .collect();
        let plain = (0..possible.len())
            .min_by_key(|at| self.particle_height(&parts[possible[*at]]))
            .unwrap_or(0);
        let deep = parts.iter().any(|part| self.repeats(part, making));
        let decided = if deep {
            plain
        } else {
            let pending =
                |cover: &mut Self, at: usize| cover.particle_pending(&parts[possible[at]], &mut HashSet::new());
            self.decide(&goals, plain, making, pending)
        };
        let Some(&chosen) = possible.get(decided) else { return };
        self.reach(goals[decided], making);
        making.choices.push((particle.site, turn, chosen));
        self.particle(&parts[chosen], making, nodes);
        making.choices.pop();
    }

    /// The branches of which a valid message can be made; all of them if there is none.
    fn possible(&self, parts: &[Particle]) -> Vec<usize> {
        let can = |index: &usize| term_height(self.grammar, &self.heights, &parts[*index].term) < NEVER;
        let possible: Vec<usize> = (0..parts.len()).filter(can).collect();
        if possible.is_empty() {
            (0..parts.len()).collect()
        } else {
            possible
        }
    }

    /// The element itself or a member of its substitution group.
    fn member(&mut self, id: ElementId, site: Site, making: &mut Making) -> ElementId {
        let declaration = &self.grammar.elements[id];
        if declaration.members.is_empty() {
            return id;
        }
        let mut options = Vec::new();
        if !declaration.is_abstract {
            options.push(id);
        }
        options.extend(declaration.members.iter().take(self.limits.derived));
        let goals: Vec<Goal> = options.iter().map(|member| Goal::Member(site, *member)).collect();
        let types: Vec<TypeId> = options
            .iter()
            .map(|member| self.grammar.elements[*member].type_id)
            .collect();
        let plain = self.lowest(&types, declaration.is_abstract);
        let chosen = self.decide(&goals, plain, making, |cover, index| {
            cover.type_pending(types[index], &mut HashSet::new())
        });
        self.reach(goals[chosen], making);
        options[chosen]
    }

    fn value_pending(&mut self, simple: SimpleId) -> bool {
        let count = self.values(simple).allowed.len();
        (0..count).any(|index| self.is_open(Goal::Value(simple, index)))
    }

    /// Whether something below a type is still to be covered.
    fn type_pending(&mut self, type_id: TypeId, seen: &mut HashSet<TypeId>) -> bool {
        if self.done.contains(&type_id) || !seen.insert(type_id) {
            return false;
        }
        let first = seen.len() == 1;
        let grammar = self.grammar;
        let found = &grammar.types[type_id];
        let attributes = found.attributes.iter().any(|attribute| {
            let open = !attribute.required
                && (self.is_open(Goal::Attribute(attribute.site, true))
                    || self.is_open(Goal::Attribute(attribute.site, false)));
            open || (attribute.fixed.is_none() && self.value_pending(attribute.simple))
        });
        let pending = attributes
            || match &found.content {
                Content::Empty => false,
                Content::Simple(simple) => self.value_pending(*simple),
                Content::Elements { particle, mixed } => {
                    (*mixed && self.is_open(Goal::Mixed(type_id))) || self.particle_pending(particle, seen)
                }
            };
        // Only a search that began here has seen everything below.
        if first && !pending {
            self.done.insert(type_id);
        }
        pending
    }

    fn particle_pending(&mut self, particle: &Particle, seen: &mut HashSet<TypeId>) -> bool {
        let counts = self.counts(particle);
        if counts
            .iter()
            .any(|count| self.is_open(Goal::Times(particle.site, *count)))
        {
            return true;
        }
        if counts == [0] {
            return false;
        }
        match &particle.term {
            Term::Element(id) => {
                let grammar = self.grammar;
                let declaration = &grammar.elements[*id];
                if declaration.nillable && self.is_open(Goal::Nil(*id)) {
                    return true;
                }
                let members = declaration.members.iter().take(self.limits.derived);
                members
                    .chain([id])
                    .filter(|member| !grammar.elements[**member].is_abstract)
                    .any(|member| {
                        let unmet =
                            !declaration.members.is_empty() && self.is_open(Goal::Member(particle.site, *member));
                        let type_id = grammar.elements[*member].type_id;
                        let derived = grammar.types[type_id].derived.iter().take(self.limits.derived);
                        unmet
                            || derived
                                .clone()
                                .any(|derived| self.is_open(Goal::Type(*member, *derived)))
                            || self.type_pending(type_id, seen)
                            || derived.clone().any(|derived| self.type_pending(*derived, seen))
                    })
            }
            Term::Sequence(parts) | Term::All(parts) => parts.iter().any(|part| self.particle_pending(part, seen)),
            Term::Choice(parts) => self.possible(parts).into_iter().any(|index| {
                self.is_open(Goal::Branch(particle.site, index)) || self.particle_pending(&parts[index], seen)
            }),
            Term::Any(_) => false,
        }
    }

    fn particle_height(&self, particle: &Particle) -> usize {
        particle_height(self.grammar, &self.heights, particle)
    }
}
