//! Headers: names, order, other groups, other forms.

use std::io::Cursor;

use junkyo::schema::table::{CheckOptions, Outcome, Table, TableChecker};

use super::help::{check, check_readers, places, table};

fn two_groups(dialect: &str) -> Table {
    table(&format!(
        "[dialect]\n{dialect}\n[[group]]\nname = \"住民\"\nitem = [\
         {{ name = \"番号\", field = \"bango\", id = \"00100001\", type = \"X\" }},\
         {{ name = \"氏名（漢字）\", field = \"shimei\", id = \"00100002\", type = \"N\" }},\
         {{ name = \"性別\", field = \"seibetsu\", id = \"00100003\", type = \"9\" }}]\n\
         [[group]]\nname = \"世帯\"\nitem = [\
         {{ name = \"番号\", field = \"bango\", id = \"00100004\", type = \"X\" }},\
         {{ name = \"世帯主\", field = \"setainushi\", id = \"00100005\", type = \"N\" }}]"
    ))
}

#[test]
fn the_group_is_recognised() {
    let table = two_groups("");
    for (header, row, group) in [
        ("番号,氏名（漢字）,性別", "1,佐藤,0", "住民"),
        ("番号,世帯主", "1,佐藤", "世帯"),
    ] {
        let result = check(&table, format!("{header}\n{row}\n").as_bytes());
        assert_eq!(result.outcome, Outcome::Passed, "{:#?}", result.findings);
        assert_eq!(result.files[0].group.as_deref(), Some(group));
    }
}

#[test]
fn the_header_of_another_group_is_named() {
    let table = two_groups("");
    let options = CheckOptions {
        group: Some("住民".into()),
        ..CheckOptions::default()
    };
    let reader = Box::new(Cursor::new("番号,世帯主\n1,佐藤\n".as_bytes()));
    let result = check_readers(&table, options, vec![("a.csv", reader)]);
    assert_eq!(places(&result), ["header 0/-"]);
    assert!(result.findings[0].found.en.contains("世帯"), "{:?}", result.findings);
    let unknown = CheckOptions {
        group: Some("税".into()),
        ..CheckOptions::default()
    };
    let error = TableChecker::new(&table, unknown).err().unwrap().to_string();
    assert!(error.contains("税") && error.contains("住民, 世帯"), "{error}");
}

#[test]
fn missing_unknown_moved_and_doubled_columns() {
    let table = two_groups("");
    let texts = |content: &str| {
        let result = check(&table, content.as_bytes());
        let found: Vec<String> = result.findings.iter().map(|finding| finding.found.en.clone()).collect();
        (places(&result), found)
    };
    // Checking goes on by name, wherever the columns stand.
    let (place, found) = texts("性別,番号,氏名（漢字）\nx,1,佐藤\n");
    assert_eq!(place, ["header 0/2", "type 1/1"]);
    assert!(found[0].contains("番号 after 性別"), "{found:?}");
    let (place, found) = texts("番号,氏名（漢字）\n1,abc\n");
    assert_eq!(place, ["header 0/-", "characters 1/2"]);
    assert!(found[0].contains("性別"), "{found:?}");
    let (place, _) = texts("番号,氏名（漢字）,性別,年齢\n1,佐藤,0,5\n");
    assert_eq!(place, ["header 0/4"]);
    let (place, found) = texts("番号,氏名（漢字）,番号\n1,佐藤,0\n");
    assert_eq!(place, ["header 0/3", "header 0/-"]);
    assert!(found[0].contains("a second time"), "{found:?}");
    let near = check(&table, "番号,氏名(漢字) ,性別\n1,佐藤,0\n".as_bytes());
    assert!(
        near.findings[0].hint.as_ref().unwrap().en.contains("氏名（漢字）"),
        "{:?}",
        near.findings
    );
}

#[test]
fn names_fields_ids_or_nothing() {
    for (form, header) in [
        ("name", "番号,氏名（漢字）,性別"),
        ("field", "bango,shimei,seibetsu"),
        ("id", "00100001,00100002,00100003"),
    ] {
        let content = format!("{header}\n1,佐藤,0\n");
        let right = check(&two_groups(&format!("header = \"{form}\"")), content.as_bytes());
        assert_eq!(right.outcome, Outcome::Passed, "{:#?}", right.findings);
        let other = if form == "id" { "field" } else { "id" };
        let wrong = check(&two_groups(&format!("header = \"{other}\"")), content.as_bytes());
        assert_eq!(places(&wrong), ["header 0/-"]);
        let hint = &wrong.findings[0].hint.as_ref().unwrap().en;
        assert!(hint.contains(&format!("header = \"{form}\"")), "{hint}");
    }
    let none = two_groups("header = \"none\"");
    let unsaid = check(&none, "1,佐藤,0\n".as_bytes());
    assert!(
        unsaid.findings[0].hint.as_ref().unwrap().en.contains("--group"),
        "{:?}",
        unsaid.findings
    );
    assert!(!unsaid.files[0].complete);
    let options = CheckOptions {
        group: Some("住民".into()),
        ..CheckOptions::default()
    };
    let reader = Box::new(Cursor::new("1,佐藤,x\n2,鈴木,0\n".as_bytes()));
    let said = check_readers(&none, options, vec![("a.csv", reader)]);
    assert_eq!((places(&said), said.files[0].records), (vec!["type 1/3".into()], 2));
    let named = check(&none, "番号,氏名（漢字）,性別\n1,佐藤,0\n".as_bytes());
    assert_eq!(places(&named), ["header 0/-"]);
}
