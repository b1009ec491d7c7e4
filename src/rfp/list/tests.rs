use super::*;

fn csv(text: &str) -> ClauseList {
    read_list("list.csv", text.as_bytes()).unwrap()
}

#[test]
fn a_plain_list() {
    let list = csv(
        "架空市 要件一覧\n事業者名,株式会社架空システム\n製品名：架空住民記録,,版,3.2.1\n登録番号,JK-2026-000421-09\n\n番号,大項目,要求事項,必須/任意,回答,備考\n1,住民記録,転入を届出日に関わらず異動日で処理すること。,必須,○,標準\n2,,\"二行の\n要求\",任意,×,\n3,,,,,\n",
    );
    assert_eq!(list.title, "架空市 要件一覧");
    assert_eq!(list.clauses.len(), 2);
    assert_eq!(list.clauses[1].item, "住民記録");
    assert_eq!(list.clauses[0].necessity, Necessity::Mandatory);
    assert_eq!(list.clauses[1].text, "二行の\n要求");
    assert_eq!(list.clauses[1].place.cell, "8:3");
    assert_eq!(
        list.offers,
        [Offer {
            vendor: "株式会社架空システム".into(),
            product: Some("架空住民記録".into()),
            version: Some("3.2.1".into()),
            registrations: vec!["JK-2026-000421-09".into()],
        }]
    );
    let answers: Vec<Answer> = list.claims.iter().map(|claim| claim.answer).collect();
    assert_eq!(answers, [Answer::Yes, Answer::No]);
    assert_eq!(list.claims[0].remark, "標準");
}

#[test]
fn a_column_for_each_vendor() {
    let list = csv("No.,要件,回答（A社）,備考（A社）,回答（B社）\n登1,トークンの有効期限を確認すること,○,注,△\n");
    let names: Vec<&str> = list.offers.iter().map(|offer| offer.vendor.as_str()).collect();
    assert_eq!(names, ["A社", "B社"]);
    assert_eq!(list.claims[0].remark, "注");
    assert_eq!(list.claims[1].answer, Answer::Partly);
}

#[test]
fn vendors_above_and_below_the_heading() {
    let above = csv(",,A社,,B社,\n番号,要求事項,回答,備考,回答,備考\n1,文,○,a,×,b\n");
    let below = csv("番号,要求事項,回答,\n,,A社,B社\n1,文,○,×\n");
    let groups = csv("番号,要求事項,A社,,B社,\n,,回答,備考,回答,備考\n1,文,○,a,×,b\n");
    for list in [above, below, groups] {
        let names: Vec<&str> = list.offers.iter().map(|offer| offer.vendor.as_str()).collect();
        assert_eq!(names, ["A社", "B社"]);
        let answers: Vec<Answer> = list.claims.iter().map(|claim| claim.answer).collect();
        assert_eq!(answers, [Answer::Yes, Answer::No]);
        assert_eq!(list.clauses.len(), 1);
    }
}

#[test]
fn columns_that_only_a_company_names() {
    let list = csv("項番,要求内容,株式会社架空,仮想システム㈱,予算\n1,文一,○,△,○\n2,文二,×,○,○\n");
    let names: Vec<&str> = list.offers.iter().map(|offer| offer.vendor.as_str()).collect();
    assert_eq!(names, ["株式会社架空", "仮想システム㈱"]);
}

#[test]
fn one_row_for_each_clause_and_vendor() {
    let list = csv(
        "番号,要求事項,回答者,製品,版,登録番号,回答\n1,文,A社,甲,1.0,JK-2026-000001-05,○\n1,文,B社,乙,2.0,,×\n2,別の文,A社,甲,1.0,,○\n",
    );
    assert_eq!(list.clauses.len(), 2);
    assert_eq!(list.offers.len(), 2);
    assert_eq!(list.claims[0].registrations, ["JK-2026-000001-05"]);
    assert_eq!(list.claims[2].offer, 0);
    assert_eq!(list.claims[1].version.as_deref(), Some("2.0"));
}

#[test]
fn answers_from_other_files_come_by_number() {
    let mut list = csv("番号,要求事項\n1,文一\n2,文二\n");
    list.add_answers("a.csv", "事業者名,A社\n番号,回答\n1,○\n2,×\n9,○\n".as_bytes())
        .unwrap();
    list.add_answers("b.csv", "番号,要求事項,回答\n2,変えられた文,○\n1,文一,△\n".as_bytes())
        .unwrap();
    let answers: Vec<(usize, usize, Answer)> = list
        .claims
        .iter()
        .map(|claim| (claim.clause, claim.offer, claim.answer))
        .collect();
    assert_eq!(
        answers,
        [(0, 0, Answer::Yes), (1, 0, Answer::No), (0, 1, Answer::Partly)]
    );
    assert_eq!(list.offers[1].vendor, "b");
    assert_eq!(
        list.notes.len(),
        2,
        "a number that is not there, and a text that was changed: {:?}",
        list.notes
    );
}

#[test]
fn numbers_that_occur_twice_are_told_apart() {
    let list = csv("番号,要求事項\n1,文一\n1,文二\n,文三\n");
    let keys: Vec<&str> = list.clauses.iter().map(|clause| clause.key.as_str()).collect();
    assert_eq!(keys, ["1", "1@3:2", "@4:2"]);
    assert_eq!(list.notes.len(), 1);
}

#[test]
fn encodings() {
    let text = "番号,要求事項\n1,髙さを①で示すこと\n";
    let (cp932, _, _) = encoding_rs::SHIFT_JIS.encode(text);
    let utf16: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let with_mark = [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat();
    for (bytes, form) in [
        (cp932.as_ref(), "CP932"),
        (utf16.as_slice(), "UTF-16LE"),
        (with_mark.as_slice(), "UTF-8 (BOM)"),
        (text.as_bytes(), "UTF-8"),
    ] {
        let list = read_list("x.csv", bytes).unwrap();
        assert_eq!(list.clauses[0].text, "髙さを①で示すこと", "{form}");
        assert_eq!(list.sources[0].form, form);
    }
}

#[test]
fn what_is_no_list_says_why() {
    let fault = |bytes: &[u8]| read_list("x", bytes).unwrap_err().fault;
    assert_eq!(fault(b""), ListFault::OtherKind);
    assert_eq!(fault(b"\x7fELF\x00\x00"), ListFault::OtherKind);
    assert_eq!(fault(b"a,b\nc,\xff\xfe\xfd"), ListFault::Encoding);
    assert_eq!(fault(b"PK\x03\x04broken"), ListFault::Workbook);
    assert_eq!(fault(&[0xD0, 0xCF, 0x11, 0xE0, 0, 0]), ListFault::Workbook);
    assert_eq!(fault("名前,住所\n甲,乙\n".as_bytes()), ListFault::NoTable);
    assert_eq!(fault("番号,要求事項\n".as_bytes()), ListFault::NoTable);
    assert_eq!(fault("番号,要求事項\n1,\"開いたまま\n".as_bytes()), ListFault::Csv);
    let many = format!("番号,要求事項\n{}", "1,文\n".repeat(100_000));
    assert_eq!(fault(many.as_bytes()), ListFault::TooLarge);
    let error = read_list("x.csv", "名前,住所\n".as_bytes()).unwrap_err();
    assert!(error.describe(crate::text::Lang::Ja).contains("要求事項"), "{error}");
}

#[test]
fn claims_as_json() {
    let set = r#"{"rfp":"架空市","claims":[{"requirement":"CF-031-REQ-001","registration":"JK-2026-000421-09"}]}"#;
    let list = read_list("claims.json", set.as_bytes()).unwrap();
    assert_eq!(list.clauses[0].requirement, "CF-031-REQ-001");
    assert_eq!(list.claims[0].answer, Answer::Yes);
    for wrong in [
        r#"{"claims":[{"answer":"yes"}]}"#,
        r#"{"claims":[{"clause":"9"}]}"#,
        r#"{"claims":[],"claims":[]}"#,
        r#"{"claims":[{"requirement":"x","offer":3}]}"#,
        r#"{"schema":"other","claims":[]}"#,
        r#"{"unknown":1,"claims":[]}"#,
    ] {
        assert_eq!(
            read_list("c.json", wrong.as_bytes()).unwrap_err().fault,
            ListFault::Claims,
            "{wrong}"
        );
    }
}

/// A workbook with merged headings and items, a sheet for each vendor, and a hidden sheet.
fn workbook() -> Vec<u8> {
    use rust_xlsxwriter::{Format, Workbook};
    let mut book = Workbook::new();
    let plain = Format::new();
    for (vendor, mark) in [("A社", "○"), ("B社", "×")] {
        let sheet = book.add_worksheet();
        sheet.set_name(vendor).unwrap();
        sheet.merge_range(0, 0, 0, 5, "■架空市 機能要件一覧", &plain).unwrap();
        sheet.write(1, 0, "製品名").unwrap();
        sheet.write(1, 1, format!("{vendor}の製品")).unwrap();
        for (column, heading) in ["番号", "大項目", "要求事項", "必須/任意"].iter().enumerate() {
            sheet
                .merge_range(3, column as u16, 4, column as u16, heading, &plain)
                .unwrap();
        }
        sheet.merge_range(3, 4, 3, 5, "回答", &plain).unwrap();
        sheet.write(4, 4, "対応可否").unwrap();
        sheet.write(4, 5, "備考").unwrap();
        sheet.merge_range(5, 1, 7, 1, "住民記録", &plain).unwrap();
        for (row, text) in [(5_u32, "文一"), (6, "文二")] {
            sheet.write(row, 0, f64::from(row) - 4.0).unwrap();
            sheet.write(row, 2, text).unwrap();
            sheet.write(row, 4, mark).unwrap();
        }
        // One clause over two rows.
        sheet.write(7, 0, 3).unwrap();
        sheet.merge_range(7, 2, 8, 2, "文三", &plain).unwrap();
    }
    let hidden = book.add_worksheet();
    hidden.set_name("下書き").unwrap();
    hidden.write(0, 0, "番号").unwrap();
    hidden.write(0, 1, "要求事項").unwrap();
    hidden.set_hidden(true);
    book.save_to_buffer().unwrap()
}

#[test]
fn a_workbook_with_merged_cells_and_a_sheet_for_each_vendor() {
    let list = read_list("list.xlsx", &workbook()).unwrap();
    assert_eq!(list.title, "架空市 機能要件一覧");
    let texts: Vec<&str> = list.clauses.iter().map(|clause| clause.text.as_str()).collect();
    assert_eq!(texts, ["文一", "文二", "文三"]);
    assert!(list.clauses.iter().all(|clause| clause.item == "住民記録"));
    assert_eq!(
        list.clauses[0].place,
        Place {
            sheet: Some("A社".into()),
            cell: "C6".into()
        }
    );
    let offers: Vec<(&str, Option<&str>)> = list
        .offers
        .iter()
        .map(|offer| (offer.vendor.as_str(), offer.product.as_deref()))
        .collect();
    assert_eq!(offers.len(), 2, "{offers:?}");
    assert_eq!(offers[0].1, Some("A社の製品"));
    let answers: Vec<(usize, usize, Answer)> = list
        .claims
        .iter()
        .map(|claim| (claim.clause, claim.offer, claim.answer))
        .collect();
    assert_eq!(
        answers,
        [
            (0, 0, Answer::Yes),
            (1, 0, Answer::Yes),
            (2, 0, Answer::Empty),
            (0, 1, Answer::No),
            (1, 1, Answer::No),
            (2, 1, Answer::Empty)
        ]
    );
    assert!(
        list.notes
            .iter()
            .any(|note| note.place.sheet.as_deref() == Some("下書き")),
        "{:?}",
        list.notes
    );
}

/// A workbook of one sheet, by hand.
fn by_hand(sheet: &str) -> Vec<u8> {
    use std::io::Write as _;
    const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relation = |kind: &str, target: &str| {
        format!(
            "<Relationships xmlns=\"{RELATIONS}\"><Relationship Id=\"r1\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in [
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets><sheet name=\"s\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            relation("worksheet", "worksheets/sheet1.xml"),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns=\"{MAIN}\">{sheet}</worksheet>"),
        ),
    ] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn ranges_merged_over_whole_sheets_and_formulas_without_values() {
    let cell = |name: &str, text: &str| format!("<c r=\"{name}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let mut rows = format!(
        "<row r=\"1\">{}{}{}</row>",
        cell("A1", "番号"),
        cell("B1", "要求事項"),
        cell("C1", "回答")
    );
    for row in 2..300 {
        rows.push_str(&format!(
            "<row r=\"{row}\">{}{}<c r=\"C{row}\"><f>IF(TRUE,1)</f></c></row>",
            cell(&format!("A{row}"), &row.to_string()),
            cell(&format!("B{row}"), &format!("文{row}"))
        ));
    }
    let merged = "<mergeCell ref=\"D1:XFD1048576\"/>".repeat(2_000);
    let bytes = by_hand(&format!(
        "<sheetData>{rows}</sheetData><mergeCells>{merged}</mergeCells>"
    ));
    let list = read_list("wide.xlsx", &bytes).unwrap();
    assert_eq!(list.clauses.len(), 298);
    assert!(list.claims.iter().all(|claim| claim.answer == Answer::Empty));
    assert!(
        list.notes.iter().any(|note| note.text.en.contains("formula")),
        "{:?}",
        list.notes.len()
    );
}
