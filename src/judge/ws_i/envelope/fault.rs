//! Faults.

use super::super::Answered;
use super::super::subject::{Parts, Subject, absent, tag};
use crate::soap::ENVELOPE;
use crate::text::Text;
use crate::xml::Element;

/// Children that SOAP 1.1 knows.
const CHILDREN: [&str; 4] = ["faultcode", "faultstring", "faultactor", "detail"];
/// Codes that SOAP 1.1 knows.
const CODES: [&str; 4] = ["VersionMismatch", "MustUnderstand", "Client", "Server"];

fn no_fault() -> Answered {
    Answered::not_applicable("soap:Faultがありません", "there is no soap:Fault")
}

/// BP1305. With the option `server-faultcode` of WS-19 the code has to be Server as well.
pub(super) fn status(subject: &Subject<'_>, parts: &Parts<'_>) -> Answered {
    let Some(fault) = parts.fault else {
        return no_fault();
    };
    let Some(response) = subject.view.response else {
        return no_http();
    };
    let expected = Text::new("soap:Faultを運ぶ応答は500", "status 500 with soap:Fault");
    if response.status != 500 {
        return Answered::broken(expected, Text::neutral(response.status)).at(fault);
    }
    let code = parts.fault_child("faultcode");
    if subject.view.reads("WS-19", "server-faultcode") && code.is_none_or(|code| local_part(&code.text()) != "Server") {
        let found = code.map(|code| code.text().trim().to_owned()).unwrap_or_default();
        return Answered::broken(Text::new("faultcodeはServer", "faultcode Server"), Text::neutral(found)).at(fault);
    }
    Answered::Holds
}

/// BP1306.
pub(super) fn children(parts: &Parts<'_>) -> Answered {
    let Some(fault) = parts.fault else {
        return no_fault();
    };
    let other = fault.children().find(|child| !CHILDREN.contains(&child.local()));
    other.map_or(Answered::Holds, |child| {
        Answered::broken(
            Text::new(
                "soap:Faultの子要素はfaultcode、faultstring、faultactor、detailだけ",
                "only faultcode, faultstring, faultactor and detail inside soap:Fault",
            ),
            Text::neutral(tag(child)),
        )
        .at(child)
    })
}

/// BP1316.
pub(super) fn children_are_unqualified(parts: &Parts<'_>) -> Answered {
    let Some(fault) = parts.fault else {
        return no_fault();
    };
    let qualified = fault
        .children()
        .find(|child| CHILDREN.contains(&child.local()) && !child.namespace().is_empty());
    qualified.map_or(Answered::Holds, |child| {
        Answered::broken(
            Text::new(
                format!("名前空間のない{}", child.local()),
                format!("{} without a namespace", child.local()),
            ),
            Text::neutral(child.name()),
        )
        .at(child)
    })
}

/// BP1031. With `whole_fault` (WS-20) faultstring and faultactor are looked at too.
pub(super) fn no_dot(parts: &Parts<'_>, whole_fault: bool) -> Answered {
    if parts.fault.is_none() {
        return no_fault();
    }
    let asked = if whole_fault { &CHILDREN[..3] } else { &CHILDREN[..1] };
    let dotted = asked.iter().filter_map(|local| parts.fault_child(local)).find(|child| {
        let text = child.text();
        // A dot in the prefix of a code refines nothing.
        let judged = if child.local() == "faultcode" {
            local_part(&text)
        } else {
            text.trim()
        };
        judged.contains('.')
    });
    dotted.map_or(Answered::Holds, |child| {
        Answered::broken(
            Text::new(
                format!("{}にドットがない", child.local()),
                format!("no dot in {}", child.local()),
            ),
            Text::neutral(child.text().trim()),
        )
        .at(child)
    })
}

/// BP1302. With `qname_only` (WS-24) the codes of SOAP 1.1 need their namespace.
pub(super) fn code(parts: &Parts<'_>, qname_only: bool) -> Answered {
    let Some(code) = parts.fault_child("faultcode") else {
        return no_fault();
    };
    let text = code.text();
    let text = text.trim();
    let name = code.resolve_name(text);
    let holds = match name.map(|name| (name.namespace, name.local)) {
        Some((Some(ENVELOPE), local)) => CODES.contains(&local),
        Some((Some(_), _)) => true,
        Some((None, local)) => !qname_only && CODES.contains(&local),
        None => false,
    };
    if holds {
        return Answered::Holds;
    }
    Answered::broken(
        Text::new(
            "VersionMismatch、MustUnderstand、Client、Server、又は別の名前空間のQName",
            "VersionMismatch, MustUnderstand, Client, Server, or a QName of another namespace",
        ),
        Text::neutral(text),
    )
    .at(code)
}

fn local_part(qname: &str) -> &str {
    let qname = qname.trim();
    qname.split_once(':').map_or(qname, |(_, local)| local)
}

/// BP1203.
pub(super) fn detail_attributes(parts: &Parts<'_>) -> Answered {
    let qualified = parts.fault_child("detail").filter(|detail| {
        detail
            .attributes()
            .any(|attribute| attribute.name().namespace.is_some())
    });
    let Some(detail) = qualified else {
        return Answered::not_applicable(
            "detailに名前空間のある属性がありません",
            "detail has no attribute with a namespace",
        );
    };
    let expected = Text::new(
        "detailにSOAPの名前空間の属性がない",
        "no attribute of the SOAP namespace at detail",
    );
    let found = detail
        .attributes()
        .find(|attribute| attribute.name().namespace == Some(ENVELOPE));
    absent(expected, found.map(|attribute| (detail, attribute)))
}

/// BP1107. A fault is known by the elements in its detail; other elements may stand beside the declared one.
pub(super) fn described(subject: &Subject<'_>, parts: &Parts<'_>) -> Answered {
    let Some(fault) = parts.fault else {
        return no_fault();
    };
    let detail = parts.fault_child("detail");
    let children: Vec<Element<'_>> = detail.into_iter().flat_map(Element::children).collect();
    if children.is_empty() && !subject.view.reads("WS-16", "detail-required") {
        return Answered::not_applicable("detailに要素がありません", "there is no element in detail");
    }
    let operation = match subject.operation() {
        Ok(operation) => operation,
        Err(answer) => return answer,
    };
    let declared: Vec<_> = operation
        .faults
        .iter()
        .filter(|fault| fault.bound)
        .filter_map(|fault| fault.element.as_ref())
        .collect();
    if children
        .iter()
        .any(|child| declared.iter().any(|element| element.as_name() == child.name()))
    {
        return Answered::Holds;
    }
    let names: Vec<String> = declared.iter().map(ToString::to_string).collect();
    let names = names.join(", ");
    let expected = if names.is_empty() {
        Text::new(
            format!("操作「{}」のbindingにはフォルトがない", operation.name),
            format!("no fault: the binding of operation `{}` has none", operation.name),
        )
    } else {
        Text::new(
            format!("操作「{}」のsoapbind:faultの要素 {names}", operation.name),
            format!(
                "an element of a soapbind:fault of operation `{}`: {names}",
                operation.name
            ),
        )
    };
    match children.first() {
        Some(child) => Answered::broken(expected, Text::neutral(child.name())).at(*child),
        None => Answered::broken(expected, Text::new("detailがありません", "there is no detail")).at(fault),
    }
}

/// BP4102, which only reports.
pub(super) fn detail(parts: &Parts<'_>) -> Answered {
    let Some(detail) = parts.fault_child("detail") else {
        return Answered::not_applicable("detailがありません", "there is no detail");
    };
    let names: Vec<String> = detail.children().map(|child| child.name().to_string()).collect();
    if names.is_empty() && detail.text().trim().is_empty() {
        return Answered::Holds;
    }
    let found = if names.is_empty() {
        Text::new("detailに文字列", "text in detail")
    } else {
        Text::neutral(names.join(", "))
    };
    Answered::broken(Text::new("detailが空", "an empty detail"), found).at(detail)
}

pub(super) fn no_http() -> Answered {
    Answered::not_applicable("HTTPの応答が記録されていません", "no HTTP response was recorded")
}
