//! Keys in a hardware token, which here is SoftHSM: the private half never leaves it.
//!
//! `ci/install-peers` installs softhsm2 and opensc; with `JUNKYO_SKIP_PEERS=1` nothing is run.

use std::path::Path;
use std::process::Command;

use crate::process::{Ended, Scratch, junkyo};
use crate::tools::{openssl, verify_py};

/// Where distributions put the module.
const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
];

/// A token with a P-256 and an Ed25519 key.
struct Token {
    scratch: Scratch,
    module: &'static str,
}

impl Token {
    fn new(name: &str) -> Self {
        let module = MODULES
            .into_iter()
            .find(|path| Path::new(path).exists())
            .expect("softhsm2 is not installed: run ci/install-peers (or set JUNKYO_SKIP_PEERS=1)");
        let scratch = Scratch::new(name);
        std::fs::create_dir_all(scratch.join("tokens")).expect("a folder");
        scratch.write(
            "softhsm.conf",
            &format!("directories.tokendir = {}\n", scratch.join("tokens").display()),
        );
        scratch.write("pin", "1234\n");
        let token = Self { scratch, module };
        token.run(
            "softhsm2-util",
            "--init-token --free --label signing --so-pin 4321 --pin 1234",
        );
        for (label, kind) in [("ec", "EC:prime256v1"), ("ed", "EC:edwards25519")] {
            let words = format!(
                "--module {module} --token-label signing --login --pin 1234 --keypairgen --key-type {kind} --label {label} --id 0{}",
                label.len() + usize::from(label == "ed")
            );
            token.run("pkcs11-tool", &words);
        }
        token
    }

    fn run(&self, program: &str, words: &str) {
        let output = Command::new(program)
            .args(words.split_whitespace())
            .env("SOFTHSM2_CONF", self.scratch.join("softhsm.conf"))
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        assert!(
            output.status.success(),
            "{program} {words}: {} {}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn uri(&self, object: &str) -> String {
        format!(
            "pkcs11:module={};token=signing;object={object};pin-file=pin",
            self.module
        )
    }

    fn junkyo(&self, arguments: &[&str]) -> Ended {
        let mut call = junkyo(&self.scratch, arguments);
        call.command.env("SOFTHSM2_CONF", self.scratch.join("softhsm.conf"));
        call.run()
    }
}

fn skipped() -> bool {
    std::env::var("JUNKYO_SKIP_PEERS").is_ok_and(|value| value == "1")
}

#[test]
fn a_token_signs_with_both_algorithms() {
    if skipped() {
        return;
    }
    let token = Token::new("token");
    let scratch = &token.scratch;
    scratch.write("files/report.json", include_str!("report.json"));
    let path = scratch.join("bundle.junkyo");
    junkyo::attest::bundle::write_bundle(&scratch.join("files"), &["report.json".to_owned()], &path).expect("written");
    for object in ["ec", "ed"] {
        let uri = token.uri(object);
        let ended = token.junkyo(&["keygen", "--out", object, "--key", &uri]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let ended = token.junkyo(&["sign", "bundle.junkyo", "--key", &uri]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let public = format!("{object}/public.pem");
        openssl(scratch, &format!("pkey -pubin -in {public} -noout"));
        let ended = token.junkyo(&["verify", "bundle.junkyo", "--trust", &public]);
        assert_eq!(ended.code, Some(0), "{}", ended.stdout);
        let theirs = verify_py(scratch, &["bundle.junkyo", &public]);
        assert_eq!(theirs.exit, 0, "{}", theirs.text);
    }
}

#[test]
fn what_is_wrong_with_a_token_is_told() {
    if skipped() {
        return;
    }
    let token = Token::new("wrong-token");
    token.scratch.write("wrong-pin", "9999\n");
    for (uri, words) in [
        (token.uri("nobody"), "0 private keys with the label `nobody`"),
        (
            token.uri("ec").replace("token=signing", "token=other"),
            "0 tokens with the label `other`",
        ),
        (token.uri("ec").replace("pin-file=pin", "pin-file=wrong-pin"), "log in"),
        (
            token.uri("ec").replace("pin-file=pin", "pin-value=1234"),
            "a PIN does not belong into a URI",
        ),
        (token.uri("ec").replace(";pin-file=pin", ""), "0 private keys"),
    ] {
        let ended = token.junkyo(&["keygen", "--out", "out", "--key", &uri]);
        assert_eq!(ended.code, Some(2), "{uri}: {}", ended.stdout);
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
}
