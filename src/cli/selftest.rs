//! `junkyo selftest`.

use std::fs;
use std::io::Write as _;

use super::Exit;
use super::args::{Common, Selftest};
use super::error::CliError;
use crate::mock::{Defect, DefectSet};
use crate::selftest::kill_matrix;
use crate::text::Lang;

pub(super) fn main(args: &Selftest, common: &Common, _lang: Lang) -> Result<Exit, CliError> {
    let corpus = common.load_corpus()?;
    let chosen = DefectSet::parse(&args.defect)
        .map_err(|error| CliError::Usage(format!("{error}; `junkyo list --defects` names them all")))?;
    let all = args.defect.is_empty();
    let defects: Vec<Defect> = Defect::all()
        .iter()
        .map(|doc| doc.id)
        .filter(|defect| all || chosen.has(*defect))
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(CliError::Output)?;
    let matrix = runtime.block_on(kill_matrix(&corpus, &defects, |defect, caught, took| {
        eprintln!("{defect}: caught by {caught} scenarios in {:.1} s", took.as_secs_f64());
    }))?;
    if let Some(path) = &args.json {
        let text = serde_json::to_string_pretty(&matrix).map_err(std::io::Error::from)?;
        fs::write(path, text).map_err(|source| CliError::Write {
            path: path.clone(),
            source,
        })?;
    }
    let mut out = std::io::stdout().lock();
    if args.verbose {
        for (check, killers) in &matrix.checks {
            writeln!(out, "{check}: {}", killers.join(" "))?;
        }
    }
    for alarm in &matrix.false_alarms {
        writeln!(out, "FALSE ALARM on the clean platform: {alarm}")?;
    }
    let missed = matrix.missed();
    for defect in &missed {
        writeln!(out, "MISSED: no scenario fails on {defect}")?;
    }
    // With some of the defects only, a check that did not fail proves nothing.
    let names = if all {
        matrix.unproven_names()
    } else {
        Default::default()
    };
    let requirements: Vec<&String> = matrix.unproven_requirements.iter().filter(|_| all).collect();
    let survivors = if all { matrix.survivors.as_slice() } else { &[] };
    for name in &names {
        writeln!(out, "UNPROVEN: check `{name}` never failed")?;
    }
    for requirement in &requirements {
        writeln!(out, "UNPROVEN: no check of requirement {requirement} ever failed")?;
    }
    for cell in survivors {
        writeln!(
            out,
            "UNPROVEN: {} step {}: check {} `{}` never failed",
            cell.scenario,
            cell.step,
            cell.position + 1,
            cell.check
        )?;
    }
    let scenarios: Vec<&String> = matrix.unproven_scenarios.iter().filter(|_| all).collect();
    for scenario in &scenarios {
        writeln!(out, "UNPROVEN: scenario {scenario} never failed")?;
    }
    let caught = defects.len() - missed.len();
    let unbroken = matrix.checks.values().filter(|killers| killers.is_empty()).count();
    let only_recorded = unbroken - matrix.survivors.len();
    writeln!(
        out,
        "defects caught {caught}/{} · checks seen to fail {}/{} (of the others {} are only recorded) · named checks never failed {} · requirements never failed {} · false alarms {}",
        defects.len(),
        matrix.checks.values().filter(|killers| !killers.is_empty()).count(),
        matrix.checks.len(),
        only_recorded,
        names.len(),
        requirements.len(),
        matrix.false_alarms.len()
    )?;
    let sound = missed.is_empty()
        && names.is_empty()
        && survivors.is_empty()
        && requirements.is_empty()
        && scenarios.is_empty()
        && matrix.false_alarms.is_empty();
    Ok(if sound { Exit::Success } else { Exit::NonConformant })
}
