//! What schemas may refer to, and what is said when they are wrong.

use junkyo::schema::{CompiledSchema, ReferenceFault, SchemaEngine, SchemaSource};
use junkyo::xml::Name;

use crate::help::{codes, source};

fn xsd(location: &str, target: &str, components: &str) -> SchemaSource {
    let target = if target.is_empty() {
        String::new()
    } else {
        format!("targetNamespace='{target}' xmlns='{target}'")
    };
    source(
        location,
        &format!(
            "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:o='urn:o' elementFormDefault='qualified' {target}>\n{components}\n</xs:schema>"
        ),
    )
}

fn compile(sources: &[SchemaSource]) -> CompiledSchema {
    CompiledSchema::compile(sources).unwrap_or_else(|fault| panic!("{fault}"))
}

const OTHER: &str = "<xs:simpleType name='t'><xs:restriction base='xs:int'/></xs:simpleType>";
const USER: &str = "<xs:element name='e' type='o:t'/>";

#[track_caller]
fn works(schema: &CompiledSchema) {
    assert_eq!(codes(schema, "<e xmlns='urn:a'>1</e>"), []);
    assert_eq!(codes(schema, "<e xmlns='urn:a'>x</e>").len(), 1);
}

#[test]
fn references_resolve_among_the_sources() {
    let other = |location: &str| xsd(location, "urn:o", OTHER);
    let user = |location: &str, reference: &str| {
        let hint = if reference.is_empty() {
            String::new()
        } else {
            format!("schemaLocation='{reference}'")
        };
        xsd(
            location,
            "urn:a",
            &format!("<xs:import namespace='urn:o' {hint}/>{USER}"),
        )
    };
    let cases = [
        ("a.xsd", "o.xsd", "o.xsd"),
        ("wsdl/a.xsd", "../o.xsd", "o.xsd"),
        ("wsdl/exchange.wsdl#types-1", "types/o.xsd", "wsdl/types/o.xsd"),
        ("exchange.wsdl#types-1", "", "exchange.wsdl#types-2"),
        ("a.xsd", "http://example.com/o.xsd", "http://example.com/o.xsd"),
        (
            "http://example.com/s?wsdl#types-1",
            "?xsd=1",
            "http://example.com/s?xsd=1",
        ),
        // The namespace is what counts; a location is a hint.
        ("a.xsd", "http://example.com/elsewhere.xsd", "o.xsd"),
        ("a.xsd", "gone.xsd", "o.xsd"),
    ];
    for (from, reference, to) in cases {
        for sources in [[user(from, reference), other(to)], [other(to), user(from, reference)]] {
            let schema = compile(&sources);
            works(&schema);
            assert_eq!(schema.dangling(), [], "{from} → {reference}");
        }
    }
}

#[test]
fn a_name_next_door_comes_before_one_at_the_top() {
    let wrong = xsd(
        "o.xsd",
        "urn:o",
        "<xs:simpleType name='unused'><xs:restriction base='xs:int'/></xs:simpleType>",
    );
    let right = xsd(
        "sub/o.xsd",
        "urn:a",
        "<xs:simpleType name='t'><xs:restriction base='xs:int'/></xs:simpleType>",
    );
    let user = xsd(
        "sub/a.xsd",
        "urn:a",
        "<xs:include schemaLocation='o.xsd'/><xs:element name='e' type='t'/>",
    );
    works(&compile(&[wrong, right, user]));
}

#[test]
fn several_sources_of_one_namespace_are_one_schema() {
    let types = xsd(
        "w.wsdl#types-1",
        "urn:a",
        "<xs:simpleType name='t'><xs:restriction base='xs:int'/></xs:simpleType>",
    );
    let elements = xsd("w.wsdl#types-2", "urn:a", "<xs:element name='e' type='t'/>");
    works(&compile(&[elements, types.clone()]));
    // The same document twice is no repetition of its components.
    let elements = xsd("w.wsdl#types-2", "urn:a", "<xs:element name='e' type='t'/>");
    let copy = SchemaSource {
        location: "copy.xsd".into(),
        ..types.clone()
    };
    works(&compile(&[types, elements, copy]));
}

#[test]
fn includes_redefines_and_chameleons() {
    let user = |directive: &str| xsd("a.xsd", "urn:a", &format!("{directive}<xs:element name='e' type='t'/>"));
    let include = "<xs:include schemaLocation='t.xsd'/>";
    works(&compile(&[user(include), xsd("t.xsd", "urn:a", OTHER)]));
    // No target namespace of its own: it takes that of the document that includes it, also over two steps.
    works(&compile(&[user(include), xsd("t.xsd", "", OTHER)]));
    let step = xsd(
        "t.xsd",
        "",
        "<xs:include schemaLocation='u.xsd'/><xs:simpleType name='t'><xs:restriction base='u'/></xs:simpleType>",
    );
    let last = xsd(
        "u.xsd",
        "",
        "<xs:simpleType name='u'><xs:restriction base='xs:int'/></xs:simpleType>",
    );
    works(&compile(&[last.clone(), step.clone(), user(include)]));
    works(&compile(&[user(include), step, last]));
    // Round in a circle.
    let circle = xsd(
        "t.xsd",
        "urn:a",
        &format!("<xs:include schemaLocation='a.xsd'/>{OTHER}"),
    );
    works(&compile(&[user(include), circle]));
    let redefine = "<xs:redefine schemaLocation='t.xsd'><xs:simpleType name='t'><xs:restriction base='t'><xs:maxInclusive value='5'/>\
                    </xs:restriction></xs:simpleType></xs:redefine>";
    let schema = compile(&[user(redefine), xsd("t.xsd", "urn:a", OTHER)]);
    works(&schema);
    assert_eq!(codes(&schema, "<e xmlns='urn:a'>6</e>").len(), 1);
}

#[test]
fn the_xml_namespace_is_built_in() {
    let import = "<xs:import namespace='http://www.w3.org/XML/1998/namespace' schemaLocation='http://www.w3.org/2001/xml.xsd'/>\
                  <xs:element name='e'><xs:complexType><xs:attribute ref='xml:lang'/></xs:complexType></xs:element>";
    let schema = compile(&[xsd("a.xsd", "urn:a", import)]);
    assert_eq!(codes(&schema, "<e xmlns='urn:a' xml:lang='ja'/>"), []);
    assert_eq!(codes(&schema, "<e xmlns='urn:a' xml:lang='日本語'/>").len(), 1);
    assert_eq!(schema.dangling(), []);
}

#[test]
fn nothing_outside_the_sources_is_read() {
    let file = concat!(
        "file://",
        env!("CARGO_MANIFEST_DIR"),
        "/conformance/platform-communication/service/types.xsd"
    );
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/conformance/platform-communication/service/types.xsd"
    );
    let relative = "conformance/platform-communication/service/types.xsd";
    for reference in [
        file,
        path,
        relative,
        "../../../../etc/passwd",
        "http://127.0.0.1:1/x.xsd",
        "source:0",
        "embedded://xlink.xsd",
    ] {
        let import = format!(
            "<xs:import namespace='http://junkyo.example/exchange/1/types' schemaLocation='{reference}'/><xs:element name='e'/>"
        );
        let schema = compile(&[xsd("a.xsd", "urn:a", &import)]);
        assert!(
            !schema.defines_type(Name::new("http://junkyo.example/exchange/1/types", "resident")),
            "{reference}"
        );
        assert_eq!(schema.dangling().len(), 1, "{reference}");
    }
}

#[test]
fn dangling_references_have_places() {
    let user = xsd(
        "a.xsd",
        "urn:a",
        "<xs:include schemaLocation='gone.xsd'/>\n<xs:import namespace='urn:x'/>\n<xs:import namespace='urn:y' schemaLocation='http://h/y.xsd'/>",
    );
    let schema = compile(&[user]);
    let found: Vec<_> = schema
        .dangling()
        .iter()
        .map(|dangling| (dangling.directive, dangling.at.line))
        .collect();
    assert_eq!(found, [("include", 2), ("import", 3), ("import", 4)]);
    let faults: Vec<_> = schema
        .dangling()
        .iter()
        .map(|dangling| dangling.fault.clone())
        .collect();
    assert!(
        matches!(
            faults.as_slice(),
            [
                Some(ReferenceFault::Missing { .. }),
                None,
                Some(ReferenceFault::Network { .. })
            ]
        ),
        "{faults:?}"
    );
}

#[test]
fn faults_name_document_line_and_rule() {
    let fault = |components: &str| {
        let sound = xsd("sound.xsd", "urn:b", "");
        let fault = CompiledSchema::compile(&[sound, xsd("dir/a.xsd", "urn:a", components)])
            .err()
            .expect("wrong");
        assert!(
            !fault.message.ja.is_ascii() && !fault.message.en.contains("source:"),
            "{fault:?}"
        );
        (fault.location, fault.line, fault.code)
    };
    let at = |line: u32, code: &str| ("dir/a.xsd".to_owned(), Some(line), Some(code.to_owned()));
    assert_eq!(fault("<xs:element name='e' type='gone'/>"), at(2, "src-resolve"));
    assert_eq!(
        fault("\n\n<xs:simpleType name='l'><xs:list itemType='gone'/></xs:simpleType>"),
        at(4, "src-resolve")
    );
    assert_eq!(fault("<xs:element name='e'><xs:complexType><xs:sequence>\n<xs:element ref='gone'/></xs:sequence></xs:complexType></xs:element>").2, at(3, "src-resolve").2);
    assert_eq!(fault("<xs:element name='e' type='o:t'/>").0, "dir/a.xsd");
    assert_eq!(fault("<xs:element name='e'/>\n<xs:element name='e'/>").0, "dir/a.xsd");
    let pattern = "<xs:simpleType name='s'><xs:restriction base='xs:string'>\n<xs:pattern value='[a'/></xs:restriction></xs:simpleType>";
    assert_eq!(fault(pattern).0, "dir/a.xsd");
    assert_eq!(fault("<xs:nonsense/>").0, "dir/a.xsd");
    let include = xsd("i.xsd", "urn:a", "\n<xs:include schemaLocation='other.xsd'/>");
    let wrong = CompiledSchema::compile(&[include, xsd("other.xsd", "urn:o", OTHER)])
        .err()
        .expect("another namespace");
    assert_eq!(
        (wrong.location.as_str(), wrong.line, wrong.code.as_deref()),
        ("i.xsd", Some(3), Some("src-include"))
    );
    let broken = CompiledSchema::compile(&[source("b.xsd", "<xs:schema>\n</b>")])
        .err()
        .expect("not well-formed");
    assert_eq!((broken.location.as_str(), broken.line), ("b.xsd", Some(1)));
}

#[test]
fn what_is_missing_can_be_tolerated_until_it_is_needed() {
    let sources = [xsd(
        "a.xsd",
        "urn:a",
        "<xs:element name='e' type='xs:int'/><xs:element name='f' type='gone'/>",
    )];
    assert!(CompiledSchema::compile(&sources).is_err());
    let schema = CompiledSchema::compile_partial(&sources).expect("the rest is sound");
    works(&schema);
    let found = codes(&schema, "<f xmlns='urn:a'/>");
    assert_eq!(found, [("src-resolve".to_owned(), "/f".to_owned())]);
}

#[test]
fn nesting_is_bounded() {
    let deep = |levels: usize| {
        let model = format!(
            "{}<xs:any/>{}",
            "<xs:sequence>".repeat(levels),
            "</xs:sequence>".repeat(levels)
        );
        xsd(
            "a.xsd",
            "urn:a",
            &format!("<xs:element name='e'><xs:complexType>{model}</xs:complexType></xs:element>"),
        )
    };
    assert!(CompiledSchema::compile(&[deep(100)]).is_ok());
    assert!(CompiledSchema::compile(&[deep(240)]).is_err());
    assert!(CompiledSchema::compile(&[deep(100_000)]).is_err());
    let chain: Vec<_> = (0..500)
        .map(|number| {
            xsd(
                &format!("{number}.xsd"),
                "urn:a",
                &format!("<xs:include schemaLocation='{}.xsd'/>", number + 1),
            )
        })
        .collect();
    assert!(
        CompiledSchema::compile(&chain).is_ok(),
        "all of them are given, none is deep"
    );
}
