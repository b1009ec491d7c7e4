//! Every kind of rule that a schema can set and a document can break, on small schemas.

use crate::help::{codes, errors, one, schema};

/// One value against restrictions of a built-in type.
fn value(base: &str, facets: &str, value: &str) -> Vec<String> {
    let schema = schema(&format!(
        "<xs:element name='v'><xs:simpleType><xs:restriction base='xs:{base}'>{facets}</xs:restriction></xs:simpleType></xs:element>"
    ));
    codes(&schema, &format!("<v>{value}</v>"))
        .into_iter()
        .map(|(code, _)| code)
        .collect()
}

#[test]
fn every_facet() {
    let cases = [
        ("string", "<xs:length value='2'/>", "𠮷野", "野", "cvc-length-valid"),
        (
            "string",
            "<xs:minLength value='2'/>",
            "𠮷野",
            "𠮷",
            "cvc-minLength-valid",
        ),
        (
            "string",
            "<xs:maxLength value='2'/>",
            "𠮷野",
            "𠮷野家",
            "cvc-maxLength-valid",
        ),
        (
            "string",
            "<xs:pattern value='\\p{Lu}+'/>",
            "ＡＢ",
            "ａｂ",
            "cvc-pattern-valid",
        ),
        (
            "string",
            "<xs:enumeration value='転入'/><xs:enumeration value='転出'/>",
            "転出",
            "転居",
            "cvc-enumeration-valid",
        ),
        (
            "integer",
            "<xs:minInclusive value='1'/>",
            "1",
            "0",
            "cvc-minInclusive-valid",
        ),
        (
            "integer",
            "<xs:maxInclusive value='9'/>",
            "9",
            "10",
            "cvc-maxInclusive-valid",
        ),
        (
            "integer",
            "<xs:minExclusive value='1'/>",
            "2",
            "1",
            "cvc-minExclusive-valid",
        ),
        (
            "integer",
            "<xs:maxExclusive value='9'/>",
            "8",
            "9",
            "cvc-maxExclusive-valid",
        ),
        (
            "decimal",
            "<xs:totalDigits value='3'/>",
            "12.3",
            "12.34",
            "cvc-totalDigits-valid",
        ),
        (
            "decimal",
            "<xs:fractionDigits value='1'/>",
            "12.3",
            "1.23",
            "cvc-fractionDigits-valid",
        ),
        (
            "date",
            "<xs:minInclusive value='2026-04-01'/>",
            "2026-04-01",
            "2026-03-31",
            "cvc-minInclusive-valid",
        ),
        ("token", "", "a b", "", ""),
        ("boolean", "", "true", "True", "cvc-datatype-valid"),
        ("int", "", "-2147483648", "2147483648", "cvc-datatype-valid"),
        ("int", "", " 1 ", "１", "cvc-datatype-valid"),
        ("gMonthDay", "", "--02-29", "--02-30", "cvc-datatype-valid"),
        (
            "dateTime",
            "",
            "2026-12-31T24:00:00",
            "2026-12-31 09:00:00",
            "cvc-datatype-valid",
        ),
        ("base64Binary", "", "5p625Lqs", "5p625Lq", "cvc-datatype-valid"),
        ("hexBinary", "", "e69e", "e69", "cvc-datatype-valid"),
        ("anyURI", "", "urn:a", "", ""),
        ("NCName", "", "架空", "1a", "cvc-datatype-valid"),
    ];
    for (base, facets, good, bad, code) in cases {
        assert_eq!(
            value(base, facets, good),
            Vec::<String>::new(),
            "xs:{base} {facets}: {good}"
        );
        let expected: Vec<&str> = Some(code).filter(|code| !code.is_empty()).into_iter().collect();
        assert_eq!(value(base, facets, bad), expected, "xs:{base} {facets}: {bad}");
    }
}

#[test]
fn what_is_expected_is_said() {
    let schema = schema(
        "<xs:element name='v' type='grade'/><xs:simpleType name='grade'><xs:restriction base='letters'>\
         <xs:enumeration value='B'/><xs:enumeration value='A'/></xs:restriction></xs:simpleType>\
         <xs:simpleType name='letters'><xs:restriction base='xs:token'><xs:maxLength value='3'/></xs:restriction></xs:simpleType>\
         <xs:element name='d'><xs:complexType><xs:simpleContent><xs:extension base='xs:date'/></xs:simpleContent></xs:complexType></xs:element>\
         <xs:element name='l'><xs:simpleType><xs:list itemType='xs:date'/></xs:simpleType></xs:element>",
    );
    let expected = |text: &str| {
        let error = errors(&schema, text).remove(0);
        (error.code, error.expected.map(|text| text.ja).unwrap_or_default())
    };
    assert_eq!(
        expected("<v>C</v>"),
        ("cvc-enumeration-valid".into(), "次のいずれか: A、B".into())
    );
    assert_eq!(
        expected("<d>令和八年</d>"),
        ("cvc-datatype-valid".into(), "xs:date の値（例: 2026-04-01）".into())
    );
    assert_eq!(expected("<l>2026-04-01 x</l>").1, "xs:date の値（例: 2026-04-01）");
}

#[test]
fn content_models() {
    let any = "<xs:element name='a' type='xs:string'/><xs:element name='b' type='xs:string'/><xs:element name='c' type='xs:string'/>";
    let model = |model: &str| {
        schema(&format!(
            "<xs:element name='r'><xs:complexType>{model}</xs:complexType></xs:element>{any}"
        ))
    };
    let misplaced = |schema: &_, content: &str| -> Vec<(String, usize)> {
        let text = format!("<r>{content}</r>");
        let found = errors(schema, &text);
        assert!(
            found.iter().all(|error| error.code == "cvc-complex-type.2.4"),
            "{found:?}"
        );
        found.into_iter().map(|error| (error.path, error.range.start)).collect()
    };
    let at = |path: &str, offset: usize| vec![(path.to_owned(), offset)];
    let all = "<xs:element ref='a'/><xs:element ref='b'/><xs:element ref='c'/>";

    let sequence = model(&format!("<xs:sequence>{all}</xs:sequence>"));
    assert_eq!(misplaced(&sequence, "<a/><b/><c/>"), []);
    assert_eq!(misplaced(&sequence, "<b/><c/>"), at("/r/b", 3), "the first is missing");
    assert_eq!(misplaced(&sequence, "<a/><c/>"), at("/r/c", 7), "the second is missing");
    assert_eq!(misplaced(&sequence, "<a/><b/>"), at("/r", 0), "the last is missing");
    assert_eq!(misplaced(&sequence, "<c/>"), at("/r/c", 3), "two are missing");
    assert_eq!(
        misplaced(&sequence, "<b/><a/><c/>"),
        at("/r/b", 3),
        "two have changed places"
    );
    assert_eq!(
        misplaced(&sequence, "<a/><c/><b/>"),
        at("/r/c", 7),
        "two have changed places at the end"
    );
    assert_eq!(
        misplaced(&sequence, "<a/><x><y/></x><b/><c/>"),
        at("/r/x", 7),
        "an unknown one"
    );
    assert_eq!(
        misplaced(&sequence, "<a/><x/><c/>"),
        at("/r/x", 7),
        "an unknown one instead of another"
    );
    assert_eq!(misplaced(&sequence, "<a/><a/><a/><b/><c/>").len(), 1, "one too often");
    assert_eq!(
        misplaced(&sequence, "<a/><b/><c/><c/><c/>"),
        at("/r/c[2]", 15),
        "the last too often"
    );
    assert_eq!(misplaced(&sequence, ""), at("/r", 0));
    let everywhere = misplaced(&sequence, "<x/><a/><y/><b/><c/><z/>");
    assert_eq!(
        everywhere,
        [("/r/x".to_owned(), 3), ("/r/y".to_owned(), 11), ("/r/z".to_owned(), 23)]
    );

    let choice = model(
        "<xs:choice><xs:element ref='a'/><xs:sequence><xs:element ref='b'/><xs:element ref='c'/></xs:sequence></xs:choice>",
    );
    assert_eq!(misplaced(&choice, "<b/><c/>"), []);
    assert_eq!(misplaced(&choice, "<a/><b/>"), at("/r/b", 7));
    assert_eq!(misplaced(&choice, "<x/>"), at("/r/x", 3));

    let unordered = model(&format!("<xs:all>{all}</xs:all>"));
    assert_eq!(misplaced(&unordered, "<c/><a/><b/>"), []);
    assert_eq!(misplaced(&unordered, "<c/><a/>"), at("/r", 0));
    assert_eq!(misplaced(&unordered, "<c/><a/><c/><b/>"), at("/r/c[2]", 11));

    let counted =
        model("<xs:sequence><xs:element ref='a' minOccurs='2' maxOccurs='3'/><xs:element ref='b'/></xs:sequence>");
    assert_eq!(misplaced(&counted, "<a/><a/><a/><b/>"), []);
    assert_eq!(misplaced(&counted, "<a/><b/>"), at("/r/b", 7));
    assert_eq!(misplaced(&counted, "<a/><a/><a/><a/><b/>"), at("/r/a[4]", 15));

    let open =
        model("<xs:sequence><xs:element ref='a'/><xs:any namespace='##other' processContents='lax'/></xs:sequence>");
    assert_eq!(misplaced(&open, "<a/><o:x xmlns:o='urn:o'/>"), []);
    assert_eq!(misplaced(&open, "<a/><b/>"), at("/r/b", 7));
    let empty = model("");
    assert_eq!(misplaced(&empty, "<a/><b/>"), at("/r/a", 3));
    one(&empty, "<r>x</r>", "cvc-complex-type.2.1", "/r");
    one(&empty, "<r>\u{3000}</r>", "cvc-complex-type.2.1", "/r");
    assert_eq!(codes(&empty, "<r><!-- nothing --></r>"), []);
}

#[test]
fn declarations_and_types() {
    let schema = schema(
        "<xs:complexType name='shape' abstract='true'><xs:sequence/></xs:complexType>\
         <xs:complexType name='circle'><xs:complexContent><xs:extension base='shape'><xs:attribute name='radius' type='xs:int' use='required'/>\
         </xs:extension></xs:complexContent></xs:complexType>\
         <xs:element name='shape' type='shape'/>\
         <xs:element name='closed' type='circle' block='#all'/>\
         <xs:complexType name='ring'><xs:complexContent><xs:extension base='circle'/></xs:complexContent></xs:complexType>\
         <xs:element name='head' type='xs:string' abstract='true'/><xs:element name='member' type='xs:string' substitutionGroup='head'/>\
         <xs:element name='holder'><xs:complexType><xs:sequence><xs:element ref='head'/></xs:sequence></xs:complexType></xs:element>\
         <xs:element name='fixed' type='xs:int' fixed='7'/>\
         <xs:element name='attributes'><xs:complexType><xs:attribute name='f' fixed='x'/></xs:complexType></xs:element>\
         <xs:element name='ids'><xs:complexType><xs:sequence maxOccurs='unbounded'><xs:element name='i' minOccurs='0'><xs:complexType>\
         <xs:attribute name='id' type='xs:ID'/><xs:attribute name='ref' type='xs:IDREF'/></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>",
    );
    let xsi = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'";
    assert_eq!(
        codes(&schema, &format!("<shape {xsi} xsi:type='circle' radius='1'/>")),
        []
    );
    one(&schema, "<shape/>", "cvc-type.2", "/shape");
    one(
        &schema,
        &format!("<closed {xsi} xsi:type='ring' radius='1'/>"),
        "cvc-elt.4.3",
        "/closed",
    );
    assert_eq!(codes(&schema, "<holder><member>x</member></holder>"), []);
    let error = one(&schema, "<holder><head>x</head></holder>", "cvc-elt.2", "/holder/head");
    assert_eq!(error.expected.expect("known").en, "element member");
    assert_eq!(codes(&schema, "<fixed>07</fixed>"), []);
    one(&schema, "<fixed>8</fixed>", "cvc-elt.5.2.2", "/fixed");
    one(&schema, "<attributes f='y'/>", "cvc-attribute.4", "/attributes/@f");
    assert_eq!(codes(&schema, "<ids><i id='a'/><i ref='a'/></ids>"), []);
    one(
        &schema,
        "<ids><i id='a'/><i id='a'/></ids>",
        "cvc-id.2",
        "/ids/i[2]/@id",
    );
    one(
        &schema,
        "<ids><i id='a'/><i/><i ref='b'/></ids>",
        "cvc-id.1",
        "/ids/i[3]/@ref",
    );
    one(&schema, "<unknown/>", "cvc-elt.1", "/unknown");
}

#[test]
fn keys_and_references() {
    let schema = schema(
        "<xs:element name='r'><xs:complexType><xs:sequence maxOccurs='unbounded'><xs:choice>\
         <xs:element name='k'><xs:complexType><xs:attribute name='n'/></xs:complexType></xs:element>\
         <xs:element name='u' type='xs:string'/></xs:choice></xs:sequence></xs:complexType>\
         <xs:key name='all'><xs:selector xpath='k'/><xs:field xpath='@n'/></xs:key>\
         <xs:keyref name='uses' refer='all'><xs:selector xpath='u'/><xs:field xpath='.'/></xs:keyref></xs:element>",
    );
    assert_eq!(codes(&schema, "<r><k n='1'/><u>1</u></r>"), []);
    one(
        &schema,
        "<r><k n='1'/><k/></r>",
        "cvc-identity-constraint.4.2.1",
        "/r/k[2]",
    );
    one(
        &schema,
        "<r><k n='1'/><k n='1'/></r>",
        "cvc-identity-constraint.4.2.2",
        "/r/k[2]",
    );
    let error = one(
        &schema,
        "<r><k n='1'/><u>2</u></r>",
        "cvc-identity-constraint.4.3",
        "/r",
    );
    assert!(error.message.ja.contains("「uses」"), "{error:?}");
}

#[test]
fn text_is_joined_over_everything_between() {
    let schema = schema(
        "<xs:element name='v'><xs:simpleType><xs:restriction base='xs:string'><xs:length value='4'/></xs:restriction></xs:simpleType></xs:element>",
    );
    assert_eq!(codes(&schema, "<v>a<!-- -->b<![CDATA[<]]>&amp;<?p?></v>"), []);
    assert_eq!(codes(&schema, "<v><![CDATA[]]>ab\r\nc</v>"), []);
    assert_eq!(codes(&schema, "<v>a<!-- -->b</v>").len(), 1);
}
