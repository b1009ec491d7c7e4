//! Every state, event and hand: what the tables say, what the service does with all of it, and who may do what.

use std::collections::BTreeSet;

use super::*;
use crate::registry::model::state::{By, REGISTRATION, RegistrationEvent, SUBMISSION, SubmissionEvent, next, possible};

const HANDS: [By; 8] = [
    By::Role(Role::Public),
    By::Role(Role::Municipality),
    By::Role(Role::Vendor),
    By::Role(Role::Examiner),
    By::Role(Role::Approver),
    By::Role(Role::Administrator),
    By::Role(Role::Auditor),
    By::System,
];

#[test]
fn each_event_leads_to_one_state_and_everything_else_to_none() {
    let mut count = 0;
    for from in SubmissionState::ALL {
        for event in SubmissionEvent::ALL {
            for by in HANDS {
                let rows: Vec<_> = SUBMISSION
                    .iter()
                    .filter(|row| (row.0, row.1, row.2) == (*from, *event, by))
                    .collect();
                assert!(rows.len() <= 1, "{from} {event} {by:?}");
                assert_eq!(next(SUBMISSION, *from, *event, by), rows.first().map(|row| row.3));
                assert_eq!(possible(SUBMISSION, *from, by).contains(event), rows.len() == 1);
                count += 1;
            }
        }
    }
    for from in RegistrationState::ALL {
        for event in RegistrationEvent::ALL {
            for by in HANDS {
                let rows: Vec<_> = REGISTRATION
                    .iter()
                    .filter(|row| (row.0, row.1, row.2) == (*from, *event, by))
                    .collect();
                assert!(rows.len() <= 1, "{from} {event} {by:?}");
                assert_eq!(next(REGISTRATION, *from, *event, by), rows.first().map(|row| row.3));
                count += 1;
            }
        }
    }
    assert_eq!(count, 8 * 10 * 8 + 6 * 9 * 8);
}

#[test]
fn what_may_never_happen_is_in_no_row() {
    for (from, event, by, to) in SUBMISSION {
        let decided = matches!(
            from,
            SubmissionState::Refused
                | SubmissionState::Registered
                | SubmissionState::Rejected
                | SubmissionState::Retracted
        );
        assert!(!decided, "a decided submission cannot change: {from} {event}");
        if matches!(to, SubmissionState::Registered | SubmissionState::Rejected) {
            assert_eq!((*from, *by), (SubmissionState::Proposed, By::Role(Role::Approver)));
        }
        let idle = [Role::Public, Role::Municipality, Role::Administrator, Role::Auditor];
        assert!(idle.iter().all(|role| *by != By::Role(*role)));
    }
    for (from, event, by, to) in REGISTRATION {
        assert!(!from.is_final(), "what is over cannot come back: {from} {event} {to}");
        if matches!(
            event,
            RegistrationEvent::Suspend | RegistrationEvent::Reinstate | RegistrationEvent::Withdraw
        ) {
            assert_eq!(*by, By::Role(Role::Approver));
        }
        if *from == RegistrationState::Expired {
            assert!(matches!(
                event,
                RegistrationEvent::Extend | RegistrationEvent::Supersede
            ));
        }
    }
}

#[test]
fn every_state_can_be_reached_and_every_word_is_its_own() {
    let reached: BTreeSet<SubmissionState> = SUBMISSION
        .iter()
        .map(|row| row.3)
        .chain([SubmissionState::Judging])
        .collect();
    assert_eq!(reached.len(), SubmissionState::ALL.len());
    let reached: BTreeSet<RegistrationState> = REGISTRATION.iter().map(|row| row.3).collect();
    assert_eq!(reached.len(), RegistrationState::ALL.len());
    for state in SubmissionState::ALL {
        assert_eq!(SubmissionState::from_word(state.word()), Some(*state));
        assert!(state.title().is_complete());
    }
    let words: BTreeSet<&str> = RefusalCode::ALL.iter().map(|code| code.word()).collect();
    assert_eq!(words.len(), RefusalCode::ALL.len());
}

/// A submission in one of the states.
fn in_state(world: &World, maker: &Maker, state: SubmissionState) -> SubmissionId {
    let registry = &world.registry;
    let (examiner, approver) = (&world.examiner, &world.approver);
    let submit = || {
        registry
            .submit(&maker.actor, &world.good(maker))
            .expect("taken")
            .submission
    };
    match state {
        SubmissionState::Judging => submit(),
        SubmissionState::Retracted => {
            let id = submit();
            registry.retract(&maker.actor, &id).expect("retracted");
            world.work();
            id
        }
        SubmissionState::Refused => {
            world.judging.edit(|report| report["run"]["exchanges"] = json!(99));
            let id = submit();
            world.work();
            world.judging.edit(|_| {});
            id
        }
        SubmissionState::UnderReview => world.submitted(maker),
        SubmissionState::ChangesRequested => {
            let id = world.submitted(maker);
            registry.ask_back(examiner, &id, "?").expect("asked");
            id
        }
        SubmissionState::Proposed | SubmissionState::Registered => {
            let id = world.submitted(maker);
            registry.propose(examiner, &id, world.accept(), "").expect("proposed");
            if state == SubmissionState::Registered {
                registry.approve(approver, &id).expect("approved");
            }
            id
        }
        SubmissionState::Rejected => {
            let id = world.submitted(maker);
            let decision = Decision::Reject { reason: both("no") };
            registry.propose(examiner, &id, decision, "").expect("proposed");
            registry.approve(approver, &id).expect("approved");
            id
        }
    }
}

#[test]
fn the_service_does_what_the_table_says_for_every_state_and_role() {
    let world = World::new("matrix");
    let maker = world.maker("甲");
    let other = world.maker("乙");
    let registry = &world.registry;
    let actors = |role| match role {
        Role::Vendor => maker.actor.clone(),
        Role::Examiner => world.examiner.clone(),
        Role::Approver => world.approver.clone(),
        Role::Administrator => world.admin.clone(),
        Role::Auditor => world.auditor.clone(),
        Role::Municipality => Actor {
            role,
            ..Actor::public()
        },
        Role::Public => Actor::public(),
    };
    let by_hand = [
        SubmissionEvent::AskBack,
        SubmissionEvent::Answer,
        SubmissionEvent::Propose,
        SubmissionEvent::SendBack,
        SubmissionEvent::Register,
        SubmissionEvent::Retract,
    ];
    for state in SubmissionState::ALL {
        for event in by_hand {
            for role in Role::ALL {
                let Some(to) = next(SUBMISSION, *state, event, By::Role(*role)) else {
                    continue;
                };
                let id = in_state(&world, &maker, *state);
                act(registry, &actors(*role), &id, event, &world)
                    .unwrap_or_else(|error| panic!("{state} {event} {role}: {error}"));
                assert_eq!(registry.submission(&world.auditor, &id).expect("there").state, to);
            }
        }
        // What no row allows changes nothing, whoever tries it.
        let id = in_state(&world, &maker, *state);
        for event in by_hand {
            for role in Role::ALL {
                if next(SUBMISSION, *state, event, By::Role(*role)).is_some() {
                    continue;
                }
                assert!(
                    act(registry, &actors(*role), &id, event, &world).is_err(),
                    "{state} {event} {role}"
                );
            }
            assert!(
                act(registry, &other.actor, &id, event, &world).is_err(),
                "another vendor: {state} {event}"
            );
        }
        assert_eq!(registry.submission(&world.auditor, &id).expect("there").state, *state);
    }
    assert_eq!(registry.check().expect("check"), []);
}

fn act(
    registry: &Registry,
    actor: &Actor,
    id: &SubmissionId,
    event: SubmissionEvent,
    world: &World,
) -> Result<Submission, ServiceError> {
    match event {
        SubmissionEvent::AskBack => registry.ask_back(actor, id, "?"),
        SubmissionEvent::Answer => registry.answer(actor, id, "!"),
        SubmissionEvent::Propose => registry.propose(actor, id, world.accept(), ""),
        SubmissionEvent::SendBack => registry.send_back(actor, id, "?"),
        SubmissionEvent::Register | SubmissionEvent::Reject => registry.approve(actor, id),
        SubmissionEvent::Retract => registry.retract(actor, id),
        SubmissionEvent::Confirmed | SubmissionEvent::NotConfirmed | SubmissionEvent::Void => {
            Err(ServiceError::Forbidden)
        }
    }
}

#[test]
fn registrations_follow_their_table() {
    let world = World::new("registrations");
    let maker = world.maker("甲");
    let registry = &world.registry;
    for (from, event, by, to) in REGISTRATION {
        let number = registration_in(&world, &maker, *from);
        let done = match event {
            RegistrationEvent::Suspend => registry.suspend(&world.approver, number, &world.order(number, *event)),
            RegistrationEvent::Reinstate => registry.reinstate(&world.approver, number, &world.order(number, *event)),
            RegistrationEvent::Withdraw => registry.withdraw(&world.approver, number, &world.order(number, *event)),
            RegistrationEvent::GiveBack => {
                let order = Order {
                    reason: PublicReason {
                        code: "x".into(),
                        public: both("no longer sold"),
                    },
                    proposed_by: None,
                    review_by: None,
                };
                registry.withdraw(&maker.actor, number, &order)
            }
            RegistrationEvent::Supersede => {
                let successor = registration_in(&world, &maker, RegistrationState::Active);
                registry.supersede(&world.approver, number, successor, &world.order(number, *event))
            }
            // Extension, expiry, flags and interconnections have tests of their own.
            _ => continue,
        };
        let done = done.unwrap_or_else(|error| panic!("{from} {event} {by:?}: {error}"));
        assert_eq!(done.state, *to, "{from} {event}");
        let again = registry.suspend(
            &world.approver,
            number,
            &Order {
                reason: PublicReason {
                    code: "x".into(),
                    public: both("x"),
                },
                proposed_by: None,
                review_by: None,
            },
        );
        assert!(again.is_err(), "without a recommendation");
    }
    assert_eq!(registry.check().expect("check"), []);
}

/// A registration of a fresh version in a state.
fn registration_in(world: &World, maker: &Maker, state: RegistrationState) -> RegistrationNumber {
    let count = world
        .registry
        .versions(&maker.actor, &maker.product.id)
        .expect("versions")
        .len();
    let fresh = Maker {
        actor: maker.actor.clone(),
        vendor: maker.vendor.clone(),
        key: world.new_key(&maker.actor),
        product: maker.product.clone(),
        version: world.version(&maker.actor, &maker.product, &format!("9.{count}")),
    };
    let number = world.registered(&fresh);
    match state {
        RegistrationState::Suspended => {
            let order = world.order(number, RegistrationEvent::Suspend);
            world
                .registry
                .suspend(&world.approver, number, &order)
                .expect("suspended");
        }
        RegistrationState::Expired => {
            world.clock.advance(3 * 366 * 24 * 3_600_000);
            world.registry.expire_due().expect("expired");
            world.clock.advance(-3 * 366 * 24 * 3_600_000);
        }
        _ => {}
    }
    number
}
