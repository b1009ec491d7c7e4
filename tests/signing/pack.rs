//! The proof pack, and fourteen and more attacks on it: both checkers refuse each for the same reason.

use std::fs;

use junkyo::attest::envelope::Envelope;
use junkyo::attest::key::{Algorithm, Signer as _};
use junkyo::attest::log::{Checkpoint, LogProof};
use junkyo::attest::statement::{EventKind, Product, WaiverRef};
use junkyo::attest::verify::pack::{self, ProofPack};
use junkyo::attest::verify::trust::{BundleKey, Role, Trust, TrustBundle};
use junkyo::attest::verify::{Conclusion, PackOptions, Verification, verify_pack};
use junkyo::attest::{Digest, DigestSet};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::datetime;

use crate::process::Scratch;
use crate::tools::{Said, verify_pack_py};
use crate::world::{Draft, NOW, ORIGIN, World, key, p256};

/// What both checkers say, which has to be the same.
fn both(scratch: &Scratch, pack: &ProofPack, trust: &str, now: OffsetDateTime) -> (Verification, Said) {
    let mut trusted = Trust::none();
    trusted.add(trust.as_bytes()).expect("a trust bundle");
    let ours = verify_pack(pack, &trusted, &PackOptions { now, seen: None });
    fs::write(scratch.join("pack.zip"), pack.to_bytes().expect("an archive")).expect("written");
    fs::write(scratch.join("trust"), trust).expect("written");
    let at = now.format(&Rfc3339).expect("a time");
    let theirs = verify_pack_py(scratch, &["pack.zip", "trust", "--as-of", &at]);
    (ours, theirs)
}

fn refused(name: &str, pack: &ProofPack, code: &str) {
    let world = World::new();
    let trust = world.trust_file();
    refused_with(name, pack, &trust, NOW, code);
}

fn refused_with(name: &str, pack: &ProofPack, trust: &str, now: OffsetDateTime, code: &str) {
    let scratch = Scratch::new("attack");
    let (ours, theirs) = both(&scratch, pack, trust, now);
    assert_eq!(ours.fault(), Some(code), "{name}: {ours:#?}");
    assert_eq!(ours.conclusion, Conclusion::Invalid, "{name}");
    assert_eq!(
        (theirs.exit, theirs.code.as_str()),
        (1, code),
        "{name}: {}",
        theirs.text
    );
}

/// Replaces the payload of an envelope and keeps its signatures.
fn with_payload(line: &[u8], change: impl Fn(&str) -> String) -> String {
    let mut envelope = Envelope::parse(line).expect("an envelope");
    let before = String::from_utf8(envelope.payload).expect("UTF-8");
    let after = change(&before);
    assert_ne!(before, after);
    envelope.payload = after.into_bytes();
    envelope.to_line()
}

fn text<'a>(pack: &'a ProofPack, name: &str) -> &'a str {
    std::str::from_utf8(pack.get(name).expect("there")).expect("UTF-8")
}

#[test]
fn a_sound_pack_is_valid_for_both() {
    let (world, scratch) = (World::new(), Scratch::new("sound"));
    let pack = Draft::new().pack(&world);
    let (ours, theirs) = both(&scratch, &pack, &world.trust_file(), NOW);
    assert_eq!(ours.conclusion, Conclusion::Valid, "{ours:#?}");
    assert_eq!(ours.status.as_deref(), Some("active"));
    assert_eq!((theirs.exit, theirs.code.as_str()), (0, ""), "{}", theirs.text);
    assert!(theirs.text.contains("w1.example/witness"), "{}", theirs.text);
    let opened = ProofPack::open(&scratch.join("pack.zip"))
        .expect("readable")
        .expect("a pack");
    assert_eq!(opened, pack);
}

#[test]
fn attack_1_an_edited_outcome_and_1b_a_foreign_key_under_the_vendors_name() {
    let world = World::new();
    let mut pack = Draft::new().pack(&world);
    let report = pack.get(pack::REPORT).expect("there").to_vec();
    pack.insert(
        pack::REPORT,
        with_payload(&report, |text| text.replace("\"held\":3", "\"held\":4")),
    );
    refused("1", &pack, "V3-signature");
    let stranger = key(Algorithm::Ed25519, 0x77);
    let mut envelope = Envelope::parse(&report).expect("an envelope");
    let claimed = envelope.signatures[0].key.clone();
    envelope = Envelope::sign(&envelope.payload, &[&stranger]).expect("signed");
    envelope.signatures[0].key = claimed;
    pack.insert(pack::REPORT, envelope.to_line());
    refused("1b", &pack, "V3-signature");
}

#[test]
fn attack_2_another_version_of_the_product_and_2b_another_statement_of_the_register() {
    let world = World::new();
    let mut pack = Draft::new().pack(&world);
    let other = Product::new("株式会社架空システム", Some("9000000000000"), "架空住民記録", "4.0.0");
    pack.insert(pack::PRODUCT, other.to_bytes().expect("canonical"));
    refused("2", &pack, "V4-subject");
    let mut pack = Draft::new().pack(&world);
    let snapshot = pack.get(pack::CATALOG_STATEMENT).expect("there").to_vec();
    let payload = Envelope::parse(&snapshot).expect("an envelope").payload;
    pack.insert(pack::REGISTRATION, snapshot);
    pack.insert(pack::token_name(1), world.stamp(&payload, NOW));
    refused("2b", &pack, "V3-type");
}

#[test]
fn attack_3_a_left_out_requirement_and_3b_with_a_decision_that_fits() {
    let world = World::new();
    let thinned = || {
        let mut draft = Draft::new();
        draft.report.predicate.results.retain(|result| result.id != "JR-004");
        draft
    };
    let mut pack = Draft::new().pack(&world);
    pack.insert(pack::REPORT, text(&thinned().pack(&world), pack::REPORT).to_owned());
    refused("3", &pack, "V5-report");
    let mut draft = thinned();
    draft.decide_again();
    refused("3b", &draft.pack(&world), "V7-complete");
}

#[test]
fn attack_4_a_requirement_taken_out_of_the_suite() {
    let world = World::new();
    let mut draft = Draft::new();
    draft.manifest.profiles[0].required.pop();
    let mut pack = Draft::new().pack(&world);
    pack.insert(pack::SUITE_MANIFEST, draft.manifest.to_bytes().expect("canonical"));
    refused("4", &pack, "V6-suite");
}

#[test]
fn attack_5_a_leaked_key_signs_another_report_after_the_decision() {
    let world = World::new();
    let mut later = Draft::new();
    later.report.predicate.run.started_at = "2026-12-01T00:00:00Z".into();
    let mut pack = Draft::new().pack(&world);
    pack.insert(pack::REPORT, text(&later.pack(&world), pack::REPORT).to_owned());
    refused("5", &pack, "V5-report");
}

#[test]
fn attack_6_another_index_6b_another_leaf_6c_no_witnesses() {
    let world = World::new();
    let name = pack::proof_name(1);
    for (attack, from, to) in [
        ("6", "index 37", "index 36"),
        ("6c", "— w1.example", ""),
        ("6c", "— w", ""),
    ] {
        let mut pack = Draft::new().pack(&world);
        let proof = text(&pack, &name).to_owned();
        let changed = match to {
            "" => proof
                .lines()
                .filter(|line| !line.starts_with(from))
                .map(|line| format!("{line}\n"))
                .collect(),
            _ => proof.replace(from, to),
        };
        assert_ne!(proof, changed, "{attack}");
        pack.insert(name.clone(), changed);
        if from == "— w1.example" {
            // One of two is still enough; but the archive timestamp is over the note as it was.
            pack.remove(pack::CHECKPOINT_TOKEN);
            let mut trust = Trust::none();
            trust.add(world.trust_file().as_bytes()).expect("a trust bundle");
            let ours = verify_pack(&pack, &trust, &PackOptions { now: NOW, seen: None });
            assert_eq!(ours.conclusion, Conclusion::Valid, "{ours:#?}");
        } else {
            refused(attack, &pack, "V8-log");
        }
    }
    let mut pack = Draft::new().pack(&world);
    let mut proof = LogProof::parse(pack.get(&name).expect("there")).expect("a proof");
    let leaf = String::from_utf8(proof.entry.clone()).expect("UTF-8");
    proof.entry = leaf.replace("registered", "reinstated").into_bytes();
    pack.insert(name, proof.to_string());
    refused("6b", &pack, "V8-log");
}

#[test]
fn attack_7_an_older_log_and_7b_an_edited_catalog() {
    let (world, scratch) = (World::new(), Scratch::new("older"));
    let pack = Draft::new().pack(&world);
    let mut trust = Trust::none();
    trust.add(world.trust_file().as_bytes()).expect("a trust bundle");
    let seen = |size: u64, root: [u8; 32]| {
        let checkpoint = Checkpoint {
            origin: ORIGIN.into(),
            size,
            root,
        };
        let note = checkpoint.sign(&world.log).expect("signed").to_string();
        let options = PackOptions {
            now: NOW,
            seen: Some(note.into_bytes()),
        };
        verify_pack(&pack, &trust, &options)
    };
    assert_eq!(seen(50, [1; 32]).fault(), Some("V11-older"));
    assert_eq!(
        seen(42, [1; 32]).fault(),
        Some("V11-older"),
        "the same size with another root"
    );
    assert_eq!(seen(41, [1; 32]).conclusion, Conclusion::Valid);
    fs::write(scratch.join("pack.zip"), pack.to_bytes().expect("an archive")).expect("written");
    fs::write(scratch.join("trust"), world.trust_file()).expect("written");
    let at = "2026-11-22T12:00:00Z";
    let said = verify_pack_py(&scratch, &["pack.zip", "trust", "--as-of", at, "--min-size", "50"]);
    assert_eq!((said.exit, said.code.as_str()), (1, "V11-older"), "{}", said.text);
    let mut edited = pack.clone();
    edited.insert(pack::CATALOG, text(&pack, pack::CATALOG).replace("active", "super!"));
    refused("7b", &edited, "V10-status");
}

#[test]
fn attack_8_a_token_of_another_document_and_8b_a_key_twice() {
    let world = World::new();
    let mut pack = Draft::new().pack(&world);
    pack.insert(pack::token_name(1), world.stamp(b"another document", NOW));
    refused("8", &pack, "V9-timestamp");
    let mut pack = Draft::new().pack(&world);
    let line = text(&pack, pack::REGISTRATION).replacen("{\"payload\"", "{\"payload\":\"e30=\",\"payload\"", 1);
    pack.insert(pack::REGISTRATION, line);
    refused("8b", &pack, "V1-parse");
}

#[test]
fn what_is_missing_or_does_not_belong_there() {
    let world = World::new();
    for (name, code) in [
        (pack::PRODUCT, "V1-missing"),
        (pack::SUITE_MANIFEST, "V1-missing"),
        ("event-1.tlog-proof", "V1-missing"),
        (pack::KEY, "V3-signature"),
    ] {
        let mut pack = Draft::new().pack(&world);
        pack.remove(name).expect("there");
        refused(name, &pack, code);
    }
    for stray in ["evil.sh", "event-0x1.tsr", "trust/other.json"] {
        let mut pack = Draft::new().pack(&world);
        pack.insert(stray, "");
        refused(stray, &pack, "V1-stray");
    }
}

#[test]
fn later_events_count_and_cannot_be_left_out() {
    let world = World::new();
    let mut draft = Draft::new();
    draft.then(EventKind::Suspended, "2026-11-22");
    refused("suspended", &draft.pack(&world), "V10-status");
    draft.shown = 1;
    refused("a suspension kept back", &draft.pack(&world), "V10-status");
    draft.shown = usize::MAX;
    draft.then(EventKind::Reinstated, "2026-11-22");
    let scratch = Scratch::new("reinstated");
    let (ours, theirs) = both(&scratch, &draft.pack(&world), &world.trust_file(), NOW);
    assert_eq!(
        (ours.conclusion, theirs.exit),
        (Conclusion::Valid, 0),
        "{ours:#?} {}",
        theirs.text
    );
    draft.events[2].previous = Some(DigestSet::of(b"something else"));
    refused("a broken chain", &draft.pack(&world), "V5-chain");
    let mut late = Draft::new();
    late.stamped = datetime!(2026-11-22 12:00 UTC);
    refused("stamped after it was witnessed", &late.pack(&world), "V9-timestamp");
}

#[test]
fn verdicts_that_do_not_hold_need_a_waiver_by_name() {
    let world = World::new();
    for verdict in ["fail", "waived", "blocked", "review", "error", "warn", "pass!"] {
        let mut draft = Draft::new();
        draft.report.predicate.results[1].verdict = verdict.into();
        draft.decide_again();
        refused(verdict, &draft.pack(&world), "V7-complete");
        let waiver = WaiverRef {
            requirement: "JR-002".into(),
            sha256: Digest::of(b"waiver"),
        };
        draft.events[0].basis.as_mut().expect("a basis").waivers.push(waiver);
        let scratch = Scratch::new("waived");
        let (ours, theirs) = both(&scratch, &draft.pack(&world), &world.trust_file(), NOW);
        assert_eq!(
            (ours.conclusion, theirs.exit),
            (Conclusion::Valid, 0),
            "{ours:#?} {}",
            theirs.text
        );
    }
    let mut skipped = Draft::new();
    skipped.report.predicate.results[2].reason = None;
    skipped.decide_again();
    refused("skipped without a reason", &skipped.pack(&world), "V7-complete");
    let mut twice = Draft::new();
    let again = twice.report.predicate.results[0].clone();
    twice.report.predicate.results.push(again);
    twice.decide_again();
    refused("a result twice", &twice.pack(&world), "V7-complete");
    let mut partial = Draft::new();
    partial.report.predicate.run.partial = true;
    partial.decide_again();
    refused("a part", &partial.pack(&world), "V7-complete");
}

#[test]
fn keys_count_in_their_role_and_time_alone() {
    let world = World::new();
    let pack = Draft::new().pack(&world);
    let decision = 3;
    let with = |change: &dyn Fn(&mut TrustBundle)| {
        let mut bundle = world.trust();
        change(&mut bundle);
        world.signed_trust(&bundle, &[0, 1])
    };
    let other = BundleKey::new(Role::Decision, p256(0x55).public());
    for (name, trust, code) in [
        (
            "another key",
            with(&|bundle| bundle.keys[decision] = other.clone()),
            "V3-signature",
        ),
        (
            "another role",
            with(&|bundle| bundle.keys[decision].role = Role::Suite),
            "V3-signature",
        ),
        (
            "not yet",
            with(&|bundle| bundle.keys[decision].not_before = Some("2026-11-23".into())),
            "V3-signature",
        ),
        (
            "no longer",
            with(&|bundle| bundle.keys[decision].not_after = Some("2026-11-21".into())),
            "V3-signature",
        ),
        (
            "another log",
            with(&|bundle| bundle.log = Some(format!("log {}\nquorum none\n", world.another_log()))),
            "V8-log",
        ),
    ] {
        refused_with(name, &pack, &trust, NOW, code);
    }
    let mut one_witness = Draft::new();
    one_witness.witnesses = 1;
    let all = with(&|bundle| bundle.log = bundle.log.as_ref().map(|log| log.replace("any", "all")));
    refused_with("quorum", &one_witness.pack(&world), &all, NOW, "V8-log");
}

#[test]
fn a_decision_before_the_key_was_compromised_stands() {
    let world = World::new();
    let mut draft = Draft::new();
    draft.compromised_since = Some("2026-11-22T07:28:59Z".into());
    refused("compromised before", &draft.pack(&world), "V3-signature");
    draft.compromised_since = Some("2026-11-22T07:29:01Z".into());
    let scratch = Scratch::new("compromised");
    let (ours, theirs) = both(&scratch, &draft.pack(&world), &world.trust_file(), NOW);
    assert_eq!(
        (ours.conclusion, theirs.exit),
        (Conclusion::Valid, 0),
        "{ours:#?} {}",
        theirs.text
    );
}

#[test]
fn trust_is_walked_to_but_never_taken_from_the_pack() {
    let (world, scratch) = (World::new(), Scratch::new("walk"));
    let mut pack = Draft::new().pack(&world);
    // Yours is old and knows another decision key; the pack brings version 2.
    let mut old = world.trust();
    old.keys[3] = BundleKey::new(Role::Decision, p256(0x55).public());
    let old = world.signed_trust(&old, &[0, 1]);
    let mut new = world.trust();
    new.version = 2;
    pack.insert(pack::TRUST, world.signed_trust(&new, &[1, 2]));
    let (ours, theirs) = both(&scratch, &pack, &old, NOW);
    assert_eq!(
        (ours.conclusion, theirs.exit),
        (Conclusion::Valid, 0),
        "{ours:#?} {}",
        theirs.text
    );
    pack.insert(pack::TRUST, world.signed_trust(&new, &[1]));
    let one = Trust::none();
    let ours = verify_pack(&pack, &one, &PackOptions { now: NOW, seen: None });
    assert_eq!(
        ours.conclusion,
        Conclusion::Undetermined,
        "without trust nothing is proven"
    );
    let mut trust = Trust::none();
    trust.add(old.as_bytes()).expect("a trust bundle");
    let ours = verify_pack(&pack, &trust, &PackOptions { now: NOW, seen: None });
    assert_eq!(ours.fault(), Some("V2-trust"));
}

#[test]
fn a_stale_status_is_never_valid() {
    let (world, scratch) = (World::new(), Scratch::new("stale"));
    let pack = Draft::new().pack(&world);
    let later = datetime!(2026-11-23 10:00:01 UTC);
    let (ours, theirs) = both(&scratch, &pack, &world.trust_file(), later);
    assert_eq!(ours.conclusion, Conclusion::Undetermined);
    assert_eq!((theirs.exit, theirs.code.as_str()), (3, "V10-stale"), "{}", theirs.text);
    refused_with(
        "expired",
        &pack,
        &world.trust_file(),
        datetime!(2028-04-01 0:00 UTC),
        "V10-status",
    );
    let mut bare = pack.clone();
    bare.remove(pack::CATALOG);
    let (ours, theirs) = both(&scratch, &bare, &world.trust_file(), NOW);
    assert_eq!(
        (ours.conclusion, theirs.exit),
        (Conclusion::Undetermined, 3),
        "{}",
        theirs.text
    );
}

/// Each changed byte of a pack is refused by ours, or changes nothing that is said: what is signed, who signed, when.
#[test]
fn changed_bytes_of_a_pack_change_nothing_that_it_proves() {
    let (world, scratch) = (World::new(), Scratch::new("bytes"));
    let mut pack = Draft::new().pack(&world);
    for help in ["README.html", "verify.py", "verify_pack.py"] {
        pack.remove(help).expect("there");
    }
    let mut trust = Trust::none();
    trust.add(world.trust_file().as_bytes()).expect("a trust bundle");
    let options = PackOptions { now: NOW, seen: None };
    let sound = verify_pack(&pack, &trust, &options);
    let bytes = pack.to_bytes().expect("an archive");
    let path = scratch.join("changed.zip");
    // Bytes of the archive: heads, names, sizes, checksums.
    for place in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[place] ^= 0x04;
        fs::write(&path, &changed).expect("written");
        assert!(
            !matches!(ProofPack::open(&path), Ok(Some(_))),
            "byte {place} of the archive was changed unnoticed"
        );
    }
    // Bytes of the files, in an archive that is sound.
    let names = [
        pack::REGISTRATION,
        pack::PRODUCT,
        pack::SUITE_MANIFEST,
        pack::CATALOG,
        "event-1.tlog-proof",
    ];
    for name in names {
        let file = pack.get(name).expect("there").to_vec();
        for place in (0..file.len()).step_by(11) {
            let mut changed = file.clone();
            changed[place] ^= 0x01;
            let mut pack = pack.clone();
            pack.insert(name, changed);
            let said = verify_pack(&pack, &trust, &options);
            if said.conclusion == Conclusion::Valid {
                // Key ids and base64 alphabets of envelopes, names of unknown signature lines.
                assert_eq!(
                    (&said.statement, &said.status),
                    (&sound.statement, &sound.status),
                    "{name} {place}"
                );
                assert_ne!(name, pack::PRODUCT, "byte {place}");
                assert_ne!(name, pack::CATALOG, "byte {place}");
            }
        }
    }
}
