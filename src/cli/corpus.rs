//! `junkyo corpus lint | schema | lock`.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use schemars::{JsonSchema, schema_for};

use super::Exit;
use super::args::{Common, CorpusAction, CorpusCommand};
use super::error::CliError;
use crate::drive::TargetFile;
use crate::evidence::Record;
use crate::report::Report;
use crate::scenario::{Corpus, ExpectationFile, FamilyFile, ScenarioFile, check_docs, lint, lock_text};
use crate::schema::table::{Table, TableResult};
use crate::standard::unit::{ItemFile, UnitFile};
use crate::standard::{Interface, ProfileFile, ReadingFile, RequirementFile, ServiceFile, SourceFileList};

pub(super) fn main(args: &CorpusCommand, common: &Common) -> Result<Exit, CliError> {
    match &args.action {
        CorpusAction::Lint => lint_corpus(common),
        CorpusAction::Schema { out } => write_schemas(out),
        CorpusAction::Lock { force } => write_lock(common, *force),
    }
}

fn lint_corpus(common: &Common) -> Result<Exit, CliError> {
    let files = common.corpus_files()?;
    let corpus = Corpus::load(&files).map_err(CliError::Corpus)?;
    let errors = lint(&corpus, &files);
    for error in &errors {
        eprintln!("{error}");
    }
    if !errors.is_empty() {
        eprintln!("error: {} faults in the corpus", errors.len());
        return Ok(Exit::Usage);
    }
    writeln!(
        std::io::stdout(),
        "corpus in order: {} requirements, {} readings, {} profiles, {} scenarios, digest {}",
        corpus.requirements.len(),
        corpus.readings.len(),
        corpus.profiles.len(),
        corpus.scenarios.len(),
        corpus.digest
    )?;
    Ok(Exit::Success)
}

/// A schema with its file name.
fn schema<T: JsonSchema>(name: &str) -> (String, serde_json::Value) {
    (format!("{name}.schema.json"), schema_for!(T).to_value())
}

/// All published schemas, by file name.
pub(crate) fn schemas() -> Vec<(String, serde_json::Value)> {
    let mut all = vec![
        schema::<SourceFileList>("sources"),
        schema::<RequirementFile>("requirements"),
        schema::<ReadingFile>("readings"),
        schema::<ProfileFile>("profiles"),
        schema::<Interface>("interface"),
        schema::<ServiceFile>("service"),
        schema::<ScenarioFile>("scenarios"),
        schema::<ExpectationFile>("expectations"),
        schema::<FamilyFile>("families"),
        schema::<UnitFile>("unit"),
        schema::<ItemFile>("items"),
        schema::<TargetFile>("target"),
        schema::<Record>("journal-record"),
        schema::<Report>("report"),
        schema::<Table>("table"),
        schema::<TableResult>("table-result"),
    ];
    for (name, schema) in &mut all {
        if matches!(
            name.as_str(),
            "scenarios.schema.json" | "expectations.schema.json" | "families.schema.json"
        ) {
            name_the_checks(schema);
        }
        let title = name.trim_end_matches(".schema.json");
        schema["title"] = format!("junkyo {title}").into();
    }
    all
}

/// Lets an editor complete the names of checks and validate the parameters of each.
fn name_the_checks(schema: &mut serde_json::Value) {
    let docs = check_docs();
    let names: Vec<&str> = docs.iter().map(|doc| doc.name).collect();
    let cases: Vec<serde_json::Value> = docs
        .iter()
        .map(|doc| {
            serde_json::json!({
                "if": {"properties": {"is": {"const": doc.name}}},
                "then": {
                    "description": doc.text.en,
                    "properties": doc.parameters.get("properties").cloned().unwrap_or_default(),
                    "required": doc.parameters.get("required").cloned().unwrap_or_else(|| serde_json::json!([])),
                },
            })
        })
        .collect();
    // Values may be `$name` placeholders in expectations, so the cases are help, not law, there.
    if let Some(check) = schema.pointer_mut("/$defs/RawCheck") {
        check["properties"]["is"]["enum"] = serde_json::json!(names);
        check["allOf"] = cases.into();
    }
}

fn write_schemas(folder: &Path) -> Result<Exit, CliError> {
    fs::create_dir_all(folder).map_err(|source| CliError::Write {
        path: folder.to_owned(),
        source,
    })?;
    for (name, schema) in schemas() {
        let path = folder.join(name);
        let text = serde_json::to_string_pretty(&schema).map_err(std::io::Error::from)? + "\n";
        fs::write(&path, text).map_err(|source| CliError::Write {
            path: path.clone(),
            source,
        })?;
        writeln!(std::io::stdout(), "{}", path.display())?;
    }
    Ok(Exit::Success)
}

fn write_lock(common: &Common, force: bool) -> Result<Exit, CliError> {
    let Some(folder) = &common.corpus else {
        return Err(CliError::Usage(
            "give the corpus folder whose ids are to be locked: --corpus conformance".into(),
        ));
    };
    let files = common.corpus_files()?;
    let corpus = Corpus::load(&files).map_err(CliError::Corpus)?;
    let text = lock_text(&corpus);
    let path = folder.join("ids.lock");
    let earlier = files.get("ids.lock").map_or("", |file| file.text.as_str());
    let lost: Vec<&str> = earlier
        .lines()
        .filter(|line| !line.starts_with('#') && !text.lines().any(|now| now == *line))
        .collect();
    if !lost.is_empty() && !force {
        for line in &lost {
            eprintln!("{line}");
        }
        return Err(CliError::Usage(format!(
            "{} locked ids are gone or changed their meaning; give the new meaning a new id, or, if only the wording changed, use --force",
            lost.len()
        )));
    }
    fs::write(&path, text).map_err(|source| CliError::Write {
        path: path.clone(),
        source,
    })?;
    writeln!(std::io::stdout(), "{}", path.display())?;
    Ok(Exit::Success)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::CorpusFiles;

    #[test]
    fn the_embedded_corpus_is_in_order() {
        let files = CorpusFiles::embedded();
        let corpus = Corpus::load(&files).expect("it loads");
        let faults: Vec<String> = lint(&corpus, &files).iter().map(ToString::to_string).collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        assert!(corpus.scenarios.len() >= 250);
    }

    #[test]
    fn the_published_schemas_are_those_of_the_code() {
        for (name, schema) in schemas() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("reports/schemas")
                .join(&name);
            let published = fs::read_to_string(&path).unwrap_or_default();
            let current = serde_json::to_string_pretty(&schema).expect("JSON") + "\n";
            assert!(
                published == current,
                "{name} is not up to date; run `junkyo corpus schema`"
            );
        }
    }

    #[test]
    fn no_file_of_the_corpus_holds_a_valid_individual_number() {
        for file in CorpusFiles::embedded()
            .all()
            .iter()
            .filter(|file| file.path.ends_with(".toml"))
        {
            let digits = |c: char| c.is_ascii_digit();
            for run in file.text.split(|c| !digits(c)).filter(|run| run.len() == 12) {
                assert!(
                    !crate::text::check_digit::is_individual_number(run),
                    "{}: twelve digits with a valid check digit",
                    file.path
                );
            }
        }
    }
}
