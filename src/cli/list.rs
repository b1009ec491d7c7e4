//! `junkyo list`.

use std::io::{self, BufWriter, Write};

use serde_json::{Value, json};

use super::Exit;
use super::args::{Common, List};
use super::error::CliError;
use super::units;
use crate::mock::Defect;
use crate::scenario::{Corpus, Filter, check_docs};
use crate::standard::{Profile, Requirement};
use crate::text::{Lang, Text};

/// One line of a table.
struct Row {
    id: String,
    cells: Vec<String>,
    text: Text,
}

pub(super) fn main(args: &List, common: &Common, lang: Lang) -> Result<Exit, CliError> {
    let corpus = common.load_corpus()?;
    if args.matrix {
        return matrix(&corpus, args, lang);
    }
    let profiles_wanted = profiles_of(&corpus, args)?;
    let wanted = |requirement: &Requirement| {
        args.profile.is_none() || profiles_wanted.iter().any(|profile| profile.holds(requirement))
    };
    let rows = if args.coverage {
        coverage(&corpus, wanted)
    } else if args.requirements {
        requirements(&corpus, wanted)
    } else if args.profiles {
        profiles(&corpus)
    } else if args.readings {
        readings(&corpus)
    } else if args.checks {
        checks()
    } else if args.defects {
        defects()
    } else {
        scenarios(&corpus, args, &profiles_wanted)?
    };
    let is_scenarios =
        !(args.coverage || args.requirements || args.profiles || args.readings || args.checks || args.defects);
    let word = args.filter.as_deref().filter(|_| !is_scenarios).unwrap_or_default();
    let rows: Vec<Row> = rows
        .into_iter()
        .filter(|row| row.id.contains(word) || row.text.ja.contains(word) || row.text.en.contains(word))
        .collect();
    let mut out = BufWriter::new(io::stdout().lock());
    if args.json {
        let all: Vec<Value> = rows
            .iter()
            .map(|row| json!({"id": row.id, "facts": row.cells, "text": row.text}))
            .collect();
        serde_json::to_writer_pretty(&mut out, &all).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        table(&rows, lang, &mut out)?;
        if args.coverage {
            summary(&corpus, lang, &mut out)?;
        } else {
            writeln!(out, "{}", rows.len())?;
        }
        if is_scenarios && args.profile.is_some() && args.filter.is_none() {
            // What the profile is made of, each requirement with how it is tested.
            writeln!(out)?;
            let rows = table_of(&corpus, wanted);
            table(&rows, lang, &mut out)?;
            writeln!(out, "{}", rows.len())?;
        }
    }
    out.flush()?;
    Ok(if rows.is_empty() { Exit::Nothing } else { Exit::Success })
}

/// Which business unit gets what from which.
fn matrix(corpus: &Corpus, args: &List, lang: Lang) -> Result<Exit, CliError> {
    let mut out = BufWriter::new(io::stdout().lock());
    if args.json {
        serde_json::to_writer_pretty(&mut out, &units::matrix_json(corpus)).map_err(io::Error::from)?;
        writeln!(out)?;
    } else if args.svg {
        out.write_all(units::matrix_svg(corpus).as_bytes())?;
    } else {
        units::matrix(corpus, lang, &mut out)?;
    }
    out.flush()?;
    Ok(if corpus.units.is_empty() {
        Exit::Nothing
    } else {
        Exit::Success
    })
}

fn table(rows: &[Row], lang: Lang, out: &mut impl Write) -> io::Result<()> {
    let widest = rows.iter().map(|row| row.id.len()).max().unwrap_or_default();
    let columns = rows.first().map_or(0, |row| row.cells.len());
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .map(|row| row.cells[column].chars().count())
                .max()
                .unwrap_or_default()
        })
        .collect();
    for row in rows {
        write!(out, "{:widest$}", row.id)?;
        for (cell, width) in row.cells.iter().zip(&widths) {
            let padding = width - cell.chars().count();
            write!(out, "  {cell}{}", " ".repeat(padding))?;
        }
        writeln!(out, "  {}", row.text.get(lang))?;
    }
    Ok(())
}

/// The profiles that were asked for, with those that they include.
fn profiles_of<'c>(corpus: &'c Corpus, args: &List) -> Result<Vec<&'c Profile>, CliError> {
    match &args.profile {
        None => Ok(Vec::new()),
        Some(id) if corpus.profile(id).is_some() => Ok(corpus.expand_profile(id)),
        Some(id) => Err(crate::drive::PlanError::UnknownProfile(id.clone()).into()),
    }
}

/// Every requirement with its level, source, and how many scenarios test it, or why none does.
fn table_of(corpus: &Corpus, wanted: impl Fn(&Requirement) -> bool) -> Vec<Row> {
    let rows = corpus.coverage().into_iter().filter(|row| wanted(row.requirement));
    rows.map(|row| {
        let requirement = row.requirement;
        let reason = requirement.not_tested.as_ref();
        Row {
            id: requirement.id.clone(),
            cells: vec![
                requirement.level.word().into(),
                requirement.kind.word().into(),
                format!("{} {}", requirement.source, requirement.clause),
                if reason.is_some() {
                    "–".into()
                } else {
                    row.scenarios.len().to_string()
                },
            ],
            text: match reason {
                None => requirement.text.clone(),
                Some(reason) => Text::new(
                    format!("{}（試験しない理由: {}）", requirement.text.ja, reason.ja),
                    format!("{} (not tested because: {})", requirement.text.en, reason.en),
                ),
            },
        }
    })
    .collect()
}

fn scenarios(corpus: &Corpus, args: &List, profiles: &[&Profile]) -> Result<Vec<Row>, CliError> {
    let filter = args.filter.as_deref().map(Filter::parse).transpose()?;
    Ok(corpus
        .scenarios
        .iter()
        .filter(|scenario| filter.as_ref().is_none_or(|filter| filter.selects(scenario)))
        .filter(|scenario| args.profile.is_none() || profiles.iter().any(|profile| corpus.belongs(scenario, profile)))
        .map(|scenario| Row {
            id: scenario.id.to_string(),
            cells: vec![
                scenario.role.word().into(),
                format!("{} checks", scenario.checks().count()),
            ],
            text: scenario.title.clone(),
        })
        .collect())
}

fn requirements(corpus: &Corpus, wanted: impl Fn(&Requirement) -> bool) -> Vec<Row> {
    corpus
        .requirements
        .iter()
        .filter(|requirement| wanted(requirement))
        .map(|requirement| Row {
            id: requirement.id.clone(),
            cells: vec![
                requirement.level.word().into(),
                requirement.kind.word().into(),
                format!("{} {}", requirement.source, requirement.clause),
            ],
            text: requirement.text.clone(),
        })
        .collect()
}

fn coverage(corpus: &Corpus, wanted: impl Fn(&Requirement) -> bool) -> Vec<Row> {
    corpus
        .coverage()
        .into_iter()
        .filter(|row| wanted(row.requirement))
        .map(|row| {
            let text = match (&row.requirement.not_tested, row.scenarios.as_slice()) {
                (Some(reason), _) => Text::new(
                    format!("試験しない理由: {}", reason.ja),
                    format!("not tested because: {}", reason.en),
                ),
                (None, []) => Text::new("未試験", "NOT TESTED"),
                (None, [first, rest @ ..]) => {
                    let more = if rest.is_empty() {
                        String::new()
                    } else {
                        format!(" +{}", rest.len())
                    };
                    Text::new(format!("試験: {first}{more}"), format!("tested by {first}{more}"))
                }
            };
            Row {
                id: row.requirement.id.clone(),
                cells: vec![row.requirement.level.word().into(), row.scenarios.len().to_string()],
                text,
            }
        })
        .collect()
}

fn summary(corpus: &Corpus, lang: Lang, out: &mut impl Write) -> io::Result<()> {
    let rows = corpus.coverage();
    let tested = rows.iter().filter(|row| !row.scenarios.is_empty()).count();
    let explained = rows.iter().filter(|row| row.requirement.not_tested.is_some()).count();
    let text = Text::new(
        format!(
            "要件 {} 件: 試験あり {tested}、試験しない理由あり {explained}、未試験 {}。シナリオ {} 件。",
            rows.len(),
            rows.len() - tested - explained,
            corpus.scenarios.len()
        ),
        format!(
            "{} requirements: {tested} tested, {explained} not tested with a reason, {} untested; {} scenarios",
            rows.len(),
            rows.len() - tested - explained,
            corpus.scenarios.len()
        ),
    );
    writeln!(out, "{}", text.get(lang))
}

fn profiles(corpus: &Corpus) -> Vec<Row> {
    corpus
        .profiles
        .iter()
        .map(|profile| {
            let parts = corpus.expand_profile(&profile.id);
            let requirements = corpus
                .requirements
                .iter()
                .filter(|requirement| parts.iter().any(|part| part.holds(requirement)))
                .count();
            let scenarios = corpus
                .scenarios
                .iter()
                .filter(|scenario| parts.iter().any(|part| corpus.belongs(scenario, part)))
                .count();
            Row {
                id: profile.id.clone(),
                cells: vec![
                    profile.kind.word().into(),
                    format!("{requirements} requirements"),
                    format!("{scenarios} scenarios"),
                ],
                text: profile.title.clone(),
            }
        })
        .collect()
}

fn readings(corpus: &Corpus) -> Vec<Row> {
    corpus
        .readings
        .iter()
        .map(|reading| {
            let options: Vec<&str> = reading.option.iter().map(|option| option.id.as_str()).collect();
            Row {
                id: reading.id.clone(),
                cells: vec![reading.default.clone(), options.join("|")],
                text: reading.title.clone(),
            }
        })
        .collect()
}

fn checks() -> Vec<Row> {
    check_docs()
        .into_iter()
        .map(|doc| Row {
            id: doc.name.into(),
            cells: Vec::new(),
            text: doc.text,
        })
        .collect()
}

fn defects() -> Vec<Row> {
    Defect::all()
        .iter()
        .map(|doc| Row {
            id: doc.id.to_string(),
            cells: vec![doc.side.word().to_owned()],
            text: doc.title.clone(),
        })
        .collect()
}
