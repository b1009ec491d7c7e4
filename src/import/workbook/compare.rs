//! Comparing the rows of a workbook with each other and with their own samples.

use std::collections::{BTreeMap, HashMap};

use super::items::Row;
use super::slips::Slips;
use crate::schema::table::{CodeList, ForeignKey, Group, Presence, Type, value_class};
use crate::text::characters::{is_full_width, is_half_width, length};
use crate::text::check_digit::is_individual_number;
use crate::text::date::{DateForm, classify_date, is_time};

/// Spellings of one word; two of them in one workbook are a slip.
const SPELLINGS: &[&[&str]] = &[
    &["フリガナ", "ふりがな", "読み仮名", "振り仮名", "ヨミガナ", "カナ氏名"],
    &["アルファベット", "ローマ字"],
    &["電話番号", "ＴＥＬ"],
];

/// Everything that rows show together.
pub(super) fn rows(rows: &[Row], codes: &[CodeList], slips: &mut Slips) {
    ids(rows, slips);
    names(rows, slips);
    spellings(rows, slips);
    romaji(rows, slips);
    for row in rows {
        presence(row, slips);
        sample(row, codes, slips);
    }
    keys(rows, slips);
}

fn ids(rows: &[Row], slips: &mut Slips) {
    let mut seen: HashMap<&str, &Row> = HashMap::new();
    let mut before: Option<&Row> = None;
    for row in rows {
        let (id, name) = (row.item.id.as_str(), &row.item.name);
        if id.len() != 8 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            slips.add(
                "malformed-id",
                &row.sheet,
                row.cells.id.clone(),
                format!("「{name}」のデータ項目IDが 8 桁の数字でない: {id}"),
                format!("the id of {name} is not eight digits: {id}"),
            );
            continue;
        }
        if let Some(other) = seen.insert(id, row) {
            slips.add(
                "duplicate-id",
                &row.sheet,
                row.cells.id.clone(),
                format!(
                    "データ項目ID {id} が「{}」（{}!{}）と「{name}」にある",
                    other.item.name, other.sheet, other.cells.id
                ),
                format!(
                    "id {id} belongs to {} ({}!{}) and {name}",
                    other.item.name, other.sheet, other.cells.id
                ),
            );
        } else if let Some(before) = before.filter(|before| before.sheet == row.sheet && before.item.id.as_str() > id) {
            slips.add(
                "wrong-order",
                &row.sheet,
                row.cells.id.clone(),
                format!("データ項目ID {id} が {} の後にある", before.item.id),
                format!("id {id} stands after {}", before.item.id),
            );
        }
        before = Some(row);
    }
}

fn names(rows: &[Row], slips: &mut Slips) {
    let mut seen: HashMap<(&str, &str), &Row> = HashMap::new();
    let mut fields: HashMap<(&str, &str), &Row> = HashMap::new();
    for row in rows {
        let name = &row.item.name;
        if let Some(other) = seen.insert((&row.group, name), row) {
            slips.add(
                "duplicate-name",
                &row.sheet,
                row.cells.name.clone(),
                format!(
                    "グループ「{}」に「{name}」が二度ある（{}）",
                    row.group, other.cells.name
                ),
                format!("{name} is there twice in group {} ({})", row.group, other.cells.name),
            );
        }
        let field = row.item.field.as_str();
        if field.is_empty() {
            slips.add(
                "missing-field",
                &row.sheet,
                row.cells.field.clone(),
                format!("「{name}」のローマ字がない"),
                format!("{name} has no romaji name"),
            );
            continue;
        }
        let plain = field
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !plain {
            slips.add(
                "malformed-field",
                &row.sheet,
                row.cells.field.clone(),
                format!("「{name}」のローマ字に半角小文字・数字・下線以外がある: {field}"),
                format!("the romaji name of {name} has other characters than small letters, digits and _: {field}"),
            );
        }
        if let Some(other) = fields.insert((&row.group, field), row) {
            let other_name = &other.item.name;
            slips.add(
                "duplicate-field",
                &row.sheet,
                row.cells.field.clone(),
                format!(
                    "ローマ字 {field} が「{other_name}」（{}）と「{name}」にある",
                    other.cells.field
                ),
                format!(
                    "the romaji name {field} belongs to {other_name} ({}) and {name}",
                    other.cells.field
                ),
            );
        }
    }
}

/// Two spellings of one word in the names of a workbook.
fn spellings(rows: &[Row], slips: &mut Slips) {
    for words in SPELLINGS {
        let mut uses: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            if let Some(word) = words.iter().find(|word| row.item.name.contains(**word)) {
                uses.entry(word).or_default().push(row);
            }
        }
        let Some((common, _)) = uses
            .iter()
            .min_by_key(|(_, rows)| (usize::MAX - rows.len(), rows[0].row))
        else {
            continue;
        };
        for (word, rows) in uses.iter().filter(|(word, _)| *word != common) {
            let first = rows[0];
            let names: Vec<&str> = rows.iter().map(|row| row.item.name.as_str()).collect();
            let (names, other) = (names.join(", "), uses[common][0]);
            slips.add(
                "two-spellings",
                &first.sheet,
                first.cells.name.clone(),
                format!(
                    "「{word}」と「{common}」が混ざっている: {names} / {}（{}）",
                    other.item.name, other.cells.name
                ),
                format!(
                    "{word} and {common} are mixed: {names} / {} ({})",
                    other.item.name, other.cells.name
                ),
            );
        }
    }
}

/// The same part of names with different romaji.
fn romaji(rows: &[Row], slips: &mut Slips) {
    let mut parts: HashMap<&str, (&str, &Row)> = HashMap::new();
    for row in rows {
        let names: Vec<&str> = row.item.name.split('_').collect();
        let fields: Vec<&str> = row.item.field.split('_').collect();
        if names.len() != fields.len() {
            continue;
        }
        for (name, field) in names.into_iter().zip(fields) {
            match parts.get(name) {
                None => {
                    parts.insert(name, (field, row));
                }
                Some((known, _)) if *known == field => {}
                Some((known, other)) => slips.add(
                    "two-romaji",
                    &row.sheet,
                    row.cells.field.clone(),
                    format!("「{name}」のローマ字が {field} と {known}（{}）", other.cells.field),
                    format!("the romaji of {name} is {field} and {known} ({})", other.cells.field),
                ),
            }
        }
    }
}

fn presence(row: &Row, slips: &mut Slips) {
    let name = &row.item.name;
    match (row.item.presence, row.item.condition.is_empty()) {
        (Presence::Conditional, true) => slips.add(
            "missing-condition",
            &row.sheet,
            row.cells.presence.clone(),
            format!("「{name}」は条件付き必須だが、※※の条件がない"),
            format!("{name} is conditionally required, but no condition (※※) is given"),
        ),
        (Presence::Required | Presence::Optional, false) => slips.add(
            "stray-condition",
            &row.sheet,
            row.cells.presence.clone(),
            format!("「{name}」は条件付き必須でないが、※※の条件がある"),
            format!("{name} is not conditionally required, but has a condition (※※)"),
        ),
        _ => {}
    }
}

fn sample(row: &Row, codes: &[CodeList], slips: &mut Slips) {
    let (sample, item) = (row.sample.as_str(), &row.item);
    let name = &item.name;
    if sample.is_empty() {
        return;
    }
    let mut slip = |kind: &str, ja: String, en: String| slips.add(kind, &row.sheet, row.cells.sample.clone(), ja, en);
    if is_individual_number(sample) {
        slip(
            "valid-number",
            format!("「{name}」のサンプル値は検査用数字の合う個人番号。取り込まない"),
            format!("the sample of {name} is a 個人番号 with a right check digit; it was not taken over"),
        );
        return;
    }
    let all = length(sample);
    if let Some(most) = item
        .length
        .filter(|most| all > *most as usize && item.item_type != Some(Type::Decimal))
    {
        slip(
            "sample-length",
            format!("「{name}」のサンプル値は {all} 文字、桁数は {most}"),
            format!("the sample of {name} has {all} characters, its length is {most}"),
        );
        return;
    }
    let class = value_class(sample);
    let lines = || sample.lines().map(str::trim).filter(|line| !line.is_empty());
    let fits = match item.item_type {
        Some(Type::X) => lines().all(|line| line.chars().all(is_half_width)),
        Some(Type::N) => lines().all(|line| line.chars().all(is_full_width)),
        Some(Type::Date) => !matches!(classify_date(sample), DateForm::Malformed | DateForm::NotInCalendar),
        Some(Type::Time) => is_time(sample),
        Some(Type::Integer | Type::Year) => sample.bytes().all(|byte| byte.is_ascii_digit()),
        _ => true,
    };
    if !fits {
        let printed = item.item_type.map_or("", Type::printed);
        slip(
            "sample-type",
            format!("「{name}」のサンプル値（{}）がデータ型 {printed} に合わない", class.ja),
            format!("the sample of {name} ({}) does not fit its type {printed}", class.en),
        );
        return;
    }
    let list = item
        .code
        .as_ref()
        .and_then(|id| codes.iter().find(|list| list.id == *id));
    if let Some(list) = list.filter(|list| !list.open && !list.value.iter().any(|code| code.code == sample)) {
        slip(
            "sample-code",
            format!("「{name}」のサンプル値（{}）がコード一覧 {} にない", class.ja, list.id),
            format!("the sample of {name} ({}) is not in code list {}", class.en, list.id),
        );
    }
}

/// Groups without a primary key, and parts of one that may be absent.
fn keys(rows: &[Row], slips: &mut Slips) {
    let mut groups: BTreeMap<&str, (&Row, bool)> = BTreeMap::new();
    for row in rows {
        let entry = groups.entry(&row.group).or_insert((row, false));
        entry.1 |= row.item.key;
        if row.item.key && row.item.presence != Presence::Required {
            let name = &row.item.name;
            slips.add(
                "optional-key",
                &row.sheet,
                row.cells.key.clone(),
                format!("主キー「{name}」が必須でない"),
                format!("{name} is part of the primary key, but not required"),
            );
        }
    }
    for (group, (row, has_key)) in groups {
        if !has_key {
            slips.add(
                "missing-key",
                &row.sheet,
                row.cells.key.clone(),
                format!("グループ「{group}」に主キーがない。重複は検査できない"),
                format!("group {group} has no primary key; duplicates cannot be found"),
            );
        }
    }
}

/// Where items marked as foreign key lead: to the one group whose whole primary key has their names.
pub(super) fn foreign_keys(groups: &mut [Group], rows: &[Row], slips: &mut Slips) {
    let keys: Vec<(String, Vec<String>)> = groups
        .iter()
        .map(|group| {
            let key = group.item.iter().filter(|item| item.key).map(|item| item.name.clone());
            (group.name.clone(), key.collect())
        })
        .collect();
    for group in groups.iter_mut() {
        let mut open: Vec<String> = group
            .item
            .iter()
            .filter(|item| item.foreign)
            .map(|item| item.name.clone())
            .collect();
        for (target, key) in &keys {
            let leads = *target != group.name && !key.is_empty() && key.iter().all(|name| open.contains(name));
            let is_only = keys.iter().filter(|(_, other)| other == key).count() == 1;
            if leads && is_only {
                group.foreign_key.push(ForeignKey {
                    items: key.clone(),
                    group: target.clone(),
                    to: key.clone(),
                });
                open.retain(|name| !key.contains(name));
            }
        }
        for name in open {
            let row = rows.iter().find(|row| row.group == group.name && row.item.name == name);
            if let Some(row) = row {
                slips.add(
                    "open-foreign-key",
                    &row.sheet,
                    row.cells.name.clone(),
                    format!("外部キー「{name}」の行き先がこのブックの中で一つに決まらない。検査できない"),
                    format!("the workbook does not say where the foreign key {name} leads; it cannot be checked"),
                );
            }
        }
    }
}
