//! Lists of clauses that a municipality brings, and the answers of vendors: CSV, workbooks, or a set of claims as JSON.

mod answer;
mod claims;
mod csv;
mod error;
mod grid;
mod heading;
mod layout;
mod table;

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use answer::Answer;
pub use claims::{ClaimSet, ClaimedClause, ClaimedOffer, StatedClaim};
pub(super) use csv::field;
pub use error::{ListError, ListFault};
pub(crate) use grid::MOST_BYTES;

use crate::attest::Digest;
use crate::rfp::fold;
use crate::text::Text;
use table::Part;

/// Clauses of one list at the most.
const MOST_CLAUSES: usize = 20_000;
/// Offers of one list at the most.
const MOST_OFFERS: usize = 100;
/// Answers of one list at the most.
const MOST_CLAIMS: usize = 200_000;

/// A list of clauses, and what vendors answered to them.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClauseList {
    /// Title, from the first text above the table or the name of the file.
    pub title: String,
    /// The files that it was read from, first the clauses.
    pub sources: Vec<ListSource>,
    /// Clauses in the order of the list.
    pub clauses: Vec<Clause>,
    /// Who offers what.
    pub offers: Vec<Offer>,
    /// Answers.
    pub claims: Vec<Claim>,
    /// What a reader of the result should know about the reading of the list.
    pub notes: Vec<ListNote>,
}

/// A file that a list was read from.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListSource {
    /// Name without folders.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// `xlsx`, `json`, or the encoding of the CSV.
    pub form: String,
}

/// Where something stands: sheet (none for CSV) and cell, or `line:column`.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// Sheet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Cell (`B12`), or line and column (`12:2`).
    pub cell: String,
}

/// Whether a clause is mandatory.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Necessity {
    /// 必須.
    Mandatory,
    /// 任意, 推奨, 加点.
    Optional,
    /// Not told.
    #[default]
    Unstated,
}

/// A clause.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Clause {
    /// Key that confirmations and claims name: the number, made unique.
    pub key: String,
    /// Number as written; may be empty.
    pub number: String,
    /// Headings above it (大項目 …), joined by ` / `.
    pub item: String,
    /// What is asked.
    pub text: String,
    /// What stands in the column of requirement ids.
    pub requirement: String,
    /// What stands in the column of sources.
    pub reference: String,
    /// Whether it is mandatory.
    pub necessity: Necessity,
    /// Where it stands.
    pub place: Place,
}

impl Clause {
    /// Digest over what it asks: a confirmation holds for this text only.
    pub fn fingerprint(&self) -> String {
        let folded = [&self.text, &self.requirement, &self.reference].map(|text| fold::tight(text));
        Digest::of(folded.join("\u{1F}").as_bytes()).to_string()[..16].to_owned()
    }
}

/// Who offers what.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// Vendor as written; empty if not told.
    pub vendor: String,
    /// Product as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Version as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Registration numbers that the vendor names as proof.
    #[serde(default)]
    pub registrations: Vec<String>,
}

/// An answer to a clause.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// Index of the clause.
    pub clause: usize,
    /// Index of the offer.
    pub offer: usize,
    /// What is promised.
    pub answer: Answer,
    /// The answer as written.
    pub written: String,
    /// Product for this clause only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Version for this clause only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Registration numbers for this clause only.
    #[serde(default)]
    pub registrations: Vec<String>,
    /// Remark.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// Where it stands.
    pub place: Place,
}

/// Something a reader of the result should know about the reading of the list.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListNote {
    /// Where.
    pub place: Place,
    /// What.
    pub text: Text,
}

/// Reads a list: CSV (UTF-8, CP932, UTF-16), a workbook (xlsx), or a [`ClaimSet`] as JSON; told by its bytes.
///
/// # Errors
/// See [`ListFault`], with file, sheet, cell, what was expected, what was found and what to do.
pub fn read_list(name: &str, bytes: &[u8]) -> Result<ClauseList, Box<ListError>> {
    let list = read_parts(name, bytes).map_err(|error| error.of(name))?;
    if list.clauses.is_empty() {
        return Err(no_clauses().of(name));
    }
    Ok(list)
}

/// Reads a list from a file.
///
/// # Errors
/// As [`read_list`]; also if the file cannot be read.
pub fn read_list_file(path: &Path) -> Result<ClauseList, Box<ListError>> {
    let (name, bytes) = file_bytes(path)?;
    read_list(&name, &bytes)
}

/// The bytes of a file with a limit, and its name without folders.
fn file_bytes(path: &Path) -> Result<(String, Vec<u8>), Box<ListError>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = crate::schema::read_regular(path, MOST_BYTES as u64).map_err(|error| {
        ListError::new(
            ListFault::Unreadable,
            Text::new(format!("読めません: {error}"), format!("cannot be read: {error}")),
            Text::new(
                "ファイルの名前と権限を確かめてください",
                "look at its name and permissions",
            ),
        )
        .of(&path.display().to_string())
    })?;
    Ok((name, bytes))
}

fn read_parts(name: &str, bytes: &[u8]) -> Result<ClauseList, Box<ListError>> {
    let mut list = ClauseList {
        title: name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned(),
        ..ClauseList::default()
    };
    let mut source = ListSource {
        file: name.to_owned(),
        sha256: Digest::of(bytes).to_string(),
        form: String::new(),
    };
    if bytes.trim_ascii_start().starts_with(b"{") {
        list = ClaimSet::from_json(bytes)?.into_list(name)?;
        source.form = "json".to_owned();
        list.sources = vec![source];
        return Ok(list);
    }
    let (form, grids) = grid::read(bytes)?;
    source.form = match form {
        grid::Form::Xlsx => "xlsx".to_owned(),
        grid::Form::Csv(encoding) => encoding.to_owned(),
    };
    list.sources.push(source);
    let mut parts = Vec::new();
    for grid in &grids {
        if grid.is_hidden {
            list.notes.push(ListNote {
                place: Place {
                    sheet: grid.sheet.clone(),
                    cell: "A1".to_owned(),
                },
                text: Text::new("非表示のシートは読みませんでした", "a hidden sheet was not read"),
            });
            continue;
        }
        parts.extend(table::part(grid)?);
    }
    if parts.is_empty() {
        return Err(no_table(&grids));
    }
    if let Some(title) = parts.iter().find_map(|part| part.title.clone()) {
        list.title = title;
    }
    let answering = parts.iter().filter(|part| part.has_answers).count();
    for part in parts {
        list.absorb(part, answering > 1)?;
    }
    Ok(list)
}

impl ClauseList {
    /// Adds the answers of another file: by the number of the clause, and by its text where both have one.
    ///
    /// # Errors
    /// As [`read_list`].
    pub fn add_answers(&mut self, name: &str, bytes: &[u8]) -> Result<(), Box<ListError>> {
        let other = read_parts(name, bytes).map_err(|error| error.of(name))?;
        if other.claims.is_empty() {
            return Err(ListError::new(
                ListFault::NoTable,
                Text::new(
                    "回答の列がありません（回答・対応可否・○×など）",
                    "expected a column of answers (回答, 対応可否, answer …), found none",
                ),
                Text::new(
                    "回答の列の見出しを「回答」にしてください",
                    "give the column of answers the heading 回答 or Answer",
                ),
            )
            .of(name));
        }
        let fallback = name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
        self.sources.extend(other.sources.iter().cloned());
        self.notes.extend(other.notes.iter().cloned());
        let lookup = Lookup::of(self);
        let mut offers = Vec::new();
        for mut offer in other.offers {
            if offer.vendor.is_empty() && offer.product.is_none() {
                offer.vendor.clone_from(&fallback);
            }
            offers.push(self.offer(offer)?);
        }
        for mut claim in other.claims {
            let theirs = &other.clauses[claim.clause];
            match lookup.find(self, theirs) {
                Some(index) => {
                    claim.clause = index;
                    claim.offer = offers[claim.offer];
                    self.push_claim(claim)?;
                }
                None if claim.answer == Answer::Empty => {}
                None => self.notes.push(ListNote {
                    place: claim.place.clone(),
                    text: Text::new(
                        format!(
                            "{name}: 番号「{}」の条項が一覧にないか、文が違うため、この回答を使いませんでした",
                            theirs.number
                        ),
                        format!(
                            "{name}: the list has no clause {:?} with this text; the answer was not used",
                            theirs.number
                        ),
                    ),
                }),
            }
        }
        Ok(())
    }

    /// Adds the answers of a file.
    ///
    /// # Errors
    /// As [`ClauseList::add_answers`]; also if the file cannot be read.
    pub fn add_answers_file(&mut self, path: &Path) -> Result<(), Box<ListError>> {
        let (name, bytes) = file_bytes(path)?;
        self.add_answers(&name, &bytes)
    }

    /// Whether anybody answered anything.
    pub fn has_answers(&self) -> bool {
        self.claims.iter().any(|claim| claim.answer != Answer::Empty)
    }

    /// Adds what one sheet holds.
    fn absorb(&mut self, part: Part, several: bool) -> Result<(), Box<ListError>> {
        let sheet = part.sheet.clone();
        let mut lookup = Lookup::of(self);
        let mut offers: HashMap<usize, usize> = HashMap::new();
        for (index, mut offer) in part.offers.into_iter().enumerate() {
            if offer.vendor.is_empty() && offer.product.is_none() && several {
                offer.vendor = sheet.clone().unwrap_or_default();
            }
            offers.insert(index, self.offer(offer)?);
        }
        for row in part.rows {
            let known = lookup.find(self, &row.clause);
            let clause = match known {
                Some(index) => index,
                None => self.push_clause(row.clause, &mut lookup)?,
            };
            for mut claim in row.claims {
                claim.clause = clause;
                claim.offer = offers.get(&claim.offer).copied().unwrap_or(0);
                self.push_claim(claim)?;
            }
        }
        self.notes.extend(part.notes);
        Ok(())
    }

    fn push_clause(&mut self, mut clause: Clause, lookup: &mut Lookup) -> Result<usize, Box<ListError>> {
        if self.clauses.len() >= MOST_CLAUSES {
            return Err(too_many(MOST_CLAUSES, "条項", "clauses").at(clause.place.sheet.as_deref(), clause.place.cell));
        }
        let number = fold::tight(&clause.number);
        let base = match (number.is_empty(), &clause.place.sheet) {
            (false, _) => number,
            (true, Some(sheet)) => format!("{sheet}!{}", clause.place.cell),
            (true, None) => format!("@{}", clause.place.cell),
        };
        clause.key = lookup.unique(&base, &clause.place);
        if clause.key != base {
            self.notes.push(ListNote {
                place: clause.place.clone(),
                text: Text::new(
                    format!(
                        "番号「{}」が二度以上あります。この条項は「{}」として扱います",
                        clause.number, clause.key
                    ),
                    format!(
                        "the number {:?} occurs twice; this clause is called {:?}",
                        clause.number, clause.key
                    ),
                ),
            });
        }
        lookup.add(self.clauses.len(), &clause);
        self.clauses.push(clause);
        Ok(self.clauses.len() - 1)
    }

    /// The index of an offer; an offer of the same vendor is the same one, made more precise.
    fn offer(&mut self, offer: Offer) -> Result<usize, Box<ListError>> {
        let of = |offer: &Offer| match offer.vendor.is_empty() {
            false => fold::name(&offer.vendor),
            true => fold::name(offer.product.as_deref().unwrap_or_default()),
        };
        let key = of(&offer);
        let same = |known: &Offer| {
            let product = match (&known.product, &offer.product) {
                (Some(a), Some(b)) => fold::name(a) == fold::name(b),
                _ => true,
            };
            of(known) == key && product
        };
        if let Some(index) = self.offers.iter().position(same) {
            let known = &mut self.offers[index];
            known.product = known.product.take().or(offer.product);
            known.version = known.version.take().or(offer.version);
            for number in offer.registrations {
                if !known.registrations.contains(&number) {
                    known.registrations.push(number);
                }
            }
            return Ok(index);
        }
        if self.offers.len() >= MOST_OFFERS {
            return Err(too_many(MOST_OFFERS, "回答者", "vendors"));
        }
        self.offers.push(offer);
        Ok(self.offers.len() - 1)
    }

    fn push_claim(&mut self, claim: Claim) -> Result<(), Box<ListError>> {
        if self.claims.len() >= MOST_CLAIMS {
            return Err(too_many(MOST_CLAIMS, "回答", "answers").at(claim.place.sheet.as_deref(), claim.place.cell));
        }
        self.claims.push(claim);
        Ok(())
    }
}

/// Clauses by number and by text.
#[derive(Default)]
struct Lookup {
    by_number: HashMap<String, Vec<usize>>,
    by_text: HashMap<String, Vec<usize>>,
    keys: std::collections::HashSet<String>,
}

impl Lookup {
    fn of(list: &ClauseList) -> Self {
        let mut lookup = Self::default();
        for (index, clause) in list.clauses.iter().enumerate() {
            lookup.add(index, clause);
        }
        lookup
    }

    fn add(&mut self, index: usize, clause: &Clause) {
        let number = fold::tight(&clause.number);
        if !number.is_empty() {
            self.by_number.entry(number).or_default().push(index);
        }
        let text = fold::tight(&clause.text);
        if !text.is_empty() {
            self.by_text.entry(text).or_default().push(index);
        }
        self.keys.insert(clause.key.clone());
    }

    /// The clause that another sheet or file means: same number and, where both have one, same text; without a number
    /// the same text, if only one has it.
    fn find(&self, list: &ClauseList, wanted: &Clause) -> Option<usize> {
        let number = fold::tight(&wanted.number);
        let text = fold::tight(&wanted.text);
        let same_text = |index: &&usize| {
            let known = fold::tight(&list.clauses[**index].text);
            text.is_empty() || known.is_empty() || known == text
        };
        if !number.is_empty() {
            let mut all = self.by_number.get(&number)?.iter().filter(same_text);
            let first = all.next()?;
            // A number alone that stands for several clauses stands for none.
            return (!text.is_empty() || all.next().is_none()).then_some(*first);
        }
        match self.by_text.get(&text)?.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    fn unique(&self, base: &str, place: &Place) -> String {
        if !self.keys.contains(base) {
            return base.to_owned();
        }
        let sheet = place.sheet.as_deref().unwrap_or("");
        let named = format!(
            "{base}@{sheet}{}{}",
            if sheet.is_empty() { "" } else { "!" },
            place.cell
        );
        let mut name = named.clone();
        let mut n = 1;
        while self.keys.contains(&name) {
            n += 1;
            name = format!("{named}#{n}");
        }
        name
    }
}

fn too_many(most: usize, ja: &str, en: &str) -> Box<ListError> {
    ListError::new(
        ListFault::TooLarge,
        Text::new(
            format!("{ja}が {most} 件を超えます"),
            format!("it has more than {most} {en}"),
        ),
        Text::new("業務ごとのファイルに分けてください", "split it by business"),
    )
}

fn no_clauses() -> Box<ListError> {
    ListError::new(
        ListFault::NoClauses,
        Text::new(
            "見出しの下に条項がありません",
            "expected clauses below the headings, found none",
        ),
        Text::new(
            "条項を「要求事項」の列に一行ずつ書いてください",
            "write one clause a row into the column Requirement",
        ),
    )
}

fn no_table(grids: &[grid::Grid]) -> Box<ListError> {
    let seen: Vec<String> = grids
        .iter()
        .flat_map(|grid| grid.rows.iter().take(3))
        .flat_map(|row| {
            row.cells
                .iter()
                .filter(|cell| !cell.is_widened && !cell.text.is_empty())
        })
        .take(8)
        .map(|cell| cell.text.chars().take(20).collect())
        .collect();
    let seen = seen.join(" | ");
    ListError::new(
        ListFault::NoTable,
        Text::new(
            format!("「番号」「要求事項」「回答」などの見出しのある表がありません（先頭の内容: {seen}）"),
            format!(
                "expected a table with headings such as 番号, 要求事項, 回答 (No., Requirement, Answer), found: {seen}"
            ),
        ),
        Text::new(
            "条項の文の列の見出しを「要求事項」、番号の列を「番号」にしてください",
            "give the column of clause texts the heading 要求事項 or Requirement, and the numbers 番号 or No.",
        ),
    )
}

#[cfg(test)]
mod tests;
