use super::*;
use crate::xml::{Document, Limits, parse, parse_bytes};

fn document(text: &str) -> Document {
    parse(text, &Limits::default()).expect("well-formed")
}

#[test]
fn envelopes_are_written_exactly() {
    assert_eq!(
        Envelope::new("<a/>").write(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soap:Envelope \
         xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body><a/></soap:Body></soap:Envelope>"
    );
    let text = Envelope {
        body_id: Some("b\"1".into()),
        ..Envelope::new("<a/>").with_header(["<h/>".to_owned()])
    }
    .write();
    let document = document(&text);
    let message = Message::read(&document).expect("SOAP");
    assert_eq!(message.blocks.len(), 1);
    assert_eq!(message.body.attribute(security::UTILITY, "Id"), Some("b\"1"));
    assert!(text.contains("<soap:Header><h/></soap:Header>"));
}

#[test]
fn escaped_texts_come_back() {
    let value = "<a> & \"b\" 'c'\r\n\t]]> 𠮷髙";
    let document = document(&format!(
        r#"<t a="{}">{}</t>"#,
        escape_attribute(value),
        escape_text(value)
    ));
    assert_eq!(document.root().attribute("", "a"), Some(value));
    assert_eq!(document.root().text(), value);
    assert_eq!(escape_text("a\u{1}b\u{ffff}"), "a\u{fffd}b\u{fffd}");
}

#[test]
fn faults_come_back() {
    let fault = Fault {
        subcode: Some(QualifiedName::new("urn:f", "f", "Bad")),
        actor: Some("urn:me".into()),
        detail: Some(r#"<d xmlns="urn:d"/><e/>"#.into()),
        ..Fault::new(FaultCode::Client, "だめ & so")
    };
    let plain = Fault::new(FaultCode::MustUnderstand, "");
    for (fault, namespace, local) in [(&fault, "urn:f", "Bad"), (&plain, ENVELOPE, "MustUnderstand")] {
        let document = document(&Envelope::new(fault.write()).write());
        let message = Message::read(&document).expect("SOAP");
        let view = message.fault.expect("a fault");
        assert!(view.code.as_ref().expect("a code").is(namespace, local));
        assert_eq!(view.string.as_deref(), Some(fault.string.as_str()));
        assert_eq!(view.actor.as_deref(), fault.actor.as_deref());
        assert_eq!(view.details().count(), if fault.detail.is_some() { 2 } else { 0 });
    }
}

#[test]
fn soap_1_2_is_told_apart() {
    let document = document(
        r#"<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header><h e:mustUnderstand="true"
        e:role="urn:r"/></e:Header><e:Body><e:Fault><e:Code><e:Value>e:Sender</e:Value><e:Subcode><e:Value
        xmlns:f="urn:f">f:Bad</e:Value></e:Subcode></e:Code><e:Reason><e:Text xml:lang="en">no</e:Text></e:Reason>
        </e:Fault></e:Body></e:Envelope>"#,
    );
    let message = Message::read(&document).expect("SOAP");
    assert_eq!(message.version, SoapVersion::V12);
    assert!(message.blocks[0].is_mandatory() && !message.blocks[0].is_for_us());
    let fault = message.fault.expect("a fault");
    assert!(fault.code.expect("a code").is(ENVELOPE_12, "Sender"));
    assert!(fault.subcode.expect("a subcode").is("urn:f", "Bad"));
    assert_eq!(fault.string.as_deref(), Some("no"));
}

#[test]
fn what_is_no_soap_says_why() {
    let read = |text: &str| Message::read(&document(text)).map(|_| ()).expect_err("no SOAP");
    assert!(matches!(read("<a/>"), NotSoap::NotEnvelope { .. }));
    assert!(matches!(read("<Envelope/>"), NotSoap::OtherVersion { .. }));
    let empty = format!(r#"<e:Envelope xmlns:e="{ENVELOPE}"><Body/></e:Envelope>"#);
    let error = read(&empty);
    assert!(matches!(error, NotSoap::NoBody { .. }));
    assert!(error.describe().is_complete());
}

#[test]
fn bodies_in_both_encodings() {
    let text = Envelope::new("<a>𠮷</a>").write();
    assert_eq!(http_body(&text, Encoding::Utf8), text.as_bytes());
    let bytes = http_body(&text, Encoding::Utf16);
    assert_eq!(bytes[..2], [0xfe, 0xff]);
    let document = parse_bytes(&bytes, Some(Encoding::Utf16.charset()), &Limits::default()).expect("UTF-16");
    assert_eq!(
        document.declaration().expect("declared").encoding.as_deref(),
        Some("UTF-16")
    );
    let message = Message::read(&document).expect("SOAP");
    assert_eq!(message.payload().next().expect("a child").text(), "𠮷");
}

#[test]
fn parts_can_stand_alone() {
    let document = document(r#"<r xmlns="urn:d" xmlns:p="urn:p" xmlns:q="urn:q&amp;"><p:a q:b="1"><c/></p:a></r>"#);
    let part = document.root().children().next().expect("a child");
    let alone = self_contained(part);
    let copy = parse(&alone, &Limits::default()).expect("well-formed alone");
    assert!(same_content(part, copy.root(), "urn:none"));
    assert!(!same_content(
        part,
        copy.root().children().next().expect("a child"),
        "urn:none"
    ));
}
