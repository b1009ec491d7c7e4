//! What everybody may have: the catalog, its signed snapshots, the trust bundle, proof packs.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::ServiceError;
use super::act::Done;
use super::events::{self, StoredEvent};
use super::registrations::found;
use super::row::{find, list};
use super::signed::{self, Line, Signed, sign_statement};
use super::suites;
use crate::attest::Digest;
use crate::attest::key::Signer;
use crate::attest::log::Checkpoint;
use crate::attest::statement::{CatalogSnapshot, LogFacts, Statement, Subject};
use crate::attest::verify::ProofPack;
use crate::attest::verify::pack;
use crate::attest::verify::trust::{BundleKey, BundleTsa, Role as TrustRole, TRUST_BUNDLE, TrustBundle};
use crate::catalog::{Catalog, Declared, Head, Listing, LogHead, PublicEvent, VendorFacts};
use crate::registry::Registry;
use crate::registry::model::{Actor, EventKind, Product, ProductVersion, RegistrationNumber, Submission, Vendor};
use crate::registry::store::{StoreError, Tx, audit, refer, values};

/// Hours after which the next snapshot has to be there.
const NEXT_UPDATE_HOURS: i64 = 26;

impl Registry {
    /// The catalog as of the last event, with the place in the log that is published; public.
    ///
    /// # Errors
    /// If the events do not fold: somebody changed them.
    pub fn catalog(&self) -> Done<Arc<Catalog>> {
        let newest = self.store().read(|tx| newest_event(tx))?;
        if let Some(catalog) = self.kept_catalog()
            && catalog.head().is_some_and(|head| head.log.size > newest)
        {
            return Ok(catalog);
        }
        let checkpoint = self.publish()?;
        let catalog = Arc::new(self.fold(&checkpoint, self.snapshot_number()?.max(1), None)?);
        self.keep_catalog(&catalog);
        Ok(catalog)
    }

    fn fold(&self, checkpoint: &Checkpoint, no: u64, only: Option<RegistrationNumber>) -> Done<Catalog> {
        let size = checkpoint.size;
        let (events, listings) = self.store().read(|tx| {
            let stored: Vec<StoredEvent> = match only {
                Some(number) => list(tx, "registration = ?1", &values![number.to_string()])?,
                None => list(tx, "1 = 1", &[])?,
            };
            // What came after the checkpoint is in the next one.
            let events: Vec<PublicEvent> = stored
                .into_iter()
                .map(|stored| stored.public)
                .filter(|event| event.index < size)
                .collect();
            Ok::<_, ServiceError>((events, listings(tx, only)?))
        })?;
        let catalog = Catalog::fold(events, listings).map_err(|error| ServiceError::internal("catalog", error))?;
        let now = self.now();
        Ok(catalog.with_head(Head {
            catalog: self.origin().to_owned(),
            no,
            issued_at: now.whole_second().to_string(),
            next_update: now.add_hours(NEXT_UPDATE_HOURS).whole_second().to_string(),
            log: LogHead {
                root: Digest(checkpoint.root).into(),
                size,
            },
        }))
    }

    fn publish(&self) -> Done<Checkpoint> {
        self.log()
            .publish()
            .map_err(|error| ServiceError::internal("log", error))
    }

    fn snapshot_number(&self) -> Done<u64> {
        let row = self
            .store()
            .read(|tx| tx.one("SELECT position FROM snapshot ORDER BY position DESC LIMIT 1", &[]))?;
        let number = row.map_or(Ok(0), |row| row.int(0))?;
        Ok(u64::try_from(number).unwrap_or(0))
    }

    /// Publishes the log and a signed snapshot of the catalog, in the database and as files; returns its number. The head of
    /// the audit log goes into the log with it.
    ///
    /// # Errors
    /// If log, catalog or signing fail.
    pub fn snapshot_now(&self) -> Done<u64> {
        self.log_audit_head()?;
        let checkpoint = self.publish()?;
        let number = self.snapshot_number()? + 1;
        let catalog = self.fold(&checkpoint, number, None)?;
        let (json, line) = self.signed_catalog(&catalog)?;
        let blob = self.store().blobs().put(&json)?;
        let written = self.act(&Actor::system(), |act| {
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            let taken = act.tx.execute(
                "INSERT INTO snapshot (position, catalog, envelope, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
                &values![number, blob, &line.envelope, act.now.0],
            )?;
            if taken == 1 {
                let object = number.to_string();
                refer(act.tx, &blob, json.len() as u64, "snapshot", &object, act.now.0)?;
                let what = Signed {
                    kind: "snapshot",
                    object: &object,
                    registration: None,
                };
                signed::log(act, &what, &line)?;
                act.audit("catalog.snapshot", &object, &json!({"sha256": blob}))?;
            }
            Ok(taken == 1)
        })?;
        if !written {
            // Another instance made this one.
            return Ok(number);
        }
        let folder = self.public_folder();
        write_file(&folder.join("catalog.json"), &json)?;
        write_file(&folder.join("catalog.intoto.jsonl"), line.envelope.as_bytes())?;
        self.publish_soon();
        Ok(number)
    }

    fn signed_catalog(&self, catalog: &Catalog) -> Done<(Vec<u8>, Line)> {
        let json = catalog
            .to_json()
            .map_err(|error| ServiceError::internal("catalog", error))?;
        let head = catalog
            .head()
            .ok_or_else(|| ServiceError::internal("catalog", "it has no head"))?;
        let statement = Statement {
            subject: vec![Subject::new(format!("catalog-{}.json", head.no), Digest::of(&json))],
            predicate: CatalogSnapshot {
                issued_at: head.issued_at.clone(),
                log: LogFacts {
                    root: head.log.root,
                    size: head.log.size,
                },
                next_update: head.next_update.clone(),
                no: head.no,
            },
        };
        let line = sign_statement(&statement, &self.keys().snapshot)?;
        Ok((json, line))
    }

    /// The newest snapshot: `catalog.json` and its DSSE line; public.
    ///
    /// # Errors
    /// Those of the store.
    pub fn snapshot(&self) -> Done<Option<(Vec<u8>, String)>> {
        let newest = self.store().read(|tx| {
            let sql = "SELECT catalog, envelope FROM snapshot ORDER BY position DESC LIMIT 1";
            let row = tx.one(sql, &[])?;
            row.map(|row| Ok::<_, StoreError>((row.digest(0)?, row.text(1)?)))
                .transpose()
        })?;
        newest
            .map(|(blob, envelope)| Ok((self.store().blobs().get(&blob)?, envelope)))
            .transpose()
    }

    /// Puts the head of the audit log into the public log, if there is a row since the last time.
    fn log_audit_head(&self) -> Done<()> {
        self.act(&Actor::system(), |act| {
            let head = audit::head(act.tx)?;
            if head.count == 0 {
                return Ok(());
            }
            let payload: Digest = head
                .hash
                .parse()
                .map_err(|error| ServiceError::internal("audit", error))?;
            let there = act
                .tx
                .one("SELECT id FROM signed_statement WHERE id = ?1", &values![payload])?;
            if there.is_none() {
                let object = head.count.to_string();
                let what = Signed {
                    kind: "audit-head",
                    object: &object,
                    registration: None,
                };
                let line = Line {
                    payload,
                    envelope: String::new(),
                };
                signed::keep(act, &what, &line)?;
            }
            Ok(())
        })
    }

    /// Writes version 1 of the trust bundle, once: keys by duty, key and policy of the log, root of the time stamps.
    pub(super) fn write_trust_bundle(&self) -> Done<()> {
        let path = self.trust_file();
        if path.exists() {
            return Ok(());
        }
        let keys = self.keys();
        let key = |role, signer: &Arc<dyn Signer>| BundleKey::new(role, signer.public());
        let bundle = TrustBundle {
            issuer: self.origin().to_owned(),
            keys: vec![
                key(TrustRole::Root, &keys.root),
                key(TrustRole::Decision, &keys.decision),
                key(TrustRole::Suite, &keys.suite),
                key(TrustRole::Snapshot, &keys.snapshot),
            ],
            log: Some(self.log().policy().to_string()),
            schema: TRUST_BUNDLE.to_owned(),
            threshold: 1,
            tsa: self
                .stamper()
                .root()
                .map(|root| BundleTsa {
                    certificate_policies: Vec::new(),
                    not_after: None,
                    policies: Vec::new(),
                    root: BASE64_STANDARD.encode(root),
                })
                .into_iter()
                .collect(),
            version: 1,
        };
        let line = bundle
            .sign(&[keys.root.as_ref()])
            .map_err(|error| ServiceError::internal("trust bundle", error))?;
        write_file(&path, line.as_bytes())
    }

    /// The trust bundle that this register publishes: the beginning of everybody's checks, to be compared by other ways.
    pub fn trust_file(&self) -> std::path::PathBuf {
        self.public_folder().join("trust").join("trust-bundle.intoto.jsonl")
    }

    /// The proof pack of a registration: everything that a checker without a network needs, in one ZIP; public.
    ///
    /// # Errors
    /// `NotFound`; others if log, time stamp or signing fail.
    pub fn proof_pack(&self, number: RegistrationNumber) -> Done<Vec<u8>> {
        let parts = self.store().read(|tx| Parts::read(tx, number))?;
        for stored in parts.events.iter().filter(|stored| decides(stored)) {
            self.stamp(&stored.event.payload)?;
        }
        let fault = |error: &dyn std::fmt::Display| ServiceError::internal("proof pack", error);
        let checkpoint = self.publish()?;
        let catalog = self.fold(&checkpoint, self.snapshot_number()?.max(1), Some(number))?;
        let (json, catalog_line) = self.signed_catalog(&catalog)?;
        let mut proofs = ProofPack::new();
        let mut lines = String::new();
        for stored in &parts.events {
            let event = &stored.event;
            lines.push_str(event.envelope.trim_end());
            lines.push('\n');
            let proof = self.log().proof(event.log_index).map_err(|error| fault(&error))?;
            proofs.insert(pack::proof_name(event.sequence), proof.to_string());
            let token = self.store().read(|tx| events::token(tx, &event.payload))?;
            if let Some(token) = token {
                proofs.insert(pack::token_name(event.sequence), self.store().blobs().get(&token)?);
            }
        }
        proofs.insert(pack::REGISTRATION, lines);
        proofs.insert(pack::REPORT, parts.submission.envelope.as_bytes());
        proofs.insert(pack::KEY, parts.key);
        proofs.insert(pack::SUITE, parts.suite.envelope.as_bytes());
        let manifest = parts.suite.contents.to_bytes().map_err(|error| fault(&error))?;
        proofs.insert(pack::SUITE_MANIFEST, manifest);
        proofs.insert(pack::PRODUCT, parts.version.descriptor.into_bytes());
        proofs.insert_help();
        proofs.insert(pack::CATALOG, json);
        proofs.insert(pack::CATALOG_STATEMENT, catalog_line.envelope);
        proofs.insert(pack::TRUST, fs::read(self.trust_file()).map_err(|error| fault(&error))?);
        proofs.to_bytes().map_err(|error| fault(&error))
    }
}

/// What a proof pack is made of.
struct Parts {
    events: Vec<StoredEvent>,
    submission: Submission,
    version: ProductVersion,
    suite: suites::Release,
    /// The event that registered the key of the report.
    key: String,
}

impl Parts {
    fn read(tx: &mut dyn Tx, number: RegistrationNumber) -> Done<Self> {
        let registration = found(tx, number)?;
        let submission: Submission = find(tx, registration.submission.as_str())?.ok_or(ServiceError::NotFound)?;
        let suite = suites::release(tx, &submission.suite)?.ok_or(ServiceError::NotFound)?;
        let rows = tx.query(
            "SELECT envelope FROM signed_statement WHERE kind = 'key-event' AND object = ?1 ORDER BY log_index",
            &values![&submission.key.0],
        )?;
        let mut key = String::new();
        for row in rows {
            key.push_str(row.text(0)?.trim_end());
            key.push('\n');
        }
        Ok(Self {
            events: events::of_registration(tx, number)?,
            version: find(tx, registration.version.as_str())?.ok_or(ServiceError::NotFound)?,
            submission,
            suite,
            key,
        })
    }
}

fn decides(stored: &StoredEvent) -> bool {
    matches!(stored.event.kind, EventKind::Registered | EventKind::Extended)
}

fn newest_event(tx: &mut dyn Tx) -> Result<u64, StoreError> {
    let row = tx.one(
        "SELECT log_index FROM registration_event ORDER BY log_index DESC LIMIT 1",
        &[],
    )?;
    let index = row.map_or(Ok(0), |row| row.int(0))?;
    Ok(u64::try_from(index).unwrap_or(0))
}

/// What vendors say of registered versions.
fn listings(tx: &mut dyn Tx, only: Option<RegistrationNumber>) -> Done<Vec<Listing>> {
    let only = only.map(|number| number.to_string()).unwrap_or_default();
    let rows = tx.query(
        "SELECT DISTINCT product_version.id, product_version.data, product.data, vendor.data FROM registration \
         JOIN product_version ON product_version.id = registration.version \
         JOIN product ON product.id = registration.product JOIN vendor ON vendor.id = registration.vendor \
         WHERE ?1 = '' OR registration.id = ?1",
        &values![&only],
    )?;
    let mut listings = Vec::new();
    for row in rows {
        let (version, product, vendor): (ProductVersion, Product, Vendor) = (row.json(1)?, row.json(2)?, row.json(3)?);
        let facts = product.facts;
        listings.push(Listing {
            digest: version.digest,
            id: product.id.as_str().to_owned(),
            name: product.name,
            name_kana: product.name_kana,
            version: version.version,
            build: version.build,
            vendor: VendorFacts {
                corporate_number: vendor.corporate_number,
                name: vendor.name,
                name_kana: vendor.name_kana,
            },
            declared: Declared {
                clouds: facts.clouds,
                cloud_service: facts.cloud_service,
                sizes: facts.sizes,
                url: facts.url,
                dmp_url: facts.dmp_url,
                accessibility_url: facts.accessibility_url,
                installations: facts.installations,
                contact: facts.contact,
                support_until: facts.support_until,
                summary: product.summary,
            },
        });
    }
    Ok(listings)
}

/// Writes a file so that readers see the old or the new one, never half of it.
fn write_file(path: &Path, bytes: &[u8]) -> Done<()> {
    let fault =
        |error: &dyn std::fmt::Display| ServiceError::internal("public files", format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| fault(&error))?;
    }
    let beside = path.with_extension("new");
    fs::write(&beside, bytes)
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|error| fault(&error))
}
