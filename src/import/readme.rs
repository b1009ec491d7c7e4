//! The README of an imported folder.

use std::fmt::Write as _;

use super::folder::Folder;
use super::{ImportOptions, Imported};

/// Notes that are listed; the rest is counted.
const MAX_NOTES: usize = 200;

pub(super) fn write(folder: &mut Folder, options: &ImportOptions, imported: &Imported) {
    let file = options.file.file_name().unwrap_or_default().to_string_lossy();
    let id = &imported.id;
    let mut text = format!("# {file}\n\n");
    if imported.is_service {
        let _ = write!(
            text,
            "`junkyo import` が {file} から作成したコーパスです（シード {seed}）。操作 {operations}、妥当な電文 {valid}、\
             一か所だけ違反する電文 {invalid}、シナリオ {scenarios}、要件 {requirements}。\n\n\
             A corpus folder that `junkyo import` made from {file} (seed {seed}): {operations} operations, {valid} valid \
             messages, {invalid} messages that break one rule each, {scenarios} scenarios, {requirements} requirements.\n\n\
             ```console\n$ junkyo --with DIR list --profile imported.{id}\n\
             $ junkyo --with DIR run --target product.toml --profile imported.{id}\n```\n\n\
             `DIR` はこのフォルダです。対象ファイルには、このサービス（`{id}`）の接続先を書きます。\n\
             `DIR` is this folder; the target file names the address of the service `{id}`.\n\n\
             | file | |\n|---|---|\n\
             | `service.toml` | サービス / the service |\n\
             | `scenarios-*.toml` | 操作ごとのシナリオ / scenarios of each operation |\n\
             | `messages/` | 電文（本文の要素、ヘッダブロック）/ messages: content of the body, header blocks |\n\
             | `requirements/`, `sources.toml`, `profiles.toml` | 要件、出典、プロファイル / requirements, source, profile |\n",
            seed = options.seed,
            operations = imported.operations,
            valid = imported.valid,
            invalid = imported.invalid,
            scenarios = imported.scenarios,
            requirements = imported.requirements,
        );
    } else {
        let _ = write!(
            text,
            "`junkyo import` が {file} から作成した電文です（シード {seed}）。要素 {operations}、妥当な電文 {valid}、\
             一か所だけ違反する電文 {invalid}。一覧は `messages.toml` にあります。\n\n\
             Messages that `junkyo import` made from {file} (seed {seed}): {operations} elements, {valid} valid messages, \
             {invalid} messages that break one rule each. `messages.toml` lists them.\n",
            seed = options.seed,
            operations = imported.operations,
            valid = imported.valid,
            invalid = imported.invalid,
        );
    }
    if !imported.notes.is_empty() {
        text.push_str("\n## 作成しなかったもの / What was not made\n\n");
        for note in imported.notes.iter().take(MAX_NOTES) {
            let _ = writeln!(text, "- {} / {}", plain(&note.ja), plain(&note.en));
        }
        if let Some(more) = imported.notes.len().checked_sub(MAX_NOTES).filter(|more| *more > 0) {
            let _ = writeln!(text, "- … +{more}");
        }
    }
    folder.put("README.md", text);
}

/// One line of text that Markdown leaves alone.
fn plain(text: &str) -> String {
    text.replace(['\n', '\r'], " ").replace('<', "&lt;")
}
