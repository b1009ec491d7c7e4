//! Names of schema components, for the words of what a message covers.

use std::rc::Rc;

use super::cover::Cover;
use super::grammar::{Content, ElementId, Particle, SimpleId, Site, Term};
use super::values::Values;

impl Cover<'_, '_> {
    /// Values that were looked for already.
    pub(super) fn known_values(&self, id: SimpleId) -> Option<&Values> {
        self.values.get(&id).map(Rc::as_ref)
    }

    /// Name of the element of a particle.
    pub(super) fn name_of(&self, site: Site) -> Option<&str> {
        self.with_particle(site, |particle| match &particle.term {
            Term::Element(id) => Some(*id),
            _ => None,
        })
        .map(|id| self.grammar.elements[id].name.local.as_str())
    }

    /// Name of the first element of a branch.
    pub(super) fn branch_name(&self, site: Site, index: usize) -> Option<&str> {
        self.with_particle(site, |particle| match &particle.term {
            Term::Choice(parts) => parts.get(index).and_then(first_element),
            _ => None,
        })
        .map(|id| self.grammar.elements[id].name.local.as_str())
    }

    /// Name of an attribute.
    pub(super) fn attribute_name(&self, site: Site) -> Option<&str> {
        let uses = self.grammar.types.iter().flat_map(|found| &found.attributes);
        uses.into_iter()
            .find(|attribute| attribute.site == site)
            .map(|attribute| attribute.name.local.as_str())
    }

    fn with_particle<T>(&self, site: Site, ask: impl Fn(&Particle) -> Option<T>) -> Option<T> {
        let mut open: Vec<&Particle> = Vec::new();
        for found in &self.grammar.types {
            if let Content::Elements { particle, .. } = &found.content {
                open.push(particle);
            }
        }
        while let Some(particle) = open.pop() {
            if particle.site == site {
                return ask(particle);
            }
            if let Term::Sequence(parts) | Term::Choice(parts) | Term::All(parts) = &particle.term {
                open.extend(parts);
            }
        }
        None
    }
}

fn first_element(particle: &Particle) -> Option<ElementId> {
    match &particle.term {
        Term::Element(id) => Some(*id),
        Term::Sequence(parts) | Term::Choice(parts) | Term::All(parts) => parts.iter().find_map(first_element),
        Term::Any(_) => None,
    }
}
