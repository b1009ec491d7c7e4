//! Going on after a child that its parent has no place for, so that one mistake is one error.
//!
//! The engine stays where it was when it refuses a child, and then refuses all that follow. So the child is left out if
//! a later one fits; otherwise what is missing before it is filled in. Nothing here makes an invalid document valid:
//! the refused child is reported in any case, or an earlier one of the same name was.

use xsd_schema::validation::{ContentType, SchemaInfo};

use super::expected;
use super::walk::{Item, NameIds, Walk};
use crate::xml::Element;

/// Missing children that are filled in before one that is there.
const MAX_FILLED: usize = 32;

impl<'d> Walk<'_, 'd> {
    /// The engine has begun a child that it refuses. `None`: it is left out; otherwise it has begun again.
    pub(super) fn recover(&mut self, child: Element<'d>) -> Option<SchemaInfo> {
        let nil = self
            .found
            .borrow()
            .iter()
            .find(|error| error.constraint == "cvc-elt.3.2.1")
            .cloned();
        self.forget_element();
        let parent = self.open.last_mut()?;
        if parent.lost {
            return None;
        }
        let holder = parent.element;
        if let Some(error) = nil {
            parent.lost = true;
            self.report(Item::Element(holder), error.constraint, &error.message, None);
            return None;
        }
        if !matches!(parent.content, Some(ContentType::ElementOnly | ContentType::Mixed)) {
            parent.lost = true;
            self.refuse(child, &[]);
            return None;
        }
        let wanted = self.expected();
        let name = self.ids(child.name());
        if wanted.contains(&name) {
            // Only an abstract element is refused where it is expected.
            self.report(
                Item::Element(child),
                "cvc-elt.2",
                "",
                expected::elements(self.set, &wanted, child.name()),
            );
            return self.give_up();
        }
        if wanted.is_empty() || self.fits_later(child, &wanted) {
            self.leave_out(child, &wanted);
            return None;
        }
        self.fill_in(child, &wanted)
    }

    fn refuse(&mut self, child: Element<'d>, wanted: &[NameIds]) {
        let wanted = expected::elements(self.set, wanted, child.name());
        self.report(Item::Element(child), "cvc-complex-type.2.4", "", wanted);
    }

    fn fits_later(&mut self, child: Element<'d>, wanted: &[NameIds]) -> bool {
        child
            .later_siblings()
            .any(|sibling| wanted.contains(&self.ids(sibling.name())))
    }

    fn leave_out(&mut self, child: Element<'d>, wanted: &[NameIds]) {
        let name = self.ids(child.name());
        let Some(parent) = self.open.last_mut() else { return };
        // One too many, and then more of them: one error.
        let repeated = parent.left_out.contains(&name);
        parent.left_out.push(name);
        if !repeated {
            self.refuse(child, wanted);
        }
    }

    /// Fills in what is expected until the child fits, or one that comes after it: then it stands in the place of
    /// something else.
    fn fill_in(&mut self, child: Element<'d>, wanted: &[NameIds]) -> Option<SchemaInfo> {
        let name = self.ids(child.name());
        let mut filled: Vec<NameIds> = Vec::new();
        let mut next = wanted.to_vec();
        while filled.len() < MAX_FILLED {
            let Some(missing) = next.iter().find(|name| !filled.contains(name)).copied() else {
                break;
            };
            filled.push(missing);
            self.pretend(missing);
            next = self.expected();
            if next.contains(&name) {
                let moved = self
                    .open
                    .last()
                    .is_some_and(|parent| filled.iter().any(|name| parent.left_out.contains(name)));
                if !moved {
                    self.refuse(child, wanted);
                }
                let info = self.start_in_engine(child);
                if !self.is_refused() {
                    return Some(info);
                }
                self.forget_element();
                return self.give_up();
            }
            if self.fits_later(child, &next) {
                self.leave_out(child, wanted);
                return None;
            }
        }
        self.leave_out(child, wanted);
        self.give_up()
    }

    /// Nothing more is said about the children of the innermost element.
    fn give_up(&mut self) -> Option<SchemaInfo> {
        self.open.last_mut()?.lost = true;
        None
    }
}
