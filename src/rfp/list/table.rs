//! The clauses and answers of one sheet.

use super::answer::Answer;
use super::error::ListError;
use super::grid::{Grid, GridRow};
use super::heading::{Role, role_of, told_fact};
use super::layout::{Column, Layout};
use super::{Claim, Clause, ListNote, Necessity, Offer, Place};
use crate::rfp::fold::{self, tight};
use crate::text::Text;

/// What one sheet holds.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) sheet: Option<String>,
    pub(super) title: Option<String>,
    pub(super) has_answers: bool,
    pub(super) offers: Vec<Offer>,
    pub(super) rows: Vec<PartRow>,
    pub(super) notes: Vec<ListNote>,
}

/// A clause with its answers; their offers are indices of the part.
#[derive(Debug)]
pub(super) struct PartRow {
    pub(super) clause: Clause,
    pub(super) claims: Vec<Claim>,
}

/// Reads a sheet; `None` if it has no table of clauses or answers.
pub(super) fn part(grid: &Grid) -> Result<Option<Part>, Box<ListError>> {
    let Some(layout) = Layout::of(grid) else {
        return Ok(None);
    };
    let mut reader = Reader::new(grid, &layout);
    for row in &grid.rows[layout.body.min(grid.rows.len())..] {
        reader.row(row);
    }
    Ok((!reader.part.rows.is_empty()).then_some(reader.part))
}

struct Reader<'a> {
    grid: &'a Grid,
    layout: &'a Layout,
    part: Part,
    /// The vendors with columns of their own, in order; without any, one offer for the columns of the sheet.
    vendors: Vec<Option<String>>,
    /// Texts of the item columns of the rows above.
    items: Vec<String>,
    last_number: String,
}

impl<'a> Reader<'a> {
    fn new(grid: &'a Grid, layout: &'a Layout) -> Self {
        let mut vendors: Vec<Option<String>> = layout.vendors().iter().map(|name| Some((*name).to_owned())).collect();
        let has_general = layout.of_role(Role::Answer).any(|column| column.vendor.is_none());
        if vendors.is_empty() || has_general {
            vendors.insert(0, None);
        }
        let mut part = Part {
            sheet: grid.sheet.clone(),
            title: title(grid, layout),
            has_answers: layout.of_role(Role::Answer).next().is_some()
                || layout.of_role(Role::Registration).next().is_some(),
            ..Part::default()
        };
        if part.has_answers {
            part.offers = vendors
                .iter()
                .map(|name| Offer {
                    vendor: name.clone().unwrap_or_default(),
                    ..Offer::default()
                })
                .collect();
            facts(grid, layout, &vendors, &mut part.offers);
        }
        Self {
            grid,
            layout,
            part,
            vendors,
            items: vec![String::new(); layout.of_role(Role::Item).count()],
            last_number: String::new(),
        }
    }

    fn row(&mut self, row: &GridRow) {
        let Some(clause) = self.clause(row) else {
            return;
        };
        let claims = self.claims(row);
        self.part.rows.push(PartRow { clause, claims });
    }

    fn place(&self, row: &GridRow, column: usize) -> Place {
        Place {
            sheet: self.grid.sheet.clone(),
            cell: self.grid.place(row, column),
        }
    }

    fn note(&mut self, row: &GridRow, column: usize, text: Text) {
        let place = self.place(row, column);
        // A broken sheet would otherwise fill the result with one and the same note.
        if self.part.notes.len() < 200 {
            self.part.notes.push(ListNote { place, text });
        }
    }

    fn clause(&mut self, row: &GridRow) -> Option<Clause> {
        let layout = self.layout;
        let first = |role| layout.of_role(role).next();
        let number_at = first(Role::Number).map(|column| column.at);
        let number = number_at.map_or("", |at| row.text(at)).to_owned();
        self.follow_items(row);
        let mut texts: Vec<&str> = Vec::new();
        let mut is_continued = false;
        for column in layout.of_role(Role::Text).filter(|column| column.vendor.is_none()) {
            let Some(cell) = row.cells.get(column.at).filter(|cell| !cell.text.is_empty()) else {
                continue;
            };
            is_continued |= cell.is_continued;
            if !cell.is_continued && !texts.contains(&cell.text.as_str()) {
                texts.push(&cell.text);
            }
        }
        let has_text_column = first(Role::Text).is_some();
        let requirement = join(row, layout.of_role(Role::Requirement));
        if has_text_column && texts.is_empty() && (is_continued || requirement.is_empty()) {
            let has_answer = layout
                .of_role(Role::Answer)
                .any(|column| !row.text(column.at).is_empty());
            let is_new = !number.is_empty() && number != self.last_number;
            if is_continued || !(has_answer && is_new) {
                return None;
            }
        }
        // A heading that is repeated on every printed page.
        let is_heading = |column: &Column| role_of(row.text(column.at)) == Some(column.role);
        if layout.columns.iter().filter(|column| is_heading(column)).count() * 2 > layout.columns.len().max(2) {
            return None;
        }
        if !has_text_column && number.is_empty() && requirement.is_empty() && self.items.iter().all(String::is_empty) {
            return None;
        }
        self.notes_on_formulas(row);
        self.last_number.clone_from(&number);
        let text_at = first(Role::Text).or_else(|| first(Role::Item)).map(|column| column.at);
        Some(Clause {
            key: String::new(),
            number,
            item: self.item(has_text_column),
            text: if has_text_column {
                texts.join("\n")
            } else {
                self.items.last().cloned().unwrap_or_default()
            },
            requirement,
            reference: join(row, layout.of_role(Role::Reference)),
            necessity: necessity(&join(row, layout.of_role(Role::Necessity))),
            place: self.place(row, text_at.or(number_at).unwrap_or(0)),
        })
    }

    /// Items go on for the rows below until another one comes; the finest one does not.
    fn follow_items(&mut self, row: &GridRow) {
        let columns: Vec<usize> = self.layout.of_role(Role::Item).map(|column| column.at).collect();
        for (index, &at) in columns.iter().enumerate() {
            let text = row.text(at);
            let is_finest = index + 1 == columns.len() && columns.len() > 1;
            if !text.is_empty() {
                if self.items[index] != text {
                    for finer in &mut self.items[index + 1..] {
                        finer.clear();
                    }
                }
                text.clone_into(&mut self.items[index]);
            } else if is_finest {
                self.items[index].clear();
            }
        }
    }

    fn item(&self, with_last: bool) -> String {
        let mut items: Vec<&str> = self
            .items
            .iter()
            .map(String::as_str)
            .filter(|item| !item.is_empty())
            .collect();
        if !with_last {
            items.pop();
        }
        items.dedup();
        items.join(" / ")
    }

    fn notes_on_formulas(&mut self, row: &GridRow) {
        let lacking: Vec<usize> = self
            .layout
            .columns
            .iter()
            .map(|column| column.at)
            .filter(|&at| row.cells.get(at).is_some_and(|cell| cell.lacks_value))
            .collect();
        for at in lacking {
            self.note(
                row,
                at,
                Text::new(
                    "式の値が保存されていないため、空として読みました。表計算ソフトで開いて保存し直してください",
                    "the value of a formula is not stored, so it was read as empty; open the file in a spreadsheet program and save it again",
                ),
            );
        }
    }

    /// The answers of a row: one for each vendor with columns.
    fn claims(&mut self, row: &GridRow) -> Vec<Claim> {
        if !self.part.has_answers {
            return Vec::new();
        }
        let mut claims = Vec::new();
        for index in 0..self.vendors.len() {
            let vendor = self.vendors[index].clone();
            let layout = self.layout;
            let own = |role| layout.of_role(role).filter(|column| column.vendor == vendor);
            let one = |role| Some(join(row, own(role))).filter(|text| !text.is_empty());
            let answer_at = own(Role::Answer).next().map(|column| column.at);
            let written = join(row, own(Role::Answer));
            let registrations = numbers(&join(row, own(Role::Registration)));
            let mut answer = Answer::read(&written);
            if answer_at.is_none() && !registrations.is_empty() {
                // A list that only names proofs: naming one is the claim.
                answer = Answer::Yes;
            }
            let (product, version) = (one(Role::Product), one(Role::Version));
            let offer = match one(Role::Vendor) {
                Some(name) => self.row_offer(name, product.as_deref()),
                None => index,
            };
            let at = answer_at.unwrap_or(0);
            if answer == Answer::Unclear {
                self.note(
                    row,
                    at,
                    Text::new(
                        format!("回答「{}」を○・△・×などとして読み取れません", shortened(&written)),
                        format!(
                            "the answer {:?} cannot be read as yes, partly, no …",
                            shortened(&written)
                        ),
                    ),
                );
            }
            claims.push(Claim {
                clause: 0,
                offer,
                answer,
                written,
                product,
                version,
                registrations,
                remark: join(row, own(Role::Remark)),
                place: self.place(row, at),
            });
        }
        claims
    }

    /// The offer of a vendor who is named in the row.
    fn row_offer(&mut self, name: String, product: Option<&str>) -> usize {
        let key = fold::name(&name);
        let same = |offer: &Offer| {
            let products = offer.product.as_deref().zip(product);
            fold::name(&offer.vendor) == key && products.is_none_or(|(a, b)| fold::name(a) == fold::name(b))
        };
        if let Some(index) = self.part.offers.iter().position(same) {
            return index;
        }
        let is_blank = |offer: &Offer| *offer == Offer::default();
        let offer = Offer {
            vendor: name,
            product: product.map(str::to_owned),
            ..Offer::default()
        };
        match self.part.offers.iter().position(is_blank) {
            Some(index) => {
                self.part.offers[index] = offer;
                index
            }
            None => {
                self.part.offers.push(offer);
                self.part.offers.len() - 1
            }
        }
    }
}

/// Texts of several columns, without repetition.
fn join<'a>(row: &GridRow, columns: impl Iterator<Item = &'a Column>) -> String {
    let mut texts: Vec<&str> = columns
        .map(|column| row.text(column.at))
        .filter(|text| !text.is_empty())
        .collect();
    texts.dedup();
    texts.join("\n")
}

/// The first text above the table that is no fact about an offer.
fn title(grid: &Grid, layout: &Layout) -> Option<String> {
    let above = grid.rows[..layout.heading].iter();
    let mut cells = above.flat_map(|row| row.cells.first().map(|cell| cell.text.as_str()));
    cells
        .find(|text| !text.is_empty() && role_of(text).is_none() && told_fact(text).is_none())
        .map(|text| text.trim_start_matches(['■', '□', '●', '◆']).trim().to_owned())
}

/// What stands above the table about the offers: `事業者名 | 株式会社…`, or one value over each vendor's columns.
fn facts(grid: &Grid, layout: &Layout, vendors: &[Option<String>], offers: &mut [Offer]) {
    for row in &grid.rows[..layout.heading] {
        let mut at = 0;
        while at < row.cells.len() {
            let cell = &row.cells[at];
            at += 1;
            if cell.text.is_empty() || cell.is_widened {
                continue;
            }
            if let Some((role, value)) = told_fact(&cell.text) {
                set(&mut offers[0], role, &value);
                continue;
            }
            let Some(role) = role_of(&cell.text).filter(|role| role.is_of_offer()) else {
                continue;
            };
            let mut is_of_vendor = false;
            for (index, vendor) in vendors.iter().enumerate().filter(|(_, vendor)| vendor.is_some()) {
                let columns = layout.columns.iter().filter(|column| column.vendor == *vendor);
                let value = columns.map(|column| row.text(column.at)).find(|text| !text.is_empty());
                if let Some(value) = value {
                    set(&mut offers[index], role, value);
                    is_of_vendor = true;
                }
            }
            if is_of_vendor {
                break;
            }
            let next = row.cells[at..]
                .iter()
                .find(|cell| !cell.text.is_empty() && !cell.is_widened);
            if let Some(value) = next.filter(|value| role_of(&value.text).is_none()) {
                set(&mut offers[0], role, &value.text);
            }
        }
    }
}

fn set(offer: &mut Offer, role: Role, value: &str) {
    let value = value.trim();
    match role {
        Role::Vendor => value.clone_into(&mut offer.vendor),
        Role::Product => offer.product = Some(value.to_owned()),
        Role::Version => offer.version = Some(value.to_owned()),
        Role::Registration => offer.registrations = numbers(value),
        _ => {}
    }
}

/// Registration numbers of a cell.
pub(super) fn numbers(text: &str) -> Vec<String> {
    let folded = fold::plain(text).to_uppercase();
    let mut all: Vec<String> = Vec::new();
    for word in folded.split(|c: char| c.is_whitespace() || "、,;/・，。()".contains(c)) {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if word.contains('-') && word.chars().any(|c| c.is_ascii_digit()) && !all.iter().any(|known| known == word) {
            all.push(word.to_owned());
        }
    }
    all
}

/// Whether a clause is mandatory, as it is written.
pub(super) fn necessity(text: &str) -> Necessity {
    let folded = tight(text);
    let holds = |words: &[&str]| words.iter().any(|word| folded.contains(word));
    match folded.as_str() {
        "" => Necessity::Unstated,
        "◎" | "○" | "m" | "必" | "要" | "must" | "must-not" | "実装必須機能" => Necessity::Mandatory,
        "△" | "▽" | "o" | "任" | "may" | "should" => Necessity::Optional,
        _ if holds(&[
            "任意",
            "推奨",
            "加点",
            "標準オプション",
            "optional",
            "should",
            "may",
            "desirable",
            "nicetohave",
        ]) =>
        {
            Necessity::Optional
        }
        _ if holds(&["必須", "must", "mandatory", "required", "shall"]) => Necessity::Mandatory,
        _ => Necessity::Unstated,
    }
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
