//! The schema of the reference exchange service: a valid message of every kind, and every mistake in turn.

use junkyo::schema::{Against, SchemaEngine};
use junkyo::xml::{Limits, Name, parse};

use crate::help::{Numbers, codes, errors, one, service};

const MESSAGES: &str = "http://junkyo.example/exchange/1/messages";
const TYPES: &str = "http://junkyo.example/exchange/1/types";

const RESIDENT: &str = r#"<m:getResidentResponse xmlns:m="http://junkyo.example/exchange/1/messages"
    xmlns:t="http://junkyo.example/exchange/1/types" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <m:resident version="3">
    <t:residentNumber>000000000000001</t:residentNumber>
    <t:name>架空　花子</t:name>
    <t:kana>カクウ　ハナコ</t:kana>
    <t:birthDate>1990-02-28</t:birthDate>
    <t:sex>2</t:sex>
    <t:address><t:postcode>0000000</t:postcode><t:text>架空市本町一丁目</t:text></t:address>
    <t:householdNumber>000000000000009</t:householdNumber>
  </m:resident>
</m:getResidentResponse>"#;
const AT: &str = "/m:getResidentResponse/m:resident";

fn changed(from: &str, to: &str) -> String {
    assert_eq!(RESIDENT.matches(from).count(), 1, "`{from}` stands once");
    RESIDENT.replace(from, to)
}

#[test]
fn messages_of_every_kind_are_valid() {
    let schema = service();
    let head = format!("xmlns='{MESSAGES}' xmlns:t='{TYPES}' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'");
    let valid = [
        RESIDENT.to_owned(),
        changed("<t:birthDate>1990-02-28</t:birthDate>", "<t:birthDate xsi:nil='true'/>"),
        changed("<t:kana>カクウ　ハナコ</t:kana>", ""),
        changed("<t:kana>カクウ　ハナコ</t:kana>", "<t:kana/>"),
        changed("<t:sex>2</t:sex>", "<t:sex> 2\n</t:sex>"),
        changed("架空　花子", "<![CDATA[架空]]><!-- split -->　<?split?>花子"),
        changed("架空　花子", &"𠮷".repeat(60)),
        format!("<caller {head}><municipality>000001</municipality><system>031</system></caller>"),
        format!("<responder {head}><system>031</system><answeredAt>2026-04-01T00:00:00+09:00</answeredAt></responder>"),
        format!("<getResident {head}><residentNumber>000000000000001</residentNumber></getResident>"),
        format!(
            "<getResident {head}><residentNumber>000000000000001</residentNumber><asOf>2026-04-01</asOf>{}</getResident>",
            "<field>name</field>".repeat(5)
        ),
        format!(
            "<residentNotFound {head}><residentNumber>000000000000001</residentNumber><reason/></residentNotFound>"
        ),
        format!(
            "<notifyChange {head}><changeId>c1</changeId><sequence>1</sequence>\
             <residentNumber>000000000000001</residentNumber><reason>died</reason><changedOn>2026-04-01</changedOn>\
             <removed/></notifyChange>"
        ),
        format!("<requestExtract {head}><extractId>e</extractId><area>000001</area></requestExtract>"),
        format!("<requestExtractResponse {head}><extractId>e</extractId><extract/></requestExtractResponse>"),
        format!("<pollExtract {head}><extractId>e</extractId></pollExtract>"),
        format!("<pollExtractResponse {head}><extractId>e</extractId><state>pending</state></pollExtractResponse>"),
    ];
    for message in valid {
        assert_eq!(codes(&schema, &message), [], "{message}");
    }
}

#[test]
fn facets() {
    let schema = service();
    let cases = [
        ("<t:sex>2<", "<t:sex>3<", "cvc-enumeration-valid", "t:sex"),
        (
            "000000000000001",
            "00000000000000",
            "cvc-pattern-valid",
            "t:residentNumber",
        ),
        (
            "000000000000001",
            "０００００００００００００００",
            "cvc-pattern-valid",
            "t:residentNumber",
        ),
        ("カクウ　ハナコ", "かくう", "cvc-pattern-valid", "t:kana"),
        ("架空　花子", "", "cvc-minLength-valid", "t:name"),
        ("1990-02-28", "1990-02-29", "cvc-datatype-valid", "t:birthDate"),
        ("1990-02-28", "平成2年2月28日", "cvc-datatype-valid", "t:birthDate"),
        ("1990-02-28", "", "cvc-datatype-valid", "t:birthDate"),
        ("1990-02-28", "　1990-02-28", "cvc-datatype-valid", "t:birthDate"),
        ("1990-02-28", "1990-02-28&#xA0;", "cvc-datatype-valid", "t:birthDate"),
        ("0000000<", "000-0000<", "cvc-pattern-valid", "t:address/t:postcode"),
    ];
    for (from, to, code, at) in cases {
        let found = codes(&schema, &changed(from, to));
        assert_eq!(found, [(code.to_owned(), format!("{AT}/{at}"))], "{from} → {to}");
    }
    let long = changed("架空　花子", &"𠮷".repeat(61));
    let error = one(&schema, &long, "cvc-maxLength-valid", &format!("{AT}/t:name"));
    assert_eq!(error.expected.expect("known").ja, "長さ 1 以上 60 以下");
}

#[test]
fn structure() {
    let schema = service();
    let wrong = |from: &str, to: &str, code: &str, at: &str, wanted: &str| {
        let error = one(&schema, &changed(from, to), code, at);
        assert_eq!(
            error.expected.map(|text| text.en).unwrap_or_default(),
            wanted,
            "{from} → {to}"
        );
    };
    let sex = format!("{AT}/t:sex");
    // Missing in the middle, missing at the end, misplaced, repeated, unknown, renamed.
    wrong(
        "<t:birthDate>1990-02-28</t:birthDate>",
        "",
        "cvc-complex-type.2.4",
        &sex,
        "element birthDate",
    );
    let address = "<t:address><t:postcode>0000000</t:postcode><t:text>架空市本町一丁目</t:text></t:address>";
    wrong(
        "<t:text>架空市本町一丁目</t:text>",
        "",
        "cvc-complex-type.2.4",
        &format!("{AT}/t:address"),
        "element text",
    );
    wrong(
        address,
        "<t:address><t:text>架空市</t:text><t:postcode>0000000</t:postcode></t:address>",
        "cvc-complex-type.2.4",
        &format!("{AT}/t:address/t:postcode"),
        "",
    );
    wrong(
        "<t:sex>2</t:sex>",
        "<t:sex>2</t:sex><t:sex>2</t:sex>",
        "cvc-complex-type.2.4",
        &format!("{AT}/t:sex[2]"),
        "element address, householdNumber",
    );
    wrong(
        "<t:sex>2</t:sex>",
        "<t:sex>2</t:sex><t:age>36</t:age>",
        "cvc-complex-type.2.4",
        &format!("{AT}/t:age"),
        "element address, householdNumber",
    );
    wrong(
        "<t:sex>2</t:sex>",
        "<t:gender>2</t:gender>",
        "cvc-complex-type.2.4",
        &format!("{AT}/t:gender"),
        "element sex",
    );
    // The right name in the wrong namespace, or in none.
    wrong(
        "<t:sex>2</t:sex>",
        "<m:sex>2</m:sex>",
        "cvc-complex-type.2.4",
        &format!("{AT}/m:sex"),
        &format!("element {{{TYPES}}}sex"),
    );
    wrong(
        "<t:sex>2</t:sex>",
        "<sex>2</sex>",
        "cvc-complex-type.2.4",
        &format!("{AT}/sex"),
        &format!("element {{{TYPES}}}sex"),
    );
    // Character data among elements; a full-width space is character data, a line end is not.
    wrong("<t:sex>", "text<t:sex>", "cvc-complex-type.2.3", AT, "");
    wrong("<t:sex>", "\u{3000}<t:sex>", "cvc-complex-type.2.3", AT, "");
    wrong("<t:sex>", "\u{A0}<t:sex>", "cvc-complex-type.2.3", AT, "");
    // An element inside a value.
    wrong(
        "<t:sex>2",
        "<t:sex>2<t:name/>",
        "cvc-complex-type.2.4",
        &format!("{sex}/t:name"),
        "",
    );
}

#[test]
fn attributes_nil_and_types() {
    let schema = service();
    let error = one(&schema, &changed(" version=\"3\"", ""), "cvc-complex-type.4", AT);
    assert!(error.message.ja.contains("「version」"), "{error:?}");
    let error = one(
        &schema,
        &changed("version=", "revision='1' version="),
        "cvc-complex-type.3.2.2",
        &format!("{AT}/@revision"),
    );
    assert_eq!(error.expected.expect("known").en, "attribute version");
    one(
        &schema,
        &changed("\"3\"", "\"0\""),
        "cvc-datatype-valid",
        &format!("{AT}/@version"),
    );
    one(
        &schema,
        &changed("\"3\"", "\"x\""),
        "cvc-datatype-valid",
        &format!("{AT}/@version"),
    );
    one(
        &schema,
        &changed("<t:sex>2<", "<t:sex xsi:nil='true'>2<"),
        "cvc-elt.3.1",
        &format!("{AT}/t:sex"),
    );
    one(
        &schema,
        &changed("<t:birthDate>", "<t:birthDate xsi:nil='true'>"),
        "cvc-elt.3.2.1",
        &format!("{AT}/t:birthDate"),
    );
    one(
        &schema,
        &changed("<t:sex>", "<t:sex xsi:type='t:unknown'>"),
        "cvc-elt.4.1",
        &format!("{AT}/t:sex"),
    );
    one(
        &schema,
        &changed("<t:sex>", "<t:sex xsi:type='t:name'>"),
        "cvc-elt.4.2",
        &format!("{AT}/t:sex"),
    );
}

#[test]
fn a_key_is_unique() {
    let schema = service();
    let resident = |number: &str| {
        format!(
            "<t:resident version='1'><t:residentNumber>{number}</t:residentNumber><t:name>架空</t:name>\
             <t:birthDate>2000-01-01</t:birthDate><t:sex>1</t:sex></t:resident>"
        )
    };
    let message = |residents: &[&str]| {
        format!(
            "<m:requestExtractResponse xmlns:m='{MESSAGES}' xmlns:t='{TYPES}'>\n<m:extractId>e</m:extractId><m:extract>\n{}\n\
             </m:extract></m:requestExtractResponse>",
            residents
                .iter()
                .map(|number| resident(number))
                .collect::<Vec<_>>()
                .join("\n")
        )
    };
    assert_eq!(codes(&schema, &message(&["000000000000001", "000000000000002"])), []);
    let error = one(
        &schema,
        &message(&["000000000000001", "000000000000002", "000000000000001"]),
        "cvc-identity-constraint.4.2.2",
        "/m:requestExtractResponse/m:extract/t:resident[3]",
    );
    assert_eq!(error.at.line, 5);
    assert!(error.message.ja.contains("「residentOnce」"), "{error:?}");
}

#[test]
fn independent_mistakes_are_all_reported_in_order() {
    let schema = service();
    let text = changed("<t:sex>2</t:sex>", "<t:gender>2</t:gender>")
        .replace("version=\"3\"", "version=\"-3\"")
        .replace("0000000<", "x<")
        .replace("</t:householdNumber>", "</t:householdNumber><t:late/>");
    let found = errors(&schema, &text);
    let places: Vec<_> = found.iter().map(|error| (error.path.as_str(), error.at.line)).collect();
    let expected = [
        ("/@version", 3),
        ("/t:gender", 8),
        ("/t:address/t:postcode", 9),
        ("/t:late", 10),
    ];
    assert_eq!(
        places,
        expected
            .map(|(path, line)| (format!("{AT}{path}"), line))
            .each_ref()
            .map(|(path, line)| (path.as_str(), *line))
    );
    for error in &found {
        assert_eq!(text.get(error.range.clone()).map(str::is_empty), Some(false));
        assert_eq!(error.at.offset, error.range.start);
    }
}

#[test]
fn elements_and_types_by_name() {
    let schema = service();
    assert!(schema.declares_element(Name::new(MESSAGES, "getResident")));
    assert!(
        !schema.declares_element(Name::new(MESSAGES, "residentNumber")),
        "a local element"
    );
    assert!(!schema.declares_element(Name::new("", "getResident")));
    assert!(schema.defines_type(Name::new(TYPES, "resident")));
    assert!(schema.defines_type(Name::new("http://www.w3.org/2001/XMLSchema", "date")));
    assert!(!schema.defines_type(Name::new(TYPES, "Resident")));
}

#[test]
fn roots_are_validated_as_asked() {
    let schema = service();
    let validate = |text: &str, against| {
        let document = parse(text, &Limits::default()).expect("well-formed");
        let errors = schema.validate(document.root(), against);
        errors
            .into_iter()
            .map(|error| (error.code, error.path))
            .collect::<Vec<_>>()
    };
    let error = |code: &str, path: &str| vec![(code.to_owned(), path.to_owned())];
    let part = "<part xmlns:t='http://junkyo.example/exchange/1/types'><t:text>架空市</t:text></part>";
    assert_eq!(validate(part, Against::Type(Name::new(TYPES, "address"))), []);
    assert_eq!(
        validate(part, Against::Type(Name::new(TYPES, "sex"))),
        error("cvc-complex-type.2.4", "/part/t:text")
    );
    assert_eq!(
        validate("<part>x</part>", Against::Type(Name::new(TYPES, "sex"))),
        error("cvc-enumeration-valid", "/part")
    );
    assert_eq!(
        validate(part, Against::Type(Name::new(TYPES, "none"))),
        error("cvc-elt.1", "/part")
    );
    assert_eq!(validate(part, Against::Declaration), error("cvc-elt.1", "/part"));
    assert_eq!(
        validate(part, Against::Element(Name::new(MESSAGES, "caller"))).first(),
        error("cvc-elt.1", "/part").first()
    );
    assert_eq!(
        validate(part, Against::Element(Name::new(MESSAGES, "none"))),
        error("cvc-elt.1", "/part")
    );
    assert_eq!(validate(part, Against::Lax), []);
    let holds = format!("<any>{}</any>", RESIDENT.replace("<t:sex>2", "<t:sex>x"));
    assert_eq!(
        validate(&holds, Against::Lax),
        error("cvc-enumeration-valid", "/any/m:getResidentResponse/m:resident/t:sex")
    );
}

#[test]
fn inside_a_soap_envelope() {
    let schema = service();
    let body = |attributes: &str, inner: &str| {
        format!(
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/' xmlns:m='{MESSAGES}' xmlns:q='{TYPES}'\n\
             xmlns:i='http://www.w3.org/2001/XMLSchema-instance'\n\
             xmlns:u='http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd'><s:Body>\n\
             <m:getResident {attributes}><m:residentNumber {inner}>000000000000001</m:residentNumber></m:getResident>\
             </s:Body></s:Envelope>"
        )
    };
    let found = |text: &str| {
        let document = parse(text, &Limits::default()).expect("well-formed");
        let payload = document
            .root()
            .children()
            .next()
            .and_then(|body| body.children().next())
            .expect("a payload");
        let errors = schema.validate(payload, Against::Declaration);
        errors
            .into_iter()
            .map(|error| (error.code, error.path, error.at.line))
            .collect::<Vec<_>>()
    };
    assert_eq!(found(&body("", "")), []);
    // A prefix of the envelope in a QName of content.
    assert_eq!(found(&body("", "i:type='q:residentNumber'")), []);
    // Attributes that SOAP and WS-Security put on a payload, but only on it.
    assert_eq!(
        found(&body(
            "u:Id='a' s:encodingStyle='' s:mustUnderstand='1' s:actor='x'",
            ""
        )),
        []
    );
    let path = "/s:Envelope/s:Body/m:getResident".to_owned();
    let number = format!("{path}/m:residentNumber/@u:Id");
    assert_eq!(
        found(&body("", "u:Id='a'")),
        [("cvc-complex-type.3.2.1".to_owned(), number, 4)]
    );
    let other = format!("{path}/@u:Created");
    assert_eq!(
        found(&body("u:Created='a'", "")),
        [("cvc-complex-type.3.2.2".to_owned(), other, 4)]
    );
}

#[test]
fn many_errors_are_bounded() {
    let schema = service();
    let residents = "<t:resident version='1'/>".repeat(5_000);
    let text = format!(
        "<m:requestExtractResponse xmlns:m='{MESSAGES}' xmlns:t='{TYPES}'><m:extractId>e</m:extractId>\
         <m:extract>{residents}</m:extract></m:requestExtractResponse>"
    );
    assert_eq!(errors(&schema, &text).len(), junkyo::schema::CompiledSchema::MAX_ERRORS);
}

#[test]
fn mutations_do_no_harm_and_errors_have_sound_places() {
    let schema = service();
    let mut numbers = Numbers(7);
    let pieces = [
        "<t:sex>1</t:sex>",
        "<t:x/>",
        "<sex/>",
        " xsi:nil='true'",
        " xsi:type='t:address'",
        " t:a='1'",
        "\u{3000}",
        "x",
        "<![CDATA[ ]]>",
        "<m:resident version='1'/>",
        "<t:address>",
        "</t:address>",
        "</t:sex>",
        "<t:sex>",
    ];
    let (mut valid, mut invalid) = (0, 0);
    for _ in 0..3_000 {
        let mut text = RESIDENT.to_owned();
        for _ in 0..=numbers.below(4) {
            let edges: Vec<usize> = text.match_indices(['<', '>', '/']).map(|(at, _)| at).collect();
            let (from, to) = (edges[numbers.below(edges.len())], edges[numbers.below(edges.len())]);
            match numbers.below(3) {
                0 => text.insert_str(from, pieces[numbers.below(pieces.len())]),
                1 => text.replace_range(from.min(to)..from.max(to), ""),
                _ => {
                    let copy = text[from.min(to)..from.max(to)].to_owned();
                    text.insert_str(from, &copy);
                }
            }
        }
        let Ok(document) = parse(&text, &Limits::default()) else {
            continue;
        };
        let errors = schema.validate(document.root(), Against::Lax);
        if errors.is_empty() {
            valid += 1;
        } else {
            invalid += 1;
        }
        let places: Vec<usize> = errors.iter().map(|error| error.at.offset).collect();
        assert!(places.is_sorted(), "in document order: {errors:#?}");
        for error in errors {
            assert!(
                text.get(error.range.clone()).is_some_and(|found| !found.is_empty()),
                "{error:?}"
            );
            assert!(error.message.is_complete() && error.path.starts_with('/'), "{error:?}");
        }
    }
    assert!(valid > 10 && invalid > 100, "{valid} valid, {invalid} invalid");
}
