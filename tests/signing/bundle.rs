//! A signed bundle: our verifier, `ci/verify.py` and openssl; and every changed byte.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use junkyo::attest::bundle::{Bundle, ENVELOPE, Limits, Wish, attach, redact, write_bundle};
use junkyo::attest::envelope::Envelope;
use junkyo::attest::key::{Algorithm, Signer as _};
use junkyo::attest::sign::sign_bundle;
use junkyo::attest::verify::trust::Trust;
use junkyo::attest::verify::{Conclusion, Verification, verify_bundle};
use junkyo::evidence::ChallengeFacts;
use serde_json::Value;

use crate::process::{Scratch, junkyo};
use crate::tools::{openssl, ran, verify_py};
use crate::world::{NOW, World, key};

const REPORT: &str = include_str!("report.json");

const JOURNAL: &str =
    "{\"record\":\"run\",\"salt\":\"00\"}\n{\"record\":\"exchange\",\"scenario\":\"s\",\"salt\":\"01\"}\n";

/// A bundle with three files, signed with an Ed25519 key.
fn small(scratch: &Scratch) -> std::path::PathBuf {
    scratch.write("files/report.json", REPORT);
    scratch.write("files/evidence/journal.jsonl", JOURNAL);
    scratch.write("files/target.toml", "[product]\nname = \"架空住登外管理\"\n");
    let path = scratch.join("small.junkyo");
    let files = ["report.json", "evidence/journal.jsonl", "target.toml"].map(str::to_owned);
    write_bundle(&scratch.join("files"), &files, &path).expect("written");
    sign_bundle(&path, &key(Algorithm::Ed25519, 0x0b)).expect("signed");
    path
}

fn trusting(byte: u8) -> Trust {
    let mut trust = Trust::none();
    trust.add_vendor_key(key(Algorithm::Ed25519, byte).public().clone());
    trust
}

fn verified(path: &Path, trust: &Trust) -> Verification {
    match Bundle::open(path, &Limits::OWN) {
        Ok(bundle) => verify_bundle(&bundle, trust),
        Err(error) => Verification::unsound(&error),
    }
}

fn public_key(scratch: &Scratch, byte: u8) -> &'static str {
    fs::write(
        scratch.join("vendor.pem"),
        key(Algorithm::Ed25519, byte).public().to_pem(),
    )
    .expect("written");
    "vendor.pem"
}

#[test]
fn a_real_run_is_signed_twice_and_verified_by_three_programs() {
    let scratch = Scratch::new("signed-run");
    let ended = junkyo(
        &scratch,
        &["run", "--profile", "common-function.031.provider", "--out", "run"],
    )
    .run();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scratch.write("passphrase", "正しい馬 battery staple\n");
    let keygen = [
        "keygen",
        "--out",
        "sealed",
        "--algorithm",
        "p256",
        "--passphrase-file",
        "passphrase",
    ];
    assert_eq!(junkyo(&scratch, &keygen).run().code, Some(0));
    assert_eq!(junkyo(&scratch, &["keygen", "--out", "open"]).run().code, Some(0));
    let again = junkyo(&scratch, &["keygen", "--out", "open"]).run();
    assert_eq!(again.code, Some(2), "a key is never overwritten");
    let bundle = "run/bundle.junkyo";
    let unsigned = junkyo(&scratch, &["verify", bundle]).run();
    assert_eq!(unsigned.code, Some(3));
    assert!(unsigned.stdout.contains("V3-unsigned"), "{}", unsigned.stdout);
    let sealed = junkyo(&scratch, &["sign", bundle, "--key", "sealed/private.pem"]).run();
    assert_eq!(sealed.code, Some(2), "without its passphrase: {}", sealed.stderr);
    let sign = [
        "sign",
        bundle,
        "--key",
        "sealed/private.pem",
        "--passphrase-file",
        "passphrase",
    ];
    assert_eq!(junkyo(&scratch, &sign).run().code, Some(0));
    assert_eq!(
        junkyo(&scratch, &["sign", bundle, "--key", "open/private.pem"])
            .run()
            .code,
        Some(0)
    );
    for trust in ["sealed/public.pem", "open/public.pem"] {
        let ours = junkyo(&scratch, &["verify", bundle, "--trust", trust]).run();
        assert_eq!(ours.code, Some(0), "{}", ours.stdout);
        let theirs = verify_py(&scratch, &[bundle, trust]);
        assert_eq!(theirs.exit, 0, "{}", theirs.text);
    }
    let unknown = junkyo(&scratch, &["verify", bundle, "--json"]).run();
    assert_eq!(unknown.code, Some(3), "nobody is trusted");
    let said: Value = serde_json::from_str(&unknown.stdout).expect("JSON");
    assert_eq!(said["conclusion"], "UNDETERMINED");
    assert!(
        said["findings"][0]["text"]["ja"]
            .as_str()
            .is_some_and(|text| text.contains("目録"))
    );
    let stranger = public_key(&scratch, 0x66);
    let refused = junkyo(&scratch, &["verify", bundle, "--trust", stranger]).run();
    assert_eq!(refused.code, Some(1), "{}", refused.stdout);
    assert_eq!(verify_py(&scratch, &[bundle, stranger]).code, "V3-signature");
    by_hand(&scratch, bundle);
    recipe(&scratch, bundle);
}

/// The block of shell of the documentation, as it stands there.
fn recipe(scratch: &Scratch, bundle: &str) {
    let text = include_str!("../../ci/SIGNING.md");
    let (_, block) = text.split_once("```sh\n# by hand\n").expect("the recipe");
    let (block, _) = block.split_once("```").expect("its end");
    for (folder, key) in [("first", "sealed/public.pem"), ("second", "open/public.pem")] {
        fs::create_dir(scratch.join(folder)).expect("a folder");
        fs::copy(scratch.join(bundle), scratch.join(&format!("{folder}/bundle.junkyo"))).expect("copied");
        fs::copy(scratch.join(key), scratch.join(&format!("{folder}/vendor.pem"))).expect("copied");
        let script = format!("set -e -o pipefail; cd {folder}\n{block}");
        let output = ran(scratch, "bash", &["-c", &script]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // The recipe looks at the first signature, which is that of the sealed key.
        assert_eq!(output.status.success(), folder == "first", "{text}");
        assert_eq!(
            text.contains("report.json: OK") && text.contains("manifest: OK"),
            folder == "first",
            "{text}"
        );
    }
}

/// The recipe of ci/SIGNING.md: the signed bytes, then openssl.
fn by_hand(scratch: &Scratch, bundle: &str) {
    let opened = Bundle::open(&scratch.join(bundle), &Limits::OWN).expect("a bundle");
    let line: Value = serde_json::from_slice(opened.envelope().expect("signed")).expect("JSON");
    let payload = STANDARD
        .decode(line["payload"].as_str().expect("text"))
        .expect("base64");
    let mut signed = format!("DSSEv1 28 application/vnd.in-toto+json {} ", payload.len()).into_bytes();
    signed.extend(&payload);
    fs::write(scratch.join("pae"), signed).expect("written");
    for (index, words) in [
        "dgst -sha256 -verify sealed/public.pem -signature sig pae",
        "pkeyutl -verify -pubin -inkey open/public.pem -rawin -in pae -sigfile sig",
    ]
    .iter()
    .enumerate()
    {
        let signature = line["signatures"][index]["sig"].as_str().expect("text");
        fs::write(scratch.join("sig"), STANDARD.decode(signature).expect("base64")).expect("written");
        openssl(scratch, words);
    }
    let statement: Value = serde_json::from_slice(&payload).expect("JSON");
    assert_eq!(
        statement["predicate"]["evidence"]["manifest"]["sha256"],
        opened.manifest_digest().to_string()
    );
    // The sealed key is one that openssl opens too.
    openssl(scratch, "pkey -in sealed/private.pem -passin file:passphrase -noout");
    openssl(scratch, "pkey -in open/private.pem -noout");
}

#[test]
fn keys_of_openssl_sign_too() {
    let scratch = Scratch::new("openssl-keys");
    let path = small(&scratch);
    for (name, words) in [
        ("ed", "genpkey -algorithm ed25519 -out ed"),
        ("ec", "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec"),
        ("pw", "genpkey -algorithm ed25519 -aes256 -pass pass:secret -out pw"),
    ] {
        openssl(&scratch, words);
        ran(&scratch, "chmod", &["600", name]);
        scratch.write("passphrase", "secret\n");
        openssl(
            &scratch,
            &format!("pkey -in {name} -passin pass:secret -pubout -out {name}.pub"),
        );
        let sign = ["sign", "small.junkyo", "--key", name, "--passphrase-file", "passphrase"];
        let ended = junkyo(&scratch, &sign).run();
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
        let public = format!("{name}.pub");
        assert_eq!(
            junkyo(&scratch, &["verify", "small.junkyo", "--trust", &public])
                .run()
                .code,
            Some(0),
            "{name}"
        );
        assert_eq!(verify_py(&scratch, &["small.junkyo", &public]).exit, 0, "{name}");
    }
    let opened = Bundle::open(&path, &Limits::OWN).expect("a bundle");
    let envelope = Envelope::parse(opened.envelope().expect("signed")).expect("an envelope");
    assert_eq!(envelope.signatures.len(), 4);
    openssl(
        &scratch,
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa",
    );
    ran(&scratch, "chmod", &["600", "rsa"]);
    assert_eq!(
        junkyo(&scratch, &["sign", "small.junkyo", "--key", "rsa"]).run().code,
        Some(2)
    );
}

/// Every byte of a signed bundle, each with two other values: noticed, or what is proven stays word for word the same.
#[test]
fn every_changed_byte_is_noticed_or_harmless() {
    let scratch = Scratch::new("every-byte");
    let path = small(&scratch);
    let trust = trusting(0x0b);
    let sound = verified(&path, &trust);
    assert_eq!(sound.conclusion, Conclusion::Valid, "{sound:#?}");
    let bytes = fs::read(&path).expect("readable");
    let changed = scratch.join("changed.junkyo");
    for place in 0..bytes.len() {
        for flip in [0x01, 0x20] {
            let mut other = bytes.clone();
            other[place] ^= flip;
            fs::write(&changed, &other).expect("written");
            let said = verified(&changed, &trust);
            assert_eq!(
                said.conclusion,
                Conclusion::Invalid,
                "byte {place} ^ {flip:#x}: {said:#?}"
            );
        }
    }
    for length in 0..bytes.len() {
        fs::write(&changed, &bytes[..length]).expect("written");
        assert_eq!(
            verified(&changed, &trust).conclusion,
            Conclusion::Invalid,
            "{length} bytes"
        );
    }
}

/// Whoever changes a byte of the envelope can also mend the checksums of the archive.
#[test]
fn every_changed_byte_of_the_envelope_is_noticed_or_a_hint() {
    let scratch = Scratch::new("envelope-bytes");
    let path = small(&scratch);
    let trust = trusting(0x0b);
    let sound = verified(&path, &trust);
    let opened = Bundle::open(&path, &Limits::OWN).expect("a bundle");
    let line = opened.envelope().expect("signed").to_vec();
    let key_id = String::from_utf8_lossy(&line).find("\"keyid\":\"").expect("a key id") + 9;
    let hint = key_id..key_id + 64;
    for place in 0..line.len() {
        let mut other = line.clone();
        other[place] ^= 0x01;
        attach(&path, ENVELOPE, other).expect("attached");
        let said = verified(&path, &trust);
        if said.conclusion == Conclusion::Valid {
            assert!(
                hint.contains(&place) || place + 1 == line.len(),
                "byte {place} was changed unnoticed"
            );
            assert_eq!(said.findings, sound.findings, "byte {place}");
        } else {
            assert_eq!(said.conclusion, Conclusion::Invalid, "byte {place}");
        }
    }
}

#[test]
fn files_that_are_changed_with_the_manifest_no_longer_fit_the_signature() {
    let scratch = Scratch::new("rewritten");
    let path = small(&scratch);
    let opened = Bundle::open(&path, &Limits::OWN).expect("a bundle");
    let line = opened.envelope().expect("signed").to_vec();
    scratch.write("files/evidence/journal.jsonl", &JOURNAL.replace("\"01\"", "\"02\""));
    let files = ["report.json", "evidence/journal.jsonl", "target.toml"].map(str::to_owned);
    write_bundle(&scratch.join("files"), &files, &path).expect("written");
    attach(&path, ENVELOPE, line).expect("attached");
    assert_eq!(verified(&path, &trusting(0x0b)).fault(), Some("V5-manifest"));
    let pem = public_key(&scratch, 0x0b);
    assert_eq!(verify_py(&scratch, &["small.junkyo", pem]).code, "V5-manifest");
    let signed_again = sign_bundle(&path, &key(Algorithm::Ed25519, 0x0b));
    assert!(signed_again.is_err(), "another statement is in it");
}

#[test]
fn a_redacted_bundle_keeps_its_proof() {
    let scratch = Scratch::new("redacted");
    let path = small(&scratch);
    let before = verified(&path, &trusting(0x0b));
    let out = scratch.join("redacted.junkyo");
    let wish = Wish {
        lines: vec![("evidence/journal.jsonl".into(), 2)],
        paths: vec!["target.toml".into()],
        reason: "営業秘密".into(),
        scenarios: Vec::new(),
    };
    let whole = Bundle::open(&path, &Limits::OWN).expect("a bundle");
    redact(&whole, &wish, &out).expect("redacted");
    let after = verified(&out, &trusting(0x0b));
    assert_eq!(after.conclusion, Conclusion::Valid, "{after:#?}");
    assert_eq!(after.statement, before.statement);
    assert!(after.findings.iter().any(|finding| finding.code == "R-withheld"));
    let pem = public_key(&scratch, 0x0b);
    let theirs = verify_py(&scratch, &["redacted.junkyo", pem]);
    assert_eq!(theirs.exit, 0, "{}", theirs.text);
    assert!(theirs.text.contains("withheld: 2"), "{}", theirs.text);
}

#[test]
fn a_timestamp_is_over_what_is_signed() {
    let (world, scratch) = (World::new(), Scratch::new("stamped"));
    let path = small(&scratch);
    let opened = Bundle::open(&path, &Limits::OWN).expect("a bundle");
    let payload = Envelope::parse(opened.envelope().expect("signed"))
        .expect("an envelope")
        .payload;
    let root = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        STANDARD.encode(&world.tsa_root)
    );
    scratch.write("tsa.pem", &root);
    let pem = public_key(&scratch, 0x0b);
    attach(&path, "report.tsr", world.stamp(&payload, NOW)).expect("attached");
    let mut trust = trusting(0x0b);
    let code = |said: &Verification, code: &str| said.findings.iter().any(|finding| finding.code == code);
    let unlisted = verified(&path, &trust);
    assert!(
        code(&unlisted, "V9-unlisted") && unlisted.conclusion == Conclusion::Valid,
        "{unlisted:#?}"
    );
    trust.add(root.as_bytes()).expect("a certificate");
    let stamped = verified(&path, &trust);
    assert!(
        code(&stamped, "V9-timestamp") && stamped.conclusion == Conclusion::Valid,
        "{stamped:#?}"
    );
    let theirs = verify_py(&scratch, &["small.junkyo", pem, "tsa.pem"]);
    assert!(
        theirs.exit == 0 && theirs.text.contains("2026-11-22T12:00:00Z"),
        "{}",
        theirs.text
    );
    attach(&path, "report.tsr", world.stamp(b"something else", NOW)).expect("attached");
    assert_eq!(verified(&path, &trust).fault(), Some("V9-timestamp"));
    assert_eq!(
        verify_py(&scratch, &["small.junkyo", pem, "tsa.pem"]).code,
        "V9-timestamp"
    );
}

#[test]
fn the_data_of_a_challenge_follow_from_its_nonce() {
    let scratch = Scratch::new("challenged");
    let challenge = ChallengeFacts {
        id: "ch-000123".into(),
        nonce: "AjIS0f1PCjrQPEXFKkCHH0aKvEFuwYH27r/DImzEdTw=".into(),
    };
    let pem = public_key(&scratch, 0x0b);
    for (seed, conclusion, code) in [
        (challenge.seed(), Conclusion::Valid, ""),
        (20_260_401, Conclusion::Invalid, "C-seed"),
    ] {
        let facts = serde_json::to_string(&challenge).expect("JSON");
        let run = format!("\"seed\":{seed},\"challenge\":{facts}");
        scratch.write("files/report.json", &REPORT.replace("\"seed\":20260401", &run));
        let path = scratch.join("challenged.junkyo");
        write_bundle(&scratch.join("files"), &["report.json".to_owned()], &path).expect("written");
        sign_bundle(&path, &key(Algorithm::Ed25519, 0x0b)).expect("signed");
        let ours = verified(&path, &trusting(0x0b));
        assert_eq!(ours.conclusion, conclusion, "{ours:#?}");
        assert_eq!(ours.fault().unwrap_or_default(), code);
        let theirs = verify_py(&scratch, &["challenged.junkyo", pem]);
        assert_eq!(theirs.code, code, "{}", theirs.text);
    }
}
