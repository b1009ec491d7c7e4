//! Operations whose bodies follow.

use std::path::{Path, PathBuf};

use super::ServiceError;
use super::input::{
    InterconnectionForm, Order, ProductForm, SignUp, TestChallengeForm, Upload, VersionForm, WaiverForm,
};
use crate::attest::Digest;
use crate::registry::Registry;
use crate::registry::model::*;
use crate::text::Text;
use crate::text::date::Day;

type Done<T> = Result<T, ServiceError>;

fn later<T>() -> Done<T> {
    Err(ServiceError::internal("skeleton", "not there yet"))
}

#[allow(unused_variables, missing_docs)]
impl Registry {
    // vendors
    /// Signs a vendor up: pending until admitted. The actor has role `Vendor` and no vendor yet; its account becomes the vendor's.
    pub fn sign_up(&self, actor: &Actor, form: &SignUp) -> Done<Vendor> {
        later()
    }
    pub fn admit_vendor(&self, actor: &Actor, id: &VendorId) -> Done<Vendor> {
        later()
    }
    pub fn refuse_vendor(&self, actor: &Actor, id: &VendorId, note: &str) -> Done<Vendor> {
        later()
    }
    /// Staff: all; a vendor: itself.
    pub fn vendors(&self, actor: &Actor, state: Option<VendorState>) -> Done<Vec<Vendor>> {
        later()
    }
    pub fn vendor(&self, actor: &Actor, id: &VendorId) -> Done<Vendor> {
        later()
    }
    // products
    pub fn add_product(&self, actor: &Actor, form: &ProductForm) -> Done<Product> {
        later()
    }
    pub fn change_product(&self, actor: &Actor, id: &ProductId, form: &ProductForm) -> Done<Product> {
        later()
    }
    pub fn products(&self, actor: &Actor, filter: &ProductFilter) -> Done<Vec<Product>> {
        later()
    }
    pub fn product(&self, actor: &Actor, id: &ProductId) -> Done<Product> {
        later()
    }
    pub fn add_version(&self, actor: &Actor, product: &ProductId, form: &VersionForm) -> Done<ProductVersion> {
        later()
    }
    /// Newest first.
    pub fn versions(&self, actor: &Actor, product: &ProductId) -> Done<Vec<ProductVersion>> {
        later()
    }
    pub fn version(&self, actor: &Actor, id: &VersionId) -> Done<ProductVersion> {
        later()
    }
    // keys
    /// Step 1 of registering a key (SPKI PEM): the text to sign with it (raw bytes of `KeyProof::text`, Ed25519 or P-256/SHA-256 DER).
    pub fn begin_key(&self, actor: &Actor, pem: &str, label: &str) -> Done<KeyProof> {
        later()
    }
    /// Step 2: the signature (base64).
    pub fn register_key(&self, actor: &Actor, key: &str, signature: &str) -> Done<VendorKey> {
        later()
    }
    /// `compromised_since`: reports taken from then on become void.
    pub fn revoke_key(&self, actor: &Actor, key: &str, compromised_since: Option<Moment>) -> Done<VendorKey> {
        later()
    }
    pub fn keys_of(&self, actor: &Actor, vendor: &VendorId) -> Done<Vec<VendorKey>> {
        later()
    }
    // challenges
    pub fn open_challenge(&self, actor: &Actor, version: &VersionId, profiles: &[String]) -> Done<Challenge> {
        later()
    }
    pub fn abandon_challenge(&self, actor: &Actor, id: &ChallengeId) -> Done<Challenge> {
        later()
    }
    /// Newest first; of one version, or of the vendor / all.
    pub fn challenges(&self, actor: &Actor, version: Option<&VersionId>) -> Done<Vec<Challenge>> {
        later()
    }
    pub fn challenge(&self, actor: &Actor, id: &ChallengeId) -> Done<Challenge> {
        later()
    }
    // submissions
    /// Takes a bundle file. `ServiceError::Refused` holds all reasons. The same bundle again gives the same receipt (`again`).
    pub fn submit(&self, actor: &Actor, bundle: &Path) -> Done<Receipt> {
        later()
    }
    pub fn submission(&self, actor: &Actor, id: &SubmissionId) -> Done<Submission> {
        later()
    }
    /// Newest first.
    pub fn submissions(&self, actor: &Actor, filter: &SubmissionFilter) -> Done<Vec<Submission>> {
        later()
    }
    /// `report.json` of the bundle.
    pub fn report_json(&self, actor: &Actor, id: &SubmissionId) -> Done<Vec<u8>> {
        later()
    }
    /// The bundle as it was sent.
    pub fn bundle(&self, actor: &Actor, id: &SubmissionId) -> Done<Vec<u8>> {
        later()
    }
    pub fn retract(&self, actor: &Actor, id: &SubmissionId) -> Done<Submission> {
        later()
    }
    // review
    /// Vendors never see `Internal`. Oldest first.
    pub fn remarks(&self, actor: &Actor, id: &SubmissionId) -> Done<Vec<Remark>> {
        later()
    }
    /// Examiner or approver: `Internal` or `ToVendor`. (Questions: `ask_back`; answers: `answer`.)
    pub fn remark(
        &self,
        actor: &Actor,
        id: &SubmissionId,
        kind: RemarkKind,
        requirement: Option<&str>,
        text: &str,
    ) -> Done<Remark> {
        later()
    }
    pub fn ask_back(&self, actor: &Actor, id: &SubmissionId, text: &str) -> Done<Submission> {
        later()
    }
    pub fn answer(&self, actor: &Actor, id: &SubmissionId, text: &str) -> Done<Submission> {
        later()
    }
    pub fn propose(&self, actor: &Actor, id: &SubmissionId, decision: Decision, note: &str) -> Done<Submission> {
        later()
    }
    /// Approver, never one who examined: carries out the proposal.
    pub fn approve(&self, actor: &Actor, id: &SubmissionId) -> Done<Submission> {
        later()
    }
    /// Approver: back to the examiner.
    pub fn send_back(&self, actor: &Actor, id: &SubmissionId, text: &str) -> Done<Submission> {
        later()
    }
    /// What this actor can do with a submission now: for buttons.
    pub fn submission_actions(&self, actor: &Actor, submission: &Submission) -> Vec<state::SubmissionEvent> {
        Vec::new()
    }
    // documents
    pub fn attach_document(
        &self,
        actor: &Actor,
        id: &SubmissionId,
        kind: DocumentKind,
        expires: Option<Day>,
        upload: &Upload<'_>,
    ) -> Done<Document> {
        later()
    }
    pub fn judge_document(&self, actor: &Actor, id: &DocumentId, accept: bool, note: &str) -> Done<Document> {
        later()
    }
    pub fn documents(&self, actor: &Actor, submission: &SubmissionId) -> Done<Vec<Document>> {
        later()
    }
    pub fn document_bytes(&self, actor: &Actor, id: &DocumentId) -> Done<(Document, Vec<u8>)> {
        later()
    }
    // registrations
    /// Public.
    pub fn registrations(&self, filter: &RegistrationFilter) -> Done<Vec<Registration>> {
        later()
    }
    /// Public.
    pub fn registration(&self, number: RegistrationNumber) -> Done<Registration> {
        later()
    }
    /// Public; oldest first.
    pub fn events(&self, number: RegistrationNumber) -> Done<Vec<Event>> {
        later()
    }
    /// Public: vendor, product and version of a registration, as published.
    pub fn registered_product(&self, number: RegistrationNumber) -> Done<(Vendor, Product, ProductVersion)> {
        later()
    }
    /// Public: waivers that its decision counts.
    pub fn registration_waivers(&self, number: RegistrationNumber) -> Done<Vec<Waiver>> {
        later()
    }
    /// Public: verdict per requirement of the report that the registration rests on.
    pub fn registered_results(&self, number: RegistrationNumber) -> Done<JudgedReport> {
        later()
    }
    /// Approver, with the examiner who proposed it.
    pub fn suspend(&self, actor: &Actor, number: RegistrationNumber, order: &Order) -> Done<Registration> {
        later()
    }
    pub fn reinstate(&self, actor: &Actor, number: RegistrationNumber, order: &Order) -> Done<Registration> {
        later()
    }
    /// Approver: taken away. Vendor: its own, given back.
    pub fn withdraw(&self, actor: &Actor, number: RegistrationNumber, order: &Order) -> Done<Registration> {
        later()
    }
    /// Approver: another registration takes its place.
    pub fn supersede(
        &self,
        actor: &Actor,
        number: RegistrationNumber,
        by: RegistrationNumber,
        order: &Order,
    ) -> Done<Registration> {
        later()
    }
    /// Renewal: an approved new submission of the same version extends the registration instead of making a new one.
    pub fn extend(
        &self,
        actor: &Actor,
        number: RegistrationNumber,
        submission: &SubmissionId,
        order: &Order,
    ) -> Done<Registration> {
        later()
    }
    pub fn registration_actions(&self, actor: &Actor, registration: &Registration) -> Vec<state::RegistrationEvent> {
        Vec::new()
    }
    /// By the clock: expires registrations, challenges and documents past their end, and writes reminders. Returns how many registrations expired.
    pub fn expire_due(&self) -> Done<usize> {
        later()
    }
    /// Public: the proof pack (zip).
    pub fn proof_pack(&self, number: RegistrationNumber) -> Done<Vec<u8>> {
        later()
    }
    // waivers, test challenges, findings, interconnections
    pub fn add_waiver(&self, actor: &Actor, form: &WaiverForm) -> Done<Waiver> {
        later()
    }
    pub fn decide_waiver(&self, actor: &Actor, id: &WaiverId, approve: bool) -> Done<Waiver> {
        later()
    }
    pub fn waivers(&self, actor: &Actor, product: Option<&ProductId>) -> Done<Vec<Waiver>> {
        later()
    }
    pub fn challenge_test(&self, actor: &Actor, form: &TestChallengeForm) -> Done<TestChallenge> {
        later()
    }
    pub fn resolve_test_challenge(
        &self,
        actor: &Actor,
        id: &TestChallengeId,
        accept: bool,
        resolution: Text,
        expires: Option<Day>,
    ) -> Done<TestChallenge> {
        later()
    }
    pub fn test_challenges(&self, actor: &Actor, state: Option<TestChallengeState>) -> Done<Vec<TestChallenge>> {
        later()
    }
    pub fn add_finding(
        &self,
        actor: &Actor,
        number: RegistrationNumber,
        summary: Text,
        due: Option<Day>,
    ) -> Done<Finding> {
        later()
    }
    pub fn answer_finding(&self, actor: &Actor, id: &FindingId, text: &str) -> Done<Finding> {
        later()
    }
    pub fn close_finding(&self, actor: &Actor, id: &FindingId) -> Done<Finding> {
        later()
    }
    /// Public.
    pub fn findings(&self, number: RegistrationNumber) -> Done<Vec<Finding>> {
        later()
    }
    pub fn record_interconnection(&self, actor: &Actor, form: &InterconnectionForm) -> Done<Interconnection> {
        later()
    }
    /// Public.
    pub fn interconnections(&self, number: Option<RegistrationNumber>) -> Done<Vec<Interconnection>> {
        later()
    }
    // suites
    /// Public; newest first.
    pub fn suites(&self) -> Done<Vec<Suite>> {
        later()
    }
    /// Administrator: releases the embedded corpus as a suite (signed by the suite key, logged).
    pub fn release_suite(&self, actor: &Actor, valid_until: Option<Day>) -> Done<Suite> {
        later()
    }
    pub fn withdraw_suite(&self, actor: &Actor, digest: &Digest, reason: Text, affects: &[String]) -> Done<Suite> {
        later()
    }
    pub fn retire_suite(&self, actor: &Actor, digest: &Digest, reason: Text) -> Done<Suite> {
        later()
    }
    /// Administrator: judges every registration again with the embedded corpus, one job each. Returns how many.
    pub fn rejudge_all(&self, actor: &Actor) -> Done<usize> {
        later()
    }
    // work, snapshot, audit
    /// Does one job of the queue; `false` if there was none.
    pub fn work_once(&self, worker: &str) -> Done<bool> {
        later()
    }
    /// Publishes the log's checkpoint and a signed snapshot of the catalog; returns its number.
    pub fn snapshot_now(&self) -> Done<u64> {
        later()
    }
    /// The newest snapshot: `catalog.json` and its DSSE line.
    pub fn snapshot(&self) -> Done<Option<(Vec<u8>, String)>> {
        later()
    }
    /// Administrator and auditor; newest first, from a row number downwards.
    pub fn audit_rows(&self, actor: &Actor, before: Option<u64>, count: usize) -> Done<Vec<AuditRow>> {
        later()
    }
    /// Looks for rows changed behind the service's back. Empty: all is well.
    pub fn check(&self) -> Done<Vec<Check>> {
        later()
    }
    /// Notices for this actor, newest first.
    pub fn notices(&self, actor: &Actor) -> Done<Vec<Notice>> {
        later()
    }
    pub fn read_notice(&self, actor: &Actor, id: &NoticeId) -> Done<()> {
        later()
    }
    /// Folder of published static files: `log/…`, `trust/…`.
    pub fn public_folder(&self) -> PathBuf {
        PathBuf::new()
    }
}
