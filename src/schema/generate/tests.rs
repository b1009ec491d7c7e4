use std::collections::BTreeSet;

use xsd_schema::SchemaSetBuilder;

use super::*;

const EVERYTHING: &str = include_str!("../../../tests/import/everything.xsd");

fn set(sources: &[(&str, &str)]) -> SchemaSet {
    let mut builder = SchemaSetBuilder::new();
    for (location, text) in sources {
        builder = builder.add_source(text, location).unwrap();
    }
    builder.compile().unwrap().into_schema_set()
}

fn with_body(body: &str) -> SchemaSet {
    let text = format!(
        "<xsd:schema xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:t=\"urn:t\" targetNamespace=\"urn:t\" \
         elementFormDefault=\"qualified\">{body}</xsd:schema>"
    );
    set(&[("t.xsd", &text)])
}

fn messages(set: &SchemaSet, local: &str) -> Generation {
    let namespace = if local == "everything" {
        "urn:junkyo:everything"
    } else {
        "urn:t"
    };
    generate(
        set,
        &Root::Element(OwnedName::new(namespace, local)),
        1,
        GenerateLimits::default(),
    )
    .unwrap()
}

#[test]
fn every_construct_is_covered_and_broken() {
    let set = set(&[("everything.xsd", EVERYTHING)]);
    let generation = messages(&set, "everything");
    let valid: Vec<&Generated> = generation
        .messages
        .iter()
        .filter(|one| one.validity == Validity::Valid)
        .collect();
    let all: String = valid.iter().map(|one| one.xml.as_str()).collect();
    for wanted in [
        "xsi:nil=\"true\"",
        "xsi:type=\"ns1:circle\"",
        "xsi:type=\"ns1:square\"",
        "<ns1:car>",
        "<ns1:ship>",
        "<ns1:subtitle>",
        "urn:junkyo:foreign",
        "文中の文字",
        ">甲<",
        ">乙<",
        ">不明<",
        ">1.4<",
        ">111.11<",
        "currency=\"USD\"",
        "version=\"1.0\"",
        ">決まり<",
    ] {
        assert!(all.contains(wanted), "no valid message has {wanted}");
    }
    let broken: BTreeSet<Constraint> = generation.messages.iter().filter_map(|one| one.constraint).collect();
    let missing: Vec<_> = Constraint::ALL
        .iter()
        .filter(|constraint| !broken.contains(constraint))
        .collect();
    assert!(missing.is_empty(), "not broken by any message: {missing:?}");
}

#[test]
fn names_are_unique_and_do_not_follow_the_seed() {
    let set = set(&[("everything.xsd", EVERYTHING)]);
    let root = Root::Element(OwnedName::new("urn:junkyo:everything", "everything"));
    let made = |seed| generate(&set, &root, seed, GenerateLimits::default()).unwrap().messages;
    let first = made(1);
    let names = |messages: &[Generated]| -> Vec<String> { messages.iter().map(|one| one.name.clone()).collect() };
    assert!(first == made(1), "the same seed gives the same messages");
    let other = made(2);
    assert!(names(&first) == names(&other), "another seed gives the same names");
    assert!(first != other, "another seed gives other texts");
    let unique: BTreeSet<String> = names(&first).into_iter().collect();
    assert_eq!(unique.len(), first.len());
}

#[test]
fn bounds_of_occurrence_are_met() {
    let set = with_body(
        "<xsd:element name=\"r\"><xsd:complexType><xsd:sequence>\
         <xsd:element name=\"i\" type=\"xsd:int\" minOccurs=\"2\" maxOccurs=\"5\"/></xsd:sequence></xsd:complexType></xsd:element>",
    );
    let generation = messages(&set, "r");
    let count = |name: &str| {
        let message = generation.messages.iter().find(|one| one.name == name);
        message.map(|one| one.xml.matches("<ns1:i>").count())
    };
    let valid: BTreeSet<usize> = generation
        .messages
        .iter()
        .filter(|one| one.validity == Validity::Valid)
        .map(|one| one.xml.matches("<ns1:i>").count())
        .collect();
    assert_eq!(valid, BTreeSet::from([2, 3, 5]));
    assert_eq!(count("invalid-too-few-i"), Some(1));
    assert_eq!(count("invalid-too-many-i"), Some(6));
}

#[test]
fn recursion_ends() {
    let set = with_body(
        "<xsd:element name=\"r\" type=\"t:node\"/><xsd:complexType name=\"node\"><xsd:choice>\
         <xsd:element name=\"leaf\" type=\"xsd:string\"/><xsd:element name=\"node\" type=\"t:node\" maxOccurs=\"unbounded\"/>\
         </xsd:choice></xsd:complexType>",
    );
    assert!(
        messages(&set, "r")
            .messages
            .iter()
            .any(|one| one.xml.contains("<ns1:node>"))
    );
    let endless = with_body(
        "<xsd:element name=\"r\" type=\"t:node\"/><xsd:complexType name=\"node\"><xsd:sequence>\
         <xsd:element name=\"node\" type=\"t:node\"/></xsd:sequence></xsd:complexType>",
    );
    let made = generate(
        &endless,
        &Root::Element(OwnedName::new("urn:t", "r")),
        1,
        GenerateLimits::default(),
    );
    assert!(matches!(made, Err(GenerateError::Impossible { .. })));
}

#[test]
fn a_message_that_breaks_two_rules_is_not_handed_out() {
    // A key field twice breaks the content model and the key.
    let set = with_body(
        "<xsd:element name=\"r\"><xsd:complexType><xsd:sequence><xsd:element name=\"i\" maxOccurs=\"unbounded\">\
         <xsd:complexType><xsd:sequence><xsd:element name=\"k\" type=\"xsd:int\"/></xsd:sequence></xsd:complexType>\
         </xsd:element></xsd:sequence></xsd:complexType>\
         <xsd:key name=\"key\"><xsd:selector xpath=\"t:i\"/><xsd:field xpath=\"t:k\"/></xsd:key></xsd:element>",
    );
    let generation = messages(&set, "r");
    assert!(generation.messages.iter().all(|one| one.name != "invalid-too-many-k"));
    assert!(
        generation
            .skipped
            .iter()
            .any(|skipped| skipped.unproven && skipped.what.starts_with("too-many k"))
    );
    assert!(
        generation
            .messages
            .iter()
            .any(|one| one.name == "invalid-duplicate-key")
    );
}

#[test]
fn the_sample_is_plain() {
    let set = set(&[("everything.xsd", EVERYTHING)]);
    let accessor = Root::Type {
        type_name: OwnedName::new("urn:junkyo:everything", "base"),
        accessor: OwnedName::new("", "part"),
    };
    let xml = sample(&set, &accessor, 1).unwrap();
    assert!(
        xml.starts_with("<part ") && xml.contains("<ns1:a>") && !xml.contains("<ns1:b>"),
        "{xml}"
    );
    let unknown = Root::Element(OwnedName::new("urn:t", "no"));
    assert!(matches!(
        sample(&set, &unknown, 1),
        Err(GenerateError::Unknown { kind: "element", .. })
    ));
}

#[test]
fn names_become_ids() {
    assert_eq!(kebab("residentNumber"), "resident-number");
    assert_eq!(kebab("ID_of.thing"), "id-of-thing");
    assert_eq!(kebab("住民"), "住民");
}
