//! Challenges: the nonce that seeds the test data of a run. Each one is an attempt that examiners see.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::act::{Done, Faults, may_read, own, vendor_of};
use super::row::{Conditions, Stored, find, insert, list, stored, update};
use super::vendors::admitted;
use super::{ServiceError, suites};
use crate::attest::canonical;
use crate::evidence::ChallengeFacts;
use crate::registry::Registry;
use crate::registry::model::{Actor, Challenge, ChallengeId, ChallengeState, Moment, ProductVersion, Role, VersionId};
use crate::registry::store::{Tx, Value, fresh_id, values};

stored! {
    Challenge, "challenge", "opened DESC, attempt DESC, id DESC", |it| it.id, {
        "version": it.version.as_str(),
        "vendor": it.vendor.as_str(),
        "attempt": it.attempt,
        "state": it.state.word(),
        "opened": it.opened.0,
        "expires": it.expires.0,
    };
}

impl Registry {
    /// Opens a challenge for a version and the profiles that its run will claim. It can be used once, within the days that
    /// the rules say.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Invalid`; `Conflict` if the vendor is not admitted, too many are open, or no suite is
    /// active.
    pub fn open_challenge(&self, actor: &Actor, version: &VersionId, profiles: &[String]) -> Done<Challenge> {
        vendor_of(actor)?;
        let profiles = self.known_profiles(profiles)?;
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce).map_err(|error| ServiceError::internal("random numbers", error))?;
        let id = ChallengeId::from(fresh_id(ChallengeId::PREFIX));
        self.act(actor, |act| {
            let version: ProductVersion = find(act.tx, version.as_str())?.ok_or(ServiceError::NotFound)?;
            own(act.actor, &version.vendor)?;
            let vendor = admitted(act.tx, &version.vendor)?;
            let suite = suites::active(act.tx, act.now.day())?.ok_or_else(|| {
                ServiceError::conflict("有効な試験スイートがありません。", "There is no active suite.")
            })?;
            let before: Vec<Challenge> = list(act.tx, "version = ?1", &values![version.id.as_str()])?;
            let open = before
                .iter()
                .filter(|challenge| as_of(challenge, act.now) == ChallengeState::Open);
            if open.count() >= self.rules().open_challenges {
                return Err(ServiceError::conflict(
                    "未使用のチャレンジが上限に達しています。使うか、放棄してください。",
                    "Too many challenges of this version are open. Use them or give them up.",
                ));
            }
            let attempt = before.iter().map(|challenge| challenge.attempt).max().unwrap_or(0) + 1;
            let expires = act.now.add_days(self.rules().challenge_days).whole_second();
            let encoded = BASE64_STANDARD.encode(nonce);
            let file = json!({
                "challengeId": id.as_str(),
                "expires": expires.to_string(),
                "nonce": encoded,
                "product": {"sha256": version.digest},
                "profiles": profiles,
                "schema": "challenge/v1",
                "suite": {"sha256": suite.digest},
                "vendor": vendor.corporate_number,
            });
            let file = canonical::to_bytes(&file).map_err(|error| ServiceError::internal("challenge", error))?;
            let challenge = Challenge {
                id: id.clone(),
                version: version.id.clone(),
                product: version.product.clone(),
                vendor: version.vendor.clone(),
                profiles: profiles.clone(),
                suite: suite.digest,
                seed: ChallengeFacts {
                    id: id.as_str().to_owned(),
                    nonce: encoded.clone(),
                }
                .seed(),
                nonce: encoded,
                attempt,
                state: ChallengeState::Open,
                opened: act.now,
                expires,
                submission: None,
                file: String::from_utf8(file).map_err(|error| ServiceError::internal("challenge", error))?,
            };
            insert(act.tx, &challenge)?;
            let detail = json!({"version": version.id.as_str(), "attempt": attempt, "profiles": profiles});
            act.audit("challenge.open", id.as_str(), &detail)?;
            Ok(challenge)
        })
    }

    /// Gives a challenge up: it stays visible as an attempt.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`; `Conflict` if it is not open.
    pub fn abandon_challenge(&self, actor: &Actor, id: &ChallengeId) -> Done<Challenge> {
        self.act(actor, |act| {
            let mut challenge: Challenge = find(act.tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            own(act.actor, &challenge.vendor)?;
            if as_of(&challenge, act.now) != ChallengeState::Open {
                return Err(ServiceError::conflict(
                    "このチャレンジは有効ではありません。",
                    "This challenge is not open.",
                ));
            }
            challenge.state = ChallengeState::Abandoned;
            update(act.tx, &challenge)?;
            act.audit("challenge.abandon", id.as_str(), &json!({}))?;
            Ok(challenge)
        })
    }

    /// Challenges, newest first: of one version, or all that the actor may see.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn challenges(&self, actor: &Actor, version: Option<&VersionId>) -> Done<Vec<Challenge>> {
        let mut conditions = Conditions::default();
        conditions.equal("version", version.map(VersionId::as_str));
        match actor.role {
            Role::Vendor => {
                conditions.equal("vendor", Some(vendor_of(actor)?.as_str()));
            }
            _ if actor.is_staff() => {}
            _ => return Err(ServiceError::Forbidden),
        }
        let now = self.now();
        let found: Vec<Challenge> = self.store().read(|tx| conditions.list(tx))?;
        Ok(found.into_iter().map(|challenge| shown(challenge, now)).collect())
    }

    /// One challenge.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn challenge(&self, actor: &Actor, id: &ChallengeId) -> Done<Challenge> {
        let now = self.now();
        self.store().read(|tx| {
            let challenge: Challenge = find(tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            may_read(actor, &challenge.vendor)?;
            Ok(shown(challenge, now))
        })
    }

    fn known_profiles(&self, profiles: &[String]) -> Done<Vec<String>> {
        let mut faults = Faults::default();
        if profiles.is_empty() {
            faults.add(
                "profiles",
                "プロファイルを1つ以上選んでください。",
                "Choose at least one profile.",
            );
        }
        for id in profiles {
            if self
                .corpus()
                .profile(id)
                .is_none_or(|profile| profile.subject.is_none())
            {
                faults.add(
                    "profiles",
                    format!("「{id}」という登録できるプロファイルはありません（一覧: `junkyo list --profiles`）。"),
                    format!("There is no profile `{id}` that can be registered (`junkyo list --profiles` shows them)."),
                );
            }
        }
        faults.done()?;
        let mut profiles = profiles.to_vec();
        profiles.sort();
        profiles.dedup();
        Ok(profiles)
    }
}

/// State of a challenge at a time: an open one past its end is expired, whether or not the clock's work was done.
pub(super) fn as_of(challenge: &Challenge, now: Moment) -> ChallengeState {
    if challenge.state == ChallengeState::Open && now > challenge.expires {
        return ChallengeState::Expired;
    }
    challenge.state
}

fn shown(challenge: Challenge, now: Moment) -> Challenge {
    Challenge {
        state: as_of(&challenge, now),
        ..challenge
    }
}

/// The challenge with an id, as it stands now.
pub(super) fn challenge_at(tx: &mut dyn Tx, id: &str, now: Moment) -> Done<Option<Challenge>> {
    Ok(find(tx, id)?.map(|challenge| shown(challenge, now)))
}
