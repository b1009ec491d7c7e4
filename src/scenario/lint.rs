//! `junkyo corpus lint` and the lock of ids: what loading alone does not prove.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{Corpus, CorpusError};
use crate::standard::{CorpusFiles, Kind, Location};
use crate::text::{Text, hex};

/// Name of the lock file inside a corpus.
const LOCK: &str = "ids.lock";

/// Everything that is wrong with a corpus that could be loaded.
pub fn lint(corpus: &Corpus, files: &CorpusFiles) -> Vec<CorpusError> {
    let mut errors = Vec::new();
    texts(corpus, files, &mut errors);
    coverage(corpus, files, &mut errors);
    lock(corpus, files, &mut errors);
    errors
}

/// Every text exists in both languages and no placeholder is left.
fn texts(corpus: &Corpus, files: &CorpusFiles, errors: &mut Vec<CorpusError>) {
    let mut check = |id: &str, user: String, what: &'static str, text: &Text| {
        for (language, wording) in [("Japanese", &text.ja), ("English", &text.en)] {
            if wording.trim().is_empty() {
                errors.push(CorpusError::MissingText {
                    location: files.place_of(id),
                    user: user.clone(),
                    language,
                    what,
                });
            }
            if wording.contains("{item") || wording.contains("{name}") {
                errors.push(CorpusError::Form {
                    location: files.place_of(id),
                    user: user.clone(),
                    message: format!("placeholder left in its {language} {what}: {wording}"),
                });
            }
        }
    };
    for requirement in &corpus.requirements {
        let user = format!("requirement {}", requirement.id);
        check(&requirement.id, user.clone(), "text", &requirement.text);
        check(&requirement.id, user.clone(), "know-how", &requirement.know_how);
        if let Some(reason) = &requirement.not_tested {
            check(&requirement.id, user.clone(), "reason", reason);
        }
        if let Some(derivation) = &requirement.derivation {
            check(&requirement.id, user, "derivation", derivation);
        }
    }
    for reading in &corpus.readings {
        let user = format!("reading {}", reading.id);
        for (what, text) in [
            ("title", &reading.title),
            ("side A", &reading.side_a),
            ("side B", &reading.side_b),
            ("reason", &reading.why),
        ] {
            check(&reading.id, user.clone(), what, text);
        }
        for option in &reading.option {
            check(&reading.id, user.clone(), "option", &option.text);
        }
    }
    for profile in &corpus.profiles {
        check(&profile.id, format!("profile {}", profile.id), "title", &profile.title);
    }
    for scenario in &corpus.scenarios {
        check(
            &scenario.id,
            format!("scenario {}", scenario.id),
            "title",
            &scenario.title,
        );
    }
}

/// Every requirement is tested or says why not, every default of a reading exists, every profile
/// holds something, and what is not official says how it was derived.
fn coverage(corpus: &Corpus, files: &CorpusFiles, errors: &mut Vec<CorpusError>) {
    let mut fault = |id: &str, user: String, message: String| {
        errors.push(CorpusError::Form {
            location: files.place_of(id),
            user,
            message,
        });
    };
    for row in corpus.coverage() {
        let requirement = row.requirement;
        let user = || format!("requirement {}", requirement.id);
        match (&requirement.not_tested, row.scenarios.is_empty()) {
            (None, true) => fault(
                &requirement.id,
                user(),
                "no scenario tests it; add a check with `for = [\"…\"]`, or say why not with `not-tested`".into(),
            ),
            (Some(_), false) => fault(
                &requirement.id,
                user(),
                format!(
                    "says `not-tested`, but scenario {} tests it; remove the reason",
                    row.scenarios[0]
                ),
            ),
            _ => {}
        }
        if requirement.kind != Kind::Official && requirement.derivation.is_none() {
            fault(
                &requirement.id,
                user(),
                format!(
                    "is {} and needs `derivation`: from what it follows, and how",
                    requirement.kind.word()
                ),
            );
        }
        if !(1..=5).contains(&requirement.step) {
            fault(
                &requirement.id,
                user(),
                format!("step is {}, expected 1 to 5", requirement.step),
            );
        }
        if !corpus.profiles.iter().any(|profile| profile.holds(requirement)) {
            fault(&requirement.id, user(), "no profile holds it".into());
        }
    }
    for reading in &corpus.readings {
        if !reading.option.iter().any(|option| option.id == reading.default) {
            fault(
                &reading.id,
                format!("reading {}", reading.id),
                format!("default `{}` is not one of its options", reading.default),
            );
        }
    }
    for scenario in &corpus.scenarios {
        let user = || format!("scenario {}", scenario.id);
        if scenario.checks().next().is_none() {
            fault(&scenario.id, user(), "asks nothing: it has no checks".into());
        }
        for check in scenario.checks().filter(|check| check.requirements.is_empty()) {
            fault(
                &scenario.id,
                user(),
                format!(
                    "check `{}` decides no requirement; add `for = [\"…\"]`",
                    check.check.name()
                ),
            );
        }
    }
}

/// The content of the lock file: every id with a fingerprint of what it means.
///
/// The fingerprint covers the English text, the level and the clause of a requirement, and the
/// English title of a scenario: what may be reworded freely is left out, what carries meaning is in.
pub fn lock_text(corpus: &Corpus) -> String {
    let mut text = String::from(
        "# Ids and fingerprints of their meaning. An id never changes its meaning: a changed meaning gets a new id.\n\
         # Written by `junkyo corpus lock`.\n",
    );
    for (id, print) in fingerprints(corpus) {
        writeln!(text, "{id} {print}").expect("a string takes all writes");
    }
    text
}

fn fingerprints(corpus: &Corpus) -> BTreeMap<String, String> {
    let requirements = corpus.requirements.iter().map(|requirement| {
        let meaning = [
            requirement.text.en.as_str(),
            requirement.level.word(),
            &requirement.source,
            &requirement.clause,
        ];
        (format!("requirement {}", requirement.id), print(&meaning))
    });
    let scenarios = corpus.scenarios.iter().map(|scenario| {
        (
            format!("scenario {}", scenario.id),
            print(&[scenario.title.en.as_str(), scenario.role.word()]),
        )
    });
    requirements.chain(scenarios).collect()
}

fn print(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hex(&hash.finalize()[..8])
}

/// No id of the lock is gone or means something else; new ids have been locked.
fn lock(corpus: &Corpus, files: &CorpusFiles, errors: &mut Vec<CorpusError>) {
    let current = fingerprints(corpus);
    let text = files.get(LOCK).map_or("", |file| file.text.as_str());
    let mut fault = |line: usize, message: String| {
        errors.push(CorpusError::Lock {
            location: Location {
                file: LOCK.into(),
                line,
            },
            message,
        });
    };
    let mut locked = BTreeMap::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')) {
        let Some((id, print)) = line.rsplit_once(' ') else {
            fault(index + 1, format!("expected `kind id fingerprint`, found `{line}`"));
            continue;
        };
        locked.insert(id, ());
        match current.get(id) {
            None => fault(
                index + 1,
                format!("{id} was locked and is gone; ids stay for ever: keep it, or mark a requirement `not-tested`"),
            ),
            Some(now) if now != print => fault(
                index + 1,
                format!(
                    "{id} has another meaning than when it was locked; give the new meaning a new id, or, if only the wording changed, run `junkyo corpus lock --force`"
                ),
            ),
            Some(_) => {}
        }
    }
    if let Some(id) = current.keys().find(|id| !locked.contains_key(id.as_str())) {
        let count = current.keys().filter(|id| !locked.contains_key(id.as_str())).count();
        fault(
            1,
            format!("{count} ids are not locked, the first is {id}; run `junkyo corpus lock`"),
        );
    }
}
