//! Which group a header belongs to, and where it differs.

use super::explain::Fault;
use super::mask::value_class;
use super::model::{Group, HeaderForm, Item, Table, half_width};
use super::report::FindingRule;
use crate::text::Text;

/// Names that a message lists at the most.
const MOST_NAMES: usize = 8;

/// What was made of a header.
pub(super) struct Header {
    /// Index of the group; `None` if it could not be told.
    pub(super) group: Option<usize>,
    /// Item of each column, if it has one.
    pub(super) items: Vec<Option<usize>>,
    /// Differences, with the column (from 0) where there is one.
    pub(super) faults: Vec<(Option<usize>, Fault)>,
    /// Whether the record is a header at all.
    pub(super) is_header: bool,
}

fn name_of(item: &Item, form: HeaderForm) -> &str {
    match form {
        HeaderForm::Name | HeaderForm::None => &item.name,
        HeaderForm::Field => &item.field,
        HeaderForm::Id => &item.id,
    }
}

/// Columns matched to items of a group by one form of their names.
fn matched(cells: &[String], group: &Group, form: HeaderForm) -> Vec<Option<usize>> {
    let mut taken = vec![false; group.item.len()];
    let match_one = |cell: &String| {
        let found = group
            .item
            .iter()
            .enumerate()
            .position(|(index, item)| !taken[index] && !cell.is_empty() && name_of(item, form) == cell)?;
        taken[found] = true;
        Some(found)
    };
    cells.iter().map(match_one).collect()
}

/// Looks at the first record. `wanted`: the group that the file has to be of, if it is said.
pub(super) fn recognise(cells: &[String], table: &Table, wanted: Option<usize>) -> Header {
    const FORMS: [HeaderForm; 3] = [HeaderForm::Name, HeaderForm::Field, HeaderForm::Id];
    let mut best: Option<(usize, usize, HeaderForm, Vec<Option<usize>>)> = None;
    for (index, group) in table.group.iter().enumerate() {
        for form in FORMS {
            let items = matched(cells, group, form);
            let score = items.iter().flatten().count();
            let preferred = form == table.dialect.header;
            let better = best.as_ref().is_none_or(|(most, other, _, _)| {
                let fits = |index: usize| {
                    let group = &table.group[index];
                    (Some(index) == wanted, group.item.len() == cells.len())
                };
                score > *most || (score == *most && (fits(index), preferred) > (fits(*other), false))
            });
            if better {
                best = Some((score, index, form, items));
            }
        }
    }
    let recognised = best.filter(|(score, ..)| *score > 0 && *score * 2 >= cells.len());
    let Some((_, index, form, items)) = recognised else {
        return not_a_header(cells, table, wanted);
    };
    let mut faults = Vec::new();
    let group = &table.group[index];
    if let Some(wanted) = wanted.filter(|wanted| *wanted != index) {
        let (expected, found) = (&table.group[wanted].name, &group.name);
        faults.push((
            None,
            Fault::new(
                FindingRule::Header,
                Text::new(
                    format!("グループ「{expected}」のヘッダー"),
                    format!("the header of group {expected}"),
                ),
                Text::new(
                    format!("グループ「{found}」のヘッダー"),
                    format!("the header of group {found}"),
                ),
            ),
        ));
    }
    if form != table.dialect.header {
        faults.push((None, other_form(table.dialect.header, form)));
    }
    differences(cells, group, form, &items, &mut faults);
    Header {
        group: Some(index),
        items,
        faults,
        is_header: true,
    }
}

fn form_name(form: HeaderForm) -> Text {
    match form {
        HeaderForm::Name => Text::new("データ項目名", "names of items"),
        HeaderForm::Field => Text::new("ローマ字の項目名", "field names (ローマ字)"),
        HeaderForm::Id => Text::new("データ項目ID", "item ids"),
        HeaderForm::None => Text::new("ヘッダーなし", "no header"),
    }
}

fn other_form(expected: HeaderForm, found: HeaderForm) -> Fault {
    let key = match found {
        HeaderForm::Name => "name",
        HeaderForm::Field => "field",
        HeaderForm::Id => "id",
        HeaderForm::None => "none",
    };
    Fault::new(FindingRule::Header, form_name(expected), form_name(found)).with(Some(Text::new(
        format!("それで正しければ、表の [dialect] に header = \"{key}\" と書いてください"),
        format!("if that is right, write header = \"{key}\" under [dialect] of the table"),
    )))
}

fn not_a_header(cells: &[String], table: &Table, wanted: Option<usize>) -> Header {
    let group = wanted.or_else(|| (table.group.len() == 1).then_some(0));
    let columns = |index: usize| table.group[index].item.len();
    let items = (0..cells.len())
        .map(|column| group.filter(|index| column < columns(*index)).map(|_| column))
        .collect();
    if table.dialect.header == HeaderForm::None {
        return Header {
            group,
            items,
            faults: Vec::new(),
            is_header: false,
        };
    }
    // What is no header may be data of persons: only its shape is told.
    let first = cells.first().map_or("", String::as_str);
    let class = value_class(first);
    let count = cells.len();
    let fault = Fault::new(
        FindingRule::Header,
        Text::new("ヘッダー（項目名の行）", "a header (a record of item names)"),
        Text::new(
            format!(
                "{count} 列の行。どのグループの項目名とも合わない（1 列目: {}）",
                class.ja
            ),
            format!(
                "a record of {count} columns that fits no group (first column: {})",
                class.en
            ),
        ),
    )
    .with(Some(Text::new(
        "ヘッダーのないファイルなら、表の [dialect] に header = \"none\" と書いてください",
        "if files have no header, write header = \"none\" under [dialect] of the table",
    )));
    // With as many columns as the group it is taken for data without a header, or for a header with other names:
    // in both cases the columns are in order.
    let same_width = group.is_some_and(|index| columns(index) == count);
    Header {
        group: group.filter(|_| same_width),
        items,
        faults: vec![(None, fault)],
        is_header: true,
    }
}

/// Missing, unknown and moved names.
fn differences(
    cells: &[String],
    group: &Group,
    form: HeaderForm,
    items: &[Option<usize>],
    faults: &mut Vec<(Option<usize>, Fault)>,
) {
    let missing: Vec<&str> = (0..group.item.len())
        .filter(|index| !items.contains(&Some(*index)))
        .map(|index| name_of(&group.item[index], form))
        .collect();
    for (column, cell) in cells.iter().enumerate().filter(|(column, _)| items[*column].is_none()) {
        let near = missing.iter().find(|name| squeezed(name) == squeezed(cell));
        let twice = group.item.iter().any(|item| name_of(item, form) == cell);
        let expected = match group.item.get(column) {
            Some(item) if cells.len() == group.item.len() => Text::neutral(name_of(item, form)),
            _ => Text::new("このグループの項目名", "an item of the group"),
        };
        let found = if cell.is_empty() {
            Text::new("（空）", "(empty)")
        } else if twice {
            Text::new(format!("{cell}（二度目）",), format!("{cell} (a second time)"))
        } else {
            Text::neutral(shortened(cell))
        };
        let hint = near.map(|name| {
            Text::new(
                format!("空白・全角半角・括弧を除けば「{name}」と同じです"),
                format!("apart from spaces, widths and case it is {name}"),
            )
        });
        faults.push((
            Some(column),
            Fault::new(FindingRule::Header, expected, found).with(hint),
        ));
    }
    if !missing.is_empty() {
        let names = listed(&missing);
        faults.push((
            None,
            Fault::new(
                FindingRule::Header,
                Text::new(
                    format!("{} 列", group.item.len()),
                    format!("{} columns", group.item.len()),
                ),
                Text::new(
                    format!("{} 列がない: {names}", missing.len()),
                    format!("{} columns missing: {names}", missing.len()),
                ),
            ),
        ));
    }
    let present: Vec<usize> = items.iter().flatten().copied().collect();
    if let Some(at) = present.windows(2).position(|pair| pair[0] > pair[1]) {
        let (before, moved) = (&group.item[present[at]], &group.item[present[at + 1]]);
        let column = items.iter().position(|item| *item == Some(present[at + 1]));
        faults.push((
            column,
            Fault::new(
                FindingRule::Header,
                Text::new("表と同じ順", "the order of the table"),
                Text::new(
                    format!("「{}」が「{}」の後にある", name_of(moved, form), name_of(before, form)),
                    format!("{} after {}", name_of(moved, form), name_of(before, form)),
                ),
            ),
        ));
    }
}

/// A name without what often differs by accident.
fn squeezed(name: &str) -> String {
    name.chars()
        .map(half_width)
        .filter(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '\u{FEFF}'))
        .flat_map(char::to_lowercase)
        .collect()
}

fn shortened(name: &str) -> String {
    let mut short: String = name.chars().take(60).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

fn listed(names: &[&str]) -> String {
    let mut text = names.iter().take(MOST_NAMES).copied().collect::<Vec<_>>().join(", ");
    if names.len() > MOST_NAMES {
        text.push_str(&format!(", … (+{})", names.len() - MOST_NAMES));
    }
    text
}
