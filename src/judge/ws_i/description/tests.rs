//! Every assertion about descriptions: silent on clean descriptions, and broken by its faulty ones.

use super::*;
use crate::judge::ws_i::{ASSERTIONS, Grade};
use crate::schema::DocumentSet;
use crate::schema::wsdl::{WsdlViolation, clean_documents};

fn answers(documents: DocumentSet, readings: &ReadingChoice) -> Answers {
    let description = Description::read(documents).expect("the root is there");
    let schema = CompiledSchema::compile(&description.schemas);
    judge_description(&description, &schema, readings)
}

fn broken(documents: DocumentSet) -> Vec<&'static str> {
    let answers = answers(documents, &ReadingChoice::default());
    answers
        .iter()
        .filter(|(_, answer)| matches!(answer, Answered::Broken(_)))
        .map(|(assertion, _)| assertion.id)
        .collect()
}

fn of<'a>(answers: &'a Answers, id: &str) -> &'a Answered {
    answers
        .iter()
        .find(|(assertion, _)| assertion.id == id)
        .map(|(_, answer)| answer)
        .expect("asked")
}

/// The exchange description with one text replaced.
fn edited(file: &str, find: &str, replace: &str) -> DocumentSet {
    let clean = clean_documents("exchange").expect("known base");
    let documents = clean.iter().map(|(name, bytes)| {
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        assert!(name != file || text.contains(find), "{find}");
        let text = if name == file {
            text.replacen(find, replace, 1)
        } else {
            text
        };
        (name.to_owned(), text.into_bytes())
    });
    DocumentSet::new("exchange.wsdl", documents)
}

fn readings(id: &str, option: &str) -> ReadingChoice {
    serde_json::from_value(serde_json::json!({ id: option })).expect("a map of texts")
}

#[test]
fn clean_descriptions_break_nothing() {
    let exchange = answers(clean_documents("exchange").expect("known"), &ReadingChoice::default());
    for (assertion, answer) in &exchange {
        let fine = matches!(answer, Answered::Holds | Answered::NotApplicable { .. });
        assert!(fine, "{}: {answer:?}", assertion.id);
    }
    // The divided one imports by a relative address, which BP4201 exists to report.
    assert_eq!(broken(clean_documents("divided").expect("known")), ["BP4201"]);
}

#[test]
fn every_violation_breaks_its_assertion_and_no_other() {
    for violation in WsdlViolation::all() {
        let mut wanted: Vec<&str> = violation.also.iter().map(String::as_str).collect();
        wanted.push(&violation.assertion);
        wanted.sort_unstable();
        let documents = violation.documents().expect("the edits fit");
        let mut found = broken(documents);
        found.sort_unstable();
        assert_eq!(found, wanted, "{}", violation.id);
    }
}

#[test]
fn every_assertion_has_a_violation() {
    let list = WsdlViolation::all();
    for assertion in ASSERTIONS.iter().filter(|assertion| assertion.is_about_description()) {
        let covered = list.iter().any(|violation| violation.assertion == assertion.id);
        assert_eq!(covered, assertion.grade != Grade::Untestable, "{}", assertion.id);
    }
    let mut ids: Vec<&str> = list.iter().map(|violation| violation.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), list.len(), "identifiers are unique");
    for violation in list {
        assert!(violation.id.starts_with("wsdl-"), "{}", violation.id);
        assert!(
            violation.title.is_complete() && violation.story.is_complete(),
            "{}",
            violation.id
        );
    }
}

#[test]
fn breaches_say_what_and_where() {
    for violation in WsdlViolation::all() {
        let answers = answers(violation.documents().expect("the edits fit"), &ReadingChoice::default());
        let Answered::Broken(breach) = of(&answers, &violation.assertion) else {
            continue;
        };
        assert!(breach.expected.is_complete(), "{}: {breach:?}", violation.id);
        assert!(breach.found.is_complete(), "{}: {breach:?}", violation.id);
        let place = breach.place.as_ref().expect("a place");
        assert!(
            !place.file.is_empty() && place.at.line > 0,
            "{}: {place:?}",
            violation.id
        );
    }
}

#[test]
fn breaches_are_counted_and_attributes_are_named() {
    let documents = edited(
        "exchange.wsdl",
        "use=\"literal\" parts=\"body\"",
        "use=\"encoded\" parts=\"body\"",
    );
    let answers = answers(documents, &ReadingChoice::default());
    let Answered::Broken(breach) = of(&answers, "BP2406") else {
        panic!("not broken")
    };
    assert_eq!(breach.found.en, "use=\"encoded\"");
    let place = breach.place.as_ref().expect("a place");
    assert!(place.path.ends_with("/wsdl:input/soapbind:body/@use"), "{}", place.path);
    assert_eq!(place.file, "exchange.wsdl");
    let violation = WsdlViolation::all().iter().find(|one| one.id == "wsdl-not-well-formed");
    let documents = violation.expect("there").documents().expect("fits");
    let answers = self::answers(documents, &ReadingChoice::default());
    assert!(matches!(of(&answers, "BP2416"), Answered::Blocked { by: "BP2700" }));
    assert_eq!(*of(&answers, "BP2201"), Answered::Holds);
}

#[test]
fn more_breaches_are_counted() {
    let clean = clean_documents("exchange").expect("known base");
    let documents = clean.iter().map(|(name, bytes)| {
        let text = String::from_utf8(bytes.to_vec())
            .expect("UTF-8")
            .replace("use=\"literal\"", "use=\"encoded\"");
        (name.to_owned(), text.into_bytes())
    });
    let answers = answers(DocumentSet::new("exchange.wsdl", documents), &ReadingChoice::default());
    let Answered::Broken(breach) = of(&answers, "BP2406") else {
        panic!("not broken")
    };
    assert_eq!(breach.found.en, "use=\"encoded\" (and 15 more)");
    assert_eq!(breach.found.ja, "use=\"encoded\"（ほか 15 件）");
}

#[test]
fn references_that_lead_nowhere_leave_questions_open() {
    let documents = edited(
        "exchange.wsdl",
        "schemaLocation=\"messages.xsd\"",
        "schemaLocation=\"http://example.com/m.xsd\"",
    );
    let answers = answers(documents, &ReadingChoice::default());
    for id in ["BP2102", "BP2115"] {
        assert!(
            matches!(of(&answers, id), Answered::Unanswered { .. }),
            "{id}: {:?}",
            of(&answers, id)
        );
    }
    assert!(matches!(of(&answers, "BP2011"), Answered::Blocked { by: "BP2102" }));
}

#[test]
fn what_protects_the_harness_is_no_verdict() {
    let bomb = "<!DOCTYPE d [<!ENTITY a '&b;'><!ENTITY b '&a;'>]><definitions \
                xmlns='http://schemas.xmlsoap.org/wsdl/'>&a;</definitions>";
    let answers = answers(
        DocumentSet::new("a.wsdl", [("a.wsdl".to_owned(), bomb.as_bytes().to_vec())]),
        &ReadingChoice::default(),
    );
    let Answered::Unanswered { reason } = of(&answers, "BP2700") else {
        panic!("{:?}", of(&answers, "BP2700"))
    };
    assert!(reason.en.contains("&a;"), "{}", reason.en);
    assert!(matches!(of(&answers, "BP2703"), Answered::Blocked { by: "BP2700" }));
}

#[test]
fn other_bindings_beside_soap_are_left_alone() {
    let http = "<wsdl:binding name=\"Plain\" type=\"tns:Statistics\"><http:binding \
                xmlns:http=\"http://schemas.xmlsoap.org/wsdl/http/\" verb=\"POST\"/></wsdl:binding>\n  <wsdl:service ";
    let found = broken(edited("exchange.wsdl", "<wsdl:service ", http));
    assert_eq!(found, ["BP4200"]);
}

/// Each reading: an edit, and the assertion's answer under the default and under the other option.
#[test]
fn readings_change_answers() {
    let two_parts = (
        "<wsdl:part name=\"body\" element=\"m:notifyChange\"/>",
        "<wsdl:part name=\"body\" element=\"m:notifyChange\"/>",
    );
    let cases = [
        (
            "WS-02",
            "require-location",
            "BP2102",
            ("</xsd:schema>", "<xsd:import namespace=\"urn:x\"/></xsd:schema>"),
            false,
            true,
        ),
        (
            "WS-07",
            "only-true",
            "BP2123",
            ("<soapbind:binding ", "<soapbind:binding wsdl:required=\"1\" "),
            true,
            false,
        ),
        (
            "WS-06",
            "wsi-claim",
            "BP2123",
            ("<soapbind:binding ", "<soapbind:binding wsdl:required=\"true\" "),
            true,
            false,
        ),
        ("WS-09", "require-import", "BP2417", two_parts, false, true),
        (
            "WS-04",
            "named-only",
            "BP2113",
            (
                "<wsdl:part name=\"fault\" element=\"m:residentNotFound\"/>",
                "<wsdl:part name=\"fault\" type=\"xsd:string\"/>",
            ),
            true,
            false,
        ),
        ("WS-10", "wsdl-soapbind", "BP4200", two_parts, false, true),
    ];
    for (id, option, assertion, (find, replace), default, other) in cases {
        let documents = edited("exchange.wsdl", find, replace);
        let is_broken =
            |choice: &ReadingChoice| matches!(of(&answers(documents.clone(), choice), assertion), Answered::Broken(_));
        assert_eq!(is_broken(&ReadingChoice::default()), default, "{id} by default");
        assert_eq!(is_broken(&readings(id, option)), other, "{id} {option}");
    }
    let documents = edited(
        "types.xsd",
        "<xsd:simpleType name=\"residentNumber\">",
        "<xsd:annotation/><xsd:simpleType name=\"residentNumber\">",
    );
    let messages = documents.iter().map(|(name, bytes)| {
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let text = text.replace(
            "<xsd:import namespace=\"http://junkyo.example/exchange/1/types\" schemaLocation",
            "<xsd:include schemaLocation",
        );
        (name.to_owned(), text.into_bytes())
    });
    let included = DocumentSet::new("exchange.wsdl", messages);
    assert_eq!(
        *of(&answers(included.clone(), &ReadingChoice::default()), "BP4202"),
        Answered::Holds
    );
    assert!(matches!(
        of(&answers(included, &readings("WS-01", "import-and-include")), "BP4202"),
        Answered::Broken(_)
    ));
}

#[test]
fn transitive_imports_and_signatures_by_reading() {
    let list = WsdlViolation::all();
    let nested = list.iter().find(|one| one.id == "wsdl-nested-import").expect("there");
    let documents = nested.documents().expect("fits");
    assert_eq!(
        *of(&answers(documents, &readings("WS-08", "transitive")), "BP2416"),
        Answered::Holds
    );
    // Same wrapper, other parts: an overloaded rpc operation.
    let overloaded = "<wsdl:operation name=\"CountResidents\"><wsdl:input name=\"b\" message=\"tns:countResidentsResponse\"/></wsdl:operation>\n    <wsdl:operation name=\"Refresh\">";
    let bound = "<wsdl:operation name=\"CountResidents\"><soapbind:operation soapAction=\"\"/><wsdl:input name=\"b\"><soapbind:body \
                 use=\"literal\" namespace=\"http://junkyo.example/exchange/1/rpc\"/></wsdl:input></wsdl:operation>\n    <wsdl:operation name=\"Refresh\">";
    let first = edited("exchange.wsdl", "<wsdl:operation name=\"Refresh\">", overloaded);
    let documents = first.iter().map(|(name, bytes)| {
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let text = match text.rsplit_once("<wsdl:operation name=\"Refresh\">") {
            Some((before, after)) => format!("{before}{bound}{after}"),
            None => text,
        };
        (name.to_owned(), text.into_bytes())
    });
    let documents = DocumentSet::new("exchange.wsdl", documents);
    assert!(matches!(
        of(&answers(documents.clone(), &ReadingChoice::default()), "BP2120"),
        Answered::Broken(_)
    ));
    assert_eq!(
        *of(
            &answers(documents, &readings("WS-05", "body-child-and-parts")),
            "BP2120"
        ),
        Answered::Holds
    );
}

#[test]
fn array_names_and_inapplicable_prerequisites_by_reading() {
    let documents = edited(
        "messages.xsd",
        "<xsd:element name=\"caller\">",
        "<xsd:simpleType name=\"ArrayOfCode\"><xsd:list itemType=\"m:areaCode\"/></xsd:simpleType><xsd:element name=\"caller\">",
    );
    assert_eq!(
        *of(&answers(documents.clone(), &ReadingChoice::default()), "BP2110"),
        Answered::Holds
    );
    assert!(matches!(
        of(&answers(documents, &readings("WS-03", "all-declarations")), "BP2110"),
        Answered::Broken(_)
    ));
    let clean = clean_documents("exchange").expect("known base");
    let documents = clean.iter().map(|(name, bytes)| {
        // Headers have to state use by the schema, so they go too.
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let without_headers: String = text
            .split("<soapbind:header ")
            .enumerate()
            .map(|(at, part)| {
                if at == 0 {
                    part
                } else {
                    part.split_once("/>").map_or(part, |(_, rest)| rest)
                }
            })
            .collect();
        (
            name.to_owned(),
            without_headers.replace(" use=\"literal\"", "").into_bytes(),
        )
    });
    let documents = DocumentSet::new("exchange.wsdl", documents);
    assert_eq!(
        *of(&answers(documents.clone(), &ReadingChoice::default()), "BP2019"),
        Answered::Holds
    );
    assert!(matches!(
        of(&answers(documents, &readings("WS-26", "blocks")), "BP2019"),
        Answered::Blocked { by: "BP2406" }
    ));
}
