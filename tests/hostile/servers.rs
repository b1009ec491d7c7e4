//! Products that misbehave: small servers on loopback, one thread a connection.

use std::io::{Read as _, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// A server that lives as long as the process of the tests.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Gives every connection to a function.
    pub(crate) fn start(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let serve = Arc::new(serve);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serve = Arc::clone(&serve);
                std::thread::spawn(move || serve(stream));
            }
        });
        Self { address }
    }

    /// A product whose token endpoint is in order, and whose API writes what it likes.
    pub(crate) fn product(answer: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        Self::start(move |mut stream| {
            if let Some(path) = read_request(&mut stream) {
                // The other side may have gone: that is its right.
                if path.starts_with("/token") {
                    stream.write_all(&TOKEN.answer()).ok();
                } else {
                    answer(&mut stream).ok();
                }
            }
        })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

/// Status and headers, media type and body of an answer.
pub(crate) struct Canned {
    pub(crate) head: &'static str,
    pub(crate) body: &'static str,
}

impl Canned {
    pub(crate) fn answer(&self) -> Vec<u8> {
        let length = self.body.len();
        format!(
            "{}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{}",
            self.head, self.body
        )
        .into_bytes()
    }
}

const TOKEN: Canned = Canned {
    head: "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store",
    body: r#"{"access_token": "a-token-of-the-hostile-product", "token_type": "Bearer", "expires_in": 300}"#,
};

/// Reads one request; its path, if it came.
fn read_request(stream: &mut TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length:")?
                        .trim()
                        .parse()
                        .ok()
                })
                .unwrap_or(0);
            if bytes.len() >= head.len() + 4 + length {
                return head.split(' ').nth(1).map(str::to_owned);
            }
        }
        match stream.read(&mut chunk).ok()? {
            0 => return None,
            read => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

/// Writes the same bytes until the other side has enough; a stand-in for ten gigabytes.
pub(crate) fn without_end(stream: &mut TcpStream, head: &[u8], piece: &[u8]) -> std::io::Result<()> {
    const TEN_GIGABYTES: usize = 10_000_000_000;
    stream.write_all(head)?;
    let block = piece.repeat(64 * 1024 / piece.len() + 1);
    for _ in 0..TEN_GIGABYTES / block.len() {
        stream.write_all(&block)?;
    }
    Ok(())
}
