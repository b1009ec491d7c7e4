//! Namespaces of QNames that refer to components (BP2416, BP2417).

use std::collections::{HashMap, HashSet};

use super::context::{Context, Inquiry, attribute_text};
use crate::judge::ws_i::Answered;
use crate::schema::wsdl::{SOAPBIND, WSDL, XSD};
use crate::text::Text;
use crate::xml::Element;

/// Asks whether the namespace of a QName is among the known ones.
fn ask_namespace<'d>(
    inquiry: &mut Inquiry<'_, 'd>,
    element: Element<'d>,
    attribute: &'static str,
    known: &HashSet<&str>,
) {
    let Some(value) = element.attribute("", attribute) else {
        return;
    };
    let name = element.resolve_name(value);
    let holds = name.is_some_and(|name| known.contains(name.namespace.unwrap_or_default()));
    inquiry.ask(holds, (element, attribute), || {
        let written = attribute_text(element, attribute);
        match name.map(|name| name.namespace) {
            None => Text::new(
                format!("{}、接頭辞の名前空間が宣言されていません", written.ja),
                format!("{}; its prefix has no namespace", written.en),
            ),
            Some(namespace) => {
                let namespace = namespace.unwrap_or_default();
                Text::new(
                    format!("{}、名前空間は \"{namespace}\"", written.ja),
                    format!("{}; its namespace is \"{namespace}\"", written.en),
                )
            }
        }
    });
}

/// BP2416: names of WSDL components are in the target namespace or in an imported one (reading WS-08).
pub(super) fn wsdl_names(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "WSDLの部品を指すQNameの名前空間は、その文書のtargetNamespace又はwsdl:importのnamespace",
        "a QName of a WSDL component is in the document's targetNamespace or in one that its wsdl:import names",
    );
    let own: HashMap<&str, HashSet<&str>> = context
        .definitions
        .iter()
        .map(|root| {
            let target = root.attribute("", "targetNamespace").unwrap_or_default();
            let imported = root
                .children_named(WSDL, "import")
                .filter_map(|import| import.attribute("", "namespace"));
            (target, imported.collect())
        })
        .collect();
    for root in &context.definitions {
        let target = root.attribute("", "targetNamespace").unwrap_or_default();
        let mut known: HashSet<&str> = HashSet::from([target]);
        known.extend(
            root.children_named(WSDL, "import")
                .filter_map(|import| import.attribute("", "namespace")),
        );
        let mut before = 0;
        while context.reads("WS-08", "transitive") && known.len() > before {
            before = known.len();
            let nested: Vec<&str> = known
                .iter()
                .filter_map(|namespace| own.get(namespace))
                .flatten()
                .copied()
                .collect();
            known.extend(nested);
        }
        for element in root.descendants_and_self() {
            match (element.namespace(), element.local()) {
                (WSDL, "port") => ask_namespace(&mut inquiry, element, "binding", &known),
                (WSDL, "binding") => ask_namespace(&mut inquiry, element, "type", &known),
                (WSDL, "input" | "output" | "fault") | (SOAPBIND, "header" | "headerfault") => {
                    ask_namespace(&mut inquiry, element, "message", &known);
                }
                _ => {}
            }
        }
    }
    inquiry.finish(
        "WSDLの部品を指すQNameがありません",
        "no QName refers to a WSDL component",
    )
}

/// BP2417: names of schema components are in the namespace of an embedded schema or one that it imports (reading WS-09).
pub(super) fn schema_names(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "スキーマの部品を指すQNameの名前空間は、xsd:schemaのtargetNamespace又はその中のxsd:importのnamespace",
        "a QName of a schema component is in the targetNamespace of an xsd:schema or in one that an xsd:import in it names",
    );
    let mut known: HashSet<&str> = HashSet::new();
    if !context.reads("WS-09", "require-import") {
        known.insert(XSD);
    }
    for schema in context.embedded() {
        known.insert(schema.attribute("", "targetNamespace").unwrap_or_default());
        let imports = schema.children_named(XSD, "import");
        known.extend(imports.map(|import| import.attribute("", "namespace").unwrap_or_default()));
    }
    let messages = context
        .definitions
        .iter()
        .flat_map(|root| root.children_named(WSDL, "message"));
    for part in messages.flat_map(|message| message.children_named(WSDL, "part")) {
        ask_namespace(&mut inquiry, part, "element", &known);
        ask_namespace(&mut inquiry, part, "type", &known);
    }
    inquiry.finish(
        "スキーマの部品を指すwsdl:partがありません",
        "no wsdl:part refers to a schema component",
    )
}
