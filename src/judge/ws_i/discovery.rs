//! Assertions about UDDI documents.

use super::{Answered, Answers, Assertion, Entry, Place, ask_in_order};
use crate::schema::DocumentSet;
use crate::schema::wsdl::{Description, WSDL};
use crate::text::Text;
use crate::xml::{Doctype, Document, Element, Limits, parse_bytes};

/// Namespace of the UDDI version 2 interface.
const UDDI: &str = "urn:uddi-org:api_v2";
/// Key of the taxonomy that says what a tModel is.
const TYPES_TAXONOMY: &str = "uuid:C1ACF26D-9672-4404-9D70-39B756E62AB4";

/// Asks the assertions about discovery of every tModel and bindingTemplate of a UDDI document. An
/// overviewURL leads to the documents of `description` only; nothing is fetched.
pub fn judge_discovery(document: &Document, description: Option<&Description>) -> Answers {
    let documents = description.map(|description| &description.documents);
    let is_discovery = |assertion: &Assertion| matches!(assertion.entry, Entry::TModel | Entry::BindingTemplate);
    let all = |local: &'static str| document.elements().filter(move |element| element.is(UDDI, local));
    ask_in_order(is_discovery, |assertion| match assertion.id {
        "BP3001" => gather(all("tModel"), |model| overview(model, documents), NO_MODEL),
        "BP3003" => gather(all("tModel"), category, NO_MODEL),
        _ => gather(
            all("bindingTemplate"),
            access_point,
            ("uddi:bindingTemplateがありません", "there is no uddi:bindingTemplate"),
        ),
    })
}

const NO_MODEL: (&str, &str) = ("uddi:tModelがありません", "there is no uddi:tModel");

/// One answer for many elements: the first breach, else what is open, else that it holds.
fn gather<'d>(
    elements: impl Iterator<Item = Element<'d>>,
    ask: impl Fn(Element<'d>) -> Answered,
    none: (&str, &str),
) -> Answered {
    let mut all = Answered::not_applicable(none.0, none.1);
    let mut more = 0;
    for element in elements {
        match (&all, ask(element)) {
            (Answered::Broken(_), Answered::Broken(_)) => more += 1,
            (Answered::Broken(_), _) => {}
            (_, answer @ Answered::Broken(_)) => all = answer.at_place(|| Place::of(element)),
            (Answered::Unanswered { .. }, _) => {}
            (_, answer) => all = answer,
        }
    }
    if let Answered::Broken(breach) = &mut all
        && more > 0
    {
        breach.found.ja.push_str(&format!("（ほか {more} 件）"));
        breach.found.en.push_str(&format!(" (and {more} more)"));
    }
    all
}

/// BP3001: the overviewURL leads to a WSDL with a binding.
fn overview(model: Element<'_>, documents: Option<&DocumentSet>) -> Answered {
    let expected = || {
        Text::new(
            "overviewDoc/overviewURLで取得できるものはWSDL 1.1で、wsdl:bindingがある",
            "overviewDoc/overviewURL retrieves a WSDL 1.1 document with a wsdl:binding",
        )
    };
    let broken = |ja: String, en: String| Answered::broken(expected(), Text::new(ja, en));
    let Some(url) = model
        .child(UDDI, "overviewDoc")
        .and_then(|overview| overview.child(UDDI, "overviewURL"))
    else {
        return broken("overviewURLがありません".into(), "there is no overviewURL".into()).at(model);
    };
    let address = url.text().trim().to_owned();
    let (place, fragment) = address.split_once('#').unwrap_or((&address, ""));
    let bytes = documents.and_then(|documents| {
        let location = documents.resolve(documents.root(), place).ok()?;
        documents.get(location)
    });
    let Some(bytes) = bytes else {
        return Answered::Unanswered {
            reason: Text::new(
                format!("「{address}」の文書が手元にないため判定できません"),
                format!("the document at `{address}` is not there, so this cannot be answered"),
            ),
        };
    };
    let wsdl = match parse_bytes(bytes, None, &Limits::default().with_doctype(Doctype::Skip)) {
        Ok(document) => document,
        Err(error) => {
            let text = error.describe();
            return broken(format!("{address}: {}", text.ja), format!("{address}: {}", text.en)).at(url);
        }
    };
    let root = wsdl.root();
    if !root.is(WSDL, "definitions") {
        let name = root.name();
        return broken(format!("ルート要素は {name} です"), format!("the root is {name}")).at(url);
    }
    let wanted = selected_binding(fragment);
    let found = root
        .children_named(WSDL, "binding")
        .any(|binding| wanted.is_none_or(|name| binding.attribute("", "name") == Some(name)));
    if found {
        return Answered::Holds;
    }
    broken(
        format!("「{address}」にwsdl:bindingがありません"),
        format!("there is no such wsdl:binding at `{address}`"),
    )
    .at(url)
}

/// The name that a fragment selects: an XPointer with `@name='…'`, or a bare name.
fn selected_binding(fragment: &str) -> Option<&str> {
    if let Some((_, after)) = fragment.split_once("@name=") {
        let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        return after[1..].split(quote).next();
    }
    Some(fragment).filter(|fragment| crate::xml::is_ncname(fragment))
}

/// BP3002: an accessPoint that is not empty.
fn access_point(template: Element<'_>) -> Answered {
    let point = template.child(UDDI, "accessPoint");
    if point.is_some_and(|point| !point.text().trim().is_empty()) {
        return Answered::Holds;
    }
    let found = match point {
        Some(_) => Text::new("accessPointが空です", "accessPoint is empty"),
        None => Text::new("accessPointがありません", "there is no accessPoint"),
    };
    Answered::broken(
        Text::new("空でないuddi:accessPointがある", "a uddi:accessPoint that is not empty"),
        found,
    )
    .at(point.unwrap_or(template))
}

/// BP3003: the tModel is categorised as a WSDL description.
fn category(model: Element<'_>) -> Answered {
    let references = model
        .children_named(UDDI, "categoryBag")
        .flat_map(|bag| bag.children_named(UDDI, "keyedReference"));
    let values: Vec<&str> = references
        .filter(|reference| {
            let key = reference.attribute("", "tModelKey");
            key.is_some_and(|key| key.trim().eq_ignore_ascii_case(TYPES_TAXONOMY))
        })
        .filter_map(|reference| reference.attribute("", "keyValue"))
        .collect();
    if values.contains(&"wsdlSpec") {
        return Answered::Holds;
    }
    let found = if values.is_empty() {
        "-".to_owned()
    } else {
        values.join(", ")
    };
    Answered::broken(
        Text::new(
            format!("categoryBagに分類 {TYPES_TAXONOMY} の値 wsdlSpec がある"),
            format!("categoryBag has value wsdlSpec of the taxonomy {TYPES_TAXONOMY}"),
        ),
        Text::neutral(found),
    )
    .at(model)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(text: &str) -> Vec<String> {
        let wsdl = r#"<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"><binding name="B"/></definitions>"#;
        let files = [("a.wsdl", wsdl), ("page.html", "<html/>")];
        let set = DocumentSet::new(
            "a.wsdl",
            files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())),
        );
        let text = format!("<u:x xmlns:u='{UDDI}'>{text}</u:x>");
        let document = parse_bytes(text.as_bytes(), None, &Limits::default()).expect("well-formed");
        let word = |answer: &Answered| match answer {
            Answered::Holds => "holds",
            Answered::Broken(breach) => {
                assert!(breach.place.is_some() && breach.found.is_complete());
                "broken"
            }
            Answered::NotApplicable { .. } => "n/a",
            Answered::Unanswered { .. } => "open",
            Answered::Blocked { .. } => "blocked",
        };
        let answers = judge_discovery(&document, Some(&Description::read(set).expect("the root is there")));
        answers
            .iter()
            .map(|(assertion, answer)| format!("{} {}", assertion.id, word(answer)))
            .collect()
    }

    fn model(url: &str, value: &str) -> String {
        format!(
            "<u:tModel><u:overviewDoc><u:overviewURL>{url}</u:overviewURL></u:overviewDoc><u:categoryBag>\
             <u:keyedReference tModelKey='{TYPES_TAXONOMY}' keyValue='{value}'/></u:categoryBag></u:tModel>"
        )
    }

    #[test]
    fn models_and_templates() {
        let template = "<u:bindingTemplate><u:accessPoint>http://localhost/</u:accessPoint></u:bindingTemplate>";
        let good = model("a.wsdl#B", "wsdlSpec");
        assert_eq!(
            answers(&format!("{good}{template}")),
            ["BP3001 holds", "BP3002 holds", "BP3003 holds"]
        );
        assert_eq!(answers(""), ["BP3001 n/a", "BP3002 n/a", "BP3003 n/a"]);
        let hosted = "<u:bindingTemplate><u:hostingRedirector/></u:bindingTemplate>";
        let page = model("page.html", "xmlSpec");
        assert_eq!(
            answers(&format!("{good}{page}{template}{hosted}")),
            ["BP3001 broken", "BP3002 broken", "BP3003 broken"]
        );
        let xpointer = "a.wsdl#xmlns(w=http://schemas.xmlsoap.org/wsdl/) xpointer(//w:binding[@name='C'])";
        assert_eq!(answers(&model(xpointer, "wsdlSpec"))[0], "BP3001 broken");
        assert_eq!(
            answers(&model("http://example.com/a.wsdl", "wsdlSpec"))[0],
            "BP3001 open"
        );
        assert_eq!(answers(&model("page.html", "wsdlSpec"))[0], "BP3001 broken");
    }
}
