//! What a recorded run holds that another product can be met with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::evidence::{Channel, Exchange, Initiator, Recording};
use crate::scenario::{Act, Corpus, Scenario, Step};
use crate::standard::Subject;
use crate::wire::{HttpRequest, parse_request, parse_response};

/// A request that a product sent in its recorded run.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Service that it was for.
    pub service: String,
    /// Operation, as the request names it.
    pub operation: String,
    /// Scenario in which it was sent.
    pub scenario: Arc<str>,
    /// Its bytes.
    pub request: Vec<u8>,
    /// Whether it was answered with a success in that run.
    pub accepted: bool,
}

/// Requests that cannot be sent again, and why.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Left {
    /// Signed, or addressed to the one who was there: sent again it would be another message.
    Bound,
    /// Not to be read as a request.
    Unreadable,
}

/// What a product sent as a consumer, each different request once, by service.
pub fn sent(corpus: &Corpus, recording: &Recording) -> (Vec<Sent>, BTreeMap<Left, usize>) {
    let mut all = Vec::new();
    let mut left = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (scenario, step, exchange) in exchanges(corpus, recording, Subject::Consumer) {
        let Act::SoapConsume(act) = &step.act else {
            continue;
        };
        let Some(service) = act.service.as_deref().or(scenario.interface.as_deref()) else {
            continue;
        };
        if exchange.initiator != Initiator::Product || exchange.channel != Channel::Api {
            continue;
        }
        let Ok((request, _)) = parse_request(&exchange.request) else {
            *left.entry(Left::Unreadable).or_default() += 1;
            continue;
        };
        let is = |part: &[u8]| memchr::memmem::find(&request.body, part).is_some();
        if request.method != "POST" || is(b"wssecurity-secext") || is(b"/addressing") {
            *left.entry(Left::Bound).or_default() += usize::from(request.method == "POST");
            continue;
        }
        if seen.insert((service.to_owned(), request.body.clone())) {
            all.push(Sent {
                service: service.to_owned(),
                operation: operation_of(&request),
                scenario: Arc::clone(&scenario.id),
                request: exchange.request.clone(),
                accepted: parse_response(&exchange.response, "POST", true)
                    .is_ok_and(|response| (200..300).contains(&response.status)),
            });
        }
    }
    (all, left)
}

/// What a product answered as a provider, by service and operation: the first answer with status 200, or the first one.
pub fn answers(corpus: &Corpus, recording: &Recording) -> BTreeMap<(String, String), Exchange> {
    let mut all: BTreeMap<(String, String), Exchange> = BTreeMap::new();
    let good = |exchange: &Exchange| exchange.response.starts_with(b"HTTP/1.1 200");
    for (scenario, step, exchange) in exchanges(corpus, recording, Subject::Provider) {
        let Some(service) = step.act.service().or(scenario.interface.as_deref()) else {
            continue;
        };
        if exchange.initiator != Initiator::Harness || exchange.response.is_empty() {
            continue;
        }
        let Ok((request, _)) = parse_request(&exchange.request) else {
            continue;
        };
        let key = (service.to_owned(), operation_of(&request));
        let better = all.get(&key).is_none_or(|known| !good(known) && good(exchange));
        if better {
            all.insert(key, exchange.clone());
        }
    }
    all
}

/// Exchanges of the scenarios of one role, in the order of the corpus.
fn exchanges<'a>(
    corpus: &'a Corpus,
    recording: &'a Recording,
    role: Subject,
) -> impl Iterator<Item = (&'a Scenario, &'a Step, &'a Exchange)> {
    let scenarios = corpus.scenarios.iter().filter(move |scenario| scenario.role == role);
    scenarios.flat_map(move |scenario| {
        let runs = recording.runs().filter_map(|run| run.finished(&scenario.id));
        runs.flat_map(move |evidence| {
            evidence.exchanges.iter().filter_map(move |exchange| {
                let step = scenario.steps.iter().find(|step| step.id == exchange.step)?;
                Some((&**scenario, step, exchange))
            })
        })
    })
}

/// The operation that a SOAP request names: the end of its SOAPAction, or its first element in the body.
fn operation_of(request: &HttpRequest) -> String {
    let action = request.headers.get("soapaction").unwrap_or_default().trim_matches('"');
    let named = action.rsplit(['/', '#', ':']).next().unwrap_or_default();
    if !named.is_empty() {
        return named.to_owned();
    }
    let text = String::from_utf8_lossy(&request.body);
    let body = text
        .split_once("Body")
        .and_then(|(_, rest)| rest.split_once('>'))
        .map_or("", |(_, rest)| rest);
    let element = body.trim_start().trim_start_matches('<');
    let name = element.split([' ', '>', '/']).next().unwrap_or_default();
    name.rsplit(':').next().unwrap_or_default().to_owned()
}
