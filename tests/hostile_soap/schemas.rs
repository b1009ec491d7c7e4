//! Schemas made to explode: content models, patterns, enumerations, circles.

use std::fs;

use crate::doors::{Trial, XSD};
use crate::process::{Scratch, junkyo};

/// One schema, one document, in both directions: as what is followed, and as what messages are made of.
struct Bomb {
    name: &'static str,
    /// Inside of the schema.
    schema: String,
    /// Inside of the element `a`.
    document: String,
}

impl Bomb {
    fn new(name: &'static str, schema: impl Into<String>, document: impl Into<String>) -> Self {
        Self {
            name,
            schema: schema.into(),
            document: document.into(),
        }
    }

    fn try_it(&self, trial: &mut Trial) {
        let scratch = Scratch::new(self.name);
        let schema = &self.schema;
        let text = format!(
            "<x:schema xmlns:x=\"{XSD}\" xmlns:t=\"urn:t\" targetNamespace=\"urn:t\" elementFormDefault=\"qualified\">{schema}</x:schema>"
        );
        scratch.write("x.xsd", &text);
        fs::write(scratch.join("x.xml"), format!("<a xmlns=\"urn:t\" {}", self.document)).expect("written");
        let ended = trial.call(&scratch, &["check", "x.xml", "--against", "x.xsd"], self.name);
        trial.holds(matches!(ended.code, Some(0..=2)), self.name, "no verdict", &ended);
        let name = format!("{} (import)", self.name);
        let ended = trial.call(&scratch, &["import", "x.xsd", "--out", "out"], &name);
        trial.holds(matches!(ended.code, Some(0 | 2)), &name, "no verdict", &ended);
    }
}

fn of_type(content: &str) -> String {
    format!("<x:element name=\"a\"><x:complexType>{content}</x:complexType></x:element>")
}

fn many(count: usize, of: impl Fn(usize) -> String) -> String {
    (0..count).map(of).collect()
}

fn simple(inside: &str) -> String {
    format!(
        "<x:element name=\"a\"><x:simpleType><x:restriction base=\"x:string\">{inside}</x:restriction></x:simpleType></x:element>"
    )
}

#[test]
fn content_models() {
    let mut trial = Trial::default();
    let nested = |count: usize, inside: &str| {
        let open = "<x:sequence minOccurs=\"0\" maxOccurs=\"unbounded\">".repeat(count);
        of_type(&format!("{open}{inside}{}", "</x:sequence>".repeat(count)))
    };
    let b = "<x:element name=\"b\" type=\"x:string\" minOccurs=\"0\"/>";
    for bomb in [
        Bomb::new(
            "optional",
            of_type(&format!(
                "<x:sequence>{}</x:sequence>",
                many(2_000, |n| format!("<x:element name=\"b{n}\" minOccurs=\"0\"/>"))
            )),
            "><b1999/><b0/></a>",
        ),
        Bomb::new(
            "ambiguous",
            of_type(&format!("<x:sequence>{}</x:sequence>", b.repeat(2_000))),
            format!(">{}</a>", "<b/>".repeat(2_000)),
        ),
        Bomb::new(
            "many-times",
            of_type("<x:sequence><x:element name=\"b\" minOccurs=\"0\" maxOccurs=\"999999999\"/></x:sequence>"),
            format!(">{}</a>", "<b/>".repeat(30_000)),
        ),
        Bomb::new(
            "at-least",
            of_type("<x:sequence><x:element name=\"b\" minOccurs=\"999999999\" maxOccurs=\"999999999\"/></x:sequence>"),
            "><b/></a>",
        ),
        Bomb::new(
            "beyond-numbers",
            of_type("<x:sequence><x:element name=\"b\" maxOccurs=\"99999999999999999999999999\"/></x:sequence>"),
            "><b/></a>",
        ),
        Bomb::new(
            "times-times",
            of_type(
                "<x:sequence maxOccurs=\"10000\"><x:sequence maxOccurs=\"10000\"><x:sequence maxOccurs=\"10000\"><x:element name=\"b\"/><x:element name=\"c\" minOccurs=\"0\"/></x:sequence></x:sequence></x:sequence>",
            ),
            "><b/><b/></a>",
        ),
        Bomb::new(
            "at-least-nested",
            of_type(
                "<x:sequence minOccurs=\"5000\" maxOccurs=\"5000\"><x:sequence minOccurs=\"5000\" maxOccurs=\"5000\"><x:element name=\"b\"/></x:sequence></x:sequence>",
            ),
            "><b/></a>",
        ),
        Bomb::new("nested-100", nested(100, b), format!(">{}</a>", "<b/>".repeat(100))),
        Bomb::new("nested-200", nested(200, b), "/>"),
        Bomb::new(
            "all",
            of_type(&format!(
                "<x:all>{}</x:all>",
                many(2_000, |n| format!("<x:element name=\"b{n}\" minOccurs=\"0\"/>"))
            )),
            "><b7/></a>",
        ),
        Bomb::new(
            "choices",
            of_type(&format!(
                "<x:choice maxOccurs=\"unbounded\">{}</x:choice>",
                many(5_000, |n| format!("<x:element name=\"b{n}\"/>"))
            )),
            "><b4999/></a>",
        ),
        Bomb::new(
            "attributes",
            of_type(&many(1_500, |n| format!("<x:attribute name=\"b{n}\"/>"))),
            "b1499=\"\"/>",
        ),
        Bomb::new(
            "wildcards",
            of_type(&format!(
                "<x:sequence>{}</x:sequence>",
                "<x:any minOccurs=\"0\" processContents=\"lax\"/>".repeat(500)
            )),
            format!(">{}</a>", "<b/>".repeat(500)),
        ),
        Bomb::new(
            "group-power",
            format!(
                "{}{}",
                many(30, |n| format!(
                    "<x:group name=\"g{n}\"><x:sequence><x:group ref=\"t:g{m}\"/><x:group ref=\"t:g{m}\"/></x:sequence></x:group>",
                    m = n + 1
                )),
                "<x:group name=\"g30\"><x:sequence><x:element name=\"b\"/></x:sequence></x:group>".to_owned()
                    + &of_type("<x:group ref=\"t:g0\"/>")
            ),
            "/>",
        ),
        Bomb::new(
            "type-power",
            many(30, |n| {
                format!(
                    "<x:complexType name=\"t{n}\"><x:sequence><x:element name=\"l\" type=\"t:t{m}\"/><x:element name=\"r\" type=\"t:t{m}\"/></x:sequence></x:complexType>",
                    m = n + 1
                )
            }) + "<x:complexType name=\"t30\"/><x:element name=\"a\" type=\"t:t0\"/>",
            "/>",
        ),
    ] {
        bomb.try_it(&mut trial);
    }
    trial.end();
}

#[test]
fn circles() {
    let mut trial = Trial::default();
    let a = "<x:element name=\"a\" type=\"x:string\"/>";
    for bomb in [
        Bomb::new(
            "group-itself",
            format!("{a}<x:group name=\"g\"><x:sequence><x:group ref=\"t:g\"/></x:sequence></x:group>"),
            "/>",
        ),
        Bomb::new(
            "groups-each-other",
            format!(
                "<x:group name=\"g\"><x:sequence><x:group ref=\"t:h\"/></x:sequence></x:group><x:group name=\"h\"><x:sequence><x:group ref=\"t:g\"/></x:sequence></x:group>{}",
                of_type("<x:group ref=\"t:g\"/>")
            ),
            "/>",
        ),
        Bomb::new(
            "attribute-groups",
            format!(
                "<x:attributeGroup name=\"g\"><x:attributeGroup ref=\"t:h\"/></x:attributeGroup><x:attributeGroup name=\"h\"><x:attributeGroup ref=\"t:g\"/></x:attributeGroup>{}",
                of_type("<x:attributeGroup ref=\"t:g\"/>")
            ),
            "/>",
        ),
        Bomb::new(
            "type-itself",
            "<x:simpleType name=\"s\"><x:restriction base=\"t:s\"/></x:simpleType><x:element name=\"a\" type=\"t:s\"/>",
            "/>",
        ),
        Bomb::new(
            "types-each-other",
            "<x:simpleType name=\"s\"><x:restriction base=\"t:u\"/></x:simpleType><x:simpleType name=\"u\"><x:restriction base=\"t:s\"/></x:simpleType><x:element name=\"a\" type=\"t:s\"/>",
            ">x</a>",
        ),
        Bomb::new(
            "complex-itself",
            "<x:complexType name=\"c\"><x:complexContent><x:extension base=\"t:c\"/></x:complexContent></x:complexType><x:element name=\"a\" type=\"t:c\"/>",
            "/>",
        ),
        Bomb::new(
            "union-itself",
            "<x:simpleType name=\"s\"><x:union memberTypes=\"t:s x:int\"/></x:simpleType><x:element name=\"a\" type=\"t:s\"/>",
            ">x</a>",
        ),
        Bomb::new(
            "unions-each-other",
            "<x:simpleType name=\"s\"><x:union memberTypes=\"t:u\"/></x:simpleType><x:simpleType name=\"u\"><x:union memberTypes=\"t:s\"/></x:simpleType><x:element name=\"a\" type=\"t:s\"/>",
            ">x</a>",
        ),
        Bomb::new(
            "list-itself",
            "<x:simpleType name=\"s\"><x:list itemType=\"t:s\"/></x:simpleType><x:element name=\"a\" type=\"t:s\"/>",
            ">x</a>",
        ),
        Bomb::new(
            "substitution",
            "<x:element name=\"a\" substitutionGroup=\"t:b\"/><x:element name=\"b\" substitutionGroup=\"t:a\"/>",
            "/>",
        ),
        Bomb::new(
            "contains-itself",
            "<x:element name=\"a\"><x:complexType><x:sequence><x:element ref=\"t:a\"/></x:sequence></x:complexType></x:element>",
            "><a/></a>",
        ),
        Bomb::new(
            "type-contains-itself",
            "<x:complexType name=\"c\"><x:sequence><x:element name=\"b\" type=\"t:c\" minOccurs=\"0\" maxOccurs=\"unbounded\"/></x:sequence></x:complexType><x:element name=\"a\" type=\"t:c\"/>",
            format!(">{}{}</a>", "<b>".repeat(250), "</b>".repeat(250)),
        ),
        Bomb::new(
            "long-derivation",
            format!(
                "{}<x:complexType name=\"t0\"/><x:element name=\"a\" type=\"t:t2000\"/>",
                many(2_000, |n| format!(
                    "<x:complexType name=\"t{}\"><x:complexContent><x:extension base=\"t:t{n}\"/></x:complexContent></x:complexType>",
                    n + 1
                ))
            ),
            "/>",
        ),
        Bomb::new(
            "long-restriction",
            format!(
                "{}<x:simpleType name=\"t0\"><x:restriction base=\"x:string\"/></x:simpleType><x:element name=\"a\" type=\"t:t5000\"/>",
                many(5_000, |n| format!(
                    "<x:simpleType name=\"t{}\"><x:restriction base=\"t:t{n}\"/></x:simpleType>",
                    n + 1
                ))
            ),
            ">x</a>",
        ),
        Bomb::new(
            "long-groups",
            format!(
                "{}<x:group name=\"g5000\"><x:sequence/></x:group>{}",
                many(5_000, |n| format!(
                    "<x:group name=\"g{n}\"><x:sequence><x:group ref=\"t:g{}\"/></x:sequence></x:group>",
                    n + 1
                )),
                of_type("<x:group ref=\"t:g0\"/>")
            ),
            "/>",
        ),
        Bomb::new(
            "long-unions",
            format!(
                "{}<x:simpleType name=\"t0\"><x:restriction base=\"x:string\"/></x:simpleType><x:element name=\"a\" type=\"t:t5000\"/>",
                many(5_000, |n| format!(
                    "<x:simpleType name=\"t{}\"><x:union memberTypes=\"t:t{n}\"/></x:simpleType>",
                    n + 1
                ))
            ),
            ">x</a>",
        ),
        Bomb::new(
            "union-power",
            format!(
                "{}<x:simpleType name=\"t0\"><x:restriction base=\"x:int\"/></x:simpleType><x:element name=\"a\" type=\"t:t30\"/>",
                many(30, |n| format!(
                    "<x:simpleType name=\"t{}\"><x:union memberTypes=\"t:t{n} t:t{n}\"/></x:simpleType>",
                    n + 1
                ))
            ),
            ">x</a>",
        ),
        Bomb::new(
            "substitutions-long",
            format!(
                "<x:element name=\"a\" type=\"x:string\"/><x:element name=\"e0\" substitutionGroup=\"t:a\"/>{}",
                many(3_000, |n| format!(
                    "<x:element name=\"e{}\" substitutionGroup=\"t:e{n}\"/>",
                    n + 1
                ))
            ),
            ">x</a>",
        ),
    ] {
        bomb.try_it(&mut trial);
    }
    trial.end();
}

#[test]
fn values() {
    let mut trial = Trial::default();
    let pattern = |pattern: &str| simple(&format!("<x:pattern value=\"{pattern}\"/>"));
    let long = |text: &str| format!(">{text}</a>");
    for bomb in [
        Bomb::new("backtracking", pattern("(a*)*b"), long(&"a".repeat(50_000))),
        Bomb::new(
            "backtracking-choice",
            pattern("(a|aa)+"),
            long(&("a".repeat(50_000) + "!")),
        ),
        Bomb::new("backtracking-plus", pattern("(x+x+)+y"), long(&"x".repeat(50_000))),
        Bomb::new("repeats", pattern("(((a{1000}){1000}){1000}){1000}"), long("aaa")),
        Bomb::new("repeat-huge", pattern("a{0,999999999}"), long("aaa")),
        Bomb::new("repeat-beyond", pattern("a{99999999999999999999}"), long("aaa")),
        Bomb::new(
            "groups",
            pattern(&format!("{}a{}", "(".repeat(20_000), ")".repeat(20_000))),
            long("a"),
        ),
        Bomb::new("unbalanced", pattern("((("), long("a")),
        Bomb::new("classes", pattern(&"[a-z-[aeiou-[e]]]".repeat(500)), long("b")),
        Bomb::new(
            "class-nested",
            pattern(&format!("{}a{}", "[a-z-".repeat(5_000), "]".repeat(5_000))),
            long("b"),
        ),
        Bomb::new(
            "category",
            pattern("(\\p{L}|\\p{IsBasicLatin}|\\i|\\c){0,1000}"),
            long(&"x".repeat(1_000)),
        ),
        Bomb::new(
            "alternatives",
            pattern(&(many(20_000, |n| format!("w{n}|")) + "z")),
            long("w19999"),
        ),
        Bomb::new(
            "enumeration",
            simple(&many(20_000, |n| format!("<x:enumeration value=\"v{n}\"/>"))),
            long("none"),
        ),
        Bomb::new(
            "enumeration-fits",
            simple(&many(20_000, |n| format!("<x:enumeration value=\"v{n}\"/>"))),
            long("v19999"),
        ),
        Bomb::new(
            "length",
            simple("<x:length value=\"999999999999999999999999\"/>"),
            long("x"),
        ),
        Bomb::new("length-made", simple("<x:minLength value=\"2000000000\"/>"), long("x")),
        Bomb::new(
            "digits",
            "<x:element name=\"a\" type=\"x:integer\"/>",
            long(&"9".repeat(100_000)),
        ),
        Bomb::new(
            "decimal",
            "<x:element name=\"a\" type=\"x:decimal\"/>",
            long(&format!("0.{}", "1".repeat(1_000_000))),
        ),
        Bomb::new(
            "double",
            "<x:element name=\"a\" type=\"x:double\"/>",
            long("1e999999999999"),
        ),
        Bomb::new(
            "date",
            "<x:element name=\"a\" type=\"x:dateTime\"/>",
            long(&format!("{}-01-01T00:00:00Z", "9".repeat(100_000))),
        ),
        Bomb::new(
            "duration",
            "<x:element name=\"a\" type=\"x:duration\"/>",
            long(&format!("P{}Y", "9".repeat(100_000))),
        ),
        Bomb::new(
            "base64",
            "<x:element name=\"a\" type=\"x:base64Binary\"/>",
            long(&"A".repeat(8_000_001)),
        ),
        Bomb::new(
            "list",
            "<x:element name=\"a\" type=\"x:NMTOKENS\"/>",
            long(&"x ".repeat(200_000)),
        ),
        Bomb::new(
            "type-named",
            "<x:element name=\"a\"/>",
            format!(
                "xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" i:type=\"{}\"/>",
                "x".repeat(1_000_000)
            ),
        ),
        Bomb::new(
            "keys",
            "<x:element name=\"a\"><x:complexType><x:sequence><x:element name=\"b\" type=\"x:int\" maxOccurs=\"unbounded\"/></x:sequence></x:complexType><x:unique name=\"u\"><x:selector xpath=\".//t:b\"/><x:field xpath=\".\"/></x:unique></x:element>",
            format!(">{}</a>", many(20_000, |n| format!("<b>{}</b>", n % 19_999))),
        ),
        Bomb::new(
            "xpath",
            format!(
                "<x:element name=\"a\"><x:complexType/><x:unique name=\"u\"><x:selector xpath=\"{}\"/><x:field xpath=\".\"/></x:unique></x:element>",
                ".//t:b|".repeat(20_000) + ".//t:b"
            ),
            "/>",
        ),
        Bomb::new(
            "many-errors",
            of_type("<x:sequence><x:element name=\"b\" type=\"x:int\" maxOccurs=\"unbounded\"/></x:sequence>"),
            format!(">{}</a>", "<b>x</b><c/>".repeat(10_000)),
        ),
    ] {
        bomb.try_it(&mut trial);
    }
    trial.end();
}

/// Things that are wrong in ways that the standard names.
#[test]
fn nonsense() {
    let mut trial = Trial::default();
    for (name, schema) in [
        ("facet", simple("<x:minLength value=\"x\"/>")),
        ("occurs", of_type("<x:sequence minOccurs=\"-1\"/>")),
        ("occurs-crossed", of_type("<x:sequence minOccurs=\"3\" maxOccurs=\"2\"/>")),
        ("no-type", "<x:element name=\"a\" type=\"t:none\"/>".to_owned()),
        ("prefix", "<x:element name=\"a\" type=\"q:none\"/>".to_owned()),
        ("two-types", "<x:element name=\"a\" type=\"x:int\"><x:simpleType><x:restriction base=\"x:int\"/></x:simpleType></x:element>".to_owned()),
        ("name", "<x:element name=\"1 2\"/>".to_owned()),
        ("name-none", "<x:element/>".to_owned()),
        ("twice", "<x:element name=\"a\"/><x:element name=\"a\"/>".to_owned()),
        ("unknown-element", "<x:elephant name=\"a\"/>".to_owned()),
        ("nested-schema", format!("<x:schema xmlns:x=\"{XSD}\"/>")),
        ("notation", "<x:element name=\"a\" type=\"x:NOTATION\"/>".to_owned()),
    ] {
        Bomb { name, schema, document: "/>".into() }.try_it(&mut trial);
    }
    trial.end();
}

/// The matcher of the engine tries one way after the other. What it cannot end is given up, by name.
#[test]
fn a_pattern_with_too_many_ways_is_given_up() {
    let scratch = Scratch::new("ways");
    let pattern = format!("{}{}", "a?".repeat(200), "a".repeat(200));
    let schema = simple(&format!("<x:pattern value=\"{pattern}\"/>"));
    let text = format!("<x:schema xmlns:x=\"{XSD}\" targetNamespace=\"urn:t\">{schema}</x:schema>");
    scratch.write("x.xsd", &text);
    scratch.write("x.xml", &format!("<a xmlns=\"urn:t\">{}</a>", "a".repeat(200)));
    let ended = junkyo(&scratch, &["check", "x.xml", "--against", "x.xsd"]).run();
    ended.expect(3, &["does not end within 20 s", "xsd:pattern"]);
}
