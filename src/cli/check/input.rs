//! What a file holds: a description, a message with or without HTTP, a UDDI document, any XML, or a recording.

use std::path::{Path, PathBuf};

use crate::cli::args::SideArg;
use crate::cli::error::CliError;
use crate::evidence::{Channel, Exchange, read_journal};
use crate::judge::ws_i::Side;
use crate::schema::{DocumentSet, read_regular};
use crate::soap;
use crate::wire::{HttpRequest, HttpResponse, parse_request, parse_response};
use crate::xml::{Doctype, Document, Limits, XmlError, parse_bytes};

/// Bytes of a file that are read at the most.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// One thing to judge.
pub(super) struct Input {
    /// What to call it.
    pub(super) name: String,
    pub(super) content: Content,
}

/// What it is.
pub(super) enum Content {
    /// A service description with the files beside it.
    Description(DocumentSet),
    /// A UDDI document.
    Discovery(Box<Document>),
    /// A SOAP message, or what should be one.
    Message(Box<Captured>),
    /// Any other XML.
    Xml(Box<Result<Document, XmlError>>),
}

/// A captured message.
pub(super) struct Captured {
    pub(super) sides: Vec<Side>,
    pub(super) request: Option<HttpRequest>,
    pub(super) response: Option<HttpResponse>,
    /// Envelope of a capture without HTTP.
    pub(super) bare: Option<Vec<u8>>,
}

impl Input {
    /// Reads a file, or the exchanges of a recording.
    pub(super) fn read(path: &Path, side: Option<SideArg>) -> Result<Vec<Self>, CliError> {
        if path.is_dir() {
            return recording(path);
        }
        let fault = |message: String| CliError::Usage(format!("{}: {message}", path.display()));
        let bytes = read_regular(path, MOST_BYTES).map_err(|error| fault(error.to_string()))?;
        if bytes.is_empty() {
            return Err(fault(
                "expected a message or a description, found an empty file; check how it was saved".into(),
            ));
        }
        let content = content_of(path, bytes, side).map_err(fault)?;
        Ok(vec![Self {
            name: path.display().to_string(),
            content,
        }])
    }
}

fn content_of(path: &Path, bytes: Vec<u8>, side: Option<SideArg>) -> Result<Content, String> {
    let asked = side.map(SideArg::side);
    if bytes.starts_with(b"HTTP/") {
        let response = parse_response(&line_ends(&bytes), "POST", true)
            .map_err(|error| format!("begins like an HTTP response, but is none: {error}"))?;
        return Ok(Content::Message(Box::new(Captured {
            sides: vec![Side::Response],
            request: None,
            response: Some(response),
            bare: None,
        })));
    }
    if looks_like_a_request(&bytes) {
        let (request, _) = parse_request(&line_ends(&bytes))
            .map_err(|error| format!("begins like an HTTP request, but is none: {error}"))?;
        return Ok(Content::Message(Box::new(Captured {
            sides: vec![Side::Request],
            request: Some(request),
            response: None,
            bare: None,
        })));
    }
    let limits = Limits {
        bytes: bytes.len().max(1),
        ..Limits::default()
    };
    let parsed = parse_bytes(&bytes, None, &limits.with_doctype(Doctype::Skip));
    let is_wsdl_name = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("wsdl"));
    let root = parsed.as_ref().ok().map(Document::root);
    let namespace = root.map_or("", |root| root.namespace()).to_owned();
    let local = root.map_or("", |root| root.local()).to_owned();
    if is_wsdl_name || local == "definitions" {
        return DocumentSet::from_file(path)
            .map(Content::Description)
            .map_err(|error| error.to_string());
    }
    if namespace.starts_with("urn:uddi-org:")
        && let Ok(document) = parsed
    {
        return Ok(Content::Discovery(Box::new(document)));
    }
    // Something that is no XML is taken for a message only if it was said to be one.
    if local == "Envelope" || asked.is_some() {
        let sides = asked.map_or_else(
            || match &parsed {
                Ok(document) if is_fault(document) => vec![Side::Response],
                _ => Vec::new(),
            },
            |side| vec![side],
        );
        return Ok(Content::Message(Box::new(Captured {
            sides,
            request: None,
            response: None,
            bare: Some(bytes),
        })));
    }
    Ok(Content::Xml(Box::new(parsed)))
}

fn is_fault(document: &Document) -> bool {
    let body = document.root().child(soap::ENVELOPE, "Body");
    body.is_some_and(|body| body.child(soap::ENVELOPE, "Fault").is_some())
}

fn looks_like_a_request(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default();
    !method.is_empty()
        && method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-')
        && words.nth(1).is_some_and(|version| version.starts_with("HTTP/"))
}

/// Editors save captured heads with LF alone; a head as it was on the wire has CR LF.
fn line_ends(bytes: &[u8]) -> Vec<u8> {
    let crlf = memchr::memmem::find(bytes, b"\r\n\r\n");
    let lf = memchr::memmem::find(bytes, b"\n\n");
    match (crlf, lf) {
        (None, Some(end)) => {
            let head = String::from_utf8_lossy(&bytes[..end])
                .replace('\r', "")
                .replace('\n', "\r\n");
            let body = &bytes[end + 2..];
            // Editing changes lengths too; what is in the file is the message.
            let lines = head
                .split("\r\n")
                .filter(|line| !line.to_ascii_lowercase().starts_with("content-length:"));
            let mut whole: String = lines.map(|line| format!("{line}\r\n")).collect();
            let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
            if !chunked {
                whole.push_str(&format!("Content-Length: {}\r\n", body.len()));
            }
            whole.push_str("\r\n");
            [whole.as_bytes(), body].concat()
        }
        _ => bytes.to_vec(),
    }
}

/// Every exchange of a recording, or of a run.
fn recording(path: &Path) -> Result<Vec<Input>, CliError> {
    let inside = path.join("evidence");
    let folder: PathBuf = if inside.is_dir() { inside } else { path.to_owned() };
    let recording = read_journal(&folder)?;
    let mut exchanges: Vec<(String, Exchange)> = Vec::new();
    for (scenario, evidence) in recording.scenarios {
        for exchange in evidence.exchanges {
            let wanted = matches!(exchange.channel, Channel::Api | Channel::Callback);
            if wanted && is_soap(&exchange) {
                exchanges.push((
                    format!("{scenario} {} #{}", exchange.step, exchange.index + 1),
                    exchange,
                ));
            }
        }
    }
    exchanges.sort_by(|a, b| (a.1.started_us, &a.0).cmp(&(b.1.started_us, &b.0)));
    exchanges.dedup_by(|a, b| a.1.started_us == b.1.started_us && a.1.request == b.1.request);
    Ok(exchanges
        .into_iter()
        .map(|(name, exchange)| {
            let request = parse_request(&exchange.request).ok().map(|(request, _)| request);
            let method = request.as_ref().map_or("POST", |request| request.method.as_str());
            let response = parse_response(&exchange.response, method, exchange.fault.is_none()).ok();
            Input {
                name,
                content: Content::Message(Box::new(Captured {
                    sides: vec![Side::Request, Side::Response],
                    request,
                    response,
                    bare: None,
                })),
            }
        })
        .collect())
}

fn is_soap(exchange: &Exchange) -> bool {
    let has = |word: &[u8]| memchr::memmem::find(&exchange.request, word).is_some();
    has(b"Envelope") || has(b"SOAPAction") || has(b"soapaction")
}
