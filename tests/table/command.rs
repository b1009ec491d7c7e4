//! The command: what it prints, its exit codes, its progress.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::help::fresh;

const TABLE: &str = r#"
format = 1
id = "t"
title = "表"
[[group]]
name = "住民"
item = [{ name = "番号", type = "X", length = 3, key = true }, { name = "氏名", type = "N", length = 5 }]
"#;

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_junkyo"))
        .current_dir(folder)
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn folder(content: &str) -> std::path::PathBuf {
    let folder = fresh("command");
    fs::write(folder.join("table.toml"), TABLE).unwrap();
    fs::write(folder.join("a.csv"), content).unwrap();
    folder
}

#[test]
fn exit_codes() {
    let right = folder("番号,氏名\n001,佐藤\n");
    let wrong = folder("番号,氏名\n001,abc\n");
    let code = |folder: &Path, arguments: &[&str]| run(folder, arguments).status.code();
    assert_eq!(code(&right, &["check", "a.csv", "--against", "."]), Some(0));
    assert_eq!(code(&wrong, &["check", "a.csv", "--against", "table.toml"]), Some(1));
    assert_eq!(code(&wrong, &["check", "none.csv", "--against", "table.toml"]), Some(2));
    assert_eq!(
        code(&wrong, &["check", "a.csv", "--against", "table.toml", "--group", "税"]),
        Some(2)
    );
    assert_eq!(
        code(
            &right,
            &["check", "a.csv", "--against", "table.toml", "--key-memory", "0"]
        ),
        Some(3)
    );
    fs::write(right.join("table.toml"), "format = 1\nid = 1").unwrap();
    let broken = run(&right, &["check", "a.csv", "--against", "table.toml"]);
    assert_eq!(broken.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&broken.stderr).contains("table.toml"),
        "{broken:?}"
    );
}

#[test]
fn what_is_printed() {
    let wrong = folder("番号,氏名\n001,佐藤abc\n001,鈴木\n");
    let english = run(&wrong, &["check", "a.csv", "--against", "table.toml"]);
    let text = String::from_utf8(english.stdout).unwrap();
    for part in [
        "a.csv: 住民, 2 records, LF, 2 violations",
        "✗ characters  record 1 (line 2), column 2 氏名",
        "found: 3 letters + 2 kanji",
        "the key of record 1",
        "failed: 1 files, 2 records, 2 violations",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("佐藤"), "{text}");
    let japanese = run(
        &wrong,
        &[
            "check",
            "a.csv",
            "--against",
            "table.toml",
            "--lang",
            "ja",
            "--show-values",
        ],
    );
    let text = String::from_utf8(japanese.stdout).unwrap();
    for part in ["レコード 1（2 行目）", "値: \"佐藤abc\"", "不合格: 1 ファイル"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let few = run(
        &wrong,
        &["check", "a.csv", "--against", "table.toml", "--max-errors", "0"],
    );
    assert!(String::from_utf8(few.stdout).unwrap().contains("key-unique"));
}

/// The JSON form follows its published schema, and so does the table.
#[test]
fn machine_readable() {
    let wrong = folder("番号,氏名\n001,佐藤abc\n001,鈴木\n");
    let output = run(
        &wrong,
        &[
            "check",
            "a.csv",
            "--against",
            ".",
            "--format",
            "json",
            "--message-format",
            "json",
        ],
    );
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["outcome"], "failed");
    assert_eq!(result["findings"][0]["rule"], "characters");
    let schema = |name: &str| -> serde_json::Value {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/schemas").join(name);
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    };
    let published = schema("table-result.schema.json");
    let members = published["properties"].as_object().unwrap();
    assert!(
        result.as_object().unwrap().keys().all(|key| members.contains_key(key)),
        "{result}"
    );
    let finding = published["$defs"]["Finding"]["properties"].as_object().unwrap();
    let found = result["findings"][0].as_object().unwrap();
    assert!(found.keys().all(|key| finding.contains_key(key)), "{found:?}");
    assert!(schema("table.schema.json")["properties"]["group"].is_object());
    let events: Vec<serde_json::Value> = String::from_utf8(output.stderr)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["file-started", "finding", "finding", "file-finished", "check-finished"]
    );
}
