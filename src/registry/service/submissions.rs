//! Submissions: taking a bundle in, and reading what was taken.

use std::path::Path;

use serde_json::json;

use super::act::{Act, Done, may_read, own, vendor_of};
use super::challenges::challenge_at;
use super::notices::{Notify, notify};
use super::products::version_with;
use super::row::{Conditions, Stored, find, insert, list, stored, update};
use super::signed::sign_statement;
use super::work::REJUDGE;
use super::{ServiceError, suites};
use crate::attest::Digest;
use crate::attest::statement::{Predicate, Statement, Subject, predicate_type};
use crate::registry::Registry;
use crate::registry::intake::{Accepted, Contents, Known, examine};
use crate::registry::model::state::{self, By, SubmissionEvent};
use crate::registry::model::{
    Actor, Challenge, ChallengeState, JudgedReport, Moment, Product, Receipt, Refusal, RefusalCode, Registration,
    RegistrationNumber, RegistrationState, Role, Submission, SubmissionFilter, SubmissionId, SubmissionState, Vendor,
    VendorId, VendorKey, Waiver,
};
use crate::registry::store::{StoreError, Tx, Value, fresh_id, jobs, refer, values};
use crate::text::Text;

stored! {
    Submission, "submission", "received DESC, id DESC", |it| it.id, {
        "vendor": it.vendor.as_str(),
        "product": it.product.as_str(),
        "version": it.version.as_str(),
        "challenge": it.challenge.as_str(),
        "manifest": it.manifest,
        "state": it.state.word(),
        "received": it.received.0,
    };
}

/// `submission-receipt/v1`: that and when the register took a bundle.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubmissionReceipt {
    /// When.
    pub received_at: String,
    /// Its number in the register.
    pub submission: String,
    /// 法人番号 of the vendor.
    pub vendor: String,
}

impl Predicate for SubmissionReceipt {
    const TYPE: &'static str = predicate_type!("submission-receipt/v1");
}

/// A bundle that was not taken.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedBundle {
    /// When.
    pub at: Moment,
    /// Digest of its manifest, as far as it could be read.
    pub manifest: Option<Digest>,
    /// Why.
    pub refusals: Vec<Refusal>,
}

/// What intake knows of a bundle that it takes.
struct Taken<'a> {
    id: SubmissionId,
    contents: &'a Contents,
    bundle: Digest,
    report: Digest,
    size: u64,
}

impl Registry {
    /// Takes a bundle file. It is compared with the register at once and judged again by a worker. The same bundle sent again
    /// gives the same receipt.
    ///
    /// # Errors
    /// `Refused` with all reasons; `Forbidden` but for vendors.
    pub fn submit(&self, actor: &Actor, bundle: &Path) -> Done<Receipt> {
        let vendor = vendor_of(actor)?;
        let contents = match Contents::read(bundle, &self.rules().bundle) {
            Ok(contents) => contents,
            Err(refusals) => return Err(self.refused(actor, vendor, None, refusals)?),
        };
        if let Some(receipt) = self.receipt_of(vendor, &contents.manifest)? {
            return Ok(receipt);
        }
        let now = self.now();
        let first = self.store().read(|tx| {
            let known = known(tx, vendor, &contents, now)?;
            Ok::<_, ServiceError>(examine(&contents, &known, self.rules()).map(|_| ()))
        })?;
        if let Err(refusals) = first {
            return Err(self.refused(actor, vendor, Some(contents.manifest), refusals)?);
        }
        // Blobs first: a row never names what is not there. Without a row they are litter, and no harm.
        let blobs = self.store().blobs();
        let taken = Taken {
            id: SubmissionId::from(fresh_id(SubmissionId::PREFIX)),
            bundle: blobs.put_file(bundle)?,
            report: blobs.put(&contents.report)?,
            size: std::fs::metadata(bundle)
                .map_err(|error| ServiceError::internal("bundle", error))?
                .len(),
            contents: &contents,
        };
        let outcome = self.act(actor, |act| {
            let known = known(act.tx, vendor, &contents, act.now)?;
            match examine(&contents, &known, self.rules()) {
                Ok(accepted) => self.take(act, &taken, &known, &accepted).map(Ok),
                Err(refusals) => Ok(Err(refusals)),
            }
        })?;
        match outcome {
            Ok(receipt) => Ok(receipt),
            // Another one was faster with the same challenge, or with the same bundle.
            Err(refusals) => match self.receipt_of(vendor, &contents.manifest)? {
                Some(receipt) => Ok(receipt),
                None => Err(self.refused(actor, vendor, Some(contents.manifest), refusals)?),
            },
        }
    }

    fn take(&self, act: &mut Act<'_>, taken: &Taken<'_>, known: &Known, accepted: &Accepted) -> Done<Receipt> {
        let (contents, received) = (taken.contents, act.now);
        let statement = Statement {
            subject: vec![Subject::new("bundle manifest", contents.manifest)],
            predicate: SubmissionReceipt {
                received_at: received.to_string(),
                submission: taken.id.as_str().to_owned(),
                vendor: known.vendor.corporate_number.clone(),
            },
        };
        let receipt = sign_statement(&statement, &self.keys().decision)?;
        let says = &contents.statement.predicate;
        let payload = contents
            .statement
            .to_bytes()
            .map_err(|error| ServiceError::internal("statement", error))?;
        let version = &accepted.version;
        let submission = Submission {
            id: taken.id.clone(),
            vendor: version.vendor.clone(),
            product: version.product.clone(),
            version: version.id.clone(),
            challenge: accepted.challenge.id.clone(),
            state: SubmissionState::Judging,
            received,
            changed: received,
            manifest: contents.manifest,
            bundle: taken.bundle,
            size: taken.size,
            report: taken.report,
            statement: Digest::of(&payload),
            envelope: contents.lines.clone(),
            key: accepted.key.id.clone(),
            suite: says.suite.digest.sha256,
            harness: says.harness.version.clone(),
            profiles: says.profiles.iter().map(|profile| profile.id.clone()).collect(),
            run_started: Moment::parse(&says.run.started_at).unwrap_or(received),
            claimed: contents.claimed(),
            judged: None,
            refusals: Vec::new(),
            base: base_of(act.tx, version.product.as_str(), version.id.as_str())?.map(|(number, _)| number),
            delta: Vec::new(),
            examiner: None,
            proposal: None,
            registration: None,
            receipt: receipt.envelope.clone(),
        };
        insert(act.tx, &submission)?;
        let at = received.0;
        refer(act.tx, &taken.bundle, taken.size, "bundle", taken.id.as_str(), at)?;
        refer(
            act.tx,
            &taken.report,
            contents.report.len() as u64,
            "report",
            taken.id.as_str(),
            at,
        )?;
        let mut challenge = accepted.challenge.clone();
        challenge.state = ChallengeState::Used;
        challenge.submission = Some(taken.id.clone());
        update(act.tx, &challenge)?;
        jobs::enqueue(act.tx, REJUDGE, &taken.id, taken.id.as_str(), received.0)?;
        let detail = json!({"manifest": contents.manifest, "challenge": challenge.id, "key": accepted.key.id});
        act.audit("submission.take", taken.id.as_str(), &detail)?;
        let text = Text::new(
            format!(
                "バンドルを受け付けました（{}）。署名した鍵: {}",
                taken.id, accepted.key.label
            ),
            format!(
                "A bundle was taken ({}), signed with the key {}.",
                taken.id, accepted.key.label
            ),
        );
        notify(
            act,
            &Notify::vendor(&submission.vendor, "submission.take", taken.id.as_str(), text),
        )?;
        Ok(Receipt {
            submission: taken.id.clone(),
            manifest: contents.manifest,
            received,
            envelope: receipt.envelope,
            again: false,
        })
    }

    fn receipt_of(&self, vendor: &VendorId, manifest: &Digest) -> Done<Option<Receipt>> {
        self.store().read(|tx| {
            let found: Vec<Submission> =
                list(tx, "manifest = ?1 AND vendor = ?2", &values![manifest, vendor.as_str()])?;
            Ok(found.into_iter().next().map(|submission| Receipt {
                submission: submission.id,
                manifest: submission.manifest,
                received: submission.received,
                envelope: submission.receipt,
                again: true,
            }))
        })
    }

    /// Writes down that a bundle was refused.
    fn refused(
        &self,
        actor: &Actor,
        vendor: &VendorId,
        manifest: Option<Digest>,
        refusals: Vec<Refusal>,
    ) -> Done<ServiceError> {
        let id = fresh_id("rfs");
        self.act(actor, |act| {
            let refused = RefusedBundle {
                at: act.now,
                manifest,
                refusals: refusals.clone(),
            };
            let data = serde_json::to_string(&refused).map_err(|error| ServiceError::internal("refusal", error))?;
            act.tx.execute(
                "INSERT INTO refused_bundle (id, vendor, at, data) VALUES (?1, ?2, ?3, ?4)",
                &values![&id, vendor.as_str(), act.now.0, data],
            )?;
            let codes: Vec<&str> = refusals.iter().map(|refusal| refusal.code.word()).collect();
            act.audit(
                "submission.refuse",
                vendor.as_str(),
                &json!({"manifest": manifest, "codes": codes}),
            )?;
            Ok(())
        })?;
        Ok(ServiceError::Refused(refusals))
    }

    /// Bundles of a vendor that were not taken, newest first, at most 100.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn refused_bundles(&self, actor: &Actor, vendor: &VendorId) -> Done<Vec<RefusedBundle>> {
        may_read(actor, vendor)?;
        self.store().read(|tx| {
            let rows = tx.query(
                "SELECT data FROM refused_bundle WHERE vendor = ?1 ORDER BY at DESC, id DESC LIMIT 100",
                &values![vendor.as_str()],
            )?;
            Ok(rows.iter().map(|row| row.json(0)).collect::<Result<_, StoreError>>()?)
        })
    }

    /// One submission. An audit row tells which member of the staff read it.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn submission(&self, actor: &Actor, id: &SubmissionId) -> Done<Submission> {
        self.read_unpublished(actor, "submission.read", id.as_str(), |tx| readable(tx, actor, id))
    }

    /// Submissions, newest first: a vendor sees its own, staff all.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn submissions(&self, actor: &Actor, filter: &SubmissionFilter) -> Done<Vec<Submission>> {
        let mut conditions = Conditions::default();
        conditions
            .equal("vendor", filter.vendor.as_ref().map(|id| id.as_str()))
            .equal("product", filter.product.as_ref().map(|id| id.as_str()))
            .equal("version", filter.version.as_ref().map(|id| id.as_str()))
            .among("state", filter.states.iter().map(|state| state.word()));
        match actor.role {
            Role::Vendor => {
                conditions.equal("vendor", Some(vendor_of(actor)?.as_str()));
            }
            _ if actor.is_staff() => {}
            _ => return Err(ServiceError::Forbidden),
        }
        self.read_unpublished(actor, "submission.list", "", |tx| {
            let found: Vec<Submission> = conditions.list(tx)?;
            Ok(found
                .into_iter()
                .map(|submission| shown_to(actor, submission))
                .collect())
        })
    }

    /// `report.json` of a submission.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn report_json(&self, actor: &Actor, id: &SubmissionId) -> Done<Vec<u8>> {
        let submission =
            self.read_unpublished(actor, "submission.report", id.as_str(), |tx| readable(tx, actor, id))?;
        Ok(self.store().blobs().get(&submission.report)?)
    }

    /// The bundle of a submission, as it was sent.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn bundle(&self, actor: &Actor, id: &SubmissionId) -> Done<Vec<u8>> {
        let submission =
            self.read_unpublished(actor, "submission.bundle", id.as_str(), |tx| readable(tx, actor, id))?;
        Ok(self.store().blobs().get(&submission.bundle)?)
    }

    /// Takes one's own submission back.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`; `Conflict` once it is decided.
    pub fn retract(&self, actor: &Actor, id: &SubmissionId) -> Done<Submission> {
        self.act(actor, |act| {
            let mut submission: Submission = find(act.tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            own(act.actor, &submission.vendor)?;
            step(act, &mut submission, SubmissionEvent::Retract, By::Role(Role::Vendor))?;
            Ok(submission)
        })
    }

    /// What this actor can do with a submission now: for buttons.
    pub fn submission_actions(&self, actor: &Actor, submission: &Submission) -> Vec<SubmissionEvent> {
        if actor.role == Role::Vendor && !actor.is_of(&submission.vendor) {
            return Vec::new();
        }
        state::possible(state::SUBMISSION, submission.state, By::Role(actor.role))
    }
}

/// Brings a submission from one state into the next, as the table says.
pub(super) fn step(act: &mut Act<'_>, submission: &mut Submission, event: SubmissionEvent, by: By) -> Done<()> {
    let to = state::next(state::SUBMISSION, submission.state, event, by).ok_or_else(|| {
        let (from, what) = (submission.state.title(), event.title());
        ServiceError::conflict(
            format!("「{}」の提出物に対して「{}」はできません。", from.ja, what.ja),
            format!("A submission that is {} cannot be changed: {}.", from.en, what.en),
        )
    })?;
    let from = submission.state;
    submission.state = to;
    submission.changed = act.now;
    update(act.tx, submission)?;
    let detail = json!({"from": from, "to": to});
    act.audit(&format!("submission.{event}"), submission.id.as_str(), &detail)?;
    Ok(())
}

/// Voids what rests on a key from the time on at which it was in other hands: open cases at once; for registrations the
/// staff is told, since only a decision can end them.
pub(super) fn void_by_key(act: &mut Act<'_>, key: &VendorKey) -> Done<()> {
    let Some(since) = key.compromised_since else {
        return Ok(());
    };
    let all: Vec<Submission> = list(act.tx, "vendor = ?1", &values![key.vendor.as_str()])?;
    for mut submission in all {
        if submission.key != key.id || submission.received < since {
            continue;
        }
        let id = submission.id.clone();
        if state::next(state::SUBMISSION, submission.state, SubmissionEvent::Void, By::System).is_some() {
            submission.refusals.push(Refusal::new(
                RefusalCode::KeyRevoked,
                Text::new(
                    format!("署名した鍵は {since} から漏えいしていたと申告されました。"),
                    format!("The key that signed is said to have been in other hands since {since}."),
                ),
                Text::new(
                    "新しい鍵を登録し、新しいチャレンジで実行し直してください。",
                    "Register a new key and run again with a new challenge.",
                ),
            ));
            step(act, &mut submission, SubmissionEvent::Void, By::System)?;
        } else if let Some(number) = submission.registration {
            let text = Text::new(
                format!("{number}: 根拠となるレポートは、漏えいした鍵で署名されています。停止を検討してください。"),
                format!("{number}: its report was signed with a leaked key. Consider suspending it."),
            );
            notify(act, &Notify::role(Role::Examiner, "key.compromised", id.as_str(), text))?;
        }
    }
    Ok(())
}

/// Reads a submission if the actor may.
pub(super) fn readable(tx: &mut dyn Tx, actor: &Actor, id: &SubmissionId) -> Done<Submission> {
    let submission: Submission = match actor.role {
        Role::Public | Role::Municipality => return Err(ServiceError::Forbidden),
        _ => find(tx, id.as_str())?.ok_or(ServiceError::NotFound)?,
    };
    may_read(actor, &submission.vendor)?;
    Ok(shown_to(actor, submission))
}

/// A vendor does not see what is proposed before it is decided.
fn shown_to(actor: &Actor, submission: Submission) -> Submission {
    if actor.role == Role::Vendor && submission.state == SubmissionState::Proposed {
        return Submission {
            proposal: None,
            ..submission
        };
    }
    submission
}

/// The registration in force of another version of a product whose results a new version is compared with.
pub(super) fn base_of(
    tx: &mut dyn Tx,
    product: &str,
    version: &str,
) -> Done<Option<(RegistrationNumber, Option<JudgedReport>)>> {
    let found: Vec<Registration> = list(
        tx,
        "product = ?1 AND version <> ?2 AND state = ?3",
        &values![product, version, RegistrationState::Active.word()],
    )?;
    let Some(registration) = found.into_iter().next() else {
        return Ok(None);
    };
    let submission: Option<Submission> = find(tx, registration.submission.as_str())?;
    Ok(Some((
        registration.number,
        submission.map(|submission| submission.judged.unwrap_or(submission.claimed)),
    )))
}

/// Everything in the register that bears on a bundle.
fn known(tx: &mut dyn Tx, vendor: &VendorId, contents: &Contents, now: Moment) -> Done<Known> {
    let owner: Vendor = find(tx, vendor.as_str())?.ok_or(ServiceError::NotFound)?;
    let says = &contents.statement;
    let subject = says.subject.first().map(|subject| subject.digest.sha256);
    let version = match subject {
        Some(digest) => version_with(tx, &digest)?,
        None => None,
    };
    let mut foreign_keys = Vec::new();
    for signature in contents.envelopes.iter().flat_map(|line| &line.signatures) {
        let key: Option<VendorKey> = find(tx, &signature.key.0)?;
        foreign_keys.extend(key.filter(|key| key.vendor != *vendor));
    }
    let suite = match suites::release(tx, &says.predicate.suite.digest.sha256)? {
        Some(release) => Some((release.suite, release.contents)),
        None => None,
    };
    let challenge: Option<Challenge> = match &says.predicate.run.challenge {
        Some(named) => challenge_at(tx, &named.id, now)?,
        None => None,
    };
    let waivers: Vec<Waiver> = match &version {
        Some(version) => list(
            tx,
            "product IS NULL OR product = ?1",
            &values![version.product.as_str()],
        )?,
        None => list(tx, "product IS NULL", &[])?,
    };
    let submitted = tx
        .one(
            "SELECT id FROM submission WHERE manifest = ?1",
            &values![contents.manifest],
        )?
        .is_some();
    let products: Vec<Product> = list(tx, "vendor = ?1", &values![vendor.as_str()])?;
    Ok(Known {
        now,
        vendor: owner,
        products,
        versions: list(tx, "vendor = ?1", &values![vendor.as_str()])?,
        version,
        keys: list(tx, "vendor = ?1", &values![vendor.as_str()])?,
        foreign_keys,
        challenge,
        suite,
        waivers,
        submitted,
    })
}
