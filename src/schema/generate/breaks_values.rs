//! Values, attributes and types that break a rule.

use super::Constraint;
use super::breaks::Breaker;
use super::grammar::{Content, TypeId};
use super::tree::{AttributeNode, Node, Value};
use crate::schema::wsdl::OwnedName;

impl Breaker<'_, '_, '_> {
    /// The abstract type itself, with content that would fit it.
    pub(super) fn abstract_type(&mut self, message: &Node, way: &[usize], type_id: TypeId, subject: &str) {
        let found = &self.cover.grammar.types[type_id];
        let children = match &found.content {
            Content::Elements { particle, .. } => self.cover.plain_particle(particle),
            Content::Simple(_) | Content::Empty => Vec::new(),
        };
        self.change(
            message,
            way,
            (Constraint::AbstractType, type_id),
            subject,
            "",
            None,
            |root| {
                let node = root.at_mut(way)?;
                node.xsi_type = None;
                node.children = children;
                node.attributes
                    .retain(|written| found.attributes.iter().any(|known| written.site == Some(known.site)));
                Some(())
            },
        );
    }

    pub(super) fn nil_content(&mut self, message: &Node, way: &[usize], type_id: TypeId) {
        let grammar = self.cover.grammar;
        let Some(node) = message.at(way) else { return };
        let Some(declaration) = node.declaration else { return };
        let Content::Simple(simple) = grammar.types[type_id].content else {
            return;
        };
        let values = self.cover.values(simple);
        let Some(value) = values.allowed.first().map(|allowed| allowed.value.clone()) else {
            return;
        };
        let subject = node.name.local.clone();
        self.change(
            message,
            way,
            (Constraint::NilContent, declaration),
            &subject,
            "",
            None,
            |root| {
                root.at_mut(way)?.text = Some(value);
                Some(())
            },
        );
    }

    pub(super) fn attributes(&mut self, message: &Node, way: &[usize], type_id: TypeId) {
        let grammar = self.cover.grammar;
        let found = &grammar.types[type_id];
        let Some(node) = message.at(way) else { return };
        if !found.any_attribute {
            let is_simple = matches!(found.key, xsd_schema::TypeKey::Simple(_));
            let site = if is_simple { usize::MAX } else { type_id };
            let subject = if is_simple {
                String::new()
            } else {
                node.name.local.clone()
            };
            let name = OwnedName::new("", "unexpected");
            let key = (Constraint::UndeclaredAttribute, site);
            self.change(message, way, key, &subject, "", Some(name.clone()), |root| {
                root.at_mut(way)?.attributes.push(AttributeNode {
                    name,
                    value: Value::text("1"),
                    site: None,
                });
                Some(())
            });
        }
        for attribute in &found.attributes {
            let Some(written) = node.attribute(attribute.site) else {
                continue;
            };
            let subject = attribute.name.local.clone();
            if attribute.required {
                self.change(
                    message,
                    way,
                    (Constraint::MissingAttribute, attribute.site),
                    &subject,
                    "",
                    None,
                    |root| {
                        root.at_mut(way)?
                            .attributes
                            .retain(|other| other.site != Some(attribute.site));
                        Some(())
                    },
                );
            }
            let values = self.cover.values(attribute.simple);
            let edit = |value: Value| {
                move |root: &mut Node| {
                    let attributes = &mut root.at_mut(way)?.attributes;
                    attributes
                        .iter_mut()
                        .find(|other| other.site == Some(attribute.site))?
                        .value = value;
                    Some(())
                }
            };
            if attribute.fixed.is_some() {
                let other = values.allowed.iter().find(|allowed| allowed.value != written.value);
                if let Some(other) = other {
                    let name = Some(attribute.name.clone());
                    let key = (Constraint::WrongFixed, attribute.site);
                    self.change(
                        message,
                        way,
                        key,
                        &subject,
                        "fixed attribute",
                        name,
                        edit(other.value.clone()),
                    );
                }
                continue;
            }
            for wrong in &values.wrong {
                let name = Some(attribute.name.clone());
                let key = (wrong.constraint, attribute.simple);
                self.change(
                    message,
                    way,
                    key,
                    &subject,
                    &wrong.what,
                    name,
                    edit(wrong.value.clone()),
                );
            }
        }
    }

    pub(super) fn text_values(&mut self, message: &Node, way: &[usize], simple: usize, fixed: bool) {
        let Some(node) = message.at(way) else { return };
        let subject = node.name.local.clone();
        let values = self.cover.values(simple);
        let edit = |value: Value| {
            move |root: &mut Node| {
                root.at_mut(way)?.text = Some(value);
                Some(())
            }
        };
        if fixed {
            let other = values
                .allowed
                .iter()
                .find(|allowed| Some(&allowed.value) != node.text.as_ref());
            if let (Some(other), Some(declaration)) = (other, node.declaration) {
                let key = (Constraint::WrongFixed, declaration);
                self.change(message, way, key, &subject, "fixed", None, edit(other.value.clone()));
            }
            return;
        }
        for wrong in &values.wrong {
            let key = (wrong.constraint, simple);
            self.change(
                message,
                way,
                key,
                &subject,
                &wrong.what,
                None,
                edit(wrong.value.clone()),
            );
        }
    }
}
