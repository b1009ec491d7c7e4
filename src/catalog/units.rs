//! Names of the 26 business units (業務ユニット), so that a catalog can be searched without the corpus at hand.

use crate::text::Text;

/// Number, and name in both languages, as in the corpus.
const UNITS: [(&str, &str, &str); 26] = [
    ("01", "住民基本台帳", "Resident register"),
    ("02", "印鑑登録", "Seal registration"),
    ("03", "戸籍", "Family register"),
    ("04", "選挙人名簿管理", "Electoral roll"),
    ("05", "固定資産税", "Property tax"),
    ("06", "個人住民税", "Individual resident tax"),
    ("07", "法人住民税", "Corporate resident tax"),
    ("08", "軽自動車税", "Light vehicle tax"),
    ("09", "収滞納管理", "Collection"),
    ("10", "国民健康保険", "National health insurance"),
    ("11", "国民年金", "National pension"),
    ("12", "障害者福祉", "Disability welfare"),
    ("13", "後期高齢者医療", "Late-elderly medical care"),
    ("14", "介護保険", "Long-term care insurance"),
    ("15", "児童手当", "Child allowance"),
    ("16", "生活保護", "Public assistance"),
    ("17", "乳幼児医療", "Medical subsidy for infants"),
    ("18", "ひとり親医療", "Medical subsidy for single-parent families"),
    ("19", "健康管理", "Health management"),
    ("20", "就学", "School enrolment"),
    ("21", "児童扶養手当", "Child-rearing allowance"),
    ("22", "住登外管理", "Register of non-residents"),
    ("23", "財務会計", "Financial accounting"),
    ("24", "庶務事務", "General affairs of the staff"),
    ("25", "人事給与", "Personnel and payroll"),
    ("26", "文書管理", "Document management"),
];

/// Name of a unit, by its two digits.
pub fn title(unit: &str) -> Option<Text> {
    row(unit).map(|(_, ja, en)| Text::new(*ja, *en))
}

/// Japanese name of a unit, by its two digits.
pub(super) fn ja(unit: &str) -> Option<&'static str> {
    row(unit).map(|(_, ja, _)| *ja)
}

/// Two digits of all units.
pub fn all() -> impl Iterator<Item = &'static str> {
    UNITS.iter().map(|(number, ..)| *number)
}

fn row(unit: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    UNITS.iter().find(|(number, ..)| *number == unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_corpus() {
        let corpus = crate::scenario::Corpus::embedded().expect("the corpus");
        let names: Vec<_> = corpus
            .units
            .iter()
            .map(|unit| (format!("{:02}", unit.file.number), unit.file.name.clone()))
            .collect();
        let ours: Vec<_> = all().filter_map(|unit| Some((unit.to_owned(), title(unit)?))).collect();
        assert_eq!(ours, names);
    }
}
