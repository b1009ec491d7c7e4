//! Registrations: reading them, and what happens to them later. Nothing is ever deleted.

use serde_json::json;

use super::act::{Act, Done, Faults, only, own};
use super::events::{self, NewEvent, StoredEvent};
use super::notices::{Notify, notify};
use super::row::{Conditions, Stored, find, insert, list, stored, update};
use super::{Order, ServiceError};
use crate::attest::Digest;
use crate::registry::Registry;
use crate::registry::model::state::{self, By, RegistrationEvent};
use crate::registry::model::{
    Actor, Event, EventKind, JudgedReport, Moment, Product, ProductVersion, PublicReason, Recommendation,
    RecommendationId, Registration, RegistrationFilter, RegistrationNumber, RegistrationState, Role, Submission,
    Vendor, Waiver,
};
use crate::registry::store::{Tx, Value, fresh_id, values};
use crate::text::Text;

stored! {
    Recommendation, "recommendation", "at DESC, id DESC", |it| it.id, {
        "registration": it.registration.to_string(),
        "account": it.account.as_str(),
        "open": it.open,
        "at": it.at.0,
    };
}

impl Registry {
    /// Registrations, newest first; public.
    ///
    /// # Errors
    /// Those of the store.
    pub fn registrations(&self, filter: &RegistrationFilter) -> Done<Vec<Registration>> {
        let mut conditions = Conditions::default();
        conditions
            .equal("vendor", filter.vendor.as_ref().map(|id| id.as_str()))
            .equal("product", filter.product.as_ref().map(|id| id.as_str()))
            .at_most("valid_until", filter.expires_by.map(|day| day.to_string()));
        let now = self.now();
        let found: Vec<Registration> = self.store().read(|tx| conditions.list(tx))?;
        let found = found.into_iter().map(|registration| as_of(registration, now));
        Ok(found
            .filter(|registration| filter.states.is_empty() || filter.states.contains(&registration.state))
            .collect())
    }

    /// One registration; public.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn registration(&self, number: RegistrationNumber) -> Done<Registration> {
        let now = self.now();
        self.store().read(|tx| Ok(as_of(found(tx, number)?, now)))
    }

    /// Events of a registration, oldest first; public.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn events(&self, number: RegistrationNumber) -> Done<Vec<Event>> {
        self.store().read(|tx| {
            found(tx, number)?;
            let events = events::of_registration(tx, number)?;
            Ok(events.into_iter().map(|stored| stored.event).collect())
        })
    }

    /// Events of all registrations from a place in the log on, in its order, so many at most; public.
    ///
    /// # Errors
    /// Those of the store.
    pub fn changes(&self, since: u64, count: usize) -> Done<Vec<Event>> {
        let count = count.min(1000);
        self.store().read(|tx| {
            let rows = tx.query(
                "SELECT data FROM registration_event WHERE log_index >= ?1 ORDER BY log_index LIMIT ?2",
                &values![
                    i64::try_from(since).unwrap_or(i64::MAX),
                    i64::try_from(count).unwrap_or(i64::MAX)
                ],
            )?;
            let stored = rows.iter().map(|row| row.json::<StoredEvent>(0));
            Ok(stored
                .map(|stored| stored.map(|stored| stored.event))
                .collect::<Result<_, _>>()?)
        })
    }

    /// Vendor, product and version of a registration, as far as they are published.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn registered_product(&self, number: RegistrationNumber) -> Done<(Vendor, Product, ProductVersion)> {
        self.store().read(|tx| {
            let registration = found(tx, number)?;
            let vendor: Vendor = find(tx, registration.vendor.as_str())?.ok_or(ServiceError::NotFound)?;
            let product = find(tx, registration.product.as_str())?.ok_or(ServiceError::NotFound)?;
            let version = find(tx, registration.version.as_str())?.ok_or(ServiceError::NotFound)?;
            let published = Vendor {
                email: String::new(),
                note: String::new(),
                ..vendor
            };
            Ok((published, product, version))
        })
    }

    /// Waivers that the decision on a registration counts; public.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn registration_waivers(&self, number: RegistrationNumber) -> Done<Vec<Waiver>> {
        self.store().read(|tx| {
            let submission = submission_of(tx, number)?;
            let Some(super::review::Decided { waivers }) = super::review::decided(&submission) else {
                return Ok(Vec::new());
            };
            let mut found = Vec::new();
            for id in waivers {
                found.extend(find::<Waiver>(tx, id.as_str())?);
            }
            Ok(found)
        })
    }

    /// Verdict by requirement, as the register judged the evidence that a registration rests on; public.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn registered_results(&self, number: RegistrationNumber) -> Done<JudgedReport> {
        self.store().read(|tx| {
            let submission = submission_of(tx, number)?;
            Ok(submission.judged.unwrap_or(submission.claimed))
        })
    }

    /// The signed report (DSSE line) that a registration rests on, by the digest of its payload; public. A report without a
    /// registration is not.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn report_statement(&self, digest: &Digest) -> Done<Vec<u8>> {
        self.store().read(|tx| {
            let row = tx.one(
                "SELECT envelope FROM public_report WHERE id = ?1",
                &values![digest.to_string()],
            )?;
            Ok(row.ok_or(ServiceError::NotFound)?.text(0)?.into_bytes())
        })
    }

    /// An examiner's recommendation that something should happen to a registration: an approver can then order it (four
    /// eyes).
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Invalid`; `Conflict` if it cannot happen in this state.
    pub fn recommend(
        &self,
        actor: &Actor,
        number: RegistrationNumber,
        event: RegistrationEvent,
        reason: &PublicReason,
    ) -> Done<Recommendation> {
        only(actor, &[Role::Examiner])?;
        checked(reason)?;
        let id = RecommendationId::from(fresh_id(RecommendationId::PREFIX));
        self.act(actor, |act| {
            let registration = as_of(found(act.tx, number)?, act.now);
            next(registration.state, event, By::Role(Role::Approver))?;
            let recommendation = Recommendation {
                id: id.clone(),
                registration: number,
                event,
                reason: reason.clone(),
                by: act.label()?,
                account: act.actor.account.clone(),
                at: act.now,
                open: true,
            };
            insert(act.tx, &recommendation)?;
            act.audit(
                "registration.recommend",
                &number.to_string(),
                &json!({"event": event, "reason": reason}),
            )?;
            let title = event.title();
            let text = Text::new(
                format!("{number}: 審査員が「{}」を提案しました。", title.ja),
                format!("{number}: an examiner recommends: {}.", title.en),
            );
            notify(
                act,
                &Notify::role(Role::Approver, "registration.recommend", &number.to_string(), text),
            )?;
            Ok(recommendation)
        })
    }

    /// Recommendations that no approver has followed yet; staff only.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn recommendations(&self, actor: &Actor, number: Option<RegistrationNumber>) -> Done<Vec<Recommendation>> {
        if !actor.is_staff() {
            return Err(ServiceError::Forbidden);
        }
        let number = number.map(|number| number.to_string());
        self.store().read(|tx| {
            let open: Vec<Recommendation> = list(tx, "open = 1", &[])?;
            Ok(open
                .into_iter()
                .filter(|one| {
                    number
                        .as_ref()
                        .is_none_or(|number| one.registration.to_string() == *number)
                })
                .collect())
        })
    }

    /// Suspends a registration. Approver, on an examiner's recommendation.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Invalid`; `Conflict` in another state or without a recommendation.
    pub fn suspend(&self, actor: &Actor, number: RegistrationNumber, order: &Order) -> Done<Registration> {
        self.order(
            actor,
            number,
            RegistrationEvent::Suspend,
            EventKind::Suspended,
            order,
            None,
        )
    }

    /// Brings a suspended registration back into force. Approver, on an examiner's recommendation.
    ///
    /// # Errors
    /// As [`Registry::suspend`].
    pub fn reinstate(&self, actor: &Actor, number: RegistrationNumber, order: &Order) -> Done<Registration> {
        self.order(
            actor,
            number,
            RegistrationEvent::Reinstate,
            EventKind::Reinstated,
            order,
            None,
        )
    }

    /// Takes a registration away (approver, on an examiner's recommendation), or gives one's own back (vendor).
    ///
    /// # Errors
    /// As [`Registry::suspend`].
    pub fn withdraw(&self, actor: &Actor, number: RegistrationNumber, order: &Order) -> Done<Registration> {
        let event = match actor.role {
            Role::Vendor => RegistrationEvent::GiveBack,
            _ => RegistrationEvent::Withdraw,
        };
        self.order(actor, number, event, EventKind::Withdrawn, order, None)
    }

    /// Lets another registration of the same product take the place of this one. Approver, on an examiner's recommendation.
    ///
    /// # Errors
    /// As [`Registry::suspend`]; `Conflict` if the other one is of another product or not in force.
    pub fn supersede(
        &self,
        actor: &Actor,
        number: RegistrationNumber,
        by: RegistrationNumber,
        order: &Order,
    ) -> Done<Registration> {
        self.order(
            actor,
            number,
            RegistrationEvent::Supersede,
            EventKind::Superseded,
            order,
            Some(by),
        )
    }

    fn order(
        &self,
        actor: &Actor,
        number: RegistrationNumber,
        event: RegistrationEvent,
        kind: EventKind,
        order: &Order,
        successor: Option<RegistrationNumber>,
    ) -> Done<Registration> {
        only(actor, &[Role::Approver, Role::Vendor])?;
        let mut order = order.clone();
        if actor.role == Role::Vendor {
            // What the catalog tells a vendor's own withdrawal by.
            order.reason.code = "vendor-request".into();
        }
        checked(&order.reason)?;
        let registration = self.act(actor, |act| {
            let mut registration = found(act.tx, number)?;
            if act.actor.role == Role::Vendor {
                own(act.actor, &registration.vendor)?;
            } else {
                follow_recommendation(act, number, event, order.proposed_by.as_deref())?;
            }
            let current = as_of(registration.clone(), act.now).state;
            registration.state = next(current, event, By::Role(act.actor.role))?;
            registration.since = act.now.day();
            if let Some(other) = successor {
                succeed(act, &mut registration, other)?;
            }
            let version: ProductVersion = find(act.tx, registration.version.as_str())?.ok_or(ServiceError::NotFound)?;
            let new = NewEvent {
                reason: Some(order.reason.clone()),
                review_by: order.review_by,
                successor,
                ..NewEvent::of(kind)
            };
            events::record(self, act, &mut registration, &version, &new)?;
            let title = kind.title();
            let text = Text::new(
                format!("{number}: {}（{}）", title.ja, order.reason.public.ja),
                format!("{number}: {} ({})", title.en, order.reason.public.en),
            );
            notify(
                act,
                &Notify::vendor(&registration.vendor, "registration.event", &number.to_string(), text),
            )?;
            Ok(registration)
        })?;
        self.publish_soon();
        Ok(registration)
    }

    /// What this actor can do with a registration now: for buttons. Approvers need a recommendation as well.
    pub fn registration_actions(&self, actor: &Actor, registration: &Registration) -> Vec<RegistrationEvent> {
        if actor.role == Role::Vendor && !actor.is_of(&registration.vendor) {
            return Vec::new();
        }
        let state = as_of(registration.clone(), self.now()).state;
        state::possible(state::REGISTRATION, state, By::Role(actor.role))
    }
}

/// A registration as it stands at a time: one in force past its last day is expired, whether or not the event is there.
pub(super) fn as_of(registration: Registration, now: Moment) -> Registration {
    if registration.state == RegistrationState::Active && now.day() > registration.valid_until {
        return Registration {
            state: RegistrationState::Expired,
            since: registration.valid_until.next().unwrap_or(registration.valid_until),
            ..registration
        };
    }
    registration
}

/// The registration of a number, as the tables have it.
pub(super) fn found(tx: &mut dyn Tx, number: RegistrationNumber) -> Done<Registration> {
    find(tx, &number.to_string())?.ok_or(ServiceError::NotFound)
}

fn submission_of(tx: &mut dyn Tx, number: RegistrationNumber) -> Done<Submission> {
    let registration = found(tx, number)?;
    find(tx, registration.submission.as_str())?.ok_or(ServiceError::NotFound)
}

/// The state after an event, or why there is none.
pub(super) fn next(from: RegistrationState, event: RegistrationEvent, by: By) -> Done<RegistrationState> {
    state::next(state::REGISTRATION, from, event, by).ok_or_else(|| {
        let (state, what) = (from.title(), event.title());
        ServiceError::conflict(
            format!("登録が「{}」の状態では「{}」はできません。", state.ja, what.ja),
            format!("A registration that is {} cannot be changed: {}.", state.en, what.en),
        )
    })
}

fn checked(reason: &PublicReason) -> Done<()> {
    let mut faults = Faults::default();
    faults.text("reason.code", &reason.code, 60);
    faults.both("reason.public", &reason.public, 1000);
    faults.done()
}

fn follow_recommendation(
    act: &mut Act<'_>,
    number: RegistrationNumber,
    event: RegistrationEvent,
    by: Option<&str>,
) -> Done<()> {
    let open: Vec<Recommendation> = list(act.tx, "registration = ?1 AND open = 1", &values![number.to_string()])?;
    let own_account = act.actor.account.clone();
    let fitting = open
        .into_iter()
        .find(|one| one.event == event && one.account != own_account && by.is_none_or(|label| one.by == label));
    let Some(recommendation) = fitting else {
        return Err(ServiceError::conflict(
            "審査員による提案がありません。決定には、別の審査員の提案が必要です（四眼原則）。",
            "No examiner has recommended this. A decision needs the recommendation of another person (four eyes).",
        ));
    };
    update(
        act.tx,
        &Recommendation {
            open: false,
            ..recommendation
        },
    )?;
    Ok(())
}

fn succeed(act: &mut Act<'_>, registration: &mut Registration, other: RegistrationNumber) -> Done<()> {
    let now = act.now;
    let mut successor = find::<Registration>(act.tx, &other.to_string())?.ok_or(ServiceError::NotFound)?;
    let in_force = as_of(successor.clone(), now).state == RegistrationState::Active;
    if successor.product != registration.product || successor.number == registration.number || !in_force {
        return Err(ServiceError::conflict(
            "後継は、同じ製品の有効な別の登録でなければなりません。",
            "The successor has to be another registration of the same product that is in force.",
        ));
    }
    registration.successor = Some(other);
    successor.predecessor = Some(registration.number);
    update(act.tx, &successor)?;
    Ok(())
}
