//! `junkyo check FILE.csv... --against TABLE`: files against an item table.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::super::args::{Check as CheckArgs, CheckFormat, MessageFormat};
use super::super::error::CliError;
use super::super::{Exit, unless_closed};
use crate::schema::table::{
    CheckOptions, DataFile, FileResult, Finding, Level, Outcome, RuleCount, Table, TableChecker, TableResult, Watch,
};
use crate::text::Lang;

/// Progress comes at most this often.
const PACE: Duration = Duration::from_millis(200);

/// Whether `--against` names a table: a folder, or a file that is no WSDL and no schema.
pub(super) fn is_table(path: &Path) -> bool {
    let is = |wanted: &str| {
        path.extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
    };
    path.is_dir() || is("toml") || is("json")
}

/// Checks files against a table.
pub(super) fn main(args: &CheckArgs, against: &Path, lang: Lang) -> Result<Exit, CliError> {
    let usage = |error: crate::schema::table::TableError| CliError::Usage(error.to_string());
    let table = Table::from_path(against).map_err(usage)?;
    let options = CheckOptions {
        max_findings: args.max_errors,
        show_values: args.show_values,
        key_memory: args.key_memory.saturating_mul(1 << 20),
        group: args.group.clone(),
        ..CheckOptions::default()
    };
    let mut checker = TableChecker::new(&table, options).map_err(usage)?;
    for path in &args.files {
        let name = path.display().to_string();
        let unreadable = |error: io::Error| CliError::Usage(format!("cannot read {name}: {error}"));
        let facts = std::fs::metadata(path).map_err(unreadable)?;
        if facts.is_dir() {
            return Err(CliError::Usage(format!(
                "{name}: expected a CSV file, found a folder; name its files"
            )));
        }
        let file = File::open(path).map_err(unreadable)?;
        let mut watch = Shown::new(args.message_format, &name, facts.is_file().then_some(facts.len()));
        let data = DataFile {
            name: name.clone(),
            reader: Box::new(file),
        };
        checker.check(data, &mut watch).map_err(unreadable)?;
        watch.end();
    }
    let result = checker.finish();
    let mut out = io::stdout().lock();
    let written = match args.format {
        CheckFormat::Json => serde_json::to_writer_pretty(&mut out, &result)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(out)),
        CheckFormat::Text => render(&result, lang, out.is_terminal(), &mut out),
    };
    unless_closed(written)?;
    if args.message_format == MessageFormat::Json {
        eprintln!("{}", json!({"event": "check-finished", "outcome": result.outcome}));
    }
    Ok(match result.outcome {
        Outcome::Passed => Exit::Success,
        Outcome::Failed => Exit::NonConformant,
        Outcome::Incomplete => Exit::Incomplete,
    })
}

/// Progress of one file on standard error.
struct Shown {
    format: MessageFormat,
    bar: Option<ProgressBar>,
    name: String,
    size: Option<u64>,
    last: Instant,
}

impl Shown {
    fn new(format: MessageFormat, name: &str, size: Option<u64>) -> Self {
        let on_terminal = format == MessageFormat::Human && io::stderr().is_terminal();
        let bar = on_terminal.then(|| {
            let bar = size.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
            let template = match size {
                Some(_) => "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {msg}",
                None => "{spinner} {bytes} {bytes_per_sec} {msg}",
            };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar
        });
        if format == MessageFormat::Json {
            eprintln!("{}", json!({"event": "file-started", "file": name, "bytes": size}));
        }
        Self {
            format,
            bar,
            name: name.to_owned(),
            size,
            last: Instant::now(),
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.format == MessageFormat::Json {
            eprintln!("{}", json!({"event": "file-finished", "file": self.name}));
        }
    }
}

impl Watch for Shown {
    fn progress(&mut self, bytes: u64, records: u64) {
        if self.last.elapsed() < PACE {
            return;
        }
        self.last = Instant::now();
        if let Some(bar) = &self.bar {
            bar.set_position(bytes);
            bar.set_message(format!("{} ({records})", self.name));
        } else if self.format == MessageFormat::Json {
            let event = json!({
                "event": "progress", "file": self.name, "read": bytes, "bytes": self.size, "records": records,
            });
            eprintln!("{event}");
        }
    }

    fn finding(&mut self, finding: &Finding) {
        if self.format == MessageFormat::Json {
            eprintln!("{}", json!({"event": "finding", "finding": finding}));
        }
    }
}

/// For people.
fn render(result: &TableResult, lang: Lang, color: bool, out: &mut impl Write) -> io::Result<()> {
    for (index, file) in result.files.iter().enumerate() {
        writeln!(out, "{}", file_words(file, lang))?;
        // The same name may be given twice; findings are in the order of the files.
        let earlier = result.files[..index].iter().any(|other| other.name == file.name);
        for finding in result
            .findings
            .iter()
            .filter(|finding| !earlier && finding.file == file.name)
        {
            finding_words(finding, lang, color, out)?;
        }
    }
    if !result.counts.is_empty() {
        writeln!(out, "{}", lang.pick("規則と項目ごとの件数:", "by rule and item:"))?;
        for count in &result.counts {
            writeln!(out, "  {:>9}  {}", count.count, count_words(count, lang))?;
        }
    }
    let listed = result.findings.len() as u64;
    let (musts, shoulds) = (result.count(Level::Must), result.count(Level::Should));
    if listed < musts + shoulds {
        let more = musts + shoulds - listed;
        let words = lang.pick(
            format!("ほかに {more} 件（--max-errors で増やせます）"),
            format!("{more} more findings (--max-errors shows them)"),
        );
        writeln!(out, "{words}")?;
    }
    for note in &result.notes {
        writeln!(out, "i {}", note.get(lang))?;
    }
    let outcome = match result.outcome {
        Outcome::Passed => lang.pick("合格", "passed"),
        Outcome::Failed => lang.pick("不合格", "failed"),
        Outcome::Incomplete => lang.pick("未完了", "incomplete"),
    };
    let records: u64 = result.files.iter().map(|file| file.records).sum();
    let words = lang.pick(
        format!(
            "{outcome}: {} ファイル、{records} レコード、違反 {musts}、注意 {shoulds}（{}）",
            result.files.len(),
            result.title
        ),
        format!(
            "{outcome}: {} files, {records} records, {musts} violations, {shoulds} warnings ({})",
            result.files.len(),
            result.title
        ),
    );
    writeln!(out, "{words}")
}

fn file_words(file: &FileResult, lang: Lang) -> String {
    let group = file
        .group
        .as_deref()
        .unwrap_or_else(|| lang.pick("グループ不明", "group not known"));
    let bom = if file.bom { ", BOM" } else { "" };
    lang.pick(
        format!(
            "{}: {group}、{} レコード、{}{bom}、違反 {}、注意 {}",
            file.name, file.records, file.line_end, file.violations, file.warnings
        ),
        format!(
            "{}: {group}, {} records, {}{bom}, {} violations, {} warnings",
            file.name, file.records, file.line_end, file.violations, file.warnings
        ),
    )
}

fn rule_words(rule: &str, id: Option<&str>) -> String {
    id.map_or_else(|| rule.to_owned(), |id| format!("{rule} {id}"))
}

fn count_words(count: &RuleCount, lang: Lang) -> String {
    let level = match count.level {
        Level::Must => "",
        Level::Should => lang.pick("（注意）", " (warning)"),
    };
    let rule = rule_words(count.rule.id(), count.id.as_deref());
    format!("{rule}{level}  {}", count.item.as_deref().unwrap_or_default())
        .trim_end()
        .to_owned()
}

fn finding_words(finding: &Finding, lang: Lang, color: bool, out: &mut impl Write) -> io::Result<()> {
    let mark = match (finding.level, color) {
        (Level::Must, true) => "\x1b[31m✗\x1b[0m",
        (Level::Must, false) => "✗",
        (Level::Should, true) => "\x1b[33m!\x1b[0m",
        (Level::Should, false) => "!",
    };
    let rule = rule_words(finding.rule.id(), finding.id.as_deref());
    let place = match (finding.record, lang) {
        (0, Lang::En) => format!("line {}", finding.line),
        (0, Lang::Ja) => format!("{} 行目", finding.line),
        (record, Lang::En) => format!("record {record} (line {})", finding.line),
        (record, Lang::Ja) => format!("レコード {record}（{} 行目）", finding.line),
    };
    let column = finding.column.map_or_else(String::new, |column| {
        lang.pick(format!("、{column} 列目"), format!(", column {column}"))
    });
    let item = match (&finding.item, &finding.item_id) {
        (Some(item), Some(id)) => format!(" {item} ({id})"),
        (Some(item), None) => format!(" {item}"),
        _ => String::new(),
    };
    writeln!(out, "  {mark} {rule}  {place}{column}{item}")?;
    let (expected, found) = lang.pick(("期待", "実際"), ("expected", "found"));
    writeln!(out, "      {expected}: {}", finding.expected.get(lang))?;
    writeln!(out, "      {found}: {}", finding.found.get(lang))?;
    if let Some(value) = &finding.value {
        writeln!(out, "      {}: {value:?}", lang.pick("値", "value"))?;
    }
    if let Some(hint) = &finding.hint {
        writeln!(out, "      → {}", hint.get(lang))?;
    }
    Ok(())
}
