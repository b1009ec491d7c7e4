//! Suites: releases of the corpus that count, and their end.

use serde_json::json;

use super::ServiceError;
use super::act::{Act, Done, Faults, only};
use super::notices::{Notify, notify};
use super::row::{Stored, find, insert, list, stored, update};
use super::signed::{self, Line, Signed, sign_statement};
use crate::attest::statement::{Statement, Subject, SuiteManifest, SuiteRelease, SuiteStatus};
use crate::attest::{Digest, DigestSet};
use crate::registry::Registry;
use crate::registry::model::{Actor, Role, Suite, SuiteState};
use crate::registry::store::{StoreError, Tx, Value, values};
use crate::text::Text;
use crate::text::date::Day;

/// A suite with its place in the order of releases.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Release {
    pub(super) suite: Suite,
    position: i64,
    /// Digest of the suite manifest.
    pub(super) manifest: Digest,
    /// What it asks for.
    pub(super) contents: SuiteManifest,
    /// The signed release.
    pub(super) envelope: String,
}

stored! {
    Release, "suite", "position DESC", |it| it.suite.digest, {
        "state": it.suite.state.word(),
        "position": it.position,
    };
}

impl Registry {
    /// Makes what every register has: a suite, the trust bundle, and the log as far as it was written.
    pub(in crate::registry) fn begin(&self) -> Done<()> {
        if self.suites()?.is_empty() {
            self.release_suite(&Actor::system(), None)?;
        }
        self.write_trust_bundle()?;
        self.publish_soon();
        Ok(())
    }

    /// Suites, newest first.
    ///
    /// # Errors
    /// Those of the store.
    pub fn suites(&self) -> Done<Vec<Suite>> {
        self.store().read(|tx| {
            let releases: Vec<Release> = list(tx, "1 = 1", &[])?;
            Ok(releases.into_iter().map(|release| release.suite).collect())
        })
    }

    /// Releases the corpus of this program as a suite: signed by the suite key, in the log. Valid for two years unless told
    /// otherwise. One that is released already gets a later end.
    ///
    /// # Errors
    /// `Forbidden` but for administrators; `Conflict` if it was withdrawn, or would not end later.
    pub fn release_suite(&self, actor: &Actor, valid_until: Option<Day>) -> Done<Suite> {
        only(actor, &[Role::Administrator])?;
        let manifest = SuiteManifest::of(self.corpus()).map_err(|error| ServiceError::internal("suite", error))?;
        let bytes = manifest
            .to_bytes()
            .map_err(|error| ServiceError::internal("suite", error))?;
        let blob = Digest::of(&bytes);
        let today = self.now().day();
        let last = valid_until.or_else(|| today.add_years(2)).unwrap_or(Day::LAST);
        if last <= today {
            return Err(ServiceError::field(
                "validUntil",
                "終了日は今日より後でなければなりません。",
                "The last day has to lie in the future.",
            ));
        }
        let release = SuiteRelease {
            affects: Vec::new(),
            manifest: blob.into(),
            status: SuiteStatus::Active,
            valid_from: today.to_string(),
            valid_until: last.to_string(),
        };
        let line = self.sign_suite(&manifest.corpus, &manifest.version, release)?;
        let suite = self.act(actor, |act| {
            let digest = manifest.corpus.sha256;
            let before: Option<Release> = find(act.tx, &digest.to_string())?;
            let refused = |release: &Release| {
                release.suite.state == SuiteState::Withdrawn || release.suite.valid_until.is_none_or(|end| end >= last)
            };
            if before.as_ref().is_some_and(refused) {
                return Err(ServiceError::conflict(
                    "このスイートはすでに公開されているか、取り下げられています。延長するには、より後の終了日を指定してください。",
                    "This suite was released already, or withdrawn. To extend it, give a later last day.",
                ));
            }
            let log_index = keep(act, &digest, &line)?;
            let suite = Suite {
                digest,
                version: manifest.version.clone(),
                uri: format!("pkg:generic/{}@{}", manifest.id, manifest.version),
                state: SuiteState::Active,
                valid_from: before.as_ref().map_or(today, |release| release.suite.valid_from),
                valid_until: Some(last),
                reason: None,
                affects: Vec::new(),
                statement: line.payload,
                log_index,
            };
            let position = match &before {
                Some(release) => release.position,
                None => act.tx.next("suite")?,
            };
            let release = Release {
                suite: suite.clone(),
                position,
                manifest: blob,
                contents: manifest.clone(),
                envelope: line.envelope.clone(),
            };
            match before {
                Some(_) => update(act.tx, &release)?,
                None => insert(act.tx, &release)?,
            }
            act.audit("suite.release", &digest.to_string(), &json!({"version": suite.version}))?;
            Ok(suite)
        })?;
        self.publish_soon();
        Ok(suite)
    }

    /// Withdraws a defective suite: a signed statement with the requirements that it touches. Registrations that rest on it
    /// stand; [`Registry::rejudge_all`] flags those whose verdicts change.
    ///
    /// # Errors
    /// `Forbidden` but for administrators; `NotFound`, `Invalid`; `Conflict` if it is withdrawn.
    pub fn withdraw_suite(&self, actor: &Actor, digest: &Digest, reason: Text, affects: &[String]) -> Done<Suite> {
        only(actor, &[Role::Administrator])?;
        let mut faults = Faults::default();
        faults.both("reason", &reason, 1000);
        for id in affects {
            if self.corpus().requirement(id).is_none() {
                faults.add(
                    "affects",
                    format!("「{id}」という要件はありません。"),
                    format!("There is no requirement `{id}`."),
                );
            }
        }
        faults.done()?;
        let known: Release = self
            .store()
            .read(|tx| find(tx, &digest.to_string()))?
            .ok_or(ServiceError::NotFound)?;
        let until = known.suite.valid_until.unwrap_or(Day::LAST);
        let release = SuiteRelease {
            affects: affects.to_vec(),
            manifest: known.manifest.into(),
            status: SuiteStatus::Withdrawn,
            valid_from: self.now().day().to_string(),
            valid_until: until.to_string(),
        };
        let line = self.sign_suite(&DigestSet::from(*digest), &known.suite.version, release)?;
        let suite = self.act(actor, |act| {
            let mut release: Release = find(act.tx, &digest.to_string())?.ok_or(ServiceError::NotFound)?;
            if release.suite.state == SuiteState::Withdrawn {
                return Err(ServiceError::conflict(
                    "このスイートは取り下げ済みです。",
                    "This suite is withdrawn already.",
                ));
            }
            keep(act, digest, &line)?;
            release.suite.state = SuiteState::Withdrawn;
            release.suite.reason = Some(reason.clone());
            release.suite.affects = affects.to_vec();
            update(act.tx, &release)?;
            act.audit(
                "suite.withdraw",
                &digest.to_string(),
                &json!({"affects": affects, "reason": reason}),
            )?;
            let text = Text::new(
                format!("試験スイート {} が取り下げられました。", release.suite.version),
                format!("The suite {} was withdrawn.", release.suite.version),
            );
            notify(
                act,
                &Notify::role(Role::Examiner, "suite.withdraw", &digest.to_string(), text),
            )?;
            Ok(release.suite)
        })?;
        self.publish_soon();
        Ok(suite)
    }

    /// Retires a suite that has a successor: its registrations stand, new runs with it are refused.
    ///
    /// # Errors
    /// `Forbidden` but for administrators; `NotFound`, `Invalid`; `Conflict` if it is not active.
    pub fn retire_suite(&self, actor: &Actor, digest: &Digest, reason: Text) -> Done<Suite> {
        only(actor, &[Role::Administrator])?;
        let mut faults = Faults::default();
        faults.both("reason", &reason, 1000);
        faults.done()?;
        self.act(actor, |act| {
            let mut release: Release = find(act.tx, &digest.to_string())?.ok_or(ServiceError::NotFound)?;
            if release.suite.state != SuiteState::Active {
                return Err(ServiceError::conflict(
                    "このスイートは有効ではありません。",
                    "This suite is not active.",
                ));
            }
            release.suite.state = SuiteState::Retired;
            release.suite.reason = Some(reason.clone());
            update(act.tx, &release)?;
            act.audit("suite.retire", &digest.to_string(), &json!({"reason": reason}))?;
            Ok(release.suite)
        })
    }

    fn sign_suite(&self, corpus: &DigestSet, version: &str, release: SuiteRelease) -> Done<Line> {
        let statement = Statement {
            subject: vec![Subject::new(format!("junkyo-corpus {version}"), corpus.sha256)],
            predicate: release,
        };
        sign_statement(&statement, &self.keys().suite)
    }
}

fn keep(act: &mut Act<'_>, digest: &Digest, line: &Line) -> Done<u64> {
    let object = digest.to_string();
    let what = Signed {
        kind: "suite",
        object: &object,
        registration: None,
    };
    signed::keep(act, &what, line)
}

/// The suite of a digest, with its manifest.
pub(super) fn release(tx: &mut dyn Tx, digest: &Digest) -> Result<Option<Release>, StoreError> {
    find(tx, &digest.to_string())
}

/// The newest suite that new runs may use.
pub(super) fn active(tx: &mut dyn Tx, today: Day) -> Result<Option<Suite>, StoreError> {
    let releases: Vec<Release> = list(tx, "state = ?1", &values![SuiteState::Active.word()])?;
    Ok(releases
        .into_iter()
        .map(|release| release.suite)
        .find(|suite| suite.valid_until.is_none_or(|last| today <= last)))
}
