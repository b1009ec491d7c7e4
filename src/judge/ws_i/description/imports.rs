//! Imports and their order (BP2018, BP2105, BP2101, BP2098, BP2803, BP2103, BP2104, BP4201).

use super::context::{Context, attribute_text, is_absolute_uri, lacking};
use crate::judge::ws_i::Answered;
use crate::schema::wsdl::{DescriptionFile, SOAPBIND, WSDL, XSD};
use crate::text::Text;
use crate::xml::Element;

const NO_IMPORT: (&str, &str) = ("wsdl:importがありません", "there is no wsdl:import");

fn imports<'d>(context: &Context<'d>) -> impl Iterator<Item = Element<'d>> {
    context
        .definitions
        .iter()
        .flat_map(|root| root.children_named(WSDL, "import"))
}

/// What stands before an element among the WSDL elements beside it, other than the names given.
fn misplaced<'d>(element: Element<'d>, allowed: &[&str]) -> Option<Element<'d>> {
    element
        .parent()?
        .children()
        .take_while(|sibling| *sibling != element)
        .find(|sibling| sibling.namespace() == WSDL && !allowed.contains(&sibling.local()))
}

fn stands_behind(before: Option<Element<'_>>) -> Text {
    let before = before.map(Element::local).unwrap_or_default();
    Text::new(
        format!("wsdl:{before} の後にあります"),
        format!("it stands behind wsdl:{before}"),
    )
}

/// BP2018: only documentation and imports stand before types.
pub(super) fn types_position(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "wsdl:typesの前にはwsdl:documentationとwsdl:importだけを置く",
        "only wsdl:documentation and wsdl:import stand before wsdl:types",
    );
    for types in context
        .definitions
        .iter()
        .flat_map(|root| root.children_named(WSDL, "types"))
    {
        let before = misplaced(types, &["documentation", "import"]);
        inquiry.ask(before.is_none(), types, || stands_behind(before));
    }
    inquiry.finish("wsdl:typesがありません", "there is no wsdl:types")
}

/// BP2105: only documentation and other imports stand before an import.
pub(super) fn import_position(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "wsdl:importの前にはwsdl:documentationとwsdl:importだけを置く",
        "only wsdl:documentation and wsdl:import stand before wsdl:import",
    );
    for import in imports(context) {
        let before = misplaced(import, &["documentation", "import"]);
        inquiry.ask(before.is_none(), import, || stands_behind(before));
    }
    inquiry.finish(NO_IMPORT.0, NO_IMPORT.1)
}

/// The file that a `wsdl:import` leads to; `Err` if it is not there, `None` without a location.
fn target<'d>(context: &Context<'d>, import: Element<'d>) -> Option<Result<&'d DescriptionFile, Text>> {
    let location = import.attribute("", "location")?.trim();
    if location.is_empty() {
        return None;
    }
    let description = context.description;
    let from = description.file_of(import)?;
    let resolved = description.documents.resolve(&from.location, location).ok();
    Some(
        resolved
            .and_then(|location| description.file(location))
            .ok_or_else(|| lacking(location)),
    )
}

/// BP2101: an import leads to a WSDL document.
pub(super) fn leads_to_wsdl(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "wsdl:importが取り込むものはWSDL 1.1（ルート要素がwsdl:definitions）",
        "what wsdl:import retrieves is WSDL 1.1 (its root is wsdl:definitions)",
    );
    for import in imports(context) {
        match target(context, import) {
            None => {}
            Some(Err(reason)) => inquiry.cannot(reason),
            Some(Ok(file)) => match file.root() {
                Some(root) => inquiry.ask(root.is(WSDL, "definitions"), (import, "location"), || {
                    Text::new(
                        format!("「{}」のルート要素は {} です", file.location, root.name()),
                        format!("the root of `{}` is {}", file.location, root.name()),
                    )
                }),
                None => inquiry.cannot(Text::new(
                    format!("「{}」は整形式ではありません（BP2700）", file.location),
                    format!("`{}` is not well-formed (BP2700)", file.location),
                )),
            },
        }
    }
    inquiry.finish(NO_IMPORT.0, NO_IMPORT.1)
}

/// BP2098: an import has a location.
pub(super) fn has_location(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "wsdl:importに空でない属性locationがある",
        "wsdl:import has an attribute location that is not empty",
    );
    for import in imports(context) {
        let holds = import
            .attribute("", "location")
            .is_some_and(|location| !location.trim().is_empty());
        inquiry.ask(holds, (import, "location"), || attribute_text(import, "location"));
    }
    inquiry.finish(NO_IMPORT.0, NO_IMPORT.1)
}

/// BP2803: the namespace of an import is an absolute URI.
pub(super) fn absolute_namespace(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "wsdl:importの属性namespaceは絶対URI",
        "attribute namespace of wsdl:import is an absolute URI",
    );
    for import in imports(context) {
        let holds = import.attribute("", "namespace").is_some_and(is_absolute_uri);
        inquiry.ask(holds, (import, "namespace"), || attribute_text(import, "namespace"));
    }
    inquiry.finish(NO_IMPORT.0, NO_IMPORT.1)
}

/// BP2103: `xsd:import` stands in `xsd:schema` only.
pub(super) fn schema_import_position(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "xsd:importはxsd:schemaの直下だけに置く",
        "xsd:import stands directly in xsd:schema only",
    );
    inquiry.applies();
    for root in &context.definitions {
        for import in root.descendants_and_self().filter(|element| element.is(XSD, "import")) {
            let parent = import.parent();
            inquiry.ask(parent.is_some_and(|parent| parent.is(XSD, "schema")), import, || {
                let around = parent.map(|parent| parent.name().to_string()).unwrap_or_default();
                Text::new(format!("{around} の中にあります"), format!("it stands in {around}"))
            });
        }
    }
    inquiry.finish("", "")
}

/// BP2104: the namespace of an import is the target namespace of what it retrieves.
pub(super) fn same_namespace(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "wsdl:importのnamespaceは取り込むWSDLのtargetNamespaceと同じ",
        "namespace of wsdl:import equals the targetNamespace of the retrieved WSDL",
    );
    for import in imports(context) {
        match target(context, import) {
            None => {}
            Some(Err(reason)) => inquiry.cannot(reason),
            Some(Ok(file)) => {
                let Some(root) = file.root().filter(|root| root.is(WSDL, "definitions")) else {
                    continue;
                };
                let theirs = root.attribute("", "targetNamespace");
                inquiry.ask(
                    import.attribute("", "namespace").unwrap_or_default() == theirs.unwrap_or_default(),
                    (import, "namespace"),
                    || {
                        let theirs = theirs.unwrap_or_default();
                        let ours = attribute_text(import, "namespace");
                        Text::new(
                            format!("{}、「{}」のtargetNamespaceは \"{theirs}\"", ours.ja, file.location),
                            format!("{}; targetNamespace of `{}` is \"{theirs}\"", ours.en, file.location),
                        )
                    },
                );
            }
        }
    }
    inquiry.finish(NO_IMPORT.0, NO_IMPORT.1)
}

/// BP4201 (informational): relative addresses.
pub(super) fn relative_addresses(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "相対URIは報告する（解決には別途の取決めがいる）",
        "relative URIs are reported (resolving them takes knowledge from elsewhere)",
    );
    let mut look = |element, name: &'static str| {
        if let Some(value) = Element::attribute(element, "", name).filter(|value| !value.trim().is_empty()) {
            inquiry.ask(is_absolute_uri(value.trim()), (element, name), || {
                attribute_text(element, name)
            });
        }
    };
    for import in imports(context) {
        look(import, "location");
        look(import, "namespace");
    }
    for root in &context.definitions {
        let services = root
            .children_named(WSDL, "service")
            .flat_map(|service| service.children_named(WSDL, "port"));
        for address in services.flat_map(|port| port.children_named(SOAPBIND, "address")) {
            look(address, "location");
        }
    }
    inquiry.finish_report()
}
