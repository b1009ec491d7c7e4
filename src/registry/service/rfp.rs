//! Lists of clauses that a municipality keeps, its decisions about them, and the check against the catalog.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::act::{Act, Done, only};
use super::row::{Stored, find, insert, list, stored, update};
use super::{FieldError, ServiceError};
use crate::attest::Digest;
use crate::catalog::Catalog;
use crate::registry::Registry;
use crate::registry::model::{AccountId, Actor, Moment, Role};
use crate::registry::store::{Tx, Value, fresh_id, refer, values};
use crate::rfp::{
    CheckOptions, ClauseList, ClauseMatch, Confirmation, Confirmations, ListError, Matcher, Register, Reports,
    RfpResult, check, needed_reports, read_list,
};
use crate::text::Text;
use crate::text::date::Day;

/// Lists of one account at the most.
const MOST_LISTS: usize = 200;
/// Files of answers beside one list.
const MOST_FILES: usize = 40;

/// A list that a municipality keeps.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedList {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub account: AccountId,
    /// Title of the list.
    pub title: String,
    /// The list itself, then answers.
    pub files: Vec<SavedFile>,
    /// Clauses in it.
    pub clauses: usize,
    /// Offers in it.
    pub offers: usize,
    /// When it was saved.
    pub created: Moment,
}

/// A file of a saved list.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedFile {
    /// Name without folders.
    pub name: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

/// What a person decides about a clause.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ClauseDecision {
    /// It asks for these requirements, all of them.
    Requirements(Vec<String>),
    /// It asks for nothing that the corpus tests.
    OutOfScope,
    /// Undecided again.
    Open,
}

/// A decision as a row; its key has two columns, so it is written by hand.
fn write_decision(act: &mut Act<'_>, list: &str, decided: &Confirmation) -> Done<()> {
    let data = serde_json::to_string(decided).map_err(|error| ServiceError::internal("JSON", error))?;
    act.tx.execute(
        "INSERT INTO clause_decision (list, clause, data) VALUES (?1, ?2, ?3)
         ON CONFLICT (list, clause) DO UPDATE SET data = excluded.data",
        &values![list, decided.clause.as_str(), data],
    )?;
    Ok(())
}

stored! {
    SavedList, "clause_list", "created DESC, id DESC", |it| it.id, {
        "account": it.account.as_str(),
        "created": it.created.0,
    };
}

impl Registry {
    /// Municipality: keeps a list (CSV, Excel, JSON).
    ///
    /// # Errors
    /// `Forbidden`; `Invalid` with what is wrong in the file; `Conflict` if there are too many lists.
    pub fn save_clause_list(&self, actor: &Actor, name: &str, bytes: &[u8]) -> Done<SavedList> {
        only(actor, &[Role::Municipality])?;
        let name = file_name(name);
        let read = read_list(&name, bytes).map_err(|error| in_file(&error))?;
        let digest = self.store().blobs().put(bytes)?;
        let saved = SavedList {
            id: fresh_id("cls"),
            account: actor.account.clone(),
            title: read.title.chars().take(200).collect(),
            files: vec![SavedFile { name, digest }],
            clauses: read.clauses.len(),
            offers: read.offers.len(),
            created: self.now(),
        };
        self.act(actor, |act| {
            let known = list::<SavedList>(act.tx, "account = ?1", &values![actor.account.as_str()])?;
            if known.len() >= MOST_LISTS {
                return Err(ServiceError::conflict(
                    format!("一覧は {MOST_LISTS} 件まで保存できます。古い一覧を削除してください。"),
                    format!("At most {MOST_LISTS} lists can be kept. Delete an old one."),
                ));
            }
            insert(act.tx, &saved)?;
            refer(act.tx, &digest, bytes.len() as u64, "clause-list", &saved.id, act.now.0)?;
            act.audit("save-clause-list", &saved.id, &json!({"sha256": digest.to_string()}))?;
            Ok(saved.clone())
        })
    }

    /// Its owner: adds a file of answers to a list.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` with what is wrong in the file; `Conflict` if there are too many.
    pub fn add_answers_to_list(&self, actor: &Actor, id: &str, name: &str, bytes: &[u8]) -> Done<SavedList> {
        let (_, mut read) = self.clause_list(actor, id)?;
        let name = file_name(name);
        read.add_answers(&name, bytes).map_err(|error| in_file(&error))?;
        let digest = self.store().blobs().put(bytes)?;
        self.act(actor, |act| {
            let mut saved = own_list(act.tx, actor, id)?;
            if saved.files.len() > MOST_FILES {
                return Err(ServiceError::conflict(
                    format!("回答のファイルは {MOST_FILES} 件までです。"),
                    format!("At most {MOST_FILES} files of answers are possible."),
                ));
            }
            saved.files.push(SavedFile {
                name: name.clone(),
                digest,
            });
            saved.offers = read.offers.len();
            update(act.tx, &saved)?;
            refer(act.tx, &digest, bytes.len() as u64, "clause-answers", id, act.now.0)?;
            act.audit("add-answers", id, &json!({"sha256": digest.to_string()}))?;
            Ok(saved)
        })
    }

    /// A municipality's own lists, newest first.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn clause_lists(&self, actor: &Actor) -> Done<Vec<SavedList>> {
        only(actor, &[Role::Municipality])?;
        self.store()
            .read(|tx| Ok(list(tx, "account = ?1", &values![actor.account.as_str()])?))
    }

    /// Its owner: a list with its answers.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn clause_list(&self, actor: &Actor, id: &str) -> Done<(SavedList, ClauseList)> {
        let saved = self.store().read(|tx| own_list(tx, actor, id))?;
        let mut files = saved.files.iter();
        let blob = |file: &SavedFile| self.store().blobs().get(&file.digest);
        let first = files.next().ok_or(ServiceError::NotFound)?;
        let mut read = read_list(&first.name, &blob(first)?).map_err(|error| in_file(&error))?;
        for file in files {
            read.add_answers(&file.name, &blob(file)?)
                .map_err(|error| in_file(&error))?;
        }
        Ok((saved, read))
    }

    /// Its owner: deletes a list with the decisions about it. Notices that name it lose it.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn delete_clause_list(&self, actor: &Actor, id: &str) -> Done<()> {
        self.act(actor, |act| {
            own_list(act.tx, actor, id)?;
            act.tx
                .execute("DELETE FROM clause_decision WHERE list = ?1", &values![id])?;
            act.tx.execute("DELETE FROM blob_ref WHERE object = ?1", &values![id])?;
            act.tx.execute("DELETE FROM clause_list WHERE id = ?1", &values![id])?;
            act.audit("delete-clause-list", id, &Json::Null)?;
            Ok(())
        })
    }

    /// Its owner: what the clauses of a list ask for, as far as it is known, and the decisions about them.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn clause_matches(&self, actor: &Actor, id: &str) -> Done<(SavedList, ClauseList, Vec<ClauseMatch>)> {
        let (saved, read) = self.clause_list(actor, id)?;
        let decided = self.store().read(|tx| decisions(tx, id))?;
        let matches = self.matcher().matches(&read, &decided);
        Ok((saved, read, matches))
    }

    /// Its owner: decides what a clause asks for.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` for the list or the clause; `Invalid` for an unknown requirement.
    pub fn decide_clause(
        &self,
        actor: &Actor,
        id: &str,
        clause: &str,
        decision: &ClauseDecision,
        note: &str,
    ) -> Done<()> {
        let (_, read) = self.clause_list(actor, id)?;
        let wanted = read.clauses.iter().find(|known| known.key == clause);
        let wanted = wanted.ok_or(ServiceError::NotFound)?;
        let requirements = match decision {
            ClauseDecision::Requirements(ids) => self.known_requirements(ids)?,
            ClauseDecision::OutOfScope | ClauseDecision::Open => Vec::new(),
        };
        let decided = Confirmation {
            clause: clause.to_owned(),
            fingerprint: wanted.fingerprint(),
            requirements,
            out_of_scope: *decision == ClauseDecision::OutOfScope,
            by: actor.name.clone(),
            on: self.now().day().to_string(),
            note: note.trim().chars().take(500).collect(),
        };
        self.act(actor, |act| {
            own_list(act.tx, actor, id)?;
            if *decision == ClauseDecision::Open {
                act.tx.execute(
                    "DELETE FROM clause_decision WHERE list = ?1 AND clause = ?2",
                    &values![id, clause],
                )?;
            } else {
                write_decision(act, id, &decided)?;
            }
            let detail = json!({
                "clause": clause, "outOfScope": decided.out_of_scope, "requirements": decided.requirements,
            });
            act.audit("decide-clause", id, &detail)?;
            Ok(())
        })
    }

    fn known_requirements(&self, ids: &[String]) -> Done<Vec<String>> {
        let mut known: Vec<String> = Vec::new();
        for id in ids {
            let Some(requirement) = self.corpus().requirement(id.trim()) else {
                return Err(ServiceError::field(
                    "requirements",
                    format!("要件 {id} はありません。"),
                    format!("There is no requirement {id:?}."),
                ));
            };
            if !known.contains(&requirement.id) {
                known.push(requirement.id.clone());
            }
        }
        if known.is_empty() {
            return Err(ServiceError::field(
                "requirements",
                "要件を一つ以上選ぶか、対象外としてください。",
                "Choose one requirement at least, or say that the clause is out of scope.",
            ));
        }
        Ok(known)
    }

    /// Its owner: checks the claims of a list, with the decisions about it; today if there is no day.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn check_clause_list(&self, actor: &Actor, id: &str, as_of: Option<Day>) -> Done<RfpResult> {
        let (_, read) = self.clause_list(actor, id)?;
        let decided = self.store().read(|tx| decisions(tx, id))?;
        self.check_read(&read, &decided, as_of)
    }

    /// Anybody: checks claims without keeping them (CSV, Excel, or `rfp-claims/v1` as JSON); today if there is no day.
    ///
    /// # Errors
    /// `Invalid` with what is wrong in the file.
    pub fn check_claims(&self, name: &str, bytes: &[u8], as_of: Option<Day>) -> Done<RfpResult> {
        let read = read_list(&file_name(name), bytes).map_err(|error| in_file(&error))?;
        self.check_read(&read, &Confirmations::default(), as_of)
    }

    fn check_read(&self, read: &ClauseList, decided: &Confirmations, as_of: Option<Day>) -> Done<RfpResult> {
        let catalog = self.catalog()?;
        let reports = self.reports_for(read, &catalog)?;
        let register = Register::new(&catalog, None, &reports);
        let matches = self.matcher().matches(read, decided);
        let options = CheckOptions {
            as_of: as_of.unwrap_or_else(|| self.now().day()),
            verified: Some(Text::new(
                "登録システムの現在の登録簿による",
                "from the register itself, as it stands now",
            )),
        };
        Ok(check(read, &matches, decided, &register, self.corpus(), &options))
    }

    fn reports_for(&self, read: &ClauseList, catalog: &Catalog) -> Done<Reports> {
        let mut reports = Reports::default();
        for digest in needed_reports(read, catalog) {
            match self.report_statement(&digest) {
                Ok(line) => reports
                    .add(digest, &line)
                    .map_err(|error| ServiceError::internal("report", error))?,
                // A report that is not there leaves its claims undetermined.
                Err(ServiceError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(reports)
    }

    /// The matcher of the corpus that counts. It takes a moment to build, so the last one is kept.
    pub fn matcher(&self) -> Arc<Matcher> {
        static KEPT: Mutex<Option<(String, Arc<Matcher>)>> = Mutex::new(None);
        let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        let corpus = self.corpus();
        match &*kept {
            Some((digest, matcher)) if *digest == corpus.digest => Arc::clone(matcher),
            _ => {
                let matcher = Arc::new(Matcher::new(corpus));
                *kept = Some((corpus.digest.clone(), Arc::clone(&matcher)));
                matcher
            }
        }
    }
}

/// A list, if it is this actor's own; others do not learn whether it is there.
pub(super) fn own_list(tx: &mut dyn Tx, actor: &Actor, id: &str) -> Done<SavedList> {
    only(actor, &[Role::Municipality])?;
    let saved: Option<SavedList> = find(tx, id)?;
    saved
        .filter(|saved| saved.account == actor.account)
        .ok_or(ServiceError::NotFound)
}

fn decisions(tx: &mut dyn Tx, id: &str) -> Done<Confirmations> {
    let rows = tx.query(
        "SELECT data FROM clause_decision WHERE list = ?1 ORDER BY clause",
        &values![id],
    )?;
    let mut all = Confirmations::default();
    for row in rows {
        all.set(row.json(0)?);
    }
    Ok(all)
}

/// The last part of a name from a browser, without what a path or a terminal could take amiss.
fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| !c.is_control()).take(120).collect();
    if clean.is_empty() { "list".to_owned() } else { clean }
}

fn in_file(error: &ListError) -> ServiceError {
    use crate::text::Lang;
    let text = Text::new(error.describe(Lang::Ja), error.describe(Lang::En));
    ServiceError::Invalid(vec![FieldError::new("file", text)])
}
