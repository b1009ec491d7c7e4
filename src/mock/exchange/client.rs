//! The consumer of the exchange service: a product that asks, notifies, and takes answers at once, by callback or by
//! polling.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::client_answer::{Answered, Came, Expected};
use super::client_request::ask;
use super::security::{SecuritySettings, replay_guard};
use super::{Ids, Operation};
use crate::evidence::Fault;
use crate::mock::{Defect, DefectSet};
use crate::soap::addressing::NONE;
use crate::soap::security::ReplayGuard;
use crate::wire::{
    Answer, Client as Http, ClientOptions, Handler, HttpRequest, HttpResponse, Outgoing, Server, ServerOptions, Url,
    parse_response, response_bytes,
};

/// A message is sent so many times, at the most.
const TRIES: u32 = 5;
/// Where a consumer that would go on for ever is stopped.
const ENDLESS: u32 = 9;
/// It is asked so many times how far an extract is, at the most.
const POLLS: u32 = 12;
/// Where a consumer that would ask for ever is stopped.
const ENDLESS_POLLS: u32 = 30;
/// The time-out of a consumer that gives up too early.
const IMPATIENCE: Duration = Duration::from_millis(50);
/// After a message that it cannot use, it waits for the right one so long at the most.
const GRACE: Duration = Duration::from_secs(1);
/// The longest Retry-After that is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// How the consumer behaves.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Whom it trusts for TLS.
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// Keys and trust for signatures; without them signed orders fail.
    pub security: Option<Arc<SecuritySettings>>,
    /// How long it waits for a response, unless the order says otherwise.
    pub timeout: Duration,
    /// Pause before the first retry and between polls, unless the order says otherwise.
    pub pace: Duration,
    /// Mistakes to make.
    pub defects: DefectSet,
}

impl ClientConfig {
    /// A consumer without TLS and signatures.
    pub fn new(defects: DefectSet) -> Self {
        Self {
            tls: None,
            security: None,
            timeout: Duration::from_secs(10),
            pace: Duration::from_millis(100),
            defects,
        }
    }
}

/// What the consumer is told to do: the JSON object that drivers of consumer products get.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Order {
    /// Name of the operation. `PollExtract` asks until the extract is there or unknown.
    pub operation: String,
    /// Address of the port.
    pub endpoint: String,
    /// What the message says, by the names of its elements.
    pub fields: Map<String, Value>,
    /// Whether WS-Addressing properties are sent; always so for callbacks and polling.
    pub addressing: bool,
    /// Whether the answer is to come by a POST to an address of the consumer.
    pub callback: bool,
    /// Whether an extract is asked for without an answer, and then fetched by asking how far it is.
    pub poll: bool,
    /// Whether the request is signed and the answer has to be.
    pub security: bool,
    /// Address for answers where somebody else listens, so that the consumer does not wait. Without it, a consumer that
    /// takes callbacks listens itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Address for faults, if another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault_to: Option<String>,
    /// Where to listen for callbacks; absent: a free port of this machine, `127.0.0.1:0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// How long to wait for a response, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Pause before the first retry and between polls, in milliseconds; it doubles with each retry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_wait_ms: Option<u64>,
    /// How often a one-way message is sent again at the most; absent: four times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most_retries: Option<u32>,
}

/// How an order ended.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// With the answer.
    Answered,
    /// With a fault.
    Fault,
    /// The message was accepted; no answer is waited for.
    Accepted,
    /// Something came, or nothing, that cannot be used.
    #[default]
    Failed,
}

/// What became of an order.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Report {
    /// How it ended.
    pub ending: Ending,
    /// Status of the last response.
    pub status: Option<u16>,
    /// Content of the answer, or of the detail of the fault.
    pub values: Value,
    /// Code of the fault.
    pub fault_code: Option<String>,
    /// Explanation of the fault.
    pub fault_string: Option<String>,
    /// Why the order failed.
    pub error: Option<String>,
    /// Requests that were sent.
    pub sent: u32,
    /// Ids of the messages that were sent.
    pub message_ids: Vec<String>,
}

/// A reference consumer of the exchange service.
pub struct Client {
    config: ClientConfig,
    pub(super) ids: Ids,
    pub(super) replays: std::sync::Mutex<ReplayGuard>,
}

/// One order being carried out.
pub(super) struct Work<'a> {
    pub(super) client: &'a Client,
    pub(super) order: &'a Order,
    pub(super) operation: Operation,
    /// Where answers are to go.
    pub(super) reply_to: Option<String>,
    endpoint: Url,
    timeout: Duration,
    pace: Duration,
}

impl Client {
    /// A consumer.
    pub fn new(config: ClientConfig) -> Self {
        Self {
            config,
            ids: Ids::new(),
            replays: std::sync::Mutex::new(replay_guard()),
        }
    }

    pub(super) fn config(&self) -> &ClientConfig {
        &self.config
    }

    pub(super) fn has(&self, defect: Defect) -> bool {
        self.config.defects.has(defect)
    }

    /// Carries out an order.
    pub async fn act(&self, order: &Order) -> Report {
        let mut report = Report::default();
        let ended = match self.prepare(order) {
            Ok(work) if order.poll || work.operation == Operation::PollExtract => work.poll(&mut report).await,
            Ok(work) if order.callback && order.reply_to.is_none() => work.wait(&mut report).await,
            Ok(work) => work.exchange(work.operation, &order.fields, &mut report).await,
            Err(error) => Err(error),
        };
        match ended {
            Ok(answered) => answered.tell(&mut report),
            Err(error) => report.error = Some(error),
        }
        report
    }

    fn prepare<'a>(&'a self, order: &'a Order) -> Result<Work<'a>, String> {
        let operation =
            Operation::parse(&order.operation).ok_or_else(|| format!("there is no operation `{}`", order.operation))?;
        let anonymous = self.has(Defect::SoapConsumerReplyToAnonymous);
        Ok(Work {
            client: self,
            order,
            operation,
            reply_to: match order.poll {
                _ if anonymous => None,
                true => Some(NONE.to_owned()),
                false => order.reply_to.clone(),
            },
            endpoint: Url::parse(&order.endpoint).map_err(|error| error.to_string())?,
            timeout: if self.has(Defect::SoapConsumerImpatient) {
                IMPATIENCE
            } else {
                order.timeout_ms.map_or(self.config.timeout, Duration::from_millis)
            },
            pace: order.retry_wait_ms.map_or(self.config.pace, Duration::from_millis),
        })
    }
}

impl Work<'_> {
    fn has(&self, defect: Defect) -> bool {
        self.client.has(defect)
    }

    /// Sends a message and reads what comes back on the connection.
    async fn exchange(
        &self,
        operation: Operation,
        fields: &Map<String, Value>,
        report: &mut Report,
    ) -> Result<Answered, String> {
        let first = self.client.ids.next();
        let mut attempt = 0;
        loop {
            attempt += 1;
            let renewed = attempt > 1 && self.has(Defect::SoapConsumerNewMessageIdOnRetry);
            let id = if self.has(Defect::SoapConsumerMessageIdReused) {
                "urn:uuid:00000000-0000-4000-8000-000000000002".to_owned()
            } else if renewed {
                self.client.ids.next()
            } else {
                first.clone()
            };
            let expected = Expected {
                operation,
                message_id: self.is_addressed().then(|| id.clone()),
                signed: self.order.security,
            };
            let outgoing = ask(self, operation, fields, &id, &self.endpoint)?;
            report.sent += 1;
            report.message_ids.push(id);
            let came = self.send(&outgoing).await;
            let (trouble, wait) = match &came {
                Ok(response) => {
                    report.status = Some(response.status);
                    let retry_after = response
                        .headers
                        .get("retry-after")
                        .and_then(|value| value.trim().parse().ok());
                    let busy = response.status == 503
                        || response.status == 500 && self.has(Defect::SoapConsumerRetriesAfterFault);
                    (busy, retry_after.map(Duration::from_secs))
                }
                Err(_) => (true, None),
            };
            if !trouble && attempt == 1 && self.has(Defect::SoapConsumerSendsTwice) {
                continue;
            }
            if !trouble || !self.may_retry(operation, attempt) {
                if came.is_err() && self.has(Defect::SoapConsumerOutageAsDone) {
                    return Ok(Answered::nothing(Ending::Answered));
                }
                let response = came?;
                return self.client.read(&Came::back(&response), &expected);
            }
            // Twice the pause that the order asks for at least: on a busy machine, messages arrive unevenly.
            let pause = self.pace * 2_u32.pow(attempt.min(TRIES - 1));
            if !self.has(Defect::SoapConsumerRetryAtOnce) {
                tokio::time::sleep(pause.max(wait.unwrap_or_default().min(PATIENCE))).await;
            }
        }
    }

    /// Whether WS-Addressing properties are sent.
    pub(super) fn is_addressed(&self) -> bool {
        self.order.addressing || self.order.callback || self.order.poll || self.reply_to.is_some()
    }

    /// One-way messages are sent again: the receiver knows them by their id. Others are not: the user asks again.
    fn may_retry(&self, operation: Operation, attempt: u32) -> bool {
        let limit = if self.has(Defect::SoapConsumerEndlessRetry) {
            ENDLESS
        } else if self.has(Defect::SoapConsumerNoRetry) {
            1
        } else if operation.is_one_way() {
            self.order.most_retries.map_or(TRIES, |retries| retries + 1)
        } else if self.has(Defect::SoapConsumerRetriesAfterFault) {
            2
        } else {
            1
        };
        attempt < limit
    }

    async fn send(&self, outgoing: &Outgoing) -> Result<HttpResponse, String> {
        let response = self.send_once(outgoing).await?;
        let place = response
            .headers
            .get("location")
            .filter(|_| (300..400).contains(&response.status));
        match place {
            Some(place) if self.has(Defect::SoapConsumerFollowsRedirect) => {
                let url = if place.starts_with('/') {
                    outgoing.url.with_target(place)
                } else {
                    Url::parse(place).map_err(|error| error.to_string())?
                };
                let followed = Outgoing {
                    bytes: redirected(&outgoing.bytes, &outgoing.url, &url),
                    url,
                    ..outgoing.clone()
                };
                self.send_once(&followed).await
            }
            _ => Ok(response),
        }
    }

    /// Sends over a connection of its own, so that a connection that the server has closed in the meantime cannot look
    /// like a failed call.
    async fn send_once(&self, outgoing: &Outgoing) -> Result<HttpResponse, String> {
        let http = Http::new(ClientOptions {
            tls: self.client.config.tls.clone(),
            connect_timeout: self.timeout,
            exchange_timeout: self.timeout,
            ..ClientOptions::default()
        });
        let sent = http.send(outgoing).await;
        match sent.fault {
            Some(fault @ Fault::Tls { .. }) => Err(fault.describe().en),
            Some(fault) => Err(fault.describe().en),
            None => parse_response(&sent.response, &outgoing.method, true).map_err(|error| error.to_string()),
        }
    }

    /// Asks for an extract if it is to, then how far it is until it is there.
    async fn poll(mut self, report: &mut Report) -> Result<Answered, String> {
        if self.operation != Operation::PollExtract {
            self.exchange(self.operation, &self.order.fields, report).await?;
        }
        let mut fields = Map::new();
        if let Some(id) = self.order.fields.get("extractId") {
            fields.insert("extractId".into(), id.clone());
        }
        self.reply_to = None;
        let polls = if self.has(Defect::SoapConsumerPollsForever) {
            ENDLESS_POLLS
        } else if self.has(Defect::SoapConsumerGivesUpPolling) {
            1
        } else {
            POLLS
        };
        for _ in 0..polls {
            if !self.has(Defect::SoapConsumerPollsAtOnce) {
                tokio::time::sleep(self.pace * 2).await;
            }
            let answered = self.exchange(Operation::PollExtract, &fields, report).await?;
            let state = answered.values.get("state").and_then(Value::as_str).unwrap_or_default();
            match state {
                "pending" => {}
                "unknown" if self.has(Defect::SoapConsumerPollsForever) => {}
                "unknown" if self.order.poll => return Err("the provider does not know the extract".into()),
                _ => return Ok(answered),
            }
        }
        Err(format!(
            "the extract was not there after it was asked for {polls} times"
        ))
    }

    /// Asks for an extract, and waits for the message that brings it.
    async fn wait(mut self, report: &mut Report) -> Result<Answered, String> {
        let (sender, mut posted) = mpsc::channel(16);
        let handler: Handler = Arc::new(move |request, _| {
            let sender = sender.clone();
            Box::pin(async move {
                let (answer, told) = tokio::sync::oneshot::channel();
                let status = match sender.send((request, answer)).await {
                    Ok(()) => told.await.unwrap_or(503),
                    Err(_) => 503,
                };
                Answer::Send {
                    bytes: response_bytes(status, &[], b""),
                    close: false,
                }
            })
        });
        let listen = self.order.listen.as_deref().unwrap_or("127.0.0.1:0");
        let server = Server::start(listen, ServerOptions::default(), handler)
            .await
            .map_err(|error| format!("cannot listen on {listen}: {error}"))?;
        if !self.has(Defect::SoapConsumerReplyToAnonymous) {
            self.reply_to = Some(format!("http://{}/callback", server.address()));
        }
        let answered = self.exchange(self.operation, &self.order.fields, report).await?;
        if answered.ending != Ending::Accepted {
            return Ok(answered);
        }
        let expected = Expected {
            operation: self.operation,
            message_id: report.message_ids.last().cloned(),
            signed: self.order.security,
        };
        let mut deadline = tokio::time::Instant::now() + self.timeout;
        let mut refused = None;
        while let Ok(Some((request, answer))) = tokio::time::timeout_at(deadline, posted.recv()).await {
            let request: HttpRequest = request;
            match self.client.read(&Came::posted(&request), &expected) {
                Ok(answered) => {
                    answer.send(202).ok();
                    // The server has to say so before it goes.
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    return Ok(answered);
                }
                Err(error) => {
                    answer.send(400).ok();
                    refused = Some(error);
                    // The right one may come yet, but not much later.
                    deadline = deadline.min(tokio::time::Instant::now() + GRACE);
                }
            }
        }
        Err(refused.unwrap_or_else(|| "no answer came by callback in time".into()))
    }
}

/// A request with another start line and host.
fn redirected(bytes: &[u8], from: &Url, to: &Url) -> Vec<u8> {
    let start = format!("POST {} ", from.target);
    let rest = bytes.strip_prefix(start.as_bytes()).unwrap_or(bytes);
    let mut moved = format!("POST {} ", to.target).into_bytes();
    let host = format!("Host: {}\r\n", from.authority());
    match memchr::memmem::find(rest, host.as_bytes()) {
        Some(at) => {
            moved.extend_from_slice(&rest[..at]);
            moved.extend_from_slice(format!("Host: {}\r\n", to.authority()).as_bytes());
            moved.extend_from_slice(&rest[at + host.len()..]);
        }
        None => moved.extend_from_slice(rest),
    }
    moved
}
