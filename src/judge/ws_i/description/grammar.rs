//! BP2703: the structure of WSDL and of its SOAP binding, as the schema documents of 2003-02-11 lay it down.
//!
//! The rules are a table of facts in our own form; the schema documents are not part of junkyo. What the schemas allow
//! is taken to the letter: extension elements stand before WSDL elements, and attributes of other namespaces only where
//! the schema opens the element for them. Attributes `part` and `parts` of headers are left to BP2021, which is about
//! nothing else and could never be asked otherwise.

use std::collections::HashSet;

use super::context::{Context, Inquiry, attribute_text};
use crate::judge::ws_i::Answered;
use crate::schema::wsdl::{SOAPBIND, WSDL};
use crate::text::Text;
use crate::xml::{Element, NodeKind, is_ncname};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Type of an attribute.
#[derive(Clone, Copy)]
enum Kind {
    /// anyURI, and lists of them: any text.
    Uri,
    NcName,
    QName,
    Nmtokens,
    Choice(&'static [&'static str]),
    Boolean,
}

struct AttributeRule {
    name: &'static str,
    required: bool,
    kind: Kind,
}

/// WSDL elements inside an element.
enum Children {
    /// Any number of each, in any order.
    Any(&'static [&'static Rule]),
    /// At most one input, at most one output, then faults.
    InOutFaults(&'static [&'static Rule]),
    /// Input alone, or input, output, faults; or the same with output first.
    Exchange(&'static [&'static Rule]),
}

struct Rule {
    name: &'static str,
    attributes: &'static [AttributeRule],
    /// Attributes of other namespaces are allowed.
    open_attributes: bool,
    /// Elements of other namespaces are allowed.
    open_children: bool,
    children: Children,
}

const fn must(name: &'static str, kind: Kind) -> AttributeRule {
    AttributeRule {
        name,
        required: true,
        kind,
    }
}

const fn may(name: &'static str, kind: Kind) -> AttributeRule {
    AttributeRule {
        name,
        required: false,
        kind,
    }
}

/// An element that takes extension elements.
const fn with_elements(name: &'static str, attributes: &'static [AttributeRule], children: Children) -> Rule {
    Rule {
        name,
        attributes,
        open_attributes: false,
        open_children: true,
        children,
    }
}

/// An element that takes extension attributes.
const fn with_attributes(name: &'static str, attributes: &'static [AttributeRule], children: Children) -> Rule {
    Rule {
        name,
        attributes,
        open_attributes: true,
        open_children: false,
        children,
    }
}

const NONE: Children = Children::Any(&[]);
const NAMED: &[AttributeRule] = &[must("name", Kind::NcName)];
const PARAMETER: &[AttributeRule] = &[may("name", Kind::NcName), must("message", Kind::QName)];
const BOUND: &[AttributeRule] = &[may("name", Kind::NcName)];

static DEFINITIONS: Rule = with_elements(
    "definitions",
    &[may("targetNamespace", Kind::Uri), may("name", Kind::NcName)],
    Children::Any(&[&IMPORT, &TYPES, &MESSAGE, &PORT_TYPE, &BINDING, &SERVICE]),
);
static IMPORT: Rule = with_attributes(
    "import",
    &[must("namespace", Kind::Uri), must("location", Kind::Uri)],
    NONE,
);
static TYPES: Rule = with_elements("types", &[], NONE);
static MESSAGE: Rule = with_elements("message", NAMED, Children::Any(&[&PART]));
static PART: Rule = with_attributes(
    "part",
    &[
        must("name", Kind::NcName),
        may("element", Kind::QName),
        may("type", Kind::QName),
    ],
    NONE,
);
static PORT_TYPE: Rule = with_attributes("portType", NAMED, Children::Any(&[&OPERATION]));
static OPERATION: Rule = with_elements(
    "operation",
    &[must("name", Kind::NcName), may("parameterOrder", Kind::Nmtokens)],
    Children::Exchange(&[&INPUT, &OUTPUT, &FAULT]),
);
static INPUT: Rule = with_attributes("input", PARAMETER, NONE);
static OUTPUT: Rule = with_attributes("output", PARAMETER, NONE);
static FAULT: Rule = with_attributes(
    "fault",
    &[must("name", Kind::NcName), must("message", Kind::QName)],
    NONE,
);
static BINDING: Rule = with_elements(
    "binding",
    &[must("name", Kind::NcName), must("type", Kind::QName)],
    Children::Any(&[&BOUND_OPERATION]),
);
static BOUND_OPERATION: Rule = with_elements(
    "operation",
    NAMED,
    Children::InOutFaults(&[&BOUND_INPUT, &BOUND_OUTPUT, &BOUND_FAULT]),
);
static BOUND_INPUT: Rule = with_elements("input", BOUND, NONE);
static BOUND_OUTPUT: Rule = with_elements("output", BOUND, NONE);
static BOUND_FAULT: Rule = with_elements("fault", NAMED, NONE);
static SERVICE: Rule = with_elements("service", NAMED, Children::Any(&[&PORT]));
static PORT: Rule = with_elements(
    "port",
    &[must("name", Kind::NcName), must("binding", Kind::QName)],
    NONE,
);

const STYLE: AttributeRule = may("style", Kind::Choice(&["rpc", "document"]));
const USES: &[&str] = &["literal", "encoded"];
const HEADER: &[AttributeRule] = &[
    must("message", Kind::QName),
    must("use", Kind::Choice(USES)),
    may("encodingStyle", Kind::Uri),
    may("namespace", Kind::Uri),
];

/// Elements of soapbind: name, attributes, whether `wsdl:required` is allowed.
static SOAP_ELEMENTS: &[(&str, &[AttributeRule], bool)] = &[
    ("binding", &[must("transport", Kind::Uri), STYLE], true),
    ("operation", &[may("soapAction", Kind::Uri), STYLE], true),
    (
        "body",
        &[
            may("parts", Kind::Nmtokens),
            may("encodingStyle", Kind::Uri),
            may("use", Kind::Choice(USES)),
            may("namespace", Kind::Uri),
        ],
        true,
    ),
    (
        "fault",
        &[
            must("name", Kind::NcName),
            may("encodingStyle", Kind::Uri),
            may("use", Kind::Choice(USES)),
            may("namespace", Kind::Uri),
        ],
        true,
    ),
    ("header", HEADER, true),
    ("headerfault", HEADER, false),
    ("address", &[must("location", Kind::Uri)], true),
];

/// Names that have to be unique: element around, elements, attribute.
const UNIQUE: &[(&str, &str, &str)] = &[
    ("definitions", "message", "name"),
    ("definitions", "portType", "name"),
    ("definitions", "binding", "name"),
    ("definitions", "service", "name"),
    ("definitions", "import", "namespace"),
    ("message", "part", "name"),
    ("service", "port", "name"),
];

/// BP2703: WSDL and soapbind elements keep the rules.
pub(super) fn valid(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "WSDL 1.1とそのSOAPバインディングのスキーマ（2003-02-11版）に妥当",
        "valid by the schemas of WSDL 1.1 and its SOAP binding (2003-02-11)",
    );
    for root in &context.definitions {
        inquiry.applies();
        Check { inquiry: &mut inquiry }.element(*root, &DEFINITIONS);
        for element in root
            .descendants_and_self()
            .filter(|element| element.namespace() == SOAPBIND)
        {
            Check { inquiry: &mut inquiry }.soap_element(element);
        }
    }
    inquiry.finish("", "")
}

struct Check<'i, 'c, 'd> {
    inquiry: &'i mut Inquiry<'c, 'd>,
}

impl<'d> Check<'_, '_, 'd> {
    fn element(&mut self, element: Element<'d>, rule: &'static Rule) {
        self.attributes(element, rule.attributes, rule.open_attributes, false);
        self.no_text(element);
        self.unique(element);
        let rules = match &rule.children {
            Children::Any(rules) | Children::InOutFaults(rules) | Children::Exchange(rules) => rules,
        };
        let mut behind = "";
        let mut order: Vec<&str> = Vec::new();
        for child in element.children() {
            if child.is(WSDL, "documentation") {
                if !behind.is_empty() {
                    self.misplaced(child, "documentation", behind);
                }
                behind = "wsdl:documentation";
            } else if child.namespace() != WSDL {
                if !rule.open_children {
                    self.forbidden(child);
                } else if !order.is_empty() {
                    self.misplaced(child, "an extension element", "a WSDL element");
                }
                if behind.is_empty() {
                    behind = "an extension element";
                }
            } else if let Some(known) = rules.iter().find(|known| known.name == child.local()) {
                order.push(known.name);
                behind = "a WSDL element";
                self.element(child, known);
            } else {
                self.forbidden(child);
            }
        }
        self.order(element, &rule.children, &order);
    }

    fn order(&mut self, element: Element<'d>, children: &Children, order: &[&str]) {
        let only_faults = |rest: &[&str]| rest.iter().all(|name| *name == "fault");
        let (holds, expected) = match children {
            Children::Any(_) => (true, ""),
            Children::InOutFaults(_) => {
                let rest = order.strip_prefix(&["input"]).unwrap_or(order);
                let rest = rest.strip_prefix(&["output"]).unwrap_or(rest);
                (only_faults(rest), "input?, output?, fault*")
            }
            Children::Exchange(_) => {
                let holds = match order {
                    ["input"] | ["output"] => true,
                    ["input", "output", rest @ ..] | ["output", "input", rest @ ..] => only_faults(rest),
                    _ => false,
                };
                (holds, "input, (output, fault*)? | output, (input, fault*)?")
            }
        };
        if !holds {
            let found = if order.is_empty() {
                "-".to_owned()
            } else {
                order.join(", ")
            };
            self.inquiry
                .breach(element, Text::neutral(expected), Text::neutral(found));
        }
    }

    fn soap_element(&mut self, element: Element<'d>) {
        let rule = SOAP_ELEMENTS.iter().find(|(name, ..)| *name == element.local());
        let Some((name, attributes, required)) = rule else {
            return;
        };
        self.attributes(element, attributes, false, *required);
        self.no_text(element);
        for child in element.children() {
            if !(*name == "header" && child.is(SOAPBIND, "headerfault")) {
                self.forbidden(child);
            }
        }
    }

    fn attributes(&mut self, element: Element<'d>, rules: &'static [AttributeRule], open: bool, wsdl_required: bool) {
        for rule in rules {
            match element.attribute("", rule.name) {
                Some(value) => self.value(element, rule.name, rule.kind, value),
                None if rule.required => {
                    let name = rule.name;
                    self.inquiry.breach(
                        element,
                        Text::new(format!("属性 {name} は必須"), format!("attribute {name} is required")),
                        attribute_text(element, name),
                    );
                }
                None => {}
            }
        }
        let is_header = element.is(SOAPBIND, "header") || element.is(SOAPBIND, "headerfault");
        for attribute in element.attributes() {
            let name = attribute.name();
            let allowed = match name.namespace {
                None => {
                    rules.iter().any(|rule| rule.name == name.local)
                        || (is_header && matches!(name.local, "part" | "parts"))
                }
                Some(XSI) => true,
                Some(WSDL) => wsdl_required && name.local == "required",
                Some(_) => open,
            };
            if !allowed {
                self.inquiry.breach(
                    element,
                    Text::new(
                        format!("{} に属性 {name} を書くことはできない", element.local()),
                        format!("{} takes no attribute {name}", element.local()),
                    ),
                    Text::neutral(format!("{name}=\"{}\"", attribute.value())),
                );
            } else if name.is(WSDL, "required") {
                self.value(element, "required", Kind::Boolean, attribute.value());
            }
        }
    }

    fn value(&mut self, element: Element<'d>, name: &'static str, kind: Kind, value: &str) {
        let trimmed = value.trim_matches([' ', '\t', '\r', '\n']);
        let (holds, expected) = match kind {
            Kind::Uri => (true, String::new()),
            Kind::NcName => (is_ncname(trimmed), "NCName".to_owned()),
            Kind::QName => (is_bound_qname(element, trimmed), "QName".to_owned()),
            // Without tokens the list is empty; `parts=""` is in use for empty bodies, and xsd:NMTOKENS of the schema
            // would want one. BP 1.1 R2202 allows the empty list, so it is allowed here.
            Kind::Nmtokens => (trimmed.split_ascii_whitespace().all(is_nmtoken), "NMTOKENS".to_owned()),
            Kind::Choice(values) => (values.contains(&value), values.join(" | ")),
            Kind::Boolean => (
                matches!(trimmed, "true" | "false" | "1" | "0"),
                "true | false | 1 | 0".to_owned(),
            ),
        };
        if !holds {
            self.inquiry.breach(
                (element, name),
                Text::neutral(format!("{name}: {expected}")),
                Text::neutral(format!("{name}=\"{value}\"")),
            );
        }
    }

    fn no_text(&mut self, element: Element<'d>) {
        let mut texts = element
            .nodes()
            .filter(|node| matches!(node.kind(), NodeKind::Text | NodeKind::CData));
        let text = texts.find(|node| !node.value().trim_matches([' ', '\t', '\r', '\n']).is_empty());
        if let Some(text) = text {
            let shown: String = text.value().trim().chars().take(40).collect();
            self.inquiry.breach(
                element,
                Text::new(
                    "要素の間に文字を書くことはできない",
                    "there is no text between elements",
                ),
                Text::neutral(shown),
            );
        }
    }

    fn unique(&mut self, element: Element<'d>) {
        for (_, local, attribute) in UNIQUE.iter().filter(|(around, ..)| *around == element.local()) {
            let mut known = HashSet::new();
            for child in element.children_named(WSDL, local) {
                let Some(value) = child.attribute("", attribute) else {
                    continue;
                };
                if !known.insert(value) {
                    self.inquiry.breach(
                        (child, *attribute),
                        Text::new(
                            format!("wsdl:{local} の {attribute} は重複しない"),
                            format!("{attribute} of wsdl:{local} is unique"),
                        ),
                        Text::neutral(format!("{attribute}=\"{value}\"")),
                    );
                }
            }
        }
    }

    fn forbidden(&mut self, child: Element<'d>) {
        let around = child.parent().map(Element::local).unwrap_or_default();
        self.inquiry.breach(
            child,
            Text::new(
                format!("{around} の中にこの要素を置くことはできない"),
                format!("this element has no place in {around}"),
            ),
            Text::neutral(child.name()),
        );
    }

    fn misplaced(&mut self, child: Element<'d>, what: &str, behind: &str) {
        self.inquiry.breach(
            child,
            Text::new(
                "子要素の並びは documentation、拡張要素、WSDLの要素の順",
                "children stand in this order: documentation, extension elements, WSDL elements",
            ),
            Text::new(
                format!("{} が後ろにあります", child.name()),
                format!("{} ({what}) stands behind {behind}", child.name()),
            ),
        );
    }
}

/// A QName whose prefix is bound.
fn is_bound_qname(element: Element<'_>, text: &str) -> bool {
    match text.split_once(':') {
        Some((prefix, local)) => is_ncname(prefix) && is_ncname(local) && element.resolve(prefix).is_some(),
        None => is_ncname(text),
    }
}

/// A name token: characters of names, in any place.
fn is_nmtoken(text: &str) -> bool {
    text.chars()
        .all(|character| character == ':' || is_ncname(&format!("a{character}")))
}
