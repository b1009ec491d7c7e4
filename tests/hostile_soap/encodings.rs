//! Bytes that are not what they say.

use std::fs;

use crate::doors::{Door, Trial};
use crate::process::Scratch;

fn utf16(text: &str, big: bool) -> Vec<u8> {
    let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
    text.encode_utf16().flat_map(bytes).collect()
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let mut trial = Trial::default();
    let a = |bytes: &[u8]| joined(&[b"<a xmlns=\"urn:t\">", bytes, b"</a>"]);
    for (name, bytes) in [
        ("latin1", a(b"\xE9")),
        ("cut-short", a(b"\xE4\xBD")),
        ("overlong-slash", a(b"\xC0\xAF")),
        ("overlong-less", a(b"\xC0\xBCb/\xC0\xBE")),
        ("overlong-null", a(b"\xC0\x80")),
        ("overlong-three", a(b"\xE0\x80\xBC")),
        ("surrogate", a(b"\xED\xA0\x80")),
        ("too-high", a(b"\xF5\x80\x80\x80")),
        ("null", a(b"\0")),
        ("control", a(b"\x0B")),
        ("noncharacter", a("\u{FFFF}".as_bytes())),
        ("nulls", vec![0; 10_000]),
        (
            "noise",
            (0..100_000_u32)
                .map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8)
                .collect(),
        ),
        ("gzip", joined(&[b"\x1F\x8B\x08\0\0\0\0\0", &[7; 100]])),
        ("mark-alone", b"\xEF\xBB\xBF".to_vec()),
        (
            "utf7",
            joined(&[b"<?xml version=\"1.0\" encoding=\"UTF-7\"?>", &a(b"+ADw-b/+AD4-")]),
        ),
        (
            "unknown",
            joined(&[b"<?xml version=\"1.0\" encoding=\"KLINGON-8\"?>", &a(b"")]),
        ),
        (
            "ebcdic",
            joined(&[b"<?xml version=\"1.0\" encoding=\"IBM037\"?>", &a(b"")]),
        ),
        (
            "says-utf16",
            joined(&[b"<?xml version=\"1.0\" encoding=\"UTF-16\"?>", &a(b"")]),
        ),
        ("shift-jis-as-utf8", a(b"\x8F\x5A\x96\xAF")),
        (
            "utf8-then-utf16",
            joined(&[b"<a xmlns=\"urn:t\">", &utf16("<b/></a>", true)]),
        ),
        (
            "mark-wrong",
            joined(&[b"\xFF\xFE", &utf16("<a xmlns=\"urn:t\"/>", true)]),
        ),
        (
            "mark-utf8-says-utf16",
            joined(&[b"\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-16\"?>", &a(b"")]),
        ),
        (
            "utf16-says-utf8",
            joined(&[
                b"\xFE\xFF",
                &utf16("<?xml version=\"1.0\" encoding=\"UTF-8\"?><a xmlns=\"urn:t\"/>", true),
            ]),
        ),
        (
            "utf16-odd",
            joined(&[b"\xFE\xFF", &utf16("<a xmlns=\"urn:t\"/>", true), b"\0"]),
        ),
        (
            "utf16-lone",
            joined(&[
                b"\xFE\xFF",
                &utf16("<a xmlns=\"urn:t\">", true),
                b"\xD8\0",
                &utf16("</a>", true),
            ]),
        ),
        (
            "utf16-no-mark-odd",
            joined(&[&utf16("<a xmlns=\"urn:t\"/>", false), b"\n"]),
        ),
        (
            "utf32",
            "<a xmlns=\"urn:t\"/>"
                .chars()
                .flat_map(|c| u32::from(c).to_be_bytes())
                .collect(),
        ),
        ("utf32-mark", joined(&[b"\xFF\xFE\0\0", b"<\0\0\0a\0\0\0"])),
    ] {
        trial.refused(&Door::FEW, name, &bytes, &[]);
    }
    trial.end();
}

#[test]
fn other_encodings_are_read() {
    let mut trial = Trial::default();
    let scratch = Scratch::new("encodings");
    for (name, bytes) in [
        (
            "shift-jis",
            joined(&[b"<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><a xmlns=\"urn:t\">\x8F\x5A\x96\xAF</a>"]),
        ),
        (
            "euc-jp",
            joined(&[b"<?xml version=\"1.0\" encoding=\"EUC-JP\"?><a xmlns=\"urn:t\">\xBD\xBB</a>"]),
        ),
        (
            "iso-2022-jp",
            joined(&[b"<?xml version=\"1.0\" encoding=\"ISO-2022-JP\"?><a xmlns=\"urn:t\">\x1B$B=;\x1B(B</a>"]),
        ),
        (
            "utf16-mark",
            joined(&[b"\xFE\xFF", &utf16("<a xmlns=\"urn:t\">\u{4F4F}</a>", true)]),
        ),
        ("utf16-big", utf16("<?xml version=\"1.0\"?><a xmlns=\"urn:t\"/>", true)),
        (
            "utf16-little",
            utf16("<?xml version=\"1.0\"?><a xmlns=\"urn:t\"/>", false),
        ),
    ] {
        for door in Door::ALL {
            let ended = trial.through(&scratch, door, name, &bytes);
            let is_read = !matches!(door, Door::Xml) || ended.code == Some(0);
            trial.holds(is_read, name, "is not read", &ended);
        }
    }
    trial.end();
}

/// The head says one encoding, the body is another.
#[test]
fn transport_and_body_that_disagree() {
    let mut trial = Trial::with_requirements();
    let scratch = Scratch::new("transport");
    let envelope = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body/></s:Envelope>";
    for (charset, body) in [
        ("utf-16", envelope.as_bytes().to_vec()),
        ("utf-16le", joined(&[b"\xFE\xFF", &utf16(envelope, true)])),
        ("utf-8", joined(&[b"\xFE\xFF", &utf16(envelope, true)])),
        ("utf-7", envelope.as_bytes().to_vec()),
        ("klingon", envelope.as_bytes().to_vec()),
        ("\"utf-8", b"\xFF".to_vec()),
        ("utf-8; charset=utf-16", b"\xFF".to_vec()),
        (&"x".repeat(60_000), b"\xFF".to_vec()),
    ] {
        for first in ["POST /x HTTP/1.1\r\nHost: x\r\nSOAPAction: \"\"", "HTTP/1.1 200 OK"] {
            let head = format!(
                "{first}\r\nContent-Type: text/xml; charset={charset}\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            fs::write(scratch.join("x.http"), joined(&[head.as_bytes(), &body])).expect("written");
            let name = format!("charset {}", &charset[..charset.len().min(30)]);
            let ended = trial.call(&scratch, &["check", "x.http"], &name);
            trial.is_refused(&ended, &name, &[]);
        }
    }
    trial.end();
}

/// Heads of captured messages.
#[test]
fn heads_that_are_no_http() {
    let mut trial = Trial::with_requirements();
    let scratch = Scratch::new("heads");
    let many: String = (0..10_000).map(|number| format!("X-{number}: y\r\n")).collect();
    for (name, bytes) in [
        (
            "length-huge",
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n".to_vec(),
        ),
        (
            "length-negative",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n".to_vec(),
        ),
        (
            "length-beyond",
            b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx".to_vec(),
        ),
        (
            "chunk-huge",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx".to_vec(),
        ),
        (
            "chunk-open",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab".to_vec(),
        ),
        ("head-open", b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n".to_vec()),
        ("head-long", format!("POST / HTTP/1.1\r\n{many}\r\n").into_bytes()),
        ("status-none", b"HTTP/1.1 \r\n\r\n".to_vec()),
        (
            "interim",
            [&b"HTTP/1.1 100 Continue\r\n\r\n".repeat(200_000)[..], b"HTTP/1.1 "].concat(),
        ),
        ("null", b"POST / HTTP/1.1\r\nX: \0\r\n\r\n".to_vec()),
        (
            "chunks",
            [
                &b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"[..],
                &b"1\r\n<\r\n".repeat(1_000_000),
                b"0\r\n\r\n",
            ]
            .concat(),
        ),
    ] {
        fs::write(scratch.join("x.http"), &bytes).expect("written");
        let ended = trial.call(&scratch, &["check", "x.http"], name);
        trial.is_refused(&ended, name, &[]);
    }
    trial.end();
}
