//! What `junkyo check` prints.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::judged::{Judged, SchemaFinding, verdict_of};
use crate::judge::Verdict;
use crate::judge::ws_i::{Answered, Breach, Place};
use crate::report::excerpt_text;
use crate::scenario::Corpus;
use crate::text::Lang;
use crate::xml::Excerpt;

/// Findings of one file that are told in full.
const MOST_FINDINGS: usize = 50;

/// For people.
pub(super) fn text(all: &[Judged], corpus: &Corpus, lang: Lang, color: bool, out: &mut impl Write) -> io::Result<()> {
    for judged in all {
        writeln!(out, "{}: {}", judged.name, judged.kind.get(lang))?;
        let mut shown = 0;
        for (assertion, answer) in &judged.answers {
            let Answered::Broken(breach) = answer else { continue };
            let verdict = verdict_of(corpus, assertion.id, assertion.grade);
            assertion_text(assertion.id, verdict, breach, corpus, lang, color, out)?;
        }
        for error in &judged.errors {
            if shown == MOST_FINDINGS {
                let more = judged.errors.len() - shown;
                writeln!(
                    out,
                    "  {}",
                    lang.pick(&format!("ほか {more} 件"), &format!("and {more} more"))
                )?;
                break;
            }
            shown += 1;
            error_text(error, lang, color, out)?;
        }
        for note in judged.notes.iter().take(MOST_FINDINGS) {
            writeln!(out, "  i {}", note.get(lang))?;
        }
        writeln!(out, "  {}", tally(judged, corpus, lang))?;
    }
    Ok(())
}

fn mark(verdict: Verdict, color: bool) -> &'static str {
    match (verdict, color) {
        (Verdict::Fail, true) => "\x1b[31m✗\x1b[0m",
        (Verdict::Warn, true) => "\x1b[33m!\x1b[0m",
        (Verdict::Fail, false) => "✗",
        (Verdict::Warn, false) => "!",
        _ => "i",
    }
}

fn assertion_text(
    id: &str,
    verdict: Verdict,
    breach: &Breach,
    corpus: &Corpus,
    lang: Lang,
    color: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let requirement = corpus.requirement(id);
    let clause = requirement.map_or("", |requirement| requirement.clause.as_str());
    let place = breach.place.as_ref().map_or_else(String::new, place_words);
    writeln!(out, "  {} {id} ({clause}) {place}", mark(verdict, color))?;
    if let Some(requirement) = requirement {
        writeln!(out, "      {}", requirement.text.get(lang))?;
    }
    let (expected, found) = lang.pick(("期待", "実際"), ("expected", "found"));
    writeln!(out, "      {expected}: {}", breach.expected.get(lang))?;
    writeln!(out, "      {found}: {}", breach.found.get(lang))?;
    if let Some(place) = &breach.place {
        excerpt(&place.excerpt, out)?;
    }
    if let Some(requirement) = requirement.filter(|_| verdict != Verdict::Info) {
        writeln!(out, "      → {}", requirement.know_how.get(lang))?;
    }
    Ok(())
}

fn error_text(error: &SchemaFinding, lang: Lang, color: bool, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "  {} {} {}",
        mark(Verdict::Fail, color),
        error.code,
        place_words(&error.place)
    )?;
    writeln!(out, "      {}", error.message.get(lang))?;
    if let Some(expected) = &error.expected {
        writeln!(out, "      {}: {}", lang.pick("期待", "expected"), expected.get(lang))?;
    }
    excerpt(&error.place.excerpt, out)
}

fn place_words(place: &Place) -> String {
    let file = if place.file.is_empty() {
        String::new()
    } else {
        format!("{}:", place.file)
    };
    format!("{file}{} {}", place.at, place.path)
}

fn excerpt(excerpt: &Excerpt, out: &mut impl Write) -> io::Result<()> {
    excerpt_text(excerpt)
        .lines()
        .try_for_each(|line| writeln!(out, "      {line}"))
}

/// Numbers of one artefact.
struct Tally {
    held: usize,
    broken: usize,
    warned: usize,
    reported: usize,
    skipped: usize,
    open: usize,
}

fn count(judged: &Judged, corpus: &Corpus) -> Tally {
    let mut tally = Tally {
        held: 0,
        broken: judged.errors.len(),
        warned: 0,
        reported: 0,
        skipped: 0,
        open: 0,
    };
    for (assertion, answer) in &judged.answers {
        match answer {
            Answered::Holds => tally.held += 1,
            Answered::Broken(_) => match verdict_of(corpus, assertion.id, assertion.grade) {
                Verdict::Fail => tally.broken += 1,
                Verdict::Warn => tally.warned += 1,
                _ => tally.reported += 1,
            },
            Answered::NotApplicable { .. } => tally.skipped += 1,
            Answered::Blocked { .. } | Answered::Unanswered { .. } => tally.open += 1,
        }
    }
    tally
}

fn tally(judged: &Judged, corpus: &Corpus, lang: Lang) -> String {
    let t = count(judged, corpus);
    if judged.answers.is_empty() {
        return if t.broken == 0 {
            lang.pick("妥当", "valid").to_owned()
        } else {
            lang.pick(format!("誤り {} 件", t.broken), format!("{} errors", t.broken))
        };
    }
    let open = match t.open {
        0 => String::new(),
        open => lang.pick(
            format!("、判定できず {open}（前提が成り立たない、または --against が必要）"),
            format!(", {open} not judged (a prerequisite is broken, or --against is needed)"),
        ),
    };
    lang.pick(
        format!(
            "成立 {}、違反 {}、警告 {}、報告 {}、適用外 {}{open}",
            t.held, t.broken, t.warned, t.reported, t.skipped
        ),
        format!(
            "{} hold, {} broken, {} warnings, {} reported, {} not applicable{open}",
            t.held, t.broken, t.warned, t.reported, t.skipped
        ),
    )
}

/// For programs: one JSON value.
pub(super) fn json(all: &[Judged], corpus: &Corpus, out: &mut impl Write) -> io::Result<()> {
    let artefacts: Vec<Value> = all.iter().map(|judged| json_of(judged, corpus)).collect();
    serde_json::to_writer_pretty(&mut *out, &json!({ "artefacts": artefacts }))?;
    writeln!(out)
}

fn json_of(judged: &Judged, corpus: &Corpus) -> Value {
    let assertions: Vec<Value> = judged
        .answers
        .iter()
        .map(|(assertion, answer)| {
            let (word, detail) = match answer {
                Answered::Holds => ("pass", Value::Null),
                Answered::NotApplicable { reason } => ("skip", json!(reason)),
                Answered::Blocked { by } => ("blocked", json!(by)),
                Answered::Unanswered { reason } => ("error", json!(reason)),
                Answered::Broken(breach) => (
                    verdict_of(corpus, assertion.id, assertion.grade).word(),
                    json!({
                        "expected": breach.expected,
                        "found": breach.found,
                        "place": breach.place.as_ref().map(place_json),
                    }),
                ),
            };
            json!({ "id": assertion.id, "verdict": word, "detail": detail })
        })
        .collect();
    let errors: Vec<Value> = judged
        .errors
        .iter()
        .map(|error| {
            json!({
                "code": error.code,
                "message": error.message,
                "expected": error.expected,
                "place": place_json(&error.place),
            })
        })
        .collect();
    json!({
        "name": judged.name,
        "kind": judged.kind,
        "assertions": assertions,
        "errors": errors,
        "notes": judged.notes,
    })
}

fn place_json(place: &Place) -> Value {
    json!({
        "file": place.file,
        "path": place.path,
        "line": place.at.line,
        "column": place.at.column,
        "offset": place.at.offset,
    })
}
