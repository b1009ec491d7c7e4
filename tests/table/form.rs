//! The form of files: quoting, line ends, encodings, beginnings and ends, hostile content.

use std::io::{self, Cursor, Read};

use junkyo::schema::table::{CheckOptions, Outcome, Table};

use super::help::{check, check_readers, one_group, places};

fn two_columns(dialect: &str) -> Table {
    one_group(
        dialect,
        r#"{ name = "番号", type = "X", length = 5 }, { name = "氏名", type = "N", length = 10 }"#,
    )
}

#[track_caller]
fn found(dialect: &str, content: &[u8], expected: &[&str]) {
    let result = check(&two_columns(dialect), content);
    assert_eq!(places(&result), expected, "{:#?}", result.findings);
}

#[test]
fn a_clean_file_passes_in_every_dress() {
    for content in [
        "番号,氏名\r\n1,佐藤\r\n",
        "番号,氏名\n1,佐藤\n",
        "番号,氏名\n1,佐藤",
        "\u{FEFF}番号,氏名\r\n1,佐藤\r\n",
        "\"番号\",\"氏名\"\r\n\"1\",\"佐藤\"\r\n",
        "番号,氏名\n",
    ] {
        let result = check(&two_columns(""), content.as_bytes());
        assert_eq!(result.outcome, Outcome::Passed, "{content:?} {:#?}", result.findings);
    }
    let tabs = check(
        &two_columns("separator = \"\\t\"\nquoting = \"never\""),
        "番号\t氏名\n\"1\t佐藤\n".as_bytes(),
    );
    assert_eq!(tabs.outcome, Outcome::Passed, "{:#?}", tabs.findings);
}

#[test]
fn broken_quoting() {
    found("", "番号,氏名\n1\"2,佐藤\n".as_bytes(), &["quote 1/1"]);
    found("", "番号,氏名\n\"1\"2,佐藤\n".as_bytes(), &["quote 1/1"]);
    // The rest of the file is not lost behind a quote that is never closed.
    found(
        "",
        "番号,氏名\n1,\"佐藤\n2,鈴木\n3,abc\n".as_bytes(),
        &["quote 1/2", "characters 1/2", "characters 3/2"],
    );
    found(
        "quoting = \"always\"",
        "\"番号\",\"氏名\"\n1,\"佐藤\"\n\"2\",\n".as_bytes(),
        &["quote 1/1"],
    );
}

#[test]
fn line_ends() {
    found("", "番号,氏名\r\n1,佐藤\n2,佐藤\r\n".as_bytes(), &["line-end 0/-"]);
    found("", "番号,氏名\r1,佐藤\r".as_bytes(), &["line-end 0/-", "line-end 0/-"]);
    found(
        "line-end = \"crlf\"",
        "番号,氏名\n1,佐藤\n".as_bytes(),
        &["line-end 0/-", "line-end 0/-"],
    );
    found("line-end = \"lf\"", "番号,氏名\n1,佐藤\n".as_bytes(), &[]);
    found(
        "final-line-end = true",
        "番号,氏名\n1,佐藤".as_bytes(),
        &["line-end 0/-"],
    );
    found(
        "",
        "番号,氏名\n\n1,佐藤\n\n".as_bytes(),
        &["blank-line 1/-", "blank-line 3/-"],
    );
    // A line end inside quotes belongs to the value; the type does not allow it, and lines are counted on.
    let result = check(&two_columns(""), "番号,氏名\n1,\"佐\n藤\"\n2,x\n".as_bytes());
    let lines: Vec<u64> = result.findings.iter().map(|finding| finding.line).collect();
    assert_eq!(
        (places(&result), lines),
        (vec!["characters 1/2".into(), "characters 2/2".into()], vec![2, 4])
    );
}

#[test]
fn byte_order_marks() {
    let with = "\u{FEFF}番号,氏名\n".as_bytes();
    let without = "番号,氏名\n".as_bytes();
    found("bom = \"forbidden\"", with, &["bom 0/-"]);
    found("bom = \"required\"", with, &[]);
    found("bom = \"required\"", without, &["bom 0/-"]);
    for utf16 in [&b"\xFF\xFE\x6A\x75"[..], b"\xFE\xFF\x75\x6A"] {
        let result = check(&two_columns(""), utf16);
        assert_eq!(places(&result), ["file 0/-"]);
        assert!(result.findings[0].found.en.contains("UTF-16") && !result.files[0].complete);
    }
}

#[test]
fn encodings() {
    let text = "番号,氏名\r\n1,佐藤　一郎\r\n2,髙橋\r\n";
    let (cp932, _, _) = encoding_rs::SHIFT_JIS.encode(text);
    found("encoding = \"cp932\"", &cp932, &[]);
    // Plainly the other encoding: told once, and read in it.
    found("", &cp932, &["encoding 0/-"]);
    found("encoding = \"cp932\"", text.as_bytes(), &["encoding 0/-"]);
    // A broken character in either.
    let mut broken = cp932.to_vec();
    let at = broken.len() - 6;
    broken[at] = 0xFF;
    let result = check(&two_columns("encoding = \"cp932\""), &broken);
    assert_eq!(places(&result), ["encoding 2/2"], "{:#?}", result.findings);
    let mut broken = text.as_bytes().to_vec();
    let at = broken.len() - 3;
    broken.truncate(at);
    broken.extend_from_slice(b"\r\n");
    found("", &broken, &["encoding 2/2"]);
    // Characters outside the repertoire.
    found(
        "repertoire = \"jis-x-0213\"",
        "番号,氏名\nｱ-1,か\u{309A}剝\n2,𠮟る\n3,佐\u{309A}\n4,邉󠄀\n".as_bytes(),
        &["repertoire 3/2", "repertoire 4/2"],
    );
    found(
        "repertoire = \"jis-x-0208\"",
        "番号,氏名\n1,高橋　Ａ\n2,髙橋\n".as_bytes(),
        &["repertoire 2/2"],
    );
    found(
        "repertoire = \"cp932\"",
        "番号,氏名\n1,髙橋\n2,𠮷野\n3,\u{20BB7}\n".as_bytes(),
        &["repertoire 2/2", "repertoire 3/2"],
    );
}

#[test]
fn other_files() {
    for (content, word) in [
        (&b"PK\x03\x04xxxx"[..], "workbook"),
        (b"\xD0\xCF\x11\xE0\xA1", "xls"),
        (b"\x1F\x8B\x08", "gzip"),
        (b"", "empty"),
    ] {
        let result = check(&two_columns(""), content);
        assert_eq!(places(&result), ["file 0/-"]);
        assert!(result.findings[0].found.en.contains(word), "{:?}", result.findings);
    }
}

#[test]
fn columns_and_ends() {
    found(
        "",
        "番号,氏名\n1\n2,佐藤,x\n".as_bytes(),
        &["column-count 1/-", "column-count 2/-"],
    );
    found("", "番号,氏名\n1,佐藤\n2".as_bytes(), &["truncated 2/-"]);
    found("", "番号,氏名\n1,\"佐".as_bytes(), &["quote 1/2", "characters 1/2"]);
    found("", "番号,氏名\n1\0,佐藤\n\0\0\0,\n".as_bytes(), &["nul 1/1", "nul 2/1"]);
}

/// Values do not reach the findings unless asked for; names of a header do, data without header do not.
#[test]
fn values_are_masked() {
    let table = two_columns("");
    let result = check(&table, "番号,氏名\n99999990001,佐藤花子abc\n".as_bytes());
    let text = serde_json::to_string(&result).unwrap();
    assert!(!text.contains("9999") && !text.contains("佐藤"), "{text}");
    assert_eq!(result.findings[1].found.en, "3 letters + 4 kanji");
    let bare = check(&table, "99999990001,佐藤花子\n".as_bytes());
    let text = serde_json::to_string(&bare).unwrap();
    assert!(!text.contains("9999") && !text.contains("佐藤"), "{text}");
    assert_eq!(places(&bare), ["header 0/-"]);
    let options = CheckOptions {
        show_values: true,
        ..CheckOptions::default()
    };
    let reader = Box::new(Cursor::new("番号,氏名\n1,佐藤花子abc\n".as_bytes()));
    let shown = check_readers(&table, options, vec![("a.csv", reader)]);
    assert_eq!(shown.findings[0].value.as_deref(), Some("佐藤花子abc"));
}

/// A field of a billion characters, from a pipe that never ends otherwise: told with its place, in bounded memory.
#[test]
fn a_field_without_end() {
    for quote in ["", "\""] {
        let head = Cursor::new(format!("番号,氏名\n1,佐藤\n2,{quote}").into_bytes());
        let endless = head.chain(io::repeat(b'x').take(1_000_000_000));
        let result = check_readers(
            &two_columns(""),
            CheckOptions::default(),
            vec![("pipe", Box::new(endless))],
        );
        assert_eq!(places(&result), ["field-limit 2/2"]);
        assert_eq!((result.findings[0].line, result.files[0].complete), (3, false));
        assert!(
            result.files[0].bytes < 8 << 20,
            "{} bytes were read",
            result.files[0].bytes
        );
    }
}

/// A billion fields in one record, too.
#[test]
fn a_record_without_end() {
    let endless = io::repeat(b',').take(1_000_000_000);
    let result = check_readers(
        &two_columns(""),
        CheckOptions::default(),
        vec![("pipe", Box::new(endless))],
    );
    assert_eq!(result.outcome, Outcome::Failed);
    assert!(
        result.files[0].bytes < 64 << 20,
        "{} bytes were read",
        result.files[0].bytes
    );
}

/// Records over the borders of blocks, with quotes and line ends at every place of a border.
#[test]
fn blocks_do_not_show() {
    let table = two_columns("");
    let mut content = String::from("番号,氏名\r\n");
    let mut records = 0;
    while content.len() < 3 << 20 {
        for width in 1..=5 {
            content.push_str(&format!(
                "\"{}\",\"佐藤{}\"\r\n",
                "1".repeat(width),
                "　木".repeat(width % 4)
            ));
            records += 1;
        }
    }
    let result = check(&table, content.as_bytes());
    assert_eq!(
        (result.outcome, result.files[0].records),
        (Outcome::Passed, records),
        "{:#?}",
        result.findings
    );
    let (cp932, _, _) = encoding_rs::SHIFT_JIS.encode(&content);
    let result = check(&two_columns("encoding = \"cp932\""), &cp932);
    assert_eq!((result.outcome, result.files[0].records), (Outcome::Passed, records));
}

/// All findings are counted, few are kept, and the first of each rule and item always is.
#[test]
fn many_findings() {
    let mut content = String::from("番号,氏名\n");
    for _ in 0..50_000 {
        content.push_str("1,abc\n");
    }
    content.push_str("123456,佐藤\n");
    let result = check(&two_columns(""), content.as_bytes());
    assert_eq!(result.findings.len(), 101);
    assert_eq!(result.counts[0].count, 50_000);
    assert_eq!(places(&result).last().map(String::as_str), Some("length 50001/1"));
    assert_eq!(result.files[0].violations, 50_001);
}
