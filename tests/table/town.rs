//! A real town's published sample (芽室町, MADO-packages; fictitious persons): the table is derived from its column list,
//! the rules between dates are ours, and every hit is known by hand.

use std::collections::BTreeMap;
use std::fs::File;

use junkyo::schema::table::{
    CheckOptions, Code, CodeList, Comparison, Condition, Dialect, FindingRule, Group, Item, Level, Relation, Rule,
    Table, Type,
};

use super::help::{check, check_readers, csv, reference};

/// Type and length of a column, by its name; the rest is text.
fn item(name: &str) -> Item {
    let is_date =
        name.ends_with("年月日") || name.ends_with("年月日（確定）") || name.ends_with("満了の日") || name == "通知日";
    let (item_type, length) = match name {
        _ if is_date => (Type::Date, Some(10)),
        "操作時刻" => (Type::Time, Some(8)),
        _ if name.ends_with("フラグ") || name.ends_with("有無") || name.ends_with("確認状況") => {
            (Type::X, Some(1))
        }
        _ if name.ends_with("郵便番号") => (Type::X, Some(7)),
        _ if name.ends_with("市区町村コード") => (Type::X, Some(6)),
        _ if name.starts_with("氏") || name.ends_with("フリガナ") || name.ends_with("表記") => {
            (Type::N, Some(100))
        }
        _ => (Type::Mixed, None),
    };
    Item {
        name: name.to_owned(),
        item_type: Some(item_type),
        length,
        key: name == "宛名番号" || name == "個人履歴番号" || name == "個人履歴番号_枝番号",
        ..Item::default()
    }
}

fn is(item: &str, value: &str) -> Condition {
    Condition {
        item: item.to_owned(),
        is: vec![value.to_owned()],
        ..Condition::default()
    }
}

fn is_not(item: &str, value: &str) -> Condition {
    Condition {
        item: item.to_owned(),
        is_not: vec![value.to_owned()],
        ..Condition::default()
    }
}

fn rule(id: &str, when: Vec<Condition>, compare: Option<(&str, Relation, &str, i32)>, then: Vec<Condition>) -> Rule {
    Rule {
        id: id.to_owned(),
        level: Level::Must,
        text: None,
        when,
        compare: compare.map(|(left, relation, right, years)| Comparison {
            left: left.to_owned(),
            relation,
            right: right.to_owned(),
            years,
        }),
        then,
    }
}

/// The cross-field rules; the fourteenth, the full-width postal code, is a matter of its type.
fn rules() -> Vec<Rule> {
    use Relation::{Before, Equal, NotAfter};
    let not_after = |id: &str, left: &str, right: &str| rule(id, vec![], Some((left, NotAfter, right, 0)), vec![]);
    let soft = |rule: Rule| Rule {
        level: Level::Should,
        ..rule
    };
    let era = |code: &str, from: &str, to: &str| {
        let within = Condition {
            item: "生年月日".to_owned(),
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            ..Condition::default()
        };
        rule("era", vec![is("生年月日_元号", code)], None, vec![within])
    };
    vec![
        not_after("birth-resident", "生年月日", "住民となった年月日"),
        not_after("birth-address", "生年月日", "住所を定めた年月日"),
        not_after("birth-health-insurance", "生年月日", "国保資格取得年月日"),
        rule(
            "elderly-start",
            vec![is("後期高齢資格有無", "1")],
            Some(("後期高齢資格取得年月日", NotAfter, "処理年月日", 0)),
            vec![],
        ),
        not_after("change-processing", "異動年月日", "処理年月日"),
        not_after("report-processing", "異動届出年月日", "処理年月日"),
        not_after("leaving-processing", "転出届出年月日", "処理年月日"),
        rule(
            "removed-insured",
            vec![is("除票フラグ", "1")],
            None,
            vec![
                is_not("国保資格有無", "1"),
                is_not("後期高齢資格有無", "1"),
                is_not("介護資格有無", "1"),
            ],
        ),
        soft(rule(
            "care-at-65",
            vec![is("介護資格有無", "1")],
            Some(("介護資格取得年月日", Equal, "生年月日", 65)),
            vec![],
        )),
        soft(rule(
            "pension-before-60",
            vec![is("年金資格有無", "1")],
            Some(("処理年月日", Before, "生年月日", 60)),
            vec![],
        )),
        rule(
            "elderly-at-75",
            vec![is("後期高齢資格有無", "1")],
            Some(("後期高齢資格取得年月日", Equal, "生年月日", 75)),
            vec![],
        ),
        rule(
            "two-insurances",
            vec![is("国保資格有無", "1")],
            None,
            vec![is_not("後期高齢資格有無", "1")],
        ),
        era("1", "1868-01-25", "1912-07-30"),
        era("2", "1912-07-30", "1926-12-25"),
        era("3", "1926-12-25", "1989-01-07"),
        era("4", "1989-01-08", "2019-04-30"),
        era("5", "2019-05-01", "9999-12-31"),
    ]
}

fn town() -> Option<(Table, std::path::PathBuf)> {
    let columns = csv(&reference("data/mado/resident_columns.csv")?);
    let codes = csv(&reference("data/mado/codes.csv")?);
    let mut lists: Vec<CodeList> = Vec::new();
    for row in &codes[1..] {
        if lists.last().is_none_or(|list| list.id != row[0]) {
            lists.push(CodeList {
                id: row[0].clone(),
                name: row[0].clone(),
                open: false,
                cell: String::new(),
                value: Vec::new(),
            });
        }
        lists.last_mut().unwrap().value.push(Code {
            code: row[1].clone(),
            meaning: row[2].clone(),
        });
    }
    let mut items: Vec<Item> = columns[1..].iter().map(|row| item(&row[1])).collect();
    for item in &mut items {
        let list = if item.name == "続柄コード1" {
            "続柄コード"
        } else {
            &item.name
        };
        item.code = lists
            .iter()
            .find(|known| known.id == list)
            .map(|known| known.id.clone());
    }
    let table = Table {
        format: 1,
        id: "mado".into(),
        title: "住民情報（芽室町の公開サンプル）".into(),
        source: vec![],
        dialect: Dialect::default(),
        code: lists,
        group: vec![Group {
            name: "住民".into(),
            sheet: String::new(),
            item: items,
            foreign_key: vec![],
            rule: rules(),
        }],
        slip: vec![],
    };
    Some((table, reference("data/mado/resident_table.csv")?))
}

/// 61 hits of 11 of the 14 rules, and 17 findings that nobody counted.
#[test]
fn fourteen_rules_have_their_known_hits() {
    let Some((table, file)) = town() else { return };
    let reader = Box::new(File::open(file).unwrap());
    let result = check_readers(&table, CheckOptions::default(), vec![("resident_table.csv", reader)]);
    assert_eq!((result.files[0].records, result.files[0].complete), (27, true));
    let mut hits: BTreeMap<&str, u64> = BTreeMap::new();
    let mut others: BTreeMap<(FindingRule, &str), u64> = BTreeMap::new();
    for count in &result.counts {
        let item = count.item.as_deref().unwrap_or_default();
        match (count.id.as_deref(), count.rule, item) {
            (Some(id), ..) => *hits.entry(id).or_default() += count.count,
            (None, FindingRule::Characters, "住所_郵便番号") => {
                *hits.entry("postal-code").or_default() += count.count
            }
            (None, rule, item) => *others.entry((rule, item)).or_default() += count.count,
        }
    }
    let expected = [
        ("birth-address", 5),
        ("birth-health-insurance", 5),
        ("birth-resident", 5),
        ("care-at-65", 6),
        ("change-processing", 1),
        ("elderly-start", 1),
        ("leaving-processing", 1),
        ("pension-before-60", 8),
        ("postal-code", 27),
        ("removed-insured", 1),
        ("report-processing", 1),
    ];
    assert_eq!(hits, BTreeMap::from(expected));
    assert_eq!(hits.values().sum::<u64>(), 61);
    // Beyond the fourteen: romaji names in half width, two more columns of postal codes, codes without their zero.
    let beyond = [
        ((FindingRule::Characters, "氏名_外国人ローマ字"), 2),
        ((FindingRule::Characters, "転入前住所_郵便番号"), 2),
        ((FindingRule::Characters, "転出先住所（確定）_郵便番号"), 2),
        ((FindingRule::LeadingZero, "続柄コード1"), 11),
    ];
    assert_eq!(others, BTreeMap::from(beyond));
}

/// What the town's second importer does to its own columns: a type is guessed, and zeros are gone.
#[test]
fn guessed_types_are_recognised() {
    let Some((mut table, file)) = town() else { return };
    let rows = csv(&file);
    let at = rows[0].iter().position(|name| name == "住所_市区町村コード").unwrap();
    let group = &mut table.group[0];
    group.item[at].fixed = true;
    group.rule.clear();
    let mut lines = vec![rows[0].join(",")];
    let mut damaged = rows[1].clone();
    damaged[at] = "16373".into();
    lines.push(damaged.join(","));
    let result = check(&table, (lines.join("\n") + "\n").as_bytes());
    let zeros: Vec<&str> = result
        .findings
        .iter()
        .filter(|finding| finding.rule == FindingRule::LeadingZero)
        .filter_map(|finding| finding.item.as_deref())
        .collect();
    assert!(zeros.contains(&"住所_市区町村コード"), "{:#?}", result.findings);
}
