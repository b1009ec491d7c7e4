//! `junkyo rfp` as a municipality uses it: lists, answers, a signed result, a suspension, hostile files.

#[path = "rfp/world.rs"]
mod world;

use std::io::Write as _;

use junkyo::attest::Digest;
use junkyo::attest::envelope::Envelope;
use junkyo::attest::statement::{RfpSummary, Statement};
use junkyo::catalog::{EventKind, Status};
use world::{NUMBER, World, day, read, requirements};

const AS_OF: &str = "2026-11-25";

fn list(rows: &[(&str, &str)]) -> String {
    let mut text = format!(
        "架空市 要件一覧\n事業者名,株式会社架空システム\n製品名,架空印鑑\n版,3.2.1\n登録番号,{NUMBER}\n番号,要求事項,要件ID,回答\n"
    );
    for (index, (id, answer)) in rows.iter().enumerate() {
        text.push_str(&format!("{},要件 {id},{id},{answer}\n", index + 1));
    }
    text
}

#[test]
fn exit_codes_tell_what_became_of_the_claims() {
    let world = World::new("exits");
    let ids = requirements();
    let check = |name: &str, text: &str, more: &[&str]| {
        let path = world.write(name, text).display().to_string();
        let catalog = world.path("export");
        let mut arguments = vec!["check", &path, "--catalog", &catalog, "--as-of", AS_OF];
        arguments.extend(more);
        world.run(&arguments)
    };
    let clear = check("clear.csv", &list(&[(&ids[0], "○"), (&ids[2], "○")]), &[]);
    assert_eq!(clear.exit, 0, "{}{}", clear.out, clear.err);
    assert!(clear.out.contains("裏づけあり 2"), "{}", clear.out);
    let open = check("open.csv", &list(&[(&ids[0], "○"), (&ids[1], "○")]), &[]);
    assert_eq!(open.exit, 1, "{}", open.out);
    let by_words = "番号,要求事項,製品名,版,回答\n1,印鑑登録証の亡失後は証明書を交付しないこと,架空印鑑,3.2.1,○\n";
    let undetermined = check("words.csv", by_words, &[]);
    assert_eq!(undetermined.exit, 3, "{}", undetermined.out);
    let wrong = check("wrong.csv", "名前,住所\n", &[]);
    assert_eq!(wrong.exit, 2);
    assert!(wrong.err.contains("wrong.csv"), "{}", wrong.err);
    let trust = world.path("export/trust.jsonl");
    let trusted = check("trusted.csv", &list(&[(&ids[0], "○")]), &["--trust", &trust]);
    assert_eq!(trusted.exit, 0, "{}", trusted.err);
    assert!(trusted.out.contains("署名を確認しました"), "{}", trusted.out);
}

#[test]
fn a_catalog_or_report_that_was_changed_is_refused() {
    let world = World::new("tampered");
    let ids = requirements();
    let path = world.write("list.csv", list(&[(&ids[1], "○")])).display().to_string();
    let (catalog, trust) = (world.path("export"), world.path("export/trust.jsonl"));
    let arguments = [
        "check",
        &path,
        "--catalog",
        &catalog,
        "--as-of",
        AS_OF,
        "--trust",
        &trust,
    ];
    let file = world.folder.join("export/catalog.json");
    let good = read(&file);
    let text = String::from_utf8(good.clone()).expect("UTF-8");
    std::fs::write(&file, text.replace("2028-03-31", "2099-03-31")).expect("written");
    let changed = world.run(&arguments);
    assert_eq!(changed.exit, 2, "{}", changed.out);
    std::fs::write(&file, good).expect("written");
    let folder = world.folder.join("export/reports");
    let report = std::fs::read_dir(&folder)
        .expect("folder")
        .next()
        .expect("a report")
        .expect("entry")
        .path();
    let line = String::from_utf8(read(&report)).expect("UTF-8");
    let mut envelope = Envelope::parse(line.trim_end().as_bytes()).expect("envelope");
    let payload = String::from_utf8(envelope.payload).expect("UTF-8");
    envelope.payload = payload.replace("\"fail\"", "\"pass\"").into_bytes();
    std::fs::write(&report, envelope.to_line()).expect("written");
    let forged = world.run(&arguments);
    assert_eq!(forged.exit, 2, "{}", forged.out);
    std::fs::remove_file(&report).expect("removed");
    assert_eq!(world.run(&arguments).exit, 3, "a missing report is never guessed");
}

#[test]
fn the_signed_result_is_the_same_anywhere_and_a_suspension_changes_it() {
    let world = World::new("signed");
    let ids = requirements();
    let path = world
        .write("list.csv", list(&[(&ids[0], "○"), (&ids[1], "×")]))
        .display()
        .to_string();
    let catalog = world.path("export");
    let key = world.path("city/private.pem");
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_junkyo"))
        .args(["keygen", "--out", &world.path("city")])
        .output()
        .expect("keygen");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let check = |out: &str, more: &[&str]| {
        let out = world.path(out);
        let mut arguments = vec!["check", &path, "--catalog", &catalog, "--as-of", AS_OF, "--out", &out];
        arguments.extend(more);
        world.run(&arguments)
    };
    assert_eq!(check("first", &["--key", &key]).exit, 0);
    let first = world.path("first/result.json");
    let again = check("second", &["--compare", &first]);
    assert!(again.out.contains("同じバイト列"), "{}", again.out);
    for name in ["result.json", "result.ja.html", "result.en.html", "result.xlsx"] {
        let one = read(&world.folder.join("first").join(name));
        assert_eq!(one, read(&world.folder.join("second").join(name)), "{name}");
    }
    let line = read(&world.folder.join("first/result.intoto.jsonl"));
    let envelope = Envelope::parse(line.trim_ascii_end()).expect("envelope");
    let statement = Statement::<RfpSummary>::parse(&envelope.payload).expect("statement");
    let digest = Digest::of(&read(&world.folder.join("first/result.json")));
    assert_eq!(statement.subject[0].digest.sha256, digest);
    world.export("export", 2, &[("2026-11-24", EventKind::Suspended, Status::Suspended)]);
    let suspended = check("third", &["--compare", &first]);
    assert_eq!(suspended.exit, 1, "{}", suspended.out);
    assert!(suspended.out.contains("裏づけあり → 停止中"), "{}", suspended.out);
}

#[test]
fn decisions_are_kept_beside_the_list() {
    let world = World::new("decisions");
    let text = format!(
        "登録番号,{NUMBER}\n番号,要求事項,回答\n1,印鑑登録証の亡失の届出後は証明書を交付しないこと,○\n2,5年間の総価格の見積書,○\n"
    );
    let path = world.write("list.csv", text).display().to_string();
    let (catalog, confirm) = (world.path("export"), world.path("decisions.toml"));
    let arguments = [
        "check",
        &path,
        "--catalog",
        &catalog,
        "--as-of",
        AS_OF,
        "--confirm",
        &confirm,
    ];
    assert_eq!(world.run(&arguments).exit, 3);
    let proposed = String::from_utf8(read(std::path::Path::new(&confirm))).expect("UTF-8");
    assert!(proposed.contains("UNIT-02-"), "{proposed}");
    let decided = proposed.replacen("requirements = []", "requirements = [\"UNIT-02-R12\"]", 1);
    std::fs::write(&confirm, decided.replace("# out-of-scope = true", "")).expect("written");
    let after = world.run(&arguments);
    assert_eq!(after.exit, 0, "{}{}", after.out, after.err);
    std::fs::write(
        &confirm,
        format!("{decided}\n[[clause]]\nclause = \"1\"\nfingerprint = \"x\"\nout-of-scope = true\n"),
    )
    .expect("written");
    let contradictory = world.run(&arguments);
    assert_eq!(contradictory.exit, 2);
    assert!(contradictory.err.contains("二つの判断"), "{}", contradictory.err);
}

#[test]
fn a_draft_is_answered_and_checked() {
    let world = World::new("draft");
    let draft = world.path("draft.csv");
    let made = world.run(&["draft", "--unit", "2", "--format", "csv", "--out", &draft]);
    assert_eq!(made.exit, 0, "{}", made.err);
    let text = String::from_utf8(read(std::path::Path::new(&draft))).expect("UTF-8");
    let answered = text
        .replacen("登録番号,\r\n", &format!("登録番号,{NUMBER}\r\n"), 1)
        .replace(",,,\r\n", ",○,,\r\n");
    world.write("draft.csv", answered);
    let catalog = world.path("export");
    let checked = world.run(&["check", &draft, "--catalog", &catalog, "--as-of", AS_OF, "--json"]);
    assert_eq!(checked.exit, 1, "{}", checked.err);
    let result = junkyo::rfp::RfpResult::from_json(checked.out.trim_end().as_bytes()).expect("result");
    assert!(result.rows.iter().all(|row| row.found.basis == junkyo::rfp::Basis::Id));
    let counts = result.counts();
    assert!(
        counts["substantiated"] > 20 && counts["contradicted"] == 1,
        "{counts:?}"
    );
    assert_eq!(result.as_of, day(AS_OF));
    assert_eq!(world.run(&["draft", "--unit", "77"]).exit, 2);
    assert_eq!(
        world.run(&["draft", "--unit", "2", "--format", "xlsx"]).exit,
        2,
        "it needs --out"
    );
}

#[test]
fn hostile_files_are_refused_with_a_reason_and_quickly() {
    let world = World::new("hostile");
    let catalog = world.path("export");
    let refused = |name: &str, bytes: &[u8]| {
        let path = world.write(name, bytes).display().to_string();
        let run = world.run(&["check", &path, "--catalog", &catalog, "--as-of", AS_OF]);
        assert_eq!(run.exit, 2, "{name}: {}{}", run.out, run.err);
        assert!(run.err.contains(name), "{name}: {}", run.err);
        run.err
    };
    refused("empty.csv", b"");
    refused("binary.csv", b"\x7fELF\x00\x01");
    refused("encoding.csv", b"a,b\n\xff\xfe\xfd,\n");
    refused("open-quote.csv", "番号,要求事項\n1,\"文".as_bytes());
    refused(
        "many.csv",
        format!("番号,要求事項\n{}", "1,文\n".repeat(100_000)).as_bytes(),
    );
    refused("broken.xlsx", b"PK\x03\x04 no zip at all");
    refused("bomb.xlsx", &bomb());
    refused("password.xlsx", &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0, 0]);
    refused(
        "long-cell.csv",
        format!("番号,要求事項\n1,{}\n", "あ".repeat(40_000)).as_bytes(),
    );
    refused("claims.json", br#"{"claims":[],"claims":[]}"#);
    assert!(refused("no-table.csv", "名前,住所\n甲,乙\n".as_bytes()).contains("要求事項"));
}

/// A workbook whose sheet unpacks to 300 MB.
fn bomb() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let mut add = |name: &str, content: &str, times: usize| {
        zip.start_file(name, options).expect("member");
        for _ in 0..times {
            zip.write_all(content.as_bytes()).expect("written");
        }
    };
    add(
        "_rels/.rels",
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
        1,
    );
    add(
        "xl/workbook.xml",
        r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>"#,
        1,
    );
    add(
        "xl/_rels/workbook.xml.rels",
        r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
        1,
    );
    add("xl/worksheets/sheet1.xml", &" ".repeat(1 << 20), 300);
    zip.finish().expect("finished").into_inner()
}
