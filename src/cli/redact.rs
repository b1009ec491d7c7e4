//! `junkyo redact`.

use std::io::Write as _;

use super::args::Redact;
use super::error::CliError;
use super::{Exit, unless_closed};
use crate::attest::bundle::{Bundle, Limits, Wish, Withheld, redact};
use crate::text::{Lang, Text};

/// Scenarios that are named one by one.
const NAMED: usize = 20;

pub(super) fn main(args: &Redact, lang: Lang) -> Result<Exit, CliError> {
    if args.path.is_empty() && args.line.is_empty() && args.scenario.is_empty() {
        let text = "say what is to be withheld: --path, --line or --scenario";
        return Err(CliError::Usage(text.into()));
    }
    let same = std::fs::canonicalize(&args.out)
        .is_ok_and(|out| std::fs::canonicalize(&args.bundle).is_ok_and(|from| from == out));
    if same {
        let text = format!(
            "{} is the bundle itself; keep the whole one and choose another --out",
            args.out.display()
        );
        return Err(CliError::Usage(text));
    }
    let wish = Wish {
        paths: args.path.clone(),
        lines: args.line.iter().map(|line| numbered(line)).collect::<Result<_, _>>()?,
        scenarios: args.scenario.clone(),
        reason: args.reason.clone(),
    };
    let bundle = Bundle::open(&args.bundle, &Limits::OWN)?;
    let withheld = redact(&bundle, &wish, &args.out)?;
    unless_closed(tell(&bundle, &withheld, args, lang))?;
    Ok(Exit::Success)
}

fn numbered(text: &str) -> Result<(String, u64), CliError> {
    let parts = text
        .rsplit_once(':')
        .and_then(|(file, number)| Some((file.to_owned(), number.parse().ok()?)));
    parts.ok_or_else(|| CliError::Usage(format!("--line: expected FILE:NUMBER, found `{text}`")))
}

fn tell(bundle: &Bundle, withheld: &Withheld, args: &Redact, lang: Lang) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for one in &withheld.new {
        let line = one.line.map(|line| format!(":{line}")).unwrap_or_default();
        let scenario = one.scenario.as_deref().map(|id| format!("  {id}")).unwrap_or_default();
        writeln!(out, "- {}{line}  {}{scenario}", one.path, one.was)?;
    }
    let files = bundle.manifest().files.len();
    let gone = withheld.all.iter().filter(|one| one.line.is_none()).count();
    let lines = withheld.all.len() - gone;
    let text = Text::new(
        format!(
            "{files} ファイルのうち {gone} 件、ほかに {lines} 行を秘匿しました。残りはすべて、これまでと同じく検証できます（manifest の SHA-256 {}）。",
            bundle.manifest_digest()
        ),
        format!(
            "{gone} of {files} files and {lines} lines are withheld. Everything else is proven as before (SHA-256 of the manifest {}).",
            bundle.manifest_digest()
        ),
    );
    writeln!(out, "{}", text.get(lang))?;
    if !withheld.scenarios.is_empty() {
        let mut names: Vec<&str> = withheld.scenarios.iter().map(String::as_str).take(NAMED).collect();
        if withheld.scenarios.len() > NAMED {
            names.push("…");
        }
        let (count, names) = (withheld.scenarios.len(), names.join(", "));
        let text = Text::new(
            format!("判定をやり直せなくなったシナリオ（{count} 件）: {names}"),
            format!("scenarios that cannot be judged again ({count}): {names}"),
        );
        writeln!(out, "{}", text.get(lang))?;
    }
    writeln!(out, "{}", args.out.display())
}
