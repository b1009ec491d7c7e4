//! The engine driven from our tree, so that every error has a place.
//!
//! A document is walked twice at most: once as fast as the engine allows, only to learn whether anything is wrong, and
//! only if so again with everything that a good message needs.

use std::cell::RefCell;
use std::rc::Rc;

use xsd_schema::namespace::context::NamespaceContextSnapshot;
use xsd_schema::validation::{
    ContentType, InstancePath, PathStep, SchemaInfo, SchemaValidator, ValidationError, ValidationRoot,
    ValidationRuntime, ValidationSink, ValidationWarning,
};
use xsd_schema::{NameId, SchemaSet, TypeKey};

use super::{CompiledSchema, SchemaError, expected, messages};
use crate::text::Text;
use crate::xml::{Attribute, Element, Name, NodeKind};

/// Namespace of `xsi:type` and its like.
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// SOAP 1.1 puts attributes on the elements inside its body, and WS-Security ids; no schema declares them.
const SOAP_ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const SECURITY_UTILITY: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";

/// Namespace and local name as the engine numbers them.
pub(super) type NameIds = (Option<NameId>, NameId);

/// All errors of an element and what is inside it.
pub(super) fn validate(
    set: &SchemaSet,
    validator: &SchemaValidator<'_>,
    root: ValidationRoot,
    element: Element<'_>,
) -> Vec<SchemaError> {
    let mut probe = Walk::new(set, validator, root, element, false);
    probe.run();
    let first = probe.found.take().into_iter().next();
    if first.is_none() && !probe.suspicious {
        return Vec::new();
    }
    let mut walk = Walk::new(set, validator, root, element, true);
    walk.run();
    if let (true, Some(first)) = (walk.errors.is_empty(), first) {
        // Whatever the second walk makes of it: what the engine refuses is never reported as valid.
        walk.report(Item::Element(element), first.constraint, &first.message, None);
    }
    // What is missing at the end of an element is said where the element begins.
    walk.errors.sort_by_key(|error| error.range.start);
    walk.errors
}

/// Takes the errors of the engine.
pub(super) struct Sink(Rc<RefCell<Vec<ValidationError>>>);

impl ValidationSink for Sink {
    fn on_error(&mut self, error: ValidationError) {
        self.0.borrow_mut().push(error);
    }

    fn on_warning(&mut self, _warning: ValidationWarning) {}
}

/// What an error is about.
#[derive(Clone, Copy)]
pub(super) enum Item<'d> {
    Element(Element<'d>),
    Attribute(Element<'d>, Attribute<'d>),
}

/// An element that the engine is inside of.
pub(super) struct Open<'d> {
    pub(super) element: Element<'d>,
    pub(super) governing: Option<TypeKey>,
    pub(super) content: Option<ContentType>,
    nil: bool,
    /// Namespaces in scope when it ends are those of its parent again.
    scopes: usize,
    /// Names of children that were reported as not allowed here and left out.
    pub(super) left_out: Vec<NameIds>,
    /// Where its content model stands cannot be said any more; what the engine says about it follows from that.
    pub(super) lost: bool,
    /// Character data where there may be none has been reported.
    text_reported: bool,
}

/// Character data until the next tag, joined over CDATA sections, comments and processing instructions.
#[derive(Default)]
struct Pending<'d> {
    first: &'d str,
    joined: String,
}

impl<'d> Pending<'d> {
    fn push(&mut self, text: &'d str) {
        if self.first.is_empty() {
            self.first = text;
            return;
        }
        if self.joined.is_empty() {
            self.joined.push_str(self.first);
        }
        self.joined.push_str(text);
    }

    fn text(&self) -> &str {
        if self.joined.is_empty() {
            self.first
        } else {
            &self.joined
        }
    }

    fn clear(&mut self) {
        self.first = "";
        self.joined.clear();
    }
}

pub(super) struct Walk<'r, 'd> {
    pub(super) set: &'r SchemaSet,
    pub(super) runtime: ValidationRuntime<'r, Sink>,
    pub(super) found: Rc<RefCell<Vec<ValidationError>>>,
    root: Element<'d>,
    pub(super) open: Vec<Open<'d>>,
    /// Namespaces in scope, innermost last.
    scopes: Vec<NamespaceContextSnapshot>,
    /// Numbers of namespaces, by the address of their text in the document.
    namespaces: Vec<(*const u8, NameId)>,
    errors: Vec<SchemaError>,
    /// Whether messages are wanted; otherwise the walk ends at the first error.
    detailed: bool,
    /// Something that the engine does not judge.
    suspicious: bool,
}

impl<'r, 'd> Walk<'r, 'd> {
    fn new(
        set: &'r SchemaSet,
        validator: &'r SchemaValidator<'r>,
        mode: ValidationRoot,
        root: Element<'d>,
        detailed: bool,
    ) -> Self {
        let found = Rc::new(RefCell::new(Vec::new()));
        let mut runtime = validator.start_run(Sink(Rc::clone(&found)));
        runtime.set_validation_root(mode);
        Self {
            set,
            runtime,
            found,
            root,
            open: Vec::new(),
            scopes: Vec::new(),
            namespaces: Vec::new(),
            errors: Vec::new(),
            detailed,
            suspicious: false,
        }
    }

    fn run(&mut self) {
        let mut pending = Pending::default();
        let mut left_out_until = 0;
        self.start(self.root);
        for node in self.root.nodes_inside() {
            if self.is_over() {
                break;
            }
            if node.range().start < left_out_until {
                continue;
            }
            while self.open.last().is_some_and(|open| node.parent() != Some(open.element)) {
                self.text(&mut pending);
                self.end();
            }
            match node.kind() {
                NodeKind::Text | NodeKind::CData => pending.push(node.value()),
                NodeKind::Comment | NodeKind::ProcessingInstruction => {}
                NodeKind::Element => {
                    self.text(&mut pending);
                    if let Some(element) = node.element().filter(|element| !self.start(*element)) {
                        left_out_until = element.range().end;
                    }
                }
            }
        }
        while !self.open.is_empty() && !self.is_over() {
            self.text(&mut pending);
            self.end();
        }
        if self.is_over() {
            return;
        }
        if let Err(error) = self.runtime.end_validation() {
            self.found.borrow_mut().push(error);
        }
        if self.detailed {
            self.take_errors(Item::Element(self.root));
        }
    }

    fn is_over(&self) -> bool {
        if self.detailed {
            self.errors.len() >= CompiledSchema::MAX_ERRORS
        } else {
            self.suspicious || !self.found.borrow().is_empty()
        }
    }

    /// The element begins. `false` if it was left out, with everything inside it.
    fn start(&mut self, element: Element<'d>) -> bool {
        let scopes = self.scopes.len();
        if self.scopes.is_empty() || element.declarations().next().is_some() {
            let scope = self.scope_of(element);
            self.scopes.push(scope);
        }
        let mut info = self.start_in_engine(element);
        if self.detailed && self.is_refused() {
            match self.recover(element) {
                Some(again) => info = again,
                None => {
                    self.scopes.truncate(scopes);
                    return false;
                }
            }
        }
        self.open.push(Open {
            element,
            governing: info.schema_type,
            content: info.content_type,
            nil: info.is_nil,
            scopes,
            left_out: Vec::new(),
            lost: false,
            text_reported: false,
        });
        self.take_errors(Item::Element(element));
        self.attributes(element);
        self.runtime.validate_end_of_attributes_novalue();
        self.take_errors(Item::Element(element));
        true
    }

    pub(super) fn start_in_engine(&mut self, element: Element<'d>) -> SchemaInfo {
        let (namespace, local) = self.ids(element.name());
        let scope = self.scopes.last().cloned().unwrap_or_default();
        let (kind, nil) = (element.attribute(XSI, "type"), element.attribute(XSI, "nil"));
        self.runtime.validate_element_by_id(local, namespace, kind, nil, &scope)
    }

    /// Whether the engine has just refused a child because its parent has no place for it.
    pub(super) fn is_refused(&self) -> bool {
        let refuses = |error: &ValidationError| matches!(error.constraint, "cvc-complex-type.2.4" | "cvc-elt.3.2.1");
        !self.open.is_empty() && self.found.borrow().iter().any(refuses)
    }

    fn attributes(&mut self, element: Element<'d>) {
        for attribute in element.attributes() {
            let name = attribute.name();
            let (namespace, local) = self.ids(name);
            let added_by_soap = name.namespace == Some(SOAP_ENVELOPE) || name.is(SECURITY_UTILITY, "Id");
            let info = if added_by_soap && element == self.root {
                self.runtime.skip_attribute_by_id(local, namespace, attribute.value())
            } else {
                self.runtime
                    .validate_attribute_by_id(local, namespace, attribute.value())
            };
            if self.detailed && !self.found.borrow().is_empty() {
                self.take_attribute_errors(element, attribute, info.schema_type);
            }
        }
    }

    fn text(&mut self, pending: &mut Pending<'d>) {
        let text = pending.text();
        if text.is_empty() {
            return;
        }
        let Some(open) = self.open.last_mut() else { return };
        let element = open.element;
        if text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            self.runtime.validate_whitespace(text);
        } else if !text.trim_start().is_empty() {
            self.runtime.validate_text(text);
        } else if matches!(open.content, Some(ContentType::ElementOnly | ContentType::Empty)) {
            // The engine takes the ideographic space and other spaces of Unicode for white space. XML does not.
            self.suspicious = true;
            let empty = matches!(open.content, Some(ContentType::Empty));
            if self.detailed && !std::mem::replace(&mut open.text_reported, true) {
                let code = if empty {
                    "cvc-complex-type.2.1"
                } else {
                    "cvc-complex-type.2.3"
                };
                self.report(Item::Element(element), code, "", None);
            }
        } else if open.nil {
            self.runtime.validate_whitespace(text);
        } else {
            self.runtime.validate_text(text);
        }
        pending.clear();
        if self.detailed && !self.found.borrow().is_empty() {
            let repeated = self
                .open
                .last_mut()
                .is_some_and(|open| std::mem::replace(&mut open.text_reported, true));
            if repeated {
                self.found.borrow_mut().clear();
            }
            self.take_errors(Item::Element(element));
        }
    }

    /// The innermost element ends.
    fn end(&mut self) {
        let Some(open) = self.open.last() else { return };
        let has_children = matches!(open.content, Some(ContentType::ElementOnly | ContentType::Mixed));
        let wanted = if self.detailed && has_children {
            self.expected()
        } else {
            Vec::new()
        };
        self.runtime.validate_end_element_novalue();
        if self.detailed && !self.found.borrow().is_empty() {
            self.take_end_errors(&wanted);
        }
        if let Some(open) = self.open.pop() {
            self.scopes.truncate(open.scopes);
        }
    }

    fn take_end_errors(&mut self, wanted: &[NameIds]) {
        let Some(open) = self.open.last() else { return };
        let (element, governing) = (open.element, open.governing);
        // A value that has elements inside it is not judged as a value, too.
        let no_value = open.lost && !matches!(open.content, Some(ContentType::ElementOnly | ContentType::Mixed));
        let left_out = wanted.iter().any(|name| open.left_out.contains(name));
        let for_any = wanted.is_empty() && !open.left_out.is_empty();
        let follows = open.lost || left_out || for_any;
        for error in self.found.take() {
            if error.constraint == "cvc-complex-type.2.4" {
                if !follows {
                    let wanted = expected::elements(self.set, wanted, element.name());
                    self.report(Item::Element(element), error.constraint, &error.message, wanted);
                }
            } else if !no_value {
                self.take(Item::Element(element), &error, governing);
            }
        }
    }

    fn take_errors(&mut self, item: Item<'d>) {
        if !self.detailed || self.found.borrow().is_empty() {
            return;
        }
        for error in self.found.take() {
            self.take(item, &error, None);
        }
    }

    fn take_attribute_errors(&mut self, element: Element<'d>, attribute: Attribute<'d>, kind: Option<TypeKey>) {
        for error in self.found.take() {
            if matches!(error.constraint, "cvc-complex-type.3.2.1" | "cvc-complex-type.3.2.2") {
                let wanted = expected::attributes(self.set, &self.runtime.get_expected_attributes());
                self.report(
                    Item::Attribute(element, attribute),
                    error.constraint,
                    &error.message,
                    wanted,
                );
            } else {
                self.take(Item::Attribute(element, attribute), &error, kind);
            }
        }
    }

    fn take(&mut self, item: Item<'d>, error: &ValidationError, kind: Option<TypeKey>) {
        // Keys and references are judged later than where they stand.
        let late = error.constraint.starts_with("cvc-id");
        let item = late
            .then(|| self.item_at(error.instance_path()?))
            .flatten()
            .unwrap_or(item);
        let wanted = kind.and_then(|kind| expected::value(self.set, kind, error.constraint));
        self.report(item, error.constraint, &error.message, wanted);
    }

    /// The element or attribute that a path of the engine leads to.
    fn item_at(&self, path: &InstancePath) -> Option<Item<'d>> {
        let mut element = self.root;
        for step in path.steps().skip(1) {
            let name = Name {
                namespace: step.name().namespace(),
                local: step.name().local_name(),
            };
            match step {
                PathStep::Element { position, .. } => {
                    element = element
                        .children()
                        .filter(|child| child.name() == name)
                        .nth(position.checked_sub(1)?)?;
                }
                _ => {
                    let attribute = element.attributes().find(|attribute| attribute.name() == name)?;
                    return Some(Item::Attribute(element, attribute));
                }
            }
        }
        Some(Item::Element(element))
    }

    pub(super) fn report(&mut self, item: Item<'d>, code: &str, detail: &str, expected: Option<Text>) {
        if self.errors.len() < CompiledSchema::MAX_ERRORS {
            self.errors.push(messages::of_instance(item, code, detail, expected));
        }
    }

    /// Names that may come next inside the innermost element.
    pub(super) fn expected(&self) -> Vec<NameIds> {
        let mut names = Vec::new();
        for element in self.runtime.get_expected_elements() {
            let name = (element.namespace, element.local_name);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    pub(super) fn ids(&mut self, name: Name<'d>) -> NameIds {
        let local = self.set.name_table.add(name.local);
        let Some(namespace) = name.namespace else {
            return (None, local);
        };
        let known = self
            .namespaces
            .iter()
            .find(|(address, _)| *address == namespace.as_ptr())
            .map(|(_, id)| *id);
        let namespace = known.unwrap_or_else(|| {
            let id = self.set.name_table.add(namespace);
            self.namespaces.push((namespace.as_ptr(), id));
            id
        });
        (Some(namespace), local)
    }

    fn scope_of(&mut self, element: Element<'d>) -> NamespaceContextSnapshot {
        let mut scope = NamespaceContextSnapshot::default();
        for namespace in element.namespaces() {
            let Some(name) = namespace.name else { continue };
            let name = self.set.name_table.add(name);
            if namespace.prefix.is_empty() {
                scope.default_ns = Some(name);
            } else {
                scope.bindings.push((self.set.name_table.add(namespace.prefix), name));
            }
        }
        scope
    }

    /// What an element that stands nowhere in the document would do to the engine, without its errors.
    pub(super) fn pretend(&mut self, (namespace, local): NameIds) {
        let scope = self.scopes.last().cloned().unwrap_or_default();
        self.runtime
            .validate_element_by_id_novalue(local, namespace, None, None, &scope);
        self.forget_element();
    }

    /// Ends the element that the engine has just begun, without its errors.
    pub(super) fn forget_element(&mut self) {
        self.runtime.validate_end_of_attributes_novalue();
        self.runtime.validate_end_element_novalue();
        self.found.borrow_mut().clear();
    }
}
