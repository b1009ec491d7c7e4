//! The summary that a person reads in a terminal or in the log of a CI job.
//!
//! A finding looks like this; it tells at once what was asked, what came, and what to type next:
//!
//! ```text
//! × failed  CF-031.required.shimei_sei.absent
//!   Without the required shimei_sei (family name): 400 with E0001
//!    ┌ send.status (CF-031-ERR-001)
//!    │ expected  400
//!    │ found     200
//!    │ exchange  POST /app_submit/v10/jutogaishaatenabangofuban → 200 OK (12 ms)
//!    │ to act    product
//!    │ advice    Check required items at the entrance …
//!    └ repeat: junkyo run --target product.toml --filter 'id(=CF-031.required.shimei_sei.absent)'
//! ```

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::path::PathBuf;

use super::excerpt::excerpt_text;
use super::model::{Counts, Report, RequirementView, ScenarioView};
use super::words;
use crate::judge::{CheckResult, Outcome, Verdict};
use crate::text::Lang;

/// Findings that are told in full.
const IN_FULL: usize = 20;
/// Checks of one finding that are told in full.
const CHECKS: usize = 5;
/// Longest value that is shown; the report has the rest.
const VALUE: usize = 400;

/// Writes findings and closing lines. `files` are those that the run has written.
pub fn write_summary(
    report: &Report,
    lang: Lang,
    color: bool,
    files: &[PathBuf],
    out: &mut impl Write,
) -> io::Result<()> {
    let mut printer = Printer {
        report,
        requirements: words::requirements(report),
        lang,
        color,
        out: io::BufWriter::new(out),
    };
    printer.findings()?;
    printer.closing(files)?;
    printer.out.flush()
}

/// How something is set off, where colours are wanted.
#[derive(Clone, Copy)]
enum Style {
    Bold,
    Dim,
    Of(Verdict),
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Of(Verdict::Pass) => "1;32",
            Self::Of(Verdict::Fail) => "1;31",
            Self::Of(Verdict::Error | Verdict::Blocked) => "1;35",
            Self::Of(Verdict::Review) => "1;36",
            Self::Of(Verdict::Warn | Verdict::Waived) => "1;33",
            Self::Of(Verdict::Info | Verdict::Skip) => "2",
        }
    }
}

struct Printer<'a, W: Write> {
    report: &'a Report,
    requirements: HashMap<&'a str, &'a RequirementView>,
    lang: Lang,
    color: bool,
    out: io::BufWriter<W>,
}

impl<'a, W: Write> Printer<'a, W> {
    fn word<'b>(&self, ja: &'b str, en: &'b str) -> &'b str {
        match self.lang {
            Lang::Ja => ja,
            Lang::En => en,
        }
    }

    fn styled(&self, style: Style, text: &str) -> String {
        let text = words::visible(text);
        if self.color {
            format!("\x1b[{}m{text}\x1b[0m", style.code())
        } else {
            text.into_owned()
        }
    }

    fn findings(&mut self) -> io::Result<()> {
        let findings = words::findings(self.report);
        for &at in findings.iter().take(IN_FULL) {
            self.finding(&self.report.scenarios[at])?;
        }
        if findings.len() > IN_FULL {
            let more = words::number(findings.len() - IN_FULL);
            let line = match self.lang {
                Lang::Ja => format!("… ほか {more} 件は report.html を参照してください。"),
                Lang::En => format!("… and {more} more, see report.html."),
            };
            let line = self.styled(Style::Dim, &line);
            writeln!(self.out, "{line}\n")?;
        }
        Ok(())
    }

    fn finding(&mut self, scenario: &'a ScenarioView) -> io::Result<()> {
        let verdict = scenario.verdict;
        let mark = format!("{} {}", words::sign(verdict), verdict.text().get(self.lang));
        let (mark, id) = (
            self.styled(Style::Of(verdict), &mark),
            self.styled(Style::Bold, &scenario.id),
        );
        writeln!(self.out, "{mark}  {id}")?;
        writeln!(self.out, "  {}", words::visible(scenario.title.get(self.lang)))?;
        if let Some(reason) = &scenario.reason {
            let label = self.word("理由", "reason");
            self.line("┌", label, reason.get(self.lang), None)?;
            if let Some(blame) = scenario.blame {
                let label = self.word("対応者", "to act");
                self.line("│", label, blame.text().get(self.lang), None)?;
            }
            if let Some(exchange) = scenario.exchanges.first() {
                let label = self.word("交信", "exchange");
                self.line("│", label, words::exchange_line(exchange).get(self.lang), None)?;
            }
        }
        let mut told = HashSet::new();
        for (at, check) in words::open_checks(scenario).take(CHECKS).enumerate() {
            let rule = if at == 0 && scenario.reason.is_none() {
                "┌"
            } else {
                "├"
            };
            self.check(scenario, check, rule, &mut told)?;
        }
        let more = words::open_checks(scenario).count().saturating_sub(CHECKS);
        if more > 0 {
            let more = match self.lang {
                Lang::Ja => format!("… ほか {more} 件の検査"),
                Lang::En => format!("… and {more} more checks"),
            };
            let more = self.styled(Style::Dim, &more);
            writeln!(self.out, "   │ {more}")?;
        }
        match &scenario.repeat {
            Some(repeat) => {
                let repeat = self.styled(Style::Bold, repeat);
                writeln!(self.out, "   └ repeat: {repeat}\n")
            }
            None => writeln!(self.out, "   └\n"),
        }
    }

    fn check(
        &mut self,
        scenario: &ScenarioView,
        check: &'a CheckResult,
        rule: &str,
        told: &mut HashSet<&'a str>,
    ) -> io::Result<()> {
        let name = format!("{}.{}", check.step, check.check);
        let (name, ids) = (
            self.styled(Style::Bold, &name),
            words::visible(&check.requirements.join(", ")).into_owned(),
        );
        writeln!(self.out, "   {rule} {name} ({ids})")?;
        let expected = check
            .expected
            .as_ref()
            .map(|text| words::cut(text.get(self.lang), VALUE));
        let found = check.found.as_ref().map(|text| words::cut(text.get(self.lang), VALUE));
        if let Some(expected) = expected {
            self.line(
                "│",
                self.word("期待値", "expected"),
                &expected,
                Some(Style::Of(Verdict::Pass)),
            )?;
        }
        if let Some(found) = found {
            self.line(
                "│",
                self.word("実際の値", "found"),
                &found,
                Some(Style::Of(check.verdict)),
            )?;
        }
        if let Some(place) = &check.place {
            self.line("│", self.word("箇所", "place"), place, None)?;
        }
        if let Some(excerpt) = &check.excerpt {
            self.line("│", "", &excerpt_text(excerpt), None)?;
        }
        if let Some(exchange) = check
            .exchange
            .and_then(|at| scenario.exchanges.iter().find(|one| one.index == at))
        {
            let line = words::exchange_line(exchange);
            self.line("│", self.word("交信", "exchange"), line.get(self.lang), None)?;
        }
        if let Some(reading) = &check.reading {
            self.line("│", self.word("解釈", "reading"), reading, None)?;
        }
        if let Some(blame) = check.blame {
            self.line("│", self.word("対応者", "to act"), blame.text().get(self.lang), None)?;
        }
        let know_how = check
            .requirements
            .first()
            .filter(|&id| told.insert(id))
            .and_then(|id| self.requirements.get(&**id))
            .and_then(|requirement| requirement.know_how.as_ref());
        if let Some(know_how) = know_how {
            self.line("│", self.word("対処", "advice"), know_how.get(self.lang), None)?;
        }
        Ok(())
    }

    /// A labelled value; its further lines are indented below the first.
    fn line(&mut self, rule: &str, label: &str, value: &str, style: Option<Style>) -> io::Result<()> {
        let wide = label.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
        let gap = " ".repeat(9_usize.saturating_sub(wide));
        let label = self.styled(Style::Dim, label);
        for (at, line) in value.lines().enumerate() {
            let shown = match style {
                Some(style) => self.styled(style, line),
                None => words::visible(line).into_owned(),
            };
            if at == 0 {
                writeln!(self.out, "   {rule} {label}{gap} {shown}")?;
            } else {
                writeln!(self.out, "   │ {} {shown}", " ".repeat(9))?;
            }
        }
        Ok(())
    }

    fn closing(&mut self, files: &[PathBuf]) -> io::Result<()> {
        let report = self.report;
        let verdict = match report.outcome {
            Outcome::Conformant => Verdict::Pass,
            Outcome::NonConformant => Verdict::Fail,
            Outcome::Incomplete => Verdict::Review,
        };
        let (label, outcome) = (self.word("結果", "Outcome"), report.outcome.text());
        let outcome = self.styled(Style::Of(verdict), outcome.get(self.lang));
        let product = words::product_name(report);
        let product = self.styled(Style::Bold, product.get(self.lang));
        writeln!(self.out, "{label}: {outcome}  {product}")?;
        for reason in &report.reasons {
            writeln!(self.out, "  - {}", words::visible(reason.get(self.lang)))?;
        }
        let rows = [
            (self.word("要件", "requirements"), &report.requirements_by_verdict),
            (self.word("シナリオ", "scenarios"), &report.scenarios_by_verdict),
            (self.word("検査", "checks"), &report.checks_by_verdict),
        ];
        for (label, counts) in rows {
            let line = self.counts(counts);
            let wide: usize = label.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
            let total = words::number(counts.total());
            writeln!(
                self.out,
                "{label}{} {total:>7}  {line}",
                " ".repeat(12_usize.saturating_sub(wide))
            )?;
        }
        let duration = words::duration(report.run.duration_ms);
        let exchanges = words::number(report.run.exchanges);
        let facts = match self.lang {
            Lang::Ja => format!("{}、交信 {exchanges} 件、seed {}", duration.ja, report.run.seed),
            Lang::En => format!("{}, {exchanges} exchanges, seed {}", duration.en, report.run.seed),
        };
        writeln!(
            self.out,
            "{facts}; {}, corpus {}",
            words::tool(report),
            words::cut(&report.corpus.sha256, 12)
        )?;
        if report.run.interrupted {
            let line = self.word(
                "実行は中断されました。--rerun で続行できます。",
                "The run was interrupted; --rerun continues it.",
            );
            writeln!(self.out, "{line}")?;
        }
        for file in files {
            writeln!(self.out, "  {}", file.display())?;
        }
        Ok(())
    }

    fn counts(&self, counts: &Counts) -> String {
        Verdict::ALL
            .iter()
            .filter(|&&verdict| counts.get(verdict) > 0)
            .map(|&verdict| {
                let text = format!(
                    "{} {}",
                    verdict.text().get(self.lang),
                    words::number(counts.get(verdict))
                );
                self.styled(Style::Of(verdict), &text)
            })
            .collect::<Vec<_>>()
            .join(match self.lang {
                Lang::Ja => "、",
                Lang::En => ", ",
            })
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn render(report: &Report, lang: Lang, color: bool) -> String {
        let mut bytes = Vec::new();
        write_summary(
            report,
            lang,
            color,
            &[PathBuf::from("target/junkyo/latest/report.html")],
            &mut bytes,
        )
        .unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_product_cannot_command_the_terminal() {
        for lang in [Lang::Ja, Lang::En] {
            let text = render(&sample::report(), lang, false);
            assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
            assert!(!text.contains('\u{202e}'));
        }
    }

    #[test]
    fn it_tells_what_to_do() {
        let text = render(&sample::report(), Lang::En, false);
        for part in [
            "× failed  CF-031.required.fail",
            "expected  400",
            "found     200",
            "POST /app_submit/v10/jutogaishaatenabangofuban → 200 OK (12 ms)",
            "repeat: junkyo run --target product.toml",
            "Outcome: non-conformant",
            "target/junkyo/latest/report.html",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert_eq!(
            text.matches("Check required items at the entrance").count(),
            4,
            "once a scenario"
        );
    }

    #[test]
    fn colours_only_where_wanted() {
        assert!(render(&sample::report(), Lang::Ja, true).contains("\x1b[1;31m"));
        assert!(!render(&sample::report(), Lang::Ja, false).contains('\x1b'));
    }

    #[test]
    fn many_findings_are_cut() {
        let text = render(&sample::large(1_000), Lang::En, false);
        assert_eq!(text.matches("repeat: ").count(), IN_FULL);
        assert!(text.contains("… and 30 more, see report.html."));
    }
}
