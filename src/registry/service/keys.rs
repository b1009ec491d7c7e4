//! Keys of vendors: registration with proof of possession, revocation.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use serde_json::json;

use super::act::{Done, Faults, may_read, own, vendor_of};
use super::notices::{Notify, notify};
use super::row::{Stored, find, insert, list, stored, update};
use super::signed::{Signed, sign_statement};
use super::vendors::admitted;
use super::{ServiceError, signed};
use crate::attest::Digest;
use crate::attest::key::{KeyId, PublicKey};
use crate::attest::statement::{KeyEvent, KeyEventKind, KeyFacts, Statement, Subject};
use crate::registry::Registry;
use crate::registry::model::{Actor, KeyProof, KeyState, Moment, Role, Vendor, VendorId, VendorKey};
use crate::registry::store::{Value, fresh_id, values};
use crate::text::Text;

/// Hours in which a new key has to sign.
const PROOF_HOURS: i64 = 24;

/// A key that has not signed yet.
#[derive(serde::Serialize, serde::Deserialize)]
struct Waiting {
    proof: KeyProof,
    vendor: VendorId,
    label: String,
    pem: String,
}

stored! {
    VendorKey, "vendor_key", "created, id", |it| it.id.0, {
        "vendor": it.vendor.as_str(),
        "state": it.state.word(),
        "created": it.created.0,
    };
    Waiting, "key_proof", "id", |it| format!("{}:{}", it.vendor, it.proof.key.0), {
        "vendor": it.vendor.as_str(),
        "expires": it.proof.expires.0,
    };
}

impl Registry {
    /// Step 1 of registering a key (SPKI, PEM): the text to sign with it. What is signed are the bytes of
    /// [`KeyProof::text`] as they are.
    ///
    /// # Errors
    /// `Forbidden`, `Invalid`; `Conflict` if the vendor is not admitted or the key is registered.
    pub fn begin_key(&self, actor: &Actor, pem: &str, label: &str) -> Done<KeyProof> {
        let vendor = vendor_of(actor)?;
        let mut faults = Faults::default();
        faults.text("label", label, 100);
        let key = PublicKey::from_pem(pem.trim());
        if let Err(error) = &key {
            faults.add(
                "pem",
                format!("公開鍵（PEM、Ed25519またはP-256）として読めません: {error}"),
                format!("This is no public key (PEM, Ed25519 or P-256): {error}"),
            );
        }
        faults.done()?;
        let key = key.map_err(|error| ServiceError::internal("key", error))?;
        let nonce = fresh_id("pop");
        self.act(actor, |act| {
            let owner = admitted(act.tx, vendor)?;
            if find::<VendorKey>(act.tx, &key.id().0)?.is_some() {
                return Err(ServiceError::field(
                    "pem",
                    "この鍵はすでに登録されています。新しい鍵を作ってください。",
                    "This key is registered already. Make a new one.",
                ));
            }
            let text = format!(
                "junkyo registry: proof of possession\nvendor: {}\nkey: {}\nnonce: {nonce}\n",
                owner.corporate_number,
                key.id().0
            );
            let waiting = Waiting {
                proof: KeyProof {
                    key: key.id(),
                    text,
                    expires: act.now.add_hours(PROOF_HOURS),
                },
                vendor: vendor.clone(),
                label: label.trim().to_owned(),
                pem: key.to_pem(),
            };
            if find::<Waiting>(act.tx, &waiting.id())?.is_some() {
                update(act.tx, &waiting)?;
            } else {
                insert(act.tx, &waiting)?;
            }
            act.audit("key.begin", &key.id().0, &json!({"label": waiting.label}))?;
            Ok(waiting.proof)
        })
    }

    /// Step 2: the signature over the text (base64; Ed25519, or ECDSA in DER over its SHA-256). Registration goes into the
    /// log.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` without step 1; `Invalid` if the signature is not by this key or too late.
    pub fn register_key(&self, actor: &Actor, key: &str, signature: &str) -> Done<VendorKey> {
        let vendor = vendor_of(actor)?;
        let compact: String = signature.chars().filter(|c| !c.is_whitespace()).collect();
        let bytes = BASE64_STANDARD
            .decode(&compact)
            .or_else(|_| BASE64_URL_SAFE.decode(&compact));
        let bytes = bytes.map_err(|_| {
            ServiceError::field(
                "signature",
                "署名は base64 で入力してください。",
                "The signature has to be base64.",
            )
        })?;
        let registered = self.act(actor, |act| {
            let waiting: Waiting = find(act.tx, &format!("{vendor}:{key}"))?.ok_or(ServiceError::NotFound)?;
            if find::<VendorKey>(act.tx, key)?.is_some() {
                return Err(ServiceError::conflict("この鍵は登録済みです。", "This key is registered already."));
            }
            if act.now > waiting.proof.expires {
                return Err(ServiceError::field(
                    "signature",
                    "署名の期限が過ぎました。はじめからやり直してください。",
                    "The text to sign has expired. Begin again.",
                ));
            }
            let public = PublicKey::from_pem(&waiting.pem).map_err(|error| ServiceError::internal("key", error))?;
            if !public.verify(waiting.proof.text.as_bytes(), &bytes) {
                return Err(ServiceError::field(
                    "signature",
                    "この鍵による、表示された文字列への署名ではありません。改行を含めてそのまま署名してください。",
                    "This is no signature by this key over the text shown. Sign its bytes as they are, with all line feeds.",
                ));
            }
            let owner: Vendor = find(act.tx, vendor.as_str())?.ok_or(ServiceError::NotFound)?;
            let registered = VendorKey {
                id: waiting.proof.key.clone(),
                vendor: vendor.clone(),
                label: waiting.label.clone(),
                algorithm: public.algorithm(),
                pem: waiting.pem.clone(),
                state: KeyState::Active,
                products: Vec::new(),
                created: act.now,
                not_after: None,
                revoked: None,
                compromised_since: None,
            };
            let mut event = key_event(&owner, &public, KeyEventKind::Registered, act.now);
            event.proof_of_possession = Some(BASE64_STANDARD.encode(&bytes));
            insert(act.tx, &registered)?;
            let statement = key_statement(&public, event)?;
            let signed = sign_statement(&statement, &self.keys().decision)?;
            signed::keep(act, &Signed { kind: "key-event", object: key, registration: None }, &signed)?;
            act.audit("key.register", key, &json!({"label": registered.label, "event": signed.payload}))?;
            let text = Text::new(
                format!("署名鍵「{}」を登録しました。", registered.label),
                format!("The key {} was registered.", registered.label),
            );
            notify(act, &Notify::vendor(vendor, "key.register", key, text))?;
            Ok(registered)
        })?;
        self.publish_soon();
        Ok(registered)
    }

    /// Revokes a key. Reports that were taken from `compromised_since` on are void; those taken before stand. Vendors
    /// revoke their own; examiners and administrators any.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`; `Conflict` if it is revoked.
    pub fn revoke_key(&self, actor: &Actor, key: &str, compromised_since: Option<Moment>) -> Done<VendorKey> {
        let revoked = self.act(actor, |act| {
            let mut found: VendorKey = find(act.tx, key)?.ok_or(ServiceError::NotFound)?;
            if !matches!(act.actor.role, Role::Examiner | Role::Administrator) {
                own(act.actor, &found.vendor)?;
            }
            if found.state == KeyState::Revoked {
                return Err(ServiceError::conflict(
                    "この鍵は失効済みです。",
                    "This key is revoked already.",
                ));
            }
            if compromised_since.is_some_and(|since| since > act.now) {
                return Err(ServiceError::field(
                    "compromisedSince",
                    "漏えいの日時は現在より前でなければなりません。",
                    "The time of the leak has to lie in the past.",
                ));
            }
            found.state = KeyState::Revoked;
            found.revoked = Some(act.now);
            found.compromised_since = compromised_since;
            update(act.tx, &found)?;
            let owner: Vendor = find(act.tx, found.vendor.as_str())?.ok_or(ServiceError::NotFound)?;
            let public = PublicKey::from_pem(&found.pem).map_err(|error| ServiceError::internal("key", error))?;
            let mut event = key_event(&owner, &public, KeyEventKind::Revoked, act.now);
            event.compromised_since = compromised_since.map(|since| since.whole_second().to_string());
            let statement = key_statement(&public, event)?;
            let signed = sign_statement(&statement, &self.keys().decision)?;
            signed::keep(
                act,
                &Signed {
                    kind: "key-event",
                    object: key,
                    registration: None,
                },
                &signed,
            )?;
            act.audit(
                "key.revoke",
                key,
                &json!({"compromisedSince": compromised_since, "event": signed.payload}),
            )?;
            let text = Text::new(
                format!("署名鍵「{}」が失効しました。", found.label),
                format!("The key {} was revoked.", found.label),
            );
            notify(act, &Notify::vendor(&found.vendor, "key.revoke", key, text.clone()))?;
            super::submissions::void_by_key(act, &found)?;
            Ok(found)
        })?;
        self.publish_soon();
        Ok(revoked)
    }

    /// Keys of a vendor, oldest first.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn keys_of(&self, actor: &Actor, vendor: &VendorId) -> Done<Vec<VendorKey>> {
        may_read(actor, vendor)?;
        self.store()
            .read(|tx| Ok(list(tx, "vendor = ?1", &values![vendor.as_str()])?))
    }
}

fn key_event(vendor: &Vendor, key: &PublicKey, event: KeyEventKind, now: Moment) -> KeyEvent {
    KeyEvent {
        compromised_since: None,
        event,
        key: KeyFacts {
            alg: key.algorithm().word().to_owned(),
            spki: BASE64_STANDARD.encode(key.to_spki_der()),
        },
        not_after: None,
        proof_of_possession: None,
        reason: None,
        since: now.whole_second().to_string(),
        vendor: vendor.corporate_number.clone(),
    }
}

fn key_statement(key: &PublicKey, predicate: KeyEvent) -> Done<Statement<KeyEvent>> {
    let KeyId(id) = key.id();
    let digest: Digest = id.parse().map_err(|error| ServiceError::internal("key", error))?;
    Ok(Statement {
        subject: vec![Subject::new(format!("key {}", &id[..16]), digest)],
        predicate,
    })
}
