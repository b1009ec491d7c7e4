//! Mistakes that are data: every one shows.

use super::*;
use crate::soap::{MessageKind, Violation};
use crate::wire::{Url, parse_request};

/// What differs from call to call.
fn steady(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    match (text.find("<m:answeredAt>"), text.find("</m:answeredAt>")) {
        (Some(from), Some(to)) => format!("{}{}", &text[..from], &text[to..]),
        _ => text,
    }
}

/// The message of the list that is sent so that an answer of a kind comes back.
fn question(violation: &Violation) -> Outgoing {
    let kind = violation.message.request().unwrap_or(violation.message);
    let mut request = kind.clean();
    if violation.message == MessageKind::Fault {
        request.body = request.body.replace(EXISTS, ABSENT);
    }
    request.apply(&violation.given).expect("made");
    let url = Url::parse(&format!("http://localhost:8080{}", request.target)).expect("an address");
    Outgoing {
        bytes: request.bytes(),
        ..Outgoing::new(&request.method, &url, &[], b"")
    }
}

#[tokio::test]
async fn every_violation_shows_in_answers() {
    let answers = |defects: DefectSet, outgoing: &Outgoing| {
        let exchange = Exchange::new(ExchangeConfig::new(1, defects));
        let (request, _) = parse_request(&outgoing.bytes).expect("a request");
        match exchange.respond(&request) {
            Answer::Send { bytes, .. } => steady(&bytes),
            other => panic!("{other:?}"),
        }
    };
    let mut silent = Vec::new();
    for doc in Defect::all().iter().filter(|doc| doc.side == Side::ExchangeProvider) {
        let Defect::Message(at) = doc.id else { continue };
        let outgoing = question(&Violation::all()[usize::from(at)]);
        if answers(DefectSet::NONE, &outgoing) == answers(doc.id.into(), &outgoing) {
            silent.push(doc.id.name());
        }
    }
    assert!(silent.is_empty(), "{silent:?}");
}

#[tokio::test]
async fn every_violation_shows_in_requests() {
    let listener = Listener::new(0).await;
    let mut silent = Vec::new();
    for doc in Defect::all().iter().filter(|doc| doc.side == Side::ExchangeConsumer) {
        let Defect::Message(at) = doc.id else { continue };
        let (operation, fields) = match Violation::all()[usize::from(at)].message {
            MessageKind::OneWayRequest => ("NotifyChange", notice(1)),
            MessageKind::RpcRequest => ("CountResidents", json!({ "area": "131016", "asOf": "2026-04-01" })),
            MessageKind::EmptyRequest => ("Ping", json!({})),
            MessageKind::RpcEmptyRequest => ("Refresh", json!({})),
            _ => ("GetResident", json!({ "residentNumber": EXISTS, "asOf": "2026-04-01" })),
        };
        let order = Order {
            operation: operation.into(),
            endpoint: listener.url(),
            fields: fields.as_object().cloned().unwrap_or_default(),
            most_retries: Some(0),
            ..Order::default()
        };
        for defects in [DefectSet::NONE, doc.id.into()] {
            done(defects, &order).await;
        }
        let both: Vec<_> = std::mem::take(&mut *listener.got.lock().expect("whole"))
            .into_iter()
            .map(|request| format!("{request:?}"))
            .collect();
        if both.len() == 2 && both[0] == both[1] {
            silent.push(doc.id.name());
        }
    }
    assert!(silent.is_empty(), "{silent:?}");
}

#[tokio::test]
async fn every_violation_shows_in_the_description() {
    let served = |defects: DefectSet| {
        let exchange = Exchange::new(ExchangeConfig::new(1, defects));
        exchange.set_base(&Url::parse("http://127.0.0.1:1").expect("an address"));
        let get = |target: &str| {
            let outgoing = Outgoing::new(
                "GET",
                &Url::parse(&format!("http://a{target}")).expect("an address"),
                &[],
                b"",
            );
            let (request, _) = parse_request(&outgoing.bytes).expect("a request");
            match exchange.respond(&request) {
                Answer::Send { bytes, .. } => bytes,
                other => panic!("{other:?}"),
            }
        };
        ["/exchange?wsdl", "/messages.xsd", "/types.xsd", "/interface.wsdl"]
            .map(get)
            .concat()
    };
    let clean = served(DefectSet::NONE);
    let lists = Defect::all()
        .iter()
        .filter(|doc| matches!(doc.id, Defect::Description(_)));
    let silent: Vec<_> = lists
        .filter(|doc| served(doc.id.into()) == clean)
        .map(|doc| doc.id.name())
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn violations_have_a_side_and_a_name() {
    let docs = Defect::all()
        .iter()
        .filter(|doc| matches!(doc.id, Defect::Message(_) | Defect::Description(_)));
    for doc in docs {
        assert!(doc.side.is_exchange());
        assert_eq!(Defect::parse(doc.id.name()), Some(doc.id));
        assert_eq!(DefectSet::from(doc.id).iter().collect::<Vec<_>>(), [doc.id]);
    }
    assert!(Violation::all().len() > 20);
}
