//! From sign-up to a registered product.

use super::*;

#[test]
fn a_vendor_comes_to_a_registration() {
    let world = World::new("flow");
    let maker = world.maker("甲");
    let registry = &world.registry;
    let receipt = registry.submit(&maker.actor, &world.good(&maker)).expect("taken");
    assert!(!receipt.again && receipt.envelope.contains("payload"));
    let id = receipt.submission.clone();
    assert_eq!(
        registry.submission(&maker.actor, &id).expect("own").state,
        SubmissionState::Judging
    );
    world.work();
    let submission = registry.submission(&world.examiner, &id).expect("staff");
    assert_eq!(submission.state, SubmissionState::UnderReview);
    assert_eq!(submission.judged.as_ref(), Some(&submission.claimed));
    registry
        .ask_back(&world.examiner, &id, "冗長化構成の資料をください")
        .expect("asked");
    registry
        .attach_document(
            &maker.actor,
            &id,
            DocumentKind::Redundancy,
            None,
            &Upload {
                name: "C:\\x\\構成.pdf",
                media_type: "application/pdf",
                bytes: b"%PDF",
            },
        )
        .expect("attached");
    registry.answer(&maker.actor, &id, "添付しました").expect("answered");
    let early = registry.propose(&world.examiner, &id, world.accept(), "");
    assert!(
        matches!(early, Err(ServiceError::Conflict(_))),
        "a document is not judged"
    );
    let document = registry.documents(&world.examiner, &id).expect("documents").remove(0);
    assert_eq!(document.name, "構成.pdf");
    registry
        .judge_document(&world.examiner, &document.id, true, "")
        .expect("judged");
    registry
        .remark(&world.examiner, &id, RemarkKind::Internal, None, "問題なし")
        .expect("remark");
    registry
        .propose(&world.examiner, &id, world.accept(), "")
        .expect("proposed");
    assert!(registry.submission(&maker.actor, &id).expect("own").proposal.is_none());
    let submission = registry.approve(&world.approver, &id).expect("approved");
    let number = submission.registration.expect("number");
    let found = registry.registration(number).expect("public");
    assert_eq!(found.state, RegistrationState::Active);
    assert_eq!(found.scope.units, ["01"]);
    let events = registry.events(number).expect("events");
    assert_eq!(events.len(), 1);
    world.work();
    assert!(
        registry.events(number).expect("events")[0].token.is_some(),
        "time stamp"
    );
    let seen = registry.remarks(&maker.actor, &id).expect("remarks");
    assert!(seen.iter().all(|remark| remark.kind != RemarkKind::Internal) && seen.len() == 2);
    let catalog = registry.catalog().expect("catalog");
    let record = catalog.record(&number.to_string()).expect("record");
    assert_eq!(record.product.name, "架空甲");
    assert_eq!(registry.check().expect("check"), []);
    assert!(!registry.notices(&maker.actor).expect("notices").is_empty());
}

#[test]
fn the_proof_pack_is_valid_for_a_checker_with_the_trust_bundle() {
    use crate::attest::verify::trust::Trust;
    use crate::attest::verify::{Conclusion, PackOptions, ProofPack, verify_pack};
    let world = World::new("pack");
    let maker = world.maker("甲");
    let number = world.registered(&maker);
    let bytes = world.registry.proof_pack(number).expect("pack");
    let file = world.folder.join("pack.zip");
    std::fs::write(&file, bytes).expect("written");
    let pack = ProofPack::open(&file).expect("a pack").expect("a proof pack");
    let mut trust = Trust::default();
    trust
        .add(&std::fs::read(world.registry.trust_file()).expect("trust"))
        .expect("trusted");
    let options = PackOptions {
        now: time::OffsetDateTime::from_unix_timestamp(world.registry.now().0 / 1000).expect("a time"),
        seen: None,
    };
    let verification = verify_pack(&pack, &trust, &options);
    assert_eq!(verification.conclusion, Conclusion::Valid, "{verification:?}");
}

#[test]
fn the_same_bundle_gives_the_same_receipt() {
    let world = World::new("again");
    let maker = world.maker("甲");
    let bundle = world.good(&maker);
    let first = world.registry.submit(&maker.actor, &bundle).expect("taken");
    let second = world.registry.submit(&maker.actor, &bundle).expect("again");
    assert!(second.again);
    assert_eq!((first.submission, first.envelope), (second.submission, second.envelope));
}
