//! RFC 3161 against `openssl ts`, both ways, and over HTTP.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use junkyo::attest::Digest;
use junkyo::attest::key::Signer as _;
use junkyo::attest::timestamp::authority::{Authority, CertificateFacts, issue_authority, issue_root};
use junkyo::attest::timestamp::{Request, TimestampError, TsaRoot, verify};
use time::{Duration, OffsetDateTime};

use crate::process::{Scratch, junkyo};
use crate::tools::{openssl, ran};
use crate::world::{POLICY, World, p256};

/// What openssl's authority has in its configuration.
const CONFIGURATION: &str = "
[tsa]
default_tsa = authority
[authority]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.392.200000.1
other_policies = 1.2.3.4
digests = sha256, sha512
accuracy = secs:1, millisecs:500, microsecs:100
ordering = yes
tsa_name = yes
ess_cert_id_alg = sha256
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[plain]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
[policy]
extendedKeyUsage = critical,timeStamping
certificatePolicies = critical,1.2.392.200000.9
[unknown]
extendedKeyUsage = critical,timeStamping
1.2.3.4.5 = critical,ASN1:UTF8String:x
";

/// Keys that an authority may have.
const KEYS: [(&str, &str, &str); 4] = [
    (
        "p256",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        "sha256",
    ),
    (
        "p384",
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384",
        "sha384",
    ),
    ("rsa", "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048", "sha256"),
    (
        "rsa512",
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072",
        "sha512",
    ),
];

/// A folder with a root and the configuration.
fn place(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    scratch.write("conf", CONFIGURATION);
    scratch.write("serial", "01\n");
    scratch.write("data", "署名された内容");
    openssl(
        &scratch,
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out root.key",
    );
    openssl(
        &scratch,
        "req -x509 -new -key root.key -out root.pem -days 3650 -subj /CN=root -config conf -extensions root -section tsa",
    );
    scratch
}

/// A certificate for a new key of an authority, signed by an issuer.
fn certify(scratch: &Scratch, name: &str, genpkey: &str, extensions: &str, issuer: &str) {
    openssl(scratch, &format!("{genpkey} -out {name}.key"));
    openssl(
        scratch,
        &format!("req -new -key {name}.key -out {name}.csr -subj /CN={name} -config conf -section tsa"),
    );
    openssl(
        scratch,
        &format!(
            "x509 -req -in {name}.csr -CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial -days 30 -extfile conf -extensions {extensions} -out {name}.pem"
        ),
    );
}

/// What openssl's authority answers to a query.
fn reply(scratch: &Scratch, name: &str, query: &str, more: &str) -> Vec<u8> {
    openssl(
        scratch,
        &format!(
            "ts -reply -queryfile {query} -config conf -signer {name}.pem -inkey {name}.key -out {name}.tsr {more}"
        ),
    );
    fs::read(scratch.join(&format!("{name}.tsr"))).expect("a response")
}

fn roots(scratch: &Scratch) -> Vec<TsaRoot> {
    TsaRoot::from_pem(&fs::read_to_string(scratch.join("root.pem")).expect("readable")).expect("a certificate")
}

fn data(scratch: &Scratch) -> Digest {
    Digest::of(&fs::read(scratch.join("data")).expect("readable"))
}

#[test]
fn tokens_of_openssl_count_with_every_kind_of_key() {
    let scratch = place("openssl-tokens");
    openssl(&scratch, "ts -query -data data -sha256 -cert -out query");
    for (name, genpkey, digest) in KEYS {
        certify(&scratch, name, genpkey, "plain", "root");
        let configuration = CONFIGURATION.replace("signer_digest = sha256", &format!("signer_digest = {digest}"));
        scratch.write("conf", &configuration);
        let response = reply(&scratch, name, "query", "");
        let stamp =
            verify(&response, data(&scratch), &roots(&scratch)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((stamp.authority.as_str(), stamp.policy.as_str()), (name, POLICY));
        assert_eq!(stamp.accuracy_ms, Some(1501));
        assert!((OffsetDateTime::now_utc() - stamp.time).abs() < Duration::minutes(5));
        assert_eq!(
            verify(&response, Digest::of(b"other"), &roots(&scratch)),
            Err(TimestampError::Imprint)
        );
        assert!(matches!(
            verify(&response, data(&scratch), &[]),
            Err(TimestampError::NoPath(_))
        ));
    }
}

#[test]
fn policies_intermediates_and_what_is_missing() {
    let scratch = place("openssl-chains");
    let ec = KEYS[0].1;
    openssl(&scratch, "ts -query -data data -sha256 -cert -out query");
    certify(&scratch, "critical", ec, "policy", "root");
    let response = reply(&scratch, "critical", "query", "");
    let mut listed = roots(&scratch);
    assert!(
        verify(&response, data(&scratch), &listed).is_ok(),
        "a critical policy is no fault"
    );
    listed[0].certificate_policies = vec!["1.2.392.200000.9".into()];
    assert!(verify(&response, data(&scratch), &listed).is_ok());
    listed[0].certificate_policies = vec!["1.2.392.200000.8".into()];
    assert!(matches!(
        verify(&response, data(&scratch), &listed),
        Err(TimestampError::NoPath(_))
    ));
    let other_policy = reply(&scratch, "critical", "query", "-tspolicy 1.2.3.4");
    let mut listed = roots(&scratch);
    listed[0].policies = vec![POLICY.into()];
    let found = verify(&other_policy, data(&scratch), &listed);
    assert_eq!(found, Err(TimestampError::Policy("1.2.3.4".into())));

    certify(&scratch, "middle", ec, "root", "root");
    certify(&scratch, "below", ec, "plain", "middle");
    let alone = reply(&scratch, "below", "query", "");
    assert!(matches!(
        verify(&alone, data(&scratch), &roots(&scratch)),
        Err(TimestampError::NoPath(_))
    ));
    // `-chain` writes a SET of certificates that is not in order.
    let chained = reply(&scratch, "below", "query", "-chain middle.pem");
    assert!(verify(&chained, data(&scratch), &roots(&scratch)).is_ok());

    certify(&scratch, "unknown", ec, "unknown", "root");
    let unknown = reply(&scratch, "unknown", "query", "");
    assert_eq!(
        verify(&unknown, data(&scratch), &roots(&scratch)),
        Err(TimestampError::Critical("1.2.3.4.5".into()))
    );
    openssl(&scratch, "ts -query -data data -sha256 -out bare");
    let bare = reply(&scratch, "critical", "bare", "");
    assert_eq!(
        verify(&bare, data(&scratch), &roots(&scratch)),
        Err(TimestampError::NoCertificate)
    );
    openssl(&scratch, "ts -query -data data -sha512 -cert -out long");
    let long = reply(&scratch, "critical", "long", "");
    assert_eq!(
        verify(&long, data(&scratch), &roots(&scratch)),
        Err(TimestampError::Imprint)
    );
}

/// Each bit 0 of a token of openssl: what is accepted says the same.
#[test]
fn changed_bytes_of_openssls_token_change_nothing_that_it_says() {
    let scratch = place("openssl-bytes");
    openssl(&scratch, "ts -query -data data -sha256 -cert -out query");
    certify(&scratch, "p256", KEYS[0].1, "plain", "root");
    let response = reply(&scratch, "p256", "query", "");
    let roots = roots(&scratch);
    let said = verify(&response, data(&scratch), &roots).expect("valid");
    let mut accepted = 0;
    for place in 0..response.len() {
        let mut changed = response.clone();
        changed[place] ^= 1;
        if let Ok(stamp) = verify(&changed, data(&scratch), &roots) {
            assert_eq!(stamp, said, "byte {place}");
            accepted += 1;
        }
    }
    // The list of digest algorithms and the text of the status decide nothing.
    assert!(accepted < 40, "{accepted} of {}", response.len());
}

#[test]
fn openssl_takes_our_tokens_and_we_its_requests() {
    let (world, scratch) = (World::new(), Scratch::new("our-tokens"));
    scratch.write("data", "署名された内容");
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &world.tsa_root)
    );
    scratch.write("root.pem", &pem);
    openssl(&scratch, "ts -query -data data -sha256 -cert -out query");
    let query = fs::read(scratch.join("query")).expect("readable");
    let now = OffsetDateTime::now_utc();
    let response = world.authority.answer(&query, now, &[0xff, 1]).expect("answered");
    fs::write(scratch.join("our.tsr"), &response).expect("written");
    openssl(&scratch, "ts -verify -data data -in our.tsr -CAfile root.pem");
    openssl(&scratch, "ts -verify -queryfile query -in our.tsr -CAfile root.pem");
    let text = openssl(&scratch, "ts -reply -in our.tsr -text");
    assert!(
        text.contains("Policy OID: 1.2.392.200000.1") && text.contains("Serial number: 0xFF01"),
        "{text}"
    );
    // Our requests, in openssl's words.
    let request = Request::new(data(&scratch), [0x9a, 1, 2, 3, 4, 5, 6, 7]);
    fs::write(scratch.join("ours"), &request.bytes).expect("written");
    let text = openssl(&scratch, "ts -query -in ours -text");
    assert!(
        text.contains("Certificate required: yes") && text.contains("0x9A01020304050607"),
        "{text}"
    );
    let refused = world.authority.answer(b"no request", now, &[1]).expect("answered");
    fs::write(scratch.join("refused"), refused).expect("written");
    let text = openssl(&scratch, "ts -reply -in refused -text");
    assert!(text.contains("Rejected") && text.contains("TimeStampReq"), "{text}");
    // Expired for openssl too, and valid at its time.
    let root_key = p256(0x41);
    let facts = |name, days| CertificateFacts {
        name,
        not_before: now - Duration::days(20),
        not_after: now - Duration::days(days),
        serial: &[5],
        policies: &["1.2.392.200000.9"],
    };
    let root = issue_root(&facts("old root", -20), &root_key).expect("a root");
    let key = p256(0x42);
    let certificate = issue_authority(&facts("old", 10), key.public(), &root, &root_key).expect("a certificate");
    let old = Authority::new(certificate, Arc::new(key), POLICY).expect("an authority");
    let then = now - Duration::days(15);
    fs::write(
        scratch.join("old.tsr"),
        old.answer(&query, then, &[1]).expect("answered"),
    )
    .expect("written");
    openssl_then(&scratch, &root, then);
    let stamp = verify(
        &fs::read(scratch.join("old.tsr")).expect("there"),
        data(&scratch),
        &[TsaRoot::new(root)],
    );
    assert_eq!(stamp.expect("valid then").time.unix_timestamp(), then.unix_timestamp());
}

/// The whole response to the body of a request.
type Answer = Box<dyn Fn(&[u8]) -> Vec<u8> + Send>;

/// An authority on the network for as many requests as there are answers.
fn listen(answers: Vec<Answer>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for answer in answers {
            let Ok((stream, _)) = listener.accept() else { return };
            let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok() && line.trim() != "" {
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().expect("a length");
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("the request");
            (&stream).write_all(&answer(&body)).ok();
        }
    });
    format!("http://{address}/tsa")
}

fn http(status: u16, media_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[test]
fn a_timestamp_is_fetched_over_http_and_bad_answers_are_told() {
    let scratch = Scratch::new("fetched");
    scratch.write("files/report.json", include_str!("report.json"));
    let path = scratch.join("bundle.junkyo");
    junkyo::attest::bundle::write_bundle(&scratch.join("files"), &["report.json".to_owned()], &path).expect("written");
    let good = "application/timestamp-reply";
    let recorded = World::new().stamp(b"yesterday", OffsetDateTime::now_utc());
    let url = listen(vec![
        Box::new(|_| http(404, "text/plain", b"")),
        Box::new(|_| http(200, "text/html", b"<html>")),
        Box::new(move |_| http(200, good, &recorded)),
        Box::new(|_| http(200, good, b"\x30\x03\x02\x01\x00")),
        Box::new(|_| b"SSH-2.0".to_vec()),
        Box::new(move |request| {
            let world = World::new();
            let response = world
                .authority
                .answer(request, OffsetDateTime::now_utc(), &[7])
                .expect("answered");
            http(200, good, &response)
        }),
    ]);
    let stamp = ["sign", "bundle.junkyo", "--timestamp", &url];
    let unsigned = junkyo(&scratch, &stamp).run();
    assert_eq!(unsigned.code, Some(2), "nothing is signed yet: {}", unsigned.stderr);
    assert_eq!(junkyo(&scratch, &["keygen", "--out", "key"]).run().code, Some(0));
    assert_eq!(
        junkyo(&scratch, &["sign", "bundle.junkyo", "--key", "key/private.pem"])
            .run()
            .code,
        Some(0)
    );
    for words in ["HTTP 404", "text/html", "nonce", "not as expected", "gave no answer"] {
        let ended = junkyo(&scratch, &stamp).run();
        assert_eq!(ended.code, Some(3), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    let ended = junkyo(&scratch, &stamp).run();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &World::new().tsa_root)
    );
    scratch.write("tsa.pem", &pem);
    let verify = [
        "verify",
        "bundle.junkyo",
        "--trust",
        "key/public.pem",
        "--trust",
        "tsa.pem",
    ];
    let ended = junkyo(&scratch, &verify).run();
    assert!(
        ended.code == Some(0) && ended.stdout.contains("V9-timestamp"),
        "{}",
        ended.stdout
    );
}

/// `openssl ts -verify` of `old.tsr`: refused today, accepted at the time of the token.
fn openssl_then(scratch: &Scratch, root: &[u8], then: OffsetDateTime) {
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, root)
    );
    scratch.write("old.pem", &pem);
    let today = ran(
        scratch,
        "openssl",
        &["ts", "-verify", "-data", "data", "-in", "old.tsr", "-CAfile", "old.pem"],
    );
    assert!(!today.status.success(), "expired today");
    let words = format!(
        "ts -verify -data data -in old.tsr -CAfile old.pem -attime {}",
        then.unix_timestamp()
    );
    openssl(scratch, &words);
}
