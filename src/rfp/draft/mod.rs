//! Text that a municipality can paste into its specification: what is asked, how it has to be shown, and a table that
//! vendors answer in. What is written here is read back by the check with every clause matched by id.

mod render;
mod words;

use thiserror::Error;

use crate::scenario::Corpus;
use crate::standard::{Kind, Level, Profile, Requirement};
use crate::text::Text;

/// What to write a draft for.
#[derive(Clone, Debug, Default)]
pub struct DraftOptions {
    /// Business units, 1 to 26: what they provide and what they ask of others.
    pub units: Vec<u8>,
    /// Profiles.
    pub profiles: Vec<String>,
    /// Requirements up to this cloud STEP (1 to 5); all if absent.
    pub step: Option<u8>,
    /// Also requirements that no scenario tests, marked as such.
    pub with_untested: bool,
}

/// A draft.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Title.
    pub title: Text,
    /// Paragraphs above the table: heading and text.
    pub preamble: Vec<(Text, Text)>,
    /// One for each profile.
    pub sections: Vec<DraftSection>,
    /// The corpus: name, version and digest.
    pub suite: String,
}

/// The requirements of a profile.
#[derive(Clone, Debug)]
pub struct DraftSection {
    /// Profile.
    pub profile: String,
    /// Its title.
    pub title: Text,
    /// Requirements.
    pub rows: Vec<DraftRow>,
}

/// One requirement.
#[derive(Clone, Debug)]
pub struct DraftRow {
    /// Number within the draft: `2-15`.
    pub number: String,
    /// Requirement.
    pub id: String,
    /// What is asked.
    pub text: Text,
    /// How binding it is.
    pub level: Level,
    /// Document and clause.
    pub source: Text,
    /// How we know it: never shown as more official than it is.
    pub kind: Kind,
    /// No scenario tests it.
    pub is_untested: bool,
}

/// Why no draft was written.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum DraftError {
    /// Nothing was chosen.
    #[error("choose what to ask for: --unit NN, --profile ID, or --step N; see `junkyo list --profiles`")]
    Nothing,
    /// There is no such unit.
    #[error("there is no business unit {0:02}; the corpus has {1}; see `junkyo list --profiles`")]
    Unit(u8, String),
    /// There is no such profile.
    #[error("there is no profile {0}; see `junkyo list --profiles`")]
    Profile(String),
    /// There is no such STEP.
    #[error("STEP {0}: expected 1 to 5")]
    Step(u8),
    /// What was chosen has no requirement.
    #[error("nothing that was chosen has a requirement up to STEP {0}")]
    Empty(u8),
}

impl DraftError {
    /// The failure in both languages.
    pub fn text(&self) -> Text {
        let ja = match self {
            Self::Nothing => {
                "求めるものを --unit NN、--profile ID、--step N で選んでください（`junkyo list --profiles`）".to_owned()
            }
            Self::Unit(number, known) => format!("業務ユニット {number:02} はありません（{known}）"),
            Self::Profile(id) => format!("プロファイル {id} はありません（`junkyo list --profiles`）"),
            Self::Step(step) => format!("STEP {step}: 1 から 5 を指定してください"),
            Self::Empty(step) => format!("選ばれたものに STEP {step} までの要件がありません"),
        };
        Text::new(ja, self.to_string())
    }
}

/// Writes a draft for units, profiles and a STEP.
///
/// # Errors
/// See [`DraftError`].
pub fn draft(corpus: &Corpus, options: &DraftOptions) -> Result<Draft, DraftError> {
    if let Some(step) = options.step.filter(|step| !(1..=5).contains(step)) {
        return Err(DraftError::Step(step));
    }
    let profiles = chosen(corpus, options)?;
    let mut sections = Vec::new();
    let mut asked: Vec<&str> = Vec::new();
    for profile in profiles {
        let number = sections.len() + 1;
        let held = corpus.requirements.iter().filter(|requirement| {
            profile.holds(requirement)
                && requirement.level != Level::May
                && options.step.is_none_or(|step| requirement.step <= step)
                && (options.with_untested || requirement.not_tested.is_none())
        });
        let mut rows = Vec::new();
        for requirement in held {
            // A requirement of two profiles is asked for once.
            if asked.contains(&requirement.id.as_str()) {
                continue;
            }
            asked.push(&requirement.id);
            rows.push(row(corpus, requirement, number, rows.len() + 1));
        }
        if !rows.is_empty() {
            sections.push(DraftSection {
                profile: profile.id.clone(),
                title: profile.title.clone(),
                rows,
            });
        }
    }
    if sections.is_empty() {
        return Err(DraftError::Empty(options.step.unwrap_or(5)));
    }
    let suite = format!(
        "junkyo-corpus {} (SHA-256 {})",
        env!("CARGO_PKG_VERSION"),
        corpus.digest
    );
    let kinds: Vec<Kind> = sections
        .iter()
        .flat_map(|section| &section.rows)
        .map(|row| row.kind)
        .collect();
    Ok(Draft {
        title: words::title(&sections, options.step),
        preamble: words::preamble(&kinds, &suite),
        sections,
        suite,
    })
}

/// The profiles that were chosen, resolved, each once.
fn chosen<'a>(corpus: &'a Corpus, options: &DraftOptions) -> Result<Vec<&'a Profile>, DraftError> {
    let mut ids: Vec<String> = Vec::new();
    for number in &options.units {
        let own: Vec<String> = ["provider", "consumer"]
            .iter()
            .map(|role| format!("unit.{number:02}.{role}"))
            .filter(|id| corpus.profile(id).is_some())
            .collect();
        if own.is_empty() {
            let known = corpus
                .units
                .iter()
                .map(|unit| format!("{:02}", unit.file.number))
                .collect::<Vec<_>>();
            return Err(DraftError::Unit(*number, known.join(" ")));
        }
        ids.extend(own);
    }
    ids.extend(options.profiles.iter().cloned());
    if ids.is_empty() {
        let of_step = options
            .step
            .map(|step| format!("step{step}"))
            .filter(|id| corpus.profile(id).is_some());
        ids.push(of_step.ok_or(DraftError::Nothing)?);
    }
    let mut profiles: Vec<&Profile> = Vec::new();
    for id in ids {
        let expanded = corpus.expand_profile(&id);
        if expanded.is_empty() {
            return Err(DraftError::Profile(id));
        }
        for profile in expanded {
            if !profiles.iter().any(|known| known.id == profile.id) {
                profiles.push(profile);
            }
        }
    }
    Ok(profiles)
}

fn row(corpus: &Corpus, requirement: &Requirement, section: usize, index: usize) -> DraftRow {
    let source = corpus.sources.iter().find(|source| source.id == requirement.source);
    let clause = &requirement.clause;
    let source = source.map_or_else(
        || Text::neutral(format!("{} {clause}", requirement.source)),
        |source| source.title.map(|title| format!("{title} {} {clause}", source.edition)),
    );
    DraftRow {
        number: format!("{section}-{index}"),
        id: requirement.id.clone(),
        text: requirement.text.clone(),
        level: requirement.level,
        source,
        kind: requirement.kind,
        is_untested: requirement.not_tested.is_some(),
    }
}

#[cfg(test)]
mod tests;
