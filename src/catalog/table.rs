//! The catalog as a table (CSV), and what its columns mean.

use super::fold::Catalog;
use super::record::{Record, Status};
use crate::text::Text;
use crate::text::date::Day;

/// What a spreadsheet program takes for a formula when a cell begins with it.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Between several values of a cell.
const SEPARATOR: &str = "; ";

/// A column.
pub struct Column {
    /// Name in the first row.
    pub name: &'static str,
    /// What it means, in Japanese and English.
    meaning: (&'static str, &'static str),
    value: fn(&Record, Day) -> String,
}

impl Column {
    /// What it means.
    pub fn meaning(&self) -> Text {
        Text::new(self.meaning.0, self.meaning.1)
    }
}

macro_rules! columns {
    ($($name:literal $ja:literal $en:literal |$record:pat_param, $day:pat_param| $value:expr;)*) => {
        /// All columns, in order.
        pub const COLUMNS: &[Column] = &[$(Column {
            name: $name,
            meaning: ($ja, $en),
            value: |$record, $day| $value,
        }),*];
    };
}

columns! {
    "registration" "登録番号" "Registration number" |r, _| r.registration.clone();
    "status" "指定日の状態" "Status on the day" |r, day| r.status_at(day).map_or_else(String::new, |status: Status| status.to_string());
    "status-since" "その状態の開始日" "First day of that status" |r, day| r.at(day).map_or_else(String::new, |r| r.status_since.to_string());
    "kind" "種別（conformance 準拠確認、interconnection 相互接続確認）" "Kind: conformance or interconnection" |r, _| r.kind.to_string();
    "valid-from" "登録日" "First day" |r, _| r.valid_from.to_string();
    "valid-until" "有効期限（当日を含む。空欄は期限なし）" "Last day, included; empty: none" |r, day| r.valid_until_at(day).map_or_else(String::new, |day| day.to_string());
    "product" "製品名" "Name of the product" |r, _| r.product.name.clone();
    "product-kana" "製品名の読み" "Reading of the name" |r, _| r.product.name_kana.clone();
    "version" "版" "Version" |r, _| r.product.version.clone();
    "vendor" "事業者名" "Vendor" |r, _| r.vendor.name.clone();
    "corporate-number" "法人番号" "法人番号 of the vendor" |r, _| r.vendor.corporate_number.clone();
    "units" "業務ユニット（2桁、複数は ; 区切り）" "Business units, two digits each" |r, _| r.scope.units.join(SEPARATOR);
    "profiles" "プロファイル" "Profiles" |r, _| r.scope.profiles.join(SEPARATOR);
    "step" "STEP" "STEP" |r, _| r.scope.step.clone().unwrap_or_default();
    "features" "選択機能" "Optional features" |r, _| r.scope.features.join(SEPARATOR);
    "suite" "試験スイート" "Suite" |r, _| r.scope.suite.name.clone();
    "clouds" "稼働環境（事業者の申告）" "Where it runs, as declared" |r, _| words(&r.declared.clouds);
    "sizes" "対象の団体規模（事業者の申告）" "Municipalities it is made for, as declared" |r, _| words(&r.declared.sizes);
    "evidence" "確認の方法" "Who made the run" |r, _| r.evidence_level.clone();
    "partners" "相互接続を確認した製品の数" "Number of products it was seen to work with" |r, _| r.partners.len().to_string();
    "successor" "後継の登録番号" "Registration that took its place" |r, _| r.successor.clone().unwrap_or_default();
    "product-digest" "製品記述の SHA-256" "SHA-256 of the product descriptor" |r, _| r.product.digest.map_or_else(String::new, |digest| digest.to_string());
    "results-digest" "結果の署名文書の SHA-256" "SHA-256 of the signed results" |r, _| r.results_digest.map_or_else(String::new, |digest| digest.to_string());
    "event-digest" "最後の事象の署名文書の SHA-256" "SHA-256 of the last signed event" |r, _| r.latest_event.sha256.to_string();
    "log-index" "最後の事象の透明性ログ上の番号" "Its entry in the log" |r, _| r.latest_event.index.to_string();
}

fn words<T: ToString>(values: &[T]) -> String {
    values.iter().map(T::to_string).collect::<Vec<_>>().join(SEPARATOR)
}

impl Catalog {
    /// All registrations of a day as CSV: UTF-8 with a byte order mark, as spreadsheet programs want it, lines with CRLF
    /// (RFC 4180).
    pub fn to_csv(&self, as_of: Day) -> String {
        let mut csv = String::from("\u{feff}");
        line(&mut csv, COLUMNS.iter().map(|column| column.name.to_owned()));
        for record in self.records().iter().filter(|record| record.status_at(as_of).is_some()) {
            line(&mut csv, COLUMNS.iter().map(|column| (column.value)(record, as_of)));
        }
        csv
    }
}

/// What the columns mean, as CSV in the same form.
pub fn data_dictionary() -> String {
    let mut csv = String::from("\u{feff}");
    line(&mut csv, ["column", "意味", "meaning"].map(str::to_owned));
    for column in COLUMNS {
        let (ja, en) = column.meaning;
        line(&mut csv, [column.name, ja, en].map(str::to_owned));
    }
    csv
}

fn line(csv: &mut String, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<String> = cells.into_iter().map(|cell| quoted(&cell)).collect();
    csv.push_str(&cells.join(","));
    csv.push_str("\r\n");
}

/// A cell that no spreadsheet program takes for a formula.
fn quoted(cell: &str) -> String {
    let cell = if cell.starts_with(FORMULA_STARTS) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if cell.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}
