//! Documents: what no run can show (redundancy, separate procurement …), uploaded, kept by digest, judged by an examiner.

use serde_json::json;

use super::act::{Done, Faults, only, own};
use super::notices::{Notify, notify};
use super::review::examining;
use super::row::{Stored, find, insert, list, stored, update};
use super::submissions::readable;
use super::{ServiceError, Upload};
use crate::registry::Registry;
use crate::registry::model::{
    Actor, Document, DocumentId, DocumentKind, DocumentState, Role, Submission, SubmissionId, SubmissionState,
};
use crate::registry::store::{StoreError, Tx, Value, fresh_id, refer, values};
use crate::text::Text;
use crate::text::date::Day;

/// Most documents of a case.
const MOST: usize = 200;

stored! {
    Document, "document", "uploaded, id", |it| it.id, {
        "submission": it.submission.as_str(),
        "state": it.state.word(),
        "uploaded": it.uploaded.0,
    };
}

impl Registry {
    /// Attaches a document to one's own submission, until it is decided.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Invalid` (too large, empty, bad name); `Conflict` once it is decided.
    pub fn attach_document(
        &self,
        actor: &Actor,
        id: &SubmissionId,
        kind: DocumentKind,
        expires: Option<Day>,
        upload: &Upload<'_>,
    ) -> Done<Document> {
        only(actor, &[Role::Vendor])?;
        self.checked_upload(upload)?;
        self.store().read(|tx| owned(tx, actor, id).map(|_| ()))?;
        let digest = self.store().blobs().put(upload.bytes)?;
        let document = DocumentId::from(fresh_id(DocumentId::PREFIX));
        self.act(actor, |act| {
            let submission = owned(act.tx, act.actor, id)?;
            let open = matches!(
                submission.state,
                SubmissionState::Judging | SubmissionState::UnderReview | SubmissionState::ChangesRequested
            );
            if !open {
                return Err(ServiceError::conflict(
                    "この提出物には書類を追加できません。",
                    "Documents can no longer be added to this submission.",
                ));
            }
            let there: Vec<Document> = list(act.tx, "submission = ?1", &values![id.as_str()])?;
            if there.len() >= MOST {
                return Err(ServiceError::conflict(
                    format!("書類は{MOST}件までです。"),
                    format!("At most {MOST} documents are possible."),
                ));
            }
            let document = Document {
                id: document.clone(),
                submission: id.clone(),
                kind,
                name: base_name(upload.name),
                media_type: upload.media_type.to_owned(),
                size: upload.bytes.len() as u64,
                digest,
                state: DocumentState::Pending,
                expires,
                uploaded: act.now,
                judged_by: None,
                note: String::new(),
            };
            insert(act.tx, &document)?;
            refer(
                act.tx,
                &digest,
                document.size,
                "document",
                document.id.as_str(),
                act.now.0,
            )?;
            let detail = json!({"submission": id, "kind": kind, "sha256": digest});
            act.audit("document.attach", document.id.as_str(), &detail)?;
            Ok(document)
        })
    }

    /// Accepts or rejects a document.
    ///
    /// # Errors
    /// `Forbidden` but for examiners; `NotFound`; `Invalid` if rejected without a note; `Conflict` if the case is decided.
    pub fn judge_document(&self, actor: &Actor, id: &DocumentId, accept: bool, note: &str) -> Done<Document> {
        only(actor, &[Role::Examiner])?;
        let mut faults = Faults::default();
        if accept {
            faults.optional("note", note, 2000);
        } else {
            faults.text("note", note, 2000);
        }
        faults.done()?;
        self.act(actor, |act| {
            let mut document: Document = find(act.tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            let submission: Submission = find(act.tx, document.submission.as_str())?.ok_or(ServiceError::NotFound)?;
            let open = matches!(
                submission.state,
                SubmissionState::Judging | SubmissionState::UnderReview | SubmissionState::ChangesRequested
            );
            if !open {
                return Err(ServiceError::conflict(
                    "審査中の提出物の書類だけを確認できます。",
                    "Only documents of a case under review can be judged.",
                ));
            }
            document.judged_by = Some(examining(act, &document.submission)?);
            document.state = if accept {
                DocumentState::Accepted
            } else {
                DocumentState::Rejected
            };
            document.note = note.trim().to_owned();
            update(act.tx, &document)?;
            act.audit(
                "document.judge",
                id.as_str(),
                &json!({"accepted": accept, "note": document.note}),
            )?;
            if !accept {
                let text = Text::new(
                    format!("書類「{}」に不備があります: {}", document.name, document.note),
                    format!("The document {} was rejected: {}", document.name, document.note),
                );
                notify(
                    act,
                    &Notify::vendor(&submission.vendor, "document.judge", id.as_str(), text),
                )?;
            }
            Ok(document)
        })
    }

    /// Documents of a submission, oldest first.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn documents(&self, actor: &Actor, submission: &SubmissionId) -> Done<Vec<Document>> {
        self.store().read(|tx| {
            readable(tx, actor, submission)?;
            Ok(list(tx, "submission = ?1", &values![submission.as_str()])?)
        })
    }

    /// A document with its bytes. Hostile until shown otherwise: send it as an attachment only.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn document_bytes(&self, actor: &Actor, id: &DocumentId) -> Done<(Document, Vec<u8>)> {
        let document = self.read_unpublished(actor, "document.read", id.as_str(), |tx| {
            if !actor.is_staff() && actor.role != Role::Vendor {
                return Err(ServiceError::Forbidden);
            }
            let document: Document = find(tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            readable(tx, actor, &document.submission)?;
            Ok(document)
        })?;
        let bytes = self.store().blobs().get(&document.digest)?;
        Ok((document, bytes))
    }

    fn checked_upload(&self, upload: &Upload<'_>) -> Done<()> {
        let mut faults = Faults::default();
        let most = self.rules().document;
        if upload.bytes.is_empty() {
            faults.add("file", "ファイルが空です。", "The file is empty.");
        }
        if upload.bytes.len() as u64 > most {
            faults.add(
                "file",
                format!("ファイルは{most}バイトまでです。"),
                format!("At most {most} bytes are possible."),
            );
        }
        faults.text("name", &base_name(upload.name), 200);
        if upload.media_type.len() > 100 || !upload.media_type.is_ascii() {
            faults.add(
                "mediaType",
                "ファイルの種類が正しくありません。",
                "This is no media type.",
            );
        }
        faults.done()
    }
}

fn owned(tx: &mut dyn Tx, actor: &Actor, id: &SubmissionId) -> Done<Submission> {
    let submission: Submission = find(tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
    own(actor, &submission.vendor)?;
    Ok(submission)
}

fn base_name(name: &str) -> String {
    name.rsplit(['/', '\\']).next().unwrap_or(name).trim().to_owned()
}

/// Marks accepted documents whose last day is over.
pub(super) fn expire(tx: &mut dyn Tx, today: Day) -> Result<(), StoreError> {
    let accepted: Vec<Document> = list(tx, "state = ?1", &values![DocumentState::Accepted.word()])?;
    for document in accepted {
        if document.expires.is_some_and(|last| today > last) {
            update(
                tx,
                &Document {
                    state: DocumentState::Expired,
                    ..document
                },
            )?;
        }
    }
    Ok(())
}
