//! `junkyo rfp check`: a list, answers, a catalog → findings.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use super::args::Check;
use super::{day, write};
use crate::attest::Digest;
use crate::attest::envelope::Envelope;
use crate::attest::key::{self, read_passphrase};
use crate::attest::verify::trust::Trust;
use crate::catalog::{Catalog, STATEMENT, Source};
use crate::cli::args::Common;
use crate::cli::error::CliError;
use crate::cli::{Exit, unless_closed};
use crate::rfp::output::{OutputError, differences, html_page, result_statement, result_xlsx, write_terminal};
use crate::rfp::{
    CheckOptions, ClauseList, ConfirmError, Confirmations, ListError, Matcher, Outcome, Register, Reports, RfpResult,
    check, needed_reports, read_list_file, verify_catalog,
};
use crate::text::{Lang, Text};

pub(super) fn main(args: &Check, common: &Common, lang: Lang) -> Result<Exit, CliError> {
    let as_of = day(args.as_of.as_deref())?;
    let list = read(args, lang)?;
    let corpus = common.load_corpus()?;
    let source = Source::open(&args.catalog).map_err(|error| CliError::Usage(error.to_string()))?;
    let (catalog, digest) = source.catalog().map_err(|error| CliError::Usage(error.to_string()))?;
    let verified = verified(args, &source, &catalog, digest, lang)?;
    let reports = reports(args, &source, &list, &catalog)?;
    let matcher = Matcher::new(&corpus);
    let confirmations = confirmations(args, &list, &matcher, lang)?;
    let matches = matcher.matches(&list, &confirmations);
    let register = Register::new(&catalog, Some(digest), &reports);
    let options = CheckOptions { as_of, verified };
    let result = check(&list, &matches, &confirmations, &register, &corpus, &options);
    let mut out = io::stdout().lock();
    if args.json {
        let bytes = result
            .to_json()
            .map_err(|error| CliError::Unfinished(error.to_string()))?;
        unless_closed(out.write_all(&bytes).and_then(|()| writeln!(out)))?;
    } else {
        unless_closed(write_terminal(&result, lang, &mut out))?;
    }
    if let Some(folder) = &args.out {
        write_files(args, folder, &result, lang)?;
        if !args.json {
            unless_closed(writeln!(out, "{}", folder.display()))?;
        }
    }
    if let Some(path) = &args.compare {
        compare(path, &result, lang, args.json)?;
    }
    Ok(match result.outcome() {
        Outcome::Clear => Exit::Success,
        Outcome::Open => Exit::NonConformant,
        Outcome::Undetermined => Exit::Incomplete,
    })
}

fn usage(text: &Text, lang: Lang) -> CliError {
    CliError::Usage(text.get(lang).to_owned())
}

fn read(args: &Check, lang: Lang) -> Result<ClauseList, CliError> {
    let told = |error: Box<ListError>| CliError::Usage(error.describe(lang));
    let mut list = read_list_file(&args.list).map_err(told)?;
    for path in &args.answers {
        list.add_answers_file(path).map_err(told)?;
    }
    Ok(list)
}

/// What is known of the catalog: with `--trust`, an unsigned or wrongly signed one is refused.
fn verified(
    args: &Check,
    source: &Source,
    catalog: &Catalog,
    digest: Digest,
    lang: Lang,
) -> Result<Option<Text>, CliError> {
    if args.trust.is_empty() {
        return Ok(None);
    }
    let mut trust = Trust::none();
    for path in &args.trust {
        let wrong = |error: &dyn std::fmt::Display| CliError::Usage(format!("{}: {error}", path.display()));
        let bytes = fs::read(path).map_err(|error| wrong(&error))?;
        trust.add(&bytes).map_err(|error| wrong(&error))?;
    }
    let envelope = match source
        .get(STATEMENT)
        .map_err(|error| CliError::Usage(error.to_string()))?
    {
        Some(envelope) => envelope,
        // A file alone: its signature stands beside it.
        None => fs::read(Path::new(&args.catalog).with_file_name(STATEMENT)).map_err(|_| {
            usage(
                &Text::new(
                    format!("{source}: カタログの署名 {STATEMENT} がありません。カタログと一緒に入手してください"),
                    format!("{source}: there is no {STATEMENT}; fetch it together with the catalog"),
                ),
                lang,
            )
        })?,
    };
    verify_catalog(catalog, digest, &envelope, &trust)
        .map(Some)
        .map_err(|why| usage(&why, lang))
}

/// The reports that the list needs: from beside the catalog, and those that were given.
fn reports(args: &Check, source: &Source, list: &ClauseList, catalog: &Catalog) -> Result<Reports, CliError> {
    let mut reports = Reports::default();
    let needed = needed_reports(list, catalog);
    for digest in &needed {
        let name = format!("reports/{digest}.intoto.jsonl");
        let mut found = source.get(&name).map_err(|error| CliError::Usage(error.to_string()))?;
        if found.is_none() && source.is_file() {
            found = fs::read(Path::new(&args.catalog).with_file_name(&name)).ok();
        }
        if let Some(bytes) = found {
            let wrong = |error| CliError::Usage(format!("{source}/{name}: {error}"));
            reports.add(*digest, &bytes).map_err(wrong)?;
        }
    }
    for path in &args.report {
        let wrong = |error: &dyn std::fmt::Display| CliError::Usage(format!("{}: {error}", path.display()));
        let bytes = fs::read(path).map_err(|error| wrong(&error))?;
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let digest = Envelope::parse(line).map_err(|error| wrong(&error))?.payload_digest();
        reports.add(digest, &bytes).map_err(|error| wrong(&error))?;
    }
    Ok(reports)
}

/// The decisions of a person; a file that is not there is written with what has to be decided.
fn confirmations(args: &Check, list: &ClauseList, matcher: &Matcher, lang: Lang) -> Result<Confirmations, CliError> {
    let Some(path) = &args.confirm else {
        return Ok(Confirmations::default());
    };
    match fs::read_to_string(path) {
        Ok(text) => Confirmations::from_toml(&text)
            .map_err(|error: ConfirmError| CliError::Usage(format!("{}: {}", path.display(), error.text().get(lang)))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let none = Confirmations::default();
            let matches = matcher.matches(list, &none);
            write(path, none.to_toml(list, &matches, lang).as_bytes())?;
            eprintln!(
                "{}",
                lang.pick(
                    format!(
                        "{} に候補を書きました。判断を記入して、もう一度実行してください",
                        path.display()
                    ),
                    format!(
                        "suggestions written to {}; fill in your decisions and run again",
                        path.display()
                    ),
                )
            );
            Ok(none)
        }
        Err(error) => Err(CliError::Usage(format!("{}: {error}", path.display()))),
    }
}

fn write_files(args: &Check, folder: &Path, result: &RfpResult, lang: Lang) -> Result<(), CliError> {
    let wrong = |error: OutputError| CliError::Unfinished(error.to_string());
    fs::create_dir_all(folder).map_err(|source| CliError::Write {
        path: folder.to_owned(),
        source,
    })?;
    let bytes = result
        .to_json()
        .map_err(|error| CliError::Unfinished(error.to_string()))?;
    write(&folder.join("result.json"), &bytes)?;
    let ja = html_page(result, Lang::Ja, Some("result.en.html")).map_err(wrong)?;
    let en = html_page(result, Lang::En, Some("result.ja.html")).map_err(wrong)?;
    write(&folder.join("result.ja.html"), ja.as_bytes())?;
    write(&folder.join("result.en.html"), en.as_bytes())?;
    write(&folder.join("result.xlsx"), &result_xlsx(result, lang).map_err(wrong)?)?;
    let Some(reference) = &args.key else {
        return Ok(());
    };
    let usage = |error: key::KeyFileError| CliError::Usage(error.to_string());
    let passphrase = args
        .passphrase_file
        .as_deref()
        .map(read_passphrase)
        .transpose()
        .map_err(usage)?;
    let signer = key::open(reference, passphrase.as_ref().map(|text| text.as_slice())).map_err(usage)?;
    let payload = result_statement(result)
        .map_err(wrong)?
        .to_bytes()
        .map_err(|error| CliError::Unfinished(error.to_string()))?;
    let envelope =
        Envelope::sign(&payload, &[signer.as_ref()]).map_err(|error| CliError::Unfinished(error.to_string()))?;
    write(&folder.join("result.intoto.jsonl"), envelope.to_line().as_bytes())
}

/// What changed since an earlier result.
fn compare(path: &Path, result: &RfpResult, lang: Lang, quiet: bool) -> Result<(), CliError> {
    let wrong = |error: &dyn std::fmt::Display| CliError::Usage(format!("{}: {error}", path.display()));
    let bytes = fs::read(path).map_err(|error| wrong(&error))?;
    let before = RfpResult::from_json(&bytes).map_err(|error| wrong(&error))?;
    let now = result
        .to_json()
        .map_err(|error| CliError::Unfinished(error.to_string()))?;
    let mut lines = Vec::new();
    if bytes == now {
        lines.push(
            lang.pick("前回の結果と同じバイト列です", "the same bytes as the earlier result")
                .to_owned(),
        );
    } else {
        let changes = differences(&before, result);
        lines.push(lang.pick(
            format!("前回（{}）から変わった判定: {} 件", before.as_of, changes.len()),
            format!(
                "findings that changed since the earlier result ({}): {}",
                before.as_of,
                changes.len()
            ),
        ));
        let word = |finding: Option<crate::rfp::Finding>| {
            finding.map_or_else(|| "-".to_owned(), |finding| finding.text().get(lang).to_owned())
        };
        for change in changes {
            lines.push(format!(
                "  {} {}: {} → {}",
                change.clause,
                change.vendor,
                word(change.before),
                word(change.now)
            ));
        }
    }
    let text = lines.join("\n");
    if quiet {
        eprintln!("{text}");
        return Ok(());
    }
    Ok(unless_closed(writeln!(io::stdout().lock(), "{text}"))?)
}
