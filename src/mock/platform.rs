//! The platform as a whole: configuration, state, paths, and listening.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::answers::{refusal_body, unauthorized_body, unexpected_body};
use super::authorization::{Authorization, Endpoint};
use super::control;
use super::defect::DefectSet;
use super::defect_list::Defect;
use super::envelope::Reply;
use super::exchange::{EXCHANGE_PATH, Exchange, ExchangeConfig};
use super::front::{self, Listening};
use super::provider::ProviderState;
use super::register::Register;
use super::tokens::now;
use super::units::{UnitService, UnitsConfig};
use crate::population::municipality::Municipality;
use crate::standard::Interface;
use crate::standard::unit::Unit;
use crate::wire::certificate::{CertificateError, TestAuthority};
use crate::wire::place::Place;
use crate::wire::{Answer, Handler, HttpRequest, Observer, ServerOptions, Url};

pub(super) const TOKEN_PATH: &str = "/token";
const INTROSPECTION_PATH: &str = "/introspect";
const DRIVER_PATH: &str = "/test-driver";

/// Id and secret of a registered client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Credentials {
    /// Client id.
    pub id: String,
    /// Client secret.
    pub secret: String,
}

/// How a platform behaves.
#[derive(Clone, Debug)]
pub struct PlatformConfig {
    /// The call that is served.
    pub interface: Arc<Interface>,
    /// Id of the registered client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Clients besides it.
    pub further_clients: Vec<Credentials>,
    /// Host name in the addresses that [`Running`] gives; absent: the address listened on.
    pub host: Option<String>,
    /// After this time a slow call is given up.
    pub time_out: Duration,
    /// How long a call takes while `slow-on` holds; absent: twice the time-out.
    pub slow_for: Option<Duration>,
    /// Where numbers begin.
    pub seed: u64,
    /// Mistakes to make.
    pub defects: DefectSet,
    /// The exchange service beside the API; absent: one without security.
    pub exchange: Option<ExchangeConfig>,
    /// The business units that it plays.
    pub units: Arc<Vec<Unit>>,
    /// 団体コード of the municipality that the units work for.
    pub municipality: String,
    /// Where the units lay down files.
    pub place: Option<Place>,
    /// Who lives in the municipality.
    pub people: Option<Municipality>,
}

impl PlatformConfig {
    /// A platform with one client and the time-out that the standard names as a guide.
    pub fn new(
        interface: Arc<Interface>,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        seed: u64,
        defects: DefectSet,
    ) -> Self {
        Self {
            interface,
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            further_clients: Vec::new(),
            host: None,
            time_out: Duration::from_secs(30),
            slow_for: None,
            seed,
            defects,
            exchange: None,
            units: Arc::default(),
            municipality: String::new(),
            place: None,
            people: None,
        }
    }
}

/// What the control hook switches.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Switches {
    pub(super) maintenance: bool,
    pub(super) unexpected: bool,
    pub(super) slow: bool,
    pub(super) introspection_down: bool,
}

/// A provider of the numbering API with its authorization server, and the exchange service beside it.
pub struct Platform {
    /// The exchange service.
    pub exchange: Arc<Exchange>,
    /// The business units.
    pub units: UnitService,
    pub(super) config: PlatformConfig,
    pub(super) authorization: Authorization,
    pub(super) provider: ProviderState,
    switches: Mutex<Switches>,
    register: Mutex<Register>,
    issuer: Mutex<String>,
}

impl Platform {
    /// A platform that does not listen yet; put its [`Self::handler`] behind any server.
    pub fn new(config: PlatformConfig) -> Arc<Self> {
        let mut clients = vec![Credentials {
            id: config.client_id.clone(),
            secret: config.client_secret.clone(),
        }];
        clients.extend(config.further_clients.iter().cloned());
        let exchange = config
            .exchange
            .clone()
            .unwrap_or_else(|| ExchangeConfig::new(config.seed, config.defects));
        Arc::new(Self {
            exchange: Exchange::new(exchange),
            units: UnitService::new(UnitsConfig {
                units: Arc::clone(&config.units),
                defects: config.defects,
                municipality: config.municipality.clone(),
                place: config.place.clone(),
                people: config.people.clone(),
            }),
            authorization: Authorization::new(clients, &config.interface.scope(), config.defects),
            register: Mutex::new(Register::new(config.seed)),
            provider: ProviderState::default(),
            switches: Mutex::new(Switches::default()),
            issuer: Mutex::new(String::new()),
            config,
        })
    }

    /// Starts to listen. With TLS, unless a defect leaves it out.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(self: &Arc<Self>, listen: &str, tls: Option<Arc<rustls::ServerConfig>>) -> io::Result<Running> {
        self.start_observed(listen, tls, None).await
    }

    /// Starts to listen, and tells an observer of every exchange.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start_observed(
        self: &Arc<Self>,
        listen: &str,
        tls: Option<Arc<rustls::ServerConfig>>,
        observer: Option<Observer>,
    ) -> io::Result<Running> {
        let options = ServerOptions {
            tls: tls.filter(|_| !self.has(Defect::TlsOff)),
            observer,
            accepts_old_tls: self.has(Defect::OldTlsAccepted),
            ..ServerOptions::default()
        };
        let secured = options.tls.is_some();
        let both = secured && self.has(Defect::PlainHttpAccepted);
        let listening = front::listen(listen, options, self.handler(), both).await?;
        let address = listening.address();
        let base = Url {
            tls: secured,
            host: self.config.host.clone().unwrap_or_else(|| address.ip().to_string()),
            port: address.port(),
            target: "/".into(),
        };
        let token_endpoint = base.with_target(TOKEN_PATH);
        self.set_audience(&token_endpoint.to_string());
        self.exchange.set_base(&base);
        self.units.set_base(&base);
        Ok(Running {
            url: base.with_target(self.api_path()),
            token_endpoint,
            introspection_endpoint: base.with_target(INTROSPECTION_PATH),
            driver: base.with_target(DRIVER_PATH),
            exchange: base.with_target(EXCHANGE_PATH),
            description: base.with_target(format!("{EXCHANGE_PATH}?wsdl")),
            platform: Arc::clone(self),
            listening,
        })
    }

    /// Tells the platform the address of its token endpoint, which assertions have to name as
    /// audience. As long as it is not told, only the path of an audience counts.
    pub fn set_audience(&self, token_endpoint: &str) {
        let issuer = token_endpoint.strip_suffix(TOKEN_PATH).unwrap_or(token_endpoint);
        issuer.clone_into(&mut self.issuer.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Every access token that may still be used.
    pub fn tokens_alive(&self) -> Vec<String> {
        self.authorization.tokens.alive(now())
    }

    /// The body of the official table for a status that refuses: 400, 401 or 503.
    pub fn standard_body(&self, status: u16) -> Option<String> {
        let interface = &self.config.interface;
        let body = match status {
            400 => {
                let missing = interface.parameter.iter().find(|row| row.required)?;
                let message = format!("{}が設定されていません。", missing.item.ja);
                refusal_body(interface, &[("E0001".to_owned(), message)])
            }
            401 => unauthorized_body(interface),
            503 => unexpected_body(interface),
            _ => return None,
        };
        Some(body.to_string())
    }

    /// Path of the API.
    pub fn api_path(&self) -> String {
        format!("/{}", self.config.interface.api_call)
    }

    /// A handler for [`crate::wire::Server`].
    pub fn handler(self: &Arc<Self>) -> Handler {
        let platform = Arc::clone(self);
        Arc::new(
            move |request, connection| -> Pin<Box<dyn Future<Output = Answer> + Send>> {
                Box::pin(Arc::clone(&platform).respond(request, connection))
            },
        )
    }

    /// Answers one request. `connection` numbers the connection that it came over.
    pub async fn respond(self: Arc<Self>, request: HttpRequest, connection: u64) -> Answer {
        let path = request.path();
        if path == DRIVER_PATH {
            return control::driver_reply(&self, &request)
                .await
                .into_answer(&request, &DefectSet::NONE);
        }
        if UnitService::serves(path) {
            return self.units.respond(&request);
        }
        if Exchange::serves(path) {
            return self.exchange.respond(&request);
        }
        let reply = match path {
            TOKEN_PATH => {
                let issuer = self.issuer();
                self.authorization
                    .token(&request, Endpoint { issuer: &issuer, path }, now())
            }
            INTROSPECTION_PATH if self.switches().introspection_down => Reply::text(503, "Service Unavailable"),
            INTROSPECTION_PATH => {
                let issuer = self.issuer();
                self.authorization
                    .introspection(&request, Endpoint { issuer: &issuer, path }, now())
            }
            _ if self.is_api(path) => {
                let reply = self.provide(&request, connection).await;
                if self.has(Defect::CompressedUnasked) {
                    reply.compressed()
                } else {
                    reply
                }
            }
            _ => Reply::text(404, "Not Found"),
        };
        let reply = if self.has(Defect::TraceHeader) {
            let trace = "Traceback (most recent call last): File \"/opt/app/fuban.py\", line 214, in register";
            reply.with("X-Debug-Trace", trace)
        } else {
            reply
        };
        reply.into_answer(&request, &self.config.defects)
    }

    fn is_api(&self, path: &str) -> bool {
        let path = if self.has(Defect::PathWithPrefix) {
            path.strip_prefix("/api")
        } else {
            Some(path)
        };
        path.and_then(|path| path.strip_prefix('/')) == Some(self.config.interface.api_call.as_str())
    }

    fn issuer(&self) -> String {
        self.issuer.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn has(&self, defect: Defect) -> bool {
        self.config.defects.has(defect)
    }

    pub(super) fn switches(&self) -> Switches {
        *self.switches_mut()
    }

    pub(super) fn switches_mut(&self) -> MutexGuard<'_, Switches> {
        self.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn register(&self) -> MutexGuard<'_, Register> {
        // Every step leaves the register valid, so a panic of another holder does no harm.
        self.register.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A platform that listens; it stops when dropped.
pub struct Running {
    /// The platform, for [`Platform::act`].
    pub platform: Arc<Platform>,
    /// Address of the API.
    pub url: Url,
    /// Address of the token endpoint.
    pub token_endpoint: Url,
    /// Address of the introspection endpoint.
    pub introspection_endpoint: Url,
    /// Address of the control hook.
    pub driver: Url,
    /// Address of the exchange service; its second port is at `/statistics`.
    pub exchange: Url,
    /// Address of the description of the exchange service.
    pub description: Url,
    listening: Listening,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.listening.address()
    }
}

/// The TLS configuration of a platform: a certificate for these hosts, or, with the defects about
/// certificates, an expired one or one of another host.
///
/// # Errors
/// When the certificate cannot be made.
pub fn server_tls(
    authority: &TestAuthority,
    hosts: &[String],
    defects: &DefectSet,
) -> Result<Arc<rustls::ServerConfig>, CertificateError> {
    if defects.has(Defect::CertificateOtherHost) {
        return authority.server(&["development.example.jp".to_owned()], false);
    }
    authority.server(hosts, defects.has(Defect::CertificateExpired))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The interface of the corpus.
    pub(in crate::mock) fn interface() -> Arc<Interface> {
        let text = include_str!("../../conformance/common-functions/031/interface.toml");
        Arc::new(toml::from_str(text).expect("readable"))
    }

    pub(in crate::mock) const CLIENT: &str = "0123456789abcdefghijABCDEFGHIJ01";
    pub(in crate::mock) const SECRET: &str = "a-secret-of-the-tests-with-more-than-32-characters";

    pub(in crate::mock) fn config(defects: DefectSet) -> PlatformConfig {
        PlatformConfig {
            time_out: Duration::from_millis(20),
            ..PlatformConfig::new(interface(), CLIENT, SECRET, 1, defects)
        }
    }
}
