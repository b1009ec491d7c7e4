//! Clean exchanges break nothing; each violation of `fixtures/ws-i/message/` breaks its assertion and nothing else.

mod rules;

use std::collections::BTreeSet;

use super::super::{ASSERTIONS, Answered, Assertion, Body, Entry, Grade, MessageView, Side, judge_message};
use crate::schema::wsdl::Description;
use crate::schema::{CompiledSchema, DocumentSet};
use crate::soap::{Edit, EditableMessage, MessageKind, Violation};
use crate::standard::ReadingChoice;
use crate::wire::{Headers, HttpRequest, HttpResponse};
use crate::xml::{Doctype, Document, Limits, XmlError, parse_bytes};

const WSDL: &str = include_str!("../../../../../conformance/platform-communication/service/exchange.wsdl");
const MESSAGES: &str = include_str!("../../../../../conformance/platform-communication/service/messages.xsd");
const TYPES: &str = include_str!("../../../../../conformance/platform-communication/service/types.xsd");

/// The reference service.
fn description() -> Description {
    let files = [
        ("exchange.wsdl", WSDL),
        ("messages.xsd", MESSAGES),
        ("types.xsd", TYPES),
    ];
    let files = files.map(|(location, text)| (location.to_owned(), text.as_bytes().to_vec()));
    Description::read(DocumentSet::new("exchange.wsdl", files)).expect("the description of the reference service")
}

thread_local! {
    /// Read and compiled once for each thread of tests.
    static SERVICE: (Description, CompiledSchema) = {
        let description = description();
        let schema = CompiledSchema::compile(&description.schemas).expect("schemas of the reference service");
        (description, schema)
    };
}

enum Parsed {
    Empty,
    Xml(Box<Document>),
    NotXml(XmlError),
}

impl Parsed {
    fn of(body: &[u8], headers: &Headers) -> Self {
        if body.is_empty() {
            return Self::Empty;
        }
        let charset = crate::wire::media_parameter(headers, "charset");
        match parse_bytes(body, charset.as_deref(), &Limits::default().with_doctype(Doctype::Skip)) {
            Ok(document) => Self::Xml(Box::new(document)),
            Err(error) => Self::NotXml(error),
        }
    }

    fn body(&self) -> Body<'_> {
        match self {
            Self::Empty => Body::Empty,
            Self::Xml(document) => Body::Xml(document),
            Self::NotXml(error) => Body::NotXml(error),
        }
    }
}

fn minor(message: &EditableMessage) -> u8 {
    message.version.trim_start_matches("1.").parse().expect("HTTP/1.x")
}

fn http_request(message: &EditableMessage) -> HttpRequest {
    HttpRequest {
        method: message.method.clone(),
        target: message.target.clone(),
        minor: minor(message),
        headers: Headers(message.headers.clone()),
        body: message.body_bytes(),
    }
}

fn http_response(message: &EditableMessage) -> HttpResponse {
    HttpResponse {
        status: message.status,
        minor: minor(message),
        headers: Headers(message.headers.clone()),
        body: message.body_bytes(),
        head_length: 0,
        surplus: 0,
    }
}

/// What is asked about a message.
struct Case {
    kind: MessageKind,
    message: EditableMessage,
    request: EditableMessage,
    with_description: bool,
    with_http: bool,
    readings: ReadingChoice,
}

impl Case {
    fn new(kind: MessageKind) -> Self {
        Self {
            kind,
            message: kind.clean(),
            request: kind.request().unwrap_or(kind).clean(),
            with_description: true,
            with_http: true,
            readings: ReadingChoice::default(),
        }
    }

    fn of(violation: &Violation) -> Self {
        let mut case = Self::new(violation.message);
        case.message.apply(&violation.edit).expect("it can be made");
        case.request.apply(&violation.given).expect("it can be made");
        case
    }

    fn named(id: &str) -> Self {
        let violation = Violation::all().iter().find(|violation| violation.id == id);
        Self::of(violation.unwrap_or_else(|| panic!("no violation {id}")))
    }

    fn edited(kind: MessageKind, find: &str, replace: &str) -> Self {
        let mut case = Self::new(kind);
        let edit = Edit::Replace {
            find: find.into(),
            replace: replace.into(),
        };
        case.message.apply(&[edit]).expect("it can be made");
        case
    }

    fn reading(mut self, id: &str, option: &str) -> Self {
        let json = format!(r#"{{"{id}":"{option}"}}"#);
        self.readings = serde_json::from_str(&json).expect("a choice");
        self
    }

    fn without_description(mut self) -> Self {
        self.with_description = false;
        self
    }

    fn without_http(mut self) -> Self {
        self.with_http = false;
        self
    }

    fn answers(&self) -> Vec<(&'static Assertion, Answered)> {
        let is_request = self.kind.request().is_none();
        let request = http_request(if is_request { &self.message } else { &self.request });
        let response = (!is_request).then(|| http_response(&self.message));
        let request_body = Parsed::of(&request.body, &request.headers);
        let response_body = response
            .as_ref()
            .map_or(Parsed::Empty, |response| Parsed::of(&response.body, &response.headers));
        SERVICE.with(|(description, schema)| {
            judge_message(&MessageView {
                side: if is_request { Side::Request } else { Side::Response },
                request: Some(&request).filter(|_| self.with_http),
                response: response.as_ref().filter(|_| self.with_http),
                request_body: request_body.body(),
                response_body: response_body.body(),
                description: Some(description).filter(|_| self.with_description),
                schema: Some(schema),
                readings: &self.readings,
            })
        })
    }

    fn broken(&self) -> BTreeSet<&'static str> {
        let is_broken = |answer: &Answered| matches!(answer, Answered::Broken(_));
        self.answers()
            .into_iter()
            .filter(|(_, answer)| is_broken(answer))
            .map(|(assertion, _)| assertion.id)
            .collect()
    }

    fn answer(&self, id: &str) -> Answered {
        let answer = self.answers().into_iter().find(|(assertion, _)| assertion.id == id);
        answer.unwrap_or_else(|| panic!("{id} was not asked")).1
    }
}

/// What a clean message reports already: the declared fault has content in its detail.
fn reported(kind: MessageKind) -> BTreeSet<&'static str> {
    if kind == MessageKind::Fault {
        BTreeSet::from(["BP4102"])
    } else {
        BTreeSet::new()
    }
}

#[test]
fn clean_messages_break_nothing() {
    for kind in MessageKind::ALL {
        if kind != MessageKind::GetRequest {
            assert_eq!(Case::new(kind).broken(), reported(kind), "{kind:?}");
        }
    }
    assert_eq!(Case::new(MessageKind::GetRequest).broken(), BTreeSet::from(["BP1004"]));
}

#[test]
fn a_clean_response_is_asked_everything_that_it_can_answer() {
    let silent: Vec<&str> = Case::new(MessageKind::Response)
        .answers()
        .into_iter()
        .filter(|(_, answer)| *answer != Answered::Holds)
        .map(|(assertion, _)| assertion.id)
        .collect();
    let not_asked = [
        "BP1010", "BP1101", "BP1103", "BP4103", "BP4104", "BP4105", "BP4106", "BP1107", "BP1301", "BP1305", "BP1306",
        "BP1031", "BP1316", "BP1318", "BP1008", "BP1211", "BP1213", "BP1214", "BP1755", "BP1005", "BP1302", "BP1203",
        "BP1012", "BP4101", "BP4102",
    ];
    assert_eq!(silent, not_asked);
    let rpc = Case::new(MessageKind::RpcResponse);
    for id in ["BP1005", "BP1008", "BP1013", "BP1211", "BP1212", "BP1318", "BP1755"] {
        assert_eq!(rpc.answer(id), Answered::Holds, "{id}");
    }
    assert_eq!(Case::new(MessageKind::EmptyResponse).answer("BP1213"), Answered::Holds);
    assert_eq!(
        Case::new(MessageKind::RpcEmptyResponse).answer("BP1214"),
        Answered::Holds
    );
    assert_eq!(Case::new(MessageKind::OneWayResponse).answer("BP1010"), Answered::Holds);
    assert_eq!(Case::new(MessageKind::GetResponse).answer("BP1103"), Answered::Holds);
}

#[test]
fn every_violation_breaks_its_assertion_and_nothing_else() {
    let mut wrong = Vec::new();
    for violation in Violation::all() {
        let mut broken = Case::of(violation).broken();
        if violation.assertion != "BP4102" {
            broken.retain(|id| !reported(violation.message).contains(id));
        }
        let wanted: BTreeSet<&str> = std::iter::once(&violation.assertion)
            .chain(&violation.also)
            .map(String::as_str)
            .collect();
        if broken != wanted {
            wrong.push(format!("{}: wanted {wanted:?}, broken {broken:?}", violation.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_assertion_has_a_violation() {
    let missing: Vec<&str> = ASSERTIONS
        .iter()
        .filter(|assertion| assertion.grade != Grade::Untestable && !assertion.is_about_description())
        .filter(|assertion| !matches!(assertion.entry, Entry::TModel | Entry::BindingTemplate))
        .map(|assertion| assertion.id)
        .filter(|id| !Violation::all().iter().any(|violation| violation.assertion == *id))
        .collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn findings_name_the_place_and_speak_both_languages() {
    for violation in Violation::all() {
        for (assertion, answer) in Case::of(violation).answers() {
            let Answered::Broken(breach) = answer else { continue };
            let what = format!("{} {}", violation.id, assertion.id);
            assert!(
                breach.expected.is_complete() && breach.found.is_complete(),
                "{what}: {breach:?}"
            );
            let is_http = matches!(
                assertion.entry,
                Entry::AnyMessage | Entry::RequestMessage | Entry::ResponseMessage
            ) || matches!(assertion.id, "BP1100" | "SSBP1601");
            assert!(is_http || breach.place.is_some(), "{what} has no place");
        }
    }
    let Answered::Broken(breach) = Case::named("soap-fault-extra-child").answer("BP1306") else {
        panic!("not broken");
    };
    let place = breach.place.expect("a place");
    assert_eq!(place.path, "/soap:Envelope/soap:Body/soap:Fault/code");
    let Answered::Broken(breach) = Case::named("soap-mustunderstand-true").answer("BP1301") else {
        panic!("not broken");
    };
    assert_eq!(
        breach.place.expect("a place").path,
        "/soap:Envelope/soap:Header/m:responder/@soap:mustUnderstand"
    );
    let Answered::Broken(breach) = Case::named("http-soapaction-unquoted").answer("BP1006") else {
        panic!("not broken");
    };
    assert_eq!(
        breach.found.en,
        "SOAPAction: http://junkyo.example/exchange/1/GetResident"
    );
}

#[test]
fn without_description_what_needs_it_stays_open() {
    let case = Case::new(MessageKind::RpcResponse).without_description();
    for id in ["BP1013", "BP1212", "BP1008", "BP1005", "BP1009", "BP1318", "BP1010"] {
        assert!(matches!(case.answer(id), Answered::Unanswered { .. }), "{id}");
    }
    for id in ["BP1701", "BP1202", "BP1308", "BP1600", "SSBP1003"] {
        assert_eq!(case.answer(id), Answered::Holds, "{id}");
    }
}

#[test]
fn without_http_messages_are_not_asked() {
    let case = Case::new(MessageKind::Response).without_http();
    for assertion in ASSERTIONS
        .iter()
        .filter(|assertion| matches!(assertion.entry, Entry::AnyMessage))
    {
        if assertion.grade != Grade::Untestable && assertion.prerequisites.is_empty() {
            assert!(
                matches!(case.answer(assertion.id), Answered::NotApplicable { .. }),
                "{}",
                assertion.id
            );
        }
    }
    assert!(matches!(case.answer("BP1100"), Answered::NotApplicable { .. }));
    assert_eq!(case.answer("BP1013"), Answered::Holds);
}

#[test]
fn readings_change_answers() {
    let holds = |case: Case, id: &str| assert_eq!(case.answer(id), Answered::Holds, "{id}");
    let broken = |case: Case, id: &str| assert!(matches!(case.answer(id), Answered::Broken(_)), "{id}");
    let silent = |case: Case, id: &str| assert!(matches!(case.answer(id), Answered::NotApplicable { .. }), "{id}");
    let mut bodiless = Case::new(MessageKind::OneWayResponse);
    bodiless.message.status = 503;
    silent(bodiless, "BP1101");
    let mut bodiless = Case::new(MessageKind::OneWayResponse).reading("WS-11", "warn");
    bodiless.message.status = 503;
    broken(bodiless, "BP1101");
    let proxy = |case: &mut Case| {
        case.message
            .headers
            .push(("Proxy-Authenticate".into(), "Negotiate".into()))
    };
    let mut case = Case::new(MessageKind::Response);
    proxy(&mut case);
    broken(case, "BP4103");
    let mut case = Case::new(MessageKind::Response).reading("WS-12", "authorization-only");
    proxy(&mut case);
    silent(case, "BP4103");
    let close = |case: &mut Case| case.message.headers.push(("Close".into(), "1".into()));
    let mut case = Case::new(MessageKind::Response);
    close(&mut case);
    broken(case, "BP4104");
    let mut case = Case::new(MessageKind::Response).reading("WS-13", "rfc9110-too");
    close(&mut case);
    silent(case, "BP4104");
    let undeclared = || {
        let mut case = Case::edited(MessageKind::Response, r#" encoding="UTF-8""#, "");
        case.message.charset = crate::soap::Charset::Utf16;
        case.message.headers = vec![("Content-Type".into(), "text/xml; charset=\"utf-16\"".into())];
        case
    };
    holds(undeclared(), "SSBP1003");
    broken(undeclared().reading("WS-14", "implies-utf-8"), "SSBP1003");
    silent(Case::new(MessageKind::OneWayResponse), "SSBP5101");
    broken(
        Case::new(MessageKind::OneWayResponse).reading("WS-15", "all-messages"),
        "SSBP5101",
    );
    let bare = || {
        let mut case = Case::edited(MessageKind::Fault, "<detail>", "<!--");
        case.message.body = case.message.body.replace("</detail>", "-->");
        case
    };
    silent(bare(), "BP1107");
    broken(bare().reading("WS-16", "detail-required"), "BP1107");
    broken(Case::named("soap-response-unknown-element"), "BP1212");
    silent(
        Case::named("soap-response-unknown-element").reading("WS-17", "rpc-only"),
        "BP1212",
    );
    holds(
        Case::named("soap-rpc-wrapper-renamed").reading("WS-18", "accessors-only"),
        "BP1013",
    );
    holds(Case::new(MessageKind::Fault), "BP1305");
    broken(
        Case::new(MessageKind::Fault).reading("WS-19", "server-faultcode"),
        "BP1305",
    );
    let dotted = || Case::edited(MessageKind::Fault, "</faultstring>", " v1.0</faultstring>");
    holds(dotted(), "BP1031");
    broken(dotted().reading("WS-20", "whole-fault"), "BP1031");
    let request = Case::named("soap-12-request-answered").reading("WS-21", "request");
    assert_eq!(request.answer("BP1012"), Answered::Blocked { by: "BP1701" });
    holds(
        Case::named("soap-processing-instruction").reading("WS-22", "inside-envelope"),
        "BP1208",
    );
    let without_action = || {
        let mut case = Case::new(MessageKind::Request);
        case.message.headers.retain(|(name, _)| name != "SOAPAction");
        case
    };
    silent(without_action(), "BP1116");
    broken(without_action().reading("WS-23", "required"), "BP1116");
    let unprefixed = || Case::edited(MessageKind::Fault, "<faultcode>soap:", "<faultcode>");
    holds(unprefixed(), "BP1302");
    broken(unprefixed().reading("WS-24", "qname-only"), "BP1302");
    holds(
        Case::named("soap-header-block-unqualified").reading("WS-25", "order-only"),
        "BP1600",
    );
}

#[test]
fn utf_16_is_as_good_as_utf_8() {
    let mut case = Case::edited(MessageKind::Response, "UTF-8", "UTF-16");
    case.message.charset = crate::soap::Charset::Utf16;
    case.message.headers = vec![("Content-Type".into(), "text/xml;charset=\"utf-16\"".into())];
    assert_eq!(case.broken(), BTreeSet::new());
}

#[test]
fn what_is_no_envelope_at_all() {
    let mut case = Case::new(MessageKind::Response);
    case.message.body = "<html><body/></html>".into();
    case.message.headers = vec![("Content-Type".into(), "text/html".into())];
    case.message.status = 404;
    assert_eq!(
        case.broken(),
        BTreeSet::from(["BP1201", "BP1600", "SSBP1003", "SSBP5100", "SSBP5101"])
    );
    assert_eq!(case.answer("BP4109"), Answered::Blocked { by: "BP1201" });
    case.message.body = r#"{"error":1}"#.into();
    assert_eq!(
        case.broken(),
        BTreeSet::from(["BP1601", "SSBP1003", "SSBP1601", "SSBP5100", "SSBP5101"])
    );
    assert_eq!(case.answer("BP4109"), Answered::Blocked { by: "BP1601" });
    case.message.body = String::new();
    case.message.headers.clear();
    assert_eq!(case.broken(), BTreeSet::new());
    let mut case = Case::new(MessageKind::Request);
    case.message.body = String::new();
    assert_eq!(case.broken(), BTreeSet::from(["SSBP1601"]));
}

#[test]
fn limits_of_the_reader_are_no_fault_of_the_message() {
    let mut case = Case::new(MessageKind::Response);
    let deep = Limits::default().depth + 1;
    case.message.body = format!("{}{}", "<a>".repeat(deep), "</a>".repeat(deep));
    assert!(matches!(case.answer("BP1601"), Answered::Unanswered { .. }));
    let entity = Case::edited(MessageKind::Response, "<soap:Body>", "<soap:Body>&nbsp;");
    assert!(matches!(entity.answer("BP1601"), Answered::Broken(_)));
}
