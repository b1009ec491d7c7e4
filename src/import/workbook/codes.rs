//! Code sheets (コード一覧): lists with their values.

use std::collections::{BTreeMap, HashSet};

use super::book::{Cell, Held, Sheet, cell_name};
use super::layout::{Column, Layout};
use super::slips::Slips;
use crate::schema::table::{Code, CodeList};

/// Where a code id stands, and how its cell holds it.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) id: String,
    pub(super) sheet: String,
    pub(super) cell: String,
    pub(super) held: Held,
}

/// An id as lists and items refer to it: three digits, if it is a number.
pub(super) fn code_id(cell: &Cell) -> String {
    let text = cell.text.trim();
    let is_short = text.len() < 3 && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_short {
        format!("{text:0>3}")
    } else {
        text.to_owned()
    }
}

/// Reads a code sheet. Only the first row of a list names it; further values stand below.
pub(super) fn read(
    sheet: &Sheet,
    layout: &Layout,
    lists: &mut Vec<CodeList>,
    references: &mut Vec<Reference>,
    slips: &mut Slips,
) {
    let column = |column: Column| layout.columns.get(&column).map(|(first, _)| *first);
    let mut current: Option<usize> = None;
    for row in layout.first_row..=sheet.last_row() {
        let own = |wanted: Column| column(wanted).and_then(|column| sheet.cells.get(&(row, column)));
        let text = |wanted: Column| own(wanted).map(|cell| cell.text.trim().to_owned()).unwrap_or_default();
        if let Some((cell, at)) = own(Column::CodeId).zip(column(Column::CodeId)) {
            let id = code_id(cell);
            let place = cell_name((row, at));
            references.push(Reference {
                id: id.clone(),
                sheet: sheet.name.clone(),
                cell: place.clone(),
                held: cell.held,
            });
            let name = text(Column::CodeName);
            let again = current.is_some_and(|index| lists[index].id == id);
            if !again {
                let before = lists.iter().position(|list| list.id == id);
                if let Some(before) = before {
                    let other = &lists[before].name;
                    slips.add(
                        "duplicate-code-list",
                        &sheet.name,
                        place.clone(),
                        format!("コードID {id} が二度ある（「{other}」と「{name}」）。値は一つにまとめた"),
                        format!("code id {id} is there twice ({other}, {name}); their values were put together"),
                    );
                }
                current = Some(before.unwrap_or_else(|| {
                    lists.push(CodeList {
                        id,
                        name,
                        open: false,
                        cell: format!("{}!{place}", sheet.name),
                        value: Vec::new(),
                    });
                    lists.len() - 1
                }));
            }
        }
        let Some(list) = current.and_then(|index| lists.get_mut(index)) else {
            continue;
        };
        let Some((value, at)) = own(Column::CodeValue).zip(column(Column::CodeValue)) else {
            continue;
        };
        let place = cell_name((row, at));
        let code = value.text.trim().to_owned();
        if code == "任意" {
            list.open = true;
            continue;
        }
        if value.held == Held::Number && list.value.iter().any(|other| other.code.len() > code.len()) {
            let list = &list.id;
            slips.add(
                "code-value-number",
                &sheet.name,
                place.clone(),
                format!("コード値が数値として入っている（コードID {list}）。先頭の 0 が失われている疑いがある"),
                format!("the value is held as a number (code id {list}); leading zeros may be gone"),
            );
        }
        let meaning = text(Column::CodeMeaning);
        if let Some(other) = list.value.iter().find(|other| other.code == code) {
            slips.add(
                "duplicate-code-value",
                &sheet.name,
                place,
                format!(
                    "コードID {} の値 {code} が二度ある（「{}」と「{meaning}」）",
                    list.id, other.meaning
                ),
                format!(
                    "value {code} of code id {} is there twice ({}, {meaning})",
                    list.id, other.meaning
                ),
            );
            continue;
        }
        list.value.push(Code { code, meaning });
    }
}

/// Ids that are held in several ways, that no list has, and lists without values.
pub(super) fn compare(lists: &[CodeList], references: &[Reference], slips: &mut Slips) {
    let mut by_id: BTreeMap<&str, Vec<&Reference>> = BTreeMap::new();
    for reference in references {
        by_id.entry(&reference.id).or_default().push(reference);
    }
    for (id, all) in by_id {
        let first = all[0];
        let mut told = HashSet::new();
        for other in all.iter().filter(|other| other.held != first.held) {
            if !told.insert(format!("{:?}", other.held)) {
                continue;
            }
            let (a, b) = (held(first.held), held(other.held));
            slips.add(
                "code-id-storage",
                &other.sheet,
                other.cell.clone(),
                format!(
                    "コードID {id} の入れ方が違う: ここは{}、{}!{} は{}。印字の形（{id}）を採った",
                    b.0, first.sheet, first.cell, a.0
                ),
                format!(
                    "code id {id} is {} here and {} in {}!{}; the printed form ({id}) was taken",
                    b.1, a.1, first.sheet, first.cell
                ),
            );
        }
    }
    let known: HashSet<&str> = lists.iter().map(|list| list.id.as_str()).collect();
    let mut told = HashSet::new();
    for reference in references {
        if !known.contains(reference.id.as_str()) && told.insert(&reference.id) {
            let id = &reference.id;
            slips.add(
                "unknown-code-id",
                &reference.sheet,
                reference.cell.clone(),
                format!("コードID {id} がコード一覧にない。値は検査できない"),
                format!("no code list has the id {id}; values cannot be checked"),
            );
        }
    }
    for list in lists.iter().filter(|list| list.value.is_empty() && !list.open) {
        let (sheet, cell) = list.cell.split_once('!').unwrap_or(("", &list.cell));
        slips.add(
            "empty-code-list",
            sheet,
            cell.to_owned(),
            format!("コードID {} に値がない", list.id),
            format!("code id {} has no values", list.id),
        );
    }
}

fn held(held: Held) -> (&'static str, &'static str) {
    match held {
        Held::Text => ("文字列", "a text"),
        Held::Number => ("書式のない数値", "a plain number"),
        Held::Formatted => ("書式つきの数値", "a number with a format"),
        Held::Logical | Held::Error | Held::Nothing => ("値でないもの", "no value"),
    }
}
