//! `junit.xml`, for the test views of CI systems. Verdicts are never rounded up: what was not
//! judged is an error or skipped with its reason, never a pass.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::excerpt::excerpt_text;
use super::model::{Report, ScenarioView};
use super::words::{self, Group};
use crate::judge::{CheckResult, Verdict};
use crate::text::{Lang, Text};

/// Writes a report as JUnit XML, one test suite for every role and family.
pub fn write_junit(report: &Report, lang: Lang, out: &mut impl io::Write) -> io::Result<()> {
    let mut writer = Writer::new_with_indent(io::BufWriter::new(out), b' ', 1);
    let groups = words::groups(report);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let mut suites = BytesStart::new("testsuites");
    attribute(&mut suites, "name", "junkyo");
    counts(&mut suites, report.scenarios.iter());
    writer.write_event(Event::Start(suites))?;
    for group in &groups {
        suite(&mut writer, report, group, lang)?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuites")))?;
    let mut buffered = writer.into_inner();
    io::Write::write_all(&mut buffered, b"\n")?;
    io::Write::flush(&mut buffered)
}

fn suite<W: io::Write>(writer: &mut Writer<W>, report: &Report, group: &Group<'_>, lang: Lang) -> io::Result<()> {
    let members = || group.members.iter().map(|&at| &report.scenarios[at]);
    let mut suite = BytesStart::new("testsuite");
    attribute(&mut suite, "name", &group.name());
    counts(&mut suite, members());
    attribute(&mut suite, "timestamp", report.run.started.trim_end_matches('Z'));
    writer.write_event(Event::Start(suite))?;
    properties(writer, report, lang)?;
    for scenario in members() {
        case(writer, scenario, &group.name(), lang)?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuite")))
}

fn properties<W: io::Write>(writer: &mut Writer<W>, report: &Report, lang: Lang) -> io::Result<()> {
    let product = words::product_name(report);
    writer.write_event(Event::Start(BytesStart::new("properties")))?;
    for (name, value) in [
        ("junkyo.version", report.tool.as_str()),
        ("junkyo.corpus.sha256", &report.corpus.sha256),
        ("junkyo.target.sha256", &report.run.target_sha256),
        ("junkyo.outcome", report.outcome.word()),
        ("junkyo.product", product.get(lang)),
    ] {
        let mut property = BytesStart::new("property");
        attribute(&mut property, "name", name);
        attribute(&mut property, "value", value);
        writer.write_event(Event::Empty(property))?;
    }
    writer.write_event(Event::End(BytesEnd::new("properties")))
}

fn case<W: io::Write>(writer: &mut Writer<W>, scenario: &ScenarioView, class: &str, lang: Lang) -> io::Result<()> {
    let mut case = BytesStart::new("testcase");
    attribute(&mut case, "classname", class);
    attribute(
        &mut case,
        "name",
        &format!("{} {}", scenario.id, scenario.title.get(lang)),
    );
    attribute(&mut case, "time", &seconds(scenario.elapsed_us));
    let Some(kind) = ElementKind::of(scenario.verdict) else {
        return writer.write_event(Event::Empty(case));
    };
    writer.write_event(Event::Start(case))?;
    match kind {
        ElementKind::Failure => element(writer, "failure", scenario, lang)?,
        ElementKind::Error => element(writer, "error", scenario, lang)?,
        ElementKind::Skipped => element(writer, "skipped", scenario, lang)?,
        ElementKind::Message => {
            writer.write_event(Event::Start(BytesStart::new("system-out")))?;
            text(
                writer,
                &format!("{}\n{}", headline(scenario, lang), details(scenario, lang)),
            )?;
            writer.write_event(Event::End(BytesEnd::new("system-out")))?;
        }
    }
    writer.write_event(Event::End(BytesEnd::new("testcase")))
}

/// What a scenario leaves inside its test case, unless it passed.
#[derive(Clone, Copy, Eq, PartialEq)]
enum ElementKind {
    Failure,
    Error,
    Skipped,
    Message,
}

impl ElementKind {
    fn of(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Fail => Some(Self::Failure),
            Verdict::Error | Verdict::Blocked => Some(Self::Error),
            Verdict::Review | Verdict::Waived | Verdict::Skip => Some(Self::Skipped),
            Verdict::Warn => Some(Self::Message),
            Verdict::Pass | Verdict::Info => None,
        }
    }
}

fn element<W: io::Write>(writer: &mut Writer<W>, name: &str, scenario: &ScenarioView, lang: Lang) -> io::Result<()> {
    let mut element = BytesStart::new(name);
    attribute(&mut element, "message", &headline(scenario, lang));
    if name != "skipped" {
        attribute(&mut element, "type", scenario.verdict.word());
    }
    let body = details(scenario, lang);
    if body.is_empty() {
        return writer.write_event(Event::Empty(element));
    }
    writer.write_event(Event::Start(element))?;
    text(writer, &body)?;
    writer.write_event(Event::End(BytesEnd::new(name)))
}

/// Verdict and reason in one line: the reason of the scenario, or its first broken check.
fn headline(scenario: &ScenarioView, lang: Lang) -> String {
    let word = scenario.verdict.word();
    if let Some(reason) = &scenario.reason {
        return format!("{word}: {}", reason.get(lang));
    }
    let mut open = words::open_checks(scenario);
    let Some(first) = open.next() else {
        return word.to_owned();
    };
    let more = open.count();
    let mut line = format!("{word}: {} ({})", first.check, first.requirements.join(", "));
    if let (Some(expected), Some(found)) = (&first.expected, &first.found) {
        let (expected, found) = (words::cut(expected.get(lang), 160), words::cut(found.get(lang), 160));
        line.push_str(&match lang {
            Lang::En => format!(": expected {expected}, found {found}"),
            Lang::Ja => format!("：期待値 {expected}、実際の値 {found}"),
        });
    }
    if more > 0 {
        line.push_str(&match lang {
            Lang::En => format!("; and {more} more"),
            Lang::Ja => format!("（ほか {more} 件）"),
        });
    }
    line
}

/// Every broken check and the command that repeats the scenario.
fn details(scenario: &ScenarioView, lang: Lang) -> String {
    let mut body = String::new();
    for check in words::open_checks(scenario) {
        for (label, value) in check_lines(check, lang) {
            body.push_str(&format!("{label}: {value}\n"));
        }
        if let Some(exchange) = check
            .exchange
            .and_then(|at| scenario.exchanges.iter().find(|one| one.index == at))
        {
            let label = Text::new("交信", "exchange");
            body.push_str(&format!(
                "{}: {}\n",
                label.get(lang),
                words::exchange_line(exchange).get(lang)
            ));
        }
        body.push('\n');
    }
    if let Some(blame) = scenario.blame {
        let label = Text::new("対応者", "to act");
        body.push_str(&format!("{}: {}\n", label.get(lang), blame.text().get(lang)));
    }
    if let Some(repeat) = &scenario.repeat {
        body.push_str(&format!("repeat: {repeat}\n"));
    }
    body
}

/// What is known about a check, with labels.
fn check_lines(check: &CheckResult, lang: Lang) -> Vec<(&'static str, String)> {
    let label = |ja: &'static str, en: &'static str| match lang {
        Lang::Ja => ja,
        Lang::En => en,
    };
    let in_language = |text: &Text| text.get(lang).to_owned();
    let mut lines = vec![
        (
            label("検査", "check"),
            format!("{}.{} [{}]", check.step, check.check, check.verdict.word()),
        ),
        (label("要件", "requirements"), check.requirements.join(", ")),
    ];
    let optional = [
        (label("期待値", "expected"), check.expected.as_deref().map(in_language)),
        (label("実際の値", "found"), check.found.as_deref().map(in_language)),
        (label("箇所", "place"), check.place.clone()),
        (
            label("電文", "message"),
            check
                .excerpt
                .as_deref()
                .map(|excerpt| format!("\n{}", excerpt_text(excerpt).trim_end())),
        ),
        (label("解釈", "reading"), check.reading.clone()),
        (
            label("対応者", "to act"),
            check.blame.map(|blame| blame.text().get(lang).to_owned()),
        ),
    ];
    lines.extend(optional.into_iter().filter_map(|(label, value)| Some((label, value?))));
    lines
}

fn counts<'a>(element: &mut BytesStart<'_>, scenarios: impl Iterator<Item = &'a ScenarioView>) {
    let [mut tests, mut failures, mut errors, mut skipped] = [0_usize; 4];
    let mut elapsed = 0;
    for scenario in scenarios {
        tests += 1;
        elapsed += scenario.elapsed_us;
        match ElementKind::of(scenario.verdict) {
            Some(ElementKind::Failure) => failures += 1,
            Some(ElementKind::Error) => errors += 1,
            Some(ElementKind::Skipped) => skipped += 1,
            Some(ElementKind::Message) | None => {}
        }
    }
    for (name, value) in [
        ("tests", tests),
        ("failures", failures),
        ("errors", errors),
        ("skipped", skipped),
    ] {
        attribute(element, name, &value.to_string());
    }
    attribute(element, "time", &seconds(elapsed));
}

fn seconds(us: u64) -> String {
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}

/// Adds an attribute. Line breaks would be read back as spaces anyway.
fn attribute(element: &mut BytesStart<'_>, name: &str, value: &str) {
    let value = allowed(value).replace(['\n', '\r', '\t'], " ");
    element.push_attribute((name, value.as_str()));
}

fn text<W: io::Write>(writer: &mut Writer<W>, value: &str) -> io::Result<()> {
    writer.write_event(Event::Text(BytesText::new(&allowed(value))))
}

/// Replaces the characters that XML 1.0 does not allow, and shows those that cannot be seen.
fn allowed(text: &str) -> String {
    words::visible(text).into_owned()
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;
    use std::collections::BTreeMap;

    use super::super::sample;
    use super::*;

    fn render(lang: Lang) -> String {
        let mut bytes = Vec::new();
        write_junit(&sample::report(), lang, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn it_parses_and_counts_are_right() {
        for lang in [Lang::Ja, Lang::En] {
            let xml = render(lang);
            let mut reader = Reader::from_str(&xml);
            let mut seen: BTreeMap<String, usize> = BTreeMap::new();
            loop {
                match reader.read_event().unwrap() {
                    Event::Start(start) | Event::Empty(start) => {
                        for attribute in start.attributes() {
                            attribute.unwrap();
                        }
                        *seen.entry(start.name().as_ref().to_owned()).or_default() += 1;
                    }
                    Event::Eof => break,
                    _ => {}
                }
            }
            assert_eq!(seen["testcase"], 9);
            assert_eq!((seen["failure"], seen["error"], seen["skipped"]), (1, 2, 3));
            assert_eq!(seen["system-out"], 1);
            assert!(xml.contains("tests=\"9\" failures=\"1\" errors=\"2\" skipped=\"3\""));
        }
    }

    #[test]
    fn nothing_that_was_not_judged_passes() {
        let xml = render(Lang::En);
        assert!(xml.contains(
            "<error message=\"blocked: Not run: no token could be had (401 invalid_client).\" type=\"blocked\""
        ));
        assert!(xml.contains("<skipped message=\"review: An examiner has to look at it.\""));
        assert!(xml.contains("<skipped message=\"waived: check-digit (CF-031-NUM-002): expected"));
        assert!(xml.contains("repeat: junkyo run"));
    }

    #[test]
    fn only_characters_of_xml() {
        let xml = render(Lang::En);
        let allowed =
            |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..);
        assert!(xml.chars().all(allowed));
        assert!(!xml.contains("<script"));
    }
}
