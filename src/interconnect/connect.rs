//! Meeting: requests of one product and answers of the other become a recording of its own, which is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use thiserror::Error;

use super::collect::{Sent, answers, sent};
use super::report::{Interconnection, InterfaceView, Operation, Party, State, interface};
use crate::drive::{RECORDED, Target, product_words, recorded_files};
use crate::evidence::{
    Channel, DescriptionFiles, Exchange, Initiator, Journal, JournalError, Record, Recording, RunEnd, RunFacts,
    ScenarioEvidence, Side, guard, read_journal,
};
use crate::report::judge_again;
use crate::scenario::Corpus;
use crate::schema::DocumentSet;
use crate::text::Text;
use crate::wire::certificate::CertificateError;
use crate::wire::{Client, ClientOptions, Outgoing, Url, parse_request, parse_response};
use crate::xml::{Limits, parse_bytes};

/// Interface id under which traffic of any service is judged.
const TRAFFIC: &str = "platform-communication.soap";
/// The step of recorded traffic.
const STEP: &str = "traffic";

/// Why two products could not be brought together.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InterconnectError {
    /// Evidence could not be written or read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// TLS towards the receiver could not be set up.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Nothing to connect.
    #[error("{0}")]
    Nothing(String),
    /// A file could not be written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// The side that is asked.
pub enum Receiver<'a> {
    /// Running.
    Running(&'a Target),
    /// As it answered in its recorded run.
    Recorded(&'a Recording),
}

/// Two products that are to meet.
pub struct Connection<'a> {
    /// The corpus that judges.
    pub corpus: &'a Corpus,
    /// What the sender recorded.
    pub sender: &'a Recording,
    /// Who answers.
    pub receiver: Receiver<'a>,
    /// Where the recordings go, one folder a service.
    pub out: &'a Path,
}

/// Brings two products together and judges what each of them contributed.
///
/// # Errors
/// When there is nothing to connect, or evidence cannot be written.
pub async fn connect(connection: &Connection<'_>) -> Result<Interconnection, InterconnectError> {
    let (requests, left) = sent(connection.corpus, connection.sender);
    if requests.is_empty() {
        return Err(InterconnectError::Nothing(
            "the sender's recording holds no request that can be sent again; it has to be a run of scenarios of a consumer"
                .into(),
        ));
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let started = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    let products = [
        connection.sender.facts.product.clone(),
        match &connection.receiver {
            Receiver::Running(target) => product_words(Some(target)),
            Receiver::Recorded(recording) => recording.facts.product.clone(),
        },
    ];
    let mut interfaces = Vec::new();
    let services: BTreeSet<&str> = requests.iter().map(|sent| sent.service.as_str()).collect();
    for service in services {
        let of_service: Vec<&Sent> = requests.iter().filter(|sent| sent.service == service).collect();
        interfaces.push(one_service(connection, service, &of_service, started).await?);
    }
    let [sender, receiver] = products.map(|product| Party {
        product,
        manifest: None,
    });
    let not_sent = left.values().sum();
    Ok(Interconnection::new(
        connection.corpus,
        started,
        sender,
        receiver,
        interfaces,
        not_sent,
    ))
}

async fn one_service(
    connection: &Connection<'_>,
    service: &str,
    requests: &[&Sent],
    started: u64,
) -> Result<InterfaceView, InterconnectError> {
    let not_yet = |why: Text| InterfaceView::not_yet(connection.corpus, service, requests, why);
    let (exchanges, description) = match &connection.receiver {
        Receiver::Running(target) => {
            let Some(url) = target.endpoints.get(service) else {
                return Ok(not_yet(Text::new(
                    format!("受け側のターゲットファイルに [endpoints.\"{service}\"] がありません。"),
                    format!("the receiver's target file has no [endpoints.\"{service}\"]"),
                )));
            };
            (
                send_all(target, url, requests).await?,
                described(connection.corpus, target, service),
            )
        }
        Receiver::Recorded(recording) => {
            let exchanges = put_together(connection.corpus, recording, service, requests);
            let runs = recording.runs();
            let description = runs
                .filter_map(|run| run.facts.descriptions.get(service))
                .next()
                .cloned();
            (exchanges, description)
        }
    };
    if exchanges.is_empty() {
        return Ok(not_yet(Text::new(
            "受け側の記録に、同じ操作への応答がありません。",
            "the receiver's recording holds no answer to these operations",
        )));
    }
    let Some(description) = description else {
        return Ok(not_yet(Text::new(
            "受け側のサービス記述（WSDL）がありません。",
            "there is no description (WSDL) of the receiver's service",
        )));
    };
    let facts = facts(connection, description, started);
    let folder = connection.out.join(service);
    record(&folder.join("evidence"), facts, &exchanges)?;
    let recording = read_journal(&folder.join("evidence"))?;
    let report = judge_again(connection.corpus, &recording, &[]);
    let path = folder.join("report.json");
    let mut bytes = Vec::new();
    crate::report::write_json(&report, &mut bytes)
        .and_then(|()| std::fs::write(&path, bytes))
        .map_err(|source| InterconnectError::Io { path, source })?;
    let operations = operations(requests, &exchanges);
    let mut view = interface(connection.corpus, service, State::Replayed, operations, &report);
    for (index, (_, exchange)) in exchanges.iter().enumerate() {
        let request = parse_request(&exchange.request).ok().map(|(request, _)| request.body);
        let response = parse_response(&exchange.response, "POST", true);
        let response = response.ok().map(|response| response.body);
        for (blame, body) in [("sender", request), ("receiver", response)] {
            let body = body.filter(|body| !body.is_empty());
            if let Some(error) = body.and_then(|body| unreadable(&body)) {
                view.is_unreadable(blame, index, error);
            }
        }
    }
    Ok(view)
}

/// Why a body is no XML document: nothing else can be asked of such a message, so the assertions pass over it.
fn unreadable(body: &[u8]) -> Option<Text> {
    let read = parse_bytes(body, None, &Limits::default());
    read.err().map(|error| Text::neutral(error.to_string()))
}

/// Sends requests to a running product. The head is written anew for its address; the body stays byte for byte.
async fn send_all<'r>(
    target: &Target,
    url: &Url,
    requests: &[&'r Sent],
) -> Result<Vec<(&'r Sent, Exchange)>, InterconnectError> {
    let client = Client::new(ClientOptions {
        tls: Some(target.client_tls()?),
        connect_timeout: Duration::from_millis(target.file.limits.connect_timeout_ms),
        exchange_timeout: Duration::from_millis(target.file.limits.exchange_timeout_ms),
        ..ClientOptions::default()
    });
    let begun = Instant::now();
    let mut exchanges = Vec::with_capacity(requests.len());
    for (index, sent) in requests.iter().enumerate() {
        let Ok((request, _)) = parse_request(&sent.request) else {
            continue;
        };
        let own = |name: &str| {
            [
                "host",
                "connection",
                "content-length",
                "transfer-encoding",
                "expect",
                "authorization",
            ]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
        };
        let mut headers = vec![("Host".to_owned(), url.authority())];
        headers.extend(request.headers.0.iter().filter(|(name, _)| !own(name)).cloned());
        let outgoing = Outgoing::new("POST", url, &headers, &request.body);
        let answer = client.send(&outgoing).await;
        exchanges.push((
            *sent,
            Exchange {
                step: STEP.into(),
                index: u32::try_from(index).unwrap_or(u32::MAX),
                channel: Channel::Api,
                initiator: Initiator::Harness,
                started_us: micros(answer.started.saturating_duration_since(begun)),
                elapsed_us: micros(answer.elapsed),
                connection: answer.connection,
                peer: answer.peer.map_or_else(String::new, |peer| peer.to_string()),
                tls: answer.tls,
                request: outgoing.bytes,
                response: answer.response,
                fault: answer.fault,
            },
        ));
    }
    Ok(exchanges)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Requests of one recording beside the answers of another to the same operations.
fn put_together<'r>(
    corpus: &Corpus,
    recording: &Recording,
    service: &str,
    requests: &[&'r Sent],
) -> Vec<(&'r Sent, Exchange)> {
    let known = answers(corpus, recording);
    let mut together = Vec::new();
    for (sent, index) in requests.iter().zip(0..) {
        if let Some(answer) = known.get(&(service.to_owned(), sent.operation.clone())) {
            let exchange = Exchange {
                step: STEP.into(),
                index,
                channel: Channel::Api,
                initiator: Initiator::Harness,
                request: sent.request.clone(),
                ..answer.clone()
            };
            together.push((*sent, exchange));
        }
    }
    together
}

/// The description that is agreed on: the one that the target file names, or that of the corpus.
fn described(corpus: &Corpus, target: &Target, service: &str) -> Option<DescriptionFiles> {
    let named = target
        .file
        .endpoints
        .get(service)
        .and_then(|endpoint| endpoint.wsdl.as_ref());
    let documents = match named {
        Some(file) => DocumentSet::from_file(&target.path.with_file_name("").join(file)).ok(),
        None => corpus
            .services
            .get(service)
            .map(|service| DocumentSet::of_service(service)),
    };
    documents.as_ref().map(recorded_files)
}

fn facts(connection: &Connection<'_>, description: DescriptionFiles, started: u64) -> RunFacts {
    RunFacts {
        tool: env!("CARGO_PKG_VERSION").into(),
        corpus: connection.corpus.digest.clone(),
        started_unix_ms: started,
        product: connection.sender.facts.product.clone(),
        profiles: vec![TRAFFIC.to_owned()],
        planned: RECORDED.iter().map(|id| (*id).to_owned()).collect(),
        partial: true,
        monitor: true,
        readings: connection.sender.facts.readings.clone(),
        descriptions: BTreeMap::from([(TRAFFIC.to_owned(), description)]),
        ..RunFacts::default()
    }
}

/// Once as calls that the receiver answered, once as calls that the sender made.
fn record(evidence: &Path, facts: RunFacts, exchanges: &[(&Sent, Exchange)]) -> Result<(), JournalError> {
    let mut journal = Journal::create(evidence, facts)?;
    for (scenario, initiator) in RECORDED.iter().zip([Initiator::Harness, Initiator::Product]) {
        let scenario: Arc<str> = (*scenario).into();
        let mut recorded = ScenarioEvidence {
            scenario: Arc::clone(&scenario),
            attempt: 1,
            ..ScenarioEvidence::default()
        };
        journal.append(&Record::Begin {
            scenario: Arc::clone(&scenario),
            attempt: 1,
        })?;
        for (_, exchange) in exchanges {
            let mut exchange = Exchange {
                initiator,
                ..exchange.clone()
            };
            let mut seen = guard(&mut exchange.request, Side::Request, true);
            seen.extend(guard(&mut exchange.response, Side::Response, true));
            journal.exchange(&mut recorded, &exchange, &seen)?;
        }
        journal.append(&Record::End {
            scenario,
            attempt: 1,
            blocked: None,
        })?;
    }
    journal.append(&Record::Close { end: RunEnd::Complete })
}

fn operations(requests: &[&Sent], exchanges: &[(&Sent, Exchange)]) -> Vec<Operation> {
    let mut all: BTreeMap<&str, Operation> = BTreeMap::new();
    for sent in requests {
        let operation = all
            .entry(&sent.operation)
            .or_insert_with(|| Operation::named(&sent.operation));
        operation.sent += 1;
    }
    for (sent, exchange) in exchanges {
        let Some(operation) = all.get_mut(sent.operation.as_str()) else {
            continue;
        };
        match parse_response(&exchange.response, "POST", exchange.fault.is_none()) {
            Ok(response) if (200..300).contains(&response.status) => operation.answered += 1,
            Ok(_) => {
                operation.refused += 1;
                operation.unlike_recorded += usize::from(sent.accepted);
            }
            Err(_) => operation.unanswered += 1,
        }
    }
    all.into_values().collect()
}
