//! Products that misbehave on the wire. `junkyo` waits no longer than the target file says, keeps
//! its memory, blames the product or the network, and leaves evidence.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::time::Duration;

use crate::process::{Ended, Mock, Scratch, junkyo};
use crate::servers::{Server, without_end};
use crate::target::TargetText;

/// A few scenarios that call the API once each.
const FEW: &str = "id(CF-031-P-number) | id(CF-031-P-existing) | id(CF-031-P-token-none)";

/// Runs a few scenarios against a product; preflight would stop most of these runs.
fn run(scratch: &Scratch, target: &TargetText) -> Ended {
    run_of(scratch, target, FEW)
}

fn run_of(scratch: &Scratch, target: &TargetText, filter: &str) -> Ended {
    target.write(scratch);
    junkyo(
        scratch,
        &[
            "run",
            "--target",
            "target.toml",
            "--no-preflight",
            "--filter",
            filter,
            "--out",
            "run",
        ],
    )
    .run()
}

fn preflight(scratch: &Scratch, target: &TargetText) -> Ended {
    target.write(scratch);
    junkyo(scratch, &["run", "--target", "target.toml", "--out", "run"]).run()
}

/// Every run leaves a report, and evidence that can be judged again with the same outcome.
#[track_caller]
fn evidence_is_there(scratch: &Scratch) {
    for name in [
        "report.json",
        "report.html",
        "junit.xml",
        "bundle.junkyo",
        "evidence/journal.jsonl",
    ] {
        assert!(scratch.join("run").join(name).is_file(), "{name} is missing");
    }
    let again = junkyo(scratch, &["judge", "run/bundle.junkyo", "--out", "again"]).run();
    assert!(matches!(again.code, Some(1 | 3)), "{again}");
    let verdicts = |folder: &str| {
        let report = fs::read(scratch.join(folder).join("report.json")).expect("a report");
        let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
        report["scenarios-by-verdict"].clone()
    };
    assert_eq!(verdicts("run"), verdicts("again"));
}

const SHORT: Duration = Duration::from_secs(20);

#[test]
fn port_where_nobody_listens() {
    let port = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address")
        .port();
    let scratch = Scratch::new("port");
    let mut target = TargetText::sound();
    target.url = format!("http://127.0.0.1:{port}/api");
    target.token = format!("http://127.0.0.1:{port}/token");
    preflight(&scratch, &target).expect(
        3,
        &[
            "unreachable",
            "endpoints.\"031.numbering\"",
            "check that the product listens on 127.0.0.1:",
            "nothing was run",
        ],
    );
    assert!(!scratch.join("run").exists(), "nothing was run");
    run(&scratch, &target)
        .expect(3, &["no connection", "to act    network", "Outcome: incomplete"])
        .within(SHORT);
    evidence_is_there(&scratch);
}

#[test]
fn host_name_that_does_not_exist() {
    let scratch = Scratch::new("dns");
    let mut target = TargetText::sound();
    target.url = "https://no-such-host.invalid/api".into();
    target.token = "https://no-such-host.invalid/token".into();
    preflight(&scratch, &target)
        .expect(
            2,
            &[
                "cannot be resolved",
                "check the host name no-such-host.invalid",
                "nothing was run",
            ],
        )
        .within(SHORT);
    run(&scratch, &target)
        .expect(3, &["cannot be resolved", "to act    network"])
        .within(SHORT);
    evidence_is_there(&scratch);
}

#[test]
fn product_that_hangs() {
    let server = Server::product(|_| {
        std::thread::sleep(Duration::from_secs(60));
        Ok(())
    });
    let scratch = Scratch::new("hangs");
    let target = TargetText::of(&server);
    preflight(&scratch, &target)
        .expect(3, &["no complete response within 500 ms", "limits.exchange-timeout-ms"])
        .within(SHORT);
    run(&scratch, &target)
        .expect(1, &["no complete response within 500 ms", "to act    product"])
        .within(SHORT);
    evidence_is_there(&scratch);
}

/// The connection is accepted by the system, but nobody ever reads from it.
#[test]
fn product_that_never_accepts() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let scratch = Scratch::new("never-accepts");
    let mut target = TargetText::sound();
    target.url = format!("http://{address}/api");
    target.token = format!("http://{address}/token");
    preflight(&scratch, &target)
        .expect(3, &["no complete response"])
        .within(SHORT);
    // No token, so nothing is known about the product.
    run_of(&scratch, &target, "id(CF-031-P-number)")
        .expect(3, &["no access token could be had"])
        .within(SHORT);
    evidence_is_there(&scratch);
}

#[test]
fn product_that_sends_garbage() {
    let server = Server::product(|stream| stream.write_all(b"\x00\x01\x02 SSH-2.0-OpenSSH_9.6\r\n\x1b[2J"));
    let scratch = Scratch::new("garbage");
    let target = TargetText::of(&server);
    preflight(&scratch, &target).expect(3, &["what came is not HTTP", "check that an HTTP server listens there"]);
    let ended = run(&scratch, &target);
    ended.expect(1, &["what came is not HTTP", "to act    product"]);
    assert!(
        !ended.stdout.contains('\x1b'),
        "the product must not command the terminal\n{ended}"
    );
    evidence_is_there(&scratch);
}

#[test]
fn product_that_resets() {
    let server = Server::start(|stream| {
        // Unread bytes in the buffer make the system answer the close with a reset.
        std::thread::sleep(Duration::from_millis(20));
        drop(stream);
    });
    let scratch = Scratch::new("resets");
    let mut target = TargetText::of(&server);
    target.token = Server::product(|_| Ok(())).url("/token");
    run(&scratch, &target).expect(1, &["connection", "to act    product"]);
    evidence_is_there(&scratch);
}

#[test]
fn product_that_redirects_in_a_loop() {
    let server = Server::product(|stream| {
        stream.write_all(b"HTTP/1.1 302 Found\r\nLocation: /api\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    });
    let scratch = Scratch::new("redirects");
    run(&scratch, &TargetText::of(&server))
        .expect(1, &["302"])
        .within(SHORT);
    evidence_is_there(&scratch);
}

#[test]
fn product_that_closes_in_the_middle() {
    let server =
        Server::product(|stream| stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"metadata\":"));
    let scratch = Scratch::new("closes");
    run(&scratch, &TargetText::of(&server))
        .expect(1, &["closed before the response was complete", "to act    product"]);
    evidence_is_there(&scratch);
}

#[test]
fn product_with_a_wrong_length() {
    for (name, length) in [
        ("short", "2"),
        ("negative", "-5"),
        ("huge", "99999999999999999999"),
        ("word", "many"),
    ] {
        let server = Server::product(move |stream| {
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{{\"a\": 1}}"
            )
        });
        let scratch = Scratch::new(&format!("length-{name}"));
        run(&scratch, &TargetText::of(&server))
            .expect(1, &["to act    product"])
            .within(SHORT);
        evidence_is_there(&scratch);
    }
}

#[test]
fn product_with_headers_without_end() {
    let server = Server::product(|stream| without_end(stream, b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n"));
    let scratch = Scratch::new("headers");
    let ended = run(&scratch, &TargetText::of(&server));
    ended.expect(1, &["what came is not HTTP"]).within(SHORT);
    bounded(&ended);
}

#[test]
fn product_with_a_header_line_without_end() {
    let server = Server::product(|stream| without_end(stream, b"HTTP/1.1 200 OK\r\nX-More: ", b"and more "));
    let scratch = Scratch::new("header-line");
    let ended = run(&scratch, &TargetText::of(&server));
    ended.expect(1, &["the response passed the limit"]).within(SHORT);
    bounded(&ended);
}

/// Ten gigabytes, or what of them is taken: memory stays bounded.
#[track_caller]
fn bounded(ended: &Ended) {
    assert!(ended.peak_kib > 0, "not measured");
    assert!(
        ended.peak_kib < 200 * 1024,
        "it took {} MiB\n{ended}",
        ended.peak_kib / 1024
    );
}

const TEN_GIGABYTES: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10000000000\r\n\r\n";

#[test]
fn product_that_answers_ten_gigabytes() {
    let server = Server::product(|stream| without_end(stream, TEN_GIGABYTES, b"[1, 2, 3] "));
    let scratch = Scratch::new("gigabytes");
    let mut target = TargetText::of(&server);
    // The default of target files.
    target.response_limit = 1 << 20;
    let ended = run_of(&scratch, &target, "id(CF-031-P-number)");
    ended
        .expect(
            1,
            &["the response passed the limit of 1048576 bytes", "to act    product"],
        )
        .within(SHORT);
    bounded(&ended);
    evidence_is_there(&scratch);
}

/// All scenarios that a run carries out at the same time are answered without end.
const AT_ONCE: &str = "id(CF-031-P-method-*) | id(CF-031-P-content-type-*)";

#[test]
fn many_answers_of_ten_gigabytes_at_once() {
    let server = Server::product(|stream| without_end(stream, TEN_GIGABYTES, b"[1, 2, 3] "));
    let scratch = Scratch::new("many-gigabytes");
    let ended = run_of(&scratch, &TargetText::of(&server), AT_ONCE);
    ended.expect(1, &["the response passed the limit"]).within(SHORT);
    bounded(&ended);
}

#[test]
fn many_answers_of_ten_gigabytes_at_the_default_limit() {
    let server = Server::product(|stream| without_end(stream, TEN_GIGABYTES, b"[1, 2, 3] "));
    let scratch = Scratch::new("default-gigabytes");
    let mut target = TargetText::of(&server);
    target.response_limit = 1 << 20;
    target.patience_ms = 20_000;
    bounded(&run_of(&scratch, &target, AT_ONCE));
}

#[test]
fn chunks_without_end() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    // The smallest chunks there are: the most work for each byte.
    let server = Server::product(|stream| without_end(stream, head, b"1\r\n \r\n"));
    let scratch = Scratch::new("chunks");
    let ended = run_of(&scratch, &TargetText::of(&server), "id(CF-031-P-number)");
    ended.expect(1, &["to act    product"]).within(SHORT);
    bounded(&ended);
}

/// A right answer to a call without a token, that only the end of the connection ends.
fn right_answer() -> Vec<u8> {
    let corpus = junkyo::scenario::Corpus::embedded().expect("a sound corpus");
    let body = junkyo::mock::unauthorized_body(&corpus.interfaces["031.numbering"]);
    let head =
        "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json;charset=UTF-8\r\nWWW-Authenticate: Bearer\r\n";
    format!("{head}\r\n{body}").into_bytes()
}

#[test]
fn right_answer_that_ends_with_the_connection() {
    let answer = right_answer();
    let server = Server::product(move |stream| stream.write_all(&answer));
    let scratch = Scratch::new("ends");
    run_of(&scratch, &TargetText::of(&server), "id(CF-031-P-token-none)").expect(0, &["passed 1"]);
}

/// Everything that was asked for comes, but the answer never ends: consumers would wait for ever.
#[test]
fn right_answer_that_never_ends() {
    let answer = right_answer();
    let server = Server::product(move |stream| {
        stream.write_all(&answer)?;
        std::thread::sleep(Duration::from_secs(60));
        Ok(())
    });
    let scratch = Scratch::new("never-ends");
    run_of(&scratch, &TargetText::of(&server), "id(CF-031-P-token-none)").expect(1, &["no complete response"]);
}

/// A reset is no end of an answer: nobody knows what would have followed.
#[test]
fn right_answer_that_ends_with_a_reset() {
    let answer = right_answer();
    let server = Server::start(move |mut stream| {
        stream.write_all(&answer).ok();
        std::thread::sleep(Duration::from_millis(100));
        // The request was not read, so closing resets.
    });
    let scratch = Scratch::new("ends-reset");
    run_of(&scratch, &TargetText::of(&server), "id(CF-031-P-token-none)").expect(1, &["connection reset"]);
}

/// Ten megabytes of zeros in ten kilobytes: nobody asked for gzip, so nothing is unpacked.
#[test]
fn gzip_bomb() {
    let server = Server::product(|stream| {
        let body = gzip_of_zeros(160);
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )?;
        stream.write_all(&body)
    });
    let scratch = Scratch::new("gzip");
    let ended = run(&scratch, &TargetText::of(&server));
    ended.expect(1, &["to act    product"]).within(SHORT);
    bounded(&ended);
    evidence_is_there(&scratch);
}

/// A gzip file with blocks of 64 KiB of zeros each, made by hand: fixed Huffman codes, matches of
/// length 258 at distance 1.
fn gzip_of_zeros(blocks: usize) -> Vec<u8> {
    let mut bytes = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    let (mut bits, mut count) = (0_u32, 0);
    let mut put = |value: u32, length: u32| {
        bits |= value << count;
        count += length;
        while count >= 8 {
            bytes.push(bits.to_le_bytes()[0]);
            bits >>= 8;
            count -= 8;
        }
    };
    for block in 0..blocks {
        put(u32::from(block + 1 == blocks), 1);
        put(0b01, 2);
        put(0b0000_1100, 8); // literal 0 (code 0x30, most significant bit first)
        for _ in 0..254 {
            put(0b1010_0011, 8); // length 258 (code 0xC5, most significant bit first)
            put(0, 5); // distance 1
        }
        put(0, 7); // end of block
    }
    put(0, 7);
    bytes.extend_from_slice(&[0; 8]);
    bytes
}

#[test]
fn certificate_that_nobody_trusts() {
    let scratch = Scratch::new("tls");
    let (mock, other) = (Mock::start(&scratch, "mock"), Mock::start(&scratch, "other"));
    fs::copy(other.folder.join("ca.pem"), mock.folder.join("ca.pem")).expect("copied");
    junkyo(&scratch, &["run", "--target", "mock/target.toml", "--out", "run"])
        .run()
        .expect(
            2,
            &[
                "fault",
                "TLS handshake failed",
                "name the issuer of the certificate in [tls] authorities",
                "nothing was run",
            ],
        );
    junkyo(
        &scratch,
        &[
            "run",
            "--target",
            "mock/target.toml",
            "--no-preflight",
            "--filter",
            FEW,
            "--out",
            "run",
        ],
    )
    .run()
    .expect(1, &["TLS handshake failed"])
    .within(SHORT);
    evidence_is_there(&scratch);
}

#[test]
fn plain_server_behind_https() {
    let server = Server::start(|mut stream| {
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            .ok();
    });
    let scratch = Scratch::new("plain");
    let mut target = TargetText::of(&server);
    target.url = target.url.replace("http:", "https:");
    target.token = target.token.replace("http:", "https:");
    preflight(&scratch, &target)
        .expect(2, &["TLS handshake failed", "[tls] authorities"])
        .within(SHORT);
}

/// A server that waits for the rest of a handshake does not serve plain HTTP: the scenario has its
/// answer, the product is not out of reach.
#[test]
fn server_that_does_not_answer_plain_http() {
    let server = Server::start(|_stream| std::thread::sleep(Duration::from_secs(60)));
    let scratch = Scratch::new("plain-hangs");
    let mut target = TargetText::of(&server);
    target.url = target.url.replace("http:", "https:");
    run_of(&scratch, &target, "id(CF-031-P-plain-http)")
        .expect(0, &["passed 1"])
        .within(SHORT);
}

/// The authorization server answers, but gives no token: the product is not to blame for the rest.
fn token_endpoint(name: &str, answer: &'static str, told: &[&str]) {
    let server = Server::start(move |mut stream| {
        stream.write_all(answer.as_bytes()).ok();
        // The request is read, so that closing is no reset.
        std::io::copy(&mut stream, &mut std::io::sink()).ok();
    });
    let scratch = Scratch::new(name);
    let target = TargetText::of(&server);
    preflight(&scratch, &target).expect(
        2,
        &[
            "preflight fault: auth",
            "no access token could be had",
            "check client-id, secret and method",
        ],
    );
    run_of(&scratch, &target, "id(CF-031-P-number)")
        .expect(3, told)
        .within(SHORT);
    evidence_is_there(&scratch);
}

#[test]
fn token_endpoint_that_fails() {
    token_endpoint(
        "token-500",
        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        &["no access token could be had", "500"],
    );
}

#[test]
fn token_endpoint_that_answers_html() {
    token_endpoint(
        "token-html",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 21\r\nConnection: close\r\n\r\n<html>Login</html>\r\n\r\n",
        &["no access token could be had", "not JSON"],
    );
}
