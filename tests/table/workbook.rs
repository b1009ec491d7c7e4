//! Workbooks made for the test: moved headings, merged and hidden cells, formulas, damage, other files.

use std::fs;

use junkyo::import::{WorkbookError, WorkbookFault, read_workbook};
use junkyo::schema::table::{Presence, Table, Type};

use super::help::{fresh, zip};

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A sheet: name, state, rows as XML, merged ranges.
struct Sheet<'a> {
    name: &'a str,
    state: &'a str,
    rows: String,
    merged: &'a [&'a str],
}

/// An inline text cell.
fn text(at: &str, text: &str) -> String {
    format!("<c r='{at}' t='inlineStr'><is><t>{text}</t></is></c>")
}

fn row(number: u32, cells: &[(&str, &str)]) -> String {
    let cells: String = cells
        .iter()
        .map(|(column, value)| text(&format!("{column}{number}"), value))
        .collect();
    format!("<row r='{number}'>{cells}</row>")
}

fn package(sheets: &[Sheet<'_>]) -> Vec<(String, String)> {
    let mut list = String::new();
    let mut relations = format!(
        "<Relationship Id='st' Type='{OFFICE}/styles' Target='styles.xml'/>\
         <Relationship Id='ss' Type='{OFFICE}/sharedStrings' Target='/xl/sharedStrings.xml'/>"
    );
    let mut parts = Vec::new();
    for (index, sheet) in sheets.iter().enumerate() {
        let Sheet {
            name,
            state,
            rows,
            merged,
        } = sheet;
        list.push_str(&format!(
            "<sheet name='{name}' sheetId='{index}' state='{state}' r:id='r{index}'/>"
        ));
        relations.push_str(&format!(
            "<Relationship Id='r{index}' Type='{OFFICE}/worksheet' Target='worksheets/s{index}.xml'/>"
        ));
        let merged: String = merged
            .iter()
            .map(|range| format!("<mergeCell ref='{range}'/>"))
            .collect();
        parts.push((
            format!("xl/worksheets/s{index}.xml"),
            format!(
                "<worksheet xmlns='{MAIN}'><sheetData>{rows}</sheetData><mergeCells>{merged}</mergeCells></worksheet>"
            ),
        ));
    }
    parts.extend([
        (
            "_rels/.rels".to_owned(),
            format!("<Relationships xmlns='{RELATIONS}'><Relationship Id='a' Type='{OFFICE}/officeDocument' Target='xl/workbook.xml'/></Relationships>"),
        ),
        (
            "xl/workbook.xml".to_owned(),
            format!("<workbook xmlns='{MAIN}' xmlns:r='{OFFICE}'><sheets>{list}</sheets></workbook>"),
        ),
        (
            "xl/_rels/workbook.xml.rels".to_owned(),
            format!("<Relationships xmlns='{RELATIONS}'>{relations}</Relationships>"),
        ),
        (
            "xl/styles.xml".to_owned(),
            format!(
                "<styleSheet xmlns='{MAIN}'><numFmts><numFmt numFmtId='176' formatCode='00000'/><numFmt numFmtId='177' formatCode='000'/></numFmts>\
                 <cellXfs><xf numFmtId='0'/><xf numFmtId='176'/><xf numFmtId='177'/></cellXfs></styleSheet>"
            ),
        ),
        (
            "xl/sharedStrings.xml".to_owned(),
            format!(
                "<sst xmlns='{MAIN}'><si><t>項目一</t></si>\
                 <si><r><t>項</t></r><r><rPr><b/></rPr><t>目二</t></r><rPh sb='0' eb='1'><t>コウモクニ</t></rPh></si></sst>"
            ),
        ),
        ("[trash]/0000.dat".to_owned(), "not XML".to_owned()),
    ]);
    parts
}

fn bytes(parts: &[(String, String)]) -> Vec<u8> {
    let parts: Vec<(&str, &str)> = parts
        .iter()
        .map(|(name, content)| (name.as_str(), content.as_str()))
        .collect();
    zip(&parts)
}

fn read(name: &str, content: &[u8]) -> Result<Table, Box<WorkbookError>> {
    let file = fresh("workbook").join(name);
    fs::write(&file, content).unwrap();
    read_workbook(&file, None)
}

fn read_sheets(sheets: &[Sheet<'_>]) -> Result<Table, Box<WorkbookError>> {
    read("t.xlsx", &bytes(&package(sheets)))
}

const HEADINGS: &[(&str, &str)] = &[
    ("A", "データ項目ID"),
    ("C", "データ項目"),
    ("D", "データ項目（ローマ字）"),
    ("E", "グループ名"),
    ("F", "主キー"),
    ("G", "データ型"),
    ("H", "桁数"),
    ("I", "コード"),
    ("J", "データ出力条件"),
    ("K", "項目説明"),
    ("L", "サンプル値"),
];

fn items(rows: &[String]) -> Sheet<'static> {
    Sheet {
        name: "項目",
        state: "visible",
        rows: format!("{}{}", row(3, HEADINGS), rows.concat()),
        merged: &[],
    }
}

fn item(number: u32, id: u32, name: &str, item_type: &str, length: &str) -> String {
    let at = |column: &str| format!("{column}{number}");
    format!(
        "<row r='{number}'>{}<c r='B{number}' s='1'><v>{id}</v></c>{}{}{}{}{}</row>",
        text(&at("A"), "010"),
        text(&at("C"), name),
        text(&at("D"), &format!("item_{id}")),
        text(&at("G"), item_type),
        text(&at("H"), length),
        text(&at("J"), "必須"),
    )
}

fn kinds(table: &Table) -> Vec<(&str, &str)> {
    table
        .slip
        .iter()
        .map(|slip| (slip.kind.as_str(), slip.cell.as_str()))
        .collect()
}

#[test]
fn cells_of_every_kind() {
    let rows = [
        "<row r='4'><c r='A4' t='str'><f>X!A1</f><v>010</v></c><c r='B4' s='1'><v>1</v></c><c r='C4' t='s'><v>0</v></c>\
         <c r='D4' t='inlineStr'><is><t>a</t></is></c><c r='E4' t='inlineStr'><is><t>組</t></is></c>\
         <c r='F4' t='inlineStr'><is><t>○</t></is></c><c r='G4' t='inlineStr'><is><t>x</t></is></c><c r='H4'><v>1.5E1</v></c>\
         <c r='I4' s='2'><v>1</v></c><c r='J4' t='inlineStr'><is><t>必須</t></is></c></row>"
            .to_owned(),
        // A merged group, and a row without places.
        "<row><c t='inlineStr'><is><t>010</t></is></c><c s='1'><v>2</v></c><c t='s'><v>1</v></c><c t='inlineStr'><is><t>b</t></is></c>\
         <c/><c/><c t='inlineStr'><is><t>９Ｖ</t></is></c><c t='inlineStr'><is><t>5，2</t></is></c><c/>\
         <c t='inlineStr'><is><t>条件付き必須</t></is></c><c t='inlineStr'><is><t>注\n※※金額がある場合</t></is></c></row>"
            .to_owned(),
    ];
    let mut sheet = items(&rows);
    sheet.merged = &["E4:E5", "A3:B3"];
    let codes = Sheet {
        name: "コード一覧",
        state: "visible",
        rows: format!(
            "{}<row r='2'><c r='A2'><v>1</v></c>{}{}</row>{}",
            row(
                1,
                &[
                    ("A", "コードID"),
                    ("B", "コード名"),
                    ("C", "コード値"),
                    ("D", "コード値の内容")
                ]
            ),
            text("B2", "区分"),
            text("C2", "01"),
            row(3, &[("C", "02"), ("D", "二")]),
        ),
        merged: &[],
    };
    let table = read_sheets(&[sheet, codes]).unwrap();
    let [one, two] = &table.group[0].item[..] else {
        panic!("{:?}", table.group)
    };
    assert_eq!(
        (one.id.as_str(), one.name.as_str(), one.key, one.length),
        ("01000001", "項目一", true, Some(15))
    );
    assert_eq!((two.id.as_str(), two.name.as_str()), ("01000002", "項目二"));
    assert_eq!(
        (two.item_type, two.length, two.fraction),
        (Some(Type::Decimal), Some(5), Some(2))
    );
    assert_eq!(
        (two.presence, two.condition.as_str()),
        (Presence::Conditional, "金額がある場合")
    );
    assert_eq!((table.group.len(), table.group[0].name.as_str()), (1, "組"));
    assert_eq!(
        (
            one.code.as_deref(),
            table.code[0].id.as_str(),
            table.code[0].value.len()
        ),
        (Some("001"), "001", 2)
    );
    assert_eq!(kinds(&table), [("code-id-storage", "A2")]);
}

#[test]
fn slips_of_every_kind() {
    let table = read_sheets(&[items(&[
        item(4, 2, "氏名", "X", "5"),
        item(5, 1, "氏名", "", "5"),
        item(6, 2, "住所_フリガナ", "Q", "abc"),
        item(8, 3, "氏名_読み仮名", "DATE", "8"),
        item(9, 4, "額", "9V", "5"),
        item(10, 5, "空", "X", ""),
        row(11, &[("A", "010"), ("B", "00006")]),
        row(
            12,
            &[
                ("C", "無番"),
                ("G", "X"),
                ("H", "1"),
                ("I", "777"),
                ("J", "たぶん"),
                ("F", "済"),
                ("L", "長すぎる"),
            ],
        ),
        row(
            13,
            &[
                ("A", "010"),
                ("B", "00008"),
                ("C", "条"),
                ("D", "Jo"),
                ("G", "9"),
                ("H", "2"),
                ("J", "条件付き必須"),
                ("L", "x"),
            ],
        ),
        row(14, &[("A", "e"), ("C", "e"), ("G", "e")]),
    ])])
    .unwrap();
    let found = kinds(&table);
    for expected in [
        ("wrong-order", "A5"),
        ("duplicate-name", "C5"),
        ("missing-type", "G5"),
        ("duplicate-id", "A6"),
        ("unknown-type", "G6"),
        ("unknown-length", "H6"),
        ("empty-row", "A7"),
        ("two-spellings", "C8"),
        ("type-length", "H8"),
        ("decimal-length", "H9"),
        ("missing-length", "H10"),
        ("missing-name", "C11"),
        ("malformed-id", "A12"),
        ("missing-field", "D12"),
        ("unknown-code-id", "I12"),
        ("unknown-presence", "J12"),
        ("unknown-mark", "F12"),
        ("sample-length", "L12"),
        ("malformed-field", "D13"),
        ("missing-condition", "J13"),
        ("sample-type", "L13"),
        ("missing-key", "F4"),
    ] {
        assert!(found.contains(&expected), "{expected:?} is not in {found:#?}");
    }
    assert!(
        table
            .slip
            .iter()
            .all(|slip| slip.text.is_complete() && slip.sheet == "項目")
    );
    assert!(table.group[0].item.iter().all(|item| item.name != "e"));
}

#[test]
fn hidden_sheets_and_error_values() {
    let mut hidden = items(&[item(4, 9, "古い項目", "X", "5")]);
    (hidden.name, hidden.state) = ("旧", "hidden");
    let rows = [
        item(4, 1, "項目", "X", "5"),
        "<row r='5' hidden='1'><c r='C5' t='s'><v>0</v></c><c r='G5' t='e'><f>1/0</f><v>#REF!</v></c></row>".to_owned(),
    ];
    let table = read_sheets(&[hidden, items(&rows)]).unwrap();
    let found = kinds(&table);
    for expected in [("hidden-sheet", "A1"), ("hidden-row", "A5"), ("error-value", "G5")] {
        assert!(found.contains(&expected), "{expected:?} is not in {found:#?}");
    }
    assert_eq!(table.group[0].item.len(), 2);
}

#[test]
fn foreign_keys_lead_to_the_group_with_that_key() {
    let row_of = |number: u32, id: u32, name: &str, group: &str, mark: &str| {
        format!(
            "<row r='{number}'>{}{}{}{}{}{}{}</row>",
            text(&format!("A{number}"), &format!("0100000{id}")),
            text(&format!("C{number}"), name),
            text(&format!("D{number}"), &format!("f{id}")),
            text(&format!("E{number}"), group),
            text(&format!("G{number}"), "X"),
            text(&format!("H{number}"), "5"),
            match mark {
                "key" => text(&format!("F{number}"), "○"),
                "foreign" => text(&format!("M{number}"), "○"),
                _ => String::new(),
            }
        )
    };
    let mut sheet = items(&[
        row_of(4, 1, "世帯番号", "世帯", "key"),
        row_of(5, 2, "宛名番号", "住民", "key"),
        row_of(6, 3, "世帯番号", "住民", "foreign"),
        row_of(7, 4, "税番号", "住民", "foreign"),
    ]);
    sheet.rows = sheet
        .rows
        .replace("<c r='L3'", &format!("{}<c r='L3'", text("M3", "外部キー")));
    let table = read_sheets(&[sheet]).unwrap();
    let keys = &table.group[1].foreign_key;
    assert_eq!(
        (keys.len(), keys[0].group.as_str(), keys[0].to.join(",")),
        (1, "世帯", "世帯番号".into())
    );
    assert!(kinds(&table).contains(&("open-foreign-key", "C7")), "{:?}", table.slip);
}

#[track_caller]
fn refused(result: Result<Table, Box<WorkbookError>>, fault: WorkbookFault, words: &[&str]) {
    let error = result.unwrap_err();
    assert_eq!(error.fault, fault, "{error}");
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!error.remedy.ja.is_ascii() && !error.remedy.en.is_empty());
}

#[test]
fn columns_that_cannot_be_found() {
    let mut renamed = items(&[item(4, 1, "項目", "X", "5")]);
    renamed.rows = renamed.rows.replace("データ型", "タイプ");
    refused(
        read_sheets(&[renamed]),
        WorkbookFault::MissingColumn,
        &["sheet 項目", "cell A3", "データ型", "G3 タイプ"],
    );
    let other = Sheet {
        name: "表紙",
        state: "visible",
        rows: row(1, &[("A", "題")]),
        merged: &[],
    };
    refused(read_sheets(&[other]), WorkbookFault::NoItems, &["表紙", "データ項目"]);
    let formula = "<row r='4'><c r='C4'><f>A1</f></c><c r='G4' t='s'><v>0</v></c></row>".to_owned();
    refused(
        read_sheets(&[items(&[formula])]),
        WorkbookFault::NoValue,
        &["cell C4", "save it again"],
    );
}

#[test]
fn damaged_and_other_files() {
    let parts = package(&[items(&[item(4, 1, "項目", "X", "5")])]);
    let without = |name: &str| {
        let kept: Vec<(String, String)> = parts.iter().filter(|(other, _)| other != name).cloned().collect();
        read("t.xlsx", &bytes(&kept))
    };
    assert!(without("none").is_ok());
    refused(
        without("xl/worksheets/s0.xml"),
        WorkbookFault::MissingPart,
        &["xl/worksheets/s0.xml", "sheet 項目"],
    );
    refused(
        without("xl/sharedStrings.xml"),
        WorkbookFault::MissingPart,
        &["sharedStrings"],
    );
    refused(
        without("xl/workbook.xml"),
        WorkbookFault::MissingPart,
        &["xl/workbook.xml"],
    );
    refused(
        without("xl/_rels/workbook.xml.rels"),
        WorkbookFault::MissingPart,
        &["sheet 項目"],
    );
    let whole = bytes(&parts);
    refused(
        read("t.xlsx", &whole[..whole.len() / 2]),
        WorkbookFault::Damaged,
        &["damaged"],
    );
    let broken: Vec<(String, String)> = parts
        .iter()
        .map(|(name, content)| (name.clone(), content.replace("</worksheet>", "")))
        .collect();
    refused(read("t.xlsx", &bytes(&broken)), WorkbookFault::Damaged, &["s0.xml"]);
    refused(
        read("t.xls", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 old"),
        WorkbookFault::OldFormat,
        &["xls", "save it"],
    );
    let stream: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let encrypted = [b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".as_slice(), &stream].concat();
    refused(read("t.xlsx", &encrypted), WorkbookFault::Encrypted, &["password"]);
    refused(read("t.xlsx", b""), WorkbookFault::NotAWorkbook, &["empty"]);
    refused(read("t.xlsx", b"a,b\n"), WorkbookFault::NotAWorkbook, &["no ZIP"]);
    refused(
        read("t.zip", &zip(&[("a.txt", "x")])),
        WorkbookFault::OtherKind,
        &["another ZIP"],
    );
    refused(
        read(
            "t.docx",
            &zip(&[("word/document.xml", "<a/>"), ("_rels/.rels", "<a/>")]),
        ),
        WorkbookFault::OtherKind,
        &["docx"],
    );
    refused(
        read("t.xlsb", &zip(&[("xl/workbook.bin", "x")])),
        WorkbookFault::OtherKind,
        &["xlsb"],
    );
}

/// A part of a few kilobytes that unpacks to hundreds of megabytes, and one with a million cells.
#[test]
fn bombs() {
    let mut parts = package(&[items(&[item(4, 1, "項目", "X", "5")])]);
    let sheet = parts
        .iter_mut()
        .find(|(name, _)| name == "xl/worksheets/s0.xml")
        .unwrap();
    sheet.1 = format!("<worksheet xmlns='{MAIN}'>{}</worksheet>", " ".repeat(70 << 20));
    refused(
        read("bomb.xlsx", &bytes(&parts)),
        WorkbookFault::TooLarge,
        &["unpacks to more than"],
    );
    let entities = "<!DOCTYPE a [<!ENTITY a 'aaaaaaaa'>]><worksheet>&a;</worksheet>";
    parts
        .iter_mut()
        .find(|(name, _)| name == "xl/worksheets/s0.xml")
        .unwrap()
        .1 = entities.to_owned();
    refused(
        read("entities.xlsx", &bytes(&parts)),
        WorkbookFault::Damaged,
        &["s0.xml"],
    );
}
