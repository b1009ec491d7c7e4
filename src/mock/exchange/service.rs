//! The provider of the exchange service: configuration, state, paths, listening, and the control hook.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::changes::Changes;
use super::extracts::Extracts;
use super::security::{KeyError, SecuritySettings, SigningAuthority};
use super::{EXCHANGE_PATH, Ids, SECURE, STATISTICS_PATH, description};
use crate::mock::{Defect, DefectSet, DriverOutcome};
use crate::soap::security::ReplayGuard;
use crate::soap::{EditableMessage, MessageKind};
use crate::wire::{
    Answer, Client, ClientOptions, Handler, HttpRequest, Observer, Server, ServerOptions, Url, response_bytes,
};

/// How the exchange service behaves.
#[derive(Clone, Debug)]
pub struct ExchangeConfig {
    /// What residents and figures follow from.
    pub seed: u64,
    /// Mistakes to make.
    pub defects: DefectSet,
    /// Keys and trust; without them signatures can neither be made nor checked.
    pub security: Option<Arc<SecuritySettings>>,
    /// Whether unsigned requests are refused everywhere, not only below [`SECURE`].
    pub require_security: bool,
    /// The unit of time of everything that waits: an extract takes two of it, the first retry of a callback comes after
    /// one (then two, four …), a gap in the order of changes is waited for during 1,500.
    pub pace: Duration,
    /// Whom callbacks over TLS trust.
    pub tls: Option<Arc<rustls::ClientConfig>>,
}

impl ExchangeConfig {
    /// A service without security whose unit of time is 100 ms.
    pub fn new(seed: u64, defects: DefectSet) -> Self {
        Self {
            seed,
            defects,
            security: None,
            require_security: false,
            pace: Duration::from_millis(100),
            tls: None,
        }
    }

    /// The same with a certificate of an authority that the service trusts itself.
    ///
    /// # Errors
    /// When no key can be generated.
    pub fn with_security(mut self, authority: &SigningAuthority) -> Result<Self, KeyError> {
        self.security = Some(Arc::new(SecuritySettings::issued(authority, "exchange service")?));
        Ok(self)
    }
}

/// What a product keeps in its database.
#[derive(Default)]
pub(super) struct Store {
    pub(super) changes: Changes,
    pub(super) extracts: Extracts,
}

/// A provider of the reference exchange service.
pub struct Exchange {
    config: ExchangeConfig,
    store: Mutex<Store>,
    base: Mutex<String>,
    replays: Mutex<ReplayGuard>,
    /// Switched by the control hook: unsigned requests are refused everywhere.
    signatures_required: AtomicBool,
    pub(super) ids: Ids,
    pub(super) client: Client,
}

impl Exchange {
    /// A service that does not listen yet; put its [`Self::handler`] behind any server.
    pub fn new(config: ExchangeConfig) -> Arc<Self> {
        let client = Client::new(ClientOptions {
            tls: config.tls.clone(),
            connect_timeout: Duration::from_secs(2),
            exchange_timeout: Duration::from_secs(5),
            ..ClientOptions::default()
        });
        Arc::new(Self {
            ids: Ids::new(),
            client,
            config,
            store: Mutex::default(),
            base: Mutex::default(),
            replays: Mutex::new(super::security::replay_guard()),
            signatures_required: AtomicBool::new(false),
        })
    }

    /// Starts to listen.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(
        self: &Arc<Self>,
        listen: &str,
        tls: Option<Arc<rustls::ServerConfig>>,
        observer: Option<Observer>,
    ) -> io::Result<RunningExchange> {
        let options = ServerOptions {
            tls,
            observer,
            ..ServerOptions::default()
        };
        let secured = options.tls.is_some();
        let server = Server::start(listen, options, self.handler()).await?;
        let address = server.address();
        let base = Url {
            tls: secured,
            host: address.ip().to_string(),
            port: address.port(),
            target: "/".into(),
        };
        self.set_base(&base);
        Ok(RunningExchange {
            exchange: Arc::clone(self),
            url: base.with_target(EXCHANGE_PATH),
            statistics: base.with_target(STATISTICS_PATH),
            wsdl: base.with_target(format!("{EXCHANGE_PATH}?wsdl")),
            _server: server,
        })
    }

    /// Tells the service its own address, which its description names. The path of `base` does not count.
    pub fn set_base(&self, base: &Url) {
        let text = base.with_target("/").to_string();
        let text = text.trim_end_matches('/');
        text.clone_into(&mut self.base.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Whether a path is one of this service.
    pub fn serves(path: &str) -> bool {
        let path = path.strip_prefix(SECURE).unwrap_or(path);
        [EXCHANGE_PATH, STATISTICS_PATH].contains(&path) || path.ends_with(".xsd") || path.ends_with(".wsdl")
    }

    /// How it behaves.
    pub fn config(&self) -> &ExchangeConfig {
        &self.config
    }

    /// A handler for [`crate::wire::Server`].
    pub fn handler(self: &Arc<Self>) -> Handler {
        let exchange = Arc::clone(self);
        Arc::new(move |request, _| -> Pin<Box<dyn Future<Output = Answer> + Send>> {
            let exchange = Arc::clone(&exchange);
            Box::pin(async move { exchange.respond(&request) })
        })
    }

    /// Answers one request. Has to be called inside a Tokio runtime: answers by callback are sent later.
    pub fn respond(self: &Arc<Self>, request: &HttpRequest) -> Answer {
        match self.respond_anywhere(request) {
            Answer::Send { bytes, close } => Answer::Send {
                bytes,
                close: close || self.has(Defect::SoapConnectionClosed),
            },
            other => other,
        }
    }

    fn takes_put(&self, request: &HttpRequest) -> bool {
        request.method == "PUT" && self.has(Defect::SoapPutAnswered)
    }

    fn respond_anywhere(self: &Arc<Self>, request: &HttpRequest) -> Answer {
        match request.target.strip_prefix(SECURE) {
            Some(target) if self.config.security.is_some() => {
                let inner = HttpRequest {
                    target: target.to_owned(),
                    ..request.clone()
                };
                self.respond_at(&inner, SECURE)
            }
            _ => self.respond_at(request, ""),
        }
    }

    /// Answers a request whose path is without `prefix`.
    fn respond_at(self: &Arc<Self>, request: &HttpRequest, prefix: &str) -> Answer {
        match request.path() {
            EXCHANGE_PATH | STATISTICS_PATH if request.method == "POST" || self.takes_put(request) => {
                let required = self.config.require_security || self.signatures_required.load(Ordering::Relaxed);
                self.receive(request, required || prefix == SECURE)
            }
            EXCHANGE_PATH | STATISTICS_PATH if request.query().eq_ignore_ascii_case("wsdl") => {
                self.describe(request, prefix, None)
            }
            EXCHANGE_PATH | STATISTICS_PATH if self.has(Defect::GetAnswered) => plain(
                request,
                200,
                &[],
                "The exchange service is running: org.springframework.ws.transport.http.MessageDispatcherServlet",
            ),
            EXCHANGE_PATH | STATISTICS_PATH => {
                let refused = EditableMessage {
                    status: 405,
                    version: "1.1".into(),
                    headers: vec![("Allow".into(), "POST".into())],
                    ..EditableMessage::default()
                };
                self.spoiled(refused, MessageKind::GetResponse, request)
            }
            path => self.describe(request, prefix, Some(path.trim_start_matches('/'))),
        }
    }

    /// Answers with a document of the description; without a name with its root.
    fn describe(&self, request: &HttpRequest, prefix: &str, name: Option<&str>) -> Answer {
        if request.method != "GET" && request.method != "HEAD" {
            return plain(request, 405, &[("Allow", "GET, HEAD")], "GET only");
        }
        let base = format!("{}{prefix}", self.base.lock().unwrap_or_else(PoisonError::into_inner));
        let documents = description::documents(&base, &self.config.defects);
        match documents
            .get(name.unwrap_or_else(|| documents.root()))
            .filter(|_| !self.has(Defect::WsdlNotServed))
        {
            Some(document) => {
                let body = if request.method == "HEAD" { &[][..] } else { document };
                send(200, &[("Content-Type", "text/xml; charset=utf-8")], body)
            }
            None => plain(request, 404, &[], "Not Found"),
        }
    }

    /// Does what the control hook is asked for.
    ///
    /// Actions: `received-changes` (tells the ids of the changes that were applied, in that order), `restart` (what is
    /// only in memory is lost), `signatures-required-on`/`-off`, `exchange-reset` (everything is as at the start).
    pub fn act(&self, action: &str, _with: &Value) -> DriverOutcome {
        match action {
            "received-changes" => {
                let mut store = self.store();
                store
                    .changes
                    .settle(Instant::now(), self.gap_limit(), &self.config.defects);
                DriverOutcome::Told(json!({ "changes": store.changes.applied() }))
            }
            "restart" => {
                if self.has(Defect::DlvLostOnRestart) {
                    self.store().changes = Changes::default();
                }
                DriverOutcome::Done
            }
            "signatures-required-on" | "signatures-required-off" => {
                self.signatures_required
                    .store(action.ends_with("on"), Ordering::Relaxed);
                DriverOutcome::Done
            }
            "exchange-reset" => {
                *self.store() = Store::default();
                *self.replays() = super::security::replay_guard();
                DriverOutcome::Done
            }
            _ => DriverOutcome::Unsupported,
        }
    }

    pub(super) fn has(&self, defect: Defect) -> bool {
        self.config.defects.has(defect)
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        // Every step leaves the store valid, so a panic of another holder does no harm.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn replays(&self) -> MutexGuard<'_, ReplayGuard> {
        self.replays.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a missing change is waited for.
    pub(super) fn gap_limit(&self) -> Duration {
        self.config.pace * 1_500
    }

    /// How long making an extract takes.
    pub(super) fn extract_takes(&self) -> Duration {
        self.config.pace * 2
    }
}

/// A response in plain words.
fn plain(request: &HttpRequest, status: u16, headers: &[(&str, &str)], words: &str) -> Answer {
    let mut headers = headers.to_vec();
    headers.push(("Content-Type", "text/plain; charset=utf-8"));
    let body = if request.method == "HEAD" {
        &[][..]
    } else {
        words.as_bytes()
    };
    send(status, &headers, body)
}

pub(super) fn send(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    Answer::Send {
        bytes: response_bytes(status, headers, body),
        close: false,
    }
}

/// A service that listens; it stops when dropped.
pub struct RunningExchange {
    /// The service, for [`Exchange::act`].
    pub exchange: Arc<Exchange>,
    /// Address of the port `Exchange`.
    pub url: Url,
    /// Address of the port `Statistics`.
    pub statistics: Url,
    /// Address of the description.
    pub wsdl: Url,
    _server: Server,
}
