//! Four eyes, what a decision rests on, and what an insider leaves behind.

use super::*;
use crate::registry::model::state::RegistrationEvent;
use crate::registry::store::{StoreError, values};

#[test]
fn nobody_approves_a_case_that_he_examined() {
    let world = World::new("four-eyes");
    let maker = world.maker("甲");
    let id = world.submitted(&maker);
    // The same person with both roles: an account that was an examiner and became an approver.
    let turned = Actor {
        role: Role::Approver,
        ..world.examiner.clone()
    };
    world
        .registry
        .propose(&world.examiner, &id, world.accept(), "")
        .expect("proposed");
    assert!(matches!(
        world.registry.approve(&turned, &id),
        Err(ServiceError::Forbidden)
    ));
    assert!(matches!(
        world.registry.send_back(&turned, &id, "?"),
        Err(ServiceError::Forbidden)
    ));
    world
        .registry
        .approve(&world.approver, &id)
        .expect("another person may");
}

#[test]
fn an_order_needs_the_recommendation_of_another_person_for_just_that() {
    let world = World::new("orders");
    let maker = world.maker("甲");
    let number = world.registered(&maker);
    let registry = &world.registry;
    let turned = Actor {
        role: Role::Approver,
        ..world.examiner.clone()
    };
    let order = world.order(number, RegistrationEvent::Suspend);
    assert!(registry.suspend(&turned, number, &order).is_err(), "own recommendation");
    assert!(
        registry.withdraw(&world.approver, number, &order).is_err(),
        "another event"
    );
    registry.suspend(&world.approver, number, &order).expect("suspended");
    assert!(
        registry
            .recommendations(&world.auditor, Some(number))
            .expect("open")
            .is_empty()
    );
    let reinstate = world.order(number, RegistrationEvent::Reinstate);
    registry
        .reinstate(&world.approver, number, &reinstate)
        .expect("reinstated");
    assert!(
        registry.suspend(&world.approver, number, &order).is_err(),
        "a recommendation counts once"
    );
    let kinds: Vec<&str> = registry
        .events(number)
        .expect("events")
        .iter()
        .map(|event| event.kind.word())
        .collect();
    assert_eq!(kinds, ["registered", "suspended", "reinstated"]);
    let catalog = registry.catalog().expect("catalog");
    assert_eq!(catalog.record(&number.to_string()).expect("record").history.len(), 3);
}

#[test]
fn a_proposal_is_checked_again_when_it_is_approved() {
    let world = World::new("late");
    let maker = world.maker("甲");
    let id = world.submitted(&maker);
    world
        .registry
        .propose(&world.examiner, &id, world.accept(), "")
        .expect("proposed");
    let digest = CORPUS.digest.parse().expect("digest");
    world
        .registry
        .withdraw_suite(&world.admin, &digest, both("defect"), &[])
        .expect("withdrawn");
    assert!(matches!(
        world.registry.approve(&world.approver, &id),
        Err(ServiceError::Conflict(_))
    ));
    assert!(
        world
            .registry
            .registrations(&RegistrationFilter::default())
            .expect("none")
            .is_empty()
    );
}

#[test]
fn dates_steps_and_waivers_of_a_proposal_are_checked_together() {
    let world = World::new("proposal");
    let maker = world.maker("甲");
    let id = world.submitted(&maker);
    let decision = Decision::Register {
        valid_from: day("2026-11-21"),
        valid_until: day("2026-11-20"),
        step: Some(6),
        features: vec![],
        waivers: vec!["wvr_none".into()],
    };
    let Err(ServiceError::Invalid(faults)) = world.registry.propose(&world.examiner, &id, decision, "") else {
        panic!("accepted");
    };
    let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(fields, ["validFrom", "validUntil", "step", "waivers"]);
}

fn tampered(world: &World, sql: &str) -> Vec<CheckFault> {
    world
        .registry
        .store()
        .write(|tx| tx.execute(sql, &[]).map(|_| ()))
        .expect("written behind the back");
    let faults = world.registry.check().expect("check");
    faults.into_iter().map(|check| check.fault).collect()
}

#[test]
fn a_row_edited_behind_the_back_is_found() {
    let world = World::new("insider");
    let maker = world.maker("甲");
    let number = world.registered(&maker);
    let order = world.order(number, RegistrationEvent::Suspend);
    world
        .registry
        .suspend(&world.approver, number, &order)
        .expect("suspended");
    assert_eq!(world.registry.check().expect("check"), []);
    // The column and the value inside the row, as a careful insider would do it.
    let sql = "UPDATE registration SET state = 'active', data = replace(data, '\"state\":\"suspended\"', '\"state\":\"active\"')";
    assert_eq!(tampered(&world, sql), [CheckFault::TableDiffers]);
    let sql = "UPDATE registration SET valid_until = '2099-12-31', data = replace(data, '\"validUntil\":\"2028', '\"validUntil\":\"2098')";
    assert!(
        tampered(&world, sql)
            .iter()
            .all(|fault| *fault == CheckFault::TableDiffers)
    );
}

#[test]
fn events_cannot_be_changed_and_without_the_triggers_the_change_is_found() {
    let world = World::new("events");
    let maker = world.maker("甲");
    world.registered(&maker);
    let change =
        "UPDATE registration_event SET data = replace(data, '\"kind\":\"registered\"', '\"kind\":\"expired\"')";
    let refused = world.registry.store().write(|tx| tx.execute(change, &[]));
    assert!(refused.is_err(), "append-only");
    let triggers: Vec<String> = world
        .registry
        .store()
        .read(|tx| {
            let sql = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('registration_event', 'log_leaf', 'audit')";
            tx.query(sql, &[])?.iter().map(|row| row.text(0)).collect::<Result<_, StoreError>>()
        })
        .expect("triggers");
    assert!(!triggers.is_empty());
    for trigger in triggers {
        world
            .registry
            .store()
            .write(|tx| tx.execute(&format!("DROP TRIGGER {trigger}"), &values![]))
            .expect("dropped");
    }
    assert!(tampered(&world, change).contains(&CheckFault::TableDiffers));
    assert!(
        tampered(&world, "UPDATE audit SET actor = 'somebody' WHERE sequence = 3").contains(&CheckFault::AuditChain)
    );
    let silent = "DELETE FROM registration_event";
    assert!(tampered(&world, silent).contains(&CheckFault::NotInDatabase));
}

#[test]
fn a_deleted_tail_of_the_audit_log_is_found_after_a_snapshot() {
    let world = World::new("tail");
    let maker = world.maker("甲");
    world.registered(&maker);
    world.registry.snapshot_now().expect("snapshot");
    let (json, line) = world.registry.snapshot().expect("stored").expect("there is one");
    assert!(json.starts_with(b"{\"catalog\"") && line.contains("payload"));
    world
        .registry
        .store()
        .write(|tx| {
            let names = tx.query(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'",
                &[],
            )?;
            for row in names {
                tx.execute(&format!("DROP TRIGGER {}", row.text(0)?), &[])?;
            }
            Ok::<_, StoreError>(())
        })
        .expect("dropped");
    let last = "DELETE FROM audit WHERE sequence > (SELECT MAX(sequence) - 4 FROM audit)";
    assert!(tampered(&world, last).contains(&CheckFault::AuditChain));
}
