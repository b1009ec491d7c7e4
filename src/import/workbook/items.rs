//! Item sheets: rows to items of groups.

use super::book::{Cell, Held, Sheet, cell_name};
use super::codes::{Reference, code_id};
use super::error::{Fault, WorkbookError, WorkbookFault};
use super::layout::{Column, Layout};
use super::slips::Slips;
use crate::schema::table::{CheckDigit, Group, Item, Presence, Type};
use crate::text::Text;

/// One row, with what the later comparisons need and the table does not keep.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) sheet: String,
    pub(super) row: u32,
    pub(super) group: String,
    pub(super) item: Item,
    /// The sample value. It never leaves the import: samples of official tables are valid numbers.
    pub(super) sample: String,
    /// Cell of each column that the comparisons name.
    pub(super) cells: Cells,
}

/// Cells of a row.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) field: String,
    pub(super) sample: String,
    pub(super) presence: String,
    pub(super) key: String,
}

/// Reads the rows of an item sheet.
pub(super) fn read(
    sheet: &Sheet,
    layout: &Layout,
    references: &mut Vec<Reference>,
    slips: &mut Slips,
) -> Result<Vec<Row>, Fault> {
    let mut rows: Vec<Row> = Vec::new();
    let mut gap: Option<u32> = None;
    for row in layout.first_row..=sheet.last_row() {
        let reader = Reader { sheet, layout, row };
        reader.no_values()?;
        if reader.is_mark() {
            continue;
        }
        let name = reader.text(Column::Name, slips);
        let id = reader.id();
        if name.is_empty() {
            if !id.is_empty() {
                slips.add(
                    "missing-name",
                    &sheet.name,
                    reader.cell(Column::Name),
                    format!("ID {id} の行にデータ項目の名称がない。読み飛ばした"),
                    format!("the row of id {id} has no item name; it was left out"),
                );
            }
            gap.get_or_insert(row);
            continue;
        }
        if let Some(gap) = gap.take().filter(|_| !rows.is_empty()) {
            slips.add(
                "empty-row",
                &sheet.name,
                cell_name((gap, 0)),
                "項目の行の間に空行がある",
                "an empty row between rows of items",
            );
        }
        if sheet.hidden_rows.contains(&row) {
            slips.add(
                "hidden-row",
                &sheet.name,
                cell_name((row, 0)),
                format!("非表示の行に項目「{name}」がある。ほかの行と同じに読んだ"),
                format!("item {name} stands in a hidden row; it was read like the others"),
            );
        }
        let before = rows.last().map(|row| row.group.clone());
        rows.push(reader.item(id, name, before, references, slips));
    }
    Ok(rows)
}

struct Reader<'s> {
    sheet: &'s Sheet,
    layout: &'s Layout,
    row: u32,
}

impl Reader<'_> {
    fn at(&self, column: Column) -> Option<(&Cell, u32)> {
        let (first, _) = self.layout.columns.get(&column)?;
        let (cell, _) = self.sheet.get((self.row, *first))?;
        Some((cell, *first))
    }

    fn cell(&self, column: Column) -> String {
        let first = self.layout.columns.get(&column).map_or(0, |(first, _)| *first);
        cell_name((self.row, first))
    }

    /// Whether the row only marks the end of the table: every cell holds the same letter (official sheets write `e`).
    fn is_mark(&self) -> bool {
        let mut texts = self
            .sheet
            .cells
            .range((self.row, 0)..(self.row + 1, 0))
            .map(|(_, cell)| cell.text.trim());
        let Some(first) = texts.next().filter(|text| text.len() == 1) else {
            return false;
        };
        texts.all(|text| text == first)
    }

    /// A formula whose value was never stored cannot be read.
    fn no_values(&self) -> Result<(), Fault> {
        for column in self.layout.columns.keys() {
            if self.at(*column).is_some_and(|(cell, _)| cell.held == Held::Nothing) {
                return Err(WorkbookError::new(
                    WorkbookFault::NoValue,
                    Text::new(
                        "計算結果が保存されていない数式です",
                        "a formula whose result was not stored",
                    ),
                    Text::new(
                        "表計算ソフトで開いて保存し直してください",
                        "open the workbook in a spreadsheet program and save it again",
                    ),
                )
                .at(&self.sheet.name, Some(self.cell(*column))));
            }
        }
        Ok(())
    }

    /// Text of a cell; an error value counts as nothing and is told.
    fn text(&self, column: Column, slips: &mut Slips) -> String {
        let Some((cell, _)) = self.at(column) else {
            return String::new();
        };
        if cell.held == Held::Error {
            let formula = if cell.is_formula { " (formula)" } else { "" };
            slips.add(
                "error-value",
                &self.sheet.name,
                self.cell(column),
                format!("エラー値 {}{formula}。空として読んだ", cell.text),
                format!("an error value, {}{formula}; read as empty", cell.text),
            );
            return String::new();
        }
        cell.text.trim().to_owned()
    }

    /// The id, which stands in two cells: business code and number.
    fn id(&self) -> String {
        let Some((first, last)) = self.layout.columns.get(&Column::Id) else {
            return String::new();
        };
        let cells = (*first..=*last).filter_map(|column| self.sheet.cells.get(&(self.row, column)));
        let parts: Vec<&str> = cells.map(|cell| cell.text.trim()).collect();
        match parts[..] {
            // Without their formats the parts would be 031 and 1.
            [business, number] if business.len() <= 3 && number.len() < 5 => format!("{business:0>3}{number:0>5}"),
            _ => parts.concat(),
        }
    }

    fn item(
        &self,
        id: String,
        name: String,
        before: Option<String>,
        references: &mut Vec<Reference>,
        slips: &mut Slips,
    ) -> Row {
        let sheet = &self.sheet.name;
        let mut group = self.text(Column::Group, slips);
        if group.is_empty() && self.layout.columns.contains_key(&Column::Group) && before.is_some() {
            slips.add(
                "missing-group",
                sheet,
                self.cell(Column::Group),
                format!("「{name}」のグループがない。上の行と同じとした"),
                format!("{name} has no group; that of the row above was taken"),
            );
        }
        if group.is_empty() {
            group = before.unwrap_or_else(|| sheet.clone());
        }
        let definition = self.text(Column::Definition, slips);
        let explanation = self.text(Column::Explanation, slips);
        let item_type = self.item_type(&name, slips);
        let (length, fraction) = self.length(&name, item_type, slips);
        let code = self.at(Column::Code).map(|(cell, _)| {
            let id = code_id(cell);
            references.push(Reference {
                id: id.clone(),
                sheet: sheet.clone(),
                cell: self.cell(Column::Code),
                held: cell.held,
            });
            id
        });
        let presence = self.presence(&name, slips);
        let condition = condition(&explanation);
        let words = format!("{definition}\n{explanation}");
        let check_digit = check_digit(&name, item_type, length);
        let is_marked = |column: Column, slips: &mut Slips| {
            let mark = self.text(column, slips);
            if !matches!(mark.as_str(), "" | "○" | "〇" | "◯" | "-" | "－" | "―") {
                slips.add(
                    "unknown-mark",
                    sheet,
                    self.cell(column),
                    format!("「{name}」の印が ○ でも空欄でもない: {mark}。印なしとした"),
                    format!("the mark of {name} is neither a circle nor empty: {mark}; taken as empty"),
                );
            }
            matches!(mark.as_str(), "○" | "〇" | "◯")
        };
        let item = Item {
            fixed: length.is_some() && (check_digit.is_some() || is_fixed(&words, length)),
            repeat: self.text(Column::Repeat, slips).parse().ok(),
            key: is_marked(Column::Key, slips),
            foreign: is_marked(Column::Foreign, slips),
            output: is_marked(Column::Output, slips),
            unknown_date: item_type == Some(Type::Date) && words.contains("不詳日を許容する"),
            field: self.text(Column::Field, slips),
            cell: self.cell(Column::Id),
            when: Vec::new(),
            characters: None,
            id,
            name,
            item_type,
            length,
            fraction,
            code,
            presence,
            condition,
            check_digit,
        };
        Row {
            sheet: sheet.clone(),
            row: self.row,
            group,
            item,
            sample: self.text(Column::Sample, slips),
            cells: Cells {
                id: self.cell(Column::Id),
                name: self.cell(Column::Name),
                field: self.cell(Column::Field),
                sample: self.cell(Column::Sample),
                presence: self.cell(Column::Presence),
                key: self.cell(Column::Key),
            },
        }
    }

    fn item_type(&self, name: &str, slips: &mut Slips) -> Option<Type> {
        let printed = self.text(Column::Type, slips);
        let known = Type::from_printed(&printed);
        if known.is_none() {
            let (kind, ja, en) = if printed.is_empty() {
                (
                    "missing-type",
                    format!("「{name}」のデータ型がない。型は検査できない"),
                    format!("{name} has no data type; it cannot be checked"),
                )
            } else {
                (
                    "unknown-type",
                    format!("「{name}」のデータ型 {printed} は凡例にない。型は検査できない"),
                    format!("the data type {printed} of {name} is not in the legend; it cannot be checked"),
                )
            };
            slips.add(kind, &self.sheet.name, self.cell(Column::Type), ja, en);
        }
        known
    }

    /// Length, and digits after the point for `9V`.
    fn length(&self, name: &str, item_type: Option<Type>, slips: &mut Slips) -> (Option<u32>, Option<u32>) {
        let printed = super::layout::squeezed(&self.text(Column::Length, slips)).replace('、', ",");
        let mut slip = |kind: &str, ja: String, en: String| {
            slips.add(kind, &self.sheet.name, self.cell(Column::Length), ja, en);
        };
        if printed.is_empty() || printed == "-" {
            let needed = !matches!(
                item_type,
                None | Some(Type::Date | Type::Time | Type::Year | Type::Blob)
            );
            if needed {
                slip(
                    "missing-length",
                    format!("「{name}」の桁数がない。長さは検査できない"),
                    format!("{name} has no length; it cannot be checked"),
                );
            }
            return (None, None);
        }
        let (whole, fraction) = match printed.split_once(',') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (printed.as_str(), None),
        };
        let number = |text: &str| text.parse::<u32>().ok().filter(|length| *length > 0);
        let Some(length) = number(whole) else {
            slip(
                "unknown-length",
                format!("「{name}」の桁数 {printed} は数でない。長さは検査できない"),
                format!("the length {printed} of {name} is no number; it cannot be checked"),
            );
            return (None, None);
        };
        let form = match item_type {
            Some(Type::Date) => Some(10),
            Some(Type::Time) => Some(8),
            Some(Type::Year) => Some(4),
            _ => None,
        };
        if let Some(form) = form.filter(|form| *form != length) {
            slip(
                "type-length",
                format!("「{name}」の桁数 {length} が型の形（{form} 桁）と合わない。型の形を採った"),
                format!("the length {length} of {name} is not that of its type ({form}); the form was taken"),
            );
            return (Some(form), None);
        }
        let is_decimal = item_type == Some(Type::Decimal);
        if is_decimal != fraction.is_some() {
            slip(
                "decimal-length",
                format!("「{name}」: n,m の桁数は 9V だけのもの（桁数 {printed}）"),
                format!("{name}: a length n,m belongs to 9V, and 9V needs one (length {printed})"),
            );
        }
        (Some(length), fraction.and_then(|text| text.parse().ok()))
    }

    fn presence(&self, name: &str, slips: &mut Slips) -> Presence {
        if !self.layout.columns.contains_key(&Column::Presence) {
            return Presence::Optional;
        }
        let printed = self.text(Column::Presence, slips);
        match printed.as_str() {
            "必須" => Presence::Required,
            "条件付き必須" | "条件付必須" => Presence::Conditional,
            "任意" => Presence::Optional,
            _ => {
                slips.add(
                    "unknown-presence",
                    &self.sheet.name,
                    self.cell(Column::Presence),
                    format!(
                        "「{name}」のデータ出力条件が 必須・条件付き必須・任意 のどれでもない: {printed}。任意とした"
                    ),
                    format!("the presence of {name} is none of the three: {printed}; taken as optional"),
                );
                Presence::Optional
            }
        }
    }
}

/// The conditions after ※※, joined.
fn condition(explanation: &str) -> String {
    let lines = explanation.lines().map(str::trim);
    let conditions: Vec<&str> = lines
        .filter_map(|line| line.split_once("※※").map(|(_, condition)| condition.trim()))
        .collect();
    conditions.join("\n")
}

/// Whether the words demand exactly this many digits, such as 6桁のコード値.
fn is_fixed(words: &str, length: Option<u32>) -> bool {
    let plain = super::layout::squeezed(words);
    length.is_some_and(|length| {
        let wanted = format!("{length}桁のコード値");
        plain.match_indices(&wanted).any(|(at, _)| {
            let before = plain[..at].chars().next_back();
            !before.is_some_and(|c| c.is_ascii_digit())
        })
    })
}

/// Identifiers whose check digit is public; the name and the length have to fit both.
fn check_digit(name: &str, item_type: Option<Type>, length: Option<u32>) -> Option<CheckDigit> {
    if item_type != Some(Type::X) {
        return None;
    }
    match length? {
        12 if name == "個人番号" || name.ends_with("_個人番号") => Some(CheckDigit::IndividualNumber),
        13 if name.ends_with("法人番号") => Some(CheckDigit::CorporateNumber),
        6 if name.ends_with("市区町村コード") => Some(CheckDigit::MunicipalityCode),
        _ => None,
    }
}

/// Groups in the order of their first item.
pub(super) fn groups(rows: &[Row]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        let index = groups
            .iter()
            .position(|group| group.name == row.group)
            .unwrap_or_else(|| {
                groups.push(Group {
                    name: row.group.clone(),
                    sheet: row.sheet.clone(),
                    item: Vec::new(),
                    foreign_key: Vec::new(),
                    rule: Vec::new(),
                });
                groups.len() - 1
            });
        groups[index].item.push(row.item.clone());
    }
    groups
}
