//! Offering TLS versions and cipher suites that a server has to refuse.
//!
//! No maintained TLS library speaks them any more, so the ClientHello is written by hand; only
//! the first answer of the server is looked at, and no secret is ever exchanged.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::url::Url;

/// What a server said to an old ClientHello.
#[derive(Clone, Debug)]
pub struct ProbeOutcome {
    /// The ClientHello.
    pub request: Vec<u8>,
    /// The first bytes of the answer.
    pub response: Vec<u8>,
}

/// Cipher suites: for an old version those that its servers knew, for `weak` only broken ones.
fn suites(offer: &str) -> &'static [u16] {
    match offer {
        // NULL, export, anonymous and RC4 suites.
        "weak" => &[
            0x0000, 0x0001, 0x0002, 0x003B, 0x0003, 0x0008, 0x0018, 0x0034, 0x0004, 0x0005, 0xC007, 0xC011,
        ],
        _ => &[0xC013, 0xC014, 0xC009, 0xC00A, 0x002F, 0x0035, 0x000A],
    }
}

fn version(offer: &str) -> u16 {
    match offer {
        "ssl3" => 0x0300,
        "1.0" => 0x0301,
        "1.1" => 0x0302,
        _ => 0x0303,
    }
}

/// A ClientHello that offers nothing newer than `offer` (`ssl3`, `1.0`, `1.1`) or only weak suites.
fn client_hello(offer: &str, host: &str) -> Vec<u8> {
    let suites = suites(offer);
    let mut extensions = Vec::new();
    let mut extension = |kind: u16, content: &[u8]| {
        extensions.extend_from_slice(&kind.to_be_bytes());
        extensions.extend_from_slice(&(content.len() as u16).to_be_bytes());
        extensions.extend_from_slice(content);
    };
    if host.parse::<std::net::IpAddr>().is_err() {
        let mut name = Vec::new();
        name.extend_from_slice(&(host.len() as u16 + 3).to_be_bytes());
        name.push(0);
        name.extend_from_slice(&(host.len() as u16).to_be_bytes());
        name.extend_from_slice(host.as_bytes());
        extension(0, &name);
    }
    extension(10, &[0, 4, 0, 23, 0, 24]); // supported_groups: secp256r1, secp384r1
    extension(11, &[1, 0]); // ec_point_formats: uncompressed
    extension(13, &[0, 6, 4, 1, 4, 3, 2, 1]); // signature_algorithms

    let mut body = Vec::new();
    body.extend_from_slice(&version(offer).to_be_bytes());
    body.extend_from_slice(&[0x6A; 32]); // random; nothing secret follows
    body.push(0); // no session
    body.extend_from_slice(&(suites.len() as u16 * 2).to_be_bytes());
    for suite in suites {
        body.extend_from_slice(&suite.to_be_bytes());
    }
    body.extend_from_slice(&[1, 0]); // no compression
    body.extend_from_slice(&(extensions.len() as u16).to_be_bytes());
    body.extend_from_slice(&extensions);

    let mut record = vec![22, 3, 1];
    record.extend_from_slice(&(body.len() as u16 + 4).to_be_bytes());
    record.push(1);
    record.extend_from_slice(&(body.len() as u32).to_be_bytes()[1..]);
    record.extend_from_slice(&body);
    record
}

/// Sends an old ClientHello (or, for `plain`, an HTTP request without TLS) and reads what comes first.
///
/// # Errors
/// When the server cannot be reached at all.
pub async fn offer_old_tls(url: &Url, offer: &str, limit: Duration) -> std::io::Result<ProbeOutcome> {
    let request = if offer == "plain" {
        format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            url.target,
            url.authority()
        )
        .into_bytes()
    } else {
        client_hello(offer, &url.host)
    };
    let mut response = Vec::new();
    let connect = TcpStream::connect((url.host.as_str(), url.port));
    let mut stream = tokio::time::timeout(limit, connect)
        .await
        .map_err(|_| std::io::ErrorKind::TimedOut)??;
    let talk = async {
        stream.write_all(&request).await.ok();
        let mut chunk = [0; 1024];
        let read = stream.read(&mut chunk).await.unwrap_or(0);
        response.extend_from_slice(&chunk[..read]);
    };
    // A server that closes at once, or says nothing, refuses as well as one that sends an alert.
    tokio::time::timeout(limit, talk).await.ok();
    Ok(ProbeOutcome { request, response })
}

/// Plays a server that still supports TLS 1.1: if the peer offers nothing newer, a ServerHello of
/// the peer's version is sent and `true` returned. Other peers are left untouched.
pub(super) async fn answer_old_hello(stream: &TcpStream) -> bool {
    let mut start = [0; 11];
    if stream.peek(&mut start).await.unwrap_or(0) < start.len() || start[0] != 22 || start[5] != 1 {
        return false;
    }
    let offered = u16::from_be_bytes([start[9], start[10]]);
    if offered >= 0x0303 && !offers_only_weak(stream).await {
        return false;
    }
    let mut hello = vec![22, start[9], start[10], 0, 42, 2, 0, 0, 38, start[9], start[10]];
    hello.extend_from_slice(&[0x51; 32]);
    hello.extend_from_slice(&[0, 0, 5, 0]);
    stream.writable().await.is_ok() && stream.try_write(&hello).is_ok()
}

async fn offers_only_weak(stream: &TcpStream) -> bool {
    let mut hello = [0; 512];
    let length = stream.peek(&mut hello).await.unwrap_or(0);
    client_hello("weak", "")
        .get(46..70)
        .is_some_and(|weak| hello[..length].windows(weak.len()).any(|window| window == weak))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_a_client_hello_agree() {
        let hello = client_hello("1.1", "example.jp");
        let record = usize::from(u16::from_be_bytes([hello[3], hello[4]]));
        assert_eq!(record + 5, hello.len());
        assert_eq!(hello[9..11], [3, 2]);
    }
}
