//! Services that answer what no client expects, and that call back as nobody asked for.

use std::fs;
use std::io::{Read as _, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::doors::Trial;
use crate::process::{Ended, Mock, Scratch};
use crate::servers::{Server, without_end};

const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
const WSU: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\n";

/// With the scenarios that are run here.
fn trial() -> Trial {
    let trial = Trial::with_requirements();
    for subject in ["platform-communication", "ws-addressing", "ws-security"] {
        trial.with_corpus(&format!("requirements/{subject}.toml"));
    }
    trial.with_corpus("platform-communication");
    trial
}

/// Writes the target file beside the description of the reference service.
fn target(scratch: &Scratch, server: &Server, asked: &Asked<'_>) {
    let Asked {
        claim,
        patience_ms,
        more,
        ..
    } = asked;
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/platform-communication/service");
    for name in ["exchange.wsdl", "messages.xsd", "types.xsd"] {
        scratch.write(
            &format!("service/{name}"),
            &fs::read_to_string(from.join(name)).expect("there"),
        );
    }
    scratch.write(
        "target.toml",
        &format!(
            r#"[product]
vendor = "テスト株式会社"
name = "試験用"
version = "1.0"
claims = ["{claim}"]

[endpoints."platform-communication.soap"]
url = "{}"
wsdl = "service/exchange.wsdl"

[limits]
connect-timeout-ms = 500
exchange-timeout-ms = {patience_ms}
max-response-bytes = 1048576
settle-ms = 100
consumer-timeout-ms = 1000
retry-wait-ms = 20

{more}
"#,
            server.url("/exchange")
        ),
    );
}

/// What is asked of a service.
struct Asked<'a> {
    claim: &'a str,
    filter: &'a str,
    /// How long an exchange may take: long where the service answers at once, so that a busy machine changes nothing.
    patience_ms: u32,
    /// More of the target file.
    more: &'a str,
}

const AT_ONCE_MS: u32 = 10_000;
const NEVER_MS: u32 = 800;

fn run(trial: &mut Trial, name: &str, server: &Server, asked: &Asked<'_>) -> Ended {
    let scratch = Scratch::new("service");
    target(&scratch, server, asked);
    let arguments = [
        "run",
        "--target",
        "target.toml",
        "--no-preflight",
        "--filter",
        asked.filter,
        "--out",
        "run",
    ];
    let ended = trial.call(&scratch, &arguments, name);
    trial.holds(
        matches!(ended.code, Some(1 | 3)),
        name,
        "is taken for conformant",
        &ended,
    );
    let again = trial.call(
        &scratch,
        &["judge", "run/bundle.junkyo"],
        &format!("{name} (judged again)"),
    );
    trial.holds(
        again.code == ended.code,
        name,
        "is judged otherwise from the bundle",
        &again,
    );
    ended
}

fn provider(
    trial: &mut Trial,
    name: &str,
    patience_ms: u32,
    answer: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
) {
    let server = Server::product(answer);
    run(
        trial,
        name,
        &server,
        &Asked {
            claim: "platform-communication.soap.provider",
            filter: "id(PC-P-request-response)",
            patience_ms,
            more: "",
        },
    );
}

/// A service that always writes the same.
fn canned(trial: &mut Trial, name: &str, bytes: Vec<u8>) {
    provider(trial, name, AT_ONCE_MS, move |stream| stream.write_all(&bytes));
}

fn with_length(head: &str, body: &[u8]) -> Vec<u8> {
    [
        format!("{head}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()).as_bytes(),
        body,
    ]
    .concat()
}

fn envelope(inside: &str) -> String {
    format!("<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{inside}</s:Body></s:Envelope>")
}

#[test]
fn answers_without_end() {
    let mut trial = trial();
    for (name, head, piece) in [
        ("body without end", format!("{OK}\r\n"), "<a>"),
        (
            "length of a terabyte",
            format!("{OK}Content-Length: 1099511627776\r\n\r\n"),
            "<a>",
        ),
        (
            "chunks without end",
            format!("{OK}Transfer-Encoding: chunked\r\n\r\n"),
            "1\r\n<\r\n",
        ),
        (
            "a chunk without end",
            format!("{OK}Transfer-Encoding: chunked\r\n\r\nffffffffff\r\n"),
            "<a>",
        ),
        ("head without end", OK.to_owned(), "X-A: b\r\n"),
        ("header without end", format!("{OK}X-A: "), "x"),
        ("interim without end", String::new(), "HTTP/1.1 100 Continue\r\n\r\n"),
        (
            "early hints without end",
            String::new(),
            "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",
        ),
        (
            "trailers without end",
            format!("{OK}Transfer-Encoding: chunked\r\n\r\n0\r\n"),
            "X-A: b\r\n",
        ),
    ] {
        provider(&mut trial, name, NEVER_MS, move |stream| {
            without_end(stream, head.as_bytes(), piece.as_bytes())
        });
    }
    provider(&mut trial, "one byte at a time", NEVER_MS, |stream| {
        for byte in with_length(OK, &[b' '; 10_000]) {
            stream.write_all(&[byte])?;
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    });
    trial.end();
}

#[test]
fn answers_that_are_no_envelope() {
    let mut trial = trial();
    let deep = envelope(&"<a>".repeat(300_000));
    let huge = envelope(&"<a/>".repeat(200_000));
    let bomb = format!(
        "<!DOCTYPE a [<!ENTITY x \"{}\">]>{}",
        "y".repeat(1_000),
        envelope(&"&x;".repeat(10_000))
    );
    let outside = format!(
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\" [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{}",
        envelope("&x;")
    );
    let attributes: String = (0..50_000).map(|number| format!(" a{number}=\"\"")).collect();
    let other = envelope("<m:pollExtractResponse xmlns:m=\"http://junkyo.example/exchange/1/messages\"/>");
    let utf16: Vec<u8> = envelope("").encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (name, bytes) in [
        ("deep", with_length(OK, deep.as_bytes())),
        ("huge", with_length(OK, huge.as_bytes())),
        ("bomb", with_length(OK, bomb.as_bytes())),
        ("external entity", with_length(OK, outside.as_bytes())),
        (
            "attributes",
            with_length(OK, envelope(&format!("<a{attributes}/>")).as_bytes()),
        ),
        ("answer of another operation", with_length(OK, other.as_bytes())),
        (
            "gzip",
            with_length(
                &format!("{OK}Content-Encoding: gzip\r\n"),
                &[31, 139, 8, 0, 0, 0, 0, 0, 7, 7],
            ),
        ),
        (
            "multipart",
            with_length(
                "HTTP/1.1 200 OK\r\nContent-Type: multipart/related; boundary=b; type=\"text/xml\"\r\n",
                b"--b\r\nContent-Type: text/xml\r\n\r\n<a/>\r\n--b--",
            ),
        ),
        (
            "html",
            with_length(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n",
                b"<html><body>OK</body></html>",
            ),
        ),
        (
            "charset that lies",
            with_length("HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\n", &utf16),
        ),
        (
            "charset unknown",
            with_length(
                "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=klingon\r\n",
                envelope("").as_bytes(),
            ),
        ),
        ("null bytes", with_length(OK, &[0; 10_000])),
        ("nothing", with_length(OK, b"")),
        ("HTTP/0.9", envelope("").into_bytes()),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        ("TLS alert", b"\x15\x03\x01\x00\x02\x02\x46".to_vec()),
        (
            "status 999",
            with_length(
                "HTTP/1.1 999 Odd\r\nContent-Type: text/xml\r\n",
                envelope("").as_bytes(),
            ),
        ),
        (
            "two answers",
            [
                with_length(OK, envelope("").as_bytes()),
                with_length(OK, envelope("").as_bytes()),
            ]
            .concat(),
        ),
        (
            "length that lies",
            format!("{OK}Content-Length: 5\r\n\r\n{}", envelope("")).into_bytes(),
        ),
        (
            "redirect to itself",
            with_length("HTTP/1.1 302 Found\r\nLocation: /exchange\r\n", b""),
        ),
        ("closed", Vec::new()),
    ] {
        canned(&mut trial, name, bytes);
    }
    trial.end();
}

/// Signatures and tokens made to keep a verifier busy.
#[test]
fn security_headers_that_exhaust() {
    let mut trial = trial();
    let scratch = Scratch::new("keys");
    let mock = Mock::start(&scratch, "mock");
    let key = |name: &str, file: &str| format!("{name} = \"{}\"\n", mock.folder.join(file).display());
    let keys = "[security]\n".to_owned()
        + &key("certificate", "signing.pem")
        + &key("key", "signing-key.pem")
        + &key("authorities", "signing-ca.pem");
    let secured = |inside: &str, body: &str| {
        format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:w=\"{WSSE}\" xmlns:u=\"{WSU}\" \
             xmlns:d=\"http://www.w3.org/2000/09/xmldsig#\"><s:Header><w:Security>{inside}</w:Security></s:Header>\
             <s:Body u:Id=\"b\">{body}</s:Body></s:Envelope>"
        )
    };
    let reference = |to: &str| {
        format!(
            "<d:Reference URI=\"#{to}\"><d:Transforms><d:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>\
             </d:Transforms><d:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>\
             <d:DigestValue>AAAA</d:DigestValue></d:Reference>"
        )
    };
    let signature = |references: &str, key: &str| {
        format!(
            "<d:Signature u:Id=\"s\"><d:SignedInfo><d:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>\
             <d:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/>{references}</d:SignedInfo>\
             <d:SignatureValue>AAAA</d:SignatureValue><d:KeyInfo>{key}</d:KeyInfo></d:Signature>"
        )
    };
    let token_reference = |to: &str| {
        format!("<w:SecurityTokenReference u:Id=\"k\"><w:Reference URI=\"#{to}\"/></w:SecurityTokenReference>")
    };
    let transforms = "<d:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/>".repeat(10_000);
    let big_token = format!(
        "<w:BinarySecurityToken u:Id=\"t\">{}</w:BinarySecurityToken>",
        "A".repeat(900_000)
    );
    for (name, header, body) in [
        (
            "2000 references",
            signature(&reference("b").repeat(2_000), &token_reference("t")),
            "x".repeat(100_000),
        ),
        (
            "references to itself",
            signature(&reference("s"), &token_reference("s")),
            String::new(),
        ),
        (
            "a key that refers to itself",
            signature(&reference("b"), &token_reference("k")),
            String::new(),
        ),
        (
            "transforms",
            signature(
                &reference("b").replace("<d:Transforms>", &format!("<d:Transforms>{transforms}")),
                "",
            ),
            String::new(),
        ),
        (
            "a token of a megabyte",
            big_token + &signature(&reference("b"), &token_reference("t")),
            String::new(),
        ),
        (
            "a nonce of a megabyte",
            format!(
                "<w:UsernameToken><w:Username>x</w:Username><w:Nonce>{}</w:Nonce></w:UsernameToken>",
                "A".repeat(900_000)
            ),
            String::new(),
        ),
        (
            "signatures",
            signature(&reference("b"), "").repeat(1_000),
            String::new(),
        ),
        (
            "ids twice",
            signature(&reference("b"), &token_reference("t")),
            "<a u:Id=\"b\"/>".repeat(10_000),
        ),
        (
            "timestamps",
            "<u:Timestamp><u:Created>9999999999-01-01T00:00:00Z</u:Created></u:Timestamp>".repeat(5_000),
            String::new(),
        ),
        (
            "a reference outside",
            signature(&reference("b").replace("#b", "file:///etc/passwd"), ""),
            String::new(),
        ),
    ] {
        let bytes = with_length(OK, secured(&header, &body).as_bytes());
        let server = Server::product(move |stream| stream.write_all(&bytes));
        let asked = Asked {
            claim: "platform-communication.security.provider",
            filter: "id(WSS-P-signed)",
            patience_ms: AT_ONCE_MS,
            more: &keys,
        };
        let ended = run(&mut trial, name, &server, &asked);
        trial.holds(ended.code == Some(1), name, "is not the fault of the product", &ended);
    }
    trial.end();
}

/// `junkyo record` stands between a caller and a hostile service, and judges what it saw.
#[test]
fn recording_of_hostile_answers() {
    let mut trial = trial();
    let deep = with_length(OK, envelope(&"<a>".repeat(100_000)).as_bytes());
    let server = Server::start(move |mut stream| {
        let mut piece = [0; 4096];
        let read = stream.read(&mut piece).unwrap_or_default();
        if piece[..read].starts_with(b"POST /endless") {
            without_end(&mut stream, format!("{OK}\r\n").as_bytes(), b"<a>").ok();
        } else {
            stream.write_all(&deep).ok();
        }
    });
    let scratch = Scratch::new("record");
    let forward = server.url("/");
    let arguments = [
        "record",
        "--listen",
        "127.0.0.1:0",
        "--forward",
        &forward,
        "--count",
        "3",
        "--seconds",
        "30",
        "--out",
        "rec",
    ];
    let mut running = trial.prepared(&scratch, &arguments).start();
    let told = running.stderr.clone();
    let address = || {
        let told = fs::read_to_string(&told).unwrap_or_default();
        let (_, after) = told.split_once("recording http://")?;
        after.split_once(' ').map(|(address, _)| address.to_owned())
    };
    assert!(running.wait_until(|| address().is_some()), "the recorder did not start");
    let address = address().expect("told");
    for path in ["/endless", "/deep", "/deep"] {
        let mut stream = TcpStream::connect(&address).expect("the recorder listens");
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nSOAPAction: \"\"\r\n");
        stream
            .write_all(&with_length(&head, b"<!DOCTYPE a><a/>"))
            .expect("sent");
        // The recorder may cut the answer off.
        std::io::copy(&mut stream.take(1 << 26), &mut std::io::sink()).ok();
    }
    let ended = trial.ended(running, "record");
    trial.holds(
        ended.stderr.contains("recorded 3 exchanges"),
        "record",
        "not all is recorded",
        &ended,
    );
    trial.holds(
        matches!(ended.code, Some(1 | 3)),
        "record",
        "is taken for conformant",
        &ended,
    );
    trial.call(&scratch, &["check", "rec"], "check of the recording");
    trial.end();
}

/// Address and path of the callback that a request asks for, if it does.
fn reply_to(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        bytes.extend_from_slice(&piece[..read]);
        if bytes.ends_with(b"Envelope>") {
            break;
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (_, after) = text.split_once("ReplyTo")?;
    let (_, after) = after.split_once("http://127.0.0.1")?;
    let (address, _) = after.split_once('<')?;
    let (port, path) = address.split_once('/')?;
    Some((format!("127.0.0.1{port}"), format!("/{path}")))
}

/// Takes requests for callbacks, and does something to the address that is to be called; tells whether it did.
fn caller(act: impl Fn(&str, &str) + Send + Sync + 'static) -> (Server, Arc<AtomicBool>) {
    let called = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&called);
    let server = Server::start(move |mut stream| {
        let callback = reply_to(&mut stream);
        stream
            .write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .ok();
        drop(stream);
        if let Some((address, path)) = callback {
            told.store(true, Ordering::Relaxed);
            act(&address, &path);
        }
    });
    (server, called)
}

fn callback(path: &str, body: &[u8]) -> Vec<u8> {
    with_length(
        &format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nSOAPAction: \"\"\r\n"),
        body,
    )
}

#[test]
fn callbacks_that_nobody_asked_for() {
    let mut trial = trial();
    let send = |address: &str, bytes: &[u8]| {
        if let Ok(mut stream) = TcpStream::connect(address) {
            stream.set_read_timeout(Some(Duration::from_millis(200))).ok();
            stream.write_all(bytes).ok();
            // Whatever it answers, or nothing.
            let _answered = stream.read(&mut [0; 1024]);
        }
    };
    let flood = caller(move |address, path| {
        for _ in 0..10_000 {
            send(address, &callback(path, envelope("<x/>").as_bytes()));
        }
    });
    let large = caller(move |address, path| {
        for _ in 0..2 {
            send(address, &callback(path, &vec![b'<'; 15_000_000]));
        }
    });
    let garbage = caller(move |address, path| {
        send(address, b"\x16\x03\x01garbage\r\n\r\n");
        send(address, &callback(path, b"<a"));
        send(address, &callback(path, &[0; 1000]));
        send(address, &callback(path, envelope(&"<a>".repeat(100_000)).as_bytes()));
        send(address, &callback("/nobody", b"<a/>"));
        send(address, &callback(&"/x".repeat(30_000), b"<a/>"));
    });
    let endless = caller(move |address, path| {
        if let Ok(mut stream) = TcpStream::connect(address) {
            let head = format!("POST {path} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
            without_end(&mut stream, head.as_bytes(), b"1\r\n<\r\n").ok();
        }
    });
    for (name, (server, called)) in [
        ("10000 callbacks", flood),
        ("2 callbacks of 15 MB", large),
        ("callbacks with garbage", garbage),
        ("a callback without end", endless),
    ] {
        run(
            &mut trial,
            name,
            &server,
            &Asked {
                claim: "platform-communication.addressing.provider",
                filter: "id(WSA-P-callback)",
                patience_ms: NEVER_MS,
                more: "",
            },
        );
        assert!(called.load(Ordering::Relaxed), "{name}: no callback was asked for");
    }
    trial.end();
}
