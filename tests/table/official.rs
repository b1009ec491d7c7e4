//! The real workbook of 住登外者宛名番号管理 (031): table, slips, a file made to fit, and its mutations.

use std::path::PathBuf;

use junkyo::import::{WorkbookFault, WorkbookOptions, import_workbook, read_workbook};
use junkyo::schema::table::{CheckDigit, Outcome, Presence, Table, Type};
use junkyo::text::check_digit::is_individual_number;

use super::help::{check, csv, fresh, places, reference};

fn workbook() -> Option<PathBuf> {
    reference("digital-agency/jutogaisha-item-definition.xlsx")
}

/// A record that fits; 個人番号 is empty.
const RECORD: &[(&str, &str)] = &[
    ("宛名番号", "123456789123452"),
    ("氏名", "佐藤　一郎"),
    ("氏_日本人", "佐藤"),
    ("名_日本人", "一郎"),
    ("性別", "1"),
    ("生年月日", "1964-07-00"),
    ("生年月日_不詳表記", "昭和３９年７月頃"),
    ("住所_市区町村コード", "016373"),
    ("住所_町字コード", "0011001"),
    ("住所_都道府県", "北海道"),
    ("業務ID", "001"),
    ("代表宛名フラグ", "0"),
    ("操作者ID", "123456"),
    ("操作年月日", "2021-11-01"),
    ("操作時刻", "09:00:00"),
];

/// Header and record with changes, by item.
fn file(table: &Table, changes: &[(&str, &str)]) -> String {
    let items = &table.group[0].item;
    let names: Vec<&str> = items.iter().map(|item| item.name.as_str()).collect();
    let value = |name: &&str| {
        let known = changes.iter().chain(RECORD).find(|(other, _)| other == name);
        known.map_or("", |(_, value)| value)
    };
    let values: Vec<&str> = names.iter().map(value).collect();
    format!("{}\r\n{}\r\n", names.join(","), values.join(","))
}

#[test]
fn the_table_is_that_of_the_hand_made_list() {
    let (Some(workbook), Some(list)) = (workbook(), reference("data/da-v2/031_items.csv")) else {
        return;
    };
    let table = read_workbook(&workbook, None).unwrap();
    assert_eq!((table.id.as_str(), table.group.len(), table.code.len()), ("031", 1, 3));
    assert!(table.source[0].sha256.starts_with("2ffb05bf38bce6ba"));
    let rows = csv(&list);
    let items = &table.group[0].item;
    assert_eq!((items.len(), rows.len()), (29, 30));
    for (item, row) in items.iter().zip(&rows[1..]) {
        let presence = match item.presence {
            Presence::Required => "必須",
            Presence::Conditional => "条件付き必須",
            Presence::Optional => "任意",
        };
        let mark = |set: bool| if set { "○" } else { "" };
        let ours = [
            item.id.clone(),
            item.name.clone(),
            item.field.clone(),
            table.group[0].name.clone(),
            mark(item.key).into(),
            mark(item.foreign).into(),
            item.item_type.map_or("", Type::printed).to_owned(),
            item.length.map_or_else(String::new, |length| length.to_string()),
            item.code.clone().unwrap_or_default(),
            item.repeat.map_or_else(String::new, |repeat| repeat.to_string()),
            presence.into(),
            mark(item.output).into(),
        ];
        let theirs = [0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 17].map(|column| row[column].clone());
        assert_eq!(ours, theirs, "{}", item.cell);
    }
    let find = |name: &str| items.iter().find(|item| item.name == name).unwrap();
    assert!(find("生年月日").unknown_date && !find("操作年月日").unknown_date);
    assert_eq!(find("個人番号").check_digit, Some(CheckDigit::IndividualNumber));
    assert!(find("業務ID").fixed && find("住所_市区町村コード").fixed && !find("宛名番号").fixed);
    assert_eq!(find("生年月日_不詳表記").condition, "生年月日が不詳の場合は出力必須");
    assert!(table.code[2].open && !table.code[0].open);
}

#[test]
fn slips_are_told_and_samples_stay_away() {
    let Some(workbook) = workbook() else { return };
    let out = fresh("official").join("031");
    let options = WorkbookOptions {
        file: workbook,
        out: out.clone(),
        id: None,
        force: false,
    };
    let table = import_workbook(&options).unwrap();
    let slips: Vec<(&str, &str)> = table
        .slip
        .iter()
        .map(|slip| (slip.kind.as_str(), slip.cell.as_str()))
        .collect();
    // RD-05, RD-04, SF-03, RD-03.
    assert_eq!(
        slips,
        [
            ("valid-number", "U8"),
            ("sample-length", "U23"),
            ("two-spellings", "D27"),
            ("code-id-storage", "A9")
        ]
    );
    assert_eq!(
        Table::from_path(&out).unwrap(),
        table,
        "what is written is what is read"
    );
    for name in ["table.toml", "slips.txt"] {
        let text = std::fs::read_to_string(out.join(name)).unwrap();
        let numbers = text
            .split(|c: char| !c.is_ascii_digit())
            .filter(|digits| digits.len() == 12);
        assert_eq!(
            numbers.filter(|digits| is_individual_number(digits)).count(),
            0,
            "{name}"
        );
    }
    let again = import_workbook(&options).unwrap_err();
    assert_eq!(again.fault, WorkbookFault::Output);
}

#[test]
fn a_file_made_to_fit_and_its_mutations() {
    let Some(workbook) = workbook() else { return };
    let table = read_workbook(&workbook, None).unwrap();
    let fits = check(&table, file(&table, &[]).as_bytes());
    assert_eq!(fits.outcome, Outcome::Passed, "{:#?}", fits.findings);
    for (changes, expected) in [
        (&[("宛名番号", "")][..], &["required 1/1", "key-empty 1/1"][..]),
        (&[("宛名番号", "1234567891234567")], &["length 1/1"]),
        (&[("宛名番号", "１２３")], &["characters 1/1"]),
        (&[("個人番号", "000000000001")], &["check-digit 1/2"]),
        (&[("氏名", "SATO ICHIRO")], &["characters 1/3"]),
        (&[("性別", "9")], &["code 1/11"]),
        (&[("生年月日", "1964-02-30")], &["type 1/12"]),
        (&[("住所_市区町村コード", "16373")], &["leading-zero 1/14"]),
        (&[("住所_市区町村コード", "016374")], &["check-digit 1/14"]),
        (
            &[("住所_町字", "一二三四五六七八九十一二三四五六七八九")],
            &["length 1/18"],
        ),
        (&[("業務ID", "1")], &["leading-zero 1/23"]),
        (&[("代表宛名フラグ", "2")], &["code 1/25"]),
        (&[("操作年月日", "2021-11-00")], &["type 1/28"]),
        (&[("操作時刻", "9:00:00")], &["type 1/29"]),
        (&[("操作者ID", "12345678901")], &["length 1/27"]),
    ] {
        let result = check(&table, file(&table, changes).as_bytes());
        assert_eq!(places(&result), expected, "{changes:?}");
    }
    let api = reference("digital-agency/atenabango-fuban-api-v2.0.xlsx").unwrap();
    let error = read_workbook(&api, None).unwrap_err();
    assert_eq!(
        (error.fault, error.sheet.as_deref()),
        (WorkbookFault::MissingColumn, Some("リクエスト_API仕様"))
    );
}
