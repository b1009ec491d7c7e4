//! Where products call the harness over SOAP: callbacks of a provider, and everything that a consumer product sends.
//!
//! Every step that expects calls has an address of its own (`/TOKEN/…`), so what arrives is told apart by its path.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::receiver::ReceiverError;
use super::soap_reply::{Reworker, rework};
use crate::scenario::{ReplyKind, SoapReply};
use crate::wire::{Answer, Handler, HttpRequest, Served, Server, ServerOptions, Url, parse_request, response_bytes};

/// Calls of one step that are kept, and their bytes together; what a product sends beyond is answered and forgotten.
const MOST_CALLS: usize = 2_000;
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// What becomes of the calls of one step.
struct Stage {
    replies: Vec<SoapReply>,
    seen: usize,
    served: Vec<Served>,
    /// Their bytes together.
    bytes: usize,
    /// Bytes of the reply before.
    before: Option<Vec<u8>>,
    last: Option<Instant>,
    /// How long a hanging reply holds the connection.
    hang: Duration,
    /// Part of the time that a delay of a reply stands for.
    delay: f64,
}

type Stages = Arc<Mutex<HashMap<String, Stage>>>;

/// Answers calls as scenarios say, and keeps them.
pub(super) struct Listener {
    server: Server,
    stages: Stages,
    host: String,
    next: AtomicU64,
}

impl Listener {
    /// Starts to listen. `normal` answers what no scenario wants to be answered otherwise.
    pub(super) async fn start(
        listen: &str,
        host: &str,
        normal: Handler,
        reworker: Arc<Reworker>,
    ) -> Result<Self, ReceiverError> {
        let stages = Stages::default();
        let known = Arc::clone(&stages);
        let handler: Handler = Arc::new(move |request, connection| {
            let (stages, normal, reworker) = (Arc::clone(&known), Arc::clone(&normal), Arc::clone(&reworker));
            let answer: Pin<Box<dyn Future<Output = Answer> + Send>> =
                Box::pin(async move { respond(request, connection, &stages, &normal, &reworker).await });
            answer
        });
        let kept = Arc::clone(&stages);
        let options = ServerOptions {
            observer: Some(Arc::new(move |served: Served| keep(&kept, served))),
            ..ServerOptions::default()
        };
        let server = Server::start(listen, options, handler)
            .await
            .map_err(|source| ReceiverError::Listen {
                address: listen.to_owned(),
                source,
            })?;
        Ok(Self {
            server,
            stages,
            host: host.to_owned(),
            next: AtomicU64::new(1),
        })
    }

    /// Opens an address for a step. Gives its token.
    pub(super) fn arm(&self, replies: &[SoapReply], hang: Duration, delay: f64) -> String {
        let token = format!("c{}", self.next.fetch_add(1, Ordering::Relaxed));
        let stage = Stage {
            replies: replies.to_vec(),
            seen: 0,
            served: Vec::new(),
            bytes: 0,
            before: None,
            last: None,
            hang,
            delay,
        };
        lock(&self.stages).insert(token.clone(), stage);
        token
    }

    /// The address of a token, with a path below it.
    pub(super) fn url(&self, token: &str, path: &str) -> Url {
        Url {
            tls: false,
            host: self.host.clone(),
            port: self.server.address().port(),
            target: format!("/{token}{path}"),
        }
    }

    /// How many calls came, and when the last one did.
    pub(super) fn seen(&self, token: &str) -> (usize, Option<Instant>) {
        lock(&self.stages)
            .get(token)
            .map_or((0, None), |stage| (stage.served.len(), stage.last))
    }

    /// Everything that came; the address is closed.
    pub(super) fn take(&self, token: &str) -> Vec<Served> {
        lock(&self.stages)
            .remove(token)
            .map_or_else(Vec::new, |stage| stage.served)
    }
}

fn lock(stages: &Stages) -> MutexGuard<'_, HashMap<String, Stage>> {
    stages.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Token and the path below it.
fn split(target: &str) -> (&str, &str) {
    let path = target.trim_start_matches('/');
    path.find(['/', '?']).map_or((path, "/"), |at| path.split_at(at))
}

fn keep(stages: &Stages, served: Served) {
    let Ok((request, _)) = parse_request(&served.request) else {
        return;
    };
    let (token, _) = split(&request.target);
    if let Some(stage) = lock(stages).get_mut(token) {
        stage.last = Some(Instant::now());
        let bytes = stage.bytes + served.request.len() + served.response.len();
        if stage.served.len() < MOST_CALLS && bytes <= MOST_BYTES {
            stage.bytes = bytes;
            stage.served.push(served);
        }
    }
}

async fn respond(
    mut request: HttpRequest,
    connection: u64,
    stages: &Stages,
    normal: &Handler,
    reworker: &Reworker,
) -> Answer {
    let (token, path) = split(&request.target);
    let (token, path) = (token.to_owned(), path.to_owned());
    let staged = lock(stages).get_mut(&token).map(|stage| {
        let reply = stage.replies.get(stage.seen).or_else(|| stage.replies.last()).cloned();
        stage.seen += 1;
        (reply.unwrap_or_default(), stage.hang, stage.delay, stage.before.clone())
    });
    let Some((reply, hang, delay, before)) = staged else {
        return plain(404);
    };
    if reply.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(reply.delay_ms).mul_f64(delay)).await;
    }
    request.target = path;
    let answer = match reply.kind {
        ReplyKind::Hang => Answer::Hang(hang),
        ReplyKind::Reset => Answer::Reset,
        ReplyKind::Accepted => plain(202),
        ReplyKind::Again => before.map_or_else(|| plain(500), |bytes| Answer::Send { bytes, close: false }),
        ReplyKind::Status => rework(plain(reply.status.unwrap_or(503)), &reply, &request, reworker),
        ReplyKind::Body => {
            let status = reply.status.unwrap_or(200);
            let headers = [("Content-Type", "text/xml; charset=utf-8")];
            let bytes = response_bytes(status, &headers, reply.body.as_deref().unwrap_or_default().as_bytes());
            rework(Answer::Send { bytes, close: false }, &reply, &request, reworker)
        }
        ReplyKind::Normal => {
            let answer = normal(request.clone(), connection).await;
            rework(answer, &reply, &request, reworker)
        }
    };
    if let (Answer::Send { bytes, .. }, Some(stage)) = (&answer, lock(stages).get_mut(&token)) {
        stage.before = Some(bytes.clone());
    }
    answer
}

fn plain(status: u16) -> Answer {
    Answer::Send {
        bytes: response_bytes(status, &[], b""),
        close: false,
    }
}
