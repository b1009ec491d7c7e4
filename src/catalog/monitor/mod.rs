//! Watching a catalog from outside: that it says today what its log says, and what it said yesterday.
//!
//! Whoever runs this regularly notices what the body itself could not be asked: an event that was taken back, a record
//! that no event explains, a log with two histories. Everything is computed again from the published files; the register
//! is believed in nothing but its signatures.

mod compare;
mod replay;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::fold::Catalog;
use super::source::{STATEMENT, Source, SourceError};
use replay::Replay;

use super::Head;
use crate::attest::Digest;
use crate::attest::envelope::Envelope;
use crate::attest::key::PublicKey;
use crate::attest::log::{Checkpoint, Hash, Note, Policy, TileId, TileReader, prove_consistency};
use crate::attest::statement::{CatalogSnapshot, Predicate, Statement};
use crate::attest::verify::trust::{Role, Trust};
use crate::attest::verify::{Conclusion, Finding, Standing};
use crate::text::Text;
use crate::text::date::unix_ms;

/// Where the trust bundle of the body stands, for those who were not given one.
const TRUST: &str = "trust/trust-bundle.intoto.jsonl";

/// What is looked at.
#[derive(Clone, Debug)]
pub struct MonitorOptions {
    /// Keys and policy that the checker holds from elsewhere. Empty: those of the site are taken, and prove little.
    pub trust: Trust,
    /// What was seen the last time.
    pub state: Option<MonitorState>,
    /// Registrations whose changes are told.
    pub watch: Vec<String>,
    /// Not every entry again, only that the log continues the one that was seen.
    pub quick: bool,
    /// Now, Unix milliseconds.
    pub now: u64,
}

/// What was seen; kept in a file between two looks.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MonitorState {
    /// The log.
    pub origin: String,
    /// Its size.
    pub size: u64,
    /// Its root, base64.
    pub root: String,
    /// Number of the snapshot.
    pub no: u64,
    /// Watched registrations with the digest of their last event.
    #[serde(default)]
    pub watched: BTreeMap<String, Option<Digest>>,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MonitorReport {
    /// Valid: all holds, and nothing watched has changed. Invalid: something does not hold, or a watched registration
    /// has changed. Undetermined: something needed could not be read, or the snapshot is stale.
    pub conclusion: Conclusion,
    /// Entries of the log.
    pub log_size: Option<u64>,
    /// Number of the snapshot.
    pub snapshot: Option<u64>,
    /// Records in it.
    pub records: Option<usize>,
    /// Until when the catalog is fresh.
    pub next_update: Option<String>,
    /// Answers in the order in which questions were asked.
    pub findings: Vec<Finding>,
    /// What to keep for the next time; none if something does not hold.
    #[serde(skip)]
    pub state: Option<MonitorState>,
}

/// Looks at a catalog and its log.
pub fn monitor(source: &Source, options: MonitorOptions) -> MonitorReport {
    let mut monitor = Monitor {
        source,
        options,
        findings: Vec::new(),
    };
    let mut report = MonitorReport {
        conclusion: Conclusion::Undetermined,
        log_size: None,
        snapshot: None,
        records: None,
        next_update: None,
        findings: Vec::new(),
        state: None,
    };
    monitor.look(&mut report).ok();
    let wrong = monitor
        .findings
        .iter()
        .any(|finding| finding.standing == Standing::Wrong);
    let open = monitor
        .findings
        .iter()
        .any(|finding| finding.standing == Standing::Open);
    report.conclusion = match (wrong, open || report.state.is_none()) {
        (true, _) => Conclusion::Invalid,
        (false, true) => Conclusion::Undetermined,
        (false, false) => Conclusion::Valid,
    };
    // A change that was told is known the next time; something that does not hold has to be told again.
    let broken = monitor
        .findings
        .iter()
        .any(|finding| finding.standing == Standing::Wrong && finding.code != WATCHED);
    if broken {
        report.state = None;
    }
    report.findings = monitor.findings;
    report
}

/// Code of a change of something that is watched.
const WATCHED: &str = "C8-watched";

struct Monitor<'a> {
    source: &'a Source,
    options: MonitorOptions,
    findings: Vec<Finding>,
}

/// A finding was noted that makes the rest pointless.
pub(super) struct Stop;

impl Monitor<'_> {
    fn look(&mut self, report: &mut MonitorReport) -> Result<(), Stop> {
        self.take_trust()?;
        let policy = self.policy()?;
        let checkpoint = self.checkpoint(&policy)?;
        report.log_size = Some(checkpoint.size);
        let (catalog, digest) = match self.source.catalog() {
            Ok(found) => found,
            Err(error @ SourceError::Catalog { .. }) => {
                return self.wrong("C5-snapshot", "カタログが読めません。", error);
            }
            Err(error) => return self.open("C5-snapshot", "カタログを取得できません。", error),
        };
        let Some(head) = catalog.head().cloned() else {
            return self.wrong(
                "C5-snapshot",
                "カタログに番号がありません。",
                "the catalog has no number",
            );
        };
        report.snapshot = Some(head.no);
        report.records = Some(catalog.records().len());
        report.next_update = Some(head.next_update.clone());
        self.snapshot(&head, digest, &checkpoint)?;
        if self.options.quick {
            self.continues_by_proof(&checkpoint, &head)?;
        } else {
            let replay = self.replay(&checkpoint, head.log.size)?;
            self.continues(&checkpoint, &head, &replay)?;
            self.compare(&catalog, replay)?;
        }
        self.fresh(&head);
        let watched = self.watched(&catalog);
        report.state = Some(MonitorState {
            origin: checkpoint.origin,
            size: checkpoint.size,
            root: STANDARD.encode(checkpoint.root),
            no: head.no,
            watched,
        });
        Ok(())
    }

    fn note(&mut self, standing: Standing, code: &'static str, ja: impl Into<String>, en: impl Into<String>) {
        self.findings.push(Finding {
            code,
            standing,
            text: Text::new(ja, en),
        });
    }

    fn proven(&mut self, code: &'static str, ja: impl Into<String>, en: impl Into<String>) {
        self.note(Standing::Proven, code, ja, en);
    }

    fn wrong<T>(&mut self, code: &'static str, ja: &str, why: impl ToString) -> Result<T, Stop> {
        let why = why.to_string();
        self.note(Standing::Wrong, code, format!("{ja} {why}"), why);
        Err(Stop)
    }

    fn open<T>(&mut self, code: &'static str, ja: &str, why: impl ToString) -> Result<T, Stop> {
        let why = why.to_string();
        self.note(Standing::Open, code, format!("{ja} {why}"), why);
        Err(Stop)
    }

    fn get(&mut self, code: &'static str, path: &str) -> Result<Vec<u8>, Stop> {
        match self.source.get(path) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => self.open(code, "ファイルがありません。", format!("{path} is not there")),
            Err(error) => self.open(code, "ファイルを取得できません。", error),
        }
    }

    /// Keys of the checker, walked on to the newest version of the trust bundle; without any, those of the site.
    fn take_trust(&mut self) -> Result<(), Stop> {
        let offered = match self.source.get(TRUST) {
            Ok(offered) => offered,
            Err(error) => return self.open("C1-trust", "鍵の一覧を取得できません。", error),
        };
        if self.options.trust.is_empty() {
            let Some(offered) = offered else {
                return self.open(
                    "C1-trust",
                    "鍵がありません。--trust で指定してください。",
                    "no keys: give them with --trust",
                );
            };
            if let Err(error) = self.options.trust.add(&offered) {
                return self.wrong("C1-trust", "鍵の一覧が正しくありません。", error);
            }
            self.note(
                Standing::Open,
                "C1-trust",
                "鍵はこのサイト自身のものです。別の経路で受け取った鍵を --trust で指定してください。",
                "The keys are those that the site itself offers. Give keys that came another way with --trust.",
            );
            return Ok(());
        }
        if let Some(offered) = offered
            && let Err(error) = self.options.trust.walk(&offered)
        {
            return self.wrong("C1-trust", "新しい鍵の一覧が、前の版の鍵で署名されていません。", error);
        }
        Ok(())
    }

    fn policy(&mut self) -> Result<Policy, Stop> {
        match self.options.trust.policy() {
            Some(policy) => Ok(policy.clone()),
            None => self.open("C1-trust", "ログの鍵がありません。", "the trust bundle names no log"),
        }
    }

    fn checkpoint(&mut self, policy: &Policy) -> Result<Checkpoint, Stop> {
        let bytes = self.get("C2-checkpoint", "log/checkpoint")?;
        let note = match Note::parse(&bytes) {
            Ok(note) => note,
            Err(error) => return self.wrong("C2-checkpoint", "チェックポイントが読めません。", error),
        };
        let seen = match policy.check(&note) {
            Ok(seen) => seen,
            Err(error) => return self.wrong("C2-checkpoint", "チェックポイントの署名が正しくありません。", error),
        };
        let size = seen.checkpoint.size;
        self.proven(
            "C2-checkpoint",
            format!("ログ（{size} 件）のチェックポイントは正しく署名されています。"),
            format!("The checkpoint of the log ({size} entries) is signed by its key."),
        );
        if !seen.quorum {
            let found = seen.witnesses.len();
            return self.wrong(
                "C2-witness",
                "第三者（ウィットネス）の連署が足りません。",
                format!("only {found} witnesses of the policy have cosigned, which is not enough"),
            );
        }
        if policy.is_alone() {
            self.note(
                Standing::Unclaimed,
                "C2-witness",
                "第三者による確認はありません。",
                "No witness confirms the log: it could show others another one.",
            );
        } else {
            let names: Vec<&str> = seen.witnesses.iter().map(|(name, _)| &**name).collect();
            let names = names.join(", ");
            self.proven("C2-witness", format!("連署：{names}"), format!("Cosigned by {names}."));
        }
        Ok(seen.checkpoint)
    }

    /// The snapshot is signed, names this log, and is not older than the last one.
    fn snapshot(&mut self, head: &Head, digest: Digest, checkpoint: &Checkpoint) -> Result<(), Stop> {
        let line = self.get("C5-snapshot", STATEMENT)?;
        let keys = self.options.trust.keys(Role::Snapshot, None);
        let statement = match signed::<CatalogSnapshot>(&line, &keys) {
            Ok(statement) => statement,
            Err(why) => return self.wrong("C5-snapshot", "カタログの署名が正しくありません。", why),
        };
        if statement != head.statement(digest) {
            return self.wrong(
                "C5-snapshot",
                "署名されたカタログではありません。",
                "catalog.json is not the catalog that was signed",
            );
        }
        let no = head.no;
        if let Some(before) = self.options.state.as_ref().filter(|state| state.no > no) {
            let before = before.no;
            return self.wrong(
                "C5-snapshot",
                "カタログが巻き戻されています。",
                format!("snapshot {no} is older than {before}, which was seen before"),
            );
        }
        let size = head.log.size;
        if size > checkpoint.size {
            return self.wrong(
                "C5-snapshot",
                "カタログがログより先に進んでいます。",
                format!("the snapshot is of {size} entries, the log has {}", checkpoint.size),
            );
        }
        self.proven(
            "C5-snapshot",
            format!("第 {no} 号のカタログは署名されています。"),
            format!("Snapshot {no} of the catalog is signed."),
        );
        Ok(())
    }

    /// The log continues the one that was seen; with a proof from its tiles.
    fn continues_by_proof(&mut self, checkpoint: &Checkpoint, head: &Head) -> Result<(), Stop> {
        let wanted = [
            self.seen_before(checkpoint)?,
            Some((head.log.size, head.log.root.sha256.0)),
        ];
        for (size, root) in wanted.into_iter().flatten() {
            let source = self.source;
            let reader = TileReader::new(|id: &TileId| fetch(source, &format!("log/{id}")), checkpoint.size);
            let proof = match prove_consistency(&reader, size, checkpoint.size) {
                Ok(proof) => proof,
                Err(error) => return self.open("C3-consistency", "ログのファイルを取得できません。", error),
            };
            if let Err(error) = proof.verify(size, &root, checkpoint.size, &checkpoint.root) {
                return self.wrong("C3-consistency", "ログが書き換えられています。", error);
            }
            self.consistent(size);
        }
        Ok(())
    }

    fn consistent(&mut self, size: u64) {
        self.proven(
            "C3-consistency",
            format!("ログは {size} 件の時点から変わらずに続いています。"),
            format!("The log continues what it was with {size} entries."),
        );
    }

    /// Size and root of the last look, if they are of this log.
    fn seen_before(&mut self, checkpoint: &Checkpoint) -> Result<Option<(u64, Hash)>, Stop> {
        let Some(state) = self.options.state.clone() else {
            return Ok(None);
        };
        if state.origin != checkpoint.origin {
            let why = format!("the log was {}, and is {} now", state.origin, checkpoint.origin);
            return self.wrong("C3-consistency", "別のログです。", why);
        }
        let root = STANDARD.decode(&state.root).ok().and_then(|root| root.try_into().ok());
        let Some(root) = root else {
            return self.open(
                "C3-consistency",
                "記録ファイルが壊れています。",
                "the root in the state file is none",
            );
        };
        if state.size > checkpoint.size {
            let why = format!("the log had {} entries, and has {} now", state.size, checkpoint.size);
            return self.wrong("C3-consistency", "ログが短くなっています。", why);
        }
        Ok(Some((state.size, root)))
    }

    /// The same, from the entries themselves.
    fn continues(&mut self, checkpoint: &Checkpoint, head: &Head, replay: &Replay) -> Result<(), Stop> {
        let mut wanted = vec![
            (checkpoint.size, checkpoint.root, "C4-entries"),
            (head.log.size, head.log.root.sha256.0, "C5-snapshot"),
        ];
        let before = self.seen_before(checkpoint)?;
        wanted.extend(before.map(|(size, root)| (size, root, "C3-consistency")));
        for (size, root, code) in wanted {
            if replay.roots.get(&size) != Some(&root) {
                return self.wrong(
                    code,
                    "ログの内容が署名された値と一致しません。",
                    format!("the first {size} entries do not lead to the root that was signed"),
                );
            }
        }
        let size = checkpoint.size;
        self.proven(
            "C4-entries",
            format!("ログの全 {size} 件が、署名されたチェックポイントと一致します。"),
            format!("All {size} entries lead to the signed checkpoint."),
        );
        if let Some((size, _)) = before {
            self.consistent(size);
        }
        Ok(())
    }

    fn fresh(&mut self, head: &Head) {
        let until = unix_ms(&head.next_update);
        if until.is_some_and(|until| until >= self.options.now) {
            self.proven(
                "C7-fresh",
                format!("カタログは {} まで有効です。", head.next_update),
                format!("The catalog is fresh until {}.", head.next_update),
            );
        } else {
            self.note(
                Standing::Open,
                "C7-fresh",
                format!(
                    "カタログは古くなっています（次の更新予定 {}）。その後の状態は分かりません。",
                    head.next_update
                ),
                format!(
                    "The catalog is stale: the next one was due at {}. What happened since is unknown.",
                    head.next_update
                ),
            );
        }
    }

    fn watched(&mut self, catalog: &Catalog) -> BTreeMap<String, Option<Digest>> {
        let mut watched = BTreeMap::new();
        for number in self.options.watch.clone() {
            let record = catalog.record(&number);
            let now = record.map(|record| record.latest_event.sha256);
            watched.insert(number.clone(), now);
            let before = self.options.state.as_ref().and_then(|state| state.watched.get(&number));
            let what = match record {
                Some(record) => format!("{} ({})", record.status.title().en, record.status_since),
                None => "not in the catalog".to_owned(),
            };
            match before {
                Some(before) if *before != now => {
                    self.note(
                        Standing::Wrong,
                        WATCHED,
                        format!("{number} が変わりました：{what}"),
                        format!("{number} has changed: {what}."),
                    );
                }
                Some(_) => self.proven(
                    WATCHED,
                    format!("{number} は変わっていません：{what}"),
                    format!("{number} has not changed: {what}."),
                ),
                None => self.note(
                    Standing::Unclaimed,
                    WATCHED,
                    format!("{number} を次回から見張ります：{what}"),
                    format!("{number} is watched from now on: {what}."),
                ),
            }
        }
        watched
    }
}

fn fetch(source: &Source, path: &str) -> Result<Vec<u8>, String> {
    match source.get(path) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(format!("{path} is not there")),
        Err(error) => Err(error.to_string()),
    }
}

/// A statement that one of the keys has signed.
fn signed<P>(line: &[u8], keys: &[PublicKey]) -> Result<Statement<P>, String>
where
    P: Predicate,
{
    let envelope = Envelope::parse(line).map_err(|error| error.to_string())?;
    if envelope.signers(keys).is_empty() {
        return Err("it is not signed by a trusted key".to_owned());
    }
    Statement::parse(&envelope.payload).map_err(|error| error.to_string())
}
