//! WS-Security of ours against that of others: zeep, python-xmlsec, signxml, npm's soap. Each verifies what we sign, we
//! verify what each signs, and copies that were tampered with are refused by both.
//!
//! `ci/install-peers` installs what is needed; with `JUNKYO_SKIP_PEERS=1` nothing is run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use junkyo::soap::Envelope;
use junkyo::soap::addressing::Addressing;
use junkyo::soap::security::{
    SecurityPolicy, SignOptions, Signer, TokenReference, UsernamePolicy, certificates_of_pem, verify,
};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

/// Kind of the key that signs.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Rsa,
    ShortRsa,
    Elliptic,
}

impl Kind {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Rsa => &["rsa:2048"],
            Self::ShortRsa => &["rsa:1024"],
            Self::Elliptic => &["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
        }
    }
}

/// A program of others.
#[derive(Clone, Copy)]
enum Tool {
    Python,
    Node,
}

/// A fresh key with its certificate, as files.
struct Scene {
    folder: PathBuf,
    key: String,
    certificate: String,
    elliptic: bool,
}

fn skipped() -> bool {
    std::env::var("JUNKYO_SKIP_PEERS").is_ok_and(|value| value == "1")
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn installed(path: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("a target folder");
    let found = target.join("peers").join(path);
    assert!(
        found.exists(),
        "{path} is not installed: run ci/install-peers (or set JUNKYO_SKIP_PEERS=1)"
    );
    found
}

impl Scene {
    fn new(name: &str, kind: Kind) -> Self {
        let folder =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("soap-security-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let (key, certificate) = (folder.join("key.pem"), folder.join("certificate.pem"));
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-sha256",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=signer",
                "-newkey",
            ])
            .args(kind.arguments())
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .output()
            .expect("openssl is needed for test keys");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self {
            key: fs::read_to_string(&key).expect("a key"),
            certificate: fs::read_to_string(&certificate).expect("a certificate"),
            folder,
            elliptic: matches!(kind, Kind::Elliptic),
        }
    }

    fn signer(&self) -> Signer {
        Signer::from_pem(&self.certificate, &self.key).expect("a signer")
    }

    fn policy(&self) -> SecurityPolicy {
        SecurityPolicy {
            trusted: certificates_of_pem(&self.certificate).expect("a certificate"),
            max_age: Duration::minutes(10),
            ..SecurityPolicy::new(OffsetDateTime::now_utc())
        }
    }

    /// Gives jobs to a peer; one result each.
    fn ask(&self, tool: Tool, jobs: &Value) -> Vec<Value> {
        let order = json!({
            "key": self.folder.join("key.pem"),
            "certificate": self.folder.join("certificate.pem"),
            "jobs": jobs,
        });
        let input = self.folder.join("input.json");
        fs::write(&input, order.to_string()).expect("written");
        let mut command = match tool {
            Tool::Python => {
                let mut command = Command::new(installed("venv/bin/python"));
                command.arg(repository("tests/peers/soap-security/tool.py"));
                command
            }
            Tool::Node => {
                let mut command = Command::new("node");
                command
                    .arg(repository("tests/peers/soap-security/tool.cjs"))
                    .arg(installed("node"));
                command
            }
        };
        let output = command
            .stdin(Stdio::from(fs::File::open(&input).expect("input")))
            .output()
            .expect("the peer starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// What several peers say about several texts.
    fn verdicts(&self, tool: Tool, peers: &[&str], texts: &[String]) -> Vec<Value> {
        let jobs = peers.iter().flat_map(|peer| {
            texts
                .iter()
                .map(move |text| json!({"do": "verify", "peer": peer, "envelope": text}))
        });
        self.ask(tool, &jobs.collect())
    }

    fn signed_by(&self, tool: Tool, peer: &str) -> String {
        let job = json!([{"do": "sign", "peer": peer, "envelope": envelope(), "elliptic": self.elliptic}]);
        self.ask(tool, &job)[0]["text"].as_str().expect("a text").to_owned()
    }

    fn rules(&self, text: &str) -> Vec<&'static str> {
        let report = verify(text, &self.policy());
        report.findings.iter().map(|finding| finding.rule.name()).collect()
    }

    /// They verify what we sign, and refuse what was changed after.
    fn ours_to(&self, tool: Tool, peers: &[&str]) {
        for token in [TokenReference::Direct, TokenReference::Embedded] {
            let options = SignOptions {
                token,
                sign_headers: true,
                ..SignOptions::new(OffsetDateTime::now_utc())
            };
            let text = self.signer().sign(&envelope(), &options).expect("signed");
            assert_eq!(self.rules(&text), Vec::<&str>::new());
            let mut texts = tampered(&text);
            for text in &texts {
                assert!(!self.rules(text).is_empty(), "{text}");
            }
            texts.insert(0, text);
            for (number, verdict) in self.verdicts(tool, peers, &texts).iter().enumerate() {
                let (peer, text) = (peers[number / texts.len()], number % texts.len());
                assert_eq!(
                    verdict["valid"],
                    text == 0,
                    "{peer} {token:?}: {} {}",
                    verdict["why"],
                    texts[text]
                );
            }
        }
    }

    /// We verify what they sign, and refuse what was changed after.
    fn theirs(&self, tool: Tool, peer: &str) -> String {
        let text = self.signed_by(tool, peer);
        let report = verify(&text, &self.policy());
        assert!(report.holds(), "{peer}: {:#?}\n{text}", report.findings);
        assert!(
            report.signed.contains(&"/soap:Envelope/soap:Body".to_owned()),
            "{:?}",
            report.signed
        );
        for tampered in tampered(&text) {
            assert!(!self.rules(&tampered).is_empty(), "{peer}: {tampered}");
        }
        text
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            fs::remove_dir_all(&self.folder).ok();
        }
    }
}

fn envelope() -> String {
    Envelope::new(
        "<m:get xmlns:m=\"urn:m\" xmlns:unused=\"urn:u\" m:b=\"2\" a=\"&quot;&#9;\">𠮷野 髙﨑&#13; &lt;&amp;\n<m:x/>\
         <n xmlns=\"urn:n\"><o xmlns=\"\">１</o></n></m:get>",
    )
    .with_header(Addressing::new("urn:to", "urn:action", "urn:uuid:1").write())
    .write()
}

/// Copies with one change each: in the Body, in the Timestamp, in what was signed, in the value.
fn tampered(text: &str) -> Vec<String> {
    let replaced = |from: &str, to: &str| {
        assert!(text.contains(from), "`{from}` is not in {text}");
        text.replacen(from, to, 1)
    };
    let expires = text.find("Expires>").expect("Expires") + "Expires>".len();
    let value = text.find("SignatureValue>").expect("SignatureValue") + "SignatureValue>".len() + 8;
    let digest = text.find("DigestValue>").expect("DigestValue") + "DigestValue>".len() + 8;
    let other = |at: usize, digits: bool| {
        let old = text.as_bytes()[at];
        let new = match (digits, old) {
            (true, _) => '9',
            (false, b'A') => 'B',
            (false, _) => 'A',
        };
        format!("{}{new}{}", &text[..at], &text[at + 1..])
    };
    vec![
        replaced("𠮷野", "吉野"),
        replaced("<m:x/>", "<m:x/><m:x/>"),
        other(expires, true),
        other(digest, false),
        other(value, false),
    ]
}

#[test]
fn rsa_with_zeep_xmlsec_and_signxml() {
    if skipped() {
        return;
    }
    python(&Scene::new("python-rsa", Kind::Rsa));
}

#[test]
fn elliptic_curves_with_zeep_xmlsec_and_signxml() {
    if skipped() {
        return;
    }
    python(&Scene::new("python-ec", Kind::Elliptic));
}

fn python(scene: &Scene) {
    scene.ours_to(Tool::Python, &["zeep", "xmlsec", "signxml"]);
    for peer in ["zeep", "zeep_embedded", "xmlsec", "signxml"] {
        let text = scene.theirs(Tool::Python, peer);
        // Their own word on it, so that the comparison is one of equals.
        let judge = peer.split('_').next().unwrap_or(peer);
        assert_eq!(
            scene.verdicts(Tool::Python, &[judge], &[text])[0]["valid"],
            true,
            "{peer}"
        );
    }
}

#[test]
fn rsa_with_node_soap() {
    if skipped() {
        return;
    }
    let scene = Scene::new("node-rsa", Kind::Rsa);
    scene.ours_to(Tool::Node, &["soap"]);
    scene.theirs(Tool::Node, "soap");
    // With its defaults it signs elements with a bare `Id`, and the bytes are right all the same.
    let text = scene.signed_by(Tool::Node, "soap-defaults");
    assert_eq!(scene.rules(&text), ["id-not-utility", "id-not-utility"]);
}

#[test]
fn short_rsa_keys_are_refused() {
    if skipped() {
        return;
    }
    let scene = Scene::new("short", Kind::ShortRsa);
    let text = scene.signed_by(Tool::Python, "zeep");
    assert_eq!(scene.rules(&text), ["algorithm-forbidden"]);
}

#[test]
fn user_names_of_zeep_and_node_soap() {
    if skipped() {
        return;
    }
    let scene = Scene::new("username", Kind::Elliptic);
    let mut policy = SecurityPolicy {
        require_signature: false,
        require_timestamp: false,
        username: Some(UsernamePolicy {
            username: "利用者".into(),
            password: "ひみつ & <x>".into(),
            required: true,
        }),
        ..scene.policy()
    };
    for tool in [Tool::Python, Tool::Node] {
        for (digest, password, expected) in [
            (true, "ひみつ & <x>", vec![]),
            (true, "ひみつ", vec!["password-wrong"]),
            (false, "ひみつ & <x>", vec!["password-plain-without-tls"]),
            (false, "", vec!["password-plain-without-tls", "password-wrong"]),
        ] {
            let job = json!([{"do": "username", "peer": "", "envelope": envelope(), "digest": digest,
                "username": "利用者", "password": password}]);
            let result = &scene.ask(tool, &job)[0];
            let text = result["text"].as_str().expect("a text");
            policy.now = OffsetDateTime::now_utc();
            let report = verify(text, &policy);
            let found: Vec<&str> = report
                .findings
                .iter()
                .map(|finding| finding.rule.name())
                .filter(|rule| *rule != "timestamp-too-long")
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
