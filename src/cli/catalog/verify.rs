//! `junkyo catalog verify`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::args::Verify;
use super::{Exit, now, plain, print, print_json, unreachable, usage, write_file};
use crate::attest::verify::trust::Trust;
use crate::attest::verify::{Conclusion, Standing};
use crate::catalog::{MonitorOptions, MonitorReport, MonitorState, Source, monitor};
use crate::cli::error::CliError;
use crate::text::{Lang, Text};

/// Exit code 0: all holds; 1: something does not hold, or a watched registration has changed; 3: cannot be decided.
pub(super) fn verify(args: &Verify, lang: Lang) -> Result<Exit, CliError> {
    let mut trust = Trust::none();
    for path in &args.trust {
        trust
            .add(&read(path)?)
            .map_err(|error| usage(format!("{}: {error}", path.display())))?;
    }
    let state = match &args.state {
        Some(path) if path.exists() => {
            let state: MonitorState = serde_json::from_slice(&read(path)?).map_err(|error| {
                usage(format!(
                    "{}: no state of `junkyo catalog verify`: {error}",
                    path.display()
                ))
            })?;
            Some(state)
        }
        _ => None,
    };
    let source = Source::open(&args.place).map_err(unreachable)?;
    let report = monitor(
        &source,
        MonitorOptions {
            trust,
            state,
            watch: args.watch.clone(),
            quick: args.quick,
            now: now(),
        },
    );
    if let (Some(path), Some(state)) = (&args.state, &report.state) {
        let text = serde_json::to_string_pretty(state).map_err(std::io::Error::from)?;
        write_file(path, format!("{text}\n").as_bytes())?;
    }
    if args.json {
        print_json(&report)?;
    } else {
        print(&as_text(&report, &args.place, lang))?;
    }
    Ok(match report.conclusion {
        Conclusion::Valid => Exit::Success,
        Conclusion::Invalid => Exit::NonConformant,
        Conclusion::Undetermined => Exit::Incomplete,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    fs::read(path).map_err(|error| usage(format!("{}: {error}", path.display())))
}

fn as_text(report: &MonitorReport, place: &str, lang: Lang) -> String {
    let conclusion = match report.conclusion {
        Conclusion::Valid => Text::new("有効", "VALID"),
        Conclusion::Invalid => Text::new("異常または変更あり", "INVALID or changed"),
        Conclusion::Undetermined => Text::new("確定できません", "UNDETERMINED"),
    };
    let mut out = format!("{}  {}\n", conclusion.get(lang), plain(place));
    for finding in &report.findings {
        let mark = match finding.standing {
            Standing::Proven => Text::new("証明", "proven"),
            Standing::Unclaimed => Text::new("　－", "-"),
            Standing::Open => Text::new("未定", "open"),
            Standing::Wrong => Text::new("異常", "WRONG"),
        };
        let _ = writeln!(
            out,
            "  {:<6}  {:<15} {}",
            mark.get(lang),
            finding.code,
            plain(finding.text.get(lang))
        );
    }
    out
}
