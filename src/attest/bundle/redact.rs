//! Withholding parts of a bundle: what stays is proven as before, what goes leaves its hash, its place and a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use super::error::BundleError;
use super::merkle::leaf;
use super::open::Bundle;
use super::redaction::{REDACTIONS, REDACTIONS_SCHEMA, RedactedLine, Redaction, Redactions};
use super::write::{Part, parts_of, write_parts};
use super::zip::Limits;
use crate::attest::canonical;
use crate::standard::glob_matches;

/// The journal inside a bundle.
const JOURNAL: &str = "evidence/journal.jsonl";
/// Where large payloads are.
const BLOBS: &str = "evidence/blobs/";
/// The report inside a bundle.
const REPORT: &str = "report.json";

/// What is to be withheld.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Whole files; `*` stands for any characters.
    pub paths: Vec<String>,
    /// Single lines: file and number from 1.
    pub lines: Vec<(String, u64)>,
    /// Everything that was exchanged in scenarios; `*` stands for any characters.
    pub scenarios: Vec<String>,
    /// Why; everybody who gets the bundle reads it.
    pub reason: String,
}

/// What of a bundle is withheld now.
#[derive(Clone, Debug, Default)]
pub struct Withheld {
    /// What this call withheld.
    pub new: Vec<Redaction>,
    /// Everything that is withheld.
    pub all: Vec<Redaction>,
    /// Scenarios that cannot be judged again.
    pub scenarios: BTreeSet<String>,
}

/// Writes a bundle without what is wished to be withheld. Manifest, signature and time stamp stay as they are.
///
/// # Errors
/// When a wish fits nothing or cannot be fulfilled, or the new bundle cannot be written.
pub fn redact(bundle: &Bundle, wish: &Wish, out: &Path) -> Result<Withheld, BundleError> {
    let mut work = Work {
        bundle,
        wish,
        new: BTreeSet::new(),
        marks: BTreeMap::new(),
    };
    if wish.reason.trim().is_empty() {
        return Err(work.fault("say why with --reason; everybody who gets the bundle reads it"));
    }
    work.whole_files()?;
    work.single_lines()?;
    work.scenarios()?;
    work.payloads()?;
    work.write(out)
}

struct Work<'a> {
    bundle: &'a Bundle,
    wish: &'a Wish,
    new: BTreeSet<Redaction>,
    /// File → line → scenario and kind of what is withheld there.
    marks: BTreeMap<String, BTreeMap<u64, Kind>>,
}

/// What a line is about.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Kind {
    record: String,
    scenario: Option<String>,
    /// Of a scenario in the report.
    id: Option<String>,
    salt: String,
}

impl Kind {
    fn of(line: &[u8]) -> Self {
        serde_json::from_slice(line.strip_suffix(b",").unwrap_or(line)).unwrap_or_default()
    }
}

impl Work<'_> {
    fn fault(&self, detail: impl Into<String>) -> BundleError {
        BundleError::Redaction {
            path: self.bundle.path().to_owned(),
            detail: detail.into(),
        }
    }

    fn whole_files(&mut self) -> Result<(), BundleError> {
        for wanted in &self.wish.paths {
            let listed = self.bundle.manifest().files.iter().map(|entry| entry.path.as_str());
            let fitting: Vec<&str> = listed.filter(|path| glob_matches(wanted, path)).collect();
            if fitting.is_empty() {
                return Err(self.fault(format!("no file of the manifest fits `{wanted}`")));
            }
            for path in fitting {
                self.file(path);
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &str) {
        if self.bundle.has(path) {
            self.new.insert(Redaction {
                path: path.to_owned(),
                line: None,
                scenario: None,
                was: "file".into(),
                reason: self.wish.reason.clone(),
            });
        }
    }

    fn single_lines(&mut self) -> Result<(), BundleError> {
        for (path, number) in &self.wish.lines {
            let lines = self.bundle.manifest().file(path).and_then(|entry| entry.lines);
            let Some(lines) = lines.filter(|_| self.bundle.has(path)) else {
                return Err(self.fault(format!(
                    "`{path}` has no lines that can be withheld; {JOURNAL} and {REPORT} have, other files go as a whole (--path)"
                )));
            };
            if *number == 0 || *number > lines.count {
                return Err(self.fault(format!("`{path}` has lines 1 to {}, none {number}", lines.count)));
            }
            let bytes = self.bundle.read(path)?;
            let index = usize::try_from(number - 1).unwrap_or(usize::MAX);
            let line = bytes.split(|byte| *byte == b'\n').nth(index).unwrap_or_default();
            let kind = Kind::of(line);
            if kind.record == "run" {
                return Err(self.fault(format!(
                    "line {number} of `{path}` holds the facts of the run, without which nothing can be judged; withhold the whole file instead"
                )));
            }
            self.line(path, *number, line, kind)?;
        }
        Ok(())
    }

    /// Marks a line; one that is withheld already stays as it is.
    fn line(&mut self, path: &str, number: u64, line: &[u8], kind: Kind) -> Result<(), BundleError> {
        if RedactedLine::parse(line).is_some() {
            return Ok(());
        }
        if path == REPORT && kind.salt.is_empty() {
            return Err(self.fault(format!(
                "line {number} of `{path}` is not a scenario with findings; other lines of the report cannot be withheld"
            )));
        }
        self.marks.entry(path.to_owned()).or_default().insert(number, kind);
        Ok(())
    }

    /// All exchanges and notes of scenarios, and what the report shows of them.
    fn scenarios(&mut self) -> Result<(), BundleError> {
        let wanted = |id: &str| self.wish.scenarios.iter().any(|glob| glob_matches(glob, id));
        let mut fitted: BTreeSet<usize> = BTreeSet::new();
        for path in [JOURNAL, REPORT] {
            if self.wish.scenarios.is_empty() || !self.bundle.has(path) {
                continue;
            }
            let mut found = Vec::new();
            for (line, number) in self.bundle.read(path)?.split(|byte| *byte == b'\n').zip(1_u64..) {
                let kind = Kind::of(line);
                let id = if path == JOURNAL { &kind.scenario } else { &kind.id };
                let Some(id) = id.as_deref().filter(|id| wanted(id)) else {
                    continue;
                };
                let globs = self.wish.scenarios.iter().enumerate();
                fitted.extend(globs.filter(|(_, glob)| glob_matches(glob, id)).map(|(at, _)| at));
                // What has no salt says nothing but that the scenario was begun, ended, or passed.
                if !kind.salt.is_empty() {
                    found.push((number, line.to_vec(), kind));
                }
            }
            for (number, line, kind) in found {
                self.line(path, number, &line, kind)?;
            }
        }
        let unknown = self
            .wish
            .scenarios
            .iter()
            .enumerate()
            .find(|(at, _)| !fitted.contains(at));
        match unknown {
            None => Ok(()),
            Some((_, glob)) => Err(self.fault(format!("no scenario of the journal fits `{glob}`"))),
        }
    }

    /// Large payloads that only withheld lines name go with them.
    fn payloads(&mut self) -> Result<(), BundleError> {
        let Some(marks) = self.marks.get(JOURNAL) else {
            return Ok(());
        };
        let (mut gone, mut kept) = (BTreeSet::new(), BTreeSet::new());
        for (line, number) in self.bundle.read(JOURNAL)?.split(|byte| *byte == b'\n').zip(1_u64..) {
            let names = if marks.contains_key(&number) {
                &mut gone
            } else {
                &mut kept
            };
            names.extend(payloads_of(line));
        }
        for name in gone.difference(&kept) {
            self.file(&format!("{BLOBS}{name}"));
        }
        Ok(())
    }

    fn write(mut self, out: &Path) -> Result<Withheld, BundleError> {
        let gone: BTreeSet<String> = self.new.iter().map(|redaction| redaction.path.clone()).collect();
        self.marks.retain(|path, _| !gone.contains(path));
        let mut changed = Vec::new();
        for (path, marks) in std::mem::take(&mut self.marks) {
            let bytes = self.replace_lines(&path, &marks)?;
            changed.push((path, bytes));
        }
        if self.new.is_empty() {
            return Err(self.fault("all of that is withheld already"));
        }
        let stays =
            |name: &str| !gone.contains(name) && name != REDACTIONS && !changed.iter().any(|(path, _)| path == name);
        let mut parts = parts_of(self.bundle, stays);
        parts.extend(changed.into_iter().map(|(path, bytes)| Part::bytes(&path, bytes)));
        // A file that goes as a whole takes with it what was told of its lines.
        let earlier = self
            .bundle
            .redactions()
            .iter()
            .filter(|told| !gone.contains(&told.path));
        let mut all: Vec<Redaction> = earlier.chain(&self.new).cloned().collect();
        all.sort();
        let list = Redactions {
            redactions: all.clone(),
            schema: REDACTIONS_SCHEMA.into(),
        };
        let bytes = canonical::to_bytes(&list).map_err(|error| self.fault(error.to_string()))?;
        parts.push(Part::bytes(REDACTIONS, bytes));
        write_parts(parts, out)?;
        // What was written is what everybody else will take.
        let written = Bundle::open(out, &Limits::OWN)?;
        Ok(Withheld {
            scenarios: unjudgeable(&written)?,
            new: self.new.into_iter().collect(),
            all,
        })
    }

    fn replace_lines(&mut self, path: &str, marks: &BTreeMap<u64, Kind>) -> Result<Vec<u8>, BundleError> {
        let bytes = self.bundle.read(path)?;
        let mut out = Vec::with_capacity(bytes.len());
        let lines = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        for (line, number) in lines.split(|byte| *byte == b'\n').zip(1_u64..) {
            match marks.get(&number) {
                None => out.extend(line),
                Some(kind) => {
                    let mark = RedactedLine {
                        record: "redacted".into(),
                        leaf: leaf(line),
                        reason: self.wish.reason.clone(),
                        scenario: kind.scenario.clone().or_else(|| kind.id.clone()),
                        was: if path == REPORT {
                            "scenario".into()
                        } else {
                            kind.record.clone()
                        },
                    };
                    let text = serde_json::to_vec(&mark).map_err(|error| self.fault(error.to_string()))?;
                    out.extend(text);
                    if line.ends_with(b",") {
                        out.push(b',');
                    }
                    self.new.insert(Redaction {
                        path: path.to_owned(),
                        line: Some(number),
                        scenario: mark.scenario,
                        was: mark.was,
                        reason: mark.reason,
                    });
                }
            }
            out.push(b'\n');
        }
        Ok(out)
    }
}

/// Names of the large payloads that a record of the journal refers to.
fn payloads_of(line: &[u8]) -> Vec<String> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Named {
        request: Holder,
        response: Holder,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Holder {
        blob: Option<String>,
    }
    if memchr::memmem::find(line, b"\"blob\":\"").is_none() {
        return Vec::new();
    }
    let named: Named = serde_json::from_slice(line).unwrap_or_default();
    [named.request.blob, named.response.blob]
        .into_iter()
        .flatten()
        .collect()
}

/// Scenarios of which something was withheld.
fn unjudgeable(bundle: &Bundle) -> Result<BTreeSet<String>, BundleError> {
    let of_lines = bundle.redactions().iter().filter(|told| told.path == JOURNAL);
    let mut scenarios: BTreeSet<String> = of_lines.filter_map(|told| told.scenario.clone()).collect();
    let withheld = bundle.withheld_files();
    if bundle.has(JOURNAL) && withheld.iter().any(|path| path.starts_with(BLOBS)) {
        for line in bundle.read(JOURNAL)?.split(|byte| *byte == b'\n') {
            let needs = payloads_of(line)
                .iter()
                .any(|name| withheld.contains(&format!("{BLOBS}{name}")));
            scenarios.extend(needs.then(|| Kind::of(line).scenario).flatten());
        }
    }
    Ok(scenarios)
}
