//! V8 to V11: the log, the time, and what became of the registration since.

use serde::Deserialize;
use serde_json::Value;
use time::Date;

use super::super::clock;
use super::super::finding::Standing;
use super::super::pack::{CATALOG, CATALOG_STATEMENT, CHECKPOINT_TOKEN, REGISTRATION, proof_name, token_name};
use super::super::status::{Status, fold};
use super::super::trust::Role;
use super::{Check, Documents, Stop, broken, moment, one, statement, wrong};
use crate::attest::log::{Checkpoint, LeafEntry, LogProof, Note, Seen};
use crate::attest::statement::CatalogSnapshot;
use crate::attest::{Digest, canonical, timestamp};
use crate::text::Text;

/// A token may be so much later than a witness' clock, seconds.
const CLOCK_TOLERANCE: i64 = 300;

impl Check<'_> {
    /// V8: every event stands in the log.
    pub(super) fn log(&mut self, documents: &Documents) -> Result<Seen, Stop> {
        let code = "V8-log";
        let Some(policy) = self.trust.policy() else {
            return wrong(
                code,
                "信頼情報にログの方針がありません。",
                "The trust bundle has no policy of a log.",
            );
        };
        let mut newest: Option<Seen> = None;
        for event in &documents.events {
            let facts = &event.statement.predicate;
            let name = proof_name(facts.sequence);
            let Some(bytes) = self.pack.get(&name) else {
                return wrong(
                    "V1-missing",
                    format!("{name} がありません。"),
                    format!("{name} is missing."),
                );
            };
            let proof = LogProof::parse(bytes).map_err(|error| broken(code, &name, error))?;
            let entry = LeafEntry::parse(&proof.entry).map_err(|error| broken(code, &name, error))?;
            let commits = entry.payload == event.digest.0
                && entry.kind == facts.event.word()
                && entry.registration.as_ref() == Some(&facts.registration_number);
            if !commits {
                return wrong(
                    code,
                    format!("{name} のログ項目は、この決定のものではありません。"),
                    format!("The log entry of {name} is not about this decision."),
                );
            }
            let seen = proof.verify(policy).map_err(|error| broken(code, &name, error))?;
            if newest
                .as_ref()
                .is_none_or(|known| known.checkpoint.size <= seen.checkpoint.size)
            {
                self.found.checkpoint = Some(proof.checkpoint.to_string());
                newest = Some(seen);
            }
        }
        let Some(seen) = newest else {
            return wrong(code, "登録の決定がありません。", "There is no decision.");
        };
        let size = seen.checkpoint.size;
        self.found.proven(
            code,
            format!("公開ログ（{size} 件）に載っています。後から消すことはできません。"),
            format!("It stands in the public log of {size} entries, from which nothing can be taken away."),
        );
        let names: Vec<&str> = seen.witnesses.iter().map(|(name, _)| name.as_str()).collect();
        if names.is_empty() {
            self.found.note(
                Standing::Unclaimed,
                "V8-witness",
                "ログについて第三者による確認はありません。",
                "No third party has seen this state of the log.",
            );
        } else {
            let names = names.join(", ");
            self.found.proven(
                "V8-witness",
                format!("第三者がこのログを確認しています（{names}）。"),
                format!("Third parties have seen this state of the log: {names}"),
            );
        }
        Ok(seen)
    }

    /// V9: when it was decided.
    pub(super) fn time(&mut self, documents: &Documents, seen: &Seen) -> Result<(), Stop> {
        let code = "V9-timestamp";
        for event in &documents.events {
            let facts = &event.statement.predicate;
            let name = token_name(facts.sequence);
            let needed = facts.basis.is_some();
            let stamp = match &event.token {
                Some(Ok(stamp)) => stamp,
                Some(Err(error)) => return Err(broken(code, &name, error)),
                None if needed => {
                    return wrong(code, format!("{name} がありません。"), format!("{name} is missing."));
                }
                None => continue,
            };
            let witness = seen.witnesses.iter().map(|(_, time)| *time).min();
            let latest = witness
                .and_then(|time| i64::try_from(time).ok())
                .map(|time| time + CLOCK_TOLERANCE);
            if latest.is_some_and(|latest| stamp.time.unix_timestamp() > latest) {
                return wrong(
                    code,
                    "タイムスタンプが、ログの確認より後の時刻です。",
                    "The timestamp is later than a witness saw the entry in the log.",
                );
            }
            if needed {
                let at = clock::written(stamp.time);
                self.found.proven(
                    code,
                    format!("決定は {at} に存在しました（時刻認証：{}）。", stamp.authority),
                    format!(
                        "The decision existed at {at}, says the timestamp authority {}.",
                        stamp.authority
                    ),
                );
            }
        }
        let archive = self.pack.get(CHECKPOINT_TOKEN).zip(self.found.checkpoint.as_ref());
        if let Some((token, note)) = archive {
            let digest = Digest::of(note.as_bytes());
            timestamp::verify(token, digest, self.trust.tsa())
                .map_err(|error| broken(code, CHECKPOINT_TOKEN, error))?;
        }
        Ok(())
    }

    /// V10: what became of the registration since.
    pub(super) fn status(&mut self, documents: &Documents, seen: &Seen) -> Result<(), Stop> {
        let code = "V10-status";
        let number = documents.events[0].statement.predicate.registration_number.as_str();
        let (Some(bytes), Some(line)) = (self.pack.get(CATALOG), self.pack.get(CATALOG_STATEMENT)) else {
            return Err(Stop {
                code,
                standing: Standing::Open,
                text: Text::new(
                    "状態の証明（catalog.json）がありません。その後に停止や取消しがあったかは分かりません。",
                    "The pack has no catalog.json: whether it was suspended or withdrawn since is unknown.",
                ),
            });
        };
        let envelope = one(line, CATALOG_STATEMENT)?;
        let snapshot = statement::<CatalogSnapshot>(&envelope, CATALOG_STATEMENT)?;
        let facts = &snapshot.predicate;
        let issued = moment(&facts.issued_at, CATALOG_STATEMENT)?;
        let next = moment(&facts.next_update, CATALOG_STATEMENT)?;
        if envelope
            .signers(&self.trust.keys(Role::Snapshot, Some(issued)))
            .is_empty()
        {
            return wrong(
                code,
                "カタログに、信頼する鍵の署名がありません。",
                "The catalog is not signed by a trusted key.",
            );
        }
        let catalog: CatalogView = canonical::parse(bytes)
            .map_err(|error| broken("V1-parse", CATALOG, error))
            .and_then(|value| serde_json::from_value(value).map_err(|error| broken("V1-parse", CATALOG, error)))?;
        let one_catalog = snapshot.subject.len() == 1
            && snapshot.subject[0].digest.sha256 == Digest::of(bytes)
            && catalog.agrees(facts);
        if !one_catalog {
            return wrong(
                code,
                "catalog.json は署名されたカタログではありません。",
                "catalog.json is not the catalog that was signed.",
            );
        }
        if facts.log.size != seen.checkpoint.size || facts.log.root.sha256.0 != seen.checkpoint.root {
            return wrong(
                "V10-log",
                "カタログは、ログの別の状態から作られています。",
                "The catalog follows from another state of the log than the proof.",
            );
        }
        let last = documents.events.last().map(|event| event.digest);
        let record = catalog.records.iter().find(|record| record.registration == number);
        if record.map(|record| record.latest_event.sha256) != last {
            return wrong(
                code,
                "カタログが示す最後の出来事は、このパックのものではありません。",
                "The last event that the catalog names is not the last of this pack.",
            );
        }
        self.found.status_as_of = Some(clock::written(self.options.now.min(issued)));
        let day = clock::day_of(self.options.now);
        let folded = fold(documents.events.iter().map(|event| &event.statement.predicate), day);
        self.judge_status(
            folded.ok_or_else(|| broken(code, REGISTRATION, "a day that is none"))?,
            day,
        )?;
        if self.options.now > next {
            return Err(Stop {
                code: "V10-stale",
                standing: Standing::Open,
                text: Text::new(
                    format!(
                        "状態の証明は {} までのものです。新しい証明パックを入手してください。",
                        facts.next_update
                    ),
                    format!(
                        "The status was known until {}; get a newer proof pack.",
                        facts.next_update
                    ),
                ),
            });
        }
        Ok(())
    }

    fn judge_status(&mut self, status: Status, day: Date) -> Result<(), Stop> {
        self.found.status = Some(status.state.to_owned());
        let since = &status.since;
        if !status.in_force {
            return wrong(
                "V10-status",
                format!("登録は有効ではありません：{}（{since} から）。", status.state),
                format!("The registration is not in force: {} since {since}.", status.state),
            );
        }
        let until = status.valid_until.as_deref().unwrap_or("-");
        self.found.proven(
            "V10-status",
            format!("登録は {day} に有効です（{since} から、期限 {until}）。"),
            format!("The registration is in force on {day}: since {since}, until {until}."),
        );
        if status.flagged {
            self.found.note(
                Standing::Unclaimed,
                "V10-flagged",
                "登録の後で、試験スイートの一部に誤りが見つかっています。",
                "Parts of the suite were found to be wrong after the registration.",
            );
        }
        Ok(())
    }

    /// V11: not older than what the checker has seen before.
    pub(super) fn monotonic(&mut self, seen: &Seen) -> Result<(), Stop> {
        let code = "V11-older";
        let Some(bytes) = &self.options.seen else {
            return Ok(());
        };
        let note = Note::parse(bytes).map_err(|error| broken(code, "--seen", error))?;
        let known = Checkpoint::parse(note.text()).map_err(|error| broken(code, "--seen", error))?;
        let now = &seen.checkpoint;
        let contradicts =
            known.origin == now.origin && (now.size < known.size || (now.size == known.size && now.root != known.root));
        if contradicts {
            return wrong(
                code,
                format!(
                    "ログは以前に見た状態（{} 件）より古いか、食い違っています（{} 件）。",
                    known.size, now.size
                ),
                format!(
                    "The log is older than, or contradicts, what you have seen: {} entries, {} then.",
                    now.size, known.size
                ),
            );
        }
        self.found.proven(
            "V11-seen",
            format!("以前に見たログ（{} 件）より古くありません。", known.size),
            format!("The log is not older than what you have seen ({} entries).", known.size),
        );
        Ok(())
    }
}

/// What of a catalog decides. Its other members are for people.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CatalogView {
    issued_at: String,
    next_update: String,
    no: u64,
    log: Value,
    records: Vec<RecordView>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordView {
    registration: String,
    latest_event: EventView,
}

#[derive(Deserialize)]
struct EventView {
    sha256: Digest,
}

impl CatalogView {
    fn agrees(&self, facts: &CatalogSnapshot) -> bool {
        self.issued_at == facts.issued_at
            && self.next_update == facts.next_update
            && self.no == facts.no
            && serde_json::to_value(facts.log).is_ok_and(|log| log == self.log)
    }
}
