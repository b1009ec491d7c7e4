//! Primary and foreign keys, rules between items, conditions.

use std::io::{Cursor, Read};

use junkyo::schema::table::{CheckOptions, Level, Outcome, Table, TableResult};

use super::help::{check, check_readers, one_group, places, table};

fn households() -> Table {
    table(
        r#"
[[group]]
name = "世帯"
item = [{ name = "世帯番号", type = "X", key = true }, { name = "世帯主番号", type = "X" }]
foreign-key = [{ items = ["世帯主番号"], group = "住民", to = ["番号"] }]

[[group]]
name = "住民"
item = [
  { name = "番号", type = "X", key = true }, { name = "履歴", type = "9", key = true },
  { name = "世帯", type = "X" }, { name = "親", type = "X" },
]
foreign-key = [
  { items = ["世帯"], group = "世帯", to = ["世帯番号"] },
  { items = ["親"], group = "住民", to = ["番号"] },
]
"#,
    )
}

fn files(table: &Table, options: CheckOptions, all: &[(&'static str, &'static str)]) -> TableResult {
    let readers = all
        .iter()
        .map(|(name, content)| (*name, Box::new(Cursor::new(content.as_bytes())) as Box<dyn Read>))
        .collect();
    check_readers(table, options, readers)
}

#[test]
fn keys_over_several_files_in_any_order() {
    let table = households();
    let homes = ("homes.csv", "世帯番号,世帯主番号\nH1,1\nH2,9\n");
    let people = (
        "people.csv",
        "番号,履歴,世帯,親\n1,1,H1,\n1,2,H1,\n2,1,H3,1\n3,1,,4\n4,1,H2,\n",
    );
    let more = ("more.csv", "番号,履歴,世帯,親\n5,1,H1,2\n1,2,H1,\n");
    let expected = [
        ("homes.csv", "foreign-key 2/2"),
        ("people.csv", "foreign-key 3/3"),
        ("more.csv", "key-unique 2/1"),
    ];
    for order in [[homes, people, more], [people, more, homes], [people, homes, more]] {
        let result = files(&table, CheckOptions::default(), &order);
        let mut found: Vec<(String, String)> = result
            .findings
            .iter()
            .zip(places(&result))
            .map(|(finding, place)| (finding.file.clone(), place))
            .collect();
        found.sort();
        let mut expected = expected.map(|(file, place)| (file.to_owned(), place.to_owned()));
        expected.sort();
        assert_eq!(found, expected);
        let again = result
            .findings
            .iter()
            .find(|finding| finding.file == "more.csv")
            .unwrap();
        assert_eq!(again.found.en, "the key of record 2 of people.csv");
    }
    let alone = files(&table, CheckOptions::default(), &[people]);
    assert_eq!(alone.outcome, Outcome::Passed, "{:#?}", alone.findings);
    assert!(
        alone.notes.iter().any(|note| note.en.contains("no file of 世帯")),
        "{:?}",
        alone.notes
    );
}

#[test]
fn empty_keys_and_memory() {
    let table = one_group("", r#"{ name = "番号", type = "X", key = true }, { name = "二" }"#);
    let result = check(&table, "番号,二\n,a\n,b\n1,c\n".as_bytes());
    assert_eq!(places(&result), ["key-empty 1/1", "key-empty 2/1"]);
    // With room for two keys: what is found counts, what is not found does not pass.
    let options = CheckOptions {
        key_memory: 2 * 72,
        ..CheckOptions::default()
    };
    let few = files(&table, options.clone(), &[("a.csv", "番号,二\n1,a\n2,b\n3,c\n3,d\n")]);
    assert_eq!((few.outcome, few.findings.len()), (Outcome::Incomplete, 0));
    assert!(few.notes[0].en.contains("--key-memory"), "{:?}", few.notes);
    let found = files(&table, options, &[("a.csv", "番号,二\n1,a\n2,b\n3,c\n1,d\n")]);
    assert_eq!(
        (found.outcome, places(&found)),
        (Outcome::Failed, vec!["key-unique 4/1".into()])
    );
}

#[test]
fn conditions() {
    let table = one_group(
        "",
        r#"{ name = "生年月日", type = "DATE", unknown-date = true },
           { name = "不詳表記", type = "N", presence = "conditional", when = [{ item = "生年月日", filled = false }] },
           { name = "名", presence = "conditional", condition = "名がある場合" }"#,
    );
    let result = check(
        &table,
        "生年月日,不詳表記,名\n,,\n2020-01-01,,\n,昭和の頃,\n".as_bytes(),
    );
    assert_eq!(places(&result), ["condition 1/2"]);
    assert!(result.notes[0].en.contains("名"), "{:?}", result.notes);
    assert!(!result.notes[0].en.contains("不詳表記"), "{:?}", result.notes);
}

#[test]
fn rules_between_items() {
    let table = table(
        r#"
[[group]]
name = "g"
item = [
  { name = "生", type = "DATE", unknown-date = true }, { name = "始", type = "DATE" },
  { name = "区", type = "X" }, { name = "金", type = "S9" },  { name = "上限", type = "S9" },
]

[[group.rule]]
id = "born-first"
compare = { left = "生", relation = "not-after", right = "始" }

[[group.rule]]
id = "at-65"
level = "should"
when = [{ item = "区", is = ["K"] }]
compare = { left = "始", relation = "equal", right = "生", years = 65 }

[[group.rule]]
id = "numbers"
compare = { left = "金", relation = "before", right = "上限" }

[[group.rule]]
id = "only-with-start"
when = [{ item = "区", is-not = ["", "N"] }]
then = [{ item = "始", filled = true, from = "1961-04-01" }]
"#,
    );
    let records = "生,始,区,金,上限\n\
        1950-01-02,2015-01-02,K,-10,9\n\
        2020-01-02,2019-01-02,N,9,10\n\
        1950-01-02,2015-01-03,K,,\n\
        1950-00-00,1961-01-01,A,10,-9\n\
        1950-01-02,,A,1,\n\
        1900-02-29x,1900-01-01,N,,\n";
    let result = check(&table, records.as_bytes());
    assert_eq!(
        places(&result),
        [
            "born-first 2/1",
            "at-65 3/2",
            "numbers 4/4",
            "only-with-start 4/2",
            "only-with-start 5/2",
            "type 6/1"
        ]
    );
    assert_eq!((result.count(Level::Must), result.count(Level::Should)), (5, 1));
    assert_eq!(result.findings[0].expected.en, "生 ≤ 始");
    assert_eq!(result.findings[1].found.en, "始 > 生 + 65 years");
    // Warnings alone do not fail.
    let warned = check(&table, "生,始,区,金,上限\n1950-01-02,2015-01-03,K,,\n".as_bytes());
    assert_eq!((warned.outcome, warned.files[0].warnings), (Outcome::Passed, 1));
    // A missing column is told once, and its rules rest.
    let without = check(&table, "始,区,金,上限\n1900-01-01,A,1,2\n".as_bytes());
    assert_eq!(places(&without), ["header 0/-", "only-with-start 1/1"]);
}
