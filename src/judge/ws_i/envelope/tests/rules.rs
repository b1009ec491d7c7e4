//! Single rules at their edges.

use std::collections::BTreeSet;

use super::{Answered, Case, MessageKind};

fn breaks(kind: MessageKind, find: &str, replace: &str, wanted: &[&str]) {
    let mut broken = Case::edited(kind, find, replace).broken();
    if kind == MessageKind::Fault {
        broken.remove("BP4102"); // every declared fault has a detail
    }
    assert_eq!(
        broken,
        wanted.iter().copied().collect::<BTreeSet<_>>(),
        "{find} -> {replace}"
    );
}

#[test]
fn what_the_envelope_schema_refuses() {
    use MessageKind::{Fault, Response};
    let schema = ["BP1701"];
    let both = ["BP1600", "BP1701"];
    breaks(Response, "<soap:Header>", "<soap:Header version='1'>", &schema);
    breaks(Response, "<soap:Envelope ", "<soap:Envelope version='1' ", &both);
    breaks(Response, "</soap:Body>", "</soap:Body><soap:Body/>", &both);
    breaks(Response, "<soap:Header>", "<a:b xmlns:a='urn:a'/><soap:Header>", &both);
    breaks(
        Response,
        "</soap:Header>",
        "<soap:block/></soap:Header>",
        &["BP1701", "BP4100"],
    );
    breaks(Response, "</soap:Body>", "<![CDATA[x]]></soap:Body>", &schema);
    breaks(Response, "</soap:Body>", "x</soap:Body>", &schema);
    breaks(
        Response,
        "<m:responder ",
        "<m:responder soap:actor='%zz' ",
        &["BP1701", "BP4101"],
    );
    breaks(Fault, "<faultcode>", "<faultcode>:", &schema);
    breaks(Fault, "<faultcode>soap:", "<faultcode>1", &schema);
    breaks(Fault, "<faultcode>", "<faultcode><b/>", &schema);
    breaks(Fault, "<detail>", "<faultstring/><detail>", &schema);
    breaks(Fault, "</detail>", "</detail><faultactor>urn:a</faultactor>", &schema);
    breaks(Fault, "<detail>", "<faultactor>a#b#c</faultactor><detail>", &schema);
    breaks(Fault, "<soap:Fault ", "<soap:Fault id='1' ", &schema);
}

#[test]
fn what_the_envelope_schema_allows() {
    use MessageKind::{Fault, Response};
    for (kind, find, replace) in [
        (Response, "<soap:Header>", "<soap:Header xmlns:a='urn:a' a:b=''>"),
        (Response, "<soap:Header>", " <!-- x --> <soap:Header>"),
        (Response, "<m:responder ", "<m:responder soap:mustUnderstand='0' "),
        (Fault, "<detail>", "<faultactor>urn:a%20b</faultactor><detail>"),
        (Fault, "<faultstring>", "<faultstring xml:lang='ja'>"),
        (Fault, "<detail>", "<detail xmlns:a='urn:a' a:b='' c=''>"),
    ] {
        breaks(kind, find, replace, &[]);
    }
}

#[test]
fn the_body_holds_what_the_operation_says_and_nothing_else() {
    use MessageKind::{EmptyRequest, Request, Response, RpcRequest, RpcResponse};
    breaks(
        Request,
        "</soap:Body>",
        "<a:b xmlns:a='urn:a'/></soap:Body>",
        &["BP1011"],
    );
    breaks(
        Response,
        "</soap:Body>",
        "<a:b xmlns:a='urn:a'/></soap:Body>",
        &["BP1013"],
    );
    breaks(
        RpcRequest,
        "</soap:Body>",
        "<a:b xmlns:a='urn:a'/></soap:Body>",
        &["BP1011"],
    );
    breaks(RpcResponse, "<count>", "<count>x", &["BP1013"]);
    breaks(EmptyRequest, "<soap:Body>", "<soap:Body> <!-- nothing --> ", &[]);
    let mut empty = Case::new(Response);
    empty.message.body = MessageKind::EmptyResponse.clean().body;
    assert_eq!(empty.broken(), BTreeSet::from(["BP1013"]));
}

#[test]
fn a_body_that_fits_nothing_is_judged_by_soapaction() {
    let mut case = Case::named("soap-request-unknown-element");
    assert!(matches!(case.answer("BP1009"), Answered::Holds));
    assert!(matches!(case.answer("BP1116"), Answered::NotApplicable { .. }));
    case.message.headers.retain(|(name, _)| name != "SOAPAction");
    assert_eq!(case.broken(), BTreeSet::from(["BP1011"]));
    assert!(matches!(case.answer("BP1009"), Answered::NotApplicable { .. }));
    let Answered::Broken(breach) = case.answer("BP1011") else {
        panic!("not broken");
    };
    assert!(
        breach
            .expected
            .en
            .contains("{http://junkyo.example/exchange/1/messages}getResident")
    );
}

#[test]
fn a_response_without_its_request_stays_open() {
    let case = Case::new(MessageKind::Response);
    let mut lost = Case::new(MessageKind::Response).without_http();
    lost.request.body.clear();
    assert_eq!(case.answer("BP1013"), Answered::Holds);
    for id in ["BP1013", "BP1009", "BP1212", "BP4100"] {
        assert!(matches!(lost.answer(id), Answered::Unanswered { .. }), "{id}");
    }
}
