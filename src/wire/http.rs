//! HTTP/1 messages: parsing recorded bytes, and building replies.

use thiserror::Error;

/// Header lines in the order in which they stand on the wire.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Headers(pub Vec<(String, String)>);

impl Headers {
    /// The first value of a header, by its name in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// All values of a header.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// A request, parsed.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// Method.
    pub method: String,
    /// Request target as sent: path and query.
    pub target: String,
    /// Minor version: 0 or 1.
    pub minor: u8,
    /// Headers.
    pub headers: Headers,
    /// Body without chunk framing.
    pub body: Vec<u8>,
}

impl HttpRequest {
    /// Path without the query.
    pub fn path(&self) -> &str {
        self.target
            .split_once('?')
            .map_or(self.target.as_str(), |(path, _)| path)
    }

    /// Query without the question mark, or an empty string.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// Media type of the body in lower case, without parameters.
    pub fn media_type(&self) -> Option<String> {
        media_type(&self.headers)
    }

    /// Whether the sender wants the connection to stay open.
    pub fn keeps_alive(&self) -> bool {
        let connection = self.headers.get("connection").unwrap_or_default().to_ascii_lowercase();
        if self.minor == 0 {
            connection.contains("keep-alive")
        } else {
            !connection.contains("close")
        }
    }
}

/// A response, parsed.
#[derive(Clone, Debug)]
pub struct HttpResponse {
    /// Status.
    pub status: u16,
    /// Minor version: 0 or 1.
    pub minor: u8,
    /// Headers.
    pub headers: Headers,
    /// Body without chunk framing.
    pub body: Vec<u8>,
    /// Bytes of the head, so that a check can look at it as it was sent.
    pub head_length: usize,
    /// Bytes that came after the end that the head announced.
    pub surplus: usize,
}

impl HttpResponse {
    /// Media type of the body in lower case, without parameters.
    pub fn media_type(&self) -> Option<String> {
        media_type(&self.headers)
    }

    /// A parameter of the Content-Type, such as `charset`.
    pub fn media_parameter(&self, name: &str) -> Option<String> {
        media_parameter(&self.headers, name)
    }
}

pub(crate) fn media_type(headers: &Headers) -> Option<String> {
    let value = headers.get("content-type")?;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}

pub(crate) fn media_parameter(headers: &Headers, name: &str) -> Option<String> {
    headers.get("content-type")?.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// Why bytes are no (complete) HTTP message.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
pub enum ParseError {
    /// More bytes are needed.
    #[error("the message is not complete")]
    Incomplete,
    /// What is there can never become a message.
    #[error("not HTTP/1: {0}")]
    Malformed(String),
    /// A limit of [`ReadLimits`] was passed.
    #[error("more than {0} bytes")]
    TooLarge(usize),
}

/// How much of a message is read at the most.
#[derive(Clone, Copy, Debug)]
pub struct ReadLimits {
    /// Bytes of the head.
    pub head: usize,
    /// Bytes of the whole message.
    pub message: usize,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            head: 64 * 1024,
            message: 16 * 1024 * 1024,
        }
    }
}

const MAX_HEADERS: usize = 128;

/// Where a body ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

/// Parses a request. The second value is the number of bytes that belong to it.
///
/// # Errors
/// [`ParseError::Incomplete`] as long as more bytes could complete it.
pub fn parse_request(bytes: &[u8]) -> Result<(HttpRequest, usize), ParseError> {
    let mut lines = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut lines);
    let head_length = complete(head.parse(bytes))?;
    let headers = owned(head.headers);
    let framing = framing(&headers)?.unwrap_or(Framing::Length(0));
    let (body, end) = body(bytes, head_length, framing, true)?;
    let request = HttpRequest {
        method: head.method.unwrap_or_default().to_owned(),
        target: head.path.unwrap_or_default().to_owned(),
        minor: head.version.unwrap_or(1),
        headers,
        body,
    };
    Ok((request, end))
}

/// Parses a response to a request of the given method. Interim (1xx) responses are skipped.
/// `closed` tells that no more bytes will come.
///
/// # Errors
/// [`ParseError::Incomplete`] as long as more bytes could complete it.
pub fn parse_response(bytes: &[u8], method: &str, closed: bool) -> Result<HttpResponse, ParseError> {
    let mut start = 0;
    loop {
        let mut lines = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Response::new(&mut lines);
        let head_length = complete(head.parse(&bytes[start..]))?;
        let status = head.code.unwrap_or_default();
        if (100..200).contains(&status) && status != 101 {
            start += head_length;
            continue;
        }
        let headers = owned(head.headers);
        let bodiless = method.eq_ignore_ascii_case("HEAD") || matches!(status, 101 | 204 | 304);
        let framing = if bodiless {
            Framing::Length(0)
        } else {
            framing(&headers)?.unwrap_or(Framing::UntilClose)
        };
        let minor = head.version.unwrap_or(1);
        let (body, end) = body(bytes, start + head_length, framing, closed)?;
        return Ok(HttpResponse {
            status,
            minor,
            headers,
            body,
            head_length: start + head_length,
            surplus: bytes.len() - end,
        });
    }
}

fn complete(result: httparse::Result<usize>) -> Result<usize, ParseError> {
    match result {
        Ok(httparse::Status::Complete(length)) => Ok(length),
        Ok(httparse::Status::Partial) => Err(ParseError::Incomplete),
        Err(error) => Err(ParseError::Malformed(error.to_string())),
    }
}

fn owned(lines: &[httparse::Header<'_>]) -> Headers {
    Headers(
        lines
            .iter()
            .map(|line| (line.name.to_owned(), String::from_utf8_lossy(line.value).into_owned()))
            .collect(),
    )
}

fn framing(headers: &Headers) -> Result<Option<Framing>, ParseError> {
    if headers
        .all("transfer-encoding")
        .any(|value| value.to_ascii_lowercase().contains("chunked"))
    {
        return Ok(Some(Framing::Chunked));
    }
    let Some(length) = headers.get("content-length") else {
        return Ok(None);
    };
    length
        .trim()
        .parse()
        .map(|length| Some(Framing::Length(length)))
        .map_err(|_| ParseError::Malformed(format!("Content-Length is `{length}`")))
}

/// The body and the offset of its end.
fn body(bytes: &[u8], start: usize, framing: Framing, closed: bool) -> Result<(Vec<u8>, usize), ParseError> {
    match framing {
        Framing::Length(length) => match start.checked_add(length) {
            Some(end) if end <= bytes.len() => Ok((bytes[start..end].to_vec(), end)),
            Some(_) => Err(ParseError::Incomplete),
            None => Err(ParseError::Malformed("Content-Length is too large".into())),
        },
        Framing::UntilClose if closed => Ok((bytes[start..].to_vec(), bytes.len())),
        Framing::UntilClose => Err(ParseError::Incomplete),
        Framing::Chunked => chunks(bytes, start),
    }
}

fn chunks(bytes: &[u8], mut at: usize) -> Result<(Vec<u8>, usize), ParseError> {
    let mut body = Vec::new();
    loop {
        let (line, size) = match httparse::parse_chunk_size(&bytes[at..]) {
            Ok(httparse::Status::Complete((line, size))) => (line, usize::try_from(size).unwrap_or(usize::MAX)),
            Ok(httparse::Status::Partial) => return Err(ParseError::Incomplete),
            Err(_) => return Err(ParseError::Malformed("chunk size".into())),
        };
        at += line;
        if size == 0 {
            // Trailer lines up to an empty one.
            loop {
                let rest = &bytes[at..];
                let Some(end) = memchr::memmem::find(rest, b"\r\n") else {
                    return Err(ParseError::Incomplete);
                };
                at += end + 2;
                if end == 0 {
                    return Ok((body, at));
                }
            }
        }
        let Some(end) = at.checked_add(size) else {
            return Err(ParseError::Malformed("chunk size".into()));
        };
        if bytes.len() < end.saturating_add(2) {
            return Err(ParseError::Incomplete);
        }
        body.extend_from_slice(&bytes[at..end]);
        if &bytes[end..end + 2] != b"\r\n" {
            return Err(ParseError::Malformed("chunk without its line end".into()));
        }
        at = end + 2;
    }
}

/// Bytes of a response with a Content-Length.
pub fn response_bytes(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status} {}\r\n", reason(status)).into_bytes();
    for (name, value) in headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        204 => "No Content",
        302 => "Found",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_chunks_and_close() {
        let plain = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
        assert_eq!(parse_response(plain, "GET", false).expect("complete").body, b"hi");
        assert_eq!(
            parse_response(&plain[..plain.len() - 1], "GET", true).unwrap_err(),
            ParseError::Incomplete
        );
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nrest";
        let response = parse_response(chunked, "GET", false).expect("complete");
        assert_eq!((response.body.as_slice(), response.surplus), (&b"hi"[..], 4));
        let open = b"HTTP/1.0 200 OK\r\n\r\nhi";
        assert_eq!(parse_response(open, "GET", false).unwrap_err(), ParseError::Incomplete);
        assert_eq!(parse_response(open, "GET", true).expect("closed").body, b"hi");
    }

    #[test]
    fn interim_responses_are_skipped() {
        let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(parse_response(bytes, "POST", false).expect("complete").status, 204);
    }

    #[test]
    fn hostile_framing_is_an_error_not_a_panic() {
        for bytes in [
            &b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n"[..],
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"\x16\x03\x01 hello",
        ] {
            assert!(matches!(
                parse_response(bytes, "GET", true),
                Err(ParseError::Malformed(_) | ParseError::Incomplete)
            ));
        }
    }

    #[test]
    fn requests_tell_their_length() {
        let bytes = b"POST /a?b=c HTTP/1.1\r\nContent-Length: 1\r\n\r\nxGET";
        let (request, end) = parse_request(bytes).expect("complete");
        assert_eq!((request.path(), request.query(), end), ("/a", "b=c", bytes.len() - 3));
    }
}
