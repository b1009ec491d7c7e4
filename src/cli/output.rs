//! Writing the files of a run.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::Exit;
use super::error::CliError;
use crate::attest::bundle::write_bundle;
use crate::judge::{Outcome, Verdict};
use crate::report::{Report, write_html, write_json, write_junit};
use crate::text::Lang;

/// Paths inside the folder of a run. They never change.
pub(super) struct RunFolder {
    pub(super) root: PathBuf,
}

impl RunFolder {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(super) fn evidence(&self) -> PathBuf {
        self.root.join("evidence")
    }

    /// What a summary names.
    pub(super) fn files(&self) -> [PathBuf; 5] {
        ["report.html", "report.json", "junit.xml", "bundle.junkyo", "evidence/"].map(|name| self.root.join(name))
    }

    /// Writes report.json, report.html, junit.xml and bundle.junkyo. `target` is the text of the target file.
    pub(super) fn write(&self, report: &Report, target: Option<&str>) -> Result<(), CliError> {
        fs::create_dir_all(&self.root).map_err(|source| CliError::Write {
            path: self.root.clone(),
            source,
        })?;
        self.file("report.json", |out| write_json(report, out))?;
        self.file("report.html", |out| write_html(report, Lang::Ja, out))?;
        self.file("junit.xml", |out| write_junit(report, Lang::En, out))?;
        if let Some(target) = target {
            // The file holds no secrets: it names an environment variable or another file.
            self.file("target.toml", |out| out.write_all(target.as_bytes()))?;
        }
        self.bundle(target.is_some())
    }

    fn bundle(&self, with_target: bool) -> Result<(), CliError> {
        let mut files = vec!["report.json".to_owned(), "evidence/journal.jsonl".to_owned()];
        if with_target {
            files.push("target.toml".to_owned());
        }
        let blobs = self.evidence().join("blobs");
        if let Ok(entries) = fs::read_dir(&blobs) {
            files.extend(
                entries.filter_map(|entry| Some(format!("evidence/blobs/{}", entry.ok()?.file_name().to_str()?))),
            );
        }
        write_bundle(&self.root, &files, &self.root.join("bundle.junkyo"))?;
        Ok(())
    }

    fn file(&self, name: &str, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<(), CliError> {
        // Written beside and renamed: nobody ever sees half a report.
        let path = self.root.join(name);
        let temporary = self.root.join(format!(".{name}.new"));
        let written = File::create(&temporary)
            .map(BufWriter::new)
            .and_then(|mut out| {
                write(&mut out)?;
                out.flush()
            })
            .and_then(|()| fs::rename(&temporary, &path));
        written.map_err(|source| CliError::Write { path, source })
    }
}

/// The exit code that a report stands for. `complete`: every planned scenario was carried out.
pub(super) fn exit_of(report: &Report, complete: bool, stale_waivers: bool) -> Exit {
    let count = |verdict| report.scenarios_by_verdict.get(verdict);
    if count(Verdict::Fail) > 0 {
        return Exit::NonConformant;
    }
    if stale_waivers {
        return Exit::Usage;
    }
    let real_data = report.real_data.as_ref().is_some_and(|seen| seen.allowed.is_none());
    let open = usize::from(real_data) + count(Verdict::Error) + count(Verdict::Blocked) + count(Verdict::Review);
    if !complete || open > 0 {
        return Exit::Incomplete;
    }
    match report.outcome {
        Outcome::Conformant => Exit::Success,
        // Everything that was selected passed, or failed as expected: the command did its work.
        Outcome::Incomplete if report.run.partial => Exit::Success,
        Outcome::NonConformant if count(Verdict::Waived) > 0 => Exit::Success,
        Outcome::NonConformant => Exit::NonConformant,
        Outcome::Incomplete => Exit::Incomplete,
    }
}
