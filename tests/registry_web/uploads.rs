//! Uploads: too large, chunked, cut short, slow.

use std::io::Write;
use std::time::Instant;

use junkyo::registry::model::{Role, TokenScope};

use crate::house::{House, read_answer};

const BUNDLE: &str = "application/vnd.junkyo.bundle";

fn bearer(house: &House) -> String {
    let vendor = house.account(Role::Vendor);
    format!("Bearer {}", house.token(&vendor, TokenScope::Submit))
}

#[test]
fn what_says_that_it_is_too_large_is_refused_before_it_is_sent() {
    let house = House::new();
    let bearer = bearer(&house);
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", BUNDLE),
        ("Content-Length", "999999999999"),
    ];
    let answer = house.send("POST", "/api/v1/submissions", &headers, b"");
    assert_eq!(answer.status, 413, "{}", answer.text());
    assert_eq!(answer.json()["type"], "urn:junkyo:problem:too-large");
    let answer = house.send(
        "POST",
        "/api/v1/challenges",
        &[
            ("Authorization", &bearer),
            ("Content-Type", "application/json"),
            ("Content-Length", "9999999"),
        ],
        b"",
    );
    assert_eq!(answer.status, 413);
    assert_eq!(house.uploads(), 0);
}

#[test]
fn chunks_are_counted_though_nothing_is_announced() {
    let house = House::new();
    let bearer = bearer(&house);
    let mut stream = house.connect();
    let head = format!(
        "POST /api/v1/challenges HTTP/1.1\r\nHost: {}\r\nAuthorization: {bearer}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        house.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    for _ in 0..40 {
        // It may hang up on us in the middle.
        if stream.write_all(&chunk).is_err() {
            break;
        }
    }
    assert_eq!(read_answer(stream).status, 413);
}

#[test]
fn nobody_uploads_before_it_is_known_who_it_is() {
    let house = House::new();
    let answer = house.send(
        "POST",
        "/api/v1/submissions",
        &[("Content-Type", BUNDLE), ("Content-Length", "100000000")],
        b"x",
    );
    assert_eq!(answer.status, 401);
    assert_eq!(house.uploads(), 0);
}

#[test]
fn another_media_type_is_refused_with_those_that_are_taken() {
    let house = House::new();
    let bearer = bearer(&house);
    let answer = house.send(
        "POST",
        "/api/v1/submissions",
        &[("Authorization", &bearer), ("Content-Type", "text/html")],
        b"x",
    );
    assert_eq!(answer.status, 415);
    assert!(answer.text().contains(BUNDLE), "{}", answer.text());
}

#[test]
fn what_is_cut_short_or_stops_coming_is_given_up_and_leaves_nothing() {
    let house = House::new();
    let bearer = bearer(&house);
    let head = |length: usize| {
        format!(
            "POST /api/v1/submissions HTTP/1.1\r\nHost: {}\r\nAuthorization: {bearer}\r\nContent-Type: {BUNDLE}\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n",
            house.address
        )
    };
    let mut cut = house.connect();
    cut.write_all(head(1000).as_bytes()).unwrap();
    cut.write_all(b"PK").unwrap();
    cut.shutdown(std::net::Shutdown::Both).unwrap();
    let mut silent = house.connect();
    silent.write_all(head(1000).as_bytes()).unwrap();
    silent.write_all(b"PK").unwrap();
    let begun = Instant::now();
    let answer = read_answer(silent);
    assert_eq!(answer.status, 408, "{}", answer.text());
    assert!(begun.elapsed().as_secs() >= 10, "{:?}", begun.elapsed());
    assert_eq!(house.uploads(), 0);
}

#[test]
fn what_is_no_bundle_is_refused_with_reasons_and_leaves_nothing() {
    let house = House::new();
    let bearer = bearer(&house);
    for body in [&b"PK\x03\x04 no zip"[..], b"", &[0; 4096]] {
        let length = body.len().to_string();
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", BUNDLE),
            ("Content-Length", length.as_str()),
        ];
        let answer = house.send("POST", "/api/v1/submissions", &headers, body);
        assert_eq!(answer.status, 422, "{}", answer.text());
        let problem = answer.json();
        let reasons = problem["reasons"].as_array().unwrap();
        assert!(!reasons.is_empty(), "{problem}");
        assert!(
            reasons
                .iter()
                .all(|reason| reason["text"]["ja"] != "" && reason["text"]["en"] != ""),
            "{problem}"
        );
    }
    assert_eq!(house.uploads(), 0);
}

#[test]
fn a_form_cannot_hold_endless_fields_or_unasked_files() {
    let house = House::new();
    let cookie = house.session(Role::Administrator).unwrap();
    let csrf = house.csrf(&cookie);
    let many = format!("csrf={csrf}&{}", "a=b&".repeat(3_000));
    let headers = [
        ("Cookie", cookie.as_str()),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    assert_eq!(
        house.send("POST", "/admin/accounts", &headers, many.as_bytes()).status,
        413
    );
    let file = format!(
        "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../../x\"\r\n\r\nx\r\n--b--\r\n"
    );
    let headers = [
        ("Cookie", cookie.as_str()),
        ("Content-Type", "multipart/form-data; boundary=b"),
    ];
    assert_eq!(
        house.send("POST", "/admin/accounts", &headers, file.as_bytes()).status,
        413
    );
    for broken in [
        "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nx",
        "no boundary",
        "--b--",
    ] {
        let answer = house.send("POST", "/admin/accounts", &headers, broken.as_bytes());
        assert!(matches!(answer.status, 400 | 403), "{broken}: {}", answer.status);
    }
}

#[test]
fn a_form_takes_files_of_many_megabytes() {
    let house = House::new();
    let cookie = house.session(Role::Vendor).unwrap();
    let csrf = house.csrf(&cookie);
    let mut form = format!(
        "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"bundle\"; filename=\"b.junkyo\"\r\n\r\n"
    )
    .into_bytes();
    form.resize(form.len() + (5 << 20), b'x');
    form.extend_from_slice(b"\r\n--b--\r\n");
    let headers = [
        ("Cookie", cookie.as_str()),
        ("Content-Type", "multipart/form-data; boundary=b"),
    ];
    let answer = house.send("POST", "/vendor/submit", &headers, &form);
    // Read as a whole, and refused for what it is: no bundle.
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert_eq!(house.uploads(), 0);
}
