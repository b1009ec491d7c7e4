//! Types, lengths, codes, check digits: one value at a time.

use junkyo::schema::table::{Finding, Table};

use super::help::{check, one_group, places, table};

/// The rule that a value breaks as the only item of a file.
fn broken(table: &Table, value: &str) -> Option<Finding> {
    let content = format!("値,二\n\"{}\",x\n", value.replace('"', "\"\""));
    let mut findings = check(table, content.as_bytes()).findings;
    assert!(findings.len() < 2, "{findings:#?}");
    findings.pop()
}

#[track_caller]
fn values(item: &str, fine: &[&str], wrong: &[(&str, &str)]) {
    let table = one_group("", &format!("{{ name = \"値\", {item} }}, {{ name = \"二\" }}"));
    for value in fine {
        assert_eq!(broken(&table, value), None, "{item}: {value:?}");
    }
    for (value, rule) in wrong {
        let found = broken(&table, value).map(|finding| finding.rule.id());
        assert_eq!(found, Some(*rule), "{item}: {value:?}");
    }
}

#[test]
fn strings() {
    values(
        "type = \"X\", length = 5",
        &["", "abc", "ｱｲｳｴｵ", "a b-1", "\"q\""],
        &[
            ("abcdef", "length"),
            ("あ", "characters"),
            ("a\tb", "characters"),
            ("Ａ", "characters"),
        ],
    );
    values(
        "type = \"N\", length = 5",
        &[
            "",
            "佐藤　一郎",
            "𠮷野",
            "葛\u{E0100}城市町村",
            "ＡＢＣ",
            "가나다",
            "髙",
        ],
        &[
            ("佐藤　一郎君", "length"),
            ("佐藤 一郎", "characters"),
            ("サトｳ", "characters"),
            ("𠮷𠮷𠮷𠮷𠮷𠮷", "length"),
        ],
    );
    values(
        "type = \"Mixed\", length = 4",
        &["aあ1ｱ", ""],
        &[("aあ1ｱx", "length"), ("a\nb", "characters")],
    );
    values(
        "type = \"X\", length = 3, fixed = true",
        &["abc", ""],
        &[("ab", "length"), ("abcd", "length"), ("12", "leading-zero")],
    );
    values("type = \"X\", presence = \"required\"", &["a"], &[("", "required")]);
    values(
        "type = \"X\", characters = \"digits\"",
        &["123"],
        &[("12a", "characters")],
    );
    values(
        "type = \"X\", characters = \"alphanumeric\"",
        &["12a"],
        &[("1-2", "characters")],
    );
    values(
        "type = \"N\", characters = \"katakana\"",
        &["サトウ　ヴァーニー"],
        &[("佐藤", "characters"), ("さとう", "characters")],
    );
    values("type = \"BLOB\"", &["a.png"], &[("a\u{1}", "characters")]);
    values("length = 2", &["あa"], &[("あaa", "length")]);
}

#[test]
fn numbers() {
    values(
        "type = \"9\", length = 3",
        &["0", "007", "123", ""],
        &[
            ("1234", "length"),
            ("-1", "type"),
            ("1.0", "type"),
            ("１", "type"),
            (" 1", "type"),
        ],
    );
    values(
        "type = \"S9\", length = 3",
        &["-123", "123", "0"],
        &[("-1234", "length"), ("+1", "type"), ("-", "type"), ("--1", "type")],
    );
    values(
        "type = \"9V\", length = 3, fraction = 2",
        &["123", "123.45", "0.5"],
        &[
            ("1234", "length"),
            ("1.234", "length"),
            ("-1.5", "type"),
            (".5", "type"),
            ("1.", "type"),
            ("1,5", "type"),
        ],
    );
    values(
        "type = \"YEAR\", length = 4",
        &["2026", "0000", "9999"],
        &[("26", "type"), ("２０２６", "type")],
    );
}

#[test]
fn days_and_times() {
    let wrong = [
        ("2026-02-29", "type"),
        ("2026/02/28", "type"),
        ("20260228", "type"),
        ("2026-2-28", "type"),
        ("令和8年", "type"),
    ];
    values(
        "type = \"DATE\", length = 10",
        &["2026-02-28", "0000-01-01", "9999-12-31", ""],
        &wrong,
    );
    values(
        "type = \"DATE\"",
        &[],
        &[("1964-07-00", "type"), ("0000-00-00", "type")],
    );
    values(
        "type = \"DATE\", unknown-date = true",
        &["1964-07-00", "1964-00-00"],
        &wrong,
    );
    values(
        "type = \"TIME\", length = 8",
        &["09:00:00", "09:00"],
        &[("9:00", "type"), ("24:00:00", "type"), ("09:00:60", "type")],
    );
}

#[test]
fn codes_and_check_digits() {
    let codes = "[[code]]\nid = \"001\"\nname = \"続柄\"\nvalue = [{ code = \"02\" }, { code = \"11\" }]\n\
                 [[code]]\nid = \"999\"\nname = \"固有\"\nopen = true\n";
    let group = "[[group]]\nname = \"g\"\nitem = [{ name = \"値\", type = \"X\", code = \"001\" }, { name = \"二\", code = \"999\" }]";
    let coded = table(&format!("{codes}{group}"));
    assert_eq!(broken(&coded, "02"), None);
    for (value, rule) in [
        ("2", "leading-zero"),
        ("12", "code"),
        ("02 ", "code"),
        ("０２", "characters"),
    ] {
        assert_eq!(
            broken(&coded, value).map(|finding| finding.rule.id()),
            Some(rule),
            "{value}"
        );
    }
    values(
        "type = \"X\", length = 6, fixed = true, check-digit = \"municipality-code\"",
        &["016373", "131016"],
        &[
            ("16373", "leading-zero"),
            ("131017", "check-digit"),
            ("13101", "length"),
        ],
    );
    values(
        "type = \"X\", length = 13, check-digit = \"corporate-number\"",
        &["9000000000000"],
        &[("8000000000000", "check-digit")],
    );
    values(
        "type = \"X\", length = 15, check-digit = \"addressee-number\"",
        &["123456789123452"],
        &[("123456789123456", "check-digit")],
    );
    // Computed, never written down.
    let body = "00000000012";
    let digit = junkyo::text::check_digit::individual_number(body).unwrap();
    values(
        "type = \"X\", length = 12, fixed = true, check-digit = \"individual-number\"",
        &[&format!("{body}{digit}")],
        &[(&format!("{body}{}", (digit + 1) % 10), "check-digit")],
    );
}

/// What spreadsheets do to values is named.
#[test]
fn damage_is_recognised() {
    for (item, value, word) in [
        ("type = \"DATE\"", "2026/2/8", "spreadsheets"),
        ("type = \"DATE\"", "20260208", "YYYYMMDD"),
        ("type = \"X\", length = 7", "９９９０００１", "half-width"),
        ("type = \"X\", length = 3", "abc   ", "padding"),
        ("type = \"X\", length = 8", "1.23457E+11", "scientific"),
        ("type = \"X\", length = 6, fixed = true", "16373", "leading zeros"),
    ] {
        let table = one_group("", &format!("{{ name = \"値\", {item} }}, {{ name = \"二\" }}"));
        let hint = broken(&table, value).and_then(|finding| finding.hint);
        let hint = hint.unwrap_or_else(|| panic!("{item}: no hint for {value}"));
        assert!(hint.en.contains(word), "{value}: {}", hint.en);
        assert!(!hint.ja.is_ascii(), "{}", hint.ja);
    }
}

#[test]
fn repeated_items() {
    let items = r#"{ name = "値", type = "X", length = 3, repeat = 2 }, { name = "二" }"#;
    let table = one_group("repeat-separator = \";\"", items);
    assert_eq!(broken(&table, "001;002"), None);
    assert_eq!(
        broken(&table, "001;002;003").map(|finding| finding.rule.id()),
        Some("repeat")
    );
    assert_eq!(
        broken(&table, "001;0022").map(|finding| finding.rule.id()),
        Some("length")
    );
    let without = one_group("", items);
    assert_eq!(
        broken(&without, "001;002").map(|finding| finding.rule.id()),
        Some("length")
    );
}

/// A table that contradicts itself is refused with every fault.
#[test]
fn unusable_tables() {
    let mut table = one_group("", r#"{ name = "値", type = "X" }, { name = "二" }"#);
    assert_eq!(table.faults(), Vec::<String>::new());
    table.format = 2;
    table.dialect.quote = ',';
    table.group[0].item[0].fixed = true;
    table.group[0].item[1].when = vec![junkyo::schema::table::Condition {
        item: "三".into(),
        ..Default::default()
    }];
    table.group.push(table.group[0].clone());
    let faults = table.faults().join("\n");
    for word in [
        "format = 2",
        "dialect.quote",
        "needs a length",
        "no item 三",
        "there twice",
    ] {
        assert!(faults.contains(word), "{word}: {faults}");
    }
    assert!(
        places(&check(
            &one_group("", r#"{ name = "値" }, { name = "二" }"#),
            "値,二\n".as_bytes()
        ))
        .is_empty()
    );
}
