//! What happens after registration, by the clock, after a crash, and after a change of the corpus.

use super::*;
use crate::registry::model::state::RegistrationEvent;
use crate::registry::store::values;

#[test]
fn a_registration_expires_with_reminders_before_it_and_can_be_renewed() {
    let world = World::new("expiry");
    let maker = world.maker("甲");
    let registry = &world.registry;
    let number = world.registered(&maker);
    let until = registry.registration(number).expect("there").valid_until;
    let to = |day: Day| world.clock.set(Moment::start_of(day).0);
    let reminders = || {
        let notices = registry.notices(&maker.actor).expect("notices");
        notices.iter().filter(|notice| notice.text.en.contains("renew")).count()
    };
    to(until.add_days(-61).expect("a day"));
    registry.expire_due().expect("done");
    assert_eq!(reminders(), 1);
    to(until.add_days(-20).expect("a day"));
    registry.expire_due().expect("done");
    registry.expire_due().expect("again");
    assert_eq!(reminders(), 3);
    to(until);
    assert_eq!(registry.expire_due().expect("last day"), 0);
    to(until.next().expect("a day"));
    assert_eq!(
        registry.registration(number).expect("there").state,
        RegistrationState::Expired,
        "before the event"
    );
    assert_eq!(registry.expire_due().expect("over"), 1);
    assert_eq!(registry.expire_due().expect("once"), 0);
    let kinds = |number| -> Vec<EventKind> {
        registry
            .events(number)
            .expect("events")
            .iter()
            .map(|event| event.kind)
            .collect()
    };
    assert_eq!(kinds(number), [EventKind::Registered, EventKind::Expired]);
    // The suite is over by then as well; a new one would be released. Renewal is a new run of the same version.
    world.clock.set(Moment::start_of(until).0 - 400 * 86_400_000);
    let renewed = world.registered(&maker);
    assert_eq!(renewed, number, "the same number");
    assert_eq!(
        registry.registration(number).expect("there").state,
        RegistrationState::Active
    );
    assert_eq!(
        kinds(number),
        [EventKind::Registered, EventKind::Expired, EventKind::Extended]
    );
    assert_eq!(registry.check().expect("check"), []);
}

#[test]
fn a_new_version_is_compared_with_the_registered_one_and_supersedes_it() {
    let world = World::new("delta");
    let mut maker = world.maker("甲");
    let registry = &world.registry;
    let first = world.registered(&maker);
    maker.version = world.version(&maker.actor, &maker.product, "2.0.0");
    let challenge = world.challenge(&maker);
    world.hours(1);
    let mut report = world.report(&maker, &challenge);
    let extra = json!({"id": "ZZ-OPTIONAL", "verdict": "pass", "held": 1, "judged": 1});
    report["profiles"][0]["requirements"]
        .as_array_mut()
        .expect("array")
        .push(extra);
    let id = registry
        .submit(&maker.actor, &world.signed(&report, &maker.key))
        .expect("taken")
        .submission;
    world.work();
    let submission = registry.submission(&world.examiner, &id).expect("there");
    assert_eq!(submission.base, Some(first));
    assert_eq!(
        submission.delta,
        [Change {
            id: "ZZ-OPTIONAL".into(),
            before: None,
            now: Some("pass".into())
        }]
    );
    registry
        .propose(&world.examiner, &id, world.accept(), "")
        .expect("proposed");
    let second = registry
        .approve(&world.approver, &id)
        .expect("approved")
        .registration
        .expect("number");
    assert_ne!(first, second);
    let order = world.order(first, RegistrationEvent::Supersede);
    assert!(
        registry.supersede(&world.approver, first, first, &order).is_err(),
        "not by itself"
    );
    registry
        .supersede(&world.approver, first, second, &order)
        .expect("superseded");
    assert_eq!(registry.registration(second).expect("there").predecessor, Some(first));
    let catalog = registry.catalog().expect("catalog");
    let record = catalog.record(&first.to_string()).expect("record");
    assert_eq!(record.successor.as_deref(), Some(&*second.to_string()));
    assert_eq!(registry.check().expect("check"), []);
}

#[test]
fn waivers_need_two_people_and_an_end_and_count_only_where_named() {
    let world = World::new("waivers");
    let maker = world.maker("甲");
    let registry = &world.registry;
    let requirement = profile().1[0].clone();
    let form = WaiverForm {
        product: Some(maker.product.id.clone()),
        requirement: requirement.clone(),
        reason: both("by agreement"),
        expires: registry.now().day().add_days(100).expect("a day"),
    };
    let waiver = registry.add_waiver(&world.examiner, &form).expect("asked");
    let challenge = world.challenge(&maker);
    world.hours(1);
    let mut report = world.report(&maker, &challenge);
    report["profiles"][0]["requirements"][0]["verdict"] = json!("waived");
    report["profiles"][0]["requirements"][0]["reason"] = json!({"ja": "例外", "en": "waived"});
    let bundle = world.signed(&report, &maker.key);
    let early = registry.submit(&maker.actor, &bundle).expect_err("not approved");
    assert_eq!(codes(&early), ["waiver-unknown"]);
    let turned = Actor {
        role: Role::Approver,
        ..world.examiner.clone()
    };
    assert!(matches!(
        registry.decide_waiver(&turned, &waiver.id, true),
        Err(ServiceError::Forbidden)
    ));
    registry
        .decide_waiver(&world.approver, &waiver.id, true)
        .expect("approved");
    let id = registry.submit(&maker.actor, &bundle).expect("taken").submission;
    world.work();
    registry
        .propose(&world.examiner, &id, world.accept(), "")
        .expect("proposed");
    let without = registry
        .approve(&world.approver, &id)
        .expect_err("the waiver is not named");
    assert!(matches!(without, ServiceError::Conflict(_)));
    registry
        .send_back(&world.approver, &id, "name the waiver")
        .expect("back");
    let Decision::Register {
        valid_from,
        valid_until,
        step,
        features,
        ..
    } = world.accept()
    else {
        panic!()
    };
    let decision = Decision::Register {
        valid_from,
        valid_until,
        step,
        features,
        waivers: vec![waiver.id.clone()],
    };
    registry.propose(&world.examiner, &id, decision, "").expect("proposed");
    let number = registry
        .approve(&world.approver, &id)
        .expect("approved")
        .registration
        .expect("number");
    assert_eq!(registry.registration_waivers(number).expect("named")[0].id, waiver.id);
    world.hours(24 * 101);
    registry.expire_due().expect("done");
    let all = registry.waivers(&world.auditor, None).expect("all");
    assert_eq!(all[0].state, WaiverState::Expired);
}

#[test]
fn an_accepted_challenge_of_a_test_excuses_it_for_all() {
    let world = World::new("test-challenge");
    let maker = world.maker("甲");
    let registry = &world.registry;
    let test = profile().1[0].clone();
    let form = TestChallengeForm {
        test: test.clone(),
        argument: "clause 3 says otherwise".into(),
        submission: None,
    };
    let challenge = registry.challenge_test(&maker.actor, &form).expect("opened");
    let other = world.maker("乙");
    assert!(
        registry
            .test_challenges(&other.actor, None)
            .expect("own only")
            .is_empty()
    );
    let accept =
        |expires| registry.resolve_test_challenge(&world.approver, &challenge.id, true, &both("right"), expires);
    assert!(accept(None).is_err(), "without an end");
    accept(registry.now().day().add_days(30)).expect("accepted");
    assert!(accept(registry.now().day().add_days(30)).is_err(), "once");
    let waivers = registry.waivers(&world.auditor, None).expect("waivers");
    assert_eq!(
        (waivers[0].requirement.as_str(), waivers[0].state),
        (test.as_str(), WaiverState::Approved)
    );
    assert_eq!(waivers[0].product, None);
}

#[test]
fn a_new_corpus_flags_registrations_and_changes_none() {
    let world = World::new("national");
    let maker = world.maker("甲");
    let quiet = world.maker("乙");
    let registry = &world.registry;
    let number = world.registered(&maker);
    let other = world.registered(&quiet);
    assert_eq!(registry.rejudge_all(&world.admin).expect("enqueued"), 2);
    assert_eq!(registry.rejudge_all(&world.admin).expect("the same jobs"), 2);
    world.judging.edit(|report| {
        if report["product"]["name"] == "架空甲" {
            report["profiles"][0]["requirements"][0]["verdict"] = json!("fail");
        }
    });
    world.work();
    let flagged = registry.registration(number).expect("there");
    assert_eq!(flagged.suite_flags, [profile().1[0].clone()]);
    assert_eq!(flagged.state, RegistrationState::Active);
    assert_eq!(
        registry.events(number).expect("events").last().expect("one").kind,
        EventKind::SuiteFlagged
    );
    assert!(registry.registration(other).expect("there").suite_flags.is_empty());
    assert_eq!(registry.events(number).expect("events").len(), 2, "once");
    assert_eq!(registry.check().expect("check"), []);
}

#[test]
fn findings_are_opened_answered_and_closed() {
    let world = World::new("findings");
    let maker = world.maker("甲");
    let other = world.maker("乙");
    let registry = &world.registry;
    let number = world.registered(&maker);
    let finding = registry
        .add_finding(&world.examiner, number, &both("seen"), None)
        .expect("opened");
    assert!(registry.answer_finding(&other.actor, &finding.id, "not mine").is_err());
    registry
        .answer_finding(&maker.actor, &finding.id, "will be mended")
        .expect("answered");
    registry.close_finding(&world.examiner, &finding.id).expect("closed");
    assert!(registry.close_finding(&world.examiner, &finding.id).is_err());
    assert_eq!(
        registry.findings(number).expect("public")[0].state,
        FindingState::Closed
    );
}

#[test]
fn what_a_crash_leaves_undone_is_done_after_the_next_start() {
    let mut world = World::new("crash");
    let maker = world.maker("甲");
    // A crash after the submission: the job waits in the queue.
    let id = world
        .registry
        .submit(&maker.actor, &world.good(&maker))
        .expect("taken")
        .submission;
    world.reopen();
    world.work();
    let state = |world: &World| world.registry.submission(&world.auditor, &id).expect("there").state;
    assert_eq!(state(&world), SubmissionState::UnderReview);
    // A worker that dies with the job in its hands: its lease ends, another one takes over.
    let second = world
        .registry
        .submit(&maker.actor, &world.good(&maker))
        .expect("taken")
        .submission;
    world
        .registry
        .store()
        .jobs()
        .claim("dead", &["rejudge"], 60_000)
        .expect("claimed")
        .expect("a job");
    world.work();
    world.hours(1);
    world.work();
    let submission = world.registry.submission(&world.auditor, &second).expect("there");
    assert_eq!(submission.state, SubmissionState::UnderReview);
    // A crash between the decision and the publication: log, time stamp and catalog follow.
    world
        .registry
        .propose(&world.examiner, &id, world.accept(), "")
        .expect("proposed");
    let number = world
        .registry
        .approve(&world.approver, &id)
        .expect("approved")
        .registration
        .expect("number");
    std::fs::remove_dir_all(world.registry.public_folder().join("log")).ok();
    world.reopen();
    world.work();
    assert!(world.registry.events(number).expect("events")[0].token.is_some());
    assert!(
        world
            .registry
            .catalog()
            .expect("catalog")
            .record(&number.to_string())
            .is_some()
    );
    world.registry.proof_pack(number).expect("pack");
    assert_eq!(world.registry.check().expect("check"), []);
}

#[test]
fn a_transaction_that_fails_leaves_nothing_half_registered() {
    let world = World::new("half");
    let maker = world.maker("甲");
    let id = world.submitted(&maker);
    world
        .registry
        .propose(&world.examiner, &id, world.accept(), "")
        .expect("proposed");
    // The last write of the decision is refused, as a full disk would do it.
    world
        .registry
        .store()
        .write(|tx| {
            tx.execute(
                "CREATE TRIGGER full BEFORE INSERT ON public_report BEGIN SELECT RAISE(ABORT, 'full'); END",
                &values![],
            )
        })
        .expect("trigger");
    assert!(matches!(
        world.registry.approve(&world.approver, &id),
        Err(ServiceError::Store(_))
    ));
    let submission = world.registry.submission(&world.auditor, &id).expect("there");
    assert_eq!(
        (submission.state, submission.registration),
        (SubmissionState::Proposed, None)
    );
    assert!(
        world
            .registry
            .registrations(&RegistrationFilter::default())
            .expect("none")
            .is_empty()
    );
    assert_eq!(world.registry.check().expect("check"), []);
    world
        .registry
        .store()
        .write(|tx| tx.execute("DROP TRIGGER full", &values![]))
        .expect("dropped");
    world.registry.approve(&world.approver, &id).expect("now it works");
}

#[test]
fn a_clock_that_jumps_back_breaks_no_chain() {
    let world = World::new("jump");
    let maker = world.maker("甲");
    let number = world.registered(&maker);
    world.hours(-24 * 400);
    let order = world.order(number, RegistrationEvent::Suspend);
    world
        .registry
        .suspend(&world.approver, number, &order)
        .expect("suspended");
    let events = world.registry.events(number).expect("events");
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(world.registry.check().expect("check"), []);
}

#[test]
fn attempts_are_counted_and_stay_visible() {
    let world = World::new("attempts");
    let maker = world.maker("甲");
    let registry = &world.registry;
    let first = world.challenge(&maker);
    registry.abandon_challenge(&maker.actor, &first.id).expect("abandoned");
    world.challenge(&maker);
    world.hours(24 * 8);
    registry.expire_due().expect("done");
    for _ in 0..3 {
        world.challenge(&maker);
    }
    let fourth = registry.open_challenge(&maker.actor, &maker.version.id, &[profile().0]);
    assert!(matches!(fourth, Err(ServiceError::Conflict(_))), "too many open");
    let seen = registry
        .challenges(&world.examiner, Some(&maker.version.id))
        .expect("all");
    let states: Vec<&str> = seen.iter().rev().map(|challenge| challenge.state.word()).collect();
    assert_eq!(states, ["abandoned", "expired", "open", "open", "open"]);
    assert_eq!(
        seen.iter().rev().map(|challenge| challenge.attempt).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
}
