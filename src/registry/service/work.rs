//! What is done without anybody waiting: judging again, time stamps, the end of things by the clock.

use serde_json::json;

use super::ServiceError;
use super::act::{Done, only};
use super::events::{self, NewEvent};
use super::notices::{Notify, notify};
use super::registrations::{as_of, found, next};
use super::row::{find, list, update};
use super::signed::STAMP;
use super::submissions::{base_of, step};
use super::{documents, waivers};
use crate::attest::Digest;
use crate::attest::statement::report_statement;
use crate::registry::Registry;
use crate::registry::intake::{judged, some};
use crate::registry::model::state::{By, RegistrationEvent, SubmissionEvent};
use crate::registry::model::{
    Actor, Challenge, ChallengeState, EventKind, JudgedReport, ProductVersion, Refusal, RefusalCode, Registration,
    RegistrationNumber, RegistrationState, Role, Submission, SubmissionId, SubmissionState,
};
use crate::registry::store::jobs::{self, Job};
use crate::registry::store::{StoreError, fresh_id, values};
use crate::text::Text;

/// Kind of the job that judges a submission again.
pub(super) const REJUDGE: &str = "rejudge";
/// Kind of the job that judges the evidence of a registration with a later corpus.
const RECHECK: &str = "recheck";

/// Milliseconds for which a worker keeps a job without a sign of life.
const LEASE: i64 = 30 * 60_000;
/// How often judging is tried where reading the evidence fails.
const TRIES: i64 = 3;

/// The evidence of a registration, to be judged with a corpus.
#[derive(serde::Serialize, serde::Deserialize)]
struct Recheck {
    registration: RegistrationNumber,
    corpus: String,
}

impl Registry {
    /// Does one job of the queue; `false` if there was none. Workers on several machines share the queue.
    ///
    /// # Errors
    /// Those of the database. A job that fails is tried again later; see [`Registry::last_fault`].
    pub fn work_once(&self, worker: &str) -> Done<bool> {
        let Some(job) = self.store().jobs().claim(worker, &[STAMP, REJUDGE, RECHECK], LEASE)? else {
            return Ok(false);
        };
        let outcome = match job.kind.as_str() {
            STAMP => self.stamp_job(&job),
            REJUDGE => self.rejudge(&job),
            _ => self.recheck(&job),
        };
        match outcome {
            Ok(()) => {}
            // Another worker took over: what it does counts.
            Err(ServiceError::Store(StoreError::LeaseLost { .. })) => {}
            Err(error) => {
                self.remember_fault(&format!("{} {}: {error}", job.kind, job.key));
                self.store().jobs().fail(&job, &error.to_string(), false)?;
            }
        }
        Ok(true)
    }

    /// Judges the evidence of every registration in force again with the corpus of this program: one job each, so that
    /// workers share them. Registrations whose verdicts change are flagged, never changed. Returns how many there are.
    ///
    /// # Errors
    /// `Forbidden` but for administrators.
    pub fn rejudge_all(&self, actor: &Actor) -> Done<usize> {
        only(actor, &[Role::Administrator])?;
        let corpus = self.corpus().digest.clone();
        self.act(actor, |act| {
            let active: Vec<Registration> = list(
                act.tx,
                "state IN (?1, ?2)",
                &values![RegistrationState::Active.word(), RegistrationState::Suspended.word()],
            )?;
            for registration in &active {
                let payload = Recheck {
                    registration: registration.number,
                    corpus: corpus.clone(),
                };
                let key = format!("{corpus}:{}:{}", registration.number, registration.submission);
                jobs::enqueue(act.tx, RECHECK, &payload, &key, act.now.0)?;
            }
            act.audit(
                "registration.recheck-all",
                &corpus,
                &json!({"registrations": active.len()}),
            )?;
            Ok(active.len())
        })
    }

    fn stamp_job(&self, job: &Job) -> Done<()> {
        let payload: Digest = job.payload()?;
        self.stamp(&payload)?;
        Ok(self.store().jobs().finish(job, &payload)?)
    }

    fn rejudge(&self, job: &Job) -> Done<()> {
        let id: SubmissionId = job.payload()?;
        let submission: Submission = self
            .store()
            .read(|tx| find(tx, id.as_str()))?
            .ok_or(ServiceError::NotFound)?;
        let verdict = match submission.state {
            SubmissionState::Judging => match self.judge_again(&submission) {
                Ok(found) => Some(found),
                Err(error) if job.attempts < TRIES => return Err(error),
                Err(error) => Some((JudgedReport::default(), vec![unreadable(&error)])),
            },
            _ => None,
        };
        self.act(&Actor::system(), |act| {
            let mut submission: Submission = find(act.tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            // The vendor may have taken it back meanwhile.
            if let (Some((judged, refusals)), SubmissionState::Judging) = (&verdict, submission.state) {
                submission.judged = Some(judged.clone());
                submission.refusals.clone_from(refusals);
                if let Some((_, Some(base))) =
                    base_of(act.tx, submission.product.as_str(), submission.version.as_str())?
                {
                    submission.delta = judged.changes_since(&base);
                }
                let event = match refusals.is_empty() {
                    true => SubmissionEvent::Confirmed,
                    false => SubmissionEvent::NotConfirmed,
                };
                step(act, &mut submission, event, By::System)?;
                let title = submission.state.title();
                let text = Text::new(
                    format!("再判定の結果: {}", title.ja),
                    format!("Judged again: {}.", title.en),
                );
                notify(
                    act,
                    &Notify::vendor(&submission.vendor, "submission.judged", id.as_str(), text.clone()),
                )?;
                if refusals.is_empty() {
                    notify(
                        act,
                        &Notify::role(Role::Examiner, "submission.judged", id.as_str(), text),
                    )?;
                }
            }
            jobs::finish(act.tx, job, &submission.state, act.now.0)?;
            Ok(())
        })
    }

    fn recheck(&self, job: &Job) -> Done<()> {
        let asked: Recheck = job.payload()?;
        let submission: Submission = self
            .store()
            .read(|tx| {
                let registration = found(tx, asked.registration)?;
                Ok::<_, ServiceError>(find(tx, registration.submission.as_str())?)
            })?
            .ok_or(ServiceError::NotFound)?;
        if self.corpus().digest != asked.corpus {
            // A worker of another release must not answer for this corpus.
            return Err(ServiceError::internal(
                "judging",
                "this worker has another corpus than the job asks for",
            ));
        }
        let (now_judged, _) = self.judge_again(&submission)?;
        let before = submission.judged.as_ref().unwrap_or(&submission.claimed);
        let mut changed: Vec<String> = now_judged
            .changes_since(before)
            .into_iter()
            .map(|change| change.id)
            .collect();
        changed.dedup();
        self.act(&Actor::system(), |act| {
            let mut registration = found(act.tx, asked.registration)?;
            let same = registration.submission == submission.id && registration.suite_flags == changed;
            let state = as_of(registration.clone(), act.now).state;
            let possible = next(state, RegistrationEvent::Flag, By::System).is_ok();
            if !same && possible && !changed.is_empty() {
                registration.suite_flags.clone_from(&changed);
                let version: ProductVersion =
                    find(act.tx, registration.version.as_str())?.ok_or(ServiceError::NotFound)?;
                let new = NewEvent {
                    affects: changed.clone(),
                    ..NewEvent::of(EventKind::SuiteFlagged)
                };
                events::record(self, act, &mut registration, &version, &new)?;
                let ids = some(&changed);
                let number = registration.number;
                let text = Text::new(
                    format!(
                        "{number}: 新しいコーパスでの再判定で結果が変わる要件があります: {}",
                        ids.ja
                    ),
                    format!("{number}: a later corpus gives other verdicts: {}", ids.en),
                );
                let object = number.to_string();
                notify(
                    act,
                    &Notify::vendor(&registration.vendor, "registration.flag", &object, text.clone()),
                )?;
                notify(act, &Notify::role(Role::Examiner, "registration.flag", &object, text))?;
            }
            jobs::finish(act.tx, job, &changed, act.now.0)?;
            Ok(())
        })?;
        self.publish_soon();
        Ok(())
    }

    /// What the evidence gives, and why that is not the report.
    fn judge_again(&self, submission: &Submission) -> Done<(JudgedReport, Vec<Refusal>)> {
        let fault = |error: &dyn std::fmt::Display| ServiceError::internal("judging", error);
        let folder = self.data().join("judging");
        std::fs::create_dir_all(&folder).map_err(|error| fault(&error))?;
        let file = folder.join(format!("{}.junkyo", fresh_id("tmp")));
        let found = self
            .store()
            .blobs()
            .copy_to(&submission.bundle, &file)
            .map_err(ServiceError::from)
            .and_then(|()| self.judging().judge(&file).map_err(|error| fault(&error)));
        // What stays behind after a crash is emptied at the next start.
        let _ = std::fs::remove_file(&file);
        let report = found?;
        let digest = Digest::of(&report);
        let nothing = Digest([0; 32]);
        let statement = report_statement(&report, submission.manifest, nothing).map_err(|error| fault(&error))?;
        let again = judged(&statement, digest);
        let mut refusals = Vec::new();
        if digest != submission.report {
            let changed: Vec<String> = again
                .changes_since(&submission.claimed)
                .into_iter()
                .map(|change| change.id)
                .collect();
            refusals.push(not_reproducible(&changed));
        }
        Ok((again, refusals))
    }

    /// By the clock: expires registrations, challenges, waivers and documents past their end, and reminds vendors. Returns how
    /// many registrations expired. May be called as often as one likes.
    ///
    /// # Errors
    /// Those of the database and of signing.
    pub fn expire_due(&self) -> Done<usize> {
        let today = self.now().day();
        let due: Vec<Registration> = self.store().read(|tx| {
            list(
                tx,
                "state IN (?1, ?2) AND valid_until < ?3",
                &values![
                    RegistrationState::Active.word(),
                    RegistrationState::Suspended.word(),
                    today.to_string()
                ],
            )
        })?;
        let mut expired = 0;
        for registration in due {
            expired += usize::from(self.expire(registration.number)?);
        }
        self.act(&Actor::system(), |act| {
            let open: Vec<Challenge> = list(
                act.tx,
                "state = ?1 AND expires < ?2",
                &values![ChallengeState::Open.word(), act.now.0],
            )?;
            for challenge in open {
                act.audit("challenge.expire", challenge.id.as_str(), &json!({}))?;
                let over = Challenge {
                    state: ChallengeState::Expired,
                    ..challenge
                };
                update(act.tx, &over)?;
            }
            waivers::expire(act.tx, today)?;
            documents::expire(act.tx, today)?;
            Ok(())
        })?;
        self.remind()?;
        if expired > 0 {
            self.publish_soon();
        }
        Ok(expired)
    }

    fn expire(&self, number: RegistrationNumber) -> Done<bool> {
        self.act(&Actor::system(), |act| {
            let mut registration = found(act.tx, number)?;
            // Somebody may have renewed or ended it in between.
            if registration.state.is_final() || act.now.day() <= registration.valid_until {
                return Ok(false);
            }
            let Ok(state) = next(registration.state, RegistrationEvent::Expire, By::System) else {
                return Ok(false);
            };
            registration.state = state;
            registration.since = act.now.day();
            let version: ProductVersion = find(act.tx, registration.version.as_str())?.ok_or(ServiceError::NotFound)?;
            events::record(
                self,
                act,
                &mut registration,
                &version,
                &NewEvent::of(EventKind::Expired),
            )?;
            let text = Text::new(
                format!("{number}: 有効期限が切れました。登録の表示を使わないでください。"),
                format!("{number} has expired. Do not use the mark any more."),
            );
            notify(
                act,
                &Notify::vendor(&registration.vendor, "registration.event", &number.to_string(), text),
            )?;
            Ok(true)
        })
    }

    fn remind(&self) -> Done<()> {
        let today = self.now().day();
        for days in &self.rules().reminders {
            let Some(last) = today.add_days(*days) else {
                continue;
            };
            self.act(&Actor::system(), |act| {
                let soon: Vec<Registration> = list(
                    act.tx,
                    "state = ?1 AND valid_until <= ?2 AND valid_until >= ?3",
                    &values![RegistrationState::Active.word(), last.to_string(), today.to_string()],
                )?;
                for registration in soon {
                    let (number, until) = (registration.number, registration.valid_until);
                    let text = Text::new(
                        format!("{number}: 有効期限は {until} です。更新するには、新しいチャレンジで実行し、提出してください。"),
                        format!("{number} is valid until {until}. To renew it, run with a new challenge and submit."),
                    );
                    let object = number.to_string();
                    let mark = format!("{until}:{days}");
                    let notice = Notify::vendor(&registration.vendor, "registration.remind", &object, text);
                    notify(act, &notice.once(&mark))?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

fn not_reproducible(changed: &[String]) -> Refusal {
    let ids = some(changed);
    let detail = match changed.is_empty() {
        true => Text::new(
            "証拠から作り直した report.json が、提出されたものと一致しません（判定は同じです）。",
            "report.json made again from the evidence differs from the one submitted (with the same verdicts).",
        ),
        false => Text::new(
            format!("証拠から判定し直すと結果が異なる要件: {}", ids.ja),
            format!(
                "Requirements with another verdict when the evidence is judged again: {}",
                ids.en
            ),
        ),
    };
    Refusal::new(
        RefusalCode::NotReproducible,
        detail,
        Text::new(
            "公式の junkyo を変更せずに使い、新しいチャレンジで実行し直してください。",
            "Use an official junkyo unchanged, and run again with a new challenge.",
        ),
    )
}

fn unreadable(error: &ServiceError) -> Refusal {
    Refusal::new(
        RefusalCode::NotReproducible,
        Text::new(
            format!("証拠を判定し直せませんでした: {error}"),
            format!("The evidence could not be judged again: {error}"),
        ),
        Text::new(
            "新しいチャレンジで実行し直してください。続く場合は事務局に連絡してください。",
            "Run again with a new challenge. If it happens again, contact the office.",
        ),
    )
}
