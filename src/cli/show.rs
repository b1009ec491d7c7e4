//! `junkyo show` and `junkyo explain`.

use std::io::{self, BufWriter, Write};

use super::Exit;
use super::args::{Common, Show};
use super::error::CliError;
use super::units;
use crate::mock::Defect;
use crate::scenario::{Act, Check, Corpus, Scenario, check_docs};
use crate::schema::unit_table::table_of;
use crate::standard::{Profile, Reading, Requirement};
use crate::text::{Lang, Text};

pub(super) fn main(args: &Show, common: &Common, lang: Lang, explain: bool) -> Result<Exit, CliError> {
    let corpus = common.load_corpus()?;
    if args.wsdl {
        return wsdl(&corpus, &args.id);
    }
    if args.table {
        return table(&corpus, &args.id);
    }
    let mut page = Page {
        out: BufWriter::new(io::stdout().lock()),
        lang,
        explain,
        corpus: &corpus,
    };
    let found = page.find(&args.id)?;
    page.out.flush()?;
    if found {
        return Ok(Exit::Success);
    }
    Err(CliError::Usage(format!(
        "nothing is called `{}`; `junkyo list {}` and `junkyo list --requirements {}` search ids and texts",
        args.id, args.id, args.id
    )))
}

/// Prints the description of a SOAP service.
fn wsdl(corpus: &Corpus, id: &str) -> Result<Exit, CliError> {
    let service = corpus.services.get(id).ok_or_else(|| {
        let known: Vec<&str> = corpus.services.keys().map(String::as_str).collect();
        CliError::Usage(format!(
            "no SOAP service is called `{id}`; there are {}",
            known.join(", ")
        ))
    })?;
    let text = service.texts.get(&service.file.wsdl).map_or("", String::as_str);
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(Exit::Success)
}

/// Prints the item table of a unit's groups.
fn table(corpus: &Corpus, id: &str) -> Result<Exit, CliError> {
    let unit = corpus.units.iter().find(|unit| unit.interface() == id).ok_or_else(|| {
        CliError::Usage(format!(
            "no unit is called `{id}`; there are unit.01 to unit.{:02}",
            corpus.units.len()
        ))
    })?;
    let text = toml::to_string_pretty(&table_of(unit))
        .map_err(|error| CliError::Usage(format!("the table of {id} cannot be written as TOML: {error}")))?;
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(Exit::Success)
}

/// What is being written, and in which language.
struct Page<'a, W: Write> {
    out: W,
    lang: Lang,
    explain: bool,
    corpus: &'a Corpus,
}

impl<W: Write> Page<'_, W> {
    fn find(&mut self, id: &str) -> io::Result<bool> {
        let corpus = self.corpus;
        if let Some(scenario) = corpus.scenario(id) {
            self.scenario(scenario)?;
        } else if let Some(requirement) = corpus.requirement(id) {
            self.requirement(requirement)?;
        } else if let Some(reading) = corpus.readings.iter().find(|reading| reading.id == id) {
            self.reading(reading)?;
        } else if let Some(profile) = corpus.profile(id) {
            self.profile(profile)?;
        } else if let Some(doc) = check_docs().into_iter().find(|doc| doc.name == id) {
            self.head(id, &doc.text)?;
            let parameters = serde_json::to_string_pretty(&doc.parameters["properties"]).unwrap_or_default();
            self.field(("パラメータ", "parameters"), &parameters)?;
            let users = corpus
                .scenarios
                .iter()
                .filter(|scenario| scenario.checks().any(|check| check.check.name() == id));
            self.field(("使用するシナリオ", "scenarios"), &users.count().to_string())?;
        } else if let Some(doc) = Defect::parse(id).and_then(Defect::doc) {
            self.head(id, &doc.title)?;
            self.field(("内容", "story"), doc.story.get(self.lang))?;
        } else if let Some(unit) = corpus.units.iter().find(|unit| unit.interface() == id) {
            units::describe(unit, corpus, self.lang, &mut self.out)?;
        } else if let Some(interface) = corpus.interfaces.get(id) {
            self.head(id, &interface.title)?;
            for row in &interface.parameter {
                let mark = if row.required { "◎" } else { " " };
                let size = format!("{}{}", row.item_type.printed(), row.length);
                writeln!(
                    self.out,
                    "  {mark} {:30} {size:8} {}",
                    row.name,
                    row.item.get(self.lang)
                )?;
            }
        } else {
            return self.clause(id);
        }
        Ok(true)
    }

    /// Every requirement of a clause, e.g. `リクエスト_API仕様!A9`.
    fn clause(&mut self, clause: &str) -> io::Result<bool> {
        let corpus = self.corpus;
        let of_clause: Vec<&Requirement> = corpus
            .requirements
            .iter()
            .filter(|requirement| {
                requirement.clause == clause || format!("{} {}", requirement.source, requirement.clause) == clause
            })
            .collect();
        for requirement in &of_clause {
            self.requirement(requirement)?;
        }
        Ok(!of_clause.is_empty())
    }

    fn head(&mut self, id: &str, text: &Text) -> io::Result<()> {
        writeln!(self.out, "{id}\n  {}", text.get(self.lang))
    }

    fn field(&mut self, label: (&str, &str), value: &str) -> io::Result<()> {
        let label = match self.lang {
            Lang::Ja => label.0,
            Lang::En => label.1,
        };
        let mut lines = value.lines();
        writeln!(self.out, "  {label}: {}", lines.next().unwrap_or_default())?;
        lines.try_for_each(|line| writeln!(self.out, "    {line}"))
    }

    fn requirement(&mut self, requirement: &Requirement) -> io::Result<()> {
        let corpus = self.corpus;
        self.head(&requirement.id, &requirement.text)?;
        let source = corpus.sources.iter().find(|source| source.id == requirement.source);
        let title = source.map_or("", |source| source.title.get(self.lang));
        let edition = source.map_or("", |source| source.edition.as_str());
        self.field(
            ("出典", "source"),
            &format!("{title} {edition}, {}", requirement.clause),
        )?;
        self.field(("区分", "kind"), requirement.kind.word())?;
        self.field(("程度", "level"), requirement.level.word())?;
        let subjects: Vec<&str> = requirement.subject.iter().map(|subject| subject.word()).collect();
        self.field(("対象", "subject"), &subjects.join(", "))?;
        self.field(("STEP", "STEP"), &requirement.step.to_string())?;
        if let Some(derivation) = &requirement.derivation {
            self.field(("導出", "derivation"), derivation.get(self.lang))?;
        }
        self.field(("対処", "know-how"), requirement.know_how.get(self.lang))?;
        if let Some(reason) = &requirement.not_tested {
            self.field(("試験しない理由", "not tested because"), reason.get(self.lang))?;
        }
        for id in &requirement.readings {
            if let Some(reading) = corpus.readings.iter().find(|reading| reading.id == *id) {
                let text = format!("{id} = {}: {}", reading.default, reading.title.get(self.lang));
                self.field(("読み", "reading"), &text)?;
            }
        }
        let tested: Vec<&str> = corpus
            .scenarios
            .iter()
            .filter(|scenario| scenario.requirements().contains(&requirement.id.as_str()))
            .map(|scenario| &*scenario.id)
            .collect();
        let shown = if self.explain {
            tested.len()
        } else {
            tested.len().min(5)
        };
        let more = if shown < tested.len() {
            format!(" … {} in all", tested.len())
        } else {
            String::new()
        };
        self.field(
            ("シナリオ", "scenarios"),
            &format!("{}{more}", tested[..shown].join(" ")),
        )
    }

    fn scenario(&mut self, scenario: &Scenario) -> io::Result<()> {
        self.head(&scenario.id, &scenario.title)?;
        self.field(("定義", "defined at"), &scenario.location.to_string())?;
        self.field(("役割", "role"), scenario.role.word())?;
        if let Some(family) = &scenario.family {
            self.field(("系列", "family"), family)?;
        }
        if !scenario.needs.is_empty() {
            self.field(("必要な操作", "needs"), &scenario.needs.join(", "))?;
        }
        if !scenario.tags.is_empty() {
            self.field(("タグ", "tags"), &scenario.tags.join(", "))?;
        }
        for step in &scenario.steps {
            let label = match self.lang {
                Lang::Ja => "手順",
                Lang::En => "step",
            };
            writeln!(
                self.out,
                "  {label} {} ({}): {}",
                step.id,
                step.act.word(),
                describe(&step.act)
            )?;
            for spec in &step.checks {
                writeln!(
                    self.out,
                    "    {}  [{}]",
                    parameters(&spec.check),
                    spec.requirements.join(", ")
                )?;
                if let Some((reading, cases)) = spec.reading.as_deref() {
                    let options: Vec<&str> = cases.keys().map(String::as_str).collect();
                    writeln!(self.out, "      {reading}: {}", options.join(" | "))?;
                }
            }
        }
        if self.explain {
            self.explain_scenario(scenario)?;
        }
        Ok(())
    }

    /// Why the scenario exists: the requirements in words, and what to do.
    fn explain_scenario(&mut self, scenario: &Scenario) -> io::Result<()> {
        let corpus = self.corpus;
        writeln!(self.out)?;
        for id in scenario.requirements() {
            if let Some(requirement) = corpus.requirement(id) {
                self.head(&requirement.id, &requirement.text)?;
                let clause = format!(
                    "{} {} ({})",
                    requirement.source,
                    requirement.clause,
                    requirement.kind.word()
                );
                self.field(("出典", "source"), &clause)?;
                self.field(("対処", "know-how"), requirement.know_how.get(self.lang))?;
            }
        }
        let command = format!("junkyo run --filter 'id({})'", scenario.id);
        self.field(("単独の実行", "run it alone"), &command)
    }

    fn reading(&mut self, reading: &Reading) -> io::Result<()> {
        self.head(&reading.id, &reading.title)?;
        self.field(("一方", "side A"), reading.side_a.get(self.lang))?;
        self.field(("他方", "side B"), reading.side_b.get(self.lang))?;
        self.field(("出典", "source"), &reading.source.join("; "))?;
        for option in &reading.option {
            let mark = if option.id == reading.default { " *" } else { "" };
            let text = format!("{}{mark}: {}", option.id, option.text.get(self.lang));
            self.field(("選択肢", "option"), &text)?;
        }
        self.field(("既定の理由", "why this default"), reading.why.get(self.lang))?;
        self.field(
            ("切替", "switch it"),
            &format!("[readings] {} = \"…\" (target.toml)", reading.id),
        )
    }

    fn profile(&mut self, profile: &Profile) -> io::Result<()> {
        let corpus = self.corpus;
        self.head(&profile.id, &profile.title)?;
        self.field(("説明", "description"), profile.description.get(self.lang))?;
        self.field(("区分", "kind"), profile.kind.word())?;
        if !profile.includes.is_empty() {
            self.field(("包含", "includes"), &profile.includes.join(", "))?;
        }
        let held = corpus
            .requirements
            .iter()
            .filter(|requirement| profile.holds(requirement));
        let (count, binding) = held.fold((0, 0), |(count, binding), requirement| {
            (count + 1, binding + usize::from(requirement.level.is_binding()))
        });
        self.field(("要件", "requirements"), &format!("{count} ({binding} must)"))
    }
}

/// The act as it is written, without what is as usual.
fn describe(act: &Act) -> String {
    let text = match act {
        Act::Call(call) => {
            let mut parts = vec![format!("person {}", call.person)];
            parts.extend(call.set.iter().map(|(name, value)| format!("{name} = {value}")));
            parts.extend(call.remove.iter().map(|name| format!("without {name}")));
            parts.extend(call.raw.iter().map(|raw| format!("body {raw:?}")));
            if call.repeat > 1 {
                let how = if call.concurrent { "at once" } else { "in turn" };
                parts.push(format!("{} times {how}", call.repeat));
            }
            if call.token != crate::scenario::TokenUse::Valid {
                parts.push(format!("token {:?}", call.token));
            }
            parts.join(", ")
        }
        Act::Token(token) => format!("{:?}", token),
        Act::Introspect(introspect) => format!("token {:?}", introspect.token),
        Act::Deliver(deliver) => format!("from unit {}, about {}", deliver.from, deliver.about.join(", ")),
        Act::FileExport(export) => format!("{} {}", export.group, export.kind.word()),
        Act::FileDeposit(deposit) => format!("{} {}, {} rows", deposit.group, deposit.kind.word(), deposit.rows.len()),
        Act::Http(http) => format!("{} {}", http.method, http.url),
        Act::TlsProbe(probe) => format!("offer {}", probe.offer),
        Act::Driver(driver) => driver.action.clone(),
        Act::Consume(consume) => {
            let replies: Vec<String> = consume
                .replies
                .iter()
                .map(|reply| {
                    if reply.kind == "status" {
                        reply.status.to_string()
                    } else {
                        reply.kind.clone()
                    }
                })
                .collect();
            format!("{} answered with [{}]", consume.action, replies.join(", "))
        }
        Act::Soap(soap) => {
            let mut parts = vec![soap.operation.clone()];
            parts.extend(soap.message.iter().map(|file| format!("message {file}")));
            parts.extend(
                soap.edit
                    .iter()
                    .map(|edit| format!("{:?} → {:?}", edit.find, edit.replace)),
            );
            parts.extend(soap.addressing.iter().map(|how| format!("{how:?}")));
            parts.extend(soap.security.iter().map(|how| format!("{how:?}")));
            parts.join(", ")
        }
        Act::Observe(_) => "recorded traffic".into(),
        Act::Describe(_) => "?wsdl".into(),
        Act::SoapConsume(consume) => {
            let replies: Vec<String> = consume
                .replies
                .iter()
                .map(|reply| format!("{:?}", reply.kind))
                .collect();
            format!("{} answered with [{}]", consume.operation, replies.join(", "))
        }
        Act::Wait(wait) => format!("{} ms", wait.ms),
    };
    if text.chars().count() > 300 {
        return format!("{}…", text.chars().take(300).collect::<String>());
    }
    text
}

/// A check with its parameters, as its `Debug` form tells them, without the noise of `None`.
fn parameters(check: &Check) -> String {
    let text = format!("{check:?}");
    let inner = text
        .split_once('{')
        .map_or("", |(_, rest)| rest.trim_end_matches([' ', '}', ')']))
        .trim()
        .to_owned();
    let kept: Vec<&str> = inner.split(", ").filter(|part| !part.ends_with("None")).collect();
    format!(
        "{} {}",
        check.name(),
        kept.join(", ").replace("Some(", "").replace(')', "")
    )
    .trim_end()
    .to_owned()
}
