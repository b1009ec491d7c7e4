//! The addresses that a target file names, and form encoding.

use std::fmt;

use thiserror::Error;

/// Why a text is no usable address.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
#[error("`{text}` is no address of the form http(s)://host[:port]/path: {reason}")]
pub struct UrlError {
    /// The text.
    pub text: String,
    /// What is wrong.
    pub reason: &'static str,
}

/// An `http` or `https` address.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Url {
    /// Whether TLS is used.
    pub tls: bool,
    /// Host name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Path and query, starting with `/`.
    pub target: String,
}

impl Url {
    /// Parses an address.
    ///
    /// # Errors
    /// [`UrlError`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let error = |reason| UrlError {
            text: text.to_owned(),
            reason,
        };
        let (tls, rest) = if let Some(rest) = text.strip_prefix("https://") {
            (true, rest)
        } else if let Some(rest) = text.strip_prefix("http://") {
            (false, rest)
        } else {
            return Err(error("it starts with neither http:// nor https://"));
        };
        let (authority, target) = match rest.find(['/', '?']) {
            Some(at) if rest.as_bytes()[at] == b'/' => (&rest[..at], rest[at..].to_owned()),
            Some(at) => (&rest[..at], format!("/{}", &rest[at..])),
            None => (rest, "/".to_owned()),
        };
        if authority.contains('@') {
            return Err(error("user names and passwords do not belong into an address"));
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(inner) => {
                let (host, after) = inner.split_once(']').ok_or_else(|| error("`[` without `]`"))?;
                (host, after.strip_prefix(':'))
            }
            None => authority
                .split_once(':')
                .map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        if host.is_empty() || host.contains(char::is_whitespace) {
            return Err(error("it has no host"));
        }
        let port = match port {
            Some(port) => port
                .parse()
                .map_err(|_| error("the port is no number from 1 to 65535"))?,
            None if tls => 443,
            None => 80,
        };
        if target.bytes().any(|byte| byte <= b' ' || byte == 0x7F) {
            return Err(error("it holds spaces or control characters"));
        }
        Ok(Self {
            tls,
            host: host.to_owned(),
            port,
            target,
        })
    }

    /// `host:port`, as in the Host header (the port is left out where it is the default).
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        if self.port == if self.tls { 443 } else { 80 } {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }

    /// The same place with another path.
    pub fn with_target(&self, target: impl Into<String>) -> Self {
        Self {
            target: target.into(),
            ..self.clone()
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.target)
    }
}

/// Percent-encodes everything but unreserved characters (RFC 3986).
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// `application/x-www-form-urlencoded` form of pairs.
pub fn form_encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    pairs
        .into_iter()
        .map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)))
        .collect::<Vec<_>>()
        .join("&")
}

/// Pairs of an `application/x-www-form-urlencoded` text, in order, repeated names kept.
pub fn form_decode(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes
            .get(at + 1..at + 3)
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
                continue;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let url = Url::parse("https://[::1]:8443/a?b").expect("valid");
        assert_eq!(
            (url.host.as_str(), url.port, url.target.as_str()),
            ("::1", 8443, "/a?b")
        );
        assert_eq!(url.to_string(), "https://[::1]:8443/a?b");
        assert_eq!(Url::parse("http://x").expect("valid").to_string(), "http://x/");
        for wrong in ["ftp://x/", "https://", "http://a:b/", "http://u:p@x/", "http://x/a b"] {
            assert!(Url::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn forms() {
        let text = form_encode([("a b", "あ&="), ("a b", "")]);
        assert_eq!(text, "a%20b=%E3%81%82%26%3D&a%20b=");
        assert_eq!(
            form_decode(&text),
            [("a b".into(), "あ&=".into()), ("a b".into(), String::new())]
        );
        assert_eq!(form_decode("x=%zz+1"), [("x".into(), "%zz 1".into())]);
    }
}
