//! The provider and the consumer talk to each other over loopback, without and with mistakes.

mod addressing;
mod consumer;
mod security;
mod violations;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::mock::{Defect, DefectSet, DriverOutcome, Side};
use crate::soap::addressing::{ANONYMOUS, Addressing, EndpointReference};
use crate::soap::{Charset, Envelope, Message};
use crate::wire::{
    Answer, Client as Http, ClientOptions, Handler, HttpRequest, HttpResponse, Outgoing, Server, ServerOptions,
    parse_response, response_bytes,
};
use crate::xml::{Limits, parse_bytes};

const EXISTS: &str = "900000000000001";
const ABSENT: &str = "800000000000001";

struct Bench {
    running: RunningExchange,
}

impl Bench {
    async fn new(defects: impl Into<DefectSet>) -> Self {
        let config = ExchangeConfig {
            pace: Duration::from_millis(10),
            ..ExchangeConfig::new(1, defects.into())
        };
        Self {
            running: Exchange::new(config)
                .start("127.0.0.1:0", None, None)
                .await
                .expect("listens"),
        }
    }

    fn order(&self, operation: &str, fields: Value) -> Order {
        let rpc = matches!(operation, "CountResidents" | "Refresh");
        let url = if rpc {
            &self.running.statistics
        } else {
            &self.running.url
        };
        Order {
            operation: operation.into(),
            endpoint: url.to_string(),
            fields: fields.as_object().cloned().unwrap_or_default(),
            timeout_ms: Some(1_500),
            retry_wait_ms: Some(10),
            ..Order::default()
        }
    }

    async fn raw(&self, target: &str, headers: &[(&str, &str)], body: &[u8]) -> HttpResponse {
        let method = if body.is_empty() { "GET" } else { "POST" };
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let outgoing = Outgoing::new(method, &self.running.url.with_target(target), &headers, body);
        let sent = Http::new(ClientOptions::default()).send(&outgoing).await;
        parse_response(&sent.response, method, true).unwrap_or_else(|error| panic!("{error}: {:?}", sent.fault))
    }

    async fn post(&self, envelope: &Envelope) -> HttpResponse {
        self.raw(
            EXCHANGE_PATH,
            &[("Content-Type", "text/xml; charset=utf-8")],
            envelope.write().as_bytes(),
        )
        .await
    }

    fn changes(&self) -> Value {
        match self.running.exchange.act("received-changes", &Value::Null) {
            DriverOutcome::Told(told) => told["changes"].clone(),
            other => panic!("{other:?}"),
        }
    }
}

async fn done(defects: impl Into<DefectSet>, order: &Order) -> Report {
    Client::new(ClientConfig::new(defects.into())).act(order).await
}

fn notice(sequence: u32) -> Value {
    json!({
        "changeId": format!("c{sequence}"), "sequence": sequence, "residentNumber": EXISTS, "reason": "moved-within",
        "changedOn": "2026-04-01", "newAddress": { "postcode": "1000014", "text": "架空町一丁目" },
    })
}

fn get_resident(number: &str) -> Envelope {
    Envelope::new(format!(
        "<m:getResident xmlns:m=\"{MESSAGES}\"><m:residentNumber>{number}</m:residentNumber></m:getResident>"
    ))
    .with_header([format!(
        "<m:caller xmlns:m=\"{MESSAGES}\"><m:municipality>131016</m:municipality><m:system>031</m:system></m:caller>"
    )])
}

fn text_of(response: &HttpResponse) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

/// Code of the fault; empty if there is none.
fn code(response: &HttpResponse) -> String {
    let document = parse_bytes(&response.body, None, &Limits::default()).expect("XML");
    let message = Message::read(&document).expect("SOAP");
    message
        .fault
        .and_then(|fault| fault.code)
        .map(|code| code.local)
        .unwrap_or_default()
}

fn properties(response: &HttpResponse) -> Addressing {
    let document = parse_bytes(&response.body, None, &Limits::default()).expect("XML");
    Addressing::read(&Message::read(&document).expect("SOAP")).expect("properties")
}

/// Somebody who takes callbacks: refuses the first ones, then accepts.
struct Listener {
    got: Arc<Mutex<Vec<HttpRequest>>>,
    server: Server,
}

impl Listener {
    async fn new(refuses: usize) -> Self {
        let got: Arc<Mutex<Vec<HttpRequest>>> = Arc::default();
        let kept = Arc::clone(&got);
        let handler: Handler = Arc::new(move |request, _| {
            let mut got = kept.lock().expect("whole");
            got.push(request);
            let status = if got.len() <= refuses { 503 } else { 202 };
            Box::pin(async move {
                Answer::Send {
                    bytes: response_bytes(status, &[], b""),
                    close: true,
                }
            })
        });
        Self {
            got,
            server: Server::start("127.0.0.1:0", ServerOptions::default(), handler)
                .await
                .expect("listens"),
        }
    }

    fn url(&self) -> String {
        format!("http://{}/callback", self.server.address())
    }

    async fn wait(&self, count: usize) -> Vec<HttpRequest> {
        for _ in 0..300 {
            if self.got.lock().expect("whole").len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.got.lock().expect("whole").clone()
    }
}

#[tokio::test]
async fn every_operation_is_answered() {
    let bench = Bench::new(DefectSet::NONE).await;
    for addressing in [false, true] {
        let ask = async |operation, fields| {
            let order = Order {
                addressing,
                ..bench.order(operation, fields)
            };
            done(DefectSet::NONE, &order).await
        };
        let report = ask(
            "GetResident",
            json!({ "residentNumber": EXISTS, "field": ["name", "address"] }),
        )
        .await;
        assert_eq!(report.ending, Ending::Answered, "{report:?}");
        assert_eq!(report.values["resident"]["residentNumber"], EXISTS);
        let report = ask("GetResident", json!({ "residentNumber": ABSENT })).await;
        assert_eq!((report.ending, report.status), (Ending::Fault, Some(500)), "{report:?}");
        assert_eq!(report.values["residentNumber"], ABSENT);
        let report = ask("RequestExtract", json!({ "extractId": "e1", "area": "131016" })).await;
        assert_eq!(
            report.values["extract"]["resident"].as_array().map(Vec::len),
            Some(4),
            "{report:?}"
        );
        let report = ask("PollExtract", json!({ "extractId": "nobody's" })).await;
        assert_eq!(report.values["state"], "unknown", "{report:?}");
        let report = ask("CountResidents", json!({ "area": "131016", "asOf": "2026-04-01" })).await;
        assert!(
            report.values["count"].as_str().is_some_and(|count| count.len() >= 4),
            "{report:?}"
        );
        for empty in ["Ping", "Refresh"] {
            let report = ask(empty, json!({})).await;
            assert_eq!(report.ending, Ending::Answered, "{empty} {report:?}");
        }
    }
    for sequence in [2, 1, 1] {
        let report = done(DefectSet::NONE, &bench.order("NotifyChange", notice(sequence))).await;
        assert_eq!(
            (report.ending, report.status),
            (Ending::Accepted, Some(202)),
            "{report:?}"
        );
    }
    assert_eq!(bench.changes(), json!(["c1", "c2"]));
}

#[tokio::test]
async fn answers_come_by_callback_and_by_polling() {
    let bench = Bench::new(DefectSet::NONE).await;
    for poll in [false, true] {
        let fields = json!({ "extractId": format!("e-{poll}"), "area": "131016" });
        let order = Order {
            poll,
            callback: !poll,
            ..bench.order("RequestExtract", fields)
        };
        let report = done(DefectSet::NONE, &order).await;
        assert_eq!(report.ending, Ending::Answered, "{poll} {report:?}");
        assert_eq!(report.values["extract"]["resident"].as_array().map(Vec::len), Some(4));
    }
}

#[tokio::test]
async fn the_description_is_served_with_the_real_addresses() {
    let bench = Bench::new(DefectSet::NONE).await;
    for path in ["/exchange?wsdl", "/statistics?wsdl"] {
        let response = bench.raw(path, &[], b"").await;
        assert_eq!(response.status, 200);
        assert!(
            text_of(&response).contains(&bench.running.url.to_string())
                && !text_of(&response).contains("localhost:8080")
        );
    }
    assert!(text_of(&bench.raw("/messages.xsd", &[], b"").await).contains("getResidentResponse"));
    assert!(text_of(&bench.raw("/types.xsd", &[], b"").await).contains("residentNumber"));
    let refused = bench.raw("/exchange", &[], b"").await;
    assert_eq!((refused.status, refused.headers.get("allow")), (405, Some("POST")));
    let stale = Bench::new(Defect::WsdlAddressStale).await;
    assert!(text_of(&stale.raw("/exchange?wsdl", &[], b"").await).contains("localhost:8080"));
    assert_eq!(
        Bench::new(Defect::WsdlNotServed)
            .await
            .raw("/exchange?wsdl", &[], b"")
            .await
            .status,
        404
    );
    assert_eq!(
        Bench::new(Defect::GetAnswered)
            .await
            .raw("/exchange", &[], b"")
            .await
            .status,
        200
    );
}

const XML: (&str, &str) = ("Content-Type", "text/xml; charset=utf-8");

/// What a request is answered with, without and with a mistake.
async fn statuses(defect: Defect, headers: &[(&str, &str)], body: &[u8]) -> [(u16, String); 2] {
    let mut both = Vec::new();
    for defects in [DefectSet::NONE, defect.into()] {
        let response = Bench::new(defects).await.raw(EXCHANGE_PATH, headers, body).await;
        let soap = response.media_type().as_deref() == Some("text/xml");
        both.push((response.status, if soap { code(&response) } else { String::new() }));
    }
    both.try_into().expect("two")
}

#[tokio::test]
async fn what_is_wrong_is_refused_and_with_a_mistake_it_is_not() {
    let clean = get_resident(EXISTS).write();
    let unknown_header = get_resident(EXISTS)
        .with_header(["<x:route xmlns:x=\"urn:x\" soap:mustUnderstand=\"1\"></x:route>".to_owned()])
        .write();
    let doctype = clean.replacen("?>", "?><!DOCTYPE a>", 1);
    let version = clean.replace(crate::soap::ENVELOPE, crate::soap::ENVELOPE_12);
    let unknown_operation = Envelope::new("<m:getPerson xmlns:m=\"urn:other\"></m:getPerson>").write();
    let cases = [
        (
            Defect::MustUnderstandIgnored,
            XML.1,
            unknown_header,
            (500, "MustUnderstand"),
            (200, ""),
        ),
        (Defect::DoctypeAccepted, XML.1, doctype, (500, "Client"), (200, "")),
        (
            Defect::VersionMismatchIgnored,
            XML.1,
            version,
            (500, "VersionMismatch"),
            (200, ""),
        ),
        (
            Defect::MediaTypeIgnored,
            "text/plain",
            clean.clone(),
            (415, ""),
            (200, ""),
        ),
        (
            Defect::UnknownOperationAnswered,
            XML.1,
            unknown_operation,
            (500, "Client"),
            (200, ""),
        ),
        (
            Defect::SoapActionDispatch,
            XML.1,
            clean.clone(),
            (200, ""),
            (500, "Client"),
        ),
        (
            Defect::PrefixDispatch,
            XML.1,
            clean.replace("m:", "q:").replace(":m=", ":q="),
            (200, ""),
            (500, "Client"),
        ),
        (
            Defect::SchemaUnchecked,
            XML.1,
            clean.replace(EXISTS, "9"),
            (500, "Client"),
            (200, ""),
        ),
        (Defect::FaultForValid, XML.1, clean.clone(), (200, ""), (500, "Server")),
    ];
    for (defect, media_type, body, right, wrong) in cases {
        let [clean, spoiled] = statuses(defect, &[("Content-Type", media_type)], body.as_bytes()).await;
        assert_eq!((clean.0, clean.1.as_str()), right, "{defect} clean");
        assert_eq!((spoiled.0, spoiled.1.as_str()), wrong, "{defect}");
    }
}

#[tokio::test]
async fn both_encodings_and_both_framings_are_taken() {
    let utf16 = reply::message(get_resident(EXISTS).write(), Charset::Utf16);
    let headers = [("Content-Type", "text/xml; charset=utf-16")];
    let [clean, spoiled] = statuses(Defect::Utf16Refused, &headers, &utf16.body_bytes()).await;
    assert_eq!((clean.0, spoiled.0), (200, 415));
    let body = get_resident(EXISTS).write();
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let headers = [XML, ("Transfer-Encoding", "chunked")];
    let [clean, spoiled] = statuses(Defect::SoapChunkedRefused, &headers, chunked.as_bytes()).await;
    assert_eq!((clean.0, spoiled.0), (200, 411));
    let bench = Bench::new(DefectSet::NONE).await;
    let asked = bench
        .raw(EXCHANGE_PATH, &[XML, ("Accept-Charset", "utf-16")], body.as_bytes())
        .await;
    assert_eq!(asked.media_parameter("charset").as_deref(), Some("UTF-16"));
    assert!(asked.body.starts_with(&[0xFE, 0xFF]) && code(&asked).is_empty());
}

#[tokio::test]
async fn faults_and_one_way_answers() {
    let absent = get_resident(ABSENT);
    let clean = Bench::new(DefectSet::NONE).await.post(&absent).await;
    let spoiled = Bench::new(Defect::FaultDetailMissing).await.post(&absent).await;
    assert!(text_of(&clean).contains("<detail>") && !text_of(&spoiled).contains("<detail>"));
    for (defect, status) in [(DefectSet::NONE, 202), (Defect::OneWayAnswered.into(), 200)] {
        let bench = Bench::new(defect).await;
        assert_eq!(
            done(DefectSet::NONE, &bench.order("NotifyChange", notice(1)))
                .await
                .status,
            Some(status)
        );
    }
}

fn addressed(envelope: Envelope, properties: &Addressing) -> Envelope {
    envelope.with_header(properties.write())
}

fn asked() -> Addressing {
    Addressing {
        reply_to: Some(EndpointReference::new(ANONYMOUS)),
        ..Addressing::new("http://a.example/", Operation::GetResident.action(), "urn:uuid:1")
    }
}

#[tokio::test]
async fn changes_survive_a_restart() {
    for (defects, left) in [
        (DefectSet::NONE, json!(["c1"])),
        (Defect::DlvLostOnRestart.into(), json!([])),
    ] {
        let bench = Bench::new(defects).await;
        done(DefectSet::NONE, &bench.order("NotifyChange", notice(1))).await;
        assert_eq!(bench.running.exchange.act("restart", &Value::Null), DriverOutcome::Done);
        assert_eq!(bench.changes(), left);
        assert_eq!(
            bench.running.exchange.act("exchange-reset", &Value::Null),
            DriverOutcome::Done
        );
        assert_eq!(bench.changes(), json!([]));
    }
    let bench = Bench::new(Defect::DlvPollUnknownAsPending).await;
    let report = done(
        DefectSet::NONE,
        &bench.order("PollExtract", json!({ "extractId": "x" })),
    )
    .await;
    assert!(report.ending == Ending::Failed && report.sent > 3, "{report:?}");
}

#[tokio::test]
async fn header_blocks_may_carry_attributes_of_soap() {
    let marked = get_resident(EXISTS)
        .write()
        .replace("<m:caller ", "<m:caller soap:mustUnderstand=\"1\" ");
    let wrong = marked.replace("131016", "x");
    let bench = Bench::new(DefectSet::NONE).await;
    assert_eq!(bench.raw(EXCHANGE_PATH, &[XML], marked.as_bytes()).await.status, 200);
    assert_eq!(bench.raw(EXCHANGE_PATH, &[XML], wrong.as_bytes()).await.status, 500);
}

#[tokio::test]
async fn the_platform_serves_it_beside_the_api() {
    let platform = crate::mock::Platform::new(crate::mock::platform::tests::config(DefectSet::NONE));
    let running = platform.start("127.0.0.1:0", None).await.expect("listens");
    let order = Order {
        operation: "Ping".into(),
        endpoint: running.exchange.to_string(),
        ..Order::default()
    };
    assert_eq!(done(DefectSet::NONE, &order).await.ending, Ending::Answered);
    let url = running.description.clone();
    let sent = Http::new(ClientOptions::default())
        .send(&Outgoing::new("GET", &url, &[], b""))
        .await;
    let response = parse_response(&sent.response, "GET", true).expect("HTTP");
    assert!(text_of(&response).contains(&running.exchange.to_string()));
    let told = platform.act("received-changes", &Value::Null);
    assert_eq!(told, DriverOutcome::Told(json!({ "changes": [] })));
}
