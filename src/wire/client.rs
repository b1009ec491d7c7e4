//! The calling side: sends given bytes, keeps every byte that comes back, never waits for ever.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::http::{ParseError, ReadLimits, parse_response};
use super::url::Url;
use crate::evidence::{Fault, TlsFacts};

/// How a client behaves.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// TLS configuration; needed for `https` addresses.
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// Longest time to connect, TLS handshake included.
    pub connect_timeout: Duration,
    /// Longest time from the first byte sent to the last byte received.
    pub exchange_timeout: Duration,
    /// Reading limits.
    pub limits: ReadLimits,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            tls: None,
            connect_timeout: Duration::from_secs(10),
            exchange_timeout: Duration::from_secs(35),
            limits: ReadLimits::default(),
        }
    }
}

/// A request ready to be sent: the bytes are exactly what goes over the wire.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Where to.
    pub url: Url,
    /// Method, for the framing of the response.
    pub method: String,
    /// Whole request.
    pub bytes: Vec<u8>,
    /// Close the connection after this many bytes.
    pub abandon_after: Option<usize>,
}

impl Outgoing {
    /// Builds a request. `Host` and `Content-Length` are added unless `headers` hold them.
    pub fn new(method: &str, url: &Url, headers: &[(String, String)], body: &[u8]) -> Self {
        let has = |name: &str| headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        let mut bytes = format!("{method} {} HTTP/1.1\r\n", url.target).into_bytes();
        if !has("host") {
            bytes.extend_from_slice(format!("Host: {}\r\n", url.authority()).as_bytes());
        }
        for (name, value) in headers {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        if !has("content-length") && !has("transfer-encoding") && (!body.is_empty() || method == "POST") {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        Self {
            url: url.clone(),
            method: method.to_owned(),
            bytes,
            abandon_after: None,
        }
    }
}

/// What became of a request.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Bytes that came back.
    pub response: Vec<u8>,
    /// What went wrong, if something did.
    pub fault: Option<Fault>,
    /// TLS facts, if TLS was used.
    pub tls: Option<TlsFacts>,
    /// Number of the connection.
    pub connection: u64,
    /// Peer address, once connected.
    pub peer: Option<SocketAddr>,
    /// When sending began.
    pub started: Instant,
    /// Until the response was there, or the fault.
    pub elapsed: Duration,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

struct Connection {
    stream: Box<dyn Stream>,
    tls: Option<TlsFacts>,
    number: u64,
    peer: SocketAddr,
}

/// A client with kept-alive connections, one at a time per request.
pub struct Client {
    options: ClientOptions,
    idle: Mutex<HashMap<(bool, String, u16), Vec<Connection>>>,
    numbers: AtomicU64,
}

impl Client {
    /// A client without connections.
    pub fn new(options: ClientOptions) -> Self {
        Self {
            options,
            idle: Mutex::new(HashMap::new()),
            numbers: AtomicU64::new(0),
        }
    }

    /// How the client behaves.
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// Sends a request and reads the response. Never fails: what went wrong is in [`Sent::fault`].
    ///
    /// A kept-alive connection that the server closed in the meantime is replaced once, as long
    /// as no byte of a response came: the server did not see the request.
    pub async fn send(&self, outgoing: &Outgoing) -> Sent {
        let started = Instant::now();
        let reused = self.take_idle(&outgoing.url);
        let was_idle = reused.is_some();
        let sent = self.send_over(outgoing, reused, started).await;
        let stale = was_idle
            && sent.response.is_empty()
            && matches!(sent.fault, Some(Fault::Reset { .. } | Fault::Closed { .. }));
        if stale {
            return self.send_over(outgoing, None, started).await;
        }
        sent
    }

    async fn send_over(&self, outgoing: &Outgoing, reused: Option<Connection>, started: Instant) -> Sent {
        let mut sent = Sent {
            response: Vec::new(),
            fault: None,
            tls: None,
            connection: 0,
            peer: None,
            started,
            elapsed: Duration::ZERO,
        };
        let connection = match reused {
            Some(connection) => Ok(connection),
            None => self.connect(&outgoing.url).await,
        };
        match connection {
            Err(fault) => sent.fault = Some(fault),
            Ok(mut connection) => {
                sent.tls.clone_from(&connection.tls);
                sent.connection = connection.number;
                sent.peer = Some(connection.peer);
                let limit = self.options.exchange_timeout;
                let exchange = self.exchange(&mut connection.stream, outgoing, &mut sent.response);
                let ended = tokio::time::timeout(limit, exchange).await;
                match ended {
                    Ok(Ok(true)) => self.put_idle(&outgoing.url, connection),
                    Ok(Ok(false)) => {}
                    Ok(Err(fault)) => sent.fault = Some(fault),
                    Err(_) => {
                        sent.fault = Some(Fault::Timeout {
                            after_ms: limit.as_millis() as u64,
                        });
                    }
                }
            }
        }
        sent.elapsed = started.elapsed();
        sent
    }

    /// Writes the request and reads one response; tells whether the connection can be used again.
    async fn exchange(
        &self,
        stream: &mut Box<dyn Stream>,
        outgoing: &Outgoing,
        response: &mut Vec<u8>,
    ) -> Result<bool, Fault> {
        if let Some(count) = outgoing.abandon_after {
            let count = count.min(outgoing.bytes.len());
            stream
                .write_all(&outgoing.bytes[..count])
                .await
                .map_err(|e| Fault::reset(&e))?;
            stream.flush().await.map_err(|e| Fault::reset(&e))?;
            return Err(Fault::Abandoned { after: count });
        }
        // A server may answer and close before it has read everything: keep the error, read first.
        let written = async {
            stream.write_all(&outgoing.bytes).await?;
            stream.flush().await
        }
        .await;
        loop {
            let closed = match stream.read_buf(response).await {
                Ok(0) => true,
                Ok(_) => false,
                Err(error) if response.is_empty() => {
                    return Err(Fault::reset(written.as_ref().err().unwrap_or(&error)));
                }
                // TLS without close_notify is common and, for a body of announced length, harmless.
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => true,
                Err(error) => return Err(Fault::reset(&error)),
            };
            match parse_response(response, &outgoing.method, closed) {
                Ok(parsed) => {
                    let close = parsed
                        .headers
                        .get("connection")
                        .unwrap_or_default()
                        .to_ascii_lowercase();
                    let open = if parsed.minor == 0 {
                        close.contains("keep-alive")
                    } else {
                        !close.contains("close")
                    };
                    return Ok(open && !closed && parsed.surplus == 0 && written.is_ok());
                }
                Err(ParseError::Incomplete) if closed => {
                    return Err(Fault::Closed {
                        received: response.len(),
                    });
                }
                Err(ParseError::Malformed(detail)) => return Err(Fault::Garbage { detail }),
                Err(_) => {}
            }
            let limits = self.options.limits;
            let in_head = response.len() > limits.head && memchr::memmem::find(response, b"\r\n\r\n").is_none();
            if in_head || response.len() > limits.message {
                let limit = if in_head { limits.head } else { limits.message };
                return Err(Fault::TooLarge { limit });
            }
        }
    }

    async fn connect(&self, url: &Url) -> Result<Connection, Fault> {
        let limit = self.options.connect_timeout;
        tokio::time::timeout(limit, self.connect_now(url))
            .await
            .unwrap_or(Err(Fault::Connect {
                detail: format!("no connection within {} ms", limit.as_millis()),
            }))
    }

    async fn connect_now(&self, url: &Url) -> Result<Connection, Fault> {
        let mut addresses = tokio::net::lookup_host((url.host.as_str(), url.port))
            .await
            .map_err(|error| Fault::Dns {
                host: url.host.clone(),
                detail: error.to_string(),
            })?;
        let address = addresses.next().ok_or_else(|| Fault::Dns {
            host: url.host.clone(),
            detail: "the name has no address".into(),
        })?;
        let mut last = TcpStream::connect(address).await;
        for other in addresses {
            if last.is_ok() {
                break;
            }
            last = TcpStream::connect(other).await;
        }
        let tcp = last.map_err(|error| Fault::Connect {
            detail: error.to_string(),
        })?;
        tcp.set_nodelay(true).ok();
        let peer = tcp.peer_addr().unwrap_or(address);
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        if !url.tls {
            return Ok(Connection {
                stream: Box::new(tcp),
                tls: None,
                number,
                peer,
            });
        }
        let tls_fault = |detail: String| Fault::Tls { detail };
        let config = self
            .options
            .tls
            .clone()
            .ok_or_else(|| tls_fault("no TLS configuration for an https address".into()))?;
        let name = ServerName::try_from(url.host.clone())
            .map_err(|_| tls_fault(format!("`{}` is no name a certificate could hold", url.host)))?;
        let stream = TlsConnector::from(config)
            .connect(name, tcp)
            .await
            .map_err(|error| tls_fault(error.to_string()))?;
        let facts = TlsFacts::of(stream.get_ref().1);
        Ok(Connection {
            stream: Box::new(stream),
            tls: Some(facts),
            number,
            peer,
        })
    }

    fn key(url: &Url) -> (bool, String, u16) {
        (url.tls, url.host.clone(), url.port)
    }

    fn take_idle(&self, url: &Url) -> Option<Connection> {
        self.lock().get_mut(&Self::key(url))?.pop()
    }

    fn put_idle(&self, url: &Url, connection: Connection) {
        self.lock().entry(Self::key(url)).or_default().push(connection);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(bool, String, u16), Vec<Connection>>> {
        // The map is valid after every step, so a panic of another holder does no harm.
        self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
