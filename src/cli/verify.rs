//! `junkyo verify`: what a bundle or a proof pack proves, and what not.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use time::OffsetDateTime;

use super::args::Verify;
use super::error::CliError;
use super::{Exit, unless_closed};
use crate::attest::bundle::{Bundle, BundleError, Limits};
use crate::attest::verify::trust::Trust;
use crate::attest::verify::{Conclusion, PackOptions, ProofPack, Standing, Verification, verify_bundle, verify_pack};
use crate::text::{Lang, Text};

pub(super) fn main(args: &Verify, lang: Lang) -> Result<Exit, CliError> {
    let trust = trusted(args)?;
    let verification = match ProofPack::open(&args.file)? {
        Some(pack) => verify_pack(&pack, &trust, &options(args)?),
        None => match Bundle::open(&args.file, &Limits::OWN) {
            Ok(bundle) => verify_bundle(&bundle, &trust),
            Err(error @ BundleError::Io { .. }) => return Err(error.into()),
            Err(error) => Verification::unsound(&error),
        },
    };
    if verification.conclusion == Conclusion::Valid
        && let (Some(path), Some(checkpoint)) = (&args.seen, &verification.checkpoint)
    {
        fs::write(path, checkpoint).map_err(|source| CliError::Write {
            path: path.clone(),
            source,
        })?;
    }
    let mut out = io::stdout().lock();
    if args.json {
        let written = serde_json::to_writer_pretty(&mut out, &verification).map_err(io::Error::from);
        unless_closed(written.and_then(|()| writeln!(out)))?;
    } else {
        unless_closed(print(&verification, &args.file, lang, &mut out))?;
    }
    Ok(match verification.conclusion {
        Conclusion::Valid => Exit::Success,
        Conclusion::Invalid => Exit::NonConformant,
        Conclusion::Undetermined => Exit::Incomplete,
    })
}

fn trusted(args: &Verify) -> Result<Trust, CliError> {
    let mut trust = Trust::none();
    for path in &args.trust {
        let bytes = fs::read(path).map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))?;
        trust
            .add(&bytes)
            .map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))?;
    }
    Ok(trust)
}

fn options(args: &Verify) -> Result<PackOptions, CliError> {
    let now = match &args.as_of {
        None => OffsetDateTime::now_utc(),
        Some(text) => PackOptions::moment(text).ok_or_else(|| {
            CliError::Usage(format!(
                "--as-of {text}: a day (2026-11-22) or a time (RFC 3339) is expected"
            ))
        })?,
    };
    let seen = match &args.seen {
        Some(path) if path.exists() => {
            Some(fs::read(path).map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))?)
        }
        _ => None,
    };
    Ok(PackOptions { now, seen })
}

fn print(verification: &Verification, file: &Path, lang: Lang, out: &mut impl Write) -> io::Result<()> {
    let conclusion = match verification.conclusion {
        Conclusion::Valid => Text::new("有効", "VALID"),
        Conclusion::Invalid => Text::new("無効", "INVALID"),
        Conclusion::Undetermined => Text::new("確定できません", "UNDETERMINED"),
    };
    writeln!(out, "{}  {}", conclusion.get(lang), file.display())?;
    let facts = [
        (Text::new("製品", "product"), &verification.product),
        (Text::new("登録番号", "registration"), &verification.registration),
        (Text::new("状態", "status"), &verification.status),
        (Text::new("状態の基準時点", "status as of"), &verification.status_as_of),
        (Text::new("目録 sha256", "manifest sha256"), &verification.manifest),
        (
            Text::new("署名内容 sha256", "statement sha256"),
            &verification.statement,
        ),
    ];
    for (name, value) in &facts {
        if let Some(value) = value {
            writeln!(out, "  {}: {}", name.get(lang), plain(value))?;
        }
    }
    let parts = [
        (Standing::Wrong, Text::new("誤り", "Wrong")),
        (Standing::Open, Text::new("確定できないこと", "Cannot be decided")),
        (Standing::Proven, Text::new("証明されたこと", "Proven")),
        (Standing::Unclaimed, Text::new("証明されていないこと", "Not proven")),
    ];
    for (standing, title) in &parts {
        let mut findings = verification
            .findings
            .iter()
            .filter(|finding| finding.standing == *standing)
            .peekable();
        if findings.peek().is_some() {
            writeln!(out, "{}", title.get(lang))?;
        }
        for finding in findings {
            writeln!(out, "  {:<18} {}", finding.code, plain(finding.text.get(lang)))?;
        }
    }
    Ok(())
}

/// What is checked may hold anything; a terminal gets text.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
