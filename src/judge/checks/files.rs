//! Checks about files that the product laid down.

use std::collections::BTreeMap;

use super::super::context::{Answer, Context, Parsed};
use super::soap::nothing_exchanged;
use super::units::{all_meant, words};
use crate::evidence::{Channel, Fault};
use crate::scenario::{Act, FileExport, FileRule, Step, check};
use crate::schema::table::{CheckOptions, DataFile, FindingRule, Silent, TableChecker};
use crate::schema::unit_table::{table_of_group, table_of_groups};
use crate::standard::unit::exchange_file::{CHANGE, FileName, Marker, read_csv};
use crate::standard::unit::{Record, Unit};
use crate::text::Text;

type Row = BTreeMap<String, String>;

/// A file as it was taken.
struct File<'p> {
    name: String,
    content: &'p [u8],
    /// Why it could not be read.
    fault: Option<&'p Fault>,
    index: usize,
}

impl<'p> File<'p> {
    fn of(parsed: &Parsed<'p>) -> Self {
        Self {
            name: String::from_utf8_lossy(&parsed.exchange.request).into_owned(),
            content: &parsed.exchange.response,
            fault: parsed.exchange.fault.as_ref(),
            index: parsed.index,
        }
    }

    /// The answer about a file that could not be read.
    fn unreadable(&self) -> Option<Answer> {
        let fault = self.fault?;
        let expected = Text::new("読み取れるファイル", "a file that can be read");
        Some(
            Answer::broken(expected, fault.describe())
                .at(&self.name)
                .of_exchange(self.index),
        )
    }
}

/// Data files of a step; more than one is a mistake.
fn data_files(context: &Context<'_>, step: &str) -> Vec<String> {
    let of_step = context.of_step(step).into_iter();
    let taken = of_step.filter(|parsed| parsed.exchange.channel == Channel::File);
    let names = taken.map(|parsed| File::of(parsed).name);
    names.filter(|name| !name.ends_with(".done")).collect()
}

/// The files of a step: the data file, and its marker.
fn files<'p>(context: &Context<'p>, step: &str) -> (Option<File<'p>>, Option<File<'p>>) {
    let of_step = context.of_step(step).into_iter();
    let taken = of_step.filter(|parsed| parsed.exchange.channel == Channel::File);
    let (markers, data): (Vec<_>, Vec<_>) = taken.map(File::of).partition(|file| file.name.ends_with(".done"));
    (data.into_iter().next_back(), markers.into_iter().next_back())
}

fn no_file() -> Answer {
    Answer::broken(
        Text::new("置場にファイル", "a file at the place"),
        Text::new("ファイルが置かれない", "no file was laid down"),
    )
}

/// The unit and the record that a step exports.
fn exported<'c>(context: &Context<'c>, step: &'c Step) -> Option<(&'c FileExport, &'c Unit, &'c Record)> {
    let Act::FileExport(act) = &step.act else { return None };
    let (number, record) = act.group.split_once('.')?;
    let number: u8 = number.parse().ok()?;
    let unit = context.units.iter().find(|unit| unit.file.number == number)?;
    Some((act, unit, unit.record(record)?))
}

/// Rows of the file of a step.
fn rows(context: &Context<'_>, step: &str) -> Result<(usize, Vec<Row>), Answer> {
    let file = files(context, step).0.ok_or_else(no_file)?;
    if let Some(answer) = file.unreadable() {
        return Err(answer);
    }
    let broken = |ja: &str, en: &str| {
        Answer::broken(Text::new("UTF-8 の CSV", "CSV in UTF-8"), Text::new(ja, en)).of_exchange(file.index)
    };
    let text = std::str::from_utf8(file.content).map_err(|_| broken("UTF-8 でない", "not UTF-8"))?;
    let (_, rows) = read_csv(text).ok_or_else(|| broken("引用符又は列数の誤り", "broken quotes or columns"))?;
    Ok((file.index, rows))
}

pub(super) fn rules(p: &check::FileRules, context: &Context<'_>, step: &Step) -> Answer {
    let (data, marker) = files(context, &step.id);
    match (p.rule, data) {
        (FileRule::Encrypted, _) => encrypted(context),
        (_, None) => no_file(),
        (FileRule::Name, Some(file)) => name(context, step, &file),
        (FileRule::Sequence, Some(file)) => sequence(context, step, &file),
        (FileRule::Marker, Some(file)) => match marker {
            Some(marker) => marker_says(&file, &marker),
            None => Answer::broken(
                Text::new("完了標識（.done）", "a marker (.done)"),
                Text::new("完了標識がない", "there is none"),
            )
            .of_exchange(file.index),
        },
    }
}

fn encrypted(context: &Context<'_>) -> Answer {
    let facts = context.facts.files.as_ref();
    match facts.and_then(|facts| facts.encrypted) {
        None => Answer::not_applicable(
            "ネットワークを渡らない置場（フォルダー）",
            "the place is a folder: files cross no network",
        ),
        Some(encrypted) => Answer::from(
            encrypted,
            || Text::new("暗号化された伝送", "encrypted transport"),
            || Text::neutral(facts.map_or_else(String::new, |facts| facts.place.clone())),
        ),
    }
}

fn name(context: &Context<'_>, step: &Step, file: &File<'_>) -> Answer {
    let Some((act, unit, record)) = exported(context, step) else {
        return nothing_exchanged();
    };
    let municipality = &context.facts.municipality;
    let fits = FileName::parse(&file.name).is_some_and(|name| {
        name.municipality == *municipality
            && name.unit == unit.file.number
            && name.record == record.id
            && name.kind == act.kind
    });
    let all = data_files(context, &step.id);
    if all.len() > 1 {
        return Answer::broken(Text::new("ファイル1件", "one file"), Text::neutral(all.join(", ")))
            .of_exchange(file.index);
    }
    let (unit, record, kind) = (unit.id(), &record.id, act.kind.word());
    let expected = format!("{municipality}_{unit}_{record}_{kind}_YYYYMMDDhhmmss_NNNN.csv");
    Answer::from(fits, || Text::neutral(expected), || Text::neutral(file.name.clone())).of_exchange(file.index)
}

fn marker_says(file: &File<'_>, marker: &File<'_>) -> Answer {
    if let Some(answer) = file.unreadable().or_else(|| marker.unreadable()) {
        return answer;
    }
    let read = std::str::from_utf8(file.content).ok().and_then(read_csv);
    let rows = read.map_or(0, |(_, rows)| rows.len());
    let wanted = Marker::of(&file.name, file.content, rows as u64);
    let found: Option<Marker> = serde_json::from_slice(marker.content).ok();
    Answer::from(
        found.as_ref() == Some(&wanted) && marker.name == Marker::name(&file.name),
        || Text::neutral(serde_json::to_string(&wanted).unwrap_or_default()),
        || {
            Text::neutral(
                String::from_utf8_lossy(marker.content)
                    .chars()
                    .take(300)
                    .collect::<String>(),
            )
        },
    )
    .of_exchange(marker.index)
}

/// The number of a file is higher than that of the file of the same group and kind before it.
fn sequence(context: &Context<'_>, step: &Step, file: &File<'_>) -> Answer {
    let Some(this) = FileName::parse(&file.name) else {
        return Answer::broken(
            Text::new("規則どおりの名前", "a name by the rules"),
            Text::neutral(file.name.clone()),
        )
        .of_exchange(file.index);
    };
    let others = context.of_channel(Channel::File).into_iter();
    let before = others
        .filter(|parsed| parsed.index < file.index && *parsed.exchange.step != *step.id)
        .filter_map(|parsed| FileName::parse(&File::of(parsed).name))
        .filter(|name| (name.unit, &name.record, name.kind) == (this.unit, &this.record, this.kind))
        .map(|name| name.sequence)
        .max();
    let Some(before) = before else {
        return Answer::not_applicable("前のファイルがない", "there is no file before it");
    };
    Answer::from(
        this.sequence > before,
        || Text::new(format!("{before} より大きい番号"), format!("a number above {before}")),
        || Text::neutral(this.sequence.to_string()),
    )
    .of_exchange(file.index)
}

pub(super) fn form(context: &Context<'_>, step: &Step) -> Answer {
    let (Some((act, unit, record)), (Some(file), _)) = (exported(context, step), files(context, &step.id)) else {
        return no_file();
    };
    if let Some(answer) = file.unreadable() {
        return answer;
    }
    let table = table_of_group(unit, record, act.kind);
    let Ok(mut checker) = TableChecker::new(&table, CheckOptions::default()) else {
        return nothing_exchanged();
    };
    let data = DataFile {
        name: file.name.clone(),
        reader: Box::new(file.content),
    };
    // Reading from memory does not fail.
    if checker.check(data, &mut Silent).is_err() {
        return nothing_exchanged();
    }
    let result = checker.finish();
    let Some(first) = result.findings.first() else {
        return Answer::Holds;
    };
    let item = first.item.as_deref().unwrap_or_default();
    let all: u64 = result.counts.iter().map(|count| count.count).sum();
    Answer::broken(
        Text::new(
            format!("{}（{} 行目 {item}）", first.expected.ja, first.record),
            format!("{} (row {}, {item})", first.expected.en, first.record),
        ),
        Text::new(
            format!("{}（計 {all} 件）", first.found.ja),
            format!("{} ({all} findings in all)", first.found.en),
        ),
    )
    .at(&format!("{}:{}", file.name, first.line))
    .of_exchange(file.index)
}

/// Every reference of a file leads to a row of the file of another group.
pub(super) fn references(p: &check::FileReferences, context: &Context<'_>, step: &Step) -> Answer {
    let Some((_, unit, record)) = exported(context, step) else {
        return nothing_exchanged();
    };
    let Some(other) = unit.record(&p.record) else {
        return nothing_exchanged();
    };
    let (Some(file), Some(target)) = (files(context, &step.id).0, files(context, &p.of).0) else {
        return no_file();
    };
    if let Some(answer) = file.unreadable().or_else(|| target.unreadable()) {
        return answer;
    }
    let table = table_of_groups(unit, &[record, other]);
    let Ok(mut checker) = TableChecker::new(&table, CheckOptions::default()) else {
        return nothing_exchanged();
    };
    for (name, content) in [(&target.name, target.content), (&file.name, file.content)] {
        let data = DataFile {
            name: name.clone(),
            reader: Box::new(content),
        };
        // Reading from memory does not fail.
        if checker.check(data, &mut Silent).is_err() {
            return nothing_exchanged();
        }
    }
    let result = checker.finish();
    let mut dangling = result.findings.iter().filter(|finding| {
        // Whatever else is wrong with the files is asked elsewhere.
        matches!(finding.rule, FindingRule::ForeignKey) && finding.file == file.name
    });
    let Some(first) = dangling.next() else {
        return Answer::Holds;
    };
    let item = first.item.as_deref().unwrap_or_default();
    let (ja, en) = (&first.expected.ja, &first.expected.en);
    Answer::broken(
        Text::new(
            format!("{ja}（{} 行目 {item}）", first.record),
            format!("{en} (row {}, {item})", first.record),
        ),
        first.found.clone(),
    )
    .at(&format!("{}:{}", file.name, first.line))
    .of_exchange(file.index)
}

fn fits(row: &Row, values: &Row) -> bool {
    values
        .iter()
        .all(|(id, value)| row.get(id).map_or("", String::as_str) == value)
}

pub(super) fn rows_of_file(p: &check::FileRows, context: &Context<'_>, step: &Step) -> Answer {
    let (index, rows) = match rows(context, &step.id) {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    let (only, equals) = (all_meant(context, &p.only), all_meant(context, &p.equals));
    let chosen: Vec<&Row> = rows.iter().filter(|row| fits(row, &only)).collect();
    if !p.count.map_or(!chosen.is_empty(), |count| chosen.len() == count) {
        let count = p.count.map_or_else(|| "≥ 1".to_owned(), |count| count.to_string());
        let condition = words(&only);
        return Answer::broken(
            Text::new(
                format!("{condition} の行 {count} 件"),
                format!("{count} rows with {condition}"),
            ),
            Text::new(
                format!("{} 件（全 {} 行）", chosen.len(), rows.len()),
                format!("{} ({} rows in all)", chosen.len(), rows.len()),
            ),
        )
        .of_exchange(index);
    }
    let wrong = chosen.iter().find(|row| !fits(row, &equals));
    wrong.map_or(Answer::Holds, |row| {
        Answer::broken(Text::neutral(words(&equals)), Text::neutral(words(row))).of_exchange(index)
    })
}

pub(super) fn delta(p: &check::FileDelta, context: &Context<'_>, step: &Step) -> Answer {
    let Some((_, _, record)) = exported(context, step) else {
        return nothing_exchanged();
    };
    let keys: Vec<&str> = record
        .fields
        .iter()
        .filter(|field| field.key)
        .map(|field| field.item.id.as_str())
        .collect();
    let key = |row: &Row| -> Vec<String> {
        keys.iter()
            .map(|id| row.get(*id).cloned().unwrap_or_default())
            .collect()
    };
    let (from, with, to) = match (rows(context, &p.from), rows(context, &p.with), rows(context, &step.id)) {
        (Ok(from), Ok(with), Ok(to)) => (from, with, to),
        (Err(answer), ..) | (_, Err(answer), _) | (.., Err(answer)) => return answer,
    };
    let mut state: BTreeMap<Vec<String>, Row> = from.1.into_iter().map(|row| (key(&row), row)).collect();
    for mut row in with.1 {
        if row.remove(CHANGE).as_deref() == Some("3") {
            state.remove(&key(&row));
        } else {
            state.insert(key(&row), row);
        }
    }
    let wanted: BTreeMap<Vec<String>, Row> = to.1.into_iter().map(|row| (key(&row), row)).collect();
    let keys = state.keys().chain(wanted.keys());
    let Some(differs) = keys.into_iter().find(|key| state.get(*key) != wanted.get(*key)) else {
        return Answer::Holds;
    };
    let show = |rows: &BTreeMap<Vec<String>, Row>| {
        rows.get(differs)
            .map_or_else(|| Text::new("（なし）", "(absent)"), |row| Text::neutral(words(row)))
    };
    Answer::broken(show(&wanted), show(&state))
        .at(&differs.join(", "))
        .of_exchange(to.0)
}
