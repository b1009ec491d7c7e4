//! Defects that are data: every business rule of `conformance/units/` is a mistake that a unit can make.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::defect::{DefectDoc, Side};
use super::defect_list::Defect;
use crate::standard::unit::{RuleRow, UnitFile};
use crate::standard::{CorpusFiles, Subject};
use crate::text::Text;

/// A rule with the name of its defect.
struct Rule {
    name: String,
    unit: Text,
    row: RuleRow,
}

/// Rules of the corpus in the binary, in the order of its files. Their place is what a [`Defect::Rule`] holds.
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let files = CorpusFiles::embedded();
    let units = files.all().iter().filter(|file| file.path.ends_with("/unit.toml"));
    let units = units.filter_map(|file| file.parse::<UnitFile>().ok());
    let rules = units.flat_map(|unit| {
        let name = unit.name;
        unit.rule.into_iter().map(move |row| Rule {
            name: row.id.to_lowercase(),
            unit: name.clone(),
            row,
        })
    });
    rules.collect()
});

static PLACES: LazyLock<HashMap<&'static str, u16>> = LazyLock::new(|| {
    let named = RULES.iter().map(|rule| rule.name.as_str());
    named.zip(0_u16..).collect()
});

pub(super) fn name(at: u16) -> &'static str {
    RULES.get(usize::from(at)).map_or("", |rule| rule.name.as_str())
}

pub(super) fn of_name(name: &str) -> Option<Defect> {
    PLACES.get(name).copied().map(Defect::Rule)
}

pub(super) fn of_rule(rule: &str) -> Option<Defect> {
    of_name(&rule.to_lowercase())
}

/// What each of them is about; rules that no scenario can test have none.
pub(super) fn docs() -> impl Iterator<Item = DefectDoc> {
    let tested = RULES
        .iter()
        .zip(0_u16..)
        .filter(|(rule, _)| rule.row.not_tested.is_none());
    tested.map(|(rule, at)| DefectDoc {
        id: Defect::Rule(at),
        side: if rule.row.subject == Subject::Consumer {
            Side::UnitConsumer
        } else {
            Side::Unit
        },
        title: Text::new(
            format!("{}: {}", rule.unit.ja, rule.row.ignored.ja),
            format!("{}: {}", rule.unit.en, rule.row.ignored.en),
        ),
        story: rule.row.text.clone(),
    })
}
