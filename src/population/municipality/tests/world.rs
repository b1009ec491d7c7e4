//! All rows of a municipality, and what the rules ask of them.

use std::collections::BTreeMap;

use crate::population::municipality::{Municipality, Row};
use crate::standard::CorpusFiles;
use crate::standard::unit::{Record, Unit};
use crate::text::date::Day;

/// A rule by name; what it returns are the rows that break it.
pub(super) type Rule = (&'static str, fn(&World) -> Vec<String>);

pub(super) fn units() -> Vec<Unit> {
    crate::scenario::Corpus::load(&CorpusFiles::embedded())
        .unwrap()
        .units
        .to_vec()
}

pub(super) fn day(text: &str) -> Day {
    Day::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) struct World {
    pub(super) city: Municipality,
    units: Vec<Unit>,
    rows: BTreeMap<(u8, String), Vec<Row>>,
}

impl World {
    pub(super) fn new(seed: u64, size: u64) -> Self {
        Self::on(seed, size, "2026-10-01")
    }

    pub(super) fn on(seed: u64, size: u64, as_of: &str) -> Self {
        let city = Municipality::new(seed, size, day(as_of)).unwrap();
        let units = units();
        let mut rows = BTreeMap::new();
        for household in city.households() {
            for unit in &units {
                for record in &unit.records {
                    let found = city.rows(unit, record, &household);
                    rows.entry((unit.file.number, record.id.clone()))
                        .or_insert_with(Vec::new)
                        .extend(found);
                }
            }
        }
        Self { city, units, rows }
    }

    /// Moves the values of an item on by one row that has it, or, without an item, drops every second row. Returns the
    /// rows as they were.
    pub(super) fn spoil(&mut self, unit: u8, record: &str, item: Option<&str>) -> Vec<Row> {
        let rows = self.rows.get_mut(&(unit, record.to_owned())).unwrap();
        let before = rows.clone();
        match item {
            Some(item) => {
                let mut values: Vec<String> = rows.iter().filter_map(|row| row.get(item).cloned()).collect();
                if !values.is_empty() {
                    values.rotate_left(1);
                }
                let mut values = values.into_iter();
                for row in rows.iter_mut().filter(|row| row.contains_key(item)) {
                    row.insert(item.to_owned(), values.next().unwrap());
                }
            }
            None => {
                let mut at = 0;
                rows.retain(|_| {
                    at += 1;
                    at % 2 == 0
                });
            }
        }
        before
    }

    /// Gives an item one value in all rows.
    pub(super) fn set(&mut self, unit: u8, record: &str, item: &str, value: &str) {
        for row in self.rows.get_mut(&(unit, record.to_owned())).unwrap() {
            row.insert(item.to_owned(), value.to_owned());
        }
    }

    pub(super) fn restore(&mut self, unit: u8, record: &str, rows: Vec<Row>) {
        self.rows.insert((unit, record.to_owned()), rows);
    }

    pub(super) fn records(&self) -> impl Iterator<Item = (&Unit, &Record)> {
        self.units
            .iter()
            .flat_map(|unit| unit.records.iter().map(move |record| (unit, record)))
    }

    pub(super) fn rows(&self, unit: u8, record: &str) -> &[Row] {
        &self.rows[&(unit, record.to_owned())]
    }

    /// Rows of a record by 宛名番号.
    pub(super) fn by_number(&self, unit: u8, record: &str) -> BTreeMap<&str, Vec<&Row>> {
        let mut rows: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in self.rows(unit, record) {
            rows.entry(&row["atenabango"]).or_default().push(row);
        }
        rows
    }

    /// The state of every resident and former resident.
    pub(super) fn now(&self) -> BTreeMap<&str, &Row> {
        let open = self
            .rows(1, "resident")
            .iter()
            .filter(|row| !row.contains_key("shuryobi"));
        open.map(|row| (row["atenabango"].as_str(), row)).collect()
    }

    /// First day in the register.
    pub(super) fn entered(&self) -> BTreeMap<&str, Day> {
        let first = self.rows(1, "resident").iter().filter(|row| row["rirekibango"] == "1");
        first
            .map(|row| (row["atenabango"].as_str(), day(&row["kaishibi"])))
            .collect()
    }

    /// Known birthdays.
    pub(super) fn births(&self) -> BTreeMap<&str, Day> {
        let rows = self.now().into_iter();
        rows.filter_map(|(number, row)| Some((number, Day::parse(&row["seinengappi"]).ok()?)))
            .collect()
    }

    /// Day on which somebody ceased to be a resident, and the reason.
    pub(super) fn ended(&self) -> BTreeMap<&str, (Day, &str)> {
        let gone = self.now().into_iter().filter(|(_, row)| row["jumin_jotai"] != "1");
        gone.map(|(number, row)| (number, (day(&row["kaishibi"]), row["ido_jiyu"].as_str())))
            .collect()
    }

    /// Household by 宛名番号.
    pub(super) fn homes(&self) -> BTreeMap<&str, &str> {
        let rows = self.now().into_iter();
        rows.map(|(number, row)| (number, row["setaibango"].as_str())).collect()
    }
}

/// From and to of a row; open ends lie far away.
pub(super) fn period(row: &Row, since: &str, until: &str) -> (Day, Day) {
    let end = row.get(until).map_or(Day::LAST, |text| day(text));
    (day(&row[since]), end)
}

pub(super) fn overlap(one: (Day, Day), other: (Day, Day)) -> bool {
    one.0 < other.1 && other.0 < one.1
}

pub(super) fn amount(row: &Row, item: &str) -> i64 {
    row[item].parse().unwrap_or_else(|error| panic!("{item}: {error}"))
}

/// Rows as text, for messages.
pub(super) fn told<'r>(rows: impl IntoIterator<Item = &'r Row>) -> Vec<String> {
    rows.into_iter().map(|row| format!("{row:?}")).collect()
}
