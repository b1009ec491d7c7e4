//! How deep the smallest valid content of types and particles is.

use super::grammar::{Content, Grammar, Particle, Term};

/// Height of what no valid message can have.
pub(super) const NEVER: usize = usize::MAX / 4;

/// For each type, how many levels of elements its smallest element has below it.
pub(super) fn heights(grammar: &Grammar<'_>) -> Vec<usize> {
    let mut heights = vec![NEVER; grammar.types.len()];
    loop {
        let mut changed = false;
        for (id, found) in grammar.types.iter().enumerate() {
            let height = match &found.content {
                Content::Empty | Content::Simple(_) => 0,
                Content::Elements { particle, .. } => particle_height(grammar, &heights, particle),
            };
            if height < heights[id] {
                heights[id] = height;
                changed = true;
            }
        }
        if !changed {
            return heights;
        }
    }
}

pub(super) fn particle_height(grammar: &Grammar<'_>, heights: &[usize], particle: &Particle) -> usize {
    if particle.min == 0 {
        0
    } else {
        term_height(grammar, heights, &particle.term)
    }
}

/// How many levels of elements one occurrence needs; `NEVER` where none can be valid.
pub(super) fn term_height(grammar: &Grammar<'_>, heights: &[usize], term: &Term) -> usize {
    let all = |parts: &[Particle]| {
        parts
            .iter()
            .map(|part| particle_height(grammar, heights, part))
            .max()
            .unwrap_or(0)
    };
    match term {
        Term::Element(id) => {
            let declaration = &grammar.elements[*id];
            let members = declaration.members.iter().chain([id]);
            let lowest = members
                .filter(|member| !grammar.elements[**member].is_abstract)
                .flat_map(|member| {
                    let type_id = grammar.elements[*member].type_id;
                    let found = &grammar.types[type_id];
                    let own = (!found.is_abstract).then_some(type_id);
                    own.into_iter().chain(found.derived.iter().copied())
                })
                .map(|type_id| heights[type_id])
                .min();
            lowest.unwrap_or(NEVER).saturating_add(1).min(NEVER)
        }
        Term::Sequence(parts) | Term::All(parts) => all(parts),
        Term::Choice(parts) => parts
            .iter()
            .map(|part| particle_height(grammar, heights, part))
            .min()
            .unwrap_or(NEVER),
        Term::Any(wildcard) => {
            if wildcard.strict || wildcard.foreign.is_none() {
                NEVER
            } else {
                1
            }
        }
    }
}
