//! `junkyo interconnect`: two products and what they say to each other.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::args::{Common, Interconnect};
use super::error::CliError;
use super::judge::Source;
use super::{Exit, unless_closed};
use crate::attest::bundle::{Bundle, write_bundle};
use crate::drive::Target;
use crate::evidence::{Recording, read_journal_without};
use crate::interconnect::{Connection, INTERCONNECTION, Interconnection, Receiver, State, connect};
use crate::text::{Lang, Text};

pub(super) fn main(args: &Interconnect, common: &Common, lang: Lang) -> Result<Exit, CliError> {
    let corpus = common.load_corpus()?;
    let sender = Source::open(&args.sender)?;
    let recorded = recording_of(&sender)?;
    let is_target = args.receiver.extension().is_some_and(|extension| extension == "toml");
    let (target, other) = if is_target {
        (Some(Target::read(&args.receiver)?), None)
    } else {
        let source = Source::open(&args.receiver)?;
        let recording = recording_of(&source)?;
        (None, Some((source, recording)))
    };
    let receiver = match (&target, &other) {
        (Some(target), _) => Receiver::Running(target),
        (None, Some((_, recording))) => Receiver::Recorded(recording),
        (None, None) => return Err(CliError::Usage("there is no receiver".into())),
    };
    let connection = Connection {
        corpus: &corpus,
        sender: &recorded,
        receiver,
        out: &args.out,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut report = runtime
        .block_on(connect(&connection))
        .map_err(|error| CliError::Usage(error.to_string()))?;
    let manifest = |source: &Source| source.bundle().map(Bundle::manifest_digest);
    report.sender.manifest = manifest(&sender);
    report.receiver.manifest = other.as_ref().and_then(|(source, _)| manifest(source));
    let bundle = write(&report, &args.out)?;
    let mut out = io::stdout().lock();
    if args.json {
        let text = serde_json::to_string_pretty(&report).map_err(io::Error::from)?;
        unless_closed(writeln!(out, "{text}"))?;
    } else {
        unless_closed(tell(&report, &bundle, lang, &mut out))?;
    }
    Ok(match report.outcome.as_str() {
        "conformant" => Exit::Success,
        "non-conformant" => Exit::NonConformant,
        _ => Exit::Incomplete,
    })
}

fn recording_of(source: &Source) -> Result<Recording, CliError> {
    let withheld = source.bundle().map(Bundle::withheld_files).unwrap_or_default();
    let blobs = withheld
        .iter()
        .filter_map(|path| Some(path.strip_prefix("evidence/blobs/")?.to_owned()));
    Ok(read_journal_without(
        &source.folder().join("evidence"),
        &blobs.collect(),
    )?)
}

/// Writes the report and a bundle of all; gives the bundle's path.
fn write(report: &Interconnection, folder: &Path) -> Result<PathBuf, CliError> {
    let path = folder.join(INTERCONNECTION);
    let bytes = serde_json::to_vec_pretty(report).map_err(io::Error::from)?;
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, bytes));
    written.map_err(|source| CliError::Write { path, source })?;
    let mut files = vec![INTERCONNECTION.to_owned()];
    for view in report.interfaces.iter().filter(|view| view.state == State::Replayed) {
        for name in ["report.json", "evidence/journal.jsonl"] {
            files.push(format!("{}/{name}", view.id));
        }
        let blobs = format!("{}/evidence/blobs", view.id);
        if let Ok(entries) = fs::read_dir(folder.join(&blobs)) {
            files.extend(entries.filter_map(|entry| Some(format!("{blobs}/{}", entry.ok()?.file_name().to_str()?))));
        }
    }
    let bundle = folder.join("interconnection.junkyo");
    write_bundle(folder, &files, &bundle)?;
    Ok(bundle)
}

fn tell(report: &Interconnection, bundle: &Path, lang: Lang, out: &mut impl Write) -> io::Result<()> {
    let name = |product: &BTreeMap<String, String>| {
        let word = |key: &str| product.get(key).cloned().unwrap_or_default();
        format!("{} {}", word("name"), word("version"))
    };
    let outcome = match report.outcome.as_str() {
        "conformant" => Text::new("接続できる", "connected"),
        "non-conformant" => Text::new("不整合あり", "not compatible"),
        _ => Text::new("未完了", "incomplete"),
    };
    let (sender, receiver) = (name(&report.sender.product), name(&report.receiver.product));
    writeln!(out, "{}: {sender} → {receiver}", outcome.get(lang))?;
    for view in &report.interfaces {
        let state = match view.state {
            State::Replayed => Text::new("再送で確認", "replayed"),
            State::NotYet => Text::new("未確認", "not yet"),
        };
        let word = |verdict: Option<crate::judge::Verdict>| {
            verdict.map_or_else(|| "—".to_owned(), |v| v.text().get(lang).to_owned())
        };
        let sides = Text::new(
            format!("送信側 {}、応答側 {}", word(view.sender), word(view.receiver)),
            format!("sender {}, receiver {}", word(view.sender), word(view.receiver)),
        );
        writeln!(
            out,
            "\n{}  {}  {}  {}",
            view.id,
            view.title.get(lang),
            state.get(lang),
            sides.get(lang)
        )?;
        if let Some(reason) = &view.reason {
            writeln!(out, "  {}", reason.get(lang))?;
        }
        for operation in &view.operations {
            let counts = Text::new(
                format!(
                    "要求 {}、成功 {}、拒否 {}、応答なし {}",
                    operation.sent, operation.answered, operation.refused, operation.unanswered
                ),
                format!(
                    "{} sent, {} answered, {} refused, {} unanswered",
                    operation.sent, operation.answered, operation.refused, operation.unanswered
                ),
            );
            writeln!(out, "  {}: {}", operation.name, counts.get(lang))?;
        }
        for finding in &view.findings {
            let both = format!("{sender}, {receiver}");
            let blame = match finding.blame.as_str() {
                "sender" => &sender,
                "receiver" => &receiver,
                _ => &both,
            };
            let found = finding.found.as_ref().map_or("", |text| text.get(lang));
            writeln!(
                out,
                "  × {} ({})  {blame}: {found}",
                finding.check,
                finding.requirements.join(", ")
            )?;
        }
    }
    if report.not_sent > 0 {
        let text = Text::new(
            format!("署名や宛先の付いた要求 {} 件は再送できません。", report.not_sent),
            format!(
                "{} requests that were signed or addressed cannot be sent again.",
                report.not_sent
            ),
        );
        writeln!(out, "{}", text.get(lang))?;
    }
    writeln!(out, "  {}", bundle.display())
}
