//! Connections: taken, bounded, ended in order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use hyper::service::Service as _;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use super::csrf::CsrfKey;
use super::limit::Limits;
use super::request::{Peer, router};
use super::session::Cookies;
use super::visitor::TrustedProxies;
use super::{SLOTS, Web, WebConfig, sign_in};
use crate::registry::Registry;
use crate::registry::accounts::{AccountError, Accounts};
use crate::wire::Url;

/// Longest time for the head of a request.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// Largest head of a request in bytes; the buffer of a connection.
const HEAD_LIMIT: usize = 32 * 1024;
/// Headers in a request at most.
const HEADERS: usize = 64;
/// Connections at the same time.
const CONNECTIONS: usize = 2_048;
/// Time for what is under way when the server stops.
const STOP_PATIENCE: Duration = Duration::from_secs(20);
/// How often buckets, sessions and codes that are over are forgotten.
const TIDY_EVERY: Duration = Duration::from_secs(60);

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("{address}: {error}; choose another address with --listen, or stop what listens there")]
    Listen {
        /// Address of the configuration.
        address: String,
        /// What the system says.
        error: io::Error,
    },
    /// It would be reachable from elsewhere without knowing its own name.
    #[error(
        "listening on {0}, which others can reach, needs `public-url` in the configuration (such as \"https://registry.example\"): \
         links, cookies and the protection of forms depend on it"
    )]
    NoPublicUrl(String),
    /// The public address is no address.
    #[error("public-url {0:?} is not scheme and host, such as \"https://registry.example\"")]
    PublicUrl(String),
    /// A proxy's network is none.
    #[error("proxies.addresses: {0:?} is no address or network, such as \"10.0.0.0/8\"")]
    Proxy(String),
    /// The folder of uploads cannot be made.
    #[error("{path}: {error}")]
    Folder {
        /// The folder.
        path: std::path::PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The database does not answer.
    #[error(transparent)]
    Accounts(#[from] AccountError),
    /// The identity provider cannot be used.
    #[error("{0}")]
    Oidc(String),
}

/// A server that runs until it is stopped.
pub struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    done: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections, lets what is under way end, and returns when all is over.
    pub async fn stop(self) {
        // Nobody to tell means that it has ended already.
        self.stop.send(true).ok();
        self.done.await.ok();
    }
}

/// Starts the server.
pub async fn start(registry: Registry, config: WebConfig) -> Result<Running, StartError> {
    let listen_error = |error| StartError::Listen {
        address: config.listen.clone(),
        error,
    };
    let listener = TcpListener::bind(&config.listen).await.map_err(listen_error)?;
    let address = listener.local_addr().map_err(listen_error)?;
    let web = Arc::new(prepare(registry, &config, address)?);
    let (stop, stopped) = watch::channel(false);
    let done = tokio::spawn(run(listener, web, stopped));
    Ok(Running { address, stop, done })
}

fn prepare(registry: Registry, config: &WebConfig, address: SocketAddr) -> Result<Web, StartError> {
    let (origin, hosts) = names(config, address)?;
    let folder_error = |error| StartError::Folder {
        path: config.upload_folder.clone(),
        error,
    };
    // What is left there are uploads of a server that was killed.
    if config.upload_folder.exists() {
        std::fs::remove_dir_all(&config.upload_folder).map_err(folder_error)?;
    }
    std::fs::create_dir_all(&config.upload_folder).map_err(folder_error)?;
    let oidc = config
        .oidc
        .as_ref()
        .map(|oidc| sign_in::Oidc::new(oidc, &origin))
        .transpose()
        .map_err(|error| StartError::Oidc(error.to_string()))?;
    let accounts = Accounts::new(&registry);
    let form_key = accounts.form_key()?;
    Ok(Web {
        accounts,
        registry,
        cookies: Cookies::new(&origin),
        origin,
        hosts,
        csrf: CsrfKey::new(form_key),
        limits: Limits::new(&config.rates),
        proxies: TrustedProxies::new(&config.proxies).map_err(StartError::Proxy)?,
        upload_folder: config.upload_folder.clone(),
        oidc,
        slots: Semaphore::new(SLOTS),
    })
}

/// Scheme and host of the service, and the values of `Host` that name it.
fn names(config: &WebConfig, address: SocketAddr) -> Result<(String, Vec<String>), StartError> {
    if let Some(public) = &config.public_url {
        let wrong = || StartError::PublicUrl(public.clone());
        let url = Url::parse(public).map_err(|_| wrong())?;
        let scheme = public.split("://").next().unwrap_or_default().to_ascii_lowercase();
        if url.target != "/" || !matches!(scheme.as_str(), "http" | "https") {
            return Err(wrong());
        }
        let host = url.authority().to_ascii_lowercase();
        return Ok((format!("{scheme}://{host}"), vec![host]));
    }
    if !address.ip().is_loopback() {
        return Err(StartError::NoPublicUrl(config.listen.clone()));
    }
    let port = address.port();
    let hosts = vec![
        address.to_string(),
        format!("localhost:{port}"),
        format!("127.0.0.1:{port}"),
        format!("[::1]:{port}"),
    ];
    Ok((format!("http://{address}"), hosts))
}

async fn run(listener: TcpListener, web: Arc<Web>, mut stopped: watch::Receiver<bool>) {
    let service = TowerToHyperService::new(router(Arc::clone(&web)));
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = tokio::task::JoinSet::new();
    let mut tidy = tokio::time::interval(TIDY_EVERY);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(_) => {
                    // Out of file descriptors, or a client that is gone already: wait, do not spin.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            _ = stopped.changed() => break,
            _ = tidy.tick() => {
                let web = Arc::clone(&web);
                tokio::task::spawn_blocking(move || tidy_up(&web));
                while connections.try_join_next().is_some() {}
                continue;
            }
        };
        // Without a free place the connection is closed at once: the client tries again, nobody waits in the dark.
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            continue;
        };
        stream.set_nodelay(true).ok();
        let service = service.clone();
        let mut stopped = stopped.clone();
        connections.spawn(async move {
            let answer = hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| {
                let mut request = request.map(Body::new);
                request.extensions_mut().insert(Peer(peer.ip()));
                service.call(request)
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_PATIENCE)
                .max_buf_size(HEAD_LIMIT)
                .max_headers(HEADERS)
                .serve_connection(TokioIo::new(stream), answer);
            let mut connection = std::pin::pin!(connection);
            tokio::select! {
                // A connection that breaks is the client's affair.
                _ = connection.as_mut() => {}
                _ = stopped.changed() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await.ok();
                }
            }
            drop(place);
        });
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    tokio::time::timeout(STOP_PATIENCE, all_ended).await.ok();
}

fn tidy_up(web: &Web) {
    web.limits.tidy();
    if let Err(error) = web.accounts.tidy() {
        eprintln!("warning: sessions that are over could not be removed: {error}");
    }
}
