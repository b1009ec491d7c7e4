//! The words and the small facts that several renderings share.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::offset;

use super::model::{ExchangeView, Report, RequirementView, ScenarioView};
use crate::judge::{CheckResult, Outcome, Verdict};
use crate::standard::{Kind, Level, Subject};
use crate::text::Text;

/// The sign that goes with a verdict, so that no reader depends on colour. As on Japanese forms:
/// a circle for yes, a cross for no, a triangle for in between.
pub(super) fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "○",
        Verdict::Fail => "×",
        Verdict::Warn => "△",
        Verdict::Waived => "◇",
        Verdict::Review => "?",
        Verdict::Blocked => "⊘",
        Verdict::Error => "!",
        Verdict::Info => "·",
        Verdict::Skip => "–",
    }
}

/// Whether somebody has something to do about it.
pub(super) fn needs_action(verdict: Verdict) -> bool {
    !matches!(verdict, Verdict::Pass | Verdict::Info | Verdict::Skip)
}

/// What a verdict says, in one sentence.
pub(super) fn explanation(verdict: Verdict) -> Text {
    match verdict {
        Verdict::Pass => Text::new("判定され、満たされていた。", "Judged, and holds."),
        Verdict::Fail => Text::new("判定され、満たされていなかった。", "Judged, and does not hold."),
        Verdict::Warn => Text::new(
            "推奨事項が満たされていなかった。準拠の結果には影響しない。",
            "A recommendation is not met; the outcome does not depend on it.",
        ),
        Verdict::Waived => Text::new(
            "不合格だが、対象ファイルに理由と期限を記した想定済みのもの。",
            "Failed as expected: the target file gives a reason and a last day.",
        ),
        Verdict::Review => Text::new("審査員の確認を待っている。", "An examiner has to decide."),
        Verdict::Blocked => Text::new(
            "前提が整わず、実施できなかった。",
            "Not carried out: something it needs was missing.",
        ),
        Verdict::Error => Text::new("試験ツールが判定できなかった。", "The test suite could not judge it."),
        Verdict::Info => Text::new(
            "観察した事実の記録であり、良否を問わない。",
            "An observation; neither good nor bad.",
        ),
        Verdict::Skip => Text::new(
            "申告の範囲外、又は試験できない。理由を示す。",
            "Not claimed, or cannot be tested; the reason is given.",
        ),
    }
}

/// What an outcome says, in one sentence for somebody who buys systems and does not build them.
pub(super) fn meaning(outcome: Outcome) -> Text {
    match outcome {
        Outcome::Conformant => Text::new(
            "申告されたプロファイルの必須要件のうち、試験できるものはすべて判定され、満たされていました。",
            "Every binding requirement of the claimed profiles that can be tested was judged, and holds.",
        ),
        Outcome::NonConformant => Text::new(
            "申告されたプロファイルの必須要件に、満たされていないものがあります。",
            "At least one binding requirement of the claimed profiles does not hold.",
        ),
        Outcome::Incomplete => Text::new(
            "満たされていない必須要件は見つかっていませんが、申告された範囲のすべては判定されていません。",
            "No broken binding requirement was found, but not everything that was claimed has been judged.",
        ),
    }
}

/// What an outcome does not say.
pub(super) fn limits(outcome: Outcome) -> Text {
    match outcome {
        Outcome::Conformant => Text::new(
            "性能や安全性、試験の対象としていない要件、別の版の製品についての保証ではありません。また、登録や認証そのものでもありません。",
            "It does not vouch for performance or security, for requirements outside the test, or for another version of the product, and it is no registration or certificate.",
        ),
        Outcome::NonConformant => Text::new(
            "製品が使えないという意味ではありません。対象はこの版と下記のプロファイルに限られ、修正後に再度試験できます。",
            "It does not mean that the product is unusable. It speaks of this version and of the profiles below only; the test can be repeated after a correction.",
        ),
        Outcome::Incomplete => Text::new(
            "準拠していることも、していないことも示しません。残りを判定するまで、準拠として扱わないでください。",
            "It shows neither conformance nor the lack of it. Do not treat it as conformant until the rest has been judged.",
        ),
    }
}

/// How binding a requirement is, in words.
pub(super) fn level(level: Level) -> Text {
    match level {
        Level::Must => Text::new("必須", "must"),
        Level::MustNot => Text::new("禁止", "must not"),
        Level::Should => Text::new("推奨", "should"),
        Level::May => Text::new("任意", "may"),
    }
}

/// Where a requirement comes from, in words.
pub(super) fn kind(kind: Kind) -> Text {
    match kind {
        Kind::Official => Text::new("公的文書", "official"),
        Kind::Derived => Text::new("導出", "derived"),
        Kind::Reference => Text::new("参照", "reference"),
    }
}

/// The role of the product, in words.
pub(super) fn role(role: Subject) -> Text {
    match role {
        Subject::Provider => Text::new("提供側", "provider"),
        Subject::Authorization => Text::new("認証認可サーバ", "authorization server"),
        Subject::Consumer => Text::new("利用側", "consumer"),
    }
}

/// A label for a key of the product.
pub(super) fn product_key(key: &str) -> Text {
    match key {
        "vendor" => Text::new("事業者", "Vendor"),
        "corporate-number" => Text::new("法人番号", "Corporate number"),
        "name" => Text::new("製品名", "Product"),
        "version" => Text::new("版", "Version"),
        other => Text::neutral(other),
    }
}

/// What was tested: name and version.
pub(super) fn product_name(report: &Report) -> Text {
    let fact = |key: &str| report.product.get(key).map(String::as_str).unwrap_or_default();
    let name = format!("{} {}", fact("name"), fact("version"));
    match name.trim() {
        "" if report.run.target_sha256.is_empty() => Text::new("内蔵の参照実装", "The built-in reference platform"),
        "" => Text::new("（製品名の記載なし）", "(product without a name)"),
        name => Text::neutral(name),
    }
}

/// Name and version of what judged, whether or not the report spells the name out.
pub(super) fn tool(report: &Report) -> String {
    format!("junkyo {}", report.tool.trim_start_matches("junkyo").trim_start())
}

/// A time span in a unit that reads well.
pub(super) fn duration(ms: u64) -> Text {
    match ms {
        0..1_000 => Text::neutral(format!("{ms} ms")),
        1_000..60_000 => Text::new(
            format!("{}.{} 秒", ms / 1_000, ms % 1_000 / 100),
            format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        ),
        60_000..3_600_000 => Text::new(
            format!("{} 分 {} 秒", ms / 60_000, ms % 60_000 / 1_000),
            format!("{} min {} s", ms / 60_000, ms % 60_000 / 1_000),
        ),
        _ => Text::new(
            format!("{} 時間 {} 分", ms / 3_600_000, ms % 3_600_000 / 60_000),
            format!("{} h {} min", ms / 3_600_000, ms % 3_600_000 / 60_000),
        ),
    }
}

/// Start of the run in Japanese time, which is the same all over the country and all year.
pub(super) fn japanese_time(started: &str) -> Text {
    let Ok(utc) = OffsetDateTime::parse(started, &Rfc3339) else {
        return Text::neutral(started);
    };
    let at = utc.to_offset(offset!(+9));
    let (year, month, day, hour, minute) = (at.year(), at.month(), at.day(), at.hour(), at.minute());
    Text::new(
        format!("{year}年{}月{day}日 {hour}:{minute:02}（日本時間）", u8::from(month)),
        format!("{day} {month} {year}, {hour}:{minute:02} (Japan)"),
    )
}

/// A number with separators every three digits.
pub(super) fn number(value: usize) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// One line that tells an exchange from another: request line, status, time.
pub(super) fn exchange_line(exchange: &ExchangeView) -> Text {
    if exchange.channel == "probe" {
        let line = |fault: &str| format!("TLS ClientHello → {fault} ({} ms)", exchange.elapsed_ms);
        return match &exchange.fault {
            Some(fault) => Text::new(line(&fault.ja), line(&fault.en)),
            None => Text::new(line("応答あり"), line("an answer")),
        };
    }
    let request = first_line(&exchange.request);
    let request = request.rsplit_once(" HTTP/").map_or(request, |(line, _)| line);
    let status = first_line(&exchange.response);
    let status = match status.split_once(' ') {
        Some((protocol, rest)) if protocol.starts_with("HTTP/") => rest,
        _ => status,
    };
    let line = |answer: &str, none: &str| {
        let answer = if answer.is_empty() { none } else { answer };
        format!(
            "{} → {} ({} ms)",
            cut(request, 120),
            cut(answer, 80),
            exchange.elapsed_ms
        )
    };
    match &exchange.fault {
        Some(fault) if status.is_empty() => Text::new(line(&fault.ja, ""), line(&fault.en, "")),
        _ => Text::new(line(status, "応答なし"), line(status, "no response")),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// The first so many characters of a text, with a mark where something is left out.
pub(super) fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The name of a character that a reader cannot see, or that turns the writing direction.
pub(super) fn hidden_name(c: char) -> Option<String> {
    match c {
        '\n' | '\t' => None,
        '\0'..='\u{1F}'
        | '\u{7F}'..='\u{9F}'
        | '\u{AD}'
        | '\u{61C}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}'
        | '\u{FFF9}'..='\u{FFFB}'
        | '\u{FFFE}'..='\u{FFFF}' => Some(format!("U+{:04X}", u32::from(c))),
        _ => None,
    }
}

/// A text in which every hidden character is shown by its name: a product cannot move the cursor
/// of a terminal, turn the writing direction of a log, or break an XML file.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| hidden_name(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match hidden_name(c) {
            // Line ends of HTTP say nothing.
            Some(_) if c == '\r' && rest.peek() == Some(&'\n') => {}
            Some(name) => shown.push_str(&format!("[{name}]")),
            None => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Requirements of the claimed profiles by id.
pub(super) fn requirements(report: &Report) -> HashMap<&str, &RequirementView> {
    let mut found = HashMap::new();
    for requirement in report.profiles.iter().flat_map(|profile| &profile.requirements) {
        found.entry(requirement.id.as_str()).or_insert(requirement);
    }
    found
}

/// Scenarios that somebody has to do something about, worst first, then as in the corpus.
pub(super) fn findings(report: &Report) -> Vec<usize> {
    let mut indices: Vec<usize> = (0..report.scenarios.len())
        .filter(|&at| needs_action(report.scenarios[at].verdict))
        .collect();
    indices.sort_by_key(|&at| std::cmp::Reverse(report.scenarios[at].verdict));
    indices
}

/// The checks that somebody has to do something about.
pub(super) fn open_checks(scenario: &ScenarioView) -> impl Iterator<Item = &CheckResult> {
    scenario.checks.iter().filter(|check| needs_action(check.verdict))
}

/// Scenarios of one role and one family, which lists keep together.
pub(super) struct Group<'a> {
    /// Role of the product.
    pub(super) role: Subject,
    /// Family, if they were generated.
    pub(super) family: Option<&'a Arc<str>>,
    /// Indices of the scenarios in the report.
    pub(super) members: Vec<usize>,
}

impl Group<'_> {
    /// Role and family in one word, e.g. `provider.required`.
    pub(super) fn name(&self) -> String {
        match self.family {
            Some(family) => format!("{}.{family}", self.role.word()),
            None => self.role.word().to_owned(),
        }
    }
}

/// The scenarios of a report by role and family, in the order of the corpus.
pub(super) fn groups(report: &Report) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut places = HashMap::new();
    for (at, scenario) in report.scenarios.iter().enumerate() {
        let family = scenario.family.as_ref();
        let place = *places.entry((scenario.role, family)).or_insert_with(|| {
            groups.push(Group {
                role: scenario.role,
                family,
                members: Vec::new(),
            });
            groups.len() - 1
        });
        groups[place].members.push(at);
    }
    groups
}

/// The names of the checks of a scenario, each once.
pub(super) fn check_names(scenario: &ScenarioView) -> String {
    let mut seen = HashSet::new();
    let mut names = String::new();
    for check in &scenario.checks {
        if seen.insert(check.check.as_ref()) {
            if !names.is_empty() {
                names.push_str(", ");
            }
            names.push_str(&check.check);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn numbers_and_durations_read_well() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(20_000), "20,000");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(duration(999).en, "999 ms");
        assert_eq!(duration(61_000).ja, "1 分 1 秒");
        assert_eq!(
            japanese_time("2026-11-20T23:02:03Z").ja,
            "2026年11月21日 8:02（日本時間）"
        );
        assert_eq!(
            japanese_time("2026-11-20T01:02:03.5Z").en,
            "20 November 2026, 10:02 (Japan)"
        );
    }

    #[test]
    fn the_worst_comes_first() {
        let report = sample::report();
        let verdicts: Vec<Verdict> = findings(&report)
            .iter()
            .map(|&at| report.scenarios[at].verdict)
            .collect();
        assert!(verdicts.is_sorted_by(|a, b| a >= b), "{verdicts:?}");
        assert_eq!(verdicts.first(), Some(&Verdict::Fail));
        assert!(verdicts.iter().all(|&verdict| needs_action(verdict)));
    }

    #[test]
    fn groups_hold_every_scenario_once() {
        let report = sample::report();
        let mut members: Vec<usize> = groups(&report).into_iter().flat_map(|group| group.members).collect();
        members.sort_unstable();
        assert!(members.into_iter().eq(0..report.scenarios.len()));
    }

    #[test]
    fn exchanges_in_one_line() {
        let report = sample::report();
        let exchange = &report.scenarios[0].exchanges[0];
        assert_eq!(
            exchange_line(exchange).en,
            "POST /app_submit/v10/jutogaishaatenabangofuban → 200 OK (12 ms)"
        );
    }
}
