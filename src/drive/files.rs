//! Steps in which files of units are laid down and taken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::driver::Driver;
use super::provider::Story;
use super::session::micros;
use super::soap::suite;
use super::soap_reply::encode;
use crate::evidence::{Blocked, Channel, Exchange, Fault, Initiator};
use crate::scenario::{FileDeposit, FileExport, MarkerUse, Step};
use crate::standard::unit::exchange_file::{CHANGE, FileKind, FileName, Marker, columns, write_csv};
use crate::standard::unit::{Record, Unit};
use crate::text::Text;
use crate::text::date::day_and_time_in_japan;
use crate::wire::place::{MOST_BYTES, Place, PlaceError};

/// Bytes of a marker that are read at the most: it is one short JSON object.
const MOST_OF_MARKER: u64 = 64 * 1024;
/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;
/// Files of one step that are kept at the most.
const MOST_FILES: usize = 8;

/// Where files are laid down, and what is known of those that were.
pub(super) struct Files {
    pub(super) place: Place,
    pub(super) units: Arc<Vec<Unit>>,
    /// How many files the harness laid down, by group; each gets a time of its own.
    counts: Mutex<BTreeMap<String, u64>>,
}

impl Files {
    pub(super) fn new(place: Place, units: Arc<Vec<Unit>>) -> Self {
        Self {
            place,
            units,
            counts: Mutex::default(),
        }
    }

    fn group(&self, group: &str) -> Option<(&Unit, &Record)> {
        let (number, record) = group.split_once('.')?;
        let number: u8 = number.parse().ok()?;
        let unit = self.units.iter().find(|unit| unit.file.number == number)?;
        Some((unit, unit.record(record)?))
    }

    /// A time that no other file of the group has, YYYYMMDDhhmmss: a day ago, because files of the product, which have
    /// the time of now, lie in the same place.
    fn time(&self, group: &str, started_unix_ms: u64) -> String {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(group.to_owned()).or_default();
        *count += 1;
        let (day, time) = day_and_time_in_japan(started_unix_ms.saturating_sub(DAY_MS) + *count * 1_000);
        (day + &time).chars().filter(char::is_ascii_digit).take(14).collect()
    }
}

/// What the driver says of a file.
struct Told<'a> {
    action: &'static str,
    group: &'a str,
    more: Map<String, Value>,
}

impl Story<'_> {
    fn files(&self, step: &Step) -> Result<Arc<Files>, Blocked> {
        self.session.files.clone().ok_or_else(|| Blocked {
            step: step.id.to_string(),
            reason: Text::new(
                "ターゲットファイルに [files] がありません。",
                "the target file has no [files]",
            ),
            blame: "configuration".into(),
        })
    }

    /// Has the product lay down a file, and takes it with its marker.
    pub(super) async fn file_export(
        &mut self,
        step: &Step,
        act: &FileExport,
        driver: Option<&Driver>,
    ) -> Result<(), Blocked> {
        let files = self.files(step)?;
        let fault = |error: PlaceError| unusable(step, &error);
        let before: BTreeSet<String> = files.place.list().await.map_err(fault)?.into_iter().collect();
        let more = Map::from_iter([("kind".to_owned(), act.kind.word().into())]);
        let told = Told {
            action: "export-group",
            group: &act.group,
            more,
        };
        let outcome = self.tell(step, told, driver).await?;
        let begun = Instant::now();
        // A driver that says `done` has laid down everything; one that only accepts the order gets time.
        let limits = self.session.limits;
        let patience = if outcome == "accepted" {
            limits.consumer_patience
        } else {
            limits.settle * 5
        };
        loop {
            let looked = Instant::now();
            let names = files.place.list().await.map_err(fault)?;
            let new: Vec<&str> = names
                .iter()
                .filter(|name| !before.contains(*name))
                .map(String::as_str)
                .collect();
            let data = data_files(&new, act);
            let marked = data.iter().find(|data| new.contains(&Marker::name(data).as_str()));
            let is_over = begun.elapsed() >= patience;
            if let Some(chosen) = marked.or_else(|| data.last().filter(|_| is_over)) {
                // One file is expected. If there are more, the one with a marker is looked at last.
                let others = data.iter().filter(|name| *name != chosen).take(MOST_FILES - 1);
                for name in others.chain([chosen]) {
                    self.take_file(step, &files.place, name, MOST_BYTES).await?;
                }
                if marked.is_some() {
                    self.take_file(step, &files.place, &Marker::name(chosen), MOST_OF_MARKER)
                        .await?;
                }
                return Ok(());
            }
            if is_over {
                // Nothing came: the checks say so.
                return Ok(());
            }
            // A place with many old files takes its time to list; it is not asked all the time.
            tokio::time::sleep(looked.elapsed().max(self.session.limits.settle / 10)).await;
        }
    }

    /// Reads a file that the product laid down. What is wrong with the file itself is evidence about the product.
    async fn take_file(&self, step: &Step, place: &Place, name: &str, most: u64) -> Result<(), Blocked> {
        let begun = Instant::now();
        let (content, fault) = match place.get_at_most(name, most).await {
            Ok(content) => (content, None),
            Err(PlaceError::TooLarge { most, .. }) => {
                let limit = usize::try_from(most).unwrap_or(usize::MAX);
                (Vec::new(), Some(Fault::TooLarge { limit }))
            }
            // The name is the evidence.
            Err(PlaceError::Name { .. }) => (Vec::new(), None),
            Err(error) => return Err(unusable(step, &error)),
        };
        self.record_file(step, name, content, begun, Initiator::Product, fault);
        Ok(())
    }

    /// Lays down a file and tells the product to take it.
    pub(super) async fn file_deposit(
        &mut self,
        step: &Step,
        act: &FileDeposit,
        driver: Option<&Driver>,
    ) -> Result<(), Blocked> {
        let files = self.files(step)?;
        let fault = |error: PlaceError| unusable(step, &error);
        let (name, content, marker) = match &act.again {
            Some(earlier) => {
                let known = self.laid_down.get(earlier).cloned();
                known.ok_or_else(|| suite(step, &format!("step `{earlier}` laid down no file")))?
            }
            None => self.written(step, act, &files)?,
        };
        let begun = Instant::now();
        files.place.put(&name, &content).await.map_err(fault)?;
        self.record_file(step, &name, content.clone(), begun, Initiator::Harness, None);
        let told_marker = match act.marker {
            MarkerUse::Absent => None,
            MarkerUse::Right => Some(marker.clone()),
            MarkerUse::WrongSum => Some(Marker {
                sha256: "0".repeat(64),
                ..marker.clone()
            }),
            MarkerUse::WrongRows => Some(Marker {
                rows: marker.rows + 1,
                ..marker.clone()
            }),
        };
        if let Some(told) = told_marker {
            let begun = Instant::now();
            let text = serde_json::to_vec(&told).unwrap_or_default();
            files.place.put(&Marker::name(&name), &text).await.map_err(fault)?;
            self.record_file(step, &Marker::name(&name), text, begun, Initiator::Harness, None);
        }
        self.laid_down
            .insert(step.id.to_string(), (name.clone(), content, marker));
        let told = Told {
            action: "import-group",
            group: &act.group,
            more: Map::from_iter([("file".to_owned(), name.into())]),
        };
        self.tell(step, told, driver).await.map(|_| ())
    }

    /// Name, content and true marker of a new file.
    fn written(&self, step: &Step, act: &FileDeposit, files: &Files) -> Result<(String, Vec<u8>, Marker), Blocked> {
        let (unit, record) = files
            .group(&act.group)
            .ok_or_else(|| suite(step, &format!("there is no group {}", act.group)))?;
        let facts = &self.session.facts;
        let mut rows: Vec<BTreeMap<String, String>> = Vec::with_capacity(act.rows.len());
        for row in &act.rows {
            let mut filled = BTreeMap::new();
            for (id, value) in row {
                filled.insert(id.clone(), self.fill(step, value)?);
            }
            if act.kind == FileKind::Delta {
                filled.entry(CHANGE.to_owned()).or_insert_with(|| "1".to_owned());
            }
            rows.push(filled);
        }
        let mut text = write_csv(&columns(record, act.kind), rows.iter());
        for edit in &act.edit {
            let (find, replace) = (self.fill(step, &edit.find)?, self.fill(step, &edit.replace)?);
            if !text.contains(&find) {
                return Err(suite(step, &format!("the file has no {find:?} to be changed")));
            }
            text = text.replacen(&find, &replace, 1);
        }
        let name = FileName {
            municipality: act.municipality.clone().unwrap_or_else(|| facts.municipality.clone()),
            unit: unit.file.number,
            record: record.id.clone(),
            kind: act.kind,
            at: files.time(&act.group, facts.started_unix_ms),
            sequence: act.sequence.unwrap_or(match act.kind {
                FileKind::Full => 1,
                FileKind::Delta => 2,
            }),
        }
        .to_string();
        let mut content = encode(&text, act.encoding);
        let marker = Marker::of(&name, &content, rows.len() as u64);
        content.truncate(content.len().saturating_sub(act.cut));
        Ok((name, content, marker))
    }

    async fn tell(&self, step: &Step, told: Told<'_>, driver: Option<&Driver>) -> Result<&'static str, Blocked> {
        let blocked = |reason| Blocked {
            step: step.id.to_string(),
            reason,
            blame: "configuration".into(),
        };
        let Told { action, group, more } = told;
        let driver = driver.ok_or_else(|| {
            blocked(Text::new(
                format!("[driver] がないため、製品に {action} を指示できません。"),
                format!("without [driver] the product cannot be told to {action}"),
            ))
        })?;
        let (unit, record) = group.split_once('.').unwrap_or_default();
        let order = json!({ "unit": format!("unit.{unit}"), "group": record });
        let mut with = match order {
            Value::Object(order) => order,
            _ => Map::new(),
        };
        with.extend(more);
        let reply = driver
            .act(action, with, self.session.limits.consumer_patience * 4)
            .await;
        let (failed, outcome, why) = self.note_driver(step, action, reply);
        if failed {
            return Err(blocked(Text::new(
                format!("製品のドライバーが {action} を実行できません（{outcome}）: {why}"),
                format!("the product's driver could not do `{action}` ({outcome}): {why}"),
            )));
        }
        Ok(outcome)
    }

    fn record_file(
        &self,
        step: &Step,
        name: &str,
        content: Vec<u8>,
        begun: Instant,
        initiator: Initiator,
        fault: Option<Fault>,
    ) {
        self.attempt.exchange(Exchange {
            step: Arc::clone(&step.id),
            index: 0,
            channel: Channel::File,
            initiator,
            started_us: micros(begun.saturating_duration_since(self.session.started)),
            elapsed_us: micros(begun.elapsed()),
            connection: 0,
            peer: String::new(),
            tls: None,
            request: name.as_bytes().to_vec(),
            response: content,
            fault,
        });
    }
}

/// The files among new names that the product may have meant: those of the group if there are any, else all that are
/// not, by their name, of somebody else.
fn data_files<'n>(new: &[&'n str], act: &FileExport) -> Vec<&'n str> {
    let data: Vec<&str> = new.iter().copied().filter(|name| !name.ends_with(".done")).collect();
    let is_of_group = |name: &FileName| format!("{:02}.{}", name.unit, name.record) == act.group;
    let own = data
        .iter()
        .copied()
        .filter(|name| FileName::parse(name).is_some_and(|name| is_of_group(&name)));
    let own: Vec<&str> = own.collect();
    if !own.is_empty() {
        return own;
    }
    data.into_iter()
        .filter(|name| FileName::parse(name).is_none())
        .collect()
}

fn unusable(step: &Step, error: &PlaceError) -> Blocked {
    Blocked {
        step: step.id.to_string(),
        reason: Text::new(
            format!("ファイルの置場が使えません: {error}"),
            format!("the place for files cannot be used: {error}"),
        ),
        blame: error.blame().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_others_are_not_taken_for_that_of_the_group() {
        let act = FileExport {
            group: "10.qualification".into(),
            kind: FileKind::Full,
        };
        let own = "131016_10_qualification_full_20261122120000_0001.csv";
        let other = "131016_09_levy_full_20261122120000_0001.csv";
        let marker = format!("{own}.done");
        assert_eq!(data_files(&[other, own, &marker, "free.csv"], &act), [own]);
        assert_eq!(data_files(&[other, "free.csv", "free.csv.done"], &act), ["free.csv"]);
        assert_eq!(data_files(&[other], &act), Vec::<&str>::new());
    }

    #[test]
    fn files_of_the_harness_have_names_that_those_of_the_product_have_not() {
        let files = Files::new(Place::memory(), Arc::default());
        let now = 1_795_357_583_000;
        let times: BTreeSet<String> = ["10.a", "10.a", "10.a"].map(|group| files.time(group, now)).into();
        assert_eq!(times.len(), 3);
        assert_eq!(times.first().map(String::as_str), Some("20261121232624"));
        assert_eq!(files.time("10.b", now), "20261121232624");
    }
}
