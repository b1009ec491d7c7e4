use std::sync::LazyLock;

use super::sample::{Sample, VENDOR, catalog, day};
use super::*;
use crate::catalog::{EventKind, Status};
use crate::scenario::Corpus;

static CORPUS: LazyLock<Corpus> = LazyLock::new(|| Corpus::embedded().unwrap());
static MATCHER: LazyLock<Matcher> = LazyLock::new(|| Matcher::new(&CORPUS));

const FIRST: &str = "JK-2026-000001-05";
const SECOND: &str = "JK-2026-000002-02";

fn result(samples: &[Sample], head: &str, rows: &str, as_of: &str) -> RfpResult {
    let (catalog, reports) = catalog(samples);
    let register = Register::new(&catalog, None, &reports);
    let list = read_list(
        "list.csv",
        format!("{head}\n番号,要求事項,要件ID,回答\n{rows}").as_bytes(),
    )
    .unwrap();
    let confirmations = Confirmations::default();
    let matches = MATCHER.matches(&list, &confirmations);
    let options = CheckOptions {
        as_of: day(as_of),
        verified: None,
    };
    check(&list, &matches, &confirmations, &register, &CORPUS, &options)
}

fn findings(result: &RfpResult) -> Vec<Finding> {
    result.rows.iter().map(|row| row.cells[0].finding).collect()
}

fn offer(rest: &str) -> String {
    format!("事業者名,{VENDOR}\n{rest}")
}

const ROWS: &str = "1,a,CF-031-REQ-001,○\n2,b,CF-031-REQ-002,○\n3,c,CF-031-REQ-003,○\n4,d,CF-031-REQ-001 CF-031-REQ-002,○\n5,e,CF-031-REQ-001 CF-031-REQ-013,○\n6,f,CF-031-REQ-019,○\n7,g,UNIT-10-R01,○\n8,5年間の総価格の見積書を提出すること。,,○\n9,期限の切れたトークンを拒むこと,,○\n10,h,CF-031-REQ-002,×\n11,i,CF-031-REQ-001,別紙\n12,j,CF-031-REQ-002,△\n13,k,CF-031-REQ-001,対応予定\n";

#[test]
fn each_claim_gets_its_finding() {
    use Finding::*;
    let result = result(
        &[Sample::new(FIRST, "架空付番", "3.2.1")],
        &offer(&format!("登録番号,{FIRST}")),
        ROWS,
        "2026-11-25",
    );
    assert_eq!(
        findings(&result),
        [
            Substantiated,
            Contradicted,
            Contradicted,
            Contradicted,
            NotSubstantiated,
            NotSubstantiated,
            NotSubstantiated,
            OutOfScope,
            Undetermined,
            NotClaimed,
            Undetermined,
            NotSubstantiated,
            NotClaimed
        ]
    );
    let evidence = &result.rows[0].cells[0].evidence[0];
    assert_eq!(evidence.registration.as_deref(), Some(FIRST));
    assert_eq!(
        (evidence.version.as_str(), evidence.verdict.as_deref()),
        ("3.2.1", Some("pass"))
    );
    assert_eq!(evidence.log_index, Some(0));
    assert!(evidence.report.is_some());
    assert_eq!(evidence.valid_until, Some(day("2028-03-31")));
    let suggested = &result.rows[8];
    assert_eq!(suggested.found.basis, Basis::Suggested);
    assert!(suggested.found.requirements.is_empty() && suggested.cells[0].evidence.is_empty());
    assert_eq!(result.outcome(), Outcome::Open);
    assert_eq!(result.counts().values().sum::<u64>(), 13);
}

#[test]
fn the_status_on_the_day_decides() {
    let samples = || {
        vec![
            Sample::new(FIRST, "架空付番", "3.2.1")
                .then("2026-06-01", EventKind::Suspended, Status::Suspended)
                .then("2026-07-01", EventKind::Reinstated, Status::Active)
                .then("2026-08-01", EventKind::Withdrawn, Status::WithdrawnByBody),
        ]
    };
    let on = |date: &str| {
        let result = result(
            &samples(),
            &offer(&format!("登録番号,{FIRST}")),
            "1,a,CF-031-REQ-001,○\n",
            date,
        );
        (result.rows[0].cells[0].finding, result.rows[0].cells[0].reasons.clone())
    };
    assert_eq!(on("2026-03-31").0, Finding::NotSubstantiated);
    assert_eq!(on("2026-04-01").0, Finding::Substantiated);
    let (finding, reasons) = on("2026-06-15");
    assert_eq!(finding, Finding::Suspended);
    assert!(reasons[0].ja.contains("不適合"), "{reasons:?}");
    assert_eq!(on("2026-07-01").0, Finding::Substantiated);
    assert_eq!(on("2026-08-01").0, Finding::Contradicted);
    // Partly does not excuse a withdrawal.
    let partly = result(
        &samples(),
        &offer(&format!("登録番号,{FIRST}")),
        "1,a,CF-031-REQ-001,△\n",
        "2026-08-01",
    );
    assert_eq!(findings(&partly), [Finding::Contradicted]);
}

#[test]
fn a_stale_catalog_decides_nothing() {
    let head = offer(&format!("登録番号,{FIRST}"));
    let samples = [Sample::new(FIRST, "架空付番", "3.2.1")];
    let result = result(
        &samples,
        &head,
        "1,a,CF-031-REQ-001,○\n2,b,CF-031-REQ-002,○\n",
        "2026-12-01",
    );
    assert!(result.catalog.is_stale);
    assert_eq!(findings(&result), [Finding::Undetermined; 2]);
    let provisional = result.rows[0].cells[0].provisional.as_ref().unwrap();
    assert_eq!(provisional.finding, Finding::Substantiated);
    assert_eq!(result.outcome(), Outcome::Undetermined);
    // Long after its end even a fresh catalog says so.
    let (catalog, reports) = catalog(&samples);
    let head = crate::catalog::Head {
        next_update: "2029-01-01T00:00:00Z".into(),
        ..catalog.head().unwrap().clone()
    };
    let catalog = catalog.with_head(head);
    let register = Register::new(&catalog, None, &reports);
    let list = read_list(
        "l.csv",
        format!("登録番号,{FIRST}\n番号,要求事項,要件ID,回答\n1,a,CF-031-REQ-001,○\n").as_bytes(),
    )
    .unwrap();
    let confirmations = Confirmations::default();
    let matches = MATCHER.matches(&list, &confirmations);
    let options = CheckOptions {
        as_of: day("2028-04-01"),
        verified: None,
    };
    let late = check(&list, &matches, &confirmations, &register, &CORPUS, &options);
    assert_eq!(findings(&late), [Finding::Expired]);
}

#[test]
fn evidence_of_another_version_is_shown_and_not_counted() {
    let samples = [
        Sample::new(FIRST, "架空付番", "3.2.1"),
        Sample::new(SECOND, "架空付番", "4.0"),
    ];
    let row = "1,a,CF-031-REQ-001,○\n";
    let of = |head: &str| {
        let result = result(&samples, &offer(head), row, "2026-11-25");
        let cell = result.rows[0].cells[0].clone();
        (cell.finding, cell.reasons, cell.evidence)
    };
    assert_eq!(of("製品名,架空付番\n版,Ver.3.2.1").0, Finding::Substantiated);
    let (finding, reasons, _) = of("製品名,架空付番\n版,5.0");
    assert_eq!(finding, Finding::NotSubstantiated);
    assert!(reasons[0].ja.contains("3.2.1, 4.0"), "{reasons:?}");
    assert_eq!(
        of("製品名,架空付番").0,
        Finding::Undetermined,
        "the version is not told"
    );
    assert_eq!(
        of(&format!("製品名,架空付番\n版,5.0\n登録番号,{FIRST}")).0,
        Finding::NotSubstantiated
    );
    assert_eq!(
        of(&format!("製品名,別の製品\n登録番号,{FIRST}")).0,
        Finding::NotSubstantiated
    );
    assert_eq!(of("登録番号,JK-2026-999999-99").0, Finding::NotSubstantiated);
    assert_eq!(of("").0, Finding::Undetermined, "neither product nor registration");
}

#[test]
fn a_report_that_is_missing_is_not_guessed() {
    let (catalog, _) = catalog(&[Sample::new(FIRST, "架空付番", "3.2.1")]);
    let reports = Reports::default();
    let register = Register::new(&catalog, None, &reports);
    let list = read_list(
        "l.csv",
        format!("登録番号,{FIRST}\n番号,要求事項,要件ID,回答\n1,a,CF-031-REQ-001,○\n2,b,UNIT-01-R01,○\n").as_bytes(),
    )
    .unwrap();
    let confirmations = Confirmations::default();
    let matches = MATCHER.matches(&list, &confirmations);
    let options = CheckOptions {
        as_of: day("2026-11-25"),
        verified: None,
    };
    let result = check(&list, &matches, &confirmations, &register, &CORPUS, &options);
    assert_eq!(findings(&result), [Finding::Undetermined, Finding::NotSubstantiated]);
}

#[test]
fn two_vendors_side_by_side() {
    let (catalog, reports) = catalog(&[Sample::new(FIRST, "架空付番", "3.2.1")]);
    let register = Register::new(&catalog, None, &reports);
    let text = format!(
        "登録番号,,,{FIRST},\n番号,要求事項,要件ID,回答（{VENDOR}）,回答（仮想ソフト）\n1,a,CF-031-REQ-001,○,○\n2,b,CF-031-REQ-004,○,×\n"
    );
    let list = read_list("l.csv", text.as_bytes()).unwrap();
    let confirmations = Confirmations::default();
    let matches = MATCHER.matches(&list, &confirmations);
    let options = CheckOptions {
        as_of: day("2026-11-25"),
        verified: None,
    };
    let result = check(&list, &matches, &confirmations, &register, &CORPUS, &options);
    let all: Vec<Vec<Finding>> = result
        .rows
        .iter()
        .map(|row| row.cells.iter().map(|cell| cell.finding).collect())
        .collect();
    assert_eq!(all[0], [Finding::Substantiated, Finding::Undetermined]);
    assert_eq!(all[1], [Finding::Substantiated, Finding::NotClaimed]);
    assert_eq!(result.offers[0].registrations[0].registration, FIRST);
}

#[test]
fn the_result_comes_back_from_its_bytes() {
    let make = || {
        result(
            &[Sample::new(FIRST, "架空付番", "3.2.1")],
            &offer(&format!("登録番号,{FIRST}")),
            ROWS,
            "2026-11-25",
        )
    };
    let first = make();
    let bytes = first.to_json().unwrap();
    assert_eq!(bytes, make().to_json().unwrap());
    assert_eq!(RfpResult::from_json(&bytes).unwrap(), first);
    assert!(RfpResult::from_json(b"{}").is_err());
}

const HOSTILE: &str = "1,\"<script>alert(1)</script>=cmd|'/C calc'!A0\",CF-031-REQ-001,○\n\"'=cmd|'/C calc'!A0\",\"=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\u{202E}\",CF-031-REQ-002,○\n3,期限の切れたトークンを拒むこと,,○\n";

#[test]
fn renderings_escape_what_comes_from_outside() {
    let result = result(
        &[Sample::new(FIRST, "架空付番", "3.2.1")],
        &offer(&format!("登録番号,{FIRST}")),
        HOSTILE,
        "2026-11-25",
    );
    for lang in [crate::text::Lang::Ja, crate::text::Lang::En] {
        let page = output::html_page(&result, lang, Some("result.en.html")).unwrap();
        assert!(!page.contains("<script"), "markup of a clause is text");
        assert!(!page.contains('\u{202E}'));
        assert!(page.contains(FIRST) && page.contains("CF-031-REQ-001"));
        assert_eq!(page.matches("<table").count(), page.matches("</table>").count());
        let mut text = Vec::new();
        output::write_terminal(&result, lang, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains(Finding::Contradicted.text().get(lang)), "{text}");
        let book = output::result_xlsx(&result, lang).unwrap();
        assert_eq!(book, output::result_xlsx(&result, lang).unwrap());
        let sheets = crate::import::read_sheets(book).unwrap();
        let cells = sheets.iter().flat_map(|sheet| sheet.cells.values());
        assert!(cells.clone().all(|cell| !cell.is_formula));
        assert!(
            cells.into_iter().any(|cell| cell.text.starts_with("=HYPERLINK")),
            "kept as a text"
        );
    }
}

#[test]
fn the_statement_is_about_the_bytes_of_the_result() {
    let result = result(
        &[Sample::new(FIRST, "架空付番", "3.2.1")],
        &offer(""),
        ROWS,
        "2026-11-25",
    );
    let statement = output::result_statement(&result).unwrap();
    let digest = crate::attest::Digest::of(&result.to_json().unwrap());
    assert_eq!(statement.subject[0].digest.sha256, digest);
    assert_eq!(statement.predicate.counts, result.counts());
}

#[test]
fn a_suspension_changes_the_table() {
    let head = offer(&format!("登録番号,{FIRST}"));
    let make = |samples: &[Sample]| {
        result(
            samples,
            &head,
            "1,a,CF-031-REQ-001,○\n2,b,CF-031-REQ-002,×\n",
            "2026-11-25",
        )
    };
    let before = make(&[Sample::new(FIRST, "架空付番", "3.2.1")]);
    let after =
        make(&[Sample::new(FIRST, "架空付番", "3.2.1").then("2026-11-24", EventKind::Suspended, Status::Suspended)]);
    let changes = output::differences(&before, &after);
    assert_eq!(changes.len(), 1);
    assert_eq!(
        (changes[0].before, changes[0].now),
        (Some(Finding::Substantiated), Some(Finding::Suspended))
    );
    assert!(output::differences(&before, &before).is_empty());
}
