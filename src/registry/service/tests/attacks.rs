//! Bundles that must not be taken: each with its reason, and all reasons at once.

use super::*;
use crate::attest::envelope::Envelope;

/// The codes for a report after an edit, signed properly.
fn refused(world: &World, maker: &Maker, edit: impl FnOnce(&mut Json)) -> Vec<&'static str> {
    let challenge = world.challenge(maker);
    world.hours(1);
    let mut report = world.report(maker, &challenge);
    edit(&mut report);
    let bundle = world.signed(&report, &maker.key);
    let error = world.registry.submit(&maker.actor, &bundle).expect_err("refused");
    let found = codes(&error);
    world.registry.abandon_challenge(&maker.actor, &challenge.id).ok();
    found
}

#[test]
fn each_lie_has_its_code() {
    let world = World::new("lies");
    let maker = world.maker("甲");
    let other = world.maker("乙");
    let case = |expected: &[&str], edit: &dyn Fn(&mut Json)| {
        assert_eq!(refused(&world, &maker, |report| edit(report)), expected);
    };
    case(&["partial-run"], &|report| report["run"]["partial"] = json!(true));
    case(&["partial-run"], &|report| report["run"]["interrupted"] = json!(true));
    case(&["seed-mismatch"], &|report| report["run"]["seed"] = json!(42));
    case(&["challenge-unknown"], &|report| {
        report["run"]["challenge"] = Json::Null
    });
    case(&["challenge-unknown"], &|report| {
        report["run"]["challenge"]["id"] = json!("chl_nothing")
    });
    case(&["other-product"], &|report| {
        report["product"]["name"] = json!("架空の別製品")
    });
    case(&["other-version"], &|report| {
        report["product"]["version"] = json!("9.9")
    });
    case(&["other-vendor"], &|report| {
        report["product"]["corporate-number"] = json!(other.vendor.corporate_number);
    });
    case(&["other-vendor"], &|report| {
        report["product"]
            .as_object_mut()
            .expect("object")
            .remove("corporate-number");
    });
    case(&["too-old"], &|report| {
        report["run"]["started"] = json!("2026-09-01T00:00:00Z")
    });
    case(&["too-old"], &|report| {
        report["run"]["started"] = json!("2026-11-21T00:00:00Z")
    });
    case(&["clock-ahead"], &|report| {
        report["run"]["started"] = json!("2030-01-01T00:00:00Z")
    });
    case(&["clock-ahead"], &|report| {
        report["run"]["started"] = json!("yesterday")
    });
    case(&["challenge-other-product", "wrong-suite"], &|report| {
        report["corpus"]["sha256"] = json!("ab".repeat(32));
    });
    case(&["challenge-other-product", "not-complete"], &|report| {
        let first = report["profiles"][0].clone();
        report["profiles"].as_array_mut().expect("array").push(first);
        report["profiles"][1]["id"] = json!("unit.02.provider");
        report["profiles"][1]["requirements"] = json!([]);
    });
}

#[test]
fn results_have_to_be_complete_and_passed() {
    let world = World::new("results");
    let maker = world.maker("甲");
    let case = |expected: &[&str], edit: &dyn Fn(&mut Json)| {
        assert_eq!(refused(&world, &maker, |report| edit(report)), expected);
    };
    let first = "/profiles/0/requirements/0";
    case(&["not-conformant"], &|report| {
        report.pointer_mut(first).expect("there")["verdict"] = json!("fail");
        report["outcome"] = json!("non-conformant");
    });
    // A lie about the outcome does not help: what counts is each requirement.
    case(&["not-conformant"], &|report| {
        report.pointer_mut(first).expect("there")["verdict"] = json!("fail")
    });
    case(&["not-complete"], &|report| {
        report["profiles"][0]["requirements"]
            .as_array_mut()
            .expect("array")
            .remove(0);
    });
    for open in ["blocked", "error", "review"] {
        case(&["not-complete"], &|report| {
            report.pointer_mut(first).expect("there")["verdict"] = json!(open)
        });
    }
    case(&["not-complete"], &|report| {
        report.pointer_mut(first).expect("there")["verdict"] = json!("skip")
    });
    case(&["waiver-unknown"], &|report| {
        report.pointer_mut(first).expect("there")["verdict"] = json!("waived")
    });
    case(&["not-complete"], &|report| report["outcome"] = json!("incomplete"));
    case(&["real-data-suspected"], &|report| {
        report["real-data"] = json!({"count": 2, "places": []})
    });
    case(&["challenge-other-product", "no-profile"], &|report| {
        report["profiles"] = json!([])
    });
}

#[test]
fn all_reasons_come_at_once_with_what_to_do() {
    let world = World::new("all");
    let maker = world.maker("甲");
    let challenge = world.challenge(&maker);
    world.hours(24 * 8);
    let mut report = world.report(&maker, &challenge);
    report["run"]["seed"] = json!(1);
    report["run"]["partial"] = json!(true);
    report["product"]["version"] = json!("0");
    report["profiles"][0]["requirements"][0]["verdict"] = json!("fail");
    let bundle = world.bundle(&report);
    let error = world.registry.submit(&maker.actor, &bundle).expect_err("refused");
    assert_eq!(
        codes(&error),
        [
            "key-unknown",
            "other-version",
            "challenge-expired",
            "seed-mismatch",
            "partial-run",
            "not-conformant"
        ]
    );
    let ServiceError::Refused(refusals) = error else {
        panic!()
    };
    assert!(
        refusals
            .iter()
            .all(|one| one.detail.is_complete() && one.remedy.is_complete())
    );
    let kept = world
        .registry
        .refused_bundles(&world.examiner, &maker.vendor.id)
        .expect("kept");
    assert_eq!(kept[0].refusals, refusals);
    assert!(
        world
            .registry
            .submissions(&maker.actor, &SubmissionFilter::default())
            .expect("none")
            .is_empty()
    );
}

#[test]
fn a_challenge_is_used_once_and_by_its_own_product() {
    let world = World::new("challenge");
    let maker = world.maker("甲");
    let other = world.maker("乙");
    let challenge = world.challenge(&maker);
    world.hours(1);
    let bundle = world.signed(&world.report(&maker, &challenge), &maker.key);
    world.registry.submit(&maker.actor, &bundle).expect("taken");
    // Another run with the same challenge.
    let mut second = world.report(&maker, &challenge);
    second["run"]["duration-ms"] = json!(2000);
    let replay = world.signed(&second, &maker.key);
    assert_eq!(
        codes(&world.registry.submit(&maker.actor, &replay).expect_err("used")),
        ["challenge-used"]
    );
    // Another vendor sends the same bundle.
    let stolen = world.registry.submit(&other.actor, &bundle).expect_err("stolen");
    let found = codes(&stolen);
    assert!(
        found.contains(&"replayed") && found.contains(&"other-vendor") && found.contains(&"challenge-unknown"),
        "{found:?}"
    );
    // A challenge of another version of the same vendor.
    let next = world.version(&maker.actor, &maker.product, "2.0.0");
    let newer = world
        .registry
        .open_challenge(&maker.actor, &next.id, &[profile().0])
        .expect("challenge");
    world.hours(1);
    let crossed = world.signed(&world.report(&maker, &newer), &maker.key);
    assert_eq!(
        codes(&world.registry.submit(&maker.actor, &crossed).expect_err("crossed")),
        ["challenge-other-product"]
    );
    // One that was given up.
    let given_up = world.challenge(&maker);
    world
        .registry
        .abandon_challenge(&maker.actor, &given_up.id)
        .expect("abandoned");
    let late = world.signed(&world.report(&maker, &given_up), &maker.key);
    assert_eq!(
        codes(&world.registry.submit(&maker.actor, &late).expect_err("given up")),
        ["challenge-used"]
    );
}

#[test]
fn signatures_count_only_by_registered_keys_that_hold() {
    let world = World::new("keys");
    let maker = world.maker("甲");
    let other = world.maker("乙");
    let challenge = world.challenge(&maker);
    world.hours(1);
    let report = world.report(&maker, &challenge);
    let submit = |bundle: &Path| codes(&world.registry.submit(&maker.actor, bundle).expect_err("refused"));
    assert_eq!(submit(&world.bundle(&report)), ["key-unknown"]);
    let strange = FileKey::generate(Algorithm::P256).expect("key");
    assert_eq!(submit(&world.signed(&report, &strange)), ["key-unknown"]);
    assert_eq!(submit(&world.signed(&report, &other.key)), ["other-vendor"]);
    // A signature by somebody else under the name of a registered key.
    let forged = world.signed(&report, &strange);
    let mut line = Envelope::parse(
        Bundle::open(&forged, &Limits::OWN)
            .expect("opens")
            .envelope()
            .expect("signed"),
    )
    .expect("line");
    line.signatures[0].key = maker.key.public().id();
    let plain = world.bundle(&report);
    crate::attest::bundle::attach(&plain, "report.intoto.jsonl", line.to_line().into_bytes()).expect("attached");
    assert_eq!(submit(&plain), ["signature-invalid"]);
    // The signature of another report.
    let mut better = report.clone();
    better["run"]["exchanges"] = json!(7);
    let donor = world.signed(&better, &maker.key);
    let donor = Bundle::open(&donor, &Limits::OWN)
        .expect("opens")
        .envelope()
        .expect("signed")
        .to_vec();
    let plain = world.bundle(&report);
    crate::attest::bundle::attach(&plain, "report.intoto.jsonl", donor).expect("attached");
    assert_eq!(submit(&plain), ["statement-mismatch"]);
    // Revoked.
    world
        .registry
        .revoke_key(&maker.actor, &maker.key.public().id().0, None)
        .expect("revoked");
    assert_eq!(submit(&world.signed(&report, &maker.key)), ["key-revoked"]);
}

#[test]
fn a_leaked_key_voids_what_came_after_the_leak_and_nothing_before() {
    let world = World::new("leak");
    let maker = world.maker("甲");
    let registry = &world.registry;
    let number = world.registered(&maker);
    let before = world.submitted(&maker);
    world.hours(24);
    let leak = registry.now();
    let during = world.submitted(&maker);
    let proposed = world.submitted(&maker);
    registry
        .propose(&world.examiner, &proposed, world.accept(), "")
        .expect("proposed");
    world.hours(24);
    let key = maker.key.public().id().0;
    let future = Moment(registry.now().0 + 1);
    assert!(
        registry.revoke_key(&maker.actor, &key, Some(future)).is_err(),
        "a leak in the future"
    );
    registry.revoke_key(&maker.actor, &key, Some(leak)).expect("revoked");
    let state = |id: &SubmissionId| registry.submission(&world.auditor, id).expect("there").state;
    assert_eq!(state(&before), SubmissionState::UnderReview);
    assert_eq!(state(&during), SubmissionState::Refused);
    assert_eq!(state(&proposed), SubmissionState::Refused);
    assert_eq!(
        registry.registration(number).expect("stands").state,
        RegistrationState::Active
    );
    assert_eq!(registry.check().expect("check"), []);
}

#[test]
fn files_that_are_no_bundle_of_ours_are_refused() {
    let world = World::new("files");
    let maker = world.maker("甲");
    let good = world.good(&maker);
    let bytes = std::fs::read(&good).expect("bytes");
    let bad = world.folder.join("bad.junkyo");
    let submit = |bytes: &[u8]| {
        std::fs::write(&bad, bytes).expect("written");
        codes(&world.registry.submit(&maker.actor, &bad).expect_err("refused"))
    };
    assert_eq!(submit(b""), ["not-canonical"]);
    assert_eq!(submit(b"PK\x03\x04 nothing"), ["not-canonical"]);
    assert_eq!(submit(&bytes[..bytes.len() - 1]), ["not-canonical"], "truncated");
    assert_eq!(submit(&bytes[..bytes.len() / 2]), ["not-canonical"], "half");
    assert_eq!(
        submit(&[b"#!/bin/sh\n", &bytes[..]].concat()),
        ["not-canonical"],
        "prefixed"
    );
    assert_eq!(submit(&[&bytes[..], b"tail"].concat()), ["not-canonical"], "trailer");
    assert_eq!(submit(&repacked(&bytes, false)), ["not-canonical"], "packed again");
    assert_eq!(submit(&repacked(&bytes, true)), ["not-canonical"], "another entry");
    let at = bytes
        .windows(9)
        .position(|found| found == b"conforman")
        .expect("in the report");
    let mut changed = bytes.clone();
    changed[at] ^= 1;
    let found = submit(&changed);
    assert!(
        matches!(found[..], ["manifest-mismatch"] | ["not-canonical"]),
        "{found:?}"
    );
    // After all that the good one is still taken.
    world.registry.submit(&maker.actor, &good).expect("taken");
}

/// The same files packed by an ordinary tool.
fn repacked(bytes: &[u8], more: bool) -> Vec<u8> {
    use std::io::{Cursor, Read as _, Write as _};
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).expect("a ZIP");
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    // In another order: of one order there is only one form.
    for at in (0..archive.len()).rev() {
        let mut file = archive.by_index(at).expect("entry");
        let mut content = Vec::new();
        file.read_to_end(&mut content).expect("read");
        out.start_file(file.name().expect("name").into_owned(), options)
            .expect("entry");
        out.write_all(&content).expect("written");
    }
    if more {
        out.start_file("evidence/more.txt", options).expect("entry");
        out.write_all(b"more").expect("written");
    }
    out.finish().expect("finished").into_inner()
}

#[test]
fn redacted_evidence_is_refused() {
    let world = World::new("redacted");
    let maker = world.maker("甲");
    let good = world.good(&maker);
    let wish = crate::attest::bundle::Wish {
        paths: vec!["evidence/journal.jsonl".into()],
        reason: "customer".into(),
        ..Default::default()
    };
    let out = world.folder.join("redacted.junkyo");
    let opened = Bundle::open(&good, &Limits::OWN).expect("opens");
    crate::attest::bundle::redact(&opened, &wish, &out).expect("redacted");
    assert_eq!(
        codes(&world.registry.submit(&maker.actor, &out).expect_err("refused")),
        ["redacted-evidence"]
    );
}

#[test]
fn a_report_that_the_evidence_does_not_give_is_refused_after_judging() {
    let world = World::new("lie");
    let maker = world.maker("甲");
    world
        .judging
        .edit(|report| report["profiles"][0]["requirements"][0]["verdict"] = json!("fail"));
    let id = world.submitted(&maker);
    let submission = world.registry.submission(&maker.actor, &id).expect("own");
    assert_eq!(submission.state, SubmissionState::Refused);
    let [refusal] = &submission.refusals[..] else { panic!() };
    assert_eq!(refusal.code, RefusalCode::NotReproducible);
    assert!(refusal.detail.en.contains(&profile().1[0]), "{}", refusal.detail.en);
}

#[test]
fn evidence_that_cannot_be_read_is_tried_again_and_then_refused() {
    let world = World::new("unreadable");
    let maker = world.maker("甲");
    *world.judging.fails.lock().expect("lock") = true;
    let id = world
        .registry
        .submit(&maker.actor, &world.good(&maker))
        .expect("taken")
        .submission;
    for _ in 0..4 {
        world.work();
        world.hours(1);
    }
    let submission = world.registry.submission(&maker.actor, &id).expect("own");
    assert_eq!(submission.state, SubmissionState::Refused);
    assert!(world.registry.last_fault().is_some());
}

#[test]
fn only_vendors_submit_and_only_admitted_ones() {
    let world = World::new("who");
    let maker = world.maker("甲");
    let good = world.good(&maker);
    for actor in [
        &world.examiner,
        &world.approver,
        &world.admin,
        &world.auditor,
        &Actor::public(),
    ] {
        assert!(matches!(
            world.registry.submit(actor, &good),
            Err(ServiceError::Forbidden)
        ));
    }
    let mut new = staff(&world.registry, "new", Role::Vendor);
    assert!(
        matches!(world.registry.submit(&new, &good), Err(ServiceError::Forbidden)),
        "no vendor yet"
    );
    let form = SignUp {
        corporate_number: corporate_number("新"),
        name: "新".into(),
        email: "a@example.jp".into(),
        ..SignUp::default()
    };
    let vendor = world.registry.sign_up(&new, &form).expect("signed up");
    new.vendor = Some(vendor.id);
    let found = codes(&world.registry.submit(&new, &good).expect_err("refused"));
    assert!(found.contains(&"vendor-not-admitted"), "{found:?}");
    assert!(matches!(
        world.registry.add_product(
            &new,
            &ProductForm {
                name: "x".into(),
                ..ProductForm::default()
            }
        ),
        Err(ServiceError::Conflict(_))
    ));
}

#[test]
fn keys_need_proof_of_possession() {
    let world = World::new("possession");
    let maker = world.maker("甲");
    let other = world.maker("乙");
    let registry = &world.registry;
    let key = FileKey::generate(Algorithm::P256).expect("key");
    let proof = registry
        .begin_key(&maker.actor, &key.public().to_pem(), "new")
        .expect("proof");
    let sign = |text: &str| BASE64_STANDARD.encode(key.sign(text.as_bytes()).expect("signed"));
    let wrong = [
        sign("something else"),
        BASE64_STANDARD.encode(maker.key.sign(proof.text.as_bytes()).expect("signed")),
        "not base64!".into(),
    ];
    for signature in wrong {
        assert!(registry.register_key(&maker.actor, &proof.key.0, &signature).is_err());
    }
    let good = sign(&proof.text);
    assert!(
        registry.register_key(&other.actor, &proof.key.0, &good).is_err(),
        "another vendor's proof"
    );
    world.hours(25);
    assert!(
        registry.register_key(&maker.actor, &proof.key.0, &good).is_err(),
        "too late"
    );
    let proof = registry
        .begin_key(&maker.actor, &key.public().to_pem(), "new")
        .expect("proof");
    registry
        .register_key(&maker.actor, &proof.key.0, &sign(&proof.text))
        .expect("registered");
    assert!(
        registry
            .begin_key(&other.actor, &key.public().to_pem(), "mine")
            .is_err(),
        "registered already"
    );
}
