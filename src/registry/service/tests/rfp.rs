//! A municipality's list, its decisions, a suspension and the changed table; the board; who may do what.

use super::*;
use crate::rfp::board::{NoticeDraft, NoticeKind};
use crate::rfp::{Basis, Finding};

fn municipality(world: &World, name: &str) -> Actor {
    staff(&world.registry, name, Role::Municipality)
}

fn csv(maker: &Maker, number: RegistrationNumber, required: &str) -> String {
    format!(
        "事業者名,{}\n製品名,{}\n版,{}\n登録番号,{number}\n番号,要求事項,要件ID,回答\n1,甲,{required},○\n2,期限の切れたトークンを拒むこと,,○\n3,5年間の総価格の見積書を提出すること。,,○\n",
        maker.vendor.name, maker.product.name, maker.version.version
    )
}

#[test]
fn a_list_from_upload_to_a_suspension() {
    let world = World::new("rfp-list");
    let registry = &world.registry;
    let maker = world.maker("list");
    let number = world.registered(&maker);
    let required = profile().1[0].clone();
    let city = municipality(&world, "架空市");
    let other = municipality(&world, "別の市");
    let text = csv(&maker, number, &required);
    let saved = registry
        .save_clause_list(&city, "../../list.csv", text.as_bytes())
        .expect("saved");
    assert_eq!(
        (saved.files[0].name.as_str(), saved.clauses, saved.offers),
        ("list.csv", 3, 1)
    );

    let findings = |actor: &Actor| {
        let result = registry.check_clause_list(actor, &saved.id, None).expect("checked");
        result.rows.iter().map(|row| row.cells[0].finding).collect::<Vec<_>>()
    };
    assert_eq!(
        findings(&city),
        [Finding::Substantiated, Finding::Undetermined, Finding::OutOfScope]
    );

    let (_, _, matches) = registry.clause_matches(&city, &saved.id).expect("matches");
    assert_eq!(matches[1].basis, Basis::Suggested);
    let decision = ClauseDecision::Requirements(vec!["CF-AUT-052".into()]);
    registry
        .decide_clause(&city, &saved.id, "2", &decision, "")
        .expect("decided");
    assert_eq!(findings(&city)[1], Finding::NotSubstantiated);
    let unknown = ClauseDecision::Requirements(vec!["CF-999".into()]);
    assert!(matches!(
        registry.decide_clause(&city, &saved.id, "2", &unknown, ""),
        Err(ServiceError::Invalid(_))
    ));
    registry
        .decide_clause(&city, &saved.id, "2", &ClauseDecision::Open, "")
        .expect("open again");
    assert_eq!(findings(&city)[1], Finding::Undetermined);

    let order = world.order(number, state::RegistrationEvent::Suspend);
    registry.suspend(&world.approver, number, &order).expect("suspended");
    assert_eq!(findings(&city)[0], Finding::Suspended);
    let open = registry.check_claims("l.csv", text.as_bytes(), None).expect("checked");
    assert_eq!(open.rows[0].cells[0].finding, Finding::Suspended);

    for stranger in [&other, &maker.actor, &world.examiner, &Actor::public()] {
        assert!(registry.clause_list(stranger, &saved.id).is_err());
        assert!(registry.check_clause_list(stranger, &saved.id, None).is_err());
        assert!(registry.delete_clause_list(stranger, &saved.id).is_err());
        assert!(
            registry
                .decide_clause(stranger, &saved.id, "2", &ClauseDecision::OutOfScope, "")
                .is_err()
        );
        if stranger.role != Role::Municipality {
            assert!(matches!(
                registry.save_clause_list(stranger, "l.csv", text.as_bytes()),
                Err(ServiceError::Forbidden)
            ));
        }
    }
    registry.delete_clause_list(&city, &saved.id).expect("deleted");
    assert!(matches!(
        registry.clause_list(&city, &saved.id),
        Err(ServiceError::NotFound)
    ));
    assert!(matches!(
        registry.save_clause_list(&city, "x", b"no list"),
        Err(ServiceError::Invalid(_))
    ));
}

#[test]
fn a_notice_and_the_products_that_fit() {
    let world = World::new("rfp-board");
    let registry = &world.registry;
    let maker = world.maker("board");
    let number = world.registered(&maker);
    let city = municipality(&world, "架空市");
    let other = municipality(&world, "別の市");
    let list = "番号,要求事項\n1,文\n";
    let saved = registry
        .save_clause_list(&city, "list.csv", list.as_bytes())
        .expect("saved");
    let draft = NoticeDraft {
        kind: NoticeKind::Rfp,
        municipality: "架空市".into(),
        title: "住民記録の更新".into(),
        summary: String::new(),
        units: vec![],
        profiles: vec![profile().0],
        step: None,
        published: day("2026-11-20"),
        deadline: day("2026-12-20"),
        link: "https://city.example/".into(),
        clause_list: Some(saved.id.clone()),
    };
    let notice = registry.post_board_notice(&city, draft.clone()).expect("posted");
    assert!(
        registry.post_board_notice(&other, draft.clone()).is_err(),
        "the list is not its own"
    );
    assert!(matches!(
        registry.post_board_notice(&maker.actor, draft.clone()),
        Err(ServiceError::Forbidden)
    ));
    assert!(matches!(
        registry.edit_board_notice(
            &other,
            &notice.id,
            NoticeDraft {
                clause_list: None,
                ..draft.clone()
            }
        ),
        Err(ServiceError::Forbidden)
    ));
    let wrong = NoticeDraft {
        link: "javascript:alert(1)".into(),
        ..draft.clone()
    };
    assert!(matches!(
        registry.post_board_notice(&city, wrong),
        Err(ServiceError::Invalid(faults)) if faults[0].field == "link"
    ));
    let fits = registry.board_fits(&notice.id, None).expect("fits");
    assert_eq!(fits[0].registration, number.to_string());
    assert!(fits[0].is_whole());
    assert_eq!(registry.board_clause_list(&notice.id).expect("list").1, list.as_bytes());
    let open = BoardFilter {
        open_on: Some(day("2026-12-20")),
        ..BoardFilter::default()
    };
    assert_eq!(registry.board_notices(&open).expect("notices").len(), 1);
    registry.withdraw_board_notice(&city, &notice.id).expect("withdrawn");
    assert!(registry.board_notices(&open).expect("notices").is_empty());
    assert!(registry.board_notice(&notice.id).expect("still there").is_withdrawn);
    assert!(matches!(
        registry.edit_board_notice(&city, &notice.id, draft),
        Err(ServiceError::Conflict(_))
    ));
    assert!(
        registry
            .board_feed("https://r.example", crate::text::Lang::Ja)
            .expect("feed")
            .contains(&notice.id)
    );
    let json = registry.board_json().expect("board.json");
    assert!(
        !String::from_utf8(json).expect("UTF-8").contains(city.account.as_str()),
        "accounts are not public"
    );
}
