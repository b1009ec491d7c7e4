//! Finding records: exact substrings of folded texts, with facets counted over what is found.

use std::collections::HashMap;

use memchr::memmem::Finder;

use super::fold::Catalog;
use super::folding::{Folder, fold};
use super::query::{FacetName, Query, Sort};
use super::record::{Cloud, Kind, MunicipalitySize, Record, Status};
use crate::text::Text;
use crate::text::date::Day;

/// Between the texts of two records, and between two texts of one: in no folded text.
const RECORD_END: char = '\u{1e}';
const TEXT_END: char = '\u{1f}';

/// What a search looks into, made once for a catalog.
#[derive(Debug)]
pub(super) struct Index {
    /// Folded texts of all records, one behind the other.
    text: String,
    /// Where the text of each record begins.
    starts: Vec<usize>,
    /// Values of facets, each once.
    values: Vec<(FacetName, String)>,
    /// Numbers of the values of each record, but for those that depend on the day.
    of_record: Vec<Vec<u32>>,
    /// Newest name of each vendor, by what it is selected by.
    vendors: HashMap<String, String>,
    /// Place of each record in the orders by reading.
    by_name: Vec<u32>,
    by_vendor: Vec<u32>,
}

impl Index {
    pub(super) fn new(records: &[Record]) -> Self {
        let mut folder = Folder::new();
        let mut index = Self {
            text: String::with_capacity(records.len() * 256),
            starts: Vec::with_capacity(records.len()),
            values: Vec::new(),
            of_record: Vec::with_capacity(records.len()),
            vendors: HashMap::new(),
            by_name: Vec::new(),
            by_vendor: Vec::new(),
        };
        let mut numbers: HashMap<(FacetName, String), u32> = HashMap::new();
        for record in records {
            index.starts.push(index.text.len());
            for text in texts(record) {
                index.text.push_str(&folder.fold(text));
                index.text.push(TEXT_END);
            }
            index.text.push(RECORD_END);
            let mut own: Vec<u32> = facet_values(record)
                .into_iter()
                .map(|value| {
                    *numbers.entry(value).or_insert_with_key(|value| {
                        index.values.push(value.clone());
                        u32::try_from(index.values.len() - 1).unwrap_or(u32::MAX)
                    })
                })
                .collect();
            own.sort_unstable();
            own.dedup();
            index.of_record.push(own);
            index
                .vendors
                .insert(vendor_key(record).to_owned(), record.vendor.name.clone());
        }
        index.by_name = ranks(records, |record| {
            let product = &record.product;
            (
                folder.fold(or_else(&product.name_kana, &product.name)),
                product.version.clone(),
                record.registration.clone(),
            )
        });
        index.by_vendor = ranks(records, |record| {
            let vendor = &record.vendor;
            (
                folder.fold(or_else(&vendor.name_kana, &vendor.name)),
                folder.fold(or_else(&record.product.name_kana, &record.product.name)),
                record.registration.clone(),
            )
        });
        index
    }

    /// Which records have all words.
    fn having(&self, words: &[String]) -> Vec<bool> {
        let mut having = vec![true; self.starts.len()];
        for word in words {
            let mut found = vec![false; self.starts.len()];
            let finder = Finder::new(word);
            let text = self.text.as_bytes();
            let mut from = 0;
            while let Some(at) = finder.find(&text[from..]) {
                let record = self.starts.partition_point(|start| *start <= from + at) - 1;
                found[record] = true;
                // One hit in a record is enough.
                let Some(next) = self.starts.get(record + 1) else { break };
                from = *next;
            }
            for (having, found) in having.iter_mut().zip(found) {
                *having &= found;
            }
        }
        having
    }
}

/// What words are looked for in.
fn texts(record: &Record) -> impl Iterator<Item = &str> {
    let Record {
        product,
        vendor,
        scope,
        declared,
        ..
    } = record;
    [
        &*product.name,
        &product.name_kana,
        &product.version,
        &vendor.name,
        &vendor.name_kana,
        &vendor.corporate_number,
        &record.registration,
        &declared.summary,
        &declared.cloud_service,
        &scope.suite.name,
    ]
    .into_iter()
    .chain(scope.profiles.iter().map(String::as_str))
    .chain(scope.features.iter().map(String::as_str))
    .chain(record.partners.iter().map(|partner| &*partner.name))
    .chain(scope.units.iter().filter_map(|unit| super::units::ja(unit)))
}

fn facet_values(record: &Record) -> Vec<(FacetName, String)> {
    let scope = &record.scope;
    let many =
        |name: FacetName, values: &[String]| values.iter().map(|value| (name, value.clone())).collect::<Vec<_>>();
    let mut values = many(FacetName::Unit, &scope.units);
    values.extend(many(FacetName::Profile, &scope.profiles));
    values.extend(many(FacetName::Feature, &scope.features));
    let clouds = record.declared.clouds.iter();
    values.extend(clouds.map(|cloud| (FacetName::Cloud, cloud.to_string())));
    values.extend(scope.step.iter().map(|step| (FacetName::Step, step.clone())));
    values.extend(
        record
            .declared
            .sizes
            .iter()
            .map(|size| (FacetName::Size, size.to_string())),
    );
    values.push((FacetName::Vendor, vendor_key(record).to_owned()));
    values.push((FacetName::Kind, record.kind.to_string()));
    if !scope.suite.name.is_empty() {
        values.push((FacetName::Suite, scope.suite.name.clone()));
    }
    values
}

/// What a vendor is selected by: names change, numbers do not.
fn vendor_key(record: &Record) -> &str {
    or_else(&record.vendor.corporate_number, &record.vendor.name)
}

fn or_else<'a>(first: &'a str, second: &'a str) -> &'a str {
    if first.is_empty() { second } else { first }
}

fn ranks<K: Ord>(records: &[Record], key: impl FnMut(&Record) -> K) -> Vec<u32> {
    let mut keys: Vec<(K, u32)> = records.iter().map(key).zip(0..).collect();
    keys.sort_unstable();
    let mut ranks = vec![0; records.len()];
    for (rank, (_, at)) in (0..).zip(keys) {
        ranks[at as usize] = rank;
    }
    ranks
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Hits<'a> {
    /// Records that were found, on all pages.
    pub total: usize,
    /// This page, from 1.
    pub page: usize,
    /// Number of pages, at least 1.
    pub pages: usize,
    /// Records of this page.
    pub records: Vec<Hit<'a>>,
    /// Counts, in the order of [`FacetName`].
    pub facets: Facets,
}

/// A record with its status on the day.
#[derive(Clone, Copy, Debug)]
pub struct Hit<'a> {
    /// The record, as it is after its last event.
    pub record: &'a Record,
    /// Its status on the day that was asked for.
    pub status: Status,
    /// Its last day, as it stood on the day that was asked for.
    pub valid_until: Option<Day>,
}

/// Counts by facet.
pub type Facets = Vec<Facet>;

/// One facet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Facet {
    /// Which.
    pub name: FacetName,
    /// Its values, the most frequent first. What is selected is always among them.
    pub values: Vec<FacetValue>,
}

/// One value of a facet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FacetValue {
    /// As it stands in a query.
    pub value: String,
    /// For people, where it says more than the value (the name of a vendor, a unit, a status).
    pub label: Option<Text>,
    /// Records that would be found with this value, everything else in the question as it is.
    pub count: usize,
    /// Whether it is selected.
    pub selected: bool,
}

impl Catalog {
    /// Finds records, with their status on a day. Those not yet registered on that day are not found.
    pub fn search(&self, query: &Query, as_of: Day) -> Hits<'_> {
        let index = self.index();
        let words: Vec<String> = fold(&query.text)
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        let having = index.having(&words);
        let selection = Selection::new(index, query);
        let mut counts = Counts::new(index.values.len());
        let mut found: Vec<(usize, Status)> = Vec::new();
        for (at, record) in self.records().iter().enumerate().filter(|(at, _)| having[*at]) {
            let Some(status) = record.status_at(as_of) else {
                continue;
            };
            if !in_time(record, query, as_of) {
                continue;
            }
            let own = &index.of_record[at];
            match selection.misses(own, status) {
                Misses::None => {
                    counts.add(own, status);
                    found.push((at, status));
                }
                // What would be found if this one facet were as the record has it.
                Misses::One(facet) => counts.add_of(index, own, status, facet),
                Misses::More => {}
            }
        }
        let records = self.records();
        match query.sort.unwrap_or(Sort::Name) {
            Sort::Name => found.sort_unstable_by_key(|(at, _)| index.by_name[*at]),
            Sort::Vendor => found.sort_unstable_by_key(|(at, _)| index.by_vendor[*at]),
            Sort::Newest => {
                found.sort_unstable_by_key(|(at, _)| (std::cmp::Reverse(records[*at].valid_from), index.by_name[*at]))
            }
            Sort::Expiry => found.sort_unstable_by_key(|(at, _)| {
                let until = records[*at].valid_until_at(as_of);
                (until.is_none(), until, index.by_name[*at])
            }),
            Sort::Number => found
                .sort_unstable_by(|(one, _), (other, _)| records[*one].registration.cmp(&records[*other].registration)),
        }
        let length = query.page_length();
        let pages = found.len().div_ceil(length).max(1);
        let page = query.page.clamp(1, pages);
        Hits {
            total: found.len(),
            page,
            pages,
            records: found
                .iter()
                .skip((page - 1) * length)
                .take(length)
                .map(|&(at, status)| Hit {
                    record: &records[at],
                    status,
                    valid_until: records[at].valid_until_at(as_of),
                })
                .collect(),
            facets: counts.facets(index, query),
        }
    }
}

fn in_time(record: &Record, query: &Query, as_of: Day) -> bool {
    if query.from.is_some_and(|from| record.valid_from < from)
        || query.until.is_some_and(|until| record.valid_from > until)
    {
        return false;
    }
    query.expires_within.is_none_or(|months| {
        let limit = as_of.add_months(i32::from(months));
        record
            .valid_until_at(as_of)
            .is_some_and(|until| until >= as_of && limit.is_none_or(|limit| until <= limit))
    })
}

/// What is selected, by facet.
struct Selection {
    /// Facets with their selected values, and the words of the status.
    values: Vec<(FacetName, Vec<u32>)>,
    statuses: Vec<Status>,
    /// A selected value that no record has.
    impossible: Vec<FacetName>,
}

enum Misses {
    None,
    One(FacetName),
    More,
}

impl Selection {
    fn new(index: &Index, query: &Query) -> Self {
        let mut selection = Self {
            values: Vec::new(),
            statuses: Vec::new(),
            impossible: Vec::new(),
        };
        for &facet in FacetName::ALL {
            let wanted: Vec<&str> = query
                .selected
                .iter()
                .filter(|(name, _)| *name == facet)
                .map(|(_, value)| &**value)
                .collect();
            if wanted.is_empty() {
                continue;
            }
            if facet == FacetName::Status {
                selection.statuses = wanted.iter().filter_map(|word| Status::from_word(word)).collect();
                continue;
            }
            let numbers: Vec<u32> = (0..)
                .zip(&index.values)
                .filter(|(_, (name, value))| *name == facet && wanted.contains(&&**value))
                .map(|(number, _)| number)
                .collect();
            if numbers.is_empty() {
                selection.impossible.push(facet);
            } else {
                selection.values.push((facet, numbers));
            }
        }
        selection
    }

    fn misses(&self, own: &[u32], status: Status) -> Misses {
        let by_value = self
            .values
            .iter()
            .filter(|(_, wanted)| !wanted.iter().any(|number| own.binary_search(number).is_ok()))
            .map(|(facet, _)| *facet);
        let by_status = (!self.statuses.is_empty() && !self.statuses.contains(&status)).then_some(FacetName::Status);
        let mut missed = by_value.chain(by_status).chain(self.impossible.iter().copied());
        match (missed.next(), missed.next()) {
            (None, _) => Misses::None,
            (Some(only), None) => Misses::One(only),
            _ => Misses::More,
        }
    }
}

struct Counts {
    values: Vec<usize>,
    statuses: HashMap<Status, usize>,
}

impl Counts {
    fn new(values: usize) -> Self {
        Self {
            values: vec![0; values],
            statuses: HashMap::new(),
        }
    }

    fn add(&mut self, own: &[u32], status: Status) {
        for number in own {
            self.values[*number as usize] += 1;
        }
        *self.statuses.entry(status).or_default() += 1;
    }

    fn add_of(&mut self, index: &Index, own: &[u32], status: Status, facet: FacetName) {
        if facet == FacetName::Status {
            *self.statuses.entry(status).or_default() += 1;
        }
        for number in own.iter().map(|number| *number as usize) {
            if index.values[number].0 == facet {
                self.values[number] += 1;
            }
        }
    }

    fn facets(self, index: &Index, query: &Query) -> Facets {
        let mut facets: Facets = FacetName::ALL
            .iter()
            .map(|&name| Facet {
                name,
                values: Vec::new(),
            })
            .collect();
        let statuses = Status::ALL.iter().map(|status| {
            (
                FacetName::Status,
                status.to_string(),
                self.statuses.get(status).copied().unwrap_or(0),
            )
        });
        let others = index
            .values
            .iter()
            .zip(&self.values)
            .map(|((name, value), count)| (*name, value.clone(), *count));
        for (name, value, count) in statuses.chain(others) {
            let selected = query.selects(name, &value);
            if count > 0 || selected {
                facets[name as usize].values.push(FacetValue {
                    label: label(index, name, &value),
                    value,
                    count,
                    selected,
                });
            }
        }
        for facet in &mut facets {
            facet
                .values
                .sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.value.cmp(&other.value)));
        }
        facets
    }
}

fn label(index: &Index, name: FacetName, value: &str) -> Option<Text> {
    match name {
        FacetName::Status => Status::from_word(value).map(Status::title),
        FacetName::Kind => Kind::from_word(value).map(Kind::title),
        FacetName::Size => MunicipalitySize::from_word(value).map(MunicipalitySize::title),
        FacetName::Cloud => Cloud::from_word(value).map(Cloud::title),
        FacetName::Unit => super::units::title(value),
        FacetName::Vendor => index.vendors.get(value).map(Text::neutral),
        _ => None,
    }
}
