//! Messages (BP2115, BP2116).

use super::context::{Context, attribute_text};
use crate::judge::ws_i::Answered;
use crate::schema::wsdl::WSDL;
use crate::text::Text;
use crate::xml::Element;

fn parts<'d>(context: &Context<'d>) -> impl Iterator<Item = Element<'d>> {
    let messages = context
        .definitions
        .iter()
        .flat_map(|root| root.children_named(WSDL, "message"));
    messages.flat_map(|message| message.children_named(WSDL, "part"))
}

/// BP2115: a part that is declared through element leads to a top-level declaration.
pub(super) fn element_declared(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "wsdl:partの属性elementは、スキーマの最上位のxsd:elementを指す",
        "attribute element of wsdl:part leads to a top-level xsd:element",
    );
    let declared = context.declared_elements();
    for part in parts(context) {
        let Some(value) = part.attribute("", "element") else {
            continue;
        };
        let name = part.resolve_name(value);
        let namespace = name.and_then(|name| name.namespace).unwrap_or_default();
        let found = name.is_some_and(|name| declared.has(namespace, name.local));
        if !found && let Some(reason) = declared.is_open(namespace) {
            inquiry.cannot(reason.clone());
            continue;
        }
        inquiry.ask(found, (part, "element"), || {
            let written = attribute_text(part, "element");
            match name {
                None => Text::new(
                    format!("{}、接頭辞の名前空間が宣言されていません", written.ja),
                    format!("{}; its prefix has no namespace", written.en),
                ),
                Some(name) => Text::new(
                    format!("{name} のxsd:elementがありません"),
                    format!("there is no xsd:element {name}"),
                ),
            }
        });
    }
    inquiry.finish(
        "属性elementのあるwsdl:partがありません",
        "no wsdl:part has attribute element",
    )
}

/// BP2116: no part has type and element at once.
pub(super) fn type_or_element(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "wsdl:partは属性typeと属性elementを同時に持たない",
        "no wsdl:part has attributes type and element at once",
    );
    for part in parts(context) {
        let both = part.attribute("", "type").is_some() && part.attribute("", "element").is_some();
        inquiry.ask(!both, part, || {
            let name = part.attribute("", "name").unwrap_or_default();
            Text::new(
                format!("パート「{name}」は両方を持ちます"),
                format!("part `{name}` has both"),
            )
        });
    }
    inquiry.finish("wsdl:partがありません", "there is no wsdl:part")
}
