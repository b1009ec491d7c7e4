use std::sync::LazyLock;

use super::*;
use crate::rfp::{Basis, Confirmations, Matcher, read_list};
use crate::text::Lang;

static CORPUS: LazyLock<Corpus> = LazyLock::new(|| Corpus::embedded().unwrap());

fn of(units: &[u8], profiles: &[&str], step: Option<u8>) -> Result<Draft, DraftError> {
    let options = DraftOptions {
        units: units.to_vec(),
        profiles: profiles.iter().map(|id| (*id).to_owned()).collect(),
        step,
        with_untested: false,
    };
    draft(&CORPUS, &options)
}

#[test]
fn what_is_written_is_read_back_with_every_clause_matched_by_id() {
    let matcher = Matcher::new(&CORPUS);
    let draft = of(
        &[1, 10],
        &["common-function.031.provider", "platform-communication.soap.provider"],
        None,
    )
    .unwrap();
    assert!(draft.requirements() > 300, "{}", draft.requirements());
    for lang in [Lang::Ja, Lang::En] {
        let files = [
            ("draft.csv", draft.csv(lang).into_bytes()),
            ("draft.xlsx", draft.xlsx(lang).unwrap()),
            ("draft.md", draft.markdown(lang).into_bytes()),
        ];
        for (name, bytes) in files {
            let list = read_list(name, &bytes).unwrap();
            assert_eq!(list.clauses.len(), draft.requirements(), "{name} {lang:?}");
            let matches = matcher.matches(&list, &Confirmations::default());
            let rows = draft.sections.iter().flat_map(|section| &section.rows);
            for ((clause, found), row) in list.clauses.iter().zip(&matches).zip(rows) {
                assert_eq!(found.basis, Basis::Id, "{name} {lang:?} {}", clause.text);
                assert!(found.requirements.contains(&row.id), "{name} {}", row.id);
                assert_eq!(found.requirements.len(), 1, "{name} {:?}", found.requirements);
                assert_eq!(clause.number, row.number);
            }
        }
    }
}

#[test]
fn answers_in_a_draft_are_read() {
    let draft = of(&[2], &[], None).unwrap();
    let filled = draft
        .csv(Lang::Ja)
        .replacen("登録番号,\r\n", "登録番号,JK-2026-000421-09\r\n", 1)
        .replacen("事業者名,\r\n", "事業者名,株式会社架空システム\r\n", 1)
        .replacen(",,,\r\n", ",○,,\r\n", 1);
    let list = read_list("draft.csv", filled.as_bytes()).unwrap();
    assert_eq!(list.offers[0].vendor, "株式会社架空システム");
    assert_eq!(list.offers[0].registrations, ["JK-2026-000421-09"]);
    assert_eq!(list.claims[0].answer, crate::rfp::Answer::Yes);
}

#[test]
fn it_is_honest_about_where_requirements_come_from() {
    let draft = of(&[10], &["common-function.031.provider"], Some(1)).unwrap();
    let text = draft.markdown(Lang::Ja);
    assert!(text.contains("APPLIC 及びデジタル庁の規定ではない"));
    let kinds: Vec<Kind> = draft
        .sections
        .iter()
        .flat_map(|section| &section.rows)
        .map(|row| row.kind)
        .collect();
    assert!(kinds.contains(&Kind::Official) && kinds.contains(&Kind::Reference));
    let rows = text.lines().filter(|line| line.contains("| UNIT-10-"));
    assert!(rows.clone().count() > 40);
    assert!(draft.html(Lang::En).unwrap().contains("reference (own profile)"));
}

#[test]
fn what_cannot_be_chosen_is_told() {
    assert_eq!(of(&[], &[], None).unwrap_err(), DraftError::Nothing);
    assert!(matches!(of(&[99], &[], None), Err(DraftError::Unit(99, _))));
    assert_eq!(
        of(&[], &["unit.99"], None).unwrap_err(),
        DraftError::Profile("unit.99".into())
    );
    assert_eq!(of(&[1], &[], Some(6)).unwrap_err(), DraftError::Step(6));
    assert!(of(&[], &[], Some(1)).unwrap().requirements() > 100);
}
