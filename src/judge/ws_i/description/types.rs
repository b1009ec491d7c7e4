//! Types and schemas (BP2102, BP2107, BP2108, BP2110, BP2122, BP4202).

use std::collections::HashSet;

use super::context::{Context, Literal, lacking};
use crate::judge::ws_i::Answered;
use crate::schema::wsdl::{WSDL, XSD};
use crate::text::Text;
use crate::xml::Element;

/// Namespace of the SOAP 1.1 encoding.
const SOAPENC: &str = "http://schemas.xmlsoap.org/soap/encoding/";
const NO_TYPES: (&str, &str) = ("wsdl:typesにスキーマがありません", "there is no schema in wsdl:types");

/// BP2102: `xsd:import` leads to a schema (reading WS-02).
pub(super) fn leads_to_schema(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "xsd:importが取り込むもののルート要素はxsd:schema",
        "the root of what xsd:import retrieves is xsd:schema",
    );
    let own: HashSet<&str> = context
        .embedded()
        .filter_map(|schema| schema.attribute("", "targetNamespace"))
        .collect();
    for import in context.schema_imports(false) {
        let element = import.element;
        match import.target {
            None => {
                let wanted = element.attribute("", "namespace").unwrap_or_default();
                let holds = !context.reads("WS-02", "require-location") || own.contains(&wanted);
                inquiry.ask(holds, element, || {
                    Text::new(
                        format!("schemaLocationがなく、名前空間 \"{wanted}\" のスキーマがwsdl:typesにありません"),
                        format!("no schemaLocation, and wsdl:types holds no schema of namespace \"{wanted}\""),
                    )
                });
            }
            Some(Err(_)) => inquiry.cannot(lacking(element.attribute("", "schemaLocation").unwrap_or_default())),
            Some(Ok(file)) => match file.root() {
                Some(root) => inquiry.ask(root.is(XSD, "schema"), (element, "schemaLocation"), || {
                    Text::new(
                        format!("「{}」のルート要素は {} です", file.location, root.name()),
                        format!("the root of `{}` is {}", file.location, root.name()),
                    )
                }),
                // Not well-formed: BP2011 says so, and needs this one not to fail.
                None => inquiry.applies(),
            },
        }
    }
    inquiry.finish(
        "wsdl:typesにxsd:importがありません",
        "there is no xsd:import in wsdl:types",
    )
}

/// BP2107: an embedded schema has a target namespace, unless it only imports.
pub(super) fn target_namespace(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "wsdl:types内のxsd:schemaに空でないtargetNamespaceがある（xsd:importとxsd:annotationだけのものを除く）",
        "xsd:schema in wsdl:types has a targetNamespace that is not empty, unless it holds only xsd:import and \
         xsd:annotation",
    );
    for schema in context.embedded() {
        let exempt = schema
            .children()
            .all(|child| child.is(XSD, "import") || child.is(XSD, "annotation"));
        let target = schema.attribute("", "targetNamespace");
        let valid = target.is_some_and(|target| {
            let target = target.trim();
            !target.is_empty()
                && !target.contains(|character: char| character.is_whitespace() || "<>\"".contains(character))
        });
        let holds = match target {
            None => exempt,
            Some(_) => valid,
        };
        inquiry.ask(holds, (schema, "targetNamespace"), || {
            target.map_or_else(
                || Text::new("targetNamespaceがありません", "there is no targetNamespace"),
                |target| Text::neutral(format!("targetNamespace=\"{target}\"")),
            )
        });
    }
    inquiry.finish(NO_TYPES.0, NO_TYPES.1)
}

/// BP2108: no arrays of the SOAP encoding.
pub(super) fn no_encoded_arrays(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "soapenc:Arrayを使用・拡張・制限せず、属性wsdl:arrayTypeも使わない",
        "soapenc:Array is not used, extended or restricted, and attribute wsdl:arrayType is not used",
    );
    if !context.has_types() {
        return inquiry.finish("wsdl:typesがありません", "there is no wsdl:types");
    }
    inquiry.applies();
    for schema in context.all_schemas() {
        for element in schema.descendants_and_self() {
            if let Some(attribute) = element.attribute_node(WSDL, "arrayType") {
                inquiry.ask(false, element, || {
                    Text::neutral(format!("wsdl:arrayType=\"{}\"", attribute.value()))
                });
                continue;
            }
            for name in ["base", "type", "itemType", "ref"] {
                let referred = element
                    .attribute("", name)
                    .and_then(|value| element.resolve_name(value));
                inquiry.ask(
                    !referred.is_some_and(|name| name.is(SOAPENC, "Array")),
                    (element, name),
                    || Text::neutral(format!("{name}={{{SOAPENC}}}Array")),
                );
            }
        }
    }
    inquiry.finish("", "")
}

/// BP2110: elements are not called ArrayOf… (reading WS-03).
pub(super) fn array_names(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "宣言する要素の名前がArrayOfで始まらない",
        "no declared element has a name that begins with ArrayOf",
    );
    let rpc = context.literal(Literal::Rpc).next().is_some();
    if !rpc || !context.has_types() {
        return inquiry.finish(
            "rpc-literalのbindingに用いるwsdl:typesがありません",
            "no wsdl:types serves an rpc-literal binding",
        );
    }
    inquiry.applies();
    let all = context.reads("WS-03", "all-declarations");
    for schema in context.all_schemas() {
        for element in schema
            .descendants_and_self()
            .filter(|element| element.namespace() == XSD)
        {
            let judged =
                element.local() == "element" || (all && matches!(element.local(), "complexType" | "simpleType"));
            let Some(name) = element.attribute("", "name").filter(|_| judged) else {
                continue;
            };
            inquiry.ask(!name.starts_with("ArrayOf"), (element, "name"), || {
                Text::neutral(format!("name=\"{name}\""))
            });
        }
    }
    inquiry.finish("", "")
}

/// BP2122: types are written in XML Schema 1.0 and valid as such.
pub(super) fn valid_schema(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "型定義はXML Schema 1.0（名前空間 http://www.w3.org/2001/XMLSchema）で書かれ、妥当である",
        "types are written in XML Schema 1.0 (namespace http://www.w3.org/2001/XMLSchema) and valid",
    );
    let all_types = context
        .definitions
        .iter()
        .flat_map(|root| root.children_named(WSDL, "types"));
    for schema in all_types
        .flat_map(Element::children)
        .filter(|child| child.local() == "schema")
    {
        inquiry.ask(schema.namespace() == XSD, schema, || Text::neutral(schema.name()));
    }
    if let Some(fault) = context.schema_fault {
        match context.unread_schema() {
            Some(reason) => inquiry.cannot(reason),
            None => {
                let file = fault.location.split('#').next().unwrap_or_default();
                let root = context.description.file(file).and_then(|file| file.root());
                let embedded = fault
                    .location
                    .split_once("#types-")
                    .and_then(|(_, number)| number.parse::<usize>().ok());
                let schema = root.and_then(|root| {
                    let at = embedded?.checked_sub(1)?;
                    crate::schema::wsdl::embedded_schemas(root).nth(at)
                });
                let place = schema.or(root).or_else(|| context.definitions.first().copied());
                let code = fault
                    .code
                    .as_deref()
                    .map(|code| format!(" ({code})"))
                    .unwrap_or_default();
                let found = fault.message.map(|text| format!("{}: {text}{code}", fault.location));
                if let Some(place) = place {
                    inquiry.ask(false, place, || found);
                }
            }
        }
    }
    inquiry.finish(NO_TYPES.0, NO_TYPES.1)
}

/// BP4202 (informational): annotations in schemas (reading WS-01).
pub(super) fn annotations(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "スキーマ内のxsd:annotationは報告する",
        "xsd:annotation in schemas is reported",
    );
    let files = context.judged_schema_files().into_iter().filter_map(|file| file.root());
    for schema in context.embedded().chain(files.filter(|root| root.is(XSD, "schema"))) {
        for annotation in schema
            .descendants_and_self()
            .filter(|element| element.is(XSD, "annotation"))
        {
            inquiry.ask(false, annotation, || Text::neutral("xsd:annotation"));
        }
    }
    inquiry.finish_report()
}

impl Context<'_> {
    /// Why the schemas of the description are not all there: a file is missing or cannot be read.
    fn unread_schema(&self) -> Option<Text> {
        let schemas = self.all_schemas();
        let present: HashSet<Option<&str>> = schemas
            .iter()
            .map(|schema| schema.attribute("", "targetNamespace"))
            .collect();
        self.schema_imports(true).into_iter().find_map(|import| {
            let written = import
                .element
                .attribute("", "schemaLocation")
                .or_else(|| import.element.attribute("", "namespace"));
            match import.target {
                Some(Err(_)) => Some(lacking(written.unwrap_or_default())),
                Some(Ok(file)) => {
                    let is_schema = file.root().is_some_and(|root| root.is(XSD, "schema"));
                    (!is_schema).then(|| lacking(&file.location))
                }
                None if import.element.is(XSD, "import") => {
                    let wanted = import.element.attribute("", "namespace");
                    (!present.contains(&wanted)).then(|| lacking(written.unwrap_or_default()))
                }
                None => None,
            }
        })
    }
}
