//! `junkyo preflight`, and the same before a run.

use std::io::Write as _;
use std::path::Path;

use super::Exit;
use super::args::{Common, Preflight};
use super::error::CliError;
use crate::drive::{Finding, Severity, Target, preflight};
use crate::scenario::Corpus;
use crate::text::{Lang, Text};

pub(super) fn main(args: &Preflight, common: &Common, lang: Lang) -> Result<Exit, CliError> {
    let corpus = common.load_corpus()?;
    let target = Target::read(&args.target)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CliError::Output)?;
    let findings = runtime.block_on(preflight(&corpus, &target));
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &findings).map_err(std::io::Error::from)?;
        writeln!(out)?;
    } else {
        for finding in &findings {
            write!(out, "{}", line(finding, lang))?;
        }
        let text = if worst(&findings).is_none() {
            Text::new("事前確認に合格しました。", "preflight passed")
        } else {
            Text::new("事前確認で問題が見つかりました。", "preflight found faults")
        };
        writeln!(out, "{}", text.get(lang))?;
    }
    Ok(worst(&findings).unwrap_or(Exit::Success))
}

/// Tells what is wrong before a run; the exit code, if the run cannot start.
pub(super) async fn before_run(corpus: &Corpus, target: &Target, file: &Path, lang: Lang) -> Option<Exit> {
    let findings = preflight(corpus, target).await;
    for finding in findings.iter().filter(|finding| finding.severity != Severity::Good) {
        eprint!("{}", line(finding, lang));
    }
    let exit = worst(&findings)?;
    let text = Text::new(
        "事前確認で問題が見つかったため、実行しません（--no-preflight で強制できます）。",
        "preflight found faults, so nothing was run (--no-preflight starts all the same)",
    );
    eprintln!("error: {}: {}", file.display(), text.get(lang));
    Some(exit)
}

fn worst(findings: &[Finding]) -> Option<Exit> {
    let has = |severity| findings.iter().any(|finding| finding.severity == severity);
    if has(Severity::Fault) {
        Some(Exit::Usage)
    } else if has(Severity::Unreachable) {
        Some(Exit::Incomplete)
    } else {
        None
    }
}

fn line(finding: &Finding, lang: Lang) -> String {
    let word = match finding.severity {
        Severity::Good => "ok",
        Severity::Warning => "warning",
        Severity::Fault => "fault",
        Severity::Unreachable => "unreachable",
    };
    let mut text = format!("preflight {word}: {}: {}\n", finding.key, finding.found.get(lang));
    if let Some(remedy) = &finding.remedy {
        text.push_str(&format!("  → {}\n", remedy.get(lang)));
    }
    text
}
