//! The listening side: a small HTTP/1.1 server that keeps every byte and can misbehave on purpose.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::http::{HttpRequest, ParseError, ReadLimits, parse_request, response_bytes};
use crate::evidence::TlsFacts;

/// What a handler lets the server do with a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Send these bytes (a whole response), then keep the connection or close it.
    Send {
        /// The response.
        bytes: Vec<u8>,
        /// Close afterwards.
        close: bool,
    },
    /// Say nothing, and hold the connection until the peer closes it or this time has passed.
    Hang(Duration),
    /// Cut the connection without a word.
    Reset,
}

/// Answers requests. The second argument numbers the connection.
pub type Handler =
    Arc<dyn Fn(HttpRequest, u64) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync + 'static>;

/// One request as it was served, with its bytes.
#[derive(Clone, Debug)]
pub struct Served {
    /// Bytes of the request.
    pub request: Vec<u8>,
    /// Bytes of the response; empty if none was sent.
    pub response: Vec<u8>,
    /// Peer address.
    pub peer: SocketAddr,
    /// Number of the connection.
    pub connection: u64,
    /// When its first byte was there.
    pub started: Instant,
    /// Until the response was sent.
    pub elapsed: Duration,
    /// TLS facts, if TLS was used.
    pub tls: Option<TlsFacts>,
}

/// Called with every request that was served.
pub type Observer = Arc<dyn Fn(Served) + Send + Sync + 'static>;

/// How a server behaves.
#[derive(Clone, Default)]
pub struct ServerOptions {
    /// TLS, if any.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Told of every exchange.
    pub observer: Option<Observer>,
    /// Reading limits.
    pub limits: ReadLimits,
    /// Answer a TLS 1.1 or older ClientHello as if that version were supported (a defect to test).
    pub accepts_old_tls: bool,
}

/// A listening server; it stops when dropped.
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Starts to listen.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(listen: &str, options: ServerOptions, handler: Handler) -> std::io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let options = Arc::new(options);
        let task = tokio::spawn(async move {
            let connections = AtomicU64::new(0);
            loop {
                let Ok((stream, peer)) = listener.accept().await else {
                    // Out of descriptors, most likely: give the others time to finish.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                };
                let number = connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, peer, number, Arc::clone(&options), Arc::clone(&handler)));
            }
        });
        Ok(Self { address, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, number: u64, options: Arc<ServerOptions>, handler: Handler) {
    stream.set_nodelay(true).ok();
    let Some(config) = &options.tls else {
        return connection(stream, peer, number, None, &options, &handler).await;
    };
    if options.accepts_old_tls && super::probe::answer_old_hello(&stream).await {
        return;
    }
    // A peer that refuses our certificate or offers too little is not an error of the server.
    let Ok(stream) = TlsAcceptor::from(Arc::clone(config)).accept(stream).await else {
        return;
    };
    let facts = TlsFacts::of(stream.get_ref().1);
    connection(stream, peer, number, Some(facts), &options, &handler).await;
}

async fn connection<S>(
    mut stream: S,
    peer: SocketAddr,
    number: u64,
    tls: Option<TlsFacts>,
    options: &ServerOptions,
    handler: &Handler,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buffer = Vec::with_capacity(4096);
    loop {
        if buffer.is_empty() && matches!(stream.read_buf(&mut buffer).await, Ok(0) | Err(_)) {
            return;
        }
        let started = Instant::now();
        let Some((request, end)) = read_request(&mut stream, &mut buffer, options.limits).await else {
            return;
        };
        let keeps_alive = request.keeps_alive();
        let answer = handler(request, number).await;
        let observed = |response: Vec<u8>| {
            if let Some(observer) = &options.observer {
                observer(Served {
                    request: buffer[..end].to_vec(),
                    response,
                    peer,
                    connection: number,
                    started,
                    elapsed: started.elapsed(),
                    tls: tls.clone(),
                });
            }
        };
        match answer {
            Answer::Send { bytes, close } => {
                // Told before it is sent: the peer may act on it, and the observer must not be late.
                observed(bytes.clone());
                let sent = stream.write_all(&bytes).await.is_ok() && stream.flush().await.is_ok();
                if !sent || close || !keeps_alive {
                    stream.shutdown().await.ok();
                    return;
                }
            }
            Answer::Hang(limit) => {
                observed(Vec::new());
                let mut rest = [0; 1024];
                let gone = async { while !matches!(stream.read(&mut rest).await, Ok(0) | Err(_)) {} };
                tokio::time::timeout(limit, gone).await.ok();
                return;
            }
            Answer::Reset => {
                observed(Vec::new());
                return;
            }
        }
        buffer.drain(..end);
    }
}

/// Reads until a whole request is there; `None` if the peer is gone or sends no HTTP.
async fn read_request<S>(stream: &mut S, buffer: &mut Vec<u8>, limits: ReadLimits) -> Option<(HttpRequest, usize)>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut continued = false;
    loop {
        let refuse = match parse_request(buffer) {
            Ok(parsed) => return Some(parsed),
            Err(ParseError::Malformed(_)) => Some(400),
            Err(_) if buffer.len() > limits.message => Some(413),
            Err(_) => None,
        };
        if let Some(status) = refuse {
            let bytes = response_bytes(status, &[("Connection", "close")], b"");
            stream.write_all(&bytes).await.ok();
            drain(stream).await;
            return None;
        }
        if !continued && memchr::memmem::find(buffer, b"100-continue").is_some() {
            continued = true;
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.ok()?;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

/// Lets the peer read our refusal before the connection goes: closing with unread bytes would
/// reset it.
async fn drain<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) {
    stream.shutdown().await.ok();
    let mut rest = vec![0; 64 * 1024];
    let all = async { while !matches!(stream.read(&mut rest).await, Ok(0) | Err(_)) {} };
    tokio::time::timeout(Duration::from_millis(500), all).await.ok();
}
