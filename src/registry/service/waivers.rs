//! Waivers, and vendors' challenges against tests: data with reason, decider and end.

use serde_json::json;

use super::act::{Act, Done, Faults, only, vendor_of};
use super::notices::{Notify, notify};
use super::row::{Conditions, Stored, find, insert, list, stored, update};
use super::vendors::admitted;
use super::{ServiceError, TestChallengeForm, WaiverForm, suites};
use crate::attest::{Digest, canonical};
use crate::registry::Registry;
use crate::registry::model::{
    Actor, Product, ProductId, Role, Submission, TestChallenge, TestChallengeId, TestChallengeState, Waiver, WaiverId,
    WaiverState,
};
use crate::registry::store::{StoreError, Tx, Value, fresh_id, values};
use crate::text::Text;
use crate::text::date::Day;

stored! {
    Waiver, "waiver", "created, id", |it| it.id, {
        "product": it.product.as_ref().map(ProductId::as_str),
        "requirement": &it.requirement,
        "state": it.state.word(),
        "created": it.created.0,
    };
    TestChallenge, "test_challenge", "opened DESC, id DESC", |it| it.id, {
        "vendor": it.vendor.as_str(),
        "state": it.state.word(),
        "opened": it.opened.0,
    };
}

impl Registry {
    /// Asks for a waiver: a requirement that a product (or every product, if the test is defective) need not meet until a day.
    ///
    /// # Errors
    /// `Forbidden` but for examiners; `NotFound`, `Invalid`.
    pub fn add_waiver(&self, actor: &Actor, form: &WaiverForm) -> Done<Waiver> {
        only(actor, &[Role::Examiner])?;
        let mut faults = Faults::default();
        faults.both("reason", &form.reason, 2000);
        if self.corpus().requirement(&form.requirement).is_none() {
            faults.add(
                "requirement",
                format!("「{}」という要件はありません。", form.requirement),
                format!("There is no requirement `{}`.", form.requirement),
            );
        }
        if form.expires <= self.now().day() {
            faults.add(
                "expires",
                "今日より後の日付にしてください。",
                "It has to end in the future.",
            );
        }
        faults.done()?;
        let id = WaiverId::from(fresh_id(WaiverId::PREFIX));
        self.act(actor, |act| {
            if let Some(product) = &form.product {
                find::<Product>(act.tx, product.as_str())?.ok_or(ServiceError::NotFound)?;
            }
            let mut waiver = Waiver {
                id: id.clone(),
                product: form.product.clone(),
                requirement: form.requirement.clone(),
                reason: form.reason.clone(),
                state: WaiverState::Proposed,
                expires: form.expires,
                proposed_by: act.label()?,
                decided_by: None,
                created: act.now,
                digest: Digest([0; 32]),
            };
            waiver.digest = digest_of(&waiver)?;
            insert(act.tx, &waiver)?;
            act.tx.execute(
                "INSERT INTO waiver_account (id, account) VALUES (?1, ?2)",
                &values![id.as_str(), act.actor.account.as_str()],
            )?;
            act.audit("waiver.add", id.as_str(), &json!({"waiver": waiver}))?;
            let text = Text::new(
                format!("要件 {} への例外が提案されました。", waiver.requirement),
                format!("A waiver of {} waits for a decision.", waiver.requirement),
            );
            notify(act, &Notify::role(Role::Approver, "waiver.add", id.as_str(), text))?;
            Ok(waiver)
        })
    }

    /// Approves or refuses a waiver; never the person that asked for it.
    ///
    /// # Errors
    /// `Forbidden` but for approvers; `NotFound`; `Conflict` if it is decided.
    pub fn decide_waiver(&self, actor: &Actor, id: &WaiverId, approve: bool) -> Done<Waiver> {
        only(actor, &[Role::Approver])?;
        self.act(actor, |act| {
            let mut waiver: Waiver = find(act.tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            let asked = act.tx.one(
                "SELECT account FROM waiver_account WHERE id = ?1",
                &values![id.as_str()],
            )?;
            if asked.map(|row| row.text(0)).transpose()?.as_deref() == Some(act.actor.account.as_str()) {
                return Err(ServiceError::Forbidden);
            }
            if waiver.state != WaiverState::Proposed {
                return Err(ServiceError::conflict(
                    "この例外は決定済みです。",
                    "This waiver is decided already.",
                ));
            }
            waiver.state = if approve {
                WaiverState::Approved
            } else {
                WaiverState::Refused
            };
            waiver.decided_by = Some(act.label()?);
            update(act.tx, &waiver)?;
            act.audit(&format!("waiver.{}", waiver.state), id.as_str(), &json!({}))?;
            Ok(waiver)
        })
    }

    /// Waivers, oldest first: of one product and those for all, or all. A vendor sees those of its products.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn waivers(&self, actor: &Actor, product: Option<&ProductId>) -> Done<Vec<Waiver>> {
        match (actor.role, product) {
            (Role::Vendor, Some(product)) => {
                self.product(actor, product)?;
            }
            _ if actor.is_staff() => {}
            _ => return Err(ServiceError::Forbidden),
        }
        self.store().read(|tx| {
            Ok(match product {
                Some(product) => list(tx, "product IS NULL OR product = ?1", &values![product.as_str()])?,
                None => list(tx, "1 = 1", &[])?,
            })
        })
    }

    /// Challenges a test: the vendor holds that it is wrong, and says why.
    ///
    /// # Errors
    /// `Forbidden` but for vendors; `NotFound`, `Invalid`; `Conflict` if the vendor is not admitted.
    pub fn challenge_test(&self, actor: &Actor, form: &TestChallengeForm) -> Done<TestChallenge> {
        let vendor = vendor_of(actor)?;
        let mut faults = Faults::default();
        faults.text("argument", &form.argument, 20_000);
        if self.corpus().requirement(&form.test).is_none() && self.corpus().scenario(&form.test).is_none() {
            faults.add(
                "test",
                format!("「{}」という要件またはシナリオはありません。", form.test),
                format!("There is no requirement or scenario `{}`.", form.test),
            );
        }
        faults.done()?;
        let id = TestChallengeId::from(fresh_id(TestChallengeId::PREFIX));
        self.act(actor, |act| {
            admitted(act.tx, vendor)?;
            if let Some(submission) = &form.submission {
                let submission: Option<Submission> = find(act.tx, submission.as_str())?;
                if submission.is_none_or(|submission| submission.vendor != *vendor) {
                    return Err(ServiceError::NotFound);
                }
            }
            let suite = suites::active(act.tx, act.now.day())?.ok_or_else(|| {
                ServiceError::conflict("有効な試験スイートがありません。", "There is no active suite.")
            })?;
            let challenge = TestChallenge {
                id: id.clone(),
                vendor: vendor.clone(),
                test: form.test.clone(),
                suite: suite.digest,
                argument: form.argument.trim().to_owned(),
                submission: form.submission.clone(),
                state: TestChallengeState::Open,
                opened: act.now,
                resolution: None,
                resolved_by: None,
                expires: None,
            };
            insert(act.tx, &challenge)?;
            act.audit("test-challenge.open", id.as_str(), &json!({"test": challenge.test}))?;
            let text = Text::new(
                format!("試験 {} への異議が申し立てられました。", challenge.test),
                format!("The test {} is challenged.", challenge.test),
            );
            notify(
                act,
                &Notify::role(Role::Approver, "test-challenge.open", id.as_str(), text),
            )?;
            Ok(challenge)
        })
    }

    /// Decides a challenge against a test, with a reason that is published. An accepted one excuses the test for all until a
    /// day: it becomes a waiver of the requirement, approved with the same decision.
    ///
    /// # Errors
    /// `Forbidden` but for approvers; `NotFound`, `Invalid`; `Conflict` if it is decided.
    pub fn resolve_test_challenge(
        &self,
        actor: &Actor,
        id: &TestChallengeId,
        accept: bool,
        resolution: &Text,
        expires: Option<Day>,
    ) -> Done<TestChallenge> {
        only(actor, &[Role::Approver])?;
        let mut faults = Faults::default();
        faults.both("resolution", resolution, 5000);
        if accept && expires.is_none_or(|last| last <= self.now().day()) {
            faults.add(
                "expires",
                "今日より後の終了日が必要です。",
                "A last day in the future is needed.",
            );
        }
        faults.done()?;
        let waiver = WaiverId::from(fresh_id(WaiverId::PREFIX));
        self.act(actor, |act| {
            let mut challenge: TestChallenge = find(act.tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            if challenge.state != TestChallengeState::Open {
                return Err(ServiceError::conflict(
                    "この異議は決定済みです。",
                    "This challenge is decided already.",
                ));
            }
            challenge.state = if accept {
                TestChallengeState::Accepted
            } else {
                TestChallengeState::Rejected
            };
            challenge.resolution = Some(resolution.clone());
            challenge.resolved_by = Some(act.label()?);
            challenge.expires = expires.filter(|_| accept);
            update(act.tx, &challenge)?;
            let detail = json!({"accepted": accept, "resolution": resolution});
            act.audit("test-challenge.resolve", id.as_str(), &detail)?;
            if let Some(last) = challenge
                .expires
                .filter(|_| self.corpus().requirement(&challenge.test).is_some())
            {
                excuse(act, &waiver, &challenge, last)?;
            }
            let title = challenge.state.title();
            let text = Text::new(
                format!("試験 {} への異議: {}（{}）", challenge.test, title.ja, resolution.ja),
                format!("Your challenge of {}: {} ({})", challenge.test, title.en, resolution.en),
            );
            notify(
                act,
                &Notify::vendor(&challenge.vendor, "test-challenge.resolve", id.as_str(), text),
            )?;
            Ok(challenge)
        })
    }

    /// Challenges against tests, newest first: a vendor sees its own, staff all.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn test_challenges(&self, actor: &Actor, state: Option<TestChallengeState>) -> Done<Vec<TestChallenge>> {
        let mut conditions = Conditions::default();
        conditions.equal("state", state.map(TestChallengeState::word));
        match actor.role {
            Role::Vendor => {
                conditions.equal("vendor", Some(vendor_of(actor)?.as_str()));
            }
            _ if actor.is_staff() => {}
            _ => return Err(ServiceError::Forbidden),
        }
        self.store().read(|tx| Ok(conditions.list(tx)?))
    }
}

fn excuse(act: &mut Act<'_>, id: &WaiverId, challenge: &TestChallenge, last: Day) -> Done<()> {
    let label = act.label()?;
    let mut waiver = Waiver {
        id: id.clone(),
        product: None,
        requirement: challenge.test.clone(),
        reason: challenge.resolution.clone().unwrap_or_default(),
        state: WaiverState::Approved,
        expires: last,
        proposed_by: label.clone(),
        decided_by: Some(label),
        created: act.now,
        digest: Digest([0; 32]),
    };
    waiver.digest = digest_of(&waiver)?;
    insert(act.tx, &waiver)?;
    act.audit("waiver.approved", id.as_str(), &json!({"testChallenge": challenge.id}))?;
    Ok(())
}

/// What decisions name: what is waived, for whom, why and until when; not how far it got.
fn digest_of(waiver: &Waiver) -> Done<Digest> {
    let said = json!({
        "expires": waiver.expires,
        "id": waiver.id,
        "product": waiver.product,
        "reason": waiver.reason,
        "requirement": waiver.requirement,
        "schema": "waiver/v1",
    });
    let bytes = canonical::to_bytes(&said).map_err(|error| ServiceError::internal("waiver", error))?;
    Ok(Digest::of(&bytes))
}

/// Marks approved waivers whose last day is over.
pub(super) fn expire(tx: &mut dyn Tx, today: Day) -> Result<(), StoreError> {
    let approved: Vec<Waiver> = list(tx, "state = ?1", &values![WaiverState::Approved.word()])?;
    for waiver in approved {
        if today > waiver.expires {
            update(
                tx,
                &Waiver {
                    state: WaiverState::Expired,
                    ..waiver
                },
            )?;
        }
    }
    Ok(())
}
